from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from importlib import resources
from itertools import pairwise

import pytest

from tutorcore.calendar import (
    ANCHORS,
    CODES,
    KINDS,
    LONGEST,
    MOST_NAMED,
    MOST_PLACES,
    MOST_RANGE,
    SENTENCES,
    TZDATA,
    WEEKDAYS,
    Agenda,
    Anchor,
    Attendee,
    Blackout,
    Booking,
    Buffers,
    Busy,
    Holiday,
    Kind,
    Override,
    Schedule,
    TimeZones,
    WeeklyRule,
    Window,
    ZonePeriod,
    zone,
)
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import Instant, instant, to_text

_HOUR = timedelta(hours=1)
_HALF = timedelta(minutes=30)
_MICRO = timedelta(microseconds=1)
_NOW = instant("2026-03-01T00:00Z")
# A database in which the clocks of Berlin hang in Tokyo.
_SWAPPED = {"Europe/Berlin": "Asia/Tokyo", "UTC": "UTC"}


def _daily(*windows: str) -> tuple[WeeklyRule, ...]:
    return tuple(WeeklyRule(day, Window.of(*window.split("-"))) for day in WEEKDAYS for window in windows)


def _at(text: str) -> Instant:
    """Return an instant of the year 2026, from "03-04T09:00" in UTC."""
    return instant(f"2026-{text}Z")


def _busy(text: str, id: str = "lesson-1", **more: object) -> Busy:
    start, end = text.split("/")
    return Busy(_at(start), _at(end), id, **more)  # type: ignore[arg-type]  # checked by the class itself


def _codes(agenda: Agenda, start: Instant, duration: timedelta = _HOUR) -> list[str]:
    return [reason.code for reason in agenda.is_bookable(start, duration).reasons]


def _starts(agenda: Agenda, since: str, until: str, duration: timedelta = _HOUR) -> list[str]:
    return [to_text(start)[5:-4] for start in agenda.slots(duration, _at(since), _at(until))]


@pytest.mark.parametrize(
    ("start", "minutes", "codes"),
    [
        ("03-04T08:59", 60, ["outside_hours"]),
        ("03-04T09:00", 60, []),
        ("03-04T11:00", 60, []),
        ("03-04T11:01", 60, ["outside_hours"]),
        ("03-04T11:00", 61, ["outside_hours"]),
        ("03-04T09:00", 180, []),
        ("03-04T09:00", 181, ["outside_hours"]),
        ("03-04T12:00", 60, ["outside_hours"]),
        # 13:00-14:00 and 14:00-15:00 are one stretch; 12:00-13:00 is not part of it.
        ("03-04T13:30", 60, []),
        ("03-04T13:00", 120, []),
        ("03-04T11:30", 120, ["outside_hours"]),
    ],
)
def test_a_lesson_lies_wholly_within_the_hours(start: str, minutes: int, codes: list[str]) -> None:
    """It may begin with the hours and end with them, cross from a window into the next, but not leave them."""
    schedule = Schedule(
        "UTC",
        _daily("09:00-12:00", "13:00-14:00", "14:00-15:00"),
        booking=Booking(step=timedelta(minutes=1)),
    )

    assert _codes(Agenda(schedule, _NOW), _at(start), timedelta(minutes=minutes)) == codes


@pytest.mark.parametrize(
    ("since_now", "notice", "codes"),
    [
        (-_MICRO, timedelta(0), ["past"]),
        (timedelta(0), timedelta(0), []),
        (_MICRO, timedelta(0), []),
        (-_MICRO, _HOUR, ["past"]),
        (timedelta(0), _HOUR, ["notice"]),
        (_HOUR - _MICRO, _HOUR, ["notice"]),
        (_HOUR, _HOUR, []),
        (_HOUR + _MICRO, _HOUR, []),
    ],
)
def test_notice_is_elapsed_time_and_met_exactly_is_met(
    since_now: timedelta, notice: timedelta, codes: list[str]
) -> None:
    """A start at now is not past; a start just as far ahead as notice asks can be booked."""
    schedule = Schedule("UTC", _daily("00:00-24:00"), booking=Booking(notice=notice))
    start = _at("03-04T10:00")

    assert _codes(Agenda(schedule, start - since_now), start) == codes


def test_notice_is_not_counted_by_the_wall_clock() -> None:
    """24 hours before 10:00 on the day clocks go forward it is 09:00 on the wall."""
    schedule = Schedule("Europe/Berlin", _daily("00:00-24:00"), booking=Booking(notice=timedelta(hours=24)))
    start = _at("03-29T08:00")

    assert _codes(Agenda(schedule, _at("03-28T08:00")), start) == []
    assert _codes(Agenda(schedule, _at("03-28T08:00") + _MICRO), start) == ["notice"]


@pytest.mark.parametrize(
    ("zone_name", "to_day_end", "now", "limit"),
    [
        ("UTC", False, "03-01T10:00", "03-04T10:00"),
        ("UTC", True, "03-01T10:00", "03-05T00:00"),
        ("UTC", True, "03-01T00:00", "03-05T00:00"),
        ("Asia/Kathmandu", True, "03-01T10:00", "03-04T18:15"),
        # The day on which clocks go forward, and the one on which they go back.
        ("Europe/Berlin", True, "03-26T10:00", "03-29T22:00"),
        ("Europe/Berlin", True, "10-22T10:00", "10-25T23:00"),
        # 23 April ends in Cairo without a midnight.
        ("Africa/Cairo", True, "04-20T10:00", "04-23T22:00"),
    ],
)
def test_starts_lie_before_the_horizon(zone_name: str, to_day_end: bool, now: str, limit: str) -> None:
    """The last bookable instant lies before now + horizon, or before the end of that local day."""
    booking = Booking(horizon=timedelta(days=3), horizon_to_day_end=to_day_end, step=timedelta(minutes=1))
    agenda = Agenda(Schedule(zone_name, _daily("00:00-24:00"), booking=booking), _at(now))

    assert _codes(agenda, _at(limit) - timedelta(minutes=1)) == []
    assert _codes(agenda, _at(limit) - _MICRO) == ["off_grid"]
    assert _codes(agenda, _at(limit)) == ["horizon"]


