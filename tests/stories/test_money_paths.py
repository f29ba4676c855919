"""Every way that money takes through a negotiation: raised, lowered, given back, shared out, cleared.

An increase is held when the payer proposes or accepts it, a decrease is released when it is accepted, and whatever does
not become agreed restores what stood, to the last tenth.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import Lesson, Marketplace, Outcome, instant, load_policy
from tutorcore.ledger import escrow

Ask = Callable[..., Lesson]
Books = Callable[..., dict[str, str]]
Edge = tuple[timedelta, bool]

_NOW = instant("2026-06-08T10:00:00Z")
_START = instant("2026-06-20T10:00:00Z")
_HOUR = timedelta(hours=1)

_RENEGOTIABLE = """
extends = "italki"
id = "renegotiable"
change.may_change = ["start", "duration", "price"]
"""
_HALF_IS_DUE = """
extends = "italki"
id = "half-is-due"
change.may_change = ["start", "duration", "price"]
cancel.cases = [
  { by = ["student"], settle = { tutor = "50%", student = "rest" } },
  { by = ["tutor"], settle = { student = "rest" } },
]
"""


def _opened(open_market: Callable[..., Marketplace], policy: str, credits: str = "100.0") -> Marketplace:
    market = open_market(load_policy(policy))
    market.top_up("ann", market.money(credits, "ITC"), key="buy", now=_NOW)
    return market


def _agreed(market: Marketplace, price: str = "25.0") -> Lesson:
    """An hour of tom's, agreed an hour after ann asked for it."""
    asked = market.request(
        student="ann", tutor="tom", start=_START, duration=_HOUR, price=price, key="ask", now=_NOW
    ).or_raise()
    assert asked.lesson is not None
    agreed = market.accept(asked.lesson.id, by="tom", proposal=1, key="accept", now=_NOW + _HOUR).or_raise().lesson
    assert agreed is not None
    return agreed


def _code(outcome: Outcome) -> str:
    return "done" if outcome.refusal is None else outcome.refusal.code


def _wallet(market: Marketplace, hours: int) -> str:
    return market.wallet("ann", "ITC", now=_NOW + hours * _HOUR).text


def _movements(market: Marketplace, lesson: Lesson) -> list[tuple[str, int]]:
    """What the books say happened to the escrow: kind of entry, and what was held after it."""
    return [(line.entry.kind, line.balance) for line in market.statement(escrow(lesson.id), "ITC").lines]


def _proposed(market: Marketplace, lesson: Lesson, by: str, price: str, *, start: str | None = None) -> Outcome:
    """Let a side propose another price for an agreed lesson, two hours after it was asked for."""
    return market.propose(
        lesson.id,
        by=by,
        price=price,
        start=None if start is None else instant(start),
        key="change",
        now=_NOW + 2 * _HOUR,
    )


# Before agreement.


def test_a_counter_offer_beyond_the_wallet_can_be_accepted_only_after_a_top_up_and_with_a_new_key(
    market: Marketplace, ask: Ask, books: Books
) -> None:
    """The refused acceptance leaves the earlier hold and the proposal as they were, and its key is used up."""
    lesson = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z", price="80.0")
    market.propose(lesson.id, by="tom", price="120.0", key="counter", now=_NOW + _HOUR)
    now = _NOW + 2 * _HOUR

    refused = market.accept(lesson.id, by="ann", proposal=2, key="yes", now=now)
    between = market.lesson(lesson.id, now=now)
    before = books(market)
    market.top_up("ann", market.money("20.0", "ITC"), key="more", now=now)
    repeated = market.accept(lesson.id, by="ann", proposal=2, key="yes", now=now)
    accepted = market.accept(lesson.id, by="ann", proposal=2, key="yes, now", now=now).or_raise().lesson

    assert refused.refusal is not None
    assert refused.refusal.code == "insufficient_funds"
    assert (refused.refusal.facts["has"], refused.refusal.facts["needed"]) == ("20.0", "40.0")
    assert (between.state, between.held, between.proposal) == ("proposed", 800, 2)
    assert before["Liabilities:Students:Ann:Wallet"] == "20.0"
    assert (repeated.refusal, repeated.repeated) == (refused.refusal, True)
    assert accepted is not None
    assert (accepted.state, accepted.held) == ("agreed", 1200)
    assert "Liabilities:Students:Ann:Wallet" not in books(market)
    assert _movements(market, lesson) == [("hold", 800), ("hold", 1200)]


