"""Questions about a marketplace, answered as of an instant, writing nothing.

A lesson whose timeout is due is shown as if the sweeper had just run: it is advanced in memory. So are the wallet and
the earnings of its people. What is recorded (history, entries, statements) is shown as it is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from tutorcore.engine.counting import counted, due_lessons
from tutorcore.engine.work import insufficient, taken
from tutorcore.errors import UnknownName
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant
from tutorcore.ledger.accounts import Account, available, natural, pending, wallet
from tutorcore.ledger.book import Shortfall
from tutorcore.ledger.entries import Entry, Posted
from tutorcore.ledger.statements import Statement, TrialBalance, statement, trial_balance
from tutorcore.lessons.decision import advance_together, counts_needed
from tutorcore.lessons.lesson import Brief, Command, Facts, Lesson, next_deadline
from tutorcore.lessons.options import Option, Preview, allowed, preview
from tutorcore.lessons.projections import Mark, claims_of, clearing_entry, clearing_of, entry_of, mark_of
from tutorcore.lessons.refusals import Refusal
from tutorcore.money import Currency, Money
from tutorcore.policy.expressions import Count
from tutorcore.ports.storage import Party, Recorded, Transaction


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
        return self._as_of_now([stored])[0]

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
        """Return what the command would do, or what would refuse it: the wallet and other people's time included."""
        lesson = self.lesson(command.lesson)
        needed = counts_needed(lesson.machine, lesson, command.verb)
        facts = self._facts(lesson, command.actor, needed)
        answer = preview(lesson.machine, lesson, command, facts, self._now)
        if isinstance(answer, Refusal):
            return answer
        return self._unpayable(answer.lesson) or self._engaged(answer.lesson) or answer

    def lessons(self, party: PartyId | None, *, over: bool | None = None) -> tuple[Lesson, ...]:
        """Return lessons as of now, by (start, id) as they are recorded; raise `UnknownName` for a stranger."""
        if party is not None:
            self._known(party)
        return self._as_of_now(self.tx.lessons(party, over=over))

    def open_requests(self, party: PartyId) -> tuple[Lesson, ...]:
        """Return the lessons in which it is the party's turn."""
        found = self.lessons(party, over=False)
        return tuple(lesson for lesson in found if lesson.waits_for in lesson.brief.roles_of(party))

    def upcoming(self, party: PartyId) -> tuple[Lesson, ...]:
        """Return agreed lessons that have not ended."""
        found = self.lessons(party, over=False)
        return tuple(each for each in found if each.place.state.agreed and self._now < each.terms.end)

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

    def _as_of_now(self, lessons: Iterable[Lesson]) -> tuple[Lesson, ...]:
        """The lessons with what is due applied, in memory, together with the other lessons of their people."""
        lessons = tuple(lessons)
        due = [lesson for lesson in lessons if _is_due(lesson, self._now)]
        last = {version.brief.id: version for version in self._coming(*(lesson.brief for lesson in due))}
        return tuple(last.get(lesson.brief.id, lesson) for lesson in lessons)

    def _coming(self, *briefs: Brief) -> list[Lesson]:
        """The versions that due timeouts of these lessons' people will make, in their order."""
        parties = dict.fromkeys(party for brief in briefs for party in brief.parties)
        lessons = due_lessons(self.tx, self._now, parties)
        versions: list[Lesson] = []

        def facts_at(lesson: Lesson, at: Instant, needed: frozenset[Count]) -> Facts:
            return Facts(counts=counted(self.tx, lesson.brief, needed, at, _marks(versions)))

        for _, version in advance_together(lessons, self._now, facts_at):
            versions.append(version)
        return versions

    def _facts(self, lesson: Lesson, actor: PartyId, needed: frozenset[Count]) -> Facts:
        party = self._known(actor)
        coming = _marks(self._coming(lesson.brief)) if needed else ()
        return Facts(party.grants, counted(self.tx, lesson.brief, needed, self._now, coming))

    def _balances(self, party: PartyId, accounts: tuple[Account, ...], currency: str) -> list[int]:
        """Natural balances of a party's accounts, with the entries that due timeouts and clearings will make."""
        self._known(party)
        totals = {account: self.tx.balance(account, currency) for account in accounts}
        coming = [clearing_entry(each) for each in self.tx.due_clearings(self._now, (party,))]
        briefs = [found.brief for id in self.tx.due(self._now, (party,)) if (found := self.tx.lesson(id)) is not None]
        for version in self._coming(*briefs):
            coming += [entry for entry in (entry_of(version), self._cleared(version)) if entry is not None]
        for entry in coming:
            for account, minor in entry.legs if entry.currency == currency else ():
                if account in totals:
                    totals[account] += natural(account, minor)
        return [totals[account] for account in accounts]

    def _known(self, id: PartyId) -> Party:
        party = self.tx.party(id)
        if party is None:
            raise UnknownName("party", id, (each.id for each in self.tx.parties()))
        return party

    def _cleared(self, version: Lesson) -> Entry | None:
        clearing = clearing_of(version, version.machine.process.clears_after.delta)
        return clearing_entry(clearing) if clearing is not None and clearing.due <= self._now else None

    def _unpayable(self, version: Lesson) -> Refusal | None:
        """The refusal that the payer's wallet would give this version."""
        brief = version.brief
        needed = -sum(amount for role, amount in version.legs if role == "payer")
        has = self.wallet(brief.payer, brief.currency) if needed > 0 else 0
        if has >= needed:
            return None
        return insufficient(Shortfall(wallet(brief.payer), brief.currency, has, needed), version)

    def _engaged(self, version: Lesson) -> Refusal | None:
        """The refusal that other lessons of its people would give this version."""
        wanted = claims_of(version)
        for party in dict.fromkeys(claim.party for claim in wanted):
            ids = dict.fromkeys(claim.lesson for claim in self.tx.claims(party) if claim.lesson != version.brief.id)
            others = self._as_of_now(lesson for id in ids if (lesson := self.tx.lesson(id)) is not None)
            held = [claim for lesson in others for claim in claims_of(lesson) if claim.party == party]
            for claim in wanted:
                for other in held if claim.party == party else ():
                    if claim.start < other.end and other.start < claim.end:
                        return taken(other)
        return None


def _is_due(lesson: Lesson, now: Instant) -> bool:
    deadline = next_deadline(lesson)
    return deadline is not None and deadline.at <= now


def _marks(versions: Iterable[Lesson]) -> list[Mark]:
    return [mark for version in versions if (mark := mark_of(version)) is not None]
