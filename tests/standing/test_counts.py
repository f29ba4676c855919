"""Counts: rolling windows, streaks, decay; each just before, exactly at and just after its edge."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import EARLIEST, Instant, instant
from tutorcore.lessons import Refusal
from tutorcore.policy.account import AccountRules, Counter, Decay, Rung
from tutorcore.policy.expressions import Calendar, Exact
from tutorcore.standing import Lapse, Standing, StandingCommand, StandingVerb, count, handle, lapsed, restrictions

TINA = PartyId("tina")
START = instant("2018-02-10T12:00:00Z")
MICRO = timedelta(microseconds=1)


def fed(counter: Counter, *lapses: tuple[str, Instant], before: Standing | None = None) -> Standing:
    """How the tutor stands after marks, each of another lesson unless it is named in the mark as `mark:lesson`."""
    standing = before
    for number, (mark, at) in enumerate(lapses):
        name, _, lesson = mark.partition(":")
        lapse = Lapse(LessonId(lesson or f"{number}-at-{at.isoformat()}"), 2, name, at)
        standing = (standing, *lapsed(AccountRules((counter,)), standing, TINA, lapse))[-1]
    assert standing is not None
    return standing


def handled(verb: StandingVerb, counter: Counter, standing: Standing, now: Instant, report: int | None) -> Standing:
    """What an agent makes of it."""
    command = StandingCommand(verb, TINA, PartyId("anna"), Key("k"), report, counter.name, reason="ill", case="c-1")
    after = handle(AccountRules((counter,)), standing, command, frozenset({"agent"}), now)
    assert not isinstance(after, Refusal)
    return after


def at(text: str) -> Instant:
    """An instant."""
    return instant(text)


@pytest.mark.parametrize(
    ("within", "zone", "raised", "left"),
    [
        (Exact(hours=24), "UTC", "2018-02-10T12:00:00Z", "2018-02-11T12:00:00Z"),
        (Calendar(days=90), "UTC", "2018-02-10T12:00:00Z", "2018-05-11T12:00:00Z"),
        # Ninety days of wall time in Berlin: the clocks have gone forward meanwhile.
        (Calendar(days=90), "Europe/Berlin", "2018-02-10T12:00:00Z", "2018-05-11T11:00:00Z"),
        (Calendar(months=1), "UTC", "2018-01-31T12:00:00Z", "2018-02-28T12:00:00Z"),
        (Calendar(months=1, weeks=1, days=1), "UTC", "2018-01-31T12:00:00Z", "2018-03-08T12:00:00Z"),
        # Back at a midnight that Sao Paulo did not have: the window ends as the day begins.
        (Calendar(days=1), "America/Sao_Paulo", "2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z"),
    ],
)
def test_a_report_leaves_its_rolling_window_at_the_edge(
    within: Exact | Calendar, zone: str, raised: str, left: str
) -> None:
    """Half-open: just before it counts, exactly at the edge and after it does not."""
    counter = Counter("late_cancel", zone=zone, within=within)
    standing = fed(counter, ("late_cancel", at(raised)))
    edge = at(left)

    assert [count(standing, counter, when) for when in (at(raised), edge - MICRO, edge, edge + MICRO)] == [1, 1, 0, 0]


def test_what_has_left_the_window_is_not_counted_with_what_comes() -> None:
    """The rung of the second fires only while the first is within the window; else that of the first fires again."""
    counter = Counter("late_cancel", within=Exact(hours=24), ladder=(Rung(1, "notice"), Rung(2, "review")))
    first = fed(counter, ("late_cancel", START))

    just_before = fed(counter, ("late_cancel", START + timedelta(hours=24) - MICRO), before=first)
    exactly = fed(counter, ("late_cancel", START + timedelta(hours=24)), before=first)

    assert just_before.happening.effects == ("review",)
    assert exactly.happening.effects == ("notice",)


def test_a_report_that_has_left_the_window_fires_nothing_when_it_is_opened_again() -> None:
    """A window shorter than the day whose lapses are bundled: the count, of another day's report, does not rise."""
    counter = Counter("late_cancel", bundle=1, within=Exact(hours=6), ladder=(Rung(1, "notice"),))
    hour = timedelta(hours=1)
    two = fed(counter, ("late_cancel", START), ("late_cancel", START + 12 * hour))
    dismissed = handled("dismiss_report", counter, two, START + 12 * hour, 1)

    after = fed(counter, ("late_cancel", START + 11 * hour), before=dismissed)

    assert (after.happening.kind, after.happening.report, after.happening.effects) == ("reopened", 1, ())
    assert count(after, counter, after.at) == 1


