"""Busy time: what already takes somebody's time when a lesson is to be booked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final, Literal, TypeAlias, get_args

import attrs

from tutorcore.calendar.intervals import Span
from tutorcore.calendar.schedules.schedule import MOST_BUFFER, check_count, check_name, check_span
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import Instant, instant, to_micros

Kind: TypeAlias = Literal["lesson", "hold", "request", "event", "tentative"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

EXPIRING: Final[tuple[Kind, ...]] = ("hold", "request")
"""The kinds that may have an end of their own."""

UNCERTAIN: Final[tuple[Kind, ...]] = ("request", "tentative")
"""The kinds of which an `Agenda` can be told that they stand in nobody's way."""

MOST_PLACES: Final = 10_000
"""The most people that a lesson, or whatever is in one place at once, may have room for."""


def _start(value: Instant | str) -> Instant:
    return instant(value, "start of a busy time")


def _end(value: Instant | str) -> Instant:
    return instant(value, "end of a busy time")


def _expires(value: Instant | str | None) -> Instant | None:
    return None if value is None else instant(value, "expires")


def _span(busy: Busy) -> Span:
    return to_micros(busy.start), to_micros(busy.end)


@attrs.frozen
class Busy:
    """Time that is taken.

    * `kind`: a "lesson"; a "hold", time kept for somebody; a "request", which waits for an answer; an "event" of an
      outside calendar; or a "tentative" one, of which that calendar is not sure.
    * `expires`: a hold or a request blocks while this lies after now; None: until it goes.
    * `before`, `after`: its own buffers, fixed when it was booked.
    * `places`: how many more people may join that very lesson, from its start to its end. 0: nobody.

    `span` is the start and the end in microseconds, which most reckon with.
    """

    start: Instant = attrs.field(converter=_start)
    end: Instant = attrs.field(converter=_end)
    id: str = attrs.field()
    kind: Kind = attrs.field(default="lesson")
    expires: Instant | None = attrs.field(default=None, converter=_expires)
    before: timedelta = attrs.field(default=timedelta(0))
    after: timedelta = attrs.field(default=timedelta(0))
    places: int = attrs.field(default=0)
    span: Span = attrs.field(init=False, repr=False, eq=False, default=attrs.Factory(_span, takes_self=True))

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
        if value is not None and self.kind not in EXPIRING:
            raise InvalidValue("expires", value, f"None, for only a {' or a '.join(EXPIRING)} expires")

    @before.validator
    @after.validator
    def _check_buffer(self, field: attrs.Attribute[timedelta], value: object) -> None:
        check_span(value, f"buffer {field.name}", timedelta(0), MOST_BUFFER)

    @places.validator
    def _check_places(self, _: object, value: int) -> None:
        check_count(value, "places", 0, MOST_PLACES)
        if value and self.kind != "lesson":
            raise InvalidValue("places", value, f"0, for only a lesson can be joined; this is of kind {self.kind!r}")

    def blocks(self, now: Instant) -> bool:
        """Return whether it still takes the time at `now`."""
        moment = instant(now, "now")
        return self.expires is None or self.expires > moment


def checked(busy: Iterable[Busy], what: str) -> tuple[Busy, ...]:
    """Return busy time as it is given; raise `InvalidType` for what is none."""
    if not isinstance(busy, Iterable):
        raise InvalidType(what, busy, "an iterable of Busy")
    found = tuple(busy)
    for one in found:
        if not isinstance(one, Busy):
            raise InvalidType(what, one, "a Busy")
    return found
