"""Where a local day begins and ends, against tables and against a search through every minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tutorcore.calendar.zones.segments import segments
from tutorcore.calendar.zones.wall_time import (
    end_of_day,
    first_instant,
    last_instant,
    local_date,
    start_of_day,
    to_local,
    zone,
    zone_names,
)
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import MICROSECOND, Instant, from_micros, instant, to_micros, to_text

_ZONES = st.sampled_from(sorted(zone_names()))
_DAY = timedelta(days=1)


def _days(year: int) -> list[date]:
    return [date(year, 1, 1) + number * _DAY for number in range(365)]


def _first_shown(day: date, zone_name: str) -> Instant:
    """Return what `first_instant` should, by looking at a calendar on the wall every minute, then every second."""
    where = zone(zone_name)
    found = datetime.combine(day, time(tzinfo=UTC)) - timedelta(hours=20)
    assert found.astimezone(where).date() < day
    while found.astimezone(where).date() < day:
        found += timedelta(minutes=1)
    while (found - timedelta(seconds=1)).astimezone(where).date() >= day:
        found -= timedelta(seconds=1)
    return found


def _days_around_changes(year: int, zone_name: str) -> list[date]:
    """Return the days of the year on which or next to which the zone's offset changes."""
    where = zone(zone_name)
    noon = [datetime.combine(day, time(12, tzinfo=UTC)).astimezone(where) for day in _days(year)]
    changes = [later.date() for earlier, later in pairwise(noon) if earlier.utcoffset() != later.utcoffset()]
    return [day + shift * _DAY for day in changes for shift in (-1, 0, 1)]


@pytest.mark.parametrize(
    ("zone_name", "day", "expected"),
    [
        # An ordinary midnight, east and west of Greenwich and at a quarter of an hour.
        ("UTC", "2026-07-01", "2026-07-01T00:00:00Z"),
        ("Europe/Berlin", "2026-07-01", "2026-06-30T22:00:00Z"),
        ("America/New_York", "2026-07-01", "2026-07-01T04:00:00Z"),
        ("Asia/Kathmandu", "2026-07-01", "2026-06-30T18:15:00Z"),
        # Changes in the middle of the day leave midnight alone.
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z"),
        ("Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00Z"),
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z"),
        ("Europe/Berlin", "2026-10-26", "2026-10-25T23:00:00Z"),
        # Clocks go forward at midnight: the day begins at 01:00.
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z"),
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z"),
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00Z"),
        ("America/Havana", "2026-03-08", "2026-03-08T05:00:00Z"),
        ("Atlantic/Azores", "2026-03-29", "2026-03-29T01:00:00Z"),
        # ... or in the half hour before it: the day began at 00:30.
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00Z"),
        # Clocks go back to midnight: the first of two.
        ("America/Havana", "2025-11-02", "2025-11-02T04:00:00Z"),
        ("Atlantic/Azores", "2026-10-25", "2026-10-25T00:00:00Z"),
        # Clocks go back at midnight: the evening before comes twice, the day begins after the second.
        ("Africa/Cairo", "2026-10-30", "2026-10-29T22:00:00Z"),
        ("America/Santiago", "2026-04-05", "2026-04-05T04:00:00Z"),
        ("Asia/Beirut", "2026-10-25", "2026-10-24T22:00:00Z"),
        # Clocks go back over midnight: the day began, ended after a minute, and began again.
        ("America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z"),
        # The zone skipped a date: it and the next begin together.
        ("Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z"),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"),
        ("Pacific/Apia", "2012-01-01", "2011-12-31T10:00:00Z"),
        # A local mean time with seconds.
        ("Africa/Monrovia", "1950-01-01", "1950-01-01T00:44:30Z"),
    ],
)
def test_a_day_begins_when_its_date_is_first_shown(zone_name: str, day: str, expected: str) -> None:
    """The first instant of a date is found where midnight is missing, double, or gone with the whole date."""
    assert to_text(first_instant(date.fromisoformat(day), zone_name)) == expected


@given(_ZONES, st.integers(1901, 2060), st.integers(0, 364))
@example("America/Toronto", 1919, 0)
@example("America/St_Johns", 2010, 0)
@example("Pacific/Apia", 2011, 0)
@example("Pacific/Kwajalein", 1993, 0)
@example("Africa/Cairo", 2026, 0)
@example("Africa/Casablanca", 2027, 0)
@example("America/Havana", 2025, 0)
@example("America/New_York", 2050, 0)
def test_the_first_instant_is_what_a_search_finds(zone_name: str, year: int, number: int) -> None:
    """On any day, and on every day around a change, the result is the one found by looking every minute."""
    for day in (_days(year)[number], *_days_around_changes(year, zone_name)):
        assert first_instant(day, zone_name) == _first_shown(day, zone_name), day


