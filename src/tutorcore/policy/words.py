"""The words in which Python writes expressions: `earliest(asked + hours(48), lesson.start)`.

Each makes one node of `tutorcore.policy.expressions`; operators do the rest.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Final

import attrs

from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.policy.expressions import (
    Always,
    Anchor,
    And,
    AtTime,
    Calendar,
    Comparison,
    Count,
    Earliest,
    EndOfDay,
    Exact,
    Field,
    Guard,
    Has,
    If,
    Latest,
    Met,
    Not,
    Operand,
    Or,
    Portion,
    Restricted,
    StartOfDay,
    Taught,
    Time,
    compared,
)
from tutorcore.policy.restrictions import Restriction

_SHARE = re.compile(r"([0-9]+)/([0-9]+)|([0-9]+(?:\.[0-9]+)?)%")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})")


@attrs.frozen(order=False)
class LessonWords:
    """The anchors and fields of the lesson: what is on the table before agreement, what is agreed afterwards."""

    start: Anchor = Anchor("lesson.start")
    end: Anchor = Anchor("lesson.end")
    first_start: Anchor = Anchor("lesson.first_start")
    duration: Field = Field("lesson.duration")
    kind: Field = Field("lesson.kind")
    price: Field = Field("lesson.price")


@attrs.frozen(order=False)
class ProposedWords:
    """The anchors and fields of the open change of an agreed lesson."""

    start: Anchor = Anchor("proposed.start")
    end: Anchor = Anchor("proposed.end")
    duration: Field = Field("proposed.duration")
    kind: Field = Field("proposed.kind")
    price: Field = Field("proposed.price")


created: Final = Anchor("created")
asked: Final = Anchor("asked")
entered: Final = Anchor("entered")
now: Final = Anchor("now")
deadline: Final = Anchor("deadline")
lesson: Final = LessonWords()
proposed: Final = ProposedWords()
notice: Final = Field("notice")
rounds: Final = Field("rounds")
reason: Final = Field("reason")
blamed: Final = Field("blamed")
remedy: Final = Field("remedy")
always: Final = Always()


def first_entered(state: str) -> Anchor:
    """Return the instant at which the lesson entered a state for the first time."""
    return Anchor("first_entered", _named(state, "state"))


def did(move: str) -> Anchor:
    """Return the instant of the last such move."""
    return Anchor("did", _named(move, "move"))


def joined(role: str) -> Anchor:
    """Return the instant at which a role's party first joined the meeting."""
    return Anchor("joined", _named(role, "role"))


def reviewed(role: str) -> Anchor:
    """Return the instant at which a role's party reviewed the lesson."""
    return Anchor("reviewed", _named(role, "role"))


def _named(value: str, what: str) -> str:
    if not value:
        raise InvalidValue(what, value, "a name")
    return value


def hours(count: int) -> Exact:
    """Return that many exact hours."""
    return Exact(hours=count)


def minutes(count: int) -> Exact:
    """Return that many exact minutes."""
    return Exact(minutes=count)


def seconds(count: int) -> Exact:
    """Return that many exact seconds."""
    return Exact(seconds=count)


def days(count: int) -> Calendar:
    """Return that many calendar days."""
    return Calendar(days=count)


def weeks(count: int) -> Calendar:
    """Return that many calendar weeks."""
    return Calendar(weeks=count)


def months(count: int) -> Calendar:
    """Return that many calendar months."""
    return Calendar(months=count)


def fraction(share: str | Fraction) -> Portion:
    """Return that part of the lesson's length: `fraction("1/3")`, `fraction("33%")`."""
    if isinstance(share, Fraction):
        return Portion(share)
    if not isinstance(share, str):
        raise InvalidType("part of the lesson", share, "a text such as '1/3' or '33%', or a Fraction")
    match = _SHARE.fullmatch(share)
    if match is None or (match[2] is not None and int(match[2]) == 0):
        raise InvalidValue("part of the lesson", share, "a text such as '1/3' or '33%'")
    return Portion(Fraction(match[3]) / 100 if match[3] else Fraction(int(match[1]), int(match[2])))


def earliest(*terms: Time) -> Earliest:
    """Return the first of two or more instants."""
    return Earliest(terms)


def latest(*terms: Time) -> Latest:
    """Return the last of two or more instants."""
    return Latest(terms)


def start_of_day(time: Time) -> StartOfDay:
    """Return the first existing instant of the local date of `time`."""
    return StartOfDay(time)


def end_of_day(time: Time) -> EndOfDay:
    """Return the first instant after the local date of `time`."""
    return EndOfDay(time)


def at_time(time: Time, clock: str) -> AtTime:
    """Return a wall time such as `"17:00"` on the local date of `time`."""
    match = _CLOCK.fullmatch(clock)
    if match is None:
        raise InvalidValue("time of day", clock, "a text such as '17:00'")
    return AtTime(time, int(match[1]), int(match[2]))


def if_(when: Guard, then: Time, otherwise: Time) -> If:
    """Return one of two instants, as the guard says."""
    return If(when, then, otherwise)


def count(mark: str, role: str, within: Exact | Calendar | None = None) -> Count:
    """Return the number of marks of one sort that a role's party has."""
    return Count(mark, role, within)


def taught(role: str, within: Exact | Calendar | None = None) -> Taught:
    """Return how much time a role's party has taught, or been taught, so far: `taught("tutor") < hours(20)`."""
    return Taught(role, within)


def has(role: str, permission: str) -> Has:
    """Return the guard that a role's party has a permission of the platform's: `has("tutor", "meeting_provider")`."""
    return Has(role, permission)


def restricted(role: str, restriction: Restriction) -> Restricted:
    """Return the guard that something is taken away from a role's party: `restricted("tutor", "requests_blocked")`."""
    return Restricted(role, restriction)


def met(one: str, other: str) -> Met:
    """Return the guard that the parties of two roles had a lesson with each other: `met("student", "tutor")`."""
    return Met(one, other)


def equals(left: Operand, right: Operand | str | int | Decimal) -> Comparison:
    """Return the guard that two values are equal: `equals(lesson.kind, "trial")`."""
    return compared(left, "==", right)


def differs(left: Operand, right: Operand | str | int | Decimal) -> Comparison:
    """Return the guard that two values are there and not equal."""
    return compared(left, "!=", right)


def all_of(*guards: Guard) -> And:
    """Return the guard that is true if all of two or more are."""
    return And(guards)


def any_of(*guards: Guard) -> Or:
    """Return the guard that is true if any of two or more is."""
    return Or(guards)


def not_(guard: Guard) -> Not:
    """Return the opposite of a guard."""
    return Not(guard)
