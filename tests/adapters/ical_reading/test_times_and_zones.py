from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whenever import PlainDateTime

from tutorcore.adapters.ical.busy_times import read_busy
from tutorcore.adapters.ical.clocks import zone_of_tzid
from tutorcore.calendar.zones.wall_time import zone_names
from tutorcore.instants import instant

Read = Callable[..., list[tuple[str, str]]]

# RFC 5545, section 3.6.5, second example: the rules since 2007, under a name that nobody knows.
_EASTERN = (
    "VTIMEZONE",
    "TZID:Our Own Eastern Time",
    "BEGIN:STANDARD",
    "DTSTART:20071104T020000",
    "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU",
    "TZOFFSETFROM:-0400",
    "TZOFFSETTO:-0500",
    "TZNAME:EST",
    "END:STANDARD",
    "BEGIN:DAYLIGHT",
    "DTSTART:20070311T020000",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
    "TZOFFSETFROM:-0500",
    "TZOFFSETTO:-0400",
    "TZNAME:EDT",
    "END:DAYLIGHT",
)
# RFC 5545, section 3.6.5, fifth example: summer time that ended in 1998 and came back, on other dates, in 1999.
_FICTITIOUS = (
    "VTIMEZONE",
    "TZID:Fictitious",
    "LAST-MODIFIED:19870101T000000Z",
    "BEGIN:STANDARD",
    "DTSTART:19671029T020000",
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
    "TZOFFSETFROM:-0400",
    "TZOFFSETTO:-0500",
    "TZNAME:EST",
    "END:STANDARD",
    "BEGIN:DAYLIGHT",
    "DTSTART:19870405T020000",
    "RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4;UNTIL=19980404T070000Z",
    "TZOFFSETFROM:-0500",
    "TZOFFSETTO:-0400",
    "TZNAME:EDT",
    "END:DAYLIGHT",
    "BEGIN:DAYLIGHT",
    "DTSTART:19990424T020000",
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=4",
    "TZOFFSETFROM:-0500",
    "TZOFFSETTO:-0400",
    "TZNAME:EDT",
    "END:DAYLIGHT",
)


def _start(calendar: Callable[..., str], start: str, *zones: tuple[str, ...], day: str = "2007-01-01") -> str:
    """Return the instant at which an event of one minute starts."""
    text = calendar(*zones, ("VEVENT", f"DTSTART{start}", "DURATION:PT1M"))
    since = instant(f"{day}T00:00Z")
    [found] = read_busy(text, since, since + timedelta(days=731))
    return f"{found.start:%Y-%m-%dT%H:%M:%S}"


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        # Section 3.3.5: form 2, UTC.
        (":20080119T070000Z", "2008-01-19T07:00:00"),
        # Form 3, local time with a zone.
        (";TZID=America/New_York:20080119T020000", "2008-01-19T07:00:00"),
        # A time that comes twice is the first one: EDT, UTC-4.
        (";TZID=America/New_York:20071104T013000", "2007-11-04T05:30:00"),
        # A time that never comes is read by the offset before the gap: 3:30 EDT, an hour after 1:30 EST.
        (";TZID=America/New_York:20070311T023000", "2007-03-11T07:30:00"),
        # A positive leap second, for those who know none (section 3.3.12).
        (":20080630T235960Z", "2008-06-30T23:59:59"),
        # With both, the Z counts: a TZID says nothing about times in UTC (section 3.2.19).
        (";TZID=America/New_York:20080119T070000Z", "2008-01-19T07:00:00"),
    ],
)
def test_forms_of_date_times(calendar: Callable[..., str], start: str, expected: str) -> None:
    """The forms of RFC 5545, section 3.3.5, with its own examples (years moved where ranges need it)."""
    assert _start(calendar, start) == expected


@pytest.mark.parametrize("wall", ["20071104T013000", "20070311T023000", "20080119T020000", "20071104T020000"])
def test_a_described_zone_reads_gaps_and_folds_alike(calendar: Callable[..., str], wall: str) -> None:
    """The rules of a VTIMEZONE say the same about New York as the database does."""
    ours = _start(calendar, f";TZID=Our Own Eastern Time:{wall}", _EASTERN)

    assert ours == _start(calendar, f";TZID=America/New_York:{wall}")


# Midnights before the changes of 2026 and 2027, and others.
_DAYS = st.sampled_from(["2026-03-08", "2026-11-01", "2027-03-14", "2027-11-07"]) | st.dates(
    date(2026, 1, 2), date(2027, 12, 30)
).map(str)


