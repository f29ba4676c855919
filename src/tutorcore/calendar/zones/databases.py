"""Time zone databases: what zones there are, and what each of them says, under one version.

The one that counts is `TZDATA`, the `tzdata` package: never the system's, because a rule frozen into a lesson must not
depend on the machine that evaluates it. Another one can be given, as the bytes of its files, to ask what a law that
changed moves (`tutorcore.calendar.zones.stored_times`). Nothing is read before it is asked for, and everything once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Protocol

from tutorcore.calendar.zones.tzif import Offsets, read_offsets
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import EARLIEST, MICROSECOND, Instant, from_micros, instant, to_micros

if TYPE_CHECKING:  # zoneinfo loads when the first zone does, so that `import tutorcore` stays light
    from zoneinfo import ZoneInfo

_VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*", re.ASCII)
_MOST_NAME: Final = 100
_A_PLACE: Final = "a zone is a place such as Europe/Berlin, not an abbreviation or an offset"

_FIRST: Final = to_micros(EARLIEST)
_TWO_YEARS: Final = timedelta(days=732) // MICROSECOND


class TimeZones:
    """A time zone database. Get one as `TZDATA`, or by `of` from files that are given.

    Names are looked up as they are written: `canonical` says which of them mean the same zone.
    """

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._zones: dict[str, ZoneInfo] = {}
        self._offsets: dict[str, Offsets] = {}

    @classmethod
    def of(cls, version: str, files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> TimeZones:
        """Return the database of that version whose zones are TZif `files` by name, and `links` from alias to name.

        A link may lead to another. Raises `InvalidType` or `InvalidValue` for a name that cannot be one, for data that
        is damaged, and for links that lead nowhere or in a circle.

        >>> berlin = TimeZones.of("2026f", {"Europe/Berlin": TZDATA.read("Europe/Berlin")}, {"Home": "Europe/Berlin"})
        >>> berlin.canonical("Home")
        'Europe/Berlin'
        """
        given = _checked_files(files)
        found = cls(_Given(check_version(version), given, _checked_links({} if links is None else links, given)))
        for name in sorted(given):
            _check_readings(name, found.offsets(name), found.zone(name))
        return found

    @classmethod
    def installed(cls) -> TimeZones:
        """Return the database that the `tzdata` package of this Python is."""
        return cls(_Package())

    @cached_property
    def version(self) -> str:
        """The version, such as "2026f"."""
        return self._source.version()

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all zones there are, aliases included."""
        return self._source.names()

    def zone(self, name: str) -> ZoneInfo:
        """Return the zone of that name; the same object each time.

        Only names on the database's own list are ever looked up, so no name can lead out of it. Raises `UnknownName`,
        and `InvalidType` for what is no text.
        """
        return zone_in(self, name)

    def offsets(self, name: str) -> Offsets:
        """Return when clocks in the zone change and to what, exactly; raises what `zone` does."""
        try:
            return self._offsets[name]
        except (KeyError, TypeError):
            found = self._offsets[name] = read_offsets(name, self.read(name))
            return found

    def canonical(self, name: str) -> str:
        """Return the name that the database itself gives to the zone of that name, which may be an alias.

        >>> TZDATA.canonical("Asia/Calcutta")
        'Asia/Kolkata'
        """
        check_zone(name, self)
        return self._links.get(name, name)

    def read(self, name: str) -> bytes:
        """Return the TZif data of the zone of that name."""
        check_zone(name, self)
        return self._source.read(name)

    def __repr__(self) -> str:
        return f"<TimeZones {self.version}>"

    @cached_property
    def _links(self) -> Mapping[str, str]:
        return self._source.links()

    def _load_zone(self, name: str) -> ZoneInfo:
        from zoneinfo import ZoneInfo

        found = self._zones[name] = ZoneInfo.from_file(_Stream(self.read(name)), key=name)
        return found


class _Source(Protocol):
    """Where a database comes from. Each of these is asked once, `read` once for each use of a name."""

    def version(self) -> str: ...

    def names(self) -> frozenset[str]: ...

    def links(self) -> Mapping[str, str]:
        """Return the canonical name of each alias."""

    def read(self, name: str) -> bytes:
        """Return the TZif data of a name out of `names`."""


