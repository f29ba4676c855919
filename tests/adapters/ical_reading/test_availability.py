from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from tutorcore.adapters.ical.availability import read_availability
from tutorcore.errors import InvalidType, InvalidValue, Mistakes, UnknownName
from tutorcore.instants import instant

Calendar = Callable[..., str]

# RFC 7953, section 3.1: Monday to Friday from 9:00 to 17:00, always.
_ALWAYS = (
    "VAVAILABILITY",
    "ORGANIZER:mailto:bernard@example.com",
    "UID:0428C7D2-688E-4D2E-AC52-CD112E2469DF",
    "DTSTAMP:20111005T133225Z",
    "BEGIN:AVAILABLE",
    "UID:34EDA59B-6BB1-4E94-A66C-64999089C0AF",
    "SUMMARY:Monday to Friday from 9:00 to 17:00",
    "DTSTART;TZID=America/Montreal:20111002T090000",
    "DTEND;TZID=America/Montreal:20111002T170000",
    "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "END:AVAILABLE",
)
# The same section: two months, with two offices.
_OFFICES = (
    "VAVAILABILITY",
    "ORGANIZER:mailto:bernard@example.com",
    "UID:84D0F948-7FC6-4C1D-BBF3-BA9827B424B5",
    "DTSTAMP:20111005T133225Z",
    "DTSTART;TZID=America/Montreal:20111002T000000",
    "DTEND;TZID=America/Montreal:20111202T000000",
    "BEGIN:AVAILABLE",
    "UID:7B33093A-7F98-4EED-B381-A5652530F04D",
    "SUMMARY:Monday to Thursday from 9:00 to 17:00",
    "DTSTART;TZID=America/Montreal:20111002T090000",
    "DTEND;TZID=America/Montreal:20111002T170000",
    "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH",
    "LOCATION:Main Office",
    "END:AVAILABLE",
    "BEGIN:AVAILABLE",
    "UID:DF39DC9E-D8C3-492F-9101-0434E8FC1896",
    "SUMMARY:Friday from 9:00 to 12:00",
    "DTSTART;TZID=America/Montreal:20111006T090000",
    "DTEND;TZID=America/Montreal:20111006T120000",
    "RRULE:FREQ=WEEKLY",
    "LOCATION:Branch Office",
    "END:AVAILABLE",
)


def _travel(uid: str, zone: str, start: str, end: str | None, first: str) -> tuple[str, ...]:
    """Return a component of the third example of that section: a week elsewhere between two times at home."""
    return (
        "VAVAILABILITY",
        f"UID:{uid}",
        "DTSTAMP:20111005T133225Z",
        f"DTSTART;TZID={zone}:{start}",
        *([f"DTEND;TZID={zone}:{end}"] if end else []),
        "BEGIN:AVAILABLE",
        f"UID:{uid}-1",
        f"DTSTART;TZID={zone}:{first}T090000",
        f"DTEND;TZID={zone}:{first}T170000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        "END:AVAILABLE",
    )


def _hours(name: str, start: str, *lines: str, hours: int = 8) -> tuple[str, ...]:
    """Return a VAVAILABILITY with one part that begins at `start` and lasts some hours."""
    return (
        "VAVAILABILITY",
        f"UID:{name}",
        *lines,
        "BEGIN:AVAILABLE",
        f"UID:{name}-1",
        f"DTSTART:{start}",
        f"DURATION:PT{hours}H",
        "END:AVAILABLE",
    )


def _parts(text: str, since: str, hours: int = 24, **options: Any) -> list[tuple[str, str]]:
    """Return where each part begins, as day and hour, and its kind."""
    first = instant(f"{since}Z")
    found = read_availability(text, **options).free_busy(first, first + timedelta(hours=hours))
    assert found[0].start == first
    assert found[-1].end == first + timedelta(hours=hours)
    assert all(one.end == other.start for one, other in pairwise(found))
    return [(f"{part.start:%dT%H}", part.kind) for part in found]


def _free(text: str, since: str, days: int) -> list[str]:
    first = instant(f"{since}T00:00Z")
    found = read_availability(text).free_busy(first, first + timedelta(days=days))
    return [f"{part.start:%m-%dT%H}-{part.end:%H}" for part in found if part.kind == "FREE"]


def test_office_hours(calendar: Calendar) -> None:
    """RFC 7953, section 3.1, first example: 9:00 to 17:00 in Montreal is 13:00 to 21:00 UTC in October."""
    found = _free(calendar(_ALWAYS), "2011-10-03", 7)

    assert found == ["10-03T13-21", "10-04T13-21", "10-05T13-21", "10-06T13-21", "10-07T13-21"]


