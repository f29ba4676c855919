"""Time zones written as VTIMEZONE: read back, they give the offsets that the time zone database has, for good."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import icalendar
import pytest

from tutorcore.adapters.ical.busy_times import read_busy
from tutorcore.adapters.ical.timezones import timezone_lines
from tutorcore.calendar.zones.databases import TimeZones
from tutorcore.calendar.zones.segments import segments
from tutorcore.calendar.zones.wall_time import to_instant, to_local, zone_names
from tutorcore.errors import UnknownName
from tutorcore.instants import Instant, from_micros, instant, to_micros

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_ZONES = sorted(zone_names())
_SOME = [
    *("Europe/Berlin", "Africa/Cairo", "America/Nuuk", "Asia/Gaza", "Africa/Casablanca", "Australia/Lord_Howe"),
    *("America/Santiago", "Asia/Jerusalem", "Europe/Dublin", "Pacific/Apia", "Asia/Tokyo", "Antarctica/Troll"),
]


def _zone(name: str, since: Instant, until: Instant | None = None) -> list[str]:
    return list(timezone_lines(name, since, until))


def _check_by_our_reading(name: str, since: Instant, year: int) -> None:
    """Compare what the component says under another name with the database, around each change of two years."""
    first, last = max(since, instant(f"{year}-01-01T00:00Z")), instant(f"{year + 2}-01-01T00:00Z")
    edges = [edge for part in segments([(0, name)], to_micros(first), to_micros(last)) for edge in part[:2]]
    asked = sorted({from_micros(edge) + beside for edge in edges for beside in (-_DAY, -_SECOND, timedelta(0), _DAY)})
    walls = [to_local(at, name).replace(tzinfo=None) for at in asked if since <= at]
    zone = [re.sub("^TZID:.*", "TZID:Own", line) for line in timezone_lines(name, since, None)]
    event = ["BEGIN:VEVENT", "UID:u", f"DTSTART;TZID=Own:{walls[0]:%Y%m%dT%H%M%S}", "DURATION:PT1S",
             f"RDATE;TZID=Own:{','.join(f'{wall:%Y%m%dT%H%M%S}' for wall in walls)}", "END:VEVENT"]  # fmt: skip
    text = "\n".join(["BEGIN:VCALENDAR", *zone, *event, "END:VCALENDAR"])

    starts = {each.start for each in read_busy(text, first, last)}

    expected = {to_instant(wall, name) for wall in walls}
    assert starts == {at for at in expected if first <= at < last}


@pytest.mark.parametrize("name", _SOME)
@pytest.mark.parametrize("since", ["1930-06-01T00:00Z", "2026-07-01T00:00Z", "2100-12-31T00:00Z"])
def test_offsets_are_right_for_years_to_come(name: str, since: str) -> None:
    """Whatever the rule: those of a zone that lists its changes for decades, and of one whose clocks stay."""
    first = int(since[:4])
    for year in (first, first + 2, first + 11, first + 40, first + 60, first + 80):
        _check_by_our_reading(name, instant(since), year)


@pytest.mark.slow
@pytest.mark.parametrize("name", _ZONES)
def test_every_zone_has_its_offsets(name: str) -> None:
    """Those of the package, from before the wars until after the century."""
    for since in ("1910-01-01T00:00Z", "1970-01-01T00:00Z", "2026-01-01T00:00Z"):
        for year in (1910, 1940, 1946, 1970, 1974, 1980, 1990, 2011, 2026, 2037, 2086, 2110):
            if year >= int(since[:4]):
                _check_by_our_reading(name, instant(since), year)


@pytest.mark.parametrize("name", _SOME)
def test_another_program_reads_the_same(name: str) -> None:
    """The zone that icalendar makes of it has the offsets of the database, a day before and after each change."""
    since = instant("2026-01-01T00:00Z")
    component = icalendar.Timezone.from_ical("\r\n".join(_zone(name, since)))
    assert isinstance(component, icalendar.Timezone)
    zone = component.to_tz(lookup_tzid=False)

    for part in segments([(0, name)], to_micros(since + 2 * _DAY), to_micros(instant("2034-01-01T00:00Z"))):
        for at in (from_micros(part.start) + _DAY, from_micros(part.end) - _DAY):
            local = to_local(at, name)
            assert local.replace(tzinfo=zone).utcoffset() == local.utcoffset(), at


def test_a_zone_line_by_line() -> None:
    """What clocks show at first, then the two changes of each year, in wall time by the offset before."""
    assert _zone("Europe/Berlin", instant("2026-07-01T00:00Z")) == [
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Berlin",
        "BEGIN:STANDARD",
        "DTSTART:20260701T020000",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0200",
        "END:STANDARD",
        "BEGIN:STANDARD",
        "DTSTART:20261025T030000",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "END:STANDARD",
        "BEGIN:DAYLIGHT",
        "DTSTART:20270328T020000",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "END:DAYLIGHT",
        "END:VTIMEZONE",
    ]


def test_changes_that_are_listed_are_listed_as_far_as_they_are_needed() -> None:
    """Apia changed sides of the date line on 2011-12-30; of two days around it, nothing else is said."""
    lines = _zone("Pacific/Apia", instant("2011-12-29T00:00Z"), instant("2012-01-01T00:00Z"))

    assert [line for line in lines if line.startswith(("DTSTART", "TZOFFSET", "R"))] == [
        "DTSTART:20111228T140000", "TZOFFSETFROM:-1000", "TZOFFSETTO:-1000",
        "DTSTART:20111230T000000", "TZOFFSETFROM:-1000", "TZOFFSETTO:+1400",
    ]  # fmt: skip


def test_a_rule_that_counts_later_is_left_out_where_it_is_not_needed() -> None:
    """Gaza's clocks go by a list until 2086 and by a rule from then on."""
    near = _zone("Asia/Gaza", instant("2026-01-01T00:00Z"), instant("2028-01-01T00:00Z"))

    assert not any(line.startswith("RRULE") for line in near)
    assert [line for line in near if line.startswith("RDATE")] == ["RDATE:20270327T020000", "RDATE:20271030T020000"]


