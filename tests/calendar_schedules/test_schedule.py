from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore import calendar
from tutorcore.calendar import (
    Blackout,
    Booking,
    Holiday,
    Override,
    Schedule,
    WeeklyRule,
    Window,
    ZonePeriod,
)
from tutorcore.calendar.schedules.schedule import (
    MOST_BLACKOUTS,
    MOST_HOLIDAYS,
    MOST_MOVES,
    MOST_OVERRIDES,
    MOST_RULES,
    MOST_WINDOWS,
    spelled,
)
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import instant

_wrong: Any = calendar  # for what the type checker would not let pass

_HOURS = Window.of("09:00", "17:00")
_RULE = WeeklyRule("monday", _HOURS)
_DAY = date(2026, 3, 4)
_NOW = instant("2026-03-04T00:00Z")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("09:00", "17:30", Window(540, 1050)),
        ("00:00", "24:00", Window(0, 1440)),
        ("22:00", "24:00", Window(1320, 1440)),
        ("22:00", "00:00", Window(1320, 1440)),
        ("22:00", "02:00", Window(1320, 1560)),
        ("22:00", "10:00", Window(1320, 2040)),
        ("23:59", "23:58+1", Window(1439, 2878)),
        ("00:00", "00:01", Window(0, 1)),
        ("18:00", "09:00+1", Window(1080, 1980)),
        ("22:00", "02:00+1", Window(1320, 1560)),
        ("06:00", "06:00+1", Window(360, 1800)),
        ("06:00", "00:00+1", Window(360, 1440)),
        ("00:00", "00:00+1", Window(0, 1440)),
    ],
)
def test_a_window_is_written_as_two_wall_times(start: str, end: str, expected: Window) -> None:
    """An end that does not lie after the start is on the next date, as +1 may say; 24:00 is the end of the date."""
    assert Window.of(start, end) == expected


@given(start=st.integers(0, 1439), length=st.integers(1, 1440))
def test_a_window_between_two_times_may_be_of_any_length(start: int, length: int) -> None:
    """What is kept needs no +1: the window ends when clocks next show the end."""
    window = Window(start, start + length)

    assert Window.between(*str(window).removesuffix("+1").split("-")) == window


@given(start=st.integers(0, 1439), length=st.integers(1, 1440))
def test_a_window_reads_back_as_it_is_written(start: int, length: int) -> None:
    """The text of a window makes the same window."""
    window = Window(start, start + length)

    assert Window.of(*str(window).split("-")) == window


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (Window(1320, 1560), "22:00-02:00"),
        (Window(1200, 1920), "20:00-08:00"),
        (Window(1200, 1921), "20:00-08:01+1"),
        (Window(1080, 1980), "18:00-09:00+1"),
        (Window(360, 1800), "06:00-06:00+1"),
        (Window(720, 1441), "12:00-00:01+1"),
        (Window(720, 1440), "12:00-24:00"),
        (Window(0, 1440), "00:00-24:00"),
    ],
)
def test_a_long_night_is_marked(window: Window, text: str) -> None:
    """Only where a window runs past midnight and is longer than 12 hours must its text say so."""
    assert str(window) == text
    assert window.is_long_night == text.endswith("+1")


