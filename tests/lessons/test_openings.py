"""Ways in and on: booked at once, paid before the answer, asked for again, locked when changed late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant, instant
from tutorcore.lessons.decision import advance, decide, facts_needed
from tutorcore.lessons.lesson import NO_FACTS, Brief, Command, Facts, Lesson, Offer
from tutorcore.lessons.options import allowed
from tutorcore.lessons.refusals import Refusal
from tutorcore.policy.codec import load_policy, machine_of
from tutorcore.policy.machine import Machine

NOW = instant("2026-03-02T10:00:00Z")
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
START = NOW + 100 * HOUR

INSTANT = """
id = "own"
extends = "lesson/1"
currency = "EUR"
[request]
by = ["student"]
when = "notice >= 1h"
instant = 'lesson.kind == "trial" and notice >= 24h'
answer_by = "earliest(asked + 48h, lesson.start)"
hold = "{hold}"
[agree]
when = "has(tutor, teaches) and count(late, student) < 2"
[[cancel.cases]]
by = ["student"]
mark = "late"
[complete]
silence = {{ at = "lesson.end", becomes = "completed" }}
"""
PAYING = """
id = "own"
extends = "lesson/1"
currency = "EUR"
[request]
by = ["requester"]
hold = "when_paid"
answers = ["accept", "decline", "propose"]
answer_by = "earliest(asked + 48h, lesson.start)"
withdraw = { becomes = "withdrawn" }
[request.payment]
pay_by = "asked + 6h"
silence = { becomes = "never_paid" }
[request.propose]
may_change = ["price"]
answer_by = "asked + 48h"
[complete]
silence = { at = "lesson.end", becomes = "completed" }
"""
AGAIN = """
id = "own"
extends = "lesson/1"
currency = "EUR"
[request]
by = ["student"]
answer_by = "earliest(asked + 48h, lesson.start)"
silence = { becomes = "declined" }
[change]
as = "request_again"
otherwise = "original_dies"
by = ["student"]
when = "notice >= 24h"
may_change = ["start", "duration"]
override = { by = ["operator"] }
[complete]
silence = { at = "lesson.end", becomes = "completed" }
"""
LOCKING = """
id = "own"
extends = "lesson/1"
currency = "EUR"
[request]
by = ["student"]
answer_by = "earliest(asked + 48h, lesson.start)"
[change]
by = ["student", "tutor"]
may_change = ["start"]
answer_by = "asked + 12h"
locks = "lesson.start - now < 24h"
[[cancel.cases]]
by = ["student"]
[[cancel.cases]]
by = ["tutor"]
needs = ["reason"]
locked = true
[complete]
silence = { at = "lesson.end", becomes = "completed" }
"""
TEACHES = Facts(counts={"count(late, student)": 0}, has=frozenset({"has(tutor, teaches)"}))


def brief(machine: Machine) -> Brief:
    """Return the lesson of sue with tom, which pat asks for and pays where the policy lets her."""
    asks = PartyId("sue") if "student" in machine.process.openings[0].by else PartyId("pat")
    people = (PartyId("tom"), PartyId("sue"), PartyId("pat"), asks)
    return Brief(LessonId("L1"), machine.hash, "", "EUR", NOW, *people)


def act(lesson: Lesson, verb: str, by: str, at: Instant, facts: Facts = NO_FACTS, **cells: Any) -> Lesson | Refusal:
    """Return what a command makes of a lesson."""
    command = Command(verb, PartyId(by), Key("key"), LessonId("L1"), **cells)
    return decide(lesson.machine, lesson, command, facts, at)


def done(answer: Lesson | Refusal) -> Lesson:
    """Return the version that was made; fail on a refusal."""
    assert isinstance(answer, Lesson), answer
    return answer


def request(machine: Machine, facts: Facts = NO_FACTS, start: Instant = START, kind: str = "") -> Lesson | Refusal:
    """Return what becomes of a request for an hour at 25.00."""
    asked = brief(machine)
    offer = Offer(start, HOUR, 2500, kind)
    command = Command("request", asked.requester, Key("key"), LessonId("L1"), offer=offer)
    return decide(machine, asked, command, facts, NOW)


# Several opening rows: instant booking.


@pytest.mark.parametrize(
    ("kind", "notice", "facts", "state"),
    [
        ("trial", 24 * HOUR, TEACHES, "agreed"),
        ("trial", 24 * HOUR + MICROSECOND, TEACHES, "agreed"),
        ("trial", 24 * HOUR - MICROSECOND, TEACHES, "requested"),
        ("", 24 * HOUR, TEACHES, "requested"),
        # What stands against agreeing stands against booking at once; one may still ask.
        ("trial", 24 * HOUR, NO_FACTS, "requested"),
        ("trial", 24 * HOUR, Facts(counts={"count(late, student)": 2}, has=TEACHES.has), "requested"),
        ("trial", HOUR - MICROSECOND, TEACHES, "guard"),
    ],
)  # fmt: skip
def test_the_first_opening_row_whose_guard_holds_decides(
    kind: str, notice: timedelta, facts: Facts, state: str
) -> None:
    """A trial with notice is agreed as it is asked for; everything else is asked for, if it may be."""
    machine = machine_of(load_policy(INSTANT.format(hold="when_asked")))
    facts = Facts(counts=facts.counts or TEACHES.counts, has=facts.has)

    answer = request(machine, facts, NOW + notice, kind)

    assert (answer.code if isinstance(answer, Refusal) else answer.state) == state


@pytest.mark.parametrize(
    ("hold", "legs"), [("when_asked", (("payer", -2500),)), ("when_agreed", (("payer", -2500),)), ("none", ())]
)
def test_what_is_booked_at_once_is_held_at_once(hold: str, legs: tuple[tuple[str, int], ...]) -> None:
    """There is no later moment: whoever books pays, unless nothing is held at all."""
    machine = machine_of(load_policy(INSTANT.format(hold=hold)))

    lesson = done(request(machine, TEACHES, kind="trial"))

    assert (lesson.state, lesson.legs, lesson.held) == ("agreed", legs, -sum(amount for _, amount in legs))
    assert lesson.due == START
    assert lesson.terms.occurrence == 1


def test_what_the_opening_rows_may_ask_for_is_known_before_and_kept_with_the_version() -> None:
    """All rows of the verb are asked about; what they read belongs to the record, whichever row was taken."""
    machine = machine_of(load_policy(INSTANT.format(hold="when_asked")))

    needed = facts_needed(machine, brief(machine), "request")
    asked = done(request(machine, Facts(counts=TEACHES.counts), kind="trial"))
    lesson = done(act(asked, "accept", "tom", NOW, TEACHES, proposal=1))

    assert sorted(map(str, needed)) == ["count(late, student)", "has(tutor, teaches)"]
    assert sorted(map(str, facts_needed(machine, asked, "accept"))) == ["count(late, student)", "has(tutor, teaches)"]
    assert facts_needed(machine, asked, "decline") == frozenset()
    assert (asked.facts, lesson.facts) == (Facts(counts=TEACHES.counts), TEACHES)


# Payment before the answer.


def test_a_request_that_is_to_be_paid_first_waits_for_the_payer() -> None:
    """Nothing is held and the tutor has nothing to answer until the payer has paid; then the answer's clock runs."""
    unpaid = done(request(machine_of(load_policy(PAYING))))
    paid = done(act(unpaid, "pay", "pat", NOW + 5 * HOUR))

    assert (unpaid.state, unpaid.waits_for, unpaid.held, unpaid.due) == ("unpaid", "payer", 0, NOW + 6 * HOUR)
    assert (paid.state, paid.waits_for, paid.held, paid.legs) == ("requested", "tutor", 2500, (("payer", -2500),))
    assert paid.due == NOW + 53 * HOUR
    assert isinstance(act(unpaid, "accept", "tom", NOW, proposal=1), Refusal)
    assert isinstance(act(unpaid, "pay", "sue", NOW), Refusal)


