from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tutorcore.calendar.zones.segments import DAY, segments
from tutorcore.calendar.zones.wall_time import (
    DISAMBIGUATIONS,
    Disambiguation,
    at_time,
    to_instant,
    to_local,
    zone_names,
)
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import MICROSECOND, Instant, from_micros, instant, to_micros, to_text

_ZONES = st.sampled_from(sorted(zone_names()))
_INSTANTS = st.datetimes(
    datetime.fromisoformat("1950-01-01"), datetime.fromisoformat("2060-01-01"), timezones=st.just(UTC)
)


def _wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone_name", "wall", "earlier", "later", "end"),
    [
        # Europe/Berlin goes forward from 02:00 to 03:00 at 01:00 UTC.
        ("Europe/Berlin", "2026-03-29T02:00", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T01:00:00Z"),
        (
            "Europe/Berlin",
            "2026-03-29T02:59:59.999999",
            "2026-03-29T00:59:59.999999Z",
            "2026-03-29T01:59:59.999999Z",
            "2026-03-29T01:00:00Z",
        ),
        # Half an hour on Lord Howe, a whole day in Samoa, midnight in Cairo.
        (
            "Australia/Lord_Howe",
            "2026-10-04T02:15",
            "2026-10-03T15:15:00Z",
            "2026-10-03T15:45:00Z",
            "2026-10-03T15:30:00Z",
        ),
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z", "2011-12-30T10:00:00Z"),
        ("Africa/Cairo", "2026-04-24T00:00", "2026-04-23T21:00:00Z", "2026-04-23T22:00:00Z", "2026-04-23T22:00:00Z"),
        # Two hours at the Troll station, from 01:00 to 03:00 at 01:00 UTC.
        (
            "Antarctica/Troll",
            "2026-03-29T02:30",
            "2026-03-29T00:30:00Z",
            "2026-03-29T02:30:00Z",
            "2026-03-29T01:00:00Z",
        ),
        # Seconds of local mean time: Monrovia went forward by 44:30 at midnight, at 00:44:30 UTC.
        (
            "Africa/Monrovia",
            "1972-01-07T00:30",
            "1972-01-07T00:30:00Z",
            "1972-01-07T01:14:30Z",
            "1972-01-07T00:44:30Z",
        ),
    ],
)
def test_a_wall_time_in_a_gap_is_read_in_five_ways(
    zone_name: str, wall: str, earlier: str, later: str, end: str
) -> None:
    """Compatible means later: clocks that skipped the time show it as much later as they went forward."""
    assert to_text(to_instant(_wall(wall), zone_name, "clamp")) == end
    assert to_instant(_wall(wall), zone_name, "skip") is None
    assert to_text(to_instant(_wall(wall), zone_name)) == later
    assert to_text(to_instant(_wall(wall), zone_name, "compatible")) == later
    assert to_text(to_instant(_wall(wall), zone_name, "later")) == later
    assert to_text(to_instant(_wall(wall), zone_name, "earlier")) == earlier
    with pytest.raises(InvalidValue, match=f"expected a time that clocks in {zone_name} show exactly once"):
        to_instant(_wall(wall), zone_name, "raise")


