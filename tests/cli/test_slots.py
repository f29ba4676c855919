"""`tutorcore slots`: the starts that can be booked, on the clocks of whoever asks, and why others cannot."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tutorcore.calendar.agendas.slots import Agenda
from tutorcore.calendar.agendas.verdicts import CODES
from tutorcore.calendar.zones.wall_time import tzdata_version
from tutorcore.cli.agenda_files import load_agenda
from tutorcore.instants import instant, to_text

_NOW = "2026-12-01T12:00:00Z"
_HEAD = 'schema = 1\nzone = "Europe/Berlin"\n'
_EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "schedules"
_FILES = sorted(path.name for path in _EXAMPLES.iterdir())


@pytest.fixture
def schedules(examples: Path) -> Path:
    """The folder of the examples."""
    return examples / "schedules"


@pytest.fixture
def evenings(schedules: Path) -> Path:
    """A tutor in Berlin who teaches in the evenings."""
    return schedules / "evenings.toml"


def _written(folder: Path, text: str) -> Path:
    file = folder / "tutor.toml"
    file.write_text(_HEAD + text, encoding="utf-8")
    return file


def _starts(document: Any) -> list[str]:
    return [each["start"] for each in document["slots"]]


# Lists


def test_slots_are_listed_by_the_day_of_whoever_asks(run: Any, evenings: Path) -> None:
    """A line for each start with its offset, and beside it what the tutor's clock shows then."""
    done = run(
        "slots", evenings, "--minutes", "60", "--zone", "Asia/Tokyo", "--now", _NOW,
        "--from", "2026-12-07", "--until", "2026-12-09T09:30:00Z",
    )  # fmt: skip

    assert (done.code, done.err) == (0, "")
    assert (
        done.out
        == f"""\
Lessons of 60 minutes that start from Mon 2026-12-07 00:00 +09:00 up to Wed 2026-12-09 18:30 +09:00
by the clocks of Asia/Tokyo; those of the tutor: Europe/Berlin
now is Tue 2026-12-01 21:00 +09:00; time zones of tzdata {tzdata_version()}

Tue 2026-12-08
  04:30 +09:00   tutor: Mon 2026-12-07 20:30 +01:00
  05:00 +09:00   tutor: Mon 2026-12-07 21:00 +01:00

Wed 2026-12-09
  00:00 +09:00   tutor: Tue 2026-12-08 16:00 +01:00
  00:30 +09:00   tutor: Tue 2026-12-08 16:30 +01:00
  01:00 +09:00   tutor: Tue 2026-12-08 17:00 +01:00
  01:30 +09:00   tutor: Tue 2026-12-08 17:30 +01:00
  02:00 +09:00   tutor: Tue 2026-12-08 18:00 +01:00
"""
    )


def test_json_gives_instants_in_utc(run: Any, evenings: Path) -> None:
    """The document says what it depends on, and where each lesson would end."""
    document = run(
        "slots", evenings, "--minutes", "90", "--now", _NOW, "--from", "2026-12-07", "--until", "2026-12-08", "--json"
    ).document

    assert document == {
        "minutes": 90,
        "zone": "Europe/Berlin",
        "tzdata": tzdata_version(),
        "now": _NOW,
        "from": "2026-12-06T23:00:00Z",
        "until": "2026-12-07T23:00:00Z",
        "slots": [{"start": "2026-12-07T19:30:00Z", "end": "2026-12-07T21:00:00Z"}],
    }


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Pacific/Apia", "Asia/Kathmandu"])
@pytest.mark.parametrize("name", _FILES)
def test_the_same_slots_are_seen_from_everywhere(name: str, zone: str, run: Any, schedules: Path) -> None:
    """A zone changes how a start is shown and how a page is cut, never what can be booked."""
    since, until, now = "2026-03-25T00:00:00Z", "2026-04-08T00:00:00Z", "2026-03-20T00:00:00Z"
    schedule, busy = load_agenda(schedules / name)

    done = run("slots", schedules / name, "--minutes", "60", "--from", since, "--until", until, "--now", now,
               "--zone", zone, "--json")  # fmt: skip

    found = Agenda(schedule, instant(now), busy).slots(timedelta(hours=1), instant(since), instant(until))
    assert _starts(done.document) == [to_text(start) for start in found] != []


