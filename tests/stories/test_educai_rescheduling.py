"""Asking for another time: EDU-9, as it is written, and as a policy has it that keeps the original.

The session is kim's with tara, on Monday 15 June 2026 at 9:00 in London, which is 08:00Z; pat, the parent, would rather
have Tuesday. quinn is the parent of leo, ada an admin. tara teaches on weekday mornings from 9 to 12.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import (
    Instant,
    Lesson,
    Marketplace,
    Offer,
    Outcome,
    Preview,
    Process,
    instant,
    load_policy,
    load_preset,
)
from tutorcore.calendar.schedules.document import load_schedule
from tutorcore.ports.storage import Storage

Edge = tuple[timedelta, bool]
Books = Callable[..., dict[str, str]]
Told = Callable[[Marketplace, str], list[tuple[str, set[str]]]]
Blamed = Callable[[Marketplace, str], list[tuple[str | None, str | None]]]

_HOUR = timedelta(hours=1)
_MICROSECOND = timedelta(microseconds=1)
_NOTICE = timedelta(hours=72)
_ASKED = instant("2026-06-08T08:00:00Z")
_NOW = instant("2026-06-10T08:00:00Z")
_MONDAY = instant("2026-06-15T08:00:00Z")
_TUESDAY = instant("2026-06-16T08:00:00Z")
_THURSDAY = instant("2026-06-18T08:00:00Z")

_MORNINGS = """
schema = 1
zone = "Europe/London"
[weekly]
monday = ["09:00-12:00"]
tuesday = ["09:00-12:00"]
wednesday = ["09:00-12:00"]
thursday = ["09:00-12:00"]
friday = ["09:00-12:00"]
"""

_KEEPS_THE_ORIGINAL = """
extends = "educai"
id      = "keeps-the-original"

[change]
as        = "beside"
otherwise = "original_stands"
answer_by = "earliest(asked + 72h, start_of_day(lesson.start), start_of_day(proposed.start))"
"""


@pytest.fixture
def school_with(storage: Storage, open_market: Callable[..., Marketplace]) -> Callable[[Process], Marketplace]:
    """Opens the school under a policy; what is true at the end of every story is true of its books too."""

    def opens(policy: Process) -> Marketplace:
        open_market(policy)
        market = Marketplace(storage, [policy], zone="Europe/London")
        for id in ("kim", "leo", "tara"):
            market.add_party(id, zone="Europe/London")
        for id in ("pat", "quinn"):
            market.add_party(id, zone="Europe/London", permissions=["can_request_sessions"])
        market.add_party("ada", zone="Asia/Tokyo", grants=["admin"])
        market.set_schedule("tara", load_schedule(_MORNINGS))
        return market

    return opens


@pytest.fixture
def school(school_with: Callable[[Process], Marketplace]) -> Marketplace:
    """The school under the preset."""
    return school_with(load_preset("educai"))


def _ask(market: Marketplace, start: Instant, now: Instant, *, by: str = "quinn", student: str = "leo") -> Outcome:
    return market.request(
        student=student,
        tutor="tara",
        by=by,
        start=start,
        duration=_HOUR,
        price="30.00",
        details={"subject": "mathematics"},
        key=f"{by} asks for {start} at {now}",
        now=now,
    )


def _agreed(market: Marketplace, start: Instant = _MONDAY) -> Lesson:
    asked = _ask(market, start, _ASKED, by="pat", student="kim").or_raise().lesson
    assert asked is not None
    lesson = market.accept(asked.id, by="tara", proposal=1, key="yes", now=_ASKED + _HOUR).or_raise().lesson
    assert lesson is not None
    return lesson


def _move(
    market: Marketplace, lesson: Lesson, start: Instant = _TUESDAY, now: Instant = _NOW, *, by: str = "pat"
) -> Outcome:
    return market.propose(lesson.id, by=by, start=start, key=f"{by} wants {start} at {now}", now=now)


def _moved(market: Marketplace, lesson: Lesson, start: Instant = _TUESDAY, now: Instant = _NOW) -> Lesson:
    moved = _move(market, lesson, start, now).or_raise().lesson
    assert moved is not None
    return moved


def _is_offered(market: Marketplace, start: Instant, now: Instant) -> bool:
    """Whether quinn could have that hour of tara's for leo."""
    explained = market.explain(student="leo", tutor="tara", by="quinn", start=start, duration=_HOUR, now=now)
    return explained.ok


# Asking again.


