"""Deciding and lapsing: what each row does to a lesson, and the sentences that close the holes of the semantics.

The tests named after a hole (`test_h2_...`) hold the sentence that closes it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.errors import InvariantError, UnknownName
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant, instant, to_text
from tutorcore.lessons import (
    NO_FACTS,
    Brief,
    Command,
    Facts,
    Lesson,
    Offer,
    Refusal,
    advance,
    allowed,
    decide,
    entry_of,
    facts_needed,
    lapse,
    mark_of,
    next_deadline,
)
from tutorcore.lessons.decision import advance_together
from tutorcore.policy import (
    Machine,
    Process,
    Timeout,
    content_hash,
    entered,
    load_policy,
    load_preset,
    machine_of,
    problems,
)
from tutorcore.policy.machine import Asked
from tutorcore.policy.process import IfPast

ASKED = instant("2026-03-02T10:00:00Z")
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
START = ASKED + 100 * HOUR

HEADING = """
id = "own"
extends = "process/1"
currency = "EUR"
[opening]
verb = "request"
by = ["student"]
to = "requested"
terms = "propose"
hold = "cover"
[state.done]
over = true
[state.gone]
over = true
"""
ITALKI = machine_of(load_preset("italki"))


def table(states: str) -> Machine:
    """Return the machine of a table that begins with a request and has two ends, `done` and `gone`."""
    return machine_of(load_policy(HEADING + states))


def brief(machine: Machine) -> Brief:
    """Return the lesson of sue with tom, asked for at `ASKED`; pat pays, under italki sue herself."""
    payer = PartyId("sue" if machine is ITALKI else "pat")
    return Brief(
        LessonId("L1"), machine.hash, "Europe/Berlin", "EUR", ASKED,
        PartyId("tom"), PartyId("sue"), payer, PartyId("sue"),
    )  # fmt: skip


def command(verb: str, actor: str, **cells: Any) -> Command:
    """Return a command about the lesson."""
    return Command(verb, PartyId(actor), Key("key"), LessonId("L1"), **cells)


def act(lesson: Lesson, verb: str, by: str, at: Instant, facts: Facts = NO_FACTS, **cells: Any) -> Lesson | Refusal:
    """Return what a command makes of a lesson."""
    return decide(lesson.machine, lesson, command(verb, by, **cells), facts, at)


def done(answer: Lesson | Refusal) -> Lesson:
    """Return the version that was made; fail on a refusal."""
    assert isinstance(answer, Lesson), answer
    return answer


def refused(answer: Lesson | Refusal) -> str:
    """Return the code of a refusal; fail on a version."""
    assert isinstance(answer, Refusal), answer
    return answer.code


def request(machine: Machine, *, start: Instant = START, price: int = 2500, duration: timedelta = HOUR) -> Lesson:
    """Return a lesson that sue asked for at `ASKED`."""
    offer = Offer(start, duration, price)
    return done(decide(machine, brief(machine), command("request", "sue", offer=offer), NO_FACTS, ASKED))


def story(versions: list[Lesson]) -> list[tuple[str, str]]:
    """Return where each version stands, and since when."""
    return [(version.state, to_text(version.at)) for version in versions]


def test_a_request_is_the_first_version() -> None:
    """What is asked for is on the table as proposal 1, its price is held, and the answer has its deadline."""
    lesson = request(ITALKI)

    assert (lesson.number, lesson.at, lesson.state, lesson.rounds, lesson.held) == (1, ASKED, "requested", 1, 2500)
    assert lesson.legs == (("payer", -2500),)
    assert (lesson.terms.number, lesson.terms.start, lesson.terms.end, lesson.terms.price) == (
        1, START, START + HOUR, 2500,
    )  # fmt: skip
    assert (lesson.due, lesson.why and lesson.why.text) == (ASKED + 48 * HOUR, "asked + 48h")
    assert (lesson.step.source, lesson.step.verb, lesson.step.to) == ("", "request", "requested")
    assert (lesson.change, lesson.problem, lesson.settled) == (None, None, None)


def test_a_version_keeps_only_what_something_reads_later() -> None:
    """Where no row reads an anchor later or asks for facts, neither is kept."""
    lesson = request(machine_of(load_preset("ladder_48_24")))

    assert (lesson.timeline, lesson.facts) == ({}, None)


# Where the lesson stands, who does what when, and where it stands then: state, held, legs, deadline after asking.
BEFORE: dict[str, tuple[tuple[str, str, int, dict[str, Any]], ...]] = {
    "requested": (),
    "proposed": (("propose", "tom", 1, {"offer": Offer(price=3000)}),),
    "agreed": (("accept", "tom", 1, {"proposal": 1}),),
}
REASON = {"reason": "ill"}


@pytest.mark.parametrize(
    ("before", "verb", "by", "at", "cells", "state", "held", "legs", "due"),
    [
        ("requested", "accept", "tom", 1, {"proposal": 1}, "agreed", 2500, (), 100),
        ("requested", "decline", "tom", 1, {}, "declined", 0, (("payer", 2500),), None),
        ("requested", "withdraw", "sue", 1, {}, "withdrawn", 0, (("payer", 2500),), None),
        ("requested", "propose", "tom", 1, {"offer": Offer(price=3000)}, "proposed", 2500, (), 49),
        ("requested", "propose", "tom", 1, {"offer": Offer(ASKED + 30 * HOUR)}, "proposed", 2500, (), 30),
        ("proposed", "accept", "sue", 2, {"proposal": 2}, "agreed", 3000, (("payer", -500),), 100),
        ("proposed", "decline", "sue", 2, {}, "declined", 0, (("payer", 2500),), None),
        ("proposed", "withdraw", "sue", 2, {}, "withdrawn", 0, (("payer", 2500),), None),
        ("agreed", "cancel", "sue", 2, {}, "cancelled", 0, (("payer", 2500),), None),
        ("agreed", "cancel", "tom", 75.9, {}, "cancelled", 0, (("payer", 2500),), None),
        ("agreed", "cancel", "ops", 90, REASON, "cancelled", 0, (("payer", 2500),), None),
        ("agreed", "reschedule", "ops", 90, {**REASON, "offer": Offer(START + HOUR)}, "agreed", 2500, (), 101),
    ],
)  # fmt: skip
def test_each_row_of_italki_moves_the_lesson(
    before: str,
    verb: str,
    by: str,
    at: float,
    cells: dict[str, Any],
    state: str,
    held: int,
    legs: tuple[tuple[str, int], ...],
    due: float | None,
) -> None:
    """From each state each move leads where its row says, moves its money and opens its deadline."""
    lesson = request(ITALKI)
    for earlier, who, hours, given_cells in BEFORE[before]:
        lesson = done(act(lesson, earlier, who, ASKED + hours * HOUR, **given_cells))

    after = done(act(lesson, verb, by, ASKED + at * HOUR, Facts(frozenset({"operator"})), **cells))

    assert (after.number, after.at) == (lesson.number + 1, ASKED + at * HOUR)
    assert (after.state, after.held, after.legs) == (state, held, legs)
    assert after.due == (None if due is None else ASKED + due * HOUR)
    assert after.over == (due is None)


@pytest.mark.parametrize(
    ("price", "legs", "held"), [(2500, (), 2500), (2000, (("payer", 500),), 2000), (2501, (("payer", -1),), 2501)]
)
def test_an_agreement_holds_exactly_its_price(price: int, legs: tuple[tuple[str, int], ...], held: int) -> None:
    """Accepting a counter-offer takes what is missing, gives back what is too much, and moves nothing else."""
    lesson = request(ITALKI)
    if price != 2500:
        lesson = done(act(lesson, "propose", "tom", ASKED + HOUR, offer=Offer(price=price)))
    else:
        lesson = done(act(lesson, "propose", "tom", ASKED + HOUR, offer=Offer(START + HOUR)))

    agreed = done(act(lesson, "accept", "sue", ASKED + 2 * HOUR, proposal=2))

    assert lesson.held == 2500
    assert (agreed.legs, agreed.held, agreed.terms.price) == (legs, held, price)


def test_a_proposal_keeps_what_it_does_not_name() -> None:
    """A counter-offer of another price keeps start, length, kind and details, and has the next number."""
    offer = Offer(START, HOUR, 2500, "trial", {"course": "7"})
    lesson = done(decide(ITALKI, brief(ITALKI), command("request", "sue", offer=offer), NO_FACTS, ASKED))

    priced = done(act(lesson, "propose", "tom", ASKED + HOUR, offer=Offer(price=1)))
    moved = done(act(lesson, "propose", "tom", ASKED + HOUR, offer=Offer(START + HOUR, kind="", details={})))

    assert priced.terms == lesson.terms.__class__(2, START, START + HOUR, 1, "trial", (("course", "7"),))
    assert moved.terms == lesson.terms.__class__(2, START + HOUR, START + 2 * HOUR, 2500, "", ())


def test_time_alone_completes_an_agreed_lesson() -> None:
    """Start, end and silence follow each other, each at its own instant, however late they are applied."""
    agreed = done(act(request(ITALKI), "accept", "tom", ASKED + HOUR, proposal=1))

    versions = advance(agreed, START + 9000 * HOUR)

    assert story(versions) == [
        ("in_progress", to_text(START)),
        ("delivered", to_text(START + HOUR)),
        ("completed", to_text(START + 73 * HOUR)),
    ]
    assert versions[-1].legs == (("tutor", 2125), ("platform", 375))
    assert [version.command for version in versions] == [None, None, None]
    assert [version.number for version in versions] == [3, 4, 5]
    assert next_deadline(versions[-1]) is None
    assert advance(versions[-1], START + 9999 * HOUR) == []


@pytest.mark.parametrize(("late", "lapses"), [(-MICROSECOND, 0), (timedelta(0), 1), (MICROSECOND, 1), (HOUR, 1)])
def test_at_the_deadline_itself_time_has_won(late: timedelta, lapses: int) -> None:
    """A timeout applies from its very instant on and is stamped with it."""
    versions = advance(request(ITALKI), ASKED + 48 * HOUR + late)

    assert [version.at for version in versions] == [ASKED + 48 * HOUR] * lapses
    assert [version.state for version in versions] == ["expired"] * lapses


@given(st.lists(st.integers(0, 12_000), min_size=1, max_size=6))
def test_lateness_changes_nothing(minutes: list[int]) -> None:
    """Advancing in any steps gives the same versions as advancing once."""
    agreed = done(act(request(ITALKI), "accept", "tom", ASKED + HOUR, proposal=1))
    last = ASKED + HOUR + timedelta(minutes=sum(minutes))

    lesson, now, stepwise = agreed, ASKED + HOUR, []
    for each in minutes:
        now += timedelta(minutes=each)
        made = advance(lesson, now)
        stepwise += made
        lesson = made[-1] if made else lesson

    assert stepwise == advance(agreed, last)


def three_lessons() -> list[Lesson]:
    """Return three agreed lessons: two that start at once, and one that starts an hour earlier."""
    found = []
    for id, start in (("b", START), ("a", START), ("c", START - HOUR)):
        agreed = done(act(request(ITALKI, start=start), "accept", "tom", ASKED + HOUR, proposal=1))
        found.append(agreed._replace(brief=attrs.evolve(agreed.brief, id=LessonId(id))))
    return found


def test_lessons_are_advanced_together_in_the_order_of_their_deadlines() -> None:
    """Timeouts of several lessons come by instant, then by lesson, each with the version that stood before it."""
    steps = list(advance_together(three_lessons(), START + HOUR))

    assert [(after.at - START, after.id, after.state) for _, after in steps] == [
        (-HOUR, "c", "in_progress"),
        (0 * HOUR, "a", "in_progress"),
        (0 * HOUR, "b", "in_progress"),
        (0 * HOUR, "c", "delivered"),
        (HOUR, "a", "delivered"),
        (HOUR, "b", "delivered"),
    ]
    assert all(after.number == before.number + 1 and after.brief == before.brief for before, after in steps)


def test_advancing_together_may_end_before_one_place_in_the_order() -> None:
    """With `until`, what comes from that deadline and lesson on is left for whoever named it."""
    steps = advance_together(three_lessons(), START + HOUR, until=(START, LessonId("b")))

    assert [(after.id, after.state) for _, after in steps] == [("c", "in_progress"), ("a", "in_progress")]


def test_advancing_together_is_advancing_each() -> None:
    """The versions of each lesson are those it would have had alone."""
    lessons = three_lessons()

    together = [after for _, after in advance_together(lessons, START + 900 * HOUR)]

    for lesson in lessons:
        assert [after for after in together if after.id == lesson.id] == advance(lesson, START + 900 * HOUR)
    assert list(advance_together([], START)) == []
    assert list(advance_together(lessons, START - 2 * HOUR)) == []


def test_deciding_again_gives_the_same_version() -> None:
    """The log audits itself: the same command at the same instant makes the same version."""
    lesson = request(ITALKI)
    agreed = done(act(lesson, "accept", "tom", ASKED + HOUR, proposal=1))

    assert agreed.command is not None
    assert decide(ITALKI, lesson, agreed.command, NO_FACTS, agreed.at) == agreed


def test_h1_a_lesson_must_have_been_advanced() -> None:
    """Deciding about a lesson whose deadline has come is our own mistake, not a refusal."""
    lesson = request(ITALKI)

    assert done(act(lesson, "accept", "tom", ASKED + 48 * HOUR - MICROSECOND, proposal=1)).state == "agreed"
    with pytest.raises(InvariantError, match="lesson L1 has not been advanced to 2026-03-04T10:00:00Z"):
        act(lesson, "accept", "tom", ASKED + 48 * HOUR, proposal=1)


LATER = """
[state.requested]
waits_for = "tutor"
timeout = {{ at = "lesson.start", to = "gone", settle = {{ student = "rest" }} }}
[state.requested.on.go]
by = ["tutor"]
to = "later"
[state.later]
[[state.later.timeout]]
at = "lesson.start - 24h"
to = "done"
if_past = "{if_past}"
settle = {{ tutor = "rest" }}
[[state.later.timeout]]
at = "lesson.start + 5h"
to = "gone"
settle = {{ student = "rest" }}
"""


def test_h2_a_timeout_that_is_past_is_stamped_with_its_entry() -> None:
    """Where a past deadline fires, it counts from the instant its state was entered, so the log keeps its order."""
    lesson = request(table(LATER.format(if_past="fire")))

    later = done(act(lesson, "go", "tom", START - HOUR))
    versions = advance(later, START - HOUR)

    assert (later.state, later.due) == ("later", START - 24 * HOUR)
    assert story(versions) == [("done", to_text(START - HOUR))]


@pytest.mark.parametrize(
    ("if_past", "at", "due"),
    [
        ("forbid", START - 24 * HOUR - MICROSECOND, START - 24 * HOUR),
        ("forbid", START - 24 * HOUR, "no_time_left"),
        ("forbid", START - 24 * HOUR + MICROSECOND, "no_time_left"),
        ("fire", START - 24 * HOUR, START - 24 * HOUR),
        ("fire", START - 24 * HOUR + MICROSECOND, START - 24 * HOUR),
        ("skip", START - 24 * HOUR - MICROSECOND, START - 24 * HOUR),
        ("skip", START - 24 * HOUR, START + 5 * HOUR),
        ("skip", START - 24 * HOUR + MICROSECOND, START + 5 * HOUR),
    ],
)
def test_h3_a_deadline_not_after_now_is_forbidden_fires_or_is_skipped(
    if_past: str, at: Instant, due: Instant | str
) -> None:
    """A command that would open a deadline not after `now` is refused, unless that deadline fires or is skipped."""
    answer = act(request(table(LATER.format(if_past=if_past))), "go", "tom", at)

    if isinstance(due, str):
        assert refused(answer) == due
        assert isinstance(answer, Refusal)
        assert answer.facts["deadline"] == f"{to_text(START - 24 * HOUR)} (lesson.start - 24h)"
    else:
        assert done(answer).due == due


def test_h3_on_a_timeouts_way_a_past_deadline_fires_at_once() -> None:
    """Where nobody is there to refuse, a forbidden past deadline fires at the instant at which it was opened."""
    machine = table("""
