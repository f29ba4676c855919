"""The marketplace inside a transaction of the caller's, beside a table of the caller's own."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tutorcore import Marketplace, Outcome, Refused, StorageError, UnknownName, enlist_sqlite, install_schema, instant
from tutorcore.ports.storage import Storage
from tutorcore.testing.plain import Dump, dump
from tutorcore.testing.promises import broken_promises

_NOW = instant("2026-03-02T09:00:00Z")
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)

# How the caller's connection begins transactions: (arguments of `connect`, whether the caller has to say BEGIN).
_KINDS: dict[str, tuple[dict[str, Any], bool]] = {
    "legacy": ({}, False),
    "deferred": ({"isolation_level": "DEFERRED"}, False),
    "immediate": ({"isolation_level": "IMMEDIATE"}, False),
    "by hand": ({"isolation_level": None}, True),
}
if sys.version_info >= (3, 12):
    _KINDS["autocommit=False"] = ({"autocommit": False}, False)
    _KINDS["autocommit=True"] = ({"autocommit": True}, True)


class Caller:
    """Somebody with a database of his own, in which he keeps orders."""

    def __init__(self, path: Path, kind: str, open_market: Callable[[Storage], Marketplace]) -> None:
        arguments, self.has_to_begin = _KINDS[kind]
        self.path = path
        self.connection = sqlite3.connect(path, **arguments)
        self.begin()
        self.connection.execute("CREATE TABLE orders (name TEXT PRIMARY KEY, lesson TEXT)")
        install_schema(self.connection)
        self.storage = enlist_sqlite(self.connection)
        self.market = open_market(self.storage)
        self.market.top_up("ann", self.market.money("100.0", "ITC"), key="ann pays", now=_NOW)
        self.commit()
        self.begin()

    def begin(self) -> None:
        """Begin as this connection wants it to be done."""
        if self.has_to_begin:
            self.connection.execute("BEGIN")

    def commit(self) -> None:
        """Commit likewise: with autocommit=False, only the method begins the next transaction."""
        self.connection.execute("COMMIT") if self.has_to_begin else self.connection.commit()

    def roll_back(self) -> None:
        """Roll back likewise."""
        self.connection.execute("ROLLBACK") if self.has_to_begin else self.connection.rollback()

    def order(self, name: str) -> None:
        """Do some work of his own."""
        self.connection.execute("INSERT INTO orders (name) VALUES (?)", (name,))

    def ask(self, key: str, start_in: timedelta = _DAY, **arguments: Any) -> Outcome:
        """Let ann ask tom for a lesson."""
        wanted = {"student": "ann", "tutor": "tom", "duration": _HOUR, "price": "25.0", "lesson": key, **arguments}
        return self.market.request(start=_NOW + start_in, key=key, now=_NOW, **wanted)

    def others_see(self) -> tuple[list[str], list[str], list[str]]:
        """What another connection sees: orders, lessons, and keys of commands."""
        with closing(sqlite3.connect(self.path)) as other:
            queries = (
                "SELECT name FROM orders ORDER BY name",
                "SELECT id FROM tutorcore_lessons ORDER BY id",
                "SELECT key FROM tutorcore_audit WHERE key <> 'ann pays' ORDER BY key",
            )
            orders, lessons, keys = ([row[0] for row in other.execute(query)] for query in queries)
        return orders, lessons, keys

    def dump(self) -> tuple[list[tuple[Any, ...]], Dump]:
        """Everything there is, as this connection sees it."""
        return self.connection.execute("SELECT * FROM orders").fetchall(), dump(self.storage)


@pytest.fixture(params=_KINDS)
def caller(
    request: pytest.FixtureRequest, path: Path, open_market: Callable[[Storage], Marketplace]
) -> Iterator[Caller]:
    """A caller with a connection of every kind, at the beginning of a transaction; ann has 100 ITC."""
    found = Caller(path, request.param, open_market)
    yield found
    if found.connection.in_transaction:
        found.roll_back()
    assert broken_promises(found.storage) == []
    found.connection.close()


def test_a_commit_keeps_both(caller: Caller) -> None:
    """What the caller wrote and what tutorcore wrote becomes visible to others by the caller's commit, together."""
    caller.order("before")
    asked = caller.ask("l1")
    caller.order("after")
    before = caller.others_see()
    caller.commit()

    assert asked.ok
    assert before == ([], [], [])
    assert caller.others_see() == (["after", "before"], ["l1"], ["l1"])


