"""Verdicts: whether a lesson can be booked, and if not, why not, in codes and sentences."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, TypeAlias, get_args

import attrs

from tutorcore.instants import Instant

Code: TypeAlias = Literal[
    "past",
    "outside_hours",
    "gap",
    "blackout",
    "holiday",
    "busy",
    "hold",
    "request",
    "event",
    "buffer",
    "notice",
    "horizon",
    "cap",
    "off_grid",
    "party",
]

CODES: Final[tuple[Code, ...]] = get_args(Code)
"""The reasons there are, in the order in which a verdict lists them."""

SENTENCES: Final[dict[Code, str]] = {
    "past": "the start, {start}, lies before now, {now}",
    "outside_hours": "{start} to {end} is not wholly within the tutor's hours",
    "gap": "clocks in {zone} never show {wall}",
    "blackout": "nothing can be booked from {first} to {last}",
    "holiday": "weekly hours are off: {holiday}",
    "busy": "lesson {id} takes {taken_from} to {taken_to}",
    "hold": "hold {id} keeps {taken_from} to {taken_to}",
    "request": "request {id}, not answered yet, is for {taken_from} to {taken_to}",
    "event": "{id}, in another calendar, takes {taken_from} to {taken_to}",
    "buffer": "{apart} must lie between this lesson and {id}, which takes {taken_from} to {taken_to}",
    "notice": "a lesson must be booked {notice} ahead, so starts lie at {earliest} or later",
    "horizon": "starts can be booked only if they lie before {limit}",
    "cap": "{lessons} of at most {most} lessons start in that {unit} already",
    "off_grid": "lessons start every {step} from {origin}",
    "party": "{party} is not free: {why}",
}
"""What each code says, in English; what stands in braces is filled in."""

Hindrance: TypeAlias = Literal["taken", "buffer", "full", "hours"]

HINDRANCES: Final[dict[Hindrance, str]] = {
    "taken": "{id} takes {taken_from} to {taken_to}",
    "buffer": "{apart} must lie between this lesson and {id}, which takes {taken_from} to {taken_to}",
    "full": "from {taken_from} to {taken_to} there is as much as may be at once, which is {most}",
    "hours": "{start} to {end} is not wholly within the hours of {party}",
}
"""Why a further party is not free, as the last words of a sentence; what stands in braces is filled in."""


@attrs.frozen
class Reason:
    """One thing that stands against a booking: a stable `code` and a sentence.

    `id` names the busy time in the way and `party` whose it is, if not the tutor's.
    """

    code: Code
    detail: str
    id: str = ""
    party: str = ""


@attrs.frozen
class Verdict:
    """Whether a lesson could be booked from `start` to `end`, and every reason why not, in the order of `CODES`.

    `joins` is the id of the group lesson that would be joined; it is empty where a lesson of its own would be booked.
    """

    start: Instant
    end: Instant
    reasons: tuple[Reason, ...]
    joins: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing stands against it."""
        return not self.reasons


@attrs.frozen
class Explained:
    """A verdict with what one would ask next.

    * `local`: what the tutor's clock shows at the start, its offset as a number.
    * `hours`: when the tutor can be had on that local date: in order, without overlap, busy time not counted.
    * `before`, `after`: the bookable starts nearest to the start on either side, if there are any within 31 days.
    """

    verdict: Verdict
    local: datetime
    hours: tuple[tuple[Instant, Instant], ...]
    before: Instant | None
    after: Instant | None
