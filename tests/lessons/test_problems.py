"""Problems: what is wrong is reported with a remedy, and the two settle it by taking one up, in words or by silence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.errors import InvalidValue, InvariantError, Mistakes
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant, instant
from tutorcore.lessons import (
    Brief,
    Command,
    Facts,
    Lesson,
    Offer,
    Particulars,
    Preview,
    Problem,
    Refusal,
    Settled,
    advance,
    allowed,
    claims_of,
    decide,
    entry_of,
    lapse_of,
    mark_of,
    next_deadline,
    notice_of,
    preview,
    reminders_of,
)
from tutorcore.lessons.decision import is_due
from tutorcore.lessons.options import Option
from tutorcore.lessons.records import brief_of, brief_record, due_of, lesson_of, lesson_record
from tutorcore.policy import load_policy, machine_of
from tutorcore.policy.settlement import Settlement

ASKED = instant("2026-03-02T10:00:00Z")
HOUR = timedelta(hours=1)
WEEK = 7 * 24 * HOUR
MICROSECOND = timedelta(microseconds=1)
START = ASKED + 100 * HOUR
END = START + HOUR
REPORTED = END + HOUR
ANSWERED = REPORTED + HOUR

MACHINE = machine_of(
    load_policy("""
id = "own"
extends = "process/1"
currency = "EUR"
fees = { commission = "15%" }
[opening]
verb = "request"
by = ["student"]
to = "requested"
terms = "propose"
hold = "cover"
[state.requested]
waits_for = "tutor"
timeout = { at = "lesson.start", to = "gone", settle = { student = "rest" } }
[state.requested.on.accept]
by = ["tutor"]
to = "agreed"
terms = "accept"
hold = "exact"
[state.agreed]
slot = "firm"
agreed = true
timeout = { at = "lesson.end", to = "delivered" }
[state.delivered]
waits_for = "student"
timeout = { at = "lesson.end + 72h", to = "settled", settle = { tutor = "rest" }, if_past = "fire" }
[[state.delivered.on.report]]
by = ["student"]
to = "problem_by_student"
when = 'not remedy == "reschedule"'
needs = ["reason"]
remedies = ["refund", "pay", "split"]
[[state.delivered.on.report]]
by = ["student"]
to = "reschedule_by_student"
when = 'remedy == "reschedule"'
needs = ["reason"]
remedies = ["reschedule"]
[[state.delivered.on.report]]
by = ["tutor"]
to = "problem_by_tutor"
remedies = ["pay"]
[state.problem_by_student]
waits_for = "tutor"
problem = true
[state.problem_by_student.timeout]
at = "asked + 168h"
to = "settled"
agrees = true
cases = [
  { when = 'reason == "absent"', settle = "as_given", mark = "missed_attendance", fault = "tutor" },
  { when = 'blamed == "student"', settle = "as_given", mark = "rude", fault = "student" },
  { settle = "as_given" },
]
[state.problem_by_student.on.accept]
by = ["tutor", "operator"]
to = "settled"
agrees = true
cases = [
  { when = 'reason == "absent"', settle = "as_given", mark = "missed_attendance", fault = "tutor" },
  { when = 'blamed == "student"', settle = "as_given", mark = "rude", fault = "student" },
  { when = 'remedy == "pay"', settle = "as_given", mark = "paid", fault = "student" },
  { settle = "as_given" },
]
[[state.problem_by_student.on.counter]]
by = ["tutor"]
to = "reschedule_by_tutor"
when = 'remedy == "reschedule"'
remedies = ["reschedule"]
[[state.problem_by_student.on.counter]]
by = ["tutor"]
to = "problem_by_tutor"
remedies = ["refund", "pay", "split"]
[state.problem_by_student.on.change_mind]
by = ["student"]
to = "stay"
remedies = ["refund", "split"]
[state.problem_by_student.on.decline]
by = ["tutor"]
to = "disputed"
[state.problem_by_student.on.withdraw]
by = ["student"]
to = "delivered"
[state.problem_by_student.on.evidence]
by = ["student", "tutor", "operator"]
to = "stay"
records = "evidence"
[state.problem_by_tutor]
waits_for = "student"
problem = true
timeout = { at = "asked + 168h", to = "settled", agrees = true, settle = "as_given" }
[state.problem_by_tutor.on.accept]
by = ["student", "payer"]
to = "settled"
agrees = true
settle = "as_given"
[state.problem_by_tutor.on.counter]
by = ["student"]
to = "problem_by_student"
remedies = ["refund", "pay", "split"]
[state.reschedule_by_student]
waits_for = "tutor"
problem = true
timeout = { at = "asked + 168h", to = "rescheduling", agrees = true }
[state.reschedule_by_student.on.accept]
by = ["tutor"]
to = "rescheduling"
agrees = true
[state.reschedule_by_tutor]
waits_for = "student"
problem = true
timeout = { at = "asked + 168h", to = "rescheduling", agrees = true }
[state.rescheduling]
problem = true
yields = true
reminder = [{ at = "deadline - 24h", to = ["student"] }, { at = "lesson.end + 48h", to = ["tutor"] }]
[state.rescheduling.timeout]
at = "entered + 168h"
to = "settled"
if_past = "fire"
settle = { tutor = "50%", student = "rest" }
[state.rescheduling.on.propose]
by = ["student"]
to = "new_time"
terms = "propose"
may_change = ["start", "duration"]
[state.rescheduling.on.escalate]
by = ["student", "tutor"]
to = "disputed"
[state.new_time]
waits_for = "tutor"
slot = "tentative"
beside = true
[state.new_time.timeout]
at = "earliest(asked + 168h, proposed.start)"
to = "settled"
fault = "holder"
mark = "no_show"
settle = { student = "rest" }
[state.new_time.on.accept]
by = ["tutor"]
to = "agreed"
terms = "accept"
[state.new_time.on.decline]
by = ["tutor"]
to = "back"
[state.new_time.on.withdraw]
by = ["student"]
to = "back"
[state.new_time.on.counter]
by = ["tutor"]
to = "new_time"
terms = "propose"
may_change = ["start"]
[state.disputed]
waits_for = "operator"
problem = true
[state.disputed.timeout]
at = "entered + 720h"
to = "settled"
settle = { tutor = "50%", student = "rest" }
[state.disputed.on.resolve]
by = ["operator"]
to = "settled"
needs = ["reason", "split"]
settle = "as_given"
[state.disputed.on.evidence]
by = ["student", "tutor"]
to = "stay"
records = "evidence"
[state.settled]
over = true
[state.gone]
over = true
""")
)
OPERATOR = Facts(frozenset({"operator"}))
REFUND, PAY, AGAIN = Particulars(remedy="refund"), Particulars(remedy="pay"), Particulars(remedy="reschedule")


def split(tutor: str, **said: Any) -> Particulars:
    """Return what is said with a split that gives the tutor so much and the student the rest."""
    return Particulars(remedy="split", split=Settlement.of({"tutor": tutor, "student": "rest"}), **said)


def answer(lesson: Lesson, verb: str, by: str, at: Instant, said: Particulars | None = None, **cells: Any) -> Any:
    """Return the answer to a command; the operator acts by a grant, everybody else as who they are."""
    command = Command(verb, PartyId(by), Key("k"), LessonId("L1"), particulars=said, **cells)
    return decide(lesson.machine, lesson, command, OPERATOR if by == "olga" else Facts(), at)


def act(lesson: Lesson, verb: str, by: str, at: Instant, said: Particulars | None = None, **cells: Any) -> Lesson:
    """Return the version that a command makes, which deciding again makes too, and which survives being stored."""
    found = answer(lesson, verb, by, at, said, **cells)
    assert isinstance(found, Lesson), found
    assert found == answer(lesson, verb, by, at, said, **cells)
    assert lesson_of(lesson_record(found), brief_of(brief_record(found.brief)), found.machine) == found
    return found


def refused(lesson: Lesson, verb: str, by: str, at: Instant, said: Particulars | None = None, **cells: Any) -> str:
    """Return the code and the fact of the refusal of a command."""
    found = answer(lesson, verb, by, at, said, **cells)
    assert isinstance(found, Refusal), found
    return f"{found.code}: {found.facts.get('problem') or found.facts.get('needs') or found.facts.get('current')}"


def delivered(price: int = 2500) -> Lesson:
    """Return the lesson of sue with tom, paid by pat, that took place and is not confirmed yet."""
    brief = Brief(
        LessonId("L1"), MACHINE.hash, "", "EUR", ASKED, PartyId("tom"), PartyId("sue"), PartyId("pat"), PartyId("sue")
    )
    command = Command("request", PartyId("sue"), Key("k"), brief.id, offer=Offer(START, HOUR, price))
    lesson = decide(MACHINE, brief, command, Facts(), ASKED)
    assert isinstance(lesson, Lesson)
    agreed = act(lesson, "accept", "tom", ASKED + HOUR, proposal=1)
    (found,) = advance(agreed, END)
    return found


def reported(said: Particulars = REFUND, reason: str = "late") -> Lesson:
    """Return the lesson with a problem that the student has reported."""
    return act(delivered(), "report", "sue", REPORTED, said, reason=reason)


def rescheduling() -> Lesson:
    """Return the lesson that both agreed to have at another time, which nobody has proposed yet."""
    return act(reported(AGAIN), "accept", "tom", ANSWERED, proposal=2)


def proposed(start: Instant = END + 100 * HOUR) -> Lesson:
    """Return the lesson with a new time on the table."""
    return act(rescheduling(), "propose", "sue", ANSWERED + HOUR, offer=Offer(start))


# A remedy on the table.


@pytest.mark.parametrize(
    ("said", "meant", "state"),
    [
        (REFUND, Settlement.of({"student": "100%"}), "problem_by_student"),
        (PAY, Settlement.of({"tutor": "100%"}), "problem_by_student"),
        (split("40%"), Settlement.of({"tutor": "40%", "student": "rest"}), "problem_by_student"),
        (AGAIN, None, "reschedule_by_student"),
    ],
)
def test_a_report_puts_a_remedy_on_the_table(said: Particulars, meant: Settlement | None, state: str) -> None:
    """It is numbered like a proposal of terms, and kept as what it comes to, with its reason and who put it there."""
    lesson = reported(said)

    assert lesson.problem == Problem(2, "student", "late", Particulars(remedy=said.remedy, split=meant))
    assert (lesson.state, lesson.rounds, lesson.held, lesson.legs) == (state, 2, 2500, ())
    assert (lesson.waits_for, lesson.proposal, lesson.settled) == ("tutor", 1, None)
    assert next_deadline(lesson) is not None
    assert due_of(lesson) == REPORTED + WEEK


def test_what_else_is_said_with_a_remedy_is_kept_with_it() -> None:
    """Whom it blames stays with the remedy; the evidence brought with it stays in the log."""
    lesson = reported(Particulars(remedy="refund", blamed="student", details=(("photo", "1"),)))

    assert lesson.problem is not None
    assert lesson.problem.particulars.blamed == "student"
    assert lesson.problem.particulars.details == ()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (None, "missing: a remedy: refund, pay, split"),
        (Particulars(blamed="tutor"), "missing: a remedy: refund, pay, split"),
        (Particulars(remedy="split"), "missing: a split of what is held"),
        (
            Particulars(remedy="refund", split=Settlement.of({"student": "100%"})),
            "bad_terms: only the remedy split divides as somebody says, not refund",
        ),
        (AGAIN, "missing: a reason"),
    ],
)
def test_a_report_has_to_say_its_remedy(said: Particulars | None, code: str) -> None:
    """The remedy is named, a split is said with the remedy of that name and with no other."""
    reason = "" if said is AGAIN else "late"

    assert refused(delivered(), "report", "sue", REPORTED, said, reason=reason) == code


def test_only_the_remedies_of_the_row_may_be_named() -> None:
    """A remedy that is not open to this side is refused with those that are, before anything is said of its split."""
    expected = "bad_terms: split is none of the remedies here: pay"

    assert refused(delivered(), "report", "tom", REPORTED, split("40%")) == expected
    assert refused(delivered(), "report", "tom", REPORTED, Particulars(remedy="split")) == expected
    assert act(delivered(), "report", "tom", REPORTED, PAY).problem == Problem(
        2, "tutor", "", Particulars(remedy="pay", split=Settlement.of({"tutor": "100%"}))
    )


@pytest.mark.parametrize(("given", "kept"), [("", "late"), ("not so", "not so"), ("late", "late")])
def test_a_counter_has_a_reason_of_its_own_or_keeps_that_of_the_report(given: str, kept: str) -> None:
    """The other side's own remedy takes the place of the first, gets the next number, and hands the turn back."""
    lesson = act(reported(), "counter", "tom", ANSWERED, split("50%"), reason=given)

    assert lesson.problem is not None
    assert (lesson.problem.number, lesson.problem.role, lesson.problem.reason) == (3, "tutor", kept)
    assert lesson.problem.particulars == split("50%")
    assert (lesson.state, lesson.waits_for, due_of(lesson)) == ("problem_by_tutor", "student", ANSWERED + WEEK)


