"""Asking, answering and counter-offers: ITK-3 to ITK-6, ITK-8 and ITK-9, on every side of every deadline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import Lesson, Marketplace, Outcome, Preview, UnknownName, instant, load_preset

Ask = Callable[..., Lesson]
Books = Callable[..., dict[str, str]]
Told = Callable[[Marketplace, str], list[tuple[str, set[str]]]]
Blamed = Callable[[Marketplace, str], list[tuple[str | None, str | None]]]
Edge = tuple[timedelta, bool]

_WALLET = "Liabilities:Students:Ann:Wallet"
_BOUGHT = {"Equity:Conversion": "-100.0", _WALLET: "100.0"}

# Forty-eight hours are forty-eight elapsed hours, whatever the clocks on the wall do meanwhile.
_ASKED_AND_DUE = [
    # Berlin springs forward on 29 March: 10:00 +01:00 on the 28th, 11:00 +02:00 on the 30th.
    pytest.param("2026-03-28T09:00:00Z", "2026-03-30T09:00:00Z", id="spring in Berlin"),
    # New York springs forward on 8 March: 10:00 -05:00 on the 7th, 11:00 -04:00 on the 9th.
    pytest.param("2026-03-07T15:00:00Z", "2026-03-09T15:00:00Z", id="spring in New York"),
    # Berlin falls back on 25 October: 10:00 +02:00 on the 24th, 09:00 +01:00 on the 26th.
    pytest.param("2026-10-24T08:00:00Z", "2026-10-26T08:00:00Z", id="autumn in Berlin"),
    # New York falls back on 1 November: 10:00 -04:00 on the 31st, 09:00 -05:00 on the 2nd.
    pytest.param("2026-10-31T14:00:00Z", "2026-11-02T14:00:00Z", id="autumn in New York"),
]


def _answer(market: Marketplace, lesson: Lesson, verb: str, after: timedelta, due: str) -> Outcome:
    """Let whoever's turn it is answer at `due + after`."""
    by = lesson.brief.tutor if lesson.waits_for == "tutor" else lesson.brief.student
    now = instant(due) + after
    if verb == "accept":
        return market.accept(lesson.id, by=by, proposal=lesson.proposal, key="answer", now=now)
    if verb == "decline":
        return market.decline(lesson.id, by=by, proposal=lesson.proposal, key="answer", now=now)
    return market.propose(lesson.id, by=by, price="20.0", proposal=lesson.proposal, key="answer", now=now)


def _counter(market: Marketplace, lesson: Lesson, now: str, **terms: object) -> Lesson:
    """Let the tutor propose something else, 24 ITC unless other terms are given."""
    start, price = terms.get("start"), terms.get("price")
    found = market.propose(
        lesson.id,
        by=lesson.brief.tutor,
        start=None if start is None else instant(str(start)),
        price="24.0" if price is None else str(price),
        key="counter",
        now=instant(now),
    )
    proposed = found.or_raise().lesson
    assert proposed is not None
    return proposed


# ITK-3: the slot. Schedules come later; that nobody is in two places at once is kept already.


def test_itk_3_a_request_for_time_that_is_taken_is_refused_and_touching_it_is_not(
    market: Marketplace, ask: Ask
) -> None:
    """While a request is open, nobody else can ask for that time of the tutor's; the hour after it is free."""
    market.top_up("sue", market.money("100.0", "ITC"), key="sue buys", now=instant("2026-06-01T00:00:00Z"))
    first = ask("2026-06-10T10:00:00Z", now="2026-06-08T10:00:00Z")

    overlapping = market.request(
        student="sue",
        tutor="tom",
        start=instant("2026-06-10T10:59:59.999999Z"),
        duration=timedelta(minutes=30),
        price="12.5",
        key="overlapping",
        now=instant("2026-06-08T11:00:00Z"),
    )
    touching = ask("2026-06-10T11:00:00Z", now="2026-06-08T12:00:00Z", student="sue", key="touching")

    assert overlapping.refusal is not None
    assert overlapping.refusal.code == "slot_taken"
    assert first.id not in overlapping.refusal.sentence, "whose lesson it is stays between its people"
    assert market.wallet("sue", "ITC", now=instant("2026-06-08T12:00:00Z")).text == "75.0"
    assert touching.state == "requested"


