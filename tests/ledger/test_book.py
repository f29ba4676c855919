from __future__ import annotations

import pytest

from tutorcore.errors import InvalidValue, InvariantError
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import instant
from tutorcore.ledger import (
    BANK,
    COMMISSION,
    CONVERSION,
    Account,
    Book,
    Conflict,
    Entry,
    Leg,
    Posted,
    Shortfall,
    TrialBalance,
    TrialRow,
    TrialTotal,
    available,
    convert,
    entry,
    escrow,
    pending,
    receivable,
    reverse,
    top_up,
    wallet,
)

_AT = instant("2026-03-01T09:00:00Z")
_ANN = PartyId("ann")
_TOM = PartyId("tom")
_WALLET = wallet(_ANN)
_ESCROW = escrow(LessonId("l1"))
_PENDING = pending(_TOM)
_AVAILABLE = available(_TOM)
_DEBT = receivable(_TOM)

_Balances = dict[Account, int]


def _moving(*legs: Leg, currency: str = "USD") -> Entry:
    return entry("post", currency, legs=legs, effective_at=_AT, ref="l1", source="test")


def _book(before: _Balances) -> Book:
    """A book in which accounts hold the given natural balances, paid for by the bank."""
    book = Book()
    for account, held in before.items():
        assert isinstance(book.post(_moving((account, -held), (BANK, held))), Posted)
    return book


def _held(book: Book) -> _Balances:
    return {account: held for (account, _), held in book.balances().items() if account != BANK}


_TABLE: list[tuple[str, _Balances, tuple[Leg, ...], Shortfall | None, _Balances]] = [
    (
        "a top-up needs nothing",
        {},
        ((BANK, 2500), (_WALLET, -2500)),
        None,
        {_WALLET: 2500},
    ),
    (
        "a wallet pays all it has, and is forgotten",
        {_WALLET: 2500},
        ((_WALLET, 2500), (_ESCROW, -2500)),
        None,
        {_ESCROW: 2500},
    ),
    (
        "a wallet keeps the rest",
        {_WALLET: 2501},
        ((_WALLET, 2500), (_ESCROW, -2500)),
        None,
        {_ESCROW: 2500, _WALLET: 1},
    ),
    (
        "a cent short",
        {_WALLET: 2499},
        ((_WALLET, 2500), (_ESCROW, -2500)),
        Shortfall(_WALLET, "USD", 2499, 2500),
        {_WALLET: 2499},
    ),
    (
        "an empty wallet",
        {},
        ((_WALLET, 1), (_ESCROW, -1)),
        Shortfall(_WALLET, "USD", 0, 1),
        {},
    ),
    (
        "short at the last leg: the legs before it are taken back",
        {_WALLET: 10, _PENDING: 4},
        ((_ESCROW, -15), (_WALLET, 10), (_PENDING, 5)),
        Shortfall(_PENDING, "USD", 4, 5),
        {_PENDING: 4, _WALLET: 10},
    ),
    (
        "the first account that is short is named",
        {},
        ((_WALLET, 1), (_PENDING, 2), (_ESCROW, -3)),
        Shortfall(_WALLET, "USD", 0, 1),
        {},
    ),
    (
        "a settlement empties the escrow",
        {_ESCROW: 2500},
        ((_ESCROW, 2500), (_PENDING, -2125), (COMMISSION, -375)),
        None,
        {COMMISSION: 375, _PENDING: 2125},
    ),
    (
        "an escrow pays no more than it holds",
        {_ESCROW: 2500},
        ((_ESCROW, 2501), (_PENDING, -2501)),
        Shortfall(_ESCROW, "USD", 2500, 2501),
        {_ESCROW: 2500},
    ),
    (
        "available earnings are limited too",
        {_AVAILABLE: 10},
        ((_AVAILABLE, 11), (BANK, -11)),
        Shortfall(_AVAILABLE, "USD", 10, 11),
        {_AVAILABLE: 10},
    ),
    (
        "a debt may grow",
        {},
        ((_DEBT, 900), (_WALLET, -900)),
        None,
        {_DEBT: 900, _WALLET: 900},
    ),
    (
        "income may turn negative",
        {},
        ((COMMISSION, 5), (_WALLET, -5)),
        None,
        {COMMISSION: -5, _WALLET: 5},
    ),
]