@pytest.mark.parametrize(
    ("stood", "said"),
    [
        (REFUND, REFUND),
        (REFUND, split("0%")),
        (split("100%"), PAY),
        (split("50%"), Particulars(remedy="split", split=Settlement.of({"student": "50%", "tutor": "50%"}))),
    ],
)
def test_a_remedy_like_the_one_on_the_table_is_no_other(stood: Particulars, said: Particulars) -> None:
    """A remedy that comes to the same, however it is called and written, is refused with the number to take up."""
    code = refused(reported(stood), "counter", "tom", ANSWERED, said)

    assert code == "bad_terms: this is the remedy of proposal 2 already"


def test_the_same_remedy_for_another_reason_is_another_remedy() -> None:
    """Whoever agrees about the money but not about why says so; the reason in force then is theirs."""
    assert refused(reported(), "counter", "tom", ANSWERED, REFUND, reason="late").startswith("bad_terms: this is")
    countered = act(reported(), "counter", "tom", ANSWERED, REFUND, reason="absent")
    again = act(countered, "counter", "sue", ANSWERED + HOUR, split("10%"))

    assert (countered.problem, again.problem) == (
        Problem(3, "tutor", "absent", Particulars(remedy="refund", split=Settlement.of({"student": "100%"}))),
        Problem(4, "student", "absent", split("10%")),
    )


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ({"tutor": "0%", "student": "rest"}, "refund"),
        ({"student": "rest"}, "refund"),
        ({"tutor": "rest", "student": "0%"}, "pay"),
        ({"tutor": "99%", "student": "rest"}, "split"),
    ],
)
def test_a_split_that_gives_one_side_everything_is_the_remedy_of_that_name(said: dict[str, str], remedy: str) -> None:
    """What is said of a refund or a payment holds for it however it is worded."""
    lesson = reported(Particulars(remedy="split", split=Settlement.of(said)))

    assert lesson.problem is not None
    assert lesson.problem.particulars.remedy == remedy
    assert lesson.problem.particulars.split is not None
    assert lesson.problem.particulars.split.meaning == Settlement.of(said).meaning