@pytest.mark.parametrize(
    ("start", "codes"),
    [
        ("03-04T08:00", []),
        ("03-04T08:30", ["busy"]),
        ("03-04T09:00", ["busy"]),
        ("03-04T09:30", ["busy"]),
        ("03-04T10:00", []),
    ],
)
def test_lessons_that_touch_do_not_conflict(start: str, codes: list[str]) -> None:
    """Busy time is half-open: the next lesson may begin when this one ends."""
    agenda = Agenda(Schedule("UTC", _daily("00:00-24:00")), _NOW, [_busy("03-04T09:00/03-04T10:00")])

    assert _codes(agenda, _at(start)) == codes


@pytest.mark.parametrize(
    ("taken", "codes"),
    [
        ("03-04T08:00/03-04T09:00:00.000000", []),
        ("03-04T08:00/03-04T09:00:00.000001", ["busy"]),
        ("03-04T09:59:59.999999/03-04T11:00", ["busy"]),
        ("03-04T10:00:00.000000/03-04T11:00", []),
        ("03-04T09:30:00.000001/03-04T09:30:00.000002", ["busy"]),
    ],
)
def test_busy_time_counts_to_the_microsecond(taken: str, codes: list[str]) -> None:
    """A microsecond of overlap is an overlap."""
    agenda = Agenda(Schedule("UTC", _daily("00:00-24:00")), _NOW, [_busy(taken)])

    assert _codes(agenda, _at("03-04T09:00")) == codes


@pytest.mark.parametrize(
    ("now", "codes"),
    [("03-04T07:59:59.999999", ["hold"]), ("03-04T08:00", []), ("03-04T08:00:00.000001", [])],
)
def test_a_hold_blocks_until_it_expires(now: str, codes: list[str]) -> None:
    """A hold whose expiry is now has expired."""
    hold = _busy("03-04T09:00/03-04T10:00", "hold-1", kind="hold", expires=_at("03-04T08:00"))

    assert _codes(Agenda(Schedule("UTC", _daily("00:00-24:00")), _at(now), [hold]), _at("03-04T09:00")) == codes


@pytest.mark.parametrize(
    ("kind", "code", "sentence"),
    [
        ("lesson", "busy", "lesson it takes 2026-03-04 09:00+00:00 to 2026-03-04 10:00+00:00"),
        ("hold", "hold", "hold it keeps 2026-03-04 09:00+00:00 to 2026-03-04 10:00+00:00"),
        ("request", "request", "request it, not answered yet, is for 2026-03-04 09:00+00:00 to 2026-03-04 10:00+00:00"),
        ("event", "event", "it, in another calendar, takes 2026-03-04 09:00+00:00 to 2026-03-04 10:00+00:00"),
        ("tentative", "event", "it, in another calendar, takes 2026-03-04 09:00+00:00 to 2026-03-04 10:00+00:00"),
    ],
)
def test_what_is_in_the_way_is_called_what_it_is(kind: Kind, code: str, sentence: str) -> None:
    """Only a lesson is called one."""
    agenda = Agenda(Schedule("UTC", _daily("00:00-24:00")), _NOW, [_busy("03-04T09:00/03-04T10:00", "it", kind=kind)])

    [reason] = agenda.is_bookable(_at("03-04T09:00"), _HOUR).reasons

    assert (reason.code, reason.id, reason.detail) == (code, "it", sentence)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_uncertain_may_stand_in_nobody_s_way(kind: Kind) -> None:
    """With the tentative "free", requests and tentative events bar nothing, neither with the tutor nor with others."""
    uncertain = kind in ("request", "tentative")
    schedule, taken = Schedule("UTC", _daily("00:00-24:00")), [_busy("03-04T09:00/03-04T10:00", kind=kind)]

    own = Agenda(schedule, _NOW, taken, tentative="free")
    theirs = Agenda(schedule, _NOW, others={"sue": taken}, tentative="free")

    assert [len(_codes(agenda, _at("03-04T09:00"))) for agenda in (own, theirs)] == [1 - uncertain] * 2
    assert (_at("03-04T09:00") in own.slots(_HOUR, _NOW, _NOW + timedelta(days=9))) == uncertain


@pytest.mark.parametrize(("expires", "codes"), [("03-01T00:00", []), ("03-01T00:01", ["request"]), (None, ["request"])])
def test_a_request_blocks_until_it_expires(expires: str | None, codes: list[str]) -> None:
    """A request that nobody answered in time is none any more."""
    until = None if expires is None else _at(expires)
    asked = _busy("03-04T09:00/03-04T10:00", kind="request", expires=until)

    assert _codes(Agenda(Schedule("UTC", _daily("00:00-24:00")), _NOW, [asked]), _at("03-04T09:00")) == codes


def test_a_cap_counts_what_is_or_may_become_a_lesson() -> None:
    """Lessons, holds and requests count; outside events do not, nor do requests that stand in nobody's way."""
    schedule = Schedule("UTC", _daily("00:00-24:00"), booking=Booking(most_per_day=3))
    taken = [_busy(f"03-04T{hour:02}:00/03-04T{hour:02}:30", kind, kind=kind) for hour, kind in enumerate(KINDS)]

    [reason] = Agenda(schedule, _NOW, taken).is_bookable(_at("03-04T09:00"), _HOUR).reasons

    assert reason.detail == "3 of at most 3 lessons start in that day already"
    assert _codes(Agenda(schedule, _NOW, taken, tentative="free"), _at("03-04T09:00")) == []


def test_a_holiday_is_named() -> None:
    """A start on a day off is refused for it, and not as if there were no hours; one outside them is both."""
    schedule = Schedule("UTC", _daily("09:00-17:00"), holidays=(Holiday("03-04", "Founders' Day"),))
    agenda = Agenda(schedule, _NOW)

    off = agenda.is_bookable(_at("03-04T10:00"), _HOUR)

    assert [(reason.code, reason.detail) for reason in off.reasons] == [
        ("holiday", "weekly hours are off: Founders' Day")
    ]
    assert _codes(agenda, _at("03-04T16:30")) == ["outside_hours", "holiday"]
    assert _codes(agenda, _at("03-04T18:00")) == ["outside_hours"]
    assert _starts(agenda, "03-03T16:00", "03-05T10:00") == ["03-03T16:00", "03-05T09:00", "03-05T09:30"]


