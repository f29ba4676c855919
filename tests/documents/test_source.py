"""Texts that cannot be read, and how a place is shown."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tutorcore.documents.places import Path
from tutorcore.documents.source import NOWHERE, SIZE, Place, Source, dotted
from tutorcore.errors import InvalidType, Mistake, Mistakes

_POLICY = """\
schema = 1
id = "italki"  # the preset
zone.of = 'tutor'

[request]
by = ["student", 'tutor']
answer_by = "earliest(asked + 48h, lesson.start)"
silence = { becomes = "expired", settle = { student = "rest" } }

[[cancel.cases]]
when = \"""
notice > 24h\"""
rate = 12.5
[[cancel.cases]]
from = 2026-03-01T09:30:00Z
"""

_PIECES = [
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ".",
    ",",
    '"',
    "'",
    '"""',
    "'''",
    "\\",
    "#",
    "\n",
    "\r",
    "\0",
    "\ufeff",
    "a",
    "1",
]


_NO_EQUALS = "expected '=' after a key; one with other characters than A-Z, a-z, 0-9, - and _ needs quotes"


def _mistake(text: str | bytes) -> Mistake:
    with pytest.raises(Mistakes) as caught:
        Source.parse(text, "p.toml")
    [mistake] = caught.value.exceptions
    assert isinstance(mistake, Mistake)
    return mistake


def _paths(value: object, path: Path = ()) -> Iterator[Path]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*path, key)
        yield from _paths(item, (*path, key))


def test_a_text_is_read_with_exact_numbers() -> None:
    """Fractions become decimals and instants aware datetimes, from text and from bytes alike."""
    source = Source.parse(_POLICY.encode(), "p.toml")

    assert source.file == "p.toml"
    assert source.data == Source.parse(_POLICY).data
    assert source.data["cancel"] == {
        "cases": [
            {"when": "notice > 24h", "rate": Decimal("12.5")},
            {"from": datetime(2026, 3, 1, 9, 30, tzinfo=UTC)},
        ]
    }


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "suggestion"),
    [
        ("a = 1\nzone = tutor", 2, 8, "neither number, date, true nor false; a text stands in quotes", '"tutor"'),
        ("by = 48h # ours", 1, 6, "neither number, date, true nor false; a text stands in quotes", '"48h"'),
        ("a = b = c", 1, 5, "neither number, date, true nor false; a text stands in quotes", None),
        ("a = min(b)", 1, 5, "neither number, date, true nor false; a text stands in quotes", None),
        ("a = True", 1, 5, "neither number, date, true nor false; a text stands in quotes", "true"),
        ("a = 2026-02-30", 1, 5, "neither number, date, true nor false; a text stands in quotes", '"2026-02-30"'),
        ("a = [1", 1, 7, "unclosed array", None),
        ("a = \n\n", 1, 5, "a value is missing here", None),
        ("a = [1,\n", 1, 8, "a value is missing here", None),
        ('a = "b\n', 1, 7, "a text must be closed with its quote on the line where it begins", None),
        ("a = { b = 1,\nc = 2 }", 1, 13, "a key is missing here; a table in braces stands on one line", None),
        ("a = { b = 1\n}", 1, 12, "a table in braces is not closed on its line", None),
        ("a = 1\na.b = 2", 2, 3, "already defined in another way", None),
        ("a.b = 1\n[a]", 2, 2, "already defined in another way", None),
        ("[a", 1, 3, "expected ']' at the end of a table declaration", None),
        ("a = 1\r\n\r\nb c", 3, 3, _NO_EQUALS, None),
        ('easter+1 = "Easter Monday"', 1, 7, _NO_EQUALS, None),
        ("\ufeffa = 1", 1, 1, "begins with a byte order mark; save it as UTF-8 without one", None),
        ('a = 1\nb = "\0"', 2, 6, "a NUL character, which no text holds", None),
        ('a = "\ud800"', 1, 6, "not UTF-8 from here on", None),
    ],
)
def test_a_text_that_is_not_toml_is_shown_where_it_stops_being_it(
    text: str, line: int, column: int, message: str, suggestion: str | None
) -> None:
    """A syntax error becomes one mistake with its place, in words for people who do not know TOML."""
    mistake = _mistake(text)

    assert (mistake.line, mistake.column) == (line, column)
    assert (mistake.message, mistake.suggestion) == (message, suggestion)
    assert mistake.excerpt.splitlines()[1].startswith(" " * (column - 1) + "^")


