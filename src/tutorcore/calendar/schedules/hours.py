"""The hours of a schedule on the time line.

**An instant is available if and only if its wall time lies in a window**: one that starts on its local date, or one
that spills over from the date before; and its date is not blacked out. So a gap clamps a window, a fold offers both
of its passes, adjacent windows join, a date that the zone skipped vanishes, and from a move on the other zone counts.
Where some hours are given by another clock, this holds of each clock for the windows that are given by it.

None of these cases is programmed. The windows of some dates are put together as a set of wall times, and the zone's
segments (`tutorcore.calendar.zones.segments`) turn it into a set of instants. Knows neither busy time nor bookings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache, partial
from itertools import chain
from typing import Final, NamedTuple, TypeAlias

from tutorcore.calendar.intervals import Index, Span, clipped, joined, without
from tutorcore.calendar.schedules.schedule import WEEKDAYS, Blackout, Holiday, Override, Schedule, WeeklyRule, Window
from tutorcore.calendar.zones.databases import TZDATA, TimeZones, check_database, check_zone
from tutorcore.calendar.zones.segments import DAY, Moves, Segment, project, segments, wall_range
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.instants import Instant, from_micros, instant, to_micros

MOST_RANGE: Final = timedelta(days=732)
"""The longest stretch of the time line that one question may be about."""

_MINUTE: Final = 60 * 1_000_000
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_THURSDAY: Final = WEEKDAYS.index("thursday")  # the weekday of 1970-01-01
_MOST_KEPT: Final = 2 * MOST_RANGE.days
_YEARS_KEPT: Final = 16

_Off: TypeAlias = Mapping[int, tuple[Holiday, ...]]
"""By its number, each date on which weekly rules start nothing, with the reasons."""


def available_ranges(
    schedule: Schedule, since: Instant, until: Instant, *, database: TimeZones = TZDATA
) -> tuple[tuple[Instant, Instant], ...]:
    """Return when the tutor's hours are within [since, until): in order, without overlap, busy time not counted.

    >>> from tutorcore.calendar.schedules.schedule import WeeklyRule
    >>> night = Schedule("Europe/Berlin", (WeeklyRule("saturday", Window.of("22:00", "04:00")),))
    >>> [(start, end)] = available_ranges(night, instant("2026-03-28T00:00Z"), instant("2026-03-30T00:00Z"))
    >>> (end - start).total_seconds() / 3600  # that night clocks go forward
    5.0
    """
    lo, hi = micros_range(since, until)
    found = Hours(schedule, database=database).available(lo, hi)
    return tuple((from_micros(start), from_micros(end)) for start, end in found)


def micros_range(since: Instant, until: Instant) -> Span:
    """Return a range in microseconds; refuse one that runs backwards or is longer than `MOST_RANGE`."""
    since, until = instant(since, "since"), instant(until, "until")
    if until < since:
        raise InvalidValue("until", until.isoformat(), f"an instant not before since, {since.isoformat()}")
    if until - since > MOST_RANGE:
        raise InvalidValue("until", until.isoformat(), f"an instant at most {MOST_RANGE.days} days after since")
    return to_micros(since), to_micros(until)


def day_number(day: date) -> int:
    """Return how many days after 1970-01-01 a date is."""
    return day.toordinal() - _EPOCH_DAY


def first_day(day: int, days: int) -> int:
    """Return the number of the first day of the period that holds `day`: 1 day, or the 7 of an ISO week."""
    return day - (day + _THURSDAY) % days


class Hours:
    """A schedule's windows, blackouts and holidays made ready to be projected. All answers are sets of microseconds.

    Asked again about dates near those it was asked about, it only projects what it has put together.
    """

    def __init__(self, schedule: Schedule, *, database: TimeZones = TZDATA) -> None:
        if not isinstance(schedule, Schedule):
            raise InvalidType("schedule", schedule, "a Schedule")
        moves = ((to_micros(move.since), move.zone) for move in schedule.zone_periods)
        self.moves: Moves = ((0, schedule.zone), *moves)
        self.database = check_database(database)
        self._clocks = list(_clocks(schedule, self.moves, self.database))
        self._losing = self._clocks if schedule.holidays else []
        self._blackouts = Index(schedule.blackouts, _days)
        self._dark = joined(map(_days, schedule.blackouts))

    def segments(self, lo: int, hi: int) -> list[Segment]:
        """Return the segments of the tutor's own clock in [lo, hi)."""
        return segments(self.moves, lo, hi, self.database)

    def open(self, lo: int, hi: int) -> list[Span]:
        """Return the instants of [lo, hi) whose wall time lies in a window: what blackouts and holidays close too."""
        held = self._held(lo, hi)
        lost = [spans for spans, _ in self._lost(lo, hi)]
        return joined(chain(held, *lost)) if lost else held

    def closed(self, lo: int, hi: int) -> Iterator[tuple[Span, Blackout | Holiday]]:
        """Yield what closes hours in [lo, hi), each with the spans it closes there.

        A blackout closes whole days, a holiday the windows that rules would start on its dates, as far as no other
        window opens the same instants.
        """
        parts = self.segments(lo, hi)
        if not parts:
            return
        for blackout in self._blackouts.meeting(*wall_range(parts)):
            for span in project([_days(blackout)], parts):
                yield span, blackout
        lost = list(self._lost(lo, hi))
        held = self._held(lo, hi) if lost else []
        for spans, holiday in lost:
            for span in without(spans, clipped(held, spans[0][0], spans[-1][1])):
                yield span, holiday

    def available(self, lo: int, hi: int) -> list[Span]:
        """Return the instants of [lo, hi) at which the tutor can be had: open and not closed."""
        held = self._held(lo, hi)
        return without(held, project(self._dark, self.segments(lo, hi))) if self._dark else held

    def _held(self, lo: int, hi: int) -> list[Span]:
        """Return what some window opens that no holiday takes away, blackouts not counted."""
        found = [clock.held(lo, hi) for clock in self._clocks]
        return found[0] if len(found) == 1 else joined(chain.from_iterable(found))

    def _lost(self, lo: int, hi: int) -> Iterator[tuple[list[Span], Holiday]]:
        """Yield what windows would open if it were not for a holiday, date by date."""
        return chain.from_iterable(clock.lost(lo, hi) for clock in self._losing)


