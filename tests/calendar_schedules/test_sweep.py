from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tutorcore.calendar import (
    ANCHORS,
    REACH,
    WEEKDAYS,
    Agenda,
    Blackout,
    Booking,
    Busy,
    Schedule,
    WeeklyRule,
    Window,
    ZonePeriod,
)
from tutorcore.instants import Instant, from_micros, instant, to_micros

_MINUTE = 60 * 1_000_000
_DAY = 1440

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
    kind = draw(st.sampled_from(["lesson", "hold"]))
    expires = around + draw(_minutes(-600, 600)) if kind == "hold" else None
    end = start + draw(_minutes(1, 180))
    return Busy(start, end, id, "hold" if expires else "lesson", expires, draw(_BUFFERS), draw(_BUFFERS))


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
        anchor=draw(st.sampled_from(ANCHORS)),
        most_per_day=draw(st.none() | st.integers(1, 3)),
        most_per_week=draw(st.none() | st.integers(1, 4)),
    )


class _Sweep:
    """Minute by minute, from the definitions. Knows the tutor's hours from three days before `around` to two after."""

    def __init__(
        self,
        schedule: Schedule,
        reads: Callable[[int], tuple[date, int]],
        is_open: Callable[[int], bool],
        busy: list[Busy],
        others: list[Busy],
        now: Instant,
        around: Instant,
    ) -> None:
        self.booking, self.reads, self.now = schedule.booking, reads, now
        self.busy = [one for one in busy if one.expires is None or one.expires > now]
        self.others = [one for one in others if one.expires is None or one.expires > now]
        self.clear = {minute for one in self.busy for minute in self._kept_clear(one)}
        self.days = [self._date(one.start) for one in self.busy]
        self.latest = None if self.booking.horizon is None else self._limit(self.booking.horizon)
        first = to_micros(around) // _MINUTE - 3 * _DAY
        self.open = {minute: is_open(minute * _MINUTE) for minute in range(first, first + 5 * _DAY)}

    def _kept_clear(self, one: Busy) -> range:
        """Return the minutes that a new lesson keeps clear of: those of the busy time and of its buffers."""
        start = one.start - max(one.before, self.booking.after)
        end = one.end + max(one.after, self.booking.before)
        return range(to_micros(start) // _MINUTE, to_micros(end) // _MINUTE)

    def can(self, minute: int, length: int) -> bool:
        """Say whether a lesson of `length` minutes may start in that minute."""
        start = from_micros(minute * _MINUTE)
        end = start + timedelta(minutes=length)
        return (
            self.open[minute]
            and start >= self.now + self.booking.notice
            and (self.latest is None or start < self.latest)
            and all(self.open[minute + passed] for passed in range(length))
            and all(self._apart(one, start, end, self.booking.before, self.booking.after) for one in self.busy)
            and all(self._apart(one, start, end, timedelta(0), timedelta(0)) for one in self.others)
            and self._below_caps(start)
            and self._on_grid(minute)
        )

    @staticmethod
    def _apart(one: Busy, start: Instant, end: Instant, before: timedelta, after: timedelta) -> bool:
        if start >= one.end:
            return start - one.end >= max(one.after, before)
        return end <= one.start and one.start - end >= max(after, one.before)

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


@given(zone=_ZONES, day=_DAYS, booking=_bookings(), length=st.sampled_from([1, 25, 30, 60, 90]), data=st.data())
def test_slots_are_what_a_sweep_over_every_minute_finds(
    wall_clock: Callable[[Schedule], Callable[[int], tuple[date, int]]],
    membership: Callable[[Schedule], Callable[[int], bool]],
    zone: str,
    day: date,
    booking: Booking,
    length: int,
    data: st.DataObject,
) -> None:
    """Listing, asking about one start and a naive sweep by the definitions agree about every minute there is."""
    around = instant(datetime(day.year, day.month, day.day, tzinfo=UTC))
    now = around + data.draw(_minutes(-48 * 60, 12 * 60))
    # One weekday is closed, so that no hours last longer than the sweep looks.
    rules = [WeeklyRule(WEEKDAYS[(day.weekday() + ahead) % 7], data.draw(_windows())) for ahead in (-1, 0, 0, 0, 1, 1)]
    moves = data.draw(st.lists(st.builds(ZonePeriod, st.just(around + timedelta(hours=7)), _ZONES), max_size=1))
    blackouts = data.draw(st.lists(st.just(Blackout(day + timedelta(days=1), day + timedelta(days=1))), max_size=1))
    schedule = Schedule(zone, tuple(rules), blackouts=tuple(blackouts), zone_periods=tuple(moves), booking=booking)
    busy = [data.draw(_busy(around, f"busy-{number}")) for number in range(data.draw(st.integers(0, 5)))]
    others = [data.draw(_busy(around, f"other-{number}")) for number in range(data.draw(st.integers(0, 2)))]
    sweep = _Sweep(schedule, wall_clock(schedule), membership(schedule), busy, others, now, around)
    agenda, duration = Agenda(schedule, now, busy, {"student": others}), timedelta(minutes=length)
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
