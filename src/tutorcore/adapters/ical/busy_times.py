"""Other people's calendars as busy times: events and what somebody publishes as free and busy (RFC 5545).

An event takes its time unless it is cancelled, transparent, or declined by its owner; one that is tentative or not yet
answered perhaps does. Whatever cannot be understood is a mistake with its line, for time that is lost without a word is
time that is booked twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

import attrs

from tutorcore.adapters.ical.described_zones import Clocks, UnknownZones, check_unknown_zones
from tutorcore.adapters.ical.limits import Reading, values
from tutorcore.adapters.ical.occurrences import by_uid, event_of, in_force, occurrences
from tutorcore.adapters.ical.parsing import Component, Property, parse
from tutorcore.adapters.ical.times import is_duration, length, moment
from tutorcore.adapters.plain_text import one_line
from tutorcore.calendar.agendas.busy import Busy
from tutorcore.calendar.schedules.hours import micros_range
from tutorcore.calendar.zones.wall_time import zone
from tutorcore.documents.reader import Problems
from tutorcore.errors import InvalidType, Mistake
from tutorcore.instants import EARLIEST, LATEST, MICROSECOND, Instant, from_micros, to_micros

EventKind: TypeAlias = Literal["event", "tentative"]

# What an attendee's answer makes of an event; who has not answered may yet come (RFC 5545, section 3.2.12).
_ANSWERS: Final[dict[str, EventKind | None]] = {
    "ACCEPTED": "event",
    "DECLINED": None,
    "DELEGATED": None,
    "NEEDS-ACTION": "tentative",
    "TENTATIVE": "tentative",
}
# What Exchange writes beside TRANSP and STATUS, which have no word for all of it; of any other word those decide.
_EXCHANGE: Final[dict[str, EventKind | None]] = {
    "FREE": None,
    "TENTATIVE": "tentative",
    "BUSY": "event",
    "OOF": "event",
}
# Whoever meets a type of another name takes it for BUSY (section 3.2.9).
_FREE_BUSY: Final[dict[str, EventKind | None]] = {"FREE": None, "BUSY-TENTATIVE": "tentative"}
_FIRST: Final = to_micros(EARLIEST)
_LAST: Final = to_micros(LATEST - MICROSECOND)
_MAILTO: Final = "mailto:"
_LONGEST_ID: Final = 200


class Taken(NamedTuple):
    """Time that is taken, in microseconds since 1970, what by, and whether for certain."""

    start: int
    end: int
    id: str
    kind: EventKind


def read_busy(
    text: bytes | str,
    since: Instant,
    until: Instant,
    *,
    default_zone: str | None = None,
    unknown_zones: UnknownZones = "refuse",
    own: str | None = None,
    id_prefix: str = "",
    file: str = "<calendar>",
) -> list[Busy]:
    """Return the busy times of an iCalendar text that meet [since, until), whole, by start, then end, then id.

    * `default_zone` is that of floating times and of dates, of which nothing says whose day they are. Without it that
      is the calendar's own X-WR-TIMEZONE, if it has one.
    * `unknown_zones`: a time whose zone nobody knows is refused ("refuse"), or takes as much time as it could anywhere
      from UTC-12 to UTC+14 ("widest").
    * `own` is the owner's e-mail address: by it their answer to an invitation is found.
    * Ids are UIDs behind `id_prefix`; those of several occurrences end in the start. No two are the same.

    Raises `Mistakes` with every mistake of the text and its line, `file` being what to call it.

    >>> from tutorcore.instants import instant
    >>> hours = read_busy(
    ...     "BEGIN:VCALENDAR\\nVERSION:2.0\\nBEGIN:VEVENT\\nUID:choir\\nDTSTART;TZID=Europe/Berlin:20261020T180000\\n"
    ...     "DURATION:PT1H30M\\nRRULE:FREQ=WEEKLY\\nEND:VEVENT\\nEND:VCALENDAR",
    ...     instant("2026-10-19T00:00Z"),
    ...     instant("2026-11-02T00:00Z"),
    ... )
    >>> [(each.id, each.start.isoformat()) for each in hours]
    [('choir/20261020T160000Z', '2026-10-20T16:00:00+00:00'), ('choir/20261027T170000Z', '2026-10-27T17:00:00+00:00')]
    """
    lo, hi = micros_range(since, until)
    check_unknown_zones(unknown_zones)
    if default_zone is not None:
        zone(default_zone)
    for what, name in (("own", own), ("id_prefix", id_prefix), ("file", file)):
        if not isinstance(name, str) and not (what == "own" and name is None):
            raise InvalidType(what, name, "a text")
    problems = Problems()
    reading = Reading(lo, hi)
    found: set[Busy] = set()
    for calendar in parse(text, problems, without=() if own else ("ATTENDEE",)):
        clocks = clocks_of(calendar, reading, default_zone, unknown_zones, problems)
        if clocks is not None:
            taken = busy_of(calendar, clocks, reading, own and _mailbox(own), problems)
            found.update(_busy(one, id_prefix) for one in taken)
    raise_mistakes(problems, file)
    return list(_numbered(sorted(found, key=_order)))


def _numbered(found: list[Busy]) -> Iterator[Busy]:
    """Yield the busy times with ids of which none comes twice: where one would, the later ones are numbered."""
    ids = {each.id for each in found}
    last: dict[str, int] = {}
    for each in found:
        number = last.get(each.id, 0) + 1
        while number > 1 and f"{each.id}~{number}" in ids:
            number += 1
        last[each.id] = number
        yield each if number == 1 else attrs.evolve(each, id=f"{each.id}~{number}")


def _busy(one: Taken, prefix: str) -> Busy:
    """Return a busy time; of one that reaches beyond the instants there are, what they can hold."""
    return Busy(from_micros(max(one.start, _FIRST)), from_micros(min(one.end, _LAST)), prefix + one.id, one.kind)


def raise_mistakes(problems: Problems, file: str) -> None:
    """Raise the mistakes in a calendar, if there are any, each with the name of its file."""
    named = Problems()
    for mistake in problems.mistakes:
        named.add(Mistake(mistake.message, path=mistake.path, file=file, line=mistake.line))
    named.raise_if_any(f"{one_line(file)} is not a calendar that can be used")


def clocks_of(
    calendar: Component, reading: Reading, default_zone: str | None, unknown_zones: UnknownZones, problems: Problems
) -> Clocks | None:
    """Return the clocks of a VCALENDAR, to ask about a range; or None after noting what is wrong with it."""
    try:
        for name, only in (("VERSION", "2.0"), ("CALSCALE", "GREGORIAN")):
            found = calendar.first(name)
            if found is not None and found.word != only:
                raise found.mistake(only)
        return Clocks(calendar, reading, default_zone, unknown_zones)
    except Mistake as mistake:
        problems.add(mistake)
        return None


def _order(busy: Busy) -> tuple[Instant, Instant, str, str]:
    return busy.start, busy.end, busy.id, busy.kind


def _kind(event: Component, own: str | None) -> EventKind | None:
    """Return what an event is to the owner of that address, or None if it takes none of their time."""
    status = event.word("STATUS", "CONFIRMED")
    answers = [_answer(each) for each in event.all("ATTENDEE") if own and _mailbox(each.value) == own]
    if status == "CANCELLED" or None in answers[:1]:
        return None
    shown_as = event.word("X-MICROSOFT-CDO-BUSYSTATUS", "")
    if shown_as in _EXCHANGE:
        return _EXCHANGE[shown_as]
    if event.word("TRANSP", "OPAQUE") == "TRANSPARENT":
        return None
    return "tentative" if status == "TENTATIVE" or "tentative" in answers[:1] else "event"


def _answer(attendee: Property) -> EventKind | None:
    # Whatever else somebody may have answered, they have not declined.
    return _ANSWERS.get(attendee.parameters.get("PARTSTAT", "NEEDS-ACTION").upper(), "tentative")


def _mailbox(address: str) -> str:
    return address.strip().casefold().removeprefix(_MAILTO)


def busy_of(
    calendar: Component, clocks: Clocks, reading: Reading, own: str | None, problems: Problems
) -> Iterator[Taken]:
    """Yield what of a VCALENDAR takes time within a range, in no order; note in `problems` what cannot be read."""
    cancelled = "CANCEL" in (method.word for method in calendar.all("METHOD"))
    groups = [] if cancelled else by_uid(calendar.nested("VEVENT"))
    readers: list[tuple[Component, Iterator[Taken]]] = [
        *((group[0], _events(group, clocks, reading, own)) for group in groups),
        *((each, _published(each, clocks, reading)) for each in calendar.nested("VFREEBUSY")),
    ]
    for component, taken in readers:
        if problems.full or reading.budget.is_spent:
            return
        try:
            yield from taken
        except Mistake as mistake:
            problems.add(labelled(mistake, component))


def labelled(mistake: Mistake, component: Component) -> Mistake:
    """Return a mistake with the component that it is in."""
    return Mistake(mistake.message, path=f"{component.name} {_uid(component)}", line=mistake.line)


def _events(group: list[Component], clocks: Clocks, reading: Reading, own: str | None) -> Iterator[Taken]:
    """Yield the busy times of the events of one UID."""
    group = in_force(group)
    kinds = {id(component): _kind(component, own) for component in group}
    if not any(kinds.values()):
        return
    events = [event_of(component, clocks) for component in group]
    several = len({event.start for event in events}) > 1 or any(
        component.all(name) for component in group for name in ("RRULE", "RDATE", "RECURRENCE-ID")
    )
    for start, end, component in occurrences(events, reading):
        kind = kinds[id(component)]
        if kind is not None:
            yield Taken(start, end, _id(component, start if several else None), kind)


def _published(component: Component, clocks: Clocks, reading: Reading) -> Iterator[Taken]:
    """Yield the busy times that somebody publishes (RFC 5545, section 3.6.4)."""
    for text, source in values(component, "FREEBUSY", reading.budget):
        kind = _FREE_BUSY.get(source.parameters.get("FBTYPE", "BUSY").upper(), "event")
        if kind is None:
            continue
        first, slash, last = text.partition("/")
        start = moment(first, source, clocks)
        if not slash:
            raise source.mistake("periods such as 20260301T090000Z/PT1H")
        end = length(last, source).after(start) if is_duration(last) else moment(last, source, clocks).latest
        if end < start.earliest:
            raise source.mistake("periods that end after they begin")
        if start.earliest < min(end, reading.hi) and end > reading.lo:
            yield Taken(start.earliest, end, _id(component, start.earliest), kind)


def _id(component: Component, start: int | None) -> str:
    return _uid(component) if start is None else f"{_uid(component)}/{from_micros(max(start, _FIRST)):%Y%m%dT%H%M%SZ}"


def _uid(component: Component) -> str:
    """Return the UID of a component, fit to be shown, or where it stands if it has none."""
    found = component.all("UID")
    return (one_line(found[0].text)[:_LONGEST_ID] if found else "") or f"line-{component.line}"
