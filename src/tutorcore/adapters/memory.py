"""Storage in memory: for tests, simulations and programs whose marketplace lives as long as they do.

Everything is a plain dict or list, and most of it only grows, so a transaction is taken back by cutting lists to the
lengths they had; the few things that change in place (claims, wall times, clearings, marks, reminders, standings,
withdrawals, deliveries, parties, policies) leave a note of how to undo them. What is found by time (deadlines,
clearings, reminders) lies in heaps whose outdated items are dropped when they surface.

One lock lets one thread in at a time, readers included. Transactions do not nest; savepoints do.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from heapq import heapify, heappop, heappush, merge
from itertools import islice
from operator import itemgetter
from threading import RLock
from types import TracebackType
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast

from tutorcore.adapters.ended import Ended
from tutorcore.calendar.agendas.slots import LONGEST
from tutorcore.errors import StorageError
from tutorcore.ids import Key, LessonId, PartyId, PolicyHash
from tutorcore.instants import EARLIEST, Instant
from tutorcore.ledger.accounts import Account
from tutorcore.ledger.book import Book, Shortfall
from tutorcore.ledger.entries import Entry
from tutorcore.lessons.lesson import Lesson
from tutorcore.lessons.projections import TAUGHT, Claim, Clearing, Mark, Message, MessageKind, Reminded
from tutorcore.lessons.records import due_of
from tutorcore.payouts.withdrawals import Withdrawal, WithdrawalState
from tutorcore.policy.machine import Machine
from tutorcore.ports.storage import (
    AuditLine,
    Cause,
    Delivery,
    OutboxRow,
    Party,
    PostedEntry,
    Recorded,
    RecordedStanding,
    Savepoint,
    Storage,
    Transaction,
    WallTime,
    begun_at,
)
from tutorcore.standing.standing import Standing, open_reports

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_NOTHING_YET: Final = Cause(0, EARLIEST)
_FEW: Final = 32


class MemoryStorage(Storage):
    """A marketplace in memory. Threads take turns; nothing survives the process."""

    def __init__(self) -> None:
        self._data = MemoryData()

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


class _Tally:
    """The marks of one name on one party, as (at, lesson, number) in order, and the running sums of their amounts."""

    __slots__ = ("rows", "sums")

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.sums = [0]

    def add(self, row: tuple[Any, ...], amount: int) -> bool:
        """Count the row, unless it is counted already."""
        if not self.rows or self.rows[-1] < row:  # Mostly what is counted is the latest.
            self.rows.append(row)
            self.sums.append(self.sums[-1] + amount)
            return True
        place = bisect_left(self.rows, row)
        if self.rows[place : place + 1] == [row]:
            return False
        self.rows.insert(place, row)
        self.sums.insert(place, self.sums[place])
        self._shift(place + 1, amount)
        return True

    def remove(self, row: tuple[Any, ...], amount: int) -> None:
        place = bisect_left(self.rows, row)
        del self.rows[place], self.sums[place]
        self._shift(place, -amount)

    def between(self, since: Instant | None, until: Instant) -> int:
        """Return the sum of what came after `since` and up to `until`."""
        first = 0 if since is None else bisect_right(self.rows, since, key=itemgetter(0))
        last = bisect_right(self.rows, until, key=itemgetter(0))
        return self.sums[last] - self.sums[first] if last > first else 0

    def _shift(self, first: int, amount: int) -> None:
        for place in range(first, len(self.sums)):
            self.sums[place] += amount


class _Progress(NamedTuple):
    """How far the delivery of an outbox row has come."""

    attempts: int = 0
    retry_at: Instant | None = None
    done: bool = False
    settled: tuple[Delivery, ...] = ()


_UNTOUCHED: Final = _Progress()


class MemoryData:
    """The marketplace: lists that only grow, and what is looked up in them."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.in_transaction = False
        self.undo: list[Callable[[], object]] = []
        self.cause = _NOTHING_YET
        self.audit: list[AuditLine] = []
        self.answers: dict[Key, AuditLine] = {}
        self.parties: dict[PartyId, Party] = {}
        self.schedules: dict[PartyId, str | None] = {}
        self.busy: dict[PartyId, str | None] = {}
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
        self.longest = timedelta(0)  # of all claims that there have been
        self.wall_times: dict[tuple[LessonId, int, PartyId], WallTime] = {}
        self.wall_times_of: defaultdict[LessonId, set[tuple[LessonId, int, PartyId]]] = defaultdict(set)
        self.book = Book()
        self.entry_causes: list[Cause] = []
        self.clearings: dict[tuple[LessonId, int], Clearing] = {}
        self.clearing_dues: dict[Clearing, Instant] = {}
        self.clearing_agenda: _Agenda[Clearing] = _Agenda(self.clearing_dues)
        self.clearings_of: dict[PartyId, _Agenda[Clearing]] = {}
        self.marks: defaultdict[tuple[PartyId, str], _Tally] = defaultdict(_Tally)
        self.reminders: dict[LessonId, dict[int, Reminded]] = {}
        self.reminder_dues: dict[tuple[LessonId, int], Instant] = {}
        self.reminder_agenda: _Agenda[tuple[LessonId, int]] = _Agenda(self.reminder_dues)
        self.standings: defaultdict[PartyId, list[RecordedStanding]] = defaultdict(list)
        self.withdrawals: dict[str, Withdrawal] = {}
        self.withdrawals_of: defaultdict[PartyId, dict[str, Withdrawal]] = defaultdict(dict)
        self.outbox: list[Message] = []
        self.outbox_causes: list[Cause] = []  # of each message
        self.progress: dict[int, _Progress] = {}  # of those that somebody took, settled or finished
        self.failed: list[int] = []  # those with a delivery that failed, in order
        self.undone: defaultdict[MessageKind, list[int]] = defaultdict(list)  # in order
        self.undone_of: defaultdict[LessonId, list[int]] = defaultdict(list)

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
        for message in self.outbox[outbox:]:  # What was done to them is taken back: they are the last of the undone.
            self.undone[message.kind].pop()
            self.undone_of[message.lesson].pop()
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
            length = claim.end - claim.start
            if length > self.longest:
                self.longest = length
        if claims:
            self.claims[lesson] = claims

    def set_wall_time(self, key: tuple[LessonId, int, PartyId], row: WallTime | None) -> None:
        """Keep what a party's clock was to show, or forget it."""
        if row is None:
            del self.wall_times[key]
            self.wall_times_of[key[0]].remove(key)
        else:
            self.wall_times[key] = row
            self.wall_times_of[key[0]].add(key)

    def obstacle(self, lesson: LessonId, claim: Claim) -> Claim | None:
        """Return the first claim of another lesson on that person's time, or None."""
        engaged = self.engaged.get(claim.party)
        if not engaged:
            return None
        for place in range(bisect_left(engaged, (claim.start - self.longest,)), len(engaged)):
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

    def set_reminders(self, lesson: LessonId, rows: dict[int, Reminded]) -> None:
        """Replace what a lesson's people are to be reminded of."""
        for position in self.reminders.pop(lesson, ()):
            del self.reminder_dues[lesson, position]
        for position, row in rows.items():
            self.reminder_dues[lesson, position] = row.at
            self.reminder_agenda.add((row.at, (lesson, position)))
        if rows:
            self.reminders[lesson] = rows

    def set_withdrawal(self, id: str, withdrawal: Withdrawal | None) -> None:
        """Replace the withdrawal with that id; None forgets it."""
        before = self.withdrawals.pop(id, None)
        if before is not None:
            del self.withdrawals_of[before.tutor][id]
        if withdrawal is not None:
            self.withdrawals[id] = self.withdrawals_of[withdrawal.tutor][id] = withdrawal

    def set_progress(self, sequence: int, progress: _Progress) -> None:
        """Replace how far the delivery of an outbox row has come."""
        message, before = self.outbox[sequence - 1], self.progress.get(sequence, _UNTOUCHED)
        self.progress[sequence] = progress
        if progress.done != before.done:
            for undone in (self.undone[message.kind], self.undone_of[message.lesson]):
                _list_or_drop(undone, sequence, not progress.done)
        if _has_failed(progress.settled) != _has_failed(before.settled):
            _list_or_drop(self.failed, sequence, _has_failed(progress.settled))

    def is_free(self, sequence: int, kinds: frozenset[MessageKind], now: Instant) -> bool:
        """Whether an undone outbox row may be taken: nobody has it, and it is its lesson's first of these kinds."""
        retry_at = self.progress.get(sequence, _UNTOUCHED).retry_at
        if retry_at is not None and retry_at > now:
            return False
        outbox = self.outbox
        theirs = self.undone_of[outbox[sequence - 1].lesson]
        return sequence == next(each for each in theirs if outbox[each - 1].kind in kinds)


