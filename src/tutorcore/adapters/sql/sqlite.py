"""SQLite: a file of the storage's own, or a connection of the caller's.

**A file of its own** (`open_sqlite`). Write-ahead log, synchronous=FULL: what was committed survives a crash of the
machine. One connection writes and one reads, each behind a lock, so threads may share the storage and readers do not
wait for writers. Several processes may open one file; who has to wait longer than the timeout for another writer gets a
`StorageError`. Do not carry an open storage into a forked process.

**A connection of the caller's** (`enlist_sqlite`). Everything happens within savepoints of the caller's transaction:
committing and rolling back are the caller's, and so are the connection's settings, the row factory and its kin
included. Where the caller has begun no transaction, one is begun as `sqlite3` itself would before an INSERT, and left
open; on a connection that leaves beginning to the caller (`isolation_level=None`, `autocommit=True`) that is a
`StorageError`. Our tables are made by `install_schema` and are all called `tutorcore_...`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock, RLock
from time import monotonic, sleep
from typing import Final, cast
from weakref import WeakSet

from tutorcore.adapters.ended import Ended
from tutorcore.adapters.sql.driver import NO_PARAMETERS, Parameters, Row
from tutorcore.adapters.sql.schemas import schema_files, statements_in
from tutorcore.adapters.sql.sqlite_files import APPLICATION_ID, inspect, refuse_newer
from tutorcore.adapters.sql.statements import ADD_SCHEMA_VERSION, SCHEMA_VERSION
from tutorcore.adapters.sql.storage import SqlStorage
from tutorcore.errors import InvalidType, InvalidValue, StorageError

BUSY_TIMEOUT: Final = timedelta(seconds=10)
_OLDEST_SQLITE: Final = (3, 37, 0)  # Strict tables.
_STATEMENTS_KEPT: Final = 256
# Integers of more than 64 bits and texts that are none in UTF-8 do not even reach SQLite.
_REFUSED: Final = (sqlite3.Error, OverflowError, UnicodeEncodeError)
_PRIMARY: Final = 0xFF  # The part of an error code that says what kind of error it is.

# Whoever closes a file drops every lock that the process has on it, those of SQLite too: another process would then
# take the log away from under our connections, and what they commit afterwards would be lost. So a file that is open
# here is not read as bytes again.
_OPEN_HERE: Final[WeakSet[_OwnConnection]] = WeakSet()
_OPENING: Final = Lock()


def open_sqlite(path: str | os.PathLike[str], *, busy_timeout: timedelta = BUSY_TIMEOUT) -> SqlStorage:
    """Return the marketplace in the file `path`, made if it does not exist; `":memory:"` is a new one in memory.

    Raises `StorageError` for a file that is not a SQLite database, is another program's, is damaged or was written by
    a newer tutorcore, and leaves it byte for byte as it was. `busy_timeout` is how long to wait for other writers.

    A process may open a file several times like this, but must not have it open in any other way: on POSIX systems,
    closing it there takes away the locks that keep other processes from the log.
    """
    if not isinstance(path, str | os.PathLike):
        raise InvalidType("path", path, "the name of a file, or ':memory:'")
    name = os.fsdecode(path)
    if not name or "\0" in name:
        raise InvalidValue("path", name, "the name of a file, or ':memory:'")
    if not isinstance(busy_timeout, timedelta):
        raise InvalidType("busy_timeout", busy_timeout, "a timedelta")
    if not timedelta(0) <= busy_timeout <= timedelta(days=1):
        raise InvalidValue("busy_timeout", str(busy_timeout), "from nothing to a day")
    _refuse_old_sqlite()
    if name == ":memory:":
        only = _OwnConnection(name, busy_timeout)
        only.set_up()
        return SqlStorage(only, only)
    with _OPENING:
        if not _is_open_here(name):
            inspect(name, len(schema_files("sqlite")))
        writer, reader = _OwnConnection(name, busy_timeout), _OwnConnection(name, busy_timeout)
        _OPEN_HERE.update((writer, reader))
    try:
        writer.set_up()
        reader.run("PRAGMA query_only = ON")
    except BaseException:
        writer.close()
        reader.close()
        raise
    return SqlStorage(writer, reader)


def enlist_sqlite(connection: sqlite3.Connection) -> SqlStorage:
    """Return the marketplace in the tables that `install_schema` made in a database of the caller's.

    Every transaction of the storage is a part of the transaction that `connection` is in, and lasts if and only if the
    caller commits that one.
    """
    driver = _CallersConnection(connection)
    return SqlStorage(driver, driver)


def install_schema(connection: sqlite3.Connection) -> None:
    """Make our tables in a database of the caller's, within the caller's transaction; harmless if they are there.

    Raises `StorageError` where they are there in a version that this code does not know.
    """
    driver = _CallersConnection(connection)
    with driver.writing_anything():
        _install(driver, _installed_version(driver))


def _is_open_here(path: str) -> bool:
    """Whether a connection of ours has the file, under whatever name."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # There is none, or none can have that name.
        return False
    return any(os.path.samestat(found, each.file) for each in _OPEN_HERE if each.file is not None)


