"""Deciding: the two functions that move a lesson, and nothing else does.

`decide` answers a command with the next version or a refusal; `advance` applies every timeout that is due, each at its
own instant. Both read rows of the compiled table and know no state and no verb by name.

What holds on both paths:

* A window is half-open: an act counts if and only if it comes before the deadline. At the deadline, time has won;
  therefore `decide` takes a lesson that has been advanced to `now` and says so if it has not.
* Guards and settlement cases read what stood before the step; the deadline that it opens reads what stands after it.
  In a move that proposes, `proposed.*` is what is being proposed.
* A timeout is stamped with its own deadline, or with the instant its state was entered if that is later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import heappop, heappush
from typing import TypeAlias

from tutorcore.errors import InvariantError, UnknownName
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import EPOCH, LATEST, Instant, to_text
from tutorcore.lessons.lesson import (
    NO_TIMELINE,
    Brief,
    Change,
    Command,
    Facts,
    Lesson,
    Meeting,
    Particulars,
    Problem,
    Settled,
    Terms,
    next_timeout,
)
from tutorcore.lessons.refusals import Refusal
from tutorcore.policy.expressions import And
from tutorcore.policy.machine import FIRST_START, Asked, CompiledCase, Machine, Place, Row, Why
from tutorcore.policy.process import Move, Remedy
from tutorcore.policy.roles import GRANTED_ROLES, Role
from tutorcore.policy.settlement import AsGiven, LegRole, Legs, Settlement

FactsAt: TypeAlias = Callable[[Lesson, Instant, frozenset[Asked]], Facts]
_Streak: TypeAlias = tuple[Instant, int]  # How many timeouts of one lesson have followed each other at one instant.

_NO_LEGS: Legs = ()
_NOTHING_ASKED: frozenset[Asked] = frozenset()
_NO_TERMS = Terms(0, EPOCH, EPOCH, 0)
_NO_PARTICULARS = Particulars()
_GRANTED = frozenset(GRANTED_ROLES)
_PAYING: tuple[LegRole, ...] = ("payer", "owed")  # Whose side pays, where money is held and where it is due.
_SIDES = ("student", "tutor")
_SPLITS_MEANT: Mapping[Remedy, Settlement] = {
    "refund": Settlement.of({"student": "100%"}),
    "pay": Settlement.of({"tutor": "100%"}),
}

# Nearly twice as fast as calling the class, for the record that every step makes.
_new = tuple.__new__


def no_facts(lesson: Lesson, at: Instant, needed: frozenset[Asked]) -> Facts:
    """Facts for processes whose timeouts read none; the default of `advance`."""
    wanted = ", ".join(sorted(map(str, needed)))
    raise InvariantError(f"a timeout of lesson {lesson.brief.id} at {to_text(at)} reads {wanted}; give `facts_at`")


def facts_needed(machine: Machine, lesson: Lesson | Brief, verb: str) -> frozenset[Asked]:
    """Return what deciding this verb may ask the facts for, for whoever gathers them; mostly nothing."""
    rows = machine.outside.moves.get(verb, ()) if isinstance(lesson, Brief) else rows_open(lesson, verb)
    reads = [row.reads for row in rows if row.reads]
    return frozenset().union(*reads) if reads else _NOTHING_ASKED


def decide(machine: Machine, lesson: Lesson | Brief, command: Command, facts: Facts, now: Instant) -> Lesson | Refusal:
    """Return the lesson's next version, or why the command may not be done at `now`.

    `lesson` has been advanced to `now`, or is the `Brief` of one that is only now asked for. Raises `UnknownName` for a
    verb that this process does not know at all, and `InvariantError` for a lesson with a deadline in its past.
    """
    before = _unasked(machine, lesson) if isinstance(lesson, Brief) else lesson
    if now < before.at:
        return Refusal.of("out_of_order", last=to_text(before.at), at=to_text(now))
    if is_due(before, now):
        raise InvariantError(f"lesson {before.brief.id} has not been advanced to {to_text(now)}")
    rows = rows_open(before, command.verb)
    if not rows:
        return _not_open(machine, before, command.verb)
    aside: Refusal | None = None
    read = False
    for row in rows:
        role = role_of(row, before.brief, command.actor, facts)
        if role is None:
            continue
        # The first row of this actor whose guard holds is the one that decides; the others stand aside.
        offered = _offered(row, before, command, now) if row.terms == "propose" else None
        refusal = _guarded(row, before, command, offered, facts, now) if row.guarded else None
        read = read or bool(row.reads)
        if refusal is None:
            # What rows read before they stood aside belongs to the record too: deciding again will ask for it again.
            return _attempt(row, role, before, command, offered, facts if read or role in _GRANTED else None, now)
        aside = aside or _unmet(row, role, before, command) or refusal
    return aside or _not_yours(rows, command)


def advance(lesson: Lesson, now: Instant, facts_at: FactsAt = no_facts) -> list[Lesson]:
    """Return the versions that every timeout due at or before `now` makes, oldest first; empty if none is due."""
    versions: list[Lesson] = []
    streak: _Streak | None = None
    while (version := lapse(lesson, now, facts_at)) is not None:
        streak = _streak_with(version, streak)
        versions.append(version)
        lesson = version
    return versions


def advance_together(
    lessons: Iterable[Lesson],
    now: Instant,
    facts_at: FactsAt = no_facts,
    until: tuple[Instant, LessonId] | None = None,
) -> Iterator[tuple[Lesson, Lesson]]:
    """Yield every timeout of several lessons that is due at or before `now`, by (deadline, lesson id).

    Each is given as the version before it and the one it makes, before anything later is looked at: what follows from
    one may be a fact for the next. With `until`, those from that place in the order on are left.
    """
    queue: list[tuple[Instant, LessonId, Lesson, _Streak | None]] = []
    for lesson in lessons:
        _enqueue(queue, lesson, now, None)
    while queue and (until is None or queue[0][:2] < until):
        _, _, before, streak = heappop(queue)
        version = lapse(before, now, facts_at)
        assert version is not None
        yield before, version
        _enqueue(queue, version, now, _streak_with(version, streak))


def _enqueue(
    queue: list[tuple[Instant, LessonId, Lesson, _Streak | None]], lesson: Lesson, now: Instant, streak: _Streak | None
) -> None:
    due, _ = next_timeout(lesson)
    if due is not None and due <= now:
        heappush(queue, (max(due, lesson.at), lesson.brief.id, lesson, streak))


def _streak_with(version: Lesson, streak: _Streak | None) -> _Streak:
    """The streak that `version` continues or begins; one that would never end is a broken promise of the table.

    More timeouts than there are states cannot follow at one instant without coming back to one of them.
    """
    count = 1 if streak is None or streak[0] != version.at else streak[1] + 1
    if count > len(version.place.machine.process.states):
        row = f"{version.step.id} of {version.place.machine.process.name}"
        at = to_text(version.at)
        raise InvariantError(f"timeouts of lesson {version.brief.id} follow each other without end at {at}: {row}")
    return version.at, count


def is_due(lesson: Lesson, now: Instant) -> bool:
    """Return whether a timeout of the lesson or of its open change is due at `now`."""
    due, _ = next_timeout(lesson)
    return due is not None and due <= now


def lapse(lesson: Lesson, now: Instant, facts_at: FactsAt = no_facts) -> Lesson | None:
    """Return the version that the next timeout makes if it is due at or before `now`, or None."""
    due, why = next_timeout(lesson)
    if due is None or due > now:
        return None
    assert why is not None
    row = why.row
    at = due if due > lesson.at else lesson.at
    facts = facts_at(lesson, at, row.reads) if row.reads else None
    version = _follow(row, lesson, None, None, facts, at)
    assert not isinstance(version, Refusal)  # A table lets no timeout be refused.
    return version


def _unasked(machine: Machine, brief: Brief) -> Lesson:
    """A lesson before its first version: outside, with nothing on the table."""
    return _new(Lesson, (
        brief, 0, brief.created, machine.nothing, machine.outside, None, _NO_TERMS, None, 0, 0, _NO_LEGS, None, None,
        NO_TIMELINE, None, None, None, None,
    ))  # fmt: skip


def rows_open(lesson: Lesson, verb: str) -> tuple[Row, ...]:
    """Return the rows open for a verb. Those of an open change come first; while one is open no other can be opened."""
    change = lesson.change
    if change is None:
        return lesson.place.moves.get(verb, ())
    rows = change.place.moves.get(verb)
    if rows is not None:
        return rows
    return tuple(row for row in lesson.place.moves.get(verb, ()) if row.opens is None)


def _not_open(machine: Machine, lesson: Lesson, verb: str) -> Refusal:
    verbs = machine.process.verbs
    if verb not in verbs:
        raise UnknownName("verb", verb, verbs)
    opened = [] if lesson.change is None else list(lesson.change.place.moves)
    opened += [each for each in lesson.place.moves if each not in opened and rows_open(lesson, each)]
    return Refusal.of(
        "not_open", verb=verb, state=lesson.state or "not yet asked for", open=", ".join(opened) or "nothing"
    )


def _not_yours(rows: tuple[Row, ...], command: Command) -> Refusal:
    roles = dict.fromkeys(role for row in rows for role in row.by)
    return Refusal.of("not_yours", verb=command.verb, by=", ".join(roles), actor=command.actor)


def role_of(row: Row, brief: Brief, actor: PartyId, facts: Facts) -> Role | None:
    """Return the first role in which the actor may take a row, or None.

    A tutor is never the student's side, whoever asked or pays. Nobody decides by a grant who gets what of a lesson of
    their own.
    """
    tutor = brief.tutor
    for role in row.by:
        if role in _GRANTED:
            if role in facts.grants and not (_decides(row) and actor in brief.parties):
                return role
        elif getattr(brief, role) == actor and (role == "tutor" or actor != tutor):
            return role
    return None


def _decides(row: Row) -> bool:
    """Whether whoever takes the row says who gets what, rather than agreeing to what somebody else has said."""
    return row.cases[-1].given is not None and not row.agrees


def _attempt(
    row: Row,
    role: Role,
    before: Lesson,
    command: Command,
    offered: Terms | None,
    facts: Facts | None,
    now: Instant,
) -> Lesson | Refusal:
    """Take the row that decides, or say what stands against it, in the order of precedence."""
    refusal = _unmet(row, role, before, command)
    if refusal is None and offered is not None:
        refusal = _untenable(row, before, offered, now)
    if refusal is None and row.remedies:
        refusal = _ill_remedied(row, before, command)
    if refusal is None:
        refusal = _spends_for_another(row, role, before, command, offered)
    if refusal is None and command.particulars is not None:
        refusal = _unbelievable(row, role, before, command.particulars, now)
    if refusal is not None:
        return refusal
    return _follow(row, before, command, offered, facts, now, role)


def _spends_for_another(
    row: Row, role: Role, before: Lesson, command: Command, offered: Terms | None
) -> Refusal | None:
    """What stands against a higher price that somebody on the student's side proposes or accepts for who pays.

    An increase is the payer's to agree to: by proposing it, or by accepting it.
    """
    payer = before.brief.payer
    if role == "tutor" or role in _GRANTED or command.actor == payer or row.terms is None:
        return None
    change = before.change
    if offered is not None:
        rises = before.number > 0 and offered.price > before.terms.price
    elif row.beside and change is not None:
        rises = change.terms.price > before.terms.price
    else:
        rises = row.hold is not None and before.terms.price > before.held
    return Refusal.of("bad_terms", problem=f"only {payer}, who pays, can agree to a higher price") if rises else None


def _unbelievable(row: Row, role: Role, before: Lesson, said: Particulars, now: Instant) -> Refusal | None:
    """What stands against the particulars of a command: people report of themselves and of now, nobody of later."""
    if said.seen is not None and said.seen > now:
        return Refusal.of("bad_terms", problem=f"nobody has seen yet what happens at {to_text(said.seen)}")
    if said.seen is not None and said.seen < before.brief.created:
        return Refusal.of("bad_terms", problem=f"nobody asked for this lesson before {to_text(before.brief.created)}")
    if row.records is not None and role not in _GRANTED:
        if said.subject not in (None, role):
            return Refusal.of("bad_terms", problem=f"the {role} reports of themselves, not of the {said.subject}")
        if said.seen not in (None, now):
            return Refusal.of("bad_terms", problem="only the platform reports what was seen earlier")
    return None


def _ill_remedied(row: Row, before: Lesson, command: Command) -> Refusal | None:
    """What stands against the remedy that a command puts on the table: it is none of those open, or no other one."""
    problem, said = before.problem, command.particulars
    assert said is not None
    if said.remedy not in row.remedies:
        return Refusal.of("bad_terms", problem=f"{said.remedy} is none of the remedies here: {', '.join(row.remedies)}")
    if said.split is not None and said.remedy != "split":
        return Refusal.of("bad_terms", problem=f"only the remedy split divides as somebody says, not {said.remedy}")
    if (
        problem is not None
        and command.reason in ("", problem.reason)
        and _meaning(said) == _meaning(problem.particulars)
    ):
        return Refusal.of("bad_terms", problem=f"this is the remedy of proposal {problem.number} already")
    split = _split_meant(said)
    others = [] if split is None else [name for name, _ in split.shares if name not in _SIDES]
    if others:
        sides = " and the ".join(_SIDES)
        return Refusal.of("bad_terms", problem=f"a remedy divides between the {sides}; the {others[0]} is neither")
    refusals = (_not_allowed(given, split) for given in _taken_up(row.enters or row.source) if split is not None)
    return next((refusal for refusal in refusals if refusal is not None), None)


def _taken_up(place: Place) -> Iterator[AsGiven]:
    """What remedies may be divided like where they lie on the table: by whoever takes them up, and by time."""
    for row in (*place.timeouts, *(row for rows in place.moves.values() for row in rows)):
        if row.agrees:
            yield from (case.given for case in row.cases if case.given is not None)


def _split_meant(said: Particulars) -> Settlement | None:
    """How the remedy that is said divides the money; None for one that divides nothing."""
    assert said.remedy is not None
    return said.split if said.remedy == "split" else _SPLITS_MEANT.get(said.remedy)


def _meaning(said: Particulars) -> object:
    """What the remedy that is said comes to, however it is called and written."""
    split = _split_meant(said)
    return said.remedy if split is None else split.meaning


def _remedied(before: Lesson, command: Command | None, role: Role | None) -> Problem:
    """The problem with the remedy that a command puts on the table; without a reason of its own, that stays."""
    assert command is not None
    assert command.particulars is not None
    assert role is not None
    said, stood = command.particulars, before.problem
    named, split = said.remedy, _split_meant(said)
    for name, meant in _SPLITS_MEANT.items():  # Whichever words give everything to one side, it is one remedy.
        if split is not None and split.meaning == meant.meaning:
            named, split = name, meant
    kept = Particulars(split=split, blamed=said.blamed, remedy=named)
    reason = command.reason if stood is None else command.reason or stood.reason
    return Problem(before.rounds + 1, role, reason, kept)


def _unmet(row: Row, role: Role, before: Lesson, command: Command) -> Refusal | None:
    """What the command itself lacks for this row: the right number, or something it needs."""
    if command.proposal is not None:
        current = answered(row, before)
        if command.proposal != current:
            return Refusal.of("stale_offer", proposal=command.proposal, current=current)
    missing = _missing(row, role, before, command)
    return Refusal.of("missing", verb=command.verb, needs=" and ".join(missing)) if missing else None


def answered(row: Row, lesson: Lesson) -> int:
    """Return the number of the proposal that a row answers: the remedy's, the open change's, or that of the terms."""
    if row.agrees:
        assert lesson.problem is not None  # A table lets nobody agree where nothing may be on the table.
        return lesson.problem.number
    return lesson.proposal if row.beside else lesson.terms.number


def names_number(row: Row) -> bool:
    """Return whether the number of the proposal has to be named: what is accepted, or what a meeting was made for."""
    return row.terms == "accept" or row.agrees or row.records == "meeting"


def names_subject(row: Row, role: Role) -> bool:
    """Return whether somebody in that role has to say whom the fact is about: people report of themselves."""
    return row.records not in (None, "meeting", "evidence") and role in _GRANTED


def _missing(row: Row, role: Role, before: Lesson, command: Command) -> list[str]:
    missing: list[str] = []
    if command.proposal is None and names_number(row):
        what = "remedy" if row.agrees else "proposal" if row.terms == "accept" else "terms"
        missing.append(f"the number of the {what} (now {answered(row, before)})")
    if row.terms == "propose":
        offer = command.offer
        if offer is None:
            missing.append("an offer")
        elif before.number == 0 and (offer.start is None or offer.duration is None or offer.price is None):
            missing += [name for name in ("start", "duration", "price") if getattr(offer, name) is None]
    if "reason" in row.needs and not command.reason:
        missing.append("a reason")
    said = command.particulars or _NO_PARTICULARS
    if "details" in row.needs and not said.details:
        missing.append("details")
    if said.subject is None and names_subject(row, role):
        missing.append("whom it is about")
    if row.records == "evidence" and not (said.details or command.note):
        missing.append("details or a note")
    if row.remedies and said.remedy is None:
        missing.append(f"a remedy: {', '.join(row.remedies)}")
    divides = said.remedy == "split" and "split" in row.remedies
    if said.split is None and (divides or (row.cases[-1].given is not None and not row.agrees)):
        missing.append("a split of what was settled" if row.refunds else "a split of what is held")
    return missing


def _offered(row: Row, before: Lesson, command: Command, now: Instant) -> Terms | None:
    """The terms that a proposing command puts on the table: what it names, and the rest as it was there.

    None if the command does not say enough.
    """
    offer, number = command.offer, before.rounds + 1
    if offer is None:
        return None
    if before.number == 0:
        if offer.start is None or offer.duration is None or offer.price is None:
            return None
        return Terms(
            number, offer.start, offer.start + offer.duration, offer.price, offer.kind or "", offer.details or ()
        )
    base = _base(row, before)
    start = base.start if offer.start is None else offer.start
    return Terms(
        number,
        start,
        start + (base.end - base.start if offer.duration is None else offer.duration),
        base.price if offer.price is None else offer.price,
        base.kind if offer.kind is None else offer.kind,
        base.details if offer.details is None else offer.details,
        before.terms.occurrence + (before.terms.start <= now or _asks_again(row, before)),
    )


def _base(row: Row, before: Lesson) -> Terms:
    """What a proposal starts from: a counter to an open change from that change, whatever else from what stands."""
    return before.change.terms if row.beside and before.change is not None else before.terms


def _untenable(row: Row, before: Lesson, terms: Terms, now: Instant) -> Refusal | None:
    """What stands against proposed terms: they are no others, or not to be changed here, or start too soon."""
    base = _base(row, before)
    if (
        terms.price == base.price
        and terms.start == base.start
        and terms.end == base.end
        and terms.kind == base.kind
        and terms.details == base.details
    ):
        return Refusal.of("bad_terms", problem=f"they are those of proposal {base.number}")
    if row.fixed and before.number:
        changed = [name for name in row.fixed if getattr(terms, name) != getattr(base, name)]
        if changed:
            return Refusal.of("bad_terms", problem=f"{' and '.join(changed)} may not be changed here")
    if terms.start <= now:
        return Refusal.of(
            "bad_terms", problem=f"they start at {to_text(terms.start)}, which is not after {to_text(now)}"
        )
    return None


def _asks_again(row: Row, before: Lesson) -> bool:
    """Whether a lesson that was agreed goes back to be asked for."""
    return before.place.state.agreed and row.enters is not None and not row.enters.state.agreed


def _guarded(
    row: Row, before: Lesson, command: Command, offered: Terms | None, facts: Facts, now: Instant
) -> Refusal | None:
    """Why the row's guard or window stands against the command, or None."""
    terms = offered if offered is not None and before.number == 0 else before.terms
    change = offered if offered is not None else None if before.change is None else before.change.terms
    reading = (now, terms, change, before.rounds, before.timeline, before.brief, command, facts)
    rule = row.rule
    assert isinstance(rule, Move)
    if row.when is not None and not row.when(*reading):
        unmet = tuple(part for part, holds in row.parts if not holds(*reading))
        condition = And(unmet) if len(unmet) > 1 else unmet[0]
        return Refusal.of("guard", verb=rule.verb, condition=condition, at=to_text(now))
    if row.until is not None:
        until = row.until(*reading)
        if until is None or now >= until:
            ended = "it has no end" if until is None else to_text(until)
            return Refusal.of("guard", verb=rule.verb, condition=f"now < {rule.until} ({ended})", at=to_text(now))
    return None


