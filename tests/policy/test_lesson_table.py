"""The sections around an ordinary lesson: payment, instant booking, attending, no-shows, disputes, charges, reviews."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from tutorcore.policy import (
    BACK,
    STAY,
    AsGiven,
    Case,
    Effects,
    Guard,
    Move,
    Process,
    Profile,
    Reminder,
    Settlement,
    State,
    Timeout,
    Unit,
    asked,
    entered,
    has,
    hours,
    joined,
    lesson,
    lesson_table,
    minutes,
    not_,
    notice,
    parse_guard,
    problems,
    proposed,
)
from tutorcore.policy.expressions import Always
from tutorcore.policy.profile import (
    Attend,
    Cancel,
    Charge,
    Complete,
    Counter,
    Dispute,
    Ending,
    Hold,
    Meeting,
    NoShow,
    Notify,
    Override,
    Payment,
    Request,
    Rescheduling,
    Review,
)

TO_THE_TUTOR = Settlement.of({"tutor": "rest"})
ALL_BACK = Settlement.of({"student": "rest"})
HALF = Settlement.of({"tutor": "50%", "student": "rest"})
CHOICES = AsGiven((ALL_BACK, HALF))
THIRD = lesson.start + minutes(20)

REQUEST = Request(("student",), asked + hours(48), Ending("expired", fault="holder"))
COMPLETE = Complete(("student",), lesson.end + hours(72), TO_THE_TUTOR)
CHANGE = Rescheduling(("student", "tutor"), ("start",), proposed.start)
AGAIN = Rescheduling(("student",), ("start",), again=True)
ATTEND = Attend(("student", "tutor", "system"), lesson.start - minutes(10))
STUDENT_ABSENT = NoShow("student", ("tutor",), THIRD, lesson.end, (Case(HALF),))
TUTOR_ABSENT = NoShow("tutor", ("student",), THIRD, None, (Case(ALL_BACK, mark="missed", fault="tutor"),))
DISPUTE = Dispute(("operator",), asked + hours(720), Ending("resolved"))


def table(**sections: Any) -> Process:
    """Return the table of the smallest profile with further sections, after a look at whether it is sound."""
    process = lesson_table(attrs.evolve(Profile("own", "1", Unit("EUR", 2), REQUEST, COMPLETE), **sections))
    assert problems(process) == ()
    return process


def request(**cells: Any) -> Request:
    """Return the smallest request with other cells."""
    return attrs.evolve(REQUEST, **cells)


def row(move: Move) -> str:
    """Return a move as `verb by -> to when until`."""
    when = "" if move.when is None else f" when {move.when}"
    until = "" if move.until is None else f" until {move.until}"
    return f"{move.verb} {'/'.join(move.by)} -> {move.to}{when}{until}"


def rows(state: State, *verbs: str) -> list[str]:
    """Return the moves of a state, or those of some verbs."""
    return [row(move) for move in state.moves if not verbs or move.verb in verbs]


def silence(state: State) -> list[tuple[str, str, str, str]]:
    """Return when a state ends by itself, where that leads, whom it blames and who gets what is held."""
    return [
        (str(each.at), each.to, each.fault, "; ".join(str(case.settle) for case in each.effects.cases))
        for each in state.timeouts
    ]


def holds(process: Process) -> dict[str, str | None]:
    """Return what each opening, and each move that proposes, pays or accepts, holds."""
    found: dict[str, str | None] = {f"opening {move.to}": move.effects.hold for move in process.openings}
    for state in process.states:
        found |= {f"{state.name} {move.verb}": move.effects.hold for move in state.moves if move.effects.hold}
    return found


# Asking


def test_a_payment_comes_before_the_question() -> None:
    """What is asked for waits to be paid, may be withdrawn meanwhile, and is put to the tutor only then."""
    paid = request(
        hold="when_paid",
        payment=Payment(("payer",), asked + minutes(15), Ending("payment_expired", mark="unpaid", fault="holder")),
        withdraw=Ending("withdrawn"),
    )

    process = table(request=paid)

    unpaid = process.state("unpaid")
    assert [row(move) for move in process.openings] == ["request student -> unpaid"]
    assert rows(unpaid) == ["pay payer -> requested", "withdraw student -> withdrawn"]
    assert silence(unpaid) == [("asked + 15m", "payment_expired", "holder", "student rest")]
    assert (unpaid.waits_for, unpaid.slot, unpaid.timeouts[0].effects.cases[0].mark) == (
        "payer",
        "tentative",
        "unpaid",
    )
    assert process.state("payment_expired").over
    assert holds(process) == {"opening unpaid": None, "unpaid pay": "cover", "requested accept": "exact"}


@pytest.mark.parametrize(
    ("hold", "at_once", "asked_for"),
    [("none", None, None), ("when_asked", "cover", "cover"), ("when_agreed", "cover", None)],
)
def test_what_may_be_agreed_at_once_is_tried_first(hold: Hold, at_once: str | None, asked_for: str | None) -> None:
    """A request for which `instant` holds is agreed, and paid if anything is held; any other is put to the tutor."""
    process = table(request=request(hold=hold, when=notice > hours(1), instant=notice >= hours(24)))

    assert [row(move) for move in process.openings] == [
        "request student -> agreed when notice > 1h and notice >= 24h",
        "request student -> requested when notice > 1h",
    ]
    assert [move.effects.hold for move in process.openings] == [at_once, asked_for]
    assert [move.effects.terms for move in process.openings] == ["propose", "propose"]


def test_what_is_agreed_at_once_is_paid_at_once() -> None:
    """Where a request is paid before it is put to the tutor, one that is agreed at once is paid with it."""
    payment = Payment(("payer",), asked + minutes(15), Ending("payment_expired"))

    process = table(request=request(hold="when_paid", payment=payment, instant=notice >= hours(24)))

    assert [(move.to, move.effects.hold) for move in process.openings] == [("agreed", "cover"), ("unpaid", None)]


def test_a_condition_of_agreeing_stands_wherever_a_lesson_becomes_agreed() -> None:
    """`agree.when` guards every acceptance, and what is agreed at once; asking itself stays free."""
    ready = has("tutor", "meeting_provider")
    counter = Counter(("start",), asked + hours(24), Ending("expired"))
    answers: Any = ("accept", "decline", "propose")

    process = table(
        request=request(agree_when=ready, instant=notice >= hours(24), answers=answers, propose=counter),
        change=CHANGE,
    )

    assert [row(move) for move in process.openings] == [
        "request student -> agreed when notice >= 24h and has(tutor, meeting_provider)",
        "request student -> requested",
    ]
    assert rows(process.state("requested"), "accept") == ["accept tutor -> agreed when has(tutor, meeting_provider)"]
    assert rows(process.state("proposed"), "accept") == ["accept student -> agreed when has(tutor, meeting_provider)"]
    assert rows(process.state("change_by_tutor"), "accept") == [f"accept student -> {BACK}"]


@pytest.mark.parametrize(
    ("late", "accepts", "if_past"),
    [
        (False, "accept tutor -> agreed when rounds < 9", "forbid"),
        (True, "accept tutor -> agreed when rounds < 9 and now < lesson.end", "fire"),
    ],
)
def test_what_is_agreed_late_is_under_way_at_once(late: bool, accepts: str, if_past: str) -> None:
    """A request may be agreed after its start, until its end, where the policy says so; otherwise its time is past."""
    process = table(request=request(agree_when=parse_guard("rounds < 9"), late=late))

    assert rows(process.state("requested"), "accept") == [accepts]
    assert [(each.to, each.if_past) for each in process.state("agreed").timeouts] == [("in_progress", if_past)]


@pytest.mark.parametrize(
    ("when", "agree_when", "joined_up"),
    [
        (None, None, "rounds < 9"),
        ("true", "true", "rounds < 9"),
        ("notice > 1h", None, "notice > 1h and rounds < 9"),
        (None, "notice > 1h", "rounds < 9 and notice > 1h"),
        ("notice > 1h or rounds < 5", None, "(notice > 1h or rounds < 5) and rounds < 9"),
        ("notice > 1h and rounds < 5", None, "notice > 1h and rounds < 5 and rounds < 9"),
        (None, "notice > 1h and rounds < 5", "rounds < 9 and notice > 1h and rounds < 5"),
    ],
)
def test_conditions_side_by_side_stay_side_by_side(when: str | None, agree_when: str | None, joined_up: str) -> None:
    """Guards of several sections are joined as a person would write them; one that always holds adds nothing."""
    asking, agreeing = (None if text is None else parse_guard(text) for text in (when, agree_when))

    opening = table(request=request(when=asking, agree_when=agreeing, instant=parse_guard("rounds < 9"))).openings[0]

    assert opening.when == parse_guard(joined_up)


@pytest.mark.parametrize(
    ("slot", "expected"),
    [
        ("tentative", {"opening", "proposed propose", "agreed propose by student"}),
        ("none", {"opening", "proposed propose", "agreed propose by student", "requested accept", "proposed accept"}),
    ],
)
def test_who_asks_chooses_among_the_free_times_of_the_schedule(slot: Any, expected: set[str]) -> None:
    """What the side that asks proposes has to be bookable; where that holds no time, so has what is agreed."""
    answers: Any = ("accept", "decline", "propose")
    counter = Counter(("start",), asked + hours(24), Ending("expired"), answers)

    process = table(
        request=request(bookable=True, slot=slot, answers=answers, propose=counter),
        change=attrs.evolve(CHANGE, override=Override(("operator",))),
    )

    found = {"opening" for move in process.openings if move.effects.bookable}
    for state in process.states:
        for move in state.moves:
            by = f" by {move.by[0]}" if state.name == "agreed" else ""
            found |= {f"{state.name} {move.verb}{by}"} if move.effects.bookable else set()
    assert found == expected
    assert not any(move.effects.bookable for state in table(change=CHANGE).states for move in state.moves)


# Changing


def test_asking_again_gives_up_what_was_agreed() -> None:
    """With `request_again` a proposal leads back to being requested, under its clock; nothing is left beside."""
    again = attrs.evolve(AGAIN, when=notice >= hours(72), override=Override(("operator",)))

    process = table(request=request(bookable=True), change=again)

    assert [state.name for state in process.states if state.beside] == []
    assert rows(process.state("agreed")) == [
        "propose student -> requested when notice >= 72h",
        "reschedule operator -> agreed",
    ]
    assert process.state("agreed").moves[0].effects == Effects("propose", ("start",), "cover", bookable=True)


@pytest.mark.parametrize("fault", ["holder", "none"])
def test_a_change_may_lapse_without_blame_and_be_declined_with_a_reason(fault: Any) -> None:
    """Silence about a change leaves the lesson as it was and blames whom the policy says; a refusal says why."""
    process = table(change=attrs.evolve(CHANGE, fault=fault, decline_needs=("reason",)))

    for name in ("change_by_student", "change_by_tutor"):
        beside = process.state(name)
        assert silence(beside) == [("proposed.start", BACK, fault, "")]
        assert {move.verb: move.needs for move in beside.moves} == {
            "accept": (),
            "decline": ("reason",),
            "withdraw": (),
        }


@pytest.mark.parametrize(
    ("locks", "accepts"),
    [
        (None, ["accept tutor -> back"]),
        (notice < hours(12), ["accept tutor -> locked when notice < 12h", "accept tutor -> back"]),
        (Always(), ["accept tutor -> locked"]),
    ],
)
def test_a_late_change_locks_the_lesson(locks: Guard | None, accepts: list[str]) -> None:
    """A change agreed while `locks` holds leads to `locked`; always, if it always holds; never without it."""
    process = table(change=attrs.evolve(CHANGE, locks=locks))

    beside = process.state("change_by_student")
    assert rows(beside, "accept") == accepts
    assert rows(beside, "decline", "withdraw") == ["decline tutor -> back", "withdraw student -> back"]
    assert all(move.effects == Effects("accept", hold="exact") for move in beside.moves if move.verb == "accept")
    assert ("locked" in [state.name for state in process.states]) == (locks is not None)


def test_a_locked_lesson_is_agreed_and_can_be_cancelled_in_few_cases() -> None:
    """`locked` has the clock, the slot, the changes and the meeting of `agreed`, but only the cases marked for it."""
    change = attrs.evolve(CHANGE, locks=notice < hours(12), override=Override(("operator",)))
    cancel = (Cancel(("student",), becomes="gone"), Cancel(("tutor",), locked=True, becomes="off"))

    process = table(change=change, cancel=cancel, attend=ATTEND, meeting=Meeting())

    agreed, locked = process.state("agreed"), process.state("locked")
    assert rows(locked, "cancel") == ["cancel tutor -> off"]
    assert rows(agreed, "cancel") == ["cancel student -> gone", "cancel tutor -> off"]
    assert rows(locked, "reschedule") == ["reschedule operator -> locked"]
    assert [each for each in rows(locked) if "cancel" not in each and "reschedule" not in each] == [
        each for each in rows(agreed) if "cancel" not in each and "reschedule" not in each
    ]
    same = ("slot", "agreed", "meeting", "timeouts", "waits_for")
    assert all(getattr(locked, cell) == getattr(agreed, cell) for cell in same)


@pytest.mark.parametrize(
    ("locks", "expected"),
    [
        (None, ["cancel student -> gone", "cancel tutor -> off when notice < 1h"]),
        (
            notice < hours(12),
            ["cancel student -> gone when not (first_entered(locked) <= now)", "cancel tutor -> off when notice < 1h"],
        ),
    ],
)
def test_a_lesson_that_was_locked_stays_so_once_it_has_begun(locks: Guard | None, expected: list[str]) -> None:
    """In progress are those cases that say so; what was locked before can be cancelled only where that is said too."""
    cancel = (
        Cancel(("student",), in_progress=True, becomes="gone"),
        Cancel(("tutor",), notice < hours(1), in_progress=True, locked=True, becomes="off"),
        Cancel(("operator",), becomes="off"),
    )

    process = table(change=attrs.evolve(CHANGE, locks=locks), cancel=cancel)

    assert rows(process.state("in_progress")) == expected


# Cancelling


def test_a_charge_is_decided_after_cancelling() -> None:
    """A case that charges leads to `charge_open`, where the tutor chooses a split in time, or silence settles."""
    charge = Charge(("tutor",), CHOICES, asked + hours(72), HALF, "cancelled_late")
    cancel = (
        Cancel(("student",), notice >= hours(24)),
        Cancel(("student",), charge=True, mark="late", fault="student", needs=("reason",)),
    )

    process = table(cancel=cancel, charge=charge)

    late, open_ = process.state("agreed").moves[-1], process.state("charge_open")
    assert (late.to, late.needs) == ("charge_open", ("reason",))
    assert late.effects == Effects(cases=(Case(mark="late", fault="student"),))
    assert rows(open_) == ["charge tutor -> cancelled_late"]
    assert open_.moves[0].effects == Effects(cases=(Case(CHOICES),))
    assert silence(open_) == [("asked + 72h", "cancelled_late", "none", "tutor 50%, student rest")]
    assert (open_.waits_for, open_.slot) == ("tutor", "none")
    assert {"cancelled", "cancelled_late"} <= {state.name for state in process.states if state.over}


# Meeting and attending


@pytest.mark.parametrize(
    ("meeting", "ahead"),
    [
        (Meeting(), "stay"),
        (Meeting(Ending("no_meeting", HALF, mark="unready", fault="tutor")), "no_meeting"),
    ],
)
def test_a_meeting_belongs_to_what_is_agreed(meeting: Meeting, ahead: str) -> None:
    """Agreed lessons and those in progress have a meeting; want of one may end a lesson only before it begins."""
    process = table(
        meeting=meeting, no_show=(attrs.evolve(STUDENT_ABSENT, answer_by=asked + hours(24)),), dispute=DISPUTE
    )

    assert [state.name for state in process.states if state.meeting] == [
        "agreed",
        "in_progress",
        "student_no_show_claimed",
    ]
    ready, failed = process.state("agreed").moves
    assert ready == Move("meeting_ready", ("system",), STAY, needs=("details",), effects=Effects(records="meeting"))
    assert (failed.verb, failed.by, failed.to, failed.needs) == ("meeting_failed", ("system",), ahead, ("reason",))
    assert rows(process.state("in_progress"), "meeting_ready", "meeting_failed") == [
        "meeting_ready system -> stay",
        "meeting_failed system -> stay",
    ]
    if meeting.failed is not None:
        assert failed.effects.cases == (Case(HALF, mark="unready", fault="tutor"),)
        assert process.state("no_meeting").over


def test_without_their_sections_nobody_joins_and_nothing_meets() -> None:
    """A policy without [attend], [meeting] and [review] has no such rows."""
    process = table()

    assert not {"join", "leave", "meeting_ready", "meeting_failed", "review"} & set(process.verbs)
    assert not any(state.meeting for state in process.states)


def test_people_join_from_an_instant_on_while_they_may_still_come() -> None:
    """Ahead of the lesson joining has a beginning; in progress, and while a claim is open, people come and go."""
    contested = attrs.evolve(STUDENT_ABSENT, answer_by=asked + hours(24))

    process = table(attend=ATTEND, no_show=(contested,), dispute=DISPUTE)

    join = "join student/tutor/system -> stay"
    assert rows(process.state("agreed"), "join", "leave") == [
        f"{join} when now >= lesson.start - 10m",
        f"{join.replace('join', 'leave')} when now >= lesson.start - 10m",
    ]
    for name in ("in_progress", "student_no_show_claimed"):
        assert rows(process.state(name), "join", "leave") == [join, join.replace("join", "leave")]
    assert [move.effects.records for move in process.state("agreed").moves] == ["joined", "left"]


@pytest.mark.parametrize(
    ("by", "afterwards"),
    [(ATTEND.by, ["join system -> stay", "leave system -> stay"]), (("student", "tutor"), [])],
)
def test_afterwards_only_the_platform_still_reports_who_came(by: Any, afterwards: list[str]) -> None:
    """Once the lesson is behind everybody, only what the platform's software saw may come late, and at last nothing."""
    contested = attrs.evolve(STUDENT_ABSENT, answer_by=asked + hours(24))

    process = table(attend=attrs.evolve(ATTEND, by=by), no_show=(contested,), dispute=DISPUTE)

    assert rows(process.state("delivered"), "join", "leave") == afterwards
    assert rows(process.state("disputed"), "join", "leave") == afterwards
    assert not any(move.verb == "join" for state in process.states if state.over for move in state.moves)