@given(day=_DAYS, minutes=st.integers(-60, 300))
def test_a_described_zone_is_that_zone(day: str, minutes: int) -> None:
    """At every wall time the rules of a VTIMEZONE mean the instant that another library finds for that zone."""
    wall = datetime.fromisoformat(day) + timedelta(minutes=minutes)
    lines = ["BEGIN:VCALENDAR", "BEGIN:" + _EASTERN[0], *_EASTERN[1:], "END:VTIMEZONE", "BEGIN:VEVENT"]
    lines += [f"DTSTART;TZID=Our Own Eastern Time:{wall:%Y%m%dT%H%M%S}", "DURATION:PT1M", "END:VEVENT", "END:VCALENDAR"]

    [found] = read_busy("\n".join(lines), instant("2026-01-01T00:00Z"), instant("2028-01-02T00:00Z"))

    theirs = (
        PlainDateTime.parse_iso(wall.isoformat())
        .assume_tz("America/New_York", disambiguation="compatible")
        .to_instant()
    )
    assert found.start.timestamp() == theirs.timestamp()


@pytest.mark.parametrize(
    ("wall", "expected"),
    [
        ("19970701T120000", "1997-07-01T16:00:00"),  # The first rule: summer time from 6 April.
        ("19980401T120000", "1998-04-01T17:00:00"),  # Its UNTIL is the last onset before 5 April 1998, ...
        ("19980701T120000", "1998-07-01T17:00:00"),  # ... so there was no summer time in 1998,
    ],
)
def test_rules_of_a_zone_end(calendar: Callable[..., str], wall: str, expected: str) -> None:
    """An UNTIL of an onset counts in UTC (RFC 5545, section 3.6.5, fifth example)."""
    assert _start(calendar, f";TZID=Fictitious:{wall}", _FICTITIOUS, day="1997-01-01") == expected


def test_rules_of_a_zone_come_back(calendar: Callable[..., str]) -> None:
    """The second daylight rule of the example holds from 24 April 1999 on."""
    assert _start(calendar, ";TZID=Fictitious:19990701T120000", _FICTITIOUS, day="1998-12-01") == "1999-07-01T16:00:00"


def test_before_all_rules_the_first_offset_holds(calendar: Callable[..., str]) -> None:
    """Before its first onset a zone keeps the offset from which that onset leads away."""
    late = tuple(line.replace("2007", "2027") for line in _EASTERN)

    assert _start(calendar, ";TZID=Our Own Eastern Time:20260701T120000", late, day="2026-01-01") == (
        "2026-07-01T17:00:00"
    )


def test_onsets_may_be_listed(calendar: Callable[..., str]) -> None:
    """A zone may list its changes as RDATE; seconds in an offset count."""
    listed = (
        "VTIMEZONE",
        "TZID:Listed",
        "BEGIN:STANDARD",
        "DTSTART:20260101T000000",
        "RDATE:20260601T000000,20260701T000000",
        "TZOFFSETFROM:+0000",
        "TZOFFSETTO:+005328",
        "END:STANDARD",
    )

    assert _start(calendar, ";TZID=Listed:20260101T120000", listed, day="2026-01-01") == "2026-01-01T11:06:32"


@pytest.mark.parametrize(
    ("tzid", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("US/Eastern", "US/Eastern"),
        ("/mozilla.org/20070129_1/Europe/Berlin", "Europe/Berlin"),
        ("/freeassociation.sourceforge.net/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("/citadel.org/20260101_1/America/New_York", "America/New_York"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Eastern Standard Time", "America/New_York"),
        ("Tokyo Standard Time", "Asia/Tokyo"),
        ("europe/berlin", "Europe/Berlin"),
        ("/example.org/1/EUROPE/BERLIN", "Europe/Berlin"),
        ("w. europe standard time", "Europe/Berlin"),
        ("factory", None),
        ("Europe/Nowhere", None),
        ("Customized Time Zone", None),
        ("Factory", None),
        ("", None),
    ],
)
def test_names_of_zones(tzid: str, zone: str | None) -> None:
    """A TZID may be a name of the database, also behind a prefix, or one of Windows; anything else is unknown."""
    assert zone_of_tzid(tzid) == zone


