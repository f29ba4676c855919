"""`tutorcore slots --week`: seven days drawn, on whatever clocks, with characters, as data and as an image."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.calendar.intervals import gaps, joined
from tutorcore.calendar.zones.wall_time import first_instant, to_local, tzdata_version, zone_names
from tutorcore.cli.week import ROW, Lane, Stretch, Week, days_from, span_of, week_of
from tutorcore.cli.week_drawing import ASCII, UNICODE, Pen, drawing, pen_for
from tutorcore.cli.week_svg import svg
from tutorcore.cli.week_words import changes
from tutorcore.instants import EPOCH, MICROSECOND, from_micros, instant, to_micros

_NOW = "2026-12-01T12:00:00Z"
_HEAD = 'schema = 1\nzone = "Europe/Berlin"\n'
_SVG = "{http://www.w3.org/2000/svg}"

Draw = Callable[..., list[str]]


@pytest.fixture
def evenings(examples: Path) -> Path:
    """A tutor in Berlin who teaches in the evenings."""
    return examples / "schedules" / "evenings.toml"


@pytest.fixture
def draw(run: Any, tmp_path: Path) -> Draw:
    """Return a function that draws a week of a schedule and returns its lines."""

    def draw(schedule: str, *arguments: str | Path) -> list[str]:
        file = tmp_path / "tutor.toml"
        file.write_text(f"schema = 1\n{schedule}", encoding="utf-8")
        done = run("slots", file, "--minutes", "60", *arguments)
        assert (done.code, done.err) == (0, "")
        return list(done.out.splitlines())

    return draw


def _week(first: str, zone: str, *lanes: Lane, starts: Sequence[int] = ()) -> Week:
    return week_of(days_from(date.fromisoformat(first)), zone, lanes, starts)


# The drawing


def test_a_week_is_drawn_with_both_clocks(run: Any, evenings: Path) -> None:
    """Rows on the clock of whoever asks, the tutor's beside them; what is taken, the rest of her hours, and starts."""
    done = run(
        "slots", evenings, "--minutes", "60", "--now", _NOW, "--zone", "America/New_York", "--week", "2026-12-07",
    )  # fmt: skip

    assert (done.code, done.err) == (0, "")
    assert (
        done.out
        == f"""\
Lessons of 60 minutes from Mon 2026-12-07 to Sun 2026-12-13
by the clocks of America/New_York; those of the tutor: Europe/Berlin
now is Tue 2026-12-01 07:00 -05:00; time zones of tzdata {tzdata_version()}

        Mon 7  Tue 8  Wed 9  Thu 10 Fri 11 Sat 12 Sun 13   tutor
 03:00 │      │      │      │      │      │●░░░░░│      │  09:00
 03:30 │      │      │      │      │      │●░░░░░│      │  09:30
 04:00 │      │      │      │      │      │●░░░░░│      │  10:00
 04:30 │      │      │      │      │      │●░░░░░│      │  10:30
 05:00 │      │      │      │      │      │●░░░░░│      │  11:00
 05:30 │      │      │      │      │      │●░░░░░│      │  11:30
 06:00 │      │      │      │      │      │●░░░░░│      │  12:00
 06:30 │      │      │      │      │      │░░░░░░│      │  12:30
     ⋮
 10:00 │      │●░░░░░│      │      │      │      │      │  16:00
 10:30 │      │●░░░░░│      │      │      │      │      │  16:30
 11:00 │      │●░░░░░│      │      │      │      │      │  17:00
 11:30 │      │●░░░░░│      │      │      │      │      │  17:30
 12:00 │░░░░░░│●░░░░░│●░░░░░│●░░░░░│      │      │      │  18:00
 12:30 │░░░░░░│░░░░░░│●░░░░░│●░░░░░│      │      │      │  18:30
 13:00 │██████│      │●░░░░░│●░░░░░│      │      │      │  19:00
 13:30 │██████│      │●░░░░░│●░░░░░│      │      │      │  19:30
 14:00 │░░░░░░│      │●░░░░░│●░░░░░│      │      │      │  20:00
 14:30 │●░░░░░│      │●░░░░░│●░░░░░│      │      │      │  20:30
 15:00 │●░░░░░│      │●░░░░░│●░░░░░│      │      │      │  21:00
 15:30 │░░░░░░│      │░░░░░░│░░░░░░│      │      │      │  21:30

A line is half an hour, a character 5 minutes.
● a lesson of 60 minutes can start   ░ hours   █ taken   ▒ held or asked for   × clocks skip it
"""
    )


