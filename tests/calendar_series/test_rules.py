"""Recurrence rules as values: their text, what is refused, and that they always end."""

# ruff: noqa: DTZ001  # what rules bring is wall time, which has no zone

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import islice
from typing import Any

import pytest

from tutorcore.calendar.recurrences.expansion import Expansion
from tutorcore.calendar.recurrences.recurrence import Recurrence
from tutorcore.calendar.recurrences.rule_text import MOST_COUNT, MOST_TEXT, NthDay
from tutorcore.calendar.zones.wall_time import to_instant
from tutorcore.errors import InvalidType, InvalidValue, TutorcoreError, UnknownName
from tutorcore.instants import Instant, instant

_START = datetime(2026, 1, 5, 9)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("FREQ=DAILY", "FREQ=DAILY"),
        ("RRULE:FREQ=DAILY", "FREQ=DAILY"),
        ("rrule:freq=weekly;byday=mo", "FREQ=WEEKLY;BYDAY=MO"),
        ("COUNT=3;FREQ=DAILY", "FREQ=DAILY;COUNT=3"),
        ("FREQ=DAILY;INTERVAL=1", "FREQ=DAILY"),
        ("FREQ=DAILY;INTERVAL=02", "FREQ=DAILY;INTERVAL=2"),
        ("FREQ=WEEKLY;WKST=MO", "FREQ=WEEKLY"),
        ("FREQ=WEEKLY;WKST=SU", "FREQ=WEEKLY;WKST=SU"),
        ("FREQ=WEEKLY;BYDAY=SU,MO,SU", "FREQ=WEEKLY;BYDAY=MO,SU"),
        ("FREQ=MONTHLY;BYDAY=-1FR,+2MO,TU", "FREQ=MONTHLY;BYDAY=TU,2MO,-1FR"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1,+15,1,-2", "FREQ=MONTHLY;BYMONTHDAY=1,15,-2,-1"),
        ("FREQ=YEARLY;BYSETPOS=-1;BYMONTH=3,1", "FREQ=YEARLY;BYMONTH=1,3;BYSETPOS=-1"),
        ("FREQ=YEARLY;BYWEEKNO=-1,20;BYYEARDAY=-366,1", "FREQ=YEARLY;BYYEARDAY=1,-366;BYWEEKNO=20,-1"),
        ("FREQ=DAILY;BYHOUR=23,0;BYMINUTE=59,0;BYSECOND=60,0", "FREQ=DAILY;BYSECOND=0,60;BYMINUTE=0,59;BYHOUR=0,23"),
        ("FREQ=DAILY;UNTIL=20261224", "FREQ=DAILY;UNTIL=20261224"),
        ("FREQ=DAILY;UNTIL=20261224T180000", "FREQ=DAILY;UNTIL=20261224T180000"),
        ("FREQ=DAILY;UNTIL=20261224T170000Z", "FREQ=DAILY;UNTIL=20261224T170000Z"),
        ("FREQ=DAILY;UNTIL=00010101", "FREQ=DAILY;UNTIL=00010101"),
        ("FREQ=DAILY;UNTIL=00010101T000000", "FREQ=DAILY;UNTIL=00010101T000000"),
    ],
)
def test_a_rule_has_one_text(text: str, canonical: str) -> None:
    """Parts in any order and case mean the same, and are written in one form, which is read back equal."""
    rule = Recurrence.parse(text)

    assert rule.text == canonical
    assert Recurrence.parse(canonical) == rule
    assert hash(Recurrence.parse(canonical)) == hash(rule)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "part of the recurrence is ''; expected a name, = and a value, such as FREQ=WEEKLY"),
        ("FREQ=DAILY;", "part of the recurrence is ''; expected a name"),
        ("DAILY", "part of the recurrence is 'DAILY'; expected a name"),
        (" FREQ=DAILY", "unknown part of a recurrence ' FREQ'; did you mean 'FREQ'"),
        ("FREQ=DAILY;BYDATE=1", "unknown part of a recurrence 'BYDATE'; did you mean 'BYDAY'"),
        ("COUNT=3", "recurrence is 'COUNT=3'; expected a FREQ, such as FREQ=WEEKLY"),
        ("FREQ=FORTNIGHTLY", "unknown frequency 'FORTNIGHTLY'"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ is 'DAILY'; expected to be given once"),
        ("FREQ=DAILY;COUNT=0", "COUNT is 0; expected 1 to 1,000,000,000"),
        ("FREQ=DAILY;COUNT=1000000001", "COUNT is 1000000001; expected 1 to 1,000,000,000"),
        ("FREQ=DAILY;COUNT=99999999999", "COUNT is '99999999999'; expected a whole number of at most ten digits"),
        ("FREQ=DAILY;COUNT=ten", "COUNT is 'TEN'; expected a whole number"),
        ("FREQ=DAILY;COUNT=\u0663", "COUNT is '\u0663'; expected a whole number"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is 0; expected 1 to 1,000,000,000"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL is -1; expected 1 to 1,000,000,000"),
        ("FREQ=DAILY;COUNT=1;UNTIL=20260101", "expected no UNTIL beside a COUNT"),
        ("FREQ=DAILY;UNTIL=2026-01-01", "UNTIL is '2026-01-01'; expected a date or time such as 20261224"),
        ("FREQ=DAILY;UNTIL=20260230", "UNTIL is '20260230'; expected a date or time such as 20261224"),
        ("FREQ=DAILY;UNTIL=20260101T2500Z", "UNTIL is '20260101T2500Z'; expected a date"),
        ("FREQ=DAILY;UNTIL=18000101T000000Z", "UNTIL is .* expected an instant from 1900 up to 9000"),
        ("FREQ=DAILY;BYMONTH=13", "BYMONTH is 13; expected 1 to 12"),
        ("FREQ=DAILY;BYMONTH=-1", "BYMONTH is -1; expected 1 to 12"),
        ("FREQ=DAILY;BYMONTH=", "BYMONTH is ''; expected a whole number"),
        ("FREQ=DAILY;BYMONTH=1,,2", "BYMONTH is ''; expected a whole number"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY is 32; expected 1 to 31, or -31 to -1"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY is 0; expected 1 to 31, or -31 to -1"),
        ("FREQ=YEARLY;BYYEARDAY=367", "BYYEARDAY is 367; expected 1 to 366, or -366 to -1"),
        ("FREQ=YEARLY;BYWEEKNO=-54", "BYWEEKNO is -54; expected 1 to 53, or -53 to -1"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR is 24; expected 0 to 23"),
        ("FREQ=DAILY;BYMINUTE=60", "BYMINUTE is 60; expected 0 to 59"),
        ("FREQ=DAILY;BYSECOND=61", "BYSECOND is 61; expected 0 to 60"),
        ("FREQ=DAILY;BYDAY=MO;BYSETPOS=0", "BYSETPOS is 0; expected 1 to 366, or -366 to -1"),
        ("FREQ=WEEKLY;BYDAY=MONDAY", "BYDAY is 'MONDAY'; expected weekdays such as MO, or 1MO and -1MO"),
        ("FREQ=WEEKLY;BYDAY=XX", "unknown weekday 'XX'"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY is '0MO'; expected weekdays such as MO, or 1MO"),
        ("FREQ=MONTHLY;BYDAY=54MO", "number in BYDAY is 54; expected -53 to 53"),
        ("FREQ=WEEKLY;WKST=MONDAY", "unknown weekday 'MONDAY'"),
        # What RFC 5545 section 3.3.10 does not let stand together.
        ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO is '1'; expected none with FREQ=MONTHLY"),
        ("FREQ=DAILY;BYYEARDAY=1", "BYYEARDAY is '1'; expected none with FREQ=DAILY"),
        ("FREQ=WEEKLY;BYMONTHDAY=1,2", "BYMONTHDAY is '1, 2'; expected none with FREQ=WEEKLY"),
        ("FREQ=WEEKLY;BYDAY=MO,1TU", "BYDAY is '1 tuesday'; expected no numbered weekdays with FREQ=WEEKLY"),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=-1MO", "BYDAY is '-1 monday'; expected no numbered weekdays beside BYWEEKNO"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS is '1'; expected one of BYDAY, BYMONTH, .* beside it"),
    ],
)
def test_a_wrong_text_is_refused_by_part(text: str, message: str) -> None:
    """Each mistake names its part, what stands there and what was expected."""
    with pytest.raises(TutorcoreError, match=message):
        Recurrence.parse(text)


