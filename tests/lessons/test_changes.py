"""An open change of an agreed lesson: it lives beside, has a clock of its own, and leaves no trace unless agreed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tutorcore.errors import InvariantError
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant, instant
from tutorcore.lessons import (
    NO_FACTS,
    Brief,
    Command,
    Facts,
    Lesson,
    Offer,
    Refusal,
    advance,
    claims_of,
    decide,
    mark_of,
    next_deadline,
)
from tutorcore.lessons.decision import is_due
from tutorcore.lessons.lesson import next_timeout
from tutorcore.lessons.records import due_of
from tutorcore.policy import Machine, load_policy, load_preset, machine_of

ASKED = instant("2026-03-02T10:00:00Z")
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
START = ASKED + 100 * HOUR
AGREED = ASKED + HOUR

TABLE = """
id = "own"
extends = "process/1"
currency = "EUR"
[opening]
verb = "request"
by = ["student"]
to = "requested"
terms = "propose"
hold = "cover"
[state.requested]
waits_for = "tutor"
[state.requested.on.accept]
by = ["tutor"]
to = "agreed"
terms = "accept"
hold = "exact"
[state.agreed]
waits_for = "payer"
slot = "firm"
timeout = { at = "AT", to = "done", settle = { tutor = "rest" } }
[state.agreed.on.change]
by = ["student"]
to = "asking"
terms = "propose"
hold = "cover"
[state.agreed.on.offer]
by = ["tutor"]
to = "offering"
terms = "propose"
[state.agreed.on.cancel]
by = ["student", "tutor"]
to = "gone"
settle = { tutor = "50%", student = "rest" }
[state.agreed.on.decline]
by = ["tutor"]
to = "gone"
settle = { student = "rest" }
[state.agreed.on.move]
by = ["tutor"]
to = "moved"
[state.moved]
timeout = { at = "lesson.end", to = "done", settle = { tutor = "rest" } }
[state.asking]
waits_for = "tutor"
slot = "tentative"
beside = true
[[state.asking.timeout]]
at = "earliest(asked + 48h, proposed.start, did(hurry) + 2h)"
to = "back"
fault = "holder"
mark = "silent"
[state.asking.on.accept]
by = ["tutor"]
to = "back"
terms = "accept"
hold = "exact"
[state.asking.on.decline]
by = ["tutor"]
to = "back"
[state.asking.on.withdraw]
by = ["student"]
to = "back"
[state.asking.on.counter]
by = ["tutor"]
to = "offering"
terms = "propose"
[state.asking.on.hurry]
by = ["student"]
to = "stay"
[state.asking.on.note]
by = ["student"]
to = "stay"
[state.offering]
waits_for = "student"
slot = "tentative"
beside = true
timeout = { at = "asked + 24h", to = "back" }
[state.offering.on.accept]
by = ["student"]
to = "back"
terms = "accept"
hold = "exact"
[state.offering.on.counter]
by = ["student"]
to = "asking"
terms = "propose"
hold = "cover"
[state.offering.on.leave]
by = ["student"]
to = "gone"
settle = { platform = "10%", student = "rest" }
[state.done]
over = true
[state.gone]
over = true
"""
OWN = machine_of(load_policy(TABLE.replace("AT", "lesson.start")))
ITALKI = machine_of(load_preset("italki"))
OPERATOR = Facts(frozenset({"operator"}))


def act(lesson: Lesson, verb: str, by: str, at: Instant, facts: Facts = NO_FACTS, **cells: Any) -> Lesson | Refusal:
    """Return what a command makes of a lesson."""
    return decide(lesson.machine, lesson, Command(verb, PartyId(by), Key("k"), LessonId("L1"), **cells), facts, at)


def done(answer: Lesson | Refusal) -> Lesson:
    """Return the version that was made; fail on a refusal."""
    assert isinstance(answer, Lesson), answer
    return answer


def refused(answer: Lesson | Refusal) -> Refusal:
    """Return the refusal; fail on a version."""
    assert isinstance(answer, Refusal), answer
    return answer


def agreed(machine: Machine = OWN, price: int = 2500) -> Lesson:
    """Return a lesson of one hour that was asked for at `ASKED` and agreed an hour later."""
    brief = Brief(
        LessonId("L1"), machine.hash, "Europe/Berlin", "EUR", ASKED,
        PartyId("tom"), PartyId("sue"), PartyId("sue"), PartyId("sue"),
    )  # fmt: skip
    request = Command("request", PartyId("sue"), Key("k"), LessonId("L1"), offer=Offer(START, HOUR, price))
    lesson = done(decide(machine, brief, request, NO_FACTS, ASKED))
    return done(act(lesson, "accept", "tom", AGREED, proposal=1))


def changing(machine: Machine = OWN, **offer: Any) -> Lesson:
    """Return that lesson with a change that the student opened two hours after asking."""
    return done(act(agreed(machine), "change", "sue", AGREED + HOUR, offer=Offer(**offer)))


def test_a_change_is_opened_beside_the_lesson() -> None:
    """The lesson stands where it stood, with its terms and its deadline; the change has terms, turn and clock."""
    before = agreed()

    lesson = changing(start=START + 5 * HOUR)

    assert (lesson.state, lesson.terms, lesson.due, lesson.why) == ("agreed", before.terms, before.due, before.why)
    assert lesson.change is not None
    assert lesson.change.place.name == "asking"
    assert (lesson.change.terms.number, lesson.change.terms.start, lesson.change.terms.end) == (
        2, START + 5 * HOUR, START + 6 * HOUR,
    )  # fmt: skip
    assert (lesson.change.due, lesson.change.why and lesson.change.why.text) == (AGREED + 49 * HOUR, "asked + 48h")
    assert (lesson.waits_for, before.waits_for) == ("tutor", "payer")
    assert (lesson.proposal, lesson.rounds) == (2, 2)
    assert (lesson.held, lesson.legs) == (2500, ())


def test_the_next_deadline_is_the_earlier_of_the_two() -> None:
    """What is due next is the change's deadline while it is the earlier one, else the lesson's."""
    lesson = changing(start=START + 5 * HOUR)
    late = done(act(agreed(), "change", "sue", START - HOUR, offer=Offer(START + 5 * HOUR)))

    deadlines = [next_deadline(each) for each in (lesson, late)]

    assert [each and (each.at, each.why.text) for each in deadlines] == [
        (AGREED + 49 * HOUR, "asked + 48h"),
        (START, "lesson.start"),
    ]


@pytest.mark.parametrize(
    ("verb", "by", "cells", "start", "number"),
    [
        ("accept", "tom", {"proposal": 2}, START + 5 * HOUR, 2),
        ("decline", "tom", {}, START, 1),
        ("decline", "tom", {"proposal": 2}, START, 1),
        ("withdraw", "sue", {}, START, 1),
    ],
)
def test_an_answer_closes_the_change(verb: str, by: str, cells: dict[str, Any], start: Instant, number: int) -> None:
    """Accepting makes the change the terms and finds the deadline anew; anything else restores what stood."""
    lesson = changing(start=START + 5 * HOUR)

    after = done(act(lesson, verb, by, AGREED + 2 * HOUR, **cells))

    assert (after.change, after.state) == (None, "agreed")
    assert (after.terms.start, after.terms.number, after.due) == (start, number, start)
    assert (after.rounds, after.held, after.legs) == (2, 2500, ())


def test_silence_closes_the_change_and_blames_who_had_the_turn() -> None:
    """At the change's own deadline it is gone, stamped with that instant; the lesson stands."""
    lesson = changing(start=START + 5 * HOUR)

    assert advance(lesson, AGREED + 49 * HOUR - MICROSECOND) == []
    (lapsed,) = advance(lesson, AGREED + 60 * HOUR)

    mark = mark_of(lapsed)
    assert (lapsed.at, lapsed.state, lapsed.change, lapsed.terms) == (
        AGREED + 49 * HOUR, "agreed", None, lesson.terms,
    )  # fmt: skip
    assert (lapsed.step.fault, mark and mark.party, lapsed.due) == ("tutor", "tom", START)