def test_a_week_begins_today_unless_a_date_is_given(run: Any, evenings: Path) -> None:
    """Today is a date on the clock of whoever asks."""
    done = run("slots", evenings, "--minutes", "60", "--now", "2026-12-01T20:00:00Z", "--zone", "Asia/Tokyo", "--week")

    assert done.out.startswith("Lessons of 60 minutes from Wed 2026-12-02 to Tue 2026-12-08\n")


def test_a_mark_is_drawn_at_its_five_minutes(draw: Draw) -> None:
    """Hours and starts that are not on the half hour lie where they belong in the line."""
    lines = draw(
        'zone = "UTC"\nweekly.monday = ["09:10-10:25"]\nbooking.step = "15m"\nbooking.anchor = "window"',
        "--now", "2026-12-01T00:00:00Z", "--week", "2026-12-07",
    )  # fmt: skip

    assert lines[5:8] == [
        " 09:00 │  ●░░●│      │      │      │      │      │      │",
        " 09:30 │░░░░░░│      │      │      │      │      │      │",
        " 10:00 │░░░░░ │      │      │      │      │      │      │",
    ]


def test_what_is_held_is_drawn_as_such(draw: Draw) -> None:
    """A hold, a request and a tentative event are not certain; a lesson is."""
    busy = "".join(
        f'[[busy]]\nid = "{kind}"\nkind = "{kind}"\nfrom = 2026-12-07T{9 + number:02}:00:00Z\n'
        f"to = 2026-12-07T{9 + number:02}:20:00Z\n"
        for number, kind in enumerate(("lesson", "hold", "request", "event", "tentative"))
    )

    lines = draw(f'zone = "UTC"\nweekly.monday = ["09:00-14:00"]\n{busy}', "--now", _NOW, "--week", "2026-12-07")

    drawn = {line[1:6]: line[8:14] for line in lines if re.match(r" \d\d:00 ", line)}
    assert drawn == {"09:00": "████░░", "10:00": "▒▒▒▒░░", "11:00": "▒▒▒▒░░", "12:00": "████░░", "13:00": "▒▒▒▒░░"}


def test_where_nothing_is_nothing_is_drawn(draw: Draw) -> None:
    """A week without hours is said to be one."""
    assert draw('zone = "UTC"', "--week", "2026-12-07", "--now", _NOW)[4:] == ["nothing in these days"]


def test_few_empty_lines_are_drawn_and_more_are_left_out(draw: Draw) -> None:
    """One hour is; an hour and a half is one line; what lies before and behind all hours is not drawn at all."""
    lines = draw(
        'zone = "UTC"\nweekly.monday = ["09:00-09:30", "10:30-11:00", "12:30-13:00"]',
        "--now", _NOW, "--week", "2026-12-07",
    )  # fmt: skip

    assert [line[1:6] for line in lines[5:-3]] == ["09:00", "09:30", "10:00", "10:30", "    ⋮", "12:30"]


# Changes of clock


def test_an_hour_that_clocks_skip_is_marked(draw: Draw) -> None:
    """The change is told, and its hour is drawn though nobody has any in it."""
    lines = draw('zone = "Europe/Berlin"\nweekly.sunday = ["01:30-04:00"]', "--week", "2026-03-23", "--now",
                 "2026-03-20T00:00:00Z")  # fmt: skip

    assert lines[3] == "Sun 2026-03-29 03:00 +02:00: clocks of Europe/Berlin go forward by 1 hour"
    assert lines[5:11] == [
        "        Mon 23 Tue 24 Wed 25 Thu 26 Fri 27 Sat 28 Sun 29",
        " 01:30 │      │      │      │      │      │      │●░░░░░│",
        " 02:00 │      │      │      │      │      │      │××××××│",
        " 02:30 │      │      │      │      │      │      │××××××│",
        " 03:00 │      │      │      │      │      │      │●░░░░░│",
        " 03:30 │      │      │      │      │      │      │░░░░░░│",
    ]


