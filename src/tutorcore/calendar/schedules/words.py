"""The words of schedule documents: windows, dates and durations, each with the text that it has."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Final

from tutorcore.calendar.schedules.holidays import day_rule, nearly_a_day
from tutorcore.calendar.schedules.schedule import Window
from tutorcore.errors import InvalidValue, TutorcoreError
from tutorcore.instants import MICROSECOND

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WINDOW: Final = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2}(?:\+1)?)")
_DASHES: Final = "-\u2010-\u2015\u2212"
_NEARLY_A_WINDOW: Final = re.compile(
    rf"\s*([0-9]{{1,2}}):([0-9]{{2}})\s*[{_DASHES}]\s*([0-9]{{1,2}}):([0-9]{{2}})\s*(?:(\+)\s*1\s*)?"
)
_DURATION: Final = re.compile(r"(?=\S)(?:([0-9]{1,9})h)?(?: ?([0-9]{1,9})m)?(?: ?([0-9]{1,9})s)?(?: ?([0-9]{1,9})us)?")
_UNITS: Final = (
    ("h", timedelta(hours=1)),
    ("m", timedelta(minutes=1)),
    ("s", timedelta(seconds=1)),
    ("us", MICROSECOND),
)
_DAYS: Final = re.compile(r"([0-9]{1,5}) ?d(?:ays?)?")


class UnreadableWord(TutorcoreError, ValueError):
    """A word in a schedule that is not what should stand there; `suggestion` is what may have been meant."""

    def __init__(self, word: str, expected: str, suggestion: str | None = None) -> None:
        self.message = f"is {word!r}; expected {expected}"
        self.suggestion = suggestion
        super().__init__(self.message if suggestion is None else f"{self.message}; did you mean {suggestion!r}?")


def stored_window(text: str) -> Window:
    """Return the window that a text names; an end that is not later than the start lies on the next day."""
    found = _WINDOW.fullmatch(text)
    if found is None:
        nearly = _NEARLY_A_WINDOW.fullmatch(text)
        suggestion = None if nearly is None else "{:0>2}:{}-{:0>2}:{}".format(*nearly.groups())
        if nearly is not None and nearly[5]:
            suggestion = f"{suggestion}+1"
        raise UnreadableWord(text, "two wall times such as '09:00-12:00'", suggestion)
    return Window.between(found[1], found[2])


def written_window(text: str) -> Window:
    """Return the window that a person named; refuse equal times and long nights unless "+1" says that they are meant.

    >>> str(written_window("06:00-06:00+1"))
    '06:00-06:00+1'
    """
    window = stored_window(text)
    start, _, end = text.partition("-")
    slip = window.slip_in(start, end)
    if slip is not None:
        raise UnreadableWord(text, slip, str(window) if start != end else None)
    return window


def read_date(value: object) -> date:
    """Return a date, which is written without quotes in TOML and with them in JSON."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:  # No month has such a day.
        pass
    raise UnreadableWord(str(value), "a date such as 2026-12-24")


def read_holiday(text: str) -> str:
    """Return the text if it names a day as `tutorcore.calendar.schedules.holidays` knows them."""
    try:
        day_rule(text)
    except InvalidValue as error:
        raise UnreadableWord(text, error.expected, nearly_a_day(text)) from None
    return text


def parse_duration(text: str) -> timedelta:
    """Return the elapsed time that a text such as `24h`, `90m` or `1h 30m` spells; raise `UnreadableWord`.

    >>> parse_duration("1h 30m") == parse_duration("90m")
    True

    Days are refused: one is not always 24 hours long, and this is elapsed time.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        days = _DAYS.fullmatch(text)
        expected = "hours, minutes or seconds, such as '24h' or '1h 30m'"
        raise UnreadableWord(text, expected, None if days is None else f"{int(days[1]) * 24}h")
    return sum((int(count or 0) * unit for count, (_, unit) in zip(found.groups(), _UNITS, strict=True)), timedelta())


def duration_text(span: timedelta) -> str:
    """Return an elapsed time as `parse_duration` reads it.

    >>> duration_text(timedelta(minutes=90))
    '1h 30m'
    """
    parts: list[str] = []
    for name, unit in _UNITS:
        count, span = divmod(span, unit)
        parts += [f"{count}{name}"] * (count > 0)
    return " ".join(parts) or "0m"
