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

    [overrides]                              # instead of the weekly hours that begin on these dates
    2026-12-24 = ["09:00-12:00"]
    2026-12-31 = []

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

TOML is for people, JSON for stores; both hold the same document, so one reader reads them. What is written keeps the
order of rules and overrides, so that reading it gives an equal schedule and equal schedules have equal texts.
`docs/reference/schedule.md` describes the format. Knows neither busy time nor slots, and opens no file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Any, Final, TypeAlias

import attrs

from tutorcore.calendar.schedule import (
    ANCHORS,
    MOST_HORIZON,
    MOST_LESSONS,
    WEEKDAYS,
    Blackout,
    Booking,
    Override,
    Schedule,
    Weekday,
    WeeklyRule,
    Window,
    ZonePeriod,
)
from tutorcore.calendar.zones import zone as zone_of
from tutorcore.documents.reader import Problems, Table
from tutorcore.documents.source import Source
from tutorcore.errors import InvalidType, InvalidValue, TutorcoreError
from tutorcore.instants import MICROSECOND, Instant, to_text

SCHEMA: Final = 1
"""The version of the format."""

Cells: TypeAlias = dict[str, object]

_WEEKDAYS: Final[Mapping[str, Weekday]] = {day: day for day in WEEKDAYS}

_DAY = timedelta(days=1)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WINDOW = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")
_NEARLY_A_WINDOW = re.compile(r"\s*([0-9]{1,2}):([0-9]{2})\s*[-\u2010-\u2015\u2212]\s*([0-9]{1,2}):([0-9]{2})\s*")
_DURATION = re.compile(r"(?=\S)(?:([0-9]{1,9})h)?(?: ?([0-9]{1,9})m)?(?: ?([0-9]{1,9})s)?(?: ?([0-9]{1,9})us)?")
_UNITS = (("h", timedelta(hours=1)), ("m", timedelta(minutes=1)), ("s", timedelta(seconds=1)), ("us", MICROSECOND))
_DAYS = re.compile(r"([0-9]{1,5}) ?d(?:ays?)?")
_LONGEST_QUOTE = 60


class UnreadableWord(TutorcoreError, ValueError):
    """A word in a schedule that is not what should stand there; `suggestion` is what may have been meant."""

    def __init__(self, word: str, expected: str, suggestion: str | None = None) -> None:
        self.message = f"is {word!r}; expected {expected}"
        self.suggestion = suggestion
        super().__init__(self.message if suggestion is None else f"{self.message}; did you mean {suggestion!r}?")


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
    return _loaded(Source.parse(text, file))


def schedule_of(text: str) -> Schedule:
    """Return the schedule of a JSON text, as `schedule_text` wrote it; raise `InvalidValue` or `Mistakes`."""
    if not isinstance(text, str):
        raise InvalidType("schedule", text, "a JSON text")
    try:
        data = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise InvalidValue(
            "schedule", text[:_LONGEST_QUOTE], "the JSON text of a schedule, in which no key comes twice"
        )
    return _loaded(Source(data, "<schedule>"))


def read_schedule(table: Table, zone: str | None = None) -> Schedule | None:
    """Return the schedule in a table, or None after noting what is wrong with it.

    `zone` is that of the tutor where the table names none. The caller reads `schema` and whatever else may stand in
    the table, and finishes it.
    """
    before = len(table.problems)
    home = table.parsed("zone", _zone) if zone is None else table.parsed("zone", _zone, zone)
    rules = [*_base(table), *(rule for season in tables_of(table, "seasons") for rule in _season(season))]
    overrides = tuple(_overrides(table))
    blackouts = [_blackout(each) for each in tables_of(table, "blackouts")]
    moves = tuple(_moves(tables_of(table, "moves")))
    booking = _booking(table.table("booking"))
    if home is None or len(table.problems) > before:
        return None
    found = tuple(blackout for blackout in blackouts if blackout is not None)
    return Schedule(home, tuple(rules), overrides=overrides, blackouts=found, zone_periods=moves, booking=booking)


