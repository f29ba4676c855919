"""The SQL storage: transactions on whatever database its drivers speak to.

Between transactions it remembers compiled policies and nothing else, so a commit that fails (a full disk, say) leaves
nothing in memory that could be ahead of the database. Policies are found by the hash of their content, and are right
whatever happened; the 256 last compiled are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from tutorcore.adapters.sql.driver import Driver
from tutorcore.adapters.sql.machines import Machines
from tutorcore.adapters.sql.transaction import SqlTransaction
from tutorcore.ports.storage import Storage


class SqlStorage(Storage):
    """A marketplace in a database. Made by `open_sqlite` and its sisters, which choose the drivers.

    `writer` and `reader` may be one and the same; where they differ, reading does not wait for writers. Close it, or
    use it in a `with` block.
    """

    def __init__(self, writer: Driver, reader: Driver) -> None:
        self._writer = writer
        self._reader = reader
        self._machines = Machines()

    @contextmanager
    def transaction(self) -> Iterator[SqlTransaction]:
        with self._writer.writing():
            transaction = SqlTransaction(self._writer, self._machines)
            try:
                yield transaction
                transaction.complete()
            finally:
                transaction.end()

    @contextmanager
    def reading(self) -> Iterator[SqlTransaction]:
        with self._reader.reading():
            transaction = SqlTransaction(self._reader, self._machines)
            try:
                yield transaction
            finally:
                transaction.end()

    def close(self) -> None:
        """Close the connections that are the storage's own; a connection of the caller's stays open."""
        self._writer.close()
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
