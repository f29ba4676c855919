from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.adapters.sql.storage import SqlStorage
from tutorcore.errors import StorageError
from tutorcore.ids import LessonId, PartyId
from tutorcore.ledger.accounts import escrow, wallet
from tutorcore.ledger.entries import flow, top_up
from tutorcore.lessons.projections import Claim, Message
from tutorcore.ports.storage import Party, Storage, Transaction
from tutorcore.testing.versions import ANN, HOUR, NOW, TOM


def _claim(tx: Transaction, racer: int) -> bool:
    lesson = LessonId(f"l{racer}")
    return tx.claim(lesson, (Claim(lesson, 1, TOM, NOW, NOW + HOUR, "tentative"),)) is None


def _spend(tx: Transaction, racer: int) -> bool:
    entry = flow("hold", escrow(LessonId(f"l{racer}")), [(wallet(ANN), -30)], "USD", NOW, "test", "test")
    assert entry is not None
    return tx.post(entry, tx.begin(NOW)) is None


def _take(tx: Transaction, racer: int) -> bool:
    return bool(tx.take(("told",), NOW, HOUR, 1))


_RACES: dict[str, Callable[[Transaction, int], bool]] = {"claim": _claim, "spend": _spend, "take": _take}


def _fill(storage: Storage) -> None:
    with storage.transaction() as tx:
        _fill_in(tx)


def _fill_in(tx: Transaction) -> None:
    cause = tx.begin(NOW)
    tx.post(top_up(ANN, 100, "USD", effective_at=NOW, ref="test"), cause)
    for lesson in ("l1", "l2", "l3"):
        tx.enqueue(Message("told", LessonId(lesson), 1, (TOM,), NOW), cause)


def _attempt(storage: Storage, race: str, racer: int) -> bool:
    """Try once; a refused attempt is undone as the engine does it."""
    with storage.transaction() as tx, tx.savepoint() as savepoint:
        won = _RACES[race](tx, racer)
        if not won:
            savepoint.undo()
    return won


def _winners(storage: Storage) -> tuple[int, int, list[int]]:
    """How many claims there are, what the wallet holds, and the causes of its entries."""
    with storage.reading() as tx:
        causes = [each.cause.number for each in tx.entries()]
        return len(tx.claims()), tx.balance(wallet(ANN), "USD"), causes


@pytest.fixture(params=["memory", "file", ":memory:"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """A storage that threads may share."""
    if request.param == "memory":
        yield MemoryStorage()
        return
    with open_sqlite(":memory:" if request.param == ":memory:" else tmp_path / "lessons.db") as opened:
        yield opened


def test_threads_race_for_one_slot(storage: Storage) -> None:
    """Of many threads that claim one hour of Tom's, exactly one gets it."""
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda racer: _attempt(storage, "claim", racer), range(24)))

    assert won.count(True) == 1
    assert _winners(storage)[0] == 1


def test_threads_race_for_one_wallet(storage: Storage) -> None:
    """Of many threads that spend 30 of 100, exactly three can, and every cause has a number of its own."""
    _fill(storage)
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda racer: _attempt(storage, "spend", racer), range(24)))
    _, left, causes = _winners(storage)

    assert won.count(True) == 3
    assert left == 10
    assert causes == sorted(set(causes))


def _attempts(storage: Storage) -> list[int]:
    """How often each outbox row has been taken."""
    with storage.reading() as tx:
        return [row.attempts for row in tx.outbox()]


def test_threads_race_for_one_outbox(storage: Storage) -> None:
    """Of many relays that take one row each, as many get one as there are, and none is taken twice."""
    _fill(storage)
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda racer: _attempt(storage, "take", racer), range(24)))

    assert won.count(True) == 3
    assert _attempts(storage) == [1, 1, 1]


_RACER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_sqlite_races import _attempt
from tutorcore.adapters.sql.sqlite import open_sqlite
with open_sqlite(sys.argv[2]) as storage:
    sys.stdin.read(1)
    won = [_attempt(storage, sys.argv[3], int(racer)) for racer in sys.argv[4:]]
