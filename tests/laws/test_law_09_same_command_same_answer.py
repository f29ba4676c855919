"""Law 9: a key and a content that were answered are answered the same for ever, and change nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta, timezone

import attrs
import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.engine.work import digest_of
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.instants import MICROSECOND, Instant, instant
from tutorcore.lessons.lesson import Offer, Particulars
from tutorcore.money import Currency, Money
from tutorcore.policy.codec import load_policy, load_preset
from tutorcore.policy.process import Process
from tutorcore.policy.settlement import Settlement
from tutorcore.testing.plain import dump, without

NOW = instant("2026-05-04T10:00:00Z")
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("later", [0 * HOUR, 20 * HOUR, timedelta(days=3650)])
def test_an_accepted_command_repeated_gives_the_stored_answer(
    asked: Callable[..., Marketplace], later: timedelta
) -> None:
    """However much later it comes again, the answer is the one given then, and the store stays as it was."""
    storage = MemoryStorage()
    market = asked(storage=storage)
    first = market.accept("L1", by="tom", proposal=1, key="k", now=NOW)
    before = dump(storage)

    again = market.accept("L1", by="tom", proposal=1, key="k", now=NOW + later)

    assert again.repeated
    assert not first.repeated
    assert (again.lesson, again.versions, again.refusal) == (first.lesson, first.versions, first.refusal)
    assert dump(storage) == before


def test_a_refusal_is_final_for_its_key(asked: Callable[..., Marketplace]) -> None:
    """What was refused is refused again under its key, even where it would be accepted now; a new key tries anew."""
    storage = MemoryStorage()
    market = asked(storage=storage)
    refused = market.confirm("L1", by="ann", key="k", now=NOW)
    market.accept("L1", by="tom", proposal=1, key="a", now=NOW).or_raise()
    ended = NOW + 81 * HOUR
    market.sweep(now=ended)
    before = dump(storage)

    again = market.confirm("L1", by="ann", key="k", now=ended)
    unchanged = dump(storage) == before
    anew = market.confirm("L1", by="ann", key="k2", now=ended)

    assert refused.refusal is not None
    assert again.repeated
    assert again.refusal == refused.refusal
    assert again.lesson == refused.lesson
    assert unchanged
    assert anew.ok


def test_the_instant_is_not_part_of_the_content(asked: Callable[..., Marketplace]) -> None:
    """A client that retries does so later, and means the same."""
    market = asked()
    market.decline("L1", by="tom", key="k", now=NOW).or_raise()

    assert market.decline("L1", by="tom", key="k", now=NOW + HOUR).repeated


OFFER = Offer(price=300)


@pytest.mark.parametrize(
    "other",
    [
        {"verb": "withdraw"},
        {"lesson": "L2"},
        {"by": "ann"},
        {"proposal": 1},
        {"offer": Offer(price=301)},
        {"offer": Offer(price=300, kind="")},
        {"offer": None},
        {"reason": "another"},
        {"note": "another"},
    ],
)
def test_another_content_under_a_used_key_is_a_conflict(
    asked: Callable[..., Marketplace], ask: Callable[..., Outcome], other: dict[str, object]
) -> None:
    """Verb, lesson, actor and everything in the payload belong to the content; a conflict changes nothing."""
    storage = MemoryStorage()
    market = asked(storage=storage)
    ask(market, "L2", after=90 * HOUR).or_raise()
    content: dict[str, object] = {"verb": "propose", "lesson": "L1", "by": "tom", "offer": OFFER}
    _act(market, content).or_raise()
    before = dump(storage)

    answer = _act(market, {**content, **other})
    after = dump(storage)

    assert answer.refusal is not None
    assert answer.refusal.code == "key_reused"
    assert {name: lines for name, lines in after.items() if name != "audit"} == {
        name: lines for name, lines in before.items() if name != "audit"
    }
    assert after["audit"][:-1] == before["audit"]
    assert _act(market, content).repeated


def _act(market: Marketplace, content: dict[str, object]) -> Outcome:
    given: dict[str, object] = {"proposal": None, "offer": None, "reason": "", "note": "", **content}
    return market.act(**given, key="k", now=NOW)  # type: ignore[arg-type]  # a mapping of everything `act` takes


def test_keys_are_shared_by_everything(asked: Callable[..., Marketplace], ask: Callable[..., Outcome]) -> None:
    """A key is unique in the marketplace: a top-up, a request and a move cannot have the same one."""
    market = asked()

    paid = market.top_up("ann", market.money("5", "ITC"), key="ask L1", now=NOW)
    moved = market.decline("L1", by="tom", key="ann-ITC", now=NOW)

    assert paid.refusal is not None
    assert paid.refusal.code == "key_reused"
    assert moved.refusal is not None
    assert moved.refusal.code == "key_reused"
    assert market.wallet("ann", "ITC", now=NOW) == market.money("75", "ITC")


def test_a_top_up_counts_once(opened: Callable[..., Marketplace]) -> None:
    """The same payment reported twice is credited once; the same key with another amount is a conflict."""
    market = opened()
    five = market.money("5", "ITC")

    first = market.top_up("ann", five, key="k", now=NOW)
    again = market.top_up("ann", five, key="k", now=NOW + HOUR)
    other = market.top_up("ann", market.money("6", "ITC"), key="k", now=NOW)

    assert first.ok
    assert again.repeated
    assert other.refusal is not None
    assert market.wallet("ann", "ITC", now=NOW) == market.money("105", "ITC")


def test_a_request_repeated_makes_one_lesson(opened: Callable[..., Marketplace], ask: Callable[..., Outcome]) -> None:
    """A request repeated under its key is answered with the lesson it made, advanced by nothing."""
    market = opened()
    first = ask(market, "L1")

    again = ask(market, "L1", now=NOW)

    assert again.repeated
    assert again.lesson == first.lesson
    assert [lesson.id for lesson in market.lessons(now=NOW)] == ["L1"]


SPLIT = Settlement.of({"tutor": "50%", "student": "rest"})
ABOUT = Particulars("student", NOW, "video", (("stars", "5"),), SPLIT, "tutor")


def _joined(market: Marketplace, about: Particulars | None) -> Outcome:
    return market.act("join", "L1", by="robot", particulars=about, key="join", now=NOW + 80 * HOUR)


def _begun(agreed: Callable[..., Marketplace]) -> Marketplace:
    market = agreed(hours=80)
    market.add_party("robot", zone="UTC", grants=["system"])
    return market


@pytest.mark.parametrize(
    "other",
    [
        {"subject": "tutor"},
        {"seen": None},
        {"seen": NOW + MICROSECOND},
        {"source": "other"},
        {"details": (("stars", "4"),)},
        {"details": ()},
        {"split": None},
        {"split": Settlement.of({"tutor": "1/3", "student": "rest"})},
        {"blamed": None},
        {"blamed": "student"},
    ],
)
def test_everything_in_the_particulars_belongs_to_the_content(
    agreed: Callable[..., Marketplace], other: dict[str, object]
) -> None:
    """Whom a report is about, when it was seen and by whom, a decision about money: another one is a conflict."""
    market = _begun(agreed)
    first = _joined(market, ABOUT).or_raise()

    conflict = _joined(market, attrs.evolve(ABOUT, **other))  # type: ignore[arg-type]  # fields by their names
    again = _joined(market, ABOUT)

    assert conflict.refusal is not None
    assert conflict.refusal.code == "key_reused"
    assert again.repeated
    assert (again.lesson, again.versions) == (first.lesson, first.versions)


def test_the_same_instant_in_another_zone_is_the_same_content(agreed: Callable[..., Marketplace]) -> None:
    """What was seen at ten in London was seen at noon in Berlin."""
    market = _begun(agreed)
    market.join("L1", by="robot", key="join", subject="student", seen=NOW, now=NOW + 80 * HOUR).or_raise()

    seen = NOW.astimezone(timezone(2 * HOUR))
    again = market.join("L1", by="robot", key="join", subject="student", seen=seen, now=NOW + 81 * HOUR)

    assert again.repeated
    assert again.ok


@pytest.mark.parametrize("about", [None, Particulars()])
def test_saying_nothing_is_the_same_as_leaving_it_out(
    agreed: Callable[..., Marketplace], about: Particulars | None
) -> None:
    """A person who joins says nothing besides; whether the client sends empty particulars makes no difference."""
    market = agreed(hours=80)
    first = market.act("join", "L1", by="ann", particulars=about, key="join", now=NOW + 80 * HOUR).or_raise()

    again = market.join("L1", by="ann", key="join", now=NOW + 80 * HOUR)

    assert again.repeated
    assert again.lesson == first.lesson


def test_a_later_report_under_a_key_of_its_own_is_another_command(agreed: Callable[..., Marketplace]) -> None:
    """The same content under another key is done again: who joins twice is in the log twice."""
    market = _begun(agreed)
    _joined(market, ABOUT).or_raise()

    second = market.act("join", "L1", by="robot", particulars=ABOUT, key="join 2", now=NOW + 80 * HOUR)

    assert not second.repeated
    assert second.lesson is not None
    assert [each.version.step.verb for each in market.history("L1")][-2:] == ["join", "join"]


def _asked_for(market: Marketplace, **how: object) -> Outcome:
    content: dict[str, object] = {"student": "ann", "tutor": "tom", "start": NOW + 80 * HOUR, "duration": HOUR,
                                  "price": "10", "lesson": "L1", "key": "k", "now": NOW, **how}  # fmt: skip
    return market.request(**content)  # type: ignore[arg-type]  # a mapping of what `request` takes


TEN = Money.of("10", Currency("EUR", 2))
EURO = load_policy("""
extends = "lesson/1"
id = "euro"
currency = "EUR"
[request]
by = ["student", "requester", "operator"]
hold = "when_agreed"
answer_by = "asked + 48h"
[complete]
silence = { at = "lesson.end", becomes = "completed" }
""")


@pytest.mark.parametrize("again", ["10", "10.0", "10.00", "010", TEN])
@pytest.mark.parametrize("first", ["10", "10.0", TEN])
@pytest.mark.parametrize("fits", [True, False])
def test_a_price_is_the_same_however_it_is_written(
    opened: Callable[..., Marketplace], first: str | Money, again: str | Money, fits: bool
) -> None:
    """Needless zeros, or an amount of money instead of a text, make no other command of it; nor after a refusal."""
    market = opened([EURO])
    made = _asked_for(market, price=first, by="ann" if fits else "tom")

    repeated = _asked_for(market, price=again, by="ann" if fits else "tom")

    assert made.ok is fits
    assert (repeated.repeated, repeated.lesson, repeated.refusal) == (True, made.lesson, made.refusal)


@pytest.mark.parametrize("other", ["100", "1", "10.1", "-10"])
def test_another_price_is_another_command(opened: Callable[..., Marketplace], other: str) -> None:
    """Only zeros that mean nothing are dropped."""
    market = opened([EURO])
    _asked_for(market).or_raise()

    conflict = _asked_for(market, price=other)

    assert conflict.refusal is not None
    assert conflict.refusal.code == "key_reused"


@pytest.mark.parametrize("price", [Money.of("10", Currency("ITC", 2)), 10, 10.0, "10.00 EUR", "1e1", "x", "10.000"])
def test_what_was_no_price_is_none_when_it_is_repeated(opened: Callable[..., Marketplace], price: object) -> None:
    """A price in another currency, or none at all, is misuse the second time as it was the first time."""
    market = opened([EURO])
    _asked_for(market).or_raise()

    try:
        conflict = _asked_for(market, price=price).refusal
    except (InvalidType, InvalidValue):
        return

    assert conflict is not None
    assert conflict.code == "key_reused"


@pytest.mark.parametrize(("by", "payer"), [("ann", "ann"), ("pam", "pam"), ("tom", "ann"), ("olga", "ann")])
@pytest.mark.parametrize("named_first", [True, False])
def test_a_payer_is_the_same_whether_named_or_usual(
    opened: Callable[..., Marketplace], by: str, payer: str, named_first: bool
) -> None:
    """Who asks for somebody else pays unless another is named; naming whom it is anyway says nothing."""
    market = opened([EURO])
    first = _asked_for(market, by=by, payer=payer if named_first else None)

    again = _asked_for(market, by=by, payer=None if named_first else payer)

    assert again.repeated
    assert (again.lesson, again.refusal) == (first.lesson, first.refusal)


def test_another_payer_is_another_command(opened: Callable[..., Marketplace]) -> None:
    """Ann, who asked for herself, did not ask for what Pam asks for her."""
    market = opened([EURO])
    _asked_for(market, by="olga").or_raise()

    conflict = _asked_for(market, by="olga", payer="olga")

    assert conflict.refusal is not None
    assert conflict.refusal.code == "key_reused"


@pytest.mark.parametrize("named", [None, "ann"])
def test_who_paid_as_usual_is_whom_the_lesson_says_when_grants_have_changed(
    opened: Callable[..., Marketplace], named: str | None
) -> None:
    """An operator left it to the student; when he is none any more, he would pay, but the command is still that one."""
    market = opened([EURO])
    _asked_for(market, by="olga").or_raise()
    market.add_party("olga", zone="UTC", grants=[])

    assert _asked_for(market, by="olga", payer=named).repeated


@pytest.mark.parametrize(("price", "payer"), [("10.00", None), ("10", "ann"), (TEN, "ann"), ("10.00", "ann")])
def test_a_key_is_answered_as_it_was_kept_by_an_earlier_version(
    opened: Callable[..., Marketplace], monkeypatch: pytest.MonkeyPatch, price: str | Money, payer: str | None
) -> None:
    """Digests once covered the price and the payer as they were written; such commands are still recognised."""
    market = opened([EURO])
    with monkeypatch.context() as earlier:
        as_written = {"price": str(price), "bound": ("ann", "tom", payer)}
        earlier.setattr(
            "tutorcore.engine.marketplace.digest_of",
            lambda what, /, **content: digest_of(what, **{**content, **as_written}),
        )
        first = _asked_for(market, price=price, payer=payer).or_raise()

    again = _asked_for(market, price=price, payer=payer)

    assert again.repeated
    assert again.lesson == first.lesson


def test_a_key_is_answered_though_its_policy_is_not_known_any_more(opened: Callable[..., Marketplace]) -> None:
    """The lesson knows its policy, and with it the currency of the price."""
    storage = MemoryStorage()
    first = _asked_for(opened(storage=storage), policy="italki", price="10.0").or_raise()
    market = Marketplace(storage, [load_preset("educai")])

    again = _asked_for(market, policy="italki", price="10")

    assert again.repeated
    assert again.lesson == first.lesson


def _in_trouble(storage: MemoryStorage, samples: dict[str, Process]) -> Marketplace:
    """A marketplace in which Tom has missed two requests, Tim has earned and a withdrawal of Tess's is under way."""
    market = Marketplace(storage, [samples["stern"]])
    for party in ("ann", "tom", "tess", "tim"):
        market.add_party(party, zone="UTC")
    market.add_party("ada", zone="UTC", grants=["agent", "operator"])
    market.top_up("ann", market.money("100", "CRD"), key="paid", now=NOW)
    for tutor, lesson in (("tess", "L1"), ("tim", "L2")):
        begun = NOW - timedelta(days=30)
        market.payouts.apply(tutor, "CRD", key=f"apply {tutor}", now=begun).or_raise()
        _stern(market, lesson, tutor, NOW)
        market.accept(lesson, by=tutor, proposal=1, key=f"yes {lesson}", now=NOW).or_raise()
    for number in (3, 4):
        _stern(market, f"L{number}", "tom", NOW + 100 * HOUR)
    later = NOW + 200 * HOUR
    market.payouts.withdraw("tess", market.money("1", "CRD"), key="out", now=later).or_raise()
    return market


