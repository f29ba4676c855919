from __future__ import annotations

import pytest

from tutorcore.adapters.meetings.handles import Handles
from tutorcore.errors import InvalidType
from tutorcore.ids import LessonId, PartyId, command_key
from tutorcore.instants import instant
from tutorcore.ports.meetings import MeetingRefused, MeetingRequest

_AT = instant("2026-03-02T09:00:00Z")
_BOOK = {("tom", "skype"): "live:tom", ("ann", "skype"): " ann.b ", ("tom", "zoom"): "", ("ann", "zoom"): "ann@z"}


def _handle_of(party: PartyId, program: str) -> str | None:
    return _BOOK.get((party, program))


def _wanted(**details: str) -> MeetingRequest:
    people = PartyId("tom"), PartyId("ann")
    return MeetingRequest(command_key("L1:1"), LessonId("L1"), 1, _AT, _AT, *people, tuple(details.items()))


def test_each_side_gets_the_other_s_handle() -> None:
    """The student calls the tutor, the tutor the student."""
    created = Handles(_handle_of).create(_wanted(program="skype"))

    assert dict(created.links) == {"student": "live:tom", "tutor": "ann.b"}


def test_the_platform_names_the_detail() -> None:
    """Where the program stands among the details is the platform's choice."""
    created = Handles(_handle_of, detail="app", name="skype").create(_wanted(app="skype", program="zoom"))

    assert dict(created.links)["student"] == "live:tom"


@pytest.mark.parametrize(
    ("details", "message"),
    [
        ({"program": "zoom"}, "tutor tom has no handle for zoom"),
        ({"program": "icq"}, "student ann has no handle for icq; tutor tom has no handle for icq"),
        ({"program": ""}, "the agreed terms name no program"),
        ({}, "the agreed terms name no program"),
    ],
)
def test_whoever_lacks_a_handle_is_named(details: dict[str, str], message: str) -> None:
    """Trying again is useless until somebody enters a handle, so the refusal says who."""
    with pytest.raises(MeetingRefused) as caught:
        Handles(_handle_of).create(_wanted(**details))

    assert str(caught.value) == message


def test_a_handle_is_a_text() -> None:
    """A directory that answers with something else is at fault, and not the people."""
    provider = Handles(lambda party, program: 5)  # type: ignore[arg-type, return-value]  # on purpose

    with pytest.raises(InvalidType):
        provider.create(_wanted(program="skype"))


def test_nothing_has_to_be_taken_back() -> None:
    """Cancelling does nothing, with a meeting or without."""
    Handles(_handle_of).cancel(_wanted(), None)
