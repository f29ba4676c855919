"""Names of parties, lessons and commands: short texts that the embedding platform chooses.

An id is 1 to 64 characters: ASCII letters, digits, and `-`, `_`, `.`, `@`; it begins with a letter or a digit.
That admits UUIDs, integers as text and e-mail-like handles, and keeps ids harmless in accounts, logs and links.
"""

from __future__ import annotations

import re
from typing import NewType

from tutorcore.errors import InvalidType, InvalidValue

PartyId = NewType("PartyId", str)
LessonId = NewType("LessonId", str)
Key = NewType("Key", str)
PolicyHash = NewType("PolicyHash", str)

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}")
_KEY_LENGTH = 200
_EXPECTED = "1 to 64 ASCII letters, digits, '-', '_', '.' or '@', beginning with a letter or digit"


def party_id(value: str, what: str = "party") -> PartyId:
    """Return `value` as the id of a person or organisation; raise `InvalidType` or `InvalidValue`."""
    return PartyId(_checked(value, what))


def lesson_id(value: str, what: str = "lesson") -> LessonId:
    """Return `value` as the id of a lesson; raise `InvalidType` or `InvalidValue`."""
    return LessonId(_checked(value, what))


def command_key(value: str, what: str = "key") -> Key:
    """Return `value` as a command's key: 1 to 200 printable characters, unique per marketplace for ever."""
    if not isinstance(value, str):
        raise InvalidType(what, value, "a text")
    if not (0 < len(value) <= _KEY_LENGTH and value.isprintable()):
        raise InvalidValue(what, value, f"1 to {_KEY_LENGTH} printable characters")
    return Key(value)


def _checked(value: str, what: str) -> str:
    if not isinstance(value, str):
        raise InvalidType(what, value, "a text")
    if _ID.fullmatch(value) is None:
        raise InvalidValue(what, value, _EXPECTED)
    return value