[state.requested]
timeout = { at = "lesson.start", to = "later" }
[state.later]
timeout = { at = "lesson.start - 24h", to = "done", settle = { tutor = "rest" } }
""")

    versions = advance(request(machine), START)

    assert story(versions) == [("later", to_text(START)), ("done", to_text(START))]
    assert versions[0].due == START - 24 * HOUR


def test_skipping_the_only_deadline_leaves_none() -> None:
    """A state whose only deadline is skipped has no deadline."""
    machine = table("""
[state.requested]
timeout = { at = "lesson.start - 200h", to = "gone", if_past = "skip", settle = { student = "rest" } }
""")

    lesson = request(machine)

    assert (lesson.due, lesson.why, next_deadline(lesson)) == (None, None, None)
    assert lapse(lesson, START + 900 * HOUR) is None


def test_h4_guards_read_before_and_deadlines_after() -> None:
    """A guard reads the terms and rounds that stood; the deadline that the move opens reads those it brings."""
    machine = table("""
[state.requested]
timeout = { at = "lesson.start", to = "gone", settle = { student = "rest" } }
[state.requested.on.propose]
by = ["tutor"]
to = "proposed"
when = "rounds < 2 and lesson.price >= 20 and proposed.price < 20"
terms = "propose"
[state.proposed]
waits_for = "student"
timeout = { at = "earliest(lesson.start - 1h, asked + 99h, entered + 99h)", to = "gone", settle = { student = "rest" } }
""")

    proposed = done(act(request(machine), "propose", "tom", ASKED + HOUR, offer=Offer(START - HOUR, price=1000)))

    assert (proposed.rounds, proposed.due) == (2, START - 2 * HOUR)


def test_h4_in_the_deadline_a_move_opens_asked_and_entered_are_its_own_instant() -> None:
    """The clock of a state starts with the move that enters it."""
    machine = table("""
