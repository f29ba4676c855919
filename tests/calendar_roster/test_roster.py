from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import attrs
import pytest

from tutorcore.calendar import (
    MOST_RANGE,
    TZDATA,
    WEEKDAYS,
    Agenda,
    Booking,
    Busy,
    Opening,
    Roster,
    Schedule,
    TimeZones,
    WeeklyRule,
    Window,
    ZonePeriod,
)
from tutorcore.calendar.rosters import columns as columns
from tutorcore.calendar.rosters import roster as module
from tutorcore.calendar.rosters import rows as rows
from tutorcore.calendar.rosters import steps as steps
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import instant

MONDAY = instant("2026-03-02T00:00Z")
NAIVE = MONDAY.replace(tzinfo=None)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
ALWAYS = Schedule("Etc/UTC", tuple(WeeklyRule(day, Window(0, 1440)) for day in WEEKDAYS))
MORNINGS = Schedule("Etc/UTC", tuple(WeeklyRule(day, Window.of("09:00", "11:00")) for day in WEEKDAYS))


def _at(hours: float, day: int = 0) -> datetime:
    return MONDAY + day * DAY + hours * HOUR


def _roster(*tutors: str, schedule: Schedule = MORNINGS) -> Roster:
    made = Roster(MONDAY, MONDAY + 14 * DAY)
    for tutor in tutors:
        made.put(tutor, schedule)
    return made


def test_tutors_of_one_start_come_in_the_order_of_their_ids() -> None:
    """Whether they came before the first question, or later, and whatever the order they came in."""
    roster = _roster("cy", "ada")
    assert roster.soonest(HOUR, MONDAY) == (Opening(_at(9), "ada"), Opening(_at(9), "cy"))

    roster.put("bo", MORNINGS)

    assert [opening.tutor for opening in roster.soonest(HOUR, MONDAY)] == ["ada", "bo", "cy"]
    assert roster.free_at(_at(9), HOUR, MONDAY) == ("ada", "bo", "cy")
    assert roster.tutors == ("ada", "bo", "cy")


