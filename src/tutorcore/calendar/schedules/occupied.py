"""Windows side by side: whether one overlaps those that were there before it."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, Generic, TypeVar

from tutorcore.calendar.intervals import Span
from tutorcore.calendar.schedules.schedule import DAY_MINUTES, Window

T = TypeVar("T")

_WEEK: Final = 7 * DAY_MINUTES


class Occupied(Generic[T]):
    """Windows of a week that do not overlap, each with what it is called. The week is a circle: Sunday meets Monday.

    >>> monday, tuesday, week = 0, 1, Occupied[str]()
    >>> week.add(monday, Window.of("22:00", "02:00"), "late"), week.add(tuesday, Window.of("02:00", "03:00"), "early")
    (None, None)
    >>> week.add(tuesday, Window.of("01:00", "02:00"), "too early")
    'late'
    """

    def __init__(self) -> None:
        self._taken: list[tuple[int, int, T]] = []

    def add(self, weekday: int, window: Window, called: T) -> T | None:
        """Keep a window that starts on a weekday and return None; or return what the one is called that it overlaps."""
        spans = list(_on_circle(weekday * DAY_MINUTES + window.start, weekday * DAY_MINUTES + window.end))
        for start, end in spans:
            index = bisect_right(self._taken, start, key=_start)
            for _, last, other in self._taken[max(0, index - 1) : index]:
                if last > start:
                    return other
            for first, _, other in self._taken[index : index + 1]:
                if first < end:
                    return other
        for start, end in spans:
            self._taken.insert(bisect_right(self._taken, start, key=_start), (start, end, called))
        return None


def _on_circle(start: int, end: int) -> list[Span]:
    """Return a span of minutes as the one or two that it is within the week."""
    return [(start, end)] if end <= _WEEK else [(start, _WEEK), (0, end - _WEEK)]


def _start(taken: tuple[int, int, T]) -> int:
    return taken[0]
