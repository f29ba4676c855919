from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest

from tutorcore.calendar.zones.wall_time import to_local
from tutorcore.errors import InvalidValue
from tutorcore.ids import PartyId
from tutorcore.instants import Instant, instant
from tutorcore.lessons.refusals import Refusal
from tutorcore.payouts import Withdrawal, apply, paid, returned, spend, withdraw
from tutorcore.policy.account import PayoutRules
from tutorcore.policy.process import Unit

_TOM = PartyId("tom")
_USD = Unit("USD", 2)
_ITC = Unit("ITC", 1, (10, "USD"))
_FINE = Unit("ITC", 2, (10, "USD"))  # A hundredth of a credit is a tenth of a cent.
_ANY_TIME = PayoutRules()
_MONTHLY = PayoutRules(apply="month_before", minimum=3000, fee=100)
_MOMENT = timedelta(microseconds=1)
_JANUARY = instant("2026-01-01T00:00:00Z")
_FEBRUARY = instant("2026-02-01T00:00:00Z")
_MARCH = instant("2026-03-01T00:00:00Z")
_APRIL = instant("2026-04-01T00:00:00Z")


def _applied(now: Instant, *known: Withdrawal, id: str = "w1", rules: PayoutRules = _MONTHLY) -> Withdrawal | Refusal:
    return apply(rules, known, _TOM, id, "USD", now)


def _withdrawn(
    now: Instant,
    *known: Withdrawal,
    amount: int = 5000,
    unit: Unit = _USD,
    rules: PayoutRules = _MONTHLY,
    frozen: bool = False,
) -> Withdrawal | Refusal:
    return withdraw(rules, known, _TOM, "w9", amount, unit, frozen=frozen, now=now)


def _granted(answer: Withdrawal | Refusal) -> Withdrawal:
    assert isinstance(answer, Withdrawal), answer
    return answer


def _refused(answer: Withdrawal | Refusal | None) -> tuple[str, dict[str, str]]:
    assert isinstance(answer, Refusal), answer
    assert answer.sentence
    return answer.code, dict(answer.facts)


_APPLICATION = Withdrawal("w1", _TOM, "applied", _JANUARY, "USD", 0, 0, None, None)
_UNDER_WAY = Withdrawal("w1", _TOM, "under_way", _JANUARY, "USD", 5000, 100, _FEBRUARY, None, fee_back=100)
_NOT_APPLIED = ("not_applied", {"tutor": "tom", "month": "2026-02", "before": "2026-01"})


def test_a_tutor_applies_for_the_month_after() -> None:
    """Nothing is taken out yet: the application waits for its month."""
    assert _applied(_JANUARY) == _APPLICATION


def test_an_application_needs_a_policy_that_wants_one() -> None:
    """Where tutors withdraw whenever they like, an application would do nothing."""
    code, facts = _refused(_applied(_JANUARY, rules=_ANY_TIME))

    assert (code, facts["problem"]) == ("bad_terms", "withdrawals need no application here; withdraw at any time")


@pytest.mark.parametrize("state", ["applied", "under_way", "paid", "returned"])
def test_one_application_a_month_is_all_there_is(state: Any) -> None:
    """Whatever became of the first one, a second one waits for the next month."""
    used = None if state == "applied" else _JANUARY + timedelta(days=10)
    ended = None if state in ("applied", "under_way") else used
    known = Withdrawal("w1", _TOM, state, _JANUARY + timedelta(days=5), "USD", 0, 0, used, ended)

    answer = _applied(_FEBRUARY - _MOMENT, known, id="w2")

    assert _refused(answer) == ("applied_already", {"tutor": "tom", "month": "2026-01"})
    assert _granted(_applied(_FEBRUARY, known, id="w2")).applied == _FEBRUARY


def test_an_application_is_for_one_currency() -> None:
    """Each currency is counted for itself, in applying and in withdrawing."""
    credits = attrs.evolve(_APPLICATION, currency="ITC")

    assert _granted(_applied(_JANUARY, credits)) == _APPLICATION
    assert _refused(_withdrawn(_FEBRUARY, credits)) == _NOT_APPLIED
    assert _granted(_withdrawn(_FEBRUARY, credits, unit=_ITC)).currency == "ITC"


