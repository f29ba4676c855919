"""Times that are kept while laws change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.calendar import (
    KEEPS,
    TZDATA,
    Drift,
    StoredTime,
    TimeZones,
    ZoneGone,
    find_drift,
    rebased,
    to_local,
    zone_names,
)
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import Instant, instant, to_text

Make = Callable[..., bytes]

_VANCOUVER = "America/Vancouver"
_HOUR = timedelta(hours=1)


@pytest.fixture
def before(tzif: Make) -> TimeZones:
    """The database of the years in which British Columbia still changed its clocks, and Berlin had none."""
    return TimeZones.of("2024a", {_VANCOUVER: tzif([], [0], "PST8PDT,M3.2.0,M11.1.0")})


def _time(local: str, offset: timedelta, zone: str = _VANCOUVER, tzdata: str = "2024a") -> StoredTime:
    wall = datetime.fromisoformat(local)
    return StoredTime((wall - offset).replace(tzinfo=UTC), wall, zone, offset, tzdata)


def test_a_stored_time_says_what_it_was_made_of(before: TimeZones) -> None:
    """Instant, wall time, zone, offset and version are all there."""
    stored = StoredTime.of("2026-12-01T17:00:00Z", _VANCOUVER, database=before)

    assert stored == _time("2026-12-01T09:00", -8 * _HOUR)
    assert StoredTime.of(stored.at, _VANCOUVER).tzdata == TZDATA.version
    assert StoredTime.of(stored.at, _VANCOUVER).local == datetime.fromisoformat("2026-12-01T10:00")


@pytest.mark.parametrize(
    ("at", "zone", "text"),
    [
        ("2026-10-25T00:30:00Z", "Europe/Berlin", "2026-10-25T02:30:00+02:00[Europe/Berlin][_tzdata=V]"),
        ("2026-10-25T01:30:00Z", "Europe/Berlin", "2026-10-25T02:30:00+01:00[Europe/Berlin][_tzdata=V]"),
        ("2026-07-01T00:00:00.000001Z", "UTC", "2026-07-01T00:00:00.000001+00:00[UTC][_tzdata=V]"),
        ("2026-07-01T00:00:00Z", "Etc/GMT+12", "2026-06-30T12:00:00-12:00[Etc/GMT+12][_tzdata=V]"),
        ("1950-01-01T00:00:00Z", "Africa/Monrovia", "1949-12-31T23:15:30-00:44:30[Africa/Monrovia][_tzdata=V]"),
    ],
)
def test_a_stored_time_has_one_text(at: str, zone: str, text: str) -> None:
    """Both passes of a fold, microseconds, and offsets with seconds are written so that they can be read."""
    stored = StoredTime.of(at, zone)

    assert stored.text == text.replace("V", TZDATA.version)
    assert StoredTime.parse(stored.text) == stored


@given(
    st.sampled_from(sorted(zone_names())),
    st.datetimes(datetime.fromisoformat("1901-01-01"), datetime.fromisoformat("2199-01-01"), timezones=st.just(UTC)),
)
def test_what_is_stored_is_read_back(zone: str, at: Instant) -> None:
    """For every zone and instant the text gives the equal value, which shows what the zone's clocks do."""
    stored = StoredTime.of(at, zone)

    assert StoredTime.parse(stored.text) == stored
    assert stored.local.replace(tzinfo=UTC) - stored.offset == at
    assert stored.local == to_local(at, zone).replace(tzinfo=None)
    assert list(find_drift([(1, stored)])) == []
    assert rebased(stored, "keep_instant") == rebased(stored, "keep_wall_time") == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-07-01T12:00:00+02:00",
        "2026-07-01T12:00:00+02:00[Europe/Berlin]",
        "2026-07-01T12:00+02:00[Europe/Berlin][_tzdata=2026f]",
        "2026-07-01 12:00:00+02:00[Europe/Berlin][_tzdata=2026f]",
        "2026-07-01T10:00:00Z[Europe/Berlin][_tzdata=2026f]",
        "2026-07-01T12:00:00+02:00[Europe Berlin][_tzdata=2026f]",
        "2026-07-01T12:00:00+02:00[Europe/Berlin][_tzdata=2026 f]",
        "2026-07-01T12:00:00+02:00[Europe/Berlin][tzdata=2026f]",
        "2026-07-01T12:00:00+02:00[_tzdata=2026f][Europe/Berlin]",
        "2026-07-01T12:00:00+02:00:00[Europe/Berlin][_tzdata=2026f]",
        "2026-07-01T12:00:00.000+02:00[Europe/Berlin][_tzdata=2026f]",
        "2026-02-30T12:00:00+02:00[Europe/Berlin][_tzdata=2026f]",
        "2026-07-01T12:00:00+24:00[Europe/Berlin][_tzdata=2026f]",
        "1826-07-01T12:00:00+02:00[Europe/Berlin][_tzdata=2026f]",
        "2026-07-01T12:00:00+02:00[Europe/Berlin][_tzdata=2026f]\n",
    ],
)
def test_nothing_but_such_a_text_is_read(text: str) -> None:
    """A text that `text` would not have written is refused."""
    with pytest.raises(InvalidValue):
        StoredTime.parse(text)