[state.requested]
waits_for = "tutor"
timeout = { at = "asked + 5h", to = "later" }
[state.later]
waits_for = "student"
[[state.later.timeout]]
at = "asked + 7h"
to = "gone"
settle = { student = "rest" }
[[state.later.timeout]]
at = "entered + 6h"
to = "done"
settle = { student = "rest" }
""")

    assert story(advance(request(machine), START)) == [
        ("later", to_text(ASKED + 5 * HOUR)),
        ("done", to_text(ASKED + 11 * HOUR)),
    ]


HANDING = """
[state.requested]
waits_for = "tutor"
timeout = { at = "asked + 90h", to = "gone", settle = { student = "rest" } }
[state.requested.on.ponder]
by = ["tutor"]
to = "pondering"
[state.requested.on.amend]
by = ["student"]
to = "requested"
terms = "propose"
[state.requested.on.rest]
by = ["tutor"]
to = "resting"
[state.pondering]
waits_for = "tutor"
timeout = { at = "asked + 48h", to = "gone", settle = { student = "rest" } }
[state.resting]
timeout = { at = "entered + 10h", to = "waking" }
[state.waking]
waits_for = "student"
timeout = { at = "asked + 48h", to = "gone", settle = { student = "rest" } }
"""


@pytest.mark.parametrize(
    ("verb", "by", "offer", "dues"),
    [
        # The tutor keeps the turn, so the clock of the request goes on.
        ("ponder", "tom", None, [48]),
        # A new offer is a hand-over, also one's own.
        ("amend", "sue", Offer(price=1), [91]),
        # From nobody to somebody is a hand-over.
        ("rest", "tom", None, [11, 59]),
    ],
)
def test_h5_a_hand_over_gives_the_turn_to_somebody_who_did_not_have_it(
    verb: str, by: str, offer: Offer | None, dues: list[int]
) -> None:
    """`asked` is the last instant at which a role without the turn got it, or at which an offer was made."""
    lesson = done(act(request(table(HANDING)), verb, by, ASKED + HOUR, offer=offer))

    found = []
    while not lesson.over:
        assert lesson.due is not None
        found.append(lesson.due)
        lesson = advance(lesson, lesson.due)[-1]

    assert found == [ASKED + hours * HOUR for hours in dues]


ASIDES = """
[state.requested]
waits_for = "tutor"
timeout = { at = "earliest(did(hurry) + 2h, did(wait) - 3h, asked + 48h)", to = "gone", settle = { student = "rest" } }
[state.requested.on.note]
by = ["tutor", "student"]
to = "stay"
[state.requested.on.hurry]
by = ["student"]
to = "stay"
[state.requested.on.wait]
by = ["student"]
to = "stay"
[state.requested.on.leave]
by = ["tutor"]
to = "done"
when = "now < entered + 5h and now < did(note) + 2h"
settle = { student = "rest" }
"""


def test_h6_an_aside_keeps_state_turn_and_deadline() -> None:
    """An aside stamps its anchor and nothing else."""
    lesson = request(table(ASIDES))

    noted = done(act(lesson, "note", "tom", ASKED + HOUR))

    assert (noted.number, noted.at, noted.state, noted.due, noted.why) == (
        2, ASKED + HOUR, "requested", lesson.due, lesson.why,
    )  # fmt: skip
    assert (noted.terms, noted.held, noted.legs, noted.rounds) == (lesson.terms, 2500, (), 1)
    assert noted.timeline["did(note)"] == ASKED + HOUR
    assert noted.timeline["entered"] == ASKED
    # A guard may read what the aside stamped; the last one counts.
    assert done(act(noted, "leave", "tom", ASKED + 2 * HOUR)).state == "done"
    assert refused(act(noted, "leave", "tom", ASKED + 3 * HOUR)) == "guard"
    again = done(act(noted, "note", "sue", ASKED + 2 * HOUR))
    assert done(act(again, "leave", "tom", ASKED + 3 * HOUR)).state == "done"


def test_h6_a_deadline_that_reads_an_aside_is_found_again() -> None:
    """Where the deadline reads what an aside stamps, it is evaluated again, with the anchors of the lesson."""
    lesson = request(table(ASIDES))

    hurried = done(act(lesson, "hurry", "sue", ASKED + HOUR))

    assert lesson.due == ASKED + 48 * HOUR
    assert (hurried.due, hurried.why and hurried.why.text) == (ASKED + 3 * HOUR, "did(hurry) + 2h")
    assert story(advance(hurried, START)) == [("gone", to_text(ASKED + 3 * HOUR))]


def test_h6_an_aside_cannot_put_a_deadline_before_itself() -> None:
    """An aside that would bring the deadline before `now` is refused: no time would be left."""
    assert refused(act(request(table(ASIDES)), "wait", "sue", ASKED + HOUR)) == "no_time_left"


@pytest.mark.parametrize(
    ("when", "before", "after"),
    [
        ("did(note) < now", "guard", "done"),
        ("did(note) >= now", "guard", "guard"),
        ("not (did(note) < now)", "done", "guard"),
        ("not (did(note) >= now)", "done", "done"),
        ("did(note) != now", "guard", "done"),
        ("not (did(note) < now) and not (did(note) >= now)", "done", "guard"),
    ],
)
def test_h7_comparing_with_what_is_absent_is_false_before_not(when: str, before: str, after: str) -> None:
    """Every comparison with an anchor that is not there is false, and `not` turns that into true."""
    lesson = request(
        table(f"""
