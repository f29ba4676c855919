"""Wall time: what the clocks on the wall show in a zone, and which instants that means.

Zones come from a time zone database (`tutorcore.calendar.zones.databases`): the `tzdata` package, unless another one is
given as `database`. Everything is computed on UTC instants and plain offsets, because aware datetimes of one zone
compare and subtract as wall clocks do. Knows neither clocks nor schedules; `tutorcore.calendar` is the only place
besides texts where wall time exists.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args, overload

from tutorcore.calendar.zones.databases import TZDATA, TimeZones, check_database, local_in, zone_in
from tutorcore.calendar.zones.segments import segments
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import EARLIEST, LATEST, MICROSECOND, Instant, from_micros, instant, to_micros

if TYPE_CHECKING:  # zoneinfo loads when the first zone does, so that `import tutorcore` stays light
    from zoneinfo import ZoneInfo

Reading: TypeAlias = Literal["compatible", "earlier", "later", "raise", "clamp"]
"""The ways to read a wall time that find an instant, if they do not refuse."""

Disambiguation: TypeAlias = Reading | Literal["skip"]
"""The ways to read a wall time that clocks show not at all, or twice."""

DISAMBIGUATIONS: Final[tuple[Disambiguation, ...]] = (*get_args(Reading), "skip")

_DAY = timedelta(days=1)
_MIDNIGHT = time(0, tzinfo=UTC)  # the zone is a mere carrier: local midnight less its offset is then an instant
_MIDNIGHT_AGAIN = time(0, tzinfo=UTC, fold=1)


def tzdata_version() -> str:
    """Return the version of the time zone database in use, such as "2026f"."""
    return TZDATA.version


def zone_names() -> frozenset[str]:
    """Return the names of all zones there are, old aliases included."""
    return TZDATA.names


def zone(name: str) -> ZoneInfo:
    """Return the zone of that IANA name, as the `tzdata` package has it; raise `UnknownName`."""
    return TZDATA.zone(name)


def canonical_zone(name: str, *, database: TimeZones = TZDATA) -> str:
    """Return the name under which the database has that zone: that of a link's target, otherwise the name itself.

    For comparing: the names that people and files give are kept as they are. Databases link zones that have been alike
    since 1970, so "Europe/Amsterdam" may turn out to be "Europe/Brussels".

    >>> canonical_zone("US/Eastern")
    'America/New_York'
    """
    return check_database(database).canonical(name)


def same_zone(one: str, other: str, *, database: TimeZones = TZDATA) -> bool:
    """Return whether two names mean one zone.

    >>> same_zone("Asia/Calcutta", "Asia/Kolkata")
    True
    """
    return canonical_zone(one, database=database) == canonical_zone(other, database=database)


def to_local(when: Instant, zone_name: str, database: TimeZones = TZDATA) -> datetime:
    """Return the wall time in the zone with its offset as a number: for showing, not for reckoning.

    >>> to_local(instant("2026-07-01T10:00:00Z"), "Europe/Berlin").isoformat()
    '2026-07-01T12:00:00+02:00'
    """
    local = local_in(database, zone_name, when)
    return local.replace(tzinfo=timezone(_offset(local.tzinfo, local)), fold=0)  # type: ignore[arg-type]  # a ZoneInfo


def local_date(when: Instant, zone_name: str, database: TimeZones = TZDATA) -> date:
    """Return the date on which that instant falls in the zone."""
    return local_in(database, zone_name, when).date()


def first_instant(day: date, zone_name: str, *, database: TimeZones = TZDATA) -> Instant:
    """Return the first instant at which calendars in the zone show `day`.

    That is midnight; the end of the gap where clocks skip midnight; the first of two midnights where it comes
    twice; and where the zone skipped the whole date, the first instant of the next date it had.
    """
    where = zone_in(database, zone_name)
    _check_day(day)
    try:
        return _in_range("day", day, _first_instant(day, where, database))
    except OverflowError:
        raise _out_of_range("day", day) from None


def last_instant(day: date, zone_name: str, *, database: TimeZones = TZDATA) -> Instant:
    """Return the last instant at which calendars in the zone show `day`, a microsecond before they show another date.

    Where the zone skipped the whole date, that is the last instant of the date before, which lies *before* the first
    one of `day`. Where clocks went back over midnight, as in St. John's until 2011, the date is shown again after the
    next one has begun: its last instant then lies *after* the first one of the next date.

    >>> last_instant(date(2026, 10, 25), "Europe/Berlin").isoformat()
    '2026-10-25T22:59:59.999999+00:00'
    """
    where = zone_in(database, zone_name)
    _check_day(day)
    try:
        return _in_range("day", day, _next_date(day + _DAY, where, database) - MICROSECOND)
    except OverflowError:
        raise _out_of_range("day", day) from None


def start_of_day(when: Instant, zone_name: str, database: TimeZones = TZDATA) -> Instant:
    """Return the first instant of the local date on which `when` falls; never after `when`."""
    local = local_in(database, zone_name, when)
    return _first_instant(local, local.tzinfo, database)  # type: ignore[arg-type]  # a ZoneInfo


def end_of_day(when: Instant, zone_name: str, database: TimeZones = TZDATA) -> Instant:
    """Return the first instant of the local date after the one on which `when` falls: days are half-open.

    It lies after `when`, unless clocks went back into the day before: no zone has done that since 2010.
    """
    local = local_in(database, zone_name, when)
    return _first_instant(local + _DAY, local.tzinfo, database)  # type: ignore[arg-type]  # a ZoneInfo


@overload
def to_instant(
    wall: datetime, zone_name: str, disambiguate: Reading = "compatible", *, database: TimeZones = TZDATA
) -> Instant: ...


@overload
def to_instant(
    wall: datetime, zone_name: str, disambiguate: Disambiguation, *, database: TimeZones = TZDATA
) -> Instant | None: ...


def to_instant(
    wall: datetime, zone_name: str, disambiguate: Disambiguation = "compatible", *, database: TimeZones = TZDATA
) -> Instant | None:
    """Return the instant at which clocks in the zone show `wall`, a datetime without a zone.

    Where clocks go forward, a wall time in the gap never occurs; where they go back, one in the fold occurs twice.
    Then `disambiguate` says what is meant; the `fold` of the datetime itself is not read.

    | | in a gap | in a fold |
    |--|--|--|
    | "compatible", as clocks and other libraries do | the later reading | the earlier |
    | "earlier", "later" | by the offset after the gap, by that before it | the first, the second |
    | "clamp" | the end of the gap | the earlier |
    | "skip" | None | the earlier |
    | "raise" | `InvalidValue` | `InvalidValue` |

    >>> gap = datetime.fromisoformat("2026-03-29T02:30")
    >>> to_instant(gap, "Europe/Berlin").isoformat(), to_instant(gap, "Europe/Berlin", "clamp").isoformat()
    ('2026-03-29T01:30:00+00:00', '2026-03-29T01:00:00+00:00')
    """
    check_wall(wall)
    if disambiguate not in DISAMBIGUATIONS:
        raise UnknownName("disambiguation", disambiguate, DISAMBIGUATIONS)
    where = zone_in(database, zone_name)
    carrier = wall.replace(tzinfo=UTC, fold=0)
    try:
        found = _read(carrier, where, disambiguate, database)
        return None if found is None else _in_range("wall time", wall, found)
    except OverflowError:
        raise _out_of_range("wall time", wall) from None


def check_wall(value: object) -> None:
    """Raise `InvalidType` or `InvalidValue` unless `value` is a wall time: a datetime without a zone."""
    if not isinstance(value, datetime):
        raise InvalidType("wall time", value, "a datetime without a zone")
    if value.tzinfo is not None:
        raise InvalidValue("wall time", value, "a datetime without a zone; this one names an instant already")


def add_calendar(
    when: Instant, zone_name: str, months: int = 0, weeks: int = 0, days: int = 0, database: TimeZones = TZDATA
) -> Instant:
    """Return the instant at which clocks in the zone show the same time that many calendar units later.

    Months come first, and a day that the month does not have becomes its last; then weeks and days. A wall time
    in a gap or a fold resolves as `to_instant` does by default. Where the date stays, so does the instant.

    >>> add_calendar(instant("2026-01-31T09:00:00Z"), "Europe/Berlin", months=1).isoformat()
    '2026-02-28T09:00:00+00:00'
    """
    if not (type(months) is type(weeks) is type(days) is int):
        for unit, count in (("months", months), ("weeks", weeks), ("days", days)):
            _check_whole(unit, count)
    local = local_in(database, zone_name, when)
    try:
        # Arithmetic within one zone is that of wall clocks and leaves fold=0, which reads a gap and a fold compatibly.
        moved = (_add_months(local, months) if months else local) + timedelta(days=weeks * 7 + days)
        found = moved.astimezone(UTC)
    except (OverflowError, ValueError):
        raise _out_of_range("calendar sum", f"{local} + {months} months {weeks} weeks {days} days") from None
    return instant(when) if moved.date() == local.date() else _in_range("calendar sum", moved, found)


def at_time(when: Instant, hour: int, minute: int, zone_name: str, *, database: TimeZones = TZDATA) -> Instant:
    """Return the instant of that wall time on the local date of `when`, resolved as `to_instant` does by default."""
    for unit, value, limit in (("hour", hour, 24), ("minute", minute, 60)):
        _check_whole(unit, value)
        if not 0 <= value < limit:
            raise InvalidValue(unit, value, f"0 to {limit - 1}")
    day = local_date(when, zone_name, database=database)
    return to_instant(datetime.combine(day, time(hour, minute)), zone_name, database=database)


def _offset(where: tzinfo, wall: datetime) -> timedelta:
    return where.utcoffset(wall)  # type: ignore[return-value]  # a ZoneInfo knows the offset of every datetime


def _first_instant(day: date, where: ZoneInfo, database: TimeZones) -> Instant:
    # Reading a midnight with fold=0 and fold=1 tells everything: equal offsets, an ordinary midnight; the offset
    # falls, two midnights of which fold=0 is the first; it rises, there is none. `where.utcoffset` is called
    # directly, and `combine` used on ready-made times, because deadlines at the start of a day are a hot path; for
    # the same reason its callers take `database` by position, too, which is cheaper.
    combine, utcoffset = datetime.combine, where.utcoffset
    midnight = combine(day, _MIDNIGHT)
    first, second = utcoffset(midnight), utcoffset(combine(day, _MIDNIGHT_AGAIN))
    if first >= second:  # type: ignore[operator]  # neither is None, as in _offset
        return midnight - first  # type: ignore[operator]  # likewise
    return _end_of_gap(midnight, where, database)


def _next_date(day: date, where: ZoneInfo, database: TimeZones) -> Instant:
    """Return the instant from which on calendars in the zone show `day` or a later date, and never an earlier one."""
    midnight = datetime.combine(day, _MIDNIGHT)
    first, second = _offset(where, midnight), _offset(where, midnight.replace(fold=1))
    if first < second:
        return _end_of_gap(midnight, where, database)
    again = midnight - second
    # Of two midnights the second counts, unless clocks went back to just that: what came before was `day` already.
    return again if (again - MICROSECOND).astimezone(where).date() < midnight.date() else midnight - first


def _read(wall: datetime, where: ZoneInfo, disambiguate: Disambiguation, database: TimeZones) -> Instant | None:
    """Return the instant at which clocks show `wall`, which UTC merely carries."""
    first, second = _offset(where, wall), _offset(where, wall.replace(fold=1))
    if first == second:
        return wall - first
    in_gap = first < second
    match disambiguate:
        case "raise":
            shown = wall.replace(tzinfo=None).isoformat()
            raise InvalidValue("wall time", shown, f"a time that clocks in {where.key} show exactly once")
        case "earlier":
            return wall - max(first, second)
        case "later":
            return wall - min(first, second)
        case "clamp" if in_gap:
            return _end_of_gap(wall, where, database)
        case "skip" if in_gap:
            return None
    return wall - first


def _end_of_gap(wall: datetime, where: ZoneInfo, database: TimeZones) -> Instant:
    """Return the instant at which clocks went forward over this wall time, which UTC merely carries."""
    earliest, latest = wall - _offset(where, wall.replace(fold=1)), wall - _offset(where, wall)
    shown = to_micros(wall)
    parts = segments([(0, where.key)], to_micros(earliest), to_micros(latest) + 1, database)
    return from_micros(next(part.start for part in parts if part.start + part.offset > shown))


def _add_months(wall: datetime, months: int) -> datetime:
    year, month0 = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    first = wall.replace(year=year, month=month0 + 1, day=1)
    return first.replace(day=min(wall.day, ((first + 31 * _DAY).replace(day=1) - _DAY).day))


def _check_day(value: object) -> None:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise InvalidType("day", value, "a date without a time")


def _check_whole(unit: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidType(unit, value, "a whole number")


def _in_range(what: str, value: object, found: Instant) -> Instant:
    if EARLIEST <= found < LATEST:
        return found
    raise _out_of_range(what, value)


def _out_of_range(what: str, value: object) -> InvalidValue:
    return InvalidValue(what, str(value), f"something from {EARLIEST.year} up to {LATEST.year}")
