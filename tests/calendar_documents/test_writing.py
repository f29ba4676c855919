"""Writing schedules: one canonical text each, and what is written is read back equal."""

from __future__ import annotations

import json
import tomllib
from datetime import date, timedelta
from itertools import starmap
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tutorcore.calendar.schedules.document import dump_schedule, load_schedule, schedule_of, schedule_text
from tutorcore.calendar.schedules.schedule import (
    ANCHORS,
    BUFFERS,
    MOST_BUFFER,
    MOST_CAP,
    MOST_HORIZON,
    MOST_NOTICE,
    WEEKDAYS,
    Blackout,
    Booking,
    Holiday,
    Override,
    Schedule,
    WeeklyRule,
    Window,
    ZonePeriod,
)
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.instants import EARLIEST, LATEST, MICROSECOND, instant

_EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "schedules"
_ZERO, _MINUTE = timedelta(0), timedelta(minutes=1)
_NINE_TO_TEN, _TEN_TO_TWO = Window.of("09:00", "10:00"), Window.of("22:00", "02:00")

_ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC", "Etc/GMT+5"])
_OWN_OR_ZONES = st.none() | _ZONES
_WINDOWS = st.integers(0, 1439).flatmap(
    lambda start: st.builds(Window, st.just(start), st.integers(start + 1, start + 1440))
)
_DATES = st.dates()


@st.composite
def _rules(draw: st.DrawFn) -> WeeklyRule:
    since, until = draw(st.none() | _DATES), draw(st.none() | _DATES)
    if since is not None and until is not None and since >= until:
        since = None
    return WeeklyRule(draw(st.sampled_from(WEEKDAYS)), draw(_WINDOWS), since, until, draw(_OWN_OR_ZONES))


@st.composite
def _blackouts(draw: st.DrawFn) -> Blackout:
    first, last = sorted((draw(_DATES), draw(_DATES)))
    return Blackout(first, last, draw(st.text(st.characters(exclude_categories=["Cs"]))))


@st.composite
def _bookings(draw: st.DrawFn) -> Booking:
    horizon = draw(
        st.none()
        | st.timedeltas(_MINUTE, MOST_HORIZON)
        | st.integers(1, MOST_HORIZON.days).map(lambda days: timedelta(days=days))
    )
    caps = st.none() | st.integers(1, MOST_CAP)
    return Booking(
        notice=draw(st.timedeltas(_ZERO, MOST_NOTICE)),
        horizon=horizon,
        horizon_to_day_end=horizon is not None and draw(st.booleans()),
        before=draw(st.timedeltas(_ZERO, MOST_BUFFER)),
        after=draw(st.timedeltas(_ZERO, MOST_BUFFER)),
        buffers=draw(st.sampled_from(BUFFERS)),
        step=draw(st.integers(1, 1440)) * _MINUTE,
        anchor=draw(st.sampled_from(ANCHORS)),
        most_per_day=draw(caps),
        most_per_week=draw(caps),
    )


def _apart(windows: list[Window]) -> tuple[Window, ...]:
    """Those of the windows that overlap none before them."""
    found: list[Window] = []
    for window in windows:
        if all(window.end <= other.start or other.end <= window.start for other in found):
            found.append(window)
    return tuple(found)


