"""Schedules as documents: read from TOML or JSON with every mistake at once, and written in one canonical form.

    schema = 1
    zone   = "Europe/Berlin"

    [weekly]                                 # wall time in the tutor's zone
    monday = ["09:00-12:00", "14:00-24:00"]
    friday = ["22:00-02:00"]                 # past midnight

    [[seasons]]                              # weekly hours of a part of the year
    from   = 2026-06-01
    until  = 2026-09-01                      # the first day on which they no longer hold
    weekly = { monday = ["08:00-10:00"] }

    [[seasons]]
    zone   = "America/New_York"              # the clock by which these hours are meant, wherever the tutor is
    weekly = { tuesday = ["19:00-21:00"] }

    [overrides]                              # instead of the weekly hours that begin on these dates
    2026-12-24 = ["09:00-12:00"]
    2026-12-31 = []

    [holidays]                               # days on which no weekly hours begin
    12-25      = "Christmas Day"
    "easter+1" = "Easter Monday"

    [[blackouts]]                            # whole days, both included
    from = 2026-07-01
    to   = 2026-07-14
    note = "holidays"

    [[moves]]                                # from then on the tutor lives there
    at   = 2027-01-01T00:00:00Z
    zone = "Asia/Tokyo"

    [booking]
    notice       = "24h"
    horizon_days = 60
    after        = "15m"

TOML and JSON hold the same document, so one reader reads them. What is written keeps the order of rules and
overrides, so that reading it gives an equal schedule and equal schedules have equal texts.

Who wrote a document matters. What a *person* wrote may be a slip: windows that overlap, that are empty, or that run
through a night without saying so are mistakes, and so are words of former versions. What a *store* holds was taken
once, so it is always read, and means what it meant then: only `schedule_of` reads it.

`docs/reference/schedule.md` describes the format. Knows neither busy time nor slots, and opens no file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeVar

import attrs

from tutorcore.calendar.schedules.occupied import Occupied
from tutorcore.calendar.schedules.schedule import (
    ANCHORS,
    BUFFERS,
    MOST_BLACKOUTS,
    MOST_CAP,
    MOST_HOLIDAYS,
    MOST_HORIZON,
    MOST_MOVES,
    MOST_OVERRIDES,
    MOST_RULES,
    Anchor,
    Blackout,
    Booking,
    Holiday,
    Override,
    Schedule,
    WeeklyRule,
    Window,
    ZonePeriod,
    check_name,
)
from tutorcore.calendar.schedules.words import UnreadableWord as UnreadableWord
from tutorcore.calendar.schedules.words import duration_text as duration_text
from tutorcore.calendar.schedules.words import parse_duration as parse_duration
from tutorcore.calendar.schedules.words import read_date, read_holiday, stored_window, written_window
from tutorcore.calendar.weekdays import WEEKDAYS, Weekday
from tutorcore.calendar.zones.wall_time import zone as zone_of
from tutorcore.documents.json_text import json_object, read_json
from tutorcore.documents.reader import Problems, Table
from tutorcore.documents.source import SIZE, Source
from tutorcore.errors import InvalidType, InvalidValue, Mistake, Mistakes
from tutorcore.instants import Instant, to_text

SCHEMA: Final = 1
"""The version of the format."""

Cells: TypeAlias = dict[str, object]
Hand: TypeAlias = Literal["person", "store"]
"""Who wrote a document: somebody who may have slipped, or this library some time ago."""

T = TypeVar("T")

_WEEKDAYS: Final[Mapping[str, Weekday]] = {day: day for day in WEEKDAYS}

_DAY = timedelta(days=1)
_FORMER_ANCHOR: Final = "day"  # what "wall" was called at first
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_BESIDE: Final = ("busy", "capacity")  # what the files of the command line have besides a schedule


class _Terms(NamedTuple):
    """What the hours of one table have in common."""

    since: date | None = None
    until: date | None = None
    zone: str | None = None


# Reading


def load_schedule(text: str | bytes, file: str = "<schedule>") -> Schedule:
    """Return the schedule that a TOML text describes; raise `Mistakes` with everything that is wrong with it.

    >>> load_schedule('''
    ... schema = 1
    ... zone = "Europe/Berlin"
    ... weekly.monday = ["18:00-22:00"]
    ... ''').rules[0].window
    Window(start=1080, end=1320)
    """
    return _loaded(Source.parse(text, file), "person")


def load_schedule_json(text: str | bytes, file: str = "<schedule>") -> Schedule:
    """Return the schedule that a JSON text describes; raise `Mistakes` with everything that is wrong with it.

    It is held to what is asked of TOML: a person wrote it. What a store holds is read by `schedule_of`.

    >>> load_schedule_json('{"schema": 1, "zone": "Asia/Tokyo", "weekly": {"friday": ["22:00-02:00"]}}').zone
    'Asia/Tokyo'
    """
    return _loaded(Source(_json_of(text, file), file), "person")


def schedule_of(text: str) -> Schedule:
    """Return the schedule of a JSON text that is kept, by this version or an earlier one.

    Raises `InvalidValue` for what is not JSON, and `Mistakes` where the data are damaged. What would be a person's
    mistake is read as it was meant: windows that overlap, equal times and long nights without "+1", the anchor "day".
    """
    data = json_object(text, "schedule", "the JSON text of a schedule, in which no key comes twice")
    return _loaded(Source(data, "<schedule>"), "store")


def read_schedule(table: Table, zone: str | None = None) -> Schedule | None:
    """Return the schedule in a table that a person wrote, or None after noting what is wrong with it.

    `zone` is that of the tutor where the table names none. The caller reads `schema` and whatever else may stand in
    the table, and finishes it.
    """
    return _read(table, "person", zone)


def tables_of(parent: Table, key: str) -> Iterator[Table]:
    """Yield the tables in a list, until so many mistakes are noted that reading on is in vain."""
    return takewhile(lambda table: not table.problems.full, parent.tables(key))


def _read(table: Table, hand: Hand, zone: str | None = None) -> Schedule | None:
    before = len(table.problems)
    home = table.parsed("zone", _zone) if zone is None else table.parsed("zone", _zone, zone)
    rules = [*_base(table, hand), *(rule for season in tables_of(table, "seasons") for rule in _season(season, hand))]
    overrides = tuple(_overrides(table, hand))
    holidays = tuple(_holidays(table))
    blackouts = tuple(filter(None, map(_blackout, tables_of(table, "blackouts"))))
    moves = tuple(_moves(tables_of(table, "moves")))
    booking = _booking(table.table("booking"), hand)
    _check_sizes(
        table,
        (
            ("seasons" if "seasons" in table else "weekly", len(rules), MOST_RULES),
            ("overrides", len(overrides), MOST_OVERRIDES),
            ("holidays", len(holidays), MOST_HOLIDAYS),
            ("blackouts", len(blackouts), MOST_BLACKOUTS),
            ("moves", len(moves), MOST_MOVES),
        ),
    )
    if home is None or len(table.problems) > before:
        return None
    return Schedule(
        home,
        tuple(rules),
        overrides=overrides,
        holidays=holidays,
        blackouts=blackouts,
        zone_periods=moves,
        booking=booking,
    )


def _check_sizes(table: Table, sizes: Iterable[tuple[str, int, int]]) -> None:
    for key, count, most in sizes:
        if count > most:
            table.mistake(key, f"there are {count:,} in all; expected at most {most:,}")


def _loaded(source: Source, hand: Hand) -> Schedule:
    problems = Problems()
    root = Table.root(source, problems)
    root.integer("schema", least=SCHEMA, most=SCHEMA)
    schedule = _read(root, hand)
    for key in _BESIDE:
        if key in root:
            root.value(key)
            _at_the_key(
                root, key, "unknown key; what is booked is no part of a schedule, and only `tutorcore slots` reads it"
            )
    root.finish()
    problems.raise_if_any(_unusable(source.file))
    assert schedule is not None
    return schedule


def _unusable(file: str) -> str:
    return f"{file} is not a schedule that can be used"


def _json_of(text: str | bytes, file: str) -> dict[str, object]:
    """Return the data of a JSON text that a person wrote, or raise the one mistake that makes it none."""
    if not isinstance(text, str | bytes):
        raise InvalidType("schedule", text, "a JSON text, or bytes of UTF-8")
    line = column = 0
    try:
        if len(text) > SIZE:
            raise ValueError(f"{len(text):,} characters long; at most {SIZE:,} are read")
        data = read_json(text if isinstance(text, str) else text.decode())
        if isinstance(data, dict):
            return data
        message = 'not a JSON object; expected one such as {"schema": 1, "zone": "Europe/Berlin"}'
    except json.JSONDecodeError as error:
        message, line, column = f"not JSON: {error.msg}", error.lineno, error.colno
    except UnicodeDecodeError as error:
        message = f"not UTF-8 from byte {error.start} on"
    except RecursionError:
        message = "nested too deeply"
    except ValueError as error:  # too long, a key that comes twice, a number of thousands of digits
        message = str(error)
    raise Mistakes(_unusable(file), [Mistake(message, file=file, line=line, column=column)])


def _base(table: Table, hand: Hand) -> Iterator[WeeklyRule]:
    weekly = table.table("weekly")
    if weekly is not None:
        yield from _weekly(weekly, _Terms(), hand)


def _season(table: Table, hand: Hand) -> Iterator[WeeklyRule]:
    _check_other_end(table, "to", "until", "the first day on which they no longer hold")
    since, until = _date_if_any(table, "from"), _date_if_any(table, "until")
    if since is not None and until is not None and until <= since:
        table.mistake("until", f"is {until}; expected a date after {since}, on which the season begins")
        since = None
    terms = _Terms(since, until, table.parsed("zone", _zone, None))
    weekly = table.table("weekly")
    if weekly is not None:
        yield from _weekly(weekly, terms, hand)
    elif "weekly" not in table:
        table.mistake(None, 'the hours are missing; expected weekly = { monday = ["09:00-12:00"] }, say')
    table.finish()


def _weekly(table: Table, terms: _Terms, hand: Hand) -> Iterator[WeeklyRule]:
    week = Occupied[str]()
    for name in table.mapping:
        if name in _WEEKDAYS:
            for window in _windows(table, name, hand, week, WEEKDAYS.index(_WEEKDAYS[name])):
                yield WeeklyRule(_WEEKDAYS[name], window, *terms)
    table.finish(*WEEKDAYS)


def _overrides(parent: Table, hand: Hand) -> Iterator[Override]:
    table = parent.table("overrides")
    for name in () if table is None else table.keys():
        assert table is not None
        if table.problems.full:
            return
        windows, zone = _override_hours(table, name, hand)
        day = _at_key(table, name, read_date)
        override = None if day is None else table.attempt(partial(Override, day, windows, zone), name)
        if override is not None:
            yield override


def _override_hours(table: Table, name: str, hand: Hand) -> tuple[tuple[Window, ...], str | None]:
    """Return the windows under a date, and the zone if there is a table with one."""
    if not isinstance(table.value(name), Mapping):
        return tuple(_windows(table, name, hand, Occupied())), None
    inner = table.table(name)
    assert inner is not None
    windows, zone = tuple(_windows(inner, "windows", hand, Occupied())), inner.parsed("zone", _zone, None)
    inner.finish()
    return windows, zone


def _holidays(parent: Table) -> Iterator[Holiday]:
    table = parent.table("holidays")
    for day in () if table is None else table.keys():
        assert table is not None
        if table.problems.full:
            return
        name, known = table.parsed(day, _holiday_name), _at_key(table, day, read_holiday)
        if name is not None and known is not None:
            yield Holiday(known, name)


def _blackout(table: Table) -> Blackout | None:
    taken = _check_other_end(table, "until", "to", "the last day of the blackout")
    first, last = _date(table, "from"), _date_if_any(table, "to") if taken else _date(table, "to")
    note = table.text("note", "")
    table.finish()
    if first is None or last is None:
        return None
    if last < first:
        table.mistake("to", f"is {last}; expected {first}, on which the blackout begins, or later")
        return None
    return Blackout(first, last, note)


def _check_other_end(table: Table, key: str, instead: str, meaning: str) -> bool:
    """Note it where an end is given in the word of another section, whose ends mean another day; return whether it is.

    Seasons end `until` a date that is not part of them, blackouts go `to` one that is.
    """
    if key not in table:
        return False
    table.value(key)
    _at_the_key(table, key, f"unknown key; expected {instead}, {meaning}")
    return True


def _moves(tables: Iterable[Table]) -> Iterator[ZonePeriod]:
    before: Instant | None = None
    for table in tables:
        errors = len(table.problems)
        since, zone = table.instant("at"), table.parsed("zone", _zone)
        table.finish()
        if zone is None or len(table.problems) > errors:
            continue
        if before is not None and since <= before:
            table.mistake("at", f"is {to_text(since)}; expected an instant after the move before it, {to_text(before)}")
            continue
        before = since
        yield ZonePeriod(since, zone)


def _booking(table: Table | None, hand: Hand) -> Booking:
    """Return what a section says about bookings; the defaults stand in for what is mistaken."""
    if table is None:
        return Booking()
    cells: Cells = {key: _span(table, key) for key in ("notice", "before", "after", "step")}
    cells |= _horizon(table)
    cells["buffers"] = table.one_of("buffers", BUFFERS, None)
    cells["anchor"] = _anchor(table, hand)
    for key in ("most_per_day", "most_per_week"):
        cells[key] = table.integer(key, None, least=1, most=MOST_CAP) or None
    table.finish()
    return _booking_of(_present(cells))


def _anchor(table: Table, hand: Hand) -> Anchor | None:
    if table.value("anchor") != _FORMER_ANCHOR:
        return table.one_of("anchor", ANCHORS, None)
    if hand == "person":
        table.mistake("anchor", f"is {_FORMER_ANCHOR!r}, as 'wall' was called in former versions", "wall")
    return "wall"


def _horizon(table: Table) -> Cells:
    days = table.integer("horizon_days", None, least=1, most=MOST_HORIZON // _DAY)
    horizon, to_day_end = _span(table, "horizon"), table.boolean("horizon_to_day_end", None)
    if "horizon_days" not in table:
        if to_day_end and "horizon" not in table:
            table.mistake("horizon_to_day_end", "there is no horizon to which it belongs")
        return {"horizon": horizon, "horizon_to_day_end": to_day_end if horizon else None}
    for key in ("horizon", "horizon_to_day_end"):
        if key in table:
            table.mistake(key, "is given besides horizon_days; one of them will do")
    return {"horizon": days * _DAY, "horizon_to_day_end": True} if days else {}


def _span(table: Table, key: str) -> timedelta | None:
    """Return the elapsed time under `key`, or None where there is none that a booking could ask for."""

    def parser(text: str) -> timedelta:
        span = parse_duration(text)
        _booking_of({key: span})  # Says what is wrong with it.
        return span

    number = table.value(key)
    if isinstance(number, int) and not isinstance(number, bool):
        unit = "h" if key in ("notice", "horizon") else "m"
        table.mistake(key, f"is {number}; expected a duration in quotes, with its unit", f'"{number}{unit}"')
        return None
    return table.parsed(key, parser, None)


def _booking_of(cells: Mapping[str, Any]) -> Booking:
    return attrs.evolve(Booking(), **cells)


# Words


def _zone(name: str) -> str:
    zone_of(name)
    return name


def _holiday_name(text: str) -> str:
    check_name(text, "name of a holiday")
    return text


def _at_key(table: Table, name: str, read: Callable[[str], T]) -> T | None:
    """Return what a key itself says, or None after noting at the key that it says nothing."""
    try:
        return read(name)
    except UnreadableWord as error:
        _at_the_key(table, name, error.message, error.suggestion)
        return None


def _at_the_key(table: Table, name: str, message: str, suggestion: str | None = None) -> None:
    path = (*table.path, name)
    table.problems.add(table.source.mistake(path, table.source.place(path, "key"), message, suggestion))


def _windows(table: Table, key: str, hand: Hand, taken: Occupied[str], weekday: int = 0) -> Iterator[Window]:
    """Yield the windows in a list; what a person wrote must not overlap those that are `taken` already."""
    table.texts(key)  # Notes whatever is not a list of texts.
    written = table.value(key)
    read = written_window if hand == "person" else stored_window
    for index, text in enumerate(written if isinstance(written, list) else ()):
        if not isinstance(text, str) or table.problems.full:
            continue
        window = table.attempt(partial(read, text), (key, index))
        if window is None:
            continue
        called = f"{text!r} of {key}" if key in _WEEKDAYS else repr(text)
        other = taken.add(weekday, window, called) if hand == "person" else None
        if other is not None:
            table.mistake((key, index), f"is {text!r}; expected a window that does not overlap {other}")
        yield window


def _date(table: Table, key: str) -> date | None:
    """Return the date that must stand under `key`, or None after a mistake."""
    if key not in table:
        table.mistake(key, "is missing")
    return _date_if_any(table, key)


def _date_if_any(table: Table, key: str) -> date | None:
    value = table.value(key)
    return table.attempt(partial(read_date, value), key) if key in table else None


# Writing


def schedule_text(schedule: Schedule) -> str:
    """Return the canonical JSON text of a schedule, plain ASCII on one line; `schedule_of` reads it back.

    >>> schedule_text(Schedule("Asia/Tokyo", (WeeklyRule("friday", Window.of("22:00", "02:00")),)))[:61]
    '{"schema":1,"zone":"Asia/Tokyo","weekly":{"friday":["22:00-02'
    """
    return json.dumps(_document(schedule), separators=(",", ":"), default=_dated)


def dump_schedule(schedule: Schedule) -> str:
    """Return the canonical TOML text of a schedule; `load_schedule` reads it back.

    Raises `InvalidValue` for what no file may hold: an override whose windows overlap, and half a character in a text.
    """
    document = _document(schedule)
    for override in schedule.overrides:
        _check_apart(override)
    return "\n".join(_lines(document)) + "\n"


def _check_apart(override: Override) -> None:
    taken = Occupied[Window]()
    for window in override.windows:
        other = taken.add(0, window, window)
        if other is not None:
            what = f"window of the override for {override.day}"
            raise InvalidValue(what, str(window), f"one that does not overlap {other}, for no file may hold others")


def _document(schedule: Schedule) -> Cells:
    """Return a schedule as the data that `read_schedule` reads, in the order of a file; what is empty is left out."""
    if not isinstance(schedule, Schedule):
        raise InvalidType("schedule", schedule, "a Schedule")
    document: Cells = {"schema": SCHEMA, "zone": schedule.zone}
    seasons = list(_seasons(schedule.rules))
    if seasons and seasons[0].keys() == {"weekly"}:
        document |= seasons.pop(0)
    sections: Cells = {
        "seasons": seasons,
        "overrides": {each.day.isoformat(): _override_cells(each) for each in schedule.overrides},
        "holidays": {each.day: each.name for each in schedule.holidays},
        "blackouts": [_blackout_cells(each) for each in schedule.blackouts],
        "moves": [{"at": each.since, "zone": each.zone} for each in schedule.zone_periods],
        "booking": _booking_cells(schedule.booking),
    }
    return document | {name: section for name, section in sections.items() if section}


def _seasons(rules: Iterable[WeeklyRule]) -> Iterator[Cells]:
    """Yield the rules as tables of hours, so that reading those one after the other gives the rules in their order.

    A table ends where the next rule has other terms, where its weekday has been left already, and where its window
    overlaps one of the table's.
    """
    terms, weekly, week = _Terms(), dict[str, list[str]](), Occupied[bool]()
    for rule in rules:
        here, weekday = _Terms(rule.since, rule.until, rule.zone), WEEKDAYS.index(rule.weekday)
        returns = rule.weekday in weekly and rule.weekday != next(reversed(weekly))
        if here != terms or returns or week.add(weekday, rule.window, True):
            if weekly:
                yield _season_cells(terms, weekly)
            terms, weekly, week = here, {}, Occupied()
            week.add(weekday, rule.window, True)
        weekly.setdefault(rule.weekday, []).append(str(rule.window))
    if weekly:
        yield _season_cells(terms, weekly)


def _season_cells(terms: _Terms, weekly: Mapping[str, Sequence[str]]) -> Cells:
    return _present({"from": terms.since, "until": terms.until, "zone": terms.zone, "weekly": weekly})


def _override_cells(override: Override) -> list[str] | Cells:
    windows = [str(window) for window in override.windows]
    return windows if override.zone is None else {"windows": windows, "zone": override.zone}


def _blackout_cells(blackout: Blackout) -> Cells:
    return _present({"from": blackout.first, "to": blackout.last, "note": blackout.note or None})


def _booking_cells(booking: Booking) -> Cells:
    """Return all that is asked of bookings, defaults included: another version of tutorcore may have others."""
    horizon, to_day_end = booking.horizon, booking.horizon_to_day_end
    in_days = horizon is not None and to_day_end and not horizon % _DAY
    return _present(
        {
            "notice": duration_text(booking.notice),
            "horizon_days": horizon // _DAY if horizon is not None and in_days else None,
            "horizon": None if horizon is None or in_days else duration_text(horizon),
            "horizon_to_day_end": (to_day_end and not in_days) or None,
            "before": duration_text(booking.before),
            "after": duration_text(booking.after),
            "buffers": booking.buffers,
            "step": duration_text(booking.step),
            "anchor": booking.anchor,
            "most_per_day": booking.most_per_day,
            "most_per_week": booking.most_per_week,
        }
    )


def _present(cells: Cells) -> Cells:
    return {key: value for key, value in cells.items() if value is not None}


def _dated(value: Any) -> str:
    """Return a date or an instant as JSON has it."""
    return to_text(value) if isinstance(value, datetime) else str(value.isoformat())


def _lines(document: Mapping[str, object]) -> Iterator[str]:
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from ("", f"[{name}]", *_pairs(value))
        elif isinstance(value, list):
            for each in value:
                yield from ("", f"[[{name}]]", *_pairs(each))
        else:
            yield from _pairs({name: value})


def _pairs(cells: Mapping[str, object]) -> Iterator[str]:
    return (f"{key if _BARE_KEY.fullmatch(key) else _quoted(key)} = {_toml(value)}" for key, value in cells.items())


def _toml(value: object) -> str:
    match value:
        case str():
            return _quoted(value)
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case Mapping():
            return f"{{ {', '.join(_pairs(value))} }}"
        case date():
            return _dated(value)
        case _:
            return str(value).lower()


def _quoted(text: str) -> str:
    """Return a text as TOML has it: a JSON string, but for two kinds of characters that JSON lets pass."""
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise InvalidValue("text", text, "characters that UTF-8 can hold, for no TOML file holds others")
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
