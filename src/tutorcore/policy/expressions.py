"""Time expressions and guards: the words in which a policy says *when* and *if*.

A **time** names an instant, a **guard** is a condition. Both are small immutable trees: total, without loops, without
code. `str()` of a tree is its canonical text, and parsing that text gives an equal tree (`tutorcore.policy.parsing`).

    earliest(asked + 48h, lesson.start)
    at_time(lesson.start - 1d, 17:00)
    notice >= 24h and not (joined(student) < lesson.start + 1/3 lesson)

Anchors are the instants one can start from. Some are always there (`created`, `asked`, `entered`, `lesson.start`,
`now`...), some may be absent: `entered(state)`, `first_entered(state)`, `did(move)`, `joined(role)`, `reviewed(role)`,
`proposed.*`, `deadline`. Absence has three rules: arithmetic with something absent is absent; `earliest` and `latest`
skip it; every comparison with it is false, before any `not` is applied, so `not (joined(student) < now)` is true when
nobody joined.

Durations are of three sorts that never mix. `90s 30m 48h` are *exact* elapsed time. `2d 1w 3mo` are *calendar*: they
keep the wall time in the policy's zone, so 2d is 47, 48 or 49 hours. `1/3 lesson`, `33% lesson` are exact parts of the
lesson's length, floored to the microsecond.

An elapsed time compared with a calendar duration is a comparison of instants: the duration is measured from the operand
that is not `now`, and from the left one if neither is. So `notice >= 2d` means `lesson.start - 2d >= now`, and
`now - created <= 14d` means `now <= created + 14d`. In `count(late_cancel, student, within=90d)` the duration is only a
label of what is counted.

What a lesson cannot know by itself is supplied from outside: `count(late_cancel, student)`, `taught(tutor, within=90d)`
and the guards `has(tutor, meeting_provider)`, `restricted(tutor, requests_blocked)`, `met(student, tutor)`. Time taught
is a sum of exact lengths and compared with exact durations only. Of such guards those that hold are supplied: what was
not supplied does not hold. A count that was not supplied is an error of the program.

Python writes the same trees with operators: `earliest(asked + hours(48), lesson.start)`, `notice >= hours(24)`.
`==` compares trees; the guard is `equals(a, b)`. This module knows what expressions say; `words` are the names that
Python writes them with, `analysis` answers questions about them, `parsing` reads text, `closures` evaluate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar, Final, Literal, NoReturn, TypeAlias, overload

import attrs

from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.policy.restrictions import RESTRICTIONS

Kind: TypeAlias = Literal["instant", "duration", "money", "count", "text", "guard"]
Operator: TypeAlias = Literal["<", "<=", ">", ">=", "==", "!="]
Sign: TypeAlias = Literal["+", "-"]

NOUNS: Final[dict[Kind, str]] = {
    "instant": "an instant",
    "duration": "a duration",
    "money": "an amount of money",
    "count": "a count",
    "text": "a text",
    "guard": "a condition",
}

# Deep enough for every rule a person can still read; shallow enough that no walk over a tree exhausts the stack.
MAX_DEPTH: Final = 16
MAX_LENGTH: Final = 4000

PLAIN_ANCHORS: Final = (
    "created",
    "asked",
    "entered",
    "lesson.start",
    "lesson.end",
    "lesson.first_start",
    "proposed.start",
    "proposed.end",
    "deadline",
    "now",
)
ANCHORS_OF: Final = {
    "entered": "state",
    "first_entered": "state",
    "did": "move",
    "joined": "role",
    "reviewed": "role",
}
FIELDS: Final[dict[str, Kind]] = {
    "notice": "duration",
    "rounds": "count",
    "reason": "text",
    "blamed": "text",
    "remedy": "text",
    "lesson.duration": "duration",
    "lesson.kind": "text",
    "lesson.price": "money",
    "proposed.duration": "duration",
    "proposed.kind": "text",
    "proposed.price": "money",
}
OPERATORS: Final[tuple[Operator, ...]] = ("<", "<=", ">", ">=", "==", "!=")
MIRRORED: Final[dict[Operator, Operator]] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_PERMISSION = re.compile(r"[a-z][a-z0-9_]{0,63}")
_TEN_YEARS_OF_SECONDS = 3660 * 86_400
_TEN_YEARS_OF_DAYS = 3720
_MAX_DECIMALS = 6
_MAX_AMOUNT = 10**15
_MAX_NUMBER = 10**9


class Node:
    """What every part of an expression is: a value that prints as its canonical text."""

    __slots__ = ()

    def __attrs_post_init__(self) -> None:
        if depth(self) > MAX_DEPTH:
            raise InvalidValue("expression", f"nested {depth(self)} deep", f"at most {MAX_DEPTH} levels")
        if len(str(self)) > MAX_LENGTH:
            raise InvalidValue("expression", f"{len(str(self))} characters long", f"at most {MAX_LENGTH}")


class OperandNode(Node):
    """A part with a value that can be compared. Ordering it makes a guard; `equals` and `differs` do the rest."""

    __slots__ = ()

    def __lt__(self, other: OperandNode | str | int | Decimal) -> Comparison:
        return compared(self, "<", other)

    def __le__(self, other: OperandNode | str | int | Decimal) -> Comparison:
        return compared(self, "<=", other)

    def __gt__(self, other: OperandNode | str | int | Decimal) -> Comparison:
        return compared(self, ">", other)

    def __ge__(self, other: OperandNode | str | int | Decimal) -> Comparison:
        return compared(self, ">=", other)


class TimeNode(OperandNode):
    """A part that names an instant. A duration moves it; the difference of two is an elapsed time."""

    __slots__ = ()
    kind: ClassVar[Kind] = "instant"

    def __add__(self, by: Duration) -> Shift:
        return Shift(as_time(self), "+", by)

    @overload
    def __sub__(self, other: Duration) -> Shift: ...
    @overload
    def __sub__(self, other: Time) -> Elapsed: ...
    def __sub__(self, other: Duration | Time) -> Shift | Elapsed:
        if isinstance(other, TimeNode):
            return Elapsed(as_time(self), other)
        return Shift(as_time(self), "-", other)


class DurationNode(OperandNode):
    """A written duration."""

    __slots__ = ()
    kind: ClassVar[Kind] = "duration"


class GuardNode(Node):
    """A condition. It has no truth value in Python, so that `a and b` cannot silently lose one of the two."""

    __slots__ = ()
    kind: ClassVar[Kind] = "guard"

    def __bool__(self) -> NoReturn:
        raise InvalidType("guard", str(self), "all_of(...), any_of(...) or not_(...): it has no truth value in Python")


def _is_time(_node: object, field: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, TimeNode):
        raise InvalidType(field.name, value, "an instant such as asked or lesson.start")


def _is_duration(_node: object, field: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, DurationNode):
        raise InvalidType(field.name, value, "a written duration such as hours(48)")


def _is_guard(_node: object, field: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, GuardNode):
        raise InvalidType(field.name, value, "a condition such as notice >= hours(24)")


def _are_times(node: object, field: attrs.Attribute[Any], values: object) -> None:
    for value in _two_or_more(field.name, values):
        _is_time(node, field, value)


def _are_guards(node: object, field: attrs.Attribute[Any], values: object) -> None:
    for value in _two_or_more(field.name, values):
        _is_guard(node, field, value)


def _two_or_more(what: str, values: object) -> tuple[object, ...]:
    if not isinstance(values, tuple):
        raise InvalidType(what, values, "a tuple")
    if len(values) < 2:
        raise InvalidValue(what, values, "two or more")
    return values


def _is_whole(_node: object, field: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidType(field.name, value, "a whole number")
    if value < 0:
        raise InvalidValue(field.name, value, "a whole number not below zero")


def _is_word(_node: object, field: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str):
        raise InvalidType(field.name, value, "a name")
    if _WORD.fullmatch(value) is None:
        raise InvalidValue(field.name, value, "a name of letters, digits and '_'")


def _is_permission(_node: object, field: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str):
        raise InvalidType(field.name, value, "a name")
    if _PERMISSION.fullmatch(value) is None:
        raise InvalidValue(field.name, value, "a name of small letters, digits and '_' such as meeting_provider")


def _is_restriction(_node: object, field: attrs.Attribute[Any], value: object) -> None:
    if value not in RESTRICTIONS:
        raise InvalidValue(field.name, value, f"one of {', '.join(RESTRICTIONS)}")


def _is_window(_node: object, field: attrs.Attribute[Any], value: object) -> None:
    if value is not None and not isinstance(value, (Exact, Calendar)):
        raise InvalidType(field.name, value, "a duration such as days(90)")


def _is_sign(_node: object, field: attrs.Attribute[Any], value: object) -> None:
    if value not in ("+", "-"):
        raise InvalidValue(field.name, value, "'+' or '-'")


def _is_operator(_node: object, field: attrs.Attribute[Any], value: object) -> None:
    if value not in OPERATORS:
        raise InvalidValue(field.name, value, f"one of {' '.join(OPERATORS)}")


@attrs.frozen(order=False)
class Anchor(TimeNode):
    """An instant with a name; `of` is the state, move or role it is about, empty for the plain ones."""

    name: str = attrs.field()
    of: str = attrs.field(default="")

    @name.validator
    def _check_name(self, _field: attrs.Attribute[Any], name: str) -> None:
        known = ANCHORS_OF if self.of else PLAIN_ANCHORS
        if name not in known:
            raise UnknownName("anchor", name, known)

    @of.validator
    def _check_of(self, field: attrs.Attribute[Any], of: object) -> None:
        if of != "":
            _is_word(self, field, of)

    def __call__(self, state: str) -> Anchor:
        """Return the anchor about one state: `entered` is the present state's, `entered("agreed")` that state's."""
        if str(self) != "entered":
            raise InvalidType("anchor", str(self), "entered, the only one that is both plain and about a state")
        return Anchor("entered", state)

    def __str__(self) -> str:
        return f"{self.name}({self.of})" if self.of else self.name


@attrs.frozen(order=False)
class Exact(DurationNode):
    """Elapsed time: hours of 3600 seconds wherever they fall. Kept in the units it was written in."""

    hours: int = attrs.field(default=0, validator=_is_whole)
    minutes: int = attrs.field(default=0, validator=_is_whole)
    seconds: int = attrs.field(default=0, validator=_is_whole)

    def __attrs_post_init__(self) -> None:
        if self.hours * 3600 + self.minutes * 60 + self.seconds > _TEN_YEARS_OF_SECONDS:
            raise InvalidValue("duration", str(self), "at most ten years")

    @property
    def delta(self) -> timedelta:
        """The same length as a `timedelta`."""
        return timedelta(hours=self.hours, minutes=self.minutes, seconds=self.seconds)

    def __str__(self) -> str:
        return _units((self.hours, "h"), (self.minutes, "m"), (self.seconds, "s"))


@attrs.frozen(order=False)
class Calendar(DurationNode):
    """Months, weeks and days in the policy's zone: the wall time stays, a month's end clamps."""

    months: int = attrs.field(default=0, validator=_is_whole)
    weeks: int = attrs.field(default=0, validator=_is_whole)
    days: int = attrs.field(default=0, validator=_is_whole)

    def __attrs_post_init__(self) -> None:
        if self.months * 31 + self.weeks * 7 + self.days > _TEN_YEARS_OF_DAYS:
            raise InvalidValue("duration", str(self), "at most ten years")

    def __str__(self) -> str:
        return _units((self.months, "mo"), (self.weeks, "w"), (self.days, "d"))


def _units(*parts: tuple[int, str]) -> str:
    written = [f"{amount}{unit}" for amount, unit in parts if amount]
    return " ".join(written) if written else f"0{parts[-1][1]}"


@attrs.frozen(order=False)
class Portion(DurationNode):
    """An exact part, from 0 to 1, of the length of the lesson."""

    share: Fraction = attrs.field()

    @share.validator
    def _check_share(self, _field: attrs.Attribute[Any], share: object) -> None:
        if not isinstance(share, Fraction):
            raise InvalidType("share", share, "an exact fraction such as fraction('1/3')")
        if not 0 <= share <= 1:
            raise InvalidValue("part of the lesson", str(share), "a fraction from 0 to 1")

    def __str__(self) -> str:
        """Print percentages of up to two decimals as such and everything else as a fraction."""
        if 10_000 % self.share.denominator:
            return f"{self.share.numerator}/{self.share.denominator} lesson"
        whole, hundredths = divmod(self.share.numerator * (10_000 // self.share.denominator), 100)
        return f"{whole}{f'.{hundredths:02}'.rstrip('0') if hundredths else ''}% lesson"


@attrs.frozen(order=False)
class Shift(TimeNode):
    """An instant moved by a duration, later (`+`) or earlier (`-`)."""

    time: Time = attrs.field(validator=_is_time)
    sign: Sign = attrs.field(validator=_is_sign)
    by: Duration = attrs.field(validator=_is_duration)

    def __str__(self) -> str:
        return f"{self.time} {self.sign} {self.by}"


@attrs.frozen(order=False)
class Earliest(TimeNode):
    """The first of its terms in time; absent ones are skipped; of equal ones the first listed."""

    terms: tuple[Time, ...] = attrs.field(validator=_are_times)

    def __str__(self) -> str:
        return f"earliest({', '.join(map(str, self.terms))})"


@attrs.frozen(order=False)
class Latest(TimeNode):
    """The last of its terms in time; absent ones are skipped; of equal ones the first listed."""

    terms: tuple[Time, ...] = attrs.field(validator=_are_times)

    def __str__(self) -> str:
        return f"latest({', '.join(map(str, self.terms))})"


@attrs.frozen(order=False)
class StartOfDay(TimeNode):
    """The first existing instant of the instant's local date."""

    time: Time = attrs.field(validator=_is_time)

    def __str__(self) -> str:
        return f"start_of_day({self.time})"


