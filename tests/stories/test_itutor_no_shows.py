"""ITR-5, ITR-9 and ITR-12: who did not come, who may say so and when, and what becomes of claims that are not true."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import Lesson, Marketplace, Outcome, instant
from tutorcore.policy.settlement import Settlement

Book = Callable[..., Lesson]
Books = Callable[..., dict[str, str]]
Told = Callable[[Marketplace, str], list[tuple[str, set[str]]]]
Blamed = Callable[[Marketplace, str], list[tuple[str | None, str | None]]]
Edge = tuple[timedelta, bool]

_START = "2026-03-02T10:00:00Z"
_NOTHING = timedelta(0)
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(hours=24)
_MICROSECOND = timedelta(microseconds=1)

_BROUGHT = {"Assets:Bank": "2000.00", "Liabilities:Students:Sue:Wallet": "1000.00"}
_ALL_BACK = _BROUGHT | {"Liabilities:Students:Ann:Wallet": "1000.00"}
_HALF_PAID = _BROUGHT | {
    "Liabilities:Students:Ann:Wallet": "950.00",
    "Liabilities:Tutors:Tom:Available": "45.00",
    "Income:Fees:Commission": "5.00",
}

# Where a claim of either side leads.
_CLAIMED = {"tom": "student_no_show_claimed", "ann": "tutor_no_show_claimed"}

# The length of a lesson, and a third of it. The examples of the platform are 30, 60 and 90 minutes.
_THIRDS = [
    pytest.param(30, timedelta(minutes=10), id="30 minutes"),
    pytest.param(60, timedelta(minutes=20), id="60 minutes"),
    pytest.param(90, timedelta(minutes=30), id="90 minutes"),
    # A third of 50 minutes is no whole number of them.
    pytest.param(50, timedelta(minutes=16, seconds=40), id="50 minutes"),
    # A third of 100 seconds is no whole number of microseconds; what is left of the last one does not count.
    pytest.param(100 / 60, timedelta(microseconds=33_333_333), id="100 seconds"),
]


def _joins(market: Marketplace, lesson: Lesson, who: str, after: timedelta) -> Lesson:
    """Let somebody of the lesson go in, so long after its start (before it, if negative)."""
    outcome = market.join(lesson.id, by=who, key=f"{who} joins {after}", now=lesson.terms.start + after)
    joined = outcome.or_raise().lesson
    assert joined is not None
    return joined


def _leaves(market: Marketplace, lesson: Lesson, who: str, after: timedelta) -> None:
    now = lesson.terms.start + after
    market.act("leave", lesson.id, by=who, key=f"{who} leaves {after}", now=now).or_raise()


def _seen(market: Marketplace, lesson: Lesson, role: str, after: timedelta, *, told_after: timedelta) -> None:
    """Let the platform's own software report, so long after the start, whom it saw go in when."""
    market.join(
        lesson.id,
        by="robot",
        subject="student" if role == "student" else "tutor",
        seen=lesson.terms.start + after,
        source="jitsi",
        key=f"{role} seen {after}",
        now=lesson.terms.start + told_after,
    ).or_raise()


def _claims(market: Marketplace, lesson: Lesson, who: str, after: timedelta, note: str = "") -> Outcome:
    """Let somebody claim, so long after the start, that the other side has not come."""
    now = lesson.terms.start + after
    return market.claim_no_show(lesson.id, by=who, key=f"{who} claims {after}", note=note, now=now)


def _state(outcome: Outcome) -> str:
    """Where a claim has led to, or the code of its refusal."""
    assert outcome.lesson is not None
    return outcome.refusal.code if outcome.refusal else outcome.lesson.state


def _offered_to(market: Marketplace, lesson: Lesson, who: str, after: timedelta) -> list[str]:
    return [option.verb for option in market.allowed(lesson.id, by=who, now=lesson.terms.start + after)]


def _resolved(market: Marketplace, lesson: Lesson, split: dict[str, str], blamed: str | None, at: timedelta) -> Lesson:
    """Let the operator decide, so long after the start."""
    found = market.resolve(
        lesson.id,
        by="olga",
        split=Settlement.of(split),
        blamed="tutor" if blamed == "tutor" else "student" if blamed == "student" else None,
        reason="both have been heard",
        key="decide",
        now=lesson.terms.start + at,
    )
    resolved = found.or_raise().lesson
    assert resolved is not None
    return resolved