@pytest.mark.parametrize(("student", "tutor", "engaged"), [("sue", "tom", "tom"), ("ann", "tim", "ann")])
def test_itk_3_neither_side_can_be_in_two_places_at_once(
    market: Marketplace, ask: Ask, student: str, tutor: str, engaged: str
) -> None:
    """The time that a request takes is the tutor's and the student's, from each of whose sides it is closed."""
    market.top_up("sue", market.money("100.0", "ITC"), key="sue buys", now=instant("2026-06-01T00:00:00Z"))
    ask("2026-06-10T10:00:00Z", now="2026-06-08T10:00:00Z")

    refused = market.request(
        student=student,
        tutor=tutor,
        start=instant("2026-06-10T10:59:00Z"),
        duration=timedelta(minutes=60),
        price="25.0",
        key="overlapping",
        now=instant("2026-06-08T11:00:00Z"),
    )

    assert refused.refusal is not None
    assert (refused.refusal.code, refused.refusal.facts["party"]) == ("slot_taken", engaged)


def test_itk_3_the_slot_of_an_expired_request_is_free_at_the_very_instant_of_its_expiry(
    market: Marketplace, ask: Ask
) -> None:
    """Nobody has swept, and yet the time can be asked for again: an expiry counts from its own instant."""
    market.top_up("sue", market.money("100.0", "ITC"), key="sue buys", now=instant("2026-06-01T00:00:00Z"))
    lapsing = ask("2026-06-10T20:00:00Z", now="2026-06-08T10:00:00Z")

    asked = ask("2026-06-10T20:30:00Z", now="2026-06-10T10:00:00Z", student="sue", key="sue asks")

    assert asked.state == "requested"
    assert [each.version.state for each in market.history(lapsing.id)] == ["requested", "expired"]


# ITK-4: the price goes into escrow with the request.


def test_itk_4_a_request_moves_the_price_from_the_wallet_into_the_escrow_of_the_lesson(
    market: Marketplace, ask: Ask, books: Books, told: Told
) -> None:
    """Asking costs the price at once: it lies in an account of the lesson's own, and is still the student's to lose."""
    lesson = ask("2026-06-10T10:00:00Z", now="2026-06-08T10:00:00Z")

    assert (lesson.state, lesson.waits_for, lesson.held) == ("requested", "tutor", 250)
    assert lesson.legs == (("payer", -250),)
    escrow = next(name for name in books(market) if name.startswith("Liabilities:Escrow:"))
    assert books(market) == {"Equity:Conversion": "-100.0", escrow: "25.0", _WALLET: "75.0"}
    assert told(market, lesson.id) == [("request", {"tom"})]


def test_itk_4_a_request_beyond_the_wallet_is_refused_and_leaves_nothing_behind(
    market: Marketplace, books: Books
) -> None:
    """A price of one tenth of an ITC more than there is cannot be held, so there is no lesson and nobody is told."""
    refused = market.request(
        student="ann",
        tutor="tom",
        start=instant("2026-06-10T10:00:00Z"),
        duration=timedelta(minutes=60),
        price="100.1",
        lesson="too-dear",
        key="ask",
        now=instant("2026-06-08T10:00:00Z"),
    )

    assert refused.refusal is not None
    assert refused.refusal.code == "insufficient_funds"
    assert refused.refusal.facts == {
        "party": "ann",
        "has": "100.0",
        "needed": "100.1",
        "missing": "0.1",
        "currency": "ITC",
    }
    assert refused.lesson is None
    assert books(market) == _BOUGHT
    assert market.outbox() == ()
    with pytest.raises(UnknownName):
        market.lesson("too-dear", now=instant("2026-06-08T10:00:00Z"))


def test_itk_4_a_request_for_exactly_what_the_wallet_holds_is_possible(market: Marketplace, ask: Ask) -> None:
    """A wallet may be emptied to the last tenth of an ITC."""
    lesson = ask("2026-06-10T10:00:00Z", now="2026-06-08T10:00:00Z", price="100.0")

    assert lesson.held == 1000
    assert market.wallet("ann", "ITC", now=lesson.at).text == "0.0"


# ITK-5: the answer is due at the earlier of 48 hours after the request and the start of the lesson.


