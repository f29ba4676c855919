"""The contract of meeting providers, on every provider in the box."""

from __future__ import annotations

import pytest

from tutorcore.adapters.meetings.handles import Handles
from tutorcore.adapters.meetings.jitsi import Jitsi
from tutorcore.adapters.meetings.link import LinkTemplate
from tutorcore.ids import PartyId
from tutorcore.ports.meetings import MeetingProvider, MeetingUnavailable
from tutorcore.testing.meetings import MeetingProviderContract, MeetingsInMemory


class TestLinkTemplate(MeetingProviderContract):
    """A link by template."""

    def make_provider(self) -> MeetingProvider:
        return LinkTemplate("https://meet.example/{lesson}-{terms}?role={role}")


class TestOneRoomForAll(MeetingProviderContract):
    """A template without placeholders: a room that always stands open."""

    def make_provider(self) -> MeetingProvider:
        return LinkTemplate("https://meet.example/room")


class TestJitsi(MeetingProviderContract):
    """A Jitsi room."""

    def make_provider(self) -> MeetingProvider:
        return Jitsi(b"sixteen bytes ok")


class TestHandles(MeetingProviderContract):
    """Each other's handles."""

    def make_provider(self) -> MeetingProvider:
        def handle_of(party: PartyId, program: str) -> str:
            return f"{program}:{party}"

        return Handles(handle_of)


class TestInMemory(MeetingProviderContract):
    """The provider for tests, of which there is one: its service is the object itself."""

    def make_provider(self) -> MeetingProvider:
        if not hasattr(self, "provider"):
            self.provider = MeetingsInMemory()
        return self.provider

    def make_unreachable_provider(self) -> MeetingProvider:
        return MeetingsInMemory(failures=[MeetingUnavailable("down"), MeetingUnavailable("down")])


class _Forgetful(MeetingsInMemory):
    def create(self, wanted):  # type: ignore[no-untyped-def]  # a provider that breaks its promise
        self.live.clear()
        return super().create(wanted)


def test_the_contract_finds_a_provider_that_forgets() -> None:
    """A provider that makes a new meeting each time fails the contract."""

    class Contract(MeetingProviderContract):
        provider = _Forgetful()

        def make_provider(self) -> MeetingProvider:
            return self.provider

    failed = []
    for name in dir(Contract):
        if name.startswith("test_"):
            try:
                getattr(Contract(), name)()
            except AssertionError:
                failed.append(name)

    assert failed == [
        "test_a_meeting_can_be_made_after_it_was_cancelled",
        "test_cancelling_one_meeting_leaves_the_others",
        "test_the_same_key_gives_the_same_meeting",
    ]


def test_the_contract_finds_a_provider_that_hides_a_failure() -> None:
    """A provider that acts as if all were well when its service does not answer fails the contract."""

    class Creating(TestInMemory):
        def make_unreachable_provider(self) -> MeetingProvider:
            return MeetingsInMemory()

    class Cancelling(TestInMemory):
        def make_unreachable_provider(self) -> MeetingProvider:
            return MeetingsInMemory(failures=[MeetingUnavailable("down")])

    for contract in (Creating(), Cancelling()):
        with pytest.raises(AssertionError):
            contract.test_a_service_that_does_not_answer_is_unavailable()