def test_a_page_is_a_week_from_now_on_unless_it_is_said_otherwise(run: Any, evenings: Path) -> None:
    """It ends where the seventh day after its first begins, on the clocks of whoever asks."""
    document = run("slots", evenings, "--minutes", "60", "--now", _NOW, "--zone", "Asia/Tokyo", "--json").document

    assert (document["from"], document["until"]) == (_NOW, "2026-12-07T15:00:00Z")


def test_the_time_is_that_of_the_machine_unless_it_is_said_otherwise(run: Any, evenings: Path) -> None:
    """Without --now the system's clock is asked."""
    document = run("slots", evenings, "--minutes", "60", "--json").document

    assert instant(document["now"]) > instant("2025-01-01T00:00:00Z")
    assert document["from"] == document["now"]


def test_where_there_is_nothing_the_next_slot_is_told(run: Any, evenings: Path) -> None:
    """A page without a slot is fine; beyond the horizon there is not even a next one."""
    holidays = run("slots", evenings, "--minutes", "60", "--now", _NOW, "--from", "2026-12-21")
    beyond = run("slots", evenings, "--minutes", "60", "--now", _NOW, "--from", "2027-03-01")

    assert (holidays.code, beyond.code) == (0, 0)
    assert holidays.out.endswith("\n\nnone; the next one is Thu 2027-01-07 18:00 +01:00\n")
    assert beyond.out.endswith("\n\nnone\n")


def test_an_hour_that_comes_twice_is_shown_twice(run: Any, schedules: Path) -> None:
    """The offset tells both passes apart."""
    done = run("slots", schedules / "overnight.toml", "--minutes", "60", "--now", "2026-10-30T12:00:00Z",
               "--from", "2026-11-01", "--until", "2026-11-02")  # fmt: skip

    shown = re.findall(r"^  (\S+ \S+)$", done.out, re.MULTILINE)
    assert shown == ["00:00 -04:00", "01:00 -04:00", "01:00 -05:00", "02:00 -05:00", "03:00 -05:00"]


def test_a_tutor_who_moves_is_shown_on_the_clock_where_she_lives_then(run: Any, schedules: Path) -> None:
    """The move is named where it falls into the page, and without --zone the clocks are those of now."""
    done = run("slots", schedules / "moving.toml", "--minutes", "60", "--now", "2026-03-28T00:00:00Z",
               "--until", "2026-04-04")  # fmt: skip
    later = run("slots", schedules / "moving.toml", "--minutes", "60", "--now", "2026-04-02T00:00:00Z")

    assert "those of the tutor: Europe/Berlin, from Wed 2026-04-01 12:00 +02:00 on Asia/Tokyo\n" in done.out
    assert "Mon 2026-03-30\n  09:00 +02:00\n" in done.out
    assert "Fri 2026-04-03\n  02:00 +02:00   tutor: 09:00 +09:00\n" in done.out
    assert "by the clocks of Asia/Tokyo; those of the tutor: Asia/Tokyo\n" in later.out


def test_seconds_are_shown_where_there_are_some(run: Any, tmp_path: Path) -> None:
    """A page may begin at any instant."""
    file = _written(tmp_path, "")

    done = run("slots", file, "--minutes", "1", "--now", "2026-12-01T12:00:30.5Z", "--until", "2026-12-01T12:01:05Z")

    assert "Lessons of 1 minute that start from Tue 2026-12-01 13:00:30.500000 +01:00 up to" in done.out
    assert "up to Tue 2026-12-01 13:01:05 +01:00\n" in done.out


# Explanations


def test_a_start_that_can_be_booked_is_confirmed(run: Any, evenings: Path) -> None:
    """It ends with 0, and there is no reason against it."""
    arguments = ("slots", evenings, "--minutes", "60", "--now", _NOW, "--explain", "2026-12-07T19:30:00Z")

    text, document = run(*arguments, "--zone", "America/New_York"), run(*arguments, "--json")

    assert text == (
        0,
        "A lesson of 60 minutes from Mon 2026-12-07 14:30 -05:00 to Mon 2026-12-07 15:30 -05:00 can be booked\n"
        "by the clocks of America/New_York; those of the tutor: Europe/Berlin\n"
        f"now is Tue 2026-12-01 07:00 -05:00; time zones of tzdata {tzdata_version()}\n",
        "",
    )
    assert document.code == 0
    assert document.document == {
        "minutes": 60,
        "zone": "Europe/Berlin",
        "tzdata": tzdata_version(),
        "now": _NOW,
        "start": "2026-12-07T19:30:00Z",
        "end": "2026-12-07T20:30:00Z",
        "bookable": True,
        "joins": None,
        "reasons": [],
        "tutor": "2026-12-07T20:30:00+01:00",
        "hours": [{"from": "2026-12-07T17:00:00Z", "until": "2026-12-07T21:00:00Z"}],
        "before": "2026-12-05T11:00:00Z",
        "after": "2026-12-07T20:00:00Z",
    }


