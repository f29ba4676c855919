"""Databases made by earlier schemas are brought to the newest one, with everything in them."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.schemas import schema_files, statements_in
from tutorcore.adapters.sql.sqlite import enlist_sqlite, install_schema, open_sqlite
from tutorcore.adapters.sql.sqlite_files import APPLICATION_ID
from tutorcore.calendar.zones.stored_times import StoredTime
from tutorcore.errors import StorageError
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.ledger.entries import top_up
from tutorcore.lessons.lesson import Particulars, Problem, Settled
from tutorcore.lessons.projections import Clearing, Mark, Message, Reminded, claims_of, entry_of, notice_of
from tutorcore.payouts.withdrawals import Withdrawal
from tutorcore.ports.storage import AuditLine, Party, Storage, Transaction, WallTime
from tutorcore.standing.standing import Happening, Report, Standing
from tutorcore.testing.plain import Dump, dump, without
from tutorcore.testing.versions import ANN, DAY, HOUR, LESSON, NOW, TIM, TOM, lapsed, moved, requested, sample_machine

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


def _write_more(tx: Transaction) -> None:
    """Write what there has been room for since the second schema."""
    tx.put_party(Party(TOM, "Asia/Tokyo", permissions=frozenset({"meeting_provider"})))
    tx.put_schedule(TOM, "evenings")
    tx.put_reminders(LESSON, (Reminded(LESSON, 2, 0, NOW + DAY, (ANN,)), Reminded(LESSON, 2, 1, NOW + 2 * DAY, (TOM,))))
    tx.add_mark(Mark(LESSON, 2, ANN, "taught", NOW + HOUR, 2**40))
    (row, *_) = tx.take(("told",), NOW, HOUR, 1)
    tx.finish(row.sequence)


def _write_standings(tx: Transaction) -> None:
    """Write what there has been room for since the third schema."""
    cause = tx.begin(NOW + 3 * HOUR)
    raised = Standing(TIM, 1, NOW, Happening("raised"), (Report(1, "late", None, 1, (), NOW),), ())
    tx.append_standing(raised, cause)
    tx.put_withdrawal(Withdrawal("v", TIM, "applied", NOW, "ITC", 10, 1, None, None))
    tx.add_audit(AuditLine(cause, Key("k"), "d", "dismiss_report", ANN, None, NOW, 1, 0, None, TIM))


def _write_deliveries(tx: Transaction) -> None:
    """Write what there has been room for since the fourth schema."""
    (row, *_) = tx.take(("told",), NOW, HOUR, 1)
    tx.settle(row.sequence, "mail:tom", "full")


_WRITERS = {
    1: (_write,),
    2: (_write, _write_more),
    3: (_write, _write_more, _write_standings),
    4: (_write, _write_more, _write_standings, _write_deliveries),
}
"""What was written to databases of each earlier schema."""

_EACH = pytest.mark.parametrize("version", list(_WRITERS))


def _make_schema(connection: sqlite3.Connection, version: int) -> None:
    """Make the tables of an earlier schema, in a transaction."""
    connection.execute("BEGIN IMMEDIATE")
    for number, script in enumerate(schema_files("sqlite")[:version], 1):
        for statement in statements_in(script, sqlite3.complete_statement):
            connection.execute(statement)
        connection.execute("INSERT INTO tutorcore_schema (version) VALUES (?)", (number,))


def _tables(connection: sqlite3.Connection, database: str) -> list[str]:
    rows = connection.execute(f"SELECT name FROM {database}.sqlite_master WHERE type = 'table'").fetchall()
    return [name for (name,) in rows]


def _old(path: Path, version: int, *, enlisted: bool = False) -> Dump:
    """Make a database of an earlier schema with everything in it, and return what it says in the newest one."""
    source = path.with_suffix(".source")
    with open_sqlite(source) as storage:
        with storage.transaction() as tx:
            for write in _WRITERS[version]:
                write(tx)
        kept = dump(storage)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("ATTACH ? AS newest", (str(source),))
        _make_schema(connection, version)
        for table in _tables(connection, "main"):
            if table != "tutorcore_schema":
                columns = ", ".join(row[1] for row in connection.execute(f"PRAGMA main.table_info({table})"))
                connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newest.{table}")
        if not enlisted:
            connection.execute(f"PRAGMA main.application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA main.user_version = {version}")
        connection.execute("COMMIT")
        assert connection.execute("SELECT count(*) FROM main.tutorcore_outbox").fetchone() == (3,)
    source.unlink()
    return kept


_Shape: TypeAlias = tuple[int, list[int], dict[str, list[str]]]


def _shape(path: Path) -> _Shape:
    """The version that the file says it has, those that its table lists, and its tables with their columns."""
    with closing(sqlite3.connect(path)) as connection:
        ((said,),) = connection.execute("PRAGMA user_version").fetchall()
        return said, *_listed(connection)


def _listed(connection: sqlite3.Connection) -> tuple[list[int], dict[str, list[str]]]:
    listed = [version for (version,) in connection.execute("SELECT version FROM tutorcore_schema ORDER BY version")]
    columns = {
        table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        for table in _tables(connection, "main")
    }
    return listed, columns


def _expected(version: int, said: int | None = None) -> _Shape:
    """The shape of a database of that schema, which says that it has it, or another one."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        _make_schema(connection, version)
        return version if said is None else said, *_listed(connection)