@pytest.mark.parametrize(("data", "column"), [(b'a = "\xe9"', 6), (b"\xff\xfea\0", 1), ("é = ".encode() + b"\x80", 5)])
def test_bytes_that_are_not_utf_8_are_refused(data: bytes, column: int) -> None:
    """Bytes of another encoding are shown at the first that does not fit."""
    mistake = _mistake(data)

    assert mistake.message == "not UTF-8 from here on"
    assert (mistake.line, mistake.column) == (1, column)


@pytest.mark.parametrize("text", ["#" * (SIZE + 1), b"#" * (SIZE + 1)])
def test_a_text_that_is_too_long_is_refused_unread(text: str | bytes) -> None:
    """What is longer than the limit is refused; what is just as long is read."""
    mistake = _mistake(text)

    assert str(mistake) == "p.toml: 1,048,577 characters long; at most 1,048,576 are read"
    assert Source.parse(text[:SIZE]).data == {}


def test_only_texts_are_read() -> None:
    """What is neither text nor bytes is the caller's mistake, not the writer's."""
    with pytest.raises(InvalidType, match="text is 3 of type int"):
        Source.parse(3)  # type: ignore[arg-type]  # The wrong type is the point.


@pytest.mark.parametrize(
    ("path", "start", "end", "expected"),
    [
        (("request", "answer_by"), 17, 20, (7, 31, 3)),
        (("request", "answer_by"), 0, 8, (7, 14, 8)),
        (("request", "answer_by"), 35, 35, (7, 49, 0)),
        (("request", "answer_by"), 30, 36, (7, 13, 37)),
        (("request", "answer_by"), 20, 17, (7, 13, 37)),
        (("request", "answer_by"), -1, 2, (7, 13, 37)),
        (("request", "by", 1), 0, 2, (6, 19, 2)),
        (("request", "silence", "settle", "student"), 1, 3, (8, 57, 2)),
        (("cancel", "cases", 0, "when"), 0, 6, (11, 8, 3)),
        (("cancel", "cases", 0, "rate"), 0, 1, (13, 8, 4)),
        (("request", "nothing"), 0, 1, (5, 1, 9)),
    ],
)
def test_a_place_inside_a_text(path: Path, start: int, end: int, expected: tuple[int, int, int]) -> None:
    """A slice of a single-line text has a place of its own; elsewhere the whole value is shown."""
    source = Source.parse(_POLICY)

    assert source.place_in(path, start, end) == expected


def test_escapes_make_places_inside_a_text_inexact() -> None:
    """A slice before the first escape is exact; from there on the whole value is shown."""
    source = Source.parse("a = \"x + \\u0031 + y\"\nb = 'x\\u + y'\nc = ''")

    assert source.place_in(("a",), 0, 4) == (1, 6, 4)
    assert source.place_in(("a",), 4, 5) == source.place(("a",)) == (1, 5, 16)
    assert source.place_in(("b",), 6, 7) == (2, 12, 1)
    assert source.place_in(("c",), 0, 0) == (3, 6, 0)


def test_an_excerpt_marks_the_word() -> None:
    """An excerpt is the line with marks under the word, and at least one mark."""
    source = Source.parse(_POLICY)

    assert source.excerpt(Place(2, 6, 8)) == 'id = "italki"  # the preset\n     ^^^^^^^^'
    assert source.excerpt(Place(1, 11, 0)) == "schema = 1\n          ^"
    assert source.excerpt(NOWHERE) == ""


