"""The facade: a marketplace of lessons on a store.

Every command opens one transaction of the store (or joins the caller's, if the store is enlisted in it), and answers
with an `Outcome` whatever happens. Misuse (an unknown party, a naive datetime, a float for money) raises and changes
nothing. A command carries a key; repeating it with the same content gives the stored answer and changes nothing.

`now` is when a command counts. Left out, it is read from the marketplace's clock; this is the only place in the library
that asks a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from hashlib import sha256
from typing import TypeVar

import attrs

from tutorcore.calendar.agendas.busy import Busy, checked
from tutorcore.calendar.agendas.busy_document import busy_text
from tutorcore.calendar.rosters.roster import Roster
from tutorcore.calendar.schedules.document import schedule_text
from tutorcore.calendar.schedules.schedule import Schedule
from tutorcore.calendar.zones.wall_time import zone as zone_of
from tutorcore.clock import Clock, system_clock
from tutorcore.engine.clocks import Clocks
from tutorcore.engine.outcome import Outcome
from tutorcore.engine.payouts import Payouts, rules_by_currency
from tutorcore.engine.reading import Asking, Earnings, Explanation, Reading
from tutorcore.engine.standings import Standings
from tutorcore.engine.work import Work, brief_of_new, digest_of, offered, registered, said
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.ids import Key, LessonId, PartyId, command_key, lesson_id, party_id
from tutorcore.instants import Instant, instant
from tutorcore.ledger.accounts import Account
from tutorcore.ledger.entries import Entry, convert, top_up
from tutorcore.ledger.statements import Statement, TrialBalance
from tutorcore.lessons.lesson import (
    LARGEST_PRICE,
    NO_DETAILS,
    Brief,
    Command,
    Deadline,
    Lesson,
    Meeting,
    Offer,
    Particulars,
    next_deadline,
)
from tutorcore.lessons.options import Option, Preview
from tutorcore.lessons.projections import MESSAGE_KINDS, MessageKind
from tutorcore.lessons.refusals import Refusal
from tutorcore.lessons.reviews import Reviewed
from tutorcore.money import ISO_4217, Currencies, Currency, Money
from tutorcore.payouts import worth as worth_of
from tutorcore.policy.codec import machine_of
from tutorcore.policy.machine import Machine
from tutorcore.policy.process import Process, Remedy, Unit
from tutorcore.policy.roles import GRANTED_ROLES, Role
from tutorcore.policy.settlement import Settlement
from tutorcore.ports.storage import AuditLine, OutboxRow, Party, Recorded, Storage, Transaction

R = TypeVar("R")

_BATCH = 100
_AT_ONCE = timedelta(0)
_LONGEST_GRACE = timedelta(days=366)


@attrs.frozen
class Swept:
    """What a sweep did: timeouts applied, for how many lessons; earnings that became available; reminders sent."""

    timeouts: int
    lessons: int
    clearings: int
    transactions: int
    reminders: int = 0


class Marketplace:
    """Lessons of one marketplace, under its policies, in one store.

    `policies` are those under which lessons may be asked for; of several with one id, the last one given is current.
    `zone` is the platform's own, for policies that count days there. Running lessons keep the policy they began with,
    whatever is given here.
    """

    def __init__(
        self, storage: Storage, policies: Iterable[Process], *, zone: str = "UTC", clock: Clock = system_clock
    ) -> None:
        zone_of(zone)
        self._storage = storage
        self._zone = zone
        self._clock = clock
        self._machines: dict[str, Machine] = {}
        self._units: dict[str, Unit] = {}
        currencies = ISO_4217
        for process in policies:
            if not isinstance(process, Process):
                raise InvalidType("policies", process, "processes, such as load_preset('italki')")
            machine = machine_of(process)
            namesake = self._machines.get(process.name)
            if namesake is not None and namesake.hash != machine.hash:
                raise InvalidValue(
                    "policies", process.name, "one policy of that name; give the other an id or a version of its own"
                )
            currencies = currencies.with_unit(process.unit.code, process.unit.exponent)
            unit = self._units.setdefault(process.unit.code, process.unit)
            if unit.peg != process.unit.peg:
                raise InvalidValue("policies", f"the peg of {unit.code}", "the same in every policy of that unit")
            self._machines[process.id] = machine
            self._machines[process.name] = machine
        if not self._machines:
            raise InvalidValue("policies", (), "at least one policy, such as load_preset('italki')")
        ids = {machine.process.id for machine in self._machines.values()}
        self._only = self._machines[ids.pop()] if len(ids) == 1 else None
        self._currencies = currencies
        paying = ((each.process.unit.code, each.process.account.payout) for each in self._machines.values())
        counters = {each.name for machine in self._machines.values() for each in machine.process.account.counters}
        self._standings = Standings(storage, self._now, counters)
        self._clocks = Clocks(storage, self._now)
        self._payouts = Payouts(
            storage,
            rules_by_currency(paying),
            now=self._now,
            unit=self._unit,
            known=self._known,
        )

    @property
    def standings(self) -> Standings:
        """How tutors stand: what was reported of them, what follows, and what agents do about it."""
        return self._standings

    @property
    def payouts(self) -> Payouts:
        """How tutors get at what they have earned."""
        return self._payouts

    @property
    def clocks(self) -> Clocks:
        """What people's clocks are to show when lessons begin, and where new rules of time zones disagree."""
        return self._clocks

    @property
    def currencies(self) -> Currencies:
        """The currencies that amounts may be in: those of ISO 4217 and the units of the policies."""
        return self._currencies

    def money(self, amount: str | int, currency: str) -> Money:
        """Return an amount, written in whole units as text, such as `money("25.00", "USD")`."""
        return Money.of(amount, self._currencies.get(currency))

    # People

    def add_party(
        self,
        id: str,
        *,
        zone: str,
        grants: Iterable[Role] | None = None,
        permissions: Iterable[str] | None = None,
    ) -> Party:
        """Register a person or organisation with its time zone, or change the zone, grants and permissions it has.

        `grants` are roles of the marketplace itself: operator, admin, agent, system. `permissions` are words that
        policies ask about, such as `can_request_sessions`, or `can_request_sessions:kim` about one student only. What
        is left out stays as it is. Lessons already asked for keep the zone in which their days are counted.
        """
        _texts(zone=zone)
        zone_of(zone)
        checked = party_id(id)
        granted = None if grants is None else frozenset(_granted(grants))
        allowed = None if permissions is None else frozenset(_words(permissions))
        with self._storage.transaction() as tx:
            known = tx.party(checked) or Party(checked, zone)
            party = Party(
                checked,
                zone,
                known.grants if granted is None else granted,
                known.permissions if allowed is None else allowed,
            )
            if party != tx.party(checked):
                tx.put_party(party)
        return party

    def set_schedule(self, tutor: str, schedule: Schedule | None) -> None:
        """Register the hours at which a tutor can be booked, in place of those before; None removes them.

        Lessons that are asked for or agreed stay where they are.
        """
        if schedule is not None and not isinstance(schedule, Schedule):
            raise InvalidType("schedule", schedule, "a Schedule, such as load_schedule(text)")
        text = None if schedule is None else schedule_text(schedule)
        with self._storage.transaction() as tx:
            tx.put_schedule(registered(tx, party_id(tutor, "tutor"), "tutor").id, text)

    def set_busy(self, party: str, busy: Iterable[Busy]) -> None:
        """Keep what a tutor's or a student's outside calendars say in place of all that was kept; () keeps nothing.

        Events, tentative ones, and holds until they expire stand in the way of whatever has to be `bookable`, as
        lessons do. Lessons that are asked for or agreed stay where they are.

        Raises `InvalidValue` for lessons and requests, which are the marketplace's own, for two busy times with one id,
        and for more than 10,000.
        """
        kept = checked(busy, "busy time")
        text = busy_text(kept) if kept else None
        with self._storage.transaction() as tx:
            tx.put_busy(registered(tx, party_id(party), "party").id, text)

    # Commands

    def request(
        self,
        *,
        student: str,
        tutor: str,
        start: Instant,
        duration: timedelta,
        price: Money | str,
        key: str,
        by: str | None = None,
        payer: str | None = None,
        policy: str | None = None,
        lesson: str | None = None,
        kind: str = "",
        details: Mapping[str, str] | None = None,
        note: str = "",
        verb: str | None = None,
        now: Instant | None = None,
    ) -> Outcome:
        """Ask for a lesson: the opening move of its policy.

        `by` is who asks and `payer` who pays, the student unless named. `policy` may be left out where there is only
        one; `lesson` is the new lesson's id, derived from the key if left out. `verb` is needed only for a policy whose
        opening move is not called `request`.
        """
        at, checked = self._now(now), command_key(key)
        _texts(kind=kind, note=note, verb=verb or "", policy=policy or "")
        asking = party_id(by if by is not None else student, "by")
        bound = (*_sides(student, tutor), None if payer is None else party_id(payer, "payer"))
        asked = Offer(start, duration, None, kind, NO_DETAILS if details is None else details)
        id = lesson_id(lesson) if lesson is not None else LessonId(f"L{sha256(checked.encode()).hexdigest()[:15]}")

        def content(amount: str, payer: PartyId | None) -> str:
            return digest_of(
                "opening", verb=verb, lesson=id, actor=asking, offer=offered(asked), price=amount, note=note,
                policy=policy, bound=(*bound[:2], payer),
            )  # fmt: skip

        with self._storage.transaction() as tx:
            work, actor = Work(tx, at), registered(tx, asking, "by")
            amount, usual = _plain_amount(price), _usual_payer(actor, *bound[:2])
            digest = content(amount, None if bound[2] == usual else bound[2])

            def same(kept: Lesson | None) -> set[str]:
                ways = _ways_to_name(bound[2], usual, kept)
                return {content(each, payer) for each in (amount, str(price)) for payer in ways}

            # The key first: what was answered once is answered again, whatever the policies are by now.
            outcome = work.repeated(checked, digest, verb or "request", actor, id, same)
            if outcome is not None and outcome.repeated and outcome.lesson is not None:
                # A price in another currency is no price here, as it was none then.
                self._minor(price, outcome.lesson.machine.process.unit)
            if outcome is None:
                machine = self._machine(policy)
                opening = machine.process.verb_of_opening if verb is None else verb
                minor = self._minor(price, machine.process.unit)
                offer = Offer(asked.start, asked.duration, minor, asked.kind, asked.details)
                command = Command(opening, asking, checked, id, None, offer, "", note)
                brief = self._brief(tx, machine, id, at, bound, actor)
                outcome = work.perform(command, digest, actor, (machine, brief))
        assert outcome is not None
        return outcome

    def _brief(
        self,
        tx: Transaction,
        machine: Machine,
        id: LessonId,
        at: Instant,
        bound: tuple[PartyId, PartyId, PartyId | None],
        actor: Party,
    ) -> Brief:
        """What a new lesson binds: its people, its policy, and the zone in which its days are counted."""
        student, tutor, payer = bound
        if payer is None:
            payer = _usual_payer(actor, student, tutor)
        asks_for_another = actor.id not in (student, tutor) and not actor.grants
        if payer not in (student, actor.id) or payer == tutor or (asks_for_another and payer != actor.id):
            raise InvalidValue("payer", payer, "whoever asks, or the student who is asked: nobody else agrees to pay")
        return brief_of_new(
            machine,
            id,
            at,
            student=registered(tx, student, "student"),
            tutor=registered(tx, tutor, "tutor"),
            payer=payer,
            requester=actor.id,
            platform=self._zone,
        )

    def act(
        self,
        verb: str,
        lesson: str,
        *,
        by: str,
        key: str,
        proposal: int | None = None,
        offer: Offer | None = None,
        reason: str = "",
        note: str = "",
        particulars: Particulars | None = None,
        now: Instant | None = None,
    ) -> Outcome:
        """Carry out any verb of the lesson's policy; the named methods are this with fewer arguments.

        `reason` may be read by the policy; `note` is kept and never read; `particulars` are what few verbs need. Raises
        `UnknownName` for a lesson, a party or a verb that does not exist.
        """
        at = self._now(now)
        command = _command(verb, lesson, by, key, proposal, offer, reason, note, particulars)
        with self._storage.transaction() as tx:
            return _carried_out(tx, command, at)

    def accept(
        self, lesson: str, *, by: str, proposal: int, key: str, note: str = "", now: Instant | None = None
    ) -> Outcome:
        """Accept the proposal with that number: exactly it becomes binding."""
        return self.act("accept", lesson, by=by, proposal=proposal, key=key, note=note, now=now)

    def decline(
        self,
        lesson: str,
        *,
        by: str,
        key: str,
        proposal: int | None = None,
        reason: str = "",
        note: str = "",
        now: Instant | None = None,
    ) -> Outcome:
        """Decline what is on the table, or an open change."""
        return self.act("decline", lesson, by=by, proposal=proposal, key=key, reason=reason, note=note, now=now)

    def propose(
        self,
        lesson: str,
        *,
        by: str,
        key: str,
        start: Instant | None = None,
        duration: timedelta | None = None,
        price: Money | str | None = None,
        kind: str | None = None,
        details: Mapping[str, str] | None = None,
        proposal: int | None = None,
        note: str = "",
        now: Instant | None = None,
    ) -> Outcome:
        """Propose other terms: a counter-offer, or a change of what is agreed. What is left out stays as it is."""
        at = self._now(now)
        with self._storage.transaction() as tx:
            minor = None if price is None else self._minor(price, _unit_of(tx, lesson_id(lesson)))
            offer = Offer(start, duration, minor, kind, details)
            return _carried_out(tx, _command("propose", lesson, by, key, proposal, offer, "", note), at)

    def reschedule(
        self,
        lesson: str,
        *,
        by: str,
        key: str,
        start: Instant,
        reason: str,
        duration: timedelta | None = None,
        note: str = "",
        now: Instant | None = None,
    ) -> Outcome:
        """Impose another time on an agreed lesson, as an operator and for a reason."""
        offer = Offer(start, duration)
        return self.act("reschedule", lesson, by=by, offer=offer, reason=reason, key=key, note=note, now=now)

    def withdraw(self, lesson: str, *, by: str, key: str, note: str = "", now: Instant | None = None) -> Outcome:
        """Take back one's own request, or one's own proposed change."""
        return self.act("withdraw", lesson, by=by, key=key, note=note, now=now)

    def cancel(
        self, lesson: str, *, by: str, key: str, reason: str = "", note: str = "", now: Instant | None = None
    ) -> Outcome:
        """Call off an agreed lesson."""
        return self.act("cancel", lesson, by=by, key=key, reason=reason, note=note, now=now)

    def confirm(self, lesson: str, *, by: str, key: str, note: str = "", now: Instant | None = None) -> Outcome:
        """Confirm that the lesson took place."""
        return self.act("confirm", lesson, by=by, key=key, note=note, now=now)

    def join(
        self,
        lesson: str,
        *,
        by: str,
        key: str,
        subject: Role | None = None,
        seen: Instant | None = None,
        source: str = "",
        note: str = "",
        now: Instant | None = None,
    ) -> Outcome:
        """Record that somebody joined the meeting.

        People report of themselves and of now. The platform's own software (a party granted `system`) names the role it
        is about, when it was seen, and who saw it.
        """
        about = Particulars(subject, seen, source)
        return self.act("join", lesson, by=by, key=key, note=note, particulars=about, now=now)

    def claim_no_show(
        self,
        lesson: str,
        *,
        by: str,
        key: str,
        split: Settlement | None = None,
        blamed: Role | None = None,
        note: str = "",
        now: Instant | None = None,
    ) -> Outcome:
        """Claim that somebody did not come.

        `split` where the policy lets the claimant decide what is charged, `blamed` where somebody (an admin, say) may
        claim it of either side.
        """
        about = Particulars(split=split, blamed=blamed)
        return self.act("claim_no_show", lesson, by=by, key=key, note=note, particulars=about, now=now)

    def contest(self, lesson: str, *, by: str, key: str, note: str = "", now: Instant | None = None) -> Outcome:
        """Contest a claim that one did not come: whoever resolves disputes then decides."""
        return self.act("contest", lesson, by=by, key=key, note=note, now=now)

    def resolve(
        self,
        lesson: str,
        *,
        by: str,
        key: str,
        split: Settlement,
        reason: str,
        blamed: Role | None = None,
        note: str = "",
        now: Instant | None = None,
    ) -> Outcome:
        """Decide a dispute: who gets what is held, and who is to blame, if anybody is."""
        about = Particulars(split=split, blamed=blamed)
        return self.act("resolve", lesson, by=by, key=key, reason=reason, note=note, particulars=about, now=now)

    def report(
        self,
        lesson: str,
        *,
        by: str,
        key: str,
        reason: str,
        remedy: Remedy,
        split: Settlement | None = None,
        details: Mapping[str, str] | None = None,
        note: str = "",
        now: Instant | None = None,
    ) -> Outcome:
        """Report a problem with a lesson, and propose how to settle it.

        `reason` is one of those of the policy. The remedy `refund` gives all back, `pay` gives all to the tutor,
        `split` is the one given, and `reschedule` has the lesson at another time. Until the problem is settled nothing
        is paid out.
        """
        about = Particulars(details=tuple((details or {}).items()), split=split, remedy=remedy)
        return self.act("report", lesson, by=by, key=key, reason=reason, note=note, particulars=about, now=now)

    def propose_remedy(
        self,
        lesson: str,
        *,
        by: str,
        key: str,
        remedy: Remedy,
        split: Settlement | None = None,
        reason: str = "",
        proposal: int | None = None,
        note: str = "",
        now: Instant | None = None,
    ) -> Outcome:
        """Propose another way to settle a reported problem, and for another reason, if `reason` is given."""
        about = Particulars(split=split, remedy=remedy)
        return self.act(
            "propose_remedy",
            lesson,
            by=by,
            key=key,
            proposal=proposal,
            reason=reason,
            note=note,
            particulars=about,
            now=now,
        )

    def escalate(self, lesson: str, *, by: str, key: str, note: str = "", now: Instant | None = None) -> Outcome:
        """Ask the marketplace to decide a reported problem: whoever resolves disputes then does."""
        return self.act("escalate", lesson, by=by, key=key, note=note, now=now)

    def add_evidence(
        self,
        lesson: str,
        *,
        by: str,
        key: str,
        details: Mapping[str, str] | None = None,
        note: str = "",
        now: Instant | None = None,
    ) -> Outcome:
        """Bring evidence about an open problem: where it lies, in short texts, and a note."""
        about = Particulars(details=tuple((details or {}).items()))
        return self.act("evidence", lesson, by=by, key=key, note=note, particulars=about, now=now)

    def refund(
        self,
        lesson: str,
        *,
        by: str,
        key: str,
        split: Settlement,
        reason: str,
        note: str = "",
        now: Instant | None = None,
    ) -> Outcome:
        """Correct what a lesson was settled at, as the marketplace: `split` is who should have got what.

        The platform's fee is found anew. What a tutor has to give back comes out of what is available, and the rest is
        a debt that later earnings are offset against.
        """
        about = Particulars(split=split)
        return self.act("refund", lesson, by=by, key=key, reason=reason, note=note, particulars=about, now=now)

    def review(
        self,
        lesson: str,
        *,
        by: str,
        key: str,
        details: Mapping[str, str] | None = None,
        note: str = "",
        now: Instant | None = None,
    ) -> Outcome:
        """Say afterwards how it was: in short texts such as `{"stars": "5"}`, and in a note."""
        about = Particulars(details=tuple((details or {}).items()))
        return self.act("review", lesson, by=by, key=key, note=note, particulars=about, now=now)

    def top_up(
        self, party: str, amount: Money, *, key: str, paid: Money | None = None, now: Instant | None = None
    ) -> Outcome:
        """Credit a wallet with money that reached the platform.

        A unit of the platform's own that is pegged to a currency is paid for in that currency: `paid` may be left out,
        and is checked against the peg if given.
        """
        id, checked, at = party_id(party), command_key(key), self._now(now)
        entries = self._top_up_entries(id, self._known(amount), paid, checked, at)
        content = digest_of("top_up", party=id, minor=amount.minor, currency=amount.currency.code)
        with self._storage.transaction() as tx:
            work, credited = Work(tx, at), registered(tx, id, "party")
            outcome = work.repeated(checked, content, "top_up", credited, None)
            return work.post(entries, checked, content, "top_up", credited) if outcome is None else outcome

    def sweep(
        self,
        *,
        now: Instant | None = None,
        grace: timedelta = _AT_ONCE,
        key: str | None = None,
        batch: int = _BATCH,
        progress: Callable[[int], None] | None = None,
    ) -> Swept:
        """Apply every timeout due by `now - grace`, in transactions of at most `batch` lessons.

        Nothing depends on when this runs: each timeout is stamped with its own deadline, and a command applies what
        concerns it anyway. A `grace` keeps a sweeper whose clock runs ahead from being early. `key` names the sweep in
        the audit trail; `progress` is told after each transaction how many timeouts have been applied.
        """
        at = self._now(now)
        _whole("batch", batch, 1)
        named = None if key is None else command_key(key)
        due_by = at - _grace(grace)
        timeouts = clearings = reminders = transactions = 0
        lessons: set[LessonId] = set()
        is_all = False
        while not is_all:
            with self._storage.transaction() as tx:
                work = Work(tx, at)
                done = work.sweep(due_by, batch)
                if not done.is_empty:
                    part = None if named is None else _next_part(tx, named)
                    tx.add_audit(AuditLine(work.cause, part, "", "sweep", "", None, at, 1, 0, None))
            is_all = done.is_all
            if not done.is_empty:
                timeouts += len(done.versions)
                clearings += len(done.clearings)
                reminders += done.reminders
                transactions += 1
                lessons.update(version.brief.id for version in done.versions)
                if progress is not None:
                    progress(timeouts)
        return Swept(timeouts, len(lessons), clearings, transactions, reminders)

    # Questions: the state as of `now`, and nothing is written

    def lesson(self, lesson: str, *, now: Instant | None = None) -> Lesson:
        """Return the lesson as it stands at `now`, overdue timeouts applied; raise `UnknownName`."""
        return self._read(now, lambda read: read.lesson(lesson_id(lesson)))

    def deadline(self, lesson: str, *, now: Instant | None = None) -> Deadline | None:
        """Return what is due next for the lesson and why, or None."""
        return next_deadline(self.lesson(lesson, now=now))

    def history(self, lesson: str) -> tuple[Recorded, ...]:
        """Return every recorded version of the lesson, oldest first; raise `UnknownName`."""
        return self._read(None, lambda read: read.history(lesson_id(lesson)))

    def caused_by(self, key: str) -> tuple[Recorded, ...]:
        """Return every version, of any lesson, that the command or sweep with that key recorded."""
        return self._read(None, lambda read: read.caused_by(command_key(key)))

    def allowed(self, lesson: str, *, by: str, now: Instant | None = None) -> tuple[Option, ...]:
        """Return the moves open to `by` at `now`: until when, and what they need."""
        return self._read(now, lambda read: read.allowed(lesson_id(lesson), party_id(by, "by")))

    def preview(
        self,
        verb: str,
        lesson: str,
        *,
        by: str,
        proposal: int | None = None,
        offer: Offer | None = None,
        reason: str = "",
        particulars: Particulars | None = None,
        now: Instant | None = None,
    ) -> Preview | Refusal:
        """Return what a command would do at `now`: money, faults and who would be told, or why it would be refused."""
        command = _command(verb, lesson, by, "preview", proposal, offer, reason, "", particulars)
        return self._read(now, lambda read: read.preview(command))

    def open_requests(self, party: str, *, now: Instant | None = None) -> tuple[Lesson, ...]:
        """Return the lessons in which it is this party's turn, soonest first."""
        return self._read(now, lambda read: read.open_requests(party_id(party)))

    def upcoming(self, party: str, *, now: Instant | None = None) -> tuple[Lesson, ...]:
        """Return the party's agreed lessons that have not ended, soonest first."""
        return self._read(now, lambda read: read.upcoming(party_id(party)))

    def lessons(self, party: str | None = None, *, now: Instant | None = None) -> tuple[Lesson, ...]:
        """Return the lessons of a party (or all), by (start, id)."""
        return self._read(now, lambda read: read.lessons(None if party is None else party_id(party)))

    def schedule(self, tutor: str) -> Schedule | None:
        """Return the hours at which the tutor can be booked, or None if none are registered."""
        return self._read(None, lambda read: read.schedule(party_id(tutor, "tutor")))

    def busy(self, party: str) -> tuple[Busy, ...]:
        """Return what was last said to be in the party's outside calendars, by start, then end, then id."""
        return self._read(None, lambda read: read.busy(party_id(party)))

    def slots(
        self,
        *,
        student: str,
        tutor: str,
        duration: timedelta,
        since: Instant,
        until: Instant,
        by: str | None = None,
        price: Money | str = "0",
        policy: str | None = None,
        kind: str = "",
        details: Mapping[str, str] | None = None,
        now: Instant | None = None,
    ) -> tuple[Instant, ...]:
        """Return the starts from `since` up to `until` at which `by` could ask for such a lesson at `now`, in order.

        They lie in the tutor's schedule, are free for tutor and student, outside calendars included, and would not be
        refused by the policy. Each could be asked for until somebody else takes it; whether the wallet covers it is
        another question.

        Where the policy makes such a request `bookable`, no other start could be asked for. Where it does not (without
        `request.bookable`, or where a tutor proposes), the list is a convenience: the hours are for people to agree
        on, so other starts could be asked for too, outside the schedule, within a buffer or during an event of an
        outside calendar. Ask `explain` about those.
        """
        first, last = instant(since, "since"), instant(until, "until")
        ask = self._asking_for(student, tutor, by, policy, duration, price, kind, details)
        return self._read(now, lambda read: read.slots(ask(read), first, last))

    def fill_roster(self, roster: Roster, tutors: Iterable[str] | None = None, *, now: Instant | None = None) -> int:
        """Put tutors with their schedules and what takes their time at `now` into a roster; return how many are in it.

        All who have a schedule, or these; tutors without one are forgotten. What is put in replaces everything that the
        roster knew of a tutor, holds that it was told by hand included. Put a tutor in again after `set_schedule` and
        `set_busy` and after a step of a lesson, and after a sweep the tutors of the lessons that it moved on: until
        then, what has lapsed since takes time in the roster.

        It finds whom to ask, among thousands; `slots` and `explain` then say what one student can ask one tutor for.
        Whether a tutor is listed at all is another question: `standings.restricted`.
        """
        if not isinstance(roster, Roster):
            raise InvalidType("roster", roster, "a Roster")
        ids = None if tutors is None else [party_id(each, "tutor") for each in tutors]
        return self._read(now, lambda read: read.fill(roster, ids))

    def explain(
        self,
        *,
        student: str,
        tutor: str,
        start: Instant,
        duration: timedelta,
        by: str | None = None,
        price: Money | str = "0",
        policy: str | None = None,
        kind: str = "",
        details: Mapping[str, str] | None = None,
        now: Instant | None = None,
    ) -> Explanation:
        """Return whether `by` could ask for a lesson at `start`, and if not, why not: what asking would be refused for.

        Its `refusal` answers the very question that `request` asks, but for the wallet. Its `verdict` says what the
        tutor's schedule has against that start, even where the policy does not make such a request `bookable` and it
        could be asked for all the same.
        """
        at = instant(start, "start")
        ask = self._asking_for(student, tutor, by, policy, duration, price, kind, details)
        return self._read(now, lambda read: read.explain(ask(read), at))

    def _asking_for(
        self,
        student: str,
        tutor: str,
        by: str | None,
        policy: str | None,
        duration: timedelta,
        price: Money | str,
        kind: str,
        details: Mapping[str, str] | None,
    ) -> Callable[[Reading], Asking]:
        """From a look at the store to the lesson that might be asked for there."""
        people = (*_sides(student, tutor), None)
        asking, machine = party_id(by if by is not None else student, "by"), self._machine(policy)
        offer = Offer(None, duration, self._minor(price, machine.process.unit), kind, details or NO_DETAILS)

        def found(read: Reading) -> Asking:
            actor = registered(read.tx, asking, "by")
            # No lesson has an empty id, so the claims of every lesson stand in the way of this one.
            brief = self._brief(read.tx, machine, LessonId(""), read.now, people, actor)
            verb = machine.process.verb_of_opening
            # What is left out need not be checked again for every start.
            return Asking(verb, asking, machine, brief, duration, offer.price, kind or None, offer.details or None)

        return found

    def slots_to_move(
        self,
        lesson: str,
        *,
        by: str,
        since: Instant,
        until: Instant,
        duration: timedelta | None = None,
        now: Instant | None = None,
    ) -> tuple[Instant, ...]:
        """Return the starts at which `by` could propose to have the lesson instead, as `slots` does for a new one.

        The lesson's own time does not stand in its way. As with `slots`, where the policy does not make the proposal
        `bookable`, other starts could be proposed as well.
        """
        first, last = instant(since, "since"), instant(until, "until")
        move = _moving(lesson, by, duration)
        return self._read(now, lambda read: read.slots(move(read), first, last))

    def explain_move(
        self, lesson: str, *, by: str, start: Instant, duration: timedelta | None = None, now: Instant | None = None
    ) -> Explanation:
        """Return whether `by` could propose to have the lesson at `start` instead, and if not, why not.

        The explanation says the same as that of `explain`.
        """
        at, move = instant(start, "start"), _moving(lesson, by, duration)
        return self._read(now, lambda read: read.explain(move(read), at))

    def meeting(self, lesson: str, *, by: str, now: Instant | None = None) -> Meeting | None:
        """Return where the lesson takes place for `by`: with their own links, or all for somebody with a grant.

        None while there is no meeting, and for strangers. Those who ask or pay for a student get the student's link.
        When `by` may join is among `allowed`.
        """
        return self._read(now, lambda read: read.meeting(lesson_id(lesson), party_id(by, "by")))

    def reviews(self, lesson: str, *, by: str | None = None, now: Instant | None = None) -> tuple[Reviewed, ...]:
        """Return what was said of the lesson afterwards, as far as `by` (None: everybody) may read it at `now`."""
        reader = None if by is None else party_id(by, "by")
        return self._read(now, lambda read: read.reviews(lesson_id(lesson), reader))

    def wallet(self, party: str, currency: str, *, now: Instant | None = None) -> Money:
        """Return what the party can spend at `now`."""
        unit = self._currency(currency)
        return Money(self._read(now, lambda read: read.wallet(party_id(party), unit.code)), unit)

    def earnings(self, tutor: str, currency: str, *, now: Instant | None = None) -> Earnings:
        """Return what the tutor has earned and not taken out: pending, and available."""
        unit = self._currency(currency)
        return self._read(now, lambda read: read.earnings(party_id(tutor), unit))

    def balances(self) -> tuple[tuple[Account, str, int], ...]:
        """Return (account, currency, natural balance) of every account that holds something, as recorded."""
        return self._read(None, lambda read: read.tx.balances())

    def trial_balance(self) -> TrialBalance:
        """Return every balance as recorded, with totals by currency that are equal."""
        return self._read(None, Reading.trial_balance)

    def statement(
        self, account: Account, currency: str, *, since: Instant | None = None, until: Instant | None = None
    ) -> Statement:
        """Return what happened to one account, as recorded, from `since` up to but not including `until`."""
        if not isinstance(account, Account):
            raise InvalidType("account", account, "an account, such as parse_account('Assets:Bank')")
        return self._read(None, lambda read: read.statement(account, currency, since, until))

    def audit(self, lesson: str | None = None) -> tuple[AuditLine, ...]:
        """Return what was asked and answered, about one lesson or all, refusals included."""
        id = None if lesson is None else lesson_id(lesson)
        return self._read(None, lambda read: read.tx.audit(id))

    def outbox(
        self,
        *,
        after: int = 0,
        limit: int | None = None,
        kinds: Iterable[MessageKind] | None = None,
        undone: bool = False,
        failed: bool = False,
    ) -> tuple[OutboxRow, ...]:
        """Return what was to be done outside, in order, above a sequence number and at most `limit` rows.

        `kinds` are those of the messages (all if left out); with `undone`, what is finished is left out; with `failed`,
        only rows with a delivery that never arrived.
        """
        _whole("after", after, 0)
        if limit is not None:
            _whole("limit", limit, 0)
        wanted = None if kinds is None else tuple(_kinds(kinds))
        return self._read(None, lambda read: read.tx.outbox(after, limit, kinds=wanted, undone=undone, failed=failed))

    def delivered(self, sequence: int) -> None:
        """Finish a row of the outbox: it has been delivered, or never will be. Again is harmless.

        Raises `UnknownName` if there is no such row.
        """
        _whole("sequence", sequence, 1)
        with self._storage.transaction() as tx:
            _outbox_row(tx, sequence)
            tx.finish(sequence)

    def redeliver(self, sequence: int) -> None:
        """Let a relay try again what of a row of the outbox never arrived. What arrived is not sent again.

        A row without a delivery that failed stays as it is. Raises `UnknownName` if there is no such row.
        """
        _whole("sequence", sequence, 1)
        with self._storage.transaction() as tx:
            if any(delivery.failure is not None for delivery in _outbox_row(tx, sequence).settled):
                tx.reopen(sequence)

    def _read(self, now: Instant | None, question: Callable[[Reading], R]) -> R:
        at = self._now(now)
        with self._storage.reading() as tx:
            return question(Reading(tx, at))

    def _now(self, now: Instant | None) -> Instant:
        return instant(self._clock() if now is None else now, "now")

    def _machine(self, policy: str | None) -> Machine:
        if policy is not None:
            _texts(policy=policy)
            if policy not in self._machines:
                raise UnknownName("policy", policy, self._machines)
            return self._machines[policy]
        if self._only is None:
            known = ", ".join(sorted(self._machines))
            raise InvalidValue("policy", None, f"the name of one of several policies: {known}")
        return self._only

    def _currency(self, code: str) -> Currency:
        unit = self._unit(code)
        return Currency(unit.code, unit.exponent)

    def _unit(self, code: str) -> Unit:
        """The unit of a currency at hand, or of a policy that lessons still run under without being asked for."""
        if code in self._units:
            return self._units[code]
        if code not in self._currencies.codes:
            with self._storage.reading() as tx:
                for machine in filter(None, map(tx.machine, tx.policies())):
                    if machine.process.unit.code == code:
                        return machine.process.unit
        return Unit(code, self._currencies.get(code).exponent)

    def _minor(self, price: Money | str, unit: Unit) -> int:
        if isinstance(price, int):  # Whole units or minor ones? Nobody should have to guess.
            raise InvalidType("price", price, "an amount as text, such as '25.00', or Money")
        money = price if isinstance(price, Money) else Money.of(price, Currency(unit.code, unit.exponent))
        if money.currency.code != unit.code or money.currency.exponent != unit.exponent:
            raise InvalidValue("price", str(money), f"an amount in {unit.code}, the currency of the policy")
        if money.minor < 0:
            raise InvalidValue("price", str(money), "nothing or more")
        return money.minor

    def _known(self, amount: Money) -> Money:
        if not isinstance(amount, Money):
            raise InvalidType("amount", amount, "Money, such as marketplace.money('25.00', 'USD')")
        if self._currencies.get(amount.currency.code) != amount.currency:
            raise InvalidValue("amount", str(amount), f"{amount.currency.code} with its own number of decimals")
        if not 0 < amount.minor <= LARGEST_PRICE:
            raise InvalidValue("amount", str(amount), f"more than nothing, up to {LARGEST_PRICE} minor units")
        return amount

    def _top_up_entries(
        self, party: PartyId, amount: Money, paid: Money | None, key: Key, at: Instant
    ) -> tuple[Entry, ...]:
        worth = worth_of(amount.minor, self._unit(amount.currency.code))
        if worth is None:
            if paid is not None and paid != amount:
                raise InvalidValue("paid", str(paid), f"the amount itself, {amount}: {amount.currency.code} has no peg")
            return (top_up(party, amount.minor, amount.currency.code, effective_at=at, ref=key),)
        if paid is not None and paid != worth:
            raise InvalidValue("paid", str(paid), f"{worth}, what {amount} is worth")
        return convert(
            party,
            paid=worth.minor,
            paid_currency=worth.currency.code,
            credited=amount.minor,
            credited_currency=amount.currency.code,
            effective_at=at,
            ref=key,
        )


