"""Problems and what becomes of them: which rows [problem], [dispute], [refund] and the account rules switch on."""

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
    Move,
    Process,
    Profile,
    Settlement,
    State,
    Timeout,
    Unit,
    asked,
    dump_process,
    earliest,
    entered,
    hours,
    lesson,
    lesson_table,
    load_process,
    minutes,
    notice,
    parse_guard,
    problems,
    proposed,
)
from tutorcore.policy.account import AccountRules, Counter, Rung
from tutorcore.policy.codec import load_policy
from tutorcore.policy.process import REMEDIES
from tutorcore.policy.profile import (
    BESIDE,
    GOING_ON,
    Attend,
    Cancel,
    Charge,
    Complete,
    Dispute,
    Ending,
    Evidence,
    Meeting,
    NewTime,
    NoShow,
    Payment,
    Problems,
    Reason,
    Refund,
    Request,
    Rescheduling,
)
from tutorcore.policy.profile import Counter as CounterOffer
from tutorcore.policy.restrictions import Restriction

TO_THE_TUTOR = Settlement.of({"tutor": "rest"})
ALL_BACK = Settlement.of({"student": "rest"})
HALF = Settlement.of({"tutor": "50%", "student": "rest"})
AS_SAID = AsGiven()
THIRD = lesson.start + minutes(20)
CONFIRMED = lesson.end + hours(72)
WEEK = entered + hours(168)

REQUEST = Request(("student",), asked + hours(48), Ending("expired", fault="holder"))
COMPLETE = Complete(("student",), CONFIRMED, TO_THE_TUTOR)
DISPUTE = Dispute(("operator",), entered + hours(720), Ending("resolved", HALF))
NEW_TIME = NewTime(
    WEEK,
    Ending("settled", HALF),
    earliest(asked + hours(168), proposed.start),
    Ending("settled", mark="no_show", fault="holder"),
    ("start", "duration"),
)
REASONS = (
    Reason("tutor_absent", "missed_attendance", "tutor"),
    Reason("student_absent", fault="student"),
    Reason("prior_agreement"),
)
PROBLEM = Problems(("student", "tutor"), lesson.start, CONFIRMED, WEEK, reschedule=NEW_TIME)
WITHOUT_RESCHEDULE = attrs.evolve(PROBLEM, proposes=("refund", "pay", "split"), reschedule=None)
STUDENT_ABSENT = NoShow("student", ("tutor",), THIRD, lesson.end, (Case(HALF),))
TUTOR_ABSENT = NoShow("tutor", ("student",), THIRD, None, (Case(ALL_BACK, mark="missed", fault="tutor"),))
BOTH_SIDES = pytest.mark.parametrize(("side", "other"), [("student", "tutor"), ("tutor", "student")])


def table(**sections: Any) -> Process:
    """Return the table of a small profile with a problem and further sections, after a look at whether it is sound."""
    given = {"problem": PROBLEM, "dispute": DISPUTE, **sections}
    process = lesson_table(attrs.evolve(Profile("own", "1", Unit("EUR", 2), REQUEST, COMPLETE), **given))
    assert problems(process) == ()
    return process


def problem(**cells: Any) -> Problems:
    """Return the section with other cells."""
    return attrs.evolve(PROBLEM, **cells)


def row(move: Move) -> str:
    """Return a move as `verb by -> to when until`."""
    when = "" if move.when is None else f" when {move.when}"
    until = "" if move.until is None else f" until {move.until}"
    return f"{move.verb} {'/'.join(move.by)} -> {move.to}{when}{until}"


def rows(state: State, *verbs: str) -> list[str]:
    """Return the moves of a state, or those of some verbs."""
    return [row(move) for move in state.moves if not verbs or move.verb in verbs]


def clocks(state: State) -> list[tuple[str, str, str, str]]:
    """Return when a state ends by itself, where that leads, whom it blames, and what if that is past already."""
    return [(str(each.at), each.to, each.fault, each.if_past) for each in state.timeouts]


# Reporting


