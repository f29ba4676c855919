"""Outside calendars: what they say stands in the way wherever a time can be had, and is told to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore import (
    Instant,
    InvalidType,
    InvalidValue,
    Marketplace,
    MemoryStorage,
    Offer,
    Refusal,
    UnknownName,
    instant,
    load_policy,
    load_preset,
)
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.calendar import WEEKDAYS, Booking, Busy, Kind, Roster, Schedule, WeeklyRule, Window
from tutorcore.ports.storage import Storage

_NOW = instant("2026-05-04T10:00:00Z")
_HOUR = timedelta(hours=1)
_QUARTER = timedelta(minutes=15)
_EIGHT = instant("2026-05-06T08:00:00Z")
_NOON = _EIGHT + 4 * _HOUR
_FREE = load_policy('extends = "italki"\nid = "free"\nrequest.bookable = false\n')
_HOURS = Schedule(
    "UTC",
    tuple(WeeklyRule(day, Window.of("08:00", "20:00")) for day in WEEKDAYS),
    booking=Booking(before=_QUARTER, step=_QUARTER),
)


def _busy(start: Instant, id: str = "choir@example.com", kind: Kind = "event", expires: Instant | None = None) -> Busy:
    return Busy(start, start + _HOUR, id, kind, expires)


def _market(storage: Storage) -> Marketplace:
    made = Marketplace(storage, [load_preset("italki"), _FREE])
    for party in ("ann", "ben", "tim", "tom"):
        made.add_party(party, zone="UTC")
    made.add_party("olga", zone="UTC", grants=["operator"])
    made.set_schedule("tom", _HOURS)
    return made


@pytest.fixture(params=["memory", "sqlite"])
def market(request: pytest.FixtureRequest) -> Iterator[Marketplace]:
    """A marketplace in a store of either kind, in which tom teaches from eight to eight."""
    if request.param == "memory":
        yield _market(MemoryStorage())
    else:
        with open_sqlite(":memory:") as opened:
            yield _market(opened)


def _listed(market: Marketplace, now: Instant = _NOW, student: str = "ann") -> tuple[Instant, ...]:
    return market.slots(
        student=student, tutor="tom", duration=_HOUR, since=_EIGHT, until=_EIGHT + 12 * _HOUR, policy="italki", now=now
    )


def _asked(
    market: Marketplace, start: Instant, id: str = "L1", now: Instant = _NOW, policy: str = "italki"
) -> Refusal | None:
    return market.request(
        student="ann", tutor="tom", start=start, duration=_HOUR, price="0", lesson=id, key=f"{id} {start} {now}",
        policy=policy, now=now,
    ).refusal  # fmt: skip


def _tried(market: Marketplace, start: Instant, now: Instant = _NOW) -> Refusal | None:
    """Ask, and take it back where that can be done."""
    id = f"tried-{len(market.lessons())}"
    refusal = _asked(market, start, id, now)
    if refusal is None:
        market.withdraw(id, by="ann", key=f"not {id}", now=now).or_raise()
    return refusal


def _said(market: Marketplace, start: Instant, by: str = "ann") -> list[tuple[str, str, str]]:
    """What the verdict about Ann's hour with Tom has against it, as told to somebody."""
    explained = market.explain(
        student="ann", tutor="tom", start=start, duration=_HOUR, policy="italki", by=by, now=_NOW
    )
    return [(reason.code, reason.detail, reason.id) for reason in explained.verdict.reasons]


@pytest.mark.parametrize("kind", ["event", "tentative", "hold"])
def test_a_tutor_s_calendar_stands_in_the_way_of_asking(market: Marketplace, kind: Kind) -> None:
    """Listing, explaining and asking agree, at each edge; the tutor's own pause before the new lesson holds too."""
    market.set_busy("tom", [_busy(_NOON, kind=kind)])
    listed = _listed(market)

    found = []
    for start in (_NOON - _HOUR, _NOON - 3 * _QUARTER, _NOON, _NOON + _HOUR, _NOON + _HOUR + _QUARTER):
        explained = market.explain(student="ann", tutor="tom", start=start, duration=_HOUR, policy="italki", now=_NOW)
        refusal = _tried(market, start)
        assert refusal == explained.refusal
        assert (refusal is None) == explained.verdict.ok == (start in listed)
        found.append("" if refusal is None else refusal.facts["codes"])

    code = "hold" if kind == "hold" else "event"
    assert found == ["", code, code, "buffer", ""]


