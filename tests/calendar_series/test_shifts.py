"""From when on lessons take place at another time for the other party, and what an agenda has against them."""

# ruff: noqa: DTZ001  # what rules bring is wall time, which has no zone

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import attrs
import pytest

from tutorcore.calendar import Agenda, Busy, Schedule, WeeklyRule, Window
from tutorcore.calendar.series.conflicts import conflicts
from tutorcore.calendar.series.series import Series
from tutorcore.errors import InvalidType, InvalidValue, TutorcoreError, UnknownName
from tutorcore.instants import instant

_HOUR = timedelta(hours=1)
_TUESDAYS = Series.weekly("Europe/Berlin", datetime(2026, 1, 6, 18), _HOUR, count=52)


def _shifts(series: Series, viewer: str) -> list[tuple[date, timedelta, str]]:
    return [(shift.day, shift.by, f"{shift.now:%d.%m. %H:%M}") for shift in series.shifts(viewer)]


def test_a_viewer_whose_clock_stands_still_is_shifted_twice_a_year() -> None:
    """Berlin's clock goes forward on 29 March and back on 25 October 2026; Tokyo's never changes."""
    assert _shifts(_TUESDAYS, "Asia/Tokyo") == [
        (date(2026, 3, 29), -_HOUR, "01.04. 01:00"),
        (date(2026, 10, 25), _HOUR, "28.10. 02:00"),
    ]


def test_clocks_that_change_on_other_days_shift_four_times() -> None:
    """New York's clock goes forward on 8 March and back on 1 November, three weeks and one week off Berlin's."""
    assert _shifts(_TUESDAYS, "America/New_York") == [
        (date(2026, 3, 8), _HOUR, "10.03. 13:00"),
        (date(2026, 3, 29), -_HOUR, "31.03. 12:00"),
        (date(2026, 10, 25), _HOUR, "27.10. 13:00"),
        (date(2026, 11, 1), -_HOUR, "03.11. 12:00"),
    ]


@pytest.mark.parametrize("viewer", ["Europe/Berlin", "Europe/London", "Europe/Paris"])
def test_clocks_that_change_together_shift_nobody(viewer: str) -> None:
    """All clocks of the European Union, and Britain's, change at one instant."""
    assert _shifts(_TUESDAYS, viewer) == []


def test_the_change_that_shifts_is_found_among_others() -> None:
    """In 1995 London's clock went back on 22 October, alone; in March 1996 both went forward at one instant."""
    series = Series("Europe/Berlin", datetime(1995, 10, 1, 9), _HOUR, "FREQ=MONTHLY;INTERVAL=8;COUNT=2")

    assert _shifts(series, "Europe/London") == [(date(1995, 10, 22), -_HOUR, "01.06. 08:00")]


def test_a_shift_of_half_an_hour() -> None:
    """Lord Howe's clock goes back by half an hour on 5 April 2026, Sydney's by an hour on the same day."""
    series = Series.weekly("Australia/Sydney", datetime(2026, 3, 31, 9), _HOUR, count=3)

    assert _shifts(series, "Australia/Lord_Howe") == [(date(2026, 4, 5), timedelta(minutes=30), "07.04. 09:30")]


def test_a_shift_says_it_in_words() -> None:
    """The sentence names the day of the change, how far, and the first lesson that it touches."""
    forward, back = _TUESDAYS.shifts("Asia/Tokyo")

    assert forward.sentence == (
        "from 29 March 2026: 1 hour earlier for you, 01:00 instead of 02:00, for the first time on 1 April"
    )
    assert (back.at, back.first.index) == (instant("2026-10-25T01:00Z"), 42)


def test_moved_lessons_shift_nobody() -> None:
    """A single lesson at another time is no new time for the others."""
    assert _shifts(_TUESDAYS.moving(3, datetime(2026, 1, 28, 9)), "Asia/Tokyo") == _shifts(_TUESDAYS, "Asia/Tokyo")


def test_a_lesson_put_off_by_a_gap_is_felt_when_it_is_over() -> None:
    """2:30 on 29 March is put off to 3:30 in Berlin, which is when it always was in Tokyo; then it is earlier."""
    series = Series("Europe/Berlin", datetime(2026, 3, 28, 2, 30), _HOUR, "FREQ=DAILY;COUNT=3")

    [shift] = series.shifts("Asia/Tokyo")

    assert (shift.by, shift.day, shift.at) == (-_HOUR, date(2026, 3, 30), instant("2026-03-30T00:30Z"))


def test_shifts_are_looked_for_in_a_range() -> None:
    """An endless series is looked at as far as asked, and never without end."""
    endless = Series.weekly("Europe/Berlin", datetime(2026, 1, 6, 18), _HOUR)
    since, until = instant("2026-02-01T00:00Z"), instant("2026-06-01T00:00Z")

    assert [shift.day for shift in endless.shifts("Asia/Tokyo", since, until)] == [date(2026, 3, 29)]
    from_now_on = [shift.day for shift in endless.shifts("Asia/Tokyo", instant("2030-01-01T00:00Z"))]
    assert from_now_on == [date(2030, 3, 31), date(2030, 10, 27), date(2031, 3, 30), date(2031, 10, 26)]
    from_its_start = [date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28), date(2027, 10, 31)]
    for begun in (None, instant("2020-01-01T00:00Z")):
        assert [shift.day for shift in endless.shifts("Asia/Tokyo", begun)] == from_its_start
    minutely = attrs.evolve(endless, recurrence="FREQ=MINUTELY")
    with pytest.raises(InvalidValue, match="number of lessons in the range is 'over 10,000'; expected an until before"):
        minutely.shifts("Asia/Tokyo", since, until)


