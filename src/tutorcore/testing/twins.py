"""Two marketplaces that live through the same, one swept and one not, and must not be told apart.

`Twins` carries out what people do on both and compares what can be observed: every answer, every lesson as of now,
wallets, earnings, whose turn it is, and at the end also every record. Chance comes in as an argument, so the same plays
can be driven by Hypothesis (`tutorcore.testing.machine`) or by a seeded generator (`Rolled`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from random import Random
from typing import Final, TypeVar

import attrs

from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.instants import MICROSECOND, Instant, instant
from tutorcore.lessons.lesson import Lesson
from tutorcore.lessons.options import Option
from tutorcore.lessons.projections import Message
from tutorcore.policy.process import Process
from tutorcore.ports.storage import Recorded, Storage
from tutorcore.standing.standing import Standing
from tutorcore.testing.accounts import AccountDeed, judgement, payment_out
from tutorcore.testing.people import ZONES, Act, Ask, Chance, Deed, Pay, World, deed, moments, payment, question, whim
from tutorcore.testing.plain import Dump, differences, dump, plain_lesson, plain_refusal, without
from tutorcore.testing.promises import broken_deadlines, broken_history, broken_promises

T = TypeVar("T")

START: Final = instant("2026-01-01T00:00:00Z")
# After this long without anybody doing anything, everything under the sample policies has ended and been paid out.
SILENCE: Final = timedelta(days=60)
# How far ahead slots are looked at.
_LISTED: Final = timedelta(days=3)
_JUST_MORE: Final = (
    MICROSECOND,
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(hours=13),
    timedelta(days=4),
    timedelta(days=15),
)
_GRACES: Final = (timedelta(0), timedelta(0), timedelta(minutes=3), timedelta(hours=30))
# What may still stand against an option that was listed: what others took, and what is said with it.
_TAKEN: Final = frozenset({"insufficient_funds", "not_bookable", "slot_taken"})
_TERMS: Final = _TAKEN | {"bad_terms", "no_time_left", "guard"}
_SAID: Final = frozenset({"offer", "remedy", "split"})


@attrs.frozen
class Rolled:
    """Chance from a seeded generator."""

    random: Random

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[self.random.randrange(len(options))]


@attrs.frozen
class Done:
    """A deed as it was done: under which key, when, and whether it was accepted."""

    deed: Deed | AccountDeed
    key: str
    at: Instant
    ok: bool


@attrs.define
class Twin:
    """One of the marketplaces, with how much of each lesson's history has been replayed."""

    name: str
    storage: Storage
    market: Marketplace
    replayed: dict[str, int] = attrs.field(factory=dict)


