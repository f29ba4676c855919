"""Facts about the world outside a lesson, gathered for guards that ask; and the lessons to be caught up for that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from tutorcore.calendar.zones import add_calendar
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import Instant
from tutorcore.lessons.lesson import Brief, Facts, Lesson
from tutorcore.lessons.projections import Mark
from tutorcore.policy.expressions import Calendar, Exact, Has, Tally
from tutorcore.policy.machine import Asked
from tutorcore.policy.roles import Role
from tutorcore.ports.storage import Transaction


def facts_for(
    tx: Transaction,
    brief: Brief,
    needed: frozenset[Asked],
    at: Instant,
    coming: Iterable[Mark] = (),
    grants: frozenset[Role] = frozenset(),
) -> Facts:
    """Return what is asked: counts up to `at`, in their window if they have one, and the permissions that are there.

    `coming` are marks up to `at` that are not recorded yet, because nobody has swept.
    """
    tallies = [each for each in sorted(needed, key=str) if not isinstance(each, Has)]
    wanted = [each for each in needed if isinstance(each, Has)]
    return Facts(
        grants,
        {str(each): _counted(tx, brief, each, at, coming) for each in tallies},
        frozenset(str(each) for each in wanted if _has(tx, brief, each)),
    )


def _has(tx: Transaction, brief: Brief, wanted: Has) -> bool:
    """Whether the role's party has the permission, in general or about this lesson's student."""
    party = tx.party(brief.party(cast(Role, wanted.role)))  # A well-formed process names only roles.
    name = wanted.permission
    return party is not None and not party.permissions.isdisjoint((name, f"{name}:{brief.student}"))


def _counted(tx: Transaction, brief: Brief, tally: Tally, at: Instant, coming: Iterable[Mark]) -> int:
    party = brief.party(cast(Role, tally.role))  # As in _has; a role that is none raises InvalidValue.
    since = _since(tally.within, at, brief.zone)
    found = [mark for mark in coming if (mark.party, mark.name) == (party, tally.mark)]
    recorded = tx.count_marks(party, tally.mark, since, at)
    return recorded + sum(mark.amount for mark in found if since is None or mark.at > since)


def _since(within: Exact | Calendar | None, at: Instant, zone: str) -> Instant | None:
    if within is None:
        return None
    if isinstance(within, Exact):
        return at - within.delta
    return add_calendar(at, zone, months=-within.months, weeks=-within.weeks, days=-within.days)


def due_lessons(tx: Transaction, now: Instant, parties: Iterable[PartyId]) -> list[Lesson]:
    """Return the lessons of these parties with a timeout due at `now`.

    A timeout that counts looks at other lessons of its own people, so theirs belong to it, and so on: what it finds
    must not depend on who was looked at first. Under a policy whose timeouts count nothing, only the parties' own.
    """
    found: dict[LessonId, Lesson] = {}
    seen = dict.fromkeys(parties)
    ahead = list(seen)
    while ahead:
        ids = [id for id in tx.due(now, ahead) if id not in found]
        lessons = [lesson for id in ids if (lesson := tx.lesson(id)) is not None]
        found |= {lesson.brief.id: lesson for lesson in lessons}
        counting = [lesson for lesson in lessons if lesson.machine.counts_in_timeouts]
        ahead = [party for lesson in counting for party in lesson.brief.parties if party not in seen]
        seen |= dict.fromkeys(ahead)
    return list(found.values())