def test_a_lesson_whose_change_is_due_must_be_advanced_first() -> None:
    """Deciding just before the change's deadline is fine; at it, the caller has to apply the timeout first."""
    lesson = changing(start=START + 5 * HOUR)

    assert done(act(lesson, "decline", "tom", AGREED + 49 * HOUR - MICROSECOND)).change is None
    with pytest.raises(InvariantError, match="has not been advanced"):
        act(lesson, "decline", "tom", AGREED + 49 * HOUR)


def test_a_change_may_be_open_without_a_clock_of_its_own() -> None:
    """A change whose state has no timeout waits for an answer, or for the lesson's own time."""
    timed = TABLE[TABLE.index("[[state.asking.timeout]]") : TABLE.index("[state.asking.on.accept]")]
    lesson = changing(
        machine_of(load_policy(TABLE.replace(timed, "").replace("AT", "lesson.start"))), start=START + 5 * HOUR
    )

    assert lesson.change is not None
    assert (lesson.change.due, lesson.change.why) == (None, None)
    assert next_deadline(lesson) == (START, lesson.why, "Europe/Berlin")
    assert done(act(lesson, "decline", "tom", AGREED + 60 * HOUR)).change is None
    assert [version.state for version in advance(lesson, START)] == ["done"]


def test_silence_may_accept_a_change() -> None:
    """Where silence accepts, the new terms stand from that instant on, and the lesson's deadline is found anew."""
    accepting = TABLE.replace(
        '{ at = "asked + 24h", to = "back" }', '{ at = "asked + 24h", to = "back", terms = "accept" }'
    )
    movable = 'to = "offering"\nterms = "propose"\n'
    text = accepting.replace(movable, movable + 'may_change = ["start"]\n').replace("AT", "lesson.start")
    before = agreed(machine_of(load_policy(text)))
    lesson = done(act(before, "offer", "tom", AGREED + HOUR, offer=Offer(START + 5 * HOUR)))

    (accepted,) = advance(lesson, AGREED + 25 * HOUR)

    assert (accepted.at, accepted.terms.start, accepted.due) == (AGREED + 25 * HOUR, START + 5 * HOUR, START + 5 * HOUR)
    assert (accepted.held, accepted.legs, accepted.change, accepted.step.fault) == (2500, (), None, None)