class Twins:
    """A marketplace that is swept at any time, and one that never is, until the end.

    What must hold and does not is an `AssertionError` that says what was seen.
    """

    def __init__(
        self, swept: Storage, unswept: Storage, policies: Sequence[Process], world: World, now: Instant
    ) -> None:
        self.now = now
        self.world = world
        self.policies = tuple(policies)
        self.currencies = tuple(sorted({process.unit.code for process in policies}))
        self.swept = self._twin("swept", swept)
        self.unswept = self._twin("unswept", unswept)
        self.lessons: list[str] = []
        self.done: list[Done] = []
        self._keys = 0
        for party in world.payers:
            for code in self.currencies:
                self._do(Pay(party, self.market.money("500", code)))

    def _twin(self, name: str, storage: Storage) -> Twin:
        market = Marketplace(storage, self.policies, zone=self.world.platform)
        self.world.enter(market)
        return Twin(name, storage, market)

    @property
    def twins(self) -> tuple[Twin, Twin]:
        """Both."""
        return self.swept, self.unswept

    @property
    def market(self) -> Marketplace:
        """The marketplace that is never swept, of which questions are asked."""
        return self.unswept.market

    # What may happen

    def pay(self, chance: Chance) -> None:
        """Somebody tops up a wallet."""
        self._do(payment(self.world, self.market, chance.pick(self.currencies), chance))

    def ask(self, chance: Chance) -> None:
        """Somebody asks for a lesson."""
        lesson = f"L{len(self.lessons) + 1}"
        process = chance.pick(self.policies)
        asked = question(self.world, self.market, process, lesson, self._all(), self.now, chance)
        if self._do(asked).ok:
            self.lessons.append(lesson)

    def ask_for_a_slot(self, chance: Chance) -> None:
        """A student asks for a start of which it was explained whether it can be had: a listed one can, others not."""
        process = chance.pick(self.policies)
        lesson = f"L{len(self.lessons) + 1}"
        asked = question(self.world, self.market, process, lesson, self._all(), self.now, chance)
        if asked.tutor not in self.world.scheduled:
            return
        asked = attrs.evolve(asked, by=asked.student, payer=None)
        listed = self._slots(asked)
        if chance.pick(range(2)) and listed:
            asked = attrs.evolve(asked, start=chance.pick(listed))
        told = self._explained(asked)
        answer = self._do(asked)
        if answer.ok:
            self.lessons.append(lesson)

        in_range = self.now <= asked.start < self.now + _LISTED
        assert told is None or asked.start not in listed, f"{asked} is listed, and explained as {told}"
        assert told is not None or not in_range or asked.start in listed or not _is_bookable(process), (
            f"{asked} could be asked for and is not listed"
        )
        given = plain_refusal(answer.refusal)
        if given is None or given[0] != "insufficient_funds":  # What it costs is another question.
            assert given == told, f"{asked} is explained as {told} and answered by {given}"

    def take_an_option(self, chance: Chance) -> None:
        """Somebody does what is open to them, with all that it needs; only what nobody could know stands against it."""
        open_lessons = [lesson for lesson in self._all() if not lesson.over] or self._all()
        lesson = chance.pick(open_lessons)
        people = (*lesson.brief.parties, *(name for name, _ in self.world.grants))
        options = [(by, option) for by in people for option in self._allowed(lesson.id, by)]
        if not options:
            return
        by, option = chance.pick(options)
        answer = self._do(deed(option, lesson, by, self.now, chance))
        may_be = _TAKEN if _SAID.isdisjoint(option.needs) else _TERMS
        assert answer.refusal is None or answer.refusal.code in may_be, (
            f"{option.verb} by {by} was listed: {answer.refusal}"
        )

    def answer_another_proposal(self, chance: Chance) -> None:
        """Somebody answers a proposal that is not, or no longer, the one on the table."""
        lesson = self._lesson(chance)
        options = [
            (by, option)
            for by in lesson.brief.parties
            for option in self._allowed(lesson.id, by)
            if option.proposal is not None
        ]
        if not options:
            return
        by, option = chance.pick(options)
        number = option.proposal
        assert number is not None
        stale = attrs.evolve(deed(option, lesson, by, self.now, chance), proposal=number + chance.pick((-1, 1, 100)))
        answer = self._do(stale)

        assert answer.refusal is not None, f"{stale} was accepted, and {number} is on the table"
        assert answer.refusal.code == "stale_offer", answer.refusal

    def act_on_a_whim(self, chance: Chance) -> None:
        """Somebody tries anything."""
        self._do(self._whim(chance))

    def judge(self, chance: Chance) -> None:
        """An agent goes through what was reported of a tutor, or a tutor shows the profile again."""
        self._do(self._judgement(chance))

    def pay_out(self, chance: Chance) -> None:
        """A tutor applies for earnings, takes them out or spends them, or a transfer arrives or comes back."""
        self._do(self._payment_out(chance))

    def try_in_vain(self, chance: Chance) -> None:
        """Somebody tries anything when nothing is due: if it is refused, a line in the audit trail is all that is left.

        The twin that is looked at is swept before, so that there is nothing to be caught up with.
        """
        twin = self.swept
        twin.market.sweep(now=self.now)
        tried = chance.pick((self._whim, self._judgement, self._payment_out))(chance)
        before = dump(twin.storage)
        answer = self._do(tried)
        after = dump(twin.storage)

        if answer.refusal is not None:
            assert differences(without(before, "audit"), without(after, "audit")) == {}, f"{tried} left something"
            assert after["audit"][:-1] == before["audit"], f"{tried} left something else than one line"

    def wait_for_a_moment(self, chance: Chance) -> None:
        """Time passes until a boundary, or until just before or after one."""
        coming = moments(self._all(), self.now)
        self._pass(chance.pick(coming[:12]) if coming else self.now + MICROSECOND, chance)

    def wait(self, chance: Chance) -> None:
        """Time passes."""
        self._pass(self.now + chance.pick(_JUST_MORE), chance)

    def sweep(self, chance: Chance) -> None:
        """The sweeper runs on one of the twins, a little late or not, in transactions of any size."""
        self.swept.market.sweep(now=self.now, grace=chance.pick(_GRACES), batch=chance.pick((1, 2, 100)))

    def repeat(self, chance: Chance) -> None:
        """A command comes again under its key: the same answer, and nothing changes."""
        first = chance.pick(self.done)
        before = self._dumped()
        again = self._on_both(first.deed, first.key)

        assert again.repeated, f"{first} was done again"
        assert again.ok == first.ok, f"{first} is answered otherwise"
        assert self._dumped() == before, f"repeating {first} changed something"

    def reuse_a_key(self, chance: Chance) -> None:
        """Something else comes under a key that was used: a conflict, and nothing changes."""
        first, other = chance.pick(self.done), chance.pick(self.done)
        if other.deed == first.deed:
            return
        before = [without(each, "audit") for each in self._dumped()]
        answer = self._on_both(other.deed, first.key)

        assert answer.refusal is not None, f"{first.key} was used for {first.deed} and again for {other.deed}"
        assert answer.refusal.code == "key_reused", answer.refusal
        after = [without(each, "audit") for each in self._dumped()]
        assert after == before, f"reusing {first.key} changed something"

    def come_out_of_order(self, chance: Chance) -> None:
        """A command is stamped before what is already recorded about its lesson; both twins say so."""
        lesson = self._lesson(chance)
        acted = [each.version.at for each in self.market.history(lesson.id) if each.version.command is not None]
        tried = whim(self.world, lesson, self.now, chance)
        key = self._key()
        for twin in self.twins:
            answer = tried.on(twin.market, key, acted[-1] - MICROSECOND)
            # What was recorded last may be a timeout in one twin only, so the facts of the refusals may differ.
            assert answer.refusal is not None, f"{tried} was done out of order ({twin.name})"
            assert answer.refusal.code == "out_of_order", f"{tried} ({twin.name}): {answer.refusal}"

    def come_late_but_in_order(self, chance: Chance) -> None:
        """A command reaches us late, and nothing later is recorded of its lesson: it counts from its own instant.

        Both twins are swept before, for whether something later is recorded is what sweeping decides.
        """
        for twin in self.twins:
            twin.market.sweep(now=self.now)
        lesson = self._lesson(chance)
        at = chance.pick([each for each in (lesson.at, lesson.at + MICROSECOND, self.now) if each <= self.now])
        options = [(by, option) for by in self.world.everybody for option in self._allowed(lesson.id, by, at)]
        if options:
            by, option = chance.pick(options)
            self._do(deed(option, lesson, by, at, chance), at)

    def look_at_the_options(self, chance: Chance) -> None:
        """What is listed would be done, up to the instant it names; what is not listed would be refused."""
        lesson, by = self._lesson(chance), chance.pick(self.world.everybody)
        options = {option.verb: option for option in self._allowed(lesson.id, by)}
        for verb in lesson.machine.process.verbs:
            option = options.get(verb)
            if option is None:
                tried = attrs.evolve(whim(self.world, lesson, self.now, chance), verb=verb, by=by)
                assert self._preview(tried, self.now) is not None, f"{verb} by {by} is not listed and would be done"
                continue
            tried = deed(option, lesson, by, self.now, chance)
            instants = [self.now] if option.until is None else [self.now, option.until - MICROSECOND]
            may_be = _TAKEN if _SAID.isdisjoint(option.needs) else _TERMS
            for at in instants if tried.offer is None else instants[:1]:
                code = self._preview(tried, at)
                # What an answer opens may be past by then: a change to a time that has come, say.
                assert code is None or code in may_be or (at > self.now and code == "no_time_left"), (
                    f"{verb} by {by} is listed until {option.until} and refused at {at}: {code}"
                )

    # What must hold

    def check(self) -> None:
        """As of now, nobody can tell the twins apart, and every promise is kept in both."""
        for (label, mine), (_, theirs) in zip(
            self._shown(self.swept.market), self._shown(self.unswept.market), strict=True
        ):
            assert mine == theirs, f"{label}: {mine} (swept) is not {theirs} (unswept)"
        for twin in self.twins:
            broken = [*broken_promises(twin.storage), *self._unreplayable(twin)]
            broken += broken_deadlines(twin.market.lessons(now=self.now), self.now)
            assert not broken, f"{twin.name}: {broken}"

    def end(self) -> None:
        """Let everything end by silence; then the records are the same too."""
        self.now += SILENCE
        for twin in self.twins:
            twin.market.sweep(now=self.now)
        self.check()
        for lesson in self.lessons:
            first, second = (_recorded(twin.market.history(lesson)) for twin in self.twins)
            assert first == second, f"lesson {lesson} is recorded otherwise where it was swept"
        told = [_told(twin.storage) for twin in self.twins]
        assert told[0] == told[1], "what is to be told of some lesson is not the same where it was swept"
        stood = [_stood(twin.storage) for twin in self.twins]
        assert stood[0] == stood[1], "how some tutor stood is recorded otherwise where it was swept"
        mine, theirs = (dump(twin.storage) for twin in self.twins)
        for name in ("balances", "claims", "clearings", "due", "marks", "reminders", "withdrawals"):
            assert sorted(mine[name]) == sorted(theirs[name]), f"the {name} are not the same where it was swept"
        assert all(lesson.over for lesson in self._all()), "silence has not ended everything"

    # How it is done

    def _pass(self, until: Instant, chance: Chance) -> None:
        """Time passes, and the sweeper is punctual every other time."""
        self.now = until
        if chance.pick((True, False)):
            self.swept.market.sweep(now=until)

    def _whim(self, chance: Chance) -> Act:
        return whim(self.world, self._lesson(chance), self.now, chance)

    def _judgement(self, chance: Chance) -> AccountDeed:
        return judgement(self.world, self.market, self.policies, self.now, chance)

    def _payment_out(self, chance: Chance) -> AccountDeed:
        return payment_out(self.world, self.market, self.currencies, self.now, chance)

    def _do(self, what: Deed | AccountDeed, at: Instant | None = None) -> Outcome:
        key = self._key()
        answer = self._on_both(what, key, at)
        self.done.append(Done(what, key, at or self.now, answer.ok))
        return answer

    def _on_both(self, what: Deed | AccountDeed, key: str, at: Instant | None = None) -> Outcome:
        answers = [what.on(twin.market, key, at or self.now) for twin in self.twins]
        first, second = map(_plain, answers)
        assert first == second, f"{what}: {first} (swept) is not {second} (unswept)"
        return answers[1]

    def _key(self) -> str:
        self._keys += 1
        return f"k{self._keys}"

    def _lesson(self, chance: Chance) -> Lesson:
        return self.market.lesson(chance.pick(self.lessons), now=self.now)

    def _all(self) -> tuple[Lesson, ...]:
        return self.market.lessons(now=self.now)

    def _allowed(self, lesson: str, by: str, at: Instant | None = None) -> tuple[Option, ...]:
        return self.market.allowed(lesson, by=by, now=at or self.now)

    def _preview(self, tried: Act, at: Instant) -> str | None:
        """The code with which something would be refused, or None if it would be done."""
        found = self.market.preview(
            tried.verb,
            tried.lesson,
            by=tried.by,
            proposal=tried.proposal,
            offer=tried.offer,
            reason=tried.reason,
            particulars=tried.particulars,
            now=at,
        )
        return getattr(found, "code", None)

    def _slots(self, asked: Ask) -> tuple[Instant, ...]:
        """The starts that are listed for what somebody wants to ask, the same in both."""
        found = [
            twin.market.slots(
                student=asked.student,
                tutor=asked.tutor,
                duration=asked.duration,
                since=self.now,
                until=self.now + _LISTED,
                price=asked.price,
                policy=asked.policy,
                kind=asked.kind,
                now=self.now,
            )
            for twin in self.twins
        ]
        assert found[0] == found[1], f"{asked}: other slots are listed where it was swept"
        return found[1]

    def _explained(self, asked: Ask) -> tuple[object, ...] | None:
        """The refusal that is foretold for what somebody wants to ask, the same in both; None if none is."""
        found = [
            twin.market.explain(
                student=asked.student,
                tutor=asked.tutor,
                start=asked.start,
                duration=asked.duration,
                price=asked.price,
                policy=asked.policy,
                kind=asked.kind,
                now=self.now,
            )
            for twin in self.twins
        ]
        assert found[0] == found[1], f"{asked}: {found[0]} (swept) is not {found[1]} (unswept)"
        return plain_refusal(found[1].refusal)

    def _shown(self, market: Marketplace) -> Iterable[tuple[str, object]]:
        """Everything that can be seen as of now."""
        now = self.now
        lessons = market.lessons(now=now)
        for lesson in lessons:
            yield f"lesson {lesson.id}", plain_lesson(lesson)
        for party in self.world.everybody:
            yield f"{party}'s turn", [lesson.id for lesson in market.open_requests(party, now=now)]
            for code in self.currencies:
                yield f"{party}'s {code}", market.wallet(party, code, now=now).minor
                if party in self.world.tutors:
                    yield f"{party}'s earned {code}", market.earnings(party, code, now=now)
                    yield f"{party}'s debt in {code}", market.payouts.debt(party, code, now=now)
        for tutor in self.world.tutors:
            yield f"{tutor}'s standing", market.standings.of(tutor, now=now)
            yield f"{tutor}'s restrictions", market.standings.restrictions(tutor, now=now)
            yield f"{tutor}'s withdrawals", market.payouts.of(tutor)
        yield "the queue of reports", market.standings.queue(now=now)
        for lesson in lessons[-2:]:
            for party in lesson.brief.parties:
                yield f"{party}'s options in {lesson.id}", market.allowed(lesson.id, by=party, now=now)

    def _dumped(self) -> list[Dump]:
        return [dump(twin.storage) for twin in self.twins]

    def _unreplayable(self, twin: Twin) -> list[str]:
        broken: list[str] = []
        for lesson in self.lessons:
            history = twin.market.history(lesson)
            broken += broken_history(history, twin.replayed.get(lesson, 0))
            twin.replayed[lesson] = len(history)
        return broken


