"""Law 1: time is an argument.

That the pure layers import no clock is held by import-linter and ruff; here is that none of it matters when they run.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import NoReturn

import attrs
import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.engine.marketplace import Marketplace
from tutorcore.instants import instant
from tutorcore.lessons.decision import FactsAt, advance, decide, facts_needed
from tutorcore.lessons.lesson import Facts, Lesson, next_deadline
from tutorcore.lessons.options import allowed
from tutorcore.policy.codec import load_preset
from tutorcore.policy.machine import Asked

SCRIPT = """
from hashlib import sha256
from tutorcore.adapters.memory import MemoryStorage
from tutorcore.testing.plain import dump
from tutorcore.testing.samples import sample_policies
from tutorcore.testing.twins import played
twins = played(11, 40, sample_policies(), MemoryStorage, lambda twins: None)
print(sha256(repr(dump(twins.unswept.storage)).encode()).hexdigest())
"""


def test_deciding_twice_gives_the_same_answer(steps: Sequence[tuple[Lesson, Lesson]]) -> None:
    """Deciding again, in another order and with everything else decided in between, changes no answer."""
    questions = [
        (before, attrs.evolve(after.command, verb=verb), after.at)
        for before, after in steps
        if after.command is not None
        for verb in before.machine.process.verbs
    ]
    answers = []
    for asked in (questions, questions[::-1]):
        found = []
        for lesson, command, at in asked:
            needed = facts_needed(lesson.machine, lesson, command.verb)
            asked_for = {str(each): 1 for each in needed}
            facts = Facts(frozenset({"operator", "admin", "system"}), asked_for, frozenset(asked_for))
            found.append(decide(lesson.machine, lesson, command, facts, at))
        answers.append(found)

    assert len(questions) > 500
    assert answers[0] == answers[1][::-1]


def test_advancing_twice_gives_the_same_versions(
    steps: Sequence[tuple[Lesson, Lesson]], nothing_counted: FactsAt
) -> None:
    """Advancing again changes no version, and neither advancing nor listing options touches the lesson."""
    before = [repr(lesson) for lesson, _ in steps]
    later = timedelta(days=30)
    first = [advance(lesson, lesson.at + later, nothing_counted) for lesson, _ in steps]
    for lesson, _ in steps:
        deadline = next_deadline(lesson)
        if deadline is None or deadline.at > lesson.at:
            needed = frozenset[Asked]().union(
                *(facts_needed(lesson.machine, lesson, verb) for verb in lesson.machine.process.verbs)
            )
            allowed(lesson, lesson.brief.student, nothing_counted(lesson, lesson.at, needed), lesson.at)
    second = [advance(lesson, lesson.at + later, nothing_counted) for lesson, _ in steps]

    assert first == second
    assert [repr(lesson) for lesson, _ in steps] == before


def test_no_clock_is_read_where_now_is_given() -> None:
    """A marketplace that is always told the time never asks its clock."""

    def clock() -> NoReturn:
        raise AssertionError("somebody looked at the clock")

    now = instant("2026-05-04T10:00:00Z")
    market = Marketplace(MemoryStorage(), [load_preset("italki")], clock=clock)
    for party in ("ann", "tom"):
        market.add_party(party, zone="Europe/Berlin")
    market.top_up("ann", market.money("100", "ITC"), key="1", now=now)
    market.request(
        student="ann", tutor="tom", start=now + timedelta(days=2), duration=timedelta(hours=1), price="25",
        lesson="L1", key="2", now=now,
    )  # fmt: skip
    market.propose("L1", by="tom", price="20", key="3", now=now)
    market.accept("L1", by="ann", proposal=2, key="4", now=now)
    market.sweep(now=now + timedelta(days=9))

    assert market.lesson("L1", now=now + timedelta(days=9)).state == "completed"
    with pytest.raises(AssertionError):
        market.sweep()


@pytest.mark.slow
def test_the_zone_of_the_machine_does_not_matter() -> None:
    """The same play makes the same store wherever the machine thinks it stands."""
    digests = {
        zone: subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for zone in ("UTC", "America/New_York", "Pacific/Apia")
    }

    assert len(set(digests.values())) == 1, digests
