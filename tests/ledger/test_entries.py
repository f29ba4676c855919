from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import Instant, instant
from tutorcore.ledger import (
    BANK,
    COMMISSION,
    CONVERSION,
    PAYOUT_FEES,
    Account,
    Entry,
    EntryKind,
    HoldStatus,
    Posted,
    available,
    clear,
    convert,
    entry,
    escrow,
    flow,
    flow_kind,
    hold_status,
    offset,
    paid_out,
    pending,
    receivable,
    returned,
    reverse,
    spend,
    top_up,
    wallet,
    withdrawal,
    withdrawing,
)
from tutorcore.ledger.accounts import due, owed
from tutorcore.ledger.entries import amount_due

_AT = instant("2026-03-01T09:00:00Z")
_ANN = PartyId("ann")
_TOM = PartyId("tom")
_WALLET = wallet(_ANN)
_PENDING = pending(_TOM)
_ESCROW = escrow(LessonId("l1"))
_TWO = ((BANK, 5), (_WALLET, -5))


def _entry(**changes: Any) -> Entry:
    fields: dict[str, Any] = {"legs": _TWO, "effective_at": _AT, "ref": "k1", "source": "test"} | changes
    return entry(fields.pop("kind", "top_up"), fields.pop("currency", "USD"), **fields)


def test_an_entry_keeps_what_it_was_given() -> None:
    """The checked constructor takes any legs that balance and makes a tuple of them."""
    made = _entry(legs=[(_ESCROW, 10), (_WALLET, -4), (_PENDING, -6)], kind="post", ref="l1")

    assert made == Entry("post", "USD", ((_ESCROW, 10), (_WALLET, -4), (_PENDING, -6)), _AT, "l1", "test")
    assert made.corrects is None


def test_an_instant_of_another_zone_is_kept_in_utc() -> None:
    """`effective_at` is an instant, whatever offset it came with."""
    made = _entry(effective_at=datetime.fromisoformat("2026-03-01T10:00:00+01:00"))

    assert made.effective_at == _AT
    assert made.effective_at.utcoffset() == _AT.utcoffset()


@pytest.mark.parametrize(
    ("legs", "expected"),
    [
        ((), "at least two"),
        (((BANK, 5),), "at least two"),
        (((BANK, 5), (_WALLET, -4)), "amounts that sum to zero"),
        (((BANK, 5), (_WALLET, -5), (_PENDING, 0)), "an amount other than zero"),
        (((BANK, 5), (_WALLET, -2), (_WALLET, -3)), "each account once"),
    ],
)
def test_legs_that_are_no_entry_are_refused(legs: tuple[tuple[Account, int], ...], expected: str) -> None:
    """At least two legs, none of them zero, each account once, and a sum of zero."""
    with pytest.raises(InvalidValue) as refused:
        _entry(legs=legs)

    assert refused.value.expected == expected


@pytest.mark.parametrize("minor", [5.0, True, Decimal(5), "5", None])
def test_an_amount_is_a_plain_int(minor: object) -> None:
    """Floats, bools, Decimals and texts are no minor units, in any of the constructors."""
    with pytest.raises(InvalidType, match="an int of minor units"):
        _entry(legs=((BANK, minor), (_WALLET, -5)))
    with pytest.raises(InvalidType, match="an int of minor units"):
        flow("post", _ESCROW, [(_PENDING, minor)], "USD", _AT, "l1", "test")  # type: ignore[list-item]  # On purpose.
    with pytest.raises(InvalidType, match="an int of minor units"):
        top_up(_ANN, minor, "USD", effective_at=_AT, ref="k1")  # type: ignore[arg-type]  # On purpose.


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"kind": "pots"}, UnknownName, "unknown kind of entry 'pots'; did you mean 'post'?"),
        ({"currency": ""}, InvalidValue, "currency is ''"),
        ({"currency": 840}, InvalidType, "currency is 840 of type int"),
        ({"ref": None}, InvalidType, "ref is None"),
        ({"source": 3}, InvalidType, "source is 3"),
        ({"effective_at": datetime.fromisoformat("2026-03-01T09:00:00")}, InvalidValue, "effective_at is .* naive"),
        ({"legs": (("Assets:Bank", 5), (_WALLET, -5))}, InvalidType, "account of a leg is 'Assets:Bank'"),
    ],
)
def test_a_field_that_cannot_be_meant_is_refused(
    changes: dict[str, object], error: type[Exception], message: str
) -> None:
    """The error names the field, the value and what was expected."""
    with pytest.raises(error, match=message):
        _entry(**changes)


