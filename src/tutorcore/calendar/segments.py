"""Segments: stretches of the time line on which wall clocks keep one distance from UTC.

Within a segment, wall time is UTC plus a constant, so a set of wall times becomes a set of instants by subtracting it.
Across a segment's edge nothing needs to be said about gaps and folds: wall times that no segment shows vanish, and
those that two segments show come twice. A tutor who moves to another zone only adds edges.

All numbers are microseconds: of the time line since 1970-01-01T00:00Z, of the wall since the midnight before that day.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from tutorcore.calendar.intervals import Span
from tutorcore.calendar.zones import zone
from tutorcore.instants import MICROSECOND, from_micros, to_micros

DAY: Final = 24 * 60 * 60 * 1_000_000

_SECOND: Final = 1_000_000


class Segment(NamedTuple):
    """From `start` up to `end`, the wall shows `offset` more than UTC."""

    start: int
    end: int
    offset: int


Moves: TypeAlias = Sequence[tuple[int, str]]
"""Since when which zone counts, in order; the first since ever."""


def segments(moves: Moves, lo: int, hi: int) -> list[Segment]:
    """Return the segments of [lo, hi), in order and without holes, for somebody whose zone changes at `moves`."""
    found: list[Segment] = []
    for index, (since, zone_name) in enumerate(moves):
        until = moves[index + 1][0] if index + 1 < len(moves) else hi
        start, end = (lo if index == 0 else max(lo, since)), min(hi, until)
        if start < end:
            found.extend(_of_zone(zone_name, start, end))
    return found


def offset_at(parts: Sequence[Segment], micros: int) -> int:
    """Return the offset at an instant that the segments cover."""
    return parts[bisect_right(parts, micros, key=_start) - 1].offset


def project(wall: Sequence[Span], parts: Sequence[Segment]) -> list[Span]:
    """Return the set of instants, within the segments, at which the wall shows a time of the set `wall`."""
    found: list[Span] = []
    for start, end, offset in parts:
        lo, hi = start + offset, end + offset
        for index in range(bisect_right(wall, lo, key=_end), len(wall)):
            first, last = wall[index]
            if first >= hi:
                break
            here = max(first, lo) - offset
            if found and found[-1][1] == here:
                here = found.pop()[0]
            found.append((here, min(last, hi) - offset))
    return found


def wall_range(parts: Sequence[Segment]) -> Span:
    """Return a span of wall time that holds whatever the wall shows during the segments."""
    return min(part.start + part.offset for part in parts), max(part.end + part.offset for part in parts)


def _start(part: Segment) -> int:
    return part.start


def _end(span: Span) -> int:
    return span[1]


def _of_zone(zone_name: str, lo: int, hi: int) -> Iterator[Segment]:
    for year in range(from_micros(lo).year, from_micros(hi - 1).year + 1):
        for start, end, offset in _of_year(zone_name, year):
            if start < hi and end > lo:
                yield Segment(max(start, lo), min(end, hi), offset)


@lru_cache(maxsize=2048)
def _of_year(zone_name: str, year: int) -> tuple[Segment, ...]:
    """Return the segments of one UTC year; an edge of the year is an edge of a segment.

    zoneinfo tells an instant's offset but not when it changes, so the offset is read every 24 hours and a change
    is then found by bisection. No zone's offset has changed twice within 24 hours, nor does it under any rule for
    years to come (the closest two changes are a week apart); a test over all zones holds this against the database.
    """
    where = zone(zone_name)
    first, last = (to_micros(datetime(number, 1, 1, tzinfo=UTC)) for number in (year, year + 1))
    found: list[Segment] = []
    since, offset = first, _offset(where, first)
    for probe in (*range(first + DAY, last, DAY), last - _SECOND):
        later = _offset(where, probe)
        if later != offset:
            change = _change(where, since, probe, offset)
            found.append(Segment(since, change, offset))
            since, offset = change, later
    found.append(Segment(since, last, offset))
    return tuple(found)


def _change(where: tzinfo, since: int, probe: int, offset: int) -> int:
    """Return the whole second in the 24 hours up to `probe` from which on the offset is another one."""
    first = max(since, probe - DAY)
    seconds = range((probe - first) // _SECOND + 1)
    passed = bisect_left(seconds, True, key=lambda second: _offset(where, first + second * _SECOND) != offset)
    return first + passed * _SECOND


def _offset(where: tzinfo, micros: int) -> int:
    found: timedelta = from_micros(micros).astimezone(where).utcoffset()  # type: ignore[assignment]  # never None
    return found // MICROSECOND
