"""Reading schedules: what each key means, and that every mistake is told at its place."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tutorcore.calendar.schedules.document import (
    UnreadableWord,
    duration_text,
    load_schedule,
    load_schedule_json,
    parse_duration,
    read_schedule,
    schedule_of,
)
from tutorcore.calendar.schedules.schedule import (
    MOST_HOLIDAYS,
    MOST_MOVES,
    MOST_RULES,
    MOST_WINDOWS,
    Blackout,
    Booking,
    Holiday,
    Override,
    Schedule,
    WeeklyRule,
    Window,
    ZonePeriod,
)
from tutorcore.documents.reader import MOST, Problems, Table
from tutorcore.documents.source import Source
from tutorcore.errors import InvalidType, InvalidValue, Mistakes
from tutorcore.instants import instant

_HEAD = 'schema = 1\nzone = "Europe/Berlin"\n'
_A_DAY = (
    "a day such as '2026-12-24', '12-25', 'easter-2', 'orthodox-easter+1', '4th thursday of november' or "
    "'last monday of may'"
)
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
        weekly.tuesday = ["00:00-24:00"]
        [[seasons]]
        zone = "America/New_York"
        weekly.sunday = ["18:00-09:00+1"]
        [overrides]
        2026-12-31 = []
        2026-12-24 = ["09:00-12:00"]
        2026-12-30 = { windows = ["19:00-20:00"], zone = "America/New_York" }
        [holidays]
        12-25 = "Christmas Day"
        "easter+1" = "Easter Monday"
        easter-2 = "Good Friday"
        "4th thursday of november" = "Thanksgiving"
        2026-06-15 = "the school's party"
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
        buffers = "sum"
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
            WeeklyRule("sunday", Window(18 * 60, 33 * 60), zone="America/New_York"),
        ),
        overrides=(
            Override(date(2026, 12, 31), ()),
            Override(date(2026, 12, 24), (Window.of("09:00", "12:00"),)),
            Override(date(2026, 12, 30), (Window.of("19:00", "20:00"),), "America/New_York"),
        ),
        holidays=(
            Holiday("12-25", "Christmas Day"),
            Holiday("easter+1", "Easter Monday"),
            Holiday("easter-2", "Good Friday"),
            Holiday("4th thursday of november", "Thanksgiving"),
            Holiday("2026-06-15", "the school's party"),
        ),
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
            buffers="sum",
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
    assert load_schedule(f"{_HEAD}[weekly]\n[overrides]\n[holidays]\n[booking]\n") == Schedule("Europe/Berlin")


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
2026-12-25 = { windows = "10:00-12:00", zones = "UTC" }
[holidays]
"12-25" = 1
"Easter + 1" = "Easter Monday"
12-32 = ""
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
buffers = "both"
step = 30
anchor = "slot"
most_per_day = 0
most_per_lesson = 1
"""
    )

    assert told == [
        "1:10: schema: is 2; expected a whole number from 1 up to 1",
        "2:8: zone: unknown time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?",
        "3:1: hours: unknown key; known here: 'blackouts', 'booking', 'holidays', 'moves', 'overrides', 'schema', "
        "'seasons', 'weekly', 'zone'",
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
        "13:1: seasons[1].to: unknown key; expected until, the first day on which they no longer hold",
        "15:1: overrides.2026-02-30: is '2026-02-30'; expected a date such as 2026-12-24",
        "15:15: overrides.2026-02-30[0]: is '09-10'; expected two wall times such as '09:00-12:00'",
        "16:1: overrides.christmas: is 'christmas'; expected a date such as 2026-12-24",
        "17:26: overrides.2026-12-25.windows: is '10:00-12:00'; expected a list; did you mean '[\"10:00-12:00\"]'?",
        "17:41: overrides.2026-12-25.zones: unknown key; did you mean 'zone'?",
        "19:11: holidays.12-25: is 1; expected a text in quotes; did you mean '\"1\"'?",
        f"20:1: holidays.'Easter + 1': is 'Easter + 1'; expected {_A_DAY}; did you mean 'easter+1'?",
        f"21:1: holidays.12-32: is '12-32'; expected {_A_DAY}",
        "21:9: holidays.12-32: name of a holiday is ''; expected a text that is not empty",
        "23:8: blackouts[0].from: is '2026-07-01 10:00:00'; expected a date such as 2026-12-24",
        "27:6: blackouts[1].to: is 2026-07-14; expected 2026-07-15, on which the blackout begins, or later",
        "28:8: blackouts[1].note: is 3; expected a text in quotes; did you mean '\"3\"'?",
        "29:1: blackouts[2].from: is missing",
        "30:1: blackouts[2].until: unknown key; expected to, the last day of the blackout",
        "35:6: moves[1].at: is 2027-01-01T00:00:00Z; expected an instant after the move before it, "
        "2027-01-01T00:00:00Z",
        "37:1: moves[2].zone: is missing",
        "38:6: moves[2].at: is '2027-01-01T00:00:00'; expected an ISO 8601 instant with an offset, such as "
        "2026-03-01T09:30:00Z",
        "40:10: booking.notice: is '2d'; expected hours, minutes or seconds, such as '24h' or '1h 30m'; "
        "did you mean '48h'?",
        "41:11: booking.horizon: is '60 days'; expected hours, minutes or seconds, such as '24h' or '1h 30m'; "
        "did you mean '1440h'?",
        "42:9: booking.after: buffer after is '2 days, 0:00:00'; expected nothing to 1 day",
        "43:11: booking.buffers: is 'both'; expected one of 'longer', 'sum'",
        "44:8: booking.step: is 30; expected a duration in quotes, with its unit; did you mean '\"30m\"'?",
        "45:10: booking.anchor: is 'slot'; expected one of 'wall', 'window', 'free'",
        "46:16: booking.most_per_day: is 0; expected a whole number from 1 up to 10000",
        "47:1: booking.most_per_lesson: unknown key; did you mean 'most_per_week'?",
    ]


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
        ("overrides.2026-12-24.zone = 'UTC'", "3:11: overrides.2026-12-24.windows: is missing"),
        ("overrides.2026-12-24 = { windows = [], zone = 'utc' }", "3:47: overrides.2026-12-24.zone: unknown time zone"),
        ("[[seasons]]\nzone = 'Paris'\nweekly = {}", "4:8: seasons[0].zone: unknown time zone 'Paris'"),
        ("holidays = []", "3:12: holidays: is a list; expected a table"),
        ("holidays.christmas = 'x'", "3:10: holidays.christmas: is 'christmas'; expected a day such as"),
        ("[booking]\nanchor = 'day'", "4:10: booking.anchor: is 'day', as 'wall' was called in former versions; did"),
        ("[[busy]]\nid = 'lesson-7'", "3:3: busy: unknown key; what is booked is no part of a schedule, and only `tut"),
        (
            "capacity = 2",
            "3:1: capacity: unknown key; what is booked is no part of a schedule, and only `tutorcore slots`",
        ),
        (
            "[[blackouts]]\nfrom = 2026-01-01\nuntil = 2026-01-02",
            "5:1: blackouts[0].until: unknown key; expected to, the last day of the blackout",
        ),
        (
            "[[seasons]]\nfrom = 2026-01-01\nto = 2026-01-02\nweekly = {}",
            "5:1: seasons[0].to: unknown key; expected until, the first day on which they no longer hold",
        ),
        (
            "[seasons]\nweekly = {}",
            "3:1: seasons: is a table; expected a list of tables, each of them under [[seasons]]",
        ),
        (
            "[booking]\nafter = 15",
            "4:9: booking.after: is 15; expected a duration in quotes, with its unit; did you mean '\"15m",
        ),
        (
            "[booking]\nnotice = 24",
            "4:10: booking.notice: is 24; expected a duration in quotes, with its unit; did you mean '\"24h",
        ),
        ("[booking]\nafter = true", "4:9: booking.after: is true; expected a text in quotes"),
        (
            "weekly.monday = ['09:00-09:00']",
            "3:18: weekly.monday[0]: is '09:00-09:00'; expected an end later than the start, for this window is empty; "
            "'09:00-09:00+1' has 24 hours",
        ),
        ("zone_ = 'UTC'", "3:1: zone_: unknown key; did you mean 'zone'?"),
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
        ("9:00-8:00 +1", "09:00-08:00+1"),
        ("09:00-08:00+2", None),
        ("09:00+1-10:00", None),
        ("18:00-09:00", "18:00-09:00+1"),
        ("09:00-09:00", None),
        ("00:00-00:00", None),
        ("12:00-00:01", "12:00-00:01+1"),
        ("20:00-08:01", "20:00-08:01+1"),
        ("٠٩:٠٠-١٢:٠٠", None),
        ("", None),
    ],
)
def test_a_window_that_is_nearly_one_is_suggested(window: str, suggestion: str | None) -> None:
    """Another dash, spaces, a missing nought, a night that does not say so: nothing is guessed silently."""
    source = Source({"schema": 1, "zone": "UTC", "weekly": {"monday": [window]}})
    problems = Problems()

    read_schedule(Table.root(source, problems))

    (mistake,) = problems.mistakes
    assert (mistake.path, mistake.suggestion) == ("weekly.monday[0]", suggestion)


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("00:00-24:00", Window(0, 1440)),
        ("00:00-00:00+1", Window(0, 1440)),
        ("00:00-00:01", Window(0, 1)),
        ("23:59-24:00", Window(1439, 1440)),
        ("23:59-11:59", Window(1439, 1440 + 719)),
        ("23:59-11:59+1", Window(1439, 1440 + 719)),
        ("23:59-23:58+1", Window(1439, 1440 + 1438)),
        ("23:59-23:59+1", Window(1439, 1440 + 1439)),
        ("22:00-00:00", Window(1320, 1440)),
        ("22:00-00:00+1", Window(1320, 1440)),
        ("06:00-00:00", Window(360, 1440)),
        ("20:00-08:00", Window(1200, 1440 + 480)),
        ("00:01-24:00", Window(1, 1440)),
    ],
)
def test_a_window_ends_on_its_day_or_on_the_next_one(window: str, expected: Window) -> None:
    """An end earlier than the start lies on the next day, and one with +1 in any case."""
    assert load_schedule(f'{_HEAD}weekly.monday = ["{window}"]').rules == (WeeklyRule("monday", expected),)


