"""Reports: which lapses are one report, which rungs fire, and what joining a report does to it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant, instant
from tutorcore.lessons import Refusal
from tutorcore.policy.account import AccountRules, Counter, Rung, RungEffect
from tutorcore.policy.expressions import Calendar, Exact
from tutorcore.standing import (
    Happening,
    Imposed,
    Lapse,
    Standing,
    StandingCommand,
    StandingVerb,
    count,
    handle,
    lapsed,
    open_reports,
    restrictions,
)

TINA = PartyId("tina")
ANNA = PartyId("anna")
NOON = instant("2018-02-10T12:00:00Z")
DAY = timedelta(days=1)

# ITK-17.
MISSED = Counter(
    "missed_request",
    bundle=1,
    dismiss=("ill",),
    ladder=(
        Rung(1, "notice"),
        Rung(2, "hidden", lifted_by="tutor"),
        Rung(3, "hidden", Calendar(days=7)),
        Rung(4, "locked", lifted_by="operator"),
    ),
)
RULES = AccountRules((MISSED,))


def plain(counter: Counter, standing: Standing | None = None, *lapses: tuple[str, str, str]) -> list[Standing]:
    """The versions that lapses make, each given as lesson, mark and instant."""
    versions: list[Standing] = []
    for lesson, mark, at in lapses:
        before = versions[-1] if versions else standing
        lapse = Lapse(LessonId(lesson), 2, mark, instant(at))
        versions += lapsed(AccountRules((counter,)), before, TINA, lapse)
    return versions


def requests_missed(*at: str, counter: Counter = MISSED, standing: Standing | None = None) -> list[Standing]:
    """The versions that requests make which expired at these instants, each of another lesson."""
    first = 1 if standing is None else standing.number + 1
    return plain(counter, standing, *((f"l-{first + n}", "missed_request", each) for n, each in enumerate(at)))


def done(
    verb: StandingVerb, standing: Standing, now: Instant, report: int | None = None, rules: AccountRules = RULES
) -> Standing:
    """The version that an agent makes."""
    command = StandingCommand(
        verb, TINA, ANNA, Key("k"), report, "missed_request", reason="ill", case="c-1", note="get well"
    )
    after = handle(rules, standing, command, frozenset({"agent"}), now)
    assert not isinstance(after, Refusal), after.sentence
    return after


def test_a_lapse_that_nothing_counts_changes_nothing() -> None:
    """Without counters, and with a mark that none of them knows."""
    lapse = Lapse(LessonId("l-1"), 2, "late_cancel", NOON)

    assert lapsed(RULES, None, TINA, lapse) == ()
    assert lapsed(AccountRules(), None, TINA, lapse) == ()


def test_the_first_report_is_a_notice() -> None:
    """ITK-14, ITK-17: the version says what was raised and what follows from it: nothing but a notice."""
    (after,) = requests_missed("2018-02-10T20:33:00Z")

    assert (after.tutor, after.number, after.at) == (TINA, 1, instant("2018-02-10T20:33:00Z"))
    assert after.happening == Happening("raised", "missed_request", 1, ("notice",))
    (report,) = after.reports
    assert (report.number, report.counter, report.day) == (1, "missed_request", date(2018, 2, 10))
    assert (report.points, report.state, report.raised) == (1, "open", after.at)
    assert report.lapses == (Lapse(LessonId("l-1"), 2, "missed_request", after.at),)
    assert open_reports(after) == (report,)
    assert after.imposed == ()
    assert restrictions(after, after.at) == frozenset()


def test_the_ladder_of_missed_requests() -> None:
    """ITK-17: a notice, hidden until shown, hidden for a week, locked; beyond its top the last rung fires again."""
    versions = requests_missed(*(f"2018-02-{day}T12:00:00Z" for day in range(10, 15)))

    effects: list[tuple[RungEffect, ...]] = [version.happening.effects for version in versions]
    assert effects == [("notice",), ("hidden",), ("hidden",), ("locked",), ("locked",)]
    assert [count(version, MISSED, version.at) for version in versions] == [1, 2, 3, 4, 5]
    assert versions[2].imposed == (
        Imposed("hidden", NOON + DAY, None, None, "tutor", 2, "missed_request", 2),
        Imposed("hidden", NOON + 2 * DAY, NOON + 9 * DAY, None, None, 3, "missed_request", 3),
    )
    assert restrictions(versions[2], versions[2].at) == {"hidden", "existing_only"}
    assert restrictions(versions[3], versions[3].at) == {"locked", "hidden", "existing_only"}


def test_what_has_ended_by_itself_is_dropped_by_the_next_version() -> None:
    """A week later the third report's week is over, while what the second one brought waits for the tutor."""
    third = requests_missed("2018-02-10T12:00:00Z", "2018-02-11T12:00:00Z", "2018-02-12T12:00:00Z")[-1]

    (fourth,) = requests_missed("2018-02-19T12:00:00Z", standing=third)

    assert [each.rung for each in fourth.imposed] == [2, 4]


