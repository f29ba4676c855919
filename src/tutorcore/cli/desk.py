"""How tutors stand, as it is told: what was reported, what the counters show, what is in force and how that ends.

The same words and the same data serve the timeline of a scenario and the command `tutorcore standing`. What a report
leads to is decided elsewhere; here it is looked up and said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import attrs

from tutorcore.cli.answer import Document
from tutorcore.cli.lines import utc
from tutorcore.engine.reading import Reading
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import Instant, to_text
from tutorcore.policy.account import Counter, RungEffect
from tutorcore.policy.restrictions import RESTRICTIONS, Restriction
from tutorcore.ports.storage import RecordedStanding, Transaction
from tutorcore.standing import Imposed, Report, Standing, count, in_force, restrictions

Name = Callable[[LessonId], str]
"""From a lesson's id to what it is called here."""

_MEANS: Final[Mapping[Restriction, str]] = {
    "hidden": "the profile is hidden",
    "existing_only": "only students taught before can ask for lessons",
    "requests_blocked": "nobody can ask for lessons",
    "wallet_frozen": "the wallet is frozen",
    "locked": "the profile is locked",
}
_MEANS_NO_MORE: Final[Mapping[Restriction, str]] = {
    "hidden": "the profile can be found again",
    "existing_only": "new students can ask for lessons again",
    "requests_blocked": "lessons can be asked for again",
    "wallet_frozen": "the wallet is free again",
    "locked": "the profile is not locked any more",
}
_JUST_HAPPENS: Final[Mapping[RungEffect, str]] = {
    "notice": "a notice, and nothing else",
    "review": "somebody of the platform looks into it",
}


@attrs.frozen
class Judged:
    """One step in how a tutor stands, the one before it, and what the counter it is about shows then, if any."""

    recorded: RecordedStanding
    before: Standing | None
    count: int | None

    @property
    def standing(self) -> Standing:
        """How the tutor stands after it."""
        return self.recorded.standing

    @property
    def report(self) -> Report | None:
        """The report that it is about, if it is about one."""
        number = self.standing.happening.report
        return None if number is None else self.standing.reports[number - 1]

    @property
    def imposed(self) -> tuple[Imposed, ...]:
        """What it has brought."""
        stood = () if self.before is None else self.before.imposed
        return tuple(each for each in self.standing.imposed if each not in stood)

    @property
    def still(self) -> tuple[Imposed, ...]:
        """What is left of that which somebody has lifted as far as it may be."""
        standing = self.standing
        if standing.happening.kind not in ("shown", "lifted"):
            return ()
        return tuple(each for each in standing.imposed if each.effect in standing.happening.effects)


@attrs.frozen
class Stood:
    """How a tutor stands at an instant, and what each counter of which there are reports shows then."""

    standing: Standing
    at: Instant
    counts: tuple[tuple[str, int], ...]


# Looking it up


def standing_at(tx: Transaction, tutor: PartyId, now: Instant) -> Standing | None:
    """Return how a tutor stands at `now`, what is due included; at an instant that is past, how it was recorded."""
    found = Reading(tx, now).standing(tutor)
    if found is None or found.at <= now:
        return found
    past = [each.standing for each in tx.standing_history(tutor) if each.standing.at <= now]
    return past[-1] if past else None


def stood(tx: Transaction, standing: Standing, at: Instant) -> Stood:
    """Return the standing with what its counters show at an instant that is not before its own."""
    rules = _Rules(tx)
    names = dict.fromkeys(report.counter for report in standing.reports)
    counters = ((name, rules.of(standing, name)) for name in names)
    return Stood(standing, at, tuple((name, count(standing, each, at)) for name, each in counters))


def judged(tx: Transaction, tutor: PartyId) -> list[Judged]:
    """Return every recorded step of a tutor's standing, oldest first."""
    rules, steps = _Rules(tx), list[Judged]()
    before: Standing | None = None
    for recorded in tx.standing_history(tutor):
        standing = recorded.standing
        name = standing.happening.counter
        shown = count(standing, rules.of(standing, name), standing.at) if name else None
        steps.append(Judged(recorded, before, shown))
        before = standing
    return steps


