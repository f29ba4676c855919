"""The contract of meeting providers, as tests to inherit, and a provider in memory for tests of your own.

For a provider of your own, write in one of your test modules

    class TestMyMeetings(MeetingProviderContract):
        def make_provider(self) -> MeetingProvider:
            return MyMeetings(...)

and pytest runs every test below on it. They cancel what they make.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable
from datetime import timedelta
from threading import Lock
from typing import Final
from urllib.parse import quote

import attrs

from tutorcore.ids import LessonId, PartyId, command_key
from tutorcore.instants import instant
from tutorcore.lessons.lesson import Meeting
from tutorcore.ports.meetings import SIDES, Created, MeetingProvider, MeetingRequest, MeetingUnavailable

_START: Final = instant("2026-03-02T09:00:00Z")
_HOUR: Final = timedelta(hours=1)


class MeetingProviderContract(ABC):
    """The tests of the meetings port."""

    @abstractmethod
    def make_provider(self) -> MeetingProvider:
        """Return a provider. Called twice in a test, it is one that started anew on the same service."""

    def make_unreachable_provider(self) -> MeetingProvider | None:
        """Return a provider whose service does not answer, or None where there is no service that could fail."""
        return None

    def make_request(self, lesson: str, terms: int = 1) -> MeetingRequest:
        """Return a request for that lesson. Give it what your provider needs: details, or a start that is to come."""
        details = (("program", "phone"),)
        key = command_key(f"{lesson}:{terms}")
        people = PartyId("tom"), PartyId("ann")
        return MeetingRequest(key, LessonId(lesson), terms, _START, _START + _HOUR, *people, details)

    def same_meeting(self, one: Created, other: Created) -> bool:
        """Return whether two answers are of one meeting; links that say the same differently are yours to compare."""
        return one == other

    def test_the_name_is_short_and_stays(self) -> None:
        """Lessons record a provider's name as the source of their meeting, so a new start does not change it."""
        name = self.make_provider().name

        assert 0 < len(name) <= 64
        assert name.isprintable()
        assert name == self.make_provider().name

    def test_each_side_gets_a_link(self) -> None:
        """Student and tutor each get where they join."""
        provider, wanted = self.make_provider(), self.make_request("contract-links")

        created = provider.create(wanted)
        provider.cancel(wanted, _meeting(provider, wanted, created))

        assert [role for role, _ in created.links] == list(SIDES)

    def test_the_same_key_gives_the_same_meeting(self) -> None:
        """Whoever asks again, after a restart too, gets what is there already."""
        provider, wanted = self.make_provider(), self.make_request("contract-again")

        first = provider.create(wanted)
        second = provider.create(wanted)
        third = self.make_provider().create(wanted)
        provider.cancel(wanted, _meeting(provider, wanted, first))

        assert self.same_meeting(first, second)
        assert self.same_meeting(first, third)

    def test_cancelling_again_is_harmless(self) -> None:
        """A meeting may be taken back twice, after a restart too."""
        provider, wanted = self.make_provider(), self.make_request("contract-cancelled")
        meeting = _meeting(provider, wanted, provider.create(wanted))

        provider.cancel(wanted, meeting)
        provider.cancel(wanted, meeting)
        self.make_provider().cancel(wanted, meeting)

    def test_what_may_never_have_been_made_can_be_taken_back(self) -> None:
        """Cancelling by the key alone is harmless, whether there is a meeting or not."""
        provider = self.make_provider()
        never, made = self.make_request("contract-never-made"), self.make_request("contract-answer-lost")
        provider.create(made)

        provider.cancel(never, None)
        provider.cancel(made, None)
        provider.cancel(made, None)

    def test_cancelling_one_meeting_leaves_the_others(self) -> None:
        """The meeting of other terms, even of the same lesson, is another."""
        provider = self.make_provider()
        old, new = self.make_request("contract-two", 1), self.make_request("contract-two", 2)
        dropped, kept = provider.create(old), provider.create(new)

        provider.cancel(old, _meeting(provider, old, dropped))
        found = provider.create(new)
        provider.cancel(new, _meeting(provider, new, kept))

        assert self.same_meeting(found, kept)

    def test_a_meeting_can_be_made_after_it_was_cancelled(self) -> None:
        """Terms that are agreed again get a meeting again, and from then on the same one."""
        provider, wanted = self.make_provider(), self.make_request("contract-made-again")
        provider.cancel(wanted, _meeting(provider, wanted, provider.create(wanted)))

        first = provider.create(wanted)
        second = provider.create(wanted)
        provider.cancel(wanted, _meeting(provider, wanted, second))

        assert self.same_meeting(first, second)

    def test_a_service_that_does_not_answer_is_unavailable(self) -> None:
        """Both calls come back with `MeetingUnavailable`, so that they are tried again."""
        provider, wanted = self.make_unreachable_provider(), self.make_request("contract-unreachable")
        if provider is None:
            return

        assert _is_unavailable_for_creating(provider, wanted)
        assert _is_unavailable_for_cancelling(provider, wanted)


def _meeting(provider: MeetingProvider, wanted: MeetingRequest, created: Created) -> Meeting:
    return Meeting(provider.name, created.links, wanted.terms)


def _is_unavailable_for_creating(provider: MeetingProvider, wanted: MeetingRequest) -> bool:
    try:
        provider.create(wanted)
    except MeetingUnavailable:
        return True
    return False


def _is_unavailable_for_cancelling(provider: MeetingProvider, wanted: MeetingRequest) -> bool:
    try:
        provider.cancel(wanted, None)
    except MeetingUnavailable:
        return True
    return False


def _queue(errors: Iterable[BaseException]) -> deque[BaseException]:
    return deque(errors)


@attrs.define
class MeetingsInMemory:
    """A provider whose service is this object: it shows what is there, and fails when told to.

    `live` are the meetings by key, `made` counts how many there ever were, `calls` how often it was called. Whatever
    stands in `failures` is raised by the coming calls, one each, before anything is done; whatever stands in `losses`,
    afterwards: the service has acted and its answer is lost. Threads take turns.
    """

    name: str = "memory"
    live: dict[str, Created] = attrs.field(factory=dict)
    made: int = 0
    calls: int = 0
    failures: deque[BaseException] = attrs.field(factory=deque, converter=_queue)
    losses: deque[BaseException] = attrs.field(factory=deque, converter=_queue)
    _lock: Lock = attrs.field(factory=Lock, init=False, repr=False, eq=False)

    def create(self, wanted: MeetingRequest) -> Created:
        """Return the live meeting of that key, or a new one, unless told to fail."""
        with self._lock:
            self._fail_if_told()
            if wanted.key not in self.live:
                self.made += 1
                link = f"https://meet.example/{quote(wanted.key, safe='')}/{self.made}"
                self.live[wanted.key] = Created({role: f"{link}?as={role}" for role in SIDES})
            self._lose_if_told()
            return self.live[wanted.key]

    def cancel(self, wanted: MeetingRequest, meeting: Meeting | None) -> None:
        """Forget the meeting of that key, unless told to fail."""
        with self._lock:
            self._fail_if_told()
            self.live.pop(wanted.key, None)
            self._lose_if_told()

    def _fail_if_told(self) -> None:
        self.calls += 1
        if self.failures:
            raise self.failures.popleft()

    def _lose_if_told(self) -> None:
        if self.losses:
            raise self.losses.popleft()
