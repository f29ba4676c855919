"""The grid: at which instants a lesson can start at all, whatever is free.

It never depends on who looks or on what is asked for. With the anchor "wall", starts are counted from the tutor's local
midnight by the wall clock: in a fold both passes of a wall time are starts. With "window" and "free" they are counted
by elapsed time from the start of the hours available or of the free gap; where that lasts longer than a week, and so
perhaps has no beginning, the grid of "wall" counts instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from tutorcore.calendar.agendas.diaries import Diary
from tutorcore.calendar.intervals import Span, clipped, without
from tutorcore.calendar.schedules.hours import Hours
from tutorcore.calendar.schedules.schedule import Booking
from tutorcore.calendar.zones.segments import DAY
from tutorcore.instants import MICROSECOND

WEEK: Final = 7 * DAY

# Whatever lasts up to a week and meets a range is seen whole from this far away.
_MARGIN: Final = WEEK + DAY


class _Piece(NamedTuple):
    """A stretch in which starts lie whole steps from `origin`."""

    lo: int
    hi: int
    origin: int


class Grid:
    """The starts there are for somebody with these hours, this booking and this busy time."""

    def __init__(self, hours: Hours, booking: Booking, diary: Diary) -> None:
        self._hours = hours
        self._anchor = booking.anchor
        self.step = booking.step // MICROSECOND
        self._diary = diary

    def allows(self, start: int) -> bool:
        """Return whether the grid has nothing against a start; outside the hours it counted from, it has not."""
        return not any((start - piece.origin) % self.step for piece in self._pieces(start, start + 1))

    def within(self, spans: Sequence[Span], lo: int, hi: int) -> Iterator[Span]:
        """Yield the starts that lie in a set of spans, which itself lies in [lo, hi): in order, as runs.

        A run is a span of which the first instant is a start, and with it every whole step up to the end.
        """
        step = self.step
        for since, until, origin in self._pieces(lo, hi):
            for start, end in clipped(spans, since, until):
                first = start + (origin - start) % step
                if first < end:
                    yield first, end

    def _pieces(self, lo: int, hi: int) -> list[_Piece]:
        if self._anchor == "wall":
            return self._daily(lo, hi)
        runs = self._hours.available(lo - _MARGIN, hi + _MARGIN)
        if self._anchor == "free":
            runs = without(runs, clipped(self._diary.clear, lo - _MARGIN, hi + _MARGIN))
        pieces: list[_Piece] = []
        for first, last in runs:
            for start, end in clipped([(first, last)], lo, hi):
                pieces.extend([_Piece(start, end, first)] if last - first <= WEEK else self._daily(start, end))
        return pieces

    def _daily(self, lo: int, hi: int) -> list[_Piece]:
        """Return the stretches of [lo, hi) that are counted from a midnight: one a day.

        Where whole steps make up a day, every midnight of a segment begins the same count, so one of them will do.
        """
        pieces: list[_Piece] = []
        for start, end, offset in self._hours.segments(lo, hi):
            midnight = (start + offset) // DAY * DAY - offset
            if DAY % self.step == 0:
                pieces.append(_Piece(start, end, midnight))
            else:
                days = range(midnight, end, DAY)
                pieces.extend(_Piece(max(start, day), min(end, day + DAY), day) for day in days)
        return pieces
