"""A roster answers as one agenda for each tutor does, whatever happened to it before."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.calendar import (
    ANCHORS,
    WEEKDAYS,
    Agenda,
    Blackout,
    Booking,
    Busy,
    Kind,
    Opening,
    Override,
    Roster,
    Schedule,
    WeeklyRule,
    Window,
    ZonePeriod,
)
from tutorcore.calendar.agendas.diaries import Tentative
from tutorcore.calendar.rosters import roster as module
from tutorcore.instants import Instant, instant

BEGINNING = instant("2026-03-27T00:00Z")  # Clocks go forward in Europe on the 29th and back on Lord Howe on 5 April.
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
_ZONES = st.sampled_from(  # In Beirut the day of the change has no midnight, in Santiago its eve has an hour more.
    [
        "Europe/Berlin",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "America/New_York",
        "Africa/Monrovia",
        "Etc/UTC",
        "Asia/Beirut",
        "America/Santiago",
    ]
)
_TUTORS = st.sampled_from(["ann", "bob", "cyd", "dan", "eve"])
_LENGTHS = st.sampled_from([1, 5, 7, 25, 30, 50, 60, 90, 13 * 60, 3 * 24 * 60]).map(lambda count: count * MINUTE)
_CAPS = st.none() | st.none() | st.integers(1, 3)
_SHORT = st.sampled_from([0, 0, 0, 5, 7, 15]).map(lambda count: count * MINUTE)


def _minutes(least: int, most: int, step: int = 1) -> st.SearchStrategy[timedelta]:
    return st.integers(least // step, most // step).map(lambda count: count * step * MINUTE)


def _instants(least_days: int, most_days: int) -> st.SearchStrategy[Instant]:
    whole = _minutes(least_days * 1440, most_days * 1440, 15)
    odd = _minutes(least_days * 1440, most_days * 1440) | st.integers(1, 10**12).map(
        lambda micros: timedelta(microseconds=micros)
    )
    return (whole | whole | odd).map(lambda later: BEGINNING + later)


_MOVES = st.lists(st.builds(ZonePeriod, _instants(0, 8), _ZONES), max_size=1).map(tuple)


@st.composite
def _schedules(draw: st.DrawFn) -> Schedule:
    odd = draw(st.sampled_from([15, 15, 15, 1]))
    if draw(st.sampled_from([True, False, False])):  # Such a tutor is plain, and can be had most of the time.
        always = tuple(WeeklyRule(day, Window(0, 1440)) for day in WEEKDAYS)
        notice = draw(st.sampled_from([0, 61])) * MINUTE
        booking = Booking(notice=notice, most_per_day=draw(_CAPS), most_per_week=draw(_CAPS))
        return Schedule(draw(_ZONES), always, zone_periods=draw(_MOVES), booking=booking)
    windows = st.builds(
        lambda start, length: Window(start * odd, (start + length) * odd),
        st.integers(0, 1439 // odd),
        st.integers(1, 1440 // odd),
    )
    rules = draw(st.lists(st.builds(WeeklyRule, st.sampled_from(WEEKDAYS), windows), min_size=1, max_size=9))
    dates = st.integers(0, 12).map(lambda later: date(2026, 3, 27) + timedelta(days=later))
    horizon = draw(st.none() | st.none() | _minutes(60, 9 * 1440))
    return Schedule(
        draw(_ZONES),
        tuple(rules),
        overrides=tuple(draw(st.lists(st.builds(Override, dates, st.tuples(windows)), max_size=1))),
        blackouts=tuple(Blackout(day, day) for day in draw(st.lists(dates, max_size=1))),
        zone_periods=draw(_MOVES),
        booking=Booking(
            notice=draw(st.sampled_from([0, 0, 0, 45, 61, 1440])) * MINUTE,
            horizon=horizon,
            horizon_to_day_end=horizon is not None and draw(st.booleans()),
            before=draw(_SHORT),
            after=draw(_SHORT),
            buffers=draw(st.sampled_from(["longer", "longer", "sum"])),
            step=draw(st.sampled_from([30, 30, 30, 15, 5, 7, 50, 1440])) * MINUTE,
            anchor=draw(st.sampled_from(["wall", "wall", *ANCHORS])),
            most_per_day=draw(_CAPS),
            most_per_week=draw(_CAPS),
        ),
    )


@st.composite
def _busy(draw: st.DrawFn) -> Busy:
    start = draw(_instants(-2, 6) | _instants(-9, 14))  # Some days before the frame are of its first week.
    kinds: list[Kind] = ["lesson", "lesson", "event", "hold", "request", "tentative"]
    kind = draw(st.sampled_from(kinds))
    return Busy(
        start,
        start + draw(_minutes(15, 240, 15) | _minutes(1, 3000)),
        f"busy-{draw(st.integers(1, 9))}",
        kind,
        draw(st.none() | _instants(-1, 3)) if kind in ("hold", "request") else None,
        draw(_SHORT),
        draw(_SHORT),
        draw(st.sampled_from([0, 0, 2])) if kind == "lesson" else 0,
    )


class _Tutors:
    """What the roster was told, and the answers of the agendas."""

    def __init__(self, tentative: Tentative) -> None:
        self.schedules: dict[str, Schedule] = {}
        self.busy: dict[str, dict[str, Busy]] = {}
        self.tentative: Tentative = tentative

    def agenda(self, tutor: str, now: Instant) -> Agenda:
        return Agenda(self.schedules[tutor], now, self.busy[tutor].values(), tentative=self.tentative)

    def first(self, tutor: str, duration: timedelta, now: Instant, since: Instant, until: Instant) -> Instant | None:
        since = max(since, now)
        return next(iter(self.agenda(tutor, now).slots(duration, since, until)), None) if since < until else None


def _told(data: st.DataObject, roster: Roster, tutors: _Tutors) -> None:
    """Let something happen to a roster, and to what is known of it."""
    tutor = data.draw(_TUTORS)
    known = tutor in tutors.schedules
    match data.draw(st.sampled_from(["put", "put", "change", "book", "book", "book", "release", "drop", "ask"])):
        case "put":
            busy = {one.id: one for one in data.draw(st.lists(_busy(), max_size=6))}
            tutors.schedules[tutor], tutors.busy[tutor] = data.draw(_schedules()), busy
            roster.put(tutor, tutors.schedules[tutor], busy.values())
        case "change":
            tutors.schedules[tutor] = data.draw(_schedules())
            tutors.busy.setdefault(tutor, {})
            roster.put(tutor, tutors.schedules[tutor])
        case "book" if known:
            one = data.draw(_busy())
            tutors.busy[tutor][one.id] = one
            roster.book(tutor, one)
        case "release" if known and tutors.busy[tutor]:
            id = data.draw(st.sampled_from(sorted(tutors.busy[tutor])))
            del tutors.busy[tutor][id]
            roster.release(tutor, id)
        case "drop" if known:
            del tutors.schedules[tutor], tutors.busy[tutor]
            roster.drop(tutor)
        case _:
            roster.soonest(MINUTE, roster.since)  # The columns are made, and follow what comes.


@pytest.mark.parametrize("few", [0, 48])
@given(data=st.data())
def test_a_roster_answers_as_one_agenda_for_each_tutor(few: int, data: st.DataObject) -> None:
    """Soonest, free at a time, next of one tutor: the same as from the agendas, sorted by start and id."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_FEW", few)
        tutors = _Tutors(data.draw(st.sampled_from(["busy", "busy", "free"])))
        since = data.draw(_instants(0, 3))
        roster = Roster(
            since, since + data.draw(_minutes(60, 1440) | _minutes(60, 8 * 1440)), tentative=tutors.tentative
        )
        for _ in range(data.draw(st.integers(1, 12))):
            _told(data, roster, tutors)
        if data.draw(st.booleans()):
            later = roster.since + data.draw(_minutes(0, 4 * 1440))
            roster.advance(later, data.draw(st.none() | _minutes(60, 9 * 1440).map(lambda more: later + more)))
            for _ in range(data.draw(st.integers(0, 3))):
                _told(data, roster, tutors)
        _assert_equal(data, roster, tutors)


