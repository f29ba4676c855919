from __future__ import annotations

import pytest

from tutorcore.calendar.agendas.verdicts import CODES
from tutorcore.errors import UnknownName
from tutorcore.lessons.refusals import DISCREET, PRECEDENCE, Refusal
from tutorcore.policy.parsing import parse_guard
from tutorcore.text.locales import LOCALES, PSEUDO
from tutorcore.text.refusals import msgid, refusal_words
from tutorcore.text.sentences import placeholders
from tutorcore.text.times import guard_words
from tutorcore.text.words import words_for

_LATER = "2026-03-30T09:00:00Z"
_EXAMPLES: dict[str, tuple[Refusal, str]] = {
    "key_reused": (
        Refusal.of("key_reused", key="k", before="accept"),
        "this key was used before for something else; use a new key",
    ),
    "out_of_order": (
        Refusal.of("out_of_order", last=_LATER, at=_LATER),
        "something later is already recorded; "
        "give a `now` at or after Monday, March 30, 2026, 11:00 (UTC+02:00, Berlin)",
    ),
    "not_open": (
        Refusal.of("not_open", verb="claim_no_show", state="in_progress", open="cancel, report"),
        "“report an absence” is not open in the state “in progress”; open: “cancel” and “report a problem”",
    ),
    "not_yours": (
        Refusal.of("not_yours", verb="accept", by="tutor, admin", actor="stu-1"),
        "“accept” is open to the tutor or the administrator, and Ada is none of them here",
    ),
    "stale_offer": (
        Refusal.of("stale_offer", proposal=1, current=2),
        "proposal 1 is not the one on the table; look again, and answer 2",
    ),
    "missing": (Refusal.of("missing", verb="decline", needs="a reason"), "“decline” needs a reason"),
    "guard": (
        Refusal.of("guard", verb="cancel", condition="notice >= 24h", at=_LATER),
        f"“cancel” is open only while {guard_words(words_for('en'), parse_guard('notice >= 24h'))}",
    ),
    "bad_terms": (
        Refusal.of("bad_terms", problem="they are those of proposal 1"),
        "what was said cannot stand: they are those of proposal 1",
    ),
    "no_time_left": (
        Refusal.of("no_time_left", deadline=f"{_LATER} (lesson.start - 1h)"),
        "no time would be left: Monday, March 30, 2026, 11:00 (UTC+02:00, Berlin) is already past; "
        "propose a later start",
    ),
    "not_bookable": (
        Refusal.of("not_bookable", tutor="tom", start=_LATER, codes="outside_hours, busy", reasons="whatever"),
        "Tom cannot be booked at Monday, March 30, 2026, 11:00 (UTC+02:00, Berlin): "
        "that is outside the tutor's hours and the tutor has another lesson",
    ),
    "insufficient_funds": (
        Refusal.of("insufficient_funds", party="stu-1", has="1.00", needed="5.00", missing="4.00", currency="USD"),
        "Ada has 1.00 USD and needs 5.00: 4.00 USD are missing",
    ),
    "slot_taken": (
        Refusal.of("slot_taken", party="tom", start=_LATER, end="2026-03-30T10:00:00Z"),
        "Tom is already engaged from Monday, March 30, 2026, 11:00 (UTC+02:00, Berlin) to "
        "Monday, March 30, 2026, 12:00 (UTC+02:00, Berlin); choose another time",
    ),
    "reports_open": (
        Refusal.of("reports_open", counter="missed_request", count=2),
        "2 of the reports that unanswered requests counts are still open; dismiss or record them first",
    ),
    "restricted": (
        Refusal.of("restricted", tutor="tom", what="the profile is locked until somebody else lifts it"),
        "Tom may not do this now: the profile is locked until somebody else lifts it",
    ),
    "frozen": (
        Refusal.of("frozen", party="tom"),
        "the wallet of Tom is frozen; what is in it can be neither withdrawn nor spent",
    ),
    "not_applied": (
        Refusal.of("not_applied", tutor="tom", month="2026-03", before="2026-02"),
        "a withdrawal in 2026-03 needs an application of 2026-02 that is not used yet; Tom has none",
    ),
    "applied_already": (
        Refusal.of("applied_already", tutor="tom", month="2026-03"),
        "Tom has applied in 2026-03 already; one application a month is all there is",
    ),
    "too_little": (
        Refusal.of("too_little", minimum="300.0", currency="ITC"),
        "a withdrawal has to be at least 300.0 ITC; ask for more, or wait for more",
    ),
}


@pytest.mark.parametrize("code", PRECEDENCE)
def test_every_refusal_is_said_with_names_and_clocks(code: str) -> None:
    """Facts become what they are: names, instants on the reader's clock, conditions in words."""
    refusal, said = _EXAMPLES[code]

    assert refusal_words(words_for("en"), refusal, zone="Europe/Berlin", names={"tom": "Tom", "stu-1": "Ada"}) == said


@pytest.mark.parametrize("locale", [*LOCALES, PSEUDO])
@pytest.mark.parametrize("code", PRECEDENCE)
def test_every_refusal_is_said_in_every_language(code: str, locale: str) -> None:
    """No placeholder is left, and nothing is empty."""
    said = refusal_words(words_for(locale), _EXAMPLES[code][0])

    assert said.strip()
    assert not placeholders(said)


def test_what_is_none_of_the_reader_s_business_stays_unsaid() -> None:
    """With fewer facts, the discreet sentence is said."""
    refusal = Refusal.of("insufficient_funds", party="pia", needed="5.00", currency="USD")

    assert refusal_words(words_for("en"), refusal) == "the wallet of pia does not cover the 5.00 USD that this needs"


def test_what_stands_against_a_booking_has_words_for_every_code() -> None:
    """Every code of a verdict is said in words of the language, and not in English."""
    said = {
        code: refusal_words(
            words_for(PSEUDO), Refusal.of("not_bookable", tutor="7", start=_LATER, codes=code, reasons="secret")
        )
        for code in CODES
    }

    assert not any("secret" in each for each in said.values())
    assert len(set(said.values())) == len(CODES)


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (Refusal.of("not_open", verb="accept", state="requested", open="nothing"), "open: nothing"),
        (Refusal.of("not_open", verb="accept", state="not yet asked for", open="nothing"), "“not yet asked for”"),
        (Refusal.of("not_yours", verb="accept", by="tutor", actor="x\r\ny"), "and x y is none of them"),
        (Refusal.of("guard", verb="pay", condition="now < asked + 1h (it has no end)", at=_LATER), "“now < asked + 1h"),
        (Refusal.of("reports_open", counter="own_counter", count=1), "that “own_counter” counts"),
        (Refusal.of("out_of_order", last="whenever", at=_LATER), "at or after “whenever”"),
    ],
)
def test_facts_that_are_no_names_are_quoted(refusal: Refusal, said: str) -> None:
    """What cannot be read as a name, an instant or a condition comes as it is, on one line."""
    assert said in refusal_words(words_for("en"), refusal)


def test_a_zone_that_does_not_exist_is_refused() -> None:
    """The caller's mistake is not hidden behind the text as it is."""
    with pytest.raises(UnknownName, match="Berlin"):
        refusal_words(words_for("en"), _EXAMPLES["out_of_order"][0], zone="Berlin")


@pytest.mark.parametrize("template", [*PRECEDENCE.values(), *DISCREET.values()])
def test_sentences_of_refusals_are_their_own_keys(template: str) -> None:
    """The sentence in the catalogues has the same words and the same facts."""
    named = {name: f"<{name}>" for name in placeholders(msgid(template))}

    assert words_for("en").say(msgid(template), **named) == template.format_map(named)
