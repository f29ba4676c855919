"""A lesson, from request to settlement: one immutable record per step.

A `Lesson` is a *version*: what happened (step, command, at, legs) and where the lesson stands now (place, terms, open
change, what is held, the running deadline and its reason). The list of versions is the truth; its last one is the
lesson. There is nothing to fold, and replaying is deciding again.

`Lesson` is a NamedTuple because it is made at every step and is the row that stores keep; everything else, made once
a lesson or once a proposal, is an attrs value.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, NamedTuple

import attrs
from attrs.validators import instance_of

from tutorcore.calendar.agendas.slots import LONGEST
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.ids import Key, LessonId, PartyId, PolicyHash
from tutorcore.instants import Instant, instant, to_text
from tutorcore.policy.machine import Machine, Place, Step, Why
from tutorcore.policy.process import REMEDIES, Remedy
from tutorcore.policy.roles import BOUND_ROLES, Role
from tutorcore.policy.settlement import Legs, Settlement

LARGEST_PRICE: Final = 10**15
NO_DETAILS: Final[tuple[tuple[str, str], ...]] = ()
NO_TIMELINE: Final[Mapping[str, Instant]] = {}
NO_COUNTS: Final[Mapping[str, int]] = {}


def _details(value: Mapping[str, str] | tuple[tuple[str, str], ...] | None) -> tuple[tuple[str, str], ...] | None:
    if value is None or value is NO_DETAILS:
        return value
    if not isinstance(value, Mapping | tuple):
        raise InvalidType("details", value, "a mapping of texts to texts")
    pairs = tuple(value.items()) if isinstance(value, Mapping) else value
    for pair in pairs:
        if not (isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(part, str) for part in pair)):
            raise InvalidType("details", value, "a mapping of texts to texts")
    return tuple(sorted(pairs))


def _price(value: int | None) -> int | None:
    if value is None:
        return None
    if type(value) is not int:
        raise InvalidType("price", value, "whole minor units as an int, or Money")
    if not 0 <= value <= LARGEST_PRICE:
        raise InvalidValue("price", value, f"0 to {LARGEST_PRICE} minor units")
    return value


def _instant(value: Instant | None) -> Instant | None:
    return None if value is None else instant(value, "start")


def _duration(value: timedelta | None) -> timedelta | None:
    if value is None:
        return None
    if not isinstance(value, timedelta):
        raise InvalidType("duration", value, "a timedelta")
    if not timedelta(0) < value <= LONGEST:
        raise InvalidValue("duration", str(value), f"more than nothing and at most {LONGEST.days} days")
    return value


def _seen(value: Instant | None) -> Instant | None:
    return None if value is None else instant(value, "seen")


def _split(value: Settlement | None) -> Settlement | None:
    if value is not None and not isinstance(value, Settlement):
        raise InvalidType("split", value, 'a Settlement, such as Settlement.of({"tutor": "50%", "student": "rest"})')
    return value


def _some_details(value: Mapping[str, str] | tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return _details(value) or NO_DETAILS


def _text(value: str | None) -> str | None:
    if value is not None and not isinstance(value, str):
        raise InvalidType("kind", value, "a text")
    return value


@attrs.frozen
class Offer:
    """What somebody proposes. A field left out stays as it is on the table; a first request names start and duration.

    `price` is in minor units of the policy's currency; `details` are short texts that only the platform understands
    (a course's id, say), kept but never read by the engine.
    """

    start: Instant | None = attrs.field(default=None, converter=_instant)
    duration: timedelta | None = attrs.field(default=None, converter=_duration)
    price: int | None = attrs.field(default=None, converter=_price)
    kind: str | None = attrs.field(default=None, converter=_text)
    details: tuple[tuple[str, str], ...] | None = attrs.field(default=None, converter=_details)


@attrs.frozen
class Terms:
    """A numbered proposal, whole: what is on the table, or what is agreed. Never changed; another one gets a number.

    `occurrence` counts how often the lesson was asked for: one that was agreed and is asked for again at another time
    is the next occurrence, another entry in people's calendars.
    """

    number: int
    start: Instant
    end: Instant
    price: int
    kind: str = ""
    details: tuple[tuple[str, str], ...] = NO_DETAILS
    occurrence: int = 1

    @property
    def duration(self) -> timedelta:
        """How long the lesson lasts."""
        return self.end - self.start


@attrs.frozen
class Brief:
    """What never changes about a lesson: whose it is, under which policy, in whose zone days are counted."""

    id: LessonId
    policy: PolicyHash
    zone: str
    currency: str
    created: Instant
    tutor: PartyId
    student: PartyId
    payer: PartyId
    requester: PartyId

    @property
    def parties(self) -> tuple[PartyId, ...]:
        """The people of this lesson, each once, in the order of their roles."""
        return tuple(dict.fromkeys((self.student, self.tutor, self.payer, self.requester)))

    def party(self, role: Role) -> PartyId:
        """Return who holds a role in this lesson; a granted role is held by nobody in particular."""
        if role not in BOUND_ROLES:
            raise InvalidValue("role", role, f"one of {', '.join(BOUND_ROLES)}")
        found: PartyId = getattr(self, role)
        return found

    def roles_of(self, party: PartyId) -> tuple[Role, ...]:
        """The roles that bind `party` to this lesson; empty for a stranger."""
        return tuple(role for role in BOUND_ROLES if getattr(self, role) == party)


def _role(_self: object, field: attrs.Attribute[Role | None], value: Role | None) -> None:
    if value is not None and value not in BOUND_ROLES:
        raise UnknownName(f"role ({field.name})", value, BOUND_ROLES)


def _remedy(_self: object, field: attrs.Attribute[Remedy | None], value: Remedy | None) -> None:
    if value is not None and value not in REMEDIES:
        raise UnknownName(field.name, value, REMEDIES)


@attrs.frozen
class Particulars:
    """What few commands say besides: whom and when a fact is about, how money is to be split, who is to blame.

    `subject` is the role that a fact is about (who joined), `seen` when it happened and `source` who saw it, for what
    the platform's own software reports; people report of themselves and of now. `details` are short texts: a meeting's
    links, a review's stars, where evidence lies. `split` is a decision about what is held, `blamed` a role at fault.

    `remedy` is how somebody wants a problem settled: `refund` gives everything back to the student's side, `pay` gives
    it to the tutor, `split` divides it as `split` says, and `reschedule` is to have the lesson at another time.
    """

    subject: Role | None = attrs.field(default=None, validator=_role)
    seen: Instant | None = attrs.field(default=None, converter=_seen)
    source: str = attrs.field(default="", validator=instance_of(str))
    details: tuple[tuple[str, str], ...] = attrs.field(default=NO_DETAILS, converter=_some_details)
    split: Settlement | None = attrs.field(default=None, converter=_split)
    blamed: Role | None = attrs.field(default=None, validator=_role)
    remedy: Remedy | None = attrs.field(default=None, validator=_remedy)


@attrs.frozen
class Meeting:
    """Where a lesson takes place: each role's own link or address, made by `provider` for the terms of that number."""

    provider: str
    links: tuple[tuple[str, str], ...]
    terms: int

    def link(self, role: Role) -> str | None:
        """Return where somebody in that role joins, or None."""
        return dict(self.links).get(role)


@attrs.frozen
class Command:
    """What somebody asks for. `key` makes it safe to repeat; `proposal` is the number that an answer answers."""

    verb: str
    actor: PartyId
    key: Key
    lesson: LessonId
    proposal: int | None = None
    offer: Offer | None = None
    reason: str = ""
    note: str = ""
    particulars: Particulars | None = None


@attrs.frozen
class Facts:
    """What a lesson cannot know by itself: the actor's grants, counts over other lessons, and people's permissions.

    Counts and permissions are kept by the text in which a policy asks for them; `has` holds those that are there.
    """

    grants: frozenset[str] = frozenset()
    counts: Mapping[str, int] = NO_COUNTS
    has: frozenset[str] = frozenset()


NO_FACTS: Final = Facts()


class Change(NamedTuple):
    """An open change of an agreed lesson: the proposed terms, whose turn it is, and its own deadline."""

    terms: Terms
    place: Place
    due: Instant | None
    why: Why | None


class Problem(NamedTuple):
    """An open problem: its reason, and the remedy on the table with the number that an answer names.

    `role` is the one in which somebody put this remedy there. `reason` is the one given with it, or else that of the
    remedy before it, back to the report. `particulars` hold what was said with the remedy (`remedy`, `blamed`), and as
    `split` what it comes to; rescheduling divides nothing. A split that gives one side everything is kept as `refund`
    or `pay`. Whoever takes the remedy up, by an act or by silence, has said all of this.
    """

    number: int
    role: Role
    reason: str
    particulars: Particulars


class Settled(NamedTuple):
    """What settlements have paid out in all, by role, and what the last of them was decided by: when, and which facts.

    A refund changes the legs alone: what should have been paid is found as it would have been found then. `facts` are
    there only where the settlement may have read some.
    """

    legs: Legs
    at: Instant
    facts: Facts | None


class Deadline(NamedTuple):
    """When something happens by itself, and why then. As text it says both, and in whose zone days were counted."""

    at: Instant
    why: Why
    zone: str = ""

    def __str__(self) -> str:
        where = f" in {self.zone}" if self.why.is_zoned else ""
        return f"{to_text(self.at)}, because {self.why}{where}"


class Lesson(NamedTuple):
    """One version of a lesson. `at` is when it counts; `held` is in escrow afterwards; `legs` is what moved.

    A leg is (role, minor units): positive out of the lesson's escrow to that party, negative into it. `facts` are
    those that were used, `timeline` holds the anchors something may still read. `meeting` is there once it is made,
    `problem` while one is open. `settled` is what settlements have paid out so far; before any, None.
    """

    brief: Brief
    number: int
    at: Instant
    step: Step
    place: Place
    command: Command | None
    terms: Terms
    change: Change | None
    rounds: int
    held: int
    legs: Legs
    due: Instant | None
    why: Why | None
    timeline: Mapping[str, Instant]
    facts: Facts | None
    meeting: Meeting | None
    problem: Problem | None
    settled: Settled | None

    def __repr__(self) -> str:
        brief = self.brief
        return f"<Lesson {brief.id} version {self.number}: {self.state}, {brief.student} with {brief.tutor}>"

    @property
    def id(self) -> LessonId:
        """The lesson's id."""
        return self.brief.id

    @property
    def state(self) -> str:
        """The name of the state in which the lesson stands."""
        return self.place.state.name

    @property
    def over(self) -> bool:
        """Whether nothing more happens by itself; asides may still be open."""
        return self.place.state.over

    @property
    def waits_for(self) -> Role | None:
        """Whose turn it is: that of an open change before that of the lesson."""
        return self.place.state.waits_for if self.change is None else self.change.place.state.waits_for

    @property
    def proposal(self) -> int:
        """The number of the proposal that an answer would answer now."""
        return self.terms.number if self.change is None else self.change.terms.number

    @property
    def machine(self) -> Machine:
        """The compiled process under which this lesson runs."""
        return self.place.machine


def next_timeout(lesson: Lesson) -> tuple[Instant | None, Why | None]:
    """Return when a timeout is due next, and which. On a tie the lesson's own comes before that of its open change.

    Where the state yields, only that of the change counts for as long as it is open.
    """
    due, change = lesson.due, lesson.change
    if change is not None:
        if lesson.place.state.yields:
            return change.due, change.why
        if change.due is not None and (due is None or change.due < due):
            return change.due, change.why
    return due, lesson.why


def next_deadline(lesson: Lesson) -> Deadline | None:
    """Return what is due next and why, or None."""
    due, why = next_timeout(lesson)
    return None if due is None or why is None else Deadline(due, why, lesson.brief.zone)