def tables_of(parent: Table, key: str) -> Iterator[Table]:
    """Yield the tables in a list, until so many mistakes are noted that reading on is in vain."""
    return takewhile(lambda table: not table.problems.full, parent.tables(key))


def parse_duration(text: str) -> timedelta:
    """Return the elapsed time that a text such as `24h`, `90m` or `1h 30m` spells; raise `UnreadableWord`.

    >>> parse_duration("1h 30m") == parse_duration("90m")
    True

    Days are refused: one is not always 24 hours long, and this is elapsed time.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        days = _DAYS.fullmatch(text)
        expected = "hours, minutes or seconds, such as '24h' or '1h 30m'"
        raise UnreadableWord(text, expected, None if days is None else f"{int(days[1]) * 24}h")
    return sum((int(count or 0) * unit for count, (_, unit) in zip(found.groups(), _UNITS, strict=True)), timedelta())


def _loaded(source: Source) -> Schedule:
    problems = Problems()
    root = Table.root(source, problems)
    root.integer("schema", least=SCHEMA, most=SCHEMA)
    schedule = read_schedule(root)
    root.finish()
    problems.raise_if_any(f"{source.file} is not a schedule that can be used")
    assert schedule is not None
    return schedule


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ValueError
    return data


def _base(table: Table) -> Iterator[WeeklyRule]:
    weekly = table.table("weekly")
    if weekly is not None:
        yield from _weekly(weekly, None, None)


def _season(table: Table) -> Iterator[WeeklyRule]:
    since, until = _date_if_any(table, "from"), _date_if_any(table, "until")
    if since is not None and until is not None and until <= since:
        table.mistake("until", f"is {until}; expected a date after {since}, on which the season begins")
        since = None
    weekly = table.table("weekly")
    if weekly is not None:
        yield from _weekly(weekly, since, until)
    elif "weekly" not in table:
        table.mistake(None, 'the hours are missing; expected weekly = { monday = ["09:00-12:00"] }, say')
    table.finish()


def _weekly(table: Table, since: date | None, until: date | None) -> Iterator[WeeklyRule]:
    for name in table.mapping:
        if name in _WEEKDAYS:
            for window in _windows(table, name):
                yield WeeklyRule(_WEEKDAYS[name], window, since, until)
    table.finish(*WEEKDAYS)


def _overrides(parent: Table) -> Iterator[Override]:
    table = parent.table("overrides")
    if table is None:
        return
    for name in table.mapping:
        if table.problems.full:
            return
        windows = tuple(_windows(table, name))
        try:
            yield Override(_day(name), windows)
        except UnreadableWord as error:
            path = (*table.path, name)
            table.problems.add(table.source.mistake(path, table.source.place(path, "key"), error.message))


def _blackout(table: Table) -> Blackout | None:
    first, last, note = _date(table, "from"), _date(table, "to"), table.text("note", "")
    table.finish()
    if first is None or last is None:
        return None
    if last < first:
        table.mistake("to", f"is {last}; expected {first}, on which the blackout begins, or later")
        return None
    return Blackout(first, last, note)


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


def _booking(table: Table | None) -> Booking:
    """Return what a section says about bookings; the defaults stand in for what is mistaken."""
    if table is None:
        return Booking()
    cells: Cells = {key: _span(table, key) for key in ("notice", "before", "after", "step")}
    cells |= _horizon(table)
    cells["anchor"] = table.one_of("anchor", ANCHORS, None)
    for key in ("most_per_day", "most_per_week"):
        cells[key] = table.integer(key, None, least=1, most=MOST_LESSONS) or None
    table.finish()
    return _booking_of(_present(cells))


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

    return table.parsed(key, parser, None)


def _booking_of(cells: Mapping[str, Any]) -> Booking:
    return attrs.evolve(Booking(), **cells)


# Words


def _zone(name: str) -> str:
    zone_of(name)
    return name


def _windows(table: Table, key: str) -> Iterator[Window]:
    table.texts(key)  # Notes whatever is not a list of texts.
    written = table.value(key)
    for index, text in enumerate(written if isinstance(written, list) else ()):
        if isinstance(text, str) and not table.problems.full:
            window = table.attempt(partial(_window, text), (key, index))
            if window is not None:
                yield window


def _window(text: str) -> Window:
    found = _WINDOW.fullmatch(text)
    if found is None:
        nearly = _NEARLY_A_WINDOW.fullmatch(text)
        suggestion = None if nearly is None else "{:0>2}:{}-{:0>2}:{}".format(*nearly.groups())
        raise UnreadableWord(text, "two wall times such as '09:00-12:00'", suggestion)
    return Window.of(found[1], found[2])


def _date(table: Table, key: str) -> date | None:
    """Return the date that must stand under `key`, or None after a mistake."""
    if key not in table:
        table.mistake(key, "is missing")
    return _date_if_any(table, key)


def _date_if_any(table: Table, key: str) -> date | None:
    value = table.value(key)
    return table.attempt(partial(_day, value), key) if key in table else None


def _day(value: object) -> date:
    """Return a date, which is written without quotes in TOML and with them in JSON."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:  # No month has such a day.
        pass
    raise UnreadableWord(str(value), "a date such as 2026-12-24")


