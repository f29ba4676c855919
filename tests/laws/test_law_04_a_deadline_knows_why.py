"""Law 4: a deadline is an instant with its reason, found when its window opens and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.calendar.zones.wall_time import add_calendar, to_local
from tutorcore.engine.marketplace import Marketplace
from tutorcore.instants import MICROSECOND, Instant, instant
from tutorcore.lessons.lesson import Lesson, Offer
from tutorcore.policy.codec import load_policy, load_preset
from tutorcore.policy.process import BACK, Process
from tutorcore.testing.people import ZONES
from tutorcore.testing.strategies import instants_at_clock_changes

NOW = instant("2026-05-04T10:00:00Z")
HOUR = timedelta(hours=1)
ITALKI = load_preset("italki")


def _meant(text: str, version: Lesson) -> Instant:
    """What a branch of one of italki's deadlines says, worked out by hand at the version that opened it."""
    change = version.terms if version.change is None else version.change.terms
    return {
        "asked + 48h": version.at + 48 * HOUR,
        "lesson.start": version.terms.start,
        "lesson.end": version.terms.end,
        "lesson.end + 3d": add_calendar(version.terms.end, version.brief.zone, days=3),
        "proposed.start": change.start,
        "asked + 7d": add_calendar(version.at, version.brief.zone, days=7),
        "entered + 7d": add_calendar(version.at, version.brief.zone, days=7),
        "entered + 30d": add_calendar(version.at, version.brief.zone, days=30),
    }[text]


def test_the_reason_is_the_branch_that_gave_the_instant(steps: Sequence[tuple[Lesson, Lesson]]) -> None:
    """Working out the branch that a deadline names, where it was opened, gives exactly the deadline."""
    reasons = set()
    for before, after in steps:
        if after.machine.process.id != "italki":
            continue
        if after.due is not None and after.due != before.due:
            assert after.why is not None
            assert after.due == _meant(after.why.text, after)
            reasons.add(after.why.text)
        if after.change is not None and before.change is None:
            assert after.change.why is not None
            assert after.change.due == _meant(after.change.why.text, after)
            reasons.add(f"change: {after.change.why.text}")

    assert {"lesson.end", "lesson.end + 3d", "lesson.start", "entered + 7d", "entered + 30d"} <= reasons


@pytest.mark.parametrize(
    ("hours", "branch", "due"),
    [
        (48 * HOUR - MICROSECOND, "lesson.start", 48 * HOUR - MICROSECOND),
        (48 * HOUR, "asked + 48h", 48 * HOUR),
        (48 * HOUR + MICROSECOND, "asked + 48h", 48 * HOUR),
    ],
)
def test_a_tie_keeps_the_branch_listed_first(
    opened: Callable[..., Marketplace], ask: Callable[..., object], hours: timedelta, branch: str, due: timedelta
) -> None:
    """Where both branches name one instant, the reason is the first one listed."""
    market = opened()
    ask(market, "L1", after=hours)

    deadline = market.deadline("L1", now=NOW)

    assert deadline is not None
    assert (deadline.at, deadline.why.text) == (NOW + due, branch)


def test_a_tie_of_two_timeouts_keeps_the_one_listed_first(
    samples: dict[str, Process], asked: Callable[..., Marketplace]
) -> None:
    """Where two timeouts of a state are due at one instant, the first row of the table is taken."""
    market = asked(samples["own"], hours=200)

    deadline = market.deadline("L1", now=NOW)

    assert deadline is not None
    assert deadline.at == NOW + 30 * HOUR
    assert deadline.why.id.startswith("asked.timeout.0")


def test_only_an_event_that_changes_an_anchor_changes_a_deadline(steps: Sequence[tuple[Lesson, Lesson]]) -> None:
    """A deadline changes only if a state was entered, other terms became binding, or an aside moved it."""
    kept = 0
    for before, after in steps:
        entered = after.step.to == after.state
        rebound = after.terms != before.terms
        aside = after.step.verb == "wait"  # The one aside of the samples that a deadline reads.
        if not (entered or rebound or aside):
            kept += 1
            assert (after.due, after.why) == (before.due, before.why)
    assert kept > 100