def test_an_event_has_the_pauses_that_it_brings(market: Marketplace) -> None:
    """Half an hour after the dentist, say; the longer pause of the two holds."""
    half = timedelta(minutes=30)
    market.set_busy("tom", [Busy(_NOON, _NOON + _HOUR, "dentist", "event", after=half)])

    assert _NOON + _HOUR + half in _listed(market)
    assert _NOON + _HOUR + _QUARTER not in _listed(market)


def test_a_student_s_calendar_stands_in_the_way_as_well(market: Marketplace) -> None:
    """Of the one who asks, and of nobody else; without the tutor's pause."""
    market.set_busy("ann", [_busy(_NOON)])

    assert {_NOON - _HOUR, _NOON + _HOUR} <= set(_listed(market))
    assert not {_NOON - _QUARTER, _NOON, _NOON + 3 * _QUARTER} & set(_listed(market))
    assert _NOON in _listed(market, student="ben")
    refusal = _asked(market, _NOON)
    assert refusal is not None
    assert refusal.facts["reasons"] == "ann is not free then"


@pytest.mark.parametrize("whose", ["ann", "tom"])
def test_an_agreed_lesson_is_not_moved_into_it(market: Marketplace, whose: str) -> None:
    """Neither listed, nor explained as free, nor offered in the dialog, nor done; elsewhere it is all of that."""
    assert _asked(market, _EIGHT) is None
    market.accept("L1", by="tom", proposal=1, key="yes", now=_NOW).or_raise()
    market.set_busy(whose, [_busy(_NOON)])

    since, until = _EIGHT, _EIGHT + 12 * _HOUR
    listed = market.slots_to_move("L1", by="ann", since=since, until=until, now=_NOW)
    explained = market.explain_move("L1", by="ann", start=_NOON, now=_NOW)
    shown = market.preview("propose", "L1", by="ann", offer=Offer(start=_NOON), now=_NOW)
    done = market.propose("L1", by="ann", start=_NOON, key="change", now=_NOW)

    assert _NOON not in listed
    assert _NOON + 2 * _HOUR in listed
    assert done.refusal is not None
    assert done.refusal.facts["codes"] == ("party" if whose == "ann" else "event")
    assert explained.refusal == shown == done.refusal
    assert market.propose("L1", by="ann", start=_NOON + 2 * _HOUR, key="other", now=_NOW).ok


def test_a_roster_knows_the_tutor_s_calendar(market: Marketplace) -> None:
    """What the roster finds first is what the list begins with, though an event has the id of a lesson's time."""
    assert _asked(market, _EIGHT) is None
    market.set_busy("tom", [_busy(_EIGHT + 2 * _HOUR, "L1/1"), _busy(_EIGHT + 3 * _HOUR, "/L1/1")])
    roster = Roster(_EIGHT, _EIGHT + 12 * _HOUR)
    market.fill_roster(roster, now=_NOW)

    [opening] = roster.soonest(_HOUR, _NOW)
    assert opening.start == _listed(market, student="ben")[0] == _EIGHT + 17 * _QUARTER

    market.set_busy("tom", ())
    assert market.fill_roster(roster, ["tom"], now=_NOW) == 1
    assert roster.soonest(_HOUR, _NOW)[0].start == _listed(market, student="ben")[0] == _EIGHT + 5 * _QUARTER


def test_a_roster_forgets_what_it_was_told_by_hand(market: Marketplace) -> None:
    """What the marketplace puts in is all that there is to know of a tutor."""
    roster = Roster(_EIGHT, _EIGHT + 12 * _HOUR)
    market.fill_roster(roster, now=_NOW)
    roster.book("tom", _busy(_NOON, "checkout", "hold"))
    before = roster.free_at(_NOON, _HOUR, _NOW)
    market.fill_roster(roster, ["tom"], now=_NOW)

    assert (before, roster.free_at(_NOON, _HOUR, _NOW)) == ((), ("tom",))


