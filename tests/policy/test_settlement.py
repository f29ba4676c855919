from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.ids import LessonId, PartyId, PolicyHash
from tutorcore.instants import instant
from tutorcore.lessons.lesson import Brief, Terms
from tutorcore.money import ROUNDING_MODES, RoundingMode, rate, share
from tutorcore.policy.expressions import Exact
from tutorcore.policy.parsing import ExpressionError
from tutorcore.policy.settlement import (
    BENEFICIARIES,
    AsGiven,
    Beneficiary,
    Fees,
    Legs,
    Part,
    Settlement,
    compile_split,
)

NO_FEE = Fees()
ITALKI = Fees.flat(rate("15%"))
NOON = instant("2026-03-02T12:00:00Z")
ANN, TOM = PartyId("ann"), PartyId("tom")
BRIEF = Brief(LessonId("l1"), PolicyHash("0" * 64), "UTC", "USD", NOON, TOM, ANN, ANN, ANN)


def settled(
    shares: dict[str, str],
    held: int,
    fees: Fees = NO_FEE,
    *,
    price: int | None = None,
    length: timedelta = timedelta(hours=1),
) -> Legs:
    """Return the legs that pay out what is held for a lesson, which is its price unless that is another."""
    terms = Terms(1, NOON, NOON + length, held if price is None else price)
    return compile_split(Settlement.of(shares), fees, 2)(held, NOON, terms, None, 1, {}, BRIEF, None, None)


def worth(time: Exact, price: int, length: timedelta) -> int:
    """Return what so much of the lesson's time costs, counted in seconds."""
    return round(Fraction(price) * Fraction(int(time.delta.total_seconds()), int(length.total_seconds())))


@pytest.mark.parametrize(
    ("shares", "fees", "held", "legs"),
    [
        ({"student": "rest"}, NO_FEE, 2500, (("payer", 2500),)),
        ({"student": "100%"}, ITALKI, 2500, (("payer", 2500),)),
        ({"tutor": "rest"}, ITALKI, 2500, (("tutor", 2125), ("platform", 375))),
        ({"tutor": "rest"}, NO_FEE, 2500, (("tutor", 2500),)),
        ({"platform": "rest"}, ITALKI, 2500, (("platform", 2500),)),
        # The commission is taken on, and out of, the tutor's share; a refund bears none.
        ({"tutor": "50%", "student": "rest"}, ITALKI, 2500, (("tutor", 1062), ("payer", 1250), ("platform", 188))),
        # What the platform earns and its commission are one leg.
        ({"tutor": "50%", "platform": "rest"}, ITALKI, 1000, (("tutor", 425), ("platform", 575))),
        ({"platform": "10%", "tutor": "rest"}, Fees.flat(rate("20%")), 1000, (("platform", 280), ("tutor", 720))),
        # The odd cent: the share is rounded half-even and the rest is found by subtraction.
        ({"tutor": "50%", "student": "rest"}, NO_FEE, 101, (("tutor", 50), ("payer", 51))),
        ({"tutor": "50%", "student": "rest"}, NO_FEE, 103, (("tutor", 52), ("payer", 51))),
        ({"student": "50%", "tutor": "rest"}, NO_FEE, 101, (("payer", 50), ("tutor", 51))),
        ({"student": "50%", "tutor": "50%"}, NO_FEE, 101, (("payer", 50), ("tutor", 51))),
        ({"tutor": "50%", "student": "50%"}, NO_FEE, 101, (("tutor", 50), ("payer", 51))),
        ({"student": "1/3", "tutor": "1/3", "platform": "1/3"}, NO_FEE, 100, (("payer", 33), ("tutor", 33), ("platform", 34))),  # noqa: E501  # One row of a table, one line.
        # Two halves of three are one and a half each: the second gets what the first has left.
        ({"student": "1/2", "tutor": "1/2", "platform": "rest"}, NO_FEE, 3, (("payer", 2), ("tutor", 1))),
        # A share of nothing is no leg.
        ({"tutor": "0%", "student": "rest"}, ITALKI, 2500, (("payer", 2500),)),
        ({"tutor": "100%", "student": "rest"}, NO_FEE, 2500, (("tutor", 2500),)),
        ({"tutor": "1%", "student": "rest"}, NO_FEE, 10, (("payer", 10),)),
        ({"tutor": "rest"}, Fees.flat(rate("100%")), 10, (("platform", 10),)),
        ({"tutor": "rest"}, ITALKI, 1, (("tutor", 1),)),
        ({"tutor": "rest"}, ITALKI, 0, ()),
    ],
)  # fmt: skip
def test_what_is_held_is_divided(shares: dict[str, str], fees: Fees, held: int, legs: Legs) -> None:
    """Every share but the last is rounded, the last is what remains, and the commission comes out of the tutor's."""
    assert settled(shares, held, fees) == legs


