from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tutorcore.policy import Unit, load_preset, parse_duration, parse_guard, parse_time, preset_names
from tutorcore.policy.expressions import (
    Always,
    Amount,
    Anchor,
    And,
    Calendar,
    Comparison,
    Duration,
    Earliest,
    EndOfDay,
    Exact,
    Field,
    Guard,
    If,
    Latest,
    Met,
    Not,
    Or,
    Portion,
    Restricted,
    Shift,
    StartOfDay,
    Taught,
    Text,
    Time,
)
from tutorcore.policy.process import Move
from tutorcore.policy.words import lesson, not_, now
from tutorcore.text.locales import LOCALES, PSEUDO
from tutorcore.text.times import duration_words, guard_words, time_words
from tutorcore.text.words import words_for

_EN = words_for("en")
_ITC = Unit("ITC", 1)


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("asked + 48h", "48 hours after the turn began"),
        ("lesson.start", "the start of the lesson"),
        ("entered + 7d", "7 calendar days after this began"),
        ("lesson.start + 1/3 lesson", "1/3 of the lesson after the start of the lesson"),
        ("lesson.start - 33.5% lesson", "33.5% of the lesson before the start of the lesson"),
        ("created + 1mo 1w", "1 calendar month and 1 calendar week after the moment the lesson was first asked for"),
        ("first_entered(agreed) + 5m", "5 minutes after the first change to “agreed”"),
        ("did(join)", "the last act of the kind “join”"),
        ("joined(student) + 20m", "20 minutes after the first arrival (the student)"),
        ("reviewed(tutor)", "the review (the tutor)"),
        ("start_of_day(lesson.start)", "the beginning of the day of the lesson"),
        ("start_of_day(proposed.start)", "the beginning of this day: the proposed start"),
        ("end_of_day(lesson.end) + 2h", "2 hours after (the end of this day: the end of the lesson)"),
        ("at_time(lesson.start - 1d, 17:05)", "17:05 on this day: 1 calendar day before the start of the lesson"),
        (
            "earliest(asked + 48h, lesson.start, proposed.start)",
            "whichever comes first: 48 hours after the turn began, the start of the lesson, or the proposed start",
        ),
        (
            "earliest(latest(asked + 5h, lesson.end), lesson.start)",
            "whichever comes first: (whichever comes last: 5 hours after the turn began or the end of the lesson) or "
            "the start of the lesson",
        ),
        (
            "if(joined(student) < lesson.end, did(join), if(notice >= 2d, asked, entered))",
            "the last act of the kind “join” if the student came before the end of the lesson; otherwise the beginning "
            "of the turn if the lesson starts in 2 calendar days or more; otherwise the moment this began",
        ),
    ],
)
def test_a_time_is_a_phrase(time: str, said: str) -> None:
    """What has parts of its own stands in parentheses inside another phrase."""
    assert time_words(_EN, parse_time(time)) == said


