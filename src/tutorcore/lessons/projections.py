"""What follows from a version: ledger entries, claims on people's time, clearings, marks and notices.

Each is a pure function of the version (and the one before it): nothing here decides anything, so whatever follows can
be derived again from the log, and a store writes it in the same transaction.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import MICROSECOND, Instant
from tutorcore.ledger.accounts import COMMISSION, Account
from tutorcore.ledger.entries import Entry, clear, flow, flow_kind
from tutorcore.lessons.lesson import Brief, Lesson, Terms
from tutorcore.policy.machine import CompiledReminder
from tutorcore.policy.process import Slot
from tutorcore.policy.settlement import LegRole

TAUGHT: Final = "taught"

# Nearly twice as fast as calling the class, for what most steps make.
_new = tuple.__new__

MessageKind: TypeAlias = Literal["told", "reminder", "meeting_wanted", "meeting_dropped", "standing"]
MESSAGE_KINDS: Final[tuple[MessageKind, ...]] = get_args(MessageKind)


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
    """That a party did, or left undone, what its marketplace counts: once, or by the amount given."""

    lesson: LessonId
    number: int
    party: PartyId
    name: str
    at: Instant
    amount: int = 1


class Message(NamedTuple):
    """Something to be done outside about a version of a lesson, or of a tutor's standing. Its words are made when sent.

    *told*: the version should be told to these parties. *reminder*: they should be reminded of the lesson.
    *meeting_wanted*, *meeting_dropped*: the provider of meetings should make one for these parties, or take it back.
    *standing*: the tutor should be told what became of their standing; `lesson` is the one that brought it about, and
    `number` that of the standing. `at` is the instant of the version, or that at which a reminder was due.
    """

    kind: MessageKind
    lesson: LessonId
    number: int
    audience: tuple[PartyId, ...]
    at: Instant


class Reminded(NamedTuple):
    """That these parties are to be reminded of a lesson at an instant: the reminder with that index in its state."""

    lesson: LessonId
    number: int
    position: int
    at: Instant
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
    move gives all of it back and *expired* when a timeout does. A *refund* corrects what was posted and touches no
    escrow: what the tutor has to give back is a debt, whatever became of the money since.
    """
    legs = lesson.legs
    if not legs:
        return None
    brief = lesson.brief
    flows = [(_account(brief, role, amount), amount) for role, amount in legs]
    kind = flow_kind(flows, lesson.held, "timeout" if lesson.command is None else "move")
    return flow(kind, _new(Account, ("escrow", brief.id)), flows, brief.currency, lesson.at, brief.id, lesson.step.id)


def _account(brief: Brief, role: LegRole, amount: int) -> Account:
    if role == "payer":
        return _new(Account, ("wallet", brief.payer))
    if role == "tutor":
        return _new(Account, ("pending" if amount > 0 else "receivable", brief.tutor))
    if role == "owed":
        return Account("owed", brief.payer)
    return Account("due", brief.tutor) if role == "due" else COMMISSION


def clearing_of(lesson: Lesson, clears_after: timedelta) -> Clearing | None:
    """Return when what this version paid the tutor becomes available, or None if it paid nothing."""
    for role, amount in lesson.legs:
        if role == "tutor" and amount > 0:
            brief = lesson.brief
            return Clearing(brief.id, lesson.number, brief.tutor, brief.currency, amount, lesson.at + clears_after)
    return None


def clearing_entry(clearing: Clearing) -> Entry:
    """Return the entry that makes pending earnings available, counted from the instant they were due."""
    lesson, _, tutor, currency, amount, due = clearing
    return clear(tutor, amount, currency, effective_at=due, ref=lesson, source="payout.clears_after")


def marks_of(lesson: Lesson) -> tuple[Mark, ...]:
    """Return everything that this version counts: the mark on whoever is blamed, and the time that was taught."""
    mark = mark_of(lesson) if lesson.step.mark is not None else None
    return taught_by(lesson) if mark is None else (mark, *taught_by(lesson))


