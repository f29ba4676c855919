"""Appointments: a lesson as it stands in people's calendars, and what a version changes there.

A lesson is in people's calendars while it is agreed, and stays there once it has begun for as long as its time is kept:
what became of it afterwards does not undo that it was an appointment. Asked for again, a lesson that was agreed is
another appointment, because the old one was taken out of every calendar.

Knows versions of lessons; knows no calendar format and nobody's address.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from tutorcore.instants import Instant
from tutorcore.lessons.lesson import NO_DETAILS, Lesson
from tutorcore.policy.roles import Role

AppointmentChange: TypeAlias = Literal["request", "cancel"]


class Appointment(NamedTuple):
    """One entry in people's calendars, half-open. `uid` is the same for as long as it is the same appointment.

    `links` say where each role joins, once there is a meeting. Whoever orders the changes of one entry orders them by
    the number of the version.
    """

    uid: str
    start: Instant
    end: Instant
    links: tuple[tuple[str, str], ...]

    def link(self, role: Role) -> str | None:
        """Return where somebody in that role joins, or None."""
        return dict(self.links).get(role)


def appointment_of(version: Lesson) -> Appointment | None:
    """Return the entry that the lesson is in people's calendars after this version, or None if it is in none."""
    state, terms, meeting = version.place.state, version.terms, version.meeting
    if not (state.agreed or (state.slot == "firm" and terms.start <= version.at)):
        return None
    links = NO_DETAILS if meeting is None else meeting.links
    return Appointment(f"{version.brief.id}.{terms.occurrence}", terms.start, terms.end, links)


def appointment_change(before: Lesson | None, version: Lesson) -> AppointmentChange | None:
    """Return what people's calendars are told of a version: to enter or alter it, or to take out that of `before`.

    None if nothing changes for them. Where another entry is made beside one that was there, `appointment_left` says
    whether the old one has to be taken out too. An entry whose time is over stays as it is, and one that has begun is
    not altered just because nobody can join any more.
    """
    had = None if before is None else appointment_of(before)
    has = appointment_of(version)
    if has is None:
        return "cancel" if had is not None and version.at < had.end else None
    if has == had or has.end <= version.at:
        return None
    is_moved = had is None or has[:3] != had[:3]
    return "request" if is_moved or has.links or version.at < has.start else None


def appointment_left(before: Lesson | None, version: Lesson) -> Appointment | None:
    """Return the entry whose place another one takes before its time is over: it has to be taken out as well.

    A lesson under way, for which another time is agreed, goes from one entry to the next in a single step.
    """
    had = None if before is None else appointment_of(before)
    has = appointment_of(version)
    return had if had is not None and has is not None and has.uid != had.uid and version.at < had.end else None
