from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tutorcore.calendar import (
    MOST_RANGE,
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
from tutorcore.calendar.intervals import joined, without
from tutorcore.calendar.schedules.hours import Hours
from tutorcore.calendar.schedules.schedule import (
    MOST_BLACKOUTS,
    MOST_HOLIDAYS,
    MOST_OVERRIDES,
    MOST_RULES,
    MOST_WINDOWS,
)
from tutorcore.calendar.zones.databases import TZDATA, TimeZones
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import from_micros, instant, to_micros, to_text


def _daily(*windows: str) -> tuple[WeeklyRule, ...]:
    return tuple(WeeklyRule(day, Window.of(*window.split("-"))) for day in WEEKDAYS for window in windows)


def _ranges(schedule: Schedule, since: str, until: str) -> list[str]:
    """Return the ranges as "03-28T21:00/03-29T02:00", in UTC."""
    found = available_ranges(schedule, instant(since), instant(until))
    return ["/".join(to_text(edge)[5:-4] for edge in span) for span in found]


@pytest.mark.parametrize(
    ("zone", "window", "day", "expected"),
    [
        # Berlin: 02:00 becomes 03:00 at 01:00Z on 29 March, 03:00 becomes 02:00 at 01:00Z on 25 October.
        ("Europe/Berlin", "01:00-02:30", "2026-03-29", ["03-29T00:00/03-29T01:00"]),
        ("Europe/Berlin", "02:00-03:00", "2026-03-29", []),
        ("Europe/Berlin", "02:30-04:00", "2026-03-29", ["03-29T01:00/03-29T02:00"]),
        ("Europe/Berlin", "01:59-03:01", "2026-03-29", ["03-29T00:59/03-29T01:01"]),
        ("Europe/Berlin", "01:00-02:00", "2026-10-25", ["10-24T23:00/10-25T00:00"]),
        ("Europe/Berlin", "02:00-03:00", "2026-10-25", ["10-25T00:00/10-25T02:00"]),
        ("Europe/Berlin", "02:15-02:30", "2026-10-25", ["10-25T00:15/10-25T00:30", "10-25T01:15/10-25T01:30"]),
        ("Europe/Berlin", "02:30-03:30", "2026-10-25", ["10-25T00:30/10-25T01:00", "10-25T01:30/10-25T02:30"]),
        ("Europe/Berlin", "03:00-04:00", "2026-10-25", ["10-25T02:00/10-25T03:00"]),
        # Lord Howe changes by half an hour: 02:00 becomes 01:30 at 15:00Z, and 02:30 at 15:30Z.
        ("Australia/Lord_Howe", "01:00-03:00", "2026-04-05", ["04-04T14:00/04-04T16:30"]),
        ("Australia/Lord_Howe", "01:30-02:00", "2026-04-05", ["04-04T14:30/04-04T15:30"]),
        ("Australia/Lord_Howe", "01:30-01:45", "2026-04-05", ["04-04T14:30/04-04T14:45", "04-04T15:00/04-04T15:15"]),
        ("Australia/Lord_Howe", "01:30-02:15", "2026-10-04", ["10-03T15:00/10-03T15:30"]),
        ("Australia/Lord_Howe", "02:00-02:30", "2026-10-04", []),
        ("Australia/Lord_Howe", "02:10-03:00", "2026-10-04", ["10-03T15:30/10-03T16:00"]),
        # Troll changes by two hours: 01:00 becomes 03:00, and 03:00 becomes 01:00, at 01:00Z.
        ("Antarctica/Troll", "00:30-03:30", "2026-03-29", ["03-29T00:30/03-29T01:30"]),
        ("Antarctica/Troll", "01:00-03:00", "2026-03-29", []),
        ("Antarctica/Troll", "01:30-02:30", "2026-10-25", ["10-24T23:30/10-25T00:30", "10-25T01:30/10-25T02:30"]),
        ("Antarctica/Troll", "01:00-03:00", "2026-10-25", ["10-24T23:00/10-25T03:00"]),
        # Cairo skips the midnight that begins 24 April: 00:00 becomes 01:00 at 22:00Z.
        ("Africa/Cairo", "18:00-24:00", "2026-04-23", ["04-23T16:00/04-23T22:00"]),
        ("Africa/Cairo", "22:00-02:00", "2026-04-23", ["04-23T20:00/04-23T23:00"]),
        ("Africa/Cairo", "22:00-00:30", "2026-04-23", ["04-23T20:00/04-23T22:00"]),
        ("Africa/Cairo", "00:00-01:00", "2026-04-24", []),
        ("Africa/Cairo", "00:00-01:30", "2026-04-24", ["04-23T22:00/04-23T22:30"]),
        # Samoa had no 30 December 2011: the 29th ended, and the 31st began, at 10:00Z on the 30th.
        ("Pacific/Apia", "22:00-02:00", "2011-12-29", ["12-30T08:00/12-30T10:00"]),
        ("Pacific/Apia", "08:00-20:00", "2011-12-30", []),
        ("Pacific/Apia", "22:00-02:00", "2011-12-30", ["12-30T10:00/12-30T12:00"]),
        ("Pacific/Apia", "00:00-02:00", "2011-12-31", ["12-30T10:00/12-30T12:00"]),
        # Nights over a change are an hour shorter and an hour longer.
        ("Europe/Berlin", "22:00-04:00", "2026-03-28", ["03-28T21:00/03-29T02:00"]),
        ("Europe/Berlin", "22:00-04:00", "2026-10-24", ["10-24T20:00/10-25T03:00"]),
        ("Europe/Berlin", "00:00-24:00", "2026-03-29", ["03-28T23:00/03-29T22:00"]),
        ("Europe/Berlin", "00:00-24:00", "2026-10-25", ["10-24T22:00/10-25T23:00"]),
        ("Europe/Berlin", "09:00-09:00+1", "2026-03-28", ["03-28T08:00/03-29T07:00"]),
    ],
)
def test_a_window_is_the_instants_that_show_its_wall_times(
    zone: str, window: str, day: str, expected: list[str]
) -> None:
    """A gap clamps a window or swallows it, a fold gives both its passes, a skipped date takes its own hours away."""
    on = date.fromisoformat(day)
    only = Override(on, (Window.of(*window.split("-")),))
    noon = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)

    found = available_ranges(Schedule(zone, overrides=(only,)), noon - timedelta(days=3), noon + timedelta(days=3))

    assert ["/".join(to_text(edge)[5:-4] for edge in span) for span in found] == expected


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        (["09:00-12:00", "12:00-15:00"], ["03-04T09:00/03-04T15:00"]),
        (["09:00-12:00", "11:00-15:00"], ["03-04T09:00/03-04T15:00"]),
        (["09:00-15:00", "10:00-11:00"], ["03-04T09:00/03-04T15:00"]),
        (["09:00-12:00", "12:01-15:00"], ["03-04T09:00/03-04T12:00", "03-04T12:01/03-04T15:00"]),
        (["22:00-24:00", "00:00-02:00"], ["03-04T00:00/03-04T02:00", "03-04T22:00/03-05T00:00"]),
        (["22:00-02:00"], ["03-04T00:00/03-04T02:00", "03-04T22:00/03-05T00:00"]),
        (["00:00-24:00"], ["03-04T00:00/03-05T00:00"]),
        ([], []),
    ],
)
def test_windows_that_touch_or_overlap_join(windows: list[str], expected: list[str]) -> None:
    """Hours are a set of wall times: it does not matter from which windows they were put together."""
    schedule = Schedule("UTC", _daily(*windows))

    assert _ranges(schedule, "2026-03-04T00:00Z", "2026-03-05T00:00Z") == expected


