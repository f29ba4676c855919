"""Problems, remedies, evidence, refunds and waiting clocks in a table: what is sound, and each mistake at its path."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from tutorcore.errors import Mistakes
from tutorcore.policy import (
    BACK,
    STAY,
    AsGiven,
    Case,
    Effects,
    Guard,
    Move,
    Process,
    Settlement,
    State,
    Timeout,
    Unit,
    all_of,
    any_of,
    asked,
    check,
    content_hash,
    dump_process,
    earliest,
    entered,
    equals,
    has,
    hours,
    if_,
    lesson,
    load_process,
    machine_of,
    met,
    not_,
    problems,
    proposed,
    restricted,
)
from tutorcore.policy.account import AccountRules, Counter
from tutorcore.policy.words import blamed, reason, remedy

TO_TUTOR = Case(Settlement.of({"tutor": "rest"}))
HALF = Case(Settlement.of({"tutor": "50%", "student": "rest"}))
BACK_TO_STUDENT = Case(Settlement.of({"student": "rest"}))
GIVEN = Case(AsGiven())
AWAY = Case(AsGiven(), equals(reason, "tutor_absent"), mark="missed", fault="tutor")

AGREE = Effects(cases=(AWAY, GIVEN), agrees=True)
SPLIT_UP = Effects(remedies=("refund", "pay", "split"))
ANOTHER_TIME = Effects(remedies=("reschedule",))

REQUEST = Move("request", ("student",), "agreed", effects=Effects("propose", hold="cover"))
REPORT = Move("report", ("student", "tutor"), "reported", not_(equals(remedy, "reschedule")), effects=SPLIT_UP)
ASK_AGAIN = Move("report", ("student", "tutor"), "again", equals(remedy, "reschedule"), effects=ANOTHER_TIME)
ACCEPT = Move("accept", ("tutor",), "settled", effects=AGREE)
COUNTER = Move("counter", ("tutor",), "reported", effects=SPLIT_UP)
SHOW = Move("show", ("student", "tutor", "agent"), STAY, effects=Effects(records="evidence"))
SILENCE = Timeout(asked + hours(168), "settled", effects=AGREE)
REFUND = Move(
    "refund", ("operator",), STAY, until=lesson.end + hours(720), effects=Effects(cases=(GIVEN,), refunds=True)
)

AGREED = State(
    "agreed",
    slot="firm",
    moves=(REPORT, ASK_AGAIN),
    timeouts=(Timeout(lesson.end, "settled", effects=Effects(cases=(TO_TUTOR,))),),
)
REPORTED = State("reported", "tutor", "firm", moves=(ACCEPT, COUNTER, SHOW), timeouts=(SILENCE,), problem=True)
AGAIN = State(
    "again",
    "tutor",
    "firm",
    moves=(Move("accept", ("tutor",), "rescheduling", effects=Effects(agrees=True)),),
    timeouts=(Timeout(asked + hours(168), "rescheduling", effects=Effects(agrees=True)),),
    problem=True,
)
RESCHEDULING = State(
    "rescheduling",
    slot="firm",
    moves=(Move("propose", ("student", "tutor"), "new_time", effects=Effects("propose", ("start", "duration"))),),
    timeouts=(Timeout(entered + hours(168), "settled", if_past="fire", effects=Effects(cases=(HALF,))),),
    problem=True,
    yields=True,
)
NEW_TIME = State(
    "new_time",
    "tutor",
    "tentative",
    beside=True,
    moves=(
        Move("accept", ("tutor",), "agreed", effects=Effects("accept", hold="exact")),
        Move("decline", ("tutor",), BACK),
    ),
    timeouts=(
        Timeout(
            earliest(asked + hours(168), proposed.start),
            "settled",
            "holder",
            effects=Effects(cases=(attrs.evolve(BACK_TO_STUDENT, mark="no_show"),)),
        ),
    ),
)
SETTLED = State("settled", slot="firm", over=True, moves=(REFUND,))
STATES = (AGREED, REPORTED, AGAIN, RESCHEDULING, NEW_TIME, SETTLED)


def process(**changes: Any) -> Process:
    """Return a table with everything about problems in it and nothing wrong, with some of its states changed."""
    states = {each.name: each for each in STATES}
    for name in [*states]:
        states[name] = changes.pop(name, states[name])
    more = changes.pop("more", ())
    return attrs.evolve(Process("remedies", "1", Unit("EUR", 2), (REQUEST,), (*states.values(), *more)), **changes)


def moves(state: State, *more: Move) -> State:
    """Return a state with further moves."""
    return attrs.evolve(state, moves=(*state.moves, *more))


def row(verb: str = "go", to: str = "reported", **cells: Any) -> Move:
    """Return a move of the tutor's with those effects."""
    return Move(verb, ("tutor",), to, effects=Effects(**cells))


