"""Problems after a lesson: ITK-10's second half, ITK-15, and the three and seven days of ITK-20.

The lesson of these stories is from 16:00 to 17:00 UTC on Tuesday, 16 June 2026, at 25.0 ITC, of which ann had 100.0.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from tutorcore import Lesson, Marketplace, Outcome, Particulars, Settlement, instant
from tutorcore.policy.process import Remedy

Agree = Callable[..., Lesson]
Books = Callable[..., dict[str, str]]
Told = Callable[[Marketplace, str], list[tuple[str, set[str]]]]
Blamed = Callable[[Marketplace, str], list[tuple[str | None, str | None]]]
Counted = Callable[..., dict[str, int]]
Edge = tuple[timedelta, bool]

_START = "2026-06-16T16:00:00Z"
_END = "2026-06-16T17:00:00Z"
_REPORTED = "2026-06-16T17:30:00Z"
_THREE_DAYS = "2026-06-19T17:00:00Z"
_SEVEN_DAYS = "2026-06-23T17:30:00Z"
_NEXT_DAY = "2026-06-17T12:00:00Z"
_NOBODY = {"missed_request": 0, "missed_attendance": 0}
_THIRD = Settlement.of({"tutor": "30%", "student": "rest"})


@pytest.fixture
def lesson(agree: Agree) -> Lesson:
    """The lesson of these stories, agreed six days ahead."""
    return agree(_START, now="2026-06-10T10:00:00Z")


@pytest.fixture
def report(market: Marketplace, lesson: Lesson) -> Callable[..., Outcome]:
    """Lets ann (or `by`) report a problem with the lesson."""

    def reports(
        by: str = "ann",
        reason: str = "quality",
        remedy: Remedy = "refund",
        now: str = _REPORTED,
        split: Settlement | None = None,
    ) -> Outcome:
        return market.report(
            lesson.id,
            by=by,
            reason=reason,
            remedy=remedy,
            split=split,
            key=f"{by} reports at {now}",
            now=instant(now),
        )

    return reports


def _accept(market: Marketplace, lesson: Lesson, by: str, number: int, now: str = _NEXT_DAY) -> Outcome:
    return market.accept(lesson.id, by=by, proposal=number, key=f"{by} accepts {number} at {now}", now=instant(now))


def _stands(market: Marketplace, lesson: Lesson, now: str) -> tuple[str, int, tuple[tuple[str, int], ...]]:
    """State, what is held, and the last movement of money."""
    found = market.lesson(lesson.id, now=instant(now))
    return found.state, found.held, found.legs


# ITK-10: the two settle it between themselves.


def test_itk_10_while_a_problem_is_open_nothing_is_paid_and_nothing_confirms_itself(
    market: Marketplace, lesson: Lesson, report: Callable[..., Outcome], books: Books, told: Told
) -> None:
    """The price stays in escrow beyond the three days, the tutor has a week to answer, and confirming is closed."""
    reported = report()
    confirmed = market.confirm(lesson.id, by="ann", key="confirm", now=instant(_NEXT_DAY))

    deadline = market.deadline(lesson.id, now=instant(_THREE_DAYS))
    assert reported.ok
    assert _stands(market, lesson, _THREE_DAYS)[:2] == ("problem_by_student", 250)
    assert deadline is not None
    assert deadline.at == instant(_SEVEN_DAYS)
    assert confirmed.refusal is not None
    assert confirmed.refusal.code == "not_open"
    assert market.open_requests("tom", now=instant(_THREE_DAYS))[0].id == lesson.id
    assert told(market, lesson.id)[-1] == ("report", {"tom"})
    assert {name: amount for name, amount in books(market).items() if "Escrow" not in name} == {
        "Equity:Conversion": "-100.0",
        "Liabilities:Students:Ann:Wallet": "75.0",
    }


@pytest.mark.parametrize(
    ("remedy", "split", "wallet", "earned", "fee"),
    [
        pytest.param("refund", None, "100.0", None, None, id="all back"),
        # 15 % of 25.0 is 3.75: half-even, 3.8.
        pytest.param("pay", None, "75.0", "21.2", "3.8", id="all to the tutor"),
        # 40 % of 25.0 is 10.0, of which 1.5 is the platform's.
        pytest.param("split", Settlement.of({"tutor": "40%", "student": "60%"}), "90.0", "8.5", "1.5", id="40 to 60"),
        # 30 % of 25.0 is 7.5, of which 15 % are 1.125: 1.1.
        pytest.param("split", _THIRD, "92.5", "6.4", "1.1", id="30 to the rest"),
    ],
)
@pytest.mark.parametrize(("by", "other"), [("ann", "tom"), ("tom", "ann")])
def test_itk_10_whoever_is_asked_takes_up_the_remedy_and_it_is_paid_at_once(
    market: Marketplace,
    lesson: Lesson,
    report: Callable[..., Outcome],
    books: Books,
    blamed: Blamed,
    told: Told,
    counted: Counted,
    remedy: Remedy,
    split: Settlement | None,
    wallet: str,
    earned: str | None,
    fee: str | None,
    by: str,
    other: str,
) -> None:
    """Settled to the minor unit, the fee on the tutor's share only, and nobody blamed for what was not good enough."""
    report(by=by, remedy=remedy, split=split).or_raise()

    settled = _accept(market, lesson, other, 2).or_raise().lesson

    assert settled is not None
    assert (settled.state, settled.at, settled.held) == ("settled", instant(_NEXT_DAY), 0)
    expected = {
        "Equity:Conversion": "-100.0",
        "Liabilities:Students:Ann:Wallet": wallet,
        "Liabilities:Tutors:Tom:Available": earned,
        "Income:Fees:Commission": fee,
    }
    assert books(market) == {name: amount for name, amount in expected.items() if amount is not None}
    assert blamed(market, lesson.id) == []
    assert counted(market, _NEXT_DAY) == _NOBODY
    assert told(market, lesson.id)[-2:] == [("report", {other}), ("accept", {by})]


