"""What follows from a version: ledger entries, claims on people's time, clearings, marks and notices.

Each is a pure function of the version (and the one before it): nothing here decides anything, so whatever follows can
be derived again from the log, and a store writes it in the same transaction.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import Instant
from tutorcore.ledger.accounts import COMMISSION, Account
from tutorcore.ledger.entries import Entry, clear, flow, flow_kind
from tutorcore.lessons.lesson import Brief, Lesson, Terms
from tutorcore.policy.process import Slot
from tutorcore.policy.settlement import LegRole


class Claim(NamedTuple):
    """One person's time, taken by one proposal of one lesson: half-open, tentative or firm."""

    lesson: LessonId
    proposal: int
    party: PartyId
    start: Instant
    end: Instant
    slot: Slot


class Clearing(NamedTuple):
    """Pending earnings that become available at `due`."""

    lesson: LessonId
    number: int
    tutor: PartyId
    currency: str
    amount: int
    due: Instant


class Mark(NamedTuple):
    """That a party did, or left undone, what its marketplace counts."""

    lesson: LessonId
    number: int
    party: PartyId
    name: str
    at: Instant


class Notice(NamedTuple):
    """That a version should be told to these parties. What it says is made when it is sent."""

    lesson: LessonId
    number: int
    audience: tuple[PartyId, ...]


def claims_of(lesson: Lesson) -> tuple[Claim, ...]:
    """Return what the lesson occupies: its terms if its state holds a slot, and those of an open change beside them."""
    standing = _claims(lesson.brief, lesson.place.state.slot, lesson.terms)
    change = lesson.change
    return standing if change is None else standing + _claims(lesson.brief, change.place.state.slot, change.terms)


def _claims(brief: Brief, slot: Slot, terms: Terms) -> tuple[Claim, ...]:
    if slot == "none":
        return ()
    id, number, start, end = brief.id, terms.number, terms.start, terms.end
    return (
        Claim(id, number, brief.tutor, start, end, slot),
        Claim(id, number, brief.student, start, end, slot),
    )


def entry_of(lesson: Lesson) -> Entry | None:
    """Return the ledger entry of what this version moved, or None if it moved nothing.

    A hold is *pending* while it lies in escrow; it is *posted* when somebody else is paid out of it, *voided* when a
    move gives all of it back and *expired* when a timeout does.
    """
    legs = lesson.legs
    if not legs:
        return None
    brief = lesson.brief
    flows = [(_account(brief, role), amount) for role, amount in legs]
    kind = flow_kind(flows, lesson.held, "timeout" if lesson.command is None else "move")
    return flow(kind, Account("escrow", brief.id), flows, brief.currency, lesson.at, brief.id, lesson.step.id)


def _account(brief: Brief, role: LegRole) -> Account:
    if role == "payer":
        return Account("wallet", brief.payer)
    return Account("pending", brief.tutor) if role == "tutor" else COMMISSION


def clearing_of(lesson: Lesson, clears_after: timedelta) -> Clearing | None:
    """Return when what this version paid the tutor becomes available, or None if it paid nothing."""
    for role, amount in lesson.legs:
        if role == "tutor":
            brief = lesson.brief
            return Clearing(brief.id, lesson.number, brief.tutor, brief.currency, amount, lesson.at + clears_after)
    return None


def clearing_entry(clearing: Clearing) -> Entry:
    """Return the entry that makes pending earnings available, counted from the instant they were due."""
    lesson, _, tutor, currency, amount, due = clearing
    return clear(tutor, amount, currency, effective_at=due, ref=lesson, source="payout.clears_after")


def mark_of(lesson: Lesson) -> Mark | None:
    """Return the mark that this version made on whoever is blamed for it, or None."""
    step, brief = lesson.step, lesson.brief
    if step.mark is None or step.fault is None:
        return None
    return Mark(brief.id, lesson.number, brief.party(step.fault), step.mark, lesson.at)


def notice_of(lesson: Lesson) -> Notice | None:
    """Return who is to be told: everybody concerned except who acted, plus the roles that the row names."""
    brief, command, told = lesson.brief, lesson.command, lesson.step.told
    audience = brief.parties
    if command is not None:
        actor = command.actor
        again = bool(told) and any(role in told for role in brief.roles_of(actor))
        audience = tuple([party for party in audience if party != actor or again])
    return Notice(brief.id, lesson.number, audience) if audience else None
