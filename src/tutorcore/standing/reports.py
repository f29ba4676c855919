"""Reports: how a lapse comes into the counters, and which rungs of their ladders fire.

A lapse that a counter counts raises a report, or joins that of the same day where a day's lapses are one report:

* It joins an open report, which stays open; or a recorded one, which is opened again, since it was handled without
  knowing of this lapse, but does not count again. In either case its points are added, up to what a day may count.
* It joins a dismissed report, which is opened again and counts again, but only this lapse and those to come: what was
  dismissed stays dismissed.
* A report from before the last reset, or from before the streak broke, is joined by nothing: a new one is raised.
* When a report is raised, or counts again, all rungs above the count before it and up to the count after it fire. If
  there are none, because the count has gone beyond the ladder or stands between two rungs, the highest one reached
  fires again. Points that merely join fire the rungs they reach, and none again.
* What a rung imposes takes the place of what the same rung has imposed before, unless that lasts longer.

A lapse is known by its lesson, the number of the version and the mark: what has been counted once is not counted again.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from tutorcore.calendar.zones.wall_time import local_date
from tutorcore.ids import PartyId
from tutorcore.policy.account import AccountRules, Counter, Rung
from tutorcore.standing.standing import (
    Happened,
    Happening,
    Lapse,
    Report,
    Standing,
    count,
    imposed_by,
    in_force,
    since_last_start,
    stacked,
    unmarked,
)


def lapsed(rules: AccountRules, before: Standing | None, tutor: PartyId, lapse: Lapse) -> tuple[Standing, ...]:
    """Return the versions that a lapse makes: one for every counter that counts it, or whose streak it breaks.

    Empty if there is none, or if the lapse has been counted before. A lapse stamped before the last version is counted
    with its own instant, in a version stamped as the last one is.
    """
    return tuple(_versions(rules, before or unmarked(tutor), lapse))


def _versions(rules: AccountRules, standing: Standing, lapse: Lapse) -> Iterator[Standing]:
    for counter in rules.counters:
        if counter.points(lapse.mark):
            after = _counted(standing, counter, lapse)
        elif lapse.mark in counter.broken_by:
            after = _broken(standing, counter, lapse)
        else:
            after = None
        if after is not None:
            yield after
            standing = after


def _broken(standing: Standing, counter: Counter, lapse: Lapse) -> Standing | None:
    if not any(report.raised < lapse.at for report in since_last_start(standing, counter.name)):
        return None
    others = tuple(each for each in standing.broken if each[0] != counter.name)
    at = max(standing.at, lapse.at)
    return standing._replace(
        number=standing.number + 1,
        at=at,
        happening=Happening("broken", counter.name),
        imposed=in_force(standing, at),
        broken=(*others, (counter.name, lapse.at)),
    )


def _counted(standing: Standing, counter: Counter, lapse: Lapse) -> Standing | None:
    if any(
        _same(lapse, each) for report in standing.reports for each in report.lapses if report.counter == counter.name
    ):
        return None
    joined = _that_day(standing, counter, lapse)
    if joined is None:
        return _with(standing, counter, _raised(standing, counter, lapse), "raised", lapse)
    kept = 0 if joined.state == "dismissed" else joined.points
    points = _at_most(counter, kept + counter.points(lapse.mark))
    report = attrs.evolve(joined, points=points, lapses=(*joined.lapses, lapse), state="open")
    return _with(standing, counter, report, "joined" if joined.state == "open" else "reopened", lapse)


def _same(lapse: Lapse, other: Lapse) -> bool:
    return lapse[:3] == other[:3]


def _that_day(standing: Standing, counter: Counter, lapse: Lapse) -> Report | None:
    """The report that a lapse joins: the one of its day, where lapses are bundled and there is one that may count."""
    if counter.bundle is None:
        return None
    day = local_date(lapse.at, counter.zone)
    return next((each for each in since_last_start(standing, counter.name) if each.day == day), None)


def _raised(standing: Standing, counter: Counter, lapse: Lapse) -> Report:
    day = None if counter.bundle is None else local_date(lapse.at, counter.zone)
    points = _at_most(counter, counter.points(lapse.mark))
    return Report(len(standing.reports) + 1, counter.name, day, points, (lapse,), lapse.at)


def _at_most(counter: Counter, points: int) -> int:
    return points if counter.bundle is None else min(points, counter.bundle)


def _with(standing: Standing, counter: Counter, report: Report, kind: Happened, lapse: Lapse) -> Standing:
    """The next version: with a report that is new or has been joined, and with what this brings."""
    at = max(standing.at, lapse.at)
    known = standing.reports[: report.number - 1]
    later = standing.reports[report.number :]
    after = standing._replace(
        number=standing.number + 1,
        at=at,
        reports=(*known, report, *later),
        imposed=in_force(standing, at),
    )
    was_counted = any(each.state != "dismissed" for each in standing.reports[report.number - 1 : report.number])
    rungs = _fired(counter, count(standing, counter, at), count(after, counter, at), again=not was_counted)
    brought = (imposed_by(rung, report, counter.zone, at) for rung in rungs)
    return after._replace(
        happening=Happening(kind, counter.name, report.number, tuple(rung.effect for rung in rungs)),
        imposed=stacked((*after.imposed, *(each for each in brought if each is not None))),
    )


def _fired(counter: Counter, before: int, after: int, *, again: bool) -> tuple[Rung, ...]:
    """The rungs that fire when the count rises; `again` also the highest one reached, if there is none between."""
    rungs = tuple(rung for rung in counter.ladder if before < rung.at <= after)
    if rungs or not again or after == before:
        return rungs
    highest = max((rung.at for rung in counter.ladder if rung.at <= after), default=0)
    return tuple(rung for rung in counter.ladder if rung.at == highest)
