"""The relay of meetings: has made what lessons wait for, has taken back what they dropped, and tells them.

A step that agrees on terms leaves a row in the outbox, in its own transaction; nobody is called then. The relay takes
that row for a while (a lease), calls the provider outside every transaction, and brings the answer back as a command of
the platform's own, carried out in the transaction that finishes the row: that there is a meeting, or that none can be
had. So a provider that is slow or down leaves a lesson agreed, and what it means that a meeting cannot be had is a row
of the lesson's policy: the relay decides only when to try again, and when to stop.

**Verbs.** By what verbs lessons are told stands in their policies. There is a meeting: a row records it. There is none:
wherever such a row stands, there is a verb open to the platform's own software, and to nobody who is bound to the
lesson, that records nothing.

**Killed, run twice, several at once.** A relay may end at any line. Whoever finds a row whose lease has passed takes it
again, and from then on the row is theirs: a slow relay that comes back finds that it has been overtaken and changes
nothing. The provider gives the same meeting for the same key, and whether the lesson still wants it is looked up in the
transaction that records it. What turns out to be wanted no more is taken back with the provider before its row is
finished. Rows of one lesson are taken one after the other, in order.

**Hanging.** Nothing here can stop a call that does not return. Its lease passes and another relay tries, which is
harmless; providers owe a bound on their own time (`tutorcore.ports.meetings`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Final

import attrs

from tutorcore.clock import Clock, system_clock
from tutorcore.engine.queue import (
    NO_END,
    Failure,
    Patience,
    Queue,
    Scope,
    Trouble,
    answer_of,
    checked_run,
    row_now,
    trouble,
)
from tutorcore.engine.work import Work, digest_of, said
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.ids import Key, command_key, party_id
from tutorcore.instants import Instant
from tutorcore.lessons.lesson import Command, Lesson, Meeting, Particulars
from tutorcore.lessons.projections import MessageKind
from tutorcore.policy.machine import Place
from tutorcore.policy.roles import GRANTED_ROLES
from tutorcore.ports.meetings import Created, MeetingProvider, MeetingRequest
from tutorcore.ports.storage import OutboxRow, Party, Storage, Transaction

KINDS: Final[tuple[MessageKind, ...]] = ("meeting_wanted", "meeting_dropped")


@attrs.frozen
class Relayed:
    """What a run did: meetings recorded and taken back, rows left for later and given up, and what went wrong."""

    created: int = 0
    cancelled: int = 0
    retried: int = 0
    given_up: int = 0
    troubles: tuple[Trouble, ...] = ()

    def __add__(self, other: Relayed) -> Relayed:
        return Relayed(
            self.created + other.created,
            self.cancelled + other.cancelled,
            self.retried + other.retried,
            self.given_up + other.given_up,
            self.troubles + other.troubles,
        )


_NOTHING: Final = Relayed()
_GRANTED: Final = frozenset(GRANTED_ROLES)


class MeetingRelay:
    """Carries rows of the outbox to a provider of meetings, and its answers back.

    `by` is a party with the grant `system`, under whose name lessons are told. `former` are providers of meetings made
    earlier, which have only to take them back. Where the store is enlisted in transactions of the caller's, `around`
    opens one and commits it: each of the relay's own transactions runs inside `with around():`, and no call of a
    provider does. `failed` is the verb that says that there is no meeting, for policies in which several might.
    """

    def __init__(
        self,
        storage: Storage,
        provider: MeetingProvider,
        *,
        by: str,
        former: Iterable[MeetingProvider] = (),
        patience: Patience | None = None,
        clock: Clock = system_clock,
        around: Scope = nullcontext,
        failed: str | None = None,
    ) -> None:
        self._provider = provider
        self._providers = {each.name: each for each in (*former, provider)}
        self._by = party_id(by, "by")
        self._queue = Queue(storage, KINDS, Patience() if patience is None else patience, clock, around)
        self._failed = failed

    def run(self, *, now: Instant | None = None, limit: int = 100) -> Relayed:
        """Handle what waits in the outbox, at most `limit` rows, and return what was done.

        Everything counts at `now`; left out, at what the clock says when it happens. Raises `UnknownName` or
        `InvalidValue` if the relay's party is not known as the platform's own.
        """
        at = checked_run(now, limit)
        with self._queue.reading() as tx:
            self._own_party(tx)
        relayed = _NOTHING
        for row in self._queue.rows(at, limit):
            relayed += self._make(row, at) if row.message.kind == "meeting_wanted" else self._drop(row, at)
        return relayed

    # A meeting that is wanted

    def _make(self, row: OutboxRow, now: Instant | None) -> Relayed:
        named, lesson = self._look(row, now)
        wanted = _request(named)
        if not _is_wanted(lesson, wanted):
            return self._leave(row, wanted, lesson, now)
        if self._queue.has_lost_every_try(row):
            return self._give_up(row, wanted, NO_END, now)
        made = answer_of(lambda: _created(self._provider, wanted))
        if isinstance(made, Failure):
            return self._put_off(row, wanted, made, now)
        return self._bring(row, wanted, Meeting(self._provider.name, made.links, wanted.terms), now)

    def _leave(self, row: OutboxRow, wanted: MeetingRequest, lesson: Lesson, now: Instant | None) -> Relayed:
        """Make nothing for a row that has been overtaken; an earlier try may have made something."""
        if row.attempts == 1 or self._is_held(lesson, wanted):
            self._queue.finish(row)
            return _NOTHING
        return self._take_back(row, self._provider, wanted, None, now)

    def _bring(self, row: OutboxRow, wanted: MeetingRequest, meeting: Meeting, now: Instant | None) -> Relayed:
        """Record the meeting and finish its row in one transaction, if the lesson still wants it at that moment."""
        made = Particulars(source=meeting.provider, details=meeting.links)
        with self._queue.writing() as tx:
            found = row_now(tx, row)
            at, lesson = self._queue.lesson(tx, wanted.lesson, now)
            is_wanted, is_held = _is_wanted(lesson, wanted), self._is_held(lesson, wanted)
            refused = None
            if found.is_ours and is_wanted:
                verbs = _ready_verbs(lesson.place) or _verbs_of_policy(lesson, _ready_verbs)
                refused = self._tell(tx, row, lesson, at, "to record a meeting", verbs[:1], particulars=made)
            if found.is_ours and refused is None and (is_wanted or is_held):
                tx.finish(row.sequence)
        if refused is not None:
            return self._put_off(row, wanted, refused, now)
        if not found.is_ours:
            return self._overtaken(wanted, meeting, is_left=found.is_done and not is_held)
        if is_wanted:
            return Relayed(created=1)
        return _NOTHING if is_held else self._take_back(row, self._provider, wanted, meeting, now)

    def _overtaken(self, wanted: MeetingRequest, meeting: Meeting, *, is_left: bool) -> Relayed:
        """Leave everything to whoever took our row since, unless they are done and we made anew what they took back."""
        if not is_left:
            return _NOTHING
        failure = answer_of(lambda: self._provider.cancel(wanted, meeting))
        return Relayed(cancelled=1) if failure is None else _NOTHING

    def _put_off(self, row: OutboxRow, wanted: MeetingRequest, failure: Failure, now: Instant | None) -> Relayed:
        """Leave the row for later, unless later is too late for the lesson or for the relay's patience."""
        at, wait = self._queue.now(now), self._queue.wait(row, failure)
        if wait is None or at + wait >= wanted.start:
            return self._give_up(row, wanted, failure, now)
        return self._retry(row, at + wait, failure)

    def _give_up(self, row: OutboxRow, wanted: MeetingRequest, failure: Failure, now: Instant | None) -> Relayed:
        """Tell the lesson that it gets no meeting, and finish the row; what follows is the policy's affair."""
        reason, note = ("refused", failure.note) if failure.final else ("unavailable", "")
        refused = None
        with self._queue.writing() as tx:
            at, lesson = self._queue.lesson(tx, wanted.lesson, now)
            if not row_now(tx, row).is_ours:
                return _NOTHING
            if _is_wanted(lesson, wanted):
                verbs = _failing_verbs(lesson) if self._failed is None else (self._failed,)
                what = "to say that there is no meeting"
                refused = self._tell(tx, row, lesson, at, what, verbs, reason=reason, note=note)
            tx.finish(row.sequence)
        if not self._is_held(lesson, wanted) and (row.attempts > 1 or not failure.final):
            # Something may have been made all the same. Only now: while the row was open another relay might have taken
            # it and recorded the meeting. Nobody has been told of it, so it does no harm if this fails too.
            answer_of(lambda: self._provider.cancel(wanted, None))
        text = failure.text if refused is None else f"{failure.text}; {refused.text}"
        return Relayed(given_up=1, troubles=(trouble(row, text),))

    # A meeting that was dropped

    def _drop(self, row: OutboxRow, now: Instant | None) -> Relayed:
        named, lesson = self._look(row, now)
        meeting = named.meeting
        if meeting is None or meeting == lesson.meeting:  # It has been reported again since, and stands.
            self._queue.finish(row)
            return _NOTHING
        provider = self._providers.get(meeting.provider)
        if provider is None:
            return self._abandon(row, f"no provider called {meeting.provider!r} is known here")
        if self._queue.has_lost_every_try(row):
            return self._abandon(row, NO_END.text)
        return self._take_back(row, provider, _request(named), meeting, now)

    def _take_back(
        self,
        row: OutboxRow,
        provider: MeetingProvider,
        wanted: MeetingRequest,
        meeting: Meeting | None,
        now: Instant | None,
    ) -> Relayed:
        """Have a meeting cancelled, and finish the row afterwards: again is harmless, never is not.

        One whose time is over is left as it is: people may still be saying goodbye, and some services keep records.
        """
        if self._queue.now(now) >= wanted.end:
            self._queue.finish(row)
            return _NOTHING
        failure = answer_of(lambda: provider.cancel(wanted, meeting))
        if failure is None:
            self._queue.finish(row)
            return Relayed(cancelled=1)
        wait = self._queue.wait(row, failure)
        if wait is None:
            return self._abandon(row, failure.text)
        return self._retry(row, self._queue.now(now) + wait, failure)

    def _abandon(self, row: OutboxRow, text: str) -> Relayed:
        """Finish a row whose meeting nobody could take back: that is for people to look after."""
        self._queue.finish(row)
        return Relayed(given_up=1, troubles=(trouble(row, f"not taken back: {text}"),))

    # The store

    def _look(self, row: OutboxRow, now: Instant | None) -> tuple[Lesson, Lesson]:
        """The version that a row is about, and the lesson as it stands now."""
        message = row.message
        with self._queue.reading() as tx:
            named = tx.history(message.lesson)[message.number - 1].version
            return named, self._queue.lesson(tx, message.lesson, now)[1]

    def _tell(
        self,
        tx: Transaction,
        row: OutboxRow,
        lesson: Lesson,
        at: Instant,
        what: str,
        verbs: tuple[str, ...],
        *,
        reason: str = "",
        note: str = "",
        particulars: Particulars | None = None,
    ) -> Failure | None:
        """Carry out a command of the platform's own about the terms that stand; return why it was refused, or None."""
        process = lesson.machine.process
        verbs = tuple(verb for verb in verbs if verb in process.verbs)
        if len(verbs) != 1:
            found = f"more than one move {what}: {', '.join(verbs)}" if verbs else f"no move {what}"
            return Failure(f"policy {process.name} has {found}")
        verb, number = verbs[0], lesson.terms.number
        # Whoever takes the row again may get another answer: what was refused today may be granted tomorrow.
        key = Key(f"{verb}:{row.sequence}:{row.attempts}")
        command = Command(verb, self._by, key, lesson.id, number, None, reason, note, particulars)
        content = digest_of(
            verb, lesson=lesson.id, actor=self._by, proposal=number, reason=reason, note=note,
            particulars=said(particulars),
        )  # fmt: skip
        work, actor = Work(tx, at), self._own_party(tx)
        outcome = work.repeated(key, content, verb, actor, lesson.id) or work.perform(command, content, actor)
        assert outcome is not None  # The lesson exists: it was read in this transaction.
        return None if outcome.refusal is None else Failure(f"{verb} was refused: {outcome.refusal.sentence}")

    def _own_party(self, tx: Transaction) -> Party:
        party = tx.party(self._by)
        hint = "register it with add_party(..., grants=['system'])"
        if party is None:
            raise UnknownName("party (by)", self._by, hint=hint)
        if "system" not in party.grants:
            raise InvalidValue("by", self._by, f"a party with the grant system; {hint}")
        return party

    def _retry(self, row: OutboxRow, at: Instant, failure: Failure) -> Relayed:
        is_ours = self._queue.retry(row, at)
        return Relayed(retried=int(is_ours), troubles=(trouble(row, failure.text),))

    def _is_held(self, lesson: Lesson, wanted: MeetingRequest) -> bool:
        """Whether the lesson has the meeting of this key already."""
        meeting = lesson.meeting
        return meeting is not None and (meeting.provider, meeting.terms) == (self._provider.name, wanted.terms)


