"""What follows from a version: entries, claims, clearings, marks and who is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant, instant
from tutorcore.ledger import COMMISSION, Account, available, entry, escrow, pending, wallet
from tutorcore.lessons import (
    NO_FACTS,
    Brief,
    Clearing,
    Command,
    Facts,
    Lesson,
    Offer,
    advance,
    claims_of,
    clearing_entry,
    clearing_of,
    decide,
    entry_of,
    mark_of,
    notice_of,
)
from tutorcore.policy import Machine, load_policy, machine_of

ASKED = instant("2026-03-02T10:00:00Z")
HOUR = timedelta(hours=1)
START = ASKED + 100 * HOUR

MACHINE = machine_of(
    load_policy("""
id = "own"
extends = "process/1"
currency = "EUR"
fees = { commission = "15%" }
[opening]
verb = "request"
by = ["student"]
to = "requested"
terms = "propose"
hold = "cover"
[state.requested]
waits_for = "tutor"
slot = "tentative"
timeout = { at = "lesson.start", to = "gone", fault = "holder", settle = { student = "rest" }, mark = "missed" }
[state.requested.on.accept]
by = ["tutor"]
to = "agreed"
terms = "accept"
hold = "exact"
[state.requested.on.propose]
by = ["tutor"]
to = "requested"
terms = "propose"
[state.requested.on.decline]
by = ["tutor"]
to = "gone"
settle = { student = "rest" }
mark = "refusal"
fault = "holder"
notify = ["tutor"]
[state.requested.on.ask]
by = ["student"]
to = "stay"
notify = ["payer"]
[state.agreed]
slot = "firm"
timeout = { at = "lesson.end", to = "done", settle = { tutor = "rest" } }
[state.agreed.on.share]
by = ["student"]
to = "done"
settle = { tutor = "40%", platform = "20%", student = "rest" }
[state.agreed.on.keep]
by = ["student"]
to = "done"
settle = { platform = "rest" }
[state.agreed.on.waive]
by = ["operator"]
to = "gone"
settle = { student = "rest" }
mark = "waived"
fault = "student"
[state.done]
over = true
[state.gone]
over = true
""")
)


def act(lesson: Lesson, verb: str, by: str, at: Instant, facts: Facts = NO_FACTS, **cells: Any) -> Lesson:
    """Return the version that a command makes."""
    command = Command(verb, PartyId(by), Key("k"), LessonId("L1"), **cells)
    answer = decide(lesson.machine, lesson, command, facts, at)
    assert isinstance(answer, Lesson), answer
    return answer


def requested(price: int = 2500, machine: Machine = MACHINE) -> Lesson:
    """Return the lesson of sue with tom, whose payer is pat, as the student asked for it."""
    brief = Brief(
        LessonId("L1"), machine.hash, "", "EUR", ASKED, PartyId("tom"), PartyId("sue"), PartyId("pat"), PartyId("sue")
    )
    command = Command("request", PartyId("sue"), Key("k"), LessonId("L1"), offer=Offer(START, HOUR, price))
    answer = decide(machine, brief, command, NO_FACTS, ASKED)
    assert isinstance(answer, Lesson), answer
    return answer


def agreed(price: int = 2500) -> Lesson:
    """Return that lesson, accepted by the tutor."""
    return act(requested(price), "accept", "tom", ASKED + HOUR, proposal=1)


def booked(lesson: Lesson) -> tuple[str, dict[Account, int]] | None:
    """Return the kind and the legs of a version's entry."""
    made = entry_of(lesson)
    return None if made is None else (made.kind, dict(made.legs))


WALLET, ESCROW = wallet(PartyId("pat")), escrow(LessonId("L1"))
PENDING, AVAILABLE = pending(PartyId("tom")), available(PartyId("tom"))


def test_each_movement_of_a_lesson_is_an_entry_of_its_kind() -> None:
    """A hold is pending; it is released, posted, voided or expired; what moves nothing writes nothing."""
    cheaper = act(requested(), "propose", "tom", ASKED + HOUR, offer=Offer(price=2000))
    dearer = act(requested(), "propose", "tom", ASKED + HOUR, offer=Offer(price=3000))

    assert booked(requested()) == ("hold", {WALLET: 2500, ESCROW: -2500})
    assert booked(agreed()) is None
    assert booked(cheaper) is None
    assert booked(act(cheaper, "accept", "tom", ASKED + HOUR, proposal=2)) == ("release", {ESCROW: 500, WALLET: -500})
    assert booked(act(dearer, "accept", "tom", ASKED + HOUR, proposal=2)) == ("hold", {WALLET: 500, ESCROW: -500})
    assert booked(act(requested(), "decline", "tom", ASKED + HOUR)) == ("void", {ESCROW: 2500, WALLET: -2500})
    assert booked(advance(requested(), START)[0]) == ("expire", {ESCROW: 2500, WALLET: -2500})
    assert booked(advance(agreed(), START + HOUR)[0]) == ("post", {ESCROW: 2500, PENDING: -2125, COMMISSION: -375})
    assert booked(act(agreed(), "keep", "sue", ASKED + HOUR)) == ("post", {ESCROW: 2500, COMMISSION: -2500})
    assert booked(act(agreed(), "share", "sue", ASKED + HOUR)) == (
        "post",
        {ESCROW: 2500, PENDING: -850, COMMISSION: -650, WALLET: -1000},
    )


