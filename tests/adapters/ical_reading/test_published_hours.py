from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.adapters.ical.availability import read_availability
from tutorcore.adapters.ical.published_hours import availability_text
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
)
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.instants import Instant, instant

_STAMP = instant("2026-01-01T00:00Z")
_ZONES = st.sampled_from(
    [
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Africa/Cairo",
        "Pacific/Apia",
        "UTC",
    ]
)
# Around the changes of clock in Europe, Egypt and America, and the end of the year.
_DAYS = st.dates(date(2026, 3, 1), date(2026, 4, 30)) | st.dates(date(2026, 10, 20), date(2027, 1, 5))
_INSTANTS = st.builds(
    lambda day, second: instant(f"{day}T00:00Z") + timedelta(seconds=second), _DAYS, st.integers(0, 86_399)
)
_WINDOWS = st.builds(
    lambda start, length: Window(start, start + length), st.integers(0, 1439), st.integers(1, 1440) | st.just(1440)
)
_RULES = st.builds(WeeklyRule, st.sampled_from(WEEKDAYS), _WINDOWS, st.none() | _DAYS, st.none(), st.none() | _ZONES)


@st.composite
def _schedules(draw: st.DrawFn) -> Schedule:
    overrides = draw(
        st.lists(st.tuples(_DAYS, st.lists(_WINDOWS, max_size=2)), max_size=4, unique_by=lambda one: one[0])
    )
    moves = sorted(draw(st.lists(_INSTANTS, max_size=2, unique=True)))
    return Schedule(
        draw(_ZONES),
        tuple(draw(st.lists(_RULES, max_size=5))),
        overrides=tuple(Override(day, tuple(windows)) for day, windows in overrides),
        blackouts=tuple(Blackout(day, day) for day in draw(st.lists(_DAYS, max_size=2))),
        holidays=draw(st.sampled_from([(), (Holiday("12-25", "Christmas"), Holiday("easter+1", "Easter Monday"))])),
        zone_periods=tuple(ZonePeriod(since, draw(_ZONES)) for since in moves),
    )


def _text(schedule: Schedule, since: Instant, until: Instant) -> str:
    return availability_text(schedule, since, until, uid="ann;hours@example.com", stamp=_STAMP)


def _free(text: str, since: Instant, until: Instant) -> list[tuple[Instant, Instant]]:
    parts = read_availability(text).free_busy(since, until)
    assert {part.kind for part in parts} <= {"FREE", "BUSY-UNAVAILABLE"}
    return [(part.start, part.end) for part in parts if part.kind == "FREE"]


@given(schedule=_schedules(), since=_INSTANTS, seconds=st.integers(1, 300 * 86_400))
def test_the_free_time_is_that_of_the_schedule(schedule: Schedule, since: Instant, seconds: int) -> None:
    """Whoever reads it finds free exactly what the schedule's hours are, changes of clock and all."""
    until = since + timedelta(seconds=seconds)

    found = _free(_text(schedule, since, until), since, until)

    assert found == list(available_ranges(schedule, since, until))


def test_a_rule_is_written_as_one() -> None:
    """A year of evenings is one part that comes every week, and the changes of clock beside it."""
    night = Schedule("Europe/Berlin", (WeeklyRule("saturday", Window.of("22:00", "04:00")),))

    lines = _text(night, instant("2026-03-04T00:00Z"), instant("2026-11-11T00:00Z")).split("\r\n")

    start = lines.index("BEGIN:VAVAILABILITY")
    assert [line for line in lines[start:] if "STAMP" not in line] == [
        "BEGIN:VAVAILABILITY",
        r"UID:ann\;hours@example.com",
        "DTSTART:20260304T000000Z",
        "DTEND:20261111T000000Z",
        "BUSYTYPE:BUSY-UNAVAILABLE",
        "BEGIN:AVAILABLE",
        r"UID:ann\;hours@example.com-1",
        "DTSTART;TZID=Europe/Berlin:20260307T220000",
        "DURATION:PT6H",
        "RRULE:FREQ=WEEKLY;BYDAY=SA;UNTIL=20261107T210000Z",
        "EXDATE;TZID=Europe/Berlin:20260328T220000",  # Five hours that night, written below.
        "END:AVAILABLE",
        "BEGIN:AVAILABLE",
        r"UID:ann\;hours@example.com-2",
        "DTSTART:20260328T210000Z",
        "DTEND:20260329T020000Z",
        "END:AVAILABLE",
        "BEGIN:AVAILABLE",
        r"UID:ann\;hours@example.com-3",
        "DTSTART:20261025T020000Z",  # The seventh hour of the night when clocks go back.
        "DTEND:20261025T030000Z",
        "END:AVAILABLE",
        "END:VAVAILABILITY",
        "END:VCALENDAR",
        "",
    ]