def test_edu_9_asking_for_another_time_is_asking_again_for_the_same_session(school: Marketplace) -> None:
    """It keeps its id, its people and its subject; it is its second occurrence, and waits for the tutor."""
    lesson = _agreed(school)

    again = _moved(school, lesson)

    assert (again.id, again.brief) == (lesson.id, lesson.brief)
    assert (again.state, again.waits_for, again.change) == ("requested", "tutor", None)
    assert (lesson.terms.occurrence, again.terms.occurrence) == (1, 2)
    assert (again.terms.number, again.terms.start, again.terms.duration) == (2, _TUESDAY, _HOUR)
    assert (again.terms.details, again.terms.price) == (lesson.terms.details, lesson.terms.price)
    assert school.upcoming("pat", now=_NOW) == ()
    assert [each.id for each in school.open_requests("ada", now=_NOW)] == [lesson.id]


def test_edu_9_tutor_and_parent_are_told_as_of_a_request(school: Marketplace, told: Told) -> None:
    """The parent gets a mail about their own wish here as well."""
    lesson = _agreed(school)

    _moved(school, lesson)

    assert [verb for verb, _ in told(school, lesson.id)] == ["request", "accept", "propose"]
    assert told(school, lesson.id)[-1][1] == told(school, lesson.id)[0][1] == {"kim", "tara", "pat"}


def test_edu_9_the_old_time_is_free_at_once_and_the_new_one_is_taken(school: Marketplace) -> None:
    """At the very instant of asking somebody else can have the old time, and nobody the new one."""
    lesson = _agreed(school)
    before = (_is_offered(school, _MONDAY, _NOW), _is_offered(school, _TUESDAY, _NOW))

    _moved(school, lesson)
    after = (_is_offered(school, _MONDAY, _NOW), _is_offered(school, _TUESDAY, _NOW))
    old, new = _ask(school, _MONDAY, _NOW), _ask(school, _TUESDAY, _NOW)

    assert (before, after) == ((False, True), (True, False))
    assert old.ok
    assert new.refusal is not None
    assert new.refusal.code == "not_bookable"


def test_edu_9_the_new_time_may_overlap_the_old_one(school: Marketplace) -> None:
    """A session is never in its own way."""
    lesson = _agreed(school)

    again = _moved(school, lesson, _MONDAY + _HOUR / 2)

    assert (again.state, again.terms.start) == ("requested", _MONDAY + _HOUR / 2)


@pytest.mark.parametrize(
    ("start", "code"),
    [
        pytest.param(_TUESDAY - _HOUR, "not_bookable", id="outside the tutor's hours"),
        pytest.param(_THURSDAY, "not_bookable", id="taken by another student"),
        pytest.param(_MONDAY, "bad_terms", id="no other time at all"),
    ],
)
def test_edu_9_a_time_that_cannot_be_had_costs_nothing(school: Marketplace, start: Instant, code: str) -> None:
    """The wish is refused, and the session stands as it stood."""
    lesson = _agreed(school)
    _ask(school, _THURSDAY, _ASKED).or_raise()

    outcome = _move(school, lesson, start)

    assert outcome.refusal is not None
    assert outcome.refusal.code == code
    assert school.lesson(lesson.id, now=_NOW) == lesson


@pytest.mark.parametrize("by", ["tara", "ada", "kim", "quinn"])
def test_edu_9_only_the_parent_who_asked_asks_again(school: Marketplace, by: str) -> None:
    """Whoever cannot keep the time cancels; the session stands until then."""
    lesson = _agreed(school)

    outcome = _move(school, lesson, by=by)

    assert outcome.refusal is not None
    assert (outcome.refusal.code, outcome.refusal.facts["by"]) == ("not_yours", "requester")
    assert school.lesson(lesson.id, now=_NOW) == lesson


def test_edu_9_asking_again_takes_the_permission_to_ask(school: Marketplace) -> None:
    """A parent who may request no sessions any more keeps, or cancels, what was agreed."""
    lesson = _agreed(school)

    school.add_party("pat", zone="Europe/London", permissions=[])
    outcome = _move(school, lesson)

    assert outcome.refusal is not None
    assert "has(requester, can_request_sessions)" in outcome.refusal.facts["condition"]
    assert school.lesson(lesson.id, now=_NOW) == lesson


def test_edu_9_the_price_is_not_a_parent_s_to_change(school: Marketplace) -> None:
    """Another time and another length, nothing else."""
    lesson = _agreed(school)

    outcome = school.propose(lesson.id, by="pat", start=_TUESDAY, price="20.00", key="cheaper", now=_NOW)
    longer = school.propose(lesson.id, by="pat", start=_TUESDAY, duration=2 * _HOUR, key="longer", now=_NOW)

    assert outcome.refusal is not None
    assert (outcome.refusal.code, outcome.refusal.facts["problem"]) == ("bad_terms", "price may not be changed here")
    assert longer.ok


