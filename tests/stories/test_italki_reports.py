"""What becomes of lapses: ITK-14, ITK-16, ITK-17, ITK-18, and the UTC day of ITK-20.

Requests are let expire by ann, who has had a lesson with tom and may ask him when his profile is hidden; sue has not.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import Lesson, Marketplace, Outcome, instant
from tutorcore.policy.restrictions import Restriction

Ask = Callable[..., Lesson]
Agree = Callable[..., Lesson]
Expire = Callable[..., Lesson]
Miss = Callable[[Lesson, str], None]
Counted = Callable[..., dict[str, int]]
Happened = Callable[..., list[tuple[str, str, tuple[str, ...]]]]
Handled = Callable[[Marketplace], list[tuple[str, str, str | None]]]
Answers = Callable[..., list[tuple[str, str]]]
Edge = tuple[timedelta, bool]

_FIRST = "2026-06-10T10:00:00Z"
_SECOND = "2026-06-11T10:00:00Z"
_THIRD = "2026-06-12T10:00:00Z"
_FOURTH = "2026-06-13T10:00:00Z"
_ON_FOUR_DAYS = (_FIRST, _SECOND, _THIRD, _FOURTH)
_HIDDEN = frozenset({"hidden", "existing_only"})
_LOCKED = _HIDDEN | {"locked"}


@pytest.fixture
def friends(market: Marketplace, agree: Agree) -> None:
    """Ann has had a lesson with tom, in May; sue has money and has had none."""
    lesson = agree("2026-05-20T10:00:00Z", now="2026-05-10T10:00:00Z", price="2.0", key="in May")
    market.confirm(lesson.id, by="ann", key="May was good", now=instant("2026-05-20T11:00:00Z")).or_raise()
    market.top_up("sue", market.money("50.0", "ITC"), key="sue buys", now=instant("2026-05-20T11:00:00Z"))


def _ask(market: Marketplace, student: str, now: str) -> Outcome:
    """A student asks tom for an hour a month ahead."""
    return market.request(
        student=student,
        tutor="tom",
        start=instant(now) + timedelta(days=30),
        duration=timedelta(hours=1),
        price="1.0",
        key=f"{student} asks at {now}",
        now=instant(now),
    )


def _show(market: Marketplace, now: str) -> Outcome:
    return market.standings.show_profile("tom", key=f"show at {now}", now=instant(now))


def _dismiss(market: Marketplace, report: int, now: str, reason: str = "ill", note: str = "") -> Outcome:
    return market.standings.dismiss_report(
        "tom", report, by="agnes", reason=reason, case=f"case {report}", note=note, key=f"d{report} {now}",
        now=instant(now),
    )  # fmt: skip


def _record(market: Marketplace, report: int, now: str, reason: str = "no_answer", note: str = "") -> Outcome:
    return market.standings.record_report(
        "tom", report, by="agnes", reason=reason, case=f"case {report}", note=note, key=f"r{report} {now}",
        now=instant(now),
    )  # fmt: skip


def _reset(market: Marketplace, now: str, counter: str = "missed_request", by: str = "agnes") -> Outcome:
    return market.standings.reset_counter(
        "tom", counter, by=by, reason="a fresh start", case="case 9", key=f"reset {counter} {now}", now=instant(now)
    )


def _restricted(market: Marketplace, now: str) -> frozenset[Restriction]:
    return market.standings.restrictions("tom", now=instant(now))


def _code(outcome: Outcome) -> str | None:
    return None if outcome.refusal is None else outcome.refusal.code


# ITK-14: two counters.


def test_itk_14_a_request_that_the_teacher_lets_expire_raises_a_missed_request_report(
    market: Marketplace, let_expire: Expire, counted: Counted, edge: Edge
) -> None:
    """It is raised at the deadline itself, names the lesson, and waits for an agent."""
    after, in_time = edge
    lesson = let_expire(_FIRST)
    now = instant(_FIRST) + after

    standing = market.standings.of("tom", now=now)

    if in_time:
        assert standing is None
        assert counted(market, str(now)) == {"missed_request": 0, "missed_attendance": 0}
        return
    assert standing is not None
    assert [
        (report.number, report.counter, report.points, report.raised, report.state) for report in standing.reports
    ] == [(1, "missed_request", 1, instant(_FIRST), "open")]
    assert [(lapse.lesson, lapse.mark, lapse.at) for lapse in standing.reports[0].lapses] == [
        (lesson.id, "missed_request", instant(_FIRST))
    ]
    assert counted(market, str(now)) == {"missed_request": 1, "missed_attendance": 0}


def test_itk_14_missed_requests_and_missed_lessons_are_counted_apart(
    market: Marketplace, agree: Agree, let_expire: Expire, miss: Miss, counted: Counted
) -> None:
    """One of each: two reports, two counters at one, and neither counter's second rung."""
    lesson = agree("2026-06-09T10:00:00Z", now="2026-06-01T10:00:00Z", price="5.0", key="lesson")
    miss(lesson, "2026-06-09T11:00:00Z")
    market.standings.show_profile("tom", key="show", now=instant("2026-06-09T12:00:00Z")).or_raise()
    let_expire(_SECOND, key="request")

    assert counted(market, _SECOND) == {"missed_request": 1, "missed_attendance": 1}
    standing = market.standings.of("tom", now=instant(_SECOND))
    assert standing is not None
    assert [(report.counter, report.state) for report in standing.reports] == [
        ("missed_attendance", "open"),
        ("missed_request", "open"),
    ]
    assert _restricted(market, _SECOND) == frozenset()