def test_a_top_up_comes_from_the_bank() -> None:
    """Money that arrived is an asset, and owed to the one whose wallet it fills."""
    made = top_up(_ANN, 2500, "USD", effective_at=_AT, ref="k1")

    assert made == Entry("top_up", "USD", ((BANK, 2500), (_WALLET, -2500)), _AT, "k1", "payment received")


@pytest.mark.parametrize("minor", [0, -1])
def test_builders_move_more_than_nothing(minor: int) -> None:
    """A top-up, either side of a conversion and a clearing are above zero."""
    with pytest.raises(InvalidValue, match="amount above zero"):
        top_up(_ANN, minor, "USD", effective_at=_AT, ref="k1")
    with pytest.raises(InvalidValue, match="amount above zero"):
        clear(_TOM, minor, "USD", effective_at=_AT, ref="l1", source="payout")
    for paid, credited in ((minor, 100), (100, minor)):
        with pytest.raises(InvalidValue, match="amount above zero"):
            convert(
                _ANN,
                paid=paid,
                paid_currency="USD",
                credited=credited,
                credited_currency="ITC",
                effective_at=_AT,
                ref="k1",
            )


def test_a_pegged_top_up_balances_in_each_currency() -> None:
    """Ten dollars become a hundred credits: the conversion account stands on both sides."""
    received, issued = convert(
        _ANN, paid=1000, paid_currency="USD", credited=1000, credited_currency="ITC", effective_at=_AT, ref="k1"
    )

    assert (received.kind, received.currency, received.legs) == ("top_up", "USD", ((BANK, 1000), (CONVERSION, -1000)))
    assert (issued.kind, issued.currency, issued.legs) == ("top_up", "ITC", ((CONVERSION, 1000), (_WALLET, -1000)))
    assert received[3:] == issued[3:]


def test_a_conversion_needs_two_currencies() -> None:
    """Within one currency there is nothing to convert."""
    with pytest.raises(InvalidValue, match="another currency"):
        convert(_ANN, paid=10, paid_currency="USD", credited=9, credited_currency="USD", effective_at=_AT, ref="k1")


@pytest.mark.parametrize(
    ("flows", "legs"),
    [
        ([(_WALLET, -2500)], ((_WALLET, 2500), (_ESCROW, -2500))),
        ([(_WALLET, 2500)], ((_ESCROW, 2500), (_WALLET, -2500))),
        ([(_PENDING, 2125), (COMMISSION, 375)], ((_ESCROW, 2500), (_PENDING, -2125), (COMMISSION, -375))),
        ([(_PENDING, 0), (_WALLET, 7)], ((_ESCROW, 7), (_WALLET, -7))),
        ([(receivable(_TOM), -7), (_WALLET, 7)], ((receivable(_TOM), 7), (_WALLET, -7))),
        (
            [(owed(_ANN), -2500), (due(_TOM), 2125), (COMMISSION, 375)],
            ((owed(_ANN), 2500), (due(_TOM), -2125), (COMMISSION, -375)),
        ),
    ],
)
def test_a_flow_becomes_legs_through_the_escrow(
    flows: list[tuple[Account, int]], legs: tuple[tuple[Account, int], ...]
) -> None:
    """Positive flows leave the escrow, negative ones enter it; what nothing moves through has no leg."""
    assert flow("post", _ESCROW, flows, "USD", _AT, "l1", "test") == Entry("post", "USD", legs, _AT, "l1", "test")


@pytest.mark.parametrize("flows", [[], [(_PENDING, 0), (_WALLET, 0)]])
def test_settling_nothing_writes_no_entry(flows: list[tuple[Account, int]]) -> None:
    """A step that moves no money has no entry."""
    assert flow("post", _ESCROW, flows, "USD", _AT, "l1", "test") is None


