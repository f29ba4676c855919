"""ITR-6 and ITR-7: what the platform keeps of a lesson, and of the half that a no-show pays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction

import pytest

from tutorcore import Lesson, Marketplace, Money, Process, instant, load_policy

Book = Callable[..., Lesson]
Books = Callable[..., dict[str, str]]
OpenItutor = Callable[[Process], Marketplace]

_START = "2026-03-02T10:00:00Z"
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_BEGINNING = instant("2018-01-01T00:00:00Z")

# Every price up to two dollars, and some whose half, whose fee or whose slab is not whole.
_ODD_PRICES = [*range(201), 333, 4_999, 9_999, 10_001, 19_997, 19_998, 19_999, 20_001, 33_333, 39_999, 77_777]


def _slab(cents: int) -> Fraction:
    """The platform's rates: 10 % below 100 dollars, 15 % from 100, 20 % from 200."""
    return Fraction(10, 100) if cents < 10_000 else Fraction(15, 100) if cents < 20_000 else Fraction(20, 100)


def _text(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _no_show(market: Marketplace, lesson: Lesson) -> Lesson:
    """Let the tutor come and the student not, and nobody contest it; return how the lesson ended."""
    start = lesson.terms.start
    market.join(lesson.id, by="tom", key=f"{lesson.id} joined", now=start).or_raise()
    market.claim_no_show(lesson.id, by="tom", key=f"{lesson.id} claimed", now=start + _HOUR / 2).or_raise()
    return market.lesson(lesson.id, now=start + _HOUR / 2 + _DAY)


def _reading(slab_on: str) -> Process:
    """The policy itutor with one of the two readings of a halved price: its own slab, or that of the whole price."""
    return load_policy(f'extends = "itutor"\nid = "itutor-by-{slab_on}"\nfees.slab_on = "{slab_on}"\n')


# ITR-6: half the price, less the fee on the half.


def test_itr_6_a_no_show_at_one_hundred_pays_fifty_less_the_fee_on_fifty(
    itutor: Marketplace, book: Book, books: Books
) -> None:
    """The platform's own example: of 100.00 the tutor gets 45.00, the platform 5.00, the student 50.00 back."""
    ended = _no_show(itutor, book(itutor, _START, price="100.00"))
    itutor.sweep(now=instant(_START) + 2 * _DAY)

    assert dict(ended.legs) == {"tutor": 4_500, "platform": 500, "payer": 5_000}
    assert itutor.earnings("tom", "TTD", now=ended.at).available.text == "45.00"
    assert itutor.wallet("ann", "TTD", now=ended.at).text == "950.00"
    assert books(itutor, "TTD")["Income:Fees:Commission"] == "5.00"


def test_itr_6_where_the_other_half_goes_is_the_policy_s_to_say(
    open_itutor: OpenItutor, book: Book, books: Books
) -> None:
    """Back to the student is our reading; another policy keeps it, and the fee is still that of the tutor's half."""
    settle = 'no_show.student.settle = { tutor = "50%", platform = "rest" }'
    market = open_itutor(load_policy(f'extends = "itutor"\nid = "kept"\n{settle}\n'))

    _no_show(market, book(market, _START, price="100.00"))
    market.sweep(now=instant(_START) + 2 * _DAY)

    assert books(market, "TTD") == {
        "Assets:Bank": "2000.00",
        "Income:Fees:Commission": "55.00",
        "Liabilities:Students:Ann:Wallet": "900.00",
        "Liabilities:Students:Sue:Wallet": "1000.00",
        "Liabilities:Tutors:Tom:Available": "45.00",
    }


def test_itr_6_odd_cents_lose_nothing(itutor: Marketplace, book: Book, books: Books) -> None:
    """A half is rounded once, to the even cent, and so is the fee on it; the student gets what the half leaves."""
    itutor.top_up("ann", itutor.money("5000.00", "TTD"), key="ann pays in more", now=_BEGINNING)
    found: list[dict[str, int]] = []
    expected: list[dict[str, int]] = []
    for number, price in enumerate(_ODD_PRICES):
        lesson = book(itutor, str(instant(_START) + number * _DAY), price=_text(price), key=f"lesson {number}")
        ended = _no_show(itutor, lesson)
        found.append(dict(ended.legs))
        half = round(Fraction(price, 2))
        fee = round(half * _slab(half))
        shares = {"tutor": half - fee, "platform": fee, "payer": price - half}
        expected.append({role: share for role, share in shares.items() if share})

    itutor.sweep(now=instant(_START) + (len(_ODD_PRICES) + 2) * _DAY)

    assert found == expected
    assert [sum(legs.values()) for legs in found] == _ODD_PRICES
    assert sum(Money.of(text, itutor.currencies.get("TTD")).minor for text in books(itutor, "TTD").values()) == (
        2 * 700_000
    )


# ITR-7: the slabs.


@pytest.mark.parametrize("slab_on", ["share", "price"])
@pytest.mark.parametrize(
    ("price", "fee"),
    [
        pytest.param("99.99", "10.00", id="10 % of 99.99"),
        pytest.param("100.00", "15.00", id="15 % of 100.00"),
        pytest.param("199.99", "30.00", id="15 % of 199.99"),
        pytest.param("200.00", "40.00", id="20 % of 200.00"),
    ],
)
def test_itr_7_the_fee_of_a_completed_lesson_is_that_of_the_slab_of_its_price(
    open_itutor: OpenItutor, book: Book, books: Books, slab_on: str, price: str, fee: str
) -> None:
    """A slab begins at its amount, and its rate is for the whole of the price; here both readings are one."""
    market = open_itutor(_reading(slab_on))
    lesson = book(market, _START, price=price)

    market.sweep(now=lesson.terms.end)

    assert books(market, "TTD")["Income:Fees:Commission"] == fee
    assert sum(amount for _, amount in market.history(lesson.id)[-1].version.legs) == lesson.terms.price


@pytest.mark.parametrize(
    ("price", "half", "fee"),
    [
        pytest.param("100.00", 5_000, 500, id="half of 100.00"),
        pytest.param("199.98", 9_999, 1_000, id="a half of 99.99"),
        pytest.param("199.99", 10_000, 1_500, id="a half rounded to 100.00"),
        pytest.param("200.00", 10_000, 1_500, id="a half of 100.00"),
        pytest.param("399.98", 19_999, 3_000, id="a half of 199.99"),
        pytest.param("400.00", 20_000, 4_000, id="a half of 200.00"),
    ],
)
def test_itr_7_the_slab_of_a_no_show_is_that_of_what_the_tutor_is_paid(
    itutor: Marketplace, book: Book, price: str, half: int, fee: int
) -> None:
    """As the preset reads it, the halved amount chooses: 10 % below 100, 15 % from 100, 20 % from 200."""
    lesson = book(itutor, _START, price=price)

    ended = _no_show(itutor, lesson)

    assert dict(ended.legs) == {"tutor": half - fee, "platform": fee, "payer": lesson.terms.price - half}


@pytest.mark.parametrize(
    ("price", "half", "fee"),
    [
        pytest.param("99.99", 5_000, 500, id="10 %, as of 99.99"),
        pytest.param("100.00", 5_000, 750, id="15 %, as of 100.00"),
        pytest.param("199.99", 10_000, 1_500, id="15 %, as of 199.99"),
        pytest.param("200.00", 10_000, 2_000, id="20 %, as of 200.00"),
        pytest.param("400.00", 20_000, 4_000, id="20 %, as of 400.00"),
    ],
)
def test_itr_7_the_slab_of_a_no_show_may_be_that_of_the_whole_price(
    open_itutor: OpenItutor, book: Book, price: str, half: int, fee: int
) -> None:
    """One word in the policy, and the full price chooses the rate that the half is charged at."""
    market = open_itutor(_reading("price"))
    lesson = book(market, _START, price=price)

    ended = _no_show(market, lesson)

    assert dict(ended.legs) == {"tutor": half - fee, "platform": fee, "payer": lesson.terms.price - half}


def test_itr_7_the_rate_is_rounded_to_the_even_cent_and_the_price_is_paid_out_whole(
    itutor: Marketplace, book: Book
) -> None:
    """10 % of 0.05, 0.15 and 0.25 are half cents: none, two and two of them are kept."""
    fees: list[int] = []
    for number, price in enumerate(("0.05", "0.15", "0.25")):
        lesson = book(itutor, str(instant(_START) + number * _DAY), price=price, key=f"lesson {number}")
        legs = dict(itutor.lesson(lesson.id, now=lesson.terms.end).legs)
        fees.append(legs.get("platform", 0))
        assert sum(legs.values()) == lesson.terms.price

    assert fees == [0, 2, 2]