def test_who_joins_only_from_the_start_on_joins_a_lesson_in_progress() -> None:
    """At the start itself the lesson is under way, so nothing is open ahead of it."""
    process = table(attend=attrs.evolve(ATTEND, start=lesson.start))

    assert rows(process.state("agreed")) == []
    assert len(rows(process.state("in_progress"))) == 2


# No-shows and disputes


def test_a_claim_that_nobody_can_contest_holds_at_once() -> None:
    """Without `answer_by` a claim ends the lesson in its own ending, as its cases say."""
    cases = (Case(ALL_BACK, not_(joined("student") < THIRD)), Case(ALL_BACK, mark="missed", fault="tutor"))

    process = table(attend=ATTEND, no_show=(STUDENT_ABSENT, attrs.evolve(TUTOR_ABSENT, cases=cases)))

    first, second = (move for move in process.state("in_progress").moves if move.verb == "claim_no_show")
    assert row(first) == "claim_no_show tutor -> student_no_show when now >= lesson.start + 20m until lesson.end"
    assert row(second) == "claim_no_show student -> tutor_no_show when now >= lesson.start + 20m"
    assert first.effects == Effects(cases=(Case(HALF),))
    assert second.effects == Effects(cases=cases)
    assert {"student_no_show", "tutor_no_show"} <= {state.name for state in process.states if state.over}


