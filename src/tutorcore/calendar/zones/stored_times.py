"""Stored times: a moment in the life of a zone, with all that is needed to notice when its law has changed.

A lesson agreed for nine on the wall of Vancouver is stored as an instant, because an instant is what does not move.
But the wall time was what people agreed on, and a later time zone database may read it as another instant. So a stored
time carries the instant, the wall time, the zone, the offset, and the version of the database that joined them; with
another version `find_drift` lists what has come apart, and `rebased` mends it the way one says. Which way is right is
not known here: lessons keep their instant, the rest of a weekly series its wall time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Final, Generic, Literal, TypeAlias, TypeVar, get_args

import attrs

from tutorcore.calendar.zones.databases import TZDATA, TimeZones, check_database, check_version, check_zone_name
from tutorcore.calendar.zones.segments import segments
from tutorcore.calendar.zones.wall_time import check_wall, to_instant
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import MICROSECOND, Instant, instant, to_micros

Keep: TypeAlias = Literal["keep_instant", "keep_wall_time"]
KEEPS: Final[tuple[Keep, ...]] = get_args(Keep)

K = TypeVar("K")

_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)
_TEXT: Final = re.compile(
    r"(?P<local>[0-9T:.-]{19,26})(?P<offset>[+-][0-9:]{5,8})\[(?P<zone>[^][]+)\]\[_tzdata=(?P<tzdata>[^][]+)\]",
    re.ASCII,
)


def _at(value: Instant | str) -> Instant:
    return instant(value, "stored instant")


@attrs.frozen
class StoredTime:
    """An instant, and what clocks in a zone showed then by one version of the database.

    `local` is a datetime without a zone, `offset` what it is more than UTC. They must fit together, though not with any
    database: that they may cease to is the point. Make one by `of`, or from its text by `parse`.
    """

    at: Instant = attrs.field(converter=_at)
    local: datetime = attrs.field()
    zone: str = attrs.field()
    offset: timedelta = attrs.field()
    tzdata: str = attrs.field()

    @local.validator
    def _check_local(self, _: object, value: object) -> None:
        check_wall(value)

    @zone.validator
    def _check_zone(self, _: object, value: object) -> None:
        check_zone_name(value)

    @offset.validator
    def _check_offset(self, _: object, value: object) -> None:
        if not isinstance(value, timedelta):
            raise InvalidType("offset of a stored time", value, "a timedelta")
        if not -_DAY < value < _DAY or value % _SECOND:
            raise InvalidValue("offset of a stored time", str(value), "whole seconds, and less than 24 hours")
        if self.local != self.at.replace(tzinfo=None) + value:
            expected = f"the offset of {self.local.isoformat()} from {self.at.isoformat()}"
            raise InvalidValue("offset of a stored time", str(value), expected)

    @tzdata.validator
    def _check_tzdata(self, _: object, value: object) -> None:
        check_version(value)

    @classmethod
    def of(cls, at: Instant | str, zone: str, *, database: TimeZones = TZDATA) -> StoredTime:
        """Return that instant as clocks in the zone show it, by this database."""
        check_database(database)
        at = _at(at)
        offset = _offset(at, zone, database)
        return cls(at, at.replace(tzinfo=None) + offset, zone, offset, database.version)

    @property
    def text(self) -> str:
        """One line from which `parse` makes an equal one: RFC 9557, the version as a tag that others may ignore.

        >>> StoredTime.of("2026-07-01T10:00:00Z", "Europe/Berlin").text.replace(TZDATA.version, "2026f")
        '2026-07-01T12:00:00+02:00[Europe/Berlin][_tzdata=2026f]'
        """
        return f"{self.local.replace(tzinfo=timezone(self.offset)).isoformat()}[{self.zone}][_tzdata={self.tzdata}]"

    @classmethod
    def parse(cls, text: str) -> StoredTime:
        """Return the stored time of which that is the `text`; nothing else is taken."""
        if not isinstance(text, str):
            raise InvalidType("stored time", text, "a text")
        parts = _TEXT.fullmatch(text)
        found = parts and cls._of_parts(parts)
        if not found or found.text != text:
            raise InvalidValue("stored time", text, f"a text such as {_EXAMPLE}")
        return found

    @classmethod
    def _of_parts(cls, parts: re.Match[str]) -> StoredTime | None:
        try:
            aware = datetime.fromisoformat(parts["local"] + parts["offset"])
        except ValueError:
            return None
        offset = aware.utcoffset()
        assert offset is not None
        return cls(aware, aware.replace(tzinfo=None), parts["zone"], offset, parts["tzdata"])


_EXAMPLE: Final = "2026-07-01T12:00:00+02:00[Europe/Berlin][_tzdata=2026f]"


@attrs.frozen
class Drift(Generic[K]):
    """A stored time whose instant the database reads otherwise now: the wall time of that instant has `moved`.

    It can be mended in two ways: `instant_kept` is the instant with its new wall time, `wall_kept` the old wall time
    with its new instant.
    """

    key: K
    stored: StoredTime
    instant_kept: StoredTime
    wall_kept: StoredTime
    moved: timedelta


@attrs.frozen
class ZoneGone(Generic[K]):
    """A stored time whose zone the database does not have, so that it says nothing about it."""

    key: K
    stored: StoredTime


def find_drift(
    times: Iterable[tuple[K, StoredTime]], *, database: TimeZones = TZDATA
) -> Iterator[Drift[K] | ZoneGone[K]]:
    """Yield, in the order given, what this database moves of stored times, each told by a key of one's own.

    `times` is read as the result is, so neither need fit into memory. Raises `InvalidType` when it comes upon what is
    no pair of a key and a stored time.
    """
    check_database(database)
    if not isinstance(times, Iterable):
        raise InvalidType("times", times, "an iterable of pairs of a key and a StoredTime")
    return _drift(times, database)


def rebased(stored: StoredTime, keep: Keep, *, database: TimeZones = TZDATA) -> StoredTime:
    """Return the stored time by this database, either at its instant or at its wall time.

    A wall time that now lies in a gap or a fold is read as `to_instant` does by default; but where it comes twice and
    one of the two has the offset stored, that one stays. Raises `UnknownName` if the database does not have the zone.
    """
    check_database(database)
    _check_stored(stored)
    if keep not in KEEPS:
        raise UnknownName("way to rebase", keep, KEEPS)
    # With the offset it had, the instant is a reading of its wall time still, perhaps one of two.
    if keep == "keep_instant" or _offset(stored.at, stored.zone, database) == stored.offset:
        return StoredTime.of(stored.at, stored.zone, database=database)
    return StoredTime.of(to_instant(stored.local, stored.zone, database=database), stored.zone, database=database)


def _drift(times: Iterable[tuple[K, StoredTime]], database: TimeZones) -> Iterator[Drift[K] | ZoneGone[K]]:
    for pair in times:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise InvalidType("stored time", pair, "a tuple of a key and a StoredTime")
        key, stored = pair
        _check_stored(stored)
        if stored.zone not in database.names:
            yield ZoneGone(key, stored)
            continue
        moved = _offset(stored.at, stored.zone, database) - stored.offset
        if moved:
            instant_kept, wall_kept = (rebased(stored, keep, database=database) for keep in KEEPS)
            yield Drift(key, stored, instant_kept, wall_kept, moved)


def _offset(at: Instant, zone: str, database: TimeZones) -> timedelta:
    micros = to_micros(at)
    [part] = segments([(0, zone)], micros, micros + 1, database)
    return part.offset * MICROSECOND


def _check_stored(value: object) -> None:
    if not isinstance(value, StoredTime):
        raise InvalidType("stored time", value, "a StoredTime")
