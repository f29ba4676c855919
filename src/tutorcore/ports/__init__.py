"""Ports: what the outside has to be able to do for the engine, as protocols."""

from tutorcore.ports.meetings import (
    Created,
    MeetingProvider,
    MeetingRefused,
    MeetingRequest,
    MeetingUnavailable,
)
from tutorcore.ports.storage import (
    AuditLine,
    Cause,
    OutboxRow,
    Party,
    PostedEntry,
    Recorded,
    RecordedStanding,
    Savepoint,
    Storage,
    Transaction,
    begun_at,
)

__all__ = [
    "AuditLine",
    "Cause",
    "Created",
    "MeetingProvider",
    "MeetingRefused",
    "MeetingRequest",
    "MeetingUnavailable",
    "OutboxRow",
    "Party",
    "PostedEntry",
    "Recorded",
    "RecordedStanding",
    "Savepoint",
    "Storage",
    "Transaction",
    "begun_at",
]
