"""Sets of whole numbers as sorted half-open spans: what hours, busy time and bookable starts are computed with.

A *set* here is a list of spans `(start, end)` with start < end, sorted, of which no two overlap or touch. Every
function takes sets and returns a set in one pass. What the numbers count (here: microseconds, of the time line or of
a wall clock) is the caller's business.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Generic, TypeAlias, TypeVar

Span: TypeAlias = tuple[int, int]
T = TypeVar("T")


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return the set that the spans make, whatever their order: those that overlap or touch become one.

    >>> joined([(9, 12), (1, 2), (11, 13), (13, 14), (7, 7)])
    [(1, 2), (9, 14)]
    """
    found: list[Span] = []
    edge: int | None = None
    for start, end in sorted(spans):
        if start >= end:
            continue
        if edge is None or start > edge:
            found.append((start, end))
            edge = end
        elif end > edge:
            found[-1] = (found[-1][0], end)
            edge = end
    return found


def gaps(spans: Iterable[Span], lo: int, hi: int) -> list[Span]:
    """Return the part of [lo, hi) that a set leaves free.

    >>> gaps([(1, 3), (5, 6)], 2, 9)
    [(3, 5), (6, 9)]
    """
    found = []
    for start, end in spans:
        if start >= hi:
            break
        if start > lo:
            found.append((lo, start))
        lo = max(lo, end)
    if lo < hi:
        found.append((lo, hi))
    return found


def without(spans: Sequence[Span], holes: Sequence[Span]) -> list[Span]:
    """Return what is in the first set and not in the second.

    >>> without([(1, 5), (7, 9)], [(2, 3), (4, 8)])
    [(1, 2), (3, 4), (8, 9)]
    """
    found: list[Span] = []
    first = 0
    for lo, hi in spans:
        while first < len(holes) and holes[first][1] <= lo:
            first += 1
        edge = first
        while edge < len(holes) and holes[edge][0] < hi:
            edge += 1
        found.extend(gaps(holes[first:edge], lo, hi))
    return found


def clipped(spans: Sequence[Span], lo: int, hi: int) -> list[Span]:
    """Return the part of a set that lies in [lo, hi).

    >>> clipped([(1, 3), (5, 6), (8, 12)], 2, 9)
    [(2, 3), (5, 6), (8, 9)]
    """
    found: list[Span] = []
    if lo >= hi:
        return found
    for index in range(bisect_right(spans, lo, key=_end), len(spans)):
        start, end = spans[index]
        if start >= hi:
            break
        found.append((max(start, lo), min(end, hi)))
    return found


def _end(span: Span) -> int:
    return span[1]


class Index(Generic[T]):
    """Things that occupy spans, which may overlap, kept so that those meeting a given span are found by bisection.

    Sorting costs n log n once. A look-up reads the things that start before the span's end, back to the first that
    could still reach its start.
    """

    def __init__(self, things: Iterable[T], span: Callable[[T], Span]) -> None:
        self._things = sorted(things, key=span)
        spans = [span(thing) for thing in self._things]
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]
        self._reach = list(accumulate(self._ends, max))

    def meeting(self, lo: int, hi: int) -> Iterator[T]:
        """Yield the things whose span shares a point with [lo, hi), by start, then end, then the order given."""
        for index in range(bisect_right(self._reach, lo), bisect_left(self._starts, hi)):
            if self._ends[index] > lo:
                yield self._things[index]