@pytest.mark.parametrize("state", ["in_progress", "delivered"])
def test_either_side_reports_a_problem_of_a_lesson_that_has_begun(state: str) -> None:
    """A report names a reason and a remedy; another time leads elsewhere than what is settled in money."""
    process = table()

    money, time = 'not (remedy == "reschedule")', 'remedy == "reschedule"'
    until = "until lesson.end + 72h"
    assert rows(process.state(state), "report") == [
        f"report student -> problem_by_student when {money} {until}",
        f"report student -> reschedule_by_student when {time} {until}",
        f"report tutor -> problem_by_tutor when {money} {until}",
        f"report tutor -> reschedule_by_tutor when {time} {until}",
    ]
    reports = [move for move in process.state(state).moves if move.verb == "report"]
    assert {move.needs for move in reports} == {("reason",)}
    assert [move.effects.remedies for move in reports] == [("refund", "pay", "split"), ("reschedule",)] * 2


def test_nothing_can_be_reported_before_the_lesson_or_after_it_is_complete() -> None:
    """A lesson that has not begun is cancelled, and one that is over is not taken up again."""
    states = table(change=Rescheduling(("student",), ("start",), proposed.start)).states

    assert {state.name for state in states if rows(state, "report")} == {"in_progress", "delivered"}


@pytest.mark.parametrize(
    ("start", "in_progress", "delivered"),
    [
        (lesson.start, "", ""),
        (lesson.start + minutes(5), "now >= lesson.start + 5m", "now >= lesson.start + 5m"),
        (lesson.end, None, ""),
        (lesson.end + minutes(5), None, "now >= lesson.end + 5m"),
    ],
)
def test_a_problem_is_reported_from_an_instant_on(start: Any, in_progress: str | None, delivered: str) -> None:
    """What lies behind the lesson opens no row while it goes on, and what always holds is no condition."""
    process = table(problem=attrs.evolve(WITHOUT_RESCHEDULE, start=start, until=None, by=("student",)))

    for name, when in (("in_progress", in_progress), ("delivered", delivered)):
        expected = [] if when is None else [f"report student -> problem_by_student{when and f' when {when}'}"]
        assert rows(process.state(name), "report") == expected


def test_what_can_be_reported_only_until_the_end_is_not_reported_after_it() -> None:
    """A window that closes with the lesson is not opened again."""
    process = table(problem=problem(until=lesson.end))

    assert [state.name for state in process.states if rows(state, "report")] == ["in_progress"]


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        (REASONS[:1], 'reason == "tutor_absent"'),
        (REASONS[:2], '(reason == "tutor_absent" or reason == "student_absent")'),
    ],
)
def test_only_the_reasons_of_the_policy_may_be_given(reasons: Any, said: str) -> None:
    """A refusal names those there are; the remedy is a condition of its own."""
    report, reschedule, *_ = (
        move for move in table(problem=problem(reasons=reasons)).state("delivered").moves if move.verb == "report"
    )

    assert report.when == parse_guard(f'{said} and not (remedy == "reschedule")')
    assert reschedule.when == parse_guard(f'{said} and remedy == "reschedule"')


@pytest.mark.parametrize(
    ("by", "students", "reporting"),
    [
        (("student",), "student", ["student"]),
        (("tutor",), "student", ["tutor"]),
        (("payer", "requester", "tutor"), "payer/requester", ["payer/requester", "tutor"]),
    ],
)
def test_who_does_not_report_may_still_answer(by: Any, students: str, reporting: list[str]) -> None:
    """Each side answers the other; only who may report takes a report back."""
    process = table(problem=problem(by=by))

    reports = rows(process.state("delivered"), "report")
    assert list(dict.fromkeys(each.split()[1] for each in reports)) == reporting
    assert rows(process.state("problem_by_student"), "accept") == ["accept tutor -> settled"]
    assert rows(process.state("problem_by_tutor"), "accept") == [f"accept {students} -> settled"]
    assert process.state("problem_by_tutor").waits_for == students.split("/")[0]
    withdrawing = {state.name for state in process.states if state.problem and rows(state, "withdraw")}
    sides = {"tutor" if each == "tutor" else "student" for each in by}
    assert withdrawing == {f"{kind}_by_{side}" for kind in ("problem", "reschedule") for side in sides}


def test_where_only_the_tutor_reports_who_asks_for_lessons_answers() -> None:
    """A parent who asks for lessons is also who answers about them."""
    process = table(
        request=attrs.evolve(REQUEST, by=("requester", "payer")), problem=problem(by=("tutor",), answers=("accept",))
    )

    assert rows(process.state("problem_by_tutor"), "accept") == ["accept requester/payer -> settled"]
    assert "problem_by_student" not in [state.name for state in process.states]


