"""The lesson itself, its confirmation and the pay: ITK-10's first half, ITK-11, and ITK-20's three days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import Lesson, Marketplace, Outcome, Settlement, instant, load_policy

Agree = Callable[..., Lesson]
Books = Callable[..., dict[str, str]]
Told = Callable[[Marketplace, str], list[tuple[str, set[str]]]]
Blamed = Callable[[Marketplace, str], list[tuple[str | None, str | None]]]
Edge = tuple[timedelta, bool]

# An hour is an hour, also in the nights in which an hour is missing or comes twice.
_START_AND_END = [
    # From 01:30 +01:00 to 03:30 +02:00 in Berlin.
    pytest.param("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", id="spring in Berlin"),
    # From 01:30 -05:00 to 03:30 -04:00 in New York.
    pytest.param("2026-03-08T06:30:00Z", "2026-03-08T07:30:00Z", id="spring in New York"),
    # From 02:30 +02:00 to 02:30 +01:00 in Berlin: the same time on the wall.
    pytest.param("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", id="autumn in Berlin"),
    # From 01:30 -04:00 to 01:30 -05:00 in New York.
    pytest.param("2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", id="autumn in New York"),
]

# Three days by the tutor's calendar: the same time on the wall in Berlin, three dates later.
_END_AND_DUE = [
    # Friday 10:00 +01:00, Monday 10:00 +02:00: 71 hours.
    pytest.param("2026-03-27T09:00:00Z", "2026-03-30T08:00:00Z", id="spring in Berlin, 71 hours"),
    # Friday 10:00 +02:00, Monday 10:00 +01:00: 73 hours.
    pytest.param("2026-10-23T08:00:00Z", "2026-10-26T09:00:00Z", id="autumn in Berlin, 73 hours"),
    # Friday 10:00 +01:00, Monday 10:00 +01:00, whatever New York does on Sunday.
    pytest.param("2026-03-06T09:00:00Z", "2026-03-09T09:00:00Z", id="spring in New York, 72 hours"),
    pytest.param("2026-10-30T09:00:00Z", "2026-11-02T09:00:00Z", id="autumn in New York, 72 hours"),
    # Thursday 02:30 +01:00. On Sunday there is no 02:30, so the hour that is missing is added: 03:30 +02:00.
    pytest.param("2026-03-26T01:30:00Z", "2026-03-29T01:30:00Z", id="into the missing hour"),
    # Thursday 02:30 +02:00. On Sunday there are two 02:30, and the first one counts: +02:00.
    pytest.param("2026-10-22T00:30:00Z", "2026-10-25T00:30:00Z", id="into the hour that comes twice"),
]


def _ending(agree: Agree, end: str) -> Lesson:
    """An agreed lesson of an hour that ends then, asked for five days before."""
    start = instant(end) - timedelta(hours=1)
    return agree(str(start), now=str(start - timedelta(days=5)))


def _confirm(market: Marketplace, lesson: Lesson, now: str, by: str = "ann") -> Outcome:
    return market.confirm(lesson.id, by=by, key=f"{by} confirms at {now}", now=instant(now))


# The lesson starts and ends by itself.


@pytest.mark.parametrize(("start", "end"), _START_AND_END)
def test_itk_20_a_lesson_is_in_progress_from_its_start_and_delivered_from_its_end(
    market: Marketplace, agree: Agree, edge: Edge, start: str, end: str, told: Told
) -> None:
    """At the start it has begun and at the end it is over; each is stamped with its own instant and told to both."""
    after, before = edge
    lesson = agree(start, now=str(instant(start) - timedelta(days=5)))

    around_start = market.lesson(lesson.id, now=instant(start) + after)
    around_end = market.lesson(lesson.id, now=instant(end) + after)
    market.sweep(now=instant(end) + after)

    assert around_start.state == ("agreed" if before else "in_progress")
    assert around_end.state == ("in_progress" if before else "delivered")
    assert around_start.at == (lesson.at if before else instant(start))
    assert around_end.at == instant(start if before else end)
    assert market.history(lesson.id)[-1].version == around_end
    assert (
        told(market, lesson.id)[2:]
        == [
            ("in_progress", {"ann", "tom"}),
            ("delivered", {"ann", "tom"}),
        ][: 1 if before else 2]
    )


@pytest.mark.parametrize(("start", "end"), _START_AND_END)
def test_itk_10_the_student_may_confirm_from_the_end_of_the_lesson_on(
    market: Marketplace, agree: Agree, edge: Edge, start: str, end: str
) -> None:
    """A lesson that has not ended cannot have taken place: at its last microsecond there is nothing to confirm."""
    after, too_early = edge
    lesson = agree(start, now=str(instant(start) - timedelta(days=5)))

    outcome = market.confirm(lesson.id, by="ann", key="yes", now=instant(end) + after)

    assert outcome.ok is not too_early
    assert outcome.lesson is not None
    assert outcome.lesson.state == ("in_progress" if too_early else "completed")
    if too_early:
        assert outcome.refusal is not None
        assert outcome.refusal.code == "not_open"


@pytest.mark.parametrize("by", ["tom", "olga", "sue"])
def test_itk_10_nobody_confirms_in_the_student_s_place(market: Marketplace, agree: Agree, by: str) -> None:
    """Not the tutor who would be paid, nor anybody else."""
    lesson = _ending(agree, "2026-06-20T11:00:00Z")

    refused = _confirm(market, lesson, "2026-06-20T12:00:00Z", by=by)

    assert refused.refusal is not None
    assert refused.refusal.code == "not_yours"
    assert market.earnings("tom", "ITC", now=instant("2026-06-20T12:00:00Z")).available.text == "0.0"


# ITK-11: the tutor gets the price less 15 %.


def test_itk_11_on_confirmation_the_escrow_pays_the_tutor_the_price_less_15_percent(
    market: Marketplace, agree: Agree, books: Books, told: Told, blamed: Blamed
) -> None:
    """Of 25.0 ITC the platform keeps 3.8 (3.75, halves to the even side) and the tutor has 21.2, at once."""
    lesson = _ending(agree, "2026-06-20T11:00:00Z")

    completed = _confirm(market, lesson, "2026-06-20T11:30:00Z").or_raise().lesson

    assert completed is not None
    assert (completed.state, completed.over, completed.held) == ("completed", True, 0)
    assert completed.legs == (("tutor", 212), ("platform", 38))
    assert books(market) == {
        "Equity:Conversion": "-100.0",
        "Income:Fees:Commission": "3.8",
        "Liabilities:Students:Ann:Wallet": "75.0",
        "Liabilities:Tutors:Tom:Available": "21.2",
    }
    earned = market.earnings("tom", "ITC", now=completed.at)
    assert (earned.available.text, earned.pending.text) == ("21.2", "0.0")
    assert told(market, lesson.id)[-1] == ("confirm", {"tom"})
    assert blamed(market, lesson.id) == []


@pytest.mark.parametrize(
    ("price", "tutor", "platform"),
    [
        ("0.1", "0.1", "0.0"),  # 0.015
        ("0.3", "0.3", "0.0"),  # 0.045
        ("0.4", "0.3", "0.1"),  # 0.06
        ("1.0", "0.8", "0.2"),  # 0.15, to the even 0.2
        ("3.0", "2.6", "0.4"),  # 0.45, to the even 0.4
        ("9.9", "8.4", "1.5"),  # 1.485
        ("23.0", "19.6", "3.4"),  # 3.45, to the even 3.4
        ("25.0", "21.2", "3.8"),  # 3.75, to the even 3.8
        ("33.3", "28.3", "5.0"),  # 4.995
        ("100.0", "85.0", "15.0"),
    ],
)
def test_itk_11_no_tenth_is_lost_or_made_whatever_the_price(
    market: Marketplace, agree: Agree, books: Books, price: str, tutor: str, platform: str
) -> None:
    """The fee is rounded once, half to even, and the tutor gets the rest."""
    lesson = agree("2026-06-20T10:00:00Z", now="2026-06-15T10:00:00Z", price=price)

    _confirm(market, lesson, "2026-06-20T11:00:00Z").or_raise()

    held = books(market)
    assert held["Liabilities:Tutors:Tom:Available"] == tutor
    assert held.get("Income:Fees:Commission", "0.0") == platform


def test_itk_11_a_lesson_for_nothing_pays_nothing(market: Marketplace, agree: Agree, books: Books) -> None:
    """A gift goes the same way and leaves no entry in the books."""
    lesson = agree("2026-06-20T10:00:00Z", now="2026-06-15T10:00:00Z", price="0.0")

    completed = _confirm(market, lesson, "2026-06-20T11:00:00Z").or_raise().lesson

    assert completed is not None
    assert (completed.state, completed.legs) == ("completed", ())
    assert books(market) == {"Equity:Conversion": "-100.0", "Liabilities:Students:Ann:Wallet": "100.0"}


# ITK-20: three days after the end, silence confirms.


@pytest.mark.parametrize(("end", "due"), _END_AND_DUE)
def test_itk_20_silence_confirms_three_days_after_the_end_by_the_tutor_s_calendar(
    market: Marketplace, agree: Agree, edge: Edge, blamed: Blamed, end: str, due: str
) -> None:
    """Until then the student may confirm; from then on it has happened by itself, and pays the same."""
    after, in_time = edge
    lesson = _ending(agree, end)

    deadline = market.deadline(lesson.id, now=instant(end))
    outcome = market.confirm(lesson.id, by="ann", key="yes", now=instant(due) + after)

    assert lesson.brief.zone == "Europe/Berlin"
    assert deadline is not None
    assert (deadline.at, deadline.why.text) == (instant(due), "lesson.end + 3d")
    assert outcome.ok is in_time
    assert outcome.lesson is not None
    assert outcome.lesson.state == "completed"
    assert outcome.lesson.at == (instant(due) + after if in_time else instant(due))
    assert outcome.lesson.legs == (("tutor", 212), ("platform", 38))
    assert market.wallet("ann", "ITC", now=instant(due) + after).text == "75.0"
    assert market.earnings("tom", "ITC", now=instant(due) + after).available.text == "21.2"
    assert blamed(market, lesson.id) == []


def test_itk_20_one_late_sweep_carries_a_lesson_through_all_three_of_its_deadlines(
    market: Marketplace, agree: Agree, told: Told
) -> None:
    """Start, end and confirmation are each stamped with their own instant, though nobody looked for a month."""
    lesson = _ending(agree, "2026-03-27T09:00:00Z")

    swept = market.sweep(now=instant("2026-04-27T00:00:00Z"))

    assert (swept.timeouts, swept.lessons) == (3, 1)
    assert [(each.version.state, each.version.at) for each in market.history(lesson.id)[2:]] == [
        ("in_progress", instant("2026-03-27T08:00:00Z")),
        ("delivered", instant("2026-03-27T09:00:00Z")),
        ("completed", instant("2026-03-30T08:00:00Z")),
    ]
    assert told(market, lesson.id)[-1] == ("completed", {"ann", "tom"})


@pytest.mark.parametrize(
    ("zone", "frozen", "end", "due"),
    [
        # New York springs forward on the Sunday in between: 15:00 -05:00 on Friday, 15:00 -04:00 on Monday, 71 hours.
        pytest.param("student", "America/New_York", "2026-03-06T20:00:00Z", "2026-03-09T19:00:00Z", id="71 hours"),
        pytest.param("tutor", "Europe/Berlin", "2026-03-06T20:00:00Z", "2026-03-09T20:00:00Z", id="72 hours in Berlin"),
        pytest.param("platform", "Asia/Tokyo", "2026-03-06T20:00:00Z", "2026-03-09T20:00:00Z", id="72 hours in Tokyo"),
        # New York falls back on the Sunday in between: 15:00 -04:00 on Friday, 15:00 -05:00 on Monday, 73 hours.
        pytest.param("student", "America/New_York", "2026-10-30T19:00:00Z", "2026-11-02T20:00:00Z", id="73 hours"),
        # Tokyo never changes its clocks, whatever Berlin does.
        pytest.param("platform", "Asia/Tokyo", "2026-10-23T08:00:00Z", "2026-10-26T08:00:00Z", id="Tokyo in autumn"),
        # A zone may be named: Sydney's clocks go back on 5 April: 14:00 +11:00 on the 3rd, 14:00 +10:00 on the 6th.
        pytest.param(
            "Australia/Sydney", "Australia/Sydney", "2026-04-03T03:00:00Z", "2026-04-06T04:00:00Z", id="Sydney by name"
        ),
    ],
)
def test_itk_20_whose_three_days_they_are_is_the_policy_s_choice(
    open_market: Callable[..., Marketplace], edge: Edge, zone: str, frozen: str, end: str, due: str
) -> None:
    """The tutor's zone is our reading; the student's, the platform's or a named one are a line away."""
    after, in_time = edge
    market = open_market(load_policy(f'extends = "italki"\nid = "italki-days"\nzone = "{zone}"\n'))
    market.top_up("ann", market.money("100.0", "ITC"), key="buy", now=instant("2026-01-01T00:00:00Z"))
    start = instant(end) - timedelta(hours=1)
    lesson = market.request(
        student="ann",
        tutor="tom",
        start=start,
        duration=timedelta(hours=1),
        price="25.0",
        key="ask",
        now=start - timedelta(days=1),
    ).lesson
    assert lesson is not None
    market.accept(lesson.id, by="tom", proposal=1, key="accept", now=start - timedelta(hours=23))

    seen = market.lesson(lesson.id, now=instant(due) + after)

    assert lesson.brief.zone == frozen
    assert seen.state == ("delivered" if in_time else "completed")
    assert seen.due == (instant(due) if in_time else None)


