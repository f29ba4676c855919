"""ITK-21: after a problem the two agree to have the lesson at another time, and what silence then does.

The lesson is from 16:00 to 17:00 UTC on Tuesday, 16 June 2026; it did not take place, and on Wednesday at 12:00 both
want another time. Tom lives in Berlin, whose clocks stand still in these weeks, so seven days are 168 hours.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import Lesson, Marketplace, Outcome, instant

Agree = Callable[..., Lesson]
Books = Callable[..., dict[str, str]]
Told = Callable[[Marketplace, str], list[tuple[str, set[str]]]]
Blamed = Callable[[Marketplace, str], list[tuple[str | None, str | None]]]
Counted = Callable[..., dict[str, int]]
Wanted = Callable[..., Lesson]
Edge = tuple[timedelta, bool]

_START = "2026-06-16T16:00:00Z"
_REPORTED = "2026-06-16T17:30:00Z"
_AGREED = "2026-06-17T12:00:00Z"
_SEVEN_DAYS = "2026-06-24T12:00:00Z"
_PROPOSED = "2026-06-18T12:00:00Z"
_SOON = "2026-06-21T10:00:00Z"
_FAR = "2026-07-20T10:00:00Z"
_NOBODY = {"missed_request": 0, "missed_attendance": 0}


@pytest.fixture
def wanted(market: Marketplace, agree: Agree) -> Wanted:
    """A lesson about which ann (or `by`) reported a technical problem, and both agreed to have it at another time."""

    def wants(price: str = "25.0", by: str = "ann", reason: str = "technical", start: str = _START) -> Lesson:
        begins = instant(start)
        lesson = agree(start, now=str(begins - timedelta(days=5)), price=price)
        market.report(
            lesson.id,
            by=by,
            reason=reason,
            remedy="reschedule",
            key="report",
            now=begins + timedelta(hours=1, minutes=30),
        ).or_raise()
        accepted = market.accept(
            lesson.id,
            by="tom" if by == "ann" else "ann",
            proposal=2,
            key="another time",
            now=begins + timedelta(hours=20),
        )
        found = accepted.or_raise().lesson
        assert found is not None
        return found

    return wants


def _propose(
    market: Marketplace, lesson: Lesson, by: str, start: str, now: str = _PROPOSED, key: str | None = None
) -> Outcome:
    return market.propose(lesson.id, by=by, start=instant(start), key=key or f"{by}: {start}", now=instant(now))


# Nobody proposes a time.


@pytest.mark.parametrize("by", ["ann", "tom"])
def test_itk_21_both_want_another_time_and_have_seven_days_to_name_one(
    market: Marketplace, wanted: Wanted, by: str, told: Told, books: Books
) -> None:
    """It is nobody's turn alone, the price stays in escrow, and nobody is blamed."""
    lesson = wanted(by=by)

    assert (lesson.state, lesson.at, lesson.held, lesson.waits_for) == ("rescheduling", instant(_AGREED), 250, None)
    assert lesson.due == instant(_SEVEN_DAYS)
    assert (lesson.step.fault, lesson.step.mark) == (None, None)
    assert told(market, lesson.id)[-1] == ("accept", {by})
    assert books(market)["Liabilities:Students:Ann:Wallet"] == "75.0"