@pytest.mark.parametrize(
    ("decay", "zone", "points", "edges"),
    [
        (Decay(1, Exact(hours=24)), "UTC", 3, ["2018-02-11T12:00:00Z", "2018-02-12T12:00:00Z", "2018-02-13T12:00:00Z"]),
        (Decay(2, Exact(hours=24)), "UTC", 4, ["2018-02-11T12:00:00Z", "2018-02-12T12:00:00Z"]),
        (Decay(1, Calendar(months=1)), "UTC", 2, ["2018-03-10T12:00:00Z", "2018-04-10T12:00:00Z"]),
        (Decay(1, Calendar(months=1)), "Europe/Berlin", 2, ["2018-03-10T12:00:00Z", "2018-04-10T11:00:00Z"]),
        (Decay(1, Calendar(weeks=1)), "UTC", 1, ["2018-02-17T12:00:00Z"]),
        (Decay(1, Calendar(days=2)), "UTC", 1, ["2018-02-12T12:00:00Z"]),
    ],
)
def test_points_fall_away_for_every_full_time(decay: Decay, zone: str, points: int, edges: list[str]) -> None:
    """Just before an edge the points are there, at the edge they are gone; never below none."""
    counter = Counter("lapses", (("late_cancel", points),), zone=zone, decay=decay)
    standing = fed(counter, ("late_cancel", START))
    left = points

    for edge in map(instant, edges):
        assert count(standing, counter, edge - MICRO) == left
        left -= decay.points
        assert count(standing, counter, edge) == left
    assert left == 0
    assert count(standing, counter, START + timedelta(days=3650)) == 0


def test_no_more_decays_than_there_is() -> None:
    """Three points that lose two at a time come to none, not to minus one."""
    counter = Counter("lapses", (("late_cancel", 3),), decay=Decay(2, Exact(hours=24)))
    standing = fed(counter, ("late_cancel", START))

    assert [count(standing, counter, START + timedelta(days=days)) for days in range(4)] == [3, 1, 0, 0]


def test_a_further_report_begins_a_new_time() -> None:
    """What is left then is kept, and another full time has to pass before more falls away."""
    counter = Counter("late_cancel", decay=Decay(1, Exact(hours=24)))
    hours = timedelta(hours=1)
    standing = fed(counter, *(("late_cancel", START + each * hours) for each in (0, 0, 30)))

    # Two at 0 h are one at 24 h; the third comes at 30 h and makes two, of which one is left at 54 h.
    shown = [count(standing, counter, START + each * hours) for each in (30, 53, 54, 77, 78)]
    assert shown == [2, 2, 1, 1, 0]


def test_a_report_that_comes_late_decays_from_its_own_instant() -> None:
    """The order in which reports come does not matter, only when they were raised."""
    counter = Counter("late_cancel", decay=Decay(1, Exact(hours=24)))
    later = START + timedelta(hours=25)

    one = fed(counter, ("late_cancel", START), ("late_cancel", later))
    other = fed(counter, ("late_cancel", later), ("late_cancel", START))

    # The first is gone after 24 h; the second one after 49 h, a full time after its own instant.
    for hours, shown in ((25, 1), (48, 1), (49, 0)):
        now = START + timedelta(hours=hours)
        assert [count(each, counter, now) for each in (one, other)] == [shown, shown]


def test_a_dismissed_report_begins_no_new_time() -> None:
    """It is as if it had never been."""
    counter = Counter("late_cancel", decay=Decay(1, Exact(hours=24)))
    day = timedelta(hours=24)
    standing = fed(counter, ("late_cancel", START), ("late_cancel", START + day - MICRO))

    dismissed = handled("dismiss_report", counter, standing, START + day - MICRO, 2)

    assert count(standing, counter, START + day) == 2
    assert count(dismissed, counter, START + day) == 0


STREAK = Counter("missed_request", broken_by=("taught",), ladder=(Rung(2, "review"), Rung(3, "hidden", Exact(hours=1))))


def test_a_streak_counts_only_what_follows_in_a_row() -> None:
    """A lesson taught in between sets the count to none; the version says so."""
    hour = timedelta(hours=1)
    two = fed(STREAK, ("missed_request", START), ("missed_request", START + hour))
    broken = fed(STREAK, ("taught", START + 2 * hour), before=two)
    third = fed(STREAK, ("missed_request", START + 3 * hour), before=broken)

    assert two.happening.effects == ("review",)
    assert (broken.number, broken.at) == (3, START + 2 * hour)
    assert (broken.happening.kind, broken.happening.counter) == ("broken", "missed_request")
    assert count(broken, STREAK, broken.at) == 0
    assert [report.state for report in broken.reports] == ["open", "open"]
    assert third.happening.effects == ()
    assert count(third, STREAK, third.at) == 1


def test_where_there_is_no_streak_nothing_is_broken() -> None:
    """Most lessons are taught and leave no trace; nor does a second one."""
    lapse = Lapse(LessonId("l-1"), 5, "taught", START)
    rules = AccountRules((STREAK,))
    broken = fed(STREAK, ("missed_request", START), ("taught", START + MICRO))

    assert lapsed(rules, None, TINA, lapse) == ()
    assert lapsed(rules, broken, TINA, lapse) == ()
    assert lapsed(rules, broken, TINA, lapse._replace(at=START + timedelta(days=1))) == ()


