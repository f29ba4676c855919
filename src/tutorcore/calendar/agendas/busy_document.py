"""What an outside calendar says, as a document: one canonical JSON text, read back equal.

    {"schema": 1,
     "busy": [{"start": "2026-10-20T16:00:00Z",
               "end": "2026-10-20T17:30:00Z",
               "id": "choir@example.com",
               "kind": "hold",                      or "event", or "tentative"
               "expires": "2026-10-19T12:00:00Z",
               "before": 900000000,                 buffers in microseconds, as is "after"
               "after": 900000000}]}

What has its default is not written, and the order is by start, then end, then id, so the same times have one text.
Lessons and requests are a marketplace's own, so they are not in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

from tutorcore.calendar.agendas.busy import Busy, Kind, checked
from tutorcore.calendar.intervals import Span
from tutorcore.documents.json_text import EXCERPT, json_object
from tutorcore.errors import InvalidValue, TutorcoreError
from tutorcore.instants import MICROSECOND, to_text

SCHEMA: Final = 1
"""The version of the format."""

MOST_OUTSIDE: Final = 10_000
"""The most busy times of outside calendars that are kept of somebody."""

OUTSIDE: Final[tuple[Kind, ...]] = ("event", "tentative", "hold")
"""The kinds of busy time that an outside calendar has."""

_NONE: Final = timedelta(0)
_WHAT: Final = "busy time kept"
_NEEDED: Final = frozenset({"start", "end", "id", "kind"})
_KEYS: Final = _NEEDED | {"expires", "before", "after"}


def busy_text(busy: Iterable[Busy]) -> str:
    """Return the canonical JSON text of outside busy times, plain ASCII on one line; `busy_of` reads it back.

    Raises `InvalidValue` for one that is not of the kinds in `OUTSIDE`, for two with one id, and for more than
    `MOST_OUTSIDE`.

    >>> from tutorcore.instants import instant
    >>> busy_text([Busy(instant("2026-10-20T16:00Z"), instant("2026-10-20T17:00Z"), "choir", "event")])[:56]
    '{"schema":1,"busy":[{"start":"2026-10-20T16:00:00Z","end'
    """
    found = sorted(_allowed(checked(busy, "busy time")), key=_order)
    return json.dumps({"schema": SCHEMA, "busy": [_cells(one) for one in found]}, separators=(",", ":"))


def busy_of(text: str) -> tuple[Busy, ...]:
    """Return the busy times of a text that `busy_text` wrote; raise `InvalidValue` for what is none."""
    expected = f'the JSON text {{"schema": {SCHEMA}, "busy": [...]}}, in which no key comes twice'
    data = json_object(text, _WHAT, expected)
    rows = data["busy"] if data.keys() == {"schema", "busy"} else None
    if not isinstance(rows, list) or data["schema"] != SCHEMA:
        raise InvalidValue(_WHAT, text[:EXCERPT], expected)
    return _allowed(tuple(map(_one, rows)))


def _allowed(busy: tuple[Busy, ...]) -> tuple[Busy, ...]:
    if len(busy) > MOST_OUTSIDE:
        expected = f"at most {MOST_OUTSIDE:,}; read the calendar for a shorter range"
        raise InvalidValue("number of busy times", len(busy), expected)
    ids: set[str] = set()
    for one in busy:
        if one.kind not in OUTSIDE:
            expected = f"one of {', '.join(OUTSIDE)}, for lessons and requests are the marketplace's own"
            raise InvalidValue(f"kind of busy time {one.id!r}", one.kind, expected)
        if one.id in ids:
            raise InvalidValue("id of a busy time", one.id, "another id for each busy time of a party")
        ids.add(one.id)
    return busy


def _order(one: Busy) -> tuple[Span, str]:
    return one.span, one.id


def _cells(one: Busy) -> dict[str, object]:
    cells: dict[str, object] = {"start": to_text(one.start), "end": to_text(one.end), "id": one.id, "kind": one.kind}
    if one.expires is not None:
        cells["expires"] = to_text(one.expires)
    for name, buffer in (("before", one.before), ("after", one.after)):
        if buffer:
            cells[name] = buffer // MICROSECOND
    return cells


def _one(row: object) -> Busy:
    if not isinstance(row, Mapping) or not _NEEDED <= row.keys() <= _KEYS:
        expected = f"an object with {', '.join(sorted(_NEEDED))}, and perhaps {', '.join(sorted(_KEYS - _NEEDED))}"
        raise InvalidValue(_WHAT, json.dumps(row)[:EXCERPT], expected)
    try:
        before, after = (_buffer(row.get(name, 0)) for name in ("before", "after"))
        return Busy(row["start"], row["end"], row["id"], row["kind"], row.get("expires"), before, after)
    except TutorcoreError as error:
        raise InvalidValue(_WHAT, json.dumps(row)[:EXCERPT], f"one without this mistake: {error}") from error


def _buffer(value: object) -> timedelta:
    if type(value) is not int or value < 0:
        raise InvalidValue("buffer", value, "whole microseconds, nothing or more")
    try:
        return value * MICROSECOND
    except OverflowError:
        raise InvalidValue("buffer", value, "fewer microseconds") from None
