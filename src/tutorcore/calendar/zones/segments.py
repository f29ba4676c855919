"""Segments: stretches of the time line on which wall clocks keep one distance from UTC.

Within a segment, wall time is UTC plus a constant, so a set of wall times becomes a set of instants by subtracting it.
Across a segment's edge nothing needs to be said about gaps and folds: wall times that no segment shows vanish, and
those that two segments show come twice. A tutor who moves to another zone only adds edges.

All numbers are microseconds: of the time line since 1970-01-01T00:00Z, of the wall since the midnight before that day.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from tutorcore.calendar.intervals import Span, clipped
from tutorcore.calendar.zones.databases import TZDATA, TimeZones
from tutorcore.calendar.zones.tzif import Offsets

DAY: Final = 24 * 60 * 60 * 1_000_000

_STRETCH: Final = 1024 * DAY


class Segment(NamedTuple):
    """From `start` up to `end`, the wall shows `offset` more than UTC."""

    start: int
    end: int
    offset: int


Moves: TypeAlias = Sequence[tuple[int, str]]
"""Since when which zone counts, in order; the first since ever."""


def segments(moves: Moves, lo: int, hi: int, database: TimeZones = TZDATA) -> list[Segment]:
    """Return the segments of [lo, hi), in order and without holes, for somebody whose zone changes at `moves`.

    From one to the next the offset changes: what a move leaves as it was is no edge.
    """
    found: list[Segment] = []
    for index, (since, zone_name) in enumerate(moves):
        until = moves[index + 1][0] if index + 1 < len(moves) else hi
        start, end = (lo if index == 0 else max(lo, since)), min(hi, until)
        if start < end:
            _extend(found, database.offsets(zone_name), start, end)
    return found


def offset_at(parts: Sequence[Segment], micros: int) -> int:
    """Return the offset at an instant that the segments cover."""
    return parts[bisect_right(parts, micros, key=_start) - 1].offset


def project(wall: Sequence[Span], parts: Sequence[Segment]) -> list[Span]:
    """Return the set of instants, within the segments, at which the wall shows a time of the set `wall`."""
    found: list[Span] = []
    for start, end, offset in parts:
        here = [(first - offset, last - offset) for first, last in clipped(wall, start + offset, end + offset)]
        if found and here and found[-1][1] == here[0][0]:
            here[0] = (found.pop()[0], here[0][1])
        found += here
    return found


def wall_range(parts: Sequence[Segment]) -> Span:
    """Return a span of wall time that holds whatever the wall shows during the segments."""
    return min(part.start + part.offset for part in parts), max(part.end + part.offset for part in parts)


def _start(part: Segment) -> int:
    return part.start


def _extend(found: list[Segment], offsets: Offsets, lo: int, hi: int) -> None:
    """Append the segments of [lo, hi), joining those of one offset that meet at the edge of a stretch or at a move."""
    for number in range(lo // _STRETCH, (hi - 1) // _STRETCH + 1):
        for part in _stretch(offsets, number):
            start, end, offset = part
            if start >= hi or end <= lo:
                continue
            if found and found[-1].offset == offset:
                found[-1] = Segment(found[-1].start, min(end, hi), offset)
            else:
                found.append(part if lo <= start and end <= hi else Segment(max(start, lo), min(end, hi), offset))


@lru_cache(maxsize=4096)
def _stretch(offsets: Offsets, number: int) -> tuple[Segment, ...]:
    """Return the segments of the stretch of that number, so that no rule is asked twice about a year."""
    return tuple(Segment(*run) for run in offsets.runs(number * _STRETCH, (number + 1) * _STRETCH))
