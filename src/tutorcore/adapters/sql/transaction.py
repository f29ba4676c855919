"""One unit of work in a database: the storage port in terms of rows.

Knows what the columns mean and which statements change them; the statements themselves are in `statements`, the plain
form of a version in `tutorcore.lessons.records`, and everything about one particular database in its driver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import batched, groupby
from typing import Any, Final, cast

from tutorcore.adapters.ended import Ended
from tutorcore.adapters.sql import statements as sql
from tutorcore.adapters.sql.driver import Driver, Parameters, Row
from tutorcore.adapters.sql.machines import Machines
from tutorcore.errors import InvariantError, StorageError
from tutorcore.ids import Key, LessonId, PartyId, PolicyHash
from tutorcore.instants import EARLIEST, Instant, from_micros, to_micros
from tutorcore.ledger.accounts import LIMITED, Account, natural, parse_account
from tutorcore.ledger.book import Shortfall
from tutorcore.ledger.entries import Entry
from tutorcore.lessons.lesson import LONGEST, Brief, Lesson
from tutorcore.lessons.projections import Claim, Clearing, Notice
from tutorcore.lessons.records import (
    BriefRecord,
    Record,
    brief_of,
    brief_record,
    decode,
    due_of,
    encode,
    lesson_of,
    lesson_record,
    refusal_facts,
    refusal_of,
)
from tutorcore.policy.codec import dump_process
from tutorcore.policy.machine import Machine
from tutorcore.ports.storage import AuditLine, Cause, OutboxRow, Party, PostedEntry, Recorded

_BRIEF: Final = len(BriefRecord._fields)
_WHOLE: Final = _BRIEF + len(Record._fields)
_NOTHING_YET: Final = Cause(0, EARLIEST)


class SqlTransaction:
    """One unit of work. Its driver has begun it and will end it."""

    def __init__(self, driver: Driver, machines: Machines) -> None:
        self._driver = driver
        self._machines = machines
        self._cause: Cause | None = None  # The last one, once known.
        self._written = 0  # The cause of the last audit row that this transaction wrote.
        self._depth = 0

    def finish(self) -> None:
        """Keep the count of causes that answered nobody; the next transaction continues from the last audit row."""
        cause = self._cause
        if cause is not None and cause.number > self._written and self._counted:
            self._driver.run(sql.ADD_CAUSE, _cause(cause))

    def end(self) -> None:
        """Let nobody use this transaction any more."""
        self._driver = cast(Driver, Ended())  # It raises whatever is asked of it.
