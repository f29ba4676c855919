"""ITK-7: what is agreed stands, unless both agree otherwise or the platform helps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import Lesson, Marketplace, Offer, Outcome, instant

Agree = Callable[..., Lesson]
Books = Callable[..., dict[str, str]]
Told = Callable[[Marketplace, str], list[tuple[str, set[str]]]]
Blamed = Callable[[Marketplace, str], list[tuple[str | None, str | None]]]
Edge = tuple[timedelta, bool]

_START = "2026-06-20T10:00:00Z"
_AGREED = "2026-06-08T10:00:00Z"
_OTHER = {"ann": "tom", "tom": "ann"}


def _proposed(market: Marketplace, lesson: Lesson, by: str, start: str, now: str) -> Lesson:
    """Let a side propose another start; return the lesson with the change open beside it."""
    found = market.propose(lesson.id, by=by, start=instant(start), key="change", now=instant(now)).or_raise().lesson
    assert found is not None
    return found


def _standing(lesson: Lesson) -> tuple[object, ...]:
    """Everything about an agreed lesson that only an agreement may alter."""
    return (lesson.state, lesson.terms, lesson.held, lesson.due, lesson.why, lesson.waits_for)


def _offered_to(market: Marketplace, lesson: Lesson, by: str, now: str) -> list[str]:
    return [option.verb for option in market.allowed(lesson.id, by=by, now=instant(now))]


# Alone.


@pytest.mark.parametrize("by", ["ann", "tom"])
def test_itk_7_alone_a_side_can_propose_a_change_and_cancel_in_time_and_nothing_else(
    market: Marketplace, agree: Agree, by: str
) -> None:
    """These are the buttons that either side sees; from 24 hours before only the first is left, until both go in."""
    lesson = agree(_START, now=_AGREED)

    assert _offered_to(market, lesson, by, "2026-06-10T10:00:00Z") == ["propose", "cancel"]
    assert _offered_to(market, lesson, by, "2026-06-19T09:59:59.999999Z") == ["propose", "cancel"]
    assert _offered_to(market, lesson, by, "2026-06-19T10:00:00Z") == ["propose"]
    assert _offered_to(market, lesson, by, _START) == ["report", "join", "leave"]


@pytest.mark.parametrize("by", ["ann", "tom"])
def test_itk_7_a_proposed_change_leaves_everything_as_agreed_until_it_is_accepted(
    market: Marketplace, agree: Agree, told: Told, by: str
) -> None:
    """The change lives beside the lesson: whose turn it is changes, and nothing that was agreed does."""
    lesson = agree(_START, now=_AGREED)

    changing = _proposed(market, lesson, by, "2026-06-21T10:00:00Z", "2026-06-10T10:00:00Z")

    assert (changing.state, changing.terms, changing.held) == ("agreed", lesson.terms, 250)
    assert (changing.due, changing.why) == (lesson.due, lesson.why)
    assert changing.change is not None
    assert (changing.change.terms.number, changing.change.terms.start) == (2, instant("2026-06-21T10:00:00Z"))
    assert changing.waits_for == {"ann": "tutor", "tom": "student"}[by]
    assert [each.id for each in market.open_requests(_OTHER[by], now=changing.at)] == [lesson.id]
    assert told(market, lesson.id)[-1] == ("propose", {_OTHER[by]})


@pytest.mark.parametrize("by", ["ann", "tom"])
def test_itk_7_neither_side_can_agree_with_itself(market: Marketplace, agree: Agree, by: str) -> None:
    """Who proposed a change can only take it back; who is asked can only answer; and there is one change at a time."""
    lesson = agree(_START, now=_AGREED)
    changing = _proposed(market, lesson, by, "2026-06-21T10:00:00Z", "2026-06-10T10:00:00Z")
    now = instant("2026-06-10T11:00:00Z")
    later = instant("2026-06-22T10:00:00Z")

    refused = [
        market.accept(lesson.id, by=by, proposal=2, key="own", now=now),
        market.decline(lesson.id, by=by, key="own no", now=now),
        market.withdraw(lesson.id, by=_OTHER[by], key="not mine", now=now),
        market.propose(lesson.id, by=by, start=later, key="second", now=now),
        market.propose(lesson.id, by=_OTHER[by], start=later, key="third", now=now),
    ]

    codes = [outcome.refusal.code for outcome in refused if outcome.refusal]
    assert codes == ["not_yours", "not_yours", "not_yours", "not_open", "not_open"]
    assert market.lesson(lesson.id, now=now) == changing


@pytest.mark.parametrize("by", ["ann", "tom"])
def test_itk_7_while_a_change_is_open_each_side_sees_its_own_answers_and_the_way_out(
    market: Marketplace, agree: Agree, by: str
) -> None:
    """Who proposed may take it back, who is asked may answer; both may still cancel, and neither propose another."""
    lesson = agree(_START, now=_AGREED)
    _proposed(market, lesson, by, "2026-06-21T10:00:00Z", "2026-06-10T10:00:00Z")

    assert _offered_to(market, lesson, by, "2026-06-10T11:00:00Z") == ["withdraw", "cancel"]
    assert _offered_to(market, lesson, _OTHER[by], "2026-06-10T11:00:00Z") == ["accept", "decline", "cancel"]
    assert _offered_to(market, lesson, "olga", "2026-06-10T11:00:00Z") == ["reschedule", "cancel"]
    assert _offered_to(market, lesson, "sue", "2026-06-10T11:00:00Z") == []


@pytest.mark.parametrize("by", ["ann", "tom", "sue", "tim"])
def test_itk_7_nobody_but_an_operator_can_impose_another_time(market: Marketplace, agree: Agree, by: str) -> None:
    """Rescheduling without consent is the platform's, and a grant of the marketplace, not a matter of being nice."""
    lesson = agree(_START, now=_AGREED)

    refused = market.reschedule(
        lesson.id,
        by=by,
        start=instant("2026-06-21T10:00:00Z"),
        reason="please",
        key="force",
        now=instant("2026-06-10T10:00:00Z"),
    )

    assert refused.refusal is not None
    assert refused.refusal.code == "not_yours"
    assert refused.lesson == (lesson if by in lesson.brief.parties else None), "a stranger learns only the refusal"
    assert market.lesson(lesson.id, now=instant("2026-06-10T10:00:00Z")) == lesson