def test_itk_10_the_other_side_may_put_a_remedy_of_its_own_on_the_table(
    market: Marketplace, lesson: Lesson, report: Callable[..., Outcome], books: Books
) -> None:
    """Each remedy has a number; the one that was replaced can no longer be accepted, and now it is ann's turn."""
    report().or_raise()
    countered = market.propose_remedy(
        lesson.id, by="tom", remedy="split", split=_THIRD, key="counter", now=instant(_NEXT_DAY)
    ).or_raise()

    later = "2026-06-18T12:00:00Z"
    stale = _accept(market, lesson, "ann", 2, later)
    own = _accept(market, lesson, "tom", 3, later)
    taken = _accept(market, lesson, "ann", 3, later)

    assert countered.lesson is not None
    assert (countered.lesson.state, countered.lesson.due) == ("problem_by_tutor", instant("2026-06-24T12:00:00Z"))
    assert [each.refusal.code for each in (stale, own) if each.refusal] == ["stale_offer", "not_yours"]
    assert taken.lesson is not None
    assert taken.lesson.state == "settled"
    assert books(market) == {
        "Equity:Conversion": "-100.0",
        "Income:Fees:Commission": "1.1",
        "Liabilities:Students:Ann:Wallet": "92.5",
        "Liabilities:Tutors:Tom:Available": "6.4",
    }


@pytest.mark.parametrize(
    ("reported", "taken_back", "state", "at"),
    [
        pytest.param("2026-06-16T16:10:00Z", "2026-06-16T16:59:59.999999Z", "in_progress", None, id="in the lesson"),
        pytest.param("2026-06-16T16:10:00Z", "2026-06-16T17:00:00Z", "delivered", None, id="at its end"),
        pytest.param(_REPORTED, "2026-06-19T16:59:59.999999Z", "delivered", None, id="within three days"),
        pytest.param(_REPORTED, _THREE_DAYS, "completed", _THREE_DAYS, id="at the end of three days"),
        pytest.param(_REPORTED, "2026-06-21T12:00:00Z", "completed", "2026-06-21T12:00:00Z", id="after three days"),
    ],
)
def test_itk_10_a_report_that_is_taken_back_leaves_the_lesson_where_it_would_be(
    market: Marketplace,
    lesson: Lesson,
    report: Callable[..., Outcome],
    reported: str,
    taken_back: str,
    state: str,
    at: str | None,
) -> None:
    """Under way, to be confirmed, or confirmed by the three days that passed meanwhile: never earlier than now."""
    report(now=reported).or_raise()

    after = market.withdraw(lesson.id, by="ann", key="never mind", now=instant(taken_back)).or_raise().lesson

    assert after is not None
    assert (after.state, after.problem) == (state, None)
    assert after.at == instant(at or taken_back)
    assert dict(after.legs) == ({"tutor": 212, "platform": 38} if state == "completed" else {})


