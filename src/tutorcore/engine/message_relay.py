"""The relay of messages: has people told what happened to their lessons, each in their language and zone.

A step leaves a row in the outbox, in its own transaction; nobody is written to then. The relay takes that row for a
while (a lease), looks up in a directory how each recipient is written to, makes the words, and hands one notice after
the other to each channel (a *notifier*) that reaches them, outside every transaction.

**One by one.** Each delivery, which is one recipient on one channel, is settled as soon as it is over, in a transaction
of its own that looks first whether the row is still ours, and renews its lease. Trying again means trying what is not
settled. A row is finished when everything is.

**Dead letters.** A notifier that refuses ends that delivery for good, and patience that is spent ends the others. What
failed stays with its row (`Marketplace.outbox(failed=True)`), and `Marketplace.redeliver` has it tried again. The
lesson's next message goes on meanwhile.

**Killed, run twice, several at once.** A relay may end at any line; what it sent last, and could not settle, is sent
once more with the same key. A slow relay that comes back finds that it has been overtaken, and stops. Messages of one
lesson go out one after the other, in order.

**Trouble.** A directory, a channel or a text of one's own that raises is tried again, like a mailbox that is full.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import attrs

from tutorcore.clock import Clock, system_clock
from tutorcore.engine.address_book import AddressBook
from tutorcore.engine.matters import Matter, Recipient, has_moved_on, matter_of
from tutorcore.engine.notices import Writer
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
from tutorcore.errors import InvalidValue
from tutorcore.ids import party_id
from tutorcore.instants import Instant
from tutorcore.lessons.projections import MessageKind
from tutorcore.ports.notifications import Directory, Notice, Notifier
from tutorcore.ports.storage import OutboxRow, Storage

KINDS: Final[tuple[MessageKind, ...]] = ("told", "reminder", "standing")
MAIL_PATIENCE: Final = Patience(
    first_wait=timedelta(seconds=30), longest_wait=timedelta(minutes=15), give_up_after=timedelta(hours=6)
)
"""Enough for a mail server that asks to be called later, or is down for an evening."""

ANY_CHANNEL: Final = "*"
"""The channel of a delivery that failed before any was chosen."""


@attrs.frozen
class Sent:
    """What a run did.

    `delivered` and `given_up` count deliveries, that arrived or never will; `unreached` recipients whom no channel
    reaches; `skipped` rows whose reminder had become moot; `retried` rows left for later.
    """

    delivered: int = 0
    unreached: int = 0
    skipped: int = 0
    retried: int = 0
    given_up: int = 0
    troubles: tuple[Trouble, ...] = ()

    def __add__(self, other: Sent) -> Sent:
        return Sent(
            self.delivered + other.delivered,
            self.unreached + other.unreached,
            self.skipped + other.skipped,
            self.retried + other.retried,
            self.given_up + other.given_up,
            self.troubles + other.troubles,
        )


class _Try(NamedTuple):
    """One delivery that was tried, and why it failed; None: it arrived."""

    delivery: str
    failure: Failure | None


class MessageRelay:
    """Carries rows of the outbox that tell people something to the channels that reach them.

    `brand` is what the platform is called in letters, `wording` a folder of catalogues that are asked before those in
    the box, `domain` a name of the platform's own that makes calendar entries unique in the world. Whatever is wrong in
    the wording is raised at once, as `Mistakes`. Where the store is enlisted in transactions of the caller's, `around`
    opens one and commits it: each of the relay's own transactions runs inside `with around():`, and neither the
    directory nor a notifier is called there.
    """

    def __init__(
        self,
        storage: Storage,
        notifiers: Iterable[Notifier],
        directory: Directory,
        *,
        brand: str = "",
        wording: Path | None = None,
        domain: str = "tutorcore.invalid",
        patience: Patience = MAIL_PATIENCE,
        clock: Clock = system_clock,
        around: Scope = nullcontext,
    ) -> None:
        self._notifiers = _checked(notifiers)
        self._directory = directory
        self._writer = Writer(brand, wording, domain)
        self._queue = Queue(storage, KINDS, patience, clock, around)

    def run(self, *, now: Instant | None = None, limit: int = 100) -> Sent:
        """Handle what waits in the outbox, at most `limit` rows, and return what was done.

        Everything counts at `now`; left out, at what the clock says when it happens.
        """
        at, sent = checked_run(now, limit), Sent()
        for row in self._queue.rows(at, limit):
            sent += self._tell(row, at)
        return sent

    def _tell(self, row: OutboxRow, now: Instant | None) -> Sent:
        matter = self._look(row, now)
        if matter.is_moot:
            return Sent(skipped=int(self._queue.finish(row)))
        if self._queue.has_lost_every_try(row):
            return self._close(row, list(_lost(row, matter)), now)
        book, tries, unreached = AddressBook(self._directory, matter), list[_Try](), 0
        for recipient in matter.recipients:
            is_reached = _is_settled_for(row, recipient)
            for each in self._try_each(row, matter, recipient, book):
                is_reached = True
                tries.append(each)
                held = self._note(row, each, now)
                if held is None:
                    return _done(row, tries)
                row = held
            unreached += not is_reached
        return self._close(row, tries, now, unreached)

    def _look(self, row: OutboxRow, now: Instant | None) -> Matter:
        """What the row is about, and whether it still matters."""
        message = row.message
        with self._queue.reading() as tx:
            matter = matter_of(tx, message)
            if message.kind != "reminder":
                return matter
            lesson = self._queue.lesson(tx, message.lesson, now)[1]
            return attrs.evolve(matter, is_moot=has_moved_on(matter, lesson))

    def _try_each(self, row: OutboxRow, matter: Matter, recipient: Recipient, book: AddressBook) -> Iterator[_Try]:
        """Deliver to one recipient on each channel that reaches them and is not settled; one for each `next`."""
        settled = {delivery.recipient for delivery in row.settled}
        left = [each for each in self._notifiers if _delivery(each.name, recipient) not in settled]
        if not left:
            return
        notice = answer_of(lambda: self._notice(row, matter, recipient, book))
        if isinstance(notice, Failure):
            yield _Try(_delivery(ANY_CHANNEL, recipient), notice)
            return
        if notice is None:
            return
        for notifier in left:
            is_over = answer_of(partial(_sent, notifier, notice))
            if is_over is not False:
                yield _Try(_delivery(notifier.name, recipient), None if is_over is True else is_over)

    def _notice(self, row: OutboxRow, matter: Matter, recipient: Recipient, book: AddressBook) -> Notice | None:
        """What the recipient is told, or None if nobody is written to under that name."""
        contact = book.contact(recipient)
        return None if contact is None else self._writer.notice(row.sequence, matter, recipient, contact, book.cast())

    # The store

    def _note(self, row: OutboxRow, tried: _Try, now: Instant | None) -> OutboxRow | None:
        """Settle a delivery that is over, and renew our lease; return the row, or None if it is another relay's."""
        with self._queue.writing() as tx:
            if not row_now(tx, row).is_ours:
                return None
            if tried.failure is None or tried.failure.final:
                tx.settle(row.sequence, tried.delivery, _note_of(tried))
            until = self._queue.now(now) + self._queue.patience.lease
            tx.retry(row.sequence, until)
        return row._replace(retry_at=until)

    def _close(self, row: OutboxRow, tries: list[_Try], now: Instant | None, unreached: int = 0) -> Sent:
        """Finish the row, or leave it for later if a delivery is to be tried again; give up those that are not."""
        failed = [
            (each, self._queue.wait(row, each.failure)) for each in tries if each.failure and not each.failure.final
        ]
        waits = [wait for _, wait in failed if wait is not None]
        lost = [each for each, wait in failed if wait is None]
        with self._queue.writing() as tx:
            if not row_now(tx, row).is_ours:
                return _done(row, tries)
            for each in lost:
                tx.settle(row.sequence, each.delivery, _note_of(each))
            if waits:
                tx.retry(row.sequence, self._queue.now(now) + max(waits))
            else:
                tx.finish(row.sequence)
        end = Sent(retried=1) if waits else Sent(unreached=unreached)
        return _done(row, tries) + end + Sent(given_up=len(lost))