def test_every_name_of_windows_is_known() -> None:
    """The package's table of Windows names leads to zones of the database, all of them."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    assert {zone_of_tzid(name) for name in WINDOWS_TO_OLSON} <= zone_names()


def test_a_place_is_read_by_the_database(calendar: Callable[..., str]) -> None:
    """What a calendar says about a zone of a place may be old, or only about these years: the database counts."""
    wrong = tuple(line.replace("Our Own Eastern Time", "Europe/Berlin") for line in _EASTERN)

    assert _start(calendar, ";TZID=Europe/Berlin:20080119T080000", wrong) == "2008-01-19T07:00:00"


@pytest.mark.parametrize("tzid", ["EST", "Eastern Standard Time", "Office/Europe/Berlin"])
def test_other_names_are_read_by_their_description(calendar: Callable[..., str], tzid: str) -> None:
    """A bare name may mean anything, so what the calendar says about it counts: EST in July is UTC-4 there."""
    own = tuple(line.replace("Our Own Eastern Time", tzid) for line in _EASTERN)

    assert _start(calendar, f";TZID={tzid}:20080701T080000", own) == "2008-07-01T12:00:00"


@pytest.mark.parametrize(
    ("tzid", "start"),
    [
        ("GMT+0100", "2008-07-01T07:00:00"),
        ('"UTC+05:30"', "2008-07-01T02:30:00"),
        ("utc-0330", "2008-07-01T11:30:00"),
        ("GMT+1400", "2008-06-30T18:00:00"),
    ],
)
def test_a_name_may_be_an_offset(calendar: Callable[..., str], tzid: str, start: str) -> None:
    """With four digits, programs agree on which way an offset goes: ahead of UTC is plus."""
    assert _start(calendar, f";TZID={tzid}:20080701T080000") == start


@pytest.mark.parametrize("tzid", ["GMT+1", "UTC+01", "GMT+1401", "UTC-1201", "GMT+0160", "+0100", "GMT+0100 (CET)"])
def test_an_offset_that_may_mean_anything_is_unknown(
    calendar: Callable[..., str], refused: Callable[..., list[str]], tzid: str
) -> None:
    """With fewer digits POSIX means the opposite; and no clock is farther off."""
    [mistake] = refused(calendar(("VEVENT", f"DTSTART;TZID={tzid}:19970701T080000")))

    assert f"a time of the unknown zone '{tzid}'" in mistake


def test_a_zone_described_twice_is_described_once(
    calendar: Callable[..., str], refused: Callable[..., list[str]]
) -> None:
    """Where both say the same, that is it; where they differ, nobody knows which; of a place, nobody asks them."""
    other = tuple(line.replace("-0500", "-0600") for line in _EASTERN)
    event = ("VEVENT", "UID:a", "DTSTART;TZID=Our Own Eastern Time:19970701T080000")
    berlin, wrong = (
        tuple(line.replace("Our Own Eastern Time", "Europe/Berlin") for line in zone) for zone in (_EASTERN, other)
    )

    [mistake] = refused(calendar(_EASTERN, _EASTERN, other, event))

    twice = "the VTIMEZONE 'Our Own Eastern Time' comes twice and differs; expected one"
    assert mistake == f"<calendar>:37: VEVENT a: {twice}"
    own = ";TZID=Our Own Eastern Time:20080701T080000"
    assert _start(calendar, own, _EASTERN, _EASTERN) == "2008-07-01T12:00:00"
    assert _start(calendar, ";TZID=Europe/Berlin:20080701T080000", berlin, wrong) == "2008-07-01T06:00:00"


def test_zones_belong_to_their_own_calendar(calendar: Callable[..., str], refused: Callable[..., list[str]]) -> None:
    """A description holds within its VCALENDAR only (RFC 5545, section 3.4)."""
    event = ("VEVENT", "UID:a", "DTSTART;TZID=Our Own Eastern Time:19970101T000000")

    [mistake] = refused(calendar(_EASTERN) + calendar(event))

    assert mistake == (
        "<calendar>:25: VEVENT a: DTSTART is '19970101T000000', a time of the unknown zone 'Our Own Eastern Time'; "
        "expected a VTIMEZONE of that TZID, a name of IANA or Windows, "
        'or for busy times unknown_zones="widest" (--unknown-zones widest)'
    )


def test_times_of_no_zone_need_a_default(refused: Callable[..., list[str]], calendar: Callable[..., str]) -> None:
    """A floating time and a date are anybody's, so somebody has to say whose."""
    mistakes = refused(calendar(("VEVENT", "DTSTART:19970101T000000"), ("VEVENT", "DTSTART;VALUE=DATE:19970101")))

    assert [mistake.partition("; ")[0] for mistake in mistakes] == [
        "<calendar>:4: VEVENT line-3: DTSTART is '19970101T000000', a floating time of no zone",
        "<calendar>:7: VEVENT line-6: DTSTART is '19970101', a date of no zone",
    ]
    assert all(mistake.endswith("; expected default_zone= to say whose it is") for mistake in mistakes)


