"""Invitations as iCalendar objects (RFC 5545), one to each person, in the form of iTIP requests (RFC 5546).

Knows how an invitation is written, and nothing of how it travels. Times are UTC, so no zone of anybody has to travel
along. Whatever people wrote stays inside the value it belongs to: no text adds a line, a parameter or an address.
"""

from __future__ import annotations

from tutorcore.adapters.ical.calendars import Entry, Person, calendar_text
from tutorcore.ports.notifications import Invitation


def invitation_text(invitation: Invitation, *, organizer: Person, attendee: Person) -> str:
    """Return the iCalendar object that invites the attendee, or takes the entry out of their calendar.

    Lines end with CRLF. The attendee counts as having accepted and is not asked to reply, since the two agreed with the
    platform and only there can call it off. Where to join stands as the location, and as the URL where it is one.
    """
    entry = Entry(
        invitation.uid,
        (invitation.start, invitation.end),
        summary=invitation.summary,
        sequence=invitation.sequence,
        description=invitation.description,
        url=invitation.url,
        organizer=organizer,
        attendees=(attendee,),
    )
    return calendar_text([entry], stamp=invitation.stamp, method=invitation.method)
