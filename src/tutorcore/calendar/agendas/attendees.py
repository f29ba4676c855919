"""Attendees: whoever and whatever must be free for a lesson besides the tutor: a student, a room."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from tutorcore.calendar.agendas.busy import MOST_PLACES, Busy, checked
from tutorcore.calendar.schedules.schedule import Schedule, check_count
from tutorcore.errors import InvalidType


def _busy(value: Iterable[Busy]) -> tuple[Busy, ...]:
    return checked(value, "busy time of an attendee")


@attrs.frozen
class Attendee:
    """What is known of somebody, or something, that a lesson needs.

    * `busy`: the time that is taken, in any order. A group lesson that may be joined is in nobody's way who joins it if
      it is here as it is in the tutor's busy time: with its id, start and end, and with `places`.
    * `schedule`: the hours, which must hold the whole lesson; None: all of them. Only the hours count, not what the
      schedule asks of a booking.
    * `capacity`: how many things may go on at once, each with its own buffers around it: the places in a hall.
    """

    busy: tuple[Busy, ...] = attrs.field(default=(), converter=_busy)
    schedule: Schedule | None = attrs.field(default=None)
    capacity: int = attrs.field(default=1)

    @schedule.validator
    def _check_schedule(self, _: object, value: object) -> None:
        if value is not None and not isinstance(value, Schedule):
            raise InvalidType("schedule of an attendee", value, "a Schedule or None")

    @capacity.validator
    def _check_capacity(self, _: object, value: object) -> None:
        check_count(value, "capacity of an attendee", 1, MOST_PLACES)
