"""Preply: 12 hours of notice, locked after a late change, charges that can be disputed, fees by the hours taught."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tutorcore import Lesson, Marketplace, MemoryStorage, Outcome, instant, load_preset
from tutorcore.ids import LessonId, PartyId
from tutorcore.lessons.projections import TAUGHT, Mark
from tutorcore.policy.settlement import Settlement

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
_MICROSECOND = timedelta(microseconds=1)

# What a tutor without any hours gets of 100.00: less 33 %.
_FIRST_HOURS = {"tutor": 6_700, "platform": 3_300}


@pytest.fixture
def market(open_preset: Callable[[str], Marketplace]) -> Marketplace:
    """A marketplace under the preset."""
    return open_preset("preply")


def _claims(market: Marketplace, lesson: Lesson, who: str, now: datetime) -> Outcome:
    return market.claim_no_show(lesson.id, by=who, key=f"{who} alone", now=now)


def _cancels(market: Marketplace, lesson: Lesson, who: str, now: datetime) -> Outcome:
    return market.cancel(lesson.id, by=who, key=f"{who} off", now=now)


def test_the_preset_says_of_when_its_rules_are() -> None:
    """In 2024 tutors lost the right to cancel within 12 hours."""
    assert load_preset("preply").name == "preply@2024"


# Cancelling.


@pytest.mark.parametrize("by", ["ann", "tom"])
def test_cancelling_is_free_until_12_hours_before(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta, by: str
) -> None:
    """At exactly 12 hours it still is. Later the student pays everything, and the tutor cannot cancel at all."""
    lesson = book(market, start)

    cancelled = _cancels(market, lesson, by, start - 12 * _HOUR + off)

    assert led_to(cancelled) == ("cancelled" if off <= _NOTHING or by == "ann" else "refused: guard")
    if off <= _NOTHING or by == "ann":
        assert cancelled.lesson is not None
        assert dict(cancelled.lesson.legs) == ({"payer": 10_000} if off <= _NOTHING else _FIRST_HOURS)


def test_a_tutor_who_cannot_cancel_any_more_can_still_reschedule(
    market: Marketplace, book: Book, move: Move, start: datetime
) -> None:
    """Without a limit of time, as long as the student agrees."""
    lesson = book(market, start)

    moved = move(market, lesson.id, start + 10 * _DAY, now=start - _MINUTE)

    assert (moved.state, moved.terms.start) == ("locked", start + 10 * _DAY)


# Rescheduling.


@pytest.mark.parametrize("proposer", ["ann", "tom"])
def test_a_lesson_rescheduled_within_12_hours_can_never_be_cancelled(
    market: Marketplace, book: Book, move: Move, led_to: LedTo, start: datetime, off: timedelta, proposer: str
) -> None:
    """At exactly 12 hours or earlier nothing changes; later it is locked, however far ahead it was moved."""
    lesson = book(market, start)
    moved = move(market, lesson.id, start + 10 * _DAY, now=start - 12 * _HOUR + off, by=proposer)
    later = start + _DAY

    buttons = [option.verb for who in ("ann", "tom") for option in market.allowed(lesson.id, by=who, now=later)]
    outcomes = [led_to(_cancels(market, lesson, who, later)) for who in ("ann", "tom")]

    assert moved.state == ("agreed" if off <= _NOTHING else "locked")
    assert ("cancel" in buttons) == (off <= _NOTHING)
    assert outcomes[0] == ("cancelled" if off <= _NOTHING else "refused: not_open")
    assert outcomes[1] == "refused: not_open"


def test_what_counts_is_when_the_change_is_agreed(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """Proposed in time and accepted too late, it is a late change."""
    lesson = book(market, start)
    market.propose(lesson.id, by="tom", start=start + 5 * _DAY, key="later", now=start - 15 * _HOUR)

    accepted = market.accept(lesson.id, by="ann", proposal=2, key="yes", now=start - 12 * _HOUR + off)

    assert led_to(accepted) == ("agreed" if off <= _NOTHING else "locked")


def test_a_locked_lesson_stays_locked_when_it_is_moved_again_in_time(
    market: Marketplace, book: Book, move: Move, led_to: LedTo, start: datetime
) -> None:
    """Never is never."""
    lesson = book(market, start)
    move(market, lesson.id, start + 10 * _DAY, now=start - _HOUR, key="late")

    again = move(market, lesson.id, start + 20 * _DAY, now=start + _DAY, key="in time")

    assert again.state == "locked"
    assert led_to(_cancels(market, lesson, "ann", start + 2 * _DAY)) == "refused: not_open"


def test_a_locked_lesson_takes_place_like_any_other(
    market: Marketplace, book: Book, move: Move, start: datetime
) -> None:
    """It begins and ends at its new time, and is paid."""
    lesson = book(market, start)
    move(market, lesson.id, start + 10 * _DAY, now=start - _HOUR)
    begins = start + 10 * _DAY

    states = [
        market.lesson(lesson.id, now=begins + after).state for after in (-_MICROSECOND, _NOTHING, _HOUR, 73 * _HOUR)
    ]

    assert states == ["locked", "in_progress", "delivered", "completed"]


@pytest.mark.parametrize("ahead", [_DAY, _HOUR])
def test_a_late_change_that_is_declined_locks_nothing(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, ahead: timedelta
) -> None:
    """The lesson stays as it was agreed, with the rights that go with it."""
    lesson = book(market, start)
    market.propose(lesson.id, by="tom", start=start + 5 * _DAY, key="later", now=start - ahead)
    market.decline(lesson.id, by="ann", key="no", now=start - ahead)

    stands = market.lesson(lesson.id, now=start - ahead)

    assert (stands.state, stands.terms.start) == ("agreed", start)
    assert led_to(_cancels(market, lesson, "ann", start - ahead)) == "cancelled"


# Not coming.


def test_a_tutor_waits_15_minutes_before_charging(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """At exactly 15 minutes the wait is over."""
    lesson = book(market, start)

    claim = _claims(market, lesson, "tom", start + 15 * _MINUTE + off)

    assert led_to(claim) == ("refused: guard" if off < _NOTHING else "student_no_show_claimed")


def test_a_student_who_joins_within_15_minutes_is_not_charged(
    market: Marketplace, book: Book, seen: Seen, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """Joining at exactly 15 minutes is too late."""
    lesson = book(market, start)
    seen(market, lesson.id, "student", start + 15 * _MINUTE + off)

    claim = _claims(market, lesson, "tom", start + 20 * _MINUTE)

    assert led_to(claim) == ("refused: guard" if off < _NOTHING else "student_no_show_claimed")


@pytest.mark.parametrize(
    ("begins", "closes"),
    [
        pytest.param("2026-06-10T10:00:00Z", "2026-06-17T11:00:00Z", id="no clock changes"),
        pytest.param("2026-03-25T10:00:00Z", "2026-04-01T10:00:00Z", id="an hour less in Berlin"),
        pytest.param("2026-10-20T10:00:00Z", "2026-10-27T12:00:00Z", id="an hour more in Berlin"),
    ],
)
def test_a_tutor_who_waited_in_the_classroom_charges_within_7_days(
    market: Marketplace, book: Book, seen: Seen, led_to: LedTo, off: timedelta, begins: str, closes: str
) -> None:
    """In days of the tutor's calendar. At 7 days the lesson counts as confirmed, as the file says it has to."""
    lesson = book(market, instant(begins))
    seen(market, lesson.id, "tutor", instant(begins))

    claim = _claims(market, lesson, "tom", instant(closes) + off)

    assert led_to(claim) == ("student_no_show_claimed" if off < _NOTHING else "refused: not_open")
    if off >= _NOTHING:
        assert market.lesson(lesson.id, now=instant(closes)).at == instant(closes)


