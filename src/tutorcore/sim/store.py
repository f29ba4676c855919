"""The store of a run: a marketplace in memory of which nothing is kept that nobody will read.

It keeps what decides: heads of lessons, the ledger with its limits, claims on people's time, marks, clearings and
standings, all as `MemoryStorage` keeps them. It leaves out what is there for people and for other programs (audit
lines, keys, the outbox, reminders, wall times), and knows that it has one user, who keeps the versions and looks at
what is due before doing anything else.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from itertools import islice
from types import TracebackType
from typing import Final

from tutorcore.adapters.memory import MemoryData, MemorySavepoint, MemoryTransaction
from tutorcore.engine.work import Work
from tutorcore.errors import InvariantError, StorageError
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import EARLIEST, Instant
from tutorcore.ledger.entries import Entry
from tutorcore.lessons.lesson import Lesson
from tutorcore.lessons.projections import Message, Reminded
from tutorcore.lessons.records import due_of
from tutorcore.ports.storage import AuditLine, Cause

_CAUSE: Final = Cause(1, EARLIEST)


class RunStore(MemoryTransaction):
    """One endless transaction on a marketplace of its own."""

    def __init__(self) -> None:
        super().__init__(MemoryData())
        self._heads: dict[LessonId, Lesson] = self._data.heads
        self._dues: dict[LessonId, Instant] = {}
        self._deadlines: list[tuple[Instant, LessonId]] = []
        self._savepoint = _Savepoint(self)

    def soonest(self) -> Instant | None:
        """Return the next deadline of all lessons, or None."""
        deadlines, dues = self._deadlines, self._dues
        while deadlines:
            due, id = deadlines[0]
            if dues.get(id) == due:
                return due
            heappop(deadlines)  # The lesson has moved on.
        return None

    def is_behind(self, now: Instant) -> bool:
        """Return whether anything is due at `now`."""
        soonest = self.soonest()
        return (soonest is not None and soonest <= now) or bool(self._data.clearing_agenda.until(now, 1))

    def due(self, now: Instant, parties: Iterable[PartyId] | None = None, limit: int | None = None) -> list[LessonId]:
        heads, among = self._heads, None if parties is None else frozenset(parties)
        found = self._due_by(now)
        ids = (id for _, id in found if among is None or not among.isdisjoint(heads[id].brief.parties))
        return list(islice(ids, limit))

    def _due_by(self, now: Instant) -> list[tuple[Instant, LessonId]]:
        """Every deadline at or before `now`, in order."""
        deadlines, dues = self._deadlines, self._dues
        found: list[tuple[Instant, LessonId]] = []
        while deadlines and deadlines[0][0] <= now:
            item = heappop(deadlines)
            if dues.get(item[1]) == item[0] and item not in found[-1:]:
                found.append(item)
        for item in found:
            heappush(deadlines, item)
        return found

    def append(self, version: Lesson, cause: Cause) -> None:
        id = version.brief.id
        before = self._heads.get(id)
        if version.number != (1 if before is None else before.number + 1):
            raise StorageError(f"version {version.number} of lesson {id} does not follow what is kept of it")
        self._heads[id] = version
        due, dues = due_of(version), self._dues
        if due is None:
            dues.pop(id, None)
        elif dues.get(id) != due:
            dues[id] = due
            heappush(self._deadlines, (due, id))
        self._savepoint.is_settled = True

    def log(self) -> list[Entry]:
        """Return every entry of the ledger, in order."""
        return [posted.entry for posted in self._data.book.entries()]

    def due_reminders(
        self, now: Instant, lessons: Iterable[LessonId] | None = None, limit: int | None = None
    ) -> list[Reminded]:
        return []

    def savepoint(self) -> _Savepoint:
        return self._savepoint

    def begin(self, now: Instant) -> Cause:
        return _CAUSE

    def add_audit(self, line: AuditLine) -> None: ...

    def enqueue(self, message: Message, cause: Cause) -> None: ...


class _Savepoint(MemorySavepoint):
    """The writes of one attempt: money and people's time, which are what may stand against it.

    What could not be taken back has been asked of both before it is written.
    """

    def __init__(self, store: RunStore) -> None:
        super().__init__(store._data)
        self.is_settled = False

    def __enter__(self) -> _Savepoint:
        self._data.undo.clear()
        self._entries = self._data.book.mark()
        self.is_settled = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing: whatever raises here ends the whole run."""

    def undo(self) -> None:
        if self.is_settled:
            raise InvariantError("a step of a run was refused after it had been recorded")
        for step in reversed(self._data.undo):
            step()
        self._data.undo.clear()
        self._data.book.undo(self._entries)
        del self._data.entry_causes[self._entries :]


class RunWork(Work):
    """The engine's work on such a store: nobody is told anything, and mostly nothing has to be caught up with."""

    def __init__(self, store: RunStore, now: Instant) -> None:
        super().__init__(store, now)
        self._store = store

    def catch_up(self, parties: Iterable[PartyId]) -> list[Lesson]:
        return super().catch_up(parties) if self._store.is_behind(self.now) else []

    def _tell(self, before: Lesson | None, version: Lesson) -> None: ...

    def _note_clocks(self, before: Lesson | None, version: Lesson) -> None: ...
