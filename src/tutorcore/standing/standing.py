"""How a tutor stands: the reports about them and what these have led to, one immutable version per step.

A lapse is something a lesson's version holds against its tutor. Lapses become *reports*, which agents work through; a
counter adds up the points of its reports, and what its ladder says follows is *imposed* until it ends or is lifted.
Like a lesson, a standing is a log of versions: the first half of each says what has happened, the second where the
tutor stands now, and the last one is all that is needed to go on.

What counts at an instant:

* Every report of the counter that was not dismissed, open ones included, at its points.
* Only reports since the counter's last reset and, where a streak is counted, since it was last broken. A report raised
  at the very instant of a break belongs to the new streak.
* Within a rolling window that is half-open: a report of 10:00 has left a window of 24 hours at 10:00 on the next day.
* Less what has decayed: for every full time since the last of these reports the points named fall away, never below
  none; a further report begins a new time.

Calendar days, weeks and months are those of the counter's zone. Knows neither clocks nor lessons, only their ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal, NamedTuple, TypeAlias

import attrs

from tutorcore.calendar.zones.wall_time import add_calendar
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import EARLIEST, LATEST, Instant
from tutorcore.policy.account import Counter, Decay, Lifter, Rung, RungEffect, Span, with_implied
from tutorcore.policy.expressions import Exact
from tutorcore.policy.restrictions import Restriction

ReportState: TypeAlias = Literal["open", "dismissed", "recorded"]
Happened: TypeAlias = Literal[
    "raised", "joined", "reopened", "broken", "dismissed", "recorded", "reset", "shown", "lifted"
]


class Lapse(NamedTuple):
    """What a version of a lesson holds against its tutor, or what ends a streak: a mark, and when it fell."""

    lesson: LessonId
    number: int
    mark: str
    at: Instant


@attrs.frozen
class Report:
    """One or more lapses that one counter counts as one thing; `raised` is the instant of the first.

    `day` is the date, in the counter's zone, of all its lapses where they are bundled by day, and None elsewhere.
    """

    number: int
    counter: str
    day: date | None
    points: int
    lapses: tuple[Lapse, ...]
    raised: Instant
    state: ReportState = "open"


@attrs.frozen
class Imposed:
    """What a rung has taken away from the tutor: until `until`, if that is not None, or until lifted.

    The tutor may lift it from `liftable_from` on (None: at once) if it is `lifted_by` the tutor. `rung` is the count
    at which it was imposed, `report` the number of the report that brought it. What hides a profile becomes the
    tutor's to lift at once, whatever it was, when its counter falls below its rung; it keeps its `until`.
    """

    effect: Restriction
    since: Instant
    until: Instant | None
    liftable_from: Instant | None
    lifted_by: Lifter | None
    report: int
    counter: str
    rung: int

    def is_in_force(self, at: Instant) -> bool:
        """Return whether it has not ended by itself; at `until` it has."""
        return self.until is None or at < self.until

    def is_tutors_to_lift(self, at: Instant) -> bool:
        """Return whether the tutor may lift it at that instant; from `liftable_from` on it may be."""
        return self.lifted_by == "tutor" and (self.liftable_from is None or at >= self.liftable_from)

    def outlasts(self, other: Imposed) -> bool:
        """Return whether it ends no earlier by itself than the other, and is the tutor's to end no earlier."""
        mine, others = self._ends(), other._ends()
        return mine[0] >= others[0] and mine[1] >= others[1]

    def _ends(self) -> tuple[Instant, Instant]:
        """When it ends by itself, and when it can end without anybody else than the tutor."""
        until = self.until or LATEST
        return until, until if self.lifted_by != "tutor" else self.liftable_from or self.since


class Reset(NamedTuple):
    """That a counter began anew: reports up to and including the number `last` count no more."""

    counter: str
    at: Instant
    last: int


@attrs.frozen
class Happening:
    """What one version is about.

    `effects` are those a report has brought (notices and reviews too), or the restrictions that were ended. Whoever
    acted says why (`reason`), names the case elsewhere (`case`), and `note` is the answer to the tutor.
    """

    kind: Happened
    counter: str = ""
    report: int | None = None
    effects: tuple[RungEffect, ...] = ()
    actor: PartyId | None = None
    reason: str = ""
    case: str = ""
    note: str = ""


class Standing(NamedTuple):
    """One version of how a tutor stands: what has happened, all reports ever raised, and what was imposed and stands.

    `resets` are the last of each counter; `broken` says when the streak of a counter was last broken.
    """

    tutor: PartyId
    number: int
    at: Instant
    happening: Happening
    reports: tuple[Report, ...]
    imposed: tuple[Imposed, ...]
    resets: tuple[Reset, ...] = ()
    broken: tuple[tuple[str, Instant], ...] = ()


