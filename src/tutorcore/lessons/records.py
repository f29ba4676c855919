"""Records: a version in plain values, the form in which stores keep it.

A record holds integers and texts only: instants are microseconds since 1970, steps, places and reasons are their ids,
and whatever has parts is compact JSON with sorted keys, so that the same version always gives the same bytes. What is
at its default (no reason given, no details) is left out. Reading a record back gives an equal version that points at
the same interned steps, places and reasons.

Knows neither tables nor columns: what a store does with the values is the store's business.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple, TypeAlias, cast

import attrs

from tutorcore.ids import Key, LessonId, PartyId, PolicyHash
from tutorcore.instants import MICROSECOND, Instant, from_micros, to_micros
from tutorcore.lessons.lesson import (
    NO_COUNTS,
    NO_DETAILS,
    NO_FACTS,
    NO_TIMELINE,
    Brief,
    Change,
    Command,
    Facts,
    Lesson,
    Meeting,
    Offer,
    Particulars,
    Problem,
    Settled,
    Terms,
    next_timeout,
)
from tutorcore.lessons.refusals import Refusal
from tutorcore.policy.machine import Machine
from tutorcore.policy.settlement import Legs, Settlement

Plain: TypeAlias = Any
"""What JSON can say. It is `Any` because it is checked by nothing but the code that reads it back."""

# ASCII: whatever a text holds, lone surrogates and NUL included, passes any database.
encode: Final[Callable[[Plain], str]] = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode
decode: Final[Callable[[str], Plain]] = json.JSONDecoder().decode


class BriefRecord(NamedTuple):
    """What never changes about a lesson, in plain values."""

    id: str
    policy: str
    zone: str
    currency: str
    created: int
    tutor: str
    student: str
    payer: str
    requester: str


class Record(NamedTuple):
    """One version, in plain values."""

    lesson: str
    number: int
    at: int
    step: str
    state: str
    command: str | None
    terms: str
    change: str | None
    rounds: int
    held: int
    legs: str
    due: int | None
    why: str | None
    timeline: str
    facts: str | None
    meeting: str | None
    problem: str | None
    settled: str | None


def brief_record(brief: Brief) -> BriefRecord:
    """Return the brief in plain values."""
    return BriefRecord(
        brief.id,
        brief.policy,
        brief.zone,
        brief.currency,
        to_micros(brief.created),
        brief.tutor,
        brief.student,
        brief.payer,
        brief.requester,
    )


def brief_of(record: BriefRecord) -> Brief:
    """Return the brief that `brief_record` made plain."""
    return Brief(
        LessonId(record.id),
        PolicyHash(record.policy),
        record.zone,
        record.currency,
        from_micros(record.created),
        PartyId(record.tutor),
        PartyId(record.student),
        PartyId(record.payer),
        PartyId(record.requester),
    )


def lesson_record(lesson: Lesson) -> Record:
    """Return the version in plain values; its brief is kept apart, once a lesson."""
    (
        brief, number, at, step, place, command, terms, change, rounds, held, legs, due, why, timeline, facts, meeting,
        problem, settled,
    ) = lesson  # fmt: skip
    return Record(
        brief.id,
        number,
        to_micros(at),
        step.id,
        place.state.name,
        None if command is None else encode(_command(command)),
        encode(_terms(terms)),
        None if change is None else encode(_change(change)),
        rounds,
        held,
        encode(legs) if legs else "[]",
        None if due is None else to_micros(due),
        None if why is None else why.id,
        encode({anchor: to_micros(each) for anchor, each in timeline.items()}) if timeline else "{}",
        None if facts is None else encode(_facts(facts)),
        None if meeting is None else encode(list(attrs.astuple(meeting))),
        None if problem is None else encode(_problem(problem)),
        None if settled is None else encode(_settled(settled)),
    )


def lesson_of(record: Record, brief: Brief, machine: Machine) -> Lesson:
    """Return the version that `lesson_record` made plain, with its brief and the compiled process it runs under."""
    (
        _, number, at, step, state, command, terms, change, rounds, held, legs, due, why, timeline, facts, meeting,
        problem, settled,
    ) = record  # fmt: skip
    return Lesson(
        brief,
        number,
        from_micros(at),
        machine.step(step),
        machine.place(state),
        None if command is None else _command_of(decode(command)),
        _terms_of(decode(terms)),
        None if change is None else _change_of(decode(change), machine),
        rounds,
        held,
        _legs_of(decode(legs)),
        None if due is None else from_micros(due),
        None if why is None else machine.why(why),
        _timeline_of(timeline),
        None if facts is None else _facts_of(decode(facts)),
        None if meeting is None else _meeting_of(*decode(meeting)),
        None if problem is None else _problem_of(decode(problem)),
        None if settled is None else _settled_of(decode(settled)),
    )


def due_of(lesson: Lesson) -> Instant | None:
    """Return when the lesson's next timeout is due, that of an open change included: where a store looks for it."""
    return next_timeout(lesson)[0]


def refusal_facts(refusal: Refusal) -> str:
    """Return what a refusal names, as one text."""
    return encode(dict(refusal.facts))


def refusal_of(code: str, facts: str) -> Refusal:
    """Return the refusal with that code and the facts that `refusal_facts` made plain."""
    return Refusal(code, decode(facts))


def _command(command: Command) -> Plain:
    plain: dict[str, Plain] = {
        "actor": command.actor,
        "key": command.key,
        "lesson": command.lesson,
        "verb": command.verb,
    }
    if command.proposal is not None:
        plain["proposal"] = command.proposal
    if command.offer is not None:
        plain["offer"] = _offer(command.offer)
    if command.reason:
        plain["reason"] = command.reason
    if command.note:
        plain["note"] = command.note
    if command.particulars is not None:
        plain["particulars"] = _particulars(command.particulars)
    return plain


