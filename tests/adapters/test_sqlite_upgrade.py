"""Databases made by the first schema are brought to the newest one, with everything in them."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.schemas import schema_files, statements_in
from tutorcore.adapters.sql.sqlite import enlist_sqlite, install_schema, open_sqlite
from tutorcore.adapters.sql.sqlite_files import APPLICATION_ID
from tutorcore.errors import StorageError
from tutorcore.ids import LessonId, PartyId
from tutorcore.ledger.entries import top_up
from tutorcore.lessons.projections import Clearing, Mark, Message, Reminded, claims_of, entry_of, notice_of
from tutorcore.ports.storage import Party, Storage, Transaction
from tutorcore.testing.plain import Dump, dump, without
from tutorcore.testing.versions import ANN, DAY, HOUR, LESSON, NOW, TOM, lapsed, moved, requested, sample_machine

_NEWEST = len(schema_files("sqlite"))


def _write(tx: Transaction) -> None:
    """Write everything that the first schema has room for."""
    tx.add_policy(sample_machine())
    tx.put_party(Party(ANN, "Europe/Berlin", frozenset({"operator"})))
    tx.post(top_up(ANN, 1000, "ITC", effective_at=NOW, ref="test"), tx.begin(NOW))
    first = requested()
    for version in (first, moved(first, "accept", by=TOM, now=NOW + HOUR)):
        cause = tx.begin(version.at + HOUR)
        entry, notice = entry_of(version), notice_of(version)
        if entry is not None:
            tx.post(entry, cause)
        assert notice is not None
        tx.claim(LESSON, claims_of(version))
        tx.append(version, cause)
        tx.enqueue(notice, cause)
    tx.add_clearing(Clearing(LESSON, 1, TOM, "ITC", 10, NOW + DAY))
    tx.add_mark(Mark(LESSON, 1, TOM, "late", NOW))
    tx.add_mark(Mark(LESSON, 2, TOM, "late", NOW + HOUR))
    # A notice of a version that is not there has no instant but that at which it was recorded.
    tx.enqueue(Message("told", LessonId("lost"), 1, (ANN,), NOW + 2 * HOUR), tx.begin(NOW + 2 * HOUR))


def _first_schema(connection: sqlite3.Connection) -> None:
    """Make the tables of the first schema, in a transaction."""
    connection.execute("BEGIN IMMEDIATE")
    for statement in statements_in(schema_files("sqlite")[0], sqlite3.complete_statement):
        connection.execute(statement)
    connection.execute("INSERT INTO tutorcore_schema (version) VALUES (1)")


def _tables(connection: sqlite3.Connection, database: str) -> list[str]:
    rows = connection.execute(f"SELECT name FROM {database}.sqlite_master WHERE type = 'table'").fetchall()
    return [name for (name,) in rows]


def _old(path: Path, *, enlisted: bool = False) -> Dump:
    """Make a database of the first schema with everything in it, and return what it says in the newest one."""
    source = path.with_suffix(".source")
    with open_sqlite(source) as storage:
        with storage.transaction() as tx:
            _write(tx)
        kept = dump(storage)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("ATTACH ? AS newest", (str(source),))
        _first_schema(connection)
        for table in _tables(connection, "main"):
            if table != "tutorcore_schema":
                columns = ", ".join(row[1] for row in connection.execute(f"PRAGMA main.table_info({table})"))
                connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newest.{table}")
        if not enlisted:
            connection.execute(f"PRAGMA main.application_id = {APPLICATION_ID}")
            connection.execute("PRAGMA main.user_version = 1")
        connection.execute("COMMIT")
        assert connection.execute("SELECT count(*) FROM main.tutorcore_outbox").fetchone() == (3,)
    source.unlink()
    return kept


def _version(path: Path) -> tuple[int, list[int], list[str]]:
    """The version that the file says it has, those that its table lists, and the columns that came with the second."""
    with closing(sqlite3.connect(path)) as connection:
        ((said,),) = connection.execute("PRAGMA user_version").fetchall()
        listed = [version for (version,) in connection.execute("SELECT version FROM tutorcore_schema ORDER BY version")]
        columns = [row[1] for row in connection.execute("PRAGMA table_info(tutorcore_outbox)")]
        made = [
            table for table in _tables(connection, "main") if table in {"tutorcore_schedules", "tutorcore_reminders"}
        ]
    return (
        said,
        listed,
        sorted({*columns, *made} - {"sequence", "cause", "recorded_at", "lesson", "number", "audience"}),
    )


_FIRST: tuple[int, list[int], list[str]] = (1, [1], [])
_RENEWED = (
    _NEWEST,
    list(range(1, _NEWEST + 1)),
    ["at", "attempts", "done", "kind", "retry_at", "tutorcore_reminders", "tutorcore_schedules"],
)


def _go_on(storage: Storage) -> list[object]:
    """Use what came with the second schema on what was there before it, and return the answers."""
    with storage.transaction() as tx:
        lesson = tx.lesson(LESSON)
        assert lesson is not None
        (version, *_) = lapsed(lesson, NOW + 900 * DAY)
        cause = tx.begin(version.at)
        tx.append(version, cause)
        tx.enqueue(Message("reminder", LESSON, version.number, (ANN,), version.at), cause)
        tx.put_party(Party(TOM, "UTC", permissions=frozenset({"meeting_provider"})))
        tx.put_schedule(TOM, "mornings")
        tx.put_reminders(LESSON, (Reminded(LESSON, version.number, 0, NOW + DAY, (ANN,)),))
        tx.add_mark(Mark(LESSON, 3, TOM, "late", NOW + DAY, 40))
        taken = tx.take(("told", "reminder"), NOW + 900 * DAY, HOUR, 9)
        tx.finish(taken[0].sequence)
        following = tx.take(("told", "reminder"), NOW + 900 * DAY, HOUR, 9)
        answers = [taken, following, tx.count_marks(TOM, "late", None, NOW + 900 * DAY)]
    return [*answers, dump(storage)]


def _like_new() -> list[object]:
    """What `_go_on` answers where there never was another schema."""
    storage = MemoryStorage()
    with storage.transaction() as tx:
        _write(tx)
    return _go_on(storage)


def test_a_file_of_the_first_schema_is_renewed_with_all_it_holds(tmp_path: Path) -> None:
    """Opening brings it to the newest schema; everything is there, with the instants of its notices, and works."""
    path = tmp_path / "lessons.db"
    kept = _old(path)
    before = _version(path)
    with open_sqlite(path) as storage:
        found = dump(storage)
        answers = _go_on(storage)
    after = _version(path)
    with open_sqlite(path) as storage:
        again = dump(storage)

    assert before == _FIRST
    assert found == kept
    assert answers == _like_new()
    assert after == _RENEWED
    assert again == answers[-1]


def test_a_new_file_and_a_renewed_one_are_alike(tmp_path: Path) -> None:
    """However a file came to the newest schema, its tables and indexes say the same."""
    paths = tmp_path / "old.db", tmp_path / "new.db"
    _old(paths[0])
    made = []
    for path in paths:
        open_sqlite(path).close()
        with closing(sqlite3.connect(path)) as connection:
            made.append(
                connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall()
            )

    assert made[0] == made[1]


def test_an_old_database_of_the_caller_s_asks_to_be_renewed(tmp_path: Path) -> None:
    """Until `install_schema` has renewed it, nothing is read or written; a rollback takes the renewal back."""
    path = tmp_path / "platform.db"
    kept = _old(path, enlisted=True)
    with closing(sqlite3.connect(path)) as connection:
        storage = enlist_sqlite(connection)
        for scope in (storage.transaction, storage.reading):
            with pytest.raises(StorageError, match=r"has schema version 1: call install_schema\(connection\)"), scope():
                pass
        connection.rollback()
        install_schema(connection)
        within = dump(enlist_sqlite(connection))
        connection.rollback()
        taken_back = _version(path)
        install_schema(connection)
        connection.commit()
        found = dump(storage)
        answers = _go_on(storage)
        connection.commit()

    assert within == kept
    assert taken_back == (0, [1], [])
    assert found == kept
    assert answers == _like_new()
    assert _version(path) == (0, *_RENEWED[1:])


def test_a_file_of_ours_can_be_renewed_by_the_caller_too(tmp_path: Path) -> None:
    """A file that was enlisted and renewed opens as ever, though its own number was left behind."""
    path = tmp_path / "lessons.db"
    kept = _old(path)
    with closing(sqlite3.connect(path)) as connection:
        install_schema(connection)
        connection.commit()
    between = _version(path)

    with open_sqlite(path) as storage:
        found = dump(storage)

    assert between == (1, *_RENEWED[1:])
    assert found == kept
    assert _version(path) == _RENEWED


# Every connection counts what it runs, and ends the process before a certain statement: before the first in 1.db, and
# so on, until nothing is left to be killed.
_KILLER = """
import os, shutil, sqlite3, sys
from tutorcore.adapters.sql.sqlite import open_sqlite

