"""Law 2: every deadline and window is half-open; at the deadline itself, time has won."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.instants import MICROSECOND, instant
from tutorcore.lessons.decision import advance
from tutorcore.lessons.lesson import Lesson, Offer, next_deadline
from tutorcore.policy.process import Process

NOW = instant("2026-05-04T10:00:00Z")
HOUR = timedelta(hours=1)
BOUNDARY = [(-MICROSECOND, True), (timedelta(0), False), (MICROSECOND, False)]


def test_every_deadline_is_reached_exactly_and_not_before(steps: Sequence[tuple[Lesson, Lesson]]) -> None:
    """Just before its deadline nothing happens to a lesson; exactly at it the timeout happens, stamped with it."""
    tried = 0
    for lesson, _ in steps:
        deadline = next_deadline(lesson)
        if deadline is None or deadline.at <= lesson.at or deadline.why.row.reads:
            continue
        tried += 1

        assert advance(lesson, deadline.at - MICROSECOND) == []
        assert advance(lesson, deadline.at)[0].at == deadline.at
        assert advance(lesson, deadline.at + MICROSECOND)[0].at == deadline.at
    assert tried > 200


@pytest.mark.parametrize(("step", "counts"), BOUNDARY)
@pytest.mark.parametrize("verb", ["accept", "decline", "propose"])
def test_an_answer_counts_only_before_the_deadline(
    asked: Callable[..., Marketplace], step: timedelta, counts: bool, verb: str
) -> None:
    """An answer a microsecond before the deadline counts; at the deadline and after it the request has expired."""
    market = asked()
    at = NOW + 48 * HOUR + step
    offer = Offer(price=260) if verb == "propose" else None

    outcome = market.act(verb, "L1", by="tom", proposal=1, offer=offer, key="answer", now=at)

    assert outcome.ok is counts
    assert outcome.lesson is not None
    assert (outcome.lesson.state == "expired") is not counts


@pytest.mark.parametrize(("step", "counts"), BOUNDARY)
def test_an_answer_to_a_change_counts_only_before_its_deadline(
    agreed: Callable[..., Marketplace], step: timedelta, counts: bool
) -> None:
    """The deadline of an open change is half-open as well; the agreed lesson goes on."""
    market = agreed()
    market.propose("L1", by="ann", start=NOW + 100 * HOUR, key="change", now=NOW).or_raise()

    outcome = market.accept("L1", by="tom", proposal=2, key="answer", now=NOW + 48 * HOUR + step)

    assert outcome.ok is counts
    assert outcome.lesson is not None
    assert outcome.lesson.state == "agreed"
    assert outcome.lesson.terms.number == (2 if counts else 1)


@pytest.mark.parametrize(("step", "open_"), BOUNDARY)
def test_until_closes_a_move_at_the_instant_it_names(
    agreed: Callable[..., Marketplace], samples: dict[str, Process], step: timedelta, open_: bool
) -> None:
    """A move that is open until the first third of the lesson is over is refused at exactly one third."""
    market = agreed(samples["own"], hours=80, verb="take")

    outcome = market.act("here", "L1", by="ann", key="here", now=NOW + 80 * HOUR + 20 * HOUR / 60 + step)

    assert outcome.ok is open_


@pytest.mark.parametrize(
    ("policy", "notice", "free"),
    [
        ("italki", 24 * HOUR + MICROSECOND, True),
        ("italki", 24 * HOUR, False),
        ("italki", 24 * HOUR - MICROSECOND, False),
        ("later", 72 * HOUR + MICROSECOND, True),
        ("later", 72 * HOUR, True),
        ("later", 72 * HOUR - MICROSECOND, False),
    ],
)
def test_a_guard_compares_literally(
    agreed: Callable[..., Marketplace], samples: dict[str, Process], policy: str, notice: timedelta, free: bool
) -> None:
    """`notice > 24h` leaves exactly 24 h out, `notice >= 72h` includes exactly 72 h."""
    market = agreed(samples[policy], hours=120)
    at = NOW + 120 * HOUR - notice

    options = {option.verb: option for option in market.allowed("L1", by="ann", now=at)}
    outcome = market.cancel("L1", by="ann", reason="ill", key="cancel", now=at)

    assert (outcome.ok and outcome.lesson is not None and outcome.lesson.legs == (("payer", _held(market)),)) is free
    assert ("cancel" in options and options["cancel"].settles == "student 100%") is free


def _held(market: Marketplace) -> int:
    return market.history("L1")[-2].version.held


def test_what_ends_when_something_begins_can_touch_it(
    opened: Callable[..., Marketplace], ask: Callable[..., Outcome]
) -> None:
    """A lesson may begin at the very instant at which another one of the same people ends; not a microsecond before."""
    market = opened()
    ask(market, "L1", after=30 * HOUR).or_raise()

    early = ask(market, "L2", after=31 * HOUR - MICROSECOND)
    touching = ask(market, "L3", after=31 * HOUR)

    assert early.refusal is not None
    assert early.refusal.code == "slot_taken"
    assert touching.ok


THIRD = 20 * HOUR / 60
START = NOW + 80 * HOUR


@pytest.fixture
def begun(agreed: Callable[..., Marketplace], samples: dict[str, Process]) -> Marketplace:
    """Return a marketplace in which Ann and Tom agreed on an hour for which Tom was in time."""
    market = agreed(samples["itutor"], hours=80)
    market.add_party("robot", zone="UTC", grants=["system"])
    market.join("L1", by="tom", key="tom is there", now=START - 10 * HOUR / 60).or_raise()
    return market


OPENING = [(-MICROSECOND, False), (timedelta(0), True), (MICROSECOND, True)]


@pytest.mark.parametrize(("step", "open_"), OPENING)
def test_a_door_is_open_from_the_instant_it_names(
    agreed: Callable[..., Marketplace], samples: dict[str, Process], step: timedelta, open_: bool
) -> None:
    """`now >= lesson.start - 10m`: ten minutes before the start itself one may join."""
    market = agreed(samples["itutor"], hours=80)
    at = START - 10 * HOUR / 60 + step

    listed = {option.verb for option in market.allowed("L1", by="ann", now=at)}
    outcome = market.join("L1", by="ann", key="join", now=at)

    assert ("join" in listed) is outcome.ok is open_
    assert open_ or (outcome.refusal is not None and outcome.refusal.code == "guard")


@pytest.mark.parametrize(("step", "open_"), OPENING)
@pytest.mark.parametrize("by", ["ann", "tom"])
def test_a_claim_is_open_from_the_third_on(begun: Marketplace, by: str, step: timedelta, open_: bool) -> None:
    """At exactly one third of the lesson either side may say that the other has not come."""
    at = START + THIRD + step

    listed = {option.verb for option in begun.allowed("L1", by=by, now=at)}
    outcome = begun.claim_no_show("L1", by=by, key="claim", now=at)

    assert ("claim_no_show" in listed) is outcome.ok is open_


@pytest.mark.parametrize(
    ("step", "state"),
    [(-MICROSECOND, "student_no_show_claimed"), (timedelta(0), "student_no_show_claimed"), (MICROSECOND, None)],
)
def test_what_must_have_happened_by_an_instant_may_have_happened_at_it(
    agreed: Callable[..., Marketplace], samples: dict[str, Process], step: timedelta, state: str | None
) -> None:
    """`joined(tutor) <= lesson.start + 5m` is read literally: at five past the tutor was in time, then not."""
    market = agreed(samples["itutor"], hours=80)
    market.join("L1", by="tom", key="tom is there", now=START + 5 * HOUR / 60 + step).or_raise()

    outcome = market.claim_no_show("L1", by="tom", key="claim", now=START + THIRD)

    assert outcome.lesson is not None
    assert outcome.lesson.state == (state or "in_progress")
    assert outcome.ok is (state is not None)


@pytest.mark.parametrize(("step", "state"), [(-MICROSECOND, "student_no_show_claimed"), (timedelta(0), "completed")])
def test_a_claim_counts_only_before_the_end(begun: Marketplace, step: timedelta, state: str) -> None:
    """At the end itself the lesson is complete, and there is nothing left to claim."""
    outcome = begun.claim_no_show("L1", by="tom", key="claim", now=START + HOUR + step)

    assert outcome.ok is (state != "completed")
    assert outcome.lesson is not None
    assert outcome.lesson.state == state


@pytest.mark.parametrize(
    ("came", "state"),
    [
        (THIRD - MICROSECOND, "disputed"),
        (THIRD, "student_no_show_claimed"),
        (THIRD + MICROSECOND, "student_no_show_claimed"),
    ],
)
@pytest.mark.parametrize("late", [timedelta(0), 9 * HOUR / 60])
def test_who_comes_at_the_third_itself_came_too_late(
    begun: Marketplace, came: timedelta, late: timedelta, state: str
) -> None:
    """What counts is when somebody was seen, also where the report of it comes later; before the third is in time."""
    at = START + came + late
    begun.join("L1", by="robot", key="seen", subject="student", seen=START + came, now=at).or_raise()

    claimed = begun.claim_no_show("L1", by="tom", key="claim", now=START + HOUR / 2).or_raise().lesson

    assert claimed is not None
    assert claimed.state == state


@pytest.mark.parametrize(("step", "counts"), BOUNDARY)
def test_a_claim_can_be_contested_only_before_its_deadline(begun: Marketplace, step: timedelta, counts: bool) -> None:
    """A day after the claim it holds, and the half that is not the tutor's has gone back."""
    begun.claim_no_show("L1", by="tom", key="claim", now=START + THIRD).or_raise()

    outcome = begun.contest("L1", by="ann", key="contest", now=START + THIRD + 24 * HOUR + step)

    assert outcome.ok is counts
    assert outcome.lesson is not None
    assert outcome.lesson.state == ("disputed" if counts else "student_no_show")
