"""Playing a scenario on a store, and what came of it.

Each step is one command in a transaction of its own, decided and recorded at the step's instant, under a key made of
the scenario's id and the step's position. What is reported is read back by those keys from the store. Hence a run that
was cut short anywhere can be repeated on the same store: steps that were answered are not done again, the others are,
and the report is that of an undisturbed run.

After the last step a sweep at its instant applies what is due by then, so that no lesson is reported in a state that it
has left. Where the scenario says who makes meetings, the relay runs after each step, at the step's instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, assert_never

from tutorcore.cli.desk import standing_at, stood
from tutorcore.cli.report import Filled, Log, Played, Report, Traces
from tutorcore.cli.scenario import Act, Ask, Earn, Handle, Person, Scenario, Step, Sweep, TopUp
from tutorcore.cli.stores import Amounts
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.meeting_relay import KINDS, MeetingRelay
from tutorcore.engine.outcome import Outcome
from tutorcore.errors import UnknownName
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant, to_text
from tutorcore.ledger.accounts import withdrawing
from tutorcore.lessons.refusals import Refusal
from tutorcore.payouts import APPLY, PAID, WITHDRAW
from tutorcore.ports.storage import AuditLine, Storage, Transaction

Progress = Callable[[int], None]
"""Is told how many steps have been done."""

_SWEEP = "sweep"
_EVERY_ROW: Final = 10**9


def play_scenario(scenario: Scenario, storage: Storage, progress: Progress | None = None) -> Report:
    """Play a scenario to its end and return what came of it; on a store that has a part of it, play the rest."""
    play = _Play(scenario, storage)
    refusals = play.fill_wallets()
    answers = play.do_steps(len(scenario.steps), progress)
    play.close()
    return play.report(refusals, answers)


def play_part(scenario: Scenario, storage: Storage, steps: int) -> None:
    """Play the first steps of a scenario and stop there, as if interrupted."""
    play = _Play(scenario, storage)
    play.fill_wallets()
    play.do_steps(steps, None)


class _Play:
    """One run of a scenario on a store."""

    def __init__(self, scenario: Scenario, storage: Storage) -> None:
        self._scenario = scenario
        self._storage = storage
        self._market = Marketplace(storage, [scenario.process], zone=scenario.zone)
        meetings = scenario.meetings
        self._relay = None if meetings is None else MeetingRelay(storage, meetings.provider, by=meetings.by)
        self._has_taken_over = False
        # What an earlier run did, by key. Nothing before the last step it did is done anew, even if it left no trace.
        self._before = {line.key: line for line in self._market.audit() if line.key is not None}
        self._reached = self._last_step_done()
        self._asked: set[LessonId] = set()
        self._withdrawals: dict[str, str] = {}  # What the store calls them, by the scenario's names.

    def fill_wallets(self) -> list[Refusal | None]:
        """Register the people, and fill their wallets where the scenario says so."""
        for person in self._scenario.people:
            self._market.add_party(person.id, zone=person.zone, grants=person.grants, permissions=person.permissions)
            if self._market.schedule(person.id) != person.schedule:
                self._market.set_schedule(person.id, person.schedule)
        return [self._fill(person) for person in self._scenario.people if person.wallet is not None]

    def do_steps(self, count: int, progress: Progress | None) -> list[Refusal | None]:
        """Do the first `count` steps, or find what was answered to them."""
        refusals: list[Refusal | None] = []
        for step in self._scenario.steps[:count]:
            refusals.append(self._do(step))
            if step.number >= self._reached:
                self._make_meetings(step.at)
            if progress is not None:
                progress(step.number)
        return refusals

    def close(self) -> None:
        """Apply what is due by the end."""
        self._market.sweep(now=self._scenario.end, key=self._scenario.key("end"))
        self._make_meetings(self._scenario.end)

    def _make_meetings(self, at: Instant) -> None:
        """Let the relay handle what waits in the outbox."""
        if self._relay is None:
            return
        if not self._has_taken_over:
            self._take_over(at)
        self._relay.run(now=at, limit=_EVERY_ROW)

    def _take_over(self, at: Instant) -> None:
        """Take over the rows that were out when an earlier run was cut short: nobody else works on them."""
        self._has_taken_over = True
        with self._storage.transaction() as tx:
            for row in tx.outbox(kinds=KINDS, undone=True):
                if row.attempts:
                    tx.retry(row.sequence, at)

    def report(self, filled: Iterable[Refusal | None], answers: Iterable[Refusal | None]) -> Report:
        """Return what the store now says of the whole run."""
        with self._storage.reading() as tx:
            return self._report(tx, filled, answers)

    def _report(self, tx: Transaction, filled: Iterable[Refusal | None], answers: Iterable[Refusal | None]) -> Report:
        from tutorcore.calendar.zones.wall_time import tzdata_version
        from tutorcore.policy.codec import content_hash

        scenario, market = self._scenario, self._market
        log = Log(market, tx)
        steps = tuple(self._played(step, refusal, log) for step, refusal in zip(scenario.steps, answers, strict=True))
        closing = log.traces(scenario.key("end"))
        told = [lesson for traces in (*(played.traces for played in steps), closing) for lesson in traces.lessons]
        own = tuple(dict.fromkeys(step.lesson for step in scenario.steps if step.lesson in self._asked))
        with_wallets = [person for person in scenario.people if person.wallet is not None]
        return Report(
            scenario,
            scenario.process.name,
            content_hash(scenario.process),
            tzdata_version(),
            tuple(
                Filled(*each) for each in zip(with_wallets, map(self._wallet_key, with_wallets), filled, strict=True)
            ),
            steps,
            closing,
            {id: market.history(id) for id in dict.fromkeys([*told, *own])},
            own,
            {id: market.reviews(id, now=scenario.end) for id in own},
            tuple(
                stood(tx, standing, max(scenario.end, standing.at))
                for person in scenario.people
                if (standing := standing_at(tx, person.id, scenario.end)) is not None
            ),
            tuple(withdrawal for person in scenario.people for withdrawal in tx.withdrawals(person.id)),
            market.balances(),
            market.trial_balance(),
            Amounts.of(tx, market.currencies),
        )

    def _played(self, step: Step, refusal: Refusal | None, log: Log) -> Played:
        key = self._scenario.key(step.number)
        # A key that is another step's in this store leads to events that are not this step's.
        reused = refusal is not None and refusal.code == "key_reused"
        is_about = isinstance(step.action, Earn) and refusal is None
        withdrawal = log.withdrawal(key) if is_about else None
        return Played(step, key, refusal, Traces() if reused else log.traces(key), withdrawal)

    def _wallet_key(self, person: Person) -> Key:
        return self._scenario.key("wallet", person.id)

    def _fill(self, person: Person) -> Refusal | None:
        assert person.wallet is not None
        key, at = self._wallet_key(person), self._scenario.at
        found = self._before.get(key)
        if found is not None and found.at != at:
            return _reused(key, found)
        return self._market.top_up(person.id, person.wallet, key=key, now=at).refusal

    def _do(self, step: Step) -> Refusal | None:
        key, found = self._scenario.key(step.number), self._found(step)
        if found is not None and (found.at != step.at or (found.verb == _SWEEP) != isinstance(step.action, Sweep)):
            # The digest of a command covers neither its instant nor sweeps, which have no content.
            return _reused(key, found)
        if found is None and isinstance(step.action, Ask) and step.lesson in self._asked:
            return self._asked_before(step)
        if step.number < self._reached and isinstance(step.action, Sweep):
            return None
        if step.number < self._reached and found is None:
            return self._left_no_trace(step, key)
        refusal = self._carry_out(step, key)
        if refusal is None and isinstance(step.action, Ask):
            self._asked.add(step.action.lesson)
        if refusal is None and step.do == WITHDRAW and isinstance(step.action, Earn):
            self._withdrawals[step.action.withdrawal] = self._withdrawn(step, key)
        return refusal

    def _withdrawn(self, step: Step, key: Key) -> str:
        """What the store calls the withdrawal that a step made: not always by the step's own key."""
        with self._storage.reading() as tx:
            line = tx.answer(key)
            entries = tx.entries(withdrawing(step.who or PartyId("")))
        return next(each.entry.ref for each in entries if line is not None and each.cause == line.cause)

    def _last_step_done(self) -> int:
        """The number of the last step that an earlier run did; one more if that run came to its end."""
        if Key(f"{self._scenario.key('end')}/1") in self._before:
            return len(self._scenario.steps) + 1
        return max((step.number for step in self._scenario.steps if self._found(step) is not None), default=0)

    def _found(self, step: Step) -> AuditLine | None:
        """What an earlier run answered to this step; of a sweep, to its first part."""
        key = self._scenario.key(step.number)
        return self._before.get(key) or self._before.get(Key(f"{key}/1"))

    def _left_no_trace(self, step: Step, key: Key) -> Refusal:
        """The answer to a step that an earlier run has passed: it met nothing to act on, or was another step then."""
        if isinstance(step.action, Act) and step.lesson not in self._asked:
            return self._never_asked(step)
        if isinstance(step.action, Earn) and self._is_about_nothing(step.action):
            return _never_withdrawn(step)
        if isinstance(step.action, Handle):
            return _never_raised(step)
        return Refusal.of("key_reused", key=key, before="a step that left no trace")

    def _carry_out(self, step: Step, key: Key) -> Refusal | None:
        try:
            outcome = self._command(step, key)
        except UnknownName as error:
            if error.kind == "lesson":
                return self._never_asked(step)
            if error.kind in ("report", "counter"):
                return _never_raised(step)
            raise
        return None if outcome is None else outcome.refusal

    def _never_asked(self, step: Step) -> Refusal:
        """The answer to an act on a lesson that does not exist because asking for it was refused."""
        return Refusal.of(
            "not_open", verb=step.do, state="not yet asked for", open=self._scenario.process.verb_of_opening
        )

    def _is_about_nothing(self, earn: Earn) -> bool:
        """Whether somebody tells of a transfer that never began."""
        return earn.amount is None and bool(earn.withdrawal) and earn.withdrawal not in self._withdrawals

    def _asked_before(self, step: Step) -> Refusal:
        """The answer to a request under the name of a lesson that exists.

        Whether it does only a run tells: the first request may have been refused.
        """
        return Refusal.of("not_open", verb=step.do, state="asked for already", open="the same under another name")

    def _handled(self, step: Step, handle: Handle, key: Key) -> Outcome:
        desk, who, tutor, at = self._market.standings, step.who or PartyId(""), handle.tutor, step.at
        reason, case, note = handle.reason, handle.case, handle.note
        if handle.counter is not None:
            return desk.reset_counter(
                tutor, handle.counter, by=who, reason=reason, case=case, note=note, key=key, now=at
            )
        if handle.effect is not None:
            return desk.lift(tutor, handle.effect, by=who, reason=reason, case=case, note=note, key=key, now=at)
        if handle.report is not None:
            close = desk.dismiss_report if step.do == "dismiss_report" else desk.record_report
            return close(tutor, handle.report, by=who, reason=reason, case=case, note=note, key=key, now=at)
        return desk.show_profile(tutor, by=who, key=key, now=at)

    def _earned(self, step: Step, earn: Earn, key: Key) -> Outcome:
        desk, who, at = self._market.payouts, step.who or PartyId(""), step.at
        if earn.amount is not None:
            take = desk.withdraw if step.do == WITHDRAW else desk.spend
            return take(who, earn.amount, key=key, now=at)
        if step.do == APPLY:
            return desk.apply(who, self._scenario.process.unit.code, key=key, now=at)
        if self._is_about_nothing(earn):
            return Outcome(None, (), _never_withdrawn(step))
        id = self._withdrawals[earn.withdrawal]
        if step.do == PAID:
            return desk.paid(id, by=who, key=key, now=at)
        return desk.returned(id, by=who, reason=earn.reason, key=key, now=at)

    def _command(self, step: Step, key: Key) -> Outcome | None:
        market, who = self._market, step.who or PartyId("")
        match step.action:
            case TopUp(amount):
                return market.top_up(who, amount, key=key, now=step.at)
            case Sweep(grace):
                market.sweep(now=step.at, grace=grace, key=key)
                return None
            case Ask() as ask:
                return market.request(
                    student=ask.student,
                    tutor=ask.tutor,
                    payer=ask.payer,
                    by=who,
                    start=ask.start,
                    duration=ask.duration,
                    price=ask.price,
                    kind=ask.kind,
                    details=dict(ask.details),
                    note=ask.note,
                    lesson=ask.lesson,
                    verb=step.do,
                    key=key,
                    now=step.at,
                )
            case Act() as act:
                return market.act(
                    step.do,
                    act.lesson,
                    by=who,
                    proposal=act.proposal,
                    offer=act.offer,
                    reason=act.reason,
                    note=act.note,
                    particulars=act.particulars,
                    key=key,
                    now=step.at,
                )
            case Handle() as handle:
                return self._handled(step, handle, key)
            case Earn() as earn:
                return self._earned(step, earn, key)
            case _ as never:
                assert_never(never)


def _reused(key: Key, found: AuditLine) -> Refusal:
    return Refusal.of("key_reused", key=key, before=f"{found.verb} at {to_text(found.at)}")


def _never_raised(step: Step) -> Refusal:
    """The answer to somebody who handles what was never reported."""
    return Refusal.of("not_open", verb=step.do, state="without such a report", open="nothing")


def _never_withdrawn(step: Step) -> Refusal:
    """The answer to somebody who tells how a withdrawal ended that was refused."""
    return Refusal.of("not_open", verb=step.do, state="not withdrawn", open=WITHDRAW)
