"""What expressions evaluate to: anchors, functions, absence, boundaries, both clock changes, and reasons."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import attrs
import pytest

from tutorcore.errors import InvariantError
from tutorcore.instants import Instant, instant, to_text
from tutorcore.policy.closures import compile_deadline, compile_guard, compile_time
from tutorcore.policy.parsing import ExpressionError, parse_guard, parse_time
from tutorcore.policy.words import not_

BERLIN = "Europe/Berlin"


@attrs.frozen
class Terms:
    start: Instant
    end: Instant
    price: int = 2500
    kind: str = "trial"


@attrs.frozen
class Brief:
    created: Instant
    zone: str = ""


@attrs.frozen
class Particulars:
    blamed: str | None = None
    remedy: str | None = None


@attrs.frozen
class Command:
    reason: str = ""
    particulars: Particulars | None = None


@attrs.frozen
class Facts:
    counts: Mapping[str, int]
    has: frozenset[str] = frozenset()


def at(text: str) -> Instant:
    """Return an instant of March 2026."""
    return instant(f"2026-03-{text}Z")


NOW = at("10T09:00:00")
TERMS = Terms(at("12T10:00:00"), at("12T11:00:00"))
OFFER = Terms(at("13T10:00:00"), at("13T11:30:00"), 3000, "full")
BRIEF = Brief(at("10T08:00:00"))
TIMELINE = {
    "asked": at("10T08:30:00"),
    "entered": at("10T08:45:00"),
    "entered(agreed)": at("10T08:40:00"),
    "first_entered(agreed)": at("10T08:35:00"),
    "did(accept)": at("10T08:41:00"),
    "joined(student)": at("12T10:05:00"),
    "reviewed(student)": at("12T12:00:00"),
    "lesson.first_start": at("11T10:00:00"),
    "deadline": at("12T08:30:00"),
}


def arguments(
    *,
    now: Instant = NOW,
    terms: Terms = TERMS,
    offer: Terms | None = OFFER,
    rounds: int = 2,
    timeline: Mapping[str, Instant] = TIMELINE,
    brief: Brief = BRIEF,
    command: Command | None = None,
    facts: Facts | None = None,
) -> tuple[Any, ...]:
    """Return the eight arguments of every closure, in a world in which everything is there."""
    return now, terms, offer, rounds, timeline, brief, command, facts


BARE = arguments(offer=None, timeline={})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "10T09:00:00"),
        ("created", "10T08:00:00"),
        ("asked", "10T08:30:00"),
        ("entered", "10T08:45:00"),
        ("entered(agreed)", "10T08:40:00"),
        ("first_entered(agreed)", "10T08:35:00"),
        ("did(accept)", "10T08:41:00"),
        ("joined(student)", "12T10:05:00"),
        ("reviewed(student)", "12T12:00:00"),
        ("lesson.start", "12T10:00:00"),
        ("lesson.end", "12T11:00:00"),
        ("lesson.first_start", "11T10:00:00"),
        ("proposed.start", "13T10:00:00"),
        ("proposed.end", "13T11:30:00"),
        ("now + 48h", "12T09:00:00"),
        ("now - 90s", "10T08:58:30"),
        ("lesson.start - 24h", "11T10:00:00"),
        ("lesson.end + 1h 30m", "12T12:30:00"),
        ("asked + 48h", "12T08:30:00"),
        ("proposed.start - 1h", "13T09:00:00"),
        ("lesson.start + 1/3 lesson", "12T10:20:00"),
        ("lesson.end - 1/3 lesson", "12T10:40:00"),
        ("lesson.start + 33% lesson", "12T10:19:48"),
        ("proposed.start + 50% lesson", "13T10:30:00"),
        ("earliest(now + 48h, lesson.start)", "12T09:00:00"),
        ("earliest(lesson.start, now + 48h)", "12T09:00:00"),
        ("latest(now + 48h, lesson.start)", "12T10:00:00"),
        ("earliest(asked, entered, created)", "10T08:00:00"),
        ("latest(asked, entered, created)", "10T08:45:00"),
        ("earliest(asked, created) + 1h", "10T09:00:00"),
        ("if(rounds < 3, asked, created)", "10T08:30:00"),
        ("if(rounds < 2, asked, created)", "10T08:00:00"),
        ("if(rounds < 3, asked, created) + 1h", "10T09:30:00"),
    ],
)
def test_every_anchor_and_function(text: str, expected: str) -> None:
    """Each anchor, duration and function evaluates to its instant."""
    found = compile_time(parse_time(text, where="guard"))(*arguments())

    assert found == at(expected)


def test_a_reminder_reads_the_deadline_from_the_timeline_it_is_given() -> None:
    """`deadline` is supplied by whoever evaluates a reminder."""
    closure = compile_time(parse_time("deadline - 12h", where="reminder"))

    assert closure(*arguments()) == at("11T20:30:00")
    assert closure(*BARE) is None


def test_a_condition_in_a_reminder_reads_the_deadline_too() -> None:
    """Where the deadline is absent, what is asked of it is false."""
    closure = compile_time(parse_time("if(deadline < lesson.start, deadline - 1h, entered)", where="reminder"))

    assert closure(*arguments()) == at("12T07:30:00")
    assert closure(*arguments(timeline={"entered": TIMELINE["entered"]})) == TIMELINE["entered"]


@pytest.mark.parametrize(
    ("seconds", "share", "expected"),
    [(10, "1/3", 3_333_333), (20, "1/3", 6_666_666), (20, "2/3", 13_333_333), (1, "1/7", 142_857)],
)
def test_parts_of_a_lesson_are_floored_to_the_microsecond(seconds: int, share: str, expected: int) -> None:
    """The part is floored, not rounded, whether it is added or taken away."""
    terms = Terms(TERMS.start, TERMS.start + timedelta(seconds=seconds))
    part = timedelta(microseconds=expected)

    later = compile_time(parse_time(f"lesson.start + {share} lesson"))
    earlier = compile_time(parse_time(f"lesson.start - {share} lesson"))
    assert later(*arguments(terms=terms)) == TERMS.start + part
    assert earlier(*arguments(terms=terms)) == TERMS.start - part


ABSENT_TIMES = [
    ("entered(agreed)", None),
    ("first_entered(agreed)", None),
    ("did(accept)", None),
    ("joined(student)", None),
    ("reviewed(student)", None),
    ("reviewed(student) + 14d", None),
    ("proposed.start", None),
    ("proposed.end", None),
    ("did(accept) + 1h", None),
    ("did(accept) - 1/3 lesson", None),
    ("did(accept) + 2d", None),
    ("start_of_day(did(accept))", None),
    ("earliest(did(accept), proposed.start)", None),
    ("latest(did(accept), proposed.start, joined(tutor))", None),
    ("earliest(did(accept), lesson.start)", "12T10:00:00"),
    ("latest(lesson.start, did(accept))", "12T10:00:00"),
    ("earliest(did(accept) + 1h, lesson.end, lesson.start)", "12T10:00:00"),
    ("lesson.first_start", "12T10:00:00"),
    ("if(joined(student) < lesson.end, created, lesson.start)", "12T10:00:00"),
    ("if(true, did(accept), lesson.start)", None),
    ("if(rounds < 3, did(accept), lesson.start) + 1h", None),
    ("if(rounds < 1, did(accept), lesson.start) + 1h", "12T11:00:00"),
]


@pytest.mark.parametrize(("text", "expected"), ABSENT_TIMES)
def test_what_is_absent_is_skipped_or_leaves_no_timer(text: str, expected: str | None) -> None:
    """Arithmetic with something absent is absent; earliest and latest skip it; nothing left is no timer."""
    when = None if expected is None else at(expected)

    assert compile_time(parse_time(text))(*BARE) == when
    deadline = compile_deadline(parse_time(text), lambda branch, leaf: leaf)(*BARE)
    assert (None if deadline is None else deadline[0]) == when


@pytest.mark.parametrize("op", ["<", "<=", ">", ">=", "==", "!="])
@pytest.mark.parametrize(
    "sides",
    [
        ("did(accept)", "lesson.start"),
        ("lesson.start", "did(accept)"),
        ("did(accept)", "joined(student)"),
        ("reviewed(tutor)", "now"),
        ("now - reviewed(tutor)", "14d"),
        ("did(accept) + 1h", "lesson.start"),
        ("now - did(accept)", "1h"),
        ("did(accept) - created", "1h"),
        ("now - did(accept)", "notice"),
        ("now - did(accept)", "2d"),
        ("did(accept) - now", "2d"),
        ("proposed.price", "20.00"),
        ("proposed.price", "lesson.price"),
        ("lesson.price", "proposed.price"),
        ("proposed.duration", "1h"),
        ("proposed.duration", "lesson.duration"),
    ],
)
def test_every_comparison_with_something_absent_is_false(op: str, sides: tuple[str, str]) -> None:
    """Whatever is asked of something absent is false, and only then does `not` turn it."""
    text = f"{sides[0]} {op} {sides[1]}"

    assert compile_guard(parse_guard(text))(*BARE) is False
    assert compile_guard(parse_guard(f"not ({text})"))(*BARE) is True


@pytest.mark.parametrize(
    "text",
    ['proposed.kind == "trial"', 'proposed.kind != "trial"', 'reason != "ill"', 'blamed != "tutor"', 'remedy != "pay"'],
)
def test_absent_texts_equal_nothing_and_differ_from_nothing(text: str) -> None:
    """Without an open change or a command its texts are absent."""
    assert compile_guard(parse_guard(text))(*BARE) is False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("not true", False),
        ("true and true", True),
        ("true and not true", False),
        ("not true and true", False),
        ("true and true and not true", False),
        ("not true or true", True),
        ("not true or not true", False),
        ("not true or not true or true", True),
        ("rounds < 3", True),
        ("rounds < 2", False),
        ("rounds <= 2", True),
        ("rounds == 2", True),
        ("rounds != 2", False),
        ("2 >= rounds", True),
        ("3 <= rounds", False),
        ("lesson.price >= 25.00", True),
        ("lesson.price > 25", False),
        ("24.99 < lesson.price", True),
        ("proposed.price > lesson.price", True),
        ("proposed.price == 30.0", True),
        ('lesson.kind == "trial"', True),
        ('"trial" != lesson.kind', False),
        ('proposed.kind == "full"', True),
        ("proposed.kind == lesson.kind", False),
        ("lesson.duration >= 60m", True),
        ("lesson.duration > 1h", False),
        ("proposed.duration > lesson.duration", True),
        ("1/3 lesson == 20m", True),
        ("20m < 1/3 lesson", False),
        ("lesson.duration > 1/3 lesson", True),
        ("now - created == 1h", True),
        ("now - created < 1h", False),
        ("created - now < 0s", True),
        ("notice > now - created", True),
        ("notice == 49h", True),
        ("created < asked and asked < entered", True),
        ("joined(student) < lesson.start + 1/3 lesson", True),
        ("joined(student) < lesson.start + 5m", False),
    ],
)
def test_every_comparison(text: str, expected: bool) -> None:
    """Instants, durations, money, counts and texts compare as they say."""
    assert compile_guard(parse_guard(text))(*arguments()) is expected


@pytest.mark.parametrize(
    ("text", "before", "exactly", "after"),
    [
        ("notice >= 24h", True, True, False),
        ("notice > 24h", True, False, False),
        ("24h <= notice", True, True, False),
        ("notice < 24h", False, False, True),
        ("notice <= 24h", False, True, True),
        ("notice == 24h", False, True, False),
        ("notice != 24h", True, False, True),
        ("now < lesson.start - 24h", True, False, False),
        ("now <= lesson.start - 24h", True, True, False),
        ("lesson.start - now >= 24h", True, True, False),
        ("notice >= 1d", True, True, False),
        ("notice > 1d", True, False, False),
    ],
)
def test_guards_compare_literally(text: str, before: bool, exactly: bool, after: bool) -> None:
    """At the boundary itself `>=` still holds and `>` no longer does."""
    guard = compile_guard(parse_guard(text))
    brief = Brief(BRIEF.created, "UTC")
    boundary = TERMS.start - timedelta(hours=24)
    micro = timedelta(microseconds=1)

    found = [guard(*arguments(now=now, brief=brief)) for now in (boundary - micro, boundary, boundary + micro)]
    assert found == [before, exactly, after]


def test_the_reason_of_a_command_is_read() -> None:
    """`reason` is that of the command being decided."""
    guard = compile_guard(parse_guard('reason == "ill"'))

    assert guard(*arguments(command=Command("ill"))) is True
    assert guard(*arguments(command=Command("late"))) is False
    assert guard(*arguments(command=None)) is False


@pytest.mark.parametrize(
    ("command", "equal", "different"),
    [
        (None, False, False),
        (Command(), False, False),
        (Command(particulars=Particulars()), False, False),
        (Command(particulars=Particulars("tutor")), True, False),
        (Command(particulars=Particulars("student")), False, True),
    ],
)
def test_whom_a_command_blames_is_read(command: Command | None, equal: bool, different: bool) -> None:
    """`blamed` is the role in the particulars of the command, and absent where there is none."""
    is_tutor, is_not_tutor = parse_guard('blamed == "tutor"'), parse_guard('"tutor" != blamed')

    assert compile_guard(is_tutor)(*arguments(command=command)) is equal
    assert compile_guard(is_not_tutor)(*arguments(command=command)) is different


@pytest.mark.parametrize(
    ("command", "equal", "different"),
    [
        (None, False, False),
        (Command(), False, False),
        (Command(particulars=Particulars()), False, False),
        (Command(particulars=Particulars(remedy="split")), False, True),
        (Command(particulars=Particulars(remedy="pay")), True, False),
    ],
)
def test_the_remedy_that_a_command_names_is_read(command: Command | None, equal: bool, different: bool) -> None:
    """`remedy` is what the particulars of the command name, and absent where they name none."""
    is_pay, is_not_pay = parse_guard('remedy == "pay"'), parse_guard('"pay" != remedy')

    assert compile_guard(is_pay)(*arguments(command=command)) is equal
    assert compile_guard(is_not_pay)(*arguments(command=command)) is different


@pytest.mark.parametrize("text", ["restricted(tutor, requests_blocked)", "met(student, tutor)"])
def test_what_is_supplied_holds_and_nothing_else(text: str) -> None:
    """A restriction or an acquaintance holds if its text is among what was supplied."""
    guard = parse_guard(text)
    others = frozenset({"restricted(tutor, hidden)", "met(tutor, student)"})

    for facts, expected in ((None, False), (Facts({}, others), False), (Facts({}, others | {text}), True)):
        assert compile_guard(guard)(*arguments(facts=facts)) is expected
        assert compile_guard(not_(guard))(*arguments(facts=facts)) is not expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (None, False),
        (Facts({}), False),
        (Facts({}, frozenset({"has(student, meeting_provider)", "has(tutor, other)"})), False),
        (Facts({"has(tutor, meeting_provider)": 1}), False),
        (Facts({}, frozenset({"has(tutor, meeting_provider)"})), True),
    ],
)
def test_a_permission_is_there_if_it_was_supplied(facts: Facts | None, expected: bool) -> None:
    """A permission that nobody supplied is not there."""
    guard = parse_guard("has( tutor,meeting_provider )")

    assert compile_guard(guard)(*arguments(facts=facts)) is expected
    assert compile_guard(not_(guard))(*arguments(facts=facts)) is not expected


@pytest.mark.parametrize(
    ("text", "below", "exactly", "above"),
    [
        ("taught(tutor) < 20h", True, False, False),
        ("taught(tutor) <= 20h", True, True, False),
        ("taught(tutor) > 20h", False, False, True),
        ("taught(tutor) >= 20h", False, True, True),
        ("taught(tutor) == 20h", False, True, False),
        ("taught(tutor) != 20h", True, False, True),
        ("20h > taught(tutor)", True, False, False),
        ("not (20h <= taught(tutor))", True, False, False),
    ],
)
def test_time_taught_comes_from_the_facts_in_microseconds(text: str, below: bool, exactly: bool, above: bool) -> None:
    """Time taught is supplied as a whole number of microseconds and compared exactly."""
    guard = compile_guard(parse_guard(text))
    hours = 20 * 3600 * 1_000_000

    found = [guard(*arguments(facts=Facts({"taught(tutor)": hours + more}))) for more in (-1, 0, 1)]
    assert found == [below, exactly, above]


def test_time_taught_in_a_window_is_another_fact() -> None:
    """The window is a part of the name under which the time is supplied."""
    guard = compile_guard(parse_guard("taught(student, within = 90d) >= 1s"))

    assert guard(*arguments(facts=Facts({"taught(student, within=90d)": 1_000_000, "taught(student)": 0}))) is True


@pytest.mark.parametrize("facts", [None, Facts({}), Facts({"taught(student)": 0})])
def test_time_taught_not_supplied_is_a_broken_promise(facts: Facts | None) -> None:
    """Reading a time that nobody supplied never passes for none."""
    guard = compile_guard(parse_guard("taught(tutor) < 20h"))

    with pytest.raises(InvariantError, match=r"taught\(tutor\)"):
        guard(*arguments(facts=facts))


def test_counts_come_from_the_facts() -> None:
    """A count is supplied from outside under its canonical text."""
    guard = compile_guard(parse_guard("count(late, student, within = 90d) < 2"))

    assert guard(*arguments(facts=Facts({"count(late, student, within=90d)": 1}))) is True
    assert guard(*arguments(facts=Facts({"count(late, student, within=90d)": 2}))) is False


@pytest.mark.parametrize("facts", [None, Facts({}), Facts({"count(late, tutor)": 0})])
def test_a_count_not_supplied_is_a_broken_promise(facts: Facts | None) -> None:
    """Reading a fact that nobody supplied never passes for zero."""
    guard = compile_guard(parse_guard("count(late, student) < 2"))

    with pytest.raises(InvariantError, match=r"count\(late, student\)"):
        guard(*arguments(facts=facts))


def test_a_comparison_of_two_counts() -> None:
    """A count may be compared with a field."""
    guard = compile_guard(parse_guard("count(late, student) < rounds"))

    assert guard(*arguments(facts=Facts({"count(late, student)": 1}))) is True


@pytest.mark.parametrize(
    ("exponent", "price", "text", "expected"),
    [
        (0, 2000, "lesson.price == 2000", True),
        (1, 25, "lesson.price == 2.5", True),
        (2, 2000, "lesson.price == 20", True),
        (2, 2000, "lesson.price == 20.0", True),
        (3, 20_005, "lesson.price == 20.005", True),
        (3, 20_004, "lesson.price == 20.005", False),
        (4, 1, "lesson.price == 0.0001", True),
    ],
)
def test_amounts_are_of_the_policys_currency(exponent: int, price: int, text: str, expected: bool) -> None:
    """A written amount is converted exactly, with the exponent of the currency."""
    terms = Terms(TERMS.start, TERMS.end, price)

    assert compile_guard(parse_guard(text), exponent=exponent)(*arguments(terms=terms)) is expected


@pytest.mark.parametrize(
    ("text", "exponent", "word"),
    [
        ("lesson.price >= 20.005", 2, "20.005"),
        ("20.5 < lesson.price", 0, "20.5"),
        ("rounds < 5 and lesson.price == 20.0", 0, "20.0"),
    ],
)
def test_an_amount_with_too_many_decimals_is_an_error(text: str, exponent: int, word: str) -> None:
    """An amount that the currency cannot pay is refused when the guard is compiled, and pointed at."""
    with pytest.raises(ExpressionError, match="decimals") as caught:
        compile_guard(parse_guard(text), exponent=exponent)

    assert caught.value.text[caught.value.start : caught.value.end] == word


@pytest.mark.parametrize(
    ("opened", "text", "zone", "expected"),
    [
        # Clocks in Berlin go forward on 29 March 2026 at 01:00Z: two days are 47 hours.
        ("2026-03-28T09:00:00Z", "asked + 48h", BERLIN, "2026-03-30T09:00:00Z"),
        ("2026-03-28T09:00:00Z", "asked + 2d", BERLIN, "2026-03-30T08:00:00Z"),
        ("2026-03-28T09:00:00Z", "asked + 2d", "America/New_York", "2026-03-30T09:00:00Z"),
        ("2026-03-30T08:00:00Z", "asked - 2d", BERLIN, "2026-03-28T09:00:00Z"),
        ("2026-03-30T08:00:00Z", "asked - 48h", BERLIN, "2026-03-28T08:00:00Z"),
        ("2026-03-28T01:30:00Z", "asked + 1d", BERLIN, "2026-03-29T01:30:00Z"),
        ("2026-03-29T08:00:00Z", "start_of_day(asked)", BERLIN, "2026-03-28T23:00:00Z"),
        ("2026-03-29T08:00:00Z", "end_of_day(asked)", BERLIN, "2026-03-29T22:00:00Z"),
        ("2026-03-28T20:00:00Z", "at_time(asked + 1d, 17:00)", BERLIN, "2026-03-29T15:00:00Z"),
        # They go back on 25 October 2026 at 01:00Z: two days are 49 hours.
        ("2026-10-24T08:00:00Z", "asked + 48h", BERLIN, "2026-10-26T08:00:00Z"),
        ("2026-10-24T08:00:00Z", "asked + 2d", BERLIN, "2026-10-26T09:00:00Z"),
        ("2026-10-26T09:00:00Z", "asked - 2d", BERLIN, "2026-10-24T08:00:00Z"),
        ("2026-10-24T00:30:00Z", "asked + 1d", BERLIN, "2026-10-25T00:30:00Z"),
        ("2026-10-25T08:00:00Z", "start_of_day(asked)", BERLIN, "2026-10-24T22:00:00Z"),
        ("2026-10-25T08:00:00Z", "end_of_day(asked)", BERLIN, "2026-10-25T23:00:00Z"),
        # Months clamp, weeks are seven days.
        ("2026-01-31T11:00:00Z", "asked + 1mo", BERLIN, "2026-02-28T11:00:00Z"),
        ("2026-03-31T10:00:00Z", "asked - 1mo", BERLIN, "2026-02-28T11:00:00Z"),
        ("2026-03-23T09:00:00Z", "asked + 1w", BERLIN, "2026-03-30T08:00:00Z"),
        ("2026-03-23T09:00:00Z", "asked + 1mo 1w 1d", BERLIN, "2026-05-01T08:00:00Z"),
        # Days of a zone are not days of another.
        ("2026-03-10T23:30:00Z", "start_of_day(asked)", "UTC", "2026-03-10T00:00:00Z"),
        ("2026-03-10T23:30:00Z", "start_of_day(asked)", BERLIN, "2026-03-10T23:00:00Z"),
        ("2026-03-10T23:30:00Z", "at_time(asked, 17:00)", BERLIN, "2026-03-11T16:00:00Z"),
        ("2026-03-10T23:30:00Z", "earliest(asked + 72h, start_of_day(asked + 1d))", BERLIN, "2026-03-11T23:00:00Z"),
    ],
)
def test_calendar_units_keep_the_wall_time(opened: str, text: str, zone: str, expected: str) -> None:
    """Hours are exact, days keep the wall time of the policy's zone, across both changes of clocks."""
    found = compile_time(parse_time(text))(
        *arguments(timeline={"asked": instant(opened)}, brief=Brief(BRIEF.created, zone))
    )

    assert found is not None
    assert to_text(found) == expected


