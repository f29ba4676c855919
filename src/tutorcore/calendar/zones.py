"""Wall time: what the clocks on the wall show in a zone, and which instants that means.

Zones come from the `tzdata` package alone, never from the system's database: a rule frozen into a lesson must not
depend on the machine that evaluates it, and `tzdata_version` names what was used. Everything is computed on
UTC instants and plain offsets, because aware datetimes of one zone compare and subtract as wall clocks do. Knows
neither clocks nor schedules; `tutorcore.calendar` is the only place besides texts where wall time exists.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import EARLIEST, LATEST, Instant, instant

if TYPE_CHECKING:  # zoneinfo loads when the first zone does, so that `import tutorcore` stays light
    from zoneinfo import ZoneInfo

Disambiguation: TypeAlias = Literal["compatible", "earlier", "later", "raise"]
DISAMBIGUATIONS: Final[tuple[Disambiguation, ...]] = get_args(Disambiguation)

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MIDNIGHT = time(0, tzinfo=UTC)  # the zone is a mere carrier: local midnight less its offset is then an instant
_MIDNIGHT_AGAIN = time(0, tzinfo=UTC, fold=1)


def tzdata_version() -> str:
    """Return the version of the time zone database in use, such as "2026f"."""
    import tzdata  # type: ignore[import-untyped]  # a package of data

    return str(tzdata.IANA_VERSION)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Return the names of all zones there are, old aliases included."""
    from importlib.resources import files

    return frozenset((files("tzdata") / "zones").read_text(encoding="ascii").split())


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """Return the zone of that IANA name, as the `tzdata` package has it; raise `UnknownName`.

    Only names on the package's own list are ever looked up, so no name can lead out of it. Never more zones are
    kept than that list is long.
    """
    from importlib.resources import files
    from zoneinfo import ZoneInfo

    if name not in zone_names():
        raise UnknownName("time zone", name, zone_names())
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as source:
        return ZoneInfo.from_file(source, key=name)


def to_local(when: Instant, zone_name: str) -> datetime:
    """Return the wall time in the zone with its offset as a number: for showing, not for reckoning.

    >>> to_local(instant("2026-07-01T10:00:00Z"), "Europe/Berlin").isoformat()
    '2026-07-01T12:00:00+02:00'
    """
    where = zone(zone_name)
    local = _utc(when).astimezone(where)
    return local.replace(tzinfo=timezone(_offset(where, local)), fold=0)


def local_date(when: Instant, zone_name: str) -> date:
    """Return the date on which that instant falls in the zone."""
    return _utc(when).astimezone(zone(zone_name)).date()


def first_instant(day: date, zone_name: str) -> Instant:
    """Return the first instant at which calendars in the zone show `day`.

    That is midnight; the end of the gap where clocks skip midnight; the first of two midnights where it comes
    twice; and where the zone skipped the whole date, the first instant of the next date it had.
    """
    if isinstance(day, datetime) or not isinstance(day, date):
        raise InvalidType("day", day, "a date without a time")
    try:
        return _in_range("day", day, _first_instant(day, zone(zone_name)))
    except OverflowError:
        raise _out_of_range("day", day) from None


def start_of_day(when: Instant, zone_name: str) -> Instant:
    """Return the first instant of the local date on which `when` falls; never after `when`."""
    where = zone(zone_name)
    return _first_instant(_utc(when).astimezone(where), where)


def end_of_day(when: Instant, zone_name: str) -> Instant:
    """Return the first instant of the local date after the one on which `when` falls: days are half-open.

    It lies after `when`, unless clocks went back into the day before: no zone has done that since 2010.
    """
    where = zone(zone_name)
    return _first_instant(_utc(when).astimezone(where) + _DAY, where)


def to_instant(wall: datetime, zone_name: str, disambiguate: Disambiguation = "compatible") -> Instant:
    """Return the instant at which clocks in the zone show `wall`, a datetime without a zone.

    Where clocks go forward, a wall time in the gap never occurs; where they go back, one in the fold occurs twice.
    Then "earlier" and "later" choose between the two readings (in a gap: by the offset after and before it),
    "compatible" takes the earlier in a fold and the later in a gap, as clocks and other libraries do, and
    "raise" refuses. The `fold` of the datetime itself is not read.
    """
    if not isinstance(wall, datetime):
        raise InvalidType("wall time", wall, "a datetime without a zone")
    if wall.tzinfo is not None:
        raise InvalidValue("wall time", wall, "a datetime without a zone; this one names an instant already")
    if disambiguate not in DISAMBIGUATIONS:
        raise UnknownName("disambiguation", disambiguate, DISAMBIGUATIONS)
    where = zone(zone_name)
    first, second = _offset(where, wall.replace(fold=0)), _offset(where, wall.replace(fold=1))
    if disambiguate == "raise" and first != second:
        raise InvalidValue("wall time", wall.isoformat(), f"a time that clocks in {zone_name} show exactly once")
    offset = {"earlier": max(first, second), "later": min(first, second)}.get(disambiguate, first)
    try:
        return _in_range("wall time", wall, wall.replace(tzinfo=UTC, fold=0) - offset)
    except OverflowError:
        raise _out_of_range("wall time", wall) from None


