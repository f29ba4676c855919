"""How tutors get at what they earned: withdrawals, transfers that come back, debts, earnings spent on lessons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.ids import PartyId
from tutorcore.instants import MICROSECOND, Instant, instant
from tutorcore.ledger.accounts import receivable
from tutorcore.policy.codec import load_policy
from tutorcore.policy.settlement import Settlement
from tutorcore.ports.storage import Storage

NOW = instant("2026-05-04T10:00:00Z")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
JUNE = instant("2026-06-01T00:00:00Z")
JULY = instant("2026-07-01T00:00:00Z")

TEXT = """
extends = "lesson/1"
id = "paying"
currency = "CRD"
unit = { decimals = 2, peg = "10 CRD = 1 USD" }
[request]
by = ["student"]
answer_by = "asked + 48h"
silence = { mark = "missed_request" }
[complete]
silence = { at = "lesson.end", becomes = "completed" }
[fees]
commission = "15%"
[refund]
by = ["operator"]
until = "lesson.end + 8760h"
[standing.missed_request]
ladder = [{ at = 1, effect = "wallet_frozen", for = "48h" }]
[payout]
apply = "month_before"
minimum = "20.00"
fee = "1.00"
spendable = true
"""
POLICY = load_policy(TEXT)


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest) -> Iterator[Storage]:
    """An empty store of either kind."""
    if request.param == "memory":
        yield MemoryStorage()
        return
    with open_sqlite(":memory:") as store:
        yield store


@pytest.fixture
def market(storage: Storage) -> Iterator[Marketplace]:
    """A marketplace in which tom has earned 85.00 and can have it; its books balance afterwards."""
    market = Marketplace(storage, [POLICY])
    for party in ("ann", "tom", "tim"):
        market.add_party(party, zone="Pacific/Auckland")
    market.add_party("olga", zone="UTC", grants=["operator"])
    market.top_up("ann", market.money("500.00", "CRD"), key="pay", now=NOW)
    _earn(market, "L1", "100.00", NOW)
    yield market
    market.trial_balance()


def _earn(market: Marketplace, lesson: str, price: str, at: Instant, tutor: str = "tom") -> None:
    market.request(
        student="ann", tutor=tutor, start=at + HOUR, duration=HOUR, price=price, lesson=lesson, key=f"ask {lesson}",
        now=at,
    ).or_raise()  # fmt: skip
    market.accept(lesson, by=tutor, proposal=1, key=f"yes {lesson}", now=at).or_raise()
    market.sweep(now=at + 2 * HOUR)


def _free(market: Marketplace, now: Instant, tutor: str = "tom") -> str:
    return market.earnings(tutor, "CRD", now=now).available.text


def _applied(market: Marketplace, now: Instant, key: str = "apply") -> Outcome:
    return market.payouts.apply("tom", "CRD", key=key, now=now)


def _withdrawn(market: Marketplace, amount: str, now: Instant, key: str = "take") -> Outcome:
    return market.payouts.withdraw("tom", market.money(amount, "CRD"), key=key, now=now)


def _code(outcome: Outcome) -> str:
    return "done" if outcome.refusal is None else outcome.refusal.code


def _balance(market: Marketplace, name: str, currency: str = "CRD") -> int:
    found = {(account.name, code): minor for account, code, minor in market.balances()}
    return found.get((name, currency), 0)


@pytest.mark.parametrize(
    ("applied", "taken", "code"),
    [
        (JUNE - MICROSECOND, JUNE - MICROSECOND, "not_applied"),
        (JUNE - MICROSECOND, JUNE, "done"),
        (JUNE - MICROSECOND, JULY - MICROSECOND, "done"),
        (JUNE - MICROSECOND, JULY, "not_applied"),
        (JUNE, JULY - MICROSECOND, "not_applied"),
        (JUNE, JULY, "done"),
    ],
)
def test_an_application_is_good_for_the_next_month(
    market: Marketplace, applied: Instant, taken: Instant, code: str
) -> None:
    """Months are UTC months, whatever the tutor's own calendar shows."""
    assert _applied(market, applied).ok
    assert _code(_withdrawn(market, "50.00", taken)) == code