def test_what_silence_accepts_stays_held() -> None:
    """A dearer change that was covered when it was proposed keeps its cover when silence accepts it."""
    text = TABLE.replace('to = "back"\nfault = "holder"\nmark = "silent"', 'to = "back"\nterms = "accept"')
    lesson = changing(machine_of(load_policy(text.replace("AT", "lesson.start"))), price=3000)

    (accepted,) = advance(lesson, AGREED + 49 * HOUR)

    assert (lesson.held, accepted.held, accepted.legs, accepted.terms.price) == (3000, 3000, (), 3000)


def test_where_nothing_is_held_a_change_moves_nothing() -> None:
    """A platform that settles elsewhere holds nothing for a change and gives nothing back."""
    text = TABLE.replace('hold = "cover"\n', "").replace('hold = "exact"\n', "").replace("AT", "lesson.start")
    lesson = changing(machine_of(load_policy(text)), price=3000)

    declined = done(act(lesson, "decline", "tom", AGREED + 2 * HOUR))
    accepted = done(act(lesson, "accept", "tom", AGREED + 2 * HOUR, proposal=2))
    moved = done(act(lesson, "move", "tom", AGREED + 2 * HOUR))

    assert [(each.held, each.legs) for each in (lesson, declined, accepted, moved)] == [(0, ())] * 4
    assert accepted.terms.price == 3000


@pytest.mark.parametrize(("price", "mark"), [(3000, "greedy"), (2500, None), (2000, None)])
def test_the_cases_of_an_answer_read_what_is_proposed(price: int, mark: str | None) -> None:
    """The cases of a row beside may ask about the open change, those of a row that opens one about the new terms."""
    cases = 'cases = [{ when = "proposed.price > lesson.price", mark = "greedy", fault = "student" }, {}]\n'
    for row in ("[state.asking.on.withdraw]\n", "[state.agreed.on.change]\n"):
        machine = machine_of(load_policy(TABLE.replace(row, row + cases).replace("AT", "lesson.start")))
        lesson = changing(machine, price=price, start=START + HOUR)

        version = done(act(lesson, "withdraw", "sue", AGREED + 2 * HOUR)) if "asking" in row else lesson

        assert version.step.mark == mark


def test_while_a_change_is_open_no_other_can_be_opened() -> None:
    """A second change is not open, whoever wants it; what is open is named."""
    lesson = changing(start=START + 5 * HOUR)

    for verb, by in (("change", "sue"), ("offer", "tom")):
        refusal = refused(act(lesson, verb, by, AGREED + 2 * HOUR, offer=Offer(price=1)))
        assert (refusal.code, refusal.facts["open"]) == (
            "not_open",
            "accept, decline, withdraw, counter, hurry, note, cancel, move",
        )