def test_itk_14_what_the_teacher_answered_and_what_others_let_lapse_raises_no_report(
    market: Marketplace, ask: Ask, happened: Happened
) -> None:
    """Declining, a request taken back and a counter-offer that the student lets lapse (ITK-9) count for nothing."""
    declined = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z", price="1.0", key="a")
    taken_back = ask("2026-06-21T10:00:00Z", now="2026-06-08T10:00:00Z", price="1.0", key="b")
    countered = ask("2026-06-22T10:00:00Z", now="2026-06-08T10:00:00Z", price="1.0", key="c")
    now = instant("2026-06-08T11:00:00Z")
    market.decline(declined.id, by="tom", key="no", now=now).or_raise()
    market.withdraw(taken_back.id, by="ann", key="back", now=now).or_raise()
    market.propose(countered.id, by="tom", price="2.0", key="dearer", now=now).or_raise()

    market.sweep(now=instant("2026-06-12T00:00:00Z"))

    assert market.lesson(countered.id, now=now).state == "expired"
    assert happened(market) == []
    assert happened(market, "ann") == []
    assert market.standings.queue(now=instant("2026-06-12T00:00:00Z")) == ()


# ITK-20: one UTC day, one report.


@pytest.mark.parametrize(
    ("first", "second", "reports"),
    [
        pytest.param("2026-06-10T00:00:00Z", "2026-06-10T23:59:59.999999Z", 1, id="first and last of a day"),
        pytest.param("2026-06-10T23:59:59.999999Z", "2026-06-11T00:00:00Z", 2, id="a microsecond across midnight"),
        pytest.param("2026-06-10T21:59:59Z", "2026-06-10T22:00:00Z", 1, id="midnight in the tutor's Berlin"),
        pytest.param("2026-06-11T03:59:59Z", "2026-06-11T04:00:00Z", 1, id="midnight in the student's New York"),
        pytest.param("2026-06-10T14:59:59Z", "2026-06-10T15:00:00Z", 1, id="midnight in the platform's Tokyo"),
        # 25 October has 25 hours in Berlin and 24 in UTC.
        pytest.param("2026-10-25T00:00:00Z", "2026-10-25T23:59:59.999999Z", 1, id="the clocks go back"),
    ],
)
def test_itk_20_expiries_on_one_utc_day_count_as_one_report(
    market: Marketplace,
    let_expire: Expire,
    counted: Counted,
    happened: Happened,
    first: str,
    second: str,
    reports: int,
) -> None:
    """Days are the day of UTC and no one's wall: from 00:00:00 up to but not including the next 00:00:00."""
    lessons = [let_expire(first).id, let_expire(second).id]

    market.sweep(now=instant(second))

    standing = market.standings.of("tom", now=instant(second))
    assert standing is not None
    assert [[lapse.lesson for lapse in report.lapses] for report in standing.reports] == (
        [lessons] if reports == 1 else [lessons[:1], lessons[1:]]
    )
    assert counted(market, second) == {"missed_request": reports, "missed_attendance": 0}
    assert [(kind, effects) for kind, _, effects in happened(market)] == (
        [("raised", ("notice",)), ("joined", ())]
        if reports == 1
        else [("raised", ("notice",)), ("raised", ("hidden",))]
    )
    assert market.standings.is_listed("tom", now=instant(second)) is (reports == 1)


