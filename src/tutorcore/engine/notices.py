"""Notices: from a matter to what one recipient is told, in their language and zone, with the entry for their calendar.

Pure: the same matter and contacts make the same notice, whenever it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from tutorcore.engine.matters import LessonStep, Matter, Person, Recipient, StandingStep
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.instants import Instant, to_text
from tutorcore.lessons.appointments import Appointment, appointment_change, appointment_left, appointment_of
from tutorcore.lessons.lesson import Lesson, Terms, next_deadline
from tutorcore.ports.notifications import Contact, Invitation, Method, Notice
from tutorcore.standing import Standing
from tutorcore.text.entries import entry_notes, entry_title
from tutorcore.text.letter import Letter
from tutorcore.text.letters import leaving_letter, lesson_letter, reminder_letter
from tutorcore.text.locales import ENGLISH, lineage
from tutorcore.text.readers import Cast, Reader
from tutorcore.text.standing_letters import standing_letter
from tutorcore.text.wording import own_catalogues
from tutorcore.text.words import Words, words_for

_NOWHERE: Final = "UTC"
_DOMAIN: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def _brand(_self: object, _field: attrs.Attribute[str], value: str) -> None:
    if not isinstance(value, str):
        raise InvalidType("brand", value, "a text")


def _wording(_self: object, _field: attrs.Attribute[Path | None], value: Path | None) -> None:
    if value is not None and not isinstance(value, Path):
        raise InvalidType("wording", value, "the Path of a folder of catalogues")
    if value is not None:
        own_catalogues(value)


def _domain(_self: object, _field: attrs.Attribute[str], value: str) -> None:
    if not isinstance(value, str):
        raise InvalidType("domain", value, "a text")
    if _DOMAIN.fullmatch(value) is None:
        raise InvalidValue("domain", value, "a domain of the platform's own, such as tutors.example")


@attrs.frozen
class Writer:
    """Writes for one platform: under its brand, with its own wording, and entries for calendars under its domain."""

    brand: str = attrs.field(validator=_brand)
    wording: Path | None = attrs.field(validator=_wording)
    domain: str = attrs.field(validator=_domain)

    def notice(self, sequence: int, matter: Matter, recipient: Recipient, contact: Contact, cast: Cast) -> Notice:
        """Return what the recipient is told of a matter; `sequence` is that of its row, and makes the key."""
        words, message = words_for(_language(contact.locale), self.wording), matter.message
        reader = _reader(matter, recipient, contact)
        letter = self._letter(words, cast, reader, matter, recipient)
        return Notice(
            key=f"{sequence}:{recipient.name}",
            kind=message.kind,
            lesson=message.lesson,
            number=message.number,
            recipient=recipient.party if isinstance(recipient, Person) else recipient.name,
            to=contact,
            subject=letter.subject,
            short=letter.short,
            text=letter.text,
            html=letter.html,
            locale=letter.locale,
            direction=letter.direction,
            at=message.at,
            event=_event(matter),
            deadline=_deadline(matter),
            invitation=self._invitation(words, cast, reader, matter, recipient, letter),
        )

    def _letter(self, words: Words, cast: Cast, reader: Reader, matter: Matter, recipient: Recipient) -> Letter:
        step = matter.step
        if isinstance(step, StandingStep):
            return standing_letter(words, cast, reader, step.before, step.version, brand=self.brand)
        if matter.message.kind == "reminder":
            return reminder_letter(words, cast, reader, step.version, brand=self.brand)
        if isinstance(recipient, Person) and recipient.leaves and step.before is not None:
            return leaving_letter(words, cast, reader, step.before, step.version, brand=self.brand)
        return lesson_letter(words, cast, reader, step.before, step.version, brand=self.brand)

    def _invitation(
        self, words: Words, cast: Cast, reader: Reader, matter: Matter, recipient: Recipient, letter: Letter
    ) -> Invitation | None:
        """What the reader's calendar is to be told; a desk has none."""
        step = matter.step
        if matter.message.kind != "told" or not isinstance(recipient, Person) or not isinstance(step, LessonStep):
            return None
        change = _calendar_change(recipient, step)
        if change is None:
            return None
        method, entry, shown = change
        return Invitation(
            method=method,
            uid=f"{entry.uid}@{self.domain}",
            sequence=step.version.number,
            start=entry.start,
            end=entry.end,
            summary=entry_title(words, cast, reader, step.version),
            description=entry_notes(words, cast, reader, shown, letter.link),
            url=_address(letter),
            stamp=step.version.at,
        )


