"""Reading schedules: what each key means, and that every mistake is told at its place."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tutorcore.calendar.schedule import Blackout, Booking, Override, Schedule, WeeklyRule, Window, ZonePeriod
from tutorcore.calendar.schedule_document import (
    UnreadableWord,
    duration_text,
    load_schedule,
    parse_duration,
    read_schedule,
    schedule_of,
)
from tutorcore.documents.reader import MOST, Problems, Table
from tutorcore.documents.source import Source
from tutorcore.errors import InvalidType, InvalidValue, Mistakes
from tutorcore.instants import instant

_HEAD = 'schema = 1\nzone = "Europe/Berlin"\n'
_HOUR, _MINUTE, _DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)


def _mistakes(text: str) -> list[str]:
    """What is said of a text, without the excerpts."""
    with pytest.raises(Mistakes) as caught:
        load_schedule(text, "tutor.toml")
    return [str(mistake).splitlines()[0].removeprefix("tutor.toml:") for mistake in caught.value.exceptions]


def _booking(section: str) -> Booking:
    return load_schedule(f"{_HEAD}[booking]\n{section}\n").booking


def test_a_whole_schedule_is_read() -> None:
    """Every section of a file comes out as what it stands for, in its order."""
    text = """
        schema = 1
        zone = "Europe/Berlin"
        [weekly]
        monday = ["09:00-12:00", "14:00-24:00"]
        friday = ["22:00-02:00"]
        [[seasons]]
        from = 2026-06-01
        until = 2026-09-01
        weekly = { monday = ["08:00-10:00"], sunday = [] }
        [[seasons]]
        from = 2026-12-01
        weekly.tuesday = ["00:00-00:00"]
        [overrides]
        2026-12-31 = []
        2026-12-24 = ["09:00-12:00"]
        [[blackouts]]
        from = 2026-07-01
        to = 2026-07-14
        note = "holidays"
        [[blackouts]]
        from = "2026-08-01"
        to = "2026-08-01"
        [[moves]]
        at = 2027-01-01T00:00:00+01:00
        zone = "Asia/Tokyo"
        [[moves]]
        at = "2028-01-01T00:00:00Z"
        zone = "Europe/Berlin"
        [booking]
        notice = "24h"
        horizon_days = 60
        before = "0m"
        after = "15m"
        step = "1h 30m"
        anchor = "window"
        most_per_day = 6
        most_per_week = 20
    """

    schedule = load_schedule(text)

    assert schedule == Schedule(
        "Europe/Berlin",
        (
            WeeklyRule("monday", Window.of("09:00", "12:00")),
            WeeklyRule("monday", Window.of("14:00", "24:00")),
            WeeklyRule("friday", Window.of("22:00", "02:00")),
            WeeklyRule("monday", Window.of("08:00", "10:00"), date(2026, 6, 1), date(2026, 9, 1)),
            WeeklyRule("tuesday", Window(0, 1440), date(2026, 12, 1)),
        ),
        overrides=(Override(date(2026, 12, 31), ()), Override(date(2026, 12, 24), (Window.of("09:00", "12:00"),))),
        blackouts=(
            Blackout(date(2026, 7, 1), date(2026, 7, 14), "holidays"),
            Blackout(date(2026, 8, 1), date(2026, 8, 1)),
        ),
        zone_periods=(
            ZonePeriod(instant("2026-12-31T23:00:00Z"), "Asia/Tokyo"),
            ZonePeriod(instant("2028-01-01T00:00:00Z"), "Europe/Berlin"),
        ),
        booking=Booking(
            notice=24 * _HOUR,
            horizon=60 * _DAY,
            horizon_to_day_end=True,
            after=15 * _MINUTE,
            step=90 * _MINUTE,
            anchor="window",
            most_per_day=6,
            most_per_week=20,
        ),
    )


def test_the_least_schedule_is_a_zone_without_hours() -> None:
    """Everything else may be left out."""
    assert load_schedule(_HEAD.encode()) == Schedule("Europe/Berlin")


def test_an_empty_section_says_nothing() -> None:
    """A section without keys is as good as none."""
    assert load_schedule(f"{_HEAD}[weekly]\n[overrides]\n[booking]\n") == Schedule("Europe/Berlin")


# Mistakes


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    """One error names every mistake, in the order of their places."""
    told = _mistakes(
        """\