def test_itk_20_fifteen_requests_that_lapse_on_one_day_count_once(
    market: Marketplace, let_expire: Expire, counted: Counted
) -> None:
    """A day in hospital is one report, with all fifteen in it."""
    for minute in range(15):
        let_expire(f"2026-06-10T10:{minute:02}:00Z")

    later = "2026-06-10T23:00:00Z"
    standing = market.standings.of("tom", now=instant(later))
    assert standing is not None
    assert [len(report.lapses) for report in standing.reports] == [15]
    assert counted(market, later)["missed_request"] == 1
    assert market.standings.is_listed("tom", now=instant(later))


@pytest.mark.parametrize(
    ("handle", "kinds", "counts"),
    [
        pytest.param(_record, ["raised", "recorded", "reopened"], [1, 1], id="recorded"),
        pytest.param(_dismiss, ["raised", "dismissed", "reopened"], [0, 1], id="dismissed"),
    ],
)
def test_itk_20_a_further_expiry_of_the_day_opens_a_handled_report_again(
    market: Marketplace,
    let_expire: Expire,
    counted: Counted,
    happened: Happened,
    handle: Callable[..., Outcome],
    kinds: list[str],
    counts: list[int],
) -> None:
    """The agent did not know of it; a report that had been dismissed counts again, and none counts twice."""
    let_expire(_FIRST)
    let_expire("2026-06-10T20:00:00Z")
    handle(market, 1, "2026-06-10T12:00:00Z").or_raise()
    between = counted(market, "2026-06-10T12:00:00Z")["missed_request"]

    market.sweep(now=instant("2026-06-10T20:00:00Z"))

    assert [kind for kind, _, _ in happened(market)] == kinds
    assert [between, counted(market, "2026-06-10T20:00:00Z")["missed_request"]] == counts
    assert [each.report.number for each in market.standings.queue(now=instant("2026-06-10T20:00:00Z"))] == [1]


# ITK-17: the ladder of missed requests.


@pytest.mark.usefixtures("friends")
def test_itk_17_the_first_report_is_a_reminder_without_consequence(
    market: Marketplace, let_expire: Expire, happened: Happened
) -> None:
    """The tutor is told; the profile is shown, and anybody may ask."""
    let_expire(_FIRST)
    market.sweep(now=instant(_FIRST))

    assert happened(market) == [("raised", _FIRST, ("notice",))]
    assert market.standings.is_listed("tom", now=instant(_FIRST))
    assert [row.message.audience for row in market.outbox(kinds=["standing"])] == [("tom",)]
    assert _ask(market, "sue", _FIRST).ok


