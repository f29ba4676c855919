"""Questions about an expression that can be answered without evaluating it.

Which anchors, counts and permissions does it read, which names does it mention, does it need a zone, may it be absent,
until when does a guard hold? The compiler, the checks of a table and the buttons of a user interface ask.
"""

from __future__ import annotations

from typing import Final

import attrs

from tutorcore.policy.expressions import (
    ANCHORS_OF,
    LITERALS,
    MIRRORED,
    SUPPLIED,
    Anchor,
    And,
    AtTime,
    Calendar,
    Comparison,
    Count,
    DurationNode,
    Earliest,
    Elapsed,
    EndOfDay,
    Expression,
    Field,
    Guard,
    Has,
    If,
    Latest,
    Met,
    Restricted,
    Shift,
    StartOfDay,
    Supplied,
    Tally,
    Taught,
    Text,
    Time,
    as_time,
    is_elapsed,
    walk,
)
from tutorcore.policy.words import blamed, lesson, notice, now, reason, remedy

OF_COMMAND: Final = (reason, blamed, remedy)
"""What only a command brings."""


def literal_last(comparison: Comparison) -> Comparison:
    """Return the same comparison with a written value on the right: `2d <= notice` becomes `notice >= 2d`."""
    return _mirrored(comparison) if isinstance(comparison.left, LITERALS) else comparison


def _mirrored(comparison: Comparison) -> Comparison:
    return Comparison(comparison.right, MIRRORED[comparison.op], comparison.left)


def between_instants(comparison: Comparison) -> Comparison | None:
    """Return an elapsed time compared with a written duration as the comparison of instants that it means.

    >>> from tutorcore.policy.words import created, days, notice, now
    >>> str(between_instants(notice >= days(2)))
    'lesson.start - 2d >= now'
    >>> str(between_instants(now - created <= days(14)))
    'now <= created + 14d'

    None if the comparison is of another sort.
    """
    turned = _mirrored(comparison) if isinstance(comparison.left, DurationNode) else comparison
    elapsed, by = turned.left, turned.right
    if not isinstance(by, DurationNode) or not is_elapsed(elapsed):
        return None
    until, since = (elapsed.until, elapsed.since) if isinstance(elapsed, Elapsed) else (lesson.start, now)
    if until == now and since != now:
        return Comparison(until, turned.op, since + by)
    return Comparison(until - by, turned.op, since)


@attrs.frozen(order=False)
class Names:
    """The names that an expression mentions, or that a process knows."""

    states: frozenset[str] = frozenset()
    moves: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()
    remedies: frozenset[str] = frozenset()


def anchors_read(expr: Expression) -> frozenset[str]:
    """Return the canonical texts of the anchors that only a lesson's timeline can answer."""
    kept = ("asked", "entered", "lesson.first_start")
    anchors = (node for node in walk(expr) if isinstance(node, Anchor))
    return frozenset(str(anchor) for anchor in anchors if anchor.of or anchor.name in kept)


def counts_read(expr: Expression) -> frozenset[Tally]:
    """Return the terms that must be supplied as counts: of marks, and of the microseconds taught."""
    return frozenset(node for node in walk(expr) if isinstance(node, (Count, Taught)))


def supplied_read(expr: Expression) -> frozenset[Supplied]:
    """Return the guards about permissions, restrictions and acquaintance, of which those that hold must be supplied."""
    return frozenset(node for node in walk(expr) if isinstance(node, SUPPLIED))


