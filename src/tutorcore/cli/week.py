"""A week as it is drawn: seven days of one clock beside each other, in rows of half an hour.

A column is a date on the clock of whoever looks, a row half an hour of that clock, and a cell is the time that both
name. Where clocks go forward, cells are left without time; where they go back, rows come twice, and only the day on
which that happens has the second ones. So a column is read downwards as time goes by, on whatever day.

Beside the rows stands what other clocks show: by how much one is ahead is constant but for changes of clock, and each
of those adds a margin. Knows spans and clocks, neither characters nor colors: `week_drawing` and `week_svg` have those.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby, pairwise
from typing import Final, NamedTuple

import attrs

from tutorcore.calendar.agendas.free_busy import FreeBusy, FreeBusyKind
from tutorcore.calendar.intervals import Span, gaps, joined
from tutorcore.calendar.schedules.hours import day_number
from tutorcore.calendar.zones.segments import DAY, Moves, Segment, offset_at, segments
from tutorcore.calendar.zones.wall_time import first_instant
from tutorcore.instants import to_micros

TUTOR: Final = "tutor"
"""What the tutor is called beside the others."""

DAYS: Final = 7
ROW: Final = 30 * 60 * 1_000_000

_RANK: Final[tuple[FreeBusyKind, ...]] = ("BUSY", "BUSY-TENTATIVE", "FREE")
"""What a time that holds several kinds is drawn as: the first of these. All other time is not drawn at all."""


class Stretch(NamedTuple):
    """From `start` up to `end`, in microseconds, somebody's time is of one kind."""

    start: int
    end: int
    kind: FreeBusyKind


class Cell(NamedTuple):
    """The time from `start` up to `end`, in microseconds, at whose beginning the clock is `into` its row."""

    start: int
    end: int
    into: int

    def part(self, first: int, last: int) -> Span | None:
        """Return the time in which the clock is from `first` up to `last` into the row, or None if it never is."""
        lo, hi = max(first, self.into), min(last, self.into + self.end - self.start)
        return (self.start + lo - self.into, self.start + hi - self.into) if lo < hi else None


class _Shown(NamedTuple):
    """A cell, and by how much the clock is then ahead of UTC."""

    cell: Cell
    offset: int


class Row(NamedTuple):
    """Half an hour of the clock, `wall` after midnight; `offset` is set where the row comes twice.

    `cells` has the time of each day, None on one that is in the other of two such rows, or that has none. `skipped` is
    what clocks skip on each day, in microseconds into the row; the second of two rows does not repeat it.
    """

    wall: int
    offset: int | None
    cells: tuple[Cell | None, ...]
    skipped: tuple[tuple[Span, ...], ...]


class Margin(NamedTuple):
    """What somebody's clock shows beside the rows: it is `ahead` of them, from `since` on, or from the beginning."""

    name: str
    ahead: int
    since: int | None


class Change(NamedTuple):
    """Clocks of a zone, or of somebody who moved, are set at an instant: from the one offset to the other."""

    at: int
    name: str
    before: int
    after: int


@attrs.frozen
class Lane:
    """What somebody's time is like, in order and without overlap, and the clock they live by, if it is known."""

    name: str
    stretches: Sequence[Stretch]
    clock: Moves | None = None

    def meeting(self, start: int, end: int) -> Iterator[Stretch]:
        """Yield the stretches that share a point with the time from `start` up to `end`."""
        for index in range(bisect_right(self.stretches, start, key=_end), len(self.stretches)):
            if self.stretches[index].start >= end:
                return
            yield self.stretches[index]

    def kind_in(self, start: int, end: int) -> FreeBusyKind | None:
        """Return what the time from `start` up to `end` is: taken if any of it is, else free if any of it is."""
        kinds = {stretch.kind for stretch in self.meeting(start, end)}
        return next((kind for kind in _RANK if kind in kinds), None)


@attrs.frozen
class Week:
    """Seven days on the clock of a zone, the people whose time is drawn, and the starts that can be booked."""

    zone: str
    days: tuple[date, ...]
    rows: tuple[Row, ...]
    lanes: tuple[Lane, ...]
    starts: tuple[int, ...]
    margins: tuple[Margin, ...]
    changes: tuple[Change, ...]

    def starts_in(self, start: int, end: int) -> Sequence[int]:
        """Return when a lesson can begin from `start` up to `end`."""
        return self.starts[bisect_left(self.starts, start) : bisect_left(self.starts, end)]

    def is_quiet(self, row: Row) -> bool:
        """Return whether nobody's time is anything in a row, and clocks do nothing in it."""
        if row.offset is not None or any(row.skipped):
            return False
        cells = [cell for cell in row.cells if cell is not None]
        return not any(lane.kind_in(cell.start, cell.end) for cell in cells for lane in self.lanes) and not any(
            self.starts_in(cell.start, cell.end) for cell in cells
        )


def stretches_of(times: Iterable[FreeBusy]) -> list[Stretch]:
    """Return what is drawn of somebody's free and busy time: all but what lies outside their hours."""
    return [
        Stretch(to_micros(one.start), to_micros(one.end), one.kind) for one in times if one.kind != "BUSY-UNAVAILABLE"
    ]


