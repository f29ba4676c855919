"""Payouts: how tutors get at what they have earned.

A tutor applies for a withdrawal where the policy wants that, withdraws, or spends earnings on lessons of their own.
Money that is on its way lies in an account of its own until somebody tells that it arrived or came back. What a tutor
owes is taken out of earnings first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from tutorcore.engine.outcome import Outcome
from tutorcore.engine.reading import Reading
from tutorcore.engine.work import Work, digest_of, registered
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.ids import PartyId, command_key, party_id
from tutorcore.instants import Instant
from tutorcore.ledger.entries import Entry, paid_out, returned, spend, withdrawal
from tutorcore.lessons.refusals import Refusal
from tutorcore.money import Currency, Money
from tutorcore.payouts import APPLY, PAID, RETURNED, SPEND, WITHDRAW, Withdrawal, withdrawals
from tutorcore.policy.account import PayoutRules
from tutorcore.policy.process import Unit
from tutorcore.policy.roles import Role
from tutorcore.ports.storage import Storage, Transaction
from tutorcore.standing import restrictions

_CLOSED_BY: tuple[Role, ...] = ("operator", "admin", "system")
_ANY_TIME = PayoutRules()


class Payouts:
    """The withdrawals of one marketplace. `Marketplace.payouts` is one.

    `rules` are those of each currency that its policies are in.
    """

    def __init__(
        self,
        storage: Storage,
        rules: Mapping[str, PayoutRules],
        *,
        now: Callable[[Instant | None], Instant],
        unit: Callable[[str], Unit],
        known: Callable[[Money], Money],
    ) -> None:
        self._storage = storage
        self._rules = rules
        self._now = now
        self._unit = unit
        self._known = known

    # Questions: the state as of `now`, and nothing is written

    def of(self, tutor: str) -> tuple[Withdrawal, ...]:
        """Return the tutor's applications and withdrawals, the oldest first; raise `UnknownName`."""
        id = party_id(tutor, "tutor")
        with self._storage.reading() as tx:
            return tx.withdrawals(registered(tx, id, "tutor").id)

    def under_way(self) -> tuple[Withdrawal, ...]:
        """Return what is to be transferred, or on its way: whoever moves money outside goes through these."""
        with self._storage.reading() as tx:
            return tx.withdrawals(state="under_way")

    def debt(self, tutor: str, currency: str, *, now: Instant | None = None) -> Money:
        """Return what the tutor owes the platform at `now`: it is taken out of what is earned next."""
        id, unit, at = party_id(tutor, "tutor"), self._unit(currency), self._now(now)
        with self._storage.reading() as tx:
            return _money(Reading(tx, at).debt(id, unit.code), unit)

    # Commands

    def apply(
        self, tutor: str, currency: str, *, key: str, by: str | None = None, now: Instant | None = None
    ) -> Outcome:
        """Apply for a withdrawal in the next UTC month, where the policy wants that."""
        unit = self._unit(currency)

        def applied(work: Work, tx: Transaction, id: PartyId) -> Refusal | None:
            known = tx.withdrawals(id)
            return _kept(tx, withdrawals.apply(self._rules_of(unit), known, id, key, unit.code, work.now))

        return self._do(APPLY, tutor, by, key, now, applied, currency=unit.code)

    def withdraw(
        self, tutor: str, amount: Money, *, key: str, by: str | None = None, now: Instant | None = None
    ) -> Outcome:
        """Take out earnings: the amount, out of which the policy's fee is taken, is then on its way to the tutor.

        The withdrawal is called by the key of the application that it uses up, or by this key where none is needed.
        """
        minor, unit = self._known(amount).minor, self._unit(amount.currency.code)
        rules = self._rules_of(unit)

        def withdrawn(work: Work, tx: Transaction, id: PartyId) -> Refusal | None:
            before, frozen = tx.withdrawals(id), _is_frozen(tx, id, work.now)
            answer = withdrawals.withdraw(rules, before, id, key, minor, unit, frozen=frozen, now=work.now)
            if isinstance(answer, Refusal):
                return answer
            entry = withdrawal(
                id, answer.amount, answer.fee, unit.code, effective_at=work.now, ref=answer.id, source=WITHDRAW
            )
            return _posted(tx, work, entry, unit) or _kept(tx, answer)

        return self._do(WITHDRAW, tutor, by, key, now, withdrawn, minor=minor, currency=unit.code)

    def spend(
        self, tutor: str, amount: Money, *, key: str, by: str | None = None, now: Instant | None = None
    ) -> Outcome:
        """Move available earnings into the tutor's own wallet, from which lessons with other tutors are paid."""
        minor, unit = self._known(amount).minor, self._unit(amount.currency.code)

        def spent(work: Work, tx: Transaction, id: PartyId) -> Refusal | None:
            refusal = withdrawals.spend(self._rules_of(unit), id, frozen=_is_frozen(tx, id, work.now))
            entry = spend(id, minor, unit.code, effective_at=work.now, ref=key, source=SPEND)
            return refusal or _posted(tx, work, entry, unit)

        return self._do(SPEND, tutor, by, key, now, spent, minor=minor, currency=unit.code)

    def paid(self, withdrawal: str, *, by: str, key: str, now: Instant | None = None) -> Outcome:
        """Record that a transfer reached the tutor."""

        def arrived(work: Work, tx: Transaction, before: Withdrawal) -> Refusal | None:
            answer = withdrawals.paid(before, work.now)
            if isinstance(answer, Refusal):
                return answer
            for entry in paid_out(
                before.tutor,
                before.sent,
                before.currency,
                paid=before.worth,
                effective_at=work.now,
                ref=before.id,
                source=PAID,
            ):
                work.post_surely(entry)
            return _kept(tx, answer)

        return self._close(PAID, withdrawal, by, key, now, arrived)

    def returned(self, withdrawal: str, *, by: str, reason: str, key: str, now: Instant | None = None) -> Outcome:
        """Record that a transfer came back: its money is available again, and may be withdrawn again this month."""

        def came_back(work: Work, tx: Transaction, before: Withdrawal) -> Refusal | None:
            answer = withdrawals.returned(before, reason, work.now)
            if isinstance(answer, Refusal):
                return answer
            currency, back = before.currency, before.fee_back
            source = f"{RETURNED}: {reason}"
            work.post_surely(
                returned(before.tutor, before.sent, back, currency, effective_at=work.now, ref=before.id, source=source)
            )
            work.offset(before.tutor, currency, work.now, before.id)
            return _kept(tx, answer)

        return self._close(RETURNED, withdrawal, by, key, now, came_back, reason=reason)

    def _rules_of(self, unit: Unit) -> PayoutRules:
        if unit.code not in self._rules:
            known = ", ".join(sorted(self._rules))
            raise InvalidValue("currency", unit.code, f"one that the marketplace's policies pay out: {known}")
        return self._rules[unit.code]

    def _do(
        self,
        verb: str,
        tutor: str,
        by: str | None,
        key: str,
        now: Instant | None,
        change: Callable[[Work, Transaction, PartyId], Refusal | None],
        **content: str | int,
    ) -> Outcome:
        """Let a tutor do something about their own earnings."""
        at, checked, id = self._now(now), command_key(key), party_id(tutor, "tutor")
        acting = id if by is None else party_id(by, "by")
        digest = digest_of(verb, tutor=id, actor=acting, **content)
        with self._storage.transaction() as tx:
            work, actor = Work(tx, at), registered(tx, acting, "by")
            registered(tx, id, "tutor")
            outcome = work.repeated(checked, digest, verb, actor, None)
            if outcome is not None:
                return outcome
            work.catch_up((id,))
            if acting != id:
                return work.answered(_not_yours(verb, id, acting), checked, digest, verb, actor, id)
            return work.change(lambda: change(work, tx, id), checked, digest, verb, actor, id)

    def _close(
        self,
        verb: str,
        withdrawal: str,
        by: str,
        key: str,
        now: Instant | None,
        change: Callable[[Work, Transaction, Withdrawal], Refusal | None],
        reason: str = "",
    ) -> Outcome:
        """Let somebody who acts for the marketplace tell how a transfer ended."""
        at, checked, acting = self._now(now), command_key(key), party_id(by, "by")
        withdrawal = command_key(withdrawal, "withdrawal")
        if not isinstance(reason, str):
            raise InvalidType("reason", reason, "a text")
        digest = digest_of(verb, withdrawal=withdrawal, actor=acting, reason=reason)
        with self._storage.transaction() as tx:
            work, actor = Work(tx, at), registered(tx, acting, "by")
            outcome = work.repeated(checked, digest, verb, actor, None)
            if outcome is not None:
                return outcome
            before = tx.withdrawal(withdrawal)
            if before is None:
                raise UnknownName("withdrawal", withdrawal)
            work.catch_up((before.tutor,))
            tutor = before.tutor
            if actor.grants.isdisjoint(_CLOSED_BY) or acting == tutor:  # Nobody says of themselves that they were paid.
                refusal = _not_yours(verb, ", ".join(_CLOSED_BY), acting)
                return work.answered(refusal, checked, digest, verb, actor, tutor)
            return work.change(lambda: change(work, tx, before), checked, digest, verb, actor, tutor)


