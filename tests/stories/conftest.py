"""The people of the stories, how stories begin, and what is true at the end of every one of them.

Tutor, student and platform live in three zones that change their clocks on different days, or never:

    tom, tim   tutors in Berlin      2026: clocks go forward on 29 March 01:00Z, back on 25 October 01:00Z
    ann, sue   students in New York  2026: clocks go forward on 8 March 07:00Z, back on 1 November 06:00Z
    olga       an operator; she and the platform are in Tokyo, where the clocks never change
    agnes      an agent of the platform's support, in Tokyo too
    eve        anybody: no lesson of the stories is any business of hers

Each story runs on the store in memory and on SQLite. Amounts are texts in whole units: "25.0" ITC is 250 minor units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count

import pytest

from tutorcore import Lesson, Marketplace, MemoryStorage, Money, Process, instant, load_preset, open_sqlite
from tutorcore.instants import to_text
from tutorcore.policy.roles import Role
from tutorcore.ports.storage import Storage
from tutorcore.standing import count as points_of
from tutorcore.testing.promises import broken_promises

_ZONES = {
    "tom": "Europe/Berlin",
    "tim": "Europe/Berlin",
    "ann": "America/New_York",
    "sue": "America/New_York",
    "olga": "Asia/Tokyo",
    "agnes": "Asia/Tokyo",
    "eve": "America/New_York",
}
_GRANTS: dict[str, list[Role]] = {"olga": ["operator"], "agnes": ["agent"]}
_BEGINNING = instant("2018-01-01T00:00:00Z")
_LONG_AFTER = instant("2100-01-01T00:00:00Z")


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest) -> Iterator[Storage]:
    """An empty store of either kind; what a disk is for is shown elsewhere, and stories would wait for it."""
    if request.param == "memory":
        yield MemoryStorage()
        return
    with open_sqlite(":memory:") as store:
        yield store


@pytest.fixture
def open_market(storage: Storage) -> Iterator[Callable[..., Marketplace]]:
    """Opens the platform's marketplace under the policies given, with all the people of the stories.

    After the story, whatever it was: its books are right as they stand, and silence alone ends every lesson.
    """
    opened: list[Marketplace] = []

    def opens(*policies: Process) -> Marketplace:
        market = Marketplace(storage, policies, zone="Asia/Tokyo")
        for id, zone in _ZONES.items():
            market.add_party(id, zone=zone, grants=_GRANTS.get(id, []))
        opened.append(market)
        return market

    yield opens
    for market in opened:
        _assert_books_are_right(market)
        market.sweep(now=_LONG_AFTER)
        _assert_books_are_right(market)
        assert broken_promises(storage) == []
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
def market(open_market: Callable[..., Marketplace]) -> Marketplace:
    """The marketplace under the preset italki, in which ann has bought 100 ITC."""
    market = open_market(load_preset("italki"))
    market.top_up("ann", market.money("100.0", "ITC"), key="ann buys 100 ITC", now=_BEGINNING)
    return market


@pytest.fixture
def ask(market: Marketplace) -> Callable[..., Lesson]:
    """Lets ann (or `student`) ask tom (or `tutor`) at `now` for an hour at 25 ITC from `start` on."""

    def asks(
        start: str,
        *,
        now: str,
        price: str = "25.0",
        minutes: int = 60,
        student: str = "ann",
        tutor: str = "tom",
        key: str = "ask",
    ) -> Lesson:
        outcome = market.request(
            student=student,
            tutor=tutor,
            start=instant(start),
            duration=timedelta(minutes=minutes),
            price=price,
            key=key,
            now=instant(now),
        )
        lesson = outcome.or_raise().lesson
        assert lesson is not None
        return lesson

    return asks


@pytest.fixture
def agree(market: Marketplace, ask: Callable[..., Lesson]) -> Callable[..., Lesson]:
    """Lets ann ask at `now` as `ask` does, and the tutor accept a second later."""

    def agrees(start: str, *, now: str, **terms: str | int) -> Lesson:
        asked = ask(start, now=now, **terms)
        lesson = market.accept(
            asked.id,
            by=asked.brief.tutor,
            proposal=1,
            key=f"{asked.command.key} accepted" if asked.command else "",
            now=instant(now) + timedelta(seconds=1),
        ).lesson
        assert lesson is not None
        assert lesson.state == "agreed"
        return lesson

    return agrees


@pytest.fixture
def open_itutor(open_market: Callable[..., Marketplace]) -> Callable[[Process], Marketplace]:
    """Opens a marketplace like iTutor: tom has connected a video provider, ann and sue have 1000.00 TTD each.

    The robot is the platform's own software: it brings meetings, and reports who joins them.
    """

    def opens(policy: Process) -> Marketplace:
        market = open_market(policy)
        market.add_party("tom", zone=_ZONES["tom"], permissions=["meeting_provider"])
        market.add_party("robot", zone="UTC", grants=["system"])
        for student in ("ann", "sue"):
            market.top_up(student, market.money("1000.00", "TTD"), key=f"{student} pays in", now=_BEGINNING)
        return market

    return opens


@pytest.fixture
def itutor(open_itutor: Callable[[Process], Marketplace]) -> Marketplace:
    """The marketplace under the preset itutor."""
    return open_itutor(load_preset("itutor"))


@pytest.fixture
def book() -> Callable[..., Lesson]:
    """Lets ann (or `student`) ask tom two days ahead for `minutes` at 100.00 TTD, and tom accept a second later."""

    def books(
        market: Marketplace,
        start: str,
        *,
        minutes: float = 60,
        price: str = "100.00",
        student: str = "ann",
        ahead: timedelta = timedelta(days=2),
        key: str = "book",
    ) -> Lesson:
        now = instant(start) - ahead
        asked = market.request(
            student=student,
            tutor="tom",
            start=instant(start),
            duration=timedelta(minutes=minutes),
            price=price,
            key=key,
            now=now,
        ).or_raise()
        assert asked.lesson is not None
        accepted = market.accept(
            asked.lesson.id, by="tom", proposal=1, key=f"{key} accepted", now=now + timedelta(seconds=1)
        )
        lesson = accepted.or_raise().lesson
        assert lesson is not None
        assert lesson.state == "agreed"
        return lesson

    return books


@pytest.fixture(
    params=[
        pytest.param((timedelta(microseconds=-1), True), id="just before"),
        pytest.param((timedelta(0), False), id="exactly at"),
        pytest.param((timedelta(microseconds=1), False), id="just after"),
    ]
)
def edge(request: pytest.FixtureRequest) -> tuple[timedelta, bool]:
    """How far from a deadline something is tried, and whether it still counts: at the deadline itself, time has won."""
    found: tuple[timedelta, bool] = request.param
    return found


@pytest.fixture
def books() -> Callable[..., dict[str, str]]:
    """Reads what every account of one currency holds, as it is recorded: name to amount in whole units."""

    def reads(market: Marketplace, currency: str = "ITC") -> dict[str, str]:
        unit = market.currencies.get(currency)
        return {account.name: Money(minor, unit).text for account, code, minor in market.balances() if code == currency}

    return reads


@pytest.fixture
def told() -> Callable[[Marketplace, str], list[tuple[str, set[str]]]]:
    """Reads who has been told what about a lesson, in order: the verb (or where time led), and to whom."""

    def reads(market: Marketplace, lesson: str) -> list[tuple[str, set[str]]]:
        steps = [each.version.step for each in market.history(lesson)]
        messages = [row.message for row in market.outbox() if row.message.lesson == lesson]
        return [
            (steps[message.number - 1].verb or steps[message.number - 1].to, set(message.audience))
            for message in messages
            if message.kind == "told"
        ]

    return reads


@pytest.fixture
def blamed() -> Callable[[Marketplace, str], list[tuple[str | None, str | None]]]:
    """Reads the faults and marks that have been recorded for a lesson, in order: (role, mark)."""

    def reads(market: Marketplace, lesson: str) -> list[tuple[str | None, str | None]]:
        steps = [each.version.step for each in market.history(lesson)]
        return [(step.fault, step.mark) for step in steps if step.fault or step.mark]

    return reads


@pytest.fixture
def let_expire(ask: Callable[..., Lesson]) -> Callable[..., Lesson]:
    """Lets ann ask for an hour at 1 ITC, 48 hours before `at`, so that the request expires then if nobody answers."""
    numbers = count(1)

    def lets(at: str, **terms: str | int) -> Lesson:
        due, number = instant(at), next(numbers)
        start = due + timedelta(days=10, hours=2 * number)
        return ask(
            str(start), now=str(due - timedelta(hours=48)), **{"price": "1.0", "key": f"request {number}"} | terms
        )

    return lets


@pytest.fixture
def miss(market: Marketplace) -> Callable[[Lesson, str], None]:
    """Lets the student report that the tutor did not come, and the tutor admit it, all at one instant."""

    def misses(lesson: Lesson, at: str) -> None:
        now = instant(at)
        reported = market.report(
            lesson.id,
            by=lesson.brief.student,
            reason="tutor_absent",
            remedy="refund",
            key=f"{lesson.id} missed",
            now=now,
        ).or_raise()
        assert reported.lesson is not None
        assert reported.lesson.problem is not None
        market.accept(
            lesson.id,
            by=lesson.brief.tutor,
            proposal=reported.lesson.problem.number,
            key=f"{lesson.id} admitted",
            now=now,
        ).or_raise()

    return misses


@pytest.fixture
def counted() -> Callable[..., dict[str, int]]:
    """Reads what italki's two counters of a tutor show at an instant, whether or not anything was ever counted."""

    def reads(market: Marketplace, now: str, tutor: str = "tom") -> dict[str, int]:
        at, rules = instant(now), load_preset("italki").account
        standing = market.standings.of(tutor, now=at)
        return {counter.name: 0 if standing is None else points_of(standing, counter, at) for counter in rules.counters}

    return reads


