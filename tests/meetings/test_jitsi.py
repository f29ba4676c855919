from __future__ import annotations

import hashlib
import hmac
from base64 import b32decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.adapters.meetings.jitsi import SHORTEST_SECRET, Jitsi
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.ids import LessonId, PartyId, command_key
from tutorcore.instants import instant
from tutorcore.ports.meetings import MeetingRequest

_SECRET = bytes(range(32))
_AT = instant("2026-03-02T09:00:00Z")


def _wanted(key: str) -> MeetingRequest:
    return MeetingRequest(command_key(key), LessonId("L1"), 1, _AT, _AT, PartyId("tom"), PartyId("ann"))


def test_both_sides_get_one_room() -> None:
    """The student's link and the tutor's lead to the same place."""
    created = Jitsi(_SECRET).create(_wanted("L1:1"))
    student, tutor = (link for _, link in created.links)

    assert student == tutor
    assert student.startswith("https://meet.jit.si/lesson-")


def test_the_room_follows_from_secret_and_key_alone() -> None:
    """HMAC-SHA256 of the key: another process, or next year's version, finds the same room."""
    digest = hmac.new(_SECRET, b"meeting room\x00L1:1", hashlib.sha256).digest()

    room = Jitsi(_SECRET).room("L1:1").removeprefix("lesson-")

    assert b32decode(room.upper()) == digest[:20]
    assert room == "pttccfrgmteawb4u5qeniu36rkseyx5f"


@given(st.text(min_size=1), st.text(min_size=1))
def test_other_keys_have_other_rooms(one: str, other: str) -> None:
    """Two keys share a room only if they are the same key."""
    one, other = (text.encode("utf-8", "ignore").decode() for text in (one, other))
    jitsi = Jitsi(_SECRET)

    assert (jitsi.room(one) == jitsi.room(other)) == (one == other)


@given(st.binary(min_size=SHORTEST_SECRET, max_size=64))
def test_who_lacks_the_secret_cannot_tell_the_room(other: bytes) -> None:
    """With another secret every room is another, though everything else is known."""
    assert (Jitsi(other).room("L1:1") == Jitsi(_SECRET).room("L1:1")) == (other == _SECRET)


@given(st.integers(0, 10**9))
def test_a_room_has_a_name_that_servers_keep_as_it_is(number: int) -> None:
    """32 small letters and digits, 160 bits: nothing that a server, a mail or a reader over the phone would alter."""
    room = Jitsi(_SECRET, prefix="").room(f"L{number}:1")

    assert len(room) == 32
    assert set(room) <= set("abcdefghijklmnopqrstuvwxyz234567")


def test_rooms_of_neighbouring_lessons_tell_nothing_of_each_other() -> None:
    """About half of the bits differ between any two rooms, so that none can be found near another."""
    rooms = [Jitsi(_SECRET, prefix="").room(f"L{number}:1") for number in range(60)]
    bits = [int.from_bytes(b32decode(room.upper())) for room in rooms]

    distances = [(one ^ other).bit_count() for place, one in enumerate(bits) for other in bits[:place]]

    assert min(distances) > 40


def test_the_secret_is_not_shown() -> None:
    """Neither the provider's text nor an error about the secret shows it."""
    with pytest.raises(InvalidValue) as short:
        Jitsi(b"hunter2")
    with pytest.raises(InvalidValue) as typed:
        Jitsi("correct horse battery staple")  # type: ignore[arg-type]  # on purpose

    assert "hunter2" not in str(short.value)
    assert "horse" not in str(typed.value)
    assert repr(_SECRET)[2:10] not in repr(Jitsi(_SECRET))
    assert "secret" not in repr(Jitsi(_SECRET))


@pytest.mark.parametrize(("length", "is_enough"), [(0, False), (15, False), (16, True), (17, True)])
def test_a_secret_has_sixteen_bytes(length: int, is_enough: bool) -> None:
    """A shorter secret could be tried out."""
    if is_enough:
        Jitsi(b"x" * length)
    else:
        with pytest.raises(InvalidValue):
            Jitsi(b"x" * length)


@pytest.mark.parametrize(
    "base",
    [
        "http://meet.example",
        "meet.example",
        "https://",
        "https://meet.example/?a=b",
        "https://meet.example/#x",
        "https://meet.example/\n",
        "https://[meet.example",
        "",
    ],
)
def test_a_server_has_a_whole_address(base: str) -> None:
    """A link is the server's address and the room, so the address ends where the room begins."""
    with pytest.raises(InvalidValue):
        Jitsi(_SECRET, base)


@pytest.mark.parametrize("base", ["https://meet.example/school", "https://meet.example/school/"])
def test_a_server_may_have_a_path(base: str) -> None:
    """Some servers keep each customer's rooms under a path; a slash more or less is the same address."""
    created = Jitsi(_SECRET, base).create(_wanted("L1:1"))

    assert created.links[0][1] == "https://meet.example/school/lesson-pttccfrgmteawb4u5qeniu36rkseyx5f"


@pytest.mark.parametrize("prefix", ["A", "a/b", "a b", "ä", "a?"])
def test_a_prefix_is_harmless(prefix: str) -> None:
    """What stands before the room keeps to letters that no server folds or quotes."""
    with pytest.raises(InvalidValue):
        Jitsi(_SECRET, prefix=prefix)


@pytest.mark.parametrize("settings", [{"base": None}, {"prefix": None}])
def test_addresses_and_prefixes_are_texts(settings: dict[str, str]) -> None:
    """Anything else is refused by its type."""
    with pytest.raises(InvalidType):
        Jitsi(_SECRET, **settings)


def test_nothing_has_to_be_taken_back() -> None:
    """Cancelling does nothing, with a meeting or without."""
    Jitsi(_SECRET).cancel(_wanted("L1:1"), None)