@pytest.mark.parametrize("by", ["ann", "tom"])
@pytest.mark.parametrize(
    "offer", [Offer(price=200), Offer(kind="trial"), Offer(details={"course": "B2"})], ids=["price", "kind", "details"]
)
def test_itk_7_price_and_content_cannot_even_be_proposed_anew(
    market: Marketplace, agree: Agree, by: str, offer: Offer
) -> None:
    """A change of an agreed lesson is about its time: it is rescheduled, not renegotiated."""
    lesson = agree(_START, now=_AGREED)

    refused = market.act("propose", lesson.id, by=by, offer=offer, key="haggle", now=instant("2026-06-10T10:00:00Z"))

    assert refused.refusal is not None
    assert refused.refusal.code == "bad_terms"
    assert refused.lesson == lesson


def test_itk_7_what_is_agreed_can_be_neither_accepted_again_nor_declined_nor_withdrawn(
    market: Marketplace, agree: Agree
) -> None:
    """The answers of the negotiation are closed once it is over."""
    lesson = agree(_START, now=_AGREED)
    now = instant("2026-06-08T10:00:02Z")

    refused = [
        market.accept(lesson.id, by="tom", proposal=1, key="again", now=now),
        market.decline(lesson.id, by="tom", key="no", now=now),
        market.withdraw(lesson.id, by="ann", key="back", now=now),
    ]

    assert [outcome.refusal.code for outcome in refused if outcome.refusal] == ["not_open"] * 3
    assert market.lesson(lesson.id, now=now) == lesson


# By agreement.


