"""The machine: what is compiled once, shared by every version, and found again by its id."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from tutorcore.errors import UnknownName
from tutorcore.policy import (
    BACK,
    STAY,
    Case,
    Effects,
    Machine,
    Move,
    Process,
    Settlement,
    State,
    Timeout,
    Unit,
    asked,
    count,
    created,
    did,
    earliest,
    entered,
    first_entered,
    hours,
    lesson,
    load_preset,
    machine_of,
    notice,
    now,
    proposed,
)

REFUND = Effects(cases=(Case(Settlement.of({"student": "rest"})),))
OPENING = Move("request", ("student",), "requested", effects=Effects("propose", hold="cover"))
ACCEPT = Move("accept", ("tutor",), "agreed", effects=Effects("accept", hold="exact"))
SILENCE = Timeout(earliest(asked + hours(48), lesson.start), "expired", "holder", effects=REFUND)
START = Timeout(lesson.start, "expired", effects=REFUND)


def machine(*moves: Move, requested: tuple[Timeout, ...] = (SILENCE,), **agreed: Any) -> Machine:
    """Return the machine of a small table with further moves in its first state and other cells in its second."""
    cells = {"timeouts": (START,), **agreed}
    return machine_of(
        Process(
            "small",
            "1",
            Unit("EUR", 2),
            OPENING,
            (
                State("requested", "tutor", "tentative", moves=(ACCEPT, *moves), timeouts=requested),
                State("agreed", slot="firm", **cells),
                State(
                    "change",
                    "student",
                    beside=True,
                    moves=(Move("accept", ("student",), BACK, effects=Effects("accept", hold="exact")),),
                    timeouts=(Timeout(proposed.start, BACK, "holder"),),
                ),
                State("expired", over=True),
            ),
        )
    )


def stamps(compiled: Machine) -> dict[str, tuple[str, ...]]:
    """Return what each row writes into a lesson's timeline, by the row's id, where it is anything."""
    places = [compiled.outside, *compiled.places]
    rows = [row for place in places for group in (*place.moves.values(), place.timeouts) for row in group]
    return {row.id: row.stamps for row in rows if row.stamps}


NOTE = Move("note", ("tutor",), STAY)
CHANGE = Move("change", ("student",), "change", effects=Effects("propose"))


def test_the_preset_keeps_no_timeline() -> None:
    """Under italki every deadline reads what is known as its window opens, so no row stamps anything."""
    assert stamps(machine_of(load_preset("italki"))) == {}


@pytest.mark.parametrize(
    ("compiled", "expected"),
    [
        # Deadlines that open now read `now` for their anchors, so nothing is kept for them.
        (machine(), {}),
        (machine(requested=(Timeout(entered + hours(1), "expired", effects=REFUND),)), {}),
        (machine(requested=(Timeout(created + hours(1), "expired", effects=REFUND),)), {}),
        (machine(timeouts=(Timeout(entered("agreed") + hours(1), "expired", effects=REFUND),)), {}),
        (machine(timeouts=(Timeout(did("accept") + hours(1), "expired", effects=REFUND),)), {}),
        # A guard reads later, so whatever it reads is kept by the rows that make it so.
        (
            machine(NOTE, Move("leave", ("tutor",), "agreed", when=now < did("note") + hours(1))),
            {"requested.on.note.0": ("did(note)",)},
        ),
        (
            machine(moves=(Move("leave", ("tutor",), "expired", when=now < asked + hours(1), effects=REFUND),)),
            {".on.request.0": ("asked",)},
        ),
        (
            machine(moves=(Move("leave", ("tutor",), "expired", until=entered + hours(1), effects=REFUND),)),
            {
                ".on.request.0": ("entered",),
                "requested.on.accept.0": ("entered",),
                "requested.timeout.0": ("entered",),
                "agreed.on.leave.0": ("entered",),
                "agreed.timeout.0": ("entered",),
            },
        ),
        (
            machine(
                moves=(
                    Move(
                        "leave",
                        ("tutor",),
                        "expired",
                        effects=Effects(
                            cases=(
                                Case(REFUND.cases[0].settle, when=now < first_entered("requested") + hours(1)),
                                *REFUND.cases,
                            )
                        ),
                    ),
                )
            ),
            {".on.request.0": ("first_entered(requested)",)},
        ),
        # A deadline in another state than the one whose anchor it reads.
        (
            machine(timeouts=(Timeout(entered("requested") + hours(9), "expired", effects=REFUND),)),
            {".on.request.0": ("entered(requested)",)},
        ),
        (
            machine(timeouts=(Timeout(lesson.first_start, "expired", effects=REFUND),)),
            {"requested.on.accept.0": ("lesson.first_start",), "change.on.accept.0": ("lesson.first_start",)},
        ),
        # A deadline that an aside moves.
        (
            machine(NOTE, requested=(Timeout(earliest(did("note") + hours(1), asked + hours(9)), "expired", effects=REFUND),)),  # noqa: E501  # One row of a table, one line.
            {".on.request.0": ("asked",), "requested.on.note.0": ("did(note)",)},
        ),
        # A state that a change can be opened in may have its deadline found anew.
        (
            machine(moves=(CHANGE,), timeouts=(Timeout(entered + hours(9), "expired", effects=REFUND),)),
            {
                ".on.request.0": ("entered",),
                "requested.on.accept.0": ("entered",),
                "requested.timeout.0": ("entered",),
                "agreed.timeout.0": ("entered",),
            },
        ),
    ],
)  # fmt: skip
def test_an_anchor_is_kept_only_where_something_reads_it_later(
    compiled: Machine, expected: dict[str, tuple[str, ...]]
) -> None:
    """A row stamps those anchors of its own that a guard, or a deadline opened later, still reads."""
    assert stamps(compiled) == expected


def test_every_step_place_and_reason_is_found_by_its_id() -> None:
    """What a store keeps are ids; asking for an id gives the one shared object, not a copy."""
    compiled = machine(NOTE)

    for place in compiled.places:
        assert compiled.place(place.name) is place
        for row in (*place.timeouts, *(row for rows in place.moves.values() for row in rows)):
            for case in row.cases:
                assert compiled.step(case.step.id) is case.step
    assert compiled.why("requested.timeout.0.0").text == "asked + 48h"
    assert compiled.why("requested.timeout.0.1").text == "lesson.start"
    assert compiled.why("requested.timeout.0.1").whole == "earliest(asked + 48h, lesson.start)"
    assert compiled.place("") is compiled.outside
    assert [place.name for place in compiled.places] == ["requested", "agreed", "change", "expired"]


@pytest.mark.parametrize(
    ("kind", "id", "said"),
    [
        ("place", "agred", "unknown state 'agred'; did you mean 'agreed'?"),
        ("step", "requested.on.acept.0.0", "unknown step 'requested.on.acept.0.0'"),
        ("why", "requested.timeout.0.2", "unknown reason 'requested.timeout.0.2'"),
    ],
)
def test_an_unknown_id_is_refused(kind: str, id: str, said: str) -> None:
    """An id of another table is an unknown name."""
    with pytest.raises(UnknownName) as caught:
        getattr(machine(), kind)(id)

    assert said in str(caught.value)


def test_a_step_says_what_its_row_says() -> None:
    """Verb, target, shares, mark and who is blamed or told stand in the step; a timeout has no verb."""
    compiled = machine(
        Move("leave", ("tutor",), "expired", effects=Effects(cases=(Case(Settlement.of({"tutor": "50%", "student": "rest"}), mark="left", fault="student"),), notify=("tutor",)))  # noqa: E501  # One row of a table, one line.
    )  # fmt: skip

    silent = compiled.step("requested.timeout.0.0")
    left = compiled.step("requested.on.leave.0.0")
    start = compiled.step("agreed.timeout.0.0")

    assert (silent.verb, silent.source, silent.to, silent.fault) == (None, "requested", "expired", "tutor")
    assert (left.verb, left.fault, left.mark, left.told) == ("leave", "student", "left", ("tutor",))
    assert (left.settle, compiled.step("requested.on.accept.0.0").settle) == ("tutor 50%, student rest", "")
    assert start.fault is None


def test_several_rows_and_cases_have_numbers() -> None:
    """Rows of one verb are numbered, and so are the cases of a row."""
    compiled = machine(
        Move("accept", ("operator",), "agreed", when=notice > hours(1), effects=Effects("accept")),
        Move("leave", ("tutor",), "expired", effects=Effects(cases=(Case(REFUND.cases[0].settle, notice > hours(1)), *REFUND.cases))),  # noqa: E501  # One row of a table, one line.
        requested=(SILENCE, Timeout(asked + hours(1), "expired", if_past="skip", effects=REFUND)),
    )  # fmt: skip

    place = compiled.place("requested")
    assert [row.id for row in place.moves["accept"]] == ["requested.on.accept.0", "requested.on.accept.1"]
    assert [case.step.id for case in place.moves["leave"][0].cases] == [
        "requested.on.leave.0.0",
        "requested.on.leave.0.1",
    ]
    assert [row.id for row in place.timeouts] == ["requested.timeout.0", "requested.timeout.1"]
    assert [row.if_past for row in place.timeouts] == ["forbid", "skip"]


def test_a_row_names_the_counts_that_it_reads() -> None:
    """Guards and cases that count marks are known before any fact is gathered."""
    late, early = count("late", "student", hours(5)), count("early", "tutor")
    effects = Effects(
        cases=(
            Case(REFUND.cases[0].settle, early < 2, "late", "student"),
            Case(REFUND.cases[0].settle, mark="early", fault="holder"),
        )
    )
    compiled = machine(Move("leave", ("tutor",), "expired", when=late < 1, effects=effects))

    assert compiled.place("requested").moves["leave"][0].reads == {late, early}
    assert compiled.place("requested").moves["accept"][0].reads == frozenset()


def test_a_machine_and_what_it_made_travel_by_pickle() -> None:
    """A machine is pickled as its process; steps, places and reasons come back as those of the machine that arrives."""
    compiled = machine(NOTE)

    parts = (
        compiled,
        compiled.step("requested.timeout.0.0"),
        compiled.place("agreed"),
        compiled.why("agreed.timeout.0.0"),
    )
    again, step, place, why = pickle.loads(pickle.dumps(parts))

    assert (again.process, again.hash) == (compiled.process, compiled.hash)
    assert step is again.step("requested.timeout.0.0")
    assert place is again.place("agreed")
    assert why is again.why("agreed.timeout.0.0")


def test_what_is_printed_is_short() -> None:
    """The texts of a machine, a step, a reason and a place name them and do not print the table."""
    compiled = machine()

    assert repr(compiled) == "<Machine small@1>"
    assert len(repr(compiled.step("requested.timeout.0.0"))) < 200
    assert len(repr(compiled.why("requested.timeout.0.0"))) < 200
    assert repr(compiled.place("agreed")) == "Place(state=agreed)"


def test_an_aside_reopens_only_a_deadline_that_reads_it() -> None:
    """A row that stays has a deadline of its own only where a timeout of its state reads what the row stamps."""
    reads = machine(
        NOTE, requested=(Timeout(earliest(did("note") + hours(1), lesson.start), "expired", effects=REFUND),)
    )
    does_not = machine(NOTE)

    assert reads.place("requested").moves["note"][0].deadline is not None
    assert does_not.place("requested").moves["note"][0].deadline is None


def test_only_a_state_that_can_be_changed_finds_its_deadline_again() -> None:
    """A deadline is found anew where an agreed change gives the lesson other terms without moving it."""
    compiled = machine(moves=(CHANGE,))

    assert compiled.place("agreed").again is not None
    assert compiled.place("requested").again is None
    assert machine(moves=(CHANGE,), timeouts=()).place("agreed").again is None
