"""A simulated marketplace, ours and in SimPy: `python -m benchmarks.simulation [--rounds N]`.

Both play one model under one policy: people ask for lessons at random, tutors answer, decline or propose another time
within 48 hours, students answer counter-offers, both may cancel up to a day before or move what is agreed, a tutor may
not come, students confirm or let three days pass, problems are negotiated for seven days. Nobody is in two places at
once, wallets cover what is held, commission is taken. Both keep what became of each lesson and count it.

The model in SimPy is written as SimPy's own documentation writes such things: a process for each lesson that waits for
whichever of several timeouts comes first, and numbers from `random`. It keeps no ledger, no log, no reasons and no
digest, takes nothing back, and knows this one policy by heart. Ours is `run_replication`: the engine, its ledger, the
log of all versions, claims, marks, and the digest of everything; the world's draws are within the clock.
"""

from __future__ import annotations

import argparse
import sys
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Generator
from math import exp, log
from random import Random
from typing import Any

import attrs
import simpy

from benchmarks.measure import COMPUTING, Contestant, measured
from tutorcore.policy.account import NO_RULES
from tutorcore.policy.codec import load_preset
from tutorcore.policy.process import Process
from tutorcore.sim.distributions import Choice, Exponential, Lognormal, Uniform
from tutorcore.sim.kernel import run_replication
from tutorcore.sim.model import Act, Deed, People, Requests, Shift, Study, Turn
from tutorcore.sim.world import world_of

HOUR = 3600
DAY = 24 * HOUR
TUTORS = 20
STUDENTS = 200
PER_DAY = 40
DAYS = 28
GRID = 1800
BAR = 0.7

STUDY = Study(
    "benchmark",
    7,
    1,
    "2026-03-02T00:00:00Z",
    DAYS,
    ("italki",),
    People(TUTORS, STUDENTS),
    Requests(PER_DAY, Lognormal(4 * DAY, 0.8), Choice.of((1800, 1), (3600, 3)), Choice.of((20, 1), (35, 1))),
    turns=(
        Turn(
            "tutor",
            Lognormal(10 * HOUR, 1.2),
            ((Deed("accept"), 0.8), (Deed("decline"), 0.08), (Deed("propose", start=Shift(Uniform(HOUR, DAY))), 0.07)),
            ("requested",),
        ),
        Turn("tutor", Lognormal(10 * HOUR, 1.2), ((Deed("accept"), 0.7), (Deed("decline"), 0.2))),
        Turn("student", Lognormal(12 * HOUR, 1.2), ((Deed("confirm"), 0.6),), ("delivered",)),
        Turn("student", Lognormal(10 * HOUR, 1.2), ((Deed("accept"), 0.7), (Deed("decline"), 0.2))),
    ),
    acts=(
        Act("student-cancels", "student", Deed("cancel"), 0.08, "start", Shift(Uniform(HOUR, 3 * DAY), "before")),
        Act("tutor-cancels", "tutor", Deed("cancel"), 0.03, "start", Shift(Uniform(HOUR, 3 * DAY), "before")),
        Act(
            "student-moves",
            "student",
            Deed("propose", start=Shift(Uniform(DAY, 3 * DAY))),
            0.05,
            "start",
            Shift(Uniform(DAY, 3 * DAY), "before"),
        ),
        Act("tutor-absent", "tutor", None, 0.02),
        Act(
            "complains",
            "student",
            Deed("report", reason="tutor_absent", remedy="refund"),
            0.8,
            "end",
            Shift(Exponential(HOUR)),
            only_if=("tutor-absent",),
        ),
    ),
)
WISHES = len(world_of(STUDY, 1).wishes)


def policy() -> Process:
    """The preset without what it makes of missed requests: neither side keeps a tutor's standing, nor asks for it."""
    preset = load_preset("italki")
    openings = tuple(attrs.evolve(move, when=None) for move in preset.openings)
    return attrs.evolve(preset, account=NO_RULES, openings=openings)


POLICY = policy()


def ours() -> Callable[[], object]:
    return lambda: run_replication(STUDY, POLICY, 1)


@attrs.define
class Lesson:
    """What the model in SimPy keeps of a lesson."""

    number: int
    student: int
    tutor: int
    asked: float
    start: float
    duration: float
    price: int
    state: str = "requested"
    held: int = 0
    steps: int = 0
    paid: int = 0
    commission: int = 0
    ended: float = 0.0


