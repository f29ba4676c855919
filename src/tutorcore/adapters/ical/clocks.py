"""What the clocks meant by a calendar show: zones by name, zones that a calendar describes, and those nobody knows.

A clock turns wall time into microseconds since 1970, and answers with the earliest and the latest instant that can be
meant. Those are the same, unless the zone is unknown: then they lie as far apart as any two zones do, and whoever asks
for busy time takes it all. As RFC 5545 has it (section 3.3.5), a wall time that comes twice is the first of the two,
and one that clocks skip is read by the offset before the gap.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final, NamedTuple, Protocol

from tutorcore.calendar.zones.wall_time import first_instant, to_instant, zone_names
from tutorcore.instants import EARLIEST, LATEST, MICROSECOND, to_micros

EAST: Final = timedelta(hours=14)
"""How far ahead of UTC clocks are anywhere."""

WEST: Final = timedelta(hours=12)
"""How far behind UTC clocks are anywhere."""

_MIDNIGHT: Final = datetime.min.time()
_OFFSET_NAME: Final = re.compile(r"(?:GMT|UTC)([+-])([0-9]{2}):?([0-5][0-9])", re.ASCII | re.IGNORECASE)
_MOST_PARTS: Final = 3  # No name of a zone has more.
_UNSET: Final = "Factory"  # The database's name for a clock that nobody has set yet, and which therefore shows UTC.
# Wall times before and after which no offset matters, for nothing can be asked about them.
_FIRST: Final = EARLIEST.replace(tzinfo=None) + timedelta(days=2)
_LAST: Final = LATEST.replace(tzinfo=None) - timedelta(days=2)


class Clock(Protocol):
    """A clock on the wall."""

    def earliest(self, wall: datetime) -> int:
        """Return the earliest instant at which it may show that wall time, in microseconds since 1970."""
        ...

    def latest(self, wall: datetime) -> int:
        """Return the latest such instant."""
        ...


def as_utc(wall: datetime) -> int:
    """Return the microseconds since 1970 of a wall time of UTC.

    >>> as_utc(datetime(1970, 1, 2))
    86400000000
    """
    return to_micros(wall.replace(tzinfo=UTC))


class ZoneClock:
    """The clock of a zone of the time zone database."""

    def __init__(self, name: str) -> None:
        self._name = name

    def earliest(self, wall: datetime) -> int:
        """Return when it shows that wall time, in microseconds; a midnight is the beginning of its date."""
        if not _FIRST <= wall < _LAST:
            return as_utc(wall)
        if wall.time() == _MIDNIGHT:
            return to_micros(first_instant(wall.date(), self._name))
        return to_micros(to_instant(wall, self._name))

    latest = earliest


@lru_cache(maxsize=1024)
def zone_clock(name: str) -> ZoneClock:
    """Return the clock of a zone of the database, always the same one."""
    return ZoneClock(name)


class AnyClock:
    """A clock of which nobody knows where it hangs."""

    def earliest(self, wall: datetime) -> int:
        """Return the instant at which the easternmost clocks show that wall time."""
        return as_utc(wall) - EAST // MICROSECOND

    def latest(self, wall: datetime) -> int:
        """Return the instant at which the westernmost clocks show it."""
        return as_utc(wall) + WEST // MICROSECOND


class Onset(NamedTuple):
    """A change of clock: from that instant on, in microseconds, the offset is `after` microseconds, not `before`."""

    at: int
    before: int
    after: int


class RuledClock:
    """The clock of a zone whose changes a calendar lists, one at least; before the first it is as that one finds it."""

    def __init__(self, onsets: Iterable[Onset]) -> None:
        changes = sorted(onsets)
        self._offsets = [changes[0].before, *(change.after for change in changes)]
        # What the clock shows when a change is over, and the gap that it may leave.
        shown = (change.at + max(pair) for change, pair in zip(changes, pairwise(self._offsets), strict=True))
        self._over = list(accumulate(shown, max))

    def earliest(self, wall: datetime) -> int:
        """Return the first instant at which it shows that wall time; in a gap, that by the offset before it."""
        micros = as_utc(wall)
        return micros - self._offsets[bisect_right(self._over, micros)]

    latest = earliest


def offset_clock(tzid: str) -> Clock | None:
    """Return the clock that a TZID says the offset of, as `GMT+0100` or `UTC+01:00` does, or None.

    `GMT+1` says nothing: some programs mean that it is ahead of UTC, others as POSIX has it, behind.
    """
    found = _OFFSET_NAME.fullmatch(tzid)
    if found is None:
        return None
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3])) * (-1 if found[1] == "-" else 1)
    offset = ahead // MICROSECOND
    return RuledClock([Onset(0, offset, offset)]) if -WEST <= ahead <= EAST else None


@lru_cache(maxsize=1)
def _windows_names() -> Mapping[str, str]:
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    return {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items() if zone in zone_names()}


@lru_cache(maxsize=1)
def _names() -> Mapping[str, str]:
    return {name.casefold(): name for name in zone_names() if name != _UNSET}


def zone_of_tzid(tzid: str) -> str | None:
    """Return the zone of the database that a TZID without a description names, or None.

    That is a zone's own name, that name behind a prefix, as programs write that keep zones of their own
    (`/example.org/20260101/Europe/Berlin`), or the name that Windows has for it; none of them by capitals alone.
    """
    parts = tzid.split("/")[-_MOST_PARTS:]
    suffixes = ("/".join(parts[start:]) for start in range(len(parts)))
    known = (_names()[name.casefold()] for name in suffixes if name.casefold() in _names())
    return next(known, None) or _windows_names().get(tzid.casefold())


def is_place(tzid: str) -> bool:
    """Return whether a TZID is the whole name of a zone by area and place, or such a name behind a global prefix.

    What the database says about a place is taken before what a calendar says, for programs describe only the rules
    of late, and as they knew them then. A bare name such as EST may mean anything, so there the calendar is asked.
    """
    found = zone_of_tzid(tzid)
    return found is not None and "/" in found and (found.casefold() == tzid.casefold() or tzid.startswith("/"))