def _command_of(plain: Plain) -> Command:
    offer = plain.get("offer")
    return Command(
        plain["verb"],
        PartyId(plain["actor"]),
        Key(plain["key"]),
        LessonId(plain["lesson"]),
        plain.get("proposal"),
        None if offer is None else _offer_of(offer),
        plain.get("reason", ""),
        plain.get("note", ""),
        _particulars_of(plain["particulars"]) if "particulars" in plain else None,
    )


def _particulars(said: Particulars) -> Plain:
    plain: dict[str, Plain] = {}
    if said.subject is not None:
        plain["subject"] = said.subject
    if said.seen is not None:
        plain["seen"] = to_micros(said.seen)
    if said.source:
        plain["source"] = said.source
    if said.details:
        plain["details"] = said.details
    if said.split is not None:
        plain["split"] = list(said.split.as_texts().items())  # Their order says who gets the odd unit.
    if said.blamed is not None:
        plain["blamed"] = said.blamed
    if said.remedy is not None:
        plain["remedy"] = said.remedy
    return plain


def _particulars_of(plain: Plain) -> Particulars:
    seen, split = plain.get("seen"), plain.get("split")
    return Particulars(
        plain.get("subject"),
        None if seen is None else from_micros(seen),
        plain.get("source", ""),
        _details_of(plain.get("details", ())),
        None if split is None else Settlement.of(dict(split)),
        plain.get("blamed"),
        plain.get("remedy"),
    )


def _offer(offer: Offer) -> Plain:
    plain: dict[str, Plain] = {}
    if offer.start is not None:
        plain["start"] = to_micros(offer.start)
    if offer.duration is not None:
        plain["duration"] = offer.duration // MICROSECOND
    if offer.price is not None:
        plain["price"] = offer.price
    if offer.kind is not None:
        plain["kind"] = offer.kind
    if offer.details is not None:
        plain["details"] = offer.details
    return plain


def _offer_of(plain: Plain) -> Offer:
    start, duration, details = plain.get("start"), plain.get("duration"), plain.get("details")
    return Offer(
        None if start is None else from_micros(start),
        None if duration is None else timedelta(microseconds=duration),
        plain.get("price"),
        plain.get("kind"),
        None if details is None else _details_of(details),
    )


def _terms(terms: Terms) -> Plain:
    plain: dict[str, Plain] = {
        "number": terms.number,
        "start": to_micros(terms.start),
        "end": to_micros(terms.end),
        "price": terms.price,
    }
    if terms.kind:
        plain["kind"] = terms.kind
    if terms.details:
        plain["details"] = terms.details
    if terms.occurrence != 1:
        plain["occurrence"] = terms.occurrence
    return plain


def _terms_of(plain: Plain) -> Terms:
    details = plain.get("details")
    return Terms(
        plain["number"],
        from_micros(plain["start"]),
        from_micros(plain["end"]),
        plain["price"],
        plain.get("kind", ""),
        NO_DETAILS if details is None else _details_of(details),
        plain.get("occurrence", 1),
    )


def _meeting_of(provider: str, links: Plain, terms: int) -> Meeting:
    return Meeting(provider, _details_of(links), terms)


def _details_of(plain: Plain) -> tuple[tuple[str, str], ...]:
    return tuple((name, text) for name, text in plain)


def _change(change: Change) -> Plain:
    plain: dict[str, Plain] = {"terms": _terms(change.terms), "state": change.place.state.name}
    if change.due is not None:
        plain["due"] = to_micros(change.due)
    if change.why is not None:
        plain["why"] = change.why.id
    return plain


def _change_of(plain: Plain, machine: Machine) -> Change:
    due, why = plain.get("due"), plain.get("why")
    return Change(
        _terms_of(plain["terms"]),
        machine.place(plain["state"]),
        None if due is None else from_micros(due),
        None if why is None else machine.why(why),
    )


def _problem(problem: Problem) -> Plain:
    return {
        "number": problem.number,
        "particulars": _particulars(problem.particulars),
        "reason": problem.reason,
        "role": problem.role,
    }


def _problem_of(plain: Plain) -> Problem:
    return Problem(plain["number"], plain["role"], plain["reason"], _particulars_of(plain["particulars"]))


def _settled(settled: Settled) -> Plain:
    plain: dict[str, Plain] = {"at": to_micros(settled.at), "legs": settled.legs}
    if settled.facts is not None:
        plain["facts"] = _facts(settled.facts)
    return plain


def _settled_of(plain: Plain) -> Settled:
    facts = plain.get("facts")
    return Settled(_legs_of(plain["legs"]), from_micros(plain["at"]), None if facts is None else _facts_of(facts))


def _legs_of(plain: Plain) -> Legs:
    return cast(Legs, tuple((role, amount) for role, amount in plain))  # Our own roles come back.


def _facts(facts: Facts) -> Plain:
    plain: dict[str, Plain] = {}
    if facts.grants:
        plain["grants"] = sorted(facts.grants)
    if facts.counts:
        plain["counts"] = dict(facts.counts)
    if facts.has:
        plain["has"] = sorted(facts.has)
    return plain


def _facts_of(plain: Plain) -> Facts:
    if not plain:
        return NO_FACTS
    return Facts(frozenset(plain.get("grants", ())), plain.get("counts", NO_COUNTS), frozenset(plain.get("has", ())))


def _timeline_of(text: str) -> Mapping[str, Instant]:
    if text == "{}":
        return NO_TIMELINE
    return {anchor: from_micros(micros) for anchor, micros in decode(text).items()}
