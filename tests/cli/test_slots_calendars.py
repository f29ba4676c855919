"""`tutorcore slots --ics --for`: calendars of the tutor and of others, read as busy time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_NOW = "2026-12-01T12:00:00Z"
_TUTOR = 'schema = 1\nzone = "Europe/Berlin"\nweekly.monday = ["09:00-12:00"]\nbooking.step = "1h"\n'
_PAGE = ("--minutes", "60", "--now", _NOW, "--from", "2026-12-07", "--until", "2026-12-08")

Written = Callable[[str, str], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Return a function that writes a file of that name."""

    def written(name: str, text: str) -> Path:
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return file

    return written


@pytest.fixture
def tutor(written: Written) -> Path:
    """A tutor in Berlin who teaches on Mondays from nine to twelve, which is from eight to eleven in UTC."""
    return written("tutor.toml", _TUTOR)


def _calendar(*lines: str) -> str:
    """Return a calendar with one event."""
    event = ("BEGIN:VEVENT", "UID:dentist", *lines, "END:VEVENT")
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *event, "END:VCALENDAR", ""))


def _hours(run: Any, *arguments: Path | str) -> list[str]:
    done = run("slots", *arguments, "--json")
    assert (done.code, done.err) == (0, "")
    return [each["start"][11:13] for each in done.document["slots"]]


def test_a_calendar_takes_time_from_the_tutor(run: Any, tutor: Path, written: Written) -> None:
    """An event of hers, one that comes every week and one that lasts all day, by her clock."""
    once = written("once.ics", _calendar("DTSTART:20261207T080000Z", "DTEND:20261207T090000Z"))
    weekly = written("weekly.ics", _calendar("DTSTART;TZID=Europe/Berlin:20260105T110000", "DURATION:PT1H",
                                             "RRULE:FREQ=WEEKLY"))  # fmt: skip
    floating = written("floating.ics", _calendar("DTSTART:20261207T100000", "DTEND:20261207T110000"))
    all_day = written("all_day.ics", _calendar("DTSTART;VALUE=DATE:20261207"))

    assert _hours(run, tutor, *_PAGE) == ["08", "09", "10"]
    assert _hours(run, tutor, *_PAGE, "--ics", once) == ["09", "10"]
    assert _hours(run, tutor, *_PAGE, "--ics", once, "--ics", weekly) == ["09"]
    assert _hours(run, tutor, *_PAGE, "--ics", floating, "--zone", "Asia/Tokyo", "--from", "2026-12-06") == ["08", "10"]
    assert _hours(run, tutor, *_PAGE, "--ics", all_day) == []


def test_an_event_in_the_way_is_named(run: Any, tutor: Path, written: Written) -> None:
    """It is not called a lesson."""
    file = written("busy.ics", _calendar("DTSTART:20261207T080000Z", "DTEND:20261207T090000Z"))

    done = run("slots", tutor, "--minutes", "60", "--now", _NOW, "--ics", file, "--explain", "2026-12-07T08:00:00Z",
               "--json")  # fmt: skip

    assert done.code == 1
    assert [(each["code"], each["id"], each["party"]) for each in done.document["reasons"]] == [
        ("event", "dentist", None)
    ]


def test_what_the_tutor_has_declined_takes_no_time(run: Any, tutor: Path, written: Written) -> None:
    """Her address says which answer is hers."""
    file = written("asked.ics", _calendar("DTSTART:20261207T080000Z", "DTEND:20261207T090000Z",
                                          "ATTENDEE;PARTSTAT=ACCEPTED:mailto:bob@example.com",
                                          "ATTENDEE;PARTSTAT=DECLINED:mailto:eva@example.com"))  # fmt: skip

    assert _hours(run, tutor, *_PAGE, "--ics", file) == ["09", "10"]
    assert _hours(run, tutor, *_PAGE, "--ics", file, "--own", "bob@example.com") == ["09", "10"]
    assert _hours(run, tutor, *_PAGE, "--ics", file, "--own", "Eva@example.com") == ["08", "09", "10"]


