"""Ours: six steps of an italki lesson, on the pure core and through the facade.

The steps are those of every contestant: a student requests, the tutor makes a counter-offer, the student accepts; then
the lesson begins, ends and is settled by itself. Each lesson has a week of its own, and all its inputs (offers,
commands, keys, the brief) are made within the clock, as a platform would have to make them.

The *core* is decide, advance, keys, log and book, held together by the least code that keeps a history, answers a key
once and moves the money. The *facade* is `Marketplace` on `MemoryStorage`: it checks every argument, knows its parties,
brings their other lessons up to date first, can take everything back, and writes claims, audit trail and outbox too.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from benchmarks.measure import Contestant
from tutorcore.adapters.memory import MemoryStorage
from tutorcore.engine.marketplace import Marketplace
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant, instant
from tutorcore.ledger.book import Book, Shortfall
from tutorcore.ledger.entries import top_up
from tutorcore.lessons.decision import decide, lapse
from tutorcore.lessons.lesson import NO_FACTS, Brief, Command, Lesson, Offer
from tutorcore.lessons.projections import entry_of
from tutorcore.lessons.refusals import Refusal
from tutorcore.policy.codec import load_preset, machine_of

POLICY = load_preset("italki")
LESSONS = 150
PRICE, COUNTER_PRICE = 250, 300  # in tenths of an ITC

STUDENT, TUTOR = PartyId("ann"), PartyId("bob")
BEGIN: Instant = instant("2026-01-05T10:00:00Z")
WEEK, HOUR, TWO_HOURS, HALF_AN_HOUR, TWO_DAYS, SIX_DAYS = (
    timedelta(weeks=1),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(minutes=30),
    timedelta(days=2),
    timedelta(days=6),
)


def core_batch() -> Callable[[], object]:
    """Return the batch on the pure core; the wallet is filled outside the clock."""
    machine = machine_of(POLICY)
    log: list[Lesson] = []
    keys: dict[Key, Lesson] = {}
    book = Book()
    book.post(top_up(STUDENT, LESSONS * COUNTER_PRICE, "ITC", effective_at=BEGIN, ref="paid"))

    def perform(lesson: Lesson | Brief, command: Command, now: Instant) -> Lesson:
        """Carry out a command on a lesson that has been caught up, once per key."""
        if command.key in keys:
            return keys[command.key]
        answer = decide(machine, lesson, command, NO_FACTS, now)
        if isinstance(answer, Refusal):
            raise RuntimeError(answer.sentence)
        write(answer)
        keys[command.key] = answer
        return answer

    def caught_up(lesson: Lesson, now: Instant) -> Lesson:
        """Apply every timeout that is due."""
        while (version := lapse(lesson, now)) is not None:
            write(version)
            lesson = version
        return lesson

    def write(version: Lesson) -> None:
        """Move the money and keep the version."""
        entry = entry_of(version)
        if entry is not None and isinstance(book.post(entry), Shortfall):
            raise RuntimeError(f"{version.step.id} cannot be paid")
        log.append(version)

    def run() -> object:
        for number in range(LESSONS):
            id = LessonId(f"L{number}")
            now = BEGIN + number * WEEK
            brief = Brief(id, machine.hash, "Europe/Berlin", "ITC", now, TUTOR, STUDENT, STUDENT, STUDENT)
            offer = Offer(now + TWO_DAYS, HALF_AN_HOUR, PRICE)
            lesson = perform(brief, Command("request", STUDENT, Key(f"{id}/1"), id, None, offer), now)
            now += HOUR
            command = Command("propose", TUTOR, Key(f"{id}/2"), id, None, Offer(price=COUNTER_PRICE))
            lesson = perform(caught_up(lesson, now), command, now)
            now += HOUR
            lesson = perform(caught_up(lesson, now), Command("accept", STUDENT, Key(f"{id}/3"), id, 2), now)
            lesson = caught_up(lesson, now + SIX_DAYS)
            if lesson.number != 6:
                raise RuntimeError(f"a lesson stopped at {lesson.state}")
        return log, keys, book

    return run


def facade_batch() -> Callable[[], object]:
    """Return the batch through the facade; people are registered and the wallet is filled outside the clock."""
    market = Marketplace(MemoryStorage(), [POLICY])
    market.add_party(STUDENT, zone="America/New_York")
    market.add_party(TUTOR, zone="Europe/Berlin")
    market.top_up(STUDENT, market.money(LESSONS * COUNTER_PRICE // 10, "ITC"), key="paid", now=BEGIN)
    price = market.money("25.0", "ITC")
    counter_price = market.money("30.0", "ITC")

    def run() -> object:
        for number in range(LESSONS):
            id = f"L{number}"
            now = BEGIN + number * WEEK
            market.request(
                student=STUDENT,
                tutor=TUTOR,
                start=now + TWO_DAYS,
                duration=HALF_AN_HOUR,
                price=price,
                lesson=id,
                key=f"{id}/1",
                now=now,
            )
            market.propose(id, by=TUTOR, price=counter_price, key=f"{id}/2", now=now + HOUR)
            market.accept(id, by=STUDENT, proposal=2, key=f"{id}/3", now=now + TWO_HOURS)
            swept = market.sweep(now=now + SIX_DAYS)
            if swept.timeouts != 3:
                raise RuntimeError(f"a sweep applied {swept.timeouts} timeouts")
        return market

    return run


CORE = Contestant("core", LESSONS, core_batch)
FACADE = Contestant("facade", LESSONS, facade_batch)
