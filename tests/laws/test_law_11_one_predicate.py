"""Law 11: whether a time can be had is one question, whoever asks it: a list, an explanation, a dialog, a command."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.calendar.schedules.schedule import WEEKDAYS, Booking, Schedule, WeeklyRule, Window
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.engine.reading import Explanation
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import MICROSECOND, Instant, instant
from tutorcore.lessons.lesson import Offer
from tutorcore.lessons.options import Preview
from tutorcore.lessons.refusals import Refusal
from tutorcore.policy.codec import load_policy, load_preset
from tutorcore.ports.storage import Storage
from tutorcore.testing.plain import dump

NOW = instant("2026-05-04T10:00:00Z")
HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
# The day after tomorrow from eight to eight, in hours after `NOW`.
OPENS, CLOSES = NOW + 46 * HOUR, NOW + 58 * HOUR

EIGHT_TO_EIGHT = Schedule(
    "UTC",
    tuple(WeeklyRule(day, Window.of("08:00", "20:00")) for day in WEEKDAYS),
    booking=Booking(after=QUARTER, step=QUARTER, most_per_day=3, notice=2 * HOUR, horizon=timedelta(days=30)),
)


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest) -> Iterator[Storage]:
    """An empty store of either kind."""
    if request.param == "memory":
        yield MemoryStorage()
    else:
        with open_sqlite(":memory:") as opened:
            yield opened


@pytest.fixture
def market(storage: Storage) -> Marketplace:
    """A marketplace in which tom teaches from eight to eight, and tim keeps his hours elsewhere."""
    return scheduled(storage)


def scheduled(storage: Storage, policy: str = "italki") -> Marketplace:
    """Return the marketplace under a policy."""
    found = load_preset("italki") if policy == "italki" else load_policy(policy)
    market = Marketplace(storage, [found])
    for party in ("ann", "ben", "tom", "tim"):
        market.add_party(party, zone="UTC")
    market.add_party("olga", zone="UTC", grants=["operator"])
    market.set_schedule("tom", EIGHT_TO_EIGHT)
    return market


def ask(market: Marketplace, start: Instant, lesson: str = "L1", student: str = "ann", tutor: str = "tom") -> Outcome:
    """Ask for an hour that costs nothing."""
    return market.request(
        student=student, tutor=tutor, start=start, duration=HOUR, price="0", lesson=lesson, key=f"ask {lesson}",
        now=NOW,
    )  # fmt: skip


def explained(market: Marketplace, start: Instant, student: str = "ann", tutor: str = "tom") -> Explanation:
    """Explain an hour from `start` on."""
    return market.explain(student=student, tutor=tutor, start=start, duration=HOUR, now=NOW)


def listed(market: Marketplace, student: str = "ann", since: Instant = OPENS, until: Instant = CLOSES) -> list[Instant]:
    """List the hours that can be asked for that day."""
    return list(market.slots(student=student, tutor="tom", duration=HOUR, since=since, until=until, now=NOW))


def codes(refusal: Refusal | None) -> str:
    """Return the code of a refusal, with what stands against the time."""
    return "" if refusal is None else refusal.facts.get("codes", refusal.code)


BEFORE = [
    (OPENS - MICROSECOND, "outside_hours, off_grid"),
    (OPENS, ""),
    (OPENS + MICROSECOND, "off_grid"),
    (CLOSES - HOUR, ""),
    (CLOSES - HOUR + QUARTER, "outside_hours"),
    (NOW + 2 * HOUR, ""),
    (NOW + 2 * HOUR - QUARTER, "notice"),
    (NOW + 30 * 24 * HOUR, "horizon"),
]


@pytest.mark.parametrize(("start", "against"), BEFORE)
def test_listing_explaining_and_asking_say_the_same(market: Marketplace, start: Instant, against: str) -> None:
    """At each edge of the hours, the grid, the notice and the horizon: what is listed is had, and what is not is
    refused for what was explained.
    """
    slot = explained(market, start)
    near = listed(market, since=start, until=start + MICROSECOND)

    outcome = ask(market, start)

    assert codes(outcome.refusal) == codes(slot.refusal) == against
    assert outcome.refusal == slot.refusal
    assert near == ([] if against else [start])
    assert slot.ok is slot.verdict.ok is outcome.ok


@pytest.mark.parametrize(("start", "against"), BEFORE)
def test_changing_and_previewing_say_the_same(market: Marketplace, start: Instant, against: str) -> None:
    """A student's change of an agreed lesson is bound to the hours too, in the dialog and when it is done."""
    ask(market, OPENS + 5 * HOUR).or_raise()
    market.accept("L1", by="tom", proposal=1, key="yes", now=NOW).or_raise()

    shown = market.preview("propose", "L1", by="ann", offer=Offer(start=start), now=NOW)
    done = market.propose("L1", by="ann", start=start, key="change", now=NOW)

    assert codes(done.refusal) == against
    assert shown == done.refusal if against else isinstance(shown, Preview)