@pytest.mark.parametrize(
    ("zone_name", "wall", "earlier", "later"),
    [
        # Europe/Berlin goes back from 03:00 to 02:00 at 01:00 UTC.
        ("Europe/Berlin", "2026-10-25T02:00", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"),
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),
        ("Europe/Berlin", "2026-10-25T02:59:59.999999", "2026-10-25T00:59:59.999999Z", "2026-10-25T01:59:59.999999Z"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z"),
        ("America/Havana", "2025-11-02T00:00", "2025-11-02T04:00:00Z", "2025-11-02T05:00:00Z"),
        ("Africa/Cairo", "2026-10-29T23:30", "2026-10-29T20:30:00Z", "2026-10-29T21:30:00Z"),
    ],
)
def test_a_wall_time_in_a_fold_is_read_both_ways(zone_name: str, wall: str, earlier: str, later: str) -> None:
    """Compatible means earlier: the first time that clocks show it."""
    assert to_text(to_instant(_wall(wall), zone_name)) == earlier
    assert to_text(to_instant(_wall(wall), zone_name, "compatible")) == earlier
    assert to_text(to_instant(_wall(wall), zone_name, "earlier")) == earlier
    assert to_text(to_instant(_wall(wall), zone_name, "later")) == later
    assert to_text(to_instant(_wall(wall), zone_name, "clamp")) == earlier
    assert to_instant(_wall(wall), zone_name, "skip") == instant(earlier)
    with pytest.raises(InvalidValue, match=f"expected a time that clocks in {zone_name} show exactly once"):
        to_instant(_wall(wall), zone_name, "raise")


@pytest.mark.parametrize("disambiguate", DISAMBIGUATIONS)
@pytest.mark.parametrize(
    ("zone_name", "wall", "expected"),
    [
        ("Europe/Berlin", "2026-03-29T01:59:59.999999", "2026-03-29T00:59:59.999999Z"),
        ("Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", "2026-10-25T01:59:59.999999", "2026-10-24T23:59:59.999999Z"),
        ("Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00:00Z"),
        ("America/Havana", "2025-11-02T01:00", "2025-11-02T06:00:00Z"),
        ("Pacific/Apia", "2011-12-29T23:59", "2011-12-30T09:59:00Z"),
        ("Pacific/Apia", "2011-12-31T00:00", "2011-12-30T10:00:00Z"),
        ("UTC", "2026-03-29T02:30", "2026-03-29T02:30:00Z"),
    ],
)
def test_next_to_a_change_there_is_nothing_to_choose(
    zone_name: str, wall: str, expected: str, disambiguate: Disambiguation
) -> None:
    """Just before a gap or fold and exactly at its end, every way of reading gives the one instant."""
    assert to_instant(_wall(wall), zone_name, disambiguate) == instant(expected)


@pytest.mark.parametrize("fold", [0, 1])
def test_the_argument_decides_and_not_the_fold(fold: int) -> None:
    """A fold that a datetime happens to carry is not read, and does not reach the result."""
    found = to_instant(_wall("2026-10-25T02:30").replace(fold=fold), "Europe/Berlin")

    assert to_text(found) == "2026-10-25T00:30:00Z"
    assert found.fold == 0


@given(_ZONES, _INSTANTS)
@example("Europe/Berlin", instant("2026-10-25T01:30:00Z"))
@example("Pacific/Apia", instant("2011-12-30T10:00:00Z"))
def test_what_a_clock_shows_can_be_read_back(zone_name: str, when: Instant) -> None:
    """One of the two readings of a clock is the instant at which it was read."""
    wall = to_local(when, zone_name).replace(tzinfo=None)
    earlier, later = to_instant(wall, zone_name, "earlier"), to_instant(wall, zone_name, "later")

    assert when in {earlier, later}
    assert earlier <= to_instant(wall, zone_name) <= later
    assert earlier.tzinfo is later.tzinfo is UTC


@given(_ZONES, st.datetimes(datetime.fromisoformat("1950-01-01"), datetime.fromisoformat("2060-01-01")))
def test_a_chosen_reading_shows_the_wall_time_or_moves_it_by_the_gap(zone_name: str, wall: datetime) -> None:
    """Outside of gaps a clock shows the wall time at every reading; in one, the readings lie on either side."""
    earlier, later = to_instant(wall, zone_name, "earlier"), to_instant(wall, zone_name, "later")
    shown = [to_local(reading, zone_name).replace(tzinfo=None) for reading in (earlier, later)]
    clamped, skipped = to_instant(wall, zone_name, "clamp"), to_instant(wall, zone_name, "skip")

    if skipped is None:
        assert shown == [wall - (later - earlier), wall + (later - earlier)]
        assert earlier < clamped <= later
        assert to_local(clamped - MICROSECOND, zone_name).replace(tzinfo=None) < wall
        assert to_local(clamped, zone_name).replace(tzinfo=None) > wall
    else:
        assert shown == [wall, wall]
        assert skipped == clamped == earlier


def test_a_wall_time_has_no_zone() -> None:
    """An aware datetime is an instant already and needs no reading."""
    with pytest.raises(InvalidValue, match="this one names an instant already"):
        to_instant(instant("2026-07-01T10:00:00Z"), "Europe/Berlin")


@pytest.mark.parametrize("wall", ["2026-07-01T10:00", date(2026, 7, 1), 0, None])
def test_a_wall_time_is_a_datetime(wall: object) -> None:
    """A date or a text is refused."""
    with pytest.raises(InvalidType, match="expected a datetime without a zone"):
        to_instant(wall, "Europe/Berlin")  # type: ignore[call-overload]  # the wrong type is the point


@given(_ZONES, st.integers(1950, 2060), st.floats(0, 1, exclude_max=True))
def test_whatever_lies_in_a_gap_is_clamped_to_its_end(zone_name: str, year: int, part: float) -> None:
    """Of every gap in three years, any wall time has its end as the clamped reading, and none with "skip"."""
    lo = to_micros(instant(f"{year}-01-01T00:00Z"))
    for before, after in pairwise(segments([(0, zone_name)], lo, lo + 3 * 366 * DAY)):
        if after.offset > before.offset:
            skipped = before.end + before.offset + int((after.offset - before.offset) * part)
            wall = from_micros(skipped).replace(tzinfo=None)

            assert to_instant(wall, zone_name, "clamp") == from_micros(after.start)
            assert to_instant(wall, zone_name, "skip") is None


def test_an_unknown_way_to_choose_is_refused() -> None:
    """A wrong word is refused even where there is nothing to choose."""
    with pytest.raises(UnknownName, match="unknown disambiguation 'erlier'; did you mean 'earlier'"):
        to_instant(_wall("2026-07-01T10:00"), "UTC", "erlier")  # type: ignore[call-overload]  # the wrong word is the point


@pytest.mark.parametrize("wall", ["0001-01-01T00:00", "1899-12-31T00:00", "9000-01-02T00:00", "9999-12-31T23:59"])
@pytest.mark.parametrize("zone_name", ["Etc/GMT-14", "Etc/GMT+12"])
def test_a_wall_time_out_of_our_time_is_refused(wall: str, zone_name: str) -> None:
    """Wall times outside of what instants may be are refused, whichever way the zone lies."""
    with pytest.raises(InvalidValue, match=r"wall time is .* from 1900 up to 9000"):
        to_instant(_wall(wall), zone_name)


@pytest.mark.parametrize(
    ("when", "hour", "minute", "zone_name", "expected"),
    [
        ("2026-07-01T10:00:00Z", 18, 30, "Europe/Berlin", "2026-07-01T16:30:00Z"),
        ("2026-07-01T22:30:00Z", 18, 0, "Europe/Berlin", "2026-07-02T16:00:00Z"),
        ("2026-07-01T02:00:00Z", 0, 0, "America/New_York", "2026-06-30T04:00:00Z"),
        ("2026-03-29T12:00:00Z", 2, 30, "Europe/Berlin", "2026-03-29T01:30:00Z"),
        ("2026-10-25T12:00:00Z", 2, 30, "Europe/Berlin", "2026-10-25T00:30:00Z"),
        ("2026-04-24T12:00:00Z", 0, 0, "Africa/Cairo", "2026-04-23T22:00:00Z"),
        ("2026-07-01T10:00:00Z", 23, 59, "UTC", "2026-07-01T23:59:00Z"),
    ],
)
def test_a_time_of_day_falls_on_the_local_date(
    when: str, hour: int, minute: int, zone_name: str, expected: str
) -> None:
    """A time of day is that of the zone's own date; in a gap it comes later, in a fold first."""
    assert to_text(at_time(instant(when), hour, minute, zone_name)) == expected


@pytest.mark.parametrize(
    ("hour", "minute", "wrong"), [(24, 0, "hour"), (-1, 0, "hour"), (0, 60, "minute"), (0, -1, "minute")]
)
def test_a_time_of_day_is_one_that_clocks_show(hour: int, minute: int, wrong: str) -> None:
    """Hours run from 0 to 23 and minutes from 0 to 59."""
    with pytest.raises(InvalidValue, match=f"^{wrong} is "):
        at_time(instant("2026-07-01T10:00:00Z"), hour, minute, "UTC")


@pytest.mark.parametrize("wrong", [9.5, True, "9", timedelta(hours=9)])
def test_a_time_of_day_is_in_whole_numbers(wrong: object) -> None:
    """Anything else is refused by type."""
    when = instant("2026-07-01T10:00:00Z")
    with pytest.raises(InvalidType, match=r"hour is .*; expected a whole number"):
        at_time(when, wrong, 0, "UTC")  # type: ignore[arg-type]  # the wrong type is the point
    with pytest.raises(InvalidType, match=r"minute is .*; expected a whole number"):
        at_time(when, 9, wrong, "UTC")  # type: ignore[arg-type]  # likewise
