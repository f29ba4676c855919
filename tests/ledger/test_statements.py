from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tutorcore.errors import InvalidValue, InvariantError
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import Instant, instant
from tutorcore.ledger import BANK, Book, Statement, entry, escrow, top_up, trial_balance, wallet

_NOON = instant("2026-03-01T12:00:00Z")
_HOUR = timedelta(hours=1)
_ANN = PartyId("ann")
_WALLET = wallet(_ANN)


def _paid(book: Book, minor: int, at: Instant, currency: str = "USD") -> None:
    book.post(top_up(_ANN, minor, currency, effective_at=at, ref="k1"))


def _held(book: Book, minor: int, at: Instant) -> None:
    legs = ((_WALLET, minor), (escrow(LessonId("l1")), -minor))
    book.post(entry("hold", "USD", legs=legs, effective_at=at, ref="l1", source="request"))


def _seen(found: Statement) -> tuple[int, list[tuple[int, int, int]], int]:
    return found.opening, [(line.number, line.amount, line.balance) for line in found.lines], found.closing


def test_a_statement_shows_each_entry_with_the_balance_after_it() -> None:
    """Opening, lines with natural amounts and running balance, closing."""
    book = Book()
    _paid(book, 3000, _NOON)
    _held(book, 2500, _NOON + _HOUR)

    found = book.statement(_WALLET, "USD")

    assert _seen(found) == (0, [(1, 3000, 3000), (2, -2500, 500)], 500)
    assert [line.entry.source for line in found.lines] == ["payment received", "request"]
    assert (found.account, found.currency, found.since, found.until) == (_WALLET, "USD", None, None)


def test_a_statement_goes_by_when_things_count() -> None:
    """An entry recorded late stands where it belongs in time; at one instant the log's order decides."""
    book = Book()
    _paid(book, 10, _NOON + _HOUR)
    _paid(book, 20, _NOON)
    _paid(book, 40, _NOON)

    assert _seen(book.statement(_WALLET, "USD"))[1] == [(2, 20, 20), (3, 40, 60), (1, 10, 70)]


def test_a_statement_is_of_one_currency() -> None:
    """Money of another currency does not appear."""
    book = Book()
    _paid(book, 10, _NOON, "EUR")
    _paid(book, 20, _NOON, "USD")

    assert _seen(book.statement(_WALLET, "USD")) == (0, [(2, 20, 20)], 20)


@pytest.mark.parametrize(
    ("since", "until", "seen"),
    [
        (_NOON, _NOON + _HOUR, (0, [(1, 10, 10)], 10)),
        (_NOON + timedelta(microseconds=1), None, (10, [(2, 20, 30)], 30)),
        (_NOON + _HOUR, None, (10, [(2, 20, 30)], 30)),
        (None, _NOON, (0, [], 0)),
        (None, _NOON + timedelta(microseconds=1), (0, [(1, 10, 10)], 10)),
        (_NOON, _NOON, (0, [], 0)),
        (_NOON + 2 * _HOUR, _NOON + 3 * _HOUR, (30, [], 30)),
    ],
)
def test_the_window_of_a_statement_is_half_open(
    since: Instant | None, until: Instant | None, seen: tuple[int, list[tuple[int, int, int]], int]
) -> None:
    """An entry at `since` is in, one at `until` is not; what lay before is in the opening balance."""
    book = Book()
    _paid(book, 10, _NOON)
    _paid(book, 20, _NOON + _HOUR)

    assert _seen(book.statement(_WALLET, "USD", since=since, until=until)) == seen


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    """A statement cannot run backwards."""
    with pytest.raises(InvalidValue, match="until is '2026-03-01T11:00:00Z'"):
        Book().statement(_WALLET, "USD", since=_NOON, until=_NOON - _HOUR)


@pytest.mark.parametrize("side", ["since", "until"])
def test_a_window_is_of_instants(side: str) -> None:
    """A naive datetime names no point in time."""
    naive: Instant = datetime.fromisoformat("2026-03-01T09:00:00")

    with pytest.raises(InvalidValue, match=f"{side} is .* naive"):
        Book().statement(_WALLET, "USD", since=naive if side == "since" else None, until=naive)


def test_books_that_do_not_balance_are_our_mistake() -> None:
    """A trial balance that is not one is never handed out."""
    with pytest.raises(InvariantError, match="do not balance in USD: 5 debit, 4 credit"):
        trial_balance({(BANK, "USD"): 5, (_WALLET, "USD"): -4})
