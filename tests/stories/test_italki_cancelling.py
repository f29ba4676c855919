"""ITK-20, cancelling: free until 24 hours before the start, then locked for both sides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import Lesson, Marketplace, instant

Agree = Callable[..., Lesson]
Books = Callable[..., dict[str, str]]
Told = Callable[[Marketplace, str], list[tuple[str, set[str]]]]
Blamed = Callable[[Marketplace, str], list[tuple[str | None, str | None]]]
Edge = tuple[timedelta, bool]

_BOUGHT = {"Equity:Conversion": "-100.0", "Liabilities:Students:Ann:Wallet": "100.0"}

# Twenty-four hours are twenty-four elapsed hours; the wall clocks of both sides may say otherwise.
_LOCKED_AND_START = [
    # Berlin springs forward in between: 11:00 +01:00 on the 28th, 12:00 +02:00 on the 29th.
    pytest.param("2026-03-28T10:00:00Z", "2026-03-29T10:00:00Z", id="spring in Berlin"),
    # New York springs forward in between: 11:00 -05:00 on the 7th, 12:00 -04:00 on the 8th.
    pytest.param("2026-03-07T16:00:00Z", "2026-03-08T16:00:00Z", id="spring in New York"),
    # Berlin falls back in between: 13:00 +02:00 on the 24th, 12:00 +01:00 on the 25th.
    pytest.param("2026-10-24T11:00:00Z", "2026-10-25T11:00:00Z", id="autumn in Berlin"),
    # New York falls back in between: 13:00 -04:00 on the 31st, 12:00 -05:00 on the 1st.
    pytest.param("2026-10-31T17:00:00Z", "2026-11-01T17:00:00Z", id="autumn in New York"),
]


@pytest.mark.parametrize(("locked", "start"), _LOCKED_AND_START)
@pytest.mark.parametrize("by", ["ann", "tom"])
def test_itk_20_cancelling_is_free_until_24_hours_before_the_start_and_then_locked(
    market: Marketplace,
    agree: Agree,
    books: Books,
    told: Told,
    blamed: Blamed,
    edge: Edge,
    by: str,
    locked: str,
    start: str,
) -> None:
    """One microsecond more than 24 hours ahead everything comes back; at 24 hours the lesson can only take place."""
    after, in_time = edge
    lesson = agree(start, now=str(instant(locked) - timedelta(days=3)))
    now = instant(locked) + after

    buttons = {option.verb: option.until for option in market.allowed(lesson.id, by=by, now=now)}
    outcome = market.cancel(lesson.id, by=by, key="off", now=now)

    assert outcome.ok is in_time
    assert outcome.lesson is not None
    if in_time:
        assert buttons["cancel"] == instant(locked)
        assert (outcome.lesson.state, outcome.lesson.legs) == ("cancelled", (("payer", 250),))
        assert books(market) == _BOUGHT
        assert told(market, lesson.id)[-1] == ("cancel", {"ann", "tom"} - {by})
    else:
        assert outcome.refusal is not None
        assert (outcome.refusal.code, outcome.refusal.facts["condition"]) == ("guard", "notice > 24h")
        assert "cancel" not in buttons
        assert outcome.lesson == lesson
        assert market.wallet("ann", "ITC", now=now).text == "75.0"
    assert blamed(market, lesson.id) == []


def test_itk_20_a_lesson_agreed_less_than_24_hours_ahead_is_locked_from_the_first(
    market: Marketplace, agree: Agree
) -> None:
    """Who agrees on the eve cannot call it off, not even a second later."""
    lesson = agree("2026-06-20T10:00:00Z", now="2026-06-19T10:00:00Z")

    refused = market.cancel(lesson.id, by="ann", key="off", now=instant("2026-06-19T10:00:02Z"))

    assert refused.refusal is not None
    assert refused.refusal.code == "guard"


def test_itk_20_a_refused_cancellation_is_on_record_and_can_be_tried_again_only_with_a_new_key(
    market: Marketplace, agree: Agree
) -> None:
    """The answer to a key is final: what was refused late stays refused, even if asked again as of earlier."""
    lesson = agree("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")
    late, early = instant("2026-06-19T10:00:00Z"), instant("2026-06-19T09:00:00Z")

    refused = market.cancel(lesson.id, by="ann", key="off", now=late)
    repeated = market.cancel(lesson.id, by="ann", key="off", now=early)
    anew = market.cancel(lesson.id, by="ann", key="off, second try", now=early)

    assert refused.refusal is not None
    assert (repeated.refusal, repeated.repeated) == (refused.refusal, True)
    assert anew.ok
    lines = [(line.key, line.refusal.code if line.refusal else None) for line in market.audit(lesson.id)]
    assert lines[-2:] == [("off", "guard"), ("off, second try", None)]


def test_itk_20_a_rescheduled_lesson_is_cancelled_by_the_clock_of_its_new_start(
    market: Marketplace, agree: Agree, edge: Edge
) -> None:
    """After a change has been agreed, 24 hours are counted from the start that stands."""
    after, in_time = edge
    lesson = agree("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")
    now = instant("2026-06-19T20:00:00Z")
    market.propose(lesson.id, by="tom", start=instant("2026-06-25T10:00:00Z"), key="change", now=now)
    market.accept(lesson.id, by="ann", proposal=2, key="yes", now=now)

    outcome = market.cancel(lesson.id, by="ann", key="off", now=instant("2026-06-24T10:00:00Z") + after)

    assert outcome.ok is in_time


def test_itk_20_while_a_change_is_open_24_hours_are_counted_from_what_is_agreed(
    market: Marketplace, agree: Agree, books: Books, blamed: Blamed, edge: Edge
) -> None:
    """A proposal moves nothing yet. Cancelling in time ends the change with the lesson, and nobody is blamed."""
    after, in_time = edge
    lesson = agree("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")
    market.propose(
        lesson.id,
        by="tom",
        start=instant("2026-06-25T10:00:00Z"),
        key="change",
        now=instant("2026-06-19T08:00:00Z"),
    )

    outcome = market.cancel(lesson.id, by="ann", key="off", now=instant("2026-06-19T10:00:00Z") + after)

    assert outcome.ok is in_time
    if in_time:
        assert outcome.lesson is not None
        assert (outcome.lesson.state, outcome.lesson.change) == ("cancelled", None)
        assert books(market) == _BOUGHT
        assert blamed(market, lesson.id) == []


def test_itk_20_the_time_of_a_cancelled_lesson_is_free_again(market: Marketplace, agree: Agree) -> None:
    """Both can make other plans at once."""
    first = agree("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")
    market.cancel(first.id, by="tom", key="off", now=instant("2026-06-09T10:00:00Z"))

    second = agree("2026-06-20T10:30:00Z", now="2026-06-09T10:00:00Z", key="instead")

    assert [each.id for each in market.upcoming("tom", now=second.at)] == [second.id]


@pytest.mark.parametrize("by", ["sue", "tim"])
def test_itk_20_nobody_cancels_the_lessons_of_others(market: Marketplace, agree: Agree, by: str) -> None:
    """Being a student or a tutor here gives no right over a lesson of somebody else's."""
    lesson = agree("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")

    refused = market.cancel(lesson.id, by=by, key="off", now=instant("2026-06-09T10:00:00Z"))

    assert refused.refusal is not None
    assert refused.refusal.code == "not_yours"
