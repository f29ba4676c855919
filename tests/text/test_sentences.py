from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.errors import InvalidValue
from tutorcore.text.sentences import filled, parts, placeholders, sentence, sentence_in


def test_a_mark_changes_nothing() -> None:
    """Marking a sentence is for the extractor; at run time it is the sentence."""
    assert sentence("Hello.") == "Hello."
    assert sentence_in("greeting", "Hello.") == "Hello."


def test_values_go_where_their_names_stand() -> None:
    """A value may be used twice or not at all, and `%%` is a per cent sign."""
    text = filled("%(who)s and %(who)s share 50%%, or 50 %.", {"who": "Ada", "unused": "x"})

    assert text == "Ada and Ada share 50%, or 50 %."


def test_a_missing_value_is_said_by_name() -> None:
    """A sentence is never sent with a hole in it."""
    with pytest.raises(InvalidValue, match=r"a value for %\(price\)s beside who"):
        filled("%(who)s pays %(price)s", {"who": "Ada"})


@given(st.text())
def test_a_value_is_never_read_as_a_sentence(value: str) -> None:
    """Whatever a user is called, it comes out as it went in."""
    assert filled("<%(who)s|%(other)s>", {"who": value, "other": "%(who)s"}) == f"<{value}|%(who)s>"


def test_placeholders_are_named() -> None:
    """A doubled per cent sign hides a placeholder; one after it counts."""
    assert placeholders("%(a)s %%(b)s %(c)d %s %%%(d)s") == {"a", "d"}


@given(st.text(alphabet="ab%()s "))
def test_the_pieces_of_a_sentence_are_the_sentence(text: str) -> None:
    """Taking a sentence apart loses nothing."""
    assert "".join(piece for piece, _ in parts(text)) == text
