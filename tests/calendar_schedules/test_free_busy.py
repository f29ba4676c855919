from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.calendar import (
    FREE_BUSY_KINDS,
    KINDS,
    WEEKDAYS,
    Agenda,
    Booking,
    Busy,
    FreeBusy,
    Schedule,
    Tentative,
    WeeklyRule,
    Window,
    available_ranges,
)
from tutorcore.errors import InvalidValue, UnknownName
from tutorcore.instants import Instant, instant

_HOUR = timedelta(hours=1)
_NOW = instant("2026-03-01T00:00Z")
_NINE_TO_FIVE = Schedule(
    "UTC",
    tuple(WeeklyRule(day, Window.of("09:00", "17:00")) for day in WEEKDAYS),
    booking=Booking(before=_HOUR, after=_HOUR, notice=timedelta(days=30)),
)


def _at(hour: int, minute: int = 0) -> Instant:
    return instant(f"2026-03-04T{hour:02}:{minute:02}Z")


def _busy(first: int, last: int, kind: str = "lesson") -> Busy:
    return Busy(_at(first), _at(last), f"{kind}-{first}", kind)  # type: ignore[arg-type]  # checked by the class itself


def _parts(agenda: Agenda, first: int = 8, last: int = 18) -> list[str]:
    return [f"{part.start:%H}-{part.end:%H} {part.kind}" for part in agenda.free_busy(_at(first), _at(last))]


def test_every_instant_is_of_one_kind() -> None:
    """Hours, what is taken and what may be: no hole, no overlap, and neither buffers nor notice."""
    busy = [_busy(9, 10), _busy(10, 11, "event"), _busy(12, 13, "hold"), _busy(13, 14, "tentative")]

    assert _parts(Agenda(_NINE_TO_FIVE, _NOW, busy)) == [
        "08-09 BUSY-UNAVAILABLE",
        "09-11 BUSY",
        "11-12 FREE",
        "12-14 BUSY-TENTATIVE",
        "14-17 FREE",
        "17-18 BUSY-UNAVAILABLE",
    ]


def test_what_is_certain_goes_before_what_is_not() -> None:
    """A lesson counts outside all hours too, a hold does not, and a lesson in a hold is a lesson."""
    busy = [_busy(16, 18), _busy(10, 13, "hold"), _busy(11, 12), _busy(8, 9, "request")]

    assert _parts(Agenda(_NINE_TO_FIVE, _NOW, busy), 8, 19) == [
        "08-09 BUSY-UNAVAILABLE",
        "09-10 FREE",
        "10-11 BUSY-TENTATIVE",
        "11-12 BUSY",
        "12-13 BUSY-TENTATIVE",
        "13-16 FREE",
        "16-18 BUSY",
        "18-19 BUSY-UNAVAILABLE",
    ]


@pytest.mark.parametrize("tentative", ["busy", "free"])
def test_what_stands_in_nobody_s_way_is_told_all_the_same(tentative: Tentative) -> None:
    """Whether a request bars a booking is one question, whether the time is free another."""
    agenda = Agenda(_NINE_TO_FIVE, _NOW, [_busy(10, 11, "request")], tentative=tentative)

    assert _parts(agenda, 9, 12) == ["09-10 FREE", "10-11 BUSY-TENTATIVE", "11-12 FREE"]


def test_what_has_expired_is_gone() -> None:
    """A hold takes no time any more from its expiry on, and other parties never do."""
    hold = Busy(_at(10), _at(11), "hold", "hold", _NOW)
    agenda = Agenda(_NINE_TO_FIVE, _NOW, [hold], {"sue": [_busy(12, 13)]})

    assert _parts(agenda, 9, 17) == ["09-17 FREE"]
    assert _parts(agenda, 9, 9) == []


def test_hours_are_those_of_the_schedule() -> None:
    """The ranges of an agenda are those of its schedule, busy time not counted."""
    agenda = Agenda(_NINE_TO_FIVE, _NOW, [_busy(10, 11)])

    found = agenda.available_ranges(_at(10), _at(18))

    assert found == available_ranges(_NINE_TO_FIVE, _at(10), _at(18)) == ((_at(10), _at(17)),)


@given(
    spans=st.lists(st.tuples(st.integers(0, 22), st.integers(1, 6), st.sampled_from(KINDS)), max_size=8),
    tentative=st.sampled_from(["busy", "free"]),
    edges=st.tuples(st.integers(0, 23), st.integers(0, 23)).map(sorted),
)
def test_an_hour_is_what_takes_it(spans: list[tuple[int, int, str]], tentative: Tentative, edges: list[int]) -> None:
    """Hour by hour, the kind follows from the definitions, and neighbors differ."""
    busy = [_busy(first, min(first + size, 23), kind) for first, size, kind in spans]
    agenda = Agenda(_NINE_TO_FIVE, _NOW, busy, tentative=tentative)

    found = agenda.free_busy(_at(edges[0]), _at(edges[1]))

    assert all(part.end == after.start and part.kind != after.kind for part, after in pairwise(found))
    hours = {hour: part.kind for part in found for hour in range(part.start.hour, part.end.hour)}
    assert hours == {hour: _kind(hour, busy) for hour in range(*edges)}


def _kind(hour: int, busy: list[Busy]) -> str:
    kinds = {one.kind for one in busy if one.start <= _at(hour) < one.end}
    if kinds & {"lesson", "event"}:
        return "BUSY"
    if not 9 <= hour < 17:
        return "BUSY-UNAVAILABLE"
    return "BUSY-TENTATIVE" if kinds else "FREE"


def test_what_cannot_be_meant_is_refused() -> None:
    """Free and busy time has a length and one of four kinds, and ranges have an end."""
    agenda = Agenda(_NINE_TO_FIVE, _NOW)

    assert FreeBusy("2026-03-04T09:00Z", "2026-03-04T10:00Z", "FREE") == FreeBusy(_at(9), _at(10), "FREE")
    assert FREE_BUSY_KINDS == ("FREE", "BUSY", "BUSY-UNAVAILABLE", "BUSY-TENTATIVE")
    with pytest.raises(InvalidValue, match="end of free or busy time is .* an instant after 2026-03-04T09:00"):
        FreeBusy(_at(9), _at(9), "BUSY")
    with pytest.raises(UnknownName, match="unknown kind of free or busy time 'free'"):
        FreeBusy(_at(9), _at(10), "free")  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(InvalidValue, match="until is .* expected an instant not before since"):
        agenda.free_busy(_at(9), _at(8))
    with pytest.raises(InvalidValue, match="since is .* naive"):
        agenda.available_ranges(_at(9).replace(tzinfo=None), _at(8))