def test_a_given_database_is_the_one_that_counts() -> None:
    """Hours, grid and further parties read the zones of the database they are given."""
    files = {name: (resources.files("tzdata") / "zoneinfo" / source).read_bytes() for name, source in _SWAPPED.items()}
    schedule = Schedule("Europe/Berlin", _daily("09:00-10:00"))
    sue = Attendee(schedule=Schedule("UTC", _daily("00:00-01:00")))

    swapped = Agenda(schedule, _NOW, others={"sue": sue}, database=TimeZones.of("swapped", files))

    assert _starts(swapped, "03-04T00:00", "03-05T00:00") == ["03-04T00:00"]
    assert _starts(Agenda(schedule, _NOW), "03-04T00:00", "03-05T00:00") == ["03-04T08:00"]


def test_a_hold_without_expiry_blocks_until_it_goes() -> None:
    """None means that nothing but its removal ends it."""
    hold = _busy("03-04T09:00/03-04T10:00", "hold-1", kind="hold")

    assert _codes(Agenda(Schedule("UTC", _daily("00:00-24:00")), _NOW, [hold]), _at("03-04T09:30")) == ["hold"]


@pytest.mark.parametrize(
    ("own", "theirs", "needed"),
    [((0, 0), (0, 0), 0), ((10, 0), (0, 0), 10), ((0, 0), (0, 20), 20), ((10, 0), (0, 20), 20), ((30, 0), (0, 20), 30)],
)
def test_the_gap_after_a_lesson_is_the_longer_buffer(
    own: tuple[int, int], theirs: tuple[int, int], needed: int
) -> None:
    """Between two lessons lies the longer of the first one's `after` and the next one's `before`, not their sum."""
    agenda, minute = _buffered(own, theirs), timedelta(minutes=1)
    end = _at("03-04T10:00")

    assert _codes(agenda, end + needed * minute) == []
    assert _codes(agenda, end + (needed - 1) * minute) == (["buffer"] if needed else ["busy"])
    assert _codes(agenda, end - minute) == ["busy"]


@pytest.mark.parametrize(
    ("own", "theirs", "needed"),
    [((0, 0), (0, 0), 0), ((0, 10), (0, 0), 10), ((0, 0), (20, 0), 20), ((0, 10), (20, 0), 20), ((0, 30), (20, 0), 30)],
)
def test_the_gap_before_a_lesson_is_the_longer_buffer(
    own: tuple[int, int], theirs: tuple[int, int], needed: int
) -> None:
    """Ahead of a booked lesson the new one's `after` counts, and the booked one's `before`."""
    agenda, minute = _buffered(own, theirs), timedelta(minutes=1)
    start = _at("03-04T08:00")

    assert _codes(agenda, start - needed * minute) == []
    assert _codes(agenda, start - (needed - 1) * minute) == (["buffer"] if needed else ["busy"])
    assert _codes(agenda, start + minute) == ["busy"]


@pytest.mark.parametrize(
    ("own", "theirs", "before", "after"),
    [((0, 0), (0, 0), 0, 0), ((10, 0), (0, 20), 0, 30), ((0, 10), (20, 0), 30, 0), ((5, 10), (15, 20), 25, 25)],
)
def test_buffers_may_be_added_up(own: tuple[int, int], theirs: tuple[int, int], before: int, after: int) -> None:
    """With the buffers "sum", the first one's `after` and the next one's `before` lie between two lessons."""
    agenda, minute = _buffered(own, theirs, "sum"), timedelta(minutes=1)
    soonest, latest = _at("03-04T10:00") + after * minute, _at("03-04T08:00") - before * minute

    assert [_codes(agenda, start) for start in (latest, soonest)] == [[], []]
    assert _codes(agenda, soonest - minute) == (["buffer"] if after else ["busy"])
    assert _codes(agenda, latest + minute) == (["buffer"] if before else ["busy"])


def _buffered(own: tuple[int, int], theirs: tuple[int, int], buffers: Buffers = "longer") -> Agenda:
    """Return the agenda of somebody booked from 09:00 to 10:00, with buffers (before, after) in minutes."""
    before, after, busy_before, busy_after = (timedelta(minutes=minutes) for minutes in (*own, *theirs))
    booking = Booking(before=before, after=after, step=timedelta(minutes=1), buffers=buffers)
    taken = _busy("03-04T09:00/03-04T10:00", before=busy_before, after=busy_after)
    return Agenda(Schedule("UTC", _daily("00:00-24:00"), booking=booking), _NOW, [taken])


def test_a_buffer_names_the_lesson_it_belongs_to() -> None:
    """Whoever is refused for a buffer learns whose it is and how long it is."""
    verdict = _buffered((0, 15), (20, 0)).is_bookable(_at("03-04T07:45"), _HOUR)

    [reason] = verdict.reasons
    assert (reason.code, reason.id) == ("buffer", "lesson-1")
    assert reason.detail == (
        "20 minutes must lie between this lesson and lesson-1, "
        "which takes 2026-03-04 09:00+00:00 to 2026-03-04 10:00+00:00"
    )


@pytest.mark.parametrize(
    ("start", "codes"),
    [
        # Berlin's 4 March lasts from 23:00Z to 23:00Z.
        ("03-03T22:30", []),
        ("03-03T23:00", ["cap"]),
        ("03-04T22:30", ["cap"]),
        ("03-04T23:00", []),
    ],
)
def test_a_cap_per_day_counts_starts_by_the_local_day(start: str, codes: list[str]) -> None:
    """A day that has as many lessons as it may takes no more, wherever the lesson would end."""
    booking = Booking(most_per_day=2)
    taken = [
        _busy("03-04T10:00/03-04T11:00", "one"),
        _busy("03-04T12:00/03-04T12:30", "two", kind="hold", expires=_at("03-02T00:00")),
        _busy("03-03T21:00/03-03T22:00", "the day before"),
        _busy("03-05T10:00/03-05T11:00", "a hold that is gone", kind="hold", expires=_NOW),
        _busy("03-05T12:00/03-05T13:00", "the day after"),
    ]
    agenda = Agenda(Schedule("Europe/Berlin", _daily("00:00-24:00"), booking=booking), _NOW, taken)

    assert _codes(agenda, _at(start)) == codes