@pytest.mark.parametrize(
    ("first", "second", "zone", "reports"),
    [
        ("2018-02-10T00:00:00Z", "2018-02-10T23:59:59.999999Z", "UTC", 1),
        ("2018-02-10T23:59:59.999999Z", "2018-02-11T00:00:00Z", "UTC", 2),
        ("2018-02-10T12:00:00Z", "2018-02-10T12:00:00Z", "UTC", 1),
        # The same two instants on one day in UTC and on two in Tokyo, and the other way round.
        ("2018-02-10T14:59:59Z", "2018-02-10T15:00:00Z", "Asia/Tokyo", 2),
        ("2018-02-10T15:00:00Z", "2018-02-11T14:59:59Z", "Asia/Tokyo", 1),
        ("2018-02-10T15:00:00Z", "2018-02-11T15:00:00Z", "Asia/Tokyo", 2),
        # Berlin, the day with 23 hours and that with 25.
        ("2018-03-24T23:00:00Z", "2018-03-25T21:59:59Z", "Europe/Berlin", 1),
        ("2018-03-24T23:00:00Z", "2018-03-25T22:00:00Z", "Europe/Berlin", 2),
        ("2018-10-27T22:00:00Z", "2018-10-28T22:59:59Z", "Europe/Berlin", 1),
        ("2018-10-27T22:00:00Z", "2018-10-28T23:00:00Z", "Europe/Berlin", 2),
        # Sao Paulo had no midnight on 2018-11-04: the day began at 01:00, three hours after midnight in UTC.
        ("2018-11-04T02:59:59Z", "2018-11-04T03:00:00Z", "America/Sao_Paulo", 2),
        ("2018-11-04T03:00:00Z", "2018-11-05T01:59:59Z", "America/Sao_Paulo", 1),
        ("2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z", "America/Sao_Paulo", 2),
        # Apia left out 2011-12-30 altogether.
        ("2011-12-30T09:59:59Z", "2011-12-30T10:00:00Z", "Pacific/Apia", 2),
    ],
)
def test_the_lapses_of_one_day_in_the_zone_are_one_report(first: str, second: str, zone: str, reports: int) -> None:
    """ITK-20, Part 2 no. 18: half-open days, also those that begin late, are long, or are missing."""
    counter = Counter("missed_request", zone=zone, bundle=1)

    *_, last = requests_missed(first, second, counter=counter)

    assert len(last.reports) == reports
    assert count(last, counter, last.at) == reports


def test_without_bundling_each_lapse_is_a_report() -> None:
    """Two at one instant are two, and have no day."""
    counter = Counter("missed_request")

    *_, last = requests_missed("2018-02-10T12:00:00Z", "2018-02-10T12:00:00Z", counter=counter)

    assert [(report.number, report.day) for report in last.reports] == [(1, None), (2, None)]
    assert count(last, counter, last.at) == 2


def test_a_further_lapse_of_the_day_joins_the_open_report() -> None:
    """It is kept with the report, which counts once and fires nothing."""
    _, after = requests_missed("2018-02-10T12:00:00Z", "2018-02-10T13:00:00Z")

    assert after.happening == Happening("joined", "missed_request", 1)
    (report,) = after.reports
    assert [lapse.lesson for lapse in report.lapses] == ["l-1", "l-2"]
    assert (report.points, report.raised) == (1, NOON)
    assert count(after, MISSED, after.at) == 1


def test_a_further_lapse_reopens_a_recorded_report_that_counts_on() -> None:
    """It was handled without knowing of this lapse; the day still counts once, and nothing fires."""
    (raised,) = requests_missed("2018-02-10T12:00:00Z")
    recorded = done("record_report", raised, NOON, 1)

    (after,) = requests_missed("2018-02-10T13:00:00Z", standing=recorded)

    assert after.happening == Happening("reopened", "missed_request", 1)
    assert [report.state for report in after.reports] == ["open"]
    assert count(after, MISSED, after.at) == 1


