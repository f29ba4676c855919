"""The course of one lesson through one run: where it stands, what was done so far, and who is about to do what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import attrs

from tutorcore.instants import Instant
from tutorcore.lessons.lesson import Lesson
from tutorcore.policy.machine import Place
from tutorcore.policy.roles import Role
from tutorcore.sim.model import Deed
from tutorcore.sim.world import Intent, Wish


class Answer(NamedTuple):
    """What a role is about to do with its turn.

    `turn` is its number among all turns of the lesson, `own` its number among those of the role.
    """

    turn: int
    role: Role
    own: int
    deed: Deed


@attrs.define(eq=False)
class Course:
    """One lesson of one run. `turns` counts those of each role, so that each is drawn under its own number.

    `carried_out` are the places of the intentions that are done with; `terms` is the number of those that the planned
    ones go by.
    """

    number: int
    wish: Wish
    intents: tuple[Intent, ...]
    versions: list[Lesson] = attrs.field(factory=list)
    verbs: list[str] = attrs.field(factory=list)
    refusals: list[tuple[str, str]] = attrs.field(factory=list)
    answer: Answer | None = None
    turns: dict[Role, int] = attrs.field(factory=dict)
    carried_out: set[int] = attrs.field(factory=set)
    terms: int = 0
    _is_agreed: bool = False
    _waiting: tuple[Place, int] | None = None

    @property
    def lesson(self) -> Lesson:
        """The last version."""
        return self.versions[-1]

    @property
    def commands(self) -> int:
        """How many commands there have been, refused ones included."""
        return len(self.verbs) + len(self.refusals)

    def newly_known(self) -> Iterator[tuple[Instant, int]]:
        """Yield the instants of intentions that are known, since this was asked last, by where the lesson stands.

        Each comes with its place among the intentions.
        """
        lesson = self.versions[-1]
        terms, is_first = lesson.terms, not self.terms
        is_new, is_bound = terms.number != self.terms, lesson.place.state.agreed and not self._is_agreed
        if not (is_new or is_bound):
            return
        self.terms, self._is_agreed = terms.number, self._is_agreed or is_bound
        for place, (act, by, _) in enumerate(self.intents):
            anchor = act.anchor
            if is_new and anchor == "start":
                yield terms.start + by, place
            elif is_new and anchor == "end":
                yield terms.end + by, place
            elif (is_first and anchor == "asked") or (is_bound and anchor == "agreed"):
                yield lesson.at + by, place

    def new_turn(self) -> tuple[Role, str] | None:
        """Return whose turn it has become since this was asked last, and in which state; None if nobody's.

        It is another turn when another state waits, and when there is another offer or remedy.
        """
        lesson = self.versions[-1]
        place = lesson.place if lesson.change is None else lesson.change.place
        waiting = (place, lesson.rounds)
        if waiting == self._waiting:
            return None
        self._waiting, self.answer = waiting, None
        role = place.state.waits_for
        if role is None:
            return None
        self.turns[role] = self.turns.get(role, 0) + 1
        return role, place.state.name
