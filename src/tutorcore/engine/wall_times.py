"""Wall times: what people's clocks show at the start that is proposed to them."""

from __future__ import annotations

from tutorcore.calendar.zones.stored_times import StoredTime
from tutorcore.errors import InvariantError
from tutorcore.ids import PartyId
from tutorcore.lessons.lesson import Brief, Terms
from tutorcore.ports.storage import Transaction, WallTime


def wall_times(tx: Transaction, brief: Brief, terms: Terms) -> list[WallTime]:
    """Return what the clocks of a lesson's tutor and student show at the start of these terms, where they are now."""
    return [
        WallTime(brief.id, terms.number, party, StoredTime.of(terms.start, _zone(tx, party)))
        for party in (brief.tutor, brief.student)
    ]


def _zone(tx: Transaction, party: PartyId) -> str:
    found = tx.party(party)
    if found is None:
        raise InvariantError(f"{party} has a lesson and is not registered")
    return found.zone