@pytest.mark.parametrize(
    ("text", "start", "now", "expected"),
    [
        # A lesson on Monday 30 March at 10:00 in Berlin; two days before is Saturday 10:00, 47 hours earlier.
        ("notice >= 2d", "2026-03-30T08:00:00Z", "2026-03-28T09:00:00Z", True),
        ("notice >= 2d", "2026-03-30T08:00:00Z", "2026-03-28T09:00:00.000001Z", False),
        ("notice >= 48h", "2026-03-30T08:00:00Z", "2026-03-28T08:00:00Z", True),
        ("notice >= 48h", "2026-03-30T08:00:00Z", "2026-03-28T08:00:00.000001Z", False),
        # A lesson on Monday 26 October at 10:00; two days before is 49 hours earlier.
        ("notice >= 2d", "2026-10-26T09:00:00Z", "2026-10-24T08:00:00Z", True),
        ("notice >= 2d", "2026-10-26T09:00:00Z", "2026-10-24T08:00:00.000001Z", False),
        ("2d <= notice", "2026-10-26T09:00:00Z", "2026-10-24T08:00:00Z", True),
        # From the lesson's creation on Saturday 28 March, 10:00 in Berlin.
        ("now - created <= 2d", "2026-04-30T08:00:00Z", "2026-03-30T08:00:00Z", True),
        ("now - created <= 2d", "2026-04-30T08:00:00Z", "2026-03-30T08:00:00.000001Z", False),
        ("lesson.start - created >= 2d", "2026-03-30T08:00:00Z", "2026-03-29T08:00:00Z", True),
        ("lesson.start - created > 2d", "2026-03-30T08:00:00Z", "2026-03-29T08:00:00Z", False),
    ],
)
def test_elapsed_time_against_days(text: str, start: str, now: str, expected: bool) -> None:
    """An elapsed time is measured in days of the policy's zone, from the side that is not `now`."""
    begin = instant(start)
    brief = Brief(instant("2026-03-28T09:00:00Z"), BERLIN)
    terms = Terms(begin, begin + timedelta(hours=1))

    assert compile_guard(parse_guard(text))(*arguments(now=instant(now), terms=terms, brief=brief)) is expected