@pytest.mark.parametrize("part", ["1%", "0%", "rest"])
def test_a_remedy_divides_between_the_two_sides_only(part: str) -> None:
    """The platform takes its fee and decides disputes; the two give it nothing of what is held."""
    said = {"platform": part, "tutor": "10%", "student": "89%" if part == "1%" else "90%" if part == "0%" else "20%"}
    code = refused(
        delivered(), "report", "sue", REPORTED, Particulars(remedy="split", split=Settlement.of(said)), reason="x"
    )

    assert code == "bad_terms: a remedy divides between the student and the tutor; the platform is neither"


def test_rescheduling_twice_is_no_other_remedy() -> None:
    """A remedy that divides nothing is compared by its name; one that divides is another one."""
    assert act(reported(), "counter", "tom", ANSWERED, AGAIN).state == "reschedule_by_tutor"
    changed = act(reported(), "change_mind", "sue", ANSWERED, split("10%"))

    assert changed.problem is not None
    assert (changed.state, changed.problem.number, changed.problem.role) == ("problem_by_student", 3, "student")
    assert refused(changed, "change_mind", "sue", ANSWERED, split("10%")).startswith("bad_terms: this is the remedy")


def test_a_withdrawn_problem_is_forgotten() -> None:
    """Nothing of it is left, and the clock of the state it came from runs again; a new report has its own reason."""
    back = act(reported(), "withdraw", "sue", ANSWERED)
    again = act(back, "report", "sue", ANSWERED + HOUR, PAY, reason="sorry")

    assert (back.state, back.problem, due_of(back)) == ("delivered", None, END + 72 * HOUR)
    assert again.problem is not None
    assert (again.problem.number, again.problem.reason) == (3, "sorry")


