"""Series: lessons at one wall time, their exceptions, and how series end and change."""

# ruff: noqa: DTZ001  # what rules bring is wall time, which has no zone

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import attrs
import pytest
import whenever
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.calendar import TimeZones, zone_names
from tutorcore.calendar.recurrences.recurrence import Recurrence
from tutorcore.calendar.series.occurrences import Occurrence
from tutorcore.calendar.series.series import MOST_EXCEPTIONS, MOST_INDEX, Series
from tutorcore.errors import InvalidType, InvalidValue, TutorcoreError, UnknownName
from tutorcore.instants import LATEST, Instant, instant, to_text

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_BERLIN = "Europe/Berlin"
_TUESDAY = datetime(2026, 10, 20, 18)
_LESSONS = Series(_BERLIN, _TUESDAY, _HOUR, "FREQ=WEEKLY;COUNT=5")
_STARTS = [
    "2026-10-20T16:00:00Z",
    "2026-10-27T17:00:00Z",
    "2026-11-03T17:00:00Z",
    "2026-11-10T17:00:00Z",
    "2026-11-17T17:00:00Z",
]


def _starts(series: Series, since: str | None = None, until: str | None = None) -> list[str]:
    bounds = (None if bound is None else instant(bound) for bound in (since, until))
    return [to_text(lesson.start) for lesson in series.occurrences(*bounds)]


def _indices(series: Series) -> list[int]:
    return [lesson.index for lesson in series.occurrences()]


def test_a_lesson_keeps_its_wall_time() -> None:
    """Clocks in Berlin go back on 25 October 2026, and lessons at six come an hour later by UTC."""
    assert _starts(_LESSONS) == _STARTS
    assert next(_LESSONS.occurrences()) == Occurrence(
        0, _TUESDAY, _TUESDAY, instant("2026-10-20T16:00Z"), instant("2026-10-20T17:00Z")
    )


def test_a_range_holds_what_starts_in_it() -> None:
    """The range is half-open, and a lesson belongs to where it starts."""
    assert _starts(_LESSONS, _STARTS[1], _STARTS[3]) == _STARTS[1:3]
    assert _starts(_LESSONS, "2026-10-27T17:00:01Z") == _STARTS[2:]
    assert _starts(_LESSONS, None, "2026-10-27T17:00:01Z") == _STARTS[:2]
    assert _starts(_LESSONS, _STARTS[1], _STARTS[1]) == []


@pytest.mark.parametrize("disambiguate", ["compatible", "earlier", "later", "clamp", "skip"])
@pytest.mark.parametrize(
    ("zone", "start"),
    [
        (_BERLIN, datetime(2026, 3, 28, 22)),
        (_BERLIN, datetime(2026, 10, 24, 22)),
        ("Pacific/Apia", datetime(2011, 12, 28, 22)),  # A whole date that is skipped.
        ("Pacific/Kwajalein", datetime(1993, 8, 19, 22)),
        ("Pacific/Kwajalein", datetime(1969, 9, 28, 22)),  # A date that comes twice.
        ("Pacific/Kiritimati", datetime(1994, 12, 30, 22)),
    ],
)
def test_no_lesson_is_lost_at_the_edge_of_a_range(zone: str, start: datetime, disambiguate: Any) -> None:
    """However clocks are put, hours next to each other hold together what the whole range holds, in its order."""
    series = Series(zone, start, _HOUR, "FREQ=MINUTELY;INTERVAL=40;COUNT=120", disambiguate=disambiguate)
    whole = list(series.occurrences())
    edges = [whole[0].start + hours * _HOUR for hours in range(-30, 120)]

    parts = [list(series.occurrences(*pair)) for pair in pairwise(edges)]

    assert [lesson for part in parts for lesson in part] == whole


