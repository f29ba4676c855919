"""The days of the week, by the names that schedules and holidays call them, Monday first."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

Weekday: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)
