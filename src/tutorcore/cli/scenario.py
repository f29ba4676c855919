"""Scenarios: a policy, people, and what they do when, written down to be played.

A scenario is a value: everything in it has been checked, so that playing it meets no mistake half-way, only refusals,
and those are answers. The names of lessons are the scenario's own; in the store they carry its id before them, and so
do the keys of its commands, which count positions and not contents: a run that was cut short can be repeated on the
same store, and a step that was rewritten meanwhile is noticed.

Some steps are about no lesson: those that fill a wallet or sweep, those about how a tutor stands, and those about what
a tutor has earned. Their verbs are the same under every policy.

Knows what a scenario is; `reading` reads one from a file, `running` plays it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal, TypeAlias

import attrs

from tutorcore.calendar.schedules.schedule import Schedule
from tutorcore.ids import Key, LessonId, PartyId, command_key
from tutorcore.instants import Instant
from tutorcore.lessons.lesson import Offer, Particulars
from tutorcore.money import Money
from tutorcore.payouts import APPLY, PAID, RETURNED, SPEND, WITHDRAW
from tutorcore.policy.process import Process
from tutorcore.policy.restrictions import Restriction
from tutorcore.policy.roles import Role
from tutorcore.ports.meetings import MeetingProvider
from tutorcore.standing import STANDING_VERBS

TOP_UP: Literal["top_up"] = "top_up"
SWEEP: Literal["sweep"] = "sweep"
EARNINGS: Final = (APPLY, WITHDRAW, SPEND, PAID, RETURNED)
OF_THE_MARKETPLACE: Final = (TOP_UP, SWEEP, *STANDING_VERBS, *EARNINGS)
"""What can be done under any policy, because it is about no lesson."""
BETWEEN = "--"
"""What stands between a scenario's id and a lesson's name; neither an id nor a name contains it."""


@attrs.frozen
class Person:
    """A party of the scenario; `wallet` is what is in the wallet when it begins, `schedule` when a tutor is free.

    `name` is how letters call them, `locale` the language in which they read their own.
    """

    id: PartyId
    zone: str
    wallet: Money | None = None
    grants: tuple[Role, ...] = ()
    permissions: tuple[str, ...] = ()
    schedule: Schedule | None = None
    name: str = ""
    locale: str = "en"


@attrs.frozen
class Meetings:
    """Who makes the meetings of the lessons, and the party, granted `system`, that tells the lessons of them."""

    by: PartyId
    provider: MeetingProvider


@attrs.frozen
class TopUp:
    """Money reaches the wallet of whoever does this."""

    amount: Money


@attrs.frozen
class Sweep:
    """The sweeper runs."""

    grace: timedelta = timedelta(0)


@attrs.frozen
class Ask:
    """The opening move: somebody asks for a lesson. Without a `payer` the engine says who pays."""

    lesson: LessonId
    student: PartyId
    tutor: PartyId
    payer: PartyId | None
    start: Instant
    duration: timedelta
    price: Money
    kind: str = ""
    details: tuple[tuple[str, str], ...] = ()
    note: str = ""


@attrs.frozen
class Act:
    """Any other verb of the policy."""

    lesson: LessonId
    proposal: int | None = None
    offer: Offer | None = None
    reason: str = ""
    note: str = ""
    particulars: Particulars | None = None


@attrs.frozen
class Handle:
    """What an agent, or the tutor, does about how a tutor stands; each verb says one of the first three, or none."""

    tutor: PartyId
    report: int | None = None
    counter: str | None = None
    effect: Restriction | None = None
    reason: str = ""
    case: str = ""
    note: str = ""


@attrs.frozen
class Earn:
    """What becomes of a tutor's earnings: an amount is taken out or spent, or a transfer ends.

    `withdrawal` is the scenario's own name for what is taken out; the store calls it otherwise.
    """

    amount: Money | None = None
    withdrawal: str = ""
    reason: str = ""


Action: TypeAlias = TopUp | Sweep | Ask | Act | Handle | Earn


@attrs.frozen
class Step:
    """One thing that happens at `at`. `expect` is the answer that the scenario itself foresees: `ok`, or a refusal."""

    number: int
    at: Instant
    who: PartyId | None
    do: str
    action: Action
    expect: str | None = None

    @property
    def lesson(self) -> LessonId | None:
        """The lesson that this is about, if it is about one."""
        return self.action.lesson if isinstance(self.action, Ask | Act) else None


@attrs.frozen
class Scenario:
    """A whole scenario; `at` is when the wallets of its people are filled, `zone` that of the platform."""

    id: str
    title: str
    about: str
    process: Process
    zone: str
    at: Instant
    people: tuple[Person, ...]
    steps: tuple[Step, ...]
    meetings: Meetings | None = None

    @property
    def end(self) -> Instant:
        """When the last thing happens."""
        return self.steps[-1].at if self.steps else self.at

    def key(self, *position: object) -> Key:
        """Return the key of what stands at a position, such as a step's number."""
        return command_key("/".join(["play", self.id, *map(str, position)]))

    def name_of(self, lesson: LessonId) -> str:
        """Return what the scenario calls a lesson; another scenario's keeps its whole id."""
        return lesson.removeprefix(f"{self.id}{BETWEEN}")

    def person(self, id: str) -> Person | None:
        """Return the person with that id, or None."""
        return next((person for person in self.people if person.id == id), None)
