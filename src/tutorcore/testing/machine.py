"""A stateful machine that plays a small marketplace twice and finds what should not differ, or not be.

`lessons_machine(make_storage)` returns a `RuleBasedStateMachine`. It runs the same commands on twins: one marketplace
in a store that `make_storage` makes, swept at random instants; the other in memory (or in whatever `against` makes),
never swept until the very end. After every step all that can be observed is equal in both, and every promise of
`tutorcore.testing.promises` holds in either. A storage of your own is tested like this:

    TestMyStorage = lessons_machine(lambda: MyStorage(...)).TestCase
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.instants import Instant
from tutorcore.policy.process import Process
from tutorcore.ports.storage import Storage
from tutorcore.testing.people import World
from tutorcore.testing.samples import sample_policies
from tutorcore.testing.strategies import Drawn, instants, worlds
from tutorcore.testing.twins import Twins


class LessonsMachine(RuleBasedStateMachine):
    """The machine; `lessons_machine` gives it its stores. Use that."""

    make_swept: Callable[[], Storage]
    make_unswept: Callable[[], Storage]
    policies: tuple[Process, ...]

    def __init__(self) -> None:
        super().__init__()
        self.twins: Twins | None = None

    @initialize(world=worlds(), now=instants(), data=st.data())
    def open(self, world: World, now: Instant, data: st.DataObject) -> None:
        """Open the twins under one or two of the policies."""
        chance = Drawn(data)
        chosen = dict.fromkeys((chance.pick(range(len(self.policies))), chance.pick(range(len(self.policies)))))
        policies = [self.policies[number] for number in chosen]
        self.twins = Twins(type(self).make_swept(), type(self).make_unswept(), policies, world, now)

    def _has_lessons(self) -> bool:
        return self.twins is not None and bool(self.twins.lessons)

    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        """Somebody asks for a lesson."""
        self._play(data, Twins.ask)

    @rule(data=st.data())
    def ask_for_a_slot(self, data: st.DataObject) -> None:
        """Somebody asks for a start of which it was explained whether it can be had."""
        self._play(data, Twins.ask_for_a_slot)

    @precondition(_has_lessons)
    @rule(data=st.data())
    def take_an_option(self, data: st.DataObject) -> None:
        """Somebody does what is open to them."""
        self._play(data, Twins.take_an_option)

    # Most of what people do is what they may, and a rule is chosen as often as it is there.
    take_another_option = take_an_option
    take_a_third_option = take_an_option

    @precondition(_has_lessons)
    @rule(data=st.data())
    def do_something_else(self, data: st.DataObject) -> None:
        """Somebody does what they may not, or again, or too late, or out of order; or only looks."""
        others: Sequence[Callable[[Twins, Drawn], None]] = (
            Twins.act_on_a_whim,
            Twins.try_in_vain,
            Twins.look_at_the_options,
            Twins.answer_another_proposal,
            Twins.repeat,
            Twins.reuse_a_key,
            Twins.come_out_of_order,
            Twins.come_late_but_in_order,
            Twins.pay,
        )
        self._play(data, Drawn(data).pick(others))

    @precondition(_has_lessons)
    @rule(data=st.data())
    def judge(self, data: st.DataObject) -> None:
        """An agent goes through what was reported of a tutor, or a tutor shows the profile again."""
        self._play(data, Twins.judge)

    @precondition(_has_lessons)
    @rule(data=st.data())
    def pay_out(self, data: st.DataObject) -> None:
        """A tutor applies for earnings, takes them out or spends them, or a transfer arrives or comes back."""
        self._play(data, Twins.pay_out)

    @precondition(_has_lessons)
    @rule(data=st.data())
    def wait_for_a_moment(self, data: st.DataObject) -> None:
        """Time passes until a boundary, or until just before or after one."""
        self._play(data, Twins.wait_for_a_moment)

    @rule(data=st.data())
    def wait(self, data: st.DataObject) -> None:
        """Time passes."""
        self._play(data, Twins.wait)

    @rule(data=st.data())
    def sweep(self, data: st.DataObject) -> None:
        """The sweeper runs on one of the twins."""
        self._play(data, Twins.sweep)

    @invariant()
    def all_is_well(self) -> None:
        """The twins cannot be told apart, and every promise is kept."""
        if self.twins is not None:
            self.twins.check()

    def teardown(self) -> None:
        """Let everything end by silence, unless something has gone wrong already."""
        if self.twins is None:
            return
        try:
            if sys.exc_info()[0] is None:
                self.twins.end()
        finally:
            for twin in self.twins.twins:
                close = getattr(twin.storage, "close", None)  # Only some stores have to be closed.
                if close is not None:
                    close()

    def _play(self, data: st.DataObject, what: Callable[[Twins, Drawn], None]) -> None:
        assert self.twins is not None
        what(self.twins, Drawn(data))


def lessons_machine(
    make_storage: Callable[[], Storage],
    *,
    against: Callable[[], Storage] = MemoryStorage,
    policies: Iterable[Process] | None = None,
) -> type[LessonsMachine]:
    """Return the machine for stores that `make_storage` makes, each new and empty.

    `policies` are those that are played, the samples unless given; under them silence ends everything within
    `tutorcore.testing.twins.SILENCE`.
    """
    return type(
        "LessonsMachine",
        (LessonsMachine,),
        {
            "make_swept": staticmethod(make_storage),
            "make_unswept": staticmethod(against),
            "policies": tuple(sample_policies() if policies is None else policies),
        },
    )