def test_a_short_range_of_a_dense_series_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what can start in the range is looked at: three lessons of three seconds, out of a billion."""
    series = Series(_BERLIN, _TUESDAY, _HOUR, "FREQ=SECONDLY;COUNT=1000000000")
    start_of, asked = Series._start_of, list[datetime]()

    def counted(self: Series, wall: datetime, database: TimeZones) -> Instant | None:
        asked.append(wall)
        return start_of(self, wall, database)

    monkeypatch.setattr(Series, "_start_of", counted)

    assert _starts(series, "2027-06-01T00:00:00Z", "2027-06-01T00:00:03Z") == [
        "2027-06-01T00:00:00Z",
        "2027-06-01T00:00:01Z",
        "2027-06-01T00:00:02Z",
    ]
    assert len(asked) == 3


def test_a_series_without_an_end_goes_on_for_as_long_as_there_are_instants() -> None:
    """It is lazy, is entered anywhere, and ends before instants do."""
    daily, yearly = (Series(_BERLIN, _TUESDAY, _HOUR, rule) for rule in ("FREQ=DAILY", "FREQ=YEARLY"))
    *_, last = yearly.occurrences()

    assert [lesson.index for lesson in islice(daily.occurrences(instant("2126-10-20T00:00Z")), 2)] == [36524, 36525]
    assert last.index == 8999 - 2026
    assert last.end < LATEST


def test_a_skipped_lesson_keeps_its_index() -> None:
    """The fifth lesson stays the fifth when the third is skipped, by index or by its wall time."""
    by_index = _LESSONS.skipping(2)
    by_time = _LESSONS.skipping(datetime(2026, 11, 3, 18))

    assert by_index == by_time
    assert _indices(by_index) == [0, 1, 3, 4]
    assert by_index.occurrence(2) is None
    assert by_index.planned_of(2) == datetime(2026, 11, 3, 18)
    assert by_index.index_of(datetime(2026, 11, 3, 18)) == 2


def test_an_excluded_lesson_has_no_index_but_counts() -> None:
    """What EXDATE takes out was never a lesson; COUNT has counted it nevertheless."""
    series = attrs.evolve(_LESSONS, excluded=[datetime(2026, 11, 3, 18), datetime(2026, 11, 4, 18)])

    assert _starts(series) == [*_STARTS[:2], *_STARTS[3:]]
    assert _indices(series) == [0, 1, 2, 3]
    with pytest.raises(InvalidValue, match="lesson is '2026-11-03T18:00:00'; expected the wall time of a lesson"):
        series.index_of(datetime(2026, 11, 3, 18))


def test_an_extra_lesson_takes_its_place() -> None:
    """Extra lessons come where they belong, once each, and one that is excluded as well does not come."""
    extra = [datetime(2026, 10, 30, 10), datetime(2026, 10, 27, 18), datetime(2026, 12, 1, 9), datetime(2026, 12, 2)]
    series = attrs.evolve(_LESSONS, extra=extra, excluded=[datetime(2026, 12, 2)])

    assert _starts(series) == [*_STARTS[:2], "2026-10-30T09:00:00Z", *_STARTS[2:], "2026-12-01T08:00:00Z"]
    assert _indices(series) == [0, 1, 2, 3, 4, 5, 6]
    assert series.index_of(datetime(2026, 12, 1, 9)) == 6


@pytest.mark.parametrize("to", [datetime(2026, 11, 12, 9), datetime(2026, 11, 12, 8, tzinfo=UTC)])
def test_a_moved_lesson_keeps_its_name(to: datetime) -> None:
    """It takes place at another instant, or wall time, in the order of starts, under its index and planned time."""
    series = _LESSONS.moving(1, to)

    assert _starts(series) == [_STARTS[0], *_STARTS[2:4], "2026-11-12T08:00:00Z", _STARTS[4]]
    assert _indices(series) == [0, 2, 3, 1, 4]
    found = series.occurrence(1)
    assert found is not None
    assert (found.planned, found.is_moved, found.shifted) == (datetime(2026, 10, 27, 18), True, timedelta(0))
    assert _starts(series, "2026-11-12T00:00Z", "2026-11-13T00:00Z") == ["2026-11-12T08:00:00Z"]
    assert _starts(series, "2026-10-27T00:00Z", "2026-10-28T00:00Z") == []


def test_a_skipped_lesson_that_is_moved_takes_place_again() -> None:
    """The last word counts; skipping a moved lesson lets it drop."""
    to = datetime(2026, 11, 12, 9)

    assert _indices(_LESSONS.skipping(1).moving(1, to)) == [0, 2, 3, 1, 4]
    assert _indices(_LESSONS.moving(1, to).skipping(1)) == [0, 2, 3, 4]


def test_a_lesson_moved_to_its_planned_time_is_as_it_was() -> None:
    """So is a skipped one: moving it back undoes both, and leaves no trace."""
    planned = _LESSONS.planned_of(1)

    assert _LESSONS.skipping(1, 2).moving(1, planned) == _LESSONS.skipping(2)
    assert _LESSONS.moving(1, datetime(2026, 11, 12, 9)).moving(1, planned) == _LESSONS


@pytest.mark.parametrize("to", [datetime(2026, 11, 12, 9), datetime(2026, 11, 12, 8, tzinfo=UTC)])
def test_a_lesson_has_the_time_at_which_it_takes_place(to: datetime) -> None:
    """What it was planned for names it; whoever lives by the clock of the series is told the other."""
    [moved] = [lesson for lesson in _LESSONS.moving(1, to).occurrences() if lesson.is_moved]

    assert (moved.planned, moved.local) == (datetime(2026, 10, 27, 18), datetime(2026, 11, 12, 9))
    assert [lesson.local for lesson in _LESSONS.occurrences()] == [lesson.planned for lesson in _LESSONS.occurrences()]


@pytest.mark.parametrize(
    ("disambiguate", "local"), [("compatible", "03:30"), ("earlier", "01:30"), ("later", "03:30"), ("clamp", "03:00")]
)
def test_a_lesson_in_a_gap_has_the_time_that_clocks_show_instead(disambiguate: Any, local: str) -> None:
    """2:30 on 29 March 2026 is no time in Berlin."""
    wall = datetime(2026, 3, 29, 2, 30)
    [lesson] = Series(_BERLIN, wall, _HOUR, "FREQ=DAILY;COUNT=1", disambiguate=disambiguate).occurrences()

    assert (lesson.planned, f"{lesson.local:%H:%M}", lesson.planned + lesson.shifted) == (wall, local, lesson.local)


def test_exceptions_that_name_no_lesson_are_without_effect() -> None:
    """As in a calendar file; `skipping` and `moving` refuse them, for there somebody just said so."""
    nowhere = datetime(2026, 10, 21, 18)
    series = Series(
        _BERLIN,
        _TUESDAY,
        _HOUR,
        "FREQ=WEEKLY;COUNT=5",
        skipped=[nowhere],
        excluded=[nowhere],
        moved={nowhere: _TUESDAY},
    )

    assert _starts(series) == _STARTS
    for change in (series.skipping, lambda lesson: series.moving(lesson, _TUESDAY)):
        with pytest.raises(InvalidValue, match="expected the wall time of a lesson of the series"):
            change(nowhere)


# Clocks. Berlin, 2026: 2:30 does not occur on 29 March (gap from 2:00 to 3:00, at 1:00Z) and twice on 25 October.


@pytest.mark.parametrize(
    ("disambiguate", "gap", "fold"),
    [
        ("compatible", "2026-03-29T01:30:00Z", "2026-10-25T00:30:00Z"),
        ("earlier", "2026-03-29T00:30:00Z", "2026-10-25T00:30:00Z"),
        ("later", "2026-03-29T01:30:00Z", "2026-10-25T01:30:00Z"),
        ("clamp", "2026-03-29T01:00:00Z", "2026-10-25T00:30:00Z"),
        ("skip", None, "2026-10-25T00:30:00Z"),
    ],
)
def test_wall_times_that_do_not_occur_once(disambiguate: Any, gap: str | None, fold: str) -> None:
    """Each way of reading a wall time in a gap or a fold decides for the lessons there, and only there."""
    series = Series(_BERLIN, datetime(2026, 3, 28, 2, 30), _HOUR, "FREQ=DAILY", disambiguate=disambiguate)

    spring = _starts(series, "2026-03-28T00:00Z", "2026-03-31T00:00Z")
    autumn = _starts(series, "2026-10-24T12:00Z", "2026-10-25T12:00Z")

    assert spring == ["2026-03-28T01:30:00Z", *([] if gap is None else [gap]), "2026-03-30T00:30:00Z"]
    assert autumn == [fold]
    assert _next_after(series, "2026-03-30T00:00Z").index == 2


def _next_after(series: Series, since: str) -> Occurrence:
    return next(series.occurrences(instant(since)))


def test_a_lesson_in_a_gap_says_how_far_it_is_put_off() -> None:
    """Clocks that go forward an hour put off 2:30 to 3:30; "raise" refuses to say when it is."""
    series = Series(_BERLIN, datetime(2026, 3, 29, 2, 30), _HOUR, "FREQ=DAILY;COUNT=2")

    assert [lesson.shifted for lesson in series.occurrences()] == [_HOUR, timedelta(0)]
    refusing = attrs.evolve(series, disambiguate="raise")
    with pytest.raises(InvalidValue, match="expected a time that clocks in Europe/Berlin show exactly once"):
        list(refusing.occurrences())
    with pytest.raises(InvalidValue, match="exactly once"):
        refusing.occurrence(0)


def test_lessons_that_a_gap_exchanges_come_by_their_starts() -> None:
    """2:45 is put off to 3:45, behind 3:15, which is after it on the clock; each keeps its index."""
    series = Series(_BERLIN, datetime(2026, 3, 29, 1, 45), _HOUR, "FREQ=MINUTELY;INTERVAL=30;COUNT=6")

    assert [
        (lesson.index, f"{lesson.planned:%H:%M}", to_text(lesson.start)[11:16]) for lesson in series.occurrences()
    ] == [
        (0, "01:45", "00:45"),
        (1, "02:15", "01:15"),
        (3, "03:15", "01:15"),
        (2, "02:45", "01:45"),
        (4, "03:45", "01:45"),
        (5, "04:15", "02:15"),
    ]


def test_a_skipped_date_puts_a_lesson_off_by_a_day() -> None:
    """Apia had no 30 December 2011: a daily lesson of that day falls on the next, beside that day's own."""
    series = Series("Pacific/Apia", datetime(2011, 12, 29, 9), _HOUR, "FREQ=DAILY;COUNT=3")

    assert _starts(series) == ["2011-12-29T19:00:00Z", "2011-12-30T19:00:00Z", "2011-12-30T19:00:00Z"]
    assert _indices(attrs.evolve(series, disambiguate="skip")) == [0, 2]