# ITR-5: the student did not come.


@pytest.mark.parametrize(("minutes", "third"), _THIRDS)
def test_itr_5_a_tutor_may_claim_a_no_show_from_exactly_one_third_of_the_lesson_on(
    itutor: Marketplace, book: Book, edge: Edge, minutes: float, third: timedelta
) -> None:
    """A microsecond before the third has passed the student may still come; at the third it is too late."""
    after, too_early = edge
    lesson = book(itutor, _START, minutes=minutes)
    _joins(itutor, lesson, "tom", _NOTHING)

    buttons = _offered_to(itutor, lesson, "tom", third + after)
    outcome = _claims(itutor, lesson, "tom", third + after)

    assert ("claim_no_show" in buttons) is not too_early
    assert _state(outcome) == ("guard" if too_early else "student_no_show_claimed")


@pytest.mark.parametrize(("minutes", "third"), _THIRDS)
def test_itr_5_a_student_has_come_who_joined_before_the_third_and_not_at_it(
    itutor: Marketplace, book: Book, edge: Edge, minutes: float, third: timedelta
) -> None:
    """Whoever joins at the third itself, to the microsecond, is as late as one who joins later."""
    after, has_come = edge
    lesson = book(itutor, _START, minutes=minutes)
    _joins(itutor, lesson, "tom", _NOTHING)
    _joins(itutor, lesson, "ann", third + after)

    outcome = _claims(itutor, lesson, "tom", third + _MICROSECOND)

    assert _state(outcome) == ("disputed" if has_come else "student_no_show_claimed")


def test_itr_5_a_no_show_pays_the_tutor_half_less_the_fee_and_the_student_gets_the_rest_back(
    itutor: Marketplace, book: Book, books: Books, told: Told, blamed: Blamed
) -> None:
    """The student is told of the claim, has a day to contest it, and does not: to blame, and not marked for it."""
    lesson = book(itutor, _START, minutes=30)
    _joins(itutor, lesson, "tom", _NOTHING)
    claimed = _claims(itutor, lesson, "tom", 10 * _MINUTE).or_raise().lesson

    itutor.sweep(now=lesson.terms.start + 10 * _MINUTE + _DAY)

    ended = itutor.history(lesson.id)[-1].version
    assert claimed is not None
    assert (claimed.waits_for, claimed.held) == ("student", 10_000)
    assert (ended.state, ended.at) == ("student_no_show", claimed.at + _DAY)
    assert dict(ended.legs) == {"tutor": 4_500, "platform": 500, "payer": 5_000}
    assert books(itutor, "TTD") == _HALF_PAID
    assert told(itutor, lesson.id)[-2:] == [("claim_no_show", {"ann"}), ("student_no_show", {"ann", "tom"})]
    assert blamed(itutor, lesson.id) == [("student", None)]


@pytest.mark.parametrize("late", [timedelta(minutes=10), timedelta(minutes=29)], ids=["at the third", "near the end"])
def test_itr_5_joining_late_does_not_undo_a_no_show(
    itutor: Marketplace, book: Book, books: Books, late: timedelta
) -> None:
    """The tutor may claim although the student is there by now, and is paid half for it."""
    lesson = book(itutor, _START, minutes=30)
    _joins(itutor, lesson, "tom", _NOTHING)
    _joins(itutor, lesson, "ann", late)
    claimed = _claims(itutor, lesson, "tom", late + _MICROSECOND)

    itutor.sweep(now=lesson.terms.start + 2 * _DAY)

    assert _state(claimed) == "student_no_show_claimed"
    assert itutor.history(lesson.id)[-1].version.state == "student_no_show"
    assert books(itutor, "TTD") == _HALF_PAID


