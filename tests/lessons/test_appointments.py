"""A lesson in people's calendars: when it comes into them, moves and leaves them."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Final

import pytest

from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant
from tutorcore.lessons import Brief, Command, Facts, Lesson, Offer, Particulars, advance, decide
from tutorcore.lessons.appointments import Appointment, appointment_change, appointment_left, appointment_of
from tutorcore.policy.codec import load_preset, machine_of
from tutorcore.policy.roles import Role
from tutorcore.policy.settlement import Settlement
from tutorcore.testing.versions import ANN, DAY, HOUR, NOW, PAM, ROBOT, TOM, WEEK, moved, requested

START: Final = NOW + WEEK
LINKS: Final = (("student", "https://meet.example/s"), ("tutor", "https://meet.example/t"))
SECOND: Final = timedelta(seconds=1)


def agreed() -> Lesson:
    """A lesson to which the tutor has agreed."""
    return moved(requested(), "accept", by=TOM, now=NOW + HOUR)


def with_a_meeting(lesson: Lesson, now: Instant, links: tuple[tuple[str, str], ...] = LINKS) -> Lesson:
    """The lesson with a meeting that the platform has had made."""
    said = Particulars(source="video", details=links)
    return moved(lesson, "meeting_ready", by=ROBOT, now=now, particulars=said, grants=["system"])


def at_last(lesson: Lesson, now: Instant) -> tuple[Lesson, Lesson]:
    """The last version that time makes up to `now`, with the one before it."""
    versions = [lesson, *advance(lesson, now)]
    return versions[-2], versions[-1]


def test_a_request_is_in_no_calendar() -> None:
    """Nothing is entered for what is not agreed."""
    lesson = requested()

    assert appointment_of(lesson) is None
    assert appointment_change(None, lesson) is None


def test_what_is_agreed_is_entered() -> None:
    """The entry has the time of the terms and a name of its own."""
    before, lesson = requested(), agreed()

    assert appointment_of(lesson) == Appointment("l1.1", START, START + HOUR, ())
    assert appointment_change(before, lesson) == "request"


def test_the_links_of_a_meeting_are_part_of_the_entry() -> None:
    """Each role finds its own link; a meeting that comes, or is another one, alters the entry."""
    without = agreed()
    lesson = with_a_meeting(without, NOW + 2 * HOUR)
    found = appointment_of(lesson)
    other = (("student", "https://other.example/s"), ("tutor", "https://other.example/t"))

    assert found is not None
    assert (found.link("tutor"), found.link("student")) == ("https://meet.example/t", "https://meet.example/s")
    assert found.link("payer") is None
    assert appointment_change(without, lesson) == "request"
    assert appointment_change(lesson, with_a_meeting(lesson, NOW + 3 * HOUR, other)) == "request"
    assert appointment_change(lesson, with_a_meeting(lesson, NOW + 3 * HOUR)) is None


def test_a_proposed_change_is_not_entered_and_an_agreed_one_moves_the_same_entry() -> None:
    """What is only proposed leaves the calendar as it is."""
    lesson = agreed()
    open_change = moved(lesson, "propose", by=ANN, now=NOW + 2 * HOUR, offer=Offer(START + DAY))
    changed = moved(open_change, "accept", by=TOM, now=NOW + 3 * HOUR)

    assert appointment_change(lesson, open_change) is None
    assert appointment_change(open_change, changed) == "request"
    assert appointment_left(open_change, changed) is None
    assert appointment_of(changed) == Appointment("l1.1", START + DAY, START + DAY + HOUR, ())


def test_a_longer_lesson_at_the_same_start_is_another_time() -> None:
    """The end belongs to the entry as well."""
    open_change = moved(agreed(), "propose", by=ANN, now=NOW + 2 * HOUR, offer=Offer(duration=2 * HOUR))
    changed = moved(open_change, "accept", by=TOM, now=NOW + 3 * HOUR)

    assert appointment_change(open_change, changed) == "request"


def test_what_is_cancelled_is_taken_out() -> None:
    """The entry of the version before is the one to be taken out."""
    before = agreed()
    lesson = moved(before, "cancel", by=ANN, now=NOW + 2 * HOUR)

    assert appointment_of(lesson) is None
    assert appointment_change(before, lesson) == "cancel"


def test_a_lesson_that_takes_place_stays_in_the_calendar_as_it_is() -> None:
    """Neither its beginning, its end nor its completion is news to a calendar."""
    versions = [agreed(), *advance(agreed(), START + WEEK)]

    assert [version.state for version in versions] == ["agreed", "in_progress", "delivered", "completed"]
    assert {appointment_of(version) for version in versions} == {Appointment("l1.1", START, START + HOUR, ())}
    assert [appointment_change(*pair) for pair in pairwise(versions)] == [None] * 3


def test_a_lesson_that_has_begun_is_not_altered_because_its_meeting_is_gone() -> None:
    """The link was of use until then; without one there is nothing to tell."""
    _, begun = at_last(with_a_meeting(agreed(), NOW + 2 * HOUR), START)
    remedy = Particulars(remedy="refund")
    problem = moved_with_reason(begun, "report", ANN, START + SECOND, remedy)
    disputed = moved(problem, "escalate", by=TOM, now=START + 2 * SECOND)

    assert (problem.meeting, disputed.meeting) == (begun.meeting, None)
    assert appointment_change(problem, disputed) is None


def test_a_meeting_that_comes_during_the_lesson_is_still_entered() -> None:
    """Whoever waits for it needs it; once the lesson is over nobody does."""
    _, begun = at_last(agreed(), START)
    _, ended = at_last(begun, START + HOUR)

    assert appointment_change(begun, with_a_meeting(begun, START + HOUR - SECOND)) == "request"
    assert appointment_change(ended, with_a_meeting(ended, START + HOUR)) is None


@pytest.mark.parametrize(
    ("after", "is_left"), [(4 * SECOND, True), (HOUR - SECOND, True), (HOUR, False), (2 * HOUR, False)]
)
def test_another_time_after_a_problem_is_another_entry(after: timedelta, is_left: bool) -> None:
    """The new one is entered beside the old, which stays if its time is over and is taken out if it is not."""
    _, begun = at_last(agreed(), START)
    problem = moved_with_reason(begun, "report", ANN, START + SECOND, Particulars(remedy="reschedule"))
    looking = moved_answering(problem, "accept", TOM, START + 2 * SECOND)
    proposed = moved(looking, "propose", by=ANN, now=START + 3 * SECOND, offer=Offer(START + WEEK))
    lesson = moved(proposed, "accept", by=TOM, now=START + after)

    assert appointment_of(proposed) == Appointment("l1.1", START, START + HOUR, ())
    assert appointment_of(lesson) == Appointment("l1.2", START + WEEK, START + WEEK + HOUR, ())
    assert appointment_change(proposed, lesson) == "request"
    assert appointment_left(looking, proposed) is None
    assert appointment_left(proposed, lesson) == (appointment_of(proposed) if is_left else None)


def test_what_is_settled_long_afterwards_changes_no_calendar() -> None:
    """A lesson that is over keeps its entry through a decision and a refund."""
    _, begun = at_last(agreed(), START)
    disputed = moved(
        moved_with_reason(begun, "report", ANN, START + SECOND, Particulars(remedy="refund")),
        "escalate",
        by=TOM,
        now=START + 2 * SECOND,
    )
    said = Particulars(split=Settlement.of({"tutor": "100%"}))
    resolved = moved_with_reason(disputed, "resolve", PAM, START + DAY, said, grants=["operator"])

    assert appointment_change(disputed, resolved) is None
    assert appointment_of(resolved) == appointment_of(begun)


@pytest.mark.parametrize(("after", "change"), [(timedelta(0), "cancel"), (HOUR - SECOND, "cancel")])
def test_a_lesson_under_way_that_is_called_off_is_taken_out(after: timedelta, change: str) -> None:
    """Up to its end people are told that there is no more lesson."""
    lesson = educai_agreed()
    before, begun = at_last(lesson, lesson.terms.start + after)
    called_off = done(begun, "cancel", TOM, lesson.terms.start + after, reason="ill")

    assert before.state == "agreed"
    assert appointment_change(begun, called_off) == change


def test_asked_for_again_it_is_taken_out_and_entered_under_another_name() -> None:
    """Educai's parents give up the old session; the new one is another entry."""
    lesson = educai_agreed()
    again = done(lesson, "propose", PAM, NOW + 2 * HOUR, Offer(lesson.terms.start + WEEK))
    accepted = done(again, "accept", TOM, NOW + 3 * HOUR)
    old, new = appointment_of(lesson), appointment_of(accepted)

    assert (appointment_change(lesson, again), appointment_change(again, accepted)) == ("cancel", "request")
    assert old is not None
    assert new is not None
    assert (old.uid, new.uid) == ("l1.1", "l1.2")