def test_offsets_have_seconds_where_there_are_some() -> None:
    """Clocks in Monrovia were 44 minutes and 30 seconds behind UTC until 1972."""
    lines = _zone("Africa/Monrovia", instant("1971-01-01T00:00Z"))

    assert "TZOFFSETTO:-004430" in lines
    assert "DTSTART:19720107T000000" in lines


@pytest.mark.parametrize(
    ("rule", "written"),
    [
        ("M3.5.0,M10.5.0/3", ["BYMONTH=3;BYDAY=-1SU", "BYMONTH=10;BYDAY=-1SU"]),
        ("M3.2.0,M11.1.0", ["BYMONTH=3;BYDAY=2SU", "BYMONTH=11;BYDAY=1SU"]),
        ("M3.4.4/50,M10.4.4/50", ["BYMONTH=3;BYMONTHDAY=24,25,26,27,28,29,30;BYDAY=SA",
                                  "BYMONTH=10;BYMONTHDAY=24,25,26,27,28,29,30;BYDAY=SA"]),
        ("M4.5.5/0,M10.5.4/24", ["BYMONTH=4;BYDAY=-1FR", "BYYEARDAY=-67,-66,-65,-64,-63,-62,-61;BYDAY=FR"]),
        ("M3.5.0/-1,M10.5.0/0", ["BYYEARDAY=-283,-282,-281,-280,-279,-278,-277;BYDAY=SA", "BYMONTH=10;BYDAY=-1SU"]),
        ("M2.4.0/48,M10.1.0/0", ["BYYEARDAY=55,56,57,58,59,60,61;BYDAY=TU", "BYMONTH=10;BYDAY=1SU"]),
        ("M2.5.0/48,M10.1.0/-24", ["BYYEARDAY=-311,-310,-309,-308,-307,-306,-305;BYDAY=TU",
                                   "BYYEARDAY=-93,-92,-91,-90,-89,-88,-87;BYDAY=SA"]),
    ],
)  # fmt: skip
def test_the_day_of_a_change_may_lie_beside_the_one_it_is_counted_from(rule: str, written: list[str]) -> None:
    """Days into the next month or the next year, and hours before midnight; each is read back as the same instants."""
    database = TimeZones.of("test", {"Test/Zone": _tzif(f"XST-1XDT,{rule}")})
    since = instant("2026-05-15T00:00Z")

    lines = list(timezone_lines("Test/Zone", since, None, database=database))

    rules = sorted(line.removeprefix("RRULE:FREQ=YEARLY;") for line in lines if line.startswith("RRULE"))
    assert rules == sorted(written)
    event = ["BEGIN:VEVENT", "UID:u", "DTSTART;TZID=Test/Zone:20260601T120000", "DURATION:PT1H", "RRULE:FREQ=DAILY"]
    text = "\n".join(["BEGIN:VCALENDAR", *lines, *event, "END:VEVENT", "END:VCALENDAR"])
    starts = [each.start for year in range(2026, 2042, 2) for each in read_busy(
        text, instant(f"{year}-06-02T00:00Z"), instant(f"{year + 2}-05-30T00:00Z"))]  # fmt: skip
    assert starts
    for start in starts:
        assert start == to_instant(
            datetime.combine(to_local(start, "Test/Zone", database=database).date(), datetime.min.time().replace(12)),
            "Test/Zone",
            database=database,
        )


def _tzif(rule: str) -> bytes:
    """Return a time zone's file that holds a rule and no change beside it."""
    header = b"TZif2" + bytes(15) + b"".join(count.to_bytes(4) for count in (0, 0, 0, 0, 1, 4))
    block = (3600).to_bytes(4) + b"\0\0" + b"XST\0"
    return header + block + header + block + b"\n" + rule.encode() + b"\n"


def test_a_zone_that_does_not_exist_is_refused() -> None:
    """By name, with the one that may have been meant."""
    with pytest.raises(UnknownName, match="Europe/Berlin"):
        _zone("Europe/Berln", instant("2026-01-01T00:00Z"))
