"""An instant is available if and only if its wall time lies in a window: in every zone, from 1970 to 2100.

The brute force looks at single minutes and reads the clock with the library whenever. It knows a week of the wall as
10,080 minutes that are open or not, which is all that a weekly schedule says; zones, changes and segments are not its
business. So it is compared with the ranges where they are most likely to be wrong: around the changes of clock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from importlib.resources import files
from typing import Final

import pytest
import whenever
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.calendar import WEEKDAYS, Schedule, WeeklyRule, Window, available_ranges, zone_names
from tutorcore.instants import Instant, from_micros, instant, to_micros

_MINUTE: Final = 60 * 1_000_000
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_DAY_MINUTES: Final = 24 * 60
_FIRST, _LAST = (to_micros(instant(f"{year}-01-01T00:00Z")) for year in (1970, 2100))

_ALL: Final = sorted(zone_names())
_FILES: Final = files("tzdata") / "zoneinfo"
# Many names are aliases: one of each will do where looking at all would take minutes.
_DISTINCT: Final = sorted({_FILES.joinpath(*name.split("/")).read_bytes(): name for name in reversed(_ALL)}.values())

# Edges before, in and after the hours in which clocks are changed, other ones on each weekday, and runs past midnight.
_CHANGEABLE: Final = tuple(
    WeeklyRule(day, Window(start + 7 * number, end + 7 * number))
    for number, day in enumerate(WEEKDAYS)
    for start, end in ((3, 25), (61, 119), (121, 155), (170, 200), (1260, 1290), (1375, 1470))
)

pytestmark = pytest.mark.usefixtures("one_database")


def _open_minutes(rules: Iterable[WeeklyRule]) -> list[bool]:
    """Return for each minute of a week from Monday on whether it lies in a window."""
    week = [False] * (7 * _DAY_MINUTES)
    for rule in rules:
        midnight = WEEKDAYS.index(rule.weekday) * _DAY_MINUTES
        for minute in range(rule.window.start, rule.window.end):
            week[(midnight + minute) % len(week)] = True
    return week


def _is_open(week: Sequence[bool], zone: str, micros: int) -> bool:
    wall = whenever.Instant.from_timestamp(micros // 1_000_000, unit="second").to_tz(zone)
    weekday = wall.date().day_of_week().value - 1
    return week[weekday * _DAY_MINUTES + wall.hour * 60 + wall.minute]


def _differing(rules: tuple[WeeklyRule, ...], zone: str, lo: int, hi: int, step: int = 1) -> list[Instant]:
    """Return where ranges and clock disagree in [lo, hi): of every so many minutes, and of both sides of every edge."""
    found = available_ranges(Schedule(zone, rules), from_micros(lo), from_micros(hi))
    edges = [to_micros(edge) for span in found for edge in span]
    assert edges == sorted(set(edges))  # in order, and no range touches the next
    asked = {*range(lo, hi, step * _MINUTE), *(at for edge in edges for at in (edge - 1, edge) if lo <= at < hi)}
    week = _open_minutes(rules)
    return [from_micros(at) for at in sorted(asked) if _is_open(week, zone, at) != bisect_right(edges, at) % 2]


def _changes(zone: str) -> Iterator[int]:
    """Yield when the zone's clocks are changed from 1970 up to 2100, as whenever has it, in microseconds."""
    at = whenever.Instant(from_micros(_FIRST)).to_tz(zone)
    while (later := at.next_transition()) is not None:
        micros = to_micros(later.to_instant().to_stdlib().astimezone(UTC))
        if micros >= _LAST:
            return
        yield micros
        at = later


def _around(zone: str, changes: Iterable[int]) -> list[Instant]:
    return [
        at
        for change in changes
        for at in _differing(_CHANGEABLE, zone, change - 3 * _HOUR, change + 3 * _HOUR)
        + _differing(_CHANGEABLE, zone, change - 26 * _HOUR, change + 26 * _HOUR, step=60)
    ]


@pytest.mark.parametrize(("index", "zone"), list(enumerate(_DISTINCT)), ids=str)
def test_some_changes_of_every_zone(index: int, zone: str) -> None:
    """Around the last and every fiftieth change of a zone, ranges are where the clock shows a window, no other."""
    changes = list(_changes(zone))

    assert _around(zone, changes[index % 50 :: 50] + changes[-1:]) == []


@pytest.mark.slow
@pytest.mark.parametrize("zone", _DISTINCT)
def test_every_change_of_every_zone(zone: str) -> None:
    """The same around each change that there has been since 1970 or that present law has in store up to 2100."""
    assert _around(zone, _changes(zone)) == []


def _windows() -> st.SearchStrategy[Window]:
    return st.builds(
        lambda start, length: Window(start, start + length), st.integers(0, 1439), st.integers(1, _DAY_MINUTES)
    )


@given(
    zone=st.sampled_from(_ALL),
    at=st.integers(_FIRST // _MINUTE, _LAST // _MINUTE - 2 * _DAY // _MINUTE),
    rules=st.lists(st.builds(WeeklyRule, st.sampled_from(WEEKDAYS), _windows()), max_size=9),
    at_a_change=st.booleans(),
)
def test_any_zone_at_any_instant_with_any_windows(
    zone: str, at: int, rules: list[WeeklyRule], at_a_change: bool
) -> None:
    """Every name, aliases included, whichever minute is asked about and whatever the tutor's week is like."""
    since = at * _MINUTE
    if at_a_change:
        clock = whenever.Instant(from_micros(since)).to_tz(zone)
        change = clock.next_transition() or clock.prev_transition() or clock
        since = to_micros(change.to_instant().to_stdlib().astimezone(UTC)) - _DAY // 2
        since = min(max(since, _FIRST), _LAST - 2 * _DAY)

    assert _differing(tuple(rules), zone, since, since + _DAY) == []
