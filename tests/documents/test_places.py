"""Places of keys and values, against documents written by a writer that varies everything TOML lets vary."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.documents.places import DEPTH, Path, scan
from tutorcore.documents.source import Source
from tutorcore.errors import Mistakes

Document: TypeAlias = dict[str, object]
Draw: TypeAlias = Callable[[st.SearchStrategy[str]], str]

_WORDS = st.text(alphabet="ab-_1 .#[]{}=,'\"\\\t\u00e9\U0001f600", max_size=6)
_SCALARS = st.one_of(
    _WORDS,
    st.text(alphabet="xy\"'\\\n# ", max_size=8),
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-1000, max_value=1000),
    st.dates(),
    st.times(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=12,
)
_DOCUMENTS = st.dictionaries(_WORDS, _VALUES, max_size=6)

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\u00e9": "\\u00E9", "\U0001f600": "\\U0001F600"}


class _Writer:
    """Writes data as TOML in one of the many ways there are, each choice drawn."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw

    def document(self, data: Document) -> str:
        return self._table((), data, "") + self._some("", "# the end")

    def _some(self, *choices: str) -> str:
        return self._draw(st.sampled_from(choices))

    def _blank(self) -> str:
        return self._some("", " ", "\t ")

    def _gap(self) -> str:
        return self._some("", " ", "\n", "\n  ", ' # "]}\n', "\r\n")

    def _break(self) -> str:
        return self._some("\n", " # a = [comment]\n", "\n\n\t", "\r\n", "\n#\n")

    def _table(self, prefix: tuple[str, ...], data: Document, header: str) -> str:
        """Write the pairs of a table and then its tables, which may also stand first where nothing forbids it."""
        own, inner = "", ""
        for key, value in data.items():
            path = (*prefix, key)
            form = self._some("pair", "dotted", "header")
            if isinstance(value, dict) and form == "header":
                inner += self._table(path, value, f"{self._blank()}[{self._dotted(path)}]")
            elif isinstance(value, dict) and value and form == "dotted":
                own += "".join(self._pairs((key,), value))
            elif isinstance(value, list) and form == "header" and value and all(isinstance(v, dict) for v in value):
                inner += "".join(self._table(path, item, f"[[{self._dotted(path)}]]") for item in value)
            else:
                own += self._pair((key,), value)
        if header:
            own = f"{header}{self._break()}{own}"
        return inner + own if header and "[[" not in inner + header and self._some("", "last") else own + inner

    def _pairs(self, prefix: tuple[str, ...], data: Document) -> Iterator[str]:
        for key, value in data.items():
            if isinstance(value, dict) and value and self._some("", "dotted"):
                yield from self._pairs((*prefix, key), value)
            else:
                yield self._pair((*prefix, key), value)

    def _pair(self, keys: tuple[str, ...], value: object) -> str:
        assignment = f"{self._blank()}={self._blank()}"
        return f"{self._blank()}{self._dotted(keys)}{assignment}{self._value(value, self._gap)}{self._break()}"

    def _dotted(self, keys: tuple[str, ...]) -> str:
        return f"{self._blank()}.{self._blank()}".join(map(self._key, keys))

    def _key(self, key: str) -> str:
        bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
        return self._some(*([key] if bare else []), *self._quoted(key))

    def _quoted(self, text: str) -> list[str]:
        escaped = "".join(_ESCAPES.get(char, char) if char in '"\\\n' else char for char in text)
        entirely = "".join(_ESCAPES.get(char, char) for char in text)
        literal = [f"'{text}'"] if "'" not in text and "\n" not in text else []
        return [f'"{escaped}"', f'"{entirely}"', *literal]

    def _value(self, value: object, gap: Callable[[], str]) -> str:
        match value:
            case str():
                return self._some(*self._quoted(value), *_long(value))
            case bool():
                return str(value).lower()
            case int():
                return self._some(f"{value:_}", str(value), *([f"{value:#x}", f"{value:#b}"] if value >= 0 else []))
            case Decimal():
                return str(value)
            case date() | time():
                return self._some(value.isoformat(), value.isoformat().replace("T", " ").replace("+00:00", "Z"))
            case list():
                items = [f"{gap()}{self._value(item, gap)}{gap()}" for item in value]
                return f"[{','.join(items)}{',' + gap() if items and self._some('', ',') else gap()}]"
            case dict():
                blank = self._blank
                pairs = [f"{blank()}{self._dotted((k,))}{blank()}={self._value(v, blank)}" for k, v in value.items()]
                return f"{{{','.join(pairs)}{blank()}}}"
            case _:
                raise AssertionError(value)