def with_guard(when: Guard) -> Process:
    """Return the table with a second way to report, under a condition."""
    return process(agreed=moves(AGREED, attrs.evolve(REPORT, verb="complain", when=when)))


def silent(*cases: Case, agrees: bool = True) -> Process:
    """Return the table in which silence ends a problem in those cases."""
    timeout = Timeout(asked + hours(168), "settled", effects=Effects(cases=cases, agrees=agrees))
    return process(reported=attrs.evolve(REPORTED, timeouts=(timeout,)))


def ruled(**cells: Any) -> Process:
    """Return the table with a counter among its account rules."""
    return process(account=AccountRules((Counter("lapses", **cells),)))


DUE = {"settles": "due", "openings": (attrs.evolve(REQUEST, effects=Effects("propose")),)}
NOT_HELD = attrs.evolve(
    NEW_TIME, moves=(Move("accept", ("tutor",), "agreed", effects=Effects("accept")), NEW_TIME.moves[1])
)


@pytest.mark.parametrize(
    "table",
    [
        process(),
        # Both refunds and remedies are known to a platform at which nothing is held.
        process(**DUE, new_time=NOT_HELD),
        # Another state may have the same remedy still on the table, and take it up there.
        process(
            reported=moves(REPORTED, row("escalate", "disputed")),
            more=(State("disputed", moves=(ACCEPT, SHOW), problem=True),),
        ),
        # What time accepts may have its cases by what was said with the remedy.
        silent(Case(HALF.settle, equals(remedy, "split")), Case(HALF.settle, equals(blamed, "tutor")), TO_TUTOR),
        # A remedy may be put on the table where one lies already, without leaving the state.
        process(reported=moves(REPORTED, Move("insist", ("student",), STAY, effects=SPLIT_UP))),
        # What is known of the two sides decides whether somebody may act.
        with_guard(restricted("tutor", "locked")),
        with_guard(met("tutor", "student")),
        ruled(marks=(("missed", 2), ("no_show", 1)), broken_by=("taught",)),
    ],
)
def test_what_can_be_said_about_problems(table: Process) -> None:
    """Nothing is wrong with these tables; they are written and read back equal, and can be run."""
    assert problems(table) == ()
    assert load_process(dump_process(table)) == table
    assert machine_of(table).process == table


STATE_CELLS = [
    (
        process(settled=attrs.evolve(SETTLED, problem=True)),
        "state.settled.problem",
        "a problem is open where the lesson itself stands, and only until it is over",
    ),
    (process(new_time=attrs.evolve(NEW_TIME, problem=True)), "state.new_time.problem", "where the lesson itself"),
    (
        process(again=attrs.evolve(AGAIN, yields=True, timeouts=RESCHEDULING.timeouts)),
        "state.again.yields",
        "no change can be opened beside this state, so there is none to wait for",
    ),
    (
        process(
            new_time=attrs.evolve(
                moves(NEW_TIME, Move("counter", ("tutor",), "new_time", effects=Effects("propose"))),
                yields=True,
                timeouts=tuple(attrs.evolve(each, if_past="fire") for each in NEW_TIME.timeouts),
            )
        ),
        "state.new_time.yields",
        "no change can be opened beside this state",
    ),
    (
        process(rescheduling=attrs.evolve(RESCHEDULING, timeouts=())),
        "state.rescheduling.yields",
        "this state has no timeout that could wait",
    ),
    *(
        (
            process(
                rescheduling=attrs.evolve(
                    RESCHEDULING,
                    timeouts=(*RESCHEDULING.timeouts, attrs.evolve(RESCHEDULING.timeouts[0], if_past=if_past)),
                )
            ),
            "state.rescheduling.timeout.1.if_past",
            "a timeout that waits for a change may be past by then: expected if_past = 'fire'",
        )
        for if_past in ("forbid", "skip")
    ),
]