def test_the_parts_of_a_stored_time_fit_together() -> None:
    """Wall time and instant are the offset apart, or there is a mistake."""
    fine = _time("2026-12-01T09:00", -8 * _HOUR)
    parts: dict[str, Any] = {
        "at": fine.at,
        "local": fine.local,
        "zone": fine.zone,
        "offset": fine.offset,
        "tzdata": fine.tzdata,
    }
    wrong: list[tuple[str, Any, type[Exception], str]] = [
        ("at", fine.at.replace(tzinfo=None), InvalidValue, "stored instant is .* naive"),
        ("at", 0, InvalidType, "stored instant is 0"),
        ("local", fine.at, InvalidValue, "wall time is .*; expected a datetime without a zone"),
        ("local", fine.local.date(), InvalidType, "expected a datetime without a zone"),
        ("zone", None, InvalidType, "expected the name of a zone"),
        ("zone", "not one", InvalidValue, "expected a name such as Europe/Berlin"),
        ("offset", -8, InvalidType, "expected a timedelta"),
        ("offset", timedelta(hours=24), InvalidValue, "expected whole seconds, and less than 24 hours"),
        ("offset", timedelta(seconds=0.5), InvalidValue, "expected whole seconds, and less than 24 hours"),
        ("offset", -7 * _HOUR, InvalidValue, "expected the offset of 2026-12-01T09:00:00 from 2026-12-01T17:00:00"),
        ("local", fine.local + _HOUR, InvalidValue, "expected the offset of 2026-12-01T10:00:00 from"),
        ("tzdata", 2024, InvalidType, "expected a text such as 2026f"),
        ("tzdata", "[", InvalidValue, "such as 2026f"),
    ]
    assert StoredTime(**parts) == fine
    for part, value, error, expected in wrong:
        with pytest.raises(error, match=expected):
            StoredTime(**(parts | {part: value}))


def test_a_change_of_law_makes_stored_times_drift(before: TimeZones) -> None:
    """Lessons of next winter in Vancouver show an hour more; those of summer, and of other zones, nothing."""
    winter = StoredTime.of("2026-12-01T17:00:00Z", _VANCOUVER, database=before)
    summer = StoredTime.of("2026-07-01T16:00:00Z", _VANCOUVER, database=before)
    berlin = StoredTime.of("2026-12-01T17:00:00Z", "Europe/Berlin")

    [drift] = find_drift([("winter", winter), ("summer", summer), ("berlin", berlin)])

    assert drift == Drift(
        "winter",
        winter,
        instant_kept=StoredTime.of("2026-12-01T17:00:00Z", _VANCOUVER),  # 10:00 on the wall
        wall_kept=StoredTime.of("2026-12-01T16:00:00Z", _VANCOUVER),  # 09:00 on the wall
        moved=_HOUR,
    )
    assert rebased(winter, "keep_instant").local == datetime.fromisoformat("2026-12-01T10:00")
    assert rebased(winter, "keep_wall_time").local == datetime.fromisoformat("2026-12-01T09:00")


def test_a_zone_that_is_gone_is_told(before: TimeZones) -> None:
    """A database without the zone says nothing about the time, and that is said; it cannot be rebased."""
    berlin = StoredTime.of("2026-12-01T17:00:00Z", "Europe/Berlin")

    assert list(find_drift([(7, berlin)], database=before)) == [ZoneGone(7, berlin)]
    for keep in KEEPS:
        with pytest.raises(UnknownName, match="unknown time zone 'Europe/Berlin'"):
            rebased(berlin, keep, database=before)


