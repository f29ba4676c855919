"""Measures: what is said of one replication under one policy, as exact numbers by name.

A measure is reckoned over all lessons that somebody wanted to have, whether or not the request was refused: that is
the same set under every policy, so that what differs is the policy's doing. The few that are about a part of them (how
long until it was agreed) say so, and are left out of a replication in which that part is empty.

Knows what a result holds; knows neither intervals nor how numbers are written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from tutorcore.sim.results import Result, Row

Group: TypeAlias = Literal["requests", "endings", "refused requests", "money", "times", "marks", "refusals", "standing"]
Kind: TypeAlias = Literal["number", "share", "rate", "money", "hours"]

GROUPS: Final[tuple[Group, ...]] = get_args(Group)
_IN_ORDER: Final = ("requests", "money", "times")
_HOUR: Final = timedelta(hours=1)


class Measure(NamedTuple):
    """What is measured: its group, its name there, and what kind of number it is.

    A `share` is a part of 1, a `rate` how many there are to one lesson that was wanted, `money` is in whole units of
    the policy's currency.
    """

    group: Group
    name: str
    kind: Kind

    @property
    def counts(self) -> bool:
        """Whether it counts how often something was so: what never was is then nothing, not unknown."""
        return self.group not in ("money", "times")

    @property
    def order(self) -> tuple[int, str]:
        """Where it stands among others: group by group, and by name where names come from a policy."""
        return GROUPS.index(self.group), "" if self.group in _IN_ORDER else self.name


Measured: TypeAlias = Mapping[Measure, Fraction]


def measured(result: Result) -> Measured:
    """Return everything that can be said of a result; nothing but the number of requests if there were none."""
    rows, count = result.rows, len(result.rows)
    found = {Measure("requests", "lessons wanted", "number"): Fraction(count)}
    if count:
        found.update(_shares(rows))
        found.update(_money(rows, 10**result.unit.exponent))
        found.update(_times(rows))
        found.update(_standing(result))
    return found


def _shares(rows: Sequence[Row]) -> Iterator[tuple[Measure, Fraction]]:
    count = len(rows)
    whether: tuple[tuple[str, Callable[[Row], bool]], ...] = (
        ("asked for", lambda row: not row.refused),
        ("agreed", lambda row: row.agreed is not None),
        ("took place", lambda row: row.is_taught),
    )
    for name, is_so in whether:
        yield Measure("requests", name, "share"), Fraction(sum(map(is_so, rows)), count)
    reached: tuple[tuple[Group, Counter[str]], ...] = (
        ("endings", Counter(_ending(row) for row in rows if not row.refused)),
        ("refused requests", Counter(row.refused for row in rows if row.refused)),
    )
    for group, names in reached:
        for name, times in names.items():
            yield Measure(group, name, "share"), Fraction(times, count)
    for name, times in Counter(mark for row in rows for mark in _marks(row)).items():
        yield Measure("marks", name, "rate"), Fraction(times, count)
    for name, times in Counter(_in_vain(rows)).items():
        yield Measure("refusals", name, "rate"), Fraction(times, count)


def _ending(row: Row) -> str:
    return row.ending if row.is_over else f"{row.ending}, not over"


def _in_vain(rows: Iterable[Row]) -> Iterator[str]:
    """What was refused of what people tried to do with lessons that they had asked for."""
    return (f"{verb}: {code}" for row in rows if not row.refused for verb, code in row.refusals)


def _marks(row: Row) -> Iterator[str]:
    yield from (f"tutor: {mark}" for mark in row.tutor_marks)
    yield from (f"student: {mark}" for mark in row.student_marks)


def _money(rows: Sequence[Row], whole: int) -> Iterator[tuple[Measure, Fraction]]:
    amounts: tuple[tuple[str, Callable[[Row], int]], ...] = (
        ("student pays", lambda row: row.paid),
        ("tutor gets", lambda row: row.tutor_gets),
        ("platform gets", lambda row: row.platform_gets),
    )
    for name, amount in amounts:
        yield Measure("money", name, "money"), Fraction(sum(map(amount, rows)), whole * len(rows))


def _times(rows: Sequence[Row]) -> Iterator[tuple[Measure, Fraction]]:
    lengths: tuple[tuple[str, Iterable[timedelta]], ...] = (
        ("hours until agreed, if agreed", [row.agreed - row.asked for row in rows if row.agreed is not None]),
        ("hours in escrow, if held", [row.held for row in rows if row.held]),
    )
    for name, spans in lengths:
        hours = [_hours(span) for span in spans]
        if hours:
            yield Measure("times", name, "hours"), sum(hours, Fraction(0)) / len(hours)


def _hours(span: timedelta) -> Fraction:
    return Fraction(span // timedelta(microseconds=1), _HOUR // timedelta(microseconds=1))


def _standing(result: Result) -> Iterator[tuple[Measure, Fraction]]:
    for counter, reports in result.totals.reports.items():
        yield Measure("standing", f"reports: {counter}", "number"), Fraction(reports)
    for effect, tutors in result.totals.restricted.items():
        yield Measure("standing", f"tutors in the end: {effect}", "number"), Fraction(tutors)
