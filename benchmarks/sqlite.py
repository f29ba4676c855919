"""Money on a file: ours against tables written by hand for this one purpose.

Three commands a lesson, each with a key: *hold* the price (wallet to escrow), *capture* it with a fee (escrow to the
tutor's pending earnings and the commission), *pay out* (pending to available). Both sides use SQLite from the standard
library, the write-ahead log and synchronous=FULL, so that what is committed has reached the disk, and both keep double
entry, refuse to overdraw and answer a repeated key without doing it again.

*By hand* a command is: SELECT the key; UPDATE the balance of the account that gives, if it has enough; INSERT or add to
the balances of those that take and have a limit; INSERT the entry with its key, kind, time and lesson; INSERT its legs
(two indexed rows, three for a capture). *Ours* writes the same entry, legs and balances through `Work.post`, on the
storage under the facade, and besides: an audit row with verb, actor, digest of the content, times and answer, indexed
by key; a numbered cause and a time of recording that never goes back, on the entry too; the currency on every row, so
that accounts can hold several; and names of accounts that beancount reads. A commit of ours writes two pages more.

*Only a commit* updates one row: what a transaction costs on this disk before anything is done in it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.core import BEGIN, STUDENT, TUTOR
from benchmarks.measure import Contestant
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.engine.work import Work, digest_of
from tutorcore.ids import Key, LessonId
from tutorcore.instants import Instant, to_micros
from tutorcore.ledger.accounts import COMMISSION, escrow, pending, wallet
from tutorcore.ledger.entries import Entry, clear, flow, top_up
from tutorcore.ports.storage import Party, Transaction

LESSONS = 50
COMMANDS = 3 * LESSONS
PRICE, FEE = 2500, 375
SECOND = timedelta(seconds=1)
ANN, BOB = Party(STUDENT, "UTC"), Party(TUTOR, "UTC")

_TABLES = """
CREATE TABLE entries (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, at INTEGER NOT NULL, lesson TEXT NOT NULL
) STRICT;
CREATE TABLE legs (
    entry INTEGER NOT NULL REFERENCES entries (number), position INTEGER NOT NULL, account TEXT NOT NULL,
    amount INTEGER NOT NULL, PRIMARY KEY (entry, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX legs_by_account ON legs (account, amount);
CREATE TABLE balances (account TEXT PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0)) STRICT, WITHOUT ROWID;
"""


class ByHand:
    """Double entry for three commands, as one would write it for one platform, with nothing to spare."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.executescript(_TABLES)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("INSERT INTO balances VALUES ('wallet:ann', ?)", (LESSONS * PRICE,))
        self._run = self._connection.execute
        self._run_each = self._connection.executemany

    def command(
        self, key: str, kind: str, at: int, lesson: str, payer: str, gifts: tuple[tuple[str, int, bool], ...]
    ) -> None:
        """Move money from `payer` to each (account, amount, has a limit), once per key."""
        if self._run("SELECT number FROM entries WHERE key = ?", (key,)).fetchone() is None:
            self._post(key, kind, at, lesson, payer, gifts)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done in the block, or nothing of it."""
        self._run("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._run("ROLLBACK")
            raise
        self._run("COMMIT")

    def _post(
        self, key: str, kind: str, at: int, lesson: str, payer: str, gifts: tuple[tuple[str, int, bool], ...]
    ) -> None:
        total = sum(amount for _, amount, _ in gifts)
        taken = self._run(
            "UPDATE balances SET balance = balance - ? WHERE account = ? AND balance >= ?", (total, payer, total)
        )
        if taken.rowcount != 1:
            raise RuntimeError(f"{payer} has less than {total}")
        self._run_each(
            "INSERT INTO balances VALUES (?, ?)"
            " ON CONFLICT (account) DO UPDATE SET balance = balance + excluded.balance",
            [(account, amount) for account, amount, limited in gifts if limited],
        )
        entry = self._run(
            "INSERT INTO entries (key, kind, at, lesson) VALUES (?, ?, ?, ?)", (key, kind, at, lesson)
        ).lastrowid
        legs = [(entry, 0, payer, total)]
        legs += [(entry, position, account, -amount) for position, (account, amount, _) in enumerate(gifts, 1)]
        self._run_each("INSERT INTO legs VALUES (?, ?, ?, ?)", legs)

    def touch(self) -> None:
        """Change one row."""
        self._run("UPDATE balances SET balance = balance + 1 WHERE account = 'wallet:ann'")

    def close(self) -> None:
        self._connection.close()


def _commands_by_hand() -> Iterator[tuple[str, str, int, str, str, tuple[tuple[str, int, bool], ...]]]:
    for number in range(LESSONS):
        lesson, at = f"L{number}", to_micros(BEGIN + number * SECOND)
        own, owed = f"escrow:{lesson}", "pending:bob"
        yield f"{lesson}/1", "hold", at, lesson, "wallet:ann", ((own, PRICE, True),)
        yield f"{lesson}/2", "post", at, lesson, own, ((owed, PRICE - FEE, True), ("commission", FEE, False))
        yield f"{lesson}/3", "clear", at, lesson, owed, (("available:bob", PRICE - FEE, True),)


def by_hand_batch(*, grouped: bool) -> Callable[[], object]:
    folder = TemporaryDirectory()
    store = ByHand(str(Path(folder.name, "by_hand.db")))

    def run_one_by_one() -> object:
        with closing(store):
            for command in _commands_by_hand():
                with store.transaction():
                    store.command(*command)
        return folder

    def run_in_one() -> object:
        with closing(store), store.transaction():
            for command in _commands_by_hand():
                store.command(*command)
        return folder

    return run_in_one if grouped else run_one_by_one


def only_a_commit_batch() -> Callable[[], object]:
    folder = TemporaryDirectory()
    store = ByHand(str(Path(folder.name, "commits.db")))

    def run() -> object:
        with closing(store):
            for _ in range(COMMANDS):
                with store.transaction():
                    store.touch()
        return folder

    return run


def _commands() -> Iterator[tuple[str, Party, str, Instant, Entry | None]]:
    for number in range(LESSONS):
        lesson, at = LessonId(f"L{number}"), BEGIN + number * SECOND
        own, tutor = escrow(lesson), pending(TUTOR)
        yield (
            "hold", ANN, f"{lesson}/1", at,
            flow("hold", own, ((wallet(STUDENT), -PRICE),), "ITC", at, lesson, "request"),
        )  # fmt: skip
        yield (
            "capture", BOB, f"{lesson}/2", at,
            flow("post", own, ((tutor, PRICE - FEE), (COMMISSION, FEE)), "ITC", at, lesson, "complete"),
        )  # fmt: skip
        yield (
            "pay_out", BOB, f"{lesson}/3", at,
            clear(TUTOR, PRICE - FEE, "ITC", effective_at=at, ref=lesson, source="payout"),
        )  # fmt: skip


def _perform(tx: Transaction, verb: str, actor: Party, key: str, at: Instant, entry: Entry | None) -> None:
    if entry is None:
        raise RuntimeError(f"{verb} moves nothing")
    work, digest = Work(tx, at), digest_of(verb, actor=actor.id, lesson=entry.ref)
    outcome = work.repeated(Key(key), digest, verb, actor, None)
    if outcome is None:
        outcome = work.post((entry,), Key(key), digest, verb, actor)
    if not outcome.ok:
        raise RuntimeError(f"{verb} was refused: {outcome.refusal}")


def ours_batch(*, grouped: bool) -> Callable[[], object]:
    folder = TemporaryDirectory()
    storage = open_sqlite(Path(folder.name, "ours.db"))
    with storage.transaction() as tx:
        paid = top_up(STUDENT, LESSONS * PRICE, "ITC", effective_at=BEGIN, ref="paid")
        _perform(tx, "top_up", ANN, "paid", BEGIN, paid)

    def run_one_by_one() -> object:
        with closing(storage):
            for command in _commands():
                with storage.transaction() as tx:
                    _perform(tx, *command)
        return folder

    def run_in_one() -> object:
        with closing(storage), storage.transaction() as tx:
            for command in _commands():
                _perform(tx, *command)
        return folder

    return run_in_one if grouped else run_one_by_one


ONLY_A_COMMIT = Contestant("only a commit", COMMANDS, only_a_commit_batch)
BY_HAND = Contestant("by hand, a commit each", COMMANDS, lambda: by_hand_batch(grouped=False))
BY_HAND_GROUPED = Contestant("by hand, one commit", COMMANDS, lambda: by_hand_batch(grouped=True))
OURS = Contestant("ours, a commit each", COMMANDS, lambda: ours_batch(grouped=False))
OURS_GROUPED = Contestant("ours, one commit", COMMANDS, lambda: ours_batch(grouped=True))