@attrs.frozen(order=False)
class EndOfDay(TimeNode):
    """The first instant after the instant's local date (days are half-open)."""

    time: Time = attrs.field(validator=_is_time)

    def __str__(self) -> str:
        return f"end_of_day({self.time})"


@attrs.frozen(order=False)
class AtTime(TimeNode):
    """A wall time on the instant's local date."""

    time: Time = attrs.field(validator=_is_time)
    hour: int = attrs.field(validator=_is_whole)
    minute: int = attrs.field(validator=_is_whole)

    @minute.validator
    def _check_clock(self, _field: attrs.Attribute[Any], minute: int) -> None:
        if self.hour > 23 or minute > 59:
            raise InvalidValue("time of day", f"{self.hour:02}:{minute:02}", "00:00 to 23:59")

    def __str__(self) -> str:
        return f"at_time({self.time}, {self.hour:02}:{self.minute:02})"


@attrs.frozen(order=False)
class If(TimeNode):
    """One of two instants, chosen by a guard when the window opens."""

    when: Guard = attrs.field(validator=_is_guard)
    then: Time = attrs.field(validator=_is_time)
    otherwise: Time = attrs.field(validator=_is_time)

    def __str__(self) -> str:
        return f"if({self.when}, {self.then}, {self.otherwise})"


