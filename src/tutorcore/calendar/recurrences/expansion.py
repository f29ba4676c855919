"""The expansion of a recurrence: on which dates, at which times of day, it comes round.

Knows the parts of a rule as numbers, and the wall clock; neither the text of RFC 5545 nor zones, nor what COUNT, UNTIL
and the first occurrence itself do to a rule: those are `tutorcore.calendar.recurrences.recurrence`'s.

**Blocks.** A rule is dates times times of day. So it is expanded into blocks, a date with all its times in order, and
whoever counts counts blocks: a day on which something comes every second is one block of 86,400 times.

**Filters.** The table of RFC 5545 section 3.3.10 says which part expands and which one limits at which frequency. Seen
from a date all of them ask the same: is it in such a month, week, place in year or month, on such a weekday? Together
they make a mask over the days of a year, which depends on nothing but the weekday of 1 January and the leap years
about it.

**It always ends.** The Gregorian calendar repeats after 400 years, which are 146,097 days or 20,871 weeks. With an
interval, a rule repeats after the least common multiple of both; one that has brought nothing for that long never will.

Dates are proleptic ordinals (`date.toordinal`), weekdays count from Monday, 0, times are whole seconds of the day.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cached_property, lru_cache
from itertools import compress, groupby, pairwise, product
from math import gcd, lcm
from typing import Final, Literal, TypeAlias, get_args

import attrs

Frequency: TypeAlias = Literal["secondly", "minutely", "hourly", "daily", "weekly", "monthly", "yearly"]
FREQUENCIES: Final[tuple[Frequency, ...]] = get_args(Frequency)

_SECONDLY, _MINUTELY, _HOURLY = range(3)  # indices of FREQUENCIES: what is finer than that is open

Block: TypeAlias = tuple[int, Sequence[int]]
"""A date, and the times of that day."""

SECONDS: Final = 24 * 60 * 60
"""The seconds of a day by the wall clock."""

_LAST_DAY: Final = date.max.toordinal()
_CYCLE_DAYS: Final = 146_097
_CYCLES: Final[dict[Frequency, int]] = {"yearly": 400, "monthly": 4_800, "weekly": 20_871}
# How many units of a frequency a day has.
_A_DAY: Final[dict[Frequency, int]] = {"daily": 1, "hourly": 24, "minutely": 1_440, "secondly": SECONDS}
_MONTHS: Final = tuple(pairwise((0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365)))
_LEAP_MONTHS: Final = tuple(pairwise((0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366)))


@attrs.frozen(kw_only=True)
class Pattern:
    """The parts of a rule that say on which dates and at which times of day it comes round, as numbers.

    What is empty filters nothing. `days` are weekdays, each with the information which one of its month or year it is:
    1 the first, -1 the last, 0 every one.
    """

    frequency: Frequency
    interval: int
    months: tuple[int, ...]
    weeks: tuple[int, ...]
    year_days: tuple[int, ...]
    month_days: tuple[int, ...]
    days: tuple[tuple[int, int], ...]
    hours: tuple[int, ...]
    minutes: tuple[int, ...]
    seconds: tuple[int, ...]
    positions: tuple[int, ...]
    week_start: int

    def completed(self, start: datetime) -> Pattern:
        """Return the pattern with what it leaves open taken from its first occurrence, as RFC 5545 has it."""
        at = FREQUENCIES.index(self.frequency)
        open_days = not (self.days or self.month_days or self.year_days)
        by_weekday = open_days and bool(self.weeks or self.frequency == "weekly")
        by_date = open_days and not by_weekday and self.frequency in ("monthly", "yearly")
        by_month = by_date and self.frequency == "yearly"
        return attrs.evolve(
            self,
            months=self.months or ((start.month,) if by_month else ()),
            month_days=(start.day,) if by_date else self.month_days,
            days=((start.weekday(), 0),) if by_weekday else self.days,
            hours=self.hours or ((start.hour,) if at > _HOURLY else ()),
            minutes=self.minutes or ((start.minute,) if at > _MINUTELY else ()),
            seconds=self.seconds or ((start.second,) if at > _SECONDLY else ()),
        )


class Expansion:
    """A pattern that begins at `start`, to be read from any later date on."""

    def __init__(self, pattern: Pattern, start: datetime) -> None:
        self._pattern = pattern = pattern.completed(start)
        self._filters = _filters(attrs.evolve(pattern, interval=1, hours=(), minutes=(), seconds=(), positions=()))
        self._first = start.toordinal()
        self._a_day = _A_DAY.get(pattern.frequency, 1)
        # The number of the unit (day, hour, minute or second) in which the start lies.
        second = (start.hour * 60 + start.minute) * 60 + start.second
        self._base = self._first * self._a_day + second * self._a_day // SECONDS
        self._times: dict[int, tuple[int, ...]] = {}
        self._places: dict[int, list[int]] = {}

    def blocks(self, first: int, last: int) -> Iterator[Block]:
        """Yield the blocks of the dates from `first` to `last`, in order and never an empty one.

        `first` must not lie before the date of the start. Some blocks may lie just before `first`, and times before the
        start may be among them: those of its own date, week, month or year.
        """
        if self._pattern.frequency in _CYCLES:
            return self._by_period(first, last)
        if self._pattern.interval > self._a_day:
            return self._by_step(first, last)
        return self._by_day(first, last)

    def _by_period(self, first: int, last: int) -> Iterator[Block]:
        """Yield the blocks of a rule by week, month or year: in each period, dates times times of day."""
        interval = self._pattern.interval
        cycle = lcm(interval, _CYCLES[self._pattern.frequency])
        begin = _aligned(self._period(first), self._period(self._first), interval)
        idle_until = begin + cycle
        for period in range(begin, self._period(last) + 1, interval):
            found = False
            for block in self._placed(self._days_of(period)):
                found = True
                yield block
            if found:
                idle_until = period + cycle
            elif period > idle_until:
                return

    def _by_step(self, first: int, last: int) -> Iterator[Block]:
        """Yield the blocks of a rule whose interval is longer than a day, so that it meets a day once at most."""
        interval, a_day = self._pattern.interval, self._a_day
        step = _aligned(first * a_day, self._base, interval)
        end, cycle = (last + 1) * a_day, lcm(interval, _CYCLE_DAYS * a_day)
        idle_until = step + cycle
        while self._units:
            step = self._next_met(step)
            if step >= end or step > idle_until:
                return
            day, unit = divmod(step, a_day)
            wanted = self._next_wanted(day, last)
            if wanted == day:
                yield day, self._times_from(unit)
                idle_until = step + cycle
                step += interval
            else:
                step = _aligned(wanted * a_day, self._base, interval)

    def _next_met(self, step: int) -> int:
        """Return the first step from that one on which is at a unit of the day at which the rule can come."""
        interval, (turn, met) = self._pattern.interval, self._met
        turns, rest = divmod((step - self._base) // interval, turn)
        at = bisect_left(met, rest)
        if at == len(met):
            turns, at = turns + 1, 0
        return self._base + (turns * turn + met[at]) * interval

    @cached_property
    def _met(self) -> tuple[int, Sequence[int]]:
        """After how many steps the rule meets the same units again, and which of those many are at `_units`."""
        interval, a_day = self._pattern.interval, self._a_day
        turn = a_day // gcd(interval, a_day)
        return turn, [number for number in range(turn) if (self._base + number * interval) % a_day in self._units]

    def _by_day(self, first: int, last: int) -> Iterator[Block]:
        """Yield the blocks of a rule whose interval is a day or shorter."""
        interval, a_day = self._pattern.interval, self._a_day
        cycle = lcm(interval, _CYCLE_DAYS * a_day) // a_day
        idle_until = first + cycle
        for day in self._wanted(first, last if self._units else first - 1):
            times = self._times_from((self._base - day * a_day) % interval)
            if times:
                idle_until = day + cycle
                yield day, times
            elif day > idle_until:
                return

    def _period(self, day: int) -> int:
        """Return the number of the week, month or year that holds a date."""
        if self._pattern.frequency == "weekly":
            return (day - 1 - self._pattern.week_start) // 7
        on = date.fromordinal(day)
        return on.year if self._pattern.frequency == "yearly" else on.year * 12 + on.month - 1

    def _days_of(self, period: int) -> Iterable[int]:
        """Return the dates that the rule wants in a week, month or year."""
        if self._pattern.frequency == "weekly":
            monday = period * 7 + 1 + self._pattern.week_start
            return self._wanted(max(monday, 1), min(monday + 6, _LAST_DAY))
        if self._pattern.frequency == "yearly":
            return self._wanted(_new_year(period), _new_year(period + 1) - 1)
        year, month = divmod(period, 12)
        start, end = _months(year)[month]
        return self._wanted(_new_year(year) + start, _new_year(year) + end - 1)

    def _wanted(self, first: int, last: int) -> Iterator[int]:
        """Yield the dates from `first` to `last` that pass all filters of dates."""
        while first <= last:
            year = date.fromordinal(first).year
            new_year = _new_year(year)
            end = min(last + 1, _new_year(year + 1))
            yield from compress(range(first, end), self._filters.mask(year)[first - new_year : end - new_year])
            first = end

    def _next_wanted(self, day: int, last: int) -> int:
        """Return the first date from `day` on that passes all filters of dates, or one after `last`."""
        year = date.fromordinal(day).year
        while day <= last:
            new_year = _new_year(year)
            found = self._filters.mask(year).find(1, day - new_year)
            if found >= 0:
                return new_year + found
            year += 1
            day = _new_year(year)
        return day

    def _placed(self, days: Iterable[int]) -> Iterator[Block]:
        """Yield the blocks of one period's dates: with all times of day, or those at the positions asked for."""
        if not self._pattern.positions:
            return ((day, self._within) for day in days) if self._within else iter(())
        known, size = list(days), len(self._within)
        chosen = (divmod(index, size) for index in self._positions(len(known) * size))
        return (
            (known[at], [self._within[index] for _, index in group])
            for at, group in groupby(chosen, key=lambda place: place[0])
        )

    def _positions(self, size: int) -> list[int]:
        """Return which members of a set of that size BYSETPOS asks for, in order."""
        found = self._places.get(size)
        if found is None:
            asked = {position - 1 if position > 0 else size + position for position in self._pattern.positions}
            found = self._places[size] = sorted(index for index in asked if 0 <= index < size)
        return found

    @cached_property
    def _within(self) -> tuple[int, ...]:
        """The times of day that a date has; of a rule by hours or less, the seconds that a unit of it has."""
        pattern, at = self._pattern, FREQUENCIES.index(self._pattern.frequency)
        hours = pattern.hours if at > _HOURLY else (0,)
        minutes = pattern.minutes if at > _MINUTELY else (0,)
        seconds = pattern.seconds if at > _SECONDLY else (0,)
        # The second 60 that RFC 5545 admits is a leap second; no wall time of ours has it.
        return tuple(
            (hour * 60 + minute) * 60 + second
            for hour, minute, second in product(hours, minutes, seconds)
            if second < 60
        )

    @cached_property
    def _chosen(self) -> tuple[int, ...]:
        """What of `_within` a unit has, of a rule by days or less."""
        if not self._pattern.positions:
            return self._within
        return tuple(self._within[index] for index in self._positions(len(self._within)))

    @cached_property
    def _units(self) -> frozenset[int]:
        """The hours, minutes or seconds of the day at which the rule can come, counted by its interval at all."""
        pattern, a_day = self._pattern, self._a_day
        hours, minutes, seconds = pattern.hours or range(24), pattern.minutes or range(60), pattern.seconds or range(60)
        match pattern.frequency:
            case "hourly":
                units: Iterable[int] = hours
            case "minutely":
                units = (hour * 60 + minute for hour, minute in product(hours, minutes))
            case "secondly":
                units = (
                    (hour * 60 + minute) * 60 + s for hour, minute, s in product(hours, minutes, seconds) if s < 60
                )
            case _:
                units = (0,)
        common = gcd(pattern.interval, a_day)
        return frozenset(unit for unit in units if (unit - self._base) % common == 0) if self._chosen else frozenset()

    def _times_from(self, first: int) -> tuple[int, ...]:
        """Return the times of a day that the rule meets at its unit `first` before any other."""
        times = self._times.get(first)
        if times is None:
            length = SECONDS // self._a_day
            units = (unit for unit in range(first, self._a_day, self._pattern.interval) if unit in self._units)
            times = self._times[first] = tuple(unit * length + second for unit in units for second in self._chosen)
        return times


