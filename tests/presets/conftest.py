"""Marketplaces under the presets: their people, how lessons come about in them, and what is true at every end.

tom    a tutor in Berlin          2026: clocks go forward on 29 March 01:00Z, back on 25 October 01:00Z
ann    a student in New York      2026: clocks go forward on 8 March 07:00Z, back on 1 November 06:00Z
pam    her mother in Kathmandu, who asks or pays for her where a policy has parents do that
olga   an operator and admin; she and the platform are in Tokyo, where the clocks never change
robot  the platform's own software, which reports who joins
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from tutorcore import Lesson, Marketplace, MemoryStorage, Outcome, instant, load_preset
from tutorcore.policy.roles import Role

_LESSONS = instant("2026-06-10T10:00:00Z")
_BEGINNING = instant("2025-01-01T00:00:00Z")
_LONG_AFTER = instant("2100-01-01T00:00:00Z")


@pytest.fixture
def start() -> datetime:
    """When lessons begin unless a test says otherwise: on 10 June 2026, when no clock changes for weeks."""
    return _LESSONS


@pytest.fixture(
    params=[
        pytest.param(timedelta(microseconds=-1), id="just before"),
        pytest.param(timedelta(0), id="exactly at"),
        pytest.param(timedelta(microseconds=1), id="just after"),
    ]
)
def off(request: pytest.FixtureRequest) -> timedelta:
    """How far from a boundary something is done; negative before it."""
    found: timedelta = request.param
    return found


@pytest.fixture
def open_preset() -> Iterator[Callable[..., Marketplace]]:
    """Opens a marketplace under the preset named, in which ann and pam have 10000 whole units each.

    After the test, whatever it was: the books are right as they stand, and silence alone ends every lesson.
    """
    opened: list[Marketplace] = []

    def opens(name: str) -> Marketplace:
        process = load_preset(name)
        market = Marketplace(MemoryStorage(), [process], zone="Asia/Tokyo")
        market.add_party("tom", zone="Europe/Berlin", permissions=["meeting_provider"])
        market.add_party("ann", zone="America/New_York")
        market.add_party("pam", zone="Asia/Kathmandu", permissions=["can_request_sessions"])
        market.add_party("olga", zone="Asia/Tokyo", grants=["operator", "admin"])
        market.add_party("robot", zone="UTC", grants=["system"])
        for payer in ("ann", "pam"):
            money = market.money("10000", process.unit.code)
            market.top_up(payer, money, key=f"{payer} pays in", now=_BEGINNING)
        opened.append(market)
        return market

    yield opens
    for market in opened:
        _assert_books_are_right(market)
        market.sweep(now=_LONG_AFTER)
        _assert_books_are_right(market)
        assert [lesson.id for lesson in market.lessons(now=_LONG_AFTER) if not lesson.over] == []


def _assert_books_are_right(market: Marketplace) -> None:
    """Each escrow holds exactly what its lesson says is held, nothing once it is over, and the books balance."""
    ids = [lesson.id for lesson in market.lessons(now=_BEGINNING)]
    recorded = [market.history(id)[-1].version for id in ids]
    escrows = {account.owner: minor for account, _, minor in market.balances() if account.kind == "escrow"}

    assert escrows == {lesson.id: lesson.held for lesson in recorded if lesson.held}
    assert all(lesson.held == 0 for lesson in recorded if lesson.over)
    assert all(total.debit == total.credit for total in market.trial_balance().totals)


@pytest.fixture
def ask() -> Callable[..., Outcome]:
    """Has ann (or `by`) ask, so long `ahead` of the start, for a lesson of ann with tom."""

    def asks(
        market: Marketplace,
        start: datetime,
        *,
        ahead: timedelta = timedelta(days=5),
        minutes: int = 60,
        price: str = "100",
        kind: str = "",
        by: str = "ann",
        payer: str | None = None,
        key: str = "ask",
    ) -> Outcome:
        return market.request(
            student="ann",
            tutor="tom",
            by=by,
            payer=payer,
            start=start,
            duration=timedelta(minutes=minutes),
            price=price,
            kind=kind,
            key=key,
            now=start - ahead,
        )

    return asks


@pytest.fixture
def book(ask: Callable[..., Outcome]) -> Callable[..., Lesson]:
    """Has a lesson asked for as `ask` does, and agreed at the same instant: paid and accepted where it has to be."""

    def books(market: Marketplace, start: datetime, *, key: str = "ask", **terms: object) -> Lesson:
        lesson = ask(market, start, key=key, **terms).or_raise().lesson
        assert lesson is not None
        if lesson.state == "unpaid":
            paid = market.act("pay", lesson.id, by=lesson.brief.payer, key=f"{key}, pay", now=lesson.at)
            lesson = paid.or_raise().lesson
            assert lesson is not None
        if lesson.state == "requested":
            assert lesson.waits_for is not None
            by = lesson.brief.party(lesson.waits_for)
            accepted = market.accept(lesson.id, by=by, proposal=1, key=f"{key}, accept", now=lesson.at)
            lesson = accepted.or_raise().lesson
            assert lesson is not None
        assert lesson.state == "agreed"
        return lesson

    return books


@pytest.fixture
def move() -> Callable[..., Lesson]:
    """Moves a lesson to another start by agreement: tom (or `by`) proposes it, the other side accepts at `now`."""

    def moves(
        market: Marketplace, lesson: str, start: datetime, *, now: datetime, by: str = "tom", key: str = "move"
    ) -> Lesson:
        proposed = market.propose(lesson, by=by, start=start, key=key, now=now).or_raise().lesson
        assert proposed is not None
        other = "ann" if by == "tom" else "tom"
        accepted = market.accept(lesson, by=other, proposal=proposed.proposal, key=f"{key}, accept", now=now)
        moved = accepted.or_raise().lesson
        assert moved is not None
        assert moved.terms.start == start
        return moved

    return moves


@pytest.fixture
def seen() -> Callable[..., Outcome]:
    """Has the robot report, as soon as it happens or at `told`, that somebody joined the lesson at an instant."""

    def sees(market: Marketplace, lesson: str, role: Role, at: datetime, *, told: datetime | None = None) -> Outcome:
        return market.join(
            lesson, by="robot", subject=role, seen=at, source="classroom", key=f"{role} at {at}", now=told or at
        )

    return sees


@pytest.fixture
def led_to() -> Callable[[Outcome], str]:
    """Reads where a command has led: the state the lesson is in then, or "refused:" and the code."""

    def reads(outcome: Outcome) -> str:
        if outcome.refusal is not None:
            return f"refused: {outcome.refusal.code}"
        assert outcome.lesson is not None
        return outcome.lesson.state

    return reads


@pytest.fixture
def paid() -> Callable[[Outcome], dict[str, int]]:
    """Reads what a command has paid out of escrow: role to minor units."""

    def reads(outcome: Outcome) -> dict[str, int]:
        lesson = outcome.or_raise().lesson
        assert lesson is not None
        return dict(lesson.legs)

    return reads