# Answering


@BOTH_SIDES
def test_the_other_side_answers_a_remedy(side: str, other: str) -> None:
    """They take it up, leave it to a dispute, or put another against it; both sides have the same rights."""
    state = table().state(f"problem_by_{side}")

    assert state.waits_for == other
    assert (state.slot, state.problem, state.agreed, state.over) == ("firm", True, False, False)
    assert rows(state) == [
        f"accept {other} -> settled",
        f"decline {other} -> disputed",
        f'propose_remedy {other} -> problem_by_{other} when not (remedy == "reschedule")',
        f'propose_remedy {other} -> reschedule_by_{other} when remedy == "reschedule"',
        f"withdraw {side} -> in_progress when not (did(propose_remedy) >= did(report)) and now < lesson.end",
        f"withdraw {side} -> delivered when not (did(propose_remedy) >= did(report))",
        "escalate student/tutor -> disputed",
    ]
    assert clocks(state) == [("entered + 168h", "settled", "none", "forbid")]


@BOTH_SIDES
def test_silence_takes_up_what_is_on_the_table(side: str, other: str) -> None:
    """Accepting and saying nothing end the same, out of the remedy that lies there; silence blames who had the turn."""
    process = table(problem=problem(reasons=REASONS))

    for name in (f"problem_by_{side}", f"reschedule_by_{side}"):
        accept, silence = process.state(name).moves[0], process.state(name).timeouts[0]
        cases = tuple(case for case in accept.effects.cases if case.fault in (None, other))
        assert (accept.to, attrs.evolve(accept.effects, cases=cases)) == (silence.to, silence.effects)
        assert accept.effects.agrees
    faults = [case.fault for case in process.state(f"problem_by_{side}").timeouts[0].effects.cases]
    assert faults == [other, None]


def test_the_silence_of_a_parent_blames_whoever_stands_on_that_side() -> None:
    """Student, payer and requester are one side; the tutor's silence blames none of them."""
    reasons = (*REASONS, Reason("unpaid", fault="payer"))
    process = table(problem=problem(reasons=reasons, by=("requester", "tutor")))

    assert [
        [case.fault for case in process.state(f"problem_by_{side}").timeouts[0].effects.cases]
        for side in ("student", "tutor")
    ] == [["tutor", None], ["student", "payer", None]]


def test_a_remedy_of_the_other_side_may_have_a_reason_of_its_own() -> None:
    """One that the policy knows, or none: then it stays that of the report."""
    process = table(problem=problem(reasons=REASONS[:2]))

    said = '(reason == "" or reason == "tutor_absent" or reason == "student_absent")'
    assert [str(move.when) for move in process.state("problem_by_student").moves if move.verb == "propose_remedy"] == [
        f'{said} and not (remedy == "reschedule")',
        f'{said} and remedy == "reschedule"',
    ]
    (counter,) = (move for move in process.state("reschedule_by_tutor").moves if move.verb == "propose_remedy")
    assert f"({counter.when})" == said


def test_the_reason_decides_who_is_to_blame() -> None:
    """A reason marks whom it accuses, unless that side gets everything; agreeing to another time marks nobody."""
    process = table(problem=problem(reasons=REASONS))

    assert process.state("problem_by_student").moves[0].effects.cases == (
        Case(AS_SAID, parse_guard('reason == "tutor_absent" and not (remedy == "pay")'), "missed_attendance", "tutor"),
        Case(AS_SAID, parse_guard('reason == "student_absent" and not (remedy == "refund")'), None, "student"),
        Case(AS_SAID),
    )
    assert process.state("reschedule_by_tutor").moves[0].effects == Effects(agrees=True)


def test_an_accusation_that_no_remedy_takes_back_always_counts() -> None:
    """Where nobody can offer to pay everything, there is no remedy that gives an accusation of the tutor up."""
    process = table(problem=problem(reasons=REASONS[:1], proposes=("refund", "reschedule")))

    first, _ = process.state("problem_by_student").moves[0].effects.cases
    assert str(first.when) == 'reason == "tutor_absent"'