def test_a_change_that_ends_leaves_the_deadline_as_it_was(steps: Sequence[tuple[Lesson, Lesson]]) -> None:
    """Declined, withdrawn or lapsed, a change takes its own deadline with it and leaves the lesson's."""
    ended = 0
    for before, after in steps:
        if after.step.to == BACK and after.terms == before.terms:
            ended += 1
            assert after.change is None
            assert (after.place, after.due, after.why) == (before.place, before.due, before.why)
    assert ended > 20


ENTERED = """
extends = "process/1"
id = "entered"
currency = "USD"
opening = { verb = "ask", by = ["student"], to = "open", terms = "propose" }
[state.open]
waits_for = "tutor"
slot = "tentative"
on.take = { by = ["tutor"], to = "booked", terms = "accept" }
timeout = { at = "lesson.start", to = "done" }
[state.booked]
slot = "firm"
on.shift = { by = ["student"], to = "shift", terms = "propose" }
timeout = { at = "earliest(entered + 100h, lesson.end)", to = "done" }
[state.shift]
beside = true
waits_for = "tutor"
on.take = { by = ["tutor"], to = "back", terms = "accept" }
timeout = { at = "asked + 10h", to = "back" }
[state.done]
over = true
"""


def test_a_recomputed_deadline_still_counts_from_when_its_state_was_entered(
    agreed: Callable[..., Marketplace],
) -> None:
    """An accepted change moves what hangs on the lesson's start, and not what hangs on when it was agreed."""
    policy = load_policy(ENTERED)
    market = agreed(policy, hours=200, verb="take")
    before = market.deadline("L1", now=NOW)
    later = Offer(start=NOW + 300 * HOUR)
    market.act("shift", "L1", by="ann", offer=later, key="shift", now=NOW + 5 * HOUR).or_raise()
    market.act("take", "L1", by="tom", proposal=2, key="take", now=NOW + 6 * HOUR).or_raise()
    moved = market.deadline("L1", now=NOW + 6 * HOUR)
    sooner = Offer(start=NOW + 50 * HOUR)
    market.act("shift", "L1", by="ann", offer=sooner, key="shift 2", now=NOW + 7 * HOUR).or_raise()
    market.act("take", "L1", by="tom", proposal=3, key="take 2", now=NOW + 8 * HOUR).or_raise()
    again = market.deadline("L1", now=NOW + 8 * HOUR)

    assert before is not None
    assert moved is not None
    assert again is not None
    assert (before.at, before.why.text) == (NOW + 100 * HOUR, "entered + 100h")
    assert moved == before
    assert (again.at, again.why.text) == (NOW + 51 * HOUR, "lesson.end")


def test_who_moves_house_keeps_the_deadlines_that_run(agreed: Callable[..., Marketplace]) -> None:
    """The zone in which a lesson's days are counted is frozen when it is asked for."""
    storage = MemoryStorage()
    market = agreed(storage=storage, hours=80)
    market.add_party("tom", zone="Pacific/Apia")
    delivered = NOW + 82 * HOUR

    lesson = market.lesson("L1", now=delivered)

    assert lesson.brief.zone == "Europe/Berlin"
    assert lesson.due == NOW + 81 * HOUR + timedelta(days=3)


@given(zone=st.sampled_from(ZONES), end=instants_at_clock_changes())
def test_days_keep_the_wall_time_across_a_change_of_clocks(zone: str, end: Instant) -> None:
    """Three days after the end is at the same time by the tutor's clock; the hours between are 71 to 73 then."""
    market = Marketplace(MemoryStorage(), [ITALKI])
    market.add_party("ann", zone="UTC")
    market.add_party("tom", zone=zone)
    asked = end - 30 * HOUR
    market.request(
        student="ann", tutor="tom", start=end - HOUR, duration=HOUR, price="0", lesson="L1", key="1", now=asked
    ).or_raise()
    market.accept("L1", by="tom", proposal=1, key="2", now=asked).or_raise()

    due = market.lesson("L1", now=end).due

    assert due is not None
    before, after = to_local(end, zone), to_local(due, zone)
    assert after.date() - before.date() == timedelta(days=3)
    assert timedelta(hours=71) <= due - end <= timedelta(hours=73)
    # At a time that the clocks skip, the deadline is the next one that there is.
    assert after.time() == before.time() or after.utcoffset() != before.utcoffset()
    assert after.utcoffset() != before.utcoffset() or due - end == timedelta(days=3)