@pytest.mark.parametrize(("before", "left"), [(-MICRO, 0), (timedelta(), 1), (MICRO, 1)])
def test_a_streak_is_broken_for_what_came_before_the_very_instant(before: timedelta, left: int) -> None:
    """A report of the instant at which a lesson was taught belongs to the new streak, in whichever order they come."""
    lapse, taught = ("missed_request", START + before), ("taught", START)
    older = fed(STREAK, ("missed_request:older", START - timedelta(hours=1)))

    for order in ([lapse, taught], [taught, lapse]):
        assert count(fed(STREAK, *order, before=older), STREAK, START + timedelta(hours=1)) == left


def test_what_broke_a_streak_once_does_not_break_the_next_one() -> None:
    """The same lesson taught, fed again after a further report, changes nothing."""
    taught = Lapse(LessonId("l-2"), 5, "taught", START + MICRO)
    rules = AccountRules((STREAK,))
    broken = fed(STREAK, ("missed_request", START), ("taught:l-2", START + MICRO))
    again = fed(STREAK, ("missed_request", START + MICRO), before=broken)

    assert lapsed(rules, again, TINA, taught) == ()
    assert count(again, STREAK, again.at) == 1


def test_each_streak_is_broken_by_itself() -> None:
    """Two counters with one breaker each; breaking again replaces what is known of that counter only."""
    other = Counter("missed_attendance", broken_by=("taught",))
    rules = AccountRules((STREAK, other))
    standing: Standing | None = None
    marks = ["missed_request", "missed_attendance", "taught", "missed_request", "taught"]

    for number, mark in enumerate(marks):
        lapse = Lapse(LessonId(f"l-{number}"), 2, mark, START + number * MICRO)
        standing = (standing, *lapsed(rules, standing, TINA, lapse))[-1]

    assert standing is not None
    assert dict(standing.broken) == {"missed_request": START + 4 * MICRO, "missed_attendance": START + 2 * MICRO}


def test_a_broken_streak_drops_what_has_ended() -> None:
    """As every version does."""
    three = fed(STREAK, *(("missed_request", START + each * MICRO) for each in range(3)))
    assert restrictions(three, three.at) == {"hidden", "existing_only"}

    broken = fed(STREAK, ("taught", START + timedelta(hours=2)), before=three)

    assert broken.imposed == ()


def test_a_lesson_taught_that_comes_late_breaks_the_streak_from_its_own_instant() -> None:
    """What came after it goes on counting; the version is stamped as the last one is."""
    two = fed(STREAK, ("missed_request", START), ("missed_request", START + timedelta(hours=2)))

    broken = fed(STREAK, ("taught", START + timedelta(hours=1)), before=two)

    assert broken.at == two.at
    assert count(broken, STREAK, two.at) == 1


def test_on_the_day_of_a_break_a_lapse_raises_a_report_of_its_own() -> None:
    """The day's earlier report belongs to the old streak; joined to that, the lapse would never count."""
    counter = Counter("missed_request", bundle=1, broken_by=("taught",))
    hour = timedelta(hours=1)

    after = fed(counter, ("missed_request", START), ("taught", START + hour), ("missed_request", START + 2 * hour))

    assert [report.day for report in after.reports] == [START.date(), START.date()]
    assert count(after, counter, after.at) == 1


def test_open_dismissed_and_recorded_reports() -> None:
    """All but the dismissed ones count."""
    counter = Counter("late_cancel")
    three = fed(counter, *(("late_cancel", START + each * MICRO) for each in range(3)))

    one_less = handled("dismiss_report", counter, three, three.at, 2)
    recorded = handled("record_report", counter, one_less, three.at, 3)

    assert [count(each, counter, three.at) for each in (three, one_less, recorded)] == [3, 2, 2]


def test_a_reset_is_of_one_counter() -> None:
    """Resetting it again replaces what is known of it, and of it only."""
    one, other = Counter("late_cancel"), Counter("missed_request")
    rules = AccountRules((one, other))
    standing: Standing | None = None
    for number, mark in enumerate(["late_cancel", "missed_request", "late_cancel"]):
        (standing,) = lapsed(rules, standing, TINA, Lapse(LessonId(f"l-{number}"), 2, mark, START))
    assert standing is not None
    for report in (1, 2, 3):
        standing = handled("record_report", one, standing, START, report)

    for counter, left in [(one, (0, 1)), (other, (0, 0)), (one, (0, 0))]:
        standing = handled("reset_counter", counter, standing, START, None)
        assert (count(standing, one, START), count(standing, other, START)) == left

    assert [(reset.counter, reset.last) for reset in standing.resets] == [("missed_request", 3), ("late_cancel", 3)]
    assert all(reset.at > EARLIEST for reset in standing.resets)
