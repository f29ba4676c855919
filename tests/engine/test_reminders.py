"""Reminders: said at their instant while the lesson stands where it did, whether a sweeper or a command says them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.engine.marketplace import Marketplace, Swept
from tutorcore.instants import LATEST, MICROSECOND, Instant, instant
from tutorcore.lessons.lesson import Offer
from tutorcore.lessons.projections import Message
from tutorcore.policy.codec import load_policy, load_preset
from tutorcore.ports.storage import Storage

NOW = instant("2026-05-04T10:00:00Z")
HOUR = timedelta(hours=1)
START = NOW + 100 * HOUR
REMINDER = START - 24 * HOUR

POLICY = """
extends = "process/1"
id = "own"
currency = "EUR"
opening = { verb = "request", by = ["student"], to = "requested", terms = "propose" }

[state.requested]
waits_for = "tutor"
on.accept = { by = ["tutor"], to = "agreed", terms = "accept" }
timeout = { at = "asked + 48h", to = "over" }
reminder = { at = "deadline - 4h", to = ["tutor"] }

[state.agreed]
agreed = true
on.look = { by = ["student"], to = "stay" }
on.cancel = { by = ["student"], to = "over" }
on.shift = { by = ["student"], to = "shifting", terms = "propose" }
timeout = { at = "lesson.start", to = "over" }
reminder = { at = "lesson.start - 24h", to = ["student", "tutor"] }

[state.shifting]
beside = true
waits_for = "tutor"
on.accept = { by = ["tutor"], to = "back", terms = "accept" }
timeout = { at = "lesson.start - 24h", to = "back" }

[state.over]
over = true
"""


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest) -> Iterator[Storage]:
    """An empty store of either kind."""
    if request.param == "memory":
        yield MemoryStorage()
    else:
        with open_sqlite(":memory:") as opened:
            yield opened


def agreed(storage: Storage, policy: str = POLICY) -> Marketplace:
    """Return a marketplace in which ann and tom agreed on L1 an hour after she asked."""
    market = Marketplace(storage, [load_policy(policy)])
    for party in ("ann", "tom", "ben"):
        market.add_party(party, zone="UTC")
    market.request(
        student="ann", tutor="tom", start=START, duration=HOUR, price="0", lesson="L1", key="ask", now=NOW
    ).or_raise()
    market.accept("L1", by="tom", proposal=1, key="yes", now=NOW + HOUR).or_raise()
    return market


def reminded(market: Marketplace) -> list[Message]:
    """Return the reminders in the outbox."""
    return [row.message for row in market.outbox() if row.message.kind == "reminder"]


def pending(storage: Storage) -> list[Instant]:
    """Return when reminders are still to be said."""
    with storage.reading() as tx:
        return [row.at for row in tx.due_reminders(LATEST)]


@pytest.mark.parametrize(("step", "said"), [(-MICROSECOND, 0), (timedelta(0), 1), (MICROSECOND, 1), (23 * HOUR, 1)])
def test_a_sweep_says_what_is_due_once(storage: Storage, step: timedelta, said: int) -> None:
    """At its instant and ever after, but only once; the message carries the instant at which it was due."""
    market = agreed(storage)

    swept = market.sweep(now=REMINDER + step)
    again = market.sweep(now=REMINDER + step)

    assert (swept.reminders, again.reminders) == (said, 0)
    assert reminded(market) == [Message("reminder", "L1", 2, ("ann", "tom"), REMINDER)][:said]  # type: ignore[arg-type]  # ids by name
    assert pending(storage) == ([] if said else [REMINDER])
    assert swept == Swept(0, 0, 0, said, said)


def test_an_answer_takes_the_reminder_of_the_question_back(storage: Storage) -> None:
    """Nobody is reminded of a request that was answered; the agreed lesson has a reminder of its own."""
    market = agreed(storage)

    market.sweep(now=NOW + 46 * HOUR)

    assert reminded(market) == []
    assert pending(storage) == [REMINDER]


@pytest.mark.parametrize("verb", ["look", "cancel"])
@pytest.mark.parametrize("swept", [True, False])
@pytest.mark.parametrize(("step", "said"), [(-MICROSECOND, 0), (timedelta(0), 1), (MICROSECOND, 1)])
def test_a_command_says_first_what_was_due_before_it(
    storage: Storage, verb: str, swept: bool, step: timedelta, said: int
) -> None:
    """Whatever is due by the command is said, as a sweep just before it would have done; what was still to come is
    taken back where the lesson leaves, and kept where it stays.
    """
    market = agreed(storage)
    at = REMINDER + step
    if swept:
        market.sweep(now=at)

    market.act(verb, "L1", by="ann", key="act", now=at).or_raise()
    outbox = [row.message.kind for row in market.outbox()][-(1 + said) :]
    market.sweep(now=REMINDER + HOUR)

    assert outbox == ["reminder", "told"][-(1 + said) :]
    assert len(reminded(market)) == (1 if verb == "look" else said)
    assert pending(storage) == []


@pytest.mark.parametrize("swept", [True, False])
def test_a_timeout_that_leads_on_comes_before_a_reminder_of_the_same_instant(storage: Storage, swept: bool) -> None:
    """At the deadline itself time has won: the lesson does not stand any more where it was to be said."""
    market = agreed(
        storage, POLICY.replace('at = "lesson.start - 24h", to = ["student"', 'at = "lesson.start", to = ["student"')
    )
    if swept:
        market.sweep(now=START)

    market.sweep(now=START + HOUR)

    assert market.history("L1")[-1].version.state == "over"
    assert reminded(market) == []
    assert pending(storage) == []


@pytest.mark.parametrize("swept", [True, False])
def test_a_timeout_says_first_what_was_due_before_it(storage: Storage, swept: bool) -> None:
    """A microsecond before the deadline it is said, also where a sweep comes long after both."""
    policy = POLICY.replace('at = "lesson.start - 24h", to = ["student"', 'at = "lesson.start - 1s", to = ["student"')
    market = agreed(storage, policy)
    if swept:
        market.sweep(now=START - timedelta(seconds=1))

    swept_last = market.sweep(now=START + HOUR)

    kinds = [(row.message.kind, row.message.number) for row in market.outbox()][-2:]
    assert kinds == [("reminder", 2), ("told", 3)]
    assert swept_last == Swept(1, 1, 0, 1, 0 if swept else 1)


@pytest.mark.parametrize("swept", [True, False])
def test_a_change_that_lapses_leaves_the_reminder_of_that_instant(storage: Storage, swept: bool) -> None:
    """The lesson stands where it did before, so what was to be said at that very instant is said."""
    market = agreed(storage)
    offer = Offer(start=START + 5 * HOUR)
    market.act("shift", "L1", by="ann", key="shift", offer=offer, now=NOW + 2 * HOUR).or_raise()
    if swept:
        market.sweep(now=REMINDER)

    market.sweep(now=REMINDER + HOUR)

    assert market.lesson("L1", now=REMINDER).change is None
    assert [(each.number, each.at) for each in reminded(market)] == [(3, REMINDER)]


def test_a_command_about_another_lesson_leaves_reminders_alone(storage: Storage) -> None:
    """Only what replaces a lesson's reminders says them first; other commands of the same people do not."""
    market = agreed(storage)

    market.request(
        student="ann",
        tutor="ben",
        start=START + 9 * HOUR,
        duration=HOUR,
        price="0",
        lesson="L2",
        key="2",
        now=START - HOUR,
    ).or_raise()

    assert reminded(market) == []
    assert market.sweep(now=START - HOUR).reminders == 1