# Writing


def schedule_text(schedule: Schedule) -> str:
    """Return the canonical JSON text of a schedule, plain ASCII on one line; `schedule_of` reads it back.

    >>> schedule_text(Schedule("Asia/Tokyo", (WeeklyRule("friday", Window.of("22:00", "02:00")),)))[:61]
    '{"schema":1,"zone":"Asia/Tokyo","weekly":{"friday":["22:00-02'
    """
    return json.dumps(_document(schedule), separators=(",", ":"), default=_dated)


def dump_schedule(schedule: Schedule) -> str:
    """Return the canonical TOML text of a schedule; `load_schedule` reads it back."""
    return "\n".join(_lines(_document(schedule))) + "\n"


def duration_text(span: timedelta) -> str:
    """Return an elapsed time as `parse_duration` reads it.

    >>> duration_text(timedelta(minutes=90))
    '1h 30m'
    """
    parts: list[str] = []
    for name, unit in _UNITS:
        count, span = divmod(span, unit)
        parts += [f"{count}{name}"] * (count > 0)
    return " ".join(parts) or "0m"


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
        "overrides": {each.day.isoformat(): [str(window) for window in each.windows] for each in schedule.overrides},
        "blackouts": [_blackout_cells(each) for each in schedule.blackouts],
        "moves": [{"at": each.since, "zone": each.zone} for each in schedule.zone_periods],
        "booking": _booking_cells(schedule.booking),
    }
    return document | {name: section for name, section in sections.items() if section}


def _seasons(rules: Iterable[WeeklyRule]) -> Iterator[Cells]:
    """Yield the rules as tables of hours, so that reading those one after the other gives the rules in their order."""
    dates: tuple[date | None, date | None] = (None, None)
    weekly: dict[str, list[str]] = {}
    for rule in rules:
        returns = rule.weekday in weekly and rule.weekday != next(reversed(weekly))
        if weekly and (returns or dates != (rule.since, rule.until)):
            yield _season_cells(dates, weekly)
            weekly = {}
        dates = (rule.since, rule.until)
        weekly.setdefault(rule.weekday, []).append(str(rule.window))
    if weekly:
        yield _season_cells(dates, weekly)


def _season_cells(dates: tuple[date | None, date | None], weekly: Mapping[str, Sequence[str]]) -> Cells:
    return _present({"from": dates[0], "until": dates[1], "weekly": weekly})


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
    return (f"{key} = {_toml(value)}" for key, value in cells.items())


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
