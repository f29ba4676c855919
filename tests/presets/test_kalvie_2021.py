"""Kalvie in 2021: booked at once 24 hours ahead; nearer lessons are answered until the start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tutorcore import Lesson, Marketplace, Outcome, instant, load_preset

Ask = Callable[..., Outcome]
Book = Callable[..., Lesson]
LedTo = Callable[[Outcome], str]

_NOTHING = timedelta(0)
_HOUR = timedelta(hours=1)


@pytest.fixture
def market(open_preset: Callable[[str], Marketplace]) -> Marketplace:
    """A marketplace under the preset."""
    return open_preset("kalvie_2021")


def test_the_preset_says_of_when_its_rules_are() -> None:
    """Three years before they were others."""
    assert load_preset("kalvie_2021").name == "kalvie_2021@2021"


def test_a_lesson_24_hours_ahead_is_booked_at_once(
    market: Marketplace, ask: Ask, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """At exactly 24 hours nobody has to be asked; a microsecond later the tutor has."""
    asked = ask(market, start, ahead=24 * _HOUR - off)

    assert led_to(asked) == ("agreed" if off <= _NOTHING else "requested")


@pytest.mark.parametrize("night", ["2026-03-08T11:00:00Z", "2026-11-01T11:00:00Z", "2026-03-29T05:00:00Z"])
def test_24_hours_are_elapsed_hours_on_the_nights_on_which_clocks_change(
    market: Marketplace, ask: Ask, led_to: LedTo, off: timedelta, night: str
) -> None:
    """The day before may be 23 or 25 hours long for the student or the tutor: that changes nothing."""
    asked = ask(market, instant(night), ahead=24 * _HOUR - off)

    assert led_to(asked) == ("agreed" if off <= _NOTHING else "requested")


@pytest.mark.parametrize("ahead", [23, 6, 1])
def test_a_nearer_lesson_is_answered_until_its_start(
    market: Marketplace, ask: Ask, led_to: LedTo, start: datetime, off: timedelta, ahead: int
) -> None:
    """However near it is; at the start the request has expired, and what was held is back."""
    asked = ask(market, start, ahead=ahead * _HOUR).or_raise().lesson
    assert asked is not None

    answer = market.accept(asked.id, by="tom", proposal=1, key="yes", now=start + off)

    assert led_to(answer) == ("agreed" if off < _NOTHING else "refused: not_open")
    if off >= _NOTHING:
        expired = market.lesson(asked.id, now=start)
        assert (expired.state, dict(expired.legs), expired.at) == ("expired", {"payer": 10_000}, start)


def test_a_student_takes_back_a_request_that_nobody_has_answered(
    market: Marketplace, ask: Ask, start: datetime
) -> None:
    """All that was held comes back; this part is our own."""
    asked = ask(market, start, ahead=20 * _HOUR).or_raise().lesson
    assert asked is not None

    withdrawn = market.withdraw(asked.id, by="ann", key="never mind", now=asked.at).or_raise().lesson

    assert withdrawn is not None
    assert (withdrawn.state, dict(withdrawn.legs)) == ("withdrawn", {"payer": 10_000})


@pytest.mark.parametrize("by", ["ann", "tom"])
def test_either_side_cancels_until_24_hours_before(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta, by: str
) -> None:
    """At exactly 24 hours it still can be; this part is our own."""
    lesson = book(market, start)

    outcome = market.cancel(lesson.id, by=by, key="off", now=start - 24 * _HOUR + off)

    assert led_to(outcome) == ("cancelled" if off <= _NOTHING else "refused: guard")


def test_a_lesson_is_complete_at_its_end(market: Marketplace, book: Book, start: datetime, off: timedelta) -> None:
    """Without anybody's doing; this part is our own."""
    lesson = book(market, start)

    as_of = market.lesson(lesson.id, now=start + _HOUR + off)

    assert as_of.state == ("in_progress" if off < _NOTHING else "completed")
