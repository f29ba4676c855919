"""The desk: what agents do about reports and locks, and tutors about hidden profiles, in the course of a run.

Each is a wake-up planned when a tutor's standing changes. Whether it can be done then is for the engine to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from tutorcore.ids import Key, PartyId
from tutorcore.instants import Instant
from tutorcore.policy.machine import Machine
from tutorcore.policy.restrictions import Restriction
from tutorcore.ports.storage import Party
from tutorcore.sim.distributions import length
from tutorcore.sim.draws import Draws
from tutorcore.sim.model import Standings
from tutorcore.sim.store import RunStore, RunWork
from tutorcore.standing import Imposed, Report, Standing, StandingCommand, StandingVerb, in_force, open_reports

CASE: Final = "simulated"
"""What stands for the reference to a case, and for a reason where the policy asks for none in particular."""


class Job(NamedTuple):
    """Something that is going to be done about a report, or about what one has brought."""

    tutor: PartyId
    about: int | Imposed


class Desk:
    """Everything that is done about standings in one run. `refusals` are (verb, code), in order."""

    def __init__(
        self, habits: Standings, machine: Machine, store: RunStore, people: Mapping[PartyId, Party], draws: Draws
    ) -> None:
        self._habits = habits
        self._rules = machine.process.account
        self._store = store
        self._people = people
        self._draws = draws
        self._known: dict[PartyId, int] = {}
        self._planned: set[tuple[PartyId, object]] = set()
        self._jobs: list[Job] = []
        self._commands = 0
        self.refusals: list[tuple[str, str]] = []
        self.is_open = habits != Standings() and bool(self._rules.counters)

    def planned(self, tutor: PartyId, now: Instant) -> Iterator[tuple[Instant, int]]:
        """Yield what is newly going to be done about how a tutor stands: when, and the number to do it by."""
        standing = self._store.standing(tutor)
        if standing is None or standing.number == self._known.get(tutor):
            return
        self._known[tutor] = standing.number
        for what, job, at in (*self._about_reports(standing, now), *self._about_imposed(standing, now)):
            if (tutor, what) not in self._planned:
                self._planned.add((tutor, what))
                self._jobs.append(job)
                yield at, len(self._jobs) - 1

    def _about_reports(self, standing: Standing, now: Instant) -> Iterator[tuple[object, Job, Instant]]:
        habit = self._habits.handles
        for report in open_reports(standing) if habit is not None else ():
            assert habit is not None
            when, _ = self._draws.two(standing.tutor, "handles", report.number)
            # A report that another lapse has joined is looked at again.
            yield (report.number, len(report.lapses)), Job(standing.tutor, report.number), now + length(habit, when)

    def _about_imposed(self, standing: Standing, now: Instant) -> Iterator[tuple[object, Job, Instant]]:
        for imposed in in_force(standing, now):
            habit = {"tutor": self._habits.shows, "operator": self._habits.lifts}.get(imposed.lifted_by or "")
            if habit is not None:
                when, _ = self._draws.two(standing.tutor, f"ends:{imposed.effect}", imposed.report)
                since = max(now, imposed.liftable_from or now)
                yield imposed, Job(standing.tutor, imposed), since + length(habit, when)

    def tutor(self, number: int) -> PartyId:
        """Return whom it is about that is planned under that number."""
        return self._jobs[number].tutor

    def do(self, number: int, now: Instant) -> None:
        """Do what is planned under that number, unless it has become needless."""
        tutor, about = self._jobs[number]
        standing = self._store.standing(tutor)
        assert standing is not None
        if isinstance(about, Imposed):
            if about in in_force(standing, now):
                self._end(tutor, about, now)
        else:
            report = standing.reports[about - 1]
            if report.state == "open":
                self._handle(tutor, report, now)

    def _handle(self, tutor: PartyId, report: Report, now: Instant) -> None:
        """Dismiss or record a report, for the first reason that the policy allows."""
        counter = self._rules.counter(report.counter)
        _, whether = self._draws.two(tutor, "handles", report.number)
        verb: StandingVerb
        verb, reasons = (
            ("dismiss_report", counter.dismiss)
            if whether < self._habits.dismisses
            else ("record_report", counter.record)
        )
        reason = reasons[0] if reasons else CASE
        self._perform(verb, tutor, counter.handled_by[0], now, report=report.number, reason=reason)

    def _end(self, tutor: PartyId, imposed: Imposed, now: Instant) -> None:
        """Have the tutor show the profile, or the platform lift what nobody else may."""
        if imposed.lifted_by == "tutor":
            self._perform("show_profile", tutor, tutor, now)
        else:
            by = self._rules.counter(imposed.counter).handled_by[0]
            self._perform("lift", tutor, by, now, counter=imposed.counter, effect=imposed.effect, reason=CASE)

    def _perform(
        self,
        verb: StandingVerb,
        tutor: PartyId,
        by: str,
        now: Instant,
        *,
        report: int | None = None,
        counter: str | None = None,
        effect: Restriction | None = None,
        reason: str = "",
    ) -> None:
        self._commands += 1
        actor, case = self._people[PartyId(by)], "" if verb == "show_profile" else CASE
        key = Key(f"{tutor}/standing/{self._commands}")
        command = StandingCommand(verb, tutor, actor.id, key, report, counter, effect, reason, case)
        counters = {each.name for each in self._rules.counters}
        outcome = RunWork(self._store, now).handle(command, "", actor, counters)
        if outcome.refusal is not None:
            self.refusals.append((verb, outcome.refusal.code))