def test_itk_20_a_tutor_who_moves_away_keeps_the_calendar_that_was_frozen_with_the_request(
    market: Marketplace, agree: Agree
) -> None:
    """The zone in which a lesson counts its days does not change any more, wherever its people go."""
    lesson = _ending(agree, "2026-03-27T09:00:00Z")
    market.add_party("tom", zone="Asia/Tokyo")

    deadline = market.deadline(lesson.id, now=instant("2026-03-27T09:00:00Z"))
    later = market.request(
        student="ann",
        tutor="tom",
        start=instant("2026-05-01T09:00:00Z"),
        duration=timedelta(hours=1),
        price="25.0",
        key="later",
        now=instant("2026-03-27T09:00:00Z"),
    ).lesson

    assert deadline is not None
    assert deadline.at == instant("2026-03-30T08:00:00Z")
    assert later is not None
    assert later.brief.zone == "Asia/Tokyo"


def test_itk_20_after_an_agreed_change_everything_counts_from_the_new_time(market: Marketplace, agree: Agree) -> None:
    """Start, end and the three days are those of the terms that stand: moved over Berlin's change, 71 hours."""
    lesson = agree("2026-03-23T08:00:00Z", now="2026-03-16T08:00:00Z")
    now = instant("2026-03-17T08:00:00Z")
    market.propose(lesson.id, by="tom", start=instant("2026-03-27T08:00:00Z"), key="change", now=now)
    market.accept(lesson.id, by="ann", proposal=2, key="yes", now=now)

    market.sweep(now=instant("2026-04-27T00:00:00Z"))

    assert [(each.version.state, each.version.at) for each in market.history(lesson.id)[-3:]] == [
        ("in_progress", instant("2026-03-27T08:00:00Z")),
        ("delivered", instant("2026-03-27T09:00:00Z")),
        ("completed", instant("2026-03-30T08:00:00Z")),
    ]


