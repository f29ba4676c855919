"""Law 7 where it is hardest: small amounts, every split in percent, decided in a dispute or after the release.

What should come out is found here with decimals, by the rules as people say them: a share is a percentage of the price,
half a cent goes to the even one, the other side gets the rest; the fee is 15 % of what the tutor gets, rounded alike.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.engine.marketplace import Marketplace
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant, instant
from tutorcore.ledger.accounts import COMMISSION, Account, escrow, pending, receivable, wallet
from tutorcore.ledger.book import Book, Shortfall
from tutorcore.ledger.entries import top_up
from tutorcore.lessons.decision import advance, decide
from tutorcore.lessons.lesson import NO_FACTS, Brief, Command, Facts, Lesson, Offer, Particulars
from tutorcore.lessons.projections import entry_of
from tutorcore.lessons.refusals import Refusal
from tutorcore.money import Money
from tutorcore.policy.codec import load_preset, machine_of
from tutorcore.policy.settlement import Settlement
from tutorcore.testing.promises import broken_promises

NOW = instant("2026-03-02T10:00:00Z")
HOUR = timedelta(hours=1)
START = NOW + 100 * HOUR
OPERATOR = Facts(frozenset({"operator"}))
ANN, TOM, OLGA = PartyId("ann"), PartyId("tom"), PartyId("olga")
MACHINE = machine_of(load_preset("italki"))
AMOUNTS = range(201)
PERCENTS = range(101)


def _rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_EVEN))


def _expected(price: int, percent: int) -> dict[str, int]:
    """Who gets what of a price of which the tutor's share is so many percent."""
    share = _rounded(Decimal(price) * percent / 100)
    fee = _rounded(Decimal(share) * 15 / 100)
    return {"payer": price - share, "tutor": share - fee, "platform": fee}


def _split(percent: int) -> Settlement:
    return Settlement.of({"tutor": f"{percent}%", "student": "rest"})


def _done(
    before: Lesson | Brief, verb: str, by: PartyId, now: Instant, facts: Facts = NO_FACTS, **said: object
) -> Lesson:
    lesson = before if isinstance(before, Brief) else (advance(before, now) or [before])[-1]
    id = lesson.id if isinstance(lesson, Brief) else lesson.brief.id
    found = decide(MACHINE, lesson, Command(verb, by, Key(verb), id, **said), facts, now)  # type: ignore[arg-type]  # a command's
    assert isinstance(found, Lesson), found
    return found


def _agreed(price: int) -> Lesson:
    brief = Brief(LessonId("L1"), MACHINE.hash, "UTC", "ITC", NOW, TOM, ANN, ANN, ANN)
    asked = _done(brief, "request", ANN, NOW, offer=Offer(START, HOUR, price))
    return _done(asked, "accept", TOM, NOW, proposal=1)


def _disputed(price: int) -> Lesson:
    about = Particulars(remedy="refund")
    reported = _done(_agreed(price), "report", ANN, START + HOUR, reason="quality", particulars=about)
    return _done(reported, "decline", TOM, START + 2 * HOUR)


def _moved(book: Book, lesson: Lesson) -> None:
    entry = entry_of(lesson)
    if entry is not None:
        assert not isinstance(book.post(entry), Shortfall)


def _balances(book: Book) -> dict[str, int]:
    accounts: dict[str, Account] = {"payer": wallet(ANN), "tutor": pending(TOM), "platform": COMMISSION}
    return {name: book.balance(account, "ITC") for name, account in accounts.items()}


@pytest.mark.parametrize("hundred", [0, 1])
def test_a_dispute_pays_out_exactly_what_was_decided(hundred: int) -> None:
    """Every amount up to 200 and every percentage: all of it leaves the escrow, to whom it was given."""
    for price in AMOUNTS[100 * hundred : 100 + 101 * hundred]:
        disputed = _disputed(price)
        for percent in PERCENTS:
            resolved = _done(
                disputed, "resolve", OLGA, START + 3 * HOUR, OPERATOR, reason="heard both",
                particulars=Particulars(split=_split(percent)),
            )  # fmt: skip
            expected = _expected(price, percent)
            assert {role: minor for role, minor in expected.items() if minor} == dict(resolved.legs), (price, percent)
            assert resolved.held == 0
            assert resolved.settled is not None
            assert dict(resolved.settled.legs) == dict(resolved.legs)


