"""What must not be said to a marketplace: each is an error that names the place, and changes nothing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tutorcore import (
    Currency,
    InvalidType,
    InvalidValue,
    Marketplace,
    MemoryStorage,
    Mistake,
    Mistakes,
    Money,
    Offer,
    Outcome,
    Process,
    Refusal,
    StorageError,
    Terms,
    TutorcoreError,
    UnknownName,
    instant,
    load_policy,
    load_preset,
    open_sqlite,
)
from tutorcore.ids import PartyId
from tutorcore.instants import MICROSECOND
from tutorcore.money import ISO_4217
from tutorcore.ports.storage import Party, Storage
from tutorcore.testing.plain import dump, without
from tutorcore.testing.promises import broken_promises

_NOW = instant("2026-03-02T09:00:00Z")
_ASKED = _NOW + timedelta(hours=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_USD = ISO_4217.get("USD")

Attempt = Callable[[Marketplace], object]


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest, path: Path) -> Iterator[Storage]:
    """A store of either kind."""
    if request.param == "memory":
        yield MemoryStorage()
        return
    with open_sqlite(path) as store:
        yield store


@pytest.fixture
def shop(storage: Storage, open_market: Callable[[Storage], Marketplace]) -> Marketplace:
    """A marketplace in which ann has 100 ITC, has asked tom for `asked` and agreed with him on `agreed`."""
    market = open_market(storage)
    market.top_up("ann", market.money("100.0", "ITC"), key="paid", now=_NOW)
    for id, days in (("asked", 2), ("agreed", 3)):
        market.request(
            student="ann", tutor="tom", start=_NOW + days * _DAY, duration=_HOUR, price="10.0", lesson=id, key=id,
            now=_ASKED,
        ).or_raise()  # fmt: skip
    market.accept("agreed", by="tom", proposal=1, key="accepted", now=_ASKED).or_raise()
    return market


def _ask(**instead: Any) -> Attempt:
    """A request that is right but for what is given instead."""
    wanted = {
        "student": "ann", "tutor": "tim", "start": _NOW + 5 * _DAY, "duration": _HOUR, "price": "10.0", "key": "new",
        "now": _ASKED,
    }  # fmt: skip
    return lambda market: market.request(**{**wanted, **instead})


def _act(verb: Any = "accept", lesson: str = "asked", **instead: Any) -> Attempt:
    """An answer that is right but for what is given instead."""
    wanted = {"by": "tom", "proposal": 1, "key": "new", "now": _ASKED}
    return lambda market: market.act(verb, lesson, **{**wanted, **instead})


def _propose(**instead: Any) -> Attempt:
    wanted = {"by": "tom", "key": "new", "now": _ASKED}
    return lambda market: market.propose("asked", **{**wanted, **instead})


def _offer(**wrong: Any) -> Attempt:
    return lambda _: Offer(**wrong)


def _pay(amount: Any, **instead: Any) -> Attempt:
    return lambda market: market.top_up("ann", amount, **{"key": "new", "now": _ASKED, **instead})


def _sweep(**instead: Any) -> Attempt:
    return lambda market: market.sweep(**{"now": _ASKED + 10 * _DAY, **instead})


def _enter(**instead: Any) -> Attempt:
    return lambda market: market.add_party(**{"id": "zoe", "zone": "UTC", **instead})


def _hours(**instead: Any) -> Attempt:
    return lambda market: market.set_schedule(**{"tutor": "tom", "schedule": None, **instead})


def _slots(**instead: Any) -> Attempt:
    wanted = {"student": "ann", "tutor": "tom", "duration": _HOUR, "since": _NOW, "until": _NOW + _DAY, "now": _ASKED}
    return lambda market: market.slots(**{**wanted, **instead})


def _explain(**instead: Any) -> Attempt:
    wanted = {"student": "ann", "tutor": "tom", "duration": _HOUR, "start": _NOW + _DAY, "now": _ASKED}
    return lambda market: market.explain(**{**wanted, **instead})


def _join(**instead: Any) -> Attempt:
    return lambda market: market.join("agreed", **{"by": "ann", "key": "new", "now": _ASKED, **instead})


def _itc(minor: int) -> Money:
    return Money(minor, Currency("ITC", 1))


_NAIVE = datetime(2026, 3, 7, 9)  # noqa: DTZ001  # What must be refused.
_ANY_OFFER: dict[str, Any] = {"offer": "x"}
_ANY: dict[str, Any] = {"a typo": ["tld"], "a text": "told", "a number": 5, "a digit": "1"}
_ANY_ACCOUNT: tuple[Any, str] = ("Assets:Bank", "ITC")
_FIRST = datetime.fromisoformat("0001-01-01T00:00:00+00:00")
_LAST = datetime.fromisoformat("9999-12-31T23:59:59.999999+00:00")

MISUSE: dict[str, tuple[Attempt, type[TutorcoreError], str]] = {
    # Instants
    "naive start": (_ask(start=_NAIVE), InvalidValue, r"start is .*naive"),
    "naive now": (_ask(now=_NAIVE), InvalidValue, r"now is .*naive"),
    "naive now of an answer": (_act(now=_NAIVE), InvalidValue, r"now is .*naive"),
    "naive now of a sweep": (_sweep(now=_NAIVE), InvalidValue, r"now is .*naive"),
    "naive now of a top-up": (_pay(_itc(5), now=_NAIVE), InvalidValue, r"now is .*naive"),
    "naive now of a question": (lambda market: market.lesson("asked", now=_NAIVE), InvalidValue, r"now is .*naive"),
    "naive proposal": (_propose(start=_NAIVE), InvalidValue, r"start is .*naive"),
    "naive text": (_ask(start="2026-03-07T09:00:00"), InvalidValue, r"start is '2026-03-07T09:00:00'.*offset"),
    "a date": (_ask(start=date(2026, 3, 7)), InvalidType, r"start is .* of type date"),
    "seconds": (_ask(now=1772442000), InvalidType, r"now is 1772442000 of type int"),
    "year 1": (_ask(start=_FIRST), InvalidValue, r"start is .*from 1900 up to 9000"),
    "year 9999": (_ask(start=_LAST), InvalidValue, r"start is .*from 1900 up to 9000"),
    "now in year 1": (_ask(now=_FIRST), InvalidValue, r"now is .*from 1900 up to 9000"),
    "now in year 9999": (_sweep(now=_LAST), InvalidValue, r"now is .*from 1900 up to 9000"),
    # Durations
    "no time at all": (_ask(duration=timedelta(0)), InvalidValue, r"duration is '0:00:00'"),
    "negative time": (_ask(duration=-_HOUR), InvalidValue, r"duration is .*more than nothing"),
    "more than a week": (_ask(duration=7 * _DAY + MICROSECOND), InvalidValue, r"duration is .*at most 7 days"),
    "for ever": (_ask(duration=timedelta.max), InvalidValue, r"duration is .*at most 7 days"),
    "minutes as a number": (_ask(duration=60), InvalidType, r"duration is 60 of type int"),
    "grace below zero": (_sweep(grace=-MICROSECOND), InvalidValue, r"grace is .*nothing or more"),
    "grace without end": (_sweep(grace=timedelta.max), InvalidValue, r"grace is .*up to 366 days"),
    "grace as a number": (_sweep(grace=180), InvalidType, r"grace is 180 of type int"),
    # Money
    "price as a float": (_ask(price=10.0), InvalidType, r"amount is 10.0 of type float.*floats are refused"),
    "price as a bool": (_ask(price=True), InvalidType, r"price is True of type bool"),
    "no price": (_ask(price=None), InvalidType, r"amount is None"),
    "price below zero": (_ask(price="-0.1"), InvalidValue, r"price is '-0.1 ITC'; expected nothing or more"),
    "price in half cents": (_ask(price="10.05"), InvalidValue, r"amount is '10.05'; expected at most 1 decimals"),
    "price in words": (_ask(price="ten"), InvalidValue, r"amount is 'ten'; expected a plain decimal"),
    "price with a comma": (_ask(price="10,0"), InvalidValue, r"amount is '10,0'"),
    "price in foreign digits": (_ask(price="١٠"), InvalidValue, r"amount is '١٠'"),
    "price that is no number": (_ask(price=Decimal("NaN")), InvalidValue, r"amount is Decimal\('NaN'\)"),
    "price without end": (_ask(price=Decimal("1e30")), InvalidValue, r"amount is '10+'"),
    "price above the limit": (_ask(price=str(10**14 + 1)), InvalidValue, r"price is 1000000000000010; expected 0 to"),
    "price in dollars": (_ask(price=Money(100, _USD)), InvalidValue, r"price is '1.00 USD'.*amount in ITC"),
    "proposed price as a float": (_propose(price=9.5), InvalidType, r"amount is 9.5 of type float"),
    "proposed price as a bool": (_act("propose", offer=True), InvalidType, r"offer is True"),
    "proposed price below zero": (_propose(price="-1"), InvalidValue, r"price is '-1.0 ITC'"),
    "proposed price in dollars": (_propose(price=Money(1, _USD)), InvalidValue, r"price is '0.01 USD'"),
    "unknown currency": (lambda market: market.money("1", "ITX"), UnknownName, r"currency 'ITX'; did you mean 'ITC'"),
    "currency in small letters": (lambda market: market.wallet("ann", "usd"), UnknownName, r"did you mean 'USD'"),
    "nothing to top up": (_pay(_itc(0)), InvalidValue, r"amount is '0.0 ITC'; expected more than nothing"),
    "negative top-up": (_pay(_itc(-1)), InvalidValue, r"amount is '-0.1 ITC'; expected more than nothing"),
    "top-up beyond all measure": (_pay(_itc(10**15 + 1)), InvalidValue, r"amount is .*up to 1000000000000000 minor"),
    "top-up as a text": (_pay("10.0"), InvalidType, r"amount is '10.0' of type str; expected Money"),
    "top-up as a float": (_pay(10.0), InvalidType, r"amount is 10.0 of type float; expected Money"),
    "top-up in a unit of one's own": (
        _pay(Money(5, Currency("ITC", 2))), InvalidValue, r"amount is '0.05 ITC'; expected ITC with its own number",
    ),
    "top-up paid otherwise": (
        _pay(_itc(50), paid=Money(51, _USD)), InvalidValue, r"paid is '0.51 USD'; expected 0.50 USD",
    ),
    "top-up paid in another currency": (
        _pay(_itc(50), paid=Money(50, ISO_4217.get("EUR"))), InvalidValue, r"paid is '0.50 EUR'",
    ),
    "dollars paid otherwise": (
        _pay(Money(50, _USD), paid=Money(51, _USD)), InvalidValue, r"paid is '0.51 USD'; expected the amount itself",
    ),
    # Names
    "unknown policy": (_ask(policy="italky"), UnknownName, r"policy 'italky'; did you mean 'italki'"),
    "policy as a number": (_ask(policy=7), InvalidType, r"policy is 7"),
    "unknown verb": (_act("acept"), UnknownName, r"verb 'acept'; did you mean 'accept'"),
    "unknown opening verb": (_ask(verb="requets"), UnknownName, r"verb 'requets'; did you mean 'request'"),
    "no verb": (_act(""), UnknownName, r"unknown verb ''"),
    "verb as a list": (_act(["accept"]), InvalidType, r"verb is \['accept'\]"),
    "opening verb as a list": (_ask(verb=["request"]), InvalidType, r"verb is \['request'\]"),
    "unknown lesson": (_act(lesson="askd"), UnknownName, r"unknown lesson 'askd'"),
    "price of an unknown lesson": (
        lambda market: market.propose("askd", by="tom", price="1", key="new", now=_ASKED),
        UnknownName,
        r"unknown lesson 'askd'",
    ),
    "question about an unknown lesson": (
        lambda market: market.allowed("askd", by="tom", now=_ASKED), UnknownName, r"unknown lesson 'askd'",
    ),
    "history of an unknown lesson": (lambda market: market.history("askd"), UnknownName, r"unknown lesson 'askd'"),
    "unknown actor": (_act(by="tomm"), UnknownName, r"party \(by\) 'tomm'; register people with add_party"),
    "unknown student": (_ask(student="anne"), UnknownName, r"party \((student|by)\) 'anne'"),
    "unknown tutor": (_ask(tutor="tomm"), UnknownName, r"party \(tutor\) 'tomm'"),
    "payer who has not asked": (_ask(payer="tim"), InvalidValue, r"payer is 'tim'; expected whoever asks"),
    "unknown wallet": (lambda market: market.top_up("mum", _itc(5), key="new", now=_ASKED), UnknownName, r"'mum'"),
    "lesson that is there already": (_ask(lesson="asked"), InvalidValue, r"lesson is 'asked'; expected a new id"),
    "oneself as tutor": (_ask(tutor="ann"), InvalidValue, r"tutor is 'ann'; expected somebody other than the student"),
    "unknown zone": (_enter(zone="Europe/Berlni"), UnknownName, r"zone 'Europe/Berlni'; did you mean 'Europe/Berlin'"),
    "no zone": (_enter(zone=""), UnknownName, r"unknown time zone ''"),
    "zone as a path": (_enter(zone="../../../etc/passwd"), UnknownName, r"unknown time zone '\.\./"),
    "zone with a NUL": (_enter(zone="Europe/Berlin\0"), UnknownName, r"unknown time zone 'Europe/Berlin\\x00'"),
    "zone as a number": (_enter(zone=2), InvalidType, r"zone is 2"),
    "zone as a list": (_enter(zone=["UTC"]), InvalidType, r"zone is \['UTC'\]"),
    "another zone that is none": (_enter(id="ann", zone="Mars/Base"), UnknownName, r"unknown time zone 'Mars/Base'"),
    "unknown role": (_enter(grants=["oprator"]), UnknownName, r"granted role 'oprator'; did you mean 'operator'"),
    "role of a lesson": (_enter(grants=["tutor"]), UnknownName, r"granted role 'tutor'"),
    "role as a text": (_enter(grants="operator"), InvalidType, r"grants is 'operator'"),
    "role in a list": (_enter(grants=[["operator"]]), UnknownName, r"granted role \['operator'\]"),
    "roles as a number": (_enter(grants=1), InvalidType, r"grants is 1"),
    # Ids and keys
    "empty id": (_enter(id=""), InvalidValue, r"party is ''"),
    "huge id": (_enter(id="a" * 65), InvalidValue, r"party is 'a+'; expected 1 to 64"),
    "id that is a path": (_ask(lesson="../../etc/passwd"), InvalidValue, r"lesson is '\.\./\.\./etc/passwd'"),
    "id with a slash": (_enter(id="a/b"), InvalidValue, r"party is 'a/b'"),
    "id with a colon": (_ask(lesson="a:b"), InvalidValue, r"lesson is 'a:b'"),
    "id with a NUL": (_act(lesson="asked\0"), InvalidValue, r"lesson is 'asked\\x00'"),
    "id with a new line": (_act(by="tom\n"), InvalidValue, r"by is 'tom\\n'"),
    "id in other letters": (_enter(id="аnn"), InvalidValue, r"party is 'аnn'"),
    "id with a quote": (_enter(id="a'; DROP TABLE tutorcore_audit; --"), InvalidValue, r"party is "),
    "id as a number": (_enter(id=7), InvalidType, r"party is 7 of type int"),
    "no actor": (_act(by=None), InvalidType, r"by is None"),
    "empty key": (_ask(key=""), InvalidValue, r"key is ''"),
    "huge key": (_ask(key="k" * 201), InvalidValue, r"key is 'k+'; expected 1 to 200"),
    "key with a NUL": (_act(key="a\0b"), InvalidValue, r"key is 'a\\x00b'"),
    "key with a new line": (_pay(_itc(5), key="a\n"), InvalidValue, r"key is 'a\\n'"),
    "key with half a character": (_ask(key="a\ud800"), InvalidValue, r"key is 'a\\ud800'"),
    "no key": (_ask(key=None), InvalidType, r"key is None"),
    "empty key of a sweep": (_sweep(key=""), InvalidValue, r"key is ''"),
    "empty key of a sweep with nothing to do": (_sweep(now=_ASKED, key=""), InvalidValue, r"key is ''"),
    # Everything else
    "details with numbers": (_ask(details={"course": 1}), InvalidType, r"details is \{'course': 1\}"),
    "details under numbers": (_ask(details={1: "course"}), InvalidType, r"details is \{1: 'course'\}"),
    "details that are none": (_ask(details=5), InvalidType, r"details is 5"),
    "details in a list": (_ask(details=["course"]), InvalidType, r"details is \['course'\]"),
    "proposed details that are none": (_propose(details="B1"), InvalidType, r"details is 'B1'"),
    "note as a number": (_ask(note=5), InvalidType, r"note is 5"),
    "note as bytes": (_act(note=b"x"), InvalidType, r"note is b'x'"),
    "kind as a number": (_ask(kind=5), InvalidType, r"kind is 5"),
    "proposed kind as a number": (_propose(kind=5), InvalidType, r"kind is 5"),
    "reason as a number": (_act("decline", reason=5), InvalidType, r"reason is 5"),
    "proposal as a text": (_act(proposal="1"), InvalidType, r"proposal is '1'"),
    "proposal as a bool": (_act(proposal=True), InvalidType, r"proposal is True"),
    "offer as a mapping": (_act("propose", offer={"price": 5}), InvalidType, r"offer is \{'price': 5\}"),
    "offer as terms": (
        _act("propose", offer=Terms(2, _NOW + _DAY, _NOW + _DAY + _HOUR, 5)), InvalidType, r"offer is Terms\(",
    ),
    "offer at a float": (_offer(price=9.5), InvalidType, r"price is 9.5"),
    "offer from a naive instant": (_offer(start=_NAIVE), InvalidValue, r"start is .*naive"),
    "sweeping by nothing": (_sweep(batch=0), InvalidValue, r"batch is 0; expected 1 or more"),
    "sweeping by less": (_sweep(batch=-1), InvalidValue, r"batch is -1; expected 1 or more"),
    "sweeping by words": (_sweep(batch="all"), InvalidType, r"batch is 'all'"),
    "preview of an unknown verb": (
        lambda market: market.preview("acept", "asked", by="tom", now=_ASKED), UnknownName, r"did you mean 'accept'",
    ),
    "preview of no offer": (
        lambda market: market.preview("propose", "asked", by="tom", now=_ASKED, **_ANY_OFFER),
        InvalidType,
        r"offer is 'x'",
    ),
    # Hours, slots and reports
    "hours of a stranger": (_hours(tutor="tomm"), UnknownName, r"party \(tutor\) 'tomm'"),
    "hours as a text": (_hours(schedule="08:00-20:00"), InvalidType, r"schedule is '08:00-20:00'.*load_schedule"),
    "slots of a tutor without hours": (_slots(), InvalidValue, r"tutor is 'tom'; expected a tutor with a schedule"),
    "slots with oneself": (_slots(student="tom"), InvalidValue, r"tutor is 'tom'; expected somebody other than"),
    "slots of a stranger": (_slots(student="anne"), UnknownName, r"party \(by\) 'anne'"),
    "slots from a naive instant": (_slots(since=_NAIVE), InvalidValue, r"since is .*naive"),
    "slots until a naive instant": (_slots(until=_NAIVE), InvalidValue, r"until is .*naive"),
    "slots of no time at all": (_slots(duration=timedelta(0)), InvalidValue, r"duration is '0:00:00'"),
    "slots of minutes as a number": (_slots(duration=60), InvalidType, r"duration is 60 of type int"),
    "slots at a float": (_slots(price=9.5), InvalidType, r"amount is 9.5 of type float"),
    "slots under an unknown policy": (_slots(policy="italky"), UnknownName, r"did you mean 'italki'"),
    "explanation of a naive instant": (_explain(start=_NAIVE), InvalidValue, r"start is .*naive"),
    "explanation with oneself": (_explain(tutor="ann"), InvalidValue, r"tutor is 'ann'; expected somebody other"),
    "permissions as a text": (_enter(permissions="meet"), InvalidType, r"permissions is 'meet'"),
    "permissions as a number": (_enter(permissions=1), InvalidType, r"permissions is 1"),
    "permission in capitals": (_enter(permissions=["Meet"]), InvalidValue, r"permission"),
    "permission as a number": (_enter(permissions=[1]), InvalidType, r"permission"),
    "report at a naive instant": (_join(seen=_NAIVE), InvalidValue, r"seen is .*naive"),
    "report of nobody's role": (_join(subject="operator"), UnknownName, r"role \(subject\) 'operator'"),
    "report by a number": (_join(note=5), InvalidType, r"note is 5"),
    "particulars as a mapping": (_act(particulars={"subject": "tutor"}), InvalidType, r"particulars is \{'subject'"),
    "meeting of an unknown lesson": (
        lambda market: market.meeting("askd", by="tom", now=_ASKED), UnknownName, r"unknown lesson 'askd'",
    ),
    "reviews for a stranger": (
        lambda market: market.reviews("agreed", by="mum", now=_ASKED), UnknownName, r"'mum'",
    ),
    "outbox after less than nothing": (lambda market: market.outbox(after=-1), InvalidValue, r"after is -1"),
    "less than nothing of the outbox": (lambda market: market.outbox(limit=-1), InvalidValue, r"limit is -1"),
    "outbox of a kind that is none": (
        lambda market: market.outbox(kinds=_ANY["a typo"]), UnknownName, r"kind of message 'tld'; did you mean 'told'",
    ),
    "outbox of a text": (lambda market: market.outbox(kinds=_ANY["a text"]), InvalidType, r"kinds is 'told'"),
    "outbox of a number": (lambda market: market.outbox(kinds=_ANY["a number"]), InvalidType, r"kinds is 5"),
    "finishing row nought": (lambda market: market.delivered(0), InvalidValue, r"sequence is 0; expected 1 or more"),
    "finishing a row by a text": (lambda market: market.delivered(_ANY["a digit"]), InvalidType, r"sequence is '1'"),
    "finishing a row that is not there": (lambda market: market.delivered(10**9), UnknownName, r"row of the outbox"),
    "statement of a name": (
        lambda market: market.statement(*_ANY_ACCOUNT),
        InvalidType,
        r"account is 'Assets:Bank'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISUSE)
def test_misuse_is_an_error_that_names_the_place_and_changes_nothing(
    name: str, shop: Marketplace, storage: Storage
) -> None:
    """The message says which argument it was and what would have done; the key can still be used for what was meant."""
    attempt, kind, message = MISUSE[name]
    before = dump(storage)
    with pytest.raises(kind, match=message):
        attempt(shop)
    after = dump(storage)
    meant = _ask()(shop)

    assert after == before
    assert isinstance(meant, Outcome)
    assert meant.ok
    assert not meant.repeated


REFUSALS: dict[str, tuple[Attempt, str, Mapping[str, str]]] = {
    # What is tried, the code of the refusal, and some of its facts.
    "lesson in the past": (_ask(start=_ASKED - MICROSECOND), "bad_terms", {}),
    "lesson at once": (_ask(start=_ASKED), "bad_terms", {}),
    "lesson in the last century": (_ask(start=instant("1900-01-01T00:00:00Z")), "bad_terms", {}),
    "start left out": (_ask(start=None), "missing", {"needs": "start"}),
    "everything left out": (_ask(start=None, duration=None), "missing", {"needs": "start and duration"}),
    "step out of order": (_act(now=_ASKED - MICROSECOND), "out_of_order", {"last": "2026-03-02T10:00:00Z"}),
    "step out of order long ago": (_act(now=_NOW - 900 * _DAY), "out_of_order", {"last": "2026-03-02T10:00:00Z"}),
    "answer by the one who asks": (_act(by="ann"), "not_yours", {"by": "tutor", "actor": "ann"}),
    "answer by a stranger": (_act(by="tim"), "not_yours", {"by": "tutor", "actor": "tim"}),
    "answer by an operator": (_act(by="olga"), "not_yours", {"by": "tutor", "actor": "olga"}),
    "override by the tutor": (
        lambda market: market.reschedule("agreed", by="tom", start=_NOW + 4 * _DAY, reason="x", key="new", now=_ASKED),
        "not_yours",
        {"by": "operator"},
    ),
    "request in another's name": (_ask(by="bob"), "not_yours", {"by": "student", "actor": "bob"}),
    "stale proposal": (_act(proposal=0), "stale_offer", {"proposal": "0", "current": "1"}),
    "proposal of the future": (_act(proposal=2), "stale_offer", {"proposal": "2", "current": "1"}),
    "proposal below zero": (_act(proposal=-1), "stale_offer", {"proposal": "-1"}),
    "proposal beyond all measure": (_act(proposal=10**40), "stale_offer", {"current": "1"}),
    "no proposal": (_act(proposal=None), "missing", {"needs": "the number of the proposal (now 1)"}),
    "no offer": (_act("propose"), "missing", {"needs": "an offer"}),
    "empty offer": (_act("propose", offer=Offer()), "bad_terms", {"problem": "they are those of proposal 1"}),
    "offer in the past": (_propose(start=_NOW), "bad_terms", {}),
    "price of what is agreed": (
        lambda market: market.propose("agreed", by="tom", price="9.0", key="new", now=_ASKED),
        "bad_terms",
        {"problem": "price may not be changed here"},
    ),
    "no reason": (_act("cancel", "agreed", by="olga", proposal=None), "missing", {"needs": "a reason"}),
    "verb of another state": (_act("confirm", by="ann", proposal=None), "not_open", {"state": "requested"}),
    "more than there is": (
        _ask(price="80.1"), "insufficient_funds", {"has": "80.0", "needed": "80.1", "missing": "0.1"},
    ),
    "as much as can be said": (_ask(price=str(10**14)), "insufficient_funds", {"needed": f"{10**14}.0"}),
    "empty wallet": (
        _ask(student="bob"), "insufficient_funds", {"party": "bob", "has": "0.0"},
    ),
    "taken hour": (_ask(tutor="tom", start=_NOW + 2 * _DAY), "slot_taken", {"party": "tom"}),
    "one's own taken hour": (_ask(start=_NOW + 2 * _DAY), "slot_taken", {"party": "ann"}),
    "taken microsecond": (
        _ask(start=_NOW + 2 * _DAY + _HOUR - MICROSECOND, duration=MICROSECOND), "slot_taken", {"party": "ann"},
    ),
    "key of a top-up": (_ask(key="paid"), "key_reused", {"key": "paid"}),
    "key of another's lesson": (_act(key="agreed"), "key_reused", {"key": "agreed"}),
    "key with another price": (_ask(key="asked", lesson="asked", price="9.9"), "key_reused", {"key": "asked"}),
    "key with another actor": (_act(key="accepted", lesson="agreed", by="olga"), "key_reused", {"key": "accepted"}),
    "key with another note": (_act(key="accepted", lesson="agreed", note="!"), "key_reused", {"key": "accepted"}),
    "key with another amount": (_pay(_itc(1001), key="paid"), "key_reused", {"key": "paid"}),
    "key of no lesson at all": (_act(key="asked", lesson="nothing"), "key_reused", {"key": "asked"}),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_says_why_and_leaves_only_its_audit_line(name: str, shop: Marketplace, storage: Storage) -> None:
    """One line more in the audit trail, which names code and facts, and not a thing besides."""
    attempt, code, facts = REFUSALS[name]
    before = dump(storage)
    outcome = attempt(shop)
    after = dump(storage)

    assert isinstance(outcome, Outcome)
    assert outcome.refusal is not None
    assert outcome.refusal.code == code
    assert outcome.refusal.facts.items() >= facts.items()
    assert outcome.refusal.sentence
    assert without(after, "audit") == without(before, "audit")
    assert after["audit"][:-1] == before["audit"]
    assert shop.audit()[-1].refusal == outcome.refusal
    assert broken_promises(storage) == []


@pytest.mark.parametrize(
    "text", ["a\0b", "\ud800", "a\udfff\udc00b", "\u202e\ufeff", "'; DROP TABLE x; --", "x" * 10**6]
)
def test_texts_are_kept_as_they_are(text: str, shop: Marketplace) -> None:
    """Notes, reasons, kinds and details hold any text, NUL, halves of characters and whole novels included."""
    asked = _ask(note=text, kind=text, details={text: text}, lesson="new")(shop)
    declined = shop.decline("new", by="tim", reason=text, note=text, key="declined", now=_ASKED)
    first, second = (each.version for each in shop.history("new"))

    assert isinstance(asked, Outcome)
    assert declined.ok
    assert first.command is not None
    assert second.command is not None
    assert (first.command.note, first.terms.kind, first.terms.details) == (text, text, ((text, text),))
    assert (second.command.reason, second.command.note) == (text, text)
    again = _ask(note=text, kind=text, details={text: text}, lesson="new")(shop)
    assert isinstance(again, Outcome)
    assert again.repeated


def test_ids_are_as_long_and_as_odd_as_they_may_be(shop: Marketplace, storage: Storage) -> None:
    """Ids that differ in anything are different people and lessons, in names of accounts too."""
    odd = ["a.b", "a_b", "a@b", "a-b", "A-b", "a-xb", "a-x5F-b", "0", "a" * 64, "A" + "a" * 63]
    for number, id in enumerate(odd):
        shop.add_party(id, zone="UTC")
        shop.top_up(id, _itc(100 + number), key=f"{id} pays", now=_NOW)
        shop.request(
            student=id, tutor="tim", start=_NOW + 5 * _DAY + number * _HOUR, duration=_HOUR, price="1.0", lesson=id,
            key=id, now=_ASKED,
        ).or_raise()  # fmt: skip

    assert [shop.wallet(id, "ITC", now=_ASKED).minor for id in odd] == [90 + number for number in range(len(odd))]
    assert [shop.lesson(id, now=_ASKED).held for id in odd] == [10] * len(odd)
    assert broken_promises(storage) == []


def test_a_key_may_look_like_a_part_of_a_sweep(shop: Marketplace) -> None:
    """What a sweep did and what a command did are told apart, even if the command's key was chosen to be confused."""
    shop.withdraw("asked", by="ann", key="night/1", now=_ASKED).or_raise()
    shop.sweep(now=_ASKED + 30 * _DAY, key="night")
    swept = [(each.version.id, each.version.state) for each in shop.caused_by("night")]
    commanded = [(each.version.id, each.version.state) for each in shop.caused_by("night/1")]
    reused = shop.confirm("agreed", by="ann", key="night/2", now=_ASKED + 30 * _DAY)

    assert swept == [("agreed", "in_progress"), ("agreed", "delivered"), ("agreed", "completed")]
    assert commanded == [("asked", "withdrawn")]
    assert reused.refusal is not None
    assert reused.refusal.code == "key_reused"