@pytest.mark.parametrize(
    "window", ["24:00-01:00", "24:00-24:00", "09:60-10:00", "09:00-24:01", "09:00-09:01+1", "23:59-24:00+1"]
)
def test_a_window_that_no_clock_shows_is_refused(window: str) -> None:
    """24:00 is the end of a day and nothing else, and no window is longer than a day."""
    (told,) = _mistakes(f'{_HEAD}weekly.monday = ["{window}"]')

    assert told.startswith("3:18: weekly.monday[0]: window ")


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        ('monday = ["09:00-12:00", "11:59-13:00"]', "monday[1]: is '11:59-13:00'; @ '09:00-12:00' of monday"),
        ('monday = ["11:59-13:00", "09:00-12:00"]', "monday[1]: is '09:00-12:00'; @ '11:59-13:00' of monday"),
        ('monday = ["09:00-12:00", "09:00-12:00"]', "monday[1]: is '09:00-12:00'; @ '09:00-12:00' of monday"),
        ('monday = ["09:00-18:00", "10:00-11:00"]', "monday[1]: is '10:00-11:00'; @ '09:00-18:00' of monday"),
        ('monday = ["10:00-11:00", "09:00-18:00"]', "monday[1]: is '09:00-18:00'; @ '10:00-11:00' of monday"),
        ('monday = ["22:00-02:00"]\ntuesday = ["01:00-03:00"]', "tuesday[0]: is '01:00-03:00'; @ '22:00-02:00' of mo"),
        ('tuesday = ["01:00-03:00"]\nmonday = ["22:00-02:00"]', "monday[0]: is '22:00-02:00'; @ '01:00-03:00' of tu"),
        ('monday = ["00:00-03:00"]\nsunday = ["22:00-02:00"]', "sunday[0]: is '22:00-02:00'; @ '00:00-03:00' of mon"),
        ('sunday = ["22:00-02:00"]\nmonday = ["01:00-03:00"]', "monday[0]: is '01:00-03:00'; @ '22:00-02:00' of sun"),
        ('monday = ["10:00-10:00+1"]\ntuesday = ["09:00-09:30"]', "tuesday[0]: is '09:00-09:30'; @ '10:00-10:00+1' o"),
    ],
)
def test_windows_that_overlap_are_a_slip_of_who_wrote_them(hours: str, told: str) -> None:
    """Within one table no window begins while another lasts, not over midnight nor from Sunday to Monday either."""
    expected = told.replace("@", "expected a window that does not overlap")

    (weekly,) = _mistakes(f"{_HEAD}[weekly]\n{hours}")
    (season,) = _mistakes(f"{_HEAD}[[seasons]]\n[seasons.weekly]\n{hours}")

    assert f"weekly.{expected}" in weekly
    assert f"seasons[0].weekly.{expected}" in season