@pytest.mark.parametrize(
    "text", ["", "9:00", "09:60", "24:01", "25:00", "09-00", "09:00:00", " 09:00", "0900", "-1:00", "٠٩:٠٠", "09:00\n"]
)
def test_a_wall_time_has_one_spelling(text: str) -> None:
    """Two digits, a colon, two digits, within the day."""
    with pytest.raises(InvalidValue, match="a wall time such as 09:30"):
        Window.of(text, "23:00")
    with pytest.raises(InvalidValue, match="a wall time such as 09:30"):
        Window.of("08:00", text)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: _wrong.Window.of("22:00", "20:00"),
            InvalidValue,
            "window is '22:00-20:00'; expected .* with .1 that lie",
        ),
        (
            lambda: _wrong.Window.of("09:00", "09:00"),
            InvalidValue,
            "this window is empty; '09:00-09:00.1' has 24 hours",
        ),
        (lambda: _wrong.Window.of("00:00", "00:00"), InvalidValue, "this window is empty; '00:00-24:00' has 24 hours"),
        (lambda: _wrong.Window.of("24:00", "02:00"), InvalidValue, "00:00 to 23:59"),
        (lambda: _wrong.Window.of(9, "10:00"), InvalidType, "a wall time"),
        (lambda: _wrong.Window.of("09:00+1", "10:00"), InvalidValue, "window start is '09:00.1'; expected a wall time"),
        (
            lambda: _wrong.Window.of("09:00", "10:00+1"),
            InvalidValue,
            "window end is '10:00.1'; expected 09:00.1 or ear",
        ),
        (lambda: _wrong.Window.of("09:00", "10:00+2"), InvalidValue, "a wall time such as 09:30"),
        (lambda: _wrong.Window(-1, 60), InvalidValue, "0 to 1439 minutes"),
        (lambda: _wrong.Window(1440, 1500), InvalidValue, "0 to 1439 minutes"),
        (lambda: _wrong.Window(60, 60), InvalidValue, "61 to 1500 minutes"),
        (lambda: _wrong.Window(60, 1501), InvalidValue, "61 to 1500 minutes"),
        (lambda: _wrong.Window(60.0, 120), InvalidType, "whole number of minutes"),
        (lambda: _wrong.Window(0, True), InvalidType, "whole number of minutes"),
        (lambda: _wrong.WeeklyRule("Monday", _HOURS), UnknownName, "did you mean 'monday'"),
        (lambda: _wrong.WeeklyRule(0, _HOURS), UnknownName, "unknown weekday 0"),
        (lambda: _wrong.WeeklyRule("monday", (540, 1020)), InvalidType, "a Window"),
        (lambda: _wrong.WeeklyRule("monday", _HOURS, since=_NOW), InvalidType, "a date without a time"),
        (lambda: _wrong.WeeklyRule("monday", _HOURS, until="2026-03-04"), InvalidType, "a date without a time"),
        (lambda: _wrong.WeeklyRule("monday", _HOURS, _DAY, _DAY), InvalidValue, "a date after since, 2026-03-04"),
        (lambda: _wrong.WeeklyRule("monday", _HOURS, zone="Paris"), UnknownName, "unknown time zone 'Paris'"),
        (lambda: _wrong.WeeklyRule("monday", _HOURS, zone=1), InvalidType, "the name of a zone"),
        (lambda: _wrong.Override(_DAY, (), "Paris"), UnknownName, "unknown time zone 'Paris'"),
        (
            lambda: _wrong.Override(_DAY, (_HOURS,) * (MOST_WINDOWS + 1)),
            InvalidValue,
            "of an override is 1441; .* at most",
        ),
        (lambda: _wrong.Override(_NOW, ()), InvalidType, "a date without a time"),
        (lambda: _wrong.Override(_DAY, [_HOURS]), InvalidType, "a tuple of Window"),
        (lambda: _wrong.Override(_DAY, ("09:00-17:00",)), InvalidType, "a tuple of Window"),
        (lambda: _wrong.Blackout("2026-03-04", _DAY), InvalidType, "a date without a time"),
        (lambda: _wrong.Blackout(_DAY, None), InvalidType, "a date without a time"),
        (lambda: _wrong.Blackout(_DAY, date(2026, 3, 3)), InvalidValue, "2026-03-04 or later"),
        (lambda: _wrong.Blackout(_DAY, _DAY, None), InvalidType, "a text"),
        (lambda: _wrong.ZonePeriod(_NOW, "Berlin"), UnknownName, "unknown time zone 'Berlin'"),
        (lambda: _wrong.ZonePeriod(_NOW.replace(tzinfo=None), "UTC"), InvalidValue, "since of a zone period .* naive"),
        (lambda: _wrong.Schedule("europe/berlin"), UnknownName, "did you mean 'Europe/Berlin'"),
        (lambda: _wrong.Schedule(None), InvalidType, "name of a zone"),
        (lambda: _wrong.Schedule("UTC", [WeeklyRule("monday", _HOURS)]), InvalidType, "a tuple of WeeklyRule"),
        (
            lambda: _wrong.Schedule("UTC", (_RULE,) * (MOST_RULES + 1)),
            InvalidValue,
            "number of rules is 10001; expected",
        ),
        (
            lambda: _wrong.Schedule("UTC", overrides=(Override(_DAY, ()),) * (MOST_OVERRIDES + 1)),
            InvalidValue,
            "number of overrides is 10001; expected at most 10000",
        ),
        (
            lambda: _wrong.Schedule("UTC", blackouts=(Blackout(_DAY, _DAY),) * (MOST_BLACKOUTS + 1)),
            InvalidValue,
            "number of blackouts is 10001; expected at most 10000",
        ),
        (
            lambda: _wrong.Schedule("UTC", holidays=(Holiday("12-25", "x"),) * (MOST_HOLIDAYS + 1)),
            InvalidValue,
            "number of holidays is 1001; expected at most 1000",
        ),
        (
            lambda: _wrong.Schedule("UTC", zone_periods=(ZonePeriod(_NOW, "UTC"),) * (MOST_MOVES + 1)),
            InvalidValue,
            "number of zone_periods is 101; expected at most 100",
        ),
        (lambda: _wrong.Schedule("UTC", overrides=(_DAY,)), InvalidType, "a tuple of Override"),
        (lambda: _wrong.Schedule("UTC", blackouts=(_DAY,)), InvalidType, "a tuple of Blackout"),
        (lambda: _wrong.Schedule("UTC", zone_periods=("UTC",)), InvalidType, "a tuple of ZonePeriod"),
        (lambda: _wrong.Schedule("UTC", booking={}), InvalidType, "a Booking"),
        (
            lambda: _wrong.Schedule("UTC", overrides=(Override(_DAY, ()), Override(_DAY, (_HOURS,)))),
            InvalidValue,
            "override is '2026-03-04'; expected one override for each date",
        ),
        (
            lambda: _wrong.Schedule("UTC", zone_periods=(ZonePeriod(_NOW, "UTC"), ZonePeriod(_NOW, "Asia/Tokyo"))),
            InvalidValue,
            "an instant after 2026-03-04T00:00:00",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(make: Callable[[], object], error: type[Exception], message: str) -> None:
    """A part of a schedule that exists is valid; the error says what was expected."""
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("field", "value", "error", "message"),
    [
        ("notice", 24, InvalidType, "a timedelta"),
        ("notice", timedelta(microseconds=-1), InvalidValue, "nothing to 366 days"),
        ("notice", timedelta(days=366, microseconds=1), InvalidValue, "nothing to 366 days"),
        ("horizon", timedelta(seconds=59), InvalidValue, "1 minute to 732 days"),
        ("horizon", timedelta(days=733), InvalidValue, "1 minute to 732 days"),
        ("horizon", 30, InvalidType, "a timedelta"),
        ("horizon_to_day_end", True, InvalidValue, "False where there is no horizon"),
        ("horizon_to_day_end", 1, InvalidType, "True or False"),
        ("before", timedelta(days=1, minutes=1), InvalidValue, "buffer before .* nothing to 1 day"),
        ("after", timedelta(minutes=-1), InvalidValue, "buffer after .* nothing to 1 day"),
        ("buffers", "both", UnknownName, "known: longer, sum"),
        ("step", timedelta(seconds=59), InvalidValue, "1 minute to 1 day"),
        ("step", timedelta(days=1, minutes=1), InvalidValue, "1 minute to 1 day"),
        ("step", timedelta(seconds=90), InvalidValue, "whole minutes"),
        ("anchor", "month", UnknownName, "known: free, wall, window"),
        ("most_per_day", 0, InvalidValue, "1 to 10000 lessons"),
        ("most_per_day", 2.0, InvalidType, "whole number of lessons"),
        ("most_per_week", 10_001, InvalidValue, "1 to 10000 lessons"),
    ],
)
def test_what_a_booking_asks_is_bounded(field: str, value: Any, error: type[Exception], message: str) -> None:
    """Every condition of a booking has a least and a most that can be meant."""
    with pytest.raises(error, match=message):
        Booking(**{field: value})