def test_an_entry_says_when_it_counts_and_why_it_was_made() -> None:
    """An entry carries the instant of its version, the lesson and the row."""
    made = entry_of(advance(requested(), START + 50 * HOUR)[0])

    assert made is not None
    assert (made.effective_at, made.ref, made.source, made.currency) == (
        START, "L1", "requested.timeout.0.0", "EUR",
    )  # fmt: skip


@given(st.integers(0, 10**6), st.sampled_from(["share", "keep", "waive", None]))
def test_every_entry_is_one_that_the_ledger_would_have_made(price: int, verb: str | None) -> None:
    """Entries of versions balance, name each account once and hold no zero: the checking constructor takes them."""
    first = requested(price)
    second = act(first, "accept", "tom", ASKED + HOUR, proposal=1)
    if verb is None:
        (last,) = advance(second, START + HOUR)
    else:
        last = act(second, verb, "ops" if verb == "waive" else "sue", ASKED + HOUR, Facts(frozenset({"operator"})))

    for version in (first, second, last):
        made = entry_of(version)
        assert (made is None) == (version.legs == ())
        if made is not None:
            checked = entry(
                made.kind,
                made.currency,
                legs=made.legs,
                effective_at=made.effective_at,
                ref=made.ref,
                source=made.source,
            )
            assert checked == made
    assert sum(amount for version in (first, second, last) for _, amount in version.legs) == 0
    assert last.held == 0


def test_a_slot_is_claimed_for_both_sides_as_long_as_a_state_holds_it() -> None:
    """Tutor and student are engaged from start to end while the state says so, and afterwards not."""
    first, second = requested(), agreed()

    assert [tuple(claim) for claim in claims_of(first)] == [
        ("L1", 1, "tom", START, START + HOUR, "tentative"),
        ("L1", 1, "sue", START, START + HOUR, "tentative"),
    ]
    assert [claim.slot for claim in claims_of(second)] == ["firm", "firm"]
    assert claims_of(advance(second, START + HOUR)[0]) == ()


@pytest.mark.parametrize("after", [timedelta(0), 24 * HOUR])
def test_earnings_clear_a_while_after_they_were_earned(after: timedelta) -> None:
    """What a version paid the tutor becomes available that long after it, counted from then."""
    (paid,) = advance(agreed(), START + 90 * HOUR)

    clearing = clearing_of(paid, after)

    assert clearing == Clearing(LessonId("L1"), 3, PartyId("tom"), "EUR", 2125, START + HOUR + after)
    assert clearing is not None
    made = clearing_entry(clearing)
    assert (made.kind, made.effective_at, made.ref, made.source) == (
        "clear", START + HOUR + after, "L1", "payout.clears_after",
    )  # fmt: skip
    assert dict(made.legs) == {PENDING: 2125, AVAILABLE: -2125}


@pytest.mark.parametrize("lesson", [requested(), agreed(), act(agreed(), "keep", "sue", ASKED + HOUR)])
def test_what_pays_the_tutor_nothing_clears_nothing(lesson: Lesson) -> None:
    """A version whose legs do not reach the tutor has no clearing."""
    assert clearing_of(lesson, HOUR) is None


def test_a_mark_falls_on_whoever_is_blamed() -> None:
    """Silence and moves mark whoever had the turn or whom the row names, whoever acted; without a mark nobody is."""
    expired = mark_of(advance(requested(), START)[0])
    declined = mark_of(act(requested(), "decline", "tom", ASKED + HOUR))
    waived = mark_of(act(agreed(), "waive", "ops", ASKED + HOUR, Facts(frozenset({"operator"}))))

    assert expired == ("L1", 2, "tom", "missed", START, 1)
    assert declined == ("L1", 2, "tom", "refusal", ASKED + HOUR, 1)
    assert waived == ("L1", 3, "sue", "waived", ASKED + HOUR, 1)
    assert mark_of(agreed()) is None
    assert mark_of(advance(agreed(), START + HOUR)[0]) is None


@pytest.mark.parametrize(
    ("lesson", "audience"),
    [
        (requested(), ("tom", "pat")),
        (agreed(), ("sue", "pat")),
        # Time acts for nobody, so everybody is told; an operator is no party.
        (advance(requested(), START)[0], ("sue", "tom", "pat")),
        (act(agreed(), "waive", "ops", ASKED + HOUR, Facts(frozenset({"operator"}))), ("sue", "tom", "pat")),
        # The row may name whoever acted; naming others changes nothing.
        (act(requested(), "decline", "tom", ASKED + HOUR), ("sue", "tom", "pat")),
        (act(requested(), "ask", "sue", ASKED + HOUR), ("tom", "pat")),
    ],
)
def test_everybody_concerned_is_told_except_who_acted(lesson: Lesson, audience: tuple[str, ...]) -> None:
    """The audience is the lesson's parties in the order of their roles, without the actor unless the row names one."""
    notice = notice_of(lesson)

    assert notice == ("told", "L1", lesson.number, audience, lesson.at)


def test_a_lesson_with_oneself_tells_nobody() -> None:
    """Where the actor is the only party, there is no notice."""
    lesson = requested()
    alone = lesson._replace(
        brief=Brief(
            lesson.brief.id, lesson.brief.policy, "", "EUR", ASKED,
            PartyId("sue"), PartyId("sue"), PartyId("sue"), PartyId("sue"),
        )
    )  # fmt: skip

    assert notice_of(alone) is None