@pytest.mark.parametrize(
    ("rounding", "fee"), [("half_even", 2), ("half_up", 3), ("half_down", 2), ("up", 3), ("down", 2)]
)
def test_the_commission_is_rounded_as_the_policy_says(rounding: RoundingMode, fee: int) -> None:
    """A commission of two and a half is two or three, as `rounding` says."""
    assert settled({"tutor": "rest"}, 25, Fees.flat(rate("10%"), rounding)) == (("tutor", 25 - fee), ("platform", fee))


@pytest.mark.parametrize("percent", range(101))
def test_every_whole_percentage_leaves_nothing_over(percent: int) -> None:
    """For every percentage and every amount up to 300 the tutor has the rounded share and the student the rest."""
    shares = {"tutor": f"{percent}%", "student": "rest"}

    for held in range(301):
        legs = dict(settled(shares, held))
        assert legs.get("tutor", 0) == share(held, Fraction(percent, 100))
        assert sum(legs.values()) == held


@given(
    parts=st.lists(st.integers(0, 100), min_size=3, max_size=3).filter(any),
    order=st.sampled_from([names for count in (1, 2, 3) for names in permutations(BENEFICIARIES, count)]),
    written_out=st.booleans(),
    commission=st.fractions(0, 1, max_denominator=1000),
    rounding=st.sampled_from(ROUNDING_MODES),
    held=st.one_of(st.integers(0, 50), st.integers(0, 10**15)),
)
def test_no_settlement_loses_or_makes_money(
    parts: list[int],
    order: tuple[Beneficiary, ...],
    *,
    written_out: bool,
    commission: Fraction,
    rounding: RoundingMode,
    held: int,
) -> None:
    """The legs of every settlement sum to what was held, name each role once, and none is zero or negative."""
    weights = [max(1, part) if len(order) == 1 else part for part in parts[: len(order)]]
    total = sum(weights) or 1
    shares: list[tuple[Beneficiary, Part]] = [
        (name, Fraction(weight, total)) for name, weight in zip(order, weights, strict=True)
    ]
    if not written_out or not any(weights):
        shares[-1] = (order[-1], None)
    settlement = Settlement(tuple(shares))

    legs = settled(settlement.as_texts(), held, Fees.flat(commission, rounding))

    assert sum(amount for _, amount in legs) == held
    assert all(amount > 0 for _, amount in legs)
    assert len({role for role, _ in legs}) == len(legs)


@given(
    percent=st.integers(0, 100),
    commission=st.integers(0, 100),
    held=st.integers(0, 10**6),
    rounding=st.sampled_from(ROUNDING_MODES),
)
def test_the_commission_touches_nobody_but_the_tutor(
    percent: int, commission: int, held: int, rounding: RoundingMode
) -> None:
    """With and without a commission the student gets the same, and tutor and platform together too."""
    shares = {"tutor": f"{percent}%", "student": "rest"}

    free = dict(settled(shares, held))
    paid = dict(settled(shares, held, Fees.flat(Fraction(commission, 100), rounding)))

    assert paid.get("payer") == free.get("payer")
    assert paid.get("tutor", 0) + paid.get("platform", 0) == free.get("tutor", 0)


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ({}, "at least one"),
        ({"teacher": "rest"}, "'teacher'; expected one of student, tutor, platform"),
        ({"tutor": "99%"}, "shares that make 100% together"),
        ({"tutor": "99%", "student": "0%"}, "shares that make 100% together"),
        ({"tutor": "51%", "student": "50%"}, "shares that make 100% together"),
        ({"tutor": "51%", "student": "50%", "platform": "rest"}, "shares that make 100% together"),
        ({"tutor": "rest", "student": "rest"}, "one rest at most"),
        ({"tutor": "most"}, "rate is 'most'"),
        ({"tutor": "101%"}, "0% to 100%"),
        ({"tutor": "-1%", "student": "rest"}, "rate is '-1%'"),
        ({"tutor": "1h"}, "one of the shares to be 'rest', because another is a duration"),
        ({"tutor": "1h", "student": "100%"}, "one of the shares to be 'rest', because another is a duration"),
        ({"tutor": "1h", "platform": "101/100", "student": "rest"}, "0% to 100%"),
        ({"tutor": "1d", "student": "rest"}, "share is '1d'; expected 'rest', a rate such as 50%, or hours"),
        ({"tutor": "1/3 lesson", "student": "rest"}, "share is '1/3 lesson'"),
    ],
)
def test_shares_that_are_not_the_whole_are_refused(shares: dict[str, str], said: str) -> None:
    """Shares make 100 %, or one of them is the rest; each beneficiary is known and named once."""
    with pytest.raises(InvalidValue, match=said):
        Settlement.of(shares)