@pytest.mark.parametrize(("asked", "due"), _ASKED_AND_DUE)
@pytest.mark.parametrize("verb", ["accept", "decline", "propose"])
def test_itk_5_an_answer_counts_until_48_hours_after_the_request(
    market: Marketplace, ask: Ask, blamed: Blamed, edge: Edge, verb: str, asked: str, due: str
) -> None:
    """Accepting, declining and proposing count one microsecond before the deadline, and not at it."""
    after, in_time = edge
    start = str(instant(due) + timedelta(days=5))
    lesson = ask(start, now=asked)

    deadline = market.deadline(lesson.id, now=lesson.at)
    outcome = _answer(market, lesson, verb, after, due)

    assert deadline is not None
    assert (deadline.at, deadline.why.text) == (instant(due), "asked + 48h")
    assert outcome.lesson is not None
    if in_time:
        reached, wallet = {"accept": ("agreed", "75.0"), "decline": ("declined", "100.0")}.get(
            verb, ("proposed", "75.0")
        )
        assert (outcome.refusal, outcome.lesson.state) == (None, reached)
        assert blamed(market, lesson.id) == []
    else:
        wallet = "100.0"
        assert outcome.refusal is not None
        assert outcome.refusal.code == "not_open"
        assert (outcome.lesson.state, outcome.lesson.at) == ("expired", instant(due))
        assert blamed(market, lesson.id) == [("tutor", "missed_request")]
    assert market.wallet("ann", "ITC", now=instant(due) + after).text == wallet


@pytest.mark.parametrize(
    ("asked", "start"),
    [
        # The night in which Berlin springs forward: asked 18:00 +01:00, lesson 10:00 +02:00, fifteen hours later.
        pytest.param("2026-03-28T17:00:00Z", "2026-03-29T08:00:00Z", id="spring in Berlin"),
        # The night in which New York springs forward: asked 20:00 -05:00, lesson 09:00 -04:00, twelve hours later.
        pytest.param("2026-03-08T01:00:00Z", "2026-03-08T13:00:00Z", id="spring in New York"),
        # The night in which Berlin falls back: asked 18:00 +02:00, lesson 10:00 +01:00, seventeen hours later.
        pytest.param("2026-10-24T16:00:00Z", "2026-10-25T09:00:00Z", id="autumn in Berlin"),
        # One microsecond less than 48 hours ahead, so that the start is the earlier one by as little as can be.
        pytest.param("2026-10-30T14:00:00Z", "2026-11-01T13:59:59.999999Z", id="autumn in New York"),
    ],
)
def test_itk_5_an_answer_counts_until_the_start_of_a_lesson_that_is_nearer(
    market: Marketplace, ask: Ask, edge: Edge, asked: str, start: str
) -> None:
    """Asked for less than 48 hours ahead, a lesson can be accepted until it starts, and not at its start."""
    after, in_time = edge
    lesson = ask(start, now=asked)

    deadline = market.deadline(lesson.id, now=lesson.at)
    outcome = _answer(market, lesson, "accept", after, start)

    assert deadline is not None
    assert (deadline.at, deadline.why.text) == (instant(start), "lesson.start")
    assert outcome.ok is in_time
    assert outcome.lesson is not None
    assert outcome.lesson.state == ("agreed" if in_time else "expired")
    assert market.wallet("ann", "ITC", now=instant(start)).text == ("75.0" if in_time else "100.0")


def test_itk_5_on_a_tie_the_48_hours_are_the_reason(market: Marketplace, ask: Ask) -> None:
    """Where both instants are one, the reason given is the one that the policy lists first."""
    lesson = ask("2026-03-30T09:00:00Z", now="2026-03-28T09:00:00Z")

    deadline = market.deadline(lesson.id, now=lesson.at)

    assert deadline is not None
    assert deadline.at == instant("2026-03-30T09:00:00Z")
    assert deadline.why.text == "asked + 48h"
    assert deadline.why.whole == "earliest(asked + 48h, lesson.start)"