class _Package:
    def version(self) -> str:
        import tzdata  # type: ignore[import-untyped]  # a package of data

        return str(tzdata.IANA_VERSION)

    def names(self) -> frozenset[str]:
        from importlib.resources import files

        return frozenset((files("tzdata") / "zones").read_text(encoding="ascii").split())

    def links(self) -> Mapping[str, str]:
        from importlib.resources import files

        # The source of the database, made short: a line "L Asia/Kolkata Asia/Calcutta" is a link.
        source = (files("tzdata") / "zoneinfo" / "tzdata.zi").read_text(encoding="utf-8")
        lines = (line.split() for line in source.splitlines() if line.startswith("L "))
        return _resolved({alias: name for _, name, alias in lines})

    def read(self, name: str) -> bytes:
        from importlib.resources import files

        return files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


class _Given:
    def __init__(self, version: str, files: Mapping[str, bytes], links: Mapping[str, str]) -> None:
        self._version = version
        self._files = files
        self._links = links

    def version(self) -> str:
        return self._version

    def names(self) -> frozenset[str]:
        return frozenset({*self._files, *self._links})

    def links(self) -> Mapping[str, str]:
        return self._links

    def read(self, name: str) -> bytes:
        return self._files[self._links.get(name, name)]


class _Stream:
    """What zoneinfo asks of a file, over bytes: the pure layers have no `io`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def read(self, size: int, /) -> bytes:
        start, self._at = self._at, self._at + size
        return self._data[start : self._at]

    def seek(self, size: int, _whence: int = 1, /) -> None:  # Only ever from where it stands.
        self._at += size


TZDATA: Final = TimeZones.installed()
"""The `tzdata` package: the database that everything uses unless told otherwise."""


def zone_in(database: TimeZones, name: str) -> ZoneInfo:
    """Return what `database.zone` does; raise `InvalidType` for what is no database, too."""
    try:
        return database._zones[name]
    except (KeyError, TypeError, AttributeError):
        return check_database(database)._load_zone(name)


def local_in(database: TimeZones, name: str, when: Instant) -> datetime:
    """Return the instant as an aware datetime in the zone. Raises what `zone_in` and `instant` do.

    Everything is first taken to be what it should be, and only then looked at: deadlines are a hot path. What `instant`
    checks of a datetime in UTC as well is left out.
    """
    try:
        return (when if when.tzinfo is UTC else instant(when)).astimezone(database._zones[name])
    except (KeyError, TypeError, AttributeError):
        return instant(when).astimezone(zone_in(database, name))


def check_version(value: object) -> str:
    """Return `value`; raise `InvalidType` or `InvalidValue` if it cannot be the version of a database."""
    if not isinstance(value, str):
        raise InvalidType("version of a time zone database", value, "a text such as 2026f")
    if not _VERSION.fullmatch(value):
        raise InvalidValue("version of a time zone database", value, "letters, digits and . _ + -, such as 2026f")
    return value


def check_zone_name(value: object) -> str:
    """Return `value`; raise `InvalidType` or `InvalidValue` if no zone in any database could have that name."""
    if not isinstance(value, str):
        raise InvalidType("time zone", value, "the name of a zone, such as Europe/Berlin")
    if len(value) > _MOST_NAME or not _NAME.fullmatch(value):
        raise InvalidValue("time zone", value, "a name such as Europe/Berlin")
    return value


def check_zone(name: object, database: TimeZones = TZDATA) -> None:
    """Raise `InvalidType` or `UnknownName` unless the database has a zone of that name."""
    if not isinstance(name, str):
        raise InvalidType("time zone", name, "the name of a zone, such as Europe/Berlin") from None
    if name not in database.names:
        raise unknown_zone(name, database.names) from None


def unknown_zone(name: str, names: frozenset[str]) -> UnknownName:
    """Return the error that no zone among `names` has that name.

    Zones that differ in a letter can lie anywhere, so "PST" or "UTC+2" is not answered with a name that looks alike.

    >>> print(unknown_zone("paris", TZDATA.names))
    unknown time zone 'paris'; did you mean 'Europe/Paris'?
    >>> print(unknown_zone("PST", TZDATA.names))
    unknown time zone 'PST'; a zone is a place such as Europe/Berlin, not an abbreviation or an offset
    """
    if "/" in name:
        return UnknownName("time zone", name, names)
    hint = "" if _same_place(name, names) else _A_PLACE
    return UnknownName("time zone", name, names, hint, near=_same_place)


def _same_place(name: str, names: Iterable[str]) -> str | None:
    """Return the one zone with that name in other letters, or else at that place, which Etc/GMT+2 is not."""
    place = name.strip().replace(" ", "_").casefold()
    found = [each for each in names if each.casefold() == place]
    places = (each for each in names if not each.startswith("Etc/"))
    found = found or [each for each in places if each.rpartition("/")[2].casefold() == place]
    return found[0] if len(found) == 1 else None


def check_database(value: object) -> TimeZones:
    """Return `value`; raise `InvalidType` if it is no time zone database."""
    if not isinstance(value, TimeZones):
        raise InvalidType("database", value, "a TimeZones, such as TZDATA") from None
    return value


def _checked_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    if not isinstance(files, Mapping):
        raise InvalidType("files of a time zone database", files, "a mapping from names of zones to TZif data")
    for name, data in files.items():
        check_zone_name(name)
        if not isinstance(data, bytes):
            raise InvalidType(f"TZif data of {name}", data, "bytes")
    return dict(files)


def _check_readings(name: str, offsets: Offsets, where: ZoneInfo) -> None:
    """Raise `InvalidValue` unless each wall time has two readings at most, and zoneinfo reads the same data likewise.

    Some lists of changes that no law ever made it takes in another sense; what holds of one must hold of the other.
    """
    last = max(offsets.times[-1:], default=_FIRST)
    runs = list(offsets.runs(_FIRST, max(last, _FIRST) + _TWO_YEARS))
    changes = [(old, at, new) for (_, _, old), (at, _, new) in pairwise(runs)]
    shown = [(at + min(old, new), at + max(old, new)) for old, at, new in changes]
    if any(later < end for (_, end), (later, _) in pairwise(shown)):
        expected = "changes that lie further apart than they move clocks"
        raise InvalidValue(f"TZif data of {name}", "a list of changes too near each other", expected)
    for old, at, new in (*changes[:2], *changes[2:][-2:]):  # Only at the ends has zoneinfo ways of its own.
        if not _is_read(old, at, new, where):
            change = f"changing clocks at {from_micros(at).isoformat()}"
            raise InvalidValue(f"TZif data of {name}", change, "data that zoneinfo reads likewise")
    if EARLIEST.astimezone(where).utcoffset() != runs[0][2] * MICROSECOND:
        raise InvalidValue(f"TZif data of {name}", "one offset for good", "data that zoneinfo reads likewise")


def _is_read(old: int, at: int, new: int, where: ZoneInfo) -> bool:
    """Return whether zoneinfo has clocks go from one offset to another at that instant, and wall times read so."""
    earlier, later = at + min(old, new), at + max(old, new)
    readings = ((earlier - 1, old, old), (earlier, old, new), (later - 1, old, new), (later, new, new))
    found = [
        (where.utcoffset(from_micros(wall).replace(fold=fold)), offset)
        for wall, *both in readings
        for fold, offset in enumerate(both)
    ]
    shown = ((at - 1, old), (at, new), (at + max(old - new, 1) - 1, new))
    found += [(from_micros(when).astimezone(where).utcoffset(), offset) for when, offset in shown]
    return all(said == offset * MICROSECOND for said, offset in found)


def _checked_links(links: Mapping[str, str], files: Mapping[str, bytes]) -> dict[str, str]:
    if not isinstance(links, Mapping):
        raise InvalidType("links of a time zone database", links, "a mapping from aliases to names of zones")
    for alias, name in links.items():
        check_zone_name(alias)
        if alias in files:
            raise InvalidValue("link", alias, "a name that is not that of a file as well")
        if check_zone_name(name) not in files and name not in links:
            raise UnknownName(f"time zone that {alias} is a link to,", name, {*files, *links})
    return _resolved(links)


def _resolved(links: Mapping[str, str]) -> dict[str, str]:
    """Return for each alias the name at the end of its links; each link is followed once."""
    found: dict[str, str] = {}
    for alias in links:
        way: dict[str, None] = {}
        name = alias
        while name in links and name not in found:
            if name in way:
                raise InvalidValue("link", alias, "one that leads to a zone; this one leads in a circle")
            way[name] = None
            name = links[name]
        end = found.get(name, name)
        found.update(dict.fromkeys(way, end))
    return found
