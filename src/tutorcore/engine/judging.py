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
    if rules.counters:
        for lapse in lapses_in(version):
            steps += lapsed(rules, steps[-1] if steps else before, tutor, lapse)
    return steps


def lapses_in(version: Lesson) -> Iterator[Lapse]:
    """Yield what a version counts for or against its tutor: a lapse, and that a lesson was taught."""
    tutor, mark = version.brief.tutor, lapse_of(version)
    marks = taught_by(version) if mark is None else (mark, *taught_by(version))
    for each in marks:
        if each.party == tutor:
            yield Lapse(each.lesson, each.number, each.name, each.at)


def reported(standing: Standing, command: StandingCommand) -> Report | None:
    """Return the report that a command is about: the one it names, or the last one of the counter that it names."""
    for report in reversed(standing.reports):
        if command.report == report.number or (command.report is None and command.counter == report.counter):
            return report
    return None
