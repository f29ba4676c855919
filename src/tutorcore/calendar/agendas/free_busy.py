"""Free and busy time, in the words of RFC 5545, section 3.2.9: what a calendar tells others who only plan with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias, get_args

import attrs

from tutorcore.calendar.intervals import Span, without
from tutorcore.errors import InvalidValue, UnknownName
from tutorcore.instants import Instant, from_micros, instant

FreeBusyKind: TypeAlias = Literal["FREE", "BUSY", "BUSY-UNAVAILABLE", "BUSY-TENTATIVE"]
FREE_BUSY_KINDS: Final[tuple[FreeBusyKind, ...]] = get_args(FreeBusyKind)


def _start(value: Instant | str) -> Instant:
    return instant(value, "start of free or busy time")


def _end(value: Instant | str) -> Instant:
    return instant(value, "end of free or busy time")


@attrs.frozen
class FreeBusy:
    """A stretch of time, [start, end), of one kind.

    "BUSY" is taken for certain, "BUSY-TENTATIVE" perhaps; "BUSY-UNAVAILABLE" lies outside all hours.
    """

    start: Instant = attrs.field(converter=_start)
    end: Instant = attrs.field(converter=_end)
    kind: FreeBusyKind = attrs.field()

    @end.validator
    def _check_end(self, _: object, value: Instant) -> None:
        if value <= self.start:
            raise InvalidValue(
                "end of free or busy time", value.isoformat(), f"an instant after {self.start.isoformat()}"
            )

    @kind.validator
    def _check_kind(self, _: object, value: object) -> None:
        if value not in FREE_BUSY_KINDS:
            raise UnknownName("kind of free or busy time", value, FREE_BUSY_KINDS)


def layered(lo: int, hi: int, layers: Iterable[tuple[FreeBusyKind, list[Span]]]) -> tuple[FreeBusy, ...]:
    """Return what [lo, hi) is, without a hole: of each instant the first layer that has it, and free where none does.

    Layers are sets of microseconds (`tutorcore.calendar.intervals`).

    >>> minute = 60_000_000
    >>> found = layered(0, 9 * minute, [("BUSY", [(minute, 3 * minute)]), ("BUSY-TENTATIVE", [(0, 5 * minute)])])
    >>> [(part.start.minute, part.end.minute, part.kind) for part in found]
    [(0, 1, 'BUSY-TENTATIVE'), (1, 3, 'BUSY'), (3, 5, 'BUSY-TENTATIVE'), (5, 9, 'FREE')]
    """
    left = [(lo, hi)] if lo < hi else []
    found: list[tuple[Span, FreeBusyKind]] = []
    for kind, spans in layers:
        rest = without(left, spans)
        found.extend((span, kind) for span in without(left, rest))
        left = rest
    found.extend((span, "FREE") for span in left)
    return tuple(FreeBusy(from_micros(start), from_micros(end), kind) for (start, end), kind in sorted(found))