@attrs.frozen(order=False)
class Elapsed(OperandNode):
    """The time from one instant to another; negative if `until` comes first. Only guards have it."""

    kind: ClassVar[Kind] = "duration"

    until: Time = attrs.field(validator=_is_time)
    since: Time = attrs.field(validator=_is_time)

    def __str__(self) -> str:
        return f"{self.until} - {f'({self.since})' if isinstance(self.since, Shift) else self.since}"


@attrs.frozen(order=False)
class Field(OperandNode):
    """A fact about the lesson, the open change or the command, by its name in `FIELDS`."""

    name: str = attrs.field()

    @name.validator
    def _check_name(self, _field: attrs.Attribute[Any], name: str) -> None:
        if name not in FIELDS:
            raise UnknownName("field", name, FIELDS)

    @property
    def kind(self) -> Kind:
        """What sort of value it has."""
        return FIELDS[self.name]

    def __str__(self) -> str:
        return self.name


@attrs.frozen(order=False)
class Count(OperandNode):
    """How many marks of one sort a role's party has; supplied from outside, under its canonical text."""

    kind: ClassVar[Kind] = "count"

    mark: str = attrs.field(validator=_is_word)
    role: str = attrs.field(validator=_is_word)
    within: Exact | Calendar | None = attrs.field(default=None, validator=_is_window)

    def __str__(self) -> str:
        return f"count({self.mark}, {self.role}{_window(self.within)})"


