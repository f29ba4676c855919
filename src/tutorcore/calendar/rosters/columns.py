"""Columns: the rows of all tutors read the other way, as the set of the tutors who are free in each step.

A tutor's *place* is a number, and a set of tutors is a set of places (`tutorcore.calendar.rosters.bitsets`). The places
of those who were there when the columns were made, up to `ordered`, follow the order of their ids; others stand behind,
as they came. Knows neither durations nor the present.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Final, Generic, NamedTuple, TypeVar

from tutorcore.calendar.rosters.bitsets import spread, transposed
from tutorcore.calendar.rosters.rows import Flipped, Row
from tutorcore.instants import MICROSECOND

K = TypeVar("K", bound=Hashable)

# Tutors who came after the columns were made: no more than so many, or so large a part of the others.
_LATE: Final = 256
_LATE_PART: Final = 16


class Groups(Generic[K]):
    """Sets of places by what their tutors have in common."""

    def __init__(self) -> None:
        self._sets: dict[K, int] = {}

    def put(self, key: K, bit: int) -> None:
        """Add a place, given as a set of its own."""
        self._sets[key] = self._sets.get(key, 0) | bit

    def take(self, key: K, bit: int) -> None:
        """Remove a place that is there."""
        left = self._sets.pop(key) & ~bit
        if left:
            self._sets[key] = left

    def items(self) -> Iterable[tuple[K, int]]:
        """Return each key with its set."""
        return self._sets.items()

    def memory(self) -> int:
        """Return the bytes that it takes, without the keys."""
        return self._sets.__sizeof__() + sum(each.__sizeof__() for each in self._sets.values())


class Horizon(NamedTuple):
    """How far ahead starts lie, in microseconds, and whether to the end of that local day."""

    length: int
    to_day_end: bool


class _Terms(NamedTuple):
    """What decides in which groups a tutor is."""

    plain: bool
    notice: int
    horizon: Horizon | None
    grid: int | None

    @classmethod
    def of(cls, row: Row) -> _Terms:
        booking = row.schedule.booking
        length = booking.horizon
        horizon = None if length is None else Horizon(length // MICROSECOND, booking.horizon_to_day_end)
        shared = booking.anchor == "wall" and not row.starts.loose
        return cls(row.is_plain, booking.notice // MICROSECOND, horizon, row.starts.steps if shared else None)


class Columns:
    """The sets of tutors: who is free in each step (`steps`), for whom it lies on a day full by a cap (`full`), who is
    there at all, who is plain, and who shares notice, horizon or grid.
    """

    def __init__(self, rows: Mapping[str, Row], width: int) -> None:
        self.names = sorted(rows)
        self.ordered = len(self.names)
        self.places = {name: place for place, name in enumerate(self.names)}
        self.steps = transposed([rows[name].free for name in self.names], width)
        self._fulls = [rows[name].full for name in self.names]
        self.full = transposed(self._fulls, width) if any(self._fulls) else [0] * width
        self.all = 0
        self.plain = 0
        self.notices: Groups[tuple[int, bool]] = Groups()
        self.horizons: Groups[Horizon] = Groups()
        self._grids: Groups[int] = Groups()
        self._any_step = 0
        self._on_grid: dict[int, int] = {}
        self._terms: list[_Terms | None] = [None] * len(self.names)
        for place, name in enumerate(self.names):
            self._group(place, _Terms.of(rows[name]))

    @property
    def is_disordered(self) -> bool:
        """Whether so many came late that it is time to make new columns."""
        late = len(self.names) - self.ordered
        return late > max(_LATE, self.ordered // _LATE_PART)

    def free_from(self, step: int, steps: int, among: int) -> int:
        """Return those of some tutors who are free in `steps` steps from one on, as far as there are columns."""
        before = None
        for each in self.steps[step : step + steps]:
            if each is not before:  # Neighbors are often one object.
                before = each
                among &= each
                if not among:
                    break
        return among

    def add(self, name: str, row: Row) -> None:
        """Take in a tutor who is not there."""
        if name not in self.places:
            self.places[name] = len(self.names)
            self.names.append(name)
            self._terms.append(None)
            self._fulls.append(0)
        self.change(name, row, row.free)

    def flip(self, name: str, row: Row, flipped: Flipped) -> None:
        """Follow a tutor's row after a booking: these steps are free now and were not, or the other way round."""
        place = self.places[name]
        _flip(self.steps, place, flipped)
        self._follow(place, row.full)
        terms = self._terms[place]
        if terms is not None and terms.plain is not row.is_plain:
            self._ungroup(place)
            self._group(place, _Terms.of(row))

    def change(self, name: str, row: Row, flipped: int) -> None:
        """Follow a tutor who has a new row, with other steps free than before: the flipped ones."""
        place = self.places[name]
        _flip(self.steps, place, (0, flipped))
        self._follow(place, row.full)
        terms = _Terms.of(row)
        if terms != self._terms[place]:
            self._ungroup(place)
            self._group(place, terms)

    def drop(self, name: str, row: Row) -> None:
        """Forget a tutor. The place stays, empty."""
        place = self.places[name]
        _flip(self.steps, place, (0, row.free))
        self._follow(place, 0)
        self._ungroup(place)

    def starting(self, step: int) -> int:
        """Return the tutors who may have a start in a step by their grids and caps, whatever time is free."""
        known = self._on_grid.get(step)
        if known is None:
            known = self._any_step
            for grid, places in self._grids.items():
                if grid >> step & 1:
                    known |= places
            self._on_grid[step] = known
        full = self.full[step]
        return known & ~full if full else known

    def memory(self) -> int:
        """Return the bytes that all of it takes; sets that are one object count once."""
        distinct = {id(each): each.__sizeof__() for each in (*self.steps, *self.full, *self._on_grid.values())}
        groups = self.notices.memory() + self.horizons.memory() + self._grids.memory()
        lists = (self.names, self.places, self.steps, self.full, self._fulls, self._on_grid, self._terms)
        return groups + sum(distinct.values()) + sum(each.__sizeof__() for each in (*lists, self.plain, self._any_step))

    def _follow(self, place: int, full: int) -> None:
        """Follow a tutor whose full days are these now."""
        if full != self._fulls[place]:
            _flip(self.full, place, (0, self._fulls[place] ^ full))
            self._fulls[place] = full

    def _group(self, place: int, terms: _Terms) -> None:
        bit = 1 << place
        self._terms[place] = terms
        self.all |= bit
        self.notices.put((terms.notice, terms.plain), bit)
        if terms.plain:
            self.plain |= bit
            if terms.horizon is not None:
                self.horizons.put(terms.horizon, bit)
        if terms.grid is None:
            self._any_step |= bit
        else:
            self._grids.put(terms.grid, bit)
        self._on_grid.clear()

    def _ungroup(self, place: int) -> None:
        terms, bit = self._terms[place], 1 << place
        if terms is None:
            return
        self._terms[place] = None
        self.all &= ~bit
        self.notices.take((terms.notice, terms.plain), bit)
        if terms.plain:
            self.plain &= ~bit
            if terms.horizon is not None:
                self.horizons.take(terms.horizon, bit)
        if terms.grid is None:
            self._any_step &= ~bit
        else:
            self._grids.take(terms.grid, bit)
        self._on_grid.clear()


def _flip(columns: list[int], place: int, flipped: Flipped) -> None:
    """Put a place into those columns, of the steps given, in which it was not, and take it out of the others."""
    bit, (first, numbers) = 1 << place, flipped
    old: int | None = None
    new = 0
    for step in spread(numbers):
        if columns[first + step] is not old:  # What was one object stays one.
            old = columns[first + step]
            new = old ^ bit
        columns[first + step] = new
