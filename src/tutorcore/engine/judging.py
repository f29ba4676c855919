"""Judging: from the versions of lessons to how their tutors stand.

A lapse is judged by the account rules of the policy under which its lesson was asked for; so a new ladder never changes
what follows from lessons that were agreed under the old one.
"""

from __future__ import annotations

from collections.abc import Iterator

from tutorcore.lessons.lesson import Lesson
from tutorcore.lessons.projections import lapse_of, taught_by
from tutorcore.policy.account import Counter
from tutorcore.standing import Lapse, Report, Standing, StandingCommand, lapsed


def judged(before: Standing | None, version: Lesson) -> list[Standing]:
    """Return how the tutor of a lesson stands after each thing that its version counts; mostly there is none."""
    rules, tutor = version.machine.process.account, version.brief.tutor
    steps: list[Standing] = []
    for lapse in lapses_in(version):
        steps += lapsed(rules, steps[-1] if steps else before, tutor, lapse)
    return steps


def lapses_in(version: Lesson) -> Iterator[Lapse]:
    """Yield what a version says for or against its tutor and some counter heeds: a lapse, that a lesson was taught."""
    counters = version.machine.process.account.counters
    if not counters:
        return
    tutor, mark = version.brief.tutor, lapse_of(version)
    for each in taught_by(version) if mark is None else (mark, *taught_by(version)):
        if each.party == tutor and any(counter.heeds(each.name) for counter in counters):
            yield Lapse(each.lesson, each.number, each.name, each.at)


def counter_of(report: Report, lesson: Lesson | None) -> Counter | None:
    """Return the counter of a report as the policy of its last lapse's lesson has it; None if that has none any more.

    `lesson` is that lesson.
    """
    counters = () if lesson is None else lesson.machine.process.account.counters
    return next((counter for counter in counters if counter.name == report.counter), None)


def reported(standing: Standing, command: StandingCommand) -> list[Report]:
    """Return the reports that a command is about, the last one first.

    The one it names, those of the counter it names, or those that brought the restriction it names.
    """
    imposed = {each.report for each in standing.imposed if each.effect == command.effect}
    return [
        report
        for report in reversed(standing.reports)
        if command.report in (None, report.number)
        and command.counter in (None, report.counter)
        and (command.effect is None or report.number in imposed)
        and (command.report, command.counter, command.effect) != (None, None, None)
    ]