schema = 2
zone = "Europe/Berln"
hours = 1
[weekly]
monday = ["9:00-12:00", "14:00 – 24:00", "25:00-26:00", 5]
fryday = ["22:00-02:00"]
tuesday = "09:00-10:00"
[[seasons]]
from = 2026-09-01
until = 2026-09-01
[[seasons]]
weekly = 7
to = 2026-09-01
[overrides]
2026-02-30 = ["09-10"]
christmas = []
[[blackouts]]
from = 2026-07-01T10:00:00
to = 2026-07-14
[[blackouts]]
from = 2026-07-15
to = 2026-07-14
note = 3
[[blackouts]]
until = 2026-07-14
[[moves]]
at = 2027-01-01T00:00:00Z
zone = "Asia/Tokyo"
[[moves]]
at = 2027-01-01T00:00:00Z
zone = "Asia/Seoul"
[[moves]]
at = 2027-01-01T00:00:00
[booking]
notice = "2d"
horizon = "60 days"
after = "48h"
step = 30
anchor = "slot"
most_per_day = 0
most_per_lesson = 1
"""
    )

    assert told == [
        "1:10: schema: is 2; expected a whole number from 1 up to 1",
        "2:8: zone: unknown time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?",
        "3:1: hours: unknown key; known here: 'blackouts', 'booking', 'moves', 'overrides', 'schema', 'seasons', "
        "'weekly', 'zone'",
        "5:11: weekly.monday[0]: is '9:00-12:00'; expected two wall times such as '09:00-12:00'; "
        "did you mean '09:00-12:00'?",
        "5:25: weekly.monday[1]: is '14:00 – 24:00'; expected two wall times such as '09:00-12:00'; "
        "did you mean '14:00-24:00'?",
        "5:42: weekly.monday[2]: window start is '25:00'; expected a wall time such as 09:30, or 24:00 for the end of "
        "the day",
        "5:57: weekly.monday[3]: is 5; expected a text in quotes; did you mean '\"5\"'?",
        "6:1: weekly.fryday: unknown key; did you mean 'friday'?",
        "7:11: weekly.tuesday: is '09:00-10:00'; expected a list; did you mean '[\"09:00-10:00\"]'?",
        '8:1: seasons[0]: the hours are missing; expected weekly = { monday = ["09:00-12:00"] }, say',
        "10:9: seasons[0].until: is 2026-09-01; expected a date after 2026-09-01, on which the season begins",
        "12:10: seasons[1].weekly: is 7; expected a table",
        "13:1: seasons[1].to: unknown key; known here: 'from', 'until', 'weekly'",
        "15:1: overrides.2026-02-30: is '2026-02-30'; expected a date such as 2026-12-24",
        "15:15: overrides.2026-02-30[0]: is '09-10'; expected two wall times such as '09:00-12:00'",
        "16:1: overrides.christmas: is 'christmas'; expected a date such as 2026-12-24",
        "18:8: blackouts[0].from: is '2026-07-01 10:00:00'; expected a date such as 2026-12-24",
        "22:6: blackouts[1].to: is 2026-07-14; expected 2026-07-15, on which the blackout begins, or later",
        "23:8: blackouts[1].note: is 3; expected a text in quotes; did you mean '\"3\"'?",
        "24:1: blackouts[2].from: is missing",
        "24:1: blackouts[2].to: is missing",
        "25:1: blackouts[2].until: unknown key; known here: 'from', 'note', 'to'",
        "30:6: moves[1].at: is 2027-01-01T00:00:00Z; expected an instant after the move before it, "
        "2027-01-01T00:00:00Z",
        "32:1: moves[2].zone: is missing",
        "33:6: moves[2].at: is '2027-01-01T00:00:00'; expected an ISO 8601 instant with an offset, such as "
        "2026-03-01T09:30:00Z",
        "35:10: booking.notice: is '2d'; expected hours, minutes or seconds, such as '24h' or '1h 30m'; "
        "did you mean '48h'?",
        "36:11: booking.horizon: is '60 days'; expected hours, minutes or seconds, such as '24h' or '1h 30m'; "
        "did you mean '1440h'?",
        *[line for line in told if line.startswith("37:9: booking.after: ")],
        "38:8: booking.step: is 30; expected a text in quotes; did you mean '\"30\"'?",
        "39:10: booking.anchor: is 'slot'; expected one of 'wall', 'window', 'free'",
        "40:16: booking.most_per_day: is 0; expected a whole number from 1 up to 10000",
        "41:1: booking.most_per_lesson: unknown key; did you mean 'most_per_week'?",
    ]
    assert len(told) == 32


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("weekly = 1", "3:10: weekly: is 1; expected a table"),
        ("overrides = []", "3:13: overrides: is a list; expected a table"),
        ("blackouts = {}", "3:13: blackouts: is a table; expected a list"),
        ("moves = [1]", "3:10: moves[0]: is 1; expected a table"),
        ('booking = "free"', "3:11: booking: is 'free'; expected a table"),
        ("seasons = [{}]", "3:12: seasons[0]: the hours are missing; "),
        ("schema = 1", "3:1: defined a second time; the first is on line 1"),
        ("overrides.2026-12-24 = []\noverrides.2026-12-24 = []", "4:11: defined a second time"),
        ("overrides.20261224 = []", "3:11: overrides.20261224: is '20261224'; expected a date"),
        ("overrides.2026-12-24 = [[]]", "3:25: overrides.2026-12-24[0]: is a list; expected a text in quotes"),
        ("[[blackouts]]\nfrom = 0000-01-01\nto = 2026-01-01", "4:8: "),
        ("[[moves]]\nat = 9000-01-01T00:00:00Z\nzone = 'UTC'", "4:6: moves[0].at: is "),
        ("[[moves]]\nat = 2026-01-01\nzone = 'UTC'", "4:6: moves[0].at: is '2026-01-01'; expected an ISO 8601"),
        ("[[moves]]\nat = 2026-01-01T00:00:00Z\nzone = 1", "5:8: moves[0].zone: is 1; expected a text"),
        ("[[moves]]\nat = 2026-01-01T00:00:00Z\nzone = '../UTC'", "5:8: moves[0].zone: unknown time zone '../UTC'"),
        ("[[busy]]\nid = 'lesson-7'", "3:3: busy: unknown key"),
    ],
)
def test_what_is_not_of_the_shape_of_a_schedule_is_a_mistake_at_its_place(section: str, told: str) -> None:
    """The line and column are those of the word that is wrong."""
    assert _mistakes(_HEAD + section)[0].startswith(told)


@pytest.mark.parametrize("text", ["", "schema = 1", 'zone = "UTC"', "zone", "\0", "[[[", "a = " + "[" * 5_000])
def test_what_is_no_schedule_at_all_is_refused(text: str) -> None:
    """An empty file, half a file, something that is not TOML."""
    assert _mistakes(text)


@pytest.mark.parametrize(
    ("window", "suggestion"),
    [
        ("9:00-12:00", "09:00-12:00"),
        ("09:00 - 12:00", "09:00-12:00"),
        ("9:00–24:00", "09:00-24:00"),
        ("09:00", None),
        ("09:00-12:00-13:00", None),
        ("9-12", None),
        ("09:00-12:00\n", "09:00-12:00"),
        ("٠٩:٠٠-١٢:٠٠", None),
        ("", None),
    ],
)
def test_a_window_that_is_nearly_one_is_suggested(window: str, suggestion: str | None) -> None:
    """Another dash, spaces and a missing nought are what people write; nothing is guessed silently."""
    source = Source({"schema": 1, "zone": "UTC", "weekly": {"monday": [window]}})
    problems = Problems()

    read_schedule(Table.root(source, problems))

    (mistake,) = problems.mistakes
    assert (mistake.path, mistake.suggestion) == ("weekly.monday[0]", suggestion)


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("00:00-24:00", Window(0, 1440)),
        ("00:00-00:00", Window(0, 1440)),
        ("00:00-00:01", Window(0, 1)),
        ("23:59-24:00", Window(1439, 1440)),
        ("23:59-23:58", Window(1439, 1440 + 1438)),
        ("23:59-23:59", Window(1439, 1440 + 1439)),
        ("22:00-00:00", Window(1320, 1440)),
    ],
)
def test_a_window_ends_on_its_day_or_on_the_next_one(window: str, expected: Window) -> None:
    """An end that is not later than the start lies on the next day."""
    assert load_schedule(f'{_HEAD}weekly.monday = ["{window}"]').rules == (WeeklyRule("monday", expected),)


@pytest.mark.parametrize("window", ["24:00-01:00", "09:60-10:00", "09:00-24:01"])
def test_a_wall_time_that_no_clock_shows_is_refused(window: str) -> None:
    """24:00 is the end of a day and nothing else."""
    (told,) = _mistakes(f'{_HEAD}weekly.monday = ["{window}"]')

    assert told.startswith("3:18: weekly.monday[0]: window ")


# Bookings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0m", timedelta(0)),
        ("0h", timedelta(0)),
        ("90m", 90 * _MINUTE),
        ("24h", 24 * _HOUR),
        ("1h 30m", 90 * _MINUTE),
        ("1h30m", 90 * _MINUTE),
        ("1h 30m 15s", timedelta(seconds=5415)),
        ("1h 1us", _HOUR + timedelta(microseconds=1)),
        ("999999999h", 999_999_999 * _HOUR),
    ],
)
def test_a_duration_is_elapsed_time_in_hours_minutes_and_seconds(text: str, expected: timedelta) -> None:
    """Larger units come first, with one space between or none."""
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("60d", "1440h"),
        ("1 day", "24h"),
        ("2days", "48h"),
        ("", None),
        ("15", None),
        ("m", None),
        (" 5m", None),
        ("5m ", None),
        ("5 m", None),
        ("30m 1h", None),
        ("1h  30m", None),
        ("-5m", None),
        ("1.5h", None),
        ("1H", None),
        ("1h 2h", None),
        ("٥m", None),
        ("1000000000h", None),
        ("1w", None),
    ],
)
def test_what_is_not_elapsed_time_is_refused(text: str, suggestion: str | None) -> None:
    """Days are not 24 hours everywhere, so the hours that may be meant are only suggested."""
    with pytest.raises(UnreadableWord) as caught:
        parse_duration(text)

    assert caught.value.suggestion == suggestion
    assert str(caught.value).endswith("?") == (suggestion is not None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0m", timedelta(0)),
        ("1h 30m", 90 * _MINUTE),
        ("1s", timedelta(seconds=1)),
        ("24h", _DAY),
        ("1us", _DAY.resolution),
    ],
)
def test_a_duration_is_written_in_the_largest_units(text: str, expected: timedelta) -> None:
    """What is written is what is read."""
    assert (duration_text(expected), parse_duration(text)) == (text, expected)


def test_a_horizon_in_days_reaches_to_the_end_of_a_local_day() -> None:
    """`horizon_days` means 24 hours each and then the rest of the day; `horizon` is exact unless it says otherwise."""
    assert _booking("horizon_days = 2") == Booking(horizon=2 * _DAY, horizon_to_day_end=True)
    assert _booking('horizon = "48h"') == Booking(horizon=2 * _DAY)
    assert _booking('horizon = "36h"\nhorizon_to_day_end = true') == Booking(
        horizon=36 * _HOUR, horizon_to_day_end=True
    )
    assert _booking("horizon_to_day_end = false") == Booking()


@pytest.mark.parametrize(
    ("section", "told"),
    [
        (
            "horizon_days = 2\nhorizon = '48h'",
            ["5:11: booking.horizon: is given besides horizon_days; one of them will do"],
        ),
        (
            "horizon_days = 2\nhorizon_to_day_end = true",
            ["5:22: booking.horizon_to_day_end: is given besides horizon_days; one of them will do"],
        ),
        ("horizon_to_day_end = true", ["4:22: booking.horizon_to_day_end: there is no horizon to which it belongs"]),
        ("horizon_days = 733", ["4:16: booking.horizon_days: is 733; expected a whole number from 1 up to 732"]),
        ("horizon_days = 0", ["4:16: booking.horizon_days: is 0; expected a whole number from 1 up to 732"]),
    ],
)
def test_a_horizon_is_given_once(section: str, told: list[str]) -> None:
    """The two ways of giving it exclude each other, and the end of the day belongs to one."""
    assert _mistakes(f"{_HEAD}[booking]\n{section}") == told


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("notice", "8785h"),
        ("horizon", "0m"),
        ("horizon", "17569h"),
        ("before", "25h"),
        ("after", "25h"),
        ("step", "90s"),
    ],
)
def test_a_duration_that_no_booking_can_ask_for_is_a_mistake_of_its_own(key: str, value: str) -> None:
    """What is out of range is told at its key, and only there."""
    more = "horizon_to_day_end = true\n" if key == "horizon" else ""

    (told,) = _mistakes(f'{_HEAD}[booking]\n{more}{key} = "{value}"')

    assert f": booking.{key}: " in told


# Inside another document


def test_a_schedule_can_be_part_of_another_document() -> None:
    """The reader of a table takes the zone of its owner where the table has none, and leaves the rest to the caller."""
    problems = Problems()
    root = Table.root(Source.parse('tom.weekly.monday = ["09:00-10:00"]\neve = { zone = "UTC", kind = 1 }'), problems)
    tom, eve = root.table("tom"), root.table("eve")
    assert tom is not None
    assert eve is not None

    schedules = [read_schedule(tom, "Asia/Tokyo"), read_schedule(eve, "Asia/Tokyo")]

    assert schedules == [
        Schedule("Asia/Tokyo", (WeeklyRule("monday", Window.of("09:00", "10:00")),)),
        Schedule("UTC"),
    ]
    tom.finish("kind")
    eve.finish("kind")
    assert problems.mistakes == ()


# Hostile files


@pytest.mark.parametrize(
    "body",
    [
        "[weekly]\nmonday = [" + '"x",' * 3_000 + "]",
        "[weekly]\nmonday = [" + "1," * 3_000 + "]",
        "[overrides]\n" + "".join(f'x{number} = ["y"]\n' for number in range(3_000)),
        "[[moves]]\nat = 2026-01-01T00:00:00\n" * 3_000,
        "[[blackouts]]\nfrom = 1\n" * 3_000,
        "[[seasons]]\nweekly = { mo = 1 }\n" * 3_000,
    ],
)
def test_a_file_with_very_many_mistakes_is_cut_short(body: str) -> None:
    """Nobody mends a file from a list without end, and making it must not take long."""
    with pytest.raises(Mistakes, match=f"only {MOST} mistakes are shown") as caught:
        load_schedule(_HEAD + body)

    assert len(caught.value.exceptions) == MOST


def test_a_file_that_is_too_long_is_not_read() -> None:
    """Its length is all that is said about it."""
    (told,) = _mistakes(_HEAD + "#" * (1 << 20))

    assert "characters long; at most 1,048,576 are read" in told


# JSON


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", '"schema"', "NaN", "9" * 5_000, "[" * 100_000, '{"schema":1,"schema":1,"zone":"UTC"}'],
)
def test_a_text_that_is_no_json_document_is_refused(text: str) -> None:
    """Neither half a document nor one that says something twice is taken for a schedule."""
    with pytest.raises(InvalidValue, match="the JSON text of a schedule"):
        schedule_of(text)


def test_only_a_text_is_read_as_json() -> None:
    """Bytes and data are refused by their type."""
    with pytest.raises(InvalidType, match="a JSON text"):
        schedule_of(b"{}")  # type: ignore[arg-type]  # what is refused


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"schema":1}', "zone"),
        ('{"schema":true,"zone":"UTC"}', "schema"),
        ('{"schema":1e400,"zone":"UTC"}', "schema"),
        ('{"schema":1,"zone":null}', "zone"),
        ('{"schema":1,"zone":"UTC","blackouts":[{"from":null,"to":"2026-01-01"}]}', "blackouts[0].from"),
        ('{"schema":1,"zone":"UTC","seasons":[{"from":null,"weekly":{}}]}', "seasons[0].from"),
        ('{"schema":1,"zone":"UTC","weekly":{"monday":null}}', "weekly.monday"),
        ('{"schema":1,"zone":"UTC","weekly":null}', "weekly"),
        ('{"schema":1,"zone":"UTC","hours":[]}', "hours"),
    ],
)
def test_a_json_document_that_is_no_schedule_names_the_place(text: str, path: str) -> None:
    """A damaged store is noticed, and nothing is silently left out."""
    with pytest.raises(Mistakes) as caught:
        schedule_of(text)

    assert [getattr(mistake, "path", None) for mistake in caught.value.exceptions] == [path]
