from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.ids import command_key, lesson_id, party_id


@pytest.mark.parametrize(
    "value", ["a", "7", "ana", "ana@example.org", "a-b_c.d", "0b8e7b1c-9f0e-4c56-a3f1-0d3f5f1c2a77", "x" * 64]
)
def test_usual_ids_are_taken_as_they_are(value: str) -> None:
    """UUIDs, numbers as text and e-mail-like handles up to 64 characters are ids."""
    assert party_id(value) == value
    assert lesson_id(value) == value


@pytest.mark.parametrize(
    "value",
    ["", "x" * 65, "-a", ".a", "_a", "@a", "a b", "a:b", "a/b", "a\n", "\na", "ä", "a\x00", "\N{DIGIT SEVEN}️", "٧"],
)
def test_what_could_do_harm_elsewhere_is_no_id(value: str) -> None:
    """Ids go into account names, logs and links, so anything but plain ASCII words is refused."""
    with pytest.raises(InvalidValue, match=r"^student is .*; expected 1 to 64 ASCII letters"):
        party_id(value, "student")
    with pytest.raises(InvalidValue, match=r"^lesson is "):
        lesson_id(value)


@pytest.mark.parametrize("value", [7, None, b"ana", True, 1.5])
def test_an_id_is_a_text(value: object) -> None:
    """A number is not quietly made a text."""
    with pytest.raises(InvalidType, match="expected a text"):
        party_id(value)  # type: ignore[arg-type]  # the wrong type is the point
    with pytest.raises(InvalidType, match="expected a text"):
        command_key(value)  # type: ignore[arg-type]  # likewise


@pytest.mark.parametrize("value", ["k", "x" * 200, "lesson 7: accept", "schlüssel", "a/b:c"])
def test_a_key_is_any_short_printable_text(value: str) -> None:
    """Keys are the caller's own, so more is allowed than in ids."""
    assert command_key(value) == value


@pytest.mark.parametrize("value", ["", "x" * 201, "a\nb", "a\x00b", "a\tb", "a\u2028b", "\ud800"])
def test_a_key_is_neither_empty_nor_long_nor_unprintable(value: str) -> None:
    """What a log line could not show is refused as a key."""
    with pytest.raises(InvalidValue, match=r"^key is .*; expected 1 to 200 printable characters"):
        command_key(value)


@given(st.text(max_size=70) | st.from_regex(r"[a-z0-9][a-z0-9_.@-]*", fullmatch=True))
def test_every_text_is_an_id_or_refused(value: str) -> None:
    """An id is returned unchanged or refused with our own error, and nothing else happens."""
    found: str | None
    try:
        found = party_id(value)
    except InvalidValue:
        found = None

    assert found in {value, None}
