from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.adapters.ical.busy_times import read_busy
from tutorcore.adapters.ical.parsing import MOST_BYTES, MOST_COMPONENTS, MOST_LINE, MissingPackage
from tutorcore.errors import Mistakes
from tutorcore.instants import instant

Refused = Callable[..., list[str]]
_SINCE, _UNTIL = instant("2026-01-01T00:00Z"), instant("2027-12-31T00:00Z")
_EVENT = "BEGIN:VEVENT\nUID:a\nDTSTART:20260301T100000Z\nDURATION:PT1H\nEND:VEVENT\n"


def _read(text: str | bytes) -> list[str]:
    return [one.start.isoformat() for one in read_busy(text, _SINCE, _UNTIL)]


@pytest.mark.parametrize(
    "text",
    [
        f"BEGIN:VCALENDAR\r\n{_EVENT}END:VCALENDAR",
        f"\ufeffBEGIN:VCALENDAR\n{_EVENT}END:VCALENDAR\n\n",
        "begin:vcalendar\nbegin:vevent\ndtstart:20260301T100000Z\nduration:PT1H\nend:vevent\nend:vcalendar",
        f'BEGIN:VCALENDAR\nX-A;B="c:d":e\nBEGIN:X-A\n{_EVENT}END:X-A\n{_EVENT}END:VCALENDAR',
        "BEGIN:VCALENDAR\n" + _EVENT.replace("UID", "a line without a colon\nSUMMARY:\udcff\nUID") + "END:VCALENDAR",
        "BEGIN:VCALENDAR\nEND:VCALENDAR\nBEGIN:VCALENDAR\n" + _EVENT + "END:VCALENDAR",
        f"BEGIN:VCALENDAR\n{_EVENT}END:VCALENDAR\n".replace("\n", "\r"),
        f"BEGIN:VCALENDAR\r\n{_EVENT}END:VCALENDAR\r\n\x1a",
        "BEGIN:VCALENDAR\n" + _EVENT.replace("END", "RRULE:FREQ=DAILY;COUNT=1;\nEXDATE:\nEND") + "END:VCALENDAR",
        "BEGIN:VCALENDAR\n" + _EVENT.replace("END", 'ATTENDEE;CN="a"b:mailto:ann@x.example\nEND') + "END:VCALENDAR",
    ],
)
def test_what_is_not_read_does_not_matter(text: str) -> None:
    """Byte order marks, empty lines, small letters and strange components are passed over."""
    assert _read(text.encode(errors="surrogateescape")) == ["2026-03-01T10:00:00+00:00"]


def test_attendees_count_where_the_owner_is_looked_for(refused: Refused) -> None:
    """One who cannot be read may be the owner, who may have declined: where nobody asks for them, that is nothing."""
    text = "BEGIN:VCALENDAR\n" + _EVENT.replace("END", "ATTENDEE;CN:mailto:ann@x.example\nEND") + "END:VCALENDAR"

    [mistake] = refused(text, own="ann@x.example")

    assert mistake == "<calendar>:6: 'ATTENDEE;CN' is not a name with parameters"
    assert _read(text) == ["2026-03-01T10:00:00+00:00"]


