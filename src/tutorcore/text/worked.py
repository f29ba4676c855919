"""Worked examples: for each row of a table, a lesson that really takes it.

One lesson is asked for on a Friday evening before the clocks change. Everything that people might then do is decided by
the very functions that decide in a marketplace, step by step, the simplest lives of a lesson first. What is found is
a list of versions, so an example cannot say anything that would not happen. A row that no such life reaches has none.

Knows no language: `examples` says what is found.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from itertools import islice, product
from typing import Any, Final, NamedTuple

from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant, instant
from tutorcore.lessons.decision import answered, decide, facts_needed, is_due, lapse, names_number, rows_open
from tutorcore.lessons.lesson import Brief, Command, Facts, Lesson, Offer, Particulars, next_timeout
from tutorcore.lessons.options import allowed
from tutorcore.lessons.refusals import Refusal
from tutorcore.policy.analysis import between_instants, literal_last
from tutorcore.policy.closures import compile_time
from tutorcore.policy.expressions import (
    Comparison,
    Count,
    Exact,
    Expression,
    Field,
    Has,
    Number,
    Restricted,
    Taught,
    Text,
    TimeNode,
    as_time,
    walk,
)
from tutorcore.policy.machine import Asked, Machine, Row
from tutorcore.policy.process import STAY, Move, Process, Remedy
from tutorcore.policy.roles import GRANTED_ROLES, Role
from tutorcore.policy.settlement import Settlement
from tutorcore.policy.words import blamed, lesson, now, reason

ZONE: Final = "Europe/Berlin"
ASKED: Final = instant("2026-03-27T19:00:00+01:00")
START: Final = instant("2026-03-30T18:00:00+02:00")
LENGTH: Final = timedelta(hours=1)

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
# Other starts, for policies under which the usual one is too soon or too late: later ones, then sooner ones.
_STARTS: Final = (START, START + 3 * _DAY, START + 14 * _DAY, ASKED + 18 * _HOUR, ASKED + 3 * _HOUR, ASKED + _HOUR)
# When people do something: soon, on the next day, or around the lesson.
_SOON: Final = (_HOUR, 15 * _HOUR, _MINUTE, 40 * _HOUR)
_ABOUT_START: Final = (-2 * _HOUR, -5 * _MINUTE, timedelta(0), 2 * _MINUTE)
_ABOUT_END: Final = (timedelta(0), 2 * _HOUR, _DAY)
# How many situations are followed in each place: first few, then more for what was not reached by them.
_IN_ONE_PLACE: Final = (12, 48)
# A policy may compare with any number of things; so much is tried, whatever it says.
_MOST_SUPPLIED: Final = 4
_MOST_VALUES: Final = 4
_MOST_KINDS: Final = 4
_MOST_TEXTS: Final = 8
_MOST_DECIDED: Final = 150_000
_KEPT: Final = 8

_STUDENT: Final = PartyId("student")
_TUTOR: Final = PartyId("tutor")
_PARENT: Final = PartyId("parent")
_STAFF: Final = PartyId("staff")
_ID: Final = LessonId("example")
# What was done when makes a difference to what can be done later.
_KEPT_APART: Final = ("joined(", "did(")
_KEY: Final = Key("example")
_DETAILS: Final = (("student", "https://meet.example/s"), ("tutor", "https://meet.example/t"))
_SPLITS: Final = (Settlement.of({"tutor": "50%", "student": "rest"}), Settlement.of({"student": "100%"}))
_TAUGHT_UNIT: Final = timedelta(microseconds=1)


class Worked(NamedTuple):
    """A step that was taken: the version before it (None: there was none), the one it made, who acted as what.

    `until` is the instant from which on it would have been too late, if there is one that is not the deadline.
    """

    row: Row
    before: Lesson | None
    after: Lesson
    role: Role | None
    until: Instant | None


@lru_cache(maxsize=_KEPT)
def worked(machine: Machine) -> Mapping[str, Worked]:
    """Return an example of every step that one of the lives of the example lesson takes, by the id of the step.

    It takes a second or two for a large policy; whoever explains one in several languages waits once.
    """
    return _Lives(machine).found


def expressions_of(row: Row) -> Iterator[Expression]:
    """Yield the conditions and clocks that a row reads."""
    rule = row.rule
    own = (rule.when, rule.until) if isinstance(rule, Move) else (rule.at,)
    yield from (each for each in (*own, *(case.when for case in rule.effects.cases)) if each is not None)


def reads(row: Row, field: Field) -> bool:
    """Return whether a fact that a command brings makes a difference to a row."""
    return any(field in list(walk(each)) for each in expressions_of(row))


def price_of(process: Process) -> int:
    """Return the price of the example lesson in minor units: 25, or 2,500 of a currency without decimals."""
    return 25 * 10**process.unit.exponent if process.unit.exponent else 2500


class _Lives:
    """The lives of one lesson under one policy, breadth first: of what leads to the same situation, the first."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._process = machine.process
        self._guards = tuple(_expressions(self._process))
        self._times = tuple(_times(self._process, self._guards))
        self._reasons = tuple(islice(_apart(self._guards, reason), _MOST_TEXTS)) or ("a reason",)
        self._blamed = (None, *_texts(self._guards, blamed))
        self._kinds = ("", *_texts(self._guards, lesson.kind))[:_MOST_KINDS]
        self._rows = {case.step.id: row for row in _rows(machine) for case in row.cases}
        self._wanted = self._rows.keys()
        asked = frozenset().union(*(row.reads for row in _rows(machine)))
        self._usual = {each: next(self._values(each)) for each in asked}
        self.found: dict[str, Worked] = {}
        self._seen: dict[object, set[object]] = {}
        self._most = 0
        self._decided = 0
        for most, start, kind in product(_IN_ONE_PLACE, _STARTS, self._kinds):
            self._live(start, kind, most)

    def _live(self, start: Instant, kind: str, most: int) -> None:
        """Follow the lives of a lesson with that start, so many situations in each place at most."""
        self._seen, self._most = {}, most
        ahead = deque(self._new(self._asked(start, kind)) if self._is_wanted else ())
        while ahead and self._is_wanted:
            ahead += self._new(self._next(ahead.popleft()))

    @property
    def _is_wanted(self) -> bool:
        return self._wanted > self.found.keys() and self._decided < _MOST_DECIDED

    def _new(self, versions: Iterable[Lesson]) -> Iterator[Lesson]:
        """Those that came into a situation in which no other was before, as long as its place is not full."""
        for version in versions:
            place, *others = self._situation(version)
            known = self._seen.setdefault(place, set())
            if len(known) < self._most and tuple(others) not in known:
                known.add(tuple(others))
                yield version

    def _situation(self, version: Lesson) -> tuple[object, ...]:
        """What matters of a version for what can happen next, so that one life of each kind is followed."""
        change, problem = version.change, version.problem
        remedy = None if problem is None else (problem.role, problem.reason, problem.particulars.remedy)
        about = (version.at < version.terms.start, version.at < version.terms.end)
        apart = [(anchor, at) for anchor, at in sorted(version.timeline.items()) if anchor.startswith(_KEPT_APART)]
        instants = self._instants(version) if apart else []
        facts = tuple((anchor, tuple(at < limit for limit in instants)) for anchor, at in apart)
        settled = None if version.settled is None else tuple(role for role, _ in version.settled.legs)
        place = (version.place.name, None if change is None else change.place.name)
        return place, remedy, about, facts, settled

    def _is_spent(self, version: Lesson, row: Row) -> bool:
        """Whether nothing new can come of a row: its steps have been taken, and there is enough where it leads."""
        if row.stamps_facts or any(case.step.id not in self.found for case in row.cases):
            return False
        if row.rule.to == STAY and not row.stamps:
            return True
        place: tuple[str, str | None]
        beside = None if version.change is None else version.change.place.name
        if row.enters is not None:
            place = (row.enters.name, None)
        elif row.opens is not None:
            place = (version.place.name, row.opens.name)
        elif row.closes:
            place = (version.place.name, None)
        else:
            place = (version.place.name, beside)
        return len(self._seen.get(place, ())) >= self._most

    def _asked(self, start: Instant, kind: str) -> Iterator[Lesson]:
        process = self._process
        brief = Brief(
            _ID, self._machine.hash, _zone(process), process.unit.code, ASKED, _TUTOR, _STUDENT, *_payer(process)
        )  # fmt: skip
        offer = Offer(start, LENGTH, price_of(process), kind)
        verb = process.verb_of_opening
        rows = self._machine.outside.moves.get(verb, ())
        for role in dict.fromkeys(role for row in rows for role in row.by):
            for facts in self._facts(facts_needed(self._machine, brief, verb), role):
                command = Command(verb, _actor(role, brief), _KEY, brief.id, None, offer, self._reasons[0])
                answer = decide(self._machine, brief, command, facts, ASKED)
                if not isinstance(answer, Refusal):
                    self._keep(None, answer, role)
                    yield answer

    def _next(self, version: Lesson) -> Iterator[Lesson]:
        """Everything that may happen next: what people do, and what silence does."""
        places = [version.place] if version.change is None else [version.change.place, version.place]
        moments = self._moments(version)
        for verb in dict.fromkeys(verb for place in places for verb in place.moves):
            yield from self._done(version, verb, moments)
        due, _ = next_timeout(version)
        if due is not None:
            yield from self._lapsed(version, due)

    def _lapsed(self, version: Lesson, due: Instant) -> Iterator[Lesson]:
        for facts in self._facts(frozenset().union(*(row.reads for row in _all_timeouts(version))), None):
            after = lapse(version, max(due, version.at), lambda *_, facts=facts: facts)
            assert after is not None
            self._keep(version, after, None)
            yield after

    def _done(self, version: Lesson, verb: str, moments: list[Instant]) -> Iterator[Lesson]:
        """What comes of a verb: for each role, of what leads to the same situation, the first."""
        rows = rows_open(version, verb)
        needed = facts_needed(self._machine, version, verb)
        done: set[object] = set()
        for role in dict.fromkeys(role for row in rows for role in row.by):
            mine = [row for row in rows if role in row.by]
            if all(self._is_spent(version, row) for row in mine):
                continue
            for command, facts, at in product(self._said(version, mine, role), self._facts(needed, role), moments):
                answer = decide(self._machine, version, command, facts, at)
                self._decided += 1
                if isinstance(answer, Refusal):
                    continue
                key = (answer.step.id, self._situation(answer))
                if key not in done:
                    done.add(key)
                    self._keep(version, answer, role, facts)
                    yield answer

    def _keep(self, before: Lesson | None, after: Lesson, role: Role | None, facts: Facts | None = None) -> None:
        if after.step.id in self.found:
            return
        row = self._rows[after.step.id]
        until = None if before is None or facts is None or row.guards_command else _closes(before, after, facts)
        self.found[after.step.id] = Worked(row, before, after, role, until)

    # What may be said, when, and what is known of it

    def _said(self, version: Lesson, rows: Sequence[Row], role: Role) -> list[Command]:
        """The commands that differ in something at which the rows look."""
        actor, verb = _actor(role, version.brief), _verb(rows[0])
        reasons = self._reasons if any(reads(row, reason) for row in rows) else self._reasons[:1]
        blames = self._blamed if any(reads(row, blamed) for row in rows) else (None,)
        remedies = tuple(dict.fromkeys(remedy for row in rows for remedy in row.remedies)) or (None,)
        offers = _offers(version) if any(row.terms == "propose" for row in rows) else (None,)
        subjects = _subjects(version, rows, role)
        splits = tuple(dict.fromkeys(split for row in rows for split in _splits(row))) or (None,)
        number = next((answered(row, version) for row in rows if names_number(row)), None)
        said = (
            (why, offer, _particulars(subject, seen, split, blame, remedy))
            for why, blame, remedy, offer, (subject, seen), split in product(
                reasons, blames, remedies, offers, subjects, splits
            )
        )
        return [
            Command(verb, actor, _KEY, _ID, number, offer, why, "", told) for why, offer, told in dict.fromkeys(said)
        ]

    def _moments(self, version: Lesson) -> list[Instant]:
        """When something might be done: soon, about the lesson, and at and beside every instant that a rule names."""
        start, end = version.terms.start, version.terms.end
        soon = [version.at + after for after in _SOON]
        later = [start + about for about in _ABOUT_START] + [end + about for about in _ABOUT_END]
        later += [at + beside for at in self._instants(version) for beside in (-_MINUTE, timedelta(0), _MINUTE)]
        moments = dict.fromkeys((*soon, *sorted(later)))
        return [at for at in moments if at >= version.at and not is_due(version, at)]

    def _instants(self, version: Lesson) -> list[Instant]:
        """The instants that the policy's conditions and windows name, as far as they are there."""
        offer = None if version.change is None else version.change.terms
        timeline = {"asked": version.at, "entered": version.at, **version.timeline}
        found = (
            time(version.at, version.terms, offer, version.rounds, timeline, version.brief, None, None)
            for time in self._times
        )
        return sorted({at for at in found if at is not None})

    def _facts(self, asked: frozenset[Asked], role: Role | None) -> list[Facts]:
        """What might be known besides: first that nothing stands against anything, then each thing the other way."""
        grants: frozenset[str] = frozenset(GRANTED_ROLES if role in GRANTED_ROLES else ())
        wanted = sorted(asked, key=str)[:_MOST_SUPPLIED]
        found = list[Facts]()
        for values in product(*(tuple(dict.fromkeys(self._values(each)))[:_MOST_VALUES] for each in wanted)):
            known = {**self._usual, **dict(zip(wanted, values, strict=True))}
            counts = {str(each): value for each, value in known.items() if isinstance(each, (Count, Taught))}
            has = (str(each) for each, value in known.items() if value and not isinstance(each, (Count, Taught)))
            found.append(Facts(grants, counts, frozenset(has)))
        return found

    def _values(self, asked: Asked) -> Iterator[int]:
        """What something known from outside may be: what is usual first, and what the conditions compare it with."""
        if not isinstance(asked, (Count, Taught)):
            usual = isinstance(asked, Has)
            yield int(usual)
            if not isinstance(asked, Restricted):
                yield int(not usual)
            return
        yield 0
        for node in _comparisons(self._guards):
            match literal_last(node):
                case Comparison(left=left, right=Number(value=value)) if left == asked:
                    yield value
                case Comparison(left=left, right=Exact(delta=delta)) if left == asked:
                    yield delta // _TAUGHT_UNIT