def test_a_verb_of_the_change_hides_the_same_verb_of_the_lesson() -> None:
    """Declining means the change while one is open, and the lesson otherwise."""
    lesson = changing(start=START + 5 * HOUR)

    assert done(act(lesson, "decline", "tom", AGREED + 2 * HOUR)).state == "agreed"
    assert done(act(agreed(), "decline", "tom", AGREED + 2 * HOUR)).state == "gone"


def test_the_lessons_own_moves_go_on_and_take_the_change_with_them() -> None:
    """Whatever moves the lesson itself closes the change and blames nobody; an aside leaves it open."""
    lesson = changing(start=START + 5 * HOUR)

    moved = done(act(lesson, "move", "tom", AGREED + 2 * HOUR))
    noted = done(act(lesson, "note", "sue", AGREED + 2 * HOUR))
    (started,) = advance(done(act(agreed(), "change", "sue", START - HOUR, offer=Offer(START + 5 * HOUR))), START)

    assert (moved.state, moved.change, moved.due) == ("moved", None, START + HOUR)
    assert noted.change == lesson.change
    assert (started.state, started.change, started.step.fault) == ("done", None, None)


def test_the_lessons_own_answer_is_about_its_own_terms() -> None:
    """Accepting in a row of the lesson itself binds what is agreed, under its own number, and drops the open change."""
    own = '[state.agreed.on.seal]\nby = ["student"]\nto = "moved"\nterms = "accept"\nhold = "exact"\n[state.moved]'
    machine = machine_of(load_policy(TABLE.replace("[state.moved]", own).replace("AT", "lesson.start")))
    lesson = changing(machine, price=3000)

    stale = refused(act(lesson, "seal", "sue", AGREED + 2 * HOUR, proposal=2))
    sealed = done(act(lesson, "seal", "sue", AGREED + 2 * HOUR, proposal=1))

    assert (stale.code, stale.facts["current"]) == ("stale_offer", "1")
    assert (sealed.state, sealed.terms, sealed.change, sealed.held) == ("moved", lesson.terms, None, 2500)


def test_a_counter_answers_a_change_with_another() -> None:
    """A counter to a change alters what that proposes, has the next number, the other's turn and its own clock."""
    lesson = changing(start=START + 5 * HOUR, price=3000)

    countered = done(act(lesson, "counter", "tom", AGREED + 2 * HOUR, offer=Offer(price=2800)))
    accepted = done(act(countered, "accept", "sue", AGREED + 3 * HOUR, proposal=3))

    assert countered.change is not None
    assert (countered.change.place.name, countered.waits_for, countered.rounds) == ("offering", "student", 3)
    assert (countered.change.terms.number, countered.change.terms.start, countered.change.terms.price) == (
        3, START + 5 * HOUR, 2800,
    )  # fmt: skip
    assert countered.change.due == AGREED + 26 * HOUR
    assert (countered.state, countered.terms.number) == ("agreed", 1)
    assert (accepted.terms.start, accepted.terms.price, accepted.held) == (START + 5 * HOUR, 2800, 2800)


def test_a_counter_may_lead_back_and_forth() -> None:
    """Two sides may go on countering; every offer is a round."""
    lesson = changing(price=3000)
    lesson = done(act(lesson, "counter", "tom", AGREED + 2 * HOUR, offer=Offer(price=3500)))
    lesson = done(act(lesson, "counter", "sue", AGREED + 3 * HOUR, offer=Offer(price=3200)))

    assert lesson.change is not None
    assert (lesson.change.place.name, lesson.rounds, lesson.held, lesson.legs) == (
        "asking", 4, 3200, (("payer", -200),),
    )  # fmt: skip


def test_a_counter_that_changes_nothing_is_refused() -> None:
    """A counter has to differ from the open change, and may well be what was agreed before."""
    lesson = changing(price=3000)

    same = refused(act(lesson, "counter", "tom", AGREED + 2 * HOUR, offer=Offer(price=3000)))
    original = done(act(lesson, "counter", "tom", AGREED + 2 * HOUR, offer=Offer(price=2500)))

    assert (same.code, same.facts["problem"]) == ("bad_terms", "they are those of proposal 2")
    assert original.rounds == 3