def test_an_hour_that_comes_twice_is_drawn_twice(draw: Draw) -> None:
    """Its rows have their offset; on another day the hour stands where its offset is the same."""
    lines = draw(
        'zone = "America/New_York"\nweekly = { saturday = ["01:00-02:00"], sunday = ["01:00-02:30"], '
        'monday = ["01:30-02:00"] }\nbooking.step = "1h"',
        "--week", "2026-10-31", "--now", "2026-10-30T00:00:00Z",
    )  # fmt: skip

    assert lines[3] == "Sun 2026-11-01 01:00 -05:00: clocks of America/New_York go back by 1 hour"
    assert lines[6:11] == [
        " 01:00 -04:00 │●░░░░░│●░░░░░│      │      │      │      │      │",
        " 01:30 -04:00 │░░░░░░│░░░░░░│      │      │      │      │      │",
        " 01:00 -05:00 │      │●░░░░░│      │      │      │      │      │",
        " 01:30 -05:00 │      │░░░░░░│░░░░░░│      │      │      │      │",
        "        02:00 │      │░░░░░░│      │      │      │      │      │",
    ]


def test_a_change_of_the_other_clock_adds_a_margin(draw: Draw) -> None:
    """The tutor's clock goes forward in the week, the other one does not: from then on it is an hour more ahead."""
    lines = draw('zone = "Europe/Berlin"\nweekly = { saturday = ["09:00-10:00"], sunday = ["09:00-10:00"] }',
                 "--zone", "Asia/Tokyo", "--week", "2026-03-23", "--now", "2026-03-20T00:00:00Z")  # fmt: skip

    assert lines[3] == "Sun 2026-03-29 10:00 +09:00: clocks of the tutor go forward by 1 hour"
    assert lines[5:11] == [
        "        Mon 23 Tue 24 Wed 25 Thu 26 Fri 27 Sat 28 Sun 29   tutor           tutor",
        "                                                                           from Sun 10:00",
        " 16:00 │      │      │      │      │      │      │●░░░░░│  08:00           09:00",
        " 16:30 │      │      │      │      │      │      │░░░░░░│  08:30           09:30",
        " 17:00 │      │      │      │      │      │●░░░░░│      │  09:00           10:00",
        " 17:30 │      │      │      │      │      │░░░░░░│      │  09:30           10:30",
    ]


def test_a_date_that_a_zone_skipped_is_a_column_without_time() -> None:
    """Apia had no 30 December 2011; the day after it follows the day before it."""
    week = _week("2011-12-26", "Pacific/Apia")

    skipped = [sum(end - start for row in week.rows for start, end in row.skipped[column]) for column in range(7)]
    assert skipped == [0, 0, 0, 0, 48 * ROW, 0, 0]
    assert list(changes(week)) == [
        "Sat 2011-12-31 00:00 +14:00: clocks of Pacific/Apia go forward by 1 day",
    ]


def test_a_tutor_who_moves_changes_the_margin(draw: Draw) -> None:
    """Her clock is then another one."""
    lines = draw(
        'zone = "Europe/Berlin"\nweekly.friday = ["09:00-10:00"]\n'
        '[[moves]]\nat = 2026-04-01T12:00:00+02:00\nzone = "Asia/Tokyo"',
        "--zone", "UTC", "--week", "2026-03-30", "--now", "2026-03-28T00:00:00Z",
    )  # fmt: skip

    assert "those of the tutor: Europe/Berlin, from Wed 2026-04-01 10:00 +00:00 on Asia/Tokyo" in lines[1]
    assert lines[3] == "Wed 2026-04-01 10:00 +00:00: clocks of the tutor go forward by 7 hours"
    assert lines[-5:-2] == [
        " 00:00 │      │      │      │      │●░░░░░│      │      │  02:00           09:00",
        " 00:30 │      │      │      │      │░░░░░░│      │      │  02:30           09:30",
        "",
    ]


