"""The words of a study's policies: which verbs, states and remedies there are, and for whom.

A study is about several policies, and what one of them does not know is simply not done under it. So a word is a
mistake only if none of them knows it, and then the message says which they do know.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from tutorcore.documents.places import Path
from tutorcore.documents.reader import Table
from tutorcore.errors import suggest
from tutorcore.policy.process import Move, Process, Remedy
from tutorcore.policy.roles import Role

_NONE: Final = "none at all"

# Who else somebody in a role is: a student pays, and asks for the lesson, unless the policy has the tutor ask.
_ALSO: Final[Mapping[Role, frozenset[Role]]] = {
    "student": frozenset({"student", "payer", "requester"}),
    "payer": frozenset({"student", "payer", "requester"}),
    "tutor": frozenset({"tutor", "requester"}),
    "requester": frozenset({"student", "payer", "requester", "tutor"}),
}


class Vocabulary:
    """The words that at least one of some processes knows."""

    def __init__(self, processes: Iterable[Process]) -> None:
        processes = tuple(processes)
        self._openings = tuple(dict.fromkeys(process.verb_of_opening for process in processes))
        self._moves = tuple(move for process in processes for move in _moves_of(process))
        self._states = tuple(state for process in processes for state in process.states)

    def check_verb(self, table: Table, key: str | Path, verb: str, role: Role) -> None:
        """Note if no policy lets whoever is in a role do this with a lesson that there is."""
        mine = tuple(dict.fromkeys(move.verb for move in self._moves if can(role, move)))
        if verb in mine:
            return
        if verb in self._openings:
            table.mistake(key, f"is {verb!r}, which asks for a lesson; [requests] says who does that when")
            return
        message = f"is {verb!r}; expected what a policy here lets the {role} do: {_listed(mine)}"
        table.mistake(key, message, suggest(verb, mine))

    def check_offer(self, table: Table, key: str | Path, verb: str) -> None:
        """Note if no policy lets new terms be proposed with a verb."""
        known = tuple(dict.fromkeys(move.verb for move in self._moves if move.effects.terms == "propose"))
        if verb not in known:
            table.mistake(key, f"is {verb!r}, which proposes no terms under any policy here; expected {_listed(known)}")

    def check_remedy(self, table: Table, key: str | Path, verb: str, remedy: Remedy) -> None:
        """Note if no policy lets a remedy be proposed with a verb."""
        known = tuple(
            dict.fromkeys(remedy for move in self._moves if move.verb == verb for remedy in move.effects.remedies)
        )
        if remedy not in known:
            message = f"is {remedy!r}, which {verb!r} proposes under no policy here; expected {_listed(known)}"
            table.mistake(key, message)

    def check_state(self, table: Table, key: str | Path, state: str, role: Role) -> None:
        """Note if under no policy this is a state that waits for a role."""
        known = tuple(dict.fromkeys(each.name for each in self._states if each.waits_for == role))
        if state not in known:
            message = f"is {state!r}, which waits for a {role} under no policy here; expected {_listed(known)}"
            table.mistake(key, message, suggest(state, known))


def can(role: Role, move: Move) -> bool:
    """Return whether somebody in a role can take a move, in one or another of the roles that person has."""
    return not _ALSO.get(role, frozenset({role})).isdisjoint(move.by)


def _moves_of(process: Process) -> Iterator[Move]:
    for state in process.states:
        yield from state.moves


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or _NONE