def test_itk_5_silence_refunds_in_full_blames_the_tutor_and_tells_both(
    market: Marketplace, ask: Ask, books: Books, told: Told, blamed: Blamed
) -> None:
    """An unanswered request ends as if it had never been asked, but for the mark on the tutor who missed it."""
    lesson = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")

    swept = market.sweep(now=instant("2026-06-10T10:00:00Z"))

    expired = market.history(lesson.id)[-1].version
    assert (swept.timeouts, swept.lessons) == (1, 1)
    assert (expired.state, expired.at, expired.over) == ("expired", instant("2026-06-10T10:00:00Z"), True)
    assert expired.legs == (("payer", 250),)
    assert books(market) == _BOUGHT
    assert told(market, lesson.id) == [("request", {"tom"}), ("expired", {"ann", "tom"})]
    assert blamed(market, lesson.id) == [("tutor", "missed_request")]


def test_itk_5_what_an_expired_request_held_can_be_spent_at_the_instant_of_expiry(
    market: Marketplace, ask: Ask
) -> None:
    """The refund does not wait for a sweeper: at the deadline the whole wallet pays for another request."""
    ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z", price="100.0")

    early = market.request(
        student="ann",
        tutor="tim",
        start=instant("2026-06-21T10:00:00Z"),
        duration=timedelta(minutes=60),
        price="100.0",
        key="too early",
        now=instant("2026-06-10T09:59:59.999999Z"),
    )
    second = ask("2026-06-21T10:00:00Z", now="2026-06-10T10:00:00Z", price="100.0", tutor="tim", key="in time")

    assert early.refusal is not None
    assert early.refusal.code == "insufficient_funds"
    assert second.held == 1000


def test_itk_5_a_declined_request_is_refunded_and_blames_nobody(
    market: Marketplace, ask: Ask, books: Books, told: Told, blamed: Blamed
) -> None:
    """To decline is an answer."""
    lesson = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")

    declined = market.decline(lesson.id, by="tom", key="no", now=instant("2026-06-09T10:00:00Z")).or_raise().lesson

    assert declined is not None
    assert (declined.state, declined.legs) == ("declined", (("payer", 250),))
    assert books(market) == _BOUGHT
    assert told(market, lesson.id) == [("request", {"tom"}), ("decline", {"ann"})]
    assert blamed(market, lesson.id) == []


def test_itk_5_a_request_can_be_taken_back_while_it_is_unanswered(
    market: Marketplace, ask: Ask, books: Books, edge: Edge, blamed: Blamed
) -> None:
    """Until the deadline the student may withdraw and blames nobody by it; from then on the request has expired."""
    after, in_time = edge
    lesson = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")

    outcome = market.withdraw(lesson.id, by="ann", key="back", now=instant("2026-06-10T10:00:00Z") + after)

    assert outcome.ok is in_time
    assert outcome.lesson is not None
    assert outcome.lesson.state == ("withdrawn" if in_time else "expired")
    assert blamed(market, lesson.id) == ([] if in_time else [("tutor", "missed_request")])
    assert books(market) == _BOUGHT


def test_itk_5_only_the_tutor_who_was_asked_answers(market: Marketplace, ask: Ask) -> None:
    """Neither the student, nor another tutor, nor an operator can answer in the tutor's place."""
    lesson = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")
    now = instant("2026-06-09T10:00:00Z")

    answers = [
        market.accept(lesson.id, by=by, proposal=1, key=f"{by} accepts", now=now) for by in ("ann", "tim", "olga")
    ]

    assert [answer.refusal.code for answer in answers if answer.refusal] == ["not_yours"] * 3
    assert market.lesson(lesson.id, now=now).state == "requested"
    assert [each.id for each in market.open_requests("tom", now=now)] == [lesson.id]


def test_itk_5_a_request_for_a_lesson_that_has_started_is_refused(market: Marketplace, books: Books) -> None:
    """There must be time to answer: a lesson is asked for before its start, by a microsecond at least."""
    start = instant("2026-06-10T10:00:00Z")

    outcomes = [
        market.request(
            student="ann",
            tutor="tom",
            start=start,
            duration=timedelta(hours=1),
            price="25.0",
            key=f"ask {early} early",
            now=start - timedelta(microseconds=early),
        )
        for early in (-1, 0, 1)
    ]

    assert [outcome.refusal.code if outcome.refusal else "done" for outcome in outcomes] == [
        "bad_terms",
        "bad_terms",
        "done",
    ]
    assert books(market)[_WALLET] == "75.0"


