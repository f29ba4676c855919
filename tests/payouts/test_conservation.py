from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from hypothesis import example, given
from hypothesis import strategies as st

from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import Instant, instant
from tutorcore.ledger import (
    BANK,
    CONVERSION,
    Book,
    Entry,
    Posted,
    Shortfall,
    available,
    clear,
    convert,
    escrow,
    flow,
    is_limited,
    offset,
    paid_out,
    pending,
    receivable,
    wallet,
    withdrawal,
    withdrawing,
)
from tutorcore.ledger import returned as came_back
from tutorcore.ledger import spend as spent
from tutorcore.lessons.refusals import Refusal
from tutorcore.payouts import Withdrawal, apply, paid, returned, spend, withdraw, worth
from tutorcore.policy.account import PayoutRules
from tutorcore.policy.process import Unit

_ANN, _TOM = PartyId("ann"), PartyId("tom")
_ITC = Unit("ITC", 2, (10, "USD"))
_START = instant("2026-11-20T00:00:00Z")
_LESSON = escrow(LessonId("l1"))
_EARNED = 20_000
_ROLES = (available(_TOM), receivable(_TOM))


class _Step(NamedTuple):
    what: str
    amount: int
    days: int
    frozen: bool


# Weighted so that most runs get as far as a transfer, and some as far as a second try.
_OFTEN = ["apply", "apply", "withdraw", "withdraw", "withdraw", "paid", "returned", "returned", "clear"]
_STEPS = st.lists(
    st.builds(
        _Step,
        st.sampled_from([*_OFTEN, "spend", "refund"]),
        st.sampled_from([100, 1000, 1000, 1500, 3000])
        | st.integers(0, 600).map(lambda tens: tens * 10)
        | st.integers(1, 6000),
        st.sampled_from([0, 0, 0, 1, 5, 30]),
        st.sampled_from([False, False, False, False, True]),
    ),
    min_size=5,
    max_size=40,
)
_RULES = st.builds(
    PayoutRules,
    apply=st.sampled_from(["month_before", None]),
    minimum=st.sampled_from([0, 100, 1000]),
    fee=st.sampled_from([0, 7, 120]),
    returned_fee=st.sampled_from(["kept", "refunded"]),
    spendable=st.booleans(),
)


