"""What the sections of a profile say that would mean nothing, or something else than it seems to.

Each section was read by itself, and the table that they fill is sound or not as a table. In between lie the mistakes
that only a look at several cells shows: a section that nothing leads to, a condition that never lets anything happen, a
mark that would fall on nobody. They are said here in the words of the sections, each at the cell that a person wrote.

Knows the profile and the table made of it; knows nothing of files, but that cells have paths.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, TypeAlias

from tutorcore.errors import suggest
from tutorcore.instants import MICROSECOND
from tutorcore.policy.analysis import anchors_read, may_be_absent
from tutorcore.policy.expressions import Always, Calendar, Exact, Shift, Time
from tutorcore.policy.lesson_table import after_end
from tutorcore.policy.process import Case, Move, Process, Row, State
from tutorcore.policy.profile import BESIDE, Cancel, Ending, NoShow, Problems, Profile
from tutorcore.policy.roles import BOUND_ROLES, Role
from tutorcore.policy.settlement import AsGiven
from tutorcore.policy.wellformed import PAYING
from tutorcore.policy.words import lesson

PathParts: TypeAlias = tuple[str | int, ...]

_PROPOSED: Final = frozenset({"proposed.start", "proposed.end"})
"""What is there wherever a change is open; nowhere else can it be named."""

_CLOCKS: Final[dict[str, PathParts]] = {
    "unpaid": ("request", "payment", "pay_by"),
    "requested": ("request", "answer_by"),
    "proposed": ("request", "propose", "answer_by"),
    "charge_open": ("cancel", "charge", "answer_by"),
    "student_no_show_claimed": ("no_show", "student", "answer_by"),
    "tutor_no_show_claimed": ("no_show", "tutor", "answer_by"),
    "problem_by_student": ("problem", "answer_by"),
    "problem_by_tutor": ("problem", "answer_by"),
    "reschedule_by_student": ("problem", "answer_by"),
    "reschedule_by_tutor": ("problem", "answer_by"),
    "rescheduling": ("problem", "reschedule", "nobody", "at"),
    "disputed": ("dispute", "answer_by"),
}
_CLOCKS_BESIDE: Final[tuple[PathParts, ...]] = (("change", "answer_by"), ("problem", "reschedule", "silent", "at"))

_QUIET: Final = ("join", "leave")
_PAYS: Final = f"only the paying side can pay: some of {', '.join(sorted(PAYING))}"
_TO_WHOM: Final = "a mark falls on a person of the lesson; name whom in fault"


class Contradiction(NamedTuple):
    """What is wrong, and the path of the cell that says so; cells that are left out have the path of their default."""

    path: PathParts
    message: str
    suggestion: str | None = None


def contradictions(profile: Profile, table: Process) -> tuple[Contradiction, ...]:
    """Return what the sections of a profile say in vain; `table` is the one that they fill."""
    return tuple(dict.fromkeys(_Reading(profile, table).run()))  # One cell may fill several states.


class _Reading:
    def __init__(self, profile: Profile, table: Process) -> None:
        self._profile = profile
        self._table = table

    def run(self) -> Iterator[Contradiction]:
        yield from self._asking()
        yield from self._paying()
        yield from self._endings()
        yield from self._cancelling()
        for claim in self._profile.no_show:
            yield from self._claim(claim)
        if self._profile.problem is not None:
            yield from self._problem(self._profile.problem)
        yield from self._disputes()
        yield from self._refunding()
        yield from self._completing()
        yield from self._taught()
        yield from self._reviewing()
        yield from self._telling()
        yield from self._reminding()
        yield from self._silent()

    def _silent(self) -> Iterator[Contradiction]:
        """Silence has to be enough to leave every state: of its timeouts, one surely comes."""
        for state in self._table.states:
            sure = [not may_be_absent(each.at, self._there(state, each.at)) for each in state.timeouts]
            if sure and not any(sure):
                message = f"may never come: {state.timeouts[0].at} is reckoned from what need not happen"
                yield Contradiction(self._clock_of(state.name), message)

    def _there(self, state: State, time: Time) -> frozenset[str]:
        """The anchors of a time that are there whenever something stands in the state: no way in leaves them out."""
        return _PROPOSED | {anchor for anchor in anchors_read(time) if not self._leads_to(state, anchor)}

    def _leads_to(self, state: State, without: str) -> bool:
        """Whether some way leads to a state on which an anchor is never stamped."""
        states = {each.name: each for each in self._table.states}
        reached: set[str] = set()
        ahead: list[Row] = [*self._table.openings]
        while ahead:
            row = ahead.pop()
            if row.to in states and row.to not in reached and without not in _stamps(row):
                reached.add(row.to)
                ahead += states[row.to].rows
        return state.name in reached

    def _clock_of(self, state: str) -> PathParts:
        """The cell that says until when a state lasts."""
        for prefix, clock in zip(BESIDE, _CLOCKS_BESIDE, strict=True):
            if state.startswith(prefix):
                return clock
        return _CLOCKS.get(state, ("complete", "silence", "at"))

    def _asking(self) -> Iterator[Contradiction]:
        request = self._profile.request
        counter = request.propose if "propose" in request.answers else None
        for number, role in enumerate(request.answered_by):
            if role in request.by and role in BOUND_ROLES:
                message = f"{role} is who asks; nobody answers what they asked for themselves"
                yield Contradiction(("request", "answered_by", number), message)
        if request.propose is not None and counter is None:
            message = "means nothing while 'propose' is not among request.answers; false takes an inherited section out"
            yield Contradiction(("request", "propose"), message)
        if isinstance(request.instant, Always):
            message = "always holds, so nobody would ever be asked; say which requests are agreed at once"
            yield Contradiction(("request", "instant"), message)
        answers = (*request.answers, *(counter.answers if counter is not None else ()))
        if "accept" not in answers and request.instant is None:
            yield Contradiction(("request", "answers"), "without 'accept' nobody can ever agree")

    def _paying(self) -> Iterator[Contradiction]:
        """Money is held for what the paying side asks for, or pays."""
        request = self._profile.request
        if not set(request.by) <= PAYING:
            if request.hold == "when_asked":
                yield Contradiction(("request", "hold"), f"is when_asked, but {_PAYS}")
            elif request.hold != "none" and request.instant is not None:
                yield Contradiction(("request", "instant"), f"agrees and pays at once, but {_PAYS}")
        if request.payment is not None and not set(request.payment.by) <= PAYING:
            yield Contradiction(("request", "payment", "by"), _PAYS)

    def _endings(self) -> Iterator[Contradiction]:
        """A mark falls on a person; the holder of a turn may be an office, or nobody."""
        for path, ending, holders in self._ends_of_turns():
            if ending.fault == "holder" and not holders:
                yield Contradiction((*path, "fault"), "it is nobody's turn here; name whom, or blame nobody")
            elif ending.mark is not None:
                blamed = holders if ending.fault == "holder" else (ending.fault,)
                if not set(blamed) <= set(BOUND_ROLES):
                    yield Contradiction((*path, "mark"), _TO_WHOM)

    def _ends_of_turns(self) -> Iterator[tuple[PathParts, Ending, tuple[Role, ...]]]:
        """Every ending with its path, and with those whose turn it may be when it comes."""
        profile, request, counter = self._profile, self._profile.request, self._profile.request.propose
        answering = request.answered_by[:1]
        ever = (*answering, *(request.by[:1] if counter is not None else ()))
        yield ("request", "silence"), request.silence, answering
        yield ("request", "decline"), request.decline, ever
        if counter is not None:
            yield ("request", "propose", "silence"), counter.silence, request.by[:1]
        if request.payment is not None:
            ever = (*ever, *request.payment.by[:1])
            yield ("request", "payment", "silence"), request.payment.silence, request.payment.by[:1]
        if request.withdraw is not None:
            yield ("request", "withdraw"), request.withdraw, ever
        if profile.meeting is not None and profile.meeting.failed is not None:
            yield ("meeting", "failed"), profile.meeting.failed, ()
        if profile.problem is not None and profile.problem.reschedule is not None:
            yield ("problem", "reschedule", "nobody"), profile.problem.reschedule.nobody, ()
        if profile.dispute is not None:
            yield ("dispute", "silence"), profile.dispute.silence, profile.dispute.by[:1]

    def _cancelling(self) -> Iterator[Contradiction]:
        profile = self._profile
        always: set[Role] = set()
        for number, case in enumerate(profile.cancel):
            yield from self._cancel(("cancel", "cases", number), case)
            if set(case.by) <= always:
                message = f"never decides: a case without a condition comes before it for {', '.join(case.by)}"
                yield Contradiction(("cancel", "cases", number), message)
            if case.when is None:
                always.update(case.by)
        if profile.charge is not None and not any(case.charge for case in profile.cancel):
            yield Contradiction(("cancel", "charge"), "no case says charge = true, so nothing is ever charged this way")

    def _cancel(self, path: PathParts, case: Cancel) -> Iterator[Contradiction]:
        change = self._profile.change
        if case.mark is not None and case.fault is None:
            yield Contradiction((*path, "mark"), _TO_WHOM)
        if case.locked and (change is None or change.locks is None):
            message = "means nothing unless change.locks says which changes lock a lesson"
            yield Contradiction((*path, "locked"), message)

    def _claim(self, claim: NoShow) -> Iterator[Contradiction]:
        path = ("no_show", claim.absent)
        for number, role in enumerate(claim.by):
            if role == claim.absent:
                message = f"{role} is who did not come; somebody else claims it"
                yield Contradiction((*path, "by", number), message)
        if isinstance(claim.contradicted, Always):
            yield Contradiction((*path, "contradicted"), "always holds, so every claim would be a dispute")
        if claim.contested_by and claim.answer_by is None:
            message = "means nothing without answer_by: a claim that nobody can contest holds at once"
            yield Contradiction((*path, "contested_by"), message)
        if self._profile.dispute is None:
            for key, cell in (("answer_by", claim.answer_by), ("contradicted", claim.contradicted)):
                if cell is not None:
                    message = "a claim may be contested, so a section [dispute] has to say who decides, by when"
                    yield Contradiction((*path, key), message)
        yield from _cases(path, claim.cases, claim.answer_by is not None)
        yield from self._window(path, claim)

    def _window(self, path: PathParts, claim: NoShow) -> Iterator[Contradiction]:
        """A lesson that is complete at its end leaves no time for claims after it."""
        complete = self._profile.complete
        if not complete.by and complete.silence_at == lesson.end:
            over = "a lesson is complete at its end (complete.silence.at), so nothing can be claimed after it"
            if after_end(claim.start):
                yield Contradiction((*path, "from"), over)
            elif claim.until is not None and claim.until != lesson.end and after_end(claim.until):
                yield Contradiction((*path, "until"), over)
        if claim.until is not None and claim.until == claim.start:
            yield Contradiction((*path, "until"), "is the instant from which it can be claimed, so it never can")

    def _problem(self, problem: Problems) -> Iterator[Contradiction]:
        path = ("problem",)
        if self._profile.dispute is None:
            message = "either side may escalate a problem, so a section [dispute] has to say who decides, by when"
            yield Contradiction(path, message)
        if "accept" not in problem.answers:
            yield Contradiction((*path, "answers"), "without 'accept' the two can only settle it by saying nothing")
        for each in problem.reasons:
            if each.mark is not None and each.fault is None:
                yield Contradiction((*path, "reasons", each.name, "mark"), _TO_WHOM)
        if "propose" in problem.answers and problem.proposes == ("reschedule",):
            message = "'propose' needs a remedy in problem.proposes that can be put against another time"
            yield Contradiction((*path, "answers"), message)
        if "reschedule" in problem.proposes and problem.reschedule is None:
            message = "'reschedule' needs a section [problem.reschedule] that says what becomes of it in silence"
            yield Contradiction((*path, "proposes"), message)
        elif problem.reschedule is not None and "reschedule" not in problem.proposes:
            message = "means nothing while 'reschedule' is not among problem.proposes; false takes the section out"
            yield Contradiction((*path, "reschedule"), message)
        yield from self._reporting(problem)

    def _reporting(self, problem: Problems) -> Iterator[Contradiction]:
        """When a problem can be reported: from the beginning of the lesson until it is complete by itself."""
        complete, start, until = self._profile.complete, problem.start, problem.until
        if isinstance(start, Shift) and start.time == lesson.start and start.sign == "-":
            message = "lies before the start of the lesson, until which it is cancelled; expected lesson.start or later"
            yield Contradiction(("problem", "from"), message)
        if not complete.by and complete.silence_at == lesson.end and after_end(start):
            message = "a lesson is complete at its end (complete.silence.at), so nothing can be reported after it"
            yield Contradiction(("problem", "from"), message)
        elif _comes_by(complete.silence_at, start):
            message = "a lesson is complete by itself by then (complete.silence.at), so nothing can be reported"
            yield Contradiction(("problem", "from"), message)
        elif until is not None and _comes_by(complete.silence_at, until) and not _comes_by(until, complete.silence_at):
            message = "lies after complete.silence.at, when the lesson is complete by itself"
            yield Contradiction(("problem", "until"), message)
        if until is not None and (until == start or _comes_by(until, start)):
            yield Contradiction(("problem", "until"), "comes no later than problem.from, so nothing can be reported")

    def _disputes(self) -> Iterator[Contradiction]:
        claims = self._profile.no_show
        disputed = any(claim.answer_by is not None or claim.contradicted is not None for claim in claims)
        if self._profile.dispute is not None and not disputed and self._profile.problem is None:
            message = "nothing leads to a dispute: no [problem], and no claim in no_show has answer_by or contradicted"
            yield Contradiction(("dispute",), message)

    def _refunding(self) -> Iterator[Contradiction]:
        """There is something to give back only where somebody else than the student's side was paid."""
        refund = self._profile.refund
        refunding = any(move.effects.refunds for state in self._table.states for move in state.moves)
        if refund is not None and not refunding:
            message = "no ending pays anybody but the student's side, so there is nothing to give back"
            yield Contradiction(("refund",), message)

    def _completing(self) -> Iterator[Contradiction]:
        complete = self._profile.complete
        at = complete.silence_at
        if at == lesson.start or (isinstance(at, Shift) and at.time == lesson.end and at.sign == "-"):
            message = "lies before the end of the lesson, until which nothing is complete; expected lesson.end or later"
            yield Contradiction(("complete", "silence", "at"), message)
        elif complete.by and at == lesson.end:
            message = "nobody can confirm what silence completes at the very end of the lesson (complete.silence.at)"
            yield Contradiction(("complete", "by"), message)

    def _taught(self) -> Iterator[Contradiction]:
        """The time of lessons that end where those do that were taught would count as theirs."""
        taught = self._profile.complete.becomes
        for path, name in self._other_endings():
            if name == taught:
                message = f"{name!r} is where lessons end that took place; what ends here would count as taught too"
                yield Contradiction(path, message)

    def _other_endings(self) -> Iterator[tuple[PathParts, str]]:
        """Where lessons end that were not taught; a dispute may find that one was."""
        profile = self._profile
        for path, ending, _ in self._ends_of_turns():
            if path[0] != "dispute":
                yield (*path, "becomes"), ending.becomes
        for number, case in enumerate(profile.cancel):
            if not case.charge:
                yield ("cancel", "cases", number, "becomes"), case.becomes
        if profile.charge is not None:
            yield ("cancel", "charge", "becomes"), profile.charge.becomes
        if profile.problem is not None:
            yield ("problem", "becomes"), profile.problem.becomes
            if profile.problem.reschedule is not None:
                yield ("problem", "reschedule", "silent", "becomes"), profile.problem.reschedule.silent.becomes

    def _reviewing(self) -> Iterator[Contradiction]:
        review = self._profile.review
        if review is None or not review.blind:
            return
        if review.until is None:
            message = "needs until: what one side says would stay hidden for ever if the other says nothing"
            yield Contradiction(("review", "blind"), message)
        if len(review.by) == 1:
            message = f"only the {review.by[0]} reviews, so there is nobody to wait for"
            yield Contradiction(("review", "blind"), message)

    def _telling(self) -> Iterator[Contradiction]:
        rows = [*self._table.openings, *(move for state in self._table.states for move in state.moves)]
        acting: dict[str, set[Role]] = {}
        for row in rows:
            acting.setdefault(row.verb, set()).update(row.by)
        for number, verb in enumerate(self._profile.notify.also_actor):
            path: PathParts = ("notify", "also_actor", number)
            if verb not in acting:
                known = self._table.verbs
                message = f"unknown verb {verb!r}; known under these sections: {', '.join(known)}"
                yield Contradiction(path, message, suggest(verb, known))
            elif verb in _QUIET:
                yield Contradiction(path, f"{verb!r} tells nobody, so not whoever did it either")
            elif not acting[verb] & set(BOUND_ROLES):
                yield Contradiction(path, f"{verb!r} is done by nobody of the lesson whom one could tell")

    def _reminding(self) -> Iterator[Contradiction]:
        going_on = [state.name for state in self._table.states if not state.over]
        over = [state.name for state in self._table.states if state.over]
        for number, (name, _) in enumerate(self._profile.notify.reminders):
            path: PathParts = ("notify", "reminders", number, "state")
            if name in over:
                yield Contradiction(path, f"{name!r} is an ending; there is nothing to be reminded of any more")
            elif name not in going_on:
                message = f"unknown state {name!r}; known under these sections: {', '.join(going_on)}"
                yield Contradiction(path, message, suggest(name, going_on))


