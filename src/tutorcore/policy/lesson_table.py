"""The table of `lesson/1`: from a profile's sections to the rows that they switch on.

Every row of the profile is written here, once. What a row does is in its cells; this module only puts the cells of a
section where the table has a place for them. The picture of the whole stands in `tutorcore.policy.profile`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

import attrs

from tutorcore.policy.expressions import Always, And, Comparison, Guard, If, Not, Or, Shift, Time
from tutorcore.policy.process import (
    BACK,
    STAY,
    Case,
    Effects,
    HoldEffect,
    IfPast,
    Move,
    Need,
    Process,
    Remedy,
    Slot,
    State,
    Timeout,
)
from tutorcore.policy.profile import (
    ABSENT,
    ALL_BACK,
    Absent,
    Answer,
    Cancel,
    Charge,
    Complete,
    Dispute,
    Ending,
    Hold,
    Meeting,
    NewTime,
    NoShow,
    Payment,
    Problems,
    Profile,
    Reason,
    Refund,
    Rescheduling,
    Review,
)
from tutorcore.policy.roles import BOUND_ROLES, GRANTED_ROLES, Role
from tutorcore.policy.settlement import AsGiven, Settlement
from tutorcore.policy.words import (
    any_of,
    blamed,
    did,
    equals,
    first_entered,
    lesson,
    met,
    now,
    reason,
    remedy,
    restricted,
    reviewed,
)

_Sides: TypeAlias = dict[Absent, tuple[Role, ...]]

_NOTHING: Final = Effects()
_AS_SAID: Final = AsGiven()
_ALL_TO: Final[dict[Absent, Settlement]] = {"student": ALL_BACK, "tutor": Settlement((("tutor", None),))}
_OTHER: Final[dict[Absent, Absent]] = {"student": "tutor", "tutor": "student"}
_ANOTHER_TIME: Final[Remedy] = "reschedule"
_GIVEN_UP: Final[dict[Absent, Remedy]] = {"student": "refund", "tutor": "pay"}
"""The remedy by which a side gets everything, so that whatever it was accused of is taken back."""


def lesson_table(profile: Profile) -> Process:
    """Return the table that the profile fills."""
    return _Table(profile).process()


class _Table:
    """The rows of one profile, state by state."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._request = profile.request

    def process(self) -> Process:
        profile = self._profile
        states = [*self._asking(), *self._standing(), *self._taking_place(), *self._settling(), *self._endings()]
        if profile.refund is not None:
            states = [*_refundable(profile.refund, states)]
        return Process(
            profile.id,
            profile.version,
            profile.unit,
            tuple(map(self._told, self._openings())),
            tuple(self._finished(state) for state in states),
            zone=profile.zone,
            fees=profile.fees,
            clears_after=profile.clears_after,
            settles="due" if profile.request.hold == "none" else "held",
            account=profile.account,
        )

    def _finished(self, state: State) -> State:
        """The state with what cuts across all of them: its reminders, and who is told of its moves."""
        reminders = tuple(each for name, each in self._profile.notify.reminders if name == state.name)
        return attrs.evolve(state, moves=tuple(map(self._told, state.moves)), reminders=reminders)

    def _told(self, move: Move) -> Move:
        if move.verb not in self._profile.notify.also_actor:
            return move
        bound = tuple(role for role in move.by if role in ("student", "tutor", "payer", "requester"))
        return attrs.evolve(move, effects=attrs.evolve(move.effects, notify=bound))

    # Asking and answering

    def _openings(self) -> Iterator[Move]:
        request = self._request
        if request.instant is not None:
            hold: HoldEffect | None = None if request.hold == "none" else "cover"
            when = _both(_both(_both(request.when, request.instant), request.agree_when), self._standing_of_tutor())
            yield Move("request", request.by, "agreed", when, effects=self._proposed_by(request.by, hold))
        first = "requested" if request.payment is None else "unpaid"
        effects = self._proposed_by(request.by, _asked(request.hold))
        yield Move("request", request.by, first, _both(request.when, self._standing_of_tutor()), effects=effects)

    def _standing_of_tutor(self) -> Guard | None:
        """That the tutor's standing allows the request, where lapses may take something away from tutors."""
        account = self._profile.account
        found: Guard | None = None
        if account.can("requests_blocked"):
            found = Not(restricted("tutor", "requests_blocked"))
        if account.can("existing_only"):
            found = _both(found, any_of(met("student", "tutor"), Not(restricted("tutor", "existing_only"))))
        return found

    def _proposed_by(self, by: tuple[Role, ...], hold: HoldEffect | None, effects: Effects = _NOTHING) -> Effects:
        """The effects of proposing: who asks chooses among free times, who answers may offer others."""
        bookable = self._request.bookable and set(by) <= set(self._request.by)
        return attrs.evolve(effects, terms="propose", hold=hold, bookable=bookable)

    def _asking(self) -> Iterator[State]:
        request, counter = self._request, self._request.propose
        if request.payment is not None:
            yield self._unpaid(request.payment)
        moves = [*self._answers(request.answers, request.answered_by)]
        if counter is not None and "propose" in request.answers:
            effects = Effects("propose", counter.may_change)
            moves.append(Move("propose", request.answered_by, "proposed", effects=effects))
        moves += self._withdrawing()
        silence = _silence(request.answer_by, request.silence)
        yield State("requested", request.answered_by[0], request.slot, moves=tuple(moves), timeouts=(silence,))
        if counter is None or "propose" not in request.answers:
            return
        moves = [*self._answers(counter.answers, request.by)]
        if "propose" in counter.answers:
            effects = self._proposed_by(request.by, _asked(request.hold), Effects(may_change=counter.may_change))
            moves.append(Move("propose", request.by, "requested", effects=effects))
        # Whoever asked may also simply go; to decline is the answer to the counter-offer, to withdraw is to leave.
        moves += self._withdrawing()
        silence = _silence(counter.answer_by, counter.silence)
        yield State("proposed", request.by[0], request.slot, moves=tuple(moves), timeouts=(silence,))

    def _unpaid(self, payment: Payment) -> State:
        paying = Move("pay", payment.by, "requested", effects=Effects(hold="cover"))
        silence = _silence(payment.pay_by, payment.silence)
        moves = (paying, *self._withdrawing())
        return State("unpaid", payment.by[0], self._request.slot, moves=moves, timeouts=(silence,))

    def _withdrawing(self) -> Iterator[Move]:
        withdraw = self._request.withdraw
        if withdraw is not None:
            yield _ends("withdraw", withdraw.by or self._request.by, withdraw)

    def _answers(self, answers: Iterable[Answer], by: tuple[Role, ...]) -> Iterator[Move]:
        request = self._request
        if "accept" in answers:
            when = _both(request.agree_when, Comparison(now, "<", lesson.end)) if request.late else request.agree_when
            yield Move("accept", by, "agreed", when, effects=self._accepted(request.slot))
        if "decline" in answers:
            yield _ends("decline", by, request.decline)

    def _accepted(self, slot: Slot) -> Effects:
        """The effects of agreeing to what stood in a state with that slot: only now must time not held be free."""
        bookable = self._request.bookable and slot == "none"
        return Effects("accept", hold=_agreed_hold(self._request.hold), bookable=bookable)

    # What stands agreed

    def _standing(self) -> Iterator[State]:
        yield self._agreed("agreed", self._profile.cancel)
        change = self._profile.change
        if change is None:
            return
        if change.locks is not None:
            yield self._agreed("locked", tuple(case for case in self._profile.cancel if case.locked))
        if not change.again:
            for role in change.by:
                yield self._beside(change, role)

    def _agreed(self, name: str, cancel: tuple[Cancel, ...]) -> State:
        moves = [*self._changes(name), *self._cancels(cancel), *self._coming_early(), *self._meeting_rows(True)]
        # What is agreed when it should have begun is under way at once, where it can be agreed so late at all.
        begins = Timeout(lesson.start, "in_progress", if_past="fire" if self._request.late else "forbid")
        meeting = self._profile.meeting is not None
        return State(name, slot="firm", moves=tuple(moves), timeouts=(begins,), agreed=True, meeting=meeting)

    def _changes(self, name: str) -> Iterator[Move]:
        change, hold = self._profile.change, self._request.hold
        if change is None:
            return
        may_change = Effects(may_change=change.may_change)
        if change.again:
            effects = self._proposed_by(change.by, _asked(hold), may_change)
            yield Move("propose", change.by, "requested", change.when, effects=effects)
        for role in () if change.again else change.by:
            held = _asked(hold) if role in self._request.by else None
            effects = self._proposed_by((role,), held, may_change)
            yield Move("propose", (role,), f"change_by_{role}", change.when, effects=effects)
        if change.override is not None:
            effects = Effects("propose", change.may_change, hold=_agreed_hold(hold))
            yield Move("reschedule", change.override.by, name, needs=change.override.needs, effects=effects)

    def _cancels(self, cases: Iterable[Cancel]) -> Iterator[Move]:
        for case in cases:
            blame = Case(None if case.charge else case.settle, mark=case.mark, fault=case.fault)
            to = "charge_open" if case.charge else case.becomes
            yield Move("cancel", case.by, to, case.when, needs=case.needs, effects=Effects(cases=(blame,)))

    def _beside(self, change: Rescheduling, proposer: Role) -> State:
        request = self._request
        others = request.by if proposer in request.answered_by else request.answered_by
        accepted = self._accepted(change.slot)
        moves = [Move("decline", others, BACK, needs=change.decline_needs), Move("withdraw", (proposer,), BACK)]
        if not isinstance(change.locks, Always):
            moves.insert(0, Move("accept", others, BACK, effects=accepted))
        if change.locks is not None:
            moves.insert(0, Move("accept", others, "locked", change.locks, effects=accepted))
        assert change.answer_by is not None
        silence = Timeout(change.answer_by, BACK, fault=change.fault)
        return State(
            f"change_by_{proposer}", others[0], change.slot, beside=True, moves=tuple(moves), timeouts=(silence,)
        )

    # The lesson itself

    def _attending(self) -> Iterator[Move]:
        """Joins and leaves while people may come."""
        attend = self._profile.attend
        return iter(()) if attend is None else _attendance(attend.by, None)

    def _coming_early(self) -> Iterator[Move]:
        """Joins and leaves ahead of the lesson, from an instant on; at the start itself it is under way already."""
        attend = self._profile.attend
        if attend is None or attend.start == lesson.start:
            return iter(())
        return _attendance(attend.by, Comparison(now, ">=", attend.start))

    def _late_reports(self) -> Iterator[Move]:
        """What the platform still learns of joins and leaves when the lesson is behind everybody."""
        attend = self._profile.attend
        by = () if attend is None else tuple(role for role in attend.by if role in GRANTED_ROLES)
        return _attendance(by, None) if by else iter(())

    def _meeting_rows(self, ahead: bool) -> Iterator[Move]:
        """What the provider of meetings answers; only `ahead` of the lesson may the want of a meeting end it."""
        meeting = self._profile.meeting
        if meeting is not None:
            yield Move("meeting_ready", ("system",), STAY, needs=("details",), effects=Effects(records="meeting"))
            yield self._meeting_failed(meeting) if ahead else Move("meeting_failed", ("system",), STAY)

    def _meeting_failed(self, meeting: Meeting) -> Move:
        if meeting.failed is None:
            return Move("meeting_failed", ("system",), STAY, needs=("reason",))
        return attrs.evolve(_ends("meeting_failed", ("system",), meeting.failed), needs=("reason",))

    def _taking_place(self) -> Iterator[State]:
        complete = self._profile.complete
        paid = Effects(cases=(Case(complete.settle),))
        at_once = self._is_complete_at_its_end()
        moves = [*self._reports(True), *self._claims(True), *self._cancels(self._late_cases())]
        moves += [*self._attending(), *self._meeting_rows(False)]
        ends = Timeout(lesson.end, "delivered")
        if at_once:
            ends = Timeout(lesson.end, complete.becomes, if_past=self._after_withdrawal(), effects=paid)
        meeting = self._profile.meeting is not None
        yield State("in_progress", slot="firm", moves=tuple(moves), timeouts=(ends,), agreed=True, meeting=meeting)
        if not at_once:
            yield self._delivered(complete, paid)

    def _is_complete_at_its_end(self) -> bool:
        complete = self._profile.complete
        return not complete.by and complete.silence_at == lesson.end

    def _late_cases(self) -> Iterator[Cancel]:
        """The cases that stay open once the lesson has begun; one that was locked stays locked."""
        change = self._profile.change
        unlocked = Not(Comparison(first_entered("locked"), "<=", now))
        for case in self._profile.cancel:
            if case.in_progress and (case.locked or change is None or change.locks is None):
                yield case
            elif case.in_progress:
                yield attrs.evolve(case, when=_both(case.when, unlocked))

    def _delivered(self, complete: Complete, paid: Effects) -> State:
        confirming = [Move("confirm", complete.by, complete.becomes, effects=paid)] if complete.by else []
        moves = [*confirming, *self._reports(False), *self._claims(False), *self._late_reports()]
        silence = Timeout(complete.silence_at, complete.becomes, if_past=self._after_withdrawal(), effects=paid)
        holder = complete.by[0] if complete.by else None
        # A report about a lesson that is still going on leaves its meeting alone, so nothing on the way gives it up.
        meeting = self._profile.meeting is not None and self._profile.problem is not None
        if meeting:
            moves += self._meeting_rows(False)
        return State("delivered", holder, "firm", moves=tuple(moves), timeouts=(silence,), meeting=meeting)

    def _after_withdrawal(self) -> IfPast:
        """Whoever takes a report back when the lesson would be complete by then finds it complete."""
        return "forbid" if self._profile.problem is None else "fire"

    # No-shows, disputes, charges

    def _claims(self, before_end: bool) -> Iterator[Move]:
        for claim in self._profile.no_show:
            if before_end or claim.until != lesson.end:
                yield from self._claim(claim)

    def _claim(self, claim: NoShow) -> Iterator[Move]:
        for by, says_whom in self._claimants(claim):
            yield from self._claim_by(claim, by, says_whom)

    def _claimants(self, claim: NoShow) -> Iterator[tuple[tuple[Role, ...], Guard | None]]:
        """Who may claim it; whoever may claim it of either side has to say which."""
        either = {role for other in self._profile.no_show if other.absent != claim.absent for role in other.by}
        one, both = tuple(r for r in claim.by if r not in either), tuple(r for r in claim.by if r in either)
        if one:
            yield one, None
        if both:
            yield both, equals(blamed, claim.absent)

    def _claim_by(self, claim: NoShow, by: tuple[Role, ...], says_whom: Guard | None) -> Iterator[Move]:
        when = _both(_both(says_whom, Comparison(now, ">=", claim.start)), claim.when)
        against = claim.contradicted
        plain = when if against is None else _both(when, Not(against))
        to, effects = f"{_no_show(claim)}_claimed", Effects()
        if claim.answer_by is None:
            to, effects = _no_show(claim), Effects(cases=claim.cases)
        yield Move("claim_no_show", by, to, plain, claim.until, claim.needs, effects)
        if against is not None:
            yield Move("claim_no_show", by, "disputed", _both(when, against), claim.until, claim.needs)

    def _settling(self) -> Iterator[State]:
        profile = self._profile
        if profile.charge is not None:
            yield _charge_open(profile.charge)
        for claim in profile.no_show:
            if claim.answer_by is not None:
                yield self._claimed(claim, claim.answer_by)
        if profile.problem is not None:
            yield from self._problems(profile.problem)
        if profile.dispute is not None:
            yield self._disputed(profile.dispute)

    def _claimed(self, claim: NoShow, answer_by: Time) -> State:
        moves = [Move("contest", claim.contested_by or (claim.absent,), "disputed")]
        for other in self._profile.no_show:
            if other.absent != claim.absent:
                for by, says_whom in self._claimants(other):
                    moves.append(Move("claim_no_show", by, "disputed", says_whom, needs=other.needs))
        moves += [*self._attending(), *self._meeting_rows(False)]
        timeouts = [Timeout(answer_by, _no_show(claim), effects=Effects(cases=claim.cases))]
        if claim.contradicted is not None and self._profile.attend is not None:
            # A report that comes late and speaks against the claim opens the dispute at once; until then the two fall
            # together, and the one listed first is taken.
            contradicted = If(claim.contradicted, did("join"), answer_by)
            timeouts.append(Timeout(contradicted, "disputed", if_past="fire"))
        meeting = self._profile.meeting is not None  # Whoever is late may still come.
        name = f"{_no_show(claim)}_claimed"
        return State(name, claim.absent, "firm", moves=tuple(moves), timeouts=tuple(timeouts), meeting=meeting)

    def _disputed(self, dispute: Dispute) -> State:
        problem = self._profile.problem
        marks: dict[Role, str | None] = {"student": None, "tutor": None, **dict(dispute.marks)}
        # Whoever decides may find what problems are reported for, and blame whom that blames, or another.
        reasons = () if problem is None else tuple(each for each in _accusing(problem) if each.mark is not None)
        blaming = [Case(dispute.splits, _found(each), each.mark, each.fault) for each in reasons]
        blaming += [Case(dispute.splits, _blames(role), mark, role) for role, mark in marks.items()]
        effects = Effects(cases=(*blaming, Case(dispute.splits)))
        resolving = Move("resolve", dispute.by, dispute.becomes, needs=("reason",), effects=effects)
        moves = (resolving, *self._evidence(), *self._late_reports())
        silence, kept = _silence(dispute.answer_by, dispute.silence), problem is not None
        return State("disputed", dispute.by[0], "firm", moves=moves, timeouts=(silence,), problem=kept)

    # Problems

    def _reports(self, before_end: bool) -> Iterator[Move]:
        """The reports of both sides, about a lesson that goes on or one that is behind them."""
        problem = self._profile.problem
        if problem is None or (after_end(problem.start) if before_end else problem.until == lesson.end):
            return
        when = _gives_a_reason(problem)
        if problem.start not in ((lesson.start,) if before_end else (lesson.start, lesson.end)):
            when = _both(when, Comparison(now, ">=", problem.start))
        for side, roles in self._sides(problem).items():
            by = tuple(role for role in roles if role in problem.by)
            if by:
                yield from _remedies(_on_offer(problem), "report", by, side, when, problem.until, problem.needs)

    def _sides(self, problem: Problems) -> _Sides:
        """Who acts for the student and who for the tutor: those who report, and else those who ask for lessons."""
        reporting = tuple(role for role in problem.by if role != "tutor")
        asking = tuple(role for role in (*self._request.by, *self._request.answered_by) if _is_students(role))
        return {"student": reporting or asking or ("student",), "tutor": ("tutor",)}

    def _problems(self, problem: Problems) -> Iterator[State]:
        sides = self._sides(problem)
        proposing = [side for side in ABSENT if _counters(problem) or set(sides[side]) & set(problem.by)]
        accusing = _accusing(problem)
        settled = _taking_up(problem, accusing)
        remedies, new = _on_offer(problem), problem.reschedule
        for side in proposing if _in_money(remedies) else ():
            # By saying nothing only whoever has the turn is blamed; what the proposing side is accused of is not.
            silent = _taking_up(problem, [each for each in accusing if _is_side(_OTHER[side], each.fault)])
            yield self._remedy_of(problem, side, remedies, f"problem_by_{side}", problem.becomes, settled, silent)
        if new is None or _ANOTHER_TIME not in remedies:
            return
        for side in proposing:
            # Whoever also wants another time accepts; only what is another remedy can be put against this one.
            # Both settle it so between themselves, and nobody is to blame.
            name, both = f"reschedule_by_{side}", Effects(agrees=True)
            yield self._remedy_of(problem, side, _in_money(remedies), name, "rescheduling", both, both)
        yield self._rescheduling(sides, new)
        for side in ABSENT:
            yield self._new_time(sides, new, side)

    def _remedy_of(
        self,
        problem: Problems,
        side: Absent,
        against: tuple[Remedy, ...],
        name: str,
        to: str,
        accepted: Effects,
        silent: Effects,
    ) -> State:
        """Where the remedy of one side is on the table, and the other takes it up, or puts another `against` it."""
        sides, meeting = self._sides(problem), self._profile.meeting is not None
        others = sides[_OTHER[side]]
        moves = [Move("accept", others, to, effects=accepted)] if "accept" in problem.answers else []
        if "decline" in problem.answers:
            moves.append(Move("decline", others, "disputed"))
        if _counters(problem):
            reasoned = _gives_a_reason(problem, equals(reason, ""))  # Left out, it stays that of the report.
            moves += _remedies(against, "propose_remedy", others, _OTHER[side], reasoned)
        moves += [*self._taking_back(problem, sides[side]), _escalating(sides)]
        # Whoever did not come cannot report something else to be out of reach of the claim that they did not.
        moves += [*self._claims_beside_a_problem(), *self._evidence(), *self._attending(), *self._meeting_rows(False)]
        silence = Timeout(problem.answer_by, to, effects=silent)
        if problem.silence == "escalate":
            silence = Timeout(problem.answer_by, "disputed")
        return State(name, others[0], "firm", moves=tuple(moves), timeouts=(silence,), meeting=meeting, problem=True)

    def _taking_back(self, problem: Problems, roles: tuple[Role, ...]) -> Iterator[Move]:
        """Whoever reported a problem may take it back as long as the other side has not put a remedy against it."""
        by = tuple(role for role in roles if role in problem.by)
        if not by:
            return
        alone = Not(Comparison(did("propose_remedy"), ">=", did("report"))) if _counters(problem) else None
        if self._is_complete_at_its_end():
            yield Move("withdraw", by, "in_progress", alone)
            return
        yield Move("withdraw", by, "in_progress", _both(alone, Comparison(now, "<", lesson.end)))
        yield Move("withdraw", by, "delivered", alone)

    def _claims_beside_a_problem(self) -> Iterator[Move]:
        for claim in self._profile.no_show:
            for by, says_whom in self._claimants(claim):
                when = _both(_both(says_whom, Comparison(now, ">=", claim.start)), claim.when)
                yield Move("claim_no_show", by, "disputed", when, claim.until, claim.needs)

    def _evidence(self) -> Iterator[Move]:
        problem = self._profile.problem
        if problem is not None and problem.evidence is not None:
            evidence = problem.evidence
            yield Move("evidence", evidence.by, STAY, until=evidence.until, effects=Effects(records="evidence"))

    def _rescheduling(self, sides: _Sides, new: NewTime) -> State:
        moves = [self._proposing_a_time(sides, new, side) for side in ABSENT]
        moves += [_escalating(sides), *self._evidence(), *self._late_reports()]
        silence = Timeout(new.nobody_at, new.nobody.becomes, if_past="fire", effects=Effects(cases=(new.nobody.case,)))
        return State("rescheduling", None, "firm", moves=tuple(moves), timeouts=(silence,), problem=True, yields=True)

    def _proposing_a_time(self, sides: _Sides, new: NewTime, side: Absent) -> Move:
        by = sides[side]
        chooses = self._request.bookable and not set(by).isdisjoint(self._request.by)
        held = _asked(self._request.hold) if side == "student" else None
        effects = Effects("propose", new.may_change, hold=held, bookable=chooses)
        return Move("propose", by, f"new_time_by_{side}", new.when, effects=effects)

    def _new_time(self, sides: _Sides, new: NewTime, side: Absent) -> State:
        """Where one side has proposed a time, and the other loses everything by saying nothing."""
        others: tuple[Role, ...] = sides[_OTHER[side]]
        slot: Slot = "tentative"
        moves = (
            Move("accept", others, "agreed", effects=self._accepted(slot)),
            self._proposing_a_time(sides, new, _OTHER[side]),
            Move("decline", others, BACK),
            Move("withdraw", sides[side], BACK),
        )
        lost = Case(_ALL_TO[side], mark=new.silent.mark)
        silence = Timeout(new.silent_at, new.silent.becomes, "holder", effects=Effects(cases=(lost,)))
        return State(f"new_time_by_{side}", others[0], slot, beside=True, moves=moves, timeouts=(silence,))

    # Endings

    def _endings(self) -> Iterator[State]:
        taught, ahead = self._profile.complete.becomes, set(self._endings_ahead())
        for name in dict.fromkeys([taught, *self._endings_ahead(), *self._endings_afterwards()]):
            review = self._profile.review if name == taught else None
            moves = () if review is None else tuple(_reviews(review))
            # A lesson whose time has come keeps it: there is no booking of what lies behind everybody, and whoever
            # counts lessons, or the time between two, counts this one.
            yield State(name, slot="none" if name in ahead else "firm", over=True, moves=moves, taught=name == taught)

    def _endings_ahead(self) -> Iterator[str]:
        """The endings of lessons that do not take place, or not to their end."""
        profile, request = self._profile, self._request
        yield request.decline.becomes
        yield request.silence.becomes
        if request.payment is not None:
            yield request.payment.silence.becomes
        if request.withdraw is not None:
            yield request.withdraw.becomes
        if request.propose is not None:
            yield request.propose.silence.becomes
        yield from (case.becomes for case in profile.cancel if not case.charge)
        if profile.charge is not None:
            yield profile.charge.becomes
        if profile.meeting is not None and profile.meeting.failed is not None:
            yield profile.meeting.failed.becomes

    def _endings_afterwards(self) -> Iterator[str]:
        """The endings of lessons whose time has come."""
        yield from map(_no_show, self._profile.no_show)
        problem = self._profile.problem
        if problem is not None:
            yield problem.becomes
            if problem.reschedule is not None and _ANOTHER_TIME in _on_offer(problem):
                yield problem.reschedule.nobody.becomes
                yield problem.reschedule.silent.becomes
        if self._profile.dispute is not None:
            yield self._profile.dispute.becomes
            yield self._profile.dispute.silence.becomes