def test_a_lesson_does_not_stand_in_its_own_way(market: Marketplace) -> None:
    """Moved by a quarter of an hour it overlaps itself, and a day that is full with it is not fuller afterwards."""
    for number in range(3):
        ask(market, OPENS + 3 * number * HOUR, f"L{number}").or_raise()
        market.accept(f"L{number}", by="tom", proposal=1, key=f"yes {number}", now=NOW).or_raise()

    moved = market.propose("L1", by="ann", start=OPENS + 3 * HOUR + QUARTER, key="change", now=NOW)

    assert codes(explained(market, OPENS + 10 * HOUR).refusal) == "cap"
    assert moved.ok


@pytest.mark.parametrize(
    ("start", "against"),
    [
        (-HOUR - QUARTER, ""),
        (-HOUR, "buffer"),
        (timedelta(0), "busy"),
        (HOUR, "buffer"),
        (HOUR + QUARTER - MICROSECOND, "buffer, off_grid"),
        (HOUR + QUARTER, ""),
    ],
)
def test_the_pause_lies_after_either_of_two_lessons(market: Marketplace, start: timedelta, against: str) -> None:
    """A quarter of an hour after each lesson is kept free, whichever of the two was booked first."""
    ask(market, OPENS + 5 * HOUR, "L1", "ben").or_raise()

    slot = explained(market, OPENS + 5 * HOUR + start)
    outcome = ask(market, OPENS + 5 * HOUR + start, "L2")

    assert codes(slot.refusal) == codes(outcome.refusal) == against
    assert slot.refusal == outcome.refusal


def test_the_student_s_own_lessons_stand_in_the_way_without_a_pause(market: Marketplace) -> None:
    """Ann learns with tim until the very hour; between two lessons of a student lies what she likes."""
    ask(market, OPENS + 5 * HOUR, "L1", tutor="tim").or_raise()

    starts = listed(market)

    assert codes(explained(market, OPENS + 5 * HOUR).refusal) == "party"
    assert {OPENS + 4 * HOUR, OPENS + 6 * HOUR} <= set(starts)
    assert not {OPENS + 4 * HOUR + QUARTER, OPENS + 5 * HOUR, OPENS + 6 * HOUR - QUARTER} & set(starts)


def test_what_lapses_frees_its_time_though_nobody_has_swept(market: Marketplace) -> None:
    """At the deadline of another's request its hour is listed, explained and asked for as free; before, not."""
    ask(market, NOW + 100 * HOUR, "L1", "ben").or_raise()
    lapsed = NOW + 48 * HOUR

    found = []
    for now in (lapsed - MICROSECOND, lapsed):
        slot = market.explain(student="ann", tutor="tom", start=NOW + 100 * HOUR, duration=HOUR, now=now)
        starts = market.slots(
            student="ann", tutor="tom", duration=HOUR, since=NOW + 100 * HOUR, until=NOW + 101 * HOUR, now=now
        )
        found.append((slot.ok, NOW + 100 * HOUR in starts))
    asked = market.request(
        student="ann", tutor="tom", start=NOW + 100 * HOUR, duration=HOUR, price="0", key="2", now=lapsed
    )

    assert found == [(False, False), (True, True)]
    assert asked.ok


