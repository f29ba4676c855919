"""People who ask, answer, change their minds and come too late: the next thing that somebody might do.

What they do is a value (`Ask`, `Act`, `Pay`) that can be carried out on several marketplaces and carried out again. All
chance comes in as an argument, so that Hypothesis, a seeded generator or a simulation can play these people.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final, Protocol, TypeAlias, TypeVar

import attrs

from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.instants import MICROSECOND, Instant
from tutorcore.lessons.lesson import Lesson, Offer, next_deadline
from tutorcore.lessons.options import Option
from tutorcore.money import Money
from tutorcore.policy.process import FIELDS, Process
from tutorcore.policy.roles import Role

T = TypeVar("T")

HOUR: Final = timedelta(hours=1)
DURATIONS: Final = (timedelta(minutes=30), HOUR, timedelta(minutes=90), timedelta(minutes=50))
PRICES: Final = (0, 1, 2, 3, 7, 33, 99, 100, 101, 250, 2500, 9999, 10**12)
ZONES: Final = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # Half an hour forward, half an hour back.
    "Africa/Cairo",  # Midnight does not exist once a year.
    "America/St_Johns",
    "Pacific/Apia",
    "Asia/Kathmandu",
)
KINDS: Final = ("", "trial", "regular")
# Whole hours, so that lessons meet; around every number of hours that the samples name.
HOURS_AHEAD: Final = (1, 2, 3, 5, 12, 23, 24, 25, 30, 47, 48, 49, 50, 54, 72, 73, 80, 96, 120, 240)


class Chance(Protocol):
    """Whatever chooses: one method, because everything can be said as a choice among several."""

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options; there is at least one."""


@attrs.frozen
class World:
    """The people of a marketplace, and the zones in which they and the platform live."""

    zones: tuple[tuple[str, str], ...]
    platform: str = "UTC"
    tutors: tuple[str, ...] = ("tom", "tess")
    students: tuple[str, ...] = ("ann", "ben", "tess")
    parents: tuple[str, ...] = ("pam",)
    grants: tuple[tuple[str, tuple[Role, ...]], ...] = (("olga", ("operator",)), ("ada", ("admin", "agent")))

    @property
    def everybody(self) -> tuple[str, ...]:
        """Every party, in a fixed order."""
        granted = (name for name, _ in self.grants)
        return tuple(dict.fromkeys((*self.tutors, *self.students, *self.parents, *granted)))

    @property
    def payers(self) -> tuple[str, ...]:
        """Whoever may have to pay."""
        return tuple(dict.fromkeys((*self.students, *self.parents)))

    def enter(self, market: Marketplace) -> None:
        """Register everybody."""
        zones, grants = dict(self.zones), dict(self.grants)
        for party in self.everybody:
            market.add_party(party, zone=zones.get(party, self.platform), grants=grants.get(party, ()))


@attrs.frozen
class Pay:
    """Money for somebody's wallet."""

    party: str
    amount: Money

    def on(self, market: Marketplace, key: str, now: Instant) -> Outcome:
        """Do it."""
        return market.top_up(self.party, self.amount, key=key, now=now)


@attrs.frozen
class Ask:
    """A request for a lesson."""

    lesson: str
    policy: str
    verb: str
    student: str
    tutor: str
    payer: str
    by: str
    start: Instant
    duration: timedelta
    price: Money
    kind: str = ""

    def on(self, market: Marketplace, key: str, now: Instant) -> Outcome:
        """Do it."""
        return market.request(
            student=self.student,
            tutor=self.tutor,
            payer=self.payer,
            by=self.by,
            start=self.start,
            duration=self.duration,
            price=self.price,
            kind=self.kind,
            policy=self.policy,
            verb=self.verb,
            lesson=self.lesson,
            key=key,
            now=now,
        )


@attrs.frozen
class Act:
    """Any verb about a lesson."""

    verb: str
    lesson: str
    by: str
    proposal: int | None = None
    offer: Offer | None = None
    reason: str = ""

    def on(self, market: Marketplace, key: str, now: Instant) -> Outcome:
        """Do it."""
        return market.act(
            self.verb,
            self.lesson,
            by=self.by,
            proposal=self.proposal,
            offer=self.offer,
            reason=self.reason,
            key=key,
            now=now,
        )


