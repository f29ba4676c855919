"""Turns: whose it is, until which stored deadline, and what happens by itself if nobody acts by then.

What will happen is read from the row of that deadline, as it will be followed if nothing else comes before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from tutorcore.lessons.lesson import Deadline, Lesson, next_deadline
from tutorcore.policy.analysis import counts_read, supplied_read
from tutorcore.policy.machine import CompiledCase
from tutorcore.policy.machine import Row as CompiledRow
from tutorcore.policy.process import Case, Timeout
from tutorcore.policy.settlement import AsGiven, Settlement
from tutorcore.text.names import mark_name
from tutorcore.text.readers import View
from tutorcore.text.rules import outcome_words, settlement_words
from tutorcore.text.tellings import lapse
from tutorcore.text.words import sentence

_TO_COME: Final[Mapping[str, str]] = {
    "begun": sentence("If nobody acts by then, the lesson begins as agreed."),
    "ended": sentence("If nobody acts by then, the lesson ends."),
    "completed": sentence("If nobody acts by then, the lesson counts as completed."),
    "request": sentence("If nobody acts by then, the request expires and the lesson will not take place."),
    "payment": sentence("If nobody pays by then, the lesson will not take place."),
    "change": sentence("If nobody acts by then, the proposed change expires and the lesson stands as it was agreed."),
    "time": sentence("If nobody acts by then, the lesson is settled without a new time."),
    "remedy": sentence("If nobody acts by then, the suggested remedy counts as accepted."),
    "decision": sentence("If nobody decides by then, the lesson is settled without a decision."),
    "absence": sentence("If nobody acts by then, the report that somebody did not come counts as confirmed."),
    "dispute": sentence("If nobody acts by then, the problem goes to the platform to be decided."),
}
"""What time will do; whatever is not here is said by the rule itself."""


def whose_turn(view: View, version: Lesson) -> str:
    """Return whose turn it is and until which instant; nothing where nobody is awaited and nothing ends."""
    words, holder, deadline = view.words, version.waits_for, next_deadline(version)
    if holder is None:
        if deadline is None or not _is_of_consequence(deadline.why.row):
            return ""
        return words.say("There is time to act until %(when)s.", when=view.instant(deadline.at))
    is_yours, name = holder in view.roles(version.brief), view.in_role(holder, version.brief)
    if deadline is None:
        return words.say("Please respond.") if is_yours else words.say("%(name)s has to respond.", name=name)
    when = view.instant(deadline.at)
    if is_yours:
        return words.say("Please respond before %(when)s.", when=when)
    return words.say("%(name)s has until %(when)s to respond.", name=name, when=when)


def what_if_not(view: View, version: Lesson) -> Iterator[str]:
    """Yield, as sentences, what happens at the deadline if nobody acts; nothing where that is of no consequence.

    What would be counted against somebody is said to that person, and to the platform's own people.
    """
    deadline = next_deadline(version)
    if deadline is None or (version.waits_for is None and not _is_of_consequence(deadline.why.row)):
        return
    row, process, words = deadline.why.row, version.machine.process, view.words
    case = _case_to_come(version, row, deadline)
    known = _TO_COME.get(lapse(row, about_problem=version.problem is not None))
    if case is None or known is None:
        yield words.say("If nobody acts by then: %(what)s", what=_in_full(view, version, row, case))
        return
    yield words.say(known)
    settle = _settled(version, row, case)
    if settle is not None and not row.agrees:
        yield settlement_words(words, settle, process)
    if case.step.mark is not None and case.step.fault in view.roles(version.brief):
        yield words.say("It is counted against you then: %(mark)s.", mark=mark_name(words, case.step.mark))


def _is_of_consequence(row: CompiledRow) -> bool:
    """Whether a timeout does more than let a lesson begin or end at its time."""
    ends = row.enters is not None and row.enters.state.over
    return ends or row.beside or any(case.split is not None or case.step.mark is not None for case in row.cases)


def _case_to_come(version: Lesson, row: CompiledRow, deadline: Deadline) -> CompiledCase | None:
    """The case that will decide; None if only the world outside the lesson can tell."""
    guards = [case.when for case in row.rule.effects.cases if case.when is not None]
    if any(counts_read(guard) or supplied_read(guard) for guard in guards):
        return None
    offer = None if version.change is None else version.change.terms
    said = version.problem if row.agrees else None
    reading = (deadline.at, version.terms, offer, version.rounds, version.timeline, version.brief, said, None)
    return next(case for case in row.cases if case.when is None or case.when(*reading))


def _stated(row: CompiledRow, case: CompiledCase) -> Case:
    """The case as the table states it."""
    stated = row.rule.effects.cases or (Case(),)
    return stated[row.cases.index(case)]


def _settled(version: Lesson, row: CompiledRow, case: CompiledCase) -> Settlement | AsGiven | None:
    """Who will get what; nothing where nothing is held that anybody could get."""
    is_of_money = version.held > 0 or version.machine.process.settles == "due"
    return _stated(row, case).settle if is_of_money else None


def _in_full(view: View, version: Lesson, row: CompiledRow, case: CompiledCase | None) -> str:
    """Everything that the row does; of the blame only what is the reader's own."""
    rule, process = row.rule, version.machine.process
    assert isinstance(rule, Timeout)
    if case is None:
        return outcome_words(view.words, rule, process)
    step = case.step
    is_theirs = view.reader.desk is not None or step.fault in view.roles(version.brief)
    blamed = (step.mark, step.fault) if is_theirs else (None, None)
    shown = Case(_settled(version, row, case), None, *blamed)
    effects = attrs.evolve(rule.effects, cases=(shown,))
    return outcome_words(view.words, attrs.evolve(rule, fault="none", effects=effects), process)
