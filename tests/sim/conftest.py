"""What the tests of the simulator share: a small study in which nearly everything happens."""

from __future__ import annotations

from typing import Final

import attrs
import pytest

from tutorcore.policy.account import NO_RULES
from tutorcore.policy.codec import load_preset
from tutorcore.policy.process import Process
from tutorcore.sim.distributions import Choice, Exponential, Fixed, Lognormal, Uniform, Weighted
from tutorcore.sim.model import Act, Deed, People, Requests, Shift, Study, Turn

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR

PEOPLE: Final = People(
    6, 30, Weighted((("Europe/Berlin", 2), ("America/New_York", 1))), frozenset({"can_request_sessions"})
)
REQUESTS: Final = Requests(12, Lognormal(4 * DAY, 0.8), Choice.of((1800, 1), (3600, 3)), Choice.of((20, 1), (35, 1)))
TURNS: Final = (
    Turn(
        "tutor",
        Lognormal(10 * HOUR, 1.2),
        (
            (Deed("accept"), 0.75),
            (Deed("decline", reason="busy"), 0.1),
            (Deed("propose", start=Shift(Uniform(HOUR, DAY))), 0.1),
        ),
        ("requested",),
    ),
    Turn("tutor", Lognormal(10 * HOUR, 1.2), ((Deed("accept"), 0.6), (Deed("decline", reason="no"), 0.3))),
    Turn("student", Lognormal(12 * HOUR, 1.2), ((Deed("confirm"), 0.6),), ("delivered",)),
    Turn("student", Lognormal(10 * HOUR, 1.2), ((Deed("accept"), 0.6), (Deed("contest"), 0.2), (Deed("decline"), 0.2))),
)
ACTS: Final = (
    Act("withdraws", "student", Deed("withdraw"), 0.1, "asked", Shift(Exponential(5 * HOUR))),
    Act(
        "student-cancels", "student", Deed("cancel", reason="ill"), 0.15, "start",
        Shift(Uniform(HOUR, 4 * DAY), "before"),
    ),
    Act("tutor-cancels", "tutor", Deed("cancel", reason="ill"), 0.05, "agreed", Shift(Uniform(HOUR, 4 * DAY))),
    Act(
        "student-moves", "student", Deed("propose", start=Shift(Uniform(DAY, 3 * DAY))), 0.15, "start",
        Shift(Uniform(DAY, 3 * DAY), "before"),
    ),
    Act("tutor-absent", "tutor", None, 0.1),
    Act("student-joins", "student", Deed("join"), 0.95, "start", Shift(Uniform(0, 600))),
    Act("tutor-joins", "tutor", Deed("join"), 0.98, "start", Shift(Uniform(0, 300)), unless=("tutor-absent",)),
    Act(
        "complains", "student", Deed("report", reason="tutor_absent", remedy="refund"), 0.8, "end",
        Shift(Exponential(HOUR)), only_if=("tutor-absent",),
    ),
    Act("claims", "student", Deed("claim_no_show"), 0.8, "start", Shift(Fixed(1500)), only_if=("tutor-absent",)),
    Act("reviews", "student", Deed("review", details=(("stars", "5"),)), 0.3, "end", Shift(Exponential(5 * DAY))),
)  # fmt: skip


@pytest.fixture(scope="session")
def study() -> Study:
    """Twelve requests a day for two weeks; people cancel, move, complain, and do not come."""
    return Study("small", 7, 3, "2026-03-16T00:00:00Z", 14, ("italki",), PEOPLE, REQUESTS, TURNS, ACTS)


@pytest.fixture(scope="session")
def italki() -> Process:
    """The preset without what it makes of missed requests: nobody is hidden for what a study makes them do."""
    return attrs.evolve(load_preset("italki"), account=NO_RULES)