def test_an_excerpt_of_a_long_line_is_cut_around_the_word() -> None:
    """A long line is shown as far as it fits, and so are the marks."""
    source = Source.parse(f'a = "{"x" * 100}"\nb = "{"y" * 500}"\nc = ["{"z" * 300}", 7]')

    assert source.excerpt(source.place(("a",))).splitlines()[1] == "    " + "^" * 102
    assert source.excerpt(source.place(("b",))) == f'b = "{"y" * 115}\n    {"^" * 116}'
    assert source.excerpt(source.place(("c", 1))) == f'{"z" * 57}", 7]\n{" " * 60}^'


def test_an_excerpt_is_harmless() -> None:
    """Tabs keep the marks aligned, and nothing that would disturb a terminal is shown."""
    source = Source.parse('a\t=\t"\u202ex"')

    assert source.excerpt(source.place(("a",))) == 'a = " x"\n    ^^^^'


def test_a_mapping_without_a_text_has_no_places() -> None:
    """Data that never was a file is a source too; its mistakes have a path and no place."""
    source = Source({"a": {"b": "x"}})

    assert source.place(("a", "b")) == NOWHERE
    assert source.place_in(("a", "b"), 0, 1) == NOWHERE
    assert str(source.mistake(("a", "b"), NOWHERE, "is wrong", "c")) == "a.b: is wrong; did you mean 'c'?"


def test_endless_messages_are_cut() -> None:
    """A mistake quotes the ends of what is endless."""
    source = Source({})

    mistake = source.mistake(("k" * 1000,), NOWHERE, "is " + "x" * 1000 + "; expected y")

    assert len(str(mistake)) < 900
    assert mistake.message.startswith("is xxx")
    assert mistake.message.endswith("x; expected y")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), ""),
        (("request",), "request"),
        (("cancel", "cases", 0, "when"), "cancel.cases[0].when"),
        (("a b", "", "é"), "'a b'.''.'é'"),
    ],
)
def test_paths_are_written_as_people_write_them(path: Path, expected: str) -> None:
    """Dots join keys, brackets number elements, and quotes stand where TOML wants them."""
    assert dotted(path) == expected


@st.composite
def _mutated(draw: st.DrawFn) -> str:
    """A policy text in which something was replaced by something else, several times over."""
    text = _POLICY
    for _ in range(draw(st.integers(1, 6))):
        first = draw(st.integers(0, len(text)))
        last = draw(st.sampled_from([first, first, first + 1, first + draw(st.integers(0, 40))]))
        piece = draw(st.sampled_from(_PIECES) | st.sampled_from(_POLICY.splitlines()) | st.text(max_size=3))
        text = text[:first] + piece + text[last:]
    return text


@given(_mutated() | st.text() | st.text(alphabet="".join(_PIECES)))
@example("[a]\n[a.b]\n[[a.b.c]]\n[a.b]\n")
@example("'''a''''''")
@example('"" . "" = """"""""\n')
@example("a = 00:00:00\nb = 1979-05-27 07:32:00")
def test_whatever_stands_in_a_text_is_read_or_shown_as_a_mistake(text: str) -> None:
    """A text is read as `tomllib` reads it, with a place for every path, or refused with one mistake and its place."""
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except ValueError:
        data = None

    try:
        source = Source.parse(text, "p.toml")
    except Mistakes as mistakes:
        [mistake] = mistakes.exceptions
        assert isinstance(mistake, Mistake)
        lines = text.replace("\r\n", "\n").split("\n")
        assert 1 <= mistake.column <= len(lines[mistake.line - 1]) + 1
        assert data is None or "\0" in text or any("\ud800" <= char <= "\udfff" for char in text)
    else:
        assert repr(source.data) == repr(data)
        assert all(source.place(path, "key").line and source.place(path).line for path in _paths(data))


@given(st.binary() | _mutated().map(lambda text: text.encode("utf-16")))
def test_whatever_bytes_there_are_is_read_or_shown_as_a_mistake(data: bytes) -> None:
    """Bytes never lead to another exception than a mistake."""
    try:
        found = Source.parse(data).data
    except Mistakes:
        return

    assert repr(found) == repr(tomllib.loads(data.decode(), parse_float=Decimal))
