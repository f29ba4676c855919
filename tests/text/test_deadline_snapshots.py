"""Deadlines as people read them where clocks are hardest: worked out by hand, stored by the engine, in every language.

Each case is a request that a tutor in that zone has to answer. The instant in UTC and what the tutor's clock shows then
are derived from the zone's law in the comment, not from a run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, NamedTuple

import pytest

from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import instant
from tutorcore.lessons import NO_FACTS, Brief, Command, Lesson, Offer, decide, next_deadline
from tutorcore.policy import load_policy, machine_of
from tutorcore.text.letters import Cast, Letter, Reader, lesson_letter
from tutorcore.text.locales import LOCALES
from tutorcore.text.words import words_for

ANN: Final = PartyId("ann")
TOM: Final = PartyId("tom")
HOUR: Final = timedelta(hours=1)
CAST: Final = Cast({ANN: "Ann", TOM: "Tom"}, {})


class Case(NamedTuple):
    """A request, the rule of its deadline, when that is in UTC, and how the tutor reads it in each language."""

    zone: str
    asked: str
    start: str
    rule: str
    due: str
    read: Mapping[str, str]


CASES: Final[Mapping[str, Case]] = {
    # British Columbia stays at UTC-07:00 from 2026 on, as tzdata knows since its releases of that year: nine in the
    # morning of December 1 is 16:00Z. A database from before would make it 17:00Z; one that is only too old where the
    # letter is written would show 08:00 and UTC-08:00; and the name of the zone is still "PST" in CLDR.
    "Vancouver after its change of law": Case(
        "America/Vancouver",
        "2026-11-28T18:00:00Z",
        "2026-12-01T22:00:00Z",
        "at_time(lesson.start, 09:00)",
        "2026-12-01T16:00:00Z",
        {
            "en": "Tuesday, December 1, 2026, 09:00 (UTC-07:00, Vancouver)",
            "de": "Dienstag, 1. Dezember 2026, 09:00 (UTC-07:00, Vancouver)",
            "es": "martes, 1 de diciembre de 2026, 9:00 (UTC-07:00, Vancouver)",
            "fr": "mardi 1 décembre 2026 à 09:00 (UTC-07:00, Vancouver)",
            "ja": "2026年12月1日火曜日 9:00（UTC-07:00、バンクーバー）",
            "zh_Hans": "2026年12月1日星期二 09:00（UTC-07:00，温哥华）",
            "ar": "الثلاثاء، 1 ديسمبر 2026، الساعة 09:00 (UTC-07:00، فانكوفر)",
            "ru": "вторник, 1 декабря 2026 г., 09:00 (UTC-07:00, Ванкувер)",
        },
    ),
    # Egypt puts its clocks forward at midnight before the last Friday of April: April 24 has no 00:00 and begins at
    # 01:00, which is 22:00Z of the day before, UTC+03:00 already. "Until the day before" ends there.
    "Cairo, a day without its midnight": Case(
        "Africa/Cairo",
        "2026-04-20T10:00:00Z",
        "2026-04-24T15:00:00Z",
        "start_of_day(lesson.start)",
        "2026-04-23T22:00:00Z",
        {
            "en": "Friday, April 24, 2026, 01:00 (UTC+03:00, Cairo)",
            "de": "Freitag, 24. April 2026, 01:00 (UTC+03:00, Kairo)",
            "es": "viernes, 24 de abril de 2026, 1:00 (UTC+03:00, El Cairo)",
            "fr": "vendredi 24 avril 2026 à 01:00 (UTC+03:00, Le Caire)",
            "ja": "2026年4月24日金曜日 1:00（UTC+03:00、カイロ）",
            "zh_Hans": "2026年4月24日星期五 01:00（UTC+03:00，开罗）",
            "ar": "الجمعة، 24 أبريل 2026، الساعة 01:00 (UTC+03:00، القاهرة)",
            "ru": "пятница, 24 апреля 2026 г., 01:00 (UTC+03:00, Каир)",
        },
    ),
    # The day after has its midnight: 00:00, never 24:00 of the day before, and 21:00Z as summer time stays.
    "Cairo, the midnight after": Case(
        "Africa/Cairo",
        "2026-04-20T10:00:00Z",
        "2026-04-25T15:00:00Z",
        "start_of_day(lesson.start)",
        "2026-04-24T21:00:00Z",
        {
            "en": "Saturday, April 25, 2026, 00:00 (UTC+03:00, Cairo)",
            "de": "Samstag, 25. April 2026, 00:00 (UTC+03:00, Kairo)",
            "es": "sábado, 25 de abril de 2026, 0:00 (UTC+03:00, El Cairo)",
            "ja": "2026年4月25日土曜日 0:00（UTC+03:00、カイロ）",
        },
    ),
    # Germany puts its clocks back at 01:00Z of October 25, from 03:00 to 02:00: 02:30 comes twice, first in summer time
    # (00:30Z) and an hour later in winter time (01:30Z). 48 hours before are 02:30 and 03:30 of October 23.
    "Berlin, the first 02:30": Case(
        "Europe/Berlin",
        "2026-10-23T00:30:00Z",
        "2026-11-20T15:00:00Z",
        "asked + 48h",
        "2026-10-25T00:30:00Z",
        {
            "en": "Sunday, October 25, 2026, 02:30 (UTC+02:00, Berlin)",
            "de": "Sonntag, 25. Oktober 2026, 02:30 (UTC+02:00, Berlin)",
            "es": "domingo, 25 de octubre de 2026, 2:30 (UTC+02:00, Berlín)",
            "fr": "dimanche 25 octobre 2026 à 02:30 (UTC+02:00, Berlin)",
            "ja": "2026年10月25日日曜日 2:30（UTC+02:00、ベルリン）",
            "zh_Hans": "2026年10月25日星期日 02:30（UTC+02:00，柏林）",
            "ar": "الأحد، 25 أكتوبر 2026، الساعة 02:30 (UTC+02:00، برلين)",
            "ru": "воскресенье, 25 октября 2026 г., 02:30 (UTC+02:00, Берлин)",
        },
    ),
    "Berlin, the second 02:30": Case(
        "Europe/Berlin",
        "2026-10-23T01:30:00Z",
        "2026-11-20T15:00:00Z",
        "asked + 48h",
        "2026-10-25T01:30:00Z",
        {
            "en": "Sunday, October 25, 2026, 02:30 (UTC+01:00, Berlin)",
            "de": "Sonntag, 25. Oktober 2026, 02:30 (UTC+01:00, Berlin)",
            "es": "domingo, 25 de octubre de 2026, 2:30 (UTC+01:00, Berlín)",
            "fr": "dimanche 25 octobre 2026 à 02:30 (UTC+01:00, Berlin)",
            "ja": "2026年10月25日日曜日 2:30（UTC+01:00、ベルリン）",
            "zh_Hans": "2026年10月25日星期日 02:30（UTC+01:00，柏林）",
            "ar": "الأحد، 25 أكتوبر 2026، الساعة 02:30 (UTC+01:00، برلين)",
            "ru": "воскресенье, 25 октября 2026 г., 02:30 (UTC+01:00, Берлин)",
        },
    ),
    # Lord Howe puts its clocks back by half an hour only, at 15:00Z of April 4, from 02:00 (UTC+11:00) to 01:30
    # (UTC+10:30): 01:45 is 14:45Z, and once more 15:15Z.
    "Lord Howe, the first 01:45": Case(
        "Australia/Lord_Howe",
        "2026-04-02T14:45:00Z",
        "2026-05-01T00:00:00Z",
        "asked + 48h",
        "2026-04-04T14:45:00Z",
        {"de": "Sonntag, 5. April 2026, 01:45 (UTC+11:00, Lord Howe)"},
    ),
    "Lord Howe, the second 01:45": Case(
        "Australia/Lord_Howe",
        "2026-04-02T15:15:00Z",
        "2026-05-01T00:00:00Z",
        "asked + 48h",
        "2026-04-04T15:15:00Z",
        {"de": "Sonntag, 5. April 2026, 01:45 (UTC+10:30, Lord Howe)"},
    ),
    # Samoa went over the date line at the end of December 29, 2011 (UTC-10:00, in summer time), to December 31
    # (UTC+14:00). Asked at 02:00 of Wednesday the 28th, 48 hours end at 02:00 of Saturday: there was no Friday.
    "Apia, over the day that was skipped": Case(
        "Pacific/Apia",
        "2011-12-28T12:00:00Z",
        "2012-01-20T00:00:00Z",
        "asked + 48h",
        "2011-12-30T12:00:00Z",
        {
            "en": "Saturday, December 31, 2011, 02:00 (UTC+14:00, Apia)",
            "fr": "samedi 31 décembre 2011 à 02:00 (UTC+14:00, Apia)",
            "ja": "2011年12月31日土曜日 2:00（UTC+14:00、アピア）",
        },
    ),
    # The Chatham Islands are 12 hours and 45 minutes ahead in winter: 12:00Z is a quarter to one of the next day.
    "Chatham, an offset of quarters": Case(
        "Pacific/Chatham",
        "2026-06-13T12:00:00Z",
        "2026-07-01T00:00:00Z",
        "asked + 48h",
        "2026-06-15T12:00:00Z",
        {
            "en": "Tuesday, June 16, 2026, 00:45 (UTC+12:45, Chatham)",
            "ru": "вторник, 16 июня 2026 г., 00:45 (UTC+12:45, Чатем)",
        },
    ),
}  # fmt: skip


def requested(case: Case) -> Lesson:
    """The request as the engine decides it, under italki with that rule for the answer."""
    machine = machine_of(load_policy(f'extends = "italki"\nid = "it"\nrequest.answer_by = "{case.rule}"\n'))
    asked = instant(case.asked)
    brief = Brief(LessonId("l"), machine.hash, case.zone, machine.process.unit.code, asked, TOM, ANN, ANN, ANN)
    offer = Offer(instant(case.start), HOUR, 250)
    lesson = decide(machine, brief, Command("request", ANN, Key("k"), brief.id, None, offer), NO_FACTS, asked)
    assert isinstance(lesson, Lesson), lesson.sentence
    return lesson


def to_tutor(case: Case, locale: str, lesson: Lesson) -> Letter:
    """What the tutor reads of it."""
    return lesson_letter(words_for(locale), CAST, Reader(TOM, case.zone), None, lesson)


def plain(text: str) -> str:
    """The text without the invisible marks around values, and with plain blanks."""
    return re.sub("[\u2066-\u2069]", "", text).replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("name", CASES)
def test_a_deadline_is_read_as_it_was_worked_out_by_hand(name: str) -> None:
    """The engine stores that instant, and the short and the long text show it with its offset and its city."""
    case = CASES[name]
    lesson = requested(case)
    deadline = next_deadline(lesson)
    assert deadline is not None
    assert deadline.at == instant(case.due)

    for locale, when in case.read.items():
        letter = to_tutor(case, locale, lesson)
        asks = plain(words_for(locale).say("Please respond before %(when)s.", when=when))
        assert plain(letter.short).endswith(asks), locale
        assert asks in plain(" ".join(letter.paragraphs)), locale
        assert when in plain(letter.html), locale


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith(("Vancouver", "Cairo, a day", "Berlin"))])
def test_the_cases_of_the_issue_are_there_in_every_language(name: str) -> None:
    """No language is left out where the snapshot matters most."""
    assert set(CASES[name].read) == set(LOCALES)


@pytest.mark.parametrize("place", ["Berlin", "Lord Howe"])
@pytest.mark.parametrize("locale", LOCALES)
def test_the_two_passes_of_a_fold_differ_in_the_offset_alone(place: str, locale: str) -> None:
    """Two letters show the same date and the same time of day, and nobody takes one for the other."""
    first, second = (case for name, case in CASES.items() if name.startswith(place))
    letters = [to_tutor(case, locale, requested(case)).short for case in (first, second)]
    offsets = [re.findall(r"UTC[+-]\d\d:\d\d", letter) for letter in letters]
    without = {re.sub(r"UTC[+-]\d\d:\d\d", "UTC", letter) for letter in letters}

    assert letters[0] != letters[1]
    assert len(without) == 1
    assert [len(found) for found in offsets] == [1, 1]


def test_the_other_side_reads_the_same_deadline_on_their_own_clock() -> None:
    """One in Cairo is midnight in Berlin, and three in the afternoon of the day before in Vancouver."""
    lesson = requested(CASES["Cairo, a day without its midnight"])
    read = {
        zone: plain(lesson_letter(words_for("en"), CAST, Reader(ANN, zone), None, lesson).short)
        for zone in ("Europe/Berlin", "America/Vancouver")
    }

    assert read["Europe/Berlin"].endswith("Tom has until Friday, April 24, 2026, 00:00 (UTC+02:00, Berlin) to respond.")
    assert read["America/Vancouver"].endswith(
        "Tom has until Thursday, April 23, 2026, 15:00 (UTC-07:00, Vancouver) to respond."
    )
