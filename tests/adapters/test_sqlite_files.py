from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.adapters.sql.sqlite_files import APPLICATION_ID
from tutorcore.errors import InvalidValue, StorageError
from tutorcore.ids import PartyId
from tutorcore.instants import instant
from tutorcore.lessons.records import lesson_record
from tutorcore.ports.storage import Party
from tutorcore.testing.versions import LESSON, requested, sample_machine

_NOW = instant("2026-03-02T09:00:00Z")


def _ours(path: Path) -> bytes:
    """Make a marketplace of a few pages and return its bytes."""
    with open_sqlite(path) as storage, storage.transaction() as tx:
        tx.add_policy(sample_machine())
        tx.append(requested(), tx.begin(_NOW))
        for number in range(200):
            tx.put_party(Party(PartyId(f"p{number}"), "Europe/Berlin"))
    return path.read_bytes()


def _foreign(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def _overwrite(path: Path, at: int, new: bytes) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:at] + new + content[at + len(new) :])


def _cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def _someone_s_text(path: Path) -> None:
    path.write_text("Dear diary, I am not a database. " * 40)


def _someone_s_tables(path: Path) -> None:
    _foreign(path, "CREATE TABLE songs (name TEXT)")


def _someone_s_log(path: Path) -> None:
    _foreign(path, "PRAGMA journal_mode = WAL", "CREATE TABLE songs (name TEXT)")


def _someone_s_program(path: Path) -> None:
    _foreign(path, "PRAGMA application_id = 77", "CREATE TABLE tutorcore_schema (version INTEGER)")


def _someone_s_empty_database(path: Path) -> None:
    _foreign(path, "PRAGMA user_version = 5")


def _newer(path: Path) -> None:
    _ours(path)
    _foreign(path, "PRAGMA user_version = 999", "PRAGMA journal_mode = DELETE")


def _a_few_bytes(path: Path) -> None:
    path.write_bytes(b"SQLite for")


def _short_header(path: Path) -> None:
    _ours(path)
    _cut(path, 99)


def _lost_tail(path: Path) -> None:
    _cut(path, len(_ours(path)) // 4096 // 2 * 4096)


def _lost_byte(path: Path) -> None:
    _cut(path, len(_ours(path)) - 1)


def _torn_page(path: Path) -> None:
    _ours(path)
    _overwrite(path, 4096, b"\xa5" * 4096)


def _torn_schema(path: Path) -> None:
    _ours(path)
    _overwrite(path, 100, b"\x00" * 3996)


_BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (_someone_s_text, "not a SQLite database"),
    "tables": (_someone_s_tables, "of another program"),
    "write-ahead log": (_someone_s_log, "of another program"),
    "program": (_someone_s_program, "of another program"),
    "empty database": (_someone_s_empty_database, "of another program"),
    "newer": (_newer, "schema version 999, written by a newer tutorcore; this one knows up to 5"),
    "a few bytes": (_a_few_bytes, "cut short: it has 10 bytes"),
    "short header": (_short_header, "cut short: it has 99 bytes"),
    "lost tail": (_lost_tail, "cut short: it has"),
    "lost byte": (_lost_byte, "cut short: it has"),
    "torn page": (_torn_page, "damaged"),
    "torn schema": (_torn_schema, "damaged"),
}