def mark_of(lesson: Lesson) -> Mark | None:
    """Return the mark that this version made on whoever is blamed for it, or None."""
    step, brief = lesson.step, lesson.brief
    if step.mark is None or step.fault is None:
        return None
    return Mark(brief.id, lesson.number, brief.party(step.fault), step.mark, lesson.at)


def lapse_of(lesson: Lesson) -> Mark | None:
    """Return the mark that fell on the tutor *as* tutor, which is what counts for their standing, or None."""
    return mark_of(lesson) if lesson.step.fault == "tutor" else None


def notice_of(lesson: Lesson) -> Message | None:
    """Return who is to be told: everybody concerned except who acted, unless the row names a role of theirs as well.

    So only a role that binds somebody to the lesson means anything there: whoever acts by a grant alone (an operator)
    is concerned by no lesson, and hears of none. Who comes and goes is told to nobody.
    """
    if lesson.step.records in ("joined", "left"):
        return None
    brief, command, told = lesson.brief, lesson.command, lesson.step.told
    audience = brief.parties
    if command is not None:
        actor = command.actor
        again = bool(told) and any(role in told for role in brief.roles_of(actor))
        audience = tuple([party for party in audience if party != actor or again])
    return Message("told", brief.id, lesson.number, audience, lesson.at) if audience else None


def taught_by(lesson: Lesson) -> tuple[Mark, ...]:
    """Return the time that this version counts as taught, for tutor and student, in microseconds; mostly none."""
    state, brief = lesson.place.state, lesson.brief
    if not state.taught or lesson.step.to != state.name:
        return ()
    id, number, at, amount = brief.id, lesson.number, lesson.at, lesson.terms.duration // MICROSECOND
    return (
        _new(Mark, (id, number, brief.tutor, TAUGHT, at, amount)),
        _new(Mark, (id, number, brief.student, TAUGHT, at, amount)),
    )


def messages_of(before: Lesson | None, lesson: Lesson) -> tuple[Message, ...]:
    """Return what is to be done outside: people told, a meeting made for new terms, one that stands no more dropped.

    What is dropped is the meeting of the version that the message names, the one before; one that has begun is left.
    """
    found = [notice_of(lesson)]
    has, had = lesson.place.state.meeting, before is not None and before.place.state.meeting
    renewed = before is not None and before.terms.number != lesson.terms.number
    stood = None if before is None else before.meeting
    if before is not None and stood is not None and lesson.meeting != stood and lesson.at < before.terms.start:
        found.append(Message("meeting_dropped", lesson.id, before.number, (), lesson.at))
    if has and (renewed or not had) and lesson.at < lesson.terms.end:
        found.append(Message("meeting_wanted", lesson.id, lesson.number, (), lesson.at))
    return tuple(message for message in found if message is not None)


def reminders_of(lesson: Lesson) -> tuple[Reminded, ...]:
    """Return what people are to be reminded of while the lesson stands where it does; what is past already is left.

    The reminders of an open change come after those of the state beside which it lies; where that yields to the change,
    its own deadline is none for so long.
    """
    change, due = lesson.change, lesson.due
    places = [(lesson.place, None if change is not None and lesson.place.state.yields else due)]
    if change is not None:
        places.append((change.place, change.due))
    found: list[Reminded] = []
    for place, due in places:
        for reminder in place.reminders:
            at = _reminded_at(lesson, reminder, due)
            if at is not None and at > lesson.at:
                audience = tuple(dict.fromkeys(lesson.brief.party(role) for role in reminder.to))
                found.append(Reminded(lesson.id, lesson.number, len(found), at, audience))
    return tuple(found)


def _reminded_at(lesson: Lesson, reminder: CompiledReminder, due: Instant | None) -> Instant | None:
    timeline = lesson.timeline if due is None else {**lesson.timeline, "deadline": due}
    offer = None if lesson.change is None else lesson.change.terms
    return reminder.at(lesson.at, lesson.terms, offer, lesson.rounds, timeline, lesson.brief, None, None)
