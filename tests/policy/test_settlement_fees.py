from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.ids import Key, LessonId, PartyId, PolicyHash
from tutorcore.instants import instant
from tutorcore.lessons.lesson import Brief, Command, Facts, Terms
from tutorcore.money import ROUNDING_MODES, RoundingMode, rate
from tutorcore.policy.expressions import Always, Guard
from tutorcore.policy.parsing import ExpressionError, parse_guard
from tutorcore.policy.settlement import SLABS_ON, FeeRate, Fees, Legs, Settlement, SlabOn, compile_split

NOON = instant("2026-03-02T12:00:00Z")
ANN, TOM = PartyId("ann"), PartyId("tom")
BRIEF = Brief(LessonId("l1"), PolicyHash("0" * 64), "UTC", "USD", NOON, TOM, ANN, ANN, ANN)
ALL_TO_THE_TUTOR = {"tutor": "rest"}
HALF = {"tutor": "50%", "student": "rest"}

SLABS = (FeeRate(rate("10%"), below=100_00), FeeRate(rate("15%"), below=200_00), FeeRate(rate("20%")))
TRIAL = FeeRate(rate("100%"), when=parse_guard('lesson.kind == "trial"'))
TIERS = (
    FeeRate(rate("33%"), when=parse_guard("taught(tutor) < 20h")),
    FeeRate(rate("28%"), when=parse_guard("taught(tutor) < 50h")),
    FeeRate(rate("18%")),
)


