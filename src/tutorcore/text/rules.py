"""What a row of the table does, in plain words: where it leads, who gets what, what counts against whom.

Everything is said in whole sentences made from a row's cells, so a table of an integrator's own is explained as well as
a profile's. Roles stand before or after a colon or in parentheses, and states in quotation marks, where no language has
to bend them. `times` says times and conditions; `explanation` puts the rules of a policy in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Final

from tutorcore.policy.expressions import And, Exact
from tutorcore.policy.process import (
    BACK,
    FIELDS,
    STAY,
    Case,
    Effects,
    Fact,
    IfPast,
    Move,
    Need,
    Process,
    Row,
    Slot,
    State,
    Timeout,
)
from tutorcore.policy.roles import Role
from tutorcore.policy.settlement import AsGiven, Beneficiary, Part, Settlement
from tutorcore.text.names import field_name, mark_name, remedy_name, role_name, state_name, verb_name
from tutorcore.text.times import guard_words, time_words
from tutorcore.text.words import Words, sentence, sentence_in

_ALL: Final = Fraction(1)

_NEEDS: Final[Mapping[Need, str]] = {
    "reason": sentence_in("need", "a reason"),
    "split": sentence_in("need", "how to share out what is held"),
    "details": sentence_in("need", "details"),
}

_RECORDED: Final[Mapping[Fact, str]] = {
    "joined": sentence("It is recorded who came, and when."),
    "left": sentence("It is recorded who left, and when."),
    "reviewed": sentence("The review is recorded."),
    "meeting": sentence("The links or addresses of the meeting are recorded."),
    "evidence": sentence("What is brought is kept for whoever decides."),
}

_SLOTS: Final[Mapping[Slot, str]] = {
    "none": sentence("No time is kept for the lesson."),
    "tentative": sentence("The time is kept free for the lesson until this is decided."),
    "firm": sentence("The time of the lesson is booked."),
}

_SLOTS_KEPT: Final[Mapping[Slot, str]] = {
    "none": sentence("Its time is free for others."),
    "tentative": sentence("Its time stays taken for now."),
    "firm": sentence("Its time stays taken."),
}
"""The same of lessons that are over."""

_IF_PAST: Final[Mapping[IfPast, str]] = {
    "fire": sentence("If that is past already, it happens at once."),
    "skip": sentence("If that is past already, it does not happen."),
}


def settlement_words(words: Words, settle: Settlement | AsGiven, process: Process) -> str:
    """Return who gets what, as whole sentences: of what is held or, where nothing is held, of the price."""
    if isinstance(settle, AsGiven):
        return _as_given(words, settle, process)
    return paragraph(words, [_shared(words, settle, process), *_commission(words, settle, process)])


def shares_words(words: Words, settle: Settlement, process: Process) -> str:
    """Return the shares alone: "the tutor 50% and the student the rest"."""
    parts = _parts(settle, process)
    alone = sum(part != 0 for _, part in settle.shares) == 1
    shares = (
        words.say("%(who)s %(part)s", who=role_name(words, name), part=_part(words, part, alone=alone))
        for name, part in parts
    )
    return words.listed(shares)


def outcome_words(words: Words, row: Row, process: Process) -> str:
    """Return what a row does, as whole sentences: where the lesson stands then, who gets what, who is to blame."""
    return paragraph(words, _outcome(words, row, process))


def row_title(words: Words, row: Row, source: State | None) -> str:
    """Return what a row is called: who does what, or that nobody did anything. `source` is None for an opening."""
    if isinstance(row, Move):
        return _titled(words, roles_words(words, row.by), verb_name(words, row.verb))
    if source is None or source.waits_for is None:
        return words.say("By itself")
    return _titled(words, role_name(words, source.waits_for), words.say("no answer"))


def row_words(words: Words, row: Row, process: Process, source: State | None) -> str:
    """Return the whole rule of a row: under which conditions, until when, what it needs, and what it does."""
    before = _of_move(words, row, process) if isinstance(row, Move) else _of_timeout(words, row, process, source)
    return paragraph(words, [*before, *_outcome(words, row, process, source)])


def state_words(words: Words, state: State) -> str:
    """Return what holds while a lesson stands in a state: whose turn it is, and what the lesson has meanwhile."""
    return paragraph(words, _of_state(words, state))


def roles_words(words: Words, roles: Iterable[Role]) -> str:
    """Return roles as those of whom any may do something: "the student or the tutor"."""
    return words.listed((role_name(words, role) for role in roles), "or")


def paragraph(words: Words, sentences: Iterable[str]) -> str:
    """Return whole sentences one after the other, each with a capital: for those that begin with a role or a state."""
    return in_a_row(words, (each[:1].upper() + each[1:] for each in sentences))


def in_a_row(words: Words, sentences: Iterable[str]) -> str:
    """Return whole sentences one after the other as they are: for those that may begin with somebody's name."""
    found = ""
    for each in sentences:
        found = words.say_in("sentences", "%(one)s %(next)s", one=found, next=each) if found else each
    return found


# Sentences


