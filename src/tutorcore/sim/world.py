"""The world: who lives in one replication, who asks whom for what and when, and what everybody intends.

It is drawn before any policy is looked at, so that each policy of a study meets the same one. What people do in answer
to each other depends on what the policy makes of it and is drawn on the way, under names that do not depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final, NamedTuple

import attrs

from tutorcore.calendar.agendas.slots import LONGEST
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import EPOCH, Instant
from tutorcore.sim.distributions import Exponential, length
from tutorcore.sim.draws import Draws
from tutorcore.sim.model import Act, Deed, Requests, Shift, Study

_DAY: Final = timedelta(days=1)
_SHORTEST_LESSON: Final = timedelta(minutes=1)


class Person(NamedTuple):
    """Somebody with a time zone."""

    id: PartyId
    zone: str


class Intent(NamedTuple):
    """That somebody means to do this to a lesson, so long after the anchor of the act (before it, if negative)."""

    act: Act
    by: timedelta
    deed: Deed


class Wish(NamedTuple):
    """A lesson that a student is going to ask for, and what people intend with it if it comes about."""

    lesson: LessonId
    asked: Instant
    student: PartyId
    tutor: PartyId
    start: Instant
    duration: timedelta
    price: float
    kind: str
    intents: tuple[Intent, ...]


@attrs.frozen
class World:
    """One replication of a study, before any policy."""

    replication: int
    tutors: tuple[Person, ...]
    students: tuple[Person, ...]
    wishes: tuple[Wish, ...]


def world_of(study: Study, replication: int) -> World:
    """Return the world of that replication, the same each time."""
    draws, people = Draws(study.seed, replication), study.people
    tutors = tuple(_people(study, draws, "T", people.tutors))
    students = tuple(_people(study, draws, "S", people.students))
    wishes = tuple(
        _wish(study, draws, number, asked, tutors, students)
        for number, asked in enumerate(_asked(study.requests, draws, study.start, study.days), 1)
    )
    return World(replication, tutors, students, wishes)


def _people(study: Study, draws: Draws, letter: str, count: int) -> Iterator[Person]:
    for number in range(1, count + 1):
        id = PartyId(f"{letter}{number}")
        yield Person(id, study.people.zones.at(draws.two(id, "zone")[0]))


def _asked(requests: Requests, draws: Draws, start: Instant, days: int) -> Iterator[Instant]:
    """The instants at which lessons are asked for: a Poisson process, in whole seconds."""
    gap, seconds, number = Exponential(_DAY.total_seconds() / requests.per_day), 0.0, 1
    while (seconds := seconds + gap.at(draws.two("requests", "gap", number)[0])) < days * _DAY.total_seconds():
        yield start + timedelta(seconds=int(seconds))
        number += 1


def _wish(
    study: Study, draws: Draws, number: int, asked: Instant, tutors: tuple[Person, ...], students: tuple[Person, ...]
) -> Wish:
    requests, id = study.requests, LessonId(f"L{number:06}")
    student, tutor, lead, duration, price, kind, _, _ = draws.eight(id, "request")
    return Wish(
        id,
        asked,
        students[int(student * len(students))].id,
        tutors[int(tutor * len(tutors))].id,
        _on_grid(asked + length(requests.lead, lead), requests.grid),
        min(max(length(requests.duration, duration), _SHORTEST_LESSON), LONGEST),
        requests.price.at(price),
        requests.kinds.at(kind),
        tuple(_intents(study.acts, draws, id)),
    )


def _on_grid(at: Instant, grid: timedelta) -> Instant:
    """The first instant on the grid at or after `at`."""
    return at + (EPOCH - at) % grid


def _intents(acts: tuple[Act, ...], draws: Draws, lesson: LessonId) -> Iterator[Intent]:
    """What people intend with a lesson, in the order of the acts."""
    meant: set[str] = set()
    for act in acts:
        if not meant.isdisjoint(act.unless) or (act.only_if and meant.isdisjoint(act.only_if)):
            continue
        whether, when = draws.two(lesson, f"act:{act.name}")
        if whether < act.chance:
            meant.add(act.name)
            if act.deed is not None:
                yield Intent(act, signed(act.shift, when), act.deed)


def signed(shift: Shift, share: float) -> timedelta:
    """Return how much later something is by this draw of a shift; less than nothing is earlier."""
    by = length(shift.by, share)
    return by if shift.side == "after" else -by