def test_a_text_is_a_text_of_some_length() -> None:
    """What is no text is refused, and so is one longer than any rule can be."""
    with pytest.raises(InvalidType, match="recurrence is 7 of type int; expected the text of a rule"):
        Recurrence.parse(7)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(InvalidValue, match="expected at most 16,384 characters"):
        Recurrence.parse("FREQ=DAILY;BYSECOND=" + ",".join("0" * MOST_TEXT))


def test_the_longest_rule_can_be_said() -> None:
    """Every value of every part that may stand together, once, is a text that can be read."""
    full = Recurrence(
        frequency="yearly",
        by_month=tuple(range(1, 13)),
        by_year_day=(*range(1, 367), *range(-366, 0)),
        by_month_day=(*range(1, 32), *range(-31, 0)),
        by_day=tuple(NthDay(day, nth) for day in ("monday", "sunday") for nth in range(-53, 54)),
        by_hour=tuple(range(24)),
        by_minute=tuple(range(60)),
        by_second=tuple(range(61)),
        by_position=(*range(1, 367), *range(-366, 0)),
    )

    assert len(full.text) < MOST_TEXT
    assert Recurrence.parse(full.text) == full


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"frequency": "often"}, UnknownName, "unknown frequency 'often'"),
        ({"interval": 1.0}, InvalidType, "INTERVAL is 1.0 of type float; expected a whole number"),
        ({"interval": True}, InvalidType, "INTERVAL is True of type bool"),
        ({"count": "3"}, InvalidType, "COUNT is '3' of type str"),
        ({"until": "20260101"}, InvalidType, "UNTIL is '20260101' of type str; expected a date, a datetime without"),
        ({"until": datetime(2026, 1, 1, 0, 0, 0, 5)}, InvalidValue, "expected whole seconds"),
        ({"by_month": [1]}, InvalidType, r"BYMONTH is \[1\] of type list; expected a tuple of whole numbers"),
        ({"by_month": (1.0,)}, InvalidType, "BYMONTH is 1.0 of type float"),
        ({"by_month": (True,)}, InvalidType, "BYMONTH is True of type bool"),
        ({"by_day": ["monday"]}, InvalidType, "BYDAY is .* of type list; expected a tuple of weekdays or NthDay"),
        ({"by_day": (1,)}, InvalidType, "BYDAY is 1 of type int; expected a weekday or a NthDay"),
        ({"by_day": ("someday",)}, UnknownName, "unknown weekday 'someday'"),
        ({"by_day": (NthDay("monday", 60),)}, InvalidValue, "number in BYDAY is 60; expected -53 to 53"),
        ({"by_day": (NthDay("monday", 1.5),)}, InvalidType, "number in BYDAY is 1.5"),  # type: ignore[arg-type]  # that is the point
        ({"week_start": "someday"}, UnknownName, "unknown weekday 'someday'"),
    ],
)
def test_a_wrong_field_is_refused(fields: dict[str, Any], error: type[TutorcoreError], message: str) -> None:
    """A rule made of values is held to the same as one made of text."""
    with pytest.raises(error, match=message):
        Recurrence(**{"frequency": "monthly", **fields})