PLAYS: Final[tuple[tuple[int, bool, Callable[[Twins, Chance], None]], ...]] = (
    (2, False, Twins.pay),
    (10, False, Twins.ask),
    (4, False, Twins.ask_for_a_slot),
    (30, True, Twins.take_an_option),
    (4, True, Twins.act_on_a_whim),
    (1, True, Twins.try_in_vain),
    (3, True, Twins.judge),
    (3, True, Twins.pay_out),
    (2, True, Twins.answer_another_proposal),
    (8, True, Twins.wait_for_a_moment),
    (2, False, Twins.wait),
    (4, False, Twins.sweep),
    (1, True, Twins.repeat),
    (1, True, Twins.reuse_a_key),
    (1, True, Twins.come_out_of_order),
    (1, True, Twins.come_late_but_in_order),
    (2, True, Twins.look_at_the_options),
)
"""What may happen: how often out of all, whether there must be a lesson, and what."""


def play(twins: Twins, chance: Chance, steps: int, each_step: Callable[[Twins], None] = Twins.check) -> None:
    """Let that many things happen to the twins, look at `each_step`, and let everything end."""
    weighted = [what for weight, _, what in PLAYS for _ in range(weight)]
    opening = [what for weight, needs_lesson, what in PLAYS for _ in range(weight) if not needs_lesson]
    for _ in range(steps):
        chance.pick(weighted if twins.lessons else opening)(twins, chance)
        each_step(twins)
    twins.end()