@given(st.dictionaries(st.sampled_from([_WALLET, _PENDING, COMMISSION, BANK]), st.integers(-(10**20), 10**20)))
def test_a_flow_is_always_balanced(flows: dict[Account, int]) -> None:
    """Whatever the amounts, the entry passes the checked constructor."""
    made = flow("post", _ESCROW, flows.items(), "USD", _AT, "l1", "test")

    if made is None:
        assert not any(flows.values())
    else:
        assert made == _entry(kind="post", legs=made.legs, ref="l1")
        assert {account: -minor for account, minor in made.legs if account != _ESCROW} == {
            account: minor for account, minor in flows.items() if minor
        }


def test_clearing_makes_pending_earnings_available() -> None:
    """Cleared money changes its account and not its owner."""
    made = clear(_TOM, 2125, "USD", effective_at=_AT, ref="l1", source="cleared")

    assert made == Entry("clear", "USD", ((_PENDING, 2125), (available(_TOM), -2125)), _AT, "l1", "cleared")


@pytest.mark.parametrize(
    ("earned", "fee", "legs"),
    [
        (2125, 375, ((owed(_ANN), 2500), (due(_TOM), -2125), (COMMISSION, -375))),
        (2500, 0, ((owed(_ANN), 2500), (due(_TOM), -2500))),
        (0, 2500, ((owed(_ANN), 2500), (COMMISSION, -2500))),
    ],
)
def test_an_amount_due_is_owed_by_the_payer(earned: int, fee: int, legs: tuple[tuple[Account, int], ...]) -> None:
    """The payer owes what the tutor earned and the fee; nobody's balance limits it, and no escrow is touched."""
    made = amount_due(_ANN, _TOM, earned=earned, fee=fee, currency="GBP", effective_at=_AT, ref="l1", source="over")

    assert made == Entry("due", "GBP", legs, _AT, "l1", "over")
    assert hold_status(_ESCROW, [made]) == "none"


@pytest.mark.parametrize(
    ("earned", "fee", "error", "message"),
    [
        (-1, 5, InvalidValue, "earned is -1; expected an amount not below zero"),
        (5, -1, InvalidValue, "fee is -1; expected an amount not below zero"),
        (0, 0, InvalidValue, "at least two"),
        (5.0, 0, InvalidType, "earned is 5.0 of type float"),
        (5, True, InvalidType, "fee is True of type bool"),
    ],
)
def test_an_amount_due_is_something(earned: Any, fee: Any, error: type[Exception], message: str) -> None:
    """Neither part is below zero, not both are nothing, and both are whole numbers."""
    with pytest.raises(error, match=message):
        amount_due(_ANN, _TOM, earned=earned, fee=fee, currency="GBP", effective_at=_AT, ref="l1", source="over")


def test_a_debt_is_paid_out_of_what_is_available() -> None:
    """An offset takes from the tutor's earnings what the tutor owes."""
    made = offset(_TOM, 7, "USD", effective_at=_AT, ref="l1", source="debts first")

    assert made == Entry("offset", "USD", ((available(_TOM), 7), (receivable(_TOM), -7)), _AT, "l1", "debts first")


@pytest.mark.parametrize(
    ("fee", "legs"),
    [
        (0, ((available(_TOM), 3000), (withdrawing(_TOM), -3000))),
        (1, ((available(_TOM), 3000), (withdrawing(_TOM), -2999), (PAYOUT_FEES, -1))),
        (2999, ((available(_TOM), 3000), (withdrawing(_TOM), -1), (PAYOUT_FEES, -2999))),
    ],
)
def test_a_withdrawal_is_under_way_less_its_fee(fee: int, legs: tuple[tuple[Account, int], ...]) -> None:
    """The fee is taken out of the amount, not on top of it."""
    made = withdrawal(_TOM, 3000, fee, "ITC", effective_at=_AT, ref="w1", source="asked")

    assert made == Entry("withdraw", "ITC", legs, _AT, "w1", "asked")


