"""The storage contract, on every storage in the box."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.sqlite import enlist_sqlite, install_schema, open_sqlite
from tutorcore.ports.storage import Storage
from tutorcore.testing.contracts import StorageContract


class TestMemory(StorageContract):
    """In memory."""

    def make_storage(self) -> Storage:
        return MemoryStorage()


class TestSqliteFile(StorageContract):
    """A SQLite file of the storage's own."""

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make_storage(self) -> Storage:
        return open_sqlite(self.folder / "lessons.db")


class TestSqliteInMemory(StorageContract):
    """A SQLite database in memory."""

    def make_storage(self) -> Storage:
        return open_sqlite(":memory:")


class TestEnlistedSqlite(StorageContract):
    """A connection of the caller's that begins by itself and is never committed."""

    def make_connection(self) -> sqlite3.Connection:
        return sqlite3.connect(":memory:")

    def make_storage(self) -> Storage:
        self.connection = self.make_connection()
        install_schema(self.connection)
        return enlist_sqlite(self.connection)

    def close_storage(self, storage: Storage) -> None:
        self.connection.close()


class TestEnlistedSqliteWithFactories(TestEnlistedSqlite):
    """A connection of the caller's that returns rows and texts in its own way, inside the caller's BEGIN."""

    def make_connection(self) -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.text_factory = bytes
        connection.execute("BEGIN")
        return connection
