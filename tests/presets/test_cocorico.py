"""Cocorico, flexible: an answer within 48 hours and 4 hours before the start, an alert 2 hours before that."""

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
    return open_preset("cocorico")


def _asked(outcome: Outcome) -> Lesson:
    lesson = outcome.or_raise().lesson
    assert lesson is not None
    return lesson


def _reminders(market: Marketplace) -> list[tuple[datetime, tuple[str, ...]]]:
    messages = [row.message for row in market.outbox()]
    return [(message.at, message.audience) for message in messages if message.kind == "reminder"]


def test_the_preset_has_a_version() -> None:
    """It is the policy that the marketplace is installed with."""
    assert load_preset("cocorico").name == "cocorico@1"


def test_a_request_is_answered_within_48_hours(
    market: Marketplace, ask: Ask, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """Asked for long before, it has expired at 48 hours."""
    asked = _asked(ask(market, start))

    answer = market.accept(asked.id, by="tom", proposal=1, key="yes", now=asked.at + 48 * _HOUR + off)

    assert led_to(answer) == ("agreed" if off < _NOTHING else "refused: not_open")


def test_a_request_is_answered_4_hours_before_the_start(
    market: Marketplace, ask: Ask, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """Asked for a day ahead, it has expired 4 hours before the start, and what was held is back."""
    asked = _asked(ask(market, start, ahead=24 * _HOUR))

    answer = market.accept(asked.id, by="tom", proposal=1, key="yes", now=start - 4 * _HOUR + off)

    assert led_to(answer) == ("agreed" if off < _NOTHING else "refused: not_open")
    if off >= _NOTHING:
        assert dict(market.lesson(asked.id, now=start - 4 * _HOUR).legs) == {"payer": 10_000}


def test_the_two_deadlines_meet_52_hours_ahead(market: Marketplace, ask: Ask, start: datetime, off: timedelta) -> None:
    """Asked for 52 hours before the start both are the same instant; otherwise the earlier one holds."""
    asked = _asked(ask(market, start, ahead=52 * _HOUR - off))

    due = market.deadline(asked.id, now=asked.at)

    assert due is not None
    assert due.at == min(asked.at + 48 * _HOUR, start - 4 * _HOUR)


def test_a_lesson_within_4_hours_cannot_be_asked_for(
    market: Marketplace, ask: Ask, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """At exactly 4 hours there is no time left in which to answer."""
    outcome = ask(market, start, ahead=4 * _HOUR - off)

    assert led_to(outcome) == ("requested" if off < _NOTHING else "refused: no_time_left")


@pytest.mark.parametrize(("ahead", "due"), [(120, -72), (24, -4)])
def test_the_tutor_is_alerted_once_2_hours_before_the_answer_is_due(
    market: Marketplace, ask: Ask, start: datetime, off: timedelta, ahead: int, due: int
) -> None:
    """Whichever of the two deadlines it is; not before, and not twice however often one looks."""
    _asked(ask(market, start, ahead=ahead * _HOUR))
    alert = start + (due - 2) * _HOUR

    first = market.sweep(now=alert + off)
    second = market.sweep(now=alert + _HOUR)

    assert (first.reminders, second.reminders) == ((0, 1) if off < _NOTHING else (1, 0))
    assert _reminders(market) == [(alert, ("tom",))]


def test_a_tutor_who_has_answered_is_not_alerted(market: Marketplace, book: Book, start: datetime) -> None:
    """The alert belongs to the open request."""
    book(market, start)

    swept = market.sweep(now=start)

    assert (swept.reminders, _reminders(market)) == (0, [])


def test_a_request_made_less_than_2_hours_before_its_deadline_brings_no_alert(
    market: Marketplace, ask: Ask, start: datetime, off: timedelta
) -> None:
    """An alert for an instant that has passed is none; the request itself has just been told."""
    _asked(ask(market, start, ahead=6 * _HOUR - off))

    market.sweep(now=start - 4 * _HOUR)

    assert _reminders(market) == ([(start - 6 * _HOUR, ("tom",))] if off < _NOTHING else [])


def test_all_comes_back_24_hours_ahead_and_half_later(
    market: Marketplace, book: Book, paid: Paid, start: datetime, off: timedelta
) -> None:
    """At exactly 24 hours it is still all."""
    lesson = book(market, start)

    cancelled = market.cancel(lesson.id, by="ann", key="off", now=start - 24 * _HOUR + off)

    assert paid(cancelled) == ({"payer": 10_000} if off <= _NOTHING else {"payer": 5_000, "tutor": 5_000})


@pytest.mark.parametrize("hours", [48, 1])
def test_a_tutor_who_cancels_gives_all_back(
    market: Marketplace, book: Book, paid: Paid, start: datetime, hours: int
) -> None:
    """However long before the start; this part is our own."""
    lesson = book(market, start)

    cancelled = market.cancel(lesson.id, by="tom", key="off", now=start - hours * _HOUR)

    assert paid(cancelled) == {"payer": 10_000}


def test_a_lesson_is_complete_at_its_end(market: Marketplace, book: Book, start: datetime, off: timedelta) -> None:
    """Without anybody's doing, and paid in full; this part is our own."""
    lesson = book(market, start)

    as_of = market.lesson(lesson.id, now=start + _HOUR + off)

    assert as_of.state == ("in_progress" if off < _NOTHING else "completed")