def test_adjacent_days_join_over_midnight() -> None:
    """A window up to 24:00 and one from 00:00 on the next date are one stretch of hours."""
    schedule = Schedule("UTC", _daily("22:00-24:00", "00:00-02:00"))

    assert _ranges(schedule, "2026-03-04T12:00Z", "2026-03-05T12:00Z") == ["03-04T22:00/03-05T02:00"]


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2026-03-04T08:59Z", "2026-03-04T09:00Z", []),
        ("2026-03-04T08:59Z", "2026-03-04T09:01Z", ["03-04T09:00/03-04T09:01"]),
        ("2026-03-04T10:30Z", "2026-03-04T11:30Z", ["03-04T10:30/03-04T11:30"]),
        ("2026-03-04T16:59Z", "2026-03-04T18:00Z", ["03-04T16:59/03-04T17:00"]),
        ("2026-03-04T17:00Z", "2026-03-04T18:00Z", []),
        ("2026-03-04T12:00Z", "2026-03-04T12:00Z", []),
    ],
)
def test_ranges_end_where_the_question_does(since: str, until: str, expected: list[str]) -> None:
    """Hours are clipped to the stretch asked about, which is half-open itself."""
    assert _ranges(Schedule("UTC", _daily("09:00-17:00")), since, until) == expected


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, ["03-03T22:00/03-04T02:00", "03-04T22:00/03-05T02:00"]),
        ("2026-03-04", None, ["03-04T22:00/03-05T02:00"]),
        ("2026-03-05", None, []),
        (None, "2026-03-05", ["03-03T22:00/03-04T02:00", "03-04T22:00/03-05T02:00"]),
        (None, "2026-03-04", ["03-03T22:00/03-04T02:00"]),
        ("2026-03-04", "2026-03-05", ["03-04T22:00/03-05T02:00"]),
    ],
)
def test_a_rule_counts_for_the_dates_its_windows_start_on(
    since: str | None, until: str | None, expected: list[str]
) -> None:
    """The dates are those on which windows start: `until` is not one, but the last window before it runs out."""
    first, last = (None if day is None else date.fromisoformat(day) for day in (since, until))
    rules = [WeeklyRule(day, Window.of("22:00", "02:00"), first, last) for day in ("tuesday", "wednesday")]

    assert _ranges(Schedule("UTC", tuple(rules)), "2026-03-03T12:00Z", "2026-03-05T12:00Z") == expected


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ((), ["03-03T22:00/03-04T02:00", "03-05T22:00/03-06T02:00"]),
        (("10:00-11:00",), ["03-03T22:00/03-04T02:00", "03-04T10:00/03-04T11:00", "03-05T22:00/03-06T02:00"]),
        (("23:00-05:00",), ["03-03T22:00/03-04T02:00", "03-04T23:00/03-05T05:00", "03-05T22:00/03-06T02:00"]),
    ],
)
def test_an_override_replaces_the_windows_that_start_on_its_date(windows: tuple[str, ...], expected: list[str]) -> None:
    """What spills over from the date before stays, and what the override itself spills over counts."""
    override = Override(date(2026, 3, 4), tuple(Window.of(*window.split("-")) for window in windows))
    schedule = Schedule("UTC", _daily("22:00-02:00"), overrides=(override,))

    assert _ranges(schedule, "2026-03-03T12:00Z", "2026-03-06T12:00Z") == expected


