"""What a scenario says of a person besides zone, wallet and grants: permissions, and when a tutor can be booked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from tutorcore.adapters.files import file_beside, read_bytes
from tutorcore.calendar.schedules.document import load_schedule, read_schedule
from tutorcore.calendar.schedules.schedule import Schedule
from tutorcore.documents.reader import Table
from tutorcore.errors import suggest
from tutorcore.ids import PartyId
from tutorcore.ports.storage import Party

FindSchedule: TypeAlias = Callable[[str], Schedule]
"""From what a scenario calls a schedule to the schedule; raises what is wrong with it."""


def read_permissions(table: Table, everybody: Sequence[str]) -> Iterator[str]:
    """Yield the permissions in a party's table that are words, about nobody or about somebody who is there."""
    table.texts("permissions", ())  # Notes whatever is not a list of texts.
    written = table.value("permissions")
    for index, word in enumerate(written if isinstance(written, list) else ()):
        where = ("permissions", index)
        if not isinstance(word, str) or table.attempt(partial(_permission, word), where) is None:
            continue
        about = word.partition(":")[2]
        if about and about not in everybody:
            message = f"is about {about!r}; expected one of the parties: {', '.join(everybody)}"
            table.mistake(where, message, suggest(about, everybody))
        yield word


def schedule_of_person(table: Table, zone: str, find: FindSchedule) -> Schedule | None:
    """Return the schedule that stands in a party's table, in the party's zone if it names none, or in a file."""
    if isinstance(table.value("schedule"), str):
        return table.parsed("schedule", find)
    inner = table.table("schedule")
    if inner is None:
        return None
    schedule = read_schedule(inner, zone)
    inner.finish()
    return schedule


def load_schedule_file(name: str, folder: Path) -> Schedule:
    """Return the schedule in a file as seen from a folder; raise `Mistakes` with everything that is wrong with it."""
    path = file_beside(name, folder, "schedule file")
    return load_schedule(read_bytes(path), str(path))


def _permission(text: str) -> str:
    """The text, if it is one that a party can have."""
    Party(PartyId("somebody"), "UTC", permissions=frozenset((text,)))
    return text
