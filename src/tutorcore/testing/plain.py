"""A store in plain values, so that two stores, or one before and after, can be compared and shown.

Everything that a `Transaction` lets one read is here, as texts and integers. Knows no particular store.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import attrs

from tutorcore.instants import LATEST, to_text
from tutorcore.lessons.lesson import Lesson
from tutorcore.lessons.projections import marks_of
from tutorcore.lessons.records import brief_record, lesson_record
from tutorcore.lessons.refusals import Refusal
from tutorcore.ports.storage import AuditLine, Cause, OutboxRow, Party, Storage, Transaction
from tutorcore.standing.records import standing_record

Dump: TypeAlias = Mapping[str, tuple[str, ...]]
"""What a store keeps: lines of text by the name of what they are about."""


def plain_lesson(lesson: Lesson) -> tuple[object, ...]:
    """Return a version in plain values; equal for equal versions, whichever store they came from."""
    return (*brief_record(lesson.brief), *lesson_record(lesson))


def plain_refusal(refusal: Refusal | None) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """Return a refusal in plain values, its facts ordered by name."""
    return None if refusal is None else (refusal.code, tuple(sorted(refusal.facts.items())))


def dump(storage: Storage) -> Dump:
    """Return everything that the store keeps, in an order of its own making where it has one."""
    with storage.reading() as tx:
        return {
            "parties": tuple(_party(party) for party in tx.parties()),
            "schedules": tuple(f"{party.id} {tx.schedule(party.id)!r}" for party in tx.parties()),
            "busy": tuple(f"{party.id} {tx.busy(party.id)!r}" for party in tx.parties()),
            "audit": tuple(_line(line) for line in tx.audit()),
            "versions": _versions(tx),
            "entries": tuple(f"{each.number} {_cause(each.cause)} {each.entry!r}" for each in tx.entries()),
            "balances": tuple(f"{account.name} {code} {minor}" for account, code, minor in tx.balances()),
            "claims": tuple(f"{claim!r}" for claim in tx.claims()),
            "wall times": tuple(f"{row!r}" for row in tx.wall_times()),
            "clearings": tuple(f"{clearing!r}" for clearing in tx.due_clearings(LATEST)),
            "due": tuple(tx.due(LATEST)),
            "marks": _marks(tx),
            "reminders": tuple(f"{row!r}" for row in tx.due_reminders(LATEST)),
            "standings": _standings(tx),
            "withdrawals": tuple(f"{withdrawal!r}" for withdrawal in tx.withdrawals()),
            "outbox": tuple(_message(row) for row in tx.outbox()),
        }


def without(found: Dump, *names: str) -> Dump:
    """Return a dump without what these names are about."""
    return {name: lines for name, lines in found.items() if name not in names}


def _cause(cause: Cause) -> str:
    return f"{cause.number}@{to_text(cause.recorded_at)}"


def _party(party: Party) -> str:
    return f"{party.id} {party.zone} {sorted(party.grants)} {sorted(party.permissions)}"


def _message(row: OutboxRow) -> str:
    progress = "done" if row.done else f"{row.attempts} attempts, {row.retry_at}"
    settled = "".join(f", {delivery.recipient}: {delivery.failure or 'arrived'}" for delivery in row.settled)
    return f"{row.sequence} {_cause(row.cause)} {row.message!r} {progress}{settled}"


def _line(line: AuditLine) -> str:
    *said, refusal, subject = line[1:]
    return f"{_cause(line.cause)} {tuple(said)!r} {plain_refusal(refusal)!r} {subject!r}"


def _versions(tx: Transaction) -> tuple[str, ...]:
    recorded = [each for lesson in tx.lessons() for each in tx.history(lesson.id)]
    recorded.sort(key=lambda each: each.sequence)
    return tuple(f"{each.sequence} {_cause(each.cause)} {plain_lesson(each.version)!r}" for each in recorded)


def _standings(tx: Transaction) -> tuple[str, ...]:
    recorded = [each for standing in tx.standings() for each in tx.standing_history(standing.tutor)]
    return tuple(f"{_cause(each.cause)} {standing_record(each.standing)!r}" for each in recorded)


def _marks(tx: Transaction) -> tuple[str, ...]:
    """How many of each mark each party has, of those that any version made, and how much was taught."""
    found = {
        (mark.party, mark.name)
        for lesson in tx.lessons()
        for each in tx.history(lesson.id)
        for mark in marks_of(each.version)
    }
    return tuple(f"{party} {name} {tx.count_marks(party, name, None, LATEST)}" for party, name in sorted(found))


@attrs.frozen
class Difference:
    """Where two dumps differ: the lines that only one of them has."""

    only_left: tuple[str, ...]
    only_right: tuple[str, ...]


def differences(left: Dump, right: Dump) -> dict[str, Difference]:
    """Return what two dumps do not have in common, by name; empty if they are equal."""
    found: dict[str, Difference] = {}
    for name in sorted({*left, *right}):
        mine, theirs = left.get(name, ()), right.get(name, ())
        if mine != theirs:
            found[name] = Difference(
                tuple(line for line in mine if line not in theirs), tuple(line for line in theirs if line not in mine)
            )
    return found