def test_an_until_in_utc_is_read_by_the_clock_of_the_zone() -> None:
    """18:00 in Berlin is 16:00Z before the change of clocks and 17:00Z after it."""
    rule = "FREQ=WEEKLY;UNTIL=20261027T170000Z"

    assert _starts(Series(_BERLIN, _TUESDAY, _HOUR, rule)) == _STARTS[:2]
    assert _starts(Series(_BERLIN, _TUESDAY, _HOUR, rule.replace("170000", "165959"))) == _STARTS[:1]


@given(
    st.sampled_from(sorted(zone_names())),
    st.datetimes(datetime(1971, 1, 1), datetime(2090, 1, 1)).map(lambda wall: wall.replace(microsecond=0)),
    st.sampled_from(["compatible", "earlier", "later"]),
)
def test_series_agree_with_whenever_in_every_zone(zone: str, start: datetime, disambiguate: Any) -> None:
    """A year of daily lessons starts when whenever says that clocks show that time, on each day."""
    series = Series(zone, start, _HOUR, "FREQ=DAILY;COUNT=366", disambiguate=disambiguate)

    found = {lesson.index: lesson.start for lesson in series.occurrences()}

    assert found == {day: _whenever(start + day * _DAY, zone, disambiguate) for day in range(366)}


def _whenever(wall: datetime, zone: str, disambiguate: Any) -> Instant:
    moment = whenever.PlainDateTime(wall).assume_tz(zone, disambiguation=disambiguate).to_stdlib()
    return moment.astimezone(UTC)