def test_a_further_lapse_reopens_a_dismissed_report_that_counts_again() -> None:
    """The rung fires again, since the count comes to it again."""
    *_, second = requests_missed("2018-02-09T12:00:00Z", "2018-02-10T12:00:00Z")
    dismissed = done("dismiss_report", second, NOON, 2)
    assert count(dismissed, MISSED, NOON) == 1

    (after,) = requests_missed("2018-02-10T13:00:00Z", standing=dismissed)

    assert after.happening == Happening("reopened", "missed_request", 2, ("hidden",))
    assert count(after, MISSED, after.at) == 2
    assert [each.since for each in after.imposed] == [after.at]
    assert [report.state for report in after.reports] == ["open", "open"]


def test_a_dismissed_report_that_is_reopened_counts_only_what_came_later() -> None:
    """Two points were dismissed and stay so; later lapses of the day add up to what a day may count."""
    counter = Counter(
        "missed_request", (("missed_request", 1), ("missed_attendance", 2)), bundle=3, ladder=(Rung(2, "notice"),)
    )
    rules = AccountRules((counter,))
    (raised,) = plain(counter, None, ("l-1", "missed_attendance", "2018-02-10T12:00:00Z"))
    dismissed = done("dismiss_report", raised, NOON, 1, rules)

    later = [(f"l-{number}", "missed_request", f"2018-02-10T13:0{number}:00Z") for number in range(2, 6)]
    versions = plain(counter, dismissed, *later)

    assert [version.happening.kind for version in versions] == ["reopened", "joined", "joined", "joined"]
    assert [version.reports[0].points for version in versions] == [1, 2, 3, 3]
    assert [version.happening.effects for version in versions] == [(), ("notice",), (), ()]
    assert [len(version.reports[0].lapses) for version in versions] == [2, 3, 4, 5]
    again = plain(
        counter,
        done("dismiss_report", versions[-1], versions[-1].at, 1, rules),
        ("l-9", "missed_request", "2018-02-10T14:00:00Z"),
    )
    assert count(again[-1], counter, again[-1].at) == 1


def test_what_is_imposed_does_not_pile_up() -> None:
    """A hundred lapses beyond the ladder leave one of each effect and rung, the one that came last."""
    ladder = (
        Rung(1, "hidden", lifted_by="tutor"),
        Rung(2, "hidden", Calendar(days=7)),
        Rung(2, "wallet_frozen", Calendar(days=1)),
        Rung(3, "locked", lifted_by="operator"),
        Rung(3, "existing_only", Calendar(days=7), "tutor"),
    )
    counter = Counter("late", ladder=ladder)
    lapses = [(f"l-{number}", "late", f"2018-02-10T12:{number // 60:02}:{number % 60:02}Z") for number in range(103)]

    versions = plain(counter, None, *lapses)

    last = versions[-1]
    assert [(each.effect, each.rung, each.report) for each in last.imposed] == [
        ("hidden", 1, 1),
        ("hidden", 2, 2),
        ("wallet_frozen", 2, 2),
        ("locked", 3, 103),
        ("existing_only", 3, 103),
    ]
    assert max(len(version.imposed) for version in versions) == 5
    # What has ended by then is left out of the next version.
    (later,) = plain(counter, last, ("l-200", "late", "2018-02-12T12:00:00Z"))
    assert "wallet_frozen" not in [each.effect for each in later.imposed]


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        (Rung(1, "hidden", Exact(hours=2)), Rung(1, "hidden", Exact(hours=2)), [1]),
        (Rung(1, "hidden", Exact(hours=3)), Rung(1, "hidden", Exact(hours=1)), [0]),
        (Rung(1, "hidden", Exact(hours=1), "tutor"), Rung(1, "hidden", Exact(hours=3), "tutor"), [1]),
        (Rung(1, "hidden", Exact(hours=3), "tutor"), Rung(1, "hidden", Exact(hours=1), "tutor"), [0]),
        (Rung(1, "hidden", lifted_by="operator"), Rung(1, "hidden", Exact(hours=1)), [0]),
        (Rung(1, "hidden", lifted_by="tutor"), Rung(1, "hidden", lifted_by="operator"), [1]),
        # One ends later by itself, the other is the tutor's to end later.
        (Rung(1, "hidden", lifted_by="tutor"), Rung(1, "hidden", Exact(hours=1)), [0, 1]),
        (Rung(1, "hidden", Exact(hours=1)), Rung(1, "hidden", lifted_by="tutor"), [0, 1]),
        # Another effect or rung.
        (Rung(1, "hidden", Exact(hours=1)), Rung(1, "existing_only", Exact(hours=1)), [0, 1]),
        (Rung(1, "hidden", Exact(hours=1)), Rung(2, "hidden", Exact(hours=1)), [0, 1]),
    ],
)
def test_of_one_rung_and_effect_that_stands_which_lasts_longer(first: Rung, second: Rung, left: list[int]) -> None:
    """Under two policies a rung may bring the same for a longer time, or for a shorter one."""
    standing: Standing | None = None
    for number, rung in enumerate((first, second)):
        at = NOON + timedelta(minutes=number)
        counter = Counter("late", ladder=(rung,))
        (standing,) = lapsed(AccountRules((counter,)), standing, TINA, Lapse(LessonId(f"l-{number}"), 2, "late", at))

    assert standing is not None
    assert standing.happening.effects == (second.effect,)
    assert [each.report - 1 for each in standing.imposed] == left