def _command(
    verb: str,
    lesson: str,
    by: str,
    key: str,
    proposal: int | None,
    offer: Offer | None,
    reason: str,
    note: str = "",
    particulars: Particulars | None = None,
) -> Command:
    """The command that these arguments name, each of them checked."""
    actor, id = party_id(by, "by"), lesson_id(lesson)
    _texts(verb=verb, reason=reason, note=note)
    if proposal is not None and type(proposal) is not int:
        raise InvalidType("proposal", proposal, "the number of a proposal as an int")
    if offer is not None and not isinstance(offer, Offer):
        raise InvalidType("offer", offer, "an Offer")
    if particulars is not None and not isinstance(particulars, Particulars):
        raise InvalidType("particulars", particulars, "Particulars")
    return Command(verb, actor, command_key(key), id, proposal, offer, reason, note, particulars)


def _moving(lesson: str, by: str, duration: timedelta | None) -> Callable[[Reading], Asking]:
    """From a look at the store to another time that might be proposed for a lesson there."""
    id, actor, offer = lesson_id(lesson), party_id(by, "by"), Offer(duration=duration)

    def found(read: Reading) -> Asking:
        before = read.lesson(id)
        registered(read.tx, actor, "by")
        return Asking("propose", actor, before.machine, before, offer.duration or before.terms.duration)

    return found


