"""How much of a calendar is read for an answer, so that no text keeps its reader busy.

Rules, lists and zones may bring more than anybody asks for; whatever they bring is counted, and too much is refused.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from tutorcore.adapters.ical.parsing import Component, Property
from tutorcore.adapters.ical.times import later
from tutorcore.instants import from_micros

MOST_OCCURRENCES: Final = 100_000
"""How many occurrences of all events together are read. A rule counts for ten, and for the days it is looked for."""

MOST_ONSETS: Final = 100_000
"""How many changes of clock of all zones together are read."""

_OFF: Final = timedelta(days=2)  # More than any clock is off UTC, a gap included.


class Budget:
    """How many of something may be read, so that no rule keeps its reader busy.

    `left` more may be read; it `is_spent` once somebody has asked for more than that.
    """

    def __init__(self, most: int, what: str) -> None:
        self.is_spent = False
        self.left = self._most = most
        self._what = what

    def spend(self, source: Property, count: int) -> None:
        """Count so many more; raise `Mistake` if those are too many."""
        if self.left < count:
            self.is_spent, self.left = True, 0
            raise source.mistake(f"at most {self._most} {self._what} in all")
        self.left -= count


class Reading:
    """A range that is asked about, in microseconds since 1970, and how much may be read for an answer."""

    def __init__(self, lo: int, hi: int) -> None:
        self.lo = lo
        self.hi = hi
        self.budget = Budget(MOST_OCCURRENCES, "occurrences")
        self.onsets = Budget(MOST_ONSETS, "changes of clock")

    def walls(self, reach: timedelta) -> tuple[datetime, datetime]:
        """Return the wall times between which something may start that reaches so far, by any clock."""
        first, last = (from_micros(micros).replace(tzinfo=None) for micros in (self.lo, self.hi))
        return later(first, -_OFF - reach), later(last, _OFF + reach)


def values(component: Component, name: str, budget: Budget) -> list[tuple[str, Property]]:
    """Return the single values of a property that may list several and come several times; each is spent at once.

    One that lists nothing, as some programs write it, says nothing.
    """
    listed = (source for source in component.all(name) if source.value.strip())
    found = [(text, source) for source in listed for text in source.value.split(",")]
    if found:
        budget.spend(found[-1][1], len(found))
    return found
