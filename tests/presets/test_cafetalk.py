"""Cafetalk: within 24 hours, and of a student who did not come, the tutor decides: nothing, half or all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tutorcore import Lesson, Marketplace, Outcome, load_preset
from tutorcore.lessons.lesson import Particulars
from tutorcore.policy.settlement import Settlement

Ask = Callable[..., Outcome]
Book = Callable[..., Lesson]
Move = Callable[..., Lesson]
Seen = Callable[..., Outcome]
Paid = Callable[[Outcome], dict[str, int]]
LedTo = Callable[[Outcome], str]

_NOTHING = timedelta(0)
_HOUR = timedelta(hours=1)

_FREE = Settlement.of({"student": "100%"})
_HALF = Settlement.of({"tutor": "50%", "student": "rest"})
_ALL = Settlement.of({"tutor": "100%"})

# What a tutor may choose, and what the tutor and the student then get of 100 yen.
_CHOICES = [
    pytest.param(_FREE, {"payer": 100}, id="nothing"),
    pytest.param(_HALF, {"tutor": 50, "payer": 50}, id="half"),
    pytest.param(_ALL, {"tutor": 100}, id="all"),
]
_OTHER_SPLITS = [{"tutor": "30%", "student": "rest"}, {"tutor": "99%", "student": "rest"}, {"platform": "100%"}]


@pytest.fixture
def market(open_preset: Callable[[str], Marketplace]) -> Marketplace:
    """A marketplace under the preset."""
    return open_preset("cafetalk")


def _charges(market: Marketplace, lesson: Lesson, split: Settlement, now: datetime) -> Outcome:
    """Let the tutor decide what is charged for a lesson that was cancelled late."""
    return market.act("charge", lesson.id, by="tom", key="charge", particulars=Particulars(split=split), now=now)


def _claims(market: Marketplace, lesson: Lesson, split: Settlement, now: datetime) -> Outcome:
    """Let the tutor claim that the student did not come, and say what is charged."""
    return market.claim_no_show(lesson.id, by="tom", split=split, key="alone", now=now)


def test_the_preset_says_of_when_its_rules_are() -> None:
    """The rules are those of a year, not whatever the platform does today."""
    assert load_preset("cafetalk").name == "cafetalk@2024"


# Cancelling.


def test_cancelling_is_free_24_hours_ahead_and_the_tutor_s_to_judge_later(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """At exactly 24 hours it is still free; later it is the tutor's turn, and the time is free again."""
    lesson = book(market, start)

    cancelled = market.cancel(lesson.id, by="ann", key="off", now=start - 24 * _HOUR + off)

    assert led_to(cancelled) == ("cancelled" if off <= _NOTHING else "charge_open")
    assert cancelled.lesson is not None
    assert cancelled.lesson.held == (0 if off <= _NOTHING else 100)
    if off > _NOTHING:
        assert [each.id for each in market.open_requests("tom", now=cancelled.lesson.at)] == [lesson.id]
        assert market.upcoming("ann", now=cancelled.lesson.at) == ()


@pytest.mark.parametrize(("choice", "shares"), _CHOICES)
def test_the_tutor_picks_nothing_half_or_all_of_a_late_cancellation(
    market: Marketplace, book: Book, paid: Paid, start: datetime, choice: Settlement, shares: dict[str, int]
) -> None:
    """Each of the three, case by case."""
    lesson = book(market, start)
    market.cancel(lesson.id, by="ann", key="off", now=start - _HOUR)

    (option,) = market.allowed(lesson.id, by="tom", now=start)
    charged = _charges(market, lesson, choice, start)

    assert (option.verb, [each.meaning for each in option.choices]) == (
        "charge",
        [_FREE.meaning, _HALF.meaning, _ALL.meaning],
    )
    assert paid(charged) == shares


@pytest.mark.parametrize("other", _OTHER_SPLITS)
def test_any_other_split_of_a_late_cancellation_is_refused(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, other: dict[str, str]
) -> None:
    """There are three choices, and the platform is none of them."""
    lesson = book(market, start)
    market.cancel(lesson.id, by="ann", key="off", now=start - _HOUR)

    assert led_to(_charges(market, lesson, Settlement.of(other), start)) == "refused: bad_terms"


def test_a_choice_has_to_be_made(market: Marketplace, book: Book, led_to: LedTo, start: datetime) -> None:
    """To charge without saying how much is no decision."""
    lesson = book(market, start)
    market.cancel(lesson.id, by="ann", key="off", now=start - _HOUR)

    assert led_to(market.act("charge", lesson.id, by="tom", key="charge", now=start)) == "refused: missing"


