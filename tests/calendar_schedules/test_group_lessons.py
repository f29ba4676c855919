from __future__ import annotations

from datetime import date, timedelta

import pytest

from tutorcore.calendar import (
    WEEKDAYS,
    Agenda,
    Attendee,
    Blackout,
    Booking,
    Busy,
    Schedule,
    WeeklyRule,
    Window,
)
from tutorcore.instants import Instant, instant

_HOUR = timedelta(hours=1)
_HALF = timedelta(minutes=30)
_NOW = instant("2026-03-01T00:00Z")


def _at(text: str) -> Instant:
    """Return an instant of 4 March 2026, from "09:00" in UTC."""
    return instant(f"2026-03-04T{text}Z")


def _busy(text: str, id: str = "group", **more: object) -> Busy:
    start, end = text.split("-")
    return Busy(_at(start), _at(end), id, **more)  # type: ignore[arg-type]  # checked by the class itself


def _schedule(**more: object) -> Schedule:
    """Return the schedule of somebody who teaches from nine to twelve and takes hardly anything else."""
    booking = Booking(**more)  # type: ignore[arg-type]  # checked by the class itself
    return Schedule("UTC", tuple(WeeklyRule(day, Window.of("09:00", "12:00")) for day in WEEKDAYS), booking=booking)


def _listed(agenda: Agenda, duration: timedelta = _HOUR) -> list[str]:
    """Return the starts of the day, each of which can be booked, with the lesson that would be joined."""
    found = agenda.slots(duration, _at("00:00"), _at("23:59"))
    verdicts = [agenda.is_bookable(start, duration) for start in found]
    assert all(verdict.ok for verdict in verdicts)
    return [f"{verdict.start:%H:%M}{' ' * bool(verdict.joins)}{verdict.joins}" for verdict in verdicts]


def test_a_lesson_with_places_is_listed_where_it_is() -> None:
    """It can be joined at its own start and in its own length; otherwise it takes its time as every lesson does."""
    agenda = Agenda(_schedule(), _NOW, [_busy("09:30-10:30", places=3)])

    assert _listed(agenda) == ["09:30 group", "10:30", "11:00"]
    assert _listed(agenda, _HALF) == ["09:00", "10:30", "11:00", "11:30"]
    assert _listed(agenda, 2 * _HOUR) == []


def test_a_lesson_that_is_full_is_a_lesson() -> None:
    """Without places left nobody joins."""
    agenda = Agenda(_schedule(), _NOW, [_busy("09:30-10:30")])

    assert _listed(agenda) == ["10:30", "11:00"]
    assert [reason.code for reason in agenda.is_bookable(_at("09:30"), _HOUR).reasons] == ["busy"]


def test_joining_asks_neither_grid_nor_hours_nor_caps() -> None:
    """The tutor gives that lesson anyway, even at seven past, at night, on a day off, on a full day, too near."""
    schedule = Schedule(
        "UTC",
        blackouts=(Blackout(date(2026, 3, 4), date(2026, 3, 4)),),
        booking=Booking(before=_HOUR, after=_HOUR, most_per_day=1, most_per_week=1),
    )
    others = [_busy("02:00-03:00", "before"), _busy("04:07-05:00", "after"), _busy("03:30-03:40", "during")]

    agenda = Agenda(schedule, _NOW, [_busy("03:07-04:07", places=1), *others])

    assert _listed(agenda) == ["03:07 group"]


def test_who_joins_keeps_the_notice_and_the_horizon() -> None:
    """It is a booking like any other, so it can be too late or too early for it."""

    def codes(now: str, **more: object) -> list[str]:
        agenda = Agenda(_schedule(**more), _at(now), [_busy("09:30-10:30", places=3)])
        verdict = agenda.is_bookable(_at("09:30"), _HOUR)
        assert verdict.joins == "group"
        assert (_at("09:30") in agenda.slots(_HOUR, _at("00:00"), _at("23:59"))) == verdict.ok
        return [reason.code for reason in verdict.reasons]

    assert codes("09:30") == []
    assert codes("09:31") == ["past"]
    assert codes("09:00", notice=_HOUR) == ["notice"]
    assert codes("08:30", notice=_HOUR) == []
    assert codes("08:29", horizon=_HOUR) == ["horizon"]
    assert codes("08:31", horizon=_HOUR) == []


def test_who_joins_must_be_free() -> None:
    """Whoever has something else then, or is in that very lesson already, cannot join it."""
    group = _busy("09:30-10:30", places=3)

    def codes(attendee: Attendee | list[Busy]) -> list[str]:
        verdict = Agenda(_schedule(), _NOW, [group], {"sue": attendee}).is_bookable(_at("09:30"), _HOUR)
        return [reason.code for reason in verdict.reasons]

    assert codes([]) == []
    assert codes([_busy("10:00-11:00", "choir")]) == ["party"]
    assert codes([_busy("09:30-10:30")]) == ["party"]
    assert codes(Attendee(schedule=Schedule("UTC"))) == ["party"]


def test_the_room_of_the_lesson_does_not_stand_in_its_way() -> None:
    """Where that lesson takes place, with its places, one more fits in, whatever else is there."""
    group, choir = _busy("09:30-10:30", places=3), _busy("10:00-11:00", "choir")
    room = Attendee([group, choir], Schedule("UTC"))

    assert _listed(Agenda(_schedule(), _NOW, [group], {"room": room})) == ["09:30 group"]
    for taken in (_busy("09:30-10:30", "yoga", places=3), _busy("09:00-10:00", places=3)):
        assert "09:30 group" not in _listed(Agenda(_schedule(), _NOW, [group], {"room": [taken]}))


def test_of_several_lessons_one_is_listed() -> None:
    """Two that begin at once are one start; it is the one that can be joined, or else the first."""
    groups = [_busy("09:30-10:30", "first", places=1), _busy("09:30-10:30", "second", places=1)]
    room = {"room": Attendee([groups[1]])}
    crowd = {"sue": [_busy("09:30-10:30", "choir")]}

    assert _listed(Agenda(_schedule(), _NOW, groups)) == ["09:30 first", "10:30", "11:00"]
    assert _listed(Agenda(_schedule(), _NOW, groups, room)) == ["09:30 second", "10:30", "11:00"]
    assert Agenda(_schedule(), _NOW, groups, crowd).is_bookable(_at("09:30"), _HOUR).joins == "first"


@pytest.mark.parametrize(
    ("since", "until", "found"), [("09:30", "09:31", 1), ("09:00", "09:30", 0), ("09:31", "10:00", 0)]
)
def test_a_lesson_belongs_to_the_page_in_which_it_starts(since: str, until: str, found: int) -> None:
    """Pages of starts that can be joined are half-open too."""
    agenda = Agenda(Schedule("UTC"), _NOW, [_busy("09:30-10:30", places=3)])

    assert len(agenda.slots(_HOUR, _at(since), _at(until))) == found


def test_the_next_slot_may_be_one_to_join() -> None:
    """Searching finds it, also where there are no hours at all."""
    agenda = Agenda(Schedule("UTC"), _NOW, [_busy("09:30-10:30", places=3)])

    assert agenda.next_slot(_HOUR, _NOW) == _at("09:30")
    assert agenda.next_slot(_HALF, _NOW) is None