def test_a_refused_command_says_nothing(storage: Storage) -> None:
    """What is due stays due, and the sweeper says it."""
    market = agreed(storage)

    refused = market.act("accept", "L1", by="tom", key="again", proposal=1, now=REMINDER + HOUR)

    assert not refused.ok
    assert reminded(market) == []
    assert pending(storage) == [REMINDER]


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
def test_reminders_are_said_in_parts_as_large_as_a_sweep_may_be(storage: Storage, batch: int) -> None:
    """However few at once, all of them are said, in the order of their instants; each part leaves a line."""
    market = agreed(storage)
    for number in range(2, 5):
        market.request(
            student="ann", tutor="tom", start=START + number * HOUR, duration=HOUR, price="0", lesson=f"L{number}",
            key=f"ask {number}", now=NOW + HOUR,
        ).or_raise()  # fmt: skip
        market.accept(f"L{number}", by="tom", proposal=1, key=f"yes {number}", now=NOW + HOUR).or_raise()

    swept = market.sweep(now=START - HOUR, batch=batch, key="night")

    assert [(each.lesson, each.at) for each in reminded(market)] == [
        ("L1", REMINDER), *((f"L{number}", REMINDER + number * HOUR) for number in range(2, 5)),
    ]  # fmt: skip
    assert (swept.reminders, swept.timeouts) == (4, 0)
    assert len([line for line in market.audit() if line.verb == "sweep"]) == swept.transactions


def test_reminders_wait_until_no_timeout_is_left(storage: Storage) -> None:
    """With one lesson at a time, a timeout of another lesson that would take its reminder back comes first."""
    market = agreed(storage)
    for number in range(2, 4):
        market.request(
            student="ben", tutor="tom", start=START + number * HOUR, duration=HOUR, price="0", lesson=f"L{number}",
            key=f"ask {number}", now=NOW + HOUR,
        ).or_raise()  # fmt: skip

    swept = market.sweep(now=NOW + 200 * HOUR, batch=1)

    assert swept.reminders == 3
    # Of the two requests that lapsed, the tutor was reminded before they did; and of the lesson, before it began.
    assert [(each.lesson, each.at) for each in reminded(market)] == [
        ("L2", NOW + 45 * HOUR), ("L3", NOW + 45 * HOUR), ("L1", REMINDER),
    ]  # fmt: skip


def test_a_grace_holds_reminders_back_too(storage: Storage) -> None:
    """A sweeper whose clock runs ahead reminds nobody early."""
    market = agreed(storage)

    early = market.sweep(now=REMINDER + timedelta(minutes=2), grace=timedelta(minutes=3))

    assert early == Swept(0, 0, 0, 0, 0)
    assert market.sweep(now=REMINDER + timedelta(minutes=3), grace=timedelta(minutes=3)).reminders == 1


def test_a_policy_without_reminders_keeps_none(storage: Storage) -> None:
    """Nothing is written for lessons of which nobody is reminded."""
    market = Marketplace(storage, [load_preset("italki")])
    for party in ("ann", "tom"):
        market.add_party(party, zone="UTC")

    market.request(
        student="ann", tutor="tom", start=START, duration=HOUR, price="0", lesson="L1", key="ask", now=NOW
    ).or_raise()

    assert pending(storage) == []
    assert market.sweep(now=NOW + 47 * HOUR) == Swept(0, 0, 0, 0, 0)
