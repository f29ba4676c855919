"""Each other's handles: the two sides agree on a program, and each is given what the other is called there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import attrs

from tutorcore.errors import InvalidType
from tutorcore.ids import PartyId
from tutorcore.lessons.lesson import Meeting
from tutorcore.ports.meetings import Created, MeetingRefused, MeetingRequest

HandleOf: TypeAlias = Callable[[PartyId, str], str | None]

_OTHER: Final = {"student": "tutor", "tutor": "student"}


@attrs.frozen
class Handles:
    """A provider that makes nothing: the student gets the tutor's handle, the tutor the student's.

    `handle_of(party, program)` is the platform's own directory; it returns None for somebody who has no handle there.
    The program is the detail of the agreed terms that `detail` names. A handle that is missing is refused by name, so
    that the platform can ask for it. Who may see whose handle is thereby settled: the other side of an agreed lesson.

    >>> book = {("tom", "skype"): "live:tom", ("ann", "skype"): "ann.b"}
    >>> provider = Handles(lambda party, program: book.get((party, program)))
    """

    handle_of: HandleOf
    detail: str = attrs.field(default="program", kw_only=True)
    name: str = attrs.field(default="handles", kw_only=True)

    def create(self, wanted: MeetingRequest) -> Created:
        """Return each side's way to the other; raise `MeetingRefused` naming everybody who has none."""
        program = wanted.detail(self.detail)
        if not program:
            raise MeetingRefused(f"the agreed terms name no {self.detail}")
        people = {"student": wanted.student, "tutor": wanted.tutor}
        handles = {role: self._handle(party, program) for role, party in people.items()}
        missing = [f"{role} {people[role]} has no handle for {program}" for role in people if not handles[role]]
        if missing:
            raise MeetingRefused("; ".join(missing))
        return Created({role: handles[_OTHER[role]] for role in people})

    def cancel(self, wanted: MeetingRequest, meeting: Meeting | None) -> None:
        """Do nothing: a handle that was told stays known."""

    def _handle(self, party: PartyId, program: str) -> str:
        handle = self.handle_of(party, program)
        if handle is None:
            return ""
        if not isinstance(handle, str):
            raise InvalidType(f"handle of {party}", handle, "a text, or None")
        return handle.strip()
