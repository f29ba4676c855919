from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import IntEnum

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.calendar.zones.wall_time import add_calendar, to_instant, to_local, zone_names
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import Instant, instant, to_text

_ZONES = st.sampled_from(sorted(zone_names()))
_INSTANTS = st.datetimes(
    datetime.fromisoformat("1980-01-01"), datetime.fromisoformat("2060-01-01"), timezones=st.just(UTC)
)


@pytest.mark.parametrize(
    ("when", "zone_name", "days", "expected"),
    [
        # 09:00 in Berlin stays 09:00: 23 and 25 hours of true time.
        ("2026-03-28T08:00:00Z", "Europe/Berlin", 1, "2026-03-29T07:00:00Z"),
        ("2026-10-24T07:00:00Z", "Europe/Berlin", 1, "2026-10-25T08:00:00Z"),
        ("2026-03-29T07:00:00Z", "Europe/Berlin", -1, "2026-03-28T08:00:00Z"),
        ("2026-10-25T08:00:00Z", "Europe/Berlin", -1, "2026-10-24T07:00:00Z"),
        ("2026-03-28T08:00:00Z", "UTC", 1, "2026-03-29T08:00:00Z"),
        # 02:30 lands in the gap, and in the fold.
        ("2026-03-28T01:30:00Z", "Europe/Berlin", 1, "2026-03-29T01:30:00Z"),
        ("2026-03-30T00:30:00Z", "Europe/Berlin", -1, "2026-03-29T01:30:00Z"),
        ("2026-10-24T00:30:00Z", "Europe/Berlin", 1, "2026-10-25T00:30:00Z"),
        ("2026-10-26T01:30:00Z", "Europe/Berlin", -1, "2026-10-25T00:30:00Z"),
        # Out of both passes of a fold, and not at all.
        ("2026-10-25T00:30:00Z", "Europe/Berlin", 1, "2026-10-26T01:30:00Z"),
        ("2026-10-25T01:30:00Z", "Europe/Berlin", 1, "2026-10-26T01:30:00Z"),
        ("2026-10-25T00:30:00Z", "Europe/Berlin", 0, "2026-10-25T00:30:00Z"),
        ("2026-10-25T01:30:00Z", "Europe/Berlin", 0, "2026-10-25T01:30:00Z"),
        # Into and over the date that Samoa skipped.
        ("2011-12-29T22:00:00Z", "Pacific/Apia", 1, "2011-12-30T22:00:00Z"),
        ("2011-12-29T22:00:00Z", "Pacific/Apia", 2, "2011-12-30T22:00:00Z"),
        ("2011-12-29T22:00:00Z", "Pacific/Apia", 3, "2011-12-31T22:00:00Z"),
    ],
)
def test_days_keep_the_wall_time(when: str, zone_name: str, days: int, expected: str) -> None:
    """A calendar day later is the same time on the wall, however many hours that takes."""
    assert to_text(add_calendar(instant(when), zone_name, days=days)) == expected


@pytest.mark.parametrize(
    ("when", "months", "expected"),
    [
        ("2026-01-31T08:00:00Z", 1, "2026-02-28T08:00:00Z"),
        ("2028-01-31T08:00:00Z", 1, "2028-02-29T08:00:00Z"),
        ("2028-02-29T08:00:00Z", 12, "2029-02-28T08:00:00Z"),
        ("2028-02-29T08:00:00Z", 48, "2032-02-29T08:00:00Z"),
        ("2026-03-31T07:00:00Z", -1, "2026-02-28T08:00:00Z"),
        ("2026-01-15T08:00:00Z", -1, "2025-12-15T08:00:00Z"),
        ("2026-12-15T08:00:00Z", 1, "2027-01-15T08:00:00Z"),
        ("2026-01-31T08:00:00Z", 3, "2026-04-30T07:00:00Z"),
        ("2026-01-31T08:00:00Z", 11, "2026-12-31T08:00:00Z"),
        ("2026-02-28T01:30:00Z", 1, "2026-03-28T01:30:00Z"),
        ("2026-01-29T01:30:00Z", 2, "2026-03-29T01:30:00Z"),
        ("2026-07-25T00:30:00Z", 3, "2026-10-25T00:30:00Z"),
        ("2026-01-31T23:30:00Z", 1, "2026-02-28T23:30:00Z"),
    ],
)
def test_months_keep_day_and_wall_time(when: str, months: int, expected: str) -> None:
    """A month later is the same day of the month in Berlin, or the month's last; the wall time stays."""
    assert to_text(add_calendar(instant(when), "Europe/Berlin", months=months)) == expected