def test_itr_5_a_student_who_joins_after_the_claim_leaves_it_as_it_is(
    itutor: Marketplace, book: Book, books: Books
) -> None:
    """Whoever is late may still go in; the claim and its clock are the same as before."""
    lesson = book(itutor, _START, minutes=30)
    _joins(itutor, lesson, "tom", _NOTHING)
    claimed = _claims(itutor, lesson, "tom", 10 * _MINUTE).or_raise().lesson

    late = _joins(itutor, lesson, "ann", 11 * _MINUTE)
    itutor.sweep(now=lesson.terms.start + 2 * _DAY)

    assert claimed is not None
    assert (late.state, late.due) == ("student_no_show_claimed", claimed.due)
    assert books(itutor, "TTD") == _HALF_PAID


@pytest.mark.parametrize(
    ("came", "left", "again"),
    [
        pytest.param(-10, -9, None, id="gone before the start and never back"),
        pytest.param(1, 2, None, id="looked in and never back"),
        pytest.param(1, 2, 3, id="back in time"),
        pytest.param(9, 10, 11, id="back after the third"),
    ],
)
def test_itr_5_who_joined_leaves_and_rejoins_came_when_they_first_joined(
    itutor: Marketplace, book: Book, blamed: Blamed, came: int, left: int, again: int | None
) -> None:
    """It is the first join that counts, so what is recorded speaks against the claim, and people have to decide."""
    lesson = book(itutor, _START, minutes=30)
    _joins(itutor, lesson, "tom", -10 * _MINUTE)
    _joins(itutor, lesson, "ann", came * _MINUTE)
    _leaves(itutor, lesson, "ann", left * _MINUTE)
    if again is not None:
        _joins(itutor, lesson, "ann", again * _MINUTE)

    outcome = _claims(itutor, lesson, "tom", 12 * _MINUTE)

    assert _state(outcome) == "disputed"
    assert blamed(itutor, lesson.id) == []


def test_itr_5_who_first_joins_late_and_rejoins_is_as_late_as_before(itutor: Marketplace, book: Book) -> None:
    """Coming and going does not make up for the first third."""
    lesson = book(itutor, _START, minutes=30)
    _joins(itutor, lesson, "tom", _NOTHING)
    _joins(itutor, lesson, "ann", 11 * _MINUTE)
    _leaves(itutor, lesson, "ann", 12 * _MINUTE)
    _joins(itutor, lesson, "ann", 13 * _MINUTE)

    assert _state(_claims(itutor, lesson, "tom", 14 * _MINUTE)) == "student_no_show_claimed"


@pytest.mark.parametrize(
    ("came", "was_there"),
    [
        pytest.param(timedelta(minutes=-10), True, id="ten minutes early"),
        pytest.param(timedelta(0), True, id="at the start"),
        pytest.param(timedelta(minutes=5) - _MICROSECOND, True, id="just within five minutes"),
        pytest.param(timedelta(minutes=5), True, id="exactly five minutes late"),
        pytest.param(timedelta(minutes=5) + _MICROSECOND, False, id="just over five minutes late"),
        pytest.param(timedelta(minutes=25), False, id="late"),
        pytest.param(None, False, id="never"),
    ],
)
def test_itr_5_only_a_tutor_who_was_there_on_time_may_claim(
    itutor: Marketplace, book: Book, blamed: Blamed, came: timedelta | None, was_there: bool
) -> None:
    """Five minutes count as on time. A tutor who was later than that has no claim, whatever the student did."""
    lesson = book(itutor, _START, minutes=30)
    if came is not None:
        _joins(itutor, lesson, "tom", came)

    buttons = _offered_to(itutor, lesson, "tom", 26 * _MINUTE)
    outcome = _claims(itutor, lesson, "tom", 26 * _MINUTE)

    assert ("claim_no_show" in buttons) is was_there
    assert _state(outcome) == ("student_no_show_claimed" if was_there else "guard")
    assert blamed(itutor, lesson.id) == []


def test_itr_5_a_tutor_who_left_and_came_back_was_there_on_time(itutor: Marketplace, book: Book) -> None:
    """Of the tutor's joins the first one counts as well."""
    lesson = book(itutor, _START, minutes=30)
    _joins(itutor, lesson, "tom", -5 * _MINUTE)
    _leaves(itutor, lesson, "tom", -4 * _MINUTE)
    _joins(itutor, lesson, "tom", 6 * _MINUTE)

    assert _state(_claims(itutor, lesson, "tom", 10 * _MINUTE)) == "student_no_show_claimed"


