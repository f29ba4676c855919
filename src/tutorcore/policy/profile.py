"""The profile `lesson/1`: a marketplace's policy in a few sections, and the one table that they fill.

The table is static. Sections switch rows on and fill their cells; nothing is computed, and a policy that does not fit
is written out as a process instead. The states and verbs named here are public, stable as long as `lesson/1` is, and
made for menus, mail and statistics:

    requested ─accept─> agreed ──────> in_progress ──────> delivered ─confirm─> completed
      │ │ └─propose─> proposed ─accept─^ │ (at start)  (at end)  └─(silence)──────^
      │ └─decline, withdraw─> …          ├─cancel─> cancelled
      └─(silence)─> expired              └─propose: a change beside, change_by_student or change_by_tutor

    beside `agreed`: accept, decline, withdraw, silence; whatever happens, the lesson itself goes on
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

import attrs

from tutorcore.policy.expressions import Exact, Guard, Time
from tutorcore.policy.process import (
    BACK,
    Case,
    Effects,
    Fault,
    Field,
    HoldEffect,
    Move,
    Need,
    Process,
    Slot,
    State,
    Timeout,
    Unit,
)
from tutorcore.policy.roles import Role
from tutorcore.policy.settlement import Fees, Settlement
from tutorcore.policy.words import lesson

Hold: TypeAlias = Literal["none", "when_asked", "when_agreed"]
Answer: TypeAlias = Literal["accept", "decline", "propose"]

HOLDS: Final[tuple[Hold, ...]] = ("none", "when_asked", "when_agreed")
ANSWERS: Final[tuple[Answer, ...]] = ("accept", "decline", "propose")

GOING_ON: Final = ("requested", "proposed", "agreed", "in_progress", "delivered")
"""The states of `lesson/1` that are not endings; a change beside one is `change_by_` and a role."""

ALL_BACK: Final = Settlement((("student", None),))


@attrs.frozen
class Ending:
    """How a negotiation ends without agreement: the state it leads to, who gets what is held, and a mark."""

    becomes: str
    settle: Settlement = ALL_BACK
    mark: str | None = None
    fault: Fault | Role = "none"
    needs: tuple[Need, ...] = ()
    by: tuple[Role, ...] = ()

    @property
    def case(self) -> Case:
        """The ending as the case of a row."""
        return Case(self.settle, mark=self.mark, fault=None if self.fault == "none" else self.fault)


@attrs.frozen
class Counter:
    """What the tutor may propose instead, and the clock of whoever then has to answer."""

    may_change: tuple[Field, ...]
    answer_by: Time
    silence: Ending
    answers: tuple[Answer, ...] = ("accept", "decline")


@attrs.frozen
class Request:
    """Who asks whom, what is held meanwhile, and until when there has to be an answer."""

    by: tuple[Role, ...]
    answer_by: Time
    silence: Ending
    answered_by: tuple[Role, ...] = ("tutor",)
    answers: tuple[Answer, ...] = ("accept", "decline")
    when: Guard | None = None
    hold: Hold = "when_asked"
    slot: Slot = "tentative"
    decline: Ending = Ending("declined")
    withdraw: Ending | None = None
    propose: Counter | None = None


@attrs.frozen
class Override:
    """A change that somebody imposes, with a reason: a move of its own, never a back door."""

    by: tuple[Role, ...]
    needs: tuple[Need, ...] = ("reason",)


@attrs.frozen
class Rescheduling:
    """Changes of an agreed lesson: one side proposes, the other answers.

    The sides are those of the request: who asked, and who answered. Whatever does not become agreed leaves the original
    standing.
    """

    by: tuple[Role, ...]
    may_change: tuple[Field, ...]
    answer_by: Time
    slot: Slot = "tentative"
    override: Override | None = None


@attrs.frozen
class Cancel:
    """One case of cancelling: who, while which guard holds, and who gets what is held."""

    by: tuple[Role, ...]
    when: Guard | None = None
    settle: Settlement = ALL_BACK
    needs: tuple[Need, ...] = ()
    mark: str | None = None
    fault: Role | None = None
    becomes: str = "cancelled"


@attrs.frozen
class Complete:
    """Who confirms that the lesson took place, and when silence does it instead."""

    by: tuple[Role, ...]
    silence_at: Time
    settle: Settlement
    becomes: str = "completed"


@attrs.frozen
class Profile:
    """A whole policy as sections. `process_of` makes the table of it."""

    id: str
    version: str
    unit: Unit
    request: Request
    complete: Complete
    zone: str | None = None
    change: Rescheduling | None = None
    cancel: tuple[Cancel, ...] = ()
    fees: Fees = Fees()
    clears_after: Exact = Exact(0)


def process_of(profile: Profile) -> Process:
    """Return the table that the profile fills."""
    request = profile.request
    opening = Move(
        "request", request.by, "requested", request.when, effects=Effects("propose", hold=_asked(request.hold))
    )
    states = [_requested(request)]
    if request.propose is not None and "propose" in request.answers:
        states.append(_proposed(request, request.propose))
    states.append(_agreed(profile))
    if profile.change is not None:
        states += [_beside(profile.change, request, role) for role in profile.change.by]
    states += _taking_place(profile.complete)
    states += [State(name, over=True) for name in _endings(profile)]
    return Process(
        profile.id,
        profile.version,
        profile.unit,
        opening,
        tuple(states),
        zone=profile.zone,
        fees=profile.fees,
        clears_after=profile.clears_after,
    )


def _requested(request: Request) -> State:
    counter = request.propose
    moves = [*_answers(request.answers, request.answered_by, request)]
    if counter is not None and "propose" in request.answers:
        moves.append(Move("propose", request.answered_by, "proposed", effects=Effects("propose", counter.may_change)))
    if request.withdraw is not None:
        moves.append(_ends("withdraw", request.withdraw.by or request.by, request.withdraw))
    silence = _silence(request.answer_by, request.silence)
    return State("requested", request.answered_by[0], request.slot, moves=tuple(moves), timeouts=(silence,))


def _proposed(request: Request, counter: Counter) -> State:
    moves = [*_answers(counter.answers, request.by, request)]
    if "propose" in counter.answers:
        effects = Effects("propose", counter.may_change, hold=_asked(request.hold))
        moves.append(Move("propose", request.by, "requested", effects=effects))
    if request.withdraw is not None:
        # Whoever asked may also simply go; to decline is the answer to the counter-offer, to withdraw is to leave.
        moves.append(_ends("withdraw", request.withdraw.by or request.by, request.withdraw))
    silence = _silence(counter.answer_by, counter.silence)
    return State("proposed", request.by[0], request.slot, moves=tuple(moves), timeouts=(silence,))


def _answers(answers: Iterable[Answer], by: tuple[Role, ...], request: Request) -> Iterable[Move]:
    if "accept" in answers:
        yield Move("accept", by, "agreed", effects=Effects("accept", hold=_agreed_hold(request.hold)))
    if "decline" in answers:
        yield _ends("decline", by, request.decline)


def _agreed(profile: Profile) -> State:
    moves: list[Move] = []
    change = profile.change
    if change is not None:
        for role in change.by:
            hold = _asked(profile.request.hold) if role == profile.request.by[0] else None
            moves.append(
                Move("propose", (role,), f"change_by_{role}", effects=Effects("propose", change.may_change, hold))
            )
        if change.override is not None:
            effects = Effects("propose", change.may_change, hold=_agreed_hold(profile.request.hold))
            moves.append(Move("reschedule", change.override.by, "agreed", needs=change.override.needs, effects=effects))
    for case in profile.cancel:
        effects = Effects(cases=(Case(case.settle, mark=case.mark, fault=case.fault),))
        moves.append(Move("cancel", case.by, case.becomes, case.when, needs=case.needs, effects=effects))
    begins = Timeout(lesson.start, "in_progress")
    return State("agreed", slot="firm", moves=tuple(moves), timeouts=(begins,), agreed=True)


def _beside(change: Rescheduling, request: Request, proposer: Role) -> State:
    others = request.by if proposer in request.answered_by else request.answered_by
    moves = (
        Move("accept", others, BACK, effects=Effects("accept", hold=_agreed_hold(request.hold))),
        Move("decline", others, BACK),
        Move("withdraw", (proposer,), BACK),
    )
    silence = Timeout(change.answer_by, BACK, fault="holder")
    return State(f"change_by_{proposer}", others[0], change.slot, beside=True, moves=moves, timeouts=(silence,))


def _taking_place(complete: Complete) -> Iterable[State]:
    paid = Effects(cases=(Case(complete.settle),))
    yield State("in_progress", slot="firm", timeouts=(Timeout(lesson.end, "delivered"),), agreed=True)
    yield State(
        "delivered",
        complete.by[0],
        moves=(Move("confirm", complete.by, complete.becomes, effects=paid),),
        timeouts=(Timeout(complete.silence_at, complete.becomes, effects=paid),),
    )


def _endings(profile: Profile) -> Iterable[str]:
    request = profile.request
    found = [profile.complete.becomes, request.decline.becomes, request.silence.becomes]
    if request.withdraw is not None:
        found.append(request.withdraw.becomes)
    if request.propose is not None:
        found.append(request.propose.silence.becomes)
    return dict.fromkeys([*found, *(case.becomes for case in profile.cancel)])


def _ends(verb: str, by: tuple[Role, ...], ending: Ending) -> Move:
    return Move(verb, by, ending.becomes, needs=ending.needs, effects=Effects(cases=(ending.case,)))


def _silence(at: Time, ending: Ending) -> Timeout:
    blamed = ending.fault if ending.fault in ("holder", "none") else None
    if blamed is None:
        return Timeout(at, ending.becomes, effects=Effects(cases=(ending.case,)))
    case = Case(ending.settle, mark=ending.mark)
    return Timeout(at, ending.becomes, blamed, effects=Effects(cases=(case,)))


def _asked(hold: Hold) -> HoldEffect | None:
    """What a proposal of the payer's side holds."""
    return "cover" if hold == "when_asked" else None


def _agreed_hold(hold: Hold) -> HoldEffect | None:
    """What an agreement holds: exactly its price."""
    return None if hold == "none" else "exact"