@pytest.fixture
def happened() -> Callable[..., list[tuple[str, str, tuple[str, ...]]]]:
    """Reads what has been recorded of how a tutor stands, in order: (kind, instant, effects)."""

    def reads(market: Marketplace, tutor: str = "tom") -> list[tuple[str, str, tuple[str, ...]]]:
        steps = [each.standing for each in market.standings.history(tutor)]
        return [(step.happening.kind, to_text(step.at), step.happening.effects) for step in steps]

    return reads


@pytest.fixture
def handled() -> Callable[[Marketplace], list[tuple[str, str, str | None]]]:
    """Reads the audit lines about how tutors stand and what they take out, in order: (verb, actor, refusal or None)."""

    def reads(market: Marketplace) -> list[tuple[str, str, str | None]]:
        return [
            (line.verb, line.actor, None if line.refusal is None else line.refusal.code)
            for line in market.audit()
            if line.lesson is None and line.verb not in ("sweep", "top_up")
        ]

    return reads


@pytest.fixture
def answers() -> Callable[..., list[tuple[str, str]]]:
    """Reads what a tutor was told about reports that were handled, in order: (what was done, the note)."""

    def reads(market: Marketplace, tutor: str = "tom") -> list[tuple[str, str]]:
        steps = {each.standing.number: each.standing.happening for each in market.standings.history(tutor)}
        told = [
            steps[row.message.number] for row in market.outbox(kinds=["standing"]) if row.message.audience == (tutor,)
        ]
        return [(each.kind, each.note) for each in told if each.actor is not None]

    return reads