def test_values_are_kept_once_and_sorted() -> None:
    """Weekdays are given by name or with a number; what comes twice counts once."""
    rule = Recurrence(frequency="monthly", by_day=("sunday", NthDay("monday", -1), "sunday"), by_month=(3, 1, 3))

    assert rule.by_day == (NthDay("sunday"), NthDay("monday", -1))
    assert rule.by_month == (1, 3)


# Where an expansion begins and ends


def _days(rule: str, **bounds: Any) -> list[int]:
    return [wall.day for wall in Recurrence.parse(rule).starts(_START, **bounds)]


def test_the_range_is_half_open() -> None:
    """What lies exactly at `since` belongs to it, what lies exactly at `until` does not; nor does half a second."""
    second = timedelta(seconds=1)
    at = datetime(2026, 1, 7, 9)

    assert _days("FREQ=DAILY;COUNT=5", since=at, until=at + 2 * timedelta(days=1)) == [7, 8]
    assert _days("FREQ=DAILY;COUNT=5", since=at + second / 2) == [8, 9]
    assert _days("FREQ=DAILY;COUNT=5", until=at + second / 2) == [5, 6, 7]
    assert _days("FREQ=DAILY;COUNT=5", until=_START) == []
    assert _days("FREQ=DAILY;COUNT=5", since=datetime(2020, 1, 1)) == [5, 6, 7, 8, 9]


