"""Sharetribe's default booking: 15 minutes to pay, an answer by the earliest of three, reviews that wait for both."""

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
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def market(open_preset: Callable[[str], Marketplace]) -> Marketplace:
    """A marketplace under the preset."""
    return open_preset("sharetribe_booking")


def _asked(outcome: Outcome) -> Lesson:
    lesson = outcome.or_raise().lesson
    assert lesson is not None
    return lesson


def _pay(market: Marketplace, lesson: Lesson, now: datetime, by: str = "ann") -> Outcome:
    return market.act("pay", lesson.id, by=by, key=f"{by} pays", now=now)


def _reviewed(market: Marketplace, lesson: Lesson, who: str, now: datetime) -> Outcome:
    return market.review(lesson.id, by=who, details={"stars": "5"}, note=f"{who} says", key=f"{who} says", now=now)


def _read(market: Marketplace, lesson: Lesson, by: str | None, now: datetime) -> list[str]:
    return [each.note for each in market.reviews(lesson.id, by=by, now=now)]


def test_the_preset_has_a_version() -> None:
    """It is the first one of the process that we have."""
    assert load_preset("sharetribe_booking").name == "sharetribe_booking@1"


# Paying.


def test_a_booking_is_paid_within_15_minutes_of_asking(
    market: Marketplace, ask: Ask, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """At exactly 15 minutes the payment has expired, nothing was held, and nobody is to blame."""
    asked = _asked(ask(market, start))

    paid = _pay(market, asked, asked.at + 15 * _MINUTE + off)

    assert (asked.state, asked.held) == ("unpaid", 0)
    assert led_to(paid) == ("requested" if off < _NOTHING else "refused: not_open")
    if off < _NOTHING:
        assert paid.lesson is not None
        assert paid.lesson.held == 10_000
    else:
        lapsed = market.lesson(asked.id, now=asked.at + 15 * _MINUTE)
        assert (lapsed.state, lapsed.legs, lapsed.step.fault) == ("payment_expired", (), None)


def test_the_time_of_an_unpaid_booking_is_taken_and_then_free_again(
    market: Marketplace, ask: Ask, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """Nobody else gets it for 15 minutes; at that very instant anybody may."""
    asked = _asked(ask(market, start))
    since = asked.at + 15 * _MINUTE + off

    again = ask(market, start, ahead=start - since, key="the same hour")

    assert led_to(again) == ("refused: slot_taken" if off < _NOTHING else "unpaid")


def test_the_provider_does_not_answer_what_is_not_paid(
    market: Marketplace, ask: Ask, led_to: LedTo, start: datetime
) -> None:
    """Only a paid booking is handed over."""
    asked = _asked(ask(market, start))

    assert market.open_requests("tom", now=asked.at) == ()
    answer = market.accept(asked.id, by="tom", proposal=1, key="yes", now=asked.at)
    assert led_to(answer) == "refused: not_open"


@pytest.mark.parametrize("by", ["tom", "olga"])
def test_nobody_else_pays(market: Marketplace, ask: Ask, led_to: LedTo, start: datetime, by: str) -> None:
    """The customer does."""
    asked = _asked(ask(market, start))

    assert led_to(_pay(market, asked, asked.at, by=by)) == "refused: not_yours"


# Answering.


@pytest.mark.parametrize(
    ("ahead", "minutes", "due"),
    [
        pytest.param(timedelta(days=20), 60, -14 * _DAY + 10 * _MINUTE, id="6 days after the payment"),
        pytest.param(timedelta(hours=3), 30 * 60, _DAY, id="a day after the start"),
        pytest.param(timedelta(hours=3), 24 * 60, _DAY, id="the end, which is a day after the start"),
        pytest.param(timedelta(hours=3), 60, _HOUR, id="the end"),
    ],
)
def test_a_booking_is_answered_by_the_earliest_of_three(
    market: Marketplace,
    ask: Ask,
    led_to: LedTo,
    start: datetime,
    off: timedelta,
    ahead: timedelta,
    minutes: int,
    due: timedelta,
) -> None:
    """Six days from the payment, not from the asking; a day after the start; the end. Then all comes back."""
    asked = _asked(ask(market, start, ahead=ahead, minutes=minutes))
    _pay(market, asked, asked.at + 10 * _MINUTE)

    answer = market.accept(asked.id, by="tom", proposal=1, key="yes", now=start + due + off)

    accepted = "agreed" if due < _NOTHING else "in_progress"
    assert led_to(answer) == (accepted if off < _NOTHING else "refused: not_open")
    if off >= _NOTHING:
        expired = market.lesson(asked.id, now=start + due)
        assert (expired.state, dict(expired.legs), expired.at) == ("expired", {"payer": 10_000}, start + due)
        assert expired.step.fault is None


def test_the_operator_answers_for_the_provider(market: Marketplace, ask: Ask, led_to: LedTo, start: datetime) -> None:
    """Either of them accepts or declines, and the record says who did."""
    first, second = _asked(ask(market, start)), _asked(ask(market, start + _DAY, ahead=6 * _DAY, key="another"))
    for lesson in (first, second):
        market.act("pay", lesson.id, by="ann", key=f"pay {lesson.id}", now=lesson.at)

    accepted = market.accept(first.id, by="olga", proposal=1, key="yes", now=first.at)
    declined = market.decline(second.id, by="olga", key="no", now=second.at)

    assert (led_to(accepted), led_to(declined)) == ("agreed", "declined")
    assert accepted.lesson is not None
    assert accepted.lesson.command is not None
    assert accepted.lesson.command.actor == "olga"


def test_a_declined_booking_costs_nothing(market: Marketplace, ask: Ask, paid: Paid, start: datetime) -> None:
    """What was paid comes back in full."""
    asked = _asked(ask(market, start))
    _pay(market, asked, asked.at)

    assert paid(market.decline(asked.id, by="tom", key="no", now=asked.at)) == {"payer": 10_000}


# Cancelling and completing.


def test_the_operator_cancels_with_a_full_refund_until_the_end(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """Before the start and while it lasts; the two days after the end, which the source has too, cannot be said."""
    lesson = book(market, start)

    cancelled = market.cancel(lesson.id, by="olga", key="off", now=start + _HOUR + off)

    assert led_to(cancelled) == ("cancelled" if off < _NOTHING else "refused: not_open")
    if off < _NOTHING:
        assert cancelled.lesson is not None
        assert dict(cancelled.lesson.legs) == {"payer": 10_000}


@pytest.mark.parametrize("by", ["ann", "tom"])
def test_neither_side_cancels(market: Marketplace, book: Book, led_to: LedTo, start: datetime, by: str) -> None:
    """Whoever cannot come asks the operator."""
    lesson = book(market, start)

    assert led_to(market.cancel(lesson.id, by=by, key="off", now=start - _DAY)) == "refused: not_yours"


def test_a_booking_is_completed_2_days_after_its_end(
    market: Marketplace, book: Book, start: datetime, off: timedelta
) -> None:
    """Then the provider is paid."""
    lesson = book(market, start)

    as_of = market.lesson(lesson.id, now=start + _HOUR + 2 * _DAY + off)

    assert as_of.state == ("delivered" if off < _NOTHING else "completed")
    if off >= _NOTHING:
        assert dict(as_of.legs) == {"tutor": 10_000}


# Reviewing.


@pytest.mark.parametrize("who", ["ann", "tom"])
def test_a_review_is_written_from_the_completion_until_7_days_after_the_end(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta, who: str
) -> None:
    """Not before it is completed, and at exactly 7 days it is too late."""
    lesson, end = book(market, start), start + _HOUR
    other = book(market, start + 30 * _DAY, ahead=35 * _DAY, key="another")

    opening = _reviewed(market, lesson, who, end + 2 * _DAY + off)
    closing = market.review(other.id, by=who, note="late", key="late", now=end + 37 * _DAY + off)

    assert led_to(opening) == ("refused: not_open" if off < _NOTHING else "completed")
    assert led_to(closing) == ("completed" if off < _NOTHING else "refused: guard")


@pytest.mark.parametrize(("first", "second"), [("ann", "tom"), ("tom", "ann")])
def test_reviews_are_shown_together_once_both_have_written(
    market: Marketplace, book: Book, start: datetime, first: str, second: str
) -> None:
    """Until then each side reads only its own words, and the public none."""
    lesson, now = book(market, start), start + 3 * _DAY

    _reviewed(market, lesson, first, now)
    alone = {who: _read(market, lesson, who, now) for who in (first, second, None)}
    _reviewed(market, lesson, second, now + _HOUR)
    together = [_read(market, lesson, who, now + _HOUR) for who in (first, second, None)]

    assert alone == {first: [f"{first} says"], second: [], None: []}
    assert together == [[f"{first} says", f"{second} says"]] * 3


def test_a_review_that_stays_alone_is_shown_7_days_after_the_end(
    market: Marketplace, book: Book, start: datetime, off: timedelta
) -> None:
    """When nobody may answer it any more, there is nothing to wait for."""
    lesson, closes = book(market, start), start + _HOUR + 7 * _DAY
    _reviewed(market, lesson, "ann", start + 3 * _DAY)

    assert _read(market, lesson, "tom", closes + off) == ([] if off < _NOTHING else ["ann says"])
    assert _read(market, lesson, None, closes + off) == ([] if off < _NOTHING else ["ann says"])


def test_everybody_reviews_once(market: Marketplace, book: Book, led_to: LedTo, start: datetime) -> None:
    """A second thought comes too late."""
    lesson = book(market, start)
    _reviewed(market, lesson, "ann", start + 3 * _DAY)

    again = market.review(lesson.id, by="ann", note="on second thoughts", key="again", now=start + 4 * _DAY)

    assert led_to(again) == "refused: guard"


def test_a_cancelled_booking_is_not_reviewed(market: Marketplace, book: Book, led_to: LedTo, start: datetime) -> None:
    """There is nothing to say about what did not take place."""
    lesson = book(market, start)
    market.cancel(lesson.id, by="olga", key="off", now=start - _MICROSECOND)

    assert led_to(_reviewed(market, lesson, "ann", start + 3 * _DAY)) == "refused: not_open"
