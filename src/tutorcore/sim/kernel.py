"""The kernel: one policy on one world, carried out by the engine's own use cases under a virtual clock.

The clock is a queue of wake-ups: a lesson's deadline, an intention, an answer that somebody has thought about for long
enough, a report that somebody gets round to. What happens next is always the earliest of these and of the requests
still to come, and time jumps there. At one instant deadlines come first, as everywhere; then what is done about
standings, then intentions, then answers, then requests, each in an order of its own: so a run has one order of events.

Nothing here knows a rule about lessons, money, time or standing. A wake-up that comes too late, because the lesson has
moved on, comes to nothing; one that comes in time becomes a command, and the engine says what follows from it.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Final

from tutorcore.engine.outcome import Outcome
from tutorcore.engine.work import brief_of_new
from tutorcore.errors import InvalidValue, InvariantError
from tutorcore.ids import Key, PartyId
from tutorcore.instants import LATEST, Instant
from tutorcore.ledger.accounts import natural
from tutorcore.ledger.entries import top_up
from tutorcore.ledger.statements import trial_balance
from tutorcore.lessons.decision import rows_open
from tutorcore.lessons.lesson import Command, next_timeout
from tutorcore.policy.codec import machine_of
from tutorcore.policy.process import Process
from tutorcore.policy.roles import GRANTED_ROLES, Role
from tutorcore.ports.storage import Party
from tutorcore.sim.collector import collector_at_rest
from tutorcore.sim.course import Answer, Course
from tutorcore.sim.deeds import asking, command_of, minor_units
from tutorcore.sim.desk import Desk
from tutorcore.sim.digest import digest_of_run
from tutorcore.sim.distributions import length
from tutorcore.sim.draws import Draws
from tutorcore.sim.model import Deed, Study, Turn
from tutorcore.sim.results import Result, row_of, totals_of
from tutorcore.sim.store import RunStore, RunWork
from tutorcore.sim.world import Wish, World, world_of

PLATFORM_ZONE: Final = "UTC"
"""The platform's own zone, for policies that count days there."""

# What a wake-up is about, in the order in which those of one instant come.
_STANDING, _INTENT, _ANSWER = range(3)
_ONCE: Final = ("asked", "agreed")  # Anchors that happen once; the others move with the terms.
_MOST_STEPS: Final = 500  # How many versions one lesson may have; a long one has twenty.
_AT_ONCE: Final = 1000  # How many lessons one sweep takes; those left out have wake-ups of their own.
_AMPLE: Final = 10  # How many times the prices of all their lessons students have in their wallets.
_STUDENTS: Final[frozenset[Role]] = frozenset({"student", "payer", "requester"})  # Whom a student is in a study.
_NO_OFFER: Final = (0.5, 0.5)


def run_replication(study: Study, policy: Process, replication: int, world: World | None = None) -> Result:
    """Return what becomes of one replication of a study's world under one policy.

    The same arguments give the same result, digest included, in every process. `world` is that of this replication, if
    the caller has it already. The collector of cyclic garbage rests meanwhile. Raises `InvalidValue` if a lesson
    goes on without end, and `InvariantError` if the books do not balance or a lesson that is over holds money.
    """
    with collector_at_rest():
        simulation = Simulation(study, policy, world_of(study, replication) if world is None else world)
        simulation.run()
        return simulation.result()