def test_an_answer_names_the_change_by_its_number() -> None:
    """The number of the agreed terms is stale while a change is open, and that of the change once it is closed."""
    lesson = changing(price=3000)
    declined = done(act(lesson, "decline", "tom", AGREED + 2 * HOUR))

    stale = refused(act(lesson, "accept", "tom", AGREED + 2 * HOUR, proposal=1))

    assert (stale.code, stale.facts) == ("stale_offer", {"proposal": "1", "current": "2"})
    assert refused(act(declined, "decline", "tom", AGREED + 3 * HOUR, proposal=2)).code == "stale_offer"


PRICED = [
    # The payer's side asks for more: covered at once, given back unless it is agreed.
    (3000, 3000, (("payer", -500),)),
    # For less, or at the same price: the earlier hold stays until it is agreed.
    (2000, 2500, ()),
    (0, 2500, ()),
]


@pytest.mark.parametrize(("price", "held", "legs"), PRICED)
def test_a_change_covers_its_price_and_gives_back_what_was_not_agreed(
    price: int, held: int, legs: tuple[tuple[str, int], ...]
) -> None:
    """What an unanswered change held goes back with whatever closes it; an agreed one holds exactly its price."""
    lesson = changing(price=price)
    back = () if held == 2500 else (("payer", held - 2500),)
    exact = () if held == price else (("payer", held - price),)

    assert (lesson.held, lesson.legs) == (held, legs)
    for closed in (
        done(act(lesson, "decline", "tom", AGREED + 2 * HOUR)),
        done(act(lesson, "withdraw", "sue", AGREED + 2 * HOUR)),
        done(act(lesson, "move", "tom", AGREED + 2 * HOUR)),
        *advance(lesson, AGREED + 49 * HOUR),
    ):
        assert (closed.held, closed.legs, closed.change) == (2500, back, None)
    accepted = done(act(lesson, "accept", "tom", AGREED + 2 * HOUR, proposal=2))
    assert (accepted.held, accepted.legs) == (price, exact)


@pytest.mark.parametrize(
    ("price", "legs"),
    [
        (3000, (("tutor", 1250), ("payer", 1750))),
        (2500, (("tutor", 1250), ("payer", 1250))),
        (2000, (("tutor", 1250), ("payer", 1250))),
    ],
)
def test_shares_are_those_of_the_agreed_price(price: int, legs: tuple[tuple[str, int], ...]) -> None:
    """Cancelling while a dearer change is open divides what was agreed; what the change held goes back whole."""
    lesson = changing(price=price, start=START + HOUR)

    cancelled = done(act(lesson, "cancel", "tom", AGREED + 2 * HOUR))

    assert (cancelled.state, cancelled.held, cancelled.legs, cancelled.change) == ("gone", 0, legs, None)


def test_a_timeout_that_settles_leaves_out_what_an_open_change_held() -> None:
    """When the lesson's own time comes while a dearer change is open, only the agreed price is paid."""
    lesson = done(act(agreed(), "change", "sue", START - HOUR, offer=Offer(START + HOUR, price=4000)))

    (ended,) = advance(lesson, START)

    assert lesson.held == 4000
    assert (ended.legs, ended.held) == ((("tutor", 2500), ("payer", 1500)), 0)


def test_what_was_held_goes_back_also_where_the_payer_has_no_share() -> None:
    """A row of the change itself may end the lesson; its shares are those of the agreed price too."""
    lesson = changing(price=4000)
    lesson = done(act(lesson, "counter", "tom", AGREED + 2 * HOUR, offer=Offer(price=4500)))

    ended = done(act(lesson, "leave", "sue", AGREED + 3 * HOUR))

    assert (ended.state, dict(ended.legs)) == ("gone", {"platform": 250, "payer": 3750})


def test_h23_on_a_tie_the_lessons_own_timeout_comes_first() -> None:
    """Where both are due at one instant, the lesson moves, and the change lapses with it and blames nobody."""
    lesson = changing(start=START + HOUR)
    assert lesson.change is not None
    tied = lesson._replace(change=lesson.change._replace(due=START))
    sooner = lesson._replace(change=lesson.change._replace(due=START - MICROSECOND))

    assert [(version.state, version.at, version.step.fault) for version in advance(tied, START)] == [
        ("done", START, None)
    ]
    assert [(version.state, version.at, version.step.fault) for version in advance(sooner, START)] == [
        ("agreed", START - MICROSECOND, "tutor"),
        ("done", START, None),
    ]
    assert next_deadline(tied) == (START, lesson.why, "Europe/Berlin")


