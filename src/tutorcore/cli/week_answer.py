"""`tutorcore slots FILE --week`: a week of a tutor's time drawn, with that of whoever else must be free.

It is printed with characters, or as data, and drawn into an SVG file besides where one is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from tutorcore.calendar.agendas.attendees import Attendee
from tutorcore.calendar.agendas.diaries import Diary
from tutorcore.calendar.agendas.free_busy import FreeBusyKind, layered
from tutorcore.calendar.intervals import Span, clipped, gaps
from tutorcore.calendar.schedules.hours import Hours
from tutorcore.calendar.zones.wall_time import first_instant, local_date
from tutorcore.cli.agenda_view import Asked, View
from tutorcore.cli.answer import Answer, Document, as_json, as_text
from tutorcore.cli.week import DAYS, TUTOR, Lane, Stretch, Week, days_from, span_of, stretches_of, week_of
from tutorcore.cli.week_drawing import Pen, drawing
from tutorcore.cli.week_svg import svg
from tutorcore.cli.week_words import changes, clocks_of_others
from tutorcore.cli.writing import UnwritableFile, write_text
from tutorcore.errors import InvalidValue
from tutorcore.instants import Instant, from_micros, to_micros, to_text

_IMAGE: Final = ".svg"
_SECOND: Final = 1_000_000


def week_answer(view: View, heading: Document, asked: Asked, pen: Pen, *, json: bool) -> Answer:
    """Return the week that is asked for, having written its image if there is to be one."""
    days = days_from(_first(asked.week, view))
    since, until = (from_micros(edge) for edge in span_of(days, view.zone))
    week = _week(view, days, since, until)
    title = f"Lessons of {view.lesson} from {days[0]:%a} {days[0]} to {days[-1]:%a} {days[-1]}"
    clocks, *rest = view.frame(since, until)
    told = [clocks, *clocks_of_others(week), *rest, *changes(week)]
    if asked.svg is not None:
        _write_image(asked.svg, svg(week, title, view.lesson, told))
    if json:
        return Answer(as_json(_document(heading, since, until, week)))
    drawn = "".join(f"{line}\n" for line in ("", *drawing(week, view.lesson, pen)))
    return Answer(as_text([title, *told]) + drawn)


def _first(text: str | None, view: View) -> date:
    """Return the date on which the week begins: today on the clock of whoever looks, unless it is said otherwise."""
    if not text:
        return local_date(view.now, view.zone)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidValue("--week", text, f"a date such as 2026-03-02, the first of {DAYS}") from None
    first_instant(day, view.zone)  # Refuses what is too far away.
    return day


def _week(view: View, days: Sequence[date], since: Instant, until: Instant) -> Week:
    agenda = view.agenda(since, until)
    tutor = Lane(TUTOR, stretches_of(agenda.free_busy(since, until)), Hours(view.schedule).moves)
    lo, hi = span_of(days, view.zone)
    others = [_lane(name, each, view, lo, hi) for name, each in view.attendees(since, until).items()]
    return week_of(days, view.zone, [tutor, *others], map(to_micros, agenda.slots(view.duration, since, until)))


def _lane(name: str, attendee: Attendee, view: View, lo: int, hi: int) -> Lane:
    """Return the time of somebody else; of one who has no hours, only what is taken is known."""
    diary = Diary(attendee.busy, view.now, tentative=view.tentative)
    certain, perhaps = diary.spans(lo, hi)
    if attendee.capacity > 1:
        certain, perhaps = clipped(diary.crowded(attendee.capacity), lo, hi), []
    hours = None if attendee.schedule is None else Hours(attendee.schedule)
    closed = [(lo, hi)] if hours is None else gaps(hours.available(lo, hi), lo, hi)
    layers: list[tuple[FreeBusyKind, list[Span]]] = [("BUSY-UNAVAILABLE", closed), ("BUSY-TENTATIVE", perhaps)]
    if hours is None:
        layers.reverse()
    times = layered(lo, hi, [("BUSY", certain), *layers])
    return Lane(name, stretches_of(times), None if hours is None else hours.moves)


def _write_image(path: str, text: str) -> None:
    if not path.endswith(_IMAGE):
        raise UnwritableFile(path, f"it is no image by its name; expected one that ends in {_IMAGE}")
    write_text(path, text)


def _document(heading: Document, since: Instant, until: Instant, week: Week) -> Document:
    return {
        **heading,
        "from": to_text(since),
        "until": to_text(until),
        "days": [day.isoformat() for day in week.days],
        "people": [{"name": lane.name, "times": [_time(each) for each in lane.stretches]} for lane in week.lanes],
        "starts": [to_text(from_micros(start)) for start in week.starts],
        "changes": [
            {"at": to_text(from_micros(each.at)), "clocks": each.name, "seconds": (each.after - each.before) // _SECOND}
            for each in week.changes
        ],
    }


def _time(stretch: Stretch) -> Document:
    return {
        "from": to_text(from_micros(stretch.start)),
        "until": to_text(from_micros(stretch.end)),
        "kind": stretch.kind,
    }