class Simulation:
    """One policy on one world.

    `courses` are the lessons with all their versions, in the order of the requests; `store` is where they are kept.
    """

    def __init__(self, study: Study, policy: Process, world: World) -> None:
        self._study = study
        self._world = world
        self._machine = machine_of(policy)
        self._draws = Draws(study.seed, world.replication)
        self._verbs = frozenset(policy.verbs)
        self._students_ask = any(role in _STUDENTS for move in policy.openings for role in move.by)
        self._turns: dict[tuple[Role, str], Turn | None] = {}
        self._queue: list[tuple[Instant, int, int, int, int]] = []
        self._people = self._everybody()
        self.store = RunStore()
        self._desk = Desk(study.standings, self._machine, self.store, self._people, self._draws)
        self._now = study.start
        self.courses = [self._course(number, wish) for number, wish in enumerate(world.wishes)]
        self._by_lesson = {course.wish.lesson: course for course in self.courses}

    def run(self) -> None:
        """Carry out everything, from the first request until nothing is left that could happen."""
        self._settle_in()
        for course in self.courses:
            self._pass_until(course.wish.asked)
            self._now = course.wish.asked
            self._ask(course)
        self._pass_until(LATEST)
        self._now += self._machine.process.clears_after.delta
        while not RunWork(self.store, self._now).sweep(self._now, _AT_ONCE).is_all:
            pass

    def _pass_until(self, end: Instant) -> None:
        """Let everything happen that comes at or before an instant."""
        queue, store = self._queue, self.store
        while True:
            deadline = store.soonest()
            if queue and (deadline is None or queue[0][0] < deadline):
                if queue[0][0] > end:
                    return
                self._now = queue[0][0]
                self._wake(*heappop(queue))
            elif deadline is not None and deadline <= end:
                self._now = deadline
                self._sweep(deadline)
            else:
                return

    def result(self) -> Result:
        """Return what became of it, once nothing more can happen."""
        for course in self.courses:
            if course.versions and course.lesson.over and course.lesson.held:
                raise InvariantError(f"lesson {course.wish.lesson} is over and holds {course.lesson.held}")
        store, unit = self.store, self._machine.process.unit
        entries = store.log()
        histories = [course.versions for course in self.courses if course.versions]
        recorded = (each.standing for tutor, _ in self._world.tutors for each in store.standing_history(tutor))
        return Result(
            self._machine.process.name,
            unit,
            self._world.replication,
            tuple(row_of(course, unit) for course in self.courses),
            totals_of(self.courses, self._desk.refusals, len(entries), store.standings(), self._now),
            digest_of_run(histories, entries, recorded),
            trial_balance({(account, code): natural(account, minor) for account, code, minor in store.balances()}),
        )

    def _course(self, number: int, wish: Wish) -> Course:
        known = self._verbs
        return Course(number, wish, tuple(each for each in wish.intents if each.deed.verb in known))

    def _everybody(self) -> dict[PartyId, Party]:
        allowed = self._study.people.permissions
        people = [Party(id, zone, frozenset(), allowed) for id, zone in (*self._world.tutors, *self._world.students)]
        people += [Party(PartyId(role), PLATFORM_ZONE, frozenset((role,)), allowed) for role in GRANTED_ROLES]
        return {party.id: party for party in people}

    def _settle_in(self) -> None:
        """Register everybody, and fill each student's wallet with more than all of their lessons will cost."""
        for party in self._people.values():
            self.store.put_party(party)
        unit, start = self._machine.process.unit, self._study.start
        needed: dict[PartyId, int] = {}
        for wish in self._world.wishes:
            needed[wish.student] = needed.get(wish.student, 0) + minor_units(wish.price, unit)
        work = RunWork(self.store, start)
        for student, minor in needed.items():
            if minor:
                work.post_surely(
                    top_up(student, minor * _AMPLE, unit.code, effective_at=start, ref=f"{student}/wallet")
                )

    def _ask(self, course: Course) -> None:
        """Have a lesson asked for by whichever side the policy lets ask; the student pays."""
        wish, people, machine = course.wish, self._people, self._machine
        asks = wish.student if self._students_ask else wish.tutor
        brief = brief_of_new(
            machine,
            wish.lesson,
            wish.asked,
            student=people[wish.student],
            tutor=people[wish.tutor],
            payer=wish.student,
            requester=asks,
            platform=PLATFORM_ZONE,
        )
        command = asking(machine.process, wish, asks)
        self._note(
            course, command, RunWork(self.store, wish.asked).perform(command, "", people[asks], (machine, brief))
        )

    def _wake(self, at: Instant, about: int, number: int, which: int, terms: int) -> None:
        """Let happen what a wake-up is about, unless the lesson has moved on."""
        if about == _STANDING:
            self._desk.do(number, at)
            self._plan_desk(self._desk.tutor(number), at)
            return
        course = self.courses[number]
        if about == _INTENT:
            act, _, deed = course.intents[which]
            if which not in course.carried_out and (terms == course.terms or act.anchor in _ONCE):
                course.carried_out.add(which)
                self._do(course, act.role, deed, f"act:{act.name}", at)
        elif course.answer is not None and course.answer.turn == which:
            _, role, own, deed = course.answer
            course.answer = None
            self._do(course, role, deed, f"turn:{role}:{own}", at)

    def _sweep(self, now: Instant) -> None:
        touched: dict[int, Course] = {}
        for version in RunWork(self.store, now).sweep(now, _AT_ONCE).versions:
            course = self._by_lesson[version.brief.id]
            course.versions.append(version)
            touched[course.number] = course
        for course in touched.values():
            self._plan(course, now)

    def _do(self, course: Course, role: Role, deed: Deed, purpose: str, now: Instant) -> None:
        """Have somebody do something, unless the lesson is over and it is too late for it."""
        lesson = course.lesson
        if lesson.over and not rows_open(lesson, deed.verb):
            return
        actor = self._people[PartyId(role) if role in GRANTED_ROLES else lesson.brief.party(role)]
        key = Key(f"{lesson.brief.id}/{course.commands + 1}")
        shares = self._draws.two(lesson.brief.id, f"{purpose}:offer") if deed.offers else _NO_OFFER
        command = command_of(deed, lesson, actor.id, key, shares)
        self._note(course, command, RunWork(self.store, now).perform(command, "", actor))

    def _note(self, course: Course, command: Command, outcome: Outcome | None) -> None:
        if outcome is None:
            raise InvariantError(f"lesson {command.lesson} is simulated and not stored")
        if outcome.refusal is None:
            course.verbs.append(command.verb)
        else:
            course.refusals.append((command.verb, outcome.refusal.code))
        if outcome.versions:
            course.versions += outcome.versions
            self._plan(course, outcome.versions[-1].at)

    def _plan(self, course: Course, now: Instant) -> None:
        """Set the wake-ups that follow from where the lesson stands now."""
        queue, number = self._queue, course.number
        if len(course.versions) > _MOST_STEPS:
            raise InvalidValue(
                f"number of steps of lesson {course.wish.lesson} under {self._machine.process.name}",
                len(course.versions),
                f"at most {_MOST_STEPS}; people answer each other, or timeouts lead in a circle, without end",
            )
        for at, which in course.newly_known():
            if at >= now:
                heappush(queue, (at, _INTENT, number, which, course.terms))
        turn = course.new_turn()
        if turn is not None:
            self._think(course, *turn, now)
        if self._desk.is_open:
            self._plan_desk(course.wish.tutor, now)

    def _plan_desk(self, tutor: PartyId, now: Instant) -> None:
        """Set the wake-ups that follow from how a tutor stands now."""
        for at, job in self._desk.planned(tutor, now):
            heappush(self._queue, (at, _STANDING, job, 0, 0))

    def _think(self, course: Course, role: Role, state: str, now: Instant) -> None:
        """Draw what a role does with its turn, and when; what would come at the deadline or later never comes."""
        turn, own = self._turn(role, state), course.turns[role]
        if turn is None:
            return
        due, _ = next_timeout(course.lesson)
        when, what = self._draws.two(course.wish.lesson, f"turn:{role}", own)
        deed, at = _chosen(turn, what), now + length(turn.after, when)
        if deed is not None and deed.verb in self._verbs and (due is None or at < due):
            number = sum(course.turns.values())
            course.answer = Answer(number, role, own, deed)
            heappush(self._queue, (at, _ANSWER, course.number, number, 0))

    def _turn(self, role: Role, state: str) -> Turn | None:
        """The first turn of the study that fits that role in that state."""
        key = (role, state)
        if key not in self._turns:
            fits = (turn for turn in self._study.turns if turn.role == role and state in (turn.states or (state,)))
            self._turns[key] = next(fits, None)
        return self._turns[key]


def _chosen(turn: Turn, share: float) -> Deed | None:
    """What is done with a turn, or None: the rest is silence."""
    for deed, chance in turn.does:
        if share < chance:
            return deed
        share -= chance
    return None
