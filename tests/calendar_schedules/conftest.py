"""An independent reading of schedules: minute by minute, on the library whenever instead of zoneinfo."""

from __future__ import annotations

from calendar import month_name, monthcalendar
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache, partial
from importlib.resources import files
from typing import TypeAlias

import pytest
import whenever

from tutorcore.calendar import WEEKDAYS, Schedule, Window

_SECOND = 1_000_000_000
_MINUTE = 60 * _SECOND
_DAY = 24 * 60 * _MINUTE


@pytest.fixture(scope="module", autouse=True)
def one_database() -> Iterator[None]:
    """Let whenever read the zones of the tzdata package, as tutorcore does, not those of the system."""
    whenever.reset_tzpath([str(files("tzdata") / "zoneinfo")])
    whenever.clear_tzcache()
    yield
    whenever.reset_tzpath()
    whenever.clear_tzcache()


Reads: TypeAlias = Callable[[int], tuple[date, int]]
"""From an instant in microseconds to what a clock shows then: the date, and nanoseconds into it."""

_MONTHS = [name.lower() for name in month_name[1:]]


@pytest.fixture(scope="session")
def wall_clock() -> Callable[[Schedule], Reads]:
    """Makes of a schedule a function from an instant in microseconds to the tutor's date and nanoseconds into it."""
    return _tutors_clock


@pytest.fixture(scope="session")
def membership() -> Callable[[Schedule], Callable[[int], bool]]:
    """Makes of a schedule the definition of availability: whether the wall time of an instant lies in a window."""
    return _membership


def _tutors_clock(schedule: Schedule) -> Reads:
    moves = [(move.since.timestamp() * 1_000_000, move.zone) for move in schedule.zone_periods]
    return lambda micros: _shown([schedule.zone, *(zone for since, zone in moves if since <= micros)][-1], micros)


def _shown(zone: str, micros: int) -> tuple[date, int]:
    local = whenever.Instant.from_timestamp(micros * 1000, unit="nanosecond").to_tz(zone)
    into = local.hour * 60 * _MINUTE + local.minute * _MINUTE + local.second * _SECOND + local.nanosecond
    return local.date().to_stdlib(), into


def _membership(schedule: Schedule) -> Callable[[int], bool]:
    home = _tutors_clock(schedule)
    clocks: dict[str | None, Reads] = {None: home}
    for zone in (*(rule.zone for rule in schedule.rules), *(override.zone for override in schedule.overrides)):
        if zone is not None:
            clocks[zone] = partial(_shown, zone)

    @cache
    def windows(zone: str | None, day: date) -> tuple[Window, ...]:
        """The windows that start on a date of one clock."""
        for override in schedule.overrides:
            if override.day == day:
                return override.windows if override.zone == zone else ()
        if any(is_on(holiday.day, day) for holiday in schedule.holidays):
            return ()
        return tuple(
            rule.window
            for rule in schedule.rules
            if rule.zone == zone
            and rule.weekday == WEEKDAYS[day.weekday()]
            and (rule.since is None or rule.since <= day)
            and (rule.until is None or day < rule.until)
        )

    def is_open(micros: int) -> bool:
        today, _ = home(micros)
        if any(closed.first <= today <= closed.last for closed in schedule.blackouts):
            return False
        for zone, reads in clocks.items():
            day, into = reads(micros)
            for spilled in (0, 1):
                for window in windows(zone, day - timedelta(days=spilled)):
                    if window.start * _MINUTE <= into + spilled * _DAY < window.end * _MINUTE:
                        return True
        return False

    return is_open


def is_on(text: str, day: date) -> bool:
    """Whether the day that a holiday names falls on a date: read word by word, with the reckonings of the churches."""
    if " of " in text:
        count, weekday, _, month = text.split()
        days = [
            row[WEEKDAYS.index(weekday)]
            for row in monthcalendar(day.year, _MONTHS.index(month) + 1)
            if row[WEEKDAYS.index(weekday)]
        ]
        index = -1 if count == "last" else int(count[0]) - 1
        return day.month == _MONTHS.index(month) + 1 and index < len(days) and days[index] == day.day
    if "easter" in text:
        sunday = _orthodox_easter(day.year) if text.startswith("orthodox-") else _western_easter(day.year)
        return day - sunday == timedelta(days=int(text.partition("easter")[2] or 0))
    return day.isoformat().endswith(text)


def _western_easter(year: int) -> date:
    """As Meeus, Jones and Butcher reckon it."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * (b % 4) + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)


def _orthodox_easter(year: int) -> date:
    """As Meeus reckons it in the Julian calendar, and from there by the days between the calendars."""
    d = (19 * (year % 19) + 15) % 30
    e = (2 * (year % 4) + 4 * (year % 7) - d + 34) % 7
    month, day = divmod(d + e + 114, 31)
    return date(year, month, day + 1) + timedelta(days=year // 100 - year // 400 - 2)
