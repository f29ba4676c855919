"""People who ask, answer, change their minds and come too late: the next thing that somebody might do.

What they do is a value (`Ask`, `Act`, `Pay`) that can be carried out on several marketplaces and carried out again. All
chance comes in as an argument, so that Hypothesis, a seeded generator or a simulation can play these people.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cache
from typing import Final, Protocol, TypeAlias, TypeVar

import attrs

from tutorcore.calendar.schedules.schedule import WEEKDAYS, Booking, Schedule, WeeklyRule, Window
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.instants import MICROSECOND, Instant
from tutorcore.lessons.lesson import Lesson, Offer, Particulars, next_deadline
from tutorcore.lessons.options import Option
from tutorcore.lessons.projections import reminders_of
from tutorcore.money import Money
from tutorcore.policy.expressions import Comparison, Field, Text, walk
from tutorcore.policy.machine import Machine
from tutorcore.policy.process import FIELDS, REMEDIES, Move, Process, Remedy
from tutorcore.policy.roles import Role
from tutorcore.policy.settlement import Settlement

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
# When people come: as early as the samples let them, and at the end of what still counts as on time.
EARLY: Final = timedelta(minutes=10)
LATE: Final = timedelta(minutes=5)
_WORDS: Final[tuple[Remedy | None, ...]] = (None, *REMEDIES)
LINKS: Final = (("student", "https://meet.example/s"), ("tutor", "https://meet.example/t"))
SPLITS: Final = (
    Settlement.of({"student": "100%"}),
    Settlement.of({"tutor": "100%"}),
    Settlement.of({"tutor": "1/3", "platform": "1/7", "student": "rest"}),
    Settlement.of({"student": "0.01%", "tutor": "rest"}),
    Settlement.of({"student": "99.9%", "platform": "rest"}),
    Settlement.of({"tutor": "50%", "student": "50%"}),
)
REASON: Final = "a good one"
"""What is said where no particular reasons are asked for, and in vain where they are."""
BLAMED: Final[tuple[Role | None, ...]] = (None, "student", "tutor")
EVIDENCE: Final = (("photo", "https://files.example/1"),)


class Chance(Protocol):
    """Whatever chooses: one method, because everything can be said as a choice among several."""

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options; there is at least one."""


@attrs.frozen
class World:
    """The people of a marketplace, and the zones in which they and the platform live.

    `permissions` are what policies ask about; `scheduled` are the tutors whose hours are registered: the day by their
    own clock, with a pause after each lesson and at most three lessons a day. The others keep their hours elsewhere.
    """

    zones: tuple[tuple[str, str], ...]
    platform: str = "UTC"
    tutors: tuple[str, ...] = ("tom", "tess")
    students: tuple[str, ...] = ("ann", "ben", "tess")
    parents: tuple[str, ...] = ("pam",)
    grants: tuple[tuple[str, tuple[Role, ...]], ...] = (
        ("olga", ("operator",)),
        ("ada", ("admin", "agent")),
        ("robot", ("system",)),
    )
    permissions: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("tom", ("meeting_provider",)),
        ("tess", ("meeting_provider",)),
        ("ann", ("can_request_sessions",)),
        ("pam", ("can_request_sessions:ann", "can_request_sessions:ben")),
    )
    scheduled: tuple[str, ...] = ("tess",)

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
        zones, grants, permissions = dict(self.zones), dict(self.grants), dict(self.permissions)
        for party in self.everybody:
            market.add_party(
                party,
                zone=zones.get(party, self.platform),
                grants=grants.get(party, ()),
                permissions=permissions.get(party, ()),
            )
        for tutor in self.scheduled:
            market.set_schedule(tutor, daytime(zones.get(tutor, self.platform)))


def daytime(zone: str) -> Schedule:
    """Return a schedule of every day from eight to eight, with starts on the quarter hours."""
    booking = Booking(after=timedelta(minutes=15), step=timedelta(minutes=15), most_per_day=3)
    return Schedule(zone, tuple(WeeklyRule(day, Window.of("08:00", "20:00")) for day in WEEKDAYS), booking=booking)


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
    payer: str | None
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
    particulars: Particulars | None = None

    def on(self, market: Marketplace, key: str, now: Instant) -> Outcome:
        """Do it."""
        return market.act(
            self.verb,
            self.lesson,
            by=self.by,
            proposal=self.proposal,
            offer=self.offer,
            reason=self.reason,
            particulars=self.particulars,
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
        process.verb_of_opening,
        student,
        tutor,
        _payer(world, student, tutor, by, chance),
        by,
        chance.pick(starts),
        chance.pick(DURATIONS),
        Money(chance.pick(PRICES), unit),
        chance.pick(KINDS),
    )


