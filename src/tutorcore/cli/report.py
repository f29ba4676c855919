"""What came of playing a scenario, read back from the store by the keys of its commands.

Knows what a store keeps of a run; `running` makes runs, `timeline` and `document` tell of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

import attrs

from tutorcore.cli.desk import Judged, Stood, judged
from tutorcore.cli.scenario import Earn, Person, Scenario, Step
from tutorcore.cli.stores import Amounts
from tutorcore.engine.marketplace import Marketplace
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.ledger.accounts import Account
from tutorcore.ledger.statements import TrialBalance
from tutorcore.lessons.lesson import Lesson
from tutorcore.lessons.projections import Message
from tutorcore.lessons.refusals import Refusal
from tutorcore.lessons.reviews import Reviewed
from tutorcore.payouts import Withdrawal
from tutorcore.policy.settlement import LegRole
from tutorcore.ports.storage import AuditLine, OutboxRow, PostedEntry, Recorded, Transaction

_SHARE_OF: Final[Mapping[LegRole, str]] = {
    "payer": "student",
    "tutor": "tutor",
    "due": "tutor",
    "platform": "platform",
}


@attrs.frozen
class Filled:
    """A wallet that was filled before the first step, or why it was not."""

    person: Person
    key: Key
    refusal: Refusal | None


@attrs.frozen
class Relayed:
    """What the relay told a lesson about its meeting, and the answer to that."""

    verb: str
    by: PartyId
    lesson: LessonId
    refusal: Refusal | None
    events: tuple[Recorded, ...]


@attrs.frozen
class Traces:
    """What was recorded under a key: versions of lessons, standings, ledger entries.

    Besides, the messages that this left in the outbox, and what the relay did about them.
    """

    events: tuple[Recorded, ...] = ()
    messages: tuple[Message, ...] = ()
    relayed: tuple[Relayed, ...] = ()
    standings: tuple[Judged, ...] = ()
    entries: tuple[PostedEntry, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has happened."""
        return not (self.events or self.messages or self.standings or self.entries)

    @property
    def lessons(self) -> tuple[LessonId, ...]:
        """The lessons that an event is about, each once."""
        events = [*self.events, *(event for each in self.relayed for event in each.events)]
        return tuple(dict.fromkeys(event.version.id for event in events))


@attrs.frozen
class Played:
    """A step with its answer: the refusal if there was one, and the traces that it left.

    `withdrawal` is what the store calls the withdrawal that it is about, if it is about one.
    """

    step: Step
    key: Key
    refusal: Refusal | None
    traces: Traces
    withdrawal: str | None = None

    @property
    def answer(self) -> str:
        """The answer in one word: `ok`, or the code of the refusal."""
        return "ok" if self.refusal is None else self.refusal.code

    @property
    def is_expected(self) -> bool:
        """Whether this is the answer that the scenario foresees; one that foresees nothing means `ok`."""
        return self.answer == (self.step.expect or "ok")


@attrs.frozen
class Report:
    """What came of a scenario. `histories` are those of every lesson that an event is about or the scenario names.

    `reviews` are what everybody may read at the end; `standings` and `withdrawals` those of the scenario's people.
    """

    scenario: Scenario
    policy: str
    policy_hash: str
    tzdata: str
    filled: tuple[Filled, ...]
    steps: tuple[Played, ...]
    closing: Traces
    histories: Mapping[LessonId, tuple[Recorded, ...]]
    lessons: tuple[LessonId, ...]
    reviews: Mapping[LessonId, tuple[Reviewed, ...]]
    standings: tuple[Stood, ...]
    withdrawals: tuple[Withdrawal, ...]
    balances: tuple[tuple[Account, str, int], ...]
    trial_balance: TrialBalance
    amounts: Amounts

    @property
    def is_expected(self) -> bool:
        """Whether everything came out as the scenario foresees."""
        return all(each.refusal is None for each in self.filled) and all(each.is_expected for each in self.steps)

    def name_of_withdrawal(self, id: str) -> str | None:
        """Return what the scenario calls a withdrawal; None for one that it has not named."""
        named = (played.step.action for played in self.steps if played.withdrawal == id)
        return next((action.withdrawal for action in named if isinstance(action, Earn) and action.withdrawal), None)


