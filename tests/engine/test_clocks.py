"""What clocks are to show when lessons begin, and what becomes of it when a country changes its clocks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tutorcore import Instant, Marketplace, MemoryStorage, UnknownName, instant, load_preset
from tutorcore.calendar.zones.databases import TZDATA
from tutorcore.calendar.zones.stored_times import Drift, StoredTime, ZoneGone
from tutorcore.ports.storage import Storage, WallTime

_HOUR = timedelta(hours=1)
_NOW = instant("2026-10-01T12:00:00Z")
_START = instant("2026-12-01T17:00:00Z")


def _market(storage: Storage | None = None) -> Marketplace:
    market = Marketplace(storage or MemoryStorage(), [load_preset("italki")])
    market.add_party("ann", zone="America/New_York")
    market.add_party("tom", zone="Europe/Berlin")
    market.top_up("ann", market.money("100.0", "ITC"), key="pay", now=_NOW)
    return market


def _asked(market: Marketplace, lesson: str = "lesson", start: Instant = _START) -> None:
    market.request(
        student="ann", tutor="tom", start=start, duration=_HOUR, price="10.0", key=lesson, lesson=lesson, now=_NOW
    ).or_raise()


def _said_formerly(
    storage: Storage, row: WallTime, *, hours: int = 0, zone: str | None = None, version: str = "2020a"
) -> WallTime:
    """Keep a wall time as a former database would have had it: that many hours later on the wall."""
    time, shift = row.start, timedelta(hours=hours)
    former = row._replace(
        start=StoredTime(time.at, time.local + shift, zone or time.zone, time.offset + shift, version)
    )
    with storage.transaction() as tx:
        tx.put_wall_times([former])
    return former


def test_a_request_keeps_what_both_clocks_are_to_show() -> None:
    """By the zones that the two are in when it is proposed; moving later changes nothing of it."""
    market = _market()
    _asked(market)
    market.add_party("tom", zone="Asia/Tokyo")

    assert [(row.proposal, row.party, row.start.text) for row in market.clocks.of("lesson")] == [
        (1, "ann", f"2026-12-01T12:00:00-05:00[America/New_York][_tzdata={TZDATA.version}]"),
        (1, "tom", f"2026-12-01T18:00:00+01:00[Europe/Berlin][_tzdata={TZDATA.version}]"),
    ]


def test_each_proposal_has_its_own_wall_times() -> None:
    """A counter-offer, and a change of what is agreed, each with the zones of that day; an answer adds none."""
    market = _market()
    _asked(market)
    market.propose("lesson", by="tom", start=_START + _HOUR, key="counter", now=_NOW).or_raise()
    market.accept("lesson", by="ann", proposal=2, key="yes", now=_NOW).or_raise()
    market.add_party("ann", zone="Europe/London")
    market.propose("lesson", by="tom", start=_START + 2 * _HOUR, key="change", now=_NOW).or_raise()
    market.decline("lesson", by="ann", proposal=3, key="no", now=_NOW).or_raise()

    found = [(row.proposal, row.party, row.start.text[11:16]) for row in market.clocks.of("lesson")]
    assert found == [
        (1, "ann", "12:00"),
        (1, "tom", "18:00"),
        (2, "ann", "13:00"),
        (2, "tom", "19:00"),
        (3, "ann", "19:00"),
        (3, "tom", "20:00"),
    ]
    assert market.clocks.restamp(now=_NOW) == 0


def test_nothing_drifts_while_the_zones_are_the_same() -> None:
    """What was kept by the database in use says what it says."""
    market = _market()
    _asked(market)

    assert market.clocks.find_drift(now=_NOW) == ()


def test_a_new_database_tells_which_lessons_it_moves_on_whose_clock() -> None:
    """With the wall time that comes of keeping the instant, and the instant of the old wall time."""
    storage = MemoryStorage()
    market = _market(storage)
    _asked(market)
    _, toms = market.clocks.of("lesson")
    former = _said_formerly(storage, toms, hours=1)

    [drift] = market.clocks.find_drift(now=_NOW)
    assert isinstance(drift, Drift)
    assert (drift.key, drift.stored, drift.moved) == (former, former.start, -_HOUR)
    assert (drift.instant_kept.at, drift.instant_kept.text[:16]) == (_START, "2026-12-01T18:00")
    assert (drift.wall_kept.at, drift.wall_kept.text[:16]) == (_START + _HOUR, "2026-12-01T19:00")


def test_what_drifts_is_a_start_to_come_that_is_still_meant() -> None:
    """Not one that a later proposal replaced, nor that of a lesson that is over or has begun; an open change's is."""
    storage = MemoryStorage()
    market = _market(storage)
    for lesson, start in (("met", _START), ("over", _START + _HOUR), ("changing", _START + 3 * _HOUR)):
        _asked(market, lesson, start)
    market.decline("over", by="tom", proposal=1, key="no", now=_NOW).or_raise()
    market.accept("changing", by="tom", proposal=1, key="yes", now=_NOW).or_raise()
    market.propose("changing", by="tom", start=_START + 5 * _HOUR, key="other", now=_NOW).or_raise()
    market.propose("met", by="tom", start=_START + 7 * _HOUR, key="counter", now=_NOW).or_raise()
    for lesson in ("met", "over", "changing"):
        for row in market.clocks.of(lesson):
            _said_formerly(storage, row, hours=1)

    found = [(each.key.lesson, each.key.proposal, each.key.party) for each in market.clocks.find_drift(now=_NOW)]
    assert found == [
        ("changing", 1, "ann"),
        ("changing", 1, "tom"),
        ("changing", 2, "ann"),
        ("changing", 2, "tom"),
        ("met", 2, "ann"),
        ("met", 2, "tom"),
    ]
    assert market.clocks.find_drift(now=_START + 8 * _HOUR) == ()