@pytest.mark.parametrize(
    ("before_start", "outcome"),
    [(49 * HOUR, "asked + 48h"), (48 * HOUR, "asked + 48h"), (47 * HOUR, "lesson.start")],
)
def test_h23_under_italki_the_clocks_meet_at_the_start(before_start: timedelta, outcome: str) -> None:
    """A change opened exactly 48 h ahead is due at the start itself; then the start comes first."""
    lesson = done(act(agreed(ITALKI), "propose", "tom", START - before_start, offer=Offer(START + 9 * HOUR)))

    versions = advance(lesson, START)

    assert lesson.change is not None
    assert lesson.change.why is not None
    assert lesson.change.why.text == outcome
    assert versions[-1].state == "in_progress"
    assert len(versions) == (2 if before_start > 48 * HOUR else 1)


@pytest.mark.parametrize(
    ("notice", "code"), [(24 * HOUR + MICROSECOND, None), (24 * HOUR, "no_time_left"), (HOUR, "no_time_left")]
)
def test_a_change_whose_deadline_is_past_is_not_opened(notice: timedelta, code: str | None) -> None:
    """A change that would have to be answered by now, or before, is refused."""
    machine = machine_of(
        load_policy(
            TABLE.replace("AT", "lesson.start").replace(
                "asked + 48h, proposed.start", "asked + 48h, proposed.start - 24h"
            )
        )
    )
    now = AGREED + HOUR

    answer = act(agreed(machine), "change", "sue", now, offer=Offer(now + notice))

    if code is None:
        lesson = done(answer)
        assert lesson.change is not None
        assert lesson.change.due == now + MICROSECOND
    else:
        assert refused(answer).code == code


@pytest.mark.parametrize(
    ("start", "outcome"),
    [
        (AGREED + 26 * HOUR + MICROSECOND, AGREED + 2 * HOUR + MICROSECOND),
        (AGREED + 26 * HOUR, "no_time_left"),
        (AGREED + 9 * HOUR, "no_time_left"),
        (START + 9 * HOUR, START - 15 * HOUR),
    ],
)
def test_an_agreed_change_must_leave_the_lesson_time(start: Instant, outcome: Instant | str) -> None:
    """Accepting a change finds the lesson's deadline anew, and is refused if that were past."""
    machine = machine_of(load_policy(TABLE.replace("AT", "lesson.start - 24h")))

    answer = act(changing(machine, start=start), "accept", "tom", AGREED + 2 * HOUR, proposal=2)

    assert (refused(answer).code if isinstance(outcome, str) else done(answer).due) == outcome


def test_an_agreed_change_may_leave_the_lesson_without_a_deadline() -> None:
    """Where the deadline found anew is absent, none runs."""
    skipping = TABLE.replace('{ at = "AT", to = "done",', '{ at = "lesson.start - 24h", if_past = "skip", to = "done",')
    lesson = changing(machine_of(load_policy(skipping)), start=AGREED + 9 * HOUR)

    accepted = done(act(lesson, "accept", "tom", AGREED + 2 * HOUR, proposal=2))

    assert lesson.due == START - 24 * HOUR
    assert (accepted.due, accepted.why) == (None, None)


def test_the_deadline_found_anew_still_counts_from_where_the_lesson_stands() -> None:
    """`entered` in a deadline found anew is when the lesson came here, not when the change was agreed."""
    machine = machine_of(load_policy(TABLE.replace("AT", "earliest(entered + 70h, lesson.start)")))

    accepted = done(act(changing(machine, start=START + HOUR), "accept", "tom", AGREED + 2 * HOUR, proposal=2))

    assert accepted.due == AGREED + 70 * HOUR


def test_an_aside_beside_moves_the_clock_of_the_change_alone() -> None:
    """What is recorded beside, and read by the change's deadline, leaves the lesson's own deadline as it is."""
    lesson = changing(start=START + 5 * HOUR)

    hurried = done(act(lesson, "hurry", "sue", AGREED + 2 * HOUR))

    assert hurried.change is not None
    assert lesson.change is not None
    assert (hurried.due, hurried.why) == (START, lesson.why)
    assert (hurried.change.due, hurried.change.why and hurried.change.why.text) == (
        AGREED + 4 * HOUR, "did(hurry) + 2h",
    )  # fmt: skip
    assert (hurried.change.terms, hurried.change.place) == (lesson.change.terms, lesson.change.place)
    (lapsed,) = advance(hurried, AGREED + 4 * HOUR)
    assert (lapsed.change, lapsed.state, lapsed.due) == (None, "agreed", START)


