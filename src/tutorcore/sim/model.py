"""The model: what a study assumes about people, in values that can be compared, pickled and printed.

A study says who asks for lessons and when, how long people take to answer and what they answer, and what they do of
their own accord. It says nothing about deadlines, money or faults: those are a policy's, and the engine's. Verbs,
states, reasons and roles are names of policies; what one policy does not know is simply not done under it.

Two ways of doing something:

* a **turn** answers: whenever it becomes a role's turn (a request, a counter-offer, an open change, a problem), that
  role takes a time of its own and then does one thing, or lets it be;
* an **act** is an intention: drawn once a lesson, the same under every policy, carried out at an instant before or
  after something that happens to the lesson.

Whatever is refused stays undone and is counted. Times are seconds, prices whole units of each policy's currency.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal, TypeAlias, get_args

import attrs
from attrs.validators import deep_iterable, in_, instance_of, optional

from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import Instant, instant
from tutorcore.lessons.lesson import NO_DETAILS, Particulars
from tutorcore.policy.process import REMEDIES, Remedy
from tutorcore.policy.roles import BOUND_ROLES, ROLES, Role
from tutorcore.policy.settlement import Settlement
from tutorcore.sim.distributions import Distribution, Fixed, Weighted, number

Side: TypeAlias = Literal["before", "after"]
Anchor: TypeAlias = Literal["asked", "agreed", "start", "end"]

SIDES: Final[tuple[Side, ...]] = get_args(Side)
ANCHORS: Final[tuple[Anchor, ...]] = get_args(Anchor)
MOST_PEOPLE: Final = 100_000
MOST_REPLICATIONS: Final = 10_000
MOST_DAYS: Final = 3660
MOST_PER_DAY: Final = 100_000
LEAST_PER_DAY: Final = 1e-6
MOST_LISTED: Final = 100
"""How many turns a study may have, how many acts, and between how many deeds a turn may choose."""

MOST_REQUESTS: Final = 200_000
"""How many lessons one replication may have on the average: they are all kept until it is over, some 9 kB each."""

MOST_OF_A_TUTOR: Final = 5_000
"""How many of them may be one tutor's: whatever counts lapses looks at all of a tutor's again with each new one."""

MOST_STEPS: Final = 20_000_000
"""How much a study may be altogether: an hour or two for one processor."""

_NOTHING_SAID: Final = Particulars()


def _chance(_self: object, field: attrs.Attribute[float], value: float) -> None:
    if number(value, field.name) > 1:
        raise InvalidValue(field.name, value, "a share from 0 to 1")


def _whole(least: int, most: int) -> attrs._ValidatorType[int]:
    def check(_self: object, field: attrs.Attribute[int], value: int) -> None:
        if type(value) is not int:
            raise InvalidType(field.name, value, "a whole number")
        if not least <= value <= most:
            raise InvalidValue(field.name, value, f"a whole number from {least} to {most}")

    return check


def _listed(what: str, found: tuple[object, ...]) -> None:
    if len(found) > MOST_LISTED:
        raise InvalidValue(f"number of {what}", len(found), f"at most {MOST_LISTED}")


def _start(value: Instant | str) -> Instant:
    return instant(value, "start")


@attrs.frozen
class Shift:
    """Some time before or after something."""

    by: Distribution
    side: Side = attrs.field(default="after", validator=in_(SIDES))


@attrs.frozen
class Deed:
    """Something that somebody does to a lesson: a verb, and what is said with it.

    Numbers of proposals are filled in from what is on the table. `start` moves the terms on the table, `price_times`
    multiplies their price: what is left out stays. `remedy`, `split` and `blamed` are for problems and disputes,
    `details` for reviews and evidence; together they are the `particulars` of the command.
    """

    verb: str
    reason: str = attrs.field(default="", kw_only=True)
    start: Shift | None = attrs.field(default=None, kw_only=True)
    price_times: Distribution | None = attrs.field(default=None, kw_only=True)
    remedy: Remedy | None = attrs.field(default=None, kw_only=True, validator=optional(in_(REMEDIES)))
    split: Settlement | None = attrs.field(default=None, kw_only=True, validator=optional(instance_of(Settlement)))
    blamed: Role | None = attrs.field(default=None, kw_only=True, validator=optional(in_(BOUND_ROLES)))
    details: tuple[tuple[str, str], ...] = attrs.field(default=NO_DETAILS, kw_only=True)
    particulars: Particulars | None = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        said = Particulars(details=self.details, split=self.split, blamed=self.blamed, remedy=self.remedy)
        object.__setattr__(self, "particulars", None if said == _NOTHING_SAID else said)

    @property
    def offers(self) -> bool:
        """Whether it puts other terms on the table."""
        return self.start is not None or self.price_times is not None


@attrs.frozen
class Turn:
    """What a role does when it is its turn: `after` some time one of `does`, by its chance; the rest is silence.

    `states` are those in which the lesson (or its open change) waits for the role; none named means all. Of several
    turns the first that fits counts. Time and choice are drawn anew each time that something else waits for the role:
    another state, another proposal. A role of the marketplace itself (operator, agent) is played by one person.
    """

    role: Role = attrs.field(validator=in_(ROLES))
    after: Distribution
    does: tuple[tuple[Deed, float], ...] = attrs.field()
    states: tuple[str, ...] = ()

    @does.validator
    def _check_chances(self, field: attrs.Attribute[object], does: tuple[tuple[Deed, float], ...]) -> None:
        total = sum(number(chance, "chance") for _, chance in does)
        if total > 1 + 1e-9:
            raise InvalidValue(field.name, round(total, 9), "chances that add up to at most 1; the rest is silence")
        _listed(field.name, does)


@attrs.frozen
class Act:
    """What somebody intends with a lesson: with this `chance`, at an instant `shift` before or after the `anchor`.

    Whether and when is drawn once a lesson, the same under every policy. `agreed` is the instant at which both sides
    are first bound to the terms; `start` and `end` are those of the terms on the table or agreed, and move with them.
    An intention whose instant has passed before it is known comes to nothing, and so does one about a lesson that is
    over and where the verb is open no more.

    `unless` and `only_if` name acts that stand before this one: intended together with none of those, or with one of
    these. An act without a `deed` only says that something is so (the student is not there), for others to name.
    """

    name: str
    role: Role = attrs.field(validator=in_(ROLES))
    deed: Deed | None
    chance: float = attrs.field(default=1.0, validator=_chance)
    anchor: Anchor = attrs.field(default="start", validator=in_(ANCHORS))
    shift: Shift = Shift(Fixed(0))
    unless: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    only_if: tuple[str, ...] = attrs.field(default=(), kw_only=True)


@attrs.frozen
class Standings:
    """What people do about how tutors stand, where a policy counts lapses; what is None nobody ever does.

    A tutor `shows` a hidden profile again so long after that may be done. An agent `handles` a report so long after it
    was raised, and dismisses this share of them (`dismisses`); the rest is recorded. What only the platform may lift it
    `lifts` after that time.
    """

    shows: Distribution | None = None
    handles: Distribution | None = None
    dismisses: float = attrs.field(default=0.0, validator=_chance)
    lifts: Distribution | None = None


@attrs.frozen
class People:
    """Who there is: so many tutors and students, their time zones, and what the marketplace allows all of them."""

    tutors: int = attrs.field(validator=_whole(1, MOST_PEOPLE))
    students: int = attrs.field(validator=_whole(1, MOST_PEOPLE))
    zones: Weighted[str] = Weighted((("UTC", 1),))
    permissions: frozenset[str] = attrs.field(default=frozenset(), validator=instance_of(frozenset))


@attrs.frozen
class Requests:
    """Who asks for what: lessons asked for at any moment, `per_day` on the average, by a student of a tutor.

    A lesson starts `lead` after it is asked for, at the next instant on the `grid` (counted from midnight UTC); it
    lasts for `duration` and costs `price`, in whole units of the policy's currency. `kinds` are those that policies may
    tell apart, such as `trial`; mostly there is one without a name.
    """

    per_day: float
    lead: Distribution
    duration: Distribution
    price: Distribution
    grid: timedelta = timedelta(minutes=30)
    kinds: Weighted[str] = Weighted((("", 1),))

    def __attrs_post_init__(self) -> None:
        if number(self.per_day, "per_day", above=True) > MOST_PER_DAY:
            raise InvalidValue("per_day", self.per_day, f"at most {MOST_PER_DAY} requests a day")
        if self.per_day < LEAST_PER_DAY:
            raise InvalidValue("per_day", self.per_day, f"at least {LEAST_PER_DAY:f} requests a day")
        if self.grid <= timedelta(0) or timedelta(days=1) % self.grid or self.grid.microseconds:
            raise InvalidValue("grid", str(self.grid), "whole seconds that divide a day, such as 30m")


@attrs.frozen
class Study:
    """What is to be simulated: this world, so often, under each of these policies; the first is what others are
    compared with. Lessons are asked for during `days` from `start` on, and each is followed to its end.
    """

    name: str
    seed: int = attrs.field(validator=_whole(0, 2**63 - 1))
    replications: int = attrs.field(validator=_whole(1, MOST_REPLICATIONS))
    start: Instant = attrs.field(converter=_start)
    days: int = attrs.field(validator=_whole(1, MOST_DAYS))
    policies: tuple[str, ...] = attrs.field(validator=deep_iterable(instance_of(str), instance_of(tuple)))
    people: People
    requests: Requests
    turns: tuple[Turn, ...] = attrs.field(default=())
    acts: tuple[Act, ...] = attrs.field(default=())
    standings: Standings = Standings()

    @property
    def lessons(self) -> float:
        """How many lessons one replication has on the average."""
        return self.requests.per_day * self.days

    @property
    def steps(self) -> int:
        """About how much there is to do: in every replication under every policy one step for each person, and for each
        lesson one, another for each act that may befall it, and another for every hundred lessons of its tutor.
        """
        people, of_a_tutor = self.people.tutors + self.people.students, self.lessons / self.people.tutors
        run = people + self.lessons * (1 + len(self.acts) + of_a_tutor / 100)
        return round(self.replications * len(self.policies) * run)

    def __attrs_post_init__(self) -> None:
        if self.lessons > MOST_REQUESTS:
            raise InvalidValue("number of lessons", round(self.lessons), f"at most {MOST_REQUESTS} in a replication")
        if self.lessons > MOST_OF_A_TUTOR * self.people.tutors:
            each = round(self.lessons / self.people.tutors)
            raise InvalidValue("number of lessons of each tutor", each, f"at most {MOST_OF_A_TUTOR} in a replication")
        if self.steps > MOST_STEPS:
            expected = (
                f"at most {MOST_STEPS}: in every replication under every policy one for each person, and for each "
                "lesson one, another for each act, and another for every hundred lessons of its tutor"
            )
            raise InvalidValue("number of steps", self.steps, expected)

    @turns.validator
    def _check_turns(self, field: attrs.Attribute[object], turns: tuple[Turn, ...]) -> None:
        _listed(field.name, turns)

    @acts.validator
    def _check_names(self, field: attrs.Attribute[object], acts: tuple[Act, ...]) -> None:
        _listed(field.name, acts)
        known: list[str] = []
        for act in acts:
            if act.name in known:
                raise InvalidValue("name of an act", act.name, "another name: each act has one of its own")
            for other in (*act.unless, *act.only_if):
                if other not in known:
                    raise UnknownName(f"act named by {act.name} (those before it)", other, known)
            known.append(act.name)