def test_the_clock_may_go_back(shop: Marketplace, storage: Storage) -> None:
    """What is stamped before the last event of a lesson is refused; other lessons go on; recording never goes back."""
    late = instant("2026-03-03T09:00:00Z")
    shop.top_up("bob", _itc(500), key="bob pays", now=late)
    early = _ask(student="bob", start=_NOW + 6 * _DAY, lesson="early", now=_ASKED)(shop)
    refused = _act(now=_ASKED - _HOUR, key="too early")(shop)
    causes = [line.cause for line in shop.audit()]

    assert isinstance(early, Outcome)
    assert early.ok
    assert shop.lesson("early", now=_ASKED).at == _ASKED
    assert isinstance(refused, Outcome)
    assert refused.refusal is not None
    assert refused.refusal.code == "out_of_order"
    assert [cause.recorded_at for cause in causes] == sorted(cause.recorded_at for cause in causes)
    assert causes[-1].recorded_at == late
    assert broken_promises(storage) == []


def test_the_clock_may_leap_ahead(shop: Marketplace, storage: Storage) -> None:
    """A sweep of the far future ends everything in order; what comes after it from the present is out of order."""
    shop.sweep(now=instant("8999-12-31T23:59:59.999999Z"), grace=timedelta(days=366))
    states = {id: shop.lesson(id, now=_ASKED).state for id in ("asked", "agreed")}
    answer = _act(now=_ASKED + _HOUR)(shop)

    assert states == {"asked": "expired", "agreed": "completed"}
    assert isinstance(answer, Outcome)
    assert answer.refusal is not None
    assert answer.refusal.code == "out_of_order"
    assert broken_promises(storage) == []


