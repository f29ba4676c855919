"""What a table must be to mean anything: the mistakes that can be seen in it without running it.

The questions that need every reachable situation (is silence enough to end everything? does a rule ever apply?) are
the checker's. Here are those that make a table unreadable or unsafe: names that do not exist, a turn that nobody has,
money that could stay behind, a timeout that would have to take money from a wallet.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Final, NamedTuple, TypeAlias

from tutorcore.calendar.zones.wall_time import zone
from tutorcore.currencies import ISO_4217
from tutorcore.errors import Mistake, Mistakes, TutorcoreError, UnknownName, suggest
from tutorcore.policy.analysis import (
    OF_COMMAND,
    anchors_read,
    names_read,
    needs_zone,
    reads_command,
    reads_proposed,
    supplied_read,
)
from tutorcore.policy.expressions import (
    SUPPLIED,
    Amount,
    Anchor,
    And,
    Calendar,
    Count,
    Earliest,
    Exact,
    Expression,
    Guard,
    If,
    Latest,
    Met,
    Portion,
    Restricted,
    Shift,
    Supplied,
    Taught,
    Time,
    walk,
)
from tutorcore.policy.parsing import ExpressionError, parse_guard, parse_reminder, parse_time
from tutorcore.policy.process import (
    BACK,
    FIELDS,
    MOST_PEGGED,
    REMEDIES,
    STAY,
    Case,
    Move,
    Process,
    Remedy,
    Row,
    State,
    Timeout,
)
from tutorcore.policy.roles import BOUND_ROLES, ROLES, Role
from tutorcore.policy.settlement import AsGiven

PathParts: TypeAlias = tuple[str | int, ...]

ZONE_OF: Final = ("tutor", "student", "platform")
"""Whose zone a policy may name instead of a zone itself."""

PAYING: Final[frozenset[Role]] = frozenset({"student", "payer", "requester"})

_HOUR: Final = timedelta(hours=1)

# How large a process may be: several times what anybody needs, and checked, compiled and explained in seconds.
# A row counts as often as it has cases.
_MOST_STATES: Final = 200
_MOST_ROWS: Final = 500
_MOST_OF_A_STATE: Final = 100
_MOST_OF_A_VERB: Final = 32
_MOST_RATES: Final = 100
_MOST_COUNTERS: Final = 20
_MOST_RUNGS: Final = 100

_OF_FACTS: Final = ("joined(", "reviewed(")

_WORD = re.compile(r"[a-z][a-z0-9_]{0,47}")
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def can_name(text: str, *reserved: str) -> bool:
    """Return whether a text can name a state, a verb or a mark: a short lower-case word that is not reserved."""
    return _WORD.fullmatch(text) is not None and text not in reserved


class Problem(NamedTuple):
    """One thing wrong with a table: where (a path through it), what, and the expression it is about, if it is one."""

    path: PathParts
    message: str
    about: Expression | None = None
    suggestion: str | None = None


def check(process: Process) -> None:
    """Raise `Mistakes` that name everything wrong with the process; do nothing if it is well formed."""
    found = [
        Mistake(problem.message, path=".".join(map(str, problem.path)), suggestion=problem.suggestion)
        for problem in problems(process)
    ]
    if found:
        raise Mistakes(f"process {process.name} is not well formed", found)


def problems(process: Process) -> tuple[Problem, ...]:
    """Return everything wrong with the process, in the order of its table; of one that is too large only that."""
    return tuple(_oversize(process)) or tuple(_Inspection(process).run())


def _oversize(process: Process) -> Iterator[Problem]:
    for path, what, count, most in _sizes(process):
        if count > most:
            yield Problem(path, f"there are {count:,} {what}; expected at most {most}")


def _sizes(process: Process) -> Iterator[tuple[PathParts, str, int, int]]:
    """Whatever there may be too much of: where it stands, what it is, how much there is, and how much there may be."""
    found: Counter[PathParts] = Counter()
    for path, _, row in rows_of(process):
        found[path[:-1]] += max(1, len(row.effects.cases))
    yield ("state",), "states", len(process.states), _MOST_STATES
    yield ("state",), "rows, counting their cases", found.total(), _MOST_ROWS
    for state in process.states:
        yield ("state", state.name), "rows in this state", len((*state.rows, *state.reminders)), _MOST_OF_A_STATE
    for where, count in found.items():
        yield where, "rows for this, counting their cases", count, _MOST_OF_A_VERB
    yield ("fees", "rates"), "rates", len(process.fees.rates), _MOST_RATES
    yield ("standing",), "counters", len(process.account.counters), _MOST_COUNTERS
    for counter in process.account.counters:
        yield ("standing", counter.name, "ladder"), "rungs", len(counter.ladder), _MOST_RUNGS


def rows_of(process: Process) -> Iterator[tuple[PathParts, State | None, Row]]:
    """Every row with its path and its state (None for an opening move), in the order of the table."""
    for number, opening in enumerate(process.openings):
        yield ("opening", number), None, opening
    for state in process.states:
        numbers: dict[str, int] = {}
        for row in state.rows:
            key = ("on", row.verb) if isinstance(row, Move) else ("timeout",)
            number = numbers.get(key[-1], 0)
            numbers[key[-1]] = number + 1
            yield ("state", state.name, *key, number), state, row


class _Said(NamedTuple):
    """What an expression can read of whoever takes its row: whether somebody `acts`, and whether anything was said.

    Time takes a timeout and nobody acts; one that takes a remedy up reads what was said with that.
    """

    acts: bool = True
    says: bool = True


_SOMEBODY: Final = _Said()
_NOBODY: Final = _Said(acts=False, says=False)


class _Inspection:
    def __init__(self, process: Process) -> None:
        self._process = process
        self._states = {state.name: state for state in process.states}
        self._beside = {state.name for state in process.states if state.beside}
        self._tabled = _remedies_by_state(process)
        self._untabled = _states_without_remedy(process)
        self._holds = any(row.effects.hold for _, _, row in rows_of(process))
        self._verbs = set(process.verbs)
        self._marks = {case.mark for _, _, row in rows_of(process) for case in row.effects.cases if case.mark}
        self._recorded = {anchor for _, _, row in rows_of(process) for anchor in _facts_recorded(row)}

    def run(self) -> Iterator[Problem]:
        yield from self._heading()
        for state in self._process.states:
            yield from self._state(state)
        for path, source, row in rows_of(self._process):
            yield from self._row(path, source, row)
        for number, each in enumerate(self._process.fees.rates):
            if each.when is not None:
                yield from self._guard(("fees", "rates", number, "when"), each.when, False, _NOBODY)
        yield from self._circles()
        yield from self._counters()

    def _heading(self) -> Iterator[Problem]:
        process = self._process
        for key, text in (("id", process.id), ("version", process.version)):
            if _ID.fullmatch(text) is None:
                yield Problem((key,), f"{text!r}; expected lower-case letters, digits, '-', '_' or '.'")
        if process.zone is not None and process.zone not in ZONE_OF:
            try:
                zone(process.zone)
            except TutorcoreError as error:
                near = error.suggestion if isinstance(error, UnknownName) else None
                message = f"{process.zone!r} is no time zone; expected {', '.join(ZONE_OF)} or an IANA name"
                yield Problem(("zone",), message, suggestion=near)
        yield from self._unit()
        seen: set[str] = set()
        for state in process.states:
            if state.name in seen:
                yield Problem(("state", state.name), "this state is there twice")
            seen.add(state.name)
        verbs = {opening.verb for opening in process.openings}
        if len(verbs) > 1:
            yield Problem(("opening",), f"a lesson is asked for by one verb, not by {', '.join(sorted(verbs))}")
        yield from self._hidden(("opening",), process.openings)

    def _unit(self) -> Iterator[Problem]:
        """What currencies refuse: a table that a store keeps has to be readable again."""
        unit = self._process.unit
        try:
            ISO_4217.with_unit(unit.code, unit.exponent)
            if unit.peg is not None:
                ISO_4217.get(unit.peg[1])
        except TutorcoreError as error:
            yield Problem(("currency",), str(error))
        if unit.peg is not None and not 1 <= unit.peg[0] < MOST_PEGGED:
            yield Problem(("unit", "peg"), f"{unit.peg[0]} {unit.code} to one; expected 1 to {MOST_PEGGED - 1}")
        if self._process.settles == "due" and self._process.clears_after != Exact(0):
            message = 'nothing is paid out, so nothing clears, under a policy that settles what is "due"'
            yield Problem(("payout", "clears_after"), message)

    def _state(self, state: State) -> Iterator[Problem]:
        path: PathParts = ("state", state.name)
        if not can_name(state.name, STAY, BACK):
            yield Problem(path, f"{state.name!r} cannot name a state; expected a lower-case word that is not reserved")
        if state.over and (state.timeouts or state.waits_for or state.beside):
            yield Problem(path, "a state that is over has no timeouts and no turn, and is not beside")
        if state.over and state.slot == "tentative":
            yield Problem((*path, "slot"), "nothing is tentative once a lesson is over: its time is firm, or free")
        if state.over and any(move.to != STAY for move in state.moves):
            yield Problem(path, "a move leads out of a state that is over; only asides may be open here")
        if not state.over and not any(row.to != STAY for row in state.rows):
            yield Problem(path, "nothing leads out of this state, and it is not marked as over")
        if state.beside and state.waits_for is None:
            yield Problem(path, "an open change waits for somebody; name whom in waits_for")
        if state.meeting and (state.over or state.beside):
            yield Problem(
                (*path, "meeting"), "a lesson that is over has no meeting, and an open change none of its own"
            )
        if state.taught and not state.over:
            yield Problem((*path, "taught"), "a lesson is taught once it is over; this state is not")
        if state.problem and (state.over or state.beside):
            message = "a problem is open where the lesson itself stands, and only until it is over"
            yield Problem((*path, "problem"), message)
        if state.yields:
            yield from self._yielding(path, state)
        if state.waits_for is not None:
            yield from self._roles((*path, "waits_for"), (state.waits_for,))
        yield from self._hidden((*path, "on"), state.moves)
        yield from self._reminders(path, state)

    def _yielding(self, path: PathParts, state: State) -> Iterator[Problem]:
        """Timeouts wait for an open change, so that they may be past when it is closed."""
        if state.beside or not any(move.to in self._beside for move in state.moves):
            yield Problem((*path, "yields"), "no change can be opened beside this state, so there is none to wait for")
        if not state.timeouts:
            yield Problem((*path, "yields"), "this state has no timeout that could wait")
        for number, timeout in enumerate(state.timeouts):
            if timeout.if_past != "fire":
                message = "a timeout that waits for a change may be past by then: expected if_past = 'fire'"
                yield Problem((*path, "timeout", number, "if_past"), message)

    def _counters(self) -> Iterator[Problem]:
        """Counters that count, or are broken by, marks that no row of the table gives."""
        known = {*self._marks, Taught.mark}
        for counter in self._process.account.counters:
            named: list[tuple[PathParts, str]] = [(("marks", mark), mark) for mark, _ in counter.marks]
            named += [(("broken_by", number), mark) for number, mark in enumerate(counter.broken_by)]
            for where, mark in named:
                if mark not in known:
                    message = f"nothing in this table gives the mark {mark!r}"
                    yield Problem(("standing", counter.name, *where), message, suggestion=suggest(mark, known))

    def _reminders(self, path: PathParts, state: State) -> Iterator[Problem]:
        for number, reminder in enumerate(state.reminders):
            where = (*path, "reminder", number)
            if state.over:
                yield Problem(where, "there is nothing to be reminded of once a lesson is over")
            if not reminder.to:
                yield Problem((*where, "to"), "nobody is reminded; name at least one role")
            if Anchor("deadline") in walk(reminder.at) and not state.timeouts:
                yield Problem((*where, "at"), "this state has no timeout, so it has no deadline", reminder.at)
            for role in reminder.to:
                if role not in BOUND_ROLES:
                    message = f"{role!r} is nobody of the lesson; expected some of {', '.join(BOUND_ROLES)}"
                    yield Problem((*where, "to"), message, suggestion=suggest(role, BOUND_ROLES))
            yield from self._expression((*where, "at"), reminder.at, parse_reminder, state.beside)
            yield from _unknown_to_clocks((*where, "at"), reminder.at)

    def _hidden(self, path: PathParts, moves: tuple[Move, ...]) -> Iterator[Problem]:
        """Rows that can never decide, because rows of the same verb before them always do."""
        numbers: dict[str, int] = {}
        taken: dict[str, set[Role]] = {}
        for move in moves:
            number = numbers.get(move.verb, 0)
            numbers[move.verb] = number + 1
            before = taken.setdefault(move.verb, set())
            if move.by and set(move.by) <= before:
                row = (*path, number) if path == ("opening",) else (*path, move.verb, number)
                yield Problem(row, f"never decides: a row without a condition comes before it for {', '.join(move.by)}")
            if move.when is None and move.until is None:
                before.update(move.by)

    def _row(self, path: PathParts, source: State | None, row: Row) -> Iterator[Problem]:
        target = self._states.get(row.to)
        beside = source is not None and source.beside
        if target is None and row.to not in (STAY, BACK):
            yield Problem((*path, "to"), f"unknown state {row.to!r}", suggestion=suggest(row.to, self._states))
        elif row.to == BACK and not beside:
            yield Problem((*path, "to"), "only a row of a state beside can lead back")
        if source is None and (target is None or target.beside or row.effects.terms != "propose"):
            yield Problem(path, "the opening move proposes terms and leads to a state of the lesson itself")
        if target is not None and target.beside and row.effects.terms != "propose":
            yield Problem(path, "what leads to a state beside opens or counters a change, so its terms are 'propose'")
        if beside and row.effects.terms == "propose" and (target is None or not target.beside):
            yield Problem(path, "a counter to an open change leads to another state beside")
        if row.effects.terms == "propose" and target is None and row.to in (STAY, BACK) and not beside:
            yield Problem(path, "new terms lead to a state; somebody has to answer them")
        if row.effects.terms == "accept" and row.to == STAY:
            yield Problem(path, "what is accepted leads somewhere: a row that stays only records")
        yield from self._money(path, source, row, target)
        yield from self._recording(path, source, row)
        yield from self._remedies(path, source, row, target)
        yield from self._refunding(path, source, row)
        yield from self._telling(path, row)
        if row.effects.may_change != FIELDS and row.effects.terms != "propose":
            yield Problem((*path, "may_change"), "only a row that proposes terms says what they may change")
        yield from self._blame(path, source, row)
        yield from self._clocks(path, source, row)
        for mark in sorted({case.mark for case in row.effects.cases if case.mark is not None}):
            if not can_name(mark, Taught.mark):
                message = f"{mark!r} cannot name a mark; expected a lower-case word that is not reserved"
                yield Problem((*path, "mark"), message)
        if isinstance(row, Move):
            yield from self._move(path, row)
        else:
            yield from self._timeout(path, source, row, target)
        yield from self._expressions(path, source, row)

    def _recording(self, path: PathParts, source: State | None, row: Row) -> Iterator[Problem]:
        """Facts are recorded by asides; what only some rows can do is a mistake elsewhere."""
        effects, state = row.effects, source
        if effects.records is not None and (not isinstance(row, Move) or row.to != STAY):
            yield Problem((*path, "records"), "a fact is recorded by a move that leads to 'stay'")
        if effects.records == "meeting" and isinstance(row, Move):
            if state is None or not state.meeting or state.beside:
                yield Problem((*path, "records"), "a meeting is recorded where the lesson has one (meeting = true)")
            if set(row.by) & set(BOUND_ROLES) or "details" not in row.needs:
                message = 'a meeting comes from the platform, with its links: by = ["system"], needs = ["details"]'
                yield Problem((*path, "records"), message)
        if effects.blind and effects.records != "reviewed":
            yield Problem((*path, "blind"), "only reviews are shown together; this row records none")
        elif effects.blind and isinstance(row, Move) and row.until is None:
            message = "needs until: what one side says would stay hidden for ever if the other says nothing"
            yield Problem((*path, "blind"), message)
        if effects.bookable and (effects.terms is None or not isinstance(row, Move)):
            yield Problem((*path, "bookable"), "only a time that is proposed or accepted can be bookable")

    def _remedies(self, path: PathParts, source: State | None, row: Row, target: State | None) -> Iterator[Problem]:
        """A remedy is put on the table where a problem is kept, and taken up where one surely lies there."""
        effects = row.effects
        stays = source if row.to == STAY else target
        if effects.remedies and not isinstance(row, Move):
            yield Problem((*path, "remedies"), "nobody is there to name a remedy: a timeout puts none on the table")
        elif effects.remedies and (stays is None or not stays.problem):
            message = "a remedy is put on the table in a state that keeps it (problem = true)"
            yield Problem((*path, "remedies"), message)
        if effects.terms is not None and (effects.remedies or effects.agrees):
            message = "a row is about terms or about a remedy, each with a number of its own, and not about both"
            yield Problem((*path, "terms"), message)
        if not effects.agrees:
            return
        where = (*path, "agrees")
        if source is None or not source.problem:
            yield Problem(where, "a remedy is taken up in a state that keeps one (problem = true)")
            return
        if effects.remedies:
            yield Problem(where, "a row takes a remedy up, or puts another in its place; not both")
        if row.to == STAY:
            yield Problem(where, "what is taken up leads somewhere: a row that stays only records")
        if isinstance(row, Move) and "split" in row.needs:
            message = "the split is the one on the table; whoever takes it up says none"
            yield Problem((*path, "needs"), message)
        if source.name in self._untabled:
            yield Problem(where, f"{source.name} can be reached without a remedy on the table, so there may be none")
        elif "reschedule" in self._tabled[source.name] and any(_as_given(row)):
            message = f"{source.name} may have a reschedule on the table, which splits nothing: give it its own state"
            yield Problem((*path, "settle"), message)
        elif any(case.settle.choices for case in row.effects.cases if isinstance(case.settle, AsGiven)) and any(
            other.to == source.name and not other.effects.remedies for _, _, other in rows_of(self._process)
        ):
            message = f'{source.name} can be entered with any split on the table: expected "as_given", without choices'
            yield Problem((*path, "settle"), message)

    def _refunding(self, path: PathParts, source: State | None, row: Row) -> Iterator[Problem]:
        """What was settled is corrected afterwards, by a command that says the whole split anew."""
        if not row.effects.refunds:
            return
        if not isinstance(row, Move) or row.to != STAY or source is None or not source.over:
            message = "what was settled is corrected once the lesson is over, by a move that leads to 'stay'"
            yield Problem((*path, "refunds"), message)
        if not any(_as_given(row)):
            message = 'the command says who should have got what: expected settle = "as_given", or choices'
            yield Problem((*path, "settle"), message)

    def _telling(self, path: PathParts, row: Row) -> Iterator[Problem]:
        """Whoever is concerned is told anyway; `notify` adds those who acted, if a person of the lesson did."""
        told = row.effects.notify
        yield from self._roles((*path, "notify"), told)
        for role in told:
            if role in ROLES and role not in BOUND_ROLES:
                message = f"{role!r} is nobody of the lesson; expected some of {', '.join(BOUND_ROLES)}"
                yield Problem((*path, "notify"), message)
        if told and (not isinstance(row, Move) or row.effects.records in ("joined", "left")):
            yield Problem((*path, "notify"), "nobody acts who could be told besides, or nobody is told at all")

    def _money(self, path: PathParts, source: State | None, row: Row, target: State | None) -> Iterator[Problem]:
        effects = row.effects
        settles = [case.settle is not None for case in effects.cases]
        given = _as_given(row)
        if any(given) and not (all(given) and (isinstance(row, Move) or effects.agrees)):
            odd = next((number for number, each in enumerate(given) if each != given[0]), None)
            where = (*path, "settle") if odd is None else (*path, "cases", odd, "settle")
            yield Problem(where, "the split is said by the command in every case of a move, or in none")
        ends = effects.refunds or (target is not None and target.over)
        if any(settles) and self._process.settles == "due" and not ends:
            message = "what is due is settled once, when the lesson ends: this row does not end it"
            yield Problem((*path, "settle"), message)
        if effects.hold is not None and self._process.settles == "due":
            yield Problem((*path, "hold"), 'nothing is held under a policy that settles what is "due"')
        if effects.hold is not None and any(settles):
            yield Problem(path, "a row either holds money or settles it")
        if effects.hold is not None and effects.terms is None:
            yield from self._paying(path, source, row)
        if target is not None and target.over and self._holds and not (settles and all(settles)):
            yield Problem(path, f"leads to {target.name}, which is over, and does not say who gets what is held")
        for number, case in enumerate(effects.cases):
            last = number == len(effects.cases) - 1
            if last and case.when is not None:
                yield Problem((*path, "cases", number), "the last case is the catch-all and has no condition")
            if not last and case.when is None:
                yield Problem((*path, "cases", number), "a case without a condition hides those after it")

    def _paying(self, path: PathParts, source: State | None, row: Row) -> Iterator[Problem]:
        """A row that holds money for the terms that are on the table anyway."""
        if source is None or source.beside or row.to in (STAY, BACK):
            message = "money is held for terms that this row proposes or accepts, or that stood before; there are none"
            yield Problem((*path, "hold"), message)
        elif isinstance(row, Move) and not set(row.by) <= PAYING:
            yield Problem((*path, "hold"), f"only the paying side can pay: some of {', '.join(sorted(PAYING))}")

    def _move(self, path: PathParts, row: Move) -> Iterator[Problem]:
        if row in self._process.openings and row.effects.hold and not set(row.by) <= PAYING:
            yield Problem((*path, "hold"), "the opening move holds money only if it is the paying side that asks")
        if not can_name(row.verb):
            yield Problem(path, f"{row.verb!r} cannot be a verb; expected a lower-case word")
        if not row.by:
            yield Problem((*path, "by"), "nobody may do this; name at least one role")
        if "split" in row.needs and not any(_as_given(row)):
            yield Problem((*path, "needs"), 'a split is needed where settle is "as_given" or names choices, only there')
        yield from self._roles((*path, "by"), row.by)

    def _clocks(self, path: PathParts, source: State | None, row: Row) -> Iterator[Problem]:
        """An aside of the lesson's own state cannot move the clock of a change that is open beside it."""
        if source is None or source.beside or not isinstance(row, Move) or row.to != STAY:
            return
        opened = [self._states[move.to] for move in source.moves if move.to in self._states]
        for state in opened:
            if state.beside and any(f"did({row.verb})" in anchors_read(timeout.at) for timeout in state.timeouts):
                yield Problem(path, f"the clock of {state.name} reads did({row.verb}), and would not hear of it here")

    def _roles(self, path: PathParts, roles: tuple[Role, ...]) -> Iterator[Problem]:
        for role in roles:
            if role not in ROLES:
                yield Problem(path, f"unknown role {role!r}", suggestion=suggest(role, ROLES))

    def _timeout(self, path: PathParts, source: State | None, row: Timeout, target: State | None) -> Iterator[Problem]:
        effects = row.effects
        if effects.terms == "propose" or effects.hold is not None:
            yield Problem(path, "nobody is there to refuse a timeout: it can neither propose terms nor hold money")
        if source is not None and target is not None and target.slot != "none" and not self._holds_time(source):
            yield Problem(path, f"nobody can refuse a timeout: it cannot claim the time that {target.name} holds")
        if row.to == STAY:
            yield Problem((*path, "to"), "a timeout that stays would fire for ever")
        if effects.terms == "accept" and source is not None and not self._may_be_accepted_silently(source):
            message = "nobody can refuse a timeout: it can accept only what is held and claimed already"
            yield Problem((*path, "terms"), message)

    def _holds_time(self, source: State) -> bool:
        """Whether a lesson holds time in a state, or, where a change lies beside, in every state that opens it."""
        if not source.beside:
            return source.slot != "none"
        opening = [state for state in self._process.states if any(move.to == source.name for move in state.moves)]
        return all(state.beside or state.slot != "none" for state in opening)

    def _may_be_accepted_silently(self, source: State) -> bool:
        """Whether what is on the table in this state needs neither more money nor more time when it becomes agreed."""
        proposing = [row for _, _, row in rows_of(self._process) if row.to == source.name]
        priced = [row for row in proposing if "price" in row.effects.may_change and row.effects.hold != "cover"]
        return source.slot != "none" and not (self._holds and priced)

    def _blame(self, path: PathParts, source: State | None, row: Row) -> Iterator[Problem]:
        """A fault and a mark fall on a person: somebody whom the lesson binds."""
        default = row.fault if isinstance(row, Timeout) and row.fault != "none" else None
        holder = None if source is None else source.waits_for
        blamed = [(case.mark, case.fault or default) for case in row.effects.cases or (Case(),)]
        if holder is None and any(whom == "holder" for _, whom in blamed):
            yield Problem((*path, "fault"), "it is nobody's turn here; name it in waits_for, or blame nobody")
        if any(mark and (holder if whom == "holder" else whom) not in BOUND_ROLES for mark, whom in blamed):
            yield Problem((*path, "mark"), "a mark falls on a person of the lesson; name whom in fault")

    def _circles(self) -> Iterator[Problem]:
        """Timeouts that could follow each other in a circle with hardly any time passing: it would never be done."""
        at_once = {
            state.name: [row.to for row in state.timeouts if not _surely_later(row.at) and row.to in self._states]
            for state in self._process.states
        }
        for state in self._process.states:
            reached: set[str] = set()
            ahead = list(at_once[state.name])
            while ahead:
                name = ahead.pop()
                if name not in reached:
                    reached.add(name)
                    ahead += at_once[name]
            if state.name in reached:
                message = "timeouts lead from here back to here, and nothing makes sure that an hour passes on the way"
                yield Problem(("state", state.name, "timeout"), message)

    def _expressions(self, path: PathParts, source: State | None, row: Row) -> Iterator[Problem]:
        proposing = row.effects.terms == "propose" or (source is not None and source.beside)
        said = _Said(acts=isinstance(row, Move), says=isinstance(row, Move) or row.effects.agrees)
        if isinstance(row, Move):
            if row.when is not None:
                yield from self._guard((*path, "when"), row.when, proposing)
            if row.until is not None:
                yield from self._time((*path, "until"), row.until, proposing)
        else:
            yield from self._time((*path, "at"), row.at, proposing)
            yield from _unknown_to_clocks((*path, "at"), row.at)
        for number, case in enumerate(row.effects.cases):
            if case.when is not None:
                yield from self._guard((*path, "cases", number, "when"), case.when, proposing, said)

    def _time(self, path: PathParts, expr: Time, proposing: bool) -> Iterator[Problem]:
        yield from self._expression(path, expr, parse_time, proposing)

    def _guard(self, path: PathParts, expr: Guard, proposing: bool, said: _Said = _SOMEBODY) -> Iterator[Problem]:
        yield from self._expression(path, expr, parse_guard, proposing, said)

    def _expression(
        self,
        path: PathParts,
        expr: Time | Guard,
        read: Callable[[str], Expression],
        proposing: bool,
        said: _Said = _SOMEBODY,
    ) -> Iterator[Problem]:
        """What is wrong with an expression; those built in Python may hold words that no file could write here."""
        try:
            read(str(expr))
        except ExpressionError as error:
            yield Problem(path, error.message, expr, error.suggestion)
        # Each of several conditions that all have to hold is looked at by itself: a person may have written it alone.
        for part in expr.parts if isinstance(expr, And) else (expr,):
            yield from self._meaning(path, part, proposing, said)

    def _meaning(self, path: PathParts, expr: Time | Guard, proposing: bool, said: _Said) -> Iterator[Problem]:
        """What an expression says that cannot be true of any lesson in this table."""
        if needs_zone(expr) and self._process.zone is None:
            message = f'{expr} counts days or wall time, so the policy has to name a zone (zone = "tutor", say)'
            yield Problem(path, message, expr)
        if reads_proposed(expr) and not proposing:
            yield Problem(path, "proposed.* means something only in a move that proposes, or beside", expr)
        names = names_read(expr)
        for kind, used, known in (
            ("state", names.states, set(self._states)),
            ("verb", names.moves, self._verbs),
            ("mark", names.marks, self._marks),
            ("role", names.roles, set(BOUND_ROLES)),
            ("remedy", names.remedies, set(REMEDIES)),
        ):
            for name in sorted(used - known):
                yield Problem(path, f"unknown {kind} {name!r}", expr, suggest(name, known))
        for anchor in sorted(anchors_read(expr)):
            if anchor.startswith(_OF_FACTS) and anchor not in self._recorded:
                yield Problem(path, f"nothing in this table records {anchor}", expr)
        if supplied_read(expr) and not said.acts:
            yield Problem(path, f"{_one_of(supplied_read(expr))} counts when somebody acts; nobody does here", expr)
        if reads_command(expr) and not said.says:
            message = "only a command brings a reason, blames somebody or names a remedy; there need be none here"
            yield Problem(path, message, expr)
        for node in walk(expr):
            if isinstance(node, Restricted) and node.role in BOUND_ROLES and node.role != "tutor":
                message = f"{node}: it is tutors of whom something is taken away; expected the tutor"
                yield Problem(path, message, expr)
            if isinstance(node, Met) and {node.one, node.other} != {"student", "tutor"}:
                yield Problem(path, f"{node}: expected the student and the tutor, who had a lesson together", expr)
            if isinstance(node, Amount) and node.decimals > self._process.unit.exponent:
                message = f"{node} has more decimals than {self._process.unit.code} ({self._process.unit.exponent})"
                yield Problem(path, message, expr)