@BOTH_SIDES
def test_another_time_is_taken_up_or_answered_with_money(side: str, other: str) -> None:
    """Against another time one cannot put another time; taken up, it leads to finding one."""
    state = table().state(f"reschedule_by_{side}")

    assert rows(state, "accept", "decline", "propose_remedy", "escalate") == [
        f"accept {other} -> rescheduling",
        f"decline {other} -> disputed",
        f"propose_remedy {other} -> problem_by_{other}",
        "escalate student/tutor -> disputed",
    ]
    assert clocks(state) == [("entered + 168h", "rescheduling", "none", "forbid")]


@pytest.mark.parametrize("name", ["problem_by_student", "reschedule_by_tutor"])
def test_silence_may_take_a_problem_to_the_dispute_instead(name: str) -> None:
    """With `escalate` nobody loses anything by saying nothing."""
    state = table(problem=problem(silence="escalate")).state(name)

    assert clocks(state) == [("entered + 168h", "disputed", "none", "forbid")]
    assert state.timeouts[0].effects == Effects()


def test_without_counter_remedies_a_report_can_always_be_taken_back() -> None:
    """Only what the other side has put against a report keeps its reporter from taking it back."""
    process = table(problem=problem(answers=("accept",), by=("student",)))

    assert [state.name for state in process.states if state.problem] == [
        "problem_by_student",
        "reschedule_by_student",
        "rescheduling",
        "disputed",
    ]
    assert rows(process.state("problem_by_student"))[:4] == [
        "accept tutor -> settled",
        "withdraw student -> in_progress when now < lesson.end",
        "withdraw student -> delivered",
        "escalate student/tutor -> disputed",
    ]


def test_what_is_taken_back_late_finds_the_lesson_complete() -> None:
    """A report keeps the confirmation waiting; once it is gone, what is past by then happens at once."""
    assert clocks(table().state("delivered")) == [("lesson.end + 72h", "completed", "none", "fire")]
    assert clocks(table(problem=None, dispute=None).state("delivered"))[0][-1] == "forbid"


def test_where_there_is_nothing_between_the_end_and_completion_a_report_leads_back_to_the_lesson() -> None:
    """A lesson that is complete at its very end is so at once when its report is taken back after that."""
    process = table(complete=Complete((), lesson.end, TO_THE_TUTOR), problem=problem(until=lesson.end))

    assert rows(process.state("problem_by_tutor"), "withdraw") == [
        "withdraw tutor -> in_progress when not (did(propose_remedy) >= did(report))"
    ]
    assert clocks(process.state("in_progress")) == [("lesson.end", "completed", "none", "fire")]


@pytest.mark.parametrize(
    ("proposes", "expected"),
    [
        (("refund", "pay", "split"), {"problem_by_student", "problem_by_tutor"}),
        (("reschedule",), {"reschedule_by_student", "reschedule_by_tutor", "rescheduling"}),
        (REMEDIES, {state for state in GOING_ON if state.startswith(("problem", "reschedul"))}),
    ],
)
def test_there_are_states_only_for_remedies_that_there_are(proposes: Any, expected: set[str]) -> None:
    """A policy without another time has no states for it, and the other way round; nothing is a condition then."""
    process = table(problem=problem(proposes=proposes))

    assert {state.name for state in process.states if state.problem} == {*expected, "disputed"}
    if len(proposes) < len(REMEDIES):
        assert all(move.when is None for move in process.state("delivered").moves if move.verb == "report")
    if proposes == ("reschedule",):
        assert not [state.name for state in process.states if rows(state, "propose_remedy")]
        assert rows(process.state("reschedule_by_tutor"), "withdraw")[1] == "withdraw tutor -> delivered"


def test_without_its_section_another_time_is_no_remedy() -> None:
    """Where nothing says what silence about a time means, nobody can ask for one."""
    process = table(problem=problem(reschedule=None))

    assert not [state.name for state in process.states if "reschedul" in state.name or state.beside]