_ZONES = st.sampled_from(sorted(zone_names() - {"Factory"})) | st.sampled_from(
    ["America/St_Johns", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Casablanca", "Africa/Cairo"]
)
_FIRSTS = st.dates(date(1970, 1, 8), date(2100, 1, 1))


def _cells(week: Week) -> Iterator[tuple[date, int, int, int]]:
    for row in week.rows:
        for day, cell in zip(week.days, row.cells, strict=True):
            if cell is not None:
                yield day, row.wall + cell.into, cell.start, cell.end


@given(_ZONES, _FIRSTS)
def test_the_cells_of_a_week_are_its_time(zone: str, first: date) -> None:
    """They hold every instant that shows one of the dates, once, at the wall time that clocks show then."""
    week = week_of(days_from(first), zone, (), ())

    for day, wall, start, end in _cells(week):
        for at, shown in ((start, wall), (end - 1, wall + end - 1 - start)):
            local = to_local(from_micros(at), zone).replace(tzinfo=None)
            assert local == datetime.combine(day, datetime.min.time()) + shown * MICROSECOND
    spans = sorted((start, end) for _, _, start, end in _cells(week))
    lo, hi = span_of(week.days, zone)
    assert (spans[0][0], spans[-1][1]) == (lo, hi)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    between = gaps(joined(spans), lo, hi)  # Where clocks go back over midnight, they show the day before once more.
    assert all(
        to_local(from_micros(at), zone).date() not in week.days for span in between for at in (span[0], span[1] - 1)
    )
    assert lo == to_micros(first_instant(first, zone))


@given(_ZONES, _ZONES, _FIRSTS)
def test_a_margin_shows_the_other_clock(zone: str, other: str, first: date) -> None:
    """At every cell, the margin that holds then and the column's date tell the other's wall time."""
    week = week_of(days_from(first), zone, [Lane("ann", (), ((0, other),))], ())
    margins = week.margins or ()

    for day, wall, start, _ in _cells(week):
        ahead = [each.ahead for each in margins if each.since is None or each.since <= start][-1:] or [0]
        midnight = to_micros(instant(f"{day}T00:00Z"))
        local = to_local(from_micros(start), other).replace(tzinfo=EPOCH.tzinfo)
        assert to_micros(local) == midnight + wall + ahead[0]


@given(_ZONES, _FIRSTS)
def test_a_column_is_read_downwards_as_time_goes_by(zone: str, first: date) -> None:
    """Whatever clocks do, a cell further down is later."""
    week = week_of(days_from(first), zone, (), ())

    for column in range(7):
        starts = [row.cells[column].start for row in week.rows if row.cells[column] is not None]  # type: ignore[union-attr]  # just asked
        assert starts == sorted(starts)


# Others


def test_others_are_drawn_beside_the_tutor(draw: Draw, tmp_path: Path) -> None:
    """Each has a column within a day and a margin of their own; who has only a calendar has neither hours nor clock."""
    (tmp_path / "room.toml").write_text('schema = 1\nzone = "UTC"\nweekly.monday = ["09:00-10:00"]', encoding="utf-8")
    (tmp_path / "ann.ics").write_text(
        "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:dentist\nDTSTART:20261207T083000Z\nDTEND:20261207T090000Z\n"
        "END:VEVENT\nEND:VCALENDAR\n",
        encoding="utf-8",
    )

    lines = draw('zone = "Europe/Berlin"\nweekly.monday = ["09:00-11:00"]', "--week", "2026-12-07", "--now", _NOW,
                 "--for", tmp_path / "room.toml", "--for", tmp_path / "ann.ics")  # fmt: skip

    blank = "│           " * 6 + "│"
    assert lines[2] == "those of room: UTC"
    assert lines[5:] == [
        "        Mon 7       Tue 8       Wed 9       Thu 10      Fri 11      Sat 12      Sun 13        room",
        f" 09:00 │░░░        {blank}  08:00",
        f" 09:30 │░░░     ███{blank}  08:30",
        f" 10:00 │●░░ ░░░    {blank}  09:00",
        f" 10:30 │░░░ ░░░    {blank}  09:30",
        "",
        "A line is half an hour, a character 10 minutes; in each day from the left: tutor, room, ann.",
        "● a lesson of 60 minutes can start   ░ hours   █ taken   ▒ held or asked for   × clocks skip it",
    ]


def test_a_room_for_several_is_taken_when_it_is_full(draw: Draw, tmp_path: Path) -> None:
    """With a capacity of two, only the time in which there are two is taken."""
    (tmp_path / "hall.toml").write_text(
        'schema = 1\nzone = "UTC"\ncapacity = 2\nweekly.monday = ["09:00-10:30"]\n'
        '[[busy]]\nid = "a"\nfrom = 2026-12-07T09:00:00Z\nto = 2026-12-07T10:00:00Z\n'
        '[[busy]]\nid = "b"\nfrom = 2026-12-07T09:30:00Z\nto = 2026-12-07T10:30:00Z\n',
        encoding="utf-8",
    )

    lines = draw('zone = "UTC"\nweekly.monday = ["09:00-11:00"]', "--week", "2026-12-07", "--now", _NOW,
                 "--for", tmp_path / "hall.toml")  # fmt: skip

    assert [line[8:15] for line in lines[6:10]] == ["░░░ ░░░", "░░░ ███", "░░░ ░░░", "░░░    "]


# Pens


def test_a_stream_gets_what_it_can_show() -> None:
    """Plain characters where it has no others, and none but plain ones without a name for them."""
    assert pen_for(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), {}) == UNICODE
    assert pen_for(io.TextIOWrapper(io.BytesIO(), encoding="latin-1"), {}) == ASCII
    assert pen_for(io.StringIO(), {}) == ASCII


