"""Two processes on one SQLite file want what only one of them can have."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from tutorcore import Instant, Marketplace, instant, open_sqlite
from tutorcore.instants import MICROSECOND, to_text
from tutorcore.ports.storage import Storage

if TYPE_CHECKING:  # Only types: files of tests do not import each other.
    from tests.robustness.conftest import Children

pytestmark = pytest.mark.slow

ROUNDS = 25
_HOUR = timedelta(hours=1)
_WEEK = timedelta(weeks=1)
_BEGINNING = instant("2026-03-02T09:00:00Z")
_SPREAD_SECONDS = (0.0, 0.0, 0.0, 0.0005, 0.001, 0.002, 0.004)


def _late(chance: Random) -> tuple[float, float]:
    """How late either child is: mostly not at all, so that the store decides, sometimes by as long as a commit takes."""
    return chance.choice(_SPREAD_SECONDS), chance.choice(_SPREAD_SECONDS)


def _asked(student: str, tutor: str, start: Instant, now: Instant, key: str, **more: object) -> dict[str, object]:
    """An order to ask for an hour at 25 ITC."""
    return {
        "do": "request", "student": student, "tutor": tutor, "start": to_text(start), "minutes": 60,
        "price": "25.0", "now": to_text(now), "key": key, "lesson": key, **more,
    }  # fmt: skip


def _fill(market: Marketplace, *students: str, amount: str = "2500.0") -> None:
    for student in students:
        market.top_up(student, market.money(amount, "ITC"), key=f"{student} is rich", now=_BEGINNING)


def test_two_students_race_for_one_slot(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """One of them gets the tutor's time and the other is told who stands in the way; only one price is held."""
    _fill(market, "ann", "bob")
    racers, chance = children(path), Random(1)
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        start = now + 40 * _HOUR
        codes = [
            each["code"]
            for each in racers.race(
                _asked("ann", "tom", start, now, f"a{number}"),
                _asked("bob", "tom", start + _HOUR / 2, now, f"b{number}"),
                late=_late(chance),
            )
        ]

        assert sorted(codes) == ["ok", "slot_taken"]
        assert_nothing_is_lost(storage, [f"a{number}", f"b{number}"])
        with storage.reading() as tx:
            won, lost = ("a", "b") if codes[0] == "ok" else ("b", "a")
            assert [claim.lesson for claim in tx.claims() if claim.start >= start] == [f"{won}{number}"] * 2
            assert tx.lesson(f"{lost}{number}") is None  # type: ignore[arg-type]  # any text may be asked for


