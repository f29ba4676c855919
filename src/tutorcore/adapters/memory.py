"""Storage in memory: for tests, simulations and programs whose marketplace lives as long as they do.

Everything is a plain dict or list, and most of it only grows, so a transaction is taken back by cutting lists to the
lengths they had; the few things that change in place (claims, clearings, parties, policies) leave a note of how to undo
them. What is found by time (deadlines, clearings) lies in heaps whose outdated items are dropped when they surface.

One lock lets one thread in at a time, readers included. Transactions do not nest; savepoints do.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Collection, Hashable, Iterable
from contextlib import AbstractContextManager
from functools import partial
from heapq import heapify, heappop, heappush
from operator import itemgetter
from threading import RLock
from types import TracebackType
from typing import Any, Final, Generic, TypeVar, cast

from tutorcore.adapters.ended import Ended
from tutorcore.errors import StorageError
from tutorcore.ids import Key, LessonId, PartyId, PolicyHash
from tutorcore.instants import EARLIEST, Instant
from tutorcore.ledger.accounts import Account
from tutorcore.ledger.book import Book, Shortfall
from tutorcore.ledger.entries import Entry
from tutorcore.lessons.lesson import LONGEST, Lesson
from tutorcore.lessons.projections import Claim, Clearing, Mark, Notice
from tutorcore.lessons.records import due_of
from tutorcore.policy.machine import Machine
from tutorcore.ports.storage import (
    AuditLine,
    Cause,
    OutboxRow,
    Party,
    PostedEntry,
    Recorded,
    Savepoint,
    Storage,
    Transaction,
)

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_NOTHING_YET: Final = Cause(0, EARLIEST)
_FEW: Final = 32


class MemoryStorage(Storage):
    """A marketplace in memory. Threads take turns; nothing survives the process."""

    def __init__(self) -> None:
        self._data = _Data()

    def transaction(self) -> AbstractContextManager[MemoryTransaction]:
        return _Transaction(self._data)

    def reading(self) -> AbstractContextManager[MemoryTransaction]:
        return MemoryTransaction(self._data)


class _Agenda(Generic[K]):
    """Things by the instant at which they are due; `live` says when each is, and an item that differs is outdated."""

    __slots__ = ("full", "heap", "live")

    def __init__(self, live: dict[K, Instant]) -> None:
        self.heap: list[tuple[Instant, K]] = []
        self.live = live
        self.full = _FEW

    def add(self, item: tuple[Instant, K]) -> None:
        heappush(self.heap, item)
        if len(self.heap) > self.full:
            self._shrink()

    def forget(self, key: K) -> None:
        """Drop what is remembered of something that is no more, and may come to be again as something else."""
        self.heap = [item for item in self.heap if item[1] != key]
        heapify(self.heap)

    def until(self, now: Instant, limit: int | None = None) -> Collection[tuple[Instant, K]]:
        """Return what is due at or before `now`, each once, or the first `limit` of it."""
        heap, live = self.heap, self.live
        if not heap or heap[0][0] > now:
            return ()
        found: set[tuple[Instant, K]] = set()
        while heap and heap[0][0] <= now and (limit is None or len(found) < limit):
            item = heappop(heap)
            if live.get(item[1]) == item[0]:
                found.add(item)
        for item in found:
            heappush(heap, item)
        return found

    def _shrink(self) -> None:
        """Drop what is outdated; doing so again only after as much growth makes it free on the average."""
        live = self.live
        self.heap = list({item for item in self.heap if live.get(item[1]) == item[0]})
        heapify(self.heap)
        self.full = 2 * len(self.heap) + _FEW


class _Data:
    """The marketplace: lists that only grow, and what is looked up in them."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.in_transaction = False
        self.undo: list[Callable[[], object]] = []
        self.cause = _NOTHING_YET
        self.audit: list[AuditLine] = []
        self.answers: dict[Key, AuditLine] = {}
        self.parties: dict[PartyId, Party] = {}
        self.machines: dict[PolicyHash, Machine] = {}
        self.versions: list[Lesson] = []
        self.causes: list[Cause] = []  # of each version
        self.heads: dict[LessonId, Lesson] = {}
        self.sequences: dict[LessonId, list[int]] = {}
        self.lessons_of: dict[PartyId, list[LessonId]] = {}
        self.dues: dict[LessonId, Instant] = {}
        self.deadlines: _Agenda[LessonId] = _Agenda(self.dues)
        self.deadlines_of: dict[PartyId, _Agenda[LessonId]] = {}
        self.agendas: dict[LessonId, tuple[_Agenda[LessonId], ...]] = {}
        self.claims: dict[LessonId, tuple[Claim, ...]] = {}
        self.engaged: dict[PartyId, list[tuple[Any, ...]]] = {}  # (start, lesson, proposal, claim), in order
        self.book = Book()
        self.entry_causes: list[Cause] = []
        self.clearings: dict[tuple[LessonId, int], Clearing] = {}
        self.clearing_dues: dict[Clearing, Instant] = {}
        self.clearing_agenda: _Agenda[Clearing] = _Agenda(self.clearing_dues)
        self.clearings_of: dict[PartyId, _Agenda[Clearing]] = {}
        self.marks: dict[tuple[PartyId, str], list[tuple[Any, ...]]] = {}  # (at, lesson, number), in order
        self.outbox: list[Notice] = []
        self.outbox_causes: list[Cause] = []  # of each notice

    def mark(self) -> tuple[Cause, int, int, int, int, int]:
        """Return the present end of everything, for `back_to`."""
        return (
            self.cause,
            len(self.undo),
            len(self.audit),
            len(self.versions),
            len(self.entry_causes),
            len(self.outbox),
        )

    def back_to(self, mark: tuple[Cause, int, int, int, int, int]) -> None:
        """Take back whatever was written since `mark`."""
        self.cause, undo, audit, versions, entries, outbox = mark
        for step in reversed(self.undo[undo:]):
            step()
        del self.undo[undo:]
        for line in self.audit[audit:]:
            if line.key is not None:
                del self.answers[line.key]
        del self.audit[audit:]
        while len(self.versions) > versions:
            self._remove_version()
        self.book.undo(entries)
        del self.entry_causes[entries:]
        del self.outbox[outbox:], self.outbox_causes[outbox:]

    def _remove_version(self) -> None:
        version = self.versions.pop()
        self.causes.pop()
        id = version.brief.id
        sequences = self.sequences[id]
        sequences.pop()
        if sequences:
            self.heads[id] = self.versions[sequences[-1] - 1]
            self.set_due(id, due_of(self.heads[id]))
        else:
            self.set_due(id, None)
            self.remove_lesson(version)

    def add_lesson(self, version: Lesson) -> None:
        """Make room for a new lesson."""
        id, parties = version.brief.id, version.brief.parties
        self.sequences[id] = []
        for party in parties:
            self.lessons_of.setdefault(party, []).append(id)
            if party not in self.deadlines_of:
                self.deadlines_of[party] = _Agenda(self.dues)
        self.agendas[id] = (self.deadlines, *(self.deadlines_of[party] for party in parties))

    def remove_lesson(self, version: Lesson) -> None:
        """Forget a lesson that has no version any more."""
        id = version.brief.id
        del self.heads[id], self.sequences[id], self.agendas[id]
        for party in version.brief.parties:
            self.lessons_of[party].pop()  # What came last goes first.
            self.deadlines_of[party].forget(id)

    def set_due(self, id: LessonId, due: Instant | None) -> None:
        """Let the lesson be found at `due`, and only then."""
        if due is None:
            self.dues.pop(id, None)
        elif self.dues.get(id) != due:
            self.dues[id] = due
            item = (due, id)
            for agenda in self.agendas[id]:
                agenda.add(item)

    def set_claims(self, lesson: LessonId, claims: tuple[Claim, ...]) -> None:
        """Replace what a lesson occupies."""
        engaged = self.engaged
        for claim in self.claims.pop(lesson, ()):
            party = engaged[claim.party]
            del party[bisect_left(party, (claim.start, lesson, claim.proposal))]
        for claim in claims:
            insort(engaged.setdefault(claim.party, []), (claim.start, lesson, claim.proposal, claim))
        if claims:
            self.claims[lesson] = claims

    def obstacle(self, lesson: LessonId, claim: Claim) -> Claim | None:
        """Return the first claim of another lesson on that person's time, or None."""
        engaged = self.engaged.get(claim.party)
        if not engaged:
            return None
        for place in range(bisect_left(engaged, (claim.start - LONGEST,)), len(engaged)):
            start, other, _, stands = engaged[place]
            if start >= claim.end:
                return None
            if other != lesson and stands.end > claim.start:
                return cast(Claim, stands)  # The rows are tuples of several lengths to bisect.
        return None

    def set_clearing(self, clearing: Clearing, present: bool) -> None:
        """Keep a clearing, or forget it."""
        key = (clearing.lesson, clearing.number)
        if not present:
            del self.clearings[key], self.clearing_dues[clearing]
            return
        self.clearings[key] = clearing
        self.clearing_dues[clearing] = clearing.due
        agenda = self.clearings_of.get(clearing.tutor)
        if agenda is None:
            agenda = self.clearings_of[clearing.tutor] = _Agenda(self.clearing_dues)
        agenda.add((clearing.due, clearing))
        self.clearing_agenda.add((clearing.due, clearing))


