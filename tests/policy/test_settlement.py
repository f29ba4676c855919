from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.money import ROUNDING_MODES, RoundingMode, rate, share
from tutorcore.policy import Fees, Settlement
from tutorcore.policy.settlement import BENEFICIARIES, Beneficiary, Legs, compile_split

NO_FEE = Fees()
ITALKI = Fees(rate("15%"))


def settled(shares: dict[str, str], held: int, fees: Fees = NO_FEE) -> Legs:
    """Return the legs that pay out what is held."""
    return compile_split(Settlement.of(shares), fees)(held)


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
        ({"platform": "10%", "tutor": "rest"}, Fees(rate("20%")), 1000, (("platform", 280), ("tutor", 720))),
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
        ({"tutor": "rest"}, Fees(rate("100%")), 10, (("platform", 10),)),
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
    assert settled({"tutor": "rest"}, 25, Fees(rate("10%"), rounding)) == (("tutor", 25 - fee), ("platform", fee))


@pytest.mark.parametrize("percent", range(101))
def test_every_whole_percentage_leaves_nothing_over(percent: int) -> None:
    """For every percentage and every amount up to 300 the tutor has the rounded share and the student the rest."""
    split = compile_split(Settlement.of({"tutor": f"{percent}%", "student": "rest"}), NO_FEE)

    for held in range(301):
        legs = dict(split(held))
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
    shares: list[tuple[Beneficiary, Fraction | None]] = [
        (name, Fraction(weight, total)) for name, weight in zip(order, weights, strict=True)
    ]
    if not written_out or not any(weights):
        shares[-1] = (order[-1], None)
    settlement = Settlement(tuple(shares))

    legs = compile_split(settlement, Fees(commission, rounding))(held)

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
    settlement = Settlement.of({"tutor": f"{percent}%", "student": "rest"})

    free = dict(compile_split(settlement, NO_FEE)(held))
    paid = dict(compile_split(settlement, Fees(Fraction(commission, 100), rounding))(held))

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


@pytest.mark.parametrize("commission", [Fraction(-1, 100), Fraction(101, 100)])
def test_a_commission_is_a_part_of_the_whole(commission: Fraction) -> None:
    """A commission below nothing or above everything is refused."""
    with pytest.raises(InvalidValue, match="0% to 100%"):
        Fees(commission)


def test_an_unknown_rounding_mode_is_refused() -> None:
    """The rounding mode is one of those that exist."""
    with pytest.raises(ValueError, match="rounding"):
        Fees(rounding="nearest")  # type: ignore[arg-type]  # the wrong mode is the point


def test_floats_are_no_shares() -> None:
    """A share written as a float is refused by type."""
    with pytest.raises(InvalidType, match="floats are refused"):
        Settlement.of({"tutor": 0.5})  # type: ignore[dict-item]  # the wrong type is the point


@pytest.mark.parametrize("shares", [{"tutor": "50%", "student": "rest"}, {"platform": "1/3", "tutor": "2/3"}])
def test_a_settlement_prints_as_it_was_written(shares: dict[str, str]) -> None:
    """The texts of a settlement give the same settlement again, and its string names every share in order."""
    settlement = Settlement.of(shares)

    assert settlement.as_texts() == shares
    assert Settlement.of(settlement.as_texts()) == settlement
    assert str(settlement) == ", ".join(f"{name} {text}" for name, text in shares.items())
