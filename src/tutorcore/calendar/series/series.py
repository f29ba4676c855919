"""Series: lessons that come again by a rule, at the same wall time in the zone they are anchored in.

A series is a rule and its exceptions, all in wall time: when clocks change, a lesson at six stays at six by the clock
of its zone, and moves for whoever lives by another (`Series.shifts`). Which instants those are is reckoned anew by each
time zone database; lessons that are booked keep theirs.

**Exceptions** name a lesson by the wall time that the rule gave it.

* `extra`: lessons beside the rule (RDATE).
* `excluded`: wall times that were never meant (EXDATE). They have no index.
* `skipped`: lessons that do not take place. Each keeps its index, so the fifth lesson stays the fifth.
* `moved`: lessons that take place at another time, which is an instant or a wall time of the same zone.

COUNT is the rule's, and counts whatever the rule brings, excluded or not (RFC 5545 section 3.8.5.1). What an exception
names and no rule brings is without effect, as in a calendar file; `skipping` and `moving` refuse it.

**Wall times that do not occur**, or occur twice, are read as `disambiguate` says. RFC 5545 (section 3.3.10) would leave
out those in a gap: that is "skip". By default a lesson is rather put off to the time that clocks show instead.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from heapq import heappop, heappush, merge
from itertools import islice
from typing import Final, TypeAlias

import attrs

from tutorcore.calendar.agendas.slots import LONGEST
from tutorcore.calendar.recurrences.recurrence import Recurrence
from tutorcore.calendar.recurrences.rule_text import NthDay
from tutorcore.calendar.schedules.schedule import check_span
from tutorcore.calendar.series.occurrences import Occurrence, Shift, shifts_between
from tutorcore.calendar.weekdays import WEEKDAYS, Weekday
from tutorcore.calendar.zones.databases import TZDATA, TimeZones, check_zone, check_zone_name, zone_in
from tutorcore.calendar.zones.segments import segments
from tutorcore.calendar.zones.wall_time import DISAMBIGUATIONS, Disambiguation, to_instant, to_local
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import EARLIEST, LATEST, MICROSECOND, Instant, instant, to_micros

Moved: TypeAlias = tuple[tuple[datetime, datetime], ...]

MOST_EXCEPTIONS: Final = 5_000
"""How many extra, excluded, skipped and moved lessons a series may have, of each."""

MOST_INDEX: Final = 100_000
"""How many lessons of a series can be looked up by their index."""

MOST_LESSONS: Final = 10_000
"""How many lessons of a series are looked at in one question about a range."""

LOOK_AHEAD: Final = timedelta(days=2 * 366)
"""How far a series without an end is looked at where the question names no end."""

_SECOND: Final = timedelta(seconds=1)
_MARGIN: Final = timedelta(days=2)  # more than a wall time and its instant's UTC time can lie apart, gaps included
_EARLIEST: Final = EARLIEST.replace(tzinfo=None) + _MARGIN
_LATEST: Final = LATEST.replace(tzinfo=None) - _MARGIN - LONGEST


def _rule(value: Recurrence | str) -> Recurrence:
    return Recurrence.parse(value) if isinstance(value, str) else value


def _wall_times(values: Iterable[datetime]) -> tuple[datetime, ...]:
    if not isinstance(values, Iterable):
        raise InvalidType("exceptions of a series", values, "datetimes without a zone")
    found = tuple(values)
    for value in found:
        _check_wall(value, "exception of a series")
    return tuple(sorted(set(found)))


def _moves(values: Mapping[datetime, datetime] | Iterable[tuple[datetime, datetime]]) -> Moved:
    try:
        pairs = dict(values)
    except (TypeError, ValueError):
        raise InvalidType("moved lessons", values, "a mapping from planned wall times to new times") from None
    for wall, to in pairs.items():
        _check_wall(wall, "moved lesson of a series")
        if not isinstance(to, datetime):
            raise InvalidType("time that a lesson is moved to", to, "an instant, or a datetime without a zone")
        if to.tzinfo is None:
            _check_wall(to, "time that a lesson is moved to")
    return tuple(
        sorted(
            (wall, to if to.tzinfo is None else instant(to, "time that a lesson is moved to"))
            for wall, to in pairs.items()
        )
    )


@attrs.frozen
class Series:
    """Lessons that come again at the same wall time in `zone`, the first at `start`, each as long as `duration`.

    >>> hour = timedelta(hours=1)
    >>> lessons = Series.weekly("Europe/Berlin", datetime.fromisoformat("2026-10-20T18:00"), hour, count=3)
    >>> [f"{lesson.start:%d %b %H:%M}Z" for lesson in lessons.occurrences()]
    ['20 Oct 16:00Z', '27 Oct 17:00Z', '03 Nov 17:00Z']
    >>> [shift.sentence for shift in lessons.shifts("Asia/Tokyo")]
    ['from 25 October 2026: 1 hour later for you, 02:00 instead of 01:00, for the first time on 28 October']

    `recurrence` may be given as the text of a rule. An UNTIL in UTC is read by the clock of `zone`. `first_index` is
    the index of the first lesson: that of a series that goes on after another one is not 0.
    """

    zone: str = attrs.field()
    start: datetime = attrs.field()
    duration: timedelta = attrs.field()
    recurrence: Recurrence = attrs.field(converter=_rule)
    extra: tuple[datetime, ...] = attrs.field(default=(), converter=_wall_times, kw_only=True)
    excluded: tuple[datetime, ...] = attrs.field(default=(), converter=_wall_times, kw_only=True)
    skipped: tuple[datetime, ...] = attrs.field(default=(), converter=_wall_times, kw_only=True)
    moved: Moved = attrs.field(default=(), converter=_moves, kw_only=True)
    disambiguate: Disambiguation = attrs.field(default="compatible", kw_only=True)
    first_index: int = attrs.field(default=0, kw_only=True)

    @zone.validator
    def _check_zone(self, _: object, value: object) -> None:
        check_zone(check_zone_name(value))

    @start.validator
    def _check_start(self, _: object, value: object) -> None:
        _check_wall(value, "start of a series")

    @duration.validator
    def _check_duration(self, _: object, value: object) -> None:
        check_span(value, "duration", MICROSECOND, LONGEST)

    @recurrence.validator
    def _check_recurrence(self, _: object, value: object) -> None:
        if not isinstance(value, Recurrence):
            raise InvalidType("recurrence", value, "a Recurrence, or the text of one")

    @extra.validator
    @excluded.validator
    @skipped.validator
    @moved.validator
    def _check_number(self, field: attrs.Attribute[tuple[object, ...]], value: tuple[object, ...]) -> None:
        if len(value) > MOST_EXCEPTIONS:
            raise InvalidValue(f"number of {field.name} lessons", len(value), f"at most {MOST_EXCEPTIONS:,}")

    @disambiguate.validator
    def _check_disambiguate(self, _: object, value: object) -> None:
        if value not in DISAMBIGUATIONS:
            raise UnknownName("disambiguation", value, DISAMBIGUATIONS)

    @first_index.validator
    def _check_first_index(self, _: object, value: object) -> None:
        _check_index(value, "first_index", 0)

    @classmethod
    def weekly(
        cls,
        zone: str,
        start: datetime,
        duration: timedelta,
        *,
        weekdays: Iterable[Weekday] = (),
        every: int = 1,
        count: int | None = None,
        until: date | None = None,
        disambiguate: Disambiguation = "compatible",
    ) -> Series:
        """Return the series of lessons on the weekday of `start`, or on those weekdays, in every week or every nth.

        It ends after `count` lessons, with the date or wall time `until`, or never.
        """
        if isinstance(weekdays, str) or not isinstance(weekdays, Iterable):
            raise InvalidType("weekdays", weekdays, "names of weekdays, such as monday")
        days = tuple(NthDay(weekday) for weekday in weekdays)
        rule = Recurrence(frequency="weekly", interval=every, by_day=days, count=count, until=until)
        _check_wall(start, "start of a series")
        if not rule.brings(start):
            expected = " or ".join(day.weekday for day in rule.by_day)
            raise InvalidValue("start of a series", f"{start} ({WEEKDAYS[start.weekday()]})", f"a {expected}")
        return cls(zone, start, duration, rule, disambiguate=disambiguate)

    def occurrences(
        self, since: Instant | None = None, until: Instant | None = None, *, database: TimeZones = TZDATA
    ) -> Iterator[Occurrence]:
        """Yield the lessons that take place and start in [since, until), in the order of their starts, lazily.

        Without `until`, a series without an end goes on for as long as there are instants.
        """
        zone_in(database, self.zone)  # Refuses what is no database, and one without the zone.
        lo = EARLIEST if since is None else instant(since, "since")
        hi = LATEST if until is None else instant(until, "until")
        planned = self._in_order(self._as_planned(lo, hi, database))
        found = merge(planned, self._as_moved(lo, hi, database), key=_start)
        return (occurrence for occurrence in found if lo <= occurrence.start < hi)

    def occurrence(self, index: int, *, database: TimeZones = TZDATA) -> Occurrence | None:
        """Return the lesson of that index, or None if it does not take place: it is skipped, or in a gap and "skip".

        Raises `InvalidValue` if the series has no such lesson; it looks no further than `MOST_INDEX`.
        """
        return self._occurrence(index, self.planned_of(index), database)

    def planned_of(self, index: int) -> datetime:
        """Return the wall time planned for the lesson of that index, whether it takes place or not."""
        _check_index(index, "index", self.first_index)
        found = next(islice(self._walls(_EARLIEST, _LATEST), index - self.first_index, None), None)
        if found is None:
            raise InvalidValue("index", index, "the index of a lesson of the series")
        return found

    def index_of(self, planned: datetime) -> int:
        """Return the index of the lesson planned for that wall time; raise `InvalidValue` if there is none."""
        _check_wall(planned, "lesson")
        if next(self._walls(planned, planned + _SECOND), None) is None:
            raise InvalidValue("lesson", planned.isoformat(), "the wall time of a lesson of the series")
        return self._indices([planned])[planned]

    def shifts(
        self,
        viewer_zone: str,
        since: Instant | None = None,
        until: Instant | None = None,
        *,
        database: TimeZones = TZDATA,
    ) -> tuple[Shift, ...]:
        """Return from when on the lessons in [since, until) take place at another wall time in `viewer_zone`.

        They are compared one by one, each with the one before it. Moved lessons do not count. Without `until`, a series
        that ends is looked at to its end, and one without an end for `LOOK_AHEAD` from `since` or its start, whichever
        is later. No more than `MOST_LESSONS` are looked at.
        """
        zone_in(database, viewer_zone)  # Refuses one that there is not, however few lessons there are.
        end = self._look_until(since) if until is None else until
        kept = (each for each in self.occurrences(since, end, database=database) if not each.is_moved)
        return tuple(shifts_between(at_most(kept), self.zone, viewer_zone, database))

    def _look_until(self, since: Instant | None) -> Instant | None:
        """Return when to stop looking at a series without an end; None for one that ends by itself."""
        if self.recurrence.count is not None or self.recurrence.until is not None:
            return None
        begins = self.start.replace(tzinfo=UTC)
        first = begins if since is None else max(begins, instant(since, "since"))
        return min(first, LATEST - LOOK_AHEAD) + LOOK_AHEAD

    def skipping(self, *lessons: int | datetime) -> Series:
        """Return the series in which those lessons, by index or planned wall time, do not take place.

        A lesson that was moved drops as well. `moving` one to its planned time brings it back.
        """
        return attrs.evolve(self, skipped=(*self.skipped, *(self._planned(lesson) for lesson in lessons)))

    def moving(self, lesson: int | datetime, to: datetime) -> Series:
        """Return the series in which that lesson takes place at another instant, or wall time of the zone.

        The last word counts: one that was skipped takes place again, and one moved to its planned time is as it was.
        """
        planned = self._planned(lesson)
        skipped = (wall for wall in self.skipped if wall != planned)
        moved = {wall: there for wall, there in self.moved if wall != planned}
        return attrs.evolve(self, moved=moved if to == planned else {**moved, planned: to}, skipped=skipped)

    def ended_before(self, lesson: int | datetime) -> Series:
        """Return the series without the lessons from that one on, given by index, or by a wall time of the zone.

        A rule with a COUNT gets an UNTIL instead; one that ends before anyway stays as it is.
        """
        cut = self.planned_of(lesson) if isinstance(lesson, int) else lesson
        _check_wall(cut, "lesson")
        rule = self.local_rule
        if next(rule.starts(self.start, _LATEST, cut), None) is not None:
            rule = attrs.evolve(rule, count=None, until=cut - _SECOND)
        return attrs.evolve(
            self,
            recurrence=rule,
            extra=(wall for wall in self.extra if wall < cut),
            excluded=(wall for wall in self.excluded if wall < cut),
            skipped=(wall for wall in self.skipped if wall < cut),
            moved=((wall, to) for wall, to in self.moved if wall < cut),
        )

    def changed_from(
        self,
        lesson: int | datetime,
        *,
        start: datetime | None = None,
        duration: timedelta | None = None,
        zone: str | None = None,
        recurrence: Recurrence | str | None = None,
    ) -> tuple[Series, Series]:
        """Return the series up to that lesson, and the one that goes on from it with what is given here.

        The lesson is one that the rule brings, given by index or planned wall time. The indices go on. Without another
        `recurrence` the rule goes on as well, with what is left of its COUNT, and an UNTIL goes with the start.
        Exceptions stay with their lessons: those of later ones move as `start` does. Extra lessons, and the times that
        lessons are moved to, stay; so do all wall times in another `zone`.
        """
        cut = self._planned(lesson)
        rule = self.local_rule
        if cut not in rule.among(self.start, [cut]):
            raise InvalidValue("lesson", cut.isoformat(), "a lesson that the rule brings; this one is extra")
        begins = cut if start is None else start
        _check_wall(begins, "start")
        later = begins - cut
        goes_on = _rule(recurrence) if recurrence is not None else self._rest(rule, cut, begins)
        new = Series(
            self.zone if zone is None else zone,
            begins,
            self.duration if duration is None else duration,
            goes_on,
            extra=(wall for wall in self.extra if wall >= cut),
            excluded=(wall + later for wall in self.excluded if wall >= cut),
            skipped=(wall + later for wall in self.skipped if wall >= cut),
            moved=((wall + later, to) for wall, to in self.moved if wall >= cut),
            disambiguate=self.disambiguate,
            first_index=self.index_of(cut),
        )
        return self.ended_before(cut), new

    def _rest(self, rule: Recurrence, cut: datetime, begins: datetime) -> Recurrence:
        """Return what is left of the rule from `cut` on, for lessons that begin at `begins`."""
        if begins != cut and not rule.brings(begins):
            expected = f"a wall time that {rule.text} brings; or give the recurrence that does"
            raise InvalidValue("start", begins.isoformat(), expected)
        if rule.count is not None:
            return attrs.evolve(rule, count=rule.count - rule.counts_before(self.start, [cut])[cut])
        match rule.until:
            case None:
                return rule
            case datetime() as moment:
                return attrs.evolve(rule, until=moment + (begins - cut))
            case day:
                return attrs.evolve(rule, until=day + (begins.date() - cut.date()))

    @cached_property
    def local_rule(self) -> Recurrence:
        """The rule with an UNTIL in UTC as a wall time: that of the last lesson that starts by then.

        In the gap or the fold of a change of clocks that may be later, or earlier, than what the clock shows at UNTIL.
        """
        rule, until = self.recurrence, self.recurrence.until
        if not isinstance(until, datetime) or until.tzinfo is None:
            return rule
        shown = to_local(until, self.zone).replace(tzinfo=None)
        lo, hi = max(shown - _MARGIN, _EARLIEST), min(shown + _MARGIN, _LATEST)
        near = attrs.evolve(rule, until=None).starts(self.start, hi, lo)
        # "raise" refuses a wall time in a gap when it comes to it, and not here.
        how: Disambiguation = "compatible" if self.disambiguate == "raise" else self.disambiguate
        starts = {wall: to_instant(wall, self.zone, how) for wall in near}
        found = [wall for wall, start in starts.items() if start is not None and start <= until]
        return attrs.evolve(rule, until=max(found, default=lo))

    def _walls(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Yield the wall times planned in [since, until) that have an index, in order."""
        first, last = max(since, _EARLIEST), min(until, _LATEST)
        extra = self.extra[bisect_left(self.extra, first) : bisect_left(self.extra, last)]
        excluded = frozenset(self.excluded)
        before = None
        for wall in merge(self.local_rule.starts(self.start, last, first), extra):
            if wall != before and wall not in excluded:
                yield wall
            before = wall

    def _indices(self, walls: Collection[datetime]) -> dict[datetime, int]:
        """Return how many indices there are before each of the wall times, those before the series included."""
        rule = self.local_rule
        counts = rule.counts_before(self.start, walls)
        known = rule.among(self.start, {*self.extra, *self.excluded})
        beside = [wall for wall in self.extra if wall not in known]
        taken_out = sorted(known.union(beside).intersection(self.excluded))
        return {
            wall: self.first_index + count + bisect_left(beside, wall) - bisect_left(taken_out, wall)
            for wall, count in counts.items()
        }

    def _as_planned(self, lo: Instant, hi: Instant, database: TimeZones) -> Iterator[Occurrence]:
        """Yield the lessons that are neither skipped nor moved and may start in [lo, hi), by their wall times."""
        first = max(lo.replace(tzinfo=None) + min(self._offsets_near(lo, database)), _EARLIEST)
        last = min(hi.replace(tzinfo=None) + max(self._offsets_near(hi, database)), _LATEST)
        for index, wall in enumerate(self._walls(first, last), self._indices([first])[first]):
            if wall not in self._targets:
                occurrence = self._occurrence(index, wall, database)
                if occurrence is not None:
                    yield occurrence

    def _offsets_near(self, at: Instant, database: TimeZones) -> list[timedelta]:
        """Return by which offsets from UTC a lesson that starts about then may have been planned, gaps included."""
        micros, near = to_micros(at), 2 * _MARGIN // MICROSECOND
        parts = segments([(micros, self.zone)], micros - near, micros + near, database)
        return [part.offset * MICROSECOND for part in parts]

    def _as_moved(self, lo: Instant, hi: Instant, database: TimeZones) -> list[Occurrence]:
        """Return the lessons that are moved and start in [lo, hi), by their starts."""
        starts = {wall: self._start_of(wall, database) for wall in self._targets if wall not in self._skipped}
        near = [wall for wall, start in starts.items() if start is not None and lo <= start < hi]
        planned = self.local_rule.among(self.start, near).union(self.extra).difference(self.excluded)
        indices = self._indices(planned.intersection(near))
        found = (self._occurrence(index, wall, database) for wall, index in indices.items())
        return sorted((occurrence for occurrence in found if occurrence is not None), key=_start)

    def _occurrence(self, index: int, wall: datetime, database: TimeZones) -> Occurrence | None:
        start = None if wall in self._skipped else self._start_of(wall, database)
        if start is None:
            return None
        is_moved = wall in self._targets
        local = to_local(start, self.zone, database=database).replace(tzinfo=None)
        shifted = timedelta(0) if is_moved else local - wall
        return Occurrence(index, wall, local, start, start + self.duration, is_moved=is_moved, shifted=shifted)

    def _start_of(self, wall: datetime, database: TimeZones) -> Instant | None:
        """Return when the lesson planned for a wall time starts: there, or where it is moved to."""
        shown = self._targets.get(wall, wall)
        if shown.tzinfo is not None:
            return shown
        return to_instant(shown, self.zone, self.disambiguate, database=database)

    @cached_property
    def _targets(self) -> dict[datetime, datetime]:
        return dict(self.moved)

    @cached_property
    def _skipped(self) -> frozenset[datetime]:
        return frozenset(self.skipped)

    @staticmethod
    def _in_order(occurrences: Iterator[Occurrence]) -> Iterator[Occurrence]:
        """Yield occurrences that come by wall time in the order of their starts: a gap may exchange some."""
        held: list[tuple[Instant, int, Occurrence]] = []
        for occurrence in occurrences:
            while held and held[0][2].planned < occurrence.planned - _MARGIN:
                yield heappop(held)[2]
            heappush(held, (occurrence.start, occurrence.index, occurrence))
        while held:
            yield heappop(held)[2]

    def _planned(self, lesson: int | datetime) -> datetime:
        """Return the planned wall time of a lesson of the series."""
        if isinstance(lesson, datetime):
            self.index_of(lesson)
            return lesson
        return self.planned_of(lesson)