def counting(*arguments, connect=sqlite3.connect, **options):
    connection = connect(*arguments, **options)
    connection.set_trace_callback(count)
    return connection

def count(statement):
    global left
    left -= 1
    if not left:
        os._exit(9)

sqlite3.connect = counting
old, folder = sys.argv[1:]
number, code = 0, 9
while code == 9:
    number += 1
    left, path = number, os.path.join(folder, f"{number}.db")
    shutil.copy(old, path)
    child = os.fork()
    if not child:
        open_sqlite(path).close()
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(number, code)
"""


@pytest.mark.slow
def test_a_renewal_that_is_killed_leaves_the_old_schema_or_the_new_one(tmp_path: Path) -> None:
    """Whatever statement it is killed at, the file has one schema or the other, and opens with all that it held."""
    path = tmp_path / "lessons.db"
    kept = _old(path)
    killer = [sys.executable, "-P", "-c", _KILLER, str(path), str(tmp_path)]
    ended = subprocess.run(killer, capture_output=True, text=True, check=True)
    number, code = map(int, ended.stdout.split())
    versions = [_version(tmp_path / f"{each}.db") for each in range(1, number + 1)]
    found = []
    for each in range(1, number + 1):
        with open_sqlite(tmp_path / f"{each}.db") as storage:
            found.append(dump(storage))
    renewed = [_version(tmp_path / f"{each}.db") for each in range(1, number + 1)]

    assert code == 0
    assert number > 15
    assert set(map(str, versions)) == {str(_FIRST), str(_RENEWED)}
    assert versions == sorted(versions)
    assert all(each == kept for each in found)
    assert all(version == _RENEWED for version in renewed)


_RACER = """
import sys
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.ports.storage import Party
sys.stdin.read(1)
with open_sqlite(sys.argv[1]) as storage, storage.transaction() as tx:
    tx.put_party(Party(sys.argv[2], "UTC", permissions=frozenset({"meeting_provider"})))