@pytest.mark.parametrize("by", ["ann", "tom"])
def test_itk_7_a_change_that_both_want_takes_the_place_of_what_was_agreed(
    market: Marketplace, agree: Agree, told: Told, books: Books, by: str
) -> None:
    """Accepted by number, the new time stands, the deadlines move with it, and no money moves."""
    lesson = agree(_START, now=_AGREED)
    _proposed(market, lesson, by, "2026-06-21T15:00:00Z", "2026-06-10T10:00:00Z")
    before = books(market)

    changed = market.accept(lesson.id, by=_OTHER[by], proposal=2, key="yes", now=instant("2026-06-10T11:00:00Z")).lesson

    assert changed is not None
    assert (changed.state, changed.change, changed.waits_for) == ("agreed", None, None)
    assert (changed.terms.start, changed.terms.end) == (
        instant("2026-06-21T15:00:00Z"),
        instant("2026-06-21T16:00:00Z"),
    )
    assert (changed.due, changed.held, changed.legs) == (instant("2026-06-21T15:00:00Z"), 250, ())
    assert books(market) == before
    assert told(market, lesson.id)[-1] == ("accept", {by})


def test_itk_7_an_agreed_change_frees_the_old_time_and_an_open_one_keeps_both(
    market: Marketplace, agree: Agree
) -> None:
    """While a change is open the old time and the new one are both taken; afterwards only the one that stands is."""
    market.top_up("sue", market.money("100.0", "ITC"), key="sue buys", now=instant(_AGREED))
    lesson = agree(_START, now=_AGREED)
    _proposed(market, lesson, "ann", "2026-06-21T15:00:00Z", "2026-06-10T10:00:00Z")

    def asks(start: str, key: str) -> str:
        answer = market.request(
            student="sue",
            tutor="tom",
            start=instant(start),
            duration=timedelta(minutes=60),
            price="25.0",
            key=key,
            now=instant("2026-06-10T11:00:00Z"),
        )
        return answer.refusal.code if answer.refusal else "done"

    open_answers = [asks(_START, "old while open"), asks("2026-06-21T15:00:00Z", "new while open")]
    market.accept(lesson.id, by="tom", proposal=2, key="yes", now=instant("2026-06-10T11:00:00Z"))
    agreed_answers = [asks("2026-06-21T15:00:00Z", "new once agreed"), asks(_START, "old once agreed")]

    assert open_answers == ["slot_taken", "slot_taken"]
    assert agreed_answers == ["slot_taken", "done"]


def test_itk_7_a_change_may_overlap_the_time_that_it_would_give_up(market: Marketplace, agree: Agree) -> None:
    """Half an hour later is a time of the same lesson, which is never in its own way."""
    lesson = agree(_START, now=_AGREED)
    _proposed(market, lesson, "tom", "2026-06-20T10:30:00Z", "2026-06-10T10:00:00Z")

    changed = market.accept(lesson.id, by="ann", proposal=2, key="yes", now=instant("2026-06-10T11:00:00Z")).lesson

    assert changed is not None
    assert changed.terms.start == instant("2026-06-20T10:30:00Z")


def test_itk_7_after_one_change_there_may_be_another_and_numbers_go_on(market: Marketplace, agree: Agree) -> None:
    """Proposals are numbered through the whole life of a lesson, declined ones included."""
    lesson = agree(_START, now=_AGREED)
    _proposed(market, lesson, "tom", "2026-06-21T10:00:00Z", "2026-06-10T10:00:00Z")
    market.decline(lesson.id, by="ann", key="no", now=instant("2026-06-10T11:00:00Z"))

    again = market.propose(
        lesson.id, by="ann", start=instant("2026-06-22T10:00:00Z"), key="again", now=instant("2026-06-10T12:00:00Z")
    ).lesson

    assert again is not None
    assert again.change is not None
    assert (again.change.terms.number, again.rounds) == (3, 3)


# What does not become agreed restores what stood.