[state.requested]
[state.requested.on.note]
by = ["tutor"]
to = "stay"
[state.requested.on.leave]
by = ["tutor"]
to = "done"
when = "{when}"
settle = {{ student = "rest" }}
""")
    )
    noted = done(act(lesson, "note", "tom", ASKED + HOUR))

    answers = [act(each, "leave", "tom", ASKED + 2 * HOUR) for each in (lesson, noted)]

    assert [each.code if isinstance(each, Refusal) else each.state for each in answers] == [before, after]


def test_h9_the_one_who_is_waited_for_is_blamed_whoever_else_may_act() -> None:
    """A tutor or an admin may answer; silence blames the tutor."""
    machine = table("""
[state.requested]
waits_for = "tutor"
timeout = { at = "lesson.start", to = "gone", fault = "holder", settle = { student = "rest" }, mark = "missed" }
[state.requested.on.decline]
by = ["tutor", "admin"]
to = "done"
settle = { student = "rest" }
""")
    lesson = request(machine)

    (expired,) = advance(lesson, START)
    declined = done(act(lesson, "decline", "ann", ASKED + HOUR, Facts(frozenset({"admin"}))))

    mark = mark_of(expired)
    assert expired.step.fault == "tutor"
    assert mark is not None
    assert (mark.party, mark.name, mark.at) == ("tom", "missed", START)
    assert (declined.step.fault, mark_of(declined)) == (None, None)


COUNTING = """
[state.requested]
waits_for = "tutor"
[[state.requested.timeout]]
at = "asked + 5h"
to = "later"
fault = "holder"
cases = [{ when = "count(late, student) < 2", mark = "late" }, { mark = "much_too_late" }]
[state.later]
timeout = { at = "entered + 5h", to = "last" }
[state.last]
waits_for = "tutor"
timeout = { at = "entered + 5h", to = "done", cases = [
  { when = "count(late, student) < 1", settle = { student = "rest" } }, { settle = { tutor = "rest" } } ] }
