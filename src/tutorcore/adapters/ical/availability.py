"""Availability as others publish it: VAVAILABILITY, and the free and busy time that follows from it (RFC 7953).

A VAVAILABILITY says that during its time somebody is not to be had, but for the AVAILABLE parts within it. Of several
that speak of one instant, the one with the highest PRIORITY counts: 1, then 2 to 9, last those with 0 or none. Where
two of the same priority speak, somebody is free only if both say so, and otherwise as busy as the busier one says: that
is the reading by which nobody is booked twice. Events in the same text lie above them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import attrs

from tutorcore.adapters.ical.busy_times import busy_of, clocks_of, labelled, raise_mistakes
from tutorcore.adapters.ical.described_zones import Clocks, moment_of
from tutorcore.adapters.ical.limits import Reading
from tutorcore.adapters.ical.occurrences import Event, by_uid, event_of, in_force, occurrences
from tutorcore.adapters.ical.parsing import Component, parse
from tutorcore.adapters.ical.times import length
from tutorcore.calendar.agendas.free_busy import FreeBusy, FreeBusyKind, layered
from tutorcore.calendar.intervals import Span, clipped, joined, without
from tutorcore.calendar.schedules.hours import micros_range
from tutorcore.calendar.zones.wall_time import zone
from tutorcore.documents.reader import Problems
from tutorcore.errors import InvalidType, Mistake
from tutorcore.instants import EARLIEST, LATEST, Instant, to_micros

_UNAVAILABLE: Final[FreeBusyKind] = "BUSY-UNAVAILABLE"
# Each is busier than those after it (RFC 7953, section 4).
_BUSIEST_FIRST: Final[tuple[FreeBusyKind, ...]] = ("BUSY", _UNAVAILABLE, "BUSY-TENTATIVE")
_LOWEST: Final = 10


class _Block(NamedTuple):
    """A VAVAILABILITY: how much it counts, the lowest number most; when it speaks; who is free then."""

    rank: int
    kind: FreeBusyKind
    span: Span
    available: list[list[Event]]


@attrs.frozen(eq=False)
class Availability:
    """The availability that a calendar publishes, made by `read_availability`; asked about a range at a time."""

    _calendars: tuple[Component, ...] = attrs.field(repr=False)
    _default_zone: str | None
    _file: str

    def free_busy(self, since: Instant, until: Instant) -> tuple[FreeBusy, ...]:
        """Return what [since, until) is, without a hole, in the words of RFC 5545; stretches of one kind are one.

        Raises `Mistakes` where the range has more occurrences than are read.
        """
        lo, hi = micros_range(since, until)
        problems = Problems()
        parts = _merged(layered(lo, hi, self._layers(Reading(lo, hi), problems)))
        raise_mistakes(problems, self._file)
        return parts

    def _layers(self, reading: Reading, problems: Problems) -> list[tuple[FreeBusyKind, list[Span]]]:
        blocks: list[_Block] = []
        busy: dict[FreeBusyKind, list[Span]] = {"BUSY": [], "BUSY-TENTATIVE": []}
        for calendar in self._calendars:
            clocks = clocks_of(calendar, reading, self._default_zone, "refuse", problems)
            if clocks is None:
                continue
            blocks.extend(_blocks(calendar, clocks, problems))
            for start, end, _, kind in busy_of(calendar, clocks, reading, None, problems):
                busy["BUSY" if kind == "event" else "BUSY-TENTATIVE"].append((start, end))
        layers = [(kind, joined(spans)) for kind, spans in busy.items()]
        for rank in sorted({block.rank for block in blocks}):
            layers.extend(_level([block for block in blocks if block.rank == rank], reading, problems))
        return layers


def read_availability(text: bytes | str, *, default_zone: str | None = None, file: str = "<calendar>") -> Availability:
    """Return the availability that an iCalendar text publishes; raise `Mistakes` with all that is wrong with it.

    `default_zone` is that of floating times and dates. A zone that nobody knows is a mistake, since its free time might
    be anybody's.

    >>> from tutorcore.instants import instant
    >>> hours = read_availability(
    ...     "BEGIN:VCALENDAR\\nVERSION:2.0\\nBEGIN:VAVAILABILITY\\nUID:a\\nDTSTAMP:20260101T000000Z\\n"
    ...     "BEGIN:AVAILABLE\\nUID:b\\nDTSTART;TZID=Europe/Berlin:20260302T090000\\nDURATION:PT3H\\n"
    ...     "RRULE:FREQ=WEEKLY\\nEND:AVAILABLE\\nEND:VAVAILABILITY\\nEND:VCALENDAR"
    ... )
    >>> for part in hours.free_busy(instant("2026-03-30T00:00Z"), instant("2026-03-31T00:00Z")):
    ...     print(f"{part.start:%H:%M}", f"{part.end:%H:%M}", part.kind)
    00:00 07:00 BUSY-UNAVAILABLE
    07:00 10:00 FREE
    10:00 00:00 BUSY-UNAVAILABLE
    """
    if default_zone is not None:
        zone(default_zone)
    if not isinstance(file, str):
        raise InvalidType("file", file, "a text")
    problems = Problems()
    calendars = parse(text, problems, without=("ATTENDEE",))
    if not len(problems) and not any(list(calendar.nested("VAVAILABILITY")) for calendar in calendars):
        problems.add(Mistake("there is no availability; expected a VAVAILABILITY within VCALENDAR"))
    raise_mistakes(problems, file)
    availability = Availability(tuple(calendars), default_zone, file)
    # Nothing lies here, but whatever is no availability shows.
    availability.free_busy(EARLIEST, EARLIEST)
    return availability


def _blocks(calendar: Component, clocks: Clocks, problems: Problems) -> Iterator[_Block]:
    for group in by_uid(calendar.nested("VAVAILABILITY")):
        component = group[0]
        try:
            for component in in_force(group):
                yield _block(component, clocks)
        except Mistake as mistake:
            problems.add(labelled(mistake, component))


def _block(component: Component, clocks: Clocks) -> _Block:
    start = moment_of(component, "DTSTART", clocks)
    end = moment_of(component, "DTEND", clocks)
    lasts = component.first("DURATION")
    if lasts is not None and (start is None or end is not None):
        raise lasts.mistake("a DTSTART and no DTEND beside DURATION")
    first = to_micros(EARLIEST) if start is None else start.earliest
    last = to_micros(LATEST) if end is None else end.latest
    if lasts is not None and start is not None:
        last = length(lasts.value, lasts).after(start)
    if last < first:
        raise Mistake("DTEND lies before DTSTART; expected it after", line=component.line)
    available = [
        [event_of(each, clocks) for each in in_force(group)] for group in by_uid(component.nested("AVAILABLE"))
    ]
    return _Block(_rank(component), _kind(component), (first, last), available)


def _rank(component: Component) -> int:
    found = component.first("PRIORITY")
    if found is None or found.word == "0":
        return _LOWEST
    if found.word not in tuple("123456789"):
        raise found.mistake("0 to 9")
    return int(found.word)


def _kind(component: Component) -> FreeBusyKind:
    """Return how busy somebody is who is not available; a word that nobody knows is the busiest, as in RFC 5545."""
    word = component.word("BUSYTYPE", _UNAVAILABLE)
    return next((kind for kind in _BUSIEST_FIRST if kind == word), "BUSY")


def _level(blocks: Iterable[_Block], reading: Reading, problems: Problems) -> Iterator[tuple[FreeBusyKind, list[Span]]]:
    """Yield what the blocks of one priority say: first where they are busy, the busiest kind first, and then free."""
    everywhere: list[Span] = []
    busy: dict[FreeBusyKind, list[Span]] = {kind: [] for kind in _BUSIEST_FIRST}
    for block in blocks:
        here = clipped([block.span], reading.lo, reading.hi)
        everywhere.extend(here)
        busy[block.kind].extend(without(here, _available(block, reading, problems)))
    for kind in _BUSIEST_FIRST:
        yield kind, joined(busy[kind])
    yield "FREE", joined(everywhere)


def _available(block: _Block, reading: Reading, problems: Problems) -> list[Span]:
    found: list[Span] = []
    for group in block.available:
        try:
            found.extend((start, end) for start, end, part in occurrences(group, reading) if not _is_cancelled(part))
        except Mistake as mistake:
            problems.add(labelled(mistake, group[0].component))
    return joined(found)


def _is_cancelled(part: Component) -> bool:
    return part.word("STATUS", "") == "CANCELLED"


def _merged(parts: Iterable[FreeBusy]) -> tuple[FreeBusy, ...]:
    """Return the parts with those of one kind that touch as one."""
    found: list[FreeBusy] = []
    for part in parts:
        if found and found[-1].kind == part.kind and found[-1].end == part.start:
            part = FreeBusy(found.pop().start, part.end, part.kind)
        found.append(part)
    return tuple(found)
