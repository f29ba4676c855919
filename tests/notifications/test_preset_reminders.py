"""Every reminder of every preset: it goes out at its instant and not before, in each language, once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, NamedTuple

import pytest

from tutorcore import Contact, Contacts, Marketplace, MemoryStorage, MessageRelay, instant, load_preset
from tutorcore.instants import MICROSECOND
from tutorcore.policy.presets import preset_names
from tutorcore.ports.notifications import Notice
from tutorcore.testing.notifications import NotificationsInMemory
from tutorcore.text.locales import LOCALES, PSEUDO
from tutorcore.text.words import words_for

# A Friday evening. In Berlin the clocks go forward in the night to Sunday.
_NOW: Final = instant("2026-03-27T18:00:00Z")
_START: Final = instant("2026-03-31T09:00:00Z")
_HOUR: Final = timedelta(hours=1)
_BERLIN: Final = "Europe/Berlin"


class _Scene(NamedTuple):
    """Where a preset reminds the tutor, and when; what is said by then is worked out by hand."""

    state: str
    price: str
    is_accepted: bool
    due: str
    says: str
    about: str


# The answer is due 48 hours after Friday 18:00Z, which is Sunday 18:00Z and eight in the evening of summer time; the
# alert comes two hours before. An iTutor lesson from 09:00Z to 10:00Z ends at noon of summer time, less five minutes.
_ANSWER: Final = _Scene(
    "requested", "20.00", False, "2026-03-29T16:00:00Z", "Please respond before %(when)s.", "2026-03-29T18:00:00Z"
)
_SCENES: Final[Mapping[str, _Scene]] = {
    "cocorico": _ANSWER,
    "cocorico_strict": _ANSWER,
    "itutor": _Scene(
        "in_progress", "20.00", True, "2026-03-31T09:55:00Z", "The lesson ends on %(when)s.", "2026-03-31T10:00:00Z"
    ),
}


def _asked(preset: str, scene: _Scene, storage: MemoryStorage) -> Marketplace:
    """A lesson that goes its way until the preset reminds of it."""
    market = Marketplace(storage, [load_preset(preset)])
    market.add_party("ann", zone="America/New_York")
    market.add_party("tom", zone=_BERLIN, permissions=["meeting_provider"])
    unit = load_preset(preset).unit.code
    market.top_up("ann", market.money("90.00", unit), key="pay", now=_NOW)
    market.request(
        student="ann", tutor="tom", start=_START, duration=_HOUR, price=scene.price, lesson="L1", key="ask", now=_NOW
    ).or_raise()
    if scene.is_accepted:
        market.accept("L1", by="tom", proposal=1, key="yes", now=_NOW + _HOUR).or_raise()
    return market


def _reminders(preset: str, locale: str) -> tuple[list[Notice], list[Notice]]:
    """What reminds of the lesson just before it is due, and from then on, to a tutor who reads that language."""
    scene, storage, mail = _SCENES[preset], MemoryStorage(), NotificationsInMemory("mail")
    contacts = Contacts({"ann": Contact(name="Åññ", locale=locale), "tom": Contact(name="Ŧöɱ", locale=locale)})
    market, relay = _asked(preset, scene, storage), MessageRelay(storage, [mail], contacts)
    due, early = instant(scene.due), list[Notice]()
    for now in (due - MICROSECOND, due, due, due + timedelta(minutes=1)):
        market.sweep(now=now)
        relay.run(now=now)
        if now < due:
            early = [notice for notice in mail.sent if notice.kind == "reminder"]
    return early, [notice for notice in mail.sent if notice.kind == "reminder"]


def test_every_reminder_of_a_preset_is_played_here() -> None:
    """Whoever gives a preset another reminder adds it to the scenes."""
    found = {(name, state.name) for name in preset_names() for state in load_preset(name).states if state.reminders}

    assert found == {(name, scene.state) for name, scene in _SCENES.items()}


@pytest.mark.parametrize("locale", [*LOCALES, PSEUDO])
@pytest.mark.parametrize("preset", _SCENES)
def test_a_reminder_goes_out_at_its_instant_in_the_readers_language(preset: str, locale: str) -> None:
    """Not a microsecond before, once, to the tutor, with the stored instant on the tutor's clock."""
    scene, words = _SCENES[preset], words_for(locale)
    early, (notice,) = _reminders(preset, locale)
    said = words.say(scene.says, when=words.instant(instant(scene.about), _BERLIN))

    assert early == []
    assert (notice.recipient, notice.at, notice.locale) == ("tom", instant(scene.due), locale)
    assert (notice.event["verb"], notice.event["state"]) == ("reminder", scene.state)
    assert notice.subject == words.say("Reminder: %(what)s", what=said)
    assert said in notice.short
    assert "%(" not in notice.subject + notice.short + notice.text + notice.html
    assert "\n" not in notice.subject + notice.short


def test_the_instants_are_those_of_the_reader_s_clock() -> None:
    """The answer is due after the change of clocks; so is the end of the lesson."""
    _, (answer,) = _reminders("cocorico", "en")
    _, (end,) = _reminders("itutor", "en")

    assert answer.subject == "Reminder: Please respond before Sunday, March 29, 2026, 20:00 (UTC+02:00, Berlin)."
    assert answer.deadline == instant("2026-03-29T18:00:00Z")
    assert end.subject == "Reminder: The lesson ends on Tuesday, March 31, 2026, 12:00 (UTC+02:00, Berlin)."


@pytest.mark.parametrize("preset", _SCENES)
def test_no_word_of_a_reminder_is_missing_from_the_catalogues(preset: str) -> None:
    """In the pseudo-locale what is left in plain letters are dates, lengths, places and currencies."""
    _, (notice,) = _reminders(preset, PSEUDO)
    no_sentence = (
        r"\b[A-Z][a-z]+day, [A-Z][a-z]+ \d+, \d{4}|\bUTC\b|Berlin|New York|\b\d+ (?:hour|minute)s?\b|\b(?:and|or)\b"
        r"|\b[A-Z]{3}\b"
    )
    text = re.sub(r"[\s\u00a0]+", " ", f"{notice.subject} {notice.short} {notice.text}")

    assert re.findall(r"\S*[A-Za-z]\S*", re.sub(no_sentence, "", text)) == []