def _titled(words: Words, who: str, what: str) -> str:
    return paragraph(words, [words.say_in("title", "%(who)s: %(what)s", who=who, what=what)])


def _of_move(words: Words, move: Move, process: Process) -> Iterator[str]:
    if move.when is not None:
        for part in move.when.parts if isinstance(move.when, And) else (move.when,):
            yield words.say("Only if %(condition)s.", condition=guard_words(words, part, process.unit))
    if move.until is not None:
        yield words.say("Deadline for this: %(time)s.", time=time_words(words, move.until, process.unit))
    if move.needs:
        yield words.say(
            "This is needed: %(needs)s.", needs=words.listed(words.say_in("need", _NEEDS[n]) for n in move.needs)
        )
    if move.effects.bookable:
        yield words.say("The time has to be free in the schedule.")


def _of_timeout(words: Words, timeout: Timeout, process: Process, source: State | None) -> Iterator[str]:
    at = time_words(words, timeout.at, process.unit)
    if source is not None and source.waits_for is not None:
        yield words.say("Deadline for an answer: %(time)s.", time=at)
    else:
        yield words.say("When: %(time)s.", time=at)
    if timeout.if_past in _IF_PAST:
        yield words.say(_IF_PAST[timeout.if_past])


def _of_state(words: Words, state: State) -> Iterator[str]:
    if state.over:
        yield words.say("The lesson is over: nothing more happens by itself.")
    if state.beside:
        yield words.say("This is a proposal beside the lesson, which stays as it is meanwhile.")
    if state.waits_for is not None:
        yield words.say("It is the turn of %(who)s.", who=role_name(words, state.waits_for))
    yield words.say((_SLOTS_KEPT if state.over else _SLOTS)[state.slot])
    if state.agreed:
        yield words.say("The terms are binding.")
    if state.meeting:
        yield words.say("There is a meeting for the lesson.")
    if state.problem:
        yield words.say("A problem is open; until it is settled nothing is paid out.")
    if state.yields:
        yield words.say("While a proposal is open beside it, its own deadlines wait.")
    if state.taught:
        yield words.say("The lesson counts as taught.")


def _outcome(words: Words, row: Row, process: Process, source: State | None = None) -> Iterator[str]:
    yield from _on_the_table(words, row, process)
    if source is not None and source.agreed and _unbinds(row, process):
        yield words.say("What was agreed before is given up with that, whatever the answer will be.")
    yield _leads_to(words, row, process)
    yield from _settled(words, row, process)
    if row.effects.notify:
        who = roles_words(words, row.effects.notify)
        yield words.say("Also told, even of their own act: %(who)s.", who=who)


def _unbinds(row: Row, process: Process) -> bool:
    """Whether a row puts other terms in the place of those that stood, and binds nobody to them."""
    if row.effects.terms != "propose" or row.to in (STAY, BACK):
        return False
    target = process.state(row.to)
    return not (target.agreed or target.beside or target.over)


def _leads_to(words: Words, row: Row, process: Process) -> str:
    """Where the lesson stands afterwards, and whose turn it is there."""
    if row.to == STAY:
        return words.say("The lesson stays where it is.")
    if row.to == BACK and row.effects.terms == "accept":
        return words.say("What was proposed takes the place of what was agreed before.")
    if row.to == BACK:
        return words.say("The proposal is off the table, and all else stays as it was.")
    state = process.state(row.to)
    named = words.quoted(state_name(words, state.name))
    if state.over:
        return words.say("The lesson is then over: %(state)s.", state=named)
    if state.waits_for is None:
        return words.say("The lesson is then %(state)s.", state=named)
    who = role_name(words, state.waits_for)
    if state.beside:
        return words.say("Beside the lesson there is then: %(state)s. It is the turn of %(who)s.", state=named, who=who)
    return words.say("The lesson is then %(state)s. It is the turn of %(who)s.", state=named, who=who)


def _on_the_table(words: Words, row: Row, process: Process) -> Iterator[str]:
    """What a row puts on the table or takes from it, holds, and records."""
    effects, opening = row.effects, row in process.openings
    if effects.records is not None:
        yield words.say(_RECORDED[effects.records])
    if effects.blind:
        yield words.say("It is shown once both sides have spoken or can do so no more.")
    if effects.terms == "propose" and not opening:
        yield _proposed(words, effects)
    if effects.terms == "accept" and row.to != BACK:
        yield words.say("What was proposed last is then binding.")
    if effects.remedies:
        remedies = words.listed((remedy_name(words, remedy) for remedy in effects.remedies), "or")
        yield words.say("Whoever does this says how the problem is to be settled: %(remedies)s.", remedies=remedies)
    if effects.agrees:
        yield words.say("That takes up the remedy on the table.")
    yield from _held(words, effects, opening=opening)


def _proposed(words: Words, effects: Effects) -> str:
    if set(effects.may_change) == set(FIELDS):
        return words.say("Other terms are put on the table.")
    fields = words.listed((field_name(words, field) for field in effects.may_change), "and")
    return words.say("Other terms are put on the table; only these may change: %(fields)s.", fields=fields)