@pytest.mark.parametrize("by", ["ann", "tom"])
@pytest.mark.parametrize("ending", ["declined", "withdrawn", "lapsed"])
def test_itk_7_a_change_that_is_not_agreed_leaves_no_trace_on_what_stood(
    market: Marketplace, agree: Agree, books: Books, told: Told, by: str, ending: str
) -> None:
    """Terms, money, deadline and turn are those of before; the proposed time is free again."""
    lesson = agree(_START, now=_AGREED)
    before = books(market)
    _proposed(market, lesson, by, "2026-06-21T10:00:00Z", "2026-06-10T10:00:00Z")
    at = instant("2026-06-12T10:00:00Z")

    match ending:
        case "declined":
            market.decline(lesson.id, by=_OTHER[by], key="end", now=at - timedelta(hours=1)).or_raise()
            last = ("decline", {by})
        case "withdrawn":
            market.withdraw(lesson.id, by=by, key="end", now=at - timedelta(hours=1)).or_raise()
            last = ("withdraw", {_OTHER[by]})
        case _:
            market.sweep(now=at)
            last = ("back", {"ann", "tom"})

    restored = market.history(lesson.id)[-1].version
    assert _standing(restored) == _standing(lesson)
    assert restored.change is None
    assert books(market) == before
    assert told(market, lesson.id)[-1] == last
    free = market.request(
        student="ann",
        tutor="tom",
        start=instant("2026-06-21T10:00:00Z"),
        duration=timedelta(minutes=60),
        price="25.0",
        key="the proposed time",
        now=at,
    )
    assert free.ok


@pytest.mark.parametrize(("by", "holder"), [("ann", "tutor"), ("tom", "student")])
def test_itk_7_a_lapsed_change_is_the_silent_side_s_fault_and_marks_nobody(
    market: Marketplace, agree: Agree, blamed: Blamed, by: str, holder: str
) -> None:
    """The turn decides the fault here too; no counter of missed requests is touched by it."""
    lesson = agree(_START, now=_AGREED)
    _proposed(market, lesson, by, "2026-06-21T10:00:00Z", "2026-06-10T10:00:00Z")

    market.sweep(now=instant("2026-06-12T10:00:00Z"))

    assert blamed(market, lesson.id) == [(holder, None)]


# The change's own clock: the earliest of 48 hours, the agreed start and the proposed one.


@pytest.mark.parametrize(
    ("proposed", "due", "start", "other", "branch"),
    [
        # Berlin springs forward on 29 March: proposed 20:00 +01:00 on the 27th, due 21:00 +02:00 on the 29th.
        pytest.param(
            "2026-03-27T19:00:00Z",
            "2026-03-29T19:00:00Z",
            "2026-04-02T08:00:00Z",
            "2026-04-03T08:00:00Z",
            "asked + 48h",
            id="48 hours, spring in Berlin",
        ),
        # New York falls back on 1 November: proposed 20:00 -04:00 on 30 October, due 19:00 -05:00 on the 1st.
        pytest.param(
            "2026-10-31T00:00:00Z",
            "2026-11-02T00:00:00Z",
            "2026-11-05T15:00:00Z",
            "2026-11-06T15:00:00Z",
            "asked + 48h",
            id="48 hours, autumn in New York",
        ),
        # To be brought forward to 09:00 +01:00 on the morning after Berlin's autumn change.
        pytest.param(
            "2026-10-24T18:00:00Z",
            "2026-10-25T08:00:00Z",
            "2026-10-28T09:00:00Z",
            "2026-10-25T08:00:00Z",
            "proposed.start",
            id="proposed start, autumn in Berlin",
        ),
        # To be brought forward to 09:00 -04:00 on the morning after New York's spring change.
        pytest.param(
            "2026-03-08T02:00:00Z",
            "2026-03-08T13:00:00Z",
            "2026-03-12T13:00:00Z",
            "2026-03-08T13:00:00Z",
            "proposed.start",
            id="proposed start, spring in New York",
        ),
    ],
)
@pytest.mark.parametrize("verb", ["accept", "decline", "withdraw"])
def test_itk_7_an_open_change_can_be_answered_until_its_own_deadline(
    market: Marketplace,
    agree: Agree,
    edge: Edge,
    verb: str,
    proposed: str,
    due: str,
    start: str,
    other: str,
    branch: str,
) -> None:
    """Accepting, declining and withdrawing count a microsecond before it; at it the change has lapsed."""
    after, in_time = edge
    lesson = agree(start, now=str(instant(proposed) - timedelta(days=1)))
    changing = _proposed(market, lesson, "tom", other, proposed)
    now = instant(due) + after

    deadline = market.deadline(lesson.id, now=changing.at)
    if verb == "accept":
        outcome = market.accept(lesson.id, by="ann", proposal=2, key="answer", now=now)
    else:
        outcome = market.act(verb, lesson.id, by="tom" if verb == "withdraw" else "ann", key="answer", now=now)

    assert deadline is not None
    assert (deadline.at, deadline.why.text) == (instant(due), branch)
    assert outcome.ok is in_time
    assert outcome.lesson is not None
    assert (outcome.lesson.state, outcome.lesson.change) == ("agreed", None)
    stands = other if in_time and verb == "accept" else start
    assert outcome.lesson.terms.start == instant(stands)
    if not in_time:
        assert outcome.refusal is not None
        assert outcome.refusal.code == "not_open"
        assert [version.at for version in outcome.versions] == [instant(due)]


