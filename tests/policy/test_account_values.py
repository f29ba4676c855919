"""Account rules as values: what each may hold, what it says about itself, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tutorcore.errors import InvalidValue, UnknownName
from tutorcore.policy.account import (
    NO_RULES,
    AccountRules,
    Counter,
    Decay,
    PayoutRules,
    Rung,
    with_implied,
)
from tutorcore.policy.expressions import Calendar, Exact
from tutorcore.policy.restrictions import RESTRICTIONS, Restriction


@pytest.mark.parametrize(
    ("given", "brought"),
    [
        ((), set()),
        (("hidden",), {"hidden", "existing_only"}),
        (("locked",), {"locked", "hidden", "existing_only"}),
        (("existing_only",), {"existing_only"}),
        (("requests_blocked", "wallet_frozen"), {"requests_blocked", "wallet_frozen"}),
        (RESTRICTIONS, set(RESTRICTIONS)),
    ],
)
def test_what_a_restriction_brings_with_it(given: tuple[Restriction, ...], brought: set[str]) -> None:
    """A locked profile is hidden, and a hidden one is open to former students only."""
    assert with_implied(given) == brought


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"at": 0, "effect": "notice"}, "at"),
        ({"at": "1", "effect": "notice"}, "at"),
        ({"at": 1, "effect": "fine"}, "effect"),
        ({"at": 1, "effect": "notice", "lasts": Exact(hours=1)}, "neither a time nor lifted_by"),
        ({"at": 1, "effect": "review", "lifted_by": "operator"}, "neither a time nor lifted_by"),
        ({"at": 1, "effect": "hidden"}, "how it ends"),
        ({"at": 1, "effect": "hidden", "lasts": Exact()}, "longer than nothing"),
        ({"at": 1, "effect": "hidden", "lasts": "7d"}, "lasts"),
        ({"at": 1, "effect": "hidden", "lifted_by": "agent"}, "lifted_by"),
        ({"at": 1, "effect": "locked", "lifted_by": "tutor"}, "a tutor lifts only hidden and existing_only"),
        ({"at": 1, "effect": "hidden", "lifted_by": "operator", "lasts": Calendar(days=7)}, "at any time"),
    ],
)
def test_a_rung_that_cannot_be_meant(cells: dict[str, Any], message: str) -> None:
    """What just happens does not end; what is imposed ends somehow; and a tutor lifts only what hides the profile."""
    with pytest.raises((ValueError, TypeError), match=message):
        Rung(**cells)


def test_a_rung_says_what_it_takes_away() -> None:
    """A notice and a review take away nothing."""
    rungs = [Rung(1, "notice"), Rung(1, "review"), Rung(1, "hidden", Exact(hours=1))]

    assert [rung.restriction for rung in rungs] == [None, None, "hidden"]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"name": ""}, "name"),
        ({"marks": ()}, "marks"),
        ({"marks": (("late", 1), ("late", 2))}, "each of them once"),
        ({"marks": (("late", 0),)}, "at least 1 for late"),
        ({"zone": "Mars/Olympus"}, "time zone"),
        ({"bundle": 0}, "bundle"),
        ({"within": Calendar()}, "longer than nothing"),
        ({"broken_by": ("taught", "taught")}, "each of them once"),
        ({"broken_by": ("missed",)}, "not counted themselves"),
        ({"dismiss": ("",)}, "each of them once"),
        ({"record": ("ill", "ill")}, "each of them once"),
        ({"handled_by": ()}, "handled_by"),
        ({"handled_by": ("tutor",)}, "handled_by"),
        ({"handled_by": ("agent", "agent")}, "each of them once"),
    ],
)
def test_a_counter_that_cannot_be_meant(cells: dict[str, Any], message: str) -> None:
    """Nothing is counted twice, or for nothing; and nobody handles reports by being a tutor."""
    with pytest.raises((ValueError, TypeError, LookupError), match=message):
        Counter(**{"name": "missed", **cells})


def test_a_counter_counts_the_mark_of_its_name_unless_others_are_named() -> None:
    """One point each."""
    plain, other = Counter("missed"), Counter("missed", (("late", 2), ("later", 3)))

    assert [counter.points("missed") for counter in (plain, other)] == [1, 0]
    assert [other.points(mark) for mark in ("late", "later", "taught")] == [2, 3, 0]


@pytest.mark.parametrize("cells", [{"points": 0, "every": Exact(hours=1)}, {"points": 1, "every": Exact()}])
def test_a_decay_that_cannot_be_meant(cells: dict[str, Any]) -> None:
    """Something falls away, and not all the time."""
    with pytest.raises(ValueError, match="points|every"):
        Decay(**cells)


@pytest.mark.parametrize(
    "cells", [{"minimum": -1}, {"fee": -1}, {"apply": "daily"}, {"returned_fee": "lost"}, {"spendable": 1}]
)
def test_payout_rules_that_cannot_be_meant(cells: dict[str, Any]) -> None:
    """Amounts are not below zero."""
    with pytest.raises((ValueError, TypeError), match=next(iter(cells))):
        PayoutRules(**cells)


def test_rules_find_their_counters() -> None:
    """By name; a name that is near is told."""
    one, other, last = Counter("missed"), Counter("lapses", (("missed", 2), ("late", 1))), Counter("late")
    rules = AccountRules((one, other, last))

    assert rules.counter("lapses") is other
    with pytest.raises(UnknownName, match="did you mean 'missed'"):
        rules.counter("misset")


def test_two_counters_have_two_names() -> None:
    """A name says which is meant."""
    with pytest.raises(InvalidValue, match="each of them once"):
        AccountRules((Counter("missed"), Counter("missed")))


def test_rules_know_what_they_can_lead_to() -> None:
    """By themselves or along with something else; for a policy without rules that is nothing."""
    rungs = (Rung(1, "notice"), Rung(2, "hidden", lifted_by="tutor"))
    hides = AccountRules((Counter("late"), Counter("missed", ladder=rungs)))
    locks = AccountRules((Counter("missed", ladder=(Rung(1, "locked", lifted_by="operator"),)),))

    assert {each for each in RESTRICTIONS if hides.can(each)} == {"hidden", "existing_only"}
    assert {each for each in RESTRICTIONS if locks.can(each)} == {"locked", "hidden", "existing_only"}
    assert not any(NO_RULES.can(each) for each in RESTRICTIONS)


def test_a_lesson_that_was_taught_is_no_lapse() -> None:
    """It may end a streak, and is never counted against anybody."""
    with pytest.raises(InvalidValue, match="taught is none"):
        Counter("missed", (("taught", 1),))
    assert Counter("missed", broken_by=("taught",)).heeds("taught")