def _refuse_old_sqlite() -> None:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        needed = ".".join(map(str, _OLDEST_SQLITE))
        raise StorageError(f"SQLite {needed} or newer is needed; this Python has {sqlite3.sqlite_version}")


class _Connection:
    """Runs statements on one connection and says in `StorageError`s what went wrong."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self.name = name
        self._working = False
        # One cursor for everything: rows are always fetched at once. Its row factory is not the connection's.
        try:
            self._statements = sqlite3.Connection.cursor(connection)
        except sqlite3.Error as error:
            raise self._failed(error) from error
        self._statements.row_factory = None
        self._cursor = self._statements

    @property
    def alive(self) -> bool:
        try:
            return self._connection.in_transaction
        except sqlite3.ProgrammingError:  # It is closed.
            return False

    def rows(self, sql: str, parameters: Parameters = NO_PARAMETERS) -> list[Row]:
        try:
            return self._cursor.execute(sql, parameters).fetchall()
        except _REFUSED as error:
            raise self._failed(error) from error

    def run(self, sql: str, parameters: Parameters = NO_PARAMETERS) -> int:
        try:
            return self._cursor.execute(sql, parameters).rowcount
        except _REFUSED as error:
            raise self._failed(error) from error

    def run_each(self, sql: str, parameters: Iterable[Parameters]) -> int:
        try:
            return max(self._cursor.executemany(sql, parameters).rowcount, 0)
        except _REFUSED as error:
            raise self._failed(error) from error

    @contextmanager
    def _work(self) -> Iterator[None]:
        """A scope after which nothing runs once SQLite has ended the transaction: it would be committed by itself."""
        if self._working:
            raise StorageError("this thread is in a transaction already; use its savepoint()")
        self._working = True
        try:
            yield
        finally:
            self._working = False
            self._cursor = self._statements

    def _failed(self, error: Exception) -> StorageError:
        if self._working and not self.alive:
            self._cursor = cast(sqlite3.Cursor, Ended())  # It raises whatever is asked of it.
        if _is_busy(error):
            return StorageError(f"another writer held {self.name} for longer than {self._patience()}")
        return StorageError(f"{self.name}: {error}")

    def _patience(self) -> str:
        return "the connection's timeout"


def _is_busy(error: Exception) -> bool:
    # Misuse of the module itself comes without a code.
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY == sqlite3.SQLITE_BUSY


class _OwnConnection(_Connection):
    """A connection that nobody else has, behind a lock."""

    def __init__(self, path: str, busy_timeout: timedelta) -> None:
        self._timeout = busy_timeout.total_seconds()
        try:
            connection = sqlite3.connect(
                # A whole path cannot be taken for an address (`file:...`), whatever SQLite was built to take for one.
                path if path == ":memory:" else os.path.abspath(path),
                timeout=self._timeout,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=_STATEMENTS_KEPT,
            )
        except sqlite3.Error as error:
            raise StorageError(f"{path} cannot be opened: {error}") from error
        super().__init__(connection, path)
        self._lock = RLock()
        self.file = None if path == ":memory:" else os.stat(path)

    def set_up(self) -> None:
        """Make or renew the schema and choose how to write; raise `StorageError` where the file is not ours."""
        self.run("PRAGMA foreign_keys = ON")
        self.run("PRAGMA synchronous = FULL")
        newest = len(schema_files("sqlite"))
        if self._identity() != (APPLICATION_ID, newest):
            with self.writing():
                self._make(newest)
        if self.name != ":memory:":
            self._write_ahead()

    def _identity(self) -> tuple[int, int]:
        ((id,),), ((version,),) = self.rows("PRAGMA application_id"), self.rows("PRAGMA user_version")
        return id, version

    def _make(self, newest: int) -> None:
        """Bring the schema to the newest version; alone, and looking again: others may have made or renewed it."""
        id, _ = self._identity()
        if self.rows("SELECT 1 FROM sqlite_master LIMIT 1") and id != APPLICATION_ID:
            raise StorageError(f"{self.name} is a SQLite database of another program, not one of tutorcore's")
        _install(self, _installed_version(self))  # The file may have been enlisted and renewed: its own number is old.
        self.run(f"PRAGMA application_id = {APPLICATION_ID}")
        self.run(f"PRAGMA user_version = {newest}")

    def _write_ahead(self) -> None:
        """Switch the file to the write-ahead log; SQLite does not wait by itself while others do the same."""
        until = monotonic() + self._timeout
        while True:
            try:
                ((mode,),) = self._connection.execute("PRAGMA journal_mode = WAL").fetchall()
            except sqlite3.Error as error:
                if not _is_busy(error) or monotonic() >= until:
                    raise self._failed(error) from error
                sleep(0.01)
                continue
            if mode != "wal":
                raise StorageError(f"{self.name} lies where SQLite cannot keep a write-ahead log")
            return

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self._alone(), self._work():
            self.run("BEGIN IMMEDIATE")
            try:
                yield
                self.run("COMMIT")
            finally:
                self._roll_back()

    @contextmanager
    def reading(self) -> Iterator[None]:
        with self._alone():
            if self.alive:
                yield  # The thread reads inside its own transaction, and sees what that has written.
                return
            self.run("BEGIN")
            try:
                yield
            finally:
                self._roll_back()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=self._timeout):
            raise StorageError(f"another thread held {self.name} for longer than {self._patience()}")
        try:
            yield
        finally:
            self._lock.release()

    def _roll_back(self) -> None:
        """Take back whatever has not been committed; SQLite may have done so by itself."""
        if self.alive:
            self.run("ROLLBACK")

    def _patience(self) -> str:
        return f"{self._timeout:g} s"

    def close(self) -> None:
        self._connection.close()
        with _OPENING:
            _OPEN_HERE.discard(self)


class _CallersConnection(_Connection):
    """A connection that belongs to somebody else, and is left as it was found."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        if not isinstance(connection, sqlite3.Connection):
            raise InvalidType("connection", connection, "a sqlite3.Connection")
        _refuse_old_sqlite()
        super().__init__(connection, "the caller's database")
        self._known = False

    def rows(self, sql: str, parameters: Parameters = NO_PARAMETERS) -> list[Row]:
        connection = self._connection
        factory = connection.text_factory
        if factory is str:
            return super().rows(sql, parameters)
        # Cursors have a row factory of their own, but texts are made by the connection's.
        connection.text_factory = str
        try:
            return super().rows(sql, parameters)
        finally:
            connection.text_factory = factory

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self.writing_anything():
            self._check_schema()
            yield

    @contextmanager
    def writing_anything(self) -> Iterator[None]:
        """The scope of `writing`, whatever tables there are."""
        self._join()
        with self._work():
            # Never the outermost: releasing an outermost savepoint would commit.
            self.run("SAVEPOINT tutorcore")
            try:
                yield
            except BaseException:
                if self.alive:
                    self.run("ROLLBACK TO SAVEPOINT tutorcore")
                    self.run("RELEASE SAVEPOINT tutorcore")
                raise
            if not self.alive:
                raise StorageError("the caller's transaction ended before what tutorcore did in it")
            self.run("RELEASE SAVEPOINT tutorcore")

    @contextmanager
    def reading(self) -> Iterator[None]:
        connection = self._connection
        if self.alive:
            self._check_schema()
            yield
            return
        # Ours, for a single view of everything; nothing is written, so that there is nothing to keep at its end.
        self.run("BEGIN")
        changes = connection.total_changes
        try:
            self._check_schema()
            yield
        finally:
            if self.alive and connection.total_changes == changes:
                self.run("ROLLBACK")

    def close(self) -> None:
        """The connection is the caller's to close."""

    def _join(self) -> None:
        """Be in the caller's transaction."""
        if self.alive:
            return
        try:
            # Since Python 3.12 `autocommit` rules where it is a bool, and the isolation level where it is not.
            autocommit, level = getattr(self._connection, "autocommit", None), self._connection.isolation_level
        except sqlite3.Error as error:
            raise self._failed(error) from error
        if autocommit is True or (level is None and autocommit is not False):
            raise StorageError("the connection is in no transaction and does not begin one by itself: BEGIN first")
        self.run("BEGIN IMMEDIATE")

    def _check_schema(self) -> None:
        if self._known:
            return
        version, newest = _installed_version(self), len(schema_files("sqlite"))
        if not version:
            raise StorageError("the caller's database has none of our tables: call install_schema(connection) first")
        refuse_newer(self.name, version, newest)
        if version < newest:
            raise StorageError(f"{self.name} has schema version {version}: call install_schema(connection) to renew it")
        self._known = True


def _installed_version(connection: _Connection) -> int:
    """The version of our tables in a database, 0 if there are none."""
    if not connection.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'tutorcore_schema'"):
        return 0
    ((version,),) = connection.rows(SCHEMA_VERSION)
    return version or 0


def _install(connection: _Connection, version: int) -> None:
    """Bring the tables from `version` to the newest one, in the transaction that is open."""
    scripts = schema_files("sqlite")
    refuse_newer(connection.name, version, len(scripts))
    for number, script in enumerate(scripts[version:], version + 1):
        for statement in statements_in(script, sqlite3.complete_statement):
            connection.run(statement)
        connection.run(ADD_SCHEMA_VERSION, {"version": number})
