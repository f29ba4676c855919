"""The table of `lesson/1`: from a profile's sections to the rows that they switch on.

Every row of the profile is written here, once. What a row does is in its cells; this module only puts the cells of a
section where the table has a place for them. The picture of the whole stands in `tutorcore.policy.profile`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from tutorcore.policy.expressions import Always, And, Comparison, Guard, If, Not, Time
from tutorcore.policy.process import (
    BACK,
    STAY,
    Case,
    Effects,
    HoldEffect,
    Move,
    Process,
    Slot,
    State,
    Timeout,
)
from tutorcore.policy.profile import (
    Answer,
    Cancel,
    Charge,
    Complete,
    Dispute,
    Ending,
    Hold,
    Meeting,
    NoShow,
    Payment,
    Profile,
    Rescheduling,
    Review,
)
from tutorcore.policy.roles import GRANTED_ROLES, Role
from tutorcore.policy.words import blamed, did, equals, first_entered, lesson, now, reviewed

_NOTHING: Final = Effects()


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
            when = _both(_both(request.when, request.instant), request.agree_when)
            yield Move("request", request.by, "agreed", when, effects=self._proposed_by(request.by, hold))
        first = "requested" if request.payment is None else "unpaid"
        effects = self._proposed_by(request.by, _asked(request.hold))
        yield Move("request", request.by, first, request.when, effects=effects)

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
        at_once = not complete.by and complete.silence_at == lesson.end
        moves = [*self._claims(True), *self._cancels(self._late_cases())]
        moves += [*self._attending(), *self._meeting_rows(False)]
        ends = Timeout(lesson.end, complete.becomes, effects=paid) if at_once else Timeout(lesson.end, "delivered")
        meeting = self._profile.meeting is not None
        yield State("in_progress", slot="firm", moves=tuple(moves), timeouts=(ends,), agreed=True, meeting=meeting)
        if not at_once:
            yield self._delivered(complete, paid)

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
        moves = (*confirming, *self._claims(False), *self._late_reports())
        silence = Timeout(complete.silence_at, complete.becomes, effects=paid)
        holder = complete.by[0] if complete.by else None
        return State("delivered", holder, "firm", moves=moves, timeouts=(silence,))

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
        marks: dict[Role, str | None] = {"student": None, "tutor": None, **dict(dispute.marks)}
        blaming = [Case(dispute.splits, _blames(role), mark, role) for role, mark in marks.items()]
        effects = Effects(cases=(*blaming, Case(dispute.splits)))
        resolving = Move("resolve", dispute.by, dispute.becomes, needs=("reason",), effects=effects)
        moves, silence = (resolving, *self._late_reports()), _silence(dispute.answer_by, dispute.silence)
        return State("disputed", dispute.by[0], "firm", moves=moves, timeouts=(silence,))

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
