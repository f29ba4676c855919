"""The process: the table that *is* a marketplace's policy about a lesson.

A lesson begins with the `opening` move and then stands in one state at a time. A state says whose turn it is, which
moves are open and what happens by itself (timeouts). A row, whether a move or a timeout, names the state it leads to
and its effects. Nothing else decides about a lesson: the engine, the explanation, the checker and the simulator all
read these rows, and no code anywhere names a state or a verb.

Five things to know when reading a table:

* **Beside.** A change of an agreed lesson lives *beside* the state it was opened in. Its own small states are marked
  `beside`: a row that leads to one opens (or counters) the change and leaves the lesson where it stands; `back` closes
  it again. When the lesson itself moves on, an open change lapses with it and blames nobody.
* **Stay.** A row that leads to `stay` is an aside: it records something (a join, a review, a meeting's link) and moves
  nothing.
* **What a lesson has belongs to states.** A state holds the tutor's and the student's time (`tentative`, `firm`) or
  not (`none`), and has a meeting or not, so neither can leak: where the lesson stands says what it occupies. An open
  change occupies its own time too.
* **Problems.** Once a problem is reported there is one remedy on the table: give the money back, pay it out, split it,
  have the lesson at another time. Either side may put its own in its place; whoever takes it up, or lets the time run
  out, has agreed to it. A lesson keeps it while it stands in states that have a `problem`.
* **Money.** `cover` raises what is held to the price just proposed, `exact` makes it the price that now stands.
  What is held leaves through a settlement of 100 %, by the first case whose guard holds. Where a policy `settles` what
  is `due`, nothing is ever held, and a settlement records who owes what. What was settled may be corrected afterwards
  by an aside that `refunds`.

This module knows no time zone rules, no accounts and no files; `machine` turns the table into something that runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

import attrs
from attrs.validators import deep_iterable, in_, instance_of, min_len, optional

from tutorcore.errors import InvalidValue
from tutorcore.policy.account import NO_RULES, AccountRules
from tutorcore.policy.expressions import Exact, Guard, Time, condition
from tutorcore.policy.roles import BOUND_ROLES, Role
from tutorcore.policy.settlement import AsGiven, Fees, Settlement

MOST_PEGGED = 10**6
STAY = "stay"
BACK = "back"

Slot: TypeAlias = Literal["none", "tentative", "firm"]
TermsEffect: TypeAlias = Literal["propose", "accept"]
HoldEffect: TypeAlias = Literal["cover", "exact"]
IfPast: TypeAlias = Literal["forbid", "fire", "skip"]
Fault: TypeAlias = Literal["holder", "none"]
Blamed: TypeAlias = Role | Literal["holder"]
Field: TypeAlias = Literal["start", "duration", "price", "kind", "details"]
Need: TypeAlias = Literal["reason", "split", "details"]
Fact: TypeAlias = Literal["joined", "left", "reviewed", "meeting", "evidence"]
Remedy: TypeAlias = Literal["refund", "pay", "split", "reschedule"]
Settles: TypeAlias = Literal["held", "due"]

SLOTS: tuple[Slot, ...] = ("none", "tentative", "firm")
TERMS_EFFECTS: tuple[TermsEffect, ...] = ("propose", "accept")
HOLD_EFFECTS: tuple[HoldEffect, ...] = ("cover", "exact")
IF_PAST: tuple[IfPast, ...] = ("forbid", "fire", "skip")
FAULTS: tuple[Fault, ...] = ("holder", "none")
FIELDS: tuple[Field, ...] = ("start", "duration", "price", "kind", "details")
NEEDS: tuple[Need, ...] = ("reason", "split", "details")
RECORDED: tuple[Fact, ...] = ("joined", "left", "reviewed", "meeting", "evidence")
REMEDIES: tuple[Remedy, ...] = ("refund", "pay", "split", "reschedule")
SETTLES: tuple[Settles, ...] = ("held", "due")
BLAMED: tuple[Blamed, ...] = ("holder", *BOUND_ROLES)


@attrs.frozen
class Case:
    """One way a row may end: the first case whose `when` holds (None: always) decides.

    `settle` is who gets what is held, or that the command says so. `fault` is who is to blame, a role or the `holder`
    of the turn; `mark` is what is counted against that person.
    """

    settle: Settlement | AsGiven | None = None
    when: Guard | None = attrs.field(default=None, converter=condition)
    mark: str | None = None
    fault: Blamed | None = attrs.field(default=None, validator=optional(in_(BLAMED)))


def _cases(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """A single case that says nothing is none at all."""
    return () if cases == (Case(),) else cases


@attrs.frozen
class Effects:
    """What a row does besides leading somewhere.

    `terms`: `propose` puts new terms on the table (or opens a change), `accept` makes the named proposal binding.
    `may_change`: the fields that new terms may alter. `bookable`: the time must be free in the tutor's schedule.
    `records`: the fact that an aside is about. `blind`: what is said is shown when all sides have spoken, or may no
    longer. `notify`: roles told even though they acted themselves.

    `remedies`: the row puts a remedy on the table, one of these as its command names it. `agrees`: the row takes up the
    remedy on the table, so whatever its cases read of a command (reason, split, blamed, remedy) is what was said with
    that remedy, in a timeout too. `refunds`: an aside after a settlement; its command says who should have got what,
    and the difference moves.
    """

    terms: TermsEffect | None = attrs.field(default=None, validator=optional(in_(TERMS_EFFECTS)))
    may_change: tuple[Field, ...] = attrs.field(default=FIELDS, validator=deep_iterable(in_(FIELDS)))
    hold: HoldEffect | None = attrs.field(default=None, validator=optional(in_(HOLD_EFFECTS)))
    cases: tuple[Case, ...] = attrs.field(default=(), converter=_cases)
    notify: tuple[Role, ...] = ()
    bookable: bool = False
    records: Fact | None = attrs.field(default=None, validator=optional(in_(RECORDED)))
    blind: bool = False
    remedies: tuple[Remedy, ...] = attrs.field(default=(), validator=deep_iterable(in_(REMEDIES)))
    agrees: bool = False
    refunds: bool = False


@attrs.frozen
class Move:
    """A row that somebody takes: `by` whom, `when` (a guard on what stands before), `until` (half-open)."""

    verb: str
    by: tuple[Role, ...]
    to: str
    when: Guard | None = attrs.field(default=None, converter=condition)
    until: Time | None = None
    needs: tuple[Need, ...] = attrs.field(default=(), validator=deep_iterable(in_(NEEDS)))
    effects: Effects = Effects()


@attrs.frozen
class Timeout:
    """A row that time takes, at `at`. `fault`: `holder` blames whoever had the turn, unless a case blames another."""

    at: Time
    to: str
    fault: Fault = attrs.field(default="none", validator=in_(FAULTS))
    if_past: IfPast = attrs.field(default="forbid", validator=in_(IF_PAST))
    effects: Effects = Effects()


Row: TypeAlias = Move | Timeout


@attrs.frozen
class Reminder:
    """What is said to some roles at an instant, if the lesson still stands in the state then; it changes nothing."""

    at: Time
    to: tuple[Role, ...]


def _by_verb(moves: tuple[Move, ...]) -> tuple[Move, ...]:
    """The moves with those of one verb together, as a file writes them; they are tried in this order anyway."""
    verbs = dict.fromkeys(move.verb for move in moves)
    return tuple(move for verb in verbs for move in moves if move.verb == verb)


@attrs.frozen
class State:
    """Where a lesson may stand.

    `agreed`: both sides are bound to the terms. `over`: nothing happens by itself any more and nothing is held.
    `meeting`: there is a meeting, made for the agreed terms. `taught`: the lesson took place, so its time counts.
    `problem`: a problem is open, so its reason and the remedy on the table are kept; entering a state without it drops
    them. `yields`: while a change is open beside, the timeouts of this state wait; once it is closed they run again,
    and one that is past by then fires at once.
    """

    name: str
    waits_for: Role | None = None
    slot: Slot = attrs.field(default="none", validator=in_(SLOTS))
    over: bool = False
    beside: bool = False
    moves: tuple[Move, ...] = attrs.field(default=(), converter=_by_verb)
    timeouts: tuple[Timeout, ...] = ()
    agreed: bool = False
    meeting: bool = False
    taught: bool = False
    reminders: tuple[Reminder, ...] = ()
    problem: bool = False
    yields: bool = False

    @property
    def rows(self) -> Iterator[Row]:
        """Every row of this state: moves in the order tried, then timeouts."""
        yield from self.moves
        yield from self.timeouts


@attrs.frozen
class Unit:
    """What prices are counted in: a code and its decimal places, and for a unit of the platform's own its peg.

    `peg` is (how many whole units, make one of, this currency): an ITC with `(10, "USD")` says that 10 ITC are 1 USD.
    """

    code: str
    exponent: int
    peg: tuple[int, str] | None = None


@attrs.frozen
class Process:
    """The whole table, complete in itself: what a lesson pins when it is asked for.

    `openings` are the rows of the one verb that asks for a lesson; as everywhere, the first whose guard holds decides.
    `account` are the rules about a tutor's standing and payouts. They are pinned with the rest: what a lapse leads to
    is said by the rules under which its lesson was asked for.
    """

    id: str
    version: str
    unit: Unit
    openings: tuple[Move, ...] = attrs.field(validator=min_len(1))
    states: tuple[State, ...]
    zone: str | None = None
    fees: Fees = Fees()
    clears_after: Exact = attrs.field(default=Exact(0), validator=instance_of(Exact))
    settles: Settles = attrs.field(default="held", validator=in_(SETTLES))
    account: AccountRules = attrs.field(default=NO_RULES, validator=instance_of(AccountRules))

    @property
    def name(self) -> str:
        """The name under which people speak of it: `italki@2018-02`."""
        return f"{self.id}@{self.version}"

    def state(self, name: str) -> State:
        """Return the state called `name`; raise `InvalidValue` if there is none."""
        found = next((state for state in self.states if state.name == name), None)
        if found is None:
            raise InvalidValue("state", name, f"one of {', '.join(state.name for state in self.states)}")
        return found

    @property
    def verb_of_opening(self) -> str:
        """The verb that asks for a lesson."""
        return self.openings[0].verb

    @property
    def verbs(self) -> tuple[str, ...]:
        """Every verb somewhere in the table, the opening one first, in the order of the table."""
        verbs = [self.verb_of_opening, *(move.verb for state in self.states for move in state.moves)]
        return tuple(dict.fromkeys(verbs))
