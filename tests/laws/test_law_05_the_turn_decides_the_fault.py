"""Law 5: who has the turn takes the blame for silence, or nobody does; and the event says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.engine.marketplace import Marketplace
from tutorcore.instants import instant
from tutorcore.lessons.lesson import Lesson
from tutorcore.lessons.projections import mark_of
from tutorcore.policy.process import Case, Process, Row, State, Timeout

NOW = instant("2026-05-04T10:00:00Z")
HOUR = timedelta(hours=1)


def test_a_timeout_blames_whose_turn_it_was_or_nobody(steps: Sequence[tuple[Lesson, Lesson]]) -> None:
    """The fault of every recorded timeout of the samples is the role its state waited for, where its row blames."""
    blamed = set()
    for before, after in steps:
        if after.command is not None:
            continue
        change = before.change
        by_change = change is not None and change.due == after.at and before.due != after.at
        state = change.place.state if change is not None and by_change else before.place.state

        assert after.step.source == state.name
        assert after.step.fault in {fault for rule in state.timeouts for _, fault in _blaming(rule, state)}
        blamed.add(after.step.fault)
    assert {None, "student", "tutor", "requester", "payer"} <= blamed


def _blaming(rule: Row, state: State) -> set[tuple[str | None, str | None]]:
    """The marks and faults that the cases of a row name, and whom a timeout blames where they name nobody."""
    silent = "holder" if isinstance(rule, Timeout) and rule.fault == "holder" else None
    found = [(case.mark, case.fault or silent) for case in rule.effects.cases or (Case(),)]
    return {(mark, state.waits_for if fault == "holder" else fault) for mark, fault in found}


def test_a_move_blames_whom_its_row_names_and_nobody_else(steps: Sequence[tuple[Lesson, Lesson]]) -> None:
    """Who is to blame for a late cancellation stands in the policy; who has the turn is not asked."""
    blamed = set()
    for _, after in steps:
        if after.command is not None:
            state, found = after.machine.place(after.step.source).state, (after.step.mark, after.step.fault)
            rules = [rule for rule in state.moves if rule.verb == after.step.verb]
            assert found in {each for rule in rules for each in _blaming(rule, state)}
            blamed.add(found)

    assert {(None, None), ("late_cancel", "student"), ("late_cancel", "tutor")} <= blamed


def test_an_unanswered_request_is_the_tutor_s_fault(asked: Callable[..., Marketplace]) -> None:
    """Where the tutor had to answer, the expiry blames the tutor and leaves a mark on him."""
    market = asked()

    expired = market.lesson("L1", now=NOW + 48 * HOUR)

    mark = mark_of(expired)
    assert expired.step.fault == "tutor"
    assert mark is not None
    assert (mark.party, mark.name) == ("tom", "missed_request")


def test_an_unanswered_counter_offer_is_not_the_tutor_s_fault(asked: Callable[..., Marketplace]) -> None:
    """Where the student let a counter-offer lapse, the same final state blames the student and marks nobody."""
    market = asked()
    market.propose("L1", by="tom", price="26", key="counter", now=NOW + HOUR).or_raise()

    expired = market.lesson("L1", now=NOW + 49 * HOUR)

    assert expired.state == "expired"
    assert expired.step.fault == "student"
    assert mark_of(expired) is None


def test_a_change_that_lapses_with_the_state_blames_nobody(
    agreed: Callable[..., Marketplace], samples: dict[str, Process]
) -> None:
    """A lesson that begins while a change of it is open loses the change, and nobody is to blame."""
    market = agreed(samples["italki"], hours=20)
    market.propose("L1", by="ann", start=NOW + 30 * HOUR, key="change", now=NOW).or_raise()

    begun = market.lesson("L1", now=NOW + 20 * HOUR)

    assert begun.change is None
    assert (begun.state, begun.step.fault) == ("in_progress", None)


def test_a_change_that_lapses_by_itself_blames_who_had_to_answer(agreed: Callable[..., Marketplace]) -> None:
    """An open change waits for the side that did not propose it; its silence is that side's."""
    market = agreed(hours=200)
    market.propose("L1", by="ann", start=NOW + 210 * HOUR, key="change", now=NOW).or_raise()

    turn = market.lesson("L1", now=NOW + HOUR).waits_for
    lapsed = market.lesson("L1", now=NOW + 48 * HOUR)

    assert turn == "tutor"
    assert (lapsed.state, lapsed.step.fault) == ("agreed", "tutor")


def test_the_open_requests_of_a_party_are_those_that_wait_for_it(asked: Callable[..., Marketplace]) -> None:
    """Whose turn it is can be asked for, and moves with each proposal."""
    market = asked(storage=MemoryStorage())
    first = [len(market.open_requests(party, now=NOW)) for party in ("ann", "tom")]
    market.propose("L1", by="tom", price="26", key="counter", now=NOW).or_raise()

    second = [len(market.open_requests(party, now=NOW)) for party in ("ann", "tom")]

    assert (first, second) == ([0, 1], [1, 0])
