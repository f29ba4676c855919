"""Days that come back each year, as people name them, and the dates on which they fall.

Four ways to name a day are known:

* `2026-12-24`: that date, in no other year;
* `12-25`: that date of each year, and `02-29` of each leap year;
* `easter`, `easter-2`, `orthodox-easter+1`: days from Easter Sunday, as western or as orthodox churches reckon it;
* `4th thursday of november`, `last monday of may`; a `5th` one only where the month has it.

Knows years and dates; knows neither schedules nor zones.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final, Literal, TypeAlias

from tutorcore.calendar.weekdays import WEEKDAYS
from tutorcore.errors import InvalidType, InvalidValue

DayRule: TypeAlias = Callable[[int], date | None]
"""On which date of a year a day falls, if it does."""

EASTER_YEARS: Final = range(1583, 4100)
"""The years whose Easter is known; in others no day falls that is counted from it."""

EASTER_DAYS: Final = range(-80, 181)
"""How many days from Easter a day may lie: so near that it never falls into another year."""

_MONTHS: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_COUNTS: Final = ("1st", "2nd", "3rd", "4th", "5th", "last")
_LEAP_YEAR: Final = 2000
_EXPECTED: Final = (
    "a day such as '2026-12-24', '12-25', 'easter-2', 'orthodox-easter+1', '4th thursday of november' or "
    "'last monday of may'"
)


def day_rule(text: str) -> DayRule:
    """Return on which date of each year the day of that name falls; raise `InvalidValue`.

    >>> fourth = day_rule("4th thursday of november")
    >>> fourth(2026), day_rule("02-29")(2026)
    (datetime.date(2026, 11, 26), None)
    """
    if not isinstance(text, str):
        raise InvalidType("day of a holiday", text, _EXPECTED)
    for form, rule_of in _FORMS:
        if found := form.fullmatch(text):
            try:
                return rule_of(found)
            except ValueError:  # No calendar has that date, or it is too far from Easter.
                break
    raise InvalidValue("day of a holiday", text, _EXPECTED)


def nearly_a_day(text: str) -> str | None:
    """Return the name of a day that a text is but for case and spaces, or None.

    >>> nearly_a_day("Easter +1")
    'easter+1'
    """
    plain = re.sub(r"\s*([+-])\s*", r"\1", " ".join(text.casefold().split()))
    try:
        day_rule(plain)
    except InvalidValue:
        return None
    return plain


def _one_date(found: re.Match[str]) -> DayRule:
    day = date.fromisoformat(found[0])
    return lambda year: day if year == day.year else None


def _yearly(found: re.Match[str]) -> DayRule:
    day = date(_LEAP_YEAR, int(found[1]), int(found[2]))
    return lambda year: day.replace(year=year) if day.day <= monthrange(year, day.month)[1] else None


def _from_easter(found: re.Match[str]) -> DayRule:
    method: Literal[2, 3] = 2 if found[1] else 3  # as dateutil counts the ways to reckon it
    days = int(found[2] or 0)
    if days not in EASTER_DAYS:
        raise ValueError

    def rule(year: int) -> date | None:
        from dateutil.easter import easter

        return easter(year, method) + timedelta(days=days) if year in EASTER_YEARS else None

    return rule


def _counted(found: re.Match[str]) -> DayRule:
    count, weekday, month = _COUNTS.index(found[1]), WEEKDAYS.index(found[2]), _MONTHS.index(found[3]) + 1

    def rule(year: int) -> date | None:
        weekday_of_first, length = monthrange(year, month)
        days = range(1 + (weekday - weekday_of_first) % 7, length + 1, 7)
        if found[1] == "last":
            return date(year, month, days[-1])
        return date(year, month, days[count]) if count < len(days) else None

    return rule


def _any(words: tuple[str, ...]) -> str:
    return f"({'|'.join(words)})"


_FORMS: Final = (
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), _one_date),
    (re.compile(r"([0-9]{2})-([0-9]{2})"), _yearly),
    (re.compile(r"(orthodox-)?easter([+-][1-9][0-9]{0,2})?"), _from_easter),
    (re.compile(f"{_any(_COUNTS)} {_any(WEEKDAYS)} of {_any(_MONTHS)}"), _counted),
)
