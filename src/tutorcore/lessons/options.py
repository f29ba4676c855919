"""What could be done: the buttons of a user interface, and the dialog before one of them is pressed.

Both ask the very functions that decide, so what is offered here is what will be accepted, up to money and time that
somebody else may take meanwhile.
"""

from __future__ import annotations

from typing import Any

import attrs

from tutorcore.ids import Key, PartyId
from tutorcore.instants import MICROSECOND, Instant
from tutorcore.lessons.decision import answered, decide, names_number, names_subject, role_of, rows_open
from tutorcore.lessons.lesson import Brief, Command, Facts, Lesson, Particulars, Problem
from tutorcore.lessons.projections import notice_of
from tutorcore.lessons.refusals import Refusal
from tutorcore.policy.analysis import counts_read, supplied_read
from tutorcore.policy.machine import CompiledCase, Machine, Row
from tutorcore.policy.process import Move, Remedy
from tutorcore.policy.roles import GRANTED_ROLES, Role
from tutorcore.policy.settlement import Legs, Settlement

# What may be said with these is anybody's guess, and decides whether the command is refused.
_UNFORESEEN = frozenset({"offer", "remedy", "split"})


@attrs.frozen
class Option:
    """A move that is open to somebody now: in which role, until when (None: no end is known), and what it needs.

    `needs` lists `proposal`, `offer`, `subject`, `remedy`, `evidence` (details or a note), `split`, `reason`,
    `details`. `proposal` is the number that an answer or the report of a meeting has to name, `choices` are the splits
    of what is held from which to choose (none: any), `remedies` those from which to choose; `split` among them needs a
    split too.
    """

    verb: str
    role: Role
    until: Instant | None
    needs: tuple[str, ...]
    proposal: int | None
    settles: str
    choices: tuple[Settlement, ...] = ()
    remedies: tuple[Remedy, ...] = ()


@attrs.frozen
class Preview:
    """What a command would do, decided and not done: the version it would make and who would be told."""

    lesson: Lesson
    told: tuple[PartyId, ...]

    @property
    def legs(self) -> Legs:
        """What would move: (role, minor units), positive out of escrow."""
        return self.lesson.legs


def allowed(lesson: Lesson, actor: PartyId, facts: Facts, now: Instant) -> tuple[Option, ...]:
    """Return the moves open to `actor` at `now`, in the order of the table; `lesson` has been advanced to `now`.

    A guard on terms that are still to be proposed, or on the reason, cannot be judged yet; such a move is listed.
    """
    if now < lesson.at:
        return ()
    places = [lesson.place] if lesson.change is None else [lesson.change.place, lesson.place]
    options = [
        _first_open(lesson, verb, actor, facts, now) for verb in dict.fromkeys(v for p in places for v in p.moves)
    ]
    return tuple(option for option in options if option is not None)


def _first_open(lesson: Lesson, verb: str, actor: PartyId, facts: Facts, now: Instant) -> Option | None:
    """The option of the row that would decide for this actor, if nothing stands against it that is known already."""
    open_now: list[Option] = []
    for row in rows_open(lesson, verb):
        role = role_of(row, lesson.brief, actor, facts)
        option = None if role is None else _option(row, role, lesson, facts, now)
        if option is not None:
            open_now.append(option)
    if not open_now or _is_hopeless(open_now[0], lesson, actor, facts, now):
        return None
    # Which row a remedy belongs to is decided by its name, so those of one verb are all there to choose from.
    named = tuple(dict.fromkeys(remedy for option in open_now for remedy in option.remedies))
    return attrs.evolve(open_now[0], remedies=named) if named else open_now[0]


def preview(
    machine: Machine, lesson: Lesson | Brief, command: Command, facts: Facts, now: Instant
) -> Preview | Refusal:
    """Return what the command would do at `now`, without doing it."""
    answer = decide(machine, lesson, command, facts, now)
    if isinstance(answer, Refusal):
        return answer
    notice = notice_of(answer)
    return Preview(answer, () if notice is None else notice.audience)


def shuts(row: Row, lesson: Lesson, at: Instant) -> Instant | None:
    """Return the instant from which on mere time keeps a row closed, as far as the table alone can tell; else None.

    An instant that is not after `at` says that it is closed by then. What the row asks of a command or of the world
    outside the lesson is not known here, and the lesson's own deadlines may close it sooner.
    """
    assert isinstance(row.rule, Move)
    change = None if lesson.change is None else lesson.change.terms
    reading = (at, lesson.terms, change, lesson.rounds, lesson.timeline, lesson.brief, None, None)
    guard = row.rule.when
    is_known = guard is not None and not (row.guards_command or counts_read(guard) or supplied_read(guard))
    ends = (_closing(row, reading), _cutoff(row, reading) if is_known else None)
    return min((end for end in ends if end is not None), default=None)