def test_a_character_may_be_folded_in_two() -> None:
    """Some programs fold after 75 bytes, within a character (RFC 5545, section 3.1)."""
    text = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:\xc3\r\n \xbc\r\nDTSTART:20260301T100000Z\r\nDURATION:PT1H\r\n"

    [found] = read_busy(text + b"END:VEVENT\r\nEND:VCALENDAR", _SINCE, _UNTIL)

    assert found.id == "ü"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "there is no calendar; expected BEGIN:VCALENDAR"),
        ("<!DOCTYPE html>", "1: '<!DOCTYPE html>' stands outside of a calendar"),
        (_EVENT, "1: BEGIN is 'VEVENT'; expected VCALENDAR at the top"),
        ("BEGIN:VCALENDAR", "1: VCALENDAR has no end; expected END:VCALENDAR"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR", "3: END is 'VCALENDAR'; expected END:VEVENT"),
        ("END:VCALENDAR", "1: END is 'VCALENDAR'; expected BEGIN:VCALENDAR"),
        ("BEGIN:VCALENDAR\nVERSION;A", "2: 'VERSION;A' has no value"),
        ("BEGIN:VCALENDAR\nVERSION;A:2", "2: 'VERSION;A' is not a name with parameters"),
        ("BEGIN:VCALENDAR\nMETHOD:a\udcffb", "the text has characters that UTF-8 cannot hold"),
        (b"BEGIN:VCALENDAR\nMETHOD:a\xffb", "2: the line is not UTF-8"),
        ("x" * (MOST_BYTES + 1), "the text is too long; expected at most 16777216 bytes"),
        ("ü" * (MOST_BYTES // 2 + 1), "the text is too long; expected at most 16777216 bytes"),
        ("BEGIN:VCALENDAR\nUID:" + "x" * MOST_LINE, "2: the line is too long; expected at most 1048576 bytes"),
        ("BEGIN:VCALENDAR\n" * 2, "2: the VCALENDAR stands within a VCALENDAR; expected at the top"),
        (
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + _EVENT,
            "3: the VEVENT stands within a VEVENT; expected within a VCALENDAR",
        ),
        (
            "BEGIN:VCALENDAR\n" + "BEGIN:VALARM\n" * 10,
            "11: components lie too deep; expected at most 10 within each other",
        ),
        (
            "BEGIN:VCALENDAR\n" + "BEGIN:VALARM\nEND:VALARM\n" * MOST_COMPONENTS,
            "there are too many components; expected at most 100000",
        ),
    ],
    ids=range(17),
)
def test_what_is_no_calendar_is_refused(refused: Refused, text: str | bytes, expected: str) -> None:
    """A text that is no calendar, or a huge one, is refused at once, with the line."""
    [mistake] = refused(text)

    assert mistake.startswith("<calendar>:")
    assert expected in mistake


def test_a_line_of_100_megabytes_is_refused(refused: Refused) -> None:
    """Nothing of a text that is too long is looked at."""
    [mistake] = refused(b"BEGIN:VCALENDAR\nUID:" + b"x" * 100_000_000)

    assert "too long" in mistake


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=SECONDLY;COUNT=1000000000",
        "FREQ=MINUTELY;BYSECOND=0,10,20,30,40,50",
        "FREQ=YEARLY;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYSECOND=0,1,2,3,4,5,6,7,8,9;"
        "BYYEARDAY=" + ",".join(str(day) for day in range(1, 300)),
    ],
)
def test_too_many_occurrences_are_refused(refused: Refused, rule: str) -> None:
    """A rule that brings more than is read is refused, and so is what follows it not read."""
    events = ("BEGIN:VEVENT\nUID:a\nDTSTART:19970101T000000Z\nDURATION:PT1S\n" + f"RRULE:{rule}\nEND:VEVENT\n") * 3

    [mistake] = refused(f"BEGIN:VCALENDAR\n{events}END:VCALENDAR")

    assert mistake.endswith("expected at most 100000 occurrences in all")


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;INTERVAL=997;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=4;COUNT=1000000000",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=1000000000",
    ],
)
def test_a_rule_that_brings_nothing_ends(rule: str) -> None:
    """Nothing is looked for without end."""
    event = f"BEGIN:VEVENT\nDTSTART:19970101T000000Z\nDURATION:PT1S\nRRULE:{rule}\nEND:VEVENT\n"

    assert _read(f"BEGIN:VCALENDAR\n{event}END:VCALENDAR") == []


def test_counting_from_long_ago_is_limited(refused: Refused) -> None:
    """Rules with COUNT have to be counted from their start, so those of centuries may not be many."""
    event = "BEGIN:VEVENT\nDTSTART:10010101T000000Z\nDURATION:PT1S\nRRULE:FREQ=DAILY;COUNT=999999999\nEND:VEVENT\n"

    [mistake] = refused("BEGIN:VCALENDAR\n" + event * 9 + "END:VCALENDAR")

    assert mistake.endswith("expected at most 100000 occurrences in all")


@pytest.mark.parametrize(
    ("start", "lines"),
    [
        # A small COUNT does not help: nothing is ever counted, so all days since the start are looked at.
        ("16010101", "DURATION:PT1S\nRRULE:FREQ=HOURLY;INTERVAL=25;COUNT=3;BYMONTH=2;BYMONTHDAY=30"),
        # Whatever is so long may have begun a thousand years ago.
        ("12000101", "DURATION:P366000D\nRRULE:FREQ=HOURLY;INTERVAL=25;BYMONTH=2;BYMONTHDAY=30"),
        # The seconds of a day are made before it is known that no day has them.
        ("20000101", "DURATION:PT1S\nRRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"),
    ],
)
def test_many_rules_that_bring_nothing_are_limited(refused: Refused, start: str, lines: str) -> None:
    """Each of these takes a second or a part of it, which thousands of them would multiply."""
    event = f"BEGIN:VEVENT\nDTSTART:{start}T100000Z\n{lines}\nEND:VEVENT\n"

    [mistake] = refused("BEGIN:VCALENDAR\n" + event * 300 + "END:VCALENDAR")

    assert mistake.endswith("expected at most 100000 occurrences in all")