@pytest.mark.parametrize(
    ("zone_name", "day", "expected"),
    [
        # An ordinary midnight.
        ("UTC", "2026-07-01", "2026-07-01T23:59:59.999999Z"),
        ("Europe/Berlin", "2026-07-01", "2026-07-01T21:59:59.999999Z"),
        ("Asia/Kathmandu", "2026-07-01", "2026-07-01T18:14:59.999999Z"),
        # Changes in the middle of the day leave its end alone.
        ("Europe/Berlin", "2026-03-29", "2026-03-29T21:59:59.999999Z"),
        ("Europe/Berlin", "2026-10-25", "2026-10-25T22:59:59.999999Z"),
        # The next day begins at 01:00, for its midnight is in a gap that opens at 24:00 of this one (22:00 UTC).
        ("Africa/Cairo", "2026-04-23", "2026-04-23T21:59:59.999999Z"),
        # ... or in a gap that opened at 23:30 (04:30 UTC): this day ended half an hour early.
        ("America/Toronto", "1919-03-30", "1919-03-31T04:29:59.999999Z"),
        # Clocks go back at 24:00 to 23:00: the last hour comes twice, at UTC+3 until 21:00 UTC, then at UTC+2.
        ("Africa/Cairo", "2026-10-29", "2026-10-29T21:59:59.999999Z"),
        # Clocks go back from 01:00 of the next day to its midnight: this day ended when that first came, 04:00 UTC.
        ("America/Havana", "2025-11-01", "2025-11-02T03:59:59.999999Z"),
        # Clocks go back over midnight, from 00:01 to 23:01: the day returns, until 00:00 at UTC-3:30.
        ("America/St_Johns", "2010-11-06", "2010-11-07T03:29:59.999999Z"),
        ("America/St_Johns", "2010-11-07", "2010-11-08T03:29:59.999999Z"),
        # The zone skipped a date: it ends with the day before.
        ("Pacific/Apia", "2011-12-29", "2011-12-30T09:59:59.999999Z"),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T09:59:59.999999Z"),
        ("Pacific/Apia", "2011-12-31", "2011-12-31T09:59:59.999999Z"),
    ],
)
def test_a_day_ends_when_its_date_was_last_shown(zone_name: str, day: str, expected: str) -> None:
    """The last instant of a date is found where midnight is missing, double, or gone with the whole date."""
    assert to_text(last_instant(date.fromisoformat(day), zone_name)) == expected


def _last_shown(day: date, zone_name: str) -> Instant:
    """Return what `last_instant` should, out of the segments around: the last instant not to show a later date."""
    midnight = to_micros(datetime.combine(day, time(tzinfo=UTC)) + _DAY)
    parts = segments([(0, zone_name)], midnight - 2 * 86_400_000_000, midnight + 2 * 86_400_000_000)
    return (
        from_micros(max(min(part.end, midnight - part.offset) for part in parts if part.start + part.offset < midnight))
        - MICROSECOND
    )


@given(_ZONES, st.integers(1901, 2060), st.integers(0, 364))
@example("America/Toronto", 1919, 0)
@example("America/St_Johns", 2010, 0)
@example("Pacific/Apia", 2011, 0)
@example("Pacific/Kwajalein", 1993, 0)
@example("Africa/Cairo", 2026, 0)
@example("America/Havana", 2025, 0)
@example("America/New_York", 2050, 0)
def test_the_last_instant_is_what_the_segments_say(zone_name: str, year: int, number: int) -> None:
    """On any day, and on every day around a change, the next microsecond shows a later date, and no later one this."""
    for day in (_days(year)[number], *_days_around_changes(year, zone_name)):
        found = last_instant(day, zone_name)

        assert found == _last_shown(day, zone_name), day
        assert local_date(found, zone_name) <= day < local_date(found + MICROSECOND, zone_name)


@given(
    _ZONES,
    st.datetimes(datetime.fromisoformat("2012-01-01"), datetime.fromisoformat("2060-01-01"), timezones=st.just(UTC)),
)
def test_every_instant_lies_in_its_day(zone_name: str, when: Instant) -> None:
    """A day is half-open, and the next begins where it ends."""
    start, end = start_of_day(when, zone_name), end_of_day(when, zone_name)

    assert start <= when < end
    assert local_date(start, zone_name) == local_date(when, zone_name) == local_date(end - MICROSECOND, zone_name)
    assert local_date(start - MICROSECOND, zone_name) < local_date(when, zone_name) < local_date(end, zone_name)
    assert start == first_instant(local_date(when, zone_name), zone_name)
    assert start_of_day(end, zone_name) == end
    assert end_of_day(start, zone_name) == end
    assert last_instant(local_date(when, zone_name), zone_name) == end - MICROSECOND


