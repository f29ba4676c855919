"""Ports: what the outside has to be able to do for the engine, as protocols."""

from tutorcore.ports.storage import (
    AuditLine,
    Cause,
    OutboxRow,
    Party,
    PostedEntry,
    Recorded,
    Savepoint,
    Storage,
    Transaction,
)

__all__ = [
    "AuditLine",
    "Cause",
    "OutboxRow",
    "Party",
    "PostedEntry",
    "Recorded",
    "Savepoint",
    "Storage",
    "Transaction",
]
