"""ITK-3, ITK-7, ITK-13 and ITK-22: free slots in two time zones, changes among them, handles, and feedback."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tutorcore import Instant, Lesson, Marketplace, instant
from tutorcore.adapters.meetings.handles import Handles
from tutorcore.calendar.schedules.document import load_schedule
from tutorcore.calendar.zones.wall_time import to_instant, to_local
from tutorcore.engine.meeting_relay import MeetingRelay
from tutorcore.ports.storage import Storage

Ask = Callable[..., Lesson]
Agree = Callable[..., Lesson]
Told = Callable[[Marketplace, str], list[tuple[str, set[str]]]]
Edge = tuple[timedelta, bool]

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)

# Monday evenings in Berlin, a lesson every half hour; three days' notice, two months ahead at most.
_EVENINGS = """
schema = 1
zone = "Europe/Berlin"
weekly.monday = ["18:00-21:00"]

[[blackouts]]
from = 2026-04-06
to = 2026-04-06
note = "Easter Monday"

[booking]
notice = "72h"
horizon_days = 60
"""

_HANDLES = {
    ("tom", "skype"): "live:tom",
    ("tom", "zoom"): "tom@zoom.example",
    ("ann", "skype"): "ann.b",
    ("ann", "zoom"): "ann@zoom.example",
}


def _keeps(market: Marketplace, schedule: str = _EVENINGS) -> None:
    """Let tom register the hours at which he can be booked, and the platform the software that brings handles."""
    market.set_schedule("tom", load_schedule(schedule))


def _slots(market: Marketplace, since: str, until: str, *, now: str, student: str = "ann") -> list[Instant]:
    """The starts at which somebody could ask tom for an hour."""
    found = market.slots(
        student=student, tutor="tom", duration=_HOUR, since=instant(since), until=instant(until), now=instant(now)
    )
    return list(found)


def _shown(start: Instant, zone: str) -> str:
    """What a clock on the wall shows in that zone, with its distance from UTC."""
    return to_local(start, zone).strftime("%a %H:%M %z")


def _refused(market: Marketplace, start: Instant, *, now: str, student: str = "ann", key: str = "wish") -> str:
    """The sentence with which a request for that start is refused: the very one that was explained before."""
    explained = market.explain(student=student, tutor="tom", start=start, duration=_HOUR, now=instant(now))
    outcome = market.request(
        student=student, tutor="tom", start=start, duration=_HOUR, price="10.0", key=key, now=instant(now)
    )
    assert outcome.refusal is not None
    assert outcome.refusal == explained.refusal
    return outcome.refusal.facts.get("codes", outcome.refusal.code)


# ITK-3: slots.


@pytest.mark.parametrize(
    ("monday", "utc", "berlin", "new_york"),
    [
        pytest.param("2026-03-02", "17:00", "Mon 18:00 +0100", "Mon 12:00 -0500", id="both in winter"),
        pytest.param("2026-03-09", "17:00", "Mon 18:00 +0100", "Mon 13:00 -0400", id="New York in summer"),
        pytest.param("2026-03-30", "16:00", "Mon 18:00 +0200", "Mon 12:00 -0400", id="both in summer"),
        pytest.param("2026-10-26", "17:00", "Mon 18:00 +0100", "Mon 13:00 -0400", id="Berlin in winter"),
        pytest.param("2026-11-02", "17:00", "Mon 18:00 +0100", "Mon 12:00 -0500", id="both in winter again"),
    ],
)
def test_itk_3_each_side_sees_a_slot_in_its_own_zone_whatever_the_clocks_have_done(
    market: Marketplace, monday: str, utc: str, berlin: str, new_york: str
) -> None:
    """The tutor's evening begins at six in Berlin all year round; in New York that is noon, or one o'clock."""
    _keeps(market)
    midnight = instant(f"{monday}T00:00:00Z")

    found = _slots(market, str(midnight), str(midnight + _DAY), now=str(midnight - 10 * _DAY))

    first = instant(f"{monday}T{utc}:00Z")
    assert found == [first + number * _HOUR / 2 for number in range(5)]
    assert (_shown(first, "Europe/Berlin"), _shown(first, "America/New_York")) == (berlin, new_york)


def test_itk_3_a_page_of_slots_across_the_change_of_the_clocks_names_each_evening_once(market: Marketplace) -> None:
    """From the last winter Monday of both to the first summer Monday of both: noon, one, one, one, noon."""
    _keeps(market)

    found = _slots(market, "2026-03-02T00:00:00Z", "2026-03-31T00:00:00Z", now="2026-02-20T00:00:00Z")

    evenings = [start for start in found if to_local(start, "Europe/Berlin").hour == 18 and not start.minute]
    assert [to_local(start, "America/New_York").strftime("%d %b %H:%M") for start in evenings] == [
        *("02 Mar 12:00", "09 Mar 13:00", "16 Mar 13:00", "23 Mar 13:00", "30 Mar 12:00"),
    ]


@pytest.mark.parametrize(
    ("day", "hours", "berlin", "new_york"),
    [
        pytest.param(
            "2026-03-29",
            "01:00-04:00",
            ["01:00 +0100", "03:00 +0200"],
            ["20:00 -0400", "21:00 -0400"],
            id="in spring an hour is missing",
        ),
        pytest.param(
            "2026-10-25",
            "01:00-04:00",
            ["01:00 +0200", "02:00 +0200", "02:00 +0100", "03:00 +0100"],
            ["19:00 -0400", "20:00 -0400", "21:00 -0400", "22:00 -0400"],
            id="in autumn an hour comes twice",
        ),
    ],
)
def test_itk_3_in_the_night_of_the_change_every_real_hour_is_a_slot(
    market: Marketplace, day: str, hours: str, berlin: list[str], new_york: list[str]
) -> None:
    """Only hours that the tutor's clock shows are offered, each pass of one that it shows twice; for her it is dusk."""
    _keeps(market, f'schema = 1\nzone = "Europe/Berlin"\noverrides.{day} = ["{hours}"]\nbooking.step = "1h"\n')
    midnight = instant(f"{day}T00:00:00Z")

    found = _slots(market, str(midnight - _DAY), str(midnight + _DAY), now="2026-01-01T00:00:00Z")

    assert [to_local(start, "Europe/Berlin").strftime("%H:%M %z") for start in found] == berlin
    assert [to_local(start, "America/New_York").strftime("%H:%M %z") for start in found] == new_york


