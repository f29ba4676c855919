"""What the people of a scenario are written, each in their language and on their clock.

The letters are made as the relay of messages makes them, from the outbox that a run has left, and go nowhere: looking
at them sends nothing and finishes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tutorcore.cli.answer import Document
from tutorcore.cli.lines import folded, utc
from tutorcore.cli.report import Report
from tutorcore.cli.scenario import Scenario
from tutorcore.engine.address_book import AddressBook
from tutorcore.engine.matters import matter_of
from tutorcore.engine.message_relay import KINDS
from tutorcore.engine.notices import Writer
from tutorcore.instants import to_text
from tutorcore.policy.roles import GRANTED_ROLES
from tutorcore.ports.notifications import Contact, Contacts, Notice
from tutorcore.ports.storage import Transaction

_INDENT: Final = " " * 6
_DOMAIN: Final = "tutorcore.invalid"


def writer_of(wording: str | None) -> Writer:
    """Return who writes, with the wording of a folder if one is named; raise what is wrong with it."""
    return Writer("", None if wording is None else Path(wording), _DOMAIN)


def letters_of(tx: Transaction, report: Report, writer: Writer) -> list[Notice]:
    """Return every notice about the lessons of a scenario, in the order of the outbox and then of its recipients."""
    contacts = _contacts(report.scenario)
    found: list[Notice] = []
    for row in tx.outbox(kinds=KINDS):
        if row.message.lesson not in report.histories:
            continue
        matter = matter_of(tx, row.message)
        book = AddressBook(contacts, matter)
        for recipient in matter.recipients:
            contact = book.contact(recipient)
            if contact is not None:
                found.append(writer.notice(row.sequence, matter, recipient, contact, book.cast()))
    return found


def _contacts(scenario: Scenario) -> Contacts:
    """How the people of a scenario are written to; a desk is called by its role, and reads the platform's clock."""
    people = {str(each.id): Contact(name=each.name, locale=each.locale, zone=each.zone) for each in scenario.people}
    return Contacts(people, {role: Contact(name=role, zone=scenario.zone) for role in GRANTED_ROLES})


def letters_text(notices: list[Notice]) -> str:
    """Return the letters in full, each after a line that says when, to whom and in which language it is written.

    Letters are clean where they quote people, and the marks left in them keep right-to-left text in order.
    """
    return "".join(f"{line.rstrip()}\n" for notice in notices for line in _lines(notice))


def _lines(notice: Notice) -> Iterator[str]:
    entry = "" if notice.invitation is None else f"; calendar: {notice.invitation.method}"
    yield from folded(f"{utc(notice.at)}  to {notice.to.name} ({notice.locale}){entry}", "")
    yield f"{_INDENT}{notice.subject}"
    yield ""
    yield from (f"{_INDENT}{line}" for line in notice.text.split("\n"))
    yield ""


def letters_data(notices: list[Notice]) -> list[Document]:
    """Return the letters in plain values."""
    return [_letter(notice) for notice in notices]


def _letter(notice: Notice) -> Document:
    invitation = notice.invitation
    return {
        "key": notice.key,
        "kind": notice.kind,
        "lesson": notice.lesson,
        "number": notice.number,
        "at": to_text(notice.at),
        "recipient": notice.recipient,
        "name": notice.to.name,
        "locale": notice.locale,
        "direction": notice.direction,
        "subject": notice.subject,
        "short": notice.short,
        "text": notice.text,
        "html": notice.html,
        "event": dict(notice.event),
        "deadline": None if notice.deadline is None else to_text(notice.deadline),
        "invitation": None
        if invitation is None
        else {
            "method": invitation.method,
            "uid": invitation.uid,
            "sequence": invitation.sequence,
            "start": to_text(invitation.start),
            "end": to_text(invitation.end),
            "summary": invitation.summary,
        },
    }