@pytest.mark.parametrize(
    ("before", "legs", "refused", "after"), [row[1:] for row in _TABLE], ids=[r[0] for r in _TABLE]
)
def test_an_entry_is_posted_whole_or_not_at_all(
    before: _Balances, legs: tuple[Leg, ...], refused: Shortfall | None, after: _Balances
) -> None:
    """Accounts before, the entry, the answer, accounts after; a refusal adds nothing to the log either."""
    book = _book(before)
    asked = _moving(*legs)
    number = len(before) + 1

    answer = book.post(asked)

    assert answer == (refused or Posted(number, asked))
    assert _held(book) == after
    assert book.mark() == (len(before) if refused else number)


def test_a_shortfall_says_how_much_is_missing() -> None:
    """What a person has to add before trying again."""
    assert Shortfall(_WALLET, "USD", 400, 1000).missing == 600


def test_currencies_do_not_mix() -> None:
    """A full wallet of dollars pays nothing in credits."""
    book = _book({_WALLET: 2500})

    answer = book.post(_moving((_WALLET, 1), (_ESCROW, -1), currency="ITC"))

    assert answer == Shortfall(_WALLET, "ITC", 0, 1)
    assert book.balance(_WALLET, "USD") == 2500
    assert book.balance(_WALLET, "ITC") == 0
    assert book.balance(_WALLET, "EUR") == 0


def test_the_same_key_gives_the_same_answer_once() -> None:
    """Posting twice under one key moves the money once."""
    book = Book()
    paid = top_up(_ANN, 2500, "USD", effective_at=_AT, ref="k1")

    first = book.post(paid, "k1")
    book.post(top_up(_ANN, 1, "USD", effective_at=_AT, ref="k2"), "k2")
    again = book.post(paid, "k1")

    assert first == again == Posted(1, paid)
    assert book.balance(_WALLET, "USD") == 2501
    assert book.mark() == 2


def test_a_key_with_another_entry_is_a_conflict() -> None:
    """The answer names the entry that has the key, and nothing changes."""
    book = Book()
    paid = top_up(_ANN, 2500, "USD", effective_at=_AT, ref="k1")
    book.post(paid, "k1")

    answer = book.post(top_up(_ANN, 2501, "USD", effective_at=_AT, ref="k1"), "k1")

    assert answer == Conflict("k1", Posted(1, paid))
    assert book.balance(_WALLET, "USD") == 2500


def test_without_a_key_an_entry_may_be_posted_twice() -> None:
    """Equal entries are two movements unless a key says that they are one."""
    book = Book()
    paid = top_up(_ANN, 2500, "USD", effective_at=_AT, ref="k1")

    assert [book.post(paid), book.post(paid)] == [Posted(1, paid), Posted(2, paid)]
    assert book.balance(_WALLET, "USD") == 5000


def test_a_refused_entry_leaves_its_key_free() -> None:
    """Once the wallet is filled, the same key takes the same entry."""
    book = Book()
    hold = _moving((_WALLET, 5), (_ESCROW, -5))

    assert book.post(hold, "k1") == Shortfall(_WALLET, "USD", 0, 5)
    book.post(top_up(_ANN, 5, "USD", effective_at=_AT, ref="k2"))
    assert book.post(hold, "k1") == Posted(2, hold)


def test_an_unbalanced_entry_is_our_mistake() -> None:
    """No builder makes one; should it happen, nothing changes and it is said loudly."""
    book = _book({_WALLET: 5})
    unbalanced = Entry("post", "USD", ((_WALLET, 5), (_PENDING, -4)), _AT, "l1", "test")

    with pytest.raises(InvariantError, match="sums to 1"):
        book.post(unbalanced)

    assert _held(book) == {_WALLET: 5}
    assert book.mark() == 1