def test_lessons_at_both_ends_of_time(shop: Marketplace, storage: Storage) -> None:
    """The first and the last instants there are do for a lesson like any others."""
    first, last = instant("1900-01-01T00:00:00Z"), instant("8999-12-31T23:59:59.999999Z")
    shop.top_up("bob", _itc(500), key="bob pays", now=first)
    early = _ask(student="bob", lesson="early", key="early", start=first + MICROSECOND, now=first)(shop)
    late = _ask(student="bob", lesson="late", key="late", start=last, duration=7 * _DAY, now=last - _DAY)(shop)
    accepted = shop.accept("late", by="tim", proposal=1, key="accepted late", now=last - MICROSECOND)

    assert isinstance(early, Outcome)
    assert isinstance(late, Outcome)
    assert early.ok
    assert late.ok
    assert accepted.ok
    assert [each.version.state for each in shop.history("early")] == ["requested", "expired"]
    assert accepted.lesson is not None
    assert accepted.lesson.due is not None
    assert broken_promises(storage) == []


def test_as_many_top_ups_as_one_likes(storage: Storage, open_market: Callable[[Storage], Marketplace]) -> None:
    """The largest that are allowed, many times over, leave wallet and trial balance readable."""
    market = open_market(storage)
    for number in range(100):
        market.top_up("ann", Money(10**15, _USD), key=f"paid {number}", now=_NOW).or_raise()

    assert market.wallet("ann", "USD", now=_NOW).minor == 10**17
    assert [total.debit for total in market.trial_balance().totals] == [10**17]
    assert broken_promises(storage) == []