def test_nothing_releases_the_money_while_a_problem_is_open() -> None:
    """From where a problem is open no row ends the lesson but one that settles it between the two, or a decision."""
    process = table(
        problem=problem(reasons=REASONS), no_show=(STUDENT_ABSENT, TUTOR_ABSENT), cancel=(Cancel(("operator",)),)
    )
    over = {state.name for state in process.states if state.over}

    ending = {
        (state.name, row.to, row.effects.agrees)
        for state in process.states
        if state.problem
        for row in state.rows
        if row.to in over
    }
    assert ending == {
        ("problem_by_student", "settled", True),
        ("problem_by_tutor", "settled", True),
        ("rescheduling", "settled", False),
        ("disputed", "resolved", False),
    }


# No-shows beside a problem


@pytest.mark.parametrize("side", ["student", "tutor"])
def test_a_report_is_no_way_around_the_claim_of_a_no_show(side: str) -> None:
    """Whoever did not come and reports something else meets the claim all the same; both are decided together."""
    claim = attrs.evolve(STUDENT_ABSENT, when=notice < hours(1), needs=("details",))

    process = table(no_show=(claim, TUTOR_ABSENT))

    for kind in ("problem", "reschedule"):
        state = process.state(f"{kind}_by_{side}")
        assert rows(state, "claim_no_show") == [
            "claim_no_show tutor -> disputed when now >= lesson.start + 20m and notice < 1h until lesson.end",
            "claim_no_show student -> disputed when now >= lesson.start + 20m",
        ]
        assert [move.needs for move in state.moves if move.verb == "claim_no_show"] == [("details",), ()]
    assert rows(process.state("rescheduling"), "claim_no_show") == []


def test_who_may_claim_it_of_either_side_says_of_which_beside_a_problem_too() -> None:
    """An admin names whom they blame, as without a problem."""
    claims = (attrs.evolve(STUDENT_ABSENT, by=("admin",)), attrs.evolve(TUTOR_ABSENT, by=("admin",)))

    state = table(no_show=claims).state("problem_by_tutor")

    assert rows(state, "claim_no_show") == [
        'claim_no_show admin -> disputed when blamed == "student" and now >= lesson.start + 20m until lesson.end',
        'claim_no_show admin -> disputed when blamed == "tutor" and now >= lesson.start + 20m',
    ]


def test_a_lesson_with_a_problem_keeps_its_meeting() -> None:
    """Whoever is late may still come, and no step on the way gives the meeting up or wants another."""
    process = table(meeting=Meeting(), attend=Attend(("student", "tutor", "system"), lesson.start))

    assert [state.name for state in process.states if state.meeting] == [
        "agreed",
        "in_progress",
        "delivered",
        "problem_by_student",
        "problem_by_tutor",
        "reschedule_by_student",
        "reschedule_by_tutor",
    ]
    for name in ("problem_by_student", "reschedule_by_tutor"):
        assert rows(process.state(name), "join", "meeting_ready", "meeting_failed") == [
            "join student/tutor/system -> stay",
            "meeting_ready system -> stay",
            "meeting_failed system -> stay",
        ]
    assert rows(process.state("rescheduling"), "join") == ["join system -> stay"]


# Another time


def test_either_side_proposes_a_time_and_if_nobody_does_silence_divides() -> None:
    """Nobody has the turn; the clock of silence waits while a time is proposed, and runs on when that is closed."""
    state = table(request=attrs.evolve(REQUEST, bookable=True)).state("rescheduling")

    assert rows(state) == [
        "propose student -> new_time_by_student",
        "propose tutor -> new_time_by_tutor",
        "escalate student/tutor -> disputed",
    ]
    assert [move.effects for move in state.moves[:2]] == [
        Effects("propose", ("start", "duration"), hold="cover", bookable=True),
        Effects("propose", ("start", "duration")),
    ]
    assert (state.waits_for, state.slot, state.problem, state.yields) == (None, "firm", True, True)
    assert clocks(state) == [("entered + 168h", "settled", "none", "fire")]
    assert state.timeouts[0].effects == Effects(cases=(Case(HALF),))