@pytest.mark.usefixtures("friends")
def test_itk_17_from_the_second_report_the_profile_is_hidden_until_the_teacher_switches_it_back(
    market: Marketplace, let_expire: Expire, edge: Edge
) -> None:
    """Hidden means looking for no new students: ann may still ask and sue may not, from that instant on."""
    after, before = edge
    let_expire(_FIRST)
    let_expire(_SECOND)
    now = str(instant(_SECOND) + after)

    listed = market.standings.is_listed("tom", now=instant(now))
    by_sue, by_ann = _ask(market, "sue", now), _ask(market, "ann", now)
    a_year_later = _restricted(market, "2027-06-11T10:00:00Z")

    assert listed is before
    assert by_sue.ok is before
    assert by_ann.refusal is None or by_ann.refusal.code == "slot_taken"
    if not before:
        assert by_sue.refusal is not None
        assert by_sue.refusal.code == "guard"
        assert by_ann.ok
        assert a_year_later >= _HIDDEN
        assert _show(market, "2026-06-11T12:00:00Z").ok
        assert _restricted(market, "2026-06-11T12:00:00Z") == frozenset()
        assert _ask(market, "sue", "2026-06-11T12:00:00Z").ok


def _climb(market: Marketplace, let_expire: Expire, days: int) -> None:
    """So many requests expire, on as many days; the tutor shows the profile as soon as that is possible."""
    for at in _ON_FOUR_DAYS[:days]:
        let_expire(at)
        market.sweep(now=instant(at))
        if at == _SECOND:
            _show(market, str(instant(at) + timedelta(hours=1))).or_raise()


@pytest.mark.usefixtures("friends")
def test_itk_17_at_the_third_report_the_profile_stays_hidden_for_seven_days(
    market: Marketplace, let_expire: Expire, happened: Happened, edge: Edge
) -> None:
    """168 hours, to the microsecond, in which the tutor cannot switch it back, and afterwards the tutor does."""
    after, too_early = edge
    _climb(market, let_expire, 3)
    end = "2026-06-19T10:00:00Z"

    shown = _show(market, str(instant(end) + after))

    assert happened(market)[:4] == [
        ("raised", _FIRST, ("notice",)),
        ("raised", _SECOND, ("hidden",)),
        ("shown", "2026-06-11T11:00:00Z", ("hidden",)),
        ("raised", _THIRD, ("hidden",)),
    ]
    assert shown.ok is not too_early
    assert market.standings.is_listed("tom", now=instant(end) + after) is not too_early
    if shown.refusal is not None:
        assert (shown.refusal.code, end in shown.refusal.sentence) == ("restricted", True)


@pytest.mark.usefixtures("friends")
def test_itk_17_at_the_fourth_report_the_status_is_locked_and_only_support_can_lift_it(
    market: Marketplace, let_expire: Expire, happened: Happened, handled: Handled, answers: Answers
) -> None:
    """Neither time nor the tutor ends it. Support does, and the profile is then the tutor's to show."""
    _climb(market, let_expire, 4)
    assert happened(market)[-1] == ("raised", _FOURTH, ("locked",))
    later = "2027-06-13T10:00:00Z"

    assert _restricted(market, _FOURTH) == _restricted(market, later) == _LOCKED
    assert _code(_show(market, later)) == "restricted"

    def lift(by: str, note: str = "") -> Outcome:
        return market.standings.lift(
            "tom", "locked", by=by, reason="has promised", case="case 4", note=note, key=f"{by} lifts",
            now=instant(later),
        )  # fmt: skip

    by_tom, by_ann, lifted = lift("tom"), lift("ann"), lift("agnes", "welcome back")
    still_hidden = _restricted(market, later)
    shown = _show(market, "2027-06-13T11:00:00Z")

    assert [_code(by_tom), _code(by_ann)] == ["not_yours", "not_yours"]
    assert lifted.ok
    assert still_hidden == _HIDDEN
    assert shown.ok
    assert _restricted(market, "2027-06-13T11:00:00Z") == frozenset()
    assert answers(market) == [("lifted", "welcome back")]
    assert handled(market)[-4:] == [
        ("lift", "tom", "not_yours"),
        ("lift", "ann", "not_yours"),
        ("lift", "agnes", None),
        ("show_profile", "tom", None),
    ]


