"""The one place that reads a clock. Everything else is told what time it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from tutorcore.errors import InvalidValue
from tutorcore.instants import Instant, instant, to_text

Clock: TypeAlias = Callable[[], Instant]


def system_clock() -> Instant:
    """Return the present instant of this machine."""
    return datetime.now(UTC)


class VirtualClock:
    """A clock that moves only when told to, and never backwards.

    >>> clock = VirtualClock(instant("2026-03-01T09:00:00Z"))
    >>> clock.move_to(instant("2026-03-01T10:00:00Z"))
    >>> to_text(clock())
    '2026-03-01T10:00:00Z'
    """

    def __init__(self, start: Instant) -> None:
        self._now = instant(start)

    def __call__(self) -> Instant:
        return self._now

    def move_to(self, when: Instant) -> None:
        """Set the clock to `when`; raise `InvalidValue` if that lies in its past."""
        when = instant(when)
        if when < self._now:
            raise InvalidValue("new time", to_text(when), f"an instant not before {to_text(self._now)}")
        self._now = when

    def move_by(self, elapsed: timedelta) -> None:
        """Set the clock forward by `elapsed`."""
        self.move_to(self._now + elapsed)
