from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.money import ROUNDING_MODES, RoundingMode, allocate, rate, rate_text, round_fraction, share, telescope

_MINOR = st.integers(-(10**12), 10**12)
_RATES = st.fractions(0, 1, max_denominator=10_000)
_MODES = st.sampled_from(ROUNDING_MODES)
_WEIGHTS = st.lists(
    st.one_of(st.integers(0, 1000), st.fractions(0, 100, max_denominator=1000)), min_size=1, max_size=8
).filter(any)

_OF_DECIMAL: dict[RoundingMode, str] = {
    "half_even": ROUND_HALF_EVEN,
    "half_up": ROUND_HALF_UP,
    "half_down": ROUND_HALF_DOWN,
    "up": ROUND_UP,
    "down": ROUND_DOWN,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("15%", Fraction(3, 20)),
        ("0%", Fraction(0)),
        ("100%", Fraction(1)),
        ("12.5%", Fraction(1, 8)),
        ("0.01%", Fraction(1, 10_000)),
        ("33%", Fraction(33, 100)),
        ("1/3", Fraction(1, 3)),
        ("2/3", Fraction(2, 3)),
        ("7/7", Fraction(1)),
    ],
)
def test_a_rate_is_read_exactly(text: str, value: Fraction) -> None:
    """Percentages and fractions become exact fractions."""
    assert rate(text) == value


@pytest.mark.parametrize("value", [Fraction(1, 3), 0, 1])
def test_an_exact_rate_stays_as_it_is(value: Fraction | int) -> None:
    """A fraction, nothing and all are rates already."""
    assert rate(value) == value
    assert isinstance(rate(value), Fraction)


@pytest.mark.parametrize(
    "text", ["", "15", "0.15", "15 %", "-5%", "+5%", "%", "1/0", "1/", "/3", "-1/3", "1.5/3", "1e1%", "1/3\n", "١٥%"]
)
def test_a_text_that_is_no_rate_is_refused(text: str) -> None:
    """A bare number does not say whether it means percent, so it is refused like nonsense."""
    with pytest.raises(InvalidValue, match="expected a percentage such as 15% or a fraction such as 1/3"):
        rate(text)


@pytest.mark.parametrize("value", ["101%", "4/3", "100.0001%", 2, -1, Fraction(-1, 3)])
def test_a_rate_is_between_nothing_and_all(value: str | int | Fraction) -> None:
    """Nobody gets less than nothing or more than there is."""
    with pytest.raises(InvalidValue, match="expected 0% to 100%"):
        rate(value)


@pytest.mark.parametrize("value", [0.15, 1.0, Decimal("0.15"), True, None])
def test_a_float_is_no_rate(value: object) -> None:
    """Floats are refused by name; a decimal is refused too, since it may have been one."""
    with pytest.raises(InvalidType, match="floats are refused"):
        rate(value)  # type: ignore[arg-type]  # the wrong type is the point


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(3, 20), "15%"),
        (Fraction(1, 8), "12.5%"),
        (Fraction(1, 3), "1/3"),
        (Fraction(0), "0%"),
        (Fraction(1), "100%"),
        (Fraction(1, 10), "10%"),
        (Fraction(1, 1_000_000), "0.0001%"),
        (Fraction(1, 10_000_000), "1/10000000"),
    ],
)
def test_a_rate_prints_as_people_write_it(value: Fraction, text: str) -> None:
    """A rate is a percentage where four decimals can say it exactly, otherwise a fraction."""
    assert rate_text(value) == text


@given(_RATES)
def test_a_printed_rate_reads_back_equal(value: Fraction) -> None:
    """Rates round trip through their text."""
    assert rate(rate_text(value)) == value


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("half_even", [-2, -2, -1, 0, 0, 0, 1, 2, 2]),
        ("half_up", [-3, -2, -1, -1, 0, 1, 1, 2, 3]),
        ("half_down", [-2, -1, -1, 0, 0, 0, 1, 1, 2]),
        ("up", [-3, -2, -1, -1, 0, 1, 1, 2, 3]),
        ("down", [-2, -1, -1, 0, 0, 0, 1, 1, 2]),
    ],
)
def test_a_half_goes_where_the_mode_says(mode: RoundingMode, expected: list[int]) -> None:
    """Exact halves, and whole numbers, on both sides of zero."""
    halves = [Fraction(half, 2) for half in (-5, -3, -2, -1, 0, 1, 2, 3, 5)]

    assert [round_fraction(half, mode) for half in halves] == expected


@given(st.integers(-(10**15), 10**15), st.integers(0, 4), _MODES)
def test_modes_mean_what_they_mean_in_decimal(digits: int, decimals: int, mode: RoundingMode) -> None:
    """Rounding a decimal number agrees with the standard library's decimal module."""
    exact = Decimal(digits).scaleb(-decimals)

    assert round_fraction(Fraction(exact), mode) == exact.quantize(Decimal(1), _OF_DECIMAL[mode])


@given(_MINOR, _RATES, _MODES)
def test_a_share_is_the_exact_product_rounded_once(minor: int, part: Fraction, mode: RoundingMode) -> None:
    """The fast way gives what exact reckoning gives, in every mode."""
    assert share(minor, part, mode) == round_fraction(minor * part, mode)