class Calendar:
    """Nobody is in two places at once."""

    def __init__(self, people: int) -> None:
        self._taken: list[list[tuple[float, float, int]]] = [[] for _ in range(people)]

    def is_free(self, person: int, start: float, end: float, lesson: int) -> bool:
        taken = self._taken[person]
        for begins, ends, other in taken[max(bisect_left(taken, (start - 2 * HOUR,)), 0) :]:
            if begins >= end:
                return True
            if ends > start and other != lesson:
                return False
        return True

    def take(self, person: int, start: float, end: float, lesson: int) -> None:
        insort(self._taken[person], (start, end, lesson))

    def free(self, person: int, start: float, end: float, lesson: int) -> None:
        self._taken[person].remove((start, end, lesson))


class Market:
    """The marketplace in SimPy."""

    def __init__(self, seed: int) -> None:
        self.env = simpy.Environment()
        self.random = Random(seed)
        self.tutors = Calendar(TUTORS)
        self.students = Calendar(STUDENTS)
        self.wallets = [10**6] * STUDENTS
        self.earned = [0] * TUTORS
        self.commission = 0
        self.lessons: list[Lesson] = []
        self.refused: Counter[str] = Counter()

    def run(self) -> Market:
        self.env.process(self.requests())
        self.env.run()
        return self

    def lognormal(self, median: float, sigma: float) -> float:
        return exp(log(median) + sigma * self.random.gauss(0, 1))

    def requests(self) -> Generator[Any, Any, None]:
        env, random = self.env, self.random
        number = 0
        while True:
            yield env.timeout(random.expovariate(PER_DAY / DAY))
            if env.now >= DAYS * DAY:
                return
            number += 1
            start = env.now + self.lognormal(4 * DAY, 0.8)
            lesson = Lesson(
                number,
                random.randrange(STUDENTS),
                random.randrange(TUTORS),
                env.now,
                start + -start % GRID,
                random.choices((1800, 3600), (1, 3))[0],
                random.choice((200, 350)),
            )
            self.lessons.append(lesson)
            env.process(self.lesson(lesson))

    def take(self, lesson: Lesson, start: float, *, also: bool = False) -> bool:
        """Take both people's time for a lesson, in place of what it has unless `also`."""
        end = start + lesson.duration
        if not (
            self.tutors.is_free(lesson.tutor, start, end, lesson.number)
            and self.students.is_free(lesson.student, start, end, lesson.number)
        ):
            self.refused["slot_taken"] += 1
            return False
        if not also and lesson.held:
            self.release(lesson, lesson.start)
        self.tutors.take(lesson.tutor, start, end, lesson.number)
        self.students.take(lesson.student, start, end, lesson.number)
        return True

    def release(self, lesson: Lesson, start: float) -> None:
        end = start + lesson.duration
        self.tutors.free(lesson.tutor, start, end, lesson.number)
        self.students.free(lesson.student, start, end, lesson.number)

    def step(self, lesson: Lesson, state: str) -> None:
        lesson.state = state
        lesson.steps += 1

    def finish(self, lesson: Lesson, state: str, to_tutor: int = 0) -> None:
        """End a lesson: what is held goes to the tutor, less commission, or back."""
        self.step(lesson, state)
        lesson.ended = self.env.now
        commission = round(to_tutor * 0.15)
        self.earned[lesson.tutor] += to_tutor - commission
        self.commission += commission
        self.wallets[lesson.student] += lesson.held - to_tutor
        lesson.paid, lesson.commission, lesson.held = to_tutor, commission, 0
        if not to_tutor and self.env.now < lesson.start:
            self.release(lesson, lesson.start)

    def answer(self, deadline: float, median: float, **chances: float) -> Generator[Any, Any, str]:
        """Wait for somebody's answer until the deadline; return what it is, or that there is none."""
        env, random = self.env, self.random
        chosen, share = "", random.random()
        for name, chance in chances.items():
            if share < chance:
                chosen = name
                break
            share -= chance
        until = env.timeout(max(deadline - env.now, 0))
        if not chosen:
            yield until
            return ""
        thought = env.timeout(self.lognormal(median, 1.2))
        done = yield thought | until
        return "" if until in done else chosen

    def lesson(self, lesson: Lesson) -> Generator[Any, Any, None]:
        env = self.env
        if not self.take(lesson, lesson.start):
            lesson.state = "refused"
            return
        if self.wallets[lesson.student] < lesson.price:
            self.refused["insufficient_funds"] += 1
            self.release(lesson, lesson.start)
            lesson.state = "refused"
            return
        self.wallets[lesson.student] -= lesson.price
        lesson.held = lesson.price
        self.step(lesson, "requested")
        if not (yield from self.negotiated(lesson)):
            return
        self.step(lesson, "agreed")
        if not (yield from self.kept(lesson)):
            return
        self.step(lesson, "in_progress")
        yield env.timeout(lesson.duration)
        self.step(lesson, "delivered")
        yield from self.settled(lesson)

    def negotiated(self, lesson: Lesson) -> Generator[Any, Any, bool]:
        env = self.env
        until = min(env.now + 2 * DAY, lesson.start)
        said = yield from self.answer(until, 10 * HOUR, accept=0.8, decline=0.08, propose=0.07)
        if said == "propose":
            start = lesson.start + self.random.uniform(HOUR, DAY)
            if self.take(lesson, start):
                lesson.start = start
                self.step(lesson, "proposed")
                until = min(env.now + 2 * DAY, lesson.start)
                said = yield from self.answer(until, 10 * HOUR, accept=0.7, decline=0.2)
            else:
                yield env.timeout(until - env.now)
                said = ""
        if said != "accept":
            self.finish(lesson, "declined" if said else "expired")
        return said == "accept"

    def intended(self, lesson: Lesson) -> list[tuple[float, str]]:
        random, intended = self.random, []
        if random.random() < 0.08:
            intended.append((lesson.start - random.uniform(HOUR, 3 * DAY), "cancel"))
        if random.random() < 0.03:
            intended.append((lesson.start - random.uniform(HOUR, 3 * DAY), "cancel"))
        if random.random() < 0.05:
            intended.append((lesson.start - random.uniform(DAY, 3 * DAY), "move"))
        return sorted(each for each in intended if each[0] >= self.env.now)

    def kept(self, lesson: Lesson) -> Generator[Any, Any, bool]:
        """Wait for the start of an agreed lesson; return whether it is still on."""
        env = self.env
        for at, what in self.intended(lesson):
            if at < env.now:
                continue
            yield env.timeout(at - env.now)
            if what == "cancel":
                if lesson.start - env.now <= DAY:
                    self.refused["guard"] += 1
                    continue
                self.finish(lesson, "cancelled")
                return False
            start = lesson.start + self.random.uniform(DAY, 3 * DAY)
            if not self.take(lesson, start, also=True):
                continue
            self.step(lesson, "change")
            until = min(env.now + 2 * DAY, lesson.start)
            said = yield from self.answer(until, 10 * HOUR, accept=0.7, decline=0.2)
            if said == "accept":
                self.release(lesson, lesson.start)
                lesson.start = start
            else:
                self.release(lesson, start)
            self.step(lesson, "agreed")
        if lesson.start > env.now:
            yield env.timeout(lesson.start - env.now)
        return True

    def settled(self, lesson: Lesson) -> Generator[Any, Any, None]:
        env, random = self.env, self.random
        if random.random() < 0.02 and random.random() < 0.8:
            yield env.timeout(random.expovariate(1 / HOUR))
            self.step(lesson, "problem")
            said = yield from self.answer(env.now + 7 * DAY, 10 * HOUR, accept=0.7, decline=0.2)
            if said == "decline":
                self.step(lesson, "disputed")
                yield env.timeout(30 * DAY)
                self.finish(lesson, "resolved", lesson.held // 2)
            else:
                self.finish(lesson, "settled")
            return
        yield from self.answer(env.now + 3 * DAY, 12 * HOUR, confirm=0.6)
        self.finish(lesson, "completed", lesson.held)


def theirs() -> Callable[[], object]:
    return lambda: Market(7).run()


OURS = Contestant("simulation", WISHES, ours)
SIMPY = Contestant("simulation in SimPy", len(Market(7).run().lessons), theirs)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each contestant (15)")
    options = parser.parse_args()
    found = measured((SIMPY, OURS), options.rounds, COMPUTING)
    market, result = Market(7).run(), run_replication(STUDY, POLICY, 1)
    steps = {
        SIMPY.name: sum(lesson.steps for lesson in market.lessons) / len(market.lessons),
        OURS.name: result.totals.steps / WISHES,
    }
    print(f"{'us a request':34}{'middle':>9}{'best':>9}{'steps a request':>18}")
    for name, timing in found.items():
        print(f"{name:34}{timing.middle * 1e6:9.1f}{timing.best * 1e6:9.1f}{steps[name]:18.2f}")
    ratio = found[SIMPY.name].middle / found[OURS.name].middle
    print(f"simulation: times as fast as SimPy {ratio:.2f} (bar {BAR}: {'reached' if ratio >= BAR else 'not reached'})")
    print(f"\n{'share of all requests':24}{'SimPy':>8}{'ours':>8}")
    endings = Counter(lesson.state for lesson in market.lessons)
    mine = Counter(row.ending or "refused" for row in result.rows)
    for ending in sorted({*endings, *mine}):
        print(f"  {ending:22}{endings[ending] / len(market.lessons):8.3f}{mine[ending] / WISHES:8.3f}")


if __name__ == "__main__":
    sys.exit(main())