@attrs.frozen(order=False)
class Taught(OperandNode):
    """How much time a role's party has taught or been taught; supplied, in microseconds, under its canonical text."""

    kind: ClassVar[Kind] = "duration"
    mark: ClassVar[str] = "taught"

    role: str = attrs.field(validator=_is_word)
    within: Exact | Calendar | None = attrs.field(default=None, validator=_is_window)

    def __str__(self) -> str:
        return f"taught({self.role}{_window(self.within)})"


def _window(within: Exact | Calendar | None) -> str:
    return "" if within is None else f", within={within}"


@attrs.frozen(order=False)
class Number(OperandNode):
    """A written whole number."""

    kind: ClassVar[Kind] = "count"

    value: int = attrs.field(validator=_is_whole)

    @value.validator
    def _check_size(self, _field: attrs.Attribute[Any], value: int) -> None:
        if value > _MAX_NUMBER:
            raise InvalidValue("number", value, f"at most {_MAX_NUMBER}")

    def __str__(self) -> str:
        return str(self.value)


@attrs.frozen(order=False)
class Amount(OperandNode):
    """A written amount in the policy's currency. `20` and `20.00` are different texts, hence different amounts."""

    kind: ClassVar[Kind] = "money"

    value: Decimal = attrs.field(eq=str)

    @value.validator
    def _check_value(self, _field: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, Decimal):
            raise InvalidType("amount", value, "a decimal number; floats are refused")
        if not (value.is_finite() and 0 <= value < _MAX_AMOUNT and -_MAX_DECIMALS <= _exponent(value) <= 0):
            raise InvalidValue("amount", str(value), f"a plain number below 10^15 of at most {_MAX_DECIMALS} decimals")

    @property
    def decimals(self) -> int:
        """How many digits stand after the point."""
        return -_exponent(self.value)

    def __str__(self) -> str:
        return f"{self.value:f}"