def test_an_override_needs_nobodys_answer() -> None:
    """An operator's change is agreed at once, also while another one is open, which it ends."""
    lesson = done(act(agreed(ITALKI), "propose", "tom", AGREED + HOUR, offer=Offer(START + HOUR)))

    moved = done(
        act(lesson, "reschedule", "ops", AGREED + 2 * HOUR, OPERATOR, reason="storm", offer=Offer(START + 9 * HOUR))
    )

    assert (moved.state, moved.change, moved.terms.start, moved.due) == (
        "agreed", None, START + 9 * HOUR, START + 9 * HOUR,
    )  # fmt: skip
    assert (moved.rounds, moved.terms.number, moved.facts) == (3, 3, OPERATOR)


def test_an_override_changes_what_is_agreed() -> None:
    """What an operator does not name stays as it is agreed, whatever an open change proposes."""
    lesson = done(act(agreed(ITALKI), "propose", "tom", AGREED + HOUR, offer=Offer(START + 9 * HOUR)))
    longer = Offer(duration=2 * HOUR)

    moved = done(act(lesson, "reschedule", "ops", AGREED + 2 * HOUR, OPERATOR, reason="storm", offer=longer))

    assert (moved.terms.start, moved.terms.end) == (START, START + 2 * HOUR)


def test_an_open_change_claims_its_own_time_beside_the_lessons() -> None:
    """Both hold their slots while the change is open; a change whose state holds none claims nothing."""
    asking = changing(start=START + 5 * HOUR)
    text = TABLE.replace("AT", "lesson.start").replace('waits_for = "tutor"\nslot = "tentative"', 'waits_for = "tutor"')
    free = changing(machine_of(load_policy(text)), start=START + 5 * HOUR)

    assert [(claim.proposal, claim.party, claim.start, claim.slot) for claim in claims_of(asking)] == [
        (1, "tom", START, "firm"),
        (1, "sue", START, "firm"),
        (2, "tom", START + 5 * HOUR, "tentative"),
        (2, "sue", START + 5 * HOUR, "tentative"),
    ]
    assert [claim.proposal for claim in claims_of(free)] == [1, 1]


def test_the_first_start_outlives_a_reschedule() -> None:
    """A guard on the first start is not moved by agreeing on another one."""
    guarded = TABLE.replace(
        "[state.agreed.on.cancel]\n", '[state.agreed.on.cancel]\nwhen = "now < lesson.first_start - 50h"\n'
    )
    machine = machine_of(load_policy(guarded.replace("AT", "lesson.start")))
    moved = done(act(changing(machine, start=START + 50 * HOUR), "accept", "tom", AGREED + 2 * HOUR, proposal=2))

    assert moved.timeline["lesson.first_start"] == START
    assert done(act(moved, "cancel", "sue", START - 50 * HOUR - MICROSECOND)).state == "gone"
    assert refused(act(moved, "cancel", "sue", START - 50 * HOUR)).code == "guard"


def test_a_change_may_end_in_a_state_of_its_own() -> None:
    """A change whose acceptance leads on instead of back moves the lesson there with the new terms."""
    onward = TABLE.replace(
        '[state.asking.on.accept]\nby = ["tutor"]\nto = "back"',
        '[state.asking.on.accept]\nby = ["tutor"]\nto = "moved"',
    )
    lesson = changing(machine_of(load_policy(onward.replace("AT", "lesson.start"))), start=START + 5 * HOUR, price=3000)

    moved = done(act(lesson, "accept", "tom", AGREED + 2 * HOUR, proposal=2))

    assert (moved.state, moved.change, moved.terms.start, moved.held) == ("moved", None, START + 5 * HOUR, 3000)
    assert moved.due == START + 6 * HOUR