def test_itr_5_a_claim_can_be_contested_until_a_day_after_it(
    itutor: Marketplace, book: Book, books: Books, edge: Edge
) -> None:
    """A microsecond before the day is over the student's word counts; at its end silence has agreed to the claim."""
    after, in_time = edge
    lesson = book(itutor, _START, minutes=30)
    _joins(itutor, lesson, "tom", _NOTHING)
    _claims(itutor, lesson, "tom", 10 * _MINUTE).or_raise()

    contested = itutor.contest(
        lesson.id, by="ann", key="no", note="I was there", now=lesson.terms.start + 10 * _MINUTE + _DAY + after
    )

    assert _state(contested) == ("disputed" if in_time else "not_open")
    if not in_time:
        assert itutor.history(lesson.id)[-1].version.state == "student_no_show"
        assert books(itutor, "TTD") == _HALF_PAID


@pytest.mark.parametrize(
    ("split", "blame", "marked", "left"),
    [
        ({"tutor": "50%", "student": "rest"}, None, [], ("950.00", "45.00")),
        ({"tutor": "50%", "student": "rest"}, "student", [("student", None)], ("950.00", "45.00")),
        ({"student": "100%"}, "tutor", [("tutor", "missed_attendance")], ("1000.00", "0.00")),
        ({"tutor": "100%"}, None, [], ("900.00", "85.00")),
        ({"student": "20%", "platform": "30%", "tutor": "rest"}, None, [], ("920.00", "45.00")),
    ],
    ids=["halved", "student blamed", "tutor blamed", "all to the tutor", "three ways"],
)
def test_itr_5_a_contested_claim_is_decided_by_people_and_only_then_marks_fall(
    itutor: Marketplace,
    book: Book,
    told: Told,
    blamed: Blamed,
    split: dict[str, str],
    blame: str | None,
    marked: list[tuple[str | None, str | None]],
    left: tuple[str, str],
) -> None:
    """The operator splits what is held in any way, and names who is to blame, or nobody; the fee is on the tutor's."""
    lesson = book(itutor, _START, minutes=30)
    _joins(itutor, lesson, "tom", _NOTHING)
    _claims(itutor, lesson, "tom", 10 * _MINUTE).or_raise()
    itutor.contest(lesson.id, by="ann", key="no", now=lesson.terms.start + 20 * _MINUTE).or_raise()
    before = blamed(itutor, lesson.id)

    resolved = _resolved(itutor, lesson, split, blame, _DAY)

    now = lesson.terms.start + _DAY
    assert before == []
    assert (resolved.state, resolved.held) == ("resolved", 0)
    assert blamed(itutor, lesson.id) == marked
    assert (itutor.wallet("ann", "TTD", now=now).text, itutor.earnings("tom", "TTD", now=now).available.text) == left
    assert told(itutor, lesson.id)[-2:] == [("contest", {"tom"}), ("resolve", {"ann", "tom"})]


def test_itr_5_a_dispute_that_nobody_decides_gives_everything_back_after_thirty_days(
    itutor: Marketplace, book: Book, books: Books, blamed: Blamed, edge: Edge
) -> None:
    """The money does not lie there for ever, and nobody is marked for what was never decided."""
    after, in_time = edge
    lesson = book(itutor, _START, minutes=30)
    _joins(itutor, lesson, "tom", _NOTHING)
    _claims(itutor, lesson, "tom", 10 * _MINUTE).or_raise()
    itutor.contest(lesson.id, by="ann", key="no", now=lesson.terms.start + 20 * _MINUTE).or_raise()

    # Thirty days by the tutor's calendar: 11:20 +01:00 on 2 March, 11:20 +02:00 on 1 April.
    itutor.sweep(now=instant("2026-04-01T09:20:00Z") + after)

    assert itutor.history(lesson.id)[-1].version.state == ("disputed" if in_time else "resolved")
    assert blamed(itutor, lesson.id) == []
    if not in_time:
        assert books(itutor, "TTD") == _ALL_BACK


