"""What is to be done outside after a version: people told and reminded, meetings made and dropped, time counted."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant, instant
from tutorcore.ledger import COMMISSION
from tutorcore.ledger.accounts import due, owed
from tutorcore.lessons.decision import advance, decide
from tutorcore.lessons.lesson import NO_FACTS, Brief, Command, Facts, Lesson, Offer, Particulars
from tutorcore.lessons.projections import (
    Mark,
    Message,
    Reminded,
    clearing_of,
    entry_of,
    marks_of,
    messages_of,
    reminders_of,
    taught_by,
)
from tutorcore.policy.codec import load_policy, machine_of
from tutorcore.policy.machine import Machine

NOW = instant("2026-03-02T10:00:00Z")
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)
START = NOW + 100 * HOUR
GRANTED = Facts(frozenset({"system", "operator"}))
L1 = LessonId("L1")

TABLE = """
id = "own"
extends = "process/1"
currency = "EUR"
fees = { commission = "10%" }
[opening]
verb = "request"
by = ["requester"]
to = "requested"
terms = "propose"
[state.requested]
waits_for = "tutor"
timeout = { at = "asked + 48h", to = "gone", settle = { student = "rest" } }
[[state.requested.reminder]]
at = "deadline - 2h"
to = ["tutor"]
[[state.requested.reminder]]
at = "created - 1h"
to = ["tutor"]
[[state.requested.reminder]]
at = "joined(tutor) + 1h"
to = ["tutor"]
[state.requested.on.accept]
by = ["tutor"]
to = "agreed"
terms = "accept"
[state.requested.on.remark]
by = ["tutor"]
to = "stay"
[state.agreed]
agreed = true
meeting = true
[[state.agreed.reminder]]
at = "lesson.start - 24h"
to = ["student", "requester", "payer"]
[[state.agreed.reminder]]
at = "deadline - 1h"
to = ["tutor"]
[state.agreed.on.meeting_ready]
by = ["system"]
to = "stay"
needs = ["details"]
records = "meeting"
[state.agreed.on.join]
by = ["student", "tutor"]
to = "stay"
records = "joined"
[state.agreed.on.leave]
by = ["student", "tutor"]
to = "stay"
records = "left"
[state.agreed.on.suggest]
by = ["student"]
to = "suggested"
terms = "propose"
[state.agreed.on.force]
by = ["operator"]
to = "agreed"
terms = "propose"
[state.agreed.on.pause]
by = ["tutor"]
to = "paused"
[state.agreed.on.finish]
by = ["tutor"]
to = "taught"
settle = { tutor = "rest" }
[state.agreed.on.share]
by = ["tutor"]
to = "gone"
settle = { platform = "1/3", tutor = "1/3", student = "rest" }
mark = "shared"
fault = "student"
[state.agreed.timeout]
at = "lesson.end"
to = "taught"
settle = { tutor = "rest" }
[state.suggested]
beside = true
waits_for = "tutor"
timeout = { at = "asked + 10h", to = "back" }
[[state.suggested.reminder]]
at = "deadline - 30m"
to = ["tutor"]
[[state.suggested.reminder]]
at = "proposed.start - 2h"
to = ["student"]
[state.suggested.on.accept]
by = ["tutor"]
to = "back"
terms = "accept"
[state.suggested.on.decline]
by = ["tutor"]
to = "back"
[state.paused]
timeout = { at = "lesson.end", to = "gone", settle = { student = "rest" } }
[state.paused.on.resume]
by = ["tutor"]
to = "agreed"
[state.taught]
over = true
taught = true
[state.taught.on.review]
by = ["student"]
to = "stay"
records = "reviewed"
[state.gone]
over = true
"""
MACHINE = machine_of(load_policy(TABLE))
ON_ACCOUNT = machine_of(load_policy('settles = "due"\n' + TABLE))


def act(lesson: Lesson, verb: str, by: str, at: Instant, **cells: Any) -> Lesson:
    """Return the version that a command makes."""
    command = Command(verb, PartyId(by), Key("key"), L1, **cells)
    facts = GRANTED if by in ("robot", "ops") else NO_FACTS
    answer = decide(lesson.machine, lesson, command, facts, at)
    assert isinstance(answer, Lesson), answer
    return answer


def requested(machine: Machine = MACHINE) -> Lesson:
    """Return sue's lesson with tom, which pat asked for and pays."""
    people = (PartyId("tom"), PartyId("sue"), PartyId("pat"), PartyId("pat"))
    brief = Brief(L1, machine.hash, "", "EUR", NOW, *people)
    command = Command("request", PartyId("pat"), Key("key"), L1, offer=Offer(START, HOUR, 3001))
    lesson = decide(machine, brief, command, NO_FACTS, NOW)
    assert isinstance(lesson, Lesson)
    return lesson


