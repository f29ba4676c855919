"""Caps: the steps in which no lesson of a tutor may start, since the local day or the ISO week is full.

A cap bars starts and takes no time: a lesson that starts before midnight may last into a full day. So these steps are
kept apart from those that are taken, and only the step in which a lesson starts is held against them.

A day or a week is **full** if what counts and does not go by itself fills it. If it takes holds that expire to fill it,
its steps are *doubtful* (rows know no present), and so are steps of which only a part lies in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeAlias

from tutorcore.calendar.agendas.busy import Busy
from tutorcore.calendar.agendas.obstacles import REACH
from tutorcore.calendar.intervals import Span
from tutorcore.calendar.rosters.steps import Frame, covered, touched
from tutorcore.calendar.schedules.hours import Hours, first_day
from tutorcore.calendar.schedules.schedule import Booking
from tutorcore.calendar.zones.segments import DAY, offset_at, project
from tutorcore.instants import MICROSECOND

_REACH: Final = REACH // MICROSECOND
_DAY: Final = 1
_WEEK: Final = 7

Period: TypeAlias = tuple[int, int]
"""A local day or ISO week: the number of its first day, and of how many days it is."""


class LocalDays:
    """The local days and weeks of a clock in and around a frame, worked out when asked for; tutors share them."""

    def __init__(self, hours: Hours, frame: Frame) -> None:
        lo, hi = frame.span
        self.frame = frame
        self._span: Span = lo - _REACH, hi + _REACH
        self._parts = hours.segments(*self._span)
        self._periods: dict[int, tuple[Period, Period]] = {}
        self._steps: dict[Period, tuple[list[Span], list[Span]]] = {}

    def periods(self, start: int) -> tuple[Period, ...]:
        """Return the day and the week of an instant; none if it is too far from the frame to have a say in it."""
        lo, hi = self._span
        if not lo <= start < hi:
            return ()
        day = (start + offset_at(self._parts, start)) // DAY
        if day not in self._periods:
            self._periods[day] = (day, _DAY), (first_day(day, _WEEK), _WEEK)
        return self._periods[day]

    def steps(self, period: Period) -> tuple[list[Span], list[Span]]:
        """Return the steps that lie wholly in a period, and those with a part in it; as spans, counted from 1970."""
        if period not in self._steps:
            first, days = period
            spans = project([(first * DAY, (first + days) * DAY)], self._parts)
            self._steps[period] = list(map(covered, spans)), list(map(touched, spans))
        return self._steps[period]


class Caps:
    """What counts against a tutor's caps, and which of the steps in which starts can lie are `full` or `doubtful`."""

    __slots__ = ("_lasting", "_local", "_most", "_passing", "_reached", "_starts", "doubtful", "full")

    def __init__(self, booking: Booking, local: LocalDays, starts: int, counted: Iterable[Busy]) -> None:
        mosts = {_DAY: booking.most_per_day, _WEEK: booking.most_per_week}
        self._most = {days: most for days, most in mosts.items() if most is not None}
        self._local = local
        self._starts = starts
        self._lasting: dict[Period, int] = {}
        self._passing: dict[Period, int] = {}
        self._reached: dict[Period, bool] = {}
        for busy in counted:
            self._add(busy, 1)
        self._sum_up()

    def count(self, busy: Busy, times: int) -> None:
        """Count a busy time that counts once more (1), or not any more (-1)."""
        if self._add(busy, times):
            self._sum_up()

    def memory(self) -> int:
        """Return the bytes that the sets and counts take."""
        sets = self.full, self.doubtful
        return sum(each.__sizeof__() for each in (self, *sets, self._lasting, self._passing, self._reached))

    def _add(self, busy: Busy, times: int) -> bool:
        """Count a busy time; return whether a period has become full by that, or ceased to be."""
        counts = self._lasting if busy.expires is None else self._passing
        changes = False
        for period in self._local.periods(busy.span[0]):
            most = self._most.get(period[1])
            if most is None:
                continue
            counts[period] = counts.get(period, 0) + times
            lasting, before = self._lasting.get(period, 0), self._reached.pop(period, None)
            if lasting + self._passing.get(period, 0) >= most:
                self._reached[period] = lasting >= most
            changes |= before is not self._reached.get(period)
        return changes

    def _sum_up(self) -> None:
        """Work out the steps of the periods that are reached, for good or perhaps."""
        full: list[Span] = []
        perhaps: list[Span] = []
        for period, for_good in self._reached.items():
            whole, parts = self._local.steps(period)
            if for_good:
                full += whole
            if not for_good or whole != parts:
                perhaps += parts
        frame = self._local.frame
        self.full = frame.steps(full) & self._starts
        self.doubtful = frame.steps(perhaps) & self._starts & ~self.full if perhaps else 0