def test_itr_5_a_claim_against_a_recorded_join_opens_a_dispute_at_once(
    itutor: Marketplace, book: Book, books: Books, told: Told, blamed: Blamed
) -> None:
    """The tutor says that nobody came, the meeting's own record says otherwise: nobody is paid and nobody marked."""
    lesson = book(itutor, _START, minutes=30)
    _joins(itutor, lesson, "tom", _NOTHING)
    _seen(itutor, lesson, "student", 4 * _MINUTE, told_after=5 * _MINUTE)

    claimed = _claims(itutor, lesson, "tom", 10 * _MINUTE)

    assert _state(claimed) == "disputed"
    assert claimed.lesson is not None
    assert (claimed.lesson.waits_for, claimed.lesson.held) == ("operator", 10_000)
    assert [each.id for each in itutor.open_requests("olga", now=claimed.lesson.at)] == [lesson.id]
    assert itutor.wallet("ann", "TTD", now=claimed.lesson.at).text == "900.00"
    assert told(itutor, lesson.id)[-1] == ("claim_no_show", {"ann"})
    assert blamed(itutor, lesson.id) == []
    _resolved(itutor, lesson, {"tutor": "100%"}, None, _DAY)
    assert books(itutor, "TTD")["Liabilities:Tutors:Tom:Available"] == "85.00"


@pytest.mark.parametrize(("first", "second"), [("tom", "ann"), ("ann", "tom")])
def test_itr_5_when_both_sides_claim_it_is_a_dispute_and_marks_fall_only_at_its_resolution(
    itutor: Marketplace, book: Book, blamed: Blamed, first: str, second: str
) -> None:
    """Each says that the other did not come; whoever speaks second contradicts whoever spoke first."""
    lesson = book(itutor, _START, minutes=30)
    if first == "tom":
        _joins(itutor, lesson, "tom", _NOTHING)

    one = _claims(itutor, lesson, first, 10 * _MINUTE)
    buttons = _offered_to(itutor, lesson, second, 11 * _MINUTE)
    other = _claims(itutor, lesson, second, 11 * _MINUTE)
    before = blamed(itutor, lesson.id)
    _resolved(itutor, lesson, {"student": "100%"}, "tutor", _DAY)

    assert _state(one) == _CLAIMED[first]
    assert {"contest", "claim_no_show"} <= set(buttons)
    assert _state(other) == "disputed"
    assert before == []
    assert blamed(itutor, lesson.id) == [("tutor", "missed_attendance")]


def test_itr_5_a_dispute_is_decided_by_an_operator_alone_and_for_a_reason(
    itutor: Marketplace, book: Book, blamed: Blamed
) -> None:
    """Neither side decides about itself, and a decision without a reason is none."""
    lesson = book(itutor, _START, minutes=30)
    _joins(itutor, lesson, "tom", _NOTHING)
    _joins(itutor, lesson, "ann", _NOTHING)
    disputed = _claims(itutor, lesson, "tom", 10 * _MINUTE).lesson
    assert disputed is not None
    now, split = disputed.at + _MINUTE, Settlement.of({"tutor": "100%"})

    refused = [
        itutor.resolve(lesson.id, by=who, split=split, reason=reason, key=f"{who} decides", now=now).refusal
        for who, reason in (("tom", "I was there"), ("ann", "so was I"), ("sue", "let us see"), ("olga", ""))
    ]

    assert [each.code if each else None for each in refused] == ["not_yours", "not_yours", "not_yours", "missing"]
    assert itutor.lesson(lesson.id, now=now) == disputed
    assert blamed(itutor, lesson.id) == []


def test_itr_5_a_report_that_comes_after_the_claim_and_speaks_against_it_opens_the_dispute(
    itutor: Marketplace, book: Book
) -> None:
    """What the meeting saw in time and tells late is not lost: nobody has to contest then."""
    lesson = book(itutor, _START)
    _joins(itutor, lesson, "tom", _NOTHING)
    assert _state(_claims(itutor, lesson, "tom", 40 * _MINUTE)) == "student_no_show_claimed"

    _seen(itutor, lesson, "student", 25 * _MINUTE, told_after=45 * _MINUTE)
    late = itutor.lesson(lesson.id, now=lesson.terms.start + 45 * _MINUTE)
    _seen(itutor, lesson, "student", 2 * _MINUTE, told_after=50 * _MINUTE)
    told = itutor.lesson(lesson.id, now=lesson.terms.start + 50 * _MINUTE)

    assert (late.state, late.due) == ("student_no_show_claimed", lesson.terms.start + 40 * _MINUTE + _DAY)
    assert (told.state, told.at) == ("disputed", lesson.terms.start + 50 * _MINUTE)


