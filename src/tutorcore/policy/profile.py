"""The profile `lesson/1`: a marketplace's policy in a few sections, and the one table that they fill.

The table is static. Sections switch rows on and fill their cells; nothing is computed, and a policy that does not fit
is written out as a process instead. The states and verbs named here are public, stable as long as `lesson/1` is, and
made for menus, mail and statistics:

    unpaid ─pay─> requested ─accept─> agreed ──────> in_progress ──────> delivered ─confirm─> completed
      └─(silence)─> …  │ │ └─propose─> proposed ─accept─^ │ (at start)  (at end)  └─(silence)────────^
                       │ └─decline, withdraw─> …          ├─cancel─> cancelled, or charge_open ─charge─> cancelled
                       └─(silence)─> expired              └─propose: change_by_<role> beside, or back to requested

    beside `agreed`: accept, decline, withdraw, silence; whatever happens, the lesson itself goes on.
    `locked` is an agreed lesson that was changed late: it has the same rows but most of those that cancel.
    in_progress, delivered ─claim_no_show─> <role>_no_show, at once or after <role>_no_show_claimed ─(silence)─^
    <role>_no_show_claimed ─contest, or the other's claim_no_show─> disputed ─resolve, (silence)─> resolved
    asides: join, leave, meeting_ready, meeting_failed around the lesson; review once it is completed

`sections` reads these values from a file; `lesson_table` makes the table of them.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import attrs

from tutorcore.policy.expressions import Exact, Guard, Time
from tutorcore.policy.process import Case, Fault, Field, Need, Reminder, Slot, Unit
from tutorcore.policy.roles import Role
from tutorcore.policy.settlement import AsGiven, Fees, Settlement

Hold: TypeAlias = Literal["none", "when_asked", "when_paid", "when_agreed"]
Answer: TypeAlias = Literal["accept", "decline", "propose"]
Absent: TypeAlias = Literal["student", "tutor"]

HOLDS: Final[tuple[Hold, ...]] = ("none", "when_asked", "when_paid", "when_agreed")
ANSWERS: Final[tuple[Answer, ...]] = ("accept", "decline", "propose")
ABSENT: Final[tuple[Absent, ...]] = ("student", "tutor")

GOING_ON: Final = (
    "unpaid",
    "requested",
    "proposed",
    "agreed",
    "locked",
    "in_progress",
    "delivered",
    "charge_open",
    "student_no_show_claimed",
    "tutor_no_show_claimed",
    "disputed",
)
"""The states of `lesson/1` that are not endings; a change beside one is `change_by_` and a role."""

ALL_BACK: Final = Settlement((("student", None),))


@attrs.frozen
class Ending:
    """How a negotiation ends without agreement: the state it leads to, who gets what is held, and a mark."""

    becomes: str
    settle: Settlement | AsGiven = ALL_BACK
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
class Payment:
    """Who pays, by when, before a request goes to the other side; and what becomes of one that is not paid."""

    by: tuple[Role, ...]
    pay_by: Time
    silence: Ending


@attrs.frozen
class Request:
    """Who asks whom, what is held meanwhile, and until when there has to be an answer.

    `when` guards the asking, `agree_when` the agreeing; `instant` says when asking is agreeing. `late`: what is asked
    may still be agreed when its start has passed, but not its end. `bookable`: those who ask choose among the free
    times of the tutor's schedule.
    """

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
    payment: Payment | None = None
    instant: Guard | None = None
    agree_when: Guard | None = None
    late: bool = False
    bookable: bool = False


@attrs.frozen
class Override:
    """A change that somebody imposes, with a reason: a move of its own, never a back door."""

    by: tuple[Role, ...]
    needs: tuple[Need, ...] = ("reason",)


@attrs.frozen
class Rescheduling:
    """Changes of an agreed lesson: one side proposes, the other answers by `answer_by`.

    The sides are those of the request: who asked, and who answered. Whatever does not become agreed leaves the original
    as it was; `fault` is whose it is to let one lapse, `decline_needs` what declining one needs. With `again` the
    lesson is asked for again instead: it goes back to being requested, under the clock and the silence of a request,
    and what is not agreed then does not take place. A change agreed while `locks` holds makes the lesson `locked`: it
    can no longer be cancelled as others can.
    """

    by: tuple[Role, ...]
    may_change: tuple[Field, ...]
    answer_by: Time | None = None
    slot: Slot = "tentative"
    override: Override | None = None
    when: Guard | None = None
    again: bool = False
    locks: Guard | None = None
    fault: Fault = "holder"
    decline_needs: tuple[Need, ...] = ()


@attrs.frozen
class Cancel:
    """One case of cancelling: who, while which guard holds, and who gets what is held.

    `in_progress`: also once the lesson has begun; `locked`: also one that is locked; `charge`: the tutor then decides
    what is charged for it.
    """

    by: tuple[Role, ...]
    when: Guard | None = None
    settle: Settlement | AsGiven = ALL_BACK
    needs: tuple[Need, ...] = ()
    mark: str | None = None
    fault: Role | None = None
    becomes: str = "cancelled"
    in_progress: bool = False
    locked: bool = False
    charge: bool = False


@attrs.frozen
class Charge:
    """Who decides what is charged for a cancelled lesson, among which splits, by when, and what silence means."""

    by: tuple[Role, ...]
    choices: AsGiven
    answer_by: Time
    silence: Settlement = ALL_BACK
    becomes: str = "cancelled"


@attrs.frozen
class Attend:
    """From when on people join, and who may report it: they themselves, and the platform's own software."""

    by: tuple[Role, ...]
    start: Time


