"""ITK-24: the ladder of lessons that a teacher missed.

Ann agreed on lessons with tom for four evenings in July 2026, all before he missed the first. Sue has never had one.
Tom has earned 340.0 ITC in April and has applied in June, so that money is all that could keep him.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import Lesson, Marketplace, Outcome, instant

Agree = Callable[..., Lesson]
Ask = Callable[..., Lesson]
Miss = Callable[[Lesson, str], None]
Books = Callable[..., dict[str, str]]
Counted = Callable[..., dict[str, int]]
Happened = Callable[..., list[tuple[str, str, tuple[str, ...]]]]
Handled = Callable[[Marketplace], list[tuple[str, str, str | None]]]
Answers = Callable[..., list[tuple[str, str]]]
Edge = tuple[timedelta, bool]

_EVENINGS = ("2026-07-16T18:00:00Z", "2026-07-17T18:00:00Z", "2026-07-18T18:00:00Z", "2026-07-25T18:00:00Z")
_MISSED = ("2026-07-16T19:00:00Z", "2026-07-17T19:00:00Z", "2026-07-18T19:00:00Z")
_A_WEEK_LATER = "2026-07-24T19:00:00Z"
_A_MONTH_LATER = "2026-08-17T19:00:00Z"
_HIDDEN = frozenset({"hidden", "existing_only"})
_CLOSED = _HIDDEN | {"requests_blocked", "wallet_frozen"}


@pytest.fixture
def evenings(market: Marketplace, agree: Agree) -> list[Lesson]:
    """The four lessons, at 20.0 ITC each, and before them the one by which tom earned 340.0."""
    begun = instant("2026-04-01T00:00:00Z")
    market.top_up("ann", market.money("500.0", "ITC"), key="ann buys more", now=begun)
    market.top_up("sue", market.money("50.0", "ITC"), key="sue buys", now=begun)
    dear = agree("2026-04-20T10:00:00Z", now="2026-04-10T10:00:00Z", price="400.0", key="dear")
    market.confirm(dear.id, by="ann", key="worth it", now=instant("2026-04-20T11:00:00Z")).or_raise()
    market.payouts.apply("tom", "ITC", key="in June", now=instant("2026-06-10T10:00:00Z")).or_raise()
    return [agree(start, now="2026-07-01T10:00:00Z", price="20.0", key=start) for start in _EVENINGS]


@pytest.fixture
def missed(market: Marketplace, evenings: list[Lesson], miss: Miss) -> Callable[[int], None]:
    """Lets tom miss so many evenings; he shows his profile an hour after the first."""

    def misses(count: int) -> None:
        for lesson, at in list(zip(evenings[:3], _MISSED, strict=True))[:count]:
            miss(lesson, at)
            if at == _MISSED[0] and count > 1:
                _show(market, "2026-07-16T20:00:00Z").or_raise()

    return misses


def _show(market: Marketplace, now: str) -> Outcome:
    return market.standings.show_profile("tom", key=f"show at {now}", now=instant(now))


def _ask(market: Marketplace, student: str, now: str, key: str = "") -> Outcome:
    return market.request(
        student=student,
        tutor="tom",
        start=instant(now) + timedelta(days=10, hours=3 if student == "ann" else 5),
        duration=timedelta(hours=1),
        price="1.0",
        key=key or f"{student} asks at {now}",
        now=instant(now),
    )


def _take(market: Marketplace, now: str) -> Outcome:
    return market.payouts.withdraw("tom", market.money("340.0", "ITC"), key=f"take {now}", now=instant(now))


def _spend(market: Marketplace, now: str) -> Outcome:
    return market.payouts.spend("tom", market.money("20.0", "ITC"), key=f"spend {now}", now=instant(now))


def _code(outcome: Outcome) -> str | None:
    return None if outcome.refusal is None else outcome.refusal.code


def test_itk_24_after_the_first_the_profile_is_hidden_until_the_teacher_reacts(
    market: Marketplace, missed: Callable[[int], None], happened: Happened, counted: Counted
) -> None:
    """However long that takes; ann, who has been taught, may ask all the same."""
    missed(1)
    now, a_year_later = _MISSED[0], "2027-07-16T19:00:00Z"

    assert happened(market) == [("raised", now, ("hidden",))]
    assert counted(market, now) == {"missed_request": 0, "missed_attendance": 1}
    assert market.standings.restrictions("tom", now=instant(now)) == _HIDDEN
    assert market.standings.restrictions("tom", now=instant(a_year_later)) == _HIDDEN
    assert _code(_ask(market, "sue", now)) == "guard"
    assert _ask(market, "ann", now).ok
    assert _show(market, "2026-07-16T20:00:00Z").ok
    assert market.standings.is_listed("tom", now=instant("2026-07-16T20:00:00Z"))
    assert _ask(market, "sue", "2026-07-16T20:00:00Z").ok


def test_itk_24_a_report_that_the_teacher_leaves_unanswered_hides_the_profile_after_seven_days(
    market: Marketplace, evenings: list[Lesson], counted: Counted, edge: Edge
) -> None:
    """To the microsecond, though nobody has swept: silence accepts that he did not come (ITK-20)."""
    after, before = edge
    market.report(
        evenings[0].id, by="ann", reason="tutor_absent", remedy="refund", key="report", now=instant(_MISSED[0])
    ).or_raise()
    now = instant("2026-07-23T19:00:00Z") + after

    assert market.standings.is_listed("tom", now=now) is before
    assert counted(market, str(now))["missed_attendance"] == (0 if before else 1)
    assert _ask(market, "sue", str(now)).ok is before


def test_itk_24_after_the_second_it_stays_hidden_for_seven_days(
    market: Marketplace, missed: Callable[[int], None], happened: Happened, counted: Counted, edge: Edge
) -> None:
    """168 hours to the microsecond; only then can tom switch it back."""
    after, too_early = edge
    missed(2)

    shown = _show(market, str(instant(_A_WEEK_LATER) + after))

    assert happened(market)[:3] == [
        ("raised", _MISSED[0], ("hidden",)),
        ("shown", "2026-07-16T20:00:00Z", ("hidden",)),
        ("raised", _MISSED[1], ("hidden",)),
    ]
    assert counted(market, _MISSED[1])["missed_attendance"] == 2
    assert shown.ok is not too_early
    assert _code(shown) == ("restricted" if too_early else None)
    assert market.standings.is_listed("tom", now=instant(_A_WEEK_LATER) + after) is not too_early


def test_itk_24_after_the_third_nobody_can_request_the_wallet_is_frozen_and_staff_review(
    market: Marketplace,
    missed: Callable[[int], None],
    happened: Happened,
    counted: Counted,
    handled: Handled,
    books: Books,
) -> None:
    """Not even ann, whom tom has taught; nothing is taken out and nothing spent; the report waits for staff."""
    missed(3)
    now = _MISSED[2]
    before = books(market)

    refused = [_ask(market, "ann", now), _ask(market, "sue", now), _take(market, now), _spend(market, now)]

    assert happened(market)[-1] == (
        "raised",
        now,
        ("hidden", "requests_blocked", "wallet_frozen", "review"),
    )
    assert counted(market, now) == {"missed_request": 0, "missed_attendance": 3}
    assert market.standings.restrictions("tom", now=instant(now)) == _CLOSED
    assert [_code(each) for each in refused] == ["guard", "guard", "frozen", "frozen"]
    assert refused[0].refusal is not None
    assert "requests_blocked" in refused[0].refusal.sentence
    assert books(market) == before
    assert handled(market)[-2:] == [("withdraw_earnings", "tom", "frozen"), ("spend_earnings", "tom", "frozen")]
    queue = market.standings.queue(now=instant(now))
    assert [(each.tutor, each.report.counter, each.report.number) for each in queue] == [
        ("tom", "missed_attendance", number) for number in (1, 2, 3)
    ]


def test_itk_24_requests_are_blocked_for_thirty_days_to_the_microsecond(
    market: Marketplace, missed: Callable[[int], None], edge: Edge
) -> None:
    """720 hours, in a month of 31 days. Then ann may ask again, and sue once tom shows his profile, as he then can."""
    after, too_early = edge
    missed(3)
    now = str(instant(_A_MONTH_LATER) + after)

    by_ann, by_sue = _ask(market, "ann", now), _ask(market, "sue", now)
    shown = _show(market, now)
    once_shown = _ask(market, "sue", now, key="sue asks again")

    assert by_ann.ok is not too_early
    assert _code(by_sue) == "guard"
    # What the second brought, he could end by now; not what the third brought, so nothing is ended too early.
    assert _code(shown) == ("restricted" if too_early else None)
    assert market.standings.restrictions("tom", now=instant(now)) == (_CLOSED if too_early else frozenset())
    assert _code(once_shown) == ("guard" if too_early else None)


def test_itk_24_the_wallet_is_frozen_for_thirty_days_to_the_microsecond(
    market: Marketplace, missed: Callable[[int], None], edge: Edge, books: Books
) -> None:
    """Applying takes nothing out: tom may apply in July while it is frozen, and is paid once it thaws in August."""
    after, is_frozen = edge
    missed(3)
    market.payouts.apply("tom", "ITC", key="in July", now=instant("2026-07-20T10:00:00Z")).or_raise()
    now = str(instant(_A_MONTH_LATER) + after)

    spent, taken = _spend(market, now), market.payouts.withdraw(
        "tom", market.money("300.0", "ITC"), key="take", now=instant(now)
    )  # fmt: skip

    assert [_code(spent), _code(taken)] == (["frozen", "frozen"] if is_frozen else [None, None])
    held = books(market)
    # 340.0 from April and 17.0 from the fourth evening, less 20.0 and 300.0.
    assert held["Liabilities:Tutors:Tom:Available"] == ("357.0" if is_frozen else "37.0")
    assert held.get("Liabilities:Tutors:Tom:Withdrawing") == (None if is_frozen else "300.0")
    assert held.get("Liabilities:Students:Tom:Wallet") == (None if is_frozen else "20.0")


def test_itk_24_booked_lessons_are_unaffected(
    market: Marketplace, evenings: list[Lesson], missed: Callable[[int], None], books: Books
) -> None:
    """The fourth evening may be moved, takes place and is paid; the pay is tom's, and frozen like the rest."""
    missed(3)
    fourth = evenings[3]
    moved = market.propose(
        fourth.id, by="ann", start=instant("2026-07-26T18:00:00Z"), key="move", now=instant("2026-07-19T10:00:00Z")
    ).or_raise()
    assert moved.lesson is not None
    market.accept(fourth.id, by="tom", proposal=2, key="fine", now=instant("2026-07-19T11:00:00Z")).or_raise()
    end = "2026-07-26T19:00:00Z"

    taught = market.confirm(fourth.id, by="ann", key="good", now=instant(end)).or_raise().lesson

    assert taught is not None
    assert (taught.state, dict(taught.legs)) == ("completed", {"tutor": 170, "platform": 30})
    # Ann has bought 600.0 and spent 400.0 and 20.0; three evenings were given back. Sue has bought 50.0.
    assert books(market) == {
        "Equity:Conversion": "-650.0",
        "Income:Fees:Commission": "63.0",
        "Liabilities:Students:Ann:Wallet": "180.0",
        "Liabilities:Students:Sue:Wallet": "50.0",
        "Liabilities:Tutors:Tom:Available": "357.0",
    }
    assert _code(_take(market, end)) == "frozen"