# ITK-6: the tutor may propose something else instead, and then it is the student's turn.


def test_itk_6_a_counter_offer_may_change_price_time_and_details_and_hands_the_turn_to_the_student(
    market: Marketplace, ask: Ask, told: Told
) -> None:
    """What the tutor leaves out stays as it was asked for; the money held stays as it is until there is an answer."""
    asked = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")

    countered = market.propose(
        asked.id,
        by="tom",
        start=instant("2026-06-21T15:00:00Z"),
        duration=timedelta(minutes=90),
        price="30.0",
        kind="exam training",
        details={"course": "B2"},
        key="counter",
        now=instant("2026-06-09T10:00:00Z"),
    ).lesson

    assert countered is not None
    assert (countered.state, countered.waits_for, countered.held) == ("proposed", "student", 250)
    terms = countered.terms
    assert (terms.number, terms.price, terms.kind, terms.details) == (2, 300, "exam training", (("course", "B2"),))
    assert (terms.start, terms.end) == (instant("2026-06-21T15:00:00Z"), instant("2026-06-21T16:30:00Z"))
    assert told(market, asked.id)[-1] == ("propose", {"ann"})
    assert [each.id for each in market.open_requests("ann", now=countered.at)] == [asked.id]
    assert market.open_requests("tom", now=countered.at) == ()


