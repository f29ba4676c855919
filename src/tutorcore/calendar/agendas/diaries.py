"""Diaries: somebody's busy time at one instant, sorted once so that everything about a range is found by bisection.

Knows neither hours nor bookings. Whole microseconds inside.
"""

from __future__ import annotations

import operator
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import cached_property
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from tutorcore.calendar.agendas.busy import UNCERTAIN, Busy, Kind, checked
from tutorcore.calendar.intervals import Index, Span, clipped, crowded, joined
from tutorcore.instants import MICROSECOND, Instant

Tentative: TypeAlias = Literal["busy", "free"]
TENTATIVE: Final[tuple[Tentative, ...]] = get_args(Tentative)

_NONE: Final = timedelta(0)
_COUNTED: Final[tuple[Kind, ...]] = ("lesson", "hold", "request")


class Taken(NamedTuple):
    """A busy time, and the wider span [lo, hi) that a new lesson must keep clear of for the sake of buffers."""

    lo: int
    hi: int
    start: int
    end: int
    busy: Busy


class Diary:
    """The busy time that blocks at `now`, to be approached by a lesson with the buffers `before` and `after`.

    Between two of them lies the longer of the first one's `after` and the second one's `before`, or with the buffers
    "sum" both. With the tentative ones "free", what is uncertain blocks nothing and is only remembered.
    """

    def __init__(
        self,
        busy: Iterable[Busy],
        now: Instant,
        *,
        tentative: Tentative = "busy",
        before: timedelta = _NONE,
        after: timedelta = _NONE,
        buffers: Literal["longer", "sum"] = "longer",
    ) -> None:
        self._busy: list[Busy] = []
        self._spans: list[Span] = []
        self._waived: list[Span] = []
        waived = UNCERTAIN if tentative == "free" else ()
        gap: Callable[[timedelta, timedelta], timedelta] = operator.add if buffers == "sum" else max
        known: tuple[timedelta, timedelta] | None = None
        lead = trail = 0
        for one in checked(busy, "busy time"):
            if one.expires is not None and not one.blocks(now):
                continue
            if one.kind in waived:
                self._waived.append(one.span)
                continue
            if (one.before, one.after) != known:  # Most have the same buffers as the one before.
                known = one.before, one.after
                lead, trail = gap(after, one.before) // MICROSECOND, gap(one.after, before) // MICROSECOND
            start, end = one.span
            self._busy.append(one)
            self._spans.append((start - lead, end + trail))

    @cached_property
    def clear(self) -> list[Span]:
        """The set of instants that a new lesson must keep clear of."""
        return joined(self._spans)

    def crowded(self, most: int) -> list[Span]:
        """Return the set of instants at which there is as much as may be at once, buffers included."""
        return crowded(self._spans, most)

    def meeting(self, lo: int, hi: int) -> Iterator[Taken]:
        """Yield what a lesson in [lo, hi) does not keep clear of: by start with its buffer, then end, then as given."""
        for (first, last), busy in self._index.meeting(lo, hi):
            yield Taken(first, last, *busy.span, busy)

    def starts(self, lo: int, hi: int) -> list[int]:
        """Return the starts in [lo, hi) of lessons, holds and requests, in order: what counts against a cap."""
        return self._starts[bisect_left(self._starts, lo) : bisect_left(self._starts, hi)]

    def joinable(self, length: int, lo: int, hi: int) -> list[tuple[int, Busy]]:
        """Return the lessons of that length that have places left and start in [lo, hi), in order, by their starts."""
        lessons = self._joinable.get(length, [])
        return lessons[bisect_left(lessons, lo, key=_first) : bisect_left(lessons, hi, key=_first)]

    def hosts(self, lesson: Busy) -> bool:
        """Return whether that very lesson takes place here, with places left: whoever joins it takes no more time."""
        return (lesson.id, lesson.span) in self._hosted

    def spans(self, lo: int, hi: int) -> tuple[list[Span], list[Span]]:
        """Return when in [lo, hi) time is taken for certain and when perhaps: two sets, without buffers."""
        certain: list[Span] = []
        perhaps = clipped(self._uncertain, lo, hi)
        for one in self.meeting(lo, hi):
            spans = certain if one.busy.kind in ("lesson", "event") else perhaps
            spans.append((max(one.start, lo), min(one.end, hi)))
        return joined(certain), joined(perhaps)

    @cached_property
    def _index(self) -> Index[tuple[Span, Busy]]:
        return Index(zip(self._spans, self._busy, strict=True), operator.itemgetter(0))

    @cached_property
    def _starts(self) -> list[int]:
        return sorted(one.span[0] for one in self._busy if one.kind in _COUNTED)

    @cached_property
    def _joinable(self) -> dict[int, list[tuple[int, Busy]]]:
        found = defaultdict(list)
        for one in self._busy:
            if one.places:
                start, end = one.span
                found[end - start].append((start, one))
        return {length: sorted(lessons, key=_first) for length, lessons in found.items()}

    @cached_property
    def _hosted(self) -> set[tuple[str, Span]]:
        return {(one.id, one.span) for one in self._busy if one.places}

    @cached_property
    def _uncertain(self) -> list[Span]:
        return joined(self._waived)


def _first(lesson: tuple[int, Busy]) -> int:
    return lesson[0]