def test_a_request_that_nobody_pays_ends_without_an_entry() -> None:
    """At the deadline it is over; nothing was held and nothing goes back. The payer's silence is the payer's fault."""
    unpaid = done(request(machine_of(load_policy(PAYING))))

    (over,) = advance(unpaid, NOW + 6 * HOUR)

    assert (over.state, over.legs, over.step.fault) == ("never_paid", (), "payer")
    assert isinstance(act(unpaid, "pay", "pat", NOW + 6 * HOUR - MICROSECOND), Lesson)


@pytest.mark.parametrize(("price", "legs", "held"), [(2000, (("payer", 500),), 2000), (3000, (("payer", -500),), 3000)])
def test_what_is_agreed_later_is_held_exactly(price: int, legs: tuple[tuple[str, int], ...], held: int) -> None:
    """A counter-offer changes what was paid only when it is accepted."""
    paid = done(act(done(request(machine_of(load_policy(PAYING)))), "pay", "pat", NOW))
    countered = done(act(paid, "propose", "tom", NOW, offer=Offer(price=price)))

    agreed = done(act(countered, "accept", "pat", NOW, proposal=2))

    assert (countered.held, countered.legs) == (2500, ())
    assert (agreed.held, agreed.legs) == (held, legs)


# Asked for again.