def agreed(machine: Machine = MACHINE) -> Lesson:
    """Return the lesson as it was agreed an hour later."""
    return act(requested(machine), "accept", "tom", NOW + HOUR, proposal=1)


def with_meeting(lesson: Lesson | None = None) -> Lesson:
    """Return the agreed lesson with its meeting, made an hour later."""
    about = Particulars(source="video", details=(("tutor", "link"),))
    stood = lesson or agreed()
    return act(stood, "meeting_ready", "robot", NOW + 2 * HOUR, proposal=stood.terms.number, particulars=about)


def kinds(*versions: Lesson) -> list[list[tuple[str, int]]]:
    """Return what each version after the first leaves to be done about meetings: (kind, version named)."""
    return [
        [(each.kind, each.number) for each in messages_of(before, after) if each.kind != "told"]
        for before, after in pairwise(versions)
    ]


# Told.


def test_who_comes_and_goes_is_told_to_nobody() -> None:
    """Joins and leaves make no message at all; a review and a meeting's links do."""
    lesson = with_meeting()
    joined = act(lesson, "join", "sue", START)
    left = act(joined, "leave", "sue", START)
    over = act(left, "finish", "tom", START)
    reviewed = act(over, "review", "sue", START + HOUR)

    assert messages_of(lesson, joined) == messages_of(joined, left) == ()
    assert messages_of(over, reviewed) == (
        Message("told", L1, reviewed.number, (PartyId("tom"), PartyId("pat")), START + HOUR),
    )
    assert messages_of(agreed(), lesson) == (
        Message("told", L1, 3, (PartyId("sue"), PartyId("tom"), PartyId("pat")), NOW + 2 * HOUR),
    )


# Meetings.


def test_a_meeting_is_wanted_when_the_lesson_comes_to_have_one() -> None:
    """The first version in a state with a meeting wants one; a request does not."""
    assert messages_of(None, requested()) == (Message("told", L1, 1, (PartyId("sue"), PartyId("tom")), NOW),)
    assert messages_of(requested(), agreed())[1:] == (Message("meeting_wanted", L1, 2, (), NOW + HOUR),)


def test_a_lesson_that_is_agreed_when_it_is_asked_for_wants_a_meeting_at_once() -> None:
    """There is no version before, and the meeting is wanted all the same."""
    assert [each.kind for each in messages_of(None, agreed())] == ["told", "meeting_wanted"]


def test_asides_and_open_changes_want_nothing() -> None:
    """While what is agreed stands, so does its meeting, and one that is still to come is asked for once."""
    lesson = agreed()
    changing = act(lesson, "suggest", "sue", NOW + 2 * HOUR, offer=Offer(START + HOUR))
    declined = act(changing, "decline", "tom", NOW + 3 * HOUR)

    assert kinds(lesson, changing, declined, act(declined, "join", "sue", START)) == [[], [], []]
    assert kinds(lesson, with_meeting()) == [[]]


