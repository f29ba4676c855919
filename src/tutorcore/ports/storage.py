"""The storage port: what a store must do for the engine, and what it must promise.

A store keeps what changes together or not at all: versions of lessons, the answers given to commands (which are also
the audit trail), ledger entries with the balances that have a limit, claims on people's time and what their
clocks were to show, reminders to come, tutors' standings and withdrawals, and the outbox; and beside them what is known
of parties, their schedules and outside calendars included.

**Atomicity.** Everything done in one `Transaction` becomes visible together when it is committed, and a crash leaves
either all of it or nothing. A store that is *enlisted* in a transaction of the caller's never commits and never rolls
back more than to its own savepoints.

**Isolation.** Two transactions that touch one lesson, one wallet, one person's time, or one tutor's standing or
withdrawals behave as if one had run after the other. A store may reach that by letting one writer in at a time.

**Order.** Causes, versions and entries are numbered in the order in which they were committed; `recorded_at` never
goes back. Nothing stored is ever edited, except the head of a lesson or a standing, balances, claims, wall times,
reminders, withdrawals, what is known of parties, and how far the delivery of an outbox row has come.

**Numbers.** Amounts, and the sums of the amounts of one party's marks of one name, fit 64 bits with a sign. A store may
raise `StorageError` beyond that; it never rounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, Final, NamedTuple, Protocol

import attrs

from tutorcore.calendar.zones.stored_times import StoredTime
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.ids import Key, LessonId, PartyId, PolicyHash, party_id
from tutorcore.instants import Instant
from tutorcore.ledger.accounts import Account
from tutorcore.ledger.book import Shortfall
from tutorcore.ledger.entries import Entry
from tutorcore.lessons.lesson import Lesson
from tutorcore.lessons.projections import Claim, Clearing, Mark, Message, MessageKind, Reminded
from tutorcore.lessons.refusals import Refusal
from tutorcore.payouts.withdrawals import Withdrawal, WithdrawalState
from tutorcore.policy.machine import Machine
from tutorcore.policy.roles import Role
from tutorcore.standing.standing import Standing

_WORD: Final = re.compile(r"[a-z][a-z0-9_]*")


def _all_permissions(party: Party, field: attrs.Attribute[Any], value: frozenset[str]) -> None:
    if not isinstance(value, frozenset):
        raise InvalidType("permissions", value, "a frozenset of texts")
    for each in value:
        if not isinstance(each, str):
            raise InvalidType("permissions", each, "a text")
        word, about, subject = each.partition(":")
        if _WORD.fullmatch(word) is None:
            raise InvalidValue("permissions", each, "a word like can_request_sessions, or one, ':' and a party's id")
        if about:
            party_id(subject, "the party of a permission")


@attrs.frozen
class Party:
    """A person or organisation: an id, a time zone, the roles the marketplace granted, and what it allows.

    A permission is a word that the marketplace's policies may ask for, alone (`can_request_sessions`) or about one
    other party (`can_request_sessions:kid`): what the marketplace allows this party, or knows of it.
    """

    id: PartyId
    zone: str
    grants: frozenset[Role] = frozenset()
    permissions: frozenset[str] = attrs.field(default=frozenset(), validator=_all_permissions)


class WallTime(NamedTuple):
    """What a party's clock was to show at the start that a proposal names, as was understood when it was proposed."""

    lesson: LessonId
    proposal: int
    party: PartyId
    start: StoredTime


class Cause(NamedTuple):
    """The one thing that made a transaction happen: its number, and when it was recorded (never going back)."""

    number: int
    recorded_at: Instant


class AuditLine(NamedTuple):
    """What was asked, by whom, and what was answered: the audit trail, and the memory behind repeated keys.

    `key` is None where nothing may be repeated by key (a reused key, say). `last` is the number of the version at which
    the lesson stood afterwards (0: no lesson), `first` that of the first one this brought: `last + 1` if none.
    `subject` is the tutor whose standing or money it was about, where it was about no lesson.
    """

    cause: Cause
    key: Key | None
    digest: str
    verb: str
    actor: str
    lesson: LessonId | None
    at: Instant
    first: int
    last: int
    refusal: Refusal | None
    subject: PartyId | None = None