def test_a_lower_price_is_released_when_it_is_accepted_and_not_before(market: Marketplace, ask: Ask) -> None:
    """Until the student accepts, the whole price that was asked for stays in escrow."""
    lesson = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")
    market.propose(lesson.id, by="tom", price="20.0", key="counter", now=_NOW + _HOUR)

    proposed = _wallet(market, 2)
    accepted = market.accept(lesson.id, by="ann", proposal=2, key="yes", now=_NOW + 2 * _HOUR).or_raise().lesson

    assert proposed == "75.0"
    assert accepted is not None
    assert (accepted.held, accepted.legs) == (200, (("payer", 50),))
    assert _wallet(market, 2) == "80.0"
    assert _movements(market, lesson) == [("hold", 250), ("release", 200)]


@pytest.mark.parametrize("price", ["20.0", "30.0"])
@pytest.mark.parametrize("ending", ["decline", "withdraw", "silence"])
def test_a_counter_offer_that_comes_to_nothing_gives_back_what_was_held_and_no_more(
    market: Marketplace, ask: Ask, price: str, ending: str
) -> None:
    """Whatever price was proposed last, what comes back is what the student had put in."""
    lesson = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")
    market.propose(lesson.id, by="tom", price=price, key="counter", now=_NOW + _HOUR)

    if ending == "silence":
        market.sweep(now=_NOW + 49 * _HOUR)
    else:
        market.act(ending, lesson.id, by="ann", key="no", now=_NOW + 2 * _HOUR).or_raise()

    assert market.history(lesson.id)[-1].version.legs == (("payer", 250),)
    assert _wallet(market, 49) == "100.0"
    assert _movements(market, lesson) == [("hold", 250), ("expire" if ending == "silence" else "void", 0)]


def test_two_requests_share_one_wallet_and_the_second_finds_what_the_first_left(market: Marketplace, ask: Ask) -> None:
    """What is in escrow cannot be spent twice; once it has come back it can."""
    first = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z", price="60.0")

    def second(key: str) -> Outcome:
        return market.request(
            student="ann",
            tutor="tim",
            start=_START + _HOUR,
            duration=_HOUR,
            price="60.0",
            key=key,
            now=_NOW + _HOUR,
        )

    refused = second("too early")
    market.decline(first.id, by="tom", key="no", now=_NOW + _HOUR)

    assert _code(refused) == "insufficient_funds"
    assert _code(second("afterwards")) == "done"


# After agreement, under a policy in which the price may be changed as well.


def test_a_raise_that_the_student_proposes_is_held_at_once_and_stays_when_it_is_agreed(
    open_market: Callable[..., Marketplace], books: Books
) -> None:
    """The student offers 30 for what was agreed at 25: the 5 are held with the offer, and all 30 are paid out."""
    market = _opened(open_market, _RENEGOTIABLE)
    lesson = _agreed(market)

    changing = _proposed(market, lesson, "ann", "30.0").or_raise().lesson
    changed = market.accept(lesson.id, by="tom", proposal=2, key="yes", now=_NOW + 3 * _HOUR).or_raise().lesson
    market.sweep(now=_START + 30 * 24 * _HOUR)

    assert changing is not None
    assert (changing.terms.price, changing.held, changing.legs) == (250, 300, (("payer", -50),))
    assert changed is not None
    assert (changed.terms.price, changed.held, changed.legs) == (300, 300, ())
    assert books(market) == {
        "Equity:Conversion": "-100.0",
        "Income:Fees:Commission": "4.5",
        "Liabilities:Students:Ann:Wallet": "70.0",
        "Liabilities:Tutors:Tom:Available": "25.5",
    }
    assert _movements(market, lesson) == [("hold", 250), ("hold", 300), ("post", 0)]


