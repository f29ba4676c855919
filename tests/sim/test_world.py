"""The world: drawn from the study alone, before any policy is looked at."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise
from math import exp, sqrt
from statistics import fmean, pvariance
from typing import Any

import attrs
import pytest

from tutorcore.calendar.agendas.slots import LONGEST
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
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
from tutorcore.sim.model import Act, Deed, People, Requests, Shift, Study, Turn
from tutorcore.sim.world import world_of

HOUR = 3600.0


def test_a_world_is_the_same_each_time(study: Study) -> None:
    """One replication of one study is one world."""
    assert world_of(study, 2) == world_of(study, 2)
    assert world_of(study, 2) != world_of(study, 3)


def test_requests_come_at_random(study: Study) -> None:
    """As many a day on the average as the study says, in order, within its days, and spread as chance would."""
    counts = [len(world_of(attrs.evolve(study, seed=seed), 1).wishes) for seed in range(40)]
    asked = [wish.asked for wish in world_of(study, 1).wishes]
    mean = sum(counts) / len(counts)
    spread = sum((count - mean) ** 2 for count in counts) / (len(counts) - 1)

    assert mean == pytest.approx(12 * 14, rel=0.04)
    assert spread == pytest.approx(mean, rel=0.6)
    assert all(before <= after for before, after in pairwise(asked))
    assert study.start <= asked[0]
    assert asked[-1] < study.start + timedelta(days=14)


_SHARES = [
    (Uniform(2 * HOUR, 10 * HOUR), 6.0, 64 / 12),
    (Exponential(10 * HOUR), 10.0, 100.0),
    (Normal(100 * HOUR, 10 * HOUR), 100.0, 100.0),
    (Choice.of((HOUR, 1), (3 * HOUR, 3)), 2.5, 0.75),
    (Lognormal(10 * HOUR, 0.5), 10 * exp(0.125), 100 * exp(0.25) * (exp(0.25) - 1)),
]


@pytest.mark.parametrize(("lead", "mean", "variance"), _SHARES)
def test_what_is_drawn_is_spread_as_books_say(lead: Distribution, mean: float, variance: float, study: Study) -> None:
    """The mean of several thousand draws is the one in the tables, within four of its standard errors."""
    requests = attrs.evolve(study.requests, per_day=400, lead=lead, grid=timedelta(seconds=1))
    hours = [
        (wish.start - wish.asked) / timedelta(hours=1)
        for wish in world_of(attrs.evolve(study, requests=requests), 1).wishes
    ]

    assert fmean(hours) == pytest.approx(mean, abs=4 * sqrt(variance / len(hours)))
    assert pvariance(hours) == pytest.approx(variance, rel=0.15)


def test_the_number_of_requests_has_the_mean_and_the_variance_of_poisson(study: Study) -> None:
    """Which are equal; and when they come is anywhere in the days of the study."""
    few = attrs.evolve(study, days=2, requests=attrs.evolve(study.requests, per_day=6), acts=())
    worlds = [world_of(few, replication) for replication in range(1, 801)]
    counts = [len(world.wishes) for world in worlds]
    asked = [(wish.asked - few.start) / timedelta(days=2) for world in worlds for wish in world.wishes]

    assert fmean(counts) == pytest.approx(12, abs=4 * sqrt(12 / 800))
    assert pvariance(counts) == pytest.approx(12, rel=4 * sqrt(2 / 800))
    assert fmean(asked) == pytest.approx(1 / 2, abs=4 * sqrt(1 / 12 / len(asked)))
    assert pvariance(asked) == pytest.approx(1 / 12, rel=0.05)


def test_lessons_start_on_the_grid(study: Study) -> None:
    """The next half hour after the lead has passed, and never before it."""
    for wish in world_of(study, 1).wishes:
        assert wish.start.minute % 30 == wish.start.second == wish.start.microsecond == 0
        assert wish.start >= wish.asked
    fixed = attrs.evolve(study, requests=attrs.evolve(study.requests, lead=Fixed(0)))
    assert all(timedelta(0) <= wish.start - wish.asked < timedelta(minutes=30) for wish in world_of(fixed, 1).wishes)


def test_people_live_in_zones_by_weight(study: Study) -> None:
    """Two thirds of many people live in Berlin, if that is what the study says."""
    world = world_of(attrs.evolve(study, people=attrs.evolve(study.people, students=1500)), 1)
    zones = Counter(person.zone for person in world.students)

    assert zones["Europe/Berlin"] == pytest.approx(1000, abs=60)
    assert len({person.id for person in (*world.tutors, *world.students)}) == 1506


def test_no_lesson_is_too_short_or_too_long(study: Study) -> None:
    """A length of nothing counts as a minute, and one of a month as the longest lesson there is."""
    for duration, expected in ((Fixed(0), timedelta(minutes=1)), (Fixed(30 * 86400), LONGEST)):
        requests = attrs.evolve(study.requests, duration=duration)
        assert {wish.duration for wish in world_of(attrs.evolve(study, requests=requests), 1).wishes} == {expected}


def test_intentions_come_as_often_as_their_chance(study: Study) -> None:
    """A tenth of all lessons have a tutor who does not come, and nine tenths one who joins."""
    acts = (
        Act("absent", "tutor", None, 0.1),
        Act("joins", "tutor", Deed("join"), unless=("absent",), shift=Shift(Uniform(0, 60), "before")),
    )
    wishes = [
        wish for replication in range(1, 6) for wish in world_of(attrs.evolve(study, acts=acts), replication).wishes
    ]
    joined = [wish.intents[0] for wish in wishes if wish.intents]

    assert len(joined) / len(wishes) == pytest.approx(0.9, abs=0.03)
    assert all(-timedelta(seconds=60) <= intent.by <= timedelta(0) for intent in joined)


def test_a_chance_that_grows_adds_intentions_and_takes_none_away(study: Study) -> None:
    """Whoever cancels with a chance of a tenth does so with a chance of a fifth too, at the same instant."""
    found = []
    for chance in (0.1, 0.2):
        act = Act("cancels", "student", Deed("cancel"), chance, shift=Shift(Exponential(3600), "before"))
        world = world_of(attrs.evolve(study, acts=(act,)), 1)
        found.append({(wish.lesson, intent.by) for wish in world.wishes for intent in wish.intents})

    assert found[0] < found[1]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"seed": -1}, InvalidValue),
        ({"seed": 1.5}, InvalidType),
        ({"replications": 0}, InvalidValue),
        ({"days": 0}, InvalidValue),
        ({"start": "2026-03-02"}, InvalidValue),
        ({"acts": (Act("a", "tutor", None), Act("a", "tutor", None))}, InvalidValue),
        ({"acts": (Act("a", "tutor", None, unless=("b",)), Act("b", "tutor", None))}, UnknownName),
    ],
)
def test_a_study_of_nonsense_is_refused(study: Study, changes: dict[str, Any], error: type[Exception]) -> None:
    """Whole numbers in their range, an instant with its offset, acts of their own names that name earlier ones."""
    with pytest.raises(error):
        attrs.evolve(study, **changes)


def test_chances_are_shares() -> None:
    """A chance is between 0 and 1, and those of one turn are no more than 1 together."""
    with pytest.raises(InvalidValue):
        Act("a", "tutor", None, 1.1)
    with pytest.raises(InvalidValue):
        Turn("tutor", Fixed(1), ((Deed("accept"), 0.7), (Deed("decline"), 0.4)))
    with pytest.raises(InvalidValue):
        Requests(5, Fixed(1), Fixed(1), Fixed(1), timedelta(minutes=7))
    with pytest.raises(InvalidValue):
        Requests(0, Fixed(1), Fixed(1), Fixed(1))
    with pytest.raises(InvalidValue):
        People(0, 1, Weighted((("UTC", 1),)))
