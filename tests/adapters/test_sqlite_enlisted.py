from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tutorcore.adapters.sql.sqlite import enlist_sqlite, install_schema, open_sqlite
from tutorcore.errors import InvalidType, StorageError
from tutorcore.ids import PartyId
from tutorcore.ports.storage import Party, Storage, Transaction
from tutorcore.testing.versions import LESSON, NOW, requested, sample_machine

_ANN = Party(PartyId("ann"), "UTC")
_TOM = Party(PartyId("tom"), "UTC")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of the caller's, with a table of its own and ours beside it."""
    path = tmp_path / "platform.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE orders (name TEXT)")
        install_schema(connection)
        connection.commit()
    return path


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    """The caller's connection, which begins transactions by itself."""
    with closing(sqlite3.connect(path)) as connection:
        yield connection


def _orders(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as other:
        return [name for (name,) in other.execute("SELECT name FROM orders ORDER BY rowid")]


def _parties(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as other:
        return [id for (id,) in other.execute("SELECT id FROM tutorcore_parties ORDER BY id")]


def _put(storage: Storage, *parties: Party) -> None:
    with storage.transaction() as tx:
        for party in parties:
            tx.put_party(party)


def _put_and_fail(tx: Transaction) -> None:
    tx.put_party(_TOM)
    raise KeyError


def test_a_commit_of_the_caller_s_keeps_both(connection: sqlite3.Connection, path: Path) -> None:
    """Nobody else sees our writes before the caller commits; then they are there with the caller's."""
    storage = enlist_sqlite(connection)
    connection.execute("INSERT INTO orders VALUES ('one')")
    _put(storage, _ANN)
    connection.execute("INSERT INTO orders VALUES ('two')")
    before = _orders(path), _parties(path)
    connection.commit()

    assert before == ([], [])
    assert (_orders(path), _parties(path)) == (["one", "two"], ["ann"])


def test_a_rollback_of_the_caller_s_takes_ours_with_it(connection: sqlite3.Connection, path: Path) -> None:
    """Nothing of ours survives the caller's rollback, policies included, and the storage goes on afterwards."""
    storage = enlist_sqlite(connection)
    connection.execute("INSERT INTO orders VALUES ('one')")
    with storage.transaction() as tx:
        tx.add_policy(sample_machine())
        tx.append(requested(), tx.begin(NOW))
    connection.rollback()
    with storage.transaction() as tx:
        found = tx.lesson(LESSON), tx.machine(sample_machine().hash), tx.begin(NOW).number
        tx.put_party(_ANN)
        tx.add_policy(sample_machine())
        tx.append(requested(), tx.begin(NOW))
    connection.commit()

    assert found == (None, None, 1)
    assert (_orders(path), _parties(path)) == ([], ["ann"])


def test_a_block_that_raises_leaves_the_caller_s_work(connection: sqlite3.Connection, path: Path) -> None:
    """Only our own writes are taken back; what the caller wrote before is still there to commit."""
    storage = enlist_sqlite(connection)
    connection.execute("INSERT INTO orders VALUES ('one')")
    _put(storage, _ANN)
    with pytest.raises(KeyError), storage.transaction() as tx:
        _put_and_fail(tx)
    connection.commit()

    assert (_orders(path), _parties(path)) == (["one"], ["ann"])


def test_a_transaction_is_begun_as_python_would(connection: sqlite3.Connection, path: Path) -> None:
    """Where the caller has begun none, one is begun, with the right to write, and left open for the caller."""
    storage = enlist_sqlite(connection)
    with storage.transaction() as tx:
        begun = connection.in_transaction
        with closing(sqlite3.connect(path, timeout=0)) as other, pytest.raises(sqlite3.OperationalError):
            other.execute("BEGIN IMMEDIATE")
        tx.put_party(_ANN)
    open_still, before = connection.in_transaction, _parties(path)
    connection.commit()

    assert begun
    assert open_still
    assert before == []
    assert _parties(path) == ["ann"]


def test_only_reading_leaves_no_transaction_open(connection: sqlite3.Connection, path: Path) -> None:
    """Reading outside of a transaction sees one state throughout and ends as it began; inside, it sees the caller's."""
    storage = enlist_sqlite(connection)
    with storage.reading() as tx:
        before = tx.parties()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("INSERT INTO tutorcore_parties (id, zone, grants) VALUES ('eve', 'UTC', '[]')")
        same = tx.parties()
    left_open = connection.in_transaction
    connection.execute("DELETE FROM tutorcore_parties")
    with storage.reading() as tx:
        inside = tx.parties()
    still_open = connection.in_transaction
    connection.rollback()

    assert before == same == ()
    assert not left_open
    assert inside == ()
    assert still_open
    assert _parties(path) == ["eve"]


def test_what_the_caller_writes_while_we_read_is_the_caller_s(connection: sqlite3.Connection, path: Path) -> None:
    """A write of the caller's inside a reading block is neither committed nor taken back by us."""
    storage = enlist_sqlite(connection)
    with storage.reading() as tx:
        tx.parties()
        connection.execute("INSERT INTO orders VALUES ('one')")
    before = _orders(path)
    connection.commit()

    assert before == []
    assert _orders(path) == ["one"]


@pytest.mark.parametrize("isolation_level", ["DEFERRED", "IMMEDIATE", "EXCLUSIVE", ""])
def test_every_isolation_level_will_do(isolation_level: str, path: Path) -> None:
    """On connections that begin by themselves, however, a transaction is begun for the caller."""
    with closing(sqlite3.connect(path)) as connection:
        connection.isolation_level = isolation_level  # type: ignore[assignment]  # '' is a level too
        _put(enlist_sqlite(connection), _ANN)
        connection.commit()

    assert _parties(path) == ["ann"]


def test_who_does_not_begin_is_told_to(path: Path) -> None:
    """A connection in autocommit, on which we could only commit, is refused until the caller begins."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        storage = enlist_sqlite(connection)
        with pytest.raises(StorageError, match="BEGIN first"), storage.transaction():
            pass
        with pytest.raises(StorageError, match="BEGIN first"):
            install_schema(connection)
        untouched = connection.in_transaction
        connection.execute("BEGIN")
        _put(storage, _ANN)
        before = _parties(path)
        connection.execute("COMMIT")

    assert not untouched
    assert before == []
    assert _parties(path) == ["ann"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="connections have no autocommit before Python 3.12")
def test_autocommit_rules_since_python_3_12(path: Path) -> None:
    """autocommit=True is refused until the caller begins; autocommit=False is always in a transaction."""
    with closing(sqlite3.connect(path, autocommit=True)) as connection:  # type: ignore[call-overload,unused-ignore]  # 3.12
        storage = enlist_sqlite(connection)
        with pytest.raises(StorageError, match="BEGIN first"), storage.transaction():
            pass
        connection.execute("BEGIN")
        _put(storage, _ANN)
        connection.execute("COMMIT")
    with closing(sqlite3.connect(path, autocommit=False)) as connection:  # type: ignore[call-overload,unused-ignore]  # 3.12
        _put(enlist_sqlite(connection), _TOM)
        before = _parties(path)
        connection.commit()

    assert before == ["ann"]
    assert _parties(path) == ["ann", "tom"]


def test_the_caller_s_settings_stay(connection: sqlite3.Connection) -> None:
    """Rows and texts are made as we need them, and the connection is left as it was found."""

    def shouted(text: bytes) -> str:
        return text.decode().upper() + "!"

    connection.row_factory = sqlite3.Row
    connection.text_factory = shouted
    settings = connection.isolation_level, connection.row_factory, connection.text_factory
    storage = enlist_sqlite(connection)
    _put(storage, _ANN)
    with storage.transaction() as tx:
        tx.add_policy(sample_machine())
        tx.append(requested(), tx.begin(NOW))
        found = tx.parties(), tx.lesson(LESSON)
        theirs = connection.execute("SELECT id FROM tutorcore_parties").fetchone()
    connection.execute("PRAGMA foreign_keys").fetchone()

    assert found == ((_ANN,), requested())
    assert theirs["id"] == "ANN!"
    assert (connection.isolation_level, connection.row_factory, connection.text_factory) == settings


def test_the_schema_is_installed_within_the_caller_s_transaction(tmp_path: Path) -> None:
    """Installing commits nothing: a rollback takes the tables with it; installing twice is harmless."""
    path = tmp_path / "platform.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE orders (name TEXT)")
        connection.execute("INSERT INTO orders VALUES ('one')")
        install_schema(connection)
        connection.rollback()
        without = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'tutorcore%'").fetchall()
        install_schema(connection)
        install_schema(connection)
        connection.commit()
        numbers = [connection.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")]
        versions = connection.execute("SELECT version FROM tutorcore_schema").fetchall()

    assert without == []
    assert numbers == [(0,), (0,)]
    assert versions == [(1,), (2,), (3,), (4,), (5,)]


def test_a_schema_that_fails_halfway_leaves_nothing(tmp_path: Path) -> None:
    """If one of our names is taken, nothing is installed, and the caller's work is still there to commit."""
    path = tmp_path / "platform.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE tutorcore_outbox (name TEXT)")
        connection.execute("INSERT INTO tutorcore_outbox VALUES ('mine')")
        with pytest.raises(StorageError, match="table tutorcore_outbox already exists"):
            install_schema(connection)
        connection.commit()
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        kept = connection.execute("SELECT name FROM tutorcore_outbox").fetchall()

    assert found == [("tutorcore_outbox",)]
    assert kept == [("mine",)]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DROP TABLE tutorcore_schema", "call install_schema"),
        ("DELETE FROM tutorcore_schema", "call install_schema"),
        ("DELETE FROM tutorcore_schema WHERE version > 1", r"has schema version 1: call install_schema\(connection\)"),
        ("INSERT INTO tutorcore_schema (version) VALUES (999)", "written by a newer tutorcore"),
    ],
)
def test_the_tables_must_be_ours(statement: str, message: str, connection: sqlite3.Connection) -> None:
    """Without our tables, or with newer ones, a transaction is refused before anything happens."""
    connection.execute(statement)
    storage = enlist_sqlite(connection)

    with pytest.raises(StorageError, match=message), storage.transaction():
        pass
    with pytest.raises(StorageError, match=message), storage.reading():
        pass