@pytest.mark.parametrize(
    ("local", "offset", "expected"),
    [
        # In Berlin's fold both offsets are readings still: each stays what it was.
        ("2026-10-25T02:30", 2, "2026-10-25T00:30:00Z"),
        ("2026-10-25T02:30", 1, "2026-10-25T01:30:00Z"),
        # Neither is: the earlier, as by default.
        ("2026-10-25T02:30", 3, "2026-10-25T00:30:00Z"),
        # In the gap: the later, which shows 03:30.
        ("2026-03-29T02:30", 3, "2026-03-29T01:30:00Z"),
        # In the gap, with the offset before it, by which it is no reading of the wall time.
        ("2026-03-29T02:30", 1, "2026-03-29T01:30:00Z"),
        ("2026-03-29T02:30", 2, "2026-03-29T01:30:00Z"),
    ],
)
def test_wall_time_is_kept_by_the_reading_it_had(local: str, offset: int, expected: str) -> None:
    """Where a law moves a stored wall time into a fold or a gap, its reading is defined."""
    stored = _time(local, offset * _HOUR, "Europe/Berlin", "once")

    kept = rebased(stored, "keep_wall_time")

    assert to_text(kept.at) == expected
    assert kept.tzdata == TZDATA.version


@given(
    st.sampled_from(sorted(zone_names())),
    st.datetimes(datetime.fromisoformat("1970-01-01"), datetime.fromisoformat("2099-01-01"), timezones=st.just(UTC)),
    st.integers(-14 * 60, 14 * 60),
)
def test_drift_is_mended_by_rebasing(zone: str, at: Instant, minutes: int) -> None:
    """Whatever was stored, what is listed can be mended in either way, after which nothing is listed."""
    offset = timedelta(minutes=minutes)
    stored = StoredTime(at, at.replace(tzinfo=None) + offset, zone, offset, "once")

    found = list(find_drift([("key", stored)]))

    if found:
        [drift] = found
        assert isinstance(drift, Drift)
        assert drift.instant_kept.at == at
        assert drift.moved == drift.instant_kept.local - stored.local != timedelta(0)
        assert list(find_drift([(1, drift.instant_kept), (2, drift.wall_kept)])) == []
    else:
        assert rebased(stored, "keep_instant").offset == offset


def test_drift_is_found_as_it_is_asked_for(before: TimeZones) -> None:
    """Millions of stored times need not fit into memory: they are read one by one."""

    def endless() -> Iterator[tuple[int, StoredTime]]:
        number = 0
        while True:
            at = instant("2026-12-01T17:00:00Z") + number * timedelta(days=1)
            yield number, StoredTime.of(at, _VANCOUVER, database=before)
            number += 1

    assert [next(found).key for found in [find_drift(endless())] for _ in range(3)] == [0, 1, 2]


def test_wrong_arguments_are_refused(before: TimeZones) -> None:
    """What is no stored time, no database or no way to rebase is refused by what was expected."""
    stored = StoredTime.of("2026-12-01T17:00:00Z", _VANCOUVER, database=before)
    nothing: Any = None
    for asked, error, expected in (
        (lambda: StoredTime.of(stored.at.replace(tzinfo=None), "UTC"), InvalidValue, "naive"),
        (lambda: StoredTime.of(stored.at, "Nowhere"), UnknownName, "unknown time zone 'Nowhere'"),
        (lambda: StoredTime.of(stored.at, "UTC", database=nothing), InvalidType, "expected a TimeZones"),
        (lambda: StoredTime.parse(nothing), InvalidType, "stored time is None .*; expected a text"),
        (lambda: find_drift([], database=nothing), InvalidType, "expected a TimeZones"),
        (lambda: find_drift(nothing), InvalidType, "times is None .*; expected an iterable of pairs"),
        (lambda: list(find_drift([nothing])), InvalidType, "expected a tuple of a key and a StoredTime"),
        (lambda: list(find_drift([(1, nothing)])), InvalidType, "expected a StoredTime"),
        (lambda: rebased(nothing, "keep_instant"), InvalidType, "expected a StoredTime"),
        (lambda: rebased(stored, nothing), UnknownName, "unknown way to rebase None; known: keep_instant"),
        (lambda: rebased(stored, "keep_instant", database=nothing), InvalidType, "expected a TimeZones"),
    ):
        with pytest.raises(error, match=expected):
            asked()