def _unknown_to_clocks(path: PathParts, at: Time) -> Iterator[Problem]:
    """What is said or looked up only when somebody acts, while a clock runs by what a lesson knows of itself."""
    for node in walk(at):
        if node in OF_COMMAND or isinstance(node, (Count, Taught, *SUPPLIED)):
            message = f"{node} is known only as somebody acts; a time that nobody acts at cannot depend on it"
            yield Problem(path, message, at)


def _one_of(supplied: Iterable[Supplied]) -> str:
    """The first of some guards, by their texts."""
    return min(map(str, supplied))


def _as_given(row: Row) -> list[bool]:
    """Of each case of a row, whether what was said decides who gets what."""
    return [isinstance(case.settle, AsGiven) for case in row.effects.cases]


def _remedies_by_state(process: Process) -> dict[str, frozenset[Remedy]]:
    """The remedies that may be on the table in each state: put there, or kept from the state before."""
    tabled: dict[str, frozenset[Remedy]] = {state.name: frozenset() for state in process.states}
    for _ in process.states:  # A remedy is carried through at most every state once.
        for source, row, target in _between_problems(process):
            tabled[target] |= frozenset(row.effects.remedies) or (tabled[source.name] if source else frozenset())
    return tabled


def _states_without_remedy(process: Process) -> frozenset[str]:
    """The states with a problem in which there may be no remedy on the table: a row leads there without one."""
    without: set[str] = set()
    for _ in process.states:
        for source, row, target in _between_problems(process):
            if not row.effects.remedies and (source is None or not source.problem or source.name in without):
                without.add(target)
    return frozenset(without)


