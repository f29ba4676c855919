"""What nobody can make of a problem: dodge a claim, take back what was answered, or gain by the last moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tutorcore import Lesson, Marketplace, MemoryStorage, Outcome, instant, load_policy
from tutorcore.policy.process import Remedy

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)

# The preset has claims of no-shows and is complete at the end; here a day is left, and problems may be reported.
_BOTH = """
extends = "itutor"
id = "both"
complete.silence.at = "lesson.end + 24h"
no_show.student.until = "lesson.end + 2h"
no_show.tutor.until = "lesson.end + 2h"

[problem]
by = ["student", "tutor"]
from = "lesson.start"
until = "lesson.end + 24h"
answer_by = "entered + 168h"

[problem.reschedule]
nobody = { at = "entered + 168h", settle = { tutor = "50%", student = "rest" } }
silent = { at = "earliest(asked + 168h, proposed.start)", mark = "no_show" }
when = "proposed.start - now >= 24h"
"""


@pytest.fixture
def both() -> Marketplace:
    """A marketplace in which no-shows are claimed and problems reported."""
    process = load_policy(_BOTH, "both.toml")
    market = Marketplace(MemoryStorage(), [process], zone="Asia/Tokyo")
    market.add_party("tom", zone="Europe/Berlin", permissions=["meeting_provider"])
    market.add_party("ann", zone="America/New_York")
    market.add_party("olga", zone="Asia/Tokyo", grants=["operator", "admin"])
    market.add_party("robot", zone="UTC", grants=["system"])
    money = market.money("10000", process.unit.code)
    market.top_up("ann", money, key="ann pays in", now=instant("2025-01-01T00:00:00Z"))
    return market


def _report(
    market: Marketplace, lesson: Lesson, by: str, now: datetime, remedy: Remedy = "refund", reason: str = "other"
) -> Outcome:
    return market.report(lesson.id, by=by, reason=reason, remedy=remedy, key=f"{by} at {now}", now=now)


def test_who_did_not_come_cannot_hide_behind_a_report(
    both: Marketplace, book: Callable[..., Lesson], start: datetime
) -> None:
    """A tutor who reports something at the start still meets the claim, and gains nothing by taking the report back."""
    lesson = book(both, start)
    _report(both, lesson, "tom", start, "pay").or_raise()

    early = both.claim_no_show(lesson.id, by="ann", key="early", now=start + timedelta(minutes=19))
    claimed = both.claim_no_show(lesson.id, by="ann", key="claim", now=start + timedelta(minutes=20))
    back = both.withdraw(lesson.id, by="tom", key="back", now=start + _HOUR / 2)

    assert early.refusal is not None
    assert early.refusal.code == "guard"
    assert claimed.or_raise().lesson is not None
    assert both.lesson(lesson.id, now=start + _HOUR / 2).state == "disputed"
    assert back.refusal is not None
    assert both.lesson(lesson.id, now=start + _HOUR / 2).held == lesson.held


def test_a_report_that_was_taken_back_leaves_the_claim_open(
    both: Marketplace, book: Callable[..., Lesson], start: datetime
) -> None:
    """Once it is gone, the claim leads where it always did."""
    lesson = book(both, start)
    _report(both, lesson, "tom", start, "pay").or_raise()
    both.withdraw(lesson.id, by="tom", key="back", now=start + _HOUR / 4).or_raise()

    claimed = both.claim_no_show(lesson.id, by="ann", key="claim", now=start + _HOUR / 2).or_raise().lesson

    assert claimed is not None
    assert claimed.state == "tutor_no_show_claimed"


def test_at_the_instant_of_silence_the_lesson_is_confirmed(
    open_preset: Callable[..., Marketplace],
    book: Callable[..., Lesson],
    start: datetime,
    off: timedelta,
    led_to: Callable[[Outcome], str],
) -> None:
    """A problem is reported strictly before three days after the end; at that instant time has won."""
    market = open_preset("italki")
    lesson = book(market, start)

    outcome = _report(market, lesson, "ann", lesson.terms.end + 3 * _DAY + off)

    assert led_to(outcome) == ("problem_by_student" if off < timedelta(0) else "refused: not_open")


@pytest.mark.parametrize(
    ("after", "state"), [(_HOUR / 2, "in_progress"), (_HOUR, "delivered"), (_HOUR + 4 * _DAY, "completed")]
)
@pytest.mark.parametrize("by", ["ann", "tom"])
def test_what_is_taken_back_leads_to_where_the_lesson_would_be(
    open_preset: Callable[..., Marketplace],
    book: Callable[..., Lesson],
    start: datetime,
    by: str,
    after: timedelta,
    state: str,
) -> None:
    """Before the end it goes on, after it it waits to be confirmed, and when that is past it is complete at once."""
    market = open_preset("italki")
    lesson = book(market, start)
    _report(market, lesson, by, start).or_raise()

    market.withdraw(lesson.id, by=by, key="back", now=start + after).or_raise()

    found = market.lesson(lesson.id, now=start + after)
    assert (found.state, found.problem, found.at) == (state, None, start + after)
    assert (found.held == 0) == (state == "completed")


def test_nobody_ends_the_other_s_problem_by_taking_back_their_own_remedy(
    open_preset: Callable[..., Marketplace], book: Callable[..., Lesson], start: datetime
) -> None:
    """What was put against a report stays there until it is answered: neither side can leave the other without it."""
    market = open_preset("italki")
    lesson = book(market, start)
    now = lesson.terms.end + _HOUR
    _report(market, lesson, "ann", now).or_raise()
    market.propose_remedy(lesson.id, by="tom", remedy="pay", key="counter", now=now).or_raise()

    for by in ("tom", "ann"):
        refusal = market.withdraw(lesson.id, by=by, key=f"{by} back", now=now + _HOUR).refusal
        assert refusal is not None
        assert refusal.code in ("guard", "not_yours")
    market.propose_remedy(lesson.id, by="ann", remedy="refund", key="again", now=now + _HOUR).or_raise()
    late = market.withdraw(lesson.id, by="ann", key="late", now=now + 2 * _HOUR).refusal

    assert late is not None
    assert late.code == "guard"


def test_nobody_wins_everything_by_proposing_the_next_minute(
    open_preset: Callable[..., Marketplace], book: Callable[..., Lesson], start: datetime, off: timedelta
) -> None:
    """A new time leaves the other side a day to answer; at exactly a day it does."""
    market = open_preset("italki")
    lesson = book(market, start)
    now = lesson.terms.end + _HOUR
    said = _report(market, lesson, "ann", now, "reschedule").or_raise().lesson
    assert said is not None
    assert said.problem is not None
    market.accept(lesson.id, by="tom", proposal=said.problem.number, key="yes", now=now).or_raise()

    outcome = market.propose(lesson.id, by="tom", start=instant(now + _DAY + off), key="time", now=now)

    assert outcome.ok == (off >= timedelta(0))


def test_an_open_time_stops_the_clock_and_a_late_no_divides_at_once(
    open_preset: Callable[..., Marketplace], book: Callable[..., Lesson], start: datetime
) -> None:
    """The seven days wait while a time is proposed; declined after them, the price is halved in the same instant."""
    market = open_preset("italki")
    lesson = book(market, start)
    now = lesson.terms.end + _HOUR
    said = _report(market, lesson, "ann", now, "reschedule").or_raise().lesson
    assert said is not None
    assert said.problem is not None
    market.accept(lesson.id, by="tom", proposal=said.problem.number, key="yes", now=now).or_raise()
    market.propose(lesson.id, by="ann", start=instant(now + 30 * _DAY), key="time", now=now + 6 * _DAY).or_raise()

    waiting = market.lesson(lesson.id, now=now + 12 * _DAY)
    market.decline(lesson.id, by="tom", key="no", now=now + 12 * _DAY).or_raise()
    divided = market.lesson(lesson.id, now=now + 12 * _DAY)

    assert (waiting.state, waiting.held) == ("rescheduling", lesson.held)
    assert (divided.state, divided.at, divided.step.fault, divided.step.mark) == (
        "settled",
        now + 12 * _DAY,
        None,
        None,
    )
    legs = dict(divided.legs)
    assert legs["payer"] == legs["tutor"] + legs["platform"]
    assert legs["platform"] * 20 == legs["payer"] * 3