def test_the_id_of_a_lesson_is_no_way_around(market: Marketplace) -> None:
    """Whatever a lesson is called, it takes its time."""
    for number, id in enumerate(("slots", "explain", "preview")):
        ask(market, OPENS + number * 3 * HOUR, id).or_raise()
        assert codes(explained(market, OPENS + number * 3 * HOUR, "ben").refusal).startswith("busy")
        assert OPENS + number * 3 * HOUR not in listed(market, "ben")


@pytest.mark.parametrize("who", ["ben", "ann"])
def test_nobody_learns_of_other_people_s_lessons(market: Marketplace, who: str) -> None:
    """Who has to do with a lesson sees it named in the verdict; the refusal names it to nobody, for it is kept."""
    ask(market, OPENS, "their-secret").or_raise()

    slot = explained(market, OPENS, who)
    refusal = ask(market, OPENS, "L2", who).refusal

    said = [reason for reason in slot.verdict.reasons if reason.code in ("busy", "party")]
    assert said
    assert all((reason.id == "their-secret") is ("their-secret" in reason.detail) is (who == "ann") for reason in said)
    assert refusal == slot.refusal
    assert "their-secret" not in str(refusal)


def test_an_operator_sees_whose_lesson_stands_in_the_way(market: Marketplace) -> None:
    """Whoever holds a grant of the marketplace is told."""
    ask(market, OPENS, "their-secret").or_raise()

    slot = market.explain(student="ben", tutor="tom", by="olga", start=OPENS, duration=HOUR, now=NOW)

    assert [reason.id for reason in slot.verdict.reasons if reason.code == "busy"] == ["their-secret"]
    assert slot.refusal is not None
    assert slot.refusal.code == "not_yours"


def test_without_a_schedule_only_lessons_stand_in_the_way(market: Marketplace) -> None:
    """Tim keeps his hours elsewhere: any time may be asked for, and what is taken is taken."""
    first = ask(market, NOW + MICROSECOND, "L1", tutor="tim")
    second = ask(market, NOW + HOUR, "L2", "ben", "tim")

    assert first.ok
    assert codes(second.refusal) == "slot_taken"
    with pytest.raises(InvalidValue, match="a tutor with a schedule; register it with set_schedule"):
        explained(market, OPENS, tutor="tim")
    with pytest.raises(InvalidValue, match="a tutor with a schedule"):
        market.slots(student="ann", tutor="tim", duration=HOUR, since=OPENS, until=CLOSES, now=NOW)


@pytest.mark.parametrize("start", [OPENS, OPENS - HOUR, OPENS + MICROSECOND, CLOSES])
def test_a_policy_that_does_not_ask_for_the_hours_is_explained_as_it_is(storage: Storage, start: Instant) -> None:
    """Where any time may be asked for, what stands against one is only that somebody is engaged."""
    market = scheduled(storage, 'extends = "italki"\nid = "free"\nrequest.bookable = false\n')
    ask(market, OPENS, "L1", "ben").or_raise()

    slot = explained(market, start)
    outcome = ask(market, start, "L2")

    assert slot.refusal == outcome.refusal
    assert codes(outcome.refusal) == ("slot_taken" if abs(start - OPENS) < HOUR else "")
    assert set(listed(market)) <= {OPENS + number * QUARTER for number in range(48)}