def test_itk_3_a_student_chooses_a_slot_by_her_own_clock_and_asks_for_it(market: Marketplace, told: Told) -> None:
    """She reads one o'clock on her wall, and what the tutor reads on his is the same instant."""
    _keeps(market)
    now = "2026-03-01T09:00:00Z"
    wished = to_instant(datetime.fromisoformat("2026-03-09T13:00"), "America/New_York")

    listed = _slots(market, "2026-03-09T00:00:00Z", "2026-03-10T00:00:00Z", now=now)
    asked = market.request(
        student="ann",
        tutor="tom",
        start=wished,
        duration=_HOUR,
        price="25.0",
        kind="course",
        details={"course": "B2 conversation"},
        key="ask",
        now=instant(now),
    )

    lesson = asked.or_raise().lesson
    assert wished in listed
    assert lesson is not None
    assert (lesson.state, lesson.terms.kind) == ("requested", "course")
    assert dict(lesson.terms.details) == {"course": "B2 conversation"}
    assert _shown(lesson.terms.start, "Europe/Berlin") == "Mon 18:00 +0100"
    assert told(market, lesson.id) == [("request", {"tom"})]


def test_itk_3_a_slot_is_offered_until_somebody_asks_for_it_and_again_when_that_has_come_to_nothing(
    market: Marketplace, ask: Ask
) -> None:
    """While a request is open nobody else is shown its time, nor what would run into it; the rest stays."""
    _keeps(market)
    day, now = ("2026-03-09T00:00:00Z", "2026-03-10T00:00:00Z"), "2026-03-01T09:00:00Z"
    before = _slots(market, *day, now=now, student="sue")
    lesson = ask("2026-03-09T18:00:00Z", now=now)

    during = _slots(market, *day, now=now, student="sue")
    market.decline(lesson.id, by="tom", key="no", now=instant(now)).or_raise()
    after = _slots(market, *day, now=now, student="sue")

    assert [start.strftime("%H:%M") for start in before] == ["17:00", "17:30", "18:00", "18:30", "19:00"]
    assert [start.strftime("%H:%M") for start in during] == ["17:00", "19:00"]
    assert after == before