def test_the_windows_of_one_date_do_not_overlap() -> None:
    """An override is a list like any other, also one with a zone."""
    told = _mistakes(f"""{_HEAD}[overrides]
2026-12-24 = ["09:00-12:00", "10:00-13:00"]
2026-12-25 = {{ windows = ["22:00-02:00", "23:00-24:00"], zone = "UTC" }}
""")

    assert told == [
        "4:30: overrides.2026-12-24[1]: is '10:00-13:00'; expected a window that does not overlap '09:00-12:00'",
        "5:42: overrides.2026-12-25.windows[1]: is '23:00-24:00'; expected a window that does not overlap "
        "'22:00-02:00'",
    ]


@pytest.mark.parametrize(
    "hours",
    [
        'monday = ["09:00-12:00", "12:00-13:00", "08:00-09:00"]',
        'monday = ["22:00-02:00", "00:00-22:00"]\ntuesday = ["02:00-03:00"]\nsunday = ["23:00-24:00"]',
        'sunday = ["06:00-06:00+1"]\nmonday = ["06:00-06:00+1"]\nsaturday = ["06:00-06:00+1"]',
    ],
)
def test_windows_may_touch(hours: str) -> None:
    """The end of a window is not part of it."""
    assert load_schedule(f"{_HEAD}[weekly]\n{hours}").rules