def test_a_beneficiary_is_one_of_three() -> None:
    """Shares built in Python are checked like those of a file."""
    with pytest.raises(InvalidValue, match="each of student, tutor, platform at most once"):
        Settlement((("teacher", None),))  # type: ignore[arg-type]  # the wrong name is the point


def test_a_beneficiary_is_named_once() -> None:
    """Two shares of one beneficiary are refused."""
    with pytest.raises(InvalidValue, match="at most once"):
        Settlement((("tutor", Fraction(1, 2)), ("tutor", None)))


def test_floats_are_no_shares() -> None:
    """A share written as a float is refused by type."""
    with pytest.raises(InvalidType, match="floats are refused"):
        Settlement.of({"tutor": 0.5})  # type: ignore[dict-item]  # the wrong type is the point


@pytest.mark.parametrize(
    "shares",
    [
        {"tutor": "50%", "student": "rest"},
        {"platform": "1/3", "tutor": "2/3"},
        {"tutor": "1h 30m", "platform": "1%", "student": "rest"},
    ],
)
def test_a_settlement_prints_as_it_was_written(shares: dict[str, str]) -> None:
    """The texts of a settlement give the same settlement again, and its string names every share in order."""
    settlement = Settlement.of(shares)

    assert settlement.as_texts() == shares
    assert Settlement.of(settlement.as_texts()) == settlement
    assert str(settlement) == ", ".join(f"{name} {text}" for name, text in shares.items())


def test_a_duration_that_is_none_is_shown_at_its_word() -> None:
    """A share that looks like a duration is read as one, so the mistake in it is named."""
    with pytest.raises(ExpressionError, match="unknown unit 'x'"):
        Settlement.of({"tutor": "1x", "student": "rest"})


@pytest.mark.parametrize(
    ("shares", "held", "price", "length", "legs"),
    [
        # An hour of a lesson of two hours is half its price, of one hour all of it, and of less no more than all.
        ({"tutor": "1h", "student": "rest"}, 5000, 5000, timedelta(hours=2), (("tutor", 2500), ("payer", 2500))),
        ({"tutor": "1h", "student": "rest"}, 5000, 5000, timedelta(hours=1), (("tutor", 5000),)),
        ({"tutor": "1h", "student": "rest"}, 5000, 5000, timedelta(minutes=30), (("tutor", 5000),)),
        ({"tutor": "60m", "student": "rest"}, 5000, 5000, timedelta(minutes=90), (("tutor", 3333), ("payer", 1667))),
        # Half-even: 12.5 and 37.5 cents.
        ({"tutor": "15m", "student": "rest"}, 50, 50, timedelta(hours=1), (("tutor", 12), ("payer", 38))),
        ({"tutor": "45m", "student": "rest"}, 50, 50, timedelta(hours=1), (("tutor", 38), ("payer", 12))),
        # What it costs follows from the price; what can be paid out is what is held.
        ({"tutor": "1h", "student": "rest"}, 1000, 5000, timedelta(hours=2), (("tutor", 1000),)),
        ({"tutor": "1h", "student": "rest"}, 6000, 5000, timedelta(hours=2), (("tutor", 2500), ("payer", 3500))),
        # In the order written: each takes from what the ones before have left.
        (
            {"platform": "60%", "tutor": "1h", "student": "rest"},
            1000,
            1000,
            timedelta(hours=2),
            (("platform", 600), ("tutor", 400)),
        ),
        (
            {"student": "1h", "platform": "10%", "tutor": "rest"},
            1000,
            1000,
            timedelta(hours=4),
            (("payer", 250), ("platform", 100), ("tutor", 650)),
        ),
        ({"tutor": "0s", "student": "rest"}, 1000, 1000, timedelta(hours=1), (("payer", 1000),)),
        ({"tutor": "1h", "student": "rest"}, 0, 0, timedelta(hours=1), ()),
        # Before there are any terms nothing has a price, and nothing takes time.
        ({"tutor": "1h", "student": "rest"}, 0, 0, timedelta(0), ()),
        ({"tutor": "1h", "student": "rest"}, 1000, 1000, timedelta(microseconds=1), (("tutor", 1000),)),
    ],
)  # fmt: skip
def test_a_share_can_be_what_some_time_costs(
    shares: dict[str, str], held: int, price: int, length: timedelta, legs: Legs
) -> None:
    """A duration is worth its part of the price, and never more than what is left."""
    assert settled(shares, held, price=price, length=length) == legs