def _payer(world: World, student: str, tutor: str, by: str, chance: Chance) -> str:
    """Whoever asks pays, or the student for whom the marketplace's own people ask."""
    if by == tutor:
        return student
    return chance.pick((student, by)) if by in dict(world.grants) else by


def deed(option: Option, lesson: Lesson, by: str, now: Instant, chance: Chance) -> Act:
    """Return the move of an option with all that it needs; new terms are drawn among those it may change."""
    offer = counter(lesson, option.verb, now, chance) if "offer" in option.needs else None
    may_say = "remedy" in option.needs and chance.pick(range(4)) == 0
    reason = chance.pick(reasons(lesson.machine)) if "reason" in option.needs or may_say else ""
    said = _particulars(option, lesson, now, chance)
    return Act(option.verb, lesson.id, by, option.proposal, offer, reason, said)


def _particulars(option: Option, lesson: Lesson, now: Instant, chance: Chance) -> Particulars | None:
    """What an option needs besides: whom a fact is about, a meeting's links, a decision about money."""
    if "subject" in option.needs:
        begun = min(now, lesson.terms.start)
        seen = chance.pick((None, now - MICROSECOND, begun, begun))
        return Particulars(chance.pick(("student", "tutor")), seen, "video")
    if "details" in option.needs:
        return Particulars(source="video", details=LINKS)
    if "evidence" in option.needs:
        return Particulars(details=EVIDENCE)
    if "remedy" in option.needs:
        remedy = chance.pick(option.remedies)
        split = chance.pick(option.choices or SPLITS) if remedy == "split" else None
        return Particulars(split=split, blamed=chance.pick(BLAMED), remedy=remedy)
    if "split" in option.needs:
        return Particulars(split=chance.pick(option.choices or SPLITS), blamed=chance.pick(BLAMED))
    return None


@cache
def reasons(machine: Machine) -> tuple[str, ...]:
    """Return the reasons that the guards of a process know, each as often as one names it; some one where none does."""
    moves = [*machine.process.openings, *(row for state in machine.process.states for row in state.rows)]
    guards = [case.when for row in moves for case in row.effects.cases]
    guards += [move.when for move in moves if isinstance(move, Move)]
    nodes = [node for guard in guards if guard is not None for node in walk(guard)]
    compared = [(node.left, node.right) for node in nodes if isinstance(node, Comparison)]
    named = [right.value for left, right in compared if left == Field("reason") and isinstance(right, Text)]
    return tuple(filter(None, named)) or (REASON,)


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
        chance.pick(("", REASON, chance.pick(reasons(lesson.machine)))),
        chance.pick(
            (
                None,
                None,
                Particulars("tutor"),
                Particulars("student", now + chance.pick((-MICROSECOND, timedelta(0), MICROSECOND)), "video"),
                Particulars(source="video", details=LINKS),
                Particulars(split=chance.pick(SPLITS), blamed="tutor"),
                Particulars(details=EVIDENCE, remedy=chance.pick(_WORDS)),
                Particulars(split=chance.pick(SPLITS), blamed=chance.pick(BLAMED), remedy=chance.pick(_WORDS)),
            )
        ),
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
        deadline, terms = next_deadline(lesson), lesson.terms
        found.update((terms.start, terms.start + terms.duration // 3, terms.end))
        if any(row.records == "joined" for row in lesson.place.moves.get("join", ())):
            found.update((terms.start - EARLY, terms.start + LATE))
        if deadline is not None:
            found.add(deadline.at)
        if lesson.due is not None:
            found.add(lesson.due)
        if lesson.change is not None:
            found.add(lesson.change.terms.start)
        found.update(reminded.at for reminded in reminders_of(lesson))
    return sorted({at + step for at in found for step in (-MICROSECOND, timedelta(0), MICROSECOND) if at + step > now})
