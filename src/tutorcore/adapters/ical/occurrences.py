"""When the events of a calendar take place: their length, their recurrence set, and what became of each occurrence.

A recurrence set is DTSTART or what the RRULEs make of it, and RDATE, less EXDATE (RFC 5545, section 3.8.5). An event of
the same UID with a RECURRENCE-ID stands for one occurrence of it, or with RANGE=THISANDFUTURE for all from that one on,
which it moves as far as it moves that one (section 3.2.13). Of several versions of one event, the last counts.

Where it says two things, more time is taken rather than less. Knows neither who is busy then, nor what for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

import attrs

from tutorcore.adapters.ical.described_zones import Clocks, moment_of
from tutorcore.adapters.ical.limits import Budget, Reading, values
from tutorcore.adapters.ical.parsing import Component, quoted
from tutorcore.adapters.ical.rules import brings, rule_starts
from tutorcore.adapters.ical.times import Length, Moment, is_duration, later, length, moment
from tutorcore.errors import Mistake
from tutorcore.instants import MICROSECOND

_OFF = timedelta(days=2)
_DAY = Length(1, 0)
# What a DTSTART is that its own rule does not bring, RFC 5545 leaves open. It takes time of an event, but gives none:
# RFC 7953 has "Monday to Friday" begin on a Sunday.
_STRICT = "AVAILABLE"


class Occurrence(NamedTuple):
    """One occurrence, from `start` up to `end` in microseconds since 1970, and the component that describes it."""

    start: int
    end: int
    component: Component


@attrs.frozen
class Event:
    """A component that takes place: when it starts first and how long it lasts."""

    component: Component
    clocks: Clocks
    start: Moment
    length: Length
    replaces: Moment | None = None
    """The occurrence that it stands for, as RECURRENCE-ID names it."""
    following: bool = False
    """Whether it stands for those that follow as well."""


def event_of(component: Component, clocks: Clocks) -> Event:
    """Return when a component takes place; raise `Mistake` if it does not say."""
    start = moment_of(component, "DTSTART", clocks)
    if start is None:
        raise Mistake(f"the {component.name} has no DTSTART; expected one", line=component.line)
    name = component.first("RECURRENCE-ID")
    if name is None:
        return Event(component, clocks, start, _length(component, clocks, start))
    if component.all("RRULE"):
        raise Mistake("the exception has an RRULE; expected none beside RECURRENCE-ID", line=component.line)
    span = name.parameters.get("RANGE", "").upper()
    if span not in ("", "THISANDFUTURE"):
        raise Mistake(f"RANGE is {quoted(span)}; expected THISANDFUTURE or none", line=name.line)
    replaces = moment(name.value, name, clocks)
    return Event(component, clocks, start, _length(component, clocks, start), replaces, bool(span))


def _length(component: Component, clocks: Clocks, start: Moment) -> Length:
    """Return how long each occurrence lasts: for a DTEND as many hours, for a DURATION its days by the wall clock.

    That is the difference that RFC 5545 makes in section 3.8.5.3; dates last whole dates.
    """
    ends = component.first("DTEND")
    if ends is not None:
        end = moment(ends.value, ends, clocks)
        if end.latest < start.earliest:
            raise ends.mistake("an end that is not before DTSTART")
        return _between(start, end)
    lasts = component.first("DURATION")
    if lasts is not None:
        return length(lasts.value, lasts)
    return _DAY if start.is_date else Length(0, 0)


def _between(start: Moment, end: Moment) -> Length:
    if start.is_date and end.is_date:
        # An end on the date of the start is not allowed, and those who write it mean that date.
        return Length(max((end.wall - start.wall).days, 1), 0)
    return Length(0, end.latest - start.latest)


def by_uid(components: Iterable[Component]) -> list[list[Component]]:
    """Return the components that have one UID together, in the order of the text; one that has none is alone."""
    groups: dict[object, list[Component]] = {}
    for component in components:
        uid = "".join(each.text for each in component.all("UID")).strip()
        groups.setdefault(uid or component.line, []).append(component)
    return list(groups.values())


def in_force(group: Sequence[Component]) -> list[Component]:
    """Return the components of one UID, less those of which there is a later version.

    A version is later by SEQUENCE, then by DTSTAMP; where both are equal, all are kept.
    """
    if len(group) == 1:
        return list(group)
    kept: list[Component] = []
    for _, same in groupby(sorted(group, key=_occurrence_named), key=_occurrence_named):
        versions = list(same)
        newest = max(map(_version, versions))
        kept.extend(each for each in versions if _version(each) == newest)
    return kept


def _occurrence_named(component: Component) -> str:
    name = component.first("RECURRENCE-ID")
    return "" if name is None else name.word + ";" + name.parameters.get("TZID", "")


def _version(component: Component) -> tuple[int, str]:
    sequence = component.first("SEQUENCE")
    if sequence is not None and not (sequence.word.isascii() and sequence.word.isdigit() and len(sequence.word) < 12):
        raise sequence.mistake("a whole number")
    return int(sequence.word) if sequence else 0, component.word("DTSTAMP", "")


def _occurrence(start: Moment, lasts: Length, component: Component, reading: Reading) -> Iterator[Occurrence]:
    """Yield what starts then, if it takes any time within the range."""
    found = Occurrence(start.earliest, lasts.after(start), component)
    if found.start < found.end and found.start < reading.hi and found.end > reading.lo:
        yield found


def occurrences(events: Sequence[Event], reading: Reading) -> Iterator[Occurrence]:
    """Yield what takes place within a range of the events of one UID, in no order; one twice if two say so."""
    changes = [event for event in events if event.replaces is not None]
    for event in events:
        if event.replaces is not None:
            yield from _occurrence(event.start, event.length, event.component, reading)
        else:
            yield from _unchanged(event, changes, reading)


def _unchanged(event: Event, changes: Sequence[Event], reading: Reading) -> Iterator[Occurrence]:
    """Yield the occurrences that no other event stands for alone, moved by those that stand for all that follow."""
    reading.budget.spend(event.component.all("DTSTART")[0], len(changes))
    following = sorted((change for change in changes if change.following), key=_replaced)
    begin = [_replaced(change) for change in following]
    named = _Named(event, (change.replaces for change in changes if change.replaces is not None))
    excluded = _Named(event, _exdates(event, reading.budget))
    first, last = reading.walls(_reach(event, following))
    for start, lasts in _recurrence_set(event, first, last, reading.budget):
        if start in excluded or start in named:
            continue
        moving = bisect_right(begin, start.earliest)
        if moving:
            change = following[moving - 1]
            yield from _occurrence(_moved(start, change), change.length, change.component, reading)
        else:
            yield from _occurrence(start, lasts, event.component, reading)


def _replaced(change: Event) -> int:
    assert change.replaces is not None
    return change.replaces.earliest


def _moved(start: Moment, change: Event) -> Moment:
    """Return where an occurrence goes with the one that a change names: as far away from it as it was."""
    named = change.replaces
    assert named is not None
    away = start.wall - named.wall if named.clock is start.clock else (start.earliest - named.earliest) * MICROSECOND
    return change.start.at(later(change.start.wall, away))


class _Named:
    """Occurrences of an event that others name by when they start: by a date, if either of them is one.

    What can be meant by a time must be the same: one of an unknown zone names nothing but what goes by such a zone too.
    """

    def __init__(self, event: Event, names: Iterable[Moment]) -> None:
        self._instants: set[tuple[int, int]] = set()
        self._dates: set[date] = set()
        for name in names:
            if name.is_date or event.start.is_date:
                self._dates.add(name.wall.date())
            else:
                self._instants.add((name.earliest, name.latest))

    def __contains__(self, start: Moment) -> bool:
        if start.wall.date() in self._dates:
            return True
        return bool(self._instants) and (start.earliest, start.latest) in self._instants


def _exdates(event: Event, budget: Budget) -> Iterator[Moment]:
    return (moment(text, source, event.clocks) for text, source in values(event.component, "EXDATE", budget))


def _reach(event: Event, following: Iterable[Event]) -> timedelta:
    """Return how far an occurrence can lie from where the rule has it, and then reach."""
    reaches = [event.length.reach]
    for change in following:
        assert change.replaces is not None
        reaches.append(change.length.reach + abs(change.start.wall - change.replaces.wall) + _OFF)
    return max(reaches)


def _recurrence_set(event: Event, first: datetime, last: datetime, budget: Budget) -> Iterator[tuple[Moment, Length]]:
    """Yield the starts between two wall times, EXDATE left aside, each with how long it lasts."""
    start = event.start
    rules = event.component.all("RRULE")
    found: dict[int, tuple[Moment, Length]] = {}
    for rule in rules:
        strict = event.component.name == _STRICT and not brings(rule, start.wall)
        for wall in rule_starts(rule, start.wall, start.clock.earliest, last, budget, since=first):
            if strict and wall == start.wall:
                continue
            found.setdefault(start.clock.earliest(wall), (start.at(wall), event.length))
    if not rules:
        found[start.earliest] = start, event.length
    for text, source in values(event.component, "RDATE", budget):
        begins, slash, ends = text.partition("/")
        also = moment(begins, source, event.clocks)
        lasts = event.length
        if slash:
            lasts = length(ends, source) if is_duration(ends) else _between(also, moment(ends, source, event.clocks))
        found[also.earliest] = also, lasts
    return iter(found.values())