@pytest.mark.parametrize("ending", ["decline", "withdraw", "silence", "start", "reschedule"])
def test_a_raise_that_is_not_agreed_gives_its_surplus_back_whatever_ends_it(
    open_market: Callable[..., Marketplace], ending: str
) -> None:
    """Declined, withdrawn, left to lapse, overtaken by the lesson's start or by an operator: 25 are held again."""
    market = _opened(open_market, _RENEGOTIABLE)
    lesson = _agreed(market)
    proposed_at = _START - _HOUR if ending == "start" else _NOW + 2 * _HOUR
    market.propose(
        lesson.id, by="ann", price="30.0", start=_START + 9 * _HOUR, key="change", now=proposed_at
    ).or_raise()
    open_wallet = market.wallet("ann", "ITC", now=proposed_at).text

    match ending:
        case "decline":
            market.decline(lesson.id, by="tom", key="no", now=_NOW + 3 * _HOUR).or_raise()
        case "withdraw":
            market.withdraw(lesson.id, by="ann", key="no", now=_NOW + 3 * _HOUR).or_raise()
        case "silence":
            market.sweep(now=_NOW + 50 * _HOUR)
        case "start":
            market.sweep(now=_START)
        case _:
            market.reschedule(
                lesson.id, by="olga", start=_START + 24 * _HOUR, reason="flood", key="no", now=_NOW + 3 * _HOUR
            ).or_raise()

    restored = market.history(lesson.id)[-1].version
    assert open_wallet == "70.0"
    assert (restored.change, restored.terms.price, restored.held) == (None, 250, 250)
    assert restored.legs == (("payer", 50),)
    assert market.wallet("ann", "ITC", now=restored.at).text == "75.0"
    assert _movements(market, lesson) == [("hold", 250), ("hold", 300), ("release", 250)]
    market.sweep(now=_START + 30 * 24 * _HOUR)
    assert market.earnings("tom", "ITC", now=_START + 30 * 24 * _HOUR).available.text == "21.2"


def test_the_surplus_of_a_lapsing_raise_comes_back_at_the_deadline_itself(
    open_market: Callable[..., Marketplace], edge: Edge
) -> None:
    """One microsecond before the change lapses the 5 are still held; from its deadline on they can be spent."""
    after, still_held = edge
    market = _opened(open_market, _RENEGOTIABLE, "30.0")
    lesson = _agreed(market)
    _proposed(market, lesson, "ann", "30.0").or_raise()

    spent = market.request(
        student="ann",
        tutor="tim",
        start=_START + 24 * _HOUR,
        duration=_HOUR,
        price="5.0",
        key="spend",
        now=_NOW + 50 * _HOUR + after,
    )

    assert _code(spent) == ("insufficient_funds" if still_held else "done")


def test_a_raise_beyond_the_wallet_cannot_even_be_proposed_by_the_student(
    open_market: Callable[..., Marketplace],
) -> None:
    """Who offers more has to have it; refused, no change is open and nothing has moved."""
    market = _opened(open_market, _RENEGOTIABLE)
    lesson = _agreed(market)

    refused = _proposed(market, lesson, "ann", "100.1")

    assert _code(refused) == "insufficient_funds"
    assert refused.lesson == lesson
    assert _code(market.accept(lesson.id, by="tom", proposal=2, key="yes", now=_NOW + 3 * _HOUR)) == "not_open"


def test_a_raise_that_the_tutor_proposes_is_held_only_when_the_student_accepts_and_only_if_it_is_there(
    open_market: Callable[..., Marketplace],
) -> None:
    """An acceptance beyond the wallet is refused, and the change stays open for as long as its clock runs."""
    market = _opened(open_market, _RENEGOTIABLE, "28.0")
    lesson = _agreed(market)

    changing = _proposed(market, lesson, "tom", "30.0").or_raise().lesson
    refused = market.accept(lesson.id, by="ann", proposal=2, key="yes", now=_NOW + 3 * _HOUR)
    market.top_up("ann", market.money("2.0", "ITC"), key="more", now=_NOW + 3 * _HOUR)
    accepted = market.accept(lesson.id, by="ann", proposal=2, key="yes, now", now=_NOW + 3 * _HOUR).or_raise().lesson

    assert changing is not None
    assert (changing.held, changing.legs) == (250, ())
    assert _code(refused) == "insufficient_funds"
    assert refused.lesson == changing
    assert accepted is not None
    assert (accepted.change, accepted.terms.price, accepted.held) == (None, 300, 300)
    assert _wallet(market, 3) == "0.0"