def moved_with_reason(
    lesson: Lesson, verb: str, by: PartyId, now: Instant, said: Particulars, grants: tuple[Role, ...] | list[Role] = ()
) -> Lesson:
    """What needs a reason as well: `other`, which italki knows."""
    command = Command(verb, by, Key(f"{verb} {lesson.number}"), lesson.id, reason="other", particulars=said)
    answer = decide(lesson.machine, lesson, command, Facts(frozenset(grants)), now)
    assert isinstance(answer, Lesson)
    return answer


def moved_answering(lesson: Lesson, verb: str, by: PartyId, now: Instant) -> Lesson:
    """Taking up the remedy on the table."""
    assert lesson.problem is not None
    command = Command(verb, by, Key(f"{verb} {lesson.number}"), lesson.id, lesson.problem.number)
    answer = decide(lesson.machine, lesson, command, Facts(), now)
    assert isinstance(answer, Lesson)
    return answer


def educai_agreed() -> Lesson:
    """A session that a parent asked for and the tutor has accepted."""
    machine = machine_of(load_preset("educai"))
    brief = Brief(LessonId("l1"), machine.hash, "Europe/Berlin", "EUR", NOW, TOM, ANN, PAM, PAM)
    offer = Offer(START, HOUR, 2500)
    command = Command("request", PAM, Key("request"), brief.id, None, offer)
    answer = decide(machine, brief, command, ALLOWED, NOW)
    assert isinstance(answer, Lesson)
    return done(answer, "accept", TOM, NOW + HOUR)


def done(lesson: Lesson, verb: str, by: PartyId, now: Instant, offer: Offer | None = None, reason: str = "") -> Lesson:
    """Any move under Educai's rules."""
    number = lesson.proposal if verb == "accept" else None
    command = Command(verb, by, Key(f"{verb} {lesson.number}"), lesson.id, number, offer, reason)
    answer = decide(lesson.machine, lesson, command, ALLOWED, now)
    assert isinstance(answer, Lesson), answer.sentence
    return answer


# The parent may ask for sessions; what the policy asks about is kept by its own text.
ALLOWED: Final = Facts(has=frozenset({"has(requester, can_request_sessions)"}))
