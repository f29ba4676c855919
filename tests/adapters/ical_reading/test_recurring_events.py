from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from whenever import PlainDateTime

from tutorcore.adapters.ical.busy_times import read_busy
from tutorcore.instants import instant

Read = Callable[..., list[tuple[str, str]]]

_NEW_YORK = "DTSTART;TZID=America/New_York:19970902T090000"
_WEEKLY = ("UID:a", "DTSTART;TZID=Europe/Berlin:20260302T180000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=4")
_AT_BERLIN = ["2026-03-02T17:00", "2026-03-09T17:00", "2026-03-16T17:00", "2026-03-23T17:00"]


def _starts(found: list[tuple[str, str]]) -> list[str]:
    return [start for start, _ in found]


def _days(read: Read, *lines: str, until: str = "1999-01-01") -> list[str]:
    found = read((_NEW_YORK, "DURATION:PT1H", *lines), since="1997-01-01", until=until)
    assert {start[10:] for start, _ in found} <= {"T13:00", "T14:00"}  # 09:00 in New York, all year.
    return [start[:10] for start, _ in found]


def test_daily_for_ten_occurrences(read: Read) -> None:
    """RFC 5545, section 3.8.5.3, first example: 2 to 11 September."""
    assert _days(read, "RRULE:FREQ=DAILY;COUNT=10") == [f"1997-09-{day:02}" for day in range(2, 12)]


def test_daily_until_a_time_in_utc(read: Read) -> None:
    """Second example: UNTIL=19971224T000000Z lets 23 December be the last, 113 days in all."""
    found = _days(read, "RRULE:FREQ=DAILY;UNTIL=19971224T000000Z")

    assert (len(found), found[-1]) == (113, "1997-12-23")


def test_the_tenth_line_of_a_rule_may_be_folded(read: Read) -> None:
    """A rule may be folded anywhere, as every line may (section 3.1)."""
    assert len(_days(read, "RRULE:FREQ=DAILY;UN", " TIL=19970905T", "\t130000Z")) == 4


@pytest.mark.parametrize(("until", "last"), [("19970905T130000Z", 5), ("19970905T125959Z", 4), ("19970905T090000", 5)])
def test_until_is_the_last_instant_that_counts(read: Read, until: str, last: int) -> None:
    """An UNTIL that is an occurrence lets it count; a second less does not. Without a Z it is wall time."""
    assert _days(read, f"RRULE:FREQ=DAILY;UNTIL={until}")[-1] == f"1997-09-{last:02}"


@pytest.mark.parametrize("until", ["99991231T235959Z", "99991231", "99990101T000000"])
def test_an_until_at_the_end_of_time_is_none(read: Read, until: str) -> None:
    """Some programs write the last date there is for a rule without an end."""
    assert len(_days(read, f"RRULE:FREQ=DAILY;UNTIL={until};INTERVAL=100")) == 5


def test_every_friday_the_13th(read: Read) -> None:
    """Section 3.8.5.3: DTSTART is no such Friday, so EXDATE takes it away."""
    lines = ("EXDATE;TZID=America/New_York:19970902T090000", "RRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13")

    assert _days(read, *lines) == ["1998-02-13", "1998-03-13", "1998-11-13"]


def test_invalid_dates_are_left_out(read: Read) -> None:
    """Section 3.8.5.3, the last example: there is no 30 February, and it does not count."""
    event = ("DTSTART;TZID=America/New_York:20070115T090000", "DURATION:PT1H")
    found = read((*event, "RRULE:FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5"), since="2007-01-01", until="2008-01-01")

    assert [start[:10] for start, _ in found] == ["2007-01-15", "2007-01-30", "2007-02-15", "2007-03-15", "2007-03-30"]


