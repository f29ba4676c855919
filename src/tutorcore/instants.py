"""Instants: points on the one true time line.

An instant is an aware `datetime` whose zone is UTC, made by `instant` and by nothing else at the border of the
library. Knows neither clocks nor zones other than UTC: wall time lives in `tutorcore.calendar`.

Why plain UTC datetimes: comparing two of them costs some 15 ns, and none of the traps of same-zone arithmetic
(wall-clock subtraction, fold twins that compare equal) can occur.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from tutorcore.errors import InvalidType, InvalidValue

Instant: TypeAlias = datetime

EPOCH: Instant = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

# What instants may be: room for every offset and for a century of adding on either side.
EARLIEST: Instant = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Instant = datetime(9000, 1, 1, tzinfo=UTC)


def instant(value: datetime | str, what: str = "instant") -> Instant:
    """Return `value` as an aware UTC datetime; refuse whatever does not name one point in time.

    Takes an aware datetime of any zone, or an ISO 8601 text with an offset.

    >>> instant("2026-03-01T10:30:00+01:00").isoformat()
    '2026-03-01T09:30:00+00:00'

    Raises `InvalidType` for anything else and `InvalidValue` for a naive datetime or a text without an offset.
    """
    if isinstance(value, str):
        return _parsed(value, what)
    if not isinstance(value, datetime):
        raise InvalidType(what, value, "an aware datetime or an ISO 8601 text with an offset")
    if value.tzinfo is UTC:
        utc = value
    else:
        if value.utcoffset() is None:
            raise InvalidValue(what, value, "an aware datetime; this one is naive, so name its zone or offset")
        utc = _shifted(value)
    if not EARLIEST <= utc < LATEST:
        raise InvalidValue(what, value.isoformat(), f"an instant from {EARLIEST.year} up to {LATEST.year}")
    return utc


def _shifted(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:  # at the ends of the calendar; `value` itself is then out of range too
        return value.replace(tzinfo=UTC)


def _parsed(text: str, what: str) -> Instant:
    expected = "an ISO 8601 instant with an offset, such as 2026-03-01T09:30:00Z"
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidValue(what, text, expected) from None
    if value.utcoffset() is None:
        raise InvalidValue(what, text, expected)
    return instant(value, what)


def to_text(value: Instant) -> str:
    """Return the instant as ISO 8601 with a `Z`, microseconds only where there are some.

    >>> to_text(instant("2026-03-01T10:30:00+01:00"))
    '2026-03-01T09:30:00Z'
    """
    return value.replace(tzinfo=None).isoformat() + "Z"


def to_micros(value: Instant) -> int:
    """Return the whole microseconds since 1970-01-01T00:00:00Z; exact, and the form that stores keep."""
    return (value - EPOCH) // MICROSECOND


def from_micros(micros: int) -> Instant:
    """Return the instant that many microseconds after 1970-01-01T00:00:00Z."""
    return EPOCH + micros * MICROSECOND