def test_a_blackout_takes_whole_local_days_away() -> None:
    """Both ends are included, and so is what spills over into the first day; the day after begins at its midnight."""
    closed = Blackout(date(2026, 3, 4), date(2026, 3, 5), "at the sea")
    schedule = Schedule("Asia/Kathmandu", _daily("22:00-02:00"), blackouts=(closed,))

    found = _ranges(schedule, "2026-03-03T12:00Z", "2026-03-06T12:00Z")

    # Kathmandu's days begin at 18:15Z.
    assert found == ["03-03T16:15/03-03T18:15", "03-05T18:15/03-05T20:15"]


def test_a_blackout_outweighs_an_override() -> None:
    """A date that is overridden and blacked out is closed; overlapping blackouts close what each of them closes."""
    day = date(2026, 3, 4)
    schedule = Schedule(
        "UTC",
        overrides=(Override(day, (Window.of("10:00", "12:00"),)),),
        blackouts=(Blackout(day, day), Blackout(date(2026, 3, 1), date(2026, 3, 31))),
    )

    assert _ranges(schedule, "2026-03-03T00:00Z", "2026-03-06T00:00Z") == []


@pytest.mark.parametrize(
    ("before", "moved", "after", "expected"),
    [
        # 13:00 in Berlin is 07:00 in New York: her hours begin once more, that day.
        (
            "Europe/Berlin",
            "2026-01-07T12:00Z",
            "America/New_York",
            ["01-07T08:00/01-07T12:00", "01-07T14:00/01-07T22:00"],
        ),
        # 10:00 in New York is 16:00 in Berlin: only one hour is left of the day.
        ("America/New_York", "2026-01-07T15:00Z", "Europe/Berlin", ["01-07T14:00/01-07T16:00"]),
        ("America/New_York", "2026-01-07T16:00Z", "Europe/Berlin", ["01-07T14:00/01-07T16:00"]),
        ("America/New_York", "2026-01-07T17:00Z", "Europe/Berlin", ["01-07T14:00/01-07T17:00"]),
        # Between two moves the second zone counts, however short that is.
        ("Europe/Berlin", "2026-01-07T08:00Z", "Asia/Tokyo", []),
    ],
)
def test_from_a_move_on_the_other_zone_counts(before: str, moved: str, after: str, expected: list[str]) -> None:
    """Hours are those of the zone in force at each instant, and the move itself belongs to the new zone."""
    schedule = Schedule(before, _daily("09:00-17:00"), zone_periods=(ZonePeriod(instant(moved), after),))

    assert _ranges(schedule, "2026-01-07T06:00Z", "2026-01-07T23:00Z") == expected


