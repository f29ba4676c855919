"""Time zones as VTIMEZONE components (RFC 5545, section 3.6.5), so that a calendar says itself what its times mean.

Written from the same data that everything else is computed with. What clocks show when the time begins for which the
component is made comes first, then the changes that are listed one by one, then the two that come every year, for as
many years as there will be: whoever reads it then has the right offset for a series without an end, too.

A change that raises the offset begins DAYLIGHT and any other STANDARD, wherever that says nothing about summer: only
the offsets count.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from tutorcore.calendar.zones.databases import TZDATA, TimeZones
from tutorcore.calendar.zones.posix_rules import Change, Summer
from tutorcore.instants import Instant, from_micros, to_micros

_SECOND: Final = 1_000_000
_DAY: Final = 24 * 60 * 60
_WEEK: Final = 7
_LAST: Final = 5
_WEEKDAYS: Final = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
_SOME_YEAR: Final = 2027
"""No leap year: its 28 February is the last day of that month."""


class _Onset(NamedTuple):
    """From an instant on clocks show another offset, in microseconds; it may come again each year by a rule."""

    at: int
    before: int
    after: int
    rule: str = ""


def timezone_lines(name: str, since: Instant, until: Instant | None, *, database: TimeZones = TZDATA) -> Iterator[str]:
    """Yield the lines, not folded, of the zone's VTIMEZONE for the time from `since` up to `until`, or for good."""
    yield "BEGIN:VTIMEZONE"
    yield f"TZID:{name}"
    lo, hi = to_micros(since), None if until is None else to_micros(until)
    listed: dict[tuple[int, int], list[_Onset]] = {}
    for onset in _onsets(name, lo, hi, database):
        if onset.rule or onset.before == onset.after:
            yield from _observance([onset])
        else:
            listed.setdefault((onset.before, onset.after), []).append(onset)
    for onsets in listed.values():
        yield from _observance(onsets)
    yield "END:VTIMEZONE"


def _onsets(name: str, lo: int, hi: int | None, database: TimeZones) -> Iterator[_Onset]:
    offsets = database.offsets(name)
    [(_, _, offset)] = offsets.runs(lo, lo + 1)
    yield _Onset(lo, offset, offset)
    last = offsets.times[-1] if offsets.times else lo
    for at, after in zip(offsets.times, offsets.offsets[1:], strict=True):
        if at > lo and after != offset and (hi is None or at < hi):
            yield _Onset(at, offset, after)
            offset = after
    if offsets.rule is not None and (hi is None or hi > last):
        yield from _yearly(offsets.rule, max(lo, last))


def _yearly(rule: Summer, after: int) -> Iterator[_Onset]:
    """Yield the first two changes by a rule after an instant, each with how it comes again."""
    standard, summer = rule.standard * _SECOND, rule.summer * _SECOND
    year = from_micros(after).year
    changes = sorted(
        (at * _SECOND, offset * _SECOND) for each in range(year - 1, year + 3) for at, offset in rule.changes(each)
    )
    later = [change for change in changes if change[0] > after]
    for at, offset in later[:2]:
        if offset == summer:
            yield _Onset(at, standard, summer, _every_year(rule.start))
        else:
            yield _Onset(at, summer, standard, _every_year(rule.end))


def _every_year(change: Change) -> str:
    """Return the recurrence rule of a change's date, which need not be the one whose midnight its time counts from.

    >>> _every_year(Change(3, 5, 0, 2 * 3600))  # 02:00 on the last Sunday of March
    'FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU'
    >>> _every_year(Change(3, 4, 4, 50 * 3600))  # two days and two hours into the fourth Thursday
    'FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=24,25,26,27,28,29,30;BYDAY=SA'
    """
    days = change.time // _DAY
    weekday = _WEEKDAYS[(change.weekday + days) % _WEEK]
    if days == 0:
        nth = -1 if change.week == _LAST else change.week
        return f"FREQ=YEARLY;BYMONTH={change.month};BYDAY={nth}{weekday}"
    first = _first_of(change) + timedelta(days=days)
    dates = [first + timedelta(days=number) for number in range(_WEEK)]
    if change.week != _LAST and {day.month for day in dates} == {change.month}:
        numbers = ",".join(str(day.day) for day in dates)
        return f"FREQ=YEARLY;BYMONTH={change.month};BYMONTHDAY={numbers};BYDAY={weekday}"
    # The number of a day is the same in every year if it is counted from the side on which no 29 February lies.
    is_early = change.month == 1 or (change.month == 2 and change.week != _LAST)
    origin = date(_SOME_YEAR - 1, 12, 31) if is_early else date(_SOME_YEAR + 1, 1, 1)
    numbers = ",".join(str((day - origin).days) for day in dates)
    return f"FREQ=YEARLY;BYYEARDAY={numbers};BYDAY={weekday}"


def _first_of(change: Change) -> date:
    """Return the first of the seven dates on which the weekday of a change can fall, in some year."""
    if change.week != _LAST:
        return date(_SOME_YEAR, change.month, 1) + timedelta(days=_WEEK * (change.week - 1))
    year, month0 = divmod(change.month, 12)
    return date(_SOME_YEAR + year, month0 + 1, 1) - timedelta(days=_WEEK)


def _observance(onsets: list[_Onset]) -> Iterator[str]:
    first, *others = onsets
    kind = "DAYLIGHT" if first.after > first.before else "STANDARD"
    yield f"BEGIN:{kind}"
    yield f"DTSTART:{_wall(first)}"
    if first.rule:
        yield f"RRULE:{first.rule}"
    if others:
        yield f"RDATE:{','.join(map(_wall, others))}"
    yield f"TZOFFSETFROM:{_offset(first.before)}"
    yield f"TZOFFSETTO:{_offset(first.after)}"
    yield f"END:{kind}"


def _wall(onset: _Onset) -> str:
    """What clocks show at a change by the offset before it."""
    return f"{from_micros((onset.at + onset.before) // _SECOND * _SECOND):%Y%m%dT%H%M%S}"


def _offset(micros: int) -> str:
    minutes, seconds = divmod(abs(micros) // _SECOND, 60)
    sign = "-" if micros < 0 else "+"
    return f"{sign}{minutes // 60:02}{minutes % 60:02}{f'{seconds:02}' if seconds else ''}"
