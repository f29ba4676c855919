"""Steps: the time line in pieces of five minutes, as a roster counts it, and what becomes of other things in them.

All offsets in use since 1972 are whole steps, and so are most people's hours and lessons. What is not is rounded here,
and says so. Knows neither tutors nor the present.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final, NamedTuple

from tutorcore.calendar.agendas.busy import Busy, Kind
from tutorcore.calendar.agendas.diaries import Diary, Tentative
from tutorcore.calendar.agendas.grids import Grid
from tutorcore.calendar.intervals import Span
from tutorcore.calendar.rosters.bitsets import filled, of_runs, of_spans
from tutorcore.calendar.schedules.hours import Hours
from tutorcore.calendar.schedules.schedule import Booking, Schedule
from tutorcore.calendar.zones.databases import TimeZones
from tutorcore.instants import EARLIEST, MICROSECOND, Instant, to_micros

STEP: Final = 5 * 60 * 1_000_000
"""A step, in microseconds."""

_NOTHING: Final[Span] = (0, 0)
_MOST_MARGINS: Final = 1_000


def touched(span: Span) -> Span:
    """Return the steps, as counted from 1970, that have a part in a span of microseconds."""
    return span[0] // STEP, -(-span[1] // STEP)


def covered(span: Span) -> Span:
    """Return the steps, as counted from 1970, that lie wholly in a span of microseconds; perhaps first > last."""
    return -(-span[0] // STEP), span[1] // STEP


class Frame(NamedTuple):
    """The steps that a roster looks at: `width` of them, from step `first` as counted from 1970.

    Sets of steps (`tutorcore.calendar.rosters.bitsets`) count from the frame's first.
    """

    first: int
    width: int

    @property
    def last(self) -> int:
        """The first step after it."""
        return self.first + self.width

    @property
    def span(self) -> Span:
        """The frame in microseconds."""
        return self.first * STEP, self.last * STEP

    def clipped(self, span: Span) -> Span:
        """Return what the frame has of a span of steps, counted from its first; perhaps first > last."""
        return max(span[0] - self.first, 0), min(span[1] - self.first, self.width)

    def steps(self, spans: Iterable[Span]) -> int:
        """Return as a set what the frame has of many spans of steps, in any order."""
        start = self.first
        return of_spans([(first - start, last - start) for first, last in spans], self.width)

    def hours(self, hours: Hours) -> tuple[int, int]:
        """Return the steps in which hours have a part, and those at their ends that they do not fill."""
        spans = hours.available(*self.span)
        ends = [end // STEP for span in spans for end in span if end % STEP]
        return self.steps(map(touched, spans)), self.steps((step, step + 1) for step in ends) if ends else 0


class Ask(NamedTuple):
    """A question: a lesson of that duration, asked for at `now`; in microseconds, and in the steps it touches."""

    duration: timedelta
    length: int
    steps: int
    now: int

    @classmethod
    def of(cls, duration: timedelta, now: Instant) -> Ask:
        """Return the question about a duration and an instant that have been checked."""
        length = duration // MICROSECOND
        return cls(duration, length, -(-length // STEP), to_micros(now))


class Entry(NamedTuple):
    """A busy time with the steps that it touches, buffers included, and those that it takes for good.

    Both are counted from 1970. What may go by itself takes none for good.
    """

    busy: Busy
    touched: Span
    taken: Span

    @property
    def unsure(self) -> tuple[Span, ...]:
        """The steps that it touches and does not take for good."""
        if self.taken == self.touched:
            return ()
        first, last = self.taken
        return ((self.touched[0], first), (last, self.touched[1])) if first < last else (self.touched,)


class Margins:
    """What busy time comes to under some booking, worked out once for all of one kind with the same buffers."""

    def __init__(self, booking: Booking, tentative: Tentative) -> None:
        self._booking = booking
        self.tentative: Tentative = tentative
        self._known: dict[tuple[Kind, timedelta, timedelta], Span | None] = {}
        self._counted: dict[Kind, bool] = {}

    def entry(self, busy: Busy) -> Entry:
        """Return what becomes of a busy time, at whatever instant one asks."""
        key = busy.kind, busy.before, busy.after
        try:
            margin = self._known[key]
        except KeyError:
            margin = self._learned(key, busy)
        if margin is None:
            return Entry(busy, _NOTHING, _NOTHING)
        (start, end), (before, after) = busy.span, margin
        span = start - before, end + after
        steps = touched(span)
        if busy.expires is not None:
            return Entry(busy, steps, _NOTHING)
        return Entry(busy, steps, covered(span) if span[0] % STEP or span[1] % STEP else steps)

    def counts(self, busy: Busy) -> bool:
        """Return whether a busy time counts against caps as long as it is there."""
        if busy.kind not in self._counted:
            self._counted[busy.kind] = bool(Diary((busy,), EARLIEST, tentative=self.tentative).starts(*busy.span))
        return self._counted[busy.kind]

    def _learned(self, key: tuple[Kind, timedelta, timedelta], busy: Busy) -> Span | None:
        """Return the time before and after such busy time, or None if it stands in nobody's way."""
        before, after, buffers = self._booking.before, self._booking.after, self._booking.buffers
        # As of the earliest instant, when whatever expires is still there.
        diary = Diary((busy,), EARLIEST, tentative=self.tentative, before=before, after=after, buffers=buffers)
        margins = [(busy.span[0] - lo, hi - busy.span[1]) for lo, hi in diary.clear]
        if len(self._known) >= _MOST_MARGINS:
            self._known.clear()
        self._known[key] = margins[0] if margins else None
        return self._known[key]


class Starts(NamedTuple):
    """The steps in which starts can lie; with `loose`, they need not lie where a step begins."""

    steps: int
    loose: bool

    @classmethod
    def of(cls, schedule: Schedule, frame: Frame, database: TimeZones) -> Starts:
        """Return what is known of the starts of a schedule without knowing what time is taken."""
        booking, (lo, hi) = schedule.booking, frame.span
        if booking.anchor == "free":  # That grid moves with the busy time.
            return cls(filled(0, frame.width), True)
        step = booking.step // MICROSECOND
        runs = list(Grid(Hours(schedule, database=database), booking, Diary((), EARLIEST)).within([(lo, hi)], lo, hi))
        if step % STEP or any(first % STEP for first, _ in runs):
            return cls(filled(0, frame.width), True)
        found = (range((first - lo) // STEP, (last - lo - 1) // STEP + 1, step // STEP) for first, last in runs)
        return cls(of_runs(found, frame.width), False)
