from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo, reset_tzpath  # noqa: TID251  # to show what is not read

import pytest
import tzdata  # type: ignore[import-untyped]  # a package of data

from tutorcore.calendar import TimeZones
from tutorcore.calendar.zones.wall_time import to_instant, tzdata_version, zone, zone_names
from tutorcore.errors import UnknownName
from tutorcore.instants import instant

_VANCOUVER = datetime.fromisoformat("2026-12-01T09:00:00")


@pytest.fixture
def lying_system(tmp_path: Path) -> Iterator[None]:
    """A machine whose own time zone database says that Vancouver keeps Tokyo's time."""
    (tmp_path / "America").mkdir()
    tokyo = (files("tzdata") / "zoneinfo" / "Asia" / "Tokyo").read_bytes()
    (tmp_path / "America" / "Vancouver").write_bytes(tokyo)
    reset_tzpath(to=[str(tmp_path)])
    ZoneInfo.clear_cache()
    yield
    reset_tzpath()
    ZoneInfo.clear_cache()


def test_zones_are_those_of_the_package() -> None:
    """British Columbia keeps summer time since 2026, which many a system does not know yet."""
    assert to_instant(_VANCOUVER, "America/Vancouver") == instant("2026-12-01T16:00:00Z")


@pytest.mark.usefixtures("lying_system")
def test_the_system_s_database_is_never_read() -> None:
    """Whatever the machine believes about a zone, the package's bytes decide."""
    believed = ZoneInfo("America/Vancouver")
    assert _VANCOUVER.replace(tzinfo=believed).utcoffset() == timedelta(hours=9)

    fresh = TimeZones.installed()

    assert fresh.zone("America/Vancouver").utcoffset(_VANCOUVER) == timedelta(hours=-7)
    assert to_instant(_VANCOUVER, "America/Vancouver", database=fresh) == instant("2026-12-01T16:00:00Z")


def test_a_zone_s_rules_are_the_package_s_own_bytes() -> None:
    """The rule for the far future stands at the end of the package's file, and is what the zone does."""
    footer = (files("tzdata") / "zoneinfo" / "America" / "Vancouver").read_bytes().split(b"\n")[-2]

    assert footer == b"MST7"
    assert zone("America/Vancouver").tzname(datetime(2050, 1, 1, tzinfo=UTC)) == "MST"


def test_the_version_is_that_of_the_package() -> None:
    """What was used to evaluate a policy can be written down."""
    assert tzdata_version() == tzdata.IANA_VERSION


def test_every_listed_zone_can_be_read() -> None:
    """All names of the package, aliases included, are zones; reading one again gives the same object."""
    assert len(zone_names()) >= 590
    assert {"UTC", "Europe/Berlin", "Asia/Calcutta", "America/Argentina/Ushuaia"} <= zone_names()
    assert all(zone(name).key == name for name in zone_names())
    assert all(zone(name) is zone(name) for name in zone_names())


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../zones",
        "../../tzdata/zoneinfo/UTC",
        "Europe/../Europe/Berlin",
        "Europe/./Berlin",
        "Europe//Berlin",
        "/Europe/Berlin",
        "/etc/localtime",
        "C:/Windows",
        "Europe\\Berlin",
        "..\\zones",
        "Europe",
        "Europe/",
        "Europe/Berlin/",
        "Europe/Berlin ",
        "Europe/Berlin\n",
        "Europe/Berlin\x00",
        "__init__.py",
        "zone.tab",
        "tzdata.zi",
        "localtime",
        "EUROPE/BERLIN",
    ],
)
def test_only_names_on_the_list_are_looked_up(name: str) -> None:
    """No name leads out of the package or to anything in it that is not a zone."""
    with pytest.raises(UnknownName, match="unknown time zone"):
        zone(name)


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("Europe/Berln", "Europe/Berlin"),
        ("america/new_york", "America/New_York"),
        ("Mars/Olympus", None),
        ("paris", "Europe/Paris"),
        ("New York", "America/New_York"),
        ("utc", "UTC"),
    ],
)
def test_an_unknown_zone_gets_a_suggestion(name: str, suggestion: str | None) -> None:
    """A typing mistake in a zone is answered with the nearest zone."""
    with pytest.raises(UnknownName) as caught:
        zone(name)

    assert caught.value.suggestion == suggestion


@pytest.mark.parametrize("name", ["PST", "CEST", "UTC+2", "GMT+2", "W. Europe Standard Time", "Samoa", "UTX"])
def test_what_names_no_place_gets_no_zone_that_looks_alike(name: str) -> None:
    """MST is not PST, UTC not UTC+2, Etc/GMT+2 two hours the other way, and there are two Samoas."""
    with pytest.raises(UnknownName, match=r"; a zone is a place such as Europe/Berlin, not an abbrev") as caught:
        zone(name)

    assert (caught.value.suggestion, caught.value.known) == (None, tuple(sorted(zone_names())))
