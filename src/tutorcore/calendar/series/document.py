"""Series as documents: one canonical JSON text, read back equal.

    {"schema": 1,
     "zone": "Europe/Berlin",
     "start": "2026-10-20T18:00:00",            wall time of the first lesson
     "duration": "1h",
     "recurrence": "FREQ=WEEKLY;COUNT=10",
     "extra": ["2026-12-23T10:00:00"],          wall times, as are these:
     "excluded": ["2026-10-20T18:00:00"],
     "skipped": ["2026-12-29T18:00:00"],
     "moved": {"2026-11-03T18:00:00": "2026-11-04T17:00:00Z"},     to an instant, or a wall time
     "disambiguate": "compatible",
     "first_index": 0}

What has its default is not written. Knows the words; what they mean is `tutorcore.calendar.series.series`'s.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import partial
from typing import Final

from tutorcore.calendar.recurrences.recurrence import Recurrence
from tutorcore.calendar.schedules.words import UnreadableWord, duration_text, parse_duration
from tutorcore.calendar.series.series import Series
from tutorcore.calendar.zones.wall_time import DISAMBIGUATIONS
from tutorcore.documents.json_text import EXCERPT, json_object
from tutorcore.documents.reader import Problems, Table
from tutorcore.documents.source import SIZE, Source
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.instants import instant, to_text

SCHEMA: Final = 1
"""The version of the format."""

_WALL: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?", re.ASCII)


def series_text(series: Series) -> str:
    """Return the canonical JSON text of a series, plain ASCII on one line; `series_of` reads it back.

    >>> from datetime import timedelta
    >>> hour = timedelta(hours=1)
    >>> series_text(Series("Asia/Tokyo", datetime.fromisoformat("2026-10-20T18:00"), hour, "FREQ=DAILY;COUNT=2"))[:66]
    '{"schema":1,"zone":"Asia/Tokyo","start":"2026-10-20T18:00:00","dur'
    """
    if not isinstance(series, Series):
        raise InvalidType("series", series, "a Series")
    cells = {
        "schema": SCHEMA,
        "zone": series.zone,
        "start": series.start.isoformat(),
        "duration": duration_text(series.duration),
        "recurrence": series.recurrence.text,
    }
    others = {
        "extra": [wall.isoformat() for wall in series.extra],
        "excluded": [wall.isoformat() for wall in series.excluded],
        "skipped": [wall.isoformat() for wall in series.skipped],
        "moved": {wall.isoformat(): _moment_text(to) for wall, to in series.moved},
        "disambiguate": "" if series.disambiguate == "compatible" else series.disambiguate,
        "first_index": series.first_index,
    }
    return json.dumps(cells | {name: value for name, value in others.items() if value}, separators=(",", ":"))


def series_of(text: str) -> Series:
    """Return the series of a JSON text; raise `InvalidValue` for what is not JSON, `Mistakes` for what is no series."""
    if isinstance(text, str) and len(text) > SIZE:
        raise InvalidValue("series", f"{text[:EXCERPT]}...", f"a text of at most {SIZE:,} characters")
    data = json_object(text, "series", "the JSON text of a series, in which no key comes twice")
    problems = Problems()
    root = Table.root(Source(data, "<series>"), problems)
    series = _read(root)
    root.finish()
    problems.raise_if_any("<series> is not a series that can be used")
    assert series is not None
    return series


def _read(table: Table) -> Series | None:
    table.integer("schema", least=SCHEMA, most=SCHEMA)
    zone, start = table.text("zone"), table.parsed("start", _wall)
    duration, recurrence = table.parsed("duration", parse_duration), table.parsed("recurrence", Recurrence.parse)
    parts = partial(
        Series,
        extra=_walls(table, "extra"),
        excluded=_walls(table, "excluded"),
        skipped=_walls(table, "skipped"),
        moved=_moved(table),
        disambiguate=table.one_of("disambiguate", DISAMBIGUATIONS, "compatible"),
        first_index=table.integer("first_index", 0, least=0),
    )
    if table.problems.mistakes or start is None or duration is None or recurrence is None:
        return None
    return table.attempt(partial(parts, zone, start, duration, recurrence))


def _walls(table: Table, key: str) -> list[datetime]:
    found = (table.attempt(partial(_wall, text), (key, at)) for at, text in enumerate(table.texts(key, ())))
    return [wall for wall in found if wall is not None]


def _moved(parent: Table) -> dict[datetime, datetime]:
    table = parent.table("moved")
    found: dict[datetime, datetime] = {}
    for key in () if table is None else table.keys():
        assert table is not None
        wall, to = table.attempt(partial(_wall, key), key), table.parsed(key, _moment)
        if wall is not None and to is not None:
            found[wall] = to
    return found


def _wall(text: str) -> datetime:
    try:
        if _WALL.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:  # No month has such a day, no day such an hour.
        pass
    raise UnreadableWord(text, "a wall time such as 2026-10-20T18:00:00")


def _moment(text: str) -> datetime:
    return _wall(text) if _WALL.fullmatch(text) else instant(text, "time that a lesson is moved to")


def _moment_text(moment: datetime) -> str:
    return moment.isoformat() if moment.tzinfo is None else to_text(moment)
