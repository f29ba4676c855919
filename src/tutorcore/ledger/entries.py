"""Entries: movements of money between accounts, each of which sums to zero.

An entry is one movement in one currency: legs of an account and an amount in minor units, debit positive and credit
negative. The words are TigerBeetle's, for the money that a lesson holds. Money moved from a wallet into the lesson's
escrow is *pending*. It ends in one of three ways:

    posted     a settlement pays somebody other than the payer out of it (and may return a part);
    voided     a move returns all of it to the wallet: a decline, a cancellation with full refund;
    expired    a timeout returns all of it: nobody answered.

Returning a part while the rest stays held is a *release*: a lower price was agreed. What is posted lies among the
tutor's pending earnings until it is *cleared*, and then is available.

Where a marketplace holds no money, a settlement is recorded as *due*: the payer owes, and the tutor and the platform
have it to come. It touches no escrow.

A *refund* comes after a settlement: what should have gone to somebody else moves there, and what a tutor has to give
back for it is a debt. Debts come first: an *offset* pays them out of what is available. The rest the tutor can
*withdraw*: it is on its way until it is *paid out*, or comes back by a *return*. Or the tutor can *spend* it, which
fills the tutor's own wallet.

An entry is never edited. A mistake is mended by a new entry, the *reversal*, that names the old one. When an entry
was recorded is not part of it: stores keep that beside it. Knows neither balances nor limits: those are the book's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias, get_args

from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.ids import PartyId
from tutorcore.instants import Instant, instant
from tutorcore.ledger.accounts import (
    BANK,
    COMMISSION,
    CONVERSION,
    PAYOUT_FEES,
    Account,
    AccountKind,
    available,
    due,
    owed,
    pending,
    receivable,
    wallet,
    withdrawing,
)

EntryKind: TypeAlias = Literal[
    "top_up",
    "hold",
    "release",
    "post",
    "void",
    "expire",
    "clear",
    "due",
    "refund",
    "offset",
    "withdraw",
    "pay_out",
    "return",
    "spend",
    "reversal",
]
HoldStatus: TypeAlias = Literal["none", "pending", "posted", "voided", "expired"]
Leg: TypeAlias = tuple[Account, int]

ENTRY_KINDS: frozenset[str] = frozenset(get_args(EntryKind))

# Nearly twice as fast as calling the class, for what most steps of lessons make.
_new = tuple.__new__


class Entry(NamedTuple):
    """One movement of money; `legs` sum to zero and name each account once.

    `effective_at` is when it counts, `ref` the lesson or the key it belongs to, `source` says in words why it was made:
    the row of the policy and the formula. `corrects` is the number of the entry that a reversal takes back.

    The constructor trusts its arguments. Make entries with `entry`, which checks, or with one of the builders, whose
    entries are balanced by construction.
    """

    kind: EntryKind
    currency: str
    legs: tuple[Leg, ...]
    effective_at: Instant
    ref: str
    source: str
    corrects: int | None = None


class Posted(NamedTuple):
    """An entry with its place in the log: `number` counts from 1 without gaps and orders everything."""

    number: int
    entry: Entry


def entry(
    kind: EntryKind, currency: str, *, legs: Iterable[Leg], effective_at: Instant, ref: str, source: str
) -> Entry:
    """Return an entry of any legs, after checking all of it.

    Raises `InvalidType` for an amount that is not a plain `int` (floats, bools and Decimals are refused on principle)
    and `InvalidValue` for legs that are fewer than two, zero, name an account twice or do not sum to zero.
    """
    if kind not in ENTRY_KINDS:
        raise UnknownName("kind of entry", kind, ENTRY_KINDS)
    if not (isinstance(currency, str) and isinstance(ref, str) and isinstance(source, str)):
        texts = (("currency", currency), ("ref", ref), ("source", source))
        what, text = next(each for each in texts if not isinstance(each[1], str))
        raise InvalidType(what, text, "a text")
    if not currency:
        raise InvalidValue("currency", currency, "a code such as 'USD'")
    return Entry(kind, currency, _checked_legs(tuple(legs)), instant(effective_at, "effective_at"), ref, source)


def _checked_legs(legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
    total = 0
    for account, minor in legs:
        if not isinstance(account, Account):
            raise InvalidType("account of a leg", account, "an Account")
        if type(minor) is not int:
            raise InvalidType("amount of a leg", minor, "an int of minor units")
        if not minor:
            raise InvalidValue("amount of a leg", minor, "an amount other than zero")
        total += minor
    if len(legs) < 2:
        raise InvalidValue("legs", legs, "at least two")
    if len(dict(legs)) < len(legs):
        raise InvalidValue("legs", legs, "each account once")
    if total:
        raise InvalidValue("legs", legs, "amounts that sum to zero")
    return legs


def top_up(
    party: PartyId, minor: int, currency: str, *, effective_at: Instant, ref: str, source: str = "payment received"
) -> Entry:
    """Return the entry by which money that reached the bank fills the wallet of `party`."""
    _positive(minor)
    legs = ((BANK, minor), (wallet(party), -minor))
    return entry("top_up", currency, legs=legs, effective_at=effective_at, ref=ref, source=source)


def convert(
    party: PartyId,
    *,
    paid: int,
    paid_currency: str,
    credited: int,
    credited_currency: str,
    effective_at: Instant,
    ref: str,
    source: str = "payment received, converted",
) -> tuple[Entry, Entry]:
    """Return the two entries of a top-up paid in one currency and credited in another, such as credits pegged to it.

    Each sums to zero in its own currency: the bank's side goes to `Equity:Conversion`, the wallet's side comes from
    there. The two belong together: post both or, with `Book.undo`, neither.
    """
    _another("credited currency", credited_currency, paid_currency)
    _positive(paid)
    _positive(credited)
    received = ((BANK, paid), (CONVERSION, -paid))
    issued = ((CONVERSION, credited), (wallet(party), -credited))
    return (
        entry("top_up", paid_currency, legs=received, effective_at=effective_at, ref=ref, source=source),
        entry("top_up", credited_currency, legs=issued, effective_at=effective_at, ref=ref, source=source),
    )


def flow(
    kind: EntryKind,
    escrow: Account,
    flows: Iterable[tuple[Account, int]],
    currency: str,
    effective_at: Instant,
    ref: str,
    source: str,
) -> Entry | None:
    """Return the entry of one lesson's step, or None when nothing moves: settling nothing writes no entry.

    `flows` are seen from the escrow: positive is out of it and into the account, negative is from the account into it.
    The escrow's own leg is their sum, so the entry is balanced whatever the amounts are; flows that cancel, as those
    of what is due do, leave the escrow out. Name each account once; accounts that get nothing are left out.

    >>> from tutorcore.ids import LessonId
    >>> from tutorcore.ledger.accounts import COMMISSION, escrow
    >>> shares = [(pending(PartyId("tom")), 2125), (COMMISSION, 375)]
    >>> paid = flow("post", escrow(LessonId("l1")), shares, "USD", instant("2026-03-01T10:00:00Z"), "l1", "complete")
    >>> [(account.name, minor) for account, minor in paid.legs]  # doctest: +NORMALIZE_WHITESPACE
    [('Liabilities:Escrow:L1:Cash', 2500),
     ('Liabilities:Tutors:Tom:Pending', -2125),
     ('Income:Fees:Commission', -375)]
    """
    through = 0
    legs = []
    for account, minor in flows:
        if type(minor) is not int:
            raise InvalidType("amount of a flow", minor, "an int of minor units")
        if minor:
            through += minor
            legs.append((account, -minor))
    if not legs:
        return None
    # What gives comes before what takes: the book then meets the account that may be short first.
    if through > 0:
        legs.insert(0, (escrow, through))
    elif through:
        legs.append((escrow, through))
    return _new(Entry, (kind, currency, tuple(legs), effective_at, ref, source, None))


# Whose giving makes a step what kind of entry. Any other account gives only what a settlement has paid into it before.
_GIVEN: dict[AccountKind, EntryKind] = {"wallet": "hold", "owed": "due"}


def flow_kind(flows: Iterable[tuple[Account, int]], held: int, by: Literal["move", "timeout"]) -> EntryKind:
    """Return what a lesson's step does to its hold: `held` is left in escrow after it, `by` is what made the step.

    A step by which somebody comes to owe does nothing to it: that is `due`. Nor does a `refund`, in which the tutor or
    the platform gives back what a settlement has paid.
    """
    returned = True
    for account, minor in flows:
        if minor < 0:
            return _GIVEN.get(account.kind, "refund")
        if minor and account.kind != "wallet":
            returned = False
    if not returned:
        return "post"
    if held:
        return "release"
    return "expire" if by == "timeout" else "void"


def clear(tutor: PartyId, minor: int, currency: str, *, effective_at: Instant, ref: str, source: str) -> Entry:
    """Return the entry by which pending earnings of `tutor` become available."""
    _positive(minor)
    legs = ((pending(tutor), minor), (available(tutor), -minor))
    return entry("clear", currency, legs=legs, effective_at=effective_at, ref=ref, source=source)


def amount_due(
    payer: PartyId,
    tutor: PartyId,
    *,
    earned: int,
    fee: int = 0,
    currency: str,
    effective_at: Instant,
    ref: str,
    source: str,
) -> Entry:
    """Return the entry by which `payer` owes what `tutor` has earned and, on top of that, the platform's `fee`.

    Either may be nothing, but not both.
    """
    _not_negative("earned", earned)
    _not_negative("fee", fee)
    flows = ((owed(payer), earned + fee), (due(tutor), -earned), (COMMISSION, -fee))
    legs = [leg for leg in flows if leg[1]]
    return entry("due", currency, legs=legs, effective_at=effective_at, ref=ref, source=source)


def offset(tutor: PartyId, minor: int, currency: str, *, effective_at: Instant, ref: str, source: str) -> Entry:
    """Return the entry by which what is available to `tutor` pays, as far as it goes, what the tutor owes."""
    _positive(minor)
    legs = ((available(tutor), minor), (receivable(tutor), -minor))
    return entry("offset", currency, legs=legs, effective_at=effective_at, ref=ref, source=source)


def withdrawal(
    tutor: PartyId, amount: int, fee: int, currency: str, *, effective_at: Instant, ref: str, source: str
) -> Entry:
    """Return the entry by which `tutor` takes out `amount`: it is on its way, less the platform's `fee`.

    Raises `InvalidValue` for a fee that is below zero or leaves nothing to send.
    """
    _positive(amount)
    _not_negative("fee", fee)
    if fee >= amount:
        raise InvalidValue("fee", fee, f"less than the amount, {amount}")
    flows = ((available(tutor), amount), (withdrawing(tutor), fee - amount), (PAYOUT_FEES, -fee))
    legs = [leg for leg in flows if leg[1]]
    return entry("withdraw", currency, legs=legs, effective_at=effective_at, ref=ref, source=source)


def paid_out(
    tutor: PartyId,
    minor: int,
    currency: str,
    *,
    effective_at: Instant,
    ref: str,
    source: str,
    paid: tuple[int, str] | None = None,
) -> tuple[Entry, ...]:
    """Return the entries of money that was on its way and has left the bank: `minor` is without the fee.

    What is counted in a unit pegged to a currency leaves the bank in that currency: `paid` is how much of which. There
    are then two entries, with `Equity:Conversion` between them; post both or, with `Book.undo`, neither.
    """
    _positive(minor)
    sent = (withdrawing(tutor), minor)
    if paid is None:
        return (
            entry("pay_out", currency, legs=(sent, (BANK, -minor)), effective_at=effective_at, ref=ref, source=source),
        )
    worth, paid_currency = paid
    _positive(worth)
    _another("paid currency", paid_currency, currency)
    redeemed, left = (sent, (CONVERSION, -minor)), ((CONVERSION, worth), (BANK, -worth))
    return (
        entry("pay_out", currency, legs=redeemed, effective_at=effective_at, ref=ref, source=source),
        entry("pay_out", paid_currency, legs=left, effective_at=effective_at, ref=ref, source=source),
    )


def returned(
    tutor: PartyId, minor: int, fee_back: int, currency: str, *, effective_at: Instant, ref: str, source: str
) -> Entry:
    """Return the entry by which money on its way becomes available again, with as much of the fee as is given back.

    `minor` is what was on its way, without the fee.
    """
    _positive(minor)
    _not_negative("fee given back", fee_back)
    flows = ((withdrawing(tutor), minor), (PAYOUT_FEES, fee_back), (available(tutor), -minor - fee_back))
    legs = [leg for leg in flows if leg[1]]
    return entry("return", currency, legs=legs, effective_at=effective_at, ref=ref, source=source)


def spend(tutor: PartyId, minor: int, currency: str, *, effective_at: Instant, ref: str, source: str) -> Entry:
    """Return the entry by which what is available to `tutor` fills the tutor's own wallet, to pay for lessons."""
    _positive(minor)
    legs = ((available(tutor), minor), (wallet(tutor), -minor))
    return entry("spend", currency, legs=legs, effective_at=effective_at, ref=ref, source=source)


