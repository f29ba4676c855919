"""Distributions: known shares of known distributions, and what cannot be meant."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.sim.distributions import (
    LONGEST_DRAW,
    Choice,
    Distribution,
    Exponential,
    Fixed,
    Lognormal,
    Normal,
    Uniform,
    Weighted,
    length,
)


@pytest.mark.parametrize(
    ("distribution", "share", "value"),
    [
        (Fixed(30), 0.9, 30),
        (Uniform(10, 20), 0.25, 12.5),
        (Exponential(10), 0.5, 10 * math.log(2)),
        (Lognormal(48, 1.2), 0.5, 48),
        (Lognormal(48, 1.2), 0.841344746068543, 48 * math.exp(1.2)),
        (Lognormal(48, 0), 0.99, 48),
        (Normal(60, 10), 0.5, 60),
        (Normal(60, 10), 0.158655253931457, 50),
        (Normal(60, 10, least=55), 0.01, 55),
        (Normal(60, 10, most=65), 0.99, 65),
        (Normal(1, 10), 0.01, 0),
        (Choice.of((30, 1), (60, 3)), 0.2499, 30),
        (Choice.of((30, 1), (60, 3)), 0.25, 60),
        (Choice.of((30, 1), (60, 3)), 0.9999, 60),
    ],
)
def test_a_share_of_draws_lies_below_its_value(distribution: Distribution, share: float, value: float) -> None:
    """`at` is the value below which that share lies."""
    assert distribution.at(share) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: Fixed(-1), InvalidValue),
        (lambda: Fixed(math.inf), InvalidValue),
        (lambda: Fixed("1h"), InvalidType),  # type: ignore[arg-type]  # That is the point.
        (lambda: Fixed(True), InvalidType),
        (lambda: Uniform(2, 1), InvalidValue),
        (lambda: Exponential(0), InvalidValue),
        (lambda: Lognormal(0, 1), InvalidValue),
        (lambda: Lognormal(1, -1), InvalidValue),
        (lambda: Lognormal(1, math.nan), InvalidValue),
        (lambda: Normal(1, 1, least=3, most=2), InvalidValue),
        (lambda: Normal(1, 1, most=math.nan), InvalidValue),
        (lambda: Choice.of(), InvalidValue),
        (lambda: Choice.of((1, 0)), InvalidValue),
        (lambda: Choice.of((-1, 1)), InvalidValue),
        (lambda: Weighted((("a", -1),)), InvalidValue),
        (lambda: Weighted((("a", 1e308), ("b", 1e308))), InvalidValue),
    ],
)
def test_a_distribution_of_nonsense_is_refused(make: Callable[[], object], error: type[Exception]) -> None:
    """Numbers are finite and not negative, ends in order, weights above zero."""
    with pytest.raises(error):
        make()


def test_things_are_chosen_by_weight() -> None:
    """Anything can be chosen: here a zone, two thirds of the time."""
    zones = Weighted((("Europe/Berlin", 2), ("America/New_York", 1)))

    assert zones.at(2 / 3) == "America/New_York"
    assert [zones.at(share) for share in (0.01, 0.66, 0.67, 0.99)] == ["Europe/Berlin"] * 2 + ["America/New_York"] * 2


def test_a_length_is_in_whole_seconds() -> None:
    """Times are rounded to seconds, so that the last digits of a float say nothing."""
    assert length(Uniform(0, 10), 0.333) == timedelta(seconds=3)
    assert length(Uniform(0, 10), 0.999) == timedelta(seconds=10)


@pytest.mark.parametrize("distribution", [Lognormal(1e9, 50), Lognormal(1, 1e300), Fixed(1e300)])
def test_no_length_is_without_end(distribution: Distribution) -> None:
    """What would be longer than ten years counts as that, even where it is too large to write."""
    assert length(distribution, 0.999999) == LONGEST_DRAW