def _closes(before: Lesson, after: Lesson, facts: Facts) -> Instant | None:
    """From when on the move would have been too late, where something else than the deadline says so."""
    command = after.command
    assert command is not None
    due = (before.due, None if before.change is None else before.change.due)
    for option in allowed(before, command.actor, facts, after.at):
        if option.verb == command.verb and option.until not in (None, *due):
            return option.until
    return None


def _zone(process: Process) -> str:
    return "" if process.zone is None else process.zone if "/" in process.zone or process.zone == "UTC" else ZONE


def _payer(process: Process) -> tuple[PartyId, PartyId]:
    """Who pays and who asks: the student, unless the policy knows somebody else who does."""
    acting = {role for row in _moves(process) for role in row.by}
    somebody = _PARENT if acting & {"payer", "requester"} else _STUDENT
    return somebody, somebody


def _actor(role: Role, brief: Brief) -> PartyId:
    return _STAFF if role in GRANTED_ROLES else brief.party(role)


def _verb(row: Row) -> str:
    assert isinstance(row.rule, Move)
    return row.rule.verb


def _subjects(version: Lesson, rows: Sequence[Row], role: Role) -> list[tuple[Role | None, Instant | None]]:
    """Whom a fact is about and when it happened: the platform's software may report late of either side."""
    if role not in GRANTED_ROLES or all(row.records in (None, "meeting", "evidence") for row in rows):
        return [(None, None)]
    seen = [None] if version.at <= version.terms.start else [None, version.terms.start]
    return list(product(("student", "tutor"), seen))


