"""Calendars written: lessons and series as iCalendar objects (RFC 5545), on their own or in a message (RFC 5546).

A lesson is an instant, so its times are UTC, and no zone travels along. A series is wall time in a zone, so its times
name the zone, whose VTIMEZONE comes first; what is excluded or skipped becomes EXDATE, what is beside the rule RDATE,
and what is moved an event of its own with a RECURRENCE-ID.

**Wall times that clocks skip or show twice.** Programs differ in what they make of the former (RFC 5545 says both that
they are left out and that they are read by the offset before the gap), and of the latter the first is meant. A lesson
of a series that is planned for such a time is therefore written as an event of its own, in UTC, or excluded if it does
not take place; those up to `SPELLED_OUT` after the series begins.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import pairwise
from typing import Final, Literal, TypeAlias, get_args

import attrs

from tutorcore.adapters.ical.content_lines import (
    called,
    exact_duration,
    folded,
    line_text,
    mailto,
    place_lines,
    text,
    utc,
    utc_after,
)
from tutorcore.adapters.ical.timezones import timezone_lines
from tutorcore.calendar.recurrences.recurrence import Recurrence
from tutorcore.calendar.series.series import Series
from tutorcore.calendar.zones.segments import segments
from tutorcore.calendar.zones.wall_time import to_instant, to_local
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import LATEST, MICROSECOND, Instant, from_micros, instant, to_micros

Method: TypeAlias = Literal["PUBLISH", "REQUEST", "CANCEL"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)

Status: TypeAlias = Literal["CONFIRMED", "TENTATIVE", "CANCELLED"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)

SPELLED_OUT: Final = timedelta(days=3653)
"""How long after the beginning of a series its lessons on changes of clock are written one by one."""

PRODUCT: Final = "-//tutorcore//lessons//EN"
_MARGIN: Final = timedelta(days=2)
_SECOND: Final = timedelta(seconds=1)
_UTC: Final = "UTC"
_ADDRESS: Final = re.compile(r"(?!mailto:)[^\s<>]+@[^\s<>@]+", re.IGNORECASE)
_LAST_SECOND: Final = time(23, 59, 59)
_A_PERSON: Final = "a Person, such as Person('Ann', 'ann@example.com')"


@attrs.frozen
class Person:
    """Somebody in an entry: what they are called, which may be nothing, and their e-mail address.

    >>> Person("Ann", "ann@example.com")
    Person(name='Ann', address='ann@example.com')
    """

    name: str = attrs.field()
    address: str = attrs.field()

    @name.validator
    def _check_name(self, _: object, value: object) -> None:
        if not isinstance(value, str):
            raise InvalidType("name of a person", value, "a text, which may be empty")

    @address.validator
    def _check_address(self, _: object, value: object) -> None:
        if not isinstance(value, str):
            raise InvalidType("address of a person", value, "an e-mail address, as a text")
        if _ADDRESS.fullmatch(value) is None:
            raise InvalidValue("address of a person", value, "an e-mail address alone, such as ann@example.com")


@attrs.frozen
class Entry:
    """What stands in somebody's calendar under one `uid`: a lesson, by its start and end, or a series.

    The uid is the same as long as the entry lives, and of two texts with one uid the greater `sequence` is the newer.
    Attendees count as having accepted and are not asked to reply, since people agree with the platform and only there
    can call it off. Where to join, `url`, stands as the location, and as the URL where it is one.
    """

    uid: str = attrs.field()
    when: tuple[Instant, Instant] | Series = attrs.field()
    summary: str = attrs.field(kw_only=True)
    sequence: int = attrs.field(default=0, kw_only=True)
    status: Status = attrs.field(default="CONFIRMED", kw_only=True)
    description: str | None = attrs.field(default=None, kw_only=True)
    url: str | None = attrs.field(default=None, kw_only=True)
    organizer: Person | None = attrs.field(default=None, kw_only=True)
    attendees: tuple[Person, ...] = attrs.field(default=(), kw_only=True)

    @uid.validator
    def _check_uid(self, _: object, value: object) -> None:
        if not isinstance(value, str):
            raise InvalidType("uid", value, "a text")

    @summary.validator
    def _check_summary(self, _: object, value: object) -> None:
        if not isinstance(value, str):
            raise InvalidType("summary", value, "a text")

    @description.validator
    @url.validator
    def _check_text(self, field: attrs.Attribute[str | None], value: object) -> None:
        if value is not None and not isinstance(value, str):
            raise InvalidType(field.name, value, "a text, or None")

    @organizer.validator
    def _check_organizer(self, _: object, value: object) -> None:
        if value is not None and not isinstance(value, Person):
            raise InvalidType("organizer", value, f"{_A_PERSON}, or None")

    @attendees.validator
    def _check_attendees(self, _: object, value: object) -> None:
        if not isinstance(value, tuple):
            raise InvalidType("attendees", value, "a tuple of Person")
        for each in value:
            if not isinstance(each, Person):
                raise InvalidType("attendee", each, _A_PERSON)

    @when.validator
    def _check_when(self, _: object, value: tuple[Instant, Instant] | Series) -> None:
        if isinstance(value, Series):
            return
        if not isinstance(value, tuple) or len(value) != 2:
            raise InvalidType("when", value, "a Series, or the start and the end of a lesson")
        start, end = instant(value[0], "start of a lesson"), instant(value[1], "end of a lesson")
        if end <= start:
            raise InvalidValue("end of a lesson", end.isoformat(), f"an instant after {start.isoformat()}")

    @sequence.validator
    def _check_sequence(self, _: object, value: int) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            raise InvalidType("sequence", value, "a whole number")
        if value < 0:
            raise InvalidValue("sequence", value, "0 or more")

    @status.validator
    def _check_status(self, _: object, value: object) -> None:
        if value not in STATUSES:
            raise UnknownName("status", value, STATUSES)


def calendar_text(entries: Iterable[Entry], *, stamp: Instant, method: Method | None = None) -> str:
    """Return the iCalendar object that holds the entries as they are at the instant `stamp`. Lines end with CRLF.

    Without a method it is a calendar to be kept or imported. With one it is a message: "PUBLISH" tells, "REQUEST"
    invites and "CANCEL" takes out of the calendar again, the latter two about one entry; each names an organizer.

    >>> monday = datetime.fromisoformat("2026-10-19T18:00")
    >>> lessons = Series("Asia/Tokyo", monday, timedelta(hours=1), Recurrence.parse("FREQ=WEEKLY;COUNT=10"))
    >>> written = calendar_text([Entry("series-7", lessons, summary="German")], stamp=instant("2026-10-01T12:00Z"))
    >>> print("\\n".join(written.split("\\r\\n")[11:20]))
    BEGIN:VEVENT
    UID:series-7
    SEQUENCE:0
    STATUS:CONFIRMED
    DTSTAMP:20261001T120000Z
    DTSTART;TZID=Asia/Tokyo:20261019T180000
    DURATION:PT1H
    RRULE:FREQ=WEEKLY;COUNT=10
    SUMMARY:German
    """
    if not isinstance(entries, Iterable):
        raise InvalidType("entries", entries, "a list of Entry; one entry stands in a list as well")
    kept, at = tuple(entries), instant(stamp, "stamp")
    for entry in kept:
        if not isinstance(entry, Entry):
            raise InvalidType("entry", entry, "an Entry")
    if method is not None:
        kept = tuple(_for_message(entry, method, len(kept)) for entry in kept)
    return folded(_calendar(kept, at, method))


def _for_message(entry: Entry, method: Method, count: int) -> Entry:
    """Return an entry as a message of that method has it; raise what RFC 5546 does not let stand in one."""
    if method not in METHODS:
        raise UnknownName("method", method, METHODS)
    if entry.organizer is None:
        raise InvalidValue("organizer", None, f"somebody from whom the {method} comes")
    if method == "PUBLISH":
        if entry.attendees:
            raise InvalidValue("attendees", entry.attendees, "nobody: what is published is for everybody")
        return entry
    if count > 1:
        raise InvalidValue("number of entries", count, f"1 with {method}")
    if method == "CANCEL":
        return attrs.evolve(entry, status="CANCELLED")
    if not entry.attendees:
        raise InvalidValue("attendees", (), "somebody who is invited")
    if entry.status == "CANCELLED":
        raise InvalidValue("status", entry.status, "CONFIRMED or TENTATIVE with REQUEST; or the method CANCEL")
    return entry


def _calendar(entries: Sequence[Entry], stamp: Instant, method: Method | None) -> Iterator[str]:
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield f"PRODID:{PRODUCT}"
    if method is not None:
        yield f"METHOD:{method}"
    yield from _timezones(entry.when for entry in entries if isinstance(entry.when, Series))
    for entry in entries:
        if isinstance(entry.when, Series):
            yield from _series_events(entry, entry.when, stamp)
        else:
            start, end = (instant(edge) for edge in entry.when)
            yield from _event(entry, stamp, (f"DTSTART:{utc(start)}", f"DTEND:{utc_after(end)}"))
    yield "END:VCALENDAR"


def _timezones(many: Iterable[Series]) -> Iterator[str]:
    """Yield the zones of series, each once, for all the time that any of them needs."""
    spans: dict[str, tuple[Instant, Instant | None]] = {}
    for series in many:
        since, until = _span(series)
        if series.zone in spans:
            first, last = spans[series.zone]
            since, until = min(first, since), None if until is None or last is None else max(last, until)
        spans[series.zone] = since, until
    for zone, (since, until) in sorted(spans.items()):
        if zone != _UTC:
            yield from timezone_lines(zone, since, until)


def _event(entry: Entry, stamp: Instant, times: Iterable[str], replaced: str = "") -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{line_text(entry.uid)}"
    if replaced:
        yield f"RECURRENCE-ID{replaced}"
    yield f"SEQUENCE:{entry.sequence}"
    yield f"STATUS:{entry.status}"
    yield f"DTSTAMP:{utc(stamp)}"
    yield from times
    yield f"SUMMARY:{line_text(entry.summary)}"
    if entry.description is not None:
        yield f"DESCRIPTION:{text(entry.description)}"
    if entry.url is not None:
        yield from place_lines(entry.url)
    if entry.organizer is not None:
        yield f"ORGANIZER{called(entry.organizer.name)}:{mailto(entry.organizer.address)}"
    for person in entry.attendees:
        yield (
            f"ATTENDEE{called(person.name)};CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE"
            f":{mailto(person.address)}"
        )
    yield "END:VEVENT"


# Series


def _series_events(entry: Entry, series: Series, stamp: Instant) -> Iterator[str]:
    """Yield the event that comes again, and those of its lessons that are not where the rule has them."""
    _check_end(series)
    apart = dict(_apart(series))
    rule = _rule(series)
    left_out = {*series.excluded, *series.skipped, *_beyond(series, rule)}
    left_out |= {wall for wall, start in apart.items() if start is None}
    _check_names(series, {**apart, **dict.fromkeys(left_out)})
    lasts = f"DURATION:{exact_duration(series.duration)}"
    times = [f"DTSTART{_local(series, series.start)}", lasts, f"RRULE:{rule.text}"]
    times += [f"RDATE{_local(series, wall)}" for wall in series.extra]
    times += [f"EXDATE{_local(series, wall)}" for wall in sorted(left_out)]
    yield from _event(entry, stamp, times)
    for wall, start in sorted(apart.items()):
        if start is not None:
            yield from _event(entry, stamp, (f"DTSTART{_shown(series, start)}", lasts), _local(series, wall))


def _check_end(series: Series) -> None:
    """Raise `InvalidValue` if the rule ends before it begins, which no calendar has a line for."""
    until = series.local_rule.until
    if until is not None and _end(until) < series.start:
        told = (
            f"an end that is not before its start, {series.start.isoformat()}; "
            'to call all of it off, write it as it was, with status="CANCELLED" and a greater sequence'
        )
        raise InvalidValue("end of a series", _end(until).isoformat(), told)


def _apart(series: Series) -> Iterator[tuple[datetime, datetime | None]]:
    """Yield the lessons that need a word of their own: the wall time planned, and when they take place, if they do."""
    moved, skipped = dict(series.moved), set(series.skipped)
    walls = [wall for wall in _near_changes(series) if wall not in moved and wall not in skipped]
    for wall in sorted({*moved, *walls} & _planned(series, {*moved, *walls})):
        if wall in skipped:
            continue
        target = moved.get(wall, wall)
        start = target if target.tzinfo is not None else to_instant(target, series.zone, series.disambiguate)
        if start is None or not _is_plain(series.zone, target, start):
            yield wall, start
        elif wall in moved:
            yield wall, target


def _is_plain(zone: str, wall: datetime, start: Instant) -> bool:
    """Return whether everybody reads a wall time as that instant: clocks show it then, and not before."""
    if wall.tzinfo is not None:
        return False
    return to_instant(wall, zone, "skip") == start


def _check_names(series: Series, starts: Mapping[datetime, datetime | None]) -> None:
    """Raise `InvalidValue` if what is written of a lesson that clocks skip would be said of another one as well.

    By the offset before the gap both times are one instant, and readers go by instants.
    """
    taken_for = {
        wall: to_local(to_instant(wall, series.zone), series.zone).replace(tzinfo=None)
        for wall, start in starts.items()
        if to_instant(wall, series.zone, "skip") is None and start != to_instant(wall, series.zone)
    }
    met = _planned(series, set(taken_for.values()))
    for wall, other in sorted(taken_for.items()):
        if other in met:
            told = (
                f"no lesson at {other.isoformat()} besides: in a calendar, clocks having skipped the one, both are that"
            )
            raise InvalidValue("lesson of a series", wall.isoformat(), told)


def _near_changes(series: Series) -> Iterator[datetime]:
    """Yield the wall times of the rule, and those beside it, that clocks skip or show twice."""
    lo = min((series.start, *series.extra)).replace(tzinfo=UTC) - _MARGIN
    parts = segments([(0, series.zone)], to_micros(lo), to_micros(min(lo + SPELLED_OUT, LATEST - MICROSECOND)))
    for before, after in pairwise(parts):
        first, last = sorted(
            from_micros(after.start + offset).replace(tzinfo=None) for offset in (before.offset, after.offset)
        )
        yield from series.local_rule.starts(series.start, last, first)
        yield from (wall for wall in series.extra if first <= wall < last)


def _planned(series: Series, walls: Collection[datetime]) -> frozenset[datetime]:
    """Return those of the wall times at which the series has a lesson, whether it takes place or not."""
    return (
        series.local_rule.among(series.start, walls).union(series.extra).intersection(walls).difference(series.excluded)
    )


def _rule(series: Series) -> Recurrence:
    """Return the rule with an end in UTC, as a rule that goes by a zone must have it (RFC 5545, section 3.3.10).

    Where clocks skip the last lesson, it is read as a later time than the end itself.
    """
    rule = series.local_rule
    if rule.until is None:
        return rule
    end = _end(rule.until)
    last = rule.starts(series.start, end + _SECOND, end - _MARGIN)
    return attrs.evolve(rule, until=max(to_instant(wall, series.zone) for wall in (end, *last)))


def _beyond(series: Series, rule: Recurrence) -> Iterator[datetime]:
    """Yield the wall times that a rule with an end in UTC brings although they lie behind the end by the clock."""
    if series.local_rule.until is not None:
        first = _end(series.local_rule.until) + _SECOND
        yield from rule.starts(
            series.start, first + _MARGIN, first, instant_of=partial(to_instant, zone_name=series.zone)
        )


def _end(until: date) -> datetime:
    """Return the last wall time that counts."""
    return until if isinstance(until, datetime) else datetime.combine(until, _LAST_SECOND)


def _span(series: Series) -> tuple[Instant, Instant | None]:
    """Return from when until when, if ever, wall times of the zone are written."""
    walls = [series.start, *series.extra, *(to.replace(tzinfo=None) for pair in series.moved for to in pair)]
    since, until = min(walls).replace(tzinfo=UTC) - _MARGIN, _rule(series).until
    if not isinstance(until, datetime):
        return since, None
    return since, max(until, max(walls).replace(tzinfo=UTC)) + _MARGIN


def _shown(series: Series, start: datetime) -> str:
    """Return a time as a property has it behind its name: an instant, or wall time of the zone."""
    return f":{utc(start)}" if start.tzinfo is not None else _local(series, start)


def _local(series: Series, wall: datetime) -> str:
    written = f"{wall:%Y%m%dT%H%M%S}"
    return f":{written}Z" if series.zone == _UTC else f";TZID={series.zone}:{written}"
