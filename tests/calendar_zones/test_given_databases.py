"""Time zone databases other than the package's, and names that mean the same zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tutorcore.calendar import (
    TZDATA,
    TimeZones,
    add_calendar,
    at_time,
    canonical_zone,
    end_of_day,
    first_instant,
    last_instant,
    local_date,
    same_zone,
    start_of_day,
    to_instant,
    to_local,
    zone_names,
)
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import Instant, instant, to_text

Make = Callable[..., bytes]

_BERLIN = TZDATA.read("Europe/Berlin")
_NOON = instant("2026-07-01T12:00Z")


def test_a_given_database_has_the_zones_it_was_given() -> None:
    """Version, names and zones are those of the files and links."""
    database = TimeZones.of("2011n", {"Europe/Berlin": _BERLIN}, {"Home": "Europe/Berlin", "Desk": "Home"})

    assert database.version == "2011n"
    assert database.names == {"Europe/Berlin", "Home", "Desk"}
    assert repr(database) == "<TimeZones 2011n>"
    assert database.zone("Home").key == "Home"
    assert database.zone("Home") is database.zone("Home")
    assert {database.canonical(name) for name in database.names} == {"Europe/Berlin"}
    with pytest.raises(UnknownName, match="unknown time zone 'Asia/Tokyo'; known: Desk, Europe/Berlin, Home"):
        database.zone("Asia/Tokyo")


def test_a_law_that_changed_is_another_database(tzif: Make) -> None:
    """British Columbia ends its changes of clock in 2026; the database of the years before did not know that."""
    before = TimeZones.of("before", {"America/Vancouver": tzif([], [0], "PST8PDT,M3.2.0,M11.1.0")})
    wall = datetime.fromisoformat("2026-12-01T09:00")

    assert to_text(to_instant(wall, "America/Vancouver")) == "2026-12-01T16:00:00Z"
    assert to_text(to_instant(wall, "America/Vancouver", database=before)) == "2026-12-01T17:00:00Z"


def test_every_function_of_wall_time_asks_the_database_it_is_given(tzif: Make) -> None:
    """With a database in which Berlin keeps 23 hours ahead of UTC, all of them do."""
    database = TimeZones.of("far", {"Europe/Berlin": tzif([], [0], "<+23>-23")})
    day = local_date(_NOON, "Europe/Berlin", database=database)

    assert day.isoformat() == "2026-07-02"
    assert to_local(_NOON, "Europe/Berlin", database=database).isoformat() == "2026-07-02T11:00:00+23:00"
    assert to_text(first_instant(day, "Europe/Berlin", database=database)) == "2026-07-01T01:00:00Z"
    assert to_text(last_instant(day, "Europe/Berlin", database=database)) == "2026-07-02T00:59:59.999999Z"
    assert to_text(start_of_day(_NOON, "Europe/Berlin", database=database)) == "2026-07-01T01:00:00Z"
    assert to_text(end_of_day(_NOON, "Europe/Berlin", database=database)) == "2026-07-02T01:00:00Z"
    assert to_text(at_time(_NOON, 9, 0, "Europe/Berlin", database=database)) == "2026-07-01T10:00:00Z"
    assert to_text(add_calendar(_NOON, "Europe/Berlin", days=1, database=database)) == "2026-07-02T12:00:00Z"


def test_a_gap_is_that_of_the_database_given(tzif: Make) -> None:
    """Clamped times and missing midnights follow the changes of the given one."""
    # On 30 March 2026 at 00:00 UTC clocks go from 00:00 to 05:00.
    database = TimeZones.of("gap", {"Test/Zone": tzif([(1774828800, 1)], [0, 5 * 3600], "")})
    wall = datetime.fromisoformat("2026-03-30T03:00")

    assert to_text(to_instant(wall, "Test/Zone", "clamp", database=database)) == "2026-03-30T00:00:00Z"
    assert to_instant(wall, "Test/Zone", "skip", database=database) is None
    assert to_text(first_instant(wall.date(), "Test/Zone", database=database)) == "2026-03-30T00:00:00Z"


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("US/Eastern", "America/New_York"),
        ("Europe/Kiev", "Europe/Kyiv"),
        ("GMT", "Etc/GMT"),
        ("UTC", "Etc/UTC"),
        ("Zulu", "Etc/UTC"),
        ("Europe/Berlin", "Europe/Berlin"),
    ],
)
def test_an_alias_has_a_canonical_name(alias: str, name: str) -> None:
    """The links of the database say which name is the zone's own; that one stands for itself."""
    assert canonical_zone(alias) == name
    assert same_zone(alias, name)
    assert same_zone(name, alias)
    assert canonical_zone(canonical_zone(alias)) == name


