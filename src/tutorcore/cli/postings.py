"""Ledger entries as they are told: those about a tutor's earnings in words, all of them as data.

What a lesson holds, pays and gives back is told with the lesson; here is what the ledger does besides: debts and what
pays them, withdrawals, transfers that arrive or come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tutorcore.cli.answer import Document
from tutorcore.instants import to_text
from tutorcore.ledger.accounts import natural
from tutorcore.ledger.entries import Entry, EntryKind
from tutorcore.ledger.statements import TrialBalance
from tutorcore.payouts import Withdrawal
from tutorcore.ports.storage import PostedEntry

_TOLD: Final[Mapping[EntryKind, str]] = {
    "offset": "a debt is paid out of earnings",
    "withdraw": "earnings are on their way out",
    "pay_out": "a transfer arrived",
    "return": "a transfer came back",
    "spend": "earnings fill the wallet",
}


def words_of(entry: Entry) -> str | None:
    """Return what an entry means for a tutor, or None where a lesson tells all of it."""
    if entry.kind in _TOLD:
        return _TOLD[entry.kind]
    debts = [natural(account, minor) for account, minor in entry.legs if account.kind == "receivable"]
    if not debts:
        return None
    return "a debt arises" if debts[0] > 0 else "a debt is taken back"


def entry_data(posted: PostedEntry) -> Document:
    """Return an entry in plain values, each amount with the sign in which people read it."""
    entry = posted.entry
    return {
        "number": posted.number,
        "kind": entry.kind,
        "at": to_text(entry.effective_at),
        "recorded_at": to_text(posted.cause.recorded_at),
        "currency": entry.currency,
        "ref": entry.ref,
        "source": entry.source,
        "corrects": entry.corrects,
        "legs": [{"account": account.name, "minor": natural(account, minor)} for account, minor in entry.legs],
    }


def withdrawal_data(withdrawal: Withdrawal) -> Document:
    """Return a withdrawal in plain values."""
    applied, asked, closed = (
        None if at is None else to_text(at) for at in (withdrawal.applied, withdrawal.asked, withdrawal.closed)
    )
    return {
        "id": withdrawal.id,
        "tutor": withdrawal.tutor,
        "state": withdrawal.state,
        "currency": withdrawal.currency,
        "amount": withdrawal.amount,
        "fee": withdrawal.fee,
        "applied": applied,
        "asked": asked,
        "closed": closed,
        "reason": withdrawal.reason or None,
    }


def trial_balance_data(found: TrialBalance) -> Document:
    """Return a trial balance in plain values."""
    return {
        "rows": [
            {"account": row.account, "currency": row.currency, "debit": row.debit, "credit": row.credit}
            for row in found.rows
        ],
        "totals": [{"currency": each.currency, "debit": each.debit, "credit": each.credit} for each in found.totals],
    }
