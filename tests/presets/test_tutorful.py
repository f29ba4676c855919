"""Tutorful: whoever pays confirms 12 hours ahead; later the tutor takes or waives half, after the start everything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tutorcore import Lesson, Marketplace, Outcome, load_preset
from tutorcore.lessons.lesson import Particulars
from tutorcore.policy.settlement import Settlement

Ask = Callable[..., Outcome]
Book = Callable[..., Lesson]
Seen = Callable[..., Outcome]
Paid = Callable[[Outcome], dict[str, int]]
LedTo = Callable[[Outcome], str]

_NOTHING = timedelta(0)
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_EVIDENCE = Particulars(details=(("call log", "https://example.org/calls/7"),))


@pytest.fixture
def market(open_preset: Callable[[str], Marketplace]) -> Marketplace:
    """A marketplace under the preset."""
    return open_preset("tutorful")


def _claims(market: Marketplace, lesson: Lesson, now: datetime, said: Particulars | None = _EVIDENCE) -> Outcome:
    """Let the tutor claim that the student did not come."""
    return market.act("claim_no_show", lesson.id, by="tom", key=f"alone {said}", particulars=said, now=now)


def _charges(market: Marketplace, lesson: Lesson, split: dict[str, str], now: datetime) -> Outcome:
    """Let the tutor decide what is charged for a lesson that was cancelled late."""
    said = Particulars(split=Settlement.of(split))
    return market.act("charge", lesson.id, by="tom", key=f"charge {split}", particulars=said, now=now)


def test_the_preset_says_of_when_its_rules_are() -> None:
    """The rules are those of a year, not whatever the platform does today."""
    assert load_preset("tutorful").name == "tutorful@2024"


# Confirming.


def test_the_payer_confirms_until_12_hours_before_the_start(
    market: Marketplace, ask: Ask, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """At 12 hours before it the lesson is cancelled, without money and without blame."""
    asked = ask(market, start, by="tom").or_raise().lesson
    assert asked is not None

    answer = market.accept(asked.id, by="ann", proposal=1, key="yes", now=start - 12 * _HOUR + off)

    assert (asked.state, asked.waits_for, asked.held) == ("requested", "payer", 0)
    assert led_to(answer) == ("agreed" if off < _NOTHING else "refused: not_open")
    if off < _NOTHING:
        assert answer.lesson is not None
        assert answer.lesson.held == 10_000
    else:
        lapsed = market.lesson(asked.id, now=start - 12 * _HOUR)
        assert (lapsed.state, lapsed.legs, lapsed.step.fault) == ("cancelled", (), None)
        assert lapsed.at == start - 12 * _HOUR


def test_a_lesson_within_12_hours_cannot_be_set_up(
    market: Marketplace, ask: Ask, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """At exactly 12 hours there is no time left in which to confirm it."""
    outcome = ask(market, start, by="tom", ahead=12 * _HOUR - off)

    assert led_to(outcome) == ("requested" if off < _NOTHING else "refused: no_time_left")


def test_a_student_does_not_set_a_lesson_up(market: Marketplace, ask: Ask, led_to: LedTo, start: datetime) -> None:
    """It is the tutor who does."""
    assert led_to(ask(market, start, by="ann")) == "refused: not_yours"


def test_the_tutor_does_not_confirm_for_the_payer(
    market: Marketplace, ask: Ask, led_to: LedTo, start: datetime
) -> None:
    """Whoever pays has to say so."""
    asked = ask(market, start, by="tom").or_raise().lesson
    assert asked is not None

    answer = market.accept(asked.id, by="tom", proposal=1, key="yes", now=asked.at)

    assert led_to(answer) == "refused: not_yours"


# Cancelling.


def test_cancelling_is_free_12_hours_ahead_and_the_tutor_s_to_judge_later(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """At exactly 12 hours it is still free."""
    lesson = book(market, start, by="tom")

    cancelled = market.cancel(lesson.id, by="ann", key="off", now=start - 12 * _HOUR + off)

    assert led_to(cancelled) == ("cancelled" if off <= _NOTHING else "charge_open")
    assert cancelled.lesson is not None
    assert cancelled.lesson.held == (0 if off <= _NOTHING else 10_000)


@pytest.mark.parametrize(
    ("split", "shares"),
    [
        ({"tutor": "50%", "student": "rest"}, {"tutor": 5_000, "payer": 5_000}),
        ({"student": "100%"}, {"payer": 10_000}),
        ({"tutor": "0%", "student": "rest"}, {"payer": 10_000}),
    ],
)
def test_the_tutor_takes_or_waives_half(
    market: Marketplace, book: Book, paid: Paid, start: datetime, split: dict[str, str], shares: dict[str, int]
) -> None:
    """Half or nothing, case by case."""
    lesson = book(market, start, by="tom")
    market.cancel(lesson.id, by="ann", key="off", now=start - _HOUR)

    assert paid(_charges(market, lesson, split, start)) == shares


@pytest.mark.parametrize("split", [{"tutor": "100%"}, {"tutor": "49%", "student": "rest"}, {"platform": "100%"}])
def test_the_tutor_takes_nothing_else(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, split: dict[str, str]
) -> None:
    """Not all of it either."""
    lesson = book(market, start, by="tom")
    market.cancel(lesson.id, by="ann", key="off", now=start - _HOUR)

    assert led_to(_charges(market, lesson, split, start)) == "refused: bad_terms"


def test_a_tutor_who_says_nothing_waives_it(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """The decision is due when the lesson would have been paid, a day after its end. This part is our own."""
    lesson = book(market, start, by="tom")
    market.cancel(lesson.id, by="ann", key="off", now=start - _HOUR)
    due = start + 25 * _HOUR

    charged = _charges(market, lesson, {"tutor": "50%", "student": "rest"}, due + off)

    assert led_to(charged) == ("cancelled" if off < _NOTHING else "refused: not_open")
    if off >= _NOTHING:
        assert dict(market.lesson(lesson.id, now=due).legs) == {"payer": 10_000}


def test_from_the_start_on_a_payer_who_cancels_pays_everything(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """A microsecond before it the tutor still decides about half."""
    lesson = book(market, start, by="tom")

    cancelled = market.cancel(lesson.id, by="ann", key="off", now=start + off)

    assert led_to(cancelled) == ("charge_open" if off < _NOTHING else "cancelled")
    if off >= _NOTHING:
        assert cancelled.lesson is not None
        assert dict(cancelled.lesson.legs) == {"tutor": 10_000}


@pytest.mark.parametrize("hours", [48, 1])
def test_a_tutor_who_cancels_charges_nothing(
    market: Marketplace, book: Book, paid: Paid, start: datetime, hours: int
) -> None:
    """However long before the start; this part is our own."""
    lesson = book(market, start, by="tom")

    assert paid(market.cancel(lesson.id, by="tom", key="off", now=start - hours * _HOUR)) == {"payer": 10_000}


# Not coming.


def test_a_tutor_waits_15_minutes_for_a_student_and_is_then_paid_everything(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """At exactly 15 minutes the wait is over."""
    lesson = book(market, start, by="tom")

    claim = _claims(market, lesson, start + 15 * _MINUTE + off)

    assert led_to(claim) == ("refused: guard" if off < _NOTHING else "student_no_show")
    if off >= _NOTHING:
        assert dict(market.lesson(lesson.id, now=start + _HOUR).legs) == {"tutor": 10_000}


@pytest.mark.parametrize("said", [None, Particulars(), Particulars(details=())])
def test_a_claim_needs_evidence(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, said: Particulars | None
) -> None:
    """Without saying where it lies the claim is refused, and the form says what it needs."""
    lesson = book(market, start, by="tom")
    now = start + 20 * _MINUTE

    needs = {option.verb: option.needs for option in market.allowed(lesson.id, by="tom", now=now)}

    assert needs["claim_no_show"] == ("details",)
    assert led_to(_claims(market, lesson, now, said)) == "refused: missing"


def test_the_evidence_is_on_record(market: Marketplace, book: Book, start: datetime) -> None:
    """Whoever looks at the claim later finds what was said."""
    lesson = book(market, start, by="tom")
    _claims(market, lesson, start + 20 * _MINUTE)

    command = market.history(lesson.id)[-1].version.command

    assert command is not None
    assert command.particulars == _EVIDENCE


def test_a_student_who_joins_within_15_minutes_was_there(
    market: Marketplace, book: Book, seen: Seen, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """Joining at exactly 15 minutes is too late."""
    lesson = book(market, start, by="tom")
    seen(market, lesson.id, "student", start + 15 * _MINUTE + off)

    claim = _claims(market, lesson, start + 20 * _MINUTE)

    assert led_to(claim) == ("refused: guard" if off < _NOTHING else "student_no_show")


# Paying.


def test_a_lesson_is_captured_24_hours_after_its_end(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """Until then an absence can be claimed; then the lesson is paid, and it is too late."""
    lesson = book(market, start, by="tom")
    due = start + 25 * _HOUR

    as_of = market.lesson(lesson.id, now=due + off)
    claim = _claims(market, lesson, due + off)

    assert as_of.state == ("delivered" if off < _NOTHING else "completed")
    assert led_to(claim) == ("student_no_show" if off < _NOTHING else "refused: not_open")
    if off >= _NOTHING:
        assert (dict(as_of.legs), as_of.at) == ({"tutor": 10_000}, due)
