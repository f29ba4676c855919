"""The facts of a lesson for one reader: with whom, when on whose clock, how long, what it costs, what money moved.

Each is a label with its value. Where terms have been replaced or a change lies on the table, both the old and the new
stand here; of money a reader sees their own, and the platform's people all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from tutorcore.calendar.zones.wall_time import to_local
from tutorcore.ids import PartyId
from tutorcore.instants import Instant
from tutorcore.lessons.lesson import Command, Lesson, Particulars, Problem, Terms
from tutorcore.policy.analysis import literal_last
from tutorcore.policy.expressions import Comparison, Text, walk
from tutorcore.policy.machine import Machine
from tutorcore.policy.process import Move, Process
from tutorcore.policy.roles import Role
from tutorcore.policy.settlement import LegRole
from tutorcore.policy.words import reason
from tutorcore.text.names import kind_name, reason_name
from tutorcore.text.readers import View
from tutorcore.text.rules import settlement_words
from tutorcore.text.tellings import row_taken
from tutorcore.text.words import cleaned, sentence

Fact: TypeAlias = tuple[str, str]

_MOST_POLICIES: Final = 64


class _Labels(NamedTuple):
    """What the parts of some terms are called."""

    start: str
    start_for: str
    length: str
    price: str
    kind: str
    details: str


_STANDING: Final = _Labels(
    sentence("When"),
    sentence("When for %(name)s"),
    sentence("Length"),
    sentence("Price"),
    sentence("Kind of lesson"),
    sentence("Details"),
)
_PROPOSED: Final = _Labels(
    sentence("Proposed time"),
    sentence("Proposed time for %(name)s"),
    sentence("Proposed length"),
    sentence("Proposed price"),
    sentence("Proposed kind of lesson"),
    sentence("Proposed details"),
)
_BEFORE: Final = _Labels(
    sentence("Time before"),
    sentence("Time before for %(name)s"),
    sentence("Length before"),
    sentence("Price before"),
    sentence("Kind of lesson before"),
    sentence("Details before"),
)


class _Flow(NamedTuple):
    """What money that moved is called: by whoever it is about, and by the platform's people."""

    role: Role
    yours: str
    theirs: str


_OUT: Final[Mapping[LegRole, _Flow]] = {
    "payer": _Flow("payer", sentence("Given back to you"), sentence("Given back to the payer")),
    "tutor": _Flow("tutor", sentence("Credited to you"), sentence("Credited to the tutor")),
    "platform": _Flow("tutor", sentence("Kept by the platform"), sentence("Kept by the platform")),
    "owed": _Flow("payer", sentence("No longer owed by you"), sentence("No longer owed by the payer")),
    "due": _Flow("tutor", sentence("Due to you"), sentence("Due to the tutor")),
}
_IN: Final[Mapping[LegRole, _Flow]] = {
    "payer": _Flow("payer", sentence("Taken from your wallet"), sentence("Taken from the payer's wallet")),
    "tutor": _Flow("tutor", sentence("Taken back from you"), sentence("Taken back from the tutor")),
    "platform": _Flow("tutor", sentence("Given back by the platform"), sentence("Given back by the platform")),
    "owed": _Flow("payer", sentence("Owed by you"), sentence("Owed by the payer")),
    "due": _Flow("tutor", sentence("No longer due to you"), sentence("No longer due to the tutor")),
}
"""What an amount of a role is, if it is positive or negative."""

_TUTORS_OWN: Final = frozenset({"tutor", "due"})


def facts_about(view: View, before: Lesson | None, version: Lesson) -> tuple[Fact, ...]:
    """Return everything that the reader of a letter about a step wants to look up."""
    return (
        *_people(view, version),
        *_times(view, before, version),
        *_said(view, version),
        *_on_the_table(view, before, version),
        *_money(view, before, version),
        *_if_accepted(view, version),
    )


def facts_of(view: View, version: Lesson) -> tuple[Fact, ...]:
    """Return what there is to say of a lesson where it stands, whatever has happened."""
    people, times = _people(view, version), _times(view, None, version)
    return (*people, *times, *_held(view, version), *_if_accepted(view, version))