def paid(
    fees: Fees,
    price: int,
    shares: dict[str, str] = ALL_TO_THE_TUTOR,
    *,
    kind: str = "",
    taught: timedelta | None = None,
    reason: str = "",
) -> Legs:
    """Return the legs that pay out a lesson of that price."""
    terms = Terms(1, NOON, NOON + timedelta(hours=1), price, kind)
    command = Command("confirm", ANN, Key("k1"), LessonId("l1"), reason=reason)
    counts = {} if taught is None else {"taught(tutor)": taught // timedelta(microseconds=1)}
    split = compile_split(Settlement.of(shares), fees, 2)
    return split(price, NOON, terms, None, 1, {}, BRIEF, command, Facts(counts=counts))


@pytest.mark.parametrize(
    ("price", "net", "fee"),
    [
        (1, 1, 0),
        (99_99, 89_99, 10_00),
        (100_00, 85_00, 15_00),
        (199_99, 169_99, 30_00),
        (200_00, 160_00, 40_00),
        (1000_00, 800_00, 200_00),
    ],
)
@pytest.mark.parametrize("slab_on", SLABS_ON)
def test_the_amount_chooses_the_slab(price: int, net: int, fee: int, slab_on: SlabOn) -> None:
    """A slab ends before its `below`, and its rate is that of the whole share; the whole price is both readings."""
    legs = dict(paid(Fees(SLABS, slab_on=slab_on), price))

    assert (legs["tutor"], legs.get("platform", 0)) == (net, fee)


@pytest.mark.parametrize(
    ("price", "by_share", "by_price"),
    [
        (99_98, 44_99, 44_99),
        (100_00, 45_00, 42_50),
        (199_97, 89_98, 84_98),
        # Half of 199.99 is 99.995, which rounds to the even 100.00: the rate is that of the share as it is paid.
        (199_99, 85_00, 85_00),
        (200_00, 85_00, 80_00),
        (399_97, 169_98, 159_98),
        (400_00, 160_00, 160_00),
    ],
)
def test_the_slab_goes_by_the_share_or_by_the_price(price: int, by_share: int, by_price: int) -> None:
    """Half of 100.00 is in the slab of 50.00 where the share counts, and in that of 100.00 where the price does."""
    share, whole = (dict(paid(Fees(SLABS, slab_on=each), price, HALF)) for each in SLABS_ON)

    assert (share["tutor"], whole["tutor"]) == (by_share, by_price)
    assert share["payer"] == whole["payer"]


@pytest.mark.parametrize("shares", [ALL_TO_THE_TUTOR, HALF])
@pytest.mark.parametrize("slab_on", SLABS_ON)
def test_every_amount_through_the_slabs_leaves_nothing_over(shares: dict[str, str], slab_on: SlabOn) -> None:
    """From nothing to just above the last slab, cent by cent, the legs are what was held and the fee is its slab's."""
    split = compile_split(Settlement.of(shares), Fees(SLABS, slab_on=slab_on), 2)

    for price in range(0, 202_00, 1 if shares is HALF else 3):
        terms = Terms(1, NOON, NOON + timedelta(hours=1), price)
        legs = dict(split(price, NOON, terms, None, 1, {}, BRIEF, None, None))
        earned = price - legs.get("payer", 0)
        base = price if slab_on == "price" else earned
        percent = 10 if base < 100_00 else 15 if base < 200_00 else 20
        assert sum(legs.values()) == price
        assert abs(earned * percent - legs.get("platform", 0) * 100) <= 50


@pytest.mark.parametrize(
    ("kind", "price", "legs"),
    [
        ("trial", 25_00, (("platform", 25_00),)),
        ("trial", 250_00, (("platform", 250_00),)),
        ("regular", 25_00, (("tutor", 22_50), ("platform", 2_50))),
        ("", 250_00, (("tutor", 200_00), ("platform", 50_00))),
    ],
)
def test_a_condition_can_choose_the_rate(kind: str, price: int, legs: Legs) -> None:
    """A trial lesson is all the platform's; the others go by their slab."""
    assert paid(Fees((TRIAL, *SLABS)), price, kind=kind) == legs


@pytest.mark.parametrize(
    ("taught", "fee"),
    [
        (timedelta(0), 33_00),
        (timedelta(hours=20) - timedelta(microseconds=1), 33_00),
        (timedelta(hours=20), 28_00),
        (timedelta(hours=50), 18_00),
    ],
)
def test_a_rate_can_go_by_the_time_taught(taught: timedelta, fee: int) -> None:
    """The more a tutor has taught, the less is kept."""
    assert dict(paid(Fees(TIERS), 100_00, taught=taught))["platform"] == fee


def test_a_rate_can_have_an_amount_and_a_condition() -> None:
    """Both have to hold; otherwise the next rate is looked at."""
    small_and_kind = FeeRate(rate("0%"), below=10_00, when=parse_guard('reason == "charity"'))
    fees = Fees((small_and_kind, FeeRate(rate("10%"), below=10_00), FeeRate(rate("20%"))))

    assert paid(fees, 9_99, reason="charity") == (("tutor", 9_99),)
    assert paid(fees, 9_99) == (("tutor", 8_99), ("platform", 1_00))
    assert paid(fees, 10_00, reason="charity") == (("tutor", 8_00), ("platform", 2_00))


def test_what_the_student_gets_back_bears_no_fee() -> None:
    """Where the tutor earns nothing no rate is looked for."""
    assert paid(Fees(TIERS), 100_00, {"student": "rest"}) == (("payer", 100_00),)


def test_an_amount_of_a_condition_has_the_decimals_of_the_currency() -> None:
    """The conditions of rates are compiled for the policy's currency, like all others."""
    fees = Fees((FeeRate(rate("1%"), when=parse_guard("lesson.price < 0.5")), FeeRate(rate("2%"))))

    with pytest.raises(ExpressionError, match="has 0 decimals"):
        compile_split(Settlement.of(ALL_TO_THE_TUTOR), fees, 0)


@given(
    below=st.lists(st.integers(1, 500_00), min_size=1, max_size=4, unique=True).map(sorted),
    percents=st.lists(st.integers(0, 100), min_size=5, max_size=5),
    rounding=st.sampled_from(ROUNDING_MODES),
    slab_on=st.sampled_from(SLABS_ON),
    shares=st.sampled_from([ALL_TO_THE_TUTOR, HALF, {"platform": "1/3", "tutor": "1/3", "student": "rest"}]),
    price=st.integers(0, 600_00),
)
def test_no_rate_loses_or_makes_money(
    below: list[int],
    percents: list[int],
    rounding: RoundingMode,
    slab_on: SlabOn,
    shares: dict[str, str],
    price: int,
) -> None:
    """Whatever the slabs, the legs sum to what was held, none is zero or negative, and the student's is untouched."""
    slabs = [FeeRate(Fraction(each, 100), amount) for amount, each in zip(below, percents, strict=False)]
    fees = Fees((*slabs, FeeRate(Fraction(percents[-1], 100))), rounding, slab_on)

    legs = paid(fees, price, shares)

    assert sum(amount for _, amount in legs) == price
    assert all(amount > 0 for _, amount in legs)
    assert dict(legs).get("payer") == dict(paid(Fees(), price, shares)).get("payer")


def test_flat_fees_are_one_rate() -> None:
    """The short form makes the only rate, which is the commission; slabs have none."""
    fees = Fees.flat(rate("15%"), "half_up")

    assert fees == Fees((FeeRate(Fraction(3, 20)),), "half_up")
    assert fees.commission == Fraction(3, 20)
    assert Fees().commission == 0
    assert Fees(SLABS).commission is None


def test_fees_say_which_conditions_they_read() -> None:
    """Whoever gathers facts, or checks names, looks at the conditions of all rates."""
    assert Fees((TRIAL, *SLABS)).guards == (TRIAL.when,)
    assert Fees(SLABS).guards == ()


def test_equal_fees_are_equal_values() -> None:
    """A condition that always holds is none; without amounts it does not matter what they would be compared with."""
    assert FeeRate(Fraction(1), when=Always()) == FeeRate(Fraction(1))
    assert Fees(TIERS, slab_on="price") == Fees(TIERS)
    assert Fees(SLABS, slab_on="price") != Fees(SLABS)


@pytest.mark.parametrize("guard", [None, parse_guard("notice > 1h"), Always()])
def test_a_text_is_a_rate_too(guard: Guard | None) -> None:
    """A rate may be given in any of the forms that are exact."""
    assert FeeRate("12.5%", when=guard).rate == FeeRate(Fraction(1, 8)).rate


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ((), r"rate 1 of the fees is \(\); expected at least one rate"),
        (SLABS[:1], "rate 1 of the fees .* expected a last rate for everything else, without 'below' and 'when'"),
        ((TRIAL,), "rate 1 of the fees .* expected a last rate for everything else"),
        ((SLABS[2], *SLABS), "rate 1 of the fees .* expected 'below' or 'when': only the last rate"),
        ((SLABS[1], SLABS[0], SLABS[2]), "rate 2 of the fees .* would never decide"),
        ((SLABS[0], SLABS[0], SLABS[2]), "rate 2 of the fees .* would never decide"),
        (
            (SLABS[0], FeeRate(rate("1%"), 50_00, parse_guard("notice > 1h")), SLABS[2]),
            "rate 2 of the fees .* would never decide",
        ),
    ],
)
def test_rates_that_leave_something_open_or_never_decide_are_refused(rates: tuple[FeeRate, ...], said: str) -> None:
    """For every amount of every lesson exactly one rate decides, and each rate can."""
    with pytest.raises(InvalidValue, match=said):
        Fees(rates)