def test_a_report_that_is_not_the_last_keeps_its_place_when_it_is_joined() -> None:
    """Two counters by different days: the older report is the one of the day."""
    wide = Counter("missed_request", zone="Pacific/Kiritimati", bundle=1)
    late = Counter("missed_attendance")
    rules = AccountRules((wide, late))
    lapses = [("l-1", "missed_request"), ("l-2", "missed_attendance"), ("l-3", "missed_request")]
    standing: Standing | None = None

    for lesson, mark in lapses:
        (standing,) = lapsed(rules, standing, TINA, Lapse(LessonId(lesson), 2, mark, NOON))

    assert standing is not None
    assert [(report.number, len(report.lapses)) for report in standing.reports] == [(1, 2), (2, 1)]


def test_points_are_added_up_to_what_a_day_may_count() -> None:
    """Marks weigh differently; a day counts three at most, and what joins fires the rungs it reaches, none again."""
    counter = Counter(
        "lapses",
        (("missed_request", 1), ("missed_attendance", 2)),
        bundle=3,
        ladder=(Rung(2, "notice"), Rung(3, "review"), Rung(4, "hidden", lifted_by="tutor")),
    )
    lapses = [("l-1", "missed_request"), ("l-2", "missed_attendance"), ("l-3", "missed_attendance")]

    versions = plain(counter, None, *((*lapse, "2018-02-10T12:00:00Z") for lapse in lapses))

    assert [version.happening.effects for version in versions] == [(), ("notice", "review"), ()]
    assert [version.reports[0].points for version in versions] == [1, 3, 3]


def test_points_that_merely_join_fire_no_rung_again() -> None:
    """Beyond the ladder too: the report has brought what it brings."""
    counter = Counter("late", bundle=3, ladder=(Rung(1, "notice"),))

    versions = plain(counter, None, *((f"l-{number}", "late", "2018-02-10T12:00:00Z") for number in range(2)))

    assert [version.happening.effects for version in versions] == [("notice",), ()]
    assert count(versions[-1], counter, NOON) == 2


def test_a_mark_alone_counts_no_more_than_a_day_may() -> None:
    """A mark of five points in a day of three."""
    counter = Counter("lapses", (("missed_attendance", 5),), bundle=3)

    (version,) = plain(counter, None, ("l-1", "missed_attendance", "2018-02-10T12:00:00Z"))

    assert count(version, counter, NOON) == 3


def test_several_rungs_fire_at_once() -> None:
    """A report of three points passes three rungs, two of them at the same count."""
    counter = Counter(
        "missed_attendance",
        (("missed_attendance", 3),),
        ladder=(
            Rung(1, "notice"),
            Rung(3, "requests_blocked", Calendar(days=30)),
            Rung(3, "wallet_frozen", Calendar(days=30)),
            Rung(4, "locked", lifted_by="operator"),
        ),
    )

    (version,) = plain(counter, None, ("l-1", "missed_attendance", "2018-02-10T12:00:00Z"))

    assert version.happening.effects == ("notice", "requests_blocked", "wallet_frozen")
    assert restrictions(version, version.at) == {"requests_blocked", "wallet_frozen"}
    assert {each.until for each in version.imposed} == {instant("2018-03-12T12:00:00Z")}


