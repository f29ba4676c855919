"""One unit of work inside a storage transaction: catching up, deciding, and writing what follows.

The order is always the same. First every due timeout of the lesson and of every lesson of its own tutor, student and
payer is applied, by (deadline, lesson id), each stamped with its own deadline; so slots and wallets never depend on
when a sweeper ran. Then the command is decided. Then the version's projections are written; the ledger and the claims
have the last word, and if one of them refuses, the step is taken back and the refusal is the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from hashlib import sha256
from heapq import heapify, heappop, heappush

import attrs

from tutorcore.engine.counting import counted
from tutorcore.engine.outcome import Outcome
from tutorcore.errors import InvariantError
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import MICROSECOND, Instant, to_micros, to_text
from tutorcore.ledger.book import Shortfall
from tutorcore.ledger.entries import Entry
from tutorcore.lessons.decision import Streak, counts_needed, decide, lapse, streak_with
from tutorcore.lessons.lesson import NO_FACTS, Brief, Command, Facts, Lesson, Offer, next_deadline
from tutorcore.lessons.projections import (
    Claim,
    Clearing,
    claims_of,
    clearing_entry,
    clearing_of,
    entry_of,
    mark_of,
    notice_of,
)
from tutorcore.lessons.refusals import Refusal
from tutorcore.policy.expressions import Count, Exact
from tutorcore.policy.machine import Machine
from tutorcore.ports.storage import AuditLine, Cause, Party, Transaction

_AT_ONCE = timedelta(0)


def digest_of(*payload: str | int | tuple[object, ...] | None) -> str:
    """Return the digest of a command's content: everything but its key and its instant."""
    return sha256(repr(payload).encode()).hexdigest()


def offered(offer: Offer | None) -> tuple[object, ...] | None:
    """Return what an offer says in the plain values that a digest covers: whole microseconds stand for times."""
    if offer is None:
        return None
    start, duration = offer.start, offer.duration
    return (
        None if start is None else to_micros(start),
        None if duration is None else duration // MICROSECOND,
        offer.price,
        offer.kind,
        offer.details,
    )