def test_every_reason_against_a_start_is_told(run: Any, evenings: Path) -> None:
    """It ends with 1; each reason is a sentence under its code, in their order, and names what is in the way."""
    arguments = ("slots", evenings, "--minutes", "60", "--now", _NOW, "--explain", "2026-12-07 19:40 Europe/Berlin")

    text, document = run(*arguments), run(*arguments, "--json")

    reasons = document.document["reasons"]
    assert (text.code, document.code) == (1, 1)
    assert [each["code"] for each in reasons] == ["busy", "off_grid"]
    assert [each["id"] for each in reasons] == ["ann-7", None]
    assert "cannot be booked\n" in text.out
    assert "".join(f"  {each['code']}: {each['sentence']}\n" for each in reasons) in text.out
    assert document.document["bookable"] is False


def test_who_is_refused_is_told_what_else_there_is(run: Any, evenings: Path) -> None:
    """The tutor's hours on that day by her own clock, and the nearest starts on the clock of whoever asks."""
    arguments = ("slots", evenings, "--minutes", "60", "--now", _NOW, "--zone", "Asia/Tokyo")

    busy = run(*arguments, "--explain", "2026-12-07 19:40 Europe/Berlin")
    away = run(*arguments, "--explain", "2027-03-07 19:40 Europe/Berlin")

    assert busy.out.endswith("""

the tutor's hours on Mon 2026-12-07: 18:00 +01:00 to 22:00 +01:00
the nearest start before: Sat 2026-12-05 20:00 +09:00
the nearest start after: Tue 2026-12-08 04:30 +09:00
""")
    assert away.out.endswith("""

the tutor's hours on Sun 2027-03-07: none
the nearest start before: none
the nearest start after: none
""")


def test_the_hours_of_a_day_are_shown_with_the_offset_that_each_end_has(run: Any, schedules: Path) -> None:
    """In the night in which clocks go back, they end with another offset than they begin."""
    done = run("slots", schedules / "overnight.toml", "--minutes", "60", "--now", "2026-10-30T12:00:00Z",
               "--explain", "2026-11-01T05:30:00Z")  # fmt: skip

    assert (
        "the tutor's hours on Sun 2026-11-01: 00:00 -04:00 to 04:00 -05:00\n"
        "the nearest start before: Sun 2026-11-01 01:00 -04:00\n"
        "the nearest start after: Sun 2026-11-01 01:00 -05:00\n"
    ) in done.out


def test_a_group_lesson_with_places_can_be_joined(run: Any, tmp_path: Path) -> None:
    """Whoever asks about its start is told which lesson it is."""
    file = _written(
        tmp_path,
        '[[busy]]\nid = "choir"\nplaces = 2\nfrom = 2026-12-07T14:00:00Z\nto = 2026-12-07T15:00:00Z\n',
    )
    arguments = ("slots", file, "--minutes", "60", "--now", _NOW, "--explain", "2026-12-07T14:00:00Z")

    text, document = run(*arguments), run(*arguments, "--json")

    assert text.code == 0
    assert text.out.endswith("\n\nIt joins the group lesson choir.\n")
    assert document.document["joins"] == "choir"


@pytest.mark.parametrize(
    ("start", "codes"),
    [
        ("2026-12-01 18:00", ["notice"]),
        ("2026-11-30 18:00", ["past"]),
        ("2026-12-02 17:30", ["outside_hours"]),
        ("2026-12-02 18:00", []),
        ("2026-12-02 21:00", []),
        ("2026-12-02 21:30", ["outside_hours"]),
        ("2026-12-07 18:00", ["buffer"]),
        ("2026-12-07 20:00", ["buffer"]),
        ("2026-12-07 20:15", ["off_grid"]),
        ("2026-12-07 20:30", []),
        ("2026-12-17 18:00", ["outside_hours"]),
        ("2026-12-21 18:00", ["blackout"]),
        ("2027-01-06 18:00", ["blackout"]),
        ("2027-01-30 09:00", []),
        ("2027-02-01 18:00", ["horizon"]),
    ],
)
def test_each_rule_of_the_evening_tutor_has_its_reason(start: str, codes: list[str], run: Any, evenings: Path) -> None:
    """Notice, hours, buffers, grid, override, holidays and horizon, each at its edges."""
    done = run("slots", evenings, "--minutes", "60", "--now", _NOW, "--explain", f"{start} Europe/Berlin", "--json")

    assert [each["code"] for each in done.document["reasons"]] == codes
    assert set(codes) <= set(CODES)


