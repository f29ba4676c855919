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

    in_progress, delivered ─report─> problem_by_<role>, or reschedule_by_<role> where the remedy is another time
    problem_by_<role> ─accept, (silence)─> settled; ─decline, escalate, the claim of a no-show─> disputed
      ^─propose_remedy─> problem_by_<other>;  ─withdraw─> in_progress, delivered
    reschedule_by_<role> ─accept, (silence)─> rescheduling ─escalate─> disputed; ─(silence)─> settled
    rescheduling ─propose─> new_time_by_<role> beside ─accept─> agreed; ─decline, withdraw─> back; ─(silence)─> settled

    asides: join, leave, meeting_ready, meeting_failed around the lesson; evidence while a problem or a dispute is open;
    review once it is completed; refund once it is over and somebody was paid

`sections` reads these values from a file; `lesson_table` makes the table of them.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import attrs

from tutorcore.policy.account import NO_RULES, AccountRules
from tutorcore.policy.expressions import Exact, Guard, Time
from tutorcore.policy.process import REMEDIES, Case, Fault, Field, Need, Remedy, Reminder, Slot, Unit
from tutorcore.policy.roles import Role
from tutorcore.policy.settlement import AsGiven, Fees, Settlement

Hold: TypeAlias = Literal["none", "when_asked", "when_paid", "when_agreed"]
Answer: TypeAlias = Literal["accept", "decline", "propose"]
Absent: TypeAlias = Literal["student", "tutor"]
Unanswered: TypeAlias = Literal["accept", "escalate"]

HOLDS: Final[tuple[Hold, ...]] = ("none", "when_asked", "when_paid", "when_agreed")
ANSWERS: Final[tuple[Answer, ...]] = ("accept", "decline", "propose")
ABSENT: Final[tuple[Absent, ...]] = ("student", "tutor")
UNANSWERED: Final[tuple[Unanswered, ...]] = ("accept", "escalate")

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
    "problem_by_student",
    "problem_by_tutor",
    "reschedule_by_student",
    "reschedule_by_tutor",
    "rescheduling",
    "disputed",
)
"""The states of `lesson/1` that are not endings."""

BESIDE: Final = ("change_by_", "new_time_by_")
"""How the states beside these begin; a role follows."""

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
class Reason:
    """A reason that may be given for a problem, and whom it blames once that is settled."""

    name: str
    mark: str | None = None
    fault: Role | None = None


@attrs.frozen
class NewTime:
    """How a lesson that both want at another time gets one: either side proposes it, the other answers.

    `nobody` is how it ends if by `nobody_at` no time was proposed, `silent` how it ends if by `silent_at` one was not
    answered: then all that is held goes to whoever proposed, and the other is to blame. `when` guards the proposing.
    """

    nobody_at: Time
    nobody: Ending
    silent_at: Time
    silent: Ending
    may_change: tuple[Field, ...]
    when: Guard | None = None


@attrs.frozen
class Evidence:
    """Who may bring evidence while a problem or a dispute is open, and until when."""

    by: tuple[Role, ...]
    until: Time | None = None


@attrs.frozen
class Problems:
    """Problems that one side reports about a lesson, and how the two settle them between themselves.

    A report names a reason and puts a remedy on the table, one that `proposes` has; the other side answers until
    `answer_by`. What silence does is `silence`: it accepts that remedy, or takes the problem to the dispute. With
    `reasons`, only those may be given.
    """

    by: tuple[Role, ...]
    start: Time
    until: Time | None
    answer_by: Time
    proposes: tuple[Remedy, ...] = REMEDIES
    answers: tuple[Answer, ...] = ANSWERS
    silence: Unanswered = "accept"
    reasons: tuple[Reason, ...] = ()
    needs: tuple[Need, ...] = ("reason",)
    becomes: str = "settled"
    reschedule: NewTime | None = None
    evidence: Evidence | None = None


@attrs.frozen
class Dispute:
    """Who decides what the two sides do not settle, by when, what silence means, and the mark of whoever is blamed."""

    by: tuple[Role, ...]
    answer_by: Time
    silence: Ending
    splits: AsGiven = AsGiven()
    marks: tuple[tuple[Role, str], ...] = ()
    becomes: str = "resolved"


@attrs.frozen
class Refund:
    """Who may correct afterwards what was paid, until when, and with what."""

    by: tuple[Role, ...]
    until: Time | None = None
    needs: tuple[Need, ...] = ("reason",)


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
    problem: Problems | None = None
    dispute: Dispute | None = None
    refund: Refund | None = None
    meeting: Meeting | None = None
    review: Review | None = None
    notify: Notify = Notify()
    fees: Fees = Fees()
    clears_after: Exact = Exact(0)
    account: AccountRules = NO_RULES