def test_a_series_keeps_its_wall_time(read: Read) -> None:
    """18:00 in Berlin is 17:00 UTC in winter and 16:00 in summer, from 29 March on."""
    event = (*_WEEKLY[:3], "RRULE:FREQ=WEEKLY;COUNT=5")

    assert _starts(read(event)) == [*_AT_BERLIN, "2026-03-30T16:00"]


@pytest.mark.parametrize(
    ("length", "end"),
    [
        # DTEND gives every occurrence the same 24 hours, DURATION the same day (section 3.8.5.3).
        ("DTEND;TZID=Europe/Berlin:20260327T120000", "2026-03-29T11:00"),
        ("DURATION:P1D", "2026-03-29T10:00"),
    ],
)
def test_exact_and_nominal_length(read: Read, length: str, end: str) -> None:
    """On the night when clocks go forward, a length of one day is 24 or 23 hours, as it is written."""
    found = read(("DTSTART;TZID=Europe/Berlin:20260326T120000", length, "RRULE:FREQ=DAILY;COUNT=3"))

    assert found[-1] == ("2026-03-28T11:00", end)


def test_birthdays_before_all_instants(read: Read) -> None:
    """Programs write birthdays without a year as of 1604, a leap year."""
    event = ("DTSTART;VALUE=DATE:16040229", "RRULE:FREQ=YEARLY")

    assert read(event, since="2026-01-01", until="2028-01-02", default_zone="UTC") == []
    assert _starts(read(event, since="2027-01-01", until="2028-12-31", default_zone="UTC")) == ["2028-02-29T00:00"]


@pytest.mark.parametrize(
    ("exdate", "kept"),
    [
        ("EXDATE;TZID=Europe/Berlin:20260309T180000", [0, 2, 3]),
        ("EXDATE:20260309T170000Z", [0, 2, 3]),
        ("EXDATE:20260309T170000Z,20260323T170000Z", [0, 2]),
        ("EXDATE;VALUE=DATE:20260309", [0, 2, 3]),
        ("EXDATE:20260309T180000Z", [0, 1, 2, 3]),
        ("EXDATE:20260302T170000Z", [1, 2, 3]),
    ],
)
def test_excluded_occurrences(read: Read, exdate: str, kept: list[int]) -> None:
    """EXDATE takes away the occurrence at that instant, in whichever zone it is written, or on that date."""
    assert _starts(read((*_WEEKLY, exdate), default_zone="Asia/Tokyo")) == [_AT_BERLIN[index] for index in kept]