def _carried_out(tx: Transaction, command: Command, at: Instant) -> Outcome:
    """The outcome of a command about a lesson that exists: the stored one, or that of carrying it out now."""
    content = digest_of(
        command.verb, lesson=command.lesson, actor=command.actor, proposal=command.proposal,
        offer=offered(command.offer), reason=command.reason, note=command.note, particulars=said(command.particulars),
    )  # fmt: skip
    work, actor = Work(tx, at), registered(tx, command.actor, "by")
    outcome = work.repeated(command.key, content, command.verb, actor, command.lesson)
    if outcome is None:
        outcome = work.perform(command, content, actor)
    if outcome is None:
        raise UnknownName("lesson", command.lesson)
    return outcome


def _unit_of(tx: Transaction, lesson: LessonId) -> Unit:
    """The unit that a price written as text is in: that of the lesson's own policy."""
    found = tx.lesson(lesson)
    if found is None:
        raise UnknownName("lesson", lesson)
    return found.machine.process.unit


def _texts(**values: object) -> None:
    for name, value in values.items():
        if not isinstance(value, str):
            raise InvalidType(name, value, "a text")


def _outbox_row(tx: Transaction, sequence: int) -> OutboxRow:
    for row in tx.outbox(sequence - 1, 1):
        if row.sequence == sequence:
            return row
    raise UnknownName("row of the outbox", str(sequence))