@given(st.integers(0, 10**12), _RATES, _MODES)
def test_a_share_is_never_more_than_the_whole(minor: int, part: Fraction, mode: RoundingMode) -> None:
    """Both sides of a split are at least nothing."""
    assert 0 <= share(minor, part, mode) <= minor


def test_a_share_rounds_half_to_even_by_default() -> None:
    """Ten percent of 25 and of 35 cents meet at even numbers."""
    assert (share(25, Fraction(1, 10)), share(35, Fraction(1, 10))) == (2, 4)
    assert (round_fraction(Fraction(5, 2)), round_fraction(Fraction(7, 2))) == (2, 4)


def test_an_unknown_mode_is_refused_even_where_nothing_is_rounded() -> None:
    """A wrong word is wrong on every amount."""
    with pytest.raises(UnknownName, match="unknown rounding mode 'half_evn'; did you mean 'half_even'"):
        share(100, Fraction(1, 2), "half_evn")  # type: ignore[arg-type]  # the wrong word is the point


@pytest.mark.parametrize("wrong", [1.0, 0.15, True, None, Decimal(1), "1"])
def test_floats_divide_no_money(wrong: object) -> None:
    """Every way to divide an amount refuses floats by name, as the amount and as the part."""
    with pytest.raises(InvalidType, match="floats are refused"):
        share(wrong, Fraction(1, 3))  # type: ignore[arg-type]  # the wrong type is the point
    with pytest.raises(InvalidType, match="floats are refused"):
        share(100, wrong)  # type: ignore[arg-type]  # likewise
    with pytest.raises(InvalidType, match="floats are refused"):
        allocate(wrong, [1, 1])  # type: ignore[arg-type]  # likewise
    with pytest.raises(InvalidType, match="floats are refused"):
        allocate(100, [1, wrong])  # type: ignore[list-item]  # likewise
    with pytest.raises(InvalidType, match="floats are refused"):
        telescope(wrong, [100])  # type: ignore[arg-type]  # likewise
    with pytest.raises(InvalidType, match="floats are refused"):
        telescope(Fraction(1, 3), [100, wrong])  # type: ignore[list-item]  # likewise
    with pytest.raises(InvalidType, match="floats are refused"):
        round_fraction(wrong)  # type: ignore[arg-type]  # likewise


@pytest.mark.parametrize(
    ("minor", "weights", "parts"),
    [
        (100, [1, 1, 1], (34, 33, 33)),
        (101, [1, 1, 1], (34, 34, 33)),
        (-100, [1, 1, 1], (-34, -33, -33)),
        (100, [Fraction(1, 3), Fraction(2, 3)], (33, 67)),
        (1, [1, 2], (0, 1)),
        (1, [1, 1], (1, 0)),
        (5, [0, 1, 0, 1], (0, 3, 0, 2)),
        (2500, [Fraction(15, 100), Fraction(85, 100)], (375, 2125)),
        (0, [1, 2], (0, 0)),
        (7, [5], (7,)),
        (10, [Fraction(1, 7), Fraction(1, 3), 1], (1, 2, 7)),
    ],
)
def test_an_amount_is_divided_by_weight(minor: int, weights: list[Fraction | int], parts: tuple[int, ...]) -> None:
    """Leftover cents go to the largest remainders, between equal ones to the earlier part."""
    assert allocate(minor, weights) == parts


@pytest.mark.parametrize("weights", [[], [0], [0, Fraction(0)]])
def test_something_must_have_a_weight(weights: list[Fraction | int]) -> None:
    """An amount cannot be divided among nobody."""
    with pytest.raises(InvalidValue, match="expected at least one weight above zero"):
        allocate(100, weights)


def test_no_weight_is_negative() -> None:
    """A negative weight is refused, even where the sum is positive."""
    with pytest.raises(InvalidValue, match="expected a weight not below zero"):
        allocate(100, [2, -1])


@given(_MINOR, _WEIGHTS)
def test_dividing_loses_no_cent(minor: int, weights: list[Fraction | int]) -> None:
    """The parts add up to the amount, each is within one of its exact share, and no weight means no part."""
    parts = allocate(minor, weights)

    assert sum(parts) == minor
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(minor) * weight / sum(weights)) < 1
        assert weight or part == 0


@given(_MINOR, _WEIGHTS, st.integers(1, 50))
def test_only_the_proportion_of_weights_counts(minor: int, weights: list[Fraction | int], factor: int) -> None:
    """Weights in cents or in dollars divide alike, and a debt divides like a credit."""
    parts = allocate(minor, weights)

    assert allocate(minor, [weight * factor for weight in weights]) == parts
    assert allocate(-minor, weights) == tuple(-part for part in parts)


@given(_RATES, st.lists(st.integers(0, 10**9), max_size=20), _MODES)
def test_a_sequence_of_shares_adds_up(part: Fraction, amounts: list[int], mode: RoundingMode) -> None:
    """Telescoped shares add up to the share of the total, and each is within one of its exact share."""
    shares = telescope(part, amounts, mode)

    assert len(shares) == len(amounts)
    assert sum(shares) == share(sum(amounts), part, mode)
    for one, amount in zip(shares, amounts, strict=True):
        assert abs(one - amount * part) <= 1
        assert 0 <= one <= amount


def test_a_sequence_may_come_one_by_one() -> None:
    """Any iterable of amounts will do, an empty one too."""
    assert telescope(Fraction(1, 3), iter([100, 100, 100])) == (33, 34, 33)
    assert telescope(Fraction(1, 3), []) == ()