def test_a_hold_goes_when_it_expires(market: Marketplace) -> None:
    """At its very instant, for the list, whoever asks, and the roster alike, though nobody removed it."""
    ends = _NOW + _HOUR
    market.set_busy("tom", [_busy(_NOON, "checkout", "hold", ends)])
    roster = Roster(_EIGHT, _EIGHT + 12 * _HOUR)
    market.fill_roster(roster, now=_NOW)

    for now in (ends - timedelta(microseconds=1), ends):
        is_free = now == ends
        assert (_NOON in _listed(market, now)) is is_free
        assert (roster.free_at(_NOON, _HOUR, now) == ("tom",)) is is_free
        assert (_tried(market, _NOON, now) is None) is is_free


def test_where_hours_are_left_to_people_calendars_are_too(market: Marketplace) -> None:
    """A request that need not be bookable, and a tutor without a schedule: only lessons stand in the way."""
    market.set_busy("tom", [_busy(_NOON)])
    market.set_busy("tim", [_busy(_NOON)])
    market.set_busy("ann", [_busy(_NOON + 5 * _HOUR, "exam")])

    assert _asked(market, _NOON, policy="free") is None
    asked = market.request(
        student="ben", tutor="tim", start=_NOON, duration=_HOUR, price="0", key="tim", policy="italki", now=_NOW
    )
    assert asked.ok


def test_a_lesson_that_is_agreed_stays(market: Marketplace) -> None:
    """An event that comes later moves nothing, and what is asked for can still be accepted: its time is its own."""
    assert _asked(market, _NOON) is None
    market.set_busy("tom", [_busy(_NOON)])

    assert market.accept("L1", by="tom", proposal=1, key="yes", now=_NOW).ok


@pytest.mark.parametrize(
    ("kind", "told"),
    [("event", "the tutor has something else to do then"), ("hold", "the tutor keeps that time free for somebody")],
)
def test_only_whose_calendar_it_is_learns_what_is_in_it(market: Marketplace, kind: Kind, told: str) -> None:
    """Not the student, not an operator, and no refusal; not even where the entry has the id of the reader's lesson."""
    assert _asked(market, _EIGHT, "mine") is None
    for id in ("choir@example.com", "mine"):
        market.set_busy("tom", [_busy(_NOON, id, kind)])
        near = "too little time would lie between this and something else that the tutor does"
        for reader in ("ann", "olga"):
            assert [each[1:] for each in _said(market, _NOON, reader)] == [(told, "")]
            assert [each[1:] for each in _said(market, _NOON + _HOUR, reader)] == [(near, "")]
        [(_, detail, named)] = _said(market, _NOON, "tom")
        assert named == id
        assert id in detail
        refusal = _tried(market, _NOON)
        assert refusal is not None
        assert refusal.facts["reasons"] == told


def test_a_student_s_calendar_is_the_student_s(market: Marketplace) -> None:
    """Ann reads what hers says; Tom, who may ask for her, learns that she is not free."""
    market.set_busy("ann", [_busy(_NOON)])

    [(_, hers, id)] = _said(market, _NOON)
    [(_, his, hidden)] = _said(market, _NOON, "tom")

    assert (id, hidden) == ("choir@example.com", "")
    assert "choir@example.com" in hers
    assert his == "ann is not free then"


def test_what_is_kept_is_given_back_and_replaced_and_removed(market: Marketplace) -> None:
    """In order, with everything that there is to it; each party's is its own, and what comes replaces what was."""
    hold = Busy(_NOON, _NOON + _HOUR, "hold \u00e9\ud800", "hold", _NOW, timedelta(microseconds=1), _HOUR)
    given = [hold, _busy(_NOON, "b", "tentative"), _busy(_NOON, "a"), _busy(_EIGHT, "c")]
    nothing = market.busy("tom")
    market.set_busy("tom", iter(given))
    kept, other = market.busy("tom"), market.busy("ann")
    market.set_busy("tom", given[3:])
    replaced = market.busy("tom")
    market.set_busy("tom", ())

    assert nothing == other == market.busy("tom") == ()
    assert kept == (given[3], given[2], given[1], hold)
    assert replaced == (given[3],)
    assert _NOON in _listed(market)