@pytest.mark.parametrize(
    ("start", "codes"),
    [
        # Sunday 1 March 24:00 in New York is 05:00Z; Sunday the 8th is the day clocks go forward and ends at 04:00Z.
        ("03-02T04:30", []),
        ("03-02T05:00", ["cap"]),
        ("03-09T03:30", ["cap"]),
        ("03-09T04:00", []),
    ],
)
def test_a_cap_per_week_counts_starts_by_the_local_iso_week(start: str, codes: list[str]) -> None:
    """A week runs from Monday to Sunday of the tutor's own calendar."""
    booking = Booking(most_per_week=2)
    taken = [_busy("03-02T05:00/03-02T05:30", "first"), _busy("03-09T03:30/03-09T04:00", "last")]
    agenda = Agenda(Schedule("America/New_York", _daily("00:00-24:00"), booking=booking), _NOW, taken)

    found = [code for code in _codes(agenda, _at(start), _HALF) if code != "busy"]
    assert found == codes


def test_every_cap_that_is_full_is_named() -> None:
    """A day and its week may be full at once; each has its own sentence."""
    booking = Booking(most_per_day=1, most_per_week=1)
    agenda = Agenda(Schedule("UTC", _daily("00:00-24:00"), booking=booking), _NOW, [_busy("03-04T10:00/03-04T11:00")])

    verdict = agenda.is_bookable(_at("03-04T15:00"), _HOUR)

    assert [reason.detail for reason in verdict.reasons] == [
        "1 of at most 1 lessons start in that day already",
        "1 of at most 1 lessons start in that ISO week already",
    ]


@pytest.mark.parametrize(
    ("start", "minutes", "codes"),
    [
        ("03-03T23:00", 60, []),
        ("03-03T23:30", 60, ["blackout"]),
        ("03-04T00:00", 60, ["blackout"]),
        ("03-05T23:30", 30, ["blackout"]),
        ("03-06T00:00", 60, []),
        ("03-03T22:00", 60 * 24 * 6, ["blackout"]),
    ],
)
def test_a_lesson_does_not_touch_a_blackout(start: str, minutes: int, codes: list[str]) -> None:
    """Not even its last minute may lie on a day that is closed; the note stays with the tutor."""
    closed = Blackout(date(2026, 3, 4), date(2026, 3, 5), "at the sea")
    agenda = Agenda(Schedule("UTC", _daily("00:00-24:00"), blackouts=(closed,)), _NOW)

    verdict = agenda.is_bookable(_at(start), timedelta(minutes=minutes))

    assert [reason.code for reason in verdict.reasons] == codes
    assert {reason.detail for reason in verdict.reasons} <= {"nothing can be booked from 2026-03-04 to 2026-03-05"}


def test_a_blackout_that_begins_as_the_lesson_ends_is_not_in_the_way() -> None:
    """Of two blackouts side by side, the lesson is said to touch the one in which it lies."""
    closed = tuple(Blackout(date(2026, 3, day), date(2026, 3, day), str(day)) for day in (4, 5))
    schedule = Schedule("UTC", _daily("00:00-24:00"), blackouts=closed)

    reasons = Agenda(schedule, _NOW).is_bookable(_at("03-04T23:00"), _HOUR).reasons

    assert [reason.detail for reason in reasons] == ["nothing can be booked from 2026-03-04 to 2026-03-04"]


def test_a_blackout_of_a_date_that_comes_twice_is_named_once() -> None:
    """Who moves back over the date line lives a date twice; a lesson from one into the other has one reason."""
    closed = Blackout(date(2026, 3, 4), date(2026, 3, 4))
    back = ZonePeriod(_at("03-04T12:00"), "Pacific/Niue")
    # In Kiritimati 4 March ends at 10:00Z; in Niue it begins at 11:00Z, which is after noon for nobody.
    schedule = Schedule("Pacific/Kiritimati", _daily("00:00-24:00"), blackouts=(closed,), zone_periods=(back,))

    verdict = Agenda(schedule, _NOW).is_bookable(_at("03-04T09:00"), timedelta(hours=4))

    assert [reason.code for reason in verdict.reasons] == ["blackout"]


@pytest.mark.parametrize(
    ("taken", "start", "codes"),
    [
        (_busy("03-04T09:00/03-04T10:00"), "03-04T08:00", []),
        (_busy("03-04T09:00/03-04T10:00"), "03-04T08:30", ["party"]),
        (_busy("03-04T09:00/03-04T10:00"), "03-04T10:00", []),
        (_busy("03-04T09:00/03-04T10:00", after=_HALF), "03-04T10:00", ["party"]),
        (_busy("03-04T09:00/03-04T10:00", after=_HALF), "03-04T10:30", []),
        (_busy("03-04T09:00/03-04T10:00", before=_HALF), "03-04T08:00", ["party"]),
        (_busy("03-04T09:00/03-04T10:00", before=_HALF), "03-04T07:30", []),
        (_busy("03-04T09:00/03-04T10:00", kind="hold", expires=_NOW), "03-04T09:00", []),
    ],
)
def test_everybody_named_must_be_free(taken: Busy, start: str, codes: list[str]) -> None:
    """The busy time of further parties bars a lesson; the tutor's buffers are not theirs, but their own are."""
    schedule = Schedule("UTC", _daily("00:00-24:00"), booking=Booking(before=_HOUR, after=_HOUR))
    agenda = Agenda(schedule, _NOW, others={"room-2": [taken], "sue": []})

    reasons = agenda.is_bookable(_at(start), _HOUR).reasons

    assert [reason.code for reason in reasons] == codes
    assert {(reason.party, reason.id) for reason in reasons} <= {("room-2", "lesson-1")}


def test_parties_are_named_in_one_order() -> None:
    """Those who are not free are named by their ids, whoever was given first."""
    taken = [_busy("03-04T09:00/03-04T10:00")]
    agenda = Agenda(
        Schedule("UTC", _daily("00:00-24:00")),
        _NOW,
        others={"sue": taken, "ann": taken, "room": [_busy("03-04T08:00/03-04T09:30")]},
    )

    reasons = agenda.is_bookable(_at("03-04T09:00"), _HOUR).reasons

    assert [reason.party for reason in reasons] == ["ann", "room", "sue"]