class Log:
    """What the store has recorded, by the keys of commands: audit lines, outbox rows, standings, ledger entries."""

    def __init__(self, market: Marketplace, tx: Transaction) -> None:
        self._market = market
        self._lines: dict[Key, AuditLine] = {}
        self._relayed: dict[int, list[AuditLine]] = {}
        for line in market.audit():
            if line.key is not None:
                self._lines[line.key] = line
            number = _row_told_of(line)
            if number is not None:
                self._relayed.setdefault(number, []).append(line)
        self._rows: dict[int, list[OutboxRow]] = {}
        for row in market.outbox():
            self._rows.setdefault(row.cause.number, []).append(row)
        self._entries: dict[int, list[PostedEntry]] = {}
        for posted in tx.entries():
            self._entries.setdefault(posted.cause.number, []).append(posted)
        self._standings: dict[int, list[Judged]] = {}
        for standing in tx.standings():
            for step in judged(tx, standing.tutor):
                self._standings.setdefault(step.recorded.cause.number, []).append(step)

    def traces(self, key: Key) -> Traces:
        """Return what the command or sweep with that key left behind."""
        lines = list(self._lines_of(key))
        rows = [row for line in lines for row in self._rows.get(line.cause.number, ())]
        told: list[AuditLine] = []
        for row in rows:  # What the relay tells leaves messages too, which are looked through in their turn.
            for line in self._relayed.get(row.sequence, ()):
                told.append(line)
                rows += self._rows.get(line.cause.number, ())
        causes = [line.cause.number for line in (*lines, *told)]
        return Traces(
            self._market.caused_by(key),
            tuple(row.message for row in rows),
            tuple(map(self._told, told)),
            tuple(step for number in causes for step in self._standings.get(number, ())),
            tuple(posted for number in causes for posted in self._entries.get(number, ())),
        )

    def withdrawal(self, key: Key) -> str | None:
        """Return what the store calls the withdrawal that the command with that key made, if it made one."""
        line = self._lines.get(key)
        entries = () if line is None else self._entries.get(line.cause.number, ())
        return next((posted.entry.ref for posted in entries if posted.entry.kind == "withdraw"), None)

    def _lines_of(self, key: Key) -> Iterable[AuditLine]:
        """The line of a command, or those of the parts of a sweep."""
        if key in self._lines:
            yield self._lines[key]
        part = 1
        while (line := self._lines.get(Key(f"{key}/{part}"))) is not None:
            yield line
            part += 1

    def _told(self, line: AuditLine) -> Relayed:
        assert line.key is not None
        assert line.lesson is not None
        events = self._market.caused_by(line.key)
        return Relayed(line.verb, PartyId(line.actor), line.lesson, line.refusal, events)


def _row_told_of(line: AuditLine) -> int | None:
    """The number of the outbox row about which the relay gave this command, or None for all others."""
    verb, _, numbers = (line.key or "").partition(":")
    row, _, attempt = numbers.partition(":")
    is_relayed = verb == line.verb and row.isdecimal() and attempt.isdecimal()
    return int(row) if is_relayed else None


def split_of(history: Sequence[Recorded]) -> dict[str, int]:
    """Return what settlements have paid out of a lesson; what goes back to the payer is the student's share.

    Under a policy that holds nothing it is what they have found to be due, of which the student gets nothing.
    """
    split = {"student": 0, "tutor": 0, "platform": 0}
    versions: list[Lesson] = [recorded.version for recorded in history]
    for before, version in pairwise(versions):
        if version.step.settle:
            for role, minor in version.legs:
                if role in _SHARE_OF:
                    split[_SHARE_OF[role]] += minor
            split["student"] -= _released(before)
    return split


def _released(before: Lesson) -> int:
    """What was held for an open change, beyond the price that stands; a settlement gives that back first."""
    return 0 if before.change is None else max(0, before.held - before.terms.price)