@pytest.mark.parametrize(
    ("by", "offer", "problem"),
    [
        ("sue", Offer(price=1), "price may not be changed here"),
        ("sue", Offer(price=1, kind="trial"), "price and kind may not be changed here"),
        ("tom", Offer(START + HOUR, details={"a": "b"}), "details may not be changed here"),
        ("tom", Offer(START), "they are those of proposal 1"),
        ("tom", Offer(), "they are those of proposal 1"),
        ("tom", Offer(duration=HOUR), "they are those of proposal 1"),
        ("tom", Offer(kind="", details={}), "they are those of proposal 1"),
        ("tom", Offer(AGREED + HOUR), "they start at 2026-03-02T12:00:00Z, which is not after 2026-03-02T12:00:00Z"),
        ("tom", Offer(ASKED), "they start at 2026-03-02T10:00:00Z, which is not after 2026-03-02T12:00:00Z"),
    ],
)
def test_terms_that_cannot_stand_say_why(by: str, offer: Offer, problem: str) -> None:
    """A change of a field that may not change, of nothing, or into the past is refused with what is wrong."""
    refusal = refused(act(agreed(ITALKI), "propose", by, AGREED + HOUR, offer=offer))

    assert (refusal.code, refusal.facts["problem"]) == ("bad_terms", problem)
    assert refusal.sentence == f"what was said cannot stand: {problem}"


@pytest.mark.parametrize(
    "offer",
    [
        Offer(price=2501),
        Offer(START + HOUR / 2, HOUR / 2),
        Offer(duration=HOUR / 2),
        Offer(kind="trial"),
        Offer(details={"a": "b"}),
    ],
)
def test_terms_that_differ_in_one_thing_are_another_proposal(offer: Offer) -> None:
    """A change of the price, the start, the end, the kind or the details alone is a change."""
    assert done(act(agreed(), "change", "sue", AGREED + HOUR, offer=offer)).rounds == 2


def test_terms_may_begin_just_after_now() -> None:
    """What starts a microsecond from now is still ahead."""
    answer = act(agreed(ITALKI), "propose", "tom", AGREED + HOUR, offer=Offer(AGREED + HOUR + MICROSECOND))

    assert done(answer).rounds == 2


HURRIED = machine_of(
    load_policy(
        TABLE.replace("AT", "lesson.start").replace(
            'at = "earliest(asked + 48h, proposed.start, did(hurry) + 2h)"',
            'at = "earliest(entered + 30h, did(hurry) + 60h)"',
        )
    )
)


def test_the_clock_of_a_change_counts_from_when_it_was_opened_also_when_an_aside_finds_it_anew() -> None:
    """`entered` beside is when the change came to where it lies, not when the lesson came to where it stands."""
    opened = changing(HURRIED, start=START + 5 * HOUR)

    hurried = done(act(opened, "hurry", "sue", AGREED + 9 * HOUR))

    assert opened.change is not None
    assert hurried.change is not None
    assert (opened.change.due, hurried.change.due) == (AGREED + 31 * HOUR, AGREED + 31 * HOUR)
    assert hurried.change.why is opened.change.why
    assert str(hurried.change.why) == "entered + 30h decides earliest(entered + 30h, did(hurry) + 60h)"


def test_a_change_of_which_nothing_was_kept_counts_from_what_the_lesson_kept() -> None:
    """One that was opened before its state was stamped: the aside still finds a deadline."""
    opened = changing(HURRIED, start=START + 5 * HOUR)._replace(timeline={"entered": AGREED})

    hurried = done(act(opened, "hurry", "sue", AGREED + 9 * HOUR))

    assert hurried.change is not None
    assert hurried.change.due == AGREED + 30 * HOUR


@pytest.mark.parametrize("change", [None, START - MICROSECOND, START, START + MICROSECOND])
@pytest.mark.parametrize("own", [None, START])
def test_h23_every_question_about_what_comes_next_has_the_same_answer(
    own: Instant | None, change: Instant | None
) -> None:
    """The timeout that is due next, the deadline that is shown, and where a store looks for it, are one."""
    lesson = changing(start=START + 5 * HOUR)
    assert lesson.change is not None
    lesson = lesson._replace(
        due=own, why=None if own is None else lesson.why,
        change=lesson.change._replace(due=change, why=None if change is None else lesson.change.why),
    )  # fmt: skip
    first = min((each for each in (own, change) if each is not None), default=None)

    due, why = next_timeout(lesson)
    shown = next_deadline(lesson)

    assert due == due_of(lesson) == first
    assert (shown and shown.at, shown and shown.why) == (due, why)
    assert why is (lesson.why if first == own else lesson.change and lesson.change.why)
    assert [is_due(lesson, START + step) for step in (-2 * MICROSECOND, HOUR)] == [False, first is not None]