def test_after_the_lesson_only_those_claims_are_open_that_do_not_end_with_it() -> None:
    """A window that closes at the end of the lesson is not opened again once it is over."""
    process = table(no_show=(STUDENT_ABSENT, TUTOR_ABSENT))

    assert rows(process.state("delivered")) == [
        "confirm student -> completed",
        "claim_no_show student -> tutor_no_show when now >= lesson.start + 20m",
    ]


def test_a_claim_has_the_conditions_of_its_section() -> None:
    """`from`, `when`, `until` and `needs` stand against a claim; one that is contradicted opens a dispute instead."""
    claim = attrs.evolve(
        STUDENT_ABSENT,
        when=joined("tutor") <= lesson.start,
        contradicted=joined("student") < THIRD,
        needs=("details",),
    )

    process = table(attend=ATTEND, no_show=(claim,), dispute=DISPUTE)

    claims = [move for move in process.state("in_progress").moves if move.verb == "claim_no_show"]
    said = "now >= lesson.start + 20m and joined(tutor) <= lesson.start"
    against = "joined(student) < lesson.start + 20m"
    assert [row(move) for move in claims] == [
        f"claim_no_show tutor -> student_no_show when {said} and not ({against}) until lesson.end",
        f"claim_no_show tutor -> disputed when {said} and {against} until lesson.end",
    ]
    assert [move.needs for move in claims] == [("details",), ("details",)]
    assert [move.effects for move in claims] == [Effects(cases=(Case(HALF),)), Effects()]


