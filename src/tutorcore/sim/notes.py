"""Notes: what of a study comes to nothing under one of its policies, said before anybody reads the figures.

Policies differ in their verbs, states and ladders, and a study is the same for all of them. What a policy does not know
is not done under it; that may well decide a comparison, and no measure would say so.
"""

from __future__ import annotations

from collections.abc import Iterator

from tutorcore.policy.account import SHOWABLE
from tutorcore.policy.process import Process, State
from tutorcore.policy.roles import Role
from tutorcore.sim.model import Study, Turn
from tutorcore.sim.vocabulary import can


def notes_on(study: Study, process: Process) -> tuple[str, ...]:
    """Return what of the study comes to nothing under the policy, each in a sentence."""
    return (*_acts(study, process), *_turns(study, process), *_standings(study, process))


def _acts(study: Study, process: Process) -> Iterator[str]:
    for act in study.acts:
        if act.deed is not None and act.deed.verb not in process.verbs:
            yield f"act {act.name!r} is never done: this policy has no verb {act.deed.verb!r}"


def _turns(study: Study, process: Process) -> Iterator[str]:
    for turn in study.turns:
        for verb in dict.fromkeys(deed.verb for deed, _ in turn.does):
            if verb not in process.verbs:
                yield f"the {turn.role}'s {verb!r} is silence: this policy has no such verb"
                continue
            closed = [state.name for state in _waiting(study, turn, process) if not _is_open(state, verb, turn.role)]
            if closed:
                where = ", ".join(closed)
                yield f"the {turn.role}'s {verb!r} is drawn where it is never open to them, and refused: {where}"


def _waiting(study: Study, turn: Turn, process: Process) -> Iterator[State]:
    """The states in which this is what a role does when it is its turn: the first turn that fits counts."""
    for state in process.states:
        fits = (each for each in study.turns if each.role == turn.role and state.name in (each.states or (state.name,)))
        if state.waits_for == turn.role and next(fits, None) is turn:
            yield state


def _is_open(state: State, verb: str, role: Role) -> bool:
    return any(move.verb == verb and can(role, move) for move in state.moves)


def _standings(study: Study, process: Process) -> Iterator[str]:
    account, habits = process.account, study.standings
    lifters = {
        counter.name: {rung.lifted_by for rung in counter.ladder if rung.lifted_by is not None}
        for counter in account.counters
    }
    if habits.shows is None and any(map(account.can, SHOWABLE)):
        hiding = ", ".join(name for name, lifted_by in lifters.items() if "tutor" in lifted_by)
        if hiding:
            yield f"tutors whose profile is hidden never show it again ({hiding}): [standing] has no `shows`"
    if habits.lifts is None:
        locking = ", ".join(name for name, lifted_by in lifters.items() if "operator" in lifted_by)
        if locking:
            yield f"what only the platform lifts is never lifted ({locking}): [standing] has no `lifts`"
