"""Where mathematics knows the answer, simulation finds it: the share of requests that expire."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import log
from statistics import NormalDist
from typing import Final, NamedTuple

import pytest

from tutorcore.policy.codec import load_policy
from tutorcore.policy.presets import preset_text
from tutorcore.policy.process import Process
from tutorcore.sim.measures import Measure
from tutorcore.sim.runs import runs_of
from tutorcore.sim.statistics import CONFIDENCE, Estimate, estimate
from tutorcore.sim.study import read_study


class _Case(NamedTuple):
    """How long tutors may take, in hours; how long they do take; and how many never answer."""

    window: int
    median: int
    sigma: float
    silent: float = 0.0

    @property
    def expired(self) -> float:
        """How many requests expire: those that nobody answers, and those whose answer takes too long."""
        in_time = NormalDist().cdf(log(self.window / self.median) / self.sigma)
        return self.silent + (1 - self.silent) * (1 - in_time)


_CASES: Final = [
    _Case(48, 12, 1.0),
    _Case(48, 30, 1.2),
    _Case(48, 60, 0.5),
    _Case(24, 12, 1.0),
    _Case(24, 6, 1.5),
    _Case(12, 20, 0.8),
    _Case(6, 2, 1.0, 0.2),
    _Case(72, 10, 1.4, 0.1),
]
_REPLICATIONS: Final = 12
# Far ahead, so that never the start decides the deadline; with so many people that hardly anybody is taken already.
_STUDY: Final = """\
schema = 1
name = "closed-form"
seed = {seed}
replications = {replications}
from = 2026-03-02T00:00:00Z
days = 5
policies = ["it"]
[people]
tutors = 500
students = 500
[requests]
per_day = 20
lead = {{ uniform = ["60d", "200d"] }}
duration = "30m"
price = "20"
[[turn]]
role = "tutor"
after = {{ lognormal = {{ median = "{median}h", sigma = {sigma} }} }}
does = {{ accept = {answers} }}
"""


def _policy(window: int) -> Process:
    text = f'extends = "ladder_48_24"\nid = "it"\nrequest.answer_by = "earliest(asked + {window}h, lesson.start)"\n'
    return load_policy(text, "it.toml", preset_text)


def _expired(case: _Case, seed: int) -> Sequence[Fraction]:
    """Which share of the requests expires in each replication. Each case has its own seed, so they are independent."""
    text = _STUDY.format(
        seed=seed,
        replications=_REPLICATIONS,
        median=case.median,
        sigma=case.sigma,
        answers=round(1 - case.silent, 3),
    )
    experiment = read_study(text, "s.toml", lambda _: _policy(case.window))
    found = [run.measured for run in runs_of(experiment)]
    expired, asked = Measure("endings", "expired", "share"), Measure("requests", "asked for", "share")
    return [each[expired] / each[asked] for each in found]


@pytest.mark.slow
def test_the_share_that_expires_is_the_one_that_mathematics_says() -> None:
    """An answer takes longer than the window with the chance 1 - Phi(ln(window / median) / sigma).

    The interval of 95 % may miss one in twenty, so it is allowed one of the eight; that of 99.9 % none.
    """
    shares = [_expired(case, seed) for seed, case in enumerate(_CASES, 1)]
    missed, far = (
        [
            case
            for case, found in zip(_CASES, shares, strict=True)
            if not _estimate(found, confidence).covers(case.expired)
        ]
        for confidence in (CONFIDENCE, 0.999)
    )

    assert far == []
    assert len(missed) <= 1, missed
    assert all((_estimate(found, CONFIDENCE).half or 1) < 0.04 for found in shares)


def _estimate(found: Sequence[Fraction], confidence: float) -> Estimate:
    made = estimate(found, confidence)
    assert made is not None
    return made