def test_a_problem_withdrawn_late_leaves_no_time() -> None:
    """A clock that has run out meanwhile rings at once, at the instant of the withdrawal."""
    back = act(reported(), "withdraw", "sue", END + 80 * HOUR)
    (settled,) = advance(back, END + 80 * HOUR)

    assert is_due(back, END + 80 * HOUR)
    assert (settled.at, settled.state, settled.held) == (END + 80 * HOUR, "settled", 0)


# Taking it up.


@pytest.mark.parametrize(
    ("said", "legs"),
    [
        (REFUND, (("payer", 2500),)),
        (PAY, (("tutor", 2125), ("platform", 375))),
        (split("40%"), (("tutor", 850), ("payer", 1500), ("platform", 150))),
    ],
)
@pytest.mark.parametrize("silent", [False, True])
def test_what_is_taken_up_is_what_was_said(said: Particulars, legs: Any, silent: bool) -> None:
    """Whether it is accepted or met with silence, the remedy on the table settles what is held."""
    lesson = reported(said)
    if silent:
        (settled,) = advance(lesson, REPORTED + WEEK)
    else:
        settled = act(lesson, "accept", "tom", ANSWERED, proposal=2)

    assert (settled.legs, settled.settled, settled.held) == (legs, Settled(legs, settled.at, None), 0)
    assert (settled.state, settled.problem, settled.over) == ("settled", None, True)
    assert settled.at == (REPORTED + WEEK if silent else ANSWERED)
    assert sum(amount for _, amount in settled.legs) == 2500


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize(
    ("said", "reason", "mark"),
    [
        (REFUND, "absent", "missed_attendance"),
        (Particulars(remedy="refund", blamed="student"), "late", "rude"),
        (REFUND, "late", None),
    ],
)
def test_the_cases_read_what_was_said_with_the_remedy(
    said: Particulars, reason: str, mark: str | None, silent: bool
) -> None:
    """The reason of the report decides whose fault it was, not what is said by whoever accepts, or that nobody does."""
    lesson = reported(said, reason)
    if silent:
        (settled,) = advance(lesson, REPORTED + WEEK)
    else:
        other = Particulars(blamed="student")
        settled = act(lesson, "accept", "tom", ANSWERED, other, proposal=2, reason="absent not")
    found = mark_of(settled)

    assert (None if found is None else found.name) == mark
    assert lapse_of(settled) == (found if mark == "missed_attendance" else None)


def test_the_case_may_read_which_remedy_it_is() -> None:
    """A guard asks for the remedy on the table, which the accepting command does not name."""
    found = mark_of(act(reported(PAY), "accept", "tom", ANSWERED, proposal=2))

    assert found is not None
    assert (found.name, found.party) == ("paid", "sue")


def test_the_reason_survives_a_counter_and_decides() -> None:
    """The first report's reason is what the silence on a later remedy is judged by."""
    lesson = act(reported(REFUND, "absent"), "counter", "tom", ANSWERED, split("50%"))
    back = act(lesson, "counter", "sue", ANSWERED + HOUR, split("10%"))
    (settled,) = advance(back, ANSWERED + HOUR + WEEK)

    assert settled.legs == (("tutor", 212), ("payer", 2250), ("platform", 38))
    assert (settled.step.mark, settled.step.fault) == ("missed_attendance", "tutor")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (None, "missing: the number of the remedy (now 2)"),
        (1, "stale_offer: 2"),
        (3, "stale_offer: 2"),
    ],
)
def test_a_remedy_is_taken_up_by_its_number(number: int | None, code: str) -> None:
    """Nobody agrees to a remedy that has been replaced, nor to the terms of the lesson by mistake."""
    assert refused(reported(), "accept", "tom", ANSWERED, proposal=number) == code


