"""`tutorcore slots FILE`: when a lesson can be booked with a tutor, in the time zone of whoever asks, and why not else.

Starts are listed, one is explained, or a week is drawn. Every time is shown with its offset as a number, or stands in a
row that comes twice: where clocks are put back, an hour does.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from typing import Final

from tutorcore.calendar.agendas.slots import NEAR, Slots
from tutorcore.calendar.agendas.verdicts import Explained
from tutorcore.calendar.schedules.hours import MOST_RANGE
from tutorcore.calendar.zones.wall_time import first_instant, local_date, to_local, tzdata_version
from tutorcore.cli.agenda_view import Asked, View, tutor_zone, view_of
from tutorcore.cli.answer import FINDINGS, FINE, Answer, Document, as_json, as_text
from tutorcore.cli.lines import clock
from tutorcore.cli.lines import moment as shown
from tutorcore.cli.moments import edge, moment
from tutorcore.cli.week_answer import week_answer
from tutorcore.cli.week_drawing import Pen
from tutorcore.errors import InvalidValue
from tutorcore.instants import Instant, to_text

_MINUTE: Final = timedelta(minutes=1)
_PAGE: Final = timedelta(days=7)


def slots(asked: Asked, pen: Pen, *, json: bool) -> Answer:
    """Return the starts that can be booked, what stands against the one that is asked about, or a week as a drawing."""
    _check_alone(asked)
    view = view_of(asked)
    if asked.week is not None or asked.svg is not None:
        return week_answer(view, _heading(view), asked, pen, json=json)
    if asked.explain is not None:
        return _explained(view, moment(asked.explain, "--explain"), json=json)
    since, until = _range(asked, view)
    found = view.agenda(since, until).slots(view.duration, since, until)
    return Answer(as_json(_listed(view, since, until, found)) if json else as_text(_list(view, since, until, found)))


def _check_alone(asked: Asked) -> None:
    """Raise `InvalidValue` if two things are asked at once."""
    ranged = asked.since is not None or asked.until is not None
    week = "--week" if asked.week is not None else None if asked.svg is None else "--svg"
    if asked.explain is not None and ranged:
        raise InvalidValue("--explain", asked.explain, "neither --from nor --until beside it: it is about one start")
    if asked.explain is not None and week is not None:
        raise InvalidValue("--explain", asked.explain, f"no {week} beside it: it is about one start")
    if week is not None and ranged:
        value = asked.svg if asked.week is None else asked.week or "today"
        raise InvalidValue(week, value, "neither --from nor --until beside it: --week DATE says when")


def _range(asked: Asked, view: View) -> tuple[Instant, Instant]:
    since = view.now if asked.since is None else edge(asked.since, "--from", view.zone)
    if asked.until is None:
        return since, first_instant(local_date(since, view.zone) + _PAGE, view.zone)
    until = edge(asked.until, "--until", view.zone)
    if until <= since:
        first = f"now, which is {shown(since, view.zone)}" if asked.since is None else f"--from, which is {asked.since}"
        raise InvalidValue("--until", asked.until, f"something after {first}")
    return since, until


# The list


def _list(view: View, since: Instant, until: Instant, found: Slots) -> Iterator[str]:
    yield f"Lessons of {view.lesson} that start from {shown(since, view.zone)} up to {shown(until, view.zone)}"
    yield from view.frame(since, until)
    for day, starts in groupby(found, lambda start: to_local(start, view.zone).date()):
        yield from ("", f"{day:%a} {day}")
        yield from (f"  {clock(to_local(start, view.zone))}{_beside(view, start)}" for start in starts)
    if not found:
        onward = max(until, view.now)
        later = view.agenda(onward, onward + MOST_RANGE).next_slot(view.duration, onward)
        yield from ("", "none" if later is None else f"none; the next one is {shown(later, view.zone)}")


def _beside(view: View, start: Instant) -> str:
    """What the tutor's clock shows then, if it is something else."""
    hers, theirs = to_local(start, tutor_zone(view.schedule, start)), to_local(start, view.zone)
    if hers.utcoffset() == theirs.utcoffset():
        return ""
    day = "" if hers.date() == theirs.date() else f"{hers:%a} {hers.date()} "
    return f"   tutor: {day}{clock(hers)}"


def _listed(view: View, since: Instant, until: Instant, found: Slots) -> Document:
    pairs = [{"start": to_text(start), "end": to_text(start + view.duration)} for start in found]
    return {**_heading(view), "from": to_text(since), "until": to_text(until), "slots": pairs}


# The explanation


def _explained(view: View, start: Instant, *, json: bool) -> Answer:
    explained = view.agenda(start - NEAR, start + NEAR).explain(start, view.duration)
    answer = as_json(_reasons(view, explained)) if json else as_text(_explanation(view, explained))
    return Answer(answer, FINE if explained.verdict.ok else FINDINGS)


def _explanation(view: View, explained: Explained) -> Iterator[str]:
    verdict = explained.verdict
    start, end = (shown(at, view.zone) for at in (verdict.start, verdict.end))
    yield f"A lesson of {view.lesson} from {start} to {end} {'can' if verdict.ok else 'cannot'} be booked"
    yield from view.frame(verdict.start, verdict.end)
    if verdict.joins:
        yield from ("", f"It joins the group lesson {verdict.joins}.")
    if not verdict.ok:
        yield from ("", "because, by the tutor's clock:")
        yield from (f"  {reason.code}: {reason.detail}" for reason in verdict.reasons)
        hours = _hours(explained, tutor_zone(view.schedule, verdict.start))
        yield from ("", f"the tutor's hours on {explained.local:%a} {explained.local.date()}: {hours}")
        near = [("before", explained.before), ("after", explained.after)]
        yield from (f"the nearest start {way}: {'none' if at is None else shown(at, view.zone)}" for way, at in near)


def _hours(explained: Explained, zone: str) -> str:
    spans = [f"{clock(to_local(start, zone))} to {clock(to_local(end, zone))}" for start, end in explained.hours]
    return ", ".join(spans) or "none"


def _reasons(view: View, explained: Explained) -> Document:
    verdict = explained.verdict
    return {
        **_heading(view),
        "start": to_text(verdict.start),
        "end": to_text(verdict.end),
        "bookable": verdict.ok,
        "joins": verdict.joins or None,
        "reasons": [
            {"code": each.code, "id": each.id or None, "party": each.party or None, "sentence": each.detail}
            for each in verdict.reasons
        ],
        "tutor": explained.local.isoformat(),
        "hours": [{"from": to_text(start), "until": to_text(end)} for start, end in explained.hours],
        "before": None if explained.before is None else to_text(explained.before),
        "after": None if explained.after is None else to_text(explained.after),
    }


def _heading(view: View) -> Document:
    return {
        "minutes": view.duration // _MINUTE,
        "zone": view.zone,
        "tzdata": tzdata_version(),
        "now": to_text(view.now),
    }