def test_seasons_come_on_top_of_each_other() -> None:
    """Tables may overlap: a season adds hours to those there are."""
    hours = 'weekly.monday = ["09:00-12:00"]'

    assert len(load_schedule(f"{_HEAD}{hours}\n[[seasons]]\n{hours}\n[[seasons]]\n{hours}").rules) == 3


# What is in store


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("00:00-00:00", Window(0, 1440)),
        ("06:00-06:00", Window(360, 1800)),
        ("18:00-09:00", Window(1080, 1980)),
        ("23:59-23:58", Window(1439, 1440 + 1438)),
        ("18:00-09:00+1", Window(1080, 1980)),
    ],
)
def test_a_window_that_was_stored_means_what_it_meant(window: str, expected: Window) -> None:
    """What people must say more clearly by now was taken once, and is kept."""
    stored = schedule_of(f'{{"schema":1,"zone":"UTC","weekly":{{"monday":["{window}"]}}}}')

    assert stored.rules == (WeeklyRule("monday", expected),)


def test_what_earlier_versions_stored_is_read() -> None:
    """Hours that overlap, and the anchor under its former name."""
    stored = schedule_of(
        '{"schema":1,"zone":"UTC","weekly":{"monday":["22:00-02:00","23:00-24:00"],"tuesday":["01:00-03:00"]},'
        '"overrides":{"2026-12-24":["09:00-12:00","10:00-11:00"]},"booking":{"anchor":"day"}}'
    )

    assert stored == Schedule(
        "UTC",
        (
            WeeklyRule("monday", Window(1320, 1560)),
            WeeklyRule("monday", Window(1380, 1440)),
            WeeklyRule("tuesday", Window(60, 180)),
        ),
        overrides=(Override(date(2026, 12, 24), (Window(540, 720), Window(600, 660))),),
        booking=Booking(anchor="wall"),
    )


def test_even_a_store_has_no_endless_dates() -> None:
    """More windows than a day has minutes are damage."""
    windows = ",".join(['"09:00-10:00"'] * (MOST_WINDOWS + 1))

    with pytest.raises(Mistakes) as caught:
        schedule_of(f'{{"schema":1,"zone":"UTC","overrides":{{"2026-12-24":[{windows}]}}}}')

    (mistake,) = caught.value.exceptions
    assert str(mistake).endswith(
        "overrides.2026-12-24: number of windows of an override is 1441; expected at most 1440"
    )


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
        "[holidays]\n" + "".join(f'x{number} = "y"\n' for number in range(3_000)),
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