# What was paid is given back: ours.


def test_itk_11_an_operator_gives_half_of_it_back_and_the_fee_is_that_of_the_half_that_stays(
    market: Marketplace, agree: Agree, books: Books, blamed: Blamed, told: Told
) -> None:
    """Of 25.0, paid as 21.2 and 3.8, half stays: 12.5 less 1.9. So 10.6 come from the tutor and 1.9 from the fee."""
    lesson = _ending(agree, "2026-06-16T17:00:00Z")
    _confirm(market, lesson, "2026-06-16T17:00:00Z").or_raise()

    refunded = market.refund(
        lesson.id,
        by="olga",
        split=Settlement.of({"tutor": "50%", "student": "rest"}),
        reason="it was half as long",
        key="half",
        now=instant("2026-06-20T10:00:00Z"),
    ).or_raise()

    assert refunded.lesson is not None
    assert refunded.lesson.state == "completed"
    assert books(market) == {
        "Equity:Conversion": "-100.0",
        "Income:Fees:Commission": "1.9",
        "Liabilities:Students:Ann:Wallet": "87.5",
        "Liabilities:Tutors:Tom:Available": "10.6",
    }
    assert blamed(market, lesson.id) == []
    assert told(market, lesson.id)[-1] == ("refund", {"ann", "tom"})