def test_the_number_of_a_replaced_remedy_is_stale() -> None:
    """Between reading and answering somebody may have put another one there."""
    changed = act(reported(), "change_mind", "sue", ANSWERED, split("10%"))

    assert refused(changed, "accept", "tom", ANSWERED, proposal=2) == "stale_offer: 3"
    assert act(changed, "accept", "tom", ANSWERED, proposal=3).legs == (
        ("tutor", 212), ("payer", 2250), ("platform", 38),
    )  # fmt: skip


@pytest.mark.parametrize("before", [MICROSECOND, timedelta(0), -MICROSECOND])
def test_silence_wins_at_the_deadline(before: timedelta) -> None:
    """An answer counts only before the deadline; at it, silence has taken the remedy up."""
    lesson, at = reported(), REPORTED + WEEK - before

    if before > timedelta(0):
        assert advance(lesson, at) == []
        assert act(lesson, "decline", "tom", at).state == "disputed"
        return
    with pytest.raises(InvariantError, match="has not been advanced"):
        answer(lesson, "decline", "tom", at)
    (settled,) = advance(lesson, at)
    assert (settled.at, settled.command, settled.state) == (REPORTED + WEEK, None, "settled")
    assert refused(settled, "decline", "tom", at).startswith("not_open")


# Disputes and evidence.


def test_a_dispute_keeps_the_problem_until_it_is_resolved() -> None:
    """Whoever arbitrates still sees the reason and the last remedy; the resolution drops both."""
    disputed = act(reported(REFUND, "absent"), "decline", "tom", ANSWERED)
    said = Particulars(split=Settlement.of({"tutor": "30%", "student": "rest"}))
    settled = act(disputed, "resolve", "olga", ANSWERED + HOUR, said, reason="heard both")

    assert disputed.problem == reported(REFUND, "absent").problem
    assert (settled.problem, settled.legs) == (None, (("tutor", 638), ("payer", 1750), ("platform", 112)))


def test_evidence_moves_nothing() -> None:
    """It is recorded beside the problem: the clock, the turn, the remedy and the money stay as they were."""
    lesson = reported()
    for by in ("sue", "tom", "olga"):
        found = act(lesson, "evidence", by, ANSWERED, Particulars(details=(("photo", "1"),)))

        assert found[3:13] == (found.step, lesson.place, found.command, *lesson[6:13])
        assert (found.problem, found.settled, found.timeline) == (lesson.problem, None, lesson.timeline)
        assert entry_of(found) is None
        notice = notice_of(found)
        assert notice is not None
        assert notice.audience == tuple(party for party in lesson.brief.parties if party != by)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({}, "missing: details or a note"),
        ({"reason": "look"}, "missing: details or a note"),
        ({"note": "look"}, None),
        ({"said": Particulars(details=(("photo", "1"),))}, None),
    ],
)
def test_evidence_says_something(cells: dict[str, Any], code: str | None) -> None:
    """Texts or a note, one of the two; whom it is about need not be said, not even by the operator."""
    found = answer(reported(), "evidence", "olga", ANSWERED, **cells)

    assert (code is None) == isinstance(found, Lesson)
    assert code is None or refused(reported(), "evidence", "olga", ANSWERED, **cells) == code


# Having the lesson at another time.


@pytest.mark.parametrize("silent", [False, True])
def test_who_agrees_to_reschedule_has_no_time_yet(silent: bool) -> None:
    """Taking the remedy up leads on, moves no money, and keeps the problem; a new time is looked for."""
    lesson = advance(reported(AGAIN), REPORTED + WEEK)[0] if silent else rescheduling()
    entered = REPORTED + WEEK if silent else ANSWERED

    assert (lesson.state, lesson.held, lesson.legs, lesson.settled) == ("rescheduling", 2500, (), None)
    assert lesson.problem == reported(AGAIN).problem
    assert due_of(lesson) == entered + WEEK


def test_nobody_proposes_a_time() -> None:
    """The clock of the state that yields runs as any other while nothing is open beside it."""
    (settled,) = advance(rescheduling(), ANSWERED + WEEK)

    assert settled.legs == (("tutor", 1062), ("payer", 1250), ("platform", 188))
    assert settled.problem is None


def test_while_a_time_is_proposed_the_state_waits() -> None:
    """Only the proposal's own clock runs, also past the instant at which the state's would have rung."""
    lesson = proposed(END + 300 * HOUR)

    assert lesson.due == ANSWERED + WEEK
    assert due_of(lesson) == ANSWERED + HOUR + WEEK
    assert str(next_deadline(lesson)).endswith("because asked + 168h decides earliest(asked + 168h, proposed.start)")
    assert advance(lesson, ANSWERED + WEEK) == []
    assert not is_due(lesson, ANSWERED + WEEK)
    (ended,) = advance(lesson, ANSWERED + HOUR + WEEK)
    assert (ended.at, ended.state, ended.change) == (ANSWERED + HOUR + WEEK, "settled", None)