def facts_agreed(view: View, version: Lesson) -> tuple[Fact, ...]:
    """Return with whom the lesson is and its terms, and nothing that is true only for a while."""
    return (*_people(view, version), *_terms(view, version, _STANDING, version.terms, None))


# People and times


def _people(view: View, version: Lesson) -> Iterator[Fact]:
    words, brief = view.words, version.brief
    if view.reader.desk is not None:
        yield words.say("Lesson"), cleaned(brief.id)
    if not view.is_you(brief.tutor):
        yield words.say("Tutor"), view.named(brief.tutor)
    if not view.is_you(brief.student):
        yield words.say("Student"), view.named(brief.student)


def _times(view: View, before: Lesson | None, version: Lesson) -> Iterator[Fact]:
    """The terms that stand, those that lie on the table beside them, and those that stood until now."""
    yield from _terms(view, version, _STANDING, version.terms, None)
    offered = _offered(before, version)
    if offered is not None:
        yield from _terms(view, version, _PROPOSED, offered, version.terms)
    if before is not None and before.terms is not version.terms:
        yield from _terms(view, version, _BEFORE, before.terms, version.terms)


def _offered(before: Lesson | None, version: Lesson) -> Terms | None:
    """The change that lies on the table, or the one that this step has taken from it without its being agreed.

    Where the lesson itself has gone on meanwhile, nobody wants to read of a time that will not be.
    """
    if version.change is not None:
        return version.change.terms
    if before is None or before.change is None or before.state != version.state:
        return None
    return None if before.change.terms is version.terms else before.change.terms


def _terms(view: View, version: Lesson, labels: _Labels, terms: Terms, other: Terms | None) -> Iterator[Fact]:
    """The parts of the terms; beside others, only those in which they differ."""
    words, unit = view.words, version.machine.process.unit
    if other is None or terms.start != other.start:
        yield words.say(labels.start), view.instant(terms.start)
        for party, zone in _other_clocks(view, version, terms.start):
            yield words.say(labels.start_for, name=view.named(party)), words.instant(terms.start, zone)
    if other is None or terms.duration != other.duration:
        yield words.say(labels.length), words.span(terms.duration)
    if other is None or terms.price != other.price:
        yield words.say(labels.price), words.money(terms.price, unit.code, unit.exponent)
    if terms.kind and (other is None or terms.kind != other.kind):
        yield words.say(labels.kind), kind_name(words, terms.kind)
    for detail in terms.details:
        if other is None or detail not in other.details:
            yield words.say(labels.details), _detail(view, detail)


def _other_clocks(view: View, version: Lesson, at: Instant) -> Iterator[tuple[PartyId, str]]:
    """Who else comes to the lesson and sees another time on the clock then."""
    own = to_local(at, view.reader.zone).utcoffset()
    for party in dict.fromkeys((version.brief.tutor, version.brief.student)):
        zone = view.cast.zones.get(party)
        if zone is not None and not view.is_you(party) and to_local(at, zone).utcoffset() != own:
            yield party, zone


# What was said


def _said(view: View, version: Lesson) -> Iterator[Fact]:
    """The reason, the note and the details of whoever acted; a blind review is nobody's to read yet."""
    command = version.command
    if command is None or version.step.blind:
        return
    words = view.words
    if command.reason:
        yield words.say("Reason"), _reason(view, command.reason, version.machine)
    if command.note:
        yield words.say("Note"), words.quoted(command.note)
    if version.step.records in ("evidence", "reviewed"):
        for detail in _details(command):
            yield words.say("Details"), _detail(view, detail)


def _details(command: Command) -> tuple[tuple[str, str], ...]:
    return () if command.particulars is None else command.particulars.details


def _detail(view: View, detail: tuple[str, str]) -> str:
    """A detail with its name, both as they were given: only the platform knows what they mean."""
    name, text = detail
    return view.words.quoted(f"{name}: {text}")


def _reason(view: View, given: str, machine: Machine) -> str:
    """A reason as the policy calls it, or in the words in which somebody has given it."""
    return reason_name(view.words, given) if given in _reasons_of(machine) else view.words.quoted(given)