@pytest.mark.parametrize(
    ("price", "tutor", "fee", "student"),
    [
        # In tenths of an ITC. Half of 250 is 125; 15 % of it, 18.75, are 19.
        pytest.param("25.0", 106, 19, 125, id="even"),
        # Half of 251 is 125.5: half-even, 126 for the tutor; the student has the other 125. 15 % of 126 are 18.9: 19.
        pytest.param("25.1", 107, 19, 125, id="odd, to the tutor"),
        # Half of 253 is 126.5: half-even, 126 again, and 127 for the student.
        pytest.param("25.3", 107, 19, 127, id="odd, to the student"),
        # Half of 100 is 50; 15 % of it, 7.5, are 8.
        pytest.param("10.0", 42, 8, 50, id="half a tenth of fee"),
        # Half of 1 is 0.5: nothing for the tutor, and no fee.
        pytest.param("0.1", 0, 0, 1, id="the smallest price"),
    ],
)
def test_itk_21_if_nobody_proposes_a_time_the_price_is_halved_with_the_fee_on_the_teachers_half_only(
    market: Marketplace,
    wanted: Wanted,
    blamed: Blamed,
    counted: Counted,
    told: Told,
    books: Books,
    price: str,
    tutor: int,
    fee: int,
    student: int,
) -> None:
    """Not a tenth is lost, the student's half bears no fee, and nobody is marked."""
    lesson = wanted(price=price)

    market.sweep(now=instant("2026-08-01T00:00:00Z"))

    settled = market.history(lesson.id)[-1].version
    held = int(price.replace(".", ""))
    assert (settled.state, settled.at, settled.held) == ("settled", instant(_SEVEN_DAYS), 0)
    expected = {"tutor": tutor, "platform": fee, "payer": student}
    assert dict(settled.legs) == {role: minor for role, minor in expected.items() if minor}
    assert tutor + fee + student == held
    assert books(market)["Liabilities:Students:Ann:Wallet"] == f"{(1000 - held + student) / 10:.1f}"
    assert books(market).get("Liabilities:Tutors:Tom:Available") == (f"{tutor / 10:.1f}" if tutor else None)
    assert blamed(market, lesson.id) == []
    assert counted(market, "2026-08-01T00:00:00Z") == _NOBODY
    assert told(market, lesson.id)[-1] == ("settled", {"ann", "tom"})


@pytest.mark.parametrize(
    ("start", "due"),
    [
        pytest.param(_START, _SEVEN_DAYS, id="168 hours in summer"),
        # Agreed on Wednesday 09:00 +01:00 in Berlin; a week later it is 09:00 +02:00.
        pytest.param("2026-03-24T12:00:00Z", "2026-04-01T07:00:00Z", id="167 hours in spring"),
        # Agreed on Wednesday 10:00 +02:00; a week later it is 10:00 +01:00.
        pytest.param("2026-10-20T12:00:00Z", "2026-10-28T09:00:00Z", id="169 hours in autumn"),
    ],
)
def test_itk_21_a_time_can_be_proposed_until_the_seven_days_are_over(
    market: Marketplace, wanted: Wanted, edge: Edge, start: str, due: str
) -> None:
    """A microsecond before, a proposal keeps the lesson alive; at the end of the week the price has been halved."""
    after, in_time = edge
    lesson = wanted(start=start)

    proposed = market.propose(
        lesson.id, by="tom", start=instant(due) + timedelta(days=5), key="late", now=instant(due) + after
    )

    assert proposed.ok is in_time
    assert proposed.lesson is not None
    assert proposed.lesson.state == ("rescheduling" if in_time else "settled")
    assert proposed.lesson.at == instant(due) + (after if in_time else timedelta(0))
    assert dict(proposed.lesson.legs) == ({} if in_time else {"tutor": 106, "platform": 19, "payer": 125})


# One proposes, and the other stays silent.


