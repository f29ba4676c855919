"""dateutil's rrule as an oracle: equal on everything it can do; where it differs, the RFC says who is right."""

# ruff: noqa: DTZ001  # what rules bring is wall time, which has no zone

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice, takewhile

import pytest
from dateutil.rrule import MO, TU, WEEKLY, rrule
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.calendar.recurrences.expansion import FREQUENCIES
from tutorcore.calendar.recurrences.recurrence import Recurrence
from tutorcore.calendar.recurrences.rule_text import NthDay
from tutorcore.calendar.weekdays import WEEKDAYS
from tutorcore.errors import TutorcoreError

# How far a rule is followed: some hundred occurrences, if nothing filters them.
_REACH = dict(zip(FREQUENCIES, (timedelta(days=days) for days in (2, 20, 200, 800, 2_000, 6_000, 30_000)), strict=True))
_MOST = 200

_wall_times = st.datetimes(datetime(1950, 1, 1), datetime(2120, 1, 1)).map(lambda wall: wall.replace(microsecond=0))


@st.composite
def _rules(draw: st.DrawFn) -> tuple[Recurrence, datetime]:
    """Return a rule and a start that the rule brings but for BYSETPOS: dateutil looks long for what never comes."""
    start = draw(_wall_times)
    frequency = draw(st.sampled_from(FREQUENCIES))
    at = FREQUENCIES.index(frequency)

    def numbers(own: int, least: int, most: int, own_from_end: int | None = None) -> tuple[int, ...]:
        if draw(st.integers(0, 3)):
            return ()
        if own_from_end is not None and draw(st.booleans()):
            own, least, most = own_from_end, -most, -least
        return (own, *draw(st.lists(st.integers(least, most), max_size=4)))

    year_day = start.timetuple().tm_yday
    new_year, next_year = datetime(start.year, 1, 1), datetime(start.year + 1, 1, 1)
    next_month = (start.replace(day=1) + timedelta(days=31)).replace(day=1)
    week = start.isocalendar().week
    parts: dict[str, tuple[int, ...]] = {
        "by_month": numbers(start.month, 1, 12),
        "by_hour": numbers(start.hour, 0, 23),
        "by_minute": numbers(start.minute, 0, 59),
        "by_second": numbers(start.second, 0, 59),
    }
    # By hours or less, dateutil looks at each unit until all filters of dates agree: one filter is enough of that.
    is_fine = at < FREQUENCIES.index("daily")
    if is_fine and draw(st.booleans()):
        parts["by_month"] = ()
    if frequency != "weekly" and not (is_fine and parts["by_month"]):
        parts["by_month_day"] = numbers(start.day, 1, 31, start.day - (next_month - timedelta(days=1)).day - 1)
    if frequency == "yearly" or (is_fine and not parts["by_month"] and not parts["by_month_day"]):
        parts["by_year_day"] = numbers(year_day, 1, 366, year_day - (next_year - new_year).days - 1)
    week_start = draw(st.sampled_from(WEEKDAYS))
    weekday = WEEKDAYS[start.weekday()]
    days = [NthDay(weekday), *map(NthDay, draw(st.lists(st.sampled_from(WEEKDAYS), max_size=4)))]
    if frequency == "yearly" and not any(parts.values()) and draw(st.booleans()):
        # Without a weekday, dateutil takes all days of the week and the RFC that of the start.
        parts["by_week"], week_start = numbers(week, 1, 53), "monday"
    elif at > FREQUENCIES.index("weekly") and draw(st.booleans()):
        by_month = frequency == "monthly" or parts["by_month"]
        nth = (start.day - 1) // 7 + 1 if by_month else (year_day - 1) // 7 + 1
        others = st.builds(NthDay, st.sampled_from(WEEKDAYS), st.integers(-4, 4).filter(bool))
        days = [NthDay(weekday, nth), *draw(st.lists(others, max_size=3))]
    positions: tuple[int, ...] = ()
    if any(parts.values()) and draw(st.booleans()):
        positions = (draw(st.sampled_from((1, -1))), *draw(st.lists(st.integers(-9, 9).filter(bool), max_size=3)))
        # dateutil's first week begins with the start, and has no position before it.
        week_start = weekday
    rule = Recurrence(
        frequency=frequency,
        interval=draw(st.integers(1, 7)),
        by_day=tuple(days) if parts.get("by_week") or draw(st.booleans()) else (),
        by_position=positions,
        week_start=week_start,
        **parts,  # type: ignore[arg-type]  # each a tuple of numbers
    )
    return rule, start