def test_itk_6_the_student_accepts_exactly_the_proposal_on_the_table(market: Marketplace, ask: Ask) -> None:
    """An answer names a proposal by number, so nobody accepts what has been replaced or was never said."""
    lesson = _counter(market, ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z"), "2026-06-09T10:00:00Z")
    now = instant("2026-06-09T11:00:00Z")

    stale = market.accept(lesson.id, by="ann", proposal=1, key="stale", now=now)
    unknown = market.accept(lesson.id, by="ann", proposal=3, key="unknown", now=now)
    right = market.accept(lesson.id, by="ann", proposal=2, key="right", now=now)

    assert stale.refusal is not None
    assert (stale.refusal.code, stale.refusal.facts) == ("stale_offer", {"proposal": "1", "current": "2"})
    assert unknown.refusal is not None
    assert unknown.refusal.code == "stale_offer"
    assert right.lesson is not None
    assert (right.lesson.state, right.lesson.terms) == ("agreed", lesson.terms)


@pytest.mark.parametrize("verb", ["decline", "withdraw"])
def test_itk_6_a_counter_offer_that_is_declined_ends_the_request_with_a_full_refund(
    market: Marketplace, ask: Ask, books: Books, told: Told, blamed: Blamed, verb: str
) -> None:
    """The student may say no to it or leave altogether; neither is anybody's fault."""
    lesson = _counter(market, ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z"), "2026-06-09T10:00:00Z")

    ended = market.act(verb, lesson.id, by="ann", key="no", now=instant("2026-06-09T11:00:00Z")).or_raise().lesson

    assert ended is not None
    assert (ended.state, ended.over) == ({"decline": "declined", "withdraw": "withdrawn"}[verb], True)
    assert books(market) == _BOUGHT
    assert told(market, lesson.id)[-1] == (verb, {"tom"})
    assert blamed(market, lesson.id) == []


def test_itk_6_after_a_counter_offer_the_tutor_waits_and_the_student_cannot_counter_again(
    market: Marketplace, ask: Ask
) -> None:
    """The tutor can neither accept nor withdraw nor better what is proposed, and the student answers yes or no."""
    lesson = _counter(market, ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z"), "2026-06-09T10:00:00Z")
    now = instant("2026-06-09T11:00:00Z")

    refused = [
        market.accept(lesson.id, by="tom", proposal=2, key="accepts", now=now),
        market.withdraw(lesson.id, by="tom", key="withdraws", now=now),
        market.propose(lesson.id, by="tom", price="20.0", key="betters", now=now),
        market.propose(lesson.id, by="ann", price="20.0", key="counters", now=now),
    ]

    codes = [outcome.refusal.code for outcome in refused if outcome.refusal]
    assert codes == ["not_yours", "not_yours", "not_open", "not_open"]
    assert market.allowed(lesson.id, by="tom", now=now) == ()
    assert [option.verb for option in market.allowed(lesson.id, by="ann", now=now)] == ["accept", "decline", "withdraw"]


@pytest.mark.parametrize(("countered", "due"), _ASKED_AND_DUE)
def test_itk_6_the_student_has_48_hours_from_the_counter_offer(
    market: Marketplace, ask: Ask, edge: Edge, countered: str, due: str
) -> None:
    """The student's clock starts with the counter-offer, 47 hours after the request, and not with the request."""
    after, in_time = edge
    asked = instant(countered) - timedelta(hours=47)
    lesson = ask(str(instant(due) + timedelta(days=5)), now=str(asked))
    lesson = _counter(market, lesson, countered)

    deadline = market.deadline(lesson.id, now=lesson.at)
    outcome = _answer(market, lesson, "accept", after, due)

    assert deadline is not None
    assert (deadline.at, deadline.why.text) == (instant(due), "asked + 48h")
    assert outcome.ok is in_time
    assert outcome.lesson is not None
    assert outcome.lesson.state == ("agreed" if in_time else "expired")
    assert market.wallet("ann", "ITC", now=instant(due)).text == ("76.0" if in_time else "100.0")


@pytest.mark.parametrize(
    ("asked", "countered", "start"),
    [
        # Countered 20:00 +01:00 on the eve of Berlin's spring change, for 09:00 +02:00: twelve hours later.
        pytest.param("2026-03-27T19:00:00Z", "2026-03-28T19:00:00Z", "2026-03-29T07:00:00Z", id="spring in Berlin"),
        # Countered 20:00 +02:00 on the eve of Berlin's autumn change, for 09:00 +01:00: fourteen hours later.
        pytest.param("2026-10-23T18:00:00Z", "2026-10-24T18:00:00Z", "2026-10-25T08:00:00Z", id="autumn in Berlin"),
    ],
)
def test_itk_6_the_student_s_clock_ends_at_the_proposed_start_if_that_is_nearer(
    market: Marketplace, ask: Ask, edge: Edge, asked: str, countered: str, start: str
) -> None:
    """A counter-offer for tomorrow morning, where next week had been asked for, has to be answered by then."""
    after, in_time = edge
    lesson = ask(str(instant(start) + timedelta(days=7)), now=asked)
    lesson = _counter(market, lesson, countered, start=start)

    deadline = market.deadline(lesson.id, now=lesson.at)
    outcome = _answer(market, lesson, "accept", after, start)

    assert deadline is not None
    assert (deadline.at, deadline.why.text) == (instant(start), "lesson.start")
    assert outcome.ok is in_time
    assert outcome.lesson is not None
    assert outcome.lesson.state == ("agreed" if in_time else "expired")


def test_itk_6_a_later_proposed_start_gives_the_student_more_time_than_the_one_asked_for(
    market: Marketplace, ask: Ask
) -> None:
    """Before there is an agreement the lesson's start is the one on the table; the one asked for is gone."""
    lesson = ask("2026-06-09T10:00:00Z", now="2026-06-08T10:00:00Z")

    lesson = _counter(market, lesson, "2026-06-09T09:00:00Z", start="2026-06-20T10:00:00Z")

    deadline = market.deadline(lesson.id, now=lesson.at)
    assert deadline is not None
    assert deadline.at == instant("2026-06-11T09:00:00Z")


def test_itk_6_a_counter_offer_of_the_same_terms_or_for_the_past_is_none(market: Marketplace, ask: Ask) -> None:
    """It has to change something, and to leave time for an answer."""
    lesson = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")
    now = instant("2026-06-09T10:00:00Z")

    same = market.propose(lesson.id, by="tom", price="25.0", key="same", now=now)
    past = market.propose(lesson.id, by="tom", start=now, key="past", now=now)

    assert [each.refusal.code for each in (same, past) if each.refusal] == ["bad_terms", "bad_terms"]
    assert market.lesson(lesson.id, now=now).state == "requested"


def test_itk_6_a_counter_offer_takes_the_slot_that_it_names_and_gives_up_the_other(
    market: Marketplace, ask: Ask
) -> None:
    """A proposal takes the place of the one before it, in the tutor's calendar too."""
    market.top_up("sue", market.money("100.0", "ITC"), key="sue buys", now=instant("2026-06-01T00:00:00Z"))
    lesson = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")
    _counter(market, lesson, "2026-06-08T11:00:00Z", start="2026-06-21T10:00:00Z")

    freed = ask("2026-06-20T10:00:00Z", now="2026-06-08T12:00:00Z", student="sue", key="freed")
    taken = market.request(
        student="sue",
        tutor="tom",
        start=instant("2026-06-21T10:30:00Z"),
        duration=timedelta(minutes=60),
        price="25.0",
        key="taken",
        now=instant("2026-06-08T12:00:00Z"),
    )

    assert freed.state == "requested"
    assert taken.refusal is not None
    assert taken.refusal.code == "slot_taken"


def test_itk_6_a_preview_of_accepting_shows_what_it_would_cost_and_changes_nothing(
    market: Marketplace, ask: Ask
) -> None:
    """The student sees that 1 ITC of the 25 held would come back, and that the tutor would be told."""
    lesson = _counter(market, ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z"), "2026-06-09T10:00:00Z")
    now = instant("2026-06-09T11:00:00Z")

    seen = market.preview("accept", lesson.id, by="ann", proposal=2, now=now)

    assert isinstance(seen, Preview)
    assert (seen.lesson.state, seen.legs, seen.told) == ("agreed", (("payer", 10),), ("tom",))
    assert market.lesson(lesson.id, now=now) == lesson


# ITK-8: a message is not a move.


def test_itk_8_no_verb_of_the_policy_is_a_message() -> None:
    """These are all the moves that there are: each says something binding, or records a fact of an agreed lesson."""
    process = load_preset("italki")
    answering = ("requested", "proposed", "change_by_student", "change_by_tutor")

    assert set(process.verbs) == {
        *("request", "accept", "decline", "propose", "withdraw", "reschedule", "cancel", "confirm"),
        *("join", "leave", "meeting_ready", "meeting_failed", "review"),
        *("report", "propose_remedy", "escalate", "evidence", "resolve", "refund"),
    }
    assert {move.verb for state in answering for move in process.state(state).moves} == {
        *("accept", "decline", "propose", "withdraw"),
    }


def test_itk_8_a_message_is_not_a_response_and_does_not_stop_the_clock(
    market: Marketplace, ask: Ask, blamed: Blamed
) -> None:
    """A tutor who only writes "let us talk" has not answered: there is no such move, and the request expires."""
    lesson = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")

    with pytest.raises(UnknownName, match="verb 'message'"):
        market.act("message", lesson.id, by="tom", note="let us talk", key="m", now=instant("2026-06-10T09:00:00Z"))

    assert market.audit(lesson.id)[-1].verb == "request"
    deadline = market.deadline(lesson.id, now=instant("2026-06-10T09:00:00Z"))
    assert deadline is not None
    assert deadline.at == instant("2026-06-10T10:00:00Z")
    assert market.lesson(lesson.id, now=instant("2026-06-10T10:00:00Z")).state == "expired"
    market.sweep(now=instant("2026-06-10T10:00:00Z"))
    assert blamed(market, lesson.id) == [("tutor", "missed_request")]


def test_itk_8_refused_commands_and_their_notes_do_not_stop_the_clock(
    market: Marketplace, ask: Ask, told: Told, blamed: Blamed
) -> None:
    """Whatever is tried and refused, with however kind a note, leaves lesson, deadline and fault as they were."""
    lesson = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")
    now = instant("2026-06-10T09:59:00Z")

    refused = [
        market.accept(lesson.id, by="tom", proposal=7, key="a", note="yes, but let us talk first", now=now),
        market.propose(lesson.id, by="tom", price="25.0", key="b", note="I am thinking about it", now=now),
        market.cancel(lesson.id, by="tom", key="c", note="I am ill", now=now),
        market.confirm(lesson.id, by="ann", key="d", note="he has written to me", now=now),
    ]

    assert [each.refusal.code for each in refused if each.refusal] == [
        "stale_offer",
        "bad_terms",
        "not_open",
        "not_open",
    ]
    assert market.lesson(lesson.id, now=now) == lesson
    market.sweep(now=instant("2026-06-10T10:00:00Z"))
    assert market.history(lesson.id)[-1].version.at == instant("2026-06-10T10:00:00Z")
    assert told(market, lesson.id) == [("request", {"tom"}), ("expired", {"ann", "tom"})]
    assert blamed(market, lesson.id) == [("tutor", "missed_request")]


# ITK-9: who lets it lapse, and who is blamed.


def test_itk_9_a_student_who_lets_a_counter_offer_lapse_leaves_no_mark_on_the_tutor(
    market: Marketplace, ask: Ask, books: Books, told: Told, blamed: Blamed
) -> None:
    """The turn was the student's, so the fault is, and the tutor is marked with nothing; all money comes back."""
    lesson = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")
    _counter(market, lesson, "2026-06-09T10:00:00Z")

    market.sweep(now=instant("2026-06-11T10:00:00Z"))

    expired = market.history(lesson.id)[-1].version
    assert (expired.state, expired.at) == ("expired", instant("2026-06-11T10:00:00Z"))
    assert blamed(market, lesson.id) == [("student", None)]
    assert books(market) == _BOUGHT
    assert told(market, lesson.id) == [("request", {"tom"}), ("propose", {"ann"}), ("expired", {"ann", "tom"})]


def test_itk_9_mirrored_a_tutor_who_lets_the_request_lapse_is_marked_and_the_student_is_not(
    market: Marketplace, ask: Ask, books: Books, blamed: Blamed
) -> None:
    """The very same silence of two days, in the tutor's turn, is the tutor's fault and a missed request."""
    lesson = ask("2026-06-20T10:00:00Z", now="2026-06-09T10:00:00Z")

    market.sweep(now=instant("2026-06-11T10:00:00Z"))

    expired = market.history(lesson.id)[-1].version
    assert (expired.state, expired.at) == ("expired", instant("2026-06-11T10:00:00Z"))
    assert blamed(market, lesson.id) == [("tutor", "missed_request")]
    assert books(market) == _BOUGHT


def test_itk_9_a_tutor_s_late_counter_offer_does_not_move_the_blame(
    market: Marketplace, ask: Ask, edge: Edge, blamed: Blamed
) -> None:
    """A counter-offer at the last microsecond hands the turn over; at the deadline it is too late for that."""
    after, in_time = edge
    lesson = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")
    now = instant("2026-06-10T10:00:00Z") + after

    market.propose(lesson.id, by="tom", price="24.0", key="late", now=now)
    market.sweep(now=instant("2026-06-19T10:00:00Z"))

    assert blamed(market, lesson.id) == ([("student", None)] if in_time else [("tutor", "missed_request")])
    assert market.history(lesson.id)[-1].version.at == (
        now + timedelta(hours=48) if in_time else instant("2026-06-10T10:00:00Z")
    )


# ITK-23: the tutor learns of a request.


def test_itk_23_a_tutor_is_told_of_a_new_request_and_finds_it_on_the_platform_until_it_is_answered(
    market: Marketplace, ask: Ask, told: Told
) -> None:
    """With the request there is a message for the tutor to be sent, and the request is the first of those open."""
    lesson = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")
    now = instant("2026-06-08T10:00:00Z")
    found = [each.id for each in market.open_requests("tom", now=now)]
    rows = market.outbox(kinds=["told"], undone=True)

    market.decline(lesson.id, by="tom", key="no", now=now)

    assert told(market, lesson.id)[0] == ("request", {"tom"})
    assert [(row.message.lesson, row.message.audience, row.message.at) for row in rows] == [(lesson.id, ("tom",), now)]
    assert (found, market.open_requests("tom", now=now)) == ([lesson.id], ())
    assert market.open_requests("ann", now=now) == ()


def test_itk_23_a_request_that_is_refused_is_told_to_nobody(market: Marketplace) -> None:
    """Without the money there is no request, and nothing for the tutor to read."""
    refused = market.request(
        student="sue",
        tutor="tom",
        start=instant("2026-06-20T10:00:00Z"),
        duration=timedelta(hours=1),
        price="25.0",
        key="ask",
        now=instant("2026-06-08T10:00:00Z"),
    )

    assert refused.refusal is not None
    assert refused.refusal.code == "insufficient_funds"
    assert market.outbox() == ()
    assert market.open_requests("tom", now=instant("2026-06-08T10:00:00Z")) == ()