@pytest.mark.parametrize(
    ("start", "due"),
    [
        pytest.param(_SOON, _SOON, id="until the proposed start"),
        pytest.param(_FAR, "2026-06-25T12:00:00Z", id="for seven days"),
        # The two ends fall together, and one microsecond apart on either side.
        pytest.param("2026-06-25T12:00:00Z", "2026-06-25T12:00:00Z", id="both at once"),
        pytest.param("2026-06-25T11:59:59.999999Z", "2026-06-25T11:59:59.999999Z", id="start a microsecond earlier"),
        pytest.param("2026-06-25T12:00:00.000001Z", "2026-06-25T12:00:00Z", id="week a microsecond earlier"),
    ],
)
@pytest.mark.parametrize("by", ["ann", "tom"])
def test_itk_21_silence_to_a_proposed_time_gives_all_to_the_proposer_and_the_silent_side_a_no_show(
    market: Marketplace,
    wanted: Wanted,
    blamed: Blamed,
    books: Books,
    told: Told,
    counted: Counted,
    edge: Edge,
    by: str,
    start: str,
    due: str,
) -> None:
    """The earlier of seven days and the proposed start; up to then the other side may still accept."""
    after, in_time = edge
    lesson = wanted()
    _propose(market, lesson, by, start).or_raise()
    silent = "tom" if by == "ann" else "ann"

    accepted = market.accept(lesson.id, by=silent, proposal=3, key="late yes", now=instant(due) + after)

    assert accepted.ok is in_time
    assert accepted.lesson is not None
    if in_time:
        assert (accepted.lesson.state, accepted.lesson.terms.start) == ("agreed", instant(start))
        assert blamed(market, lesson.id) == []
        return
    assert (accepted.lesson.state, accepted.lesson.at) == ("settled", instant(due))
    assert told(market, lesson.id)[-1] == ("settled", {"ann", "tom"})
    if by == "ann":
        assert blamed(market, lesson.id) == [("tutor", "no_show")]
        assert counted(market, due) == {"missed_request": 0, "missed_attendance": 1}
        assert not market.standings.is_listed("tom", now=instant(due))
        assert books(market) == {"Equity:Conversion": "-100.0", "Liabilities:Students:Ann:Wallet": "100.0"}
    else:
        assert blamed(market, lesson.id) == [("student", "no_show")]
        assert counted(market, due) == counted(market, due, tutor="ann") == _NOBODY
        assert books(market) == {
            "Equity:Conversion": "-100.0",
            "Income:Fees:Commission": "3.8",
            "Liabilities:Students:Ann:Wallet": "75.0",
            "Liabilities:Tutors:Tom:Available": "21.2",
        }


def test_itk_21_a_counter_proposal_hands_over_the_turn_and_the_risk(
    market: Marketplace, wanted: Wanted, blamed: Blamed
) -> None:
    """Tom answers ann's time with another; now ann's silence costs her the price."""
    lesson = wanted()
    _propose(market, lesson, "ann", _SOON).or_raise()
    _propose(market, lesson, "tom", _FAR, now="2026-06-20T12:00:00Z").or_raise()

    market.sweep(now=instant("2026-08-01T00:00:00Z"))

    settled = market.history(lesson.id)[-1].version
    assert (settled.state, settled.at) == ("settled", instant("2026-06-27T12:00:00Z"))
    assert dict(settled.legs) == {"tutor": 212, "platform": 38}
    assert blamed(market, lesson.id) == [("student", "no_show")]


# A time is declined, or taken back.


@pytest.mark.parametrize("way", ["decline", "withdraw"])
@pytest.mark.parametrize(
    ("closed", "at"),
    [
        pytest.param("2026-06-23T12:00:00Z", _SEVEN_DAYS, id="within the week: its end stays"),
        pytest.param("2026-06-24T11:59:59.999999Z", _SEVEN_DAYS, id="just before its end"),
        pytest.param(_SEVEN_DAYS, _SEVEN_DAYS, id="at its end: at once"),
        pytest.param("2026-06-24T18:00:00Z", "2026-06-24T18:00:00Z", id="after its end: at once"),
    ],
)
def test_itk_21_once_no_time_is_proposed_any_more_the_seven_days_count_on(
    market: Marketplace, wanted: Wanted, blamed: Blamed, way: str, closed: str, at: str
) -> None:
    """While a time is proposed the week does not end; when it is off the table, nobody is to blame and it is halved."""
    lesson = wanted()
    _propose(market, lesson, "ann", _FAR, now=_PROPOSED).or_raise()
    now = instant(closed)

    if way == "decline":
        market.decline(lesson.id, by="tom", key="no", now=now).or_raise()
    else:
        market.withdraw(lesson.id, by="ann", key="no", now=now).or_raise()
    market.sweep(now=instant("2026-08-01T00:00:00Z"))

    settled = market.history(lesson.id)[-1].version
    assert (settled.state, settled.at) == ("settled", instant(at))
    assert dict(settled.legs) == {"tutor": 106, "platform": 19, "payer": 125}
    assert blamed(market, lesson.id) == []


# A time is agreed.