def test_itk_3_the_student_s_own_lessons_leave_gaps_in_what_she_is_offered(market: Marketplace, ask: Ask) -> None:
    """What she has booked with another tutor takes her time with this one."""
    _keeps(market)
    now = "2026-03-01T09:00:00Z"
    ask("2026-03-09T17:30:00Z", now=now, tutor="tim")

    found = _slots(market, "2026-03-09T00:00:00Z", "2026-03-10T00:00:00Z", now=now)

    assert [start.strftime("%H:%M") for start in found] == ["18:30", "19:00"]


def test_itk_3_every_listed_start_can_be_asked_for_and_every_other_is_refused_as_explained(
    market: Marketplace, ask: Ask
) -> None:
    """A whole day, quarter hour by quarter hour, with one hour of it taken: list, explanation and answer agree."""
    market.top_up("sue", market.money("100.0", "ITC"), key="sue buys", now=instant("2026-01-01T00:00:00Z"))
    _keeps(market)
    now = "2026-03-01T09:00:00Z"
    ask("2026-03-09T18:30:00Z", now=now, student="sue", key="sue asks")
    listed = _slots(market, "2026-03-09T00:00:00Z", "2026-03-10T00:00:00Z", now=now)

    refused: dict[str, list[str]] = {}
    for quarter in range(96):
        start = instant("2026-03-09T00:00:00Z") + quarter * _HOUR / 4
        if start in listed:
            lesson = ask(str(start), now=now, key=f"quarter {quarter}")
            market.withdraw(lesson.id, by="ann", key=f"quarter {quarter} back", now=instant(now)).or_raise()
        else:
            codes = _refused(market, start, now=now, key=f"quarter {quarter}")
            refused.setdefault(codes, []).append(start.strftime("%H:%M"))

    assert [start.strftime("%H:%M") for start in listed] == ["17:00", "17:30"]
    assert refused["busy"] == ["18:00", "18:30", "19:00"]
    assert refused["off_grid"] == ["17:15"]
    assert refused["busy, off_grid"] == ["17:45", "18:15", "18:45"]
    assert sum(map(len, refused.values())) == 94


@pytest.mark.parametrize(
    ("start", "codes"),
    [
        pytest.param("2026-03-09T16:30:00Z", "outside_hours", id="half an hour too early"),
        pytest.param("2026-03-09T19:30:00Z", "outside_hours", id="it would not be over in time"),
        pytest.param("2026-03-10T17:00:00Z", "outside_hours", id="on a Tuesday"),
        pytest.param("2026-03-09T17:10:00Z", "off_grid", id="between two slots"),
        pytest.param("2026-03-02T17:00:00Z", "notice", id="less than three days ahead"),
        pytest.param("2026-04-06T17:00:00Z", "blackout", id="on a holiday"),
        pytest.param("2026-05-04T16:00:00Z", "horizon", id="more than sixty days ahead"),
        pytest.param("2026-02-23T17:00:00Z", "bad_terms", id="in the past"),
    ],
)
def test_itk_3_a_time_that_is_not_listed_is_refused_for_the_reason_that_is_explained(
    market: Marketplace, start: str, codes: str
) -> None:
    """Asking is refused in the words in which the calendar explains it, and nothing is held."""
    _keeps(market)
    now = "2026-03-01T09:00:00Z"

    listed = _slots(market, str(instant(start) - _DAY), str(instant(start) + _DAY), now=now)
    refusal = _refused(market, instant(start), now=now)

    assert instant(start) not in listed
    assert codes in refusal
    assert market.wallet("ann", "ITC", now=instant(now)).text == "100.0"
    assert market.lessons("ann", now=instant(now)) == ()


