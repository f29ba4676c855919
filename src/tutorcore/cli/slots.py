"""`tutorcore slots FILE`: when a lesson can be booked with a tutor, in the time zone of whoever asks, and why not else.

The file is a schedule, as `docs/reference/schedule.md` describes it. Here it may also say what is booked already:

    [[busy]]
    from = 2026-12-07T19:00:00+01:00
    to   = 2026-12-07T20:00:00+01:00
    id   = "lesson-7"

Every time is shown with its offset as a number: where clocks are put back, an hour comes twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

import attrs

from tutorcore.adapters.files import read_bytes
from tutorcore.calendar.busy import KINDS, Busy, Kind
from tutorcore.calendar.schedule import MOST_BUFFER, Booking, Schedule, check_name, check_span
from tutorcore.calendar.schedule_document import SCHEMA, parse_duration, read_schedule, tables_of
from tutorcore.calendar.slots import LONGEST, Agenda, Slots
from tutorcore.calendar.verdicts import Verdict
from tutorcore.calendar.zones import first_instant, local_date, to_local, tzdata_version
from tutorcore.calendar.zones import zone as zone_of
from tutorcore.cli.answer import FINDINGS, FINE, Answer, Document, as_json, as_text
from tutorcore.cli.moments import edge, moment
from tutorcore.clock import system_clock
from tutorcore.documents.reader import Problems, Table
from tutorcore.documents.source import Source
from tutorcore.errors import InvalidValue
from tutorcore.instants import Instant, to_text

_MINUTE = timedelta(minutes=1)
_PAGE = timedelta(days=7)


@attrs.frozen
class Asked:
    """What somebody wants to know: the options as they were typed."""

    file: str
    minutes: int
    since: str | None = None
    until: str | None = None
    zone: str | None = None
    explain: str | None = None
    now: str | None = None


@attrs.frozen
class _View:
    """A schedule as it is seen from one zone at one instant."""

    schedule: Schedule
    agenda: Agenda
    duration: timedelta
    now: Instant
    zone: str


def slots(asked: Asked, *, json: bool) -> Answer:
    """Return the starts that can be booked, or what stands against the one that is asked about."""
    view = _view(asked)
    if asked.explain is None:
        since, until = _range(asked, view)
        found = view.agenda.slots(view.duration, since, until)
        return Answer(
            as_json(_listed(view, since, until, found)) if json else as_text(_list(view, since, until, found))
        )
    if asked.since is not None or asked.until is not None:
        raise InvalidValue("--explain", asked.explain, "neither --from nor --until beside it: it is about one start")
    verdict = view.agenda.is_bookable(moment(asked.explain, "--explain"), view.duration)
    return Answer(
        as_json(_explained(view, verdict)) if json else as_text(_explanation(view, verdict)),
        FINE if verdict.ok else FINDINGS,
    )


# What is asked


def load_agenda(file: Path) -> tuple[Schedule, tuple[Busy, ...]]:
    """Return the schedule in a file and what it says is booked; raise `Mistakes` with all that is wrong with it."""
    problems = Problems()
    root = Table.root(Source.parse(read_bytes(file), str(file)), problems)
    root.integer("schema", least=SCHEMA, most=SCHEMA)
    schedule = read_schedule(root)
    booking = Booking() if schedule is None else schedule.booking
    busy = [_busy(table, booking) for table in tables_of(root, "busy")]
    root.finish()
    problems.raise_if_any(f"{file} is not a schedule that can be used")
    assert schedule is not None
    return schedule, tuple(each for each in busy if each is not None)


def _busy(table: Table, booking: Booking) -> Busy | None:
    """Return a lesson that is booked; it needs the gaps around it that the tutor asks for, unless it names its own."""
    mistakes = len(table.problems)
    start, end, id = table.instant("from"), table.instant("to"), table.parsed("id", _id)
    kind: Kind = table.one_of("kind", KINDS, "lesson")
    expires = table.instant("expires", None)
    before, after = table.parsed("before", _buffer, booking.before), table.parsed("after", _buffer, booking.after)
    if expires is not None and kind != "hold":
        table.mistake("expires", 'only a hold expires; expected kind = "hold" beside it')
    if len(table.problems) == mistakes and end <= start:
        table.mistake("to", f"is {to_text(end)}; expected an instant after from, {to_text(start)}")
    table.finish()
    if id is None or before is None or after is None or len(table.problems) > mistakes:
        return None
    return Busy(start, end, id, kind, expires, before, after)


def _id(text: str) -> str:
    check_name(text, "id")
    return text


def _buffer(text: str) -> timedelta:
    span = parse_duration(text)
    check_span(span, "buffer", timedelta(0), MOST_BUFFER)
    return span


def _view(asked: Asked) -> _View:
    most = LONGEST // _MINUTE
    if not 1 <= asked.minutes <= most:
        raise InvalidValue("--minutes", asked.minutes, f"1 to {most}")
    now = system_clock() if asked.now is None else moment(asked.now, "--now")
    if asked.zone is not None:
        zone_of(asked.zone)
    schedule, busy = load_agenda(Path(asked.file))
    zone = asked.zone or _tutor_zone(schedule, now)
    return _View(schedule, Agenda(schedule, now, busy), asked.minutes * _MINUTE, now, zone)


def _range(asked: Asked, view: _View) -> tuple[Instant, Instant]:
    since = view.now if asked.since is None else edge(asked.since, "--from", view.zone)
    if asked.until is None:
        return since, first_instant(local_date(since, view.zone) + _PAGE, view.zone)
    until = edge(asked.until, "--until", view.zone)
    if until <= since:
        raise InvalidValue("--until", asked.until, f"something after --from, which is {to_text(since)}")
    return since, until


# What is answered, for people


def _list(view: _View, since: Instant, until: Instant, found: Slots) -> Iterator[str]:
    yield f"Lessons of {_minutes(view)} that start from {_moment(since, view.zone)} up to {_moment(until, view.zone)}"
    yield from _frame(view, since, until)
    for day, starts in groupby(found, lambda start: to_local(start, view.zone).date()):
        yield from ("", f"{day:%a} {day}")
        yield from (f"  {_clock(to_local(start, view.zone))}{_beside(view, start)}" for start in starts)
    if not found:
        later = view.agenda.next_slot(view.duration, until)
        yield from ("", "none" if later is None else f"none; the next one is {_moment(later, view.zone)}")


def _explanation(view: _View, verdict: Verdict) -> Iterator[str]:
    start, end = (_moment(at, view.zone) for at in (verdict.start, verdict.end))
    yield f"A lesson of {_minutes(view)} from {start} to {end} {'can' if verdict.ok else 'cannot'} be booked"
    yield from _frame(view, verdict.start, verdict.end)
    if not verdict.ok:
        yield from ("", "because, by the tutor's clock:")
    yield from (f"  {reason.code}: {reason.detail}" for reason in verdict.reasons)


def _frame(view: _View, since: Instant, until: Instant) -> Iterator[str]:
    """Say by which clocks the times are meant, and what the answer depends on."""
    moves = [move for move in view.schedule.zone_periods if since < move.since < until]
    later = "".join(f", from {_moment(move.since, view.zone)} on {move.zone}" for move in moves)
    yield f"by the clocks of {view.zone}; those of the tutor: {_tutor_zone(view.schedule, since)}{later}"
    yield f"now is {_moment(view.now, view.zone)}; time zones of tzdata {tzdata_version()}"


def _beside(view: _View, start: Instant) -> str:
    """What the tutor's clock shows then, if it is something else."""
    hers, theirs = to_local(start, _tutor_zone(view.schedule, start)), to_local(start, view.zone)
    if hers.utcoffset() == theirs.utcoffset():
        return ""
    day = "" if hers.date() == theirs.date() else f"{hers:%a} {hers.date()} "
    return f"   tutor: {day}{_clock(hers)}"