def test_zones_that_merely_agree_are_not_the_same() -> None:
    """Berlin and Madrid show one time today, but are two zones; UTC and GMT have two names of their own."""
    assert not same_zone("Europe/Berlin", "Europe/Madrid")
    assert not same_zone("UTC", "GMT")


def test_every_alias_has_the_data_of_its_zone() -> None:
    """No link of the package leads to a zone with other rules, or to one that is not there."""
    for name in zone_names():
        canonical = canonical_zone(name)

        assert canonical_zone(canonical) == canonical
        assert TZDATA.read(name) == TZDATA.read(canonical), name


def test_names_are_kept_as_given() -> None:
    """Looking up an alias does not rename it."""
    assert TZDATA.zone("Asia/Calcutta").key == "Asia/Calcutta"


@pytest.mark.parametrize("name", ["Berlin", "", "europe/berlin"])
def test_only_known_names_are_compared(name: str) -> None:
    """An unknown zone is the same as nothing, not even itself."""
    with pytest.raises(UnknownName, match="unknown time zone"):
        canonical_zone(name)
    with pytest.raises(UnknownName, match="unknown time zone"):
        same_zone(name, name)


@pytest.mark.parametrize("name", [None, 1, 1.5, b"UTC", ["UTC"], _NOON])
def test_a_zone_is_named_by_a_text(name: Any) -> None:
    """Whatever else is given as the name of a zone is refused by its type."""
    for asked in (
        lambda: canonical_zone(name),
        lambda: TZDATA.zone(name),
        lambda: TZDATA.offsets(name),
        lambda: TZDATA.read(name),
        lambda: start_of_day(_NOON, name),
        lambda: to_instant(datetime.fromisoformat("2026-07-01T10:00"), name),
    ):
        with pytest.raises(InvalidType, match=r"time zone is .*; expected the name of a zone, such as Europe/Berlin"):
            asked()


@pytest.mark.parametrize("database", [None, "2026f", {"Europe/Berlin": _BERLIN}])
def test_a_database_is_time_zones(database: Any) -> None:
    """A version or a mapping is no database."""
    for asked in (
        lambda: canonical_zone("UTC", database=database),
        lambda: same_zone("UTC", "UTC", database=database),
        lambda: start_of_day(_NOON, "UTC", database=database),
        lambda: add_calendar(_NOON, "UTC", days=1, database=database),
        lambda: to_instant(datetime.fromisoformat("2026-07-01T10:00"), "UTC", database=database),
    ):
        with pytest.raises(InvalidType, match="database is .*; expected a TimeZones, such as TZDATA"):
            asked()


