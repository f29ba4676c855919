"""Counts over other lessons, gathered for guards that ask for them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from tutorcore.calendar.zones import add_calendar
from tutorcore.instants import Instant
from tutorcore.lessons.lesson import Brief
from tutorcore.lessons.projections import Mark
from tutorcore.policy.expressions import Calendar, Count, Exact
from tutorcore.policy.roles import Role
from tutorcore.ports.storage import Transaction


def counted(
    tx: Transaction, brief: Brief, needed: frozenset[Count], at: Instant, coming: Iterable[Mark] = ()
) -> dict[str, int]:
    """Return each needed count of marks by its canonical text: those up to `at`, in its window if it has one.

    `coming` are marks up to `at` that are not recorded yet, because nobody has swept.
    """
    return {str(count): _counted(tx, brief, count, at, coming) for count in sorted(needed, key=str)}


def _counted(tx: Transaction, brief: Brief, count: Count, at: Instant, coming: Iterable[Mark]) -> int:
    party = brief.party(cast(Role, count.role))  # A well-formed process names only roles; others raise InvalidValue.
    since = _since(count.within, at, brief.zone)
    found = [mark for mark in coming if (mark.party, mark.name) == (party, count.mark)]
    return tx.count_marks(party, count.mark, since, at) + sum(since is None or mark.at > since for mark in found)


def _since(within: Exact | Calendar | None, at: Instant, zone: str) -> Instant | None:
    if within is None:
        return None
    if isinstance(within, Exact):
        return at - within.delta
    return add_calendar(at, zone, months=-within.months, weeks=-within.weeks, days=-within.days)
