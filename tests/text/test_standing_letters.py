"""What tutors, and the desk that handles reports, read of a standing."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import instant
from tutorcore.lessons import Refusal
from tutorcore.policy import load_preset
from tutorcore.policy.account import AccountRules, Counter, Rung
from tutorcore.policy.expressions import Exact
from tutorcore.policy.presets import preset_names
from tutorcore.standing import Lapse, Standing, StandingCommand, lapsed
from tutorcore.standing.handling import handle
from tutorcore.standing.standing import Happening, Imposed
from tutorcore.text.letters import Cast, Letter, Reader, standing_letter
from tutorcore.text.locales import LOCALES, PSEUDO
from tutorcore.text.words import words_for

TOM: Final = PartyId("tom")
NOW: Final = instant("2026-03-02T09:00:00Z")
DAY: Final = timedelta(days=1)
RULES: Final = load_preset("italki").account
CAST: Final = Cast({TOM: "Tom Maier"}, {TOM: "Europe/Berlin"})
TO_TOM: Final = Reader(TOM, "Europe/Berlin")
TO_AGENTS: Final = Reader(None, "UTC", "agent")
SHOW: Final = "What you can do: show the profile again."
HANDLE: Final = "What you can do: dismiss a report or record a report."


def missed(number: int, mark: str = "missed_request", rules: AccountRules = RULES) -> list[Standing]:
    """How Tom stands after each of so many lapses, one every other day."""
    versions: list[Standing] = []
    for each in range(number):
        lapse = Lapse(LessonId(f"l{each}"), 2, mark, NOW + 2 * each * DAY)
        versions += lapsed(rules, versions[-1] if versions else None, TOM, lapse)
    return versions


def handled(before: Standing, verb: str, after: timedelta = 20 * DAY, **said: object) -> Standing:
    """How Tom stands after somebody did something about it."""
    by, grants = (TOM, frozenset()) if verb == "show_profile" else (PartyId("ada"), frozenset({"agent", "operator"}))
    command = StandingCommand(verb, TOM, by, Key("1"), **said)  # type: ignore[arg-type]  # Names given as they come.
    answer = handle(RULES, before, command, grants, NOW + after)  # type: ignore[arg-type]  # As above.
    assert not isinstance(answer, Refusal), answer.sentence
    return answer


def read(reader: Reader, before: Standing | None, standing: Standing) -> Letter:
    """The letter in English."""
    return standing_letter(words_for("en"), CAST, reader, before, standing, brand="Lingua")


def fact(letter: Letter, label: str) -> str | None:
    """The value of a fact, or None if the letter has none of that label."""
    return dict(letter.facts).get(label)


def test_a_tutor_reads_of_a_first_report() -> None:
    """What it is about, that nothing else follows, and when it happened on the tutor's clock."""
    (standing,) = missed(1)
    letter = read(TO_TOM, None, standing)

    assert letter.subject == "A report has been raised: unanswered requests."
    assert letter.short == (
        "A report has been raised: unanswered requests. This is a notice: nothing else follows from it now."
    )
    assert letter.facts == (
        ("Report", "1"),
        ("What happened", "unanswered request, Monday, March 2, 2026, 10:00 (UTC+01:00, Berlin)"),
    )


def test_the_desk_reads_whose_report_it_is_and_what_to_do() -> None:
    """Besides the tutor's name, the lesson and how many reports are open."""
    before, standing = missed(2)
    letter = read(TO_AGENTS, before, standing)

    assert letter.paragraphs[-1] == HANDLE
    assert [fact(letter, label) for label in ("Tutor", "Report", "Lesson", "Open reports")] == [
        "Tom Maier",
        "2",
        "l1",
        "2",
    ]
    assert SHOW not in letter.paragraphs


def test_what_the_tutor_can_end_at_once_is_said_so() -> None:
    """The second report hides the profile until its tutor shows it."""
    before, standing = missed(2)

    assert read(TO_TOM, before, standing).paragraphs == (
        "A report has been raised: unanswered requests.",
        "Restricted from now on: profile hidden. The profile can be shown again at any time.",
        SHOW,
    )


def test_until_when_a_profile_is_hidden_is_said_for_all_reasons_together() -> None:
    """One hides it until the tutor shows it, another for a week: so it is a week, and no move is offered."""
    _, before, standing = missed(3)

    assert read(TO_TOM, before, standing).paragraphs[1:] == (
        "Restricted from now on: profile hidden. The profile can be shown again from Friday, March 13, 2026, 10:00 "
        "(UTC+01:00, Berlin) on.",
    )


def test_a_lock_stands_until_the_platform_lifts_it() -> None:
    """Whatever else hides the profile is no matter then."""
    *_, before, standing = missed(4)

    assert read(TO_TOM, before, standing).paragraphs[1:] == (
        "Restricted from now on: profile locked. This stands until the platform lifts it.",
    )


def test_every_restriction_is_said_with_its_end() -> None:
    """Three missed lessons bring three restrictions and a review."""
    *_, before, standing = missed(3, "missed_attendance")
    ends = "This ends on Sunday, April 5, 2026, 11:00 (UTC+02:00, Berlin)."

    assert read(TO_TOM, before, standing).paragraphs[1:] == (
        "The platform will examine this case.",
        "Restricted from now on: profile hidden. The profile can be shown again from Sunday, April 5, 2026, 11:00 "
        "(UTC+02:00, Berlin) on.",
        f"Restricted from now on: no requests. {ends}",
        f"Restricted from now on: wallet frozen. {ends}",
    )