@pytest.mark.parametrize(
    ("version", "files", "links", "error", "expected"),
    [
        (2026, {}, {}, InvalidType, "version of a time zone database is 2026 of type int; expected a text"),
        ("", {}, {}, InvalidValue, "expected letters, digits and . _"),
        ("2026 f", {}, {}, InvalidValue, "expected letters, digits and . _"),
        ("v" * 65, {}, {}, InvalidValue, "expected letters, digits and . _"),
        ("x", [("A", b"")], {}, InvalidType, "files of a time zone database"),
        ("x", {"A": "text"}, {}, InvalidType, "TZif data of A is 'text' of type str; expected bytes"),
        ("x", {1: _BERLIN}, {}, InvalidType, "expected the name of a zone, such as Europe/Berlin"),
        ("x", {"../A": _BERLIN}, {}, InvalidValue, "expected a name such as Europe/Berlin"),
        ("x", {"A" * 101: _BERLIN}, {}, InvalidValue, "expected a name such as Europe/Berlin"),
        ("x", {"A": b"TZif"}, {}, InvalidValue, "TZif data of A is '4 bytes long'"),
        ("x", {"A": _BERLIN}, ["B"], InvalidType, "links of a time zone database"),
        ("x", {"A": _BERLIN}, {"B b": "A"}, InvalidValue, "expected a name such as Europe/Berlin"),
        ("x", {"A": _BERLIN}, {"B": 1}, InvalidType, "expected the name of a zone, such as Europe/Berlin"),
        ("x", {"A": _BERLIN}, {"A": "A"}, InvalidValue, "expected a name that is not that of a file as well"),
        ("x", {"A": _BERLIN}, {"B": "C"}, UnknownName, "unknown time zone that B is a link to, 'C'"),
        ("x", {"A": _BERLIN}, {"B": "B"}, InvalidValue, "link is 'B'; expected one that leads to a zone"),
        ("x", {"A": _BERLIN}, {"B": "C", "C": "B", "D": "A"}, InvalidValue, "this one leads in a circle"),
    ],
)
def test_a_database_that_cannot_be_is_refused(
    version: Any, files: Any, links: Any, error: type[Exception], expected: str
) -> None:
    """Wrong types, names, data and links are refused when the database is made."""
    with pytest.raises(error, match=expected):
        TimeZones.of(version, files, links)


def test_long_chains_of_links_are_followed_once() -> None:
    """Twenty thousand links one after another take no time to speak of, from whichever end they are given."""
    chain = {f"L{number}": f"L{number - 1}" for number in range(1, 20_000)} | {"L0": "A"}

    for links in (chain, dict(reversed(chain.items()))):
        resolved = TimeZones.of("chain", {"A": _BERLIN}, links)._source.links()
        assert set(resolved.values()) == {"A"}


@pytest.mark.parametrize("when", [_NOON, instant("1901-01-01T00:00Z"), instant("8999-12-01T00:00Z")])
def test_a_copy_of_the_package_is_the_package(when: Instant) -> None:
    """The package's own bytes, given again, make the same zones."""
    copy = TimeZones.of(TZDATA.version, {"Europe/Berlin": _BERLIN, "Asia/Gaza": TZDATA.read("Asia/Gaza")})

    for name in copy.names:
        assert to_local(when, name, database=copy) == to_local(when, name)


@pytest.mark.parametrize(
    ("times", "offsets", "summer_first", "expected"),
    [
        ([(0, 1), (3600, 2)], [0, 7200, -7200], False, "is 'a list of changes too near each other'; expected changes"),
        ([], [7200, 3600], False, "is 'one offset for good'; expected data that zoneinfo reads likewise"),
        (
            [(0, 0)],
            [7200, 3600],
            True,
            "is 'changing clocks at 1970-01-01T00:00:00.00:00'; expected data that zoneinfo",
        ),
    ],
)
def test_what_zoneinfo_reads_otherwise_is_refused(
    tzif: Make, times: list[tuple[int, int]], offsets: list[int], summer_first: bool, expected: str
) -> None:
    """Some wall times are read by zoneinfo and some are not, and it has ways of its own with lists that no law made."""
    data = tzif(times, offsets, "")
    if summer_first:
        data = data.replace(b"\0\0\x1c\x20\0", b"\0\0\x1c\x20\1")

    with pytest.raises(InvalidValue, match=f"^TZif data of Test/Zone {expected}"):
        TimeZones.of("made", {"Test/Zone": data})
