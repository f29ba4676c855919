"""What nobody can mean: every door of the calendar against every kind of thing that is no answer to its question.

Each argument is given all that its kind does not allow. The error is one of ours and the fitting builtin, it names the
argument and shows the value, and it says what was expected.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from time import process_time
from typing import Any, Final, TypeAlias

import attrs
import pytest

import tutorcore.calendar
from tutorcore.calendar import (
    MOST_RANGE,
    TZDATA,
    WEEKDAYS,
    Agenda,
    Attendee,
    Booking,
    Busy,
    FreeBusy,
    Override,
    Roster,
    Schedule,
    Slots,
    StoredTime,
    TimeZones,
    WeeklyRule,
    Window,
    ZonePeriod,
    add_calendar,
    at_time,
    available_ranges,
    canonical_zone,
    end_of_day,
    find_drift,
    first_instant,
    last_instant,
    local_date,
    rebased,
    same_zone,
    start_of_day,
    to_instant,
    to_local,
    zone,
)
from tutorcore.calendar.recurrences.recurrence import Recurrence
from tutorcore.calendar.schedules.document import dump_schedule, schedule_of, schedule_text
from tutorcore.calendar.series.conflicts import conflicts
from tutorcore.calendar.series.document import series_of, series_text
from tutorcore.calendar.series.series import Series
from tutorcore.errors import InvalidType, InvalidValue, TutorcoreError, UnknownName
from tutorcore.instants import instant

_NOW: Final = instant("2026-06-10T12:00Z")
_HOUR: Final = timedelta(hours=1)
_SCHEDULE: Final = Schedule("UTC", tuple(WeeklyRule(day, Window(0, 1440)) for day in WEEKDAYS))
_AGENDA: Final = Agenda(_SCHEDULE, _NOW)
_BUSY: Final = Busy(_NOW, _NOW + _HOUR, "lesson-1")
_STORED: Final = StoredTime.of(_NOW, "Europe/Berlin")

Values: TypeAlias = tuple[object, ...]

_NO_INSTANT: Final[Values] = (
    datetime.fromisoformat("2026-06-10T12:00"),
    date(2026, 6, 10),
    1_781_092_800.0,
    1_781_092_800,
    "2026-06-10T12:00",
    "tomorrow",
    ["2026-06-10T12:00Z"],
    datetime(1700, 1, 1, tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
)
_NO_ZONE: Final[Values] = (
    "Mars/Base",
    "europe/berlin",
    "../zones",
    "",
    None,
    5,
    b"UTC",
    ("UTC",),
    UTC,
    "UTC\0",
    "x" * 10_000,
)
_NO_SPAN: Final[Values] = (60, 1.5, "1h", None, timedelta(0), -_HOUR, timedelta.max, ())
_NO_DATE: Final[Values] = (datetime.fromisoformat("2026-06-10T12:00"), _NOW, "2026-06-10", 20_260_610, 1.5, None)
_NO_WALL: Final[Values] = (
    _NOW,
    date(2026, 6, 10),
    "2026-06-10T12:00",
    1.5,
    None,
    datetime.fromisoformat("0001-01-01"),
    datetime.fromisoformat("9999-12-31"),
)  # wall times
_NO_NUMBER: Final[Values] = (1.5, True, "1", None, float("nan"), [])
_NO_SCHEDULE: Final[Values] = ("UTC", {}, 5, Schedule)
_NO_DATABASE: Final[Values] = ("2026f", {}, None, TimeZones)
_NO_BUSY: Final[Values] = (5, ["lesson-1"], [None], [(_NOW, _NOW + _HOUR)], "lesson-1", {"lesson-1": _BUSY})
_NO_TEXT: Final[Values] = ("", None, 7, b"sue", 1.5)


Bad: TypeAlias = dict[str, tuple[str, Values]]
"""For each argument, what the error calls it, and what cannot be meant."""


@attrs.frozen
class Door:
    """A function, arguments that it takes, and others."""

    opens: Callable[..., object]
    good: Mapping[str, object]
    bad: Mapping[str, tuple[str, Values]]


# A datetime in UTC, as `instant` makes it, is not looked at again: those before 1900 and after 9000 get some answer.
_WHEN: Final[Bad] = {"when": ("instant", (*_NO_INSTANT[:-2], None))}
_ZONED: Final[Bad] = {"zone_name": ("zone", _NO_ZONE)}
_BY: Final[Bad] = {"database": ("database", _NO_DATABASE)}
_RANGE: Final[Bad] = {"since": ("since", (*_NO_INSTANT, None)), "until": ("until", (*_NO_INSTANT, None, _NOW - _HOUR))}
_GOOD_RANGE: Final[dict[str, object]] = {"since": _NOW, "until": _NOW + _HOUR}
_LENGTH: Final[Bad] = {"duration": ("duration", _NO_SPAN)}

_WALL: Final = datetime.fromisoformat("2026-06-10T12:00")
_NO_WEDNESDAY: Final = _WALL + timedelta(days=1)
_NO_LESSON: Final[Values] = (*_NO_WALL, _WALL + timedelta(microseconds=1))
_NO_RULE: Final[Values] = (
    None,
    5,
    b"FREQ=WEEKLY",
    "",
    "FREQ",
    "FREQ=",
    "FREQ=SOMETIMES",
    "COUNT=3",
    "FREQ=WEEKLY;FREQ=DAILY",
    "FREQ=WEEKLY;COUNT=0",
    "FREQ=WEEKLY;COUNT=-1",
    "FREQ=WEEKLY;COUNT=1;UNTIL=20270101",
    "FREQ=WEEKLY;",
    "FREQ=WEEKLY;BYDAY=XX",
    "FREQ=WEEKLY;BYDAY=1TU",
    "FREQ=DAILY;BYHOUR=24",
    "FREQ=WEEKLY;X=1",
    "FREQ=WEEKLY;INTERVAL=" + "9" * 5000,
    "FREQ=WEEKLY;UNTIL=20260230",
    "FREQ=YEARLY;BYMONTH=13",
    "FREQ=YEARLY;BYSETPOS=1",
    "x" * 10**6,
)
_RULE: Final = Recurrence.parse("FREQ=WEEKLY")
_SERIES: Final = Series("Europe/Berlin", _WALL, _HOUR, _RULE)
_TUTOR: Final[Bad] = {"tutor": ("tutor", (*_NO_TEXT, "sam"))}
_FAR: Final = (_NOW + timedelta(days=365), "2027-06-10T12:00Z")


def _roster() -> Roster:
    found = Roster(_NOW, _NOW + timedelta(days=30))
    found.put("tim", _SCHEDULE)
    return found


_DOORS: Final = {
    "to_local": Door(to_local, {"when": _NOW, "zone_name": "UTC"}, _WHEN | _ZONED | _BY),
    "local_date": Door(local_date, {"when": _NOW, "zone_name": "UTC"}, _WHEN | _ZONED | _BY),
    "start_of_day": Door(start_of_day, {"when": _NOW, "zone_name": "UTC"}, _WHEN | _ZONED | _BY),
    "end_of_day": Door(end_of_day, {"when": _NOW, "zone_name": "UTC"}, _WHEN | _ZONED | _BY),
    "first_instant": Door(
        first_instant,
        {"day": date(2026, 6, 10), "zone_name": "UTC"},
        {"day": ("day", (*_NO_DATE, date.min, date.max))} | _ZONED | _BY,
    ),
    "last_instant": Door(
        last_instant,
        {"day": date(2026, 6, 10), "zone_name": "UTC"},
        {"day": ("day", (*_NO_DATE, date.min, date.max))} | _ZONED | _BY,
    ),
    "to_instant": Door(
        to_instant,
        {"wall": datetime.fromisoformat("2026-06-10T12:00"), "zone_name": "UTC"},
        {"wall": ("wall time", _NO_WALL), "disambiguate": ("disambiguation", ("sooner", "", None, 0))} | _ZONED | _BY,
    ),
    "add_calendar": Door(
        add_calendar,
        {"when": _NOW, "zone_name": "UTC", "months": 1, "weeks": 1, "days": 1},
        {unit: (unit, _NO_NUMBER) for unit in ("months", "weeks", "days")} | _WHEN | _ZONED | _BY,
    ),
    "add_calendar, absurdly": Door(
        add_calendar,
        {"when": _NOW, "zone_name": "UTC"},
        dict.fromkeys(("months", "weeks", "days"), ("calendar sum", (10**12, -(10**12), 10**30))),
    ),
    "at_time": Door(
        at_time,
        {"when": _NOW, "hour": 9, "minute": 30, "zone_name": "UTC"},
        {"hour": ("hour", (*_NO_NUMBER, -1, 24)), "minute": ("minute", (*_NO_NUMBER, -1, 60))} | _WHEN | _ZONED | _BY,
    ),
    "zone": Door(zone, {"name": "UTC"}, {"name": ("zone", _NO_ZONE)}),
    "canonical_zone": Door(canonical_zone, {"name": "UTC"}, {"name": ("zone", _NO_ZONE)} | _BY),
    "same_zone": Door(
        same_zone, {"one": "UTC", "other": "UTC"}, {"one": ("zone", _NO_ZONE), "other": ("zone", _NO_ZONE)} | _BY
    ),
    "available_ranges": Door(
        available_ranges,
        {"schedule": _SCHEDULE} | _GOOD_RANGE,
        {"schedule": ("schedule", (*_NO_SCHEDULE, None))} | _RANGE | _BY,
    ),
    "find_drift": Door(
        lambda **more: list(find_drift(**more)),
        {"times": [("lesson-1", _STORED)]},
        {"times": ("stored time", ([5], [_STORED], [("lesson-1", "2026")], [("lesson-1", _STORED, 1)]))} | _BY,
    ),
    "rebased": Door(
        rebased,
        {"stored": _STORED, "keep": "keep_instant"},
        {"stored": ("stored time", ("2026", None, _NOW)), "keep": ("way to rebase", ("keep", None, 0))} | _BY,
    ),
    "StoredTime.of": Door(
        StoredTime.of,
        {"at": _NOW, "zone": "UTC"},
        {"at": ("stored instant", (*_NO_INSTANT, None)), "zone": ("zone", _NO_ZONE)} | _BY,
    ),
    "StoredTime.parse": Door(
        StoredTime.parse,
        {"text": _STORED.text},
        {
            "text": (
                "stored time",
                (
                    None,
                    5,
                    b"",
                    "",
                    "2026-06-10T12:00Z",
                    _STORED.text + " ",
                    "9" * 10**5,
                ),
            )
        },
    ),
    "TimeZones.of": Door(
        TimeZones.of,
        {"version": "2026f", "files": {"UTC": TZDATA.read("UTC")}},
        {
            "version": ("version of a time zone database", ("", None, 5, "by hand", "x" * 10_000)),
            "files": ("", (None, [], {"UTC": "text"}, {5: b""}, {"../zones": b""})),
            "links": ("", (5, {"Zulu": 5}, {"Zulu": "Mars/Base"}, {"A": "B", "B": "A"})),
        },
    ),
    "TimeZones.zone": Door(TZDATA.zone, {"name": "UTC"}, {"name": ("zone", _NO_ZONE)}),
    "TimeZones.offsets": Door(TZDATA.offsets, {"name": "UTC"}, {"name": ("zone", _NO_ZONE)}),
    "TimeZones.canonical": Door(TZDATA.canonical, {"name": "UTC"}, {"name": ("zone", _NO_ZONE)}),
    "TimeZones.read": Door(TZDATA.read, {"name": "UTC"}, {"name": ("zone", _NO_ZONE)}),
    "Schedule": Door(Schedule, {"zone": "UTC"}, {"zone": ("zone", _NO_ZONE), "booking": ("booking", (None, {}))}),
    "ZonePeriod": Door(
        ZonePeriod,
        {"since": _NOW, "zone": "UTC"},
        {"since": ("since of a zone period", (*_NO_INSTANT, None)), "zone": ("zone", _NO_ZONE)},
    ),
    "Override": Door(
        Override,
        {"day": date(2026, 6, 10), "windows": (), "zone": "UTC"},
        {"day": ("day of an override", _NO_DATE), "zone": ("zone", tuple(set(_NO_ZONE) - {None}))},
    ),
    "Window.of": Door(
        Window.of,
        {"start": "09:00", "end": "12:00"},
        {
            "start": ("window start", ("9:00", "24:00", "25:00", "09:60", "", None, 9, "0９:00")),
            "end": ("window end", ("9:00", "24:01", "25:00", "12:60", "", None, 12, "12:00 ")),
        },
    ),
    "Booking": Door(
        Booking,
        {},
        {
            "notice": ("notice", (60, "24h", None, -_HOUR, timedelta.max)),
            "horizon": ("horizon", (60, "24h", timedelta(0), -_HOUR, timedelta.max)),
            "step": ("step", (30, "30m", None, timedelta(0), timedelta(seconds=90), timedelta.max)),
            "before": ("buffer before", (5, None, -_HOUR, timedelta.max)),
            "after": ("buffer after", (5, None, -_HOUR, timedelta.max)),
            "anchor": ("anchor", ("day", "", None, 5)),
            "buffers": ("buffers", ("max", "", None, 5)),
            "most_per_day": ("most_per_day", (0, -1, 1.5, True, "2", 10**9)),
            "most_per_week": ("most_per_week", (0, -1, 1.5, True, "2", 10**9)),
        },
    ),
    "Busy": Door(
        Busy,
        {"start": _NOW, "end": _NOW + _HOUR, "id": "lesson-1", "kind": "hold"},
        {
            "start": ("start of a busy time", (*_NO_INSTANT, None)),
            "end": ("end of a busy time", (*_NO_INSTANT, None, _NOW, _NOW - _HOUR)),
            "id": ("id of a busy time", _NO_TEXT),
            "kind": ("kind of busy time", ("lunch", "", None, 5)),
            "expires": ("expires", _NO_INSTANT),
            "before": ("buffer before", (5, None, -_HOUR, timedelta.max)),
            "after": ("buffer after", (5, None, -_HOUR, timedelta.max)),
            "places": ("places", (-1, 1.5, True, "2", None, 10**9)),
        },
    ),
    "FreeBusy": Door(
        FreeBusy,
        {"start": _NOW, "end": _NOW + _HOUR, "kind": "FREE"},
        {
            "start": ("start of free or busy time", (*_NO_INSTANT, None)),
            "end": ("end of free or busy time", (*_NO_INSTANT, None, _NOW)),
            "kind": ("kind of free or busy time", ("free", "", None, 5)),
        },
    ),
    "Attendee": Door(
        Attendee,
        {},
        {
            "busy": ("busy time", (*_NO_BUSY, None)),
            "schedule": ("schedule", _NO_SCHEDULE),
            "capacity": ("capacity", (0, -1, 1.5, True, "2", None, 10**9)),
        },
    ),
    "Agenda": Door(
        Agenda,
        {"schedule": _SCHEDULE, "now": _NOW},
        {
            "schedule": ("schedule", (*_NO_SCHEDULE, None)),
            "now": ("now", (*_NO_INSTANT, None)),
            "busy": ("busy time", (*_NO_BUSY, None)),
            "others": ("", ([], 5, {"": []}, {7: []}, {"sue": 5}, {"sue": ["lesson-1"]}, {"sue": None})),
            "tentative": ("tentative", ("perhaps", "", None, True)),
        }
        | _BY,
    ),
    "Agenda.is_bookable": Door(
        _AGENDA.is_bookable,
        {"start": _NOW, "duration": _HOUR},
        {"start": ("start", (*_NO_INSTANT, None))} | _LENGTH,
    ),
    "Agenda.explain": Door(
        _AGENDA.explain, {"start": _NOW, "duration": _HOUR}, {"start": ("start", (*_NO_INSTANT, None))} | _LENGTH
    ),
    "Agenda.slots": Door(_AGENDA.slots, {"duration": _HOUR} | _GOOD_RANGE, _RANGE | _LENGTH),
    "Agenda.next_slot": Door(
        _AGENDA.next_slot,
        {"duration": _HOUR, "since": _NOW},
        {"since": ("since", (*_NO_INSTANT, None))} | _LENGTH,
    ),
    "Agenda.available_ranges": Door(_AGENDA.available_ranges, _GOOD_RANGE, _RANGE),
    "Agenda.free_busy": Door(_AGENDA.free_busy, _GOOD_RANGE, _RANGE),
    "Roster": Door(Roster, _GOOD_RANGE, _RANGE | {"tentative": ("tentative", ("perhaps", "", None, True))}),
    "Roster.put": Door(
        _roster().put,
        {"tutor": "tom", "schedule": _SCHEDULE},
        {
            "tutor": ("tutor", _NO_TEXT),
            "schedule": ("schedule", (*_NO_SCHEDULE, None)),
            "busy": ("busy time", (*_NO_BUSY, [_BUSY, _BUSY])),
        },
    ),
    "Roster.drop": Door(lambda tutor: _roster().drop(tutor), {"tutor": "tim"}, _TUTOR),
    "Roster.book": Door(
        _roster().book, {"tutor": "tim", "busy": _BUSY}, _TUTOR | {"busy": ("busy time", ("lesson-1", None, [_BUSY]))}
    ),
    "Roster.release": Door(
        _roster().release, {"tutor": "tim", "id": "lesson-1"}, _TUTOR | {"id": ("id of a busy time", _NO_TEXT)}
    ),
    "Roster.advance": Door(
        _roster().advance,
        {"since": _NOW},
        {
            "since": ("since", (*_NO_INSTANT, None, _NOW - _HOUR, (_NOW - _HOUR).isoformat())),
            "until": ("until", (*_NO_INSTANT, _NOW - _HOUR, (_NOW - _HOUR).isoformat())),
        },
    ),
    "Roster.next_slot": Door(
        _roster().next_slot,
        {"tutor": "tim", "duration": _HOUR, "now": _NOW},
        _TUTOR | _LENGTH | {"now": ("now", (*_NO_INSTANT, None, *_FAR)), "since": ("since", _NO_INSTANT)},
    ),
    "Roster.soonest": Door(
        _roster().soonest,
        {"duration": _HOUR, "now": _NOW},
        {
            "now": ("now", (*_NO_INSTANT, None, *_FAR)),
            "since": ("since", _NO_INSTANT),
            "n": ("n", (0, -1, 1.5, True, "50", None, 10**12)),
            "among": ("", ("tim", 5, [7], [""], [None])),
        }
        | _LENGTH,
    ),
    "Roster.free_at": Door(
        _roster().free_at,
        {"start": _NOW, "duration": _HOUR, "now": _NOW},
        {
            "start": ("start", (*_NO_INSTANT, None, *_FAR)),
            "now": ("now", (*_NO_INSTANT, None, *_FAR)),
            "among": ("", ("tim", 5, [7], [""], [None])),
        }
        | _LENGTH,
    ),
    "Recurrence.parse": Door(Recurrence.parse, {"text": "FREQ=WEEKLY"}, {"text": ("", _NO_RULE)}),
    "Recurrence.starts": Door(
        lambda **more: next(_RULE.starts(**more)),
        {"dtstart": _WALL},
        {"dtstart": ("dtstart", _NO_WALL[:-2]), "until": ("until", _NO_WALL[:-3]), "since": ("since", _NO_WALL[:-3])},
    ),
    "Series": Door(
        Series,
        {"zone": "UTC", "start": _WALL, "duration": _HOUR, "recurrence": "FREQ=WEEKLY"},
        {
            "zone": ("zone", _NO_ZONE),
            "start": ("start of a series", _NO_LESSON),
            "recurrence": ("", (None, 5, "", "weekly", "FREQ=SOMETIMES")),
            "disambiguate": ("disambiguation", ("sooner", "", None, 0)),
            "first_index": ("first_index", (*_NO_NUMBER, -1)),
            "extra": ("exception of a series", ([_NOW], [5], ["2026-06-10T12:00"])),
            "excluded": ("exception of a series", ([_NOW], [5], ["2026-06-10T12:00"])),
            "skipped": ("exception of a series", ([_NOW], [5], ["2026-06-10T12:00"])),
            "moved": ("", ({_NOW: _WALL}, {_WALL: 5}, {_WALL: "2026-06-10T12:00Z"}, {5: _WALL})),
        }
        | _LENGTH,
    ),
    "Series.weekly": Door(
        Series.weekly,
        {"zone": "UTC", "start": _WALL, "duration": _HOUR},
        {
            "zone": ("zone", _NO_ZONE),
            "start": ("start of a series", (*_NO_LESSON,)),
            "weekdays": ("", (["someday"], [5], ["monday"])),
            "every": ("INTERVAL", (*_NO_NUMBER, 0, -1)),
            "count": ("COUNT", (1.5, True, "1", 0, -1)),
            "until": ("UNTIL", (1.5, "2026-06-10", 20_260_610)),
        }
        | _LENGTH,
    ),
    "Series.occurrences": Door(
        lambda **more: next(_SERIES.occurrences(**more)),
        {},
        {"since": ("since", _NO_INSTANT), "until": ("until", _NO_INSTANT)} | _BY,
    ),
    "Series.occurrence": Door(_SERIES.occurrence, {"index": 3}, {"index": ("index", (*_NO_NUMBER, -1, 10**12))} | _BY),
    "Series.planned_of": Door(_SERIES.planned_of, {"index": 3}, {"index": ("index", (*_NO_NUMBER, -1, 10**12))}),
    "Series.index_of": Door(
        _SERIES.index_of, {"planned": _WALL}, {"planned": ("lesson", (*_NO_LESSON, _NO_WEDNESDAY))}
    ),
    "Series.shifts": Door(
        _SERIES.shifts,
        {"viewer_zone": "UTC", "until": _NOW + timedelta(days=30)},
        {"viewer_zone": ("zone", _NO_ZONE), "since": ("since", _NO_INSTANT), "until": ("until", _NO_INSTANT)} | _BY,
    ),
    "Series.skipping": Door(
        lambda lesson: _SERIES.skipping(lesson), {"lesson": 3}, {"lesson": ("", (*_NO_NUMBER, -1, _NOW, _NO_WEDNESDAY))}
    ),
    "Series.moving": Door(
        _SERIES.moving,
        {"lesson": 3, "to": _NOW},
        {
            "lesson": ("", (*_NO_NUMBER, -1, _NOW, _NO_WEDNESDAY)),
            "to": ("moved to", (None, 5, "2026-06-10T12:00Z", date(2026, 6, 10))),
        },
    ),
    "Series.ended_before": Door(
        _SERIES.ended_before, {"lesson": 3}, {"lesson": ("", (*_NO_NUMBER, -1, _NOW, date(2026, 6, 10)))}
    ),
    "Series.changed_from": Door(
        _SERIES.changed_from,
        {"lesson": 3},
        {
            "lesson": ("", (*_NO_NUMBER, -1, _NOW, _NO_WEDNESDAY)),
            "start": ("start", tuple(set(_NO_LESSON) - {None})),
            "duration": ("duration", (60, 1.5, timedelta(0), timedelta.max)),
            "zone": ("zone", tuple(set(_NO_ZONE) - {None})),
            "recurrence": ("", (5, "", "weekly")),
        },
    ),
    "conflicts": Door(
        conflicts,
        {"series": _SERIES, "agenda": _AGENDA} | _GOOD_RANGE,
        {
            "series": ("series", (None, 5, _RULE, [_SERIES])),
            "agenda": ("agenda", (None, 5, _SCHEDULE)),
            "ignoring": ("code", ("horizon", ["late"], [5], [None])),
        }
        | _RANGE,
    ),
    "series_text": Door(series_text, {"series": _SERIES}, {"series": ("series", (None, 5, "FREQ=WEEKLY", _RULE))}),
    "series_of": Door(
        series_of,
        {"text": series_text(_SERIES)},
        {"text": ("series", (None, 5, b"{}", "", "{", "[]", "[" * 10**5, '{"zone":1,"zone":2}', "1" * 10**7))},
    ),
    "schedule_text": Door(
        schedule_text, {"schedule": _SCHEDULE}, {"schedule": ("schedule", (*_NO_SCHEDULE, None, _SERIES))}
    ),
    "dump_schedule": Door(
        dump_schedule, {"schedule": _SCHEDULE}, {"schedule": ("schedule", (*_NO_SCHEDULE, None, _SERIES))}
    ),
    "schedule_of": Door(
        schedule_of,
        {"text": schedule_text(_SCHEDULE)},
        {"text": ("schedule", (None, 5, b"{}", "", "{", "[]", "[" * 10**5, '{"zone":1,"zone":2}'))},
    ),
}
_ROWS: Final = [
    pytest.param(door, argument, value, id=f"{name}-{argument}-{number}")
    for name, door in _DOORS.items()
    for argument, (_, values) in door.bad.items()
    for number, value in enumerate(values)
]


@pytest.mark.parametrize("door", _DOORS.values(), ids=_DOORS)
def test_a_good_question_is_answered(door: Door) -> None:
    """Nothing stands against the question but the argument under test."""
    door.opens(**door.good)


@pytest.mark.parametrize(("door", "argument", "value"), _ROWS)
def test_what_cannot_be_meant_is_refused_by_name(door: Door, argument: str, value: object) -> None:
    """The error names the argument, is the fitting builtin and says what would do."""
    with pytest.raises(TutorcoreError) as raised:
        door.opens(**{**door.good, argument: value})

    error: Any = raised.value
    assert door.bad[argument][0] in str(error)
    if isinstance(error, UnknownName):
        assert isinstance(error, LookupError)
    else:
        assert isinstance(error, InvalidType | InvalidValue)
        assert isinstance(error, TypeError | ValueError)
        assert error.expected in str(error)
    assert len(str(error)) < 20_000 + len(repr(value))


def _is_asked(value: object) -> bool:
    return inspect.isfunction(value) and bool(inspect.signature(value).parameters)


def test_no_door_is_left_out() -> None:
    """Every function of the calendar stands in the table, and every method of what answers questions."""
    calendar = tutorcore.calendar
    functions = {name for name in calendar.__all__ if _is_asked(getattr(calendar, name))}
    methods = {
        f"{kind.__name__}.{name}"
        for kind in (Agenda, Roster, Series, TimeZones)
        for name, member in vars(kind).items()
        if not name.startswith("_") and inspect.isfunction(member) and len(inspect.signature(member).parameters) > 1
    }

    assert functions | methods <= set(_DOORS)


@pytest.mark.parametrize(
    "ask",
    [
        lambda until: available_ranges(_SCHEDULE, _NOW, until),
        lambda until: _AGENDA.slots(_HOUR, _NOW, until),
        lambda until: _AGENDA.free_busy(_NOW, until),
        lambda until: _AGENDA.available_ranges(_NOW, until),
        lambda until: Roster(_NOW, until),
    ],
    ids=["available_ranges", "slots", "free_busy", "ranges of an agenda", "roster"],
)
def test_no_question_is_about_a_century(ask: Callable[[datetime], object]) -> None:
    """Ranges have a limit, which is told; a question at the limit is answered."""
    with pytest.raises(InvalidValue, match=r"until is .*expected an instant at most \d+ days after since"):
        ask(instant("2126-06-10T12:00Z"))
    with pytest.raises(InvalidValue, match=r"until is .*expected an instant"):
        ask(_NOW - timedelta(microseconds=1))


def test_a_search_that_finds_nothing_ends() -> None:
    """Hours in one hour of a far century, or none at all: the search is over after the longest range there is."""
    far = Override(date(2926, 6, 10), (Window(540, 600),))

    for schedule in (Schedule("UTC"), Schedule("UTC", overrides=(far,)), Schedule("Pacific/Apia")):
        assert Agenda(schedule, _NOW).next_slot(_HOUR, _NOW) is None
    assert Agenda(Schedule("UTC", overrides=(far,)), _NOW).next_slot(
        _HOUR, instant("2926-06-10T00:00Z") - MOST_RANGE / 2
    ) == instant("2926-06-10T09:00Z")


@pytest.mark.parametrize("at", ["1900-01-01T00:00Z", "8999-12-31T23:00Z"])
@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "Pacific/Niue", "Africa/Monrovia"])
def test_the_ends_of_time_have_answers_or_errors(at: str, name: str) -> None:
    """At the first and the last instants that there are, whatever is asked comes to an end in one way or the other."""
    edge, schedule = instant(at), attrs.evolve(_SCHEDULE, zone=name, booking=Booking(anchor="free", most_per_week=1))
    agenda = Agenda(schedule, edge, [Busy(edge, edge + timedelta(minutes=1), "lesson-1")])

    asked: tuple[Callable[[], object], ...] = (
        lambda: to_local(edge, name),
        lambda: local_date(edge, name),
        lambda: start_of_day(edge, name),
        lambda: end_of_day(edge, name),
        lambda: agenda.is_bookable(edge, _HOUR),
        lambda: agenda.explain(edge, _HOUR),
        lambda: len(agenda.slots(_HOUR, edge, edge)),
        lambda: agenda.next_slot(_HOUR, edge),
        lambda: agenda.free_busy(edge, edge),
    )

    for ask in asked:
        try:
            ask()
        except TutorcoreError as error:
            assert "1900" in str(error)  # noqa: PT017  # either answer will do


@pytest.mark.slow
def test_a_million_busy_times_are_sorted_once() -> None:
    """They take seconds to build and milliseconds to ask about, though all of them overlap a year of absence."""
    minute = timedelta(minutes=1)
    busy = [Busy(_NOW + n * minute, _NOW + (n + 1) * minute, f"event-{n}", "event") for n in range(0, 2_000_000, 2)]
    away = Busy(_NOW - timedelta(days=365), _NOW + timedelta(days=365), "away")
    began = process_time()

    agenda = Agenda(_SCHEDULE, _NOW, [*busy, away])

    assert process_time() - began < 60
    began = process_time()
    assert len(agenda.slots(_HOUR, _NOW, _NOW + timedelta(days=400))) == 0
    assert isinstance(agenda.slots(minute, _NOW + timedelta(days=700), _NOW + timedelta(days=701)), Slots)
    assert {reason.id for reason in agenda.is_bookable(_NOW, minute).reasons} == {"event-0", "away"}
    assert [part.kind for part in agenda.free_busy(_NOW, _NOW + timedelta(days=30))] == ["BUSY"]
    assert process_time() - began < 20