class _Holidays:
    """The dates of a schedule's holidays, found year by year."""

    def __init__(self, holidays: tuple[Holiday, ...]) -> None:
        self._holidays = holidays
        self._year = lru_cache(_YEARS_KEPT)(partial(_dates_in, holidays))

    def __bool__(self) -> bool:
        return bool(self._holidays)

    def between(self, first: int, last: int) -> _Off:
        """Return the holidays of at least the dates [first, last), and perhaps of further ones."""
        years = range(_date(first).year, _date(last).year + 1)
        return {day: reasons for year in years for day, reasons in self._year(year).items()}


def _dates_in(holidays: Iterable[Holiday], year: int) -> _Off:
    found: dict[int, tuple[Holiday, ...]] = {}
    for holiday in holidays:
        day = holiday.in_year(year)
        if day is not None:
            found[day_number(day)] = (*found.get(day_number(day), ()), holiday)
    return found


class _RuleWindow(NamedTuple):
    """What a rule opens on the dates of its weekday from `since` up to `until`."""

    since: int
    until: int
    start: int
    end: int


class _Kept(NamedTuple):
    """A set of wall times that is whole on the dates [first, last); elsewhere some may be missing."""

    first: int
    last: int
    spans: list[Span]


class _Clock:
    """The windows that are given by one clock: the tutor's, or that of a zone.

    The set of their wall times is kept for the dates it was asked for, and grows with those asked for next to them,
    up to `_MOST_KEPT` dates; beyond that it begins anew.
    """

    def __init__(
        self,
        segments_in: Callable[[int, int], list[Segment]],
        rules: Iterable[WeeklyRule],
        overrides: Iterable[Override],
        overridden: frozenset[int],
        holidays: _Holidays,
    ) -> None:
        self._segments_in = segments_in
        self._rule_windows: list[list[_RuleWindow]] = [[] for _ in WEEKDAYS]
        for rule in rules:
            since, until = day_number(rule.since or date.min), day_number(rule.until or date.max)
            self._rule_windows[WEEKDAYS.index(rule.weekday)].append(_RuleWindow(since, until, *_micros(rule.window)))
        self._overrides = {
            day_number(override.day): [_micros(window) for window in override.windows] for override in overrides
        }
        self._overridden = overridden
        self._holidays = holidays
        self._kept = _Kept(0, 0, [])

    def held(self, lo: int, hi: int) -> list[Span]:
        """Return the instants of [lo, hi) whose wall time lies in a window that no holiday takes away."""
        parts = self._segments_in(lo, hi)
        if not parts:
            return []
        first, last = wall_range(parts)
        return project(self._wall(first // DAY, last // DAY + 1), parts)

    def lost(self, lo: int, hi: int) -> Iterator[tuple[list[Span], Holiday]]:
        """Yield for each date and holiday the instants of [lo, hi) in windows that it takes away, if there are any."""
        parts = self._segments_in(lo, hi)
        if not parts:
            return
        first, last = (edge // DAY for edge in wall_range(parts))
        for day, reasons in self._holidays.between(first - 1, last + 1).items():
            if first - 1 <= day <= last and day not in self._overridden:
                spans = project(joined(_on(day, self._of_rules(day))), parts)
                yield from ((spans, holiday) for holiday in reasons if spans)

    def _wall(self, first: int, last: int) -> list[Span]:
        """Return a set of wall times that on the dates [first, last) is that of the windows."""
        kept = self._kept
        if not (kept.first <= first and last <= kept.last):
            self._kept = kept = self._grown(kept, first, last)
        return kept.spans

    def _grown(self, kept: _Kept, first: int, last: int) -> _Kept:
        lo, hi = min(first, kept.first), max(last, kept.last)
        if hi - lo > _MOST_KEPT:
            return _Kept(first, last, self._worked_out(first, last))
        parts = self._worked_out(lo, kept.first), kept.spans, self._worked_out(kept.last, hi)
        return _Kept(lo, hi, joined(chain.from_iterable(parts)))

    def _worked_out(self, first: int, last: int) -> list[Span]:
        """Return a set of wall times that is whole on the dates [first, last); elsewhere some may be missing."""
        first -= 1  # for windows that spill over
        found = [span for day, spans in self._overrides.items() if first <= day < last for span in _on(day, spans)]
        off = self._holidays.between(first, last).keys() | self._overridden if self._holidays else self._overridden
        for weekday, rule_windows in enumerate(self._rule_windows):
            for since, until, start, end in rule_windows:
                begin = max(first, since)
                begin += (weekday - _THURSDAY - begin) % len(WEEKDAYS)
                days = range(begin, min(last, until), len(WEEKDAYS))
                found += [(day * DAY + start, day * DAY + end) for day in days if day not in off]
        return joined(found)

    def _of_rules(self, day: int) -> list[Span]:
        rule_windows = self._rule_windows[(day + _THURSDAY) % len(WEEKDAYS)]
        return [(start, end) for since, until, start, end in rule_windows if since <= day < until]


def _clocks(schedule: Schedule, home: Moves, database: TimeZones) -> Iterator[_Clock]:
    """Yield the clocks by which a schedule gives windows, the tutor's own first."""
    holidays = _Holidays(schedule.holidays)
    overridden = frozenset(day_number(override.day) for override in schedule.overrides)
    rules: dict[str | None, list[WeeklyRule]] = {None: []}
    for rule in schedule.rules:
        rules.setdefault(rule.zone, []).append(rule)
    overrides: dict[str | None, list[Override]] = {}
    for override in schedule.overrides:
        overrides.setdefault(override.zone, []).append(override)
    for zone in dict.fromkeys((*rules, *overrides)):
        moves = home if zone is None else ((0, zone),)
        for _, name in moves:
            check_zone(name, database)
        segments_in = partial(segments, moves, database=database)
        yield _Clock(segments_in, rules.get(zone, ()), overrides.get(zone, ()), overridden, holidays)


def _on(day: int, spans: Iterable[Span]) -> Iterator[Span]:
    midnight = day * DAY
    return ((midnight + start, midnight + end) for start, end in spans)


def _date(day: int) -> date:
    return date.fromordinal(day + _EPOCH_DAY)


def _days(blackout: Blackout) -> Span:
    return day_number(blackout.first) * DAY, (day_number(blackout.last) + 1) * DAY


def _micros(window: Window) -> Span:
    return window.start * _MINUTE, window.end * _MINUTE