@pytest.mark.parametrize(
    ("attend", "timeouts"),
    [
        (
            ATTEND,
            [
                ("asked + 24h", "student_no_show"),
                ("if(joined(student) < lesson.start + 20m, did(join), asked + 24h)", "disputed"),
            ],
        ),
        (None, [("asked + 24h", "student_no_show")]),
    ],
)
def test_a_late_report_may_contradict_a_claim(attend: Attend | None, timeouts: list[tuple[str, str]]) -> None:
    """While a claim may be contested, a report that speaks against it opens the dispute at once."""
    against = joined("student") < THIRD if attend else lesson.price >= "10"
    claim = attrs.evolve(STUDENT_ABSENT, contradicted=against, answer_by=asked + hours(24))

    claimed = table(attend=attend, no_show=(claim,), dispute=DISPUTE).state("student_no_show_claimed")

    assert [(str(each.at), each.to) for each in claimed.timeouts] == timeouts


def test_a_claim_may_be_contested_until_its_time_is_up() -> None:
    """With `answer_by` a claim waits for whoever is said to be absent; silence makes it hold, a contest a dispute."""
    first = attrs.evolve(STUDENT_ABSENT, answer_by=asked + hours(24), needs=("details",))
    second = attrs.evolve(TUTOR_ABSENT, answer_by=asked + hours(48), contested_by=("tutor", "operator"))

    process = table(no_show=(first, second), dispute=DISPUTE)

    students, tutors = process.state("student_no_show_claimed"), process.state("tutor_no_show_claimed")
    assert rows(students) == ["contest student -> disputed", "claim_no_show student -> disputed"]
    assert rows(tutors) == ["contest tutor/operator -> disputed", "claim_no_show tutor -> disputed"]
    assert tutors.moves[1].needs == ("details",)
    assert silence(students) == [("asked + 24h", "student_no_show", "none", "tutor 50%, student rest")]
    assert silence(tutors) == [("asked + 48h", "tutor_no_show", "none", "student rest")]
    assert tutors.timeouts[0].effects.cases == TUTOR_ABSENT.cases
    assert (students.waits_for, tutors.waits_for) == ("student", "tutor")
    assert [move.to for move in process.state("in_progress").moves] == [
        "student_no_show_claimed",
        "tutor_no_show_claimed",
    ]