class _Terminal(io.TextIOWrapper):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "is_colored"),
    [
        ({}, True),
        ({"NO_COLOR": ""}, True),
        ({"NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "x"}, True),
    ],
)
def test_colors_are_for_terminals_whose_user_has_not_said_no(environment: dict[str, str], is_colored: bool) -> None:
    """NO_COLOR counts where it is not empty; a terminal that says it is dumb has none."""
    pen = pen_for(_Terminal(io.BytesIO(), encoding="utf-8"), environment)

    assert pen.is_colored is is_colored


def _plain_week() -> Week:
    monday = to_micros(instant("2026-12-07T00:00Z"))
    stretches = [Stretch(monday, monday + ROW, "FREE"), Stretch(monday + ROW, monday + 2 * ROW, "BUSY")]
    return _week("2026-12-07", "UTC", Lane("tutor", stretches), starts=[monday])


def test_plain_characters_say_the_same() -> None:
    """Every kind of time has its own."""
    assert list(drawing(_plain_week(), "60 minutes", ASCII)) == [
        "        Mon 7  Tue 8  Wed 9  Thu 10 Fri 11 Sat 12 Sun 13",
        " 00:00 |o.....|      |      |      |      |      |      |",
        " 00:30 |######|      |      |      |      |      |      |",
        "",
        "A line is half an hour, a character 5 minutes.",
        "o a lesson of 60 minutes can start   . hours   # taken   ? held or asked for   x clocks skip it",
    ]


def test_colors_are_all_that_a_terminal_gets_besides() -> None:
    """Without its colors a drawing is what it is elsewhere."""
    plain, colored = (
        list(drawing(_plain_week(), "60 minutes", Pen(UNICODE.marks, UNICODE.line, UNICODE.left_out, is_colored)))
        for is_colored in (False, True)
    )

    assert colored[1].startswith(" 00:00 │\x1b[1;32m●\x1b[0m░░░░░│")
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in colored] == plain


def test_names_do_nothing_to_a_terminal() -> None:
    """Whoever is called by control characters is shown with escapes, cut to the width of a margin."""
    lane = Lane("\x1b[2Jann", [Stretch(0, to_micros(instant("2027-01-01T00:00Z")), "BUSY")], ((0, "Asia/Tokyo"),))

    lines = list(drawing(_week("2026-12-07", "UTC", lane, lane), "60 minutes", UNICODE))

    assert "\x1b" not in "".join(lines)
    assert lines[0].endswith("  \\x1b[2Jann")