@pytest.mark.parametrize(
    ("zone_name", "when", "start", "end"),
    [
        ("Europe/Berlin", "2026-06-30T21:59:59.999999Z", "2026-06-29T22:00:00Z", "2026-06-30T22:00:00Z"),
        ("Europe/Berlin", "2026-06-30T22:00:00Z", "2026-06-30T22:00:00Z", "2026-07-01T22:00:00Z"),
        ("Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
        ("Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        ("America/Havana", "2025-11-02T04:30:00Z", "2025-11-02T04:00:00Z", "2025-11-03T05:00:00Z"),
        ("America/Havana", "2025-11-02T05:30:00Z", "2025-11-02T04:00:00Z", "2025-11-03T05:00:00Z"),
        ("Africa/Cairo", "2026-04-23T21:59:59.999999Z", "2026-04-22T22:00:00Z", "2026-04-23T22:00:00Z"),
        ("Africa/Cairo", "2026-04-23T22:00:00Z", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"),
        ("Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"),
        ("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"),
    ],
)
def test_a_day_has_its_bounds(zone_name: str, when: str, start: str, end: str) -> None:
    """Days of 23, 24 and 25 hours, just before and exactly at their bounds, in both passes of a fold."""
    assert to_text(start_of_day(instant(when), zone_name)) == start
    assert to_text(end_of_day(instant(when), zone_name)) == end


def test_a_date_shown_twice_begins_when_first_shown() -> None:
    """When Newfoundland's clocks went back from 00:01 to 23:01, the old date returned after the new had begun."""
    evening = instant("2010-11-07T03:00:00Z")

    assert local_date(evening, "America/St_Johns") == date(2010, 11, 6)
    assert to_text(start_of_day(evening, "America/St_Johns")) == "2010-11-06T02:30:00Z"
    assert to_text(end_of_day(evening, "America/St_Johns")) == "2010-11-07T02:30:00Z"


@pytest.mark.parametrize(
    ("when", "zone_name", "expected"),
    [
        ("2026-06-30T21:59:59Z", "Europe/Berlin", "2026-06-30"),
        ("2026-06-30T22:00:00Z", "Europe/Berlin", "2026-07-01"),
        ("2026-07-01T03:59:59Z", "America/New_York", "2026-06-30"),
        ("2011-12-30T10:00:00Z", "Pacific/Apia", "2011-12-31"),
    ],
)
def test_the_date_of_an_instant_depends_on_the_zone(when: str, zone_name: str, expected: str) -> None:
    """The local date is the one on the wall there."""
    assert local_date(instant(when), zone_name) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("when", "zone_name", "expected"),
    [
        ("2026-07-01T10:00:00Z", "Europe/Berlin", "2026-07-01T12:00:00+02:00"),
        ("2026-10-25T00:30:00Z", "Europe/Berlin", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T01:30:00Z", "Europe/Berlin", "2026-10-25T02:30:00+01:00"),
        ("2026-12-01T16:00:00Z", "America/Vancouver", "2026-12-01T09:00:00-07:00"),
        ("2026-07-01T00:00:00Z", "UTC", "2026-07-01T00:00:00+00:00"),
    ],
)
def test_a_local_time_carries_its_offset(when: str, zone_name: str, expected: str) -> None:
    """A local time for showing has a numeric offset, so both passes of a fold are told apart and compare right."""
    local = to_local(instant(when), zone_name)

    assert local.isoformat() == expected
    assert local == instant(when)
    assert local.fold == 0


@pytest.mark.parametrize("day", [datetime(2026, 7, 1, tzinfo=UTC), "2026-07-01", None])
def test_a_day_is_a_date(day: object) -> None:
    """A datetime is refused: its date depends on a zone."""
    for function in (first_instant, last_instant):
        with pytest.raises(InvalidType, match="expected a date without a time"):
            function(day, "Europe/Berlin")  # type: ignore[arg-type]  # the wrong type is the point


@pytest.mark.parametrize("day", [date.min, date.max, date(1899, 12, 30), date(9000, 1, 2)])
@pytest.mark.parametrize("zone_name", ["Etc/GMT-14", "Etc/GMT+12"])
def test_a_day_out_of_our_time_is_refused(day: date, zone_name: str) -> None:
    """Days outside of what instants may be are refused, whichever way the zone lies."""
    for function in (first_instant, last_instant):
        with pytest.raises(InvalidValue, match=r"day is .* from 1900 up to 9000"):
            function(day, zone_name)


def test_wrong_arguments_are_refused() -> None:
    """A naive datetime and an unknown zone are refused before anything is reckoned."""
    when = instant("2026-07-01T10:00:00Z")
    for function in (to_local, local_date, start_of_day, end_of_day):
        with pytest.raises(InvalidValue, match="naive"):
            function(when.replace(tzinfo=None), "Europe/Berlin")
        with pytest.raises(UnknownName, match="unknown time zone 'Europe/Berln'"):
            function(when, "Europe/Berln")


def test_an_instant_in_another_zone_s_clothes_is_the_same_instant() -> None:
    """Any aware datetime will do, though only UTC is fast."""
    when = instant("2026-06-30T22:30:00Z")
    dressed = when.astimezone(zone("America/New_York"))

    assert start_of_day(dressed, "Europe/Berlin") == start_of_day(when, "Europe/Berlin")
    assert local_date(dressed, "Europe/Berlin") == date(2026, 7, 1)