def _ready_verbs(place: Place) -> tuple[str, ...]:
    """The verbs by which a meeting is recorded in a state."""
    return tuple(verb for verb, rows in place.moves.items() if any(row.records == "meeting" for row in rows))


def _verbs_of_policy(lesson: Lesson, verbs_in: Callable[[Place], tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(verb for place in lesson.machine.places for verb in verbs_in(place)))


def _failing_verbs(lesson: Lesson) -> tuple[str, ...]:
    """The verbs that might say that there is no meeting: in every state where one is recorded."""
    found = [_own_verbs(place) for place in lesson.machine.places if _ready_verbs(place)]
    return tuple(verb for verb in _verbs_of_policy(lesson, _own_verbs) if all(verb in verbs for verbs in found))


def _own_verbs(place: Place) -> tuple[str, ...]:
    """The verbs of a state that are the platform's own software's, and record nothing."""
    return tuple(
        verb
        for verb, rows in place.moves.items()
        if all(row.records is None and "system" in row.by and _GRANTED.issuperset(row.by) for row in rows)
    )


def _request(version: Lesson) -> MeetingRequest:
    """What is wanted for the terms of a version. The key names lesson and terms: other terms are another meeting."""
    brief, terms = version.brief, version.terms
    key = command_key(f"{brief.id}:{terms.number}")
    return MeetingRequest(
        key, brief.id, terms.number, terms.start, terms.end, brief.tutor, brief.student, terms.details
    )


def _is_wanted(lesson: Lesson, wanted: MeetingRequest) -> bool:
    """Whether a lesson stands where it has a meeting, for these very terms, and has none yet."""
    return lesson.place.state.meeting and lesson.terms.number == wanted.terms and lesson.meeting is None


def _created(provider: MeetingProvider, wanted: MeetingRequest) -> Created:
    made = provider.create(wanted)
    if not isinstance(made, Created):
        raise InvalidType(f"what {provider.name} returned", made, "a Created")
    return made
