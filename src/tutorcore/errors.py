"""What can go wrong, in three kinds that must not be confused.

* The domain says no: not an error at all but a `Refusal`, returned as a value.
* The caller is wrong: a `TutorcoreError` that is also the fitting builtin. Its message names the offending value
  and what was expected; its fields hold the same facts, so nobody has to parse text.
* We are wrong: an `InvariantError`. It never describes input; it means that a promise of this library is broken.

This module knows neither files nor policies: a `Mistake` carries the place it was given.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import Self


class TutorcoreError(Exception):
    """The root of everything this library raises on purpose. All of them travel between processes by pickle."""

    def __reduce__(self) -> tuple[Callable[..., TutorcoreError], tuple[object, ...]]:
        # An exception is pickled as its class and its message, which these constructors do not take.
        return _revived, (type(self), self.args, self.__dict__)


def _revived(kind: type[TutorcoreError], args: tuple[object, ...], fields: dict[str, object]) -> TutorcoreError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(fields)
    return error


class InvalidValue(TutorcoreError, ValueError):
    """A value of the right type that cannot be meant: `what` was `value`, `expected` says what would do."""

    def __init__(self, what: str, value: object, expected: str) -> None:
        super().__init__(f"{what} is {value!r}; expected {expected}")
        self.what = what
        self.value = value
        self.expected = expected


class InvalidType(TutorcoreError, TypeError):
    """A value of a type that is refused on principle, such as a float for money."""

    def __init__(self, what: str, value: object, expected: str) -> None:
        super().__init__(f"{what} is {value!r} of type {type(value).__name__}; expected {expected}")
        self.what = what
        self.value = value
        self.expected = expected


class UnknownName(TutorcoreError, LookupError):
    """A `kind` of thing was named that does not exist; `suggestion` is the nearest known name, if one is near.

    `near` finds it: by its spelling, unless another way is given.
    """

    def __init__(
        self,
        kind: str,
        name: object,
        known: Iterable[str] = (),
        hint: str = "",
        *,
        near: Callable[[str, Iterable[str]], str | None] | None = None,
    ) -> None:
        choices = sorted(known)
        self.kind = kind
        self.name = name
        self.known = tuple(choices)
        self.suggestion = (near or suggest)(str(name), choices)
        if self.suggestion is not None:
            tail = f"; did you mean {self.suggestion!r}?"
        elif choices and len(choices) <= 12:
            tail = f"; known: {', '.join(choices)}"
        else:
            tail = ""
        super().__init__(f"unknown {kind} {name!r}{tail}{f'; {hint}' if hint else ''}")


class StorageError(TutorcoreError, OSError):
    """The store cannot be used as asked: not ours, of another version, busy, or not in a transaction."""


class InvariantError(TutorcoreError, RuntimeError):
    """A promise of this library is broken. Please report it; nothing the caller passed can be the reason."""


class Mistake(TutorcoreError, ValueError):
    """One mistake in a file that a person wrote, with its place.

    `path` names the key (`request.answer_by`), `line` and `column` count from 1 (0 where there is no file),
    `excerpt` shows the line with a mark under the word.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str = "",
        file: str = "",
        line: int = 0,
        column: int = 0,
        excerpt: str = "",
        suggestion: str | None = None,
    ) -> None:
        self.message = message
        self.path = path
        self.file = file
        self.line = line
        self.column = column
        self.excerpt = excerpt
        self.suggestion = suggestion
        super().__init__(str(self))

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        head = ": ".join(part for part in (place, self.path, self.message) if part)
        if self.suggestion is not None:
            head += f"; did you mean {self.suggestion!r}?"
        return f"{head}\n{self.excerpt}" if self.excerpt else head


class Mistakes(TutorcoreError, ExceptionGroup[Mistake]):
    """Every mistake of one file at once, so that it is mended in one go. `all` holds them in file order."""

    def __new__(cls, message: str, mistakes: Sequence[Mistake]) -> Self:
        return super().__new__(cls, message, mistakes)

    def __init__(self, message: str, mistakes: Sequence[Mistake]) -> None:
        super().__init__(message, mistakes)

    @property
    def all(self) -> tuple[Mistake, ...]:
        """The mistakes, in file order: `exceptions`, which a type checker takes for exceptions of any kind."""
        return tuple(mistake for mistake in self.exceptions if isinstance(mistake, Mistake))

    def derive(self, mistakes: Sequence[Mistake]) -> Mistakes:  # type: ignore[override]  # only ever Mistake
        return Mistakes(self.message, mistakes)

    def __str__(self) -> str:
        return "\n".join([self.message, *(str(mistake) for mistake in self.all)])


def suggest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name nearest to `name`, whatever its case, or None when nothing is near.

    >>> suggest("acept", ["accept", "decline"])
    'accept'
    >>> suggest("usd", ["EUR", "USD"])
    'USD'
    >>> suggest("zzz", ["accept"]) is None
    True
    """
    by_folded = {word.casefold(): word for word in known}
    near = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[near[0]] if near else None
