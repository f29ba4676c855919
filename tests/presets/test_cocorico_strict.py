"""Cocorico, strict: half back 24 hours ahead, and nothing later; all else is as in the flexible policy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import attrs
import pytest

from tutorcore import Lesson, Marketplace, Outcome, load_preset
from tutorcore.policy.process import Process

Book = Callable[..., Lesson]
Paid = Callable[[Outcome], dict[str, int]]

_NOTHING = timedelta(0)
_HOUR = timedelta(hours=1)


@pytest.fixture
def market(open_preset: Callable[[str], Marketplace]) -> Marketplace:
    """A marketplace under the preset."""
    return open_preset("cocorico_strict")


def test_half_comes_back_24_hours_ahead_and_nothing_later(
    market: Marketplace, book: Book, paid: Paid, start: datetime, off: timedelta
) -> None:
    """At exactly 24 hours it is still half."""
    lesson = book(market, start)

    cancelled = market.cancel(lesson.id, by="ann", key="off", now=start - 24 * _HOUR + off)

    assert paid(cancelled) == ({"payer": 5_000, "tutor": 5_000} if off <= _NOTHING else {"tutor": 10_000})


def test_a_tutor_who_cancels_gives_all_back(market: Marketplace, book: Book, paid: Paid, start: datetime) -> None:
    """The policy is strict with students only; this part is our own."""
    lesson = book(market, start)

    cancelled = market.cancel(lesson.id, by="tom", key="off", now=start - _HOUR)

    assert paid(cancelled) == {"payer": 10_000}


def test_only_cancelling_is_stricter_than_in_the_flexible_policy() -> None:
    """Without the rows that cancel, the two tables are one."""
    strict, flexible = load_preset("cocorico_strict"), load_preset("cocorico")

    assert strict.name == "cocorico_strict@1"
    assert _without_cancelling(strict) == attrs.evolve(_without_cancelling(flexible), id="cocorico_strict")


def _without_cancelling(process: Process) -> Process:
    states = [
        attrs.evolve(state, moves=tuple(move for move in state.moves if move.verb != "cancel"))
        for state in process.states
    ]
    return attrs.evolve(process, states=tuple(states))