@pytest.mark.parametrize("fee", [3000, 3001])
def test_a_fee_leaves_something_to_transfer(fee: int) -> None:
    """A fee of the whole amount or more is refused with what it would have to be."""
    with pytest.raises(InvalidValue, match=f"fee is {fee}; expected less than the amount, 3000"):
        withdrawal(_TOM, 3000, fee, "ITC", effective_at=_AT, ref="w1", source="asked")


def test_money_that_arrived_has_left_the_bank() -> None:
    """In a currency that banks have, one entry says so."""
    made = paid_out(_TOM, 2900, "USD", effective_at=_AT, ref="w1", source="arrived")

    assert made == (Entry("pay_out", "USD", ((withdrawing(_TOM), 2900), (BANK, -2900)), _AT, "w1", "arrived"),)


def test_a_pegged_unit_leaves_the_bank_as_what_it_is_worth() -> None:
    """Credits are taken back and dollars sent: each sums to zero, and the conversion account stands on both sides."""
    made = paid_out(_TOM, 29000, "ITC", paid=(2900, "USD"), effective_at=_AT, ref="w1", source="arrived")

    assert made == (
        Entry("pay_out", "ITC", ((withdrawing(_TOM), 29000), (CONVERSION, -29000)), _AT, "w1", "arrived"),
        Entry("pay_out", "USD", ((CONVERSION, 2900), (BANK, -2900)), _AT, "w1", "arrived"),
    )


def test_what_is_paid_out_in_another_currency_is_in_another_currency() -> None:
    """Within one currency there is nothing to convert."""
    with pytest.raises(InvalidValue, match="paid currency is 'USD'; expected another currency than USD"):
        paid_out(_TOM, 29, "USD", paid=(29, "USD"), effective_at=_AT, ref="w1", source="arrived")


@pytest.mark.parametrize(
    ("fee_back", "legs"),
    [
        (0, ((withdrawing(_TOM), 2900), (available(_TOM), -2900))),
        (100, ((withdrawing(_TOM), 2900), (PAYOUT_FEES, 100), (available(_TOM), -3000))),
    ],
)
def test_what_comes_back_is_available_again(fee_back: int, legs: tuple[tuple[Account, int], ...]) -> None:
    """With the fee, if that is given back."""
    made = returned(_TOM, 2900, fee_back, "USD", effective_at=_AT, ref="w1", source="no such account")

    assert made == Entry("return", "USD", legs, _AT, "w1", "no such account")


def test_what_is_spent_fills_the_tutors_own_wallet() -> None:
    """From there it pays for lessons like any other money in a wallet."""
    made = spend(_TOM, 500, "ITC", effective_at=_AT, ref="k1", source="spent")

    assert made == Entry("spend", "ITC", ((available(_TOM), 500), (wallet(_TOM), -500)), _AT, "k1", "spent")


@pytest.mark.parametrize("minor", [0, -1])
def test_payouts_move_more_than_nothing(minor: int) -> None:
    """None of these entries is about nothing, and no fee is below zero."""
    about: dict[str, Any] = {"effective_at": _AT, "ref": "w1", "source": "test"}
    for make in (
        lambda: offset(_TOM, minor, "USD", **about),
        lambda: withdrawal(_TOM, minor, 0, "USD", **about),
        lambda: paid_out(_TOM, minor, "ITC", **about),
        lambda: paid_out(_TOM, 5, "ITC", paid=(minor, "USD"), **about),
        lambda: returned(_TOM, minor, 0, "USD", **about),
        lambda: spend(_TOM, minor, "USD", **about),
    ):
        with pytest.raises(InvalidValue, match="amount is .*; expected an amount above zero"):
            make()
    with pytest.raises(InvalidValue, match="fee is -1; expected an amount not below zero"):
        withdrawal(_TOM, 5, -1, "USD", **about)
    with pytest.raises(InvalidValue, match="fee given back is -1; expected an amount not below zero"):
        returned(_TOM, 5, -1, "USD", **about)


def test_a_reversal_is_the_opposite_and_names_what_it_corrects() -> None:
    """The wrong entry stays; the new one takes its money back and says which and why."""
    wrong = top_up(_ANN, 2500, "USD", effective_at=_AT, ref="k1")
    later = instant("2026-03-02T09:00:00Z")

    made = reverse(Posted(7, wrong), effective_at=later, reason="paid twice")

    assert made == Entry(
        "reversal", "USD", ((BANK, -2500), (_WALLET, 2500)), later, "k1", "reverses entry 7: paid twice", 7
    )


