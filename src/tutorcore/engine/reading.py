"""Questions about a marketplace, answered as of an instant, writing nothing.

A lesson whose timeout is due is shown as if the sweeper had just run: it is advanced in memory. So are the wallet and
the earnings of its people. What is recorded (history, entries, statements) is shown as it is recorded.
"""

from __future__ import annotations

import attrs

from tutorcore.engine.counting import counted
from tutorcore.errors import UnknownName
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant
from tutorcore.ledger.accounts import Account, available, natural, pending, wallet
from tutorcore.ledger.entries import Entry, Posted
from tutorcore.ledger.statements import Statement, TrialBalance, statement, trial_balance
from tutorcore.lessons.decision import advance, counts_needed
from tutorcore.lessons.lesson import Brief, Command, Facts, Lesson
from tutorcore.lessons.options import Option, Preview, allowed, preview
from tutorcore.lessons.projections import Mark, clearing_entry, clearing_of, entry_of, mark_of
from tutorcore.lessons.refusals import Refusal
from tutorcore.money import Currency, Money
from tutorcore.policy.expressions import Count, Exact
from tutorcore.ports.storage import Recorded, Transaction


@attrs.frozen
class Earnings:
    """What a tutor has earned and not taken out yet."""

    pending: Money
    available: Money


class Reading:
    """One look at the store, as of one instant."""

    def __init__(self, tx: Transaction, now: Instant) -> None:
        self.tx = tx
        self._now = now

    def lesson(self, id: LessonId) -> Lesson:
        """Return the lesson as of now; raise `UnknownName`."""
        stored = self.tx.lesson(id)
        if stored is None:
            raise UnknownName("lesson", id)
        return self._as_of_now(stored)

    def history(self, id: LessonId) -> tuple[Recorded, ...]:
        """Return every recorded version; raise `UnknownName`."""
        found = self.tx.history(id)
        if not found:
            raise UnknownName("lesson", id)
        return found

    def caused_by(self, key: Key) -> tuple[Recorded, ...]:
        """Return the versions recorded under a key; those of a sweep's parts too."""
        found, part = list(self.tx.caused_by(key)), 1
        while (line := self.tx.answer(Key(f"{key}/{part}"))) is not None:
            if line.lesson is None:  # A command may have been given a key that looks like that of a part.
                found += self.tx.caused_by(Key(f"{key}/{part}"))
            part += 1
        return tuple(found)

    def allowed(self, id: LessonId, actor: PartyId) -> tuple[Option, ...]:
        """Return the moves open to the actor."""
        lesson = self.lesson(id)
        verbs = lesson.machine.process.verbs
        needed = frozenset[Count]().union(*(counts_needed(lesson.machine, lesson, verb) for verb in verbs))
        return allowed(lesson, actor, self._facts(lesson, actor, needed), self._now)

    def preview(self, command: Command) -> Preview | Refusal:
        """Return what the command would do."""
        lesson = self.lesson(command.lesson)
        needed = counts_needed(lesson.machine, lesson, command.verb)
        facts = self._facts(lesson, command.actor, needed)
        return preview(lesson.machine, lesson, command, facts, self._now)

    def lessons(self, party: PartyId | None, *, over: bool | None = None) -> tuple[Lesson, ...]:
        """Return lessons as of now, by (start, id)."""
        return tuple(self._as_of_now(lesson) for lesson in self.tx.lessons(party, over=over))

    def open_requests(self, party: PartyId) -> tuple[Lesson, ...]:
        """Return the lessons in which it is the party's turn."""
        found = self.lessons(party, over=False)
        return tuple(lesson for lesson in found if lesson.waits_for in lesson.brief.roles_of(party))

    def upcoming(self, party: PartyId) -> tuple[Lesson, ...]:
        """Return agreed lessons that have not ended: those whose state holds the slot firmly."""
        found = self.lessons(party, over=False)
        return tuple(each for each in found if each.place.state.slot == "firm" and self._now < each.terms.end)

    def wallet(self, party: PartyId, currency: str) -> int:
        """Return what the wallet holds, in minor units, what is due to come back included."""
        return self._balances(party, (wallet(party),), currency)[0]

    def earnings(self, tutor: PartyId, unit: Currency) -> Earnings:
        """Return the tutor's pending and available earnings, what is due included."""
        held, free = self._balances(tutor, (pending(tutor), available(tutor)), unit.code)
        return Earnings(Money(held, unit), Money(free, unit))

    def trial_balance(self) -> TrialBalance:
        """Return the recorded balances by account; raise `InvariantError` if they do not cancel."""
        return trial_balance(
            {(account, currency): natural(account, minor) for account, currency, minor in self.tx.balances()}
        )

    def statement(self, account: Account, currency: str, since: Instant | None, until: Instant | None) -> Statement:
        """Return the recorded movements of an account."""
        log = [Posted(each.number, each.entry) for each in self.tx.entries(account)]
        return statement(log, account, currency, since=since, until=until)

    def _as_of_now(self, lesson: Lesson) -> Lesson:
        versions = advance(lesson, self._now, self._facts_at)
        return versions[-1] if versions else lesson

    def _facts_at(self, lesson: Lesson, at: Instant, needed: frozenset[Count]) -> Facts:
        return Facts(counts=counted(self.tx, lesson.brief, needed, at))

    def _facts(self, lesson: Lesson, actor: PartyId, needed: frozenset[Count]) -> Facts:
        party = self.tx.party(actor)
        if party is None:
            raise UnknownName("party", actor)
        coming = self._coming_marks(lesson.brief) if needed else ()
        return Facts(party.grants, counted(self.tx, lesson.brief, needed, self._now, coming))

    def _coming_marks(self, brief: Brief) -> list[Mark]:
        """The marks that due timeouts of these people's lessons will make."""
        return [
            mark
            for id in self.tx.due(self._now, brief.parties)
            if (stored := self.tx.lesson(id)) is not None
            for version in advance(stored, self._now, self._facts_at)
            if (mark := mark_of(version)) is not None
        ]

    def _balances(self, party: PartyId, accounts: tuple[Account, ...], currency: str) -> list[int]:
        """Natural balances of a party's accounts, with the entries that due timeouts and clearings will make."""
        totals = {account: self.tx.balance(account, currency) for account in accounts}
        coming = [clearing_entry(each) for each in self.tx.due_clearings(self._now, (party,))]
        for id in self.tx.due(self._now, (party,)):
            stored = self.tx.lesson(id)
            for version in () if stored is None else advance(stored, self._now, self._facts_at):
                coming += [entry for entry in (entry_of(version), self._cleared(version)) if entry is not None]
        for entry in coming:
            for account, minor in entry.legs if entry.currency == currency else ():
                if account in totals:
                    totals[account] += natural(account, minor)
        return [totals[account] for account in accounts]

    def _cleared(self, version: Lesson) -> Entry | None:
        after = version.machine.process.clears_after
        clearing = clearing_of(version, after.delta) if isinstance(after, Exact) else None
        return clearing_entry(clearing) if clearing is not None and clearing.due <= self._now else None