"""


def test_h10_facts_are_asked_for_at_each_timeouts_own_instant() -> None:
    """Only a row that counts asks for facts, each as of its own deadline, and keeps what it used."""
    asked: list[tuple[str, Instant, list[str]]] = []

    def facts_at(lesson: Lesson, at: Instant, needed: frozenset[Asked]) -> Facts:
        asked.append((lesson.state, at, [str(each) for each in needed]))
        return Facts(counts={str(each): len(asked) for each in needed})

    versions = advance(request(table(COUNTING)), START, facts_at)

    assert asked == [
        ("requested", ASKED + 5 * HOUR, ["count(late, student)"]),
        ("last", ASKED + 15 * HOUR, ["count(late, student)"]),
    ]
    assert [version.step.mark for version in versions] == ["late", None, None]
    assert versions[-1].step.settle == "tutor rest"
    assert [version.facts and version.facts.counts for version in versions] == [
        {"count(late, student)": 1}, None, {"count(late, student)": 2},
    ]  # fmt: skip


def test_h10_a_timeout_that_reads_facts_needs_a_source_of_them() -> None:
    """Without a source of facts a counting timeout is our own mistake, and the message says what to give."""
    with pytest.raises(InvariantError, match=r"at 2026-03-02T15:00:00Z reads count\(late, student\); give `facts_at`"):
        advance(request(table(COUNTING)), START)


def test_h15_settling_nothing_makes_a_version_and_no_entry() -> None:
    """A lesson that costs nothing is completed like any other, and no money moves."""
    lesson = done(act(request(ITALKI, price=0), "accept", "tom", ASKED + HOUR, proposal=1))

    versions = advance(lesson, START + 100 * HOUR)

    assert versions[-1].state == "completed"
    assert [(version.legs, version.held, entry_of(version)) for version in versions] == [((), 0, None)] * 3


@pytest.mark.parametrize("sweep", [timedelta(0), 30 * HOUR])
def test_h16_in_a_timeout_now_is_its_own_stamp(sweep: timedelta) -> None:
    """A case of a timeout that compares with `now` does not see when the timeout was applied."""
    machine = table("""
[state.requested]
timeout = { at = "lesson.start - 1h", to = "done", cases = [
  { when = "notice >= 1h", settle = { student = "rest" } }, { settle = { tutor = "rest" } } ] }
""")

    (version,) = advance(request(machine), START - HOUR + sweep)

    assert (version.at, version.step.settle) == (START - HOUR, "student rest")


def test_h17_a_move_from_exactly_the_end_of_its_state_on_is_dead() -> None:
    """What is allowed from the very instant at which the state is left comes too late at every instant."""
    lesson = request(
        table("""
[state.requested]
timeout = { at = "lesson.start", to = "later" }
[state.requested.on.begin]
by = ["tutor"]
to = "later"
when = "now >= lesson.start"
[state.later]
[state.later.on.stop]
by = ["tutor"]
to = "done"
settle = { student = "rest" }
""")
    )

    assert refused(act(lesson, "begin", "tom", START - MICROSECOND)) == "guard"
    (later,) = advance(lesson, START)
    assert refused(act(later, "begin", "tom", START)) == "not_open"


def test_h19_a_part_of_a_lesson_is_floored_to_the_microsecond() -> None:
    """A third of ten microseconds is three."""
    machine = table("""
[state.requested]
timeout = { at = "lesson.start + 1/3 lesson", to = "gone", settle = { student = "rest" } }
""")

    assert request(machine, duration=10 * MICROSECOND).due == START + 3 * MICROSECOND
    assert request(machine, duration=HOUR).due == START + HOUR / 3


@pytest.mark.parametrize("if_past", ["fire", "forbid"])
def test_h21_timeouts_that_follow_each_other_without_end_are_our_mistake(if_past: IfPast) -> None:
    """Two states that hand a lesson back and forth at one instant are refused as a table, and found out if they run."""
    sound = load_policy(
        HEADING
        + """
[state.requested]
timeout = { at = "asked + 1h", to = "ping" }
[state.ping]
timeout = { at = "entered + 1h", to = "pong" }
[state.pong]
timeout = { at = "entered + 1h", to = "ping" }
"""
    )
    ping, pong = (Timeout(entered, to, if_past=if_past) for to in ("pong", "ping"))
    states = {"ping": (ping,), "pong": (pong,)}
    endless = attrs.evolve(
        sound, states=tuple(attrs.evolve(each, timeouts=states.get(each.name, each.timeouts)) for each in sound.states)
    )
    lesson = request(Machine(endless, content_hash(endless)))

    assert [problem.path for problem in problems(endless)] == [
        ("state", "ping", "timeout"), ("state", "pong", "timeout"),
    ]  # fmt: skip
    assert advance(lesson, ASKED) == []
    with pytest.raises(InvariantError, match="timeouts of lesson L1 follow each other without end"):
        advance(lesson, START)


def test_h21_states_may_follow_each_other_at_one_instant() -> None:
    """A chain of states that lead to an end at one instant is no cycle, however often time passes in between."""
    lesson = request(
        table("""
