from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from tutorcore.calendar import (
    NEAR,
    Agenda,
    Booking,
    Busy,
    Override,
    Schedule,
    WeeklyRule,
    Window,
    ZonePeriod,
    zone,
)
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.instants import Instant, instant, to_text

_HOUR = timedelta(hours=1)
_NOW = instant("2026-03-20T00:00Z")
# Sundays from 22:00 to 03:00, and Mondays from 09:00: clocks in Berlin go forward on Sunday the 29th.
_BERLIN = Schedule(
    "Europe/Berlin",
    (WeeklyRule("sunday", Window.of("22:00", "03:00")), WeeklyRule("monday", Window.of("09:00", "11:00"))),
    booking=Booking(notice=_HOUR),
)


def _at(text: str) -> Instant:
    return instant(f"2026-{text}Z")


def _texts(spans: tuple[tuple[Instant, Instant], ...]) -> list[str]:
    return [f"{to_text(start)[5:16]}/{to_text(end)[5:16]}" for start, end in spans]


def test_an_explanation_says_what_one_would_ask_next() -> None:
    """The verdict, the tutor's clock, the hours of that local day, and the nearest starts on either side."""
    agenda = Agenda(_BERLIN, _NOW, [Busy(_at("03-30T07:00"), _at("03-30T08:00"), "lesson")])

    found = agenda.explain(_at("03-30T07:30"), _HOUR)

    assert found.verdict == agenda.is_bookable(_at("03-30T07:30"), _HOUR)
    assert found.local.isoformat() == "2026-03-30T09:30:00+02:00"
    # What spilled over from Sunday belongs to Monday's hours too.
    assert _texts(found.hours) == ["03-29T22:00/03-30T01:00", "03-30T07:00/03-30T09:00"]
    assert (found.before, found.after) == (_at("03-30T00:00"), _at("03-30T08:00"))


def test_the_neighbors_of_a_start_are_others() -> None:
    """A start that can be booked is neither before nor after itself."""
    found = Agenda(_BERLIN, _NOW).explain(_at("03-30T07:30"), _HOUR)

    assert found.verdict.ok
    assert (found.before, found.after) == (_at("03-30T07:00"), _at("03-30T08:00"))


@pytest.mark.parametrize(
    ("start", "before", "after"),
    [
        ("03-20T00:00", None, "03-22T21:00"),
        ("03-19T00:00", None, "03-22T21:00"),
        ("03-22T21:00", None, "03-22T21:30"),
        ("05-05T00:00", None, None),
    ],
)
def test_there_may_be_no_start_near(start: str, before: str | None, after: str | None) -> None:
    """Nothing lies before now, and nothing further away than `NEAR` is near."""
    schedule = Schedule("UTC", overrides=(Override(date(2026, 3, 22), (Window.of("21:00", "22:30"),)),))

    found = Agenda(schedule, _NOW).explain(_at(start), _HOUR)

    assert found.before == (None if before is None else _at(before))
    assert found.after == (None if after is None else _at(after))


def test_near_is_no_further_than_near() -> None:
    """A neighbor lies at most `NEAR` away, and that is near enough."""
    schedule = Schedule("UTC", overrides=(Override(date(2026, 5, 5), (Window.of("12:00", "13:00"),)),))
    agenda, only, least = Agenda(schedule, _NOW), _at("05-05T12:00"), timedelta(microseconds=1)

    assert agenda.explain(only - NEAR, _HOUR).after == only
    assert agenda.explain(only - NEAR - least, _HOUR).after is None
    assert agenda.explain(only + NEAR, _HOUR).before == only
    assert agenda.explain(only + NEAR + least, _HOUR).before is None


def test_a_horizon_ends_the_search() -> None:
    """What cannot be booked yet is no neighbor; a start behind the horizon has one before it."""
    schedule = Schedule("UTC", _BERLIN.rules, booking=Booking(horizon=timedelta(days=4)))

    found = Agenda(schedule, _NOW).explain(_at("03-29T22:00"), _HOUR)

    assert [reason.code for reason in found.verdict.reasons] == ["horizon"]
    assert (found.before, found.after) == (_at("03-23T10:00"), None)


def test_a_date_that_comes_twice_has_the_hours_of_both() -> None:
    """Who moves back over the date line lives a date again, with its hours."""
    back = ZonePeriod(_at("03-30T12:00"), "Pacific/Niue")
    schedule = Schedule("Pacific/Kiritimati", _BERLIN.rules, zone_periods=(back,))

    found = Agenda(schedule, _NOW).explain(_at("03-29T20:00"), _HOUR)

    assert found.local.isoformat() == "2026-03-30T10:00:00+14:00"
    assert _texts(found.hours) == [
        "03-29T10:00/03-29T13:00",  # spilled over from Sunday, in Kiritimati
        "03-29T19:00/03-29T21:00",
        "03-30T12:00/03-30T14:00",  # Monday again, in Niue, from 01:00 on: Sunday spilled over here too
        "03-30T20:00/03-30T22:00",
    ]


def test_a_start_in_a_gap_is_explained_as_the_instant_it_is_taken_for() -> None:
    """02:30 on the day clocks go forward is 01:30Z, which is 03:30."""
    asked = datetime(2026, 3, 29, 2, 30, tzinfo=zone("Europe/Berlin"))

    found = Agenda(_BERLIN, _NOW).explain(asked, _HOUR)

    assert [reason.code for reason in found.verdict.reasons] == ["outside_hours", "gap"]
    assert found.local.isoformat() == "2026-03-29T03:30:00+02:00"


def test_what_cannot_be_meant_is_refused() -> None:
    """A naive start or an empty lesson cannot be explained."""
    agenda = Agenda(_BERLIN, _NOW)

    with pytest.raises(InvalidValue, match="start is .* naive"):
        agenda.explain(_NOW.replace(tzinfo=None), _HOUR)
    with pytest.raises(InvalidType, match="start is 5"):
        agenda.explain(5, _HOUR)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(InvalidValue, match="duration is '0:00:00'"):
        agenda.explain(_NOW, timedelta(0))
