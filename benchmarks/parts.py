"""Where the time goes: the parts of a lesson on the core, each by itself, `python -m benchmarks.parts`.

A part in a loop of its own is faster than among the others, because the processor learns the loop; the parts add up to
about two thirds of a lesson. They show what is worth making faster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import process_time_ns

from benchmarks.core import (
    BEGIN,
    COUNTER_PRICE,
    HALF_AN_HOUR,
    HOUR,
    PRICE,
    SIX_DAYS,
    STUDENT,
    TUTOR,
    TWO_DAYS,
    TWO_HOURS,
)
from tutorcore.ids import Key, LessonId
from tutorcore.ledger.book import Book
from tutorcore.ledger.entries import top_up
from tutorcore.lessons.decision import advance, decide, lapse
from tutorcore.lessons.lesson import NO_FACTS, Brief, Command, Lesson, Offer
from tutorcore.lessons.projections import claims_of, entry_of, notice_of
from tutorcore.lessons.refusals import Refusal
from tutorcore.policy.codec import load_preset, machine_of

LOOPS, ROUNDS = 200, 50
ID = LessonId("L1")


def parts() -> Iterator[tuple[str, int, Callable[[], object]]]:
    """Yield each part with its name and how often a lesson needs it."""
    machine = machine_of(load_preset("italki"))
    brief = Brief(ID, machine.hash, "Europe/Berlin", "ITC", BEGIN, TUTOR, STUDENT, STUDENT, STUDENT)
    offer, counter = Offer(BEGIN + TWO_DAYS, HALF_AN_HOUR, PRICE), Offer(price=COUNTER_PRICE)
    request = Command("request", STUDENT, Key("L1/1"), ID, None, offer)
    propose = Command("propose", TUTOR, Key("L1/2"), ID, None, counter)
    accept = Command("accept", STUDENT, Key("L1/3"), ID, 2)

    requested = _done(decide(machine, brief, request, NO_FACTS, BEGIN))
    proposed = _done(decide(machine, requested, propose, NO_FACTS, BEGIN + HOUR))
    agreed = _done(decide(machine, proposed, accept, NO_FACTS, BEGIN + TWO_HOURS))
    end = BEGIN + SIX_DAYS
    begun, ended, settled = advance(agreed, end)
    entries = [entry for entry in map(entry_of, (requested, proposed, settled)) if entry is not None]
    book = Book()
    book.post(top_up(STUDENT, 10**12, "ITC", effective_at=BEGIN, ref="paid"))

    def post() -> None:
        for entry in entries:
            book.post(entry)

    yield (
        "Brief",
        1,
        lambda: Brief(ID, machine.hash, "Europe/Berlin", "ITC", BEGIN, TUTOR, STUDENT, STUDENT, STUDENT),
    )
    yield "Offer, whole", 1, lambda: Offer(BEGIN + TWO_DAYS, HALF_AN_HOUR, PRICE)
    yield "Offer, a price", 1, lambda: Offer(price=COUNTER_PRICE)
    yield "Command", 3, lambda: Command("accept", STUDENT, Key("L1/3"), ID, 2)
    yield "decide: request", 1, lambda: decide(machine, brief, request, NO_FACTS, BEGIN)
    yield "decide: propose", 1, lambda: decide(machine, requested, propose, NO_FACTS, BEGIN + HOUR)
    yield "decide: accept", 1, lambda: decide(machine, proposed, accept, NO_FACTS, BEGIN + TWO_HOURS)
    yield "lapse: nothing is due", 3, lambda: lapse(proposed, BEGIN + TWO_HOURS)
    yield "lapse: the lesson begins", 1, lambda: lapse(agreed, end)
    yield "lapse: it ends (+ 3d in a zone)", 1, lambda: lapse(begun, end)
    yield "lapse: it is settled", 1, lambda: lapse(ended, end)
    yield "entry_of: hold", 2, lambda: entry_of(requested)
    yield "entry_of: post", 1, lambda: entry_of(settled)
    yield "Book.post, three entries", 1, post
    yield "facade only: claims_of", 4, lambda: claims_of(requested)
    yield "facade only: notice_of", 6, lambda: notice_of(requested)


def _done(answer: Lesson | Refusal) -> Lesson:
    if isinstance(answer, Refusal):
        raise RuntimeError(answer.sentence)
    return answer


def nanoseconds(part: Callable[[], object]) -> float:
    """Return what one call takes in the best of many rounds."""
    best = 0.0
    for number in range(ROUNDS):
        started = process_time_ns()
        for _ in range(LOOPS):
            part()
        elapsed = (process_time_ns() - started) / LOOPS
        best = elapsed if number == 0 else min(best, elapsed)
    return best


def main() -> None:
    print(f"{'part':34}{'ns':>7}{'a lesson':>10}{'us':>7}")
    for name, times, part in parts():
        each = nanoseconds(part)
        print(f"{name:34}{each:7.0f}{times:10}{each * times / 1000:7.2f}")


if __name__ == "__main__":
    main()
