"""From expressions to closures: what a policy asks at run time, answered in a few hundred nanoseconds.

Every closure takes the same eight positional arguments, whatever it reads:

    now        the instant of the move or timeout (a timeout's own stamp, never the time of recording)
    terms      the terms on the table, or the agreed ones
    offer      the terms of the open change, or None
    rounds     how many offers there were
    timeline   the instants a lesson keeps, by the canonical text of their anchor
    brief      what never changes: `created`, and `zone`, the frozen name of the policy's zone
    command    what is being asked, with its `reason` and `particulars`; None in a timeout
    facts      what was supplied from outside: `counts` (of marks, of microseconds taught) by the canonical text of the
               term, and `has`, the canonical texts of the supplied guards that hold; None if nothing is read

A deadline also knows why: its closure returns the instant together with the reason object of the branch that decided.
Branches are numbered from left to right through `earliest`, `latest` and `if`; of equal instants the first listed wins.

On entering a state, anchors such as `asked` and `entered` *are* the move's own instant. The caller names those in
`dated`, and the closure reads `now` for them; all others come from the timeline. A test for absence is made only where
something can be absent. In a reminder the caller puts `deadline` into the timeline it passes.

This module evaluates; it neither parses nor keeps anything. Forms that need a calendar load it when they are compiled.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import count as counter
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar, assert_never, cast

from tutorcore.errors import InvariantError
from tutorcore.instants import MICROSECOND, Instant
from tutorcore.policy.analysis import between_instants, literal_last, may_be_absent
from tutorcore.policy.expressions import (
    Always,
    Amount,
    Anchor,
    And,
    AtTime,
    Calendar,
    Comparison,
    Count,
    Earliest,
    Elapsed,
    EndOfDay,
    Exact,
    Field,
    Guard,
    Has,
    If,
    Latest,
    Met,
    Not,
    Number,
    Operand,
    Operator,
    Or,
    Portion,
    Restricted,
    Shift,
    StartOfDay,
    Taught,
    Text,
    Time,
)
from tutorcore.policy.parsing import ExpressionError


class TermsRead(Protocol):
    """What expressions read of the terms of a lesson."""

    @property
    def start(self) -> Instant:
        """When the lesson begins."""
        ...

    @property
    def end(self) -> Instant:
        """When it ends."""
        ...

    @property
    def price(self) -> int:
        """Its price in minor units of the policy's currency."""
        ...

    @property
    def kind(self) -> str:
        """Its kind, as the platform names it."""
        ...


class BriefRead(Protocol):
    """What expressions read of the part of a lesson that never changes."""

    @property
    def created(self) -> Instant:
        """When the lesson was asked for."""
        ...

    @property
    def zone(self) -> str:
        """The name of the policy's zone; empty if no expression needs one."""
        ...


class ParticularsRead(Protocol):
    """What expressions read of the particulars of a command."""

    @property
    def blamed(self) -> str | None:
        """The role that the command blames, if it blames one."""
        ...

    @property
    def remedy(self) -> str | None:
        """The remedy that the command names, if it names one."""
        ...


class CommandRead(Protocol):
    """What expressions read of a command."""

    @property
    def reason(self) -> str:
        """The reason given, empty if none."""
        ...

    @property
    def particulars(self) -> ParticularsRead | None:
        """What some verbs say besides, if anything."""
        ...


class FactsRead(Protocol):
    """What expressions read of the facts supplied from outside."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many, by the canonical text of the count term; how many microseconds, by that of the time taught."""
        ...

    @property
    def has(self) -> frozenset[str]:
        """The canonical texts of the guards about permissions, restrictions and acquaintance that hold."""
        ...


T = TypeVar("T")
W = TypeVar("W")

Evaluate: TypeAlias = Callable[
    [
        Instant,
        TermsRead,
        TermsRead | None,
        int,
        Mapping[str, Instant],
        BriefRead,
        CommandRead | None,
        FactsRead | None,
    ],
    T,
]
Change: TypeAlias = Callable[[Instant, TermsRead, str], Instant]