def _stern(market: Marketplace, lesson: str, tutor: str, now: Instant) -> None:
    hours = 80 + int(lesson[1:])
    market.request(
        student="ann", tutor=tutor, start=now + hours * HOUR, duration=HOUR, price="20", lesson=lesson, key=lesson,
        now=now,
    ).or_raise()  # fmt: skip


def _about_tom(verb: str, **content: object) -> tuple[str, dict[str, object], dict[str, object]]:
    return f"standings.{verb}", {"by": "ada", "reason": "ill", "case": "7", **content}, {"case": "8"}


ACCOUNT_COMMANDS: list[tuple[str, dict[str, object], dict[str, object]]] = [
    _about_tom("dismiss_report", tutor="tom", report=1),
    _about_tom("record_report", tutor="tom", report=2, reason="so_it_was"),
    _about_tom("record_report", tutor="tom", report=1, by="tom"),
    _about_tom("reset_counter", tutor="tom", counter="points"),
    _about_tom("lift", tutor="tom", effect="hidden"),
    _about_tom("lift", tutor="tom", effect="locked", note="never"),
    ("standings.show_profile", {"tutor": "tom"}, {"by": "ada"}),
    ("payouts.apply", {"tutor": "tom", "currency": "CRD"}, {"tutor": "tim"}),
    ("payouts.apply", {"tutor": "tim", "currency": "CRD"}, {"tutor": "tom"}),
    ("payouts.withdraw", {"tutor": "tim", "amount": "1"}, {"amount": "2"}),
    ("payouts.withdraw", {"tutor": "tom", "amount": "1"}, {"amount": "2"}),
    ("payouts.spend", {"tutor": "tim", "amount": "1"}, {"tutor": "tom"}),
    ("payouts.paid", {"withdrawal": "apply tess", "by": "ada"}, {"by": "ann"}),
    ("payouts.returned", {"withdrawal": "apply tess", "by": "ada", "reason": "closed"}, {"reason": "moved"}),
    ("payouts.returned", {"withdrawal": "apply tess", "by": "ada", "reason": ""}, {"reason": "moved"}),
]