def test_nobody_is_reminded_of_a_deadline_that_waits() -> None:
    """While a time is proposed the state's own deadline is none; what does not hang on it is said as ever."""
    before = [(reminded.position, reminded.at) for reminded in reminders_of(rescheduling())]
    during = [(reminded.audience, reminded.at) for reminded in reminders_of(proposed())]
    back = act(proposed(), "withdraw", "sue", ANSWERED + 2 * HOUR)

    assert before == [(0, ANSWERED + WEEK - 24 * HOUR), (1, END + 48 * HOUR)]
    assert during == [(("tom",), END + 48 * HOUR)]
    assert [(reminded.position, reminded.at) for reminded in reminders_of(back)] == before


def test_silence_about_a_proposed_time_ends_the_lesson() -> None:
    """A timeout beside may settle: all goes to whoever proposed, and the silent side is to blame."""
    lesson = proposed()
    (ended,) = advance(lesson, END + 100 * HOUR)

    assert (ended.legs, ended.settled, ended.held) == (
        (("payer", 2500),), Settled((("payer", 2500),), ended.at, None), 0,
    )  # fmt: skip
    assert (ended.step.mark, ended.step.fault, ended.problem) == ("no_show", "tutor", None)
    assert claims_of(ended) == ()


def test_an_accepted_time_is_the_next_occurrence() -> None:
    """The lesson is agreed anew, at the new time: another entry in people's calendars, its problem forgotten."""
    lesson = proposed()
    assert lesson.change is not None
    agreed = act(lesson, "accept", "tom", ANSWERED + 2 * HOUR, proposal=lesson.proposal)
    (again,) = advance(agreed, END + 101 * HOUR)

    assert (lesson.terms.occurrence, lesson.change.terms.occurrence, lesson.proposal) == (1, 2, 3)
    assert (agreed.state, agreed.terms.start, agreed.terms.occurrence) == ("agreed", END + 100 * HOUR, 2)
    assert (agreed.problem, agreed.change, agreed.held, agreed.terms.price) == (None, None, 2500, 2500)
    assert [claim.start for claim in claims_of(agreed)] == [END + 100 * HOUR] * 2
    assert (again.at, again.state) == (END + 101 * HOUR, "delivered")


def test_a_counter_to_a_new_time_is_of_the_same_occurrence() -> None:
    """What counts is whether the agreed terms have begun, not whether those proposed before them have."""
    lesson = proposed()
    countered = act(lesson, "counter", "tom", ANSWERED + 2 * HOUR, offer=Offer(END + 120 * HOUR))

    assert countered.change is not None
    assert (countered.change.terms.occurrence, countered.proposal) == (2, 4)
    assert countered.change.due == END + 120 * HOUR


@pytest.mark.parametrize(
    "offer", [Offer(END + 100 * HOUR, price=1), Offer(END + 100 * HOUR, kind="x"), Offer(REPORTED)]
)
def test_only_the_time_is_new(offer: Offer) -> None:
    """The price stands, and the new time lies ahead."""
    assert refused(rescheduling(), "propose", "sue", ANSWERED + HOUR, offer=offer).startswith("bad_terms")


@pytest.mark.parametrize(("verb", "by"), [("decline", "tom"), ("withdraw", "sue")])
@pytest.mark.parametrize("late", [-MICROSECOND, timedelta(0), MICROSECOND])
def test_a_proposal_that_is_closed_lets_the_state_s_own_clock_run_again(verb: str, by: str, late: timedelta) -> None:
    """Before its instant it goes on running; from it on it rings at once, at the instant of the closing."""
    lesson, at = proposed(END + 300 * HOUR), ANSWERED + WEEK + late
    back = act(lesson, verb, by, at)
    rings = late >= timedelta(0)

    assert (back.change, back.state, back.problem) == (None, "rescheduling", lesson.problem)
    assert (due_of(back), is_due(back, at)) == (ANSWERED + WEEK, rings)
    versions = advance(back, at)
    assert [version.at for version in versions] == ([at] if rings else [])
    assert advance(back, at + WEEK)[0].at == max(at, ANSWERED + WEEK)


def test_what_can_be_done_while_the_state_waits_has_its_own_end() -> None:
    """An escalation is open until the proposal's silence ends the lesson, not until the clock that waits."""
    options = {
        option.verb: option for option in allowed(proposed(END + 300 * HOUR), PartyId("tom"), Facts(), ANSWERED + WEEK)
    }

    assert options["escalate"].until == ANSWERED + HOUR + WEEK
    assert options["accept"].until == ANSWERED + HOUR + WEEK
    assert options["accept"].proposal == 3


# What is offered.


def offered(lesson: Lesson, by: str, at: Instant) -> dict[str, Option]:
    """Return the options of somebody by their verbs."""
    facts = OPERATOR if by == "olga" else Facts()
    return {option.verb: option for option in allowed(lesson, PartyId(by), facts, at)}


def test_the_options_name_the_remedies() -> None:
    """All that a verb may put on the table, whichever row they belong to, in the order of the table."""
    student, tutor = offered(delivered(), "sue", REPORTED), offered(delivered(), "tom", REPORTED)

    assert student["report"].remedies == ("refund", "pay", "split", "reschedule")
    assert student["report"].needs == ("remedy", "reason")
    assert (tutor["report"].remedies, tutor["report"].needs) == (("pay",), ("remedy",))


