"""What is refused around problems, reports and money: each attempt leaves its line in the audit trail, and no more.

One scene for all: on 18 June 2026 at noon, ann and tom have a lesson in each of the situations that matter. Before and
after every attempt everything is compared: balances, lessons, standings, withdrawals, and what was to be told.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tutorcore import (
    InvalidType,
    InvalidValue,
    Lesson,
    Marketplace,
    Outcome,
    Settlement,
    UnknownName,
    instant,
    load_policy,
)
from tutorcore.policy.process import Remedy

Agree = Callable[..., Lesson]
Expire = Callable[..., Lesson]
Miss = Callable[[Lesson, str], None]
Attempt = Callable[["Scene"], Outcome]

_NOW = instant("2026-06-18T12:00:00Z")
_HALF = Settlement.of({"tutor": "50%", "student": "rest"})
_BACK = Settlement.of({"student": "100%"})


class Scene(NamedTuple):
    """The marketplace at noon, and one lesson in each situation."""

    market: Marketplace
    ahead: str  # Agreed, on 30 June.
    confirmed: str  # By ann, in May.
    forgotten: str  # Not confirmed; it counted as such three days after its end.
    reported: str  # Ann wants all back (proposal 2), and it is tom's turn.
    wished: str  # Ann wants another time (proposal 2), and it is tom's turn.
    without_time: str  # Both want another time, and none is proposed.
    with_time: str  # Tom has proposed 10 July (proposal 3), and it is ann's turn.
    disputed: str
    resolved: str


@pytest.fixture
def scene(market: Marketplace, agree: Agree, let_expire: Expire) -> Scene:
    """Nine lessons at 10.0 ITC and a request that tom has let expire, with everything that is due applied."""
    market.top_up("ann", market.money("100.0", "ITC"), key="ann buys more", now=instant("2026-04-01T00:00:00Z"))

    def lesson(name: str, start: str) -> str:
        return agree(start, now="2026-05-01T10:00:00Z", price="10.0", key=name).id

    def report(id: str, remedy: Remedy, now: str, reason: str = "technical") -> None:
        market.report(id, by="ann", reason=reason, remedy=remedy, key=f"report {id}", now=instant(now)).or_raise()

    confirmed, forgotten = lesson("confirmed", "2026-05-20T10:00:00Z"), lesson("forgotten", "2026-06-10T10:00:00Z")
    resolved, disputed = lesson("resolved", "2026-06-14T10:00:00Z"), lesson("disputed", "2026-06-15T10:00:00Z")
    reported, wished = lesson("reported", "2026-06-16T10:00:00Z"), lesson("wished", "2026-06-16T12:00:00Z")
    without_time, with_time = lesson("none", "2026-06-17T06:00:00Z"), lesson("time", "2026-06-17T08:00:00Z")
    ahead = lesson("ahead", "2026-06-30T10:00:00Z")
    market.confirm(confirmed, by="ann", key="good", now=instant("2026-05-20T11:00:00Z")).or_raise()
    let_expire("2026-06-12T10:00:00Z")
    report(resolved, "refund", "2026-06-14T11:00:00Z")
    market.escalate(resolved, by="tom", key="help", now=instant("2026-06-14T12:00:00Z")).or_raise()
    market.resolve(
        resolved, by="agnes", split=_HALF, reason="both", key="half", now=instant("2026-06-15T09:00:00Z")
    ).or_raise()
    report(disputed, "refund", "2026-06-15T11:00:00Z", "tutor_absent")
    market.decline(disputed, by="tom", key="no", now=instant("2026-06-15T12:00:00Z")).or_raise()
    report(reported, "refund", "2026-06-16T11:00:00Z")
    report(wished, "reschedule", "2026-06-16T13:00:00Z")
    for id in (without_time, with_time):
        report(id, "reschedule", "2026-06-17T09:00:00Z")
        market.accept(id, by="tom", proposal=2, key=f"yes {id}", now=instant("2026-06-17T10:00:00Z")).or_raise()
    market.propose(
        with_time, by="tom", start=instant("2026-07-10T10:00:00Z"), key="July", now=instant("2026-06-17T11:00:00Z")
    ).or_raise()
    market.sweep(now=_NOW)
    states = [each.state for each in market.lessons("tom", now=_NOW)]
    assert states == [
        *("completed", "completed", "resolved", "disputed", "problem_by_student", "reschedule_by_student"),
        *("rescheduling", "rescheduling", "expired", "agreed"),
    ]
    return Scene(
        market, ahead, confirmed, forgotten, reported, wished, without_time, with_time, disputed, resolved
    )  # fmt: skip


def _everything(market: Marketplace) -> tuple[object, ...]:
    """Whatever a refused command might have touched."""
    people = ("ann", "tom", "tim", "sue", "olga", "agnes", "eve")
    return (
        market.balances(),
        [market.history(lesson.id) for lesson in market.lessons(now=instant("2018-01-01T00:00:00Z"))],
        [market.standings.history(each) for each in people],
        [market.payouts.of(each) for each in people],
        market.outbox(),
    )


def _assert_refused(scene: Scene, attempt: Attempt, code: str) -> None:
    """It is refused with that code, audited once as such, answered the same again, and nothing else is different."""
    market = scene.market
    before, lines = _everything(market), market.audit()

    outcome = attempt(scene)
    again = attempt(scene)

    assert outcome.refusal is not None
    assert outcome.refusal.code == code, outcome.refusal.sentence
    assert outcome.versions == ()
    audited = market.audit()
    assert audited[: len(lines)] == lines
    assert [line.refusal for line in audited[len(lines) :]] == [outcome.refusal]
    assert (again.refusal, again.repeated) == (outcome.refusal, True)
    assert _everything(market) == before


def _report(
    lesson: str, by: str = "ann", reason: str = "technical", remedy: Remedy = "refund", split: Settlement | None = None
) -> Attempt:
    return lambda scene: scene.market.report(
        getattr(scene, lesson), by=by, reason=reason, remedy=remedy, split=split, key="k", now=_NOW
    )


def _act(verb: str, lesson: str, by: str, *, proposal: int | None = None, reason: str = "") -> Attempt:
    return lambda scene: scene.market.act(
        verb, getattr(scene, lesson), by=by, proposal=proposal, reason=reason, key="k", now=_NOW
    )


def _remedy(lesson: str, by: str, remedy: Remedy, split: Settlement | None = None) -> Attempt:
    return lambda scene: scene.market.propose_remedy(
        getattr(scene, lesson), by=by, remedy=remedy, split=split, key="k", now=_NOW
    )


def _evidence(lesson: str, by: str, note: str = "see the chat") -> Attempt:
    return lambda scene: scene.market.add_evidence(getattr(scene, lesson), by=by, note=note, key="k", now=_NOW)


def _resolve(lesson: str, by: str, reason: str = "looked into it") -> Attempt:
    return lambda scene: scene.market.resolve(
        getattr(scene, lesson), by=by, split=_HALF, reason=reason, key="k", now=_NOW
    )


def _refund(
    lesson: str, by: str, split: Settlement = _BACK, reason: str = "paid too much", now: str = str(_NOW)
) -> Attempt:
    return lambda scene: scene.market.refund(
        getattr(scene, lesson), by=by, split=split, reason=reason, key="k", now=instant(now)
    )


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        pytest.param(_report("forgotten", by="eve"), "not_open", id="a stranger, too late"),
        pytest.param(_report("ahead"), "not_open", id="before the lesson begins"),
        pytest.param(_report("forgotten"), "not_open", id="after the three days"),
        pytest.param(_report("confirmed"), "not_open", id="after having confirmed"),
        pytest.param(_report("reported"), "not_open", id="twice"),
        pytest.param(_report("resolved"), "not_open", id="after the decision"),
    ],
)
def test_itk_10_a_report_outside_its_window(scene: Scene, attempt: Attempt, code: str) -> None:
    """What has not begun, has been confirmed, reported or decided cannot be reported."""
    _assert_refused(scene, attempt, code)


@pytest.mark.parametrize(
    ("by", "reason", "remedy", "split", "code"),
    [
        pytest.param("eve", "technical", "refund", None, "not_yours", id="a stranger"),
        pytest.param("olga", "technical", "refund", None, "not_yours", id="an operator"),
        pytest.param("agnes", "technical", "refund", None, "not_yours", id="an agent"),
        pytest.param("ann", "", "refund", None, "missing", id="no reason"),
        pytest.param("ann", "boredom", "refund", None, "guard", id="a reason that the policy does not know"),
        pytest.param("ann", "technical", "split", None, "missing", id="a split without shares"),
        pytest.param("ann", "technical", "refund", _HALF, "bad_terms", id="shares without a split"),
    ],
)
def test_itk_10_a_report_within_its_window_by_the_wrong_person_or_with_too_little(
    scene: Scene,
    agree: Agree,
    by: str,
    reason: str,
    remedy: Remedy,
    split: Settlement | None,
    code: str,
) -> None:
    """A lesson that is over since an hour: only ann and tom may report, for a known reason and with a remedy."""
    lesson = agree("2026-06-18T10:00:00Z", now="2026-06-18T09:00:00Z", price="1.0", key="today")
    scene.market.sweep(now=_NOW)

    _assert_refused(
        scene,
        lambda scene: scene.market.report(
            lesson.id, by=by, reason=reason, remedy=remedy, split=split, key="k", now=_NOW
        ),
        code,
    )


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        pytest.param(_remedy("reported", "tom", "refund"), "bad_terms", id="the same remedy"),
        pytest.param(_remedy("reported", "tom", "split", _BACK), "bad_terms", id="the same in other words"),
        pytest.param(_remedy("reported", "tom", "split"), "missing", id="a split without shares"),
        pytest.param(_remedy("reported", "tom", "pay", _HALF), "bad_terms", id="shares without a split"),
        pytest.param(_remedy("wished", "tom", "reschedule"), "bad_terms", id="another time against another time"),
        pytest.param(_remedy("reported", "ann", "pay"), "not_yours", id="out of turn"),
        pytest.param(_remedy("reported", "eve", "pay"), "not_yours", id="a stranger"),
        pytest.param(_remedy("disputed", "tom", "pay"), "not_open", id="in the dispute"),
        pytest.param(_remedy("confirmed", "tom", "refund"), "not_open", id="after the end"),
    ],
)
def test_itk_10_a_remedy_that_is_not_allowed(scene: Scene, attempt: Attempt, code: str) -> None:
    """It has to be another one than on the table, whole, and put there by whose turn it is."""
    _assert_refused(scene, attempt, code)


@pytest.mark.parametrize("remedy", ["pay", "split"])
def test_itk_10_a_remedy_that_the_policy_does_not_offer(
    open_market: Callable[..., Marketplace], remedy: Remedy
) -> None:
    """A platform may settle problems by refunds and other times only; the refusal names what may be chosen."""
    offers = 'extends = "italki"\nid = "refunds"\nproblem.proposes = ["refund", "reschedule"]\n'
    market = open_market(load_policy(offers))
    start, end = instant("2026-06-18T10:00:00Z"), instant("2026-06-18T11:00:00Z")
    market.top_up("ann", market.money("10.0", "ITC"), key="buy", now=instant("2026-06-01T00:00:00Z"))
    market.request(
        student="ann", tutor="tom", start=start, duration=end - start, price="10.0", lesson="one", key="ask",
        now=instant("2026-06-17T10:00:00Z"),
    ).or_raise()  # fmt: skip
    market.accept("one", by="tom", proposal=1, key="yes", now=instant("2026-06-17T11:00:00Z")).or_raise()
    market.sweep(now=end)
    before = _everything(market)

    refused = market.report(
        "one",
        by="ann",
        reason="technical",
        remedy=remedy,
        split=_HALF if remedy == "split" else None,
        key="k",
        now=end,
    )

    assert refused.refusal is not None
    assert (refused.refusal.code, "refund" in refused.refusal.sentence) == ("bad_terms", True)
    assert market.audit("one")[-1].refusal == refused.refusal
    assert _everything(market) == before


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        pytest.param(_act("accept", "reported", "tom"), "missing", id="no number"),
        pytest.param(_act("accept", "reported", "tom", proposal=1), "stale_offer", id="the number of the terms"),
        pytest.param(_act("accept", "reported", "tom", proposal=3), "stale_offer", id="a number to come"),
        pytest.param(_act("accept", "reported", "ann", proposal=2), "not_yours", id="one's own"),
        pytest.param(_act("accept", "reported", "olga", proposal=2), "not_yours", id="an operator"),
        pytest.param(_act("decline", "reported", "ann"), "not_yours", id="declining one's own"),
        pytest.param(_act("withdraw", "reported", "tom"), "not_yours", id="taking back another's"),
        pytest.param(_act("escalate", "reported", "eve"), "not_yours", id="a stranger escalates"),
        pytest.param(_act("escalate", "confirmed", "ann"), "not_open", id="escalating what is over"),
        pytest.param(_act("confirm", "reported", "ann"), "not_open", id="confirming beside a problem"),
        pytest.param(_act("cancel", "reported", "ann"), "not_open", id="cancelling beside a problem"),
        pytest.param(
            _act("cancel", "disputed", "olga", reason="enough"), "not_open", id="an operator cancels a dispute"
        ),
    ],
)
def test_itk_10_an_answer_that_is_none(scene: Scene, attempt: Attempt, code: str) -> None:
    """Only the other side answers, to what is on the table now, by its number."""
    _assert_refused(scene, attempt, code)


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        pytest.param(_evidence("reported", "eve"), "not_yours", id="a stranger"),
        pytest.param(_evidence("disputed", "sue"), "not_yours", id="another student"),
        pytest.param(_evidence("disputed", "tim"), "not_yours", id="another tutor"),
        pytest.param(_evidence("disputed", "ann", ""), "missing", id="nothing"),
        pytest.param(_evidence("resolved", "ann"), "not_open", id="after the decision"),
        pytest.param(_evidence("confirmed", "ann"), "not_open", id="about no problem"),
    ],
)
def test_itk_10_evidence_by_those_whom_it_is_no_business_of(scene: Scene, attempt: Attempt, code: str) -> None:
    """Strangers learn nothing either: the refusal comes without the lesson."""
    _assert_refused(scene, attempt, code)
    if code == "not_yours":
        assert attempt(scene).lesson is None


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        pytest.param(_resolve("resolved", "agnes"), "not_open", id="a second time, by the same agent"),
        pytest.param(_resolve("resolved", "olga"), "not_open", id="a second time, by an operator"),
        pytest.param(_resolve("reported", "agnes"), "not_open", id="before anybody asked"),
        pytest.param(_resolve("disputed", "ann"), "not_yours", id="the student"),
        pytest.param(_resolve("disputed", "tom"), "not_yours", id="the tutor"),
        pytest.param(_resolve("disputed", "eve"), "not_yours", id="an agent without the grant"),
        pytest.param(_resolve("disputed", "agnes", ""), "missing", id="no reason"),
    ],
)
def test_itk_10_a_decision_that_is_not_theirs_or_was_made(scene: Scene, attempt: Attempt, code: str) -> None:
    """The platform decides, once, and says why."""
    _assert_refused(scene, attempt, code)


@pytest.mark.parametrize(
    "shares",
    [
        {"tutor": "50%", "student": "49%"},
        {"tutor": "50%", "student": "51%"},
        {"tutor": "101%"},
        {"tutor": "99%"},
        {"tutor": "-1%", "student": "101%"},
        {"tutor": "60%", "student": "60%", "platform": "rest"},
        {"tutor": "rest", "student": "rest"},
        {"agent": "100%"},
        {},
    ],
)
def test_itk_10_shares_that_do_not_make_a_hundred_per_cent(scene: Scene, shares: dict[str, str]) -> None:
    """There is no such split to resolve with, to propose or to refund: it is named, and nothing gets to the store."""
    before, lines = _everything(scene.market), scene.market.audit()

    with pytest.raises(InvalidValue):
        Settlement.of(shares)
    with pytest.raises(InvalidValue):
        scene.market.resolve(
            scene.disputed, by="agnes", split=Settlement.of(shares), reason="unfair", key="k", now=_NOW
        )

    assert (_everything(scene.market), scene.market.audit()) == (before, lines)


def test_itk_10_what_is_no_command_at_all_raises_and_leaves_no_trace(scene: Scene) -> None:
    """An unknown remedy, lesson or person, a split of plain texts, a time without zone: each is named."""
    market, before = scene.market, _everything(scene.market)
    lines = market.audit()
    texts: Any = {"tutor": "50%", "student": "50%"}  # What a caller without a type checker might send.
    apology: Any = "apology"

    with pytest.raises((InvalidValue, InvalidType, UnknownName), match="apology"):
        market.propose_remedy(scene.reported, by="tom", remedy=apology, key="k", now=_NOW)
    with pytest.raises((InvalidValue, InvalidType), match="split"):
        market.resolve(scene.disputed, by="agnes", split=texts, reason="x", key="k", now=_NOW)
    with pytest.raises(UnknownName, match="lesson"):
        market.escalate("nowhere", by="ann", key="k", now=_NOW)
    with pytest.raises(UnknownName, match="party"):
        market.escalate(scene.reported, by="nobody", key="k", now=_NOW)
    with pytest.raises(InvalidValue, match="now"):
        market.escalate(scene.reported, by="ann", key="k", now=_NOW.replace(tzinfo=None))

    assert (_everything(market), market.audit()) == (before, lines)


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        pytest.param(_refund("confirmed", "tom", now="2026-06-19T10:59:59Z"), "not_yours", id="by the tutor"),
        pytest.param(_refund("forgotten", "ann"), "not_yours", id="by the student"),
        pytest.param(_refund("forgotten", "agnes"), "not_yours", id="by an agent"),
        pytest.param(_refund("forgotten", "eve"), "not_yours", id="by a stranger"),
        pytest.param(_refund("forgotten", "olga", reason=""), "missing", id="without a reason"),
        pytest.param(
            _refund("forgotten", "olga", Settlement.of({"tutor": "100%"})), "bad_terms", id="of nothing at all"
        ),
        pytest.param(
            _refund("resolved", "olga", Settlement.of({"tutor": "100%"})), "bad_terms", id="at the payer's cost"
        ),
        pytest.param(_refund("reported", "olga"), "not_open", id="of what is still held"),
        pytest.param(_refund("ahead", "olga"), "not_open", id="of what is still to come"),
        # Confirmed on 20 May at 11:00; thirty days of the tutor's Berlin later it is 19 June, 11:00.
        pytest.param(_refund("confirmed", "olga", now="2026-06-19T11:00:00Z"), "guard", id="after thirty days"),
    ],
)
def test_itk_11_what_was_paid_is_given_back_only_by_an_operator_in_time(
    scene: Scene, attempt: Attempt, code: str
) -> None:
    """Ours: neither side takes money back by itself, and a refund only gives back."""
    _assert_refused(scene, attempt, code)


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        pytest.param(_act("accept", "with_time", "tom", proposal=3), "not_yours", id="accepting one's own time"),
        pytest.param(_act("accept", "with_time", "eve", proposal=3), "not_yours", id="a stranger accepts"),
        pytest.param(_act("accept", "with_time", "ann", proposal=2), "stale_offer", id="the number of the remedy"),
        pytest.param(_act("accept", "without_time", "ann", proposal=2), "not_open", id="no time to accept"),
        pytest.param(_act("withdraw", "with_time", "ann"), "not_yours", id="taking back another's time"),
        pytest.param(_act("confirm", "without_time", "ann"), "not_open", id="confirming what was not"),
        pytest.param(
            lambda scene: scene.market.propose(
                scene.without_time, by="eve", start=instant("2026-07-01T10:00:00Z"), key="k", now=_NOW
            ),
            "not_yours",
            id="a stranger proposes",
        ),
        pytest.param(
            lambda scene: scene.market.propose(
                scene.without_time, by="tom", start=instant("2026-07-01T10:00:00Z"), price="99.0", key="k", now=_NOW
            ),
            "bad_terms",
            id="another price with it",
        ),
        pytest.param(
            lambda scene: scene.market.propose(
                scene.without_time, by="tom", start=instant("2026-06-18T11:00:00Z"), key="k", now=_NOW
            ),
            "guard",
            id="a time that is over",
        ),
        pytest.param(
            lambda scene: scene.market.propose(
                scene.without_time, by="tom", start=instant("2026-06-30T10:30:00Z"), key="k", now=_NOW
            ),
            "slot_taken",
            id="a time that is taken",
        ),
    ],
)
def test_itk_21_a_time_that_cannot_be_proposed_or_accepted(scene: Scene, attempt: Attempt, code: str) -> None:
    """Only the two look for a time, a free one to come, at the price that stands."""
    _assert_refused(scene, attempt, code)


def _dismiss(by: str, reason: str = "ill", case: str = "c", report: int = 1) -> Attempt:
    return lambda scene: scene.market.standings.dismiss_report(
        "tom", report, by=by, reason=reason, case=case, key="k", now=_NOW
    )


def _record(by: str, reason: str = "no_answer", case: str = "c") -> Attempt:
    return lambda scene: scene.market.standings.record_report(
        "tom", 1, by=by, reason=reason, case=case, key="k", now=_NOW
    )


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        *(pytest.param(_dismiss(by), "not_yours", id=f"dismissed by {by}") for by in ("tom", "ann", "eve", "tim")),
        *(pytest.param(_record(by), "not_yours", id=f"recorded by {by}") for by in ("tom", "ann", "eve", "tim")),
        pytest.param(_dismiss("agnes", reason=""), "missing", id="no reason to dismiss"),
        pytest.param(_dismiss("agnes", case=""), "missing", id="no case to dismiss"),
        pytest.param(_dismiss("agnes", reason="no_answer"), "bad_terms", id="a reason to record"),
        pytest.param(_record("agnes", reason="ill"), "bad_terms", id="a reason to dismiss"),
        pytest.param(_record("agnes", case=""), "missing", id="no case to record"),
        pytest.param(
            lambda scene: scene.market.standings.show_profile("tom", key="k", now=_NOW), "not_open", id="nothing hidden"
        ),
        pytest.param(
            lambda scene: scene.market.standings.lift(
                "tom", "locked", by="agnes", reason="r", case="c", key="k", now=_NOW
            ),
            "not_open",
            id="nothing locked",
        ),
    ],
)
def test_itk_16_handling_without_the_grant_or_with_too_little(scene: Scene, attempt: Attempt, code: str) -> None:
    """An agent is who was granted it, and even an agent has to say why and which case it was."""
    _assert_refused(scene, attempt, code)


@pytest.mark.parametrize("first", ["dismiss_report", "record_report"])
@pytest.mark.parametrize("second", [_dismiss("olga"), _record("olga")])
def test_itk_16_a_report_is_handled_once(scene: Scene, first: str, second: Attempt) -> None:
    """Whatever was done with it: what is handled is not open to be handled again."""
    desk, said = scene.market.standings, {"by": "agnes", "case": "c", "key": "first"}
    if first == "dismiss_report":
        desk.dismiss_report("tom", 1, reason="ill", now=_NOW, **said).or_raise()
    else:
        desk.record_report("tom", 1, reason="no_answer", now=_NOW, **said).or_raise()

    _assert_refused(scene, second, "not_open")


@pytest.mark.parametrize(
    ("by", "case", "code"),
    [("agnes", "c", "reports_open"), ("tom", "c", "not_yours"), ("eve", "c", "not_yours"), ("agnes", "", "missing")],
)
def test_itk_18_a_reset_with_open_reports_or_by_somebody_else(scene: Scene, by: str, case: str, code: str) -> None:
    """Tom's one report is open, and the counter is not his to reset anyway."""
    _assert_refused(
        scene,
        lambda scene: scene.market.standings.reset_counter(
            "tom", "missed_request", by=by, reason="r", case=case, key="k", now=_NOW
        ),
        code,
    )