def _checked(notifiers: Iterable[Notifier]) -> tuple[Notifier, ...]:
    """The notifiers, of which there is one at least, each under a name of its own."""
    found = tuple(notifiers)
    if not found:
        raise InvalidValue("notifiers", found, "at least one, such as Smtp(...) or Log(...)")
    names = [party_id(each.name, "the name of a notifier") for each in found]
    for name in names:
        if names.count(name) > 1:
            raise InvalidValue("notifiers", name, "notifiers of which each has another name")
    return found


def _delivery(channel: str, recipient: Recipient) -> str:
    """What a delivery is settled under."""
    return f"{channel}:{recipient.name}"


def _is_settled_for(row: OutboxRow, recipient: Recipient) -> bool:
    """Whether something has been settled for that recipient before."""
    return any(each.recipient.partition(":")[2] == recipient.name for each in row.settled)


def _lost(row: OutboxRow, matter: Matter) -> Iterator[_Try]:
    """That all tries of a row have died: to be said of everybody to whom nothing has been settled."""
    for recipient in matter.recipients:
        if not _is_settled_for(row, recipient):
            yield _Try(_delivery(ANY_CHANNEL, recipient), NO_END)


def _sent(notifier: Notifier, notice: Notice) -> bool:
    """Send the notice if the channel is for it; return whether it is."""
    if not notifier.reaches(notice):
        return False
    notifier.send(notice)
    return True


def _note_of(tried: _Try) -> str | None:
    return None if tried.failure is None else tried.failure.note


def _done(row: OutboxRow, tries: Iterable[_Try]) -> Sent:
    """What deliveries that were tried amount to, whatever becomes of the row."""
    ends = [each.failure for each in tries]
    return Sent(
        delivered=ends.count(None),
        given_up=sum(1 for end in ends if end is not None and end.final),
        troubles=tuple(
            trouble(row, f"{each.delivery}: {each.failure.text}") for each in tries if each.failure is not None
        ),
    )
