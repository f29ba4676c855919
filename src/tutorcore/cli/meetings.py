"""Who makes the meetings of a scenario's lessons: the table `[meetings]`.

    [meetings]
    provider = "jitsi"
    base     = "https://meet.example"
    secret   = "sixteen bytes or more, and not in a file"

The secret of a scenario is in its file, so that every run makes the same rooms; it is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tutorcore.adapters.meetings.jitsi import Jitsi
from tutorcore.adapters.meetings.link import LinkTemplate
from tutorcore.cli.scenario import Meetings, Person
from tutorcore.documents.reader import Table
from tutorcore.errors import suggest
from tutorcore.ids import PartyId
from tutorcore.policy.process import Process
from tutorcore.policy.roles import Role
from tutorcore.ports.meetings import MeetingProvider

_PROVIDERS: Final = ("jitsi", "link")
_OF_SOME_PROVIDER: Final = ("secret", "base", "template")
_VERBS: Final = ("meeting_ready", "meeting_failed")
_OWN: Final[Role] = "system"
_ANY_SECRET: Final = bytes(16)


def read_meetings(table: Table, process: Process | None, people: Mapping[str, Person]) -> Meetings | None:
    """Return who makes the meetings, or None after noting what is wrong; of an unknown policy nothing is asked."""
    mistakes = len(table.problems)
    kind = table.one_of("provider", _PROVIDERS)
    is_known = len(table.problems) == mistakes
    by = _told_by(table, people)
    provider = None if not is_known else _jitsi(table) if kind == "jitsi" else _link(table)
    table.finish(*(() if is_known else _OF_SOME_PROVIDER))
    if process is not None and not _has_meetings(process):
        table.mistake(None, f"policy {process.name} has no meetings, with the moves {' and '.join(_VERBS)}")
    return None if by is None or provider is None else Meetings(by, provider)


def _has_meetings(process: Process) -> bool:
    return set(_VERBS) <= set(process.verbs) and any(state.meeting for state in process.states)


def _told_by(table: Table, people: Mapping[str, Person]) -> PartyId | None:
    """The party that tells the lessons: the one that is named, or else the only one granted `system`."""
    own = [person.id for person in people.values() if _OWN in person.grants]
    expected = f'a party with grants = ["{_OWN}"]'
    if "by" in table:
        name = table.text("by")
        if name in own:
            return PartyId(name)
        if name and name not in people:
            known = ", ".join(people) or "none"
            table.mistake("by", f"is {name!r}; expected one of the parties: {known}", suggest(name, people))
        elif name and not len(table.problems):  # Otherwise what is wrong may be the very grant.
            table.mistake("by", f"is {name!r}; expected {expected}", next(iter(own), None))
        return None
    if len(own) != 1 and not len(table.problems):
        found = f"several are: {', '.join(own)}" if own else "nobody is one"
        table.mistake(None, f"by is missing; expected {expected}, and {found}")
    table.value("by")
    return own[0] if len(own) == 1 else None


def _jitsi(table: Table) -> MeetingProvider | None:
    secret = table.parsed("secret", lambda text: Jitsi(text.encode()).secret)
    base = table.parsed("base", lambda text: Jitsi(_ANY_SECRET, text).base, Jitsi(_ANY_SECRET).base)
    return None if secret is None or base is None else Jitsi(secret, base)


def _link(table: Table) -> MeetingProvider | None:
    return table.parsed("template", LinkTemplate)
