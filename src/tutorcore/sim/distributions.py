"""Distributions: how lengths of time, prices and choices are spread, as functions of a share between 0 and 1.

A distribution answers one question: below which value does this share of all draws lie? `at(0.5)` is the median. So a
draw is a number of `draws` put into `at`, and whoever knows the number knows the draw. Values are plain numbers: for
times they are seconds, for prices whole units of a currency; none is below zero.

Knows neither seeds nor clocks. Computed in floating point; `length` rounds to whole seconds, far above the last digit
in which two platforms may differ.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import timedelta
from math import exp, inf, isfinite, log, log1p
from statistics import NormalDist
from typing import Final, Generic, TypeAlias, TypeVar

import attrs

from tutorcore.errors import InvalidType, InvalidValue

T = TypeVar("T")

LONGEST_DRAW: Final = timedelta(days=3660)
"""No time that is drawn is longer; one that would be counts as this."""

_STANDARD: Final = NormalDist()
_MOST_SECONDS: Final = LONGEST_DRAW.total_seconds()


def number(value: float, what: str, least: float = 0, *, above: bool = False) -> float:
    """Return `value` as a finite float of `least` or more (`above` it, if asked); raise otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidType(what, value, "a number")
    if not isfinite(value) or value < least or (above and value == least):
        raise InvalidValue(what, value, f"a number {'above' if above else 'of at least'} {least:g}")
    return float(value)


def _number(_self: object, field: attrs.Attribute[float], value: float) -> None:
    number(value, field.name)


def _positive(_self: object, field: attrs.Attribute[float], value: float) -> None:
    number(value, field.name, above=True)


@attrs.frozen
class Fixed:
    """Always the same value."""

    value: float = attrs.field(validator=_number)

    def at(self, share: float) -> float:
        """Return the value, whatever the share."""
        return self.value


@attrs.frozen
class Uniform:
    """Anything from `low` to `high`, each as likely as the other."""

    low: float = attrs.field(validator=_number)
    high: float = attrs.field(validator=_number)

    @high.validator
    def _check_order(self, _field: attrs.Attribute[float], high: float) -> None:
        if high < self.low:
            raise InvalidValue("high", high, f"at least the lower end, {self.low:g}")

    def at(self, share: float) -> float:
        """Return the value below which this share lies."""
        return self.low + (self.high - self.low) * share


@attrs.frozen
class Exponential:
    """The wait for something that may happen at any moment, `mean` on the average."""

    mean: float = attrs.field(validator=_positive)

    def at(self, share: float) -> float:
        """Return the value below which this share lies."""
        return -self.mean * log1p(-share)


@attrs.frozen
class Lognormal:
    """What varies by factors: half are below `median`, two thirds within a factor `exp(sigma)` of it."""

    median: float = attrs.field(validator=_positive)
    sigma: float = attrs.field(validator=_number)

    def at(self, share: float) -> float:
        """Return the value below which this share lies; one too large to write counts as infinite."""
        exponent = log(self.median) + self.sigma * _STANDARD.inv_cdf(share)
        return exp(exponent) if exponent < 700 else inf


@attrs.frozen
class Normal:
    """The bell curve around `mean`; what would lie outside `least` to `most` lies at that end."""

    mean: float = attrs.field(validator=_number)
    sd: float = attrs.field(validator=_number)
    least: float = attrs.field(default=0.0, validator=_number)
    most: float = attrs.field(default=inf)

    @most.validator
    def _check_order(self, _field: attrs.Attribute[float], most: float) -> None:
        if not most >= self.least:
            raise InvalidValue("most", most, f"at least the lower end, {self.least:g}")

    def at(self, share: float) -> float:
        """Return the value below which this share lies."""
        return min(max(self.mean + self.sd * _STANDARD.inv_cdf(share), self.least), self.most)


def _weights(pairs: Iterable[tuple[T, float]]) -> tuple[tuple[T, float], ...]:
    return tuple((value, number(weight, "weight", above=True)) for value, weight in pairs)


@attrs.frozen
class Weighted(Generic[T]):
    """One of several things, each as often as its weight among all weights says."""

    choices: tuple[tuple[T, float], ...] = attrs.field(converter=_weights)
    _upto: tuple[float, ...] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if not self.choices:
            raise InvalidValue("choices", (), "at least one thing to choose")
        upto: list[float] = []
        for _, weight in self.choices:
            upto.append((upto[-1] if upto else 0.0) + weight)
        if not isfinite(upto[-1]):
            raise InvalidValue("weights", upto[-1], "weights whose sum is a number")
        object.__setattr__(self, "_upto", tuple(upto))

    def at(self, share: float) -> T:
        """Return the thing at which this share of all weight is reached."""
        place = bisect_right(self._upto, share * self._upto[-1])
        return self.choices[min(place, len(self.choices) - 1)][0]


def _values(choices: Weighted[float]) -> Weighted[float]:
    for value, _ in choices.choices:
        number(value, "value")
    return choices


@attrs.frozen
class Choice:
    """One of several values, each as often as its weight among all weights says."""

    values: Weighted[float] = attrs.field(converter=_values)

    @classmethod
    def of(cls, *pairs: tuple[float, float]) -> Choice:
        """Return the choice among these (value, weight)."""
        return cls(Weighted(pairs))

    def at(self, share: float) -> float:
        """Return the value at which this share of all weight is reached."""
        return self.values.at(share)


Distribution: TypeAlias = Fixed | Uniform | Exponential | Lognormal | Normal | Choice


def length(distribution: Distribution, share: float) -> timedelta:
    """Return the time below which this share of all draws lies, in whole seconds and at most `LONGEST_DRAW`."""
    seconds = distribution.at(share)
    return timedelta(seconds=round(seconds)) if seconds < _MOST_SECONDS else LONGEST_DRAW