_MOVES = st.lists(st.integers(0, (LATEST - EARLIEST) // MICROSECOND - 1), unique=True, max_size=3).flatmap(
    lambda micros: st.tuples(
        *(st.builds(ZonePeriod, st.just(EARLIEST + at * MICROSECOND), _ZONES) for at in sorted(micros))
    )
)
_OVERRIDES = st.lists(_DATES, unique=True, max_size=4).flatmap(
    lambda days: st.tuples(
        *(st.builds(Override, st.just(day), st.lists(_WINDOWS, max_size=3).map(_apart), _OWN_OR_ZONES) for day in days)
    )
)
_HOLIDAYS = st.dictionaries(
    _DATES.map(date.isoformat)
    | st.dates(date(2000, 1, 1), date(2000, 12, 31)).map(lambda day: f"{day:%m-%d}")
    | st.sampled_from(
        ["easter", "easter+1", "easter-80", "orthodox-easter+180", "5th friday of may", "last friday of may"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    max_size=4,
).map(lambda names: tuple(starmap(Holiday, names.items())))
_SCHEDULES = st.builds(
    Schedule,
    _ZONES,
    st.lists(_rules(), max_size=8).map(tuple),
    overrides=_OVERRIDES,
    blackouts=st.lists(_blackouts(), max_size=3).map(tuple),
    holidays=_HOLIDAYS,
    zone_periods=_MOVES,
    booking=_bookings(),
)
_EDGES = Schedule(
    "UTC",
    (
        WeeklyRule("monday", Window(0, 1440)),
        WeeklyRule("monday", Window(1439, 2879)),
        WeeklyRule("sunday", Window(0, 1)),
    ),
    overrides=(Override(date.max, (_TEN_TO_TWO, _NINE_TO_TEN), "Asia/Tokyo"), Override(date.min, ())),
    blackouts=(Blackout(date.min, date.max, '\x00\x7f\r\n\t"\\\N{GRINNING FACE}\N{LINE SEPARATOR}'),) * 2,
    zone_periods=(ZonePeriod(EARLIEST, "UTC"), ZonePeriod(LATEST - MICROSECOND, "UTC")),
    booking=Booking(notice=MICROSECOND, horizon=MOST_HORIZON, before=MOST_BUFFER),
)


@given(_SCHEDULES)
@example(_EDGES)
def test_what_is_written_is_read_back_equal(schedule: Schedule) -> None:
    """Both forms keep everything, down to the order of rules and to the microsecond."""
    assert schedule_of(schedule_text(schedule)) == schedule
    assert load_schedule(dump_schedule(schedule)) == schedule


@given(_SCHEDULES)
@example(_EDGES)
def test_a_text_is_canonical(schedule: Schedule) -> None:
    """Reading a text and writing it again changes no character, and JSON is one line of ASCII."""
    text, toml = schedule_text(schedule), dump_schedule(schedule)

    assert schedule_text(load_schedule(toml)) == text
    assert dump_schedule(schedule_of(text)) == toml
    assert text.isascii()
    assert "\n" not in text


@given(_SCHEDULES)
def test_both_forms_hold_the_same_document(schedule: Schedule) -> None:
    """JSON has dates and instants as texts; apart from that the data are the same."""
    document = json.loads(json.dumps(tomllib.loads(dump_schedule(schedule)), default=lambda value: value.isoformat()))

    assert document == json.loads(
        schedule_text(schedule).replace('Z","zone"', '+00:00","zone"')  # How Python writes the offset of UTC.
    )


def test_the_canonical_texts_of_a_schedule() -> None:
    """The forms that stores and people keep: what is empty is left out, but bookings are written whole."""
    schedule = Schedule(
        "Europe/Berlin",
        (
            WeeklyRule("monday", _NINE_TO_TEN),
            WeeklyRule("monday", _TEN_TO_TWO),
            WeeklyRule("friday", _NINE_TO_TEN),
            WeeklyRule("friday", _NINE_TO_TEN, date(2026, 6, 1), date(2026, 9, 1)),
            WeeklyRule("sunday", Window(1080, 1980), zone="America/New_York"),
        ),
        overrides=(Override(date(2026, 12, 24), ()), Override(date(2026, 12, 31), (_NINE_TO_TEN,), "Asia/Tokyo")),
        holidays=(Holiday("12-25", "Christmas Day"), Holiday("easter+1", "Easter Monday")),
        blackouts=(Blackout(date(2026, 7, 1), date(2026, 7, 14), "hölidays"),),
        zone_periods=(ZonePeriod(instant("2027-01-01T00:00:00Z"), "Asia/Tokyo"),),
        booking=Booking(horizon=timedelta(days=60), horizon_to_day_end=True, most_per_day=6),
    )

    assert (
        dump_schedule(schedule)
        == """\
schema = 1
zone = "Europe/Berlin"

[weekly]
monday = ["09:00-10:00", "22:00-02:00"]
friday = ["09:00-10:00"]

[[seasons]]
from = 2026-06-01
until = 2026-09-01
weekly = { friday = ["09:00-10:00"] }

[[seasons]]
zone = "America/New_York"
weekly = { sunday = ["18:00-09:00+1"] }

[overrides]
2026-12-24 = []
2026-12-31 = { windows = ["09:00-10:00"], zone = "Asia/Tokyo" }

[holidays]
12-25 = "Christmas Day"
"easter+1" = "Easter Monday"

[[blackouts]]
from = 2026-07-01
to = 2026-07-14
note = "hölidays"

[[moves]]
at = 2027-01-01T00:00:00Z
zone = "Asia/Tokyo"

[booking]
notice = "0m"
horizon_days = 60
before = "0m"
after = "0m"
buffers = "longer"
step = "30m"
anchor = "wall"
most_per_day = 6
"""
    )
    assert schedule_text(schedule) == (
        '{"schema":1,"zone":"Europe/Berlin",'
        '"weekly":{"monday":["09:00-10:00","22:00-02:00"],"friday":["09:00-10:00"]},'
        '"seasons":[{"from":"2026-06-01","until":"2026-09-01","weekly":{"friday":["09:00-10:00"]}},'
        '{"zone":"America/New_York","weekly":{"sunday":["18:00-09:00+1"]}}],'
        '"overrides":{"2026-12-24":[],"2026-12-31":{"windows":["09:00-10:00"],"zone":"Asia/Tokyo"}},'
        '"holidays":{"12-25":"Christmas Day","easter+1":"Easter Monday"},'
        '"blackouts":[{"from":"2026-07-01","to":"2026-07-14","note":"h\\u00f6lidays"}],'
        '"moves":[{"at":"2027-01-01T00:00:00Z","zone":"Asia/Tokyo"}],'
        '"booking":{"notice":"0m","horizon_days":60,"before":"0m","after":"0m","buffers":"longer","step":"30m","anchor":"wall",'
        '"most_per_day":6}}'
    )


def test_rules_in_an_order_that_no_week_has_are_kept_in_it() -> None:
    """A weekday that comes again begins another table, so that reading finds the rules where they stood."""
    rules = tuple(WeeklyRule(day, _NINE_TO_TEN) for day in ("monday", "sunday", "monday"))

    text = dump_schedule(Schedule("UTC", rules))

    assert text.count("[weekly]") == text.count("[[seasons]]") == 1
    assert load_schedule(text).rules == rules


def test_a_schedule_whose_rules_all_have_dates_has_no_week_that_always_holds() -> None:
    """The section `weekly` is for rules without dates."""
    rules = (WeeklyRule("monday", _NINE_TO_TEN, until=date(2026, 6, 1)),)

    text = dump_schedule(Schedule("UTC", rules))

    assert "[weekly]" not in text
    assert load_schedule(text).rules == rules


def test_windows_that_overlap_are_written_in_tables_of_their_own() -> None:
    """No table of a file may hold two that do, over midnight or from Sunday to Monday either."""
    rules = (
        WeeklyRule("monday", _NINE_TO_TEN),
        WeeklyRule("monday", _NINE_TO_TEN),
        WeeklyRule("monday", _TEN_TO_TWO),
        WeeklyRule("tuesday", Window.of("01:00", "03:00")),
        WeeklyRule("sunday", _TEN_TO_TWO),
        WeeklyRule("monday", Window.of("00:00", "03:00")),
    )

    text = dump_schedule(Schedule("UTC", rules))

    assert text.count("[weekly]") == 1
    assert text.count("[[seasons]]") == 3
    assert load_schedule(text).rules == rules


def test_windows_of_one_date_that_overlap_fit_json_but_no_file() -> None:
    """A store keeps what it was given; a file would be refused, so none is written."""
    schedule = Schedule("UTC", overrides=(Override(date(2026, 12, 24), (_NINE_TO_TEN, _NINE_TO_TEN)),))

    assert schedule_of(schedule_text(schedule)) == schedule
    with pytest.raises(InvalidValue, match="override for 2026-12-24 is '09:00-10:00'; expected one that does not over"):
        dump_schedule(schedule)


def test_half_a_character_fits_json_but_no_toml_file() -> None:
    """A lone surrogate is refused where the text goes into a file of UTF-8."""
    schedule = Schedule("UTC", blackouts=(Blackout(date(2026, 1, 1), date(2026, 1, 1), "\ud800"),))

    assert schedule_of(schedule_text(schedule)) == schedule
    with pytest.raises(InvalidValue, match="characters that UTF-8 can hold"):
        dump_schedule(schedule)


@pytest.mark.parametrize("write", [schedule_text, dump_schedule])
def test_only_a_schedule_is_written(write: object) -> None:
    """Anything else is refused by its type."""
    with pytest.raises(InvalidType, match="a Schedule"):
        write("UTC")  # type: ignore[operator]  # what is refused


def test_very_many_rules_are_kept_in_json() -> None:
    """A store is not held to the length of what people write."""
    rules = tuple(
        WeeklyRule(WEEKDAYS[number % 7], _NINE_TO_TEN, date(2026, 1, 1) + timedelta(days=number // 700))
        for number in range(5_000)
    )
    schedule = Schedule("UTC", rules)

    assert schedule_of(schedule_text(schedule)) == schedule