def test_the_bounds_themselves_will_do() -> None:
    """The least and the most of every condition are allowed."""
    least = Booking(horizon=timedelta(minutes=1), step=timedelta(minutes=1), most_per_day=1, most_per_week=1)
    most = Booking(
        notice=timedelta(days=366),
        horizon=timedelta(days=732),
        horizon_to_day_end=True,
        before=timedelta(days=1),
        after=timedelta(days=1),
        step=timedelta(days=1),
        most_per_day=10_000,
        most_per_week=10_000,
    )

    assert least.notice == timedelta(0)
    assert most.horizon_to_day_end


def test_a_schedule_is_a_value() -> None:
    """Equal schedules are equal and hash alike, and the instant of a move may be given in any zone."""
    here = datetime(2026, 3, 4, 1, tzinfo=timezone(timedelta(hours=1)))
    first, second = (Schedule("UTC", zone_periods=(ZonePeriod(moment, "Asia/Tokyo"),)) for moment in (here, _NOW))

    assert first == second
    assert hash(first) == hash(second)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(0), "nothing"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(days=2, hours=1), "2 days 1 hour"),
        (timedelta(minutes=90, microseconds=5), "1 hour 30 minutes 5 microseconds"),
    ],
)
def test_a_span_is_spelled_exactly(span: timedelta, words: str) -> None:
    """No unit is rounded away."""
    assert spelled(span) == words
