"""Sets of whole numbers as sorted half-open spans: what hours, busy time and bookable starts are computed with.

A *set* here is a list of spans `(start, end)` with start < end, sorted, of which no two overlap or touch. Every
function takes sets and returns a set in one pass. What the numbers count (here: microseconds, of the time line or of
a wall clock) is the caller's business.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Generic, TypeAlias, TypeVar

Span: TypeAlias = tuple[int, int]
T = TypeVar("T")

_FAN: Final = 32


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
        if start > lo:
            if start >= hi:
                break
            found.append((lo, start))
        if end > lo:
            lo = end
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
    if lo >= hi:
        return []
    found = list(spans[bisect_right(spans, lo, key=_end) : bisect_left(spans, hi, key=_start)])
    if found and found[0][0] < lo:
        found[0] = (lo, found[0][1])
    if found and found[-1][1] > hi:
        found[-1] = (found[-1][0], hi)
    return found


def _start(span: Span) -> int:
    return span[0]


def _end(span: Span) -> int:
    return span[1]


def crowded(spans: Iterable[Span], most: int) -> list[Span]:
    """Return where at least `most` of the spans, which may overlap, lie on top of each other.

    >>> crowded([(1, 5), (3, 8), (4, 6), (8, 9)], 2)
    [(3, 6)]
    """
    edges = [edge for start, end in spans if start < end for edge in ((start, 1), (end, -1))]
    found: list[Span] = []
    depth, since = 0, 0
    for at, change in sorted(edges):  # At one point, what ends goes before what begins.
        if depth == most and change < 0:
            found.append((since, at))
        depth += change
        if depth == most and change > 0:
            since = at
    return joined(found)


class Index(Generic[T]):
    """Things that occupy spans, which may overlap, kept so that those meeting a given span are found fast.

    Sorting costs n log n once. Above the ends, in order of starts, stand the latest of each `_FAN` of them, above
    these again the latest of each `_FAN`, up to one: what is over before the span begins is passed over by the block,
    and a look-up that finds k things reads k `_FAN` log n numbers at most, whatever is long among the others.
    """

    def __init__(self, things: Iterable[T], span: Callable[[T], Span]) -> None:
        self._things = sorted(things, key=span)
        spans = [span(thing) for thing in self._things]
        self._starts = [start for start, _ in spans]
        self._latest = [[end for _, end in spans]]
        while len(self._latest[-1]) > 1:
            below = self._latest[-1]
            self._latest.append([max(below[first : first + _FAN]) for first in range(0, len(below), _FAN)])

    def meeting(self, lo: int, hi: int) -> Iterator[T]:
        """Yield the things whose span shares a point with [lo, hi), by start, then end, then the order given."""
        for index in self._over(lo, len(self._latest) - 1, 0, bisect_left(self._starts, hi)):
            yield self._things[index]

    def _over(self, lo: int, level: int, block: int, stop: int) -> Iterator[int]:
        """Yield which of the first `stop` things end after `lo`, as far as they lie within a block of a level."""
        width = _FAN**level
        for index in range(block * _FAN, min((block + 1) * _FAN, len(self._latest[level]))):
            if index * width >= stop:
                return
            if self._latest[level][index] <= lo:
                continue
            if level:
                yield from self._over(lo, level - 1, index, stop)
            else:
                yield index
