"""Statements: what the log of entries says to somebody who reads it.

A statement shows one account in one currency over a window of time, a trial balance shows every account at once.
Both are computed from what is given and keep nothing. Amounts of a statement have their natural sign; a trial balance
has a column for either sign instead.

A statement goes by `effective_at`, and within one instant by number. Its window is half-open, `[since, until)`, so
windows that touch add up: each opens with what the one before closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from tutorcore.errors import InvalidValue, InvariantError
from tutorcore.instants import Instant, instant, to_text
from tutorcore.ledger.accounts import Account, natural
from tutorcore.ledger.entries import Entry, Posted


@attrs.frozen
class Line:
    """One entry as one account sees it: `amount` is what it adds, `balance` what stands after it."""

    number: int
    entry: Entry
    amount: int
    balance: int


@attrs.frozen
class Statement:
    """An account over a window: `opening` plus the amounts of all lines is `closing`."""

    account: Account
    currency: str
    since: Instant | None
    until: Instant | None
    opening: int
    lines: tuple[Line, ...]
    closing: int


@attrs.frozen
class TrialRow:
    """One account with its balance in the column of its sign; the other column is zero."""

    account: str
    currency: str
    debit: int
    credit: int


@attrs.frozen
class TrialTotal:
    """Both columns of one currency added up; they are equal."""

    currency: str
    debit: int
    credit: int


@attrs.frozen
class TrialBalance:
    """Every account that holds something, by name and currency, and the totals by currency."""

    rows: tuple[TrialRow, ...]
    totals: tuple[TrialTotal, ...]


def statement(
    log: Iterable[Posted],
    account: Account,
    currency: str,
    *,
    since: Instant | None = None,
    until: Instant | None = None,
) -> Statement:
    """Return what happened to `account` in `currency` from `since` up to but not including `until`."""
    since, until = _window(since, until)
    opening = 0
    lines: list[Line] = []
    balance = 0
    for posted, amount in _amounts(log, account, currency):
        at = posted.entry.effective_at
        if until is not None and at >= until:
            break
        balance += amount
        if since is not None and at < since:
            opening = balance
        else:
            lines.append(Line(posted.number, posted.entry, amount, balance))
    return Statement(account, currency, since, until, opening, tuple(lines), balance)


def _window(since: Instant | None, until: Instant | None) -> tuple[Instant | None, Instant | None]:
    since = None if since is None else instant(since, "since")
    until = None if until is None else instant(until, "until")
    if since is not None and until is not None and until < since:
        raise InvalidValue("until", to_text(until), f"an instant not before since, {to_text(since)}")
    return since, until


def _amounts(log: Iterable[Posted], account: Account, currency: str) -> list[tuple[Posted, int]]:
    """Return the entries that touch the account with their natural amounts, in the order of a statement."""
    found = [
        (posted, natural(account, minor))
        for posted in log
        if posted.entry.currency == currency
        for other, minor in posted.entry.legs
        if other == account
    ]
    found.sort(key=lambda each: (each[0].entry.effective_at, each[0].number))
    return found


def trial_balance(balances: Mapping[tuple[Account, str], int]) -> TrialBalance:
    """Return the trial balance of stored balances, debit positive; raise `InvariantError` where they do not cancel."""
    rows = tuple(
        TrialRow(name, currency, max(minor, 0), max(-minor, 0))
        for name, currency, minor in sorted(
            (account.name, currency, minor) for (account, currency), minor in balances.items() if minor
        )
    )
    return TrialBalance(rows, tuple(_total(rows, currency) for currency in sorted({row.currency for row in rows})))


def _total(rows: Iterable[TrialRow], currency: str) -> TrialTotal:
    mine = [row for row in rows if row.currency == currency]
    debit, credit = sum(row.debit for row in mine), sum(row.credit for row in mine)
    if debit != credit:
        raise InvariantError(f"the books do not balance in {currency}: {debit} debit, {credit} credit")
    return TrialTotal(currency, debit, credit)
