"""tutorcore: lesson marketplaces as a library.

Somebody asks for somebody's time and pays for it. A policy says what may happen until when; tutorcore compiles it into
one table, and runs lessons by that table: deadlines with their reasons, escrow by double entry, everything inside the
caller's database transaction.

    from tutorcore import Marketplace, load_preset, open_sqlite

Names are loaded when they are first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

# The type checker reads the names here; at run time `__getattr__` finds them by the same table.
if TYPE_CHECKING:
    from tutorcore.adapters.files import load_policy_file
    from tutorcore.adapters.memory import MemoryStorage
    from tutorcore.adapters.sql.sqlite import enlist_sqlite, install_schema, open_sqlite
    from tutorcore.calendar.schedules.document import load_schedule
    from tutorcore.calendar.schedules.schedule import Schedule
    from tutorcore.clock import VirtualClock, system_clock
    from tutorcore.engine.marketplace import Marketplace, Swept
    from tutorcore.engine.meeting_relay import MeetingRelay
    from tutorcore.engine.message_relay import MessageRelay
    from tutorcore.engine.outcome import Outcome
    from tutorcore.engine.reading import Earnings, Explanation
    from tutorcore.errors import (
        InvalidType,
        InvalidValue,
        InvariantError,
        Mistake,
        Mistakes,
        StorageError,
        TutorcoreError,
        UnknownName,
    )
    from tutorcore.instants import Instant, instant
    from tutorcore.lessons.lesson import Deadline, Lesson, Meeting, Offer, Particulars, Terms
    from tutorcore.lessons.options import Option, Preview
    from tutorcore.lessons.refusals import Refusal, Refused
    from tutorcore.lessons.reviews import Reviewed
    from tutorcore.money import Currency, Money
    from tutorcore.policy.codec import load_policy, load_preset
    from tutorcore.policy.process import Process
    from tutorcore.policy.settlement import Settlement
    from tutorcore.ports.notifications import Contact, Contacts

_HOMES = {
    "Contact": "tutorcore.ports.notifications",
    "Contacts": "tutorcore.ports.notifications",
    "Currency": "tutorcore.money",
    "Deadline": "tutorcore.lessons.lesson",
    "Earnings": "tutorcore.engine.reading",
    "Explanation": "tutorcore.engine.reading",
    "Instant": "tutorcore.instants",
    "InvalidType": "tutorcore.errors",
    "InvalidValue": "tutorcore.errors",
    "InvariantError": "tutorcore.errors",
    "Lesson": "tutorcore.lessons.lesson",
    "Marketplace": "tutorcore.engine.marketplace",
    "Meeting": "tutorcore.lessons.lesson",
    "MeetingRelay": "tutorcore.engine.meeting_relay",
    "MemoryStorage": "tutorcore.adapters.memory",
    "MessageRelay": "tutorcore.engine.message_relay",
    "Mistake": "tutorcore.errors",
    "Mistakes": "tutorcore.errors",
    "Money": "tutorcore.money",
    "Offer": "tutorcore.lessons.lesson",
    "Option": "tutorcore.lessons.options",
    "Outcome": "tutorcore.engine.outcome",
    "Particulars": "tutorcore.lessons.lesson",
    "Preview": "tutorcore.lessons.options",
    "Process": "tutorcore.policy.process",
    "Refusal": "tutorcore.lessons.refusals",
    "Refused": "tutorcore.lessons.refusals",
    "Reviewed": "tutorcore.lessons.reviews",
    "Schedule": "tutorcore.calendar.schedules.schedule",
    "Settlement": "tutorcore.policy.settlement",
    "StorageError": "tutorcore.errors",
    "Swept": "tutorcore.engine.marketplace",
    "Terms": "tutorcore.lessons.lesson",
    "TutorcoreError": "tutorcore.errors",
    "UnknownName": "tutorcore.errors",
    "VirtualClock": "tutorcore.clock",
    "enlist_sqlite": "tutorcore.adapters.sql.sqlite",
    "install_schema": "tutorcore.adapters.sql.sqlite",
    "instant": "tutorcore.instants",
    "load_policy": "tutorcore.policy.codec",
    "load_policy_file": "tutorcore.adapters.files",
    "load_preset": "tutorcore.policy.codec",
    "load_schedule": "tutorcore.calendar.schedules.document",
    "open_sqlite": "tutorcore.adapters.sql.sqlite",
    "system_clock": "tutorcore.clock",
}

__all__ = [
    "Contact",
    "Contacts",
    "Currency",
    "Deadline",
    "Earnings",
    "Explanation",
    "Instant",
    "InvalidType",
    "InvalidValue",
    "InvariantError",
    "Lesson",
    "Marketplace",
    "Meeting",
    "MeetingRelay",
    "MemoryStorage",
    "MessageRelay",
    "Mistake",
    "Mistakes",
    "Money",
    "Offer",
    "Option",
    "Outcome",
    "Particulars",
    "Preview",
    "Process",
    "Refusal",
    "Refused",
    "Reviewed",
    "Schedule",
    "Settlement",
    "StorageError",
    "Swept",
    "Terms",
    "TutorcoreError",
    "UnknownName",
    "VirtualClock",
    "enlist_sqlite",
    "install_schema",
    "instant",
    "load_policy",
    "load_policy_file",
    "load_preset",
    "load_schedule",
    "open_sqlite",
    "system_clock",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'tutorcore' has no attribute {name!r}")
    found: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