"""


def test_processes_that_open_an_old_file_at_once_renew_it_once(tmp_path: Path) -> None:
    """Of several processes, one renews the file and the others find it renewed; all of them can write."""
    path = tmp_path / "lessons.db"
    kept = _old(path)
    names = [f"p{number}" for number in range(4)]
    racers = [
        subprocess.Popen([sys.executable, "-P", "-c", _RACER, str(path), name], stdin=subprocess.PIPE) for name in names
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write(b"!")
        racer.stdin.close()
    codes = [racer.wait(60) for racer in racers]
    with open_sqlite(path) as storage:
        found = dump(storage)
        with storage.reading() as tx:
            parties = [party.id for party in tx.parties()]

    assert codes == [0] * 4
    assert _version(path) == _RENEWED
    assert parties == [ANN, *map(PartyId, names)]
    assert without(found, "parties", "schedules") == without(kept, "parties", "schedules")


def test_what_was_kept_before_is_neither_permitted_nor_delivered(tmp_path: Path) -> None:
    """Parties of the first schema have no permissions, and its notices, kept at their instants, wait to be taken."""
    path = tmp_path / "lessons.db"
    _old(path)

    with open_sqlite(path) as storage, storage.reading() as tx:
        party, rows = tx.party(ANN), tx.outbox()

    assert party == Party(ANN, "Europe/Berlin", frozenset({"operator"}))
    assert [(row.message.audience, row.message.at, row.attempts, row.retry_at, row.done) for row in rows] == [
        ((TOM,), NOW, 0, None, False),
        ((ANN,), NOW + HOUR, 0, None, False),
        ((ANN,), NOW + 2 * HOUR, 0, None, False),
    ]
