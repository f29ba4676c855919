"""Clocks: what people's clocks are to show when their lessons begin, and where new rules of time zones disagree.

A lesson is agreed for an instant, and people remember a wall time. When a country changes its clocks after both were
written down, they no longer mean the same. So each proposal's start is kept as the clocks of tutor and student had it,
with the version of the time zone database that said so; whoever installs another version can ask which lessons it
moves on somebody's clock, and tell them, before anybody is late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from tutorcore.calendar.zones.databases import TZDATA
from tutorcore.calendar.zones.stored_times import Drift, ZoneGone, find_drift, rebased
from tutorcore.engine.booking import proposed_in
from tutorcore.engine.reading import Reading
from tutorcore.engine.wall_times import wall_times
from tutorcore.errors import UnknownName
from tutorcore.ids import LessonId, lesson_id
from tutorcore.instants import Instant
from tutorcore.lessons.lesson import Lesson
from tutorcore.ports.storage import Storage, Transaction, WallTime

Drifted: TypeAlias = Drift[WallTime] | ZoneGone[WallTime]
"""A wall time that has moved, or whose zone there is no more."""


class Clocks:
    """What clocks are to show, in one marketplace. `Marketplace.clocks` is one."""

    def __init__(self, storage: Storage, now: Callable[[Instant | None], Instant]) -> None:
        self._storage = storage
        self._now = now

    def of(self, lesson: str) -> tuple[WallTime, ...]:
        """Return what the clocks of tutor and student were to show at each start that was ever proposed.

        By start, proposal and party. Lessons asked for before wall times were kept have none. Raises `UnknownName`.
        """
        id = lesson_id(lesson)
        with self._storage.reading() as tx:
            if tx.lesson(id) is None:
                raise UnknownName("lesson", id)
            return tx.wall_times(id)

    def find_drift(self, *, now: Instant | None = None) -> tuple[Drifted, ...]:
        """Return where the time zones in use have a clock show something else than was kept, by start.

        Only of lessons yet to begin, at the start that is agreed or on the table. A `Drift` says what the clock shows
        now at the same instant, which is when the lesson takes place, and which instant it would be by the old wall
        time: `Marketplace.propose` moves a lesson there, if people want that.
        """
        at = self._now(now)
        with self._storage.reading() as tx:
            return drifted(tx, at)

    def restamp(self, *, now: Instant | None = None) -> int:
        """Keep what clocks show by the time zones in use, and return how many wall times that changed or added.

        To be called when people have been told what `find_drift` says, which then says nothing any more. No lesson
        moves: each keeps its instant. What is in a zone that the database does not have stays as it is. Lessons that
        are running and have no wall times yet get theirs.
        """
        at = self._now(now)
        with self._storage.transaction() as tx:
            kept = tx.wall_times(since=at)
            rows = [
                row._replace(start=shown)
                for row in kept
                if row.start.zone in TZDATA.names and (shown := rebased(row.start, "keep_instant")) != row.start
            ]
            known = {(row.lesson, row.proposal) for row in kept}
            for lesson in tx.lessons(over=False):
                terms = proposed_in(lesson)
                if terms.start >= at and (lesson.id, terms.number) not in known:
                    rows += wall_times(tx, lesson.brief, terms)
            tx.put_wall_times(rows)
        return len(rows)


def drifted(tx: Transaction, at: Instant) -> tuple[Drifted, ...]:
    """Return what the time zones in use have moved, of starts after `at` that are agreed or on the table."""
    found = find_drift((row, row.start) for row in tx.wall_times(since=at))
    return tuple(_still_meant(Reading(tx, at), found))


def _still_meant(reading: Reading, found: Iterable[Drifted]) -> Iterator[Drifted]:
    """Those of a start that is agreed or on the table in a lesson that is not over."""
    lessons: dict[LessonId, Lesson] = {}
    for drift in found:
        id = drift.key.lesson
        if id not in lessons:
            lessons[id] = reading.lesson(id)
        lesson = lessons[id]
        if not lesson.over and drift.key.proposal in (lesson.terms.number, proposed_in(lesson).number):
            yield drift