def test_only_the_free_times_that_the_policy_allows_are_listed(storage: Storage) -> None:
    """With three days' notice in the policy, nothing is listed before; the explanation names the guard first."""
    market = scheduled(storage, 'extends = "italki"\nid = "ahead"\nrequest.when = "notice >= 50h"\n')

    starts = listed(market)

    assert starts[0] == NOW + 50 * HOUR
    assert codes(explained(market, NOW + 50 * HOUR - QUARTER).refusal) == "guard"
    assert explained(market, NOW + 50 * HOUR - QUARTER).verdict.ok
    assert ask(market, NOW + 50 * HOUR).ok
    assert codes(ask(market, NOW + 50 * HOUR - QUARTER, "L2", "ben").refusal) == "guard"


def test_what_a_request_does_not_hold_must_be_free_when_it_is_agreed(storage: Storage) -> None:
    """Where asking takes no time, two may ask for one hour; the second agreement is refused, in the dialog as well."""
    market = scheduled(storage, 'extends = "italki"\nid = "loose"\nrequest.slot = "none"\n')
    ask(market, OPENS, "L1").or_raise()
    ask(market, OPENS + 30 * HOUR / 60, "L2", "ben").or_raise()
    market.accept("L1", by="tom", proposal=1, key="1", now=NOW).or_raise()

    shown = market.preview("accept", "L2", by="tom", proposal=1, now=NOW)
    answer = market.accept("L2", by="tom", proposal=1, key="2", now=NOW)

    assert codes(answer.refusal) == "busy"
    assert shown == answer.refusal


def test_a_tutor_may_offer_times_outside_the_hours(market: Marketplace) -> None:
    """Who answers may offer what the schedule does not list; what others hold stands in the way all the same."""
    ask(market, OPENS).or_raise()
    ask(market, CLOSES - HOUR, "L2", "ben").or_raise()

    taken = market.propose("L1", by="tom", start=CLOSES - HOUR, key="1", now=NOW)
    offered = market.propose("L1", by="tom", start=CLOSES + HOUR, key="2", now=NOW)

    assert codes(taken.refusal) == "slot_taken"
    assert offered.ok


def test_registered_hours_can_be_changed_and_removed(market: Marketplace, storage: Storage) -> None:
    """What is agreed stays where it is; what may be asked for follows the schedule as it is now."""
    ask(market, OPENS).or_raise()
    read = market.schedule("tom")

    market.set_schedule("tom", Schedule("UTC"))
    none = (listed(market), codes(explained(market, OPENS + 2 * HOUR).refusal))
    market.set_schedule("tom", None)
    removed = market.schedule("tom")

    assert read == EIGHT_TO_EIGHT
    assert none == ([], "outside_hours")
    assert removed is None
    assert ask(market, CLOSES + 5 * HOUR, "L2").ok
    assert market.lesson("L1", now=NOW).state == "requested"


def test_hours_are_registered_for_people_who_are_known(market: Marketplace) -> None:
    """Misuse is named: a stranger, or something that is no schedule."""
    with pytest.raises(UnknownName, match="max"):
        market.set_schedule("max", EIGHT_TO_EIGHT)
    with pytest.raises(UnknownName, match="max"):
        market.schedule("max")
    with pytest.raises(InvalidType, match="a Schedule, such as load_schedule"):
        market.set_schedule("tom", "08:00-20:00")  # type: ignore[arg-type]  # that is the point


def test_asking_about_times_writes_nothing(market: Marketplace, storage: Storage) -> None:
    """Lists and explanations are looks, also where something is overdue."""
    ask(market, NOW + 100 * HOUR, "L1", "ben").or_raise()
    before = dump(storage)

    market.slots(student="ann", tutor="tom", duration=HOUR, since=OPENS, until=CLOSES, now=NOW + 50 * HOUR)
    market.explain(student="ann", tutor="tom", start=NOW + 100 * HOUR, duration=HOUR, now=NOW + 50 * HOUR)

    assert dump(storage) == before
