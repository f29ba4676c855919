"""The stateful machine on the stores in the box, as twins of each other and of sweeping late and early."""

from __future__ import annotations

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.adapters.sql.storage import SqlStorage
from tutorcore.testing.machine import lessons_machine


def _sqlite() -> SqlStorage:
    return open_sqlite(":memory:")


TestMemory = lessons_machine(MemoryStorage).TestCase
TestSqliteSwept = lessons_machine(_sqlite).TestCase
TestSqliteUnswept = lessons_machine(MemoryStorage, against=_sqlite).TestCase