def test_itk_24_a_request_that_was_open_before_the_block_can_still_be_answered(
    market: Marketplace, evenings: list[Lesson], miss: Miss, ask: Ask
) -> None:
    """Nobody can request any more; what was requested already is answered as ever."""
    asked = ask("2026-08-01T10:00:00Z", now="2026-07-18T10:00:00Z", student="sue", price="10.0", key="just in time")
    for lesson, minute in zip(evenings[:3], (0, 10, 20), strict=True):
        miss(lesson, f"2026-07-18T19:{minute:02}:00Z")

    accepted = market.accept(asked.id, by="tom", proposal=1, key="yes", now=instant("2026-07-18T20:00:00Z"))

    assert "requests_blocked" in market.standings.restrictions("tom", now=instant("2026-07-18T20:00:00Z"))
    assert accepted.ok


def test_itk_24_staff_review_dismisses_what_was_agreed_before_and_what_the_third_brought_ends(
    market: Marketplace, missed: Callable[[int], None], counted: Counted, answers: Answers
) -> None:
    """One of three is dismissed: requests and wallet are free; the profile stays hidden until tom shows it (ITK-16)."""
    missed(3)
    reviewed, later = "2026-07-19T10:00:00Z", "2026-07-19T11:00:00Z"

    def dismiss(report: int) -> None:
        market.standings.dismiss_report(
            "tom",
            report,
            by="agnes",
            reason="prior_agreement",
            case=f"case {report}",
            note="you had agreed on it",
            key=f"dismiss {report}",
            now=instant(reviewed),
        ).or_raise()

    dismiss(1)
    counts = counted(market, reviewed)["missed_attendance"]
    left, too_early = market.standings.restrictions("tom", now=instant(reviewed)), _show(market, reviewed)
    dismiss(2)
    still_hidden = market.standings.restrictions("tom", now=instant(later))

    assert (counts, counted(market, later)["missed_attendance"]) == (2, 1)
    assert left == still_hidden == _HIDDEN
    assert _code(too_early) == "restricted"  # The week of the second, while there still are two.
    assert _ask(market, "ann", later).ok
    assert _code(_ask(market, "sue", later)) == "guard"
    assert _take(market, later).ok
    assert _show(market, later).ok
    assert _ask(market, "sue", later, key="sue asks again").ok
    assert answers(market)[:2] == [("dismissed", "you had agreed on it")] * 2


def test_itk_24_staff_may_lift_what_the_third_brought_and_leave_the_reports(
    market: Marketplace, missed: Callable[[int], None], counted: Counted
) -> None:
    """Each effect by itself; the count stays, and what is not lifted goes on."""
    missed(3)
    now = instant("2026-07-20T10:00:00Z")
    lift = {"by": "olga", "reason": "reviewed", "case": "review 7"}
    market.standings.lift("tom", "requests_blocked", key="open", now=now, **lift).or_raise()
    frozen = _take(market, "2026-07-20T10:00:00Z")
    market.standings.lift("tom", "wallet_frozen", key="thaw", now=now, **lift).or_raise()

    assert _code(frozen) == "frozen"
    assert market.standings.restrictions("tom", now=now) == _HIDDEN
    assert counted(market, "2026-07-20T10:00:00Z")["missed_attendance"] == 3
    assert _take(market, "2026-07-20T10:30:00Z").ok