def test_the_commission_is_taken_on_what_the_time_costs() -> None:
    """One hour of two at 50.00 is 25.00, of which the platform keeps 15 %."""
    legs = settled({"tutor": "1h", "student": "rest"}, 5000, ITALKI, length=timedelta(hours=2))

    assert legs == (("tutor", 2125), ("payer", 2500), ("platform", 375))


@given(
    named=st.lists(
        st.one_of(st.fractions(0, Fraction(1, 2), max_denominator=100), st.builds(Exact, minutes=st.integers(0, 300))),
        min_size=1,
        max_size=2,
    ),
    order=st.permutations(BENEFICIARIES),
    commission=st.fractions(0, 1, max_denominator=100),
    price=st.integers(0, 10**9),
    held=st.integers(0, 10**9),
    length=st.integers(1, 600).map(lambda count: timedelta(minutes=count)),
)
def test_no_settlement_with_durations_loses_or_makes_money(
    named: list[Fraction | Exact],
    order: list[Beneficiary],
    commission: Fraction,
    price: int,
    held: int,
    length: timedelta,
) -> None:
    """The legs sum to what was held, none is zero or negative, and the first share is what it says."""
    shares: list[tuple[Beneficiary, Part]] = list(zip(order, named, strict=False))
    settlement = Settlement((*shares, (order[len(named)], None)))

    free = dict(settled(settlement.as_texts(), held, price=price, length=length))
    legs = settled(settlement.as_texts(), held, Fees.flat(commission), price=price, length=length)

    first = named[0]
    asked = share(held, first) if isinstance(first, Fraction) else worth(first, price, length)
    assert free.get("payer" if order[0] == "student" else order[0], 0) == min(held, asked)
    assert sum(amount for _, amount in legs) == held
    assert all(amount > 0 for _, amount in legs)
    assert len({role for role, _ in legs}) == len(legs)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"tutor": "50%", "student": "rest"}, {"student": "50%", "tutor": "50%"}, True),
        ({"tutor": "50%", "student": "rest"}, {"tutor": "rest", "student": "1/2"}, True),
        ({"tutor": "rest"}, {"tutor": "100%", "student": "rest"}, True),
        ({"tutor": "rest"}, {"tutor": "100%", "student": "0%"}, True),
        ({"tutor": "60m", "student": "rest"}, {"student": "rest", "tutor": "1h"}, True),
        ({"tutor": "rest"}, {"student": "rest"}, False),
        ({"tutor": "50%", "student": "rest"}, {"tutor": "50%", "platform": "rest"}, False),
        ({"tutor": "50%", "student": "rest"}, {"tutor": "51%", "student": "rest"}, False),
        ({"tutor": "60m", "student": "rest"}, {"tutor": "61m", "student": "rest"}, False),
    ],
)
def test_two_wordings_can_mean_one_split(one: dict[str, str], other: dict[str, str], same: bool) -> None:
    """Order, a rest and what gets nothing are wording; who gets how much is what is meant."""
    assert (Settlement.of(one).meaning == Settlement.of(other).meaning) is same
    assert AsGiven((Settlement.of(one),)).allows(Settlement.of(other)) is same