@pytest.mark.parametrize(
    ("guard", "said"),
    [
        ("notice >= 24h", "the lesson starts in 24 hours or more"),
        ("notice > 24h", "the lesson starts in more than 24 hours"),
        ("2d > notice", "the lesson starts in less than 2 calendar days"),
        ("notice <= 24h", "the lesson starts in 24 hours or less"),
        ("not (notice >= 24h)", "the lesson starts in less than 24 hours"),
        ("now >= lesson.start", "it is no earlier than the start of the lesson"),
        ("lesson.end > now", "it is earlier than the end of the lesson"),
        ("proposed.start - now >= 24h", "it is no later than 24 hours before the proposed start"),
        (
            "now - first_entered(agreed) < 5m",
            "it is earlier than 5 minutes after the first change to “agreed”",
        ),
        ("joined(tutor) <= lesson.start + 5m", "the tutor came by 5 minutes after the start of the lesson"),
        (
            "not (joined(student) < lesson.start + 1/3 lesson)",
            "the student did not come before 1/3 of the lesson after the start of the lesson",
        ),
        ("not (reviewed(student) <= now)", "the student has not reviewed the lesson yet"),
        ("joined(tutor) <= now", "the tutor has come"),
        (
            "not (first_entered(locked) <= now)",
            "the lesson has never been “agreed, changed too late to be cancelled freely”",
        ),
        (
            "not (did(propose_remedy) >= did(report))",
            "“suggest another remedy” has not happened since the last “report a problem”",
        ),
        ("did(report) >= did(accept)", "“report a problem” has happened since the last “accept”"),
        ('reason == "late"', "the reason is “somebody came late”"),
        ('reason == ""', "the reason is missing"),
        ('reason != ""', "the reason is not missing"),
        ('not reason == ""', "the reason is not missing"),
        ('reason == "late" or reason == "ill"', "the reason is “somebody came late” or “illness”"),
        ('reason == "" or reason == "ill"', "the reason is missing or is “illness”"),
        (
            'reason == "" or reason == "late" or reason == "ill"',
            "the reason is missing or is “somebody came late” or “illness”",
        ),
        ('not (remedy == "pay")', "the remedy named is not “pay the tutor”"),
        ('blamed == "tutor"', "the blamed side is the tutor"),
        ('lesson.kind != "trial"', "the kind of the lesson is not “trial lesson”"),
        ('not (lesson.kind != "trial")', "the kind of the lesson is “trial lesson”"),
        ("lesson.price < 20.5", "the price of the lesson is less than 20.5 ITC"),
        (
            "rounds < 5 or lesson.duration > 1h",
            "the number of proposals so far is less than 5 or the length of the lesson is more than 1 hour",
        ),
        ("has(tutor, meeting_provider)", "the tutor has the permission “use a meeting provider”"),
        ("restricted(tutor, locked)", "the tutor is under the restriction “profile locked”"),
        ("not restricted(tutor, locked)", "the tutor is not under the restriction “profile locked”"),
        ("met(student, tutor)", "the student and the tutor have had a lesson with each other"),
        (
            "not met(student, tutor)",
            "this does not hold: (the student and the tutor have had a lesson with each other)",
        ),
        (
            "count(late_cancel, student, within=90d) < 2",
            "the number of marks in the last 90 calendar days (the student: late cancellation) is less than 2",
        ),
        ("count(x_y, tutor) >= 1", "the number of marks (the tutor: x y) is at least 1"),
        ("taught(tutor) < 20h", "the time of all lessons so far (the tutor) is less than 20 hours"),
        (
            "taught(tutor, within=30d) == 2h",
            "the time of all lessons in the last 30 calendar days (the tutor) is exactly 2 hours",
        ),
        (
            "proposed.start - lesson.end == lesson.duration",
            "the time between these two (the end of the lesson and the proposed start) is exactly the length of "
            "the lesson",
        ),
        (
            "rounds < 5 and (notice > 1d or notice != 3h)",
            "the number of proposals so far is less than 5 and (the lesson starts in more than 1 calendar day or "
            "now is "
            "not the same as 3 hours before the start of the lesson)",
        ),
        ("true", "always"),
    ],
)
def test_a_condition_is_a_clause(guard: str, said: str) -> None:
    """Names of the policy's are said as people call them, and amounts in its unit."""
    assert guard_words(_EN, parse_guard(guard), _ITC).replace("\u00a0", " ") == said


def test_a_denial_of_what_may_be_absent_is_not_turned_round() -> None:
    """`not (joined < x)` is true of somebody who never came; so is the denial of anything that may be missing."""
    denied = not_(Comparison(Anchor("did", "join"), "<", lesson.end))

    said = guard_words(_EN, denied)
    assert said == "this does not hold: (the last act of the kind “join” is earlier than the end of the lesson)"