@pytest.mark.parametrize(
    ("start", "proposed"),
    [
        # 10:00 +02:00 on the morning after Berlin's spring change; proposed 20:00 +01:00 on the evening before.
        pytest.param("2026-03-29T08:00:00Z", "2026-03-28T19:00:00Z", id="spring in Berlin"),
        # 09:00 -05:00 on the morning after New York's autumn change; proposed 20:00 -04:00 on the evening before.
        pytest.param("2026-11-01T14:00:00Z", "2026-11-01T00:00:00Z", id="autumn in New York"),
    ],
)
def test_itk_7_a_change_still_open_at_the_start_lapses_with_it_and_blames_nobody(
    market: Marketplace, agree: Agree, edge: Edge, blamed: Blamed, start: str, proposed: str
) -> None:
    """The lesson starts as agreed; until then the later time may be accepted, and at the start it is too late."""
    after, in_time = edge
    lesson = agree(start, now=str(instant(proposed) - timedelta(days=1)))
    other = instant(start) + timedelta(days=3)
    changing = _proposed(market, lesson, "tom", str(other), proposed)

    deadline = market.deadline(lesson.id, now=changing.at)
    outcome = market.accept(lesson.id, by="ann", proposal=2, key="answer", now=instant(start) + after)

    assert deadline is not None
    assert (deadline.at, deadline.why.state) == (instant(start), "agreed")
    assert outcome.ok is in_time
    assert outcome.lesson is not None
    assert outcome.lesson.change is None
    if in_time:
        assert (outcome.lesson.state, outcome.lesson.terms.start) == ("agreed", other)
    else:
        assert (outcome.lesson.state, outcome.lesson.at) == ("in_progress", instant(start))
        assert outcome.lesson.terms == lesson.terms
        assert blamed(market, lesson.id) == []


# With the platform's help.


def test_itk_7_an_operator_reschedules_with_a_reason_and_both_are_told(
    market: Marketplace, agree: Agree, told: Told, books: Books
) -> None:
    """It takes the place of what was agreed at once, without anybody's consent and without moving money."""
    lesson = agree(_START, now=_AGREED)
    before = books(market)

    def reschedule(reason: str) -> Outcome:
        return market.reschedule(
            lesson.id,
            by="olga",
            start=instant("2026-06-25T10:00:00Z"),
            reason=reason,
            key=f"because: {reason}",
            now=instant("2026-06-20T09:59:59.999999Z"),
        )

    without = reschedule("")
    moved = reschedule("the tutor is in hospital")

    assert without.refusal is not None
    assert (without.refusal.code, without.refusal.facts["needs"]) == ("missing", "a reason")
    assert moved.lesson is not None
    assert moved.lesson.command is not None
    assert (moved.lesson.state, moved.lesson.due) == ("agreed", instant("2026-06-25T10:00:00Z"))
    assert moved.lesson.command.reason == "the tutor is in hospital"
    assert told(market, lesson.id)[-1] == ("reschedule", {"ann", "tom"})
    assert books(market) == before


