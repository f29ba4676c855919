"""The machine: a process made ready to run.

Compiling happens once per process and does everything that does not depend on a lesson: names become places, texts
have become closures, shares have become splits, and each row knows which instants it stamps. What a row says of itself
is *interned*: `Step` (what happened), `Why` (which timeout and which branch gave a deadline) and `Place` (where a
lesson stands) are made here, once, and a lesson's version only points at them.

*Liveness.* When a row enters a state, `entered` and, if the turn is handed over, `asked` are the row's own instant, so
the deadlines it opens simply read `now`. Only an anchor that something reads later is kept in the lesson's timeline.
When a lesson came to stand somewhere is kept only where that is asked. Under most policies that is little.

This module knows the table; it knows no lesson. `tutorcore.lessons` walks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar

import attrs

from tutorcore.errors import UnknownName
from tutorcore.ids import PolicyHash
from tutorcore.instants import Instant
from tutorcore.policy.analysis import (
    anchors_read,
    counts_read,
    holds_until,
    needs_zone,
    reads_command,
    reads_proposed,
    supplied_read,
)
from tutorcore.policy.closures import compile_deadline, compile_guard, compile_time
from tutorcore.policy.expressions import And, Guard, Supplied, Tally, Time
from tutorcore.policy.process import (
    BACK,
    FIELDS,
    STAY,
    Case,
    Effects,
    Fact,
    Field,
    HoldEffect,
    IfPast,
    Move,
    Need,
    Process,
    Remedy,
    Reminder,
    State,
    TermsEffect,
    Timeout,
)
from tutorcore.policy.roles import BOUND_ROLES, Role
from tutorcore.policy.settlement import AsGiven, Legs, Settlement, compile_dues, compile_split

# All closures share one signature: (now, terms, offer, rounds, timeline, brief, command, facts). It stands apart from
# the records of `lessons`, which lie above this module; eight positional arguments are what is fastest.
GuardFunction: TypeAlias = Callable[..., bool]
TimeFunction: TypeAlias = Callable[..., Instant | None]
DeadlineFunction: TypeAlias = Callable[..., "tuple[Instant, Why] | None"]
SplitFunction: TypeAlias = Callable[..., Legs]  # What is held comes first, then the eight.

Asked: TypeAlias = Tally | Supplied
"""What a row may ask about the world outside its lesson, answered by the facts."""

T = TypeVar("T")

FIRST_START = "lesson.first_start"


@attrs.frozen(eq=False)
class Step:
    """What happened: the static facts of one row (and one of its cases), shared by every version that took it."""

    machine: Machine = attrs.field(repr=False)
    id: str
    source: str
    verb: str | None
    to: str
    fault: Role | None
    mark: str | None
    settle: str
    told: tuple[Role, ...]
    bookable: bool = False
    records: Fact | None = None
    blind: bool = False
    refunds: bool = False

    def __reduce__(self) -> tuple[Any, ...]:
        return Machine.step, (self.machine, self.id)


@attrs.frozen(eq=False)
class Why:
    """The reason of a deadline: which timeout it is, and which branch of its expression decided."""

    machine: Machine = attrs.field(repr=False)
    id: str
    state: str
    text: str
    whole: str
    row: Row = attrs.field(repr=False)
    is_zoned: bool = False

    def __str__(self) -> str:
        return self.text if self.text == self.whole else f"{self.text} decides {self.whole}"

    def __reduce__(self) -> tuple[Any, ...]:
        return Machine.why, (self.machine, self.id)


@attrs.define(eq=False)
class Place:
    """A state made ready: where a lesson (or its open change) stands, with the rows open there by verb.

    `again` is its deadline where terms change while the lesson stands here; `keeps_entry` whether something reads, as
    it stands here, when it came.
    """

    machine: Machine = attrs.field(repr=False)
    state: State = attrs.field(repr=lambda state: state.name)
    moves: dict[str, tuple[Row, ...]] = attrs.field(factory=dict, repr=False)
    timeouts: tuple[Row, ...] = attrs.field(default=(), repr=False)
    again: DeadlineFunction | None = attrs.field(default=None, repr=False)
    reminders: tuple[CompiledReminder, ...] = attrs.field(default=(), repr=False)
    keeps_entry: bool = attrs.field(default=True, repr=False)

    @property
    def name(self) -> str:
        """The state's name."""
        return self.state.name

    def __reduce__(self) -> tuple[Any, ...]:
        return Machine.place, (self.machine, self.name)