def _attendance(by: tuple[Role, ...], when: Guard | None) -> Iterator[Move]:
    yield Move("join", by, STAY, when, effects=Effects(records="joined"))
    yield Move("leave", by, STAY, when, effects=Effects(records="left"))


def _reviews(review: Review) -> Iterator[Move]:
    for role in review.by:
        once = Not(Comparison(reviewed(role), "<=", now))
        effects = Effects(records="reviewed", blind=review.blind)
        yield Move("review", (role,), STAY, once, review.until, effects=effects)


def _charge_open(charge: Charge) -> State:
    deciding = Move("charge", charge.by, charge.becomes, effects=Effects(cases=(Case(charge.choices),)))
    silence = Timeout(charge.answer_by, charge.becomes, effects=Effects(cases=(Case(charge.silence),)))
    return State("charge_open", charge.by[0], moves=(deciding,), timeouts=(silence,))


def _remedies(
    remedies: tuple[Remedy, ...],
    verb: str,
    by: tuple[Role, ...],
    side: Absent,
    when: Guard | None = None,
    until: Time | None = None,
    needs: tuple[Need, ...] = (),
) -> Iterator[Move]:
    """Putting one of some remedies on the table: another time leads elsewhere than what is settled in money."""
    money, reschedule = _in_money(remedies), _ANOTHER_TIME in remedies
    meant = equals(remedy, _ANOTHER_TIME)
    if money:
        other = _both(when, Not(meant)) if reschedule else when
        yield Move(verb, by, f"problem_by_{side}", other, until, needs, Effects(remedies=money))
    if reschedule:
        this = _both(when, meant) if money else when
        yield Move(verb, by, f"reschedule_by_{side}", this, until, needs, Effects(remedies=(_ANOTHER_TIME,)))