def test_a_time_excludes_a_date(read: Read) -> None:
    """Some programs write the midnight of a whole day that is taken out."""
    event = ("DTSTART;VALUE=DATE:20260302", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260303T000000")

    assert _starts(read(event, default_zone="UTC")) == ["2026-03-02T00:00", "2026-03-04T00:00"]


@pytest.mark.parametrize(
    ("rdate", "expected"),
    [
        # Section 3.8.5.2, moved to 2026.
        ("RDATE:20260714T123000Z", ("2026-07-14T12:30", "2026-07-14T13:30")),
        ("RDATE;TZID=America/New_York:20260714T083000", ("2026-07-14T12:30", "2026-07-14T13:30")),
        ("RDATE;VALUE=PERIOD:20260403T020000Z/20260403T040000Z", ("2026-04-03T02:00", "2026-04-03T04:00")),
        ("RDATE;VALUE=PERIOD:20260404T010000Z/PT3H", ("2026-04-04T01:00", "2026-04-04T04:00")),
    ],
)
def test_further_occurrences(read: Read, rdate: str, expected: tuple[str, str]) -> None:
    """RDATE adds occurrences; a period brings its own length."""
    first = ("2026-03-02T10:00", "2026-03-02T11:00")

    assert read(("DTSTART:20260302T100000Z", "DURATION:PT1H", rdate)) == [first, expected]


def test_dates_as_further_occurrences(read: Read) -> None:
    """RDATE;VALUE=DATE as in section 3.8.5.2, and one that is excluded again."""
    event = ("DTSTART;VALUE=DATE:20260101", "RDATE;VALUE=DATE:20260120,20260217,20260421", "EXDATE;VALUE=DATE:20260217")

    assert _starts(read(event, default_zone="UTC")) == ["2026-01-01T00:00", "2026-01-20T00:00", "2026-04-21T00:00"]


def _changed(*lines: str) -> tuple[str, ...]:
    return ("UID:a", *lines)


@pytest.mark.parametrize("name", [";TZID=Europe/Berlin:20260309T180000", ":20260309T170000Z", ";VALUE=DATE:20260309"])
def test_a_moved_occurrence(read: Read, name: str) -> None:
    """RECURRENCE-ID names an occurrence by when it would have been, in whichever zone, or by its date."""
    moved = _changed(f"RECURRENCE-ID{name}", "DTSTART:20260310T090000Z", "DURATION:PT2H")

    found = read(_WEEKLY, moved, default_zone="Europe/Berlin")

    assert found[1] == ("2026-03-10T09:00", "2026-03-10T11:00")
    assert _starts(found) == [_AT_BERLIN[0], "2026-03-10T09:00", *_AT_BERLIN[2:]]


@pytest.mark.parametrize("line", ["STATUS:CANCELLED", "TRANSP:TRANSPARENT"])
def test_a_cancelled_occurrence(read: Read, line: str) -> None:
    """An occurrence that is cancelled or transparent takes no time, and the others do."""
    changed = _changed("RECURRENCE-ID:20260309T170000Z", "DTSTART:20260309T170000Z", "DURATION:PT1H", line)

    assert _starts(read(_WEEKLY, changed)) == [_AT_BERLIN[0], *_AT_BERLIN[2:]]


def test_an_occurrence_of_a_cancelled_series(read: Read) -> None:
    """An occurrence that stays takes its time although the series is cancelled."""
    kept = _changed("RECURRENCE-ID:20260309T170000Z", "DTSTART:20260309T170000Z", "DURATION:PT1H")

    assert _starts(read((*_WEEKLY, "STATUS:CANCELLED"), kept)) == [_AT_BERLIN[1]]


def test_an_occurrence_without_its_series(read: Read) -> None:
    """An invitation to one occurrence comes without the series, and takes its time."""
    alone = _changed("RECURRENCE-ID:20260309T170000Z", "DTSTART:20260309T180000Z", "DURATION:PT1H")

    assert _starts(read(alone)) == ["2026-03-09T18:00"]


def test_this_and_all_that_follow(read: Read) -> None:
    """RANGE=THISANDFUTURE moves all later ones as far, gives them its length, and single ones still move alone."""
    later = _changed(
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260309T180000",
        "DTSTART;TZID=Europe/Berlin:20260310T190000",
        "DURATION:PT30M",
    )
    alone = _changed("RECURRENCE-ID:20260316T170000Z", "DTSTART:20260316T080000Z", "DURATION:PT1H")

    assert read((*_WEEKLY[:3], "RRULE:FREQ=WEEKLY;COUNT=5"), later, alone) == [
        ("2026-03-02T17:00", "2026-03-02T18:00"),
        ("2026-03-10T18:00", "2026-03-10T18:30"),
        ("2026-03-16T08:00", "2026-03-16T09:00"),
        ("2026-03-24T18:00", "2026-03-24T18:30"),
        ("2026-03-31T17:00", "2026-03-31T17:30"),  # Summer time: an hour earlier in UTC.
    ]


def test_changes_of_all_that_follow_take_turns(read: Read) -> None:
    """Of several changes that go on, the latest that has begun counts, cancelling included."""
    earlier = _changed(
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260309T170000Z", "DTSTART:20260309T190000Z", "DURATION:PT1H"
    )
    ended = _changed(
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260323T170000Z",
        "DTSTART:20260323T170000Z",
        "DURATION:PT1H",
        "STATUS:CANCELLED",
    )

    assert _starts(read(_WEEKLY, ended, earlier)) == [_AT_BERLIN[0], "2026-03-09T19:00", "2026-03-16T19:00"]


def test_a_far_move_reaches_into_the_range(read: Read) -> None:
    """Occurrences that a change moves by half a year are found where they are now."""
    later = _changed("RECURRENCE-ID;RANGE=THISANDFUTURE:20260309T170000Z", "DTSTART:20260909T170000Z", "DURATION:PT1H")

    found = read(_WEEKLY, later, since="2026-09-15", until="2026-10-01")

    assert _starts(found) == ["2026-09-16T17:00", "2026-09-23T17:00"]


def test_the_last_version_counts(read: Read) -> None:
    """Of versions of one event the highest SEQUENCE counts, then the latest DTSTAMP; equals are both kept."""

    def version(hour: int, *lines: str) -> tuple[str, ...]:
        return ("UID:a", f"DTSTART:20260301T{hour}0000Z", "DURATION:PT1H", *lines)

    old, new = version(10, "SEQUENCE:1"), version(12, "SEQUENCE:2", "DTSTAMP:20260101T000000Z")
    newer = version(14, "SEQUENCE:2", "DTSTAMP:20260102T000000Z")

    assert _starts(read(new, newer, old)) == ["2026-03-01T14:00"]
    assert _starts(read(old, new)) == ["2026-03-01T12:00"]
    assert _starts(read(version(10), version(12))) == ["2026-03-01T10:00", "2026-03-01T12:00"]


def test_a_rule_that_ended_before_it_began_brings_nothing(read: Read) -> None:
    """A program that takes away all occurrences may leave a rule whose UNTIL lies before DTSTART."""
    assert read((*_WEEKLY[:3], "RRULE:FREQ=WEEKLY;UNTIL=20260301T000000Z")) == []


def test_a_series_of_an_unknown_zone(read: Read) -> None:
    """Every occurrence of a series takes its widest time, and exceptions by wall time still hit."""
    event = (
        "DTSTART;TZID=Nowhere:20260302T180000",
        "DURATION:PT1H",
        "RRULE:FREQ=WEEKLY;COUNT=3",
        "EXDATE;TZID=Nowhere:20260309T180000",
    )

    assert read(event, unknown_zones="widest") == [
        ("2026-03-02T04:00", "2026-03-03T07:00"),
        ("2026-03-16T04:00", "2026-03-17T07:00"),
    ]


@given(
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),  # noqa: DTZ001  # Wall times.
    interval=st.integers(1, 5),
    count=st.integers(1, 40),
    minutes=st.integers(1, 3000),
    page=st.integers(0, 700),
)
def test_a_daily_series_is_what_another_library_makes_of_it(
    zone: str, start: datetime, interval: int, count: int, minutes: int, page: int
) -> None:
    """Occurrences are the wall times of the rule, resolved one by one, each for as long as the event lasts."""
    start = start.replace(microsecond=0)
    lines = (f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}", f"DURATION:PT{minutes}M")
    rule = f"RRULE:FREQ=DAILY;INTERVAL={interval};COUNT={count}"
    text = "\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, rule, "END:VEVENT", "END:VCALENDAR"])
    since = instant("2026-01-01T00:00Z") + timedelta(days=page)

    found = [(one.start, one.end) for one in read_busy(text, since, since + timedelta(days=20))]

    theirs = []
    for index in range(count):
        wall = PlainDateTime.parse_iso((start + timedelta(days=index * interval)).isoformat())
        begins = datetime.fromtimestamp(wall.assume_tz(zone, disambiguation="compatible").to_instant().timestamp(), UTC)
        ends = begins + timedelta(minutes=minutes)
        if begins < since + timedelta(days=20) and ends > since:
            theirs.append((begins, ends))
    assert found == theirs
