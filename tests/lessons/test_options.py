"""The buttons of a user interface, and the dialog before one is pressed: both say what deciding will say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    Option,
    Preview,
    Refusal,
    advance,
    allowed,
    decide,
    next_deadline,
    preview,
)
from tutorcore.policy import Machine, load_policy, load_preset, machine_of

ASKED = instant("2026-03-02T10:00:00Z")
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
START = ASKED + 100 * HOUR
OPERATOR = Facts(frozenset({"operator"}))

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
WINDOWS = """
[state.requested]
waits_for = "tutor"
timeout = { at = "lesson.start", to = "gone", settle = { student = "rest" } }
[state.requested.on.plain]
by = ["tutor"]
to = "done"
settle = { tutor = "rest" }
[state.requested.on.until_noon]
by = ["tutor"]
to = "done"
until = "lesson.start - 50h"
settle = { tutor = "50%", student = "rest" }
[state.requested.on.with_notice]
by = ["tutor", "student"]
to = "done"
when = "notice >= 24h"
settle = { student = "rest" }
[state.requested.on.with_more_notice]
by = ["tutor"]
to = "done"
when = "notice > 24h and now < asked + 70h"
settle = { student = "rest" }
[state.requested.on.both]
by = ["tutor"]
to = "done"
when = "now <= lesson.start - 60h"
until = "lesson.start - 50h"
settle = { student = "rest" }
[state.requested.on.later]
by = ["tutor"]
to = "waiting"
when = "now >= lesson.start - 30h"
[state.requested.on.note]
by = ["tutor"]
to = "stay"
needs = ["reason"]
[state.requested.on.after_note]
by = ["tutor"]
to = "done"
until = "did(note) + 2h"
settle = { student = "rest" }
[state.requested.on.ill]
by = ["tutor"]
to = "done"
when = 'reason == "ill"'
settle = { student = "rest" }
[state.requested.on.dear]
by = ["tutor"]
to = "requested"
when = "proposed.price > lesson.price"
terms = "propose"
[[state.requested.on.leave]]
by = ["tutor"]
to = "gone"
when = "notice > 90h"
settle = { student = "rest" }
[[state.requested.on.leave]]
by = ["tutor"]
to = "gone"
settle = { student = "50%", tutor = "rest" }
[[state.requested.on.leave]]
by = ["operator"]
to = "gone"
needs = ["reason"]
cases = [{ when = "notice > 5h", settle = { student = "rest" } }, { settle = { tutor = "rest" } }]
[state.waiting]
timeout = { at = "lesson.start - 10h", to = "gone", settle = { student = "rest" } }
[state.waiting.on.change]
by = ["student"]
to = "asking"
terms = "propose"
hold = "cover"
[state.waiting.on.leave]
by = ["student", "tutor"]
to = "gone"
settle = { student = "rest" }
[state.waiting.on.accept]
by = ["student"]
to = "done"
settle = { tutor = "rest" }
[state.asking]
waits_for = "tutor"
beside = true
timeout = { at = "asked + 5h", to = "back" }
[state.asking.on.accept]
by = ["tutor"]
to = "back"
terms = "accept"
hold = "exact"
[state.asking.on.decline]
by = ["tutor"]
to = "back"
"""
OWN = machine_of(load_policy(HEADING + WINDOWS))
ITALKI = machine_of(load_preset("italki"))
ACTORS = (("tom", NO_FACTS), ("sue", NO_FACTS), ("max", NO_FACTS), ("ops", OPERATOR))


def act(lesson: Lesson, verb: str, by: str, at: Instant, facts: Facts = NO_FACTS, **cells: Any) -> Lesson | Refusal:
    """Return what a command makes of a lesson."""
    return decide(lesson.machine, lesson, command(verb, by, **cells), facts, at)


def command(verb: str, by: str, **cells: Any) -> Command:
    """Return a command about the lesson."""
    return Command(verb, PartyId(by), Key("k"), LessonId("L1"), **cells)


def done(answer: Lesson | Refusal) -> Lesson:
    """Return the version that was made; fail on a refusal."""
    assert isinstance(answer, Lesson), answer
    return answer


def brief(machine: Machine) -> Brief:
    """Return the lesson of sue with tom."""
    return Brief(
        LessonId("L1"), machine.hash, "Europe/Berlin", "EUR", ASKED,
        PartyId("tom"), PartyId("sue"), PartyId("sue"), PartyId("sue"),
    )  # fmt: skip


def requested(machine: Machine = OWN) -> Lesson:
    """Return the lesson as it was asked for."""
    offer = Offer(START, HOUR, 2500)
    return done(decide(machine, brief(machine), command("request", "sue", offer=offer), NO_FACTS, ASKED))


def options(lesson: Lesson, by: str, at: Instant, facts: Facts = NO_FACTS) -> dict[str, Option]:
    """Return what is open to somebody, by verb."""
    return {option.verb: option for option in allowed(lesson, PartyId(by), facts, at)}


@pytest.mark.parametrize(
    ("verb", "now", "until"),
    [
        # The deadline, where nothing ends sooner.
        ("plain", ASKED, START),
        # The row's own window is half-open.
        ("until_noon", ASKED, START - 50 * HOUR),
        ("until_noon", START - 50 * HOUR - MICROSECOND, START - 50 * HOUR),
        ("until_noon", START - 50 * HOUR, None),
        # The first instant at which the guard is false: with `>=` it still holds at the end, with `>` it does not.
        ("with_notice", ASKED, START - 24 * HOUR + MICROSECOND),
        ("with_notice", START - 24 * HOUR, START - 24 * HOUR + MICROSECOND),
        ("with_notice", START - 24 * HOUR + MICROSECOND, None),
        ("with_more_notice", ASKED, ASKED + 70 * HOUR),
        ("with_more_notice", ASKED + 70 * HOUR - MICROSECOND, ASKED + 70 * HOUR),
        ("with_more_notice", ASKED + 70 * HOUR, None),
        # A guard that still holds at its end does not close a window that is open for longer.
        ("both", START - 60 * HOUR, START - 60 * HOUR + MICROSECOND),
        ("both", START - 60 * HOUR + MICROSECOND, None),
        # A guard that begins to hold names no end.
        ("later", START - 30 * HOUR - MICROSECOND, None),
        ("later", START - 30 * HOUR, START),
        # A move whose deadline would be past is not open.
        ("later", START - 10 * HOUR - MICROSECOND, START),
        ("later", START - 10 * HOUR, None),
        # A window whose end is absent is closed.
        ("after_note", ASKED, None),
        # What the command brings cannot be judged yet.
        ("ill", ASKED, START),
        ("dear", ASKED, START),
    ],
)
def test_h18_until_is_the_earliest_known_end(verb: str, now: Instant, until: Instant | None) -> None:
    """A move is open until the deadline, the end of its window or the instant at which its guard turns false."""
    found = options(requested(), "tom", now).get(verb)

    assert (None if found is None else found.until) == until


def test_a_window_that_an_aside_opens_is_offered_then() -> None:
    """Once the anchor of its end is there, a move is open until that end."""
    noted = done(act(requested(), "note", "tom", ASKED + HOUR, reason="x"))

    assert options(noted, "tom", ASKED + 2 * HOUR)["after_note"].until == ASKED + 3 * HOUR
    assert "after_note" not in options(noted, "tom", ASKED + 3 * HOUR)


@pytest.mark.parametrize(
    ("by", "facts", "notice", "expected"),
    [
        ("tom", NO_FACTS, 91 * HOUR, ("tutor", START - 90 * HOUR, (), "student rest")),
        ("tom", NO_FACTS, 90 * HOUR, ("tutor", START, (), "student 50%, tutor rest")),
        ("ops", OPERATOR, 91 * HOUR, ("operator", START, ("reason",), "")),
        ("ops", NO_FACTS, 91 * HOUR, None),
        ("sue", NO_FACTS, 91 * HOUR, None),
    ],
)
def test_the_first_row_that_is_open_makes_the_option(
    by: str, facts: Facts, notice: timedelta, expected: tuple[Any, ...] | None
) -> None:
    """Of several rows of a verb the first that is open to the actor says role, end, needs and shares."""
    found = options(requested(), by, START - notice, facts).get("leave")

    assert expected == (None if found is None else (found.role, found.until, found.needs, found.settles))


@pytest.mark.parametrize(
    ("by", "facts", "state", "expected"),
    [
        (
            "tom", NO_FACTS, "requested",
            {"accept": ("proposal",), "decline": (), "propose": ("offer",)},
        ),
        ("sue", NO_FACTS, "requested", {"withdraw": ()}),
        ("max", OPERATOR, "requested", {}),
        ("sue", NO_FACTS, "proposed", {"accept": ("proposal",), "decline": (), "withdraw": ()}),
        ("tom", NO_FACTS, "proposed", {}),
        ("tom", NO_FACTS, "agreed", {"propose": ("offer",), "cancel": ()}),
        ("sue", NO_FACTS, "agreed", {"propose": ("offer",), "cancel": ()}),
        ("ops", OPERATOR, "agreed", {"reschedule": ("offer", "reason"), "cancel": ("reason",)}),
        ("tom", NO_FACTS, "changing", {"withdraw": (), "cancel": ()}),
        ("sue", NO_FACTS, "changing", {"accept": ("proposal",), "decline": (), "cancel": ()}),
        ("ops", OPERATOR, "changing", {"reschedule": ("offer", "reason"), "cancel": ("reason",)}),
    ],
)  # fmt: skip
def test_everybody_sees_the_moves_of_their_roles(
    by: str, facts: Facts, state: str, expected: dict[str, tuple[str, ...]]
) -> None:
    """Under italki each role sees its own moves in the order of the table, with what they need."""
    lessons = {"requested": requested(ITALKI)}
    lessons["proposed"] = done(act(lessons["requested"], "propose", "tom", ASKED + HOUR, offer=Offer(price=3000)))
    lessons["agreed"] = done(act(lessons["requested"], "accept", "tom", ASKED + HOUR, proposal=1))
    lessons["changing"] = done(act(lessons["agreed"], "propose", "tom", ASKED + HOUR, offer=Offer(START + HOUR)))

    found = options(lessons[state], by, ASKED + 2 * HOUR, facts)

    assert {verb: option.needs for verb, option in found.items()} == expected
    assert list(found) == list(expected)
    assert {option.proposal for option in found.values() if "proposal" in option.needs} <= {lessons[state].proposal}
    assert all(option.proposal is None for option in found.values() if "proposal" not in option.needs)


def test_a_verb_of_an_open_change_hides_that_of_the_lesson() -> None:
    """While a change is open, its accept is meant, also for somebody who could only take the lesson's own."""
    waiting = done(act(requested(), "later", "tom", START - 30 * HOUR))
    changing = done(act(waiting, "change", "sue", START - 30 * HOUR, offer=Offer(price=2600)))

    assert set(options(waiting, "sue", START - 30 * HOUR)) == {"change", "leave", "accept"}
    assert set(options(changing, "sue", START - 30 * HOUR)) == {"leave"}
    assert set(options(changing, "tom", START - 30 * HOUR)) == {"accept", "decline", "leave"}
    assert options(changing, "tom", START - 30 * HOUR)["accept"].until == START - 25 * HOUR
    # The lesson's own moves outlast the change.
    assert options(changing, "tom", START - 30 * HOUR)["leave"].until == START - 10 * HOUR


