"""The book: an append-only log of entries, and the balances that follow from it.

Knows accounts, entries and limits. Knows neither clocks nor files nor policies: who may move money, when and why is
decided above, and a store that must outlive the process keeps the entries itself.

Posting is all or nothing. An entry that would overdraw a limited account (a wallet, an escrow, a tutor's earnings) is
answered with a `Shortfall`, and a key that already names another entry with a `Conflict`; both leave the book exactly
as it was. They are answers and not exceptions, because running out of money is a thing that happens.

A balance of zero is forgotten, so that the lessons of years past cost no memory beyond their entries, and so that
balances depend on nothing but the sum of what was posted: not on the order, not on what was undone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, overload

import attrs

from tutorcore.errors import InvalidValue, InvariantError
from tutorcore.instants import Instant
from tutorcore.ledger.accounts import LIMITED, Account, natural
from tutorcore.ledger.entries import Entry, Posted
from tutorcore.ledger.statements import Statement, TrialBalance, statement, trial_balance


@attrs.frozen
class Shortfall:
    """The answer to an entry that takes `needed` from an account which holds only `balance`; both are natural."""

    account: Account
    currency: str
    balance: int
    needed: int

    @property
    def missing(self) -> int:
        """How much more the account would have to hold."""
        return self.needed - self.balance


@attrs.frozen
class Conflict:
    """The answer to a key that is in use: it names `posted`, which is another entry than the one given."""

    key: str
    posted: Posted


# The log is columns, not objects: a million entries kept as objects make the collector double the cost of each further
# one. An entry's fields lie one after the other in `_fields`, with the place where its legs begin instead of the legs.
_WIDTH = len(Entry._fields)
_CURRENCY = Entry._fields.index("currency")
_LEGS = Entry._fields.index("legs")

# Twice as fast as calling the class, and used once per entry.
_new = tuple.__new__


class Book:
    """A ledger in memory, for one marketplace.

    `recorded_at` is not kept here: a store that wants it keeps it beside `Posted.number`. One thread at a time.
    """

    def __init__(self) -> None:
        self._fields: list[Any] = []
        self._accounts: list[Account] = []  # of every leg of every entry
        self._minors: list[int] = []  # beside them
        self._cells: dict[str, dict[Account, int]] = {}  # balances by currency; stored sign; never zero
        self._keys: dict[str, int] = {}  # key to number; numbers only grow, so the newest is last

    @overload
    def post(self, entry: Entry) -> Posted | Shortfall: ...
    @overload
    def post(self, entry: Entry, key: str | None) -> Posted | Shortfall | Conflict: ...
    def post(self, entry: Entry, key: str | None = None) -> Posted | Shortfall | Conflict:
        """Append `entry` and move its money, or say why not and change nothing.

        With a `key`, posting the same entry again gives the same answer and changes nothing; an entry that differs in
        anything, `effective_at` included, is a `Conflict`. A refused entry does not use up its key.

        Raises `InvariantError` for an entry that does not sum to zero: no builder makes one.
        """
        if key is not None and key in self._keys:
            return self._answered(key, entry)
        currency = entry.currency
        cells = self._cells.get(currency)
        if cells is None:
            cells = self._cells[currency] = {}
        accounts, minors = self._accounts, self._minors
        start = len(accounts)
        total = 0
        for account, minor in entry.legs:
            balance = cells.get(account, 0) + minor
            # A limited account grows by credit, which is negative: above zero it is overdrawn.
            if balance > 0 and account.kind in LIMITED:
                self._take_back(cells, start)
                return Shortfall(account, currency, minor - balance, minor)
            if balance:
                cells[account] = balance
            else:
                cells.pop(account, None)
            accounts.append(account)
            minors.append(minor)
            total += minor
        if total:
            self._take_back(cells, start)
            raise InvariantError(f"an entry that sums to {total} reached the book: {entry!r}")
        fields = self._fields
        fields += entry
        fields[_LEGS - _WIDTH] = start
        number = len(fields) // _WIDTH
        if key is not None:
            self._keys[key] = number
        return _new(Posted, (number, entry))

    def _answered(self, key: str, entry: Entry) -> Posted | Conflict:
        posted = self._posted(self._keys[key])
        return posted if posted.entry == entry else Conflict(key, posted)

    def _take_back(self, cells: dict[Account, int], start: int) -> None:
        """Undo the legs from `start` on, all of one currency, and forget them."""
        for account, minor in zip(self._accounts[start:], self._minors[start:], strict=True):
            balance = cells.get(account, 0) - minor
            if balance:
                cells[account] = balance
            else:
                cells.pop(account, None)
        del self._accounts[start:], self._minors[start:]

    def mark(self) -> int:
        """Return the present end of the log, for `undo`: the number of the last entry, 0 when there is none."""
        return len(self._fields) // _WIDTH

    def undo(self, mark: int) -> None:
        """Take back everything posted since `mark`, as if it had never been: for a transaction that is rolled back.

        This is not how a mistake is mended: see `reverse`. Keys given since then are free again.
        """
        last = self.mark()
        if not 0 <= mark <= last:
            raise InvalidValue("mark", mark, f"an end of the log that has been, 0 to {last}")
        for _ in range(last - mark):
            fields = self._fields[-_WIDTH:]
            self._take_back(self._cells[fields[_CURRENCY]], fields[_LEGS])
            del self._fields[-_WIDTH:]
        while self._keys and next(reversed(self._keys.values())) > mark:
            self._keys.popitem()

    def balance(self, account: Account, currency: str) -> int:
        """Return the natural balance of `account`: what a wallet can spend, what a tutor has earned."""
        return natural(account, self._cells.get(currency, {}).get(account, 0))

    def balances(self) -> dict[tuple[Account, str], int]:
        """Return the natural balance of every account that holds something, ordered by name and currency."""
        stored = sorted(self._stored().items(), key=lambda cell: (cell[0][0].name, cell[0][1]))
        return {(account, currency): natural(account, minor) for (account, currency), minor in stored}

    def trial_balance(self) -> TrialBalance:
        """Return every account that holds something in its debit or credit column; the columns are equal."""
        return trial_balance(self._stored())

    def _stored(self) -> dict[tuple[Account, str], int]:
        return {
            (account, currency): minor for currency, cells in self._cells.items() for account, minor in cells.items()
        }

    def entries(self, account: Account | None = None) -> tuple[Posted, ...]:
        """Return the log in order, or those of its entries that touch `account`."""
        return tuple(self._log() if account is None else map(self._posted, self._numbers(account)))

    def statement(
        self, account: Account, currency: str, *, since: Instant | None = None, until: Instant | None = None
    ) -> Statement:
        """Return what happened to `account` from `since` up to but not including `until`, by `effective_at`."""
        return statement(self.entries(account), account, currency, since=since, until=until)

    def _numbers(self, account: Account) -> Iterable[int]:
        starts = self._fields[_LEGS::_WIDTH]
        legs = (leg for leg, other in enumerate(self._accounts) if other == account)
        return dict.fromkeys(bisect_right(starts, leg) for leg in legs)

    def _log(self) -> Iterator[Posted]:
        """The whole log, column by column: several times as fast as entry by entry."""
        columns = [self._fields[place::_WIDTH] for place in range(_WIDTH)]
        legs = tuple(zip(self._accounts, self._minors, strict=True))
        columns[_LEGS] = [legs[start:end] for start, end in pairwise([*columns[_LEGS], len(legs)])]
        for number, fields in enumerate(zip(*columns, strict=True), 1):
            yield _new(Posted, (number, _new(Entry, fields)))

    def _posted(self, number: int) -> Posted:
        end = number * _WIDTH
        fields = self._fields[end - _WIDTH : end]
        legs = slice(fields[_LEGS], self._fields[end + _LEGS] if end < len(self._fields) else None)
        fields[_LEGS] = tuple(zip(self._accounts[legs], self._minors[legs], strict=True))
        return Posted(number, Entry(*fields))