def test_a_tutor_may_move_twice_within_a_day() -> None:
    """Every period lasts up to the next."""
    moves = (
        ZonePeriod(instant("2026-01-07T10:00Z"), "Asia/Tokyo"),
        ZonePeriod(instant("2026-01-07T11:00Z"), "Europe/Berlin"),
    )
    schedule = Schedule("Europe/Berlin", _daily("09:00-17:00"), zone_periods=moves)

    found = _ranges(schedule, "2026-01-07T06:00Z", "2026-01-07T23:00Z")

    assert found == ["01-07T08:00/01-07T10:00", "01-07T11:00/01-07T16:00"]


# Hours by another clock


def test_hours_by_another_clock_keep_its_wall_time() -> None:
    """Where that zone's clock changes and the tutor's has not yet, the hours move for the tutor."""
    # 19:00 in New York is 00:00Z of the next day until 8 March, then 23:00Z; Berlin changes on 29 March.
    rule = WeeklyRule("tuesday", Window.of("19:00", "21:00"), zone="America/New_York")
    schedule = Schedule("Europe/Berlin", (rule,))

    found = _ranges(schedule, "2026-03-02T00:00Z", "2026-03-31T00:00Z")

    assert found == [
        "03-04T00:00/03-04T02:00",
        "03-10T23:00/03-11T01:00",
        "03-17T23:00/03-18T01:00",
        "03-24T23:00/03-25T01:00",
    ]


def test_hours_by_several_clocks_are_one_set() -> None:
    """Windows that touch or overlap join, by whichever clock they are given."""
    rules = (
        WeeklyRule("wednesday", Window.of("09:00", "12:00")),
        WeeklyRule("wednesday", Window.of("20:00", "21:00"), zone="Asia/Tokyo"),  # 11:00Z to 12:00Z
        WeeklyRule("wednesday", Window.of("08:00", "08:30"), zone="America/New_York"),  # 13:00Z to 13:30Z
    )

    found = _ranges(Schedule("Europe/Berlin", rules), "2026-03-04T00:00Z", "2026-03-05T00:00Z")

    assert found == ["03-04T08:00/03-04T12:00", "03-04T13:00/03-04T13:30"]


def test_a_rule_counts_for_the_dates_of_its_own_clock() -> None:
    """Weekday, beginning and end of a season are those of the zone the rule names."""
    window, day = (
        Window.of("01:00", "02:00"),
        date(2026, 3, 4),
    )  # a Wednesday; 1 o'clock in Tokyo is 16:00Z the day before
    from_then, till_then = (
        WeeklyRule("wednesday", window, since, until, "Asia/Tokyo") for since, until in ((day, None), (None, day))
    )

    found = [
        _ranges(Schedule("UTC", (rule,)), "2026-02-24T00:00Z", "2026-03-11T00:00Z") for rule in (from_then, till_then)
    ]

    assert found == [["03-03T16:00/03-03T17:00", "03-10T16:00/03-10T17:00"], ["02-24T16:00/02-24T17:00"]]


