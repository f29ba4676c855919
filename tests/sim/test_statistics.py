"""Means with intervals, and Student's t behind them."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random

import pytest

from tutorcore.errors import InvalidValue
from tutorcore.sim.statistics import estimate, paired, share_within, student_t

# Two-sided, as printed tables of the t distribution have them.
_TABULATED = [
    (0.90, 1, 6.314), (0.90, 5, 2.015), (0.90, 10, 1.812), (0.90, 30, 1.697), (0.90, 120, 1.658),
    (0.95, 1, 12.706), (0.95, 2, 4.303), (0.95, 3, 3.182), (0.95, 4, 2.776), (0.95, 5, 2.571), (0.95, 6, 2.447),
    (0.95, 7, 2.365), (0.95, 8, 2.306), (0.95, 9, 2.262), (0.95, 10, 2.228), (0.95, 15, 2.131), (0.95, 20, 2.086),
    (0.95, 25, 2.060), (0.95, 29, 2.045), (0.95, 30, 2.042), (0.95, 40, 2.021), (0.95, 60, 2.000), (0.95, 120, 1.980),
    (0.99, 1, 63.657), (0.99, 2, 9.925), (0.99, 7, 3.499), (0.99, 29, 2.756), (0.99, 60, 2.660), (0.99, 120, 2.617),
    (0.999, 3, 12.924), (0.999, 10, 4.587), (0.999, 30, 3.646),
]  # fmt: skip


@pytest.mark.parametrize(("confidence", "degrees", "expected"), _TABULATED)
def test_quantiles_are_those_of_printed_tables(confidence: float, degrees: int, expected: float) -> None:
    """To the three decimals that tables have."""
    assert round(student_t(confidence, degrees), 3) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("confidence", [0.001, 0.1, 0.5, 0.9, 0.95, 0.99, 0.9999, 1 - 1e-9])
def test_with_one_or_two_degrees_a_quantile_has_a_closed_form(confidence: float) -> None:
    """A tangent, and a ratio with a square root."""
    one = math.tan(math.pi / 2 * confidence)
    two = confidence * math.sqrt(2 / (1 - confidence * confidence))

    assert student_t(confidence, 1) == pytest.approx(one, rel=1e-7)
    assert student_t(confidence, 2) == pytest.approx(two, rel=1e-7)


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 9, 30, 99, 1000, 9999])
def test_a_quantile_is_where_that_share_is_reached(degrees: int) -> None:
    """Finding it and asking what lies within it are inverse, to the last few bits."""
    assert share_within(student_t(0.95, degrees), degrees) == pytest.approx(0.95, abs=1e-12)


def test_the_more_degrees_the_nearer_to_the_bell_curve() -> None:
    """Quantiles fall towards 1.95996."""
    quantiles = [student_t(0.95, degrees) for degrees in (1, 2, 3, 5, 10, 30, 100, 1000, 10_000)]

    assert quantiles == sorted(quantiles, reverse=True)
    assert quantiles[-1] == pytest.approx(1.959964, abs=3e-4)


@pytest.mark.parametrize(("confidence", "degrees"), [(0, 3), (1, 3), (-0.5, 3), (math.nan, 3), (0.95, 0)])
def test_what_is_no_confidence_is_refused(confidence: float, degrees: int) -> None:
    """A share strictly between 0 and 1, and at least one degree of freedom."""
    with pytest.raises(InvalidValue):
        student_t(confidence, degrees)


def test_an_interval_is_the_mean_and_so_much_to_either_side() -> None:
    """Reckoned by hand: mean 2, variance 1, t(2) = 4.3027, divided by the square root of 3."""
    found = estimate([1, 2, Fraction(3)])

    assert found is not None
    assert (found.mean, found.count) == (2.0, 3)
    assert found.half == pytest.approx(4.302652729749 / math.sqrt(3))
    assert found.low is not None
    assert found.high is not None
    assert (found.low + found.high) / 2 == pytest.approx(2)
    assert found.covers(4.4)
    assert not found.covers(4.6)


def test_one_replication_has_a_mean_and_no_interval() -> None:
    """Nothing is known about how much replications differ, so nothing is ruled out."""
    found = estimate([7])

    assert found is not None
    assert (found.mean, found.half, found.low, found.high) == (7.0, None, None, None)
    assert found.covers(1e9)


def test_nothing_measured_is_no_estimate() -> None:
    """There is no mean of nothing."""
    assert estimate([]) is None


def test_a_difference_is_taken_world_by_world() -> None:
    """What both have in common cancels out: the difference is certain although neither mean is."""
    ours, theirs = [1, 50, 7, 1000], [0, 49, 6, 999]

    difference, alone = paired(ours, theirs), estimate(ours)

    assert difference is not None
    assert alone is not None
    assert (difference.mean, difference.half) == (1.0, 0.0)
    assert alone.half is not None
    assert alone.half > 100


def test_series_of_different_lengths_are_no_pairs() -> None:
    """Somebody has mixed them up."""
    with pytest.raises(ValueError, match="longer"):
        paired([1], [1, 2])


def test_an_interval_covers_the_true_mean_as_often_as_it_says() -> None:
    """Of 2,000 studies of ten bell-shaped numbers each, about 95 % have the true mean in their interval."""
    chance = Random(1)
    studies = [[Fraction(chance.gauss(3, 2)) for _ in range(10)] for _ in range(2000)]

    covered = sum(found.covers(3) for found in map(estimate, studies) if found is not None)

    assert 1900 - 40 < covered < 1900 + 40  # Four standard deviations.
