"""Measuring contestants side by side: interleaved rounds, the collector on, the best of each.

A contestant prepares a batch outside the clock and runs it under the clock. Contestants take turns within a round, and
each round begins with another one, so that a machine that is busy for a while is busy for all of them. Of each, the best
round counts: whatever else the machine does only ever adds time.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter

import attrs

Batch = Callable[[], object]


@attrs.frozen
class Contestant:
    """One way of doing `size` things: `prepare` returns the function that does them."""

    name: str
    size: int
    prepare: Callable[[], Batch]


@attrs.frozen
class Timing:
    """Seconds for one thing: the best round, and the round in the middle, to show how quiet the machine was."""

    name: str
    best: float
    middle: float


def measured(contestants: Sequence[Contestant], rounds: int) -> dict[str, Timing]:
    """Return the timing of each contestant by its name, after one round that does not count."""
    seconds: dict[str, list[float]] = {each.name: [] for each in contestants}
    for number in range(rounds + 1):
        first = number % len(contestants)
        for each in (*contestants[first:], *contestants[:first]):
            elapsed = _timed(each.prepare()) / each.size
            if number:
                seconds[each.name].append(elapsed)
    return {name: Timing(name, min(found), median(found)) for name, found in seconds.items()}


def _timed(batch: Batch) -> float:
    gc.collect()
    started = perf_counter()
    retained = batch()
    elapsed = perf_counter() - started
    del retained
    return elapsed
