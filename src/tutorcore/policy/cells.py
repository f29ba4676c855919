"""The cells that policy files share: times, guards, shares, fees, units.

Every expression remembers the path it was read from, so that what turns out wrong with the whole table can still be
shown at the word that a person wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import Final

from tutorcore.currencies import Currency
from tutorcore.documents.places import Path
from tutorcore.documents.reader import Table
from tutorcore.errors import InvalidValue, suggest
from tutorcore.money import ISO_4217, ROUNDING_MODES, Money, rate, rate_text
from tutorcore.policy.expressions import And, Exact, Expression, Guard, Time, condition
from tutorcore.policy.parsing import parse_duration, parse_guard, parse_reminder, parse_time
from tutorcore.policy.process import Unit
from tutorcore.policy.settlement import (
    BENEFICIARIES,
    SLABS_ON,
    AsGiven,
    FeeRate,
    Fees,
    Settlement,
    misplaced,
    part_of,
)
from tutorcore.policy.words import lesson

_PEG = re.compile(r"([1-9][0-9]{0,5}) ([A-Z][A-Z0-9]{1,11}) = 1 ([A-Z]{3})")
_NO_FEES: Final = Fees()
_AS_GIVEN: Final = "as_given"
_CHOICES: Final = "choices"
_SHARES: Final = '{ tutor = "50%", student = "rest" }'

# Where the unit of a file is not known, every amount that some unit allows is read without a mistake.
_ANY_UNIT: Final = Unit("ANY", 8)


class Cells:
    """Readers of cells, and the places of the expressions they read."""

    def __init__(self) -> None:
        self._origins: dict[int, tuple[Expression, Path]] = {}

    def origin(self, expr: Expression | None) -> Path | None:
        """Return the path at which this very expression was read, or None."""
        found = self._origins.get(id(expr))
        return None if found is None else found[1]

    def time(self, table: Table, key: str) -> Time | None:
        """Return the time expression under `key`, or None where there is none."""
        found: Time | None = table.parsed(key, parse_time, None)
        self._keep(table, key, found)
        return found

    def required_time(self, table: Table, key: str) -> Time:
        """Return the time expression under `key`; a stand-in after noting that it is missing or wrong."""
        found: Time | None = table.parsed(key, parse_time)
        self._keep(table, key, found)
        return lesson.start if found is None else found

    def reminder_time(self, table: Table, key: str) -> Time:
        """Return the time of a reminder, perhaps reckoned from the running deadline; a stand-in after a mistake."""
        found: Time | None = table.parsed(key, parse_reminder)
        self._keep(table, key, found)
        return lesson.start if found is None else found

    def guard(self, table: Table, key: str) -> Guard | None:
        """Return the guard under `key`, or None where there is none (or it is always true)."""
        found: Guard | None = table.parsed(key, parse_guard, None)
        self._keep(table, key, found)
        return condition(found)

    def settlement(self, table: Table, key: str, default: Settlement | AsGiven | None) -> Settlement | AsGiven | None:
        """Return the shares under `key`, or that the command says them."""
        written = table.value(key)
        if written == _AS_GIVEN:
            return AsGiven()
        if isinstance(written, str):
            expected = f"expected shares such as {_SHARES}, or {_AS_GIVEN!r} where the command says them"
            table.mistake(key, f"is {written!r}; {expected}", suggest(written, (_AS_GIVEN,)))
            return default
        if isinstance(written, Mapping) and _CHOICES in written:
            return _as_given(table, key) or default
        return self.shares(table, key, None) or default

    def shares(self, table: Table, key: str, default: Settlement | None) -> Settlement | None:
        """Return the shares under `key`, where they are the same for every lesson."""
        shares = table.table(key)
        return default if shares is None else _shares(shares) or default

    def one_or_more(self, table: Table, key: str) -> tuple[Table, ...]:
        """Return the tables under `key`: one `[table]`, or several `[[tables]]`."""
        if isinstance(table.value(key), list | tuple):
            return table.tables(key)
        single = table.table(key)
        return () if single is None else (single,)

    def heading(self, root: Table) -> tuple[str, str, Unit | None, str | None]:
        """Return id, version, unit and zone, which stand at the top of every policy file."""
        root.integer("schema", 1, least=1, most=1)
        return root.text("id"), root.text("version", "1"), self._unit(root), root.text("zone", None)

    def fees(self, root: Table, unit: Unit | None) -> Fees:
        """Return the section `[fees]`; its amounts are in whole units of `unit`, None after a mistake in that."""
        table = root.table("fees")
        if table is None:
            return _NO_FEES
        commission = None if table.value("commission") is False else table.parsed("commission", rate, None)
        rates = None if table.value("rates", False) is False else self._rates(table, unit or _ANY_UNIT)
        rounding = table.one_of("rounding", ROUNDING_MODES, _NO_FEES.rounding)
        slab_on = table.one_of("slab_on", SLABS_ON, _NO_FEES.slab_on)
        if commission is not None and rates is not None:
            table.mistake("rates", "stands beside 'commission'; write one of them, and false for what is inherited")
        table.finish()
        if rates is not None:
            return Fees(rates, rounding, slab_on)
        return Fees.flat(commission or Fraction(0), rounding)

    def _rates(self, table: Table, unit: Unit) -> tuple[FeeRate, ...] | None:
        """The rates under `rates`, or None after noting what is wrong with one of them, or with their order."""
        mistakes = len(table.problems)
        rates = tuple(self._rate(each, unit) for each in table.tables("rates"))
        if len(table.problems) > mistakes:
            return None
        wrong = misplaced(rates)
        if wrong is None:
            return rates
        number, expected = wrong
        table.mistake(("rates", number) if rates else "rates", f"expected {expected}")
        return None

    def _rate(self, table: Table, unit: Unit) -> FeeRate:
        found, when = table.parsed("rate", rate), self.guard(table, "when")
        below = _below(table, unit)
        table.finish()
        return FeeRate(found or 0, below, when)

    def clears_after(self, root: Table) -> Exact:
        """Return how long earnings stay pending, from the section `[payout]`; nothing by default.

        The other keys of that section are account rules, and so is noting that it is no table.
        """
        table = root.table("payout") if isinstance(root.value("payout"), Mapping) else None
        if table is None:
            return Exact(0)
        found = table.parsed("clears_after", parse_duration, Exact(0))
        if isinstance(found, Exact):
            return found
        if found is not None:
            table.mistake("clears_after", f"{found} is counted by the calendar; expected hours, minutes or seconds")
        return Exact(0)

    def _unit(self, root: Table) -> Unit | None:
        code = root.text("currency")
        own = root.table("unit")
        if root.value("currency") != code:
            return None  # Missing, or not a text: that is noted already.
        if own is None:
            known = root.attempt(lambda: ISO_4217.get(code), "currency")
            return None if known is None else Unit(known.code, known.exponent)
        decimals = own.integer("decimals", least=0, most=8)
        peg = own.parsed("peg", lambda text: _peg(code, text), None)
        own.finish()
        made = root.attempt(lambda: ISO_4217.with_unit(code, decimals).get(code), "currency")
        return None if made is None else Unit(made.code, made.exponent, peg)

    def _keep(self, table: Table, key: str, expr: Expression | None) -> None:
        if expr is None:
            return
        # A table may join one of several conditions with those of other cells, and leave out what joined them here.
        for each in (expr, *(expr.parts if isinstance(expr, And) else ())):
            self._origins[id(each)] = (each, (*table.path, key))


def fees_cells(fees: Fees, unit: Unit) -> dict[str, object]:
    """Return the cells of `[fees]` from which `Cells.fees` reads equal fees."""
    if fees.commission is not None:
        return {"commission": rate_text(fees.commission), "rounding": fees.rounding}
    return {
        "rates": [_rate_cells(each, unit) for each in fees.rates],
        "slab_on": fees.slab_on,
        "rounding": fees.rounding,
    }


def _rate_cells(each: FeeRate, unit: Unit) -> dict[str, str]:
    cells = {} if each.when is None else {"when": str(each.when)}
    if each.below is not None:
        cells["below"] = Money(each.below, _currency(unit)).text
    return {**cells, "rate": rate_text(each.rate)}


def _below(table: Table, unit: Unit) -> int | None:
    mistakes = len(table.problems)
    text = table.money_text("below", None)
    if text is None or len(table.problems) > mistakes:
        return None
    return table.attempt(partial(_minor, text, unit), "below")


def _minor(text: str, unit: Unit) -> int:
    minor = Money.of(text, _currency(unit)).minor
    if minor <= 0:
        raise InvalidValue("below", text, "an amount above zero")
    return minor


def _currency(unit: Unit) -> Currency:
    return Currency(unit.code, unit.exponent)


def _shares(shares: Table) -> Settlement | None:
    texts = {name: part for name in shares.mapping if (part := _share(shares, name)) is not None}
    return shares.attempt(partial(Settlement.of, texts)) if len(texts) == len(shares.mapping) else None


def _share(shares: Table, name: str) -> str | None:
    if name in BENEFICIARIES:
        return shares.parsed(name, _part)
    shares.mistake(name, f"{name!r} gets no share; expected {', '.join(BENEFICIARIES)}", suggest(name, BENEFICIARIES))
    return None


def _part(text: str) -> str:
    """A share as it is written, after a look at whether it is one; so each is shown at its own word."""
    part_of(text)
    return text


def _as_given(table: Table, key: str) -> AsGiven | None:
    """The splits among which a command chooses: tables of shares, or the tutor's share of each."""
    given = table.table(key)
    assert given is not None  # The caller saw that it is a table.
    written = given.value(_CHOICES)
    given.finish()
    if not isinstance(written, list | tuple) or not written:
        given.mistake(_CHOICES, f"is no list of splits; expected some, or {_AS_GIVEN!r} where every split is allowed")
        return None
    read = [_choice(given, number, each) for number, each in enumerate(written)]
    choices = tuple(each for each in read if each is not None)
    return given.attempt(partial(AsGiven, choices), _CHOICES) if len(choices) == len(read) else None


def _choice(given: Table, number: int, written: object) -> Settlement | None:
    where = (_CHOICES, number)
    if isinstance(written, Mapping):
        return _shares(Table(given.source, (*given.path, *where), written, given.problems))
    if isinstance(written, str):
        return given.attempt(partial(Settlement.of, {"tutor": written, "student": "rest"}), where)
    given.mistake(where, f"is no split; expected shares such as {_SHARES}, or the tutor's share such as '50%'")
    return None


def _peg(code: str, text: str) -> tuple[int, str]:
    found = _PEG.fullmatch(text)
    if found is None or found[2] != code:
        raise InvalidValue("peg", text, f"how many {code} make one unit of a currency, such as '10 {code} = 1 USD'")
    return int(found[1]), ISO_4217.get(found[3]).code
