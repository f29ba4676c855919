"""What is asked about a tutor's time, and the agenda that answers it: the options of `tutorcore slots`, made ready.

The tutor's schedule and bookings come from a file, further busy time from calendars of others (iCalendar), and whoever
else must be free from files of their own: a schedule, or a calendar, by the end of its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import attrs

from tutorcore.adapters.files import read_bytes
from tutorcore.adapters.ical.busy_times import read_busy
from tutorcore.adapters.ical.described_zones import UnknownZones
from tutorcore.adapters.ical.parsing import MOST_BYTES
from tutorcore.calendar.agendas.attendees import Attendee
from tutorcore.calendar.agendas.busy import Busy
from tutorcore.calendar.agendas.diaries import Tentative
from tutorcore.calendar.agendas.obstacles import REACH
from tutorcore.calendar.agendas.slots import LONGEST, Agenda
from tutorcore.calendar.schedules.hours import MOST_RANGE
from tutorcore.calendar.schedules.schedule import Schedule
from tutorcore.calendar.zones.wall_time import tzdata_version
from tutorcore.calendar.zones.wall_time import zone as zone_of
from tutorcore.cli.agenda_files import load_agenda, load_attendee
from tutorcore.cli.lines import moment as shown
from tutorcore.cli.moments import moment
from tutorcore.cli.week import TUTOR
from tutorcore.clock import system_clock
from tutorcore.errors import InvalidValue
from tutorcore.instants import EARLIEST, LATEST, MICROSECOND, Instant

_MINUTE: Final = timedelta(minutes=1)
_CALENDAR: Final = ".ics"


@attrs.frozen
class Asked:
    """What somebody wants to know: the options as they were typed. A `week` without a date is empty."""

    file: str
    minutes: int
    since: str | None = None
    until: str | None = None
    zone: str | None = None
    explain: str | None = None
    week: str | None = None
    svg: str | None = None
    ics: Sequence[str] = ()
    others: Sequence[str] = ()
    unknown_zones: UnknownZones = "refuse"
    own: str | None = None
    tentative: Tentative = "busy"
    now: str | None = None


@attrs.frozen
class Calendar:
    """A calendar of somebody's in a file, and how to read what has no zone in it, or an unknown one.

    By their own address, if it is known, their answers to invitations are found.
    """

    file: str
    text: bytes
    zone: str
    unknown_zones: UnknownZones
    own: str | None = None

    @classmethod
    def of(cls, file: str, zone: str, unknown_zones: UnknownZones, own: str | None = None) -> Calendar:
        """Return the calendar in a file; it is not understood before it is known which of its times matter."""
        return cls(file, read_bytes(Path(file), MOST_BYTES), zone, unknown_zones, own)

    def busy(self, since: Instant, until: Instant) -> list[Busy]:
        """Return the times in it that are taken from `since` up to `until`; raise `Mistakes` with all that is wrong."""
        found: dict[Busy, None] = {}  # What reaches from one part of the time into the next is read twice.
        while since < until:
            part = min(since + MOST_RANGE, until)
            found |= dict.fromkeys(self._read(since, part))
            since = part
        return list(found)

    def _read(self, since: Instant, until: Instant) -> list[Busy]:
        return read_busy(
            self.text,
            since,
            until,
            default_zone=self.zone,
            unknown_zones=self.unknown_zones,
            own=self.own,
            file=self.file,
        )


@attrs.frozen
class View:
    """A schedule as it is seen from one zone at one instant, with everybody who must be free."""

    schedule: Schedule
    busy: Sequence[Busy]
    calendars: Sequence[Calendar]
    others: Mapping[str, Attendee | Calendar]
    tentative: Tentative
    duration: timedelta
    now: Instant
    zone: str

    @property
    def lesson(self) -> str:
        """How long the lesson lasts, in words."""
        count = self.duration // _MINUTE
        return f"{count} minute{'s' if count > 1 else ''}"

    def frame(self, since: Instant, until: Instant) -> Iterator[str]:
        """Say by which clocks times are meant that are shown, and what the answer depends on."""
        moves = [move for move in self.schedule.zone_periods if since < move.since < until]
        later = "".join(f", from {shown(move.since, self.zone)} on {move.zone}" for move in moves)
        yield f"by the clocks of {self.zone}; those of the tutor: {tutor_zone(self.schedule, since)}{later}"
        yield f"now is {shown(self.now, self.zone)}; time zones of tzdata {tzdata_version()}"

    def agenda(self, since: Instant, until: Instant) -> Agenda:
        """Return the agenda for questions about starts from `since` up to `until`: of calendars it knows no more."""
        return Agenda(
            self.schedule, self.now, self.taken(since, until), self.attendees(since, until), tentative=self.tentative
        )

    def taken(self, since: Instant, until: Instant) -> list[Busy]:
        """Return what takes the tutor's time, as far as it matters from `since` up to `until`."""
        span = _around(since, until)
        return [*self.busy, *(each for calendar in self.calendars for each in calendar.busy(*span))]

    def attendees(self, since: Instant, until: Instant) -> dict[str, Attendee]:
        """Return the others likewise."""
        span = _around(since, until)
        return {
            name: Attendee(other.busy(*span)) if isinstance(other, Calendar) else other
            for name, other in self.others.items()
        }


def view_of(asked: Asked) -> View:
    """Return what the options name, read from their files; raise what is wrong with them."""
    most = LONGEST // _MINUTE
    if not 1 <= asked.minutes <= most:
        raise InvalidValue("--minutes", asked.minutes, f"1 to {most}")
    now = system_clock() if asked.now is None else moment(asked.now, "--now")
    if asked.zone is not None:
        zone_of(asked.zone)
    _check_own(asked)
    schedule, busy = load_agenda(Path(asked.file))
    home = tutor_zone(schedule, now)
    zone = asked.zone or home
    calendars = [Calendar.of(file, home, asked.unknown_zones, asked.own) for file in asked.ics]
    others = dict(_others(asked, zone))
    return View(schedule, busy, calendars, others, asked.tentative, asked.minutes * _MINUTE, now, zone)


def _check_own(asked: Asked) -> None:
    """Raise `InvalidValue` if the address of the tutor is none, or says nothing, there being no calendar of theirs."""
    if asked.own is not None and "@" not in asked.own:
        raise InvalidValue("--own", asked.own, "an e-mail address such as eva@example.com")
    if asked.own is not None and not asked.ics:
        raise InvalidValue("--own", asked.own, "an --ics calendar beside it, whose owner has that address")


def tutor_zone(schedule: Schedule, at: Instant) -> str:
    """Return the zone by which the tutor lives at an instant."""
    return [schedule.zone, *(move.zone for move in schedule.zone_periods if move.since <= at)][-1]


def _others(asked: Asked, zone: str) -> Iterator[tuple[str, Attendee | Calendar]]:
    """Yield whoever else must be free under the names of their files."""
    names: set[str] = set()
    for file in asked.others:
        path = Path(file)
        if path.stem in names or path.stem == TUTOR:
            raise InvalidValue("--for", file, f"another name for the file: somebody is called {path.stem} already")
        names.add(path.stem)
        if path.suffix == _CALENDAR:
            yield path.stem, Calendar.of(file, zone, asked.unknown_zones)
        else:
            yield path.stem, load_attendee(path)


def _around(since: Instant, until: Instant) -> tuple[Instant, Instant]:
    """Return the time in which something can lie that matters from `since` up to `until`."""
    return max(since - REACH, EARLIEST), min(until + REACH, LATEST - MICROSECOND)