def test_zones_whose_rules_bring_nothing_are_limited(refused: Refused) -> None:
    """So it is with the changes of a zone, which are counted from the first on."""
    part = "BEGIN:STANDARD\nDTSTART:00010101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n"
    rule = "RRULE:FREQ=HOURLY;INTERVAL=25;BYMONTH=2;BYMONTHDAY=30\n"
    zone = "BEGIN:VTIMEZONE\nTZID:Nowhere\n" + f"{part}{rule}END:STANDARD\n" * 300 + "END:VTIMEZONE\n"
    event = "BEGIN:VEVENT\nDTSTART;TZID=Nowhere:20260301T100000\nDURATION:PT1S\nEND:VEVENT\n"

    [mistake] = refused(f"BEGIN:VCALENDAR\n{zone}{event}END:VCALENDAR")

    assert mistake.endswith("expected at most 100000 changes of clock in all")


def test_many_old_series_that_have_ended_are_read() -> None:
    """A rule with a COUNT is followed only up to where it ends."""
    event = "BEGIN:VEVENT\nDTSTART:19700101T100000Z\nDURATION:PT1S\nRRULE:FREQ=WEEKLY;COUNT=10\nEND:VEVENT\n"

    assert _read("BEGIN:VCALENDAR\n" + event * 1_000 + "END:VCALENDAR") == []


def test_rules_are_limited(refused: Refused) -> None:
    """Every rule is work, even one that brings nothing."""
    event = "BEGIN:VEVENT\nDTSTART:20300101T000000Z\nDURATION:PT1S\nRRULE:FREQ=DAILY\nEND:VEVENT\n"

    [mistake] = refused("BEGIN:VCALENDAR\n" + event * 10_001 + "END:VCALENDAR")

    assert mistake.endswith("expected at most 100000 occurrences in all")


def test_many_values_are_limited(refused: Refused) -> None:
    """Lists of periods and of further dates count as occurrences."""
    periods = ",".join(["19970101T000000Z/PT1H"] * 40_000)
    text = "BEGIN:VCALENDAR\nBEGIN:VFREEBUSY\n" + f"FREEBUSY:{periods}\n" * 3 + "END:VFREEBUSY\nEND:VCALENDAR"

    [mistake] = refused(text)

    assert mistake.endswith("expected at most 100000 occurrences in all")


def _event(*lines: str) -> str:
    return "\n".join(["BEGIN:VEVENT", "UID:a", "DTSTART:19970101T000000Z", "DURATION:PT1S", *lines, "END:VEVENT", ""])


def test_many_changes_of_many_events_are_limited(refused: Refused) -> None:
    """Every event of one UID is held against all that change it, so there may not be many of both."""
    change = _event("RECURRENCE-ID;RANGE=THISANDFUTURE:19970101T000000Z")

    [mistake] = refused("BEGIN:VCALENDAR\n" + _event() * 400 + change * 400 + "END:VCALENDAR")

    assert mistake.endswith("expected at most 100000 occurrences in all")


def test_many_changes_of_one_event_are_read() -> None:
    """A change that goes on is found among thousands without trying them all."""
    changes = (
        f"BEGIN:VEVENT\nUID:a\nSEQUENCE:{number}\nDTSTART:20260301T{number % 24:02}0000Z\nDURATION:PT1S\n"
        f"RECURRENCE-ID;RANGE=THISANDFUTURE;X={number}:20260301T00{number // 60 % 60:02}{number % 60:02}Z\nEND:VEVENT\n"
        for number in range(3000)
    )
    event = "BEGIN:VEVENT\nUID:a\nDTSTART:20260301T000000Z\nDURATION:PT1S\nRRULE:FREQ=MINUTELY;COUNT=9000\nEND:VEVENT\n"

    assert len(_read("BEGIN:VCALENDAR\n" + event + "".join(changes) + "END:VCALENDAR")) > 8000


def test_changes_of_clock_are_limited_in_all(refused: Refused) -> None:
    """Many zones that change all the time are no more work than one."""
    zone = (
        "BEGIN:VTIMEZONE\nTZID:X{0}\nBEGIN:STANDARD\nDTSTART:19970101T000000\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0100\n"
        "RRULE:FREQ=SECONDLY;COUNT=90000\nEND:STANDARD\nEND:VTIMEZONE\n"
        "BEGIN:VEVENT\nDTSTART;TZID=X{0}:19970101T120000\nDURATION:PT1H\nEND:VEVENT\n"
    )

    mistakes = refused("BEGIN:VCALENDAR\n" + "".join(zone.format(number) for number in range(50)) + "END:VCALENDAR")

    assert len(mistakes) == 49
    assert all(mistake.endswith("expected at most 100000 changes of clock in all") for mistake in mistakes)