def _long(text: str) -> list[str]:
    """The ways to write a text in three quotes; a newline right after the opening quotes does not count."""
    basic = '"""' + text.replace("\\", "\\\\").replace('"""', '""\\"') + '"""'
    literal = f"'''\n{text}'''"
    return [
        *([basic] if not text.startswith("\n") else []),
        *([literal] if "'''" not in text and not text.endswith("'''") else []),
        '"""\\\n   ' + "".join(_ESCAPES.get(char, char) for char in text).replace(" ", "\\u0020") + '"""',
    ]


@st.composite
def documents(draw: st.DrawFn) -> tuple[Document, str]:
    """Data, and one way to write it."""
    data = draw(_DOCUMENTS)
    return data, _Writer(draw).document(data)


def paths(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield each path below a value, with what stands there."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*path, key), item
        yield from paths(item, (*path, key))


def _at(source: Source, text: str, path: Path, part: str) -> str:
    line, column, length = source.place(path, "key" if part == "key" else "value")
    return text.split("\n")[line - 1][column - 1 : column - 1 + length]


@given(documents())
def test_each_key_stands_at_its_place(written: tuple[Document, str]) -> None:
    """The text at the place of a key spells that key, however it is quoted, dotted or put into a header."""
    data, text = written
    source = Source.parse(text)

    assert source.data == data
    for path, _ in paths(data):
        if isinstance(path[-1], str):
            token = _at(source, text.replace("\r\n", "\n"), path, "key")
            assert tomllib.loads(f"{token} = 1") == {path[-1]: 1}


@given(documents())
def test_each_value_stands_at_its_place(written: tuple[Document, str]) -> None:
    """The text at the place of a value is that value, or where a long text or a table begins."""
    data, text = written
    source = Source.parse(text)

    for path, value in paths(data):
        token = _at(source, text.replace("\r\n", "\n"), path, "value")
        if token.startswith(('"""', "'''")):
            assert isinstance(value, str)
        elif isinstance(value, list):
            assert token.startswith("[")
        elif isinstance(value, dict):
            assert token.startswith(("[", "{")) or tomllib.loads(f"{token} = 1") == {path[-1]: 1}
        else:
            assert tomllib.loads(f"x = {token}", parse_float=Decimal) == {"x": value}


@given(documents())
def test_elements_of_an_array_of_tables_have_places_of_their_own(written: tuple[Document, str]) -> None:
    """No two elements of one list stand at the same place."""
    data, text = written
    source = Source.parse(text)

    for path, value in paths(data):
        if isinstance(value, list):
            places = [source.place((*path, index)) for index in range(len(value))]
            assert places == sorted(set(places))


def test_a_name_in_a_header_means_the_newest_table_of_its_array() -> None:
    """Tables and arrays below `[[case]]` belong to the case above them."""
    source = Source.parse("[[case]]\n[case.on]\na = 1\n[[case]]\n[[case.on]]\nb = 2\n[[case.on]]\nb = 3\n")

    assert source.place(("case", 0, "on", "a"), "key") == (3, 1, 1)
    assert source.place(("case", 1)) == (4, 1, 8)
    assert source.place(("case", 1, "on", 1, "b")) == (8, 5, 1)


def test_a_table_that_dots_imply_stands_at_its_name() -> None:
    """A table without a header of its own stands where its name is first written."""
    source = Source.parse("[a.b]\nc.d = 1\n")

    assert source.place(("a",)) == (1, 2, 1)
    assert source.place(("a", "b", "c")) == (2, 1, 1)


def test_a_missing_path_stands_where_its_table_does() -> None:
    """What is missing is shown at the nearest table around it, and nowhere if that is the file."""
    source = Source.parse("[request]\nby = []\nsilence = { at = 1 }\n")

    assert source.place(("request", "answer_by")) == (1, 1, 9)
    assert source.place(("request", "silence", "becomes", "x"), "key") == (3, 1, 7)
    assert source.place(("zone",)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("text", "place", "first"),
    [
        ("a = 1\n\na = 2", "3:1", 1),
        ("a = 1\na = 2\na = 3", "2:1", 1),
        ("[t]\nb = 1\n[t]", "3:2", 1),
        ("[t]\nx.y = 1\n'x'.y = 2", "3:5", 2),
        ("t = { a = 1, a = 2 }", "1:14", 1),
        ("t = 1\n[t]", "2:2", 1),
        ("[[t]]\n[t]", "2:2", 1),
    ],
)
def test_a_key_written_twice_is_shown_at_the_second(text: str, place: str, first: int) -> None:
    """A repetition is marked where it stands and names the line of the first."""
    with pytest.raises(Mistakes) as caught:
        Source.parse(text, "p.toml")
    [mistake] = caught.value.exceptions

    assert str(mistake).startswith(f"p.toml:{place}: defined a second time; the first is on line {first}\n")


@pytest.mark.parametrize("shape", ["a = {brackets}", "a = {braces}", "a{dots} = 1", "[a{dots}]", "[[a{dots}]]"])
def test_nesting_has_an_end(shape: str) -> None:
    """What is nested deeper than a person writes is refused, and soon."""
    text = shape.format(brackets="[" * 200_000, braces="{a=" * 200_000, dots=".a" * 200_000)

    refusal = scan(text).refusal

    assert refusal is not None
    assert refusal[0] == f"nested too deep; at most {DEPTH} levels are read"


def test_the_deepest_nesting_is_read() -> None:
    """Arrays nested as deep as is allowed are read; one deeper is refused."""
    deepest = "a = " + "[" * (DEPTH - 1) + "1" + "]" * (DEPTH - 1)

    assert scan(deepest).refusal is None
    assert scan(deepest.replace("1", "[1]")).refusal is not None


@pytest.mark.parametrize(
    "text", ["a", "a =", "= 1", "[a", "[[a]", "a = [1", 'a = "b', 'a = """b"', '"\\x" = 1', "a = {b"]
)
def test_what_is_not_toml_is_left_to_tomllib(text: str) -> None:
    """Where the scanner cannot go on it stops without a refusal of its own."""
    places = scan(text)

    assert places.refusal is None


@pytest.mark.parametrize("number", ["1" * 101, "0x" + "f" * 5_000, "1e99999", "-1.5E+12345678901234567890"])
def test_numbers_without_end_are_refused(number: str) -> None:
    """A number that nobody can mean is refused at its place, before anything chokes on it."""
    with pytest.raises(Mistakes) as caught:
        Source.parse(f"a = [1, {number}]")
    [mistake] = caught.value.exceptions

    assert "a number too long or too large to be meant" in str(mistake)
    assert str(mistake).startswith("<text>:1:9:")


def test_large_numbers_that_can_be_meant_are_read() -> None:
    """Numbers within the limits are read exactly."""
    source = Source.parse(f"a = {'1' * 100}\nb = 1.5e9999\nc = 2026-03-01T09:30:00.123456+01:00")

    assert source.data["a"] == int("1" * 100)
    assert source.data["b"] == Decimal("1.5e9999")
    assert source.data["c"] == datetime.fromisoformat("2026-03-01T09:30:00.123456+01:00")