@pytest.mark.parametrize(
    ("busy", "error", "message"),
    [
        (None, InvalidType, "busy time is None .*; expected an iterable of Busy"),
        ("choir", InvalidType, "busy time is 'c' .*; expected a Busy"),
        ([_busy(_NOON, kind="lesson")], InvalidValue, "kind of busy time 'choir@example.com' is 'lesson'"),
        ([_busy(_NOON, kind="request")], InvalidValue, "expected one of event, tentative, hold, for lessons and"),
        ([_busy(_NOON), _busy(_EIGHT)], InvalidValue, "id of a busy time is 'choir@example.com'; expected another id"),
        ([_busy(_NOON)] * 10_001, InvalidValue, "number of busy times is 10001; expected at most 10,000"),
    ],
)
def test_what_is_none_is_refused_and_changes_nothing(
    market: Marketplace, busy: list[Busy], error: type[Exception], message: str
) -> None:
    """By name; what was kept stays."""
    market.set_busy("tom", [_busy(_NOON)])

    with pytest.raises(error, match=message):
        market.set_busy("tom", busy)
    assert market.busy("tom") == (_busy(_NOON),)


def test_calendars_are_kept_of_people_who_are_known(market: Marketplace) -> None:
    """A stranger is named, whether one writes or reads."""
    with pytest.raises(UnknownName, match="max"):
        market.set_busy("max", ())
    with pytest.raises(UnknownName, match="max"):
        market.busy("max")


_TIMES = st.builds(
    lambda quarter, length, kind, before, after, holds: Busy(
        _EIGHT + quarter * _QUARTER, _EIGHT + (quarter + length) * _QUARTER, f"{quarter}/{length}/{kind}", kind,
        _NOW + holds * _HOUR if kind == "hold" and holds else None, before * _QUARTER, after * _QUARTER,
    ),
    st.integers(-8, 56), st.integers(1, 60), st.sampled_from(["event", "tentative", "hold"]), st.integers(0, 3),
    st.integers(0, 3), st.integers(0, 2),
)  # fmt: skip


@given(
    st.lists(_TIMES, max_size=6, unique_by=lambda one: one.id),
    st.lists(_TIMES, max_size=3, unique_by=lambda one: one.id),
    st.integers(0, 2),
)
def test_what_is_listed_can_be_had_and_nothing_else(own: list[Busy], theirs: list[Busy], hours: int) -> None:
    """Whatever the calendars say: of every quarter of the day, the list, the explanation, the dialog to move a lesson
    and the command say one thing, which is what one finds by comparing times; and a roster agrees about the tutor.
    """
    market, now = _market(MemoryStorage()), _NOW + hours * _HOUR
    market.set_busy("tom", own)
    market.set_busy("ann", theirs)
    roster = Roster(_EIGHT - 9 * _HOUR, _EIGHT + 15 * _HOUR)
    market.fill_roster(roster, now=now)
    listed, hers = _listed(market, now), _listed(market, now, "ben")

    for number in range(45):
        start = _EIGHT + number * _QUARTER
        clear = _is_clear(own, start, now, _QUARTER)
        assert (start in hers) is clear
        assert (roster.free_at(start, _HOUR, now) == ("tom",)) is clear
        assert (start in listed) is (clear and _is_clear(theirs, start, now))
    for start in (*listed[:2], *(_EIGHT + number * 4 * _QUARTER for number in range(6))):
        assert (_tried(market, start, now) is None) is (start in listed)


def _is_clear(busy: list[Busy], start: Instant, now: Instant, before: timedelta = timedelta(0)) -> bool:
    """Whether an hour keeps clear of all that: by the longer of its pause and theirs."""
    return all(
        start + _HOUR + each.before <= each.start or each.end + max(each.after, before) <= start
        for each in busy
        if each.expires is None or each.expires > now
    )