def test_office_hours_keep_their_wall_time(calendar: Calendar) -> None:
    """In January, and years later, that is 14:00 to 22:00 UTC."""
    assert _free(calendar(_ALWAYS), "2027-01-04", 2) == ["01-04T14-22", "01-05T14-22"]


def test_two_parts_of_a_week(calendar: Calendar) -> None:
    """RFC 7953, section 3.1, second example; its Friday's DTSTART, 6 October 2011, is a Thursday.

    So its short hours lie within those of Thursday, and Friday has none.
    """
    found = _free(calendar(_OFFICES), "2011-10-03", 7)

    assert found == ["10-03T13-21", "10-04T13-21", "10-05T13-21", "10-06T13-21"]


def test_outside_of_its_time_it_says_nothing(calendar: Calendar) -> None:
    """Before DTSTART and from DTEND on nothing is said, and that is free."""
    assert _parts(calendar(_OFFICES), "2011-10-02T00:00", 48) == [
        ("02T00", "FREE"),
        ("02T04", "BUSY-UNAVAILABLE"),
        ("03T13", "FREE"),
        ("03T21", "BUSY-UNAVAILABLE"),
    ]
    assert _parts(calendar(_OFFICES), "2011-12-01T21:00", 24) == [
        ("01T21", "FREE"),
        ("01T22", "BUSY-UNAVAILABLE"),
        ("02T05", "FREE"),
    ]


def test_a_week_elsewhere(calendar: Calendar) -> None:
    """RFC 7953, section 3.1, third example: Montreal, a week in Denver from Sunday 23 October, and back."""
    text = calendar(
        _travel("BE08", "America/Montreal", "20111002T000000", "20111023T030000", "20111002"),
        _travel("A1FF", "America/Denver", "20111023T000000", "20111030T000000", "20111023"),
        _travel("1852", "America/Montreal", "20111030T030000", None, "20111030"),
    )

    assert _free(text, "2011-10-20", 13) == [
        *("10-20T13-21", "10-21T13-21"),
        *("10-24T15-23", "10-25T15-23", "10-26T15-23", "10-27T15-23", "10-28T15-23"),
        # Denver's Sunday ends at 06:00 UTC and Montreal's hours begin at 07:00: of the hour between, nobody speaks.
        *("10-30T06-07", "10-31T13-21", "11-01T13-21"),
    ]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("BUSY", "BUSY"),
        ("BUSY-UNAVAILABLE", "BUSY-UNAVAILABLE"),
        ("BUSY-TENTATIVE", "BUSY-TENTATIVE"),
        ("X-ASLEEP", "BUSY"),
    ],
)
def test_how_busy_one_is_elsewhere(calendar: Calendar, kind: str, expected: str) -> None:
    """BUSYTYPE says what the rest of the time is (section 3.2); a word that nobody knows is BUSY."""
    text = calendar(_hours("a", "20260301T080000Z", f"BUSYTYPE:{kind}"))

    assert _parts(text, "2026-03-01T00:00") == [("01T00", expected), ("01T08", "FREE"), ("01T16", expected)]


_MORNINGS = [("01T00", "BUSY-UNAVAILABLE"), ("01T08", "FREE"), ("01T16", "BUSY-UNAVAILABLE")]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # The higher priority counts wherever it speaks: 1 is the highest, 9 the lowest but for 0 and none.
        (
            ("PRIORITY:1",),
            ("PRIORITY:2",),
            [("01T00", "BUSY-UNAVAILABLE"), ("01T08", "FREE"), ("01T16", "BUSY-UNAVAILABLE")],
        ),
        (
            ("PRIORITY:9",),
            ("PRIORITY:0",),
            [("01T00", "BUSY-UNAVAILABLE"), ("01T08", "FREE"), ("01T16", "BUSY-UNAVAILABLE")],
        ),
        (("PRIORITY:9",), (), _MORNINGS),
        ((), ("PRIORITY:5",), [("01T00", "BUSY-UNAVAILABLE"), ("01T12", "FREE"), ("01T20", "BUSY-UNAVAILABLE")]),
        # Of equals, only what both leave free is free.
        ((), ("PRIORITY:0",), [("01T00", "BUSY-UNAVAILABLE"), ("01T12", "FREE"), ("01T16", "BUSY-UNAVAILABLE")]),
        (
            ("BUSYTYPE:BUSY-TENTATIVE",),
            ("BUSYTYPE:BUSY",),
            [("01T00", "BUSY"), ("01T12", "FREE"), ("01T16", "BUSY-TENTATIVE"), ("01T20", "BUSY")],
        ),
    ],
)
def test_priorities(
    calendar: Calendar, one: Sequence[str], other: Sequence[str], expected: list[tuple[str, str]]
) -> None:
    """Section 4: what counts most counts; the order in the text is of no matter."""
    mornings, afternoons = _hours("a", "20260301T080000Z", *one), _hours("b", "20260301T120000Z", *other)

    assert _parts(calendar(mornings, afternoons), "2026-03-01T00:00") == expected
    assert _parts(calendar(afternoons, mornings), "2026-03-01T00:00") == expected