def reverse(posted: Posted, *, effective_at: Instant, reason: str) -> Entry:
    """Return the exact opposite of an entry in the log, naming the entry that it corrects and why.

    It is an entry like any other: the book refuses it when the money has been spent since.
    """
    number, wrong = posted
    return Entry(
        "reversal",
        wrong.currency,
        tuple((account, -minor) for account, minor in wrong.legs),
        instant(effective_at, "effective_at"),
        wrong.ref,
        f"reverses entry {number}: {reason}",
        number,
    )


# How a hold ended, by the entry that emptied the escrow. The reversal of a hold returns all of it, like a void.
_ENDINGS: dict[EntryKind, HoldStatus] = {"post": "posted", "expire": "expired"}


def hold_status(escrow: Account, entries: Iterable[Entry]) -> HoldStatus:
    """Return how the hold of one escrow stands after `entries`, given in the order of the log.

    It is `pending` as long as anything is held; then the entry that emptied the escrow says how it ended. Entries of
    other accounts do not matter.
    """
    status: HoldStatus = "none"
    held = 0
    for each in entries:
        moved = _moved(each.legs, escrow)
        if moved:
            held -= moved
            status = "pending" if held else _ENDINGS.get(each.kind, "voided")
    return status


def _moved(legs: Sequence[Leg], account: Account) -> int:
    return sum(minor for other, minor in legs if other == account)


def _another(what: str, code: str, first: str) -> None:
    if code == first:
        raise InvalidValue(what, code, f"another currency than {first}")


def _not_negative(what: str, minor: int) -> None:
    _whole(what, minor)
    if minor < 0:
        raise InvalidValue(what, minor, "an amount not below zero")


def _positive(minor: int) -> None:
    _whole("amount", minor)
    if minor <= 0:
        raise InvalidValue("amount", minor, "an amount above zero")


def _whole(what: str, minor: int) -> None:
    if type(minor) is not int:
        raise InvalidType(what, minor, "an int of minor units")