def _done(market: Marketplace, what: str, content: dict[str, object], now: Instant) -> Outcome:
    desk, verb = what.split(".")
    given = {**content, "key": "k", "now": now}
    if "amount" in given:
        given["amount"] = market.money(str(given["amount"]), "CRD")
    outcome = getattr(getattr(market, desk), verb)(**given)
    assert isinstance(outcome, Outcome)
    return outcome


@pytest.mark.parametrize(("what", "content", "other"), ACCOUNT_COMMANDS)
def test_commands_about_accounts_are_answered_once(
    samples: dict[str, Process], what: str, content: dict[str, object], other: dict[str, object]
) -> None:
    """Done or refused, the same comes back under the key and changes nothing; another content is a conflict."""
    storage = MemoryStorage()
    market, now = _in_trouble(storage, samples), NOW + 201 * HOUR
    first = _done(market, what, content, now)
    before = dump(storage)

    again = _done(market, what, content, now + timedelta(days=40))
    unchanged = dump(storage) == before
    conflict = _done(market, what, {**content, **other}, now)

    assert again.repeated
    assert not first.repeated
    assert (again.lesson, again.refusal) == (first.lesson, first.refusal)
    assert unchanged
    assert conflict.refusal is not None
    assert conflict.refusal.code == "key_reused"
    assert without(dump(storage), "audit") == without(before, "audit")