@pytest.mark.parametrize("way", ["decline", "escalate by ann", "escalate by tom"])
@pytest.mark.parametrize("decided_by", ["agnes", "olga"])
def test_itk_10_otherwise_it_goes_to_dispute_and_the_platform_arbitrates(
    market: Marketplace,
    lesson: Lesson,
    report: Callable[..., Outcome],
    books: Books,
    blamed: Blamed,
    told: Told,
    way: str,
    decided_by: str,
) -> None:
    """Either side may go there. Only the platform decides, for a reason, how what is held is divided."""
    report().or_raise()
    now = instant(_NEXT_DAY)
    if way == "decline":
        market.decline(lesson.id, by="tom", key="no", now=now).or_raise()
    else:
        market.escalate(lesson.id, by=way.split()[-1], key="help", now=now).or_raise()
    market.add_evidence(lesson.id, by="ann", details={"chat": "https://x.example/1"}, key="proof", now=now).or_raise()

    later, half = instant("2026-06-20T12:00:00Z"), Settlement.of({"tutor": "50%", "student": "rest"})
    by_a_side = market.resolve(lesson.id, by="tom", split=half, reason="me", key="me", now=later)
    groundless = market.resolve(lesson.id, by=decided_by, split=half, reason="", key="mute", now=later)
    decided = market.resolve(lesson.id, by=decided_by, split=half, reason="both late", key="decide", now=later)

    assert [each.refusal.code for each in (by_a_side, groundless) if each.refusal] == ["not_yours", "missing"]
    assert decided.lesson is not None
    assert (decided.lesson.state, decided.lesson.at, decided.lesson.step.fault) == ("resolved", later, None)
    # Half of 25.0 is 12.5; 15 % of it are 1.875: 1.9.
    assert books(market) == {
        "Equity:Conversion": "-100.0",
        "Income:Fees:Commission": "1.9",
        "Liabilities:Students:Ann:Wallet": "87.5",
        "Liabilities:Tutors:Tom:Available": "10.6",
    }
    assert blamed(market, lesson.id) == []
    assert told(market, lesson.id)[-2:] == [("evidence", {"tom"}), ("resolve", {"ann", "tom"})]
    audited = [(line.verb, line.actor, line.refusal is None) for line in market.audit(lesson.id)][-3:]
    assert audited == [("resolve", "tom", False), ("resolve", decided_by, False), ("resolve", decided_by, True)]


def test_itk_10_a_dispute_that_nobody_decides_in_thirty_days_is_halved(
    market: Marketplace, lesson: Lesson, report: Callable[..., Outcome], edge: Edge, blamed: Blamed
) -> None:
    """Silence ends everything: our reading is half each and no blame."""
    after, in_time = edge
    report(reason="tutor_absent").or_raise()
    market.escalate(lesson.id, by="ann", key="help", now=instant(_NEXT_DAY)).or_raise()
    due = instant("2026-07-17T12:00:00Z")

    seen = market.lesson(lesson.id, now=due + after)
    market.sweep(now=due + after)

    assert (seen.state, seen.at) == (("disputed", instant(_NEXT_DAY)) if in_time else ("resolved", due))
    assert dict(seen.legs) == ({} if in_time else {"tutor": 106, "platform": 19, "payer": 125})
    assert blamed(market, lesson.id) == []


# ITK-15: the reason decides about marks.

_REASONS = ["tutor_absent", "student_absent", "prior_agreement", "late", "technical", "quality", "other"]


