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
from tutorcore.instants import instant
from tutorcore.ledger.accounts import escrow
from tutorcore.lessons.lesson import LARGEST_PRICE, Lesson
from tutorcore.money import ROUNDING_MODES, RoundingMode
from tutorcore.policy.process import Process
from tutorcore.policy.settlement import BENEFICIARIES, Beneficiary, Fees, Settlement, compile_split
from tutorcore.testing.plain import dump
from tutorcore.testing.promises import broken_promises
from tutorcore.testing.twins import Twins

NOW = instant("2026-05-04T10:00:00Z")
HOUR = timedelta(hours=1)
PRICES = [*range(201), 9_999_999, LARGEST_PRICE - 1, LARGEST_PRICE]

rates = st.builds(lambda part, whole: Fraction(min(part, whole), whole), st.integers(0, 40), st.integers(1, 40))


@st.composite
def settlements(draw: st.DrawFn) -> Settlement:
    """Draw shares that make 100 % together, with a rest or written out."""
    names: list[Beneficiary] = draw(st.permutations(BENEFICIARIES))
    names = names[: draw(st.integers(1, 3))]
    left, shares = Fraction(1), list[tuple[Beneficiary, Fraction | None]]()
    for name in names[:-1]:
        part = min(left, draw(rates))
        shares.append((name, part))
        left -= part
    shares.append((names[-1], draw(st.sampled_from((None, left)))))
    return Settlement(tuple(draw(st.permutations(shares))))


@given(settlements(), rates, st.sampled_from(ROUNDING_MODES))
@example(Settlement.of({"tutor": "1/3", "platform": "1/3", "student": "1/3"}), Fraction(1, 3), "up")
@example(Settlement.of({"tutor": "50%", "platform": "25%", "student": "25%"}), Fraction(1), "half_up")
@example(Settlement.of({"tutor": "50%", "student": "50%"}), Fraction(15, 100), "half_even")
def test_every_split_pays_out_exactly_what_is_held(
    settlement: Settlement, commission: Fraction, rounding: RoundingMode
) -> None:
    """For every price from 0 to 200 and large ones, legs are positive, name each role once, and sum to what is held."""
    split = compile_split(settlement, Fees(commission, rounding))

    for held in PRICES:
        legs = split(held)

        assert sum(amount for _, amount in legs) == held
        assert all(amount > 0 for _, amount in legs)
        assert len({role for role, _ in legs}) == len(legs)


@pytest.mark.parametrize("rounding", ROUNDING_MODES)
def test_the_commission_is_taken_out_of_the_tutor_s_share_alone(rounding: RoundingMode) -> None:
    """Whatever the rounding, a refund bears no fee, and the fee is within one unit of its exact value."""
    settlement = Settlement.of({"tutor": "50%", "student": "rest"})
    plain = compile_split(settlement, Fees())
    with_fee = compile_split(settlement, Fees(Fraction("0.15"), rounding))

    for held in PRICES:
        before, after = dict(plain(held)), dict(with_fee(held))

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