def test_other_terms_want_another_meeting_and_drop_the_one_that_was_made() -> None:
    """What is dropped is named by the version that had it, so that its provider can be found there."""
    lesson = with_meeting()
    moved = act(lesson, "force", "ops", NOW + 3 * HOUR, offer=Offer(START + HOUR))
    changing = act(lesson, "suggest", "sue", NOW + 3 * HOUR, offer=Offer(START + HOUR))
    accepted = act(changing, "accept", "tom", NOW + 4 * HOUR, proposal=2)

    assert kinds(lesson, moved) == [[("meeting_dropped", 3), ("meeting_wanted", 4)]]
    assert kinds(changing, accepted) == [[("meeting_dropped", 4), ("meeting_wanted", 5)]]
    assert messages_of(changing, accepted)[1] == Message("meeting_dropped", L1, 4, (), NOW + 4 * HOUR)


def test_other_terms_before_a_meeting_was_made_drop_nothing() -> None:
    """There is nothing to take back yet; the new meeting is wanted."""
    lesson = agreed()

    assert kinds(lesson, act(lesson, "force", "ops", NOW + 3 * HOUR, offer=Offer(START + HOUR))) == [
        [("meeting_wanted", 3)]
    ]


def test_a_lesson_that_leaves_drops_its_meeting_and_wants_another_when_it_comes_back() -> None:
    """Where the lesson stands says whether there is a meeting."""
    lesson = with_meeting()
    paused = act(lesson, "pause", "tom", NOW + 3 * HOUR)

    assert kinds(lesson, paused, act(paused, "resume", "tom", NOW + 4 * HOUR)) == [
        [("meeting_dropped", 3)],
        [("meeting_wanted", 5)],
    ]


@pytest.mark.parametrize(("step", "dropped"), [(-MICROSECOND, True), (timedelta(0), False), (MICROSECOND, False)])
def test_a_meeting_that_has_begun_is_left(step: timedelta, dropped: bool) -> None:
    """From the start on nobody calls a meeting off: people may be in it."""
    lesson = with_meeting()

    assert kinds(lesson, act(lesson, "share", "tom", START + step)) == [[("meeting_dropped", 3)] if dropped else []]


# Reminders.


def told(lesson: Lesson) -> list[tuple[int, timedelta, tuple[str, ...]]]:
    """Return the reminders of a lesson: position, how long after `NOW`, and for whom."""
    assert all(each[:2] == (L1, lesson.number) for each in reminders_of(lesson))
    return [(each.position, each.at - NOW, tuple(each.audience)) for each in reminders_of(lesson)]


def test_a_reminder_of_a_request_counts_from_its_deadline() -> None:
    """Two hours before the deadline the tutor is reminded; what is past or absent is left out."""
    assert reminders_of(requested()) == (Reminded(L1, 1, 0, NOW + 46 * HOUR, (PartyId("tom"),)),)


def test_reminders_are_those_of_the_state_for_each_person_once() -> None:
    """Who asked and pays is one person, and is reminded once; both reminders name where they stand in their order."""
    assert told(agreed()) == [(0, 76 * HOUR, ("sue", "pat")), (1, 100 * HOUR, ("tom",))]


@pytest.mark.parametrize(("step", "left"), [(-MICROSECOND, 2), (timedelta(0), 1), (MICROSECOND, 1)])
def test_what_is_past_when_a_version_is_made_is_not_reminded_of(step: timedelta, left: int) -> None:
    """A version made at the instant of a reminder does not have it any more: whoever acts then knows."""
    lesson = act(agreed(), "join", "sue", START - 24 * HOUR + step)

    assert len(reminders_of(lesson)) == left
    assert [each.number for each in reminders_of(lesson)] == [3] * left


def test_an_open_change_has_reminders_of_its_own_after_those_of_the_lesson() -> None:
    """Its deadline is the change's, and it may name the proposed start; what belongs to the lesson goes on."""
    changing = act(agreed(), "suggest", "sue", NOW + 2 * HOUR, offer=Offer(START + 5 * HOUR))
    declined = act(changing, "decline", "tom", NOW + 3 * HOUR)

    assert told(changing) == [
        (0, 76 * HOUR, ("sue", "pat")),
        (1, 100 * HOUR, ("tom",)),
        (2, 11.5 * HOUR, ("tom",)),
        (3, 103 * HOUR, ("sue",)),
    ]
    assert told(declined) == told(agreed())