def test_nothing_was_open_before_the_last_version() -> None:
    """Nothing is offered for an instant before what is already recorded: it would be refused as out of order."""
    noted = done(act(requested(), "note", "tom", ASKED + HOUR, reason="x"))

    assert options(noted, "tom", ASKED + HOUR - MICROSECOND) == {}
    assert options(noted, "tom", ASKED + HOUR) != {}


def test_nothing_is_open_after_the_end() -> None:
    """A lesson that is over offers nothing, unless an aside is left."""
    gone = advance(requested(), START)[-1]

    assert options(gone, "tom", START) == {}


OFFERS = st.builds(
    Offer,
    st.none() | st.integers(1, 200).map(lambda hours: ASKED + hours * HOUR),
    st.none() | st.sampled_from([HOUR, HOUR / 2]),
    st.none() | st.sampled_from([0, 2500, 2600]),
)


@st.composite
def lessons(draw: st.DrawFn) -> tuple[Lesson, Instant]:
    """Return a lesson after random moves, at an instant at or around one that matters."""
    lesson = requested(draw(st.sampled_from([OWN, ITALKI])))
    now = ASKED
    for _ in range(draw(st.integers(0, 6))):
        now = max(now, draw(st.sampled_from(instants(lesson))) + draw(st.integers(-1, 1)) * MICROSECOND)
        lesson = [lesson, *advance(lesson, now)][-1]
        by, facts = draw(st.sampled_from(ACTORS))
        verb = draw(st.sampled_from(lesson.machine.process.verbs))
        answer = act(lesson, verb, by, now, facts, proposal=lesson.proposal, offer=draw(OFFERS), reason="ill")
        if isinstance(answer, Lesson):
            lesson = [answer, *advance(answer, now)][-1]
    return lesson, now


