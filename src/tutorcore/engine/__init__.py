"""The engine: the facade that loads, decides and stores, and the work it does in one transaction."""

from tutorcore.engine.marketplace import Marketplace, Swept
from tutorcore.engine.outcome import Outcome
from tutorcore.engine.reading import Earnings, Explanation
from tutorcore.engine.relay import MeetingRelay, Patience, Relayed, Trouble

__all__ = [
    "Earnings",
    "Explanation",
    "Marketplace",
    "MeetingRelay",
    "Outcome",
    "Patience",
    "Relayed",
    "Swept",
    "Trouble",
]
