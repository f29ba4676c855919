"""How SQLite finds what it is asked for: nothing that is asked daily reads all rows of a table that only grows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tutorcore.adapters.sql import statements as sql
from tutorcore.adapters.sql.sqlite import install_schema


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """A database with our tables."""
    with closing(sqlite3.connect(":memory:")) as made:
        install_schema(made)
        yield made


def _plan(connection: sqlite3.Connection, statement: str) -> list[str]:
    """What SQLite does for a statement, step by step: SCAN reads all of a table or index, SEARCH seeks in it."""
    names = dict.fromkeys(("id", "tutor", "student", "taught", "state", "now", "limit", "after", "kind0", "kind1"))
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", names)]


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(sql.STANDING, id="a tutor's standing"),
        pytest.param(sql.STANDING_HISTORY, id="a tutor's history"),
        pytest.param(sql.HAS_MET, id="have two people met"),
        pytest.param(sql.WITHDRAWAL, id="a withdrawal"),
        pytest.param(sql.withdrawals(of_tutor=True, in_state=False), id="a tutor's withdrawals"),
        pytest.param(sql.withdrawals(of_tutor=False, in_state=True), id="withdrawals in a state"),
        pytest.param(sql.withdrawals(of_tutor=True, in_state=True), id="a tutor's withdrawals in a state"),
        pytest.param(sql.DUE, id="due lessons"),
    ],
)
def test_what_is_asked_of_somebody_is_sought(connection: sqlite3.Connection, statement: str) -> None:
    """Every step seeks in an index, and nothing is sorted afterwards."""
    plan = _plan(connection, statement)

    assert plan
    assert [step for step in plan if "SCAN" in step or "TEMP B-TREE" in step] == []


def test_open_reports_are_found_in_an_index_of_their_own(connection: sqlite3.Connection) -> None:
    """Only the tutors with open reports are gone through, in order, and each one's last standing is sought."""
    heads, standings = _plan(connection, sql.STANDINGS_WITH_OPEN_REPORTS)

    assert heads.startswith("SCAN s USING")
    assert heads.endswith("INDEX tutorcore_standings_open")
    assert standings.startswith("SEARCH v USING")


def test_whether_two_have_met_begins_with_the_student(connection: sqlite3.Connection) -> None:
    """The marks of the student's own lessons are looked through, not all those of the tutor's."""
    marks, *_ = _plan(connection, sql.HAS_MET)

    assert "SEARCH m USING PRIMARY KEY (party=? AND name=?)" in marks


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(sql.to_take(2), id="what may be taken"),
        pytest.param(sql.outbox(None, undone=False, failed=False), id="all rows from a place"),
        pytest.param(sql.outbox(None, undone=False, failed=True), id="rows with a failure"),
        pytest.param(sql.outbox(2, undone=True, failed=False), id="undone rows of some kinds"),
    ],
)
def test_the_outbox_is_sought_and_so_is_what_is_settled(connection: sqlite3.Connection, statement: str) -> None:
    """Only the rows that are wanted, which are few, are gone through; what is settled of each is sought."""
    plan = _plan(connection, statement)

    assert [step for step in plan if "SCAN" in step] == ["SCAN r"]
    assert [step for step in plan if step.startswith("SEARCH d ")] == [
        "SEARCH d USING PRIMARY KEY (sequence=?) LEFT-JOIN"
    ]