def test_until_is_included() -> None:
    """UNTIL is the last moment that counts: a second before nine, nothing comes at nine."""
    assert _days("FREQ=DAILY;UNTIL=20260107T090000") == [5, 6, 7]
    assert _days("FREQ=DAILY;UNTIL=20260107T085959") == [5, 6]
    assert _days("FREQ=DAILY;UNTIL=20260107") == [5, 6, 7]


def test_a_rule_that_ended_before_it_began_brings_nothing() -> None:
    """An UNTIL before the first occurrence leaves no occurrence at all, not even that one."""
    assert _days("FREQ=DAILY;UNTIL=20260105T085959") == []
    assert _days("FREQ=DAILY;UNTIL=20260104") == []
    assert _days("FREQ=DAILY;UNTIL=20260105") == [5]
    rule = Recurrence.parse("FREQ=DAILY;UNTIL=20260104")
    assert rule.counts_before(_START, [datetime(2027, 1, 1)]) == {datetime(2027, 1, 1): 0}
    assert rule.among(_START, [_START]) == frozenset()


def test_a_count_of_one_is_the_first_occurrence() -> None:
    """COUNT counts the first occurrence, whether the rule would bring it or not."""
    assert _days("FREQ=WEEKLY;BYDAY=TU;COUNT=1") == [5]
    assert _days("FREQ=WEEKLY;BYDAY=TU;COUNT=2") == [5, 6]


def test_an_until_in_utc_needs_instants() -> None:
    """A wall time and an instant cannot be compared, so whoever has a zone says which instant a wall time is."""
    # In Berlin, 25 October 2026 has 2:30 twice, at 0:30Z and 1:30Z; the rule ends between them.
    rule = Recurrence.parse("FREQ=MINUTELY;INTERVAL=30;UNTIL=20261025T010000Z")
    start = datetime(2026, 10, 25, 1, 30)

    def berlin(wall: datetime) -> Instant:
        return to_instant(wall, "Europe/Berlin", "earlier")

    def later(wall: datetime) -> Instant:
        return to_instant(wall, "Europe/Berlin", "later")

    with pytest.raises(InvalidValue, match="UNTIL is .* expected a wall time, or instant_of"):
        rule.starts(start)
    assert [f"{wall:%H:%M}" for wall in rule.starts(start, instant_of=berlin)] == ["01:30", "02:00", "02:30"]
    assert [f"{wall:%H:%M}" for wall in rule.starts(start, instant_of=later)] == ["01:30", "02:00"]
    assert rule.until == instant("2026-10-25T01:00Z")
    assert Recurrence(
        frequency="daily", until=datetime(2026, 10, 25, 2, tzinfo=timezone(timedelta(hours=1)))
    ).until == (datetime(2026, 10, 25, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("2026-01-05",), InvalidType, "dtstart is '2026-01-05' of type str; expected a datetime without a zone"),
        ((date(2026, 1, 5),), InvalidType, "dtstart is .* of type date"),
        ((_START.replace(tzinfo=UTC),), InvalidValue, "dtstart is .* this one names an instant already"),
        ((_START.replace(microsecond=1),), InvalidValue, "dtstart is .* expected whole seconds"),
        ((_START, _START.replace(tzinfo=UTC)), InvalidValue, "until is .* this one names an instant already"),
        ((_START, None, 5), InvalidType, "since is 5 of type int"),
    ],
)
def test_wall_times_have_no_zone(arguments: Any, error: type[TutorcoreError], message: str) -> None:
    """A rule is expanded on the wall clock: what is no wall time is refused when asked, not when looked at."""
    with pytest.raises(error, match=message):
        Recurrence.parse("FREQ=DAILY").starts(*arguments)


def test_dateutil_too_gets_wall_times() -> None:
    """A rule goes to dateutil on the wall clock only."""
    with pytest.raises(InvalidValue, match="dtstart is .* this one names an instant already"):
        Recurrence.parse("FREQ=DAILY").as_dateutil(_START.replace(tzinfo=UTC))


