"""What a table must be to mean anything: each mistake on its own, made in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from tutorcore.errors import InvalidValue, Mistakes
from tutorcore.policy import (
    BACK,
    STAY,
    AsGiven,
    Case,
    Effects,
    FeeRate,
    Fees,
    Move,
    Process,
    Reminder,
    Settlement,
    State,
    Time,
    Timeout,
    Unit,
    all_of,
    asked,
    check,
    count,
    days,
    did,
    earliest,
    end_of_day,
    entered,
    equals,
    first_entered,
    fraction,
    has,
    hours,
    if_,
    joined,
    latest,
    lesson,
    load_preset,
    machine_of,
    minutes,
    notice,
    now,
    problems,
    proposed,
    reviewed,
    taught,
)
from tutorcore.policy.expressions import Anchor
from tutorcore.policy.wellformed import rows_of
from tutorcore.policy.words import blamed, reason

ALL_BACK = Settlement.of({"student": "rest"})
BACK_TO_STUDENT = Effects(cases=(Case(ALL_BACK),))
MARKED = Effects(cases=(Case(ALL_BACK, mark="missed"),))
BLAMED = Effects(cases=(Case(ALL_BACK, mark="missed", fault="tutor"),))
HOLDER = Effects(cases=(Case(ALL_BACK, fault="holder"),))
OPENING = Move("request", ("student",), "requested", effects=Effects("propose", hold="cover"))
ACCEPT = Move("accept", ("tutor",), "agreed", effects=Effects("accept", hold="exact"))
SILENCE = Timeout(asked + hours(48), "expired", "holder", effects=BACK_TO_STUDENT)
PROPOSE = Move("propose", ("tutor",), "change", effects=Effects("propose"))
START = Timeout(lesson.start, "expired", effects=BACK_TO_STUDENT)
JOIN = Move("join", ("student",), STAY, effects=Effects(records="joined"))
READY = Move("ready", ("system",), STAY, needs=("details",), effects=Effects(records="meeting"))
REVIEW = Move(
    "review", ("student",), STAY, until=lesson.end + hours(9), effects=Effects(records="reviewed", blind=True)
)
YES = Move("accept", ("student",), BACK, effects=Effects("accept", hold="exact"))
LAPSE = Timeout(asked + hours(24), BACK, "holder")

REQUESTED = State("requested", "tutor", "tentative", moves=(ACCEPT,), timeouts=(SILENCE,))
AGREED = State("agreed", slot="firm", moves=(PROPOSE,), timeouts=(START,))
CHANGE = State("change", "student", "tentative", beside=True, moves=(YES,), timeouts=(LAPSE,))
EXPIRED = State("expired", over=True)


def process(**changes: Any) -> Process:
    """Return a small table in which nothing is wrong, with some of its cells changed."""
    states = {each.name: each for each in (REQUESTED, AGREED, CHANGE, EXPIRED)}
    for name in [*states]:
        states[name] = changes.pop(name, states[name])
    more = changes.pop("more", ())
    sound = Process("sound", "1", Unit("EUR", 2), (OPENING,), (*states.values(), *more))
    return attrs.evolve(sound, **changes)


def requested(*moves: Move, timeouts: tuple[Timeout, ...] = (SILENCE,), **cells: Any) -> State:
    """Return the first state with further moves."""
    return attrs.evolve(REQUESTED, moves=(ACCEPT, *moves), timeouts=timeouts, **cells)


def with_guard(when: Any) -> State:
    """Return the first state with a second way to accept, under a condition."""
    return requested(attrs.evolve(ACCEPT, verb="approve", when=when))


def agreed(*moves: Move, **cells: Any) -> State:
    """Return the second state with further moves and other cells."""
    return attrs.evolve(AGREED, moves=(PROPOSE, *moves), **cells)


def over(*moves: Move, **cells: Any) -> State:
    """Return the last state with moves of its own and other cells."""
    return attrs.evolve(EXPIRED, moves=moves, **cells)


def change_rows(*moves: Move, timeouts: tuple[Timeout, ...] = (LAPSE,), **cells: Any) -> State:
    """Return the open change with further moves."""
    return attrs.evolve(CHANGE, moves=(YES, *moves), timeouts=timeouts, **cells)


def test_a_sound_table_has_no_problems() -> None:
    """Nothing is wrong with the table that the others here are made from, and checking it does nothing."""
    assert problems(process()) == ()
    check(process())
    assert problems(load_preset("italki")) == ()


HEADING = [
    (process(id="Sound"), "id", "'Sound'; expected lower-case letters"),
    (process(id=""), "id", "expected lower-case letters"),
    (process(id="a" * 65), "id", "expected lower-case letters"),
    (process(version="1 beta"), "version", "'1 beta'; expected"),
    (process(zone="Mars/Olympus"), "zone", "'Mars/Olympus' is no time zone; expected tutor, student, platform or"),
    (process(zone=""), "zone", "is no time zone"),
    (process(zone="../etc"), "zone", "is no time zone"),
    (process(unit=Unit("EUR", 3)), "currency", "exponent of EUR is 3; expected 2"),
    (process(unit=Unit("euro", 2)), "currency", "currency code is 'euro'"),
    (process(unit=Unit("ITC", 9)), "currency", "currency exponent is 9"),
    (process(unit=Unit("ITC", 1, (10, "USDD"))), "currency", "unknown currency 'USDD'; did you mean 'USD'"),
    (process(unit=Unit("ITC", 1, (0, "USD"))), "unit.peg", "0 ITC to one; expected 1 to 999999"),
    (process(unit=Unit("ITC", 1, (10**6, "USD"))), "unit.peg", "1000000 ITC to one"),
    (process(more=(EXPIRED,)), "state.expired", "this state is there twice"),
]

STATES = [
    (process(more=(State("Odd", over=True),)), "state.Odd", "'Odd' cannot name a state"),
    (process(more=(State("stay", over=True),)), "state.stay", "'stay' cannot name a state"),
    (process(more=(State("x" * 49, over=True),)), f"state.{'x' * 49}", "cannot name a state"),
    (
        process(expired=State("expired", over=True, timeouts=(attrs.evolve(START, at=entered + hours(1)),))),
        "state.expired",
        "that is over has no timeouts",
    ),
    (process(expired=State("expired", over=True, slot="tentative")), "state.expired.slot", "nothing is tentative once"),
    (process(expired=State("expired", "tutor", over=True)), "state.expired", "that is over has no timeouts"),
    (process(more=(State("odd", "tutor", over=True, beside=True),)), "state.odd", "that is over has no timeouts"),
    (
        process(expired=State("expired", over=True, moves=(Move("again", ("tutor",), "agreed"),))),
        "state.expired",
        "a move leads out of a state that is over",
    ),
    (process(more=(State("stuck"),)), "state.stuck", "nothing leads out of this state"),
    (
        process(more=(State("stuck", moves=(Move("note", ("tutor",), STAY),)),)),
        "state.stuck",
        "nothing leads out of this state",
    ),
    (process(change=change_rows(waits_for=None, timeouts=())), "state.change", "an open change waits for somebody"),
    (process(requested=requested(waits_for="teacher")), "state.requested.waits_for", "unknown role 'teacher'"),
]

ROWS = [
    (
        process(openings=(attrs.evolve(OPENING, by=("student", "tutor")),)),
        "opening.0.hold",
        "the opening move holds money only if it is the paying side that asks",
    ),
    (
        process(requested=requested(attrs.evolve(ACCEPT, when=notice > hours(1)))),
        "state.requested.on.accept.1",
        "never decides: a row without a condition comes before it for tutor",
    ),
    (
        process(requested=requested(attrs.evolve(ACCEPT, by=("admin",)), attrs.evolve(ACCEPT, by=("tutor", "admin")))),
        "state.requested.on.accept.2",
        "never decides: a row without a condition comes before it for tutor, admin",
    ),
    (
        process(requested=requested(Move("note", ("tutor",), STAY, effects=Effects("accept")))),
        "state.requested.on.note.0",
        "what is accepted leads somewhere",
    ),
    (
        process(
            agreed=attrs.evolve(AGREED, moves=(PROPOSE, Move("hurry", ("tutor",), STAY))),
            change=change_rows(timeouts=(attrs.evolve(LAPSE, at=earliest(asked + hours(9), did("hurry") + hours(1))),)),
        ),
        "state.agreed.on.hurry.0",
        "the clock of change reads did(hurry), and would not hear of it here",
    ),
    (
        process(requested=requested(Move("go", ("tutor",), "agred"))),
        "state.requested.on.go.0.to",
        "unknown state 'agred'",
    ),
    (
        process(requested=requested(Move("go", ("tutor",), BACK))),
        "state.requested.on.go.0.to",
        "only a row of a state beside can lead back",
    ),
    (process(openings=(attrs.evolve(OPENING, to="change"),)), "opening.0", "proposes terms and leads to"),
    (process(openings=(attrs.evolve(OPENING, effects=Effects()),)), "opening.0", "the opening move proposes terms"),
    (
        process(agreed=attrs.evolve(AGREED, moves=(attrs.evolve(PROPOSE, effects=Effects("accept")),))),
        "state.agreed.on.propose.0",
        "so its terms are 'propose'",
    ),
    (
        process(change=change_rows(Move("propose", ("student",), "agreed", effects=Effects("propose")))),
        "state.change.on.propose.0",
        "a counter to an open change leads to another state beside",
    ),
    (
        process(change=change_rows(Move("propose", ("student",), BACK, effects=Effects("propose")))),
        "state.change.on.propose.0",
        "a counter to an open change leads to another state beside",
    ),
    (
        process(requested=requested(Move("propose", ("tutor",), STAY, effects=Effects("propose")))),
        "state.requested.on.propose.0",
        "new terms lead to a state; somebody has to answer them",
    ),
    (
        process(requested=requested(Move("Go", ("tutor",), "agreed"))),
        "state.requested.on.Go.0",
        "'Go' cannot be a verb",
    ),
    (
        process(requested=requested(Move("go", (), "agreed"))),
        "state.requested.on.go.0.by",
        "nobody may do this; name at least one role",
    ),
    (
        process(requested=requested(Move("go", ("tutor", "studnet"), "agreed"))),  # type: ignore[arg-type]  # the point
        "state.requested.on.go.0.by",
        "unknown role 'studnet'",
    ),
    (
        process(requested=requested(Move("go", ("tutor",), "agreed", effects=Effects(notify=("boss",))))),  # type: ignore[arg-type]  # the point
        "state.requested.on.go.0.notify",
        "unknown role 'boss'",
    ),
    (
        process(
            requested=requested(
                Move("go", ("tutor",), "agreed", effects=Effects(cases=(Case(mark="Late!", fault="tutor"),)))
            )
        ),
        "state.requested.on.go.0.mark",
        "'Late!' cannot name a mark",
    ),
]

MONEY = [
    (
        process(
            requested=requested(
                Move("go", ("tutor",), "agreed", effects=attrs.evolve(BACK_TO_STUDENT, terms="accept", hold="exact"))
            )
        ),
        "state.requested.on.go.0",
        "a row either holds money or settles it",
    ),
    (
        process(requested=requested(Move("go", ("tutor",), "agreed", effects=Effects(hold="exact")))),
        "state.requested.on.go.0.hold",
        "only the paying side can pay: some of payer, requester, student",
    ),
    (
        process(requested=requested(Move("decline", ("tutor",), "expired"))),
        "state.requested.on.decline.0",
        "leads to expired, which is over, and does not say who gets what is held",
    ),
    (
        process(
            requested=requested(
                Move(
                    "decline",
                    ("tutor",),
                    "expired",
                    effects=Effects(cases=(Case(ALL_BACK, notice > hours(1)), Case(mark="late", fault="tutor"))),
                )
            )
        ),
        "state.requested.on.decline.0",
        "does not say who gets what is held",
    ),
    (
        process(requested=requested(Move("go", ("tutor",), "agreed", effects=Effects(cases=(Case(when=notice > hours(1)),))))),  # noqa: E501  # One row of a table, one line.
        "state.requested.on.go.0.cases.0",
        "the last case is the catch-all and has no condition",
    ),
    (
        process(requested=requested(Move("go", ("tutor",), "agreed", effects=Effects(cases=(Case(), Case(ALL_BACK)))))),
        "state.requested.on.go.0.cases.0",
        "a case without a condition hides those after it",
    ),
]  # fmt: skip

TIMEOUTS = [
    (
        process(
            agreed=attrs.evolve(AGREED, moves=(attrs.evolve(PROPOSE, effects=Effects("propose", ("start",))),)),
            change=change_rows(slot="none", timeouts=(attrs.evolve(LAPSE, effects=Effects("accept")),)),
        ),
        "state.change.timeout.0.terms",
        "it can accept only what is held and claimed already",
    ),
    (
        process(requested=requested(timeouts=(attrs.evolve(SILENCE, to="agreed", effects=Effects("propose")),))),
        "state.requested.timeout.0",
        "it can neither propose terms nor hold money",
    ),
    (
        process(requested=requested(timeouts=(attrs.evolve(SILENCE, to="agreed", effects=Effects("accept", hold="exact")),))),  # noqa: E501  # One row of a table, one line.
        "state.requested.timeout.0",
        "it can neither propose terms nor hold money",
    ),
    (
        process(requested=requested(waits_for=None)),
        "state.requested.timeout.0.fault",
        "it is nobody's turn here",
    ),
    (
        process(requested=requested(timeouts=(attrs.evolve(SILENCE, to=STAY),))),
        "state.requested.timeout.0.to",
        "a timeout that stays would fire for ever",
    ),
    (
        process(requested=requested(slot="none", timeouts=(SILENCE, Timeout(lesson.start, "agreed")))),
        "state.requested.timeout.1",
        "it cannot claim the time that agreed holds",
    ),
    (
        process(requested=requested(waits_for="admin", timeouts=(attrs.evolve(SILENCE, effects=MARKED),))),
        "state.requested.timeout.0.mark",
        "a mark falls on a person of the lesson; name whom in fault",
    ),
    (
        process(requested=requested(timeouts=(attrs.evolve(SILENCE, fault="none", effects=MARKED),))),
        "state.requested.timeout.0.mark",
        "a mark falls on a person of the lesson",
    ),
    (
        process(agreed=attrs.evolve(AGREED, timeouts=(Timeout(lesson.start, "requested", "holder"),))),
        "state.agreed.timeout.0.fault",
        "it is nobody's turn here",
    ),
    (
        process(agreed=attrs.evolve(AGREED, timeouts=(attrs.evolve(START, effects=HOLDER),))),
        "state.agreed.timeout.0.fault",
        "it is nobody's turn here",
    ),
    (
        process(change=change_rows(timeouts=(attrs.evolve(LAPSE, effects=Effects("accept")),))),
        "state.change.timeout.0.terms",
        "it can accept only what is held and claimed already",
    ),
]  # fmt: skip

EXPRESSIONS = [
    (process(requested=with_guard(notice >= days(2))), "state.requested.on.approve.0.when", "name a zone"),
    (
        process(requested=requested(timeouts=(attrs.evolve(SILENCE, at=end_of_day(asked)),))),
        "state.requested.timeout.0.at",
        "counts days or wall time, so the policy has to name a zone",
    ),
    (
        process(requested=with_guard(proposed.start > lesson.start)),
        "state.requested.on.approve.0.when",
        "proposed.* means something only in a move that proposes, or beside",
    ),
    (
        process(requested=requested(timeouts=(attrs.evolve(SILENCE, at=proposed.start),))),
        "state.requested.timeout.0.at",
        "proposed.* means something only",
    ),
    (
        process(requested=with_guard(now < did("acept") + hours(1))),
        "state.requested.on.approve.0.when",
        "unknown verb 'acept'",
    ),
    (
        process(requested=with_guard(now < entered("agred") + hours(1))),
        "state.requested.on.approve.0.when",
        "unknown state 'agred'",
    ),
    (
        process(requested=with_guard(now < first_entered("agred") + hours(1))),
        "state.requested.on.approve.0.when",
        "unknown state 'agred'",
    ),
    (
        process(requested=with_guard(joined("student") < lesson.start)),
        "state.requested.on.approve.0.when",
        "nothing in this table records joined(student)",
    ),
    (
        process(requested=with_guard(count("late", "student") < 2)),
        "state.requested.on.approve.0.when",
        "unknown mark 'late'",
    ),
    (
        process(requested=with_guard(lesson.price >= "20.005")),
        "state.requested.on.approve.0.when",
        "20.005 has more decimals than EUR (2)",
    ),
    (
        process(requested=requested(attrs.evolve(ACCEPT, verb="approve", until=now + hours(1)))),
        "state.requested.on.approve.0.until",
        "now",
    ),
    (
        process(requested=requested(timeouts=(attrs.evolve(SILENCE, at=now + hours(1)),))),
        "state.requested.timeout.0.at",
        "now",
    ),
    (
        process(requested=with_guard(now < Anchor("deadline"))),
        "state.requested.on.approve.0.when",
        "'deadline' is known only in reminders",
    ),
    (
        process(
            requested=requested(
                Move(
                    "go",
                    ("tutor",),
                    "agreed",
                    effects=Effects(cases=(Case(when=proposed.price > "1"), Case())),
                )
            )
        ),
        "state.requested.on.go.0.cases.0.when",
        "proposed.* means something only",
    ),
]


OPENINGS = [
    (
        process(openings=(OPENING, attrs.evolve(OPENING, verb="book", when=notice > hours(1)))),
        "opening",
        "a lesson is asked for by one verb, not by book, request",
    ),
    (
        process(openings=(OPENING, attrs.evolve(OPENING, to="agreed", when=notice > hours(1)))),
        "opening.1",
        "never decides: a row without a condition comes before it for student",
    ),
    (
        process(openings=(attrs.evolve(OPENING, when=notice > hours(1)), attrs.evolve(OPENING, by=("admin",)))),
        "opening.1.hold",
        "the opening move holds money only if it is the paying side that asks",
    ),
]

MEETINGS = [
    (
        process(expired=over(meeting=True)),
        "state.expired.meeting",
        "a lesson that is over has no meeting, and an open change none of its own",
    ),
    (process(change=change_rows(meeting=True)), "state.change.meeting", "an open change none of its own"),
    (process(agreed=agreed(taught=True)), "state.agreed.taught", "a lesson is taught once it is over"),
    (
        process(requested=requested(READY)),
        "state.requested.on.ready.0.records",
        "a meeting is recorded where the lesson has one (meeting = true)",
    ),
    *(
        (
            process(agreed=agreed(attrs.evolve(READY, **cells), meeting=True)),
            "state.agreed.on.ready.0.records",
            'a meeting comes from the platform, with its links: by = ["system"], needs = ["details"]',
        )
        for cells in ({"by": ("tutor",)}, {"by": ("system", "tutor")}, {"needs": ()}, {"needs": ("reason",)})
    ),
    (
        process(requested=requested(attrs.evolve(JOIN, to="agreed"))),
        "state.requested.on.join.0.records",
        "a fact is recorded by a move that leads to 'stay'",
    ),
    (
        process(requested=requested(timeouts=(SILENCE, attrs.evolve(START, effects=attrs.evolve(BACK_TO_STUDENT, records="joined"))))),  # noqa: E501  # One row of a table, one line.
        "state.requested.timeout.1.records",
        "a fact is recorded by a move that leads to 'stay'",
    ),
    (
        process(requested=requested(attrs.evolve(JOIN, effects=Effects(records="joined", blind=True)))),
        "state.requested.on.join.0.blind",
        "only reviews are shown together; this row records none",
    ),
    (
        process(expired=over(attrs.evolve(REVIEW, until=None))),
        "state.expired.on.review.0.blind",
        "needs until: what one side says would stay hidden for ever if the other says nothing",
    ),
    (
        process(requested=requested(attrs.evolve(JOIN, effects=Effects(bookable=True)))),
        "state.requested.on.join.0.bookable",
        "only a time that is proposed or accepted can be bookable",
    ),
    (
        process(
            agreed=attrs.evolve(AGREED, moves=(attrs.evolve(PROPOSE, effects=Effects("propose", ("start",))),)),
            change=change_rows(timeouts=(attrs.evolve(LAPSE, effects=Effects("accept", bookable=True)),)),
        ),
        "state.change.timeout.0.bookable",
        "only a time that is proposed or accepted can be bookable",
    ),
]  # fmt: skip

REMINDERS = [
    (
        process(expired=over(reminders=(Reminder(lesson.end, ("tutor",)),))),
        "state.expired.reminder.0",
        "there is nothing to be reminded of once a lesson is over",
    ),
    (
        process(agreed=agreed(reminders=(Reminder(lesson.start, ("tutor",)), Reminder(lesson.end, ())))),
        "state.agreed.reminder.1.to",
        "nobody is reminded; name at least one role",
    ),
    (
        process(agreed=agreed(reminders=(Reminder(lesson.start, ("operator",)),))),
        "state.agreed.reminder.0.to",
        "'operator' is nobody of the lesson; expected some of student, tutor, payer, requester",
    ),
    (
        process(agreed=agreed(reminders=(Reminder(end_of_day(lesson.start), ("tutor",)),))),
        "state.agreed.reminder.0.at",
        "name a zone",
    ),
    (
        process(agreed=agreed(reminders=(Reminder(proposed.start, ("tutor",)),))),
        "state.agreed.reminder.0.at",
        "proposed.* means something only",
    ),
    (
        process(agreed=agreed(reminders=(Reminder(now + hours(1), ("tutor",)),))),
        "state.agreed.reminder.0.at",
        "now",
    ),
    (
        process(agreed=agreed(reminders=(Reminder(if_(has("tutor", "vip"), lesson.start, lesson.end), ("tutor",)),))),
        "state.agreed.reminder.0.at",
        "has(tutor, vip) is known only as somebody acts",
    ),
    (
        process(agreed=agreed(Move("end", ("tutor",), "expired", effects=BACK_TO_STUDENT), timeouts=(), reminders=(Reminder(Anchor("deadline") - hours(1), ("tutor",)),))),  # noqa: E501  # One row of a table, one line.
        "state.agreed.reminder.0.at",
        "this state has no timeout, so it has no deadline",
    ),
]  # fmt: skip

NOTHING_HELD = attrs.evolve(OPENING, effects=Effects("propose"))
NOTED = Move("note", ("tutor",), STAY, effects=BACK_TO_STUDENT)
KEPT = State("kept", slot="firm", over=True)
TO_KEPT = attrs.evolve(LAPSE, to="kept", effects=BACK_TO_STUDENT)


def owing(*moves: Move) -> Process:
    """Return a table that holds nothing, in which a request is answered or ends."""
    answer = State(
        "requested", "tutor", moves=(Move("decline", ("tutor",), "expired", effects=BACK_TO_STUDENT), *moves)
    )
    return Process("owing", "1", Unit("EUR", 2), (NOTHING_HELD,), (answer, EXPIRED), settles="due")


def lapsing(slot: Any) -> Process:
    """Return a table in which a change that lapses ends the lesson for good; it is opened from that slot."""
    return process(
        openings=(NOTHING_HELD,),
        agreed=attrs.evolve(AGREED, slot=slot),
        change=change_rows(timeouts=(TO_KEPT,)),
        more=(KEPT,),
    )


DUE = [
    (
        owing(NOTED),
        "state.requested.on.note.0.settle",
        "what is due is settled once, when the lesson ends: this row does not end it",
    ),
    (lapsing("none"), "state.change.timeout.0", "it cannot claim the time that kept holds"),
    (
        process(settles="due", openings=(attrs.evolve(OPENING, effects=Effects("propose")),), change=attrs.evolve(CHANGE, moves=(attrs.evolve(YES, effects=Effects("accept")),))),  # noqa: E501  # One row of a table, one line.
        "state.requested.on.accept.0.hold",
        'nothing is held under a policy that settles what is "due"',
    ),
    (
        attrs.evolve(load_preset("educai"), clears_after=hours(1)),
        "payout.clears_after",
        'nothing is paid out, so nothing clears, under a policy that settles what is "due"',
    ),
]  # fmt: skip

TELLING = [
    (
        process(requested=requested(Move("go", ("tutor",), "agreed", effects=Effects(notify=("tutor", "operator"))))),
        "state.requested.on.go.0.notify",
        "'operator' is nobody of the lesson; expected some of student, tutor, payer, requester",
    ),
    (
        process(requested=requested(timeouts=(attrs.evolve(SILENCE, effects=attrs.evolve(BACK_TO_STUDENT, notify=("tutor",))),))),  # noqa: E501  # One row of a table, one line.
        "state.requested.timeout.0.notify",
        "nobody acts who could be told besides, or nobody is told at all",
    ),
    *(
        (
            process(agreed=agreed(Move("note", ("tutor",), STAY, effects=Effects(records=fact, notify=("tutor",))))),
            "state.agreed.on.note.0.notify",
            "nobody is told at all",
        )
        for fact in ("joined", "left")
    ),
    (
        process(requested=requested(Move("go", ("tutor",), "agreed", effects=Effects("accept", ("start",))))),
        "state.requested.on.go.0.may_change",
        "only a row that proposes terms says what they may change",
    ),
]  # fmt: skip

GIVEN = [
    (
        process(requested=requested(Move("end", ("tutor",), "expired", effects=Effects(cases=(Case(AsGiven(), notice > hours(1)), Case(ALL_BACK)))))),  # noqa: E501  # One row of a table, one line.
        "state.requested.on.end.0.cases.1.settle",
        "the split is said by the command in every case of a move, or in none",
    ),
    (
        process(requested=requested(timeouts=(attrs.evolve(SILENCE, effects=Effects(cases=(Case(AsGiven()),))),))),
        "state.requested.timeout.0.settle",
        "the split is said by the command in every case of a move, or in none",
    ),
    (
        process(requested=requested(Move("note", ("tutor",), STAY, needs=("split",)))),
        "state.requested.on.note.0.needs",
        'a split is needed where settle is "as_given" or names choices, only there',
    ),
    (
        process(requested=requested(Move("go", ("admin",), "agreed", effects=Effects(hold="cover")))),
        "state.requested.on.go.0.hold",
        "only the paying side can pay",
    ),
    (
        process(requested=requested(Move("pay", ("payer",), STAY, effects=Effects(hold="cover")))),
        "state.requested.on.pay.0.hold",
        "money is held for terms that this row proposes or accepts, or that stood before; there are none",
    ),
    (
        process(change=change_rows(Move("pay", ("payer",), BACK, effects=Effects(hold="cover")))),
        "state.change.on.pay.0.hold",
        "money is held for terms that this row proposes or accepts",
    ),
    (
        process(openings=(OPENING, attrs.evolve(OPENING, by=("payer",), effects=Effects(hold="cover", terms="propose"), to="expired"))),  # noqa: E501  # One row of a table, one line.
        "opening.1",
        "leads to expired, which is over, and does not say who gets what is held",
    ),
]  # fmt: skip

FACTS = [
    (
        process(requested=with_guard(joined("tutor") < lesson.start), agreed=agreed(JOIN)),
        "state.requested.on.approve.0.when",
        "nothing in this table records joined(tutor)",
    ),
    (
        process(requested=with_guard(joined("student") < lesson.start), expired=over(REVIEW)),
        "state.requested.on.approve.0.when",
        "nothing in this table records joined(student)",
    ),
    (
        process(requested=with_guard(reviewed("student") < lesson.start), agreed=agreed(JOIN)),
        "state.requested.on.approve.0.when",
        "nothing in this table records reviewed(student)",
    ),
    (
        process(requested=with_guard(taught("operator") < hours(20))),
        "state.requested.on.approve.0.when",
        "unknown role 'operator'",
    ),
    (
        process(requested=with_guard(equals(blamed, "teacher"))),
        "state.requested.on.approve.0.when",
        "unknown role 'teacher'",
    ),
    (
        process(requested=with_guard(all_of(notice > hours(1), notice >= days(2)))),
        "state.requested.on.approve.0.when",
        "notice >= 2d counts days or wall time",
    ),
    (
        process(requested=requested(timeouts=(attrs.evolve(SILENCE, effects=Effects(cases=(Case(ALL_BACK, has("tutor", "vip")), Case(ALL_BACK)))),))),  # noqa: E501  # One row of a table, one line.
        "state.requested.timeout.0.cases.0.when",
        "has(tutor, vip) counts when somebody acts; nobody does here",
    ),
    (
        process(requested=requested(timeouts=(attrs.evolve(SILENCE, effects=Effects(cases=(Case(ALL_BACK, equals(reason, "ill")), Case(ALL_BACK)))),))),  # noqa: E501  # One row of a table, one line.
        "state.requested.timeout.0.cases.0.when",
        "only a command brings a reason, blames somebody or names a remedy; there need be none here",
    ),
    (
        process(fees=Fees((FeeRate("10%", when=has("tutor", "vip")), FeeRate("15%")))),
        "fees.rates.0.when",
        "has(tutor, vip) counts when somebody acts; nobody does here",
    ),
    (
        process(fees=Fees((FeeRate("10%", when=equals(blamed, "tutor")), FeeRate("15%")))),
        "fees.rates.0.when",
        "only a command brings a reason, blames somebody",
    ),
    *(
        (
            process(requested=requested(timeouts=(attrs.evolve(SILENCE, at=if_(when, asked + hours(1), asked)),))),
            "state.requested.timeout.0.at",
            f"{said} is known only as somebody acts; a time that nobody acts at cannot depend on it",
        )
        for when, said in (
            (taught("tutor") < hours(20), "taught(tutor)"),
            (has("tutor", "vip"), "has(tutor, vip)"),
            (equals(reason, "ill"), "reason"),
            (equals(blamed, "tutor"), "blamed"),
        )
    ),
]  # fmt: skip

AROUND = [*OPENINGS, *MEETINGS, *REMINDERS, *DUE, *TELLING, *GIVEN, *FACTS]


@pytest.mark.parametrize(
    ("table", "path", "said"), [*HEADING, *STATES, *ROWS, *MONEY, *TIMEOUTS, *EXPRESSIONS, *AROUND]
)
def test_every_mistake_has_its_path(table: Process, path: str, said: str) -> None:
    """Checking a table with one thing wrong raises one mistake, at the path of that thing, with what is wrong."""
    with pytest.raises(Mistakes) as caught:
        check(table)

    found = [(mistake.path, str(mistake)) for mistake in caught.value.exceptions]  # type: ignore[union-attr]  # only ever Mistake
    assert [at for at, _ in found] == [path]
    assert said in found[0][1]


SEVERAL = [
    (process(openings=(attrs.evolve(OPENING, to="nowhere"),)), ["opening.0.to", "opening.0"]),
    (process(openings=(attrs.evolve(OPENING, to=BACK),)), ["opening.0.to", "opening.0", "opening.0"]),
    (
        process(expired=State("expired", over=True, timeouts=(SILENCE,))),
        ["state.expired", "state.expired.timeout.0.fault", "state.expired.timeout"],
    ),
    (
        process(
            agreed=attrs.evolve(AGREED, timeouts=(Timeout(asked + hours(1), "resting"),)),
            more=(
                State("resting", timeouts=(Timeout(entered, "waking"),)),
                State("waking", timeouts=(Timeout(lesson.start, "resting"),)),
            ),
        ),
        ["state.resting.timeout", "state.waking.timeout"],
    ),
]


@pytest.mark.parametrize(
    ("at", "passes"),
    [
        (entered + hours(1), True),
        (entered + minutes(59), False),
        (entered, False),
        (entered + hours(0), False),
        (entered + days(1), True),
        (entered + days(0), False),
        (entered + fraction("1/3"), False),  # Of the shortest lesson that is nothing.
        (entered + fraction("0%"), False),
        (entered - hours(1), False),
        (asked + hours(1), False),
        (entered("resting") + hours(1), False),
        (earliest(entered + hours(1), entered + hours(2)), True),
        (earliest(entered + hours(1), lesson.start), False),
        (latest(entered + hours(1), lesson.start), True),
        (latest(entered, lesson.start), False),
        (if_(notice > hours(1), entered + hours(1), entered + hours(2)), True),
        (if_(notice > hours(1), entered, entered + hours(2)), False),
        (if_(notice > hours(1), entered + hours(1), entered), False),
    ],
)
def test_h21_time_surely_passes_on_the_way_round(at: Time, passes: bool) -> None:
    """Timeouts may lead in a circle only if each time round an hour passes, whatever the lesson."""
    table = process(
        zone="tutor",
        agreed=attrs.evolve(AGREED, timeouts=(Timeout(asked + hours(1), "resting"),)),
        more=(
            State("resting", timeouts=(Timeout(at, "waking"),)),
            State("waking", timeouts=(Timeout(entered, "resting"),)),
        ),
    )

    assert (problems(table) == ()) == passes


@pytest.mark.parametrize(("table", "paths"), SEVERAL)
def test_one_slip_may_be_wrong_in_several_ways(table: Process, paths: list[str]) -> None:
    """Each way in which a row is wrong is said, at its own path."""
    assert [".".join(map(str, problem.path)) for problem in problems(table)] == paths


@pytest.mark.parametrize("table", [table for table, _, _ in (*HEADING, *MONEY, *TIMEOUTS, *EXPRESSIONS)])
def test_a_table_that_is_not_well_formed_does_not_run(table: Process) -> None:
    """No machine is made of a table with a mistake."""
    with pytest.raises(Mistakes, match="is not well formed"):
        machine_of(table)


def _large(states: int = 0, moves: int = 0, cases: int = 0, rates: int = 0) -> Process:
    """A table that is much larger than it need be."""
    bare = State("s", waits_for="tutor", timeouts=(Timeout(entered + hours(1), "expired"),))
    many = tuple(attrs.evolve(bare, name=f"s{number}") for number in range(states))
    verbs = tuple(attrs.evolve(ACCEPT, verb=f"v{number}") for number in range(moves))
    cased = tuple(attrs.evolve(ACCEPT, verb="often", when=notice > hours(number)) for number in range(cases))
    rarely = tuple(FeeRate("5%", when=notice > hours(number)) for number in range(rates))
    fees = Fees((*rarely, FeeRate("10%")))
    return process(requested=requested(*verbs, *cased), more=many, fees=fees)


@pytest.mark.parametrize(
    ("size", "path", "said"),
    [
        ({"states": 201}, "state", "205 states; expected at most 200"),
        ({"moves": 101}, "state.requested", "rows in this state; expected at most 100"),
        ({"cases": 33}, "state.requested.on.often", "33 rows for this, counting their cases; expected at most 32"),
        ({"rates": 100}, "fees.rates", "101 rates; expected at most 100"),
    ],
)
def test_a_table_without_measure_is_refused(size: dict[str, int], path: str, said: str) -> None:
    """Checking, compiling and explaining it would take minutes: it is said at once, and nothing else of it."""
    found = problems(_large(**size))

    assert [".".join(map(str, each.path)) for each in found] == [path]
    assert said in found[0].message


def test_all_mistakes_come_at_once() -> None:
    """Three mistakes in three places are three problems, in the order of the table."""
    table = process(
        zone="Europe/Berln",
        requested=requested(Move("go", ("tutr",), "agreed")),  # type: ignore[arg-type]  # the wrong role is the point
        agreed=attrs.evolve(AGREED, timeouts=(attrs.evolve(START, to="expierd"),)),
    )

    found = problems(table)

    assert [(problem.path, problem.suggestion) for problem in found] == [
        (("zone",), "Europe/Berlin"),
        (("state", "requested", "on", "go", 0, "by"), "tutor"),
        (("state", "agreed", "timeout", 0, "to"), "expired"),
    ]


@pytest.mark.parametrize(
    "table",
    [
        process(requested=requested(Move("go", ("tutor",), "agreed", effects=Effects(notify=("tutor", "payer"))))),
        owing(),
        lapsing("firm"),
        # What has taken place keeps its time.
        process(expired=State("expired", over=True, slot="firm")),
        # Several ways to ask, tried in order.
        process(openings=(attrs.evolve(OPENING, to="agreed", when=notice > hours(24)), OPENING)),
        # Facts that something records of everybody, or of who joins themselves.
        process(requested=with_guard(joined("student") < lesson.start), agreed=agreed(JOIN)),
        process(requested=with_guard(joined("payer") < now), agreed=agreed(attrs.evolve(JOIN, by=("system",)))),
        process(requested=with_guard(reviewed("student") < now), expired=over(REVIEW)),
        process(agreed=agreed(READY, meeting=True), expired=over(taught=True)),
        process(agreed=agreed(reminders=(Reminder(Anchor("deadline") - hours(1), ("tutor", "payer")),))),
        process(change=change_rows(reminders=(Reminder(proposed.start - hours(1), ("tutor",)),))),
        process(
            requested=requested(
                attrs.evolve(ACCEPT, verb="approve", until=if_(has("tutor", "vip"), lesson.start, asked + hours(9)))
            )
        ),
        process(
            requested=requested(
                Move("end", ("tutor",), "expired", needs=("split",), effects=Effects(cases=(Case(AsGiven()),)))
            )
        ),
        process(requested=requested(Move("pay", ("payer",), "agreed", effects=Effects(hold="cover")))),
        process(fees=Fees((FeeRate("10%", when=taught("tutor") < hours(20)), FeeRate("15%")))),
        # The names are a platform's own; nothing depends on them.
        process(id="a.b-c_9", version="2018-02"),
        process(zone="Europe/Berlin", requested=with_guard(notice >= days(2))),
        process(zone="platform", requested=requested(timeouts=(attrs.evolve(SILENCE, at=end_of_day(asked)),))),
        # `proposed.*` is what is being proposed in a move that proposes, and the change in a state beside.
        process(agreed=attrs.evolve(AGREED, moves=(attrs.evolve(PROPOSE, when=proposed.price <= "5"),))),
        process(change=change_rows(timeouts=(attrs.evolve(LAPSE, at=proposed.start),))),
        process(requested=with_guard(lesson.price >= "20.00")),
        process(requested=with_guard(all_of(equals(lesson.kind, "trial"), now < did("accept") + hours(1)))),
        # An aside may stay open after the end.
        process(expired=State("expired", over=True, moves=(Move("review", ("student", "tutor"), STAY),))),
        # A mark that a row gives can be counted; a lapse that blames an office gives none.
        process(
            requested=requested(
                Move("go", ("tutor",), "agreed", when=count("missed", "student") < 2),
                timeouts=(attrs.evolve(SILENCE, effects=MARKED),),
            )
        ),
        process(requested=requested(waits_for="admin")),
        # A case may blame somebody else than whose turn it is.
        process(agreed=attrs.evolve(AGREED, timeouts=(attrs.evolve(START, effects=BLAMED),))),
        # Rows of one verb whose roles or conditions differ each decide for somebody, some time.
        process(requested=requested(attrs.evolve(ACCEPT, by=("tutor", "admin")))),
        process(
            requested=requested(
                attrs.evolve(ACCEPT, verb="go", when=notice > hours(9)),
                attrs.evolve(ACCEPT, verb="go", until=lesson.start - hours(5)),
                attrs.evolve(ACCEPT, verb="go"),
            )
        ),
        # A change may be countered by another, which is a state beside too.
        process(change=change_rows(Move("counter", ("student",), "change", effects=Effects("propose")))),
        # What the clock of a change reads is recorded beside it, or leads somewhere.
        process(
            change=change_rows(
                Move("hurry", ("tutor",), STAY),
                timeouts=(attrs.evolve(LAPSE, at=earliest(asked + hours(9), did("hurry") + hours(1))),),
            )
        ),
        process(
            agreed=attrs.evolve(AGREED, moves=(PROPOSE, Move("hurry", ("tutor",), "expired", effects=BACK_TO_STUDENT))),
            change=change_rows(timeouts=(attrs.evolve(LAPSE, at=earliest(asked + hours(9), did("hurry") + hours(1))),)),
        ),
        process(agreed=attrs.evolve(AGREED, moves=(PROPOSE, Move("note", ("tutor",), STAY)))),
        # Anybody may open a lesson for which nothing is held yet.
        process(openings=(attrs.evolve(OPENING, by=("tutor",), effects=Effects("propose")),)),
        process(openings=(attrs.evolve(OPENING, by=("payer", "requester")),)),
        # Time passes on the way round.
        process(
            agreed=attrs.evolve(AGREED, timeouts=(Timeout(asked + hours(1), "resting"),)),
            more=(
                State("resting", timeouts=(Timeout(entered + hours(1), "waking"),)),
                State("waking", timeouts=(Timeout(latest(lesson.start, entered + hours(1)), "resting"),)),
            ),
        ),
        process(unit=Unit("ITC", 1, (10, "USD"))),
        # Silence may accept a change whose time is claimed and whose price is held already, or stays as it is.
        process(
            agreed=attrs.evolve(AGREED, moves=(attrs.evolve(PROPOSE, effects=Effects("propose", ("start",))),)),
            change=change_rows(timeouts=(attrs.evolve(LAPSE, effects=Effects("accept")),)),
        ),
        process(
            agreed=attrs.evolve(AGREED, moves=(attrs.evolve(PROPOSE, effects=Effects("propose", hold="cover")),)),
            change=change_rows(timeouts=(attrs.evolve(LAPSE, effects=Effects("accept")),)),
        ),
    ],
)  # fmt: skip
def test_what_is_unusual_may_still_be_sound(table: Process) -> None:
    """These tables are odd, and nothing is wrong with them."""
    assert problems(table) == ()


def test_without_a_hold_no_end_has_to_settle() -> None:
    """A platform that settles elsewhere holds nothing, so its ends need no shares."""
    table = Process(
        "bare",
        "1",
        Unit("EUR", 2),
        (Move("request", ("student",), "requested", effects=Effects("propose")),),
        (State("requested", moves=(Move("decline", ("tutor",), "expired"),)), EXPIRED),
    )

    assert problems(table) == ()


def test_rows_have_the_paths_of_a_file() -> None:
    """The rows of a table come in its order; several rows of one verb are numbered."""
    table = process(requested=requested(attrs.evolve(ACCEPT, by=("admin",)), timeouts=(SILENCE, START)))

    assert [".".join(map(str, path)) for path, _, _ in rows_of(table)][:5] == [
        "opening.0",
        "state.requested.on.accept.0",
        "state.requested.on.accept.1",
        "state.requested.timeout.0",
        "state.requested.timeout.1",
    ]


def test_an_unknown_state_names_the_known_ones() -> None:
    """Asking a table for a state that it does not have names those it has."""
    assert process().state("agreed") == AGREED
    with pytest.raises(InvalidValue, match="'agred'; expected one of requested, agreed, change, expired"):
        process().state("agred")


def test_a_table_knows_its_name_and_its_verbs() -> None:
    """A process is named by id and version; its verbs come in the order of the table, each once."""
    assert process().name == "sound@1"
    assert process().verbs == ("request", "accept", "propose")
    assert process().verb_of_opening == "request"


@pytest.mark.parametrize(
    "make",
    [
        lambda: process(clears_after=days(3)),
        lambda: State("here", slot="hard"),  # type: ignore[arg-type]  # here and below the wrong word is the point
        lambda: Effects("ask"),  # type: ignore[arg-type]  # What a careless caller may still pass.
        lambda: Effects(hold="all"),  # type: ignore[arg-type]  # What a careless caller may still pass.
        lambda: Effects(may_change=("place",)),  # type: ignore[arg-type]  # What a careless caller may still pass.
        lambda: attrs.evolve(ACCEPT, needs=("excuse",)),  # type: ignore[arg-type]  # What a careless caller may still pass.
        lambda: attrs.evolve(SILENCE, fault="tutor"),  # type: ignore[arg-type]  # What a careless caller may still pass.
        lambda: attrs.evolve(SILENCE, if_past="ignore"),  # type: ignore[arg-type]  # What a careless caller may still pass.
        lambda: Case(fault="admin"),
        lambda: Effects(records="seen"),  # type: ignore[arg-type]  # What a careless caller may still pass.
        lambda: process(settles="never"),
        lambda: process(openings=()),
    ],
)
def test_a_cell_holds_only_its_own_words(make: Callable[[], object]) -> None:
    """A word that a cell does not know is refused as the value is made."""
    with pytest.raises((TypeError, ValueError)):
        make()
