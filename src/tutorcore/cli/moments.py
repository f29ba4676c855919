"""Instants as people write them, in a scenario or behind an option: with an offset, or as wall time with a zone.

    2018-02-08T20:33:00Z
    2018-02-08 20:33 Europe/Berlin

A wall time that clocks in its zone skip, or show twice, names no instant; the message says what would.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from tutorcore.calendar.zones.wall_time import first_instant, to_instant, to_local
from tutorcore.errors import InvalidValue
from tutorcore.instants import Instant, instant

_WALL_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?) +([A-Za-z][\w+/-]+)")
_EXPECTED = (
    "an instant such as 2026-03-01T09:30:00Z, or a wall time with its zone such as 2026-03-01 10:30 Europe/Berlin"
)


def moment(text: str, what: str = "instant") -> Instant:
    """Return the instant that a text names; raise `InvalidValue`, or `UnknownName` for the zone.

    >>> moment("2018-02-08 20:33 Europe/Berlin").isoformat()
    '2018-02-08T19:33:00+00:00'
    """
    found = _WALL_TIME.fullmatch(text)
    if found is None:
        try:
            return instant(text, what)
        except InvalidValue as error:
            raise InvalidValue(what, text, error.expected if _is_timely(text) else _EXPECTED) from None
    try:
        wall = datetime.fromisoformat(f"{found[1]}T{found[2]}")
    except ValueError:
        raise InvalidValue(what, text, _EXPECTED) from None
    return _only(wall, found[3], text, what)


def edge(text: str, what: str, zone: str) -> Instant:
    """Return the instant that a text names, or the first one in the zone of the date that it names."""
    if ":" in text:
        return moment(text, what)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidValue(
            what, text, "a date such as 2026-03-01, or an instant such as 2026-03-01T09:30:00Z"
        ) from None
    return first_instant(day, zone)


def _is_timely(text: str) -> bool:
    """Whether a text has an offset, so that something else about it must be wrong."""
    try:
        return datetime.fromisoformat(text).utcoffset() is not None
    except ValueError:
        return False


def _only(wall: datetime, zone: str, text: str, what: str) -> Instant:
    earlier, later = to_instant(wall, zone, "earlier"), to_instant(wall, zone, "later")
    if earlier == later:
        return earlier
    one, other = sorted(to_local(each, zone).isoformat() for each in (earlier, later))
    if to_local(earlier, zone).replace(tzinfo=None) == wall:
        raise InvalidValue(what, text, f"one of the two instants at which clocks there show this: {one} or {other}")
    raise InvalidValue(what, text, f"a time that clocks there do not skip, such as {one} or {other}")