@pytest.mark.parametrize(
    ("duration", "said"),
    [
        ("90m", "90 minutes"),
        ("1h 30m", "1 hour and 30 minutes"),
        ("72h", "72 hours"),
        ("3d", "3 calendar days"),
        ("1mo 2w 1d", "1 calendar month, 2 calendar weeks, and 1 calendar day"),
        ("0d", "0 minutes"),
        ("1/3 lesson", "1/3 of the lesson"),
        ("50% lesson", "50% of the lesson"),
    ],
)
def test_a_length_keeps_its_sort(duration: str, said: str) -> None:
    """Three days are no 72 hours, and nothing is rounded."""
    found = duration_words(_EN, parse_duration(duration))

    assert found == said or (duration == "90m" and found == "1 hour and 30 minutes")


def test_every_expression_of_every_preset_is_said_in_every_language() -> None:
    """No placeholder stays open and nothing is empty."""
    for locale in (*LOCALES, PSEUDO):
        words = words_for(locale)
        for name in preset_names():
            process = load_preset(name)
            for row in (*process.openings, *(row for state in process.states for row in state.rows)):
                said = [guard_words(words, case.when) for case in row.effects.cases if case.when is not None]
                if isinstance(row, Move):
                    said += [] if row.when is None else [guard_words(words, row.when)]
                    said += [] if row.until is None else [time_words(words, row.until)]
                else:
                    said.append(time_words(words, row.at))
                assert all(text and "%(" not in text for text in said)


_DURATIONS: st.SearchStrategy[Duration] = st.sampled_from(
    (Exact(hours=2), Calendar(days=1), Calendar(months=1, weeks=2), parse_duration("1/3 lesson"))
)
_ANCHORS = st.sampled_from(
    (
        *map(Anchor, ("created", "asked", "entered", "lesson.start", "proposed.end", "lesson.first_start", "now")),
        *(Anchor(name, "agreed") for name in ("entered", "first_entered")),
        *(Anchor(name, "student") for name in ("joined", "reviewed")),
        Anchor("did", "<b>"[1]),
    )
)
_FACTS: st.SearchStrategy[Guard] = st.sampled_from(
    (
        Restricted("tutor", "hidden"),
        Met("student", "tutor"),
        Always(),
        Comparison(Field("reason"), "==", Text("late")),
        Comparison(Field("remedy"), "!=", Text("pay")),
        Comparison(Taught("tutor"), "<", Exact(hours=2)),
        parse_guard("lesson.price >= 20.50"),
        parse_guard("notice >= 2d"),
    )
)


def _guards(times: st.SearchStrategy[Time]) -> st.SearchStrategy[Guard]:
    leaves = _FACTS | st.builds(Comparison, times, st.sampled_from(("<", "<=", ">", ">=", "==", "!=")), times)
    two = st.tuples(leaves, leaves)
    return (
        leaves | st.builds(And, two) | st.builds(Or, two) | st.builds(Not, leaves) | st.builds(Not, st.builds(Or, two))
    )


def _times(inner: st.SearchStrategy[Time]) -> st.SearchStrategy[Time]:
    two = st.tuples(inner, inner)
    return st.one_of(
        st.builds(Shift, inner, st.sampled_from(("+", "-")), _DURATIONS),
        st.builds(Earliest, two),
        st.builds(Latest, two),
        st.builds(StartOfDay, inner),
        st.builds(EndOfDay, inner),
        st.builds(If, _guards(inner), inner, inner),
    )


_TIMES: st.SearchStrategy[Time] = st.recursive(_ANCHORS, _times, max_leaves=5)


@given(_TIMES, _guards(_TIMES))
def test_whatever_can_be_written_can_be_said(time: Time, guard: Guard) -> None:
    """The words are total over the language of expressions, and parentheses always close."""
    for said in (time_words(_EN, time), guard_words(_EN, guard)):
        assert said
        assert "%(" not in said
        assert said.count("(") == said.count(")")


def test_an_amount_without_a_unit_is_said_as_it_is_written() -> None:
    """A refusal that no policy goes with still says its number."""
    guard = parse_guard("lesson.price < 20.50")

    assert guard_words(_EN, guard) == "the price of the lesson is less than 20.50"
    assert isinstance(guard, Comparison)
    assert isinstance(guard.right, Amount)
    assert isinstance(parse_duration("1/3 lesson"), Portion)
    assert now == Anchor("now")
