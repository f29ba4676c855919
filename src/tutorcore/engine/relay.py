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

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import Final, NamedTuple, TypeAlias, TypeVar

import attrs

from tutorcore.clock import Clock, system_clock
from tutorcore.engine.reading import Reading
from tutorcore.engine.work import Work, digest_of, said
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.ids import Key, LessonId, command_key, party_id
from tutorcore.instants import Instant, instant
from tutorcore.lessons.lesson import Command, Lesson, Meeting, Particulars
from tutorcore.lessons.projections import MessageKind
from tutorcore.policy.machine import Place
from tutorcore.policy.roles import GRANTED_ROLES
from tutorcore.ports.meetings import Created, MeetingProvider, MeetingRefused, MeetingRequest, MeetingUnavailable
from tutorcore.ports.storage import OutboxRow, Party, Storage, Transaction

R = TypeVar("R")
Scope: TypeAlias = Callable[[], AbstractContextManager[object]]

KINDS: Final[tuple[MessageKind, ...]] = ("meeting_wanted", "meeting_dropped")
_NO_TIME: Final = timedelta(0)
_LONGEST_TIME: Final = timedelta(days=366)
_LONGEST_NOTE: Final = 500


def _some_time(_self: object, field: attrs.Attribute[timedelta], value: timedelta) -> None:
    if not isinstance(value, timedelta):
        raise InvalidType(field.name, value, "a timedelta")
    if not _NO_TIME < value <= _LONGEST_TIME:
        raise InvalidValue(field.name, str(value), f"more than nothing, up to {_LONGEST_TIME.days} days")


@attrs.frozen(kw_only=True)
class Patience:
    """How long a relay waits between tries, and for how long it goes on.

    The first wait doubles with each try up to the longest one. `give_up_after` bounds the waiting: all of these waits
    together, and any one that a provider asks for. Time in which no relay ran is not held against a provider. `lease`
    is for how long a row belongs to the relay that took it: longer than the provider's calls ever last.
    """

    first_wait: timedelta = attrs.field(default=timedelta(seconds=10), validator=_some_time)
    longest_wait: timedelta = attrs.field(default=timedelta(minutes=10), validator=_some_time)
    give_up_after: timedelta = attrs.field(default=timedelta(hours=1), validator=_some_time)
    lease: timedelta = attrs.field(default=timedelta(minutes=5), validator=_some_time)

    def wait_after(self, tries: int) -> timedelta:
        """Return the wait after that many tries.

        >>> [Patience().wait_after(tries).seconds for tries in (1, 2, 3, 7, 100)]
        [10, 20, 40, 600, 600]
        """
        wait = min(self.first_wait, self.longest_wait)
        for _ in range(tries - 1):
            if wait == self.longest_wait:
                break
            wait = min(2 * wait, self.longest_wait)
        return wait

    def is_spent_after(self, tries: int) -> bool:
        """Return whether that many tries were all: one more wait would exceed what may be waited in all.

        >>> [Patience().is_spent_after(tries) for tries in (1, 10, 11)]
        [False, False, True]
        """
        waited = _NO_TIME
        for done in range(1, tries + 1):
            waited += self.wait_after(done)
            if waited > self.give_up_after:
                return True
        return False


@attrs.frozen
class Trouble:
    """What went wrong with a row of the outbox. For whoever runs the relay: it may show what users must not see."""

    sequence: int
    lesson: LessonId
    text: str


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


class _Failure(NamedTuple):
    """Why something could not be had: for good or not, what the lesson may keep of it, how long to leave it alone."""

    text: str
    final: bool = False
    note: str = ""
    retry_after: timedelta = _NO_TIME


