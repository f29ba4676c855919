"""Steps of a scenario that are about no lesson: how a tutor stands, and what becomes of a tutor's earnings.

    [[steps]]
    at     = 2018-03-01T10:00:00Z
    who    = "agnes"
    do     = "dismiss_report"
    tutor  = "tom"
    report = 1
    reason = "ill"
    case   = "4711"

Which party is who, and which amounts there are, is read by `reading`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tutorcore.cli.scenario import Earn, Handle
from tutorcore.documents.reader import Table
from tutorcore.errors import suggest
from tutorcore.ids import PartyId
from tutorcore.money import Money
from tutorcore.payouts import APPLY, RETURNED, SPEND, WITHDRAW
from tutorcore.policy.process import Process
from tutorcore.policy.restrictions import RESTRICTIONS

KEYS_OF_ACCOUNTS: Final = ("report", "counter", "effect", "case", "withdrawal")
"""The keys that only these steps have."""


def read_handle(table: Table, do: str, tutor: PartyId | None, process: Process | None) -> Handle | None:
    """Return what somebody does about how a tutor stands; None where that is not said well, which is noted."""
    mistakes = len(table.problems)
    report = table.integer("report", least=1) if do in ("dismiss_report", "record_report") else None
    counter = _counter(table, process) if do == "reset_counter" else None
    effect = table.one_of("effect", RESTRICTIONS) if do == "lift" else None
    reason, case, note = ("" if do == "show_profile" else table.text(key, "") for key in ("reason", "case", "note"))
    if tutor is None or len(table.problems) > mistakes:
        return None
    return Handle(tutor, report, counter, effect, reason, case, note)


def _counter(table: Table, process: Process | None) -> str:
    """A counter of the policy; of an unknown policy, whatever is written."""
    if process is None:
        return table.text("counter")
    return table.one_of("counter", tuple(counter.name for counter in process.account.counters))


def read_earn(
    table: Table, do: str, amount: Callable[[Table], Money | None], withdrawn: dict[str, None]
) -> Earn | None:
    """Return what becomes of earnings; None where that is not said well, which is noted.

    `amount` reads the step's amount, and `withdrawn` holds the names that withdrawals have got so far.
    """
    if do == APPLY:
        return Earn()
    if do in (SPEND, WITHDRAW):
        name = table.text("withdrawal", "") if do == WITHDRAW else ""
        if name:
            withdrawn[name] = None
        found = amount(table)
        return None if found is None else Earn(found, name)
    mistakes = len(table.problems)
    name, reason = table.text("withdrawal"), table.text("reason", "") if do == RETURNED else ""
    if len(table.problems) == mistakes and name not in withdrawn:
        message = f"is {name!r}, a withdrawal that no earlier step has named"
        table.mistake("withdrawal", message, suggest(name, withdrawn))
    return Earn(None, name, reason) if len(table.problems) == mistakes else None