@pytest.mark.parametrize("by", ["ann", "tom"])
def test_itk_21_an_agreed_time_is_the_same_lesson_again_paid_for_once(
    market: Marketplace, wanted: Wanted, books: Books, blamed: Blamed, by: str
) -> None:
    """The lesson of 16 June takes place on 20 July, with all its deadlines, and 25.0 ITC are paid in all."""
    lesson = wanted(by=by)
    proposer, other = ("tom", "ann") if by == "ann" else ("ann", "tom")
    _propose(market, lesson, proposer, _FAR).or_raise()
    agreed = market.accept(lesson.id, by=other, proposal=3, key="yes", now=instant("2026-06-19T12:00:00Z")).lesson

    market.sweep(now=instant("2026-08-01T00:00:00Z"))

    assert agreed is not None
    assert (agreed.id, agreed.state, agreed.held, agreed.problem) == (lesson.id, "agreed", 250, None)
    assert (agreed.terms.start, agreed.terms.end) == (instant(_FAR), instant("2026-07-20T11:00:00Z"))
    assert [each.version.at for each in market.history(lesson.id)[-3:]] == [
        instant(_FAR),
        instant("2026-07-20T11:00:00Z"),
        instant("2026-07-23T11:00:00Z"),
    ]
    assert books(market) == {
        "Equity:Conversion": "-100.0",
        "Income:Fees:Commission": "3.8",
        "Liabilities:Students:Ann:Wallet": "75.0",
        "Liabilities:Tutors:Tom:Available": "21.2",
    }
    assert blamed(market, lesson.id) == []


def test_itk_21_silence_on_the_wish_for_another_time_accepts_it_and_a_second_week_begins(
    market: Marketplace, agree: Agree, blamed: Blamed, told: Told
) -> None:
    """Seven days for the report, seven for a time, and then half each: fourteen days after the report."""
    lesson = agree(_START, now="2026-06-10T10:00:00Z")
    market.report(
        lesson.id, by="ann", reason="technical", remedy="reschedule", key="report", now=instant(_REPORTED)
    ).or_raise()

    market.sweep(now=instant("2026-08-01T00:00:00Z"))

    assert [(each.version.state, each.version.at) for each in market.history(lesson.id)[-2:]] == [
        ("rescheduling", instant("2026-06-23T17:30:00Z")),
        ("settled", instant("2026-06-30T17:30:00Z")),
    ]
    assert blamed(market, lesson.id) == []
    assert told(market, lesson.id)[-2:] == [("rescheduling", {"ann", "tom"}), ("settled", {"ann", "tom"})]


def test_itk_21_a_teacher_who_did_not_come_is_not_marked_where_both_want_another_time(
    market: Marketplace, wanted: Wanted, blamed: Blamed, counted: Counted
) -> None:
    """Ours: they settled it between themselves. Silence on a new time marks the teacher once, not twice."""
    lesson = wanted(reason="tutor_absent")
    agreed, at_first = blamed(market, lesson.id), counted(market, _AGREED)
    _propose(market, lesson, "ann", _SOON).or_raise()
    market.sweep(now=instant(_SOON))

    assert (agreed, at_first) == ([], _NOBODY)
    assert blamed(market, lesson.id) == [("tutor", "no_show")]
    assert counted(market, _SOON) == {"missed_request": 0, "missed_attendance": 1}


@pytest.mark.parametrize("by", ["ann", "tom"])
def test_itk_21_a_proposed_time_has_to_leave_the_other_side_a_day(
    market: Marketplace, wanted: Wanted, edge: Edge, by: str
) -> None:
    """Ours: otherwise a time a minute ahead would win it all. Exactly 24 hours are enough."""
    after, too_early = edge
    lesson = wanted()

    outcome = market.propose(
        lesson.id, by=by, start=instant(_SOON) + after, key="soon", now=instant(_SOON) - timedelta(hours=24)
    )

    assert outcome.ok is not too_early
    assert outcome.refusal is None or outcome.refusal.code == "guard"


@pytest.mark.parametrize("by", ["ann", "tom"])
def test_itk_21_who_cannot_find_a_time_may_go_to_the_platform_instead(
    market: Marketplace, wanted: Wanted, by: str
) -> None:
    """The week of waiting ends there, and nothing has been paid."""
    lesson = wanted()

    escalated = market.escalate(lesson.id, by=by, key="help", now=instant(_PROPOSED)).or_raise().lesson

    assert escalated is not None
    assert (escalated.state, escalated.held) == ("disputed", 250)
