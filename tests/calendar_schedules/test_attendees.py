from __future__ import annotations

from datetime import date, timedelta

import pytest

from tutorcore.calendar import (
    CODES,
    HINDRANCES,
    MOST_PLACES,
    WEEKDAYS,
    Agenda,
    Attendee,
    Blackout,
    Booking,
    Busy,
    Holiday,
    Schedule,
    WeeklyRule,
    Window,
)
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.instants import Instant, instant

_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_NOW = instant("2026-03-01T00:00Z")


def _daily(*windows: str) -> tuple[WeeklyRule, ...]:
    return tuple(WeeklyRule(day, Window.of(*window.split("-"))) for day in WEEKDAYS for window in windows)


def _at(text: str) -> Instant:
    """Return an instant of 4 March 2026, from "09:00" in UTC."""
    return instant(f"2026-03-04T{text}Z")


def _busy(text: str, id: str = "it", **more: object) -> Busy:
    start, end = text.split("-")
    return Busy(_at(start), _at(end), id, **more)  # type: ignore[arg-type]  # checked by the class itself


def _agenda(attendee: Attendee, **more: timedelta) -> Agenda:
    """Return the agenda of a tutor in Berlin who is always there, every minute, and needs a room."""
    booking = Booking(step=_MINUTE, **more)  # type: ignore[arg-type]  # buffers only
    return Agenda(Schedule("Europe/Berlin", _daily("00:00-24:00"), booking=booking), _NOW, (), {"room": attendee})


def _details(agenda: Agenda, start: str, duration: timedelta = _HOUR) -> list[str]:
    reasons = agenda.is_bookable(_at(start), duration).reasons
    assert {(reason.code, reason.party) for reason in reasons} <= {("party", "room")}
    assert (_at(start) in agenda.slots(duration, _at("00:00"), _at("23:59"))) == (not reasons)
    return [reason.detail for reason in reasons]


@pytest.mark.parametrize(
    ("start", "minutes", "free"),
    [("08:59", 60, False), ("09:00", 60, True), ("11:00", 60, True), ("11:01", 60, False), ("09:00", 181, False)],
)
def test_the_hours_of_an_attendee_hold_the_lesson(start: str, minutes: int, free: bool) -> None:
    """It may begin as they begin and end as they end, by the attendee's own clock."""
    agenda = _agenda(Attendee(schedule=Schedule("Africa/Lagos", _daily("10:00-13:00"))))

    assert (_details(agenda, start, minutes * _MINUTE) == []) == free


def test_blackouts_and_holidays_of_an_attendee_count() -> None:
    """What closes the hours closes them for everybody who needs them."""
    closed = Blackout(date(2026, 3, 4), date(2026, 3, 4))
    hours = _daily("10:00-13:00")

    away = Schedule("UTC", hours, blackouts=(closed,))
    off = Schedule("UTC", hours, holidays=(Holiday("03-04", "Founders' Day"),))

    said = "room is not free: 2026-03-04 11:00+01:00 to 2026-03-04 12:00+01:00 is not wholly within the hours of room"
    assert [_details(_agenda(Attendee(schedule=each)), "10:00") for each in (away, off)] == [[said]] * 2


def test_what_the_schedule_of_an_attendee_asks_of_a_booking_does_not_count() -> None:
    """Notice, grid, buffers and caps are the tutor's."""
    terms = Booking(notice=timedelta(days=300), before=_HOUR, after=_HOUR, step=_HOUR, most_per_day=1)
    attendee = Attendee([_busy("09:00-10:00")], Schedule("UTC", _daily("00:00-24:00"), booking=terms))

    assert _details(_agenda(attendee), "10:07") == []