@pytest.mark.parametrize(
    ("flows", "held", "by", "kind"),
    [
        ([(_WALLET, -2500)], 2500, "move", "hold"),
        ([(_WALLET, 500)], 2000, "move", "release"),
        ([(_WALLET, 500)], 2000, "timeout", "release"),
        ([(_WALLET, 2500)], 0, "move", "void"),
        ([(_WALLET, 2500)], 0, "timeout", "expire"),
        ([(_PENDING, 2125), (COMMISSION, 375)], 0, "move", "post"),
        ([(_WALLET, 1250), (_PENDING, 1250)], 0, "timeout", "post"),
        ([(_WALLET, 2500), (_PENDING, 0)], 0, "move", "void"),
        ([(owed(_ANN), -2500), (due(_TOM), 2125), (COMMISSION, 375)], 0, "move", "due"),
        ([(owed(_ANN), -2500), (COMMISSION, 2500)], 0, "timeout", "due"),
        ([(_WALLET, 2500), (receivable(_TOM), -2125), (COMMISSION, -375)], 0, "move", "refund"),
        ([(_PENDING, 100), (COMMISSION, -100)], 0, "move", "refund"),
        ([(owed(_ANN), 2500), (due(_TOM), -2125), (COMMISSION, -375)], 0, "move", "refund"),
    ],
)
def test_a_flow_is_called_after_what_it_does_to_the_hold(
    flows: list[tuple[Account, int]], held: int, by: Any, kind: EntryKind
) -> None:
    """Money in is a hold, money to others a post, all back a void or an expiry, a debt a due, undoing one a refund."""
    assert flow_kind(flows, held, by) == kind


def _flows(*steps: tuple[EntryKind, int]) -> list[Entry]:
    """Entries that move the given amounts out of the escrow, to the wallet or from it."""
    made = (flow(kind, _ESCROW, [(_WALLET, out)], "USD", _AT, "l1", "test") for kind, out in steps)
    return [each for each in made if each is not None]


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ([], "none"),
        ([("hold", -25)], "pending"),
        ([("hold", -25), ("hold", -5)], "pending"),
        ([("hold", -25), ("release", 5)], "pending"),
        ([("hold", -25), ("post", 25)], "posted"),
        ([("hold", -25), ("void", 25)], "voided"),
        ([("hold", -25), ("expire", 25)], "expired"),
        ([("hold", -25), ("void", 25), ("hold", -30)], "pending"),
        ([("hold", -25), ("reversal", 25)], "voided"),
        ([("hold", -25), ("post", 25), ("reversal", -25)], "pending"),
    ],
)
def test_the_status_of_a_hold_follows_from_its_entries(steps: list[tuple[EntryKind, int]], status: HoldStatus) -> None:
    """Pending while anything is held, then what emptied the escrow."""
    assert hold_status(_ESCROW, _flows(*steps)) == status


def test_entries_of_other_accounts_leave_a_hold_alone() -> None:
    """Neither another lesson's entries nor a clearing nor a debt nor a refund says anything about this hold."""
    others: list[Entry] = [
        *_flows(("hold", -25), ("post", 25)),
        clear(_TOM, 20, "USD", effective_at=_AT, ref="l1", source="cleared"),
        amount_due(_ANN, _TOM, earned=20, currency="USD", effective_at=_AT, ref="l1", source="test"),
        _entry(kind="refund", legs=((receivable(_TOM), 5), (_WALLET, -5)), ref="l1"),
        offset(_TOM, 5, "USD", effective_at=_AT, ref="l1", source="test"),
    ]

    assert hold_status(escrow(LessonId("l2")), others) == "none"
    assert hold_status(_ESCROW, others) == "posted"


def test_an_instant_is_what_entries_carry() -> None:
    """A reversal checks its instant like every other constructor."""
    naive: Instant = datetime.fromisoformat("2026-03-01T09:00:00")
    with pytest.raises(InvalidValue, match="naive"):
        reverse(Posted(1, _entry()), effective_at=naive, reason="test")
