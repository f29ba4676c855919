"""A ladder of refunds: all back 48 hours ahead, half from 24 hours, then nothing; the tutor always gives all back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tutorcore import Lesson, Marketplace, Outcome, load_preset

Ask = Callable[..., Outcome]
Book = Callable[..., Lesson]
Paid = Callable[[Outcome], dict[str, int]]
LedTo = Callable[[Outcome], str]

_NOTHING = timedelta(0)
_HOUR = timedelta(hours=1)


@pytest.fixture
def market(open_preset: Callable[[str], Marketplace]) -> Marketplace:
    """A marketplace under the preset."""
    return open_preset("ladder_48_24")


def test_the_preset_has_a_version() -> None:
    """The ladder is common practice and nobody's rule of a certain year."""
    assert load_preset("ladder_48_24").name == "ladder_48_24@1"


def test_everything_comes_back_48_hours_ahead_and_half_later(
    market: Marketplace, book: Book, paid: Paid, start: datetime, off: timedelta
) -> None:
    """At exactly 48 hours it is still all."""
    lesson = book(market, start)

    cancelled = market.cancel(lesson.id, by="ann", key="off", now=start - 48 * _HOUR + off)

    assert paid(cancelled) == ({"payer": 10_000} if off <= _NOTHING else {"tutor": 5_000, "payer": 5_000})


def test_half_comes_back_24_hours_ahead_and_nothing_later(
    market: Marketplace, book: Book, paid: Paid, start: datetime, off: timedelta
) -> None:
    """At exactly 24 hours it is still half."""
    lesson = book(market, start)

    cancelled = market.cancel(lesson.id, by="ann", key="off", now=start - 24 * _HOUR + off)

    assert paid(cancelled) == ({"tutor": 5_000, "payer": 5_000} if off <= _NOTHING else {"tutor": 10_000})


def test_an_odd_cent_of_the_half_comes_back(market: Marketplace, book: Book, paid: Paid, start: datetime) -> None:
    """The tutor's half of 0.01 is rounded to the even cent, which is none."""
    lesson = book(market, start, price="0.01")

    cancelled = market.cancel(lesson.id, by="ann", key="off", now=start - 30 * _HOUR)

    assert paid(cancelled) == {"payer": 1}


@pytest.mark.parametrize("hours", [72, 48, 30, 24, 1])
def test_a_tutor_who_cancels_gives_all_back(
    market: Marketplace, book: Book, paid: Paid, start: datetime, hours: int
) -> None:
    """However long before the start."""
    lesson = book(market, start)

    cancelled = market.cancel(lesson.id, by="tom", key="off", now=start - hours * _HOUR)

    assert paid(cancelled) == {"payer": 10_000}


@pytest.mark.parametrize("by", ["ann", "tom"])
def test_nobody_cancels_a_lesson_that_has_begun(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta, by: str
) -> None:
    """The ladder ends at the start."""
    lesson = book(market, start)

    outcome = market.cancel(lesson.id, by=by, key="off", now=start + off)

    assert led_to(outcome) == ("cancelled" if off < _NOTHING else "refused: not_open")


def test_a_request_is_answered_within_48_hours(
    market: Marketplace, ask: Ask, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """At 48 hours it has expired, and what was held is back."""
    asked = ask(market, start).or_raise().lesson
    assert asked is not None

    answer = market.accept(asked.id, by="tom", proposal=1, key="yes", now=asked.at + 48 * _HOUR + off)

    assert led_to(answer) == ("agreed" if off < _NOTHING else "refused: not_open")
    if off >= _NOTHING:
        expired = market.lesson(asked.id, now=asked.at + 48 * _HOUR)
        assert (expired.state, dict(expired.legs), expired.at) == ("expired", {"payer": 10_000}, asked.at + 48 * _HOUR)


def test_a_request_for_soon_is_answered_before_the_start(
    market: Marketplace, ask: Ask, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """Asked for a day ahead, the lesson itself is the deadline."""
    asked = ask(market, start, ahead=24 * _HOUR).or_raise().lesson
    assert asked is not None

    answer = market.accept(asked.id, by="tom", proposal=1, key="yes", now=start + off)

    assert led_to(answer) == ("agreed" if off < _NOTHING else "refused: not_open")


def test_a_lesson_is_paid_when_the_student_confirms_it_or_a_day_after_its_end(
    market: Marketplace, book: Book, paid: Paid, start: datetime, off: timedelta
) -> None:
    """By hand from the end on; silence does it 24 hours later."""
    lesson, other = book(market, start), book(market, start + 3 * _HOUR, key="another")

    confirmed = market.confirm(lesson.id, by="ann", key="fine", now=start + _HOUR)
    silent = market.lesson(other.id, now=start + 28 * _HOUR + off)

    assert paid(confirmed) == {"tutor": 10_000}
    assert silent.state == ("delivered" if off < _NOTHING else "completed")