def test_slots_exist_at_both_ends_of_time() -> None:
    """The first and the last instants there are can be booked like all others, in every kind of grid."""
    first, last = instant("1900-01-01T00:00Z"), instant("8999-12-31T00:00Z")

    for anchor in ANCHORS:
        schedule = Schedule("UTC", _daily("00:00-24:00"), booking=Booking(anchor=anchor, most_per_week=1))
        assert Agenda(schedule, first).next_slot(LONGEST, first) == first
        assert Agenda(schedule, last).next_slot(LONGEST, last) == last


def test_further_parties_do_not_count_against_caps() -> None:
    """A cap is the tutor's: the student may have as many lessons with others as she likes."""
    schedule = Schedule("UTC", _daily("00:00-24:00"), booking=Booking(most_per_day=1))
    agenda = Agenda(schedule, _NOW, others={"sue": [_busy("03-04T09:00/03-04T10:00")]})

    assert _codes(agenda, _at("03-04T12:00")) == []


def test_every_reason_is_given_in_one_order() -> None:
    """A verdict lists all that stands against a start, in the order of `CODES`, each with its sentence."""
    booking = Booking(
        notice=_HOUR,
        horizon=timedelta(days=1),
        before=timedelta(minutes=10),
        most_per_day=3,
        step=timedelta(hours=4),
    )
    schedule = Schedule(
        "Europe/Berlin",
        (),
        overrides=(Override(date(2026, 3, 29), ()),),
        blackouts=(Blackout(date(2026, 3, 29), date(2026, 3, 29)),),
        booking=booking,
    )
    busy = [
        _busy("03-29T01:30/03-29T01:45", "a", after=_HALF),
        _busy("03-29T02:00/03-29T02:10", "h", kind="hold"),
        _busy("03-29T00:00/03-29T01:00", "b", after=_HALF),
    ]
    asked = datetime(2026, 3, 29, 2, 5, tzinfo=zone("Europe/Berlin"))  # taken for 01:05Z

    late = Agenda(schedule, _at("03-27T00:00"), busy, {"sue": busy[:1]}).is_bookable(asked, _HOUR)
    past = Agenda(schedule, _at("03-30T00:00"), busy, {"sue": busy[:1]}).is_bookable(asked, _HOUR)
    soon = Agenda(schedule, _at("03-29T01:00"), busy, {"sue": busy[:1]}).is_bookable(asked, _HOUR)

    rest = ["outside_hours", "gap", "blackout", "busy", "hold", "buffer"]
    assert [reason.code for reason in late.reasons] == [*rest, "horizon", "cap", "off_grid", "party"]
    assert [reason.code for reason in past.reasons] == ["past", *rest, "cap", "off_grid", "party"]
    assert [reason.code for reason in soon.reasons] == [*rest, "notice", "cap", "off_grid", "party"]
    assert [reason.detail for reason in (*late.reasons, past.reasons[0], soon.reasons[6])] == [
        "2026-03-29 03:05+02:00 to 2026-03-29 04:05+02:00 is not wholly within the tutor's hours",
        "clocks in Europe/Berlin never show 2026-03-29 02:05:00",
        "nothing can be booked from 2026-03-29 to 2026-03-29",
        "lesson a takes 2026-03-29 03:30+02:00 to 2026-03-29 03:45+02:00",
        "hold h keeps 2026-03-29 04:00+02:00 to 2026-03-29 04:10+02:00",
        "30 minutes must lie between this lesson and b, which takes 2026-03-29 01:00+01:00 to 2026-03-29 03:00+02:00",
        "starts can be booked only if they lie before 2026-03-28 01:00+01:00",
        "3 of at most 3 lessons start in that day already",
        "lessons start every 4 hours from midnight",
        "sue is not free: a takes 2026-03-29 03:30+02:00 to 2026-03-29 03:45+02:00",
        "the start, 2026-03-29 03:05+02:00, lies before now, 2026-03-30 02:00+02:00",
        "a lesson must be booked 1 hour ahead, so starts lie at 2026-03-29 04:00+02:00 or later",
    ]
    assert list(SENTENCES) == list(CODES)


@pytest.mark.parametrize(
    ("wall", "codes"),
    [
        ("2026-03-29T01:59:59.999999", ["off_grid"]),
        ("2026-03-29T02:00", ["gap"]),
        ("2026-03-29T02:30", ["gap"]),
        ("2026-03-29T03:00", []),
        ("2026-10-25T02:30", []),
    ],
)
def test_a_wall_time_that_does_not_exist_cannot_be_booked(wall: str, codes: list[str]) -> None:
    """A start given in a zone must be shown by its clocks; both passes of a fold are."""
    agenda = Agenda(Schedule("UTC", _daily("00:00-24:00")), _NOW)
    start = datetime.fromisoformat(wall).replace(tzinfo=zone("Europe/Berlin"))

    assert _codes(agenda, start) == codes
    assert _codes(agenda, start.replace(fold=1)) == codes


@pytest.mark.parametrize(
    ("zone_name", "step", "since", "until", "expected"),
    [
        # Kathmandu is 5:45 ahead: its full hours are quarters past elsewhere.
        ("Asia/Kathmandu", 60, "03-04T00:00", "03-04T03:00", ["03-04T00:15", "03-04T01:15", "03-04T02:15"]),
        # 50 minutes do not divide a day: the grid begins anew at midnight.
        ("UTC", 50, "03-04T22:00", "03-05T01:00", ["03-04T22:30", "03-04T23:20", "03-05T00:00", "03-05T00:50"]),
        # Berlin shows no 02:00 and no 02:30, and later both of them twice.
        (
            "Europe/Berlin",
            30,
            "03-29T00:00",
            "03-29T02:00",
            ["03-29T00:00", "03-29T00:30", "03-29T01:00", "03-29T01:30"],
        ),
        ("Europe/Berlin", 120, "03-28T22:30", "03-29T03:00", ["03-28T23:00", "03-29T02:00"]),
        (
            "Europe/Berlin",
            120,
            "10-24T21:30",
            "10-25T03:30",
            ["10-24T22:00", "10-25T00:00", "10-25T01:00", "10-25T03:00"],
        ),
        # Lord Howe goes back by half an hour: 01:30 comes twice, and the hours after it lie at other minutes of UTC.
        ("Australia/Lord_Howe", 60, "04-04T13:30", "04-04T17:00", ["04-04T14:00", "04-04T15:30", "04-04T16:30"]),
        (
            "Australia/Lord_Howe",
            90,
            "04-04T13:00",
            "04-04T17:00",
            ["04-04T13:00", "04-04T14:30", "04-04T15:00", "04-04T16:30"],
        ),
        # 24 April begins at 01:00 in Cairo.
        ("Africa/Cairo", 60, "04-23T20:30", "04-24T00:00", ["04-23T21:00", "04-23T22:00", "04-23T23:00"]),
        ("Africa/Cairo", 1440, "04-22T12:00", "04-25T12:00", ["04-22T22:00", "04-24T21:00"]),
    ],
)
def test_the_grid_is_that_of_the_tutor_s_wall_clock(
    zone_name: str, step: int, since: str, until: str, expected: list[str]
) -> None:
    """Starts are counted from local midnight: a gap leaves some out, a fold gives both passes."""
    booking = Booking(step=timedelta(minutes=step))
    agenda = Agenda(Schedule(zone_name, _daily("00:00-24:00"), booking=booking), _NOW)

    assert _starts(agenda, since, until) == expected


