"""The sections of a policy file that are about a tutor's account: `[standing.*]`, and how `[payout]` pays out.

    [standing.missed_request]
    bundle  = { by = "day", zone = "UTC", counts = 1 }
    dismiss = ["ill", "technical"]
    ladder  = [{ at = 1, effect = "notice" }, { at = 2, effect = "hidden", for = "7d", lifted_by = "tutor" }]

    [payout]
    apply   = "month_before"
    minimum = "30.0"

Profiles and explicit tables have the same sections. `clears_after`, which stands in `[payout]` too, is about lessons.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from tutorcore.calendar.zones.wall_time import zone
from tutorcore.currencies import Currency
from tutorcore.documents.reader import Table
from tutorcore.errors import InvalidValue
from tutorcore.money import Money
from tutorcore.policy.account import (
    APPLY,
    HANDLERS,
    LIFTERS,
    NO_RULES,
    RETURNED_FEES,
    RUNG_EFFECTS,
    AccountRules,
    Counter,
    Decay,
    PayoutRules,
    Rung,
    Span,
)
from tutorcore.policy.expressions import Calendar, Exact, Taught
from tutorcore.policy.parsing import parse_duration
from tutorcore.policy.process import Unit
from tutorcore.policy.roles import GRANTED_ROLES
from tutorcore.policy.wellformed import can_name

_BY: Final = ("day",)
_UTC: Final = "UTC"
_ON_LESSONS: Final = "clears_after"
_NOT_BUNDLED: Final[tuple[str | None, int | None]] = (None, None)


def read_account(root: Table, unit: Unit | None) -> AccountRules:
    """Return the account rules of a policy file; amounts are in whole units of `unit`, None after a mistake in that.

    What is wrong is noted. This reads `[payout]` to its end, so whoever reads `clears_after` there must not.
    """
    standing = root.table("standing")
    counters = () if standing is None else _counters(standing)
    payout = root.table("payout")
    rules = AccountRules(counters, None if payout is None else _payout(payout, unit))
    return NO_RULES if rules == NO_RULES else rules


def dump_account(rules: AccountRules, unit: Unit) -> dict[str, dict[str, object]]:
    """Return the cells under each heading (`payout`, `standing.missed_request`) from which equal rules are read."""
    tables = {} if rules.payout is None else {"payout": _payout_cells(rules.payout, unit)}
    return {**tables, **{f"standing.{counter.name}": _counter_cells(counter) for counter in rules.counters}}


def _counters(standing: Table) -> tuple[Counter, ...]:
    found = (_counter(table, name) for name in standing.mapping if (table := standing.table(name)) is not None)
    return tuple(counter for counter in found if counter is not None)


def _counter(table: Table, name: str) -> Counter | None:
    mistakes = len(table.problems)
    if not can_name(name, Taught.mark):
        table.mistake(None, f"{name!r} names no counter; expected a short word of small letters, digits and '_'")
    in_zone, bundle = _bundle(table)
    read = partial(
        Counter,
        name,
        _marks(table, name),
        _zone(table, in_zone),
        bundle,
        _span(table, "within"),
        _words(table, "broken_by"),
        _decay(table),
        table.texts("dismiss", ()),
        table.texts("record", ()),
        table.some_of("handled_by", GRANTED_ROLES, HANDLERS),
        tuple(rung for each in table.tables("ladder") if (rung := _rung(each)) is not None),
    )
    if table.value("handled_by", HANDLERS) == []:
        table.mistake("handled_by", "expected at least one role")
    table.finish()
    return table.attempt(read) if len(table.problems) == mistakes else None


def _marks(table: Table, name: str) -> tuple[tuple[str, int], ...]:
    """The marks that a counter counts: a list, a table of points, or the mark of its own name."""
    written = table.value("marks")
    if "marks" not in table:
        return ((name, 1),)
    if not written:
        table.mistake("marks", "expected at least one mark")
        return ()
    if not isinstance(written, Mapping):
        return tuple((mark, 1) for mark in _words(table, "marks"))
    points = table.table("marks")
    assert points is not None  # It is a table.
    for mark in points.mapping:
        _check_name(points, mark, mark)
    return tuple((mark, points.integer(mark, least=1)) for mark in points.mapping)


def _words(table: Table, key: str) -> tuple[str, ...]:
    """A list of marks."""
    words = table.texts(key, ())
    for number, word in enumerate(words):
        _check_name(table, (key, number), word)
    return words


def _check_name(table: Table, where: str | tuple[str, int], word: str) -> None:
    if not can_name(word):
        table.mistake(where, f"is {word!r}; expected a mark: a short word of small letters, digits and '_'")


def _bundle(table: Table) -> tuple[str | None, int | None]:
    """The zone whose days are bundled, and what a day may count."""
    bundle = table.table("bundle")
    if bundle is None:
        return _NOT_BUNDLED
    bundle.one_of("by", _BY)
    in_zone, counts = bundle.parsed("zone", _zone_name, None), bundle.integer("counts", 1, least=1)
    if in_zone is not None and table.value("zone", in_zone) != in_zone:
        bundle.mistake("zone", f"is {in_zone!r}, but the counter's zone is {table.value('zone')!r}; write one")
    bundle.finish()
    return in_zone, counts


def _zone(table: Table, of_bundle: str | None) -> str:
    """The zone of all that a counter counts in days."""
    return table.parsed("zone", _zone_name, None) or of_bundle or _UTC


def _zone_name(text: str) -> str:
    zone(text)
    return text


def _decay(table: Table) -> Decay | None:
    decay = table.table("decay")
    if decay is None:
        return None
    points, every = decay.integer("points", 1, least=1), _span(decay, "every")
    if "every" not in decay:
        decay.mistake("every", "is missing")
    decay.finish()
    return None if every is None or not points else Decay(points, every)


def _rung(table: Table) -> Rung | None:
    mistakes = len(table.problems)
    read = partial(
        Rung,
        table.integer("at", least=1),
        table.one_of("effect", RUNG_EFFECTS),
        _span(table, "for"),
        table.one_of("lifted_by", LIFTERS, None),
    )
    table.finish()
    return table.attempt(read) if len(table.problems) == mistakes else None


def _span(table: Table, key: str) -> Span | None:
    """A time in hours or in days and the like, if there is one; None after a mistake too."""
    found: Span | None = table.parsed(key, _parse_span, None)
    return found


def _parse_span(text: str) -> Span:
    found = parse_duration(text)
    if isinstance(found, Exact | Calendar) and found not in (Exact(), Calendar()):
        return found
    raise InvalidValue("time", text, "a time such as 7d, 3mo or 48h, longer than nothing")


def _payout(table: Table, unit: Unit | None) -> PayoutRules | None:
    """How earnings are paid out; None where only their clearing is written."""
    keys = [key for key in table.mapping if key != _ON_LESSONS]
    rules = PayoutRules(
        table.one_of("apply", APPLY, None),
        _amount(table, "minimum", unit),
        _amount(table, "fee", unit),
        table.one_of("returned_fee", RETURNED_FEES, "refunded"),
        table.boolean("spendable", False),
    )
    table.finish(_ON_LESSONS)
    return rules if keys else None


def _amount(table: Table, key: str, unit: Unit | None) -> int:
    """An amount in minor units, not below zero; 0 where there is none, and after a mistake."""
    text = table.money_text(key, None)
    if text is None or unit is None:
        return 0
    return table.attempt(partial(_minor, key, text, unit), key) or 0


def _minor(key: str, text: str, unit: Unit) -> int:
    minor = Money.of(text, Currency(unit.code, unit.exponent)).minor
    if minor < 0:
        raise InvalidValue(key, text, "an amount not below zero")
    return minor


def _payout_cells(rules: PayoutRules, unit: Unit) -> dict[str, object]:
    currency = Currency(unit.code, unit.exponent)
    apply = {} if rules.apply is None else {"apply": rules.apply}
    return {
        **apply,
        "minimum": Money(rules.minimum, currency).text,
        "fee": Money(rules.fee, currency).text,
        "returned_fee": rules.returned_fee,
        "spendable": rules.spendable,
    }


def _counter_cells(counter: Counter) -> dict[str, object]:
    plain = Counter(counter.name)
    cells: dict[str, object] = {}
    if counter.marks != plain.marks:
        cells["marks"] = dict(counter.marks)
    if counter.bundle is not None:
        cells["bundle"] = {"by": "day", "zone": counter.zone, "counts": counter.bundle}
    elif counter.zone != _UTC:
        cells["zone"] = counter.zone
    if counter.within is not None:
        cells["within"] = str(counter.within)
    if counter.decay is not None:
        cells["decay"] = {"points": counter.decay.points, "every": str(counter.decay.every)}
    for key in ("broken_by", "dismiss", "record", "handled_by"):
        if getattr(counter, key) != getattr(plain, key):
            cells[key] = getattr(counter, key)
    if counter.ladder:
        cells["ladder"] = [_rung_cells(rung) for rung in counter.ladder]
    return cells


def _rung_cells(rung: Rung) -> dict[str, object]:
    lasts = {} if rung.lasts is None else {"for": str(rung.lasts)}
    lifted = {} if rung.lifted_by is None else {"lifted_by": rung.lifted_by}
    return {"at": rung.at, "effect": rung.effect, **lasts, **lifted}