PUTTING = [
    *(
        (
            process(reported=moves(REPORTED, row(to=to, remedies=("pay",), cases=cases))),
            "state.reported.on.go.0.remedies",
            "a remedy is put on the table in a state that keeps it (problem = true)",
        )
        for to, cases in (("agreed", ()), ("settled", (TO_TUTOR,)))
    ),
    (process(agreed=moves(AGREED, row(to=STAY, remedies=("pay",)))), "state.agreed.on.go.0.remedies", "that keeps it"),
    (
        process(new_time=moves(NEW_TIME, row(to=BACK, remedies=("pay",)))),
        "state.new_time.on.go.0.remedies",
        "that keeps it",
    ),
    (
        process(again=attrs.evolve(AGAIN, timeouts=(Timeout(lesson.end, "reported", effects=SPLIT_UP),))),
        "state.again.timeout.0.remedies",
        "nobody is there to name a remedy: a timeout puts none on the table",
    ),
    (
        process(reported=moves(REPORTED, row(terms="propose", remedies=("pay",)))),
        "state.reported.on.go.0.terms",
        "a row is about terms or about a remedy, each with a number of its own, and not about both",
    ),
]

TAKING_UP = [
    (
        process(reported=moves(REPORTED, row(to="agreed", terms="accept", agrees=True))),
        "state.reported.on.go.0.terms",
        "a row is about terms or about a remedy",
    ),
    (
        process(agreed=moves(AGREED, row(to="settled", cases=(TO_TUTOR,), agrees=True))),
        "state.agreed.on.go.0.agrees",
        "a remedy is taken up in a state that keeps one (problem = true)",
    ),
    (
        process(reported=moves(REPORTED, row(remedies=("pay",), agrees=True))),
        "state.reported.on.go.0.agrees",
        "a row takes a remedy up, or puts another in its place; not both",
    ),
    (
        process(reported=moves(REPORTED, row(to=STAY, agrees=True))),
        "state.reported.on.go.0.agrees",
        "what is taken up leads somewhere: a row that stays only records",
    ),
    (
        process(reported=moves(REPORTED, attrs.evolve(ACCEPT, verb="go", needs=("split",)))),
        "state.reported.on.go.0.needs",
        "the split is the one on the table; whoever takes it up says none",
    ),
    # Whoever comes into a problem without a remedy finds none to take up, and carries none further.
    (
        process(agreed=moves(AGREED, row()), reported=attrs.evolve(REPORTED, timeouts=())),
        "state.reported.on.accept.0.agrees",
        "reported can be reached without a remedy on the table, so there may be none",
    ),
    (
        process(
            agreed=moves(AGREED, row(to="disputed")),
            reported=moves(REPORTED, row("escalate", "disputed")),
            more=(State("disputed", moves=(ACCEPT, SHOW), problem=True),),
        ),
        "state.disputed.on.accept.0.agrees",
        "disputed can be reached without a remedy on the table",
    ),
    (
        process(
            agreed=moves(AGREED, row("change", "new_time", terms="propose")),
            new_time=moves(NEW_TIME, row(to="disputed"), row("counter", "new_time", terms="propose")),
            more=(State("disputed", moves=(row("agree", "agreed", agrees=True),), problem=True),),
        ),
        "state.disputed.on.agree.0.agrees",
        "disputed can be reached without a remedy on the table",
    ),
    (
        process(
            agreed=moves(AGREED, row(to="one")),
            more=(
                State("three", moves=(row("agree", "agreed", agrees=True),), problem=True),
                State("two", moves=(row(to="three"),), problem=True),
                State("one", moves=(row(to="two"),), problem=True),
            ),
        ),
        "state.three.on.agree.0.agrees",
        "three can be reached without a remedy on the table",
    ),
    # What a reschedule asks for cannot be settled.
    (
        process(agreed=moves(AGREED, attrs.evolve(ASK_AGAIN, verb="ask", to="reported")), reported=attrs.evolve(REPORTED, timeouts=())),  # noqa: E501  # One row of a table, one line.
        "state.reported.on.accept.0.settle",
        "reported may have a reschedule on the table, which splits nothing: give it its own state",
    ),
    (
        process(new_time=moves(NEW_TIME, row(to="disputed")), more=(State("disputed", moves=(ACCEPT,), problem=True),)),
        "state.disputed.on.accept.0.settle",
        "disputed may have a reschedule on the table",
    ),
]  # fmt: skip