def _list_or_drop(sequences: list[int], sequence: int, listed: bool) -> None:
    """Let an ordered list have a number in it, which it has not, or have it no more."""
    if listed:
        insort(sequences, sequence)
    else:
        del sequences[bisect_left(sequences, sequence)]


def _has_failed(settled: Iterable[Delivery]) -> bool:
    return any(delivery.failure is not None for delivery in settled)


_ENDED: Final = cast(MemoryData, Ended())  # Whoever still holds a transaction that has ended is told.


class MemoryTransaction(Transaction):
    """One unit of work on a marketplace in memory; as it is, for reading."""

    def __init__(self, data: MemoryData) -> None:
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

    def put_schedule(self, party: PartyId, text: str | None) -> None:
        self._put(self._data.schedules, party, text)

    def schedule(self, party: PartyId) -> str | None:
        return self._data.schedules.get(party)

    def put_busy(self, party: PartyId, text: str | None) -> None:
        self._put(self._data.busy, party, text)

    def busy(self, party: PartyId) -> str | None:
        return self._data.busy.get(party)

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
        # Mostly they are those of two people, which is seen at once; to hash all of their instants takes longer.
        is_pair = len(claims) == 2 and claims[0] != claims[1]
        data.set_claims(lesson, claims if is_pair else tuple(dict.fromkeys(claims)))
        return None

    def claims(
        self, party: PartyId | None = None, since: Instant | None = None, until: Instant | None = None
    ) -> tuple[Claim, ...]:
        if since is not None and until is not None and since >= until:
            return ()
        engaged = self._data.engaged
        found: list[Claim] = []
        for rows in engaged.values() if party is None else (engaged.get(party, []),):
            first = 0 if since is None else bisect_left(rows, (since - LONGEST,))
            last = len(rows) if until is None else bisect_left(rows, (until,))
            found += [row[3] for row in rows[first:last] if since is None or row[3].end > since]
        found.sort(key=lambda claim: (claim.start, claim.party, claim.lesson, claim.proposal))
        return tuple(found)

    def put_wall_times(self, rows: Iterable[WallTime]) -> None:
        data = self._data
        for row in rows:
            key = (row.lesson, row.proposal, row.party)
            data.undo.append(partial(data.set_wall_time, key, data.wall_times.get(key)))
            data.set_wall_time(key, row)

    def wall_times(self, lesson: LessonId | None = None, since: Instant | None = None) -> tuple[WallTime, ...]:
        data = self._data
        keys: Iterable[tuple[LessonId, int, PartyId]] = data.wall_times
        if lesson is not None:
            keys = data.wall_times_of.get(lesson, ())
        found = [data.wall_times[key] for key in keys if since is None or data.wall_times[key].start.at >= since]
        found.sort(key=lambda row: (row.start.at, row.lesson, row.proposal, row.party))
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
        tally, row = self._data.marks[mark.party, mark.name], (mark.at, mark.lesson, mark.number)
        if not tally.add(row, mark.amount):
            raise StorageError(f"the mark of version {mark.number} of lesson {mark.lesson} is kept already")
        self._data.undo.append(partial(tally.remove, row, mark.amount))

    def count_marks(self, party: PartyId, name: str, since: Instant | None, until: Instant) -> int:
        tally = self._data.marks.get((party, name))
        return 0 if tally is None else tally.between(since, until)

    def has_met(self, tutor: PartyId, student: PartyId) -> bool:
        tally, heads = self._data.marks.get((student, TAUGHT)), self._data.heads
        briefs = () if tally is None else (heads[row[1]].brief for row in tally.rows if row[1] in heads)
        return any(brief.tutor == tutor and brief.student == student for brief in briefs)

    def put_reminders(self, lesson: LessonId, rows: tuple[Reminded, ...]) -> None:
        data, wanted = self._data, {row.position: row for row in rows}
        if {row.lesson for row in rows} - {lesson} or len(wanted) < len(rows):
            raise StorageError(f"reminders of lesson {lesson} need to be its own, each with another position")
        before = data.reminders.get(lesson, {})
        if wanted != before:
            data.undo.append(partial(data.set_reminders, lesson, before))
            data.set_reminders(lesson, wanted)

    def due_reminders(
        self, now: Instant, lessons: Iterable[LessonId] | None = None, limit: int | None = None
    ) -> list[Reminded]:
        reminders = self._data.reminders
        if lessons is None:
            due = self._data.reminder_agenda.until(now, limit)
            return [reminders[lesson][position] for _, (lesson, position) in sorted(due)[:limit]]
        found = [
            row for lesson in dict.fromkeys(lessons) for row in reminders.get(lesson, {}).values() if row.at <= now
        ]
        found.sort(key=lambda row: (row.at, row.lesson, row.position))
        return found[:limit]

    def drop_reminder(self, row: Reminded) -> None:
        data = self._data
        before = data.reminders.get(row.lesson, {})
        if before.get(row.position) != row:
            raise StorageError(f"reminder {row.position} of version {row.number} of lesson {row.lesson} is not kept")
        data.undo.append(partial(data.set_reminders, row.lesson, before))
        data.set_reminders(row.lesson, {place: each for place, each in before.items() if place != row.position})

    def standing(self, tutor: PartyId) -> Standing | None:
        recorded = self._data.standings.get(tutor)
        return recorded[-1].standing if recorded else None

    def append_standing(self, standing: Standing, cause: Cause) -> None:
        recorded = self._data.standings[standing.tutor]
        if standing.number != len(recorded) + 1:
            raise StorageError(
                f"standing {standing.number} of tutor {standing.tutor} cannot follow standing {len(recorded)}"
            )
        self._data.undo.append(recorded.pop)
        recorded.append(RecordedStanding(cause, standing))

    def standing_history(self, tutor: PartyId) -> tuple[RecordedStanding, ...]:
        return tuple(self._data.standings.get(tutor, ()))

    def standings(self, *, with_open_reports: bool = False) -> tuple[Standing, ...]:
        last = [recorded[-1].standing for _, recorded in sorted(self._data.standings.items()) if recorded]
        return tuple(standing for standing in last if not with_open_reports or open_reports(standing))

    def put_withdrawal(self, withdrawal: Withdrawal) -> None:
        data, id = self._data, withdrawal.id
        data.undo.append(partial(data.set_withdrawal, id, data.withdrawals.get(id)))
        data.set_withdrawal(id, withdrawal)

    def withdrawal(self, id: str) -> Withdrawal | None:
        return self._data.withdrawals.get(id)

    def withdrawals(
        self, tutor: PartyId | None = None, *, state: WithdrawalState | None = None
    ) -> tuple[Withdrawal, ...]:
        data = self._data
        known = data.withdrawals if tutor is None else data.withdrawals_of.get(tutor, {})
        found = [each for each in known.values() if state is None or each.state == state]
        found.sort(key=lambda each: (begun_at(each), each.id))
        return tuple(found)

    def enqueue(self, message: Message, cause: Cause) -> None:
        data = self._data
        data.outbox.append(message)
        data.outbox_causes.append(cause)
        sequence = len(data.outbox)
        data.undone[message.kind].append(sequence)
        data.undone_of[message.lesson].append(sequence)

    def outbox(
        self,
        after: int = 0,
        limit: int | None = None,
        *,
        kinds: Iterable[MessageKind] | None = None,
        undone: bool = False,
        failed: bool = False,
    ) -> tuple[OutboxRow, ...]:
        data = self._data
        wanted = None if kinds is None else frozenset(kinds)
        first = max(after, 0) + 1
        every = data.failed[bisect_left(data.failed, first) :] if failed else range(first, len(data.outbox) + 1)
        rows = (self._row(sequence) for sequence in every if wanted is None or data.outbox[sequence - 1].kind in wanted)
        return tuple(islice((row for row in rows if not (undone and row.done)), limit))

    def take(self, kinds: Iterable[MessageKind], now: Instant, lease: timedelta, limit: int) -> tuple[OutboxRow, ...]:
        data, wanted, until = self._data, frozenset(kinds), now + lease
        undone = merge(*(data.undone.get(kind, ()) for kind in wanted))
        taken = tuple(islice((sequence for sequence in undone if data.is_free(sequence, wanted, now)), limit))
        for sequence in taken:
            self._go_on(sequence, attempts=data.progress.get(sequence, _UNTOUCHED).attempts + 1, retry_at=until)
        return tuple(map(self._row, taken))

    def retry(self, sequence: int, at: Instant) -> None:
        if not self._progress(sequence).done:
            self._go_on(sequence, retry_at=at)

    def finish(self, sequence: int) -> None:
        self._go_on(sequence, done=True)

    def settle(self, sequence: int, recipient: str, failure: str | None = None) -> None:
        settled = self._progress(sequence).settled
        if all(delivery.recipient != recipient for delivery in settled):
            self._go_on(sequence, settled=tuple(sorted((*settled, Delivery(recipient, failure)))))

    def reopen(self, sequence: int) -> None:
        arrived = tuple(each for each in self._progress(sequence).settled if each.failure is None)
        self._go_on(sequence, attempts=0, retry_at=None, done=False, settled=arrived)

    def _progress(self, sequence: int) -> _Progress:
        if not 0 < sequence <= len(self._data.outbox):
            raise StorageError(f"the outbox has no row {sequence}")
        return self._data.progress.get(sequence, _UNTOUCHED)

    def _go_on(self, sequence: int, **changes: Any) -> None:
        data, before = self._data, self._progress(sequence)
        data.undo.append(partial(data.set_progress, sequence, before))
        data.set_progress(sequence, before._replace(**changes))

    def _row(self, sequence: int) -> OutboxRow:
        data, place = self._data, sequence - 1
        progress = data.progress.get(sequence, _UNTOUCHED)
        return OutboxRow(sequence, data.outbox_causes[place], data.outbox[place], *progress)


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

    def __init__(self, data: MemoryData) -> None:
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