def _minutes(count: int) -> list[str]:
    """That many windows of a minute, with a minute between them."""
    edges = [f"{number // 60:02}:{number % 60:02}" for number in range(2 * count)]
    return [f"{start}-{end}" for start, end in zip(edges[::2], edges[1::2], strict=True)]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            f"[[seasons]]\nweekly.monday = {_minutes(100)}\n" * (MOST_RULES // 100)
            + '[[seasons]]\nweekly.monday = ["00:00-00:01"]',
            "3:1: seasons: there are 10,001 in all; expected at most 10,000",
        ),
        (
            "[holidays]\n" + "".join(f"{date.min + number * _DAY} = 'x'\n" for number in range(MOST_HOLIDAYS + 1)),
            "3:1: holidays: there are 1,001 in all; expected at most 1,000",
        ),
        (
            "".join(
                f"[[moves]]\nat = {2000 + number}-01-01T00:00:00Z\nzone = 'UTC'\n" for number in range(MOST_MOVES + 1)
            ),
            "3:1: moves: there are 101 in all; expected at most 100",
        ),
    ],
)
def test_a_schedule_has_an_end(body: str, told: str) -> None:
    """What is more than anybody can mean is refused, however well it is written."""
    assert _mistakes(_HEAD + body) == [told]


# JSON


_NO_JSON = [
    "",
    "{",
    "null",
    "[]",
    '"schema"',
    "NaN",
    "9" * 5_000,
    "[" * 100_000,
    '{"schema":1,"schema":1,"zone":"UTC"}',
]


@pytest.mark.parametrize("text", _NO_JSON)
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


# JSON that a person wrote


def _mistakes_of_json(text: str | bytes) -> list[str]:
    with pytest.raises(Mistakes) as caught:
        load_schedule_json(text, "tutor.json")
    return [str(mistake) for mistake in caught.value.exceptions]


def test_a_person_may_write_json() -> None:
    """It is the same document, as a text or as bytes."""
    text = '{"schema": 1, "zone": "UTC", "weekly": {"monday": ["18:00-09:00+1"]}, "holidays": {"12-25": "Weihnächten"}}'
    expected = Schedule("UTC", (WeeklyRule("monday", Window(1080, 1980)),), holidays=(Holiday("12-25", "Weihnächten"),))

    assert load_schedule_json(text) == load_schedule_json(text.encode()) == expected


def test_json_is_held_to_what_is_asked_of_toml() -> None:
    """Every slip is told with its path."""
    told = _mistakes_of_json(
        '{"schema": 1, "zone": "utc", "weekly": {"monday": ["18:00-09:00", "06:00-06:00"], '
        '"tuesday": ["09:00-12:00", "10:00-11:00"]}, "booking": {"anchor": "day"}}'
    )

    assert [line.partition(": is ")[0].partition(": unknown")[0] for line in told] == [
        "tutor.json: zone",
        "tutor.json: weekly.monday[0]",
        "tutor.json: weekly.monday[1]",
        "tutor.json: weekly.tuesday[1]",
        "tutor.json: booking.anchor",
    ]


@pytest.mark.parametrize("text", _NO_JSON)
def test_a_person_is_told_why_a_text_is_no_json(text: str) -> None:
    """One mistake says what is in the way of reading the rest."""
    (told,) = _mistakes_of_json(text)

    assert told.startswith("tutor.json:")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{\n "schema": 1,\n zone}', "tutor.json:3:2: not JSON: Expecting property name enclosed in double quotes"),
        (b'{"zone": "\xff"}', "tutor.json: not UTF-8 from byte 10 on"),
        ("[]", 'tutor.json: not a JSON object; expected one such as {"schema": 1, "zone": "Europe/Berlin"}'),
        ('{"zone": {"a": 1, "a": 2}}', "tutor.json: the key 'a' comes twice in one object"),
        ("[" * 100_000, "tutor.json: nested too deeply"),
        (" " * (1 << 20) + "1", "tutor.json: 1,048,577 characters long; at most 1,048,576 are read"),
    ],
)
def test_where_json_ends_to_be_json_is_told(text: str | bytes, told: str) -> None:
    """With line and column where there are some."""
    assert _mistakes_of_json(text) == [told]


def test_json_is_a_text() -> None:
    """Data that were read already are refused by their type."""
    with pytest.raises(InvalidType, match="a JSON text, or bytes of UTF-8"):
        load_schedule_json({"schema": 1})  # type: ignore[arg-type]  # what is refused