_ENDED: Final = cast(_Data, Ended())  # Whoever still holds a transaction that has ended is told.


class MemoryTransaction(Transaction):
    """One unit of work on a marketplace in memory; as it is, for reading."""

    def __init__(self, data: _Data) -> None:
        self._data = data

    def __enter__(self) -> MemoryTransaction:
        self._data.lock.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        lock = self._data.lock
        self._data = _ENDED
        lock.release()

    def savepoint(self) -> AbstractContextManager[MemorySavepoint]:
        return MemorySavepoint(self._data)

    def begin(self, now: Instant) -> Cause:
        data = self._data
        last = data.cause
        cause = data.cause = Cause(last.number + 1, now if now > last.recorded_at else last.recorded_at)
        return cause

    def add_audit(self, line: AuditLine) -> None:
        data = self._data
        key = line.key
        if key is not None:
            if key in data.answers:
                raise StorageError(f"the key {key!r} has been answered already")
            data.answers[key] = line
        data.audit.append(line)

    def answer(self, key: Key) -> AuditLine | None:
        return self._data.answers.get(key)

    def audit(self, lesson: LessonId | None = None) -> tuple[AuditLine, ...]:
        found = [line for line in self._data.audit if lesson is None or line.lesson == lesson]
        found.sort(key=lambda line: line.cause.number)
        return tuple(found)

    def party(self, id: PartyId) -> Party | None:
        return self._data.parties.get(id)

    def put_party(self, party: Party) -> None:
        self._put(self._data.parties, party.id, party)

    def parties(self) -> tuple[Party, ...]:
        return tuple(party for _, party in sorted(self._data.parties.items()))

    def add_policy(self, machine: Machine) -> None:
        machines = self._data.machines
        if machine.hash not in machines:
            self._put(machines, machine.hash, machine)

    def machine(self, hash: PolicyHash) -> Machine | None:
        return self._data.machines.get(hash)

    def policies(self) -> tuple[PolicyHash, ...]:
        return tuple(sorted(self._data.machines))

    def _put(self, table: dict[K, V], key: K, value: V) -> None:
        if key in table:
            self._data.undo.append(partial(table.__setitem__, key, table[key]))
        else:
            self._data.undo.append(partial(table.__delitem__, key))
        table[key] = value

    def lesson(self, id: LessonId) -> Lesson | None:
        return self._data.heads.get(id)

    def append(self, version: Lesson, cause: Cause) -> None:
        data = self._data
        id, number = version.brief.id, version.number
        last = len(data.sequences.get(id, ()))
        if number != last + 1:
            raise StorageError(f"version {number} of lesson {id} cannot follow version {last}")
        if number == 1:
            data.add_lesson(version)
        data.versions.append(version)
        data.causes.append(cause)
        data.sequences[id].append(len(data.versions))
        data.heads[id] = version
        data.set_due(id, due_of(version))

    def history(self, id: LessonId) -> tuple[Recorded, ...]:
        return tuple(self._recorded(sequence) for sequence in self._data.sequences.get(id, ()))

    def caused_by(self, key: Key) -> tuple[Recorded, ...]:
        data = self._data
        line = data.answers.get(key)
        if line is None:
            return ()
        number, last = line.cause.number, len(data.causes)
        first = bisect_left(data.causes, (number,))
        return tuple(
            self._recorded(place + 1)
            for place in range(first, min(last, bisect_left(data.causes, (number + 1,), lo=first)))
        )

    def _recorded(self, sequence: int) -> Recorded:
        return Recorded(sequence, self._data.causes[sequence - 1], self._data.versions[sequence - 1])

    def lessons(self, party: PartyId | None = None, *, over: bool | None = None) -> tuple[Lesson, ...]:
        data = self._data
        ids: Iterable[LessonId] = data.heads if party is None else data.lessons_of.get(party, ())
        found = [lesson for lesson in map(data.heads.__getitem__, ids) if over is None or lesson.over == over]
        found.sort(key=lambda lesson: (lesson.terms.start, lesson.brief.id))
        return tuple(found)

    def due(self, now: Instant, parties: Iterable[PartyId] | None = None, limit: int | None = None) -> list[LessonId]:
        data = self._data
        if parties is None:
            found = data.deadlines.until(now, limit)
        else:
            found = set()
            for party in parties:
                agenda = data.deadlines_of.get(party)
                if agenda is not None:
                    found.update(agenda.until(now, limit))
        return [id for _, id in sorted(found)[:limit]] if found else []

    def claim(self, lesson: LessonId, claims: tuple[Claim, ...]) -> Claim | None:
        data = self._data
        before = data.claims.get(lesson, ())
        if claims == before:
            return None
        for claim in claims:
            obstacle = data.obstacle(lesson, claim)
            if obstacle is not None:
                return obstacle
        data.undo.append(partial(data.set_claims, lesson, before))
        data.set_claims(lesson, tuple(dict.fromkeys(claims)))
        return None

    def claims(self, party: PartyId | None = None) -> tuple[Claim, ...]:
        data = self._data
        rows = (each for each in data.engaged.values()) if party is None else (data.engaged.get(party, []),)
        found = [row[3] for each in rows for row in each]
        found.sort(key=lambda claim: (claim.start, claim.party, claim.lesson, claim.proposal))
        return tuple(found)

    def post(self, entry: Entry, cause: Cause) -> Shortfall | None:
        answer = self._data.book.post(entry)
        if isinstance(answer, Shortfall):
            return answer
        self._data.entry_causes.append(cause)
        return None

    def balance(self, account: Account, currency: str) -> int:
        return self._data.book.balance(account, currency)

    def balances(self) -> tuple[tuple[Account, str, int], ...]:
        return tuple((account, code, minor) for (account, code), minor in self._data.book.balances().items())

    def entries(self, account: Account | None = None) -> tuple[PostedEntry, ...]:
        causes = self._data.entry_causes
        return tuple(
            PostedEntry(posted.number, causes[posted.number - 1], posted.entry)
            for posted in self._data.book.entries(account)
        )

    def add_clearing(self, clearing: Clearing) -> None:
        data = self._data
        if (clearing.lesson, clearing.number) in data.clearings:
            raise StorageError(f"the clearing of version {clearing.number} of lesson {clearing.lesson} is kept already")
        data.undo.append(partial(data.set_clearing, clearing, False))
        data.set_clearing(clearing, True)

    def due_clearings(
        self, now: Instant, tutors: Iterable[PartyId] | None = None, limit: int | None = None
    ) -> list[Clearing]:
        data = self._data
        if tutors is None:
            found = data.clearing_agenda.until(now)
        else:
            found = set()
            for tutor in tutors:
                agenda = data.clearings_of.get(tutor)
                if agenda is not None:
                    found.update(agenda.until(now))
        return [clearing for _, clearing in sorted(found)[:limit]]

    def drop_clearing(self, clearing: Clearing) -> None:
        data = self._data
        if data.clearings.get((clearing.lesson, clearing.number)) != clearing:
            raise StorageError(f"the clearing of version {clearing.number} of lesson {clearing.lesson} is not kept")
        data.undo.append(partial(data.set_clearing, clearing, True))
        data.set_clearing(clearing, False)

    def add_mark(self, mark: Mark) -> None:
        data = self._data
        marks = data.marks.setdefault((mark.party, mark.name), [])
        row = (mark.at, mark.lesson, mark.number)
        place = bisect_left(marks, row)
        if marks[place : place + 1] == [row]:
            raise StorageError(f"the mark of version {mark.number} of lesson {mark.lesson} is kept already")
        data.undo.append(partial(marks.remove, row))
        marks.insert(place, row)

    def count_marks(self, party: PartyId, name: str, since: Instant | None, until: Instant) -> int:
        marks = self._data.marks.get((party, name), [])
        first = 0 if since is None else bisect_right(marks, since, key=itemgetter(0))
        return max(bisect_right(marks, until, key=itemgetter(0)) - first, 0)

    def enqueue(self, notice: Notice, cause: Cause) -> None:
        self._data.outbox.append(notice)
        self._data.outbox_causes.append(cause)

    def outbox(self, after: int = 0, limit: int | None = None) -> tuple[OutboxRow, ...]:
        notices, causes = self._data.outbox, self._data.outbox_causes
        first = max(after, 0)
        last = len(notices) if limit is None else min(first + limit, len(notices))
        return tuple(OutboxRow(place + 1, causes[place], notices[place]) for place in range(first, last))


class _Transaction(MemoryTransaction):
    """A transaction that writes: kept when its block ends, taken back when the block raises."""

    def __enter__(self) -> MemoryTransaction:
        data = self._data
        data.lock.acquire()
        if data.in_transaction:
            data.lock.release()
            raise StorageError("this thread is in a transaction already; use its savepoint()")
        data.in_transaction = True
        self._start = data.mark()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        data = self._data
        if error is not None:
            data.back_to(self._start)
        data.undo.clear()
        data.in_transaction = False
        self._data = _ENDED
        data.lock.release()


class MemorySavepoint(Savepoint):
    """The writes since this point in a transaction."""

    def __init__(self, data: _Data) -> None:
        self._data = data

    def __enter__(self) -> MemorySavepoint:
        self._mark = self._data.mark()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.undo()

    def undo(self) -> None:
        self._data.back_to(self._mark)