def _on_offer(problem: Problems) -> tuple[Remedy, ...]:
    """The remedies among which to choose; another time is one only where it is said how that is found."""
    return problem.proposes if problem.reschedule is not None else _in_money(problem.proposes)


def _counters(problem: Problems) -> bool:
    """Whether one remedy may be answered by another: against another time there is only what is settled in money."""
    return "propose" in problem.answers and bool(_in_money(problem.proposes))


def _in_money(remedies: tuple[Remedy, ...]) -> tuple[Remedy, ...]:
    return tuple(each for each in remedies if each != _ANOTHER_TIME)


def _gives_a_reason(problem: Problems, *others: Guard) -> Guard | None:
    """That the reason given is one of the policy's, or what `others` say of it; None where any may be given."""
    if not problem.reasons:
        return None
    said = (*others, *(equals(reason, each.name) for each in problem.reasons))
    return Or(said) if len(said) > 1 else said[0]


def _taking_up(problem: Problems, accusing: Iterable[Reason]) -> Effects:
    """Sharing out what is held as was said, and blaming whom these reasons blame."""
    return Effects(cases=(*(_blaming(problem, each) for each in accusing), Case(_AS_SAID)), agrees=True)


def _blaming(problem: Problems, said: Reason) -> Case:
    """What a reason means once what is held is shared out; whoever gets all of it is accused no more.

    A split that gives all to one side is on the table as the remedy that says so.
    """
    named = equals(reason, said.name)
    given_up = _GIVEN_UP["tutor" if said.fault == "tutor" else "student"]
    takes_back = not {given_up, "split"}.isdisjoint(problem.proposes)
    when = And((named, Not(equals(remedy, given_up)))) if takes_back else named
    return Case(_AS_SAID, when, said.mark, said.fault)


