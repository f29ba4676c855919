"""Measuring contestants side by side: interleaved rounds, the collector on, the best of each.

A contestant prepares a batch outside the clock and runs it under the clock. Contestants take turns within a round, and
each round begins with another one, so that a machine that is busy for a while is busy for all of them. Of each, the
round in the middle counts; the best one is shown beside it and tells how quiet the machine was.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter, process_time

import attrs

Batch = Callable[[], object]
Clock = Callable[[], float]

COMPUTING: Clock = process_time
"""For what only computes: other programs do not count."""

WAITING: Clock = perf_counter
"""For what waits for a disk."""


@attrs.frozen
class Contestant:
    """One way of doing `size` things: `prepare` returns the function that does them and returns what it retains."""

    name: str
    size: int
    prepare: Callable[[], Batch]


@attrs.frozen
class Timing:
    """Seconds for one thing: the round in the middle, which counts, and the best one."""

    middle: float
    best: float


def measured(contestants: Sequence[Contestant], rounds: int, clock: Clock) -> dict[str, Timing]:
    """Return the timing of each contestant by its name, after one round that does not count."""
    seconds: dict[str, list[float]] = {each.name: [] for each in contestants}
    for number in range(rounds + 1):
        first = number % len(contestants)
        for each in (*contestants[first:], *contestants[:first]):
            elapsed = _timed(each.prepare(), clock) / each.size
            if number:
                seconds[each.name].append(elapsed)
    return {name: Timing(median(found), min(found)) for name, found in seconds.items()}


def _timed(batch: Batch, clock: Clock) -> float:
    gc.collect()
    started = clock()
    retained = batch()
    elapsed = clock() - started
    del retained
    return elapsed