def names_read(expr: Expression) -> Names:
    """Return the states, moves, roles, marks and remedies that an expression mentions, for a check against a process.

    A text that `blamed` is compared with is a role, one that `remedy` is compared with a remedy.
    """
    about: dict[str, set[str]] = {"state": set(), "move": set(), "role": set(), "mark": set(), "remedy": set()}
    for node in walk(expr):
        match node:
            case Anchor(name=name, of=of) if of:
                about[ANCHORS_OF[name]].add(of)
            case Count(mark=mark, role=role):
                about["mark"].add(mark)
                about["role"].add(role)
            case Taught(role=role) | Has(role=role) | Restricted(role=role):
                about["role"].add(role)
            case Met(one=one, other=other):
                about["role"] |= {one, other}
            case Comparison(left=left, right=Text(value=word)) | Comparison(left=Text(value=word), right=left) if (
                left in (blamed, remedy)
            ):
                about["role" if left == blamed else "remedy"].add(word)
    return Names(
        states=frozenset(about["state"]),
        moves=frozenset(about["move"]),
        roles=frozenset(about["role"]),
        marks=frozenset(about["mark"]),
        remedies=frozenset(about["remedy"]),
    )


def reads_proposed(expr: Expression) -> bool:
    """Tell whether an open change is read, so that the expression means something only beside one."""
    return any(isinstance(node, (Anchor, Field)) and node.name.startswith("proposed.") for node in walk(expr))


def reads_command(expr: Expression) -> bool:
    """Tell whether something is read that only a command brings: its reason, whom it blames, the remedy it names."""
    return any(node in OF_COMMAND for node in walk(expr))


def needs_zone(expr: Expression) -> bool:
    """Tell whether the policy must name a zone: some day, week, month or wall time is counted."""
    for node in walk(expr):
        match node:
            case StartOfDay() | EndOfDay() | AtTime() | Shift(by=Calendar()) | Count(within=Calendar()):
                return True
            case Taught(within=Calendar()):
                return True
            case Comparison(left=Calendar()) | Comparison(right=Calendar()):
                return True
    return False


def may_be_absent(expr: Expression, dated: frozenset[str] = frozenset()) -> bool:
    """Tell whether a value can be missing; the anchors named in `dated` are known to be there."""
    match expr:
        case Anchor(name=name, of=of):
            return (of != "" or name in ("proposed.start", "proposed.end", "deadline")) and str(expr) not in dated
        case Earliest(terms=terms) | Latest(terms=terms):
            return all(may_be_absent(term, dated) for term in terms)
        case If(then=then, otherwise=otherwise):
            return may_be_absent(then, dated) or may_be_absent(otherwise, dated)
        case Shift(time=time) | StartOfDay(time=time) | EndOfDay(time=time) | AtTime(time=time):
            return may_be_absent(time, dated)
        case Elapsed(until=until, since=since):
            return may_be_absent(until, dated) or may_be_absent(since, dated)
        case Field(name=name):
            return expr in OF_COMMAND or name.startswith("proposed.")
        case _:
            return False


def holds_until(guard: Guard) -> Time | None:
    """Return the instant at which a guard that is true now turns false by the mere passing of time.

    Known for `now < x`, `now <= x` and whatever means the same (`notice >= 24h`, `notice > 2d`,
    `now - created <= 14d`), alone or joined by `and`, where the earliest counts. With `<` and `>` the guard is false
    at that instant already; with `<=` and `>=` it is still true there: both are shown as "until". None for others.

    >>> from tutorcore.policy.words import hours
    >>> str(holds_until(notice >= hours(24)))
    'lesson.start - 24h'
    """
    match guard:
        case And(parts=conjuncts):
            ends = [end for conjunct in conjuncts if (end := holds_until(conjunct)) is not None]
            return Earliest(tuple(ends)) if len(ends) > 1 else next(iter(ends), None)
        case Comparison():
            meant = between_instants(guard)
            return _upper_bound_of_now(guard if meant is None else meant)
        case _:
            return None


def _upper_bound_of_now(comparison: Comparison) -> Time | None:
    match comparison:
        case Comparison(left=left, op="<" | "<=", right=right) if left == now:
            bound = right
        case Comparison(left=left, op=">" | ">=", right=right) if right == now:
            bound = left
        case _:
            return None
    if any(node in (now, notice) for node in walk(bound)):
        return None
    return as_time(bound)