@pytest.mark.usefixtures("friends")
def test_itk_17_whatever_is_reported_what_is_booked_or_asked_for_goes_on(
    market: Marketplace, ask: Ask, agree: Agree, let_expire: Expire
) -> None:
    """A locked tutor teaches what was agreed before, answers what was asked before, and is paid for both."""
    booked = agree("2026-06-14T10:00:00Z", now="2026-06-07T10:00:00Z", price="10.0", key="booked")
    asked = ask("2026-06-15T10:00:00Z", now="2026-06-12T09:00:00Z", price="10.0", key="asked")
    _climb(market, let_expire, 4)

    market.accept(asked.id, by="tom", proposal=1, key="yes", now=instant("2026-06-13T12:00:00Z")).or_raise()
    market.sweep(now=instant("2026-06-30T00:00:00Z"))

    assert _restricted(market, "2026-06-13T12:00:00Z") == _LOCKED
    assert [market.lesson(each.id, now=instant(_FOURTH)).state for each in (booked, asked)] == ["completed"] * 2
    # 1.7 from May, and twice 8.5.
    assert market.earnings("tom", "ITC", now=instant("2026-06-30T00:00:00Z")).available.text == "18.7"


# ITK-16: the agent's queue.


def test_itk_16_an_agent_goes_through_the_open_reports_and_sees_each_lesson_with_its_history(
    market: Marketplace, let_expire: Expire
) -> None:
    """The oldest first, over all tutors; what is handled leaves the queue."""
    toms, tims = let_expire(_FIRST), let_expire(_SECOND, tutor="tim")
    let_expire(_THIRD)
    now = instant(_FOURTH)

    queue = market.standings.queue(now=now)
    _dismiss(market, 1, _FOURTH).or_raise()
    left = market.standings.queue(now=now)

    assert [(each.tutor, each.report.number, each.report.raised) for each in queue] == [
        ("tom", 1, instant(_FIRST)),
        ("tim", 1, instant(_SECOND)),
        ("tom", 2, instant(_THIRD)),
    ]
    assert [(each.tutor, each.report.number) for each in left] == [("tim", 1), ("tom", 2)]
    assert [lapse.lesson for each in queue[:2] for lapse in each.report.lapses] == [toms.id, tims.id]
    steps = [(each.version.state, each.version.at) for each in market.history(toms.id)]
    assert steps == [("requested", instant("2026-06-08T10:00:00Z")), ("expired", instant(_FIRST))]


@pytest.mark.parametrize("reason", ["message_only", "ill", "afraid_to_decline", "technical_fault", "platform_bug"])
def test_itk_16_a_report_is_dismissed_for_one_of_these_reasons_and_counts_no_more(
    market: Marketplace, let_expire: Expire, counted: Counted, handled: Handled, answers: Answers, reason: str
) -> None:
    """With a reference to the case, an audit line, and an answer to the tutor."""
    let_expire(_FIRST)

    outcome = _dismiss(market, 1, _SECOND, reason=reason, note="all right this time")

    assert outcome.ok
    assert counted(market, _SECOND)["missed_request"] == 0
    assert handled(market) == [("dismiss_report", "agnes", None)]
    assert answers(market) == [("dismissed", "all right this time")]
    done = market.standings.history("tom")[-1].standing.happening
    assert (done.actor, done.report, done.reason, done.case) == ("agnes", 1, reason, "case 1")
    audited = market.audit()[-1]
    assert (audited.at, audited.cause) == (instant(_SECOND), market.standings.history("tom")[-1].cause)


