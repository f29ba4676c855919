"""Worked examples in words: what one step of the example lesson looks like, with real dates and amounts.

Everything said here is read from versions that were decided (`worked`); nothing is calculated.
"""

from __future__ import annotations

from collections.abc import Iterator

from tutorcore.instants import MICROSECOND, Instant
from tutorcore.lessons.lesson import Command, Lesson, Particulars, next_deadline
from tutorcore.policy.analysis import anchors_read
from tutorcore.policy.process import Process, Unit
from tutorcore.policy.roles import BOUND_ROLES
from tutorcore.policy.settlement import LegRole
from tutorcore.policy.words import reason
from tutorcore.text.names import kind_name, reason_name, remedy_name, role_name, state_name, verb_name
from tutorcore.text.rules import paragraph, shares_words
from tutorcore.text.words import Words
from tutorcore.text.worked import ASKED, LENGTH, START, ZONE, Worked, expressions_of, price_of, reads


def cast_words(words: Words, process: Process) -> str:
    """Return what all examples have in common: when their lesson is asked for, for when, and at what price."""
    unit = process.unit
    return words.say(
        "The examples are about one lesson: asked for on %(asked)s, to begin on %(start)s, length %(length)s, price "
        "%(price)s. Where an example says otherwise, that counts.",
        asked=words.instant(ASKED, ZONE),
        start=words.instant(START, ZONE),
        length=words.span(LENGTH),
        price=words.money(price_of(process), unit.code, unit.exponent),
    )


def example_words(words: Words, example: Worked, process: Process) -> str:
    """Return an example as whole sentences: what went before, what is done or left undone, and what comes of it."""
    return paragraph(words, _sentences(words, example, process))


def instant_words(words: Words, at: Instant) -> str:
    """Return an instant as the clocks of the examples show it."""
    return words.instant(at, ZONE)


def money_words(words: Words, minor: int, unit: Unit) -> str:
    """Return an amount in the unit of the policy."""
    return words.money(minor, unit.code, unit.exponent)


def _sentences(words: Words, example: Worked, process: Process) -> Iterator[str]:
    before, after = example.before, example.after
    yield from _setting(words, example)
    command = after.command
    if command is None:
        assert before is not None
        yield words.say("Last step: %(at)s.", at=instant_words(words, before.at))
        yield words.say("Nothing more is done until %(at)s.", at=instant_words(words, after.at))
    else:
        who = "" if example.role is None else role_name(words, example.role)
        what, at = verb_name(words, command.verb), instant_words(words, after.at)
        yield words.say_in("example", "%(at)s – %(who)s: %(what)s.", at=at, who=who, what=what)
        yield from _said(words, example, command, process)
        yield from _closing(words, example.until)
    yield from _result(words, before, after, process)


def _setting(words: Words, example: Worked) -> Iterator[str]:
    """What is special about the lesson of this example, and who has come to it."""
    before, row = example.before, example.row
    terms = example.after.terms if before is None else before.terms
    if terms.start != START:
        yield words.say("Start of the lesson: %(at)s.", at=instant_words(words, terms.start))
    if terms.kind:
        yield words.say("Kind of the lesson: %(kind)s.", kind=kind_name(words, terms.kind))
    read = frozenset[str]().union(*map(anchors_read, expressions_of(row)))
    for role in BOUND_ROLES:
        anchor = f"joined({role})"
        came = None if before is None else before.timeline.get(anchor)
        if came is not None and anchor in read:
            who = role_name(words, role)
            yield words.say("First arrival (%(who)s): %(at)s.", who=who, at=instant_words(words, came))
    if row.agrees and before is not None and before.problem is not None:
        yield from _remedy(words, before.problem.reason, before.problem.particulars)


def _said(words: Words, example: Worked, command: Command, process: Process) -> Iterator[str]:
    """What is said with the command, as far as somebody looks at it."""
    offer, said = command.offer, command.particulars
    if offer is not None and example.before is not None:
        if offer.start is not None:
            yield words.say("Proposed start: %(at)s.", at=instant_words(words, offer.start))
        if offer.price is not None:
            yield words.say("Proposed price: %(price)s.", price=money_words(words, offer.price, process.unit))
    if said is None:
        return
    if said.remedy is not None:
        yield from _remedy(words, command.reason, said)
    elif reads(example.row, reason) and not example.row.agrees:
        yield words.say("Reason: %(reason)s.", reason=words.quoted(reason_name(words, command.reason)))
    if said.blamed is not None:
        yield words.say("Blamed: %(who)s.", who=role_name(words, said.blamed))
    if said.split is not None:
        yield words.say("Shares: %(shares)s.", shares=shares_words(words, said.split, process))
    if said.subject is not None:
        yield words.say("About: %(who)s.", who=role_name(words, said.subject))
    if said.seen is not None:
        yield words.say("Seen at this time: %(at)s.", at=instant_words(words, said.seen))


def _remedy(words: Words, why: str, said: Particulars) -> Iterator[str]:
    """The remedy that is put on the table or lies there, and the reason of the problem."""
    yield words.say("Reason: %(reason)s.", reason=words.quoted(reason_name(words, why)))
    if said.remedy is not None:
        yield words.say("Remedy: %(remedy)s.", remedy=words.quoted(remedy_name(words, said.remedy)))


def _closing(words: Words, until: Instant | None) -> Iterator[str]:
    """Until when it would have been possible; an instant that is still in time is the one before it closes."""
    if until is None:
        return
    if until.microsecond == 1:
        yield words.say(
            "Possible up to and including this moment: %(at)s.", at=instant_words(words, until - MICROSECOND)
        )
    else:
        yield words.say("Too late from this moment on: %(at)s.", at=instant_words(words, until))


def _result(words: Words, before: Lesson | None, after: Lesson, process: Process) -> Iterator[str]:
    if before is None or after.place is not before.place:
        yield words.say("The lesson is then %(state)s.", state=words.quoted(state_name(words, after.state)))
    beside = None if after.change is None else after.change.place
    if beside is not None and (before is None or before.change is None or before.change.place is not beside):
        yield words.say("Beside it there is: %(state)s.", state=words.quoted(state_name(words, beside.name)))
    if after.legs:
        legs = words.listed(_leg(words, role, amount, process) for role, amount in after.legs)
        yield words.say("Money: %(legs)s.", legs=legs)
    if after.step.fault is not None:
        yield words.say("Who is to blame: %(who)s.", who=role_name(words, after.step.fault))
    deadline = next_deadline(after)
    stood = None if before is None else next_deadline(before)
    if deadline is not None and deadline != stood:
        yield words.say("The next deadline: %(at)s.", at=instant_words(words, deadline.at))


def _leg(words: Words, role: LegRole, minor: int, process: Process) -> str:
    amount = money_words(words, minor, process.unit)
    if role == "payer" and minor < 0:
        return words.say("held %(amount)s", amount=money_words(words, -minor, process.unit))
    if role == "payer":
        return words.say("given back %(amount)s", amount=amount)
    if role == "owed":
        return words.say(
            "owed (%(who)s) %(amount)s", who=role_name(words, "payer"), amount=money_words(words, -minor, process.unit)
        )
    if role == "due":
        return words.say("due to be paid (%(who)s) %(amount)s", who=role_name(words, "tutor"), amount=amount)
    return words.say("%(who)s %(part)s", who=role_name(words, role), part=amount)