def _particulars(
    subject: Role | None,
    seen: Instant | None,
    split: Settlement | None,
    blame: Role | None,
    remedy: Remedy | None,
) -> Particulars:
    divides = split if remedy in (None, "split") else None
    return Particulars(subject=subject, seen=seen, details=_DETAILS, split=divides, blamed=blame, remedy=remedy)


def _offers(version: Lesson) -> tuple[Offer, ...]:
    """Other terms that somebody may propose: another time, and then another price."""
    base = version.terms if version.change is None else version.change.terms
    later = max(base.start, version.at) + _DAY
    return (
        Offer(start=later),
        Offer(start=later, price=base.price - base.price // 5),
        Offer(price=base.price - base.price // 5),
        Offer(start=version.at + 2 * _HOUR),
        Offer(start=later + 2 * _DAY),
    )


def _splits(row: Row) -> Iterator[Settlement | None]:
    """The splits that a command may say: those to choose from, or any two."""
    for case in row.cases:
        if case.given is not None and not row.agrees:
            yield from case.given.choices or _SPLITS
    if row.remedies:
        yield _SPLITS[0]


def _rows(machine: Machine) -> Iterator[Row]:
    for place in (machine.outside, *machine.places):
        yield from (row for rows in place.moves.values() for row in rows)
        yield from place.timeouts


def _all_timeouts(version: Lesson) -> Iterable[Row]:
    beside = () if version.change is None else version.change.place.timeouts
    return (*version.place.timeouts, *beside)


def _moves(process: Process) -> Iterator[Move]:
    yield from process.openings
    for state in process.states:
        yield from state.moves


def _expressions(process: Process) -> Iterator[Expression]:
    """Every condition of the table and of its fees."""
    rows = [*process.openings, *(row for state in process.states for row in state.rows)]
    for row in rows:
        if isinstance(row, Move) and row.when is not None:
            yield row.when
        yield from (case.when for case in row.effects.cases if case.when is not None)
    for row in rows:
        if not isinstance(row, Move):
            yield row.at
    yield from process.fees.guards


def _comparisons(guards: Iterable[Expression]) -> Iterator[Comparison]:
    for guard in guards:
        yield from (node for node in walk(guard) if isinstance(node, Comparison))


def _times(process: Process, guards: Iterable[Expression]) -> Iterator[Any]:
    """The instants that conditions compare with and windows end at, made ready to be found."""
    named = [move.until for move in _moves(process) if move.until is not None]
    for comparison in _comparisons(guards):
        meant = between_instants(comparison)
        sides = comparison if meant is None else meant
        named += [as_time(side) for side in (sides.left, sides.right) if isinstance(side, TimeNode) and side != now]
    for time in dict.fromkeys(named):
        if all(node != now for node in walk(time)):
            yield compile_time(time, exponent=process.unit.exponent)


def _texts(guards: Iterable[Expression], field: Field) -> list[Any]:
    """The texts with which a fact is compared, each once."""
    turned = map(literal_last, _comparisons(guards))
    texts = (each.right.value for each in turned if each.left == field and isinstance(each.right, Text))
    return list(dict.fromkeys(text for text in texts if text))


def _apart(guards: Sequence[Expression], field: Field) -> Iterator[str]:
    """One text of each kind: those that stand in the same conditions make no difference to them."""
    kinds: set[frozenset[int]] = set()
    for text in _texts(guards, field):
        kind = frozenset(number for number, guard in enumerate(guards) if text in _texts((guard,), field))
        if kind not in kinds:
            kinds.add(kind)
            yield text