REFUNDING = [
    (
        process(agreed=moves(AGREED, attrs.evolve(REFUND, until=None))),
        "state.agreed.on.refund.0.refunds",
        "what was settled is corrected once the lesson is over, by a move that leads to 'stay'",
    ),
    (
        process(agreed=moves(AGREED, attrs.evolve(REFUND, to="settled"))),
        "state.agreed.on.refund.0.refunds",
        "by a move that leads to 'stay'",
    ),
    (
        process(settled=attrs.evolve(SETTLED, moves=(row("refund", STAY, refunds=True),))),
        "state.settled.on.refund.0.settle",
        'the command says who should have got what: expected settle = "as_given", or choices',
    ),
    (
        process(settled=attrs.evolve(SETTLED, moves=(row("refund", STAY, cases=(HALF,), refunds=True),))),
        "state.settled.on.refund.0.settle",
        "the command says who should have got what",
    ),
    (
        process(settled=attrs.evolve(SETTLED, moves=(row("refund", STAY, cases=(AWAY, TO_TUTOR), refunds=True),))),
        "state.settled.on.refund.0.cases.1.settle",
        "the split is said by the command in every case of a move, or in none",
    ),
    (
        process(**DUE, new_time=NOT_HELD, settled=moves(SETTLED, row("refine", STAY, cases=(GIVEN,)))),
        "state.settled.on.refine.0.settle",
        "what is due is settled once, when the lesson ends: this row does not end it",
    ),
]

GUARDS = [
    (silent(GIVEN, agrees=False), "state.reported.timeout.0.settle", "the split is said by the command in every case"),
    *(
        (
            silent(Case(HALF.settle, when), TO_TUTOR, agrees=False),
            "state.reported.timeout.0.cases.0.when",
            "only a command brings a reason, blames somebody or names a remedy; there need be none here",
        )
        for when in (equals(reason, "ill"), equals(remedy, "pay"))
    ),
    *(
        (silent(Case(HALF.settle, when), TO_TUTOR), "state.reported.timeout.0.cases.0.when", f"{when} counts when")
        for when in (has("tutor", "vip"), restricted("tutor", "hidden"), met("student", "tutor"))
    ),
    (with_guard(equals(remedy, "refnd")), "state.agreed.on.complain.0.when", "unknown remedy 'refnd'"),
    (with_guard(restricted("teacher", "hidden")), "state.agreed.on.complain.0.when", "unknown role 'teacher'"),
    (
        with_guard(restricted("student", "hidden")),
        "state.agreed.on.complain.0.when",
        "restricted(student, hidden): it is tutors of whom something is taken away; expected the tutor",
    ),
    (
        with_guard(met("payer", "tutor")),
        "state.agreed.on.complain.0.when",
        "met(payer, tutor): expected the student and the tutor, who had a lesson together",
    ),
    *(
        (
            process(again=attrs.evolve(AGAIN, timeouts=(attrs.evolve(AGAIN.timeouts[0], at=if_(when, asked + hours(1), asked)),))),  # noqa: E501  # One row of a table, one line.
            "state.again.timeout.0.at",
            f"{said} is known only as somebody acts; a time that nobody acts at cannot depend on it",
        )
        for when, said in (
            (equals(remedy, "pay"), "remedy"),
            (restricted("tutor", "hidden"), "restricted(tutor, hidden)"),
            (met("student", "tutor"), "met(student, tutor)"),
        )
    ),
]  # fmt: skip