def test_a_zone_that_is_no_more_is_told_and_left_as_it_is() -> None:
    """There is no wall time to tell then, and none to keep instead."""
    storage = MemoryStorage()
    market = _market(storage)
    _asked(market)
    former = _said_formerly(storage, market.clocks.of("lesson")[1], zone="Europe/Atlantis")

    assert market.clocks.find_drift(now=_NOW) == (ZoneGone(former, former.start),)
    assert market.clocks.restamp(now=_NOW) == 0
    assert former in market.clocks.of("lesson")


@pytest.mark.parametrize("version", ["2020a", TZDATA.version])
def test_restamping_takes_the_new_wall_times_for_granted(version: str) -> None:
    """Then nothing drifts any more; no lesson has moved, and a second time changes nothing, whatever version it was."""
    storage = MemoryStorage()
    market = _market(storage)
    _asked(market)
    for row in market.clocks.of("lesson"):
        _said_formerly(storage, row, hours=2, version=version)

    assert market.clocks.restamp(now=_NOW) == 2
    assert market.clocks.find_drift(now=_NOW) == ()
    assert {row.start.tzdata for row in market.clocks.of("lesson")} == {TZDATA.version}
    assert market.lesson("lesson", now=_NOW).terms.start == _START
    assert market.clocks.restamp(now=_NOW) == 0


def test_restamping_adds_what_lessons_from_earlier_releases_do_not_have() -> None:
    """Those that are running and have not begun."""
    newer, older = MemoryStorage(), MemoryStorage()
    market, former = _market(newer), _market(older)
    _asked(former)
    expected = former.clocks.of("lesson")
    _asked(market)
    newer._data.wall_times.clear()
    newer._data.wall_times_of.clear()

    assert market.clocks.restamp(now=_START + _HOUR) == 0
    assert market.clocks.restamp(now=_NOW) == 2
    assert market.clocks.of("lesson") == expected


def test_a_lesson_that_nobody_asked_for_has_no_clocks() -> None:
    """It is unknown, as everywhere."""
    with pytest.raises(UnknownName, match="nobodys"):
        _market().clocks.of("nobodys")