def _follow(
    row: Row,
    before: Lesson,
    command: Command | None,
    offered: Terms | None,
    facts: Facts | None,
    now: Instant,
    role: Role | None = None,
) -> Lesson | Refusal:
    """Take a row whose conditions hold: terms, money, stamps, then the deadline of what is entered; one constructor."""
    (
        brief, number, _, _, place, _, terms, change, rounds, held, _, due, why, timeline, _, meeting, problem, settled,
    ) = before  # fmt: skip

    # Whoever takes up the remedy on the table, time included, says what was said with it.
    said = problem if row.agrees else command
    case = row.cases[0]
    if case.when is not None:
        case = _chosen(row, before, said, offered, facts, now)
    if case.given is not None:
        refusal = _not_to_be_given(case, said)
        if refusal is not None:
            return refusal

    change_after = change
    if row.remedies:
        problem = _remedied(before, command, role)
        rounds += 1
    if offered is not None:
        rounds += 1
        if row.opens is None:
            terms = offered
    elif row.terms == "accept" and row.beside and change is not None:
        terms = change.terms
        change_after = None
    if row.closes or row.enters is not None:
        change_after = None

    stood = held
    if change is not None and change_after is None and terms is not change.terms and held > before.terms.price:
        held = before.terms.price  # A change that ends without being agreed gives back what was held for it.
    if row.hold is not None:
        price = terms.price if offered is None else offered.price
        if price > held or row.hold == "exact":
            held = price
    legs = _NO_LEGS if held == stood else _moved(stood, held)
    if case.split is not None:
        change_terms = None if change is None else change.terms
        # Paid by the terms that stand now; the conditions of its rate read what stood before, as all others do.
        reading = (terms, change_terms, before.rounds, before.timeline, brief, said)
        if row.refunds:
            if settled is None:
                return _nothing_to_give_back()
            # The books end as if it had been settled so at once: by the rates of that instant, and of its facts.
            paid = case.split(sum(amount for _, amount in settled.legs), settled.at, *reading, settled.facts)
            corrected = _corrected(settled.legs, paid)
            if isinstance(corrected, Refusal):
                return corrected
            legs, settled = corrected, settled._replace(legs=paid)
        else:
            paid = case.split(held, now, *reading, facts)
            legs = _joined(paid, legs)
            in_all = paid if settled is None else _joined(paid, settled.legs)
            settled = _new(Settled, (in_all, now, facts if row.reads else None))
            held = 0

    if timeline and terms is not before.terms:
        timeline = _without_joins(timeline)
    if row.stamps:
        timeline = _stamped(row, timeline, terms, now)
    if row.records is not None:
        told = _NO_PARTICULARS if command is None or command.particulars is None else command.particulars
        if row.records == "meeting":
            meeting = Meeting(told.source, told.details, terms.number)
        elif row.stamps_facts:
            timeline = _with_fact(row, timeline, f"{row.records}({told.subject or role})", told.seen or now)

    refusable = command is not None and row.records is None  # What has happened is recorded, whatever is due by it.
    offer = None if change_after is None else change_after.terms
    if row.enters is not None:
        place = row.enters
        due = why = None
        if row.deadline is not None:
            found = row.deadline(now, terms, offer, rounds, timeline, brief, said, facts)
            if found is not None:
                due, why = found
    elif row.opens is not None or (row.beside and row.deadline is not None):
        # A change is opened or countered; or an aside beside stamps what the change's own clock reads.
        proposed = offer if offered is None else offered
        assert proposed is not None
        found = (
            None if row.deadline is None else row.deadline(now, terms, proposed, rounds, timeline, brief, said, facts)
        )
        change_due, change_why = (None, None) if found is None else found
        if change_due is not None and change_due <= now and refusable and _forbids(change_why):
            return _no_time_left(change_due, change_why)
        change_after = Change(proposed, row.opens or row.source, change_due, change_why)
    else:
        again = row.deadline if row.deadline is not None else place.again if terms is not before.terms else None
        if again is not None:
            found = again(now, terms, offer, rounds, timeline, brief, said, facts)
            due, why = (None, None) if found is None else found

    if due is not None and due <= now and refusable and _forbids(why):
        return _no_time_left(due, why)
    if meeting is not None and not (place.state.meeting and meeting.terms == terms.number):
        meeting = None  # It was made for terms, or for an agreement, that stand no more.
    if problem is not None and not place.state.problem:
        problem = None
    return _new(Lesson, (
        brief, number + 1, now, case.step, place, command, terms, change_after, rounds, held, legs, due, why, timeline,
        facts, meeting, problem, settled,
    ))  # fmt: skip