def _assert_equal(data: st.DataObject, roster: Roster, tutors: _Tutors) -> None:
    now = data.draw(_instants(-2, 3).filter(lambda when: when < roster.until))
    duration, n = data.draw(_LENGTHS), data.draw(st.integers(1, 6))
    since = data.draw(st.none() | _instants(-1, 6))
    begin = roster.since if since is None else max(since, roster.since)
    known = sorted(tutors.schedules)
    among = data.draw(st.none() | st.sets(st.sampled_from(known))) if known else None
    chosen = known if among is None else sorted(among)

    firsts = {tutor: tutors.first(tutor, duration, now, begin, roster.until) for tutor in known}
    soonest = sorted((start, tutor) for tutor in chosen if (start := firsts[tutor]) is not None)[:n]

    assert roster.tutors == tuple(known)
    found = roster.soonest(duration, now, n, since=since, among=among)
    assert found == tuple(Opening(start, tutor) for start, tutor in soonest)
    assert {tutor: roster.next_slot(tutor, duration, now, since=since) for tutor in known} == firsts
    starts = [start for start in firsts.values() if start is not None]
    odd = _instants(0, 8).filter(lambda at: roster.since <= at < roster.until)
    for at in {*starts, *data.draw(st.lists(odd, max_size=3))}:
        can = tuple(tutor for tutor in chosen if tutors.agenda(tutor, now).is_bookable(at, duration).ok)
        assert roster.free_at(at, duration, now, among=among) == can