@pytest.mark.parametrize("hundred", [0, 1])
def test_a_refund_ends_where_the_split_would_have_ended(hundred: int) -> None:
    """After the release, a refund moves the difference: the books are as if it had been settled so at once."""
    for price in AMOUNTS[100 * hundred : 100 + 101 * hundred]:
        agreed = _agreed(price)
        paid = _done(agreed, "confirm", ANN, START + HOUR)
        for percent in PERCENTS:
            book = Book()
            if price:
                book.post(top_up(ANN, price, "ITC", effective_at=NOW, ref="pay"))
            command = Command(
                "refund", OLGA, Key("k"), paid.id, reason="half", particulars=Particulars(split=_split(percent))
            )
            found = decide(MACHINE, paid, command, OPERATOR, START + 2 * HOUR)
            expected = _expected(price, percent)
            if isinstance(found, Refusal):
                assert found.code == "bad_terms"
                assert expected == _expected(price, 100)
                continue
            for version in (_asked_of(agreed), paid, found):
                _moved(book, version)
            owes = book.balance(receivable(TOM), "ITC")
            ends = _balances(book)
            assert {**ends, "tutor": ends["tutor"] - owes} == expected, (price, percent)
            assert book.balance(escrow(paid.id), "ITC") == 0


def _asked_of(agreed: Lesson) -> Lesson:
    """The version by which the price was held."""
    return _done(agreed.brief, "request", ANN, NOW, offer=Offer(START, HOUR, agreed.terms.price))


@pytest.mark.parametrize("price", [1, 3, 7, 33, 99, 100, 101, 200])
def test_too_little_left_makes_a_debt_that_later_earnings_pay_first(price: int) -> None:
    """Whatever the tutor has left: the student is refunded at once, and what is missing comes out of what comes in."""
    earned = _expected(price, 100)["tutor"]
    for percent in (0, 1, 33, 50, 67, 99):
        gives_back = earned - _expected(price, percent)["tutor"]
        if _expected(price, percent) == _expected(price, 100):
            continue
        for left in {0, 1, earned // 2, earned}:
            storage = MemoryStorage()
            market = _market(storage, price)
            if left < earned:
                market.payouts.spend("tom", _credits(market, earned - left), key="spend", now=START + 2 * HOUR)
            market.refund(
                "L1", by="olga", split=_split(percent), reason="half", key="refund", now=START + 3 * HOUR
            ).or_raise()
            debt = market.payouts.debt("tom", "ITC", now=START + 3 * HOUR).minor
            free = market.earnings("tom", "ITC", now=START + 3 * HOUR).available.minor
            assert (debt, free) == (max(gives_back - left, 0), max(left - gives_back, 0)), (percent, left)
            _lesson(market, "L2", 200, START + 4 * HOUR)
            later = START + 10 * HOUR
            assert market.payouts.debt("tom", "ITC", now=later).minor == 0
            assert market.earnings("tom", "ITC", now=later).available.minor == free + 170 - debt
            assert broken_promises(storage) == []


def _credits(market: Marketplace, minor: int) -> Money:
    return market.money(f"{minor // 10}.{minor % 10}", "ITC")


def _market(storage: MemoryStorage, price: int) -> Marketplace:
    market = Marketplace(storage, [load_preset("italki")])
    for party in ("ann", "tom"):
        market.add_party(party, zone="UTC")
    market.add_party("olga", zone="UTC", grants=["operator"])
    market.top_up("ann", market.money("100.0", "ITC"), key="pay", now=NOW)
    _lesson(market, "L1", price, START)
    return market


def _lesson(market: Marketplace, lesson: str, price: int, start: Instant) -> None:
    """A lesson that took place and was confirmed at its end."""
    asked = min(NOW, start - 30 * HOUR) if lesson == "L1" else start - HOUR / 2
    market.request(
        student="ann", tutor="tom", start=start, duration=HOUR, price=_credits(market, price).text, lesson=lesson,
        key=f"ask {lesson}", now=asked,
    ).or_raise()  # fmt: skip
    market.accept(lesson, by="tom", proposal=1, key=f"yes {lesson}", now=asked).or_raise()
    market.confirm(lesson, by="ann", key=f"done {lesson}", now=start + HOUR).or_raise()