def _accusing(problem: Problems) -> list[Reason]:
    """The reasons that blame somebody."""
    return [each for each in problem.reasons if each.fault is not None]


def _found(said: Reason) -> Guard:
    """That whoever decides a dispute finds what problems are reported for, and blames whom that blames."""
    assert said.fault is not None
    return And((_blames(said.fault), equals(reason, said.name)))


def _escalating(sides: _Sides) -> Move:
    return Move("escalate", (*sides["student"], *sides["tutor"]), "disputed")


def _is_side(side: Absent, role: Role | None) -> bool:
    """Whether somebody in that role stands on that side."""
    return (role == "tutor") == (side == "tutor")


def _is_students(role: Role) -> bool:
    return role in BOUND_ROLES and role != "tutor"


def _refundable(refund: Refund, states: list[State]) -> Iterator[State]:
    """The states, those in which a lesson ends that paid somebody else than the student's side with a refund."""
    paid = {row.to for state in states for row in state.rows if any(map(_pays, row.effects.cases))}
    effects = Effects(cases=(Case(_AS_SAID),), refunds=True)
    moving = Move("refund", refund.by, STAY, None, refund.until, refund.needs, effects)
    for state in states:
        yield attrs.evolve(state, moves=(*state.moves, moving)) if state.over and state.name in paid else state