def _expected(rule: Recurrence, start: datetime) -> list[datetime]:
    end = start + _REACH[rule.frequency]
    others = (wall for wall in rule.as_dateutil(start) if wall != start)
    return [start, *islice(takewhile(lambda wall: wall < end, others), _MOST)]


@given(_rules())
def test_rules_bring_what_they_bring_in_dateutil(case: tuple[Recurrence, datetime]) -> None:
    """Whatever its parts, a rule brings its start and then what it brings in dateutil."""
    rule, start = case

    found = list(islice(rule.starts(start, start + _REACH[rule.frequency]), _MOST + 1))

    assert found == _expected(rule, start)


@given(_rules(), st.integers(1, 40), st.floats(0, 1.2), st.floats(0, 0.5))
def test_a_part_of_a_rule_is_that_part_of_the_whole(
    case: tuple[Recurrence, datetime], count: int, since: float, length: float
) -> None:
    """Asking from some time on, with or without a COUNT, gives what lies there of all that the rule brings."""
    rule, start = case
    reach = _REACH[rule.frequency] / 4
    first = start - reach / 10 + reach * since
    last = first + reach * length
    counted = Recurrence.parse(f"{rule.text};COUNT={count}")

    whole = list(rule.starts(start, last))

    assert list(rule.starts(start, last, first)) == [wall for wall in whole if wall >= first]
    assert list(counted.starts(start, last, first)) == [wall for wall in whole[:count] if wall >= first]
    middle = first + (last - first) / 2
    for some, brought in ((rule, whole), (counted, whole[:count])):
        assert some.counts_before(start, [first, last, middle]) == {
            end: len([wall for wall in brought if wall < end]) for end in (first, last, middle)
        }
        assert some.among(start, whole[::3]) == set(whole[::3]).intersection(brought)


@given(_rules())
def test_a_rule_goes_to_dateutil_and_back(case: tuple[Recurrence, datetime]) -> None:
    """Dateutil holds the whole rule, but for times of day that a rule by hours or less never meets."""
    rule, start = case
    back = Recurrence.of_dateutil(rule.as_dateutil(start))
    end = start + _REACH[rule.frequency]

    assert Recurrence.parse(rule.text) == rule
    assert back == rule or FREQUENCIES.index(rule.frequency) < FREQUENCIES.index("daily")
    assert list(islice(back.starts(start, end), _MOST)) == list(islice(rule.starts(start, end), _MOST))


def test_a_rule_made_in_dateutil_is_read() -> None:
    """A dateutil rule says its parts; the start that it carries is not one of them."""
    theirs = rrule(WEEKLY, dtstart=datetime(2026, 1, 5, 9), interval=2, byweekday=(MO, TU), count=3)

    assert Recurrence.of_dateutil(theirs).text == "FREQ=WEEKLY;COUNT=3;INTERVAL=2;BYDAY=MO,TU"


def test_dateutil_s_own_parts_are_refused() -> None:
    """Easter is dateutil's own: RFC 5545 has no word for it."""
    theirs = rrule(3, dtstart=datetime(2026, 1, 5, 9), byeaster=0)

    with pytest.raises(TutorcoreError, match="unknown part of a recurrence 'BYEASTER'"):
        Recurrence.of_dateutil(theirs)