@pytest.mark.parametrize("taken_up_by", ["acceptance", "silence"])
@pytest.mark.parametrize("by", ["ann", "tom"])
@pytest.mark.parametrize("reason", _REASONS)
def test_itk_15_only_that_the_teacher_did_not_attend_marks_the_teacher(
    market: Marketplace,
    lesson: Lesson,
    report: Callable[..., Outcome],
    blamed: Blamed,
    counted: Counted,
    reason: str,
    by: str,
    taken_up_by: str,
) -> None:
    """A prior agreement gives nobody a mark, whoever reports it, and neither does any other reason.

    A teacher who reports the own absence is marked once ann agrees; by her silence only she could be blamed.
    """
    report(by=by, reason=reason).or_raise()
    if taken_up_by == "acceptance":
        _accept(market, lesson, "tom" if by == "ann" else "ann", 2).or_raise()
    market.sweep(now=instant(_SEVEN_DAYS))

    is_marked = reason == "tutor_absent" and (by, taken_up_by) != ("tom", "silence")
    assert market.lesson(lesson.id, now=instant(_SEVEN_DAYS)).state == "settled"
    assert blamed(market, lesson.id) == ([("tutor", "missed_attendance")] if is_marked else [])
    assert counted(market, _SEVEN_DAYS) == {"missed_request": 0, "missed_attendance": int(is_marked)}
    assert counted(market, _SEVEN_DAYS, tutor="ann") == _NOBODY


def test_itk_15_an_absent_teacher_who_reports_first_is_marked_by_the_reason_that_the_student_gives(
    market: Marketplace, lesson: Lesson, report: Callable[..., Outcome], blamed: Blamed, counted: Counted
) -> None:
    """Tom says that ann was absent; she says that he was, with the same remedy, and he agrees."""
    report(by="tom", reason="student_absent", remedy="refund", now=_START).or_raise()
    counter = partial(
        market.act, "propose_remedy", lesson.id, by="ann", particulars=Particulars(remedy="refund"),
        now=instant(_REPORTED),
    )  # fmt: skip

    same = counter(key="same")
    made_up = counter(key="made up", reason="he is rude")
    counter(key="he was absent", reason="tutor_absent").or_raise()
    _accept(market, lesson, "tom", 3).or_raise()

    assert [each.refusal.code for each in (same, made_up) if each.refusal] == ["bad_terms", "guard"]
    assert blamed(market, lesson.id) == [("tutor", "missed_attendance")]
    assert counted(market, _NEXT_DAY) == {"missed_request": 0, "missed_attendance": 1}


@pytest.mark.parametrize(
    ("tutor", "student", "marked"),
    [
        pytest.param("rest", "0%", False, id="all to the tutor, as a split"),
        pytest.param("99%", "rest", True, id="all but a little"),
    ],
)
def test_itk_15_a_student_who_gives_the_teacher_everything_takes_the_accusation_back(
    market: Marketplace, lesson: Lesson, report: Callable[..., Outcome], blamed: Blamed, tutor: str, student: str,
    marked: bool,
) -> None:  # fmt: skip
    """Ours: it goes by what the split comes to, not by the name of the remedy."""
    split = Settlement.of({"tutor": tutor, "student": student})
    report(reason="tutor_absent", remedy="split", split=split).or_raise()

    _accept(market, lesson, "tom", 2).or_raise()

    assert blamed(market, lesson.id) == ([("tutor", "missed_attendance")] if marked else [])


def test_itk_15_a_report_alone_marks_nobody(
    market: Marketplace, lesson: Lesson, report: Callable[..., Outcome], blamed: Blamed, counted: Counted
) -> None:
    """As long as it is not settled, and once it has been taken back, the accusation counts for nothing."""
    report(reason="tutor_absent").or_raise()
    while_open = counted(market, _NEXT_DAY)
    market.withdraw(lesson.id, by="ann", key="my mistake", now=instant(_NEXT_DAY)).or_raise()

    assert while_open == counted(market, _SEVEN_DAYS) == _NOBODY
    assert blamed(market, lesson.id) == []