def _pays(case: Case) -> bool:
    settle = case.settle
    return settle is not None and (isinstance(settle, AsGiven) or settle.meaning != ALL_BACK.meaning)


def after_end(time: Time) -> bool:
    """Return whether an instant is the end of the lesson or lies after it, as far as it is written so."""
    return time == lesson.end or (isinstance(time, Shift) and time.time == lesson.end and time.sign == "+")


def _no_show(claim: NoShow) -> str:
    return f"{claim.absent}_no_show"


def _blames(role: Role) -> Guard:
    return equals(blamed, role)


def _both(one: Guard | None, other: Guard | None) -> Guard | None:
    """The guard that both hold; conditions side by side stay side by side."""
    guards = [each for each in (one, other) if each is not None and not isinstance(each, Always)]
    parts = [part for each in guards for part in (each.parts if isinstance(each, And) else (each,))]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _ends(verb: str, by: tuple[Role, ...], ending: Ending) -> Move:
    return Move(verb, by, ending.becomes, needs=ending.needs, effects=Effects(cases=(ending.case,)))


def _silence(at: Time, ending: Ending) -> Timeout:
    fault = ending.fault if ending.fault in ("holder", "none") else None
    if fault is None:
        return Timeout(at, ending.becomes, effects=Effects(cases=(ending.case,)))
    case = Case(ending.settle, mark=ending.mark)
    return Timeout(at, ending.becomes, fault, effects=Effects(cases=(case,)))


def _asked(hold: Hold) -> HoldEffect | None:
    """What a proposal of the payer's side holds."""
    return "cover" if hold == "when_asked" else None


def _agreed_hold(hold: Hold) -> HoldEffect | None:
    """What an agreement holds: exactly its price."""
    return None if hold == "none" else "exact"
