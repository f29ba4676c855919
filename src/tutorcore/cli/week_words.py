"""What stands beside a drawn week, whatever it is drawn with: times of day, whose clock it is, what the marks mean."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timezone
from typing import Final, Literal, TypeAlias

from tutorcore.calendar.agendas.free_busy import FreeBusyKind
from tutorcore.calendar.schedules.schedule import spelled
from tutorcore.calendar.zones.segments import DAY
from tutorcore.calendar.zones.wall_time import to_local
from tutorcore.cli.lines import moment
from tutorcore.cli.week import TUTOR, Margin, Row, Week, span_of
from tutorcore.instants import MICROSECOND, from_micros

Drawn: TypeAlias = FreeBusyKind | Literal["skipped"]

MEANINGS: Final[dict[Drawn, str]] = {
    "FREE": "hours",
    "BUSY": "taken",
    "BUSY-TENTATIVE": "held or asked for",
    "skipped": "clocks skip it",
}

_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND


def starts_meaning(lesson: str) -> str:
    """Return what the mark of a start means."""
    return f"a lesson of {lesson} can start"


def label(row: Row) -> str:
    """Return the time of day of a row, with its offset where it comes twice."""
    return _clock(row.wall) if row.offset is None else f"{_clock(row.wall)} {_offset(row.offset)}"


def other_clock(row: Row, margin: Margin) -> str:
    """Return what another clock shows in a row, and how many dates behind or before that of the column it is."""
    days, wall = divmod(row.wall + margin.ahead, DAY)
    return f"{_clock(wall)}{f'{days:+}' if days else ''}"


def since(margin: Margin, zone: str) -> str:
    """Return from when on a margin holds, on the clock of the columns; nothing if it does from the beginning."""
    return "" if margin.since is None else f"from {to_local(from_micros(margin.since), zone):%a %H:%M}"


def order(week: Week) -> str:
    """Return whose time is in each day, if it is that of several; or nothing."""
    return f"in each day from the left: {', '.join(lane.name for lane in week.lanes)}" if len(week.lanes) > 1 else ""


def clocks_of_others(week: Week) -> Iterator[str]:
    """Yield by which clocks those live in that week who stand beside the tutor."""
    first, last = span_of(week.days, week.zone)
    for lane in week.lanes:
        if lane.name != TUTOR and lane.clock is not None:
            zones = [zone for at, zone in lane.clock if at <= first][-1:]
            zones += [zone for at, zone in lane.clock if first < at < last]
            yield f"those of {lane.name}: {', then '.join(zones)}"


def changes(week: Week) -> Iterator[str]:
    """Yield when clocks are set, whose, and by how much."""
    for change in week.changes:
        by = spelled(abs(change.after - change.before) * MICROSECOND)
        way = "forward" if change.after > change.before else "back"
        whose = f"the {TUTOR}" if change.name == TUTOR else change.name
        yield f"{moment(from_micros(change.at), week.zone)}: clocks of {whose} go {way} by {by}"


def _clock(wall: int) -> str:
    minutes, rest = divmod(wall, _MINUTE)
    seconds = f":{rest // _SECOND:02}" if rest else ""
    return f"{minutes // 60:02}:{minutes % 60:02}{seconds}"


def _offset(micros: int) -> str:
    return from_micros(0).astimezone(timezone(micros * MICROSECOND)).isoformat()[len("1970-01-01T00:00:00") :]