@attrs.frozen(eq=False)
class CompiledReminder:
    """A reminder made ready: when, and to whom."""

    at: TimeFunction
    to: tuple[Role, ...]


@attrs.frozen(eq=False)
class CompiledCase:
    """A case made ready: its guard, the split it pays out by, and the step it records.

    `given` is there where the command says the split, and knows which splits it may say.
    """

    when: GuardFunction | None
    split: SplitFunction | None
    step: Step
    given: AsGiven | None


@attrs.define(eq=False)
class Row:
    """A move or timeout made ready.

    `parts` are the conditions that its guard joins, so that a refusal names those that do not hold. `enters` is the
    state it leads to, `opens` the state of a change; where both are None the lesson stays. `deadline` is that of
    whatever is entered or opened (None: none, or the old one stands); `reads` what it asks the facts for; `guarded`
    whether a guard or a window may stand against it; `fixed` the fields that terms proposed here may not change;
    `records` the fact that an aside is about, `stamps_facts` the anchors of such facts that something reads;
    `remedies` those of which a command puts one on the table, `agrees` whether the one on the table is taken up,
    `refunds` whether what was settled is corrected.
    """

    id: str
    source: Place
    rule: Move | Timeout
    when: GuardFunction | None
    parts: tuple[tuple[Guard, GuardFunction], ...]
    until: TimeFunction | None
    cutoff: TimeFunction | None
    cases: tuple[CompiledCase, ...]
    enters: Place | None
    opens: Place | None
    closes: bool
    stamps: tuple[str, ...]
    stamps_facts: frozenset[str]
    reads: frozenset[Asked]
    terms: TermsEffect | None
    hold: HoldEffect | None
    beside: bool
    guards_command: bool
    by: tuple[Role, ...]
    needs: tuple[Need, ...]
    guarded: bool
    fixed: tuple[Field, ...]
    if_past: IfPast
    records: Fact | None
    remedies: tuple[Remedy, ...]
    agrees: bool
    refunds: bool
    deadline: DeadlineFunction | None = None