def _whole(what: str, value: int, least: int) -> None:
    if type(value) is not int:
        raise InvalidType(what, value, "a whole number")
    if value < least:
        raise InvalidValue(what, value, f"{least} or more")


def _grace(value: timedelta) -> timedelta:
    if not isinstance(value, timedelta):
        raise InvalidType("grace", value, "a timedelta")
    if not _AT_ONCE <= value <= _LONGEST_GRACE:
        raise InvalidValue("grace", str(value), f"nothing or more, up to {_LONGEST_GRACE.days} days")
    return value


def _kinds(kinds: Iterable[MessageKind]) -> Iterable[MessageKind]:
    if isinstance(kinds, str) or not isinstance(kinds, Iterable):
        raise InvalidType("kinds", kinds, f"a list of some of {', '.join(MESSAGE_KINDS)}")
    for kind in kinds:
        if kind not in MESSAGE_KINDS:
            raise UnknownName("kind of message", kind, MESSAGE_KINDS)
        yield kind


def _words(permissions: Iterable[str]) -> Iterable[str]:
    if isinstance(permissions, str) or not isinstance(permissions, Iterable):
        raise InvalidType("permissions", permissions, "a list of words such as can_request_sessions")
    return permissions


def _sides(student: str, tutor: str) -> tuple[PartyId, PartyId]:
    """The student and the tutor of a lesson: two people."""
    sides = party_id(student, "student"), party_id(tutor, "tutor")
    if sides[0] == sides[1]:
        raise InvalidValue("tutor", tutor, "somebody other than the student")
    return sides


