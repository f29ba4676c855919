"""What a file must be before SQLite may touch it.

SQLite opens whatever it is given and may write to it by doing so: it converts journals, rolls back, moves the log into
the file. Hence the file is read as bytes first, and turned down without being opened if it is not ours, newer than this
code, cut short or torn.

    at 0    "SQLite format 3" and a zero byte
    at 16   the page size (1 means 65536)           at 28   the number of pages
    at 24   a counter of changes                    at 92   that counter when the number of pages was written
    at 60   the user version: our schema version    at 68   the application id: ours, or another program's
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from tutorcore.errors import StorageError

APPLICATION_ID: Final = 0x5475746F  # "Tuto"
_MAGIC: Final = b"SQLite format 3\x00"
_HEADER: Final = 100
# Reading all of a larger file would make opening slow; what is torn there is found when it is read.
_CHECKED_UP_TO: Final = 64 * 2**20
_LOOKS: Final = 3


class Header(NamedTuple):
    """What the first bytes of a SQLite file say."""

    application_id: int
    schema_version: int
    size: int | None
    """How many bytes the file has, or None where it does not say."""


def inspect(path: str, known_version: int) -> None:
    """Return if the file is missing, empty or ours and whole; raise `StorageError` and leave it alone otherwise."""
    try:
        with open(path, "rb") as file:
            start = file.read(_HEADER)
            size = os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    if not start:
        return
    header = read_header(path, start)
    if header.application_id != APPLICATION_ID:
        raise StorageError(f"{path} is a SQLite database of another program, not one of tutorcore's")
    refuse_newer(path, header.schema_version, known_version)
    beside = _has(f"{path}-wal") or _has(f"{path}-journal")  # A part of it may still lie there.
    if not beside and header.size is not None and size < header.size:
        raise StorageError(f"{path} is cut short: it has {size} of {header.size} bytes")
    if size <= _CHECKED_UP_TO:
        _check(path)


def read_header(path: str, start: bytes) -> Header:
    """Return what the first 100 bytes of a file say; raise `StorageError` if it is no SQLite database."""
    if not start.startswith(_MAGIC[: len(start)]):
        raise StorageError(f"{path} is not a SQLite database")
    if len(start) < _HEADER:
        raise StorageError(f"{path} is cut short: it has {len(start)} bytes, less than the header of a SQLite database")
    page_size = _number(start, 16, 2)
    pages = _number(start, 28, 4) if _number(start, 24, 4) == _number(start, 92, 4) else 0
    size = pages * (65536 if page_size == 1 else page_size)
    return Header(_number(start, 68, 4), _number(start, 60, 4), size or None)


def refuse_newer(path: str, version: int, known: int) -> None:
    """Raise `StorageError` if the schema is of a version that this code does not know."""
    if version > known:
        raise StorageError(
            f"{path} has schema version {version}, written by a newer tutorcore; this one knows up to {known}"
        )


def _number(start: bytes, at: int, size: int) -> int:
    return int.from_bytes(start[at : at + size], "big")


def _has(path: str) -> bool:
    """Whether there is such a file and something in it."""
    return os.path.exists(path) and os.path.getsize(path) > 0


def _check(path: str) -> None:
    """Let SQLite look for torn pages, without a trace and without writing."""
    if _has(f"{path}-journal"):
        return  # A transaction was cut off; what it left must be rolled back before there is anything to look at.
    for _ in range(_LOOKS):
        written = os.stat(path).st_mtime_ns
        damage = _damage(path)
        if damage is None:
            return
        if os.stat(path).st_mtime_ns == written:
            raise StorageError(f"{path} is damaged: {damage}")


def _damage(path: str) -> str | None:
    """What is wrong with the pages, or None. Looking at a file that others are writing may find anything."""
    # Without a log there is nobody to keep away from, and nothing need be put beside the file.
    options = "mode=ro" if _has(f"{path}-wal") else "mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?{options}", uri=True)) as connection:
            ((found,),) = connection.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.Error as error:
        return str(error)
    return None if found == "ok" else str(found)
