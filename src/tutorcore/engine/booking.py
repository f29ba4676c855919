"""Booking: the one question whether a tutor's time can be had, for whoever lists, asks or explains.

A tutor's agenda is the schedule that the store keeps, with the claims that lessons have on the time of tutor and
student. Everything that is to be said about a start is said by `Agenda`; this module only brings it what it has to
know.

Whether the agenda is asked at all is said by the row that is taken. Where that is *bookable*, the agenda decides. Where
it is not, the policy leaves the hours to people, and only claims stand in the way. So it is with a tutor of whom no
schedule is registered, who keeps the hours elsewhere; a schedule without any hours is what says that nothing can be
booked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final, TypeAlias

import attrs

from tutorcore.calendar.busy import Busy
from tutorcore.calendar.roster import Roster
from tutorcore.calendar.schedule import Schedule
from tutorcore.calendar.schedule_document import schedule_of
from tutorcore.calendar.slots import Agenda
from tutorcore.calendar.verdicts import Code, Reason, Verdict
from tutorcore.calendar.walls import REACH
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import Instant, to_text
from tutorcore.lessons.lesson import Brief, Lesson, Terms
from tutorcore.lessons.projections import Claim
from tutorcore.lessons.refusals import Refusal
from tutorcore.ports.storage import Transaction

ClaimsOf: TypeAlias = Callable[[PartyId, Instant, Instant], Iterable[Claim]]
"""What takes a party's time within a range, for whoever knows: as it is recorded, or as of an instant."""

_NONE: Final = timedelta(0)
_BETWEEN_OTHERS: Final[dict[Code, str]] = {
    "busy": "the tutor has another lesson then",
    "buffer": "too little time would lie between this and another lesson",
    "party": "{party} has another lesson then",
}
"""What those are told of a lesson that they have nothing to do with: that it is in the way, and no more."""


def schedule_kept(tx: Transaction, tutor: PartyId) -> Schedule | None:
    """Return the tutor's schedule, or None where none is registered."""
    text = tx.schedule(tutor)
    return None if text is None else schedule_of(text)


def claims_about(brief: Brief, since: Instant, until: Instant, claims: ClaimsOf) -> list[Claim]:
    """Return the claims on the time of a lesson's tutor and student that may have a say about [since, until)."""
    near, far = since - REACH, until + REACH
    return [claim for party in (brief.tutor, brief.student) for claim in claims(party, near, far)]


def agenda_of(schedule: Schedule, brief: Brief, now: Instant, claims: Iterable[Claim]) -> Agenda:
    """Return the agenda of a lesson's tutor with the claims of other lessons on the time of tutor and student.

    Between the tutor's lessons lie the buffers that the schedule has now, whichever of the two was booked first.
    """
    every, booking = [claim for claim in claims if claim.lesson != brief.id], schedule.booking
    own = [_busy(claim, booking.before, booking.after) for claim in every if claim.party == brief.tutor]
    theirs = [_busy(claim) for claim in every if claim.party == brief.student]
    return Agenda(schedule, now, own, {brief.student: theirs})


def put_into(roster: Roster, tutor: PartyId, schedule: Schedule | None, claims: Iterable[Claim]) -> None:
    """Let a roster know a tutor's schedule and what takes the tutor's time; without a schedule, forget the tutor.

    A lesson with a change beside it takes time twice, so busy times are known by lesson and proposal.
    """
    if schedule is None:
        if tutor in roster:
            roster.drop(tutor)
        return
    booking = schedule.booking
    busy = [_busy(each, booking.before, booking.after, f"{each.lesson}/{each.proposal}") for each in claims]
    roster.put(tutor, schedule, busy)


def proposed_in(version: Lesson) -> Terms:
    """Return the terms that a step is about: those of the change it opened, or those on the table."""
    change = version.change
    return version.terms if change is None or change.terms.number < version.terms.number else change.terms


def unbookable(tx: Transaction, version: Lesson, now: Instant, claims: ClaimsOf) -> Refusal | None:
    """Return what the tutor's agenda has against the time that this step is about, if the step asks it; or None."""
    if not version.step.bookable:
        return None
    brief, terms = version.brief, proposed_in(version)
    schedule = schedule_kept(tx, brief.tutor)
    if schedule is None:
        return None
    agenda = agenda_of(schedule, brief, now, claims_about(brief, terms.start, terms.end, claims))
    return refusal_of(brief.tutor, agenda.is_bookable(terms.start, terms.duration))


def refusal_of(tutor: PartyId, verdict: Verdict) -> Refusal | None:
    """Return the refusal that a verdict means, or None where nothing stands against the booking."""
    if verdict.ok:
        return None
    said = discreet(verdict, frozenset()).reasons  # A refusal is kept, and shown to whoever repeats the command.
    codes = ", ".join(dict.fromkeys(reason.code for reason in said))
    reasons = "; ".join(dict.fromkeys(reason.detail for reason in said))
    return Refusal.of("not_bookable", tutor=tutor, start=to_text(verdict.start), codes=codes, reasons=reasons)


def discreet(verdict: Verdict, known: frozenset[LessonId]) -> Verdict:
    """Return the verdict without what it says of lessons that the person who asks has nothing to do with."""
    reasons = [each if each.id in known else _between_others(each) for each in verdict.reasons]
    return attrs.evolve(verdict, reasons=tuple(reasons))


def _between_others(reason: Reason) -> Reason:
    told = _BETWEEN_OTHERS.get(reason.code)
    return reason if told is None else attrs.evolve(reason, detail=told.format(party=reason.party), id="")


def _busy(claim: Claim, before: timedelta = _NONE, after: timedelta = _NONE, id: str = "") -> Busy:
    return Busy(claim.start, claim.end, id or claim.lesson, before=before, after=after)
