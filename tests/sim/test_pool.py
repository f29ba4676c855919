"""Runs side by side: whoever makes them, the same comes of it; and they end when they are told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from multiprocessing import active_children
from pathlib import Path
from typing import Final

import pytest

from tutorcore.adapters.files import find_policy
from tutorcore.errors import InvalidValue
from tutorcore.sim.report import simulate
from tutorcore.sim.runs import WorkerLost, runs_of
from tutorcore.sim.study import Experiment, read_study

_ROOT = Path(__file__).resolve().parents[2]
_STUDY: Final = """\
schema = 1
name = "pool"
seed = 11
replications = {replications}
from = 2026-03-27T00:00:00Z
days = 5
policies = ["italki", "preply", "educai"]

[people]
tutors = 4
students = 8
zones = {{ "Europe/Berlin" = 2, "America/New_York" = 1 }}

[requests]
per_day = {per_day}
lead = {{ lognormal = {{ median = "2d", sigma = 0.8 }} }}
duration = {{ choice = {{ "30m" = 1, "1h" = 3 }} }}
price = {{ uniform = ["10", "30"] }}

[[turn]]
role = "tutor"
after = {{ lognormal = {{ median = "10h", sigma = 1.2 }} }}
does = {{ accept = 0.8, decline = 0.1 }}

[[act]]
name = "cancels"
role = "student"
verb = "cancel"
chance = 0.3
at = {{ before = "start", by = {{ exponential = "20h" }} }}
"""
# Of the study above with two replications. Another digest means that something else has come of it: on another
# Python, under another hash seed or in another process that is a mistake; after a change of the engine, of a preset or
# of tzdata it may be meant.
_DIGEST: Final = "f5e5fc3193e5ed1815a38a0b26ff66c34e07b21a5d50fa0b2dbc8e9e916693f9"
# Whoever is started in the background is deaf to Ctrl-C, and so are those it starts: these are to hear it all the same.
_PROGRAM: Final = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from tutorcore.cli import main; sys.exit(main(sys.argv[1:]))"
)


def _text(replications: int = 2, per_day: int = 8) -> str:
    return _STUDY.format(replications=replications, per_day=per_day)


def _experiment(replications: int = 2, per_day: int = 8) -> Experiment:
    return read_study(_text(replications, per_day), "s.toml", lambda name: find_policy(name, _ROOT))


def test_the_digest_is_the_same_on_every_python() -> None:
    """It is written here, and this test runs on all of them."""
    assert simulate(_experiment()).digest == _DIGEST


def test_workers_change_nothing() -> None:
    """The whole report is the same, and so are the rows and their order."""
    alone: list[str] = []
    together: list[str] = []

    one = simulate(_experiment(), lines=alone.append)
    two = simulate(_experiment(), workers=2, lines=together.append)

    assert two == one
    assert two.digest == _DIGEST
    assert together == alone


@pytest.mark.parametrize("seed", ["0", "4711"])
def test_the_hash_seed_changes_nothing(seed: str, tmp_path: Path) -> None:
    """Nothing depends on the order of a set."""
    study = tmp_path / "s.toml"
    study.write_text(_text())

    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, "simulate", str(study), "--workers", "1"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": seed},
    )

    assert done.stdout.splitlines()[-1:] == [f"digest {_DIGEST}"], done.stderr


def test_another_seed_is_another_world() -> None:
    """And another digest."""
    experiment = _experiment()
    other = read_study(_text().replace("seed = 11", "seed = 12"), "s.toml", lambda name: find_policy(name, _ROOT))

    assert simulate(experiment).digest != simulate(other).digest


def test_the_first_replications_of_a_longer_study_are_those_of_the_shorter() -> None:
    """Replications know nothing of each other."""
    short, long = list(runs_of(_experiment(1))), list(runs_of(_experiment(2)))

    assert long[: len(short)] == short


def test_a_policy_meets_the_same_worlds_whatever_stands_beside_it() -> None:
    """Its results do not depend on which other policies are in the study."""
    text = _text(1).replace('"italki", "preply", "educai"', '"preply"')
    alone = read_study(text, "s.toml", lambda name: find_policy(name, _ROOT))

    (run,) = runs_of(alone)

    assert run.digest == next(each for each in runs_of(_experiment(1)) if each.policy == 1).digest


@pytest.mark.parametrize("workers", [0, -1, 257])
def test_a_number_of_workers_that_cannot_be_meant_is_refused(workers: int) -> None:
    """At least one, and no more than any machine has processors for."""
    with pytest.raises(InvalidValue, match="workers"):
        runs_of(_experiment(), workers=workers)


@pytest.mark.slow
def test_a_worker_that_dies_ends_the_study() -> None:
    """With an error that says what happened, and no process is left."""
    before = set(active_children())
    runs = runs_of(_experiment(500), workers=2)
    next(runs)
    for child in set(active_children()) - before:
        child.kill()

    with pytest.raises(WorkerLost, match="has ended"):
        list(runs)

    assert set(active_children()) <= before


@pytest.mark.slow
def test_whoever_stops_listening_stops_the_workers() -> None:
    """Closing the iterator is enough."""
    before = set(active_children())
    runs = runs_of(_experiment(500), workers=2)
    next(runs)

    runs.close()  # type: ignore[attr-defined]  # A generator, when there are several workers.

    assert set(active_children()) <= before


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_ends_it_without_a_word(workers: str, tmp_path: Path) -> None:
    """The exit code is the one of an interrupted program, and every process is gone."""
    running = _running(tmp_path, workers)

    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=60)

    assert running.returncode == 130
    assert out == ""
    assert [line for line in err.splitlines() if not line.startswith("run ")] == []
    assert _all_gone(running.pid)


@pytest.mark.slow
def test_workers_end_with_the_process_that_they_work_for(tmp_path: Path) -> None:
    """Even if that one is killed and can tell nobody."""
    running = _running(tmp_path, "2")

    running.kill()
    running.communicate(timeout=60)

    assert _all_gone(running.pid)


def _running(folder: Path, workers: str) -> subprocess.Popen[str]:
    """Start a long study in a group of its own, and wait until it has told of its first runs."""
    study = folder / "s.toml"
    study.write_text(_text(replications=500, per_day=4))
    running = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, "simulate", str(study), "--workers", workers],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stderr is not None
    assert running.stderr.readline().startswith("run ")
    return running


def _all_gone(group: int) -> bool:
    """Return whether no process of that group is left, waiting a while for the last one."""
    for _ in range(200):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
