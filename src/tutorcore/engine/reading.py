"""Questions about a marketplace, answered as of an instant, writing nothing.

A lesson whose timeout is due is shown as if the sweeper had just run: it is advanced in memory. So are the wallet and
the earnings of its people. What is recorded (history, entries, statements) is shown as it is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

import attrs

from tutorcore.calendar.agendas.busy import Busy
from tutorcore.calendar.agendas.obstacles import REACH
from tutorcore.calendar.agendas.slots import Agenda
from tutorcore.calendar.agendas.verdicts import Verdict
from tutorcore.calendar.rosters.roster import Roster
from tutorcore.calendar.schedules.schedule import Schedule
from tutorcore.engine.booking import agenda_of, discreet, outside_kept, put_into, schedule_kept, unbookable
from tutorcore.engine.counting import NOTHING_COMING, Coming, due_lessons, facts_for
from tutorcore.engine.work import insufficient, taken
from tutorcore.errors import InvalidValue, UnknownName
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant
from tutorcore.ledger.accounts import Account, available, natural, pending, receivable, wallet
from tutorcore.ledger.book import Shortfall
from tutorcore.ledger.entries import Entry, Posted
from tutorcore.ledger.statements import Statement, TrialBalance, statement, trial_balance
from tutorcore.lessons.decision import advance_together, decide, facts_needed
from tutorcore.lessons.lesson import Brief, Command, Facts, Lesson, Meeting, Offer, next_deadline
from tutorcore.lessons.options import Option, Preview, allowed, preview
from tutorcore.lessons.projections import Claim, claims_of, clearing_entry, clearing_of, entry_of
from tutorcore.lessons.refusals import Refusal
from tutorcore.lessons.reviews import Reviewed, facts_for_reviews, reviews_of
from tutorcore.money import Currency, Money
from tutorcore.policy.machine import Asked, Machine
from tutorcore.policy.process import STAY
from tutorcore.policy.roles import Role
from tutorcore.ports.storage import Party, Recorded, Transaction
from tutorcore.standing import Standing, open_reports


@attrs.frozen
class Asking:
    """What might be proposed by somebody, but for its start: a lesson to be asked for, or another time for one."""

    verb: str
    by: PartyId
    machine: Machine
    before: Brief | Lesson
    duration: timedelta
    price: int | None = None
    kind: str | None = None
    details: tuple[tuple[str, str], ...] | None = None

    @property
    def brief(self) -> Brief:
        """Whose lesson it is."""
        return self.before if isinstance(self.before, Brief) else self.before.brief


@attrs.frozen
class Explanation:
    """What is to be said of a start: the verdict of the tutor's agenda, and the refusal that asking would get, if any.

    They are two answers. Where the policy does not ask the agenda, its verdict may be bad news and asking succeed.
    """

    verdict: Verdict
    refusal: Refusal | None

    @property
    def ok(self) -> bool:
        """Whether the lesson could be asked for; whether a wallet covers it is another question."""
        return self.refusal is None


@attrs.frozen
class Earnings:
    """What a tutor has earned and not taken out yet."""

    pending: Money
    available: Money


class Reading:
    """One look at the store, as of one instant."""

    def __init__(self, tx: Transaction, now: Instant) -> None:
        self.tx = tx
        self.now = now

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
        needed = frozenset[Asked]().union(*(facts_needed(lesson.machine, lesson, verb) for verb in verbs))
        return allowed(lesson, actor, self._facts(lesson, actor, needed), self.now)

    def preview(self, command: Command) -> Preview | Refusal:
        """Return what the command would do, or what would refuse it: the wallet and other people's time included."""
        lesson = self.lesson(command.lesson)
        needed = facts_needed(lesson.machine, lesson, command.verb)
        facts = self._facts(lesson, command.actor, needed)
        answer = preview(lesson.machine, lesson, command, facts, self.now)
        if isinstance(answer, Refusal):
            return answer
        version = answer.lesson
        return self._unbookable(version) or self._unpayable(version) or self._engaged(version) or answer

    def lessons(self, party: PartyId | None, *, over: bool | None = None) -> tuple[Lesson, ...]:
        """Return lessons as of now, by (start, id) as they are recorded; raise `UnknownName` for a stranger."""
        if party is not None:
            self._known(party)
        return self._as_of_now(self.tx.lessons(party, over=over))

    def open_requests(self, party: PartyId) -> tuple[Lesson, ...]:
        """Return the lessons in which it is the party's turn; for a granted role, those that it may answer as well."""
        grants = self._known(party).grants
        found = self.lessons(None if grants else party, over=False)
        return tuple(lesson for lesson in found if _may_answer(lesson, party, grants))

    def upcoming(self, party: PartyId) -> tuple[Lesson, ...]:
        """Return agreed lessons that have not ended."""
        found = self.lessons(party, over=False)
        return tuple(each for each in found if each.place.state.agreed and self.now < each.terms.end)

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
        due = [lesson for lesson in lessons if _is_due(lesson, self.now)]
        last = {version.brief.id: version for version in self._coming(*(lesson.brief for lesson in due)).versions}
        return tuple(last.get(lesson.brief.id, lesson) for lesson in lessons)

    def _coming(self, *briefs: Brief) -> Coming:
        """What due timeouts of these lessons' people will make of their lessons."""
        return self._coming_for(party for brief in briefs for party in brief.parties)

    def _coming_for(self, parties: Iterable[PartyId]) -> Coming:
        lessons = due_lessons(self.tx, self.now, dict.fromkeys(parties))
        versions: list[Lesson] = []

        def facts_at(lesson: Lesson, at: Instant, needed: frozenset[Asked]) -> Facts:
            return facts_for(self.tx, lesson.brief, needed, at, Coming(tuple(versions)))

        for _, version in advance_together(lessons, self.now, facts_at):
            versions.append(version)
        return Coming(tuple(versions))

    def _facts(self, lesson: Lesson, actor: PartyId, needed: frozenset[Asked]) -> Facts:
        party = self._known(actor)
        coming = self._coming(lesson.brief) if needed else NOTHING_COMING
        return facts_for(self.tx, lesson.brief, needed, self.now, coming, party.grants)

    def debt(self, tutor: PartyId, currency: str) -> int:
        """Return what the tutor owes the platform, in minor units, what is due included."""
        return self._balances(tutor, (receivable(tutor),), currency)[0]

    def _balances(self, party: PartyId, accounts: tuple[Account, ...], currency: str) -> list[int]:
        """Natural balances of a party's accounts, with the entries that due timeouts and clearings will make."""
        self._known(party)
        debt, free = receivable(party), available(party)
        earning = (debt, free) if debt in accounts or free in accounts else ()
        totals = {account: self.tx.balance(account, currency) for account in dict.fromkeys((*accounts, *earning))}
        coming = [clearing_entry(each) for each in self.tx.due_clearings(self.now, (party,))]
        briefs = [found.brief for id in self.tx.due(self.now, (party,)) if (found := self.tx.lesson(id)) is not None]
        for version in self._coming(*briefs).versions:
            coming += [entry for entry in (entry_of(version), self._cleared(version)) if entry is not None]
        for entry in coming:
            for account, minor in entry.legs if entry.currency == currency else ():
                if account in totals:
                    totals[account] += natural(account, minor)
        if earning:  # Debts come first, whenever something becomes available.
            paid = max(0, min(totals[debt], totals[free]))
            totals[debt] -= paid
            totals[free] -= paid
        return [totals[account] for account in accounts]

    def _known(self, id: PartyId) -> Party:
        party = self.tx.party(id)
        if party is None:
            raise UnknownName("party", id, (each.id for each in self.tx.parties()))
        return party

    def _cleared(self, version: Lesson) -> Entry | None:
        clearing = clearing_of(version, version.machine.process.clears_after.delta)
        return clearing_entry(clearing) if clearing is not None and clearing.due <= self.now else None

    def _unpayable(self, version: Lesson) -> Refusal | None:
        """The refusal that the payer's wallet would give this version."""
        brief = version.brief
        needed = -sum(amount for role, amount in version.legs if role == "payer")
        has = self.wallet(brief.payer, brief.currency) if needed > 0 else 0
        if has >= needed:
            return None
        return insufficient(Shortfall(wallet(brief.payer), brief.currency, has, needed), version, self.tx)

    def _engaged(self, version: Lesson) -> Refusal | None:
        """The refusal that other lessons of its people would give this version."""
        for claim in claims_of(version):
            for other in self._claims(claim.party, claim.start, claim.end):
                if other.lesson != version.id:
                    return taken(other)
        return None

    def _claims(self, party: PartyId, since: Instant, until: Instant) -> list[Claim]:
        """What takes the party's time within a range, as of now: what has lapsed takes none any more."""
        ids = dict.fromkeys(claim.lesson for claim in self.tx.claims(party, since, until))
        lessons = self._as_of_now(lesson for id in ids if (lesson := self.tx.lesson(id)) is not None)
        every = [claim for lesson in lessons for claim in claims_of(lesson)]
        return [each for each in every if each.party == party and each.start < until and since < each.end]

    def _unbookable(self, version: Lesson) -> Refusal | None:
        """The refusal that the tutor's agenda would give this version."""
        return unbookable(self.tx, version, self.now, self._claims)

    def meeting(self, id: LessonId, reader: PartyId) -> Meeting | None:
        """Return the lesson's meeting with the links that are the reader's."""
        lesson, grants = self.lesson(id), self._known(reader).grants
        if lesson.meeting is None or grants:
            return lesson.meeting
        roles = lesson.brief.roles_of(reader)
        if not roles:
            return None
        side = "tutor" if "tutor" in roles else "student"  # A tutor is never the student's side, whoever asked or pays.
        links = tuple((role, link) for role, link in lesson.meeting.links if role == side)
        return attrs.evolve(lesson.meeting, links=links)

    def reviews(self, id: LessonId, reader: PartyId | None) -> tuple[Reviewed, ...]:
        """Return the reviews of the lesson that the reader may read."""
        if reader is not None:
            self._known(reader)
        versions, lesson = [each.version for each in self.history(id)], self.lesson(id)
        if lesson.number > versions[-1].number:  # Where it stands by now says who may still be heard.
            versions.append(lesson)
        needed = facts_for_reviews(lesson)
        coming = self._coming(lesson.brief) if needed else NOTHING_COMING
        return reviews_of(versions, reader, self.now, facts_for(self.tx, lesson.brief, needed, self.now, coming))

    def standing(self, tutor: PartyId) -> Standing | None:
        """Return how the tutor stands, what is due included; None if nothing ever counted. Raises `UnknownName`."""
        self._known(tutor)
        return self._coming_for((tutor,)).standing(tutor, self.tx.standing(tutor))

    def standings(self, *, with_open_reports: bool = False) -> tuple[Standing, ...]:
        """Return how tutors stand of whom something counted, what is due included, by tutor.

        All of them, or those with a report that nobody has handled.
        """
        due = [lesson for id in self.tx.due(self.now) if (lesson := self.tx.lesson(id)) is not None]
        coming = self._coming(*(lesson.brief for lesson in due))
        found = self.tx.standings(with_open_reports=with_open_reports)
        recorded = {standing.tutor: standing for standing in found}
        for tutor in coming.tutors:  # A lapse to come may open a report, and closes none.
            standing = coming.standing(tutor, recorded.get(tutor) or self.tx.standing(tutor))
            if standing is not None and (not with_open_reports or open_reports(standing)):
                recorded[tutor] = standing
        return tuple(recorded[tutor] for tutor in sorted(recorded))

    def schedule(self, tutor: PartyId) -> Schedule | None:
        """Return the tutor's schedule, or None; raise `UnknownName` for a stranger."""
        return schedule_kept(self.tx, self._known(tutor).id)

    def busy(self, party: PartyId) -> tuple[Busy, ...]:
        """Return what the party's outside calendars say; raise `UnknownName` for a stranger."""
        return outside_kept(self.tx, self._known(party).id)

    def slots(self, asked: Asking, since: Instant, until: Instant) -> tuple[Instant, ...]:
        """Return the starts from `since` up to `until` that are free in the tutor's agenda and could be proposed now.

        Where the row to be taken is bookable, these are all that could be proposed; where it is not, some of them.
        """
        agenda = self._agenda(asked, since, until)
        found = agenda.slots(asked.duration, since, until)
        facts = self._facts_of(asked)
        return tuple(start for start in found if not isinstance(self._answer(asked, start, facts), Refusal))

    def explain(self, asked: Asking, start: Instant) -> Explanation:
        """Return whether `start` could be proposed, and everything that the tutor's agenda has against it."""
        verdict = self._agenda(asked, start, start + asked.duration).is_bookable(start, asked.duration)
        answer = self._answer(asked, start, self._facts_of(asked))
        refusal = answer if isinstance(answer, Refusal) else self._unbookable(answer) or self._engaged(answer)
        return Explanation(discreet(self.tx, verdict, asked.brief, asked.by, self._own(asked.by)), refusal)

    def fill(self, roster: Roster, tutors: Iterable[PartyId] | None) -> int:
        """Bring a roster's tutors, all who have schedules or these, up to date as of now; return how many are in it."""
        every = (
            [party.id for party in self.tx.parties()] if tutors is None else [self._known(each).id for each in tutors]
        )
        due, since, until = frozenset(self.tx.due(self.now)), roster.since - REACH, roster.until + REACH
        for tutor in every:
            schedule = schedule_kept(self.tx, tutor)
            claims: Sequence[Claim] = () if schedule is None else self.tx.claims(tutor, since, until)
            outside = () if schedule is None else outside_kept(self.tx, tutor)
            if not due.isdisjoint(claim.lesson for claim in claims):
                claims = self._claims(tutor, since, until)
            put_into(roster, tutor, schedule, claims, outside)
        return sum(tutor in roster for tutor in every)

    def _agenda(self, asked: Asking, since: Instant, until: Instant) -> Agenda:
        agenda = agenda_of(self.tx, asked.brief, self.now, since, until, self._claims)
        if agenda is None:
            raise InvalidValue("tutor", asked.brief.tutor, "a tutor with a schedule; register it with set_schedule")
        return agenda

    def _facts_of(self, asked: Asking) -> Facts:
        needed = facts_needed(asked.machine, asked.before, asked.verb)
        coming = self._coming(asked.brief) if needed else NOTHING_COMING
        return facts_for(self.tx, asked.brief, needed, self.now, coming, self._known(asked.by).grants)

    def _answer(self, asked: Asking, start: Instant, facts: Facts) -> Lesson | Refusal:
        """What the policy itself answers when that start is proposed."""
        offer = Offer(start, asked.duration, asked.price, asked.kind, asked.details)
        command = Command(asked.verb, asked.by, Key("slots"), asked.brief.id, None, offer)
        return decide(asked.machine, asked.before, command, facts, self.now)

    def _own(self, party: PartyId) -> frozenset[LessonId]:
        """The lessons that a party may know about."""
        known = self._known(party)
        return frozenset(lesson.id for lesson in self.tx.lessons(None if known.grants else party, over=False))


def _may_answer(lesson: Lesson, party: PartyId, grants: frozenset[Role]) -> bool:
    """Whether somebody is awaited whom this party is, or for whom it may act."""
    if lesson.waits_for is None:
        return False
    if lesson.waits_for in lesson.brief.roles_of(party):
        return True
    place = lesson.place if lesson.change is None else lesson.change.place
    rows = [row for rows in place.moves.values() for row in rows if row.rule.to != STAY and lesson.waits_for in row.by]
    return any(not grants.isdisjoint(row.by) for row in rows)


def _is_due(lesson: Lesson, now: Instant) -> bool:
    deadline = next_deadline(lesson)
    return deadline is not None and deadline.at <= now
