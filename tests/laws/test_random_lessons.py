"""Ten thousand lessons of people who do whatever occurs to them, under every sample policy."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.engine.marketplace import Marketplace
from tutorcore.instants import Instant, instant
from tutorcore.ledger.accounts import escrow
from tutorcore.lessons.decision import rows_open
from tutorcore.lessons.lesson import Lesson, next_deadline
from tutorcore.lessons.options import Option
from tutorcore.policy.codec import machine_of
from tutorcore.policy.machine import CompiledCase, Row, Step
from tutorcore.policy.process import Process
from tutorcore.testing.accounts import judgement, payment_out
from tutorcore.testing.people import ZONES, World, deed, moments, question, whim
from tutorcore.testing.promises import broken_history, broken_promises
from tutorcore.testing.samples import sample_policies
from tutorcore.testing.twins import SILENCE, Rolled

LESSONS = 10_000
IN_ONE_WORLD = 200
START = instant("2026-01-01T00:00:00Z")

# What no history can reach, with the boundary that kills it (law 2).
UNREACHABLE: dict[str, set[str]] = {
    # Its two branches are never before, and at a tie listed after, those of the timeout above it.
    "own": {"asked.timeout.1.0"},
}


class Guide:
    """Where in a table there is something that has hardly been taken yet, so that people can be led there.

    `taken` counts the steps taken so far, by process and row; who tries what nobody has tried need not try for long.
    """

    def __init__(self, process: Process, taken: Counter[str]) -> None:
        self.taken = taken
        self.never: set[str] = UNREACHABLE.get(process.id, set())
        machine = machine_of(process)
        places = [machine.outside, *machine.places]
        self.worth = {place.name: 0.0 for place in places}
        for _ in range(8):  # A step further each time.
            for place in places:
                rows = [*(row for rows in place.moves.values() for row in rows), *place.timeouts]
                self.worth[place.name] = max(map(self.of, rows), default=0.0)

    def of(self, row: Row) -> float:
        """Return how much a row is worth taking: how seldom it was, or something behind it."""
        leads_to = row.enters or row.opens or (row.source if row.records == "joined" else None)  # It moves deadlines.
        beyond = 0.0 if leads_to is None else 0.8 * self.worth[leads_to.name]
        return max(beyond, *(1 / (1 + self.taken[_label(case.step)]) for case in row.cases if self._can_be(case)), 0.0)

    def _can_be(self, case: CompiledCase) -> bool:
        return case.step.id not in self.never


def _label(step: Step) -> str:
    return f"{step.machine.process.id}: {step.id}"


class Crowd:
    """The people of one marketplace, who ask for lessons one after the other and then do what occurs to them.

    `taken` counts which rows they, and others before them, have taken: half of the time they are curious.
    """

    def __init__(self, seed: int, policies: Sequence[Process], taken: Counter[str]) -> None:
        self.chance = Rolled(Random(seed))
        self.storage = MemoryStorage()
        self.policies = policies
        self.guides = {process.id: Guide(process, taken) for process in policies}
        self.market = Marketplace(self.storage, policies, zone=self.chance.pick(ZONES))
        people = World(()).everybody
        self.world = World(tuple((name, self.chance.pick(ZONES)) for name in people))
        self.world.enter(self.market)
        self.now: Instant = START + timedelta(hours=self.chance.pick(range(365 * 24)))
        self.currencies = sorted({process.unit.code for process in policies})
        for party in self.world.payers:
            for code in self.currencies:
                self.market.top_up(party, self.market.money("1000000", code), key=f"{party} {code}", now=self.now)

    def live(self, lessons: int) -> list[list[Lesson]]:
        """Let so many lessons happen; return their histories once silence has ended all of them."""
        made = [lesson for number in range(lessons) if (lesson := self._one(f"L{number}")) is not None]
        self.now += SILENCE
        self.market.sweep(now=self.now)
        return [[each.version for each in self.market.history(lesson)] for lesson in made]

    def _one(self, lesson: str) -> str | None:
        chance, market = self.chance, self.market
        self._see_to_accounts(lesson)
        others = market.lessons(self.world.tutors[0], now=self.now)[-3:]
        process = self._policy()
        asked = question(self.world, market, process, lesson, others, self.now, chance)
        if not asked.on(market, f"ask {lesson}", self.now).ok:
            return None
        for number in range(chance.pick((1, 8, 16, 32))):
            stands = market.lesson(lesson, now=self.now)
            # While nobody is waited for, little but time brings a lesson on.
            if chance.pick(range(12 if stands.waits_for else 2)) == 0:
                coming = moments([stands], self.now)
                self.now = chance.pick(coming[:9]) if coming else self.now
                stands = market.lesson(lesson, now=self.now)
            if chance.pick(range(16)) == 0:
                whim(self.world, stands, self.now, chance).on(market, f"{lesson} {number}", self.now)
                continue
            chosen = self._sought(stands) if chance.pick(range(3)) == 0 else self._usual(stands)
            if chosen is not None:
                by, option = chosen
                deed(option, stands, by, self.now, chance).on(market, f"{lesson} {number}", self.now)
        return lesson

    def _policy(self) -> Process:
        """Any policy, or one of those with something that has hardly been done yet."""
        wanted = sorted(self.policies, key=lambda process: self.guides[process.id].worth[""])[-3:]
        return self.chance.pick(self.chance.pick((self.policies, wanted)))

    def _see_to_accounts(self, lesson: str) -> None:
        """Somebody sees to reports and to what was earned, so that tutors can be asked again."""
        for number in range(self.chance.pick((0, 2))):
            what = judgement(self.world, self.market, self.policies, self.now, self.chance)
            what.on(self.market, f"{lesson} judged {number}", self.now)
        if self.chance.pick(range(4)) == 0:
            paid = payment_out(self.world, self.market, self.currencies, self.now, self.chance)
            paid.on(self.market, f"{lesson} paid", self.now)

    def _usual(self, lesson: Lesson) -> tuple[str, Option] | None:
        """What somebody may do who is mostly waited for: mostly something that leaves what is held where it is."""
        people = [lesson.brief.student, lesson.brief.tutor, "robot", self.chance.pick(self.world.everybody)]
        granted = [name for name, roles in self.world.grants if lesson.waits_for in roles]
        awaited = [party for party in lesson.brief.parties if lesson.waits_for in lesson.brief.roles_of(party)]
        by = self.chance.pick([*people, *[*awaited, *granted] * 3])
        options = self.market.allowed(lesson.id, by=by, now=self.now)
        going_on = [option for option in options if not option.settles and "split" not in option.needs]
        wanted = going_on if self.chance.pick(range(6)) and going_on else options
        return (by, self.chance.pick(wanted)) if wanted else None

    def _sought(self, lesson: Lesson) -> tuple[str, Option] | None:
        """What leads to a row that was hardly ever taken; None if time does, which then passes, or nobody can."""
        guide, deadline = self.guides[lesson.machine.process.id], next_deadline(lesson)
        places = [lesson.place] if lesson.change is None else [lesson.change.place, lesson.place]
        open_rows = {verb: rows_open(lesson, verb) for place in places for verb in place.moves}
        rows = [row for found in open_rows.values() for row in found]
        if deadline is not None:
            rows.append(deadline.why.row)
        rows.sort(key=guide.of, reverse=True)
        for row in rows[:4]:
            if deadline is not None and row is deadline.why.row:
                self.now = max(self.now, deadline.at)
                return None
            bound = [(party, lesson.brief.roles_of(party)) for party in lesson.brief.parties]
            able = [party for party, roles in (*self.world.grants, *bound) if not set(roles).isdisjoint(row.by)]
            by = self.chance.pick(able or [lesson.brief.tutor])
            for option in self.market.allowed(lesson.id, by=by, now=self.now):
                if row in open_rows[option.verb] and option.role in row.by:
                    return by, option
        return None


def _histories(policies: Sequence[Process], lessons: int) -> Iterator[tuple[Crowd, list[list[Lesson]]]]:
    made, seed, taken = 0, 0, Counter[str]()
    while made < lessons:
        crowd = Crowd(seed, policies, taken)
        histories = crowd.live(IN_ONE_WORLD)
        taken.update(_label(version.step) for versions in histories for version in versions)
        made += len(histories)
        seed += 1
        yield crowd, histories


@pytest.mark.slow
def test_ten_thousand_random_lessons(capsys: pytest.CaptureFixture[str]) -> None:
    """All of them end, no cent is lost or left in escrow, and every row that can be taken was taken."""
    policies = sample_policies()
    ends: Counter[str] = Counter()
    taken: Counter[str] = Counter()

    for crowd, histories in _histories(policies, LESSONS):
        assert broken_promises(crowd.storage) == []
        assert all(total.debit == total.credit for total in crowd.market.trial_balance().totals)
        balances = {account for account, _, _ in crowd.market.balances()}
        for versions in histories:
            last = versions[-1]
            assert last.over
            assert last.held == 0
            assert escrow(last.id) not in balances
            name = last.machine.process.id
            ends[f"{name}: {last.state}"] += 1
            taken.update(f"{name}: {version.step.id}" for version in versions)
        for versions in histories[::4]:
            assert broken_history(crowd.market.history(versions[0].id)) == []

    with capsys.disabled():
        counts = ", ".join(f"{end} {count}" for end, count in sorted(ends.items()))
        sys.stdout.write(f"\n{ends.total()} lessons ended as {counts}\n")
    assert ends.total() >= LESSONS
    for process in policies:
        over = {f"{process.id}: {state.name}" for state in process.states if state.over}
        assert over <= set(ends), "a final state was never reached"
        rows = {row for place in _places(process) for row in place}
        assert {row for row in rows if not taken[f"{process.id}: {row}"]} == UNREACHABLE.get(process.id, set())


def _places(process: Process) -> Iterator[list[str]]:
    """The steps of a process, place by place: those of its moves and of its timeouts."""
    machine = machine_of(process)
    for place in (machine.outside, *machine.places):
        rows = [row for found in place.moves.values() for row in found] + list(place.timeouts)
        yield [case.step.id for row in rows for case in row.cases]


def test_a_few_random_lessons() -> None:
    """The same on a small scale, whenever the tests run: all end, and the books are right."""
    for crowd, histories in _histories(sample_policies(), 200):
        assert broken_promises(crowd.storage) == []
        assert all(versions[-1].over and versions[-1].held == 0 for versions in histories)
        for versions in histories:
            assert broken_history(crowd.market.history(versions[0].id)) == []