def test_who_may_claim_it_of_either_side_says_of_which() -> None:
    """Whoever is among the claimants of both sides names who did not come; for all others it is clear."""
    first = attrs.evolve(STUDENT_ABSENT, by=("tutor", "admin"), until=None, answer_by=asked + hours(24))
    second = attrs.evolve(TUTOR_ABSENT, by=("admin",))

    process = table(no_show=(first, second), dispute=DISPUTE)

    assert rows(process.state("in_progress")) == [
        "claim_no_show tutor -> student_no_show_claimed when now >= lesson.start + 20m",
        'claim_no_show admin -> student_no_show_claimed when blamed == "student" and now >= lesson.start + 20m',
        'claim_no_show admin -> tutor_no_show when blamed == "tutor" and now >= lesson.start + 20m',
    ]
    assert rows(process.state("student_no_show_claimed"), "claim_no_show") == [
        'claim_no_show admin -> disputed when blamed == "tutor"'
    ]


def test_a_dispute_is_decided_case_by_case() -> None:
    """Whoever resolves it gives a reason and a split, and blames whom they will; silence ends it too."""
    dispute = Dispute(
        ("operator", "admin"),
        asked + hours(720),
        Ending("unresolved", HALF),
        CHOICES,
        (("tutor", "missed"), ("student", "late")),
        "decided",
    )

    process = table(no_show=(attrs.evolve(STUDENT_ABSENT, answer_by=asked + hours(24)),), dispute=dispute)

    disputed = process.state("disputed")
    (resolve,) = disputed.moves
    assert (row(resolve), resolve.needs) == ("resolve operator/admin -> decided", ("reason",))
    assert [(str(case.when), case.mark, case.fault) for case in resolve.effects.cases] == [
        ('blamed == "student"', "late", "student"),
        ('blamed == "tutor"', "missed", "tutor"),
        ("None", None, None),
    ]
    assert {case.settle for case in resolve.effects.cases} == {CHOICES}
    unmarked = table(no_show=(attrs.evolve(STUDENT_ABSENT, answer_by=asked + hours(24)),), dispute=DISPUTE)
    assert [(case.mark, case.fault) for case in unmarked.state("disputed").moves[0].effects.cases] == [
        (None, "student"),
        (None, "tutor"),
        (None, None),
    ]
    assert silence(disputed) == [("asked + 720h", "unresolved", "none", "tutor 50%, student rest")]
    assert disputed.waits_for == "operator"
    assert {"decided", "unresolved"} <= {state.name for state in process.states if state.over}


