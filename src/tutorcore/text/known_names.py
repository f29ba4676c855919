"""Known names: the words for every name that `lesson/1` or a preset uses, by what it names.

What one names is the context of its sentence in the catalogues: "state", "verb", "role", "mark", "counter", "reason",
"remedy", "restriction", "permission", "kind", "field". Under the same contexts embedders say what only they have; how a
name is looked up is told in `names`.

Roles are called so that they can begin a sentence's clause ("the tutor has come"), and stand before a colon. States are
what a lesson is or has; verbs are what stands on a button.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tutorcore.text.sentences import sentence_in

ROLE_NAMES: Final[Mapping[str, str]] = {
    "student": sentence_in("role", "the student"),
    "tutor": sentence_in("role", "the tutor"),
    "payer": sentence_in("role", "the payer"),
    "requester": sentence_in("role", "the requester"),
    "operator": sentence_in("role", "the operator"),
    "admin": sentence_in("role", "the administrator"),
    "agent": sentence_in("role", "the agent"),
    "system": sentence_in("role", "the system"),
    "platform": sentence_in("role", "the platform"),
}

STATE_NAMES: Final[Mapping[str, str]] = {
    "unpaid": sentence_in("state", "not paid yet"),
    "payment_expired": sentence_in("state", "expired without payment"),
    "requested": sentence_in("state", "requested"),
    "proposed": sentence_in("state", "answered by a counter-offer"),
    "declined": sentence_in("state", "declined"),
    "withdrawn": sentence_in("state", "withdrawn"),
    "expired": sentence_in("state", "expired"),
    "agreed": sentence_in("state", "agreed"),
    "locked": sentence_in("state", "agreed, changed too late to be cancelled freely"),
    "change_by_student": sentence_in("state", "change proposed by the student"),
    "change_by_tutor": sentence_in("state", "change proposed by the tutor"),
    "charge_open": sentence_in("state", "cancelled, charge not decided yet"),
    "cancelled": sentence_in("state", "cancelled"),
    "in_progress": sentence_in("state", "in progress"),
    "delivered": sentence_in("state", "over, not confirmed yet"),
    "completed": sentence_in("state", "completed"),
    "student_no_show_claimed": sentence_in("state", "student reported absent"),
    "tutor_no_show_claimed": sentence_in("state", "tutor reported absent"),
    "student_no_show": sentence_in("state", "missed by the student"),
    "tutor_no_show": sentence_in("state", "missed by the tutor"),
    "problem_by_student": sentence_in("state", "problem, remedy suggested by the student"),
    "problem_by_tutor": sentence_in("state", "problem, remedy suggested by the tutor"),
    "reschedule_by_student": sentence_in("state", "problem, another time suggested by the student"),
    "reschedule_by_tutor": sentence_in("state", "problem, another time suggested by the tutor"),
    "rescheduling": sentence_in("state", "to be had at another time"),
    "new_time_by_student": sentence_in("state", "new time proposed by the student"),
    "new_time_by_tutor": sentence_in("state", "new time proposed by the tutor"),
    "disputed": sentence_in("state", "in dispute"),
    "resolved": sentence_in("state", "decided by the platform"),
    "settled": sentence_in("state", "settled"),
}

VERB_NAMES: Final[Mapping[str, str]] = {
    "request": sentence_in("verb", "request"),
    "pay": sentence_in("verb", "pay"),
    "accept": sentence_in("verb", "accept"),
    "decline": sentence_in("verb", "decline"),
    "propose": sentence_in("verb", "propose something else"),
    "withdraw": sentence_in("verb", "withdraw"),
    "reschedule": sentence_in("verb", "move to another time"),
    "cancel": sentence_in("verb", "cancel"),
    "charge": sentence_in("verb", "decide on the charge"),
    "join": sentence_in("verb", "join"),
    "leave": sentence_in("verb", "leave"),
    "meeting_ready": sentence_in("verb", "report that the meeting is ready"),
    "meeting_failed": sentence_in("verb", "report that there is no meeting"),
    "confirm": sentence_in("verb", "confirm"),
    "claim_no_show": sentence_in("verb", "report an absence"),
    "contest": sentence_in("verb", "contest"),
    "report": sentence_in("verb", "report a problem"),
    "propose_remedy": sentence_in("verb", "suggest another remedy"),
    "escalate": sentence_in("verb", "ask the platform to decide"),
    "evidence": sentence_in("verb", "add evidence"),
    "resolve": sentence_in("verb", "decide"),
    "refund": sentence_in("verb", "refund"),
    "review": sentence_in("verb", "review"),
    "dismiss_report": sentence_in("verb", "dismiss a report"),
    "record_report": sentence_in("verb", "record a report"),
    "reset_counter": sentence_in("verb", "reset a counter"),
    "show_profile": sentence_in("verb", "show the profile again"),
    "lift": sentence_in("verb", "lift a restriction"),
    "apply_for_withdrawal": sentence_in("verb", "apply for a withdrawal"),
    "withdraw_earnings": sentence_in("verb", "withdraw earnings"),
    "spend_earnings": sentence_in("verb", "spend earnings on lessons"),
    "withdrawal_paid": sentence_in("verb", "report a withdrawal as paid"),
    "withdrawal_returned": sentence_in("verb", "report a withdrawal as returned"),
}

MARK_NAMES: Final[Mapping[str, str]] = {
    "late_cancel": sentence_in("mark", "late cancellation"),
    "missed_attendance": sentence_in("mark", "missed lesson"),
    "missed_request": sentence_in("mark", "unanswered request"),
    "no_show": sentence_in("mark", "no-show"),
}

COUNTER_NAMES: Final[Mapping[str, str]] = {
    "missed_attendance": sentence_in("counter", "missed lessons"),
    "missed_request": sentence_in("counter", "unanswered requests"),
}

REASON_NAMES: Final[Mapping[str, str]] = {
    "tutor_absent": sentence_in("reason", "the tutor did not come"),
    "student_absent": sentence_in("reason", "the student did not come"),
    "prior_agreement": sentence_in("reason", "it had been agreed before"),
    "late": sentence_in("reason", "somebody came late"),
    "technical": sentence_in("reason", "technical problems"),
    "quality": sentence_in("reason", "the lesson was not satisfactory"),
    "other": sentence_in("reason", "something else"),
    "ill": sentence_in("reason", "illness"),
    "technical_fault": sentence_in("reason", "technical fault"),
    "platform_bug": sentence_in("reason", "a mistake of the platform"),
    "did_not_attend": sentence_in("reason", "did not attend"),
    "message_only": sentence_in("reason", "answered by message only"),
    "afraid_to_decline": sentence_in("reason", "did not dare to decline"),
    "no_answer": sentence_in("reason", "did not answer"),
}

REMEDY_NAMES: Final[Mapping[str, str]] = {
    "refund": sentence_in("remedy", "give the money back"),
    "pay": sentence_in("remedy", "pay the tutor"),
    "split": sentence_in("remedy", "divide the money"),
    "reschedule": sentence_in("remedy", "have the lesson at another time"),
}

RESTRICTION_NAMES: Final[Mapping[str, str]] = {
    "hidden": sentence_in("restriction", "profile hidden"),
    "existing_only": sentence_in("restriction", "requests from earlier students only"),
    "requests_blocked": sentence_in("restriction", "no requests"),
    "wallet_frozen": sentence_in("restriction", "wallet frozen"),
    "locked": sentence_in("restriction", "profile locked"),
    "notice": sentence_in("restriction", "notice without further consequences"),
    "review": sentence_in("restriction", "review by the platform"),
}
"""What a rung of a ladder brings: restrictions, and what merely happens."""

PERMISSION_NAMES: Final[Mapping[str, str]] = {
    "can_request_sessions": sentence_in("permission", "request lessons"),
    "meeting_provider": sentence_in("permission", "use a meeting provider"),
}

KIND_NAMES: Final[Mapping[str, str]] = {
    "lesson": sentence_in("kind", "lesson"),
    "trial": sentence_in("kind", "trial lesson"),
}

FIELD_NAMES: Final[Mapping[str, str]] = {
    "start": sentence_in("field", "start"),
    "duration": sentence_in("field", "length"),
    "price": sentence_in("field", "price"),
    "kind": sentence_in("field", "kind"),
    "details": sentence_in("field", "details"),
}
"""The parts of a lesson's terms."""

KNOWN_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "role": ROLE_NAMES,
    "state": STATE_NAMES,
    "verb": VERB_NAMES,
    "mark": MARK_NAMES,
    "counter": COUNTER_NAMES,
    "reason": REASON_NAMES,
    "remedy": REMEDY_NAMES,
    "restriction": RESTRICTION_NAMES,
    "permission": PERMISSION_NAMES,
    "kind": KIND_NAMES,
    "field": FIELD_NAMES,
}
"""All of them by context."""

FREE_CONTEXTS: Final = frozenset({"kind"})
"""What people call as they like; everything else has a name that a policy or a program gives it."""