# Weekly lessons


def test_weekly_lessons_in_one_line() -> None:
    """Weekdays, every nth week, and an end by number or date."""
    monday = datetime(2026, 1, 5, 9)
    twice = Series.weekly(_BERLIN, monday, _HOUR, weekdays=("thursday", "monday"), every=2, count=4)

    assert [lesson.planned.day for lesson in twice.occurrences()] == [5, 8, 19, 22]
    assert twice.recurrence.text == "FREQ=WEEKLY;COUNT=4;INTERVAL=2;BYDAY=MO,TH"
    until = Series.weekly(_BERLIN, monday, _HOUR, until=date(2026, 1, 19), disambiguate="later")
    assert [lesson.planned.day for lesson in until.occurrences()] == [5, 12, 19]
    assert until.disambiguate == "later"


def test_weekly_lessons_begin_on_one_of_their_days() -> None:
    """The first occurrence would count whatever its weekday, which nobody means who names weekdays."""
    with pytest.raises(InvalidValue, match=r"2026-01-05 09:00:00 \(monday\)'; expected a tuesday or friday"):
        Series.weekly(_BERLIN, datetime(2026, 1, 5, 9), _HOUR, weekdays=("friday", "tuesday"))


@pytest.mark.parametrize(
    ("weekdays", "message"),
    [
        (5, "weekdays is 5"),
        ([5], "a weekday or a NthDay"),
        (["someday"], "weekday 'someday'"),
        ("friday", "weekdays is 'friday'"),
    ],
)
def test_weekdays_have_names(weekdays: Any, message: str) -> None:
    """What is no weekday is refused by name, and so is one name where several may stand."""
    with pytest.raises(TutorcoreError, match=message):
        Series.weekly(_BERLIN, datetime(2026, 1, 5, 9), _HOUR, weekdays=weekdays)


