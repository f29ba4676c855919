"""Tellings: what has happened to a lesson, as one sentence to whoever did it and one to everybody else.

A step is recognised by what its row does (whether it proposes terms, takes a remedy up, records a fact) and, where that
says too little, by its verb; by what it is about, the lesson or what lies on the table beside it; a timeout by where it
leads from and to. So most of an integrator's own table is told as well as that of `lesson/1`; what is known neither way
is told by the names of its verb and its state.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias

from tutorcore.lessons.lesson import Command, Lesson, Terms
from tutorcore.policy.machine import Machine, Place, Step
from tutorcore.policy.machine import Row as CompiledRow
from tutorcore.policy.process import Move
from tutorcore.policy.roles import BOUND_ROLES, Role
from tutorcore.text.names import state_name, verb_name
from tutorcore.text.readers import View
from tutorcore.text.rules import in_a_row
from tutorcore.text.words import sentence

_MOST_POLICIES: Final = 64

About: TypeAlias = Literal["lesson", "change", "time", "remedy"]
"""What a step is about: the lesson, a proposed change of it, a new time after a problem, or how to settle that."""


class Telling(NamedTuple):
    """A sentence to whoever did it, and one to the others; `name` goes into the second."""

    you: str
    they: str


_DONE: Final[Mapping[tuple[str, About], Telling]] = {
    ("request", "lesson"): Telling(
        sentence("You have requested a lesson."), sentence("%(name)s has requested a lesson.")
    ),
    ("book", "lesson"): Telling(sentence("You have booked a lesson."), sentence("%(name)s has booked a lesson.")),
    ("counter", "lesson"): Telling(
        sentence("You have proposed other terms for the lesson."),
        sentence("%(name)s has proposed other terms for the lesson."),
    ),
    ("again", "lesson"): Telling(
        sentence("You have given up the agreed lesson and asked for another time."),
        sentence("%(name)s has given up the agreed lesson and asked for another time."),
    ),
    ("move", "lesson"): Telling(
        sentence("You have rescheduled the lesson."), sentence("%(name)s has rescheduled the lesson.")
    ),
    ("propose", "change"): Telling(
        sentence("You have proposed a change to the agreed lesson."),
        sentence("%(name)s has proposed a change to the agreed lesson."),
    ),
    ("propose", "time"): Telling(
        sentence("You have proposed a new time for the lesson."),
        sentence("%(name)s has proposed a new time for the lesson."),
    ),
    ("accept", "lesson"): Telling(
        sentence("You have accepted the lesson."), sentence("%(name)s has accepted the lesson.")
    ),
    ("accept", "change"): Telling(
        sentence("You have accepted the change to the lesson."),
        sentence("%(name)s has accepted the change to the lesson."),
    ),
    ("accept", "time"): Telling(
        sentence("You have accepted the new time for the lesson."),
        sentence("%(name)s has accepted the new time for the lesson."),
    ),
    ("accept", "remedy"): Telling(
        sentence("You have accepted the suggested remedy."), sentence("%(name)s has accepted the suggested remedy.")
    ),
    ("pay", "lesson"): Telling(
        sentence("You have paid for the lesson."), sentence("%(name)s has paid for the lesson.")
    ),
    ("decline", "lesson"): Telling(
        sentence("You have declined the lesson."), sentence("%(name)s has declined the lesson.")
    ),
    ("decline", "change"): Telling(
        sentence("You have declined the change to the lesson."),
        sentence("%(name)s has declined the change to the lesson."),
    ),
    ("decline", "time"): Telling(
        sentence("You have declined the new time for the lesson."),
        sentence("%(name)s has declined the new time for the lesson."),
    ),
    ("decline", "remedy"): Telling(
        sentence("You have declined the suggested remedy."), sentence("%(name)s has declined the suggested remedy.")
    ),
    ("withdraw", "lesson"): Telling(
        sentence("You have withdrawn the request for the lesson."),
        sentence("%(name)s has withdrawn the request for the lesson."),
    ),
    ("withdraw", "change"): Telling(
        sentence("You have withdrawn the change that you proposed."),
        sentence("%(name)s has withdrawn the proposed change."),
    ),
    ("withdraw", "time"): Telling(
        sentence("You have withdrawn the time that you proposed."),
        sentence("%(name)s has withdrawn the proposed time."),
    ),
    ("withdraw", "remedy"): Telling(
        sentence("You have withdrawn the report of a problem."),
        sentence("%(name)s has withdrawn the report of a problem."),
    ),
    ("cancel", "lesson"): Telling(
        sentence("You have cancelled the lesson."), sentence("%(name)s has cancelled the lesson.")
    ),
    ("charge", "lesson"): Telling(
        sentence("You have decided what is charged for the cancelled lesson."),
        sentence("%(name)s has decided what is charged for the cancelled lesson."),
    ),
    ("confirm", "lesson"): Telling(
        sentence("You have confirmed that the lesson took place."),
        sentence("%(name)s has confirmed that the lesson took place."),
    ),
    ("claim_no_show", "lesson"): Telling(
        sentence("You have reported that somebody did not come to the lesson."),
        sentence("%(name)s has reported that somebody did not come to the lesson."),
    ),
    ("contest", "lesson"): Telling(
        sentence("You have contested that somebody did not come to the lesson."),
        sentence("%(name)s has contested that somebody did not come to the lesson."),
    ),
    ("report", "lesson"): Telling(
        sentence("You have reported a problem with the lesson."),
        sentence("%(name)s has reported a problem with the lesson."),
    ),
    ("report", "remedy"): Telling(
        sentence("You have suggested another remedy."), sentence("%(name)s has suggested another remedy.")
    ),
    ("escalate", "lesson"): Telling(
        sentence("You have asked the platform to decide about the problem."),
        sentence("%(name)s has asked the platform to decide about the problem."),
    ),
    ("evidence", "lesson"): Telling(
        sentence("You have added evidence about the problem."),
        sentence("%(name)s has added evidence about the problem."),
    ),
    ("resolve", "lesson"): Telling(
        sentence("You have decided how the lesson is settled."),
        sentence("%(name)s has decided how the lesson is settled."),
    ),
    ("refund", "lesson"): Telling(
        sentence("You have corrected what was paid for the lesson."),
        sentence("%(name)s has corrected what was paid for the lesson."),
    ),
    ("reviewed", "lesson"): Telling(
        sentence("You have reviewed the lesson."), sentence("%(name)s has reviewed the lesson.")
    ),
    ("meeting", "lesson"): Telling(
        sentence("The meeting for the lesson has been set up."), sentence("The meeting for the lesson has been set up.")
    ),
    ("meeting_failed", "lesson"): Telling(
        sentence("No meeting could be set up for the lesson."), sentence("No meeting could be set up for the lesson.")
    ),
}
"""What somebody did. A verb of the table stands for itself, a word that no table has for what its row does."""

_ANYTHING: Final = Telling(
    sentence("You have done this with the lesson: %(what)s."),
    sentence("%(name)s has done this with the lesson: %(what)s."),
)

_ABSENT: Final = {
    "you": Telling(
        sentence("You have reported that you did not come to the lesson."),
        sentence("%(name)s has reported that you did not come to the lesson."),
    ),
    "they": Telling(
        sentence("You have reported that %(absent)s did not come to the lesson."),
        sentence("%(name)s has reported that %(absent)s did not come to the lesson."),
    ),
}
"""Of whom somebody says that they did not come."""

_SILENT: Final = Telling(sentence("You did not respond in time."), sentence("%(name)s did not respond in time."))

_LAPSED: Final[Mapping[str, str]] = {
    "begun": sentence("The lesson has begun."),
    "ended": sentence("The lesson has ended."),
    "completed": sentence("The lesson counts as completed."),
    "request": sentence("The request for the lesson has expired."),
    "payment": sentence("The lesson was not paid for in time."),
    "change": sentence("The proposed change has expired."),
    "time": sentence("No new time was agreed in time."),
    "remedy": sentence("The suggested remedy counts as accepted."),
    "decision": sentence("Nobody decided in time, so the lesson is settled without a decision."),
    "absence": sentence("The report that somebody did not come counts as confirmed."),
    "contradiction": sentence("Somebody is reported absent who was recorded as present."),
    "dispute": sentence("The problem goes to the platform to be decided."),
    "anything": sentence("A deadline of the lesson has passed."),
}
"""What time did."""

_NOBODY_ASKED: Final = frozenset({"begun", "ended", "completed", "payment", "decision", "contradiction"})
"""What is not said to have come about because somebody did not respond."""

_ABSENCES: Final[Mapping[tuple[str, str], str]] = {
    ("student_no_show_claimed", "student_no_show"): "absence",
    ("tutor_no_show_claimed", "tutor_no_show"): "absence",
    ("student_no_show_claimed", "disputed"): "contradiction",
    ("tutor_no_show_claimed", "disputed"): "contradiction",
}


def headline(view: View, before: Lesson | None, version: Lesson) -> str:
    """Return the one sentence that says what has happened."""
    command = version.command
    if command is None:
        return view.words.say(_LAPSED[_lapsed(before, version)])
    return _said(view, _telling(view, before, version, command), version, command)


def happened(view: View, before: Lesson | None, version: Lesson) -> str:
    """Return what has happened in whole: who did not respond, where that matters, and where it leaves the lesson."""
    said = [_silence(view, before, version), headline(view, before, version), *_where_it_stands(view, before, version)]
    return in_a_row(view.words, [each for each in said if each])


def put_on_the_table(before: Lesson | None, version: Lesson) -> Terms | None:
    """Return the terms that this step proposes in place of others; None for a first request, and where none are."""
    if before is None or version.command is None or row_taken(version.step).terms != "propose":
        return None
    deed = _proposal(before, version)
    if deed == "propose" and version.change is not None:
        return version.change.terms
    return version.terms if deed in ("counter", "again") else None


def row_taken(step: Step) -> CompiledRow:
    """Return the row that a step took."""
    row_id = step.id.rpartition(".")[0]
    return next(row for row in _rows(step.machine.place(step.source)) if row.id == row_id)


def _rows(place: Place) -> tuple[CompiledRow, ...]:
    return (*(row for rows in place.moves.values() for row in rows), *place.timeouts)


# What somebody did


def _telling(view: View, before: Lesson | None, version: Lesson, command: Command) -> Telling:
    key = _deed(before, version), _about(before, version)
    if key[0] == "claim_no_show" and (absent := _absent(version, command)) is not None:
        return _ABSENT["you" if view.is_you(version.brief.party(absent)) else "they"]
    return _DONE.get(key) or _DONE.get((key[0], "lesson"), _ANYTHING)


def _said(view: View, telling: Telling, version: Lesson, command: Command) -> str:
    absent = _absent(version, command)
    values = {
        "name": view.acting(command.actor, version.brief),
        "what": verb_name(view.words, command.verb),
        "absent": "" if absent is None else view.named(version.brief.party(absent)),
    }
    return view.words.say(telling.you if view.is_you(command.actor) else telling.they, **values)


def _deed(before: Lesson | None, version: Lesson) -> str:
    """What was done: what the row does where that says it all, or else its verb."""
    row = row_taken(version.step)
    assert isinstance(row.rule, Move)
    if row.terms == "propose":
        return _proposal(before, version)
    if row.terms == "accept" or row.agrees:
        return "accept"
    if row.remedies:
        return "report"
    if row.refunds:
        return "refund"
    if row.records in ("reviewed", "meeting", "evidence"):
        return row.records
    return "pay" if row.hold is not None else row.rule.verb


def _proposal(before: Lesson | None, version: Lesson) -> str:
    if before is None:
        return "book" if version.place.state.agreed else "request"
    if version.change is not None and version.change is not before.change:
        return "propose"
    if not before.place.state.agreed:
        return "counter"
    return "move" if version.place.state.agreed else "again"


def _about(before: Lesson | None, version: Lesson) -> About:
    """What a move was about: what lies beside the lesson, if its row belongs there or opens it; or an open problem."""
    row = row_taken(version.step)
    if before is not None and (row.beside or row.opens is not None):
        return "time" if before.problem is not None else "change"
    return "remedy" if before is not None and before.problem is not None else "lesson"


def _absent(version: Lesson, command: Command) -> Role | None:
    """Who is said not to have come: whom the row blames, whom the command names if that counts, or the other side."""
    row, brief = row_taken(version.step), version.brief
    if version.step.fault in BOUND_ROLES:
        return version.step.fault
    if row.guards_command and command.particulars is not None:
        return command.particulars.blamed
    if command.actor not in brief.parties:
        return None
    return "student" if brief.tutor == command.actor else "tutor"


# What time did


def lapse(row: CompiledRow, *, about_problem: bool) -> str:
    """Return what a timeout does when its time has come: by what it does, by where it leads, by what was awaited."""
    source, target = row.source.state, None if row.enters is None else row.enters.state
    if row.agrees:
        return "remedy"
    if source.beside or source.yields:
        return "time" if about_problem else "change"
    if target is not None and target.taught:
        return "completed"
    if source.agreed and target is not None and not target.over:
        return "begun" if target.agreed else "ended"
    if (source.name, row.rule.to) in _ABSENCES:
        return _ABSENCES[source.name, row.rule.to]
    return _unanswered(row)


def _lapsed(before: Lesson | None, version: Lesson) -> str:
    return lapse(row_taken(version.step), about_problem=before is not None and before.problem is not None)


def _unanswered(row: CompiledRow) -> str:
    """What was not answered, paid or decided, as the moves of the state say what was open there."""
    open_rows = [each for rows in row.source.moves.values() for each in rows]
    if any(each.agrees for each in open_rows):
        return "dispute"
    if any(each.cases[-1].given is not None for each in open_rows):
        return "decision"
    if any(each.terms == "accept" for each in open_rows):
        return "request"
    if any(each.hold is not None and each.terms is None for each in open_rows):
        return "payment"
    return "anything"


def _silence(view: View, before: Lesson | None, version: Lesson) -> str:
    """Who did not respond, where a timeout was somebody's turn."""
    if version.command is not None or before is None or _lapsed(before, version) in _NOBODY_ASKED:
        return ""
    holder = row_taken(version.step).source.state.waits_for
    if holder is None:
        return ""
    if holder in view.roles(version.brief):
        return view.words.say(_SILENT.you)
    return view.words.say(_SILENT.they, name=view.in_role(holder, version.brief))


