"""Many threads on one marketplace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from threading import Barrier, Lock
from typing import TypeVar

import pytest

from tutorcore import Marketplace, MemoryStorage, Process, TutorcoreError, UnknownName, instant, open_sqlite
from tutorcore.instants import Instant
from tutorcore.ports.storage import Storage
from tutorcore.testing.people import World, deed, payment, question, whim
from tutorcore.testing.promises import broken_deadlines, broken_history, broken_promises
from tutorcore.testing.samples import sample_policies

pytestmark = pytest.mark.slow

T = TypeVar("T")

_THREADS = 8
_COMMANDS = 60
_BEGINNING = instant("2026-03-02T09:00:00Z")
_STEPS = (timedelta(0), timedelta(0), timedelta(microseconds=1), timedelta(hours=1), timedelta(hours=5))
_WORLD = World((("tom", "Europe/Berlin"), ("ann", "America/New_York"), ("ben", "Asia/Kathmandu")), "Asia/Tokyo")


@cache
def _policies() -> tuple[Process, ...]:
    return sample_policies()


class Drawn:
    """Chance from a seeded generator."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return self._random.choice(options)


class CommonClock:
    """A clock that all threads move on, each in its turn; a thread may well act on an instant that has passed."""

    def __init__(self) -> None:
        self._now = _BEGINNING
        self._lock = Lock()

    def move_by(self, elapsed: timedelta) -> Instant:
        """Set the clock forward and return the new instant."""
        with self._lock:
            self._now += elapsed
            return self._now


@pytest.fixture(params=["memory", "file", "sqlite in memory"])
def storage(request: pytest.FixtureRequest, path: Path) -> Iterator[Storage]:
    """A store that threads share."""
    if request.param == "memory":
        yield MemoryStorage()
        return
    with open_sqlite(path if request.param == "file" else ":memory:", busy_timeout=timedelta(minutes=2)) as store:
        yield store


def _live(market: Marketplace, clock: CommonClock, barrier: Barrier, thread: int) -> list[str]:
    """Do this and that; return the words that stand for what came of it."""
    chance, answers = Drawn(thread), list[str]()
    barrier.wait(60)
    for number in range(_COMMANDS):
        try:
            answers.append(_do_something(market, clock, chance, f"{thread}.{number}"))
        except UnknownName as error:
            if error.kind != "verb":
                raise
            answers.append("unknown")  # A verb of another policy.
    return answers


def _do_something(market: Marketplace, clock: CommonClock, chance: Drawn, name: str) -> str:
    now = clock.move_by(chance.pick(_STEPS))
    what = chance.pick(("pay", "ask", "ask", "option", "option", "option", "option", "whim", "sweep", "look"))
    lessons = market.lessons(now=now)
    if what == "pay":
        outcome = payment(_WORLD, market, chance.pick(("ITC", "JPY", "KWD")), chance).on(market, name, now)
    elif what == "ask" or not lessons:
        asked = question(_WORLD, market, chance.pick(_policies()), f"L{name}", lessons, now, chance)
        outcome = asked.on(market, name, now)
    elif what == "sweep":
        market.sweep(now=now, batch=chance.pick((1, 2, 100)), key=name)
        return "swept"
    elif what == "look":
        return _look(market, chance.pick(lessons).id, now)
    else:
        lesson = chance.pick(lessons)
        by = chance.pick((lesson.brief.student, lesson.brief.tutor, *_WORLD.everybody))
        options = market.allowed(lesson.id, by=by, now=max(now, lesson.at)) if what == "option" else ()
        acted = deed(chance.pick(options), lesson, by, now, chance) if options else whim(_WORLD, lesson, now, chance)
        outcome = acted.on(market, name, now)
    return "ok" if outcome.refusal is None else outcome.refusal.code


def _look(market: Marketplace, lesson: str, now: Instant) -> str:
    """Ask questions while others write; each answer is whole."""
    market.trial_balance()
    market.wallet("ann", "ITC", now=now)
    market.open_requests("tom", now=now)
    market.upcoming("ann", now=now)
    market.outbox(limit=5)
    versions = [each.version for each in market.history(lesson)]
    assert [version.number for version in versions] == list(range(1, len(versions) + 1))
    return "looked"


def test_threads_share_a_marketplace(storage: Storage) -> None:
    """Eight threads do whatever comes to their minds: every promise is kept, and every command was answered once."""
    market = Marketplace(storage, _policies(), zone=_WORLD.platform)
    _WORLD.enter(market)
    for party in _WORLD.payers:
        for code in ("ITC", "JPY", "KWD"):
            market.top_up(party, market.money("200", code), key=f"{party} {code}", now=_BEGINNING)
    clock, barrier = CommonClock(), Barrier(_THREADS)
    with ThreadPoolExecutor(_THREADS) as pool:
        futures = [pool.submit(_live, market, clock, barrier, thread) for thread in range(_THREADS)]
        answers = [answer for future in futures for answer in future.result()]
    end = clock.move_by(timedelta(days=90))
    _assert_whole(market, storage)
    market.sweep(now=end)
    keys = [line.key for line in market.audit() if line.key is not None]

    _assert_whole(market, storage)
    assert broken_deadlines(market.lessons(now=end), end) == []
    assert all(lesson.over for lesson in market.lessons(now=end))
    assert len(keys) == len(set(keys))
    assert answers.count("ok") > len(answers) // 10, sorted(answers)


def _assert_whole(market: Marketplace, storage: Storage) -> None:
    histories = [market.history(lesson.id) for lesson in market.lessons(now=_BEGINNING)]
    assert broken_promises(storage) == []
    assert [sentence for history in histories for sentence in broken_history(history)] == []


def test_threads_race_for_one_slot(storage: Storage, open_market: Callable[[Storage], Marketplace]) -> None:
    """Of eight threads that ask for one hour of one tutor, one gets it; the same key gives all of them one answer."""
    market = open_market(storage)
    market.top_up("ann", market.money("2500.0", "ITC"), key="ann pays", now=_BEGINNING)
    barrier = Barrier(_THREADS)

    def ask(number: int, key: str) -> str:
        barrier.wait(60)
        outcome = market.request(
            student="ann",
            tutor="tom",
            start=_BEGINNING + timedelta(days=2 + number),
            duration=timedelta(hours=1),
            price="1.0",
            key=key,
            now=_BEGINNING,
        )
        return "repeated" if outcome.repeated else "ok" if outcome.refusal is None else outcome.refusal.code

    with ThreadPoolExecutor(_THREADS) as pool:
        for number in range(20):
            keys = [f"{number}.{thread}" for thread in range(_THREADS)]
            apart = sorted(pool.map(ask, [number] * _THREADS, keys))
            together = sorted(pool.map(ask, [number + 100] * _THREADS, [f"{number}"] * _THREADS))

            assert apart == ["ok", *["slot_taken"] * (_THREADS - 1)]
            assert together == ["ok", *["repeated"] * (_THREADS - 1)]
    assert broken_promises(storage) == []


def test_a_transaction_does_not_nest(storage: Storage, open_market: Callable[[Storage], Marketplace]) -> None:
    """A command inside a transaction of the same store is told to use the transaction it is in, and changes nothing."""
    market = open_market(storage)
    with (
        pytest.raises(TutorcoreError, match="in a transaction already"),
        storage.transaction(),
    ):
        market.add_party("zoe", zone="UTC")

    with storage.reading() as tx:
        assert "zoe" not in {party.id for party in tx.parties()}