def _usual_payer(actor: Party, student: PartyId, tutor: PartyId) -> PartyId:
    """Who pays if nobody is named: whoever asks for somebody else; a tutor or an operator leaves it to the student."""
    return student if actor.id in (student, tutor) or actor.grants else actor.id


def _ways_to_name(payer: PartyId | None, usual: PartyId, kept: Lesson | None) -> set[PartyId | None]:
    """How a command that meant the same may have said who pays; `kept` is the lesson that its key is about."""
    meant = usual if payer is None else payer
    is_left_out = meant == usual or (kept is not None and kept.brief.payer == meant)
    return {payer, meant, None} if is_left_out else {payer, meant}


def _plain_amount(price: Money | str) -> str:
    """The amount of a price as a text, the same one however it was written: without needless zeros."""
    whole, _, decimals = (price.text if isinstance(price, Money) else str(price)).partition(".")
    return f"{whole.lstrip('0') or '0'}.{decimals.rstrip('0')}".rstrip(".")


def _granted(grants: Iterable[Role]) -> Iterable[Role]:
    if isinstance(grants, str) or not isinstance(grants, Iterable):
        raise InvalidType("grants", grants, f"a list of some of {', '.join(GRANTED_ROLES)}")
    for role in grants:
        if role not in GRANTED_ROLES:
            raise UnknownName("granted role", role, GRANTED_ROLES)
        yield role


def _next_part(tx: Transaction, key: Key) -> Key:
    """The key of the next transaction of a sweep: a sweep that was interrupted goes on counting."""
    part = 1
    while tx.answer(Key(f"{key}/{part}")) is not None:
        part += 1
    return Key(f"{key}/{part}")
