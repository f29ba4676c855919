"""Walls: what stands against a booking, as the spans of starts that it bars.

A wall is one obstacle as seen from the starts of a lesson of one length: a busy hour bars every start from which the
lesson would run into it. Listing slots subtracts walls; explaining a start names the walls that it runs into. Knows
neither schedules nor grids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from tutorcore.calendar.busy import Busy
from tutorcore.calendar.schedule import Blackout
from tutorcore.calendar.verdicts import Code
from tutorcore.errors import InvalidType
from tutorcore.instants import MICROSECOND, Instant, to_micros


class Taken(NamedTuple):
    """A busy time, and the wider span [lo, hi) that a new lesson must keep clear of for the sake of buffers."""

    lo: int
    start: int
    end: int
    hi: int
    busy: Busy
    party: str


class Full(NamedTuple):
    """A local day or week in which as many lessons start as may."""

    unit: str
    lessons: int
    most: int


class Wall(NamedTuple):
    """An obstacle that bars the starts in [lo, hi); none if that is empty."""

    code: Code
    lo: int
    hi: int
    what: Taken | Full | Blackout | datetime | None = None

    def met(self, start: int, length: int) -> Wall:
        """Return this wall with the code for a lesson of that length at `start`, one of those it bars.

        The tutor's own busy time is a lesson or a hold, or a mere buffer, depending on where the lesson runs into it.
        """
        one = self.what
        if not isinstance(one, Taken) or one.party:
            return self
        if start >= one.end or start + length <= one.start:
            return self._replace(code="buffer")
        return self if one.busy.kind == "lesson" else self._replace(code="hold")


def taken(
    busy: Iterable[Busy], now: Instant, *, before: timedelta, after: timedelta, party: str = ""
) -> Iterator[Taken]:
    """Yield what takes time at `now`, to be approached by a lesson with the buffers `before` and `after`.

    Between two lessons lies the longer of the first one's `after` and the second one's `before`.
    """
    for one in busy:
        if not isinstance(one, Busy):
            raise InvalidType("busy time", one, "a Busy")
        if one.blocks(now):
            start, end = to_micros(one.start), to_micros(one.end)
            lead, trail = max(after, one.before) // MICROSECOND, max(one.after, before) // MICROSECOND
            yield Taken(start - lead, start, end, end + trail, one, party)


def around(one: Taken, length: int) -> Wall:
    """Return the wall that taken time is to a lesson of that length: one that ends as it begins does not conflict."""
    return Wall("party" if one.party else "busy", one.lo - length + 1, one.hi, one)