def test_an_address_that_says_nothing_is_refused(run: Any, tutor: Path, written: Written) -> None:
    """A name is no address, and without a calendar of hers there are no answers."""
    file = written("asked.ics", _calendar("DTSTART:20261207T080000Z"))

    named = run("slots", tutor, *_PAGE, "--ics", file, "--own", "Eva")
    alone = run("slots", tutor, *_PAGE, "--own", "e@x")

    assert (named.code, alone.code) == (2, 2)
    assert "--own is 'Eva'; expected an e-mail address such as eva@example.com" in named.err
    assert "--own is 'e@x'; expected an --ics calendar beside it" in alone.err


@pytest.mark.parametrize(("option", "hours"), [((), ["09", "10"]), (("--tentative", "free"), ["08", "09", "10"])])
def test_what_is_not_certain_stands_in_the_way_unless_it_is_said_not_to(
    option: tuple[str, ...], hours: list[str], run: Any, tutor: Path, written: Written
) -> None:
    """A tentative event takes time; with `--tentative free` it does not."""
    file = written("maybe.ics", _calendar("DTSTART:20261207T080000Z", "DTEND:20261207T090000Z", "STATUS:TENTATIVE"))

    assert _hours(run, tutor, *_PAGE, "--ics", file, *option) == hours


def test_a_zone_that_nobody_knows_is_refused_or_taken_for_all_that_it_may_be(
    run: Any, tutor: Path, written: Written
) -> None:
    """The mistake has its file and line; the widest reading blocks the day around it."""
    file = written("odd.ics", _calendar("DTSTART;TZID=Mars/Olympus:20261207T080000", "DURATION:PT1H"))
    beside = ("slots", tutor, *_PAGE, "--ics", file)

    refused, widest = run(*beside), run(*beside, "--unknown-zones", "widest", "--json")

    assert (refused.code, refused.out) == (2, "")
    assert f"{file}:6: " in refused.err
    assert "Mars/Olympus" in refused.err
    assert (widest.code, widest.document["slots"]) == (0, [])


def test_a_calendar_with_mistakes_is_told_and_nothing_is_listed(run: Any, tutor: Path, written: Written) -> None:
    """As JSON, each mistake with its place."""
    file = written("bad.ics", _calendar("DTSTART:2026-12-07", "DURATION:P1H"))

    done = run("slots", tutor, *_PAGE, "--ics", file, "--json")

    assert done.code == 2
    assert {(each["file"], each["line"]) for each in done.document["mistakes"]} >= {(str(file), 6)}


def test_calendars_are_read_as_far_as_the_next_start_lies(run: Any, tutor: Path, written: Written) -> None:
    """Where a page has none, the next one keeps clear of events far behind it."""
    file = written("term.ics", _calendar("DTSTART;TZID=Europe/Berlin:20261201T000000", "DURATION:P1D",
                                         "RRULE:FREQ=DAILY;COUNT=700"))  # fmt: skip

    done = run("slots", tutor, *_PAGE, "--ics", file)

    assert done.out.endswith("\nnone; the next one is Mon 2028-11-06 09:00 +01:00\n")


def test_after_a_page_in_the_past_the_next_start_is_looked_for_from_now_on(
    run: Any, tutor: Path, written: Written
) -> None:
    """Calendars are read for the years after now, not for those after the page."""
    file = written("today.ics", _calendar("DTSTART:20261207T080000Z", "DTEND:20261207T100000Z"))

    past = ("--from", "2020-12-01", "--until", "2020-12-02")
    done = run("slots", tutor, "--minutes", "60", "--now", _NOW, *past, "--ics", file)

    assert done.out.endswith("\nnone; the next one is Mon 2026-12-07 11:00 +01:00\n")


