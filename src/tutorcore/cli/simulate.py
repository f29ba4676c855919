"""`tutorcore simulate FILE`: run a study and print what came of each policy, with intervals.

Progress goes to standard error: one line that is written over on a terminal, a line for every tenth part elsewhere.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Final, TextIO

import attrs

from tutorcore.cli.answer import Answer, Document, as_json, as_text, seen
from tutorcore.cli.lines import folded, section, utc
from tutorcore.cli.writing import UnwritableFile, close, opened, write
from tutorcore.instants import to_text
from tutorcore.sim.lines import heading
from tutorcore.sim.measures import Group, Kind, Measure
from tutorcore.sim.model import Study
from tutorcore.sim.report import Line, Outcomes, Progress, Report, simulate
from tutorcore.sim.runs import MOST_WORKERS
from tutorcore.sim.statistics import CONFIDENCE, Estimate
from tutorcore.sim.study import Experiment, load_study

_CONFIDENCE: Final = f"{CONFIDENCE:.0%}"
_TENTHS: Final = 10
_DIGITS: Final = 12
"""Digits of a float in documents: as many as all machines agree on."""


@attrs.frozen
class Wanted:
    """How a study is to be run, as it was typed: what is None is as the study, or the machine, has it."""

    file: str
    seed: int | None = None
    replications: int | None = None
    workers: int | None = None
    rows: str | None = None


def simulate_study(wanted: Wanted, *, json: bool) -> Answer:
    """Return the outcomes of the study in a file, as a table or as a document."""
    experiment = _experiment(wanted)
    if wanted.rows is not None:
        _spare(wanted.rows, Path(wanted.file))
    with _rows(wanted.rows) as lines, _progress(sys.stderr) as progress:
        report = simulate(experiment, workers=_workers(wanted, experiment.study), progress=progress, lines=lines)
    return Answer(as_json(_document(report)) if json else as_text(_table(report)))


def _experiment(wanted: Wanted) -> Experiment:
    """The study in the file, with what was typed in the place of what it says."""
    found = load_study(Path(wanted.file))
    study = found.study
    if wanted.seed is not None:
        study = attrs.evolve(study, seed=wanted.seed)
    if wanted.replications is not None:
        study = attrs.evolve(study, replications=wanted.replications)
    return attrs.evolve(found, study=study)


def _workers(wanted: Wanted, study: Study) -> int:
    """How many processes to run: as many as asked for, else one for each processor, but no more than there are runs."""
    if wanted.workers is not None:
        return wanted.workers
    return min(os.cpu_count() or 1, study.replications * len(study.policies), MOST_WORKERS)


def _spare(rows: str, study: Path) -> None:
    """Raise `UnwritableFile` if the rows would be written over the study or what may be one of its policies."""
    if _is_same(Path(rows), study):
        raise UnwritableFile(rows, "it is the study")
    if rows.endswith(".toml"):
        raise UnwritableFile(rows, "it would be a policy or a study by its name; expected another, such as rows.csv")


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):  # One of them is not there, or cannot be.
        return False


@contextmanager
def _rows(path: str | None) -> Iterator[Callable[[str], object] | None]:
    """Where the rows go: into a file that is begun before anything is run."""
    if path is None:
        yield None
        return
    file = opened(path)
    try:
        write(file, heading())
        yield partial(write, file)
    finally:
        close(file)


@contextmanager
def _progress(stream: TextIO) -> Iterator[Progress]:
    """Tell how far the runs have come, and wipe it away at the end if the stream is a terminal."""
    is_terminal = stream.isatty()

    def tell(done: int, total: int) -> None:
        if is_terminal:
            print(f"\rrun {done} of {total}", end="", file=stream, flush=True)
        elif done == total or done * _TENTHS // total > (done - 1) * _TENTHS // total:
            print(f"run {done} of {total}", file=stream, flush=True)

    try:
        yield tell
    finally:
        if is_terminal:
            print("\r\033[K", end="", file=stream, flush=True)


# For people


_TITLES: Final[Mapping[Group, str]] = {
    "requests": "of the lessons that were wanted",
    "endings": "ended as",
    "refused requests": "could not be asked for",
    "money": "for each lesson that was wanted",
    "times": "on the average",
    "marks": "marks, for every 100 lessons",
    "refusals": "tried in vain, for every 100 lessons",
    "standing": "how tutors stand, in each replication",
}
_INDENT: Final = 4
_NAME: Final = 32
_VALUE: Final = 11
_INTERVAL: Final = 21


def _table(report: Report) -> Iterator[str]:
    study = report.study
    runs, days = _count(study.replications, "replication"), _count(study.days, "day")
    yield f"{study.name}: {runs} of {days} from {utc(study.start)}, seed {study.seed}"
    yield (
        f"{_count(study.people.tutors, 'tutor')}, {_count(study.people.students, 'student')}, "
        f"{study.requests.per_day:g} requests a day on the average; time zones of tzdata {report.tzdata}"
    )
    for index, outcomes in enumerate(report.outcomes):
        yield from section(_headline(report.outcomes[0], outcomes, index > 0))
        wide = max(_NAME, *(len(line.measure.name) for line in outcomes.lines)) + _INDENT
        yield from _columns(wide, index > 0)
        for group, lines in groupby(outcomes.lines, lambda line: line.measure.group):
            yield f"  {_TITLES[group]}"
            yield from (_line(line, wide, outcomes.unit.exponent) for line in lines)
        if outcomes.notes:
            yield "  what comes to nothing"
            yield from (line for note in outcomes.notes for line in folded(note, " " * _INDENT, " " * (_INDENT + 2)))
    yield ""
    entries = sum(outcomes.entries for outcomes in report.outcomes)
    yield f"The books of every run balance: {entries:,} entries, and no lesson that is over holds money."
    yield f"digest {report.digest}"


def _headline(first: Outcomes, outcomes: Outcomes, compared: bool) -> str:
    title = f"{outcomes.name} ({outcomes.title}, {outcomes.unit.code})"
    return f"{title}, beside {first.name}" if compared else title


def _columns(wide: int, compared: bool) -> Iterator[str]:
    interval = f"{_CONFIDENCE} interval"
    columns = [" " * wide, f"{'mean':>{_VALUE}}", f"{interval:>{_INTERVAL}}"]
    yield "".join([*columns, f"{'difference':>{_VALUE}}", f"{interval:>{_INTERVAL}}"] if compared else columns)


def _line(line: Line, wide: int, exponent: int) -> str:
    measure = line.measure
    cells = [f"{' ' * _INDENT}{seen(measure.name)}".ljust(wide), *_cells(measure, line.value, exponent)]
    if line.difference is not None:
        cells += _cells(measure, line.difference, exponent, "+")
    return "".join(cells)


def _cells(measure: Measure, found: Estimate, exponent: int, sign: str = "") -> Sequence[str]:
    written = _WRITERS[measure.kind]
    mean = written(found.mean, exponent, sign)
    if found.low is None or found.high is None:
        return f"{mean:>{_VALUE}}", f"{'unknown':>{_INTERVAL}}"
    between = f"{written(found.low, exponent, sign)} to {written(found.high, exponent, sign)}"
    return f"{mean:>{_VALUE}}", f"{between:>{_INTERVAL}}"


def _number(value: float, _exponent: int, sign: str) -> str:
    return f"{_rounded(value, 2):{sign},.2f}"


def _share(value: float, _exponent: int, sign: str) -> str:
    return f"{_rounded(100 * value, 2):{sign}.2f}%"


def _rate(value: float, _exponent: int, sign: str) -> str:
    return f"{_rounded(100 * value, 2):{sign}.2f}"


def _money(value: float, exponent: int, sign: str) -> str:
    digits = max(exponent, 2)
    return f"{_rounded(value, digits):{sign},.{digits}f}"


def _rounded(value: float, digits: int) -> float:
    """The value as it will be shown, and nothing without a minus sign."""
    return round(value, digits) + 0.0


_WRITERS: Final[Mapping[Kind, Callable[[float, int, str], str]]] = {
    "number": _number,
    "share": _share,
    "rate": _rate,
    "money": _money,
    "hours": _number,
}


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


# For programs


def _document(report: Report) -> Document:
    study = report.study
    return {
        "study": study.name,
        "seed": study.seed,
        "replications": study.replications,
        "from": to_text(study.start),
        "days": study.days,
        "confidence": CONFIDENCE,
        "tzdata": report.tzdata,
        "policies": [_outcomes(each) for each in report.outcomes],
        "digest": report.digest,
    }


def _outcomes(outcomes: Outcomes) -> Document:
    return {
        "policy": outcomes.name,
        "name": outcomes.title,
        "hash": outcomes.hash,
        "currency": outcomes.unit.code,
        "steps": outcomes.steps,
        "entries": outcomes.entries,
        "notes": list(outcomes.notes),
        "measures": [
            {
                "group": line.measure.group,
                "name": line.measure.name,
                "kind": line.measure.kind,
                **_estimate(line.value),
                "difference": None if line.difference is None else _estimate(line.difference),
            }
            for line in outcomes.lines
        ],
    }


def _estimate(found: Estimate) -> Document:
    return {
        "mean": _plain(found.mean),
        "low": None if found.low is None else _plain(found.low),
        "high": None if found.high is None else _plain(found.high),
        "replications": found.count,
    }


def _plain(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}") + 0.0