def test_the_options_name_the_number_of_the_remedy_and_what_it_comes_to() -> None:
    """Whoever accepts sees what they accept: no split is asked for, the one on the table is shown."""
    lesson = act(reported(), "counter", "tom", ANSWERED, split("50%"))
    accept, counter = offered(lesson, "sue", ANSWERED)["accept"], offered(lesson, "sue", ANSWERED)["counter"]

    assert (accept.needs, accept.proposal, accept.settles) == (("proposal",), 3, "tutor 50%, student rest")
    assert (accept.remedies, accept.choices, accept.until) == ((), (), ANSWERED + WEEK)
    assert (counter.needs, counter.proposal, counter.remedies) == (("remedy",), None, ("refund", "pay", "split"))
    assert offered(reported(AGAIN), "tom", ANSWERED)["accept"].settles == ""


def test_the_options_ask_for_evidence() -> None:
    """Details or a note; the operator need not say whom it is about."""
    assert offered(reported(), "olga", ANSWERED)["evidence"].needs == ("evidence",)
    assert offered(reported(), "sue", ANSWERED)["evidence"].needs == ("evidence",)


def test_a_preview_shows_what_taking_it_up_would_move() -> None:
    """The dialog before accepting: money, and who would be told."""
    command = Command("accept", PartyId("tom"), Key("k"), LessonId("L1"), proposal=2)
    found = preview(MACHINE, reported(split("40%")), command, Facts(), ANSWERED)

    assert isinstance(found, Preview)
    assert found.legs == (("tutor", 850), ("payer", 1500), ("platform", 150))
    assert found.told == ("sue", "pat")


# Splits from which to choose.

CHOICES = """
id = "choices"
extends = "process/1"
currency = "EUR"
[opening]
verb = "request"
by = ["student"]
to = "open"
terms = "propose"
hold = "cover"
[state.open]
timeout = { at = "lesson.start", to = "done", settle = { tutor = "rest" } }
[state.open.on.report]
by = ["student"]
to = "problem"
remedies = ["refund", "split"]
[state.problem]
problem = true
timeout = { at = "asked + 24h", to = "done", if_past = "fire", agrees = true, settle = FIRST }
[state.problem.on.accept]
by = ["tutor"]
to = "done"
agrees = true
settle = "as_given"
[state.problem.on.pass]
by = ["tutor"]
to = "elsewhere"
[state.elsewhere]
problem = true
timeout = { at = "entered + 24h", to = "done", agrees = true, settle = SECOND }
[state.done]
over = true
"""
HALVES = '{ choices = [{ tutor = "50%", student = "rest" }, { student = "100%" }] }'


def chosen(said: Particulars, first: str, second: str) -> Any:
    """Return the answer to a report where silence knows only some splits."""
    machine = machine_of(load_policy(CHOICES.replace("FIRST", first).replace("SECOND", second)))
    brief = Brief(
        LessonId("L1"), machine.hash, "", "EUR", ASKED, PartyId("tom"), PartyId("sue"), PartyId("sue"), PartyId("sue")
    )
    command = Command("request", PartyId("sue"), Key("k"), brief.id, offer=Offer(START, HOUR, 1001))
    lesson = decide(machine, brief, command, Facts(), ASKED)
    assert isinstance(lesson, Lesson)
    return answer(lesson, "report", "sue", ASKED + HOUR, said)


@pytest.mark.parametrize(
    ("said", "stands"), [(REFUND, True), (split("50%"), True), (split("0%"), True), (split("40%"), False)]
)
def test_a_remedy_that_could_not_be_taken_up_is_not_put_on_the_table(said: Particulars, stands: bool) -> None:
    """Where silence settles by some splits only, the others are refused at once, with those that there are."""
    found = chosen(said, HALVES, '"as_given"')

    assert isinstance(found, Lesson) == stands
    if isinstance(found, Refusal):
        assert (found.code, found.facts["problem"]) == (
            "bad_terms",
            "tutor 40%, student rest is none of the splits allowed here: "
            "as given: tutor 50%, student rest; student 100%",
        )


def test_no_remedy_is_carried_to_where_it_cannot_be_settled() -> None:
    """A table in which time itself could not settle what is on the table is none."""
    with pytest.raises(Mistakes) as found:
        chosen(split("40%"), '"as_given"', HALVES)

    (mistake,) = found.value.exceptions
    assert "elsewhere can be entered with any split on the table" in str(mistake)


# What holds for every story.

_SPLITS = st.integers(0, 100).map(lambda part: split(f"{part}%"))
_REMEDIES = st.one_of(st.sampled_from([REFUND, PAY]), _SPLITS)
_MOVES = st.lists(
    st.tuples(
        st.sampled_from(
            ["report", "counter", "change_mind", "accept", "decline", "withdraw", "evidence", "resolve", "propose"]
        ),
        st.sampled_from(["sue", "tom", "olga"]),
        _REMEDIES | st.just(AGAIN),
        st.sampled_from([0, 1, 30, 100, 168]),
    ),
    max_size=12,
)


