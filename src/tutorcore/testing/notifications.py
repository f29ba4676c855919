"""The contract of notifiers, as tests to inherit, and a notifier in memory for tests of your own.

For a notifier of your own, write in one of your test modules

    class TestMyMessages(NotifierContract):
        def make_notifier(self) -> Notifier:
            return MyMessages(...)

and pytest runs every test below on it. They send notices to `ann@example.com`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable
from datetime import timedelta
from threading import Lock
from typing import Final

import attrs

from tutorcore.ids import LessonId, party_id
from tutorcore.instants import instant
from tutorcore.ports.notifications import (
    Contact,
    Invitation,
    Method,
    Notice,
    NoticeRefused,
    NoticeUnavailable,
    Notifier,
)

_NOW: Final = instant("2026-03-02T09:00:00Z")
_START: Final = _NOW + timedelta(days=7)
_HOUR: Final = timedelta(hours=1)
_HOSTILE: Final = 'Ann\r\nBcc: eve@example.com\r\n\r\n<script>alert("1")</script>; \u202e\u2028\x00\\n,'
"""What breaks out of headers, calendar lines and pages that put a name in as it is."""


def sample_notice(
    sequence: int = 1,
    *,
    to: Contact | None = None,
    subject: str = "Your lesson has been agreed",
    method: Method | None = None,
) -> Notice:
    """Return a notice to Ann about a lesson; with a `method`, it has an invitation."""
    invitation = None if method is None else _invitation(method, sequence, subject)
    return Notice(
        key=f"{sequence}:ann",
        kind="told",
        lesson=LessonId("L1"),
        number=sequence,
        recipient="ann",
        to=Contact(name="Ann", email="ann@example.com", zone="Europe/Berlin") if to is None else to,
        subject=subject,
        short=subject,
        text=f"{subject}\n",
        html="<!doctype html>\n<html><body><p>Your lesson has been agreed</p></body></html>\n",
        locale="en",
        direction="ltr",
        at=_NOW,
        event={"verb": "accept", "state": "agreed"},
        deadline=_NOW + _HOUR,
        invitation=invitation,
    )


def _invitation(method: Method, sequence: int, summary: str) -> Invitation:
    return Invitation(
        method=method,
        uid="L1.1@tutors.example",
        sequence=sequence,
        start=_START,
        end=_START + _HOUR,
        summary=summary,
        description=summary,
        url="https://meet.example/1",
        stamp=_NOW,
    )


class NotifierContract(ABC):
    """The tests of the notifications port, on the side of the channels."""

    @abstractmethod
    def make_notifier(self) -> Notifier:
        """Return a notifier that reaches Ann. Called twice in a test, it is one that started anew."""

    def make_unreachable_notifier(self) -> Notifier | None:
        """Return a notifier whose service does not answer, or None where there is none that could fail."""
        return None

    def make_notice(self, sequence: int = 1, *, subject: str = "Agreed", method: Method | None = None) -> Notice:
        """Return a notice that the notifier reaches. Give it what yours needs."""
        return sample_notice(sequence, subject=subject, method=method)

    def test_the_name_is_an_id_and_stays(self) -> None:
        """Deliveries are settled under a notifier's name, so a new start does not change it."""
        name = self.make_notifier().name

        assert party_id(name) == name
        assert name == self.make_notifier().name

    def test_whom_it_reaches_is_the_same_each_time(self) -> None:
        """Whether a channel is for a notice depends on the notice alone."""
        notice = self.make_notice()

        assert [self.make_notifier().reaches(notice) for _ in range(2)] == [True, True]

    def test_the_same_notice_may_be_sent_again(self) -> None:
        """A relay that was killed sends once more under the same key, after a restart too."""
        notifier, notice = self.make_notifier(), self.make_notice(2)

        notifier.send(notice)
        notifier.send(notice)
        self.make_notifier().send(notice)

    def test_invitations_go_along(self) -> None:
        """An entry for a calendar, and its withdrawal, are sent like any other notice."""
        notifier = self.make_notifier()

        notifier.send(self.make_notice(3, method="REQUEST"))
        notifier.send(self.make_notice(4, method="CANCEL"))

    def test_hostile_text_is_sent_or_refused(self) -> None:
        """Whatever people are called, a notice goes out, or is refused: nothing else comes of it."""
        notifier, notice = self.make_notifier(), self.make_notice(5, subject=_HOSTILE, method="REQUEST")
        hostile = attrs.evolve(notice, to=attrs.evolve(notice.to, name=_HOSTILE))

        assert _is_over(notifier, hostile)

    def test_a_service_that_does_not_answer_is_unavailable(self) -> None:
        """Sending comes back with `NoticeUnavailable`, so that it is tried again."""
        notifier = self.make_unreachable_notifier()

        assert notifier is None or _is_unavailable(notifier, self.make_notice(6))


def _is_over(notifier: Notifier, notice: Notice) -> bool:
    try:
        notifier.send(notice)
    except NoticeRefused:
        return True
    return True


def _is_unavailable(notifier: Notifier, notice: Notice) -> bool:
    try:
        notifier.send(notice)
    except NoticeUnavailable:
        return True
    return False


def _queue(errors: Iterable[BaseException]) -> deque[BaseException]:
    return deque(errors)


@attrs.define
class NotificationsInMemory:
    """A channel whose far end is this object: it shows what has arrived, and fails when told to.

    `sent` are the notices that arrived, in order; one that came again is there again. It reaches everybody, or those
    with an address if it is told `only_mail`. Whatever stands in `failures` is raised by the coming calls, one each,
    before anything is sent; whatever stands in `losses`, afterwards: it has arrived and nobody knows. Threads take
    turns.
    """

    name: str = "memory"
    sent: list[Notice] = attrs.field(factory=list)
    only_mail: bool = False
    calls: int = 0
    failures: deque[BaseException] = attrs.field(factory=deque, converter=_queue)
    losses: deque[BaseException] = attrs.field(factory=deque, converter=_queue)
    _lock: Lock = attrs.field(factory=Lock, init=False, repr=False, eq=False)

    def reaches(self, notice: Notice) -> bool:
        """Whether this channel is for them."""
        return notice.to.email is not None or not self.only_mail

    def send(self, notice: Notice) -> None:
        """Keep the notice, unless told to fail."""
        with self._lock:
            self.calls += 1
            if self.failures:
                raise self.failures.popleft()
            self.sent.append(notice)
            if self.losses:
                raise self.losses.popleft()

    @property
    def keys(self) -> list[str]:
        """The keys of what has arrived, in order."""
        return [notice.key for notice in self.sent]

    def to(self, recipient: str) -> list[Notice]:
        """What has arrived for that recipient, in order."""
        return [notice for notice in self.sent if notice.recipient == recipient]
