"""Counts over other lessons, gathered for guards that ask for them; and the lessons that must be caught up for that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from tutorcore.calendar.zones import add_calendar
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import Instant
from tutorcore.lessons.lesson import Brief, Lesson
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


def due_lessons(tx: Transaction, now: Instant, parties: Iterable[PartyId]) -> list[Lesson]:
    """Return the lessons of these parties with a timeout due at `now`.

    A timeout that counts looks at other lessons of its own people, so theirs belong to it, and so on: what it finds
    must not depend on who was looked at first. Under a policy whose timeouts count nothing, only the parties' own.
    """
    found: dict[LessonId, Lesson] = {}
    seen = dict.fromkeys(parties)
    ahead = list(seen)
    while ahead:
        ids = [id for id in tx.due(now, ahead) if id not in found]
        lessons = [lesson for id in ids if (lesson := tx.lesson(id)) is not None]
        found |= {lesson.brief.id: lesson for lesson in lessons}
        counting = [lesson for lesson in lessons if lesson.machine.counts_in_timeouts]
        ahead = [party for lesson in counting for party in lesson.brief.parties if party not in seen]
        seen |= dict.fromkeys(ahead)
    return list(found.values())