def test_itk_3_whose_lesson_is_in_the_way_stays_between_its_people(market: Marketplace, ask: Ask) -> None:
    """She learns that the time is taken, and not which lesson takes it."""
    market.top_up("sue", market.money("100.0", "ITC"), key="sue buys", now=instant("2026-01-01T00:00:00Z"))
    _keeps(market)
    now = "2026-03-01T09:00:00Z"
    lesson = ask("2026-03-09T17:00:00Z", now=now, student="sue")
    start = instant("2026-03-09T17:30:00Z")

    explained = market.explain(student="ann", tutor="tom", start=start, duration=_HOUR, now=instant(now))

    assert _refused(market, start, now=now) == "busy"
    assert lesson.id not in str(explained)
    assert "sue" not in str(explained)


def test_itk_3_of_two_who_want_the_same_slot_the_second_is_refused(market: Marketplace, ask: Ask) -> None:
    """Both saw it listed; who asks first has it, and nobody is told of the second."""
    market.top_up("sue", market.money("100.0", "ITC"), key="sue buys", now=instant("2026-01-01T00:00:00Z"))
    _keeps(market)
    now, start = "2026-03-01T09:00:00Z", "2026-03-09T17:00:00Z"
    seen = [_slots(market, start, "2026-03-10T00:00:00Z", now=now, student=who) for who in ("ann", "sue")]

    ask(start, now=now, student="sue")

    assert [instant(start) in each for each in seen] == [True, True]
    assert _refused(market, instant(start), now=now) == "busy"
    assert len(market.open_requests("tom", now=instant(now))) == 1


# ITK-7: what is agreed, and the tutor's schedule.


def test_itk_7_a_student_moves_a_lesson_only_to_a_free_slot_and_the_tutor_may_offer_any_time(
    market: Marketplace, agree: Agree
) -> None:
    """The hours are the tutor's: he may make an exception, she chooses among what is listed."""
    _keeps(market)
    lesson = agree("2026-03-09T17:00:00Z", now="2026-03-01T09:00:00Z")
    now, outside = instant("2026-03-02T09:00:00Z"), instant("2026-03-10T09:00:00Z")

    hers = market.propose(lesson.id, by="ann", start=outside, key="a Tuesday morning", now=now)
    free = market.propose(lesson.id, by="ann", start=instant("2026-03-16T17:00:00Z"), key="next Monday", now=now)
    market.withdraw(lesson.id, by="ann", key="as it was", now=now).or_raise()
    his = market.propose(lesson.id, by="tom", start=outside, key="his exception", now=now)

    assert hers.refusal is not None
    assert (hers.refusal.code, hers.refusal.facts["codes"]) == ("not_bookable", "outside_hours")
    assert free.ok
    assert his.ok
    assert market.lesson(lesson.id, now=now).terms == lesson.terms


def test_itk_7_a_lesson_is_not_in_its_own_way_when_it_is_moved(market: Marketplace, agree: Agree) -> None:
    """Half an hour later is a free slot for the very lesson that takes half of it."""
    _keeps(market)
    lesson = agree("2026-03-09T17:00:00Z", now="2026-03-01T09:00:00Z")
    now = instant("2026-03-02T09:00:00Z")

    market.propose(lesson.id, by="ann", start=instant("2026-03-09T17:30:00Z"), key="later", now=now).or_raise()
    moved = market.accept(lesson.id, by="tom", proposal=2, key="yes", now=now).or_raise().lesson

    assert moved is not None
    assert moved.terms.start == instant("2026-03-09T17:30:00Z")