def _minutes(view: _View) -> str:
    count = view.duration // _MINUTE
    return f"{count} minute{'s' if count > 1 else ''}"


def _moment(at: Instant, zone: str) -> str:
    local = to_local(at, zone)
    return f"{local:%a} {local.date()} {_clock(local)}"


def _clock(local: datetime) -> str:
    """The time of day with its offset, to the minute where it is one."""
    wall = local.time().isoformat()
    return f"{wall.removesuffix(':00')} {local.timetz().isoformat()[len(wall) :]}"


def _tutor_zone(schedule: Schedule, at: Instant) -> str:
    """The zone by which the tutor lives at an instant."""
    return [schedule.zone, *(move.zone for move in schedule.zone_periods if move.since <= at)][-1]


# What is answered, for programs


def _listed(view: _View, since: Instant, until: Instant, found: Slots) -> Document:
    pairs = [{"start": to_text(start), "end": to_text(start + view.duration)} for start in found]
    return {**_heading(view), "from": to_text(since), "until": to_text(until), "slots": pairs}


def _explained(view: _View, verdict: Verdict) -> Document:
    return {
        **_heading(view),
        "start": to_text(verdict.start),
        "end": to_text(verdict.end),
        "bookable": verdict.ok,
        "reasons": [{"code": each.code, "id": each.id or None, "sentence": each.detail} for each in verdict.reasons],
    }


def _heading(view: _View) -> Document:
    return {
        "minutes": view.duration // _MINUTE,
        "zone": view.zone,
        "tzdata": tzdata_version(),
        "now": to_text(view.now),
    }