def played(
    seed: int,
    steps: int,
    policies: Sequence[Process],
    make_storage: Callable[[], Storage],
    each_step: Callable[[Twins], None] = Twins.check,
) -> Twins:
    """Return twins that have lived through `steps` things that follow from the seed, to their end."""
    chance = Rolled(Random(seed))
    world = World(tuple((name, chance.pick(ZONES)) for name in World(()).everybody), chance.pick(ZONES))
    now = START + timedelta(hours=chance.pick(range(365 * 24)))
    twins = Twins(make_storage(), make_storage(), policies, world, now)
    play(twins, chance, steps, each_step)
    return twins


def _plain(answer: Outcome) -> tuple[object, ...]:
    lesson = None if answer.lesson is None else plain_lesson(answer.lesson)
    return answer.repeated, plain_refusal(answer.refusal), lesson


def _recorded(history: Iterable[Recorded]) -> list[tuple[object, ...]]:
    return [plain_lesson(each.version) for each in history]


def _told(storage: Storage) -> dict[str, list[Message]]:
    """What has been put into the outbox about each lesson, in its order."""
    found: dict[str, list[Message]] = {}
    with storage.reading() as tx:
        for row in tx.outbox():
            found.setdefault(row.message.lesson, []).append(row.message)
    return found


def _stood(storage: Storage) -> list[Standing]:
    """Every step of how each tutor stood, in order."""
    with storage.reading() as tx:
        return [each.standing for last in tx.standings() for each in tx.standing_history(last.tutor)]


def _is_bookable(process: Process) -> bool:
    """Whether those who ask choose among the free times of a schedule."""
    return all(opening.effects.bookable for opening in process.openings)
