from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.adapters.ical.calendars import Person
from tutorcore.adapters.ical.invitations import invitation_text
from tutorcore.instants import instant
from tutorcore.ports.notifications import Invitation

_ORGANIZER = Person("Lessons", "no-reply@lessons.example")
_ATTENDEE = Person("Ann", "ann@example.com")
_INVITATION = Invitation(
    method="REQUEST",
    uid="L1.1@lessons.example",
    sequence=2,
    start=instant("2026-03-30T11:00:00+02:00"),
    end=instant("2026-03-30T12:00:00+02:00"),
    summary="Lesson with Tom",
    description="On Monday.\nSee you; or not, \\o/",
    url="https://meet.example/1?a=b,c;d",
    stamp=instant("2026-03-27T18:00:00.25Z"),
)


def _text(**changes: Any) -> str:
    invitation = attrs.evolve(_INVITATION, **changes)
    return invitation_text(invitation, organizer=_ORGANIZER, attendee=_ATTENDEE)


def _event(text: str) -> Any:
    (event,) = icalendar.Calendar.from_ical(text).walk("VEVENT")
    return event


def test_an_invitation_line_by_line() -> None:
    """The whole object as RFC 5545 and RFC 5546 have it, with every line in its place."""
    assert _text().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//tutorcore//lessons//EN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        "UID:L1.1@lessons.example",
        "SEQUENCE:2",
        "STATUS:CONFIRMED",
        "DTSTAMP:20260327T180000Z",
        "DTSTART:20260330T090000Z",
        "DTEND:20260330T100000Z",
        "SUMMARY:Lesson with Tom",
        r"DESCRIPTION:On Monday.\nSee you\; or not\, \\o/",
        r"LOCATION:https://meet.example/1?a=b\,c\;d",
        "URL:https://meet.example/1?a=b,c;d",
        'ORGANIZER;CN="Lessons":mailto:no-reply@lessons.example',
        'ATTENDEE;CN="Ann";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;',
        " RSVP=FALSE:mailto:ann@example.com",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_another_program_reads_what_was_meant() -> None:
    """An independent reader finds every value as it was."""
    calendar = icalendar.Calendar.from_ical(_text())
    event = _event(_text())

    assert (calendar["METHOD"], calendar["VERSION"]) == ("REQUEST", "2.0")
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == (_INVITATION.uid, 2, "CONFIRMED")
    assert event["DTSTART"].dt == datetime(2026, 3, 30, 9, tzinfo=UTC)
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(hours=1)
    assert str(event["SUMMARY"]) == _INVITATION.summary
    assert str(event["DESCRIPTION"]) == _INVITATION.description
    assert str(event["URL"]) == _INVITATION.url
    assert str(event["ATTENDEE"]) == "mailto:ann@example.com"
    assert dict(event["ATTENDEE"].params)["RSVP"] == "FALSE"


def test_a_cancelled_lesson_is_taken_out() -> None:
    """CANCEL is of the same entry, with a greater number, and says that it does not take place."""
    text = _text(method="CANCEL", sequence=3)
    event = _event(text)

    assert "METHOD:CANCEL\r\n" in text
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == (_INVITATION.uid, 3, "CANCELLED")


@pytest.mark.parametrize(
    "url", ["live:tom", "room 2", "https:///x", "https://[x", "ftp://x.example/", "https://ö.example/"]
)
def test_where_there_is_no_url_there_is_a_place(url: str) -> None:
    """A handle or a room says where to be, but is no URL."""
    event = _event(_text(url=url))

    assert str(event["LOCATION"]) == url
    assert "URL" not in event


def test_a_lesson_without_a_meeting_has_no_place() -> None:
    """Without anywhere to join, nothing is said about it."""
    event = _event(_text(url=None))

    assert "LOCATION" not in event
    assert "URL" not in event


@pytest.mark.parametrize(
    ("end", "written"),
    [
        ("2026-03-30T10:00:00Z", "20260330T100000Z"),
        ("2026-03-30T10:00:00.000001Z", "20260330T100001Z"),
        ("2026-03-30T10:00:00.999999Z", "20260330T100001Z"),
    ],
)
def test_a_part_of_a_second_is_taken_for_a_whole_one(end: str, written: str) -> None:
    """Calendars have whole seconds: an entry begins no later and ends no earlier than the lesson."""
    assert f"DTEND:{written}\r\n" in _text(end=instant(end))
    assert "DTSTART:20260330T090000Z\r\n" in _text(start=_INVITATION.start + timedelta(seconds=0.9))