def test_itr_5_what_the_meeting_has_seen_counts_from_when_it_was_seen(itutor: Marketplace, book: Book) -> None:
    """A report may arrive late; it is the join that has to be early, and the report names its source."""
    lesson = book(itutor, _START, minutes=30)
    _joins(itutor, lesson, "tom", _NOTHING)
    _seen(itutor, lesson, "student", 10 * _MINUTE - _MICROSECOND, told_after=15 * _MINUTE)

    outcome = _claims(itutor, lesson, "tom", 16 * _MINUTE)

    report = next(each.version.command for each in itutor.history(lesson.id) if "seen" in _key_of(each.version))
    assert _state(outcome) == "disputed"
    assert report is not None
    assert report.particulars is not None
    assert report.particulars.source == "jitsi"


def test_itr_5_two_reports_of_one_person_count_as_the_earlier_in_whichever_order_they_arrive(
    itutor: Marketplace, book: Book
) -> None:
    """The tutor reports himself a little late, the meeting saw him on time: he was there on time."""
    lesson = book(itutor, _START, minutes=30)
    _joins(itutor, lesson, "tom", 7 * _MINUTE)
    _seen(itutor, lesson, "tutor", 2 * _MINUTE, told_after=8 * _MINUTE)
    _seen(itutor, lesson, "tutor", 9 * _MINUTE, told_after=9 * _MINUTE)

    assert _state(_claims(itutor, lesson, "tom", 10 * _MINUTE)) == "student_no_show_claimed"


def test_itr_5_nobody_reports_another_s_join_or_an_earlier_one_but_the_platform(
    itutor: Marketplace, book: Book
) -> None:
    """People say that they are there, and that they are there now; strangers say nothing."""
    lesson = book(itutor, _START, minutes=30)
    start = lesson.terms.start
    now = start + 8 * _MINUTE

    refused = [
        itutor.join(lesson.id, by="tom", subject="student", key="for ann", now=now).refusal,
        itutor.join(lesson.id, by="tom", seen=start, key="since the start", now=now).refusal,
        itutor.join(lesson.id, by="robot", key="somebody", now=now).refusal,
        itutor.join(lesson.id, by="robot", subject="tutor", seen=now + _MINUTE, key="soon", now=now).refusal,
        itutor.join(lesson.id, by="sue", key="me too", now=now).refusal,
    ]

    assert [each.code if each else None for each in refused] == [
        *("bad_terms", "bad_terms", "missing", "bad_terms", "not_yours"),
    ]


@pytest.mark.parametrize("by", ["sue", "tim", "olga", "robot"])
def test_itr_5_nobody_claims_but_the_two_of_the_lesson(itutor: Marketplace, book: Book, by: str) -> None:
    """Neither strangers nor the platform say who did not come."""
    lesson = book(itutor, _START, minutes=30)
    _joins(itutor, lesson, "tom", _NOTHING)

    refused = _claims(itutor, lesson, by, 10 * _MINUTE).refusal

    assert refused is not None
    assert refused.code == "not_yours"


# ITR-9: a claim and the end of the lesson.


@pytest.mark.parametrize("by", ["tom", "ann"])
def test_itr_9_a_claim_is_possible_strictly_before_the_end_and_at_the_end_the_lesson_is_complete(
    itutor: Marketplace, book: Book, edge: Edge, by: str
) -> None:
    """Where the two meet time has won: the lesson is complete and paid, and there is nothing left to claim."""
    after, in_time = edge
    lesson = book(itutor, _START, minutes=90)
    _joins(itutor, lesson, by, _NOTHING)

    outcome = _claims(itutor, lesson, by, 90 * _MINUTE + after)

    assert _state(outcome) == (_CLAIMED[by] if in_time else "not_open")
    assert outcome.lesson is not None
    if not in_time:
        assert (outcome.lesson.state, outcome.lesson.at) == ("completed", lesson.terms.end)
        assert dict(outcome.lesson.legs) == {"tutor": 8_500, "platform": 1_500}