@pytest.mark.parametrize(
    ("reason", "blames", "faults", "count"),
    [
        pytest.param("tutor_absent", "tutor", [("tutor", "missed_attendance")], 1, id="did not attend"),
        pytest.param("prior_agreement", None, [], 0, id="had agreed on it before"),
        pytest.param("student_absent", "student", [("student", None)], 0, id="it was the student"),
        pytest.param("late", "tutor", [("tutor", None)], 0, id="late is not absent"),
    ],
)
def test_itk_15_in_a_dispute_the_reason_that_the_agent_finds_decides(
    market: Marketplace,
    lesson: Lesson,
    report: Callable[..., Outcome],
    blamed: Blamed,
    counted: Counted,
    reason: str,
    blames: str | None,
    faults: list[tuple[str, str | None]],
    count: int,
) -> None:
    """Ann says that tom did not come; what is recorded is what the agent finds, not what was said."""
    report(reason="tutor_absent").or_raise()
    market.decline(lesson.id, by="tom", key="I was there", now=instant(_NEXT_DAY)).or_raise()

    market.resolve(
        lesson.id,
        by="agnes",
        split=Settlement.of({"student": "100%"}),
        reason=reason,
        blamed="tutor" if blames == "tutor" else "student" if blames else None,
        key="decide",
        now=instant("2026-06-18T12:00:00Z"),
    ).or_raise()

    assert blamed(market, lesson.id) == faults
    assert counted(market, "2026-06-18T12:00:00Z") == {"missed_request": 0, "missed_attendance": count}
    assert market.wallet("ann", "ITC", now=instant(_SEVEN_DAYS)).text == "100.0"


def test_itk_15_a_teacher_who_reports_something_else_first_is_still_found_to_have_been_absent(
    market: Marketplace, lesson: Lesson, report: Callable[..., Outcome], blamed: Blamed, counted: Counted
) -> None:
    """Tom stays away and blames the line; ann does not agree, brings evidence, and the agent's reason decides."""
    report(by="tom", reason="technical", remedy="refund", now=_START).or_raise()
    market.decline(lesson.id, by="ann", key="no", now=instant(_REPORTED)).or_raise()
    market.add_evidence(lesson.id, by="ann", note="nobody came", key="proof", now=instant(_REPORTED)).or_raise()
    before = counted(market, _REPORTED)

    market.resolve(
        lesson.id,
        by="agnes",
        split=Settlement.of({"student": "100%"}),
        reason="tutor_absent",
        blamed="tutor",
        key="decide",
        now=instant(_NEXT_DAY),
    ).or_raise()

    assert before == _NOBODY
    assert blamed(market, lesson.id) == [("tutor", "missed_attendance")]
    assert counted(market, _NEXT_DAY) == {"missed_request": 0, "missed_attendance": 1}


# ITK-20: three days to report, seven to answer.

_END_AND_LAST = [
    pytest.param(_END, _THREE_DAYS, id="72 hours in summer"),
    # Friday 10:00 +01:00, Monday 10:00 +02:00 in Berlin.
    pytest.param("2026-03-27T09:00:00Z", "2026-03-30T08:00:00Z", id="71 hours in spring"),
    # Friday 10:00 +02:00, Monday 10:00 +01:00 in Berlin.
    pytest.param("2026-10-23T08:00:00Z", "2026-10-26T09:00:00Z", id="73 hours in autumn"),
]


@pytest.mark.parametrize("by", ["ann", "tom"])
@pytest.mark.parametrize(("end", "last"), _END_AND_LAST)
def test_itk_20_a_problem_can_be_reported_until_three_days_after_the_end(
    market: Marketplace, agree: Agree, edge: Edge, end: str, last: str, by: str, books: Books
) -> None:
    """At that instant the lesson counts as confirmed, is paid, and a report is none any more."""
    after, in_time = edge
    start = instant(end) - timedelta(hours=1)
    lesson = agree(str(start), now=str(start - timedelta(days=5)))

    outcome = market.report(lesson.id, by=by, reason="quality", remedy="refund", key="late", now=instant(last) + after)

    assert outcome.ok is in_time
    assert outcome.lesson is not None
    if in_time:
        assert outcome.lesson.state == ("problem_by_student" if by == "ann" else "problem_by_tutor")
        assert books(market)["Liabilities:Students:Ann:Wallet"] == "75.0"
        assert "Liabilities:Tutors:Tom:Available" not in books(market)
    else:
        assert outcome.refusal is not None
        assert (outcome.refusal.code, outcome.refusal.facts["state"]) == ("not_open", "completed")
        assert outcome.lesson.at == instant(last)
        assert books(market)["Liabilities:Tutors:Tom:Available"] == "21.2"