class Machine:
    """A compiled process: places by name, steps and reasons by id. Compared and pickled by its process."""

    def __init__(self, process: Process, content_hash: PolicyHash) -> None:
        self.process = process
        self.hash = content_hash
        self._places: dict[str, Place] = {}
        self._steps: dict[str, Step] = {}
        self._whys: dict[str, Why] = {}
        self.clears_after = process.clears_after.delta
        self.nothing = Step(self, "", "", None, "", None, None, "", ())
        for state in (State("", moves=process.openings), *process.states):
            self._places[state.name] = Place(self, state)
        self.counts_in_timeouts = any(
            _asked(process, timeout) for state in process.states for timeout in state.timeouts
        )
        self.reminds = any(state.reminders for state in process.states)
        live = _live_anchors(process)
        for place in self._places.values():
            place.keeps_entry = _keeps_entry(process, place.state)
        for place in self._places.values():
            for rule in place.state.rows:
                self._add_row(place, rule, live)
            place.reminders = tuple(self._reminder(place.state, each) for each in place.state.reminders)
        for place in self._places.values():
            for row in (*place.timeouts, *(row for rows in place.moves.values() for row in rows)):
                row.deadline = self._deadline_opened_by(row)
            if _may_stand_again(process, place.state):
                place.again = self._deadline(place, frozenset())

    def __reduce__(self) -> tuple[Any, ...]:
        return Machine, (self.process, self.hash)

    def __repr__(self) -> str:
        return f"<Machine {self.process.name}>"

    @property
    def outside(self) -> Place:
        """Where a lesson is before it is asked for: only the opening move is open."""
        return self._places[""]

    def place(self, name: str) -> Place:
        """Return the place of the state called `name`; raise `UnknownName`."""
        return _named("state", name, self._places)

    def step(self, id: str) -> Step:
        """Return the step with that id, as a store kept it; raise `UnknownName`."""
        return _named("step", id, self._steps)

    def why(self, id: str) -> Why:
        """Return the reason with that id, as a store kept it; raise `UnknownName`."""
        return _named("reason", id, self._whys)

    @property
    def places(self) -> Iterable[Place]:
        """Every place but the outside, in the order of the table."""
        return [place for name, place in self._places.items() if name]

    def _add_row(self, place: Place, rule: Move | Timeout, live: frozenset[str]) -> None:
        state = place.state
        if isinstance(rule, Move):
            key, when, until = f"on.{rule.verb}", rule.when, rule.until
            same = place.moves.get(rule.verb, ())
            number = len(same)
        else:
            key, when, until = "timeout", None, None
            number = len(place.timeouts)
        id = f"{state.name}.{key}.{number}"
        target = None if rule.to in (STAY, BACK) else self._places[rule.to]
        beside = target is not None and target.state.beside
        unread = {"entered"} if target is not None and not target.keeps_entry else frozenset()
        row = Row(
            id=id,
            source=place,
            rule=rule,
            when=self._guard(when),
            parts=() if when is None else self._parts(when),
            until=self._time(until),
            cutoff=self._time(None if when is None else holds_until(when)),
            cases=tuple(self._case(id, place, rule, number, case) for number, case in enumerate(_cases(rule.effects))),
            enters=None if beside else target,
            opens=target if beside else None,
            closes=rule.to == BACK,
            stamps=tuple(sorted(live & _stamped(self.process, state, rule) - unread)),
            stamps_facts=live & _facts_stamped(rule),
            reads=_asked(self.process, rule),
            terms=rule.effects.terms,
            hold=rule.effects.hold,
            beside=state.beside,
            guards_command=when is not None and _reads_command(when, rule.effects),
            by=rule.by if isinstance(rule, Move) else (),
            needs=rule.needs if isinstance(rule, Move) else (),
            guarded=when is not None or until is not None,
            fixed=tuple(name for name in FIELDS if name not in rule.effects.may_change),
            if_past="forbid" if isinstance(rule, Move) else rule.if_past,
            records=rule.effects.records,
            remedies=rule.effects.remedies,
            agrees=rule.effects.agrees,
            refunds=rule.effects.refunds,
        )
        if isinstance(rule, Move):
            place.moves[rule.verb] = (*same, row)
        else:
            place.timeouts = (*place.timeouts, row)

    def _case(self, row_id: str, place: Place, rule: Move | Timeout, number: int, case: Case) -> CompiledCase:
        blamed = case.fault or ("holder" if isinstance(rule, Timeout) and rule.fault == "holder" else None)
        step = Step(
            machine=self,
            id=f"{row_id}.{number}",
            source=place.name,
            verb=rule.verb if isinstance(rule, Move) else None,
            to=rule.to,
            fault=place.state.waits_for if blamed == "holder" else blamed,
            mark=case.mark,
            settle="" if case.settle is None else str(case.settle),
            told=rule.effects.notify,
            bookable=rule.effects.bookable,
            records=rule.effects.records,
            blind=rule.effects.blind,
            refunds=rule.effects.refunds,
        )
        self._steps[step.id] = step
        given = case.settle if isinstance(case.settle, AsGiven) else None
        return CompiledCase(self._guard(case.when), self._split(case.settle), step, given)

    def _split(self, settle: Settlement | AsGiven | None) -> SplitFunction | None:
        process = self.process
        if settle is None:
            return None
        compiled = compile_split if process.settles == "held" else compile_dues
        return compiled(settle, process.fees, process.unit.exponent)

    def _guard(self, guard: Guard | None) -> GuardFunction | None:
        return None if guard is None else compile_guard(guard, exponent=self.process.unit.exponent)

    def _parts(self, guard: Guard) -> tuple[tuple[Guard, GuardFunction], ...]:
        """The conditions that must all hold."""
        parts = guard.parts if isinstance(guard, And) else (guard,)
        return tuple((part, compile_guard(part, exponent=self.process.unit.exponent)) for part in parts)

    def _time(self, time: Time | None) -> TimeFunction | None:
        return None if time is None else self._at(time)

    def _at(self, time: Time) -> TimeFunction:
        return compile_time(time, exponent=self.process.unit.exponent)

    def _reminder(self, state: State, reminder: Reminder) -> CompiledReminder:
        at = self._at(reminder.at)
        return CompiledReminder(_since_entered(state, at) if _reads_own_entry(state, reminder.at) else at, reminder.to)

    def _deadline_opened_by(self, row: Row) -> DeadlineFunction | None:
        target = row.enters or row.opens
        if target is not None:
            return self._deadline(target, _dated(self.process, row.source.state, row.rule))
        if row.rule.to != STAY or not _may_move_clock(self.process, row.source.state, row.rule):
            return None
        return self._deadline(row.source, _dated(self.process, row.source.state, row.rule))

    def _deadline(self, place: Place, dated: frozenset[str]) -> DeadlineFunction | None:
        """The earliest of a state's timeouts, for a row that stamps `dated`; ties keep the first listed."""
        found = [self._timeout_deadline(row, dated) for row in place.timeouts]
        if not found:
            return None
        if len(found) == 1 and place.timeouts[0].if_past != "skip":
            return found[0]
        return _earliest(tuple((each, row.if_past == "skip") for each, row in zip(found, place.timeouts, strict=True)))

    def _timeout_deadline(self, row: Row, dated: frozenset[str]) -> DeadlineFunction:
        assert isinstance(row.rule, Timeout)
        at = row.rule.at

        def make_why(branch: int, text: str) -> Why:
            id = f"{row.id}.{branch}"
            if id not in self._whys:
                self._whys[id] = Why(self, id, row.source.name, text, str(at), row, needs_zone(at))
            return self._whys[id]

        found = compile_deadline(at, make_why, exponent=self.process.unit.exponent, dated=dated)
        state = row.source.state
        return _since_entered(state, found) if _reads_own_entry(state, at) and "entered" not in dated else found