def test_itk_7_the_platform_s_help_is_not_bound_by_the_schedule(market: Marketplace, agree: Agree) -> None:
    """In special circumstances an operator imposes a time that nobody could have asked for."""
    _keeps(market)
    lesson = agree("2026-03-09T17:00:00Z", now="2026-03-01T09:00:00Z")

    moved = market.reschedule(
        lesson.id,
        by="olga",
        start=instant("2026-03-10T09:00:00Z"),
        reason="the tutor is in hospital until Tuesday",
        key="help",
        now=instant("2026-03-02T09:00:00Z"),
    )

    assert moved.or_raise().lesson is not None
    assert market.lesson(lesson.id, now=instant("2026-03-02T09:00:00Z")).terms.start == instant("2026-03-10T09:00:00Z")


def test_itk_7_hours_that_the_tutor_gives_up_later_leave_what_is_agreed(market: Marketplace, agree: Agree) -> None:
    """The tutor owes the lesson as agreed; the new hours are for those who ask from now on."""
    _keeps(market)
    lesson = agree("2026-03-09T17:00:00Z", now="2026-03-01T09:00:00Z")

    _keeps(market, 'schema = 1\nzone = "Europe/Berlin"\n')

    now = "2026-03-02T09:00:00Z"
    assert market.lesson(lesson.id, now=instant(now)) == lesson
    assert [each.id for each in market.upcoming("tom", now=instant(now))] == [lesson.id]
    assert _slots(market, "2026-03-09T00:00:00Z", "2026-04-30T00:00:00Z", now=now) == []
    assert market.lesson(lesson.id, now=lesson.terms.end).state == "delivered"


# ITK-13: feedback.


def _confirmed(market: Marketplace, agree: Agree) -> Lesson:
    """A lesson that took place and was confirmed an hour after its end."""
    lesson = agree("2026-03-09T17:00:00Z", now="2026-03-01T09:00:00Z")
    market.confirm(lesson.id, by="ann", key="it was good", now=lesson.terms.end + _HOUR).or_raise()
    return lesson


def test_itk_13_student_and_tutor_each_leave_feedback_for_the_other_once(
    market: Marketplace, agree: Agree, told: Told
) -> None:
    """Whoever comes first, each says it once, the other side is told, and it can be read."""
    lesson = _confirmed(market, agree)
    first, second = lesson.terms.end + 2 * _HOUR, lesson.terms.end + 3 * _HOUR

    by_tom = market.review(lesson.id, by="tom", note="Comes prepared.", key="t", now=first)
    by_ann = market.review(lesson.id, by="ann", details={"stars": "5"}, note="Patient.", key="a", now=second)
    again = [
        market.review(lesson.id, by=who, note="and another thing", key=f"{who} again", now=second + _DAY).refusal
        for who in ("ann", "tom")
    ]

    assert (by_tom.ok, by_ann.ok) == (True, True)
    assert [each.code if each else None for each in again] == ["guard", "guard"]
    assert market.reviews(lesson.id, now=second + _DAY) == (
        ("tom", first, (), "Comes prepared."),
        ("ann", second, (("stars", "5"),), "Patient."),
    )
    assert told(market, lesson.id)[-2:] == [("review", {"ann"}), ("review", {"tom"})]


def test_itk_13_feedback_is_possible_once_the_lesson_is_confirmed_also_by_silence(
    market: Marketplace, agree: Agree, edge: Edge
) -> None:
    """Until three days after the end the student might still say that something was wrong."""
    after, too_early = edge
    lesson = agree("2026-03-09T17:00:00Z", now="2026-03-01T09:00:00Z")
    confirmed = lesson.terms.end + 3 * _DAY

    buttons = [option.verb for option in market.allowed(lesson.id, by="tom", now=confirmed + after)]
    outcome = market.review(lesson.id, by="tom", key="t", now=confirmed + after)

    assert ("review" in buttons) is not too_early
    assert outcome.ok is not too_early


