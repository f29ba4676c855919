"""Sample versions for tests: real steps of lessons, decided under the italki policy, without a store.

The people are Ann and Amy (students), Tom and Tim (tutors) and Pam, who pays and asks for others; the robot is the
platform's own software. Everything happens around `NOW`; a lesson is asked for a week ahead unless a test says
otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from typing import Final

from tutorcore.errors import InvariantError
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant, instant
from tutorcore.lessons.decision import advance, decide
from tutorcore.lessons.lesson import NO_FACTS, Brief, Command, Facts, Lesson, Offer, Particulars
from tutorcore.lessons.refusals import Refusal
from tutorcore.policy.codec import load_preset, machine_of
from tutorcore.policy.machine import Machine
from tutorcore.policy.roles import Role

NOW: Final = instant("2026-03-02T09:00:00Z")
ANN: Final = PartyId("ann")
AMY: Final = PartyId("amy")
TOM: Final = PartyId("tom")
TIM: Final = PartyId("tim")
PAM: Final = PartyId("pam")
ROBOT: Final = PartyId("robot")
PEOPLE: Final = (ANN, AMY, TOM, TIM, PAM)
LESSON: Final = LessonId("l1")
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)


@cache
def sample_machine() -> Machine:
    """Return the compiled italki policy, the same object each time."""
    return machine_of(load_preset("italki"))


def requested(
    id: str = LESSON,
    *,
    student: PartyId = ANN,
    tutor: PartyId = TOM,
    payer: PartyId | None = None,
    requester: PartyId | None = None,
    start: Instant = NOW + WEEK,
    duration: timedelta = HOUR,
    price: int = 250,
    now: Instant = NOW,
    key: str | None = None,
) -> Lesson:
    """Return the first version of a lesson that was asked for at `now`; its price is held."""
    machine = sample_machine()
    verb, unit = machine.process.verb_of_opening, machine.process.unit.code
    brief = Brief(
        LessonId(id), machine.hash, "Europe/Berlin", unit, now, tutor, student, payer or student, requester or student
    )
    offer = Offer(start, duration, price, "", {"course": "B1"})
    # Under this policy only students ask; who else is bound to the lesson makes no difference to what they get.
    command = Command(verb, student, Key(key or f"{verb} {id}"), brief.id, None, offer, "", "Hello!")
    return _decided(decide(machine, brief, command, NO_FACTS, now))


def moved(
    lesson: Lesson,
    verb: str,
    *,
    by: PartyId,
    now: Instant,
    offer: Offer | None = None,
    particulars: Particulars | None = None,
    grants: Iterable[Role] = (),
    key: str | None = None,
) -> Lesson:
    """Return the version after somebody did `verb`; an answer is to the proposal that is on the table.

    `grants` are those of whoever did it, such as the platform's own software.
    """
    command = Command(
        verb,
        by,
        Key(key or f"{verb} {lesson.id} {lesson.number}"),
        lesson.id,
        lesson.proposal if offer is None else None,
        offer,
        particulars=particulars,
    )
    return _decided(decide(lesson.machine, lesson, command, Facts(frozenset(grants)), now))


def lapsed(lesson: Lesson, now: Instant) -> list[Lesson]:
    """Return the versions that silence makes up to `now`."""
    return advance(lesson, now)


def _decided(answer: Lesson | Refusal) -> Lesson:
    if isinstance(answer, Refusal):
        raise InvariantError(f"the sample policy refuses a sample command: {answer.sentence}")
    return answer
