"""Which clock a time of a calendar goes by: its TZID, the zones that the calendar describes, and what is said nowhere.

In this order, because of what programs write: the database's zone where the TZID names a place in it, since a
calendar describes such zones only as they were when it was written; the calendar's own VTIMEZONE (RFC 5545, section
3.6.5), whose rules are then all that is known; the database's zone of a name with a prefix, of an old short name, or
of a name that Windows has. Whatever else is unknown, and never taken for UTC.

What names no zone goes by the one that the reader gives, or else by that of the calendar, which some programs write.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias, get_args

from tutorcore.adapters.ical.clocks import (
    AnyClock,
    Clock,
    Onset,
    RuledClock,
    as_utc,
    is_place,
    offset_clock,
    zone_clock,
    zone_of_tzid,
)
from tutorcore.adapters.ical.limits import Budget, Reading, values
from tutorcore.adapters.ical.parsing import Component, Property, quoted
from tutorcore.adapters.ical.rules import rule_starts
from tutorcore.adapters.ical.times import Moment, later, moment, offset
from tutorcore.errors import Mistake, UnknownName

UnknownZones: TypeAlias = Literal["refuse", "widest"]
UNKNOWN_ZONES: Final[tuple[UnknownZones, ...]] = get_args(UnknownZones)

_ANYWHERE: Final = AnyClock()
_BEYOND: Final = timedelta(days=366)  # For ends that lie beyond what is asked about.


def check_unknown_zones(value: object) -> None:
    """Raise `UnknownName` unless `value` says what to do about zones that nobody knows."""
    if value not in UNKNOWN_ZONES:
        raise UnknownName("way with unknown zones", value, UNKNOWN_ZONES)


class Clocks:
    """The clocks of one VCALENDAR, to ask about times up to the end of a range and a year after it.

    Called as `tutorcore.adapters.ical.times.ClockOf`.
    """

    def __init__(
        self, calendar: Component, reading: Reading, default_zone: str | None, unknown_zones: UnknownZones
    ) -> None:
        self._reading = reading
        home = default_zone or _home(calendar)
        self._default = None if home is None else zone_clock(home)
        self._unknown_zones = unknown_zones
        self._described: dict[str, list[Component]] = {}
        for zone in calendar.nested("VTIMEZONE"):
            tzid = zone.first("TZID")
            if tzid is None:
                raise Mistake("the VTIMEZONE has no TZID; expected one", line=zone.line)
            self._described.setdefault(tzid.text, []).append(zone)
        self._found: dict[str, Clock | None] = {}

    def __call__(self, source: Property, is_date: bool) -> Clock:
        """Return the clock that a property's time goes by; raise `Mistake` where nobody knows and that is refused."""
        tzid = source.parameters.get("TZID")
        if tzid is None:
            if self._default is not None:
                return self._default
            kind = "a date" if is_date else "a floating time"
            return self._unknown(source, f"{kind} of no zone; expected default_zone= to say whose it is")
        if tzid not in self._found:
            self._found[tzid] = self._clock(tzid)
        expected = (
            "expected a VTIMEZONE of that TZID, a name of IANA or Windows, "
            'or for busy times unknown_zones="widest" (--unknown-zones widest)'
        )
        return self._found[tzid] or self._unknown(source, f"a time of the unknown zone {quoted(tzid)}; {expected}")

    def _unknown(self, source: Property, what: str) -> Clock:
        if self._unknown_zones == "widest":
            return _ANYWHERE
        raise Mistake(f"{source.name} is {quoted(source.value)}, {what}", line=source.line)

    def _clock(self, tzid: str) -> Clock | None:
        zone = zone_of_tzid(tzid)
        described = self._described.get(tzid)
        if described is None or is_place(tzid):
            return offset_clock(tzid) if zone is None else zone_clock(zone)
        for other in described[1:]:
            if _said(other) != _said(described[0]):
                raise Mistake(f"the VTIMEZONE {quoted(tzid)} comes twice and differs; expected one", line=other.line)
        return RuledClock(_onsets(described[0], self._reading))


def _said(zone: Component) -> list[object]:
    """Return what a VTIMEZONE says, wherever that stands."""
    parts = [zone, *zone.components]
    return [(part.name, [(each.name, each.parameters, each.value) for each in part.properties]) for part in parts]


def _home(calendar: Component) -> str | None:
    """Return the zone of a calendar where it says so, which is no part of RFC 5545, and that zone is known."""
    return next(filter(None, (zone_of_tzid(each.text.strip()) for each in calendar.all("X-WR-TIMEZONE"))), None)


def _onsets(zone: Component, reading: Reading) -> Iterator[Onset]:
    """Yield the changes of clock of a VTIMEZONE, in no order."""
    until = later(reading.walls(timedelta(0))[1], _BEYOND)
    parts = list(zone.nested("STANDARD", "DAYLIGHT"))
    if not parts:
        raise Mistake("the VTIMEZONE has no STANDARD or DAYLIGHT; expected at least one", line=zone.line)
    for part in parts:
        before, after = offset(_needed(part, "TZOFFSETFROM")), offset(_needed(part, "TZOFFSETTO"))
        for wall in _changes(part, before, until, reading.onsets):
            yield Onset(as_utc(wall) - before, before, after)


def _changes(part: Component, before: int, until: datetime, budget: Budget) -> Iterator[datetime]:
    """Yield the wall times of changes, by the clock as it was before them (RFC 5545, section 3.6.5)."""
    start = moment(_needed(part, "DTSTART").value, _needed(part, "DTSTART"), _floating)
    rules = part.all("RRULE")
    for rule in rules:
        yield from rule_starts(rule, start.wall, lambda wall: as_utc(wall) - before, until, budget)
    if not rules:
        yield start.wall
    for text, source in values(part, "RDATE", budget):
        yield moment(text.partition("/")[0], source, _floating).wall


def _floating(source: Property, is_date: bool) -> Clock:
    return zone_clock("UTC")


def _needed(part: Component, name: str) -> Property:
    found = part.first(name)
    if found is None:
        raise Mistake(f"the {part.name} has no {name}; expected one", line=part.line)
    return found


def moment_of(component: Component, name: str, clocks: Clocks) -> Moment | None:
    """Return the time of that property, or None where the component has none."""
    source = component.first(name)
    return None if source is None else moment(source.value, source, clocks)