print(won.count(True))
"""


def _processes(path: Path, race: str) -> list[int]:
    """How many attempts of each of two racing processes succeeded; each makes ten, under names of its own."""
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", _RACER, str(Path(__file__).parent), str(path), race, *map(str, names)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for names in (range(10), range(10, 20))
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("!")
        racer.stdin.close()
    results = []
    for racer in racers:
        assert racer.stdout is not None
        results.append(int(racer.stdout.read()))
        racer.stdout.close()
        assert racer.wait(60) == 0
    return results


def test_processes_race_for_one_slot(tmp_path: Path) -> None:
    """Of two processes that claim one hour of Tom's, exactly one gets it."""
    path = tmp_path / "lessons.db"
    with open_sqlite(path) as storage:
        won = _processes(path, "claim")
        claims = _winners(storage)[0]

    assert sum(won) == 1
    assert claims == 1


def test_processes_race_for_one_wallet(tmp_path: Path) -> None:
    """Of two processes that spend 30 of 100 each time, exactly three attempts succeed, under causes of their own."""
    path = tmp_path / "lessons.db"
    with open_sqlite(path) as storage:
        _fill(storage)
        won = _processes(path, "spend")
        _, left, causes = _winners(storage)

    assert sum(won) == 3
    assert left == 10
    assert causes == sorted(set(causes))


def test_processes_race_for_one_outbox(tmp_path: Path) -> None:
    """Of two processes that take one row each time, none gets a row that the other has."""
    path = tmp_path / "lessons.db"
    with open_sqlite(path) as storage:
        _fill(storage)
        won = _processes(path, "take")
        attempts = _attempts(storage)

    assert sum(won) == 3
    assert attempts == [1, 1, 1]


_CRASHER = """
import os, sys
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.ports.storage import Party
storage = open_sqlite(sys.argv[1])
with storage.transaction() as tx:
    tx.put_party(Party("kept", "UTC"))
with storage.transaction() as tx:
    for number in range(5000):
        tx.put_party(Party(f"lost{number}", "UTC"))
    os._exit(9)
"""


def test_a_crash_before_the_commit_leaves_nothing(tmp_path: Path) -> None:
    """A process that dies inside a transaction leaves what it had committed before, and nothing of that one."""
    path = tmp_path / "lessons.db"
    died = subprocess.run([sys.executable, "-P", "-c", _CRASHER, str(path)], check=False)
    with open_sqlite(path) as storage, storage.reading() as tx:
        found = tx.parties()

    assert died.returncode == 9
    assert found == (Party(PartyId("kept"), "UTC"),)


def test_readers_do_not_wait_for_a_writer(tmp_path: Path) -> None:
    """While one thread writes, another reads what was there before, at once; the writer sees its own writes."""
    with open_sqlite(tmp_path / "lessons.db", busy_timeout=timedelta(0)) as storage:
        with storage.transaction() as tx:
            tx.put_party(Party(ANN, "UTC"))
            with ThreadPoolExecutor(1) as pool:
                seen = pool.submit(_parties, storage).result(60)
            own = tx.parties()

        assert seen == []
        assert own == (Party(ANN, "UTC"),)
        assert _parties(storage) == ["ann"]


def _parties(storage: Storage) -> list[str]:
    with storage.reading() as tx:
        return [party.id for party in tx.parties()]


def test_a_reader_sees_one_state_throughout(tmp_path: Path) -> None:
    """What is committed while somebody reads is not seen before the next reading."""
    with open_sqlite(tmp_path / "lessons.db") as storage:
        with storage.reading() as tx:
            before = tx.parties()
            with storage.transaction() as writing:
                writing.put_party(Party(ANN, "UTC"))
            after = tx.parties()

        assert before == after == ()
        assert _parties(storage) == ["ann"]


def test_reading_cannot_write(tmp_path: Path) -> None:
    """The connection for reading refuses to write."""
    with (
        open_sqlite(tmp_path / "lessons.db") as storage,
        storage.reading() as tx,
        pytest.raises(StorageError, match="readonly"),
    ):
        tx.put_party(Party(ANN, "UTC"))