def test_somebody_without_a_name_has_an_address() -> None:
    """A name that is nothing but blanks is left out."""
    text = invitation_text(
        _INVITATION, organizer=Person("", "a@x.example"), attendee=Person(" \r\n\u2028", "b@x.example")
    )

    assert "ORGANIZER:mailto:a@x.example\r\n" in text
    assert "\r\nATTENDEE;CUTYPE=" in text


def test_an_address_is_kept_as_it_is_compared() -> None:
    """Letters that mean nothing in a URL stay, others are quoted: programs look for their own address."""
    text = invitation_text(_INVITATION, organizer=_ORGANIZER, attendee=Person("", "o'neil+tutor=1?x@bücher.example"))

    assert str(_event(text)["ATTENDEE"]) == "mailto:o'neil+tutor%3D1%3Fx@b%C3%BCcher.example"


@given(st.text(max_size=300), st.integers(0, 80))
def test_lines_are_short_and_characters_whole(summary: str, before: int) -> None:
    """No line is longer than 75 octets, and joined again the lines say the same in UTF-8."""
    summary = "x" * before + summary.encode("utf-8", "ignore").decode()

    lines = _text(summary=summary).encode().split(b"\r\n")

    assert max(map(len, lines)) <= 75
    assert all(line.decode() for line in lines[:-1])


_BREAKERS = [*("\r\n", "\n", "\r", "\u2028", "\x85", "\x0b", "\x00", "\ud800"), *';:,"^\\ ', "^n", "\\n", "ü" * 40]
_LINES = ["END:VEVENT", "ATTENDEE:mailto:eve@evil.example", ";X-EVIL=1:"]
_WORDS = st.lists(st.text(max_size=5) | st.sampled_from(_BREAKERS + _LINES), max_size=12).map("".join)


# What may stand in an address: anything but blanks and angles, and it does not begin as one that is taken apart.
_ADDRESSES = _WORDS.map(lambda words: "a" + re.sub(r"[\s<>]", "", words) + "@x.example")


@given(summary=_WORDS, description=_WORDS, uid=_WORDS, url=_WORDS, name=_WORDS, address=_ADDRESSES)
def test_no_text_gets_out_of_its_place(
    summary: str, description: str, uid: str, url: str, name: str, address: str
) -> None:
    """Whatever people wrote, there are the same lines with the same parameters, and the text stays in its own."""
    invitation = attrs.evolve(_INVITATION, summary=summary, description=description, uid=uid, url=url)

    person = Person(name, address)
    text = invitation_text(invitation, organizer=person, attendee=person)
    unfolded = text.replace("\r\n ", "")
    names = [line.partition(":")[0].partition(";")[0] for line in unfolded.split("\r\n")]
    event = _event(text)

    assert [name for name in names if name not in ("LOCATION", "URL", "")] == [
        *("BEGIN", "VERSION", "PRODID", "METHOD", "BEGIN", "UID", "SEQUENCE", "STATUS", "DTSTAMP", "DTSTART", "DTEND"),
        *("SUMMARY", "DESCRIPTION", "ORGANIZER", "ATTENDEE", "END", "END"),
    ]
    assert len(unfolded.splitlines()) == len(unfolded.split("\r\n")) - 1
    assert set(event["ATTENDEE"].params) <= {"CN", "CUTYPE", "ROLE", "PARTSTAT", "RSVP"}
    assert set(event["ORGANIZER"].params) <= {"CN"}


@given(st.text("Ann ^n'\\;,:\"ü", max_size=30), st.text("Ann ^n';,:\"ü", max_size=30))
def test_texts_and_names_are_read_back(summary: str, name: str) -> None:
    """What escapes need comes back as it was; in names for readers that know RFC 6868."""
    summary, name = " ".join(summary.split()), " ".join(name.split())
    invitation = attrs.evolve(_INVITATION, summary=summary)

    event = _event(invitation_text(invitation, organizer=Person(name, "a@b.example"), attendee=_ATTENDEE))

    assert str(event["SUMMARY"]) == summary
    assert event["ORGANIZER"].params.get("CN", "") == name
