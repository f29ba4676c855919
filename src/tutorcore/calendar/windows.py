"""The hours of a schedule on the time line.

**An instant is available if and only if its wall time lies in a window**: one that starts on its local date, or one
that spills over from the date before; and its date is not blacked out. So a gap clamps a window, a fold offers both
of its passes, adjacent windows join, a date that the zone skipped vanishes, and from a move on the other zone counts.

None of these cases is programmed. The windows of some dates are put together as a set of wall times, and the zone's
segments (`tutorcore.calendar.segments`) turn it into a set of instants. Knows neither busy time nor bookings.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from tutorcore.calendar.intervals import Span, joined, without
from tutorcore.calendar.schedule import WEEKDAYS, Blackout, Schedule, Window
from tutorcore.calendar.segments import DAY, Segment, project, segments, wall_range
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.instants import Instant, from_micros, instant, to_micros

MOST_RANGE: Final = timedelta(days=732)
"""The longest stretch of the time line that one question may be about."""

_MINUTE: Final = 60 * 1_000_000
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_THURSDAY: Final = WEEKDAYS.index("thursday")  # the weekday of 1970-01-01


def available_ranges(schedule: Schedule, since: Instant, until: Instant) -> tuple[tuple[Instant, Instant], ...]:
    """Return when the tutor's hours are within [since, until): in order, without overlap, busy time not counted.

    >>> from tutorcore.calendar.schedule import WeeklyRule
    >>> night = Schedule("Europe/Berlin", (WeeklyRule("saturday", Window.of("22:00", "04:00")),))
    >>> [(start, end)] = available_ranges(night, instant("2026-03-28T00:00Z"), instant("2026-03-30T00:00Z"))
    >>> (end - start).total_seconds() / 3600  # that night clocks go forward
    5.0
    """
    lo, hi = micros_range(since, until)
    found = Hours(schedule).available(lo, hi)
    return tuple((from_micros(start), from_micros(end)) for start, end in found)


def micros_range(since: Instant, until: Instant) -> Span:
    """Return a range in microseconds; refuse one that runs backwards or is longer than `MOST_RANGE`."""
    since, until = instant(since, "since"), instant(until, "until")
    if until < since:
        raise InvalidValue("until", until.isoformat(), f"an instant not before since, {since.isoformat()}")
    if until - since > MOST_RANGE:
        raise InvalidValue("until", until.isoformat(), f"an instant at most {MOST_RANGE.days} days after since")
    return to_micros(since), to_micros(until)


def day_number(day: date) -> int:
    """Return how many days after 1970-01-01 a date is."""
    return day.toordinal() - _EPOCH_DAY


def first_day(day: int, days: int) -> int:
    """Return the number of the first day of the period that holds `day`: 1 day, or the 7 of an ISO week."""
    return day - (day + _THURSDAY) % days


class Hours:
    """A schedule's windows and blackouts made ready to be projected. All answers are sets of microseconds."""

    def __init__(self, schedule: Schedule) -> None:
        if not isinstance(schedule, Schedule):
            raise InvalidType("schedule", schedule, "a Schedule")
        self.moves = ((0, schedule.zone), *((to_micros(move.since), move.zone) for move in schedule.zone_periods))
        self._rules: list[list[tuple[int, int, int, int]]] = [[] for _ in WEEKDAYS]
        for rule in schedule.rules:
            effective = day_number(rule.since or date.min), day_number(rule.until or date.max)
            self._rules[WEEKDAYS.index(rule.weekday)].append((*effective, *_micros(rule.window)))
        self._overrides = {
            day_number(override.day): [_micros(window) for window in override.windows]
            for override in schedule.overrides
        }
        self._closed = sorted(schedule.blackouts, key=lambda blackout: (blackout.first, blackout.last))

    def segments(self, lo: int, hi: int) -> list[Segment]:
        """Return the segments of the tutor's own clock in [lo, hi)."""
        return segments(self.moves, lo, hi)

    def open(self, lo: int, hi: int) -> list[Span]:
        """Return the instants of [lo, hi) whose wall time lies in a window, blackouts not counted."""
        parts = self.segments(lo, hi)
        if not parts:
            return []
        first, last = wall_range(parts)
        # One day earlier, for windows that spill over.
        wall = joined(self._windows(first // DAY - 1, last // DAY))
        return project(wall, parts)

    def closed(self, lo: int, hi: int) -> Iterator[tuple[Span, Blackout]]:
        """Yield the blackouts that reach into [lo, hi), each with the spans it closes there."""
        parts = self.segments(lo, hi)
        for blackout in self._closed:
            days = day_number(blackout.first) * DAY, (day_number(blackout.last) + 1) * DAY
            for span in project([days], parts):
                yield span, blackout

    def available(self, lo: int, hi: int) -> list[Span]:
        """Return the instants of [lo, hi) at which the tutor can be had: open and not closed."""
        return without(self.open(lo, hi), joined(span for span, _ in self.closed(lo, hi)))

    def _windows(self, first: int, last: int) -> Iterator[Span]:
        for day in range(first, last + 1):
            midnight = day * DAY
            override = self._overrides.get(day)
            if override is not None:
                yield from ((midnight + start, midnight + end) for start, end in override)
                continue
            for since, until, start, end in self._rules[(day + _THURSDAY) % len(WEEKDAYS)]:
                if since <= day < until:
                    yield midnight + start, midnight + end


def _micros(window: Window) -> Span:
    return window.start * _MINUTE, window.end * _MINUTE