def _between_problems(process: Process) -> Iterator[tuple[State | None, Row, str]]:
    """Every row that puts a lesson into a state with a problem, or a remedy on the table there, and whence it comes.

    A row of a state beside leads away from wherever its change was opened: from each of those states.
    """
    states = {state.name: state for state in process.states}
    for _, source, row in rows_of(process):
        target = source if row.to == STAY and row.effects.remedies else states.get(row.to)
        if target is not None and target.problem:
            whole = [source] if source is None or not source.beside else _openers(states, source)
            yield from ((each, row, target.name) for each in whole)


def _openers(states: Mapping[str, State], beside: State) -> list[State | None]:
    """The states of the lesson itself from which a change comes to stand in a state beside, countered or not."""
    found: dict[str, State] = {}
    ahead = [beside.name]
    while ahead:
        name = ahead.pop()
        before = [state for state in states.values() if any(move.to == name for move in state.moves)]
        ahead += [state.name for state in before if state.beside and state.name not in found]
        found |= {state.name: state for state in before}
    return [state for state in found.values() if not state.beside]


def _facts_recorded(row: Row) -> Iterator[str]:
    """The anchors that a row may record: people report of themselves, the platform of everybody."""
    fact = row.effects.records
    if fact in ("joined", "reviewed") and isinstance(row, Move):
        of_all = not set(row.by) <= set(BOUND_ROLES)
        yield from (f"{fact}({role})" for role in (BOUND_ROLES if of_all else row.by))


def _surely_later(time: Time) -> bool:
    """Whether an instant lies an hour or more after the one at which its state is entered, whatever the lesson."""
    match time:
        case Shift(time=Anchor(name="entered", of=""), sign="+", by=by):
            # A part of a lesson may be less than a microsecond, and is nothing then.
            return not isinstance(by, Portion) and (by.delta >= _HOUR if isinstance(by, Exact) else by != Calendar(0))
        case Earliest(terms=terms):
            return all(map(_surely_later, terms))
        case Latest(terms=terms):
            return any(map(_surely_later, terms))
        case If(then=then, otherwise=otherwise):
            return _surely_later(then) and _surely_later(otherwise)
        case _:
            return False
