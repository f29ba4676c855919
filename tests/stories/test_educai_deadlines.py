"""Until when parents get an answer: EDU-5, in three zones, over their clock changes, and without a midnight.

The answer is due 72 elapsed hours after the request, and before the first instant of the local day on which the session
starts. Whose days count is the policy's to say: here those of the platform. pat asks for sessions of kim with tara, who
teaches at any hour; ada is an admin.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta

import pytest

from tutorcore import Deadline, Instant, Lesson, Marketplace, Process, instant, load_policy, load_preset
from tutorcore.calendar import to_local
from tutorcore.ports.storage import Storage

Edge = tuple[timedelta, bool]
Told = Callable[[Marketplace, str], list[tuple[str, set[str]]]]
Blamed = Callable[[Marketplace, str], list[tuple[str | None, str | None]]]

_HOUR = timedelta(hours=1)
_EDUCAI = load_preset("educai")
_ANSWER_BY = "earliest(asked + 72h, start_of_day(lesson.start))"
_LONDON, _NEW_YORK, _TOKYO = "Europe/London", "America/New_York", "Asia/Tokyo"
_DAY_BEFORE, _AFTER_72H = "start_of_day(lesson.start)", "asked + 72h"


@pytest.fixture
def school_in(storage: Storage, open_market: Callable[..., Marketplace]) -> Callable[..., Marketplace]:
    """Opens the school in a zone; what is true at the end of every story is true of its books too."""

    def opens(zone: str, policy: Process = _EDUCAI) -> Marketplace:
        open_market(_EDUCAI)
        market = Marketplace(storage, [policy], zone=zone)
        market.add_party("pat", zone=_LONDON, permissions=["can_request_sessions"])
        market.add_party("kim", zone=_LONDON)
        market.add_party("tara", zone=_LONDON)
        market.add_party("ada", zone=_TOKYO, grants=["admin"])
        return market

    return opens


def _asked(market: Marketplace, start: str | Instant, now: str | Instant, key: str = "ask") -> Lesson:
    lesson = (
        market.request(
            student="kim",
            tutor="tara",
            by="pat",
            start=instant(start),
            duration=_HOUR,
            price="30.00",
            details={"subject": "mathematics"},
            key=key,
            now=instant(now),
        )
        .or_raise()
        .lesson
    )
    assert lesson is not None
    return lesson


def _deadline(market: Marketplace, lesson: Lesson) -> Deadline:
    found = market.deadline(lesson.id, now=lesson.at)
    assert found is not None
    return found


# A session at 9:00 by London's clocks on a Monday, asked for on the Friday before; and under each platform's zone, by
# when the answer is due and why. London is at +00:00 in winter and +01:00 in summer, New York at -05:00 and -04:00.
_MONDAYS = [
    pytest.param(
        "2026-06-12T07:30:00Z",
        "2026-06-15T08:00:00Z",
        {
            _LONDON: ("2026-06-14T23:00:00Z", _DAY_BEFORE),
            _NEW_YORK: ("2026-06-15T04:00:00Z", _DAY_BEFORE),
            _TOKYO: ("2026-06-14T15:00:00Z", _DAY_BEFORE),
        },
        id="in June, at half past eight",
    ),
    pytest.param(
        "2026-06-12T03:30:00Z",
        "2026-06-15T08:00:00Z",
        {
            _LONDON: ("2026-06-14T23:00:00Z", _DAY_BEFORE),
            _NEW_YORK: ("2026-06-15T03:30:00Z", _AFTER_72H),
            _TOKYO: ("2026-06-14T15:00:00Z", _DAY_BEFORE),
        },
        id="in June, at half past four",
    ),
    pytest.param(
        "2026-03-27T07:30:00Z",
        "2026-03-30T08:00:00Z",
        {
            _LONDON: ("2026-03-29T23:00:00Z", _DAY_BEFORE),
            _NEW_YORK: ("2026-03-30T04:00:00Z", _DAY_BEFORE),
            _TOKYO: ("2026-03-29T15:00:00Z", _DAY_BEFORE),
        },
        id="London springs forward on Sunday",
    ),
    pytest.param(
        "2026-10-23T07:30:00Z",
        "2026-10-26T09:00:00Z",
        {
            _LONDON: ("2026-10-26T00:00:00Z", _DAY_BEFORE),
            _NEW_YORK: ("2026-10-26T04:00:00Z", _DAY_BEFORE),
            _TOKYO: ("2026-10-25T15:00:00Z", _DAY_BEFORE),
        },
        id="London falls back on Sunday",
    ),
    pytest.param(
        "2026-03-06T03:30:00Z",
        "2026-03-09T09:00:00Z",
        {
            _LONDON: ("2026-03-09T00:00:00Z", _DAY_BEFORE),
            _NEW_YORK: ("2026-03-09T03:30:00Z", _AFTER_72H),
            _TOKYO: ("2026-03-08T15:00:00Z", _DAY_BEFORE),
        },
        id="New York springs forward on Sunday",
    ),
    pytest.param(
        "2026-10-30T04:30:00Z",
        "2026-11-02T09:00:00Z",
        {
            _LONDON: ("2026-11-02T00:00:00Z", _DAY_BEFORE),
            _NEW_YORK: ("2026-11-02T04:30:00Z", _AFTER_72H),
            _TOKYO: ("2026-11-01T15:00:00Z", _DAY_BEFORE),
        },
        id="New York falls back on Sunday",
    ),
]


@pytest.mark.parametrize("zone", [_LONDON, _NEW_YORK, _TOKYO])
@pytest.mark.parametrize(("asked", "start", "due"), _MONDAYS)
def test_edu_5_the_answer_is_due_before_the_day_of_the_session_in_the_platform_s_zone(
    school_in: Callable[..., Marketplace],
    edge: Edge,
    zone: str,
    asked: str,
    start: str,
    due: dict[str, tuple[str, str]],
) -> None:
    """Asked for on Friday morning, a session on Monday at 9:00 has three deadlines in three zones, each with a reason.

    An answer counts a microsecond before the deadline, and neither at it nor later: then the request is declined.
    """
    after, in_time = edge
    at, reason = due[zone]
    market = school_in(zone)
    lesson = _asked(market, start, asked)

    deadline = _deadline(market, lesson)
    outcome = market.accept(lesson.id, by="tara", proposal=1, key="yes", now=instant(at) + after)

    assert (deadline.at, deadline.why.text, deadline.why.whole) == (instant(at), reason, _ANSWER_BY)
    assert outcome.ok is in_time
    assert outcome.lesson is not None
    if in_time:
        assert outcome.lesson.state == "agreed"
    else:
        assert outcome.refusal is not None
        assert outcome.refusal.code == "not_open"
        assert (outcome.lesson.state, outcome.lesson.at) == ("declined", instant(at))


@pytest.mark.parametrize(
    ("asked", "start", "due"),
    [
        pytest.param(
            "2026-06-11T23:30:00Z",
            "2026-06-15T00:00:00Z",
            {_LONDON: "2026-06-14T23:00:00Z", _NEW_YORK: "2026-06-14T04:00:00Z", _TOKYO: "2026-06-14T15:00:00Z"},
            id="9:00 in Tokyo, which is Sunday evening in New York",
        ),
        pytest.param(
            "2026-06-12T12:30:00Z",
            "2026-06-15T13:00:00Z",
            {_LONDON: "2026-06-14T23:00:00Z", _NEW_YORK: "2026-06-15T04:00:00Z", _TOKYO: "2026-06-14T15:00:00Z"},
            id="9:00 in New York, which is Monday night in Tokyo",
        ),
    ],
)
@pytest.mark.parametrize("zone", [_LONDON, _NEW_YORK, _TOKYO])
def test_edu_5_a_session_falls_on_the_day_that_it_has_in_the_platform_s_zone(
    school_in: Callable[..., Marketplace], zone: str, asked: str, start: str, due: dict[str, str]
) -> None:
    """Monday at 9:00 elsewhere may be another day there, so that the answer is due up to a day sooner or later."""
    market = school_in(zone)

    deadline = _deadline(market, _asked(market, start, asked))

    assert (deadline.at, deadline.why.text) == (instant(due[zone]), _DAY_BEFORE)


# Nights in which clocks go forward over midnight, so that the day begins at 1:00 and no clock ever shows its 0:00; and
# one in which they go back over it, so that 0:00 comes twice, of which the first one counts.
_STRANGE_MIDNIGHTS = [
    pytest.param("Africa/Cairo", "2025-04-25T07:00:00Z", "2025-04-24T22:00:00Z", time(1), id="Cairo"),
    pytest.param("Asia/Beirut", "2025-03-30T07:00:00Z", "2025-03-29T22:00:00Z", time(1), id="Beirut"),
    pytest.param("America/Santiago", "2025-09-07T13:00:00Z", "2025-09-07T04:00:00Z", time(1), id="Santiago"),
    pytest.param("America/Havana", "2025-03-09T14:00:00Z", "2025-03-09T05:00:00Z", time(1), id="Havana"),
    pytest.param("America/Havana", "2025-11-02T14:00:00Z", "2025-11-02T04:00:00Z", time(0), id="Havana, twice"),
]


@pytest.mark.parametrize(("zone", "start", "due", "shown"), _STRANGE_MIDNIGHTS)
@pytest.mark.parametrize("verb", ["accept", "decline"])
def test_edu_5_a_day_without_a_midnight_begins_with_its_first_instant(
    school_in: Callable[..., Marketplace], edge: Edge, zone: str, start: str, due: str, shown: time, verb: str
) -> None:
    """The day before ends when the day of the session begins, whatever the clocks show then."""
    after, in_time = edge
    market = school_in(zone)
    lesson = _asked(market, start, instant(start) - timedelta(hours=72))

    deadline = _deadline(market, lesson)
    answer = market.act(verb, lesson.id, by="ada", proposal=1, reason="so", key="answer", now=instant(due) + after)

    assert (deadline.at, deadline.why.text) == (instant(due), _DAY_BEFORE)
    assert to_local(deadline.at, zone).time() == shown
    assert to_local(deadline.at, zone).date() == to_local(instant(start), zone).date()
    assert to_local(deadline.at - timedelta(microseconds=1), zone).date() < to_local(instant(start), zone).date()
    assert answer.ok is in_time


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        pytest.param("2026-06-10T09:00:00Z", "2026-06-13T09:00:00Z", id="in June"),
        pytest.param("2026-03-27T09:00:00Z", "2026-03-30T09:00:00Z", id="9:00 to 10:00 in London"),
        pytest.param("2026-10-23T09:00:00Z", "2026-10-26T09:00:00Z", id="10:00 to 9:00 in London"),
        pytest.param("2026-03-06T14:00:00Z", "2026-03-09T14:00:00Z", id="9:00 to 10:00 in New York"),
        pytest.param("2026-10-30T14:00:00Z", "2026-11-02T14:00:00Z", id="10:00 to 9:00 in New York"),
    ],
)
@pytest.mark.parametrize("zone", [_LONDON, _NEW_YORK])
def test_edu_5_of_a_session_further_ahead_the_answer_is_due_72_elapsed_hours_after_the_request(
    school_in: Callable[..., Marketplace], edge: Edge, zone: str, asked: str, due: str
) -> None:
    """Elapsed hours are the same in every zone and through every change of clocks."""
    after, in_time = edge
    market = school_in(zone)
    lesson = _asked(market, instant(due) + timedelta(days=20), asked)

    deadline = _deadline(market, lesson)
    answer = market.decline(lesson.id, by="tara", reason="full", key="no", now=instant(due) + after)

    assert (deadline.at, deadline.why.text) == (instant(due), _AFTER_72H)
    assert answer.ok is in_time


def test_edu_5_where_both_fall_together_the_72_hours_are_the_reason(
    school_in: Callable[..., Marketplace],
) -> None:
    """On a tie the reason is the one that the policy lists first; a microsecond later it is the other one."""
    market = school_in(_LONDON)

    tied = _deadline(market, _asked(market, "2026-06-15T08:00:00Z", "2026-06-11T23:00:00Z"))
    later = _deadline(market, _asked(market, "2026-06-15T10:00:00Z", "2026-06-11T23:00:00.000001Z", "later"))

    assert tied.at == later.at == instant("2026-06-14T23:00:00Z")
    assert (tied.why.text, later.why.text) == (_AFTER_72H, _DAY_BEFORE)


def test_edu_5_without_an_answer_the_request_is_declined_which_blames_nobody(
    school_in: Callable[..., Marketplace], told: Told, blamed: Blamed
) -> None:
    """Parent and tutor are told of it; it counts from its own deadline, whenever that is noticed."""
    market = school_in(_LONDON)
    lesson = _asked(market, "2026-06-15T08:00:00Z", "2026-06-12T07:30:00Z")

    swept = market.sweep(now=instant("2026-06-20T00:00:00Z"))

    declined = market.history(lesson.id)[-1].version
    assert (swept.timeouts, swept.lessons) == (1, 1)
    assert (declined.state, declined.at, declined.command) == ("declined", instant("2026-06-14T23:00:00Z"), None)
    assert (declined.step.fault, declined.step.mark) == (None, None)
    assert blamed(market, lesson.id) == []
    assert told(market, lesson.id) == [("request", {"kim", "tara", "pat"}), ("declined", {"kim", "tara", "pat"})]
    assert market.balances() == ()


def test_edu_5_nobody_need_notice_that_a_request_was_declined_by_silence(
    school_in: Callable[..., Marketplace],
) -> None:
    """At the deadline itself, unswept, it is no open request any more, and its time can be asked for again."""
    market = school_in(_LONDON)
    due = instant("2026-06-14T09:00:00Z")
    _asked(market, "2026-06-18T08:00:00Z", due - timedelta(hours=72))

    before = [market.open_requests(person, now=due - timedelta(microseconds=1)) for person in ("tara", "ada")]
    after = [market.open_requests(person, now=due) for person in ("tara", "ada")]
    again = _asked(market, "2026-06-18T08:00:00Z", due, key="again")

    assert [len(each) for each in before] == [1, 1]
    assert after == [(), ()]
    assert again.state == "requested"


def test_edu_5_a_request_keeps_the_zone_under_which_it_was_made(
    storage: Storage, school_in: Callable[..., Marketplace]
) -> None:
    """The platform moves to Tokyo while a request is open: its answer is due when it was, that of a new one sooner."""
    lesson = _asked(school_in(_NEW_YORK), "2026-06-15T08:00:00Z", "2026-06-12T07:30:00Z")

    moved = Marketplace(storage, [_EDUCAI], zone=_TOKYO)
    newer = _asked(moved, "2026-06-15T10:00:00Z", "2026-06-12T07:30:00Z", key="newer")

    assert _deadline(moved, lesson).at == instant("2026-06-15T04:00:00Z")
    assert _deadline(moved, newer).at == instant("2026-06-14T15:00:00Z")


@pytest.mark.parametrize(
    ("lines", "due", "reason"),
    [
        pytest.param('zone = "America/New_York"', "2026-06-15T04:00:00Z", _DAY_BEFORE, id="a zone by its name"),
        pytest.param('zone = "student"', "2026-06-14T23:00:00Z", _DAY_BEFORE, id="the student's zone"),
        pytest.param(
            'request.answer_by = "earliest(asked + 72h, lesson.start - 1d)"',
            "2026-06-14T08:00:00Z",
            "lesson.start - 1d",
            id="a day before the start",
        ),
        pytest.param(
            'request.answer_by = "earliest(asked + 72h, at_time(lesson.start - 1d, 18:00))"',
            "2026-06-14T09:00:00Z",
            "at_time(lesson.start - 1d, 18:00)",
            id="six in the evening before",
        ),
    ],
)
def test_edu_5_where_the_boundary_lies_and_whose_days_count_are_fields_of_the_policy(
    school_in: Callable[..., Marketplace], lines: str, due: str, reason: str
) -> None:
    """The source leaves room for other readings: each is a line in a file."""
    policy = load_policy(f'extends = "educai"\nid = "our-school"\n{lines}\n')
    market = school_in(_TOKYO, policy)

    deadline = _deadline(market, _asked(market, "2026-06-15T08:00:00Z", "2026-06-12T07:30:00Z"))

    assert (deadline.at, deadline.why.text) == (instant(due), reason)
