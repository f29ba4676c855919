"""Simulation: a whole marketplace under a policy, run by the very engine that runs real lessons.

A study says who asks for lessons and how people behave; `simulate` plays it under each of its policies, in worlds that
are the same for all of them, and reports every measure with its interval and the difference to the first policy.
"""

from tutorcore.sim.distributions import (
    Choice,
    Distribution,
    Exponential,
    Fixed,
    Lognormal,
    Normal,
    Uniform,
    Weighted,
)
from tutorcore.sim.kernel import run_replication
from tutorcore.sim.measures import Measure, measured
from tutorcore.sim.model import Act, Deed, People, Requests, Shift, Standings, Study, Turn
from tutorcore.sim.report import Line, Outcomes, Report, simulate
from tutorcore.sim.results import Result, Row, Totals
from tutorcore.sim.runs import WorkerLost
from tutorcore.sim.statistics import Estimate, estimate, paired, student_t
from tutorcore.sim.study import Experiment, load_study, read_study, study_of

__all__ = [
    "Act",
    "Choice",
    "Deed",
    "Distribution",
    "Estimate",
    "Experiment",
    "Exponential",
    "Fixed",
    "Line",
    "Lognormal",
    "Measure",
    "Normal",
    "Outcomes",
    "People",
    "Report",
    "Requests",
    "Result",
    "Row",
    "Shift",
    "Standings",
    "Study",
    "Totals",
    "Turn",
    "Uniform",
    "Weighted",
    "WorkerLost",
    "estimate",
    "load_study",
    "measured",
    "paired",
    "read_study",
    "run_replication",
    "simulate",
    "student_t",
    "study_of",
]