def _not_to_be_given(case: CompiledCase, said: Command | Problem | None) -> Refusal | None:
    """Why the split that is said is none that this case allows, or None."""
    split = None if said is None or said.particulars is None else said.particulars.split
    assert split is not None  # Commands were asked for it; nothing that divides nothing is taken up here.
    assert case.given is not None
    return _not_allowed(case.given, split)


def _not_allowed(given: AsGiven, split: Settlement) -> Refusal | None:
    if given.allows(split):
        return None
    return Refusal.of("bad_terms", problem=f"{split} is none of the splits allowed here: {given}")


def _corrected(settled: Legs, wanted: Legs) -> Legs | Refusal:
    """The legs that make what settlements have paid what it should have been, or what stands against a refund."""
    had, gets = dict(settled), dict(wanted)
    if not had:
        return _nothing_to_give_back()
    moved = {role: gets.get(role, 0) - had.get(role, 0) for role in (*gets, *had)}
    if any(moved.get(side, 0) < 0 for side in _PAYING):
        return Refusal.of("bad_terms", problem="whoever paid would pay more by it, and a refund only gives back")
    legs = tuple((role, amount) for role, amount in moved.items() if amount)
    return legs or Refusal.of("bad_terms", problem="it was settled like that already, so nothing would move")


def _nothing_to_give_back() -> Refusal:
    return Refusal.of("bad_terms", problem="nothing was settled that could be given back")


