from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import pairwise

import pytest
import whenever
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.calendar import TZDATA, TimeZones, zone, zone_names
from tutorcore.calendar.zones.segments import DAY, Segment, offset_at, segments
from tutorcore.instants import EARLIEST, LATEST, MICROSECOND, Instant, from_micros, instant, to_micros

_ALL = sorted(zone_names())
_FILES = files("tzdata") / "zoneinfo"
# Many names are aliases: one of each will do where looking at all would take long.
_DISTINCT = sorted({_FILES.joinpath(*name.split("/")).read_bytes(): name for name in reversed(_ALL)}.values())
_SINCE, _UNTIL = (to_micros(instant(f"{year}-01-01T00:00Z")) for year in (1900, 2100))


def _shown_by_whenever(name: str) -> list[Segment]:
    """Return the segments from 1900 to 2100 as whenever has them, which knows when the next change comes."""
    found = []
    at = whenever.Instant(from_micros(_SINCE)).to_tz(name)
    start, offset = _SINCE, at.offset
    while (later := at.next_transition()) is not None and (when := later.timestamp() * 1_000_000) < _UNTIL:
        at = later
        if at.offset != offset:
            found.append(Segment(start, when, round(offset.total("microseconds"))))
            start, offset = when, at.offset
    return [*found, Segment(start, _UNTIL, round(offset.total("microseconds")))]


def _shown_by_zoneinfo(name: str, micros: int) -> int:
    offset = from_micros(micros).astimezone(zone(name)).utcoffset()
    assert offset is not None
    return offset // MICROSECOND


@pytest.mark.parametrize("name", _DISTINCT)
def test_segments_are_those_of_whenever(name: str) -> None:
    """From 1900 to 2100 every zone's segments begin, end and stand as far from UTC as whenever says."""
    assert segments([(0, name)], _SINCE, _UNTIL) == _shown_by_whenever(name)


@pytest.mark.parametrize("name", _DISTINCT)
def test_segments_are_those_of_zoneinfo(name: str) -> None:
    """At its first, middle and last microsecond, each segment has the offset that the standard library shows."""
    for start, end, offset in segments([(0, name)], _SINCE, _UNTIL):
        shown = {_shown_by_zoneinfo(name, micros) for micros in (start, (start + end) // 2, end - 1)}
        assert shown == {offset}, from_micros(start)


@given(
    st.sampled_from(_ALL),
    st.datetimes(datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2999-01-01"), timezones=st.just(UTC)),
    st.integers(1, 800 * DAY),
)
def test_any_stretch_is_cut_out_of_the_same_segments(name: str, since: Instant, length: int) -> None:
    """Whatever stretch is asked for, its segments fill it, change from one to the next, and agree with zoneinfo."""
    lo = to_micros(since)

    parts = segments([(0, name)], lo, lo + length)

    assert (parts[0].start, parts[-1].end) == (lo, lo + length)
    assert all(one.end == other.start and one.offset != other.offset for one, other in pairwise(parts))
    for part in parts:
        assert part.start < part.end
        assert _shown_by_zoneinfo(name, part.start) == _shown_by_zoneinfo(name, part.end - 1) == part.offset
        assert offset_at(parts, part.start) == offset_at(parts, part.end - 1) == part.offset


@pytest.mark.parametrize("name", ["Europe/Berlin", "Africa/Casablanca", "Etc/GMT+12", "Asia/Gaza", "Europe/Dublin"])
@pytest.mark.parametrize("edge", [EARLIEST, LATEST - timedelta(days=400)])
def test_segments_reach_to_the_ends_of_our_time(name: str, edge: Instant) -> None:
    """The first and the last years that instants may be in are covered like any other."""
    lo = to_micros(edge)

    parts = segments([(0, name)], lo - 40 * DAY, lo + 440 * DAY)

    assert (parts[0].start, parts[-1].end) == (lo - 40 * DAY, lo + 440 * DAY)
    assert all(_shown_by_zoneinfo(name, part.start) == part.offset for part in parts)


def test_a_move_without_a_change_of_offset_is_no_edge() -> None:
    """Who moves from Berlin to Paris sees nothing on the wall; who moves on to London sees an hour less."""
    june = to_micros(instant("2026-06-01T00:00Z"))
    moves = [(0, "Europe/Berlin"), (june + DAY, "Europe/Paris"), (june + 2 * DAY, "Europe/London")]

    assert segments(moves, june, june + 3 * DAY) == [
        Segment(june, june + 2 * DAY, 2 * DAY // 24),
        Segment(june + 2 * DAY, june + 3 * DAY, DAY // 24),
    ]


def test_an_empty_stretch_has_no_segments() -> None:
    """From an instant to itself there is nothing."""
    assert segments([(0, "Europe/Berlin")], _SINCE, _SINCE) == []


def test_a_given_database_is_asked_instead() -> None:
    """Segments come from the database that is named, whatever the package has."""
    given_one = TimeZones.of("strange", {"Europe/Berlin": TZDATA.read("Asia/Tokyo")})

    [part] = segments([(0, "Europe/Berlin")], _UNTIL - DAY, _UNTIL, given_one)

    assert part.offset == 9 * DAY // 24
