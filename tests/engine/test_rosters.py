"""A roster that a marketplace fills says who is free, by the same schedules and claims."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tutorcore import InvalidType, Marketplace, MemoryStorage, UnknownName, instant, load_preset, load_schedule
from tutorcore.calendar import Roster

_HOUR = timedelta(hours=1)
_NOW = instant("2026-03-23T09:00:00Z")
_SINCE, _UNTIL = instant("2026-03-30T00:00:00Z"), instant("2026-04-13T00:00:00Z")
_MONDAY = instant("2026-03-30T16:00:00Z")  # 18:00 in Berlin, a day after clocks went forward
_EVENINGS = load_schedule('schema = 1\nzone = "Europe/Berlin"\nweekly.monday = ["18:00-20:00"]\nbooking.after = "30m"')


@pytest.fixture
def market() -> Marketplace:
    """A marketplace with two tutors on the same evenings, one without hours, and a student who can pay."""
    found = Marketplace(MemoryStorage(), [load_preset("italki")])
    for tutor in ("tim", "tom", "una"):
        found.add_party(tutor, zone="Europe/Berlin")
    found.add_party("ann", zone="Europe/London")
    found.top_up("ann", found.money("500.0", "ITC"), key="pay", now=_NOW)
    for tutor in ("tim", "tom"):
        found.set_schedule(tutor, _EVENINGS)
    return found


def _ask(market: Marketplace, tutor: str, lesson: str) -> None:
    market.request(
        student="ann", tutor=tutor, start=_MONDAY, duration=_HOUR, price="10.0", key=lesson, lesson=lesson, now=_NOW
    ).or_raise()


def test_every_tutor_with_a_schedule_is_in_it(market: Marketplace) -> None:
    """The others are not; they keep their hours elsewhere."""
    roster = Roster(_SINCE, _UNTIL)

    assert market.fill_roster(roster, now=_NOW) == 2
    assert roster.tutors == ("tim", "tom")
    assert roster.free_at(_MONDAY, _HOUR, _NOW) == ("tim", "tom")


def test_what_takes_a_tutor_s_time_is_known_with_its_buffers(market: Marketplace) -> None:
    """A request does, by its claim; a start within the half hour after it is none."""
    _ask(market, "tom", "lesson")
    roster = Roster(_SINCE, _UNTIL)
    market.fill_roster(roster, now=_NOW)

    assert roster.free_at(_MONDAY, _HOUR, _NOW) == ("tim",)
    assert roster.free_at(_MONDAY + _HOUR, _HOUR, _NOW) == ("tim",)
    assert roster.free_at(_MONDAY + timedelta(days=7), _HOUR, _NOW) == ("tim", "tom")


def test_one_tutor_is_brought_up_to_date_after_a_step(market: Marketplace) -> None:
    """Declined, the time is free again; a change beside an agreed lesson takes time of its own."""
    roster = Roster(_SINCE, _UNTIL)
    market.fill_roster(roster, now=_NOW)
    _ask(market, "tom", "first")
    assert market.fill_roster(roster, ["tom"], now=_NOW) == 1
    assert roster.free_at(_MONDAY, _HOUR, _NOW) == ("tim",)
    market.decline("first", by="tom", proposal=1, key="no", now=_NOW).or_raise()
    market.fill_roster(roster, ["tom"], now=_NOW)
    assert roster.free_at(_MONDAY, _HOUR, _NOW) == ("tim", "tom")
    _ask(market, "tom", "second")
    market.accept("second", by="tom", proposal=1, key="yes", now=_NOW).or_raise()
    week = timedelta(days=7)
    market.propose("second", by="ann", start=_MONDAY + week, key="change", now=_NOW).or_raise()
    market.fill_roster(roster, ["tom"], now=_NOW)
    assert roster.free_at(_MONDAY, _HOUR, _NOW) == roster.free_at(_MONDAY + week, _HOUR, _NOW) == ("tim",)


def test_what_has_lapsed_takes_no_time_though_nobody_swept(market: Marketplace) -> None:
    """As everywhere: when a sweeper ran is invisible."""
    _ask(market, "tom", "lesson")
    roster = Roster(_SINCE, _UNTIL)
    later = _NOW + timedelta(hours=48)
    market.fill_roster(roster, now=later)

    assert roster.free_at(_MONDAY, _HOUR, later) == ("tim", "tom")


def test_a_tutor_who_has_given_up_the_schedule_is_forgotten(market: Marketplace) -> None:
    """And one who never had one changes nothing."""
    roster = Roster(_SINCE, _UNTIL)
    market.fill_roster(roster, now=_NOW)
    market.set_schedule("tom", None)

    assert market.fill_roster(roster, ["tom", "una"], now=_NOW) == 0
    assert roster.tutors == ("tim",)


def test_what_it_says_is_what_the_marketplace_lists(market: Marketplace) -> None:
    """The soonest start of a roster is the first one that can be asked for."""
    _ask(market, "tom", "lesson")
    market.add_party("ben", zone="Europe/London")
    roster = Roster(_SINCE, _UNTIL)
    market.fill_roster(roster, now=_NOW)
    listed = {
        tutor: market.slots(student="ben", tutor=tutor, duration=_HOUR, since=_SINCE, until=_UNTIL, now=_NOW)[0]
        for tutor in ("tim", "tom")
    }

    assert {each.tutor: each.start for each in roster.soonest(_HOUR, _NOW)} == listed


def test_only_a_roster_can_be_filled(market: Marketplace) -> None:
    """What else is given is refused by name, and so is a tutor whom nobody knows."""
    with pytest.raises(InvalidType, match="roster"):
        market.fill_roster("all of them")  # type: ignore[arg-type]  # on purpose
    with pytest.raises(UnknownName, match="nobody"):
        market.fill_roster(Roster(_SINCE, _UNTIL), ["nobody"], now=_NOW)
