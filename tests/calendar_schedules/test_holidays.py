"""Days by name: on which dates they fall, and which names there are."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tutorcore.calendar import Holiday, Schedule
from tutorcore.calendar.schedules.holidays import EASTER_DAYS, day_rule, nearly_a_day
from tutorcore.errors import InvalidType, InvalidValue

# For what the type checker would not let pass.
_wrong: Any = Holiday
_wrong_schedule: Any = Schedule
_wrong_year: Any = 2026.0


@pytest.mark.parametrize(
    ("day", "year", "expected"),
    [
        ("2026-12-24", 2026, "2026-12-24"),
        ("2026-12-24", 2027, None),
        ("12-25", 1, "0001-12-25"),
        ("12-25", 9999, "9999-12-25"),
        # 2024 and 2000 are leap years, 2026 and 2100 are not.
        ("02-29", 2024, "2024-02-29"),
        ("02-29", 2000, "2000-02-29"),
        ("02-29", 2026, None),
        ("02-29", 2100, None),
        ("02-28", 2026, "2026-02-28"),
        # As the churches' tables have it; 1818 and 1943 have the earliest and the latest Easter there can be.
        ("easter", 2026, "2026-04-05"),
        ("easter", 2024, "2024-03-31"),
        ("easter", 1818, "1818-03-22"),
        ("easter", 1943, "1943-04-25"),
        ("orthodox-easter", 2026, "2026-04-12"),
        ("orthodox-easter", 2024, "2024-05-05"),
        ("orthodox-easter", 2025, "2025-04-20"),
        ("easter", 2025, "2025-04-20"),
        ("easter-2", 2026, "2026-04-03"),
        ("easter+1", 2026, "2026-04-06"),
        ("easter+49", 2026, "2026-05-24"),
        ("orthodox-easter+1", 2026, "2026-04-13"),
        # So near that it stays in the year.
        ("easter-80", 1818, "1818-01-01"),
        # Whose Easter is not known.
        ("easter", 1582, None),
        ("easter", 1583, "1583-04-10"),
        ("orthodox-easter", 4100, None),
        # November 2026 begins on a Sunday, May 2026 on a Friday.
        ("1st sunday of november", 2026, "2026-11-01"),
        ("1st saturday of november", 2026, "2026-11-07"),
        ("4th thursday of november", 2026, "2026-11-26"),
        ("5th sunday of november", 2026, "2026-11-29"),
        ("5th thursday of november", 2026, None),
        ("2nd monday of may", 2026, "2026-05-11"),
        ("3rd friday of may", 2026, "2026-05-15"),
        ("last monday of may", 2026, "2026-05-25"),
        ("last sunday of may", 2026, "2026-05-31"),
        ("last friday of december", 9999, "9999-12-31"),
    ],
)
def test_a_day_falls_on_a_date(day: str, year: int, expected: str | None) -> None:
    """Once, each year, so far from Easter, or as one of a month's weekdays; or it does not fall in that year."""
    found = Holiday(day, "a day off").in_year(year)

    assert (None if found is None else found.isoformat()) == expected


@pytest.mark.parametrize(
    "day",
    [
        "",
        "christmas",
        "2026-02-29",
        "2026-13-01",
        "0000-01-01",
        "02-30",
        "13-01",
        "00-01",
        "1-1",
        "12-25\n",
        "Easter",
        "easter+0",
        "easter+01",
        "easter-81",
        "easter+181",
        "easter+1000",
        "easter 1",
        "orthodox easter",
        "4 thursday of november",
        "4rd thursday of november",
        "6th thursday of november",
        "4th thursday in november",
        "4th thursdays of november",
        "4th thursday of nov",
        "٠١-٠١",
    ],
)
def test_other_names_are_refused(day: str) -> None:
    """A name that is nearly one is not guessed."""
    with pytest.raises(InvalidValue, match=r"day of a holiday is .*; expected a day such as '2026-12-24', '12-25'"):
        Holiday(day, "a day off")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Easter + 1", "easter+1"),
        ("ORTHODOX-EASTER", "orthodox-easter"),
        ("Last Monday of  May", "last monday of may"),
        (" 12-25 ", "12-25"),
        ("christmas", None),
        ("easter+400", None),
    ],
)
def test_a_name_that_is_nearly_one_is_known(text: str, day: str | None) -> None:
    """But for case and spaces."""
    assert nearly_a_day(text) == day


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: _wrong(date(2026, 12, 24), "x"), "day of a holiday is .* of type date"),
        (lambda: _wrong("12-25", None), "name of a holiday is None"),
        (lambda: Holiday("12-25", "x").in_year(_wrong_year), "year is 2026.0 of type float"),
        (lambda: _wrong_schedule("UTC", holidays=("12-25",)), "a tuple of Holiday"),
    ],
)
def test_a_holiday_is_two_texts(make: Any, message: str) -> None:
    """What is of another type is refused, and it is said what was expected."""
    with pytest.raises(InvalidType, match=message):
        make()


def test_a_holiday_has_a_name_and_falls_in_a_year_of_the_calendar() -> None:
    """The name is for whoever asks why; there is no year 0."""
    with pytest.raises(InvalidValue, match="name of a holiday is ''"):
        Holiday("12-25", "")
    with pytest.raises(InvalidValue, match="year is 0; expected 1 to 9999"):
        Holiday("12-25", "Christmas Day").in_year(0)


def test_a_day_has_one_name() -> None:
    """Two holidays may fall on one date, but not be the same day."""
    holidays = Holiday("easter+1", "Easter Monday"), Holiday("1st monday of april", "Spring Day")

    assert Schedule("UTC", holidays=holidays).holidays == holidays
    with pytest.raises(InvalidValue, match="holiday is '12-25'; expected one name for each day"):
        Schedule("UTC", holidays=(Holiday("12-25", "Christmas Day"), Holiday("12-25", "Weihnachten")))


@pytest.mark.parametrize("church", ["easter", "orthodox-easter"])
def test_days_from_easter_stay_in_their_year(church: str) -> None:
    """So a date belongs to the holidays of its own year alone."""
    first, last = day_rule(f"{church}{EASTER_DAYS[0]:+}"), day_rule(f"{church}{EASTER_DAYS[-1]:+}")

    assert all(
        found is not None and found.year == year for year in range(1583, 4100) for found in (first(year), last(year))
    )