class _RowNow(NamedTuple):
    """What has become of a row that we took: still ours, or taken by another relay since, and done or not."""

    is_ours: bool
    is_done: bool


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
        self._storage = storage
        self._provider = provider
        self._providers = {each.name: each for each in (*former, provider)}
        self._by = party_id(by, "by")
        self._patience = Patience() if patience is None else patience
        self._clock = clock
        self._around = around
        self._failed = failed

    def run(self, *, now: Instant | None = None, limit: int = 100) -> Relayed:
        """Handle what waits in the outbox, at most `limit` rows, and return what was done.

        Everything counts at `now`; left out, at what the clock says when it happens. Raises `UnknownName` or
        `InvalidValue` if the relay's party is not known as the platform's own.
        """
        if type(limit) is not int or limit < 1:
            raise InvalidValue("limit", limit, "a whole number from 1")
        at = None if now is None else instant(now, "now")
        with self._reading() as tx:
            self._own_party(tx)
        relayed = _NOTHING
        for _ in range(limit):
            row = self._take(at)
            if row is None:
                break
            relayed += self._make(row, at) if row.message.kind == "meeting_wanted" else self._drop(row, at)
        return relayed

    # A meeting that is wanted

    def _make(self, row: OutboxRow, now: Instant | None) -> Relayed:
        named, lesson = self._look(row, now)
        wanted = _request(named)
        if not _is_wanted(lesson, wanted):
            return self._leave(row, wanted, lesson, now)
        if self._patience.is_spent_after(row.attempts - 1):
            # A failure would have been the end before: the tries since then belong to relays that died of them.
            return self._give_up(row, wanted, _Failure("no try has come to an end"), now)
        made = _answer_of(lambda: _created(self._provider, wanted))
        if isinstance(made, _Failure):
            return self._put_off(row, wanted, made, now)
        return self._bring(row, wanted, Meeting(self._provider.name, made.links, wanted.terms), now)

    def _leave(self, row: OutboxRow, wanted: MeetingRequest, lesson: Lesson, now: Instant | None) -> Relayed:
        """Make nothing for a row that has been overtaken; an earlier try may have made something."""
        if row.attempts == 1 or self._is_held(lesson, wanted):
            self._finish(row)
            return _NOTHING
        return self._take_back(row, self._provider, wanted, None, now)

    def _bring(self, row: OutboxRow, wanted: MeetingRequest, meeting: Meeting, now: Instant | None) -> Relayed:
        """Record the meeting and finish its row in one transaction, if the lesson still wants it at that moment."""
        made = Particulars(source=meeting.provider, details=meeting.links)
        with self._writing() as tx:
            row_now = _row_now(tx, row)
            at, lesson = self._standing(tx, wanted.lesson, now)
            is_wanted, is_held = _is_wanted(lesson, wanted), self._is_held(lesson, wanted)
            refused = None
            if row_now.is_ours and is_wanted:
                verbs = _ready_verbs(lesson.place) or _verbs_of_policy(lesson, _ready_verbs)
                refused = self._tell(tx, row, lesson, at, "to record a meeting", verbs[:1], particulars=made)
            if row_now.is_ours and refused is None and (is_wanted or is_held):
                tx.finish(row.sequence)
        if refused is not None:
            return self._put_off(row, wanted, refused, now)
        if not row_now.is_ours:
            return self._overtaken(wanted, meeting, is_left=row_now.is_done and not is_held)
        if is_wanted:
            return Relayed(created=1)
        return _NOTHING if is_held else self._take_back(row, self._provider, wanted, meeting, now)

    def _overtaken(self, wanted: MeetingRequest, meeting: Meeting, *, is_left: bool) -> Relayed:
        """Leave everything to whoever took our row since, unless they are done and we made anew what they took back."""
        if not is_left:
            return _NOTHING
        failure = _answer_of(lambda: self._provider.cancel(wanted, meeting))
        return Relayed(cancelled=1) if failure is None else _NOTHING

    def _put_off(self, row: OutboxRow, wanted: MeetingRequest, failure: _Failure, now: Instant | None) -> Relayed:
        """Leave the row for later, unless later is too late for the lesson or for the relay's patience."""
        at, wait = self._now(now), self._wait(row, failure)
        if wait is None or at + wait >= wanted.start:
            return self._give_up(row, wanted, failure, now)
        return self._retry(row, at + wait, failure)

    def _give_up(self, row: OutboxRow, wanted: MeetingRequest, failure: _Failure, now: Instant | None) -> Relayed:
        """Tell the lesson that it gets no meeting, and finish the row; what follows is the policy's affair."""
        reason = "refused" if failure.final else "unavailable"
        refused = None
        with self._writing() as tx:
            at, lesson = self._standing(tx, wanted.lesson, now)
            if not _row_now(tx, row).is_ours:
                return _NOTHING
            if _is_wanted(lesson, wanted):
                verbs = _failing_verbs(lesson) if self._failed is None else (self._failed,)
                what = "to say that there is no meeting"
                refused = self._tell(tx, row, lesson, at, what, verbs, reason=reason, note=failure.note)
            tx.finish(row.sequence)
        if not self._is_held(lesson, wanted) and (row.attempts > 1 or not failure.final):
            # Something may have been made all the same. Only now: while the row was open another relay might have taken
            # it and recorded the meeting. Nobody has been told of it, so it does no harm if this fails too.
            _answer_of(lambda: self._provider.cancel(wanted, None))
        text = failure.text if refused is None else f"{failure.text}; {refused.text}"
        return Relayed(given_up=1, troubles=(_trouble(row, text),))

    # A meeting that was dropped

    def _drop(self, row: OutboxRow, now: Instant | None) -> Relayed:
        named, lesson = self._look(row, now)
        meeting = named.meeting
        if meeting is None or meeting == lesson.meeting:  # It has been reported again since, and stands.
            self._finish(row)
            return _NOTHING
        provider = self._providers.get(meeting.provider)
        if provider is None:
            return self._abandon(row, f"no provider called {meeting.provider!r} is known here")
        if self._patience.is_spent_after(row.attempts - 1):
            return self._abandon(row, "no try has come to an end")
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
        if self._now(now) >= wanted.end:
            self._finish(row)
            return _NOTHING
        failure = _answer_of(lambda: provider.cancel(wanted, meeting))
        if failure is None:
            self._finish(row)
            return Relayed(cancelled=1)
        wait = self._wait(row, failure)
        if wait is None:
            return self._abandon(row, failure.text)
        return self._retry(row, self._now(now) + wait, failure)

    def _abandon(self, row: OutboxRow, text: str) -> Relayed:
        """Finish a row whose meeting nobody could take back: that is for people to look after."""
        self._finish(row)
        return Relayed(given_up=1, troubles=(_trouble(row, f"not taken back: {text}"),))

    # The store

    def _take(self, now: Instant | None) -> OutboxRow | None:
        """Take the next row. One at a time: a lease has to outlast one call, not all calls of a run."""
        with self._writing() as tx:
            rows = tx.take(KINDS, self._now(now), self._patience.lease, 1)
        return rows[0] if rows else None

    def _look(self, row: OutboxRow, now: Instant | None) -> tuple[Lesson, Lesson]:
        """The version that a row is about, and the lesson as it stands now."""
        message = row.message
        with self._reading() as tx:
            named = tx.history(message.lesson)[message.number - 1].version
            return named, self._standing(tx, message.lesson, now)[1]

    def _standing(self, tx: Transaction, id: LessonId, now: Instant | None) -> tuple[Instant, Lesson]:
        """The lesson as of now, and an instant at which it can be told something.

        That is not before its last step, which a machine may have recorded whose clock runs a little ahead of ours.
        """
        last = tx.lesson(id)
        assert last is not None  # The outbox names lessons that are there.
        at = max(self._now(now), last.at)
        return at, Reading(tx, at).lesson(id)

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
    ) -> _Failure | None:
        """Carry out a command of the platform's own about the terms that stand; return why it was refused, or None."""
        process = lesson.machine.process
        verbs = tuple(verb for verb in verbs if verb in process.verbs)
        if len(verbs) != 1:
            found = f"more than one move {what}: {', '.join(verbs)}" if verbs else f"no move {what}"
            return _Failure(f"policy {process.name} has {found}")
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
        return None if outcome.refusal is None else _Failure(f"{verb} was refused: {outcome.refusal.sentence}")

    def _own_party(self, tx: Transaction) -> Party:
        party = tx.party(self._by)
        hint = "register it with add_party(..., grants=['system'])"
        if party is None:
            raise UnknownName("party (by)", self._by, hint=hint)
        if "system" not in party.grants:
            raise InvalidValue("by", self._by, f"a party with the grant system; {hint}")
        return party

    def _retry(self, row: OutboxRow, at: Instant, failure: _Failure) -> Relayed:
        with self._writing() as tx:
            is_ours = _row_now(tx, row).is_ours
            if is_ours:
                tx.retry(row.sequence, at)
        return Relayed(retried=int(is_ours), troubles=(_trouble(row, failure.text),))

    def _finish(self, row: OutboxRow) -> None:
        with self._writing() as tx:
            if _row_now(tx, row).is_ours:
                tx.finish(row.sequence)

    @contextmanager
    def _writing(self) -> Iterator[Transaction]:
        with self._around(), self._storage.transaction() as tx:
            yield tx

    @contextmanager
    def _reading(self) -> Iterator[Transaction]:
        with self._around(), self._storage.reading() as tx:
            yield tx

    def _now(self, now: Instant | None) -> Instant:
        return instant(self._clock(), "now") if now is None else now

    def _wait(self, row: OutboxRow, failure: _Failure) -> timedelta | None:
        """How long to wait before the next try, or None if there is to be none."""
        wait = max(self._patience.wait_after(row.attempts), failure.retry_after)
        is_over = failure.final or self._patience.is_spent_after(row.attempts) or wait > self._patience.give_up_after
        return None if is_over else wait

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


def _row_now(tx: Transaction, row: OutboxRow) -> _RowNow:
    """Look up whether a row is still ours: every taking of it counts an attempt, so another's has a higher number."""
    (found,) = tx.outbox(row.sequence - 1, 1)
    return _RowNow(not found.done and found.attempts == row.attempts, found.done)


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


def _answer_of(call: Callable[[], R]) -> R | _Failure:
    """What a provider answers, or why it did not."""
    try:
        return call()
    except MeetingRefused as error:
        return _Failure(_text_of(error), final=True, note=str(error)[:_LONGEST_NOTE])
    except MeetingUnavailable as error:
        return _Failure(_text_of(error), retry_after=error.retry_after or _NO_TIME)
    except Exception as error:  # noqa: BLE001  # Foreign code at a border: no error of one provider may stop the others.
        return _Failure(_text_of(error))


def _text_of(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _trouble(row: OutboxRow, text: str) -> Trouble:
    return Trouble(row.sequence, row.message.lesson, text)