@pytest.mark.parametrize(
    ("home", "options", "start"),
    [
        (["X-WR-TIMEZONE:Asia/Tokyo"], {}, "2026-02-28T15:00"),
        (["X-WR-TIMEZONE:Tokyo Standard Time "], {}, "2026-02-28T15:00"),
        (["X-WR-TIMEZONE:Mars/Olympus", "X-WR-TIMEZONE:Asia/Tokyo"], {}, "2026-02-28T15:00"),
        (["X-WR-TIMEZONE:Asia/Tokyo"], {"default_zone": "Europe/Berlin"}, "2026-02-28T23:00"),
        (["X-WR-TIMEZONE:Asia/Tokyo"], {"unknown_zones": "widest"}, "2026-02-28T15:00"),
        (["X-WR-TIMEZONE:Mars/Olympus"], {"unknown_zones": "widest"}, "2026-02-28T10:00"),
    ],
)
@pytest.mark.parametrize("time", [";VALUE=DATE:20260301", ":20260301T000000"])
def test_a_calendar_may_have_a_zone_of_its_own(home: list[str], options: dict[str, Any], start: str, time: str) -> None:
    """Google writes X-WR-TIMEZONE: it says whose a date is, unless somebody else does."""
    event = ("BEGIN:VEVENT", f"DTSTART{time}", "DURATION:P1D", "END:VEVENT")
    text = "\n".join(("BEGIN:VCALENDAR", *home, *event, "END:VCALENDAR"))

    [found] = read_busy(text, instant("2026-01-01T00:00Z"), instant("2027-01-01T00:00Z"), **options)

    assert f"{found.start:%Y-%m-%dT%H:%M}" == start


def test_a_zone_of_a_calendar_that_nobody_knows_says_nothing(refused: Callable[..., list[str]]) -> None:
    """Then a date is of no zone as before."""
    text = "BEGIN:VCALENDAR\nX-WR-TIMEZONE:Mars\nBEGIN:VEVENT\nDTSTART:19970101\nEND:VEVENT\nEND:VCALENDAR"

    [mistake] = refused(text)

    assert "a date of no zone" in mistake


@pytest.mark.parametrize("start", [":20260301T100000", ";TZID=Nowhere:20260301T100000"])
def test_the_widest_reading(read: Read, start: str) -> None:
    """A time nobody knows the zone of takes from where clocks are first (UTC+14) to where they are last (UTC-12)."""
    found = read((f"DTSTART{start}", "DURATION:PT1H"), unknown_zones="widest")

    assert found == [("2026-02-28T20:00", "2026-03-01T23:00")]