def _stamps(row: Row) -> tuple[str, ...]:
    """The anchors that a row stamps for sure."""
    entered = (f"entered({row.to})", f"first_entered({row.to})")
    return (*entered, f"did({row.verb})") if isinstance(row, Move) else entered


def _cases(path: PathParts, cases: tuple[Case, ...], contestable: bool) -> Iterator[Contradiction]:
    """What an absence costs: the last case is for everything else, and the split is said in all of them or in none."""
    given = [isinstance(case.settle, AsGiven) for case in cases]
    for number, case in enumerate(cases):
        here = path if len(cases) == 1 and case.when is None else (*path, "cases", number)
        last = number == len(cases) - 1
        if last and case.when is not None:
            yield Contradiction(here, "the last case is for everything else and has no condition")
        if not last and case.when is None:
            yield Contradiction(here, "a case without a condition hides those after it")
        if given[number] and contestable:
            message = "a claim that may be contested ends by itself, and nobody is there to say the split"
            yield Contradiction((*here, "settle"), message)
        elif given[number] and not all(given):
            yield Contradiction((*here, "settle"), "the split is said by the command in every case, or in none")


def _comes_by(one: Time, other: Time) -> bool:
    """Whether an instant comes no later than another for sure: both are counted from the lesson's end in one unit."""
    first, second = _after_the_end(one), _after_the_end(other)
    if first is None or second is None:
        return False
    return all(mine <= theirs for mine, theirs in zip(first, second, strict=True))


def _after_the_end(time: Time) -> tuple[int, int, int] | None:
    """How long after the end of the lesson an instant is: microseconds, days and months; None if it is not so written.

    What is exact and what is counted by the calendar cannot be compared, only each with itself.
    """
    match time:
        case Shift(time=lesson.end, sign="+", by=Exact() as by):
            return by.delta // MICROSECOND, 0, 0
        case Shift(time=lesson.end, sign="+", by=Calendar() as by):
            return 0, by.weeks * 7 + by.days, by.months
        case _:
            return (0, 0, 0) if time == lesson.end else None