def test_an_amount_with_a_condition_hides_no_other() -> None:
    """A rate under a condition may name any amount above the ones that always count, and so may those after it."""
    small = FeeRate(rate("1%"), 500_00, parse_guard("notice > 1h"))

    assert len(Fees((small, *SLABS)).rates) == 4
    assert len(Fees((SLABS[0], small, *SLABS[1:])).rates) == 4


@pytest.mark.parametrize(
    ("cells", "error", "said"),
    [
        ({"rate": Fraction(-1, 100)}, InvalidValue, "0% to 100%"),
        ({"rate": Fraction(101, 100)}, InvalidValue, "0% to 100%"),
        ({"rate": 0.15}, InvalidType, "floats are refused"),
        ({"below": 0}, InvalidValue, "below is 0; expected an amount above zero"),
        ({"below": -1}, InvalidValue, "an amount above zero"),
        ({"below": 100.0}, InvalidType, "a whole number of minor units"),
        ({"below": True}, InvalidType, "a whole number of minor units"),
        ({"when": "notice > 1h"}, InvalidType, "when is 'notice > 1h' of type str; expected a condition"),
    ],
)
def test_a_rate_is_a_part_of_the_whole(cells: dict[str, Any], error: type[Exception], said: str) -> None:
    """A rate below nothing or above everything, an amount that is none and a text for a condition are refused."""
    with pytest.raises(error, match=said):
        FeeRate(**({"rate": Fraction(1, 10)} | cells))


@pytest.mark.parametrize("commission", [Fraction(-1, 100), Fraction(101, 100)])
def test_a_commission_is_a_part_of_the_whole(commission: Fraction) -> None:
    """A flat commission below nothing or above everything is refused."""
    with pytest.raises(InvalidValue, match="0% to 100%"):
        Fees.flat(commission)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"rounding": "nearest"}, "rounding"),
        ({"slab_on": "net"}, "slab_on"),
        ({"rates": [FeeRate(Fraction(0))]}, "rates"),
    ],
)
def test_the_other_cells_are_checked_too(cells: dict[str, Any], said: str) -> None:
    """The rounding mode and what slabs go by are among those that exist; the rates are a tuple."""
    with pytest.raises((ValueError, TypeError), match=said):
        Fees(**cells)