def test_a_holiday_over_office_hours(calendar: Calendar) -> None:
    """A component of higher priority without any AVAILABLE closes its time, and below it the other one counts."""
    holiday = ("VAVAILABILITY", "UID:h", "PRIORITY:1", "BUSYTYPE:BUSY", "DTSTART:20260301T100000Z", "DURATION:PT2H")

    assert _parts(calendar(_hours("a", "20260301T080000Z"), holiday), "2026-03-01T08:00", 8) == [
        ("01T08", "FREE"),
        ("01T10", "BUSY"),
        ("01T12", "FREE"),
    ]


def test_free_time_that_touches_is_one(calendar: Calendar) -> None:
    """Time of which nothing is said and free time beside it are one stretch."""
    text = calendar(_hours("a", "20260301T080000Z", "DTSTART:20260301T080000Z", "DTEND:20260301T180000Z"))

    assert _parts(text, "2026-03-01T00:00", 20) == [("01T00", "FREE"), ("01T16", "BUSY-UNAVAILABLE"), ("01T18", "FREE")]


def test_events_lie_above_availability(calendar: Calendar) -> None:
    """Step 4 of the calculation (section 5): events take their time whatever is available, but for transparent ones."""

    def event(name: str, hour: str, *lines: str) -> tuple[str, ...]:
        return ("VEVENT", f"UID:{name}", f"DTSTART:20260301T{hour}0000Z", "DURATION:PT1H", *lines)

    text = calendar(
        _hours("a", "20260301T080000Z"),
        event("x", "07"),
        event("y", "09"),
        event("z", "10", "STATUS:TENTATIVE"),
        event("t", "11", "TRANSP:TRANSPARENT"),
    )

    assert _parts(text, "2026-03-01T06:00", 8) == [
        ("01T06", "BUSY-UNAVAILABLE"),
        ("01T07", "BUSY"),
        ("01T08", "FREE"),
        ("01T09", "BUSY"),
        ("01T10", "BUSY-TENTATIVE"),
        ("01T11", "FREE"),
    ]


def test_parts_have_exceptions(calendar: Calendar) -> None:
    """AVAILABLE recurs as events do: EXDATE, RDATE and RECURRENCE-ID count."""
    text = calendar(
        (
            "VAVAILABILITY",
            "UID:a",
            "BEGIN:AVAILABLE",
            "UID:b",
            "DTSTART:20260302T080000Z",
            "DURATION:PT2H",
            "RRULE:FREQ=DAILY;COUNT=4",
            "EXDATE:20260303T080000Z",
            "RDATE;VALUE=PERIOD:20260303T120000Z/PT1H",
            "END:AVAILABLE",
            "BEGIN:AVAILABLE",
            "UID:b",
            "RECURRENCE-ID:20260304T080000Z",
            "DTSTART:20260304T090000Z",
            "DURATION:PT3H",
            "END:AVAILABLE",
        )
    )

    assert _free(text, "2026-03-02", 5) == ["03-02T08-10", "03-03T12-13", "03-04T09-12", "03-05T08-10"]


def test_parts_that_are_cancelled_leave_nobody_free(calendar: Calendar) -> None:
    """Some programs call one day off by an exception with that status."""
    part = ("BEGIN:AVAILABLE", "UID:b", "DTSTART:20260302T080000Z", "DURATION:PT2H")
    text = calendar(
        (
            *("VAVAILABILITY", "UID:a", *part, "RRULE:FREQ=DAILY;COUNT=3", "END:AVAILABLE"),
            *(*part[:2], "RECURRENCE-ID:20260303T080000Z", "DTSTART:20260303T080000Z", "DURATION:PT2H"),
            *("STATUS:CANCELLED", "END:AVAILABLE"),
        )
    )

    assert _free(text, "2026-03-02", 4) == ["03-02T08-10", "03-04T08-10"]


