"""Law 6: a proposal is immutable and numbered; accepting names the number and binds to exactly that one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from tutorcore.engine.marketplace import Marketplace
from tutorcore.instants import instant
from tutorcore.lessons.lesson import Lesson, Offer, Problem, Terms
from tutorcore.policy.process import BACK, Process
from tutorcore.testing.twins import Twins

NOW = instant("2026-05-04T10:00:00Z")
HOUR = timedelta(hours=1)


def test_a_number_names_one_proposal_for_ever(pasts: Sequence[Twins]) -> None:
    """In a lesson's history no number ever stands for other terms or another remedy; the numbers are 1, 2, 3..."""
    for twins in pasts:
        for lesson in twins.lessons:
            found: dict[int, set[Terms | Problem]] = defaultdict(set)
            for recorded in twins.market.history(lesson):
                version = recorded.version
                found[version.terms.number].add(version.terms)
                if version.change is not None:
                    found[version.change.terms.number].add(version.change.terms)
                if version.problem is not None:
                    found[version.problem.number].add(version.problem)

            assert all(len(terms) == 1 for terms in found.values())
            assert sorted(found) == list(range(1, len(found) + 1))


def test_accepting_binds_to_exactly_the_proposal_it_names(pasts: Sequence[Twins]) -> None:
    """What stands after an acceptance is, to the last detail, what was put on the table under that number."""
    accepted = 0
    for twins in pasts:
        for lesson in twins.lessons:
            proposed: dict[int, Terms] = {}
            remedy: Problem | None = None
            for recorded in twins.market.history(lesson):
                version, stood = recorded.version, remedy
                remedy = version.problem
                on_the_table = version.terms if version.change is None else version.change.terms
                proposed.setdefault(on_the_table.number, on_the_table)
                command = version.command
                if command is not None and command.verb in ("accept", "take"):
                    accepted += 1
                    assert command.proposal is not None
                    if command.proposal in proposed:
                        assert version.terms == proposed[command.proposal]
                    else:
                        assert stood is not None
                        assert command.proposal == stood.number
    assert accepted > 50


@pytest.mark.parametrize("number", [-1, 0, 1, 3, 10**9])
def test_a_number_that_is_not_on_the_table_is_stale(asked: Callable[..., Marketplace], number: int) -> None:
    """After a counter-offer the earlier number, and one that never was, are refused and change nothing."""
    market = asked()
    market.propose("L1", by="tom", price="26", key="counter", now=NOW).or_raise()

    outcome = market.accept("L1", by="ann", proposal=number, key="accept", now=NOW)

    assert outcome.refusal is not None
    assert outcome.refusal.code == "stale_offer"
    assert outcome.refusal.facts["current"] == "2"
    assert outcome.lesson is not None
    assert outcome.lesson.state == "proposed"


def test_accepting_without_a_number_is_refused(asked: Callable[..., Marketplace]) -> None:
    """Nobody accepts whatever happens to be on the table."""
    outcome = asked().act("accept", "L1", by="tom", key="accept", now=NOW)

    assert outcome.refusal is not None
    assert outcome.refusal.code == "missing"


@pytest.mark.parametrize("ending", ["decline", "withdraw", "silence", "begin"])
def test_a_change_that_is_not_agreed_restores_what_stood(
    agreed: Callable[..., Marketplace], samples: dict[str, Process], ending: str
) -> None:
    """Declined, withdrawn, lapsed or overtaken by the lesson, a dearer change leaves terms and hold as before."""
    market = agreed(samples["dear"], hours=80)
    before = market.lesson("L1", now=NOW)
    offer = Offer(start=NOW + 90 * HOUR, price=400)
    opened = market.act("propose", "L1", by="ann", offer=offer, key="change", now=NOW).lesson

    if ending == "decline":
        market.decline("L1", by="tom", key="end", now=NOW).or_raise()
    if ending == "withdraw":
        market.withdraw("L1", by="ann", key="end", now=NOW).or_raise()
    after = market.lesson("L1", now=NOW + {"silence": 30 * HOUR, "begin": 80 * HOUR}.get(ending, 0 * HOUR))

    assert opened is not None
    assert opened.held == 400
    assert after.terms == before.terms
    assert after.held == before.held == 250
    assert after.change is None
    assert market.wallet("ann", "ITC", now=NOW + 80 * HOUR) == market.money("75", "ITC")


def test_ended_changes_restore_terms_and_hold_everywhere(steps: Sequence[tuple[Lesson, Lesson]]) -> None:
    """Whatever the policy, a change that is closed without being accepted leaves the agreed terms and their hold."""
    ended = 0
    for before, after in steps:
        if before.change is not None and after.step.to == BACK and after.terms is before.terms:
            ended += 1
            assert after.held == min(before.held, before.terms.price)
    assert ended > 20


def test_what_is_imposed_starts_from_what_stands(
    agreed: Callable[..., Marketplace], samples: dict[str, Process]
) -> None:
    """An operator's new time takes nothing from a change that was only proposed: not its price, not its length."""
    market = agreed(samples["dear"], hours=80)
    offer = Offer(duration=2 * HOUR, price=900)
    market.act("propose", "L1", by="tom", offer=offer, key="change", now=NOW).or_raise()

    imposed = market.reschedule("L1", by="olga", start=NOW + 100 * HOUR, reason="ill", key="impose", now=NOW).lesson

    assert imposed is not None
    assert imposed.change is None
    assert (imposed.terms.number, imposed.terms.start) == (3, NOW + 100 * HOUR)
    assert (imposed.terms.duration, imposed.terms.price, imposed.held) == (HOUR, 250, 250)


def test_another_remedy_is_another_number_about_the_same_reason(agreed: Callable[..., Marketplace]) -> None:
    """Accepting names the remedy's number; the earlier is stale; the report's reason stays unless another is said."""
    market, ended = agreed(hours=80), NOW + 81 * HOUR
    market.report("L1", by="ann", remedy="refund", reason="technical", key="report", now=ended).or_raise()
    countered = market.propose_remedy("L1", by="tom", remedy="pay", key="counter", now=ended).or_raise().lesson

    stale = [market.accept("L1", by="ann", proposal=number, key=f"k{number}", now=ended) for number in (1, 2, 4)]
    settled = market.accept("L1", by="ann", proposal=3, key="k3", now=ended).or_raise().lesson

    assert countered is not None
    assert countered.problem is not None
    assert (countered.problem.number, countered.problem.reason) == (3, "technical")
    assert [each.refusal and each.refusal.code for each in stale] == ["stale_offer"] * 3
    assert settled is not None
    assert (settled.problem, settled.held) == (None, 0)
