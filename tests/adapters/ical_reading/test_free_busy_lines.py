from __future__ import annotations

from collections.abc import Callable

import pytest

from tutorcore.adapters.ical.busy_times import read_busy
from tutorcore.instants import instant

_SINCE, _UNTIL = instant("1997-01-01T00:00Z"), instant("1998-12-31T00:00Z")


def _read(text: str) -> list[tuple[str, str, str]]:
    found = read_busy(text, _SINCE, _UNTIL)
    return [(f"{one.start:%Y%m%dT%H%M}", f"{one.end:%Y%m%dT%H%M}", one.kind) for one in found]


def test_a_reply_with_free_busy_time(calendar: Callable[..., str]) -> None:
    """RFC 5545, section 3.6.4, second example: periods with durations, several on a folded line."""
    text = calendar(
        (
            "VFREEBUSY",
            "UID:19970901T095957Z-76A912@example.com",
            "ORGANIZER:mailto:jane_doe@example.com",
            "ATTENDEE:mailto:john_public@example.com",
            "DTSTAMP:19970901T100000Z",
            "FREEBUSY:19971015T050000Z/PT8H30M,",
            " 19971015T160000Z/PT5H30M,19971015T223000Z/PT6H30M",
            "URL:http://example.com/pub/busy/jpublic-01.ifb",
        )
    )

    assert _read(text) == [
        ("19971015T0500", "19971015T1330", "event"),
        ("19971015T1600", "19971015T2130", "event"),
        ("19971015T2230", "19971016T0500", "event"),
    ]


def test_published_busy_time(calendar: Callable[..., str]) -> None:
    """RFC 5545, section 3.6.4, third example: periods with ends; DTSTART and DTEND only say for when it is told."""
    text = calendar(
        (
            "VFREEBUSY",
            "UID:19970901T115957Z-76A912@example.com",
            "DTSTAMP:19970901T120000Z",
            "ORGANIZER:jsmith@example.com",
            "DTSTART:19980313T141711Z",
            "DTEND:19980410T141711Z",
            "FREEBUSY:19980314T233000Z/19980315T003000Z",
            "FREEBUSY:19980316T153000Z/19980316T163000Z",
            "FREEBUSY:19980318T030000Z/19980318T040000Z",
        )
    )

    assert _read(text) == [
        ("19980314T2330", "19980315T0030", "event"),
        ("19980316T1530", "19980316T1630", "event"),
        ("19980318T0300", "19980318T0400", "event"),
    ]


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("FREE", []),
        ("BUSY", ["event"]),
        ("BUSY-UNAVAILABLE", ["event"]),
        ("BUSY-TENTATIVE", ["tentative"]),
        ("X-LUNCH", ["event"]),
    ],
)
def test_kinds_of_free_and_busy(calendar: Callable[..., str], kind: str, found: list[str]) -> None:
    """FBTYPE says how busy; a word that nobody knows is BUSY (RFC 5545, section 3.2.9)."""
    text = calendar(("VFREEBUSY", f"FREEBUSY;FBTYPE={kind}:19971015T050000Z/PT1H"))

    assert [name for _, _, name in _read(text)] == found


@pytest.mark.parametrize("value", ["19971015T050000Z", "19971015T050000Z/19971015T040000Z", "19971015T050000Z/x"])
def test_a_period_has_two_ends(calendar: Callable[..., str], refused: Callable[..., list[str]], value: str) -> None:
    """A period without an end, or with one before its start, is a mistake."""
    [mistake] = refused(calendar(("VFREEBUSY", f"FREEBUSY:{value}")))

    assert mistake.startswith(f"<calendar>:4: VFREEBUSY line-3: FREEBUSY is '{value}'; expected ")


def test_a_period_may_last_no_time(calendar: Callable[..., str]) -> None:
    """A period of no length takes none."""
    assert _read(calendar(("VFREEBUSY", "FREEBUSY:19971015T050000Z/PT0S"))) == []
