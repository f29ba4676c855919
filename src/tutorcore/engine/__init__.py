"""The engine: the facade that loads, decides and stores, and the work it does in one transaction.

The relay of messages is in `tutorcore.engine.message_relay`: it loads all that letters are made of.
"""

from tutorcore.engine.marketplace import Marketplace, Swept
from tutorcore.engine.meeting_relay import MeetingRelay, Relayed
from tutorcore.engine.outcome import Outcome
from tutorcore.engine.queue import Patience, Trouble
from tutorcore.engine.reading import Earnings, Explanation

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
