"""Lessons and series written as iCalendar: read back by another program and by ours, they are the same instants."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.adapters.ical.busy_times import read_busy
from tutorcore.adapters.ical.calendars import SPELLED_OUT, Entry, Person, calendar_text
from tutorcore.adapters.ical.content_lines import exact_duration
from tutorcore.calendar.recurrences.recurrence import Recurrence
from tutorcore.calendar.series.series import Series
from tutorcore.calendar.zones.wall_time import Disambiguation
from tutorcore.errors import InvalidType, InvalidValue, TutorcoreError, UnknownName
from tutorcore.instants import Instant, instant

_STAMP = instant("2026-10-01T12:00:00Z")
_HOUR = timedelta(hours=1)
_ORGANIZER = Person("Lessons", "no-reply@lessons.example")
_ANN = Person("Ann", "ann@example.com")


def _wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _series(start: str, rule: str, zone: str = "Europe/Berlin", **exceptions: Any) -> Series:
    return Series(zone, _wall(start), _HOUR, Recurrence.parse(rule), **exceptions)


def _text(series: Series, **more: Any) -> str:
    return calendar_text([Entry("series-7@lessons.example", series, summary="German", **more)], stamp=_STAMP)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def _events(text: str) -> list[list[str]]:
    """Return the lines of each event that say when it is."""
    events = text.replace("\r\n ", "").split("BEGIN:VEVENT\r\n")[1:]
    names = ("DTSTART", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
    return [[line for line in event.split("\r\n") if line.startswith(names)] for event in events]


def _read(text: str, since: Instant, until: Instant) -> list[tuple[Instant, Instant]]:
    found = read_busy(text, since, until)
    return [(each.start, each.end) for each in found if since <= each.start < until]


def _planned(series: Series, since: Instant, until: Instant) -> list[tuple[Instant, Instant]]:
    return sorted({(each.start, each.end) for each in series.occurrences(since, until)})


# Lessons


def test_a_lesson_line_by_line() -> None:
    """Times are UTC, so no zone comes along; a status, a sequence and a uid."""
    entry = Entry(
        "L1@lessons.example",
        (instant("2026-03-30T11:00:00+02:00"), instant("2026-03-30T12:00:00.5+02:00")),
        summary="Lesson; with Tom",
        sequence=3,
        status="TENTATIVE",
        description="Line one.\nLine two.",
        url="https://meet.example/1",
    )

    assert _lines(calendar_text([entry], stamp=_STAMP)) == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//tutorcore//lessons//EN",
        "BEGIN:VEVENT",
        "UID:L1@lessons.example",
        "SEQUENCE:3",
        "STATUS:TENTATIVE",
        "DTSTAMP:20261001T120000Z",
        "DTSTART:20260330T090000Z",
        "DTEND:20260330T100001Z",
        r"SUMMARY:Lesson\; with Tom",
        r"DESCRIPTION:Line one.\nLine two.",
        "LOCATION:https://meet.example/1",
        "URL:https://meet.example/1",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_many_entries_share_a_calendar_and_their_zones() -> None:
    """Each zone is described once, for the time from the first of its series on."""
    early, late = _series("2026-01-05T18:00", "FREQ=WEEKLY"), _series("2027-01-05T18:00", "FREQ=WEEKLY")
    tokyo, utc = (
        _series("2026-01-05T18:00", "FREQ=DAILY", "Asia/Tokyo"),
        _series("2026-01-05T18:00", "FREQ=DAILY", "UTC"),
    )

    text = calendar_text([Entry(str(at), one, summary="x") for at, one in enumerate((late, tokyo, early, utc))],
                         stamp=_STAMP)  # fmt: skip

    zones = [component["TZID"] for component in icalendar.Calendar.from_ical(text).walk("VTIMEZONE")]
    assert zones == ["Asia/Tokyo", "Europe/Berlin"]
    assert len(_events(text)) == 4
    assert "DTSTART:20260105T180000Z\r\n" in text
    assert "BEGIN:STANDARD\r\nDTSTART:20260103T190000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\n" in text


# Messages


def test_a_message_has_its_method() -> None:
    """REQUEST invites, CANCEL takes out, and PUBLISH tells."""
    when = (instant("2026-03-30T09:00Z"), instant("2026-03-30T10:00Z"))
    invited = Entry("L1", when, summary="x", sequence=2, organizer=_ORGANIZER, attendees=(_ANN,))
    told = Entry("L1", when, summary="x", organizer=_ORGANIZER)

    request, cancel = (
        _lines(calendar_text([invited], stamp=_STAMP, method=method)) for method in ("REQUEST", "CANCEL")
    )
    publish = _lines(calendar_text([told, told], stamp=_STAMP, method="PUBLISH"))

    assert request[3] == "METHOD:REQUEST"
    assert "STATUS:CONFIRMED" in request
    assert 'ORGANIZER;CN="Lessons":mailto:no-reply@lessons.example' in request
    assert (cancel[3], cancel[7]) == ("METHOD:CANCEL", "STATUS:CANCELLED")
    assert publish[3] == "METHOD:PUBLISH"


@pytest.mark.parametrize(
    ("method", "changes", "count", "error", "told"),
    [
        ("REPLY", {}, 1, UnknownName, "unknown method 'REPLY'; known: CANCEL, PUBLISH, REQUEST"),
        ("REQUEST", {"organizer": None}, 1, InvalidValue, "expected somebody from whom the REQUEST comes"),
        ("REQUEST", {"attendees": ()}, 1, InvalidValue, "expected somebody who is invited"),
        ("REQUEST", {"status": "CANCELLED"}, 1, InvalidValue, "or the method CANCEL"),
        ("REQUEST", {}, 2, InvalidValue, "number of entries is 2; expected 1 with REQUEST"),
        ("CANCEL", {}, 2, InvalidValue, "number of entries is 2; expected 1 with CANCEL"),
        ("PUBLISH", {}, 1, InvalidValue, "expected nobody: what is published is for everybody"),
    ],
)
def test_a_message_that_rfc_5546_does_not_have_is_refused(
    method: Any, changes: dict[str, Any], count: int, error: type[TutorcoreError], told: str
) -> None:
    """Who invites and who is invited must be known, and a request is about one entry."""
    when = (instant("2026-03-30T09:00Z"), instant("2026-03-30T10:00Z"))
    entry = Entry("L1", when, **{"summary": "x", "organizer": _ORGANIZER, "attendees": (_ANN,), **changes})

    with pytest.raises(error, match=told):
        calendar_text([entry] * count, stamp=_STAMP, method=method)


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"uid": 7}, InvalidType, "uid is 7 of type int; expected a text"),
        ({"when": None}, InvalidType, "when is None of type NoneType; expected a Series, or the start and the end"),
        ({"when": (_STAMP, _STAMP)}, InvalidValue, "expected an instant after 2026-10-01T12:00:00"),
        ({"when": (datetime(2026, 1, 1), _STAMP)}, InvalidValue, "start of a lesson is"),  # noqa: DTZ001  # refused
        ({"sequence": True}, InvalidType, "sequence is True"),
        ({"sequence": -1}, InvalidValue, "sequence is -1; expected 0 or more"),
        ({"status": "confirmed"}, UnknownName, "unknown status 'confirmed'; did you mean 'CONFIRMED'?"),
        ({"summary": None}, InvalidType, "summary is None of type NoneType; expected a text"),
        ({"description": 7}, InvalidType, "description is 7 of type int; expected a text, or None"),
        ({"url": b"x"}, InvalidType, "url is b'x' of type bytes; expected a text, or None"),
        ({"organizer": "no@x.example"}, InvalidType, "organizer is 'no@x.example' of type str; expected a Person"),
        ({"organizer": ("Ann", "ann@example.com")}, InvalidType, "organizer is .* of type tuple; expected a Person"),
        ({"attendees": _ANN}, InvalidType, "attendees is Person.*; expected a tuple of Person"),
        ({"attendees": (_ANN, "ann@example.com")}, InvalidType, "attendee is 'ann@example.com' of type str"),
    ],
)
def test_what_cannot_stand_in_a_calendar_is_refused(
    changes: dict[str, Any], error: type[TutorcoreError], told: str
) -> None:
    """With what was expected instead."""
    when = (instant("2026-03-30T09:00Z"), instant("2026-03-30T10:00Z"))

    with pytest.raises(error, match=told):
        Entry(**{"uid": "L1", "when": when, "summary": "x", **changes})


@pytest.mark.parametrize(
    ("name", "address", "error"),
    [
        ("ann@example.com", "Ann", InvalidValue),
        ("", "mailto:ann@example.com", InvalidValue),
        ("", "MAILTO:ann@example.com", InvalidValue),
        ("", "Ann <ann@example.com>", InvalidValue),
        ("", "ann@", InvalidValue),
        ("", "@example.com", InvalidValue),
        ("", "", InvalidValue),
        ("", None, InvalidType),
        (None, "ann@example.com", InvalidType),
    ],
)
def test_a_person_has_an_address(name: Any, address: Any, error: type[TutorcoreError]) -> None:
    """Name and address are not mixed up, and neither is a URL."""
    with pytest.raises(error, match=r"(name|address) of a person is .*; expected (a text|an e-mail address)"):
        Person(name, address)


def test_only_entries_are_written_and_only_at_an_instant() -> None:
    """Anything else is refused by name."""
    entry = Entry("L1", _series("2026-01-05T18:00", "FREQ=WEEKLY"), summary="x")
    with pytest.raises(InvalidType, match=r"entries is Entry.*; expected a list of Entry; one entry stands in a list"):
        calendar_text(entry, stamp=_STAMP)  # type: ignore[arg-type]  # refused
    with pytest.raises(InvalidType, match="entry is 7"):
        calendar_text([7], stamp=_STAMP)  # type: ignore[list-item]  # refused
    with pytest.raises(InvalidValue, match="stamp is"):
        calendar_text([], stamp=datetime(2026, 1, 1))  # noqa: DTZ001  # refused


@pytest.mark.parametrize(
    ("span", "written"),
    [
        (timedelta(minutes=50), "PT50M"),
        (timedelta(hours=1), "PT1H"),
        (timedelta(hours=1, seconds=1), "PT1H0M1S"),
        (timedelta(seconds=30), "PT30S"),
        (timedelta(microseconds=1), "PT1S"),
        (timedelta(days=7), "PT168H"),
    ],
)
def test_a_duration_is_elapsed_time(span: timedelta, written: str) -> None:
    """Never days, which a reader counts by the wall clock; and never shorter than it is."""
    assert exact_duration(span) == written


# Series


def test_a_series_line_by_line() -> None:
    """Its rule and what lies beside it in wall time with the zone; an end in UTC."""
    series = _series(
        "2026-10-20T18:00",
        "FREQ=WEEKLY;BYDAY=TU;UNTIL=20261215T180000",
        extra=[_wall("2026-10-22T10:00")],
        excluded=[_wall("2026-11-03T18:00")],
        skipped=[_wall("2026-11-10T18:00")],
        moved={
            _wall("2026-11-17T18:00"): _wall("2026-11-18T17:00"),
            _wall("2026-11-24T18:00"): instant("2026-11-25T12:00:00Z"),
        },
    )

    assert _events(_text(series)) == [
        [
            "DTSTART;TZID=Europe/Berlin:20261020T180000",
            "DURATION:PT1H",
            "RRULE:FREQ=WEEKLY;UNTIL=20261215T170000Z;BYDAY=TU",
            "RDATE;TZID=Europe/Berlin:20261022T100000",
            "EXDATE;TZID=Europe/Berlin:20261103T180000",
            "EXDATE;TZID=Europe/Berlin:20261110T180000",
        ],
        [
            "RECURRENCE-ID;TZID=Europe/Berlin:20261117T180000",
            "DTSTART;TZID=Europe/Berlin:20261118T170000",
            "DURATION:PT1H",
        ],
        ["RECURRENCE-ID;TZID=Europe/Berlin:20261124T180000", "DTSTART:20261125T120000Z", "DURATION:PT1H"],
    ]


def test_every_event_of_a_series_has_its_uid_and_the_rest() -> None:
    """A moved lesson is the same entry in the same version."""
    series = _series("2026-10-20T18:00", "FREQ=WEEKLY", moved={_wall("2026-11-17T18:00"): _wall("2026-11-18T17:00")})

    events = list(icalendar.Calendar.from_ical(_text(series, sequence=4, status="CANCELLED")).walk("VEVENT"))

    assert [(each["UID"], each["SEQUENCE"], each["STATUS"], each["SUMMARY"]) for each in events] == [
        ("series-7@lessons.example", 4, "CANCELLED", "German")
    ] * 2


def test_an_end_that_is_a_date_is_its_last_second() -> None:
    """UNTIL is in UTC where the start has a zone (RFC 5545, section 3.3.10)."""
    text = _text(_series("2026-10-20T18:00", "FREQ=WEEKLY;UNTIL=20261110"))

    assert "RRULE:FREQ=WEEKLY;UNTIL=20261110T225959Z" in _lines(text)


def test_an_end_in_utc_stays() -> None:
    """It is already as it should be."""
    text = _text(_series("2026-10-20T18:00", "FREQ=WEEKLY;UNTIL=20261110T170000Z"))

    assert "RRULE:FREQ=WEEKLY;UNTIL=20261110T170000Z" in _lines(text)


@pytest.mark.parametrize(
    ("disambiguate", "apart"),
    [
        ("compatible", "20270328T013000Z"),
        ("later", "20270328T013000Z"),
        ("earlier", "20270328T003000Z"),
        ("clamp", "20270328T010000Z"),
    ],
)
def test_a_lesson_in_a_gap_is_written_by_itself(disambiguate: Any, apart: str) -> None:
    """Whatever a reader does with a time that clocks skip, it finds when the lesson is."""
    series = _series("2027-03-21T02:30", "FREQ=WEEKLY;COUNT=3", disambiguate=disambiguate)

    assert _events(_text(series))[1:] == [
        ["RECURRENCE-ID;TZID=Europe/Berlin:20270328T023000", f"DTSTART:{apart}", "DURATION:PT1H"]
    ]


def test_a_lesson_that_a_gap_takes_away_is_left_out() -> None:
    """With "skip" there is none on that day."""
    [lines] = _events(_text(_series("2027-03-21T02:30", "FREQ=WEEKLY;COUNT=3", disambiguate="skip")))

    assert lines[3:] == ["EXDATE;TZID=Europe/Berlin:20270328T023000"]


@pytest.mark.parametrize(("disambiguate", "count"), [("compatible", 1), ("earlier", 1), ("skip", 1), ("later", 2)])
def test_a_lesson_in_a_fold_is_written_by_itself_if_it_is_the_second(disambiguate: Any, count: int) -> None:
    """Of a time that comes twice everybody takes the first (RFC 5545, section 3.3.5)."""
    events = _events(_text(_series("2026-10-18T02:30", "FREQ=WEEKLY;COUNT=3", disambiguate=disambiguate)))

    assert len(events) == count
    assert events[1:] == [["RECURRENCE-ID;TZID=Europe/Berlin:20261025T023000", "DTSTART:20261025T013000Z",
                           "DURATION:PT1H"]][: count - 1]  # fmt: skip


def test_a_series_that_refuses_such_times_is_refused() -> None:
    """What has no reading cannot be written."""
    with pytest.raises(InvalidValue, match="a time that clocks in Europe/Berlin show exactly once"):
        _text(_series("2026-10-18T02:30", "FREQ=WEEKLY", disambiguate="raise"))


def test_a_series_without_an_end_is_spelled_out_for_years() -> None:
    """Each change of clock that it meets in that time, and then no more."""
    series = _series("2026-01-01T02:30", "FREQ=DAILY", disambiguate="clamp")

    events = _events(_text(series))

    apart = [datetime.strptime(lines[1], "DTSTART:%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for lines in events[1:]]
    assert [at.year for at in apart] == list(range(2026, 2036))
    assert apart[-1] < instant("2026-01-01T00:00Z") + SPELLED_OUT


@pytest.mark.parametrize(
    ("disambiguate", "exceptions"),
    [("skip", {}), ("clamp", {}), ("compatible", {"excluded": [_wall("2027-03-28T02:15")]}),
     ("compatible", {"moved": {_wall("2027-03-28T02:15"): _wall("2027-03-29T12:00")}})],
)  # fmt: skip
def test_a_lesson_that_readers_would_take_for_another_is_refused(disambiguate: Any, exceptions: dict[str, Any]) -> None:
    """In the night in which clocks skip 02:15, that and 03:15 are one instant: neither can be left out alone."""
    series = _series("2027-03-27T02:15", "FREQ=DAILY;BYHOUR=2,3;COUNT=4", disambiguate=disambiguate, **exceptions)

    with pytest.raises(InvalidValue, match="2027-03-28T02:15:00'; expected no lesson at 2027-03-28T03:15:00 besides"):
        _text(series)


def test_what_an_end_in_utc_would_bring_besides_is_left_out() -> None:
    """The last lesson, at 02:45, is put off to 03:45; that of 03:15 lies behind the end."""
    rule = "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=15,45;BYSETPOS=2,3;UNTIL=20270328T030000"

    events = _events(_text(_series("2027-03-27T02:45", rule)))

    assert events[0][2].endswith("UNTIL=20270328T014500Z;BYMINUTE=15,45;BYHOUR=2,3;BYSETPOS=2,3")
    assert events[0][3:] == ["EXDATE;TZID=Europe/Berlin:20270328T031500"]


@pytest.mark.parametrize("rule", ["FREQ=WEEKLY;COUNT=5", "FREQ=WEEKLY", "FREQ=WEEKLY;UNTIL=20270101"])
def test_a_series_that_has_ended_before_it_begins_is_refused(rule: str) -> None:
    """No rule ends before its DTSTART; what is called off altogether is CANCELLED."""
    series = _series("2026-10-20T18:00", rule)

    with pytest.raises(InvalidValue, match=r"2026-10-20T18:00:00; to call all of it off, .* status=\"CANCELLED\""):
        _text(series.ended_before(0))
    assert "STATUS:CANCELLED" in _lines(_text(series, status="CANCELLED", sequence=1))
    assert len(_read(_text(series.ended_before(1)), _STAMP, _STAMP + timedelta(days=60))) == 1


def test_what_an_exception_names_in_vain_is_not_written() -> None:
    """A lesson that the series does not have is not moved, for readers would show it."""
    series = _series(
        "2026-10-20T18:00", "FREQ=WEEKLY;UNTIL=20261110T170000Z",
        excluded=[_wall("2026-11-03T18:00")],
        skipped=[_wall("2026-10-27T18:00")],
        moved={_wall(day): _wall("2026-11-05T18:00") for day in (
            "2026-10-21T18:00", "2026-10-27T18:00", "2026-11-03T18:00", "2026-11-17T18:00")},
    )  # fmt: skip

    assert len(_events(_text(series))) == 1


_FREQUENCIES = st.sampled_from(
    [
        "DAILY",
        "WEEKLY",
        "MONTHLY;BYMONTHDAY=-1,25",
        "WEEKLY;INTERVAL=2;BYDAY=SU,WE",
        "DAILY;BYHOUR=2,3;BYMINUTE=15,45;BYSETPOS=2,3",
    ]
)
_ENDS = st.sampled_from(
    [
        "",
        ";COUNT=9",
        ";UNTIL=20270401",
        ";UNTIL=20261025T023000",
        ";UNTIL=20270328T010000Z",
        ";UNTIL=20270328T022000",
        ";UNTIL=20261025T011000Z",
        ";UNTIL=20270314T023000",
        ";UNTIL=20270328T030000",
    ]
)
_ZONES = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Cairo",
     "Africa/Casablanca", "Asia/Kathmandu",
     "America/St_Johns", "UTC", "Europe/Dublin", "US/Pacific", "Asia/Gaza"]
)  # fmt: skip
_TIMES = st.sampled_from(["02:30", "00:00", "01:45", "18:00", "23:59"])
_DAYS = st.dates(date(2026, 10, 10), date(2027, 4, 20))
_READINGS: st.SearchStrategy[Disambiguation] = st.sampled_from(["compatible", "earlier", "later", "skip", "clamp"])


@st.composite
def _any_series(draw: st.DrawFn) -> Series:
    time = draw(_TIMES)
    walls = st.builds(lambda day: _wall(f"{day}T{time}"), _DAYS)
    start = draw(walls)
    ends = _ENDS.filter(lambda end: not end.startswith(";UNTIL=") or end[7:15] > f"{start:%Y%m%d}")
    return Series(
        draw(_ZONES),
        start,
        draw(st.sampled_from([_HOUR, timedelta(minutes=50), timedelta(hours=30)])),
        Recurrence.parse(f"FREQ={draw(_FREQUENCIES)}{draw(ends)}"),
        extra=draw(st.lists(walls, max_size=2)),
        excluded=draw(st.lists(walls, max_size=3)),
        skipped=draw(st.lists(walls, max_size=3)),
        moved=draw(st.dictionaries(walls, walls.map(lambda wall: wall.replace(tzinfo=UTC)) | walls, max_size=3)),
        disambiguate=draw(_READINGS),
    )


@given(_any_series())
def test_what_is_written_is_read_back_as_the_same_instants(series: Series) -> None:
    """By our own reading, over both changes of clock."""
    since, until = instant("2026-10-01T00:00Z"), instant("2027-06-01T00:00Z")

    assert sorted(set(_read(_text(series), since, until))) == _planned(series, since, until)


@given(_any_series())
def test_the_zone_that_comes_along_says_the_same(series: Series) -> None:
    """Under a name that nobody knows, only the VTIMEZONE tells what the times mean."""
    since, until = instant("2026-10-01T00:00Z"), instant("2027-06-01T00:00Z")

    text = _text(series).replace("\r\n ", "").replace(f"TZID={series.zone}:", "TZID=Own:")
    renamed = text.replace(f"TZID:{series.zone}\r\n", "TZID:Own\r\n")

    assert sorted(set(_read(renamed, since, until))) == _planned(series, since, until)
