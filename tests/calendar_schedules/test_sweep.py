from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import attrs
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.calendar import (
    ANCHORS,
    BUFFERS,
    EXPIRING,
    KINDS,
    REACH,
    TENTATIVE,
    WEEKDAYS,
    Agenda,
    Attendee,
    Blackout,
    Booking,
    Busy,
    Holiday,
    Schedule,
    Tentative,
    WeeklyRule,
    Window,
    ZonePeriod,
)
from tutorcore.instants import Instant, from_micros, instant, to_micros

_MINUTE = 60 * 1_000_000
_DAY = 1440
_ONE = timedelta(minutes=1)
_LENGTHS = [1, 25, 30, 60, 90]

# Days on which clocks are changed in one of the zones, by 30, 60 and 120 minutes, and an ordinary one.
_DAYS = st.sampled_from(
    [date(2026, 3, 29), date(2026, 10, 25), date(2026, 4, 5), date(2026, 10, 4), date(2026, 4, 24), date(2026, 6, 3)]
)
_ZONES = st.sampled_from(
    ["Europe/Berlin", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Cairo", "Asia/Kathmandu", "America/New_York"]
)
_BUFFERS = st.sampled_from([0, 0, 5, 15, 60]).map(lambda minutes: timedelta(minutes=minutes))


def _minutes(least: int, most: int) -> st.SearchStrategy[timedelta]:
    return st.integers(least, most).map(lambda minutes: timedelta(minutes=minutes))


def _windows() -> st.SearchStrategy[Window]:
    return st.builds(
        lambda start, length: Window(start * 15, start * 15 + length * 15), st.integers(0, 95), st.integers(1, 60)
    )


@st.composite
def _busy(draw: st.DrawFn, around: Instant, id: str) -> Busy:
    start = around + draw(_minutes(-30 * 60, 54 * 60))
    kind = draw(st.sampled_from(KINDS))
    expires = around + draw(_minutes(-600, 600)) if kind in EXPIRING and draw(st.booleans()) else None
    length = draw(_minutes(1, 180) | st.sampled_from(_LENGTHS).map(lambda minutes: timedelta(minutes=minutes)))
    places = draw(st.integers(0, 2)) if kind == "lesson" else 0
    return Busy(start, start + length, id, kind, expires, draw(_BUFFERS), draw(_BUFFERS), places)


@st.composite
def _bookings(draw: st.DrawFn) -> Booking:
    horizon = draw(st.none() | _minutes(60, 48 * 60))
    return Booking(
        notice=draw(st.sampled_from([0, 0, 45, 720]).map(lambda minutes: timedelta(minutes=minutes))),
        horizon=horizon,
        horizon_to_day_end=horizon is not None and draw(st.booleans()),
        before=draw(_BUFFERS),
        after=draw(_BUFFERS),
        step=draw(st.sampled_from([10, 15, 30, 50, 60, 1440]).map(lambda minutes: timedelta(minutes=minutes))),
        buffers=draw(st.sampled_from(BUFFERS)),
        anchor=draw(st.sampled_from(ANCHORS)),
        most_per_day=draw(st.none() | st.integers(1, 3)),
        most_per_week=draw(st.none() | st.integers(1, 4)),
    )


@attrs.frozen
class _Other:
    """Somebody whose time is needed too: what takes it, whether they are there in a minute, and how much fits in."""

    busy: list[Busy]
    is_there: Callable[[int], bool]
    capacity: int


class _Sweep:
    """Minute by minute, from the definitions. Knows the tutor's hours from three days before `around` to two after."""

    def __init__(
        self,
        schedule: Schedule,
        reads: Callable[[int], tuple[date, int]],
        is_open: Callable[[int], bool],
        busy: list[Busy],
        other: _Other,
        now: Instant,
        around: Instant,
        tentative: Tentative,
    ) -> None:
        self.booking, self.reads, self.now, self.other = schedule.booking, reads, now, other
        self.ignored = ("request", "tentative") if tentative == "free" else ()
        self.busy = self._standing(busy)
        self.taking = self._standing(other.busy)
        self.clear = {minute for one in self.busy for minute in self._kept_clear(one)}
        self.days = [self._date(one.start) for one in self.busy if one.kind in ("lesson", "hold", "request")]
        self.latest = None if self.booking.horizon is None else self._limit(self.booking.horizon)
        first = to_micros(around) // _MINUTE - 3 * _DAY
        self.open = {minute: is_open(minute * _MINUTE) for minute in range(first, first + 5 * _DAY)}

    def _standing(self, busy: list[Busy]) -> list[Busy]:
        there = [one for one in busy if one.expires is None or one.expires > self.now]
        return [one for one in there if one.kind not in self.ignored]

    def _kept_clear(self, one: Busy) -> range:
        """Return the minutes that a new lesson keeps clear of: those of the busy time and of its buffers."""
        start = one.start - self._gap(self.booking.after, one.before)
        end = one.end + self._gap(one.after, self.booking.before)
        return range(to_micros(start) // _MINUTE, to_micros(end) // _MINUTE)

    def _gap(self, after: timedelta, before: timedelta) -> timedelta:
        return after + before if self.booking.buffers == "sum" else max(after, before)

    def can(self, minute: int, length: int) -> bool:
        """Say whether a lesson of `length` minutes may start in that minute, or be joined there."""
        start = from_micros(minute * _MINUTE)
        end = start + timedelta(minutes=length)
        if start < self.now + self.booking.notice or (self.latest is not None and start >= self.latest):
            return False
        lessons = [one for one in self.busy if one.places and (one.start, one.end) == (start, end)]
        return self._can_have(minute, length) if not lessons else self._has_time(minute, length)

    def _can_have(self, minute: int, length: int) -> bool:
        """Say whether the tutor could give another lesson from that minute on, and the other side come."""
        return (
            all(self.open[minute + passed] for passed in range(length))
            and not any(minute + passed in self.clear for passed in range(length))
            and self._has_time(minute, length)
            and self._below_caps(from_micros(minute * _MINUTE))
            and self._on_grid(minute)
        )

    def _has_time(self, minute: int, length: int) -> bool:
        """Say whether the other side is there, with room for one more thing, in all of those minutes."""
        return all(
            self.other.is_there((minute + passed) * _MINUTE) and self._there(minute + passed) < self.other.capacity
            for passed in range(length)
        )

    def _there(self, minute: int) -> int:
        at = from_micros(minute * _MINUTE)
        return sum(one.start - one.before <= at < one.end + one.after for one in self.taking)

    def _date(self, at: Instant) -> date:
        return self.reads(to_micros(at))[0]

    def _limit(self, horizon: timedelta) -> Instant:
        limit = self.now + horizon
        if self.booking.horizon_to_day_end:
            day = self._date(limit)
            while self._date(limit) == day:
                limit += timedelta(minutes=1) - timedelta(seconds=limit.second, microseconds=limit.microsecond)
        return limit

    def _below_caps(self, start: Instant) -> bool:
        day = self._date(start)
        that_week = [other.isocalendar()[:2] for other in self.days].count(day.isocalendar()[:2])
        per_day, per_week = self.booking.most_per_day, self.booking.most_per_week
        return (per_day is None or self.days.count(day) < per_day) and (per_week is None or that_week < per_week)

    def _on_grid(self, minute: int) -> bool:
        step = self.booking.step // timedelta(minutes=1)
        if self.booking.anchor == "wall":
            return self.reads(minute * _MINUTE)[1] // (60 * 10**9) % step == 0
        origin = minute
        while self.open[origin - 1] and not (self.booking.anchor == "free" and origin - 1 in self.clear):
            origin -= 1
        return (minute - origin) % step == 0


@given(
    zone=_ZONES,
    day=_DAYS,
    booking=_bookings(),
    length=st.sampled_from(_LENGTHS),
    tentative=st.sampled_from(TENTATIVE),
    data=st.data(),
)
def test_slots_are_what_a_sweep_over_every_minute_finds(
    wall_clock: Callable[[Schedule], Callable[[int], tuple[date, int]]],
    membership: Callable[[Schedule], Callable[[int], bool]],
    zone: str,
    day: date,
    booking: Booking,
    length: int,
    tentative: Tentative,
    data: st.DataObject,
) -> None:
    """Listing, asking about one start and a naive sweep by the definitions agree about every minute there is."""
    around = instant(datetime(day.year, day.month, day.day, tzinfo=UTC))
    now = around + data.draw(_minutes(-48 * 60, 12 * 60))
    # One weekday is closed, so that no hours last longer than the sweep looks.
    rules = [WeeklyRule(WEEKDAYS[(day.weekday() + ahead) % 7], data.draw(_windows())) for ahead in (-1, 0, 0, 0, 1, 1)]
    moves = data.draw(st.lists(st.builds(ZonePeriod, st.just(around + timedelta(hours=7)), _ZONES), max_size=1))
    blackouts = data.draw(st.lists(st.just(Blackout(day + timedelta(days=1), day + timedelta(days=1))), max_size=1))
    holidays = data.draw(st.lists(st.just(Holiday(day.isoformat(), "Founders' Day")), max_size=1))
    schedule = Schedule(
        zone,
        tuple(rules),
        blackouts=tuple(blackouts),
        holidays=tuple(holidays),
        zone_periods=tuple(moves),
        booking=booking,
    )
    busy = [data.draw(_busy(around, f"busy-{number}")) for number in range(data.draw(st.integers(0, 5)))]
    others = [data.draw(_busy(around, f"other-{number}")) for number in range(data.draw(st.integers(0, 4)))]
    hours = data.draw(st.none() | st.builds(Schedule, _ZONES, st.just(tuple(rules[1:5]))))
    capacity = data.draw(st.integers(1, 3))
    is_there = (lambda _: True) if hours is None else membership(hours)
    other = _Other(others, is_there, capacity)
    sweep = _Sweep(schedule, wall_clock(schedule), membership(schedule), busy, other, now, around, tentative)
    attendee = others if hours is None and capacity == 1 else Attendee(others, hours, capacity)
    agenda, duration = Agenda(schedule, now, busy, {"student": attendee}, tentative=tentative), length * _ONE
    first = to_micros(around) // _MINUTE - 12 * 60
    minutes = range(first, first + 36 * 60)

    expected = [from_micros(minute * _MINUTE) for minute in minutes if sweep.can(minute, length)]
    until = from_micros(minutes.stop * _MINUTE)
    since = from_micros(minutes.start * _MINUTE)

    assert list(agenda.slots(duration, since, until)) == expected
    asked = data.draw(st.lists(st.sampled_from(minutes), max_size=60))
    verdicts = {
        at: agenda.is_bookable(at, duration).ok for at in [*expected, *(from_micros(m * _MINUTE) for m in asked)]
    }
    assert verdicts == {at: at in expected for at in verdicts}
    assert agenda.next_slot(duration, since) == (expected[0] if expected else agenda.next_slot(duration, until))
    between = from_micros(data.draw(st.sampled_from(minutes)) * _MINUTE + data.draw(st.integers(0, _MINUTE)))
    assert [*agenda.slots(duration, since, between), *agenda.slots(duration, between, until)] == expected
    explained = agenda.explain(between, duration)
    earlier, later = expected[: bisect_left(expected, between)], expected[bisect_right(expected, between) :]
    assert not earlier or explained.before == earlier[-1]
    assert not later or explained.after == later[0]


@given(zone=_ZONES, booking=_bookings(), length=st.sampled_from([30, 1440]), data=st.data())
def test_busy_time_far_away_has_no_say(zone: str, booking: Booking, length: int, data: st.DataObject) -> None:
    """Whoever leaves out what lies further than `REACH` from a lesson gets the same verdict about it."""
    start, duration = instant("2026-03-29T12:00Z"), timedelta(minutes=length)
    hours = data.draw(st.sampled_from([Window(0, 1440), Window(540, 1260)]))
    schedule = Schedule(zone, tuple(WeeklyRule(day, hours) for day in WEEKDAYS), booking=booking)
    around = [start + timedelta(days=data.draw(st.integers(-11, 11))) for _ in range(data.draw(st.integers(1, 6)))]
    busy = [data.draw(_busy(near, f"busy-{number}")) for number, near in enumerate(around)]
    within = [one for one in busy if one.end > start - REACH and one.start < start + duration + REACH]

    whole, part = (Agenda(schedule, start - timedelta(days=1), known) for known in (busy, within))

    assert part.is_bookable(start, duration) == whole.is_bookable(start, duration)
