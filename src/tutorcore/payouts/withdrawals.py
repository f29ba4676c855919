"""Withdrawals: a tutor's money on its way out.

A withdrawal stands in one of four states:

    applied      the tutor has applied for it and may take the money out in the month after;
    under_way    the money is taken out of what is available, and to be transferred;
    paid         the transfer has arrived;
    returned     the transfer came back, and the money is available again.

Where a policy wants an application (`apply = "month_before"`), a tutor applies in one month and withdraws in the next,
once for each application. Months are UTC months, whatever the tutor's clock shows: one beginning for everybody. A
transfer that came back has used up nothing: while the month lasts, the tutor may withdraw again, which is a withdrawal
of its own under the same application. Each currency is counted for itself.

Knows neither balances nor banks: whether the money is there is the ledger's business, and the entries are made by
`tutorcore.ledger`. Amounts are minor units; a fee is taken out of the amount, so `amount - fee` is transferred. Every
answer that says no is a `Refusal`. Nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias, get_args

import attrs
from attrs.validators import ge, in_, instance_of

from tutorcore.errors import InvalidValue
from tutorcore.ids import PartyId
from tutorcore.instants import Instant, instant, to_text
from tutorcore.lessons.refusals import Refusal
from tutorcore.money import Currency, Money
from tutorcore.payouts.worth import least_worth, worth
from tutorcore.policy.account import PayoutRules
from tutorcore.policy.process import Unit

WithdrawalState: TypeAlias = Literal["applied", "under_way", "paid", "returned"]

WITHDRAWAL_STATES: Final[tuple[WithdrawalState, ...]] = get_args(WithdrawalState)

# What each of these commands is called where commands are recorded and refused.
APPLY: Final = "apply_for_withdrawal"
WITHDRAW: Final = "withdraw_earnings"
SPEND: Final = "spend_earnings"
PAID: Final = "withdrawal_paid"
RETURNED: Final = "withdrawal_returned"

_OPEN: dict[WithdrawalState, str] = {"applied": WITHDRAW, "under_way": f"{PAID}, {RETURNED}"}


@attrs.frozen
class Withdrawal:
    """One withdrawal as it stands.

    `applied` is when the tutor applied for it, None where the policy wants no application. `asked` is when the money
    was taken out, `closed` when the transfer arrived or came back, and `reason` why it came back. `amount` is what was
    taken out of the earnings and `fee` the platform's part of it; both are 0 for what is only applied for.

    How much of the fee a transfer that comes back brings back (`fee_back`), and what the bank pays for a unit that is
    pegged to a currency (`worth`: minor units and their code), is settled when the money is taken out.
    """

    id: str
    tutor: PartyId
    state: WithdrawalState = attrs.field(validator=in_(WITHDRAWAL_STATES))
    applied: Instant | None
    currency: str
    amount: int = attrs.field(validator=[instance_of(int), ge(0)])
    fee: int = attrs.field(validator=[instance_of(int), ge(0)])
    asked: Instant | None
    closed: Instant | None
    reason: str = ""
    fee_back: int = attrs.field(default=0, validator=[instance_of(int), ge(0)])
    worth: tuple[int, str] | None = None

    def __attrs_post_init__(self) -> None:
        is_asked = self.state != "applied"
        self._check("applied", self.applied, is_given=self.applied is not None or not is_asked)
        self._check("asked", self.asked, is_given=is_asked)
        self._check("closed", self.closed, is_given=self.state not in _OPEN)

    def _check(self, what: str, at: Instant | None, *, is_given: bool) -> None:
        if (at is not None) != is_given:
            raise InvalidValue(what, at, f"{'an instant' if is_given else 'None'} in the state {self.state}")

    @property
    def sent(self) -> int:
        """What is transferred: the amount without the fee."""
        return self.amount - self.fee

    @property
    def last(self) -> Instant:
        """When something last happened to it."""
        found = self.closed or self.asked or self.applied
        assert found is not None  # The constructor refuses a withdrawal without any.
        return found


def apply(
    rules: PayoutRules, known: tuple[Withdrawal, ...], tutor: PartyId, id: str, currency: str, now: Instant
) -> Withdrawal | Refusal:
    """Return the application of `tutor` for a withdrawal in the next UTC month; `known` are the tutor's withdrawals.

    A frozen wallet does not keep anybody from applying. Refused: `out_of_order` before anything that is known already,
    `bad_terms` where the policy wants no application, `applied_already` for a second one in a UTC month.
    """
    now, mine = instant(now, "now"), _of(known, currency)
    late = _out_of_order(mine, now)
    if late is not None:
        return late
    if rules.apply is None:
        return Refusal.of("bad_terms", problem="withdrawals need no application here; withdraw at any time")
    month = _month(now)
    if _applied_in(mine, month):
        return Refusal.of("applied_already", tutor=tutor, month=_month_text(month))
    return Withdrawal(id, tutor, "applied", now, currency, 0, 0, None, None)


def withdraw(
    rules: PayoutRules,
    known: tuple[Withdrawal, ...],
    tutor: PartyId,
    id: str,
    amount: int,
    unit: Unit,
    *,
    frozen: bool,
    now: Instant,
) -> Withdrawal | Refusal:
    """Return the withdrawal of `amount`, under way; `known` are the tutor's withdrawals.

    Where the policy wants an application, it is the one of the UTC month before that is used up, and it keeps its id.
    If its transfer came back, or none is wanted, the withdrawal is a new one called `id`.

    Refused, in this order: `out_of_order` before anything that is known already, `bad_terms` where nothing is left
    after the fee or what is left is worth no whole minor units of the currency that the unit is pegged to, `frozen`
    while the tutor's wallet is, `not_applied` without an application that is still good for this month, `too_little`
    below the minimum.
    """
    now, mine = instant(now, "now"), _of(known, unit.code)
    application = None if rules.apply is None else _unused(mine, _month(now) - 1)
    refusal = (
        _out_of_order(mine, now)
        or _unpayable(rules, amount, unit)
        or (Refusal.of("frozen", party=tutor) if frozen else None)
        or (_not_applied(tutor, _month(now)) if rules.apply is not None and application is None else None)
        or (_too_little(rules, unit) if amount < rules.minimum else None)
    )
    if refusal is not None:
        return refusal
    called = id if application is None or application.state != "applied" else application.id
    applied = None if application is None else application.applied
    back, paid_out = rules.fee if rules.returned_fee == "refunded" else 0, worth(amount - rules.fee, unit)
    return Withdrawal(
        called,
        tutor,
        "under_way",
        applied,
        unit.code,
        amount,
        rules.fee,
        now,
        None,
        fee_back=back,
        worth=None if paid_out is None else (paid_out.minor, paid_out.currency.code),
    )


def paid(withdrawal: Withdrawal, now: Instant) -> Withdrawal | Refusal:
    """Return the withdrawal after its transfer has arrived; refused unless it is under way, or before it was asked."""
    now = instant(now, "now")
    refusal = _unclosable(withdrawal, PAID, now)
    return attrs.evolve(withdrawal, state="paid", closed=now) if refusal is None else refusal


def returned(withdrawal: Withdrawal, reason: str, now: Instant) -> Withdrawal | Refusal:
    """Return the withdrawal after its transfer came back; `reason` says why.

    Refused unless it is under way, before it was asked, and without a reason.
    """
    now = instant(now, "now")
    refusal = _unclosable(withdrawal, RETURNED, now)
    if refusal is not None:
        return refusal
    if not reason.strip():
        return Refusal.of("missing", verb=RETURNED, needs="a reason")
    return attrs.evolve(withdrawal, state="returned", closed=now, reason=reason)


def spend(rules: PayoutRules, tutor: PartyId, *, frozen: bool) -> Refusal | None:
    """Return what keeps `tutor` from spending earnings on lessons, or None if nothing does.

    Refused: `bad_terms` where the policy does not make earnings spendable, `frozen` while the tutor's wallet is.
    """
    if not rules.spendable:
        return Refusal.of("bad_terms", problem="earnings cannot be spent on lessons here; withdraw them")
    return Refusal.of("frozen", party=tutor) if frozen else None


def _of(known: Iterable[Withdrawal], currency: str) -> tuple[Withdrawal, ...]:
    return tuple(each for each in known if each.currency == currency)


def _out_of_order(known: Iterable[Withdrawal], now: Instant) -> Refusal | None:
    last = max((each.last for each in known), default=now)
    return Refusal.of("out_of_order", last=to_text(last)) if now < last else None


def _unclosable(withdrawal: Withdrawal, verb: str, now: Instant) -> Refusal | None:
    late = _out_of_order((withdrawal,), now)
    if late is not None:
        return late
    if withdrawal.state != "under_way":
        opened = _OPEN.get(withdrawal.state, "nothing")
        return Refusal.of("not_open", verb=verb, state=withdrawal.state, open=opened)
    return None


def _month(at: Instant) -> int:
    """The UTC month of an instant, counted so that the one before is one less."""
    return at.year * 12 + at.month - 1


def _month_text(month: int) -> str:
    year, number = divmod(month, 12)
    return f"{year}-{number + 1:02}"


def _applied_in(known: Iterable[Withdrawal], month: int) -> list[Withdrawal]:
    """Everything under the application of a month: what it was first used for, and whatever was tried again."""
    return [each for each in known if each.applied is not None and _month(each.applied) == month]


def _unused(known: Iterable[Withdrawal], month: int) -> Withdrawal | None:
    """The application of that month, if it was never used or all of its transfers came back."""
    found = _applied_in(known, month)
    if any(each.state in ("under_way", "paid") for each in found):
        return None
    return found[0] if found else None


def _not_applied(tutor: PartyId, month: int) -> Refusal:
    return Refusal.of("not_applied", tutor=tutor, month=_month_text(month), before=_month_text(month - 1))


def _too_little(rules: PayoutRules, unit: Unit) -> Refusal:
    return Refusal.of("too_little", minimum=_money(rules.minimum, unit).text, currency=unit.code)


def _unpayable(rules: PayoutRules, amount: int, unit: Unit) -> Refusal | None:
    """The refusal of an amount that the fee eats, or that leaves what no bank can transfer."""
    if amount <= rules.fee:
        problem = f"{_money(amount, unit)} is no more than the fee, {_money(rules.fee, unit)}"
    elif (amount - rules.fee) % least_worth(unit):
        less = f" less the fee of {_money(rules.fee, unit)}" if rules.fee else ""
        possible = " or ".join(str(_money(each, unit)) for each in _nearest(rules, amount, least_worth(unit)))
        problem = f"{_money(amount, unit)}{less} is no amount that a bank can pay out; possible: {possible}"
    else:
        return None
    return Refusal.of("bad_terms", problem=problem)


def _nearest(rules: PayoutRules, amount: int, least: int) -> list[int]:
    """The amounts nearest to one, from the minimum on, that leave a multiple of `least` after the fee."""
    below = amount - (amount - rules.fee) % least
    above = max(amount, rules.minimum)
    above += (rules.fee - above) % least
    return [below, above] if below > rules.fee and below >= rules.minimum else [above]


def _money(minor: int, unit: Unit) -> Money:
    return Money(minor, Currency(unit.code, unit.exponent))
