"""Where each key and each value of a TOML text stands.

`tomllib` reads a file and forgets where it found things; `scan` walks the same text and remembers. It is more lenient
than TOML: where it cannot go on it stops, and leaves it to `tomllib` to say why. It refuses what `tomllib` would choke
on (nesting without end, numbers without end) and what `tomllib` reports at an unhelpful place (a key written twice).

Knows the shape of TOML; knows neither what values mean nor which keys are wanted.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import attrs

Path: TypeAlias = tuple[str | int, ...]
Span: TypeAlias = tuple[int, int]

DEPTH = 32
"""How deep a file may nest: far more than a person writes, far less than would exhaust Python's stack."""

# Possessive quantifiers throughout, so that no text makes a search go back over what it has read.
_BLANK = re.compile(r"[ \t]*+")
_GAP = re.compile(r"(?:[ \t\n]++|#[^\n]*+)*+")
_KEY = re.compile(r"""[A-Za-z0-9_-]++|"(?:[^"\\\n]++|\\.)*+"|'[^'\n]*+'""")
_TEXT = re.compile(
    r'''"""(?:[^"\\]++|\\[\s\S]|"{1,2}(?!"))*+"{3,5}|(?!""")"(?:[^"\\\n]++|\\.)*+"'''
    r"""|'{3}(?:[^']++|'{1,2}(?!'))*+'{3,5}|(?!'{3})'[^'\n]*+'"""
)
_BARE = re.compile(r"[^ \t\n,\]}#]++(?:[ \t]++[^ \t\n,\]}#]++)*+")
_ENDLESS = re.compile(r".{101}|[+-]?[0-9][0-9_.]*+[eE][+-]?[0-9_]{5}")


@attrs.frozen
class Places:
    """The spans of a text's keys and values by path, and the first thing that `scan` itself refuses.

    A table's value is its first header, if it has one; an element of an array has no key. `names` are the keys in the
    order in which they are written, repetitions included.
    """

    keys: Mapping[Path, Span] = attrs.field(factory=dict)
    values: Mapping[Path, Span] = attrs.field(factory=dict)
    names: Sequence[Span] = ()
    refusal: tuple[str, Span] | None = None


def scan(text: str) -> Places:
    """Return the places of everything in `text`, whose lines end in a bare newline; never raise."""
    scanner = _Scanner(text)
    refusal = None
    try:
        scanner.document()
    except _Halt as halt:
        refusal = halt.refusal
    return Places(scanner.keys, scanner.values, scanner.names, refusal)


class _Halt(Exception):
    """Scanning ends here: with a refusal of our own, or without one where `tomllib` will explain."""

    def __init__(self, refusal: tuple[str, Span] | None = None) -> None:
        self.refusal = refusal


class _Scanner:
    """One walk over one text. Knows the position it has reached and the spans it has passed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.keys: dict[Path, Span] = {}
        self.values: dict[Path, Span] = {}
        self.names: list[Span] = []
        self._sizes: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        self._match(_GAP)
        while self.at < len(self.text):
            if self.text.startswith("[", self.at):
                table = self._header("[[" if self.text.startswith("[[", self.at) else "[")
            else:
                self._pair(table)
            self._match(_GAP)

    def _header(self, opening: str) -> Path:
        """Read `[a.b]` or `[[a.b]]`; a name that is an array of tables means its newest table."""
        start = self.at
        self.at += len(opening)
        path: Path = ()
        for name, span in self._dotted():
            path = (*self._newest(path), name)
            self.keys.setdefault(path, span)
        self._expect("]" * len(opening))
        if opening == "[[":
            self._sizes[path] = self._sizes.get(path, 0) + 1
            self.values.setdefault(path, (start, self.at))
            path = self._newest(path)
        self._define(path, (start, self.at), span)
        return path

    def _newest(self, path: Path) -> Path:
        return (*path, self._sizes[path] - 1) if path in self._sizes else path

    def _pair(self, table: Path) -> None:
        path = table
        for name, span in self._dotted():
            path = (*path, name)
            self.keys.setdefault(path, span)
        self._expect("=")
        self._match(_BLANK)
        self._define(path, span, span)
        self._value(path)

    def _define(self, path: Path, span: Span, key: Span) -> None:
        first = self.values.setdefault(path, span)
        if first != span:
            line = self.text.count("\n", 0, first[0]) + 1
            raise _Halt((f"defined a second time; the first is on line {line}", key))
        self._bound(len(path), key)

    def _bound(self, depth: int, span: Span) -> None:
        if depth > DEPTH:
            raise _Halt((f"nested too deep; at most {DEPTH} levels are read", span))

    def _value(self, path: Path) -> None:
        start = self.at
        self._bound(len(path), (start, start + 1))
        if self.text.startswith("[", start):
            self._items("]", lambda index: self._value((*path, index)))
        elif self.text.startswith("{", start):
            self._items("}", lambda _: self._pair(path))
        elif self.text.startswith(('"', "'"), start):
            self._match(_TEXT)
        elif _ENDLESS.match(self._match(_BARE)):
            raise _Halt(("a number too long or too large to be meant", (start, self.at)))
        self.values[path] = (start, self.at)

    def _items(self, closing: str, read: Callable[[int], None]) -> None:
        self.at += 1
        index = 0
        self._match(_GAP)
        while not self._take(closing):
            read(index)
            index += 1
            self._match(_GAP)
            if not self._take(","):
                return self._expect(closing)
            self._match(_GAP)

    def _dotted(self) -> list[tuple[str, Span]]:
        names: list[tuple[str, Span]] = []
        while not names or self._take("."):
            self._match(_BLANK)
            token = self._match(_KEY)
            span = (self.at - len(token), self.at)
            names.append((_name(token), span))
            self.names.append(span)
            self._bound(len(names), span)
            self._match(_BLANK)
        return names

    def _take(self, mark: str) -> bool:
        taken = self.text.startswith(mark, self.at)
        self.at += len(mark) * taken
        return taken

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            raise _Halt

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise _Halt
        self.at = found.end()
        return found.group()


def _name(token: str) -> str:
    """Return the key that a bare or quoted token spells."""
    if token[0] not in "\"'":
        return token
    try:
        return str(tomllib.loads(f"key = {token}")["key"])
    except tomllib.TOMLDecodeError:
        raise _Halt from None