@pytest.mark.parametrize("head", ["DTSTART;" + "A=b;" * 5000 + "C=d", "DTSTART;A=" + '"x"' * 5000])
def test_long_heads_are_refused(refused: Refused, head: str) -> None:
    """Names and parameters are short."""
    [mistake] = refused(f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{head}:19970101\nEND:VEVENT\nEND:VCALENDAR")

    assert mistake.endswith("...' is too long; expected at most 8192 characters")


@pytest.mark.parametrize(
    "value", [";" + '"' * 999_999, ";" + "a" * 1_000_000, ';A="' + "a" * 1_000_000, ';"a' * 300_000]
)
def test_lines_without_an_end_are_refused(refused: Refused, value: str) -> None:
    """A line whose value never comes is not searched for it again and again."""
    [mistake] = refused(f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART{value}\nEND:VEVENT\nEND:VCALENDAR")

    assert "has no value; expected a name, parameters, a colon and a value" in mistake


@pytest.mark.parametrize("line", ["DTEND :19970101T010000Z", "RRULE\t:FREQ=DAILY"])
def test_a_name_with_a_blank_is_not_passed_over(refused: Refused, line: str) -> None:
    """Without its end an event would take no time, and nobody would know."""
    [mistake] = refused(f"BEGIN:VCALENDAR\n{_event(line)}END:VCALENDAR")

    assert mistake.endswith("has no value; expected a name, parameters, a colon and a value")


@pytest.mark.parametrize(
    "line",
    ["DTSTART;TZID={}:19970101T000000", "DTSTART:{}", "RRULE:FREQ={}", "RECURRENCE-ID;RANGE={}:19970101T000000Z"],
)
def test_mistakes_are_short(refused: Refused, line: str) -> None:
    """Nothing of a calendar is quoted at length."""
    event = _event(line.format("x" * 8000)).replace("DTSTART:19970101T000000Z\n", "", int(line.startswith("DTSTART")))

    [mistake] = refused(f"BEGIN:VCALENDAR\n{event}END:VCALENDAR")

    assert len(mistake) < 500


def test_nobody_is_no_attendee(calendar: Callable[..., str]) -> None:
    """Where no owner is named, an attendee without an address is not they."""
    text = calendar(("VEVENT", "DTSTART:20260301T100000Z", "DURATION:PT1H", "ATTENDEE;PARTSTAT=DECLINED:mailto:"))

    assert _read(text) == ["2026-03-01T10:00:00+00:00"]


def test_at_most_so_many_mistakes_are_listed(refused: Refused) -> None:
    """Nobody mends a calendar from a list of thousands."""
    assert len(refused("BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\nEND:VEVENT\n" * 2000 + "END:VCALENDAR")) == 500


def test_without_the_package_that_parses_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads a calendar without the extra is told what to install."""
    monkeypatch.setitem(sys.modules, "icalendar.parser", None)

    with pytest.raises(MissingPackage, match=r"pip install tutorcore\[ical\]"):
        _read("BEGIN:VCALENDAR\nVERSION;X=never-seen-before:2.0\nEND:VCALENDAR")


_LINES = st.sampled_from(
    [
        *("BEGIN:VEVENT", "END:VEVENT", "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VTIMEZONE", "END:VTIMEZONE"),
        *("DTSTART:20260301T100000Z", "DTSTART;TZID=X:20260301T100000", "DTEND:20260301", "DURATION:P1W", "UID:a"),
        *("RRULE:FREQ=HOURLY;COUNT=5", "EXDATE:20260301T100000Z", "RDATE;VALUE=PERIOD:20260301T100000Z/PT1H"),
        *("RECURRENCE-ID;RANGE=THISANDFUTURE:20260301T100000Z", "TZID:X", "BEGIN:STANDARD", "END:STANDARD"),
        *(
            "TZOFFSETFROM:+0100",
            "TZOFFSETTO:-0330",
            "BEGIN:VFREEBUSY",
            "END:VFREEBUSY",
            "FREEBUSY:20260301T100000Z/PT1H",
        ),
        *(" folded", "", "SEQUENCE:-1", "STATUS", 'ATTENDEE;PARTSTAT=DECLINED;CN="a', "VERSION:2.0"),
    ]
)


@given(lines=st.lists(_LINES | st.text(max_size=20), max_size=30), whole=st.booleans())
def test_any_lines_are_read_or_refused(lines: list[str], whole: bool) -> None:
    """Whatever lines come together, they are read, or refused as a calendar."""
    body = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"] if whole else lines
    try:
        found = read_busy("\n".join(body), _SINCE, _UNTIL, default_zone="Europe/Berlin")
    except Mistakes:
        return

    assert found == sorted(found, key=lambda one: (one.start, one.end, one.id, one.kind))


@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Whatever bytes come, no other error than the one for calendars does."""
    with pytest.raises(Mistakes):
        read_busy(data, _SINCE, _UNTIL)