def at_most(occurrences: Iterable[Occurrence]) -> Iterator[Occurrence]:
    """Yield the occurrences; raise `InvalidValue` when there are more than one question may be about."""
    for number, occurrence in enumerate(occurrences):
        if number == MOST_LESSONS:
            raise InvalidValue(
                "number of lessons in the range", f"over {number:,}", f"an until before {occurrence.start}"
            )
        yield occurrence


def _start(occurrence: Occurrence) -> Instant:
    return occurrence.start


def _check_wall(value: object, what: str) -> None:
    """Raise `InvalidType` or `InvalidValue` unless `value` is a wall time that a lesson can have."""
    if not isinstance(value, datetime):
        raise InvalidType(what, value, "a datetime without a zone")
    if value.tzinfo is not None:
        raise InvalidValue(what, value.isoformat(), "a datetime without a zone; this one names an instant already")
    if value.microsecond or not _EARLIEST <= value < _LATEST:
        years = f"from {_EARLIEST.year} to {_LATEST.year}"
        raise InvalidValue(what, value.isoformat(), f"whole seconds {years}")


def _check_index(value: object, what: str, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidType(what, value, "a whole number")
    if not least <= value < least + MOST_INDEX:
        raise InvalidValue(what, value, f"{least:,} to {least + MOST_INDEX - 1:,}")