def test_other_terms_have_other_reminders() -> None:
    """Reminders follow the terms that stand."""
    moved = act(agreed(), "force", "ops", NOW + 3 * HOUR, offer=Offer(START + 10 * HOUR))

    assert told(moved) == [(0, 86 * HOUR, ("sue", "pat")), (1, 110 * HOUR, ("tom",))]


def test_without_a_deadline_there_is_none_to_count_from() -> None:
    """A reminder before a deadline needs one."""
    lesson = agreed()._replace(due=None, why=None)

    assert told(lesson) == [(0, 76 * HOUR, ("sue", "pat"))]


def test_a_lesson_that_is_over_reminds_nobody() -> None:
    """There is nothing left to think of."""
    assert reminders_of(advance(agreed(), START + HOUR)[-1]) == ()


# Marks, and time taught.


@pytest.mark.parametrize("by_time", [True, False])
def test_time_taught_is_counted_for_both_when_the_lesson_was_taught(by_time: bool) -> None:
    """However it comes to its end, its length is counted once, in microseconds, at the instant of that version."""
    lesson = agreed()
    over = advance(lesson, START + HOUR)[-1] if by_time else act(lesson, "finish", "tom", START)
    reviewed = act(over, "review", "sue", START + 2 * HOUR)

    assert (
        taught_by(over)
        == marks_of(over)
        == (
            Mark(L1, 3, PartyId("tom"), "taught", over.at, 3_600_000_000),
            Mark(L1, 3, PartyId("sue"), "taught", over.at, 3_600_000_000),
        )
    )
    assert taught_by(lesson) == taught_by(reviewed) == marks_of(reviewed) == ()


def test_a_lesson_that_was_not_taught_counts_its_mark_alone() -> None:
    """Where a lesson ends otherwise nobody has taught anything."""
    shared = act(agreed(), "share", "tom", START)

    assert marks_of(shared) == (Mark(L1, 3, PartyId("sue"), "shared", START, 1),)


# Where nothing is held.


def test_what_is_not_held_is_owed_and_due_when_it_is_settled() -> None:
    """The payer owes, the tutor is due, the platform earns its fee; nothing is pending that could clear."""
    lesson = agreed(ON_ACCOUNT)

    over = advance(lesson, START + HOUR)[-1]
    entry = entry_of(over)

    assert (lesson.held, lesson.legs, entry_of(lesson)) == (0, (), None)
    assert over.legs == (("owed", -3001), ("due", 2701), ("platform", 300))
    assert over.held == 0
    assert entry is not None
    assert entry.kind == "due"
    assert dict(entry.legs) == {owed(PartyId("pat")): 3001, due(PartyId("tom")): -2701, COMMISSION: -300}
    assert clearing_of(over, HOUR) is None


def test_what_falls_to_the_student_is_not_owed() -> None:
    """A third each for tutor and platform: the rest was never paid and is not owed."""
    shared = act(agreed(ON_ACCOUNT), "share", "tom", START)
    gone = advance(requested(ON_ACCOUNT), NOW + 48 * HOUR)[-1]

    assert dict(shared.legs) == {"owed": -2000, "due": 900, "platform": 1100}
    assert (gone.state, gone.legs, entry_of(gone)) == ("gone", (), None)


SINCE = machine_of(
    load_policy(
        TABLE.replace('at = "deadline - 30m"', 'at = "entered + 3h"').replace(
            'at = "lesson.start - 24h"', 'at = "entered + 50h"'
        )
    )
)


def test_a_reminder_of_a_change_counts_from_when_it_was_opened() -> None:
    """`entered` beside is when the change came there; in the reminders of the lesson, when the lesson did."""
    lesson = act(agreed(SINCE), "suggest", "sue", NOW + 5 * HOUR, offer=Offer(START + 9 * HOUR))

    later = act(lesson, "join", "sue", NOW + 6 * HOUR)

    of_the_change = [each for each in told(lesson) if each[1] == 8 * HOUR]
    assert of_the_change == [(2, 8 * HOUR, ("tom",))]
    assert told(later) == told(lesson)
    assert told(lesson)[0][:2] == (0, 51 * HOUR)