def test_an_amount_that_is_worth_no_whole_cents() -> None:
    """A unit of the platform's own is topped up only by amounts that somebody can pay."""
    text = """
    extends = "italki"
    id      = "thirds"
    version = "1"
    currency = "TOK"
    [unit]
    decimals = 1
    peg      = "30 TOK = 1 USD"
    """
    storage = MemoryStorage()
    market = Marketplace(storage, [load_policy(text)])
    market.add_party("ann", zone="UTC")
    before = dump(storage)
    with pytest.raises(InvalidValue, match=r"amount is '0.1 TOK'; expected .* whole minor units of USD"):
        market.top_up("ann", market.money("0.1", "TOK"), key="paid", now=_NOW)
    unchanged = dump(storage) == before
    paid = market.top_up("ann", market.money("0.3", "TOK"), key="paid", now=_NOW)

    assert unchanged
    assert paid.ok
    assert {(account.name, code, minor) for account, code, minor in market.balances()} >= {
        ("Assets:Bank", "USD", 1),
        ("Liabilities:Students:Ann:Wallet", "TOK", 3),
    }


_BASE = 'extends = "italki"\nid = "mine"\nversion = "1"\n'

_WHOLE = """
extends  = "lesson/1"
id       = "mine"
currency = "USD"
version  = "1"

[request]
by          = ["student"]
answered_by = ["tutor"]
answers     = ["accept", "decline"]
answer_by   = "lesson.start"
silence     = { becomes = "expired", settle = { student = "rest" } }

[complete]
by      = ["student"]
settle  = { tutor = "rest" }
silence = { at = "lesson.end + 3d", becomes = "completed" }
"""