def test_the_grid_may_begin_with_the_hours() -> None:
    """With the anchor "window" starts are counted from the beginning of the hours, over busy time and midnight."""
    booking = Booking(step=timedelta(minutes=50), anchor="window")
    schedule = Schedule("UTC", _daily("21:50-23:00", "23:00-01:30"), booking=booking)
    agenda = Agenda(schedule, _NOW, [_busy("03-04T22:00/03-04T22:45")])

    assert _starts(agenda, "03-04T20:00", "03-05T12:00", timedelta(minutes=40)) == ["03-04T23:30", "03-05T00:20"]
    assert _codes(agenda, _at("03-05T00:00"), _HALF) == ["off_grid"]
    assert _codes(agenda, _at("03-04T20:00"), _HALF) == ["outside_hours"]
    [reason] = agenda.is_bookable(_at("03-05T00:00"), _HALF).reasons
    assert reason.detail == "lessons start every 50 minutes from the start of the hours available"


def test_the_grid_may_begin_with_the_free_time() -> None:
    """With the anchor "free" starts are counted from the end of busy time, its buffers included."""
    booking = Booking(step=timedelta(minutes=50), anchor="free", before=timedelta(minutes=10))
    schedule = Schedule("UTC", _daily("09:00-14:00"), booking=booking)
    agenda = Agenda(schedule, _NOW, [_busy("03-04T10:00/03-04T10:45:00.000005")])

    found = [start.isoformat()[11:-6] for start in agenda.slots(_HALF, _at("03-04T00:00"), _at("03-05T00:00"))]

    assert found == ["09:00:00", "10:55:00.000005", "11:45:00.000005", "12:35:00.000005", "13:25:00.000005"]
    assert _codes(agenda, _at("03-04T10:30"), _HALF) == ["busy"]
    assert _codes(agenda, _at("03-04T11:00"), _HALF) == ["off_grid"]


@pytest.mark.parametrize(
    ("closed", "start", "codes"),
    [
        # Never closed: midnight counts. Closed on the 1st and the 9th: open for just a week. Closed later: for longer.
        ((), "03-08T23:20", []),
        ((), "03-08T23:30", ["off_grid"]),
        (("03-01", "03-09"), "03-08T23:20", ["off_grid"]),
        (("03-01", "03-09"), "03-08T23:30", []),
        (("03-01", "03-10"), "03-08T23:20", []),
        (("03-01", "03-10"), "03-08T23:30", ["off_grid"]),
    ],
)
@pytest.mark.parametrize("anchor", ["window", "free"])
def test_hours_without_an_end_have_the_grid_of_the_day(
    closed: tuple[str, ...], start: str, codes: list[str], anchor: Anchor
) -> None:
    """Only what lasts a week at most has a beginning to count from; so the grid is the same whatever is asked."""
    booking = Booking(step=timedelta(minutes=50), anchor=anchor)
    days = [date.fromisoformat(f"2026-{day}") for day in closed]
    schedule = Schedule(
        "UTC", _daily("00:00-24:00"), blackouts=tuple(Blackout(day, day) for day in days), booking=booking
    )

    agenda = Agenda(schedule, _at("02-01T00:00"))

    minutes = timedelta(minutes=10)
    assert _codes(agenda, _at(start), minutes) == codes
    assert (_at(start) in agenda.slots(minutes, _at("03-08T00:00"), _at("03-09T00:00"))) == (codes == [])


@pytest.mark.parametrize("anchor", ["wall", "window", "free"])
def test_pages_together_are_the_range(anchor: Anchor) -> None:
    """A slot belongs to the page in which it starts, whatever the page cuts through."""
    booking = Booking(step=timedelta(minutes=50), anchor=anchor)
    schedule = Schedule("Europe/Berlin", _daily("09:00-12:00", "22:00-03:30"), booking=booking)
    agenda = Agenda(schedule, _NOW, [_busy("03-28T22:10/03-28T22:50")])
    edges = [_at("03-28T00:00") + step * timedelta(minutes=97) for step in range(30)]

    paged = [start for since, until in pairwise(edges) for start in agenda.slots(_HALF, since, until)]

    assert paged == list(agenda.slots(_HALF, edges[0], edges[-1]))


@pytest.mark.parametrize("viewer", ["America/New_York", "Asia/Kathmandu", "Europe/Berlin", "Pacific/Kiritimati"])
def test_who_looks_does_not_matter(viewer: str) -> None:
    """Edges and starts given by any clock are the instants they name, also where an hour comes twice."""
    schedule = Schedule("Europe/Berlin", _daily("00:00-24:00"), booking=Booking(step=timedelta(minutes=50)))
    agenda = Agenda(schedule, _NOW, [_busy("10-25T01:40/10-25T02:00")])
    since, until = _at("10-24T22:10"), _at("10-25T05:10")
    listed = list(agenda.slots(_HALF, since, until))

    seen = agenda.slots(_HALF, since.astimezone(zone(viewer)), until.astimezone(zone(viewer)))

    assert list(seen) == listed
    minutes = [since + number * timedelta(minutes=10) for number in range(42)]
    assert [at for at in minutes if agenda.is_bookable(at.astimezone(zone(viewer)), _HALF).ok] == listed


