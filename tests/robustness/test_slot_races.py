"""Students who read the same list of free times and all want one of them at once."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from threading import Barrier, Thread

import pytest

from tutorcore import Instant, Lesson, Marketplace, Refusal, Schedule, instant, load_policy, open_sqlite
from tutorcore.calendar import Booking, WeeklyRule, Window

pytestmark = pytest.mark.slow

_NOW = instant("2026-03-23T00:00:00Z")
_UNTIL = _NOW + timedelta(days=9)  # Clocks in Berlin go forward on the 29th.
_HOUR, _BUFFER = timedelta(hours=1), timedelta(minutes=10)
_TUTORS, _STUDENTS = ("tim", "tom"), ("ann", "ben", "cat", "dan", "eva", "fay")
_MOST = 3
_ROUNDS = 12

_SCHEDULE = Schedule(
    "Europe/Berlin",
    tuple(WeeklyRule(day, Window.of("00:30", "05:30")) for day in ("wednesday", "saturday", "sunday")),
    booking=Booking(after=_BUFFER, step=timedelta(minutes=30), most_per_day=_MOST),
)


_POLICY = load_policy('extends = "kalvie_2021"\nid = "free"\nrequest.instant = false\n')


def _listed(market: Marketplace, student: str, tutor: str) -> tuple[Instant, ...]:
    return market.slots(student=student, tutor=tutor, duration=_HOUR, since=_NOW, until=_UNTIL, now=_NOW)


def _wants(
    market: Marketplace, student: str, barrier: Barrier, had: list[Lesson], refused: list[tuple[Instant, Refusal]]
) -> None:
    """Let one student ask again and again for a time that was free when it was listed."""
    chance = Random(student)
    for number in range(_ROUNDS):
        tutor = chance.choice(_TUTORS)
        listed = _listed(market, student, tutor)
        barrier.wait()
        if not listed:
            continue
        start = chance.choice(listed[:4])
        outcome = market.request(
            student=student, tutor=tutor, start=start, duration=_HOUR, price="0", key=f"{student} {number}", now=_NOW
        )
        if outcome.refusal is None:
            assert outcome.lesson is not None
            had.append(outcome.lesson)
        else:
            refused.append((start, outcome.refusal))


def test_of_all_who_want_a_time_that_was_listed_one_gets_it_and_no_rule_of_the_schedule_is_broken(
    tmp_path: Path,
) -> None:
    """Nobody is in two places, buffers and caps hold, and who is refused finds the time gone from the list."""
    with open_sqlite(tmp_path / "market.db", busy_timeout=timedelta(minutes=2)) as store:
        _race(Marketplace(store, [_POLICY]))


def _race(market: Marketplace) -> None:
    for person in (*_TUTORS, *_STUDENTS):
        market.add_party(person, zone="Europe/Berlin")
    for tutor in _TUTORS:
        market.set_schedule(tutor, _SCHEDULE)
    had: list[Lesson] = []
    refused: list[tuple[Instant, Refusal]] = []
    barrier = Barrier(len(_STUDENTS))

    threads = [Thread(target=_wants, args=(market, student, barrier, had, refused)) for student in _STUDENTS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(had) > len(_TUTORS) * _MOST
    assert {refusal.code for _, refusal in refused} == {"not_bookable"}
    for tutor in _TUTORS:
        starts = sorted(lesson.terms.start for lesson in had if lesson.brief.tutor == tutor)
        days = [start.date() for start in starts]
        assert all(other - one >= _HOUR + _BUFFER for one, other in pairwise(starts))
        assert max(days.count(day) for day in days) <= _MOST
        assert not set(starts) & set(_listed(market, "ann", tutor))
    for student in _STUDENTS:
        theirs = sorted(lesson.terms.start for lesson in had if lesson.brief.student == student)
        assert all(other - one >= _HOUR for one, other in pairwise(theirs))
