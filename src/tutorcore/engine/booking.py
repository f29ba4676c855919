"""Booking: the one question whether a tutor's time can be had, for whoever lists, asks or explains.

A tutor's agenda is the schedule that the store keeps, with what takes the time of tutor and student: the claims of
lessons, and what their outside calendars say. Everything that is to be said about a start is said by `Agenda`; this
module only brings it what it has to know.

Whether the agenda is asked at all is said by the row that is taken. Where that is *bookable*, the agenda decides. Where
it is not, the policy leaves the hours to people, outside calendars included, and only claims stand in the way. So it is
with a tutor of whom no schedule is registered, who keeps the hours elsewhere; a schedule without any hours is what says
that nothing can be booked.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from datetime import timedelta
from functools import cache
from typing import Final, TypeAlias

import attrs

from tutorcore.calendar.agendas.busy import Busy
from tutorcore.calendar.agendas.busy_document import busy_of
from tutorcore.calendar.agendas.obstacles import REACH
from tutorcore.calendar.agendas.slots import Agenda
from tutorcore.calendar.agendas.verdicts import Code, Reason, Verdict
from tutorcore.calendar.rosters.roster import Roster
from tutorcore.calendar.schedules.document import schedule_of
from tutorcore.calendar.schedules.schedule import Schedule
from tutorcore.ids import PartyId
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
    "hold": "the tutor keeps that time free for somebody",
    "request": "somebody else has asked for that time",
    "event": "the tutor has something else to do then",
    "buffer": "too little time would lie between this and something else that the tutor does",
    "party": "{party} is not free then",
}
"""What those are told of what they have nothing to do with: that it is in the way, and no more."""


def schedule_kept(tx: Transaction, tutor: PartyId) -> Schedule | None:
    """Return the tutor's schedule, or None where none is registered."""
    text = tx.schedule(tutor)
    return None if text is None else schedule_of(text)


def outside_kept(tx: Transaction, party: PartyId) -> tuple[Busy, ...]:
    """Return what the party's outside calendars say, by start, then end, then id."""
    text = tx.busy(party)
    return () if text is None else busy_of(text)


def agenda_of(
    tx: Transaction, brief: Brief, now: Instant, since: Instant, until: Instant, claims: ClaimsOf
) -> Agenda | None:
    """Return the agenda of a lesson's tutor, for questions about [since, until); None without a schedule.

    It has the claims of other lessons on the time of tutor and student, and what their outside calendars say. Between
    the tutor's lessons lie the buffers that the schedule has now, whichever of the two was booked first; what an
    outside calendar says has the buffers that it brings.
    """
    schedule = schedule_kept(tx, brief.tutor)
    if schedule is None:
        return None
    near, far, booking = since - REACH, until + REACH, schedule.booking
    own, theirs = (
        [claim for claim in claims(party, near, far) if claim.lesson != brief.id]
        for party in (brief.tutor, brief.student)
    )
    return Agenda(
        schedule,
        now,
        [*(_busy(each, booking.before, booking.after) for each in own), *outside_kept(tx, brief.tutor)],
        {brief.student: [*map(_busy, theirs), *outside_kept(tx, brief.student)]},
    )


def put_into(
    roster: Roster, tutor: PartyId, schedule: Schedule | None, claims: Iterable[Claim], outside: Iterable[Busy]
) -> None:
    """Let a roster know a tutor's schedule and what takes the tutor's time; without a schedule, forget the tutor.

    A lesson with a change beside it takes time twice, so busy times are known by lesson and proposal. What outside
    calendars say is known by ids that begin with a slash, as no lesson's id does.
    """
    if schedule is None:
        if tutor in roster:
            roster.drop(tutor)
        return
    booking = schedule.booking
    busy = [_busy(each, booking.before, booking.after, f"{each.lesson}/{each.proposal}") for each in claims]
    roster.put(tutor, schedule, [*busy, *(attrs.evolve(each, id=f"/{each.id}") for each in outside)])


def proposed_in(version: Lesson) -> Terms:
    """Return the terms that a step is about: those of the change it opened, or those on the table."""
    change = version.change
    return version.terms if change is None or change.terms.number < version.terms.number else change.terms


def unbookable(tx: Transaction, version: Lesson, now: Instant, claims: ClaimsOf) -> Refusal | None:
    """Return what the tutor's agenda has against the time that this step is about, if the step asks it; or None."""
    if not version.step.bookable:
        return None
    brief, terms = version.brief, proposed_in(version)
    agenda = agenda_of(tx, brief, now, terms.start, terms.end, claims)
    return None if agenda is None else refusal_of(brief.tutor, agenda.is_bookable(terms.start, terms.duration))


def refusal_of(tutor: PartyId, verdict: Verdict) -> Refusal | None:
    """Return the refusal that a verdict means, or None where nothing stands against the booking."""
    if verdict.ok:
        return None
    # A refusal is kept, and shown to whoever repeats the command.
    said = [_between_others(reason) for reason in verdict.reasons]
    codes = ", ".join(dict.fromkeys(reason.code for reason in said))
    reasons = "; ".join(dict.fromkeys(reason.detail for reason in said))
    return Refusal.of("not_bookable", tutor=tutor, start=to_text(verdict.start), codes=codes, reasons=reasons)


def discreet(tx: Transaction, verdict: Verdict, brief: Brief, reader: PartyId, known: Container[str]) -> Verdict:
    """Return the verdict about a lesson without what the reader has nothing to do with.

    Everybody may know what takes their own time. Of other people's, the reader may know the lessons `known`, but
    nothing of what outside calendars say, even where that has the id of such a lesson.
    """

    @cache
    def outside(party: PartyId) -> frozenset[str]:
        return frozenset(each.id for each in outside_kept(tx, party))

    def told(reason: Reason) -> Reason:
        owner = PartyId(reason.party or brief.tutor)
        is_known = owner == reader or (reason.id in known and reason.id not in outside(owner))
        return reason if is_known else _between_others(reason)

    return attrs.evolve(verdict, reasons=tuple(map(told, verdict.reasons)))


def _between_others(reason: Reason) -> Reason:
    told = _BETWEEN_OTHERS.get(reason.code)
    return reason if told is None else attrs.evolve(reason, detail=told.format(party=reason.party), id="")


def _busy(claim: Claim, before: timedelta = _NONE, after: timedelta = _NONE, id: str = "") -> Busy:
    return Busy(claim.start, claim.end, id or claim.lesson, before=before, after=after)