def test_a_page_may_be_as_long_as_without_a_calendar(run: Any, tutor: Path, written: Written) -> None:
    """Two years, and what lies around them."""
    file = written("busy.ics", _calendar("DTSTART:20261207T080000Z", "DTEND:20261207T090000Z", "RRULE:FREQ=YEARLY"))

    hours = _hours(run, tutor, "--minutes", "60", "--now", _NOW, "--from", "2026-12-07", "--until", "2028-12-07",
                   "--ics", file)  # fmt: skip

    assert len(hours) == 105 * 3 - 1


# Others


def test_others_must_be_free_and_have_hours(run: Any, tutor: Path, written: Written) -> None:
    """A student with a calendar, and a room with hours and a booking of its own."""
    ann = written("ann.ics", _calendar("DTSTART:20261207T080000Z", "DTEND:20261207T090000Z"))
    room = written("room.toml", 'schema = 1\nzone = "UTC"\nweekly.monday = ["08:00-10:00"]\n')

    assert _hours(run, tutor, *_PAGE, "--for", ann) == ["09", "10"]
    assert _hours(run, tutor, *_PAGE, "--for", room) == ["08", "09"]
    assert _hours(run, tutor, *_PAGE, "--for", room, "--for", ann) == ["09"]


def test_who_is_not_free_is_named_after_the_file(run: Any, tutor: Path, written: Written) -> None:
    """With what is in the way."""
    ann = written("ann.ics", _calendar("DTSTART:20261207T080000Z", "DTEND:20261207T090000Z"))

    done = run("slots", tutor, "--minutes", "60", "--now", _NOW, "--for", ann, "--explain", "2026-12-07T08:00:00Z",
               "--json")  # fmt: skip

    assert [(each["code"], each["id"], each["party"]) for each in done.document["reasons"]] == [
        ("party", "dentist", "ann")
    ]


def test_floating_times_of_others_are_by_the_clock_that_is_shown(run: Any, tutor: Path, written: Written) -> None:
    """--zone is the student's, so what has no zone in the student's calendar is meant there."""
    ann = written("ann.ics", _calendar("DTSTART:20261207T100000", "DTEND:20261207T110000"))

    assert _hours(run, tutor, *_PAGE, "--for", ann) == ["08", "10"]
    assert _hours(run, tutor, *_PAGE, "--for", ann, "--zone", "Europe/London") == ["08", "09"]


def test_two_of_one_name_are_refused(run: Any, tutor: Path, written: Written) -> None:
    """A reason could not say who is meant."""
    ann, again = written("ann.ics", _calendar("DTSTART:20261207T080000Z")), written("ann.toml", _TUTOR)

    done = run("slots", tutor, *_PAGE, "--for", ann, "--for", again)
    herself = run("slots", tutor, *_PAGE, "--for", tutor)

    assert (done.code, herself.code) == (2, 2)
    assert "another name for the file: somebody is called ann already" in done.err
    assert "somebody is called tutor already" in herself.err


def test_what_a_schedule_asks_of_bookings_is_the_tutor_s(run: Any, tutor: Path, written: Written) -> None:
    """Notice, grid and gaps of another schedule do not count; gaps that its bookings name do."""
    busy = '[[busy]]\nid = "a"\nfrom = 2026-12-07T08:00:00Z\nto = 2026-12-07T09:00:00Z\n'
    terms = 'schema = 1\nzone = "UTC"\nweekly.monday = ["06:00-12:00"]\nbooking = { after = "1h", notice = "480h" }\n'
    ann, bob = written("ann.toml", terms + busy), written("bob.toml", f'{terms}{busy}after = "1h"\n')

    assert _hours(run, tutor, *_PAGE, "--for", ann) == ["09", "10"]
    assert _hours(run, tutor, *_PAGE, "--for", bob) == ["10"]


@pytest.mark.parametrize("option", ["--ics", "--for"])
def test_a_file_that_is_not_there_is_told(option: str, run: Any, tutor: Path, tmp_path: Path) -> None:
    """Its name comes with the reason."""
    done = run("slots", tutor, *_PAGE, option, tmp_path / "absent.ics")

    assert (done.code, done.out) == (2, "")
    assert "absent.ics cannot be read" in done.err