@pytest.mark.parametrize("by", ["sue", "tim", "olga"])
def test_itk_13_nobody_else_has_anything_to_say_of_a_lesson(market: Marketplace, agree: Agree, by: str) -> None:
    """Feedback is that of the two who were there."""
    lesson = _confirmed(market, agree)

    refused = market.review(lesson.id, by=by, key="r", now=lesson.terms.end + 2 * _HOUR)

    assert refused.refusal is not None
    assert refused.refusal.code == "not_yours"


def test_itk_13_a_lesson_that_was_called_off_or_never_agreed_has_no_feedback(
    market: Marketplace, ask: Ask, agree: Agree
) -> None:
    """There is nothing to speak of."""
    cancelled = agree("2026-03-09T17:00:00Z", now="2026-03-01T09:00:00Z")
    market.cancel(cancelled.id, by="ann", key="off", now=instant("2026-03-02T09:00:00Z")).or_raise()
    expired = ask("2026-03-16T17:00:00Z", now="2026-03-01T09:00:00Z", key="unanswered")
    now = instant("2026-03-20T09:00:00Z")

    refused = [market.review(each.id, by="ann", key=each.id, now=now).refusal for each in (cancelled, expired)]

    assert [each.code if each else None for each in refused] == ["not_open", "not_open"]


# ITK-22: each other's handles.


@pytest.fixture
def bring(market: Marketplace, storage: Storage) -> Callable[..., int]:
    """Lets the platform's software give each side of agreed lessons the other's handle; returns how many it gave."""
    market.add_party("robot", zone="UTC", grants=["system"])

    def brings(now: Instant, handles: dict[tuple[str, str], str] = _HANDLES) -> int:
        provider = Handles(lambda party, program: handles.get((party, program)))
        return MeetingRelay(storage, provider, by="robot").run(now=now).created

    return brings


def _agreed_on(market: Marketplace, program: str) -> Lesson:
    """Let ann ask tom for an hour by that program."""
    asked = market.request(
        student="ann",
        tutor="tom",
        start=instant("2026-03-09T17:00:00Z"),
        duration=_HOUR,
        price="25.0",
        details={"program": program},
        key="ask",
        now=instant("2026-03-01T09:00:00Z"),
    )
    lesson = asked.or_raise().lesson
    assert lesson is not None
    return lesson


def _handle(market: Marketplace, lesson: Lesson, who: str, now: Instant) -> str | None:
    """What somebody sees of the other's handle."""
    meeting = market.meeting(lesson.id, by=who, now=now)
    return None if meeting is None else ", ".join(f"{role}: {link}" for role, link in meeting.links)


def test_itk_22_once_a_lesson_is_agreed_each_side_sees_the_other_s_handle(
    market: Marketplace, bring: Callable[..., int], told: Told
) -> None:
    """The student is to call the tutor by the tutor's name there, and the tutor knows who calls."""
    lesson = _agreed_on(market, "skype")
    market.accept(lesson.id, by="tom", proposal=1, key="yes", now=lesson.at + _HOUR).or_raise()
    now = lesson.at + 2 * _HOUR

    brought = bring(now)

    assert brought == 1
    assert _handle(market, lesson, "ann", now) == "student: live:tom"
    assert _handle(market, lesson, "tom", now) == "tutor: ann.b"
    assert told(market, lesson.id)[-1] == ("meeting_ready", {"ann", "tom"})


def test_itk_22_before_the_agreement_nobody_sees_a_handle(market: Marketplace, bring: Callable[..., int]) -> None:
    """A request is no reason to give anybody's name away, and neither is one that was declined."""
    lesson = _agreed_on(market, "skype")

    while_open = (bring(lesson.at), [_handle(market, lesson, who, lesson.at) for who in ("ann", "tom")])
    market.decline(lesson.id, by="tom", key="no", now=lesson.at + _HOUR).or_raise()
    declined = (bring(lesson.at + _HOUR), _handle(market, lesson, "ann", lesson.at + _HOUR))

    assert while_open == (0, [None, None])
    assert declined == (0, None)


