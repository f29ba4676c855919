"""One unit of work in a database: the storage port in terms of rows.

Knows what the columns mean and which statements change them; the statements themselves are in `statements`, the plain
form of a version in `tutorcore.lessons.records`, and everything about one particular database in its driver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Final, cast

from tutorcore.adapters.ended import Ended
from tutorcore.adapters.sql import statements as sql
from tutorcore.adapters.sql.driver import Driver, Parameters, Row
from tutorcore.adapters.sql.machines import Machines
from tutorcore.calendar.agendas.slots import LONGEST
from tutorcore.calendar.zones.stored_times import StoredTime
from tutorcore.errors import InvariantError, StorageError
from tutorcore.ids import Key, LessonId, PartyId, PolicyHash
from tutorcore.instants import EARLIEST, MICROSECOND, Instant, from_micros, to_micros
from tutorcore.ledger.accounts import LIMITED, Account, natural, parse_account
from tutorcore.ledger.book import Shortfall
from tutorcore.ledger.entries import Entry
from tutorcore.lessons.lesson import Brief, Lesson
from tutorcore.lessons.projections import TAUGHT, Claim, Clearing, Mark, Message, MessageKind, Reminded
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
from tutorcore.payouts.withdrawals import Withdrawal, WithdrawalState
from tutorcore.policy.explicit import dump_process
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
    Transaction,
    WallTime,
    begun_at,
)
from tutorcore.standing.records import standing_of, standing_record
from tutorcore.standing.standing import Standing, open_reports

_BRIEF: Final = len(BriefRecord._fields)
_WHOLE: Final = _BRIEF + len(Record._fields)
_NOTHING_YET: Final = Cause(0, EARLIEST)
_REACH: Final = LONGEST // MICROSECOND


class SqlTransaction(Transaction):
    """One unit of work. Its driver has begun it and will end it."""

    def __init__(self, driver: Driver, machines: Machines) -> None:
        self._driver = driver
        self._machines = machines
        self._last: Cause | None = None  # The last cause, once it has been looked up.
        self._begun = 0  # The number of the last cause begun here,
        self._written = 0  # and of that in the last audit row written here.
        self._depth = 0

    def complete(self) -> None:
        """Keep the count of a cause that answered nobody: the next one continues from the last audit row."""
        if self._last is not None and self._begun > self._written:
            self._driver.run(sql.ADD_CAUSE, _cause(self._last))

    def end(self) -> None:
        """Let nobody use this transaction any more."""
        self._driver = cast(Driver, Ended())  # It raises whatever is asked of it.

    @contextmanager
    def savepoint(self) -> Iterator[SqlSavepoint]:
        driver = self._driver
        self._depth += 1
        point = SqlSavepoint(self, driver, f"tutorcore_{self._depth}")
        driver.run(f"SAVEPOINT {point.name}")
        try:
            yield point
        except BaseException:
            if driver.alive:
                point.undo()
                driver.run(f"RELEASE SAVEPOINT {point.name}")
            raise
        else:
            driver.run(f"RELEASE SAVEPOINT {point.name}")
        finally:
            self._depth -= 1

    def mark(self) -> tuple[Cause | None, int, int]:
        """Return what is remembered of causes, for `back_to`."""
        return self._last, self._begun, self._written

    def back_to(self, mark: tuple[Cause | None, int, int]) -> None:
        """Forget the causes since `mark`, whose rows have been taken back."""
        self._last, self._begun, self._written = mark

    def begin(self, now: Instant) -> Cause:
        last = self._last
        if last is None:
            found = self._driver.rows(sql.LAST_CAUSE)
            last = _cause_of(*found[0]) if found else _NOTHING_YET
        cause = Cause(last.number + 1, max(now, last.recorded_at))
        self._last, self._begun = cause, cause.number
        return cause

    def add_audit(self, line: AuditLine) -> None:
        refusal = line.refusal
        row = {
            **_cause(line.cause),
            "key": line.key,
            "digest": line.digest,
            "verb": line.verb,
            "actor": line.actor,
            "lesson": line.lesson,
            "at": to_micros(line.at),
            "first_version": line.first,
            "last_version": line.last,
            "refusal": None if refusal is None else refusal.code,
            "facts": None if refusal is None else refusal_facts(refusal),
            "subject": line.subject,
        }
        if not self._driver.run(sql.ADD_AUDIT, row):
            raise StorageError(f"the key {line.key!r} has been answered already")
        self._written = line.cause.number

    def answer(self, key: Key) -> AuditLine | None:
        rows = self._driver.rows(sql.ANSWER, {"key": key})
        return _audit_line(rows[0]) if rows else None

    def audit(self, lesson: LessonId | None = None) -> tuple[AuditLine, ...]:
        if lesson is None:
            rows = self._driver.rows(sql.AUDIT)
        else:
            rows = self._driver.rows(sql.AUDIT_OF_LESSON, {"lesson": lesson})
        return tuple(map(_audit_line, rows))

    def party(self, id: PartyId) -> Party | None:
        rows = self._driver.rows(sql.PARTY, {"id": id})
        return _party(*rows[0]) if rows else None

    def put_party(self, party: Party) -> None:
        row = {
            "id": party.id,
            "zone": party.zone,
            "grants": encode(sorted(party.grants)),
            "permissions": encode(sorted(party.permissions)),
        }
        self._driver.run(sql.PUT_PARTY, row)

    def parties(self) -> tuple[Party, ...]:
        return tuple(_party(*row) for row in self._driver.rows(sql.PARTIES))

    def put_schedule(self, party: PartyId, text: str | None) -> None:
        if text is None:
            self._driver.run(sql.DROP_SCHEDULE, {"party": party})
        else:
            self._driver.run(sql.PUT_SCHEDULE, {"party": party, "schedule": text})

    def schedule(self, party: PartyId) -> str | None:
        rows = self._driver.rows(sql.SCHEDULE, {"party": party})
        return str(rows[0][0]) if rows else None

    def put_busy(self, party: PartyId, text: str | None) -> None:
        if text is None:
            self._driver.run(sql.DROP_BUSY, {"party": party})
        else:
            self._driver.run(sql.PUT_BUSY, {"party": party, "busy": text})

    def busy(self, party: PartyId) -> str | None:
        rows = self._driver.rows(sql.BUSY, {"party": party})
        return str(rows[0][0]) if rows else None

    def add_policy(self, machine: Machine) -> None:
        self._machines.keep(machine)
        if not self._driver.rows(sql.HAS_POLICY, {"hash": machine.hash}):
            process = machine.process
            row = {"hash": machine.hash, "name": process.name, "process": dump_process(process)}
            self._driver.run(sql.ADD_POLICY, row)

    def machine(self, hash: PolicyHash) -> Machine | None:
        # A machine at hand may be that of a transaction that was taken back.
        rows = self._driver.rows(sql.HAS_POLICY, {"hash": hash})
        return self._machine(hash) if rows else None

    def policies(self) -> tuple[PolicyHash, ...]:
        return tuple(hash for (hash,) in self._driver.rows(sql.POLICIES))

    def _machine(self, hash: PolicyHash) -> Machine:
        """The machine of a policy that some row refers to."""
        machine = self._machines.get(hash)
        if machine is not None:
            return machine
        rows = self._driver.rows(sql.POLICY, {"hash": hash})
        if not rows:
            raise StorageError(f"{self._driver.name} refers to a policy {hash} that it does not hold")
        return self._machines.compile(hash, rows[0][0])

    def lesson(self, id: LessonId) -> Lesson | None:
        rows = self._driver.rows(sql.LESSON, {"id": id})
        return self._version(rows[0], {}) if rows else None

    def append(self, version: Lesson, cause: Cause) -> None:
        brief, number, terms, due = version.brief, version.number, version.terms, due_of(version)
        head: Parameters = {
            "id": brief.id,
            "number": number,
            "state": version.state,
            "is_over": int(version.over),
            "starts": to_micros(terms.start),
            "ends": to_micros(terms.end),
            "due": None if due is None else to_micros(due),
        }
        if number == 1:
            moved = self._driver.run(sql.ADD_LESSON, {**brief_record(brief)._asdict(), **head})
        else:
            moved = self._driver.run(sql.MOVE_LESSON, head)
        if not moved:
            rows = self._driver.rows(sql.LAST_NUMBER, {"id": brief.id})
            raise StorageError(
                f"version {number} of lesson {brief.id} cannot follow version {rows[0][0] if rows else 0}"
            )
        self._driver.run(sql.ADD_VERSION, {**_cause(cause), **lesson_record(version)._asdict()})

    def history(self, id: LessonId) -> tuple[Recorded, ...]:
        return self._recorded(self._driver.rows(sql.HISTORY, {"id": id}))

    def caused_by(self, key: Key) -> tuple[Recorded, ...]:
        return self._recorded(self._driver.rows(sql.CAUSED_BY, {"key": key}))

    def _recorded(self, rows: Iterable[Row]) -> tuple[Recorded, ...]:
        briefs: dict[str, Brief] = {}
        return tuple(Recorded(row[-3], _cause_of(*row[-2:]), self._version(row, briefs)) for row in rows)

    def _version(self, row: Row, briefs: dict[str, Brief]) -> Lesson:
        """The version in a row; `briefs` are those read before it, so that versions of one lesson share theirs."""
        try:
            brief = briefs.get(row[0])
            if brief is None:
                brief = briefs[row[0]] = brief_of(BriefRecord(*row[:_BRIEF]))
            return lesson_of(Record(*row[_BRIEF:_WHOLE]), brief, self._machine(brief.policy))
        except (ValueError, LookupError, TypeError, OverflowError) as error:
            raise StorageError(f"{self._driver.name} holds a version of lesson {row[0]} that cannot be read") from error

    def lessons(self, party: PartyId | None = None, *, over: bool | None = None) -> tuple[Lesson, ...]:
        parameters: dict[str, str | int | None] = {}
        if party is not None:
            parameters["party"] = party
        if over is not None:
            parameters["over"] = int(over)
        rows = self._driver.rows(sql.lessons(of_party=party is not None, of_kind=over is not None), parameters)
        return tuple(self._version(row, {}) for row in rows)

    def due(self, now: Instant, parties: Iterable[PartyId] | None = None, limit: int | None = None) -> list[LessonId]:
        if parties is None:
            return [id for (id,) in self._driver.rows(sql.DUE, {"now": to_micros(now), "limit": _most(limit)})]
        found: set[Row] = set()
        every = list(dict.fromkeys(parties))
        for first in range(0, len(every), sql.PARTIES_AT_ONCE):
            some = every[first : first + sql.PARTIES_AT_ONCE]
            named = {f"party{place}": party for place, party in enumerate(some)}
            found.update(self._driver.rows(sql.due_of(len(some)), {"now": to_micros(now), **named}))
        return [id for _, id in sorted(found)[:limit]]

    def claim(self, lesson: LessonId, claims: tuple[Claim, ...]) -> Claim | None:
        driver = self._driver
        before = set(driver.rows(sql.CLAIMS_OF_LESSON, {"lesson": lesson}))
        wanted = {_claim_row(claim): claim for claim in claims}
        if before == wanted.keys():
            return None
        dropped = before - wanted.keys()
        if dropped:
            driver.run_each(sql.DROP_CLAIM, [_claim(row) for row in dropped])
        added = [_claim(row) for row in wanted if row not in before]
        if driver.run_each(sql.ADD_CLAIM, added) == len(added):
            return None
        for row in added:
            obstacles = driver.rows(sql.OBSTACLE, row)
            if obstacles:
                return _claim_of(obstacles[0])
        raise InvariantError(f"{driver.name} refused a claim of lesson {lesson}, and nothing stands in its way")

    def claims(
        self, party: PartyId | None = None, since: Instant | None = None, until: Instant | None = None
    ) -> tuple[Claim, ...]:
        wanted: dict[str, str | int | None] = {} if party is None else {"party": party}
        if since is not None:
            if until is not None and since >= until:
                return ()
            wanted["since"], wanted["reach"] = to_micros(since), to_micros(since) - _REACH
        if until is not None:
            wanted["until"] = to_micros(until)
        statement = sql.claims(of_party=party is not None, since=since is not None, until=until is not None)
        return tuple(map(_claim_of, self._driver.rows(statement, wanted)))

    def put_wall_times(self, rows: Iterable[WallTime]) -> None:
        self._driver.run_each(sql.PUT_WALL_TIME, [_wall_time(row) for row in rows])

    def wall_times(self, lesson: LessonId | None = None, since: Instant | None = None) -> tuple[WallTime, ...]:
        wanted: dict[str, str | int | None] = {} if lesson is None else {"lesson": lesson}
        if since is not None:
            wanted["since"] = to_micros(since)
        statement = sql.wall_times(of_lesson=lesson is not None, since=since is not None)
        return tuple(_wall_time_of(*row) for row in self._driver.rows(statement, wanted))

    def post(self, entry: Entry, cause: Cause) -> Shortfall | None:
        driver, currency = self._driver, entry.currency
        if sum(minor for _, minor in entry.legs):
            raise InvariantError(f"an entry that does not sum to zero reached the store: {entry!r}")
        # A limited account grows by credit, which is negative; debits take from it.
        taken: list[Parameters] = []
        for account, minor in entry.legs:
            if minor > 0 and account.kind in LIMITED:
                part: Parameters = {"account": _name(account), "currency": currency, "amount": minor}
                if not driver.run(sql.TAKE, part):
                    driver.run_each(sql.GIVE, taken)
                    return Shortfall(account, currency, self.balance(account, currency), minor)
                taken.append(part)
        given: list[Parameters] = [
            {"account": _name(account), "currency": currency, "amount": -minor}
            for account, minor in entry.legs
            if minor < 0 and account.kind in LIMITED
        ]
        driver.run_each(sql.GIVE, given)
        self._add_entry(entry, cause)
        return None

    def _add_entry(self, entry: Entry, cause: Cause) -> None:
        row = {
            **_cause(cause),
            "kind": entry.kind,
            "currency": entry.currency,
            "effective_at": to_micros(entry.effective_at),
            "ref": entry.ref,
            "source": entry.source,
            "corrects": entry.corrects,
        }
        ((number,),) = self._driver.rows(sql.ADD_ENTRY, row)
        legs: list[Parameters] = [
            {
                "entry": number,
                "position": position,
                "account": _name(account),
                "currency": entry.currency,
                "amount": minor,
            }
            for position, (account, minor) in enumerate(entry.legs)
        ]
        self._driver.run_each(sql.ADD_LEG, legs)

    def balance(self, account: Account, currency: str) -> int:
        wanted = {"account": _name(account), "currency": currency}
        if account.kind in LIMITED:
            rows = self._driver.rows(sql.BALANCE, wanted)
            return int(rows[0][0]) if rows else 0
        return natural(account, int(self._driver.rows(sql.SUM, wanted)[0][0]))

    def balances(self) -> tuple[tuple[Account, str, int], ...]:
        found = ((parse_account(name), currency, minor) for name, currency, minor in self._driver.rows(sql.SUMS))
        return tuple((account, currency, natural(account, int(minor))) for account, currency, minor in found)

    def entries(self, account: Account | None = None) -> tuple[PostedEntry, ...]:
        if account is None:
            rows = self._driver.rows(sql.ENTRIES)
        else:
            rows = self._driver.rows(sql.ENTRIES_OF_ACCOUNT, {"account": _name(account)})
        return tuple(_posted(list(legs)) for _, legs in groupby(rows, itemgetter(0)))

    def add_clearing(self, clearing: Clearing) -> None:
        if not self._driver.run(sql.ADD_CLEARING, _clearing(clearing)):
            raise StorageError(f"the clearing of version {clearing.number} of lesson {clearing.lesson} is kept already")

    def due_clearings(
        self, now: Instant, tutors: Iterable[PartyId] | None = None, limit: int | None = None
    ) -> list[Clearing]:
        if tutors is None:
            rows = self._driver.rows(sql.DUE_CLEARINGS, {"now": to_micros(now), "limit": _most(limit)})
            return [_clearing_of(*row) for row in rows]
        found: list[Clearing] = []
        for tutor in dict.fromkeys(tutors):
            rows = self._driver.rows(sql.DUE_CLEARINGS_OF_TUTOR, {"now": to_micros(now), "tutor": tutor})
            found.extend(_clearing_of(*row) for row in rows)
        found.sort(key=lambda clearing: (clearing.due, clearing.lesson, clearing.number))
        return found[:limit]

    def drop_clearing(self, clearing: Clearing) -> None:
        if not self._driver.run(sql.DROP_CLEARING, _clearing(clearing)):
            raise StorageError(f"the clearing of version {clearing.number} of lesson {clearing.lesson} is not kept")

    def add_mark(self, mark: Mark) -> None:
        if not self._driver.run(sql.ADD_MARK, {**mark._asdict(), "at": to_micros(mark.at)}):
            raise StorageError(f"the mark of version {mark.number} of lesson {mark.lesson} is kept already")

    def count_marks(self, party: PartyId, name: str, since: Instant | None, until: Instant) -> int:
        wanted: dict[str, str | int | None] = {"party": party, "name": name, "until": to_micros(until)}
        if since is None:
            return int(self._driver.rows(sql.COUNT_MARKS, wanted)[0][0])
        return int(self._driver.rows(sql.COUNT_MARKS_SINCE, {**wanted, "since": to_micros(since)})[0][0])

    def has_met(self, tutor: PartyId, student: PartyId) -> bool:
        return bool(self._driver.rows(sql.HAS_MET, {"tutor": tutor, "student": student, "taught": TAUGHT}))

    def put_reminders(self, lesson: LessonId, rows: tuple[Reminded, ...]) -> None:
        if {row.lesson for row in rows} - {lesson} or len({row.position for row in rows}) < len(rows):
            raise StorageError(f"reminders of lesson {lesson} need to be its own, each with another position")
        before = self._driver.rows(sql.REMINDERS_OF_LESSON, {"lesson": lesson})
        if {_reminded_of(row) for row in before} == set(rows):
            return
        if before:
            self._driver.run(sql.DROP_REMINDERS_OF_LESSON, {"lesson": lesson})
        self._driver.run_each(sql.ADD_REMINDER, map(_reminded, rows))

    def due_reminders(
        self, now: Instant, lessons: Iterable[LessonId] | None = None, limit: int | None = None
    ) -> list[Reminded]:
        until = to_micros(now)
        if lessons is None:
            rows = self._driver.rows(sql.DUE_REMINDERS, {"now": until, "limit": _most(limit)})
            return [_reminded_of(row) for row in rows]
        found: list[Reminded] = []
        for lesson in dict.fromkeys(lessons):
            rows = self._driver.rows(sql.DUE_REMINDERS_OF_LESSON, {"now": until, "lesson": lesson})
            found.extend(_reminded_of(row) for row in rows)
        found.sort(key=lambda row: (row.at, row.lesson, row.position))
        return found[:limit]

    def drop_reminder(self, row: Reminded) -> None:
        if not self._driver.run(sql.DROP_REMINDER, _reminded(row)):
            raise StorageError(f"reminder {row.position} of version {row.number} of lesson {row.lesson} is not kept")

    def standing(self, tutor: PartyId) -> Standing | None:
        rows = self._driver.rows(sql.STANDING, {"tutor": tutor})
        return self._standing(*rows[0]) if rows else None

    def append_standing(self, standing: Standing, cause: Cause) -> None:
        tutor, number = standing.tutor, standing.number
        head: Parameters = {"tutor": tutor, "number": number, "has_open_reports": int(bool(open_reports(standing)))}
        if not self._driver.run(sql.ADD_STANDING_HEAD if number == 1 else sql.MOVE_STANDING, head):
            rows = self._driver.rows(sql.LAST_STANDING_NUMBER, {"tutor": tutor})
            last = rows[0][0] if rows else 0
            raise StorageError(f"standing {number} of tutor {tutor} cannot follow standing {last}")
        row = {**_cause(cause), "tutor": tutor, "number": number, "standing": encode(standing_record(standing))}
        self._driver.run(sql.ADD_STANDING, row)

    def standing_history(self, tutor: PartyId) -> tuple[RecordedStanding, ...]:
        rows = self._driver.rows(sql.STANDING_HISTORY, {"tutor": tutor})
        return tuple(RecordedStanding(_cause_of(*row[2:]), self._standing(*row[:2])) for row in rows)

    def standings(self, *, with_open_reports: bool = False) -> tuple[Standing, ...]:
        rows = self._driver.rows(sql.STANDINGS_WITH_OPEN_REPORTS if with_open_reports else sql.STANDINGS)
        return tuple(self._standing(*row) for row in rows)

    def _standing(self, tutor: str, text: str) -> Standing:
        try:
            return standing_of(decode(text))
        except (ValueError, LookupError, TypeError, OverflowError) as error:
            raise StorageError(f"{self._driver.name} holds a standing of tutor {tutor} that cannot be read") from error

    def put_withdrawal(self, withdrawal: Withdrawal) -> None:
        self._driver.run(sql.PUT_WITHDRAWAL, _withdrawal(withdrawal))

    def withdrawal(self, id: str) -> Withdrawal | None:
        rows = self._driver.rows(sql.WITHDRAWAL, {"id": id})
        return _withdrawal_of(rows[0]) if rows else None

    def withdrawals(
        self, tutor: PartyId | None = None, *, state: WithdrawalState | None = None
    ) -> tuple[Withdrawal, ...]:
        wanted: dict[str, str | int | None] = {}
        if tutor is not None:
            wanted["tutor"] = tutor
        if state is not None:
            wanted["state"] = state
        statement = sql.withdrawals(of_tutor=tutor is not None, in_state=state is not None)
        return tuple(map(_withdrawal_of, self._driver.rows(statement, wanted)))

    def enqueue(self, message: Message, cause: Cause) -> None:
        row = {
            **_cause(cause),
            **message._asdict(),
            "audience": encode(message.audience),
            "at": to_micros(message.at),
        }
        self._driver.run(sql.ENQUEUE, row)

    def outbox(
        self,
        after: int = 0,
        limit: int | None = None,
        *,
        kinds: Iterable[MessageKind] | None = None,
        undone: bool = False,
        failed: bool = False,
    ) -> tuple[OutboxRow, ...]:
        named = None if kinds is None else _kinds(kinds)
        statement = sql.outbox(None if named is None else len(named), undone=undone, failed=failed)
        return _outbox_rows(self._driver.rows(statement, {"after": after, "limit": _most(limit), **(named or {})}))

    def take(self, kinds: Iterable[MessageKind], now: Instant, lease: timedelta, limit: int) -> tuple[OutboxRow, ...]:
        named = _kinds(kinds)
        if not named:
            return ()
        found = self._driver.rows(sql.to_take(len(named)), {"now": to_micros(now), "limit": limit, **named})
        rows, until = _outbox_rows(found), now + lease
        leases: list[Parameters] = [{"sequence": row.sequence, "retry_at": to_micros(until)} for row in rows]
        self._driver.run_each(sql.LEASE, leases)
        return tuple([row._replace(attempts=row.attempts + 1, retry_at=until) for row in rows])

    def retry(self, sequence: int, at: Instant) -> None:
        if not self._driver.run(sql.RETRY, {"sequence": sequence, "retry_at": to_micros(at)}):
            self._need_row(sequence)

    def finish(self, sequence: int) -> None:
        if not self._driver.run(sql.FINISH, {"sequence": sequence}):
            self._need_row(sequence)

    def settle(self, sequence: int, recipient: str, failure: str | None = None) -> None:
        self._need_row(sequence)
        why = None if failure is None else encode(failure)
        self._driver.run(sql.SETTLE, {"sequence": sequence, "recipient": recipient, "failure": why})

    def reopen(self, sequence: int) -> None:
        if not self._driver.run(sql.REOPEN, {"sequence": sequence}):
            self._need_row(sequence)
        self._driver.run(sql.FORGET_FAILURES, {"sequence": sequence})

    def _need_row(self, sequence: int) -> None:
        if not self._driver.rows(sql.HAS_ROW, {"sequence": sequence}):
            raise StorageError(f"the outbox has no row {sequence}")


class SqlSavepoint(Savepoint):
    """The writes since this point in a transaction."""

    def __init__(self, transaction: SqlTransaction, driver: Driver, name: str) -> None:
        self.name = name
        self._transaction = transaction
        self._driver = driver
        self._mark = transaction.mark()

    def undo(self) -> None:
        self._driver.run(f"ROLLBACK TO SAVEPOINT {self.name}")
        self._transaction.back_to(self._mark)


@lru_cache(maxsize=4096)
def _name(account: Account) -> str:
    return account.name


def _cause(cause: Cause) -> dict[str, str | int | None]:
    return {"cause": cause.number, "recorded_at": to_micros(cause.recorded_at)}


def _cause_of(number: int, recorded_at: int) -> Cause:
    return Cause(number, from_micros(recorded_at))


def _audit_line(row: Row) -> AuditLine:
    cause, recorded_at, key, digest, verb, actor, lesson, at, first, last, refusal, facts, subject = row
    return AuditLine(
        _cause_of(cause, recorded_at),
        key,
        digest,
        verb,
        actor,
        lesson,
        from_micros(at),
        first,
        last,
        None if refusal is None else refusal_of(refusal, facts),
        None if subject is None else PartyId(subject),
    )


def _party(id: str, zone: str, grants: str, permissions: str) -> Party:
    return Party(PartyId(id), zone, frozenset(decode(grants)), frozenset(decode(permissions)))


def _claim_row(claim: Claim) -> Row:
    return claim.lesson, claim.proposal, claim.party, to_micros(claim.start), to_micros(claim.end), claim.slot


def _claim(row: Row) -> Parameters:
    lesson, proposal, party, starts, ends, slot = row
    return {
        "lesson": lesson,
        "proposal": proposal,
        "party": party,
        "starts": starts,
        "ends": ends,
        "slot": slot,
        "reach": starts - _REACH,
    }


def _claim_of(row: Row) -> Claim:
    lesson, proposal, party, starts, ends, slot = row
    return Claim(lesson, proposal, party, from_micros(starts), from_micros(ends), slot)


def _wall_time(row: WallTime) -> Parameters:
    lesson, proposal, party, start = row
    return {
        "lesson": lesson,
        "proposal": proposal,
        "party": party,
        "starts": to_micros(start.at),
        "zone": start.zone,
        "shift": start.offset // MICROSECOND,
        "tzdata": start.tzdata,
    }


def _wall_time_of(
    lesson: LessonId, proposal: int, party: PartyId, starts: int, zone: str, shift: int, tzdata: str
) -> WallTime:
    at, offset = from_micros(starts), shift * MICROSECOND
    return WallTime(lesson, proposal, party, StoredTime(at, at.replace(tzinfo=None) + offset, zone, offset, tzdata))


def _clearing(clearing: Clearing) -> Parameters:
    return {**clearing._asdict(), "due": to_micros(clearing.due)}


def _clearing_of(lesson: LessonId, number: int, tutor: PartyId, currency: str, amount: int, due: int) -> Clearing:
    return Clearing(lesson, number, tutor, currency, amount, from_micros(due))


def _reminded(row: Reminded) -> Parameters:
    return {**row._asdict(), "at": to_micros(row.at), "audience": encode(row.audience)}


def _reminded_of(row: Row) -> Reminded:
    lesson, number, position, at, audience = row
    return Reminded(lesson, number, position, from_micros(at), tuple(decode(audience)))


def _withdrawal(withdrawal: Withdrawal) -> Parameters:
    return {
        "id": withdrawal.id,
        "tutor": withdrawal.tutor,
        "state": withdrawal.state,
        "begun": to_micros(begun_at(withdrawal)),
        "applied": _micros(withdrawal.applied),
        "currency": withdrawal.currency,
        "amount": withdrawal.amount,
        "fee": withdrawal.fee,
        "asked": _micros(withdrawal.asked),
        "closed": _micros(withdrawal.closed),
        "reason": encode(withdrawal.reason),
        "fee_back": withdrawal.fee_back,
        "worth": None if withdrawal.worth is None else withdrawal.worth[0],
        "worth_currency": None if withdrawal.worth is None else withdrawal.worth[1],
    }


def _withdrawal_of(row: Row) -> Withdrawal:
    id, tutor, state, applied, currency, amount, fee, asked, closed, reason, fee_back, worth, worth_currency = row
    return Withdrawal(
        id, PartyId(tutor), state, _instant(applied), currency, amount, fee, _instant(asked), _instant(closed),
        decode(reason), fee_back, None if worth is None else (worth, worth_currency),
    )  # fmt: skip


def _micros(at: Instant | None) -> int | None:
    return None if at is None else to_micros(at)


def _instant(micros: int | None) -> Instant | None:
    return None if micros is None else from_micros(micros)


def _outbox_rows(rows: list[Row]) -> tuple[OutboxRow, ...]:
    """The outbox rows in rows of which several may differ only in what is settled."""
    return tuple(_outbox_row(list(lines)) for _, lines in groupby(rows, itemgetter(0)))


def _outbox_row(lines: list[Row]) -> OutboxRow:
    sequence, cause, recorded_at, kind, lesson, number, audience, at, attempts, retry_at, done, *_ = lines[0]
    settled = [
        Delivery(recipient, None if failure is None else decode(failure))
        for *_, recipient, failure in lines
        if recipient is not None
    ]
    return OutboxRow(
        sequence,
        _cause_of(cause, recorded_at),
        Message(kind, lesson, number, tuple(decode(audience)), from_micros(at)),
        attempts,
        _instant(retry_at),
        bool(done),
        tuple(sorted(settled)),
    )


def _kinds(kinds: Iterable[MessageKind]) -> dict[str, str]:
    """The parameters of a statement that names kinds."""
    return {f"kind{place}": kind for place, kind in enumerate(dict.fromkeys(kinds))}


def _most(limit: int | None) -> int:
    return sql.NO_LIMIT if limit is None else limit


def _posted(rows: list[Row]) -> PostedEntry:
    """The entry in rows that differ only in their leg."""
    number, cause, recorded_at, kind, currency, effective_at, ref, source, corrects, _, _ = rows[0]
    legs = tuple((parse_account(name), amount) for *_, name, amount in rows)
    entry = Entry(kind, currency, legs, from_micros(effective_at), ref, source, corrects)
    return PostedEntry(number, _cause_of(cause, recorded_at), entry)
