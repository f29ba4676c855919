from __future__ import annotations

from hashlib import sha256

import attrs
import pytest

from tutorcore.adapters.sql.machines import MOST, Machines
from tutorcore.errors import StorageError
from tutorcore.ids import PolicyHash
from tutorcore.policy.explicit import dump_process
from tutorcore.policy.machine import Machine
from tutorcore.policy.process import Timeout
from tutorcore.policy.wellformed import problems
from tutorcore.policy.words import entered
from tutorcore.testing.versions import sample_machine


def _machines(count: int) -> list[Machine]:
    """Machines under hashes of their own."""
    process = sample_machine().process
    return [Machine(process, PolicyHash(f"{number:064}")) for number in range(count)]


@pytest.mark.slow
def test_the_oldest_machine_makes_room() -> None:
    """At most so many machines are kept; the one that came first goes first."""
    kept = Machines()
    first, *rest = _machines(MOST + 1)
    for machine in (first, *rest):
        kept.keep(machine)

    assert kept.get(first.hash) is None
    assert all(kept.get(machine.hash) is machine for machine in rest)


def test_the_first_machine_of_a_policy_is_the_one_that_is_used() -> None:
    """A second machine of the same policy does not replace the first: versions point at one and the same."""
    kept, (one, two) = Machines(), (_machines(1)[0], _machines(1)[0])

    assert kept.keep(one) is one
    assert kept.keep(two) is one


def test_a_stored_policy_is_compiled_once() -> None:
    """The text of a policy is compiled when it is first needed."""
    kept, sample = Machines(), sample_machine()
    made = kept.compile(sample.hash, dump_process(sample.process))

    assert made.process == sample.process
    assert kept.get(sample.hash) is made


def test_a_stored_policy_that_cannot_be_read_is_an_error() -> None:
    """A text that is what its hash says and yet no policy is an error of the store."""
    text = "not a policy"
    with pytest.raises(StorageError, match="cannot be read"):
        Machines().compile(PolicyHash(sha256(text.encode()).hexdigest()), text)


def test_a_running_lesson_keeps_a_policy_that_could_not_be_added_any_more() -> None:
    """What is asked of new tables may grow; what was stored is read as it was."""
    sound = sample_machine().process
    at_once = Timeout(entered, sound.states[0].name, if_past="fire")
    stale = attrs.evolve(sound, states=(attrs.evolve(sound.states[0], timeouts=(at_once,)), *sound.states[1:]))
    text = dump_process(stale)

    machine = Machines().compile(PolicyHash(sha256(text.encode()).hexdigest()), text)

    assert problems(stale)
    assert machine.process == stale
