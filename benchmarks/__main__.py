"""The bars, as ratios in one run: `python -m benchmarks [--rounds N] [--json]`."""

from __future__ import annotations

import argparse
import gc
import json
import platform
import sqlite3
import sys
from collections.abc import Iterator
from typing import Literal

import attrs

from benchmarks import calendar, core, peers, simulation, sqlite
from benchmarks.measure import COMPUTING, WAITING, Timing, measured


@attrs.frozen
class Bar:
    """How many times as fast as `other` (or, for `most`, at most how many times as slow) `ours` should be."""

    ours: str
    other: str
    bar: float
    kind: Literal["least", "most"] = "least"


BARS = (
    Bar("core", "eventsourcing", 2.5),
    Bar("core", "eventsourcing, explicit events", 2.5),
    Bar("core", "transitions", 4),
    Bar("core", "python-statemachine", 50),
    Bar("facade", "core", 2.5, "most"),
    Bar("ours, a commit each", "by hand, a commit each", 0.9),
    Bar("ours, one commit", "by hand, a commit each", 10),
    Bar(simulation.OURS.name, simulation.SIMPY.name, simulation.BAR),
    *(Bar(bar.ours, bar.other, bar.bar) for bar in calendar.BARS),
)
COMPUTES = (
    core.CORE,
    core.FACADE,
    peers.EVENTSOURCING,
    peers.EVENTSOURCING_EXPLICIT,
    peers.TRANSITIONS,
    peers.STATEMACHINE,
    simulation.SIMPY,
    simulation.OURS,
)
WAITS = (sqlite.ONLY_A_COMMIT, sqlite.BY_HAND, sqlite.OURS, sqlite.BY_HAND_GROUPED, sqlite.OURS_GROUPED)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="rounds of each contestant (40)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    gc.enable()
    calendar.check()
    timings = {
        **measured(COMPUTES, options.rounds, COMPUTING),
        **measured(WAITS, options.rounds, WAITING),
        **calendar.timings(options.rounds),
    }
    print(json.dumps(_document(timings), indent=2) if options.json else "\n".join(_report(timings)))


def _document(timings: dict[str, Timing]) -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "machine": f"{platform.system()} {platform.machine()}",
        "microseconds": {name: _rounded(timing) for name, timing in timings.items()},
        "ratios": [
            {**attrs.asdict(bar), "ratio": round(_ratio(bar, timings), 2), "reached": _is_reached(bar, timings)}
            for bar in BARS
        ],
    }


def _rounded(timing: Timing) -> dict[str, float]:
    return {"middle": round(timing.middle * 1e6, 1), "best": round(timing.best * 1e6, 1)}


def _report(timings: dict[str, Timing]) -> Iterator[str]:
    machine = f"{platform.system()} {platform.machine()}"
    yield f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {machine}"
    yield ""
    yield f"{'us for a lesson, command, request, list':38}{'middle':>9}{'best':>9}"
    for name, timing in timings.items():
        yield f"{name:38}{timing.middle * 1e6:9.1f}{timing.best * 1e6:9.1f}"
    yield ""
    yield f"{'ratio':60}{'found':>7}{'bar':>12}"
    for bar in BARS:
        found, reached = _ratio(bar, timings), "reached" if _is_reached(bar, timings) else "not reached"
        if bar.kind == "least":
            yield f"{f'{bar.ours}: times as fast as {bar.other}':60}{found:7.2f}{f'>= {bar.bar:g}':>12}  {reached}"
        else:
            yield f"{f'{bar.ours}: times the time of {bar.other}':60}{found:7.2f}{f'<= {bar.bar:g}':>12}  {reached}"


def _ratio(bar: Bar, timings: dict[str, Timing]) -> float:
    ours, other = timings[bar.ours].middle, timings[bar.other].middle
    return other / ours if bar.kind == "least" else ours / other


def _is_reached(bar: Bar, timings: dict[str, Timing]) -> bool:
    ratio = _ratio(bar, timings)
    return ratio >= bar.bar if bar.kind == "least" else ratio <= bar.bar


if __name__ == "__main__":
    sys.exit(main())
