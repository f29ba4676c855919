"""Conflicts: what an agenda has against the lessons of a series, one by one.

Knows neither rules nor hours: it asks the series when its lessons are and the agenda what it says to each.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

import attrs

from tutorcore.calendar.agendas.slots import Agenda
from tutorcore.calendar.agendas.verdicts import CODES, Code, Verdict
from tutorcore.calendar.schedules.hours import micros_range
from tutorcore.calendar.series.occurrences import Occurrence
from tutorcore.calendar.series.series import Series, at_most
from tutorcore.calendar.zones.databases import TZDATA, TimeZones
from tutorcore.errors import InvalidType, UnknownName
from tutorcore.instants import Instant


@attrs.frozen
class Checked:
    """One lesson of a series, and whether it could be booked."""

    occurrence: Occurrence
    verdict: Verdict


@attrs.frozen
class ConflictReport:
    """What an agenda says to each lesson of a series in some range, in the order of their starts.

    `overlaps` are those of the series that run into the next one, by pairs: an agenda cannot know of them.
    """

    lessons: tuple[Checked, ...]
    overlaps: tuple[tuple[Occurrence, Occurrence], ...]

    @property
    def ok(self) -> bool:
        """Whether all could be booked."""
        return not self.conflicts and not self.overlaps

    @property
    def conflicts(self) -> tuple[Checked, ...]:
        """Those that could not be booked."""
        return tuple(lesson for lesson in self.lessons if not lesson.verdict.ok)


def conflicts(
    series: Series,
    agenda: Agenda,
    since: Instant,
    until: Instant,
    *,
    ignoring: Collection[Code] = (),
    database: TimeZones = TZDATA,
) -> ConflictReport:
    """Return what the agenda says to each lesson of the series that starts in [since, until).

    Each is judged as if the others were not there: caps and buffers among them are not counted. Reasons with a code in
    `ignoring` are left out, such as `horizon`, for a series reaches further than single bookings may. The range
    is at most `MOST_RANGE` long and has at most `MOST_LESSONS` lessons.
    """
    if not isinstance(series, Series):
        raise InvalidType("series", series, "a Series")
    if not isinstance(agenda, Agenda):
        raise InvalidType("agenda", agenda, "an Agenda")
    if isinstance(ignoring, str) or not isinstance(ignoring, Collection):
        raise InvalidType("ignoring", ignoring, "codes of reasons, such as horizon")
    for code in ignoring:
        if code not in CODES:
            raise UnknownName("code", code, CODES)
    micros_range(since, until)
    found = tuple(at_most(series.occurrences(since, until, database=database)))
    lessons = tuple(Checked(each, _judged(each, agenda, series, ignoring)) for each in found)
    return ConflictReport(lessons, tuple(pair for pair in pairwise(found) if pair[1].start < pair[0].end))


def _judged(occurrence: Occurrence, agenda: Agenda, series: Series, ignoring: Collection[Code]) -> Verdict:
    verdict = agenda.is_bookable(occurrence.start, series.duration)
    return attrs.evolve(verdict, reasons=tuple(reason for reason in verdict.reasons if reason.code not in ignoring))
