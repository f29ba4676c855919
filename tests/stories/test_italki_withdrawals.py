"""Earnings: ITK-12, taking them out, and ITK-2's last sentence, spending them on lessons with other teachers.

Tom has earned 340.0 ITC: a lesson on 20 April 2026 at 400.0 ITC, less 15 %. He lives in Berlin, two hours ahead of UTC.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tutorcore import Lesson, Marketplace, Outcome, instant

Ask = Callable[..., Lesson]
Agree = Callable[..., Lesson]
Books = Callable[..., dict[str, str]]
Handled = Callable[[Marketplace], list[tuple[str, str, str | None]]]

_APRIL = "2026-04-20T11:00:00Z"
_APPLIED = "2026-05-10T10:00:00Z"
_JUNE = "2026-06-01T00:00:00Z"
_JULY = "2026-07-01T00:00:00Z"
_AVAILABLE = "Liabilities:Tutors:Tom:Available"
_ON_ITS_WAY = "Liabilities:Tutors:Tom:Withdrawing"


@pytest.fixture
def earned(market: Marketplace, agree: Agree) -> Marketplace:
    """The marketplace after that lesson: ann has bought 500.0 ITC in all, and has 100.0 left."""
    market.top_up("ann", market.money("400.0", "ITC"), key="ann buys more", now=instant("2026-04-01T00:00:00Z"))
    lesson = agree("2026-04-20T10:00:00Z", now="2026-04-10T10:00:00Z", price="400.0", key="dear")
    market.confirm(lesson.id, by="ann", key="worth it", now=instant(_APRIL)).or_raise()
    return market


def _apply(market: Marketplace, now: str) -> Outcome:
    return market.payouts.apply("tom", "ITC", key=f"apply {now}", now=instant(now))


def _take(market: Marketplace, amount: str, now: str) -> Outcome:
    return market.payouts.withdraw("tom", market.money(amount, "ITC"), key=f"take {amount} {now}", now=instant(now))


def _code(outcome: Outcome) -> str | None:
    return None if outcome.refusal is None else outcome.refusal.code


# ITK-12: once a month, and only if applied for in the month before.


def test_itk_12_a_teacher_applies_in_one_month_and_is_paid_in_the_next(
    earned: Marketplace, books: Books, handled: Handled
) -> None:
    """340.0 ITC leave the earnings at once, are on their way, and end as 34.00 USD less in the bank."""
    before = books(earned), books(earned, "USD")
    _apply(earned, _APPLIED).or_raise()
    applied = books(earned)
    _take(earned, "340.0", "2026-06-10T10:00:00Z").or_raise()
    under_way = books(earned)
    withdrawal = earned.payouts.under_way()[0]
    earned.payouts.paid(
        withdrawal.id, by="olga", key="arrived", now=instant("2026-06-12T10:00:00Z")
    ).or_raise()  # fmt: skip

    assert (before[0][_AVAILABLE], before[1]["Assets:Bank"]) == ("340.0", "50.00")
    assert applied == before[0]
    assert _AVAILABLE not in under_way
    assert under_way[_ON_ITS_WAY] == "340.0"
    assert (withdrawal.tutor, withdrawal.amount, withdrawal.fee) == ("tom", 3400, 0)
    assert books(earned) == {
        "Equity:Conversion": "-160.0",
        "Income:Fees:Commission": "60.0",
        "Liabilities:Students:Ann:Wallet": "100.0",
    }
    assert books(earned, "USD") == {"Assets:Bank": "16.00", "Equity:Conversion": "16.00"}
    assert [each.state for each in earned.payouts.of("tom")] == ["paid"]
    assert handled(earned) == [
        ("apply_for_withdrawal", "tom", None),
        ("withdraw_earnings", "tom", None),
        ("withdrawal_paid", "olga", None),
    ]


@pytest.mark.parametrize(
    ("applied", "taken", "code"),
    [
        pytest.param("2026-05-01T00:00:00Z", _JUNE, None, id="first of May, first of June"),
        # It is already June in Berlin, from 22:00 UTC on; months are those of UTC.
        pytest.param("2026-05-31T23:59:59.999999Z", _JUNE, None, id="the last microsecond of May"),
        pytest.param("2026-05-31T23:59:59.999999Z", "2026-06-30T23:59:59.999999Z", None, id="and of June"),
        pytest.param("2026-05-31T23:59:59.999999Z", _JULY, "not_applied", id="too late by a microsecond"),
        pytest.param(_JUNE, _JUNE, "not_applied", id="in the month itself"),
        pytest.param(_JUNE, "2026-06-30T23:59:59.999999Z", "not_applied", id="at the end of the month itself"),
        pytest.param(_JUNE, _JULY, None, id="first of June, first of July"),
        pytest.param("2026-12-31T23:59:59.999999Z", "2027-01-01T00:00:00Z", None, id="across the year"),
    ],
)
def test_itk_12_an_application_is_for_the_month_after_it(
    earned: Marketplace, books: Books, applied: str, taken: str, code: str | None
) -> None:
    """Neither in its own month nor in the one after the next."""
    _apply(earned, applied).or_raise()

    outcome = _take(earned, "340.0", taken)

    assert _code(outcome) == code
    assert books(earned).get(_AVAILABLE) == ("340.0" if code else None)


def test_itk_12_who_has_not_applied_cannot_take_anything_out(
    earned: Marketplace, books: Books, handled: Handled
) -> None:
    """The refusal names the month in which the application would have been due."""
    before = books(earned)

    refused = _take(earned, "340.0", "2026-06-10T10:00:00Z")

    assert refused.refusal is not None
    assert refused.refusal.code == "not_applied"
    assert refused.refusal.facts == {"tutor": "tom", "month": "2026-06", "before": "2026-05"}
    assert books(earned) == before
    assert earned.payouts.of("tom") == ()
    assert handled(earned) == [("withdraw_earnings", "tom", "not_applied")]


def test_itk_12_once_a_month_at_most(earned: Marketplace, agree: Agree, books: Books) -> None:
    """One application, one withdrawal: the second of the month is refused, however much there is."""
    earned.top_up("ann", earned.money("700.0", "ITC"), key="again", now=instant(_APRIL))
    agree("2026-05-20T10:00:00Z", now="2026-05-10T10:00:00Z", price="800.0", key="dearer")
    earned.sweep(now=instant("2026-05-30T00:00:00Z"))
    again = "2026-05-11T10:00:00Z"

    _apply(earned, _APPLIED).or_raise()
    twice = _apply(earned, again)
    _take(earned, "340.0", "2026-06-10T10:00:00Z").or_raise()
    second = _take(earned, "340.0", "2026-06-11T10:00:00Z")

    assert twice.refusal is not None
    assert (twice.refusal.code, twice.refusal.facts["month"]) == ("applied_already", "2026-05")
    assert _code(second) == "not_applied"
    # 340.0 + 680.0 - 340.0.
    assert books(earned)[_AVAILABLE] == "680.0"
    _apply(earned, "2026-06-12T10:00:00Z").or_raise()
    assert _take(earned, "680.0", "2026-07-31T23:59:59Z").ok


@pytest.mark.parametrize(
    ("amount", "code"),
    [("299.9", "too_little"), ("300.0", None), ("340.0", None), ("340.1", "insufficient_funds")],
)
def test_itk_12_what_is_taken_out_is_at_least_thirty_dollars_and_at_most_what_is_there(
    earned: Marketplace, books: Books, amount: str, code: str | None
) -> None:
    """A refused withdrawal does not use up the application."""
    _apply(earned, _APPLIED).or_raise()

    outcome = _take(earned, amount, _JUNE)

    assert _code(outcome) == code
    if code is not None:
        assert books(earned)[_AVAILABLE] == "340.0"
        assert _take(earned, "340.0", _JUNE).ok


def test_itk_12_a_transfer_that_comes_back_has_used_up_nothing(earned: Marketplace, books: Books) -> None:
    """The bank did not know the account: all is available again, and may be tried again in that month."""
    _apply(earned, _APPLIED).or_raise()
    _take(earned, "340.0", "2026-06-10T10:00:00Z").or_raise()
    earned.payouts.returned(
        earned.payouts.under_way()[0].id,
        by="olga",
        reason="unknown account",
        key="back",
        now=instant("2026-06-14T10:00:00Z"),
    ).or_raise()

    assert books(earned)[_AVAILABLE] == "340.0"
    assert books(earned, "USD")["Assets:Bank"] == "50.00"
    assert _take(earned, "340.0", "2026-06-30T23:59:59.999999Z").ok


# ITK-2: earned credits are spent on lessons with other teachers.


def test_itk_2_a_teacher_spends_earned_credits_on_a_lesson_with_another_teacher(
    earned: Marketplace, agree: Agree, books: Books, handled: Handled
) -> None:
    """20.0 of tom's 340.0 become 17.0 of tim's, with the platform's 15 % of that lesson too, and nobody paid in."""
    now = instant("2026-05-02T10:00:00Z")
    earned.payouts.spend("tom", earned.money("20.0", "ITC"), key="spend", now=now).or_raise()
    in_wallet = earned.wallet("tom", "ITC", now=now).text
    lesson = agree("2026-05-20T10:00:00Z", now="2026-05-10T10:00:00Z", student="tom", tutor="tim", price="20.0")
    earned.confirm(lesson.id, by="tom", key="good", now=instant("2026-05-20T11:00:00Z")).or_raise()

    assert in_wallet == "20.0"
    assert books(earned) == {
        "Equity:Conversion": "-500.0",
        "Income:Fees:Commission": "63.0",
        "Liabilities:Students:Ann:Wallet": "100.0",
        _AVAILABLE: "320.0",
        "Liabilities:Tutors:Tim:Available": "17.0",
    }
    assert books(earned, "USD")["Assets:Bank"] == "50.00"
    assert handled(earned) == [("spend_earnings", "tom", None)]


