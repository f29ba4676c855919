"""TOML texts that people write: their data, and how to show a place in them.

`Source.parse` turns whatever `tomllib` cannot read into `Mistakes` that show the place, in words for people who do not
know TOML. `Source(data)` wraps a mapping that never was a text, so that both are read alike (by `reader`).

Knows TOML and places; does not know which keys are wanted, and opens no file: the text is an argument.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

import attrs

from tutorcore.documents.places import Path, Places, Span, scan
from tutorcore.errors import InvalidType, Mistake, Mistakes

SIZE = 1 << 20
"""How long a text may be."""

Part: TypeAlias = Literal["key", "value"]

_WIDTH = 120
_LONGEST = 400
_FLAWS = (
    (re.compile("\\A\ufeff"), "begins with a byte order mark; save it as UTF-8 without one"),
    (re.compile(r"[\ud800-\udfff]"), "not UTF-8 from here on"),
    (re.compile("\0"), "a NUL character, which no text holds"),
)
_UNQUOTED = re.compile(r"""[^"'\[{][^"\n]*""")
_PLAIN_WORD = re.compile(r"[\w .:%/+-]+")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_PLAINER = {
    "Expected '=' after a key in a key/value pair": (
        "expected '=' after a key; one with other characters than A-Z, a-z, 0-9, - and _ needs quotes"
    ),
    "Invalid value": "a value is missing here",
    "Invalid initial character for a key part": "a key is missing here; a table in braces stands on one line",
    "Unclosed inline table": "a table in braces is not closed on its line",
    "Illegal character '\\n'": "a text must be closed with its quote on the line where it begins",
}


class Place(NamedTuple):
    """A word in a file: line and column count from 1, and all is 0 where there is no word to show."""

    line: int
    column: int
    length: int


NOWHERE = Place(0, 0, 0)


@attrs.frozen(eq=False)
class Source:
    """A text that a person wrote, as data with places; or data alone, whose places are `NOWHERE`.

    Knows where each path stands and how to show it; does not know which paths are wanted.
    """

    data: Mapping[str, object]
    file: str = ""
    _text: str = ""
    _places: Places = Places()
    _lines: Sequence[int] = attrs.field(init=False)

    @_lines.default
    def _line_starts(self) -> Sequence[int]:
        return [0, *(newline.end() for newline in re.finditer("\n", self._text)), len(self._text) + 1]

    @classmethod
    def parse(cls, text: str | bytes, file: str = "<text>") -> Source:
        """Return the source of a TOML text; raise `Mistakes` with the place where it stops being one."""
        if not isinstance(text, str | bytes):
            raise InvalidType("text", text, "a text or bytes of UTF-8")
        if len(text) > SIZE:
            raise cls({}, file)._unreadable(f"{len(text):,} characters long; at most {SIZE:,} are read")
        if isinstance(text, bytes):
            # What is not UTF-8 becomes lone surrogates, which no text may hold and which have a place.
            text = text.decode("utf-8", "surrogateescape")
        text = text.replace("\r\n", "\n")
        raw = cls({}, file, text, scan(text))
        for flaw, message in _FLAWS:
            if found := flaw.search(text):
                raise raw._unreadable(message, found.span())
        if raw._places.refusal is not None:
            raise raw._unreadable(*raw._places.refusal)
        try:
            return cls(tomllib.loads(text, parse_float=Decimal), file, text, raw._places)
        except tomllib.TOMLDecodeError as error:
            raise raw._unreadable(*raw._explained(str(error))) from None

    def place(self, path: Path, part: Part = "value") -> Place:
        """Return where the key or the value at `path` stands; what is missing stands where its table does."""
        keys, values = self._places.keys, self._places.values
        first, second = (keys, values) if part == "key" else (values, keys)
        while path:
            span = first.get(path) or second.get(path)
            if span is not None:
                return self._shown(span)
            path = path[:-1]
        return NOWHERE

    def place_in(self, path: Path, start: int, end: int) -> Place:
        """Return where the slice `start:end` of the text at `path` stands; the whole value where that is not exact."""
        first, last = self._places.values.get(path, (0, 0))
        written = self._text[first:last]
        exact = written[:1] == "'" or (written[:1] == '"' and "\\" not in written[: end + 1])
        if not exact or written.startswith(('"""', "'''")) or not 0 <= start <= end <= len(written) - 2:
            return self.place(path)
        return self._shown((first + 1 + start, first + 1 + end))

    def excerpt(self, place: Place) -> str:
        """Return the line of `place` with marks under the word; long lines are cut around it."""
        if place == NOWHERE:
            return ""
        first, last = self._lines[place.line - 1], self._lines[place.line] - 1
        word = first + place.column - 1
        if last - first > _WIDTH:
            first = max(first, word - _WIDTH // 2)
            last = min(last, first + _WIDTH)
        line = "".join(char if char.isprintable() else " " for char in self._text[first:last])
        return f"{line}\n{' ' * (word - first)}{'^' * max(1, min(place.length, last - word))}"

    def mistake(self, path: Path, place: Place, message: str, suggestion: str | None = None) -> Mistake:
        """Return the mistake that `message` tells about `path`, shown at `place`."""
        return Mistake(
            _clipped(message),
            path=_clipped(dotted(path)),
            file=self.file,
            line=place.line,
            column=place.column,
            excerpt=self.excerpt(place),
            suggestion=suggestion,
        )

    def _shown(self, span: Span) -> Place:
        start, end = span
        line = bisect_right(self._lines, start)
        return Place(line, start - self._lines[line - 1] + 1, min(end, self._lines[line] - 1) - start)

    def _unreadable(self, message: str, span: Span | None = None, suggestion: str | None = None) -> Mistakes:
        place = NOWHERE if span is None else self._shown(span)
        return Mistakes(f"{self.file} cannot be read", [self.mistake((), place, message, suggestion)])

    def _explained(self, error: str) -> tuple[str, Span, str | None]:
        """Return the message of `tomllib` in words for people who do not know TOML, with its place."""
        message, _, where = error.rpartition(" (at ")
        numbers = [int(digits) for digits in re.findall(r"\d+", where)]
        at = self._lines[numbers[0] - 1] + numbers[1] - 1 if numbers else len(self._text.rstrip())
        if message.startswith("Cannot "):
            before = (span for span in self._places.names if span[0] < at)
            return "already defined in another way", max(before, default=(at, at + 1)), None
        for span in self._places.values.values():
            if span[0] <= at < span[1] and _UNQUOTED.fullmatch(self._text, *span):
                return "neither number, date, true nor false; a text stands in quotes", span, self._quoted(span)
        return _PLAINER.get(message, message[:1].lower() + message[1:]), (at, at + 1), None

    def _quoted(self, span: Span) -> str | None:
        word = self._text[slice(*span)]
        if word.lower() in {"true", "false"}:
            return word.lower()
        return f'"{word}"' if _PLAIN_WORD.fullmatch(word) else None


def dotted(path: Path) -> str:
    """Return a path as people write it.

    >>> dotted(("cancel", "cases", 0, "when"))
    'cancel.cases[0].when'
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if _BARE_KEY.fullmatch(part) else repr(part)
            text += f".{name}" if text else name
    return text


def _clipped(text: str) -> str:
    """Keep the ends of a text that quotes something endless."""
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[:half]} ... {text[-half:]}"