@pytest.mark.parametrize("anchor", ["asked", "entered", "created", "did(accept)", "entered(agreed)", "joined(tutor)"])
def test_a_dated_anchor_is_the_moves_own_instant(anchor: str) -> None:
    """Anchors that the move itself sets are read from `now`, not from the timeline."""
    dated = frozenset({anchor})
    time = parse_time(f"{anchor} + 48h")
    pair = compile_deadline(parse_time(f"earliest({anchor} + 48h, lesson.start)"), lambda *why: why, dated=dated)

    assert compile_time(time, dated=dated)(*arguments(timeline={})) == NOW + timedelta(hours=48)
    assert pair(*arguments(timeline={})) == (NOW + timedelta(hours=48), (0, f"{anchor} + 48h"))
    assert compile_guard(parse_guard(f"{anchor} == now"), dated=dated)(*arguments(timeline={})) is True


def test_a_dated_anchor_is_still_the_side_that_is_not_now() -> None:
    """Which side a calendar duration is measured from depends on the words, not on what they stand for."""
    guard = compile_guard(parse_guard("now - asked <= 1d"), dated=frozenset({"asked"}))

    assert guard(*arguments(timeline={}, brief=Brief(BRIEF.created, "UTC"))) is True


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("earliest(asked + 48h, lesson.start)", "10T09:59:59.999999", (0, "asked + 48h")),
        ("earliest(asked + 48h, lesson.start)", "10T10:00:00", (0, "asked + 48h")),
        ("earliest(asked + 48h, lesson.start)", "10T10:00:00.000001", (1, "lesson.start")),
        ("earliest(lesson.start, asked + 48h)", "10T10:00:00", (0, "lesson.start")),
        ("earliest(lesson.start, asked + 48h)", "10T09:59:59.999999", (1, "asked + 48h")),
        ("latest(asked + 48h, lesson.start)", "10T10:00:00", (0, "asked + 48h")),
        ("latest(asked + 48h, lesson.start)", "10T09:59:59.999999", (1, "lesson.start")),
        ("latest(lesson.start, asked + 48h)", "10T10:00:00", (0, "lesson.start")),
        ("earliest(lesson.end, asked + 48h, lesson.start)", "10T10:00:00", (1, "asked + 48h")),
        ("earliest(did(cancel), lesson.start, asked + 48h)", "10T10:00:00", (1, "lesson.start")),
        ("earliest(latest(created, asked), lesson.end)", "10T10:00:00", (1, "asked")),
        ("earliest(lesson.end, earliest(lesson.start, asked))", "10T10:00:00", (2, "asked")),
        ("if(rounds < 9, asked + 1h, lesson.start)", "10T10:00:00", (0, "asked + 1h")),
        ("if(rounds < 1, asked + 1h, lesson.start)", "10T10:00:00", (1, "lesson.start")),
        ("earliest(if(rounds < 1, asked, lesson.end), lesson.start)", "10T10:00:00", (2, "lesson.start")),
        ("earliest(if(rounds < 9, asked, lesson.end), lesson.start)", "10T10:00:00", (0, "asked")),
        ("asked + 48h", "10T10:00:00", (0, "asked + 48h")),
        ("lesson.end + 72h", "10T10:00:00", (0, "lesson.end + 72h")),
        ("asked - 1h", "10T10:00:00", (0, "asked - 1h")),
        ("earliest(asked - 1h, lesson.start)", "10T10:00:00", (0, "asked - 1h")),
        ("earliest(asked + 1/3 lesson, lesson.start)", "10T10:00:00", (0, "asked + 1/3 lesson")),
        ("earliest(created, lesson.start) + 1h", "10T10:00:00", (0, "earliest(created, lesson.start) + 1h")),
    ],
)
def test_a_deadline_knows_which_branch_decided(text: str, now: str, expected: tuple[int, str]) -> None:
    """The reason is that of the branch that won; of equal instants the first listed wins."""
    closure = compile_deadline(parse_time(text), lambda branch, leaf: (branch, leaf), dated=frozenset({"asked"}))
    found = closure(*arguments(now=at(now)))

    assert found is not None
    assert found[1] == expected


