"""Kalvie in 2018: booked at once 24 hours ahead; from 12 hours ahead answered until 12 hours before the start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tutorcore import Lesson, Marketplace, Outcome, load_preset

Ask = Callable[..., Outcome]
Book = Callable[..., Lesson]
LedTo = Callable[[Outcome], str]

_NOTHING = timedelta(0)
_HOUR = timedelta(hours=1)


@pytest.fixture
def market(open_preset: Callable[[str], Marketplace]) -> Marketplace:
    """A marketplace under the preset."""
    return open_preset("kalvie_2018")


def test_the_preset_says_of_when_its_rules_are() -> None:
    """Three years later they were others."""
    assert load_preset("kalvie_2018").name == "kalvie_2018@2018"


def test_a_lesson_24_hours_ahead_is_booked_at_once(
    market: Marketplace, ask: Ask, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """At exactly 24 hours nobody has to be asked; a microsecond later the tutor has."""
    asked = ask(market, start, ahead=24 * _HOUR - off)

    assert led_to(asked) == ("agreed" if off <= _NOTHING else "requested")


def test_what_is_booked_at_once_is_paid_and_binding_at_once(market: Marketplace, ask: Ask, start: datetime) -> None:
    """The price is held, the time of both is taken, and there is nothing left to answer."""
    booked = ask(market, start, ahead=24 * _HOUR).or_raise().lesson
    assert booked is not None

    again = ask(market, start, ahead=24 * _HOUR, key="the same hour")

    assert (booked.held, booked.waits_for, market.open_requests("tom", now=booked.at)) == (10_000, None, ())
    assert [each.id for each in market.upcoming("tom", now=booked.at)] == [booked.id]
    assert again.refusal is not None
    assert again.refusal.code == "slot_taken"


def test_a_nearer_lesson_is_answered_until_12_hours_before_the_start(
    market: Marketplace, ask: Ask, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """At 12 hours before the start the request has expired, and what was held is back."""
    asked = ask(market, start, ahead=20 * _HOUR).or_raise().lesson
    assert asked is not None

    answer = market.accept(asked.id, by="tom", proposal=1, key="yes", now=start - 12 * _HOUR + off)

    assert led_to(answer) == ("agreed" if off < _NOTHING else "refused: not_open")
    if off >= _NOTHING:
        expired = market.lesson(asked.id, now=start - 12 * _HOUR)
        assert (expired.state, dict(expired.legs), expired.at) == ("expired", {"payer": 10_000}, start - 12 * _HOUR)


def test_a_lesson_within_12_hours_cannot_be_asked_for(
    market: Marketplace, ask: Ask, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """At exactly 12 hours there is no time left in which to answer."""
    asked = ask(market, start, ahead=12 * _HOUR - off)

    assert led_to(asked) == ("requested" if off < _NOTHING else "refused: guard")


def test_a_declined_lesson_costs_nothing(market: Marketplace, ask: Ask, start: datetime) -> None:
    """Whoever was asked may say no."""
    asked = ask(market, start, ahead=20 * _HOUR).or_raise().lesson
    assert asked is not None

    declined = market.decline(asked.id, by="tom", key="no", now=asked.at).or_raise().lesson

    assert declined is not None
    assert (declined.state, dict(declined.legs)) == ("declined", {"payer": 10_000})


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
