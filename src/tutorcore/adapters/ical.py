"""Invitations as iCalendar objects (RFC 5545), one to each person, in the form of iTIP requests (RFC 5546).

Knows how an invitation is written, and nothing of how it travels. Times are UTC, so no zone of anybody has to travel
along. Whatever people wrote stays inside the value it belongs to: no text adds a line, a parameter or an address.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final, TypeAlias
from urllib.parse import quote, urlsplit

from tutorcore.adapters.plain_text import one_line, pieces, several_lines
from tutorcore.instants import MICROSECOND, Instant
from tutorcore.ports.notifications import Invitation

Person: TypeAlias = tuple[str, str]
"""What somebody is called, which may be nothing, and their e-mail address."""

_PRODUCT: Final = "-//tutorcore//lessons//EN"
_STATUS: Final = {"REQUEST": "CONFIRMED", "CANCEL": "CANCELLED"}
_SECOND: Final = timedelta(seconds=1)
_LONGEST_LINE: Final = 75
_ESCAPES: Final = str.maketrans({"\\": r"\\", ";": r"\;", ",": r"\,", "\n": r"\n"})
# What RFC 6868 has for characters that end a quoted parameter or begin such an escape.
_QUOTED_ESCAPES: Final = str.maketrans({"^": "^^", '"': "^'"})
# What of an address may stand in a URL as it is (RFC 6068). Readers compare addresses, so nothing else is changed.
_IN_MAILTO: Final = "@!$'*+-._~"


def invitation_text(invitation: Invitation, *, organizer: Person, attendee: Person) -> str:
    """Return the iCalendar object that invites the attendee, or takes the entry out of their calendar.

    Lines end with CRLF. The attendee counts as having accepted and is not asked to reply, since the two agreed with the
    platform and only there can call it off. Where to join stands as the location, and as the URL where it is one.
    """
    return "".join(_folded(line) for line in _lines(invitation, organizer, attendee))


def _lines(invitation: Invitation, organizer: Person, attendee: Person) -> Iterator[str]:
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield f"PRODID:{_PRODUCT}"
    yield f"METHOD:{invitation.method}"
    yield "BEGIN:VEVENT"
    yield f"UID:{_line_text(invitation.uid)}"
    yield f"SEQUENCE:{invitation.sequence}"
    yield f"STATUS:{_STATUS[invitation.method]}"
    yield f"DTSTAMP:{_utc(invitation.stamp)}"
    yield f"DTSTART:{_utc(invitation.start)}"
    yield f"DTEND:{_utc(invitation.end + _SECOND - MICROSECOND)}"
    yield f"SUMMARY:{_line_text(invitation.summary)}"
    yield f"DESCRIPTION:{_text(invitation.description)}"
    if invitation.url is not None:
        yield f"LOCATION:{_line_text(invitation.url)}"
        if _is_web_address(invitation.url):
            yield f"URL:{invitation.url}"
    yield f"ORGANIZER{_called(organizer)}:{_mailto(organizer)}"
    yield (
        f"ATTENDEE{_called(attendee)};CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE"
        f":{_mailto(attendee)}"
    )
    yield "END:VEVENT"
    yield "END:VCALENDAR"


def _utc(at: Instant) -> str:
    """The instant to the second, as iCalendar has no less; an end is rounded up before it gets here."""
    return f"{at:%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    return several_lines(text).translate(_ESCAPES)


def _line_text(text: str) -> str:
    return one_line(text).translate(_ESCAPES)


def _called(person: Person) -> str:
    name = one_line(person[0]).translate(_QUOTED_ESCAPES)
    return f';CN="{name}"' if name else ""


def _mailto(person: Person) -> str:
    return "mailto:" + quote(one_line(person[1]), safe=_IN_MAILTO)


def _is_web_address(url: str) -> bool:
    """Whether it may stand as a URL. Meetings may have handles or rooms instead, which are no URLs at all."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname)


def _folded(line: str) -> str:
    """The line in lines of at most 75 octets, each after the first behind a blank."""
    return "\r\n ".join(pieces(line, _LONGEST_LINE, _LONGEST_LINE - 1)) + "\r\n"