def test_edu_9_before_asking_again_the_parent_can_see_what_it_would_do(school: Marketplace) -> None:
    """A preview shows the session waiting for an answer, and changes nothing."""
    lesson = _agreed(school)

    shown = school.preview("propose", lesson.id, by="pat", offer=Offer(_TUESDAY), now=_NOW)

    assert isinstance(shown, Preview)
    assert (shown.lesson.state, shown.lesson.terms.occurrence) == ("requested", 2)
    assert school.lesson(lesson.id, now=_NOW) == lesson


# The same notice, the same clock.


@pytest.mark.parametrize(
    ("start", "latest"),
    [
        pytest.param("2026-06-18T08:00:00Z", "2026-06-15T08:00:00Z", id="in June"),
        # By the wall, 9:00 on Monday is 72 hours after 8:00 on Friday in spring, and after 10:00 in autumn.
        pytest.param("2027-03-29T08:00:00Z", "2027-03-26T08:00:00Z", id="spring in London"),
        pytest.param("2026-10-26T09:00:00Z", "2026-10-23T09:00:00Z", id="autumn in London"),
    ],
)
@pytest.mark.parametrize(("later", "in_time"), [(-_MICROSECOND, True), (timedelta(0), True), (_MICROSECOND, False)])
def test_edu_9_the_new_time_lies_at_least_72_hours_ahead(
    school: Marketplace, start: str, latest: str, later: timedelta, in_time: bool
) -> None:
    """Exactly 72 elapsed hours are enough; with less the session stands as it stood."""
    begins, now = instant(start), instant(latest) + later
    lesson = _agreed(school, begins + timedelta(days=4))

    outcome = _move(school, lesson, begins, now)

    assert outcome.ok is in_time
    if outcome.refusal is not None:
        assert outcome.refusal.code == "guard"
        assert "proposed.start - now >= 72h" in outcome.refusal.facts["condition"]
        assert school.lesson(lesson.id, now=now) == lesson


@pytest.mark.parametrize(("later", "in_time"), [(-_MICROSECOND, True), (timedelta(0), True), (_MICROSECOND, False)])
def test_edu_9_the_old_time_lies_at_least_72_hours_ahead_too(
    school: Marketplace, later: timedelta, in_time: bool
) -> None:
    """To give up a session by asking for another takes as long a notice as to cancel it."""
    lesson = _agreed(school)
    now = _MONDAY - _NOTICE + later

    moved = _move(school, lesson, _THURSDAY, now)

    assert moved.ok is in_time
    if moved.refusal is not None:
        assert moved.refusal.code == "guard"
        assert "notice >= 72h" in moved.refusal.facts["condition"]
        assert school.lesson(lesson.id, now=now) == lesson


@pytest.mark.parametrize(
    ("now", "start", "due", "reason"),
    [
        pytest.param(
            "2026-06-09T12:00:00Z", _THURSDAY, "2026-06-12T12:00:00Z", "asked + 72h", id="72 hours after asking again"
        ),
        pytest.param(
            "2026-06-12T08:00:00Z",
            _MONDAY + _HOUR,
            "2026-06-14T23:00:00Z",
            "start_of_day(lesson.start)",
            id="the day before the new time",
        ),
    ],
)
@pytest.mark.parametrize("verb", ["accept", "decline"])
def test_edu_9_the_answer_is_due_as_that_to_a_request(
    school: Marketplace, edge: Edge, now: str, start: Instant, due: str, reason: str, verb: str
) -> None:
    """Counted from asking again and by the new time; at the deadline it is declined."""
    after, in_time = edge
    lesson = _moved(school, _agreed(school), start, instant(now))

    deadline = school.deadline(lesson.id, now=instant(now))
    outcome = school.act(verb, lesson.id, by="ada", proposal=2, reason="so", key="answer", now=instant(due) + after)

    assert deadline is not None
    assert (deadline.at, deadline.why.text) == (instant(due), reason)
    assert outcome.ok is in_time
    assert outcome.lesson is not None
    if not in_time:
        assert (outcome.lesson.state, outcome.lesson.at, outcome.lesson.step.fault) == ("declined", instant(due), None)


# Accepted: the new session. Not accepted: none at all.


