"""The driver: what the SQL storage needs from a database, and all it knows about one.

The storage speaks portable SQL with named parameters (`:name`). A driver runs it on one connection, says when a unit of
work begins and ends, and turns the database's own errors into `StorageError`. Another database is another driver and
another folder of schema files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

Parameters: TypeAlias = Mapping[str, str | int | None]
Row: TypeAlias = tuple[Any, ...]

NO_PARAMETERS: Parameters = {}


class Driver(Protocol):
    """One connection. Every method raises `StorageError` where the database cannot do what it is asked."""

    @property
    def name(self) -> str:
        """What to call the database in messages."""

    def writing(self) -> AbstractContextManager[None]:
        """Return the scope of a unit of work that writes.

        Entering waits for other writers; leaving commits, and takes everything back if the block raises. On a
        connection of the caller's, leaving keeps the writes in the caller's transaction instead. Does not nest.
        """

    def reading(self) -> AbstractContextManager[None]:
        """Return a scope in which all reads see the same state."""

    @property
    def alive(self) -> bool:
        """Whether the unit of work still stands. A database may take all of it back by itself, as on a full disk.

        From then on until its scope is left, every statement raises `StorageError`: none may take effect by itself.
        """

    def rows(self, sql: str, parameters: Parameters = NO_PARAMETERS) -> list[Row]:
        """Run a statement and return all of its rows, as plain tuples of ints, texts and None."""

    def run(self, sql: str, parameters: Parameters = NO_PARAMETERS) -> int:
        """Run a statement that returns no rows and return how many rows it inserted, changed or deleted."""

    def run_each(self, sql: str, parameters: Iterable[Parameters]) -> int:
        """Run a statement once for each set of parameters and return how many rows that touched altogether."""

    def close(self) -> None:
        """Let go of the connection if it is the driver's own."""