def _is_hopeless(option: Option, lesson: Lesson, actor: PartyId, facts: Facts, now: Instant) -> bool:
    """Whether the move would be refused whatever is said with it; terms not yet proposed may be anything.

    The deadline that it opens may be past already, or what stands on the table not for this actor to agree to.
    """
    if not _UNFORESEEN.isdisjoint(option.needs):
        return False
    about: Role | None = "student" if option.role in GRANTED_ROLES else None
    said = Particulars(details=(("details", "to be given"),), subject=about)
    command = Command(
        option.verb, actor, Key("option"), lesson.id, option.proposal, reason="to be given", particulars=said
    )
    answer = decide(lesson.machine, lesson, command, facts, now)
    return isinstance(answer, Refusal) and answer.code in ("no_time_left", "bad_terms")


def _option(row: Row, role: Role, lesson: Lesson, facts: Facts, now: Instant) -> Option | None:
    """The option of a row if its guard holds and its window is open at `now`."""
    assert isinstance(row.rule, Move)
    change = None if lesson.change is None else lesson.change.terms
    reading = (now, lesson.terms, change, lesson.rounds, lesson.timeline, lesson.brief, None, facts)
    if row.when is not None and not row.guards_command and not row.when(*reading):
        return None
    if row.refunds and (lesson.settled is None or all(role == "payer" for role, _ in lesson.settled.legs)):
        return None  # Nobody else was paid, so there is nothing to give back.
    closes = _closing(row, reading)
    if closes is not None and closes <= now:
        return None
    ends = (closes, _cutoff(row, reading), *_ends(row, lesson))
    # The splits to choose from are those of the case that would decide now; the last one has no condition.
    said = lesson.problem if row.agrees else None
    case = next(case for case in row.cases if case.when is None or case.when(*reading[:6], said, facts))
    given = None if row.agrees else case.given
    wanted = (
        ("proposal", names_number(row)),
        ("offer", row.terms == "propose"),
        ("subject", names_subject(row, role)),
        ("remedy", bool(row.remedies)),
        ("evidence", row.records == "evidence"),
        ("split", given is not None),
    )
    needs = [name for name, needed in wanted if needed]
    return Option(
        verb=row.rule.verb,
        role=role,
        until=min((end for end in ends if end is not None), default=None),
        needs=tuple(dict.fromkeys((*needs, *row.rule.needs))),
        proposal=answered(row, lesson) if names_number(row) else None,
        settles=_settled_by(row, case, said),
        choices=() if given is None else given.choices,
        remedies=row.remedies,
    )


def _settled_by(row: Row, case: CompiledCase, said: Problem | None) -> str:
    """How the row settles what is held, as far as that is known: by its only case, or as the remedy taken up says."""
    if case.given is not None and said is not None and said.particulars.split is not None:
        return str(said.particulars.split)
    return case.step.settle if len(row.cases) == 1 else ""


def _closing(row: Row, reading: tuple[Any, ...]) -> Instant | None:
    """When the row's window closes, or None if it has none; one without a known end is closed by now."""
    if row.until is None:
        return None
    end = row.until(*reading)
    now: Instant = reading[0]
    return now if end is None else end


def _ends(row: Row, lesson: Lesson) -> tuple[Instant | None, ...]:
    """When time itself closes the row: by the lesson's own deadline, and by that of the open change where it matters.

    An open change ends with the lesson's own state, and the other way round only where its timeout leads elsewhere. In
    a state that yields, the lesson's own deadline waits until the change is closed.
    """
    due, change = lesson.due, lesson.change
    if change is None:
        return (due,)
    yields = lesson.place.state.yields
    if row.beside or (change.why is not None and change.why.row.enters is not None):
        return (change.due,) if yields else (due, change.due)
    if not yields:
        return (due,)
    return () if due is None or change.due is None else (max(due, change.due),)


def _cutoff(row: Row, reading: tuple[Any, ...]) -> Instant | None:
    """The first instant at which the row's guard, true now, is false by the mere passing of time."""
    end = None if row.cutoff is None else row.cutoff(*reading)
    if end is None or row.when is None:
        return None
    return end + MICROSECOND if row.when(end, *reading[1:]) else end
