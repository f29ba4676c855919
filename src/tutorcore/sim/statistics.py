"""What replications say about a mean: an estimate with its interval, after Student.

Replications of a study are independent of each other, so the mean of what they measured has an interval that covers
the true mean in the stated share of studies. How wide it is depends on Student's t distribution, whose quantiles are
found here from its closed form for whole degrees of freedom, to the last few bits of a float.

Knows neither policies nor lessons; numbers in, numbers out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Final

import attrs

from tutorcore.errors import InvalidValue

CONFIDENCE: Final = 0.95
"""How often an interval covers what it estimates."""


@attrs.frozen
class Estimate:
    """A mean over `count` replications, and how far its interval reaches to either side.

    `half` is None where nothing can be said: one replication tells nothing about how much they differ.
    """

    mean: float
    half: float | None
    count: int

    @property
    def low(self) -> float | None:
        """Where the interval begins."""
        return None if self.half is None else self.mean - self.half

    @property
    def high(self) -> float | None:
        """Where the interval ends."""
        return None if self.half is None else self.mean + self.half

    def covers(self, value: float) -> bool:
        """Return whether `value` lies in the interval; without an interval nothing is ruled out."""
        return self.half is None or abs(value - self.mean) <= self.half


def estimate(values: Sequence[int | Fraction], confidence: float = CONFIDENCE) -> Estimate | None:
    """Return the mean of what each replication measured, with its interval; None where nothing was measured.

    >>> found = estimate([1, 2, 3])
    >>> found.mean, round(found.half, 4)
    (2.0, 2.4841)
    """
    count = len(values)
    if count == 0:
        return None
    numbers = [float(value) for value in values]
    # Sums without rounding in between: the same to the last bit in whatever order and on every machine.
    mean = math.fsum(numbers) / count
    if count == 1:
        return Estimate(mean, None, 1)
    deviations = [number - mean for number in numbers]
    variance = math.fsum(each * each for each in deviations) / (count - 1)
    return Estimate(mean, student_t(confidence, count - 1) * math.sqrt(variance / count), count)


def paired(ours: Sequence[int | Fraction], theirs: Sequence[int | Fraction]) -> Estimate | None:
    """Return the mean of `ours - theirs`, replication by replication, with its interval.

    Both were measured in the same worlds, so what luck does to both cancels out and the interval is much narrower than
    that of a difference between strangers.
    """
    return estimate([one - other for one, other in zip(ours, theirs, strict=True)])


@lru_cache(maxsize=256)
def student_t(confidence: float, degrees: int) -> float:
    """Return t such that a Student variable of that many degrees of freedom lies within [-t, t] with `confidence`.

    >>> round(student_t(0.95, 29), 4)
    2.0452
    """
    if not 0 < confidence < 1:
        raise InvalidValue("confidence", confidence, "more than 0 and less than 1")
    if degrees < 1:
        raise InvalidValue("degrees of freedom", degrees, "1 or more")
    low, high = 0.0, 1.0
    while share_within(high, degrees) < confidence:
        low, high = high, 2 * high
    while low < (middle := (low + high) / 2) < high:
        if share_within(middle, degrees) < confidence:
            low = middle
        else:
            high = middle
    return high


def share_within(t: float, degrees: int) -> float:
    """Return how probable it is that a Student variable of that many degrees of freedom lies within [-t, t].

    For whole degrees of freedom that is a finite sum of powers of a cosine: Abramowitz and Stegun, *Handbook of
    Mathematical Functions*, 26.7.3 and 26.7.4.
    """
    square = degrees / (degrees + t * t)  # of the cosine of the angle whose tangent is t / sqrt(degrees)
    sine = t / math.sqrt(degrees + t * t)
    odd = degrees % 2
    term = math.sqrt(square) if odd else 1.0
    total = 0.0
    for power in range(1 + odd, degrees, 2):
        total += term
        term *= square * power / (power + 1)
    if odd:
        return (math.atan(t / math.sqrt(degrees)) + sine * total) * 2 / math.pi
    return sine * total