_STANDING = Standing(TOM, 1, NOW, Happening("raised"), (Report(1, "late", None, 1, (), NOW),), ())


def _go_on(storage: Storage) -> list[object]:
    """Use what came with later schemas on what was there before them, and return the answers."""
    with storage.transaction() as tx:
        lesson = tx.lesson(LESSON)
        assert lesson is not None
        (version, *_) = lapsed(lesson, NOW + 900 * DAY)
        cause = tx.begin(version.at)
        tx.append(version, cause)
        tx.enqueue(Message("reminder", LESSON, version.number, (ANN,), version.at), cause)
        tx.put_party(Party(TOM, "UTC", permissions=frozenset({"meeting_provider"})))
        tx.put_schedule(TOM, "mornings")
        tx.put_busy(TOM, "choir")
        tx.put_reminders(LESSON, (Reminded(LESSON, version.number, 0, NOW + DAY, (ANN,)),))
        tx.put_wall_times([WallTime(LESSON, 2, TOM, StoredTime.of(NOW + DAY, "Asia/Tokyo"))])
        tx.add_mark(Mark(LESSON, 3, TOM, "late", NOW + DAY, 40))
        taken = tx.take(("told", "reminder"), NOW + 900 * DAY, HOUR, 9)
        tx.settle(taken[0].sequence, "mail:ann", "full")
        tx.settle(taken[0].sequence, "mail:tom")
        tx.finish(taken[0].sequence)
        following = tx.take(("told", "reminder"), NOW + 900 * DAY, HOUR, 9)
        problem = Problem(2, "student", "late", Particulars(remedy="refund"))
        tx.append(
            version._replace(number=version.number + 1, problem=problem, settled=Settled((("payer", 5),), NOW, None)),
            cause,
        )
        tx.append_standing(_STANDING, cause)
        tx.put_withdrawal(Withdrawal("w", TOM, "under_way", None, "ITC", 10, 1, NOW, None))
        tx.add_mark(Mark(LESSON, 3, ANN, "taught", NOW + DAY, 40))
        tx.reopen(following[0].sequence)
        failed = tx.outbox(failed=True)
        answers = [taken, following, failed, tx.count_marks(TOM, "late", None, NOW + 900 * DAY), tx.has_met(TOM, ANN)]
    return [*answers, dump(storage)]


def _like_new(version: int) -> list[object]:
    """What `_go_on` answers where there never was another schema."""
    storage = MemoryStorage()
    with storage.transaction() as tx:
        for write in _WRITERS[version]:
            write(tx)
    return _go_on(storage)


@_EACH
def test_a_file_of_an_earlier_schema_is_renewed_with_all_it_holds(tmp_path: Path, version: int) -> None:
    """Opening brings it to the newest schema; everything is there, with the instants of its notices, and works."""
    path = tmp_path / "lessons.db"
    kept = _old(path, version)
    before = _shape(path)
    with open_sqlite(path) as storage:
        found = dump(storage)
        answers = _go_on(storage)
    after = _shape(path)
    with open_sqlite(path) as storage:
        again = dump(storage)

    assert before == _expected(version)
    assert found == kept
    assert answers == _like_new(version)
    assert after == _expected(_NEWEST)
    assert again == answers[-1]


@_EACH
def test_a_new_file_and_a_renewed_one_are_alike(tmp_path: Path, version: int) -> None:
    """However a file came to the newest schema, its tables and indexes say the same."""
    paths = tmp_path / "old.db", tmp_path / "new.db"
    _old(paths[0], version)
    made = []
    for path in paths:
        open_sqlite(path).close()
        with closing(sqlite3.connect(path)) as connection:
            made.append(
                connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall()
            )

    assert made[0] == made[1]


