from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import Instant, from_micros
from tutorcore.ledger import (
    BANK,
    COMMISSION,
    PAYOUT_FEES,
    Account,
    Book,
    Conflict,
    Entry,
    Posted,
    Shortfall,
    available,
    entry,
    escrow,
    is_limited,
    natural,
    pending,
    receivable,
    reverse,
    wallet,
    withdrawing,
)
from tutorcore.ledger.accounts import due, owed

_LIMITED = [
    *(wallet(PartyId(name)) for name in ("ann", "bob")),
    *(escrow(LessonId(name)) for name in ("l1", "l2")),
    pending(PartyId("tom")),
    available(PartyId("tom")),
    withdrawing(PartyId("tom")),
]
_FREE = [BANK, COMMISSION, PAYOUT_FEES, receivable(PartyId("tom")), owed(PartyId("ann")), due(PartyId("tom"))]
_INSTANTS = st.integers(0, 20).map(from_micros)
_CURRENCIES = st.sampled_from(["USD", "ITC"])


def _balanced(currency: str, moved: dict[Account, int], rest: Account, at: Instant) -> Entry | None:
    legs = [(account, minor) for account, minor in moved.items() if account != rest]
    total = sum(minor for _, minor in legs)
    legs += [(rest, -total)] if total else []
    return entry("post", currency, legs=legs, effective_at=at, ref="l1", source="test") if len(legs) > 1 else None


_ENTRIES = st.builds(
    _balanced,
    _CURRENCIES,
    st.dictionaries(st.sampled_from([*_LIMITED, *_FREE]), st.integers(-9, 6).filter(bool), min_size=1, max_size=3),
    st.sampled_from([*_LIMITED, BANK, BANK, BANK]),
    _INSTANTS,
).filter(lambda made: made is not None)


class _Post(NamedTuple):
    entry: Entry
    key: str | None


class _Undo(NamedTuple):
    share: float


class _Reverse(NamedTuple):
    share: float


_STEPS = st.lists(
    st.one_of(
        st.builds(_Post, _ENTRIES, st.none()),
        st.builds(_Post, _ENTRIES, st.none()),
        st.builds(_Post, _ENTRIES, st.sampled_from(["k1", "k2", "k3"])),
        st.builds(_Undo, st.floats(0, 1)),
        st.builds(_Reverse, st.floats(0, 1)),
    ),
    max_size=25,
)


class _NaiveBook:
    """The same promises without any cleverness: everything is added up again, every time."""

    def __init__(self) -> None:
        self.log: list[tuple[Entry, str | None]] = []

    def sums(self, more: Iterable[Entry] = ()) -> Counter[tuple[Account, str]]:
        sums: Counter[tuple[Account, str]] = Counter()
        for each in (*(kept for kept, _ in self.log), *more):
            for account, minor in each.legs:
                sums[account, each.currency] += minor
        return sums

    def post(self, asked: Entry, key: str | None) -> type:
        holders = [kept for kept, its_key in self.log if key is not None and its_key == key]
        if holders:
            return Posted if holders == [asked] else Conflict
        if any(minor > 0 and is_limited(account) for (account, _), minor in self.sums([asked]).items()):
            return Shortfall
        self.log.append((asked, key))
        return Posted

    def balances(self) -> dict[tuple[Account, str], int]:
        return {cell: natural(cell[0], minor) for cell, minor in self.sums().items() if minor}


def _observed(book: Book) -> tuple[object, ...]:
    return book.mark(), book.entries(), book.balances(), book.trial_balance()


def _fill(book: Book, entries: Iterable[Entry]) -> None:
    for each in entries:
        book.post(each)