def test_what_is_listed_is_what_can_be_booked(run: Any, evenings: Path) -> None:
    """Every start on a quarter of an hour is listed exactly if its explanation has no reason against it."""
    page = ("slots", evenings, "--minutes", "60", "--now", _NOW)
    listed = _starts(run(*page, "--from", "2026-12-07", "--until", "2026-12-08", "--json").document)
    quarters = [instant("2026-12-07T15:00:00Z") + timedelta(minutes=15) * number for number in range(32)]

    bookable = [to_text(start) for start in quarters if run(*page, "--explain", to_text(start)).code == 0]

    assert bookable == listed


# Busy time


def test_what_is_booked_keeps_the_gaps_that_the_tutor_asks_for_unless_it_has_its_own(run: Any, tmp_path: Path) -> None:
    """A lesson in the file needs the tutor's buffers; `before` and `after` of its own replace them."""
    hours = 'weekly.monday = ["12:00-18:00"]\nbooking.after = "1h"\nbooking.step = "1h"\n'
    lesson = "[[busy]]\nid = 'one'\nfrom = 2026-12-07T14:00:00+01:00\nto = 2026-12-07T15:00:00+01:00\n"

    plain, own = (
        _starts(
            run("slots", _written(tmp_path, hours + lesson + more), "--minutes", "60", "--now", _NOW, "--json").document
        )
        for more in ("", 'after = "0m"\n')
    )

    assert plain == ["2026-12-07T11:00:00Z", "2026-12-07T15:00:00Z", "2026-12-07T16:00:00Z"]
    assert own == ["2026-12-07T11:00:00Z", "2026-12-07T14:00:00Z", "2026-12-07T15:00:00Z", "2026-12-07T16:00:00Z"]


@pytest.mark.parametrize(("now", "code"), [("11:59:59", 1), ("12:00:00", 0), ("12:00:01", 0)])
def test_a_hold_blocks_until_it_expires(now: str, code: int, run: Any, tmp_path: Path) -> None:
    """At the instant at which it expires the time is free."""
    file = _written(
        tmp_path,
        'weekly.monday = ["12:00-18:00"]\n[[busy]]\nid = "cart"\nkind = "hold"\nexpires = 2026-12-01T12:00:00Z\n'
        "from = 2026-12-07T14:00:00+01:00\nto = 2026-12-07T15:00:00+01:00\n",
    )

    done = run("slots", file, "--minutes", "60", "--now", f"2026-12-01T{now}Z", "--explain", "2026-12-07T13:00:00Z")

    assert done.code == code


# Mistakes


def test_every_mistake_of_a_schedule_is_told(run: Any, tmp_path: Path) -> None:
    """Those of the schedule and of what is booked come together, each with its line, and end with 2."""
    file = _written(
        tmp_path,
        'weekly.monnday = []\nbooking.notice = "1d"\n'
        '[[busy]]\nfrom = 2026-12-07T14:00:00\nto = 2026-12-07T15:00:00Z\nid = ""\nkind = "less"\nafter = "1d"\n'
        '[[busy]]\nfrom = 2026-12-07T15:00:00Z\nto = 2026-12-07T15:00:00Z\nid = "b"\nwhen = 1\nbefore = "25h"\n'
        '[[busy]]\nfrom = 2026-12-07T15:00:00Z\nto = 2026-12-07T15:00:00Z\nid = "c"\nexpires = 2026-12-07T15:00:00Z\n'
        '[[busy]]\nfrom = 2026-12-07T15:00:00Z\nto = 2026-12-07T15:00:00Z\nid = "d"\n'
        '[[busy]]\nfrom = 2026-12-07T15:00:00Z\nto = 2026-12-07T16:00:00Z\nid = "e"\nplaces = -1\n'
        '[[busy]]\nfrom = 2026-12-07T15:00:00Z\nto = 2026-12-07T16:00:00Z\nid = "f"\nkind = "event"\nplaces = 1\n'
        "expires = 2026-12-07T15:00:00Z\n",
    )

    text, document = (run("slots", file, "--minutes", "60", *more) for more in ([], ["--json"]))

    assert (text.code, document.code, text.out) == (2, 2, "")
    assert f"{file}:3:8: weekly.monnday: unknown key; did you mean 'monday'?" in text.err
    assert [(each["line"], each["path"]) for each in document.document["mistakes"]] == [
        (3, "weekly.monnday"),
        (4, "booking.notice"),
        (6, "busy[0].from"),
        (8, "busy[0].id"),
        (9, "busy[0].kind"),
        (10, "busy[0].after"),
        (15, "busy[1].when"),
        (16, "busy[1].before"),
        (21, "busy[2].expires"),
        (24, "busy[3].to"),
        (30, "busy[4].places"),
        (36, "busy[5].places"),
        (37, "busy[5].expires"),
    ]