@pytest.mark.parametrize(
    ("zone", "begins"),
    [
        (None, "03-05T10:00/03-05T11:00"),
        ("Asia/Tokyo", "03-05T01:00/03-05T02:00"),
        ("Pacific/Honolulu", "03-05T20:00/03-05T21:00"),
    ],
)
def test_an_override_replaces_what_begins_on_its_date_by_each_clock(zone: str | None, begins: str) -> None:
    """Rules lose the date of their own clock, and the override's windows begin on that of its own."""
    rules = (
        *_daily("12:00-13:00"),
        # In Tokyo 1 o'clock of Wednesday 4 March is 16:00Z of the 3rd, and of the 5th is 16:00Z of the 4th.
        WeeklyRule("wednesday", Window.of("01:00", "02:00"), zone="Asia/Tokyo"),
        WeeklyRule("thursday", Window.of("01:00", "02:00"), zone="Asia/Tokyo"),
    )
    override = Override(date(2026, 3, 5), (Window.of("10:00", "11:00"),), zone)

    found = _ranges(Schedule("UTC", rules, overrides=(override,)), "2026-03-03T00:00Z", "2026-03-07T00:00Z")

    assert found == [
        "03-03T12:00/03-03T13:00",
        "03-03T16:00/03-03T17:00",
        "03-04T12:00/03-04T13:00",
        begins,
        "03-06T12:00/03-06T13:00",
    ]


def test_a_blackout_is_a_day_of_the_tutors_clock() -> None:
    """It closes hours by every clock, from her midnight to her midnight."""
    rules = (WeeklyRule("thursday", Window.of("00:00", "24:00"), zone="Asia/Tokyo"),)
    closed = Blackout(date(2026, 3, 4), date(2026, 3, 4))

    # Thursday 5 March in Tokyo lasts from 15:00Z to 15:00Z; the 4th in Berlin ends at 23:00Z.
    found = _ranges(Schedule("Europe/Berlin", rules, blackouts=(closed,)), "2026-03-03T00:00Z", "2026-03-07T00:00Z")

    assert found == ["03-04T23:00/03-05T15:00"]


def test_a_move_does_not_touch_hours_by_another_clock() -> None:
    """Only her own hours go by the clock she moves to, even where that is the one she had before."""
    moves = (ZonePeriod(instant("2026-03-04T00:00Z"), "Asia/Tokyo"),)
    named = (WeeklyRule("wednesday", Window.of("09:00", "10:00"), zone="Europe/Berlin"),)
    own = (WeeklyRule("wednesday", Window.of("09:00", "10:00")),)

    found = [
        _ranges(Schedule("Europe/Berlin", rules, zone_periods=moves), "2026-03-03T00:00Z", "2026-03-06T00:00Z")
        for rules in (named, own, (*named, *own))
    ]

    assert found == [
        ["03-04T08:00/03-04T09:00"],
        ["03-04T00:00/03-04T01:00"],
        ["03-04T00:00/03-04T01:00", "03-04T08:00/03-04T09:00"],
    ]


# Holidays


@pytest.mark.parametrize("day", ["2026-04-06", "04-06", "easter+1", "1st monday of april", "orthodox-easter-6"])
def test_on_a_holiday_weekly_hours_begin_nothing(day: str) -> None:
    """However the day is named, what spills over into it stays, and what would spill over from it is gone."""
    schedule = Schedule("UTC", _daily("22:00-02:00"), holidays=(Holiday(day, "a day off"),))

    found = _ranges(schedule, "2026-04-05T12:00Z", "2026-04-08T12:00Z")

    assert found == ["04-05T22:00/04-06T02:00", "04-07T22:00/04-08T02:00"]


def test_what_is_said_of_a_date_has_an_order() -> None:
    """A blackout outweighs an override, that a holiday, and that the rules."""
    new_year = date(2027, 1, 1)
    rules, holidays = _daily("09:00-17:00"), (Holiday("01-01", "New Year"),)
    override = Override(new_year, (Window.of("12:00", "13:00"),))
    night = Blackout(new_year, new_year)

    found = [
        _ranges(Schedule("UTC", rules, **parts), "2027-01-01T00:00Z", "2027-01-02T00:00Z")
        for parts in (
            {},
            {"holidays": holidays},
            {"holidays": holidays, "overrides": (override,)},
            {"holidays": holidays, "overrides": (override,), "blackouts": (night,)},
        )
    ]

    assert found == [["01-01T09:00/01-01T17:00"], [], ["01-01T12:00/01-01T13:00"], []]