def test_slots_are_a_sequence_of_instants() -> None:
    """They are counted, indexed, sliced, reversed and searched without being written out."""
    agenda = Agenda(Schedule("UTC", _daily("09:00-11:00", "15:00-16:00")), _NOW)

    slots = agenda.slots(_HOUR, _at("03-04T00:00"), _at("03-06T00:00"))

    listed = [_at(f"03-{day}T{hour}") for day in ("04", "05") for hour in ("09:00", "09:30", "10:00", "15:00")]
    assert (len(slots), list(slots), list(reversed(slots))) == (8, listed, listed[::-1])
    assert [slots[index] for index in range(-8, 8)] == listed * 2
    assert (slots[2:5], slots[::-3], slots[8:]) == (tuple(listed[2:5]), tuple(listed[::-3]), ())
    assert all(start in slots for start in listed)
    assert datetime.fromisoformat("2026-03-04T10:00+01:00") in slots
    assert _at("03-04T09:15") not in slots
    assert _at("03-04T08:30") not in slots
    assert _at("03-04T10:30") not in slots
    assert "2026-03-04T09:00Z" not in slots
    assert all(start.tzinfo is UTC for start in slots)
    assert repr(slots) == "<8 slots of 1:00:00>"
    assert slots.duration == _HOUR
    with pytest.raises(IndexError):
        slots[8]
    with pytest.raises(InvalidValue, match="naive"):
        _ = listed[0].replace(tzinfo=None) in slots


def test_there_may_be_no_slots() -> None:
    """Without hours, or in an empty range, the list is empty, and the whole range is searched for the next one."""
    closed, open_ = Agenda(Schedule("UTC"), _NOW), Agenda(Schedule("UTC", _daily("09:00-17:00")), _NOW)

    assert len(closed.slots(_HOUR, _NOW, _NOW + MOST_RANGE)) == 0
    assert list(open_.slots(_HOUR, _at("03-04T09:00"), _at("03-04T09:00"))) == []
    assert closed.next_slot(_HOUR, _NOW) is None


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("02-01T00:00", "03-02T09:00"),
        ("03-02T09:00", "03-02T09:00"),
        ("03-02T09:00:00.000001", "03-02T09:30"),
        ("03-02T10:30", "03-09T09:00"),
        ("03-09T10:00", "03-09T10:00"),
        ("03-09T10:00:00.000001", None),
        ("04-09T10:00", None),
    ],
)
def test_the_next_slot_is_the_first_that_can_be_booked(since: str, expected: str | None) -> None:
    """It is never before now, and there is none from the horizon on."""
    schedule = Schedule(
        "UTC", (WeeklyRule("monday", Window.of("09:00", "11:00")),), booking=Booking(horizon=timedelta(days=15))
    )

    found = Agenda(schedule, _NOW).next_slot(_HOUR, _at(since))

    assert found == (None if expected is None else _at(expected))


def test_the_next_slot_may_lie_on_the_very_last_day_of_the_longest_horizon() -> None:
    """A horizon up to a day's end reaches further than the search does without one."""
    noon = _at("03-01T12:00")
    last = Override((noon + MOST_RANGE).date(), (Window.of("20:00", "21:00"),))
    booking = Booking(horizon=MOST_RANGE, horizon_to_day_end=True)
    agenda = Agenda(Schedule("UTC", overrides=(last,), booking=booking), noon)

    assert agenda.next_slot(_HOUR, noon) == noon + MOST_RANGE + 8 * _HOUR


@pytest.mark.parametrize(("days", "found"), [(731, True), (732, False)])
def test_without_a_horizon_the_search_ends_after_two_years(days: int, found: bool) -> None:
    """Whatever starts `MOST_RANGE` after the search begins, or later, is not found."""
    day = date(2026, 3, 1) + timedelta(days=days)
    schedule = Schedule("UTC", overrides=(Override(day, (Window(0, 60),)),))

    assert (Agenda(schedule, _NOW).next_slot(_HOUR, _NOW) is not None) == found


def test_many_lessons_are_sorted_once() -> None:
    """Twenty thousand lessons, one of them a year long, leave the slots between the others."""
    minute = timedelta(minutes=1)
    lessons = [Busy(_NOW + n * _HOUR, _NOW + n * _HOUR + 31 * minute, f"lesson-{n}") for n in range(20_000)]
    long = Busy(_NOW - timedelta(days=365), _NOW + timedelta(days=1), "away")
    schedule = Schedule("UTC", _daily("00:00-24:00"), booking=Booking(step=timedelta(minutes=1)))

    agenda = Agenda(schedule, _NOW, [*lessons, long])

    found = agenda.slots(28 * minute, _NOW, _NOW + timedelta(days=3))
    assert list(found) == [_NOW + timedelta(hours=n, minutes=minutes) for n in range(24, 72) for minutes in (31, 32)]
    assert [reason.id for reason in agenda.is_bookable(_NOW, _HALF).reasons] == ["away", "lesson-0"]


def test_very_many_lessons_at_once_are_not_all_named() -> None:
    """What stands in the way counts whole; of its names the first `MOST_NAMED` are enough."""
    taken = [_busy("03-04T09:00/03-04T10:00", f"lesson-{n:04}") for n in range(MOST_NAMED + 5)]
    agenda = Agenda(Schedule("UTC", _daily("00:00-24:00")), _NOW, taken, {"sue": taken})

    reasons = agenda.is_bookable(_at("03-04T09:30"), _HOUR).reasons

    assert [reason.id for reason in reasons] == 2 * [f"lesson-{n:04}" for n in range(MOST_NAMED)]


