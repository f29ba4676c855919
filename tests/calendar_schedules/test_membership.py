from __future__ import annotations

from bisect import bisect_right
from calendar import month_name
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import whenever
from dateutil.easter import EASTER_ORTHODOX, EASTER_WESTERN, easter
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.calendar import (
    WEEKDAYS,
    Blackout,
    Holiday,
    Override,
    Schedule,
    WeeklyRule,
    Window,
    ZonePeriod,
    available_ranges,
    zone_names,
)
from tutorcore.calendar.schedules.holidays import EASTER_DAYS
from tutorcore.instants import Instant, from_micros, instant, to_micros

_MINUTE = 60 * 1_000_000
_HOUR = 60 * _MINUTE
# Edges before, in and after the hours in which clocks are changed, and runs past midnight.
_HOURS = [
    Window.of(start, end)
    for start, end in (
        ("23:30", "00:30"),
        ("01:15", "02:20"),
        ("02:20", "02:45"),
        ("03:10", "11:00"),
        ("12:00", "24:00"),
    )
]
_WEEK = tuple(WeeklyRule(day, window) for day in WEEKDAYS for window in _HOURS)


def _check(schedule: Schedule, is_open: Callable[[int], bool], around: Instant, hours: int) -> None:
    """Compare the ranges with the definition: every minute near an instant, and both sides of every edge for longer."""
    centre = to_micros(around)
    since, until = centre - 3 * 24 * _HOUR, centre + 3 * 24 * _HOUR
    edges = [
        to_micros(edge) for span in available_ranges(schedule, from_micros(since), from_micros(until)) for edge in span
    ]
    looked_at = {
        *range(centre - hours * _HOUR, centre + hours * _HOUR, _MINUTE),
        *(at for edge in edges for at in (edge - 1, edge) if since <= at < until),
    }

    differing = [from_micros(at) for at in sorted(looked_at) if is_open(at) != bisect_right(edges, at) % 2]

    assert differing == []
    assert edges == sorted(set(edges))  # in order, and no range touches the next


def _some_change(zone: str, year: int) -> Instant:
    """Return a change of the zone from that year on, else the last before it, else the year's beginning."""
    at = whenever.Instant.from_utc(year, 1, 1).to_tz(zone)
    found = at.next_transition() or at.prev_transition()
    return (found or at).to_instant().to_stdlib().astimezone(UTC)


@pytest.mark.parametrize(("index", "zone"), list(enumerate(sorted(zone_names()))), ids=str)
def test_an_instant_is_available_if_and_only_if_its_wall_time_lies_in_a_window(
    membership: Callable[[Schedule], Callable[[int], bool]], index: int, zone: str
) -> None:
    """In every zone, around one of its changes, ranges hold just the instants that show a time of a window."""
    change = max(_some_change(zone, 1970 + index * 37 % 130), instant("1970-01-04T00:00Z"))
    schedule = Schedule(zone, _WEEK)

    _check(schedule, membership(schedule), change, hours=5)


_INSTANTS = st.datetimes(
    datetime.fromisoformat("1970-01-06"), datetime.fromisoformat("2099-12-25"), timezones=st.just(UTC)
)


@st.composite
def _windows(draw: st.DrawFn) -> Window:
    start = draw(st.integers(0, 1439))
    return Window(start, start + draw(st.integers(1, 1440)))


_MONTHS = [name.lower() for name in month_name[1:]]


@st.composite
def _holidays(draw: st.DrawFn, near: st.SearchStrategy[date]) -> Holiday:
    """A day that falls on a date, by one of the names that the date has."""
    day = draw(near)
    nth = ("1st", "2nd", "3rd", "4th", "5th")[(day.day - 1) // 7]
    ending = f"{WEEKDAYS[day.weekday()]} of {_MONTHS[day.month - 1]}"
    names = [day.isoformat(), f"{day:%m-%d}", f"{nth} {ending}", f"last {ending}"]
    sundays = {"": easter(day.year, EASTER_WESTERN), "orthodox-": easter(day.year, EASTER_ORTHODOX)}
    for church, sunday in sundays.items():
        days = (day - sunday).days
        if days in EASTER_DAYS:
            names.append(f"{church}easter{days:+}" if days else f"{church}easter")
    return Holiday(draw(st.sampled_from(names)), "a day off")


@st.composite
def _schedules(draw: st.DrawFn, zone: str, around: date) -> Schedule:
    """Anything a tutor may do to her schedule within days of a date, in her zone or in one more."""
    near = st.integers(-3, 3).map(lambda days: around + timedelta(days=days))
    zones = st.sampled_from([None, None, None, draw(_ZONES)])
    rules = st.builds(WeeklyRule, st.sampled_from(WEEKDAYS), _windows(), st.none() | near, zone=zones)
    closing = st.builds(lambda first, days: Blackout(first, first + timedelta(days=days)), near, st.integers(0, 1))
    overrides = st.builds(Override, near, st.lists(_windows(), max_size=2).map(tuple), zones)
    moments = st.integers(-72 * 60, 72 * 60).map(
        lambda minutes: instant(datetime.combine(around, datetime.min.time(), UTC) + timedelta(minutes=minutes))
    )
    moves = st.builds(ZonePeriod, moments, _ZONES)
    return Schedule(
        zone,
        tuple(draw(st.lists(rules, min_size=1, max_size=14))),
        overrides=tuple(draw(st.lists(overrides, max_size=2, unique_by=lambda override: override.day))),
        blackouts=tuple(draw(st.lists(closing, max_size=1))),
        holidays=tuple(draw(st.lists(_holidays(near), max_size=2, unique_by=lambda holiday: holiday.day))),
        zone_periods=tuple(
            sorted(draw(st.lists(moves, max_size=2, unique_by=lambda move: move.since)), key=lambda move: move.since)
        ),
    )


_ZONES = st.sampled_from(sorted(zone_names()))


@given(zone=_ZONES, around=_INSTANTS, at_a_change=st.booleans(), data=st.data())
def test_membership_holds_for_whatever_a_tutor_may_say(
    membership: Callable[[Schedule], Callable[[int], bool]],
    zone: str,
    around: Instant,
    at_a_change: bool,
    data: st.DataObject,
) -> None:
    """Rules with dates or zones, overrides, blackouts, holidays and moves change nothing about what available means."""
    if at_a_change:
        around = min(max(_some_change(zone, around.year), instant("1970-01-06T00:00Z")), instant("2100-01-01T00:00Z"))
    schedule = data.draw(_schedules(zone, around.date()))

    _check(schedule, membership(schedule), around, hours=18)