[state.requested]
timeout = { at = "asked + 1h", to = "one" }
[state.one]
timeout = { at = "entered", to = "two" }
[state.two]
timeout = { at = "entered", to = "three" }
[state.three]
timeout = { at = "latest(entered + 1h, asked)", to = "one" }
[state.three.on.stop]
by = ["tutor"]
to = "done"
settle = { student = "rest" }
""")
    )

    versions = advance(lesson, ASKED + 9 * HOUR)

    assert [version.state for version in versions] == ["one", "two", "three"] * 9
    assert {version.at for version in versions} == {ASKED + hours * HOUR for hours in range(1, 10)}


def test_h22_rounds_count_offers_and_the_request_is_the_first() -> None:
    """Every offer is a round, whoever makes it; an answer is none."""
    lesson = request(ITALKI)
    proposed = done(act(lesson, "propose", "tom", ASKED + HOUR, offer=Offer(price=3000)))
    agreed = done(act(proposed, "accept", "sue", ASKED + 2 * HOUR, proposal=2))
    changing = done(act(agreed, "propose", "tom", ASKED + 3 * HOUR, offer=Offer(START + HOUR)))

    assert [each.rounds for each in (lesson, proposed, agreed, changing)] == [1, 2, 2, 3]
    assert changing.change is not None
    assert changing.change.terms.number == 3


ROWS = """
[state.requested]
[[state.requested.on.cancel]]
by = ["student", "tutor"]
when = "notice > 24h"
to = "gone"
settle = { student = "100%" }
[[state.requested.on.cancel]]
by = ["student"]
to = "gone"
until = "lesson.start"
settle = { tutor = "50%", student = "rest" }
[[state.requested.on.cancel]]
by = ["operator"]
to = "done"
needs = ["reason"]
settle = { platform = "rest" }
"""
OPERATOR = Facts(frozenset({"operator", "agent"}))


@pytest.mark.parametrize(
    ("by", "facts", "notice", "cells", "step"),
    [
        ("sue", NO_FACTS, 25 * HOUR, {}, "cancel.0"),
        ("sue", NO_FACTS, 24 * HOUR + MICROSECOND, {}, "cancel.0"),
        ("sue", NO_FACTS, 24 * HOUR, {}, "cancel.1"),
        ("sue", NO_FACTS, MICROSECOND, {}, "cancel.1"),
        ("tom", NO_FACTS, 25 * HOUR, {}, "cancel.0"),
        ("ops", OPERATOR, 25 * HOUR, {"reason": "storm"}, "cancel.2"),
        ("ops", OPERATOR, 0 * HOUR, {"reason": "storm"}, "cancel.2"),
        # An operator who is also the tutor takes the first row that is open.
        ("tom", OPERATOR, 25 * HOUR, {"reason": "storm"}, "cancel.0"),
        ("tom", OPERATOR, 24 * HOUR, {"reason": "storm"}, "cancel.2"),
        # The first row speaks for the verb, unless another one is nearer to the actor.
        ("sue", NO_FACTS, 0 * HOUR, {}, "guard: cancel is open only while notice > 24h"),
        ("tom", NO_FACTS, 24 * HOUR, {}, "guard: cancel is open only while notice > 24h"),
        ("ops", OPERATOR, 25 * HOUR, {}, "missing: cancel needs a reason"),
        ("ops", NO_FACTS, 25 * HOUR, {"reason": "storm"}, "not_yours: cancel is open to student, tutor, operator, and ops is none of them here"),  # noqa: E501  # One row of a table, one line.
        ("pat", NO_FACTS, 25 * HOUR, {}, "not_yours: cancel is open to student, tutor, operator, and pat is none of them here"),  # noqa: E501  # One row of a table, one line.
    ],
)  # fmt: skip
def test_rows_of_one_verb_are_tried_in_order(
    by: str, facts: Facts, notice: timedelta, cells: dict[str, Any], step: str
) -> None:
    """The first row that may be taken is taken; if none may, one refusal speaks for all."""
    answer = act(request(table(ROWS)), "cancel", by, START - notice, facts, **cells)

    if isinstance(answer, Refusal):
        assert f"{answer.code}: {answer.sentence}" == step
    else:
        assert answer.step.id == f"requested.on.{step}.0"


def test_a_grant_is_kept_with_the_version_that_used_it() -> None:
    """Who acts by a grant is recorded with it; who acts as party of the lesson needs none."""
    lesson = request(table(ROWS))

    by_grant = done(act(lesson, "cancel", "ops", ASKED + HOUR, OPERATOR, reason="storm"))
    by_right = done(act(lesson, "cancel", "sue", ASKED + HOUR, OPERATOR))

    assert (by_grant.facts, by_right.facts) == (OPERATOR, None)


def test_a_tutor_is_never_the_students_side() -> None:
    """Whoever teaches a lesson acts in it as the tutor alone, also where that person asked for it or pays."""
    machine = table("""
[state.requested]
[state.requested.on.leave]
by = ["payer", "requester"]
to = "gone"
settle = { student = "rest" }
[state.requested.on.teach]
by = ["payer", "tutor"]
to = "done"
settle = { tutor = "rest" }
""")
    lesson = request(machine)
    paying = lesson._replace(brief=attrs.evolve(lesson.brief, payer=PartyId("tom"), requester=PartyId("tom")))

    assert done(act(lesson, "leave", "sue", ASKED + HOUR)).state == "gone"
    assert refused(act(paying, "leave", "tom", ASKED + HOUR)) == "not_yours"
    assert [(option.verb, option.role) for option in allowed(paying, PartyId("tom"), NO_FACTS, ASKED)] == [
        ("teach", "tutor")
    ]


@pytest.mark.parametrize(
    ("until", "early", "at_end", "absent"),
    [
        ("lesson.start - 1h", "done", "guard: leave is open only while now < lesson.start - 1h (2026-03-06T13:00:00Z)", False),  # noqa: E501  # One row of a table, one line.
        ("did(note) + 98h", "done", "guard: leave is open only while now < did(note) + 98h (2026-03-06T13:00:00Z)", False),  # noqa: E501  # One row of a table, one line.
        ("did(note) + 98h", "guard", "guard: leave is open only while now < did(note) + 98h (it has no end)", True),
    ],
)  # fmt: skip
def test_a_window_is_half_open(until: str, early: str, at_end: str, absent: bool) -> None:
    """A move counts before the end of its window and not at it; a window whose end is absent never opens."""
    lesson = request(
        table(f"""
