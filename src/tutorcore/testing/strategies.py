"""Hypothesis strategies for what tutorcore takes: instants where it matters, offers, people and their zones.

Instants drawn at random never meet a boundary. Those drawn here lie on one, or a microsecond beside it: at the anchors
they are given, or where the clocks of a zone change.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final, TypeVar

import attrs
import hypothesis.strategies as st

from tutorcore.calendar.zones.wall_time import first_instant, to_local
from tutorcore.instants import MICROSECOND, Instant, instant
from tutorcore.lessons.lesson import Offer
from tutorcore.testing.people import DURATIONS, HOUR, HOURS_AHEAD, KINDS, PRICES, ZONES, World, full_hour

T = TypeVar("T")

NEARBY: Final = (
    timedelta(0),
    MICROSECOND,
    -MICROSECOND,
    timedelta(seconds=1),
    -timedelta(seconds=1),
    HOUR,
    -HOUR,
    timedelta(hours=24),
    -timedelta(hours=24),
)
_DAY: Final = timedelta(days=1)


@attrs.frozen
class Drawn:
    """Chance that Hypothesis decides, so that it can shrink what was chosen; wraps what `st.data()` gives."""

    data: Any

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        picked: T = options[self.data.draw(st.integers(0, len(options) - 1))]
        return picked


def clock_changes(zone: str, year: int) -> tuple[Instant, ...]:
    """Return the instants of a year at which the clocks of a zone change, to the second."""
    days = [first_instant(date(year, 1, 1) + number * _DAY, "UTC") for number in range(366)]
    return tuple(
        _change(zone, first, second)
        for first, second in pairwise(days)
        if _offset(zone, first) != _offset(zone, second)
    )


def _change(zone: str, low: Instant, high: Instant) -> Instant:
    """The first whole second after `low` and up to `high` at which the offset is no longer that at `low`."""
    before = _offset(zone, low)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // timedelta(seconds=2) * timedelta(seconds=1)
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(zone: str, at: Instant) -> timedelta:
    offset = to_local(at, zone).utcoffset()
    return timedelta(0) if offset is None else offset


def instants_near(*anchors: Instant) -> st.SearchStrategy[Instant]:
    """Draw instants at the anchors, just before and just after them, and some way off."""
    anywhere = st.timedeltas(timedelta(days=-10), timedelta(days=10))
    return st.builds(lambda anchor, step: anchor + step, st.sampled_from(anchors), st.sampled_from(NEARBY) | anywhere)


def instants_at_clock_changes(
    zones: Sequence[str] = ZONES, years: Sequence[int] = (2026,)
) -> st.SearchStrategy[Instant]:
    """Draw instants around those at which the clocks of one of the zones change."""
    changes = [change for zone in zones for year in years for change in clock_changes(zone, year)]
    return instants_near(*changes)


def instants(*anchors: Instant) -> st.SearchStrategy[Instant]:
    """Draw instants of 2026: near the anchors, near changes of clocks, or anywhere."""
    begin, end = instant("2026-01-01T00:00:00Z"), instant("2027-01-01T00:00:00Z")
    anywhere = st.builds(lambda seconds: begin + timedelta(seconds=seconds), st.integers(0, (end - begin).days * 86400))
    near = instants_near(*anchors) if anchors else st.nothing()
    return st.one_of(near, instants_at_clock_changes(), anywhere)


def offers(now: Instant, *, whole: bool = False) -> st.SearchStrategy[Offer]:
    """Draw offers made at `now`: with every field if `whole`, as the first request needs it, or with some of them."""
    absent = st.nothing() if whole else st.none()
    starts = st.sampled_from(HOURS_AHEAD).map(lambda hours: full_hour(now) + hours * HOUR)
    return st.builds(
        Offer,
        absent | starts,
        absent | st.sampled_from(DURATIONS),
        absent | st.sampled_from(PRICES) | st.integers(0, 200),
        absent | st.sampled_from(KINDS),
        st.none() | st.dictionaries(st.sampled_from(("course", "topic")), st.sampled_from(KINDS)),
    )


def worlds() -> st.SearchStrategy[World]:
    """Draw the people of a marketplace, each in a zone of their own."""
    people = World(()).everybody
    zones = st.tuples(*(st.tuples(st.just(name), st.sampled_from(ZONES)) for name in people))
    return st.builds(World, zones, st.sampled_from(ZONES))