def test_hours_after_a_move_go_by_the_new_clock() -> None:
    """A rule is written once for each zone by whose clock it goes within the range."""
    rule = WeeklyRule("monday", Window.of("09:00", "12:00"))
    moves = tuple(
        ZonePeriod(instant(f"{day}T00:00Z"), zone)
        for day, zone in (("2025-06-01", "Asia/Tokyo"), ("2026-03-19", "UTC"), ("2030-01-01", "Asia/Tokyo"))
    )

    text = _text(Schedule("Europe/Berlin", (rule,), zone_periods=moves), _STAMP, instant("2026-05-05T00:00Z"))

    assert [line for line in text.split("\r\n") if line.startswith(("DTSTART;", "RRULE:FREQ=WEEKLY"))] == [
        "DTSTART;TZID=Asia/Tokyo:20260105T090000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260316T000000Z",
        "DTSTART;TZID=UTC:20260323T090000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260504T090000Z",
    ]


def test_another_program_reads_it() -> None:
    """The object is whole for icalendar too: parts, times and the description of the zone."""
    schedule = Schedule("Europe/Berlin", (WeeklyRule("monday", Window.of("09:00", "12:00")),))

    calendar: Any = icalendar.Calendar.from_ical(_text(schedule, _STAMP, instant("2026-06-01T00:00Z")))

    [availability] = calendar.walk("VAVAILABILITY")
    [part] = calendar.walk("AVAILABLE")
    [zone] = calendar.walk("VTIMEZONE")
    assert availability["BUSYTYPE"] == "BUSY-UNAVAILABLE"
    assert (part["DTSTART"].dt.isoformat(), part["DURATION"].dt) == ("2026-01-05T09:00:00+01:00", timedelta(hours=3))
    assert zone["TZID"] == "Europe/Berlin"


@pytest.mark.parametrize("rules", [(), (WeeklyRule("monday", Window.of("09:00", "12:00"), since=date(2030, 1, 1)),)])
def test_no_hours_are_no_parts(rules: tuple[WeeklyRule, ...]) -> None:
    """A schedule without hours in the range is busy all through it."""
    text = _text(Schedule("UTC", rules), _STAMP, _STAMP + timedelta(days=30))

    assert "BEGIN:AVAILABLE" not in text
    assert _free(text, _STAMP, _STAMP + timedelta(days=30)) == []


def test_parts_of_seconds_make_the_range_grow() -> None:
    """Bounds between two seconds are written outwards, and the free time within them is the same."""
    always = Schedule("UTC", tuple(WeeklyRule(day, Window(0, 1440)) for day in WEEKDAYS))
    since, until = instant("2026-03-01T00:00:00.5Z"), instant("2026-03-02T00:00:00.5Z")

    text = _text(always, since, until)

    assert "DTSTART:20260301T000000Z\r\nDTEND:20260302T000001Z" in text
    assert _free(text, since, until) == [(since, until)]


def test_wrong_arguments_are_refused_by_name() -> None:
    """Arguments that cannot be meant are refused with what was expected."""
    schedule, later = Schedule("UTC"), _STAMP + timedelta(days=1)
    wrong: Any = 3

    with pytest.raises(InvalidType, match="schedule is 3"):
        _text(wrong, _STAMP, later)
    with pytest.raises(InvalidValue, match="until"):
        _text(schedule, later, _STAMP)
    with pytest.raises(InvalidValue, match="uid"):
        availability_text(schedule, _STAMP, later, uid="", stamp=_STAMP)
    with pytest.raises(InvalidValue, match="stamp"):
        availability_text(schedule, _STAMP, later, uid="a", stamp=_STAMP.replace(tzinfo=None))