def test_of_several_versions_the_last_counts(calendar: Calendar) -> None:
    """What was published before under the same UID is over; equal versions both count."""
    before = _hours("a", "20260301T080000Z", "SEQUENCE:1", hours=2)
    after = _hours("a", "20260301T120000Z", "SEQUENCE:2", hours=2)

    assert _free(calendar(after, before), "2026-03-01", 1) == ["03-01T12-14"]
    assert _free(calendar(after, after), "2026-03-01", 1) == ["03-01T12-14"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("SEQUENCE:x", "END:VAVAILABILITY", "BEGIN:VAVAILABILITY", "UID:a"), "SEQUENCE is 'x'; expected"),
        (("PRIORITY:10",), "PRIORITY is '10'; expected 0 to 9"),
        (("DURATION:PT1H",), "expected a DTSTART and no DTEND beside DURATION"),
        (("DTSTART:20260301T000000Z", "DTEND:20260201T000000Z"), "DTEND lies before DTSTART"),
        (("DTSTART:20260301T000000",), "a floating time of no zone"),
        (("DTSTART;TZID=Nowhere:20260301T000000",), "unknown zone 'Nowhere'"),
        (("BEGIN:AVAILABLE", "UID:b", "END:AVAILABLE"), "the AVAILABLE has no DTSTART"),
        (
            ("BEGIN:AVAILABLE", "DTSTART:20260301T000000Z", "RRULE:FREQ=NEVER", "END:AVAILABLE"),
            "RRULE: ",
        ),
    ],
)
def test_what_cannot_be_read_is_a_mistake(calendar: Calendar, lines: Sequence[str], expected: str) -> None:
    """Mistakes show when it is read, not when somebody asks."""
    with pytest.raises(Mistakes) as error:
        read_availability(calendar(("VAVAILABILITY", "UID:a", *lines)), file="ann.ics")

    [mistake] = error.value.exceptions
    assert str(mistake).startswith("ann.ics:")
    assert expected in str(mistake)


def test_a_calendar_without_availability_is_refused(calendar: Calendar) -> None:
    """A calendar with events says nothing about when its owner works."""
    with pytest.raises(Mistakes) as error:
        read_availability(calendar(("VEVENT", "DTSTART:20260301T000000Z")))

    assert "expected a VAVAILABILITY within VCALENDAR" in str(error.value)


def test_mistakes_of_the_calendar_itself_show(calendar: Calendar) -> None:
    """What is wrong with the calendar is wrong with its availability."""
    with pytest.raises(Mistakes, match="is not a calendar"):
        read_availability("BEGIN:VCALENDAR\nVERSION:1.0\nBEGIN:VAVAILABILITY\nEND:VAVAILABILITY\nEND:VCALENDAR")


def test_a_default_zone_reads_floating_hours(calendar: Calendar) -> None:
    """Whoever knows whose hours these are may say so."""
    text = calendar(_hours("a", "20260301T080000"))

    assert _parts(text, "2026-03-01T06:00", 4, default_zone="Europe/Berlin") == [
        ("01T06", "BUSY-UNAVAILABLE"),
        ("01T07", "FREE"),
    ]


def test_too_many_occurrences_are_refused(calendar: Calendar) -> None:
    """A part that comes every second is refused when it is asked about."""
    body = ("BEGIN:AVAILABLE", "DTSTART:20260301T000000Z", "DURATION:PT1S", "RRULE:FREQ=SECONDLY", "END:AVAILABLE")
    availability = read_availability(calendar(("VAVAILABILITY", "UID:a", *body)))

    with pytest.raises(Mistakes, match="is not a calendar"):
        availability.free_busy(instant("2026-03-01T00:00Z"), instant("2026-04-01T00:00Z"))


def test_wrong_arguments_are_refused_by_name(calendar: Calendar) -> None:
    """Arguments that cannot be meant are refused with what was expected."""
    wrong: Any = 3
    text = calendar(_ALWAYS)

    with pytest.raises(InvalidType, match="calendar is 3"):
        read_availability(wrong)
    with pytest.raises(InvalidType, match="file is 3"):
        read_availability(text, file=wrong)
    with pytest.raises(UnknownName, match="Nowhere"):
        read_availability(text, default_zone="Nowhere")
    with pytest.raises(InvalidValue, match="until"):
        read_availability(text).free_busy(instant("2026-03-02T00:00Z"), instant("2026-03-01T00:00Z"))
