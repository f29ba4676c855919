"""The wall times of RRULE (RFC 5545, section 3.8.5.3).

What a rule brings is `tutorcore.calendar.recurrences.recurrence`'s business; here it gets its line in a calendar, and a
limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from tutorcore.adapters.ical.limits import Budget
from tutorcore.adapters.ical.parsing import Property
from tutorcore.calendar.recurrences.recurrence import Recurrence
from tutorcore.errors import Mistake, TutorcoreError
from tutorcore.instants import EARLIEST, from_micros, to_micros

_LONGEST_REASON: Final = 300
_A_RULE: Final = 10
# For what one occurrence costs: so many times of a day are made, and so many days looked at whether a rule comes then.
_TIMES_MADE: Final = 40
_DAYS_LOOKED_AT: Final = 20
_DAYS_OF_PERIODS: Final = {"yearly": 365, "monthly": 30}
_FIRST_LOOK: Final = 366

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
    budget.spend(rule, _A_RULE + recurrence.most_a_day // _TIMES_MADE)
    looked = _look(recurrence, rule, start, until, budget, since)
    walls = recurrence.starts(start, until, since, instant_of=lambda wall: from_micros(max(micros_of(wall), _FIRST)))
    found = list(islice(walls, budget.left + looked + 1))
    budget.spend(rule, max(len(found) - looked, 0))
    return found


def brings(rule: Property, start: datetime) -> bool:
    """Return whether an RRULE would bring what starts at `start` of itself, and not only as the first of all."""
    return _recurrence(rule).brings(start)


def _recurrence(rule: Property) -> Recurrence:
    try:
        return Recurrence.parse(_ENDLESS.sub("", rule.value.strip().removesuffix(";")))
    except TutorcoreError as error:
        raise Mistake(f"{rule.name}: {str(error)[:_LONGEST_REASON]}", line=rule.line) from None


def _look(
    recurrence: Recurrence, rule: Property, start: datetime, until: datetime, budget: Budget, since: datetime | None
) -> int:
    """Spend what it costs to look for a rule on every day, whether it comes or not, and return that.

    One with a COUNT has to be counted from its start, up to where it ends.
    """
    a_unit = _DAYS_OF_PERIODS.get(recurrence.frequency, _DAYS_LOOKED_AT)
    if recurrence.count is None:
        cost = max((until - max(start, since or start)).days, 0) // a_unit
        budget.spend(rule, cost)
        return cost
    looked, spent, days = 0, 0, max((until - start).days, 0)
    while looked < days:
        edge = min(2 * looked or _FIRST_LOOK, days)
        budget.spend(rule, edge // a_unit - spent)
        looked, spent = edge, edge // a_unit
        wall = start + timedelta(days=looked)
        if looked < days and recurrence.counts_before(start, [wall])[wall] == recurrence.count:
            break
    return spent
