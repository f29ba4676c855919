"""What support hears about expired requests, case by case: ITK-16 with ITK-8, ITK-9, ITK-17 and ITK-19 behind it.

Each case begins with what happened and ends with what the counter shows, whether the profile is listed, the line in
the audit trail, and the answer to the tutor.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import Lesson, Marketplace, Outcome, UnknownName, instant, load_policy

Ask = Callable[..., Lesson]
Expire = Callable[..., Lesson]
Counted = Callable[..., dict[str, int]]
Handled = Callable[[Marketplace], list[tuple[str, str, str | None]]]
Answers = Callable[..., list[tuple[str, str]]]
Blamed = Callable[[Marketplace, str], list[tuple[str | None, str | None]]]

# Italki as it once was: a counter-offer that the student let lapse was counted against the tutor (ITK-9).
_WITH_THE_BUG = """
extends = "italki"
id = "italki-with-the-bug"
request.propose.silence = { becomes = "expired", mark = "missed_request", fault = "tutor" }
"""


def _dismiss(market: Marketplace, report: int, reason: str, note: str, now: str) -> Outcome:
    return market.standings.dismiss_report(
        "tom", report, by="agnes", reason=reason, case=f"mail {report}", note=note, key=f"d{report}", now=instant(now)
    )


def test_itk_16_a_tutor_who_answered_only_by_message(
    market: Marketplace, ask: Ask, counted: Counted, handled: Handled, answers: Answers, blamed: Blamed
) -> None:
    """Tom and ann settled it in the chat; for the platform that is no answer (ITK-8), and support knows the case."""
    lesson = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")
    with pytest.raises(UnknownName, match="verb 'message'"):
        market.act("message", lesson.id, by="tom", note="next month?", key="m", now=instant("2026-06-08T11:00:00Z"))
    now = "2026-06-10T10:00:00Z"
    before = counted(market, now)

    outcome = _dismiss(market, 1, "message_only", "next time, decline or propose another time", now)

    assert outcome.ok
    assert blamed(market, lesson.id) == [("tutor", "missed_request")]
    assert (before["missed_request"], counted(market, now)["missed_request"]) == (1, 0)
    assert market.standings.is_listed("tom", now=instant(now))
    assert handled(market) == [("dismiss_report", "agnes", None)]
    assert answers(market) == [("dismissed", "next time, decline or propose another time")]


def test_itk_16_a_tutor_who_was_ill(
    market: Marketplace, let_expire: Expire, counted: Counted, handled: Handled, answers: Answers
) -> None:
    """Three requests on two days in bed: two reports, and the profile is hidden. Dismissed, it is his to show again."""
    for at in ("2026-06-10T09:00:00Z", "2026-06-10T21:00:00Z", "2026-06-11T09:00:00Z"):
        let_expire(at)
    now = "2026-06-12T09:00:00Z"
    was_counted, was_listed = counted(market, now), market.standings.is_listed("tom", now=instant(now))

    for report in (1, 2):
        _dismiss(market, report, "ill", "get well soon", now).or_raise()
    still_hidden = not market.standings.is_listed("tom", now=instant(now))
    market.standings.show_profile("tom", key="show", now=instant("2026-06-12T10:00:00Z")).or_raise()

    assert (was_counted["missed_request"], was_listed) == (2, False)
    assert still_hidden
    assert counted(market, now)["missed_request"] == 0
    assert market.standings.is_listed("tom", now=instant("2026-06-12T10:00:00Z"))
    assert handled(market) == [
        ("dismiss_report", "agnes", None),
        ("dismiss_report", "agnes", None),
        ("show_profile", "tom", None),
    ]
    assert answers(market) == [("dismissed", "get well soon")] * 2


def test_itk_16_a_tutor_who_was_afraid_to_decline(
    market: Marketplace, let_expire: Expire, counted: Counted, handled: Handled, answers: Answers
) -> None:
    """He thought that declining would count against him; it does not (ITK-14), and letting it expire does."""
    let_expire("2026-06-10T09:00:00Z")

    _dismiss(market, 1, "afraid_to_decline", "declining is free", "2026-06-10T12:00:00Z").or_raise()

    assert counted(market, "2026-06-10T12:00:00Z")["missed_request"] == 0
    assert market.standings.is_listed("tom", now=instant("2026-06-10T12:00:00Z"))
    assert handled(market) == [("dismiss_report", "agnes", None)]
    assert answers(market) == [("dismissed", "declining is free")]


@pytest.mark.parametrize("swept", ["2018-02-10T20:33:00Z", "2018-02-10T20:36:00Z", "2018-02-11T07:00:00Z", None])
@pytest.mark.parametrize("answered", ["2018-02-10T20:34:00Z", "2018-02-10T20:37:00Z"])
def test_itk_16_a_technical_fault_with_the_log_of_itk_19(
    market: Marketplace,
    ask: Ask,
    counted: Counted,
    handled: Handled,
    answers: Answers,
    swept: str | None,
    answered: str,
) -> None:
    """Asked on 8 February 20:33, tom's answer came through minutes too late: refused, whenever the sweeper ran.

    The log that the agent reads has the expiry at 20:33:00 and the refused answer with its own time; the report is of
    20:33:00 too, and is dismissed.
    """
    lesson = ask("2018-02-15T18:00:00Z", now="2018-02-08T20:33:00Z")
    if swept is not None and swept < answered:
        market.sweep(now=instant(swept))
    answer = market.accept(lesson.id, by="tom", proposal=1, key="late", now=instant(answered))
    if swept is not None:
        market.sweep(now=instant(swept))
    now = "2018-02-12T09:00:00Z"

    report = market.standings.queue(now=instant(now))[0].report
    _dismiss(market, 1, "technical_fault", "our fault, sorry", now).or_raise()

    assert answer.refusal is not None
    assert answer.refusal.code == "not_open"
    assert [(each.version.state, each.version.at) for each in market.history(lesson.id)] == [
        ("requested", instant("2018-02-08T20:33:00Z")),
        ("expired", instant("2018-02-10T20:33:00Z")),
    ]
    assert (report.raised, [lapse.at for lapse in report.lapses]) == (
        instant("2018-02-10T20:33:00Z"),
        [instant("2018-02-10T20:33:00Z")],
    )
    log = [(line.verb, line.at, line.refusal is None) for line in market.audit(lesson.id)]
    assert log == [("request", instant("2018-02-08T20:33:00Z"), True), ("accept", instant(answered), False)]
    assert counted(market, now)["missed_request"] == 0
    assert market.standings.is_listed("tom", now=instant(now))
    assert handled(market) == [("dismiss_report", "agnes", None)]
    assert answers(market) == [("dismissed", "our fault, sorry")]


def test_itk_16_the_platform_s_own_bug_of_itk_9_does_not_happen_here(
    market: Marketplace, ask: Ask, counted: Counted, blamed: Blamed
) -> None:
    """Tom proposed another price and ann let it lapse: the fault is hers, and there is nothing to dismiss."""
    lesson = ask("2026-06-20T10:00:00Z", now="2026-06-08T10:00:00Z")
    market.propose(lesson.id, by="tom", price="30.0", key="dearer", now=instant("2026-06-09T10:00:00Z")).or_raise()
    now = "2026-06-11T10:00:00Z"

    market.sweep(now=instant(now))

    assert market.history(lesson.id)[-1].version.at == instant(now)
    assert blamed(market, lesson.id) == [("student", None)]
    assert counted(market, now)["missed_request"] == 0
    assert market.standings.queue(now=instant(now)) == ()
    assert market.standings.history("tom") == ()
    assert market.standings.is_listed("tom", now=instant(now))


def test_itk_16_had_the_bug_of_itk_9_been_recorded_it_is_dismissed_as_the_platform_s(
    open_market: Callable[..., Marketplace],
    counted: Counted,
    handled: Handled,
    answers: Answers,
    blamed: Blamed,
) -> None:
    """Under a policy with that bug twice is enough to be hidden; the reports go, and tom shows himself again."""
    market = open_market(load_policy(_WITH_THE_BUG))
    market.top_up("ann", market.money("100.0", "ITC"), key="buy", now=instant("2026-06-01T00:00:00Z"))
    for day in (8, 9):
        asked = market.request(
            student="ann",
            tutor="tom",
            start=instant(f"2026-06-{day + 15}T10:00:00Z"),
            duration=timedelta(hours=1),
            price="25.0",
            lesson=f"of-{day}",
            key=f"ask {day}",
            now=instant(f"2026-06-{day:02}T10:00:00Z"),
        ).or_raise()
        assert asked.lesson is not None
        market.propose(
            asked.lesson.id, by="tom", price="30.0", key=f"dearer {day}", now=asked.lesson.at + timedelta(hours=1)
        ).or_raise()
    now = "2026-06-12T10:00:00Z"
    was_counted, was_listed = counted(market, now), market.standings.is_listed("tom", now=instant(now))

    for report in (1, 2):
        _dismiss(market, report, "platform_bug", "the lapse was not yours", now).or_raise()
    market.standings.show_profile("tom", key="show", now=instant(now)).or_raise()

    assert blamed(market, "of-8") == [("tutor", "missed_request")]
    assert (was_counted["missed_request"], was_listed) == (2, False)
    assert counted(market, now)["missed_request"] == 0
    assert market.standings.is_listed("tom", now=instant(now))
    assert handled(market)[:2] == [("dismiss_report", "agnes", None)] * 2
    assert answers(market) == [("dismissed", "the lapse was not yours")] * 2


def test_itk_16_a_tutor_who_is_angry_about_the_48_hours(
    market: Marketplace, ask: Ask, let_expire: Expire, counted: Counted, handled: Handled, answers: Answers
) -> None:
    """The lesson was three weeks away, and still the answer was due after 48 hours: recorded, and it goes on counting.

    The deadline says why it was then, so the agent can say it too; the next expiry is the second, and hides him.
    """
    lesson = ask("2026-07-01T10:00:00Z", now="2026-06-08T10:00:00Z", price="1.0")
    deadline = market.deadline(lesson.id, now=instant("2026-06-08T10:00:00Z"))
    now = "2026-06-11T10:00:00Z"
    note = "48 hours for everybody: the student waits, and the money with her"

    market.standings.record_report(
        "tom", 1, by="agnes", reason="no_answer", case="mail 1", note=note, key="r1", now=instant(now)
    ).or_raise()
    listed_after_one = market.standings.is_listed("tom", now=instant(now))
    let_expire("2026-06-12T10:00:00Z", key="the next")

    assert deadline is not None
    assert (deadline.at, deadline.why.text) == (instant("2026-06-10T10:00:00Z"), "asked + 48h")
    assert counted(market, now)["missed_request"] == 1
    assert listed_after_one
    assert handled(market) == [("record_report", "agnes", None)]
    assert answers(market) == [("recorded", note)]
    assert counted(market, "2026-06-12T10:00:00Z")["missed_request"] == 2
    assert not market.standings.is_listed("tom", now=instant("2026-06-12T10:00:00Z"))
