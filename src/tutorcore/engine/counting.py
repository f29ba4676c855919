"""Facts about the world outside a lesson, gathered for guards that ask; and the lessons to be caught up for that.

What nobody has swept yet counts as well: `Coming` is what due timeouts are going to write.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, cast

import attrs

from tutorcore.calendar.zones.wall_time import add_calendar
from tutorcore.engine.judging import judged
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import Instant
from tutorcore.lessons.lesson import Brief, Facts, Lesson
from tutorcore.lessons.projections import Mark, marks_of, taught_by
from tutorcore.policy.expressions import Calendar, Count, Exact, Has, Met, Restricted, Tally, Taught
from tutorcore.policy.machine import Asked
from tutorcore.policy.roles import Role
from tutorcore.ports.storage import Transaction
from tutorcore.standing import Standing, restrictions


@attrs.frozen
class Coming:
    """The versions that due timeouts are going to make, in their order, and what follows from them."""

    versions: tuple[Lesson, ...] = ()

    @property
    def tutors(self) -> frozenset[PartyId]:
        """The tutors of these lessons."""
        return frozenset(version.brief.tutor for version in self.versions)

    @property
    def marks(self) -> list[Mark]:
        """Every mark that they make."""
        return [mark for version in self.versions for mark in marks_of(version)]

    def standing(self, tutor: PartyId, recorded: Standing | None) -> Standing | None:
        """Return how a tutor of whom this is `recorded` will then stand."""
        standing = recorded
        for version in self.versions:
            steps = judged(standing, version) if version.brief.tutor == tutor else ()
            standing = steps[-1] if steps else standing
        return standing

    def have_met(self, tutor: PartyId, student: PartyId) -> bool:
        """Return whether one of them says that a lesson of these two took place."""
        people = (tutor, student)
        return any(
            (version.brief.tutor, version.brief.student) == people and taught_by(version) for version in self.versions
        )


NOTHING_COMING: Final = Coming()


def facts_for(
    tx: Transaction,
    brief: Brief,
    needed: frozenset[Asked],
    at: Instant,
    coming: Coming = NOTHING_COMING,
    grants: frozenset[Role] = frozenset(),
) -> Facts:
    """Return what is asked: counts up to `at`, in their window if they have one, and whatever else holds then.

    `coming` is what is due by `at` and not recorded yet, because nobody has swept.
    """
    tallies = [each for each in sorted(needed, key=str) if isinstance(each, Count | Taught)]
    marks = coming.marks if tallies else []
    return Facts(
        grants,
        {str(each): _counted(tx, brief, each, at, marks) for each in tallies},
        frozenset(str(each) for each in needed if _holds(tx, brief, each, at, coming)),
    )


def _holds(tx: Transaction, brief: Brief, asked: Asked, at: Instant, coming: Coming) -> bool:
    """Whether what a guard asks is so: a permission, a restriction, an acquaintance; a tally is none of these."""
    if isinstance(asked, Has):
        return _has(tx, brief, asked)
    if isinstance(asked, Restricted):
        party = _party(brief, asked.role)
        standing = coming.standing(party, tx.standing(party))
        return standing is not None and asked.restriction in restrictions(standing, at)
    if isinstance(asked, Met):
        # Always whom this lesson's tutor has taught; that the student once taught the tutor is no acquaintance.
        return tx.has_met(brief.tutor, brief.student) or coming.have_met(brief.tutor, brief.student)
    return False


def _party(brief: Brief, role: str) -> PartyId:
    return brief.party(cast(Role, role))  # A well-formed process names only roles; another raises InvalidValue.


def _has(tx: Transaction, brief: Brief, wanted: Has) -> bool:
    """Whether the role's party has the permission, in general or about this lesson's student."""
    party = tx.party(_party(brief, wanted.role))
    name = wanted.permission
    return party is not None and not party.permissions.isdisjoint((name, f"{name}:{brief.student}"))


def _counted(tx: Transaction, brief: Brief, tally: Tally, at: Instant, coming: Iterable[Mark]) -> int:
    party = _party(brief, tally.role)
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
    must not depend on who was looked at first. Where tutors are judged, they are in the order of all that befalls them,
    so the other lessons of a tutor belong to it too. Otherwise only the parties' own are found.
    """
    found: dict[LessonId, Lesson] = {}
    seen = dict.fromkeys(parties)
    ahead = list(seen)
    while ahead:
        ids = [id for id in tx.due(now, ahead) if id not in found]
        lessons = [lesson for id in ids if (lesson := tx.lesson(id)) is not None]
        found |= {lesson.brief.id: lesson for lesson in lessons}
        ahead = [party for lesson in lessons for party in _concerned(lesson) if party not in seen]
        seen |= dict.fromkeys(ahead)
    return list(found.values())


def _concerned(lesson: Lesson) -> tuple[PartyId, ...]:
    """Whose other lessons have a say about this lesson's timeouts."""
    brief, machine = lesson.brief, lesson.machine
    if machine.counts_in_timeouts:
        return brief.parties
    return (brief.tutor,) if machine.process.account.counters else ()