def test_a_holiday_falls_on_each_clocks_own_date() -> None:
    """Hours in Tokyo are off when it is the holiday in Tokyo."""
    rules = (
        WeeklyRule("friday", Window.of("09:00", "10:00")),
        WeeklyRule("friday", Window.of("01:00", "02:00"), zone="Asia/Tokyo"),  # 16:00Z on Thursday
        WeeklyRule("saturday", Window.of("01:00", "02:00"), zone="Asia/Tokyo"),  # 16:00Z on Friday
    )
    schedule = Schedule("UTC", rules, holidays=(Holiday("12-25", "Christmas Day"),))  # a Friday in 2026

    assert _ranges(schedule, "2026-12-24T00:00Z", "2026-12-27T00:00Z") == ["12-25T16:00/12-25T17:00"]


def test_open_hours_count_what_is_closed_and_closed_ones_say_why() -> None:
    """A blackout closes its days, a holiday only what nothing else opens; what is open and not closed is available."""
    rules = (*_daily("09:00-12:00"), WeeklyRule("friday", Window.of("20:00", "21:00"), zone="Asia/Tokyo"))
    christmas, sea = Holiday("12-25", "Christmas Day"), Blackout(date(2026, 12, 26), date(2026, 12, 26), "at the sea")
    spilling = Override(date(2026, 12, 24), (Window.of("22:00", "10:00"),))
    noon = Override(date(2026, 12, 23), ())
    hours = Hours(Schedule("UTC", rules, overrides=(spilling, noon), blackouts=(sea,), holidays=(christmas,)))
    lo, hi = (to_micros(instant(text)) for text in ("2026-12-24T00:00Z", "2026-12-28T00:00Z"))

    open, closed, available = hours.open(lo, hi), list(hours.closed(lo, hi)), hours.available(lo, hi)

    def written(spans: list[tuple[int, int]]) -> list[str]:
        return ["/".join(to_text(from_micros(edge))[5:-4] for edge in span) for span in spans]

    assert written(open) == ["12-24T22:00/12-25T12:00", "12-26T09:00/12-26T12:00", "12-27T09:00/12-27T12:00"]
    # On the 25th, until 10:00 the evening before opens it; 20:00 in Tokyo is 11:00Z, closed as both clocks' holiday.
    assert [(written([span])[0], why) for span, why in closed] == [
        ("12-26T00:00/12-27T00:00", sea),
        ("12-25T10:00/12-25T12:00", christmas),
        ("12-25T11:00/12-25T12:00", christmas),
    ]
    assert written(available) == ["12-24T22:00/12-25T10:00", "12-27T09:00/12-27T12:00"]
    assert available == without(open, joined(span for span, _ in closed))
    assert [*hours.closed(lo, lo), *hours.open(lo, lo), *hours.available(lo, lo)] == []


# Asked again


_DAY_MICROS = 24 * 60 * 60 * 1_000_000


@given(
    st.lists(st.tuples(st.integers(-500, 3_000), st.integers(0, 40 * 24), st.integers(0, 23)), min_size=1, max_size=12)
)
@example([(0, 732 * 24, 0), (732, 732 * 24, 0), (1464, 732 * 24, 0), (0, 24, 0)])
@example([(0, 24, 0), (1400, 24, 0), (700, 24, 0)])
def test_hours_are_the_same_whatever_was_asked_before(asked: list[tuple[int, int, int]]) -> None:
    """What is kept of earlier questions changes no answer."""
    rules = (
        *_daily("22:00-02:00"),
        WeeklyRule("monday", Window.of("08:00", "09:00"), date(2026, 2, 1), date(2027, 2, 1)),
    )
    schedule = Schedule(
        "Europe/Berlin",
        (*rules, WeeklyRule("sunday", Window.of("23:00", "05:00"), zone="America/New_York")),
        overrides=(Override(date(2026, 3, 1), ()),),
        holidays=(Holiday("12-31", "New Year's Eve"), Holiday("easter", "Easter")),
        blackouts=(Blackout(date(2026, 7, 1), date(2026, 7, 14)),),
    )
    first, warm = to_micros(instant("2026-01-01T00:00Z")), Hours(schedule)

    for day, hours, hour in asked:
        lo = first + day * _DAY_MICROS + hour * _DAY_MICROS // 24
        hi = lo + hours * _DAY_MICROS // 24
        fresh = Hours(schedule)

        assert warm.available(lo, hi) == fresh.available(lo, hi)
        assert warm.open(lo, hi) == fresh.open(lo, hi)
        assert list(warm.closed(lo, hi)) == list(fresh.closed(lo, hi))