def test_itr_9_the_last_moment_for_a_claim_is_shown_with_it(itutor: Marketplace, book: Book) -> None:
    """The button says until when: the end of the lesson."""
    lesson = book(itutor, _START, minutes=90)
    _joins(itutor, lesson, "tom", _NOTHING)

    options = itutor.allowed(lesson.id, by="tom", now=lesson.terms.start + 30 * _MINUTE)

    assert [option.until for option in options if option.verb == "claim_no_show"] == [lesson.terms.end]


@pytest.mark.parametrize("by", ["tom", "ann"])
def test_itr_9_a_claim_made_in_the_last_microsecond_keeps_the_lesson_from_completing(
    itutor: Marketplace, book: Book, books: Books, by: str
) -> None:
    """The end passes and nothing is paid; what follows is what follows from the claim."""
    lesson = book(itutor, _START, minutes=90)
    _joins(itutor, lesson, by, _NOTHING)
    _claims(itutor, lesson, by, 90 * _MINUTE - _MICROSECOND).or_raise()

    at_the_end = itutor.lesson(lesson.id, now=lesson.terms.end)
    itutor.sweep(now=lesson.terms.end + _DAY)

    assert (at_the_end.number, at_the_end.held) == (itutor.history(lesson.id)[-1].version.number - 1, 10_000)
    assert itutor.history(lesson.id)[-1].version.at == lesson.terms.end + _DAY - _MICROSECOND
    assert books(itutor, "TTD") == {"tom": _HALF_PAID, "ann": _ALL_BACK}[by]


# ITR-12: the tutor did not come.


@pytest.mark.parametrize(("minutes", "third"), _THIRDS)
def test_itr_12_a_student_may_claim_that_the_tutor_did_not_come_from_the_same_third_on(
    itutor: Marketplace, book: Book, edge: Edge, minutes: float, third: timedelta
) -> None:
    """What the tutor waits for the student, the student waits for the tutor."""
    after, too_early = edge
    lesson = book(itutor, _START, minutes=minutes)
    _joins(itutor, lesson, "ann", _NOTHING)

    buttons = _offered_to(itutor, lesson, "ann", third + after)
    outcome = _claims(itutor, lesson, "ann", third + after)

    assert ("claim_no_show" in buttons) is not too_early
    assert _state(outcome) == ("guard" if too_early else "tutor_no_show_claimed")


@pytest.mark.parametrize(("minutes", "third"), _THIRDS)
def test_itr_12_a_tutor_has_come_who_joined_before_the_third_and_not_at_it(
    itutor: Marketplace, book: Book, edge: Edge, minutes: float, third: timedelta
) -> None:
    """A join on record speaks against the student's claim; one at the third or later does not."""
    after, has_come = edge
    lesson = book(itutor, _START, minutes=minutes)
    _joins(itutor, lesson, "ann", _NOTHING)
    _joins(itutor, lesson, "tom", third + after)

    outcome = _claims(itutor, lesson, "ann", third + _MICROSECOND)

    assert _state(outcome) == ("disputed" if has_come else "tutor_no_show_claimed")


@pytest.mark.parametrize("late", [None, timedelta(minutes=12)], ids=["never", "after the claim"])
def test_itr_12_a_tutor_who_does_not_come_gives_everything_back_and_is_marked(
    itutor: Marketplace, book: Book, books: Books, told: Told, blamed: Blamed, late: timedelta | None
) -> None:
    """The mark falls when the tutor has had a day to contest the claim, not when it is made."""
    lesson = book(itutor, _START, minutes=30)
    _joins(itutor, lesson, "ann", _NOTHING)
    claimed = _claims(itutor, lesson, "ann", 10 * _MINUTE).or_raise().lesson
    if late is not None:
        _joins(itutor, lesson, "tom", late)
    before = blamed(itutor, lesson.id)

    itutor.sweep(now=lesson.terms.start + 10 * _MINUTE + _DAY)

    ended = itutor.history(lesson.id)[-1].version
    assert claimed is not None
    assert (claimed.waits_for, claimed.due) == ("tutor", claimed.at + _DAY)
    assert (ended.state, ended.at, ended.legs) == ("tutor_no_show", claimed.due, (("payer", 10_000),))
    assert books(itutor, "TTD") == _ALL_BACK
    assert told(itutor, lesson.id)[-2:] == [("claim_no_show", {"tom"}), ("tutor_no_show", {"ann", "tom"})]
    assert (before, blamed(itutor, lesson.id)) == ([], [("tutor", "missed_attendance")])