def _reads_own_entry(state: State, time: Time) -> bool:
    """Whether a clock or a reminder means by `entered` that a change was opened, not that the lesson came to stand."""
    return state.beside and "entered" in anchors_read(time)


def _since_entered(state: State, read: Callable[..., T]) -> Callable[..., T]:
    """The reading of a time of a state beside, for which `entered` is when the change came there."""
    key = f"entered({state.name})"

    def since(now: Any, terms: Any, offer: Any, rounds: Any, timeline: Mapping[str, Instant], *rest: Any) -> T:
        # A change that was opened before anything was kept of it has only what the lesson itself kept.
        came = timeline.get(key)
        stood = timeline if came is None else {**timeline, "entered": came}
        return read(now, terms, offer, rounds, stood, *rest)

    return since


def _earliest(deadlines: tuple[tuple[DeadlineFunction, bool], ...]) -> DeadlineFunction:
    def deadline(now: Instant, *rest: Any) -> tuple[Instant, Why] | None:
        best: tuple[Instant, Why] | None = None
        for each, skips_past in deadlines:
            found = each(now, *rest)
            if found is None or (skips_past and found[0] <= now):
                continue
            if best is None or found[0] < best[0]:
                best = found
        return best

    return deadline


def _cases(effects: Effects) -> tuple[Case, ...]:
    return effects.cases or (Case(),)


def _moves(process: Process) -> Iterable[tuple[State, Move | Timeout]]:
    for opening in process.openings:
        yield State(""), opening
    for state in process.states:
        for rule in state.rows:
            yield state, rule


def _target(process: Process, rule: Move | Timeout) -> State | None:
    return None if rule.to in (STAY, BACK) else process.state(rule.to)


def _dated(process: Process, source: State, rule: Move | Timeout) -> frozenset[str]:
    """The anchors whose last stamp is the row's own instant, so that the deadlines it opens read `now` for them."""
    dated = {f"did({rule.verb})"} if isinstance(rule, Move) else set()
    target = _target(process, rule)
    if target is not None:
        dated |= {"entered", f"entered({target.name})"}
    if rule.effects.terms == "propose" or rule.effects.remedies or _takes_turn(source, target):
        dated.add("asked")
    return frozenset(dated)


def _stamped(process: Process, source: State, rule: Move | Timeout) -> frozenset[str]:
    """What a row writes into the timeline, if anything reads it later. `entered` alone is always the lesson's own.

    What a change has entered is kept under its state's name, which is what its clock and its reminders read.
    """
    target = _target(process, rule)
    stamped = set(_dated(process, source, rule))
    if target is not None:
        stamped.add(f"first_entered({target.name})")
        if target.beside:
            stamped.discard("entered")
    if rule.effects.terms == "accept" or (target is not None and target.agreed):
        stamped.add(FIRST_START)
    return frozenset(stamped)