def test_a_rollback_takes_both(caller: Caller) -> None:
    """Nothing is left of either, in the file or in any memory: the same key can be used for the same lesson again."""
    before = caller.dump()
    caller.order("mine")
    caller.ask("l1").or_raise()
    caller.market.accept("l1", by="tom", proposal=1, key="a1", now=_NOW).or_raise()
    caller.roll_back()
    caller.begin()
    after = caller.dump()
    again = caller.ask("l1", start_in=2 * _DAY)
    caller.commit()

    assert after == before
    assert again.ok
    assert not again.repeated
    assert caller.others_see() == ([], ["l1"], ["l1"])


def test_nothing_is_ever_committed(caller: Caller) -> None:
    """Whatever is done and asked, others see nothing of it before the caller's commit."""
    market = caller.market
    caller.order("mine")
    caller.ask("l1")
    caller.ask("l2")
    caller.ask("l3", start_in=3 * _DAY, student="olga")
    market.accept("l1", by="ann", proposal=1, key="not hers", now=_NOW)
    market.add_party("late", zone="Europe/Paris")
    market.top_up("ann", market.money("1.0", "ITC"), key="more", now=_NOW)
    market.sweep(now=_NOW + 2 * _DAY, key="swept")
    market.lessons(now=_NOW)
    market.trial_balance()
    with pytest.raises(UnknownName):
        market.lesson("none", now=_NOW)
    in_transaction, seen = caller.connection.in_transaction, caller.others_see()
    caller.commit()

    assert in_transaction
    assert seen == ([], [], [])
    assert caller.others_see() == (["mine"], ["l1"], ["l1", "l2", "l3", "more", "not hers", "swept/1"])


def test_a_refusal_leaves_its_audit_line(caller: Caller) -> None:
    """It is an answer: the caller commits, and the key stays answered."""
    caller.order("mine")
    refused = caller.ask("l1", price="100.1")
    caller.commit()
    caller.begin()
    again = caller.ask("l1", price="100.1")
    lines = caller.market.audit("l1")
    caller.commit()

    assert refused.refusal is not None
    assert refused.refusal.code == "insufficient_funds"
    assert again.repeated
    assert again.refusal == refused.refusal
    assert [(line.key, line.refusal) for line in lines] == [("l1", refused.refusal)]
    assert caller.others_see() == (["mine"], [], ["l1"])


def test_a_refusal_that_is_raised_takes_the_audit_line_with_it_only_if_the_caller_rolls_back(caller: Caller) -> None:
    """`or_raise` raises outside of our part: the caller decides what becomes of the transaction."""
    with pytest.raises(Refused, match="insufficient_funds"):
        caller.ask("l1", price="100.1").or_raise()
    kept = [line.key for line in caller.market.audit("l1")]
    caller.roll_back()
    caller.begin()

    assert kept == ["l1"]
    assert caller.market.audit("l1") == ()


def test_two_lessons_in_one_transaction(caller: Caller) -> None:
    """Several commands share the caller's transaction; each sees what those before it did, and all last together."""
    first = caller.ask("l1", price="60.0")
    second = caller.ask("l2", start_in=2 * _DAY, price="60.0")
    third = caller.ask("l3", tutor="tim", price="10.0")
    fourth = caller.ask("l4", start_in=2 * _DAY, price="40.0")
    before = caller.others_see()
    caller.commit()
    codes = [each.refusal and each.refusal.code for each in (first, second, third, fourth)]

    assert codes == [None, "insufficient_funds", "slot_taken", None]
    assert before == ([], [], [])
    assert caller.others_see() == ([], ["l1", "l4"], ["l1", "l2", "l3", "l4"])
    assert caller.market.wallet("ann", "ITC", now=_NOW).text == "0.0"