class _Filters:
    """The filters of dates of a pattern, and which days of a year pass them all."""

    def __init__(self, pattern: Pattern) -> None:
        self._pattern = pattern
        self._weeks = frozenset(pattern.weeks)
        self._masks: dict[int, bytes] = {}
        self._alike: dict[tuple[bool, bool, bool, int], bytes] = {}

    def mask(self, year: int) -> bytes:
        """Return a byte for each day of the year, 1 if it passes."""
        found = self._masks.get(year)
        if found is None:
            # The first and last days of a year may lie in weeks of its neighbors.
            alike = _is_leap(year - 1), _is_leap(year), _is_leap(year + 1), _new_year(year) % 7
            if alike not in self._alike:
                self._alike[alike] = self._made(year)
            found = self._masks[year] = self._alike[alike]
        return found

    def _made(self, year: int) -> bytes:
        pattern, months = self._pattern, _months(year)
        length = months[-1][1]
        if pattern.months:
            months = [months[month - 1] for month in pattern.months]
        mask = _marked(length, (day for span in months for day in range(*span)))
        if pattern.month_days:
            mask &= _marked(length, (day for span in months for day in _at(range(*span), *pattern.month_days)))
        if pattern.year_days:
            mask &= _marked(length, _at(range(length), *pattern.year_days))
        if pattern.weeks:
            mask &= _marked(length, self._in_weeks(year, length))
        if pattern.days:
            by_month = pattern.frequency == "monthly" or pattern.months
            spans = months if by_month else [(0, length)]
            mask &= _marked(length, (day for span in spans for day in self._on_weekdays(_new_year(year), *span)))
        return mask.to_bytes(length, "little")

    def _on_weekdays(self, new_year: int, first: int, end: int) -> Iterator[int]:
        """Yield the days from `first` to `end`, which are a month or a year, that are on a weekday asked for."""
        for weekday, nth in self._pattern.days:
            every = range(first + (weekday - (new_year + first - 1)) % 7, end, 7)
            if nth == 0:
                yield from every
            else:
                yield from _at(every, nth)

    def _in_weeks(self, year: int, length: int) -> Iterator[int]:
        """Yield the days of the year that lie in a week asked for. A week belongs to the year of its fourth day."""
        new_year = _new_year(year)
        for monday in range(-((new_year - 1 - self._pattern.week_start) % 7), length, 7):
            fourth = new_year + monday + 3
            its_year = year + (fourth >= _new_year(year + 1)) - (fourth < new_year)
            number = (fourth - _new_year(its_year)) // 7 + 1
            from_end = (fourth - _new_year(its_year + 1)) // 7
            if number in self._weeks or from_end in self._weeks:
                yield from range(max(monday, 0), min(monday + 7, length))