def test_a_tutor_who_says_nothing_for_72_hours_charges_nothing(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """Counted from the cancellation; silence is to waive. This part is our own."""
    lesson = book(market, start)
    market.cancel(lesson.id, by="ann", key="off", now=start - _HOUR)
    due = start + 71 * _HOUR

    charged = _charges(market, lesson, _ALL, due + off)

    assert led_to(charged) == ("cancelled" if off < _NOTHING else "refused: not_open")
    assert dict(market.lesson(lesson.id, now=due + off).legs) == ({"tutor": 100} if off < _NOTHING else {"payer": 100})


def test_the_72_hours_begin_with_the_cancellation_though_a_change_was_open(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """The tutor had another answer to give already; this decision has a clock of its own."""
    lesson = book(market, start)
    market.propose(lesson.id, by="ann", start=start + 50 * _HOUR, key="later", now=start - 25 * _HOUR)
    market.cancel(lesson.id, by="ann", key="off", now=start - 2 * _HOUR)

    charged = _charges(market, lesson, _ALL, start + 70 * _HOUR + off)

    assert led_to(charged) == ("cancelled" if off < _NOTHING else "refused: not_open")


@pytest.mark.parametrize("hours", [48, 1])
def test_a_tutor_who_cancels_gives_all_back(
    market: Marketplace, book: Book, paid: Paid, start: datetime, hours: int
) -> None:
    """However long before the start; this part is our own."""
    lesson = book(market, start)

    cancelled = market.cancel(lesson.id, by="tom", key="off", now=start - hours * _HOUR)

    assert paid(cancelled) == {"payer": 100}


# Not coming.


def test_a_tutor_who_charges_half_has_waited_half_of_the_lesson(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """At exactly half of the lesson the wait is over."""
    lesson = book(market, start)

    claim = _claims(market, lesson, _HALF, start + _HOUR / 2 + off)

    assert led_to(claim) == ("refused: guard" if off < _NOTHING else "student_no_show")


def test_a_tutor_who_charges_all_has_waited_the_whole_lesson(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """Until the end only nothing and half are among the choices; at the end all is."""
    lesson = book(market, start)
    now = start + _HOUR + off

    choices = {option.verb: option.choices for option in market.allowed(lesson.id, by="tom", now=now)}
    claim = _claims(market, lesson, _ALL, now)

    assert len(choices["claim_no_show"]) == (2 if off < _NOTHING else 3)
    assert led_to(claim) == ("refused: bad_terms" if off < _NOTHING else "student_no_show")


@pytest.mark.parametrize(("choice", "shares"), _CHOICES)
def test_the_tutor_picks_nothing_half_or_all_of_a_no_show(
    market: Marketplace, book: Book, paid: Paid, start: datetime, choice: Settlement, shares: dict[str, int]
) -> None:
    """Each of the three, case by case."""
    lesson = book(market, start)

    assert paid(_claims(market, lesson, choice, start + _HOUR)) == shares


@pytest.mark.parametrize("other", _OTHER_SPLITS)
@pytest.mark.parametrize("after", [_HOUR / 2, 2 * _HOUR])
def test_any_other_split_of_a_no_show_is_refused(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, other: dict[str, str], after: timedelta
) -> None:
    """Neither while the lesson lasts nor later."""
    lesson = book(market, start)

    assert led_to(_claims(market, lesson, Settlement.of(other), start + after)) == "refused: bad_terms"


def test_a_tutor_who_says_nothing_about_a_no_show_is_paid_as_for_any_lesson(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """Until 48 hours after the end it can be claimed; then the lesson counts as given. This part is our own."""
    lesson = book(market, start)
    due = start + 49 * _HOUR

    claim = _claims(market, lesson, _FREE, due + off)

    assert led_to(claim) == ("student_no_show" if off < _NOTHING else "refused: not_open")
    assert dict(market.lesson(lesson.id, now=due + off).legs) == ({"payer": 100} if off < _NOTHING else {"tutor": 100})


# Rescheduling.


@pytest.mark.parametrize("by", ["ann", "tom"])
def test_a_lesson_is_rescheduled_until_24_hours_before(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta, by: str
) -> None:
    """Only while there are more than 24 hours left: at exactly 24 it is too late."""
    lesson = book(market, start)
    now = start - 24 * _HOUR + off

    proposed = market.propose(lesson.id, by=by, start=start + 50 * _HOUR, key="later", now=now)

    assert led_to(proposed) == ("agreed" if off < _NOTHING else "refused: guard")
    assert proposed.lesson is not None
    assert (proposed.lesson.change is not None) == (off < _NOTHING)


def test_a_change_that_nobody_answers_leaves_the_lesson_as_it_was(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """The other side has 24 hours; this part is our own."""
    lesson = book(market, start)
    now = start - 72 * _HOUR
    market.propose(lesson.id, by="ann", start=start + 50 * _HOUR, key="later", now=now)

    answer = market.accept(lesson.id, by="tom", proposal=2, key="yes", now=now + 24 * _HOUR + off)

    assert led_to(answer) == ("agreed" if off < _NOTHING else "refused: not_open")
    moved = market.lesson(lesson.id, now=now + 25 * _HOUR)
    assert (moved.state, moved.terms.start) == ("agreed", start + 50 * _HOUR if off < _NOTHING else start)


def test_a_rescheduled_lesson_is_cancelled_by_the_clock_of_its_new_start(
    market: Marketplace, book: Book, move: Move, led_to: LedTo, start: datetime
) -> None:
    """Nothing keeps the first start in mind here."""
    lesson = book(market, start)
    move(market, lesson.id, start + 72 * _HOUR, now=start - 30 * _HOUR)

    assert led_to(market.cancel(lesson.id, by="ann", key="off", now=start - _HOUR)) == "cancelled"


# Asking.


def test_a_request_and_a_counter_offer_have_72_hours_each(
    market: Marketplace, ask: Ask, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """The clock starts again with the counter-offer; this part is our own."""
    asked = ask(market, start, ahead=240 * _HOUR).or_raise().lesson
    assert asked is not None
    countered = asked.at + 71 * _HOUR
    market.propose(asked.id, by="tom", start=start + _HOUR, key="an hour later", now=countered)

    answer = market.accept(asked.id, by="ann", proposal=2, key="yes", now=countered + 72 * _HOUR + off)

    assert led_to(answer) == ("agreed" if off < _NOTHING else "refused: not_open")


def test_a_request_that_nobody_answers_expires_after_72_hours(
    market: Marketplace, ask: Ask, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """And what was held is back; this part is our own."""
    asked = ask(market, start).or_raise().lesson
    assert asked is not None

    answer = market.accept(asked.id, by="tom", proposal=1, key="yes", now=asked.at + 72 * _HOUR + off)

    assert led_to(answer) == ("agreed" if off < _NOTHING else "refused: not_open")