@attrs.frozen
class NoShow:
    """The claim that somebody did not come: who may claim it, from when until when, and under which conditions.

    `contradicted`: what has been recorded speaks against the claim, so it opens a dispute. With `answer_by` the other
    side may contest it until then; without, it holds at once.
    """

    absent: Absent
    by: tuple[Role, ...]
    start: Time
    until: Time | None
    cases: tuple[Case, ...]
    when: Guard | None = None
    contradicted: Guard | None = None
    answer_by: Time | None = None
    contested_by: tuple[Role, ...] = ()
    needs: tuple[Need, ...] = ()


@attrs.frozen
class Dispute:
    """Who decides when claims contradict each other, by when, what silence means, and the mark of whoever is blamed."""

    by: tuple[Role, ...]
    answer_by: Time
    silence: Ending
    splits: AsGiven = AsGiven()
    marks: tuple[tuple[Role, str], ...] = ()
    becomes: str = "resolved"


@attrs.frozen
class Complete:
    """Who confirms that the lesson took place, and when silence does it instead; nobody need."""

    by: tuple[Role, ...]
    silence_at: Time
    settle: Settlement
    becomes: str = "completed"


@attrs.frozen
class Meeting:
    """That an agreed lesson has a meeting, and how the lesson ends if none can be made; by default it goes on."""

    failed: Ending | None = None


@attrs.frozen
class Review:
    """Who may say afterwards how it was, until when, and whether both sides' words are shown together."""

    by: tuple[Role, ...]
    until: Time | None = None
    blind: bool = False


@attrs.frozen
class Notify:
    """Who is told besides everybody concerned: after some verbs the actor too; and who is reminded of what, when."""

    also_actor: tuple[str, ...] = ()
    reminders: tuple[tuple[str, Reminder], ...] = ()


@attrs.frozen
class Profile:
    """A whole policy as sections. `lesson_table` makes the table of it."""

    id: str
    version: str
    unit: Unit
    request: Request
    complete: Complete
    zone: str | None = None
    change: Rescheduling | None = None
    cancel: tuple[Cancel, ...] = ()
    charge: Charge | None = None
    attend: Attend | None = None
    no_show: tuple[NoShow, ...] = ()
    dispute: Dispute | None = None
    meeting: Meeting | None = None
    review: Review | None = None
    notify: Notify = Notify()
    fees: Fees = Fees()
    clears_after: Exact = Exact(0)