def test_itk_16_a_report_without_any_answer_or_contact_is_recorded_and_goes_on_counting(
    market: Marketplace, let_expire: Expire, counted: Counted, handled: Handled, answers: Answers
) -> None:
    """Recorded, it stands for good: what comes next is the second."""
    let_expire(_FIRST)
    _record(market, 1, "2026-06-10T12:00:00Z", note="please answer next time").or_raise()
    let_expire(_SECOND)

    assert counted(market, _SECOND)["missed_request"] == 2
    assert not market.standings.is_listed("tom", now=instant(_SECOND))
    assert handled(market) == [("record_report", "agnes", None)]
    assert answers(market) == [("recorded", "please answer next time")]


@pytest.mark.parametrize(
    ("lacks", "code"),
    [
        ({"reason": ""}, "missing"),
        ({"case": ""}, "missing"),
        ({"reason": "  "}, "missing"),
        ({"case": "  "}, "missing"),
        ({"reason": "no_answer"}, "bad_terms"),
        ({"reason": "because"}, "bad_terms"),
    ],
)
def test_itk_16_either_needs_a_reason_that_fits_and_a_reference(
    market: Marketplace, let_expire: Expire, counted: Counted, handled: Handled, lacks: dict[str, str], code: str
) -> None:
    """The reasons for dismissing are not those for recording; a refused attempt is audited and changes nothing."""
    let_expire(_FIRST)
    said = {"reason": "ill", "case": "case 1"} | lacks

    refused = market.standings.dismiss_report("tom", 1, by="agnes", key="d", now=instant(_SECOND), **said)
    said = {"reason": "no_answer", "case": "case 1"} | lacks | ({"reason": "ill"} if code == "bad_terms" else {})
    refused_too = market.standings.record_report("tom", 1, by="agnes", key="r", now=instant(_SECOND), **said)

    assert [_code(refused), _code(refused_too)] == [code, code]
    assert counted(market, _SECOND)["missed_request"] == 1
    assert handled(market) == [("dismiss_report", "agnes", code), ("record_report", "agnes", code)]


@pytest.mark.usefixtures("friends")
def test_itk_16_dismissing_does_not_make_a_hidden_profile_visible_and_the_teacher_switches_it_back(
    market: Marketplace, let_expire: Expire, counted: Counted
) -> None:
    """The count falls to none and sue still cannot ask, until tom himself shows the profile."""
    let_expire(_FIRST)
    let_expire(_SECOND)
    for report in (1, 2):
        _dismiss(market, report, _THIRD, reason="technical_fault").or_raise()

    hidden = _restricted(market, _THIRD)
    refused = _ask(market, "sue", _THIRD)
    _show(market, "2026-06-12T11:00:00Z").or_raise()

    assert counted(market, _THIRD)["missed_request"] == 0
    assert hidden == _HIDDEN
    assert _code(refused) == "guard"
    assert _ask(market, "sue", "2026-06-12T11:00:00Z").ok


@pytest.mark.usefixtures("friends")
def test_itk_16_dismissing_below_the_third_lets_the_teacher_switch_back_before_the_week_is_over(
    market: Marketplace, let_expire: Expire, counted: Counted
) -> None:
    """Hidden for a week for what did not count after all: it stays hidden, and is tom's to end at once."""
    _climb(market, let_expire, 3)
    early = _show(market, "2026-06-13T09:00:00Z")
    _dismiss(market, 3, "2026-06-13T10:00:00Z", reason="technical_fault").or_raise()
    hidden = _restricted(market, "2026-06-13T10:00:00Z")

    assert _code(early) == "restricted"
    assert counted(market, "2026-06-13T10:00:00Z")["missed_request"] == 2
    assert hidden == _HIDDEN
    assert _show(market, "2026-06-13T11:00:00Z").ok
    assert _ask(market, "sue", "2026-06-13T11:00:00Z").ok


