"""Refunds: what was settled is corrected afterwards; the difference moves, and what stood before is not edited."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant, instant
from tutorcore.ledger import COMMISSION, Account, escrow, pending, wallet
from tutorcore.lessons import (
    Brief,
    Command,
    Facts,
    Lesson,
    Offer,
    Particulars,
    Refusal,
    Settled,
    advance,
    allowed,
    clearing_of,
    decide,
    entry_of,
    facts_needed,
    notice_of,
    preview,
)
from tutorcore.lessons.options import Preview
from tutorcore.lessons.records import brief_of, brief_record, lesson_of, lesson_record
from tutorcore.policy import Machine, load_policy, machine_of
from tutorcore.policy.settlement import BENEFICIARIES, Legs, Settlement

ASKED = instant("2026-03-02T10:00:00Z")
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
START = ASKED + 100 * HOUR
END = START + HOUR
LAST = END + 720 * HOUR

TABLE = """
id = "own"
extends = "process/1"
currency = "EUR"
FEES
[opening]
verb = "request"
by = ["student"]
to = "agreed"
terms = "propose"
hold = "cover"
[state.agreed]
timeout = { at = "lesson.end", to = "done", settle = { tutor = "rest" } }
[state.agreed.on.cancel]
by = ["student"]
to = "gone"
settle = { tutor = "40%", student = "rest" }
[state.agreed.on.waive]
by = ["tutor"]
to = "gone"
settle = { student = "rest" }
[state.agreed.on.resolve]
by = ["operator"]
to = "done"
needs = ["split"]
settle = "as_given"
[state.agreed.on.pause]
by = ["tutor"]
to = "paused"
settle = { tutor = "50%", student = "rest" }
[state.paused.on.renew]
by = ["student"]
to = "agreed"
terms = "propose"
hold = "cover"
[state.paused]
timeout = { at = "lesson.end + 24h", to = "gone", settle = { student = "rest" } }
[state.done]
over = true
[state.done.on.refund]
by = ["operator"]
to = "stay"
until = "lesson.end + 720h"
needs = ["reason"]
refunds = true
settle = "as_given"
[state.gone]
over = true
[state.gone.on.refund]
by = ["operator"]
to = "stay"
refunds = true
settle = { choices = [{ student = "100%" }, { tutor = "20%", student = "rest" }] }
"""
HELD = machine_of(load_policy(TABLE.replace("FEES", 'fees = { commission = "15%" }')))
OPERATOR = Facts(frozenset({"operator"}))


def shares(**parts: str) -> Particulars:
    """Return what is said with a split: each beneficiary's part."""
    return Particulars(split=Settlement.of(parts))


def answer(lesson: Lesson, verb: str, by: str, at: Instant, said: Particulars | None = None, **cells: Any) -> Any:
    """Return the answer to a command; the operator acts by a grant."""
    command = Command(verb, PartyId(by), Key("k"), LessonId("L1"), particulars=said, **cells)
    return decide(lesson.machine, lesson, command, OPERATOR if by == "olga" else Facts(), at)


def act(lesson: Lesson, verb: str, by: str, at: Instant, said: Particulars | None = None, **cells: Any) -> Lesson:
    """Return the version that a command makes, which survives being stored."""
    found = answer(lesson, verb, by, at, said, **cells)
    assert isinstance(found, Lesson), found
    assert lesson_of(lesson_record(found), brief_of(brief_record(found.brief)), found.machine) == found
    return found


def refund(lesson: Lesson, at: Instant = END + HOUR, **parts: str) -> Lesson:
    """Return the version that a refund makes."""
    return act(lesson, "refund", "olga", at, shares(**parts), reason="kind")


def legs_of(lesson: Lesson) -> Legs:
    """Return what settlements have paid out in all."""
    assert lesson.settled is not None
    return lesson.settled.legs


def problem_with(lesson: Lesson, **parts: str) -> str:
    """Return why a refund is refused."""
    found = answer(lesson, "refund", "olga", END + HOUR, shares(**parts), reason="kind")
    assert isinstance(found, Refusal), found
    assert found.code == "bad_terms"
    return found.facts["problem"]


