from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.adapters.ical.busy_times import read_busy
from tutorcore.errors import InvalidType, InvalidValue, Mistakes, UnknownName
from tutorcore.instants import instant

Read = Callable[..., list[tuple[str, str]]]
_SINCE, _UNTIL = instant("2026-01-01T00:00Z"), instant("2027-12-31T00:00Z")
_HOUR = ("DTSTART:20260301T100000Z", "DTEND:20260301T110000Z")


def _busy(text: str, **options: Any) -> list[tuple[str, str]]:
    return [(one.id, one.kind) for one in read_busy(text, _SINCE, _UNTIL, **options)]


def test_an_event_takes_its_time(read: Read) -> None:
    """An event in UTC takes the time from DTSTART up to DTEND."""
    assert read(("UID:a", *_HOUR)) == [("2026-03-01T10:00", "2026-03-01T11:00")]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("TRANSP:OPAQUE", "event"),
        ("TRANSP:TRANSPARENT", None),
        ("transp:transparent", None),
        ("STATUS:CONFIRMED", "event"),
        ("STATUS:TENTATIVE", "tentative"),
        ("STATUS:CANCELLED", None),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:other@example.com", "event"),
        ("ATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@example.com", "event"),
        ('ATTENDEE;CN="Smith: A;B";PARTSTAT=DECLINED:MAILTO:Ann@Example.com', None),
        ("ATTENDEE;PARTSTAT=DELEGATED:mailto:ann@example.com", None),
        ("ATTENDEE;PARTSTAT=TENTATIVE:mailto:ann@example.com", "tentative"),
        ("ATTENDEE:mailto:ann@example.com", "tentative"),
        ("ATTENDEE;PARTSTAT=X-MAYBE:mailto:ann@example.com", "tentative"),
    ],
)
def test_who_is_busy(calendar: Callable[..., str], line: str, kind: str | None) -> None:
    """Cancelled, transparent and declined events take no time; what is not certain is tentative."""
    text = calendar(("VEVENT", "UID:a", *_HOUR, line))

    assert _busy(text, own="ann@example.com") == ([("a", kind)] if kind else [])


@pytest.mark.parametrize(
    ("shown_as", "lines", "kind"),
    [
        ("FREE", (), None),
        ("free", ("TRANSP:OPAQUE",), None),
        ("TENTATIVE", ("STATUS:CONFIRMED",), "tentative"),
        ("BUSY", ("STATUS:TENTATIVE",), "event"),
        ("OOF", ("TRANSP:TRANSPARENT",), "event"),
        ("OOF", ("STATUS:CANCELLED",), None),
        ("BUSY", ("ATTENDEE;PARTSTAT=DECLINED:mailto:ann@example.com",), None),
        ("BUSY", ("ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ann@example.com",), "event"),
        ("WORKINGELSEWHERE", (), "event"),
        ("WORKINGELSEWHERE", ("TRANSP:TRANSPARENT",), None),
        ("WORKINGELSEWHERE", ("STATUS:TENTATIVE",), "tentative"),
    ],
)
def test_what_exchange_shows_an_event_as(
    calendar: Callable[..., str], shown_as: str, lines: tuple[str, ...], kind: str | None
) -> None:
    """It decides over TRANSP and STATUS, but not over what is called off or declined."""
    text = calendar(("VEVENT", "UID:a", *_HOUR, f"X-MICROSOFT-CDO-BUSYSTATUS:{shown_as}", *lines))

    assert _busy(text, own="ann@example.com") == ([("a", kind)] if kind else [])


def test_without_an_owner_nobody_has_declined(calendar: Callable[..., str]) -> None:
    """Whose calendar it is must be said before an answer in it counts."""
    text = calendar(("VEVENT", "UID:a", *_HOUR, "ATTENDEE;PARTSTAT=DECLINED:mailto:ann@example.com"))

    assert _busy(text) == [("a", "event")]


def test_a_cancelling_message_takes_no_time() -> None:
    """What METHOD:CANCEL names is called off (RFC 5546, section 3.2.5)."""
    text = "BEGIN:VCALENDAR\nMETHOD:CANCEL\nBEGIN:VEVENT\nUID:a\nDTSTART:20260301T100000Z\nEND:VEVENT\nEND:VCALENDAR"

    assert _busy(text) == []


