"""What random plays reach too seldom: reports of one day, applications and fees, each with every promise checked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.instants import Instant, instant
from tutorcore.policy.process import Process
from tutorcore.policy.settlement import Settlement
from tutorcore.testing.promises import broken_promises

NOW = instant("2026-05-04T00:00:00Z")  # Where the points are counted, on Lord Howe Island, the day began at 13:30.
HOUR = timedelta(hours=1)
LAPSED = NOW + 12 * HOUR


@pytest.fixture
def storage() -> MemoryStorage:
    """Where the marketplace lies."""
    return MemoryStorage()


@pytest.fixture
def market(storage: MemoryStorage, samples: dict[str, Process]) -> Marketplace:
    """A marketplace under the stern policy."""
    market = Marketplace(storage, [samples["stern"]])
    for party in ("ann", "tom"):
        market.add_party(party, zone="UTC")
    market.add_party("ada", zone="UTC", grants=["agent", "operator"])
    market.top_up("ann", market.money("1000", "CRD"), key="paid", now=NOW - timedelta(days=60))
    return market


def _asks(market: Marketplace, number: int, at: Instant, price: str = "20") -> None:
    market.request(
        student="ann", tutor="tom", start=at + (40 + number) * HOUR, duration=HOUR, price=price, lesson=f"L{number}",
        key=f"ask {number}", now=at,
    ).or_raise()  # fmt: skip


def _steps(market: Marketplace, counter: str) -> list[tuple[str, int | None, tuple[str, ...]]]:
    found = [each.standing.happening for each in market.standings.history("tom")]
    return [(each.kind, each.report, each.effects) for each in found if each.counter == counter]


def test_lapses_of_one_day_are_one_report_whatever_became_of_it(market: Marketplace, storage: MemoryStorage) -> None:
    """Open it goes on, recorded it is opened again, dismissed it counts again; what it has brought, it brings once."""
    for number in range(4):
        _asks(market, number, NOW + number * HOUR / 60)
    handle: dict[str, str] = {"by": "ada", "case": "7"}
    market.sweep(now=LAPSED + HOUR / 60)
    market.standings.record_report("tom", 2, reason="so_it_was", key="a", now=LAPSED + 1.5 * HOUR / 60, **handle)
    market.sweep(now=LAPSED + 2 * HOUR / 60)
    market.standings.dismiss_report("tom", 2, reason="ill", key="b", now=LAPSED + 2.5 * HOUR / 60, **handle)
    market.sweep(now=LAPSED + 3 * HOUR / 60)

    assert _steps(market, "points") == [
        ("raised", 2, ("notice",)),
        ("joined", 2, ()),
        ("recorded", 2, ()),
        ("reopened", 2, ("wallet_frozen",)),
        ("dismissed", 2, ("wallet_frozen",)),
        ("reopened", 2, ("notice",)),
    ]
    assert broken_promises(storage) == []


def test_what_is_the_students_fault_is_not_the_tutors(market: Marketplace, storage: MemoryStorage) -> None:
    """A mark that a counter counts, made on the student, is nothing to the tutor; made on the tutor, it is."""
    half = Settlement.of({"tutor": "50%", "student": "rest"})
    for number, reason in enumerate(("my_mistake", "tutor_absent")):
        at = NOW + number * timedelta(days=9)
        _asks(market, number, at)
        market.accept(f"L{number}", by="tom", proposal=1, key=f"yes {number}", now=at).or_raise()
        ended = at + (41 + number) * HOUR
        market.report(
            f"L{number}", by="ann", remedy="split", split=half, reason=reason, key=f"no {number}", now=ended
        ).or_raise()
        lesson = market.accept(f"L{number}", by="tom", proposal=2, key=f"so {number}", now=ended).or_raise().lesson
        assert lesson is not None
        assert lesson.step.mark == "missed_attendance"

    assert [kind for kind, _, _ in _steps(market, "in_a_row")] == ["raised"]
    assert broken_promises(storage) == []


def _earned(market: Marketplace) -> Instant:
    """Let tom earn 18.50 for a lesson; return when that is available: in June, with an application of May."""
    _asks(market, 1, NOW)
    market.accept("L1", by="tom", proposal=1, key="yes", now=NOW).or_raise()
    market.payouts.apply("tom", "CRD", key="may", now=NOW).or_raise()
    return instant("2026-06-01T00:00:00Z")


def _takes(market: Marketplace, amount: str, key: str, now: Instant) -> Outcome:
    return market.payouts.withdraw("tom", market.money(amount, "CRD"), key=key, now=now)


def test_one_application_is_one_withdrawal(market: Marketplace, storage: MemoryStorage) -> None:
    """While one is under way or was paid there is no other; one that came back may be tried again in its month."""
    june = _earned(market)

    early = _takes(market, "1", "early", june - timedelta(microseconds=1))
    first = _takes(market, "1", "first", june)
    again = _takes(market, "1", "again", june)
    market.payouts.returned("may", by="ada", reason="closed", key="back", now=june).or_raise()
    retried = _takes(market, "2", "retried", june)
    third = _takes(market, "1", "third", june)
    market.payouts.paid("retried", by="ada", key="there", now=june + HOUR).or_raise()
    fourth = _takes(market, "1", "fourth", june + HOUR)

    answers = [each.refusal and each.refusal.code for each in (early, first, again, retried, third, fourth)]
    assert answers == ["not_applied", None, "not_applied", None, "not_applied", "not_applied"]
    # The fee of the first, which came back, is kept: 0.02. So is that of the second, out of its two.
    assert market.earnings("tom", "CRD", now=june + HOUR).available.text == "16.48"
    assert broken_promises(storage) == []


def test_nobody_acts_for_the_platform_about_themselves(market: Marketplace, storage: MemoryStorage) -> None:
    """A tutor who is an agent and operator too neither says that the money came nor handles a report of their own."""
    june = _earned(market)
    _takes(market, "1", "first", june).or_raise()
    _asks(market, 9, june)
    market.add_party("tom", zone="UTC", grants=["agent", "operator"])
    later = june + 13 * HOUR

    told = [
        market.payouts.paid("may", by="tom", key="paid by tom", now=later),
        market.standings.dismiss_report("tom", 1, by="tom", reason="ill", case="7", key="dismissed", now=later),
        market.standings.record_report("tom", 2, by="tom", reason="so_it_was", case="7", key="recorded", now=later),
        market.standings.lift("tom", "existing_only", by="tom", reason="ill", case="7", key="lifted", now=later),
    ]

    assert [each.refusal and each.refusal.code for each in told] == ["not_yours"] * 4
    assert broken_promises(storage) == []
