"""One unit of work inside a storage transaction: catching up, deciding, and writing what follows.

The order is always the same. First every due timeout of the lesson and of every lesson of its own tutor, student and
payer is applied, by (deadline, lesson id), each stamped with its own deadline; so slots and wallets never depend on
when a sweeper ran. Then the command is decided. Then the version's projections are written; the ledger and the claims
have the last word, and if one of them refuses, the step is taken back and the refusal is the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable
from hashlib import sha256
from typing import Final, NamedTuple

import attrs

from tutorcore.engine.booking import proposed_in, unbookable
from tutorcore.engine.counting import due_lessons, facts_for
from tutorcore.engine.judging import counter_of, judged, lapses_in, reported
from tutorcore.engine.outcome import Outcome
from tutorcore.engine.wall_times import wall_times
from tutorcore.errors import InvalidValue, InvariantError, UnknownName
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import MICROSECOND, Instant, to_micros, to_text
from tutorcore.ledger.accounts import Account, available
from tutorcore.ledger.book import Shortfall
from tutorcore.ledger.entries import Entry, offset
from tutorcore.lessons.decision import advance_together, decide, facts_needed, is_due
from tutorcore.lessons.lesson import NO_FACTS, Brief, Command, Facts, Lesson, Offer, Particulars, next_deadline
from tutorcore.lessons.projections import (
    Claim,
    Clearing,
    Message,
    Reminded,
    claims_of,
    clearing_entry,
    clearing_of,
    entry_of,
    marks_of,
    messages_of,
    reminders_of,
)
from tutorcore.lessons.refusals import Refusal
from tutorcore.money import Currency, Money
from tutorcore.policy.account import AccountRules, Counter
from tutorcore.policy.machine import Asked, Machine
from tutorcore.policy.process import BACK
from tutorcore.ports.storage import AuditLine, Cause, Party, Transaction
from tutorcore.standing import Report, Standing, StandingCommand, handle, not_theirs

_NOTHING_SAID: Final = Particulars()


def digest_of(verb: str, /, **content: str | int | tuple[object, ...] | None) -> str:
    """Return the digest of a command's content: everything but its key and its instant.

    What is left out or empty does not count, so that a command can learn to say more without changing what was said.
    """
    said = sorted([item for item in content.items() if item[1] or item[1] == 0])
    return sha256(repr((verb, said)).encode()).hexdigest()


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


def said(particulars: Particulars | None) -> tuple[object, ...] | None:
    """Return particulars in the plain values that a digest covers, or None where they say nothing.

    What was learnt to be said later stands at the end, and only where it is said: what was kept before stays the same.
    """
    if particulars is None or particulars == _NOTHING_SAID:
        return None
    subject, seen, source, details, split, blamed, remedy = attrs.astuple(particulars, recurse=False)
    return (
        subject,
        None if seen is None else to_micros(seen),
        source,
        details,
        None if split is None else tuple(split.as_texts().items()),
        blamed,
        *(() if remedy is None else (remedy,)),
    )


class Part(NamedTuple):
    """What one transaction of a sweep did, and whether nothing was left."""

    versions: list[Lesson]
    clearings: list[Clearing]
    reminders: int
    is_all: bool

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to do."""
        return not (self.versions or self.clearings or self.reminders)


