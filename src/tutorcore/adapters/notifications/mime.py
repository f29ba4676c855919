"""Notices as e-mail messages: plain text, HTML, and the invitation both as a part and as a file.

Mail programs show the part `text/calendar` as an invitation with the letter; some know only the file. Every header is
made of one line, whatever people wrote. Knows nothing of servers.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final
from urllib.parse import quote

from tutorcore.adapters.ical.calendars import Person
from tutorcore.adapters.ical.invitations import invitation_text
from tutorcore.adapters.notifications.headers import POLICY, mailbox_header, text_header
from tutorcore.adapters.notifications.mailboxes import Mailbox
from tutorcore.adapters.plain_text import several_lines
from tutorcore.instants import Instant
from tutorcore.ports.notifications import Invitation, Method, Notice

_FILES: Final[Mapping[Method, str]] = {"REQUEST": "invite.ics", "CANCEL": "cancel.ics"}


def message_id(key: str, domain: str) -> str:
    """Return the `Message-ID` of the notice of that key: the key itself, quoted as in URLs, at the domain.

    >>> message_id("17:ann.b", "example.com")
    '<17%3Aann%2Eb@example.com>'
    """
    return f"<{_quoted(key)}@{domain}>"


def message_of(
    notice: Notice,
    *,
    sender: Mailbox,
    recipient: Mailbox,
    reply_to: Mailbox | None,
    domain: str,
    at: Instant,
) -> EmailMessage:
    """Return the message that carries the notice; `at` is when it is sent, `domain` whose ids it bears.

    Messages about one lesson refer to the same id, so that mail programs show them together.
    """
    message = EmailMessage(POLICY)
    message["From"] = mailbox_header(sender)
    message["To"] = mailbox_header(recipient)
    if reply_to is not None:
        message["Reply-To"] = mailbox_header(reply_to)
    message["Subject"] = text_header(notice.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id(notice.key, domain)
    thread = f"<lesson.{_quoted(notice.lesson)}@{domain}>"
    message["In-Reply-To"] = thread
    message["References"] = thread
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(several_lines(notice.text))
    message.add_alternative(several_lines(notice.html), subtype="html")
    if notice.invitation is not None:
        _invite(message, notice.invitation, sender, recipient)
    # Last: adding a part moves what stands under Content-* into the first one.
    message["Content-Language"] = text_header(notice.locale.replace("_", "-"))
    return message


def _invite(message: EmailMessage, invitation: Invitation, sender: Mailbox, recipient: Mailbox) -> None:
    text = invitation_text(
        invitation,
        organizer=Person(sender.name, sender.address),
        attendee=Person(recipient.name, recipient.address),
    )
    message.add_alternative(text, subtype="calendar", params={"method": invitation.method}, cte="base64")
    message.add_attachment(text.encode(), "application", "ics", filename=_FILES[invitation.method])


def _quoted(id: str) -> str:
    """The id as one word without dots, which may not stand everywhere in a `Message-ID`."""
    return quote(id, safe="").replace(".", "%2E")