def test_what_is_dismissed_is_said_with_its_reason_and_the_answer() -> None:
    """What ends with it and what does not; the reason goes by its name, the note is quoted."""
    *_, before = missed(4)
    standing = handled(before, "dismiss_report", report=4, reason="ill", case="T-17", note="Get well soon!")
    letter = read(TO_TOM, before, standing)

    assert letter.paragraphs == (
        "A report has been dismissed and no longer counts: unanswered requests.",
        "No longer restricted: profile locked.",
        "Still restricted: profile hidden. The profile can be shown again at any time.",
        SHOW,
    )
    assert [fact(letter, label) for label in ("Reason", "Note", "Case")] == ["illness", "“Get well soon!”", "T-17"]
    assert HANDLE not in read(TO_AGENTS, before, standing).paragraphs


def test_a_reason_in_somebodys_own_words_is_quoted() -> None:
    """A counter may be reset for any reason; those for a report are the policy's."""
    (before,) = missed(1)
    recorded = handled(before, "record_report", report=1, reason="no_answer", case="T-1")
    reset = handled(recorded, "reset_counter", 21 * DAY, counter="missed_request", reason="A new year.", case="T-2")

    assert fact(read(TO_TOM, before, recorded), "Reason") == "did not answer"
    assert read(TO_TOM, before, recorded).subject == "A report has been examined and stands: unanswered requests."
    assert fact(read(TO_TOM, recorded, reset), "Reason") == "“A new year.”"
    assert read(TO_TOM, recorded, reset).subject == "The count begins anew: unanswered requests."


def test_what_is_lifted_or_shown_is_said() -> None:
    """What was restricted until now is named."""
    *_, before = missed(4)
    lifted = handled(before, "lift", effect="locked", reason="ill", case="T-3")
    shown = handled(lifted, "show_profile", 21 * DAY)

    assert read(TO_TOM, before, lifted).paragraphs[:2] == (
        "A restriction has been lifted.",
        "No longer restricted: profile locked.",
    )
    assert read(TO_TOM, lifted, shown).subject == "The profile is shown again."


def test_what_ends_by_itself_needs_nobody() -> None:
    """A profile that is hidden for a time alone comes back then."""
    rules = AccountRules((Counter("missed_request", ladder=(Rung(1, "hidden", lasts=Exact(hours=48)),)),))
    (standing,) = missed(1, rules=rules)

    assert read(TO_TOM, None, standing).paragraphs[1:] == (
        "Restricted from now on: profile hidden. This ends on Wednesday, March 4, 2026, 10:00 (UTC+01:00, Berlin).",
    )


def test_what_is_hidden_for_good_outlasts_what_ends_by_itself() -> None:
    """Of two that hide a profile, the one that only the platform lifts decides."""
    rules = AccountRules(
        (
            Counter(
                "missed_request",
                ladder=(Rung(1, "hidden", lasts=Exact(hours=48)), Rung(1, "existing_only", lifted_by="operator")),
            ),
        )
    )
    (standing,) = missed(1, rules=rules)

    assert read(TO_TOM, None, standing).paragraphs[1:] == (
        "Restricted from now on: profile hidden. This stands until the platform lifts it.",
    )


HAPPENED: Final = ("raised", "joined", "reopened", "broken", "dismissed", "recorded", "reset", "shown", "lifted")


@pytest.mark.parametrize("locale", [*LOCALES, PSEUDO])
def test_everything_that_can_happen_is_told_in_every_language(locale: str) -> None:
    """No placeholder is left and nothing is empty, under every preset's rules."""
    words = words_for(locale)
    for name in preset_names():
        rules = load_preset(name).account
        marks = {mark for counter in rules.counters for mark, _ in counter.marks}
        for standing in (each for mark in sorted(marks) for each in missed(4, mark, rules)):
            for kind in HAPPENED:
                happening = Happening(kind, standing.happening.counter, 1, standing.happening.effects, reason="ill")
                for reader in (TO_TOM, TO_AGENTS):
                    letter = standing_letter(words, CAST, reader, None, standing._replace(happening=happening))
                    facts = [part for pair in letter.facts for part in pair]
                    assert all((letter.subject, letter.short, *letter.paragraphs, *facts)), (name, kind)
                    assert "%(" not in letter.text + letter.html, (name, kind)


def test_hostile_notes_and_cases_stay_text() -> None:
    """Nothing that is written at the desk becomes markup or a line of its own."""
    (before,) = missed(1)
    standing = handled(before, "dismiss_report", report=1, reason="ill", case="<i>\r\nX: y", note="</p><script>")
    letter = read(TO_TOM, before, standing)

    assert "<i>" not in letter.html
    assert "<script" not in letter.html
    assert "\r" not in letter.text
    assert fact(letter, "Case") == "<i> X: y"


def test_an_imposition_of_another_report_is_told_as_still_in_force() -> None:
    """What was there before is not said to be new."""
    before, standing = missed(2)
    frozen = Imposed("wallet_frozen", NOW, None, None, "operator", 1, "other", 1)
    before = before._replace(imposed=(*before.imposed, frozen))
    after = standing._replace(imposed=(*standing.imposed, frozen))

    assert "Still restricted: wallet frozen. This stands until the platform lifts it." in (
        read(TO_TOM, before, after).paragraphs
    )
