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
from tutorcore.ledger.entries import Entry, EntryKind, Leg
from tutorcore.lessons.lesson import Brief, Lesson, Terms
from tutorcore.policy.process import Slot

# Nearly twice as fast as calling the classes of accounts and entries, several of which most steps need.
_new = tuple.__new__


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
        _new(Claim, (id, number, brief.tutor, start, end, slot)),
        _new(Claim, (id, number, brief.student, start, end, slot)),
    )


def entry_of(lesson: Lesson) -> Entry | None:
    """Return the ledger entry of what this version moved, or None if it moved nothing.

    A hold is *pending* while it lies in escrow; it is *posted* when somebody else is paid out of it, *voided* when a
    move gives all of it back and *expired* when a timeout does.
    """
    if not lesson.legs:
        return None
    brief, kind, through = lesson.brief, _kind_of_return(lesson), 0
    moved: list[Leg] = []
    # `flow_kind` and `flow` in one pass: legs name each role once and none is zero, so nothing is left to check.
    for role, amount in lesson.legs:
        through += amount
        if role == "payer":
            moved.append((_new(Account, ("wallet", brief.payer)), -amount))
            if amount < 0:
                kind = "hold"
        else:
            moved.append((_new(Account, ("pending", brief.tutor)) if role == "tutor" else COMMISSION, -amount))
            kind = "post"
    own = (_new(Account, ("escrow", brief.id)), through)
    moved.insert(0 if through > 0 else len(moved), own)
    return _new(Entry, (kind, brief.currency, tuple(moved), lesson.at, brief.id, lesson.step.id, None))


def _kind_of_return(lesson: Lesson) -> EntryKind:
    """What an entry is that moves nothing but money back to the payer."""
    if lesson.held:
        return "release"
    return "expire" if lesson.command is None else "void"


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
    legs = ((Account("pending", tutor), amount), (Account("available", tutor), -amount))
    return Entry("clear", currency, legs, due, lesson, "payout.clears_after")


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