def test_itk_7_an_operator_cannot_reschedule_a_lesson_that_has_started_or_to_a_time_that_has_passed(
    market: Marketplace, agree: Agree
) -> None:
    """The platform's help is a move like any other, with its own window and its own limits."""
    lesson = agree(_START, now=_AGREED)

    past = market.reschedule(
        lesson.id,
        by="olga",
        start=instant("2026-06-19T10:00:00Z"),
        reason="ill",
        key="past",
        now=instant("2026-06-19T10:00:00Z"),
    )
    late = market.reschedule(
        lesson.id, by="olga", start=instant("2026-06-25T10:00:00Z"), reason="ill", key="late", now=instant(_START)
    )

    assert [each.refusal.code for each in (past, late) if each.refusal] == ["bad_terms", "not_open"]


def test_itk_7_an_operator_s_reschedule_closes_an_open_change_and_takes_nothing_from_it(
    market: Marketplace, agree: Agree, blamed: Blamed
) -> None:
    """What the operator leaves out stays as it was agreed, not as somebody had proposed it meanwhile."""
    lesson = agree(_START, now=_AGREED)
    market.propose(
        lesson.id,
        by="ann",
        start=instant("2026-06-21T10:00:00Z"),
        duration=timedelta(minutes=120),
        key="change",
        now=instant("2026-06-10T10:00:00Z"),
    )

    moved = market.reschedule(
        lesson.id,
        by="olga",
        start=instant("2026-06-25T10:00:00Z"),
        reason="the tutor is in hospital",
        key="help",
        now=instant("2026-06-10T11:00:00Z"),
    ).lesson

    assert moved is not None
    assert (moved.state, moved.change, moved.held) == ("agreed", None, 250)
    assert moved.terms.duration == timedelta(minutes=60)
    market.sweep(now=instant("2026-06-13T10:00:00Z"))
    assert blamed(market, lesson.id) == []


def test_itk_7_an_operator_may_impose_the_very_time_that_is_proposed(market: Marketplace, agree: Agree) -> None:
    """Where one side does not answer, the platform can decide as the other had asked for."""
    lesson = agree(_START, now=_AGREED)
    _proposed(market, lesson, "ann", "2026-06-21T10:00:00Z", "2026-06-10T10:00:00Z")

    moved = market.reschedule(
        lesson.id,
        by="olga",
        start=instant("2026-06-21T10:00:00Z"),
        reason="the tutor has agreed on the telephone",
        key="help",
        now=instant("2026-06-10T11:00:00Z"),
    ).lesson

    assert moved is not None
    assert (moved.change, moved.terms.start) == (None, instant("2026-06-21T10:00:00Z"))


def test_itk_7_an_operator_cannot_reschedule_onto_time_that_is_taken(market: Marketplace, agree: Agree) -> None:
    """Not even the platform puts a tutor in two places; the lesson, and a change that is open, stay as they were."""
    lesson = agree(_START, now=_AGREED)
    agree("2026-06-25T10:00:00Z", now=_AGREED, key="other")
    changing = _proposed(market, lesson, "ann", "2026-06-21T10:00:00Z", "2026-06-10T10:00:00Z")

    refused = market.reschedule(
        lesson.id,
        by="olga",
        start=instant("2026-06-25T10:30:00Z"),
        reason="the tutor is in hospital",
        key="help",
        now=instant("2026-06-10T11:00:00Z"),
    )

    assert refused.refusal is not None
    assert refused.refusal.code == "slot_taken"
    assert market.lesson(lesson.id, now=instant("2026-06-10T11:00:00Z")) == changing


def test_itk_7_an_operator_may_cancel_with_a_reason_in_the_last_24_hours(
    market: Marketplace, agree: Agree, told: Told
) -> None:
    """In special circumstances the platform calls a lesson off, up to its start, and everything is given back."""
    lesson = agree(_START, now=_AGREED)
    now = instant("2026-06-20T09:59:59.999999Z")

    without = market.cancel(lesson.id, by="olga", key="no reason", now=now)
    cancelled = market.cancel(lesson.id, by="olga", reason="an earthquake", key="reason", now=now).lesson

    assert without.refusal is not None
    assert without.refusal.code == "missing"
    assert cancelled is not None
    assert (cancelled.state, cancelled.legs) == ("cancelled", (("payer", 250),))
    assert told(market, lesson.id)[-1] == ("cancel", {"ann", "tom"})