def test_hours_go_by_the_database_that_is_given() -> None:
    """Another database may know a zone by other rules."""
    strange = TimeZones.of("strange", {"Europe/Berlin": TZDATA.read("Asia/Tokyo")})
    schedule, since = Schedule("Europe/Berlin", _daily("09:00-17:00")), instant("2026-01-07T00:00Z")

    [(start, _)] = available_ranges(schedule, since, since + timedelta(days=1), database=strange)

    assert to_text(start) == "2026-01-07T00:00:00Z"
    with pytest.raises(UnknownName, match="unknown time zone 'UTC'"):
        available_ranges(Schedule("UTC", _daily("09:00-17:00")), since, since + timedelta(days=1), database=strange)
    with pytest.raises(InvalidType, match="database is 'tzdata' of type str; expected a TimeZones"):
        available_ranges(schedule, since, since, database="tzdata")  # type: ignore[arg-type]  # the mistake under test


def test_a_schedule_of_every_size_there_may_be_is_soon_answered() -> None:
    """A year of one with as much in it as fits."""
    first = date(2026, 1, 1)
    minutes = [Window(minute, minute + 1) for minute in range(0, 1440, 2)]
    rules = (
        WeeklyRule(WEEKDAYS[number % 7], minutes[number // 7 % 720], first + timedelta(days=number // 100))
        for number in range(MOST_RULES)
    )
    days = [first + timedelta(days=number) for number in range(MOST_OVERRIDES)]
    schedule = Schedule(
        "Europe/Berlin",
        tuple(rules),
        overrides=tuple(Override(day, tuple(minutes[:MOST_WINDOWS])) for day in days[::20]),
        blackouts=tuple(Blackout(first, day) for day in days[:MOST_BLACKOUTS]),
        holidays=tuple(Holiday(day.isoformat(), "a day off") for day in days[:MOST_HOLIDAYS]),
    )
    hours, lo = Hours(schedule), to_micros(instant("2026-01-01T00:00Z"))
    hi = lo + 366 * _DAY_MICROS

    assert hours.available(lo, hi) == []
    assert len(hours.open(lo, hi)) > 50_000
    assert sum(1 for _ in hours.closed(lo, hi)) > 50_000


def test_hours_over_new_year_are_not_cut() -> None:
    """What is computed year by year is put together again."""
    schedule = Schedule("UTC", _daily("22:00-02:00"))

    assert _ranges(schedule, "2026-12-31T12:00Z", "2027-01-01T12:00Z") == ["12-31T22:00/01-01T02:00"]


def test_hours_exist_at_both_ends_of_time() -> None:
    """The first and the last instants there are have hours like all others."""
    schedule = Schedule("Europe/Berlin", _daily("00:00-24:00"))
    first, last = instant("1900-01-01T00:00Z"), instant("8999-12-31T23:59Z")

    assert available_ranges(schedule, first, first + timedelta(days=1)) == ((first, first + timedelta(days=1)),)
    assert available_ranges(schedule, last - timedelta(days=1), last) == ((last - timedelta(days=1), last),)


def test_a_question_is_bounded() -> None:
    """Ranges that run backwards or are longer than two years are refused, and so is what is no schedule or instant."""
    schedule, now = Schedule("UTC", _daily("09:00-17:00")), instant("2026-01-01T00:00Z")

    assert len(available_ranges(schedule, now, now + MOST_RANGE)) == 732
    with pytest.raises(InvalidValue, match="at most 732 days after since"):
        available_ranges(schedule, now, now + MOST_RANGE + timedelta(microseconds=1))
    with pytest.raises(InvalidValue, match="not before since"):
        available_ranges(schedule, now, now - timedelta(microseconds=1))
    with pytest.raises(InvalidValue, match="naive"):
        available_ranges(schedule, now.replace(tzinfo=None), now)
    with pytest.raises(InvalidType, match="a Schedule"):
        available_ranges("UTC", now, now)  # type: ignore[arg-type]  # the mistake under test