def test_itk_20_a_problem_can_be_reported_from_the_start_on(
    market: Marketplace, lesson: Lesson, report: Callable[..., Outcome], edge: Edge
) -> None:
    """Whoever waits in vain need not wait for the end; before the start there is nothing to report."""
    after, too_early = edge

    outcome = report(now=str(instant(_START) + after), reason="tutor_absent")

    assert outcome.ok is not too_early
    assert outcome.lesson is not None
    assert outcome.lesson.state == ("agreed" if too_early else "problem_by_student")
    assert (outcome.refusal is None) or outcome.refusal.code == "not_open"


_REPORTED_AND_DUE = [
    pytest.param(_END, _REPORTED, _SEVEN_DAYS, id="168 hours in summer"),
    # Tuesday 10:00 +01:00, a week later 10:00 +02:00 in Berlin.
    pytest.param("2026-03-24T08:00:00Z", "2026-03-24T09:00:00Z", "2026-03-31T08:00:00Z", id="167 hours in spring"),
    # Tuesday 10:00 +02:00, a week later 10:00 +01:00 in Berlin.
    pytest.param("2026-10-20T07:00:00Z", "2026-10-20T08:00:00Z", "2026-10-27T09:00:00Z", id="169 hours in autumn"),
]


@pytest.mark.parametrize(("end", "reported", "due"), _REPORTED_AND_DUE)
def test_itk_20_seven_days_of_silence_accept_the_proposal_of_whoever_reported(
    market: Marketplace,
    agree: Agree,
    edge: Edge,
    books: Books,
    blamed: Blamed,
    counted: Counted,
    end: str,
    reported: str,
    due: str,
) -> None:
    """Up to then the tutor may still decline; at that instant all is settled as was said, the mark included."""
    after, in_time = edge
    start = instant(end) - timedelta(hours=1)
    lesson = agree(str(start), now=str(start - timedelta(days=5)))
    market.report(
        lesson.id, by="ann", reason="tutor_absent", remedy="refund", key="report", now=instant(reported)
    ).or_raise()

    declined = market.decline(lesson.id, by="tom", key="I was there", now=instant(due) + after)

    assert declined.ok is in_time
    assert declined.lesson is not None
    if in_time:
        assert declined.lesson.state == "disputed"
        assert blamed(market, lesson.id) == []
        assert books(market)["Liabilities:Students:Ann:Wallet"] == "75.0"
    else:
        assert (declined.lesson.state, declined.lesson.at) == ("settled", instant(due))
        assert blamed(market, lesson.id) == [("tutor", "missed_attendance")]
        assert counted(market, due) == {"missed_request": 0, "missed_attendance": 1}
        assert books(market) == {"Equity:Conversion": "-100.0", "Liabilities:Students:Ann:Wallet": "100.0"}


def test_itk_20_silence_on_a_counter_proposal_accepts_that_one_a_week_after_it(
    market: Marketplace, lesson: Lesson, report: Callable[..., Outcome], told: Told
) -> None:
    """What lies on the table at the end is what is accepted, and the clock began when it was put there."""
    report().or_raise()
    market.propose_remedy(
        lesson.id, by="tom", remedy="split", split=_THIRD, key="counter", now=instant("2026-06-23T17:29:59.999999Z")
    ).or_raise()

    market.sweep(now=instant("2026-08-01T00:00:00Z"))

    settled = market.history(lesson.id)[-1].version
    assert (settled.state, settled.at) == ("settled", instant("2026-06-30T17:29:59.999999Z"))
    assert dict(settled.legs) == {"tutor": 64, "platform": 11, "payer": 175}
    assert told(market, lesson.id)[-1] == ("settled", {"ann", "tom"})


def test_itk_20_reading_a_silent_report_later_shows_what_a_sweep_then_records(
    market: Marketplace, lesson: Lesson, report: Callable[..., Outcome], counted: Counted
) -> None:
    """However late somebody looks, the settlement and the mark are of the seventh day."""
    report(reason="tutor_absent").or_raise()
    later = "2026-09-01T00:00:00Z"
    seen, listed = market.lesson(lesson.id, now=instant(later)), market.standings.is_listed("tom", now=instant(later))
    was_counted = counted(market, later)

    market.sweep(now=instant(later))

    assert market.history(lesson.id)[-1].version == seen
    assert seen.at == instant(_SEVEN_DAYS)
    assert (listed, was_counted) == (False, counted(market, later))
    assert market.standings.history("tom")[0].standing.at == instant(_SEVEN_DAYS)