@lru_cache(maxsize=64)
def _filters(pattern: Pattern) -> _Filters:
    """Return the filters of a pattern without times; those of common ones, such as every Tuesday, keep their masks."""
    return _Filters(pattern)


def _aligned(first: int, base: int, interval: int) -> int:
    """Return the first number from `first` on that lies whole intervals from `base`."""
    return first + (base - first) % interval


def _at(days: Sequence[int], *numbers: int) -> Iterator[int]:
    """Yield those of the days that have such a number: 1 is the first, -1 the last."""
    for number in numbers:
        if -len(days) <= number <= len(days):
            yield days[number - 1 if number > 0 else number]


def _marked(length: int, days: Iterable[int]) -> int:
    """Return a number of so many bytes, each 1 if it is among the days, that can be joined with others by `&`."""
    mask = bytearray(length)
    for day in days:
        mask[day] = 1
    return int.from_bytes(mask, "little")


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _new_year(year: int) -> int:
    """Return the ordinal of 1 January, also of the years just beyond those that dates have."""
    past = year - 1
    return past * 365 + past // 4 - past // 100 + past // 400 + 1


def _months(year: int) -> Sequence[tuple[int, int]]:
    """Return the first day of each month and that of the next, counted from 1 January, 0."""
    return _LEAP_MONTHS if _is_leap(year) else _MONTHS
