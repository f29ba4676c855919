"""Judging: from the versions of lessons to how their tutors stand.

A lapse is judged by the account rules of the policy under which its lesson was asked for; so a new ladder never changes
what follows from lessons that were agreed under the old one.
"""

from __future__ import annotations

from collections.abc import Iterator

from tutorcore.lessons.lesson import Lesson
from tutorcore.lessons.projections import lapse_of, taught_by
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


def reported(standing: Standing, command: StandingCommand) -> Report | None:
    """Return the report that a command is about: the one it names, or the last one of what else it names.

    That is the counter, or the restriction that a counter brought.
    """
    imposed = {each.report for each in standing.imposed if each.effect == command.effect}
    for report in reversed(standing.reports):
        if command.report is not None:
            is_meant = command.report == report.number
        elif command.counter is not None:
            is_meant = command.counter == report.counter
        else:
            is_meant = report.number in imposed
        if is_meant:
            return report
    return None
