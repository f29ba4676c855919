"""`tutorcore standing`: what waits for an agent, and how one tutor stands."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tutorcore import Marketplace, instant, load_preset
from tutorcore.adapters.sql.sqlite import enlist_sqlite, install_schema

MISSED = "itk_17_missed_requests.toml"

_WRITER = """
import sys
from datetime import timedelta
from tutorcore import Marketplace, load_preset, open_sqlite
storage = open_sqlite(sys.argv[1])
with storage.transaction() as tx:
    tx.put_party(tx.party("tom"))
    print("writing", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def missed(run: Any, examples: Path, tmp_path: Path) -> Path:
    """Return a database in which requests were missed and reports handled."""
    db = tmp_path / "missed.db"
    assert run("play", examples / MISSED, "--db", db).code == 0
    return db


@contextmanager
def writing(db: Path) -> Iterator[None]:
    """Let another process be in the middle of a transaction."""
    command = [sys.executable, "-P", "-c", _WRITER, str(db)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        yield
        writer.communicate("\n")


def test_open_reports_come_oldest_first_with_their_lessons(run: Any, missed: Path) -> None:
    """An agent sees what is to be handled, and who is under which restrictions."""
    done = run("standing", "--db", missed, "--now", "2018-02-14T09:00:30Z", "--json").document

    assert [(each["tutor"], each["number"], each["state"]) for each in done["open_reports"]] == [
        ("tom", number, "open") for number in (2, 3, 4, 5)
    ]
    assert done["open_reports"][0]["lapses"][0]["lesson"] == "itk-17-missed-requests--two"
    (tom,) = done["restricted"]
    assert (tom["tutor"], tom["restrictions"]) == ("tom", ["existing_only", "hidden", "locked"])
    assert {each["lifted_by"] for each in tom["imposed"]} == {"tutor", "operator"}


def test_the_queue_is_for_people_too(run: Any, missed: Path) -> None:
    """A report with its lessons, and each restriction once, with how it ends."""
    done = run("standing", "--db", missed, "--now", "2018-02-14T12:00:00Z")

    text = " ".join(done.out.split())
    assert "tom: report 4 of missed_request for 2018-02-12, 1 point (itk-17-missed-requests--four, Mon" in text
    assert text.count("tom: the profile is hidden until the tutor switches it back") == 2  # One of them after its week.
    assert "tom: the profile is hidden until the tutor switches it back, which may be from Mon 2018-02-19" in text


def test_one_tutor_is_shown_whole(run: Any, missed: Path) -> None:
    """Counters, reports, what is in force and how it ends, and the history with reasons and cases."""
    done = run("standing", "tom", "--db", missed, "--now", "2018-02-14T12:00:00Z")
    document = run("standing", "tom", "--db", missed, "--now", "2018-02-14T12:00:00Z", "--json").document

    history = [(each["kind"], each["actor"], each["case"]) for each in document["history"]]
    assert history[-2:] == [("recorded", "agnes", "2018-4711"), ("dismissed", "agnes", "2018-4712")]
    assert document["standing"]["counters"] == [{"counter": "missed_request", "count": 3}]
    assert [each["liftable_from"] for each in document["standing"]["imposed"]] == [None, "2018-02-19T10:00:00Z", None]
    text = " ".join(done.out.split())
    assert "which may be from Mon 2018-02-19 10:00:00Z on; since Mon 2018-02-12 10:00:00Z, by report 4 of" in text
    assert "missed_request is at 3" in text
    assert "dismissed by agnes (ill, case 2018-4711); the count is 1" in text


def test_an_earlier_instant_shows_what_was_recorded_by_then(run: Any, missed: Path) -> None:
    """Before anything was missed there is nothing; in between, only what had happened."""
    none = run("standing", "tom", "--db", missed, "--now", "2018-02-07T09:59:59Z")
    first = run("standing", "tom", "--db", missed, "--now", "2018-02-07T10:00:00Z", "--json").document

    assert none.out == "tom; now is Wed 2018-02-07 09:59:59Z\n\nnothing was ever counted\n"
    assert [each["kind"] for each in first["history"]] == ["raised"]
    assert first["standing"]["restrictions"] == []


def test_what_is_due_counts_though_nobody_has_swept(run: Any, write: Callable[[str], Path], tmp_path: Path) -> None:
    """A request that has expired since is a report already, and nothing is written by looking."""
    db = tmp_path / "due.db"
    request = (
        "[[steps]]\nat = 2026-03-26T09:00:00Z\nwho = 'ann'\ndo = 'request'\nlesson = 'l'\ntutor = 'tom'\n"
        "start = 2026-03-30T16:00:00Z\nminutes = 60\nprice = '25.0'\n"
    )
    run("play", write(request), "--db", db)
    before = db.read_bytes()

    early, late = (run("standing", "--db", db, "--now", f"2026-03-{day}T09:00:00Z", "--json") for day in (27, 28))
    one = run("standing", "tom", "--db", db, "--now", "2026-03-28T09:00:00Z", "--json").document

    assert (early.document["open_reports"], len(late.document["open_reports"])) == ([], 1)
    assert (one["standing"]["counters"], one["history"]) == ([{"counter": "missed_request", "count": 1}], [])
    assert db.read_bytes() == before


def test_nobody_is_told_so(run: Any, missed: Path, tmp_path: Path) -> None:
    """Without reports and restrictions both lists say that there are none."""
    done = run("standing", "--db", missed, "--now", "2018-02-01T00:00:00Z")

    assert done.code == 0
    assert "Open reports\n------------\n  none\n" in done.out
    assert "Under restrictions\n------------------\n  nobody\n" in done.out


def test_without_an_instant_it_is_now(run: Any, missed: Path) -> None:
    """The machine's clock says which."""
    done = run("standing", "ann", "--db", missed)

    assert done.code == 0
    assert done.out.startswith("ann; now is ")
    assert done.out.endswith("nothing was ever counted\n")


@pytest.mark.parametrize(
    ("tutor", "message"),
    [
        ("tim", "unknown party 'tim'; did you mean 'tom'?"),
        ("t\x1b[2Jm", "tutor is 't\\x1b[2Jm'; expected 1 to 64"),
        ("x" * 10_000, "expected 1 to 64"),
        ("", "expected 1 to 64"),
    ],
)
def test_an_unknown_tutor_is_refused(tutor: str, message: str, run: Any, missed: Path) -> None:
    """With whom may be meant; what steers a terminal does not reach it."""
    done = run("standing", tutor, "--db", missed)

    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert "\x1b" not in done.err


def test_an_unreadable_instant_is_refused(run: Any, missed: Path) -> None:
    """The option is named."""
    done = run("standing", "--db", missed, "--now", "yesterday", "--json")

    assert done.code == 2
    assert done.document["error"].startswith("--now is 'yesterday'; expected an instant")


# Databases


def test_the_tables_may_lie_in_an_application_s_own_database(run: Any, tmp_path: Path) -> None:
    """An application that keeps tutorcore's tables among its own can be looked at as well."""
    db = tmp_path / "application.db"
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
        install_schema(connection)
        market = Marketplace(enlist_sqlite(connection), [load_preset("italki")])
        market.add_party("ann", zone="UTC")
        market.top_up("ann", market.money("30.0", "ITC"), key="pay", now=instant("2026-03-02T10:00:00Z"))
        connection.commit()

    assert run("standing", "--db", db).code == 0
    assert "Liabilities:Students:Ann:Wallet" in run("ledger", "trial-balance", "--db", db).out


@pytest.mark.parametrize(
    "command",
    [
        ("standing",),
        ("standing", "tom"),
        ("ledger", "trial-balance"),
        ("ledger", "statement", "Assets:Bank", "--currency", "USD"),
    ],
)
@pytest.mark.parametrize("kind", ["absent", "empty", "text", "foreign", "cut short", "folder", "nowhere", "old", "nul"])
def test_what_is_no_database_of_ours_is_refused_and_left_alone(
    command: tuple[str, ...], kind: str, run: Any, examples: Path, tmp_path: Path
) -> None:
    """One clear sentence names it, nothing is made, and nothing is changed."""
    db = tmp_path / "given.db"
    if kind == "empty":
        db.touch()
    elif kind == "text":
        db.write_text("not a database at all, but long enough to look like one " * 20)
    elif kind == "foreign":
        with closing(sqlite3.connect(db)) as connection:
            connection.execute("CREATE TABLE theirs (x)")
            connection.commit()
    elif kind == "cut short":
        run("play", examples / MISSED, "--db", db)
        db.write_bytes(db.read_bytes()[:5000])
    elif kind == "folder":
        db.mkdir()
    elif kind == "nowhere":
        db = tmp_path / "missing" / "given.db"
    elif kind == "old":
        run("play", examples / MISSED, "--db", db)
        with closing(sqlite3.connect(db)) as connection:
            connection.execute("DELETE FROM tutorcore_schema WHERE version > 1")
            connection.commit()
    before = db.read_bytes() if db.is_file() else None
    name = f"{db}\0" if kind == "nul" else str(db)

    done = run(*command, "--db", name)

    assert (done.code, done.out) == (2, "")
    assert str(db) in done.err
    assert "\0" not in done.err
    assert (db.read_bytes() if db.is_file() else None) == before
    assert [path for path in tmp_path.iterdir() if path != db] == []


@pytest.mark.parametrize(
    "command",
    [
        ("standing", "tom"),
        ("standing",),
        ("ledger", "trial-balance"),
        ("ledger", "statement", "Assets:Bank", "--currency", "USD"),
    ],
)
def test_another_process_may_be_writing(command: tuple[str, ...], run: Any, missed: Path) -> None:
    """Looking does not wait for it, and sees what was there before."""
    alone = run(*command, "--db", missed, "--json")

    with writing(missed):
        beside = run(*command, "--db", missed, "--json")

    assert beside.code == 0
    assert _without_now(beside.out) == _without_now(alone.out)


def test_nothing_can_be_written_by_looking(missed: Path) -> None:
    """The connection itself refuses it."""
    from tutorcore.cli.stores import looking_at
    from tutorcore.errors import StorageError
    from tutorcore.ids import PartyId
    from tutorcore.ports.storage import Party

    with looking_at(str(missed)) as tx, pytest.raises(StorageError, match="readonly"):
        tx.put_party(Party(PartyId("eve"), "UTC"))


def _without_now(text: str) -> Any:
    document = json.loads(text)
    document.pop("now", None)
    if document.get("standing"):
        document["standing"].pop("at")
    return document
