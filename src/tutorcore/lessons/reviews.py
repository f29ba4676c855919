"""Reviews: what people said afterwards of a lesson, and who may read it yet.

A review is an aside of the log; its words are the note and the details of the command. Under a policy that shows both
sides' words together, nobody but their author reads them while somebody who has not spoken still may.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tutorcore.ids import PartyId
from tutorcore.instants import LATEST, Instant
from tutorcore.lessons.lesson import NO_DETAILS, NO_FACTS, Facts, Lesson
from tutorcore.policy.machine import Asked, Row


class Reviewed(NamedTuple):
    """What one person said of a lesson: in short texts such as `stars`, and in a note."""

    author: PartyId
    at: Instant
    details: tuple[tuple[str, str], ...]
    note: str


def facts_for_reviews(lesson: Lesson) -> frozenset[Asked]:
    """Return what `reviews_of` may ask the facts for; mostly nothing."""
    return frozenset().union(*(row.reads for row in _rows(lesson)))


def reviews_of(
    versions: Iterable[Lesson], reader: PartyId | None, now: Instant, facts: Facts = NO_FACTS
) -> tuple[Reviewed, ...]:
    """Return the reviews that `reader` may read at `now`, oldest first; None is the public.

    `versions` are all those of one lesson; `facts` are those of now, as `facts_for_reviews` of its last one asks.
    """
    log = tuple(versions)
    together = bool(log) and _may_still_be_reviewed(log[-1], now, facts)
    found: list[Reviewed] = []
    for version in log:
        command = version.command
        if command is None or version.step.records != "reviewed":
            continue
        if version.step.blind and together and command.actor != reader:
            continue
        said = command.particulars
        found.append(Reviewed(command.actor, version.at, NO_DETAILS if said is None else said.details, command.note))
    return tuple(found)


def _rows(lesson: Lesson) -> list[Row]:
    """The rows by which a lesson can be reviewed where it stands."""
    return [row for rows in lesson.place.moves.values() for row in rows if row.records == "reviewed"]


def _may_still_be_reviewed(lesson: Lesson, now: Instant, facts: Facts) -> bool:
    """Whether somebody's review is still to come: nobody then reads what the other side has said."""
    reading = (now, lesson.terms, None, lesson.rounds, lesson.timeline, lesson.brief, None, facts)
    for row in _rows(lesson):
        until = LATEST if row.until is None else row.until(*reading)
        if (row.when is None or row.when(*reading)) and until is not None and now < until:
            return True
    return False
