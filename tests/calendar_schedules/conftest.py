"""An independent reading of schedules: minute by minute, on the library whenever instead of zoneinfo."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

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


@pytest.fixture(scope="session")
def wall_clock() -> Callable[[Schedule], Callable[[int], tuple[date, int]]]:
    """Makes of a schedule a function from an instant in microseconds to the tutor's date and nanoseconds into it."""

    def of_schedule(schedule: Schedule) -> Callable[[int], tuple[date, int]]:
        moves = [(move.since.timestamp() * 1_000_000, move.zone) for move in schedule.zone_periods]

        def reads(micros: int) -> tuple[date, int]:
            zone = [schedule.zone, *(zone for since, zone in moves if since <= micros)][-1]
            local = whenever.Instant.from_timestamp(micros * 1000, unit="nanosecond").to_tz(zone)
            into = local.hour * 60 * _MINUTE + local.minute * _MINUTE + local.second * _SECOND + local.nanosecond
            return local.date().to_stdlib(), into

        return reads

    return of_schedule


@pytest.fixture(scope="session")
def membership(
    wall_clock: Callable[[Schedule], Callable[[int], tuple[date, int]]],
) -> Callable[[Schedule], Callable[[int], bool]]:
    """Makes of a schedule the definition of availability: whether the wall time of an instant lies in a window."""

    def of_schedule(schedule: Schedule) -> Callable[[int], bool]:
        reads = wall_clock(schedule)

        @cache
        def windows(day: date) -> tuple[Window, ...]:
            for override in schedule.overrides:
                if override.day == day:
                    return override.windows
            return tuple(
                rule.window
                for rule in schedule.rules
                if rule.weekday == WEEKDAYS[day.weekday()]
                and (rule.since is None or rule.since <= day)
                and (rule.until is None or day < rule.until)
            )

        def is_open(micros: int) -> bool:
            day, into = reads(micros)
            if any(closed.first <= day <= closed.last for closed in schedule.blackouts):
                return False
            return any(
                window.start * _MINUTE <= into + spilled * _DAY < window.end * _MINUTE
                for spilled in (0, 1)
                for window in windows(day - timedelta(days=spilled))
            )

        return is_open

    return of_schedule