def test_a_move_takes_the_grid_and_the_caps_along() -> None:
    """From the move on, midnight, full hours and days are those of the new zone."""
    schedule = Schedule(
        "UTC",
        _daily("00:00-24:00"),
        zone_periods=(ZonePeriod(_at("03-04T12:00"), "Asia/Kathmandu"),),
        booking=Booking(step=_HOUR, most_per_day=1),
    )
    agenda = Agenda(schedule, _NOW, [_busy("03-04T18:15/03-04T18:30")])  # 5 March, 00:00 in Kathmandu

    assert _starts(agenda, "03-04T10:30", "03-04T14:00") == ["03-04T11:00", "03-04T12:15", "03-04T13:15"]
    assert _codes(agenda, _at("03-04T17:15"), _HALF) == []
    assert _codes(agenda, _at("03-04T19:15"), _HALF) == ["cap"]
    assert _codes(agenda, _at("03-05T18:15"), _HALF) == []


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"end": _at("03-04T09:00")}, InvalidValue, "an instant after 2026-03-04T09:00:00"),
        ({"start": _NOW.replace(tzinfo=None)}, InvalidValue, "start of a busy time is .* naive"),
        ({"end": 5}, InvalidType, "end of a busy time is 5"),
        ({"id": ""}, InvalidValue, "a text that is not empty"),
        ({"id": 7}, InvalidType, "a text"),
        ({"kind": "holiday"}, UnknownName, "unknown kind of busy time 'holiday'"),
        ({"expires": _NOW}, InvalidValue, "only a hold or a request expires"),
        ({"kind": "event", "expires": _NOW}, InvalidValue, "only a hold or a request expires"),
        ({"kind": "hold", "expires": "soon"}, InvalidValue, "expires is 'soon'"),
        ({"before": timedelta(days=2)}, InvalidValue, "buffer before"),
        ({"after": 10}, InvalidType, "buffer after is 10"),
        ({"places": True}, InvalidType, "places is True"),
        ({"places": -1}, InvalidValue, "places is -1; expected 0 to 10000"),
        ({"places": MOST_PLACES + 1}, InvalidValue, "expected 0 to 10000"),
        (
            {"kind": "hold", "places": 1},
            InvalidValue,
            "expected 0, for only a lesson can be joined; this is of kind 'hold'",
        ),
    ],
)
def test_busy_time_that_cannot_be_meant_is_refused(
    fields: dict[str, object], error: type[Exception], message: str
) -> None:
    """A busy time has a length, an id and a kind; not every kind expires, and only lessons have places."""
    good = {"start": _at("03-04T09:00"), "end": _at("03-04T10:00"), "id": "lesson-1"}

    with pytest.raises(error, match=message):
        Busy(**(good | fields))  # type: ignore[arg-type]  # the mistake under test


@pytest.mark.parametrize("expires", [None, "2026-03-04T08:00Z"])
def test_whether_it_blocks_is_asked_about_an_instant(expires: str | None) -> None:
    """A wall time is no now, of whatever has an end and whatever has none."""
    hold = Busy(_at("03-04T09:00"), _at("03-04T10:00"), "hold-1", "hold", expires)

    with pytest.raises(InvalidValue, match="now is .*; expected"):
        hold.blocks(datetime(2026, 3, 4, 7))  # noqa: DTZ001  # the mistake under test
    assert hold.blocks(_at("03-04T07:00"))


@pytest.mark.parametrize(
    "schedule",
    [
        Schedule("Asia/Tokyo"),
        Schedule("Europe/Berlin", (WeeklyRule("monday", Window.of("09:00", "10:00"), zone="Asia/Tokyo"),)),
        Schedule("Europe/Berlin", overrides=(Override(date(2026, 3, 4), (), "Asia/Tokyo"),)),
        Schedule("Europe/Berlin", zone_periods=(ZonePeriod(instant("2027-01-01T00:00Z"), "Asia/Tokyo"),)),
    ],
)
def test_an_agenda_needs_a_database_that_has_all_zones(schedule: Schedule) -> None:
    """It is refused when it is made, not at the first question."""
    database = TimeZones.of("small", {"Europe/Berlin": TZDATA.read("Europe/Berlin")})

    with pytest.raises(UnknownName, match="unknown time zone 'Asia/Tokyo'; known: Europe/Berlin"):
        Agenda(schedule, _NOW, database=database)
    with pytest.raises(UnknownName, match="unknown time zone 'Asia/Tokyo'; known: Europe/Berlin"):
        Agenda(Schedule("Europe/Berlin"), _NOW, others={"hall": Attendee((), schedule)}, database=database)


def test_what_an_agenda_cannot_be_asked_is_refused() -> None:
    """Naive instants, empty or endless lessons, long ranges and things that are no busy time have no answer."""
    schedule = Schedule("UTC", _daily("09:00-17:00"))
    agenda = Agenda(schedule, _NOW)

    assert agenda.is_bookable(_NOW, LONGEST).end == _NOW + LONGEST
    assert [reason.code for reason in agenda.is_bookable("2026-03-04T09:00Z", _HOUR).reasons] == []  # type: ignore[arg-type]  # texts are read everywhere
    with pytest.raises(InvalidValue, match="naive"):
        agenda.is_bookable(_NOW.replace(tzinfo=None), _HOUR)
    with pytest.raises(InvalidType, match="duration"):
        agenda.is_bookable(_NOW, 60)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(InvalidValue, match="1 microsecond to 7 days"):
        agenda.is_bookable(_NOW, timedelta(0))
    with pytest.raises(InvalidValue, match="1 microsecond to 7 days"):
        agenda.next_slot(LONGEST + _MICRO, _NOW)
    with pytest.raises(InvalidValue, match="at most 732 days"):
        agenda.slots(_HOUR, _NOW, _NOW + MOST_RANGE + _MICRO)
    with pytest.raises(InvalidValue, match="now is .* naive"):
        Agenda(schedule, _NOW.replace(tzinfo=None))
    with pytest.raises(InvalidType, match="a Busy"):
        Agenda(schedule, _NOW, ["lesson-1"])  # type: ignore[list-item]  # the mistake under test
    with pytest.raises(InvalidType, match="busy time is 5 of type int; expected an iterable of Busy"):
        Agenda(schedule, _NOW, 5)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(InvalidType, match="others is .* expected a mapping of ids"):
        Agenda(schedule, _NOW, others=[])  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(UnknownName, match="unknown way to take what is tentative 'maybe'; known: busy, free"):
        Agenda(schedule, _NOW, tentative="maybe")  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(InvalidType, match="database is 'tzdata'"):
        Agenda(schedule, _NOW, database="tzdata")  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(InvalidValue, match="party is ''; expected a text that is not empty"):
        Agenda(schedule, _NOW, others={"": []})
    with pytest.raises(InvalidType, match="party is 7"):
        Agenda(schedule, _NOW, others={"sue": [], 7: []})  # type: ignore[dict-item]  # the mistake under test
    with pytest.raises(InvalidType, match="a Schedule"):
        Agenda("UTC", _NOW)  # type: ignore[arg-type]  # the mistake under test
