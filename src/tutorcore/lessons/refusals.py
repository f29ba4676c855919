"""Refusals: the answers that say no.

A refusal is a value, not an exception. Its code is stable; its facts say what stood against the command. Where several
apply, the one that comes first in `PRECEDENCE` is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from tutorcore.errors import TutorcoreError

PRECEDENCE: Final[Mapping[str, str]] = {
    "key_reused": "this key was used before for something else; use a new key",
    "out_of_order": "something later is already recorded; give a `now` at or after {last}",
    "not_open": "{verb} is not open in the state {state}; open: {open}",
    "not_yours": "{verb} is open to {by}, and {actor} is none of them here",
    "stale_offer": "proposal {proposal} is not the one on the table; look again, and answer {current}",
    "missing": "{verb} needs {needs}",
    "guard": "{verb} is open only while {condition}",
    "bad_terms": "what was said cannot stand: {problem}",
    "no_time_left": "no time would be left: {deadline} is already past; propose a later start",
    "not_bookable": "{tutor} cannot be booked at {start}: {reasons}",
    "insufficient_funds": "{party} has {has} {currency} and needs {needed}: {missing} {currency} are missing",
    "slot_taken": "{party} is already engaged from {start} to {end}; choose another time",
    "reports_open": "{count} of the reports that {counter} counts are still open; dismiss or record them first",
    "restricted": "{tutor} may not do this now: {what}",
    "frozen": "the wallet of {party} is frozen; what is in it can be neither withdrawn nor spent",
    "not_applied": "a withdrawal in {month} needs an application of {before} that is not used yet; {tutor} has none",
    "applied_already": "{tutor} has applied in {month} already; one application a month is all there is",
    "too_little": "a withdrawal has to be at least {minimum} {currency}; ask for more, or wait for more",
}
"""Every refusal code with the sentence that says it, in order of precedence."""

DISCREET: Final[Mapping[str, str]] = {
    "insufficient_funds": "the wallet of {party} does not cover the {needed} {currency} that this needs",
}
"""What is said instead to somebody whom all the facts are none of the business: some are then left out."""


@attrs.frozen
class Refusal:
    """A command was understood and may not be done. `code` is one of `PRECEDENCE`, `facts` fill its sentence."""

    code: str
    facts: Mapping[str, str] = attrs.field(factory=dict)

    @classmethod
    def of(cls, code: str, **facts: object) -> Refusal:
        """Return a refusal with its facts as texts, the form in which they are stored."""
        return cls(code, {name: str(value) for name, value in facts.items()})

    @property
    def sentence(self) -> str:
        """The refusal in plain English."""
        try:
            return PRECEDENCE[self.code].format_map(self.facts)
        except KeyError:
            if self.code not in DISCREET:
                raise
        return DISCREET[self.code].format_map(self.facts)


class Refused(TutorcoreError, PermissionError):
    """Raised by `Outcome.or_raise()` for callers who prefer an exception; carries the `refusal`."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.code}: {refusal.sentence}")
        self.refusal = refusal