def _held(words: Words, effects: Effects, *, opening: bool) -> Iterator[str]:
    if effects.hold == "cover" and effects.terms == "propose" and not opening:
        if "price" in effects.may_change:
            yield words.say("If the proposed price is higher, the difference is held at once.")
    elif effects.hold == "cover":
        yield words.say("The price is held from then on.")
    elif effects.hold == "exact":
        yield words.say("Exactly the agreed price is held from then on.")


# Money and blame


def _settled(words: Words, row: Row, process: Process) -> Iterator[str]:
    """Who gets what and who is to blame, case by case; what all cases share is said once."""
    cases = row.effects.cases or (Case(),)
    last = cases[-1]
    common = all(case.settle == last.settle for case in cases)
    if common and last.settle is not None:
        yield from _settling(words, last.settle, row, process)
    if len(cases) == 1:
        yield from _blame(words, last, row, process)
        return
    blames = any(True for case in cases for _ in _blame(words, case, row, process))
    for case in cases:
        own = [] if common or case.settle is None else [*_settling(words, case.settle, row, process)]
        blame = [*_blame(words, case, row, process)] or ([words.say("Nobody is to blame.")] if blames else [])
        said = paragraph(words, [*own, *blame])
        if said and case.when is not None:
            condition = guard_words(words, case.when, process.unit)
            yield words.say("If %(condition)s: %(what)s", condition=condition, what=said)
        elif said:
            yield words.say("In all other cases: %(what)s", what=said)


def _settling(words: Words, settle: Settlement | AsGiven, row: Row, process: Process) -> Iterator[str]:
    if row.effects.refunds:
        yield words.say("Whoever does this says who should have got what, and the difference is moved.")
    elif row.effects.agrees:
        yield words.say("What is held is shared out as that remedy says.")
        yield from _commission(words, settle, process)
    else:
        yield settlement_words(words, settle, process)


def _blame(words: Words, case: Case, row: Row, process: Process) -> Iterator[str]:
    """The mark that is noted, and whom the table blames; silence without a case of its own blames the turn."""
    by_silence = isinstance(row, Timeout) and row.fault == "holder"
    blamed = case.fault or ("holder" if by_silence else None)
    role = _holder(row, process) if blamed == "holder" else blamed
    if role is None:
        return
    who = role_name(words, role)
    if case.mark is None:
        yield words.say("Who is to blame: %(who)s.", who=who)
    else:
        mark = words.quoted(mark_name(words, case.mark))
        yield words.say("Who is to blame: %(who)s. A mark is noted: %(mark)s.", who=who, mark=mark)


def _holder(row: Row, process: Process) -> Role | None:
    """Whose turn it is where the row stands."""
    return next((state.waits_for for state in process.states if any(each is row for each in state.rows)), None)


def _as_given(words: Words, given: AsGiven, process: Process) -> str:
    if not given.choices:
        said = words.say("Whoever does this says how what is held is shared out.")
    else:
        choices = words.listed((f"({shares_words(words, each, process)})" for each in given.choices), "or")
        said = words.say(
            "Whoever does this chooses how what is held is shared out: %(choices)s.",
            choices=choices,
        )
    return paragraph(words, [said, *_commission(words, given, process)])


def _shared(words: Words, settle: Settlement, process: Process) -> str:
    held = process.settles == "held"
    shares = dict(_parts(settle, process))
    if set(shares) == {"student"} or not shares:
        return words.say("Everything that is held is given back.") if held else words.say("There is nothing to pay.")
    if held and set(shares) == {"tutor"}:
        return words.say("Everything that is held goes to %(who)s.", who=role_name(words, "tutor"))
    if [name for name, part in settle.shares if part != 0] == ["tutor"]:
        return words.say("The whole price is due to %(who)s.", who=role_name(words, "tutor"))
    said = shares_words(words, settle, process)
    if held:
        return words.say("What is held is shared out (%(shares)s).", shares=said)
    return words.say("Of the price, this is due to each: %(shares)s.", shares=said)


def _parts(settle: Settlement, process: Process) -> list[tuple[Beneficiary, Part]]:
    """The shares that are something; where nothing is held, what falls to the student is simply not owed."""
    some = [(name, part) for name, part in settle.shares if part != 0]
    return some if process.settles == "held" else [(name, part) for name, part in some if name != "student"]


def _part(words: Words, part: Part, *, alone: bool) -> str:
    if alone and (part is None or part == _ALL):
        return words.say("everything")
    if part is None:
        return words.say("the rest")
    if isinstance(part, Exact):
        return words.say("the price of %(length)s", length=words.span(part.delta))
    return words.percent(part)


def _commission(words: Words, settle: Settlement | AsGiven, process: Process) -> Iterator[str]:
    """That the platform keeps a part, where the tutor may get something and there is a rate above zero."""
    earns = isinstance(settle, AsGiven) or any(name == "tutor" and part != 0 for name, part in settle.shares)
    if earns and any(each.rate for each in process.fees.rates):
        yield words.say("Of what the lesson earns, the platform keeps its commission.")
