"""The rule for the years to come: the line at the end of a time zone's file, in the notation of POSIX's TZ variable.

`CET-1CEST,M3.5.0,M10.5.0/3` says that clocks show UTC+1, and UTC+2 from the last Sunday of March at 02:00 until the
last Sunday of October at 03:00; `<+0545>-5:45` that they show UTC+5:45 for good. RFC 9636 (section 3.3.1) extends it:
times of a change run from -167 to 167 hours. Offsets are written the other way round there, west of Greenwich being
positive; in this module they are seconds to add to UTC, as everywhere else.

Only rules on which everybody agrees are taken. zoneinfo, which reads the same files for single wall times, has days
counted from the first of January (`J60`, `59`) a day off, and reckons by the year of the calendar, so that changes
around its turn, or in an order that differs from year to year, leave it at odds with the notation. No zone of the
`tzdata` package has such a rule.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from typing import Final

import attrs

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()

_NAME: Final = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
_SPAN: Final = r"[+-]?[0-9]{1,3}(?::[0-9]{2}){0,2}"
_CHANGE: Final = rf"M(?:[1-9]|1[0-2])\.[1-5]\.[0-6](?:/{_SPAN})?"
_RULE: Final = re.compile(
    rf"{_NAME}(?P<standard>{_SPAN})(?:{_NAME}(?P<summer>{_SPAN})?,(?P<start>{_CHANGE}),(?P<end>{_CHANGE}))?", re.ASCII
)

_MOST_CHANGE: Final = 168 * _HOUR  # Not reached.
_TURN_OF_YEAR: Final = {(1, 1), (1, 2), (12, 4), (12, 5)}  # Month and week from which that much reaches another year.
_NEAR: Final = (0, 1, 11)  # How many months apart changes may lie in another order, or at once.
_LONGEST: Final = 100  # Characters; the longest rule of all zones has some 40.


@attrs.frozen
class Change:
    """A day of each year, "the fifth Sunday of March" (0 is Sunday, the fifth the last), and a second of that day.

    The second is counted from its midnight by the clock as it is before the change, and may lie in another day.
    """

    month: int
    week: int
    weekday: int
    time: int

    def second(self, year: int) -> int:
        """Return when that is, in seconds from the midnight before 1970-01-01 by the clock as it is before."""
        first = date(year, self.month, 1).toordinal()
        day = (self.weekday - first) % 7 + 7 * (self.week - 1)  # Ordinal 7 was a Sunday.
        if self.week == 5 and day >= monthrange(year, self.month)[1]:
            day -= 7
        return (first + day - _EPOCH_DAY) * _DAY + self.time


@attrs.frozen
class Summer:
    """Clocks that go to `summer` and back to `standard` once a year. Offsets are seconds."""

    standard: int
    summer: int
    start: Change
    end: Change

    def changes(self, year: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return the two changes of that year in order: seconds since 1970-01-01T00:00Z, and the offset from then on.

        >>> rule = read_rule("CET-1CEST,M3.5.0,M10.5.0/3")
        >>> assert isinstance(rule, Summer)
        >>> rule.changes(2026)
        ((1774746000, 7200), (1792890000, 3600))
        """
        start = self.start.second(year) - self.standard, self.summer
        end = self.end.second(year) - self.summer, self.standard
        return (start, end) if start[0] < end[0] else (end, start)


def read_rule(text: str) -> int | Summer | None:
    """Return the offset in seconds that clocks keep for good, or how they change; None if `text` is no such rule."""
    found = _RULE.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        return None
    standard = -_seconds(found["standard"])
    if found["start"] is None:
        return standard if abs(standard) < _DAY else None
    summer = standard + _HOUR if found["summer"] is None else -_seconds(found["summer"])
    rule = Summer(standard, summer, _change(found["start"]), _change(found["end"]))
    return rule if _is_clear(rule) else None


def _is_clear(rule: Summer) -> bool:
    return (
        max(abs(rule.standard), abs(rule.summer)) < _DAY
        and max(abs(rule.start.time), abs(rule.end.time)) < _MOST_CHANGE
        and _TURN_OF_YEAR.isdisjoint([(rule.start.month, rule.start.week), (rule.end.month, rule.end.week)])
        and (rule.end.month - rule.start.month) % 12 not in _NEAR
    )


def _change(text: str) -> Change:
    day, _, time = text.partition("/")
    month, week, weekday = map(int, day[1:].split("."))
    return Change(month, week, weekday, _seconds(time or "2"))


def _seconds(text: str) -> int:
    hours, minutes, seconds = [*(int(part) for part in text.lstrip("+-").split(":")), 0, 0][:3]
    size = hours * _HOUR + minutes * 60 + seconds
    return -size if text.startswith("-") else size