POLICIES: dict[str, tuple[str, int, str]] = {
    # A policy file, the line that is wrong, and what is said of it.
    "unknown key": (_BASE + '[request]\nansver_by = "asked + 24h"\n', 5, "did you mean 'answer_by'"),
    "unknown section": (_BASE + '[reqest]\nby = ["student"]\n', 4, "did you mean 'request'"),
    "unknown parent": (_BASE.replace("italki", "italky"), 1, "did you mean 'italki'"),
    "unknown role": (
        _BASE + '[[cancel.cases]]\nby = ["studnt"]\nsettle = { student = "100%" }\n',
        5,
        "did you mean 'student'",
    ),
    "unknown anchor": (_BASE + '[request]\nanswer_by = "askd + 24h"\n', 5, "did you mean 'asked'"),
    "unknown zone": ('zone = "Europe/Berlni"\n' + _BASE, 1, "did you mean 'Europe/Berlin'"),
    "unknown currency": (_WHOLE.replace('"USD"', '"USDD"'), 4, "did you mean 'USD'"),
    "unknown currency of a peg": (_BASE + '[unit]\npeg = "10 ITC = 1 USDD"\n', 5, "USDD"),
    "rate as a float": (_BASE + "[fees]\ncommission = 0.15\n", 5, "commission"),
    "rate above all": (_BASE + '[fees]\ncommission = "101%"\n', 5, "101%"),
}


