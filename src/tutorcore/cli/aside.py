"""What a step said besides moving a lesson: who came, where it takes place, how to settle or split, how it was.

It is all in the version that the step made; here it is put into the words of the lesson's people, for the timeline and
for the document alike.
"""

from __future__ import annotations

import attrs

from tutorcore.ids import PartyId
from tutorcore.instants import Instant
from tutorcore.lessons.lesson import Lesson, Meeting, Particulars
from tutorcore.policy.process import Fact, Remedy
from tutorcore.policy.roles import Role
from tutorcore.policy.settlement import Settlement

_NOTHING_SAID = Particulars()
_ABOUT_NOBODY: tuple[Fact, ...] = ("meeting", "evidence")


@attrs.frozen
class Said:
    """The fact that a version records, if any, and whatever else its command said.

    `about` is whom the fact is about, in the role `subject` where the report names one; `seen` is when it happened.
    """

    fact: Fact | None
    about: PartyId | None
    subject: Role | None
    seen: Instant
    source: str
    details: tuple[tuple[str, str], ...]
    split: Settlement | None
    blamed: Role | None
    remedy: Remedy | None
    note: str


def said_in(version: Lesson) -> Said | None:
    """Return what the command behind a version said besides its verb; None if nothing, or if there was no command."""
    command, fact = version.command, version.step.records
    if command is None:
        return None
    said = command.particulars or _NOTHING_SAID
    if fact is None and said == _NOTHING_SAID and not command.note:
        return None
    is_about_somebody = fact is not None and fact not in _ABOUT_NOBODY
    subject = said.subject if is_about_somebody else None
    about = command.actor if subject is None else version.brief.party(subject)
    return Said(
        fact,
        about if is_about_somebody else None,
        subject,
        said.seen or version.at,
        said.source,
        said.details,
        said.split,
        said.blamed,
        said.remedy,
        command.note,
    )


def links_of(meeting: Meeting) -> str:
    """Return where people join, in one line: what is the same for all of them is said once."""
    links = dict(meeting.links)
    if len(links) > 1 and len(set(links.values())) == 1:
        return f"{' and '.join(links)} at {next(iter(links.values()))}"
    return ", ".join(f"{role} at {link}" for role, link in links.items())