def again() -> Lesson:
    """Return a lesson that was agreed."""
    asked = done(request(machine_of(load_policy(AGAIN))))
    return done(act(asked, "accept", "tom", NOW + HOUR, proposal=1))


def test_a_lesson_asked_for_again_is_the_next_occurrence() -> None:
    """Under the same id the terms count how often the lesson was asked for; agreeing and answering count nothing."""
    first = again()

    asked = done(act(first, "propose", "sue", NOW + 2 * HOUR, offer=Offer(START + 5 * HOUR)))
    agreed = done(act(asked, "accept", "tom", NOW + 3 * HOUR, proposal=2))
    third = done(act(agreed, "propose", "sue", NOW + 4 * HOUR, offer=Offer(START + 6 * HOUR)))

    assert [each.terms.occurrence for each in (first, asked, agreed, third)] == [1, 2, 2, 3]
    assert (asked.state, asked.waits_for, asked.due, asked.change) == ("requested", "tutor", NOW + 50 * HOUR, None)
    assert (asked.terms.number, asked.terms.start, asked.id) == (2, START + 5 * HOUR, first.id)


def test_a_lesson_that_is_moved_by_somebody_else_is_the_same_occurrence() -> None:
    """What stays agreed is not asked for again."""
    operator = Facts(frozenset({"operator"}))

    moved = done(act(again(), "reschedule", "ops", NOW + 2 * HOUR, operator, offer=Offer(START + HOUR), reason="ill"))

    assert (moved.terms.number, moved.terms.occurrence) == (2, 1)


def test_what_is_not_agreed_again_does_not_take_place() -> None:
    """The silence of the second request ends the lesson, and what was held goes back."""
    asked = done(act(again(), "propose", "sue", NOW + 2 * HOUR, offer=Offer(START + 5 * HOUR)))

    (over,) = advance(asked, NOW + 50 * HOUR)

    assert (over.state, over.legs, over.held) == ("declined", (("payer", 2500),), 0)


# Changed late, and locked.


def changing(notice: timedelta) -> tuple[Lesson, Instant]:
    """Return a lesson with a change open beside it, and the instant that much before its start."""
    asked = done(request(machine_of(load_policy(LOCKING))))
    lesson = done(act(asked, "accept", "tom", NOW, proposal=1))
    at = START - notice
    return done(act(lesson, "propose", "sue", at - HOUR, offer=Offer(START + 50 * HOUR))), at


@pytest.mark.parametrize(
    ("notice", "state"),
    [(24 * HOUR + MICROSECOND, "agreed"), (24 * HOUR, "agreed"), (24 * HOUR - MICROSECOND, "locked")],
)
def test_a_change_that_is_agreed_late_locks_the_lesson(notice: timedelta, state: str) -> None:
    """Less than a day before the start the student buys a new time with the right to cancel."""
    lesson, at = changing(notice)

    accepted = done(act(lesson, "accept", "tom", at, proposal=2))
    verbs = {option.verb for option in allowed(accepted, PartyId("sue"), NO_FACTS, at)}
    teacher = {option.verb for option in allowed(accepted, PartyId("tom"), NO_FACTS, at)}

    assert (accepted.state, accepted.terms.number, accepted.change) == (state, 2, None)
    assert accepted.due == START + 50 * HOUR
    assert verbs == ({"propose", "cancel"} if state == "agreed" else {"propose"})
    assert teacher == {"propose", "cancel"}
    assert accepted.place.state.agreed
    assert [each.state for each in advance(accepted, START + 51 * HOUR)] == ["in_progress", "completed"]


def test_a_locked_lesson_stays_locked() -> None:
    """Another change of it, agreed in good time, leads back to where it stood."""
    lesson, at = changing(HOUR)
    locked = done(act(lesson, "accept", "tom", at, proposal=2))

    second = done(act(locked, "propose", "tom", at, offer=Offer(START + 90 * HOUR)))
    accepted = done(act(second, "accept", "sue", at, proposal=3))

    assert (accepted.state, accepted.terms.number) == ("locked", 3)