def test_of_these_commands_some_are_done_and_some_refused(samples: dict[str, Process]) -> None:
    """What is answered once above is of both sorts, for each desk."""
    found = {
        (what.split(".")[0], _done(_in_trouble(MemoryStorage(), samples), what, content, NOW + 201 * HOUR).ok)
        for what, content, _ in ACCOUNT_COMMANDS
    }

    assert found == {("standings", True), ("standings", False), ("payouts", True), ("payouts", False)}


@pytest.mark.parametrize(
    ("first", "other"),
    [
        (Particulars(remedy="refund"), Particulars(remedy="pay")),
        (
            Particulars(remedy="split", split=SPLIT),
            Particulars(remedy="split", split=Settlement.of({"tutor": "49%", "student": "rest"})),
        ),
        (Particulars(remedy="reschedule"), Particulars(remedy="reschedule", blamed="tutor")),
        (Particulars(remedy="refund"), None),
        (Particulars(), Particulars(remedy="refund")),
    ],
)
def test_the_remedy_belongs_to_the_content(
    agreed: Callable[..., Marketplace], first: Particulars, other: Particulars | None
) -> None:
    """A report that names another remedy under its key, or divides otherwise, is another command."""
    market = agreed(hours=80)

    def report(about: Particulars | None) -> Outcome:
        return market.act(
            "report", "L1", by="ann", reason="quality", particulars=about, key="report", now=NOW + 81 * HOUR
        )

    made = report(first)
    conflict = report(other)
    again = report(first)

    assert conflict.refusal is not None
    assert conflict.refusal.code == "key_reused"
    assert again.repeated
    assert (again.lesson, again.refusal) == (made.lesson, made.refusal)