# Where it leaves the lesson


def _where_it_stands(view: View, before: Lesson | None, version: Lesson) -> list[str]:
    words, state = view.words, version.place.state
    was_agreed = before is not None and before.place.state.agreed
    if state.agreed and not was_agreed:
        return [words.say("The lesson is agreed.")]
    if before is not None and before.change is not None and version.change is None and state is before.place.state:
        if version.terms is not before.terms:
            return []
        return [words.say("The lesson stands as it was agreed.")] if state.agreed else []
    if state.over and before is not None and not before.over:
        return _how_it_ended(view, before, version)
    is_unknown = version.command is not None and _told_by_name(before, version)
    if is_unknown and version.step.to == state.name:
        return [words.say("Where the lesson stands now: %(state)s.", state=state_name(words, state.name))]
    return []


def _how_it_ended(view: View, before: Lesson, version: Lesson) -> list[str]:
    if version.place.state.taught:
        return []
    if version.at < version.terms.start or _was_never_agreed(before):
        return [view.words.say("The lesson will not take place.")]
    return [view.words.say("The lesson is closed.")]


def _was_never_agreed(lesson: Lesson) -> bool:
    """Whether the lesson stood where it was still to be agreed; one that was may have been had, whatever followed."""
    state = lesson.place.state
    return not state.agreed and state.slot != "firm" and state.name in _ahead_of_agreement(lesson.machine)


@lru_cache(maxsize=_MOST_POLICIES)
def _ahead_of_agreement(machine: Machine) -> frozenset[str]:
    """The states that are agreed, or from which rows lead to one that is."""
    found = {place.state.name for place in machine.places if place.state.agreed}
    while True:
        leading = {place.state.name for place in machine.places if any(_enters(row, found) for row in _rows(place))}
        if leading <= found:
            return frozenset(found)
        found |= leading


def _enters(row: CompiledRow, names: set[str]) -> bool:
    return row.enters is not None and row.enters.state.name in names


def _told_by_name(before: Lesson | None, version: Lesson) -> bool:
    """Whether nothing more is known of the step than how it is called."""
    return not any(key[0] == _deed(before, version) for key in _DONE)
