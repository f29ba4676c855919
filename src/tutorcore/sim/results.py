"""Results: what became of each lesson of one replication under one policy, and of all of them together.

A row is a lesson, in plain values and in the order of the requests, so that row `n` is about the same request under
every policy. Money is in minor units of the policy's currency; everything that happened is known from the lesson's
versions and from nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import chain, pairwise
from typing import Final, NamedTuple

import attrs

from tutorcore.ids import PartyId
from tutorcore.instants import Instant
from tutorcore.ledger.statements import TrialBalance
from tutorcore.lessons.lesson import Lesson
from tutorcore.lessons.projections import mark_of
from tutorcore.policy.process import Unit
from tutorcore.sim.course import Course
from tutorcore.sim.deeds import minor_units
from tutorcore.standing import Standing, restrictions

_NEVER: Final = timedelta(0)


class Row(NamedTuple):
    """What became of one request.

    `ending` is the state in which the lesson came to stand, or none where the request itself was refused with the code
    `refused`; `is_over` says that nothing more happens there by itself. `step` is the row of the policy that led there:
    the last one that moved the lesson. `start` and `end` are those of the last terms, `price` theirs.

    `paid` is what the student's side is poorer in the end (what it owes, where a policy holds nothing), `tutor_gets`
    and `platform_gets` what those two have of it; the three balance. `held` is how long money lay in escrow. `rounds`
    counts the offers, the request included; `occurrence` how often the lesson was asked for. Marks and verbs are in the
    order in which they fell; `refusals` are (verb, code).
    """

    lesson: str
    tutor: str
    student: str
    kind: str
    asked: Instant
    start: Instant
    end: Instant
    price: int
    refused: str
    ending: str
    is_over: bool
    is_taught: bool
    agreed: Instant | None
    ended: Instant | None
    step: str
    paid: int
    tutor_gets: int
    platform_gets: int
    held: timedelta
    rounds: int
    occurrence: int
    steps: int
    tutor_marks: tuple[str, ...]
    student_marks: tuple[str, ...]
    verbs: tuple[str, ...]
    refusals: tuple[tuple[str, str], ...]


@attrs.frozen
class Totals:
    """What is counted over all lessons: steps, by command and by time; entries; refusals by code.

    `reports` are those raised against tutors by counter, `restricted` the tutors by what is kept from them in the end.
    """

    lessons: int
    steps: int
    timeouts: int
    entries: int
    refusals: Mapping[str, int]
    reports: Mapping[str, int]
    restricted: Mapping[str, int]


@attrs.frozen
class Result:
    """One replication under one policy.

    `digest` covers every version, every entry and every standing. `balance` has been checked: its columns are equal.
    """

    policy: str
    unit: Unit
    replication: int
    rows: tuple[Row, ...]
    totals: Totals
    digest: str
    balance: TrialBalance


def row_of(course: Course, unit: Unit) -> Row:
    """Return what became of a request and, if it was not refused, of the lesson that it asked for."""
    wish, versions = course.wish, course.versions
    if not versions:
        return _refused(course, unit)
    last = versions[-1]
    brief, terms = last.brief, last.terms
    gets: dict[str, int] = {}
    marks: dict[PartyId, list[str]] = {brief.tutor: [], brief.student: []}
    agreed = ended = None
    step, place = "", None
    for version in versions:
        for role, minor in version.legs:
            gets[role] = gets.get(role, 0) + minor
        mark = mark_of(version)
        if mark is not None and mark.party in marks:
            marks[mark.party].append(mark.name)
        if version.place is not place:
            step, place = version.step.id, version.place
            agreed = version.at if agreed is None and place.state.agreed else agreed
            ended = version.at if ended is None and place.state.over else ended
    return Row(
        brief.id,
        brief.tutor,
        brief.student,
        wish.kind,
        brief.created,
        terms.start,
        terms.end,
        terms.price,
        "",
        last.state,
        last.over,
        last.place.state.taught,
        agreed,
        ended,
        step,
        -gets.get("payer", 0) - gets.get("owed", 0),
        gets.get("tutor", 0) + gets.get("due", 0),
        gets.get("platform", 0),
        _held(versions),
        last.rounds,
        terms.occurrence,
        last.number,
        tuple(marks[brief.tutor]),
        tuple(marks[brief.student]),
        tuple(course.verbs),
        tuple(course.refusals),
    )


def _refused(course: Course, unit: Unit) -> Row:
    """What became of a request that the policy or another lesson stood against: nothing."""
    wish = course.wish
    return Row(
        wish.lesson, wish.tutor, wish.student, wish.kind, wish.asked, wish.start, wish.start + wish.duration,
        minor_units(wish.price, unit), course.refusals[0][1], "", True, False, None, None, "", 0, 0, 0, _NEVER, 0,
        0, 0, (), (), (), tuple(course.refusals),
    )  # fmt: skip


def _held(versions: Sequence[Lesson]) -> timedelta:
    """How long money lay in escrow."""
    return sum((after.at - before.at for before, after in pairwise(versions) if before.held), _NEVER)


def totals_of(
    courses: Sequence[Course],
    others: Iterable[tuple[str, str]],
    entries: int,
    standings: Iterable[Standing],
    now: Instant,
) -> Totals:
    """Return what is counted over all lessons; `standings` are the last ones, and `now` is when all is over.

    `others` are the refusals, as (verb, code), of what was about no lesson.
    """
    versions = [version for course in courses for version in course.versions]
    standings = tuple(standings)
    return Totals(
        lessons=sum(1 for course in courses if course.versions),
        steps=len(versions),
        timeouts=sum(1 for version in versions if version.command is None),
        entries=entries,
        refusals=_counts(code for _, code in chain(others, *(course.refusals for course in courses))),
        reports=_counts(report.counter for standing in standings for report in standing.reports),
        restricted=_counts(each for standing in standings for each in sorted(restrictions(standing, now))),
    )


def _counts(names: Iterable[str]) -> Mapping[str, int]:
    """How often each name comes, by name."""
    return dict(sorted(Counter(names).items()))