# Bounded work


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;INTERVAL=7;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;INTERVAL=86400;BYHOUR=10",
        "FREQ=SECONDLY;INTERVAL=999999999;BYSECOND=60",
        "FREQ=SECONDLY;BYSECOND=60",
        "FREQ=SECONDLY;BYSECOND=1;BYSETPOS=2",
        "FREQ=MINUTELY;INTERVAL=60;BYMINUTE=1",
        "FREQ=HOURLY;INTERVAL=14;BYDAY=MO;BYHOUR=11",  # 14 hours and a week have 14 hours in common.
        "FREQ=HOURLY;INTERVAL=168;BYDAY=TU",
        "FREQ=HOURLY;INTERVAL=25;BYMONTH=7;BYYEARDAY=8,3,-266",
        "FREQ=SECONDLY;INTERVAL=86401;BYHOUR=1;BYMINUTE=0;BYSECOND=1;BYMONTH=2,3,5;BYMONTHDAY=30;BYYEARDAY=60",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=DAILY;BYSECOND=60",
        "FREQ=WEEKLY;BYDAY=MO;BYHOUR=1;BYSETPOS=2",
        "FREQ=WEEKLY;BYMONTH=1;BYSECOND=60;BYSETPOS=1",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29;BYSECOND=60",
        "FREQ=YEARLY;INTERVAL=1000000000",
    ],
)
def test_a_rule_that_never_comes_round_ends(rule: str) -> None:
    """However it says so, a rule that brings nothing after its start ends by itself, and soon."""
    assert list(Recurrence.parse(rule).starts(_START)) == [_START]


def test_steps_longer_than_a_day_are_not_walked_where_no_date_can_be_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the year 9999 there are 2.8 million steps of 25 hours; dates are looked for, a year at a time."""
    asked = 0
    next_wanted = Expansion._next_wanted

    def counted(self: Expansion, day: int, last: int) -> int:
        nonlocal asked
        asked += 1
        return next_wanted(self, day, last)

    monkeypatch.setattr(Expansion, "_next_wanted", counted)
    never = Recurrence.parse("FREQ=HOURLY;INTERVAL=25;BYMONTH=7;BYYEARDAY=8,3,-266")
    leap_day = Recurrence.parse("FREQ=HOURLY;INTERVAL=25;BYMONTH=2;BYMONTHDAY=29")

    assert list(never.starts(_START)) == [_START]
    assert asked == 1
    found = list(leap_day.starts(_START))[1:]
    assert {(wall.month, wall.day) for wall in found} == {(2, 29)}
    assert asked < 3 * len(found)


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=SECONDLY;INTERVAL=3", "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO"])
def test_a_late_part_of_a_long_rule_is_reached_at_once(rule: str) -> None:
    """Nothing is expanded before `since`, and a COUNT that cannot be reached by then does not change that."""
    start, since = datetime(1901, 1, 7), datetime(2026, 1, 5)
    endless, counted = Recurrence.parse(rule), Recurrence.parse(f"{rule};COUNT={MOST_COUNT}")

    found = list(islice(endless.starts(start, since=since), 3))

    assert found[0] - since < timedelta(seconds=3)
    assert rule.startswith("FREQ=SECONDLY") or list(islice(counted.starts(start, since=since), 3)) == found


def test_a_count_is_counted_by_days() -> None:
    """10^9 seconds are 11,574 days and 6,400 seconds: the last one is found by counting days."""
    rule = Recurrence.parse(f"FREQ=SECONDLY;COUNT={MOST_COUNT}")
    start = datetime(1990, 1, 1)
    last = start + timedelta(seconds=MOST_COUNT - 1)

    assert list(rule.starts(start, since=last)) == [last]


def test_a_rule_ends_with_the_calendar() -> None:
    """Nothing comes after the year 9999, and nothing breaks there or in the year 1."""
    last = datetime(9999, 12, 20)

    assert [wall.day for wall in Recurrence.parse("FREQ=WEEKLY;BYDAY=MO,FR").starts(last)] == [20, 24, 27, 31]
    assert [wall.day for wall in Recurrence.parse("FREQ=YEARLY;BYWEEKNO=52").starts(last)] == [20, 27]
    assert [wall.day for wall in Recurrence.parse("FREQ=DAILY;INTERVAL=6").starts(last)] == [20, 26]
    hourly = Recurrence.parse("FREQ=HOURLY;INTERVAL=5").starts(last, since=last + timedelta(days=11))
    assert [wall.hour for wall in hourly] == [1, 6, 11, 16, 21]
    first = Recurrence.parse("FREQ=WEEKLY;WKST=WE;BYDAY=MO,TU;BYSETPOS=1").starts(datetime(1, 1, 1))
    assert [wall.day for wall in islice(first, 3)] == [1, 8, 15]
