"""The peers: six steps of a lesson in three libraries that people would otherwise take.

Each does less than ours: none keeps a ledger or keys, `eventsourcing` checks nothing here, and the two state machines
check the state and keep neither history nor money nor deadlines.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from eventsourcing.domain import Aggregate, event
from statemachine import State, StateMachine
from transitions import Machine

from benchmarks.core import (
    BEGIN,
    COUNTER_PRICE,
    HALF_AN_HOUR,
    HOUR,
    LESSONS,
    PRICE,
    SIX_DAYS,
    STUDENT,
    TUTOR,
    TWO_DAYS,
    TWO_HOURS,
    WEEK,
)
from benchmarks.measure import Contestant


class AggregateLesson(Aggregate):
    """A lesson of `eventsourcing`, as its documentation begins: commands decorated as events, with what they set."""

    @event("Requested")
    def __init__(self, student: str, tutor: str, start: datetime, duration: timedelta, price: int) -> None:
        self.student = student
        self.tutor = tutor
        self.start = start
        self.duration = duration
        self.price = price
        self.state = "requested"

    @event("Proposed")
    def propose(self, price: int) -> None:
        self.state = "proposed"
        self.price = price

    @event("Accepted")
    def accept(self) -> None:
        self.state = "agreed"

    @event("Started")
    def begin(self) -> None:
        self.state = "in_progress"

    @event("Ended")
    def end(self) -> None:
        self.state = "delivered"

    @event("Settled")
    def settle(self, earned: int, fee: int) -> None:
        self.state = "completed"


def eventsourcing_batch() -> Callable[[], object]:
    def run() -> object:
        lessons = []
        for number in range(LESSONS):
            start = BEGIN + number * WEEK + TWO_DAYS
            lesson = AggregateLesson(STUDENT, TUTOR, start, HALF_AN_HOUR, PRICE)
            lesson.propose(COUNTER_PRICE)
            lesson.accept()
            lesson.begin()
            lesson.end()
            fee = COUNTER_PRICE * 15 // 100
            lesson.settle(COUNTER_PRICE - fee, fee)
            lessons.append((lesson, lesson.collect_events()))
        return lessons

    return run


class ExplicitLesson(Aggregate):
    """The same with event classes written out and triggered by hand: twice as fast, and twice the code."""

    class Requested(Aggregate.Created):
        student: str
        tutor: str
        start: datetime
        duration: timedelta
        price: int

    class Proposed(Aggregate.Event):
        price: int

        def apply(self, aggregate: ExplicitLesson) -> None:
            aggregate.state = "proposed"
            aggregate.price = self.price

    class Accepted(Aggregate.Event):
        def apply(self, aggregate: ExplicitLesson) -> None:
            aggregate.state = "agreed"

    class Started(Aggregate.Event):
        def apply(self, aggregate: ExplicitLesson) -> None:
            aggregate.state = "in_progress"

    class Ended(Aggregate.Event):
        def apply(self, aggregate: ExplicitLesson) -> None:
            aggregate.state = "delivered"

    class Settled(Aggregate.Event):
        earned: int
        fee: int

        def apply(self, aggregate: ExplicitLesson) -> None:
            aggregate.state = "completed"

    def __init__(self, student: str, tutor: str, start: datetime, duration: timedelta, price: int) -> None:
        self.student = student
        self.tutor = tutor
        self.start = start
        self.duration = duration
        self.price = price
        self.state = "requested"


def explicit_batch() -> Callable[[], object]:
    def run() -> object:
        lessons = []
        for number in range(LESSONS):
            now = BEGIN + number * WEEK
            start = now + TWO_DAYS
            lesson = ExplicitLesson._create(
                ExplicitLesson.Requested,
                student=STUDENT,
                tutor=TUTOR,
                start=start,
                duration=HALF_AN_HOUR,
                price=PRICE,
                timestamp=now,
            )
            lesson.trigger_event(ExplicitLesson.Proposed, price=COUNTER_PRICE, timestamp=now + HOUR)
            lesson.trigger_event(ExplicitLesson.Accepted, timestamp=now + TWO_HOURS)
            lesson.trigger_event(ExplicitLesson.Started, timestamp=start)
            lesson.trigger_event(ExplicitLesson.Ended, timestamp=start + HALF_AN_HOUR)
            fee = COUNTER_PRICE * 15 // 100
            lesson.trigger_event(ExplicitLesson.Settled, earned=COUNTER_PRICE - fee, fee=fee, timestamp=now + SIX_DAYS)
            lessons.append((lesson, lesson.collect_events()))
        return lessons

    return run


STATES = ("new", "requested", "proposed", "agreed", "in_progress", "delivered", "completed")
TRIGGERS = ("request", "propose", "accept", "begin", "end", "settle")


class Model:
    """What a `transitions` machine moves."""

    def __init__(self, start: datetime, price: int) -> None:
        self.start = start
        self.price = price


def transitions_batch() -> Callable[[], object]:
    """Return the batch of one machine for all models; a machine for each lesson is many times slower."""
    machine = Machine(
        model=None,
        states=list(STATES),
        transitions=[list(each) for each in zip(TRIGGERS, STATES[:-1], STATES[1:], strict=True)],
        initial="new",
        auto_transitions=False,
    )

    def run() -> object:
        for number in range(LESSONS):
            lesson = Model(BEGIN + number * WEEK + TWO_DAYS, PRICE)
            machine.add_model(lesson)
            lesson.request()
            lesson.propose()
            lesson.price = COUNTER_PRICE
            lesson.accept()
            lesson.begin()
            lesson.end()
            lesson.settle()
        return machine

    return run


class LessonChart(StateMachine):
    """A lesson of `python-statemachine`, which makes a machine for each."""

    new = State(initial=True)
    requested = State()
    proposed = State()
    agreed = State()
    in_progress = State()
    delivered = State()
    completed = State(final=True)

    request = new.to(requested)
    propose = requested.to(proposed)
    accept = proposed.to(agreed)
    begin = agreed.to(in_progress)
    end = in_progress.to(delivered)
    settle = delivered.to(completed)


def statemachine_batch() -> Callable[[], object]:
    def run() -> object:
        lessons = []
        for number in range(LESSONS):
            lesson = LessonChart(Model(BEGIN + number * WEEK + TWO_DAYS, PRICE))
            lesson.request()
            lesson.propose()
            lesson.model.price = COUNTER_PRICE
            lesson.accept()
            lesson.begin()
            lesson.end()
            lesson.settle()
            lessons.append(lesson)
        return lessons

    return run


EVENTSOURCING = Contestant("eventsourcing", LESSONS, eventsourcing_batch)
EVENTSOURCING_EXPLICIT = Contestant("eventsourcing, explicit events", LESSONS, explicit_batch)
TRANSITIONS = Contestant("transitions", LESSONS, transitions_batch)
STATEMACHINE = Contestant("python-statemachine", LESSONS, statemachine_batch)
