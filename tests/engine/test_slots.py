"""Slots and explanations: what is listed, what is explained, and what asking gets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tutorcore import Explanation, Instant, Marketplace, MemoryStorage, Schedule, instant, load_policy
from tutorcore.calendar import Booking, WeeklyRule, Window

NOW = instant("2026-03-02T00:00:00Z")  # A Monday.
HOUR = timedelta(hours=1)
NINE = instant("2026-03-04T09:00:00Z")

_POLICY = """
extends = "lesson/1"
id = "{bookable}"
currency = "EUR"
[request]
by = ["student"]
bookable = {bookable}
answered_by = ["tutor"]
answers = ["accept", "decline", "propose"]
propose = {{ answer_by = "lesson.start" }}
answer_by = "lesson.start"
hold = "none"
[complete]
silence = {{ at = "lesson.end", becomes = "completed" }}
"""
_MORNINGS = Schedule(
    "UTC",
    (WeeklyRule("wednesday", Window.of("09:00", "12:00")),),
    booking=Booking(step=HOUR, after=timedelta(minutes=30)),
)


@pytest.fixture
def market() -> Marketplace:
    """A tutor who works on Wednesday mornings, under a policy that asks the schedule and one that does not."""
    policies = [load_policy(_POLICY.format(bookable=word)) for word in ("true", "false")]
    made = Marketplace(MemoryStorage(), policies, zone="UTC")
    for party in ("ann", "sue", "tom"):
        made.add_party(party, zone="UTC")
    made.set_schedule("tom", _MORNINGS)
    return made


def _listed(market: Marketplace, policy: str) -> list[int]:
    found = market.slots(
        student="ann", tutor="tom", duration=HOUR, since=NINE - 9 * HOUR, until=NINE + 15 * HOUR, policy=policy, now=NOW
    )
    return [start.hour for start in found]


def _explained(market: Marketplace, start: Instant, policy: str, student: str = "ann") -> Explanation:
    return market.explain(student=student, tutor="tom", start=start, duration=HOUR, policy=policy, now=NOW)


def _code(market: Marketplace, start: Instant, policy: str) -> str:
    """What asking gets, and what was explained before; they are the same."""
    explained = _explained(market, start, policy)
    outcome = market.request(
        student="ann", tutor="tom", start=start, duration=HOUR, price="0", policy=policy, key=f"{policy} {start}",
        now=NOW,
    )  # fmt: skip
    assert outcome.refusal == explained.refusal
    assert explained.ok == outcome.ok
    return "done" if outcome.refusal is None else outcome.refusal.code


@pytest.mark.parametrize("policy", ["true", "false"])
def test_the_free_times_of_the_schedule_are_listed(policy: str, market: Marketplace) -> None:
    """Whether or not the policy asks the schedule, its free times are what is offered, buffers and all."""
    market.request(student="sue", tutor="tom", start=NINE, duration=HOUR, price="0", policy="true", key="sue", now=NOW)

    assert _listed(market, policy) == [11]


@pytest.mark.parametrize(
    ("hour", "asked_of_the_schedule", "left_to_people"),
    [
        (8, "not_bookable", "slot_taken"),
        (9, "not_bookable", "slot_taken"),
        (10, "not_bookable", "done"),  # within the buffer
        (11, "done", "done"),
        (15, "not_bookable", "done"),  # outside the hours
    ],
)
def test_only_a_bookable_request_is_held_to_the_schedule(
    hour: int, asked_of_the_schedule: str, left_to_people: str, market: Marketplace
) -> None:
    """Where the policy leaves the hours to people, only claims stand against a start, and explaining says so."""
    half_past_eight = NINE - HOUR / 2
    market.request(
        student="sue", tutor="tom", start=half_past_eight, duration=HOUR * 1.5, price="0", policy="false", key="sue",
        now=NOW,
    )  # fmt: skip
    start = NINE + (hour - 9) * HOUR

    assert _code(market, start, "true") == asked_of_the_schedule
    if asked_of_the_schedule != "done":
        assert not _explained(market, start, "false").verdict.ok  # the schedule's verdict, whoever asks it
        assert _code(market, start, "false") == left_to_people


def test_a_tutor_may_propose_any_time_of_their_own(market: Marketplace) -> None:
    """A tutor's proposal is not held to the schedule: the free times are listed, and others are explained as open."""
    lesson = market.request(
        student="ann", tutor="tom", start=NINE, duration=HOUR, price="0", policy="true", key="ask", now=NOW
    ).lesson
    assert lesson is not None
    afternoon = NINE + 6 * HOUR

    listed = market.slots_to_move(lesson.id, by="tom", since=NINE, until=NINE + 15 * HOUR, now=NOW)
    explained = market.explain_move(lesson.id, by="tom", start=afternoon, now=NOW)
    proposed = market.propose(lesson.id, by="tom", start=afternoon, key="propose", now=NOW)

    assert [start.hour for start in listed] == [10, 11]
    assert explained.ok
    assert not explained.verdict.ok
    assert proposed.ok


def test_nothing_is_listed_where_no_hour_is_open(market: Marketplace) -> None:
    """A range without hours has no slots."""
    found = market.slots(
        student="ann", tutor="tom", duration=HOUR, since=NOW, until=NOW + 24 * HOUR, policy="true", now=NOW
    )

    assert found == ()