@pytest.mark.parametrize("stranger", ["sue", "tim"])
def test_itk_22_nobody_else_sees_a_handle(market: Marketplace, bring: Callable[..., int], stranger: str) -> None:
    """They are for the two of the lesson, and for the platform that answers for it."""
    lesson = _agreed_on(market, "skype")
    market.accept(lesson.id, by="tom", proposal=1, key="yes", now=lesson.at + _HOUR).or_raise()
    now = lesson.at + 2 * _HOUR
    bring(now)

    assert _handle(market, lesson, stranger, now) is None
    assert _handle(market, lesson, "olga", now) == "student: live:tom, tutor: ann.b"


def test_itk_22_it_is_the_program_of_the_agreed_terms_that_counts(
    market: Marketplace, bring: Callable[..., int]
) -> None:
    """The teacher proposes another program, the student accepts it: the handles are those for that one."""
    lesson = _agreed_on(market, "skype")
    now = lesson.at + _HOUR
    market.propose(lesson.id, by="tom", details={"program": "zoom"}, key="zoom", now=now).or_raise()
    market.accept(lesson.id, by="ann", proposal=2, key="yes", now=now).or_raise()

    bring(now)

    assert _handle(market, lesson, "ann", now) == "student: tom@zoom.example"
    assert _handle(market, lesson, "tom", now) == "tutor: ann@zoom.example"


def test_itk_22_a_lesson_that_is_moved_is_given_its_handles_anew(
    market: Marketplace, bring: Callable[..., int]
) -> None:
    """They belong to the terms that stand: between the change and the next delivery there are none."""
    lesson = _agreed_on(market, "skype")
    now = lesson.at + _HOUR
    market.accept(lesson.id, by="tom", proposal=1, key="yes", now=now).or_raise()
    bring(now)
    market.propose(lesson.id, by="tom", start=instant("2026-03-10T17:00:00Z"), key="move", now=now).or_raise()
    while_open = _handle(market, lesson, "ann", now)
    market.accept(lesson.id, by="ann", proposal=2, key="moved", now=now).or_raise()

    between = _handle(market, lesson, "ann", now)
    bring(now)

    assert (while_open, between) == ("student: live:tom", None)
    assert _handle(market, lesson, "ann", now) == "student: live:tom"


def test_itk_22_a_handle_that_is_missing_leaves_the_lesson_agreed_and_says_whose(
    market: Marketplace, bring: Callable[..., int], told: Told
) -> None:
    """Both are told that there is none, and by whom it is owed; the lesson takes place all the same."""
    lesson = _agreed_on(market, "skype")
    now = lesson.at + _HOUR
    market.accept(lesson.id, by="tom", proposal=1, key="yes", now=now).or_raise()

    brought = bring(now, {("tom", "skype"): "live:tom"})

    stood = market.history(lesson.id)[-1].version
    assert brought == 0
    assert (stood.state, stood.held) == ("agreed", 250)
    assert stood.command is not None
    assert stood.command.note == "student ann has no handle for skype"
    assert told(market, lesson.id)[-1] == ("meeting_failed", {"ann", "tom"})
    assert market.lesson(lesson.id, now=lesson.terms.end).state == "delivered"


@pytest.mark.parametrize("who", ["tom", "ann"])
def test_itk_22_the_session_opens_at_the_appointed_time(
    market: Marketplace, agree: Agree, edge: Edge, who: str
) -> None:
    """The teacher opens it at the start and not before it; then either side may go in."""
    after, too_early = edge
    lesson = agree("2026-03-09T17:00:00Z", now="2026-03-01T09:00:00Z")

    buttons = [option.verb for option in market.allowed(lesson.id, by=who, now=lesson.terms.start + after)]
    outcome = market.join(lesson.id, by=who, key="in", now=lesson.terms.start + after)

    assert ("join" in buttons) is not too_early
    assert outcome.ok is not too_early