def add_calendar(when: Instant, zone_name: str, months: int = 0, weeks: int = 0, days: int = 0) -> Instant:
    """Return the instant at which clocks in the zone show the same time that many calendar units later.

    Months come first, and a day that the month does not have becomes its last; then weeks and days. A wall time
    in a gap or a fold resolves as `to_instant` does by default. Where the date stays, so does the instant.

    >>> add_calendar(instant("2026-01-31T09:00:00Z"), "Europe/Berlin", months=1).isoformat()
    '2026-02-28T09:00:00+00:00'
    """
    if not (type(months) is type(weeks) is type(days) is int):
        for unit, count in (("months", months), ("weeks", weeks), ("days", days)):
            _check_whole(unit, count)
    local = _utc(when).astimezone(zone(zone_name))
    try:
        # Arithmetic within one zone is that of wall clocks and leaves fold=0, which reads a gap and a fold compatibly.
        moved = (_add_months(local, months) if months else local) + timedelta(days=weeks * 7 + days)
        found = moved.astimezone(UTC)
    except (OverflowError, ValueError):
        raise _out_of_range("calendar sum", f"{local} + {months} months {weeks} weeks {days} days") from None
    return _utc(when) if moved.date() == local.date() else _in_range("calendar sum", moved, found)


def at_time(when: Instant, hour: int, minute: int, zone_name: str) -> Instant:
    """Return the instant of that wall time on the local date of `when`, resolved as `to_instant` does by default."""
    for unit, value, limit in (("hour", hour, 24), ("minute", minute, 60)):
        _check_whole(unit, value)
        if not 0 <= value < limit:
            raise InvalidValue(unit, value, f"0 to {limit - 1}")
    return to_instant(datetime.combine(local_date(when, zone_name), time(hour, minute)), zone_name)


def _utc(when: Instant) -> Instant:
    return when if when.tzinfo is UTC else instant(when)


def _offset(where: ZoneInfo, wall: datetime) -> timedelta:
    return where.utcoffset(wall)  # type: ignore[return-value]  # a ZoneInfo knows the offset of every datetime


def _first_instant(day: date, where: ZoneInfo) -> Instant:
    # Reading a midnight with fold=0 and fold=1 tells everything: equal offsets, an ordinary midnight; the offset
    # falls, two midnights of which fold=0 is the first; it rises, there is none. `where.utcoffset` is called
    # directly, and `combine` used on ready-made times, because deadlines at the start of a day are a hot path.
    midnight = datetime.combine(day, _MIDNIGHT)
    first = where.utcoffset(midnight)
    second = where.utcoffset(datetime.combine(day, _MIDNIGHT_AGAIN))
    if first >= second:  # type: ignore[operator]  # neither is None, as in _offset
        return midnight - first  # type: ignore[operator]  # likewise
    return _end_of_gap(midnight, where)


def _end_of_gap(midnight: datetime, where: ZoneInfo) -> Instant:
    """Return the instant at which clocks went forward over this midnight, to the second."""
    day = midnight.date()
    latest = midnight - _offset(where, midnight)
    earliest = midnight - _offset(where, midnight.replace(fold=1))
    seconds = range((latest - earliest) // _SECOND)
    passed = bisect_left(seconds, True, key=lambda s: (earliest + s * _SECOND).astimezone(where).date() >= day)
    return earliest + passed * _SECOND


def _add_months(wall: datetime, months: int) -> datetime:
    year, month0 = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    first = wall.replace(year=year, month=month0 + 1, day=1)
    return first.replace(day=min(wall.day, ((first + 31 * _DAY).replace(day=1) - _DAY).day))


def _check_whole(unit: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidType(unit, value, "a whole number")


def _in_range(what: str, value: object, found: Instant) -> Instant:
    if EARLIEST <= found < LATEST:
        return found
    raise _out_of_range(what, value)


def _out_of_range(what: str, value: object) -> InvalidValue:
    return InvalidValue(what, str(value), f"something from {EARLIEST.year} up to {LATEST.year}")