def test_two_requests_race_for_one_wallet(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """A wallet that can pay one of two lessons pays one of them, to the cent."""
    racers, chance = children(path), Random(2)
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        market.top_up("ann", market.money("25.0", "ITC"), key=f"{number}", now=now)
        codes = [
            each["code"]
            for each in racers.race(
                _asked("ann", "tom", now + 30 * _HOUR, now, f"a{number}"),
                _asked("ann", "tim", now + 40 * _HOUR, now, f"b{number}", price="24.9"),
                late=_late(chance),
            )
        ]
        left = market.wallet("ann", "ITC", now=now).text

        assert sorted(codes) == ["insufficient_funds", "ok"]
        assert left == ("0.0" if codes[0] == "ok" else "0.1")
        assert_nothing_is_lost(storage, [f"a{number}", f"b{number}"])
        won = "a" if codes[0] == "ok" else "b"
        market.decline(f"{won}{number}", by="tom" if won == "a" else "tim", key=f"{number} declined", now=now)
        market.request(
            student="ann",
            tutor="tess",
            start=now + 20 * _HOUR,
            duration=_HOUR,
            price=market.wallet("ann", "ITC", now=now),
            key=f"{number} spent",
            now=now,
        )
        market.sweep(now=now + 40 * _HOUR)
        _spend_everything(market, now + 41 * _HOUR, number)


def _spend_everything(market: Marketplace, now: Instant, number: int) -> None:
    """Let ann have no more than nothing: a lesson takes place for all that she has."""
    asked = market.request(
        student="ann",
        tutor="tess",
        start=now + _HOUR,
        duration=_HOUR,
        price=market.wallet("ann", "ITC", now=now),
        lesson=f"s{number}",
        key=f"{number} spent at last",
        now=now,
    ).or_raise()
    market.accept(f"s{number}", by="tess", proposal=1, key=f"{number} accepted", now=now).or_raise()
    market.confirm(f"s{number}", by="ann", key=f"{number} confirmed", now=now + 3 * _HOUR).or_raise()
    assert asked.lesson is not None


def test_an_answer_races_against_its_expiry(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """An answer stamped just before the deadline and a sweep at it: what is recorded first counts, never both."""
    _fill(market, "ann")
    racers, chance = children(path), Random(3)
    seen = []
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        id = _ask_and_sweep(market, now, number)
        deadline = now + 48 * _HOUR
        answered, swept = racers.race(
            _accepted(id, deadline - MICROSECOND),
            {"do": "sweep", "now": to_text(deadline)},
            late=_late(chance),
        )
        seen.append((answered["code"], swept["timeouts"], market.lesson(id, now=deadline).state))

        assert seen[-1] in {("ok", 0, "agreed"), ("out_of_order", 1, "expired")}
        assert len(market.history(id)) == 2
        assert_nothing_is_lost(storage, [id, f"{id} accepted"])


def test_an_answer_at_the_deadline_loses_every_race(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """Stamped at the deadline itself it comes too late, whether or not the sweeper has been there before it."""
    _fill(market, "ann")
    racers, chance = children(path), Random(4)
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        id = _ask_and_sweep(market, now, number)
        deadline = now + 48 * _HOUR
        answered, swept = racers.race(
            _accepted(id, deadline), {"do": "sweep", "now": to_text(deadline)}, late=_late(chance)
        )
        history = market.history(id)

        assert answered["code"] == "not_open"
        assert answered["versions"] + swept["timeouts"] == 1
        assert [(each.version.state, each.version.at) for each in history[1:]] == [("expired", deadline)]
        assert_nothing_is_lost(storage, [id, f"{id} accepted"])


def _ask_and_sweep(market: Marketplace, now: Instant, number: int) -> str:
    """Clear away what the last round left, and let ann ask tom for a lesson in three days."""
    market.sweep(now=now)
    id = f"r{number}"
    market.request(
        student="ann", tutor="tom", start=now + 72 * _HOUR, duration=_HOUR, price="25.0", lesson=id, key=id, now=now
    ).or_raise()
    return id


def _accepted(id: str, now: Instant) -> dict[str, object]:
    return {"do": "accept", "lesson": id, "by": "tom", "proposal": 1, "key": f"{id} accepted", "now": to_text(now)}


def test_one_key_comes_twice_with_the_same_content(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """It is done once; both are told the same, and one of them that this had been answered before."""
    _fill(market, "ann")
    racers, chance = children(path), Random(5)
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        id = f"r{number}"
        asked = _asked("ann", "tom", now + 72 * _HOUR, now, id)
        declined = {"do": "decline", "lesson": id, "by": "tom", "key": f"{id} declined", "now": to_text(now)}
        refused = {"do": "confirm", "lesson": id, "by": "ann", "key": f"{id} confirmed", "now": to_text(now)}
        paid = {"do": "top_up", "party": "bob", "amount": "1.0", "key": f"{id} paid", "now": to_text(now)}
        for order, code, versions in ((asked, "ok", 1), (declined, "ok", 1), (refused, "not_open", 0), (paid, "ok", 0)):
            first, second = racers.race(order, order, late=_late(chance))

            assert [each["code"] for each in (first, second)] == [code, code]
            assert sorted(each["repeated"] for each in (first, second)) == [False, True]
            assert first["answer"] == second["answer"]
            assert first["versions"] == second["versions"] == versions
        keys = [line.key for line in market.audit() if line.key is not None and line.key.startswith(id)]

        assert len(market.history(id)) == 2
        assert market.wallet("bob", "ITC").text == f"{number + 1}.0"
        assert sorted(key for key in keys if key.split()[0] == id) == sorted(
            [id, f"{id} declined", f"{id} confirmed", f"{id} paid"]
        )
        assert_nothing_is_lost(storage)


def test_one_key_comes_twice_with_other_content(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """One of the two is done, the other is refused; the audit trail has a line for either."""
    _fill(market, "ann", "bob")
    racers, chance = children(path), Random(6)
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        key = f"r{number}"
        replies = racers.race(
            _asked("ann", "tom", now + 72 * _HOUR, now, key, lesson=f"a{number}"),
            _asked("bob", "tim", now + 72 * _HOUR, now, key, lesson=f"b{number}"),
            late=_late(chance),
        )
        codes = [each["code"] for each in replies]
        lines = [line for line in market.audit() if line.lesson in {f"a{number}", f"b{number}"}]

        assert sorted(codes) == ["key_reused", "ok"]
        assert [line.key for line in lines] == [key, None]
        assert [line.refusal and line.refusal.code for line in lines] == [None, "key_reused"]
        assert [lesson.id for lesson in market.lessons(now=now) if lesson.brief.created == now] == [
            f"a{number}" if codes[0] == "ok" else f"b{number}"
        ]
        assert_nothing_is_lost(storage, [key])


def test_tutors_and_students_cross(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """Two people who ask each other for the same hour, naming one another in opposite order: one lesson comes of it."""
    _fill(market, "ann", "tess")
    racers, chance = children(path), Random(7)
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        start = now + 40 * _HOUR
        replies = racers.race(
            _asked("ann", "tess", start, now, f"a{number}"),
            _asked("tess", "ann", start, now, f"b{number}"),
            late=_late(chance),
        )

        assert sorted(each["code"] for each in replies) == ["ok", "slot_taken"]
        assert_nothing_is_lost(storage, [f"a{number}", f"b{number}"])


def test_two_lessons_cannot_swap_their_hours(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """Each wants the hour that the other still holds: both are refused, nobody waits for ever, both keep their hour."""
    _fill(market, "ann", "bob")
    racers, chance = children(path), Random(8)
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        starts = {f"a{number}": now + 40 * _HOUR, f"b{number}": now + 42 * _HOUR}
        for (id, start), student in zip(starts.items(), ("ann", "bob"), strict=True):
            market.request(
                student=student, tutor="tom", start=start, duration=_HOUR, price="9", lesson=id, key=id, now=now
            ).or_raise()
            market.accept(id, by="tom", proposal=1, key=f"{id} accepted", now=now).or_raise()
        swaps = zip(starts, reversed(starts.values()), strict=True)
        orders = [
            {"do": "propose", "lesson": id, "by": "tom", "start": to_text(to), "key": f"{id} moved", "now": to_text(now)}
            for id, to in swaps
        ]
        replies = racers.race(*orders, late=_late(chance))

        assert [each["code"] for each in replies] == ["slot_taken", "slot_taken"]
        assert {id: market.lesson(id, now=now).terms.start for id in starts} == starts
        assert_nothing_is_lost(storage, [f"{id} moved" for id in starts])


def test_two_sweepers_share_the_work(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """Together they apply every timeout once, in whatever portions."""
    _fill(market, "ann", "bob", "sue")
    racers, chance = children(path), Random(9)
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        ids = [f"r{number}.{place}" for place in range(6)]
        for place, id in enumerate(ids):
            market.request(
                student=("ann", "bob", "sue")[place % 3],
                tutor=("tom", "tim")[place % 2],
                start=now + (72 + place) * _HOUR,
                duration=_HOUR,
                price="25.0",
                lesson=id,
                key=id,
                now=now,
            ).or_raise()
        order = {"do": "sweep", "now": to_text(now + 60 * _HOUR), "batch": 1, "key": f"sweep {number}"}
        replies = racers.race(order, {**order, "batch": 2, "key": f"other {number}"}, late=_late(chance))

        assert sum(each["timeouts"] for each in replies) == len(ids)
        assert [len(market.history(id)) for id in ids] == [2] * len(ids)
        assert_nothing_is_lost(storage, ids)


_OPENS_AND_CLOSES = "import sys; from tutorcore import open_sqlite; open_sqlite(sys.argv[1]).close()"


@pytest.mark.parametrize("is_closed_again", [False, True])
def test_one_process_may_open_a_file_twice(path: Path, is_closed_again: bool) -> None:
    """What it committed stays, and stays readable, when another process has opened and closed the file meanwhile."""
    from tutorcore.ids import PartyId
    from tutorcore.ports.storage import Party

    with open_sqlite(path) as first:
        with first.transaction() as tx:
            tx.put_party(Party(PartyId("early"), "UTC"))
        second = open_sqlite(path)
        if is_closed_again:
            second.close()
        subprocess.run([sys.executable, "-P", "-c", _OPENS_AND_CLOSES, str(path)], check=True)
        with first.transaction() as tx:
            tx.put_party(Party(PartyId("late"), "UTC"))
        with first.reading() as tx:
            seen = [party.id for party in tx.parties()]
        second.close()
    with open_sqlite(path) as storage, storage.reading() as tx:
        found = [party.id for party in tx.parties()]

    assert seen == found == ["early", "late"]
    assert os.listdir(path.parent) == [path.name]
