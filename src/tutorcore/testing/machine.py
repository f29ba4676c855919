"""A stateful machine that plays a small marketplace twice and finds what should not differ, or not be.

`lessons_machine(make_storage)` returns a `RuleBasedStateMachine`. It runs the same commands on twins: one marketplace
in a store that `make_storage` makes, swept at random instants; the other in memory (or in whatever `against` makes),
never swept until the very end. After every step all that can be observed is equal in both, and every promise of
`tutorcore.testing.promises` holds in either. A storage of your own is tested like this:

    TestMyStorage = lessons_machine(lambda: MyStorage(...)).TestCase
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import attrs
import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.instants import MICROSECOND, Instant
from tutorcore.lessons.lesson import Lesson
from tutorcore.policy.process import Process
from tutorcore.ports.storage import Recorded, Storage
from tutorcore.testing.people import Act, Deed, Pay, World, deed, moments, payment, question, whim
from tutorcore.testing.plain import plain_lesson, plain_refusal
from tutorcore.testing.promises import broken_deadlines, broken_history, broken_promises
from tutorcore.testing.samples import sample_policies
from tutorcore.testing.strategies import Drawn, instants, worlds

# After this long without anybody doing anything, everything under the sample policies has ended.
SILENCE: Final = timedelta(days=60)
_JUST_MORE: Final = (MICROSECOND, timedelta(minutes=1), timedelta(hours=1), timedelta(hours=13), timedelta(days=4))
_PRIVATE_TO_LATE: Final = "out_of_order"


@attrs.define
class Twin:
    """One of the marketplaces, with how much of each lesson's history has been replayed."""

    name: str
    storage: Storage
    market: Marketplace
    replayed: dict[str, int] = attrs.field(factory=dict)


@attrs.frozen
class Done:
    """A deed as it was done: under which key, when, and whether it was done."""

    deed: Deed
    key: str
    at: Instant
    ok: bool