@pytest.mark.parametrize("name", _BAD)
def test_a_file_that_is_not_ours_or_not_whole_is_left_alone(name: str, tmp_path: Path) -> None:
    """Opening it is an error that names the file and what is wrong; not a byte is changed, no file is added."""
    make, message = _BAD[name]
    path = tmp_path / "some.db"
    make(path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    with pytest.raises(StorageError) as caught:
        open_sqlite(path)

    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A path that names a folder is an error that says so."""
    with pytest.raises(StorageError, match=r"cannot be read: Is a directory"):
        open_sqlite(tmp_path)


def test_the_folder_must_be_there(tmp_path: Path) -> None:
    """Where there is no folder, no file can be made."""
    with pytest.raises(StorageError, match=r"missing.*cannot be opened: unable to open database file"):
        open_sqlite(tmp_path / "missing" / "some.db")


@pytest.mark.parametrize("path", ["", Path()])
def test_a_file_has_a_name(path: str | Path) -> None:
    """An empty name would be a temporary file that nobody finds again."""
    with pytest.raises((InvalidValue, StorageError)):
        open_sqlite(path)


@pytest.mark.parametrize("timeout", [timedelta(microseconds=-1), timedelta(days=2)])
def test_the_timeout_is_checked(timeout: timedelta, tmp_path: Path) -> None:
    """A timeout is from nothing to a day."""
    with pytest.raises(InvalidValue, match="busy_timeout"):
        open_sqlite(tmp_path / "some.db", busy_timeout=timeout)


def test_an_empty_file_becomes_a_marketplace(tmp_path: Path) -> None:
    """A file without a byte, as `mktemp` makes it, is as good as none."""
    path = tmp_path / "some.db"
    path.touch()

    with open_sqlite(path) as storage, storage.reading() as tx:
        assert tx.parties() == ()


def test_what_was_kept_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    """A closed file is one file, says whose it is, and holds every version and the whole policy, account rules too."""
    path = tmp_path / "some.db"
    _ours(path)

    with closing(sqlite3.connect(path)) as connection:
        (id,), (version,) = (
            connection.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
        )
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    with open_sqlite(path) as storage, storage.reading() as tx:
        found = tx.lesson(LESSON)

    assert (id, version, mode) == (APPLICATION_ID, 5, "wal")
    assert found is not None
    assert lesson_record(found) == lesson_record(requested())
    assert found.machine.process == sample_machine().process
    assert found.machine.process.account.counters
    assert os.listdir(tmp_path) == ["some.db"]


def test_opening_a_file_writes_nothing_to_it(tmp_path: Path) -> None:
    """A file that has its schema is not changed by opening, reading and closing it."""
    path = tmp_path / "some.db"
    before = _ours(path)

    with open_sqlite(path) as storage, storage.reading() as tx:
        tx.parties()

    assert path.read_bytes() == before


def test_the_schema_version_stands_in_a_table_too(tmp_path: Path) -> None:
    """Where the file's own numbers are somebody else's, a table says which schema is installed."""
    path = tmp_path / "some.db"
    _ours(path)

    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT version FROM tutorcore_schema").fetchall()

    assert found == [(1,), (2,), (3,), (4,), (5,)]


def test_damage_found_later_is_named_too(tmp_path: Path) -> None:
    """A version that was tampered with is an error when it is read, and the rest can still be read."""
    path = tmp_path / "some.db"
    _ours(path)
    _foreign(path, "UPDATE tutorcore_versions SET step = 'nonsense'")

    with open_sqlite(path) as storage, storage.reading() as tx:
        with pytest.raises(StorageError, match=r"some\.db holds a version of lesson l1 that cannot be read"):
            tx.lesson(LESSON)
        found = tx.due(requested().at + timedelta(days=9))

    assert found == [LESSON]


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE tutorcore_policies SET process = process || ' '", "is not what was stored"),
        ("DELETE FROM tutorcore_policies", "refers to a policy .* that it does not hold"),
    ],
)
def test_a_policy_is_what_its_hash_says(statement: str, message: str, tmp_path: Path) -> None:
    """A lesson whose policy was changed or removed cannot be loaded under another one."""
    path = tmp_path / "some.db"
    _ours(path)
    _foreign(path, statement)

    with open_sqlite(path) as storage, storage.reading() as tx, pytest.raises(StorageError, match=message):
        tx.lesson(LESSON)


def test_overlapping_claims_are_refused_whoever_writes(tmp_path: Path) -> None:
    """The database itself refuses them: on inserting, on replacing, and when a claim is moved or changes hands."""
    path = tmp_path / "some.db"
    _ours(path)
    insert = (
        "INTO tutorcore_claims (party, starts, lesson, proposal, ends, slot) VALUES ('tom', {}, '{}', 1, {}, 'firm')"
    )
    _foreign(path, f"INSERT {insert.format(1000, 'a', 2000)}", f"INSERT {insert.format(2000, 'b', 3000)}")

    for statement in (
        f"INSERT {insert.format(1999, 'c', 2000)}",
        f"INSERT OR REPLACE {insert.format(500, 'c', 4000)}",
        f"INSERT OR IGNORE {insert.format(500, 'c', 4000)}",
        "UPDATE tutorcore_claims SET ends = 2001 WHERE lesson = 'a'",
        "UPDATE tutorcore_claims SET starts = 1999 WHERE lesson = 'b'",
        "UPDATE OR REPLACE tutorcore_claims SET starts = 1000, ends = 2000, lesson = 'c' WHERE lesson = 'b'",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="tutorcore: overlapping claims"):
            _foreign(path, statement)
    _foreign(path, "UPDATE tutorcore_claims SET starts = 1500, lesson = 'c' WHERE lesson = 'a'")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO tutorcore_balances (account, currency, balance) VALUES ('a', 'USD', -1)",
        "INSERT INTO tutorcore_balances (account, currency, balance) VALUES ('a', 'USD', 'much')",
        "INSERT INTO tutorcore_claims (party, starts, lesson, proposal, ends, slot) VALUES ('a', 5, 'l', 1, 5, 'firm')",
        "INSERT INTO tutorcore_claims (party, starts, lesson, proposal, ends, slot)"
        " VALUES ('a', 5, 'l', 1, 604800000006, 'firm')",
        "INSERT INTO tutorcore_claims (party, starts, lesson, proposal, ends, slot) VALUES ('a', 5, 'l', 1, 6, 'none')",
        "UPDATE tutorcore_lessons SET is_over = 2",
        "UPDATE tutorcore_versions SET number = 0",
    ],
)
def test_tables_refuse_what_cannot_be(statement: str, tmp_path: Path) -> None:
    """Overdrawn balances, values of another type, and claims that end before they begin or last too long."""
    path = tmp_path / "some.db"
    _ours(path)

    with pytest.raises(sqlite3.IntegrityError):
        _foreign(path, statement)


def test_a_log_beside_the_file_belongs_to_it(tmp_path: Path) -> None:
    """A file whose last writer was killed is whole together with its log, and damage is found there as well."""
    path = tmp_path / "some.db"
    _ours(path)
    program = (
        "import os, sys\n"
        "from tutorcore.adapters.sql.sqlite import open_sqlite; from tutorcore.ports.storage import Party\n"
        "storage = open_sqlite(sys.argv[1])\n"
        "with storage.transaction() as tx: tx.put_party(Party('late', 'UTC'))\n"
        "os._exit(9)"
    )
    killed = subprocess.run([sys.executable, "-P", "-c", program, str(path)], check=False)
    whole = {name: (tmp_path / name).read_bytes() for name in ("some.db", "some.db-wal")}
    with open_sqlite(path) as storage, storage.reading() as tx:
        found = tx.party(PartyId("late"))
    for name, content in whole.items():
        (tmp_path / name).write_bytes(content)
    _overwrite(path, 4096 * 3, b"\xa5" * 4096)
    torn = path.read_bytes()

    assert killed.returncode == 9
    assert whole["some.db-wal"]
    assert found == Party(PartyId("late"), "UTC")
    with pytest.raises(StorageError, match="damaged"):
        open_sqlite(path)
    assert path.read_bytes() == torn


def test_several_processes_may_make_one_file(tmp_path: Path) -> None:
    """Processes that open a new file at once all get the same marketplace."""
    path = tmp_path / "some.db"
    program = (
        "import sys; from tutorcore.adapters.sql.sqlite import open_sqlite; from tutorcore.ports.storage import Party\n"
        "sys.stdin.read(1)\n"
        "with open_sqlite(sys.argv[1]) as storage, storage.transaction() as tx: tx.put_party(Party(sys.argv[2], 'UTC'))"
    )
    racers = [
        subprocess.Popen([sys.executable, "-P", "-c", program, str(path), f"p{number}"], stdin=subprocess.PIPE)
        for number in range(4)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write(b"!")
        racer.stdin.close()
    codes = [racer.wait(60) for racer in racers]
    with open_sqlite(path) as storage, storage.reading() as tx:
        found = [party.id for party in tx.parties()]

    assert codes == [0, 0, 0, 0]
    assert found == ["p0", "p1", "p2", "p3"]
