from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.ids import Key, LessonId, PartyId, PolicyHash
from tutorcore.instants import instant
from tutorcore.ledger.accounts import COMMISSION, due, escrow, owed
from tutorcore.ledger.book import Book
from tutorcore.ledger.entries import Posted, amount_due, flow, flow_kind, hold_status
from tutorcore.lessons.lesson import Brief, Command, Particulars, Terms
from tutorcore.money import rate
from tutorcore.policy.parsing import parse_guard
from tutorcore.policy.settlement import AsGiven, FeeRate, Fees, Legs, Settlement, compile_dues, compile_split

NOON = instant("2026-03-02T12:00:00Z")
PAM, ANN, TOM = PartyId("pam"), PartyId("ann"), PartyId("tom")
BRIEF = Brief(LessonId("l1"), PolicyHash("0" * 64), "UTC", "GBP", NOON, TOM, ANN, PAM, PAM)
SLABS = (FeeRate(rate("10%"), below=100_00), FeeRate(rate("15%"), below=200_00), FeeRate(rate("20%")))
TRIAL = FeeRate(rate("100%"), when=parse_guard('lesson.kind == "trial"'))


def owing(
    settlement: Settlement | AsGiven, fees: Fees, price: int, *, kind: str = "", said: Settlement | None = None
) -> Legs:
    """Return the legs of what is due for a lesson of two hours at that price."""
    terms = Terms(1, NOON, NOON + timedelta(hours=2), price, kind)
    command = Command("confirm", ANN, Key("k1"), LessonId("l1"), particulars=Particulars(split=said))
    return compile_dues(settlement, fees, 2)(0, NOON, terms, None, 1, {}, BRIEF, command, None)


@pytest.mark.parametrize(
    ("shares", "fees", "price", "legs"),
    [
        ({"tutor": "rest"}, Fees(), 2500, (("owed", -2500), ("due", 2500))),
        ({"tutor": "rest"}, Fees.flat(rate("15%")), 2500, (("owed", -2500), ("due", 2125), ("platform", 375))),
        # The student's share is not owed.
        ({"tutor": "50%", "student": "rest"}, Fees(), 101, (("owed", -50), ("due", 50))),
        ({"student": "50%", "tutor": "rest"}, Fees(), 101, (("owed", -51), ("due", 51))),
        ({"student": "rest"}, Fees.flat(rate("15%")), 2500, ()),
        ({"tutor": "rest"}, Fees.flat(rate("15%")), 0, ()),
        # The platform's own share, alone and with a commission.
        ({"platform": "10%", "student": "rest"}, Fees(), 1000, (("owed", -100), ("platform", 100))),
        (
            {"platform": "10%", "tutor": "rest"},
            Fees.flat(rate("20%")),
            1000,
            (("owed", -1000), ("due", 720), ("platform", 280)),
        ),
        ({"tutor": "rest"}, Fees.flat(rate("100%")), 1000, (("owed", -1000), ("platform", 1000))),
        # An hour of two.
        (
            {"tutor": "1h", "student": "rest"},
            Fees(SLABS),
            200_00,
            (("owed", -100_00), ("due", 85_00), ("platform", 15_00)),
        ),
        (
            {"tutor": "1h", "student": "rest"},
            Fees(SLABS, slab_on="price"),
            200_00,
            (("owed", -100_00), ("due", 80_00), ("platform", 20_00)),
        ),
    ],
)
def test_the_payer_owes_what_is_not_the_students(shares: dict[str, str], fees: Fees, price: int, legs: Legs) -> None:
    """What falls to tutor and platform is owed to them; what falls to the student is not owed at all."""
    assert owing(Settlement.of(shares), fees, price) == legs


def test_the_rate_goes_by_the_lesson_here_too() -> None:
    """A trial is all the platform's; nothing is due to the tutor."""
    assert owing(Settlement.of({"tutor": "rest"}), Fees((TRIAL, *SLABS)), 20_00, kind="trial") == (
        ("owed", -20_00),
        ("platform", 20_00),
    )


def test_the_command_can_say_what_is_due() -> None:
    """Whoever decides a dispute says how much of the price is owed."""
    said = Settlement.of({"tutor": "50%", "student": "rest"})

    assert owing(AsGiven(), Fees(SLABS), 100_00, said=said) == (("owed", -50_00), ("due", 45_00), ("platform", 5_00))


@given(
    tutor=st.one_of(st.integers(0, 60).map(lambda each: f"{each}%"), st.integers(0, 200).map(lambda each: f"{each}m")),
    platform=st.integers(0, 40).map(lambda each: f"{each}%"),
    commission=st.fractions(0, 1, max_denominator=100),
    price=st.integers(0, 10**9),
)
def test_what_is_owed_is_what_is_due(tutor: str, platform: str, commission: Fraction, price: int) -> None:
    """The legs sum to zero, none is zero, and they say what would have been paid out, had the price been held."""
    settlement = Settlement.of({"tutor": tutor, "platform": platform, "student": "rest"})
    fees = Fees.flat(commission)

    legs = owing(settlement, fees, price)

    terms = Terms(1, NOON, NOON + timedelta(hours=2), price)
    paid = dict(compile_split(settlement, fees, 2)(price, NOON, terms, None, 1, {}, BRIEF, None, None))
    assert sum(amount for _, amount in legs) == 0
    assert all(legs)
    assert -dict(legs).get("owed", 0) == price - paid.get("payer", 0)
    assert dict(legs).get("due", 0) == paid.get("tutor", 0)
    assert dict(legs).get("platform", 0) == paid.get("platform", 0)


def test_dues_are_booked_without_an_escrow() -> None:
    """The legs of a settlement become an entry between payer, tutor and platform, and the books balance."""
    accounts = {"owed": owed(PAM), "due": due(TOM), "platform": COMMISSION}
    hold = escrow(LessonId("l1"))
    legs = owing(Settlement.of({"tutor": "rest"}), Fees.flat(rate("15%")), 2500)
    flows = [(accounts[role], amount) for role, amount in legs]
    kind = flow_kind(flows, 0, "move")
    made = flow(kind, hold, flows, "GBP", NOON, "l1", "row")
    book = Book()

    assert made == amount_due(PAM, TOM, earned=2125, fee=375, currency="GBP", effective_at=NOON, ref="l1", source="row")
    assert isinstance(book.post(made), Posted)
    assert book.balances() == {(owed(PAM), "GBP"): 2500, (COMMISSION, "GBP"): 375, (due(TOM), "GBP"): 2125}
    assert book.trial_balance().totals[0].debit == 2500
    assert book.statement(owed(PAM), "GBP").closing == 2500
    assert hold_status(hold, [made]) == "none"