def rules_by_currency(policies: Iterable[tuple[str, PayoutRules | None]]) -> dict[str, PayoutRules]:
    """Return the rules of each currency, from those of several policies; None has nothing to say about it.

    Where none says anything, a tutor takes out earnings at any time.
    """
    found: dict[str, PayoutRules | None] = {}
    for code, rules in policies:
        said = found.setdefault(code, rules) or rules
        if rules is not None and said != rules:
            raise InvalidValue("policies", f"[payout] of {code}", "the same rules in every policy of one currency")
        found[code] = said
    return {code: rules or _ANY_TIME for code, rules in found.items()}


def _is_frozen(tx: Transaction, tutor: PartyId, now: Instant) -> bool:
    standing = tx.standing(tutor)
    return standing is not None and "wallet_frozen" in restrictions(standing, now)


def _not_yours(verb: str, whose: str, actor: PartyId) -> Refusal:
    return Refusal.of("not_yours", verb=verb, by=whose, actor=actor)


def _kept(tx: Transaction, answer: Withdrawal | Refusal) -> Refusal | None:
    """Keep a withdrawal as it now stands, or hand on what refuses it."""
    if isinstance(answer, Refusal):
        return answer
    tx.put_withdrawal(answer)
    return None


def _posted(tx: Transaction, work: Work, entry: Entry, unit: Unit) -> Refusal | None:
    """Post what takes money out of a tutor's earnings, or return the refusal where there is not enough of it."""
    shortfall = tx.post(entry, work.cause)
    if shortfall is None:
        return None
    has, needed, missing = (
        _money(minor, unit).text for minor in (shortfall.balance, shortfall.needed, shortfall.missing)
    )
    return Refusal.of(
        "insufficient_funds", party=shortfall.account.owner, needed=needed, currency=unit.code, has=has, missing=missing
    )


def _money(minor: int, unit: Unit) -> Money:
    return Money(minor, Currency(unit.code, unit.exponent))