@pytest.mark.parametrize("few", [0, 48])
def test_many_who_come_late_are_put_in_order(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """Beyond some number of late ones the columns are made anew, and the answers stay."""
    monkeypatch.setattr(columns, "_LATE", 2)
    monkeypatch.setattr(module, "_FEW", few)
    roster = _roster("m", "a")
    names = ["m", "a"]
    for name in ("z", "b", "y", "c", "x"):
        roster.soonest(HOUR, MONDAY)
        roster.put(name, MORNINGS)
        names.append(name)
        assert [opening.tutor for opening in roster.soonest(HOUR, MONDAY, 4)] == sorted(names)[:4]


def test_one_who_left_and_came_back_is_there_once() -> None:
    """Dropping a tutor leaves nothing behind."""
    roster = _roster("ada", "bo")
    roster.soonest(HOUR, MONDAY)

    roster.drop("ada")
    assert [opening.tutor for opening in roster.soonest(HOUR, MONDAY)] == ["bo"]
    assert "ada" not in roster
    assert len(roster) == 1
    roster.put("ada", MORNINGS)

    assert [opening.tutor for opening in roster.soonest(HOUR, MONDAY)] == ["ada", "bo"]


@pytest.mark.parametrize("asked_before", [True, False])
def test_other_hours_count_at_once_and_busy_time_stays(asked_before: bool) -> None:
    """A tutor who changes the hours keeps what is booked, unless other busy time is given with them."""
    roster = _roster("ada")
    roster.book("ada", Busy(_at(0), _at(1), "x"))
    if asked_before:
        roster.soonest(HOUR, MONDAY)

    roster.put("ada", ALWAYS)
    assert roster.soonest(HOUR, MONDAY) == (Opening(_at(1), "ada"),)
    roster.put("ada", ALWAYS, [])

    assert roster.soonest(HOUR, MONDAY) == (Opening(_at(0), "ada"),)


def test_a_booking_of_the_same_id_takes_the_place_of_the_former() -> None:
    """A hold becomes a lesson, and a lesson moves."""
    roster = _roster("ada")
    roster.book("ada", Busy(_at(9), _at(10), "x", "hold", _at(8)))
    assert roster.next_slot("ada", HOUR, _at(7)) == _at(10)
    assert roster.next_slot("ada", HOUR, _at(8)) == _at(9)

    roster.book("ada", Busy(_at(9), _at(10), "x"))
    assert roster.next_slot("ada", HOUR, _at(8)) == _at(10)
    roster.book("ada", Busy(_at(10), _at(11), "x"))

    assert roster.next_slot("ada", HOUR, _at(8)) == _at(9)


def test_what_two_bookings_take_is_free_when_both_are_gone() -> None:
    """Overlapping busy time is counted, not toggled."""
    roster = _roster("ada")
    roster.book("ada", Busy(_at(9), _at(11), "long"))
    roster.book("ada", Busy(_at(10), _at(11), "short"))

    assert roster.release("ada", "short") is True
    assert roster.next_slot("ada", HOUR, MONDAY) == _at(9, day=1)
    assert roster.release("ada", "long") is True
    assert roster.next_slot("ada", HOUR, MONDAY) == _at(9)
    assert roster.release("ada", "long") is False


def test_busy_time_outside_the_frame_counts_once_the_roster_gets_there() -> None:
    """What lies behind the frame is remembered, and what is long past forgotten."""
    roster = _roster("ada")
    roster.book("ada", Busy(_at(9, 14), _at(11, 14), "ahead"))
    roster.book("ada", Busy(_at(9), _at(11), "soon past"))

    roster.advance(MONDAY + 14 * DAY)
    assert roster.next_slot("ada", HOUR, MONDAY) == _at(9, day=15)
    assert (roster.since, roster.until) == (MONDAY + 14 * DAY, MONDAY + 28 * DAY)
    roster.advance(MONDAY + 27 * DAY, MONDAY + 28 * DAY)

    assert roster.release("ada", "soon past") is False
    assert roster.next_slot("ada", HOUR, MONDAY) == _at(9, day=27)
    assert roster.next_slot("ada", HOUR, _at(10, 27)) == _at(10, 27)
    assert roster.next_slot("ada", HOUR, _at(11, 27)) is None


def test_a_lesson_may_last_beyond_the_frame() -> None:
    """Its start is what lies in the range; what takes time after the range still counts."""
    roster = Roster(MONDAY, MONDAY + DAY)
    roster.put("ada", ALWAYS, [Busy(_at(2, 1), _at(3, 1), "x")])

    assert roster.free_at(_at(22), 4 * HOUR, MONDAY) == ("ada",)
    assert roster.free_at(_at(22.5), 4 * HOUR, MONDAY) == ()


@pytest.mark.parametrize("few", [0, 48])
def test_a_lesson_that_can_be_joined_is_a_start(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """Whatever its start, and only for its own duration, until nobody can join any more."""
    monkeypatch.setattr(module, "_FEW", few)
    choir = Busy(_at(7) + 3 * MINUTE, _at(8) + 3 * MINUTE, "choir", places=2)
    roster = _roster("ada", "bo")
    roster.book("bo", choir)

    assert roster.soonest(HOUR, MONDAY) == (Opening(choir.start, "bo"), Opening(_at(9), "ada"))
    assert roster.soonest(2 * HOUR, MONDAY)[0] == Opening(_at(9), "ada")
    assert roster.free_at(choir.start, HOUR, MONDAY) == ("bo",)
    roster.book("bo", Busy(choir.start, choir.end, "choir"))
    assert roster.soonest(HOUR, MONDAY) == (Opening(_at(9), "ada"), Opening(_at(9), "bo"))


def _capped(**caps: int) -> Schedule:
    return attrs.evolve(ALWAYS, booking=Booking(**caps))  # type: ignore[arg-type]  # caps only


@pytest.mark.parametrize("few", [0, 48])
def test_a_cap_bars_starts_and_takes_no_time(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """On a full day nothing starts, until a lesson goes; what starts on the day before may last into it."""
    monkeypatch.setattr(module, "_FEW", few)
    roster = _roster("ada", schedule=_capped(most_per_day=1))
    assert roster.soonest(HOUR, MONDAY) == (Opening(_at(0), "ada"),)

    roster.book("ada", Busy(_at(12, 1), _at(13, 1), "x"))
    assert roster.free_at(_at(23.5), HOUR, MONDAY) == ("ada",)
    assert roster.free_at(_at(0, 1), HOUR, MONDAY) == ()
    assert roster.soonest(HOUR, MONDAY, since=_at(0, 1)) == (Opening(_at(0, 2), "ada"),)
    assert roster.release("ada", "x")

    assert roster.soonest(HOUR, MONDAY, since=_at(0, 1)) == (Opening(_at(0, 1), "ada"),)


def test_lessons_before_the_range_count_for_its_first_week() -> None:
    """And those of a week that has passed count no more, when the roster has advanced."""
    roster = Roster(_at(0, 3), _at(0, 14))
    roster.put("ada", _capped(most_per_week=2), [Busy(_at(9), _at(10), "x"), Busy(_at(9, -1), _at(10, -1), "old")])
    assert roster.next_slot("ada", HOUR, MONDAY) == _at(0, 3)

    roster.book("ada", Busy(_at(9, 1), _at(10, 1), "y"))
    roster.book("ada", Busy(_at(9, 40), _at(10, 40), "far ahead"))
    assert roster.next_slot("ada", HOUR, MONDAY) == _at(0, 7)
    roster.advance(_at(0, 5))
    assert roster.next_slot("ada", HOUR, MONDAY) == _at(0, 7)

    assert roster.release("ada", "x")
    assert roster.next_slot("ada", HOUR, MONDAY) == _at(0, 5)


def test_a_day_that_a_hold_fills_is_open_when_the_hold_has_gone() -> None:
    """Whether it is full depends on when one asks, until the hold becomes a lesson."""
    roster = _roster("ada", schedule=_capped(most_per_day=2))
    roster.book("ada", Busy(_at(9), _at(10), "x"))
    roster.book("ada", Busy(_at(10), _at(11), "y", "hold", _at(8)))
    assert roster.next_slot("ada", HOUR, _at(7)) == _at(0, 1)
    assert roster.next_slot("ada", HOUR, _at(8)) == _at(8)

    roster.book("ada", Busy(_at(10), _at(11), "y"))

    assert roster.next_slot("ada", HOUR, _at(8)) == _at(0, 1)


def test_a_day_may_end_within_a_step() -> None:
    """A tutor moves at 20:02 to where it is the day after: the step in which that happens is looked at closely."""
    schedule = attrs.evolve(_capped(most_per_day=1), zone_periods=(ZonePeriod(_at(20) + 2 * MINUTE, "Asia/Tokyo"),))
    busy = [Busy(_at(9), _at(10), "x")]
    roster = _roster("ada", schedule=schedule)
    roster.book("ada", busy[0])

    assert roster.next_slot("ada", HOUR, MONDAY) == Agenda(schedule, MONDAY, busy).next_slot(HOUR, MONDAY) == _at(20.5)


def test_tutors_with_caps_are_found_by_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """No agenda is asked about lessons that last, and the answers are those of agendas."""
    schedule = _capped(most_per_day=2, most_per_week=5)
    known = {f"t{number:02}": [Busy(_at(k), _at(k + 1), f"b{k}") for k in range(number % 4)] for number in range(60)}
    expected = sorted((Agenda(schedule, MONDAY, busy).next_slot(HOUR, MONDAY), id) for id, busy in known.items())
    monkeypatch.setattr(rows, "Agenda", None)
    roster = _roster(*known, schedule=schedule)
    roster.soonest(HOUR, MONDAY)
    for tutor, busy in known.items():
        for one in busy:
            roster.book(tutor, one)

    assert [(each.start, each.tutor) for each in roster.soonest(HOUR, MONDAY, 60)] == expected
    assert roster.free_at(_at(20), HOUR, MONDAY) == tuple(id for id, busy in known.items() if len(busy) < 2)


@pytest.mark.parametrize("cap", [None, 9])
def test_the_database_that_is_given_is_the_one_that_counts(cap: int | None) -> None:
    """A roster reads hours by the zones it was given, also where the agenda decides."""
    files = {"Europe/Berlin": TZDATA.read("Asia/Tokyo")}
    roster = Roster(MONDAY, MONDAY + DAY, database=TimeZones.of("test", files))

    roster.put("ada", Schedule("Europe/Berlin", MORNINGS.rules, booking=Booking(most_per_day=cap)))

    assert roster.next_slot("ada", HOUR, MONDAY) == _at(0)


def test_the_ends_of_the_range_are_moved_to_whole_steps() -> None:
    """Outwards, so that nothing asked for is left out."""
    roster = Roster(MONDAY + MINUTE, MONDAY + 6 * MINUTE)

    assert (roster.since, roster.until) == (MONDAY, MONDAY + 10 * MINUTE)


@pytest.mark.parametrize("few", [0, 48])
@pytest.mark.parametrize(
    "booking",
    [
        Booking(),
        Booking(notice=25 * HOUR + MINUTE),
        Booking(horizon=33 * HOUR),
        Booking(horizon=33 * HOUR, horizon_to_day_end=True),
        Booking(most_per_day=1),
        Booking(most_per_week=1),
        Booking(step=7 * MINUTE),
        Booking(anchor="window", step=50 * MINUTE),
        Booking(anchor="free", step=40 * MINUTE),
        Booking(before=5 * MINUTE, after=15 * MINUTE, buffers="sum"),
    ],
    ids=repr,
)
def test_whatever_a_tutor_asks_of_a_booking_holds(monkeypatch: pytest.MonkeyPatch, booking: Booking, few: int) -> None:
    """First starts, and who is free at each of many times, are those of the agendas, until the tutors leave."""
    monkeypatch.setattr(module, "_FEW", few)
    schedule = Schedule("Europe/Berlin", MORNINGS.rules, booking=booking)
    known = {
        "ada": [
            Busy(_at(8), _at(8.5), "lesson"),
            Busy(_at(8, 1), _at(8.5, 1), "hold", "hold", _at(-4)),
            Busy(_at(9, 1) + MINUTE, _at(9, 1) + 3 * MINUTE, "event", "event"),
        ],
        "bo": [Busy(_at(8), _at(10), "lesson"), Busy(_at(8.5), _at(9), "event", "event")],
        "cy": [Busy(_at(8), _at(8, 3), "tentative", "tentative"), Busy(_at(7.5, 4), _at(8.5, 4), "x", places=1)],
    }
    roster = _roster("zoe")
    roster.drop("zoe")
    roster.soonest(HOUR, MONDAY)
    for tutor, busy in known.items():
        roster.put(tutor, schedule, busy)

    for now, length in ((MONDAY - 5 * HOUR, HOUR / 2), (MONDAY - 3 * HOUR, HOUR)):
        agendas = {tutor: Agenda(schedule, now, busy) for tutor, busy in known.items()}
        firsts = {id: next(iter(each.slots(length, MONDAY, roster.until)), None) for id, each in agendas.items()}
        found = {opening.tutor: opening.start for opening in roster.soonest(length, now)}
        assert {id: found.get(id) for id in known} == firsts
        for minute in (*range(7 * 60, 36 * 60, 25), 4 * 24 * 60 + 7 * 60 + 30):
            start = MONDAY + minute * MINUTE
            can = tuple(id for id, each in agendas.items() if each.is_bookable(start, length).ok)
            assert roster.free_at(start, length, now) == can
    for tutor in known:
        roster.drop(tutor)
    assert roster.soonest(HOUR, MONDAY) == ()


def test_what_is_tentative_can_be_in_nobodys_way() -> None:
    """A roster that takes the tentative as free lists what an agenda that does so would."""
    roster = Roster(MONDAY, MONDAY + DAY, tentative="free")
    roster.put("ada", MORNINGS, [Busy(_at(8), _at(10), "maybe", "tentative")])
    roster.put("bo", MORNINGS)

    roster.book("bo", Busy(_at(9), _at(9.5) + MINUTE, "real"))

    assert roster.soonest(HOUR, MONDAY, among=["bo", "ada"]) == (Opening(_at(9), "ada"), Opening(_at(10), "bo"))
    assert roster.soonest(HOUR, MONDAY, among={"bo"}) == (Opening(_at(10), "bo"),)


@pytest.mark.parametrize("more", [0, 60], ids=["one by one", "step by step"])
def test_those_who_are_not_in_the_roster_are_passed_over(more: int) -> None:
    """What a search found may have no hours, or have left since; whoever is in the roster is found all the same."""
    roster = Roster(MONDAY, MONDAY + DAY)
    others = [f"one of many {number:02}" for number in range(more)]
    for tutor in ("ada", "bo", *others):
        roster.put(tutor, MORNINGS)
    roster.soonest(HOUR, MONDAY)  # From now on the roster knows places, which do not go with their tutors.
    roster.drop("bo")
    asked = ["nobody", "bo", *others, "ada"]

    assert roster.free_at(_at(9), HOUR, MONDAY, among=asked) == ("ada", *others)
    assert [each.tutor for each in roster.soonest(HOUR, MONDAY, 100, among=asked)] == ["ada", *others]
    assert roster.soonest(HOUR, MONDAY, among=["nobody", "bo"]) == ()


def test_nobody_is_found_where_there_is_nobody() -> None:
    """An empty roster answers."""
    roster = Roster(MONDAY, MONDAY + DAY)

    assert roster.soonest(HOUR, MONDAY) == ()
    assert roster.free_at(_at(1), HOUR, MONDAY) == ()
    assert roster.free_at(_at(1), HOUR, _at(2)) == ()
    assert roster.soonest(HOUR, MONDAY, since=_at(5, 5)) == ()


def test_memory_grows_with_what_is_kept() -> None:
    """It is stated in bytes: more for more tutors, more busy time, a longer range, and caps."""
    one, two = _roster("ada"), _roster("ada", "bo")
    before = one.memory()
    longer = Roster(MONDAY, MONDAY + 28 * DAY)
    longer.put("ada", MORNINGS)

    assert 1_000 < before < two.memory() < 200_000
    assert before < longer.memory()
    capped = _roster("ada", schedule=attrs.evolve(MORNINGS, booking=Booking(most_per_day=2)))
    assert before < capped.memory()
    one.book("ada", Busy(_at(9), _at(11), "x"))
    assert before < one.memory()


def test_what_tutors_share_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grids and buffers are shared, and never more of them kept than a limit."""
    monkeypatch.setattr(module, "_MOST_KEPT", 2)
    monkeypatch.setattr(steps, "_MOST_MARGINS", 2)
    roster = Roster(MONDAY, MONDAY + DAY)
    for number in range(1, 6):
        booking = Booking(step=5 * number * MINUTE)
        roster.put(f"t{number}", Schedule("Etc/UTC", ALWAYS.rules, booking=booking))
        roster.book("t1", Busy(_at(0), _at(1), f"b{number}", before=number * MINUTE))

    assert [opening.start for opening in roster.soonest(HOUR, MONDAY, 4)] == [_at(0)] * 4
    assert roster.next_slot("t1", HOUR, MONDAY) == _at(1)


def test_ten_thousand_answers_are_those_of_agendas() -> None:
    """The way for many tutors and the way for few agree, also about a lesson of days."""
    roster = _roster(*(f"t{number:03}" for number in range(120)), schedule=ALWAYS)
    for number in range(120):
        roster.book(f"t{number:03}", Busy(_at(0), _at(number % 7 + 1), "x"))

    for length in (HOUR, 3 * DAY):
        found = roster.soonest(length, MONDAY, 120)
        assert list(found) == sorted(found, key=lambda opening: (opening.start, opening.tutor))
        for opening in found[::17]:
            busy = Busy(_at(0), _at(int(opening.tutor[1:]) % 7 + 1), "x")
            assert opening.start == Agenda(ALWAYS, MONDAY, [busy]).next_slot(length, MONDAY)


_MISUSE: list[tuple[Callable[[Roster], object], type[Exception], str]] = [
    (lambda r: Roster(NAIVE, MONDAY), InvalidValue, "since"),
    (lambda r: Roster(MONDAY, MONDAY), InvalidValue, "after since"),
    (lambda r: Roster(MONDAY, MONDAY - DAY), InvalidValue, "not before since"),
    (lambda r: Roster(MONDAY, MONDAY + MOST_RANGE + DAY), InvalidValue, "at most 732 days"),
    (lambda r: Roster(MONDAY, MONDAY + DAY, tentative="perhaps"), UnknownName, "tentative"),  # type: ignore[arg-type]  # the mistake
    (lambda r: Roster(MONDAY, MONDAY + DAY, database="2026a"), InvalidType, "database"),  # type: ignore[arg-type]  # the mistake
    (lambda r: r.put("", MORNINGS), InvalidValue, "tutor"),
    (lambda r: r.put(7, MORNINGS), InvalidType, "tutor"),  # type: ignore[arg-type]  # the mistake
    (lambda r: r.put("ada", None), InvalidType, "a Schedule"),  # type: ignore[arg-type]  # the mistake
    (lambda r: r.put("ada", MORNINGS, [None]), InvalidType, "a Busy"),  # type: ignore[list-item]  # the mistake
    (lambda r: r.put("ada", MORNINGS, [Busy(_at(1), _at(2), "x")] * 2), InvalidValue, "another id"),
    (lambda r: r.book("ada", None), InvalidType, "a Busy"),  # type: ignore[arg-type]  # the mistake
    (lambda r: r.book("nobody", Busy(_at(1), _at(2), "x")), UnknownName, "tutor 'nobody'"),
    (lambda r: r.release("nobody", "x"), UnknownName, "tutor 'nobody'"),
    (lambda r: r.release("ada", 7), InvalidType, "id of a busy time"),  # type: ignore[arg-type]  # the mistake
    (lambda r: r.drop("nobody"), UnknownName, "tutor 'nobody'"),
    (lambda r: r.drop([]), InvalidType, "tutor"),  # type: ignore[arg-type]  # the mistake
    (lambda r: r.advance(MONDAY - DAY), InvalidValue, "a roster forgets"),
    (lambda r: r.advance(NAIVE), InvalidValue, "since"),
    (lambda r: r.next_slot("nobody", HOUR, MONDAY), UnknownName, "tutor 'nobody'"),
    (lambda r: r.next_slot("ada", 60, MONDAY), InvalidType, "duration"),  # type: ignore[arg-type]  # the mistake
    (lambda r: r.next_slot("ada", 8 * DAY, MONDAY), InvalidValue, "duration"),
    (lambda r: r.next_slot("ada", HOUR, NAIVE), InvalidValue, "now"),
    (lambda r: r.next_slot("ada", HOUR, MONDAY + 14 * DAY), InvalidValue, "where the roster ends"),
    (lambda r: r.soonest(HOUR, MONDAY, 0), InvalidValue, "n is 0"),
    (lambda r: r.soonest(HOUR, MONDAY, 1.5), InvalidType, "n is 1.5"),  # type: ignore[arg-type]  # the mistake
    (lambda r: r.soonest(HOUR, MONDAY, since=NAIVE), InvalidValue, "since"),
    (lambda r: r.soonest(HOUR, MONDAY, among="ada"), InvalidType, "the ids of tutors"),
    (lambda r: r.soonest(HOUR, MONDAY, among=7), InvalidType, "the ids of tutors"),  # type: ignore[arg-type]  # the mistake
    (lambda r: r.soonest(HOUR, MONDAY, among=[7]), InvalidType, "tutor"),  # type: ignore[list-item]  # the mistake
    (lambda r: r.soonest(HOUR, MONDAY, among=[""]), InvalidValue, "tutor"),
    (lambda r: r.free_at(MONDAY - HOUR, HOUR, MONDAY), InvalidValue, "start"),
    (lambda r: r.free_at(NAIVE, HOUR, MONDAY), InvalidValue, "start"),
]


@pytest.mark.parametrize(("misuse", "error", "message"), _MISUSE)
def test_misuse_is_refused_by_name(misuse: Callable[[Roster], object], error: type[Exception], message: str) -> None:
    """The argument is named, and what was expected is said."""
    roster = _roster("ada")

    with pytest.raises(error, match=message):
        misuse(roster)


def test_there_is_a_limit_to_tutors(monkeypatch: pytest.MonkeyPatch) -> None:
    """One tutor too many is refused; those there can still be changed."""
    monkeypatch.setattr(module, "MOST_TUTORS", 2)
    roster = _roster("ada", "bo")

    with pytest.raises(InvalidValue, match="no more than 2 tutors"):
        roster.put("cy", MORNINGS)
    roster.put("bo", ALWAYS)

    assert roster.next_slot("bo", HOUR, MONDAY) == _at(0)
