"""ITK-19: the request of 8 February 2018, 20:33, that was shown as expired on 10 February at 20:36.

Four statements stand around its deadline, 20:33:00. With us the expiry is stamped with the deadline, whoever notices it
and whenever; an answer counts if it was given before, and nothing later is on record.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import Lesson, Marketplace, instant

Ask = Callable[..., Lesson]
Blamed = Callable[[Marketplace, str], list[tuple[str | None, str | None]]]

_DUE = instant("2018-02-10T20:33:00Z")


@pytest.fixture
def lesson(ask: Ask) -> Lesson:
    """The request of the log, for a lesson five days later."""
    return ask("2018-02-15T18:00:00Z", now="2018-02-08T20:33:00Z")


def test_itk_19_the_first_sweep_is_three_minutes_late_and_the_expiry_is_stamped_with_the_deadline(
    market: Marketplace, lesson: Lesson, blamed: Blamed
) -> None:
    """It is recorded at 20:36 that the request had expired at 20:33:00, and the refund counts from then."""
    market.sweep(now=instant("2018-02-10T20:36:00Z"))

    expired = market.history(lesson.id)[-1]
    assert (expired.version.state, expired.version.at) == ("expired", _DUE)
    assert expired.cause.recorded_at == instant("2018-02-10T20:36:00Z")
    assert blamed(market, lesson.id) == [("tutor", "missed_request")]
    wallet = next(account for account, _, _ in market.balances() if account.kind == "wallet")
    refund = market.statement(wallet, "ITC").lines[-1]
    assert (refund.amount, refund.balance, refund.entry.effective_at) == (250, 1000, _DUE)


@pytest.mark.parametrize("at", ["2018-02-10T20:33:00Z", "2018-02-10T20:33:00.000001Z", "2018-02-10T20:34:00Z"])
def test_itk_19_an_answer_from_20_33_on_is_refused_though_no_sweep_has_run(
    market: Marketplace, lesson: Lesson, blamed: Blamed, at: str
) -> None:
    """The late answer itself brings the expiry to light, stamped with the deadline and not with the answer."""
    answer = market.accept(lesson.id, by="tom", proposal=1, key="late", now=instant(at))

    assert answer.refusal is not None
    assert answer.refusal.code == "not_open"
    assert answer.refusal.facts["state"] == "expired"
    assert [(version.state, version.at) for version in answer.versions] == [("expired", _DUE)]
    assert market.history(lesson.id)[-1].cause.recorded_at == instant(at)
    assert market.wallet("ann", "ITC", now=instant(at)).text == "100.0"
    assert blamed(market, lesson.id) == [("tutor", "missed_request")]


@pytest.mark.parametrize("at", ["2018-02-10T20:32:59Z", "2018-02-10T20:32:59.999999Z"])
def test_itk_19_an_answer_before_20_33_counts(market: Marketplace, lesson: Lesson, blamed: Blamed, at: str) -> None:
    """A second, or a microsecond, before the deadline is in time, whenever the answer reaches the engine."""
    answer = market.accept(lesson.id, by="tom", proposal=1, key="in time", now=instant(at))

    assert answer.ok
    assert answer.lesson is not None
    assert (answer.lesson.state, answer.lesson.at) == ("agreed", instant(at))
    market.sweep(now=instant("2018-02-10T20:36:00Z"))
    assert market.lesson(lesson.id, now=instant("2018-02-10T20:36:00Z")).state == "agreed"
    assert blamed(market, lesson.id) == []


@pytest.mark.parametrize(
    "noticed_by", ["a sweep", "a late answer", "the tutor's next request", "the student's next request"]
)
def test_itk_19_an_answer_of_20_32_59_is_refused_once_the_expiry_is_recorded(
    market: Marketplace, ask: Ask, lesson: Lesson, noticed_by: str
) -> None:
    """Whatever brought the expiry to light, it cannot be undone: a command that is stamped earlier is out of order."""
    match noticed_by:
        case "a sweep":
            market.sweep(now=_DUE)
        case "a late answer":
            market.decline(lesson.id, by="tom", key="late", now=_DUE)
        case "the tutor's next request":
            market.top_up("sue", market.money("25.0", "ITC"), key="sue buys", now=_DUE)
            ask("2018-02-20T18:00:00Z", now="2018-02-10T20:34:00Z", student="sue", key="next")
        case _:
            ask("2018-02-20T18:00:00Z", now="2018-02-10T20:34:00Z", tutor="tim", key="next")

    answer = market.accept(lesson.id, by="tom", proposal=1, key="in time", now=instant("2018-02-10T20:32:59Z"))

    assert answer.refusal is not None
    assert answer.refusal.code == "out_of_order"
    assert answer.refusal.facts == {"last": "2018-02-10T20:33:00Z", "at": "2018-02-10T20:32:59Z"}
    assert market.lesson(lesson.id, now=_DUE).state == "expired"


def test_itk_19_a_sweeper_with_grace_waits_and_the_answer_at_the_deadline_is_refused_all_the_same(
    market: Marketplace, lesson: Lesson
) -> None:
    """Grace is for sweepers whose clocks run ahead: it delays the record, and never the deadline."""
    early = market.sweep(now=_DUE + timedelta(seconds=59), grace=timedelta(minutes=1))
    answer = market.accept(lesson.id, by="tom", proposal=1, key="late", now=_DUE + timedelta(seconds=59))

    assert early.timeouts == 0
    assert answer.refusal is not None
    assert answer.refusal.facts["state"] == "expired"


def test_itk_19_reading_after_the_deadline_shows_the_expiry_and_records_nothing(
    market: Marketplace, lesson: Lesson
) -> None:
    """Whoever looks at 20:33:00 sees an expired request and a full wallet, and an answer of 20:32:59 still counts."""
    seen = market.lesson(lesson.id, now=_DUE)
    wallet = market.wallet("ann", "ITC", now=_DUE)
    answer = market.accept(lesson.id, by="tom", proposal=1, key="in time", now=instant("2018-02-10T20:32:59Z"))

    assert (seen.state, seen.at, wallet.text) == ("expired", _DUE, "100.0")
    assert answer.lesson is not None
    assert answer.lesson.state == "agreed"


def test_itk_19_sweeping_again_changes_nothing(market: Marketplace, lesson: Lesson) -> None:
    """What has been swept is done: neither a second sweep nor an earlier one finds anything."""
    market.sweep(now=instant("2018-02-10T20:36:00Z"))
    before = market.history(lesson.id)

    again = market.sweep(now=instant("2018-02-10T21:00:00Z"))
    earlier = market.sweep(now=_DUE)

    assert (again.timeouts, earlier.timeouts) == (0, 0)
    assert market.history(lesson.id) == before
