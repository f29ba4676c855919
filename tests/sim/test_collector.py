"""The collector rests while a run is made: nothing is lost by it, and it is as it was afterwards."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tutorcore.policy.process import Process
from tutorcore.sim.collector import collector_at_rest
from tutorcore.sim.kernel import run_replication
from tutorcore.sim.model import Study


@pytest.fixture(autouse=True)
def collector_as_it_was() -> Iterator[None]:
    """Leave the collector on, as it is in every test."""
    yield
    gc.enable()


def test_the_collector_rests_within_the_block_only() -> None:
    """It is on again afterwards, after an error too."""
    with collector_at_rest():
        within = gc.isenabled()
    with pytest.raises(RuntimeError), collector_at_rest():
        raise RuntimeError

    assert not within
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    """Whoever has switched it off has reasons for it."""
    gc.disable()
    with collector_at_rest():
        pass

    assert not gc.isenabled()


def test_a_run_makes_no_cyclic_garbage(study: Study, italki: Process) -> None:
    """So nothing waits for the collector while it rests: all that a run has made goes when nobody refers to it."""
    run_replication(study, italki, 1)  # What is kept for the next run is made once.
    gc.collect()
    gc.disable()
    result = run_replication(study, italki, 1)
    del result

    assert gc.collect() == 0