@pytest.mark.parametrize("name", POLICIES)
def test_a_mistake_in_a_policy_file_has_its_place(name: str) -> None:
    """File, line and, where there is one, the word that may have been meant."""
    text, line, part = POLICIES[name]
    with pytest.raises(Mistakes) as caught:
        load_policy(text, "mine.toml")
    (mistake,) = caught.value.exceptions

    assert isinstance(mistake, Mistake)
    assert (mistake.file, mistake.line) == ("mine.toml", line)
    assert part in str(mistake)


def test_a_marketplace_is_opened_with_policies(storage: Storage) -> None:
    """Without one, or with something else instead, there is nothing to play by; its zone is a zone."""
    preset = load_preset("italki")
    wrong: list[tuple[Any, str, type[TutorcoreError]]] = [
        ([], "UTC", InvalidValue),
        ("italki", "UTC", InvalidType),
        (["italki"], "UTC", InvalidType),
        ([preset], "Europe/Berlni", UnknownName),
    ]
    for policies, zone, kind in wrong:
        with pytest.raises(kind):
            Marketplace(storage, policies, zone=zone)


def test_of_several_policies_one_must_be_named(storage: Storage, open_market: Callable[[Storage], Marketplace]) -> None:
    """A request that could be under either of two is an error that lists them."""
    open_market(storage)
    other: Process = load_policy(_BASE)
    market = Marketplace(storage, [load_preset("italki"), other])
    before = dump(storage)
    with pytest.raises(InvalidValue, match=r"policy is None; expected the name of one of several policies: .*mine"):
        _ask()(market)

    assert dump(storage) == before