# Ending and changing


@pytest.mark.parametrize("cut", [3, datetime(2026, 11, 10, 18), datetime(2026, 11, 4)])
def test_a_series_ends_before_a_lesson(cut: int | datetime) -> None:
    """By index, by wall time, or by some wall time between two lessons."""
    ended = _LESSONS.ended_before(cut)

    assert _starts(ended) == _STARTS[:3]
    assert ended.recurrence.count is None


def test_a_series_that_ends_before_anyway_stays_as_it_is() -> None:
    """Its COUNT is left alone."""
    assert _LESSONS.ended_before(datetime(2027, 1, 1)) == _LESSONS


def test_a_series_that_ends_before_it_begins_is_empty() -> None:
    """Nothing is left of it, and it can still be kept."""
    assert _starts(_LESSONS.ended_before(0)) == []


_EXCEPTIONS = attrs.evolve(
    _LESSONS,
    extra=[datetime(2026, 10, 23, 9), datetime(2026, 11, 13, 9)],
    excluded=[datetime(2026, 10, 27, 18)],
    skipped=[datetime(2026, 11, 10, 18)],
    moved={datetime(2026, 10, 20, 18): datetime(2026, 12, 24, 9), datetime(2026, 11, 17, 18): datetime(2026, 10, 1, 9)},
)


@pytest.mark.parametrize(
    "cut", [_TUESDAY, datetime(2026, 11, 3, 18), datetime(2026, 11, 10, 18), datetime(2026, 11, 17, 18)]
)
def test_a_series_changed_in_nothing_is_the_same_lessons(cut: datetime) -> None:
    """Cut in two, with all exceptions, COUNT and indices kept right."""
    old, new = _EXCEPTIONS.changed_from(cut)

    both = sorted([*old.occurrences(), *new.occurrences()], key=lambda lesson: (lesson.start, lesson.index))
    assert both == list(_EXCEPTIONS.occurrences())
    assert all(lesson.planned < cut for lesson in old.occurrences())
    assert all(lesson.planned >= cut for lesson in new.occurrences())


def test_a_series_is_changed_from_a_lesson_on() -> None:
    """From the third on on Wednesdays at five, half an hour longer: two, then the three that are left."""
    old, new = _LESSONS.changed_from(2, start=datetime(2026, 11, 4, 17), duration=timedelta(minutes=90))

    assert _starts(old) == _STARTS[:2]
    assert _starts(new) == ["2026-11-04T16:00:00Z", "2026-11-11T16:00:00Z", "2026-11-18T16:00:00Z"]
    assert _indices(new) == [2, 3, 4]
    assert {lesson.end - lesson.start for lesson in new.occurrences()} == {timedelta(minutes=90)}
    assert new.planned_of(4) == datetime(2026, 11, 18, 17)
    assert [each.first_index for each in new.changed_from(3)] == [2, 3]


def test_exceptions_go_along_with_their_lessons() -> None:
    """A later start takes the lessons skipped with it; extra lessons, and times moved to, stay where they are."""
    _, new = _EXCEPTIONS.changed_from(datetime(2026, 11, 3, 18), start=datetime(2026, 11, 3, 19))

    assert new.skipped == (datetime(2026, 11, 10, 19),)
    assert new.extra == (datetime(2026, 11, 13, 9),)
    assert new.moved == ((datetime(2026, 11, 17, 19), datetime(2026, 10, 1, 9)),)
    assert _starts(new) == ["2026-10-01T07:00:00Z", "2026-11-03T18:00:00Z", "2026-11-13T08:00:00Z"]


