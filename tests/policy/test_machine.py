"""The machine: what is compiled once, shared by every version, and found again by its id."""

from __future__ import annotations

import pickle
from datetime import timedelta
from typing import Any

import attrs
import pytest

from tutorcore.errors import UnknownName
from tutorcore.ids import LessonId, PartyId, PolicyHash
from tutorcore.instants import Instant, instant
from tutorcore.lessons.lesson import Brief, Terms
from tutorcore.policy import (
    BACK,
    STAY,
    AsGiven,
    Case,
    Effects,
    FeeRate,
    Fees,
    Machine,
    Move,
    Process,
    Reminder,
    Settlement,
    State,
    Timeout,
    Unit,
    asked,
    count,
    created,
    did,
    earliest,
    end_of_day,
    entered,
    first_entered,
    has,
    hours,
    if_,
    joined,
    lesson,
    load_preset,
    machine_of,
    notice,
    now,
    proposed,
    reviewed,
    taught,
)
from tutorcore.policy.parsing import parse_reminder

REFUND = Effects(cases=(Case(Settlement.of({"student": "rest"})),))
OPENING = Move("request", ("student",), "requested", effects=Effects("propose", hold="cover"))
ACCEPT = Move("accept", ("tutor",), "agreed", effects=Effects("accept", hold="exact"))
SILENCE = Timeout(earliest(asked + hours(48), lesson.start), "expired", "holder", effects=REFUND)
START = Timeout(lesson.start, "expired", effects=REFUND)


YES = Move("accept", ("student",), BACK, effects=Effects("accept", hold="exact"))
ASKED = State("change", "student", beside=True, moves=(YES,), timeouts=(Timeout(proposed.start, BACK, "holder"),))


def machine(
    *moves: Move,
    requested: tuple[Timeout, ...] = (SILENCE,),
    zone: str | None = None,
    change: State = ASKED,
    more: tuple[State, ...] = (),
    **agreed: Any,
) -> Machine:
    """Return the machine of a small table with further moves in its first state and other cells in its second."""
    cells = {"timeouts": (START,), **agreed}
    return machine_of(
        Process(
            "small",
            "1",
            Unit("EUR", 2),
            (OPENING,),
            (
                State("requested", "tutor", "tentative", moves=(ACCEPT, *moves), timeouts=requested),
                State("agreed", slot="firm", **cells),
                change,
                *more,
                State("expired", over=True),
            ),
            zone=zone,
        )
    )


def stamps(compiled: Machine) -> dict[str, tuple[str, ...]]:
    """Return what each row writes into a lesson's timeline, by the row's id, where it is anything."""
    places = [compiled.outside, *compiled.places]
    rows = [row for place in places for group in (*place.moves.values(), place.timeouts) for row in group]
    return {row.id: row.stamps for row in rows if row.stamps}


NOTE = Move("note", ("tutor",), STAY)
CHANGE = Move("change", ("student",), "change", effects=Effects("propose"))