@pytest.mark.parametrize("by", ["tara", "ada"])
def test_edu_9_accepted_the_new_session_stands_and_alone_is_due(school: Marketplace, books: Books, by: str) -> None:
    """The old time passes by; at the end of the new one its price is due, once."""
    lesson = _moved(school, _agreed(school))

    accepted = school.accept(lesson.id, by=by, proposal=2, key="yes again", now=_NOW + _HOUR).lesson
    after_the_old_one = school.lesson(lesson.id, now=_MONDAY + 2 * _HOUR)
    school.sweep(now=_TUESDAY + _HOUR)

    assert accepted is not None
    assert (accepted.state, accepted.terms.start, accepted.terms.occurrence) == ("agreed", _TUESDAY, 2)
    assert after_the_old_one == accepted
    assert school.lesson(lesson.id, now=_TUESDAY + _HOUR).state == "completed"
    assert books(school, "EUR") == {
        "Assets:Receivable:Payers:Pat": "30.00",
        "Liabilities:Tutors:Tara:Due": "30.00",
    }


def test_edu_9_an_answer_to_the_first_request_is_none_to_the_second(school: Marketplace) -> None:
    """A tutor who looks at an old mail does not accept a time by mistake."""
    lesson = _moved(school, _agreed(school))

    stale = school.accept(lesson.id, by="tara", proposal=1, key="yes to Monday", now=_NOW + _HOUR)

    assert stale.refusal is not None
    assert (stale.refusal.code, stale.refusal.facts["current"]) == ("stale_offer", "2")


@pytest.mark.parametrize(
    ("verb", "by", "state"),
    [
        pytest.param("decline", "tara", "declined", id="the tutor declines"),
        pytest.param("decline", "ada", "declined", id="an admin declines"),
        pytest.param("withdraw", "pat", "withdrawn", id="the parent takes it back"),
        pytest.param("", "", "declined", id="nobody answers"),
    ],
)
def test_edu_9_not_accepted_neither_session_takes_place(
    school: Marketplace, books: Books, told: Told, blamed: Blamed, verb: str, by: str, state: str
) -> None:
    """Both times are free, nothing is due, nobody is to blame, and all are told."""
    lesson = _moved(school, _agreed(school))
    now = _NOW + _NOTICE
    if verb:
        now = _NOW + _HOUR
        school.act(verb, lesson.id, by=by, reason="full", key="the end", now=now).or_raise()

    free = (_is_offered(school, _THURSDAY, now), _is_offered(school, _TUESDAY, now))
    school.sweep(now=_TUESDAY + _HOUR)

    ended = school.history(lesson.id)[-1].version
    assert (ended.state, ended.over, ended.at) == (state, True, now)
    assert free == (True, _TUESDAY - now >= _NOTICE)
    assert books(school, "EUR") == {}
    assert blamed(school, lesson.id) == []
    assert told(school, lesson.id)[-1] == (verb or state, {"kim", "tara", "pat"} - {by})


def test_edu_9_declining_the_new_time_needs_a_reason_too(school: Marketplace) -> None:
    """It is a request like any other."""
    lesson = _moved(school, _agreed(school))

    outcome = school.decline(lesson.id, by="tara", key="no", now=_NOW + _HOUR)

    assert outcome.refusal is not None
    assert (outcome.refusal.code, outcome.refusal.facts["needs"]) == ("missing", "a reason")
    assert school.lesson(lesson.id, now=_NOW + _HOUR) == lesson


def test_edu_9_what_is_asked_for_again_can_be_taken_back_but_not_cancelled(school: Marketplace) -> None:
    """While it waits there is no session to cancel; taking it back ends it."""
    lesson = _moved(school, _agreed(school))

    offered = [option.verb for option in school.allowed(lesson.id, by="pat", now=_NOW)]
    cancelled = school.cancel(lesson.id, by="pat", reason="a trip", key="off", now=_NOW)

    assert offered == ["withdraw"]
    assert cancelled.refusal is not None
    assert cancelled.refusal.code == "not_open"


def test_edu_9_somebody_else_who_took_the_old_time_keeps_it(school: Marketplace) -> None:
    """The parent who is declined cannot have it back."""
    lesson = _moved(school, _agreed(school))
    taken = _ask(school, _MONDAY, _NOW).or_raise().lesson
    assert taken is not None

    school.accept(taken.id, by="tara", proposal=1, key="leo on Monday", now=_NOW + _HOUR).or_raise()
    school.decline(lesson.id, by="tara", reason="full", key="kim not on Tuesday", now=_NOW + _HOUR).or_raise()
    back = _ask(school, _MONDAY, _NOW + _HOUR, by="pat", student="kim")

    assert [each.id for each in school.upcoming("tara", now=_NOW + _HOUR)] == [taken.id]
    assert back.refusal is not None
    assert back.refusal.code == "not_bookable"


