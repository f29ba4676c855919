"""Matters: what a message of the outbox is about, and whom it is for.

* What is *told* of a lesson is for its audience; where the lesson's place in people's calendars changes, for everybody
  bound to it, since whoever acted needs the entry too (twice, if one entry goes and another comes); and for the desk
  of a granted role when its turn comes.
* A *reminder* is for its audience, unless the lesson has moved on since: then it is moot.
* How a tutor *stands* is for the tutor; and, while a report waits to be handled, for the desk of the role that its
  policy names first of those who may.

Read in one transaction, before anybody outside is called. Knows neither names nor addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

import attrs

from tutorcore.engine.judging import counter_of
from tutorcore.ids import PartyId
from tutorcore.lessons.appointments import appointment_change, appointment_left
from tutorcore.lessons.lesson import Lesson
from tutorcore.lessons.projections import Message
from tutorcore.policy.roles import GRANTED_ROLES, Role
from tutorcore.ports.storage import Transaction
from tutorcore.standing import Standing


class Person(NamedTuple):
    """A party that is told.

    `leaves` stands for one more notice to them, which takes an entry out of their calendar: one notice carries one
    entry, and this step makes another as well.
    """

    party: PartyId
    leaves: bool = False

    @property
    def name(self) -> str:
        """The id of the party, or that and `:left`; no id has a colon in it."""
        return f"{self.party}:left" if self.leaves else self.party


class Desk(NamedTuple):
    """The desk of a granted role, where its people are told together."""

    role: Role

    @property
    def name(self) -> str:
        """`desk:` and the role; no id has a colon in it."""
        return f"desk:{self.role}"


Recipient: TypeAlias = Person | Desk


class LessonStep(NamedTuple):
    """A version of a lesson, and the one before it."""

    before: Lesson | None
    version: Lesson


class StandingStep(NamedTuple):
    """A version of how a tutor stands, and the one before it."""

    before: Standing | None
    version: Standing


@attrs.frozen
class Matter:
    """What a message is about: a step, and who is told of it.

    `people` are those whom it may name, `zones` the zones with which people are registered. `is_moot` says that nobody
    need be told any more.
    """

    message: Message
    step: LessonStep | StandingStep
    recipients: tuple[Recipient, ...]
    people: tuple[PartyId, ...]
    zones: Mapping[PartyId, str]
    is_moot: bool = False


def matter_of(tx: Transaction, message: Message) -> Matter:
    """Return what a message that tells of something is about; a reminder's is not known to be moot."""
    if message.kind == "standing":
        return _standing_matter(tx, message)
    versions = [each.version for each in tx.history(message.lesson)[max(message.number - 2, 0) : message.number]]
    version, before = versions[-1], versions[0] if len(versions) > 1 else None
    audience = message.audience
    told = _people(audience) if message.kind == "reminder" else _told(before, version, audience)
    people = tuple(dict.fromkeys((*version.brief.parties, *audience)))
    return Matter(message, LessonStep(before, version), told, people, _zones(tx, people))


def has_moved_on(matter: Matter, now: Lesson) -> bool:
    """Return whether the lesson no longer stands where it did: facts and reviews that came since make no difference."""
    version = matter.step.version
    return isinstance(version, Lesson) and _place(version) != _place(now)


def _place(lesson: Lesson) -> tuple[object, ...]:
    change, problem = lesson.change, lesson.problem
    beside = None if change is None else (change.place.state.name, change.terms.number)
    return lesson.state, lesson.terms.number, beside, None if problem is None else problem.number


def _told(before: Lesson | None, version: Lesson, audience: tuple[PartyId, ...]) -> tuple[Recipient, ...]:
    parties = version.brief.parties
    concerned = parties if appointment_change(before, version) is not None else ()
    leaving = parties if appointment_left(before, version) is not None else ()
    desk = _desk_whose_turn_comes(before, version)
    return (
        *(Person(party, leaves=True) for party in dict.fromkeys(leaving)),
        *_people((*audience, *concerned)),
        *(() if desk is None else (Desk(desk),)),
    )


def _desk_whose_turn_comes(before: Lesson | None, version: Lesson) -> Role | None:
    """The granted role for which the lesson waits from this version on."""
    role = version.waits_for
    if role is None or role not in GRANTED_ROLES:
        return None
    is_new = before is None or (before.waits_for, before.state) != (role, version.state)
    return role if is_new else None


def _standing_matter(tx: Transaction, message: Message) -> Matter:
    (tutor,) = message.audience
    standings = [each.standing for each in tx.standing_history(tutor)[max(message.number - 2, 0) : message.number]]
    standing, before = standings[-1], standings[0] if len(standings) > 1 else None
    told: tuple[Recipient, ...] = (Person(tutor), *(Desk(role) for role in _handlers(tx, standing)))
    return Matter(message, StandingStep(before, standing), told, (tutor,), _zones(tx, (tutor,)))


def _handlers(tx: Transaction, standing: Standing) -> tuple[Role, ...]:
    """The role whose desk hears of a report that waits to be handled: the first that its policy names, if any does."""
    number = standing.happening.report
    report = None if number is None else standing.reports[number - 1]
    if report is None or report.state != "open":
        return ()
    counter = counter_of(report, tx.lesson(report.lapses[-1].lesson))
    return () if counter is None else counter.handled_by[:1]


def _people(parties: Iterable[PartyId]) -> tuple[Person, ...]:
    return tuple(Person(party) for party in dict.fromkeys(parties))


def _zones(tx: Transaction, people: Iterable[PartyId]) -> dict[PartyId, str]:
    return {person: party.zone for person in people if (party := tx.party(person)) is not None}
