"""What the tests of the laws share: a small marketplace on a store, and lessons with every sort of past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.calendar.schedules.schedule import Schedule
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.instants import Instant, instant
from tutorcore.lessons.decision import FactsAt
from tutorcore.lessons.lesson import Facts, Lesson
from tutorcore.policy.codec import load_preset
from tutorcore.policy.process import Process
from tutorcore.ports.storage import Storage
from tutorcore.testing.samples import sample_policies
from tutorcore.testing.twins import Twins, played

NOW = instant("2026-05-04T10:00:00Z")


@pytest.fixture(scope="session")
def samples() -> dict[str, Process]:
    """The sample policies by id."""
    return {process.id: process for process in sample_policies()}


@pytest.fixture(scope="session")
def pasts(samples: dict[str, Process]) -> Sequence[Twins]:
    """Twins that have lived under each sample policy."""
    return [
        played(seed, 120, [process], MemoryStorage, lambda twins: None)
        for seed, process in enumerate([*samples.values()] * 10)
    ]


@pytest.fixture(scope="session")
def steps(pasts: Sequence[Twins]) -> Sequence[tuple[Lesson, Lesson]]:
    """Every two versions of a lesson that follow each other, from all pasts."""
    histories = [[each.version for each in twins.market.history(lesson)] for twins in pasts for lesson in twins.lessons]
    return [pair for versions in histories for pair in pairwise(versions)]


@pytest.fixture(scope="session")
def nothing_counted() -> FactsAt:
    """Facts for timeouts that count: nobody has a mark, and nothing has been taught."""
    return lambda lesson, at, needed: Facts(counts={str(each): 0 for each in needed})


@pytest.fixture
def opened() -> Callable[..., Marketplace]:
    """Return a function that opens a marketplace with people who have money; under italki unless policies are given.

    Of the tutors only Tim has a schedule, and there is no hour in it.
    """

    def opened(policies: Sequence[Process] = (), storage: Storage | None = None, now: Instant = NOW) -> Marketplace:
        market = Marketplace(storage or MemoryStorage(), policies or [load_preset("italki")])
        for party, zone in (("ann", "America/New_York"), ("ben", "Asia/Kathmandu"), ("pam", "UTC")):
            market.add_party(party, zone=zone)
            for code in sorted({process.unit.code for process in policies} or {"ITC"}):
                market.top_up(party, market.money("100", code), key=f"{party}-{code}", now=now)
        market.add_party("tom", zone="Europe/Berlin", permissions=["meeting_provider"])
        market.add_party("tess", zone="Australia/Lord_Howe")
        market.add_party("tim", zone="UTC")
        market.set_schedule("tim", Schedule("UTC"))
        market.add_party("olga", zone="UTC", grants=["operator", "admin"])
        return market

    return opened


@pytest.fixture
def ask() -> Callable[..., Outcome]:
    """Return a function that asks for a lesson in so many hours."""

    def ask(
        market: Marketplace,
        lesson: str,
        *,
        after: timedelta = timedelta(hours=80),
        student: str = "ann",
        tutor: str = "tom",
        price: str = "25",
        policy: Process | None = None,
        now: Instant = NOW,
        key: str | None = None,
    ) -> Outcome:
        return market.request(
            student=student,
            tutor=tutor,
            start=now + after,
            duration=timedelta(hours=1),
            price=price,
            lesson=lesson,
            policy=None if policy is None else policy.name,
            verb=None if policy is None else policy.verb_of_opening,
            key=key or f"ask {lesson}",
            now=now,
        )

    return ask


@pytest.fixture
def asked(opened: Callable[..., Marketplace], ask: Callable[..., Outcome]) -> Callable[..., Marketplace]:
    """Return a function that opens a marketplace in which Ann has asked Tom for lesson L1 in so many hours."""

    def asked(policy: Process | None = None, *, storage: Storage | None = None, hours: int = 80) -> Marketplace:
        market = opened([] if policy is None else [policy], storage)
        ask(market, "L1", after=timedelta(hours=hours), policy=policy).or_raise()
        return market

    return asked


@pytest.fixture
def agreed(asked: Callable[..., Marketplace]) -> Callable[..., Marketplace]:
    """Return a function that opens a marketplace in which Ann and Tom have agreed on lesson L1."""

    def agreed(
        policy: Process | None = None, *, storage: Storage | None = None, hours: int = 80, verb: str = "accept"
    ) -> Marketplace:
        market = asked(policy, storage=storage, hours=hours)
        market.act(verb, "L1", by="tom", proposal=1, key="agree", now=NOW).or_raise()
        return market

    return agreed
