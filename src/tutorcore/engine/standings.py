"""Standings: how tutors stand, and the desk at which agents go through what was reported of them.

Reports are raised by what happens to lessons, in the same transaction. What people do about them is here: an agent
dismisses or records a report, resets a counter, lifts a consequence; a tutor switches a hidden profile back. Each needs
a key, leaves a line in the audit trail, and tells the tutor.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from tutorcore.engine.outcome import Outcome
from tutorcore.engine.reading import Reading
from tutorcore.engine.work import Work, digest_of, registered
from tutorcore.errors import InvalidType, UnknownName
from tutorcore.ids import PartyId, command_key, party_id
from tutorcore.instants import Instant
from tutorcore.policy.restrictions import RESTRICTIONS, Restriction
from tutorcore.ports.storage import RecordedStanding, Storage
from tutorcore.standing import Report, Standing, StandingCommand, StandingVerb, open_reports, restrictions


class OpenReport(NamedTuple):
    """A report that nobody has handled yet, and of whom."""

    tutor: PartyId
    report: Report


class Standings:
    """How the tutors of one marketplace stand. `Marketplace.standings` is one.

    `counters` are the names of those that the marketplace's policies have.
    """

    def __init__(self, storage: Storage, now: Callable[[Instant | None], Instant], counters: Collection[str]) -> None:
        self._storage = storage
        self._now = now
        self._counters = counters

    # Questions: the state as of `now`, and nothing is written

    def of(self, tutor: str, *, now: Instant | None = None) -> Standing | None:
        """Return how the tutor stands at `now`, or None if nothing was ever counted; raise `UnknownName`."""
        id, at = party_id(tutor, "tutor"), self._now(now)
        with self._storage.reading() as tx:
            return Reading(tx, at).standing(id)

    def restrictions(self, tutor: str, *, now: Instant | None = None) -> frozenset[Restriction]:
        """Return what is kept from the tutor at `now`, such as `hidden`; mostly nothing."""
        at = self._now(now)
        standing = self.of(tutor, now=at)
        return frozenset() if standing is None else restrictions(standing, at)

    def is_listed(self, tutor: str, *, now: Instant | None = None) -> bool:
        """Return whether the tutor's profile may be shown to students who look for a tutor."""
        return "hidden" not in self.restrictions(tutor, now=now)

    def restricted(self, *, now: Instant | None = None) -> dict[PartyId, frozenset[Restriction]]:
        """Return what is kept from whom at `now`, of every tutor from whom something is: for lists of tutors."""
        at = self._now(now)
        with self._storage.reading() as tx:
            found = {standing.tutor: restrictions(standing, at) for standing in Reading(tx, at).standings()}
        return {tutor: kept for tutor, kept in found.items() if kept}

    def queue(self, *, now: Instant | None = None) -> tuple[OpenReport, ...]:
        """Return every report that waits for an agent, the oldest first.

        What happened is in the history of the lessons that its lapses name.
        """
        at = self._now(now)
        with self._storage.reading() as tx:
            found = Reading(tx, at).standings(with_open_reports=True)
        waiting = [OpenReport(standing.tutor, report) for standing in found for report in open_reports(standing)]
        return tuple(sorted(waiting, key=lambda each: (each.report.raised, each.tutor, each.report.number)))

    def history(self, tutor: str) -> tuple[RecordedStanding, ...]:
        """Return every recorded step, oldest first: what happened, by whom, for which reason. Raises `UnknownName`."""
        id = party_id(tutor, "tutor")
        with self._storage.reading() as tx:
            return tx.standing_history(registered(tx, id, "tutor").id)

    # Commands

    def dismiss_report(
        self,
        tutor: str,
        report: int,
        *,
        by: str,
        reason: str,
        case: str,
        key: str,
        note: str = "",
        now: Instant | None = None,
    ) -> Outcome:
        """Dismiss a report, as an agent: it no longer counts.

        `case` says where the case is on file, and `note` is the answer that the tutor gets. A profile that is hidden
        stays so until the tutor switches it back.
        """
        return self._do("dismiss_report", tutor, by, key, now, report=report, reason=reason, case=case, note=note)

    def record_report(
        self,
        tutor: str,
        report: int,
        *,
        by: str,
        reason: str,
        case: str,
        key: str,
        note: str = "",
        now: Instant | None = None,
    ) -> Outcome:
        """Record a report, as an agent: it stands, and goes on counting."""
        return self._do("record_report", tutor, by, key, now, report=report, reason=reason, case=case, note=note)

    def reset_counter(
        self,
        tutor: str,
        counter: str,
        *,
        by: str,
        reason: str,
        case: str,
        key: str,
        note: str = "",
        now: Instant | None = None,
    ) -> Outcome:
        """Let a counter begin anew, as an agent, once all its reports have been handled."""
        return self._do("reset_counter", tutor, by, key, now, counter=counter, reason=reason, case=case, note=note)

    def show_profile(self, tutor: str, *, key: str, by: str | None = None, now: Instant | None = None) -> Outcome:
        """Switch a hidden profile back, as the tutor: as far as it may be by now."""
        return self._do("show_profile", tutor, tutor if by is None else by, key, now)

    def lift(
        self,
        tutor: str,
        effect: Restriction,
        *,
        by: str,
        reason: str,
        case: str,
        key: str,
        counter: str | None = None,
        note: str = "",
        now: Instant | None = None,
    ) -> Outcome:
        """Lift a consequence before its time, as an agent: what one counter brought, or any."""
        if effect not in RESTRICTIONS:
            raise UnknownName("restriction", str(effect), RESTRICTIONS)
        return self._do(
            "lift", tutor, by, key, now, effect=effect, counter=counter, reason=reason, case=case, note=note
        )

    def _do(
        self,
        verb: StandingVerb,
        tutor: str,
        by: str,
        key: str,
        now: Instant | None,
        *,
        report: int | None = None,
        counter: str | None = None,
        effect: Restriction | None = None,
        reason: str = "",
        case: str = "",
        note: str = "",
    ) -> Outcome:
        at, checked, subject = self._now(now), command_key(key), party_id(tutor, "tutor")
        if report is not None and type(report) is not int:
            raise InvalidType("report", report, "the number of a report as an int")
        for name, text in (("counter", counter or ""), ("reason", reason), ("case", case), ("note", note)):
            if not isinstance(text, str):
                raise InvalidType(name, text, "a text")
        command = StandingCommand(
            verb, subject, party_id(by, "by"), checked, report, counter, effect, reason, case, note
        )
        content = digest_of(
            verb, tutor=subject, actor=command.actor, report=report, counter=counter, effect=effect, reason=reason,
            case=case, note=note,
        )  # fmt: skip
        with self._storage.transaction() as tx:
            work, actor = Work(tx, at), registered(tx, command.actor, "by")
            registered(tx, subject, "tutor")
            outcome = work.repeated(checked, content, verb, actor, None)
            return work.handle(command, content, actor, self._counters) if outcome is None else outcome