Deed: TypeAlias = Pay | Ask | Act


def full_hour(at: Instant) -> Instant:
    """Return the full hour at or before `at`."""
    return at.replace(minute=0, second=0, microsecond=0)


def payment(world: World, market: Marketplace, currency: str, chance: Chance) -> Pay:
    """Return a payment into somebody's wallet."""
    unit = market.currencies.get(currency)
    return Pay(chance.pick(world.payers), Money(chance.pick((1, 99, 100, 500, 2500, 10_000, 10**12)), unit))


def question(
    world: World,
    market: Marketplace,
    process: Process,
    lesson: str,
    others: Sequence[Lesson],
    now: Instant,
    chance: Chance,
) -> Ask:
    """Return a request under a policy, mostly by somebody who may ask; sometimes for a time that is taken."""
    starts = [full_hour(now) + chance.pick(HOURS_AHEAD) * HOUR] * 4
    if others:
        starts.append(chance.pick(others).terms.start + chance.pick((-HOUR / 2, timedelta(0), HOUR)))
    student = chance.pick(world.students)
    tutor = chance.pick([each for each in world.tutors if each != student])
    by = chance.pick((*[student] * 12, *world.parents * 4, chance.pick(world.everybody)))
    unit = market.currencies.get(process.unit.code)
    return Ask(
        lesson,
        process.name,
        process.opening.verb,
        student,
        tutor,
        student if by == tutor else chance.pick((student, by)),
        by,
        chance.pick(starts),
        chance.pick(DURATIONS),
        Money(chance.pick(PRICES), unit),
        chance.pick(KINDS),
    )


def deed(option: Option, lesson: Lesson, by: str, now: Instant, chance: Chance) -> Act:
    """Return the move of an option with all that it needs; new terms are drawn among those it may change."""
    offer = counter(lesson, option.verb, now, chance) if "offer" in option.needs else None
    return Act(option.verb, lesson.id, by, option.proposal, offer, "a good one" if "reason" in option.needs else "")


def whim(world: World, lesson: Lesson, now: Instant, chance: Chance) -> Act:
    """Return any verb by anybody with any arguments: mostly something that must be refused."""
    verb = chance.pick(lesson.machine.process.verbs)
    number = lesson.proposal
    return Act(
        verb,
        lesson.id,
        chance.pick((lesson.brief.student, lesson.brief.tutor, *world.everybody)),
        chance.pick((None, number, number, number - 1, number + 1)),
        chance.pick((None, counter(lesson, verb, now, chance), Offer(kind=chance.pick(KINDS)), Offer())),
        chance.pick(("", "a good one")),
    )


def counter(lesson: Lesson, verb: str, now: Instant, chance: Chance) -> Offer:
    """Return other terms for a lesson, in fields that the rows of this verb let one change."""
    places = [lesson.place] if lesson.change is None else [lesson.change.place, lesson.place]
    rows = next((place.moves[verb] for place in places if verb in place.moves), ())
    fields = [name for name in FIELDS if any(name in row.rule.effects.may_change for row in rows)] or ["start"]
    chosen = (chance.pick(fields), chance.pick(fields))
    return Offer(
        full_hour(now) + chance.pick(HOURS_AHEAD) * HOUR if "start" in chosen else None,
        chance.pick(DURATIONS) if "duration" in chosen else None,
        chance.pick(PRICES) if "price" in chosen else None,
        chance.pick(KINDS) if "kind" in chosen else None,
        {"topic": chance.pick(KINDS)} if "details" in chosen else None,
    )


def moments(lessons: Iterable[Lesson], now: Instant) -> list[Instant]:
    """Return instants after `now` that matter to these lessons: just before, exactly at and just after each."""
    found: set[Instant] = set()
    for lesson in lessons:
        deadline = next_deadline(lesson)
        found.update((lesson.terms.start, lesson.terms.end))
        if deadline is not None:
            found.add(deadline.at)
        if lesson.due is not None:
            found.add(lesson.due)
        if lesson.change is not None:
            found.add(lesson.change.terms.start)
    return sorted({at + step for at in found for step in (-MICROSECOND, timedelta(0), MICROSECOND) if at + step > now})