class Work:
    """The work of one transaction at one instant."""

    def __init__(self, tx: Transaction, now: Instant) -> None:
        self._tx = tx
        self._now = now
        self._cause: Cause | None = None

    @property
    def cause(self) -> Cause:
        """What everything in this transaction is recorded under; numbered when first needed."""
        if self._cause is None:
            self._cause = self._tx.begin(self._now)
        return self._cause

    def perform(
        self, command: Command, digest: str, actor: Party, opened: tuple[Machine, Brief] | None = None
    ) -> Outcome | None:
        """Carry out a command and return its outcome; None if there is no such lesson to act on.

        `opened` are the process and the brief of a lesson that this command would open.
        """
        tx, now = self._tx, self._now
        stored = tx.answer(command.key)
        if stored is not None:
            outcome = self._repeated(stored, command.key, digest, command.verb, command.actor, command.lesson)
            return _shown_to(actor, outcome)
        lesson = tx.lesson(command.lesson)
        if lesson is None:
            if opened is None:
                return None
            machine, brief = opened
        else:
            machine, brief = lesson.place.machine, lesson.brief
        caught_up = self.catch_up((brief.tutor, brief.student, brief.payer))
        versions = [version for version in caught_up if version.brief.id == brief.id]
        if versions:
            lesson = versions[-1]
        before = brief if lesson is None else lesson
        facts = self._facts(machine, before, command, actor)
        answer = decide(machine, before, command, facts, now)
        cause = self.cause  # Before any savepoint, which would take the number back with the rest.
        if not isinstance(answer, Refusal):
            refused = self._attempt(lesson, answer)
            if refused is None:
                versions.append(answer)
                lesson = answer
            else:
                answer = refused
        refusal = answer if isinstance(answer, Refusal) else None
        last = 0 if lesson is None else lesson.number
        first = last - len(versions) + 1
        tx.add_audit(
            AuditLine(cause, command.key, digest, command.verb, command.actor, command.lesson, now, first, last, refusal)
        )
        return _shown_to(actor, Outcome(lesson, tuple(versions), refusal))

    def catch_up(self, parties: Iterable[PartyId]) -> list[Lesson]:
        """Apply everything that is due for the lessons of these parties; return the versions in their order."""
        parties = tuple(dict.fromkeys(parties))
        versions = self._apply_due(self._tx.due(self._now, parties), self._now)
        self.clear(self._tx.due_clearings(self._now, parties))
        return versions

    def sweep(self, due_by: Instant, limit: int) -> tuple[list[Lesson], bool]:
        """Apply what is due by `due_by` for at most `limit` lessons, soonest first.

        Returns the versions, and whether that was all: a lesson is followed until it has nothing due any more.
        """
        ids = self._tx.due(due_by, limit=limit)
        versions = self._apply_due(ids, due_by)
        self.clear(self._tx.due_clearings(due_by))
        return versions, len(ids) < limit

    def clear(self, clearings: Iterable[Clearing]) -> None:
        """Make pending earnings available, each counted from the instant it was due."""
        for clearing in clearings:
            self._post_surely(clearing_entry(clearing))
            self._tx.drop_clearing(clearing)

    def post(self, entries: Sequence[Entry], key: Key, digest: str, verb: str, actor: PartyId) -> Outcome:
        """Post entries that belong together, once per key."""
        stored = self._tx.answer(key)
        if stored is not None:
            return self._repeated(stored, key, digest, verb, actor, None)
        cause = self.cause
        # A single entry that is refused has written nothing; only of several must the first ones be taken back.
        shortfall = self._tx.post(entries[0], cause) if len(entries) == 1 else self._post_together(entries)
        refusal = None if shortfall is None else _insufficient(shortfall)
        self._tx.add_audit(AuditLine(cause, key, digest, verb, actor, None, self._now, 1, 0, refusal))
        return Outcome(None, (), refusal)

    def _post_together(self, entries: Iterable[Entry]) -> Shortfall | None:
        with self._tx.savepoint() as savepoint:
            for entry in entries:
                shortfall = self._tx.post(entry, self.cause)
                if shortfall is not None:
                    savepoint.undo()
                    return shortfall
        return None

    def facts_at(self, lesson: Lesson, at: Instant, needed: frozenset[Count]) -> Facts:
        """Return the counts that a timeout reads, as of its own instant."""
        return Facts(counts=counted(self._tx, lesson.brief, needed, at))

    def _facts(self, machine: Machine, lesson: Lesson | Brief, command: Command, actor: Party) -> Facts:
        needed = counts_needed(machine, lesson, command.verb)
        if not needed:
            return Facts(actor.grants) if actor.grants else NO_FACTS
        brief = lesson if isinstance(lesson, Brief) else lesson.brief
        return Facts(actor.grants, counted(self._tx, brief, needed, self._now))

    def _apply_due(self, ids: list[LessonId], due_by: Instant) -> list[Lesson]:
        if not ids:
            return []
        queue: list[tuple[Instant, LessonId, Lesson, Streak | None]] = []
        for id in ids:
            lesson = self._tx.lesson(id)
            deadline = None if lesson is None else next_deadline(lesson)
            if lesson is None or deadline is None:
                raise InvariantError(f"lesson {id} is listed as due and has no deadline")
            queue.append((max(deadline.at, lesson.at), id, lesson, None))
        heapify(queue)
        versions: list[Lesson] = []
        while queue:
            _, id, lesson, streak = heappop(queue)
            version = lapse(lesson, due_by, self.facts_at)
            if version is None:
                raise InvariantError(f"lesson {id} is listed as due by {to_text(due_by)} and is not")
            refusal = self._write(lesson, version)
            if refusal is not None:
                raise InvariantError(f"timeout {version.step.id} of lesson {id} was refused: {refusal.sentence}")
            versions.append(version)
            deadline = next_deadline(version)
            if deadline is not None and deadline.at <= due_by:
                heappush(queue, (max(deadline.at, version.at), id, version, streak_with(version, streak)))
        return versions

    def _attempt(self, before: Lesson | None, version: Lesson) -> Refusal | None:
        with self._tx.savepoint() as savepoint:
            if before is None:
                self._tx.add_policy(version.machine)
            refusal = self._write(before, version)
            if refusal is not None:
                savepoint.undo()
        return refusal

    def _write(self, before: Lesson | None, version: Lesson) -> Refusal | None:
        """Write a version and all that follows from it, or return what refused it (part of it may be written)."""
        tx, cause, entry = self._tx, self.cause, entry_of(version)
        if entry is not None:
            shortfall = tx.post(entry, cause)
            if shortfall is not None:
                return _insufficient(shortfall)
        if _occupies_otherwise(before, version):
            obstacle = tx.claim(version.brief.id, claims_of(version))
            if obstacle is not None:
                return _taken(obstacle)
        tx.append(version, cause)
        if entry is not None and entry.kind == "post":
            self._clear_later(version)
        mark = mark_of(version)
        if mark is not None:
            tx.add_mark(mark)
        notice = notice_of(version)
        if notice is not None:
            tx.enqueue(notice, cause)
        return None

    def _clear_later(self, version: Lesson) -> None:
        after = version.place.machine.process.clears_after
        delta = after.delta if isinstance(after, Exact) else _AT_ONCE
        clearing = clearing_of(version, delta)
        if clearing is None:
            return
        if delta:
            self._tx.add_clearing(clearing)
        else:
            self._post_surely(clearing_entry(clearing))

    def _post_surely(self, entry: Entry) -> None:
        shortfall = self._tx.post(entry, self.cause)
        if shortfall is not None:
            raise InvariantError(
                f"{shortfall.account.name} lacks {shortfall.missing} {shortfall.currency} that are its own"
            )

    def _repeated(
        self, stored: AuditLine, key: Key, digest: str, verb: str, actor: PartyId, lesson: LessonId | None
    ) -> Outcome:
        if stored.digest != digest:
            refusal = Refusal.of("key_reused", key=key, before=f"{stored.verb} at {to_text(stored.at)}")
            self._tx.add_audit(AuditLine(self.cause, None, digest, verb, actor, lesson, self._now, 1, 0, refusal))
            return Outcome(None, (), refusal)
        if stored.lesson is None:
            return Outcome(None, (), stored.refusal, repeated=True)
        history = [each.version for each in self._tx.history(stored.lesson)[: stored.last]]
        return Outcome(
            history[-1] if history else None, tuple(history[stored.first - 1 :]), stored.refusal, repeated=True
        )


def _shown_to(actor: Party, outcome: Outcome) -> Outcome:
    """The outcome without a lesson that is none of the actor's business: a stranger learns only the refusal."""
    lesson = outcome.lesson
    if lesson is None or outcome.refusal is None or actor.grants or actor.id in lesson.brief.parties:
        return outcome
    return attrs.evolve(outcome, lesson=None, versions=())


def _occupies_otherwise(before: Lesson | None, version: Lesson) -> bool:
    if before is None:
        return True
    return (
        before.terms is not version.terms
        or before.change is not version.change
        or before.place.state.slot != version.place.state.slot
    )


def _insufficient(shortfall: Shortfall) -> Refusal:
    return Refusal.of(
        "insufficient_funds",
        account=shortfall.account.name,
        balance=shortfall.balance,
        needed=shortfall.needed,
        currency=shortfall.currency,
    )


def _taken(claim: Claim) -> Refusal:
    return Refusal.of(
        "slot_taken", party=claim.party, start=to_text(claim.start), end=to_text(claim.end), lesson=claim.lesson
    )