@lru_cache(maxsize=_MOST_POLICIES)
def _reasons_of(machine: Machine) -> frozenset[str]:
    """The reasons that conditions of the table ask for."""
    process = machine.process
    rows = [*process.openings, *(row for state in process.states for row in state.rows)]
    guards = [case.when for row in rows for case in row.effects.cases]
    guards += [row.when for row in rows if isinstance(row, Move)]
    nodes = (node for guard in guards if guard is not None for node in walk(guard) if isinstance(node, Comparison))
    compared = (literal_last(node) for node in nodes)
    return frozenset(each.right.value for each in compared if each.left == reason and isinstance(each.right, Text))


def _on_the_table(view: View, before: Lesson | None, version: Lesson) -> Iterator[Fact]:
    """The open problem and the remedy on the table, or the one that has just been taken up."""
    taken_up = before is not None and row_taken(version.step).agrees
    problem = before.problem if before is not None and taken_up else version.problem
    if problem is None:
        return
    command, words = version.command, view.words
    if problem.reason and (command is None or command.reason != problem.reason):
        yield words.say("Problem"), _reason(view, problem.reason, version.machine)
    if taken_up or _awaits_an_answer(version):
        yield words.say("Suggested remedy"), _remedy(view, problem, version.machine.process)


def _awaits_an_answer(version: Lesson) -> bool:
    """Whether the remedy can still be taken up where the lesson stands."""
    place = version.place
    rows = (*place.timeouts, *(row for rows in place.moves.values() for row in rows))
    return any(row.agrees for row in rows)


def _remedy(view: View, problem: Problem, process: Process) -> str:
    said: Particulars = problem.particulars
    if said.split is None:
        return view.words.say("The lesson is held at another time.")
    return settlement_words(view.words, said.split, process)


# Money


def _money(view: View, before: Lesson | None, version: Lesson) -> Iterator[Fact]:
    earns = any(role in _TUTORS_OWN for role, _ in version.legs)
    for role, amount in version.legs:
        if role == "payer" and amount == -version.held:
            continue  # All that is held was taken just now, and that it is held is said below.
        flow = (_OUT if amount > 0 else _IN)[role]
        is_yours = flow.role in view.roles(version.brief) and (role != "platform" or earns)
        if view.reader.desk is not None or is_yours:
            label = flow.theirs if view.reader.desk is not None else flow.yours
            yield view.words.say(label), _amount(view, abs(amount), version)
    spent = _spent(before, version)
    if spent > 0 and "payer" in view.roles(version.brief):
        yield view.words.say("Paid for the lesson"), _amount(view, spent, version)
    yield from _held(view, version)


def _spent(before: Lesson | None, version: Lesson) -> int:
    """What was held and went to others than whoever had paid it in."""
    if before is None or version.step.refunds:
        return 0
    return before.held - version.held - sum(amount for role, amount in version.legs if role == "payer")


def _if_accepted(view: View, version: Lesson) -> Iterator[Fact]:
    """What accepting the terms on the table holds more than is held already, or gives back to whoever pays."""
    change = version.change
    place, terms = (version.place, version.terms) if change is None else (change.place, change.terms)
    rows = (row for rows in place.moves.values() for row in rows if row.terms == "accept" and row.hold is not None)
    row = next(rows, None)
    sees = view.reader.desk is not None or "payer" in view.roles(version.brief)
    if row is None or not (version.held and sees):
        return
    if terms.price > version.held:
        yield view.words.say("Held in addition if accepted"), _amount(view, terms.price - version.held, version)
    elif terms.price < version.held and row.hold == "exact":
        yield view.words.say("Given back if accepted"), _amount(view, version.held - terms.price, version)


def _held(view: View, version: Lesson) -> Iterator[Fact]:
    sees = view.reader.desk is not None or not {"payer", "tutor"}.isdisjoint(view.roles(version.brief))
    if version.held and sees:
        yield view.words.say("Held for the lesson"), _amount(view, version.held, version)


def _amount(view: View, minor: int, version: Lesson) -> str:
    unit = version.machine.process.unit
    return view.words.money(minor, unit.code, unit.exponent)