class LessonsMachine(RuleBasedStateMachine):
    """The machine; `lessons_machine` gives it its stores. Use that."""

    make_swept: Callable[[], Storage]
    make_unswept: Callable[[], Storage]
    policies: tuple[Process, ...]

    def __init__(self) -> None:
        super().__init__()
        self.now: Instant
        self.world: World
        self.twins: tuple[Twin, Twin]
        self.lessons: list[str] = []
        self.done: list[Done] = []
        self.keys = 0
        self.begun = False

    @initialize(world=worlds(), now=instants())
    def open(self, world: World, now: Instant) -> None:
        """Open the twins, register everybody and give them some money."""
        self.now, self.world = now, world
        cls = type(self)
        self.twins = (self._twin("swept", cls.make_swept()), self._twin("unswept", cls.make_unswept()))
        market = self.twins[0].market
        for party in world.payers:
            for code in ("ITC", "JPY", "KWD"):
                self._do(Pay(party, market.money("25", code)))
        self.begun = True

    def _twin(self, name: str, storage: Storage) -> Twin:
        market = Marketplace(storage, self.policies, zone=self.world.platform)
        self.world.enter(market)
        return Twin(name, storage, market)

    # What may happen

    @rule(data=st.data())
    def pay(self, data: st.DataObject) -> None:
        """Somebody tops up a wallet."""
        self._do(payment(self.world, self.market, Drawn(data)))

    @rule(data=st.data())
    def ask(self, data: st.DataObject) -> None:
        """Somebody asks for a lesson."""
        chance = Drawn(data)
        lesson = f"L{len(self.lessons) + 1}"
        asked = question(self.world, self.market, chance.pick(self.policies), lesson, self.now, chance)
        if self._do(asked).lesson is not None:
            self.lessons.append(lesson)

    @precondition(lambda self: self.lessons)
    @rule(data=st.data())
    def take_an_option(self, data: st.DataObject) -> None:
        """Somebody does what is open to them, with all that it needs."""
        self._take_an_option(Drawn(data))

    @precondition(lambda self: self.lessons)
    @rule(data=st.data())
    def take_another_option(self, data: st.DataObject) -> None:
        """The same once more: most of what people do is what they may."""
        self._take_an_option(Drawn(data))

    @precondition(lambda self: self.lessons)
    @rule(data=st.data())
    def act_on_a_whim(self, data: st.DataObject) -> None:
        """Somebody tries anything."""
        chance = Drawn(data)
        self._do(whim(self.world, self._lesson(chance), self.now, chance))

    @precondition(lambda self: self.lessons)
    @rule(data=st.data())
    def wait_for_a_moment(self, data: st.DataObject) -> None:
        """Time passes until a boundary, or until just before or after one."""
        chance = Drawn(data)
        self.now = chance.pick(moments(self._all(), self.now) or [self.now + MICROSECOND])

    @rule(data=st.data())
    def wait(self, data: st.DataObject) -> None:
        """Time passes."""
        self.now += Drawn(data).pick(_JUST_MORE)

    @rule(data=st.data())
    def sweep(self, data: st.DataObject) -> None:
        """The sweeper runs on one of the twins, a little late or not, in transactions of any size."""
        chance = Drawn(data)
        grace = chance.pick((timedelta(0), timedelta(0), timedelta(minutes=3), timedelta(hours=30)))
        self.twins[0].market.sweep(now=self.now, grace=grace, batch=chance.pick((1, 2, 100)))

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """A command comes again under its key: the same answer, and nothing changes."""
        chance = Drawn(data)
        first = chance.pick(self.done)
        before = self._versions()
        again = self._on_both(first.deed, first.key)

        assert again.repeated, f"{first} was done again"
        assert again.ok == first.ok, f"{first} is answered otherwise"
        assert self._versions() == before, f"repeating {first} changed something"

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def reuse_a_key(self, data: st.DataObject) -> None:
        """Something else comes under a key that was used."""
        chance = Drawn(data)
        first, other = chance.pick(self.done), chance.pick(self.done)
        if other.deed == first.deed:
            return
        before = self._versions()
        answer = self._on_both(other.deed, first.key)

        assert answer.refusal is not None, f"{first.key} was used for {first.deed} and again for {other.deed}"
        assert answer.refusal.code == "key_reused"
        assert self._versions() == before

    @precondition(lambda self: self.lessons)
    @rule(data=st.data())
    def come_out_of_order(self, data: st.DataObject) -> None:
        """A command is stamped before what is already recorded about its lesson; both twins say so."""
        chance = Drawn(data)
        lesson = self._lesson(chance)
        acted = [each.version.at for each in self.twins[1].market.history(lesson.id) if each.version.command]
        tried = whim(self.world, lesson, self.now, chance)
        for twin in self.twins:
            answer = tried.on(twin.market, self._key(), acted[-1] - MICROSECOND)
            assert answer.refusal is not None
            assert answer.refusal.code == _PRIVATE_TO_LATE, f"{twin.name}: {answer.refusal}"

    @precondition(lambda self: self.lessons)
    @rule(data=st.data())
    def come_late_but_in_order(self, data: st.DataObject) -> None:
        """A command reaches us late, yet nothing later is recorded of its lesson: it counts from its own instant."""
        chance = Drawn(data)
        for twin in self.twins:
            twin.market.sweep(now=self.now)
        lesson = self._lesson(chance)
        at = chance.pick([each for each in (lesson.at, lesson.at + MICROSECOND, self.now) if each <= self.now])
        options = [(by, option) for by in self.world.everybody for option in self._allowed(lesson.id, by, at)]
        if options:
            by, option = chance.pick(options)
            self._do(deed(option, lesson, by, at, chance), at)

    @precondition(lambda self: self.lessons)
    @rule(data=st.data())
    def look_at_the_options(self, data: st.DataObject) -> None:
        """What is listed as allowed would be done, up to the instant it names; what is not listed would be refused."""
        chance = Drawn(data)
        lesson, by = self._lesson(chance), chance.pick(self.world.everybody)
        options = {option.verb: option for option in self._allowed(lesson.id, by, self.now)}
        for verb in lesson.machine.process.verbs:
            option = options.get(verb)
            if option is None:
                tried = attrs.evolve(whim(self.world, lesson, self.now, chance), verb=verb, by=by)
                assert self._refusal(tried, self.now) is not None, f"{verb} by {by} is not listed and would be done"
                continue
            tried = deed(option, lesson, by, self.now, chance)
            instants_open = [self.now] if option.until is None else [self.now, option.until - MICROSECOND]
            for at in instants_open if tried.offer is None else instants_open[:1]:
                code = self._refusal(tried, at)
                may_be = {None, "no_time_left", *(("bad_terms", "guard") if tried.offer is not None else ())}
                assert code in may_be, f"{verb} by {by} is listed and would be refused: {code}"

    # What must hold

    @invariant()
    def both_show_the_same(self) -> None:
        """As of now, nobody can tell which of the twins was swept."""
        if not self.begun:
            return
        first, second = (self._shown(twin.market) for twin in self.twins)
        for (label, mine), (_, theirs) in zip(first, second, strict=True):
            assert mine == theirs, f"{label}: {mine} (swept) is not {theirs} (unswept)"

    @invariant()
    def every_promise_is_kept(self) -> None:
        """Books, escrows, claims, deadlines and the replay of every new version are right in both."""
        if not self.begun:
            return
        for twin in self.twins:
            broken = [*broken_promises(twin.storage), *self._unreplayable(twin)]
            broken += broken_deadlines(twin.market.lessons(now=self.now), self.now)
            assert not broken, f"{twin.name}: {broken}"

    def teardown(self) -> None:
        """Let everything end by silence; then also the records are the same."""
        try:
            if self.begun and sys.exc_info()[0] is None:
                self._end()
        finally:
            for twin in getattr(self, "twins", ()):
                with suppress(AttributeError):  # Only some stores have to be closed.
                    twin.storage.close()

    def _end(self) -> None:
        self.now += SILENCE
        for twin in self.twins:
            twin.market.sweep(now=self.now)
        self.both_show_the_same()
        self.every_promise_is_kept()
        for lesson in self.lessons:
            first, second = (self._recorded(twin.market.history(lesson)) for twin in self.twins)
            assert first == second, f"lesson {lesson} is recorded otherwise where it was swept"
        assert all(lesson.over for lesson in self._all()), "silence has not ended everything"

    # How it is done

    @property
    def market(self) -> Marketplace:
        """The marketplace that is never swept, of which questions are asked."""
        return self.twins[1].market

    def _do(self, what: Deed, at: Instant | None = None) -> Outcome:
        key = self._key()
        answer = self._on_both(what, key, at)
        self.done.append(Done(what, key, at or self.now, answer.ok))
        return answer

    def _on_both(self, what: Deed, key: str, at: Instant | None = None) -> Outcome:
        answers = [what.on(twin.market, key, at or self.now) for twin in self.twins]
        first, second = map(_plain, answers)
        assert first == second, f"{what}: {first} (swept) is not {second} (unswept)"
        return answers[1]

    def _key(self) -> str:
        self.keys += 1
        return f"k{self.keys}"

    def _lesson(self, chance: Drawn) -> Lesson:
        return self.market.lesson(chance.pick(self.lessons), now=self.now)

    def _all(self) -> tuple[Lesson, ...]:
        return self.market.lessons(now=self.now)

    def _allowed(self, lesson: str, by: str, at: Instant) -> tuple[Any, ...]:
        return self.market.allowed(lesson, by=by, now=at)

    def _take_an_option(self, chance: Drawn) -> None:
        lesson = self._lesson(chance)
        people = (*lesson.brief.parties, *(name for name, _ in self.world.grants))
        options = [(by, option) for by in people for option in self._allowed(lesson.id, by, self.now)]
        if options:
            by, option = chance.pick(options)
            answer = self._do(deed(option, lesson, by, self.now, chance))
            listed = {"bad_terms", "no_time_left", "insufficient_funds", "slot_taken"}
            listed |= {"guard"} if "offer" in option.needs else set()
            assert answer.refusal is None or answer.refusal.code in listed, answer.refusal

    def _refusal(self, tried: Act, at: Instant) -> str | None:
        found = self.market.preview(
            tried.verb,
            tried.lesson,
            by=tried.by,
            proposal=tried.proposal,
            offer=tried.offer,
            reason=tried.reason,
            now=at,
        )
        return getattr(found, "code", None)

    def _shown(self, market: Marketplace) -> Iterable[tuple[str, object]]:
        """Everything that can be seen as of now."""
        now = self.now
        for lesson in market.lessons(now=now):
            yield lesson.id, plain_lesson(lesson)
        for party in self.world.everybody:
            yield f"{party}'s turn", [lesson.id for lesson in market.open_requests(party, now=now)]
            for code in ("ITC", "JPY", "KWD"):
                yield f"{party}'s {code}", market.wallet(party, code, now=now).minor
                if party in self.world.tutors:
                    yield f"{party}'s earned {code}", market.earnings(party, code, now=now)

    def _versions(self) -> list[int]:
        return [len(twin.market.history(lesson)) for twin in self.twins for lesson in self.lessons]

    def _recorded(self, history: Iterable[Recorded]) -> list[tuple[object, ...]]:
        return [plain_lesson(each.version) for each in history]

    def _unreplayable(self, twin: Twin) -> list[str]:
        broken: list[str] = []
        for lesson in self.lessons:
            history = twin.market.history(lesson)
            broken += broken_history(history, twin.replayed.get(lesson, 0))
            twin.replayed[lesson] = len(history)
        return broken


def lessons_machine(
    make_storage: Callable[[], Storage],
    *,
    against: Callable[[], Storage] = MemoryStorage,
    policies: Iterable[Process] | None = None,
) -> type[LessonsMachine]:
    """Return the machine for stores that `make_storage` makes, each new and empty.

    `policies` are those that are played, the samples unless given; under them silence must end everything within
    `SILENCE`, and their currencies are among ITC, JPY and KWD.
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


def _plain(answer: Outcome) -> tuple[object, ...]:
    lesson = None if answer.lesson is None else plain_lesson(answer.lesson)
    return answer.repeated, plain_refusal(answer.refusal), lesson
