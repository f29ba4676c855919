"""Rules for the years to come, against the standard library's reading of them and against the calendar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tutorcore.calendar import TimeZones
from tutorcore.calendar.zones.posix_rules import Summer, read_rule
from tutorcore.calendar.zones.segments import DAY, segments
from tutorcore.instants import MICROSECOND, from_micros, instant, to_micros

Make = Callable[..., bytes]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("UTC0", 0),
        ("CET-1", 3600),
        ("MST7", -7 * 3600),
        ("<+0545>-5:45", 20700),
        ("<-0930>+9:30", -34200),
        ("AAA-0:20:30", 1230),
        ("<+23>-23:59:59", 86399),
    ],
)
def test_a_rule_may_be_an_offset_for_good(text: str, seconds: int) -> None:
    """West is positive in the notation, and here what to add to UTC: the other way round."""
    assert read_rule(text) == seconds


@pytest.mark.parametrize(
    ("text", "year", "start", "end"),
    [
        # Last Sundays: 29 March and 25 October 2026; the fifth in March 2020 and the fourth in February.
        ("CET-1CEST,M3.5.0,M10.5.0/3", 2026, "2026-03-29T01:00Z", "2026-10-25T01:00Z"),
        ("CET-1CEST,M2.5.0,M11.5.0/3", 2026, "2026-02-22T01:00Z", "2026-11-29T01:00Z"),
        # Second Sunday of March, first of November, at 02:00 of the wall time before.
        ("EST5EDT,M3.2.0,M11.1.0", 2026, "2026-03-08T07:00Z", "2026-11-01T06:00Z"),
        # Half an hour, and south of the equator: summer ends in April.
        ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 2026, "2026-10-03T15:30Z", "2026-04-04T15:00Z"),
        # Dublin calls its summer the standard: clocks go back an hour in October.
        ("IST-1GMT0,M10.5.0,M3.5.0/1", 2026, "2026-10-25T01:00Z", "2026-03-29T01:00Z"),
        # Nuuk changes on Saturday at 22:00, Gaza on the Saturday after a Thursday 50 hours before.
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2026, "2026-03-29T01:00Z", "2026-10-25T01:00Z"),
        ("EET-2EEST,M3.4.4/50,M10.4.4/50", 2026, "2026-03-28T00:00Z", "2026-10-23T23:00Z"),
        # An offset of its own for summer, and seconds.
        ("<+00>0<+02>-2,M3.5.0/1,M10.5.0/3", 2026, "2026-03-29T01:00Z", "2026-10-25T01:00Z"),
        ("AAA1:00:30BBB0:30,M2.1.0/1:00:30,M5.1.5/167", 2026, "2026-02-01T02:01Z", "2026-05-07T23:30Z"),
    ],
)
def test_a_rule_says_when_clocks_change(text: str, year: int, start: str, end: str) -> None:
    """Summer starts and ends on the days of the rule, at times of the clock as it is before the change."""
    rule = read_rule(text)
    assert isinstance(rule, Summer)

    changes = {(offset, from_micros(when * 1_000_000)) for when, offset in rule.changes(year)}

    assert changes == {(rule.summer, instant(start)), (rule.standard, instant(end))}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CET",
        "-1",
        "CE-1",
        "<CE>-1",
        "<CE T>-1",
        ":CET-1",
        "CET-24",
        "CET-25",
        "CET--1",
        "CET-1:0",
        "CET-1:00:00:00",
        "CET-1CEST",
        "CET-1CEST,M3.5.0",
        "CET-1CEST-24,M3.5.0,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0,M11.5.0",
        "CET-1,M3.5.0,M10.5.0",
        "CET-1CEST,M0.5.0,M10.5.0",
        "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0",
        "CET-1CEST,M3.0.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0",
        "CET-1CEST,J60,M10.5.0",
        "CET-1CEST,M3.5.0,59",
        "CET-1CEST,M3.5.0,M3.1.0",
        "CET-1CEST,M3.5.0,M4.1.0",
        "CET-1CEST,M12.1.0,M1.5.0",
        "CET-1CEST,M1.1.0,M10.5.0",
        "CET-1CEST,M1.2.0,M10.5.0",
        "CET-1CEST,M3.1.0,M12.4.0",
        "CET-1CEST,M3.1.0,M12.5.0",
        "CET-1CEST,M3.5.0/168,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/-168",
        "CET-1CEST,M3.5.0,M10.5.0/",
        "CET-1CEST,M3.5.0,easter",
        "CET-٣",
        "<" + "A" * 200 + ">0",
        "CET-23CEST-24:00,M3.5.0,M10.5.0",
        "<+23>-23<+24>,M3.5.0,M10.5.0",
    ],
)
def test_anything_else_is_no_rule(text: str) -> None:
    """What is not in the notation, or out of its bounds, is no rule."""
    assert read_rule(text) is None


_OFFSETS = st.integers(-23 * 60, 22 * 60)
_DAYS = st.builds("M{}.{}.{}".format, st.integers(1, 12), st.integers(1, 5), st.integers(0, 6))
_TIMES = st.integers(-167, 167)


def _written(minutes: int) -> str:
    size = abs(minutes)
    return f"{'-' if minutes > 0 else ''}{size // 60}:{size % 60:02}"


@given(_OFFSETS, _OFFSETS, _DAYS, _DAYS, _TIMES, _TIMES, st.integers(1901, 2150))
def test_rules_are_read_as_the_standard_library_reads_them(
    tzif: Make, standard: int, summer: int, start: str, end: str, since: int, until: int, year: int
) -> None:
    """For three years, at both ends of every segment, zoneinfo shows the same offset."""
    text = f"<STD>{_written(standard)}<DST>{_written(summer)},{start}/{since},{end}/{until}"
    assume(read_rule(text) is not None)
    database = TimeZones.of("made", {"Test/Zone": tzif([], [0], text)})
    where = database.zone("Test/Zone")
    lo = to_micros(datetime(year, 1, 1, tzinfo=UTC))

    for part in segments([(0, "Test/Zone")], lo, lo + 1100 * DAY, database):
        for micros in (part.start, part.end - 1):
            assert from_micros(micros).astimezone(where).utcoffset() == part.offset * MICROSECOND, from_micros(micros)


def test_the_time_of_a_change_is_two_in_the_morning_unless_said() -> None:
    """So POSIX has it, also for the end of summer."""
    rule = read_rule("AAA0BBB,M3.1.1,M11.1.1")
    assert isinstance(rule, Summer)

    [(start, _), (end, _)] = rule.changes(2026)

    assert timedelta(seconds=start) % timedelta(days=1) == timedelta(hours=2)
    assert timedelta(seconds=end) % timedelta(days=1) == timedelta(hours=1)
