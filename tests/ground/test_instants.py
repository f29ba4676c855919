from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.calendar.zones.wall_time import zone
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.instants import EARLIEST, LATEST, MICROSECOND, Instant, from_micros, instant, to_micros, to_text

_INSTANTS = st.datetimes(
    EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None) - MICROSECOND, timezones=st.just(UTC)
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T09:30:00Z", "2026-03-01T09:30:00Z"),
        ("2026-03-01T10:30:00+01:00", "2026-03-01T09:30:00Z"),
        ("2026-03-01T00:00+14:00", "2026-02-28T10:00:00Z"),
        ("2026-03-01T09:30:00.000001Z", "2026-03-01T09:30:00.000001Z"),
        ("2026-03-01T09:30:00.5-00:30", "2026-03-01T10:00:00.500000Z"),
        ("1900-01-01T00:00:00Z", "1900-01-01T00:00:00Z"),
        ("8999-12-31T23:59:59.999999Z", "8999-12-31T23:59:59.999999Z"),
    ],
)
def test_an_iso_text_with_an_offset_is_an_instant(text: str, expected: str) -> None:
    """A text is read by its offset and kept in UTC."""
    found = instant(text)

    assert found.tzinfo is UTC
    assert to_text(found) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-03-01",
        "2026-03-01T09:30:00",
        "2026-02-30T09:30:00Z",
        "2026-03-01T09:30:00Z ",
        "1772357400",
        "\ud800",
    ],
)
def test_a_text_that_names_no_point_in_time_is_refused(text: str) -> None:
    """A wall time without an offset, a bare date and nonsense are refused, with an example of what would do."""
    with pytest.raises(InvalidValue, match=r"^start is .*; expected an ISO 8601 instant with an offset"):
        instant(text, "start")


def test_a_naive_datetime_is_refused() -> None:
    """A datetime without a zone names no instant, whatever the machine's own zone is."""
    with pytest.raises(InvalidValue, match="this one is naive"):
        instant(datetime.fromisoformat("2026-03-01T09:30:00"))


def test_a_zone_that_knows_no_offset_does_not_help() -> None:
    """A datetime whose zone cannot say its offset is as good as naive."""

    class Nowhere(tzinfo):
        def utcoffset(self, _: datetime | None) -> None:
            return None

        dst = tzname = utcoffset

    with pytest.raises(InvalidValue, match="this one is naive"):
        instant(datetime(2026, 3, 1, 9, 30, tzinfo=Nowhere()))


@pytest.mark.parametrize("value", [1772357400, 1772357400.5, None, True, b"2026-03-01T09:30:00Z"])
def test_only_datetimes_and_texts_are_instants(value: object) -> None:
    """A number of seconds could be anything, so it is refused."""
    with pytest.raises(InvalidType, match="expected an aware datetime"):
        instant(value)  # type: ignore[arg-type]  # the wrong type is the point


@pytest.mark.parametrize(("fold", "expected"), [(0, "2026-10-25T00:30:00Z"), (1, "2026-10-25T01:30:00Z")])
def test_a_wall_time_in_a_fold_is_read_by_its_fold(fold: int, expected: str) -> None:
    """An aware datetime says itself which of two readings it means."""
    value = datetime(2026, 10, 25, 2, 30, tzinfo=zone("Europe/Berlin"), fold=fold)

    assert to_text(instant(value)) == expected


@pytest.mark.parametrize(
    "value",
    [
        EARLIEST - MICROSECOND,
        LATEST,
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
        "0001-01-01T00:00+14:00",
    ],
)
def test_an_instant_far_outside_of_our_time_is_refused(value: datetime | str) -> None:
    """Instants lie in 1900 to 9000, so that adding to them cannot leave the calendar."""
    with pytest.raises(InvalidValue, match="expected an instant from 1900 up to 9000"):
        instant(value)


@given(_INSTANTS)
def test_an_instant_is_itself(value: Instant) -> None:
    """Making an instant of an instant changes nothing and copies nothing."""
    assert instant(value) is value


@given(_INSTANTS, st.integers(-24 * 60 + 1, 24 * 60 - 1))
def test_an_offset_never_moves_the_instant(value: Instant, minutes: int) -> None:
    """However an instant is written, it is the same instant in UTC."""
    elsewhere = value.astimezone(timezone(timedelta(minutes=minutes)))

    assert instant(elsewhere) == value
    assert instant(elsewhere).tzinfo is UTC


@given(_INSTANTS)
def test_text_and_microseconds_round_trip(value: Instant) -> None:
    """An instant is read back equal from its text and from the number that stores keep."""
    assert instant(to_text(value)) == value
    assert from_micros(to_micros(value)) == value
    assert from_micros(to_micros(value)).tzinfo is UTC


def test_microseconds_count_from_1970() -> None:
    """The count is zero at the epoch and negative before it."""
    assert to_micros(instant("1970-01-01T00:00:00Z")) == 0
    assert to_micros(instant("1969-12-31T23:59:59.999999Z")) == -1
    assert to_micros(instant("1970-01-02T00:00:00Z")) == 86_400_000_000
