"""Accounts: who holds what, and how each of them is called in a plain-text ledger.

An account is a kind and an owner. Its name is made only when somebody reads it, and fits beancount and hledger:

    wallet        Liabilities:Students:<party>:Wallet     what a payer can spend
    escrow        Liabilities:Escrow:<lesson>:Cash        what one lesson holds
    pending       Liabilities:Tutors:<tutor>:Pending      earned, not yet cleared
    available     Liabilities:Tutors:<tutor>:Available    earned and cleared
    withdrawing   Liabilities:Tutors:<tutor>:Withdrawing  taken out, on its way to the tutor
    commission    Income:Fees:Commission                  what the platform earns by lessons
    payout_fees   Income:Fees:Payouts                     what it takes for withdrawals
    bank          Assets:Bank                             the money behind the books
    receivable    Assets:Receivable:Tutors:<tutor>        a tutor's debt, instead of a negative balance
    owed          Assets:Receivable:Payers:<party>        what a payer owes, where the platform holds no money
    due           Liabilities:Tutors:<tutor>:Due          what is due to a tutor there
    conversion    Equity:Conversion                       the two sides of an exchange between currencies

Wallet, escrow, pending, available and withdrawing are *limited*: they may never be overdrawn. The others are not: a
debt may grow, and what was recorded as due may turn out to have been paid already.

Amounts are stored with beancount's sign (debit positive, credit negative) and shown with the natural one, in which a
full wallet is positive. Knows neither entries nor balances, and no currency: every account can hold several.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, TypeAlias

from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.ids import LessonId, PartyId, lesson_id, party_id

AccountKind: TypeAlias = Literal[
    "wallet",
    "escrow",
    "pending",
    "available",
    "withdrawing",
    "commission",
    "payout_fees",
    "bank",
    "receivable",
    "owed",
    "due",
    "conversion",
]

# What stands before and after the owner in a name, and the names of the accounts of which there is one.
_OWNED: dict[AccountKind, tuple[str, str]] = {
    "wallet": ("Liabilities:Students:", ":Wallet"),
    "escrow": ("Liabilities:Escrow:", ":Cash"),
    "pending": ("Liabilities:Tutors:", ":Pending"),
    "available": ("Liabilities:Tutors:", ":Available"),
    "withdrawing": ("Liabilities:Tutors:", ":Withdrawing"),
    "receivable": ("Assets:Receivable:Tutors:", ""),
    "owed": ("Assets:Receivable:Payers:", ""),
    "due": ("Liabilities:Tutors:", ":Due"),
}
_SHARED: dict[AccountKind, str] = {
    "commission": "Income:Fees:Commission",
    "payout_fees": "Income:Fees:Payouts",
    "bank": "Assets:Bank",
    "conversion": "Equity:Conversion",
}
LIMITED: frozenset[AccountKind] = frozenset({"wallet", "escrow", "pending", "available", "withdrawing"})
_GROWS_BY_DEBIT: frozenset[AccountKind] = frozenset({"bank", "receivable", "owed"})


class Account(NamedTuple):
    """One account; `owner` is a party or a lesson, and empty where the marketplace has one such account.

    The constructor trusts its arguments, for code that holds checked ids already; `wallet` and its sisters check.
    """

    kind: AccountKind
    owner: str = ""

    @property
    def name(self) -> str:
        """The full name, unique to this account and legal in beancount.

        >>> wallet(PartyId("ann")).name
        'Liabilities:Students:Ann:Wallet'
        """
        if self.kind in _SHARED:
            return _SHARED[self.kind]
        before, after = _OWNED[self.kind]
        return f"{before}{_component(self.owner)}{after}"


COMMISSION = Account("commission")
PAYOUT_FEES = Account("payout_fees")
BANK = Account("bank")
CONVERSION = Account("conversion")


def wallet(party: PartyId) -> Account:
    """Return the account from which `party` pays."""
    return Account("wallet", party_id(party))


def escrow(lesson: LessonId) -> Account:
    """Return the account that holds the price of `lesson` until the lesson is settled."""
    return Account("escrow", lesson_id(lesson))


def pending(tutor: PartyId) -> Account:
    """Return the account of what `tutor` has earned but what has not been cleared."""
    return Account("pending", party_id(tutor))


def available(tutor: PartyId) -> Account:
    """Return the account of what `tutor` has earned and may take out."""
    return Account("available", party_id(tutor))


def withdrawing(tutor: PartyId) -> Account:
    """Return the account of what `tutor` has taken out and what has not arrived yet."""
    return Account("withdrawing", party_id(tutor))


def receivable(tutor: PartyId) -> Account:
    """Return the account of what `tutor` owes the platform."""
    return Account("receivable", party_id(tutor))


def owed(payer: PartyId) -> Account:
    """Return the account of what `payer` owes for lessons, where nothing is held for them."""
    return Account("owed", party_id(payer))


def due(tutor: PartyId) -> Account:
    """Return the account of what is due to `tutor` for lessons, where nothing is held for them."""
    return Account("due", party_id(tutor))


def is_limited(account: Account) -> bool:
    """Return whether the account's natural balance must never fall below zero."""
    return account.kind in LIMITED


def natural(account: Account, minor: int) -> int:
    """Return a stored amount or balance with the sign in which people read it: a full wallet is positive.

    >>> natural(COMMISSION, -375), natural(BANK, 2500)
    (375, 2500)
    """
    return minor if account.kind in _GROWS_BY_DEBIT else -minor


def parse_account(name: str) -> Account:
    """Return the account called `name`, the inverse of `Account.name`; raise `InvalidValue` for any other text."""
    if not isinstance(name, str):
        raise InvalidType("account name", name, "a text")
    for kind, shared in _SHARED.items():
        if name == shared:
            return Account(kind)
    for kind, (before, after) in _OWNED.items():
        component = name.removeprefix(before).removesuffix(after)
        if _COMPONENT.fullmatch(component) is not None and name == f"{before}{component}{after}":
            account = Account(kind, party_id(_owner(component), "owner of an account"))
            if account.name == name:
                return account
    raise InvalidValue("account name", name, "the name of an account, such as 'Liabilities:Students:Ann:Wallet'")


# From an id to a component of a name, which must match [A-Z0-9][A-Za-z0-9-]*. Most ids only get a capital: `ann` is
# `Ann`. `-x` opens an escape and nothing else, so that no two ids meet: `_`, `.` and `@` become `-x5F-`, `-x2E-` and
# `-x40-`; the dash of an id's own `-x` becomes `-x2D-`; and `-xU-` says that the first letter was a capital before.
_COMPONENT = re.compile(r"[A-Z0-9][A-Za-z0-9-]*")
_TO_ESCAPE = re.compile(r"[_.@]|-(?=x)")
_ESCAPED = re.compile(r"-x([0-9A-F]{2})-")
_CAPITAL = "-xU-"


def _component(owner: str) -> str:
    first, rest = owner[:1], owner[1:]
    mark = _CAPITAL if first.isupper() else ""
    return f"{first.upper()}{mark}{_TO_ESCAPE.sub(_escape, rest)}"


def _escape(found: re.Match[str]) -> str:
    return f"-x{ord(found[0]):02X}-"


def _owner(component: str) -> str:
    first, rest = component[0], component[1:]
    if rest.startswith(_CAPITAL):
        rest = rest.removeprefix(_CAPITAL)
    else:
        first = first.lower()
    return first + _ESCAPED.sub(lambda found: chr(int(found[1], 16)), rest)