def test_months_come_before_weeks_and_days() -> None:
    """The last day of the month is found first, then weeks and days are counted from it."""
    found = add_calendar(instant("2026-01-31T08:00:00Z"), "Europe/Berlin", months=1, weeks=1, days=2)

    assert to_text(found) == "2026-03-09T08:00:00Z"


@given(_ZONES, _INSTANTS, st.integers(-400, 400), st.integers(-100, 100), st.integers(-800, 800))
def test_calendar_sums_agree_with_dateutil(zone_name: str, when: Instant, months: int, weeks: int, days: int) -> None:
    """On the wall, the sum is that of dateutil's relativedelta."""
    wall = to_local(when, zone_name).replace(tzinfo=None)
    moved = wall + relativedelta(months=months, weeks=weeks, days=days)

    found = add_calendar(when, zone_name, months, weeks, days)

    assert found == (when if moved == wall else to_instant(moved, zone_name))


@given(_ZONES, _INSTANTS)
def test_nothing_added_changes_nothing(zone_name: str, when: Instant) -> None:
    """Also in the second pass of a fold, no units later is the same instant."""
    assert add_calendar(when, zone_name) == when


def test_microseconds_stay() -> None:
    """The wall time is kept to the microsecond."""
    found = add_calendar(instant("2026-03-28T08:00:00.123456Z"), "Europe/Berlin", days=1)

    assert to_text(found) == "2026-03-29T07:00:00.123456Z"


@pytest.mark.parametrize(
    ("months", "weeks", "days"),
    [(12 * 8000, 0, 0), (-12 * 2000, 0, 0), (-12 * 3000, 0, 0), (0, 10**12, 0), (0, 0, -(10**30)), (10**30, 0, 0)],
)
def test_a_sum_out_of_our_time_is_refused(months: int, weeks: int, days: int) -> None:
    """A sum outside of what instants may be is refused, however far outside."""
    with pytest.raises(InvalidValue, match="from 1900 up to 9000"):
        add_calendar(instant("2026-07-01T10:00:00Z"), "Europe/Berlin", months, weeks, days)


@pytest.mark.parametrize("unit", ["months", "weeks", "days"])
@pytest.mark.parametrize("wrong", [1.0, 0.5, True, "1", None])
def test_units_come_in_whole_numbers(unit: str, wrong: object) -> None:
    """Half a day is not a calendar unit."""
    with pytest.raises(InvalidType, match=f"{unit} is .*; expected a whole number"):
        add_calendar(instant("2026-07-01T10:00:00Z"), "UTC", **{unit: wrong})  # type: ignore[arg-type]  # the point


def test_wrong_arguments_are_refused() -> None:
    """A naive datetime and an unknown zone are refused."""
    when = instant("2026-07-01T10:00:00Z")
    with pytest.raises(InvalidValue, match="naive"):
        add_calendar(when.replace(tzinfo=None), "Europe/Berlin", days=1)
    with pytest.raises(UnknownName, match="unknown time zone 'Berlin'"):
        add_calendar(when, "Berlin", days=1)


def test_an_instant_in_another_zone_s_clothes_is_the_same_instant() -> None:
    """Any aware datetime is taken, and what comes back is in UTC, moved or not."""
    dressed = to_local(instant("2026-07-01T10:00:00Z"), "Asia/Tokyo")

    assert add_calendar(dressed, "Europe/Berlin", days=1) - dressed == timedelta(days=1)
    assert add_calendar(dressed, "Europe/Berlin").tzinfo is UTC


class _Weekly(IntEnum):
    ONCE = 1


def test_a_whole_number_of_another_name_counts_as_one() -> None:
    """An IntEnum is a whole number; only what merely looks like one (a bool, a float) is refused."""
    start = instant("2026-03-26T09:00:00Z")

    assert add_calendar(start, "Europe/Berlin", weeks=_Weekly.ONCE) == add_calendar(start, "Europe/Berlin", weeks=1)
