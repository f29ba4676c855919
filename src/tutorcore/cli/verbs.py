"""What can be said with the verbs of a policy: which propose terms or remedies, report, split, blame, bring details.

A step of a scenario may carry only what its verb can use, so that what is written in vain comes to light when the file
is read. It is the rows of the table that show it, wherever a verb stands in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from tutorcore.policy.expressions import Guard, walk
from tutorcore.policy.process import Move, Process
from tutorcore.policy.settlement import AsGiven
from tutorcore.policy.wellformed import rows_of
from tutorcore.policy.words import blamed

_OF_A_FACT: Final = ("subject", "seen", "source", "details")
_OF_A_SPLIT: Final = ("split", "blamed")
_OF_A_REMEDY: Final = ("remedy", "details")


@attrs.frozen
class Verb:
    """A verb, whether some row of it proposes terms, and the keys of the particulars that some row can use."""

    name: str
    proposes: bool
    says: frozenset[str]


def verbs_of(process: Process) -> Mapping[str, Verb]:
    """Return every verb of the table by its name."""
    rows: dict[str, list[Move]] = {name: [] for name in process.verbs}
    with_remedy = set(_OF_A_REMEDY)
    for _, _, row in rows_of(process):
        if isinstance(row, Move):
            rows[row.verb].append(row)
        if row.effects.agrees and any(_asks_who_is_blamed(case.when) for case in row.effects.cases):
            with_remedy.add("blamed")
    return {
        name: Verb(
            name,
            any(row.effects.terms == "propose" for row in moves),
            frozenset(key for row in moves for key in _said(row, with_remedy)),
        )
        for name, moves in rows.items()
    }


def _said(row: Move, with_remedy: Iterable[str]) -> Iterable[str]:
    """The keys that a row can use; `with_remedy` are those of a row that puts a remedy on the table."""
    effects = row.effects
    if effects.records == "evidence":
        yield "details"
    elif effects.records is not None:
        yield from _OF_A_FACT
    if "details" in row.needs:
        yield "details"
    if effects.remedies:
        yield from with_remedy
    if "split" in effects.remedies:
        yield "split"
    guards = [row.when]
    if not effects.agrees:  # What the cases of one that agrees read was said with the remedy.
        guards += [case.when for case in effects.cases]
        if "split" in row.needs or any(isinstance(case.settle, AsGiven) for case in effects.cases):
            yield from _OF_A_SPLIT
    if any(map(_asks_who_is_blamed, guards)):
        yield "blamed"


def _asks_who_is_blamed(guard: Guard | None) -> bool:
    return guard is not None and any(node == blamed for node in walk(guard))