def instants(lesson: Lesson) -> list[Instant]:
    """Return the instants that matter to a lesson: now, its deadlines and every end that is known to somebody."""
    due = next_deadline(lesson)
    known = {lesson.at, START, *(() if due is None else (due.at,))}
    for by, facts in ACTORS:
        known |= {option.until for option in allowed(lesson, PartyId(by), facts, lesson.at) if option.until is not None}
    return sorted(known)


@given(lessons(), st.sampled_from(ACTORS), OFFERS)
def test_what_is_offered_is_what_deciding_accepts(
    stands: tuple[Lesson, Instant], actor: tuple[str, Facts], offer: Offer
) -> None:
    """A move is listed if and only if the command would be accepted, up to what only its offer and reason can tell."""
    lesson, now = stands
    by, facts = actor

    found = options(lesson, by, now, facts)

    for verb in lesson.machine.process.verbs:
        option = found.get(verb)
        proposal = lesson.proposal if option is None else option.proposal
        answer = act(lesson, verb, by, now, facts, proposal=proposal, offer=offer, reason="ill")
        if option is None:
            assert isinstance(answer, Refusal), (verb, answer.state)
        elif isinstance(answer, Refusal):
            assert answer.code == "bad_terms" or "offer" in option.needs, (verb, answer)


