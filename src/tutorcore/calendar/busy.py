"""Busy time: what already takes somebody's time when a lesson is to be booked."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal, TypeAlias, get_args

import attrs

from tutorcore.calendar.schedule import MOST_BUFFER, check_name, check_span
from tutorcore.errors import InvalidValue, UnknownName
from tutorcore.instants import Instant, instant

Kind: TypeAlias = Literal["lesson", "hold"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


def _start(value: Instant | str) -> Instant:
    return instant(value, "start of a busy time")


def _end(value: Instant | str) -> Instant:
    return instant(value, "end of a busy time")


def _expires(value: Instant | str | None) -> Instant | None:
    return None if value is None else instant(value, "expires")


@attrs.frozen
class Busy:
    """Time that is taken: a lesson, or a hold, which blocks while `expires` lies after now (None: until it goes).

    `before` and `after` are its own buffers, fixed when it was booked.
    """

    start: Instant = attrs.field(converter=_start)
    end: Instant = attrs.field(converter=_end)
    id: str = attrs.field()
    kind: Kind = attrs.field(default="lesson")
    expires: Instant | None = attrs.field(default=None, converter=_expires)
    before: timedelta = attrs.field(default=timedelta(0))
    after: timedelta = attrs.field(default=timedelta(0))

    @end.validator
    def _check_end(self, _: object, value: Instant) -> None:
        if value <= self.start:
            raise InvalidValue("end of a busy time", value.isoformat(), f"an instant after {self.start.isoformat()}")

    @id.validator
    def _check_id(self, _: object, value: object) -> None:
        check_name(value, "id of a busy time")

    @kind.validator
    def _check_kind(self, _: object, value: object) -> None:
        if value not in KINDS:
            raise UnknownName("kind of busy time", value, KINDS)

    @expires.validator
    def _check_expires(self, _: object, value: object) -> None:
        if value is not None and self.kind != "hold":
            raise InvalidValue("expires", value, "None, for only a hold expires")

    @before.validator
    @after.validator
    def _check_buffer(self, field: attrs.Attribute[timedelta], value: object) -> None:
        check_span(value, f"buffer {field.name}", timedelta(0), MOST_BUFFER)

    def blocks(self, now: Instant) -> bool:
        """Return whether it still takes the time at `now`."""
        return self.expires is None or self.expires > now