def test_money_on_its_way_lies_in_an_account_of_its_own_until_it_arrives(market: Marketplace) -> None:
    """The fee is taken at once, the bank pays in the currency to which the unit is pegged."""
    _applied(market, NOW)
    _withdrawn(market, "50.00", JUNE).or_raise()

    assert _free(market, JUNE) == "35.00"
    assert _balance(market, "Liabilities:Tutors:Tom:Withdrawing") == 4900
    assert _balance(market, "Income:Fees:Payouts") == 100
    assert [each.id for each in market.payouts.under_way()] == ["apply"]
    market.payouts.paid("apply", by="olga", key="arrived", now=JUNE + DAY).or_raise()
    assert _balance(market, "Liabilities:Tutors:Tom:Withdrawing") == 0
    assert _balance(market, "Assets:Bank", "USD") == 5000 - 490
    assert [each.state for each in market.payouts.of("tom")] == ["paid"]
    assert _code(_withdrawn(market, "20.00", JUNE + 2 * DAY, "more")) == "not_applied"


def test_a_transfer_that_came_back_may_be_tried_again_in_the_same_month(market: Marketplace) -> None:
    """With its fee, as this policy says."""
    _applied(market, NOW)
    _withdrawn(market, "85.00", JUNE).or_raise()
    market.payouts.returned("apply", by="olga", reason="no such account", key="back", now=JUNE + DAY).or_raise()

    assert _free(market, JUNE + DAY) == "85.00"
    assert _withdrawn(market, "85.00", JULY - MICROSECOND, "again").ok
    assert sorted(each.state for each in market.payouts.of("tom")) == ["returned", "under_way"]
    assert _code(market.payouts.returned("apply", by="olga", reason="x", key="twice", now=JULY)) == "not_open"


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("19.90", "too_little"),
        ("20.00", "done"),
        ("85.00", "done"),
        ("85.10", "insufficient_funds"),
        ("1.00", "bad_terms"),
        ("20.05", "bad_terms"),
    ],
)
def test_amounts_that_cannot_be_withdrawn(market: Marketplace, amount: str, code: str) -> None:
    """Too little, too much, nothing after the fee, or what no bank could pay."""
    _applied(market, NOW)
    before = market.balances()

    outcome = _withdrawn(market, amount, JUNE)

    assert _code(outcome) == code
    if code != "done":
        assert market.balances() == before
        assert market.audit()[-1].refusal == outcome.refusal
        assert [each.state for each in market.payouts.of("tom")] == ["applied"]


def test_a_frozen_wallet_gives_nothing_away_until_it_thaws(market: Marketplace) -> None:
    """Neither withdrawn nor spent while frozen; applying is not giving anything away."""
    market.request(
        student="ann", tutor="tom", start=JUNE + 9 * DAY, duration=HOUR, price="10.00", key="late", now=JUNE - DAY
    )
    frozen, thawed = JUNE + DAY, JUNE + 3 * DAY
    assert _applied(market, NOW).ok
    assert _code(_withdrawn(market, "50.00", frozen)) == "frozen"
    assert (
        _code(market.payouts.spend("tom", market.money("5.00", "CRD"), key="s", now=thawed - MICROSECOND)) == "frozen"
    )
    assert _withdrawn(market, "50.00", thawed, "then").ok


def test_earnings_pay_for_lessons_with_other_tutors(market: Marketplace) -> None:
    """What is spent leaves the earnings and fills the tutor's own wallet."""
    market.payouts.spend("tom", market.money("25.00", "CRD"), key="spend", now=NOW + DAY).or_raise()

    assert _free(market, NOW + DAY) == "60.00"
    assert market.wallet("tom", "CRD", now=NOW + DAY).text == "25.00"
    asked = market.request(
        student="tom", tutor="tim", start=NOW + 3 * DAY, duration=HOUR, price="25.00", key="lesson", now=NOW + DAY
    )
    assert asked.ok


