"""`tutorcore ledger statement | trial-balance`: what the books of a database say, as they are recorded.

What is due but was not swept yet is not in them; amounts are shown with the sign in which people read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from tutorcore.cli.answer import Answer, Document, as_json, as_text
from tutorcore.cli.lines import folded, utc
from tutorcore.cli.moments import edge
from tutorcore.cli.postings import entry_data, trial_balance_data
from tutorcore.cli.stores import Amounts, looking_at
from tutorcore.engine.reading import Reading
from tutorcore.errors import InvalidValue, UnknownName
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import EARLIEST, Instant, to_text
from tutorcore.ledger.accounts import Account, parse_account
from tutorcore.ledger.statements import Statement, TrialBalance
from tutorcore.ports.storage import PostedEntry, Transaction

_UTC: Final = "UTC"
_MORE = " " * 6
_NEAR: Final = 3


def statement(name: str, currency: str, db: str, since: str | None, until: str | None, *, json: bool) -> Answer:
    """Return what happened to one account in one currency, from `since` up to but not including `until`."""
    first = None if since is None else edge(since, "--since", _UTC)
    last = None if until is None else edge(until, "--until", _UTC)
    if last is not None and last <= (first or EARLIEST):
        raise InvalidValue("--until", until, f"something after --since, which is {since or 'the beginning'}")
    with looking_at(db) as tx:
        account, amounts = _account(tx, name), Amounts.of(tx)
        amounts.currencies.get(currency)
        found = Reading(tx, EARLIEST).statement(account, currency, first, last)
        posted = {each.number: each for each in tx.entries(account)}
    if json:
        return Answer(as_json(_statement_data(found, posted, amounts)))
    return Answer(as_text(_statement_lines(found, amounts)))


def trial_balance(db: str, *, json: bool) -> Answer:
    """Return every account that holds something, with totals by currency that are equal."""
    with looking_at(db) as tx:
        found, amounts = Reading(tx, EARLIEST).trial_balance(), Amounts.of(tx)
    return Answer(as_json(trial_balance_data(found)) if json else as_text(balance_lines(found, amounts)))


def balance_lines(found: TrialBalance, amounts: Amounts) -> Iterator[str]:
    """Yield a trial balance in two columns."""
    yield f"  {'':60}{'debit':>18}{'credit':>18}"
    for row in found.rows:
        yield _columns(row.account, row.debit, row.credit, row.currency, amounts)
    for total in found.totals:
        yield _columns(f"total {total.currency}", total.debit, total.credit, total.currency, amounts)


def _columns(what: str, debit: int, credit: int, code: str, amounts: Amounts) -> str:
    cells = (amounts.text(minor, code) if minor else "" for minor in (debit, credit))
    return f"  {what:60}{''.join(f'{cell:>18}' for cell in cells)}"


# Which account is meant


def _account(tx: Transaction, name: str) -> Account:
    """The account of that name: one that was used, or could be by somebody who is known."""
    try:
        account = parse_account(name)
    except InvalidValue:
        account = None
    if account is not None and (tx.entries(account) or _may_be_used(tx, account)):
        return account
    used = sorted({leg.name for posted in tx.entries() for leg, _ in posted.entry.legs})
    names = {each.casefold(): each for each in used}
    _, *others = [names[each] for each in get_close_matches(name.casefold(), names, n=_NEAR)] or [""]
    raise UnknownName("account", name, used, f"also near: {', '.join(others)}" if others else "")


def _may_be_used(tx: Transaction, account: Account) -> bool:
    """Whether an account that nothing was ever posted to belongs to somebody, or to a lesson, that there is."""
    if not account.owner:
        return True
    is_lessons = account.kind == "escrow"
    return (tx.lesson(LessonId(account.owner)) if is_lessons else tx.party(PartyId(account.owner))) is not None


# What is answered


def _statement_lines(found: Statement, amounts: Amounts) -> Iterator[str]:
    def amount(minor: int, *, signed: bool = False) -> str:
        return f"{'+' if signed and minor > 0 else ''}{amounts.text(minor, found.currency)}"

    yield f"{found.account.name}, {found.currency}"
    yield f"from {_edge_words(found.since, 'the beginning')} up to {_edge_words(found.until, 'the end')}"
    yield ""
    yield f"  {'opening':58}{'':18}{amount(found.opening):>20}"
    for line in found.lines:
        what = f"{utc(line.entry.effective_at)}  {line.number} {line.entry.kind}"
        yield f"  {what:58}{amount(line.amount, signed=True):>18}{amount(line.balance):>20}"
        yield from folded(f"{line.entry.ref}: {line.entry.source}", _MORE, f"{_MORE}  ")
    yield f"  {'closing':58}{'':18}{amount(found.closing):>20}"


def _edge_words(at: Instant | None, otherwise: str) -> str:
    return otherwise if at is None else utc(at)


def _statement_data(found: Statement, posted: dict[int, PostedEntry], amounts: Amounts) -> Document:
    return {
        "account": found.account.name,
        "currency": found.currency,
        "decimals": amounts.currencies.get(found.currency).exponent,
        "since": None if found.since is None else to_text(found.since),
        "until": None if found.until is None else to_text(found.until),
        "opening": found.opening,
        "lines": [
            {**entry_data(posted[line.number]), "amount": line.amount, "balance": line.balance} for line in found.lines
        ],
        "closing": found.closing,
    }
