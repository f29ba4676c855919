"""Reading what people wrote, so that all mistakes come to light at once.

A `Table` reads one table of a `Source`. A value that will not do becomes a mistake in the shared `Problems` instead of
an exception, and the getter answers with a stand-in of the right type, so that reading goes on. Nobody is misled by
the stand-in, because `Problems.raise_if_any` comes before anything is used.

>>> problems = Problems()
>>> table = Table.root(Source.parse('zone = "tutr"', "italki.toml"), problems)
>>> name, zone = table.text("id", "nameless"), table.one_of("zone", ("tutor", "student"))
>>> table.finish()
>>> print(problems.mistakes[0])
italki.toml:1:8: zone: is 'tutr'; expected one of 'tutor', 'student'; did you mean 'tutor'?
zone = "tutr"
       ^^^^^^

Knows the kinds of values; knows neither policies nor scenarios.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from functools import partial
from typing import Never, TypeVar, cast

import attrs

from tutorcore.documents.places import Path
from tutorcore.documents.source import Place, Source, dotted
from tutorcore.errors import InvariantError, Mistake, Mistakes, TutorcoreError, suggest
from tutorcore.instants import EPOCH, Instant, instant

MOST = 500
"""How many mistakes are kept; reading a file with more is cut short, for nobody mends it from a list."""

# The default of a key that must be there. The cast gives it the type that has no values, so that a getter called
# without a default answers with the plain type.
_REQUIRED = object()
REQUIRED: Never = cast(Never, _REQUIRED)

T = TypeVar("T")
D = TypeVar("D")
S = TypeVar("S")
C = TypeVar("C", bound=str)

_MONEY = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Problems:
    """The mistakes found so far, in one file or in several that belong together. Does not know how they were found."""

    def __init__(self) -> None:
        self._mistakes: list[Mistake] = []

    def __len__(self) -> int:
        return len(self._mistakes)

    @property
    def full(self) -> bool:
        """Whether so many mistakes are kept that no further one will be."""
        return len(self._mistakes) >= MOST

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """The mistakes in the order of their places."""
        return tuple(sorted(self._mistakes, key=lambda mistake: (mistake.file, mistake.line, mistake.column)))

    def add(self, mistake: Mistake) -> None:
        """Keep one more mistake, unless there are too many."""
        if not self.full:
            self._mistakes.append(mistake)

    def raise_if_any(self, headline: str) -> None:
        """Raise all mistakes at once, as `Mistakes` under `headline`; do nothing if there are none."""
        if self._mistakes:
            cut = f" (only {MOST} mistakes are shown)" if self.full else ""
            raise Mistakes(headline + cut, self.mistakes)


@attrs.frozen(eq=False)
class Table:
    """One table of a source while it is read: knows which keys it was asked for, and puts what is wrong into problems.

    A getter without a default demands its key. After a mistake it answers with a stand-in: an empty text, zero, the
    first choice and the like; `table`, `parsed` and `attempt` answer None. A default is given back untouched.
    """

    source: Source
    path: Path
    mapping: Mapping[str, object]
    problems: Problems
    _known: set[str] = attrs.field(init=False, factory=set)

    @classmethod
    def root(cls, source: Source, problems: Problems) -> Table:
        """Return the reader of a whole source."""
        return cls(source, (), source.data, problems)

    def __contains__(self, key: str) -> bool:
        return key in self.mapping

    def keys(self) -> tuple[str, ...]:
        """Return the keys that are present, for tables whose keys are names that the writer chose."""
        return tuple(self.mapping)

    def value(self, key: str, default: object = None) -> object:
        """Return the value as it is."""
        self._known.add(key)
        return self.mapping.get(key, default)

    def text(self, key: str, default: D = REQUIRED) -> str | D:
        """Return a text."""
        return self._read(key, default, _text, "")

    def one_of(self, key: str, choices: Sequence[C], default: D = REQUIRED) -> C | D:
        """Return a text that is one of the choices."""
        # Without any choice the answer is a mistake for certain, and the stand-in need not be one.
        stand_in = choices[0] if choices else cast(C, "")
        return self._read(key, default, partial(self._choice, choices), stand_in)

    def integer(self, key: str, default: D = REQUIRED, *, least: int | None = None, most: int | None = None) -> int | D:
        """Return a whole number, from `least` up to and including `most`."""
        return self._read(key, default, partial(_integer, least, most), 0)

    def boolean(self, key: str, default: D = REQUIRED) -> bool | D:
        """Return true or false."""
        return self._read(key, default, _boolean, False)

    def money_text(self, key: str, default: D = REQUIRED) -> str | D:
        """Return an amount as text, exact: written as a text such as "25.00" or a whole number, never as a float."""
        return self._read(key, default, _money, "0")

    def instant(self, key: str, default: D = REQUIRED) -> Instant | D:
        """Return an instant, written as a date and time with an offset, in quotes or without."""
        return self._read(key, default, lambda value: instant(_moment(value), key), EPOCH)

    def parsed(self, key: str, parser: Callable[[str], T], default: D = REQUIRED) -> T | D | None:
        """Return what `parser` makes of a text; what it refuses is a mistake, at the word the error names if any."""
        return self._read(key, default, lambda value: parser(_text(value)), None)

    def texts(self, key: str, default: D = REQUIRED) -> tuple[str, ...] | D:
        """Return a list of texts; a single text is not a list."""
        return self._read(key, default, lambda value: self._each(key, lambda item, _: _text(item), value), ())

    def some_of(self, key: str, choices: Sequence[C], default: D = REQUIRED) -> tuple[C, ...] | D:
        """Return a list of texts, each of them one of the choices."""
        return self._read(
            key, default, lambda value: self._each(key, lambda item, _: self._choice(choices, item), value), ()
        )

    def table(self, key: str) -> Table | None:
        """Return the reader of a table inside this one, or None where there is none."""
        return self._read(key, None, lambda value: self._inner(value, (key,)), None)

    def tables(self, key: str) -> tuple[Table, ...]:
        """Return the readers of a list of tables; empty where there is none."""
        return self._read(key, (), lambda value: self._each(key, self._inner, self._several(key, value)), ())

    def attempt(self, make: Callable[[], T], key: str | Path | None = None) -> T | None:
        """Return what `make` returns; what it refuses becomes a mistake at `key`, or at this table.

        Mistakes that have places of their own, such as those of another file, are noted as they are.
        """
        try:
            return make()
        except InvariantError:
            raise
        except Mistakes as group:
            for mistake in group.all:
                self.problems.add(mistake)
        except (TutorcoreError, ValueError, OverflowError) as error:
            self._refused(self._path(key), error)
        return None

    def mistake(self, key: str | Path | None, message: str, suggestion: str | None = None) -> None:
        """Note a mistake at the value of `key`, at an element such as `("by", 0)`, or at this table."""
        path = self._path(key)
        self._note(path, self.source.place(path), message, suggestion)

    def finish(self, *others: str) -> None:
        """Note every key that was neither asked for nor is one of `others`, with the nearest that was."""
        known = sorted(self._known.union(others))
        for key in self.mapping:
            if key not in known and not self.problems.full:
                near = self._near(key, known)
                message = "unknown key" if near else f"unknown key; known here: {_enumerated(known)}"
                self._note((*self.path, key), self.source.place((*self.path, key), "key"), message, near)

    def _read(self, key: str, default: D, read: Callable[[object], T], stand_in: S) -> T | S | D:
        self._known.add(key)
        if key in self.mapping:
            value = self.attempt(partial(read, self.mapping[key]), key)
            return stand_in if value is None else value
        if default is not _REQUIRED:
            return default
        self.mistake(key, "is missing")
        return stand_in

    def _each(self, key: str, read: Callable[[object, Path], T], value: object) -> tuple[T, ...]:
        places = ((item, (key, index)) for index, item in enumerate(_list(value)) if not self.problems.full)
        found = (self.attempt(partial(read, item, where), where) for item, where in places)
        return tuple(item for item in found if item is not None)

    def _choice(self, choices: Sequence[C], value: object) -> C:
        for choice in choices:
            if choice == value:
                return choice
        raise _Unfit(value, f"one of {_enumerated(choices)}", self._near(value, choices))

    def _several(self, key: str, value: object) -> object:
        if isinstance(value, Mapping):
            raise _Unfit(value, f"a list of tables, each of them under [[{dotted((*self.path, key))}]]")
        return value

    def _inner(self, value: object, where: Path) -> Table:
        if not isinstance(value, Mapping):
            raise _Unfit(value, "a table")
        return Table(self.source, (*self.path, *where), value, self.problems)

    def _path(self, key: str | Path | None) -> Path:
        match key:
            case None:
                return self.path
            case str():
                return (*self.path, key)
            case _:
                return (*self.path, *key)

    def _near(self, name: object, known: Iterable[str]) -> str | None:
        # Comparing names is dear, and in vain once nothing more is kept.
        return None if self.problems.full else suggest(str(name), known)

    def _refused(self, path: Path, error: Exception) -> None:
        """Note an error of a parser or constructor, without repeating the suggestion that it carries."""
        suggestion = getattr(error, "suggestion", None)
        message = str(getattr(error, "message", error)).replace(f"; did you mean {suggestion!r}?", "")
        message = message.removeprefix(f"{path[-1]} ") if path else message
        start, end = getattr(error, "start", None), getattr(error, "end", None)
        if isinstance(start, int) and isinstance(end, int):
            place = self.source.place_in(path, start, end)
        else:
            place = self.source.place(path)
        self._note(path, place, message, suggestion)

    def _note(self, path: Path, place: Place, message: str, suggestion: str | None) -> None:
        self.problems.add(self.source.mistake(path, place, message, suggestion))


class _Unfit(TutorcoreError, ValueError):
    """A value that is not of the kind its key wants."""

    def __init__(self, value: object, expected: str, suggestion: str | None = None) -> None:
        self.message = f"is {_described(value)}; expected {expected}"
        self.suggestion = suggestion
        super().__init__(self.message)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    is_scalar = isinstance(value, int | float | Decimal | date | time) and not isinstance(value, bool)
    raise _Unfit(value, "a text in quotes", f'"{value}"' if is_scalar else None)


def _integer(least: int | None, most: int | None, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and _within(least, value, most):
        return value
    limits = "".join(f" {word} {limit}" for word, limit in (("from", least), ("up to", most)) if limit is not None)
    raise _Unfit(value, f"a whole number{limits}")


def _within(least: int | None, value: int, most: int | None) -> bool:
    return (least is None or least <= value) and (most is None or value <= most)


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise _Unfit(value, "true or false")


def _money(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and _MONEY.fullmatch(value):
        return value
    quoted = f'"{value}"' if isinstance(value, float | Decimal) and _MONEY.fullmatch(str(value)) else None
    raise _Unfit(value, 'an amount in quotes, such as "25.00"', quoted)


def _moment(value: object) -> str:
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, str):
        return value
    raise _Unfit(value, "an instant with an offset, such as 2026-03-01T09:30:00Z")


def _list(value: object) -> Sequence[object]:
    if isinstance(value, list | tuple):
        return value
    raise _Unfit(value, "a list", f'["{value}"]' if isinstance(value, str) else None)


def _described(value: object) -> str:
    match value:
        case str():
            return repr(value)
        case bool():
            return str(value).lower()
        case list() | tuple():
            return "a list"
        case Mapping():
            return "a table"
        case _:
            return str(value)


def _enumerated(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names) or "none at all"
