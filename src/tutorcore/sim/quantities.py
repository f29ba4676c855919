"""Quantities in study files: lengths of time, prices, factors, and how any of them may be spread.

    after = "10h"                                               always the same
    after = { uniform = ["1h", "72h"] }                         anything in between
    after = { exponential = "10h" }                             with this mean
    after = { lognormal = { median = "10h", sigma = 1.2 } }
    after = { normal = { mean = "10h", sd = "2h", least = "1h", most = "20h" } }
    after = { choice = { "30m" = 1, "1h" = 3 } }                by weight

Times here are elapsed time: a day is 24 hours. What is wrong with a quantity is noted at its place, and nothing comes
of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Final, TypeAlias, TypeVar

import attrs

from tutorcore.documents.reader import Table
from tutorcore.errors import TutorcoreError, suggest
from tutorcore.sim.distributions import (
    LONGEST_DRAW,
    Choice,
    Distribution,
    Exponential,
    Fixed,
    Lognormal,
    Normal,
    Uniform,
    Weighted,
    number,
)

T = TypeVar("T")

_UNITS: Final = {"w": 7 * 86_400, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_LENGTH: Final = re.compile("".join(rf"(?:([0-9]{{1,9}}){unit} *)?" for unit in _UNITS))
_PRICE: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,8})?")
_FACTOR: Final = re.compile(r"[0-9]{1,6}(\.[0-9]{1,8})?")
_LARGEST_LENGTH: Final = LONGEST_DRAW.total_seconds()


class NotMeant(TutorcoreError, ValueError):
    """A value that does not stand for a quantity; the place where it stands is known to whoever reads the file."""

    def __init__(self, value: object, expected: str) -> None:
        self.message = f"is {_plain(value)}; expected {expected}"
        super().__init__(self.message)


@attrs.frozen
class Quantity:
    """A kind of quantity: what is expected, what a text of it means, and which values need no quotes."""

    expected: str
    read: Callable[[str], float | None]
    numbers: tuple[type, ...] = ()

    def of(self, value: object) -> float:
        """Return what a text, or a plain number where this kind allows one, stands for; raise `NotMeant`."""
        is_number = isinstance(value, self.numbers) and not isinstance(value, bool)
        found = self.read(str(value)) if isinstance(value, str) or is_number else None
        if found is None:
            raise NotMeant(value, self.expected)
        return found

    def above_zero(self, value: object) -> float:
        """Return what a value stands for, which must be more than nothing."""
        found = self.of(value)
        if found == 0:
            raise NotMeant(value, f"{self.expected}, and above 0")
        return found


def _plain(value: object) -> str:
    """Show a value without the name of its Python type."""
    match value:
        case str():
            return repr(value)
        case bool():
            return str(value).lower()
        case Mapping():
            return "a table"
        case list() | tuple():
            return "a list"
        case _:
            return str(value)


def _length(text: str) -> float | None:
    found = _LENGTH.fullmatch(text)
    if found is None or not text or text.endswith(" "):
        return None
    seconds = sum(int(count or 0) * unit for count, unit in zip(found.groups(), _UNITS.values(), strict=True))
    return float(seconds) if seconds <= _LARGEST_LENGTH else None


def _matched(pattern: re.Pattern[str], text: str) -> float | None:
    return float(text) if pattern.fullmatch(text) else None


LENGTH: Final = Quantity(
    f'a length of time such as "4d", "1h 30m" or "90s", at most "{LONGEST_DRAW.days}d"',
    _length,
)
"""Elapsed time, in seconds."""

PRICE: Final = Quantity(
    'an amount of whole units in quotes, such as "20.00", without a currency', partial(_matched, _PRICE), (int,)
)
"""An amount in whole units of a currency."""

FACTOR: Final = Quantity("a factor such as 1.5", partial(_matched, _FACTOR), (int, float, Decimal))
"""How many times as much."""


def distribution(table: Table, key: str, kind: Quantity, default: Distribution | None = None) -> Distribution | None:
    """Return how the quantity under `key` is spread; `default` where it is left out, None after a mistake."""
    value = table.value(key)
    if key not in table:
        if default is None:
            table.mistake(key, f"is missing; expected {kind.expected}, or a table such as {_TABLE}")
        return default
    if not isinstance(value, Mapping):
        return table.attempt(lambda: Fixed(kind.of(value)), key)
    inner = table.table(key)
    assert inner is not None  # It is a mapping.
    return _spread(inner, kind)


def real(
    table: Table, key: str, default: float | None = None, *, most: float | None = None, above: bool = False
) -> float | None:
    """Return the number under `key`, nothing or more (more, if `above`) and at most `most`; None after a mistake."""
    value = table.value(key)
    if key not in table:
        if default is None:
            table.mistake(key, "is missing; expected a number")
        return default
    return table.attempt(lambda: number(_real(value, most), key, above=above), key)


def weighted(table: Table, key: str, parse: Callable[[str], T]) -> Weighted[T] | None:
    """Return the choice among the keys of the table under `key`, each of which `parse` reads; None after a mistake."""
    inner = table.table(key)
    if inner is None:
        return None
    before = len(table.problems)
    found = [(inner.attempt(partial(parse, name), (name,)), _weight(inner, name)) for name in inner.mapping]
    if not found:
        table.mistake(key, "is empty; expected something to choose, with weights")
    if len(table.problems) > before:
        return None
    return Weighted((value, weight) for value, weight in found if value is not None and weight is not None)


def _weight(table: Table, name: str) -> float | None:
    value = table.value(name)
    return table.attempt(lambda: number(_real(value, None), name, above=True), (name,))


def _real(value: object, most: float | None) -> float:
    limit = "" if most is None else f" and at most {most:g}"
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise NotMeant(value, f"a number{limit}")
    found = float(value)
    if not 0 <= found <= (float("1e12") if most is None else most):  # Which is neither infinite nor no number.
        raise NotMeant(value, f"a number of at least 0{limit}")
    return found


# The tables


def _spread(table: Table, kind: Quantity) -> Distribution | None:
    names = table.keys()
    if len(names) != 1 or names[0] not in _FORMS:
        known = ", ".join(_FORMS)
        wrong = next((name for name in names if name not in _FORMS), None)
        said = f"is {', '.join(map(repr, names)) or 'empty'}"
        near = None if wrong is None else suggest(wrong, _FORMS)
        table.mistake((wrong,) if wrong is not None else None, f"{said}; expected one of {known}", near)
        return None
    (name,) = names
    found = _FORMS[name](table, kind)
    table.finish()
    return found


def _fixed(table: Table, kind: Quantity) -> Distribution | None:
    value = table.value("fixed")
    return table.attempt(lambda: Fixed(kind.of(value)), "fixed")


def _uniform(table: Table, kind: Quantity) -> Distribution | None:
    ends = table.value("uniform")
    if not isinstance(ends, list | tuple) or len(ends) != 2:
        table.mistake("uniform", "is not two ends; expected a list such as [low, high]")
        return None
    low, high = (table.attempt(partial(kind.of, end), ("uniform", index)) for index, end in enumerate(ends))
    if low is None or high is None:
        return None
    if high < low:
        table.mistake("uniform", f"ends with {_plain(ends[1])}; expected at least the lower end, {_plain(ends[0])}")
        return None
    return Uniform(low, high)


def _exponential(table: Table, kind: Quantity) -> Distribution | None:
    value = table.value("exponential")
    return table.attempt(lambda: Exponential(kind.above_zero(value)), "exponential")


def _lognormal(table: Table, kind: Quantity) -> Distribution | None:
    inner = table.table("lognormal")
    if inner is None:
        return None
    median, sigma = _quantity(inner, "median", kind.above_zero, kind), real(inner, "sigma", most=_MOST_SIGMA)
    inner.finish()
    if median is None or sigma is None:
        return None
    return table.attempt(lambda: Lognormal(median, sigma), "lognormal")


def _normal(table: Table, kind: Quantity) -> Distribution | None:
    inner = table.table("normal")
    if inner is None:
        return None
    before = len(table.problems)
    mean, sd = _quantity(inner, "mean", kind.of, kind), _quantity(inner, "sd", kind.of, kind)
    ends = {name: _quantity(inner, name, kind.of, kind) for name in ("least", "most") if name in inner}
    inner.finish("least", "most")
    if mean is None or sd is None or len(table.problems) > before:
        return None
    limits = {name: end for name, end in ends.items() if end is not None}
    return table.attempt(lambda: Normal(mean, sd, **limits), "normal")


def _choice(table: Table, kind: Quantity) -> Distribution | None:
    found = weighted(table, "choice", kind.of)
    return None if found is None else Choice(found)


def _quantity(table: Table, key: str, read: Callable[[object], float], kind: Quantity) -> float | None:
    value = table.value(key)
    if key not in table:
        table.mistake(key, f"is missing; expected {kind.expected}")
        return None
    return table.attempt(partial(read, value), key)


_MOST_SIGMA: Final = 20
_TABLE: Final = "{ uniform = [low, high] }"
_Form: TypeAlias = Callable[[Table, Quantity], Distribution | None]
_FORMS: Final[Mapping[str, _Form]] = {
    "fixed": _fixed,
    "uniform": _uniform,
    "exponential": _exponential,
    "lognormal": _lognormal,
    "normal": _normal,
    "choice": _choice,
}