@_EACH
def test_an_old_database_of_the_caller_s_asks_to_be_renewed(tmp_path: Path, version: int) -> None:
    """Until `install_schema` has renewed it, nothing is read or written; a rollback takes the renewal back."""
    path = tmp_path / "platform.db"
    kept = _old(path, version, enlisted=True)
    with closing(sqlite3.connect(path)) as connection:
        storage = enlist_sqlite(connection)
        for scope in (storage.transaction, storage.reading):
            asks = rf"has schema version {version}: call install_schema\(connection\)"
            with pytest.raises(StorageError, match=asks), scope():
                pass
        connection.rollback()
        install_schema(connection)
        within = dump(enlist_sqlite(connection))
        connection.rollback()
        taken_back = _shape(path)
        install_schema(connection)
        connection.commit()
        found = dump(storage)
        answers = _go_on(storage)
        connection.commit()

    assert within == kept
    assert taken_back == _expected(version, 0)
    assert found == kept
    assert answers == _like_new(version)
    assert _shape(path) == _expected(_NEWEST, 0)


@_EACH
def test_a_file_of_ours_can_be_renewed_by_the_caller_too(tmp_path: Path, version: int) -> None:
    """A file that was enlisted and renewed opens as ever, though its own number was left behind."""
    path = tmp_path / "lessons.db"
    kept = _old(path, version)
    with closing(sqlite3.connect(path)) as connection:
        install_schema(connection)
        connection.commit()
    between = _shape(path)

    with open_sqlite(path) as storage:
        found = dump(storage)

    assert between == _expected(_NEWEST, version)
    assert found == kept
    assert _shape(path) == _expected(_NEWEST)


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
@_EACH
def test_a_renewal_that_is_killed_leaves_the_old_schema_or_the_new_one(tmp_path: Path, version: int) -> None:
    """Whatever statement it is killed at, the file has one schema or the other, and opens with all that it held."""
    path = tmp_path / "lessons.db"
    kept = _old(path, version)
    killer = [sys.executable, "-P", "-c", _KILLER, str(path), str(tmp_path)]
    ended = subprocess.run(killer, capture_output=True, text=True, check=True)
    number, code = map(int, ended.stdout.split())
    shapes = [_shape(tmp_path / f"{each}.db") for each in range(1, number + 1)]
    found = []
    for each in range(1, number + 1):
        with open_sqlite(tmp_path / f"{each}.db") as storage:
            found.append(dump(storage))
    renewed = [_shape(tmp_path / f"{each}.db") for each in range(1, number + 1)]
    old, new = _expected(version), _expected(_NEWEST)

    assert code == 0
    assert number > 12
    assert shapes == [old] * shapes.count(old) + [new] * shapes.count(new)
    assert old in shapes
    assert new in shapes
    assert all(each == kept for each in found)
    assert all(shape == new for shape in renewed)


_RACER = """
import sys
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.ports.storage import Party
sys.stdin.read(1)
with open_sqlite(sys.argv[1]) as storage, storage.transaction() as tx:
    tx.put_party(Party(sys.argv[2], "UTC", permissions=frozenset({"meeting_provider"})))
"""


@pytest.mark.slow
@_EACH
def test_processes_that_open_an_old_file_at_once_renew_it_once(tmp_path: Path, version: int) -> None:
    """Of several processes, one renews the file and the others find it renewed; all of them can write."""
    path = tmp_path / "lessons.db"
    kept = _old(path, version)
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
    assert _shape(path) == _expected(_NEWEST)
    assert set(parties) >= {ANN, *map(PartyId, names)}
    of_parties = "parties", "schedules", "busy"
    assert without(found, *of_parties) == without(kept, *of_parties)


def test_what_was_kept_before_is_neither_permitted_nor_delivered(tmp_path: Path) -> None:
    """Parties of the first schema have no permissions, and its notices, kept at their instants, wait to be taken."""
    path = tmp_path / "lessons.db"
    _old(path, 1)

    with open_sqlite(path) as storage, storage.reading() as tx:
        party, rows = tx.party(ANN), tx.outbox()

    assert party == Party(ANN, "Europe/Berlin", frozenset({"operator"}))
    assert [(row.message.audience, row.message.at, row.attempts, row.retry_at, row.done) for row in rows] == [
        ((TOM,), NOW, 0, None, False),
        ((ANN,), NOW + HOUR, 0, None, False),
        ((ANN,), NOW + 2 * HOUR, 0, None, False),
    ]