def test_the_preset_keeps_no_timeline_until_something_goes_wrong() -> None:
    """Under italki every deadline of a lesson on its way reads what is known as its window opens: it keeps nothing."""
    stamping = stamps(machine_of(load_preset("italki")))

    assert [row for row in stamping if row.split(".")[0] in ("", "requested", "proposed", "agreed")] == []
    assert stamping["delivered.timeout.0"] == ("entered",)  # What was settled can be corrected for a while.


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
            {"requested.on.accept.0": ("entered",)},
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
            {"requested.on.accept.0": ("entered",)},
        ),
        # Not if whoever agrees to the change takes the lesson elsewhere.
        (
            machine(
                moves=(CHANGE,),
                timeouts=(Timeout(entered + hours(9), "expired", effects=REFUND),),
                change=attrs.evolve(ASKED, moves=(attrs.evolve(YES, to="agreed"), Move("no", ("student",), BACK))),
            ),
            {},
        ),
        # A change that is countered may be agreed as well.
        (
            machine(
                moves=(CHANGE,),
                timeouts=(Timeout(entered + hours(9), "expired", effects=REFUND),),
                change=attrs.evolve(ASKED, moves=(Move("counter", ("tutor",), "counter", effects=Effects("propose")),)),
                more=(attrs.evolve(ASKED, name="counter", moves=(YES, CHANGE)),),
            ),
            {"requested.on.accept.0": ("entered",)},
        ),
        # The guards of a change read when the lesson came to stand where it stands, wherever that is.
        (
            machine(
                moves=(CHANGE,),
                change=attrs.evolve(ASKED, moves=(attrs.evolve(YES, when=now < entered + hours(1)),)),
            ),
            {
                ".on.request.0": ("entered",),
                "requested.on.accept.0": ("entered",),
                "requested.timeout.0": ("entered",),
                "agreed.timeout.0": ("entered",),
            },
        ),
        # A deadline that an aside moves may read that too; so may a reminder.
        (
            machine(NOTE, requested=(Timeout(earliest(did("note") + hours(1), entered + hours(9)), "expired", effects=REFUND),)),  # noqa: E501  # One row of a table, one line.
            {".on.request.0": ("entered",), "requested.on.note.0": ("did(note)",)},
        ),
        (
            machine(reminders=(Reminder(entered + hours(1), ("tutor",)),)),
            {"requested.on.accept.0": ("entered",)},
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


NOON = instant("2026-03-02T12:00:00Z")
START_AT = NOON + timedelta(hours=9)
ANN, TOM = PartyId("ann"), PartyId("tom")
BRIEF = Brief(LessonId("l1"), PolicyHash("0" * 64), "UTC", "EUR", NOON, TOM, ANN, ANN, ANN)
TERMS = Terms(1, START_AT, START_AT + timedelta(hours=1), 1000)


def due(compiled: Machine, *, at: Instant = NOON) -> tuple[Instant, str]:
    """Return the deadline that asking opens, with the text of what decided."""
    (asking,) = compiled.outside.moves["request"]
    found = asking.deadline and asking.deadline(at, TERMS, None, 1, {}, BRIEF, None, None)
    assert found is not None
    return found[0], str(found[1])


@pytest.mark.parametrize(
    ("timeouts", "expected"),
    [
        # The earliest of several decides, the first listed of those that tie.
        ((hours(9), hours(5), hours(7)), (5, "asked + 5h")),
        ((hours(9),), (9, "asked + 9h")),
    ],
)
def test_the_earliest_timeout_of_a_state_is_its_deadline(timeouts: Any, expected: tuple[int, str]) -> None:
    """Of several timeouts the earliest is the deadline, whatever their order."""
    compiled = machine(requested=tuple(Timeout(asked + each, "expired", effects=REFUND) for each in timeouts))

    assert due(compiled) == (NOON + timedelta(hours=expected[0]), expected[1])


@pytest.mark.parametrize(
    ("first", "second", "decides"),
    [(asked + hours(5), created + hours(5), "asked + 5h"), (created + hours(5), asked + hours(5), "created + 5h")],
)
def test_of_timeouts_that_tie_the_first_listed_decides(first: Any, second: Any, decides: str) -> None:
    """Two timeouts at one instant are told apart by their order."""
    compiled = machine(
        requested=(Timeout(first, "expired", effects=REFUND), Timeout(second, "expired", effects=REFUND))
    )

    assert due(compiled) == (NOON + timedelta(hours=5), decides)


@pytest.mark.parametrize(
    ("later", "expected"),
    [(timedelta(hours=9) - timedelta(microseconds=1), "lesson.start"), (timedelta(hours=9), "asked + 48h")],
)
def test_a_timeout_that_skips_the_past_leaves_the_deadline_to_others(later: timedelta, expected: str) -> None:
    """With `skip` a timeout that is due already does not count; before that it does, up to the very instant."""
    compiled = machine(
        requested=(
            Timeout(lesson.start, "expired", if_past="skip", effects=REFUND),
            Timeout(asked + hours(48), "expired", effects=REFUND),
        )
    )

    _, decided = due(compiled, at=NOON + later)

    assert decided == expected


def test_a_timeout_without_an_instant_leaves_the_deadline_to_others() -> None:
    """A timeout whose anchor is absent has no timer; the one that surely comes decides."""
    compiled = machine(
        NOTE,
        requested=(
            Timeout(did("note") + hours(1), "expired", effects=REFUND),
            Timeout(asked + hours(48), "expired", effects=REFUND),
        ),
    )

    assert due(compiled) == (NOON + timedelta(hours=48), "asked + 48h")


def test_a_reason_says_what_decided_and_in_what() -> None:
    """A reason is the branch that decided, with the whole expression where that is more."""
    compiled = machine()

    assert str(compiled.why("requested.timeout.0.0")) == "asked + 48h decides earliest(asked + 48h, lesson.start)"
    assert str(compiled.why("agreed.timeout.0.0")) == "lesson.start"


def test_a_reason_knows_whether_days_were_counted() -> None:
    """Whoever shows a deadline says in whose days it was counted, where days were."""
    compiled = machine(requested=(SILENCE, Timeout(end_of_day(lesson.start), "expired", effects=REFUND)), zone="tutor")

    assert not compiled.why("requested.timeout.0.0").is_zoned
    assert compiled.why("requested.timeout.1.0").is_zoned


JOIN = Move("join", ("student", "system"), STAY, effects=Effects(records="joined"))
REVIEW = Move("review", ("student",), STAY, until=lesson.end, effects=Effects(records="reviewed", blind=True))


@pytest.mark.parametrize(
    ("compiled", "row", "expected"),
    [
        (machine(JOIN), "join", set()),
        (machine(JOIN, Move("leave", ("tutor",), "agreed", when=joined("student") < now)), "join", {"joined(student)"}),
        (machine(JOIN, timeouts=(Timeout(joined("payer") + hours(1), "expired", effects=REFUND), START)), "join", {"joined(payer)"}),  # noqa: E501  # One row of a table, one line.
        (machine(REVIEW, Move("leave", ("tutor",), "agreed", when=reviewed("student") < now)), "review", {"reviewed(student)"}),  # noqa: E501  # One row of a table, one line.
    ],
)  # fmt: skip
def test_a_fact_is_kept_only_where_something_reads_it(compiled: Machine, row: str, expected: set[str]) -> None:
    """A row that records a fact keeps those roles of it that a guard or a deadline reads."""
    (recording,) = compiled.place("requested").moves[row]

    assert recording.stamps_facts == expected
    assert recording.records in ("joined", "reviewed")


def test_a_fact_may_move_the_clock_of_its_own_state() -> None:
    """Where a timeout of the state reads what an aside records, its deadline is found anew; elsewhere it is not."""
    reading = Timeout(earliest(joined("student") + hours(1), lesson.start), "expired", effects=REFUND)

    moves_it, does_not = machine(JOIN, requested=(reading,)), machine(JOIN)

    assert moves_it.place("requested").moves["join"][0].deadline is not None
    assert does_not.place("requested").moves["join"][0].deadline is None


def test_a_step_says_what_it_records_and_whether_its_time_is_to_be_free() -> None:
    """`records`, `blind` and `bookable` of a row stand in its step."""
    compiled = machine(JOIN, REVIEW, Move("take", ("student",), "agreed", effects=Effects("accept", bookable=True)))

    steps = [compiled.step(f"requested.on.{verb}.0.0") for verb in ("join", "review", "take")]

    assert [(step.records, step.blind, step.bookable) for step in steps] == [
        ("joined", False, False),
        ("reviewed", True, False),
        (None, False, True),
    ]


def test_reminders_are_ready_to_be_reckoned() -> None:
    """A reminder of a state gives its instant, reckoned from the running deadline if it asks for that."""
    compiled = machine(reminders=(Reminder(parse_reminder("deadline - 2h"), ("tutor", "student")),))

    (reminder,) = compiled.place("agreed").reminders
    at = reminder.at(NOON, TERMS, None, 1, {"deadline": START_AT}, BRIEF, None, None)

    assert (at, reminder.to) == (START_AT - timedelta(hours=2), ("tutor", "student"))
    assert reminder.at(NOON, TERMS, None, 1, {}, BRIEF, None, None) is None
    assert (compiled.reminds, machine().reminds) == (True, False)


def test_what_a_reminder_reads_is_kept_for_it() -> None:
    """An anchor that only a reminder reads is stamped by the rows that make it so."""
    compiled = machine(NOTE, reminders=(Reminder(did("note") + hours(1), ("tutor",)),))

    assert stamps(compiled) == {"requested.on.note.0": ("did(note)",)}


def test_a_row_asks_the_facts_for_what_its_guards_and_its_fees_read() -> None:
    """Permissions and time taught are named beforehand; the rates matter only where something is settled."""
    vip, hours_taught = has("tutor", "vip"), taught("tutor")
    fees = Fees((FeeRate("10%", when=hours_taught < hours(20)), FeeRate("15%")))
    process = attrs.evolve(
        machine(Move("leave", ("tutor",), "expired", when=vip, effects=REFUND), NOTE).process, fees=fees
    )

    compiled = machine_of(process)

    moves = compiled.place("requested").moves
    assert moves["leave"][0].reads == {vip, hours_taught}
    assert moves["note"][0].reads == frozenset()
    assert compiled.place("requested").timeouts[0].reads == {hours_taught}
    assert (compiled.counts_in_timeouts, machine().counts_in_timeouts) == (True, False)


def test_a_row_knows_whether_the_command_says_the_split() -> None:
    """Where the split is as given the compiled case keeps which are allowed; elsewhere it keeps none."""
    choices = AsGiven((Settlement.of({"tutor": "50%", "student": "rest"}),))
    compiled = machine(Move("rule", ("operator",), "expired", effects=Effects(cases=(Case(choices),))))

    (rule,) = compiled.place("requested").moves["rule"]

    assert rule.cases[0].given == choices
    assert compiled.step("requested.on.rule.0.0").settle == "as given: tutor 50%, student rest"
    assert compiled.place("requested").timeouts[0].cases[0].given is None


def test_beside_entered_is_when_the_change_was_opened() -> None:
    """A clock or a reminder of an open change reckons from when that came there, not from when the lesson did."""
    nudge = Move("nudge", ("student",), STAY)
    clock = Timeout(earliest(did("nudge") + hours(9), entered + hours(5)), BACK, "holder")
    reminder = Reminder(entered + hours(1), ("student",))
    change = attrs.evolve(ASKED, moves=(YES, nudge), timeouts=(clock,), reminders=(reminder,))
    compiled = machine(moves=(CHANGE,), change=change)

    (nudged,) = compiled.place("change").moves["nudge"]
    (reminds,) = compiled.place("change").reminders
    opened = NOON + timedelta(hours=2)
    kept = {"entered": NOON, "entered(change)": opened, "did(nudge)": opened}

    assert nudged.deadline is not None
    due_at, _ = nudged.deadline(opened, TERMS, TERMS, 1, kept, BRIEF, None, None) or (None, None)
    assert due_at == opened + timedelta(hours=5)
    assert reminds.at(opened, TERMS, TERMS, 1, kept, BRIEF, None, None) == opened + timedelta(hours=1)
    # Where nothing was kept of the change, there is only what was kept of the lesson.
    assert reminds.at(opened, TERMS, TERMS, 1, {"entered": NOON}, BRIEF, None, None) == NOON + timedelta(hours=1)
    assert compiled.place("agreed").moves["change"][0].stamps == ("entered(change)",)


def test_a_deadline_may_depend_on_what_is_known_of_the_lesson() -> None:
    """A condition in a timeout is judged as the state is entered."""
    compiled = machine(
        requested=(Timeout(if_(lesson.price >= "10", asked + hours(1), asked + hours(2)), "expired", effects=REFUND),)
    )

    at, _ = due(compiled)

    assert at == NOON + timedelta(hours=1)
