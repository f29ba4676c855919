"""Rows: what a roster knows of one tutor, as sets of steps, and the tutor's first bookable start.

A step is **free** if the hours have a part in it and nothing takes all of it for good. It is **unsure** if a part of it
lies outside the hours, or is taken, or if it is taken for a while only (a hold that expires: rows know no present).

A lesson that begins with a step and touches nothing but free and sure steps keeps to the hours and clear of busy time.
One that touches a step that is not free does not, nor does one that starts on a day full by a cap (`roster_caps`).
Everything else is for the tutor's `Agenda` to decide: lessons on unsure steps, starts on days of which it is doubtful
whether they are full, grids that are not made of steps, lessons that can be joined, and the last day of a horizon that
lasts to a day's end. So a row never lists less than the agenda, and what it promises by itself is exact.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, TypeAlias

from tutorcore.calendar.agendas.busy import Busy
from tutorcore.calendar.agendas.obstacles import REACH
from tutorcore.calendar.agendas.slots import LONGEST, Agenda
from tutorcore.calendar.intervals import Span
from tutorcore.calendar.rosters.bitsets import eroded, filled, first_of
from tutorcore.calendar.rosters.caps import Caps, LocalDays
from tutorcore.calendar.rosters.steps import STEP, Ask, Entry, Frame, Margins, Starts
from tutorcore.calendar.schedules.hours import Hours
from tutorcore.calendar.schedules.schedule import Schedule
from tutorcore.calendar.zones.databases import TimeZones
from tutorcore.calendar.zones.segments import DAY
from tutorcore.instants import MICROSECOND, from_micros, to_micros

_NEAR: Final = (REACH + LONGEST) // MICROSECOND // STEP + 1
_FIRST_CHUNK: Final = 14 * DAY
# The end of a local day lies less than this away, even that of a date that comes twice.
_DAY_END: Final = 3 * DAY


Flipped: TypeAlias = tuple[int, int]
"""Steps that became free, or ceased to be: the first step of a stretch, and a set of steps counted from there."""

NONE_FLIPPED: Final[Flipped] = (0, 0)


class Row:
    """A tutor's schedule and busy time, and what they come to in a frame. It changes with them.

    `hours` are the steps in which the hours have a part, `taken` those that busy time takes for good, and `unsure`
    those that need a closer look; `starts` say where lessons can start. The local days are those of the frame, for a
    tutor with caps.
    """

    __slots__ = (
        "_caps",
        "_database",
        "_is_regular",
        "_joins",
        "_local",
        "_margins",
        "_ragged",
        "_twice",
        "entries",
        "frame",
        "hours",
        "schedule",
        "starts",
        "taken",
        "unsure",
    )

    def __init__(
        self,
        schedule: Schedule,
        busy: Iterable[Busy],
        frame: Frame,
        starts: Starts,
        margins: Margins,
        database: TimeZones,
        local: LocalDays | None,
    ) -> None:
        self.schedule = schedule
        self.frame = frame
        self.starts = starts
        self._margins = margins
        self._is_regular = schedule.booking.anchor == "wall" and not starts.loose
        self._database = database
        self._local = local
        self.entries = {one.id: margins.entry(one) for one in busy}
        self.hours, self._ragged = frame.hours(Hours(schedule, database=database))
        self._count()

    @property
    def free(self) -> int:
        """The steps in which the hours have a part and that nothing takes for good."""
        return self.hours & ~self.taken

    @property
    def full(self) -> int:
        """The steps in which a lesson could start and must not, for a cap that is reached for good."""
        return 0 if self._caps is None else self._caps.full

    @property
    def is_plain(self) -> bool:
        """Whether free steps on the zone's grid, full days, notice and horizon say all about ordinary starts."""
        if self.unsure or not self._is_regular:
            return False
        return self._caps is None or not self._caps.doubtful

    @property
    def has_joins(self) -> bool:
        """Whether there are lessons that can be joined."""
        return bool(self._joins)

    def book(self, busy: Busy) -> Flipped:
        """Add busy time that has an id of its own; return the steps that are not free any more."""
        entry = self.entries[busy.id] = self._margins.entry(busy)
        if entry.taken != entry.touched:
            self.unsure |= self.frame.steps(entry.unsure)
        if busy.places:
            self._joins = _joins(self.entries.values())
        if self._caps is not None and self._margins.counts(busy):
            self._caps.count(busy, 1)
        first, last = self.frame.clipped(entry.taken)
        if first >= last:
            return NONE_FLIPPED
        steps = (1 << last - first) - 1
        before = self.taken >> first & steps
        self.taken |= steps << first
        if before:
            self._twice |= before << first
            steps ^= before
        return first, self.hours >> first & steps

    def release(self, id: str) -> Flipped:
        """Take away busy time that is there; return the steps that are free again."""
        entry = self.entries.pop(id)
        first, last = self.frame.clipped(entry.taken)
        steps = filled(0, last - first)
        if entry.taken != entry.touched or entry.busy.places or self._twice >> first & steps:
            self._count()
            return first, self.hours >> first & steps & ~(self.taken >> first)
        self.taken ^= steps << first
        if self._caps is not None and self._margins.counts(entry.busy):
            self._caps.count(entry.busy, -1)
        return first, self.hours >> first & steps

    def move(self, frame: Frame, starts: Starts, local: LocalDays | None) -> None:
        """Look at another frame, which begins no earlier, and forget what has no say in it."""
        edge = max(min(self.frame.last, frame.last), frame.first)
        passed, kept = frame.first - self.frame.first, edge - frame.first
        hours, ragged = Frame(edge, frame.last - edge).hours(Hours(self.schedule, database=self._database))
        self.hours = self.hours >> passed & filled(0, kept) | hours << kept
        self._ragged = self._ragged >> passed & filled(0, kept) | ragged << kept
        self.entries = {id: one for id, one in self.entries.items() if one.touched[1] > frame.first - _NEAR}
        self.frame, self.starts, self._local = frame, starts, local
        self._is_regular = self.schedule.booking.anchor == "wall" and not starts.loose
        self._count()

    def joins(self, length: int, lo: int, hi: int) -> int | None:
        """Return the first start in [lo, hi) of a lesson of that length that can be joined."""
        starts = self._joins.get(length, [])
        index = bisect_left(starts, lo)
        return starts[index] if index < len(starts) and starts[index] < hi else None

    def first(self, ask: Ask, lo: int, hi: int) -> int | None:
        """Return the first start in [lo, hi) at which the lesson can be booked, as the tutor's agenda would.

        In microseconds; the range lies in the frame.
        """
        booking = self.schedule.booking
        lo = max(lo, ask.now + booking.notice // MICROSECOND)
        if booking.horizon is not None:
            horizon = ask.now + booking.horizon // MICROSECOND
            hi = min(hi, horizon + _DAY_END if booking.horizon_to_day_end else horizon)
        begins, joins = self._begins(ask, lo, hi), self.joins(ask.length, lo, hi)
        if begins is not None and (joins is None or begins < joins):
            return begins if self._is_sure(ask, begins) else self._decided(ask, begins, hi)
        return None if joins is None else self._decided(ask, joins, hi)

    def memory(self) -> int:
        """Return the bytes that the sets and the look-ups take, without schedule and busy time themselves."""
        sets = (self.hours, self._ragged, self.taken, self._twice, self.unsure)
        spans = sum(one.__sizeof__() + 2 * one.touched.__sizeof__() for one in self.entries.values())
        caps = 0 if self._caps is None else self._caps.memory()
        return self.__sizeof__() + sum(each.__sizeof__() for each in sets) + self.entries.__sizeof__() + spans + caps

    def _begins(self, ask: Ask, lo: int, hi: int) -> int | None:
        """Return the first instant of [lo, hi) in a step with which the lesson may begin, or in which, if loose."""
        first = (lo if self.starts.loose else lo + STEP - 1) // STEP
        # What lies behind the frame is not known and may be free.
        free = self.free | filled(self.frame.width, self.frame.width + ask.steps)
        steps = (eroded(free, ask.steps) & self.starts.steps & ~self.full) >> first - self.frame.first
        if not steps:
            return None
        at = max((first + first_of(steps)) * STEP, lo)
        return at if at < hi else None

    def _is_sure(self, ask: Ask, at: int) -> bool:
        """Return whether a lesson that may begin with a step can be booked then, whatever its agenda says."""
        horizon = self.schedule.booking.horizon
        if self.starts.loose or (horizon is not None and at >= ask.now + horizon // MICROSECOND):
            return False
        step = at // STEP - self.frame.first
        if self._caps is not None and self._caps.doubtful >> step & 1:
            return False
        return step + ask.steps <= self.frame.width and not self.unsure >> step & filled(0, ask.steps)

    def _decided(self, ask: Ask, lo: int, hi: int) -> int | None:
        """Return the first start in [lo, hi) by the agenda, looking ever further ahead."""
        chunk = _FIRST_CHUNK
        while lo < hi:
            edge = min(lo + chunk, hi)
            agenda = Agenda(
                self.schedule,
                from_micros(ask.now),
                self._near(lo, edge),
                tentative=self._margins.tentative,
                database=self._database,
            )
            for start in agenda.slots(ask.duration, from_micros(lo), from_micros(edge)):
                return to_micros(start)
            lo, chunk = edge, 2 * chunk
        return None

    def _near(self, lo: int, hi: int) -> Iterator[Busy]:
        """Yield the busy time that has a say in starts in [lo, hi)."""
        first, last = lo // STEP - _NEAR, hi // STEP + _NEAR
        return (one.busy for one in self.entries.values() if one.touched[0] < last and one.touched[1] > first)

    def _count(self) -> None:
        """Work out what all busy time together comes to."""
        entries = self.entries.values()
        spans = sorted(one.taken for one in entries if one.taken[0] < one.taken[1])
        self.taken, self._twice = self.frame.steps(spans), self.frame.steps(_shared(spans))
        self.unsure = self._ragged | self.frame.steps(chain.from_iterable(one.unsure for one in entries))
        self._joins = _joins(entries)
        if self._local is None:
            self._caps = None
        else:
            counted = (one.busy for one in entries if self._margins.counts(one.busy))
            self._caps = Caps(self.schedule.booking, self._local, self.starts.steps, counted)


def _shared(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield spans that make up what more than one of some sorted spans has."""
    edge: int | None = None
    for first, last in spans:
        if edge is not None and first < edge:
            yield first, min(last, edge)
        edge = last if edge is None else max(edge, last)


def _joins(entries: Iterable[Entry]) -> dict[int, list[int]]:
    """Return, by their lengths, the starts of the lessons that can be joined, in order."""
    found: dict[int, list[int]] = defaultdict(list)
    for busy, _, _ in entries:
        if busy.places:
            start, end = busy.span
            found[end - start].append(start)
    return {length: sorted(starts) for length, starts in found.items()}