[state.requested]
[state.requested.on.note]
by = ["tutor"]
to = "stay"
[state.requested.on.leave]
by = ["tutor"]
to = "done"
until = "{until}"
settle = {{ student = "rest" }}
""")
    )
    if not absent:
        lesson = done(act(lesson, "note", "tom", ASKED + HOUR))

    before = act(lesson, "leave", "tom", START - HOUR - MICROSECOND)
    at = act(lesson, "leave", "tom", START - HOUR)

    assert (before.code if isinstance(before, Refusal) else before.state) == early
    assert isinstance(at, Refusal)
    assert f"{at.code}: {at.sentence}" == at_end


CASES = """
[state.requested]
[state.requested.on.report]
by = ["student"]
to = "done"
cases = [
  { when = 'reason == "ill"', settle = { student = "rest" } },
  { when = "notice < 1h", settle = { tutor = "rest" }, mark = "late", fault = "student" },
  { settle = { tutor = "50%", student = "rest" }, mark = "other", fault = "student" },
]
"""


def test_the_first_and_the_last_entry_of_a_state_are_two_anchors() -> None:
    """`first_entered` is written once, `entered(state)` each time the lesson comes there."""
    lesson = request(
        table("""
[state.requested]
[state.requested.on.rest]
by = ["tutor"]
to = "resting"
[state.resting]
timeout = { at = "entered + 1h", to = "requested" }
[state.resting.on.stop]
by = ["tutor"]
to = "done"
when = "now < first_entered(resting) + 3h or entered(resting) - created >= 9h"
settle = { student = "rest" }
""")
    )

    codes = []
    for hours in (1, 4, 9):
        resting = done(act(lesson, "rest", "tom", ASKED + hours * HOUR))
        answer = act(resting, "stop", "tom", ASKED + hours * HOUR)
        codes.append(answer.code if isinstance(answer, Refusal) else answer.state)
        (lesson,) = advance(resting, ASKED + (hours + 1) * HOUR)

    assert codes == ["done", "guard", "done"]


@pytest.mark.parametrize(
    ("reason", "notice", "case", "legs", "mark"),
    [
        ("ill", HOUR, 0, (("payer", 2500),), None),
        ("ill", MICROSECOND, 0, (("payer", 2500),), None),
        ("", HOUR, 2, (("tutor", 1250), ("payer", 1250)), "other"),
        ("", HOUR - MICROSECOND, 1, (("tutor", 2500),), "late"),
        ("lazy", MICROSECOND, 1, (("tutor", 2500),), "late"),
    ],
)
def test_the_first_case_that_holds_settles(
    reason: str, notice: timedelta, case: int, legs: tuple[tuple[str, int], ...], mark: str | None
) -> None:
    """Cases are tried in order; the last one is for everything else."""
    version = done(act(request(table(CASES)), "report", "sue", START - notice, reason=reason))

    assert (version.step.id, version.legs, version.step.mark) == (f"requested.on.report.0.{case}", legs, mark)
    assert version.held == 0


TIES = """
[state.requested]
[[state.requested.timeout]]
at = "{first}"
to = "done"
settle = {{ tutor = "rest" }}
[[state.requested.timeout]]
at = "{second}"
to = "gone"
settle = {{ student = "rest" }}
"""


@pytest.mark.parametrize(
    ("first", "second", "state", "text"),
    [
        ("lesson.start", "asked + 100h", "done", "lesson.start"),
        ("asked + 100h", "lesson.start", "done", "asked + 100h"),
        ("lesson.start", "asked + 99h", "gone", "asked + 99h"),
        ("lesson.start", "asked + 101h", "done", "lesson.start"),
        ("earliest(asked + 100h, lesson.start)", "created + 100h", "done", "asked + 100h"),
        ("did(request) + 200h", "earliest(lesson.end, lesson.start)", "gone", "lesson.start"),
    ],
)
def test_of_several_timeouts_the_earliest_runs_and_ties_keep_the_first(
    first: str, second: str, state: str, text: str
) -> None:
    """One deadline runs: that of the earliest timeout, of equal ones the first listed; so does the reason."""
    lesson = request(table(TIES.format(first=first, second=second)))

    assert lesson.why is not None
    assert lesson.why.text == text
    assert [version.state for version in advance(lesson, START)] == [state]


def test_an_absent_deadline_is_none() -> None:
    """A timeout whose instant is absent does not run until there is one."""
    lesson = request(
        table("""
[state.requested]
timeout = { at = "did(ask) + 5h", to = "gone", settle = { student = "rest" } }
[state.requested.on.ask]
by = ["student"]
to = "asked"
[state.asked]
timeout = { at = "did(ask) + 2h", to = "requested" }
""")
    )
    asked = done(act(lesson, "ask", "sue", ASKED + HOUR))

    assert lesson.due is None
    assert asked.due == ASKED + 3 * HOUR
    (back,) = advance(asked, ASKED + 3 * HOUR)
    assert (back.state, back.due) == ("requested", ASKED + 6 * HOUR)


def test_a_self_made_deadline_that_is_absent_again_leaves_the_state_without_one() -> None:
    """Entering a state finds its deadline anew; what ran before does not run on."""
    lesson = request(
        table("""