def agreed(machine: Machine = HELD, price: int = 2500) -> Lesson:
    """Return the lesson of sue with tom, whose payer is pat."""
    brief = Brief(
        LessonId("L1"), machine.hash, "", "EUR", ASKED, PartyId("tom"), PartyId("sue"), PartyId("pat"), PartyId("sue")
    )
    command = Command("request", PartyId("sue"), Key("k"), brief.id, offer=Offer(START, HOUR, price))
    lesson = decide(machine, brief, command, Facts(), ASKED)
    assert isinstance(lesson, Lesson)
    return lesson


def done(machine: Machine = HELD, price: int = 2500) -> Lesson:
    """Return the lesson once it has taken place and been paid for."""
    (found,) = advance(agreed(machine, price), END)
    return found


# Money that was held.


def test_a_settlement_is_remembered() -> None:
    """By role, without what came back from a hold that was too high, and without parts of nothing."""
    assert agreed().settled is None
    assert legs_of(done()) == (("tutor", 2125), ("platform", 375))
    assert legs_of(act(agreed(), "waive", "tom", START)) == (("payer", 2500),)
    assert legs_of(done(price=0)) == ()


def test_settlements_add_up() -> None:
    """A lesson that is settled, held for again and settled again has paid out both."""
    paused = act(agreed(), "pause", "tom", START - 90 * HOUR)
    again = act(paused, "renew", "sue", START - 80 * HOUR, offer=Offer(START + HOUR))
    (settled,) = advance(again, END + HOUR)

    assert legs_of(paused) == (("tutor", 1062), ("payer", 1250), ("platform", 188))
    assert again.settled == paused.settled
    assert dict(legs_of(settled)) == {"tutor": 1062 + 2125, "payer": 1250, "platform": 188 + 375}
    assert refund(settled, END + 2 * HOUR, student="rest").legs == (
        ("payer", 3750),
        ("tutor", -3187),
        ("platform", -563),
    )


def test_a_refund_moves_the_difference() -> None:
    """Half of it back: the tutor owes what was paid too much, the platform gives up its fee on that."""
    lesson = done()
    found = refund(lesson, tutor="50%", student="rest")

    assert found.legs == (("tutor", -1063), ("payer", 1250), ("platform", -187))
    assert legs_of(found) == (("tutor", 1062), ("payer", 1250), ("platform", 188))
    assert (found.state, found.held, found.number, found.over) == ("done", 0, lesson.number + 1, True)
    assert (found.problem, found.change, found.due, found.step.refunds) == (None, None, None, True)


def test_the_entry_of_a_refund_touches_no_escrow() -> None:
    """The payer gets it at once, and the tutor has a debt, whatever became of the earnings; no clearing follows."""
    found = refund(done(), tutor="50%", student="rest")
    entry = entry_of(found)

    assert entry is not None
    assert (entry.kind, entry.ref, entry.effective_at) == ("refund", "L1", END + HOUR)
    assert dict(entry.legs) == {
        Account("receivable", PartyId("tom")): 1063, wallet(PartyId("pat")): -1250, COMMISSION: 187,
    }  # fmt: skip
    assert escrow(LessonId("L1")) not in dict(entry.legs)
    assert clearing_of(found, HOUR) is None
    notice = notice_of(found)
    assert notice is not None
    assert notice.audience == ("sue", "tom", "pat")


def test_what_the_tutor_gets_more_is_pending_as_always() -> None:
    """The platform gives up its part of what was split three ways: earnings like any other, cleared later."""
    said = shares(platform="50%", tutor="30%", student="rest")
    lesson = act(agreed(), "resolve", "olga", START, said)
    found = refund(lesson, tutor="60%", student="rest")
    entry, clearing = entry_of(found), clearing_of(found, 24 * HOUR)

    assert found.legs == (("tutor", 1275 - 638), ("payer", 500), ("platform", 225 - 1362))
    assert entry is not None
    assert dict(entry.legs) == {pending(PartyId("tom")): -637, wallet(PartyId("pat")): -500, COMMISSION: 1137}
    assert clearing is not None
    assert (clearing.amount, clearing.due, clearing.number) == (637, END + 25 * HOUR, found.number)


