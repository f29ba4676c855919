from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from tutorcore.clock import VirtualClock, system_clock
from tutorcore.errors import InvalidValue
from tutorcore.instants import MICROSECOND, instant

_NINE = instant("2026-03-01T09:00:00Z")


def test_the_system_clock_tells_an_instant() -> None:
    """What the machine's clock says is in UTC and does not run backwards between two looks."""
    first, second = system_clock(), system_clock()

    assert first.tzinfo is UTC
    assert instant("2025-01-01T00:00:00Z") < first <= second


def test_a_virtual_clock_stands_still() -> None:
    """It shows where it was put until it is moved."""
    clock = VirtualClock(_NINE)

    assert clock() == clock() == _NINE


def test_a_virtual_clock_moves_when_told() -> None:
    """It moves to an instant or by a time, and to where it stands already."""
    clock = VirtualClock(_NINE)
    clock.move_to(_NINE)
    clock.move_by(timedelta(hours=1))
    clock.move_to(_NINE + timedelta(hours=2))

    assert clock() == _NINE + timedelta(hours=2)


def test_a_virtual_clock_never_goes_back() -> None:
    """Moving it into its past is refused, and it stays where it was."""
    clock = VirtualClock(_NINE)

    with pytest.raises(InvalidValue, match="expected an instant not before 2026-03-01T09:00:00Z"):
        clock.move_to(_NINE - MICROSECOND)
    with pytest.raises(InvalidValue, match="new time"):
        clock.move_by(-MICROSECOND)
    assert clock() == _NINE


def test_a_virtual_clock_takes_only_instants() -> None:
    """A naive datetime sets no clock."""
    with pytest.raises(InvalidValue, match="naive"):
        VirtualClock(_NINE.replace(tzinfo=None))
    with pytest.raises(InvalidValue, match="naive"):
        VirtualClock(_NINE).move_to(_NINE.replace(tzinfo=None))
