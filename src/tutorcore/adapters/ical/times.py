"""The values of iCalendar that are times: dates, date-times, durations, periods and offsets (RFC 5545, section 3.3).

A `Moment` is wall time and the clock that shows it; a `Length` is days by that clock and then elapsed time. What is
not such a value becomes a `Mistake` with its line. Which clock a name means is `Clocks`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple, TypeAlias

from tutorcore.adapters.ical.clocks import Clock, ZoneClock
from tutorcore.adapters.ical.parsing import Property
from tutorcore.instants import MICROSECOND

ClockOf: TypeAlias = Callable[[Property, bool], Clock]
"""Returns the clock of a property whose time has no Z; the second argument says whether it is a date."""

MOST_DAYS: Final = 366_000
"""The longest duration, in days."""

_DATE: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T([0-9]{2})([0-9]{2})([0-9]{2})(Z?))?", re.ASCII)
_DURATION: Final = re.compile(
    r"([+-]?)P(?=[0-9T])(?:([0-9]{1,9})W)?(?:([0-9]{1,9})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?",
    re.ASCII,
)
_OFFSET: Final = re.compile(r"([+-])([0-9]{2})([0-5][0-9])([0-5][0-9])?", re.ASCII)
_UTC: Final = ZoneClock("UTC")
_EXPECTED_TIME: Final = "a date-time such as 20260301T093000, or a date such as 20260301"
_EXPECTED_DURATION: Final = "a duration such as P1D or PT1H30M"


class Moment(NamedTuple):
    """Wall time and the clock that shows it; of a date, the midnight at which it begins."""

    wall: datetime
    clock: Clock
    is_date: bool = False

    @property
    def earliest(self) -> int:
        """The earliest instant that it can be, in microseconds since 1970."""
        return self.clock.earliest(self.wall)

    @property
    def latest(self) -> int:
        """The latest instant that it can be."""
        return self.clock.latest(self.wall)

    def at(self, wall: datetime) -> Moment:
        """Return another wall time by the same clock."""
        return self._replace(wall=wall)


class Length(NamedTuple):
    """How long something lasts: whole days of the wall clock, and then microseconds that elapse."""

    days: int
    micros: int

    def after(self, start: Moment) -> int:
        """Return the latest instant at which something ends that starts then, in microseconds since 1970.

        >>> from datetime import datetime
        >>> night = Moment(datetime(2026, 3, 28, 12), ZoneClock("Europe/Berlin"))  # before clocks go forward
        >>> [(Length(days, hours * 3_600_000_000).after(night) - night.earliest) // 3_600_000_000
        ...  for days, hours in ((1, 0), (0, 24), (1, 1))]
        [23, 24, 24]
        """
        return start.clock.latest(later(start.wall, timedelta(days=self.days))) + self.micros

    @property
    def reach(self) -> timedelta:
        """How much wall time it can take at most, changes of clock left aside."""
        return timedelta(days=self.days) + self.micros * MICROSECOND


def later(wall: datetime, span: timedelta) -> datetime:
    """Return the wall time after a span, or where the calendar ends if it ends before."""
    try:
        return wall + span
    except OverflowError:
        return datetime.combine(date.max if span > timedelta(0) else date.min, time.min)


def moment(text: str, source: Property, clock_of: ClockOf) -> Moment:
    """Return the time that a text of a property's value names."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        raise source.mistake(_EXPECTED_TIME)
    numbers = [int(number or 0) for number in found.groups()[:6]]
    year, month, day, hour, minute, second = numbers
    try:
        # A leap second is the one before, for those who count none (section 3.3.12).
        wall = datetime.combine(date(year, month, day), time(hour, minute, 59 if second == 60 else second))
    except ValueError:
        raise source.mistake(_EXPECTED_TIME) from None
    is_date = found[4] is None
    return Moment(wall, _UTC if found[7] else clock_of(source, is_date), is_date)


def length(text: str, source: Property) -> Length:
    """Return the duration that a text of a property's value spells; only one that is not negative lasts."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or found[1] == "-":
        raise source.mistake(_EXPECTED_DURATION)
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in found.groups()[1:])
    days += weeks * 7
    elapsed = (hours * 60 + minutes) * 60 + seconds
    if days + elapsed // 86_400 > MOST_DAYS:
        raise source.mistake(f"a duration of at most {MOST_DAYS} days")
    return Length(days, elapsed * 1_000_000)


def is_duration(text: str) -> bool:
    """Return whether the second half of a period is a duration rather than an end."""
    return text.strip().lstrip("+-").startswith("P")


def offset(source: Property) -> int:
    """Return the offset from UTC that a property gives, in microseconds."""
    found = _OFFSET.fullmatch(source.value.strip())
    if found is None or int(found[2]) > 23:
        raise source.mistake("an offset from UTC such as +0100, of less than 24 hours")
    seconds = (int(found[2]) * 60 + int(found[3])) * 60 + int(found[4] or 0)
    return (-seconds if found[1] == "-" else seconds) * 1_000_000
