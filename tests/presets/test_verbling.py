"""Verbling: 12 hours of notice, half each later, a tutor who can always call it off, half a lesson of waiting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tutorcore import Lesson, Marketplace, Outcome, load_preset

Book = Callable[..., Lesson]
Paid = Callable[[Outcome], dict[str, int]]
LedTo = Callable[[Outcome], str]
Seen = Callable[..., Outcome]

_NOTHING = timedelta(0)
_HOUR = timedelta(hours=1)


@pytest.fixture
def market(open_preset: Callable[[str], Marketplace]) -> Marketplace:
    """A marketplace under the preset."""
    return open_preset("verbling")


def test_the_preset_says_of_when_its_rules_are() -> None:
    """The rules are those of a year, not whatever the platform does today."""
    assert load_preset("verbling").name == "verbling@2024"


def test_a_student_gets_all_back_until_12_hours_before_and_half_later(
    market: Marketplace, book: Book, paid: Paid, start: datetime, off: timedelta
) -> None:
    """At exactly 12 hours it is still free; a microsecond later the tutor keeps half."""
    lesson = book(market, start)

    cancelled = market.cancel(lesson.id, by="ann", key="off", now=start - 12 * _HOUR + off)

    assert paid(cancelled) == ({"payer": 10_000} if off <= _NOTHING else {"payer": 5_000, "tutor": 5_000})


def test_an_odd_cent_of_the_half_goes_to_the_tutor(
    market: Marketplace, book: Book, paid: Paid, start: datetime
) -> None:
    """The student's half of 0.03 is rounded to the even cent, and the tutor has what it leaves."""
    lesson = book(market, start, price="0.03")

    cancelled = market.cancel(lesson.id, by="ann", key="off", now=start - _HOUR)

    assert paid(cancelled) == {"payer": 2, "tutor": 1}


@pytest.mark.parametrize("before", [48 * _HOUR, 12 * _HOUR, _HOUR, _NOTHING, -_HOUR / 2])
def test_a_tutor_cancels_at_any_time_and_the_student_gets_all_back(
    market: Marketplace, book: Book, paid: Paid, start: datetime, before: timedelta
) -> None:
    """It does not matter how long before the start, and the lesson may have begun."""
    lesson = book(market, start)

    cancelled = market.cancel(lesson.id, by="tom", key="off", now=start - before)

    assert paid(cancelled) == {"payer": 10_000}


def test_a_lesson_that_has_ended_is_not_cancelled_any_more(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """Any time is any time before the end."""
    lesson = book(market, start)

    outcome = market.cancel(lesson.id, by="tom", key="off", now=start + _HOUR + off)

    assert led_to(outcome) == ("cancelled" if off < _NOTHING else "refused: not_open")


def test_a_student_cannot_cancel_a_lesson_that_has_begun(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """From the start on only the tutor can."""
    lesson = book(market, start)

    outcome = market.cancel(lesson.id, by="ann", key="off", now=start + off)

    assert led_to(outcome) == ("cancelled" if off < _NOTHING else "refused: not_yours")


@pytest.mark.parametrize("minutes", [30, 60, 90])
def test_a_tutor_is_paid_in_full_after_waiting_half_the_lesson(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta, minutes: int
) -> None:
    """The student who has not come by then is absent from exactly half of the lesson on."""
    lesson = book(market, start, minutes=minutes)

    claim = market.claim_no_show(lesson.id, by="tom", key="alone", now=start + timedelta(minutes=minutes) / 2 + off)

    assert led_to(claim) == ("refused: guard" if off < _NOTHING else "student_no_show")
    if off >= _NOTHING:
        assert dict(market.lesson(lesson.id, now=start + 2 * _HOUR).legs) == {"tutor": 10_000}


def test_a_student_who_joins_in_the_first_half_was_there(
    market: Marketplace, book: Book, led_to: LedTo, seen: Seen, start: datetime, off: timedelta
) -> None:
    """Joining at exactly half of the lesson is too late."""
    lesson = book(market, start)
    seen(market, lesson.id, "student", start + _HOUR / 2 + off)

    claim = market.claim_no_show(lesson.id, by="tom", key="alone", now=start + _HOUR * 3 / 4)

    assert led_to(claim) == ("refused: guard" if off < _NOTHING else "student_no_show")


def test_an_absence_is_claimed_before_the_lesson_ends(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """At the end itself it is too late, and not needed: silence pays the lesson."""
    lesson = book(market, start)

    claim = market.claim_no_show(lesson.id, by="tom", key="alone", now=start + _HOUR + off)

    assert led_to(claim) == ("student_no_show" if off < _NOTHING else "refused: not_yours")


def test_a_lesson_that_the_tutor_missed_is_not_paid_for(
    market: Marketplace, book: Book, paid: Paid, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """The student waits as long, and gets everything back."""
    lesson = book(market, start)

    claim = market.claim_no_show(lesson.id, by="ann", key="alone", now=start + _HOUR / 2 + off)

    assert led_to(claim) == ("refused: guard" if off < _NOTHING else "tutor_no_show")
    if off >= _NOTHING:
        assert paid(claim) == {"payer": 10_000}


def test_a_lesson_that_was_given_is_paid_in_full(
    market: Marketplace, book: Book, start: datetime, off: timedelta
) -> None:
    """A day after its end, without anybody's doing and without a commission."""
    lesson = book(market, start)

    as_of = market.lesson(lesson.id, now=start + 25 * _HOUR + off)

    assert as_of.state == ("delivered" if off < _NOTHING else "completed")
    if off >= _NOTHING:
        assert dict(as_of.legs) == {"tutor": 10_000}