EVIDENCE = [
    (
        process(reported=moves(REPORTED, attrs.evolve(SHOW, verb="tell", to="agreed"))),
        "state.reported.on.tell.0.records",
        "a fact is recorded by a move that leads to 'stay'",
    ),
]

COUNTERS = [
    (ruled(marks=(("mised", 1),)), "standing.lapses.marks.mised", "nothing in this table gives the mark 'mised'"),
    (ruled(marks=(("missed", 1),), broken_by=("lte",)), "standing.lapses.broken_by.0", "gives the mark 'lte'"),
]


@pytest.mark.parametrize(
    ("table", "path", "said"),
    [*STATE_CELLS, *PUTTING, *TAKING_UP, *REFUNDING, *GUARDS, *EVIDENCE, *COUNTERS],
)
def test_every_mistake_has_its_path(table: Process, path: str, said: str) -> None:
    """Checking a table with one thing wrong raises one mistake, at the path of that thing, with what is wrong."""
    with pytest.raises(Mistakes) as caught:
        check(table)

    found = [(mistake.path, str(mistake)) for mistake in caught.value.exceptions]  # type: ignore[union-attr]  # only ever Mistake
    assert [at for at, _ in found] == [path]
    assert said in found[0][1]


def test_a_lesson_cannot_begin_by_taking_a_remedy_up() -> None:
    """A lesson that is only asked for has no problem, and none of what comes with one."""
    opening = attrs.evolve(
        REQUEST, effects=Effects("propose", hold="cover", remedies=("pay",), agrees=True, refunds=True)
    )

    found = {".".join(map(str, each.path)) for each in problems(process(openings=(opening,)))}

    assert found == {f"opening.0.{key}" for key in ("remedies", "terms", "agrees", "refunds", "settle")}


def test_account_rules_are_part_of_what_a_lesson_pins() -> None:
    """Two policies that differ in their account rules alone are two: a lapse is judged by those of its lesson."""
    counted = ruled(marks=(("missed", 1),))

    assert counted != process()
    assert content_hash(counted) != content_hash(process())
    assert machine_of(counted).process.account == counted.account


def test_a_row_knows_what_it_does_about_a_problem() -> None:
    """Compiled rows carry the remedies they put on the table, and whether they take one up or correct a settlement."""
    machine = machine_of(process())
    report, accept = machine.place("agreed").moves["report"][0], machine.place("reported").moves["accept"][0]
    silence, refund = machine.place("reported").timeouts[0], machine.place("settled").moves["refund"][0]

    assert (report.remedies, report.agrees, report.refunds) == (("refund", "pay", "split"), False, False)
    assert (accept.remedies, accept.agrees, silence.agrees) == ((), True, True)
    assert (report.guards_command, accept.guards_command) == (True, False)
    assert (refund.refunds, refund.cases[0].step.refunds, accept.cases[0].step.refunds) == (True, True, False)


def test_what_a_row_asks_includes_restrictions_and_acquaintance() -> None:
    """Whoever gathers the facts of a row hears which guards about the two sides it may read."""
    blocked, knows = restricted("tutor", "requests_blocked"), met("student", "tutor")
    opening = attrs.evolve(
        REQUEST, when=all_of(not_(blocked), any_of(knows, not_(restricted("tutor", "existing_only"))))
    )

    asked_for = machine_of(process(openings=(opening,))).outside.moves["request"][0].reads

    assert asked_for == {blocked, knows, restricted("tutor", "existing_only")}


def test_a_change_may_end_the_lesson_or_make_it_agreed_again() -> None:
    """A row of a state beside can lead to a state of the lesson itself, by a move or by silence."""
    place = machine_of(process()).place("new_time")
    silence, accept = place.timeouts[0], place.moves["accept"][0]

    assert silence.enters is not None
    assert accept.enters is not None
    assert (silence.enters.name, accept.enters.name) == ("settled", "agreed")
    assert (silence.beside, silence.closes, silence.cases[0].step.fault) == (True, False, "tutor")