@pytest.mark.parametrize(("by", "other"), [("ann", "tom"), ("tom", "ann")])
def test_a_lower_price_for_an_agreed_lesson_is_released_when_it_is_agreed(
    open_market: Callable[..., Marketplace], by: str, other: str
) -> None:
    """Whoever proposes it, nothing is given back before both want it."""
    market = _opened(open_market, _RENEGOTIABLE)
    lesson = _agreed(market)

    changing = _proposed(market, lesson, by, "20.0").or_raise().lesson
    changed = market.accept(lesson.id, by=other, proposal=2, key="yes", now=_NOW + 3 * _HOUR).or_raise().lesson

    assert changing is not None
    assert (changing.held, changing.legs) == (250, ())
    assert changed is not None
    assert (changed.held, changed.legs) == (200, (("payer", 50),))
    assert _movements(market, lesson) == [("hold", 250), ("release", 200)]


@pytest.mark.parametrize("ending", ["decline", "withdraw", "silence"])
def test_a_lower_price_that_is_not_agreed_releases_nothing(
    open_market: Callable[..., Marketplace], ending: str
) -> None:
    """The price that was agreed stays in escrow, all of it."""
    market = _opened(open_market, _RENEGOTIABLE)
    lesson = _agreed(market)
    _proposed(market, lesson, "ann", "20.0").or_raise()

    if ending == "silence":
        market.sweep(now=_NOW + 50 * _HOUR)
    else:
        by = "tom" if ending == "decline" else "ann"
        market.act(ending, lesson.id, by=by, key="no", now=_NOW + 3 * _HOUR).or_raise()

    restored = market.history(lesson.id)[-1].version
    assert (restored.terms.price, restored.held, restored.legs) == (250, 250, ())


def test_cancelling_while_a_raise_is_open_gives_everything_back(open_market: Callable[..., Marketplace]) -> None:
    """A full refund is the price and the surplus."""
    market = _opened(open_market, _RENEGOTIABLE)
    lesson = _agreed(market)
    _proposed(market, lesson, "ann", "30.0").or_raise()

    cancelled = market.cancel(lesson.id, by="tom", key="off", now=_NOW + 3 * _HOUR).or_raise().lesson

    assert cancelled is not None
    assert (cancelled.held, cancelled.legs) == (0, (("payer", 300),))
    assert _wallet(market, 3) == "100.0"


def test_a_share_of_the_price_is_taken_of_what_was_agreed_and_never_of_an_open_raise(
    open_market: Callable[..., Marketplace], books: Books
) -> None:
    """Half of 25 is the tutor's although 40 are held: 12.5, less 15 %; the surplus of 15 goes back untouched."""
    market = _opened(open_market, _HALF_IS_DUE)
    lesson = _agreed(market)
    _proposed(market, lesson, "ann", "40.0").or_raise()

    cancelled = market.cancel(lesson.id, by="ann", key="off", now=_NOW + 3 * _HOUR).or_raise().lesson

    assert cancelled is not None
    assert dict(cancelled.legs) == {"tutor": 106, "platform": 19, "payer": 275}
    assert books(market) == {
        "Equity:Conversion": "-100.0",
        "Income:Fees:Commission": "1.9",
        "Liabilities:Students:Ann:Wallet": "87.5",
        "Liabilities:Tutors:Tom:Available": "10.6",
    }


def test_an_operator_s_reschedule_takes_no_price_from_a_change_that_nobody_agreed_to(
    open_market: Callable[..., Marketplace],
) -> None:
    """The tutor has proposed 80 and nobody has answered: moved by the operator, the lesson still costs 25."""
    market = _opened(open_market, _RENEGOTIABLE)
    lesson = _agreed(market)
    _proposed(market, lesson, "tom", "80.0").or_raise()

    moved = market.reschedule(
        lesson.id, by="olga", start=_START + 24 * _HOUR, reason="flood", key="help", now=_NOW + 3 * _HOUR
    ).or_raise()

    assert moved.lesson is not None
    assert (moved.lesson.terms.price, moved.lesson.held, moved.lesson.change) == (250, 250, None)


# Held only when agreed, or not at all; available only after a while.