def test_a_file_that_cannot_be_read_is_told(run: Any, tmp_path: Path) -> None:
    """A file that is not there, a folder, and something that is no text."""
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")

    codes = [run("slots", file, "--minutes", "60").code for file in (tmp_path / "absent.toml", tmp_path, binary)]

    assert codes == [2, 2, 2]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--zone", "Europe/Berln"], "unknown time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?"),
        (["--zone", ""], "unknown time zone ''"),
        (["--now", "2026-12-01T12:00:00"], "--now is '2026-12-01T12:00:00'; expected an instant such as"),
        (["--now", "yesterday"], "--now is 'yesterday'; expected an instant such as"),
        (["--from", "monday"], "--from is 'monday'; expected a date such as 2026-03-01, or an instant such as"),
        (["--from", "2026-02-30"], "--from is '2026-02-30'; expected a date"),
        (["--from", "2026-12-07T09:00"], "--from is '2026-12-07T09:00'; expected an instant such as"),
        (["--from", "1899-12-31"], "expected something from 1900 up to 9000"),
        (["--from", "8999-12-31"], "expected something from 1900 up to 9000"),
        (["--from", "2026-03-29 02:30 Europe/Berlin"], "a time that clocks there do not skip"),
        (["--until", "2026-12-01T12:00:00Z"], "--until is '2026-12-01T12:00:00Z'; expected something after now"),
        (["--until", "2026-11-01"], "'2026-11-01'; expected something after now, which is Tue 2026-12-01 13:00 +01:00"),
        (["--from", "2026-12-07", "--until", "2026-12-06"], "expected something after --from, which is 2026-12-07"),
        (["--until", "2036-12-01"], "at most 732 days after"),
        (["--explain", "2026-10-25 02:30 Europe/Berlin"], "one of the two instants at which clocks there show this"),
        (["--explain", "2026-12-07"], "--explain is '2026-12-07'; expected an instant such as"),
        (["--explain", _NOW, "--until", "2026-12-07"], "neither --from nor --until beside it"),
        (["--explain", _NOW, "--from", "2026-12-07"], "neither --from nor --until beside it"),
        (["--explain", _NOW, "--week"], "no --week beside it: it is about one start"),
        (["--explain", _NOW, "--svg", "week.svg"], "no --svg beside it: it is about one start"),
        (["--week", "--from", "2026-12-07"], "--week is 'today'; expected neither --from nor --until beside it"),
        (["--svg", "week.svg", "--until", "2026-12-07"], "--svg is 'week.svg'; expected neither --from nor --until"),
        (["--week", "monday"], "--week is 'monday'; expected a date such as 2026-03-02, the first of 7"),
        (["--week", "9999-12-31"], "expected something from 1900 up to 9000"),
        (["--week", "8999-12-31"], "expected something from 1900 up to 9000"),
        (["--minutes", "0"], "--minutes is 0; expected 1 to 10080"),
        (["--minutes", "-60"], "--minutes is -60; expected 1 to 10080"),
        (["--minutes", "10081"], "--minutes is 10081; expected 1 to 10080"),
        (["--minutes", "9" * 40], "expected 1 to 10080"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: list[str], told: str, run: Any, evenings: Path) -> None:
    """Times without an offset, ranges that run backwards, zones that do not exist: each says what would do."""
    done = run("slots", evenings, "--minutes", "60", "--now", _NOW, *arguments)

    assert (done.code, done.out) == (2, "")
    assert told in done.err


@pytest.mark.parametrize("arguments", [[], ["--minutes", "60"], ["x", "--minutes"], ["x", "--minutes", "1.5"], ["x"]])
def test_a_command_without_its_file_or_length_ends_with_2(arguments: list[str], run: Any) -> None:
    """Usage goes to standard error."""
    done = run("slots", *arguments)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("usage: tutorcore slots")