def test_a_long_name_is_cut_in_a_margin() -> None:
    """It would make every line too long."""
    lane = Lane("a" * 40, [Stretch(0, to_micros(instant("2027-01-01T00:00Z")), "BUSY")], ((0, "Asia/Tokyo"),))

    assert next(iter(drawing(_week("2026-12-07", "UTC", lane), "60 minutes", UNICODE))).endswith("  aaaaaaaaaaa...")


# Data


def test_a_week_as_data_has_the_time_of_everybody(run: Any, tmp_path: Path) -> None:
    """Instants in UTC, kinds in the words of RFC 5545, what lies outside hours left out; nothing is drawn."""
    file = tmp_path / "tutor.toml"
    file.write_text(
        'schema = 1\nzone = "Europe/Berlin"\nweekly.sunday = ["01:00-04:00"]\n'
        '[[busy]]\nid = "a"\nfrom = 2026-03-29T01:00:00Z\nto = 2026-03-29T01:30:00Z\n',
        encoding="utf-8",
    )

    document = run(
        "slots", file, "--minutes", "30", "--week", "2026-03-23", "--now", "2026-03-20T00:00:00Z", "--json"
    ).document

    assert document == {
        "minutes": 30,
        "zone": "Europe/Berlin",
        "tzdata": tzdata_version(),
        "now": "2026-03-20T00:00:00Z",
        "from": "2026-03-22T23:00:00Z",
        "until": "2026-03-29T22:00:00Z",
        "days": [f"2026-03-{day}" for day in range(23, 30)],
        "people": [
            {
                "name": "tutor",
                "times": [
                    {"from": "2026-03-29T00:00:00Z", "until": "2026-03-29T01:00:00Z", "kind": "FREE"},
                    {"from": "2026-03-29T01:00:00Z", "until": "2026-03-29T01:30:00Z", "kind": "BUSY"},
                    {"from": "2026-03-29T01:30:00Z", "until": "2026-03-29T02:00:00Z", "kind": "FREE"},
                ],
            }
        ],
        "starts": ["2026-03-29T00:00:00Z", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"],
        "changes": [{"at": "2026-03-29T01:00:00Z", "clocks": "Europe/Berlin", "seconds": 3600}],
    }


# Images


def _image(week: Week, **texts: str) -> ET.Element:
    given_ = {"title": "A week", "lesson": "60 minutes", **texts}
    return ET.fromstring(svg(week, given_["title"], given_["lesson"], ["by some clock"]))


def test_an_image_says_what_it_shows(run: Any, evenings: Path, tmp_path: Path) -> None:
    """It has a title and a description, a text for every stretch and start, and what is printed is the same."""
    file = tmp_path / "week.svg"
    arguments = ("slots", evenings, "--minutes", "60", "--now", _NOW, "--week", "2026-12-07", "--zone", "Asia/Tokyo")

    done, plain = run(*arguments, "--svg", file), run(*arguments)

    image = ET.fromstring(file.read_text(encoding="utf-8"))
    said = [title.text for title in image.iter(f"{_SVG}title")]
    assert done == plain
    assert image.get("role") == "img"
    assert image.get("aria-labelledby") == "title description"
    assert said[0] == "Lessons of 60 minutes from Mon 2026-12-07 to Sun 2026-12-13"
    assert "Tuesday 2026-12-08: 2 starts. Wednesday 2026-12-09: 5 starts." in image.findtext(f"{_SVG}desc", "")
    assert "tutor, taken: Tue 2026-12-08 03:00 +09:00 to 04:00 +09:00" in said
    assert "a lesson of 60 minutes can start: Tue 2026-12-08 04:30 +09:00" in said
    assert len([text for text in said if text and text.startswith("a lesson")]) == sum(
        line.count("●") for line in done.out.splitlines()[:-1]
    )


def test_an_image_without_a_week_beside_it_is_of_seven_days_from_today(
    run: Any, evenings: Path, tmp_path: Path
) -> None:
    """--svg alone draws the same as with --week."""
    arguments = ("slots", evenings, "--minutes", "60", "--now", _NOW, "--svg", tmp_path / "week.svg")

    assert run(*arguments) == run(*arguments, "--week") == run(*arguments, "--week", "2026-12-01")


def test_an_image_loads_nothing_and_runs_nothing() -> None:
    """Names that people gave are text in it and nothing else."""
    hostile = "</title><script>alert(1)</script>\x00\ud800\ufffe\u202e&\"' onload='x'"
    lane = Lane(hostile, [Stretch(0, to_micros(instant("2027-01-01T00:00Z")), "BUSY")], ((0, "Asia/Tokyo"),))

    image = _image(_week("2026-12-07", "UTC", lane, lane), title=hostile, lesson=hostile)

    names = {element.tag.removeprefix(_SVG) for element in image.iter()}
    attributes = {name for element in image.iter() for name in element.attrib}
    assert names <= {"svg", "title", "desc", "style", "defs", "pattern", "rect", "line", "circle", "path", "text", "g"}
    assert not any(name.startswith("on") or "href" in name for name in attributes)
    assert any("<script>alert(1)</script>" in (element.text or "") for element in image.iter())


def test_a_stretch_is_one_box_from_its_start_to_its_end() -> None:
    """Sixteen points for half an hour; at midnight it goes on in the next column."""
    late = to_micros(instant("2026-12-07T23:15Z"))
    week = _week("2026-12-07", "UTC", Lane("tutor", [Stretch(late, late + 2 * ROW, "BUSY")]))

    boxes = [each for each in _image(week).iter(f"{_SVG}rect") if each.get("class") == "busy"][:-1]

    assert [each.findtext(f"{_SVG}title") for each in boxes] == [
        "tutor, taken: Mon 2026-12-07 23:15 +00:00 to 00:00 +00:00",
        "tutor, taken: Tue 2026-12-08 00:00 +00:00 to 00:15 +00:00",
    ]
    assert [each.get("height") for each in boxes] == ["24", "8"]


def test_an_image_marks_changes_of_clock() -> None:
    """What clocks skip is hatched, and what comes twice has two rows with their offsets."""
    forward, back = _image(_week("2026-03-23", "Europe/Berlin")), _image(_week("2026-10-20", "Europe/Berlin"))

    skipped = [each for each in forward.iter(f"{_SVG}rect") if each.get("class") == "skipped"]
    labels = [each.text for each in back.iter(f"{_SVG}text")]
    assert [each.get("height") for each in skipped] == ["16", "16", "12"]  # The last one stands in the legend.
    assert "clocks skip it" in [each.text for each in forward.iter(f"{_SVG}text")]
    assert "clocks skip it" not in labels
    assert {"02:00 +02:00", "02:30 +02:00", "02:00 +01:00", "02:30 +01:00"} <= set(labels)


def test_an_image_names_everybody_and_their_clocks() -> None:
    """Heads over the columns of each, and at the right what their clocks show, and since when."""
    tutor, room = Lane("tutor", (), ((0, "Europe/Berlin"),)), Lane("a room of one's own", (), ((0, "Asia/Tokyo"),))

    texts = [each.text for each in _image(_week("2026-03-23", "Asia/Tokyo", tutor, room)).iter(f"{_SVG}text")]

    assert texts.count("a room of …") == 7
    assert "in each day from the left: tutor, a room of one's own" in texts
    assert texts.count("tutor") == 7 + 2
    assert "from Sun 10:00" in texts


def test_an_image_says_whose_clocks_those_are(run: Any, tmp_path: Path) -> None:
    """In the picture, not only in its description: whose zone, when now is, and when clocks are set."""
    tutor, room, file = tmp_path / "tutor.toml", tmp_path / "room.toml", tmp_path / "week.svg"
    tutor.write_text('schema = 1\nzone = "Europe/Berlin"\nweekly.sunday = ["09:00-11:00"]', encoding="utf-8")
    room.write_text(
        'schema = 1\nzone = "Asia/Tokyo"\nweekly.sunday = ["16:00-20:00"]\n'
        '[[moves]]\nat = 2026-03-25T00:00:00Z\nzone = "Asia/Seoul"\n',
        encoding="utf-8",
    )

    run("slots", tutor, "--minutes", "60", "--now", "2026-03-20T00:00Z", "--week", "2026-03-23", "--for", room,
        "--zone", "Europe/London", "--svg", file)  # fmt: skip

    image = ET.fromstring(file.read_text(encoding="utf-8"))
    texts = [each.text for each in image.iter(f"{_SVG}text")]
    assert texts[1:7] == [
        "by the clocks of Europe/London; those of the tutor: Europe/Berlin",
        "those of room: Asia/Tokyo, then Asia/Seoul",
        f"now is Fri 2026-03-20 00:00 +00:00; time zones of tzdata {tzdata_version()}",
        "Sun 2026-03-29 02:00 +01:00: clocks of Europe/London go forward by 1 hour",
        "Sun 2026-03-29 02:00 +01:00: clocks of the tutor go forward by 1 hour",
        "in each day from the left: tutor, room",
    ]


@pytest.mark.parametrize("names", [("tutor",), ("tutor", "W" * 80), ("tutor", "a student", "W" * 80)])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Argentina/ComodRivadavia"])
def test_texts_of_an_image_have_room(names: tuple[str, ...], zone: str) -> None:
    """On one line, each ends before the next begins, in letters as wide as those of DejaVu are on the average."""
    lanes = [Lane(name, (), ((0, "Asia/Tokyo"),)) for name in names]
    image = _image(_week("2026-03-23", zone, *lanes))

    lines: dict[str, list[tuple[float, float]]] = {}
    for text in image.iter(f"{_SVG}text"):
        size = 6.2 if text.get("class") == "small" else 7.2
        left = float(text.get("x", ""))
        lines.setdefault(text.get("y", ""), []).append((left, left + size * len(text.text or "")))

    for texts in lines.values():
        assert all(one[1] < other[0] for one, other in pairwise(sorted(texts)))
    assert max(last for texts in lines.values() for _, last in texts[-1:]) <= float(image.get("width", ""))


def test_an_image_leaves_out_the_second_of_rows_on_other_days() -> None:
    """An hour that comes twice on Sunday comes once on Saturday, and is drawn once; the last box is the legend."""
    saturday = to_micros(instant("2026-10-24T00:30Z"))
    lane = Lane("tutor", [Stretch(saturday - 2 * ROW, saturday + 2 * ROW, "BUSY")])

    image = _image(_week("2026-10-24", "Europe/Berlin", lane))

    assert [each.get("height") for each in image.iter(f"{_SVG}rect") if each.get("class") == "busy"] == [
        "48",
        "16",
        "12",
    ]


def test_an_empty_image_is_an_image() -> None:
    """A week without hours has heads and nothing below."""
    image = _image(_week("2026-12-07", "UTC", Lane("tutor", ())))

    assert float(image.get("height", "0")) > 0


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("week.toml", "it is no image by its name; expected one that ends in .svg"),
        ("week", "it is no image by its name"),
        ("folder/week.svg", "No such file or directory"),
        ("week\0.svg", "null byte"),
    ],
)
def test_a_file_that_cannot_be_an_image_is_left_alone(
    name: str, told: str, run: Any, evenings: Path, tmp_path: Path
) -> None:
    """It is told before anything is printed."""
    done = run("slots", evenings, "--minutes", "60", "--now", _NOW, "--svg", f"{tmp_path}/{name}")

    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_margin_shows_seconds_where_there_are_some() -> None:
    """Clocks in Monrovia were 44 minutes and 30 seconds behind UTC until 1972."""
    noon = to_micros(instant("1971-01-01T12:00Z"))
    lane = Lane("ann", [Stretch(noon, noon + 2 * ROW, "BUSY")], ((0, "Africa/Monrovia"),))

    lines = list(drawing(_week("1971-01-01", "UTC", lane), "60 minutes", ASCII))

    assert [line[-8:] for line in lines[1:3]] == ["11:15:30", "11:45:30"]


def test_days_are_seven() -> None:
    """They follow each other."""
    assert days_from(date(2026, 12, 28))[-1] - date(2026, 12, 28) == timedelta(days=6)
