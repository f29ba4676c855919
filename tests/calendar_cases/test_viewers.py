"""The same listing for everybody: whoever looks, from wherever, at whichever pages."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tutorcore.calendar import (
    ANCHORS,
    WEEKDAYS,
    Agenda,
    Booking,
    Busy,
    Schedule,
    WeeklyRule,
    Window,
    first_instant,
    to_local,
    zone,
    zone_names,
)
from tutorcore.instants import Instant, instant

_ZONES = st.sampled_from(sorted(zone_names()))
_DAYS = 6
# Weeks of changes: America's, Europe's, the south's, Samoa's jump, the night of St. John's, and none at all.
_WEEKS = st.sampled_from(
    ["2026-03-06", "2026-03-27", "2026-04-02", "2026-10-23", "2011-12-28", "2010-11-05", "2026-06-10"]
).map(date.fromisoformat)
_STEPS = st.sampled_from([15, 30, 50, 60, 1440]).map(lambda minutes: timedelta(minutes=minutes))
_LENGTHS = st.sampled_from([25, 60, 180]).map(lambda minutes: timedelta(minutes=minutes))


def _agenda(home: str, week: date, booking: Booking, windows: list[tuple[int, int]]) -> Agenda:
    rules = (WeeklyRule(day, Window(start, start + length)) for day in WEEKDAYS for start, length in windows)
    begins = instant(f"{week}T00:00Z") + timedelta(days=2)
    taken = Busy(begins, begins + timedelta(minutes=50), "lesson-1", after=timedelta(minutes=10))
    return Agenda(Schedule(home, tuple(rules), booking=booking), instant(f"{week}T00:00Z"), [taken])


_AGENDAS = {
    "week": _WEEKS,
    "home": _ZONES,
    "viewer": _ZONES,
    "booking": st.builds(Booking, step=_STEPS, anchor=st.sampled_from(ANCHORS), most_per_day=st.none() | st.just(1)),
    "windows": st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 1440)), min_size=1, max_size=3),
    "duration": _LENGTHS,
}


def _days(week: date, viewer: str) -> list[Instant]:
    """Return where the days of that week begin for the viewer; a date that the viewer's zone skipped has no length."""
    return [first_instant(week + timedelta(days=ahead), viewer) for ahead in range(_DAYS + 1)]


@given(**_AGENDAS)
def test_the_pages_of_any_viewer_s_days_are_one_list(
    week: date, home: str, viewer: str, booking: Booking, windows: list[tuple[int, int]], duration: timedelta
) -> None:
    """Paged by the days of whichever clock, with midnights missing or coming twice, no slot is lost or doubled."""
    agenda, edges = _agenda(home, week, booking, windows), _days(week, viewer)

    paged = [start for since, until in pairwise(edges) for start in agenda.slots(duration, since, until)]

    assert paged == list(agenda.slots(duration, edges[0], edges[-1]))


@given(**_AGENDAS)
def test_what_is_asked_by_another_clock_is_the_same_question(
    week: date, home: str, viewer: str, booking: Booking, windows: list[tuple[int, int]], duration: timedelta
) -> None:
    """Ranges and starts may be given by the viewer's clock, as a zone or as a mere offset: the answer is the same."""
    agenda, edges = _agenda(home, week, booking, windows), _days(week, viewer)
    since, until = edges[0], edges[-1]
    seen, offset = (since.astimezone(zone(viewer)), until.astimezone(zone(viewer))), to_local(since, viewer)

    found = agenda.slots(duration, since, until)

    assert list(agenda.slots(duration, *seen)) == list(found)
    assert agenda.next_slot(duration, offset) == agenda.next_slot(duration, since)
    for start in (*found[:3], since, until - duration):
        verdict = agenda.is_bookable(start, duration)
        assert agenda.is_bookable(start.astimezone(zone(viewer)), duration) == verdict
        assert agenda.is_bookable(to_local(start, viewer), duration) == verdict


@given(**_AGENDAS)
def test_every_anchor_counts_from_the_tutor_s_clock_alone(
    week: date, home: str, viewer: str, booking: Booking, windows: list[tuple[int, int]], duration: timedelta
) -> None:
    """A day of the viewer's, taken out of the middle of a list, has the starts that the list has there."""
    agenda, edges = _agenda(home, week, booking, windows), _days(week, viewer)
    since, until = edges[2], max(edges[3], edges[2])

    whole = agenda.slots(duration, edges[0] - timedelta(days=3), edges[-1] + timedelta(days=3))

    assert list(agenda.slots(duration, since, until)) == [start for start in whole if since <= start < until]