def days_from(first: date) -> tuple[date, ...]:
    """Return the seven dates from the first on."""
    return tuple(first + timedelta(days=number) for number in range(DAYS))


def span_of(days: Sequence[date], zone: str) -> Span:
    """Return the time in which clocks of a zone show these dates; where a date comes twice, up to its second end."""
    parts = _clock_around(days, zone)
    first, last = day_number(days[0]) * DAY, (day_number(days[-1]) + 1) * DAY
    shown = [
        (max(part.start, first - part.offset), min(part.end, last - part.offset))
        for part in parts
        if max(part.start, first - part.offset) < min(part.end, last - part.offset)
    ]
    return shown[0][0], shown[-1][1]


def week_of(days: Sequence[date], zone: str, lanes: Sequence[Lane], starts: Iterable[int]) -> Week:
    """Return the week from the first of `days` on, as clocks in the zone show it."""
    lo, hi = span_of(days, zone)
    own = segments(((0, zone),), lo, hi)
    clocks = {lane.name: segments(lane.clock, lo, hi) for lane in lanes if lane.clock is not None}
    return Week(
        zone,
        tuple(days),
        tuple(_rows(days, zone)),
        tuple(lanes),
        tuple(starts),
        tuple(margin for name, parts in clocks.items() for margin in _margins(name, own, parts)),
        tuple(_changes({zone: own} | clocks)),
    )


def _clock_around(days: Sequence[date], zone: str) -> list[Segment]:
    """Return the segments of a zone from well before these dates until well after: some dates come twice."""
    first, last = to_micros(first_instant(days[0], zone)), to_micros(first_instant(days[-1], zone))
    return segments(((0, zone),), first - 2 * DAY, last + 3 * DAY)


# Rows


def _rows(days: Sequence[date], zone: str) -> Iterator[Row]:
    """Yield the rows from midnight on; where clocks go back, all that come twice a first time, then a second time."""
    columns = [_cells(day, _clock_around(days, zone)) for day in days]
    walls = range(0, DAY, ROW)
    passes = {wall: max((column[wall] for column in columns), key=len) for wall in walls}
    for count, block in groupby(walls, lambda wall: len(passes[wall])):
        again = list(block)
        for number in range(max(1, count)):
            yield from (_row(wall, number, passes[wall], columns) for wall in again)


def _row(wall: int, number: int, passes: Sequence[_Shown], columns: Sequence[Mapping[int, list[_Shown]]]) -> Row:
    cells = tuple(_on_pass(column[wall], number, passes) for column in columns)
    skipped = tuple(() if number else tuple(_skipped(column[wall])) for column in columns)
    return Row(wall, passes[number].offset if len(passes) > 1 else None, cells, skipped)


def _skipped(shown: Iterable[_Shown]) -> list[Span]:
    return gaps(joined((cell.into, cell.into + cell.end - cell.start) for cell, _ in shown), 0, ROW)


def _on_pass(shown: Sequence[_Shown], number: int, passes: Sequence[_Shown]) -> Cell | None:
    """Return the cell of a day on which a row comes twice, or on one where it does not and has the offset of a pass."""
    if len(shown) == 1:
        offsets = [each.offset for each in passes]
        number_there = offsets.index(shown[0].offset) if shown[0].offset in offsets else 0
        return shown[0].cell if number == number_there else None
    return shown[number].cell if number < len(shown) else None


def _cells(day: date, parts: Iterable[Segment]) -> Mapping[int, list[_Shown]]:
    """Return the cells of a date by the wall time of their rows, in the order of time."""
    found: dict[int, list[_Shown]] = defaultdict(list)
    midnight = day_number(day) * DAY
    for start, end, offset in parts:
        lo, hi = max(start + offset - midnight, 0), min(end + offset - midnight, DAY)
        for wall in range(lo // ROW * ROW, hi, ROW):
            first, last = max(wall, lo), min(wall + ROW, hi)
            cell = Cell(first + midnight - offset, last + midnight - offset, first - wall)
            found[wall].append(_Shown(cell, offset))
    return found


# Other clocks


def _margins(name: str, own: Sequence[Segment], parts: Sequence[Segment]) -> Iterator[Margin]:
    """Yield by how much a clock is ahead of the rows, and since when; nothing if it shows the same all week."""
    edges = sorted({part.start for part in (*own, *parts)})
    ahead = [(edge, offset_at(parts, edge) - offset_at(own, edge)) for edge in edges]
    runs = [next(run) for _, run in groupby(ahead, lambda each: each[1])]
    if len(runs) > 1 or runs[0][1]:
        yield from (Margin(name, by, since if index else None) for index, (since, by) in enumerate(runs))


def _changes(clocks: Mapping[str, Sequence[Segment]]) -> list[Change]:
    """Return when the clocks are set, in order; those that are set alike are told once."""
    found: dict[tuple[int, int, int], str] = {}
    for name, parts in clocks.items():
        for before, after in pairwise(parts):
            found.setdefault((after.start, before.offset, after.offset), name)
    return [Change(at, name, before, after) for (at, before, after), name in sorted(found.items())]


def _end(stretch: Stretch) -> int:
    return stretch.end
