"""A tutor's hours, what a student in another zone can book in them, one booking, and why another start cannot be had.

Clocks in Berlin go forward on 29 March, those in New York have done so already: the tutor's hours stay where they are
by her own clock, and the student sees them an hour earlier.
"""

from datetime import date, timedelta

from tutorcore import Instant, Marketplace, MemoryStorage, instant, load_preset, load_schedule
from tutorcore.calendar import first_instant, to_local

HOURS = """
schema = 1
zone   = "Europe/Berlin"

[weekly]
monday = ["18:00-21:00"]
friday = ["18:00-21:00"]

[booking]
notice       = "24h"
horizon_days = 21
after        = "15m" # time to write notes
most_per_day = 2
"""
LESSON = timedelta(minutes=60)
ANNS, TOMS = "America/New_York", "Europe/Berlin"

now = instant("2026-03-20T09:00:00Z")
market = Marketplace(MemoryStorage(), [load_preset("italki")])
market.add_party("ann", zone=ANNS)
market.add_party("ben", zone="Europe/Lisbon")
market.add_party("tom", zone=TOMS)
market.set_schedule("tom", load_schedule(HOURS, "hours.toml"))
for student in ("ann", "ben"):
    market.top_up(student, market.money("50.0", "ITC"), key=f"payment-{student}", now=now)


def free() -> tuple[Instant, ...]:
    """Return the starts that Ann can ask for from her 27th of March to her 30th."""
    return market.slots(
        student="ann",
        tutor="tom",
        duration=LESSON,
        since=first_instant(date(2026, 3, 27), ANNS),
        until=first_instant(date(2026, 3, 31), ANNS),
        price="25.0",
        now=now,
    )


def book(student: str, start: Instant) -> None:
    """Ask for that start and print the answer."""
    outcome = market.request(
        student=student, tutor="tom", start=start, duration=LESSON, price="25.0", key=f"form-{student}", now=now
    )
    print(f"{student} asks:", outcome.refusal.sentence if outcome.refusal is not None else "done")


def explain(student: str, start: Instant) -> None:
    """Print whether the start can be had, and everything that stands against it."""
    answer = market.explain(student=student, tutor="tom", start=start, duration=LESSON, price="25.0", now=now)
    print(f"{to_local(start, TOMS):%a %d %b %H:%M} in Berlin, for {student}:", "yes" if answer.ok else "no")
    for reason in answer.verdict.reasons:
        print(f"    {reason.code}: {reason.detail}")


for start in free():
    print(f"{to_local(start, ANNS):%a %d %b %H:%M} in New York is {to_local(start, TOMS):%H:%M} in Berlin")

taken = free()[1]
book("ann", taken)
book("ben", taken)  # Too late: a list of slots grows old.
for start in (taken, taken + LESSON, taken + LESSON + LESSON / 2, instant("2026-05-08T16:10:00Z")):
    explain("ben", start)
