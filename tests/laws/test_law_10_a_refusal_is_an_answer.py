"""Law 10: a refused command leaves its audit line, its stored answer and the timeouts that were due; nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.engine.work import Work
from tutorcore.ids import PartyId
from tutorcore.instants import Instant, instant
from tutorcore.lessons.lesson import Offer
from tutorcore.lessons.refusals import PRECEDENCE, Refused
from tutorcore.policy.codec import content_hash
from tutorcore.policy.process import Process
from tutorcore.ports.storage import Storage
from tutorcore.testing.plain import Dump, dump, without
from tutorcore.testing.samples import sample_policies
from tutorcore.testing.strategies import offers

NOW = instant("2026-05-04T10:00:00Z")
DEAR = sample_policies()[1]
HOUR = timedelta(hours=1)


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest) -> Iterator[Storage]:
    """Return a new store."""
    if request.param == "memory":
        yield MemoryStorage()
        return
    opened = open_sqlite(":memory:")
    yield opened
    opened.close()


def _reused(market: Marketplace, at: Instant) -> Outcome:
    return market.decline("L1", by="tom", key="ask L1", now=at)


def _out_of_order(market: Marketplace, at: Instant) -> Outcome:
    return market.cancel("L1", by="ann", key="no", now=NOW - HOUR)


def _not_open(market: Marketplace, at: Instant) -> Outcome:
    return market.confirm("L1", by="ann", key="no", now=at)


def _not_yours(market: Marketplace, at: Instant) -> Outcome:
    return market.cancel("L1", by="tess", key="no", now=at)


def _stale_offer(market: Marketplace, at: Instant) -> Outcome:
    return market.accept("L2", by="tess", proposal=7, key="no", now=at)


def _missing(market: Marketplace, at: Instant) -> Outcome:
    return market.act("reschedule", "L1", by="olga", offer=Offer(start=NOW + 99 * HOUR), key="no", now=at)


def _guard(market: Marketplace, at: Instant) -> Outcome:
    return market.cancel("L3", by="ben", key="no", now=at)


def _bad_terms(market: Marketplace, at: Instant) -> Outcome:
    return market.propose("L1", by="ann", start=NOW - HOUR, key="no", now=at)


def _not_bookable(market: Marketplace, at: Instant) -> Outcome:
    return market.request(
        student="ben", tutor="tim", start=NOW + 300 * HOUR, duration=HOUR, price="500", lesson="L9", key="no", now=at
    )


def _insufficient_funds(market: Marketplace, at: Instant) -> Outcome:
    return market.request(
        student="ann", tutor="tess", start=NOW + 300 * HOUR, duration=HOUR, price="80", lesson="L9", key="no", now=at
    )


def _slot_taken(market: Marketplace, at: Instant) -> Outcome:
    return market.request(
        student="ben", tutor="tom", start=NOW + 80 * HOUR, duration=HOUR, price="5", lesson="L9", key="no", now=at
    )


REFUSALS = {
    "key_reused": _reused,
    "out_of_order": _out_of_order,
    "not_open": _not_open,
    "not_yours": _not_yours,
    "stale_offer": _stale_offer,
    "missing": _missing,
    "guard": _guard,
    "bad_terms": _bad_terms,
    "not_bookable": _not_bookable,
    "insufficient_funds": _insufficient_funds,
    "slot_taken": _slot_taken,
}


JUNE = instant("2026-06-02T00:00:00Z")


def _reports_open(market: Marketplace, at: Instant) -> Outcome:
    return market.standings.reset_counter(
        "tom", "points", by="ada", reason="he is well again", case="7", key="no", now=at
    )


def _restricted(market: Marketplace, at: Instant) -> Outcome:
    return market.standings.show_profile("tom", key="no", now=at)


def _frozen(market: Marketplace, at: Instant) -> Outcome:
    return market.payouts.withdraw("tom", market.money("1", "CRD"), key="no", now=at)


def _frozen_to_spend(market: Marketplace, at: Instant) -> Outcome:
    return market.payouts.spend("tom", market.money("1", "CRD"), key="no", now=at)


def _not_applied(market: Marketplace, at: Instant) -> Outcome:
    return market.payouts.withdraw("tim", market.money("1", "CRD"), key="no", now=at)


def _applied_already(market: Marketplace, at: Instant) -> Outcome:
    return market.payouts.apply("tom", "CRD", key="no", now=at)


def _too_little(market: Marketplace, at: Instant) -> Outcome:
    return market.payouts.withdraw("tess", market.money("0.03", "CRD"), key="no", now=at)


def _not_earned(market: Marketplace, at: Instant) -> Outcome:
    return market.payouts.withdraw("tess", market.money("1", "CRD"), key="no", now=at)


def _not_to_spend(market: Marketplace, at: Instant) -> Outcome:
    return market.payouts.spend("tess", market.money("1", "CRD"), key="no", now=at)


def _not_handled_by(market: Marketplace, at: Instant) -> Outcome:
    return market.standings.dismiss_report("tom", 1, by="ann", reason="ill", case="7", key="no", now=at)


def _no_reason_to_dismiss(market: Marketplace, at: Instant) -> Outcome:
    return market.standings.dismiss_report("tom", 1, by="ada", reason="he is nice", case="7", key="no", now=at)


def _no_case(market: Marketplace, at: Instant) -> Outcome:
    return market.standings.lift("tom", "wallet_frozen", by="ada", reason="ill", case="", key="no", now=at)


def _not_imposed(market: Marketplace, at: Instant) -> Outcome:
    return market.standings.lift("tom", "locked", by="ada", reason="ill", case="7", key="no", now=at)


ACCOUNT_REFUSALS = {
    "reports_open": _reports_open,
    "restricted": _restricted,
    "frozen": _frozen,
    "not_applied": _not_applied,
    "applied_already": _applied_already,
    "too_little": _too_little,
}
# More of what is refused about accounts, with a code that lessons have too.
REFUSED = [
    *ACCOUNT_REFUSALS.items(),
    ("frozen", _frozen_to_spend),
    ("insufficient_funds", _not_earned),
    ("insufficient_funds", _not_to_spend),
    ("not_yours", _not_handled_by),
    ("bad_terms", _no_reason_to_dismiss),
    ("missing", _no_case),
    ("not_open", _not_imposed),
]


# Whose lessons a refused command of that code is about.
PEOPLE = {
    "ann": (PartyId("ann"), PartyId("tom")),
    "guard": (PartyId("ben"), PartyId("tess")),
    "not_bookable": (PartyId("ben"), PartyId("tim")),
    "insufficient_funds": (PartyId("ann"), PartyId("tess")),
    "slot_taken": (PartyId("ben"), PartyId("tom")),
}


@pytest.fixture
def market(storage: Storage, agreed: Callable[..., Marketplace], ask: Callable[..., Outcome]) -> Marketplace:
    """Return a marketplace with L1 agreed, L2 asked of Tess, and L3, agreed, beginning within a day."""
    market = agreed(storage=storage, hours=80)
    ask(market, "L2", after=60 * HOUR, tutor="tess", student="ben").or_raise()
    ask(market, "L3", after=20 * HOUR, tutor="tess", student="ben").or_raise()
    market.accept("L3", by="tess", proposal=1, key="agree 3", now=NOW).or_raise()
    return market


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_adds_one_line_to_the_audit_and_nothing_else(
    market: Marketplace, storage: Storage, code: str
) -> None:
    """Where no timeout is due, everything but the audit trail is as it was, and the trail is longer by this refusal."""
    before = dump(storage)

    outcome = REFUSALS[code](market, NOW)
    after = dump(storage)

    assert outcome.refusal is not None
    assert outcome.refusal.code == code
    assert without(after, "audit") == without(before, "audit")
    assert after["audit"][:-1] == before["audit"]
    assert code in after["audit"][-1]
    assert market.audit()[-1].refusal == outcome.refusal
    assert outcome.refusal.sentence


@pytest.mark.parametrize(
    "code", [code for code in REFUSALS if code not in ("key_reused", "out_of_order", "stale_offer")]
)
def test_a_refusal_keeps_the_timeouts_that_were_due(
    agreed: Callable[..., Marketplace], ask: Callable[..., Outcome], code: str
) -> None:
    """Where timeouts are due, a refused command leaves just what catching up with its people would have left."""
    at = NOW + 50 * HOUR
    dumps: list[Dump] = []
    for refused in (True, False):
        storage = MemoryStorage()
        market = agreed(storage=storage, hours=80)
        ask(market, "L2", after=90 * HOUR, tutor="tom", student="ben").or_raise()
        ask(market, "L3", after=60 * HOUR, tutor="tess", student="ben").or_raise()
        market.accept("L3", by="tess", proposal=1, key="agree 3", now=NOW).or_raise()
        if refused:
            outcome = REFUSALS[code](market, at)
            assert outcome.refusal is not None
        else:
            with storage.transaction() as tx:
                work = Work(tx, at)
                work.catch_up(PEOPLE.get(code, PEOPLE["ann"]))
                assert work.cause
        dumps.append(dump(storage))

    left, right = (without(each, "audit") for each in dumps)
    assert left == right
    assert len(dumps[0]["audit"]) == len(dumps[1]["audit"]) + 1


def _about_accounts(
    storage: Storage, samples: dict[str, Process], lapsed: Callable[[Marketplace], None]
) -> Marketplace:
    """A marketplace at the beginning of June: Tom was asked three times; Tess has applied in May, and he in June."""
    market = Marketplace(storage, [samples["stern"]])
    for party in ("ann", "tom", "tess", "tim"):
        market.add_party(party, zone="UTC")
    market.add_party("ada", zone="UTC", grants=["agent"])
    market.top_up("ann", market.money("100", "CRD"), key="paid", now=NOW)
    market.payouts.apply("tess", "CRD", key="apply tess", now=NOW).or_raise()
    market.payouts.apply("tom", "CRD", key="apply tom", now=JUNE - 10 * HOUR).or_raise()
    for number in range(3):
        market.request(
            student="ann", tutor="tom", start=JUNE + (90 + number) * HOUR, duration=HOUR, price="1",
            lesson=f"L{number}", key=f"ask {number}", now=JUNE - 8 * HOUR,
        ).or_raise()  # fmt: skip
    lapsed(market)
    return market


@pytest.mark.parametrize(("code", "refused"), REFUSED)
def test_a_refusal_about_an_account_adds_one_line_to_the_audit_and_nothing_else(
    storage: Storage, samples: dict[str, Process], code: str, refused: Callable[[Marketplace, Instant], Outcome]
) -> None:
    """Standing, reports, withdrawals and books are as they were."""
    at = JUNE + 5 * HOUR
    market = _about_accounts(storage, samples, lambda market: assert_swept(market, at))
    before = dump(storage)

    outcome = refused(market, at)
    after = dump(storage)

    assert outcome.refusal is not None
    assert (outcome.refusal.code, outcome.lesson) == (code, None)
    assert without(after, "audit") == without(before, "audit")
    assert after["audit"][:-1] == before["audit"]
    assert market.audit()[-1].refusal == outcome.refusal
    assert outcome.refusal.sentence
    again = refused(market, at + HOUR)
    assert again.repeated
    assert again.refusal == outcome.refusal
    assert dump(storage) == after


def assert_swept(market: Marketplace, at: Instant) -> None:
    """Sweep, and see that there was something to sweep."""
    assert market.sweep(now=at).timeouts == 3


@pytest.mark.parametrize(
    ("code", "refused"),
    [each for each in REFUSED if each[1] not in (_too_little, _not_applied, _not_earned, _not_to_spend)],
)
def test_a_refusal_about_an_account_keeps_the_timeouts_that_were_due(
    samples: dict[str, Process], code: str, refused: Callable[[Marketplace, Instant], Outcome]
) -> None:
    """What has lapsed by then decides it, swept or not; it leaves just what catching up with the tutor leaves."""
    at = JUNE + 5 * HOUR
    dumps: list[Dump] = []
    for is_refused in (True, False):
        storage = MemoryStorage()
        market = _about_accounts(storage, samples, lambda market: None)
        if is_refused:
            outcome = refused(market, at)
            assert outcome.refusal is not None
            assert outcome.refusal.code == code
        else:
            with storage.transaction() as tx:
                work = Work(tx, at)
                work.catch_up([PartyId("tom")])
                assert work.cause
        dumps.append(dump(storage))

    left, right = (without(each, "audit") for each in dumps)
    assert left == right
    assert len(dumps[0]["audit"]) == len(dumps[1]["audit"]) + 1


def test_no_time_left_is_a_refusal_too(
    opened: Callable[..., Marketplace], samples: dict[str, Process], ask: Callable[..., Outcome], storage: Storage
) -> None:
    """A proposal whose answer would already be overdue when it is made is refused and leaves its line alone."""
    policy = samples["later"]
    market = opened([policy], storage)
    ask(market, "L1", after=80 * HOUR, policy=policy, price="5").or_raise()
    before = dump(storage)

    today = market.propose("L1", by="tom", start=NOW + 5 * HOUR, key="no", now=NOW)
    after = dump(storage)

    assert today.refusal is not None
    assert today.refusal.code == "no_time_left"
    assert without(after, "audit") == without(before, "audit")
    assert after["audit"][:-1] == before["audit"]


def test_a_refused_request_leaves_no_policy_behind(
    opened: Callable[..., Marketplace], samples: dict[str, Process], ask: Callable[..., Outcome], storage: Storage
) -> None:
    """The process is kept with the first lesson that runs under it, not with one that came to nothing."""
    policy = samples["dear"]
    market = opened([policy], storage)

    outcome = ask(market, "L1", price="1000", policy=policy)
    with storage.reading() as tx:
        kept = tx.machine(content_hash(policy))

    assert outcome.refusal is not None
    assert outcome.lesson is None
    assert kept is None


def test_an_outcome_can_be_raised_by_who_wants_that(market: Marketplace) -> None:
    """`or_raise` raises the refusal as an exception after everything has been stored; an accepted outcome is itself."""
    outcome = market.confirm("L1", by="ann", key="no", now=NOW)

    with pytest.raises(Refused) as raised:
        outcome.or_raise()
    assert raised.value.refusal == outcome.refusal
    assert isinstance(raised.value, PermissionError)
    assert market.confirm("L1", by="ann", key="no", now=NOW).repeated


def test_every_code_is_shown_here() -> None:
    """Each documented refusal has an example in this file."""
    assert {*REFUSALS, *ACCOUNT_REFUSALS, "no_time_left"} == set(PRECEDENCE)


@given(data=st.data())
def test_any_offer_gets_an_answer(data: st.DataObject) -> None:
    """Whatever is proposed, by whomever, there is an answer, and a refusal leaves everything but its line alone."""
    storage = MemoryStorage()
    market = Marketplace(storage, [DEAR])
    for party in ("ann", "tom"):
        market.add_party(party, zone="Europe/Berlin")
    market.top_up("ann", market.money("50", "ITC"), key="paid", now=NOW)
    first = data.draw(offers(NOW, whole=True))
    market.request(
        student="ann", tutor="tom", start=first.start or NOW, duration=first.duration or HOUR,
        price=market.money("5", "ITC"), kind=first.kind or "", lesson="L1", key="ask", now=NOW,
    ).or_raise()  # fmt: skip
    for number in range(data.draw(st.integers(1, 6))):
        before = dump(storage)
        by, verb = data.draw(st.sampled_from(("ann", "tom"))), data.draw(st.sampled_from(("propose", "accept")))
        offer = data.draw(offers(NOW)) if verb == "propose" else None

        outcome = market.act(verb, "L1", by=by, proposal=number + 1, offer=offer, key=f"k{number}", now=NOW)

        assert outcome.ok or without(dump(storage), "audit") == without(before, "audit")