def _facts_stamped(rule: Move | Timeout) -> frozenset[str]:
    """The anchors that a row may stamp, depending on whom the fact it records is about."""
    fact = rule.effects.records
    return frozenset(f"{fact}({role})" for role in BOUND_ROLES) if fact in ("joined", "reviewed") else frozenset()


def _may_move_clock(process: Process, state: State, aside: Move | Timeout) -> bool:
    """Whether a deadline of the state reads what an aside stamps, so that it is found anew."""
    read = frozenset().union(*(anchors_read(timeout.at) for timeout in state.timeouts))
    return bool(read & (_dated(process, state, aside) | _facts_stamped(aside)))


def _takes_turn(source: State, target: State | None) -> bool:
    """Whether a role that did not have the turn has it afterwards."""
    return target is not None and target.waits_for is not None and target.waits_for != source.waits_for


def _keeps_entry(process: Process, state: State) -> bool:
    """Whether something reads, while a lesson stands in a state, when it came there: the guards of a change do too."""
    changes = [row for each in process.states if each.beside for row in each.rows]
    guards = [guard for row in (*state.rows, *changes) for guard in _guards(process, row)]
    anew = _may_stand_again(process, state) or any(
        row.to == STAY and _may_move_clock(process, state, row) for row in state.moves
    )
    times = [*(each.at for each in state.reminders), *(each.at for each in state.timeouts if anew)]
    return any("entered" in anchors_read(each) for each in (*guards, *times))


def _may_stand_again(process: Process, state: State) -> bool:
    """Whether a change can be agreed while the lesson goes on standing here, so that its deadline is found anew."""
    seen: set[str] = set()
    ahead = [state]
    while ahead:
        targets = [process.state(move.to) for move in ahead.pop().moves if move.to not in (STAY, BACK)]
        changes = [each for each in targets if each.beside and each.name not in seen]
        if any(row.to == BACK and row.effects.terms == "accept" for each in changes for row in each.rows):
            return not state.beside
        seen |= {each.name for each in changes}
        ahead += changes
    return False


def _live_anchors(process: Process) -> frozenset[str]:
    """The anchors that something reads after the instant at which they were stamped."""
    live: set[str] = set()
    for source, rule in _moves(process):
        for guard in _guards(process, rule):
            live |= anchors_read(guard)
        target = _target(process, rule)
        opened, dated = source if rule.to == STAY else target, _dated(process, source, rule)
        read = frozenset().union(*(_kept_for(opened, each.at) for each in opened.timeouts)) if opened else frozenset()
        if rule.to != STAY or _may_move_clock(process, source, rule):  # An aside that no deadline reads opens none.
            live |= read - dated
    for state in process.states:
        if _may_stand_again(process, state):
            for timeout in state.timeouts:
                live |= anchors_read(timeout.at)
        for reminder in state.reminders:
            live |= _kept_for(state, reminder.at)
    return frozenset(live)


def _kept_for(state: State, time: Time) -> frozenset[str]:
    """The anchors that a timeout or a reminder of a state reads: beside, `entered` is kept under the state's name."""
    read = anchors_read(time)
    return read - {"entered"} | {f"entered({state.name})"} if _reads_own_entry(state, time) else read


def _guards(process: Process, rule: Move | Timeout) -> Iterable[Guard | Time]:
    yield from _own_guards(rule)
    if any(case.settle is not None for case in rule.effects.cases):
        yield from process.fees.guards


def _own_guards(rule: Move | Timeout) -> Iterable[Guard | Time]:
    if isinstance(rule, Move):
        yield from (each for each in (rule.when, rule.until) if each is not None)
    yield from (case.when for case in rule.effects.cases if case.when is not None)


def _reads_command(guard: Guard, effects: Effects) -> bool:
    """Whether a guard asks about what only the command brings: its reason, or the terms that it proposes."""
    return reads_command(guard) or (effects.terms == "propose" and reads_proposed(guard))


def _asked(process: Process, rule: Move | Timeout) -> frozenset[Asked]:
    found: set[Asked] = set()
    # A refund takes the facts by which its fees are found from the settlement that it corrects.
    for guard in _own_guards(rule) if rule.effects.refunds else _guards(process, rule):
        found |= counts_read(guard) | supplied_read(guard)
    return frozenset(found)


def _named(kind: str, name: str, table: Mapping[str, T]) -> T:
    try:
        return table[name]
    except KeyError:
        raise UnknownName(kind, name, table) from None
