"""Rooms on a Jitsi server that nobody can guess.

A Jitsi room exists as soon as somebody goes there, and whoever knows its name can go. So its name is the secret: it is
derived from the meeting's key by HMAC-SHA256 with a secret of the platform's. Who knows every id of a lesson, and every
other room, still cannot tell this one; and nothing has to be remembered for the same key to give the same room.
"""

from __future__ import annotations

import hmac
from base64 import b32encode
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

import attrs

from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.lessons.lesson import Meeting
from tutorcore.ports.meetings import SIDES, Created, MeetingRequest

SHORTEST_SECRET: Final = 16
# 20 of the 32 bytes are 160 bits, and exactly 32 letters of base32. Servers take capitals and small letters in a room's
# name for the same, so a code that tells them apart would lose some of its bits.
_ROOM_BYTES: Final = 20
# The same secret may serve elsewhere; what is derived for rooms is of use for nothing else.
_PURPOSE: Final = b"meeting room\x00"
_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


def _secret(value: bytes) -> bytes:
    """The secret, checked. What is wrong with it is said without showing it."""
    if not isinstance(value, bytes):
        raise InvalidValue("secret", f"a {type(value).__name__} (not shown)", "bytes, such as secrets.token_bytes(32)")
    if len(value) < SHORTEST_SECRET:
        raise InvalidValue("secret", f"{len(value)} bytes (not shown)", f"at least {SHORTEST_SECRET} random bytes")
    return value


def _base(value: str) -> str:
    expected = "the address of a Jitsi server, such as https://meet.jit.si"
    if not isinstance(value, str):
        raise InvalidType("base", value, expected)
    try:
        parts = urlsplit(value)
    except ValueError:
        raise InvalidValue("base", value, expected) from None
    is_bare = not (parts.query or parts.fragment) and value.isprintable()
    if parts.scheme != "https" or not parts.hostname or not is_bare:
        raise InvalidValue("base", value, expected)
    return value.rstrip("/")


def _prefix(value: str) -> str:
    if not isinstance(value, str):
        raise InvalidType("prefix", value, "a text")
    if not _LETTERS.issuperset(value):
        raise InvalidValue("prefix", value, "small ASCII letters, digits and hyphens")
    return value


@attrs.frozen
class Jitsi:
    """A provider of rooms on a Jitsi server, by the platform's secret: at least 16 random bytes, kept for good.

    Both sides get the same link. With another secret, new meetings get other rooms; those made before keep theirs,
    since the lesson records the link. Nothing is called to make a room or to cancel it, so who was told of a room can
    still go there.
    """

    secret: bytes = attrs.field(converter=_secret, repr=False)
    base: str = attrs.field(default="https://meet.jit.si", converter=_base)
    prefix: str = attrs.field(default="lesson-", converter=_prefix, kw_only=True)
    name: str = attrs.field(default="jitsi", kw_only=True)

    def room(self, key: str) -> str:
        """Return the name of the room of that key."""
        digest = hmac.digest(self.secret, _PURPOSE + key.encode(), sha256)
        return self.prefix + b32encode(digest[:_ROOM_BYTES]).decode().lower()

    def create(self, wanted: MeetingRequest) -> Created:
        """Return the link to the room of this meeting's key."""
        link = f"{self.base}/{self.room(wanted.key)}"
        return Created(dict.fromkeys(SIDES, link))

    def cancel(self, wanted: MeetingRequest, meeting: Meeting | None) -> None:
        """Do nothing: a room in which nobody is does not exist."""