def test_ids_are_uids_behind_a_prefix(calendar: Callable[..., str]) -> None:
    """An id tells whose event it is; one that comes again also says when, and none is replaced by its line."""
    text = calendar(
        ("VEVENT", r"UID:a\,b", *_HOUR),
        ("VEVENT", "UID:weekly", *_HOUR, "RRULE:FREQ=WEEKLY;COUNT=2"),
        ("VEVENT", *_HOUR),
    )

    found = _busy(text, id_prefix="ann:")

    assert [name for name, _ in found] == [
        "ann:a,b",
        "ann:line-14",
        "ann:weekly/20260301T100000Z",
        "ann:weekly/20260308T100000Z",
    ]


def test_the_order_of_events_is_of_no_matter(calendar: Callable[..., str]) -> None:
    """The same events in another order give the same list, and one that comes twice comes once."""
    events = [("VEVENT", f"UID:{name}", *_HOUR) for name in "abca"]

    assert _busy(calendar(*events)) == _busy(calendar(*reversed(events))) == [(name, "event") for name in "abc"]


def test_no_two_have_one_id(calendar: Callable[..., str]) -> None:
    """Two of one UID are told apart by their start, what is still the same by a number that no UID has."""
    twice = calendar(
        ("VEVENT", "UID:a", *_HOUR),
        ("VEVENT", "UID:a", "DTSTART:20260302T100000Z", "DURATION:PT1H"),
    )
    long = ("DTSTART:20260301T100000Z", "DURATION:PT9H")
    same_start = calendar(
        ("VEVENT", "UID:b", *_HOUR),
        ("VEVENT", "UID:b", *long),
        ("VEVENT", "UID:b", *long, "STATUS:TENTATIVE"),
        ("VEVENT", "UID:b~2", *_HOUR),
    )

    assert _busy(twice) == [("a/20260301T100000Z", "event"), ("a/20260302T100000Z", "event")]
    assert _busy(same_start) == [("b", "event"), ("b~2", "event"), ("b~3", "event"), ("b~4", "tentative")]
    assert _busy(twice, id_prefix="x:")[0][0] == "x:a/20260301T100000Z"


_LINES = st.sampled_from(
    ["RRULE:FREQ=DAILY;COUNT=3", "RDATE:20260302T100000Z", "STATUS:TENTATIVE", "RECURRENCE-ID:20260302T100000Z",
     "SEQUENCE:1", "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE"]
)  # fmt: skip
_EVENTS = st.builds(
    lambda uid, start, hours, lines: (f"UID:{uid}", f"DTSTART:{start}", f"DURATION:PT{hours}H", *lines),
    st.sampled_from(["a", "a~2", "a/20260302T100000Z", ""]),
    st.sampled_from(["20260301T100000Z", "20260302T100000Z"]),
    st.integers(1, 2),
    st.lists(_LINES, max_size=2, unique=True),
)


@given(st.lists(_EVENTS, max_size=6))
def test_ids_are_always_apart(events: list[tuple[str, ...]]) -> None:
    """Whatever a calendar has, an id names one busy time of it."""
    lines = [line for event in events for line in ("BEGIN:VEVENT", *event, "END:VEVENT")]
    try:
        found = read_busy("\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR"]), _SINCE, _UNTIL)
    except Mistakes:
        return

    assert len({one.id for one in found}) == len(found)


def test_only_what_meets_the_range_is_read() -> None:
    """The range is half-open, and what reaches into it comes whole."""
    text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260301T100000Z\nDTEND:20260301T120000Z\nEND:VEVENT\nEND:VCALENDAR"

    def read(since: str, until: str) -> int:
        return len(read_busy(text, instant(since), instant(until)))

    assert read("2026-03-01T11:00Z", "2026-03-01T11:30Z") == 1
    assert read("2026-03-01T12:00Z", "2026-03-01T13:00Z") == 0
    assert read("2026-03-01T09:00Z", "2026-03-01T10:00Z") == 0


def test_an_event_of_no_length_takes_no_time(read: Read) -> None:
    """A time without an end, or with one that is the same, is a moment (RFC 5545, section 3.6.1)."""
    assert read(("DTSTART:20260301T100000Z",), ("DTSTART:20260301T100000Z", "DTEND:20260301T100000Z")) == []


