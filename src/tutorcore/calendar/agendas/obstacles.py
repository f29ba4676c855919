"""Obstacles: what stands against a booking, as the spans of starts that it bars and as reasons.

An obstacle is whatever stands against a booking, as seen from the starts of a lesson of one length: a busy hour bars
every start from which the lesson would run into it. Listing slots subtracts the spans; a verdict asks the obstacles
that bar a start for the reasons. Everything that can stand against a start is built here, except that it does not lie
on the grid.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from tutorcore.calendar.agendas.busy import Busy, Kind
from tutorcore.calendar.agendas.diaries import Diary, Taken
from tutorcore.calendar.agendas.verdicts import HINDRANCES, SENTENCES, Code, Hindrance, Reason
from tutorcore.calendar.intervals import Span, clipped, gaps
from tutorcore.calendar.schedules.hours import Hours, first_day
from tutorcore.calendar.schedules.schedule import Anchor, Blackout, Booking, Holiday, spelled
from tutorcore.calendar.zones.segments import DAY, project
from tutorcore.instants import MICROSECOND, from_micros

REACH: Final = timedelta(days=9)
"""Busy time that lies further than this from all that is asked about has no say, so it need not be given."""

MOST_NAMED: Final = 1_000
"""How many busy times of the tutor, or of a further party, a verdict names at most, the earliest first."""

# Two instants of one local week lie less than this apart, in whichever zones.
_LOCAL_WEEK: Final = REACH // MICROSECOND
_MINUTE: Final = 60 * 1_000_000
_CODES: Final[dict[Kind, Code]] = {
    "lesson": "busy",
    "hold": "hold",
    "request": "request",
    "event": "event",
    "tentative": "event",
}
_ORIGINS: Final[dict[Anchor, str]] = {
    "wall": "midnight",
    "window": "the start of the hours available",
    "free": "the start of the free time",
}


class Obstacle(NamedTuple):
    """Obstacles of one kind: the spans of the starts that they bar, and what gives the reasons for one of these."""

    spans: Sequence[Span]
    reasons: Callable[[int], Iterator[Reason]]

    def bars(self, start: int) -> bool:
        """Return whether a start is one of those barred."""
        return any(first <= start < last for first, last in self.spans)


class Party:
    """A further party made ready: its id, its busy time, its hours if it has any of its own, and its capacity."""

    def __init__(self, id: str, diary: Diary, hours: Hours | None, capacity: int) -> None:
        self.id = id
        self.diary = diary
        self.hours = hours
        self.capacity = capacity
        self.crowded = diary.clear if capacity == 1 else diary.crowded(capacity)


class Obstacles:
    """Builds what stands against a lesson with a tutor at `now`, in the words of the tutor's clock."""

    def __init__(self, hours: Hours, booking: Booking, now: int, diary: Diary, parties: Sequence[Party]) -> None:
        self._hours = hours
        self._booking = booking
        self._now = now
        self._diary = diary
        self._parties = parties
        self._earliest = now + booking.notice // MICROSECOND
        self.limit = self._horizon()

    def against_booking(self, length: int, lo: int, hi: int) -> Iterator[Obstacle]:
        """Yield everything that bars a lesson of its own from starts in [lo, hi), and perhaps starts beside them."""
        yield from self._against_all(lo, hi)
        yield self._outside(length, lo, hi)
        yield self._closed(length, lo, hi)
        # A lesson that ends as busy time begins does not conflict, hence + 1 here and below.
        taken = [(first - length + 1, last) for first, last in clipped(self._diary.clear, lo, hi + length)]
        yield Obstacle(taken, partial(self._in_the_way, length))
        yield from self._full("day", 1, self._booking.most_per_day, lo, hi)
        yield from self._full("ISO week", 7, self._booking.most_per_week, lo, hi)
        for party in self._parties:
            yield from self._not_free(party, length, lo, hi)

    def against_joining(self, lesson: Busy, length: int, lo: int, hi: int) -> Iterator[Obstacle]:
        """Yield what bars somebody from joining a lesson that there is; a room that it takes place in does not."""
        yield from self._against_all(lo, hi)
        for party in self._parties:
            if not party.diary.hosts(lesson):
                yield from self._not_free(party, length, lo, hi)

    def off_grid(self) -> Reason:
        """Return the reason why a start that does not lie on the grid cannot be booked."""
        return _reason("off_grid", step=spelled(self._booking.step), origin=_ORIGINS[self._booking.anchor])

    def _against_all(self, lo: int, hi: int) -> Iterator[Obstacle]:
        yield Obstacle([(lo, self._now)], self._past)
        yield Obstacle([(self._now, self._earliest)], self._too_soon)
        if self.limit is not None:
            yield Obstacle([(self.limit, hi)], partial(self._too_late, self.limit))

    def _outside(self, length: int, lo: int, hi: int) -> Obstacle:
        fitting = [
            (first, last - length + 1) for first, last in self._hours.open(lo, hi + length) if last - first >= length
        ]
        return Obstacle(gaps(fitting, lo, hi), partial(self._leaves_hours, length))

    def _closed(self, length: int, lo: int, hi: int) -> Obstacle:
        closed = [(first - length + 1, last, what) for (first, last), what in self._hours.closed(lo, hi + length)]
        return Obstacle([(first, last) for first, last, _ in closed], partial(_away, closed))

    def _full(self, unit: str, days: int, most: int | None, lo: int, hi: int) -> Iterator[Obstacle]:
        """Yield the local days, or weeks of `days` days, that have as many lessons as they may."""
        if most is None:
            return
        lessons: Counter[int] = Counter()
        for since, until, offset in self._hours.segments(lo - _LOCAL_WEEK, hi + _LOCAL_WEEK):
            starts = self._diary.starts(since, until)
            lessons.update(first_day((start + offset) // DAY, days) for start in starts)
        here = self._hours.segments(lo, hi)
        for first, count in sorted(lessons.items()):
            if count >= most:
                spans = project([(first * DAY, (first + days) * DAY)], here)
                yield Obstacle(spans, partial(_capped, unit=unit, lessons=str(count), most=str(most)))

    def _not_free(self, party: Party, length: int, lo: int, hi: int) -> Iterator[Obstacle]:
        taken = [(first - length + 1, last) for first, last in clipped(party.crowded, lo, hi + length)]
        yield Obstacle(taken, partial(self._engaged, party, length))
        if party.hours is not None:
            available = party.hours.available(lo, hi + length)
            fitting = [(first, last - length + 1) for first, last in available if last - first >= length]
            yield Obstacle(gaps(fitting, lo, hi), partial(self._elsewhere, party, length))

    def _horizon(self) -> int | None:
        if self._booking.horizon is None:
            return None
        limit = self._now + self._booking.horizon // MICROSECOND
        if not self._booking.horizon_to_day_end:
            return limit
        parts = self._hours.segments(limit, limit + 3 * DAY)
        day = (limit + parts[0].offset) // DAY
        return project([(day * DAY, (day + 1) * DAY)], parts)[0][1]

    # The reasons for one start

    def _past(self, start: int) -> Iterator[Reason]:
        yield _reason("past", start=self._shown(start), now=self._shown(self._now))

    def _too_soon(self, start: int) -> Iterator[Reason]:
        yield _reason("notice", notice=spelled(self._booking.notice), earliest=self._shown(self._earliest))

    def _too_late(self, limit: int, start: int) -> Iterator[Reason]:
        yield _reason("horizon", limit=self._shown(limit))

    def _leaves_hours(self, length: int, start: int) -> Iterator[Reason]:
        yield _reason("outside_hours", start=self._shown(start), end=self._shown(start + length))

    def _in_the_way(self, length: int, start: int) -> Iterator[Reason]:
        for one in islice(self._diary.meeting(start, start + length), MOST_NAMED):
            code = _CODES[one.busy.kind] if one.start < start + length and start < one.end else "buffer"
            yield _reason(code, one.busy.id, **self._facts(one, start))

    def _engaged(self, party: Party, length: int, start: int) -> Iterator[Reason]:
        if party.capacity == 1:
            for one in islice(party.diary.meeting(start, start + length), MOST_NAMED):
                overlaps = one.start < start + length and start < one.end
                yield _hindered(party, "taken" if overlaps else "buffer", one.busy.id, self._facts(one, start))
        else:
            for first, last in clipped(party.crowded, start, start + length)[:MOST_NAMED]:
                facts = {"taken_from": self._shown(first), "taken_to": self._shown(last), "most": str(party.capacity)}
                yield _hindered(party, "full", "", facts)

    def _elsewhere(self, party: Party, length: int, start: int) -> Iterator[Reason]:
        yield _hindered(party, "hours", "", {"start": self._shown(start), "end": self._shown(start + length)})

    def _facts(self, one: Taken, start: int) -> dict[str, str]:
        """Return the facts about busy time that a lesson at `start` does not keep clear of."""
        apart = one.start - one.lo if start < one.start else one.hi - one.end
        return {
            "id": one.busy.id,
            "taken_from": self._shown(one.start),
            "taken_to": self._shown(one.end),
            "apart": spelled(apart * MICROSECOND),
        }

    def local(self, micros: int) -> datetime:
        """Return what the tutor's clock shows at an instant, with its offset as a number."""
        [part] = self._hours.segments(micros, micros + 1)
        return from_micros(micros).astimezone(timezone(part.offset * MICROSECOND))

    def _shown(self, micros: int) -> str:
        return self.local(micros).isoformat(" ", "auto" if micros % _MINUTE else "minutes")


def gap(asked: datetime) -> Reason:
    """Return the reason why a wall time that the clocks of its zone never show cannot be booked."""
    return _reason("gap", zone=str(asked.tzinfo), wall=asked.replace(tzinfo=None).isoformat(" "))


def _away(closed: Sequence[tuple[int, int, Blackout | Holiday]], start: int) -> Iterator[Reason]:
    for first, last, what in closed:
        if not first <= start < last:
            continue
        if isinstance(what, Holiday):
            yield _reason("holiday", holiday=what.name)
        else:
            yield _reason("blackout", first=what.first.isoformat(), last=what.last.isoformat())


def _capped(_: int, **facts: str) -> Iterator[Reason]:
    yield _reason("cap", **facts)


def _reason(code: Code, busy: str = "", **facts: str) -> Reason:
    return Reason(code, SENTENCES[code].format_map(facts), busy)


def _hindered(party: Party, hindrance: Hindrance, busy: str, facts: Mapping[str, str]) -> Reason:
    why = HINDRANCES[hindrance].format_map({**facts, "party": party.id})
    return Reason("party", SENTENCES["party"].format(party=party.id, why=why), busy, party.id)
