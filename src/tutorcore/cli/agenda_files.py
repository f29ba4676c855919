"""The files that say when somebody can be had: a schedule, and beside it what is booked already.

The schedule is as `docs/reference/schedule.md` describes it. Here it may also say what is booked, and how much may go
on at once, in a room for several lessons, say:

    capacity = 2

    [[busy]]
    from = 2026-12-07T19:00:00+01:00
    to   = 2026-12-07T20:00:00+01:00
    id   = "lesson-7"
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

from tutorcore.adapters.files import read_bytes
from tutorcore.calendar.agendas.attendees import Attendee
from tutorcore.calendar.agendas.busy import EXPIRING, KINDS, MOST_PLACES, Busy, Kind
from tutorcore.calendar.schedules.document import SCHEMA, parse_duration, read_schedule, tables_of
from tutorcore.calendar.schedules.schedule import MOST_BUFFER, Booking, Schedule, check_name, check_span
from tutorcore.documents.reader import Problems, Table
from tutorcore.documents.source import Source
from tutorcore.instants import to_text

T = TypeVar("T")

_NO_BUFFER: Final = Booking()


def load_agenda(file: Path) -> tuple[Schedule, tuple[Busy, ...]]:
    """Return the schedule in a file and what it says is booked; raise `Mistakes` with all that is wrong with it.

    What is booked needs the gaps around it that the tutor asks for, unless it names its own.
    """
    return _loaded(file, _agenda)


def load_attendee(file: Path) -> Attendee:
    """Return somebody, or something, that a lesson needs besides the tutor; raise `Mistakes` likewise.

    Around what is booked there lies no gap, unless it names one: what a schedule asks of bookings is a tutor's.
    """
    return _loaded(file, _attendee)


def _loaded(file: Path, read: Callable[[Table], T | None]) -> T:
    problems = Problems()
    root = Table.root(Source.parse(read_bytes(file), str(file)), problems)
    root.integer("schema", least=SCHEMA, most=SCHEMA)
    found = read(root)
    root.finish()
    problems.raise_if_any(f"{file} is not a schedule that can be used")
    assert found is not None
    return found


def _agenda(root: Table) -> tuple[Schedule, tuple[Busy, ...]] | None:
    schedule = read_schedule(root)
    busy = _all_busy(root, _NO_BUFFER if schedule is None else schedule.booking)
    return None if schedule is None else (schedule, busy)


def _attendee(root: Table) -> Attendee | None:
    schedule = read_schedule(root)
    busy, capacity = _all_busy(root, _NO_BUFFER), root.integer("capacity", 1, least=1, most=MOST_PLACES)
    return None if schedule is None else Attendee(busy, schedule, capacity)


def _all_busy(root: Table, booking: Booking) -> tuple[Busy, ...]:
    found = [_busy(table, booking) for table in tables_of(root, "busy")]
    return tuple(each for each in found if each is not None)


def _busy(table: Table, booking: Booking) -> Busy | None:
    mistakes = len(table.problems)
    start, end, id = table.instant("from"), table.instant("to"), table.parsed("id", _id)
    kind: Kind = table.one_of("kind", KINDS, "lesson")
    expires, places = table.instant("expires", None), table.integer("places", 0, least=0, most=MOST_PLACES)
    before, after = table.parsed("before", _buffer, booking.before), table.parsed("after", _buffer, booking.after)
    if expires is not None and kind not in EXPIRING:
        kinds = " or ".join(f'kind = "{each}"' for each in EXPIRING)
        table.mistake("expires", f"only a {' or a '.join(EXPIRING)} expires; expected {kinds} beside it")
    if places and kind != "lesson":
        table.mistake("places", f'only a lesson can be joined; expected no places beside kind = "{kind}"')
    if len(table.problems) == mistakes and end <= start:
        table.mistake("to", f"is {to_text(end)}; expected an instant after from, {to_text(start)}")
    table.finish()
    if id is None or before is None or after is None or len(table.problems) > mistakes:
        return None
    return Busy(start, end, id, kind, expires, before, after, places)


def _id(text: str) -> str:
    check_name(text, "id")
    return text


def _buffer(text: str) -> timedelta:
    span = parse_duration(text)
    check_span(span, "buffer", timedelta(0), MOST_BUFFER)
    return span