# The end, and what is said


@pytest.mark.parametrize(
    ("by", "at", "at_once"),
    [
        ((), lesson.end, True),
        ((), lesson.end + hours(1), False),
        (("student",), lesson.end, False),
    ],
)
def test_a_lesson_may_be_complete_at_its_very_end(by: Any, at: Any, at_once: bool) -> None:
    """Where nobody confirms and silence completes at the end, there is nothing in between."""
    process = table(complete=Complete(by, at, TO_THE_TUTOR))

    ends = Timeout(lesson.end, "completed", effects=Effects(cases=(Case(TO_THE_TUTOR),)))
    assert ("delivered" not in [state.name for state in process.states]) == at_once
    assert (process.state("in_progress").timeouts == (ends,)) == at_once


def test_without_somebody_to_confirm_a_delivered_lesson_waits_for_nobody() -> None:
    """What nobody need confirm has no turn and no move, only its silence."""
    delivered = table(complete=Complete((), lesson.end + hours(1), TO_THE_TUTOR)).state("delivered")

    assert (delivered.waits_for, delivered.moves) == (None, ())
    assert silence(delivered) == [("lesson.end + 1h", "completed", "none", "tutor rest")]


def test_a_completed_lesson_was_taught_and_no_other() -> None:
    """The time of a lesson counts where it was completed, whatever that is called; no other ending counts it."""
    process = table(
        complete=attrs.evolve(COMPLETE, becomes="done"),
        cancel=(Cancel(("student",)),),
        no_show=(attrs.evolve(STUDENT_ABSENT, answer_by=asked + hours(24)),),
        dispute=DISPUTE,
    )

    assert [state.name for state in process.states if state.taught] == ["done"]


