"""The roster: thousands of tutors searched at once for who can be booked soonest, or at a given time.

**Its answers are those of one `Agenda` for each tutor**, by order of start and then of the tutor's id. It is fast
because the time line is cut into steps of five minutes (`roster_steps`), and because sets of steps and of tutors are
the bits of ints: a row for each tutor says in which steps he or she is free (`roster_rows`), a column for each step who
is free in it (`roster_columns`). Who is free for an hour is twelve columns met.

Where steps are exact, that is the answer. Where they are not, they list too much rather than too little, and the
tutor's agenda decides about those that come up.

A roster knows busy time as it was told and no present: `now` comes with each question, and notice, horizon and holds
that expire are applied then. It looks at a range of instants, its *frame*, and is told when the days go by.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from heapq import heappop, heappush, nsmallest
from itertools import islice
from typing import Final, TypeVar

import attrs

from tutorcore.calendar.agendas.busy import Busy, checked
from tutorcore.calendar.agendas.diaries import TENTATIVE, Tentative
from tutorcore.calendar.agendas.slots import LONGEST
from tutorcore.calendar.rosters.bitsets import members, picked
from tutorcore.calendar.rosters.caps import LocalDays
from tutorcore.calendar.rosters.columns import Columns
from tutorcore.calendar.rosters.rows import Flipped, Row
from tutorcore.calendar.rosters.steps import STEP, Ask, Frame, Margins, Starts
from tutorcore.calendar.schedules.hours import Hours, micros_range
from tutorcore.calendar.schedules.schedule import Booking, Schedule, check_count, check_name, check_span
from tutorcore.calendar.zones.databases import TZDATA, TimeZones, check_database
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import MICROSECOND, Instant, from_micros, instant, to_micros

K = TypeVar("K")
V = TypeVar("V")

MOST_TUTORS: Final = 100_000
"""The most tutors that a roster takes, and the most that can be asked for at once."""

# So few tutors, or so long a lesson, are found faster row by row.
_FEW: Final = 48
_LONG: Final = 144
_MOST_KEPT: Final = 1_000


@attrs.frozen
class Opening:
    """The first instant, of those asked about, at which a tutor can be booked."""

    start: Instant
    tutor: str


class Roster:
    """Tutors with their schedules and busy time, ready to be searched for starts in [since, until).

    Both ends are moved outwards to whole five minutes. With `tentative` "free", requests and tentative events stand in
    nobody's way. The memory it takes grows with the frame times the tutors: about 6 kB a tutor for eight weeks.

    >>> from tutorcore.calendar.schedules.schedule import WeeklyRule, Window
    >>> roster = Roster(instant("2026-03-02T00:00Z"), instant("2026-03-16T00:00Z"))
    >>> for tutor, day in (("tom", "tuesday"), ("tim", "monday")):
    ...     roster.put(tutor, Schedule("Europe/Berlin", (WeeklyRule(day, Window.of("09:00", "10:00")),)))
    >>> roster.book("tim", Busy(instant("2026-03-02T08:00Z"), instant("2026-03-02T09:00Z"), "lesson-7"))
    >>> for opening in roster.soonest(timedelta(minutes=30), instant("2026-03-01T00:00Z")):
    ...     print(opening.start.isoformat(), opening.tutor)
    2026-03-03T08:00:00+00:00 tom
    2026-03-09T08:00:00+00:00 tim
    """

    def __init__(
        self, since: Instant, until: Instant, *, tentative: Tentative = "busy", database: TimeZones = TZDATA
    ) -> None:
        if tentative not in TENTATIVE:
            raise UnknownName("way to take what is tentative", tentative, TENTATIVE)
        self._frame = _frame(since, until)
        self._tentative: Tentative = tentative
        self._database = check_database(database)
        self._rows: dict[str, Row] = {}
        self._joinable: set[str] = set()
        self._grids: dict[object, Starts] = {}
        self._margins: dict[Booking, Margins] = {}
        self._local_days: dict[object, LocalDays] = {}
        self._made: Columns | None = None

    @property
    def since(self) -> Instant:
        """The first instant at which starts are looked for."""
        return from_micros(self._frame.span[0])

    @property
    def until(self) -> Instant:
        """The instant before which starts are looked for."""
        return from_micros(self._frame.span[1])

    @property
    def tutors(self) -> tuple[str, ...]:
        """The ids of all tutors, in order."""
        return tuple(sorted(self._rows))

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, tutor: object) -> bool:
        return tutor in self._rows

    def put(self, tutor: str, schedule: Schedule, busy: Iterable[Busy] | None = None) -> None:
        """Add a tutor, or give one another schedule and other busy time; with None, the busy time known stays.

        Raises `InvalidValue` if two busy times have one id, or if there are `MOST_TUTORS` already.
        """
        check_name(tutor, "tutor")
        if not isinstance(schedule, Schedule):
            raise InvalidType("schedule", schedule, "a Schedule")
        known = self._rows.get(tutor)
        if known is None and len(self._rows) >= MOST_TUTORS:
            raise InvalidValue("tutor", tutor, f"no more than {MOST_TUTORS} tutors")
        if busy is None:
            times = [] if known is None else [entry.busy for entry in known.entries.values()]
        else:
            times = _distinct(checked(busy, "busy time"))
        starts, margins = self._starts(schedule), self._margins_of(schedule.booking)
        row = Row(schedule, times, self._frame, starts, margins, self._database, self._days(schedule))
        self._rows[tutor] = row
        self._note_joins(tutor, row)
        if self._made is not None and known is not None:
            self._made.change(tutor, row, known.free ^ row.free)
        elif self._made is not None:
            self._made.add(tutor, row)
            if self._made.is_disordered:
                self._made = None

    def drop(self, tutor: str) -> None:
        """Forget a tutor; raise `UnknownName` if there is none of that id."""
        row = self._row(tutor)
        del self._rows[tutor]
        self._joinable.discard(tutor)
        if self._made is not None:
            self._made.drop(tutor, row)

    def book(self, tutor: str, busy: Busy) -> None:
        """Add a tutor's busy time, in place of what has the same id, such as the hold that becomes a lesson."""
        if not isinstance(busy, Busy):
            raise InvalidType("busy time", busy, "a Busy")
        row = self._row(tutor)
        if busy.id in row.entries:
            self._changed(tutor, row, row.release(busy.id))
        self._changed(tutor, row, row.book(busy))

    def release(self, tutor: str, id: str) -> bool:
        """Take a tutor's busy time away; return whether there was any of that id, or it was forgotten long ago."""
        row = self._row(tutor)
        check_name(id, "id of a busy time")
        if id not in row.entries:
            return False
        self._changed(tutor, row, row.release(id))
        return True

    def advance(self, since: Instant, until: Instant | None = None) -> None:
        """Look at a later range; without `until`, one as long as before. Busy time that is long past is forgotten.

        Raises `InvalidValue` for a `since` before the present one.
        """
        since = instant(since, "since")
        if since < self.since:
            raise InvalidValue("since", since.isoformat(), f"{self.since.isoformat()} or later: a roster forgets")
        frame = _frame(since, since + (self.until - self.since) if until is None else until)
        self._frame, self._made = frame, None
        self._grids.clear()
        self._local_days.clear()
        for tutor, row in self._rows.items():
            row.move(frame, self._starts(row.schedule), self._days(row.schedule))
            self._note_joins(tutor, row)

    def next_slot(
        self, tutor: str, duration: timedelta, now: Instant, *, since: Instant | None = None
    ) -> Instant | None:
        """Return the first start, from `since` on, at which a tutor can be booked; None if the roster sees none."""
        row = self._row(tutor)
        ask, lo, hi = self._asked(duration, now, since)
        found = row.first(ask, lo, hi)
        return None if found is None else from_micros(found)

    def soonest(
        self,
        duration: timedelta,
        now: Instant,
        n: int = 50,
        *,
        since: Instant | None = None,
        among: Iterable[str] | None = None,
    ) -> tuple[Opening, ...]:
        """Return the `n` tutors who can be booked soonest from `since` on, each once, with their first starts.

        They come by start, those of one start by id; fewer if no more can be booked. `among` are the ids to choose
        from; one that is not in the roster, such as a tutor without hours, is passed over.
        """
        check_count(n, "n", 1, MOST_TUTORS)
        ask, lo, hi = self._asked(duration, now, since)
        waiting = self._places(among)
        if waiting.bit_count() <= _FEW or ask.steps > _LONG:
            found = nsmallest(n, self._one_by_one(ask, lo, hi, waiting))
        else:
            found = list(islice(self._sweep(ask, lo, hi, waiting), n))
        return tuple(Opening(from_micros(start), tutor) for start, tutor in found)

    def free_at(
        self, start: Instant, duration: timedelta, now: Instant, *, among: Iterable[str] | None = None
    ) -> tuple[str, ...]:
        """Return the ids of the tutors who can be booked at exactly that start, in order.

        `among` are the ids to choose from, as for `soonest`.
        """
        at = to_micros(instant(start, "start"))
        lo, hi = self._frame.span
        if not lo <= at < hi:
            expected = f"an instant from {self.since} to before {self.until}"
            raise InvalidValue("start", from_micros(at).isoformat(), expected)
        ask, lo, _ = self._asked(duration, now, None)
        if at < lo:
            return ()
        columns, step = self._columns, at // STEP - self._frame.first
        waiting = self._places(among)
        allowed, sure = _Passing(columns, ask, at, self._frame).upto(at // STEP)
        free = columns.free_from(step, ask.steps, waiting & allowed & columns.starting(step))
        joins = self._joins_ahead(ask, at, at + 1).get(at // STEP, 0)
        found = list(picked(columns.names, free & sure & ~joins))
        doubtful = free & ~sure | joins & waiting
        found += (name for name in picked(columns.names, doubtful) if self._rows[name].first(ask, at, at + 1) == at)
        return tuple(sorted(found))

    def memory(self) -> int:
        """Return about how many bytes the roster takes, without the schedules and busy time that it was given."""
        grids = {id(row.starts.steps): row.starts.steps.__sizeof__() for row in self._rows.values()}
        return self._columns.memory() + sum(row.memory() for row in self._rows.values()) + sum(grids.values())

    @property
    def _columns(self) -> Columns:
        if self._made is None:
            self._made = Columns(self._rows, self._frame.width)
        return self._made

    def _row(self, tutor: str) -> Row:
        try:
            return self._rows[tutor]
        except (KeyError, TypeError):
            check_name(tutor, "tutor")
            raise UnknownName("tutor", tutor) from None

    def _asked(self, duration: timedelta, now: Instant, since: Instant | None) -> tuple[Ask, int, int]:
        """Return a question, and the range in microseconds in which starts are looked for."""
        check_span(duration, "duration", MICROSECOND, LONGEST)
        ask = Ask.of(duration, instant(now, "now"))
        lo, hi = self._frame.span
        if ask.now >= hi:
            expected = f"an instant before {self.until}, where the roster ends"
            raise InvalidValue("now", from_micros(ask.now).isoformat(), expected)
        return ask, max(lo, ask.now, lo if since is None else to_micros(instant(since, "since"))), hi

    def _places(self, among: Iterable[str] | None) -> int:
        """Return the places of those to choose from."""
        columns = self._columns
        if among is None:
            return columns.all
        if isinstance(among, str) or not isinstance(among, Iterable):
            raise InvalidType("among", among, "the ids of tutors")
        chosen = bytearray(len(columns.names) // 8 + 1)
        for tutor in among:
            if not isinstance(tutor, str) or tutor not in self._rows:
                check_name(tutor, "tutor")
                continue
            place = columns.places[tutor]
            chosen[place >> 3] |= 1 << (place & 7)
        return int.from_bytes(chosen, "little")

    def _one_by_one(self, ask: Ask, lo: int, hi: int, waiting: int) -> Iterator[tuple[int, str]]:
        for tutor in picked(self._columns.names, waiting):
            start = self._rows[tutor].first(ask, lo, hi)
            if start is not None:
                yield start, tutor

    def _sweep(self, ask: Ask, lo: int, hi: int, waiting: int) -> Iterator[tuple[int, str]]:
        """Yield the first start of each of the waiting tutors with the id, in order.

        Step by step, whoever may start there is taken out of those who wait: plain ones start, the others have their
        first start looked up and stand in a queue until that comes. Places in order are looked up one by one, as far as
        somebody asks; those that came late at once, since their ids may come first.
        """
        columns, passing = self._columns, _Passing(self._columns, ask, lo, self._frame)
        joins = self._joins_ahead(ask, lo, hi)
        queue: list[tuple[int, str]] = []
        for step in range(lo // STEP, self._frame.last):
            place, at = step - self._frame.first, step * STEP
            here = columns.starting(place)
            if not here and step not in joins:
                continue
            while queue and queue[0][0] < at:
                yield heappop(queue)
            allowed, sure = passing.upto(step)
            here = columns.free_from(place, ask.steps, waiting & allowed & here)
            if step in joins:
                here |= joins[step] & waiting
                sure &= ~joins[step]
            if not here:
                continue
            waiting &= ~here
            late = here >> columns.ordered << columns.ordered
            for tutor in picked(columns.names, late):
                self._enqueue(queue, tutor, ask, lo, hi)
            for number in members(here ^ late):
                tutor = columns.names[number]
                while queue and queue[0] < (at, tutor):
                    yield heappop(queue)
                if sure >> number & 1:
                    yield at, tutor
                else:
                    self._enqueue(queue, tutor, ask, lo, hi)
            if not waiting:
                break
        while queue:
            yield heappop(queue)

    def _enqueue(self, queue: list[tuple[int, str]], tutor: str, ask: Ask, lo: int, hi: int) -> None:
        start = self._rows[tutor].first(ask, lo, hi)
        if start is not None:
            heappush(queue, (start, tutor))

    def _joins_ahead(self, ask: Ask, lo: int, hi: int) -> dict[int, int]:
        """Return, by their steps, the places of those with a lesson to join: for each the first such start."""
        found: dict[int, int] = defaultdict(int)
        for tutor in self._joinable:
            start = self._rows[tutor].joins(ask.length, lo, hi)
            if start is not None:
                found[start // STEP] |= 1 << self._columns.places[tutor]
        return found

    def _note_joins(self, tutor: str, row: Row) -> None:
        if row.has_joins:
            self._joinable.add(tutor)
        else:
            self._joinable.discard(tutor)

    def _changed(self, tutor: str, row: Row, flipped: Flipped) -> None:
        """Follow a change of a tutor's busy time, by which these steps became free or ceased to be."""
        if row.has_joins or self._joinable:
            self._note_joins(tutor, row)
        if self._made is not None:
            self._made.flip(tutor, row, flipped)

    def _starts(self, schedule: Schedule) -> Starts:
        """Return where starts can lie; tutors whose clocks agree share one set."""
        booking = schedule.booking
        if booking.anchor != "wall":
            return Starts.of(schedule, self._frame, self._database)
        key = schedule.zone, schedule.zone_periods, booking.step
        if key not in self._grids:
            _bound(self._grids)
            self._grids[key] = Starts.of(schedule, self._frame, self._database)
        return self._grids[key]

    def _days(self, schedule: Schedule) -> LocalDays | None:
        """Return the local days for a schedule with caps; tutors whose clocks agree share them."""
        if schedule.booking.most_per_day is None and schedule.booking.most_per_week is None:
            return None
        key = schedule.zone, schedule.zone_periods
        if key not in self._local_days:
            _bound(self._local_days)
            self._local_days[key] = LocalDays(Hours(schedule, database=self._database), self._frame)
        return self._local_days[key]

    def _margins_of(self, booking: Booking) -> Margins:
        """Return how clear of busy time lessons keep; tutors with the same booking share one."""
        if booking not in self._margins:
            _bound(self._margins)
            self._margins[booking] = Margins(booking, self._tentative)
        return self._margins[booking]


class _Passing:
    """Whose starts may lie in a step, for notice and horizon, while the steps go by."""

    def __init__(self, columns: Columns, ask: Ask, lo: int, frame: Frame) -> None:
        # Of a lesson that outlasts the frame, the columns do not know all.
        self._last_known = frame.last - ask.steps
        changes: list[tuple[int, int, int, int]] = []
        for (notice, plain), places in columns.notices.items():
            first = max(lo, ask.now + notice)
            changes.append((_ceil(first) if plain else first // STEP, places, 0, 0))
        for horizon, places in columns.horizons.items():
            last = _ceil(ask.now + horizon.length)
            changes.append((last, 0, 0, places) if horizon.to_day_end else (last, 0, places, 0))
        self._changes = sorted(changes, reverse=True)
        self._come = self._gone = 0
        self._sure = columns.plain

    def upto(self, step: int) -> tuple[int, int]:
        """Return who may start in a step, as counted from 1970, and of whom that is certain. Steps only go up."""
        while self._changes and self._changes[-1][0] <= step:
            _, come, gone, doubtful = self._changes.pop()
            self._come |= come
            self._gone |= gone
            self._sure &= ~doubtful
        return self._come & ~self._gone, self._sure if step <= self._last_known else 0


def _bound(known: dict[K, V]) -> None:
    """Begin anew with what is kept for tutors to share, once it is a lot."""
    if len(known) >= _MOST_KEPT:
        known.clear()


def _ceil(micros: int) -> int:
    return -(-micros // STEP)


def _frame(since: Instant, until: Instant) -> Frame:
    lo, hi = micros_range(since, until)
    if lo == hi:
        raise InvalidValue("until", until.isoformat(), f"an instant after since, {since.isoformat()}")
    return Frame(lo // STEP, _ceil(hi) - lo // STEP)


def _distinct(busy: Iterable[Busy]) -> list[Busy]:
    """Return busy times of which no two have one id."""
    found: dict[str, Busy] = {}
    for one in busy:
        if one.id in found:
            raise InvalidValue("id of a busy time", one.id, "another id for each busy time of a tutor")
        found[one.id] = one
    return list(found.values())