def test_edu_9_a_session_can_be_moved_again(school: Marketplace) -> None:
    """Each time it is the next occurrence, under a clock that starts anew."""
    lesson = _moved(school, _agreed(school))
    school.accept(lesson.id, by="tara", proposal=2, key="yes to Tuesday", now=_NOW + _HOUR).or_raise()

    again = _moved(school, lesson, _THURSDAY, _NOW + 2 * _HOUR)
    accepted = school.accept(lesson.id, by="tara", proposal=3, key="yes to Thursday", now=_NOW + 3 * _HOUR).lesson

    assert accepted is not None
    assert (again.terms.occurrence, again.due) == (3, _NOW + 2 * _HOUR + _NOTICE)
    assert (accepted.state, accepted.terms.start, accepted.terms.occurrence) == ("agreed", _THURSDAY, 3)


# Elsewhere the original stands: three lines of policy.


@pytest.mark.parametrize(
    ("verb", "by"),
    [
        pytest.param("decline", "tara", id="the tutor declines"),
        pytest.param("decline", "ada", id="an admin declines"),
        pytest.param("withdraw", "pat", id="the parent takes it back"),
        pytest.param("", "", id="nobody answers"),
    ],
)
def test_edu_9_under_a_policy_that_keeps_the_original_it_takes_place(
    school_with: Callable[[Process], Marketplace], books: Books, verb: str, by: str
) -> None:
    """The wish lies beside the session, which is still agreed while it waits and afterwards."""
    school = school_with(load_policy(_KEEPS_THE_ORIGINAL))
    lesson = _agreed(school)
    wished = _moved(school, lesson)
    if verb:
        school.act(verb, lesson.id, by=by, reason="full", key="the end", now=_NOW + _HOUR).or_raise()

    standing = school.lesson(lesson.id, now=_NOW + _NOTICE)
    school.sweep(now=_MONDAY + _HOUR)

    assert (wished.state, wished.terms, wished.waits_for) == ("agreed", lesson.terms, "tutor")
    assert (standing.state, standing.terms, standing.change) == ("agreed", lesson.terms, None)
    assert school.history(lesson.id)[-1].version.state == "completed"
    assert books(school, "EUR") == {
        "Assets:Receivable:Payers:Pat": "30.00",
        "Liabilities:Tutors:Tara:Due": "30.00",
    }


def test_edu_9_under_a_policy_that_keeps_the_original_both_times_are_taken_meanwhile(
    school_with: Callable[[Process], Marketplace],
) -> None:
    """Accepted, the session moves as the occurrence that it is, and the old time becomes free only then."""
    school = school_with(load_policy(_KEEPS_THE_ORIGINAL))
    lesson = _moved(school, _agreed(school))

    waiting = (_is_offered(school, _MONDAY, _NOW), _is_offered(school, _TUESDAY, _NOW))
    accepted = school.accept(lesson.id, by="ada", proposal=2, key="yes again", now=_NOW).or_raise().lesson
    moved = (_is_offered(school, _MONDAY, _NOW), _is_offered(school, _TUESDAY, _NOW))

    assert accepted is not None
    assert (waiting, moved) == ((False, False), (True, False))
    assert (accepted.state, accepted.terms.start, accepted.terms.occurrence) == ("agreed", _TUESDAY, 1)


@pytest.mark.parametrize(
    ("start", "due", "reason"),
    [
        pytest.param(_THURSDAY, "2026-06-13T08:00:00Z", "asked + 72h", id="72 hours"),
        pytest.param(
            instant("2026-06-13T09:00:00Z"),
            "2026-06-12T23:00:00Z",
            "start_of_day(proposed.start)",
            id="before the new day, which is the nearer one",
        ),
    ],
)
def test_edu_9_under_a_policy_that_keeps_the_original_the_wish_has_a_clock_of_its_own(
    school_with: Callable[[Process], Marketplace], edge: Edge, start: Instant, due: str, reason: str
) -> None:
    """The earliest of 72 hours and the beginning of either day; at it, the wish is gone and the session stands."""
    after, in_time = edge
    school = school_with(load_policy(_KEEPS_THE_ORIGINAL))
    school.set_schedule("tara", None)
    lesson = _moved(school, _agreed(school), start)

    deadline = school.deadline(lesson.id, now=_NOW)
    outcome = school.accept(lesson.id, by="tara", proposal=2, key="yes again", now=instant(due) + after)

    assert deadline is not None
    assert (deadline.at, deadline.why.text) == (instant(due), reason)
    assert outcome.ok is in_time
    assert outcome.lesson is not None
    assert (outcome.lesson.state, outcome.lesson.terms.start) == ("agreed", start if in_time else _MONDAY)
