"""The profile `lesson/1`: which rows each section switches on, and what stands in their cells."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from tutorcore.policy import (
    BACK,
    Effects,
    Move,
    Process,
    Profile,
    Settlement,
    State,
    Unit,
    asked,
    earliest,
    hours,
    lesson,
    lesson_table,
    notice,
    problems,
    proposed,
)
from tutorcore.policy.profile import Cancel, Complete, Counter, Ending, Hold, Override, Request, Rescheduling

ANSWER_BY = earliest(asked + hours(48), lesson.start)
REQUEST = Request(("student",), ANSWER_BY, Ending("expired", mark="missed", fault="holder"))
COMPLETE = Complete(("student",), lesson.end + hours(72), Settlement.of({"tutor": "rest"}))
COUNTER = Counter(("price",), asked + hours(24), Ending("lapsed"))
CHANGE = Rescheduling(("student", "tutor"), ("start",), proposed.start)


def table(**sections: Any) -> Process:
    """Return the table of the smallest profile with further sections, after a look at whether it is sound."""
    process = lesson_table(attrs.evolve(Profile("own", "1", Unit("EUR", 2), REQUEST, COMPLETE), **sections))
    assert problems(process) == ()
    return process


def request(**cells: Any) -> Request:
    """Return the smallest request with other cells."""
    return attrs.evolve(REQUEST, **cells)


def rows(state: State) -> list[str]:
    """Return the moves of a state as `verb by -> to`."""
    return [f"{move.verb} {'/'.join(move.by)} -> {move.to}" for move in state.moves]


def test_the_smallest_profile_is_a_request_and_its_completion() -> None:
    """Without any further section there are a request, an agreement and a completion, and nobody can change one."""
    process = table()

    assert {state.name: rows(state) for state in process.states} == {
        "requested": ["accept tutor -> agreed", "decline tutor -> declined"],
        "agreed": [],
        "in_progress": [],
        "delivered": ["confirm student -> completed"],
        "completed": [],
        "declined": [],
        "expired": [],
    }
    assert rows(State("", moves=process.openings)) == ["request student -> requested"]


def test_time_takes_the_lesson_through_its_states() -> None:
    """Silence expires, the start begins, the end delivers, and silence after it completes."""
    process = table()

    assert [
        (state.name, str(timeout.at), timeout.to, timeout.fault)
        for state in process.states
        for timeout in state.timeouts
    ] == [
        ("requested", "earliest(asked + 48h, lesson.start)", "expired", "holder"),
        ("agreed", "lesson.start", "in_progress", "none"),
        ("in_progress", "lesson.end", "delivered", "none"),
        ("delivered", "lesson.end + 72h", "completed", "none"),
    ]


def test_turns_slots_and_ends() -> None:
    """Whose turn it is and what a state holds of people's time are the state's own."""
    process = table(change=CHANGE)

    assert [(state.name, state.waits_for, state.slot, state.over, state.beside) for state in process.states] == [
        ("requested", "tutor", "tentative", False, False),
        ("agreed", None, "firm", False, False),
        ("change_by_student", "tutor", "tentative", False, True),
        ("change_by_tutor", "student", "tentative", False, True),
        ("in_progress", None, "firm", False, False),
        ("delivered", "student", "firm", False, False),
        ("completed", None, "firm", True, False),
        ("declined", None, "none", True, False),
        ("expired", None, "none", True, False),
    ]


@pytest.mark.parametrize(
    ("hold", "opening", "accept", "counter", "proposal", "agreed"),
    [
        ("when_asked", "cover", "exact", "cover", "cover", "exact"),
        ("when_agreed", None, "exact", None, None, "exact"),
        ("none", None, None, None, None, None),
    ],
)
def test_money_is_held_where_the_policy_says(
    hold: Hold, opening: str | None, accept: str | None, counter: str | None, proposal: str | None, agreed: str | None
) -> None:
    """What the payer's side proposes is covered when asked for; an agreement holds exactly its price; or nothing is."""
    both_ways = attrs.evolve(COUNTER, answers=("accept", "decline", "propose"))
    process = table(
        request=request(hold=hold, propose=both_ways, answers=("accept", "decline", "propose")),
        change=attrs.evolve(CHANGE, override=Override(("operator",))),
    )

    holds = {(state.name, move.verb, move.by): move.effects.hold for state in process.states for move in state.moves}
    assert process.openings[0].effects.hold == opening
    assert holds["requested", "accept", ("tutor",)] == accept
    assert holds["requested", "propose", ("tutor",)] is None
    assert holds["proposed", "accept", ("student",)] == accept
    assert holds["proposed", "propose", ("student",)] == counter
    assert holds["agreed", "propose", ("student",)] == proposal
    assert holds["agreed", "propose", ("tutor",)] is None
    assert holds["agreed", "reschedule", ("operator",)] == agreed
    assert holds["change_by_student", "accept", ("tutor",)] == agreed
    assert holds["change_by_tutor", "accept", ("student",)] == agreed