def _language(wanted: str) -> str:
    """The language that a contact asks for, or English if it names none: a letter in English beats none at all."""
    try:
        lineage(wanted)
    except InvalidValue:
        return ENGLISH
    return wanted


def _reader(matter: Matter, recipient: Recipient, contact: Contact) -> Reader:
    """Who reads, and where their clock is: as their contact says, or else as they are registered."""
    if isinstance(recipient, Person):
        return Reader(recipient.party, contact.zone or matter.zones.get(recipient.party, _NOWHERE))
    return Reader(None, contact.zone or _NOWHERE, recipient.role)


def _calendar_change(recipient: Person, step: LessonStep) -> tuple[Method, Appointment, Lesson] | None:
    """Which entry is to be made, altered or taken out, if any is, and the version whose entry that is."""
    before, version = step
    change = appointment_change(before, version)
    if recipient.leaves:
        named, entry = before, appointment_left(before, version)
    else:
        named = before if change == "cancel" else version
        entry = None if named is None or change is None else appointment_of(named)
    if named is None or entry is None:
        return None
    return "REQUEST" if change == "request" and not recipient.leaves else "CANCEL", entry, named


def _deadline(matter: Matter) -> Instant | None:
    """The stored instant until which somebody is waited for."""
    version = matter.step.version
    if not isinstance(version, Lesson) or version.waits_for is None:
        return None
    due = next_deadline(version)
    return None if due is None else due.at


def _event(matter: Matter) -> Mapping[str, str]:
    """The plain facts for programs; what there is none of is left out."""
    version = matter.step.version
    found = _lesson_event(matter, version) if isinstance(version, Lesson) else _standing_event(version)
    return {name: value for name, value in found.items() if value}


def _lesson_event(matter: Matter, version: Lesson) -> dict[str, str]:
    command, brief = version.command, version.brief
    facts = {
        "policy": version.machine.process.name,
        "state": version.state,
        "waits_for": version.waits_for or "",
        "student": brief.student,
        "tutor": brief.tutor,
        "payer": brief.payer,
        "requester": brief.requester,
        **_terms_event(version.terms),
        "currency": brief.currency,
        "held": str(version.held),
        "proposal": str(version.proposal),
        **({} if version.change is None else _terms_event(version.change.terms, "proposed_")),
    }
    if matter.message.kind == "reminder":
        return {"verb": "reminder", **facts}
    if command is None:
        return {"verb": "timeout", **facts}
    return {"verb": command.verb, "actor": command.actor, "reason": command.reason, **facts}


def _terms_event(terms: Terms, prefix: str = "") -> dict[str, str]:
    details = {f"{prefix}detail.{name}": text for name, text in terms.details}
    facts = {"start": to_text(terms.start), "end": to_text(terms.end), "price": str(terms.price), "kind": terms.kind}
    return {f"{prefix}{name}": value for name, value in facts.items()} | details


def _standing_event(standing: Standing) -> dict[str, str]:
    happening = standing.happening
    return {
        "verb": happening.kind,
        "tutor": standing.tutor,
        "actor": happening.actor or "",
        "counter": happening.counter,
        "report": str(happening.report or ""),
        "effects": " ".join(happening.effects),
        "reason": happening.reason,
    }


def _address(letter: Letter) -> str | None:
    """Where to join, if that is an address on the web: a calendar can open nothing else."""
    link = None if letter.link is None else letter.link[1]
    return link if link is not None and link.startswith(("https://", "http://")) else None