def _take(amount: str, by: str | None = None, tutor: str = "tom") -> Attempt:
    return lambda scene: scene.market.payouts.withdraw(
        tutor, scene.market.money(amount, "ITC"), by=by, key="k", now=_NOW
    )


def _spend(amount: str, by: str | None = None, tutor: str = "tom") -> Attempt:
    return lambda scene: scene.market.payouts.spend(tutor, scene.market.money(amount, "ITC"), by=by, key="k", now=_NOW)


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        pytest.param(_take("300.0"), "not_applied", id="not applied for"),
        pytest.param(_take("300.0", by="ann"), "not_yours", id="by the student"),
        pytest.param(_take("300.0", by="olga"), "not_yours", id="by an operator"),
        pytest.param(_take("300.0", tutor="eve"), "not_applied", id="by somebody who teaches nobody"),
        pytest.param(
            lambda scene: scene.market.payouts.apply("tom", "ITC", by="eve", key="k", now=_NOW),
            "not_yours",
            id="applied for by somebody else",
        ),
    ],
)
def test_itk_12_a_withdrawal_without_application_or_by_somebody_else(scene: Scene, attempt: Attempt, code: str) -> None:
    """Earnings are the tutor's, and wait for the month after the application."""
    _assert_refused(scene, attempt, code)


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        pytest.param(_spend("10.0", by="ann"), "not_yours", id="by the student"),
        pytest.param(_spend("10.0", by="olga"), "not_yours", id="by an operator"),
        # 8.5 from each of two lessons and 4.2 from half of one: 10.0 less 15 %, and 5.0 less 0.8.
        pytest.param(_spend("21.3"), "insufficient_funds", id="more than was earned"),
        pytest.param(_spend("0.1", tutor="ann"), "insufficient_funds", id="by somebody who earned nothing"),
    ],
)
def test_itk_2_spending_what_is_not_there_or_another_s(scene: Scene, attempt: Attempt, code: str) -> None:
    """Tom has earned 21.2 ITC so far; nobody else has earned anything."""
    _assert_refused(scene, attempt, code)


@pytest.mark.parametrize("attempt", [_take("300.0"), _spend("1.0")])
def test_itk_24_nothing_leaves_a_frozen_wallet(scene: Scene, agree: Agree, miss: Miss, attempt: Attempt) -> None:
    """Three missed lessons today: neither with an application nor with enough money does anything get out."""
    market = scene.market
    market.payouts.apply("tom", "ITC", key="in May", now=instant("2026-05-30T00:00:00Z"))
    for hour in (6, 8, 10):
        lesson = agree(f"2026-06-18T{hour:02}:00:00Z", now="2026-06-16T14:00:00Z", price="1.0", key=f"missed at {hour}")
        miss(lesson, f"2026-06-18T{hour + 1:02}:00:00Z")

    assert "wallet_frozen" in market.standings.restrictions("tom", now=_NOW)
    _assert_refused(scene, attempt, "frozen")
