"""Which windows of a week overlap, on a clock that goes round."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from tutorcore.calendar.schedules.occupied import Occupied
from tutorcore.calendar.schedules.schedule import Window

_WEEK = 7 * 1440
_PLACED = st.tuples(st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1440))


def _minutes(weekday: int, start: int, length: int) -> set[int]:
    return {(weekday * 1440 + start + minute) % _WEEK for minute in range(length)}


@given(st.lists(_PLACED, max_size=8))
@example([(6, 1320, 240), (0, 0, 60)])
@example([(0, 0, 60), (6, 1320, 240)])
@example([(6, 0, 1440), (0, 0, 1440), (5, 0, 1440)])
@example([(6, 1, 1440), (0, 0, 1)])
def test_a_window_overlaps_what_shares_a_minute_with_it(placed: list[tuple[int, int, int]]) -> None:
    """One of those that do is named, and a window that overlaps any is not kept."""
    week, kept = Occupied[int](), dict[int, set[int]]()

    for number, (weekday, start, length) in enumerate(placed):
        mine = _minutes(weekday, start, length)
        others = {other for other, minutes in kept.items() if minutes & mine}

        found = week.add(weekday, Window(start, start + length), number)

        assert (found in others) if others else (found is None)
        if not others:
            kept[number] = mine