def test_a_counter_offer_hands_the_turn_over() -> None:
    """The tutor's proposal leads to a state in which the student answers under a clock of its own."""
    process = table(request=request(answers=("accept", "propose"), propose=COUNTER, withdraw=Ending("withdrawn")))

    assert rows(process.state("requested")) == [
        "accept tutor -> agreed",
        "propose tutor -> proposed",
        "withdraw student -> withdrawn",
    ]
    assert rows(process.state("proposed")) == [
        "accept student -> agreed",
        "decline student -> declined",
        "withdraw student -> withdrawn",
    ]
    assert process.state("proposed").waits_for == "student"
    assert process.state("requested").moves[1].effects == Effects("propose", ("price",))
    assert (str(process.state("proposed").timeouts[0].at), process.state("proposed").timeouts[0].to) == (
        "asked + 24h",
        "lapsed",
    )


def test_without_propose_among_the_answers_nobody_can_counter() -> None:
    """The section about counter-offers alone does not open the move."""
    process = table(request=request(propose=COUNTER))

    assert rows(process.state("requested")) == ["accept tutor -> agreed", "decline tutor -> declined"]


def test_propose_among_the_answers_needs_its_section() -> None:
    """Where nothing says who answers a counter-offer until when, nobody can make one."""
    process = table(request=request(answers=("accept", "propose")))

    assert rows(process.state("requested")) == ["accept tutor -> agreed"]


def test_who_may_withdraw_may_do_so_after_a_counter_offer_too() -> None:
    """Withdrawing is for the roles of its section, before and after the tutor has proposed something else."""
    answers: Any = ("accept", "decline", "propose")
    asked = request(propose=COUNTER, answers=answers, withdraw=Ending("withdrawn", by=("payer",)))

    process = table(request=asked)

    for name in ("requested", "proposed"):
        assert rows(process.state(name))[-1] == "withdraw payer -> withdrawn"


def test_where_nobody_may_counter_there_is_no_state_for_it() -> None:
    """A counter's section alone makes no state that nobody can reach; `propose` has to be among the answers."""
    process = table(request=request(propose=COUNTER))

    assert "proposed" not in [state.name for state in process.states]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (("accept",), ["accept student -> agreed"]),
        (("decline",), ["decline student -> declined"]),
        (("propose",), ["propose student -> requested"]),
    ],
)
def test_only_the_answers_of_the_policy_are_open(answers: Any, expected: list[str]) -> None:
    """Each answer to a counter-offer is a row of its own, and only those that the policy names are there."""
    counter = attrs.evolve(COUNTER, answers=answers)

    process = table(request=request(propose=counter, answers=("accept", "decline", "propose")))

    assert rows(process.state("proposed")) == expected


def test_endings_carry_their_shares_their_mark_and_their_needs() -> None:
    """Declining, withdrawing and silence each end as their section says."""
    process = table(
        request=request(
            decline=Ending("refused", Settlement.of({"platform": "rest"}), "refusal", "holder", needs=("reason",)),
            withdraw=Ending("gone", mark="second_thoughts", fault="student", by=("payer",)),
            silence=Ending("expired", fault="none"),
        )
    )

    requested = process.state("requested")
    _, decline, withdraw = requested.moves
    assert (decline.to, decline.needs, decline.effects.cases[0].mark) == ("refused", ("reason",), "refusal")
    assert str(decline.effects.cases[0].settle) == "platform rest"
    assert (withdraw.to, withdraw.by, withdraw.effects.cases[0].mark) == ("gone", ("payer",), "second_thoughts")
    assert (requested.timeouts[0].fault, requested.timeouts[0].effects.cases[0].mark) == ("none", None)
    assert {state.name for state in process.states if state.over} == {"completed", "refused", "expired", "gone"}


