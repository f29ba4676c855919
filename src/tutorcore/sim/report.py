"""The report of a study: for each policy every measure with its interval, and how it differs from the first policy.

Differences are taken world by world: each replication is the same world under every policy. Measures that are about
money are only compared where both policies count in the same unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from hashlib import sha256
from typing import Final, TypeAlias

import attrs

from tutorcore.calendar.zones.wall_time import tzdata_version
from tutorcore.policy.codec import content_hash
from tutorcore.policy.process import Process, Unit
from tutorcore.sim.measures import Measure, Measured
from tutorcore.sim.model import Study
from tutorcore.sim.notes import notes_on
from tutorcore.sim.runs import Run, runs_of
from tutorcore.sim.statistics import Estimate, estimate, paired
from tutorcore.sim.study import Experiment

Progress: TypeAlias = Callable[[int, int], None]
"""Is told how many runs are done, and of how many."""

_NOTHING: Final = Fraction(0)


@attrs.frozen
class Line:
    """A measure under one policy; `difference` is to the first policy, None for that one or if nothing compares."""

    measure: Measure
    value: Estimate
    difference: Estimate | None


@attrs.frozen
class Outcomes:
    """What came of one policy: called `name` by the study, `title` by itself.

    `notes` say what of the study comes to nothing under it.
    """

    name: str
    title: str
    hash: str
    unit: Unit
    lines: tuple[Line, ...]
    steps: int
    entries: int
    notes: tuple[str, ...]


@attrs.frozen
class Report:
    """What came of a study; `digest` covers every version, entry and standing of every run."""

    study: Study
    tzdata: str
    outcomes: tuple[Outcomes, ...]
    digest: str


def simulate(
    experiment: Experiment,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    lines: Callable[[str], object] | None = None,
) -> Report:
    """Run a study and return its report, which does not depend on the number of workers.

    `progress` is told after each run how far it is; `lines` gets the rows of each run as CSV, in their order.
    """
    study = experiment.study
    total = study.replications * len(study.policies)
    kept: list[Run] = []
    for run in runs_of(experiment, workers=workers, with_lines=lines is not None):
        if lines is not None:
            lines(run.lines)
        kept.append(attrs.evolve(run, lines=""))
        if progress is not None:
            progress(len(kept), total)
    return report_of(experiment, kept)


def report_of(experiment: Experiment, runs: Sequence[Run]) -> Report:
    """Return the report on runs of a study, which stand in the order of the replications."""
    by_policy = [[run for run in runs if run.policy == index] for index in range(len(experiment.processes))]
    outcomes = tuple(
        _outcomes(experiment.study, name, process, found, (experiment.processes[0], by_policy[0]) if index else None)
        for index, (name, process, found) in enumerate(
            zip(experiment.study.policies, experiment.processes, by_policy, strict=True)
        )
    )
    return Report(experiment.study, tzdata_version(), outcomes, _digest(runs))


def _digest(runs: Iterable[Run]) -> str:
    found = sha256()
    for run in runs:
        found.update(f"{run.replication} {run.policy} {run.digest}\n".encode())
    return found.hexdigest()


def _outcomes(
    study: Study, name: str, process: Process, runs: Sequence[Run], first: tuple[Process, Sequence[Run]] | None
) -> Outcomes:
    ours = [run.measured for run in runs]
    theirs = None if first is None else [run.measured for run in first[1]]
    comparable = first is not None and first[0].unit == process.unit
    found = (
        _line(measure, ours, theirs if comparable or measure.kind != "money" else None)
        for measure in _measures(*ours, *(theirs or ()))
    )
    return Outcomes(
        name,
        process.name,
        content_hash(process),
        process.unit,
        tuple(line for line in found if line is not None),
        sum(run.totals.steps for run in runs),
        sum(run.totals.entries for run in runs),
        notes_on(study, process),
    )


def _measures(*found: Measured) -> list[Measure]:
    """Every measure once, in order; those that stand in no other order as they were made."""
    return sorted(dict.fromkeys(measure for each in found for measure in each), key=lambda measure: measure.order)


def _line(measure: Measure, ours: Sequence[Measured], theirs: Sequence[Measured] | None) -> Line | None:
    values = [_value(each, measure) for each in ours]
    found = estimate([value for value in values if value is not None])
    if found is None:
        return None
    if theirs is None:
        return Line(measure, found, None)
    pairs = [
        (one, other)
        for one, other in zip(values, (_value(each, measure) for each in theirs), strict=True)
        if one is not None and other is not None
    ]
    return Line(measure, found, paired([one for one, _ in pairs], [other for _, other in pairs]))


def _value(found: Measured, measure: Measure) -> Fraction | None:
    """What a replication says of a measure; a thing that never happened in it has happened no times."""
    if measure in found:
        return found[measure]
    return _NOTHING if measure.counts and len(found) > 1 else None