def _exponent(value: Decimal) -> int:
    return int(value.as_tuple().exponent)


@attrs.frozen(order=False)
class Text(OperandNode):
    """A written text in double quotes; it holds no quotes, backslashes or control characters."""

    kind: ClassVar[Kind] = "text"

    value: str = attrs.field()

    @value.validator
    def _check_value(self, _field: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, str):
            raise InvalidType("text", value, "a text")
        if not value.isprintable() or set(value) & set("\"'\\") or len(value) > 200:
            raise InvalidValue("text", value, "up to 200 printable characters without quotes and backslashes")

    def __str__(self) -> str:
        return f'"{self.value}"'


@attrs.frozen(order=False)
class Comparison(GuardNode):
    """Two values of one kind and how they must stand to each other; false if one is absent."""

    left: Operand
    op: Operator = attrs.field(validator=_is_operator)
    right: Operand = attrs.field()

    @right.validator
    def _check_kinds(self, _field: attrs.Attribute[Any], right: object) -> None:
        for side in (self.left, right):
            if not isinstance(side, OperandNode):
                raise InvalidType("operand", side, "something that can be compared, such as notice or lesson.price")
        problem = comparison_problem(self.left, self.op, self.right)
        if problem is not None:
            raise InvalidValue("comparison", str(self), problem[1])

    def __str__(self) -> str:
        return f"{self.left} {self.op} {self.right}"


@attrs.frozen(order=False)
class And(GuardNode):
    """True if every part is."""

    parts: tuple[Guard, ...] = attrs.field(validator=_are_guards)

    def __str__(self) -> str:
        return " and ".join(map(_in_parentheses, self.parts))


@attrs.frozen(order=False)
class Or(GuardNode):
    """True if some part is."""

    parts: tuple[Guard, ...] = attrs.field(validator=_are_guards)

    def __str__(self) -> str:
        return " or ".join(map(_in_parentheses, self.parts))


def _in_parentheses(part: Guard) -> str:
    return f"({part})" if isinstance(part, (And, Or)) else str(part)


@attrs.frozen(order=False)
class Not(GuardNode):
    """True if its guard is false, also where that is false because something is absent."""

    guard: Guard = attrs.field(validator=_is_guard)

    def __str__(self) -> str:
        return f"not {self.guard}" if isinstance(self.guard, (Always, *SUPPLIED)) else f"not ({self.guard})"


@attrs.frozen(order=False)
class Has(GuardNode):
    """True if a role's party has a permission of the platform's; supplied from outside, under its canonical text."""

    role: str = attrs.field(validator=_is_word)
    permission: str = attrs.field(validator=_is_permission)

    def __str__(self) -> str:
        return f"has({self.role}, {self.permission})"


@attrs.frozen(order=False)
class Restricted(GuardNode):
    """True if something is taken away from a role's party just now; supplied from outside, under its canonical text."""

    role: str = attrs.field(validator=_is_word)
    restriction: str = attrs.field(validator=_is_restriction)

    def __str__(self) -> str:
        return f"restricted({self.role}, {self.restriction})"


@attrs.frozen(order=False)
class Met(GuardNode):
    """True if the parties of two roles had a lesson with each other; supplied, under its canonical text."""

    one: str = attrs.field(validator=_is_word)
    other: str = attrs.field(validator=_is_word)

    @other.validator
    def _check_other(self, field: attrs.Attribute[Any], other: str) -> None:
        if other == self.one:
            raise InvalidValue(field.name, other, f"another role than {self.one}")

    def __str__(self) -> str:
        return f"met({self.one}, {self.other})"