@BOTH_SIDES
def test_whoever_says_nothing_about_a_time_loses_everything(side: Any, other: Any) -> None:
    """The other side agrees, proposes another time or says no; silent, it is to blame and all goes to the proposer."""
    when = parse_guard("proposed.start - now >= 24h")

    state = table(problem=problem(reschedule=attrs.evolve(NEW_TIME, when=when))).state(f"new_time_by_{side}")

    assert (state.waits_for, state.slot, state.beside) == (other, "tentative", True)
    assert rows(state) == [
        f"accept {other} -> agreed",
        f"propose {other} -> new_time_by_{other} when proposed.start - now >= 24h",
        f"decline {other} -> {BACK}",
        f"withdraw {side} -> {BACK}",
    ]
    assert state.moves[0].effects == Effects("accept", hold="exact")
    lost = Effects(cases=(Case(Settlement(((side, None),)), mark="no_show"),))
    assert state.timeouts == (Timeout(earliest(asked + hours(168), proposed.start), "settled", "holder", effects=lost),)


def test_an_ending_of_its_own_for_each_silence() -> None:
    """What nobody proposed, what somebody did not answer and what was settled may be told apart."""
    new = attrs.evolve(
        NEW_TIME,
        nobody=Ending("no_time", HALF, mark="idle", fault="tutor"),
        silent=Ending("stood_up", mark="no_show", fault="holder"),
    )

    process = table(problem=problem(reschedule=new, becomes="agreed_on"))

    assert process.state("rescheduling").timeouts[0].effects.cases == (Case(HALF, mark="idle", fault="tutor"),)
    endings = {state.name: state.slot for state in process.states if state.over}
    assert {"no_time", "stood_up", "agreed_on"} <= {name for name, slot in endings.items() if slot == "firm"}


def test_where_nothing_is_held_a_problem_settles_what_is_due() -> None:
    """No row holds money, and the remedies say who owes what."""
    process = table(request=attrs.evolve(REQUEST, hold="none"))

    assert process.settles == "due"
    assert not [row for state in process.states for row in state.rows if row.effects.hold]


# Disputes and evidence


def test_a_dispute_keeps_the_problem_and_can_always_be_decided() -> None:
    """Whoever decides needs a reason and a split and nothing else; a reason of the policy marks whom it accuses."""
    process = table(problem=problem(reasons=REASONS), dispute=attrs.evolve(DISPUTE, marks=(("student", "late"),)))

    state = process.state("disputed")
    assert rows(state) == ["resolve operator -> resolved"]
    assert state.moves[0].needs == ("reason",)
    assert [(str(case.when), case.mark, case.fault) for case in state.moves[0].effects.cases] == [
        ('blamed == "tutor" and reason == "tutor_absent"', "missed_attendance", "tutor"),
        ('blamed == "student"', "late", "student"),
        ('blamed == "tutor"', None, "tutor"),
        ("None", None, None),
    ]
    assert (state.problem, state.waits_for, clocks(state)) == (
        True,
        "operator",
        [("entered + 720h", "resolved", "none", "forbid")],
    )


def test_evidence_is_brought_wherever_something_is_still_to_be_settled() -> None:
    """In every state of a problem and in the dispute, by whom the policy names, until it says so."""
    evidence = Evidence(("student", "tutor", "agent"), entered + hours(48))

    process = table(problem=problem(evidence=evidence))

    expected = Move("evidence", evidence.by, STAY, until=evidence.until, effects=Effects(records="evidence"))
    bringing = {state.name: [move for move in state.moves if move.verb == "evidence"] for state in process.states}
    assert {name for name, moves in bringing.items() if moves} == {
        state.name for state in process.states if state.problem
    }
    assert all(moves in ([], [expected]) for moves in bringing.values())


# Refunds


def test_what_was_paid_can_be_corrected_afterwards() -> None:
    """Each ending that may have paid the tutor or the platform has the aside; those that gave all back have not."""
    late = Cancel(("student",), notice < hours(24), settle=HALF, becomes="late")
    refund = Refund(("operator", "agent"), entered + hours(720), ("reason", "details"))

    process = table(
        refund=refund,
        cancel=(late, Cancel(("student",), settle=Settlement.of({"student": "100%"}))),
        no_show=(STUDENT_ABSENT, TUTOR_ABSENT),
    )

    effects = Effects(cases=(Case(AS_SAID),), refunds=True)
    expected = Move("refund", refund.by, STAY, None, refund.until, refund.needs, effects)
    found = {state.name: state.moves[-1] for state in process.states if rows(state, "refund")}
    assert found == dict.fromkeys(("completed", "late", "student_no_show", "settled", "resolved"), expected)
    assert {state.name for state in process.states if state.over} - set(found) == {
        "declined",
        "expired",
        "cancelled",
        "tutor_no_show",
    }