[state.requested]
timeout = { at = "asked + 5h", to = "gone", settle = { student = "rest" } }
[state.requested.on.pause]
by = ["student"]
to = "paused"
[state.paused]
[state.paused.on.stop]
by = ["student"]
to = "gone"
settle = { student = "rest" }
""")
    )

    assert done(act(lesson, "pause", "sue", ASKED + HOUR)).due is None


@pytest.mark.parametrize(
    ("lesson", "at", "verb", "said"),
    [
        ("brief", 0, "accept", "accept is not open in the state not yet asked for; open: request"),
        ("requested", 1, "confirm", "confirm is not open in the state requested; open: {}"),
        ("requested", 1, "request", "request is not open in the state requested; open: {}"),
        ("expired", 48, "accept", "accept is not open in the state expired; open: nothing"),
    ],
)
def test_a_verb_that_is_not_open_names_those_that_are(lesson: str, at: int, verb: str, said: str) -> None:
    """A move of another state is refused, with the state and what is open there."""
    asked = request(ITALKI)
    lessons: dict[str, Lesson | Brief] = {
        "brief": asked.brief,
        "requested": asked,
        "expired": advance(asked, ASKED + 48 * HOUR)[-1],
    }

    answer = decide(ITALKI, lessons[lesson], command(verb, "tom", proposal=1), NO_FACTS, ASKED + at * HOUR)

    assert isinstance(answer, Refusal)
    assert (answer.code, answer.sentence) == (
        "not_open",
        said.format("accept, decline, propose, withdraw"),
    )


def test_a_verb_of_no_state_is_a_mistake_of_the_caller() -> None:
    """A verb that the process does not know at all is an unknown name, with the nearest one."""
    with pytest.raises(UnknownName, match="unknown verb 'acept'; did you mean 'accept'"):
        act(request(ITALKI), "acept", "tom", ASKED + HOUR)


def test_the_counts_that_a_verb_needs_are_known_before() -> None:
    """Whoever gathers facts asks which counts a verb may read, also before the lesson exists."""
    machine = machine_of(
        load_policy("""
id = "own"
extends = "process/1"
currency = "EUR"
zone = "tutor"
[opening]
verb = "request"
by = ["student"]
to = "requested"
terms = "propose"
when = "count(late, student, within=90d) < 2"
[state.requested.on.decline]
by = ["tutor"]
to = "done"
when = "count(late, tutor) < 3"
mark = "late"
fault = "tutor"
[state.done]
over = true
""")
    )
    needed = facts_needed(machine, brief(machine), "request")
    facts = Facts(counts={"count(late, student, within=90d)": 1})
    offer = Offer(START, HOUR, 0)

    lesson = done(decide(machine, brief(machine), command("request", "sue", offer=offer), facts, ASKED))
    late = Facts(counts={"count(late, student, within=90d)": 2})
    answer = decide(machine, brief(machine), command("request", "sue", offer=offer), late, ASKED)

    assert [str(each) for each in needed] == ["count(late, student, within=90d)"]
    assert [str(each) for each in facts_needed(machine, lesson, "decline")] == ["count(late, tutor)"]
    assert facts_needed(machine, lesson, "nothing") == frozenset()
    assert lesson.facts == facts
    assert refused(answer) == "guard"


def test_what_a_row_read_before_it_stood_aside_is_recorded() -> None:
    """Facts that a guard read belong to the version, also where a later row was taken: deciding again needs them."""
    lesson = request(
        table("""
[state.requested]
[[state.requested.on.leave]]
by = ["student"]
to = "gone"
when = "count(late, student) < 1"
settle = { student = "rest" }
[[state.requested.on.leave]]
by = ["student"]
to = "done"
when = "rounds < 9"
settle = { tutor = "rest" }
mark = "late"
fault = "student"
""")
    )
    clean, late = (Facts(counts={"count(late, student)": count}) for count in (0, 1))

    first = done(act(lesson, "leave", "sue", ASKED + HOUR, clean))
    second = done(act(lesson, "leave", "sue", ASKED + HOUR, late))

    assert (first.state, first.facts) == ("gone", clean)
    assert (second.state, second.facts) == ("done", late)


def test_a_table_without_a_catch_all_is_our_mistake() -> None:
    """Where no case holds, something is wrong with us: a table is checked for its catch-all before it runs."""
    process = load_policy(HEADING + CASES)
    unchecked = Machine(without_catch_all(process), request(table(CASES)).brief.policy)

    with pytest.raises(InvariantError, match=r"no case of requested.on.report.0 holds"):
        act(request(unchecked), "report", "sue", ASKED + HOUR)


def without_catch_all(process: Process) -> Process:
    """Return the table without the last case of its first move."""
    state = process.state("requested")
    move = state.moves[0]
    effects = attrs.evolve(move.effects, cases=move.effects.cases[:-1])
    changed = attrs.evolve(state, moves=(attrs.evolve(move, effects=effects),))
    return attrs.evolve(process, states=tuple(changed if each is state else each for each in process.states))


RAISED = """
[state.requested]
[state.requested.on.propose]
by = ["tutor"]
to = "raised"
terms = "propose"
[state.raised]
waits_for = "student"
[state.raised.on.accept]
by = ["student", "payer", "operator"]
to = "kept"
terms = "accept"
hold = "exact"
[state.raised.on.propose]
by = ["student", "payer", "operator"]
to = "raised"
terms = "propose"
hold = "cover"
[state.kept]
[[state.kept.timeout]]
at = "lesson.end"
to = "done"
settle = { tutor = "rest" }
"""


@pytest.mark.parametrize(("by", "is_allowed"), [("sue", False), ("pat", True), ("olga", True)])
@pytest.mark.parametrize("verb", ["accept", "propose"])
def test_only_who_pays_agrees_to_a_higher_price(verb: str, by: str, is_allowed: bool) -> None:
    """An increase is held when the payer proposes or accepts it; nobody else on that side can raise what pat pays."""
    lesson = request(table(RAISED))
    lesson = lesson._replace(brief=attrs.evolve(lesson.brief, payer=PartyId("pat")))
    lesson = done(act(lesson, "propose", "tom", ASKED + HOUR, offer=Offer(price=3000)))
    said: dict[str, Any] = {"proposal": 2} if verb == "accept" else {"offer": Offer(price=3001)}

    answer = act(lesson, verb, by, ASKED + 2 * HOUR, OPERATOR if by == "olga" else NO_FACTS, **said)

    assert isinstance(answer, Lesson) == is_allowed
    if isinstance(answer, Refusal):
        assert answer.facts == {"problem": "only pat, who pays, can agree to a higher price"}