@pytest.mark.parametrize(
    ("start", "excluded", "count"),
    [
        # Midnight of the 2nd is 10:00 UTC of the 1st on the easternmost clocks, but who knows?
        (":20260301T100000Z", ";TZID=Nowhere:20260302T000000", 2),
        (";TZID=Nowhere:20260302T000000", ":20260301T100000Z", 2),
        (";TZID=Nowhere:20260301T100000", ";TZID=Nowhere:20260301T100000", 1),
    ],
)
def test_a_time_of_an_unknown_zone_excludes_none_of_a_known_one(
    read: Read, start: str, excluded: str, count: int
) -> None:
    """What may be another time takes nothing away; by the same unknown clock it is the same time."""
    event = (f"DTSTART{start}", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=2", f"EXDATE{excluded}")

    assert len(read(event, unknown_zones="widest")) == count


def test_the_widest_reading_of_a_date(read: Read) -> None:
    """A date of no zone lasts 50 hours, somewhere."""
    found = read(("DTSTART;VALUE=DATE:20260301",), unknown_zones="widest")

    assert found == [("2026-02-28T10:00", "2026-03-02T12:00")]


def test_the_widest_reading_holds_all_others(read: Read) -> None:
    """Whatever zone was meant, its reading lies within the widest one."""
    event = ("DTSTART:20260301T100000", "DTEND:20260301T120000")
    [(start, end)] = read(event, unknown_zones="widest")

    assert all(
        start <= first and last <= end
        for zone in sorted(zone_names())
        for first, last in read(event, default_zone=zone)
    )


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (":20260301T100000", "DTEND:20260301T120000Z", ("2026-02-28T20:00", "2026-03-01T12:00")),
        (":20260301T100000Z", "DTEND:20260301T120000", ("2026-03-01T10:00", "2026-03-02T00:00")),
    ],
)
def test_one_end_may_be_known(read: Read, start: str, end: str, expected: tuple[str, str]) -> None:
    """Where only one end has a known zone, only the other one is widened."""
    assert read((f"DTSTART{start}", end), unknown_zones="widest") == [expected]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # 25 October 2026 has 25 hours in Berlin, 29 March 23.
        (("DTSTART;VALUE=DATE:20261025",), ("2026-10-24T22:00", "2026-10-25T23:00")),
        (("DTSTART;VALUE=DATE:20260329", "DTEND;VALUE=DATE:20260330"), ("2026-03-28T23:00", "2026-03-29T22:00")),
        # An end on the same date is meant for that date.
        (("DTSTART;VALUE=DATE:20260301", "DTEND;VALUE=DATE:20260301"), ("2026-02-28T23:00", "2026-03-01T23:00")),
        (("DTSTART;VALUE=DATE:20260301", "DURATION:P1W"), ("2026-02-28T23:00", "2026-03-07T23:00")),
        # Some leave VALUE=DATE out, and some name a zone although it is a date.
        (("DTSTART:20260301",), ("2026-02-28T23:00", "2026-03-01T23:00")),
        (("DTSTART;TZID=Asia/Tokyo;VALUE=DATE:20260301",), ("2026-02-28T15:00", "2026-03-01T15:00")),
    ],
)
def test_dates_last_whole_days(read: Read, lines: tuple[str, ...], expected: tuple[str, str]) -> None:
    """A date is that whole day by the default zone's clock, however many hours that is."""
    assert read(lines, default_zone="Europe/Berlin") == [expected]


def test_a_date_begins_where_its_midnight_is_missing(read: Read) -> None:
    """In Cairo 24 April 2026 begins at 01:00, since clocks go forward at midnight: 22:00 UTC the day before."""
    assert read(("DTSTART;VALUE=DATE:20260424",), default_zone="Africa/Cairo") == [
        ("2026-04-23T22:00", "2026-04-24T21:00")
    ]


@pytest.mark.parametrize(
    ("duration", "end"),
    [
        ("P1D", "2026-03-29T10:00"),  # The same time on the next day, 23 hours later: nominal.
        ("PT24H", "2026-03-29T11:00"),  # 24 hours: exact.
        ("P1DT1H", "2026-03-29T11:00"),  # First the day, then the hour.
        ("P1W", "2026-04-04T10:00"),
        ("+PT30M", "2026-03-28T11:30"),
        # RFC 5545, section 3.3.6: 15 days, 5 hours, 0 minutes and 20 seconds; 7 weeks.
        ("P15DT5H0M20S", "2026-04-12T15:00"),
        ("P7W", "2026-05-16T10:00"),
    ],
)
def test_durations(read: Read, duration: str, end: str) -> None:
    """Days and weeks go by the wall clock, hours and less elapse (RFC 5545, section 3.3.6)."""
    [(start, found)] = read(("DTSTART;TZID=Europe/Berlin:20260328T120000", f"DURATION:{duration}"))

    assert (start, found) == ("2026-03-28T11:00", end)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), "the VTIMEZONE has no TZID"),
        (("TZID:X",), "the VTIMEZONE has no STANDARD or DAYLIGHT"),
        (("TZID:X", "BEGIN:STANDARD", "END:STANDARD"), "the STANDARD has no TZOFFSETFROM"),
        (("TZID:X", "BEGIN:STANDARD", "TZOFFSETFROM:1", "END:STANDARD"), "expected an offset from UTC such as"),
        (("TZID:X", "BEGIN:STANDARD", "TZOFFSETFROM:+2400", "END:STANDARD"), "expected an offset from UTC such as"),
        (
            (
                *("TZID:X", "BEGIN:STANDARD", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0000"),
                *("DTSTART:19700101T000000", "RRULE:FREQ=SECONDLY", "END:STANDARD"),
            ),
            "expected at most 100000 changes of clock in all",
        ),
    ],
)
def test_a_zone_that_cannot_be_read(
    calendar: Callable[..., str], refused: Callable[..., list[str]], lines: tuple[str, ...], expected: str
) -> None:
    """A description of a zone that is used must be whole, and may not go on without end."""
    [mistake] = refused(calendar(("VTIMEZONE", *lines), ("VEVENT", "DTSTART;TZID=X:19970101T000000")))

    assert expected in mistake