class _Desk:
    """A tutor with earnings, and a marketplace that does what it is asked, debts first."""

    def __init__(self, rules: PayoutRules) -> None:
        self.rules = rules
        self.book = Book()
        self.known: dict[str, Withdrawal] = {}
        self.now: Instant = _START
        self.entries = 0
        for each in convert(
            _ANN, paid=2000, paid_currency="USD", credited=_EARNED, credited_currency="ITC", **self.about
        ):
            self.post(each)
        self.post(self.flow("hold", {wallet(_ANN): -_EARNED}))
        self.post(self.flow("post", {pending(_TOM): _EARNED}))
        self.post(clear(_TOM, _EARNED // 2, "ITC", **self.about))

    @property
    def about(self) -> dict[str, Any]:
        return {"effective_at": self.now, "ref": "test", "source": "test"}

    def flow(self, kind: Any, flows: dict[Any, int]) -> Entry:
        made = flow(kind, _LESSON, flows.items(), "ITC", self.now, "l1", "test")
        assert made is not None
        return made

    def has(self, account: Any) -> int:
        return self.book.balance(account, "ITC")

    def post(self, entry: Entry) -> None:
        answer = self.book.post(entry)
        assert isinstance(answer, Posted), answer

    def keep(self, answer: Withdrawal | Refusal) -> bool:
        if isinstance(answer, Withdrawal):
            self.known[answer.id] = answer
        return isinstance(answer, Withdrawal)

    def offset(self) -> None:
        both = min(self.has(account) for account in _ROLES)
        if both > 0:
            self.post(offset(_TOM, both, "ITC", **self.about))

    def do(self, step: _Step, number: int) -> None:
        self.now += timedelta(days=step.days)
        known, fee = tuple(self.known.values()), self.rules.fee
        under_way = [each for each in known if each.state == "under_way"]
        match step.what:
            case "apply":
                self.keep(apply(self.rules, known, _TOM, f"w{number}", "ITC", self.now))
            case "withdraw":
                self.withdraw(
                    withdraw(
                        self.rules, known, _TOM, f"w{number}", step.amount + fee, _ITC, frozen=step.frozen, now=self.now
                    )
                )
            case "paid" if under_way:
                self.paid(under_way[step.amount % len(under_way)])
            case "returned" if under_way:
                self.returned(under_way[step.amount % len(under_way)])
            case "spend" if step.amount and spend(self.rules, _TOM, frozen=step.frozen) is None:
                self.book.post(spent(_TOM, step.amount, "ITC", **self.about))
            case "clear" if 0 < step.amount <= self.has(pending(_TOM)):
                self.post(clear(_TOM, step.amount, "ITC", **self.about))
            case "refund" if step.amount:
                self.post(self.flow("refund", {wallet(_ANN): step.amount, receivable(_TOM): -step.amount}))
        self.offset()

    def withdraw(self, answer: Withdrawal | Refusal) -> None:
        if isinstance(answer, Withdrawal):
            entry = withdrawal(_TOM, answer.amount, answer.fee, "ITC", **self.about)
            if not isinstance(self.book.post(entry), Shortfall):
                self.keep(answer)

    def paid(self, before: Withdrawal) -> None:
        money = worth(before.sent, _ITC)
        assert money is not None
        assert self.keep(paid(before, self.now))
        for each in paid_out(_TOM, before.sent, "ITC", paid=(money.minor, "USD"), **self.about):
            self.post(each)

    def returned(self, before: Withdrawal) -> None:
        assert self.keep(returned(before, "no such account", self.now))
        self.post(came_back(_TOM, before.sent, before.fee_back, "ITC", **self.about))


def _months(known: Sequence[Withdrawal]) -> list[tuple[int, int]]:
    used = [each.asked for each in known if each.state in ("under_way", "paid")]
    return [(asked.year, asked.month) for asked in used if asked is not None]


# Applied for in November; in December taken out, come back, and tried again, with a debt in between.
_AGAIN = [
    _Step("apply", 0, days=0, frozen=False),
    _Step("withdraw", 6000, days=12, frozen=False),
    _Step("refund", 7000, days=1, frozen=False),
    _Step("returned", 0, days=1, frozen=False),
    _Step("withdraw", 1000, days=1, frozen=False),
    _Step("paid", 0, days=1, frozen=False),
    _Step("withdraw", 1000, days=1, frozen=False),
]


@given(_RULES, _STEPS)
@example(PayoutRules(apply="month_before", minimum=1000, fee=120, returned_fee="kept"), _AGAIN)
def test_no_sequence_of_payouts_makes_or_loses_money(rules: PayoutRules, steps: list[_Step]) -> None:
    """Books balance in every currency, no limited account is overdrawn, and nobody has money and debts at once.

    The bank holds what all credits are worth; what is under way is what was sent and has neither arrived nor come back;
    and where withdrawals are applied for, no month sees more than one that stands.
    """
    desk = _Desk(rules)

    for number, step in enumerate(steps):
        desk.do(step, number)

        known = list(desk.known.values())
        assert all(total.debit == total.credit for total in desk.book.trial_balance().totals)
        assert all(held >= 0 for (account, _), held in desk.book.balances().items() if is_limited(account))
        assert 0 in (desk.has(available(_TOM)), desk.has(receivable(_TOM)))
        assert desk.has(withdrawing(_TOM)) == sum(each.sent for each in known if each.state == "under_way")
        assert desk.has(CONVERSION) == -10 * desk.book.balance(BANK, "USD")
        assert rules.apply is None or len(_months(known)) == len(set(_months(known)))
