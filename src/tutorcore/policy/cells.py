"""The cells that policy files share: times, guards, shares, fees, units.

Every expression remembers the path it was read from, so that what turns out wrong with the whole table can still be
shown at the word that a person wrote.
"""

from __future__ import annotations

import re
from typing import Final

from tutorcore.documents.places import Path
from tutorcore.documents.reader import Table
from tutorcore.errors import InvalidValue, suggest
from tutorcore.money import ISO_4217, ROUNDING_MODES, rate
from tutorcore.policy.expressions import Always, Exact, Expression, Guard, Time
from tutorcore.policy.parsing import parse_duration, parse_guard, parse_time
from tutorcore.policy.process import Unit
from tutorcore.policy.settlement import BENEFICIARIES, Fees, Settlement
from tutorcore.policy.words import lesson

_PEG = re.compile(r"([1-9][0-9]{0,5}) ([A-Z][A-Z0-9]{1,11}) = 1 ([A-Z]{3})")
_NO_FEES: Final = Fees()


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

    def guard(self, table: Table, key: str) -> Guard | None:
        """Return the guard under `key`, or None where there is none (or it is always true)."""
        found: Guard | None = table.parsed(key, parse_guard, None)
        self._keep(table, key, found)
        return None if found == Always() else found

    def settlement(self, table: Table, key: str, default: Settlement | None) -> Settlement | None:
        """Return the shares under `key`."""
        shares = table.table(key)
        if shares is None:
            return default
        texts = {name: part for name in shares.mapping if (part := _share(shares, name)) is not None}
        found = table.attempt(lambda: Settlement.of(texts), key) if len(texts) == len(shares.mapping) else None
        return found or default

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

    def fees(self, root: Table) -> Fees:
        """Return the section `[fees]`."""
        table = root.table("fees")
        if table is None:
            return _NO_FEES
        commission = table.parsed("commission", rate, _NO_FEES.commission)
        rounding = table.one_of("rounding", ROUNDING_MODES, _NO_FEES.rounding)
        table.finish()
        return Fees(commission or _NO_FEES.commission, rounding)

    def clears_after(self, root: Table) -> Exact:
        """Return how long earnings stay pending, from the section `[payout]`; nothing by default."""
        table = root.table("payout")
        if table is None:
            return Exact(0)
        found = table.parsed("clears_after", parse_duration, Exact(0))
        table.finish()
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
        if expr is not None:
            self._origins[id(expr)] = (expr, (*table.path, key))


def _share(shares: Table, name: str) -> str | None:
    if name in BENEFICIARIES:
        return shares.parsed(name, _part)
    shares.mistake(name, f"{name!r} gets no share; expected {', '.join(BENEFICIARIES)}", suggest(name, BENEFICIARIES))
    return None


def _part(text: str) -> str:
    """A share as it is written, after a look at whether it is one; so each is shown at its own word."""
    if text != "rest":
        rate(text)
    return text


def _peg(code: str, text: str) -> tuple[int, str]:
    found = _PEG.fullmatch(text)
    if found is None or found[2] != code:
        raise InvalidValue("peg", text, f"how many {code} make one unit of a currency, such as '10 {code} = 1 USD'")
    return int(found[1]), ISO_4217.get(found[3]).code