def test_a_count_that_comes_down_fires_its_rung_again_when_it_comes_back() -> None:
    """ITK-16, ITK-17: the second report is dismissed; the next one is the second again."""
    *_, second = requests_missed("2018-02-09T12:00:00Z", "2018-02-10T12:00:00Z")
    dismissed = done("dismiss_report", second, NOON, 2)

    (after,) = requests_missed("2018-02-11T12:00:00Z", standing=dismissed)

    assert after.happening == Happening("raised", "missed_request", 3, ("hidden",))


def test_between_two_rungs_the_lower_one_fires_again() -> None:
    """With rungs at 1 and 3 the second report is a notice too; below the first rung there is nothing to fire."""
    counter = Counter("missed_request", bundle=1, ladder=(Rung(2, "notice"), Rung(4, "review")))

    versions = requests_missed(*(f"2018-02-{day}T12:00:00Z" for day in range(10, 15)), counter=counter)

    assert [version.happening.effects for version in versions] == [
        (),
        ("notice",),
        ("notice",),
        ("review",),
        ("review",),
    ]


def test_what_has_been_counted_is_not_counted_again() -> None:
    """Law 9 in spirit: the same lesson, version and mark, whatever became of its report meanwhile."""
    (raised,) = requests_missed("2018-02-10T12:00:00Z")
    (lapse,) = raised.reports[0].lapses
    dismissed = done("dismiss_report", raised, NOON, 1)
    reset = done("reset_counter", dismissed, NOON)

    assert lapsed(RULES, raised, TINA, lapse) == ()
    assert lapsed(RULES, dismissed, TINA, lapse) == ()
    assert lapsed(RULES, reset, TINA, lapse) == ()


@pytest.mark.parametrize(
    "other",
    [
        Lapse(LessonId("l-9"), 2, "missed_request", NOON),
        Lapse(LessonId("l-1"), 3, "missed_request", NOON),
        Lapse(LessonId("l-1"), 2, "missed_answer", NOON),
    ],
)
def test_another_lesson_version_or_mark_is_another_lapse(other: Lapse) -> None:
    """All three make a lapse what it is."""
    counter = Counter("missed_request", (("missed_request", 1), ("missed_answer", 1)))
    (raised,) = requests_missed("2018-02-10T12:00:00Z", counter=counter)

    assert len(lapsed(AccountRules((counter,)), raised, TINA, other)) == 1


def test_one_lapse_may_be_counted_by_several_counters() -> None:
    """Each counts it once, in a version of its own, by their names."""
    both = AccountRules((Counter("missed_request"), Counter("slips", (("missed_request", 2),))))
    lapse = Lapse(LessonId("l-1"), 2, "missed_request", NOON)

    first, second = lapsed(both, None, TINA, lapse)

    assert [(each.number, each.happening.counter) for each in (first, second)] == [(1, "missed_request"), (2, "slips")]
    assert [report.points for report in second.reports] == [1, 2]
    assert lapsed(both, second, TINA, lapse) == ()
    assert len(lapsed(both, first, TINA, lapse)) == 1


def test_a_lapse_that_comes_late_keeps_its_instant() -> None:
    """The version is stamped as the last one is, so versions never go back; the report belongs to its own day."""
    (first,) = requests_missed("2018-02-10T12:00:00Z")

    (after,) = requests_missed("2018-02-09T12:00:00Z", standing=first)

    assert after.at == first.at
    assert after.reports[1].raised == NOON - DAY
    assert after.reports[1].day == date(2018, 2, 9)
    assert after.happening.effects == ("hidden",)
    assert after.imposed[0].since == first.at


@pytest.mark.parametrize("verb", ["dismiss_report", "record_report"])
def test_after_a_reset_the_day_begins_anew(verb: StandingVerb) -> None:
    """ITK-18: what was handled and reset is over; a lapse on the same day raises a report of its own."""
    (raised,) = requests_missed("2018-02-10T12:00:00Z")
    reset = done("reset_counter", done(verb, raised, NOON, 1), NOON)

    (after,) = requests_missed("2018-02-10T12:00:00Z", standing=reset)

    assert after.happening == Happening("raised", "missed_request", 2, ("notice",))
    assert count(after, MISSED, NOON) == 1