def test_a_lesson_whose_time_has_come_keeps_it() -> None:
    """What took place, or should have, occupies its time for good; what was called off does not."""
    process = table(
        cancel=(Cancel(("student",), notice < hours(24), charge=True), Cancel(("tutor",), in_progress=True)),
        charge=Charge(("tutor",), CHOICES, asked + hours(72)),
        no_show=(attrs.evolve(STUDENT_ABSENT, answer_by=asked + hours(24)), TUTOR_ABSENT),
        dispute=DISPUTE,
    )

    assert {state.name: state.slot for state in process.states} == {
        "requested": "tentative",
        "agreed": "firm",
        "in_progress": "firm",
        "delivered": "firm",
        "charge_open": "none",
        "student_no_show_claimed": "firm",
        "disputed": "firm",
        "completed": "firm",
        "declined": "none",
        "expired": "none",
        "cancelled": "none",
        "student_no_show": "firm",
        "tutor_no_show": "firm",
        "resolved": "firm",
    }


@pytest.mark.parametrize("blind", [False, True])
def test_who_was_there_reviews_once(blind: bool) -> None:
    """Each side has one review, until its time is up, of what took place; nothing else can be reviewed."""
    process = table(review=Review(("student", "tutor"), lesson.end + hours(336), blind), cancel=(Cancel(("student",)),))

    assert rows(process.state("completed")) == [
        "review student -> stay when not (reviewed(student) <= now) until lesson.end + 336h",
        "review tutor -> stay when not (reviewed(tutor) <= now) until lesson.end + 336h",
    ]
    assert all(move.effects == Effects(records="reviewed", blind=blind) for move in process.state("completed").moves)
    assert process.state("cancelled").moves == ()


