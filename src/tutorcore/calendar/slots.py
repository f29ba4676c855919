"""Slots: the starts at which a lesson of some length can be booked, and why all others cannot.

**One predicate.** Whatever stands against a booking is a *wall*: a code, what is in the way, and the span of starts
that it bars. `Agenda._walls` builds them and `Agenda._grid` says which starts exist at all. A verdict about one start
is the walls that it runs into; a list is the grid less all walls. There is no other way to either answer, so every
listed start can be booked and every other one has its reasons.

**The grid** never depends on who looks or on what is asked for. With the anchor "wall", starts are counted from the
tutor's local midnight by the wall clock: in a fold both passes of a wall time are starts. With "window" and "free" they
are counted by elapsed time from the start of the hours available or of the free gap; where that lasts longer than a
week, and so perhaps has no beginning, the grid of "wall" counts instead.

**Caps** count the lessons, and the holds in force, that start on one local day or in one local ISO week of the tutor.

Whole microseconds inside; instants are made only for those who look at one. Everything is half-open: lessons that
touch do not conflict, notice met exactly is met, and the horizon itself lies behind the horizon.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import accumulate
from typing import Final, NamedTuple, overload

from tutorcore.calendar.busy import Busy
from tutorcore.calendar.intervals import Index, Span, clipped, gaps, joined, without
from tutorcore.calendar.schedule import Anchor, Blackout, Schedule, check_name, check_span, spelled
from tutorcore.calendar.segments import DAY, offset_at, project
from tutorcore.calendar.verdicts import CODES, SENTENCES, Reason, Verdict
from tutorcore.calendar.walls import Full, Taken, Wall, around, taken
from tutorcore.calendar.windows import MOST_RANGE, Hours, first_day, micros_range
from tutorcore.instants import MICROSECOND, Instant, from_micros, instant, to_micros

LONGEST: Final = timedelta(days=7)
"""The longest lesson."""

REACH: Final = timedelta(days=9)
"""Busy time that lies further than this from all that is asked about has no say, so it need not be given."""

_MINUTE: Final = 60 * 1_000_000
_WEEK: Final = 7 * DAY
# Whatever lasts up to a week and meets a range is seen whole from this far away.
_MARGIN: Final = _WEEK + DAY
# Two instants of one local week lie less than this apart, in whichever zones.
_LOCAL_WEEK: Final = REACH // MICROSECOND
_FIRST_CHUNK: Final = 14 * DAY
_ORIGINS: Final[dict[Anchor, str]] = {
    "wall": "midnight",
    "window": "the start of the hours available",
    "free": "the start of the free time",
}


class Slots(Sequence[Instant]):
    """The starts of lessons of one length, in order; each becomes an instant when it is looked at."""

    __slots__ = ("_counts", "_runs", "duration")

    def __init__(self, runs: Iterable[range], duration: timedelta) -> None:
        self._runs = tuple(runs)
        self._counts = tuple(accumulate(len(run) for run in self._runs))
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
        return (from_micros(micros) for run in self._runs for micros in run)

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, datetime):
            return False
        micros = to_micros(instant(value))
        index = bisect_right(self._runs, micros, key=_first) - 1
        return index >= 0 and micros in self._runs[index]

    def __repr__(self) -> str:
        return f"<{len(self)} slots of {self.duration}>"

    def _at(self, index: int) -> Instant:
        run = bisect_right(self._counts, index)
        return from_micros(self._runs[run][index - self._counts[run]])


class _Piece(NamedTuple):
    """A stretch in which starts lie whole steps from `origin`."""

    lo: int
    hi: int
    origin: int


class Agenda:
    """A schedule made ready at one instant `now`, with the tutor's busy time and that of further parties.

    `others` are whoever and whatever must be free as well, the student or a room, each by its id. Between their busy
    time and a lesson lie only the buffers that this busy time brings along; the booking's own are the tutor's. A lesson
    that is to be moved must be left out of its own way.

    >>> from tutorcore.calendar.schedule import Window, WeeklyRule
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
        others: Mapping[str, Iterable[Busy]] | None = None,
    ) -> None:
        self._hours = Hours(schedule)
        self._booking = schedule.booking
        self._step = schedule.booking.step // MICROSECOND
        now = instant(now, "now")
        self._now = to_micros(now)
        self._earliest = self._now + schedule.booking.notice // MICROSECOND
        self._limit = self._horizon()
        own = list(taken(busy, now, before=schedule.booking.before, after=schedule.booking.after))
        self._taken = Index(own, _clear)
        self._starts = sorted(one.start for one in own)
        theirs: list[Taken] = []
        for party, times in (others or {}).items():
            check_name(party, "party")
            theirs.extend(taken(times, now, before=timedelta(0), after=timedelta(0), party=party))
        theirs.sort(key=_party)
        self._parties = Index(theirs, _clear)

    def is_bookable(self, start: datetime, duration: timedelta) -> Verdict:
        """Return whether a lesson of that duration can be booked at `start`, with every reason why not.

        A start given as a wall time of a zone that its clocks never show is refused as a `gap`; the other reasons
        are then those of the instant it is taken for.
        """
        begins, asked, length = instant(start, "start"), start, _length(duration)
        lo = to_micros(begins)
        barred = [wall.met(lo, length) for wall in self._walls(length, lo, lo + 1) if wall.lo <= lo < wall.hi]
        if any((lo - piece.origin) % self._step for piece in self._grid(lo, lo + 1)):
            barred.append(Wall("off_grid", lo, lo + 1))
        if not _is_shown(asked):
            barred.append(Wall("gap", lo, lo + 1, asked))
        reasons = (self._reason(wall, lo, length) for wall in sorted(barred, key=_rank))
        # One obstacle can stand in the way twice: a blackout, on a date that comes twice.
        return Verdict(begins, from_micros(lo + length), tuple(dict.fromkeys(reasons)))

    def slots(self, duration: timedelta, since: Instant, until: Instant) -> Slots:
        """Return the starts in [since, until) at which a lesson of that duration can be booked.

        A slot belongs to the page in which it starts, so the pages of a range together are the range.
        """
        lo, hi = micros_range(since, until)
        return Slots(self._free_starts(_length(duration), lo, hi), duration)

    def next_slot(self, duration: timedelta, since: Instant) -> Instant | None:
        """Return the first bookable start from `since` on; None if there is none up to the horizon.

        Without a horizon, the search ends `MOST_RANGE` after `since`, or after now if that is later.
        """
        length = _length(duration)
        lo = max(to_micros(instant(since, "since")), self._now)
        end = lo + MOST_RANGE // MICROSECOND
        if self._limit is not None:
            end = min(end, self._limit)
        chunk = _FIRST_CHUNK
        while lo < end:
            hi = min(lo + chunk, end)
            for run in self._free_starts(length, lo, hi):
                return from_micros(run[0])
            lo, chunk = hi, chunk * 2
        return None

    def _free_starts(self, length: int, lo: int, hi: int) -> Iterator[range]:
        """Yield the starts in [lo, hi) that lie on the grid and run into no wall, in order."""
        walls = joined((wall.lo, wall.hi) for wall in self._walls(length, lo, hi))
        pieces = self._grid(lo, hi)
        ends = [piece.hi for piece in pieces]
        for start, end in gaps(walls, lo, hi):
            for index in range(bisect_right(ends, start), len(pieces)):
                piece = pieces[index]
                if piece.lo >= end:
                    break
                first = max(piece.lo, start)
                run = range(first + (piece.origin - first) % self._step, min(piece.hi, end), self._step)
                if run:
                    yield run

    def _walls(self, length: int, lo: int, hi: int) -> Iterator[Wall]:
        """Yield everything that bars a start in [lo, hi), and perhaps some walls beside that range."""
        yield Wall("past", lo, self._now)
        # A lesson that fills the hours exactly still fits, hence + 1: the last start is one of those that do.
        fitting = [
            (first, last - length + 1) for first, last in self._hours.open(lo, hi + length) if last - first >= length
        ]
        for first, last in gaps(fitting, lo, hi):
            yield Wall("outside_hours", first, last)
        for (first, last), blackout in self._hours.closed(lo, hi + length):
            yield Wall("blackout", first - length + 1, last, blackout)
        for one in self._taken.meeting(lo, hi + length):
            yield around(one, length)
        yield Wall("notice", self._now, self._earliest)
        if self._limit is not None:
            yield Wall("horizon", self._limit, hi)
        yield from self._full("day", 1, self._booking.most_per_day, lo, hi)
        yield from self._full("ISO week", 7, self._booking.most_per_week, lo, hi)
        for one in self._parties.meeting(lo, hi + length):
            yield around(one, length)

    def _full(self, unit: str, days: int, most: int | None, lo: int, hi: int) -> Iterator[Wall]:
        """Yield the local days, or weeks of `days` days, that have as many lessons as they may."""
        if most is None:
            return
        parts = self._hours.segments(lo - _LOCAL_WEEK, hi + _LOCAL_WEEK)
        near = self._starts[bisect_left(self._starts, parts[0].start) : bisect_left(self._starts, parts[-1].end)]
        lessons = Counter(first_day((start + offset_at(parts, start)) // DAY, days) for start in near)
        here = self._hours.segments(lo, hi)
        for first, count in sorted(lessons.items()):
            if count >= most:
                for span in project([(first * DAY, (first + days) * DAY)], here):
                    yield Wall("cap", *span, Full(unit, count, most))

    def _grid(self, lo: int, hi: int) -> list[_Piece]:
        """Return where in [lo, hi) starts may lie, and from which origin they are counted."""
        if self._booking.anchor == "wall":
            return self._daily(lo, hi)
        runs = self._hours.available(lo - _MARGIN, hi + _MARGIN)
        if self._booking.anchor == "free":
            runs = without(runs, joined(map(_clear, self._taken.meeting(lo - _MARGIN, hi + _MARGIN))))
        pieces: list[_Piece] = []
        for first, last in runs:
            for start, end in clipped([(first, last)], lo, hi):
                pieces.extend([_Piece(start, end, first)] if last - first <= _WEEK else self._daily(start, end))
        return pieces

    def _daily(self, lo: int, hi: int) -> list[_Piece]:
        return [
            _Piece(max(start, midnight), min(end, midnight + DAY), midnight)
            for start, end, offset in self._hours.segments(lo, hi)
            for midnight in range((start + offset) // DAY * DAY - offset, end, DAY)
        ]

    def _horizon(self) -> int | None:
        if self._booking.horizon is None:
            return None
        limit = self._now + self._booking.horizon // MICROSECOND
        if not self._booking.horizon_to_day_end:
            return limit
        parts = self._hours.segments(limit, limit + 3 * DAY)
        day = (limit + parts[0].offset) // DAY
        return project([(day * DAY, (day + 1) * DAY)], parts)[0][1]

    def _reason(self, wall: Wall, start: int, length: int) -> Reason:
        booking = self._booking
        facts = {
            "start": self._shown(start),
            "end": self._shown(start + length),
            "now": self._shown(self._now),
            "notice": spelled(booking.notice),
            "earliest": self._shown(self._earliest),
            "limit": "" if self._limit is None else self._shown(self._limit),
            "step": spelled(booking.step),
            "origin": _ORIGINS[booking.anchor],
        }
        match wall.what:
            case Taken() as one:
                apart = one.start - one.lo if start < one.start else one.hi - one.end
                facts |= {
                    "id": one.busy.id,
                    "party": one.party,
                    "taken_from": self._shown(one.start),
                    "taken_to": self._shown(one.end),
                    "apart": spelled(apart * MICROSECOND),
                }
                return Reason(wall.code, SENTENCES[wall.code].format_map(facts), one.busy.id, one.party)
            case Full(unit, lessons, most):
                facts |= {"unit": unit, "lessons": str(lessons), "most": str(most)}
            case Blackout(first=first, last=last):
                facts |= {"first": first.isoformat(), "last": last.isoformat()}
            case datetime() as wall_time:
                facts |= {"zone": str(wall_time.tzinfo), "wall": wall_time.replace(tzinfo=None).isoformat(" ")}
        return Reason(wall.code, SENTENCES[wall.code].format_map(facts))

    def _shown(self, micros: int) -> str:
        """Return an instant as the tutor's clock shows it, with the offset."""
        [part] = self._hours.segments(micros, micros + 1)
        local = from_micros(micros).astimezone(timezone(part.offset * MICROSECOND))
        return local.isoformat(" ", "auto" if micros % _MINUTE else "minutes")


def _length(duration: timedelta) -> int:
    check_span(duration, "duration", MICROSECOND, LONGEST)
    return duration // MICROSECOND


def _is_shown(asked: object) -> bool:
    """Return whether the clocks of its zone ever show that aware datetime."""
    if not isinstance(asked, datetime) or asked.tzinfo is UTC:
        return True
    return asked.astimezone(UTC).astimezone(asked.tzinfo).replace(tzinfo=None) == asked.replace(tzinfo=None)


def _rank(wall: Wall) -> int:
    return CODES.index(wall.code)


def _clear(one: Taken) -> Span:
    return one.lo, one.hi


def _party(one: Taken) -> str:
    return one.party


def _first(run: range) -> int:
    return run.start