@attrs.frozen(order=False)
class Always(GuardNode):
    """The guard that is always true."""

    def __str__(self) -> str:
        return "true"


Duration: TypeAlias = Exact | Calendar | Portion
Time: TypeAlias = Anchor | Shift | Earliest | Latest | StartOfDay | EndOfDay | AtTime | If
Tally: TypeAlias = Count | Taught
Operand: TypeAlias = Time | Duration | Elapsed | Field | Tally | Number | Amount | Text
Supplied: TypeAlias = Has | Restricted | Met
Guard: TypeAlias = Comparison | And | Or | Not | Supplied | Always
Expression: TypeAlias = Operand | Guard

LITERALS = (Exact, Calendar, Number, Amount, Text)
SUPPLIED: Final = (Has, Restricted, Met)


def condition(guard: Guard | None) -> Guard | None:
    """Return the guard, or None for one that always holds: a condition that says nothing is none at all.

    So tables and fees that mean the same are equal values.
    """
    return None if isinstance(guard, Always) else guard


def comparison_problem(
    left: Operand, op: Operator, right: Operand
) -> tuple[Literal["left", "op", "right"], str] | None:
    """Say which side of a comparison is wrong and what would be right; None if it is sound."""
    if isinstance(left, LITERALS) and isinstance(right, LITERALS):
        return "right", "at least one side that is a fact, not two written values"
    if left.kind != right.kind:
        return "right", f"{NOUNS[left.kind]} on both sides: {left} is {NOUNS[left.kind]}, {right} {NOUNS[right.kind]}"
    if left.kind == "text" and op not in ("==", "!="):
        return "op", "texts to be compared with == or !="
    if isinstance(left, Taught) and not isinstance(right, Exact):
        return "right", f"an exact duration such as 20h beside {left}"
    if isinstance(right, Taught) and not isinstance(left, Exact):
        return "left", f"an exact duration such as 20h beside {right}"
    if isinstance(right, Calendar) and not is_elapsed(left):
        return "right", _NOT_ELAPSED.format(duration=right)
    if isinstance(left, Calendar) and not is_elapsed(right):
        return "left", _NOT_ELAPSED.format(duration=left)
    return None


_NOT_ELAPSED = "{duration} to be compared with notice or a difference of two instants; a length is compared with hours"


def is_elapsed(node: Operand) -> bool:
    """Tell whether an operand is elapsed time: notice, or a difference of two instants."""
    return isinstance(node, Elapsed) or node == Field("notice")


def parts(node: Node) -> Iterator[Node]:
    """Yield the direct parts of a node, from left to right."""
    for field in attrs.fields(type(node)):  # type: ignore[arg-type]  # every node that exists is an attrs class
        value = getattr(node, field.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Node):
                yield part


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything below it, from left to right."""
    yield node
    for part in parts(node):
        yield from walk(part)


def depth(node: Node) -> int:
    """Return how many levels a tree has; a bare anchor has one."""
    return 1 + max(map(depth, parts(node)), default=0)


def as_time(node: Node) -> Time:
    """Return a time as one of the union's members; the type checker cannot know that `TimeNode` has no others."""
    return node  # type: ignore[return-value]  # every subclass of TimeNode is a member of Time


def compared(left: OperandNode, op: Operator, right: object) -> Comparison:
    """Return the comparison of an operand with another one, or with a plain Python value that fits it."""
    return Comparison(left, op, _operand(right, left))  # type: ignore[arg-type]  # OperandNode has no other subclasses


def _operand(value: object, beside: OperandNode) -> Operand:
    """Return a plain Python value as the written value that fits the other side."""
    if isinstance(value, OperandNode):
        return value  # type: ignore[return-value]  # OperandNode has no other subclasses
    kind = beside.kind  # type: ignore[attr-defined]  # every subclass has it
    if kind == "money" and isinstance(value, (str, int, Decimal)) and not isinstance(value, bool):
        return Amount(_decimal(value))
    if kind == "count" and isinstance(value, int):
        return Number(value)
    if kind == "text" and isinstance(value, str):
        return Text(value)
    raise InvalidType("operand", value, f"something that can be compared with {beside}, {NOUNS[kind]}")


def _decimal(value: str | int | Decimal) -> Decimal:
    try:
        return Decimal(value)
    except ArithmeticError:
        raise InvalidValue("amount", value, "a decimal number such as '20.00'") from None