def test_without_its_section_nothing_is_corrected() -> None:
    """Who may give money back later is the policy's to say."""
    assert not [state.name for state in table().states if rows(state, "refund")]


# The standing of the tutor


@pytest.mark.parametrize(
    ("effects", "guard"),
    [
        ((), None),
        (("wallet_frozen",), None),
        (("requests_blocked",), "not restricted(tutor, requests_blocked)"),
        (("hidden",), "met(student, tutor) or not restricted(tutor, existing_only)"),
        (("existing_only",), "met(student, tutor) or not restricted(tutor, existing_only)"),
        (("locked",), "met(student, tutor) or not restricted(tutor, existing_only)"),
        (
            ("hidden", "requests_blocked"),
            "not restricted(tutor, requests_blocked) and (met(student, tutor) or not restricted(tutor, existing_only))",
        ),
    ],
)
def test_what_lapses_may_take_away_guards_every_request(effects: tuple[Restriction, ...], guard: str | None) -> None:
    """A tutor who may be hidden or closed to requests is asked for lessons only while that is not so."""
    ladder = tuple(Rung(number, effect, hours(24)) for number, effect in enumerate(effects, 1))
    account = AccountRules((Counter("missed_attendance", ladder=ladder),))

    process = table(
        problem=problem(reasons=REASONS),
        account=account,
        request=attrs.evolve(REQUEST, when=notice > hours(1), instant=notice > hours(24)),
    )

    for opening, said in zip(process.openings, ("notice > 1h and notice > 24h", "notice > 1h"), strict=True):
        also = guard if guard is None or guard.startswith("not") else f"({guard})"
        assert opening.when == parse_guard(said if also is None else f"{said} and {also}")
    assert process.account == account


# Names


def test_the_names_where_a_lesson_goes_on_are_those_of_the_table() -> None:
    """A profile with everything switched on has the states that endings may not be named after, and no others."""
    counter = CounterOffer(("price",), asked + hours(24), Ending("expired"))
    process = table(
        request=attrs.evolve(
            REQUEST,
            hold="when_paid",
            payment=Payment(("payer",), asked + minutes(15), Ending("expired")),
            answers=("accept", "decline", "propose"),
            propose=counter,
        ),
        change=Rescheduling(("student", "tutor"), ("start",), proposed.start, locks=notice < hours(12)),
        cancel=(Cancel(("student",), charge=True),),
        charge=Charge(("tutor",), AsGiven((ALL_BACK, HALF)), asked + hours(72)),
        no_show=tuple(attrs.evolve(each, answer_by=WEEK) for each in (STUDENT_ABSENT, TUTOR_ABSENT)),
    )

    going_on = [state.name for state in process.states if not state.over and not state.beside]
    assert sorted(going_on) == sorted(GOING_ON)
    assert [state.name for state in process.states if state.beside] == [
        f"{prefix}{side}" for prefix in BESIDE for side in ("student", "tutor")
    ]


def test_a_table_with_problems_is_written_and_read_as_any_other() -> None:
    """Remedies, what is taken up, what yields and what refunds stand in the text of the table."""
    process = table(problem=problem(reasons=REASONS, evidence=Evidence(("student",))), refund=Refund(("operator",)))

    assert load_process(dump_process(process)) == process


def test_reasons_are_few_enough_to_choose_from() -> None:
    """More of them than a form can show are a mistake at their section."""
    many = "\n".join(f"r{number} = {{}}" for number in range(51))
    text = f'extends = "italki"\nid = "many"\n[problem.reasons]\n{many}\n'

    with pytest.raises(Mistakes) as found:
        load_policy(text)

    (mistake,) = found.value.exceptions
    assert str(mistake).startswith("<policy>:3:1: problem.reasons: are 58; expected at most 50")


def test_without_a_list_any_reason_may_be_given() -> None:
    """A policy need not say which reasons there are."""
    process = load_policy(
        'extends = "italki"\nid = "any"\nproblem.reasons = false\nstanding.missed_attendance.marks = ["no_show"]\n'
    )

    reports = [move for move in process.state("delivered").moves if move.verb == "report"]
    assert reports
    assert not any("reason" in str(move.when) for move in reports)