class Recorded(NamedTuple):
    """A version with its place in the store's order and the cause that recorded it."""

    sequence: int
    cause: Cause
    version: Lesson


class RecordedStanding(NamedTuple):
    """A tutor's standing with the cause that recorded it."""

    cause: Cause
    standing: Standing


class PostedEntry(NamedTuple):
    """A ledger entry with its number and the cause that recorded it."""

    number: int
    cause: Cause
    entry: Entry


class Delivery(NamedTuple):
    """That one delivery of a message is over: it arrived (`failure` is None), or never will, and why.

    `recipient` names the channel as well as whom it was for: printable, as whoever delivers writes it.
    """

    recipient: str
    failure: str | None = None


class OutboxRow(NamedTuple):
    """A message and how far its delivery has come; `sequence` orders, and identifies it for whoever acts on it.

    `attempts` is how often it has been taken, `retry_at` until when nobody else may take it (None: it may be at once),
    `done` that it is not to be taken again. `settled` are the deliveries that are over, by recipient.
    """

    sequence: int
    cause: Cause
    message: Message
    attempts: int = 0
    retry_at: Instant | None = None
    done: bool = False
    settled: tuple[Delivery, ...] = ()


def begun_at(withdrawal: Withdrawal) -> Instant:
    """Return the instant by which withdrawals are ordered: when it was applied for or, without that, asked for."""
    found = withdrawal.applied or withdrawal.asked
    assert found is not None  # Whoever made it has seen to that.
    return found


