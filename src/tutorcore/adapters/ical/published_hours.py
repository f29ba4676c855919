"""A schedule as others can read it: VAVAILABILITY for a range (RFC 7953), whose free time is the tutor's hours.

A weekly rule becomes an AVAILABLE that comes every week by the wall clock of its zone. But a window ends by the clock,
and an AVAILABLE when so many hours have gone by; and rules know neither overrides, blackouts and holidays nor moves. So
a date on which the AVAILABLE would say anything but what the hours are is excluded from it, and whatever the hours have
besides is written as it is, in UTC. The free time is thus the same by construction, not by a second reading of the
rules. Knows neither busy time nor what is asked of a booking.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple

from tutorcore.adapters.ical.calendars import PRODUCT
from tutorcore.adapters.ical.clocks import zone_clock
from tutorcore.adapters.ical.content_lines import exact_duration, folded, line_text, utc
from tutorcore.adapters.ical.timezones import timezone_lines
from tutorcore.calendar.intervals import Span, joined, without
from tutorcore.calendar.schedules.hours import available_ranges, micros_range
from tutorcore.calendar.schedules.schedule import WEEKDAYS, Schedule, WeeklyRule, check_name
from tutorcore.errors import InvalidType
from tutorcore.instants import EARLIEST, LATEST, MICROSECOND, Instant, from_micros, instant, to_micros

_SECOND: Final = 1_000_000
_WEEK: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


class _Weekly(NamedTuple):
    """A window that comes every week by the clock of a zone, on those of its dates on which it is wholly open."""

    zone: str
    starts: list[datetime]
    length: timedelta


def availability_text(schedule: Schedule, since: Instant, until: Instant, *, uid: str, stamp: Instant) -> str:
    """Return a schedule's hours within [since, until) as an iCalendar object with one VAVAILABILITY.

    Its free time is what `available_ranges` returns; outside of that range it says nothing. `uid` names it for good,
    and `stamp` is when it was written. Sub-seconds, which iCalendar does not have, are rounded so that the range grows.

    >>> from tutorcore.calendar.schedules.schedule import Window
    >>> mornings = Schedule("Europe/Berlin", (WeeklyRule("monday", Window.of("09:00", "12:00")),))
    >>> may = instant("2026-05-01T00:00Z")
    >>> text = availability_text(mornings, may, may + timedelta(days=14), uid="ann@example.com", stamp=may)
    >>> print("\\n".join(text.splitlines()[-9:-3]))
    BEGIN:AVAILABLE
    UID:ann@example.com-1
    DTSTAMP:20260501T000000Z
    DTSTART;TZID=Europe/Berlin:20260504T090000
    DURATION:PT3H
    RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260511T070000Z
    """
    if not isinstance(schedule, Schedule):
        raise InvalidType("schedule", schedule, "a Schedule")
    check_name(uid, "uid")
    lo, hi = micros_range(since, until)
    lo, hi = lo // _SECOND * _SECOND, -(-hi // _SECOND) * _SECOND
    return folded(_lines(schedule, lo, hi, uid, utc(instant(stamp, "stamp"))))


def _lines(schedule: Schedule, lo: int, hi: int, uid: str, stamp: str) -> Iterator[str]:
    since, until = from_micros(lo), from_micros(hi)
    hours = [(to_micros(start), to_micros(end)) for start, end in available_ranges(schedule, since, until)]
    weekly = [each for rule in schedule.rules for each in _weekly(schedule, rule, hours)]
    written = joined(span for each in weekly for span in _spans(each))
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield f"PRODID:{PRODUCT}"
    for zone in sorted({each.zone for each in weekly}):
        yield from timezone_lines(zone, since - _DAY, until + _DAY)
    yield "BEGIN:VAVAILABILITY"
    yield f"UID:{line_text(uid)}"
    yield f"DTSTAMP:{stamp}"
    yield f"DTSTART:{utc(since)}"
    yield f"DTEND:{utc(until)}"
    yield "BUSYTYPE:BUSY-UNAVAILABLE"
    parts = [*map(_weekly_lines, weekly), *map(_single_lines, without(hours, written))]
    for number, part in enumerate(parts, 1):
        yield "BEGIN:AVAILABLE"
        yield f"UID:{line_text(uid)}-{number}"
        yield f"DTSTAMP:{stamp}"
        yield from part
        yield "END:AVAILABLE"
    yield "END:VAVAILABILITY"
    yield "END:VCALENDAR"


def _weekly(schedule: Schedule, rule: WeeklyRule, hours: Sequence[Span]) -> Iterator[_Weekly]:
    """Yield a rule once for each zone by whose clock it goes, if it is open at all there."""
    if not hours:
        return
    moves = schedule.zone_periods if rule.zone is None else ()
    zones = [rule.zone or schedule.zone, *(move.zone for move in moves)]
    edges = [to_micros(EARLIEST), *(to_micros(move.since) for move in moves), to_micros(LATEST)]
    for zone, first, last in zip(zones, edges, edges[1:], strict=False):
        weekly = _Weekly(zone, [], timedelta(minutes=rule.window.end - rule.window.start))
        clock = zone_clock(zone)
        for wall in _dates(rule, max(first, hours[0][0]), min(last, hours[-1][1])):
            start = clock.earliest(wall)
            if first <= start < last and _holds(hours, start, start + weekly.length // MICROSECOND):
                weekly.starts.append(wall)
        if weekly.starts:
            yield weekly


def _dates(rule: WeeklyRule, lo: int, hi: int) -> Iterator[datetime]:
    """Yield the wall times at which a rule's windows start around a range, and perhaps some days before it."""
    if lo >= hi:
        return
    first = max(from_micros(lo).date() - _DAY, rule.since or date.min)
    last = min(from_micros(hi).date() + _DAY, (rule.until or date.max) - _DAY)
    opens = time(rule.window.start // 60, rule.window.start % 60)
    day = first + timedelta(days=(WEEKDAYS.index(rule.weekday) - first.weekday()) % 7)
    while day <= last:
        yield datetime.combine(day, opens)
        day += _WEEK


def _holds(hours: Sequence[Span], start: int, end: int) -> bool:
    index = bisect_right(hours, start, key=_start) - 1
    return index >= 0 and end <= hours[index][1]


def _start(span: Span) -> int:
    return span[0]


def _spans(weekly: _Weekly) -> Iterator[Span]:
    clock = zone_clock(weekly.zone)
    for wall in weekly.starts:
        start = clock.earliest(wall)
        yield start, start + weekly.length // MICROSECOND


def _weekly_lines(weekly: _Weekly) -> Iterator[str]:
    first, last = weekly.starts[0], weekly.starts[-1]
    yield f"DTSTART;TZID={weekly.zone}:{_wall(first)}"
    yield f"DURATION:{exact_duration(weekly.length)}"
    if first == last:
        return
    until = from_micros(zone_clock(weekly.zone).earliest(last))
    yield f"RRULE:FREQ=WEEKLY;BYDAY={_DAYS[first.weekday()]};UNTIL={utc(until)}"
    all_of_them = [first + week * _WEEK for week in range((last - first) // _WEEK)]
    for wall in sorted(set(all_of_them) - set(weekly.starts)):
        yield f"EXDATE;TZID={weekly.zone}:{_wall(wall)}"


def _single_lines(span: Span) -> Iterator[str]:
    yield f"DTSTART:{utc(from_micros(span[0]))}"
    yield f"DTEND:{utc(from_micros(span[1]))}"


def _wall(wall: datetime) -> str:
    return f"{wall:%Y%m%dT%H%M%S}"
