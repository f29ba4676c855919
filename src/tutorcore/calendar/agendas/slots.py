"""Slots: the starts at which a lesson of some length can be booked, and why all others cannot.

**One predicate.** Whatever stands against a booking is an *obstacle* (`tutorcore.calendar.agendas.obstacles`): the
spans of starts that it bars, and the reasons for each of them; `tutorcore.calendar.agendas.grids` says which starts
exist at all. A list is the grid less all obstacles. A verdict about one start has the reasons of the obstacles that bar
it. There is no other way to either answer, so every listed start can be booked and every other one has its reasons.

**Joining.** A start that is exactly that of a lesson with places left, for a lesson just as long, is one at which that
lesson can be joined. It takes none of the tutor's time, so neither grid nor hours nor busy time nor caps are asked, but
only past, notice, horizon and the other parties.

**Caps** count the lessons, the requests, and the holds in force, that start on one local day or in one local ISO week
of the tutor; requests only if they stand in the way at all. Outside events are no lessons.

Whole microseconds inside; instants are made only for those who look at one. Everything is half-open: lessons that
touch do not conflict, notice met exactly is met, and the horizon itself lies behind the horizon.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import accumulate, chain, repeat
from typing import Any, Final, overload

from tutorcore.calendar.agendas.attendees import Attendee
from tutorcore.calendar.agendas.busy import Busy
from tutorcore.calendar.agendas.diaries import TENTATIVE, Diary, Tentative
from tutorcore.calendar.agendas.free_busy import FreeBusy, layered
from tutorcore.calendar.agendas.grids import Grid
from tutorcore.calendar.agendas.obstacles import Obstacle, Obstacles, Party, gap
from tutorcore.calendar.agendas.verdicts import CODES, Explained, Reason, Verdict
from tutorcore.calendar.intervals import Span, gaps, joined
from tutorcore.calendar.schedules.hours import MOST_RANGE, Hours, micros_range
from tutorcore.calendar.schedules.schedule import Schedule, check_name, check_span
from tutorcore.calendar.zones.databases import TZDATA, TimeZones
from tutorcore.calendar.zones.segments import DAY, offset_at, project
from tutorcore.errors import InvalidType, UnknownName
from tutorcore.instants import MICROSECOND, Instant, from_micros, instant, to_micros

LONGEST: Final = timedelta(days=7)
"""The longest lesson."""

NEAR: Final = timedelta(days=31)
"""How far from a start its neighbours are looked for when it is explained."""

_FIRST_CHUNK: Final = 14 * DAY


class Slots(Sequence[Instant]):
    """The starts of lessons of one length, in order; each becomes an instant when it is looked at.

    They are kept as runs, in microseconds: the first instant of a run is a start, and with it every whole step up to
    the end of the run.
    """

    def __init__(self, runs: Iterable[Span], step: int, duration: timedelta) -> None:
        self._runs = tuple(runs)
        self._step = step
        self.duration = duration

    def __len__(self) -> int:
        return self._counts[-1] if self._counts else 0

    @overload
    def __getitem__(self, index: int) -> Instant: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Instant, ...]: ...
    def __getitem__(self, index: int | slice) -> Instant | tuple[Instant, ...]:
        indices = range(len(self))[index]
        return self._at(indices) if isinstance(indices, int) else tuple(self._at(one) for one in indices)

    def __iter__(self) -> Iterator[Instant]:
        # Adding the step again and again costs a tenth of making each instant from its number.
        step: Any = self._step * MICROSECOND  # `accumulate` has no type for sums of two types.
        return chain.from_iterable(
            accumulate(repeat(step, (last - first - 1) // self._step), initial=from_micros(first))
            for first, last in self._runs
        )

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, datetime):
            return False
        micros = to_micros(instant(value))
        index = bisect_right(self._runs, micros, key=_run_start) - 1
        if index < 0:
            return False
        first, last = self._runs[index]
        return micros < last and (micros - first) % self._step == 0

    @cached_property
    def _counts(self) -> list[int]:
        return list(accumulate((last - first - 1) // self._step + 1 for first, last in self._runs))

    def __repr__(self) -> str:
        return f"<{len(self)} slots of {self.duration}>"

    def _at(self, index: int) -> Instant:
        run = bisect_right(self._counts, index)
        before = self._counts[run - 1] if run else 0
        return from_micros(self._runs[run][0] + (index - before) * self._step)


class Agenda:
    """A schedule made ready at one instant `now`, with the tutor's busy time and that of further parties.

    `others` are whoever and whatever must be free as well, the student or a room, each by its id: their busy time, or
    an `Attendee`, who may have hours and a capacity too. Between their busy time and a lesson lie only the buffers that
    this busy time brings along; the booking's own are the tutor's. A lesson that is to be moved must be left out of its
    own way. With `tentative` "free", requests and tentative events stand in nobody's way.

    >>> from tutorcore.calendar.schedules.schedule import Window, WeeklyRule
    >>> mornings = Schedule("Europe/Berlin", (WeeklyRule("monday", Window.of("09:00", "11:00")),))
    >>> taken = Busy(instant("2026-03-02T08:30Z"), instant("2026-03-02T09:00Z"), "lesson-7")
    >>> agenda = Agenda(mornings, instant("2026-03-01T00:00Z"), [taken])
    >>> hour, monday = timedelta(hours=1), instant("2026-03-02T08:00Z")
    >>> [start.isoformat() for start in agenda.slots(hour, monday, monday + timedelta(days=1))]
    ['2026-03-02T09:00:00+00:00']
    >>> [(reason.code, reason.id) for reason in agenda.is_bookable(monday, hour).reasons]
    [('busy', 'lesson-7')]
    """

    def __init__(
        self,
        schedule: Schedule,
        now: Instant,
        busy: Iterable[Busy] = (),
        others: Mapping[str, Iterable[Busy] | Attendee] | None = None,
        *,
        tentative: Tentative = "busy",
        database: TimeZones = TZDATA,
    ) -> None:
        if tentative not in TENTATIVE:
            raise UnknownName("way to take what is tentative", tentative, TENTATIVE)
        self._hours = Hours(schedule, database=database)
        now = instant(now, "now")
        self._now = to_micros(now)
        booking = schedule.booking
        self._diary = Diary(
            busy, now, tentative=tentative, before=booking.before, after=booking.after, buffers=booking.buffers
        )
        self._grid = Grid(self._hours, booking, self._diary)
        parties = _parties({} if others is None else others, now, tentative, database)
        self._obstacles = Obstacles(self._hours, booking, self._now, self._diary, parties)

    def is_bookable(self, start: datetime, duration: timedelta) -> Verdict:
        """Return whether a lesson of that duration can be booked at `start`, with every reason why not.

        Of very many busy times in the way, the first `MOST_NAMED` are named. A start given as a wall time of a zone
        that its clocks never show is refused as a `gap`; the other reasons are then those of the instant it is taken
        for.
        """
        begins, length = instant(start, "start"), _length(duration)
        reasons, joins = self._against(to_micros(begins), length)
        if not _is_shown(start):
            reasons.append(gap(start))
        # One obstacle can stand in the way twice: a blackout, on a date that comes twice.
        ordered = tuple(dict.fromkeys(sorted(reasons, key=_rank)))
        return Verdict(begins, begins + duration, ordered, joins)

    def explain(self, start: datetime, duration: timedelta) -> Explained:
        """Return the verdict about a start with the tutor's local time and hours, and the nearest bookable starts."""
        verdict, length = self.is_bookable(start, duration), _length(duration)
        at = to_micros(verdict.start)
        near = NEAR // MICROSECOND
        before = self._last(length, at - near, at)
        after = self._first(length, at + 1, at + near + 1)
        return Explained(verdict, self._obstacles.local(at), self._day_hours(at), before, after)

    def slots(self, duration: timedelta, since: Instant, until: Instant) -> Slots:
        """Return the starts in [since, until) at which a lesson of that duration can be booked.

        A slot belongs to the page in which it starts, so the pages of a range together are the range.
        """
        lo, hi = micros_range(since, until)
        return Slots(self._free_starts(_length(duration), lo, hi), self._grid.step, duration)

    def next_slot(self, duration: timedelta, since: Instant) -> Instant | None:
        """Return the first bookable start from `since` on; None if there is none up to the horizon.

        Without a horizon, the search ends `MOST_RANGE` after `since`, or after now if that is later.
        """
        lo = max(to_micros(instant(since, "since")), self._now)
        limit = self._obstacles.limit
        return self._first(_length(duration), lo, lo + MOST_RANGE // MICROSECOND if limit is None else limit)

    def available_ranges(self, since: Instant, until: Instant) -> tuple[tuple[Instant, Instant], ...]:
        """Return when the tutor's hours are within [since, until): in order, without overlap, busy time not counted."""
        return tuple(_instants(span) for span in self._hours.available(*micros_range(since, until)))

    def free_busy(self, since: Instant, until: Instant) -> tuple[FreeBusy, ...]:
        """Return what the tutor's time within [since, until) is, in order and without a hole.

        Lessons and outside events are "BUSY"; else time outside all hours is "BUSY-UNAVAILABLE"; else holds, requests
        and tentative events are "BUSY-TENTATIVE", whether or not they stand in the way of a booking; all else is
        "FREE". Neither buffers nor other parties count, for they are nothing that takes the tutor's time.
        """
        lo, hi = micros_range(since, until)
        certain, perhaps = self._diary.spans(lo, hi)
        closed = gaps(self._hours.available(lo, hi), lo, hi)
        return layered(lo, hi, (("BUSY", certain), ("BUSY-UNAVAILABLE", closed), ("BUSY-TENTATIVE", perhaps)))

    def _against(self, start: int, length: int) -> tuple[list[Reason], str]:
        """Return what stands against a start, and the id of the lesson that would be joined there, or nothing.

        Of several lessons that could be joined, the one against which least stands.
        """
        tries = [
            (_met(self._obstacles.against_joining(lesson, length, start, start + 1), start), lesson.id)
            for _, lesson in self._diary.joinable(length, start, start + 1)
        ]
        if tries:
            return min(tries, key=_count)
        reasons = _met(self._obstacles.against_booking(length, start, start + 1), start)
        if not self._grid.allows(start):
            reasons.append(self._obstacles.off_grid())
        return reasons, ""

    def _free_starts(self, length: int, lo: int, hi: int) -> Iterable[Span]:
        """Return the starts in [lo, hi) against which nothing stands, in order, as runs."""
        obstacles = self._obstacles.against_booking(length, lo, hi)
        barred = joined(chain.from_iterable(obstacle.spans for obstacle in obstacles))
        runs = self._grid.within(gaps(barred, lo, hi), lo, hi)
        joinable = dict.fromkeys(start for start, _ in self._diary.joinable(length, lo, hi))
        joins = [(start, start + 1) for start in joinable if not self._against(start, length)[0]]
        return sorted([*runs, *joins]) if joins else runs

    def _first(self, length: int, lo: int, hi: int) -> Instant | None:
        """Return the first bookable start in [lo, hi), looking ever further ahead."""
        lo = max(lo, self._now)
        if self._obstacles.limit is not None:
            hi = min(hi, self._obstacles.limit)
        chunk = _FIRST_CHUNK
        while lo < hi:
            edge = min(lo + chunk, hi)
            for first, _ in self._free_starts(length, lo, edge):
                return from_micros(first)
            lo, chunk = edge, chunk * 2
        return None

    def _last(self, length: int, lo: int, hi: int) -> Instant | None:
        """Return the last bookable start in [lo, hi)."""
        lo = max(lo, self._now)
        found = Slots(self._free_starts(length, lo, hi) if lo < hi else (), self._grid.step, length * MICROSECOND)
        return found[-1] if found else None

    def _day_hours(self, at: int) -> tuple[tuple[Instant, Instant], ...]:
        """Return the hours of the local date of an instant, in both of its passes where it comes twice."""
        parts = self._hours.segments(at - 3 * DAY, at + 3 * DAY)
        day = (at + offset_at(parts, at)) // DAY
        spans = project([(day * DAY, (day + 1) * DAY)], parts)
        return tuple(_instants(span) for first, last in spans for span in self._hours.available(first, last))


def _parties(
    others: Mapping[str, Iterable[Busy] | Attendee], now: Instant, tentative: Tentative, database: TimeZones
) -> list[Party]:
    """Return the further parties, in the order of their ids."""
    if not isinstance(others, Mapping):
        raise InvalidType("others", others, "a mapping of ids to busy time or an Attendee")
    for id in others:
        check_name(id, "party")
    found = []
    for id, other in sorted(others.items(), key=_id):
        each = other if isinstance(other, Attendee) else Attendee(other)
        hours = None if each.schedule is None else Hours(each.schedule, database=database)
        found.append(Party(id, Diary(each.busy, now, tentative=tentative), hours, each.capacity))
    return found


def _length(duration: timedelta) -> int:
    check_span(duration, "duration", MICROSECOND, LONGEST)
    return duration // MICROSECOND


def _is_shown(asked: object) -> bool:
    """Return whether the clocks of its zone ever show that aware datetime."""
    if not isinstance(asked, datetime) or asked.tzinfo is UTC:
        return True
    return asked.astimezone(UTC).astimezone(asked.tzinfo).replace(tzinfo=None) == asked.replace(tzinfo=None)


def _met(obstacles: Iterable[Obstacle], start: int) -> list[Reason]:
    return [reason for obstacle in obstacles if obstacle.bars(start) for reason in obstacle.reasons(start)]


def _instants(span: Span) -> tuple[Instant, Instant]:
    return from_micros(span[0]), from_micros(span[1])


def _rank(reason: Reason) -> int:
    return CODES.index(reason.code)


def _count(tried: tuple[list[Reason], str]) -> int:
    return len(tried[0])


def _id(other: tuple[str, object]) -> str:
    return other[0]


def _run_start(run: Span) -> int:
    return run[0]