def test_a_policy_says_who_is_told_of_what_they_did_themselves() -> None:
    """`also_actor` names verbs; of those everybody of the lesson who may do them is told as well."""
    process = table(
        request=request(by=("student", "payer"), answered_by=("tutor", "admin")),
        cancel=(Cancel(("operator",)),),
        notify=Notify(also_actor=("request", "accept", "cancel")),
    )

    told = {move.verb: move.effects.notify for state in process.states for move in state.moves}
    assert process.openings[0].effects.notify == ("student", "payer")
    assert (told["accept"], told["cancel"], told["decline"]) == (("tutor",), (), ())


def test_reminders_belong_to_their_states() -> None:
    """Each reminder stands in the state that it names, in the order written; a change beside may have one too."""
    soon = Reminder(lesson.end - minutes(5), ("tutor",))
    late = Reminder(entered + hours(1), ("student", "payer"))
    first = Reminder(lesson.end - minutes(9), ("tutor",))

    process = table(
        change=CHANGE,
        notify=Notify(reminders=(("in_progress", soon), ("change_by_tutor", late), ("in_progress", first))),
    )

    assert {state.name: state.reminders for state in process.states if state.reminders} == {
        "in_progress": (soon, first),
        "change_by_tutor": (late,),
    }


@pytest.mark.parametrize(
    ("hold", "settles"),
    [("none", "due"), ("when_asked", "held"), ("when_agreed", "held")],
)
def test_where_nothing_is_held_settlements_are_amounts_due(hold: Hold, settles: str) -> None:
    """A policy that holds nothing records who owes what; the others divide what they hold."""
    assert table(request=request(hold=hold)).settles == settles


@pytest.mark.parametrize(
    ("by", "expected"),
    [((), ["withdraw student -> withdrawn"]), (("payer", "admin"), ["withdraw payer/admin -> withdrawn"])],
)
def test_withdrawing_is_for_who_asked_unless_others_are_named(by: Any, expected: list[str]) -> None:
    """Without `by` those withdraw who asked."""
    process = table(request=request(withdraw=Ending("withdrawn", by=by)))

    assert rows(process.state("requested"), "withdraw") == expected