def test_a_viewer_has_a_zone() -> None:
    """An unknown one is refused by name."""
    with pytest.raises(UnknownName, match="unknown time zone 'Asia/Tokio'; did you mean 'Asia/Tokyo'"):
        _TUESDAYS.shifts("Asia/Tokio")


# Conflicts

_SCHEDULE = Schedule("Europe/Berlin", (WeeklyRule("tuesday", Window.of("17:00", "20:00")),))
_NOW = instant("2026-01-01T00:00Z")
_SINCE, _UNTIL = instant("2026-01-01T00:00Z"), instant("2026-02-01T00:00Z")


def test_each_lesson_is_judged() -> None:
    """The report lists all lessons in the range, and of those that cannot be booked the reasons."""
    agenda = Agenda(_SCHEDULE, _NOW, [Busy(instant("2026-01-13T17:30Z"), instant("2026-01-13T18:30Z"), "lesson-7")])

    report = conflicts(_TUESDAYS.moving(2, datetime(2026, 1, 21, 18)), agenda, _SINCE, _UNTIL)

    assert [lesson.occurrence.index for lesson in report.lessons] == [0, 1, 2, 3]
    assert [(each.occurrence.index, [reason.code for reason in each.verdict.reasons]) for each in report.conflicts] == [
        (1, ["busy"]),
        (2, ["outside_hours"]),
    ]
    assert not report.ok


def test_reasons_can_be_ignored() -> None:
    """A series may reach further than single bookings."""
    schedule = attrs.evolve(_SCHEDULE, booking=attrs.evolve(_SCHEDULE.booking, horizon=timedelta(days=10)))
    agenda = Agenda(schedule, _NOW)

    assert [each.occurrence.index for each in conflicts(_TUESDAYS, agenda, _SINCE, _UNTIL).conflicts] == [1, 2, 3]
    assert conflicts(_TUESDAYS, agenda, _SINCE, _UNTIL, ignoring=["horizon"]).ok


def test_lessons_of_one_series_can_be_in_each_other_s_way() -> None:
    """An agenda knows nothing of lessons that are not booked, so overlaps in the series are listed beside it."""
    series = _TUESDAYS.moving(1, datetime(2026, 1, 6, 18, 30))

    report = conflicts(series, Agenda(_SCHEDULE, _NOW), _SINCE, _UNTIL)

    assert [(first.index, second.index) for first, second in report.overlaps] == [(0, 1)]
    assert report.conflicts == ()
    assert not report.ok


@pytest.mark.parametrize("count", [1, 2])
def test_a_viewer_lives_in_a_zone_that_there_is(count: int) -> None:
    """However few the lessons are."""
    series = Series.weekly("Europe/Berlin", datetime(2026, 1, 6, 18), _HOUR, count=count)

    with pytest.raises(UnknownName, match="unknown time zone 'Europe/Nowhere'"):
        series.shifts("Europe/Nowhere")


@pytest.mark.parametrize(
    ("arguments", "ignoring", "error", "message"),
    [
        (("series", Agenda(_SCHEDULE, _NOW), _SINCE, _UNTIL), (), InvalidType, "series is 'series' of type str"),
        ((_TUESDAYS, _SCHEDULE, _SINCE, _UNTIL), (), InvalidType, "agenda is .* of type Schedule; expected an Agenda"),
        ((_TUESDAYS, Agenda(_SCHEDULE, _NOW), _UNTIL, _SINCE), (), InvalidValue, "until is .* not before since"),
        (
            (_TUESDAYS, Agenda(_SCHEDULE, _NOW), _SINCE, instant("2096-01-01T00:00Z")),
            (),
            InvalidValue,
            "at most 732 days",
        ),
        ((_TUESDAYS, Agenda(_SCHEDULE, _NOW), _SINCE, _UNTIL), ["hours"], UnknownName, "unknown code 'hours'"),
        (
            (_TUESDAYS, Agenda(_SCHEDULE, _NOW), _SINCE, _UNTIL),
            5,
            InvalidType,
            "ignoring is 5 of type int; expected codes",
        ),
        (
            (_TUESDAYS, Agenda(_SCHEDULE, _NOW), _SINCE, _UNTIL),
            "horizon",
            InvalidType,
            "ignoring is 'horizon' of type str; expected codes",
        ),
    ],
)
def test_a_wrong_question_is_refused(arguments: Any, ignoring: Any, error: type[TutorcoreError], message: str) -> None:
    """Each argument says what was expected of it."""
    with pytest.raises(error, match=message):
        conflicts(*arguments, ignoring=ignoring)
