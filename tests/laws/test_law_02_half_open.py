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
