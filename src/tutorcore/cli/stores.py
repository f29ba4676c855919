"""Databases that are there already, opened to be looked at while others may be writing.

Nothing is made, renewed or written: a file that is not there, is another program's, or was last written under an older
schema is refused and left as it is. What amounts are counted in is found in the policies that the database keeps.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import attrs

from tutorcore.adapters.sql.schemas import schema_files
from tutorcore.adapters.sql.sqlite import BUSY_TIMEOUT, enlist_sqlite
from tutorcore.adapters.sql.statements import SCHEMA_VERSION
from tutorcore.errors import StorageError, UnknownName
from tutorcore.money import ISO_4217, Currencies, Money
from tutorcore.ports.storage import Transaction

_HAS_TABLES = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'tutorcore_schema'"


@contextmanager
def looking_at(path: str) -> Iterator[Transaction]:
    """Return one view of the database in a file, in which nothing can be written; raise `StorageError`.

    The file may be a marketplace's own, or an application's that keeps the tables of tutorcore among its own.
    """
    _must_be_there(path)
    try:
        # The mode keeps SQLite from making a file if somebody takes this one away meanwhile.
        connection = sqlite3.connect(
            f"{Path(path).absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=BUSY_TIMEOUT.total_seconds(),
            isolation_level=None,
        )
    except sqlite3.Error as error:
        raise StorageError(f"{path} cannot be opened: {error}") from error
    with closing(connection):
        _look_only(connection, path)
        with enlist_sqlite(connection).reading() as tx:
            yield tx


def _must_be_there(path: str) -> None:
    try:
        size = os.stat(path).st_size
    except (OSError, ValueError):  # There is none, or none can have that name.
        raise StorageError(
            f"there is no database {path}; expected one that a marketplace, or `tutorcore play FILE --db ...`, has made"
        ) from None
    if not size:
        raise StorageError(f"{path} is empty, and no database of tutorcore's")


def _look_only(connection: sqlite3.Connection, path: str) -> None:
    """Let nothing be written through a connection, to a database of the schema that is known here."""
    newest = len(schema_files("sqlite"))
    try:
        connection.execute("PRAGMA query_only = ON")
        ((has_tables,),) = connection.execute(_HAS_TABLES).fetchall()
        ((version,),) = connection.execute(SCHEMA_VERSION).fetchall() if has_tables else ((0,),)
    except sqlite3.Error as error:
        raise StorageError(f"{path} cannot be read: {error}") from error
    if not version:
        raise StorageError(f"{path} is another program's database: it has no tables of tutorcore's")
    if version > newest:
        raise StorageError(f"{path} has schema version {version}, and this tutorcore knows {newest}; use a newer one")
    if version < newest:
        raise StorageError(
            f"{path} has schema version {version}, and this only looks at {newest}; the marketplace renews it when it "
            f"opens it with this version of tutorcore"
        )


@attrs.frozen
class Amounts:
    """The currencies of a database, and how their amounts are written."""

    currencies: Currencies

    @classmethod
    def of(cls, tx: Transaction, known: Currencies = ISO_4217) -> Amounts:
        """Return those that are known and the units of every policy that the database keeps."""
        for machine in filter(None, map(tx.machine, tx.policies())):
            unit = machine.process.unit
            if unit.code not in known.codes:
                known = known.with_unit(unit.code, unit.exponent)
        return cls(known)

    def text(self, minor: int, code: str) -> str:
        """Return an amount in whole units; in minor ones where nothing says how many decimals the currency has."""
        try:
            return str(Money(minor, self.currencies.get(code)))
        except UnknownName:
            return f"{minor} minor {code}"
