"""The peers: six steps of a lesson in three libraries that people would otherwise take.

Each is used the fastest way that its documentation shows, and does less than ours: none keeps a ledger or keys, none
checks anything but the state, and the two state machines keep neither history nor money nor deadlines.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from eventsourcing.domain import Aggregate
from statemachine import State, StateMachine
from transitions import Machine

from benchmarks.core import (
    BEGIN,
    COUNTER_PRICE,
    HALF_AN_HOUR,
    HOUR,
    TWO_HOURS,
    LESSONS,
    PRICE,
    SIX_DAYS,
    STUDENT,
    TUTOR,
    TWO_DAYS,
    WEEK,
)
from benchmarks.measure import Contestant


class AggregateLesson(Aggregate):
    """A lesson of `eventsourcing`: six explicit events with the data they need, and the state that they leave.

    Explicit events are faster than the `@event` decorator, and an instant that is given faster than one that is read.
    """

    class Requested(Aggregate.Created):
        student: str
        tutor: str
        start: datetime
        duration: timedelta
        price: int

    class Proposed(Aggregate.Event):
        price: int

        def apply(self, aggregate: AggregateLesson) -> None:
            aggregate.state = "proposed"
            aggregate.price = self.price

    class Accepted(Aggregate.Event):
        def apply(self, aggregate: AggregateLesson) -> None:
            aggregate.state = "agreed"

    class Started(Aggregate.Event):
        def apply(self, aggregate: AggregateLesson) -> None:
            aggregate.state = "in_progress"

    class Ended(Aggregate.Event):
        def apply(self, aggregate: AggregateLesson) -> None:
            aggregate.state = "delivered"

    class Settled(Aggregate.Event):
        earned: int
        fee: int

        def apply(self, aggregate: AggregateLesson) -> None:
            aggregate.state = "completed"

    def __init__(self, student: str, tutor: str, start: datetime, duration: timedelta, price: int) -> None:
        self.student = student
        self.tutor = tutor
        self.start = start
        self.duration = duration
        self.price = price
        self.state = "requested"

    @classmethod
    def request(
        cls, student: str, tutor: str, start: datetime, duration: timedelta, price: int, now: datetime
    ) -> AggregateLesson:
        return cls._create(
            cls.Requested, student=student, tutor=tutor, start=start, duration=duration, price=price, timestamp=now
        )

    def propose(self, price: int, now: datetime) -> None:
        self.trigger_event(self.Proposed, price=price, timestamp=now)

    def accept(self, now: datetime) -> None:
        self.trigger_event(self.Accepted, timestamp=now)

    def begin(self, now: datetime) -> None:
        self.trigger_event(self.Started, timestamp=now)

    def end(self, now: datetime) -> None:
        self.trigger_event(self.Ended, timestamp=now)

    def settle(self, now: datetime) -> None:
        fee = self.price * 15 // 100
        self.trigger_event(self.Settled, earned=self.price - fee, fee=fee, timestamp=now)


def eventsourcing_batch() -> Callable[[], object]:
    def run() -> object:
        lessons = []
        for number in range(LESSONS):
            now = BEGIN + number * WEEK
            start = now + TWO_DAYS
            lesson = AggregateLesson.request(STUDENT, TUTOR, start, HALF_AN_HOUR, PRICE, now)
            lesson.propose(COUNTER_PRICE, now + HOUR)
            lesson.accept(now + TWO_HOURS)
            lesson.begin(start)
            lesson.end(start + HALF_AN_HOUR)
            lesson.settle(now + SIX_DAYS)
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
TRANSITIONS = Contestant("transitions", LESSONS, transitions_batch)
STATEMACHINE = Contestant("python-statemachine", LESSONS, statemachine_batch)
