"""The rows of results as CSV: one line a lesson and policy, for whoever wants to reckon with them elsewhere.

Names come from policies and studies that somebody else may have written, and spreadsheets take a cell that begins with
`=` or the like for a formula. Such a cell gets an apostrophe before it, so that it is shown and not carried out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, TypeAlias

from tutorcore.instants import Instant, to_text
from tutorcore.sim.results import Result, Row

Cell: TypeAlias = str | int | float | bool | timedelta | Instant | None

_STARTS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""As in the list of OWASP, with the wide forms that some spreadsheets take for the narrow ones."""

_SECOND: Final = timedelta(seconds=1)


def heading() -> str:
    """Return the line with the names of the columns."""
    return _line(("policy", "replication", *_COLUMNS, "currency", "decimals"))


def lines_of(policy: str, result: Result) -> str:
    """Return the lines of a result, the policy being called as the study calls it."""
    unit = result.unit
    return "".join(
        _line((policy, result.replication, *(read(row) for read in _COLUMNS.values()), unit.code, unit.exponent))
        for row in result.rows
    )


def defused(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    >>> defused("=1+1")
    "'=1+1"
    """
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text


def _line(cells: tuple[Cell, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([_cell(cell) for cell in cells])
    return line.getvalue()


def _cell(cell: Cell) -> str | int | float:
    match cell:
        case None:
            return ""
        case bool():
            return int(cell)
        case str():
            return defused(cell)
        case timedelta():
            return cell // _SECOND
        case int() | float():
            return cell
        case _:
            return to_text(cell)


_COLUMNS: Final[Mapping[str, Callable[[Row], Cell]]] = {
    "lesson": lambda row: row.lesson,
    "tutor": lambda row: row.tutor,
    "student": lambda row: row.student,
    "kind": lambda row: row.kind,
    "asked": lambda row: row.asked,
    "start": lambda row: row.start,
    "end": lambda row: row.end,
    "price_minor": lambda row: row.price,
    "refused": lambda row: row.refused,
    "ending": lambda row: row.ending,
    "over": lambda row: row.is_over,
    "took_place": lambda row: row.is_taught,
    "agreed": lambda row: row.agreed,
    "ended": lambda row: row.ended,
    "row": lambda row: row.step,
    "paid_minor": lambda row: row.paid,
    "tutor_minor": lambda row: row.tutor_gets,
    "platform_minor": lambda row: row.platform_gets,
    "held_seconds": lambda row: row.held,
    "offers": lambda row: row.rounds,
    "occurrence": lambda row: row.occurrence,
    "steps": lambda row: row.steps,
    "tutor_marks": lambda row: " ".join(row.tutor_marks),
    "student_marks": lambda row: " ".join(row.student_marks),
    "verbs": lambda row: " ".join(row.verbs),
    "refusals": lambda row: " ".join(f"{verb}:{code}" for verb, code in row.refusals),
}
