"""Refusals: which one is given where several apply, and what each says is missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.engine.marketplace import Marketplace
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant, instant
from tutorcore.lessons import NO_FACTS, PRECEDENCE, Brief, Command, Facts, Lesson, Offer, Refusal, decide
from tutorcore.policy import Machine, load_policy, load_preset, machine_of

ASKED = instant("2026-03-02T10:00:00Z")
HOUR = timedelta(hours=1)
START = ASKED + 100 * HOUR

TABLE = """
id = "own"
extends = "process/1"
currency = "EUR"
[opening]
verb = "request"
by = ["student"]
to = "requested"
terms = "propose"
when = "notice >= 24h"
needs = ["reason"]
[state.requested]
waits_for = "tutor"
timeout = { at = "lesson.start - 1h", to = "gone" }
[state.requested.on.accept]
by = ["tutor"]
to = "late"
terms = "accept"
needs = ["reason"]
when = "notice > 48h"
[state.requested.on.amend]
by = ["tutor"]
to = "late"
terms = "propose"
may_change = ["start"]
when = "notice > 48h"
[state.requested.on.move]
by = ["tutor"]
to = "late"
terms = "propose"
[state.late]
timeout = { at = "lesson.start - 50h", to = "gone" }
[state.late.on.stop]
by = ["tutor"]
to = "gone"
[state.gone]
over = true
"""
MACHINE = machine_of(load_policy(TABLE))


def brief(machine: Machine = MACHINE) -> Brief:
    """Return the lesson of sue with tom."""
    return Brief(
        LessonId("L1"), machine.hash, "", "EUR", ASKED,
        PartyId("tom"), PartyId("sue"), PartyId("sue"), PartyId("sue"),
    )  # fmt: skip


def requested() -> Lesson:
    """Return the lesson as it was asked for."""
    answer = answered("request", "sue", ASKED, offer=Offer(START, HOUR, 2500), reason="exam")
    assert isinstance(answer, Lesson), answer
    return answer


def answered(
    verb: str, by: str, at: Instant, lesson: Lesson | None = None, facts: Facts = NO_FACTS, **cells: Any
) -> Lesson | Refusal:
    """Return the answer to a command about a lesson, or about one that is only now asked for."""
    command = Command(verb, PartyId(by), Key("k"), LessonId("L1"), **cells)
    return decide(MACHINE, brief() if lesson is None else lesson, command, facts, at)


EARLY, NEAR = START - 60 * HOUR, START - 20 * HOUR
PAST = Offer(ASKED)

# Both apply: first what is given, second what is given once the first no longer stands against it.
PAIRS: list[tuple[str, tuple[Any, ...], str, tuple[Any, ...]]] = [
    ("out_of_order", ("late_verb", "tom", ASKED - HOUR, {}), "not_open", ("late_verb", "tom", EARLY, {})),
    ("not_open", ("late_verb", "max", EARLY, {}), "not_yours", ("accept", "max", EARLY, {})),
    ("not_yours", ("accept", "max", EARLY, {"proposal": 9}), "stale_offer", ("accept", "tom", EARLY, {"proposal": 9})),
    ("stale_offer", ("accept", "tom", NEAR, {"proposal": 9}), "missing", ("accept", "tom", NEAR, {"proposal": 1})),
    (
        "missing",
        ("accept", "tom", NEAR, {"proposal": 1}),
        "guard",
        ("accept", "tom", NEAR, {"proposal": 1, "reason": "x"}),
    ),
    ("guard", ("amend", "tom", NEAR, {"offer": PAST}), "bad_terms", ("amend", "tom", EARLY, {"offer": PAST})),
    (
        "guard",
        ("amend", "tom", NEAR, {"offer": Offer(price=1)}),
        "bad_terms",
        ("amend", "tom", EARLY, {"offer": Offer(price=1)}),
    ),
    (
        "bad_terms",
        ("move", "tom", NEAR, {"offer": Offer(NEAR)}),
        "no_time_left",
        ("move", "tom", NEAR, {"offer": Offer(NEAR + HOUR)}),
    ),
]


@pytest.mark.parametrize(("first", "both", "second", "alone"), PAIRS)
def test_h20_of_two_refusals_the_earlier_in_the_list_is_given(
    first: str, both: tuple[Any, ...], second: str, alone: tuple[Any, ...]
) -> None:
    """Where two refusals apply, the one with precedence is given; without its reason, the other."""
    codes = []
    for verb, by, at, cells in (both, alone):
        answer = answered("stop" if verb == "late_verb" else verb, by, at, requested(), **cells)
        assert isinstance(answer, Refusal)
        codes.append(answer.code)

    assert codes == [first, second]
    assert list(PRECEDENCE).index(first) + 1 == list(PRECEDENCE).index(second)


def test_h20_the_first_and_last_refusals_are_the_facades() -> None:
    """A repeated key comes before everything; money comes after time, and a taken slot last."""
    market = Marketplace(MemoryStorage(), [load_preset("italki")])
    for party in ("sue", "pam", "tom"):
        market.add_party(party, zone="Europe/Berlin")
    market.top_up("sue", market.money("100.0", "ITC"), key="t1", now=ASKED)
    lesson: dict[str, Any] = {"tutor": "tom", "start": START, "duration": HOUR, "price": "50.0"}
    made = market.request(student="sue", key="r1", now=ASKED, **lesson).lesson
    assert made is not None

    # The same key for something else, stamped before the lesson's last event.
    reused = market.act("decline", made.id, by="tom", key="r1", now=ASKED - HOUR).refusal
    early = market.act("decline", made.id, by="tom", key="d1", now=ASKED - HOUR).refusal
    # The tutor's time is taken and the student's wallet is empty.
    poor = market.request(student="pam", key="r2", now=ASKED, **lesson).refusal
    market.top_up("pam", market.money("50.0", "ITC"), key="t2", now=ASKED)
    taken = market.request(student="pam", key="r3", now=ASKED, **lesson).refusal

    assert [each and each.code for each in (reused, early, poor, taken)] == [
        "key_reused", "out_of_order", "insufficient_funds", "slot_taken",
    ]  # fmt: skip


def test_h20_no_time_left_comes_before_money() -> None:
    """A request whose answer would be due by now is refused for that, whatever the wallet holds."""
    text = 'extends = "italki"\nid = "early"\nrequest.answer_by = "lesson.start - 24h"'
    market = Marketplace(MemoryStorage(), [load_policy(text)])
    for party in ("sue", "tom"):
        market.add_party(party, zone="Europe/Berlin")
    lesson: dict[str, Any] = {"student": "sue", "tutor": "tom", "duration": HOUR, "price": "50.0", "now": ASKED}

    late = market.request(start=ASKED + 24 * HOUR, key="r1", **lesson).refusal
    poor = market.request(start=ASKED + 25 * HOUR, key="r2", **lesson).refusal

    assert [each and each.code for each in (late, poor)] == ["no_time_left", "insufficient_funds"]


@pytest.mark.parametrize(
    ("verb", "by", "cells", "needs"),
    [
        ("request", "sue", {}, "an offer and a reason"),
        ("request", "sue", {"reason": "x"}, "an offer"),
        ("request", "sue", {"offer": Offer(), "reason": "x"}, "start and duration and price"),
        ("request", "sue", {"offer": Offer(START, price=1)}, "duration and a reason"),
        ("request", "sue", {"offer": Offer(START, HOUR), "reason": "x"}, "price"),
        ("request", "sue", {"offer": Offer(duration=HOUR, price=1), "reason": "x"}, "start"),
        ("request", "sue", {"offer": Offer(START, HOUR, 1)}, "a reason"),
        ("accept", "tom", {}, "the number of the proposal (now 1) and a reason"),
        ("accept", "tom", {"proposal": 1}, "a reason"),
        ("accept", "tom", {"reason": "x"}, "the number of the proposal (now 1)"),
        ("amend", "tom", {}, "an offer"),
    ],
)
def test_what_is_missing_is_named(verb: str, by: str, cells: dict[str, Any], needs: str) -> None:
    """A command without its offer, a part of it, the number that it answers, or its reason is told which."""
    answer = answered(verb, by, EARLY, None if verb == "request" else requested(), **cells)

    assert isinstance(answer, Refusal)
    assert (answer.code, answer.sentence) == ("missing", f"{verb} needs {needs}")


@pytest.mark.parametrize(
    ("start", "now", "code"),
    [
        (START, START - 24 * HOUR, None),
        (START, START - 23 * HOUR, "guard"),
        # A lesson in the past has no notice left, so the guard speaks first.
        (ASKED, ASKED + HOUR, "guard"),
    ],
)
def test_the_guard_of_a_request_reads_what_is_asked_for(start: Instant, now: Instant, code: str | None) -> None:
    """Before there is a lesson, notice is that of the terms in the request."""
    answer = answered("request", "sue", now, offer=Offer(start, HOUR, 1), reason="exam")

    assert (answer.code if isinstance(answer, Refusal) else None) == code


def test_a_request_without_a_price_is_incomplete_whatever_its_guard_asks() -> None:
    """A guard on the price cannot be judged without one: the price is what is missing."""
    text = TABLE.replace('when = "notice >= 24h"\nneeds = ["reason"]', 'when = "lesson.price >= 20"')
    machine = machine_of(load_policy(text))

    for offer in (Offer(START, HOUR), Offer(START, price=9900), Offer(duration=HOUR, price=9900)):
        command = Command("request", PartyId("sue"), Key("k"), LessonId("L1"), offer=offer)
        answer = decide(machine, brief(machine), command, NO_FACTS, ASKED)
        assert isinstance(answer, Refusal)
        assert answer.code == "missing"


def test_a_lesson_in_the_past_cannot_be_asked_for() -> None:
    """A request for now, or for the past, is refused for its terms."""
    machine = machine_of(load_preset("italki"))
    for start, code in ((ASKED, "bad_terms"), (ASKED - HOUR, "bad_terms"), (ASKED + HOUR, None)):
        command = Command("request", PartyId("sue"), Key("k"), LessonId("L1"), offer=Offer(start, HOUR, 1))

        answer = decide(machine, brief(machine), command, NO_FACTS, ASKED)

        assert (answer.code if isinstance(answer, Refusal) else None) == code


def test_a_request_before_its_brief_is_out_of_order() -> None:
    """A command stamped earlier than the lesson's last event is refused; one at the same instant is not."""
    lesson = requested()
    offer = Offer(START + HOUR)

    early = answered("amend", "tom", ASKED - timedelta(microseconds=1), lesson, offer=offer)
    same = answered("amend", "tom", ASKED, lesson, offer=offer)

    assert isinstance(early, Refusal)
    assert (early.code, early.facts) == (
        "out_of_order",
        {"last": "2026-03-02T10:00:00Z", "at": "2026-03-02T09:59:59.999999Z"},
    )
    assert isinstance(same, Lesson)


def test_every_code_has_a_sentence_that_its_facts_fill() -> None:
    """The sentences of all refusals that decisions make are filled by the facts they carry."""
    for _, both, _, alone in PAIRS:
        for verb, by, at, cells in (both, alone):
            answer = answered("stop" if verb == "late_verb" else verb, by, at, requested(), **cells)
            assert isinstance(answer, Refusal)
            assert "{" not in answer.sentence
