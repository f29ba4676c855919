"""TaskRabbit: an hour's rate within 24 hours of the first start, 5 minutes to think again, claims for 30 days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tutorcore import Lesson, Marketplace, Outcome, instant, load_preset

Ask = Callable[..., Outcome]
Book = Callable[..., Lesson]
Move = Callable[..., Lesson]
Seen = Callable[..., Outcome]
Paid = Callable[[Outcome], dict[str, int]]
LedTo = Callable[[Outcome], str]

_NOTHING = timedelta(0)
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@pytest.fixture
def market(open_preset: Callable[[str], Marketplace]) -> Marketplace:
    """A marketplace under the preset."""
    return open_preset("taskrabbit")


def test_the_preset_says_of_when_its_rules_are() -> None:
    """The rules are those of a year, not whatever the platform does today."""
    assert load_preset("taskrabbit").name == "taskrabbit@2024"


# Cancelling.


def test_cancelling_is_free_24_hours_ahead_and_costs_an_hour_later(
    market: Marketplace, book: Book, paid: Paid, start: datetime, off: timedelta
) -> None:
    """At exactly 24 hours it is still free; then an hour of the three, at 100 for all of them."""
    task = book(market, start, minutes=180)

    cancelled = market.cancel(task.id, by="ann", key="off", now=start - 24 * _HOUR + off)

    assert paid(cancelled) == ({"payer": 10_000} if off <= _NOTHING else {"tutor": 3_333, "payer": 6_667})


@pytest.mark.parametrize(
    ("minutes", "fee"),
    [
        pytest.param(180, 3_333, id="three hours"),
        pytest.param(90, 6_667, id="an hour and a half"),
        pytest.param(61, 9_836, id="just more than an hour"),
        pytest.param(60, 10_000, id="an hour"),
        pytest.param(30, 10_000, id="half an hour: all that is held"),
    ],
)
def test_an_hour_s_rate_is_the_price_of_an_hour_and_never_more_than_the_price(
    market: Marketplace, book: Book, start: datetime, minutes: int, fee: int
) -> None:
    """A task of less than an hour costs no more than itself: nothing beyond its price is held."""
    task = book(market, start, minutes=minutes)

    cancelled = market.cancel(task.id, by="ann", key="off", now=start - _HOUR).or_raise().lesson

    assert cancelled is not None
    assert dict(cancelled.legs).get("tutor") == fee
    assert sum(amount for _, amount in cancelled.legs) == 10_000


def test_a_cancellation_within_5_minutes_of_booking_is_free(
    market: Marketplace, book: Book, paid: Paid, start: datetime, off: timedelta
) -> None:
    """However near the start; at exactly 5 minutes it is too late."""
    task = book(market, start, ahead=3 * _HOUR)

    cancelled = market.cancel(task.id, by="ann", key="off", now=task.at + 5 * _MINUTE + off)

    assert paid(cancelled) == ({"payer": 10_000} if off < _NOTHING else {"tutor": 10_000})


def test_the_5_minutes_are_those_after_the_tasker_accepted(
    market: Marketplace, ask: Ask, paid: Paid, start: datetime, off: timedelta
) -> None:
    """Before the answer the client withdraws for nothing anyway. This reading is our own."""
    asked = ask(market, start, ahead=3 * _HOUR).or_raise().lesson
    assert asked is not None
    booked = asked.at + _HOUR
    market.accept(asked.id, by="tom", proposal=1, key="yes", now=booked)

    cancelled = market.cancel(asked.id, by="ann", key="off", now=booked + 5 * _MINUTE + off)

    assert paid(cancelled) == ({"payer": 10_000} if off < _NOTHING else {"tutor": 10_000})


def test_a_request_that_is_withdrawn_costs_nothing(market: Marketplace, ask: Ask, start: datetime) -> None:
    """Nothing is held before the tasker accepts."""
    asked = ask(market, start, ahead=3 * _HOUR).or_raise().lesson
    assert asked is not None

    withdrawn = market.withdraw(asked.id, by="ann", key="off", now=asked.at + _HOUR).or_raise().lesson

    assert withdrawn is not None
    assert (asked.held, withdrawn.state, withdrawn.legs) == (0, "withdrawn", ())


def test_notice_counts_from_the_first_start_even_after_a_reschedule(
    market: Marketplace, book: Book, move: Move, paid: Paid, start: datetime, off: timedelta
) -> None:
    """Moved ten days ahead, the task is still free to cancel only until 24 hours before its first start."""
    task = book(market, start)
    move(market, task.id, start + 10 * _DAY, now=start - 48 * _HOUR)

    cancelled = market.cancel(task.id, by="ann", key="off", now=start - 24 * _HOUR + off)

    assert paid(cancelled) == ({"payer": 10_000} if off <= _NOTHING else {"tutor": 10_000})


def test_notice_counts_from_the_first_start_after_several_reschedules(
    market: Marketplace, book: Book, move: Move, paid: Paid, start: datetime
) -> None:
    """The first one is the one that was booked, not the one before the last."""
    task = book(market, start)
    move(market, task.id, start + 10 * _DAY, now=start - 48 * _HOUR, key="first")
    move(market, task.id, start + 20 * _DAY, now=start - 47 * _HOUR, key="second")

    assert paid(market.cancel(task.id, by="ann", key="off", now=start)) == {"tutor": 10_000}


def test_a_reschedule_does_not_open_another_5_minutes(
    market: Marketplace, book: Book, move: Move, paid: Paid, start: datetime
) -> None:
    """Whoever moves a task on its eve and calls it off at once pays all the same."""
    task = book(market, start)
    move(market, task.id, start + 10 * _DAY, now=start - 2 * _HOUR)

    assert paid(market.cancel(task.id, by="ann", key="off", now=start - 2 * _HOUR + _MINUTE)) == {"tutor": 10_000}


@pytest.mark.parametrize("hours", [48, 1])
def test_a_tasker_who_cancels_charges_nothing(
    market: Marketplace, book: Book, paid: Paid, start: datetime, hours: int
) -> None:
    """However long before the start; this part is our own."""
    task = book(market, start)

    assert paid(market.cancel(task.id, by="tom", key="off", now=start - hours * _HOUR)) == {"payer": 10_000}


# Not coming.


def test_a_client_who_is_not_there_pays_an_hour(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """The tasker waits for 15 minutes, which is our own; the rate is that of a late cancellation."""
    task = book(market, start, minutes=120)

    claim = market.claim_no_show(task.id, by="tom", key="alone", now=start + 15 * _MINUTE + off)

    assert led_to(claim) == ("refused: guard" if off < _NOTHING else "student_no_show")
    if off >= _NOTHING:
        assert dict(market.lesson(task.id, now=start + _HOUR).legs) == {"tutor": 5_000, "payer": 5_000}


def test_a_client_who_is_not_there_for_a_short_task_pays_all_of_it(
    market: Marketplace, book: Book, paid: Paid, start: datetime
) -> None:
    """An hour of a task of 40 minutes is the task."""
    task = book(market, start, minutes=40)

    claim = market.claim_no_show(task.id, by="tom", key="alone", now=start + 20 * _MINUTE)

    assert paid(claim) == {"tutor": 10_000}


def test_nothing_is_charged_where_the_tasker_did_not_come(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """The client says so after waiting as long."""
    task = book(market, start)

    claim = market.claim_no_show(task.id, by="ann", key="alone", now=start + 15 * _MINUTE + off)

    assert led_to(claim) == ("refused: guard" if off < _NOTHING else "tutor_no_show")
    if off >= _NOTHING:
        assert dict(market.lesson(task.id, now=start + _HOUR).legs) == {"payer": 10_000}


@pytest.mark.parametrize(("role", "who", "other"), [("student", "ann", "tom"), ("tutor", "tom", "ann")])
def test_whoever_was_seen_within_15_minutes_was_there(
    market: Marketplace,
    book: Book,
    seen: Seen,
    led_to: LedTo,
    start: datetime,
    off: timedelta,
    role: str,
    who: str,
    other: str,
) -> None:
    """At exactly 15 minutes it is too late."""
    task = book(market, start)
    seen(market, task.id, role, start + 15 * _MINUTE + off)

    claim = market.claim_no_show(task.id, by=other, key="alone", now=start + 20 * _MINUTE)

    assert who in task.brief.parties
    assert led_to(claim) == ("refused: guard" if off < _NOTHING else f"{role}_no_show")


@pytest.mark.parametrize("by", ["ann", "tom"])
@pytest.mark.parametrize(
    ("begins", "closes"),
    [
        pytest.param("2026-06-10T10:00:00Z", "2026-07-10T11:00:00Z", id="no clock changes"),
        pytest.param("2026-03-10T10:00:00Z", "2026-04-09T10:00:00Z", id="an hour less in Berlin"),
        pytest.param("2026-10-10T10:00:00Z", "2026-11-09T12:00:00Z", id="an hour more in Berlin"),
    ],
)
def test_claims_come_within_30_days(
    market: Marketplace, book: Book, led_to: LedTo, off: timedelta, by: str, begins: str, closes: str
) -> None:
    """Counted from the end, in days of the tasker's calendar; then the task counts as done and is paid."""
    task = book(market, instant(begins))

    claim = market.claim_no_show(task.id, by=by, key="alone", now=instant(closes) + off)

    assert led_to(claim) == (
        f"{'student' if by == 'tom' else 'tutor'}_no_show" if off < _NOTHING else "refused: not_open"
    )
    if off >= _NOTHING:
        done = market.lesson(task.id, now=instant(closes))
        assert (done.state, dict(done.legs), done.at) == ("completed", {"tutor": 10_000}, instant(closes))


def test_a_client_who_confirms_pays_at_once(market: Marketplace, book: Book, paid: Paid, start: datetime) -> None:
    """Nobody has to wait for the 30 days; this part is our own."""
    task = book(market, start)

    assert paid(market.confirm(task.id, by="ann", key="done", now=start + _HOUR)) == {"tutor": 10_000}