def test_a_refund_may_move_nothing_of_the_payer_s() -> None:
    """The platform takes over what the tutor was paid: the payer's side stays as it is."""
    found = refund(done(), platform="100%")

    assert found.legs == (("platform", 2125), ("tutor", -2125))
    assert entry_of(found) is not None


def test_a_refund_of_a_refund_starts_from_what_stands() -> None:
    """Corrections add up to the last split that was said, as if it had been the only one."""
    once = refund(done(), tutor="50%", student="rest")
    twice = refund(once, END + 2 * HOUR, tutor="20%", student="rest")

    assert twice.settled == refund(done(), tutor="20%", student="rest").settled
    assert twice.legs == (("tutor", 425 - 1062), ("payer", 750), ("platform", 75 - 188))


@pytest.mark.parametrize(
    ("before", "parts", "problem"),
    [
        ("done", {"tutor": "100%", "student": "0%"}, "it was settled like that already, so nothing would move"),
        ("free", {}, "nothing was settled that could be given back"),
        (
            "half",
            {"tutor": "60%", "student": "rest"},
            "whoever paid would pay more by it, and a refund only gives back",
        ),
    ],
)
def test_a_refund_only_gives_back(before: str, parts: dict[str, str], problem: str) -> None:
    """Nobody pays by a correction, and one that moves nothing is none."""
    lessons = {"done": done(), "free": done(price=0), "half": refund(done(), END, tutor="50%", student="rest")}

    assert problem_with(lessons[before], **{"student": "rest", **parts}) == problem


RATED = machine_of(
    load_policy(
        TABLE.replace(
            "FEES",
            """
[[fees.rates]]
when = "taught(tutor) < 1h"
rate = "40%"
[[fees.rates]]
rate = "10%"
""",
        )
    )
)
YOUNG, OLD = (
    Facts(frozenset({"operator"}), {"taught(tutor)": 3_599_999_999}),
    Facts(frozenset({"operator"}), {"taught(tutor)": 3_600_000_000}),
)