def test_newer_tables_are_not_touched_by_installing(connection: sqlite3.Connection) -> None:
    """Installing over tables of a newer version is refused."""
    connection.execute("INSERT INTO tutorcore_schema (version) VALUES (999)")

    with pytest.raises(StorageError, match="written by a newer tutorcore"):
        install_schema(connection)


def test_a_transaction_that_ends_inside_ours_is_noticed(connection: sqlite3.Connection) -> None:
    """A caller who commits in the middle of our block is told that it went wrong."""
    storage = enlist_sqlite(connection)

    with pytest.raises(StorageError, match="ended before"), storage.transaction():
        connection.commit()
    _put(storage, _TOM)


def test_a_busy_database_is_said_to_be_busy(connection: sqlite3.Connection, path: Path) -> None:
    """While another writer holds the database, ours fails after the connection's own timeout."""
    connection.execute("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StorageError, match="another writer held the caller's database for longer than"):
            _put(enlist_sqlite(connection), _ANN)


def test_only_connections_are_enlisted() -> None:
    """What is no sqlite3.Connection is refused by its type, and a closed one by what it is."""
    with pytest.raises(InvalidType, match="a sqlite3.Connection"):
        enlist_sqlite("platform.db")  # type: ignore[arg-type]  # the point of the test
    closed = sqlite3.connect(":memory:")
    closed.close()
    with pytest.raises(StorageError, match="closed database"):
        enlist_sqlite(closed)


def test_a_connection_that_is_closed_later_is_named(connection: sqlite3.Connection) -> None:
    """Using the storage after the caller closed the connection is a StorageError."""
    storage = enlist_sqlite(connection)
    connection.close()

    with pytest.raises(StorageError, match="closed database"):
        _put(storage, _ANN)
    with pytest.raises(StorageError, match="closed database"), storage.reading():
        pass


def test_closing_the_storage_leaves_the_connection_open(connection: sqlite3.Connection) -> None:
    """The connection is the caller's to close."""
    enlist_sqlite(connection).close()

    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_database_of_ours_can_be_enlisted_too(tmp_path: Path) -> None:
    """The tables are the same whoever made them."""
    path = tmp_path / "lessons.db"
    with open_sqlite(path) as storage:
        _put(storage, _ANN)

    with closing(sqlite3.connect(path)) as connection:
        _put(enlist_sqlite(connection), _TOM)
        connection.commit()

    with open_sqlite(path) as storage, storage.reading() as tx:
        assert tx.parties() == (_ANN, _TOM)
