"""ITK-2: credits of the platform's own, bought at a fixed rate and spent on lessons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import InvalidType, InvalidValue, Lesson, Marketplace, Money, UnknownName, instant, load_preset

Agree = Callable[..., Lesson]
Books = Callable[..., dict[str, str]]

_NOW = instant("2026-06-01T12:00:00Z")
_WALLET = "Liabilities:Students:Ann:Wallet"


@pytest.fixture
def empty(open_market: Callable[..., Marketplace]) -> Marketplace:
    """The marketplace under the preset italki, in which nobody has bought anything."""
    return open_market(load_preset("italki"))


def test_itk_2_ten_itc_cost_one_us_dollar_and_the_books_say_so_in_both_currencies(
    empty: Marketplace, books: Books
) -> None:
    """The bank has the dollars, the wallet the credits, and the two meet in the account of conversions."""
    empty.top_up("ann", empty.money("100.0", "ITC"), key="buy", now=_NOW)

    assert books(empty, "USD") == {"Assets:Bank": "10.00", "Equity:Conversion": "10.00"}
    assert books(empty, "ITC") == {"Equity:Conversion": "-100.0", _WALLET: "100.0"}
    totals = {total.currency: (total.debit, total.credit) for total in empty.trial_balance().totals}
    assert totals == {"ITC": (1000, 1000), "USD": (1000, 1000)}


def test_itk_2_one_tenth_of_an_itc_is_one_us_cent(empty: Marketplace, books: Books) -> None:
    """The smallest amount of either currency is worth the smallest of the other, so every purchase comes out even."""
    empty.top_up(
        "ann", empty.money("0.1", "ITC"), key="buy", paid=Money.of("0.01", empty.currencies.get("USD")), now=_NOW
    )

    assert empty.currencies.get("ITC").exponent == 1
    assert books(empty, "USD")["Assets:Bank"] == "0.01"
    assert empty.wallet("ann", "ITC", now=_NOW).text == "0.1"


@pytest.mark.parametrize("paid", ["9.99", "10.01"])
def test_itk_2_credits_are_not_sold_at_another_rate(empty: Marketplace, books: Books, paid: str) -> None:
    """A payment that is not worth the credits is a mistake of the caller's, and nothing is booked."""
    with pytest.raises(InvalidValue, match="10.00 USD"):
        empty.top_up(
            "ann", empty.money("100.0", "ITC"), key="buy", paid=Money.of(paid, empty.currencies.get("USD")), now=_NOW
        )

    assert books(empty, "ITC") == {}
    assert books(empty, "USD") == {}


def test_itk_2_a_purchase_is_booked_once_however_often_it_is_reported(empty: Marketplace, books: Books) -> None:
    """The payment provider may report twice: the key is the same, so are the answer and the wallet."""
    first = empty.top_up("ann", empty.money("100.0", "ITC"), key="payment 17", now=_NOW)
    again = empty.top_up("ann", empty.money("100.0", "ITC"), key="payment 17", now=_NOW + timedelta(days=1))
    other = empty.top_up("ann", empty.money("200.0", "ITC"), key="payment 17", now=_NOW)

    assert (first.ok, first.repeated) == (True, False)
    assert (again.ok, again.repeated) == (True, True)
    assert other.refusal is not None
    assert other.refusal.code == "key_reused"
    assert books(empty)[_WALLET] == "100.0"


def test_itk_2_amounts_are_exact_and_say_their_currency(empty: Marketplace) -> None:
    """Half a tenth does not exist, floats are refused, and so are prices in another currency than the policy's."""
    with pytest.raises(InvalidValue):
        empty.money("0.05", "ITC")
    with pytest.raises(InvalidType):
        empty.money(0.1, "ITC")  # type: ignore[arg-type]  # what a careless caller does
    with pytest.raises(UnknownName, match="ITC"):
        empty.money("1", "ITX")
    with pytest.raises(InvalidValue, match="ITC"):
        empty.request(
            student="ann",
            tutor="tom",
            start=_NOW + timedelta(days=7),
            duration=timedelta(hours=1),
            price=empty.money("2.50", "USD"),
            key="ask",
            now=_NOW,
        )

    assert empty.audit() == ()


def test_itk_2_credits_are_spent_on_lessons_and_every_step_is_in_the_statement(
    market: Marketplace, agree: Agree, books: Books
) -> None:
    """Of the hundred bought, two lessons at 25 and 30 leave 45; the dearer one is cancelled, and 75 remain."""
    agree("2026-06-20T10:00:00Z", now="2026-06-10T10:00:00Z", key="first")
    second = agree("2026-06-21T10:00:00Z", now="2026-06-10T11:00:00Z", price="30.0", tutor="tim", key="second")
    both = market.wallet("ann", "ITC", now=second.at).text
    market.cancel(second.id, by="ann", key="off", now=instant("2026-06-11T10:00:00Z"))
    market.sweep(now=instant("2026-06-30T00:00:00Z"))

    wallet = next(account for account, _, _ in market.balances() if account.name == _WALLET)
    statement = market.statement(wallet, "ITC")

    assert both == "45.0"
    assert [(line.entry.kind, line.amount, line.balance) for line in statement.lines] == [
        ("top_up", 1000, 1000),
        ("hold", -250, 750),
        ("hold", -300, 450),
        ("void", 300, 750),
    ]
    assert books(market) == {
        "Equity:Conversion": "-100.0",
        "Income:Fees:Commission": "3.8",
        _WALLET: "75.0",
        "Liabilities:Tutors:Tom:Available": "21.2",
    }


def test_itk_2_a_tutor_may_buy_credits_and_take_lessons_with_another_tutor(market: Marketplace, agree: Agree) -> None:
    """One person is a tutor here and a student there, with a wallet like everybody's."""
    market.top_up("tom", market.money("40.0", "ITC"), key="tom buys", now=_NOW)
    lesson = agree("2026-06-20T10:00:00Z", now="2026-06-10T10:00:00Z", student="tom", tutor="tim")

    market.confirm(lesson.id, by="tom", key="yes", now=instant("2026-06-20T11:00:00Z"))

    now = instant("2026-06-20T11:00:00Z")
    assert market.wallet("tom", "ITC", now=now).text == "15.0"
    assert market.earnings("tim", "ITC", now=now).available.text == "21.2"


def test_itk_2_a_tutor_who_takes_a_lesson_cannot_be_asked_for_that_time(market: Marketplace, agree: Agree) -> None:
    """Nobody is in two places at once, whichever role they are in."""
    market.top_up("tom", market.money("40.0", "ITC"), key="tom buys", now=_NOW)
    agree("2026-06-20T10:00:00Z", now="2026-06-10T10:00:00Z", student="tom", tutor="tim")

    refused = market.request(
        student="ann",
        tutor="tom",
        start=instant("2026-06-20T10:30:00Z"),
        duration=timedelta(hours=1),
        price="25.0",
        key="ann asks",
        now=instant("2026-06-10T11:00:00Z"),
    )

    assert refused.refusal is not None
    assert (refused.refusal.code, refused.refusal.facts["party"]) == ("slot_taken", "tom")