_BY_OTHERS: dict[str, Callable[[Marketplace], Outcome]] = {
    "apply": lambda market: market.payouts.apply("tom", "CRD", by="olga", key="k", now=JUNE),
    "withdraw": lambda market: market.payouts.withdraw(
        "tom", market.money("50.00", "CRD"), by="tim", key="k", now=JUNE
    ),
    "spend": lambda market: market.payouts.spend("tom", market.money("5.00", "CRD"), by="ann", key="k", now=JUNE),
    "paid": lambda market: market.payouts.paid("taken", by="tom", key="k", now=JUNE),
    "returned": lambda market: market.payouts.returned("taken", by="ann", reason="x", key="k", now=JUNE),
}


@pytest.mark.parametrize("what", _BY_OTHERS)
def test_nobody_does_what_is_anothers(market: Marketplace, what: str) -> None:
    """A tutor's money is the tutor's to move, and the marketplace's to report on."""
    market.payouts.apply("tom", "CRD", key="taken", now=NOW)
    _withdrawn(market, "50.00", JUNE)
    before = market.balances()

    outcome = _BY_OTHERS[what](market)

    assert _code(outcome) == "not_yours"
    assert market.balances() == before
    assert market.audit()[-1].refusal == outcome.refusal


def test_a_debt_is_paid_out_of_what_is_earned_next(market: Marketplace) -> None:
    """Refunded after the tutor took the money out, a lesson leaves a debt; earnings go there first."""
    market.payouts.spend("tom", market.money("80.00", "CRD"), key="spend", now=NOW + DAY).or_raise()
    refunded = market.refund(
        "L1", by="olga", split=Settlement.of({"student": "50%", "tutor": "rest"}), reason="half of it was idle",
        key="refund", now=NOW + 2 * DAY,
    )  # fmt: skip

    assert refunded.ok
    assert market.wallet("ann", "CRD", now=NOW + 2 * DAY).text == "450.00"
    assert _balance(market, "Income:Fees:Commission") == 750
    assert market.payouts.debt("tom", "CRD", now=NOW + 2 * DAY).text == "37.50"
    assert _free(market, NOW + 2 * DAY) == "0.00"

    market.request(
        student="ann", tutor="tom", start=NOW + 3 * DAY, duration=HOUR, price="100.00", lesson="L2", key="ask L2",
        now=NOW + 2 * DAY,
    )  # fmt: skip
    market.accept("L2", by="tom", proposal=1, key="yes L2", now=NOW + 2 * DAY)
    later = NOW + 4 * DAY
    ahead = market.payouts.debt("tom", "CRD", now=later), _free(market, later)
    market.sweep(now=later)
    assert ahead == (market.payouts.debt("tom", "CRD", now=later), _free(market, later))
    assert _free(market, later) == "47.50"
    assert market.payouts.debt("tom", "CRD", now=later).text == "0.00"


def test_policies_of_one_currency_pay_out_alike() -> None:
    """Two policies that differ in how earnings are taken out cannot share a currency."""
    other = load_policy(
        TEXT.replace("365d", "8760h").replace('"paying"', '"other"').replace('fee = "1.00"', 'fee = "2.00"')
    )
    with pytest.raises(InvalidValue, match="payout"):
        Marketplace(MemoryStorage(), [POLICY, other])


def test_misuse_is_named(market: Marketplace) -> None:
    """Floats, unknown withdrawals and currencies raise, and leave no trace."""
    lines = len(market.audit())
    with pytest.raises(InvalidType, match="amount"):
        market.payouts.withdraw("tom", 20.0, key="k", now=JUNE)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(UnknownName, match="withdrawal"):
        market.payouts.paid("nothing", by="olga", key="k", now=JUNE)
    with pytest.raises(UnknownName, match="XYZ"):
        market.payouts.apply("tom", "XYZ", key="k", now=JUNE)
    with pytest.raises(UnknownName, match="party"):
        market.payouts.of("nobody")
    assert len(market.audit()) == lines