class Transaction(Protocol):
    """One unit of work. Reads see the writes made before them in the same transaction."""

    def savepoint(self) -> AbstractContextManager[Savepoint]:
        """Return a scope whose writes can be taken back by `undo()` without ending the transaction.

        An exception that leaves the scope takes them back too.
        """

    def begin(self, now: Instant) -> Cause:
        """Return the next cause, recorded at `now` or at the last recorded instant if that is later."""

    def add_audit(self, line: AuditLine) -> None:
        """Keep the line. Its key, if any, is new: the engine looked it up in this transaction."""

    def answer(self, key: Key) -> AuditLine | None:
        """Return the line kept under `key`. Keys never expire."""

    def audit(self, lesson: LessonId | None = None) -> tuple[AuditLine, ...]:
        """Return the lines about a lesson (or all), in the order of their causes."""

    def party(self, id: PartyId) -> Party | None:
        """Return the party, or None."""

    def put_party(self, party: Party) -> None:
        """Add the party, or replace the one with its id."""

    def parties(self) -> tuple[Party, ...]:
        """Return every party by id."""

    def put_schedule(self, party: PartyId, text: str | None) -> None:
        """Keep the text of a party's schedule in place of the one before; None keeps no schedule."""

    def schedule(self, party: PartyId) -> str | None:
        """Return the text of the party's schedule as it was put, or None."""

    def put_busy(self, party: PartyId, text: str | None) -> None:
        """Keep the text of a party's outside busy times in place of the one before; None keeps none."""

    def busy(self, party: PartyId) -> str | None:
        """Return the text of the party's outside busy times as it was put, or None."""

    def add_policy(self, machine: Machine) -> None:
        """Keep the whole process under its hash, so that a running lesson can always be loaded; again is harmless."""

    def machine(self, hash: PolicyHash) -> Machine | None:
        """Return the compiled process kept under that hash, or None. The same object each time while in memory."""

    def policies(self) -> tuple[PolicyHash, ...]:
        """Return the hashes of every process that is kept, sorted."""

    def lesson(self, id: LessonId) -> Lesson | None:
        """Return the last version, or None. A store with concurrent writers locks the lesson until the end."""

    def append(self, version: Lesson, cause: Cause) -> None:
        """Add the next version and move the head to it.

        Raises `StorageError` if `version.number` is not the last one plus one: somebody else was there meanwhile.
        """

    def history(self, id: LessonId) -> tuple[Recorded, ...]:
        """Return every version of a lesson, oldest first."""

    def caused_by(self, key: Key) -> tuple[Recorded, ...]:
        """Return every version, of any lesson, recorded by the command with that key, in order."""

    def lessons(self, party: PartyId | None = None, *, over: bool | None = None) -> tuple[Lesson, ...]:
        """Return last versions, of one party's lessons and of one kind if given, by (start, id)."""

    def due(self, now: Instant, parties: Iterable[PartyId] | None = None, limit: int | None = None) -> list[LessonId]:
        """Return the lessons with a deadline at or before `now`, by (deadline, id).

        Of these parties if given (in whatever role), at most `limit`.
        """

    def claim(self, lesson: LessonId, claims: tuple[Claim, ...]) -> Claim | None:
        """Let the lesson occupy exactly `claims`; return a claim of another lesson that stands in the way.

        The store itself refuses overlaps of one person's claims from different lessons, whoever writes. When it
        returns a claim, the engine undoes the savepoint around it.
        """

    def claims(
        self, party: PartyId | None = None, since: Instant | None = None, until: Instant | None = None
    ) -> tuple[Claim, ...]:
        """Return the claims on a party's time (or all), by (start, party, lesson, proposal).

        Only those that overlap [since, until) where that is given: they start before `until` and end after `since`. A
        window that is empty overlaps nothing. No claim is longer than `LONGEST`, so one party's are found in a range.
        """

    def put_wall_times(self, rows: Iterable[WallTime]) -> None:
        """Keep each row, in place of the one of its lesson, proposal and party."""

    def wall_times(self, lesson: LessonId | None = None, since: Instant | None = None) -> tuple[WallTime, ...]:
        """Return the wall times of one lesson or of all, by (start, lesson, proposal, party).

        Only of starts at or after `since` where that is given.
        """

    def post(self, entry: Entry, cause: Cause) -> Shortfall | None:
        """Add the entry, or return the shortfall of the first limited account it would overdraw and add nothing."""

    def balance(self, account: Account, currency: str) -> int:
        """Return the natural balance, 0 for an account never used."""

    def balances(self) -> tuple[tuple[Account, str, int], ...]:
        """Return (account, currency, natural balance) of every account used and not at zero, by (name, currency)."""

    def entries(self, account: Account | None = None) -> tuple[PostedEntry, ...]:
        """Return the entries that touch an account (or all), in order."""

    def add_clearing(self, clearing: Clearing) -> None:
        """Keep that a tutor's pending earnings become available at an instant."""

    def due_clearings(
        self, now: Instant, tutors: Iterable[PartyId] | None = None, limit: int | None = None
    ) -> list[Clearing]:
        """Return the clearings due at or before `now`, of these tutors if given, by (due, lesson, number).

        At most `limit`.
        """

    def drop_clearing(self, clearing: Clearing) -> None:
        """Forget a clearing that has been posted."""

    def add_mark(self, mark: Mark) -> None:
        """Keep a mark."""

    def count_marks(self, party: PartyId, name: str, since: Instant | None, until: Instant) -> int:
        """Return the sum of the amounts of the marks of that name that fell on the party.

        Those after `since` (None: ever) and up to `until`; the sum is exact.
        """

    def has_met(self, tutor: PartyId, student: PartyId) -> bool:
        """Whether a lesson of that tutor with that student was taught: it made a `taught` mark on the student.

        Lessons in which the two have other roles do not count.
        """

    def put_reminders(self, lesson: LessonId, rows: tuple[Reminded, ...]) -> None:
        """Keep exactly these reminders of the lesson, in place of all that it had; each has a position of its own."""

    def due_reminders(
        self, now: Instant, lessons: Iterable[LessonId] | None = None, limit: int | None = None
    ) -> list[Reminded]:
        """Return the reminders due at or before `now`, of these lessons if given, by (at, lesson, position).

        At most `limit`.
        """

    def drop_reminder(self, row: Reminded) -> None:
        """Forget a reminder that has been given. Raises `StorageError` if it is not kept."""

    def standing(self, tutor: PartyId) -> Standing | None:
        """Return the tutor's last standing, or None. A store with concurrent writers locks it until the end."""

    def append_standing(self, standing: Standing, cause: Cause) -> None:
        """Add the tutor's next standing.

        Raises `StorageError` if `standing.number` is not the last one plus one: somebody else was there meanwhile.
        """

    def standing_history(self, tutor: PartyId) -> tuple[RecordedStanding, ...]:
        """Return every standing of a tutor, oldest first."""

    def standings(self, *, with_open_reports: bool = False) -> tuple[Standing, ...]:
        """Return the last standing of each tutor, by tutor: of all, or of those in which a report is open."""

    def put_withdrawal(self, withdrawal: Withdrawal) -> None:
        """Add the withdrawal, or replace the one with its id."""

    def withdrawal(self, id: str) -> Withdrawal | None:
        """Return the withdrawal, or None."""

    def withdrawals(
        self, tutor: PartyId | None = None, *, state: WithdrawalState | None = None
    ) -> tuple[Withdrawal, ...]:
        """Return withdrawals, of one tutor and in one state if given, by (applied or else asked, id)."""

    def enqueue(self, message: Message, cause: Cause) -> None:
        """Add a row to the outbox, for anybody to take."""

    def outbox(
        self,
        after: int = 0,
        limit: int | None = None,
        *,
        kinds: Iterable[MessageKind] | None = None,
        undone: bool = False,
        failed: bool = False,
    ) -> tuple[OutboxRow, ...]:
        """Return outbox rows with a sequence above `after`, in order, at most `limit`.

        Of these kinds, only the undone, and only those with a delivery that failed, if asked.
        """

    def take(self, kinds: Iterable[MessageKind], now: Instant, lease: timedelta, limit: int) -> tuple[OutboxRow, ...]:
        """Lease outbox rows of these kinds to the caller, in order, at most `limit`; return them as they now are.

        Taken is what is undone and neither leased nor to be retried later (`retry_at` is None, or at or before `now`),
        and of each lesson only its first undone row of these kinds, so that a lesson's messages are delivered in order:
        while that one is out, or waits, those after it wait too. Each row taken counts one attempt more and is leased
        until `now + lease`. If that passes and it is still undone, it can be taken again: a message is delivered at
        least once. Two transactions never take the same row at once.
        """

    def retry(self, sequence: int, at: Instant) -> None:
        """Let a row be taken again from `at` on, leased or not; harmless if it is done.

        Raises `StorageError` if there is no such row.
        """

    def finish(self, sequence: int) -> None:
        """Let a row never be taken again, unless it is reopened: it has been delivered, or never will be.

        Again is harmless. Raises `StorageError` if there is no such row.
        """

    def settle(self, sequence: int, recipient: str, failure: str | None = None) -> None:
        """Keep that a delivery of a row is over: it arrived or, with a `failure`, never will.

        Again is harmless: what is kept first stands. Raises `StorageError` if there is no such row.
        """

    def reopen(self, sequence: int) -> None:
        """Let a row be taken again at once, as if it never had been, done or not.

        Deliveries that failed are forgotten; those that arrived stay settled. Raises `StorageError` if there is no such
        row.
        """


class Savepoint(Protocol):
    """The writes since a point inside a transaction."""

    def undo(self) -> None:
        """Take them back. Reads then see what was there before; the transaction goes on."""


class Storage(Protocol):
    """Where a marketplace lives."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Return a transaction: it commits when its block ends and takes everything back when the block raises.

        Enlisted in a transaction of the caller's, it only takes back its own writes when the block raises, and leaves
        committing to the caller. Raises `StorageError` where the store cannot be used.
        """

    def reading(self) -> AbstractContextManager[Transaction]:
        """Return a transaction in which only reads are made; where the store can, it does not wait for writers."""