def _cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5000])


def _of_another_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE songs (name TEXT)")


def _text(path: Path) -> None:
    path.write_text("dear diary")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [(_cut_short, "cut short"), (_of_another_program, "another program"), (_text, "not a SQLite database")],
)
def test_a_file_that_is_not_a_marketplace_stays_as_it_is(
    spoil: Callable[[Path], None], message: str, path: Path, open_market: Callable[[Storage], Marketplace]
) -> None:
    """Opening it is an error that names the file; not a byte of it is changed, and nothing is put beside it."""
    with open_sqlite(path) as storage:
        open_market(storage)
    spoil(path)
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    with pytest.raises(StorageError, match=message) as caught:
        open_sqlite(path)

    assert str(path) in str(caught.value)
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        ("", InvalidValue, "path is ''"),
        ("a\0b", InvalidValue, r"path is 'a\\x00b'"),
        (5, InvalidType, "path is 5"),
        (None, InvalidType, "path is None"),
        (b"market.db", InvalidType, "path is b.market.db"),
        (".", StorageError, "Is a directory"),
        ("nowhere/market.db", StorageError, "nowhere/market.db cannot be opened"),
        ("file:nowhere/market.db?mode=memory", StorageError, "cannot be opened"),
    ],
)
def test_a_path_names_a_file(
    path: Any, kind: type[TutorcoreError], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anything else is an error, and nothing is made."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kind, match=message):
        open_sqlite(path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["file:market.db?mode=memory", ":memory:2", "a b?#%41.db", "\u00fc.db"])
def test_a_file_may_have_any_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is a name: nothing in it means anything, and the marketplace is there when it is opened again."""
    monkeypatch.chdir(tmp_path)
    for number in range(2):
        with open_sqlite(name) as storage, storage.transaction() as tx:
            tx.put_party(Party(PartyId(f"p{number}"), "UTC"))
    with open_sqlite(name) as storage, storage.reading() as tx:
        found = [party.id for party in tx.parties()]

    assert found == ["p0", "p1"]
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize(("timeout", "kind"), [(5, InvalidType), (-_HOUR, InvalidValue), (timedelta.max, InvalidValue)])
def test_a_timeout_is_some_time(timeout: Any, kind: type[TutorcoreError], path: Path) -> None:
    """A number has no unit, and nobody waits for ever."""
    with pytest.raises(kind, match="busy_timeout is"):
        open_sqlite(path, busy_timeout=timeout)

    assert not path.exists()


def test_a_refusal_is_stored_with_its_facts(shop: Marketplace) -> None:
    """Hostile texts in a refusal come back as they were, and its sentence is made without interpreting them."""
    first = shop.act("decline", "asked", by="ann", reason="{actor.__class__} %s", key="{key}", now=_ASKED)
    again = shop.act("decline", "asked", by="ann", reason="{actor.__class__} %s", key="{key}", now=_ASKED)
    reused = shop.act("decline", "asked", by="tom", key="{key}", now=_ASKED)

    assert again.repeated
    assert first.refusal == again.refusal == shop.audit("asked")[-2].refusal
    assert isinstance(reused.refusal, Refusal)
    assert "{key}" in repr(reused.refusal.facts)
    assert "use a new key" in reused.refusal.sentence
