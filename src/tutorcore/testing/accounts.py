"""What people do about accounts rather than lessons: agents about reports, tutors about what they have earned.

Like the deeds of `tutorcore.testing.people` these are values with an `on(...)`; chance and the state as of now come in
as arguments, and what comes out may well be refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import attrs

from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.instants import Instant
from tutorcore.money import Money
from tutorcore.policy.account import Counter
from tutorcore.policy.process import Process
from tutorcore.policy.restrictions import RESTRICTIONS, Restriction
from tutorcore.testing.people import Chance, World

ReportVerb: TypeAlias = Literal["dismiss_report", "record_report"]

_VERBS: Final[tuple[ReportVerb, ...]] = ("dismiss_report", "record_report")
_CASE: Final = "case 7"
_OTHER_REASON: Final = "as we see it"


@attrs.frozen
class Handle:
    """An agent's word on a report."""

    verb: ReportVerb
    tutor: str
    report: int
    by: str
    reason: str

    def on(self, market: Marketplace, key: str, now: Instant) -> Outcome:
        """Do it."""
        desk = market.standings
        handle = desk.dismiss_report if self.verb == "dismiss_report" else desk.record_report
        return handle(self.tutor, self.report, by=self.by, reason=self.reason, case=_CASE, key=key, now=now)


@attrs.frozen
class Begin:
    """A counter that begins anew."""

    tutor: str
    counter: str
    by: str

    def on(self, market: Marketplace, key: str, now: Instant) -> Outcome:
        """Do it."""
        return market.standings.reset_counter(
            self.tutor, self.counter, by=self.by, reason=_OTHER_REASON, case=_CASE, key=key, now=now
        )


@attrs.frozen
class Free:
    """An end to what was imposed: of one kind by an agent, or (None) of all that a tutor may end."""

    tutor: str
    effect: Restriction | None
    by: str

    def on(self, market: Marketplace, key: str, now: Instant) -> Outcome:
        """Do it."""
        desk, by = market.standings, self.by
        if self.effect is None:
            return desk.show_profile(self.tutor, by=by, key=key, now=now)
        return desk.lift(self.tutor, self.effect, by=by, reason=_OTHER_REASON, case=_CASE, key=key, now=now)


@attrs.frozen
class Take:
    """Earnings taken out (or, with an amount of None, applied for), or spent on lessons."""

    tutor: str
    currency: str
    amount: Money | None
    spends: bool = False

    def on(self, market: Marketplace, key: str, now: Instant) -> Outcome:
        """Do it."""
        if self.amount is None:
            return market.payouts.apply(self.tutor, self.currency, key=key, now=now)
        take = market.payouts.spend if self.spends else market.payouts.withdraw
        return take(self.tutor, self.amount, key=key, now=now)


@attrs.frozen
class Close:
    """Word of how a transfer ended."""

    withdrawal: str
    arrived: bool
    by: str

    def on(self, market: Marketplace, key: str, now: Instant) -> Outcome:
        """Do it."""
        if self.arrived:
            return market.payouts.paid(self.withdrawal, by=self.by, key=key, now=now)
        return market.payouts.returned(self.withdrawal, by=self.by, reason="no such account", key=key, now=now)


AccountDeed: TypeAlias = Handle | Begin | Free | Take | Close


def judgement(
    world: World, market: Marketplace, policies: Sequence[Process], now: Instant, chance: Chance
) -> AccountDeed:
    """Return something about how a tutor stands: mostly by an agent who may, and about a report that waits."""
    by, kind = _somebody(world, chance), chance.pick(range(6))
    waiting = market.standings.queue(now=now)
    counters = [counter for process in policies for counter in process.account.counters]
    if waiting and chance.pick(range(3)) > 0:
        late = chance.pick(waiting)
        verb = chance.pick(_VERBS)
        known = next((each for each in counters if each.name == late.report.counter), None)
        return Handle(verb, late.tutor, late.report.number, by, chance.pick(_reasons(known, verb)))
    found = {tutor: market.standings.of(tutor, now=now) for tutor in world.tutors}
    tutor = chance.pick([each for each, standing in found.items() if standing is not None] or world.tutors)
    standing = found[tutor]
    if standing is None:
        return Free(tutor, chance.pick(RESTRICTIONS), by)
    if kind == 0:
        return Handle(chance.pick(_VERBS), tutor, chance.pick(standing.reports).number, by, _OTHER_REASON)
    if kind == 1:
        return Begin(tutor, chance.pick(standing.reports).counter, by)
    in_force = sorted(market.standings.restrictions(tutor, now=now)) or RESTRICTIONS
    return Free(tutor, chance.pick((None, None, chance.pick(in_force))), tutor if kind > 2 else by)


def payment_out(
    world: World, market: Marketplace, currencies: Sequence[str], now: Instant, chance: Chance
) -> AccountDeed:
    """Return something about a tutor's earnings: an application, a withdrawal, an expense, or how a transfer ended."""
    under_way, kind = market.payouts.under_way(), chance.pick(range(6))
    if under_way and kind > 2:
        return Close(chance.pick(under_way).id, kind > 3, _somebody(world, chance))
    known = [each for tutor in world.tutors for each in market.payouts.of(tutor)]
    gone = [each for each in known if each.state != "applied"]
    if gone and kind == 2:
        return Close(chance.pick(gone).id, chance.pick((True, False)), _somebody(world, chance))
    applied = [each for each in known if each.state == "applied"]
    if applied and kind > 2:
        wanted = chance.pick(applied)
        return _taken(market, wanted.tutor, wanted.currency, now, chance)
    earned = [market.earnings(tutor, code, now=now).available for tutor in world.tutors for code in currencies]
    place = chance.pick([place for place, money in enumerate(earned) if money.minor] or range(len(earned)))
    tutor, code = world.tutors[place // len(currencies)], currencies[place % len(currencies)]
    return Take(tutor, code, None) if kind == 0 else _taken(market, tutor, code, now, chance, spends=kind == 1)


def _taken(
    market: Marketplace, tutor: str, code: str, now: Instant, chance: Chance, *, spends: bool = False
) -> AccountDeed:
    """All that is available, or about half of it, or a little, or more than it is."""
    available = market.earnings(tutor, code, now=now).available
    minor = chance.pick((available.minor, available.minor, available.minor // 2, 7, available.minor + 1)) or 1
    return Take(tutor, code, Money(minor, available.currency), spends=spends)


def _somebody(world: World, chance: Chance) -> str:
    """Mostly whoever handles what is to be handled."""
    agents = [name for name, roles in world.grants if "operator" in roles]
    return chance.pick(agents if chance.pick(range(8)) else world.everybody)


def _reasons(counter: Counter | None, verb: ReportVerb) -> tuple[str, ...]:
    """What may be said with that verb, and what perhaps may not."""
    if counter is None:
        return (_OTHER_REASON,)
    known = counter.dismiss if verb == "dismiss_report" else counter.record
    return (*known, *known, *known, _OTHER_REASON)