def test_the_day_of_the_withdrawal_settles_what_it_is_worth_and_what_comes_back(storage: Storage) -> None:
    """Other policies, by which somebody else reports on the transfer, change neither."""
    market = Marketplace(storage, [POLICY])
    market.add_party("tom", zone="UTC")
    market.add_party("ann", zone="UTC")
    market.add_party("olga", zone="UTC", grants=["operator"])
    market.top_up("ann", market.money("500.00", "CRD"), key="pay", now=NOW)
    _earn(market, "L1", "100.00", NOW)
    _applied(market, NOW)
    _withdrawn(market, "50.00", JUNE).or_raise()
    other = Marketplace(storage, [load_policy(TEXT.replace('"paying"', '"other"').replace("10 CRD", "7 CRD"))])

    other.payouts.paid("apply", by="olga", key="arrived", now=JUNE + DAY).or_raise()

    assert _balance(other, "Assets:Bank", "USD") == 5000 - 490


def test_a_unit_has_one_peg() -> None:
    """Two policies that differ in what a unit is worth cannot share it."""
    other = load_policy(TEXT.replace('"paying"', '"other"').replace("10 CRD", "5 CRD"))
    with pytest.raises(InvalidValue, match="peg of CRD"):
        Marketplace(MemoryStorage(), [POLICY, other])


def test_nobody_withdraws_in_a_currency_without_rules(market: Marketplace) -> None:
    """What no policy here is in is paid out by a marketplace whose policies are."""
    with pytest.raises(InvalidValue, match="CRD"):
        market.payouts.withdraw("tom", market.money("5.00", "EUR"), key="k", now=JUNE)


def test_nobody_says_of_themselves_that_they_were_paid(market: Marketplace) -> None:
    """An operator who is the tutor leaves that to another."""
    market.add_party("tom", zone="UTC", grants=["operator"])
    _applied(market, NOW)
    _withdrawn(market, "50.00", JUNE)

    outcome = market.payouts.paid("apply", by="tom", key="mine", now=JUNE + DAY)

    assert _code(outcome) == "not_yours"
    assert market.audit()[-1].subject == "tom"


_CLEARED_LATE = TEXT.replace('"paying"', '"slow"').replace("[payout]", '[payout]\nclears_after = "96h"')


@pytest.mark.parametrize("is_swept", [True, False])
def test_what_becomes_available_earlier_pays_earlier(is_swept: bool) -> None:
    """However late it is noticed: a debt is paid by what cleared first, as of then."""
    market = Marketplace(MemoryStorage(), [POLICY, load_policy(_CLEARED_LATE)])
    for party in ("ann", "tom"):
        market.add_party(party, zone="UTC")
    market.add_party("olga", zone="UTC", grants=["operator"])
    market.top_up("ann", market.money("500.00", "CRD"), key="pay", now=NOW)
    for lesson, policy, hours in (("A", "paying", 0), ("B", "slow", 3), ("C", "paying", 150)):
        start = NOW + (hours + 1) * HOUR
        market.request(
            student="ann", tutor="tom", start=start, duration=HOUR, price="40.00", lesson=lesson, policy=policy,
            key=f"ask {lesson}", now=NOW,
        ).or_raise()  # fmt: skip
        market.accept(lesson, by="tom", proposal=1, key=f"yes {lesson}", now=NOW).or_raise()
    at = NOW + 10 * HOUR
    market.payouts.spend("tom", market.money("34.00", "CRD"), key="spend", now=at).or_raise()
    all_back = Settlement.of({"student": "100%"})
    market.refund("A", by="olga", split=all_back, reason="never held", key="refund", now=at).or_raise()
    later = NOW + 300 * HOUR
    for hours in range(10, 300) if is_swept else ():
        market.sweep(now=NOW + hours * HOUR)
    market.sweep(now=later, batch=1)

    entries = market.statement(receivable(PartyId("tom")), "CRD").lines
    assert [(line.entry.effective_at, line.balance) for line in entries if line.entry.kind == "offset"] == [
        (NOW + 101 * HOUR, 0),
    ]