@given(lessons(), st.sampled_from(ACTORS))
def test_a_move_stays_open_until_its_end(stands: tuple[Lesson, Instant], actor: tuple[str, Facts]) -> None:
    """If nothing happens, a move that is listed is listed until just before its end, or until its deadline is past."""
    lesson, now = stands
    by, facts = actor

    for option in allowed(lesson, PartyId(by), facts, now):
        assert option.until is None or option.until >= now
        if option.until is not None and option.until > now and option.verb != "later":
            then = option.until - MICROSECOND
            assert option.verb in options([lesson, *advance(lesson, then)][-1], by, then, facts)


@given(lessons(), st.sampled_from(ACTORS), OFFERS)
def test_a_preview_is_the_version_that_the_act_makes(
    stands: tuple[Lesson, Instant], actor: tuple[str, Facts], offer: Offer
) -> None:
    """Previewing a command gives the version or the refusal that doing it gives, and who would be told."""
    lesson, now = stands
    by, facts = actor

    for verb in lesson.machine.process.verbs:
        asked = command(verb, by, proposal=lesson.proposal, offer=offer, reason="ill")
        shown = preview(lesson.machine, lesson, asked, facts, now)
        answer = decide(lesson.machine, lesson, asked, facts, now)
        if isinstance(shown, Preview):
            assert (shown.lesson, shown.legs) == (answer, shown.lesson.legs)
            assert by not in shown.told
        else:
            assert shown == answer


def test_a_preview_shows_money_and_audience() -> None:
    """The dialog before cancelling shows what comes back and who will be told."""
    agreed = done(act(requested(ITALKI), "accept", "tom", ASKED + HOUR, proposal=1))

    shown = preview(ITALKI, agreed, command("cancel", "sue"), NO_FACTS, ASKED + 2 * HOUR)
    late = preview(ITALKI, agreed, command("cancel", "sue"), NO_FACTS, START - HOUR)
    asking = preview(ITALKI, brief(ITALKI), command("request", "sue", offer=Offer(START, HOUR, 9)), NO_FACTS, ASKED)

    assert isinstance(shown, Preview)
    assert (shown.lesson.state, shown.legs, shown.told) == ("cancelled", (("payer", 2500),), ("tom",))
    assert isinstance(late, Refusal)
    assert late.code == "guard"
    assert isinstance(asking, Preview)
    assert asking.legs == (("payer", -9),)


def test_options_are_those_of_an_advanced_lesson() -> None:
    """Asking about a lesson whose deadline has come is our own mistake."""
    with pytest.raises(InvariantError, match="has not been advanced"):
        allowed(requested(), PartyId("tom"), NO_FACTS, START)
