"""What follows from a version: ledger entries, claims on people's time, clearings, marks
and notices.

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
from tutorcore.lessons.lesson import Brief, Lesson
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
    claims: list[Claim] = []
    standing = [(lesson.place.state.slot, lesson.terms)]
    if lesson.change is not None:
        standing.append((lesson.change.place.state.slot, lesson.change.terms))
    for slot, terms in standing:
        if slot != "none":
            for party in (lesson.brief.tutor, lesson.brief.student):
                claims.append(Claim(lesson.id, terms.number, party, terms.start, terms.end, slot))
    return tuple(claims)


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
    # The constructor instead of `wallet` and `pending`: the ids of a brief have been checked.
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
    return clear(
        clearing.tutor,
        clearing.amount,
        clearing.currency,
        effective_at=clearing.due,
        ref=clearing.lesson,
        source="payout.clears_after",
    )


def mark_of(lesson: Lesson) -> Mark | None:
    """Return the mark that this version made: on whoever is blamed, or else on whoever acted."""
    step, brief = lesson.step, lesson.brief
    if step.mark is None:
        return None
    if step.fault is not None:
        return Mark(brief.id, lesson.number, brief.party(step.fault), step.mark, lesson.at)
    return None if lesson.command is None else Mark(brief.id, lesson.number, lesson.command.actor, step.mark, lesson.at)


def notice_of(lesson: Lesson) -> Notice | None:
    """Return who is to be told: everybody concerned except who acted, plus the roles that the row names."""
    brief, actor, told = lesson.brief, None if lesson.command is None else lesson.command.actor, lesson.step.told
    audience = tuple(
        party for party in brief.parties if party != actor or any(role in told for role in brief.roles_of(party))
    )
    return Notice(brief.id, lesson.number, audience) if audience else None