def test_itr_12_a_tutor_contests_until_a_day_after_the_claim_and_is_not_marked_for_what_is_undecided(
    itutor: Marketplace, book: Book, blamed: Blamed, edge: Edge
) -> None:
    """In time it becomes a dispute without a mark; too late, the claim has held and the mark stands."""
    after, in_time = edge
    lesson = book(itutor, _START, minutes=30)
    _joins(itutor, lesson, "ann", _NOTHING)
    _claims(itutor, lesson, "ann", 10 * _MINUTE).or_raise()

    contested = itutor.contest(lesson.id, by="tom", key="no", now=lesson.terms.start + 10 * _MINUTE + _DAY + after)

    assert _state(contested) == ("disputed" if in_time else "not_open")
    assert blamed(itutor, lesson.id) == ([] if in_time else [("tutor", "missed_attendance")])


@pytest.mark.parametrize(
    "late",
    [
        pytest.param(None, id="neither ever comes"),
        pytest.param(timedelta(minutes=10), id="both at the third"),
        pytest.param(timedelta(minutes=20), id="both after it"),
    ],
)
def test_itr_12_where_both_were_absent_the_tutor_has_no_claim_and_the_student_s_marks_nobody(
    itutor: Marketplace, book: Book, books: Books, blamed: Blamed, late: timedelta | None
) -> None:
    """The money goes back whole, and nobody is to blame more than the other."""
    lesson = book(itutor, _START, minutes=30)
    for who in () if late is None else ("tom", "ann"):
        _joins(itutor, lesson, who, late or _NOTHING)

    by_tutor = _claims(itutor, lesson, "tom", 20 * _MINUTE)
    by_student = _claims(itutor, lesson, "ann", 20 * _MINUTE)
    itutor.sweep(now=lesson.terms.start + 2 * _DAY)

    assert (_state(by_tutor), _state(by_student)) == ("guard", "tutor_no_show_claimed")
    assert itutor.history(lesson.id)[-1].version.state == "tutor_no_show"
    assert books(itutor, "TTD") == _ALL_BACK
    assert blamed(itutor, lesson.id) == []


def test_itr_12_that_the_student_was_there_may_become_known_after_the_claim(
    itutor: Marketplace, book: Book, blamed: Blamed
) -> None:
    """The student goes in without saying so, and the meeting's record arrives late: the tutor alone was absent."""
    lesson = book(itutor, _START, minutes=30)
    _claims(itutor, lesson, "ann", 10 * _MINUTE).or_raise()
    _seen(itutor, lesson, "student", 3 * _MINUTE, told_after=60 * _MINUTE)

    itutor.sweep(now=lesson.terms.start + 2 * _DAY)

    assert blamed(itutor, lesson.id) == [("tutor", "missed_attendance")]


@pytest.mark.parametrize("by", ["tom", "ann"])
def test_itr_12_nobody_contests_a_claim_of_their_own(itutor: Marketplace, book: Book, by: str) -> None:
    """Only the side that is said to have been absent contests; and a second claim of the same side is none."""
    lesson = book(itutor, _START, minutes=30)
    _joins(itutor, lesson, by, _NOTHING)
    _claims(itutor, lesson, by, 10 * _MINUTE).or_raise()
    now = lesson.terms.start + 11 * _MINUTE

    refused = [
        itutor.contest(lesson.id, by=by, key="own", now=now).refusal,
        itutor.contest(lesson.id, by="sue", key="stranger", now=now).refusal,
        _claims(itutor, lesson, by, 11 * _MINUTE).refusal,
    ]

    assert [each.code if each else None for each in refused] == ["not_yours"] * 3


def _key_of(version: Lesson) -> str:
    return "" if version.command is None else version.command.key
