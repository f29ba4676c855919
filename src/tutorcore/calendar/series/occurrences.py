"""Occurrences: the single lessons of a series, and from when on another clock shows them at another time.

Knows when they take place, not which rule brought them: that is `tutorcore.calendar.series.series`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise

import attrs

from tutorcore.calendar.schedules.schedule import spelled
from tutorcore.calendar.zones.databases import TimeZones
from tutorcore.calendar.zones.segments import offset_at, segments
from tutorcore.calendar.zones.wall_time import local_date, to_local
from tutorcore.instants import Instant, from_micros, to_micros


@attrs.frozen
class Occurrence:
    """One lesson of a series: which one, the wall time it was planned for, and when it takes place.

    * `index` counts from 0, and `planned` is the wall time that the rule gave it. Neither ever changes, so either names
      the lesson for good.
    * `local` is what the clock of the series shows when it takes place: the time to tell people who live by it.
    * `is_moved` says that it was put at another time than planned; `shifted` is how far clocks that went forward put
      off a wall time they skipped. Without either, `local` is `planned`.
    """

    index: int
    planned: datetime
    local: datetime
    start: Instant
    end: Instant
    is_moved: bool = attrs.field(default=False, kw_only=True)
    shifted: timedelta = attrs.field(default=timedelta(0), kw_only=True)


@attrs.frozen
class Shift:
    """From some day on, lessons that keep their wall time for one party take place at another for the other one.

    `day` is the date on which clocks change, by the clock that changes, `at` the instant; `first` is the first lesson
    that it touches. Until then the other party's clock showed `usual` at that lesson's time, now it shows `now`; `by`
    is what lies between, negative if it is earlier.
    """

    day: date
    at: Instant
    first: Occurrence
    usual: datetime
    now: datetime

    @property
    def by(self) -> timedelta:
        """How much later by the other party's clock; negative if it is earlier."""
        return self.now - self.usual

    @property
    def sentence(self) -> str:
        """The same in English words.

        Such as "from 25 October 2026: 1 hour later for you, 14:00 instead of 13:00, for the first time on 27 October".
        """
        which = "later" if self.by > timedelta(0) else "earlier"
        first = f"{self.now:%H:%M} instead of {self.usual:%H:%M}"
        return (
            f"from {self.day.day} {self.day:%B} {self.day.year}: {spelled(abs(self.by))} {which} for you, "
            f"{first}, for the first time on {self.now.day} {self.now:%B}"
        )


def shifts_between(
    occurrences: Iterable[Occurrence], zone: str, viewer_zone: str, database: TimeZones
) -> Iterator[Shift]:
    """Yield where the wall time in `viewer_zone` changes for occurrences that keep theirs in `zone`."""
    for earlier, later in pairwise(occurrences):
        usual = _wall(earlier, viewer_zone, database) - earlier.planned + later.planned
        now = _wall(later, viewer_zone, database)
        if now != usual:
            at, where = _change(earlier, later, zone, viewer_zone, database)
            yield Shift(local_date(at, where, database=database), at, later, usual, now)


def _wall(occurrence: Occurrence, zone: str, database: TimeZones) -> datetime:
    return to_local(occurrence.start, zone, database=database).replace(tzinfo=None)


def _change(
    earlier: Occurrence, later: Occurrence, zone: str, viewer_zone: str, database: TimeZones
) -> tuple[Instant, str]:
    """Return the last instant between two occurrences at which the clocks moved against each other, and whose did.

    Where clocks stayed alike, the later occurrence has been put off by itself, and its own start is the answer.
    """
    lo, hi = to_micros(earlier.start), to_micros(later.start) + 1
    clocks = {name: segments([(0, name)], lo, hi, database) for name in (zone, viewer_zone)}
    edges = sorted((part.start, name) for name, parts in clocks.items() for part in parts[1:])
    for at, name in reversed(edges):
        before, after = (
            offset_at(clocks[viewer_zone], micros) - offset_at(clocks[zone], micros) for micros in (at - 1, at)
        )
        if before != after:
            return from_micros(at), name
    return later.start, viewer_zone