def test_undo_takes_back_what_came_after_the_mark() -> None:
    """A transaction that is rolled back leaves balances, log and keys as they were at its mark."""
    book = _book({_WALLET: 2500})
    kept = top_up(_ANN, 1, "USD", effective_at=_AT, ref="k1")
    book.post(kept, "k1")
    mark = book.mark()
    before = book.balances()
    book.post(_moving((_WALLET, 2501), (_ESCROW, -2501)), "k2")
    book.post(_moving((_ESCROW, 2501), (_PENDING, -2501)))
    for each in convert(
        _ANN, paid=10, paid_currency="USD", credited=100, credited_currency="ITC", effective_at=_AT, ref="k3"
    ):
        book.post(each, f"k3 {each.currency}")

    book.undo(mark)

    assert book.balances() == before
    assert book.mark() == mark == 2
    assert book.post(kept, "k1") == Posted(2, kept)
    assert isinstance(book.post(_moving((_WALLET, 1), (_ESCROW, -1)), "k2"), Posted)


def test_undo_to_the_present_changes_nothing() -> None:
    """An empty transaction may be rolled back like any other."""
    book = _book({_WALLET: 2500})

    book.undo(book.mark())

    assert _held(book) == {_WALLET: 2500}


@pytest.mark.parametrize("mark", [-1, 2])
def test_a_mark_that_never_was_is_refused(mark: int) -> None:
    """One cannot undo into the future, nor before the beginning."""
    book = _book({_WALLET: 2500})

    with pytest.raises(InvalidValue, match="mark is"):
        book.undo(mark)

    assert _held(book) == {_WALLET: 2500}


def test_the_log_keeps_everything_in_order() -> None:
    """Entries come back equal, with their numbers, all of them or those of one account."""
    book = Book()
    paid = top_up(_ANN, 2500, "USD", effective_at=_AT, ref="k1")
    hold = _moving((_WALLET, 2500), (_ESCROW, -2500))
    split = _moving((_ESCROW, 2500), (_PENDING, -2125), (COMMISSION, -375))
    for each in (paid, hold, split):
        book.post(each)
    back = reverse(Posted(3, split), effective_at=_AT, reason="test")
    book.post(back)

    assert book.entries() == (Posted(1, paid), Posted(2, hold), Posted(3, split), Posted(4, back))
    assert book.entries(_WALLET) == (Posted(1, paid), Posted(2, hold))
    assert book.entries(COMMISSION) == (Posted(3, split), Posted(4, back))
    assert book.entries(_AVAILABLE) == ()


def test_balances_are_sorted_by_name_and_currency() -> None:
    """The order does not depend on what happened first."""
    book = Book()
    for currency in ("USD", "EUR"):
        book.post(top_up(_TOM, 5, currency, effective_at=_AT, ref="k1"))
        book.post(top_up(_ANN, 7, currency, effective_at=_AT, ref="k2"))

    assert list(book.balances().items()) == [
        ((BANK, "EUR"), 12),
        ((BANK, "USD"), 12),
        ((_WALLET, "EUR"), 7),
        ((_WALLET, "USD"), 7),
        ((wallet(_TOM), "EUR"), 5),
        ((wallet(_TOM), "USD"), 5),
    ]


def test_the_trial_balance_has_a_column_for_either_sign() -> None:
    """Debits and credits add up to the same in each currency."""
    book = Book()
    for each in convert(
        _ANN, paid=1000, paid_currency="USD", credited=990, credited_currency="ITC", effective_at=_AT, ref="k1"
    ):
        book.post(each)

    assert book.trial_balance() == TrialBalance(
        rows=(
            TrialRow("Assets:Bank", "USD", 1000, 0),
            TrialRow("Equity:Conversion", "ITC", 990, 0),
            TrialRow("Equity:Conversion", "USD", 0, 1000),
            TrialRow("Liabilities:Students:Ann:Wallet", "ITC", 0, 990),
        ),
        totals=(TrialTotal("ITC", 990, 990), TrialTotal("USD", 1000, 1000)),
    )
    assert book.balance(CONVERSION, "USD") == 1000


def test_a_reversal_of_spent_money_is_refused() -> None:
    """A top-up cannot be taken back once the wallet has paid with it."""
    book = Book()
    paid = book.post(top_up(_ANN, 2500, "USD", effective_at=_AT, ref="k1"))
    book.post(_moving((_WALLET, 2000), (_ESCROW, -2000)))
    assert isinstance(paid, Posted)

    answer = book.post(reverse(paid, effective_at=_AT, reason="charged back"))

    assert answer == Shortfall(_WALLET, "USD", 500, 2500)