_COMPARE: Final[dict[Operator, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def compile_time(expr: Time, *, exponent: int = 2, dated: frozenset[str] = frozenset()) -> Evaluate[Instant | None]:
    """Return the closure that evaluates a time; None means that something it needs is absent.

    `exponent` is that of the policy's currency; amounts with more decimals raise `ExpressionError`.
    """
    return _Compiler(exponent, dated).time(expr)


def compile_guard(expr: Guard, *, exponent: int = 2, dated: frozenset[str] = frozenset()) -> Evaluate[bool]:
    """Return the closure that evaluates a guard; see `compile_time` for the options."""
    return _Compiler(exponent, dated).guard(expr)


def compile_deadline(
    expr: Time,
    make_why: Callable[[int, str], W],
    *,
    exponent: int = 2,
    dated: frozenset[str] = frozenset(),
) -> Evaluate[tuple[Instant, W] | None]:
    """Return the closure that evaluates a deadline to its instant and the reason of the branch that decided.

    `make_why(branch, text)` is called here, once for each branch from left to right, with the branch's number and its
    canonical text. A deadline of which nothing is there evaluates to None: no timer runs.
    """
    return _Deadlines(_Compiler(exponent, dated), make_why).deadline(expr)


class _Compiler:
    """Compiles under one currency and one set of dated anchors."""

    def __init__(self, exponent: int, dated: frozenset[str]) -> None:
        self.exponent = exponent
        self.dated = dated

    def absent(self, *exprs: Operand) -> bool:
        """Tell whether one of the values can be missing."""
        return any(may_be_absent(expr, self.dated) for expr in exprs)

    def is_now(self, expr: Time) -> bool:
        """Tell whether a time is the instant of evaluation itself."""
        return isinstance(expr, Anchor) and (expr.name == "now" or str(expr) in self.dated)

    # Times.

    def time(self, expr: Time) -> Evaluate[Instant | None]:
        match expr:
            case Anchor():
                return _ANCHORS["now"] if self.is_now(expr) else _anchor(expr)
            case Shift():
                return self._shift(expr)
            case Earliest(terms=terms):
                return self._first(terms, operator.lt)
            case Latest(terms=terms):
                return self._first(terms, operator.gt)
            case If(when=when, then=then, otherwise=otherwise):
                return _either(self.guard(when), self.time(then), self.time(otherwise))
            case StartOfDay() | EndOfDay() | AtTime():
                return self._changed(expr.time, _day_change(expr))
            case _ as never:
                assert_never(never)

    def present(self, expr: Time) -> Evaluate[Instant]:
        """Return the closure of a time that cannot be absent, as the caller has made sure."""
        return cast("Evaluate[Instant]", self.time(expr))

    def _shift(self, expr: Shift) -> Evaluate[Instant | None]:
        earlier = expr.sign == "-"
        match expr.by:
            case Exact(delta=delta):
                return self._moved(expr.time, -delta if earlier else delta)
            case Calendar():
                return self._changed(expr.time, _calendar_change(expr.by, -1 if earlier else 1))
            case Portion():
                return self._changed(expr.time, _portion_change(expr.by, -1 if earlier else 1))
            case _ as never:
                assert_never(never)

    def _moved(self, time: Time, by: timedelta) -> Evaluate[Instant | None]:
        if self.is_now(time):
            return lambda now, terms, offer, rounds, timeline, brief, command, facts: now + by
        match time:
            case Anchor(name="lesson.start"):
                return lambda now, terms, offer, rounds, timeline, brief, command, facts: terms.start + by
            case Anchor(name="lesson.end"):
                return lambda now, terms, offer, rounds, timeline, brief, command, facts: terms.end + by
        if self.absent(time):
            return self._changed(time, lambda when, terms, zone: when + by)
        read = self.present(time)
        return lambda now, terms, offer, rounds, timeline, brief, command, facts: (
            read(now, terms, offer, rounds, timeline, brief, command, facts) + by
        )

    def _changed(self, time: Time, change: Change) -> Evaluate[Instant | None]:
        if self.absent(time):
            maybe = self.time(time)
            return lambda now, terms, offer, rounds, timeline, brief, command, facts: (
                None
                if (when := maybe(now, terms, offer, rounds, timeline, brief, command, facts)) is None
                else change(when, terms, brief.zone)
            )
        read = self.present(time)
        return lambda now, terms, offer, rounds, timeline, brief, command, facts: change(
            read(now, terms, offer, rounds, timeline, brief, command, facts), terms, brief.zone
        )

    def _first(self, terms: tuple[Time, ...], before: Callable[[Instant, Instant], bool]) -> Evaluate[Instant | None]:
        if len(terms) == 2 and not any(map(self.absent, terms)):
            return _first_of_two(self.present(terms[0]), self.present(terms[1]), before)
        return _first_of_many(tuple(map(self.time, terms)), before)

    # Guards.

    def guard(self, expr: Guard) -> Evaluate[bool]:
        match expr:
            case Comparison():
                return self._comparison(expr)
            case And(parts=parts):
                return _both(tuple(map(self.guard, parts)))
            case Or(parts=parts):
                return _any(tuple(map(self.guard, parts)))
            case Not(guard=inner):
                return _opposite(self.guard(inner))
            case Has() | Restricted() | Met():
                return _permitted(str(expr))
            case Always():
                return lambda now, terms, offer, rounds, timeline, brief, command, facts: True
            case _ as never:
                assert_never(never)

    def _comparison(self, expr: Comparison) -> Evaluate[bool]:
        turned = literal_last(expr)
        compare = _COMPARE[turned.op]
        match turned.right:
            case Calendar():
                # Measured as instants: such a duration has no length of its own.
                return self._comparison(cast("Comparison", between_instants(turned)))
            case Exact(delta=delta) if isinstance(turned.left, Taught):
                return self._against(turned.left, compare, delta // MICROSECOND)
            case Exact(delta=delta):
                return self._against(turned.left, compare, delta)
            case Number(value=value) | Text(value=value):
                return self._against(turned.left, compare, value)
            case Amount():
                return self._against(turned.left, compare, self._minor(expr, turned.right))
        left, right = self.operand(turned.left), self.operand(turned.right)
        if self.absent(turned.left, turned.right):
            return _if_there(left, compare, right)
        return lambda now, terms, offer, rounds, timeline, brief, command, facts: compare(
            left(now, terms, offer, rounds, timeline, brief, command, facts),
            right(now, terms, offer, rounds, timeline, brief, command, facts),
        )

    def _against(self, left: Operand, compare: Callable[[Any, Any], bool], value: object) -> Evaluate[bool]:
        match left:
            case Field(name="notice"):
                return lambda now, terms, offer, rounds, timeline, brief, command, facts: compare(
                    terms.start - now, value
                )
            case Field(name="rounds"):
                return lambda now, terms, offer, rounds, timeline, brief, command, facts: compare(rounds, value)
        read = self.operand(left)
        if self.absent(left):
            return lambda now, terms, offer, rounds, timeline, brief, command, facts: (
                (found := read(now, terms, offer, rounds, timeline, brief, command, facts)) is not None
                and compare(found, value)
            )
        return lambda now, terms, offer, rounds, timeline, brief, command, facts: compare(
            read(now, terms, offer, rounds, timeline, brief, command, facts), value
        )

    def _minor(self, comparison: Comparison, amount: Amount) -> int:
        if amount.decimals > self.exponent:
            text = str(comparison)
            start = 0 if comparison.left is amount else len(text) - len(str(amount))
            message = f"the policy's currency has {self.exponent} decimals, this amount has {amount.decimals}"
            raise ExpressionError(text, start, start + len(str(amount)), message)
        return int(amount.value.scaleb(self.exponent))

    def operand(self, expr: Operand) -> Evaluate[object]:
        """Return the closure of whatever can stand on one side of a comparison and is not a written value."""
        match expr:
            case Field(name=name):
                return _FIELDS[name]
            case Count() | Taught():
                return _fact(str(expr))
            case Elapsed(until=until, since=since):
                return self._elapsed(until, since)
            case Portion():
                return _part_of_lesson(expr)
            case _:
                return self.time(cast("Time", expr))  # written values stand on the right, and never on both sides

    def _elapsed(self, until: Time, since: Time) -> Evaluate[timedelta | None]:
        if self.absent(until, since):
            to, start = self.time(until), self.time(since)
            return lambda now, terms, offer, rounds, timeline, brief, command, facts: (
                None
                if (end := to(now, terms, offer, rounds, timeline, brief, command, facts)) is None
                or (begin := start(now, terms, offer, rounds, timeline, brief, command, facts)) is None
                else end - begin
            )
        last, first = self.present(until), self.present(since)
        return lambda now, terms, offer, rounds, timeline, brief, command, facts: (
            last(now, terms, offer, rounds, timeline, brief, command, facts)
            - first(now, terms, offer, rounds, timeline, brief, command, facts)
        )


class _Deadlines(Generic[W]):
    """Compiles a time into closures that also tell which branch decided."""

    def __init__(self, compiler: _Compiler, make_why: Callable[[int, str], W]) -> None:
        self._compiler = compiler
        self._make_why = make_why
        self._branches = counter()

    def deadline(self, expr: Time) -> Evaluate[tuple[Instant, W] | None]:
        """Return the closure of a whole expression or of one branching part of it."""
        match expr:
            case Earliest(terms=(Shift() as moved, Anchor(name="lesson.start"))) if self._is_now_plus_exact(moved):
                return self._now_plus_or_start(moved)
            case Earliest(terms=terms):
                return self._first(terms, operator.lt)
            case Latest(terms=terms):
                return self._first(terms, operator.gt)
            case If(when=when, then=then, otherwise=otherwise):
                return _either(self._compiler.guard(when), self.deadline(then), self.deadline(otherwise))
            case _:
                return self._leaf(expr)

    def _why(self, leaf: Time) -> W:
        return self._make_why(next(self._branches), str(leaf))

    def _is_now_plus_exact(self, moved: Shift) -> bool:
        return isinstance(moved.by, Exact) and moved.sign == "+" and self._compiler.is_now(moved.time)

    def _now_plus_or_start(self, moved: Shift) -> Evaluate[tuple[Instant, W] | None]:
        """The commonest deadline of all, `earliest(asked + 48h, lesson.start)`, as a single closure."""
        by = cast("Exact", moved.by).delta
        moved_why, start_why = self._why(moved), self._why(Anchor("lesson.start"))
        return lambda now, terms, offer, rounds, timeline, brief, command, facts: (
            (start, start_why) if (start := terms.start) < (moved := now + by) else (moved, moved_why)
        )

    def _leaf(self, expr: Time) -> Evaluate[tuple[Instant, W] | None]:
        why = self._why(expr)
        if isinstance(expr, Shift) and self._is_now_plus_exact(expr):
            by = cast("Exact", expr.by).delta
            return lambda now, terms, offer, rounds, timeline, brief, command, facts: (now + by, why)
        if self._compiler.absent(expr):
            maybe = self._compiler.time(expr)
            return lambda now, terms, offer, rounds, timeline, brief, command, facts: (
                None
                if (found := maybe(now, terms, offer, rounds, timeline, brief, command, facts)) is None
                else (found, why)
            )
        read = self._compiler.present(expr)
        return lambda now, terms, offer, rounds, timeline, brief, command, facts: (
            read(now, terms, offer, rounds, timeline, brief, command, facts),
            why,
        )

    def _first(
        self, terms: tuple[Time, ...], before: Callable[[Instant, Instant], bool]
    ) -> Evaluate[tuple[Instant, W] | None]:
        reads = tuple(map(self.deadline, terms))

        def first(
            now: Instant,
            terms: TermsRead,
            offer: TermsRead | None,
            rounds: int,
            timeline: Mapping[str, Instant],
            brief: BriefRead,
            command: CommandRead | None,
            facts: FactsRead | None,
        ) -> tuple[Instant, W] | None:
            best = None
            for read in reads:
                found = read(now, terms, offer, rounds, timeline, brief, command, facts)
                if found is not None and (best is None or before(found[0], best[0])):
                    best = found
            return best

        return first


_ANCHORS: Final[dict[str, Evaluate[Instant | None]]] = {
    "now": lambda now, terms, offer, rounds, timeline, brief, command, facts: now,
    "created": lambda now, terms, offer, rounds, timeline, brief, command, facts: brief.created,
    "asked": lambda now, terms, offer, rounds, timeline, brief, command, facts: timeline["asked"],
    "entered": lambda now, terms, offer, rounds, timeline, brief, command, facts: timeline["entered"],
    "deadline": lambda now, terms, offer, rounds, timeline, brief, command, facts: timeline.get("deadline"),
    "lesson.start": lambda now, terms, offer, rounds, timeline, brief, command, facts: terms.start,
    "lesson.end": lambda now, terms, offer, rounds, timeline, brief, command, facts: terms.end,
    # Kept only once a reschedule has made the two differ.
    "lesson.first_start": lambda now, terms, offer, rounds, timeline, brief, command, facts: timeline.get(
        "lesson.first_start", terms.start
    ),
    "proposed.start": lambda now, terms, offer, rounds, timeline, brief, command, facts: (
        None if offer is None else offer.start
    ),
    "proposed.end": lambda now, terms, offer, rounds, timeline, brief, command, facts: (
        None if offer is None else offer.end
    ),
}

_FIELDS: Final[dict[str, Evaluate[object]]] = {
    "notice": lambda now, terms, offer, rounds, timeline, brief, command, facts: terms.start - now,
    "rounds": lambda now, terms, offer, rounds, timeline, brief, command, facts: rounds,
    "reason": lambda now, terms, offer, rounds, timeline, brief, command, facts: (
        None if command is None else command.reason
    ),
    "blamed": lambda now, terms, offer, rounds, timeline, brief, command, facts: (
        None if command is None or (particulars := command.particulars) is None else particulars.blamed
    ),
    "remedy": lambda now, terms, offer, rounds, timeline, brief, command, facts: (
        None if command is None or (particulars := command.particulars) is None else particulars.remedy
    ),
    "lesson.duration": lambda now, terms, offer, rounds, timeline, brief, command, facts: terms.end - terms.start,
    "lesson.kind": lambda now, terms, offer, rounds, timeline, brief, command, facts: terms.kind,
    "lesson.price": lambda now, terms, offer, rounds, timeline, brief, command, facts: terms.price,
    "proposed.duration": lambda now, terms, offer, rounds, timeline, brief, command, facts: (
        None if offer is None else offer.end - offer.start
    ),
    "proposed.kind": lambda now, terms, offer, rounds, timeline, brief, command, facts: (
        None if offer is None else offer.kind
    ),
    "proposed.price": lambda now, terms, offer, rounds, timeline, brief, command, facts: (
        None if offer is None else offer.price
    ),
}


def _anchor(anchor: Anchor) -> Evaluate[Instant | None]:
    if not anchor.of:
        return _ANCHORS[anchor.name]
    key = str(anchor)
    return lambda now, terms, offer, rounds, timeline, brief, command, facts: timeline.get(key)


def _fact(key: str) -> Evaluate[int]:
    return lambda now, terms, offer, rounds, timeline, brief, command, facts: _supplied(facts, key)


def _supplied(facts: FactsRead | None, key: str) -> int:
    if facts is None or key not in facts.counts:
        raise InvariantError(f"the fact {key} was read and had not been supplied")
    return facts.counts[key]


def _permitted(key: str) -> Evaluate[bool]:
    return lambda now, terms, offer, rounds, timeline, brief, command, facts: facts is not None and key in facts.has


def _part_of_lesson(portion: Portion) -> Evaluate[timedelta]:
    numerator, denominator = portion.share.numerator, portion.share.denominator
    return lambda now, terms, offer, rounds, timeline, brief, command, facts: (
        (terms.end - terms.start) * numerator // denominator
    )


def _portion_change(portion: Portion, sign: int) -> Change:
    """Move by a part of the lesson's length, floored to the microsecond before it is added or taken away."""
    numerator, denominator = portion.share.numerator, portion.share.denominator
    if sign < 0:
        return lambda when, terms, zone: when - (terms.end - terms.start) * numerator // denominator
    return lambda when, terms, zone: when + (terms.end - terms.start) * numerator // denominator


def _calendar_change(by: Calendar, sign: int) -> Change:
    # Loaded here, so that a policy without days and weeks needs no zones.
    from tutorcore.calendar.zones.wall_time import add_calendar

    months, weeks, days = sign * by.months, sign * by.weeks, sign * by.days
    return lambda when, terms, zone: add_calendar(when, zone, months=months, weeks=weeks, days=days)


def _day_change(expr: StartOfDay | EndOfDay | AtTime) -> Change:
    from tutorcore.calendar.zones.wall_time import at_time, end_of_day, start_of_day

    match expr:
        case StartOfDay():
            return lambda when, terms, zone: start_of_day(when, zone)
        case EndOfDay():
            return lambda when, terms, zone: end_of_day(when, zone)
        case AtTime(hour=hour, minute=minute):
            return lambda when, terms, zone: at_time(when, hour, minute, zone)
        case _ as never:
            assert_never(never)


def _either(when: Evaluate[bool], then: Evaluate[T], otherwise: Evaluate[T]) -> Evaluate[T]:
    return lambda now, terms, offer, rounds, timeline, brief, command, facts: (
        then(now, terms, offer, rounds, timeline, brief, command, facts)
        if when(now, terms, offer, rounds, timeline, brief, command, facts)
        else otherwise(now, terms, offer, rounds, timeline, brief, command, facts)
    )


def _first_of_two(
    one: Evaluate[Instant], other: Evaluate[Instant], before: Callable[[Instant, Instant], bool]
) -> Evaluate[Instant | None]:
    return lambda now, terms, offer, rounds, timeline, brief, command, facts: (
        second
        if before(
            second := other(now, terms, offer, rounds, timeline, brief, command, facts),
            first := one(now, terms, offer, rounds, timeline, brief, command, facts),
        )
        else first
    )


def _first_of_many(
    reads: tuple[Evaluate[Instant | None], ...], before: Callable[[Instant, Instant], bool]
) -> Evaluate[Instant | None]:
    def first(
        now: Instant,
        terms: TermsRead,
        offer: TermsRead | None,
        rounds: int,
        timeline: Mapping[str, Instant],
        brief: BriefRead,
        command: CommandRead | None,
        facts: FactsRead | None,
    ) -> Instant | None:
        best = None
        for read in reads:
            found = read(now, terms, offer, rounds, timeline, brief, command, facts)
            if found is not None and (best is None or before(found, best)):
                best = found
        return best

    return first


def _both(guards: tuple[Evaluate[bool], ...]) -> Evaluate[bool]:
    first = guards[0]
    rest = guards[1] if len(guards) == 2 else _both(guards[1:])
    return lambda now, terms, offer, rounds, timeline, brief, command, facts: (
        first(now, terms, offer, rounds, timeline, brief, command, facts)
        and rest(now, terms, offer, rounds, timeline, brief, command, facts)
    )


def _any(guards: tuple[Evaluate[bool], ...]) -> Evaluate[bool]:
    first = guards[0]
    rest = guards[1] if len(guards) == 2 else _any(guards[1:])
    return lambda now, terms, offer, rounds, timeline, brief, command, facts: (
        first(now, terms, offer, rounds, timeline, brief, command, facts)
        or rest(now, terms, offer, rounds, timeline, brief, command, facts)
    )


def _opposite(guard: Evaluate[bool]) -> Evaluate[bool]:
    return lambda now, terms, offer, rounds, timeline, brief, command, facts: (
        not guard(now, terms, offer, rounds, timeline, brief, command, facts)
    )


def _if_there(left: Evaluate[object], compare: Callable[[Any, Any], bool], right: Evaluate[object]) -> Evaluate[bool]:
    """Compare two values of which one may be absent: then the comparison is false, whatever it asks."""
    return lambda now, terms, offer, rounds, timeline, brief, command, facts: (
        (one := left(now, terms, offer, rounds, timeline, brief, command, facts)) is not None
        and (other := right(now, terms, offer, rounds, timeline, brief, command, facts)) is not None
        and compare(one, other)
    )