def test_itk_2_a_lesson_that_is_not_given_brings_spent_credits_back_to_the_wallet(
    earned: Marketplace, ask: Ask, books: Books
) -> None:
    """Tim lets the request expire: what tom had earned is his to spend again."""
    now = "2026-05-10T10:00:00Z"
    earned.payouts.spend("tom", earned.money("20.0", "ITC"), key="spend", now=instant(now)).or_raise()
    ask("2026-05-20T10:00:00Z", now=now, student="tom", tutor="tim", price="20.0")

    earned.sweep(now=instant("2026-05-12T10:00:00Z"))

    assert books(earned)["Liabilities:Students:Tom:Wallet"] == "20.0"
    assert books(earned)[_AVAILABLE] == "320.0"


@pytest.mark.parametrize(("amount", "code"), [("340.0", None), ("340.1", "insufficient_funds")])
def test_itk_2_nobody_spends_more_than_was_earned(
    earned: Marketplace, books: Books, amount: str, code: str | None
) -> None:
    """To the last tenth, and not beyond."""
    before = books(earned)
    outcome = earned.payouts.spend("tom", earned.money(amount, "ITC"), key="spend", now=instant(_APPLIED))

    assert _code(outcome) == code
    assert books(earned) == (before if code else {
        "Equity:Conversion": "-500.0",
        "Income:Fees:Commission": "60.0",
        "Liabilities:Students:Ann:Wallet": "100.0",
        "Liabilities:Students:Tom:Wallet": "340.0",
    })  # fmt: skip


def test_itk_2_earned_credits_that_are_not_spent_are_withdrawn_as_cash(earned: Marketplace, books: Books) -> None:
    """Both are the tutor's choice: 40.0 spent on lessons, 300.0 taken out as 30.00 USD."""
    earned.payouts.spend("tom", earned.money("40.0", "ITC"), key="spend", now=instant(_APPLIED)).or_raise()
    _apply(earned, _APPLIED).or_raise()
    _take(earned, "300.0", _JUNE).or_raise()
    earned.payouts.paid(earned.payouts.under_way()[0].id, by="olga", key="there", now=instant(_JUNE)).or_raise()

    assert books(earned, "USD")["Assets:Bank"] == "20.00"
    assert books(earned)["Liabilities:Students:Tom:Wallet"] == "40.0"
    assert _AVAILABLE not in books(earned)