class Work:
    """The work of one transaction at one instant."""

    def __init__(self, tx: Transaction, now: Instant) -> None:
        self._tx = tx
        self._now = now
        self._cause: Cause | None = None
        self._reminded = 0
        self._cleared: set[Clearing] = set()

    @property
    def now(self) -> Instant:
        """The instant at which all of it counts."""
        return self._now

    @property
    def cause(self) -> Cause:
        """What everything in this transaction is recorded under; numbered when first needed."""
        if self._cause is None:
            self._cause = self._tx.begin(self._now)
        return self._cause

    def repeated(
        self,
        key: Key,
        digest: str,
        verb: str,
        actor: Party,
        lesson: LessonId | None,
        same: Callable[[Lesson | None], Container[str]] | None = None,
    ) -> Outcome | None:
        """Return the answer that this key got before, or a refusal if it was for something else; None if it is new.

        `same` returns further digests that the same content may have been kept under, given the lesson it was about.
        """
        stored = self._tx.answer(key)
        if stored is None:
            return None
        if stored.digest != digest and (same is None or stored.digest not in same(self._about(stored))):
            refusal = Refusal.of("key_reused", key=key, before=f"{stored.verb} at {to_text(stored.at)}")
            line = AuditLine(self.cause, None, digest, verb, actor.id, lesson, self._now, 1, 0, refusal)
            self._tx.add_audit(line)
            return Outcome(None, (), refusal)
        if stored.lesson is None:
            return Outcome(None, (), stored.refusal, repeated=True)
        history = [each.version for each in self._tx.history(stored.lesson)[: stored.last]]
        stood, brought = history[-1] if history else None, tuple(history[stored.first - 1 :])
        return _shown_to(actor, Outcome(stood, brought, stored.refusal, repeated=True))

    def _about(self, stored: AuditLine) -> Lesson | None:
        return None if stored.lesson is None else self._tx.lesson(stored.lesson)

    def perform(
        self, command: Command, digest: str, actor: Party, opened: tuple[Machine, Brief] | None = None
    ) -> Outcome | None:
        """Carry out a command whose key is new and return its outcome; None if there is no such lesson to act on.

        `opened` are the process and the brief of a lesson that this command would open.
        """
        tx, now = self._tx, self._now
        lesson = tx.lesson(command.lesson)
        if lesson is None:
            if opened is None:
                return None
            machine, brief = opened
        elif opened is None:
            machine, brief = lesson.place.machine, lesson.brief
        else:
            raise InvalidValue("lesson", command.lesson, "a new id; this one names a lesson already")
        caught_up = self.catch_up(brief.parties)
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
                if is_due(answer, now):  # What it opened may be due at once.
                    versions += self._apply_due([answer], now)
                lesson = versions[-1]
            else:
                answer = refused
        refusal = answer if isinstance(answer, Refusal) else None
        last = 0 if lesson is None else lesson.number
        first = last - len(versions) + 1
        tx.add_audit(
            AuditLine(
                cause, command.key, digest, command.verb, command.actor, command.lesson, now, first, last, refusal
            )
        )
        return _shown_to(actor, Outcome(lesson, tuple(versions), refusal))

    def catch_up(self, parties: Iterable[PartyId]) -> list[Lesson]:
        """Apply everything that is due for the lessons of these parties; return the versions in their order."""
        parties = tuple(parties)
        due = due_lessons(self._tx, self._now, parties)
        versions = self._apply_due(due, self._now) if due else []
        self.clear(self._tx.due_clearings(self._now, parties))
        return versions

    def sweep(self, due_by: Instant, limit: int) -> Part:
        """Apply what is due by `due_by`, soonest first, for at most `limit` lessons and as many clearings.

        Lessons are followed only up to the first one left out, so that the order of all timeouts does not depend on how
        many are taken at once. Reminders come when no timeout is left that might make them pointless.
        """
        lessons = self._loaded(self._tx.due(due_by, limit=limit + 1))
        left_out = next_deadline(lessons[limit]) if len(lessons) > limit else None
        until = None if left_out is None else (left_out.at, lessons[limit].brief.id)
        versions = self._apply_due(lessons[:limit], due_by, until)
        # Not beyond what is left out: what becomes available earlier pays debts earlier.
        clearings = self._tx.due_clearings(due_by if left_out is None else left_out.at, limit=limit)
        self.clear(clearings)
        reminders = self._remind(due_by, limit) if left_out is None else 0
        is_all = left_out is None and len(clearings) < limit and reminders < limit
        return Part(versions, clearings, self._reminded, is_all)

    def _remind(self, due_by: Instant, limit: int) -> int:
        """Send the reminders due by `due_by`, at most `limit`; return how many."""
        rows = self._tx.due_reminders(due_by, limit=limit)
        for row in rows:
            self._send(row)
            self._tx.drop_reminder(row)
        return len(rows)

    def _send(self, row: Reminded) -> None:
        self._tx.enqueue(Message("reminder", row.lesson, row.number, row.audience, row.at), self.cause)
        self._reminded += 1

    def clear(self, clearings: Iterable[Clearing]) -> None:
        """Make pending earnings available, each counted from the instant it was due."""
        for clearing in clearings:
            if clearing not in self._cleared:
                self._cleared.add(clearing)
                self._tx.drop_clearing(clearing)
                self._make_available(clearing)

    def _make_available(self, clearing: Clearing) -> None:
        lesson, _, tutor, currency, _, due = clearing
        owes = self._debt(tutor, currency) > 0
        if owes:  # What became available earlier pays first, however late all of it is noticed.
            self.clear(self._tx.due_clearings(due, (tutor,)))
        self.post_surely(clearing_entry(clearing))
        if owes:
            self.offset(tutor, currency, due, lesson)

    def _debt(self, tutor: PartyId, currency: str) -> int:
        return self._tx.balance(Account("receivable", tutor), currency)

    def offset(self, tutor: PartyId, currency: str, at: Instant, ref: str) -> None:
        """Pay what the tutor owes the platform out of what the tutor has available, as far as it goes."""
        debt = self._debt(tutor, currency)
        amount = min(debt, self._tx.balance(available(tutor), currency)) if debt > 0 else 0
        if amount > 0:
            self.post_surely(offset(tutor, amount, currency, effective_at=at, ref=ref, source="debts come first"))

    def handle(self, command: StandingCommand, digest: str, actor: Party, counters: Collection[str]) -> Outcome:
        """Carry out what an agent or a tutor does about how the tutor stands, under a key that is new.

        `counters` are those that the marketplace knows; raises `UnknownName` for one that nobody knows.
        """
        tx, tutor = self._tx, command.tutor
        self.catch_up((tutor,))
        refusal = not_theirs(command, actor.grants)
        if refusal is not None:
            return self.answered(refusal, command.key, digest, command.verb, actor, tutor)
        before = tx.standing(tutor)
        reports = [] if before is None else reported(before, command)
        if not reports and command.counter is not None:
            if command.counter not in counters:
                raise UnknownName("counter", command.counter, counters)
            refusal = Refusal.of("not_open", verb=command.verb, state="without reports", open="nothing")
            return self.answered(refusal, command.key, digest, command.verb, actor, tutor)
        answer = handle(self._rules_about(reports), before, command, actor.grants, self._now)
        if isinstance(answer, Refusal):
            return self.answered(answer, command.key, digest, command.verb, actor, tutor)
        self._stand(answer, reports[0].lapses[-1].lesson if reports else LessonId(""))
        return self.answered(None, command.key, digest, command.verb, actor, tutor)

    def _rules_about(self, reports: Iterable[Report]) -> AccountRules:
        """The counters by which reports are handled: of each, as the policy of its last report has it."""
        counters: dict[str, Counter] = {}
        for report in reports:
            if report.counter not in counters:
                counter = counter_of(report, self._tx.lesson(report.lapses[-1].lesson))
                if counter is not None:
                    counters[counter.name] = counter
        return AccountRules(tuple(counters.values()))

    def change(
        self,
        change: Callable[[], Refusal | None],
        key: Key,
        digest: str,
        verb: str,
        actor: Party,
        subject: PartyId,
    ) -> Outcome:
        """Carry out what is about no lesson, under a key that is new; all of it, or nothing if it is refused."""
        cause = self.cause  # Before any savepoint, which would take the number back with the rest.
        with self._tx.savepoint() as savepoint:
            refusal = change()
            if refusal is not None:
                savepoint.undo()
        assert cause is self.cause
        return self.answered(refusal, key, digest, verb, actor, subject)

    def answered(
        self, refusal: Refusal | None, key: Key, digest: str, verb: str, actor: Party, subject: PartyId
    ) -> Outcome:
        """Keep the answer to a command that is about no lesson, and return it."""
        line = AuditLine(self.cause, key, digest, verb, actor.id, None, self._now, 1, 0, refusal, subject)
        self._tx.add_audit(line)
        return Outcome(None, (), refusal)

    def post(self, entries: Iterable[Entry], key: Key, digest: str, verb: str, actor: Party) -> Outcome:
        """Post entries that only bring money in, under a key that is new."""
        for entry in entries:
            self.post_surely(entry)
        return self.answered(None, key, digest, verb, actor, actor.id)

    def facts_at(self, lesson: Lesson, at: Instant, needed: frozenset[Asked]) -> Facts:
        """Return the facts that a timeout reads, as of its own instant."""
        return facts_for(self._tx, lesson.brief, needed, at)

    def _facts(self, machine: Machine, lesson: Lesson | Brief, command: Command, actor: Party) -> Facts:
        needed = facts_needed(machine, lesson, command.verb)
        if not needed:
            return Facts(actor.grants) if actor.grants else NO_FACTS
        brief = lesson if isinstance(lesson, Brief) else lesson.brief
        return facts_for(self._tx, brief, needed, self._now, grants=actor.grants)

    def _loaded(self, ids: Iterable[LessonId]) -> list[Lesson]:
        lessons: list[Lesson] = []
        for id in ids:
            lesson = self._tx.lesson(id)
            if lesson is None:
                raise InvariantError(f"lesson {id} is listed as due and does not exist")
            lessons.append(lesson)
        return lessons

    def _apply_due(
        self, lessons: Iterable[Lesson], due_by: Instant, until: tuple[Instant, LessonId] | None = None
    ) -> list[Lesson]:
        versions: list[Lesson] = []
        for before, version in advance_together(lessons, due_by, self.facts_at, until):
            refusal = self._write(before, version)
            if refusal is not None:
                step, id = version.step.id, version.brief.id
                raise InvariantError(f"timeout {step} of lesson {id} was refused: {refusal.sentence}")
            versions.append(version)
        return versions

    def _attempt(self, before: Lesson | None, version: Lesson) -> Refusal | None:
        with self._tx.savepoint() as savepoint:
            if before is None:
                self._tx.add_policy(version.machine)
            # The agenda has its say while everybody's claims are up to date and do not hold this version's own yet.
            refusal = unbookable(self._tx, version, self._now, self._tx.claims) or self._write(before, version)
            if refusal is not None:
                savepoint.undo()
        return refusal

    def _write(self, before: Lesson | None, version: Lesson) -> Refusal | None:
        """Write a version and all that follows from it, or return what refused it (part of it may be written)."""
        tx, cause, entry = self._tx, self.cause, entry_of(version)
        if entry is not None:
            shortfall = tx.post(entry, cause)
            if shortfall is not None:
                return insufficient(shortfall, version, tx)
        if _occupies_otherwise(before, version):
            obstacle = tx.claim(version.brief.id, claims_of(version))
            if obstacle is not None:
                return taken(obstacle)
        tx.append(version, cause)
        self._note_clocks(before, version)
        if entry is not None and entry.kind in ("post", "refund"):
            self._clear_later(version)
        if entry is not None and entry.kind == "refund":
            self.offset(version.brief.tutor, version.brief.currency, version.at, version.id)
        for mark in marks_of(version):
            tx.add_mark(mark)
        self._tell(before, version)  # Before what it means for the tutor's standing: the cause is told first.
        self._judge(version)
        return None

    def _note_clocks(self, before: Lesson | None, version: Lesson) -> None:
        """Write what the clocks of tutor and student are to show at a start that is proposed for the first time."""
        terms = proposed_in(version)
        if before is None or terms.number > proposed_in(before).number:
            self._tx.put_wall_times(wall_times(self._tx, version.brief, terms))

    def _tell(self, before: Lesson | None, version: Lesson) -> None:
        """Write what people are to be told and reminded of after this version."""
        if version.machine.reminds:
            self._remind_later(version)
        for message in messages_of(before, version):
            self._tx.enqueue(message, self.cause)

    def _judge(self, version: Lesson) -> None:
        """Write how the lesson's tutor stands after what this version counts."""
        # Mostly there are none, and nothing need be looked up.
        if version.place.machine.process.account.counters and any(lapses_in(version)):
            for standing in judged(self._tx.standing(version.brief.tutor), version):
                self._stand(standing, version.id)

    def _stand(self, standing: Standing, lesson: LessonId) -> None:
        """Write how a tutor stands, and have the tutor told; `lesson` is the one that it came from."""
        tutor = standing.tutor
        self._tx.append_standing(standing, self.cause)
        if standing.happening.actor != tutor and standing.happening.kind != "broken":
            self._tx.enqueue(Message("standing", lesson, standing.number, (tutor,), standing.at), self.cause)

    def _remind_later(self, version: Lesson) -> None:
        """Replace the lesson's reminders by those of where it stands now; what was due before this is said first.

        What is due at this very instant is said too, as a sweep at this instant would have done before a command; a
        timeout that leads on comes before such a sweep, and the lesson no longer stands where it was to be said.
        """
        leads_on = version.command is None and version.step.to != BACK
        until = version.at - MICROSECOND if leads_on else version.at
        for row in self._tx.due_reminders(until, (version.id,)):
            self._send(row)
        self._tx.put_reminders(version.id, reminders_of(version))

    def _clear_later(self, version: Lesson) -> None:
        after = version.place.machine.clears_after
        clearing = clearing_of(version, after)
        if clearing is None:
            return
        if after:
            self._tx.add_clearing(clearing)
        else:
            self._make_available(clearing)

    def post_surely(self, entry: Entry) -> None:
        """Post an entry that cannot be refused; raise `InvariantError` if it is."""
        shortfall = self._tx.post(entry, self.cause)
        if shortfall is not None:
            raise InvariantError(
                f"{shortfall.account.name} lacks {shortfall.missing} {shortfall.currency} that are its own"
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


def registered(tx: Transaction, id: PartyId, what: str) -> Party:
    """Return the party; raise `UnknownName` for one that nobody has registered."""
    party = tx.party(id)
    if party is None:
        raise UnknownName(f"party ({what})", id, hint="register people with add_party first")
    return party


def brief_of_new(
    machine: Machine,
    id: LessonId,
    at: Instant,
    *,
    student: Party,
    tutor: Party,
    payer: PartyId,
    requester: PartyId,
    platform: str,
) -> Brief:
    """Return what a new lesson binds: its people, its policy, and the zone in which its days are counted.

    That zone is the one that the policy names: the student's or the tutor's as it is now, the `platform`'s, or any.
    """
    process = machine.process
    named = process.zone or ""
    zone = {"student": student.zone, "tutor": tutor.zone, "platform": platform}.get(named, named)
    return Brief(id, machine.hash, zone, process.unit.code, at, tutor.id, student.id, payer, requester)


def insufficient(shortfall: Shortfall, version: Lesson, tx: Transaction) -> Refusal:
    """Return the refusal of a wallet that would be overdrawn, in whole units of the lesson's currency.

    What is in it is said to its owner and to whoever acts for the marketplace; others learn that it is not enough.
    """
    unit, owner = version.machine.process.unit, shortfall.account.owner
    currency = Currency(unit.code, unit.exponent)
    has, needed, missing = (
        Money(minor, currency).text for minor in (shortfall.balance, shortfall.needed, shortfall.missing)
    )
    known = {"has": has, "missing": missing} if _may_see(tx, owner, version.command) else {}
    return Refusal.of("insufficient_funds", party=owner, needed=needed, currency=unit.code, **known)


def _may_see(tx: Transaction, owner: str, command: Command | None) -> bool:
    """Whether whoever gave a command may know what is in somebody's wallet."""
    actor = None if command is None else tx.party(command.actor)
    return actor is not None and (actor.id == owner or bool(actor.grants))


def taken(claim: Claim) -> Refusal:
    """Return the refusal of a person who is engaged; which other lesson it is remains between the people in it."""
    return Refusal.of("slot_taken", party=claim.party, start=to_text(claim.start), end=to_text(claim.end))
