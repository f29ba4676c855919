"""Law 7: money is conserved by construction; what is held leaves only through a settlement of 100 %."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from fractions import Fraction

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.engine.marketplace import Marketplace
from tutorcore.ids import Key, LessonId, PartyId, PolicyHash
from tutorcore.instants import instant
from tutorcore.ledger.accounts import escrow
from tutorcore.lessons.lesson import LARGEST_PRICE, Brief, Command, Lesson, Particulars, Terms
from tutorcore.money import ROUNDING_MODES, RoundingMode
from tutorcore.policy.process import Process
from tutorcore.policy.settlement import (
    BENEFICIARIES,
    SLABS_ON,
    AsGiven,
    Beneficiary,
    FeeRate,
    Fees,
    Legs,
    Part,
    Settlement,
    Split,
    compile_dues,
    compile_split,
)
from tutorcore.policy.words import equals, hours, lesson
from tutorcore.testing.plain import dump
from tutorcore.testing.promises import broken_promises
from tutorcore.testing.twins import Twins

NOW = instant("2026-05-04T10:00:00Z")
HOUR = timedelta(hours=1)
PRICES = [*range(201), 9_999_999, LARGEST_PRICE - 1, LARGEST_PRICE]
ANN, TOM = PartyId("ann"), PartyId("tom")
BRIEF = Brief(LessonId("L1"), PolicyHash("0" * 64), "UTC", "EUR", NOW, TOM, ANN, ANN, ANN)

rates = st.builds(lambda part, whole: Fraction(min(part, whole), whole), st.integers(0, 40), st.integers(1, 40))
lengths = st.integers(1, 7 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def settlements(draw: st.DrawFn) -> Settlement:
    """Draw shares that make 100 % together, with a rest or written out; some are what so much time costs."""
    names: list[Beneficiary] = draw(st.permutations(BENEFICIARIES))
    names = names[: draw(st.integers(1, 3))]
    left, shares, timed = Fraction(1), list[tuple[Beneficiary, Part]](), False
    for name in names[:-1]:
        if draw(st.integers(0, 3)) == 0:
            shares.append((name, hours(draw(st.integers(0, 30)))))
            timed = True
            continue
        part = min(left, draw(rates))
        shares.append((name, part))
        left -= part
    shares.append((names[-1], None if timed else draw(st.sampled_from((None, left)))))
    return Settlement(tuple(draw(st.permutations(shares))))


@st.composite
def fees(draw: st.DrawFn) -> Fees:
    """Draw one rate for everything, or rates by the amount or by the lesson."""
    rounding, slab_on = draw(st.sampled_from(ROUNDING_MODES)), draw(st.sampled_from(SLABS_ON))
    trial = [FeeRate(draw(rates), when=equals(lesson.kind, "trial"))] if draw(st.booleans()) else []
    slabs = [FeeRate(draw(rates), below) for below in sorted(draw(st.sets(st.integers(1, 300), max_size=2)))]
    return Fees((*trial, *slabs, FeeRate(draw(rates))), rounding, slab_on)


def legs_of(split: Split, amount: int, length: timedelta = HOUR, said: Settlement | None = None) -> Legs:
    """Return the legs of a settlement of a trial lesson of that price, all of which is held."""
    terms = Terms(1, NOW, NOW + length, amount, "trial")
    command = Command("rule", TOM, Key("k"), LessonId("L1"), particulars=Particulars(split=said))
    return split(amount, NOW, terms, None, 1, {}, BRIEF, command, None)


@given(settlements(), fees(), lengths, st.booleans())
@example(
    Settlement.of({"tutor": "1/3", "platform": "1/3", "student": "1/3"}), Fees.flat(Fraction(1, 3), "up"), HOUR, False
)  # One example, one line.
@example(
    Settlement.of({"tutor": "50%", "platform": "25%", "student": "25%"}), Fees.flat(Fraction(1), "half_up"), HOUR, False
)  # One example, one line.
@example(Settlement.of({"tutor": "50%", "student": "50%"}), Fees.flat(Fraction(15, 100)), HOUR, False)
@example(Settlement.of({"tutor": "2h", "student": "rest"}), Fees(), HOUR, False)
def test_every_split_pays_out_exactly_what_is_held(
    settlement: Settlement, fees: Fees, length: timedelta, as_given: bool
) -> None:
    """For every price from 0 to 200 and large ones, legs are positive, name each role once, and sum to what is held."""
    split = compile_split(AsGiven() if as_given else settlement, fees, 2)

    for held in PRICES:
        legs = legs_of(split, held, length, settlement)

        assert sum(amount for _, amount in legs) == held
        assert all(amount > 0 for _, amount in legs)
        assert len({role for role, _ in legs}) == len(legs)


@given(settlements(), fees(), lengths, st.booleans())
def test_what_is_due_is_owed_by_somebody(settlement: Settlement, fees: Fees, length: timedelta, as_given: bool) -> None:
    """Where nothing is held, what falls due to tutor and platform is owed by the payer, to the cent and never more."""
    dues = compile_dues(AsGiven() if as_given else settlement, fees, 2)
    split = compile_split(settlement, fees, 2)

    for price in PRICES:
        found, held = dict(legs_of(dues, price, length, settlement)), dict(legs_of(split, price, length))

        assert sum(found.values()) == 0
        assert set(found) <= {"owed", "due", "platform"}
        assert 0 not in found.values()
        assert -price <= found.get("owed", 0) <= 0
        assert (found.get("due", 0), found.get("platform", 0)) == (held.get("tutor", 0), held.get("platform", 0))


@pytest.mark.parametrize("rounding", ROUNDING_MODES)
def test_the_commission_is_taken_out_of_the_tutor_s_share_alone(rounding: RoundingMode) -> None:
    """Whatever the rounding, a refund bears no fee, and the fee is within one unit of its exact value."""
    settlement = Settlement.of({"tutor": "50%", "student": "rest"})
    plain = compile_split(settlement, Fees(), 2)
    with_fee = compile_split(settlement, Fees.flat(Fraction("0.15"), rounding), 2)

    for held in PRICES:
        before, after = dict(legs_of(plain, held)), dict(legs_of(with_fee, held))

        assert after.get("payer") == before.get("payer")
        assert after.get("tutor", 0) + after.get("platform", 0) == before.get("tutor", 0)
        assert abs(after.get("platform", 0) - Fraction(15, 100) * before.get("tutor", 0)) < 1


def test_what_is_held_changes_only_by_what_moves(steps: Sequence[tuple[Lesson, Lesson]]) -> None:
    """From version to version, what is held falls by exactly the sum of the legs; it is nothing when all is over."""
    for before, after in steps:
        assert after.held == before.held - sum(amount for _, amount in after.legs)
        assert after.held >= 0
        assert not (after.over and after.held)


def test_the_books_of_every_past_are_right(pasts: Sequence[Twins]) -> None:
    """After long plays every entry and every currency sums to zero, and every escrow is what its lesson holds."""
    for twins in pasts:
        for twin in twins.twins:
            assert broken_promises(twin.storage) == []
            totals = {total.currency: total.debit - total.credit for total in twin.market.trial_balance().totals}
            assert set(totals.values()) <= {0}


def test_what_is_posted_is_never_edited(agreed: Callable[..., Marketplace]) -> None:
    """Entries are only added: what the log held before a refund and a payment, it holds after them."""
    storage = MemoryStorage()
    market = agreed(storage=storage, hours=80)
    before = dump(storage)["entries"]

    market.cancel("L1", by="ann", key="cancel", now=NOW).or_raise()
    market.sweep(now=NOW + timedelta(days=9))
    after = dump(storage)["entries"]

    assert after[: len(before)] == before
    assert len(after) == len(before) + 1


@pytest.mark.parametrize(("price", "tutor", "payer", "platform"), [(1, 0, 1, 0), (2, 1, 1, 0), (100, 30, 53, 17)])
def test_odd_fils_go_where_the_policy_says(
    agreed: Callable[..., Marketplace], samples: dict[str, Process], price: int, tutor: int, payer: int, platform: int
) -> None:
    """A third, a seventh and the rest of odd amounts, less 7.77 %: worked out by hand, and nothing is left over."""
    policy = samples["own"]
    market = agreed(policy, hours=20, verb="take")
    market.request(
        student="ben", tutor="tess", start=NOW + 20 * HOUR, duration=HOUR, price=market.money(f"0.{price:03}", "KWD"),
        lesson="L2", policy="own", verb="ask", key="ask 2", now=NOW,
    ).or_raise()  # fmt: skip
    market.act("take", "L2", by="tess", proposal=1, key="take 2", now=NOW).or_raise()

    dropped = market.act("drop", "L2", by="ben", key="drop", now=NOW + 2 * HOUR).lesson

    assert dropped is not None
    found = dict(dropped.legs)
    assert (found.get("tutor", 0), found.get("payer", 0), found.get("platform", 0)) == (tutor, payer, platform)
    balances = {(account, code): minor for account, code, minor in market.balances()}
    assert (escrow(dropped.id), "KWD") not in balances
