"""The wall times of RRULE (RFC 5545, section 3.8.5.3).

What a rule brings is `tutorcore.calendar.recurrence`'s business; here it gets its line in a calendar, and a limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Final

from tutorcore.adapters.ical.limits import Budget
from tutorcore.adapters.ical.parsing import Property
from tutorcore.calendar.recurrence import Recurrence
from tutorcore.errors import Mistake, TutorcoreError
from tutorcore.instants import EARLIEST, from_micros, to_micros

_LONGEST_REASON: Final = 300
_A_RULE: Final = 10
_DAYS_COUNTED: Final = 20  # For what one occurrence costs.

# Some programs write this for a rule without an end; instants go no further.
_ENDLESS: Final = re.compile(r";UNTIL=9[0-9]{7}(?:T[0-9]{6}Z?)?(?=;|$)", re.ASCII | re.IGNORECASE)

_FIRST: Final = to_micros(EARLIEST)


def rule_starts(
    rule: Property,
    start: datetime,
    micros_of: Callable[[datetime], int],
    until: datetime,
    budget: Budget,
    since: datetime | None = None,
) -> list[datetime]:
    """Return the wall times from `since` up to `until` that an RRULE brings, the first of all being `start`.

    `micros_of` says which instant a wall time is, for an UNTIL in UTC. Raises `Mistake` for what is no rule.
    """
    recurrence = _recurrence(rule)
    budget.spend(rule, _work(recurrence, start, since))
    walls = recurrence.starts(start, until, since, instant_of=lambda wall: from_micros(max(micros_of(wall), _FIRST)))
    found = list(islice(walls, budget.left + 1))
    budget.spend(rule, len(found))
    return found


def brings(rule: Property, start: datetime) -> bool:
    """Return whether an RRULE would bring what starts at `start` of itself, and not only as the first of all."""
    return _recurrence(rule).brings(start)


def _recurrence(rule: Property) -> Recurrence:
    try:
        return Recurrence.parse(_ENDLESS.sub("", rule.value.strip()))
    except TutorcoreError as error:
        raise Mistake(f"{rule.name}: {str(error)[:_LONGEST_REASON]}", line=rule.line) from None


def _work(recurrence: Recurrence, start: datetime, since: datetime | None) -> int:
    """Return what a rule costs before it brings anything: one with a COUNT has to be counted from its start."""
    days = 0 if recurrence.count is None or since is None else max((since - start).days, 0)
    return _A_RULE + min(recurrence.count or 0, days) // _DAYS_COUNTED