@given(_STEPS)
def test_a_book_agrees_with_adding_everything_up(steps: list[_Post | _Undo | _Reverse]) -> None:
    """After any posts, refusals, undos and reversals: balances, log and answers are those of a naive book."""
    book, naive = Book(), _NaiveBook()
    for step in steps:
        match step:
            case _Post(asked, key):
                before = _observed(book)
                answer = book.post(asked, key)
                assert type(answer) is naive.post(asked, key)
                if not isinstance(answer, Posted):
                    assert _observed(book) == before
            case _Undo(share):
                mark = int(share * book.mark())
                book.undo(mark)
                del naive.log[mark:]
            case _Reverse(share):
                if book.mark():
                    posted = book.entries()[int(share * (book.mark() - 1))]
                    back = reverse(posted, effective_at=posted.entry.effective_at, reason="test")
                    assert type(book.post(back)) is naive.post(back, None)

        assert book.balances() == naive.balances()
        assert book.entries() == tuple(Posted(number, kept) for number, (kept, _) in enumerate(naive.log, 1))
        assert all(total.debit == total.credit for total in book.trial_balance().totals)
        assert all(held > 0 for (account, _), held in book.balances().items() if is_limited(account))


@given(st.lists(_ENTRIES, max_size=15), st.data())
def test_undo_restores_the_book_at_its_mark(entries: list[Entry], data: st.DataObject) -> None:
    """What was posted and undone has never been."""
    at = data.draw(st.integers(0, len(entries)))
    book = Book()
    _fill(book, entries[:at])
    before = _observed(book)
    mark = book.mark()
    _fill(book, entries[at:])

    book.undo(mark)

    assert _observed(book) == before


@given(st.lists(_ENTRIES, max_size=15))
def test_reversing_everything_empties_the_books(entries: list[Entry]) -> None:
    """Taken back in the opposite order, every reversal finds the money it needs, and nothing is left."""
    book = Book()
    _fill(book, entries)

    answers = [
        book.post(reverse(posted, effective_at=posted.entry.effective_at, reason="test"))
        for posted in reversed(book.entries())
    ]

    assert all(isinstance(answer, Posted) for answer in answers)
    assert book.balances() == {}


@given(st.lists(_ENTRIES, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_independent_entries_is_irrelevant(entries: list[Entry], chance: Random) -> None:
    """Where no limit is in the way, balances are the same in any order of posting."""
    funds = [
        entry("top_up", currency, legs=((account, -1000), (BANK, 1000)), effective_at=from_micros(0), ref="", source="")
        for account in _LIMITED
        for currency in ("USD", "ITC")
    ]
    shuffled = list(entries)
    chance.shuffle(shuffled)
    one, other = Book(), Book()

    _fill(one, [*funds, *entries])
    _fill(other, [*funds, *shuffled])

    assert one.balances() == other.balances()
    assert one.mark() == other.mark() == len(funds) + len(entries)


@given(st.lists(_ENTRIES, max_size=15))
def test_repeating_keyed_entries_changes_nothing(entries: list[Entry]) -> None:
    """Every entry that was posted under a key gives the same answer again, in any number of repetitions."""
    book = Book()
    answers = {f"k{n}": (each, book.post(each, f"k{n}")) for n, each in enumerate(entries)}
    before = _observed(book)

    for key, (each, answer) in answers.items():
        if isinstance(answer, Posted):
            assert book.post(each, key) == answer

    assert _observed(book) == before


@given(st.lists(_ENTRIES, max_size=15), st.sampled_from([*_LIMITED, *_FREE]), _CURRENCIES, st.data())
def test_statements_add_up(entries: list[Entry], account: Account, currency: str, data: st.DataObject) -> None:
    """The whole statement closes with the balance, and windows that touch continue each other."""
    book = Book()
    _fill(book, entries)
    cuts: list[Instant] = sorted(data.draw(st.lists(_INSTANTS, max_size=4)))
    pairs: list[tuple[Instant | None, Instant | None]] = list(zip([None, *cuts], [*cuts, None], strict=True))

    whole = book.statement(account, currency)
    windows = [book.statement(account, currency, since=since, until=until) for since, until in pairs]

    assert (whole.opening, whole.closing) == (0, book.balance(account, currency))
    assert tuple(line for window in windows for line in window.lines) == whole.lines
    assert [window.opening for window in windows] == [0, *(window.closing for window in windows[:-1])]
    assert windows[-1].closing == whole.closing
    for window in windows:
        assert window.opening + sum(line.amount for line in window.lines) == window.closing
    assert whole.lines == tuple(sorted(whole.lines, key=lambda line: (line.entry.effective_at, line.number)))