def test_an_event_may_reach_beyond_all_instants(read: Read) -> None:
    """Of an event that begins or ends where no instants are, as much is taken as they hold."""
    found = read(("DTSTART;VALUE=DATE:18000101", "DTEND;VALUE=DATE:99991231"), default_zone="Europe/Berlin")

    assert found == [("1900-01-01T00:00", "8999-12-31T23:59")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("DTEND:20260301T090000Z", "an end that is not before DTSTART"),
        ("DTEND:20260301", "of no zone"),
        ("DTEND:20260230T100000Z", "a date-time such as"),
        ("DTEND:tomorrow", "a date-time such as"),
        ("DURATION:-PT1H", "a duration such as"),
        ("DURATION:P", "a duration such as"),
        ("DURATION:PT", "a duration such as"),
        ("DURATION:P999999999W", "at most 366000 days"),
        ("RRULE:FREQ=FORTNIGHTLY", "RRULE: "),
        ("RDATE:20260301T100000Z/", "a date-time such as"),
        ("EXDATE:x", "a date-time such as"),
        ("SEQUENCE:x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:20260301T100000Z", "a whole number"),
        ("RECURRENCE-ID;RANGE=THISANDPRIOR:20260301T100000Z", "THISANDFUTURE or none"),
        ("RECURRENCE-ID:20260301T100000Z\r\nRRULE:FREQ=DAILY", "none beside RECURRENCE-ID"),
        ("DTSTART:20260301T100000Z", "comes twice"),
    ],
)
def test_what_cannot_be_read_is_a_mistake(
    calendar: Callable[..., str], refused: Callable[..., list[str]], line: str, expected: str
) -> None:
    """Every mistake names its file, line and event, and what was expected; nothing is left out instead."""
    text = calendar(("VEVENT", "UID:a", "DTSTART:20260301T100000Z", line))

    [mistake] = refused(text, file="ann.ics")

    assert re.fullmatch(rf"ann\.ics:[0-9]+: VEVENT a: .*{expected}.*", mistake)


def test_an_event_without_a_start_is_a_mistake(calendar: Callable[..., str], refused: Callable[..., list[str]]) -> None:
    """Nobody can tell when it takes place, so nothing is left out."""
    assert refused(calendar(("VEVENT", "UID:a"))) == ["<calendar>:3: VEVENT a: the VEVENT has no DTSTART; expected one"]


def test_all_mistakes_come_at_once(calendar: Callable[..., str], refused: Callable[..., list[str]]) -> None:
    """A calendar is mended in one go."""
    mistakes = refused(calendar(*(("VEVENT", f"UID:{number}", "DTSTART:x") for number in range(3))))

    assert [mistake.split(": ")[:2] for mistake in mistakes] == [
        ["<calendar>:5", "VEVENT 0"],
        ["<calendar>:9", "VEVENT 1"],
        ["<calendar>:13", "VEVENT 2"],
    ]


@pytest.mark.parametrize(("line", "expected"), [("VERSION:1.0", "2.0"), ("CALSCALE:HEBREW", "GREGORIAN")])
def test_another_calendar_is_not_read(refused: Callable[..., list[str]], line: str, expected: str) -> None:
    """Version 1.0 has other rules, and other calendars other months."""
    [mistake] = refused(f"BEGIN:VCALENDAR\n{line}\nEND:VCALENDAR")

    assert mistake.endswith(f"expected {expected}")


def test_wrong_arguments_are_refused_by_name() -> None:
    """Arguments that cannot be meant are refused with what was expected."""
    empty = "BEGIN:VCALENDAR\nEND:VCALENDAR"
    wrong: Any = 3

    with pytest.raises(InvalidType, match="calendar is 3"):
        read_busy(wrong, _SINCE, _UNTIL)
    with pytest.raises(InvalidValue, match="since"):
        read_busy(empty, _SINCE.replace(tzinfo=None), _UNTIL)
    with pytest.raises(InvalidValue, match="until"):
        read_busy(empty, _UNTIL, _SINCE)
    with pytest.raises(InvalidValue, match="at most 732 days"):
        read_busy(empty, instant("1970-01-01T00:00Z"), _UNTIL)
    with pytest.raises(UnknownName, match="Europe/Berlin"):
        read_busy(empty, _SINCE, _UNTIL, default_zone="Europe/Berlim")
    with pytest.raises(UnknownName, match="way with unknown zones 'utc'; known: refuse, widest"):
        read_busy(empty, _SINCE, _UNTIL, unknown_zones="utc")  # type: ignore[arg-type]  # Refused when it is read.
    for what in ("own", "id_prefix", "file"):
        with pytest.raises(InvalidType, match=what):
            read_busy(empty, _SINCE, _UNTIL, **{what: wrong})