class _Rules:
    """The rules of counters: those of the policy under which the last lesson was that each of them counted."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._known: dict[LessonId, tuple[Counter, ...]] = {}

    def of(self, standing: Standing, name: str) -> Counter:
        ids = (report.lapses[-1].lesson for report in reversed(standing.reports) if report.counter == name)
        counters = (counter for id in ids for counter in self._counters(id) if counter.name == name)
        return next(counters, Counter(name))

    def _counters(self, id: LessonId) -> tuple[Counter, ...]:
        if id not in self._known:
            lesson = self._tx.lesson(id)
            self._known[id] = () if lesson is None else lesson.machine.process.account.counters
        return self._known[id]


# In words


def told(step: Judged, name: Name) -> Iterator[str]:
    """Say what happened: first in one line, then what it brings or ends."""
    standing, happening = step.standing, step.standing.happening
    by = f" by {happening.actor}" if happening.actor is not None else ""
    shows = "" if step.count is None else f"; the count is {step.count}"
    yield f"{standing.tutor}: {_happened(step, name)}{by}{grounds(step)}{shows}"
    if happening.note:
        yield f'"{happening.note}"'
    for effect in happening.effects:
        if effect in _JUST_HAPPENS:
            yield _JUST_HAPPENS[effect]
    for each in step.imposed:
        yield imposed_words(each)
    for each in step.still:
        yield f"still, {imposed_words(each)}"
    ended = ended_by(step)
    yield from (_MEANS_NO_MORE[restriction] for restriction in RESTRICTIONS if restriction in ended)


def _happened(step: Judged, name: Name) -> str:
    happening, report = step.standing.happening, step.report
    if report is None:
        match happening.kind:
            case "broken":
                return f"the streak of {happening.counter} is broken"
            case "reset":
                return f"{happening.counter} reset"
            case "shown":
                return "profile switched back"
            case _:
                return f"{' and '.join(happening.effects)} {happening.kind}"
    what = f"report {report.number} of {happening.counter}"
    match happening.kind:
        case "raised":
            return f"{what} raised{_lapses(report, name)}"
        case "joined":
            return f"one more lapse in {what}{_lapses(report, name)}"
        case "reopened":
            return f"{what} open again{_lapses(report, name)}"
        case _:
            return f"{what} {happening.kind}"


def grounds(step: Judged) -> str:
    """Return why somebody did it, and where the case is kept."""
    happening = step.standing.happening
    parts = [happening.reason] if happening.reason else []
    parts += [f"case {happening.case}"] if happening.case else []
    return f" ({', '.join(parts)})" if parts else ""


def _lapses(report: Report, name: Name) -> str:
    """For which day a report is, what it counts, and in which lessons something happened."""
    day = "" if report.day is None else f" for {report.day}"
    marks = ("" if each.mark == report.counter else f"{each.mark} in " for each in report.lapses)
    found = (f"{mark}{name(each.lesson)}, {utc(each.at)}" for mark, each in zip(marks, report.lapses, strict=True))
    return f"{day}, {report.points} point{'' if report.points == 1 else 's'} ({'; '.join(found)})"


def report_words(report: Report, name: Name) -> str:
    """Return a report in one line."""
    return f"report {report.number} of {report.counter}{_lapses(report, name)}: {report.state}"


def imposed_words(imposed: Imposed) -> str:
    """Return what is taken away from a tutor and until when, or how it is lifted."""
    return f"{_MEANS[imposed.effect]}{_until(imposed)}"


def _until(imposed: Imposed) -> str:
    if imposed.lifted_by == "tutor":
        until = "" if imposed.until is None else f" until {utc(imposed.until)}, or"
        since = "" if imposed.liftable_from is None else f", which may be from {utc(imposed.liftable_from)} on"
        return f"{until} until the tutor switches it back{since}"
    return " until an operator lifts it" if imposed.until is None else f" until {utc(imposed.until)}"


def ended_by(step: Judged) -> frozenset[Restriction]:
    """Return the restrictions that a step has ended, as far as nothing else keeps them up."""
    before, after = step.before, step.standing
    if before is None or after.happening.kind in ("raised", "joined", "reopened", "broken"):
        return frozenset()
    return restrictions(before, after.at) - restrictions(after, after.at)


def lines_of(found: Stood, name: Name) -> Iterator[str]:
    """Say how a tutor stands: what is in force, what the counters show, every report."""
    standing, at = found.standing, found.at
    for each in in_force(standing, at):
        yield f"{imposed_words(each)}; since {utc(each.since)}, by report {each.report} of {each.counter}"
    for counter, points in found.counts:
        reset = next((reset for reset in standing.resets if reset.counter == counter), None)
        yield f"{counter} is at {points}{'' if reset is None else f', reset {utc(reset.at)}'}"
    for report in standing.reports:
        yield report_words(report, name)


# As data


def step_data(step: Judged) -> Document:
    """Return one step in plain values."""
    standing, happening = step.standing, step.standing.happening
    return {
        "tutor": standing.tutor,
        "number": standing.number,
        "at": to_text(standing.at),
        "recorded_at": to_text(step.recorded.cause.recorded_at),
        "kind": happening.kind,
        "counter": happening.counter or None,
        "count": step.count,
        "report": None if step.report is None else report_data(step.report),
        "effects": list(happening.effects),
        "imposed": [imposed_data(each) for each in step.imposed],
        "ended": sorted(ended_by(step)),
        "actor": happening.actor,
        "reason": happening.reason or None,
        "case": happening.case or None,
        "note": happening.note or None,
    }


def stood_data(found: Stood) -> Document:
    """Return how a tutor stands in plain values."""
    standing = found.standing
    return {
        "tutor": standing.tutor,
        "at": to_text(found.at),
        "restrictions": sorted(restrictions(standing, found.at)),
        "imposed": [imposed_data(each) for each in in_force(standing, found.at)],
        "counters": [{"counter": name, "count": points} for name, points in found.counts],
        "resets": [{"counter": reset.counter, "at": to_text(reset.at)} for reset in standing.resets],
        "reports": [report_data(report) for report in standing.reports],
    }


def report_data(report: Report) -> Document:
    """Return a report in plain values."""
    return {
        "number": report.number,
        "counter": report.counter,
        "state": report.state,
        "points": report.points,
        "day": None if report.day is None else report.day.isoformat(),
        "raised": to_text(report.raised),
        "lapses": [
            {"lesson": each.lesson, "number": each.number, "mark": each.mark, "at": to_text(each.at)}
            for each in report.lapses
        ],
    }


def imposed_data(imposed: Imposed) -> Document:
    """Return in plain values what is imposed on a tutor."""
    return {
        "effect": imposed.effect,
        "since": to_text(imposed.since),
        "until": None if imposed.until is None else to_text(imposed.until),
        "lifted_by": imposed.lifted_by,
        "liftable_from": None if imposed.liftable_from is None else to_text(imposed.liftable_from),
        "counter": imposed.counter,
        "report": imposed.report,
        "count": imposed.rung,
    }