def _told(moves: Sequence[tuple[str, str, Particulars, int]], price: int, *, sweeps: bool) -> list[Lesson]:
    """The versions of a story in which people try what comes to their minds; timeouts are applied before each."""
    log, now = [delivered(price)], END
    for verb, by, said, hours in moves:
        if sweeps:
            log += advance(log[-1], now + hours * HOUR // 2)
        now += hours * HOUR
        log += advance(log[-1], now)
        lesson = log[-1]
        number = lesson.proposal if lesson.change is not None or lesson.problem is None else lesson.problem.number
        cells: dict[str, Any] = {"offer": Offer(now + 50 * HOUR)} if verb in ("propose", "counter") else {}
        if verb == "accept":
            cells["proposal"] = number
        found = answer(lesson, verb, by, now, said, reason="absent", note="look", **cells)
        if isinstance(found, Lesson):
            log.append(found)
    return log + advance(log[-1], now + 2000 * HOUR)


@given(_MOVES, st.integers(0, 10**6))
def test_every_story_conserves_money_and_can_be_told_again(
    moves: list[tuple[str, str, Particulars, int]], price: int
) -> None:
    """What is held and what has been settled make the price at every step; sweeping earlier changes nothing."""
    log = _told(moves, price, sweeps=False)

    assert log == _told(moves, price, sweeps=True)
    for version in log:
        paid = () if version.settled is None else version.settled.legs
        assert version.held + sum(amount for _, amount in paid) == price
        assert all(amount for _, amount in paid)
        assert version.problem is None or version.place.state.problem
        assert not version.over or version.held == 0
    for before, after in pairwise(log):
        if after.command is None:
            assert advance(before, after.at)[0] == after
        else:
            facts = OPERATOR if after.command.actor == "olga" else Facts()
            assert decide(MACHINE, before, after.command, facts, after.at) == after
    assert log[-1].over


@given(_REMEDIES, st.integers(0, 10**6))
def test_silence_and_acceptance_are_the_same_settlement(said: Particulars, price: int) -> None:
    """Whoever says nothing has said yes: the two differ in nobody's money."""
    lesson = act(delivered(price), "report", "sue", REPORTED, said, reason="late")
    accepted = act(lesson, "accept", "tom", ANSWERED, proposal=2)
    (silent,) = advance(lesson, REPORTED + WEEK)

    assert accepted.legs == silent.legs
    for found in (accepted, silent):
        assert found.settled == Settled(found.legs, found.at, None)


def test_a_remedy_is_one_of_four() -> None:
    """A name that means nothing is refused where it is written, with those that do."""
    with pytest.raises((InvalidValue, LookupError), match="remedy"):
        Particulars(remedy="refnd")  # type: ignore[arg-type]  # That is the mistake.


# How long what lies beside, and what does not, can be done.

WAITING = """
id = "waiting"
extends = "process/1"
currency = "EUR"
[opening]
verb = "request"
by = ["student"]
to = "open"
terms = "propose"
[state.open]
yields = YIELDS
timeout = { at = "entered + 24h", to = "done", if_past = "fire" }
[state.open.on.propose]
by = ["student"]
to = "asking"
terms = "propose"
[state.open.on.stop]
by = ["student", "tutor"]
to = "done"
[state.asking]
waits_for = "tutor"
beside = true
TIMEOUT
[state.asking.on.agree]
by = ["tutor"]
to = "back"
terms = "accept"
[state.done]
over = true
"""


@pytest.mark.parametrize("yields", ["true", "false"])
@pytest.mark.parametrize("to", ["back", "done", None])
@pytest.mark.parametrize("hours", [12, 36])
def test_whatever_is_offered_is_open_until_then_and_no_longer(yields: str, to: str | None, hours: int) -> None:
    """Just before the end that an option names it is done, from it on it is not; one without an end stays open."""
    timeout = "" if to is None else f'timeout = {{ at = "asked + {hours}h", to = "{to}" }}'
    machine = machine_of(load_policy(WAITING.replace("YIELDS", yields).replace("TIMEOUT", timeout)))
    brief = Brief(
        LessonId("L1"), machine.hash, "", "EUR", ASKED, PartyId("tom"), PartyId("sue"), PartyId("sue"), PartyId("sue")
    )
    command = Command("request", PartyId("sue"), Key("k"), brief.id, offer=Offer(START, HOUR, 0))
    asked = decide(machine, brief, command, Facts(), ASKED)
    assert isinstance(asked, Lesson)
    lesson = act(asked, "propose", "sue", ASKED, offer=Offer(START + HOUR))

    def is_open(verb: str, at: Instant) -> bool:
        stands = [lesson, *advance(lesson, at)][-1]
        return verb in offered(stands, "tom", at)

    options = offered(lesson, "tom", ASKED)
    assert set(options) == {"agree", "stop"}
    for verb, option in options.items():
        if option.until is None:
            assert (yields, to) == ("true", None)
            assert is_open(verb, ASKED + 1000 * HOUR)
        else:
            assert is_open(verb, option.until - MICROSECOND)
            assert not is_open(verb, option.until)