def test_what_takes_an_attendee_s_time_is_named() -> None:
    """It says what it is, when it is by the tutor's clock, and whether it is only too near."""
    agenda = _agenda(Attendee([_busy("09:00-10:00", "choir", after=_HOUR)]), before=_HOUR, after=_HOUR)

    taken = agenda.is_bookable(_at("09:30"), _HOUR).reasons
    near = agenda.is_bookable(_at("10:30"), _HOUR).reasons

    assert [reason.id for reason in (*taken, *near)] == ["choir", "choir"]
    assert [reason.detail for reason in (*taken, *near)] == [
        "room is not free: choir takes 2026-03-04 10:00+01:00 to 2026-03-04 11:00+01:00",
        "room is not free: 1 hour must lie between this lesson and choir, "
        "which takes 2026-03-04 10:00+01:00 to 2026-03-04 11:00+01:00",
    ]


@pytest.mark.parametrize(
    ("capacity", "start", "free"),
    [
        # One thing from 09:00, two from 09:30, three from 10:00 to 10:30, one until 12:00.
        (1, "08:00", True),
        (1, "08:01", False),
        (1, "12:00", True),
        (2, "08:30", True),
        (2, "08:31", False),
        (2, "10:29", False),
        (2, "10:30", True),
        (3, "09:00", True),
        (3, "09:01", False),
        (3, "10:30", True),
        (4, "09:45", True),
    ],
)
def test_as_much_as_the_capacity_goes_on_at_once(capacity: int, start: str, free: bool) -> None:
    """A lesson fits in while less than that is there, at every instant of it."""
    taken = [_busy("09:00-12:00", "a"), _busy("09:30-10:30", "b"), _busy("10:00-10:30", "c")]

    assert (_details(_agenda(Attendee(taken, capacity=capacity)), start) == []) == free


def test_what_ends_makes_room_for_what_begins() -> None:
    """Two things of which one ends as the other begins are never there at once; buffers are part of them."""
    touching = [_busy("09:00-10:00", "a"), _busy("10:00-11:00", "b")]
    apart = [_busy("09:00-10:00", "a", after=10 * _MINUTE), _busy("10:00-11:00", "b")]

    assert _details(_agenda(Attendee(touching, capacity=2)), "09:30") == []
    assert _details(_agenda(Attendee(apart, capacity=2)), "09:30") == [
        "room is not free: from 2026-03-04 11:00+01:00 to 2026-03-04 11:10+01:00 "
        "there is as much as may be at once, which is 2"
    ]
    assert set(HINDRANCES) == {"taken", "buffer", "full", "hours"}
    assert CODES[-1] == "party"


def test_every_reason_of_every_party_is_given() -> None:
    """Whoever is both busy and elsewhere is said to be both; parties come in the order of their ids."""
    nowhere = Attendee([_busy("09:00-10:00")], Schedule("UTC"))
    agenda = Agenda(Schedule("UTC", _daily("00:00-24:00")), _NOW, (), {"sue": nowhere, "ann": [_busy("09:00-10:00")]})

    reasons = agenda.is_bookable(_at("09:00"), _HOUR).reasons

    assert [(reason.party, reason.id) for reason in reasons] == [("ann", "it"), ("sue", "it"), ("sue", "")]


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"busy": 5}, InvalidType, "busy time of an attendee is 5 .* an iterable of Busy"),
        ({"busy": ["it"]}, InvalidType, "busy time of an attendee is 'it' .* a Busy"),
        ({"schedule": "UTC"}, InvalidType, "schedule of an attendee is 'UTC' .* a Schedule or None"),
        ({"capacity": 0}, InvalidValue, "capacity of an attendee is 0; expected 1 to 10000"),
        ({"capacity": MOST_PLACES + 1}, InvalidValue, "expected 1 to 10000"),
        ({"capacity": 1.5}, InvalidType, "capacity of an attendee is 1.5"),
    ],
)
def test_an_attendee_that_cannot_be_meant_is_refused(
    fields: dict[str, object], error: type[Exception], message: str
) -> None:
    """The mistake is named before anything is asked."""
    with pytest.raises(error, match=message):
        Attendee(**fields)  # type: ignore[arg-type]  # the mistake under test