def test_a_series_moves_to_another_zone() -> None:
    """Wall times are those of the new zone then."""
    _, new = _LESSONS.changed_from(3, zone="America/New_York")

    assert _starts(new) == ["2026-11-10T23:00:00Z", "2026-11-17T23:00:00Z"]


def test_another_rule_counts_for_itself() -> None:
    """What is given as a rule is taken as it is."""
    _, new = _LESSONS.changed_from(3, recurrence="FREQ=DAILY;COUNT=2", start=datetime(2026, 11, 12, 8))

    assert _starts(new) == ["2026-11-12T07:00:00Z", "2026-11-13T07:00:00Z"]
    assert _indices(new) == [3, 4]


@pytest.mark.parametrize(
    ("until", "rest"),
    [("20261117", "20261118"), ("20261117T180000", "20261118T200000"), ("20261117T170000Z", "20261118T200000")],
)
def test_an_until_goes_along_with_the_start(until: str, rest: str) -> None:
    """Otherwise a later start would lose the last lesson."""
    series = attrs.evolve(_LESSONS, recurrence=f"FREQ=WEEKLY;UNTIL={until}")

    old, new = series.changed_from(2, start=datetime(2026, 11, 4, 20))

    assert _starts(old) == _STARTS[:2]
    assert new.recurrence.text == f"FREQ=WEEKLY;UNTIL={rest}"
    assert _indices(new) == [2, 3, 4]


def test_a_series_without_an_end_is_changed_too() -> None:
    """Both parts of it are right."""
    old, new = attrs.evolve(_LESSONS, recurrence="FREQ=WEEKLY").changed_from(2)

    assert _starts(old) == _STARTS[:2]
    assert new.recurrence.text == "FREQ=WEEKLY"


def test_a_start_that_the_rule_does_not_bring_is_refused() -> None:
    """On Wednesdays a rule for Tuesdays would bring one Wednesday and then Tuesdays."""
    series = attrs.evolve(_LESSONS, recurrence="FREQ=WEEKLY;BYDAY=TU")

    with pytest.raises(InvalidValue, match="expected a wall time that FREQ=WEEKLY;BYDAY=TU brings; or give the recurr"):
        series.changed_from(1, start=datetime(2026, 10, 28, 18))


def test_a_series_is_not_changed_from_an_extra_lesson_on() -> None:
    """The rule knows nothing of it, so nothing could go on from there."""
    with pytest.raises(InvalidValue, match="expected a lesson that the rule brings; this one is extra"):
        _EXCEPTIONS.changed_from(datetime(2026, 10, 23, 9))