@pytest.mark.parametrize(
    ("applied", "before", "opens", "closes"),
    [
        ("2026-01-01T00:00:00Z", "2025-12", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("2026-01-31T23:59:59.999999Z", "2025-12", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("2028-01-31T12:00:00Z", "2027-12", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
        ("2026-11-30T23:59:59Z", "2026-10", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2026-12-01T00:00:00Z", "2026-11", "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"),
        ("2026-12-31T23:59:59Z", "2026-11", "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"),
    ],
)
def test_an_application_is_good_for_the_utc_month_after(applied: str, before: str, opens: str, closes: str) -> None:
    """From the first instant of that month to the last, and neither a moment before nor after; over New Year too."""
    application = _granted(_applied(instant(applied)))
    first, end = instant(opens), instant(closes)

    early, late = _withdrawn(first - _MOMENT, application), _withdrawn(end, application)

    assert _refused(early)[1]["before"] == before
    assert _refused(late)[1]["before"] == opens[:7]
    assert {_refused(early)[0], _refused(late)[0]} == {"not_applied"}
    for now in (first, end - _MOMENT):
        assert _granted(_withdrawn(now, application)).asked == now


@pytest.mark.parametrize("name", ["Pacific/Auckland", "Pacific/Pago_Pago", "UTC"])
def test_the_tutors_clock_does_not_move_the_month(name: str) -> None:
    """What is still January in UTC is January, though it is February in Auckland; and the other way round in Samoa."""
    last, first = (to_local(each, name) for each in (_FEBRUARY - _MOMENT, _FEBRUARY))

    application = _granted(_applied(last))

    assert application.applied == _FEBRUARY - _MOMENT
    assert application.applied.utcoffset() == timedelta(0)
    assert _refused(_withdrawn(last, application))[0] == "not_applied"
    assert _granted(_withdrawn(first, application)).asked == _FEBRUARY
    assert _granted(_applied(first, application, id="w2")).id == "w2"


def test_a_withdrawal_uses_up_the_application_and_keeps_its_id() -> None:
    """The fee is that of the rules now, and is part of the amount."""
    made = _granted(_withdrawn(_FEBRUARY, _APPLICATION))

    assert made == _UNDER_WAY
    assert made.sent == 4900


@pytest.mark.parametrize("ended", [_UNDER_WAY, attrs.evolve(_UNDER_WAY, state="paid", closed=_FEBRUARY)])
def test_an_application_is_used_once(ended: Withdrawal) -> None:
    """As long as the transfer has not come back."""
    assert _refused(_withdrawn(_MARCH - _MOMENT, ended)) == _NOT_APPLIED


def test_what_came_back_may_be_tried_again_in_the_same_month() -> None:
    """The next try is a withdrawal of its own, so that news of the first transfer cannot be taken for news of it."""
    first = _granted(returned(_UNDER_WAY, "no such account", _FEBRUARY + timedelta(days=2)))

    second = _granted(_withdrawn(_MARCH - _MOMENT, first, amount=4000))

    assert second == Withdrawal(
        "w9", _TOM, "under_way", _JANUARY, "USD", 4000, 100, _MARCH - _MOMENT, None, fee_back=100
    )
    assert _refused(_withdrawn(_MARCH - _MOMENT, first, second)) == _NOT_APPLIED
    third = _granted(returned(second, "closed", _MARCH - _MOMENT))
    assert _granted(_withdrawn(_MARCH - _MOMENT, first, third)).applied == _JANUARY
    assert _refused(_withdrawn(_MARCH, first, third))[0] == "not_applied"


def test_no_month_uses_the_application_of_another() -> None:
    """An application of two months ago has lapsed, and one of this month is not good yet."""
    fresh = attrs.evolve(_APPLICATION, id="w2", applied=_MARCH)

    assert _refused(_withdrawn(_MARCH, _APPLICATION, fresh))[0] == "not_applied"
    assert _granted(_withdrawn(_APRIL, _APPLICATION, fresh)).id == "w2"


def test_without_applications_a_tutor_withdraws_at_any_time() -> None:
    """Each withdrawal is a new one, however many are under way; an application from before stays as it is."""
    first = _granted(_withdrawn(_FEBRUARY, _APPLICATION, rules=_ANY_TIME))
    second = _granted(_withdrawn(_FEBRUARY, first, rules=_ANY_TIME))

    assert first == second == Withdrawal("w9", _TOM, "under_way", None, "USD", 5000, 0, _FEBRUARY, None)


@pytest.mark.parametrize("amount", [1, 2999])
def test_less_than_the_minimum_is_refused(amount: int) -> None:
    """In whole units, as people read them; the minimum itself is enough."""
    rules = attrs.evolve(_MONTHLY, fee=0)

    answer = _withdrawn(_FEBRUARY, _APPLICATION, amount=amount, rules=rules)

    assert _refused(answer) == ("too_little", {"minimum": "30.00", "currency": "USD"})
    assert _granted(_withdrawn(_FEBRUARY, _APPLICATION, amount=3000, rules=rules)).amount == 3000


@pytest.mark.parametrize(("amount", "rest"), [(3001, None), (3002, None), (3003, 1)])
def test_something_is_left_after_the_fee(amount: int, rest: int | None) -> None:
    """An amount below the fee or equal to it is refused; the first one above it is not."""
    answer = _withdrawn(_FEBRUARY, amount=amount, rules=PayoutRules(fee=3002))

    if rest is None:
        problem = f"{amount / 100:.2f} USD is no more than the fee, 30.02 USD"
        assert _refused(answer) == ("bad_terms", {"problem": problem})
    else:
        assert _granted(answer).sent == rest


@pytest.mark.parametrize("amount", [0, -5])
def test_nothing_cannot_be_withdrawn(amount: int) -> None:
    """Not even where it costs nothing."""
    assert _refused(_withdrawn(_FEBRUARY, amount=amount, rules=_ANY_TIME))[0] == "bad_terms"


@pytest.mark.parametrize("amount", [3001, 3005, 30_007])
def test_each_tenth_of_a_credit_is_a_cent(amount: int) -> None:
    """With one decimal, 10 ITC for a dollar leaves no odd amounts."""
    assert _granted(_withdrawn(_FEBRUARY, amount=amount, unit=_ITC, rules=_ANY_TIME)).amount == amount


@pytest.mark.parametrize(
    ("rules", "amount", "possible"),
    [
        (PayoutRules(), 3055, "30.55 ITC is no amount that a bank can pay out; possible: 30.50 ITC or 30.60 ITC"),
        (PayoutRules(), 9, "0.09 ITC is no amount that a bank can pay out; possible: 0.10 ITC"),
        (
            PayoutRules(minimum=3052),
            3055,
            "30.55 ITC is no amount that a bank can pay out; possible: 30.60 ITC",
        ),
        (
            PayoutRules(minimum=3050),
            3055,
            "30.55 ITC is no amount that a bank can pay out; possible: 30.50 ITC or 30.60 ITC",
        ),
        (PayoutRules(minimum=9001), 3055, "30.55 ITC is no amount that a bank can pay out; possible: 90.10 ITC"),
        (
            PayoutRules(fee=103),
            3050,
            "30.50 ITC less the fee of 1.03 ITC is no amount that a bank can pay out; possible: 30.43 ITC or 30.53 ITC",
        ),
        (
            PayoutRules(fee=103),
            104,
            "1.04 ITC less the fee of 1.03 ITC is no amount that a bank can pay out; possible: 1.13 ITC",
        ),
    ],
)
def test_what_is_worth_no_whole_cent_is_refused_with_what_would_do(
    rules: PayoutRules, amount: int, possible: str
) -> None:
    """The next amounts below and above are named, those that the fee eats or the minimum forbids left out."""
    assert _refused(_withdrawn(_FEBRUARY, amount=amount, unit=_FINE, rules=rules)) == (
        "bad_terms",
        {"problem": possible},
    )
    for text in possible.partition("possible: ")[2].split(" or "):
        named = int(text.removesuffix(" ITC").replace(".", ""))
        assert _granted(_withdrawn(_FEBRUARY, amount=named, unit=_FINE, rules=rules)).amount == named


def test_a_frozen_wallet_keeps_what_is_in_it() -> None:
    """Withdrawing and spending wait; applying is of the future, and what is under way goes on."""
    assert _refused(_withdrawn(_FEBRUARY, _APPLICATION, frozen=True)) == ("frozen", {"party": "tom"})
    assert _refused(spend(PayoutRules(spendable=True), _TOM, frozen=True)) == ("frozen", {"party": "tom"})


def test_earnings_are_spent_where_the_policy_lets_them() -> None:
    """And nowhere else."""
    assert spend(PayoutRules(spendable=True), _TOM, frozen=False) is None
    assert _refused(spend(PayoutRules(), _TOM, frozen=False)) == (
        "bad_terms",
        {"problem": "earnings cannot be spent on lessons here; withdraw them"},
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": 50, "frozen": True, "now": _JANUARY - _MOMENT}, "out_of_order"),
        ({"amount": 50, "frozen": True}, "bad_terms"),
        ({"amount": 200, "frozen": True}, "frozen"),
        ({"amount": 200, "now": _JANUARY}, "not_applied"),
        ({"amount": 200}, "too_little"),
    ],
)
def test_of_several_refusals_the_first_is_given(changes: dict[str, Any], code: str) -> None:
    """In the order that holds everywhere."""
    now = changes.pop("now", _FEBRUARY)

    assert _refused(_withdrawn(now, _APPLICATION, **changes))[0] == code


def test_a_transfer_arrives() -> None:
    """The withdrawal is over, and no further news can change it."""
    made = _granted(paid(_UNDER_WAY, _MARCH))

    assert made == attrs.evolve(_UNDER_WAY, state="paid", closed=_MARCH)
    assert _refused(paid(made, _MARCH)) == (
        "not_open",
        {"verb": "withdrawal_paid", "state": "paid", "open": "nothing"},
    )


def test_a_transfer_comes_back() -> None:
    """Why is kept; and what came back neither arrives nor comes back again."""
    made = _granted(returned(_UNDER_WAY, "no such account", _MARCH))

    assert made == attrs.evolve(_UNDER_WAY, state="returned", closed=_MARCH, reason="no such account")
    assert _refused(paid(made, _MARCH))[0] == "not_open"
    assert _refused(returned(made, "again", _MARCH)) == (
        "not_open",
        {"verb": "withdrawal_returned", "state": "returned", "open": "nothing"},
    )


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_transfer_comes_back_for_a_reason(reason: str) -> None:
    """The tutor is to know what to mend."""
    assert _refused(returned(_UNDER_WAY, reason, _MARCH)) == (
        "missing",
        {"verb": "withdrawal_returned", "needs": "a reason"},
    )


def test_what_is_only_applied_for_cannot_arrive() -> None:
    """No money is on its way yet; the refusal says what is open."""
    assert _refused(paid(_APPLICATION, _MARCH)) == (
        "not_open",
        {"verb": "withdrawal_paid", "state": "applied", "open": "withdraw_earnings"},
    )


def test_nothing_is_recorded_before_what_is_known() -> None:
    """A command stamped earlier than the last thing that happened is refused with that instant; the same one is not."""
    early, last = _FEBRUARY - _MOMENT, {"last": "2026-02-01T00:00:00Z"}

    assert _refused(_applied(early, _UNDER_WAY)) == ("out_of_order", last)
    assert _refused(_withdrawn(early, _UNDER_WAY, rules=_ANY_TIME)) == ("out_of_order", last)
    assert _refused(paid(_UNDER_WAY, early)) == ("out_of_order", last)
    assert _refused(returned(_UNDER_WAY, "why", early)) == ("out_of_order", last)
    assert _granted(paid(_UNDER_WAY, _FEBRUARY)).closed == _FEBRUARY


@pytest.mark.parametrize(("returned_fee", "back"), [("refunded", 100), ("kept", 0)])
def test_the_fee_of_what_came_back(returned_fee: Any, back: int) -> None:
    """It is given back or kept, as the policy says."""
    rules = attrs.evolve(_MONTHLY, returned_fee=returned_fee)
    assert _granted(_withdrawn(_FEBRUARY, _APPLICATION, rules=rules)).fee_back == back


@pytest.mark.parametrize(
    ("withdrawal", "last"),
    [
        (_APPLICATION, _JANUARY),
        (_UNDER_WAY, _FEBRUARY),
        (attrs.evolve(_UNDER_WAY, state="paid", closed=_MARCH), _MARCH),
    ],
)
def test_a_withdrawal_knows_when_something_last_happened_to_it(withdrawal: Withdrawal, last: Instant) -> None:
    """Applied for, taken out, ended."""
    assert withdrawal.last == last


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"state": "lost"}, "'state' must be in"),
        ({"amount": -1}, "'amount' must be >= 0"),
        ({"fee": -1}, "'fee' must be >= 0"),
        ({"asked": None}, "asked is None; expected an instant in the state under_way"),
        ({"state": "applied"}, "asked is .*; expected None in the state applied"),
        ({"closed": _MARCH}, "closed is .*; expected None in the state under_way"),
        ({"state": "paid"}, "closed is None; expected an instant in the state paid"),
        ({"state": "returned"}, "closed is None; expected an instant in the state returned"),
        (
            {"state": "applied", "asked": None, "applied": None},
            "applied is None; expected an instant in the state applied",
        ),
    ],
)
def test_a_withdrawal_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    """Its state and its instants fit together, and no amount is below zero."""
    with pytest.raises(ValueError, match=message):
        attrs.evolve(_UNDER_WAY, **changes)


def test_an_instant_names_one_point_in_time() -> None:
    """A naive time could be of either of two months."""
    naive: Instant = datetime.fromisoformat("2026-02-01T00:00:00")

    for command in (_applied, _withdrawn):
        with pytest.raises(InvalidValue, match="now is .* naive"):
            command(naive)
    with pytest.raises(InvalidValue, match="now is .* naive"):
        paid(_UNDER_WAY, naive)
    with pytest.raises(InvalidValue, match="now is .* naive"):
        returned(_UNDER_WAY, "why", naive)
