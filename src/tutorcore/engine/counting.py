"""Counts over other lessons, gathered for guards that ask for them."""

from __future__ import annotations

from typing import cast

from tutorcore.calendar.zones import add_calendar
from tutorcore.instants import Instant
from tutorcore.lessons.lesson import Brief
from tutorcore.policy.expressions import Calendar, Count, Exact
from tutorcore.policy.roles import Role
from tutorcore.ports.storage import Transaction


def counted(tx: Transaction, brief: Brief, needed: frozenset[Count], at: Instant) -> dict[str, int]:
    """Return each needed count of marks by its canonical text: those up to `at`, in its window if it has one."""
    return {
        str(count): tx.count_marks(
            brief.party(cast(Role, count.role)),  # a well-formed process names only roles; others raise InvalidValue
            count.mark,
            _since(count.within, at, brief.zone),
            at,
        )
        for count in sorted(needed, key=str)
    }


def _since(within: Exact | Calendar | None, at: Instant, zone: str) -> Instant | None:
    if within is None:
        return None
    if isinstance(within, Exact):
        return at - within.delta
    return add_calendar(at, zone, months=-within.months, weeks=-within.weeks, days=-within.days)
