"""The calendar against what one would write without it: `python -m benchmarks.calendar [--rounds N] [--json]`.

Three ways of listing the slots of a schedule, written as their libraries' documentation suggests, stand beside ours:

* **by day**: the plain sweep with `zoneinfo`: for each local day its windows, for each window its starts, each turned
  into UTC and held against the bookings of that day;
* **rrule**: `dateutil.rrule` expands the starts of each weekday as wall time, `zoneinfo` makes instants of them;
* **whenever**: the sweep by day again, on the types of `whenever`.

All of them know less than an agenda: one grid, one zone, no buffers, caps, notice or horizon, no reasons, and hours
that no change of clock touches. What they list is the same, which is asserted before anything is measured.

Searching many tutors is measured against **one by one**: the sweep by day for each tutor, which stops at the first
start and gives up as soon as it lies behind the fiftieth best so far.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import sys
from bisect import insort
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, partial
from importlib.resources import files
from math import log
from random import Random
from statistics import mean
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import attrs
import whenever
from dateutil.rrule import DAILY, rrule

from benchmarks.measure import COMPUTING, Contestant, Timing, measured
from tutorcore.calendar import (
    WEEKDAYS,
    Agenda,
    Booking,
    Busy,
    Override,
    Roster,
    Schedule,
    TimeZones,
    WeeklyRule,
    Window,
)
from tutorcore.instants import Instant, instant

T = TypeVar("T")

NOW = instant("2026-01-01T00:00:00Z")
YEAR = NOW, NOW + timedelta(days=365)
MONTH = instant("2026-05-01T00:00:00Z"), instant("2026-06-01T00:00:00Z")
SLOT = timedelta(minutes=30)
HOUR = timedelta(hours=1)
ZONE = "Europe/Berlin"

TUTORS = 10_000
WEEKS = 8
OF_EACH = 30  # Bookings of each tutor, all within those weeks.
FIRST = 50
ASKED = instant("2026-01-04T07:13:00Z")  # A Sunday morning: little is free at once.
MIDDAY = instant("2026-01-14T12:00:00Z")  # A Wednesday at noon: one tutor in ten can be had.
UPDATES = 1_000

# The package that ours reads, so that all go by one database.
whenever.reset_tzpath([str(files("tzdata") / "zoneinfo")])
whenever.clear_tzcache()


class Plain(NamedTuple):
    """A schedule as a program without a calendar would keep it."""

    zone: ZoneInfo
    weekly: dict[int, list[tuple[int, int]]]
    dates: dict[date, list[tuple[int, int]]]
    bookings: dict[date, list[tuple[datetime, datetime]]]

    def windows(self, day: date) -> list[tuple[int, int]]:
        return self.dates.get(day, self.weekly.get(day.weekday(), []))

    def is_free(self, day: date, start: datetime, end: datetime) -> bool:
        return not any(begins < end and start < ends for begins, ends in self.bookings.get(day, ()))


def plain(schedule: Schedule, busy: list[Busy]) -> Plain:
    """Return the same schedule and busy time, made ready for the sweeps."""
    zone = ZoneInfo(schedule.zone)
    weekly: dict[int, list[tuple[int, int]]] = {}
    for rule in schedule.rules:
        weekly.setdefault(WEEKDAYS.index(rule.weekday), []).append((rule.window.start, rule.window.end))
    dates = {each.day: [(window.start, window.end) for window in each.windows] for each in schedule.overrides}
    bookings: dict[date, list[tuple[datetime, datetime]]] = {}
    for one in busy:
        for day in {one.start.astimezone(zone).date(), one.end.astimezone(zone).date()}:
            bookings.setdefault(day, []).append((one.start, one.end))
    return Plain(zone, weekly, dates, bookings)


def by_day(known: Plain, since: Instant, until: Instant, duration: timedelta = SLOT) -> Iterator[Instant]:
    """Yield the bookable starts: the plain sweep."""
    day, last = since.astimezone(known.zone).date(), until.astimezone(known.zone).date()
    while day <= last:
        midnight = datetime.combine(day, time(0), known.zone)
        for first, end in known.windows(day):
            for minute in range(first, end, 30):
                start = (midnight + timedelta(minutes=minute)).astimezone(UTC)
                stop = start + duration
                fits = minute + duration // timedelta(minutes=1) <= end and since <= start < until
                if fits and known.is_free(day, start, stop):
                    yield start
        day += timedelta(days=1)


def by_rrule(known: Plain, since: Instant, until: Instant) -> Iterator[Instant]:
    """Yield the bookable starts: recurrence rules for the weekdays, the exceptions by hand."""
    found: list[datetime] = []
    begin, end = (edge.astimezone(known.zone).replace(tzinfo=None) for edge in (since, until))
    for weekday, windows in known.weekly.items():
        minutes = [minute for first, last in windows for minute in range(first, last, 30)]
        dtstart = datetime.combine(begin.date(), time(0))
        for hour in sorted({minute // 60 for minute in minutes}):
            past = [minute % 60 for minute in minutes if minute // 60 == hour]
            rule = rrule(DAILY, dtstart=dtstart, until=end, byweekday=weekday, byhour=hour, byminute=past, bysecond=0)
            found.extend(wall for wall in rule if wall.date() not in known.dates)
    for day, windows in known.dates.items():
        midnight = datetime.combine(day, time(0))
        found.extend(midnight + timedelta(minutes=m) for first, last in windows for m in range(first, last, 30))
    for wall in sorted(found):
        start = wall.replace(tzinfo=known.zone).astimezone(UTC)
        if since <= start < until and known.is_free(wall.date(), start, start + SLOT):
            yield start


class Whenever(NamedTuple):
    """The schedule in the types of `whenever`."""

    zone: str
    known: Plain
    bookings: dict[date, list[tuple[whenever.Instant, whenever.Instant]]]


def on_whenever(zone: str, known: Plain) -> Whenever:
    made = {
        day: [(whenever.Instant(start), whenever.Instant(end)) for start, end in spans]
        for day, spans in known.bookings.items()
    }
    return Whenever(zone, known, made)


def by_whenever(plan: Whenever, since: Instant, until: Instant) -> Iterator[whenever.Instant]:
    """Yield the bookable starts: the sweep by day on `whenever`."""
    begin, end = whenever.Instant(since), whenever.Instant(until)
    day, last = begin.to_tz(plan.zone).date(), end.to_tz(plan.zone).date()
    while day <= last:
        standard = day.to_stdlib()
        for first, stop in plan.known.windows(standard):
            for minute in range(first, stop, 30):
                wall = day.at(whenever.Time(minute // 60, minute % 60))
                start = wall.assume_tz(plan.zone).to_instant()
                if not begin <= start < end:
                    continue
                over = start.add(minutes=30)
                if not any(one < over and start < other for one, other in plan.bookings.get(standard, ())):
                    yield start
        day = day.add(days=1)


def tutor_of_a_year(bookings: int = 500, rules: int = 5) -> tuple[Schedule, list[Busy]]:
    """Return a schedule of some weekly rules and 20 exceptions, and bookings all over the year."""
    length = 8 * 60 * 5 // rules // 5 * 5 or 5
    weekly = []
    for number in range(rules):
        begins = 9 * 60 + number // 5 * length
        weekly.append(WeeklyRule(WEEKDAYS[number % 5], Window(begins, begins + length)))
    short = (Window.of("10:00", "12:00"),)
    exceptions = tuple(Override(date(2026, 1, 8) + timedelta(days=17 * number), short) for number in range(20))
    apart = timedelta(days=365) / bookings // SLOT * SLOT or SLOT
    busy = [Busy(NOW + apart * number, NOW + apart * number + HOUR, f"b{number}") for number in range(bookings)]
    return Schedule(ZONE, tuple(weekly), overrides=exceptions), busy


SCHEDULE, BUSY = tutor_of_a_year()
KNOWN = plain(SCHEDULE, BUSY)
PLAN = on_whenever(ZONE, KNOWN)


def _ours(since: Instant, until: Instant) -> list[Instant]:
    return list(Agenda(SCHEDULE, NOW, BUSY).slots(SLOT, since, until))


def _ours_unseen(since: Instant, until: Instant) -> int:
    return len(Agenda(SCHEDULE, NOW, BUSY).slots(SLOT, since, until))


def _ours_cold(since: Instant, until: Instant) -> list[Instant]:
    agenda = Agenda(SCHEDULE, NOW, BUSY, database=TimeZones.installed())
    return list(agenda.slots(SLOT, since, until))


def _by_day_cold(since: Instant, until: Instant) -> list[Instant]:
    return list(by_day(KNOWN._replace(zone=ZoneInfo.no_cache(ZONE)), since, until))


def _warm() -> Callable[[], object]:
    agenda = Agenda(SCHEDULE, NOW, BUSY)
    list(agenda.slots(SLOT, *MONTH))
    return _often(lambda: list(agenda.slots(SLOT, *MONTH)))


def _first() -> Callable[[], object]:
    agenda = Agenda(SCHEDULE, NOW, BUSY)
    agenda.next_slot(SLOT, MONTH[0])
    return _often(lambda: agenda.next_slot(SLOT, MONTH[0]))


# Not a minute is left in that month but for its last days.
MUCH = [
    Busy(MONTH[0] + timedelta(days=number), MONTH[0] + timedelta(days=number + 1), f"m{number}") for number in range(27)
]
FULL = plain(SCHEDULE, MUCH)


def _first_of_full() -> Callable[[], object]:
    agenda = Agenda(SCHEDULE, NOW, MUCH)
    return _often(lambda: agenda.next_slot(SLOT, MONTH[0]))


def _often(deed: Callable[[], object], times: int = 20) -> Callable[[], object]:
    return lambda: [deed() for _ in range(times)]


def _said(deed: Callable[[], object]) -> Callable[[], Callable[[], object]]:
    return lambda: deed


@cache
def tutors(count: int = TUTORS) -> dict[str, tuple[Schedule, list[Busy]]]:
    """Return many tutors, always the same: two to six days a week, in eight zones, with notice and a horizon."""
    random = Random(count)
    zones = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "Asia/Kolkata", "Europe/London", "America/Sao_Paulo")
    found = {}
    for number in range(count):
        rules = []
        for day in random.sample(WEEKDAYS, random.randint(2, 6)):
            first = random.randint(14, 34)
            rules.append(WeeklyRule(day, Window(first * 30, min(first + random.randint(4, 10), 48) * 30)))
        booking = Booking(notice=HOUR * random.choice((0, 2, 12, 24, 48)), horizon=HOUR * 24 * WEEKS * 7)
        schedule = Schedule(random.choice(zones), tuple(rules), booking=booking)
        starts = (NOW + SLOT * random.randrange(WEEKS * 7 * 48) for _ in range(OF_EACH))
        found[f"t{number:06}"] = schedule, [Busy(start, start + HOUR, f"b{n}") for n, start in enumerate(starts)]
    return found


@cache
def capped_tutors() -> dict[str, tuple[Schedule, list[Busy]]]:
    """Return the tutors, of whom every third has caps, reached on many days and in some weeks."""
    found = dict(tutors())
    for number, tutor in enumerate(list(found)[::3]):
        schedule, busy = found[tutor]
        booking = attrs.evolve(schedule.booking, most_per_day=1 + number % 2, most_per_week=5)
        found[tutor] = attrs.evolve(schedule, booking=booking), busy
    return found


def roster(count: int = TUTORS, weeks: int = WEEKS) -> Roster:
    """Return a roster of many tutors, ready to be asked."""
    return _roster(tutors(count), weeks)


def _roster(known: dict[str, tuple[Schedule, list[Busy]]], weeks: int) -> Roster:
    made = Roster(NOW, NOW + timedelta(weeks=weeks))
    for tutor, (schedule, busy) in known.items():
        made.put(tutor, schedule, busy)
    made.soonest(HOUR, NOW)
    return made


@cache
def _known_tutors(count: int) -> dict[str, tuple[Plain, timedelta]]:
    return {id: (plain(each, busy), each.booking.notice) for id, (each, busy) in tutors(count).items()}


def one_by_one(count: int, now: Instant) -> list[tuple[Instant, str]]:
    """Return the first starts of the 50 tutors who can be booked soonest: a scan that gives up early."""
    best: list[tuple[Instant, str]] = []
    until = NOW + timedelta(weeks=WEEKS)
    for tutor, (known, notice) in _known_tutors(count).items():
        limit = best[-1][0] + timedelta(microseconds=1) if len(best) == FIRST else until
        start = next(by_day(known, now + notice, limit, HOUR), None)
        if start is not None:
            insort(best, (start, tutor))
            del best[FIRST:]
    return best


ROSTER = cache(roster)


@cache
def capped_roster() -> Roster:
    return _roster(capped_tutors(), WEEKS)


def _one_agenda_each(known: Callable[[], dict[str, tuple[Schedule, list[Busy]]]] = tutors) -> list[tuple[Instant, str]]:
    """Return the same by our own agendas, one by one: what a roster saves."""
    found = []
    for tutor, (schedule, busy) in known().items():
        start = Agenda(schedule, ASKED, busy).next_slot(HOUR, ASKED)
        if start is not None:
            found.append((start, tutor))
    return sorted(found)[:FIRST]


def _soonest(known: Callable[[], Roster] = ROSTER) -> Callable[[], object]:
    made = known()
    return lambda: [made.soonest(HOUR, ASKED, FIRST) for _ in range(50)]


def _free_at(known: Callable[[], Roster] = ROSTER) -> Callable[[], object]:
    made = known()
    return lambda: [made.free_at(MIDDAY, HOUR, ASKED) for _ in range(20)]


def _updates() -> list[tuple[str, Busy]]:
    random, ids = Random(1), list(tutors())
    starts = [NOW + SLOT * random.randrange(WEEKS * 7 * 48) for _ in range(UPDATES)]
    return [(random.choice(ids), Busy(start, start + HOUR, f"new{number}")) for number, start in enumerate(starts)]


def _book() -> Callable[[], object]:
    made, updates = ROSTER(), _updates()
    for tutor, busy in updates:
        made.release(tutor, busy.id)
    return lambda: [made.book(tutor, busy) for tutor, busy in updates]


def _release() -> Callable[[], object]:
    made, updates = ROSTER(), _updates()
    for tutor, busy in updates:
        made.book(tutor, busy)
    return lambda: [made.release(tutor, busy.id) for tutor, busy in updates]


def _change() -> Callable[[], object]:
    made, chosen = ROSTER(), list(tutors().items())[:100]
    for tutor, _ in chosen:
        made.put(tutor, Schedule(ZONE))
    return lambda: [made.put(tutor, schedule, busy) for tutor, (schedule, busy) in chosen]


@attrs.frozen
class Bar:
    """How many times as fast as `other` ours should be."""

    ours: str
    other: str
    bar: float


OF_ONE = (
    Contestant("year, by day", 1, _said(lambda: list(by_day(KNOWN, *YEAR)))),
    Contestant("year, rrule", 1, _said(lambda: list(by_rrule(KNOWN, *YEAR)))),
    Contestant("year, whenever", 1, _said(lambda: list(by_whenever(PLAN, *YEAR)))),
    Contestant("year, ours", 1, _said(lambda: _ours_unseen(*YEAR))),
    Contestant("year, ours, each looked at", 1, _said(lambda: _ours(*YEAR))),
    Contestant("month, by day", 1, _said(lambda: list(by_day(KNOWN, *MONTH)))),
    Contestant("month, by day, cold", 1, _said(lambda: _by_day_cold(*MONTH))),
    Contestant("month, rrule", 1, _said(lambda: list(by_rrule(KNOWN, *MONTH)))),
    Contestant("month, whenever", 1, _said(lambda: list(by_whenever(PLAN, *MONTH)))),
    Contestant("month, ours, cold", 1, _said(lambda: _ours_cold(*MONTH))),
    Contestant("month, ours", 1, _said(lambda: _ours(*MONTH))),
    Contestant("month, ours, warm", 20, _warm),
    Contestant("first, by day", 20, _said(_often(lambda: next(by_day(KNOWN, *MONTH), None)))),
    Contestant("first, ours", 20, _first),
    Contestant("first in a full month, by day", 5, _said(_often(lambda: next(by_day(FULL, *MONTH), None), 5))),
    Contestant("first in a full month, ours", 20, _first_of_full),
)
OF_MANY = (
    Contestant("50 soonest, ours", 50, _soonest),
    Contestant("50 soonest, a third with caps", 50, partial(_soonest, capped_roster)),
    Contestant("free at a time", 20, _free_at),
    Contestant("free at a time, a third with caps", 20, partial(_free_at, capped_roster)),
    Contestant("roster, booking", UPDATES, _book),
    Contestant("roster, booking taken back", UPDATES, _release),
    Contestant("roster, another schedule", 100, _change),
    Contestant("50 soonest, one by one", 1, _said(lambda: one_by_one(TUTORS, ASKED))),
)
SLOW = (
    Contestant("50 soonest, an agenda each", 1, _said(_one_agenda_each)),
    Contestant("roster, made anew", 1, _said(roster)),
)
BARS = (
    Bar("year, ours", "year, by day", 8),
    Bar("50 soonest, ours", "50 soonest, one by one", 500),
)
LONGEST_BOOKING = 10e-6
BESIDES = (
    Bar("year, ours, each looked at", "year, by day", 0),
    Bar("year, ours", "year, rrule", 0),
    Bar("year, ours", "year, whenever", 0),
    Bar("month, ours", "month, by day", 0),
    Bar("month, ours, cold", "month, by day, cold", 0),
    Bar("month, ours, warm", "month, by day", 0),
    Bar("first, ours", "first, by day", 0),
    Bar("first in a full month, ours", "first in a full month, by day", 0),
    Bar("50 soonest, ours", "50 soonest, an agenda each", 0),
    Bar("50 soonest, a third with caps", "50 soonest, ours", 0),
    Bar("free at a time, a third with caps", "free at a time", 0),
)


def check() -> None:
    """Make sure that all ways give the same answers."""
    for span in (YEAR, MONTH):
        expected = _ours(*span)
        assert list(by_day(KNOWN, *span)) == expected
        assert list(by_rrule(KNOWN, *span)) == expected
        assert [start.to_stdlib() for start in by_whenever(PLAN, *span)] == expected
    assert next(by_day(FULL, *MONTH), None) == Agenda(SCHEDULE, NOW, MUCH).next_slot(SLOT, MONTH[0])
    found = _found(ROSTER())
    assert len(found) == FIRST
    assert found == one_by_one(TUTORS, ASKED) == _one_agenda_each()
    assert _found(capped_roster()) == _one_agenda_each(capped_tutors)


def _found(made: Roster) -> list[tuple[Instant, str]]:
    return [(opening.start, opening.tutor) for opening in made.soonest(HOUR, ASKED, FIRST)]


def timings(rounds: int) -> dict[str, Timing]:
    """Return the timing of everything, the slow ones in fewer rounds."""
    return {
        **measured(OF_ONE, rounds, COMPUTING),
        **measured(OF_MANY, max(rounds // 2, 1), COMPUTING),
        **measured(SLOW, max(rounds // 10, 1), COMPUTING),
    }


@attrs.frozen
class Growth:
    """What something took, in seconds or bytes, at several sizes of something else."""

    what: str
    per: str
    taken: dict[int, float]

    @property
    def slope(self) -> float:
        """The slope of the line through the logarithms: 1 where twice the size takes twice as much."""
        points = [(log(size), log(taken)) for size, taken in self.taken.items()]
        middle = mean(x for x, _ in points), mean(y for _, y in points)
        rise = sum((x - middle[0]) * (y - middle[1]) for x, y in points)
        return rise / sum((x - middle[0]) ** 2 for x, _ in points)


def growths() -> Iterator[Growth]:
    """Yield how cost grows."""
    rules = {count: tutor_of_a_year(rules=count) for count in (5, 20, 80, 320)}
    yield Growth("a year's list", "rules", _each(rules, lambda known: _listed(*known, YEAR)))
    busy = {count: tutor_of_a_year(count) for count in (100, 1_000, 10_000, 100_000)}
    yield Growth("agenda and month's page", "bookings", _each(busy, lambda known: _listed(*known, MONTH)))
    agendas = {count: Agenda(schedule, NOW, times) for count, (schedule, times) in busy.items()}
    yield Growth("month's page, warm", "bookings", _each(agendas, lambda agenda: len(agenda.slots(SLOT, *MONTH))))
    days = {count: (NOW, NOW + timedelta(days=count)) for count in (30, 91, 365, 730)}
    yield Growth("list, warm", "days listed", _each(days, lambda span: len(agendas[1_000].slots(SLOT, *span))))
    yield from _of_rosters("tutors", {count: partial(roster, count) for count in (1_000, 3_000, 10_000)})
    yield from _of_rosters("weeks seen", {weeks: partial(roster, 1_000, weeks) for weeks in (4, 16, 64)})


def _of_rosters(per: str, making: dict[int, Callable[[], Roster]]) -> Iterator[Growth]:
    yield Growth("roster made anew", per, _each(making, lambda make: make(), times=1))
    made = {size: make() for size, make in making.items()}
    yield Growth("50 soonest", per, _each(made, lambda each: each.soonest(HOUR, ASKED, FIRST)))
    yield Growth("booking and taking back", per, _each(made, _back_and_forth))
    yield Growth("memory, bytes", per, {size: float(each.memory()) for size, each in made.items()})


def _each(things: dict[int, T], deed: Callable[[T], object], times: int = 5) -> dict[int, float]:
    return {size: min(_seconds(partial(deed, thing)) for _ in range(times)) for size, thing in things.items()}


def _seconds(deed: Callable[[], object]) -> float:
    gc.collect()
    began = COMPUTING()
    deed()
    return COMPUTING() - began


def _listed(schedule: Schedule, busy: list[Busy], span: tuple[Instant, Instant]) -> int:
    return len(Agenda(schedule, NOW, busy).slots(SLOT, *span))


def _back_and_forth(made: Roster) -> None:
    tutor = made.tutors[0]
    for _, busy in _updates():
        made.book(tutor, busy)
        made.release(tutor, busy.id)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calendar", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20, help="rounds of each contestant (20)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    gc.enable()
    check()
    found, grown = timings(options.rounds), list(growths())
    print(json.dumps(_document(found, grown), indent=2) if options.json else "\n".join(_report(found, grown)))


def _document(found: dict[str, Timing], grown: list[Growth]) -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "microseconds": {name: {"middle": each.middle * 1e6, "best": each.best * 1e6} for name, each in found.items()},
        "ratios": [{**attrs.asdict(bar), "ratio": ratio(bar, found)} for bar in (*BARS, *BESIDES)],
        "memory": ROSTER().memory(),
        "growth": [{**attrs.asdict(each), "slope": each.slope} for each in grown],
    }


def _report(found: dict[str, Timing], grown: list[Growth]) -> Iterator[str]:
    yield f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    yield f"\n{'us':34}{'middle':>12}{'best':>12}"
    for name, timing in found.items():
        yield f"{name:34}{timing.middle * 1e6:12.1f}{timing.best * 1e6:12.1f}"
    yield f"\n{'times as fast':66}{'found':>8}{'bar':>8}"
    for bar in (*BARS, *BESIDES):
        times = ratio(bar, found)
        judged = f"{bar.bar:8g}  {'reached' if times >= bar.bar else 'not reached'}" if bar.bar else ""
        yield f"{f'{bar.ours}: as {bar.other}':66}{times:8.2f}{judged}"
    booking = found["roster, booking"].middle
    reached = "reached" if booking <= LONGEST_BOOKING else "not reached"
    yield f"{'roster, booking: us, at most':66}{booking * 1e6:8.2f}{LONGEST_BOOKING * 1e6:8g}  {reached}"
    yield f"\nmemory of a roster of {TUTORS} tutors for {WEEKS} weeks: {ROSTER().memory() / 1e6:.1f} MB"
    yield f"\n{'growth: seconds (or bytes) at each size':50}{'slope':>8}"
    for each in grown:
        sizes = "  ".join(f"{size}: {taken:.3g}" for size, taken in each.taken.items())
        yield f"{f'{each.what}, by {each.per}':50}{each.slope:8.2f}  {sizes}"


def ratio(bar: Bar, found: dict[str, Timing]) -> float:
    return found[bar.other].middle / found[bar.ours].middle


if __name__ == "__main__":
    sys.exit(main())