@pytest.mark.parametrize(
    ("by", "asks", "answers", "expected"),
    [
        (("student", "tutor"), ("student",), ("tutor",), {"student": ("tutor",), "tutor": ("student",)}),
        (("student",), ("student",), ("tutor", "admin"), {"student": ("tutor", "admin")}),
        # Who may change alone is never the one who answers, whichever side it is.
        (("tutor",), ("student",), ("tutor",), {"tutor": ("student",)}),
        (("admin",), ("requester",), ("tutor", "admin"), {"admin": ("requester",)}),
        (
            ("student", "tutor", "admin"),
            ("student", "payer"),
            ("tutor", "admin"),
            {"student": ("tutor", "admin"), "tutor": ("student", "payer"), "admin": ("student", "payer")},
        ),
    ],
)
def test_a_change_is_answered_by_the_other_side(
    by: Any, asks: Any, answers: Any, expected: dict[str, tuple[str, ...]]
) -> None:
    """Whoever proposes a change may withdraw it; those who did not propose it accept or decline; nothing else moves."""
    process = table(request=request(by=asks, answered_by=answers), change=attrs.evolve(CHANGE, by=by))

    for proposer, others in expected.items():
        beside = process.state(f"change_by_{proposer}")
        named = "/".join(others)
        assert beside.waits_for == others[0]
        assert rows(beside) == [
            f"accept {named} -> back",
            f"decline {named} -> back",
            f"withdraw {proposer} -> back",
        ]
        assert [(str(each.at), each.to, each.fault) for each in beside.timeouts] == [("proposed.start", BACK, "holder")]
    assert len([state for state in process.states if state.beside]) == len(expected)


def test_an_override_is_a_move_of_its_own_with_a_reason() -> None:
    """Whoever may impose a change gives a reason, and the lesson stays agreed."""
    process = table(change=attrs.evolve(CHANGE, override=Override(("operator", "admin"))))

    reschedule = process.state("agreed").moves[-1]
    assert reschedule == Move(
        "reschedule",
        ("operator", "admin"),
        "agreed",
        needs=("reason",),
        effects=Effects("propose", ("start",), hold="exact"),
    )


def test_cases_of_cancelling_are_rows_tried_in_order() -> None:
    """Each case of cancelling is a row with its own guard, shares, mark, needs and end."""
    process = table(
        cancel=(
            Cancel(("student",), notice >= hours(24)),
            Cancel(
                ("student",),
                settle=Settlement.of({"tutor": "rest"}),
                mark="late",
                fault="student",
                becomes="cancelled_late",
            ),
            Cancel(("operator",), needs=("reason",)),
        )
    )

    assert [
        (str(move.when), str(move.effects.cases[0].settle), move.effects.cases[0].mark, move.needs, move.to)
        for move in process.state("agreed").moves
    ] == [
        ("notice >= 24h", "student rest", None, (), "cancelled"),
        ("None", "tutor rest", "late", (), "cancelled_late"),
        ("None", "student rest", None, ("reason",), "cancelled"),
    ]
    assert {"cancelled", "cancelled_late"} <= {state.name for state in process.states if state.over}


def test_ends_that_share_a_name_are_one_state() -> None:
    """A policy may let every ending lead to the same state."""
    process = table(
        request=request(silence=Ending("over"), decline=Ending("over"), withdraw=Ending("over"), propose=COUNTER),
        cancel=(Cancel(("student",), becomes="over"),),
        complete=attrs.evolve(COMPLETE, becomes="over"),
    )

    assert [state.name for state in process.states if state.over] == ["over", "lapsed"]


def test_the_other_cells_arrive_as_they_are() -> None:
    """Guard, slot, zone, fees and clearing of a profile are those of its table."""
    process = table(request=request(when=notice >= hours(72), slot="none"), zone="Europe/Berlin", clears_after=hours(5))

    assert str(process.openings[0].when) == "notice >= 72h"
    assert process.state("requested").slot == "none"
    assert (process.zone, process.clears_after) == ("Europe/Berlin", hours(5))