def test_an_error_leaves_what_the_caller_did_before(caller: Caller) -> None:
    """Misuse takes back its own traces and nothing else; the transaction goes on and can be committed."""
    caller.order("before")
    caller.ask("l1").or_raise()
    before = caller.dump()
    for verb, lesson, by in (("acept", "l1", "tom"), ("decline", "l9", "tom"), ("decline", "l1", "nobody")):
        with pytest.raises(UnknownName):
            caller.market.act(verb, lesson, by=by, key="k", now=_NOW)
        assert caller.dump() == before
    caller.market.accept("l1", by="tom", proposal=1, key="a1", now=_NOW).or_raise()
    caller.order("after")
    caller.commit()

    assert caller.others_see() == (["after", "before"], ["l1"], ["a1", "l1"])


def test_an_error_in_the_middle_of_a_command_leaves_what_was_before(caller: Caller) -> None:
    """The database refuses in the middle of our work: ours is taken back whole, the caller's work stands."""
    caller.order("before")
    caller.ask("l1").or_raise()
    caller.connection.execute(
        "CREATE TEMP TRIGGER full BEFORE INSERT ON tutorcore_audit BEGIN SELECT RAISE(ABORT, 'no more'); END"
    )
    before = caller.dump()
    with pytest.raises(StorageError, match="no more"):
        caller.market.decline("l1", by="tom", key="d1", now=_NOW)
    after = caller.dump()
    caller.connection.execute("DROP TRIGGER full")
    caller.market.decline("l1", by="tom", key="d1", now=_NOW).or_raise()
    caller.commit()

    assert after == before
    assert caller.others_see() == (["before"], ["l1"], ["d1", "l1"])


def test_a_savepoint_of_the_caller_s(caller: Caller) -> None:
    """What was done after it goes when the caller goes back to it; what was done before stays."""
    caller.ask("l1").or_raise()
    before = caller.dump()
    caller.connection.execute("SAVEPOINT tutorcore")
    caller.order("given up")
    caller.ask("l2", start_in=2 * _DAY).or_raise()
    caller.connection.execute("ROLLBACK TO SAVEPOINT tutorcore")
    caller.connection.execute("RELEASE SAVEPOINT tutorcore")
    after = caller.dump()
    caller.commit()

    assert after == before
    assert caller.others_see() == ([], ["l1"], ["l1"])


def test_a_query_of_the_caller_s_may_be_half_read(caller: Caller) -> None:
    """Rows that the caller has not fetched yet come after our commands as if nothing had been, refusals included."""
    for number in range(5):
        caller.order(f"o{number}")
    rows = caller.connection.execute("SELECT name FROM orders ORDER BY name")
    found = [next(rows)[0]]
    caller.ask("l1").or_raise()
    found.append(next(rows)[0])
    caller.ask("l2")
    with pytest.raises(UnknownName):
        caller.ask("l3", tutor="nobody")
    found += [row[0] for row in rows]
    caller.commit()

    assert found == [f"o{number}" for number in range(5)]


@pytest.mark.parametrize("kind", [kind for kind, (_, has_to_begin) in _KINDS.items() if has_to_begin])
def test_outside_of_a_transaction_nothing_is_done(
    kind: str, path: Path, open_market: Callable[[Storage], Marketplace]
) -> None:
    """A connection that begins nothing by itself must have begun: each of our statements would commit by itself."""
    caller = Caller(path, kind, open_market)
    caller.commit()
    before = caller.dump()
    with pytest.raises(StorageError, match="BEGIN first"):
        caller.ask("l1")

    assert caller.dump() == before
    assert not caller.connection.in_transaction
    caller.connection.close()


def test_others_who_write_are_waited_for_and_then_named(
    path: Path, open_market: Callable[[Storage], Marketplace]
) -> None:
    """While another connection writes, a command is a `StorageError` after the caller's own timeout, and then works."""
    caller = Caller(path, "legacy", open_market)
    caller.connection.execute("PRAGMA busy_timeout = 50")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="another writer"):
            caller.ask("l1")
        other.execute("ROLLBACK")
    in_transaction = caller.connection.in_transaction
    asked = caller.ask("l1")
    caller.connection.commit()

    assert not in_transaction
    assert asked.ok
    assert caller.others_see() == ([], ["l1"], ["l1"])
    caller.connection.close()
