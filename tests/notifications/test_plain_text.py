from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.adapters.plain_text import one_line, pieces, several_lines

_ANY = st.text(st.characters(), max_size=30) | st.text(
    st.sampled_from("a \t\r\n\x00\x0b\x85\u2028\ud800ü"), max_size=30
)


@pytest.mark.parametrize(
    "line_break", ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
)
def test_every_kind_of_line_break_is_one(line_break: str) -> None:
    """What some program takes for the end of a line is one for everybody."""
    assert several_lines(f"a{line_break}b") == "a\nb"
    assert one_line(f"a{line_break}b") == "a b"


@given(_ANY)
def test_one_line_is_one_line(text: str) -> None:
    """Nothing in it ends a line or controls anything, and it has a form in UTF-8."""
    line = one_line(text)

    assert len(line.splitlines()) <= 1
    assert not any(letter < " " or "\x7f" <= letter <= "\x9f" for letter in line)
    assert line.encode().decode() == line == one_line(line)


@given(_ANY)
def test_several_lines_end_in_one_way(text: str) -> None:
    """Newlines are the only breaks, tabs the only other control characters."""
    lines = several_lines(text)

    assert lines.split("\n") == lines.splitlines() + ([""] if lines.endswith("\n") or not lines else [])
    assert not any(letter < " " and letter not in "\n\t" for letter in lines)
    assert several_lines(lines) == lines


def test_what_says_how_a_name_is_written_stays() -> None:
    """Marks of direction, joiners and wide blanks belong to the text."""
    assert one_line("\u2068Ann\u2069\u202f\xa0\u200d") == "\u2068Ann\u2069\u202f\xa0\u200d"


@given(st.text(max_size=60), st.integers(4, 10), st.integers(4, 10))
def test_pieces_are_the_text(text: str, first: int, others: int) -> None:
    """Together they are the text again, and each is as long as it may be."""
    text = several_lines(text)

    found = pieces(text, first, others)

    assert "".join(found) == text
    assert all(len(piece.encode()) <= room for piece, room in zip(found, [first] + [others] * len(found), strict=False))