def test_a_price_that_is_held_when_agreed_is_asked_for_then_and_not_before(
    open_market: Callable[..., Marketplace],
) -> None:
    """Anybody can ask for anything; the tutor's acceptance is what needs the money."""
    market = _opened(open_market, 'extends = "italki"\nid = "held-late"\nrequest.hold = "when_agreed"\n', "10.0")
    asked = market.request(student="ann", tutor="tom", start=_START, duration=_HOUR, price="25.0", key="ask", now=_NOW)
    lesson = asked.or_raise().lesson
    assert lesson is not None

    refused = market.accept(lesson.id, by="tom", proposal=1, key="yes", now=_NOW + _HOUR)
    market.top_up("ann", market.money("15.0", "ITC"), key="more", now=_NOW + _HOUR)
    accepted = market.accept(lesson.id, by="tom", proposal=1, key="yes, now", now=_NOW + _HOUR).or_raise().lesson

    assert (lesson.held, lesson.legs) == (0, ())
    assert _code(refused) == "insufficient_funds"
    assert accepted is not None
    assert (accepted.held, accepted.legs) == (250, (("payer", -250),))


def test_a_policy_that_holds_nothing_records_who_owes_what(
    open_market: Callable[..., Marketplace], books: Books
) -> None:
    """Where money is settled elsewhere nothing moves until the end, and then only what is owed and due is written."""
    market = open_market(load_policy('extends = "italki"\nid = "elsewhere"\nrequest.hold = "none"\n'))
    lesson = _agreed(market)

    before = books(market)
    market.sweep(now=_START + 30 * 24 * _HOUR)

    completed = market.history(lesson.id)[-1].version
    assert before == {}
    assert (completed.state, completed.held) == ("completed", 0)
    assert completed.legs == (("owed", -250), ("due", 212), ("platform", 38))
    assert books(market) == {
        "Assets:Receivable:Payers:Ann": "25.0",
        "Income:Fees:Commission": "3.8",
        "Liabilities:Tutors:Tom:Due": "21.2",
    }


def test_where_nothing_is_held_a_cancellation_owes_nothing(
    open_market: Callable[..., Marketplace], books: Books
) -> None:
    """What falls to the student was never paid, so there is nothing to write down."""
    market = open_market(load_policy('extends = "italki"\nid = "elsewhere"\nrequest.hold = "none"\n'))
    lesson = _agreed(market)

    cancelled = market.cancel(lesson.id, by="ann", key="off", now=_NOW + _HOUR).or_raise().lesson

    assert cancelled is not None
    assert (cancelled.state, cancelled.legs) == ("cancelled", ())
    assert books(market) == {}


def test_earnings_become_available_when_the_policy_says_and_not_a_microsecond_before(
    open_market: Callable[..., Marketplace], books: Books, edge: Edge
) -> None:
    """Three days after the confirmation the tutor can use what is pending until then, swept or not."""
    after, pending = edge
    market = _opened(open_market, 'extends = "italki"\nid = "clears-later"\npayout.clears_after = "72h"\n')
    lesson = _agreed(market)
    market.confirm(lesson.id, by="ann", key="yes", now=_START + 2 * _HOUR).or_raise()
    now = _START + 74 * _HOUR + after

    seen = market.earnings("tom", "ITC", now=now)
    recorded = books(market)
    market.sweep(now=now)

    assert (seen.pending.text, seen.available.text) == (("21.2", "0.0") if pending else ("0.0", "21.2"))
    assert recorded["Liabilities:Tutors:Tom:Pending"] == "21.2"
    swept = "Liabilities:Tutors:Tom:Pending" if pending else "Liabilities:Tutors:Tom:Available"
    assert books(market)[swept] == "21.2"


def test_pending_earnings_are_counted_from_the_completion_itself_though_nobody_has_swept(
    open_market: Callable[..., Marketplace], edge: Edge
) -> None:
    """Completed by silence three days after the end, cleared three days later: both are seen before either is swept."""
    after, pending = edge
    market = _opened(open_market, 'extends = "italki"\nid = "clears-later"\npayout.clears_after = "72h"\n')
    _agreed(market)
    cleared = _START + _HOUR + 6 * 24 * _HOUR

    seen = market.earnings("tom", "ITC", now=cleared + after)
    market.sweep(now=cleared + after)
    swept = market.earnings("tom", "ITC", now=cleared + after)

    assert (seen.pending.text, seen.available.text) == (("21.2", "0.0") if pending else ("0.0", "21.2"))
    assert swept == seen