@pytest.mark.usefixtures("friends")
def test_itk_16_dismissing_below_the_fourth_lifts_the_lock_and_nothing_else(
    market: Marketplace, let_expire: Expire, counted: Counted
) -> None:
    """One of four is dismissed: three are left, no lock; the seven days of the third still run, to the microsecond."""
    _climb(market, let_expire, 4)
    _dismiss(market, 1, "2026-06-14T10:00:00Z").or_raise()
    too_early = _show(market, "2026-06-19T09:59:59.999999Z")

    assert counted(market, "2026-06-14T10:00:00Z")["missed_request"] == 3
    assert _restricted(market, "2026-06-14T10:00:00Z") == _HIDDEN
    assert _code(too_early) == "restricted"
    assert _show(market, "2026-06-19T10:00:00Z").ok
    assert _restricted(market, "2026-06-19T10:00:00Z") == frozenset()


# ITK-18: resetting.


def test_itk_18_a_counter_is_reset_only_once_all_its_reports_have_been_processed(
    market: Marketplace, let_expire: Expire, counted: Counted, happened: Happened, handled: Handled
) -> None:
    """With one report of two open it is refused; afterwards the next lapse is a first one again."""
    let_expire(_FIRST)
    let_expire(_SECOND)
    _dismiss(market, 1, "2026-06-11T11:00:00Z").or_raise()
    early = _reset(market, "2026-06-11T12:00:00Z")
    unchanged = counted(market, "2026-06-11T12:00:00Z")
    _record(market, 2, "2026-06-11T13:00:00Z").or_raise()
    late = _reset(market, "2026-06-11T14:00:00Z")
    after = counted(market, "2026-06-11T14:00:00Z")
    _show(market, "2026-06-11T14:00:00Z").or_raise()
    let_expire(_FOURTH)

    market.sweep(now=instant(_FOURTH))

    assert early.refusal is not None
    assert (early.refusal.code, early.refusal.facts["count"]) == ("reports_open", "1")
    assert unchanged["missed_request"] == 1
    assert late.ok
    assert after["missed_request"] == 0
    assert counted(market, _FOURTH)["missed_request"] == 1
    assert happened(market)[-1] == ("raised", _FOURTH, ("notice",))
    assert market.standings.is_listed("tom", now=instant(_FOURTH))
    assert [line for line in handled(market) if line[0] == "reset_counter"] == [
        ("reset_counter", "agnes", "reports_open"),
        ("reset_counter", "agnes", None),
    ]


def test_itk_18_each_counter_is_reset_for_itself(
    market: Marketplace, agree: Agree, let_expire: Expire, miss: Miss, counted: Counted
) -> None:
    """An open report of the other counter is no obstacle, and the other count stays."""
    lesson = agree("2026-06-09T10:00:00Z", now="2026-06-01T10:00:00Z", price="5.0", key="lesson")
    let_expire("2026-06-09T09:00:00Z", key="request")
    miss(lesson, "2026-06-09T11:00:00Z")
    _record(market, 1, _FIRST).or_raise()

    requests = _reset(market, _FIRST)
    lessons = _reset(market, _FIRST, "missed_attendance")

    assert requests.ok
    assert _code(lessons) == "reports_open"
    assert counted(market, _FIRST) == {"missed_request": 0, "missed_attendance": 1}


@pytest.mark.usefixtures("friends")
def test_itk_18_a_reset_lifts_the_lock_and_leaves_the_profile_to_the_teacher(
    market: Marketplace, let_expire: Expire
) -> None:
    """All four recorded and reset: no lock is left, and the profile is hidden until tom shows it."""
    _climb(market, let_expire, 4)
    for report in (1, 2, 3, 4):
        _record(market, report, "2026-06-20T10:00:00Z").or_raise()
    locked = _restricted(market, "2026-06-20T10:00:00Z")

    _reset(market, "2026-06-20T11:00:00Z").or_raise()

    assert locked == _LOCKED
    assert _restricted(market, "2026-06-20T11:00:00Z") == _HIDDEN
    assert _show(market, "2026-06-20T12:00:00Z").ok
    assert _restricted(market, "2026-06-20T12:00:00Z") == frozenset()