def test_itk_11_what_the_tutor_has_spent_already_is_owed_and_comes_out_of_the_next_lesson(
    market: Marketplace, agree: Agree, books: Books
) -> None:
    """All 25.0 go back: tom, who has 1.2 left of 21.2, owes 20.0, and of his next 21.2 keeps 1.2."""
    lesson = _ending(agree, "2026-06-16T17:00:00Z")
    _confirm(market, lesson, "2026-06-16T17:00:00Z").or_raise()
    now = instant("2026-06-20T10:00:00Z")
    market.payouts.spend("tom", market.money("20.0", "ITC"), key="spend", now=now).or_raise()
    market.refund(
        lesson.id, by="olga", split=Settlement.of({"student": "100%"}), reason="no lesson", key="all", now=now
    ).or_raise()
    owed, after = market.payouts.debt("tom", "ITC", now=now).text, books(market)
    following = agree("2026-07-01T10:00:00Z", now="2026-06-25T10:00:00Z", key="next")

    _confirm(market, following, "2026-07-01T11:00:00Z").or_raise()

    assert owed == "20.0"
    assert after == {
        "Equity:Conversion": "-100.0",
        "Assets:Receivable:Tutors:Tom": "20.0",
        "Liabilities:Students:Ann:Wallet": "100.0",
        "Liabilities:Students:Tom:Wallet": "20.0",
    }
    assert books(market) == {
        "Equity:Conversion": "-100.0",
        "Income:Fees:Commission": "3.8",
        "Liabilities:Students:Ann:Wallet": "75.0",
        "Liabilities:Students:Tom:Wallet": "20.0",
        "Liabilities:Tutors:Tom:Available": "1.2",
    }