def test_reasons_are_made_once_and_shared() -> None:
    """Each branch's reason is made when compiling, from left to right, and the same object is returned each time."""
    made: list[tuple[int, str, object]] = []

    def make_why(branch: int, leaf: str) -> object:
        made.append((branch, leaf, object()))
        return made[-1][2]

    deadline = compile_deadline(
        parse_time("earliest(asked, if(rounds < 1, created, lesson.start), latest(entered, lesson.end))"), make_why
    )
    first, second = deadline(*arguments()), deadline(*arguments())

    assert [(branch, leaf) for branch, leaf, _ in made] == [
        (0, "asked"),
        (1, "created"),
        (2, "lesson.start"),
        (3, "entered"),
        (4, "lesson.end"),
    ]
    assert first is not None
    assert second is not None
    assert first[1] is second[1] is made[0][2]


def test_policies_without_days_load_no_zones() -> None:
    """Only calendar forms import the calendar, when they are compiled."""
    code = """
import sys
from tutorcore.policy.closures import compile_guard, compile_time
from tutorcore.policy.parsing import parse_guard, parse_time
compile_time(parse_time("earliest(asked + 48h, lesson.start + 1/3 lesson)"))
compile_guard(parse_guard("notice >= 24h"))
print("zoneinfo" in sys.modules)
compile_time(parse_time("asked + 2d"))
print("tutorcore.calendar.zones.wall_time" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "True"]
