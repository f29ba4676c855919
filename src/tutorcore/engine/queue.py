"""The queue: how a relay holds rows of the outbox, tries again, and stops.

A relay takes a row for a while (a lease), does what the row asks for outside every transaction, and notes down what
came of it in a transaction that looks first whether the row is still its own. Whoever finds a row whose lease has
passed takes it again, and from then on the row is theirs: a relay that comes back too late finds that it has been
overtaken. Knows neither meetings nor messages: only rows, waits and failures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Final, NamedTuple, TypeAlias, TypeVar

import attrs

from tutorcore.clock import Clock
from tutorcore.engine.reading import Reading
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.ids import LessonId
from tutorcore.instants import Instant, instant
from tutorcore.lessons.lesson import Lesson
from tutorcore.lessons.projections import MessageKind
from tutorcore.ports.meetings import MeetingRefused, MeetingUnavailable
from tutorcore.ports.notifications import NoticeRefused, NoticeUnavailable
from tutorcore.ports.storage import OutboxRow, Storage, Transaction

R = TypeVar("R")
Scope: TypeAlias = Callable[[], AbstractContextManager[object]]

NO_TIME: Final = timedelta(0)
_LONGEST_TIME: Final = timedelta(days=366)
_LONGEST_NOTE: Final = 500


def _some_time(_self: object, field: attrs.Attribute[timedelta], value: timedelta) -> None:
    if not isinstance(value, timedelta):
        raise InvalidType(field.name, value, "a timedelta")
    if not NO_TIME < value <= _LONGEST_TIME:
        raise InvalidValue(field.name, str(value), f"more than nothing, up to {_LONGEST_TIME.days} days")


@attrs.frozen(kw_only=True)
class Patience:
    """How long a relay waits between tries, and for how long it goes on.

    The first wait doubles with each try up to the longest one. `give_up_after` bounds the waiting: all of these waits
    together, and any one that is asked for outside. Time in which no relay ran is not counted. `lease` is for how long
    a row belongs to the relay that took it: longer than one call outside ever lasts.
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
        waited = NO_TIME
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


class Failure(NamedTuple):
    """Why something could not be done outside: for good or not, what of it may be kept, how long to leave it alone."""

    text: str
    final: bool = False
    note: str = ""
    retry_after: timedelta = NO_TIME


NO_END: Final = Failure("no try has come to an end", note="no try has come to an end")
"""What is to be said of a row whose tries all belonged to relays that died of them."""


class RowNow(NamedTuple):
    """What has become of a row that we took: still ours, or taken by another relay since, and done or not."""

    is_ours: bool
    is_done: bool


class Queue:
    """The rows of some kinds in the outbox of one store, as one relay works on them.

    Where the store is enlisted in transactions of the caller's, `around` opens one and commits it: each transaction of
    the relay's runs inside `with around():`.
    """

    def __init__(
        self, storage: Storage, kinds: tuple[MessageKind, ...], patience: Patience, clock: Clock, around: Scope
    ) -> None:
        self.patience: Final = patience
        self._storage = storage
        self._kinds = kinds
        self._clock = clock
        self._around = around

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Return the scope of a transaction."""
        with self._around(), self._storage.transaction() as tx:
            yield tx

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Return the scope of a transaction in which only reads are made."""
        with self._around(), self._storage.reading() as tx:
            yield tx

    def now(self, now: Instant | None) -> Instant:
        """Return `now` or, if that is left out, what the clock says at this moment."""
        return instant(self._clock(), "now") if now is None else now

    def rows(self, now: Instant | None, limit: int) -> Iterator[OutboxRow]:
        """Take rows one after the other, at most `limit`: a lease has to outlast one call, not all calls of a run."""
        for _ in range(limit):
            with self.writing() as tx:
                rows = tx.take(self._kinds, self.now(now), self.patience.lease, 1)
            if not rows:
                return
            yield rows[0]

    def retry(self, row: OutboxRow, at: Instant) -> bool:
        """Let the row be taken again from `at` on; return whether it was still ours."""
        with self.writing() as tx:
            is_ours = row_now(tx, row).is_ours
            if is_ours:
                tx.retry(row.sequence, at)
        return is_ours

    def finish(self, row: OutboxRow) -> bool:
        """Let the row never be taken again; return whether it was still ours."""
        with self.writing() as tx:
            is_ours = row_now(tx, row).is_ours
            if is_ours:
                tx.finish(row.sequence)
        return is_ours

    def has_lost_every_try(self, row: OutboxRow) -> bool:
        """Whether patience was spent before this try: a failure would have been the end, so all relays died."""
        return self.patience.is_spent_after(row.attempts - 1)

    def wait(self, row: OutboxRow, failure: Failure) -> timedelta | None:
        """Return how long to wait before the next try, or None if there is to be none."""
        wait = max(self.patience.wait_after(row.attempts), failure.retry_after)
        is_over = failure.final or self.patience.is_spent_after(row.attempts) or wait > self.patience.give_up_after
        return None if is_over else wait

    def lesson(self, tx: Transaction, id: LessonId, now: Instant | None) -> tuple[Instant, Lesson]:
        """Return the lesson as of now, and an instant at which it can be told something.

        That is not before its last step, which a machine may have recorded whose clock runs a little ahead of ours.
        """
        last = tx.lesson(id)
        assert last is not None  # The outbox names lessons that are there.
        at = max(self.now(now), last.at)
        return at, Reading(tx, at).lesson(id)


def checked_run(now: Instant | None, limit: int) -> Instant | None:
    """Return the instant at which a run counts, if one is given; raise `InvalidValue` for it or for a wrong limit."""
    if type(limit) is not int or limit < 1:
        raise InvalidValue("limit", limit, "a whole number from 1")
    return None if now is None else instant(now, "now")


def row_now(tx: Transaction, row: OutboxRow) -> RowNow:
    """Look up whether a row is still ours.

    Every taking of it counts an attempt and sets a lease of its own; a row that was reopened since has neither.
    """
    (found,) = tx.outbox(row.sequence - 1, 1)
    is_ours = (found.attempts, found.retry_at) == (row.attempts, row.retry_at)
    return RowNow(is_ours and not found.done, found.done)


def answer_of(call: Callable[[], R]) -> R | Failure:
    """Return what foreign code answers, or why it did not."""
    try:
        return call()
    except (MeetingRefused, NoticeRefused) as error:
        return Failure(_text_of(error), final=True, note=str(error)[:_LONGEST_NOTE])
    except (MeetingUnavailable, NoticeUnavailable) as error:
        return Failure(_text_of(error), note=str(error)[:_LONGEST_NOTE], retry_after=error.retry_after or NO_TIME)
    except Exception as error:  # noqa: BLE001  # Foreign code at a border: no error of one call may stop the others.
        return Failure(_text_of(error), note=type(error).__name__)


def trouble(row: OutboxRow, text: str) -> Trouble:
    """Return what went wrong with that row."""
    return Trouble(row.sequence, row.message.lesson, text)


def _text_of(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