def unmarked(tutor: PartyId) -> Standing:
    """Return what stands before the first version, which has number 1: a tutor about whom nothing is known."""
    return Standing(tutor, 0, EARLIEST, Happening("reset"), (), ())


def count(standing: Standing, counter: Counter, at: Instant) -> int:
    """Return how many points the counter shows at an instant at or after the version's own."""
    counted = sorted(_counted(standing, counter, at), key=lambda report: report.raised)
    total = 0
    for number, report in enumerate(counted):
        total += report.points
        if counter.decay is not None and total:
            until = counted[number + 1].raised if number + 1 < len(counted) else at
            total = _decayed(total, counter.decay, report.raised, until, counter.zone)
    return total


def _counted(standing: Standing, counter: Counter, at: Instant) -> Iterator[Report]:
    for report in since_last_start(standing, counter.name):
        if report.state != "dismissed" and is_within(report, counter, at):
            yield report


def since_last_start(standing: Standing, counter: str) -> Iterator[Report]:
    """Yield the counter's reports, whatever became of them, since its last reset and since its streak last broke."""
    last = max((reset.last for reset in standing.resets if reset.counter == counter), default=0)
    broken = dict(standing.broken).get(counter, EARLIEST)
    for report in standing.reports:
        if report.counter == counter and report.number > last and report.raised >= broken:
            yield report


def is_within(report: Report, counter: Counter, at: Instant) -> bool:
    """Return whether a report is within the counter's window at an instant; always, where there is none."""
    return counter.within is None or at < later(report.raised, counter.within, counter.zone)


def _decayed(points: int, decay: Decay, since: Instant, until: Instant, zone: str) -> int:
    """Return what is left of points after all full times between two instants.

    There may be very many of them, so their number is found by doubling and halving.
    """
    most, times, step = -(-points // decay.points), 0, 1
    while _have_passed(times + step, most, decay, since, until, zone):
        times += step
        step *= 2
    while step:
        if _have_passed(times + step, most, decay, since, until, zone):
            times += step
        step //= 2
    return max(points - times * decay.points, 0)


def _have_passed(times: int, most: int, decay: Decay, since: Instant, until: Instant, zone: str) -> bool:
    """Whether so many times have passed between two instants; more than `most` need not be looked at."""
    return times <= most and later(since, decay.every, zone, times) <= until


def later(since: Instant, span: Span, zone: str, times: int = 1) -> Instant:
    """Return the instant that many times a span later: exactly, or by the calendar of the zone."""
    if isinstance(span, Exact):
        return since + times * span.delta
    return add_calendar(since, zone, times * span.months, times * span.weeks, times * span.days)


def imposed_by(rung: Rung, report: Report, zone: str, at: Instant) -> Imposed | None:
    """Return what a rung imposes when it fires at an instant; None for a notice or a review."""
    if rung.restriction is None:
        return None
    end = None if rung.lasts is None else later(at, rung.lasts, zone)
    until, liftable = (end, None) if rung.lifted_by is None else (None, end)
    return Imposed(
        rung.restriction, at, until, liftable, rung.lifted_by, report.number, report.counter, rung.at
    )  # fmt: skip


def stacked(imposed: Iterable[Imposed]) -> tuple[Imposed, ...]:
    """Return what is left of what was imposed, given oldest first, where the same rung has brought the same effect.

    The later one replaces the earlier, unless the earlier lasts longer: then that is the one that stands. Both stand
    only where one ends later by itself and the other is the tutor's to end later.
    """
    left: list[Imposed] = []
    for each in imposed:
        same = [other for other in left if _is_same(each, other)]
        if not any(other.outlasts(each) and not each.outlasts(other) for other in same):
            left = [other for other in left if other not in same or not each.outlasts(other)]
            left.append(each)
    return tuple(left)


def _is_same(one: Imposed, other: Imposed) -> bool:
    return (one.counter, one.effect, one.rung) == (other.counter, other.effect, other.rung)


def in_force(standing: Standing, at: Instant) -> tuple[Imposed, ...]:
    """Return what is imposed at an instant at or after the version's own, oldest first."""
    return tuple(each for each in standing.imposed if each.is_in_force(at))


def restrictions(standing: Standing, at: Instant) -> frozenset[Restriction]:
    """Return what is taken away from the tutor at an instant, with all that this brings with it."""
    return with_implied(each.effect for each in in_force(standing, at))


def open_reports(standing: Standing) -> tuple[Report, ...]:
    """Return the reports that wait for somebody to handle them, oldest first."""
    return tuple(report for report in standing.reports if report.state == "open")
