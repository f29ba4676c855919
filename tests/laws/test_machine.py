"""The stateful machine on the stores in the box, as twins of each other and of sweeping late and early."""

from __future__ import annotations

from hypothesis import settings

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.adapters.sql.storage import SqlStorage
from tutorcore.testing.machine import lessons_machine


def _sqlite() -> SqlStorage:
    return open_sqlite(":memory:")


TestMemory = lessons_machine(MemoryStorage).TestCase
TestSqliteSwept = lessons_machine(_sqlite).TestCase
TestSqliteUnswept = lessons_machine(MemoryStorage, against=_sqlite).TestCase

# An example is dozens of steps on two stores with every promise checked after each: fewer of them do as much.
_FEWER = settings(max_examples=max(15, settings().max_examples // 4))
TestMemory.settings = TestSqliteSwept.settings = TestSqliteUnswept.settings = _FEWER