@pytest.mark.parametrize(("then", "later", "fee"), [(YOUNG, OLD, 1000), (OLD, YOUNG, 250)])
def test_a_refund_is_rated_by_the_facts_of_the_settlement(then: Facts, later: Facts, fee: int) -> None:
    """What the tutor has taught since changes nothing: the same split would move nothing, and half of it is half."""
    (paid,) = advance(agreed(RATED), END, lambda _lesson, _at, _needed: then)

    def refunded(before: Lesson, **parts: str) -> Any:
        command = Command(
            "refund", PartyId("olga"), Key("k"), LessonId("L1"), reason="kind", particulars=shares(**parts)
        )
        assert facts_needed(RATED, before, "refund") == frozenset()
        return decide(RATED, before, command, later, END + HOUR)

    same, half = refunded(paid, tutor="rest"), refunded(paid, tutor="50%", student="rest")
    again = refunded(half, tutor="20%", student="rest")

    assert paid.settled == Settled((("tutor", 2500 - fee), ("platform", fee)), END, then)
    assert lesson_of(lesson_record(paid), brief_of(brief_record(paid.brief)), RATED) == paid
    assert same.facts["problem"] == "it was settled like that already, so nothing would move"
    assert half.settled == Settled((("tutor", 1250 - fee // 2), ("payer", 1250), ("platform", fee // 2)), END, then)
    assert again.settled == Settled((("tutor", 500 - fee // 5), ("payer", 2000), ("platform", fee // 5)), END, then)


def test_what_was_settled_before_that_was_remembered_cannot_be_refunded() -> None:
    """Of a lesson that a store kept earlier nothing is known that could be given back."""
    assert "nothing was settled" in problem_with(done()._replace(settled=None), student="100%")


def test_a_refund_has_to_say_its_split() -> None:
    """It says who should have got what of all that was settled, by the splits that the policy allows."""
    gone = act(agreed(), "cancel", "sue", START)
    missing = answer(done(), "refund", "olga", END + HOUR)

    assert isinstance(missing, Refusal)
    assert missing.facts["needs"] == "a reason and a split of what was settled"
    assert problem_with(gone, tutor="10%", student="rest").startswith("tutor 10%, student rest is none of the splits")
    assert legs_of(refund(gone, START, tutor="20%", student="rest")) == (
        ("tutor", 425), ("payer", 2000), ("platform", 75),
    )  # fmt: skip


@pytest.mark.parametrize("before", [MICROSECOND, timedelta(0), -MICROSECOND])
def test_a_refund_has_its_window(before: timedelta) -> None:
    """Possible just before its end; at the end and after it, no more."""
    found = answer(done(), "refund", "olga", LAST - before, shares(student="100%"), reason="kind")

    assert isinstance(found, Lesson) == (before > timedelta(0))
    assert isinstance(found, Lesson) or found.code == "guard"


def test_a_refund_is_offered_while_somebody_has_something_to_give_back() -> None:
    """Not before anything was paid, and not when all of it went back already."""

    def verbs(lesson: Lesson) -> list[str]:
        return [option.verb for option in allowed(lesson, PartyId("olga"), OPERATOR, END + HOUR)]

    (option,) = allowed(done(), PartyId("olga"), OPERATOR, END + HOUR)
    assert (option.needs, option.until, option.settles) == (("split", "reason"), LAST, "as given")
    assert verbs(act(agreed(), "waive", "tom", START)) == []
    assert verbs(done(price=0)) == []
    assert verbs(refund(done(), student="100%")) == []
    gone = act(agreed(), "cancel", "sue", START)
    (choice,) = allowed(gone, PartyId("olga"), OPERATOR, START)
    assert [str(each) for each in choice.choices] == ["student 100%", "tutor 20%, student rest"]


def test_a_refund_can_be_previewed() -> None:
    """What would move, and who would be told; nothing is done."""
    command = Command(
        "refund", PartyId("olga"), Key("k"), LessonId("L1"), reason="kind", particulars=shares(student="100%")
    )
    found = preview(HELD, done(), command, OPERATOR, END + HOUR)

    assert isinstance(found, Preview)
    assert found.legs == (("payer", 2500), ("tutor", -2125), ("platform", -375))
    assert found.told == ("sue", "tom", "pat")


# Money that is due.

DUE_TABLE = """
id = "due"
extends = "process/1"
currency = "EUR"
settles = "due"
fees = { commission = "15%" }
[opening]
verb = "request"
by = ["student"]
to = "agreed"
terms = "propose"
[state.agreed]
timeout = { at = "lesson.end", to = "done", settle = { tutor = "rest" } }
[state.agreed.on.cancel]
by = ["student"]
to = "done"
settle = { tutor = "50%", student = "rest" }
[state.agreed.on.waive]
by = ["tutor"]
to = "done"
settle = { student = "rest" }
[state.done]
over = true
[state.done.on.refund]
by = ["operator"]
to = "stay"
refunds = true
settle = "as_given"
"""
DUE = machine_of(load_policy(DUE_TABLE))


def test_what_is_due_is_corrected_by_the_price() -> None:
    """The split is one of the price; the payer owes less, and the tutor and the platform have less to come."""
    lesson = done(DUE)
    found = refund(lesson, tutor="50%", student="rest")
    entry = entry_of(found)

    assert legs_of(lesson) == (("owed", -2500), ("due", 2125), ("platform", 375))
    assert found.legs == (("owed", 1250), ("due", -1063), ("platform", -187))
    assert legs_of(found) == (("owed", -1250), ("due", 1062), ("platform", 188))
    assert entry is not None
    assert entry.kind == "refund"
    assert dict(entry.legs) == {
        Account("owed", PartyId("pat")): -1250, Account("due", PartyId("tom")): 1063, COMMISSION: 187,
    }  # fmt: skip


def test_nobody_owes_more_by_a_refund() -> None:
    """What was not owed is not asked for afterwards; what is no longer owed leaves nothing to correct."""
    half = act(agreed(DUE), "cancel", "sue", START)
    nothing = refund(half, student="100%")

    assert problem_with(half, tutor="51%", student="rest").startswith("whoever paid would pay more")
    assert legs_of(nothing) == ()
    assert problem_with(nothing, student="100%") == "nothing was settled that could be given back"
    assert (
        problem_with(act(agreed(DUE), "waive", "tom", START), tutor="100%")
        == "nothing was settled that could be given back"
    )


# Whatever the split and the fee.

FEES = [
    "", 'fees = { commission = "15%" }', 'fees = { commission = "1/3", rounding = "up" }',
    'fees = { rates = [{ rate = "10%", below = "10.00" }, { rate = "20%" }] }',
    'fees = { slab_on = "price", rates = [{ rate = "10%", below = "10.00" }, { rate = "20%" }] }',
]  # fmt: skip
TABLES = [TABLE.replace("FEES", fees) for fees in FEES]
TABLES += [DUE_TABLE.replace('fees = { commission = "15%" }', fees) for fees in FEES]
MACHINES = [machine_of(load_policy(table)) for table in TABLES]


@st.composite
def _splits(draw: st.DrawFn) -> Settlement:
    """Any shares of 100 %, in any order, with a rest or written out."""
    first, second = draw(st.integers(0, 1000)), draw(st.integers(0, 1000))
    names = draw(st.permutations(BENEFICIARIES))
    low, high = sorted((first, second))
    parts = [f"{low}/1000", f"{high - low}/1000", "rest" if draw(st.booleans()) else f"{1000 - high}/1000"]
    return Settlement.of(dict(zip(names, parts, strict=True)))


@given(st.sampled_from(MACHINES), st.integers(0, 10**9), st.lists(_splits(), min_size=1, max_size=4))
def test_refunds_conserve_money(machine: Machine, price: int, splits: list[Settlement]) -> None:
    """Whatever was settled and corrected: legs sum to zero, the payer never pays, and the last split is what stands."""
    log = [done(machine, price)]
    for hours, each in enumerate(splits):
        said = Particulars(split=each)
        found = answer(log[-1], "refund", "olga", END + hours * HOUR, said, reason="kind")
        again = answer(log[-1], "refund", "olga", END + hours * HOUR, said, reason="kind")
        assert found == again
        if isinstance(found, Refusal):
            assert found.code == "bad_terms"
            continue
        log.append(found)
        had, has, legs = dict(legs_of(log[-2])), dict(legs_of(found)), dict(found.legs)
        assert sum(legs.values()) == 0
        assert legs == {role: amount for role in {**had, **has} if (amount := has.get(role, 0) - had.get(role, 0))}
        assert all(legs.get(side, 0) >= 0 for side in ("payer", "owed"))
        assert found.held == 0
        entry = entry_of(found)
        assert entry is not None
        assert (entry.kind, sum(amount for _, amount in entry.legs)) == ("refund", 0)
        total = price if machine.process.settles == "held" else 0
        assert sum(has.values()) == total
        settled_at_once = answer(log[0], "refund", "olga", END, said, reason="kind")
        if isinstance(settled_at_once, Lesson):
            assert dict(legs_of(settled_at_once)) == has


@given(st.integers(1, 10**9), _splits(), _splits())
def test_a_refund_is_what_the_settlement_should_have_been(price: int, first: Settlement, second: Settlement) -> None:
    """Who is corrected ends as if the second split had been the first: to the unit, fee and rounding included."""

    def resolved(split: Settlement) -> Lesson:
        return act(agreed(HELD, price), "resolve", "olga", START, Particulars(split=split))

    found = answer(resolved(first), "refund", "olga", END, Particulars(split=second), reason="kind")

    if isinstance(found, Lesson):
        assert dict(legs_of(found)) == dict(legs_of(resolved(second)))
    else:
        had, has = dict(legs_of(resolved(first))), dict(legs_of(resolved(second)))
        assert had == has or has.get("payer", 0) < had.get("payer", 0)