def _ours(rule: str, start: datetime, most: int) -> list[datetime]:
    return list(islice(Recurrence.parse(rule).starts(start), most))


def _theirs(rule: str, start: datetime, most: int) -> list[datetime]:
    return list(islice(Recurrence.parse(rule).as_dateutil(start), most))


@pytest.mark.parametrize(
    ("rule", "start", "ours", "theirs"),
    [
        # 3.8.5.3: DTSTART is the first occurrence in any case, and counts. Wednesday, then Mondays.
        (
            "FREQ=WEEKLY;COUNT=2;BYDAY=MO",
            datetime(2026, 1, 7),
            [datetime(2026, 1, 7), datetime(2026, 1, 12)],
            [datetime(2026, 1, 12), datetime(2026, 1, 19)],
        ),
        # 3.3.10: BYDAY lists weekdays, numbered or not; each adds to the set. dateutil takes what is in both kinds.
        (
            "FREQ=MONTHLY;COUNT=3;BYDAY=MO,1MO,1TU",
            datetime(2026, 1, 5),
            [datetime(2026, 1, 5), datetime(2026, 1, 6), datetime(2026, 1, 12)],
            [datetime(2026, 1, 5), datetime(2026, 2, 2), datetime(2026, 3, 2)],
        ),
        # 3.3.10: BYSETPOS counts in the week's whole set, Monday included, though it lies before DTSTART.
        (
            "FREQ=WEEKLY;COUNT=2;BYDAY=MO,WE,FR;BYSETPOS=2",
            datetime(2026, 1, 7),
            [datetime(2026, 1, 7), datetime(2026, 1, 14)],
            [datetime(2026, 1, 9), datetime(2026, 1, 14)],
        ),
        # 3.3.10: what the rule leaves open comes from DTSTART: the weekday, where only the week is named.
        (
            "FREQ=YEARLY;COUNT=2;BYWEEKNO=20",
            datetime(2026, 5, 13),
            [datetime(2026, 5, 13), datetime(2027, 5, 19)],
            [datetime(2026, 5, 13), datetime(2026, 5, 14)],
        ),
        # 3.3.10: -53 is the 53rd week from the end. 2026 has 53, so it is the first, from Monday 29 December 2025.
        (
            "FREQ=YEARLY;COUNT=3;BYWEEKNO=-53;BYDAY=MO,SU",
            datetime(2025, 12, 29),
            [datetime(2025, 12, 29), datetime(2026, 1, 4), datetime(2031, 12, 29)],
            [datetime(2026, 1, 4), datetime(2032, 1, 4), datetime(2037, 1, 4)],
        ),
    ],
)
def test_where_dateutil_differs(rule: str, start: datetime, ours: list[datetime], theirs: list[datetime]) -> None:
    """Where the two differ, RFC 5545 decides; a dateutil that comes round is seen here."""
    assert _ours(rule, start, len(ours)) == ours
    assert _theirs(rule, start, len(theirs)) == theirs


def test_an_until_without_a_time_is_the_whole_day() -> None:
    """Until 3 January means that the 3rd still counts; to dateutil it is that day's midnight."""
    rule = Recurrence.parse("FREQ=DAILY;UNTIL=20260103")
    start = datetime(2026, 1, 1, 9)

    assert [wall.day for wall in rule.starts(start)] == [1, 2, 3]
    assert [wall.day for wall in rule.as_dateutil(start)] == [1, 2]


def test_an_until_in_utc_goes_with_a_start_that_has_a_zone() -> None:
    """RFC 5545 asks for it there; dateutil knows wall times without a zone, and refuses it."""
    rule = Recurrence.parse("FREQ=DAILY;UNTIL=20260103T080000Z")

    with pytest.raises(ValueError, match="UNTIL"):
        rule.as_dateutil(datetime(2026, 1, 1, 9))