def test_a_student_disputes_a_charge_within_72_hours(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """At exactly 72 hours it has become final, and the tutor has been paid in full less the fee."""
    lesson = book(market, start)
    claimed = start + 5 * _HOUR
    _claims(market, lesson, "tom", claimed)

    contest = market.contest(lesson.id, by="ann", key="I was there", now=claimed + 72 * _HOUR + off)

    assert led_to(contest) == ("disputed" if off < _NOTHING else "refused: not_open")
    if off >= _NOTHING:
        final = market.lesson(lesson.id, now=claimed + 72 * _HOUR)
        assert (final.state, dict(final.legs)) == ("student_no_show", _FIRST_HOURS)


def test_a_disputed_charge_is_decided_by_the_operator(
    market: Marketplace, book: Book, paid: Paid, start: datetime
) -> None:
    """Any split; the fee is still taken of the tutor's share."""
    lesson = book(market, start)
    _claims(market, lesson, "tom", start + _HOUR)
    market.contest(lesson.id, by="ann", key="I was there", now=start + 2 * _HOUR)

    split = Settlement.of({"tutor": "50%", "student": "rest"})
    resolved = market.resolve(
        lesson.id, by="olga", split=split, reason="both were late", key="decide", now=start + 3 * _HOUR
    )

    assert paid(resolved) == {"tutor": 3_350, "platform": 1_650, "payer": 5_000}


def test_a_dispute_that_nobody_decides_gives_all_back_after_30_days(
    market: Marketplace, book: Book, start: datetime, off: timedelta
) -> None:
    """Silence of the operator is not the student's fault; this part is our own."""
    lesson, contested = book(market, start), start + 2 * _HOUR
    _claims(market, lesson, "tom", start + _HOUR)
    market.contest(lesson.id, by="ann", key="I was there", now=contested)

    as_of = market.lesson(lesson.id, now=contested + 30 * _DAY + off)

    assert as_of.state == ("disputed" if off < _NOTHING else "resolved")
    if off >= _NOTHING:
        assert dict(as_of.legs) == {"payer": 10_000}


def test_a_tutor_who_did_not_join_is_reported_and_paid_nothing(
    market: Marketplace, book: Book, seen: Seen, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """The student waits as long; a report stops what silence would have paid."""
    lesson = book(market, start)
    seen(market, lesson.id, "student", start)

    report = _claims(market, lesson, "ann", start + 15 * _MINUTE + off)

    assert led_to(report) == ("refused: guard" if off < _NOTHING else "tutor_no_show_claimed")
    if off >= _NOTHING:
        final = market.lesson(lesson.id, now=start + 15 * _MINUTE + off + 72 * _HOUR)
        assert (final.state, dict(final.legs)) == ("tutor_no_show", {"payer": 10_000})


def test_two_who_each_say_that_the_other_did_not_come_are_a_dispute(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime
) -> None:
    """Whoever says it second answers the first."""
    lesson = book(market, start)
    _claims(market, lesson, "tom", start + _HOUR)

    assert led_to(_claims(market, lesson, "ann", start + 2 * _HOUR)) == "disputed"


# Confirming.


def test_a_lesson_in_the_classroom_is_confirmed_15_minutes_after_its_end(
    market: Marketplace, book: Book, seen: Seen, start: datetime, off: timedelta
) -> None:
    """The classroom has seen both, however late they came."""
    lesson = book(market, start)
    seen(market, lesson.id, "tutor", start - 5 * _MINUTE)
    seen(market, lesson.id, "student", start + 59 * _MINUTE)

    as_of = market.lesson(lesson.id, now=start + 75 * _MINUTE + off)

    assert as_of.state == ("delivered" if off < _NOTHING else "completed")
    if off >= _NOTHING:
        assert dict(as_of.legs) == _FIRST_HOURS


def test_who_joins_at_the_end_was_not_in_the_lesson(
    market: Marketplace, book: Book, seen: Seen, start: datetime, off: timedelta
) -> None:
    """A lesson lasts until its end, and not at it."""
    lesson = book(market, start)
    seen(market, lesson.id, "tutor", start)
    seen(market, lesson.id, "student", start + _HOUR + off)

    as_of = market.lesson(lesson.id, now=start + 2 * _HOUR)

    assert as_of.state == ("completed" if off < _NOTHING else "delivered")


@pytest.mark.parametrize("joined", [(), ("student",)])
def test_a_lesson_outside_the_classroom_is_confirmed_72_hours_after_its_end(
    market: Marketplace, book: Book, seen: Seen, start: datetime, off: timedelta, joined: tuple[str, ...]
) -> None:
    """The classroom has not seen both, and not the tutor alone."""
    lesson = book(market, start)
    for role in joined:
        seen(market, lesson.id, role, start)

    as_of = market.lesson(lesson.id, now=start + 73 * _HOUR + off)

    assert as_of.state == ("delivered" if off < _NOTHING else "completed")
    if off >= _NOTHING:
        assert dict(as_of.legs) == _FIRST_HOURS


def test_a_report_that_comes_late_confirms_the_lesson_when_it_comes(
    market: Marketplace, book: Book, seen: Seen, led_to: LedTo, start: datetime
) -> None:
    """Hours after the end the classroom tells whom it saw: that is recorded, and the 15 minutes have passed."""
    lesson, told = book(market, start), start + 5 * _HOUR
    seen(market, lesson.id, "tutor", start, told=told)

    report = seen(market, lesson.id, "student", start, told=told)

    assert led_to(report) == "completed"
    assert report.lesson is not None
    assert (report.lesson.at, dict(report.lesson.legs)) == (told, _FIRST_HOURS)


def test_a_student_confirms_by_hand_from_the_end_on(
    market: Marketplace, book: Book, led_to: LedTo, start: datetime, off: timedelta
) -> None:
    """Not while the lesson lasts."""
    lesson = book(market, start)

    confirmed = market.confirm(lesson.id, by="ann", key="fine", now=start + _HOUR + off)

    assert led_to(confirmed) == ("refused: not_open" if off < _NOTHING else "completed")


# Trial lessons.


def test_a_trial_lesson_is_confirmed_by_hand(
    market: Marketplace, book: Book, seen: Seen, paid: Paid, start: datetime
) -> None:
    """Though the classroom has seen both, it waits; and the platform keeps all of it."""
    trial = book(market, start, kind="trial")
    for role in ("tutor", "student"):
        seen(market, trial.id, role, start)

    waiting = market.lesson(trial.id, now=start + 100 * _HOUR)
    confirmed = market.confirm(trial.id, by="ann", key="fine", now=start + 100 * _HOUR)

    assert waiting.state == "delivered"
    assert paid(confirmed) == {"platform": 10_000}


def test_a_trial_lesson_that_nobody_confirms_ends_after_7_days(
    market: Marketplace, book: Book, start: datetime, off: timedelta
) -> None:
    """Every lesson ends; this part is our own. The platform keeps all of it then too."""
    trial = book(market, start, kind="trial")

    as_of = market.lesson(trial.id, now=start + _HOUR + 7 * _DAY + off)

    assert as_of.state == ("delivered" if off < _NOTHING else "completed")
    if off >= _NOTHING:
        assert dict(as_of.legs) == {"platform": 10_000}


def test_a_missed_trial_lesson_is_not_charged(market: Marketplace, book: Book, led_to: LedTo, start: datetime) -> None:
    """The tutor offers another time instead."""
    trial = book(market, start, kind="trial")

    assert led_to(_claims(market, trial, "tom", start + 20 * _MINUTE)) == "refused: guard"


# Fees.


@pytest.mark.parametrize(
    ("hours", "below", "reached"),
    [(20, 33, 28), (50, 28, 25), (200, 25, 22), (400, 22, 18)],
)
def test_the_fee_falls_with_the_hours_that_the_tutor_has_taught(
    start: datetime, off: timedelta, hours: int, below: int, reached: int
) -> None:
    """A microsecond less than the hours is not there yet; with exactly the hours the lower fee is due."""
    storage = MemoryStorage()
    market = Marketplace(storage, [load_preset("preply")])
    for who in ("tom", "ann"):
        market.add_party(who, zone="UTC")
    market.top_up("ann", market.money("100", "USD"), key="ann pays in", now=start - 10 * _DAY)
    taught = (hours * _HOUR + off) // _MICROSECOND
    with storage.transaction() as tx:
        tx.add_mark(Mark(LessonId("before"), 1, PartyId("tom"), TAUGHT, start - 10 * _DAY, taught))
    asked = market.request(
        student="ann", tutor="tom", start=start, duration=_HOUR, price="100", key="ask", now=start - _DAY
    ).or_raise()
    assert asked.lesson is not None
    market.accept(asked.lesson.id, by="tom", proposal=1, key="yes", now=start - _DAY)

    ended = market.lesson(asked.lesson.id, now=start + 73 * _HOUR)

    fee = below if off < _NOTHING else reached
    assert dict(ended.legs) == {"tutor": (100 - fee) * 100, "platform": fee * 100}


def test_the_hours_are_those_of_lessons_that_were_really_taught(
    market: Marketplace, book: Book, paid: Paid, start: datetime
) -> None:
    """Twenty lessons of an hour are paid less 33 %, the twenty-first less 28 %: a lesson does not count for itself."""
    fees: list[int] = []
    for number in range(21):
        begins = start + number * _DAY
        lesson = book(market, begins, key=f"lesson {number}")
        confirmed = market.confirm(lesson.id, by="ann", key=f"fine {number}", now=begins + _HOUR)
        fees.append(paid(confirmed)["platform"])

    assert fees == [3_300] * 20 + [2_800]


def test_trial_lessons_count_among_the_hours_and_missed_ones_do_not(
    market: Marketplace, book: Book, paid: Paid, start: datetime
) -> None:
    """Ten hours of trials and ten of lessons make twenty; the hour for which the student did not come is none."""
    for number in range(2):
        begins = start + number * _DAY
        kind = "trial" if number == 0 else ""
        lesson = book(market, begins, minutes=10 * 60, kind=kind, key=f"lesson {number}")
        market.confirm(lesson.id, by="ann", key=f"fine {number}", now=begins + 10 * _HOUR)
    missed = book(market, start + 2 * _DAY, key="missed")
    _claims(market, missed, "tom", start + 2 * _DAY + _HOUR)

    lesson = book(market, start + 20 * _DAY, key="the next")
    confirmed = market.confirm(lesson.id, by="ann", key="fine", now=start + 20 * _DAY + _HOUR)

    assert dict(market.history(missed.id)[-1].version.legs) == {"tutor": 7_200, "platform": 2_800}
    assert paid(confirmed) == {"tutor": 7_200, "platform": 2_800}


def test_who_came_to_the_lesson_before_it_was_moved_has_not_come_to_it(
    market: Marketplace, book: Book, start: datetime
) -> None:
    """Joins belong to the time agreed: a tutor who came early, moved the lesson and stays away did not come."""
    lesson = book(market, start)
    for who in ("tom", "ann"):
        market.join(lesson.id, by=who, key=f"{who} early", now=start - 10 * _MINUTE).or_raise()
    later = start + 3 * _DAY
    market.propose(lesson.id, by="tom", start=later, key="move", now=start - 9 * _MINUTE).or_raise()
    market.accept(lesson.id, by="ann", proposal=2, key="moved", now=start - 8 * _MINUTE).or_raise()

    claimed = _claims(market, lesson, "ann", later + 20 * _MINUTE)

    assert claimed.refusal is None
