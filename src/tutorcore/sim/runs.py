"""Running a study: every replication under every policy, one after the other or side by side in several processes.

A run is a replication under a policy and depends on nothing else, so it does not matter where it is made. Runs come
back in the order replication by replication, policy by policy, whoever was ready first, and only a few of them are
kept at a time.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process

import attrs

from tutorcore.errors import InvalidValue, TutorcoreError
from tutorcore.policy.process import Process
from tutorcore.sim.kernel import run_replication
from tutorcore.sim.lines import lines_of
from tutorcore.sim.measures import Measured, measured
from tutorcore.sim.model import Study
from tutorcore.sim.results import Totals
from tutorcore.sim.study import Experiment

MOST_WORKERS = 256


class WorkerLost(TutorcoreError, RuntimeError):
    """A process that was running replications is gone: killed, or out of memory."""


@attrs.frozen
class Run:
    """What is kept of one replication under one policy; `lines` are its rows as CSV, if they were asked for."""

    policy: int
    replication: int
    measured: Measured
    totals: Totals
    digest: str
    lines: str


@attrs.frozen
class _Task:
    """A run that is to be made."""

    policy: int
    replication: int


def runs_of(experiment: Experiment, *, workers: int = 1, with_lines: bool = False) -> Iterator[Run]:
    """Yield the run of each replication under each policy.

    With several workers the runs are made in processes of their own, which import the program that asks for it anew:
    it keeps what it does under `if __name__ == "__main__"`. Raises `WorkerLost` if one of them ends before its time.
    """
    if not 1 <= workers <= MOST_WORKERS:
        raise InvalidValue("workers", workers, f"1 to {MOST_WORKERS}")
    tasks = _tasks(experiment.study)
    if workers == 1:
        return (_made(experiment.study, *_under(experiment, task), with_lines) for task in tasks)
    return _side_by_side(experiment, tasks, workers, with_lines)


def _tasks(study: Study) -> Iterator[_Task]:
    for replication in range(1, study.replications + 1):
        for policy in range(len(study.policies)):
            yield _Task(policy, replication)


def _under(experiment: Experiment, task: _Task) -> tuple[Process, _Task]:
    return experiment.processes[task.policy], task


def _made(study: Study, process: Process, task: _Task, with_lines: bool) -> Run:
    result = run_replication(study, process, task.replication)
    lines = lines_of(study.policies[task.policy], result) if with_lines else ""
    return Run(task.policy, task.replication, measured(result), result.totals, result.digest, lines)


def _side_by_side(experiment: Experiment, tasks: Iterator[_Task], workers: int, with_lines: bool) -> Iterator[Run]:
    # Processes that begin anew, and not copies of this one: whatever threads it has are no concern of theirs.
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin)
    waiting: deque[Future[Run]] = deque()

    def fill() -> None:
        while len(waiting) < 2 * workers and (task := next(tasks, None)) is not None:
            waiting.append(pool.submit(_made, experiment.study, *_under(experiment, task), with_lines))

    try:
        fill()
        while waiting:
            run = waiting.popleft().result()
            fill()
            yield run
    except BrokenProcessPool as error:
        raise WorkerLost(
            "a process that was running replications has ended; it was killed, or there was not enough memory"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    """Let a worker end at once when somebody presses Ctrl-C, and with the process that it works for."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None  # Only workers run this.
    parent.join()
    os._exit(1)