def _with_fact(row: Row, timeline: Mapping[str, Instant], anchor: str, seen: Instant) -> Mapping[str, Instant]:
    """The timeline with a fact that something reads: when it first happened, whichever report came first."""
    if anchor not in row.stamps_facts or timeline.get(anchor, LATEST) <= seen:
        return timeline
    return {**timeline, anchor: seen}


def _chosen(
    row: Row, before: Lesson, said: Command | Problem | None, offered: Terms | None, facts: Facts | None, now: Instant
) -> CompiledCase:
    """The first case whose guard holds; the last one is a catch-all."""
    change = offered if offered is not None else None if before.change is None else before.change.terms
    reading = (now, before.terms, change, before.rounds, before.timeline, before.brief, said, facts)
    for case in row.cases:
        if case.when is None or case.when(*reading):
            return case
    raise InvariantError(f"no case of {row.id} holds, and it has no catch-all")


def _moved(held: int, wanted: int) -> Legs:
    """The leg that makes what is held what is wanted: out of the payer's wallet, or back into it."""
    return (("payer", held - wanted),)


def _joined(legs: Legs, others: Legs) -> Legs:
    """The legs of a settlement together with those of what was paid or given back before; every role once."""
    if not others:
        return legs
    amounts = dict(legs)
    for role, amount in others:
        amounts[role] = amounts.get(role, 0) + amount
    return tuple(amounts.items())


def _without_joins(timeline: Mapping[str, Instant]) -> Mapping[str, Instant]:
    """The timeline without who joined: they came to a lesson at another time."""
    return {anchor: at for anchor, at in timeline.items() if not anchor.startswith("joined(")}


def _stamped(row: Row, before: Mapping[str, Instant], terms: Terms, now: Instant) -> dict[str, Instant]:
    """The timeline with this row's stamps; what is named `first` is written once."""
    timeline = dict(before)
    for anchor in row.stamps:
        if anchor == FIRST_START:
            timeline.setdefault(anchor, terms.start)
        elif anchor.startswith("first_"):
            timeline.setdefault(anchor, now)
        else:
            timeline[anchor] = now
    return timeline


def _forbids(why: Why | None) -> bool:
    return why is not None and why.row.if_past == "forbid"


def _no_time_left(due: Instant, why: Why | None) -> Refusal:
    text = "" if why is None else f" ({why.text})"
    return Refusal.of("no_time_left", deadline=f"{to_text(due)}{text}")