@given(
    st.sampled_from(["FREQ=WEEKLY;COUNT=30", "FREQ=DAILY;INTERVAL=3;COUNT=30", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,FR"]),
    st.lists(st.integers(0, 29), max_size=6),
    st.lists(st.integers(0, 29), max_size=6),
    st.integers(0, 29),
)
def test_cutting_loses_nothing(rule: str, skipped: list[int], moved: list[int], cut: int) -> None:
    """Wherever a series is cut, both parts together are the series."""
    series = Series(_BERLIN, _TUESDAY, _HOUR, rule).skipping(*skipped)
    for index in moved:
        series = series.moving(index, _TUESDAY + timedelta(days=index, hours=index))
    until = instant("2027-06-01T00:00Z")

    parts = series.changed_from(cut)

    both = [lesson for part in parts for lesson in part.occurrences(None, until)]
    assert sorted(both, key=lambda lesson: (lesson.start, lesson.index)) == list(series.occurrences(None, until))


# Mistakes


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"zone": "Europe/Bern"}, UnknownName, "unknown time zone 'Europe/Bern'; did you mean 'Europe/Berlin'"),
        ({"zone": 5}, InvalidType, "time zone is 5 of type int"),
        ({"start": "2026-10-20"}, InvalidType, "start of a series is '2026-10-20' of type str; expected a datetime"),
        ({"start": date(2026, 10, 20)}, InvalidType, "start of a series is .* of type date"),
        ({"start": _TUESDAY.replace(tzinfo=UTC)}, InvalidValue, "this one names an instant already"),
        ({"start": _TUESDAY.replace(microsecond=1)}, InvalidValue, "expected whole seconds from 1900 to 8999"),
        ({"start": datetime(1899, 1, 1)}, InvalidValue, "expected whole seconds from 1900 to 8999"),
        ({"duration": 3600}, InvalidType, "duration is 3600 of type int; expected a timedelta"),
        ({"duration": timedelta(0)}, InvalidValue, "duration is '0:00:00'; expected"),
        ({"duration": timedelta(days=8)}, InvalidValue, "duration is '8 days, 0:00:00'; expected"),
        ({"recurrence": None}, InvalidType, "recurrence is None of type NoneType; expected a Recurrence, or the text"),
        ({"recurrence": "WEEKLY"}, InvalidValue, "part of the recurrence is 'WEEKLY'"),
        ({"extra": 5}, InvalidType, "exceptions of a series is 5 of type int; expected datetimes without a zone"),
        ({"moved": 5}, InvalidType, "moved lessons is 5 of type int; expected a mapping from planned wall times"),
        ({"moved": [_TUESDAY]}, InvalidType, "moved lessons is .* of type list; expected a mapping"),
        ({"extra": ["2026-10-20"]}, InvalidType, "exception of a series is '2026-10-20' of type str"),
        ({"skipped": [_TUESDAY.replace(tzinfo=UTC)]}, InvalidValue, "exception of a series is .* names an instant"),
        ({"moved": {_TUESDAY: 5}}, InvalidType, "time that a lesson is moved to is 5 of type int; expected an instant"),
        ({"moved": {5: _TUESDAY}}, InvalidType, "moved lesson of a series is 5 of type int"),
        ({"moved": {_TUESDAY: datetime(9999, 1, 1, tzinfo=UTC)}}, InvalidValue, "an instant from 1900 up to 9000"),
        ({"disambiguate": "guess"}, UnknownName, "unknown disambiguation 'guess'; known: clamp, compatible"),
        ({"first_index": -1}, InvalidValue, "first_index is -1; expected 0 to"),
        ({"first_index": 1.0}, InvalidType, "first_index is 1.0 of type float"),
    ],
)
def test_a_wrong_series_is_refused(fields: dict[str, Any], error: type[TutorcoreError], message: str) -> None:
    """Each field says what was expected of it."""
    right = {"zone": _BERLIN, "start": _TUESDAY, "duration": _HOUR, "recurrence": "FREQ=WEEKLY"}

    with pytest.raises(error, match=message):
        Series(**{**right, **fields})


def test_a_series_has_only_so_many_exceptions() -> None:
    """A document full of exceptions is refused before any is looked at."""
    many = [_TUESDAY + day * _DAY for day in range(MOST_EXCEPTIONS + 1)]

    assert len(attrs.evolve(_LESSONS, excluded=many[1:]).excluded) == MOST_EXCEPTIONS
    with pytest.raises(InvalidValue, match="number of excluded lessons is 5001; expected at most 5,000"):
        attrs.evolve(_LESSONS, excluded=many)


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (5, InvalidValue, "index is 5; expected the index of a lesson of the series"),
        (-1, InvalidValue, "index is -1; expected 0 to 99,999"),
        (MOST_INDEX, InvalidValue, "index is 100000; expected 0 to 99,999"),
        (1.5, InvalidType, "index is 1.5 of type float; expected a whole number"),
        (True, InvalidType, "index is True of type bool"),
    ],
)
def test_a_lesson_that_there_is_not_is_refused(index: Any, error: type[TutorcoreError], message: str) -> None:
    """By an index that no lesson has, or that is none."""
    with pytest.raises(error, match=message):
        _LESSONS.occurrence(index)


def test_ranges_are_of_instants() -> None:
    """A naive bound is refused when asked."""
    with pytest.raises(InvalidValue, match="since is .* naive"):
        _LESSONS.occurrences(_TUESDAY)
    with pytest.raises(InvalidValue, match="until is .* naive"):
        _LESSONS.occurrences(None, _TUESDAY)


def test_a_rule_of_a_series_may_be_a_value() -> None:
    """Text and value make the same series."""
    assert Series(_BERLIN, _TUESDAY, _HOUR, Recurrence(frequency="weekly", count=5)) == _LESSONS