def test_in_memory_a_thread_may_read_inside_its_transaction() -> None:
    """One connection does both there: reading inside a transaction sees its writes, and takes nothing back."""
    with open_sqlite(":memory:") as storage:
        with storage.transaction() as tx:
            tx.put_party(Party(ANN, "UTC"))
            inside = _parties(storage)

        assert inside == ["ann"]
        assert _parties(storage) == ["ann"]


def test_another_process_may_hold_the_file_too_long(tmp_path: Path) -> None:
    """Who waits longer than the timeout for another writer is told so, with the file and the time."""
    path = tmp_path / "lessons.db"
    with open_sqlite(path, busy_timeout=timedelta(milliseconds=50)) as storage:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageError, match=r"another writer held .*lessons\.db for longer than 0\.05 s"):
                _fill(storage)
        _fill(storage)

        assert _winners(storage)[1] == 100


def test_another_thread_may_hold_the_file_too_long(tmp_path: Path) -> None:
    """Threads of one process wait no longer for each other than for other processes."""
    with open_sqlite(tmp_path / "lessons.db", busy_timeout=timedelta(milliseconds=50)) as storage:
        ready, release = threading.Event(), threading.Event()

        def hold() -> None:
            with storage.transaction():
                ready.set()
                release.wait(60)

        with ThreadPoolExecutor(1) as pool:
            holding = pool.submit(hold)
            ready.wait(60)
            with pytest.raises(StorageError, match=r"another thread held .*lessons\.db for longer than 0\.05 s"):
                _fill(storage)
            release.set()
            holding.result(60)
        _fill(storage)

        assert _winners(storage)[1] == 100


def test_a_full_disk_takes_everything_back(tmp_path: Path) -> None:
    """When there is no room, SQLite takes the transaction back at once; numbers then go on from what is there."""
    path = tmp_path / "lessons.db"
    with open_sqlite(path) as storage:
        _fill(storage)
        with _no_room(storage, path), pytest.raises(StorageError, match="full"), storage.transaction() as tx:
            _write_much(tx)
        _fill(storage)
        _, balance, causes = _winners(storage)

        assert balance == 200
        assert causes == [1, 2]
        assert _parties(storage) == []


def test_nothing_is_written_after_a_transaction_was_lost(tmp_path: Path) -> None:
    """Who swallows the error of a full disk and goes on is refused: later writes would be kept without the earlier."""
    path = tmp_path / "lessons.db"
    with open_sqlite(path) as storage:
        with _no_room(storage, path), pytest.raises(StorageError, match="ended"):
            _write_on(storage)

        assert _parties(storage) == []
        assert _winners(storage)[1] == 0


def _write_on(storage: Storage) -> None:
    with storage.transaction() as tx:
        with pytest.raises(StorageError, match="full"):
            _write_much(tx)
        with pytest.raises(StorageError, match="ended"):
            tx.put_party(Party(ANN, "UTC"))
        with pytest.raises(StorageError, match="ended"):
            _fill_in(tx)


@contextmanager
def _no_room(storage: SqlStorage, path: Path) -> Iterator[None]:
    """A scope in which the file may grow by one page only."""
    with closing(sqlite3.connect(path)) as other:
        (pages,) = other.execute("PRAGMA page_count").fetchone()
    storage._writer.rows(f"PRAGMA max_page_count = {pages + 1}")
    yield
    storage._writer.rows("PRAGMA max_page_count = 1000000")


def _write_much(tx: Transaction) -> None:
    _fill_in(tx)
    with tx.savepoint():
        for number in range(20_000):
            tx.put_party(Party(PartyId(f"p{number}"), "UTC"))


def test_a_closed_storage_says_so(tmp_path: Path) -> None:
    """Using a storage after closing it is a StorageError; closing it again is nothing."""
    storage = open_sqlite(tmp_path / "lessons.db")
    storage.close()
    storage.close()

    with pytest.raises(StorageError, match="closed"):
        _fill(storage)
    with pytest.raises(StorageError, match="closed"):
        _parties(storage)
    assert os.listdir(tmp_path) == ["lessons.db"]
