"""Sessions that were agreed: cancelling them, how they end, what is due then, and who sees what: EDU-8 and EDU-10.

    pat, quinn   parents: pat of kim, quinn of leo
    tara, theo   tutors
    ada          an admin

The session is kim's with tara, on Monday 15 June 2026 from 9 to 10 in London, which is 08:00Z to 09:00Z, at 30 euros.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import Instant, Lesson, Marketplace, instant, load_preset
from tutorcore.ports.storage import Storage

Edge = tuple[timedelta, bool]
Books = Callable[..., dict[str, str]]
Told = Callable[[Marketplace, str], list[tuple[str, set[str]]]]
Blamed = Callable[[Marketplace, str], list[tuple[str | None, str | None]]]

_HOUR = timedelta(hours=1)
_MICROSECOND = timedelta(microseconds=1)
_ASKED = instant("2026-06-08T08:00:00Z")
_START = instant("2026-06-15T08:00:00Z")
_END = _START + _HOUR
_DUE = {"Assets:Receivable:Payers:Pat": "30.00", "Liabilities:Tutors:Tara:Due": "30.00"}


@pytest.fixture
def school(storage: Storage, open_market: Callable[..., Marketplace]) -> Marketplace:
    """The school with its people; what is true at the end of every story is true of its books too."""
    open_market(load_preset("educai"))
    market = Marketplace(storage, [load_preset("educai")], zone="Europe/London")
    for id in ("kim", "leo", "tara", "theo"):
        market.add_party(id, zone="Europe/London")
    for id in ("pat", "quinn"):
        market.add_party(id, zone="Europe/London", permissions=["can_request_sessions"])
    market.add_party("ada", zone="Asia/Tokyo", grants=["admin"])
    return market


def _asked(
    market: Marketplace, start: Instant = _START, *, by: str = "pat", student: str = "kim", tutor: str = "tara"
) -> Lesson:
    lesson = (
        market.request(
            student=student,
            tutor=tutor,
            by=by,
            start=start,
            duration=_HOUR,
            price="30.00",
            details={"subject": "mathematics"},
            key=f"{by} asks {tutor} for {start}",
            now=_ASKED,
        )
        .or_raise()
        .lesson
    )
    assert lesson is not None
    return lesson


def _agreed(market: Marketplace, start: Instant = _START, **people: str) -> Lesson:
    asked = _asked(market, start, **people)
    lesson = market.accept(
        asked.id, by=asked.brief.tutor, proposal=1, key=f"{asked.id} accepted", now=_ASKED + _HOUR
    ).lesson
    assert lesson is not None
    assert lesson.state == "agreed"
    return lesson


# EDU-8: parents cancel 72 hours ahead, with a reason.


@pytest.mark.parametrize(
    ("start", "latest"),
    [
        pytest.param("2026-06-15T08:00:00Z", "2026-06-12T08:00:00Z", id="in June"),
        # Monday 9:00 by the wall is 72 hours after Friday 8:00 in spring, and after Friday 10:00 in autumn.
        pytest.param("2027-03-29T08:00:00Z", "2027-03-26T08:00:00Z", id="spring in London"),
        pytest.param("2026-10-26T09:00:00Z", "2026-10-23T09:00:00Z", id="autumn in London"),
    ],
)
@pytest.mark.parametrize(("later", "in_time"), [(-_MICROSECOND, True), (timedelta(0), True), (_MICROSECOND, False)])
def test_edu_8_a_parent_cancels_at_least_72_hours_ahead(
    school: Marketplace, books: Books, told: Told, start: str, latest: str, later: timedelta, in_time: bool
) -> None:
    """Exactly 72 elapsed hours are enough; later the session stays as it is, and will be due."""
    lesson = _agreed(school, instant(start))
    now = instant(latest) + later

    offered = [option.verb for option in school.allowed(lesson.id, by="pat", now=now)]
    outcome = school.cancel(lesson.id, by="pat", reason="a trip", key="off", now=now)

    assert ("cancel" in offered, outcome.ok) == (in_time, in_time)
    assert outcome.lesson is not None
    if in_time:
        assert (outcome.lesson.state, outcome.lesson.over) == ("cancelled", True)
        assert told(school, lesson.id)[-1] == ("cancel", {"kim", "tara"})
    else:
        assert outcome.refusal is not None
        assert (outcome.refusal.code, outcome.refusal.facts["condition"]) == ("guard", "notice >= 72h")
        assert outcome.lesson.state == "agreed"
    school.sweep(now=instant(start) + _HOUR)
    assert books(school, "EUR") == ({} if in_time else _DUE)


def test_edu_8_a_parent_who_cancels_gives_a_reason(school: Marketplace, blamed: Blamed) -> None:
    """Without one nothing happens; with one it stays with the session, and nobody is to blame."""
    lesson = _agreed(school)

    without = school.cancel(lesson.id, by="pat", key="off", now=_ASKED + 2 * _HOUR)
    school.cancel(lesson.id, by="pat", reason="a trip", key="off, because", now=_ASKED + 2 * _HOUR).or_raise()

    version = school.history(lesson.id)[-1].version
    assert without.refusal is not None
    assert (without.refusal.code, without.refusal.facts["needs"]) == ("missing", "a reason")
    assert version.command is not None
    assert (version.command.actor, version.command.reason) == ("pat", "a trip")
    assert blamed(school, lesson.id) == []


def test_edu_8_the_menu_says_until_when_a_parent_may_cancel(school: Marketplace) -> None:
    """Up to and including 72 hours before the start, which makes the end of the window a microsecond later."""
    lesson = _agreed(school)

    [option] = [each for each in school.allowed(lesson.id, by="pat", now=_ASKED + _HOUR) if each.verb == "cancel"]

    assert (option.role, option.needs) == ("requester", ("reason",))
    assert option.until == _START - timedelta(hours=72) + _MICROSECOND


def test_edu_8_the_time_of_a_cancelled_session_is_free_at_once(school: Marketplace) -> None:
    """For the tutor's and for the student's other sessions."""
    lesson = _agreed(school)

    school.cancel(lesson.id, by="pat", reason="a trip", key="off", now=_ASKED + _HOUR).or_raise()

    assert _agreed(school, by="quinn", student="leo").state == "agreed"
    assert _agreed(school, tutor="theo").state == "agreed"


@pytest.mark.parametrize("by", ["kim", "quinn", "leo", "theo", "ann", "olga"])
def test_edu_8_nobody_else_cancels(school: Marketplace, by: str) -> None:
    """Not the child, no other parent, no other tutor, no stranger, and no operator, who is not an admin."""
    lesson = _agreed(school)

    outcome = school.cancel(lesson.id, by=by, reason="me", key="off", now=_ASKED + 2 * _HOUR)

    assert outcome.refusal is not None
    assert (outcome.refusal.code, outcome.refusal.facts["by"]) == ("not_yours", "requester, tutor, admin")
    assert school.lesson(lesson.id, now=_ASKED + 2 * _HOUR) == lesson


# EDU-10: nothing is held, and what was taught is due.


def test_edu_10_nothing_is_held_at_any_time(school: Marketplace) -> None:
    """A parent needs no money here: no wallet, no escrow, from the request to the end."""
    lesson = _agreed(school)

    school.sweep(now=_END)

    versions = [each.version for each in school.history(lesson.id)]
    assert [version.state for version in versions] == ["requested", "agreed", "in_progress", "completed"]
    assert [version.held for version in versions] == [0, 0, 0, 0]
    assert school.wallet("pat", "EUR", now=_END).text == "0.00"
    assert {account.kind for account, _, _ in school.balances()} == {"owed", "due"}


def test_edu_10_what_was_taught_is_due_from_the_payer_to_the_tutor(school: Marketplace, books: Books) -> None:
    """The entry is made at the session's end, its two sides are equal, and nothing is paid out by it."""
    lesson = _agreed(school)

    before = books(school, "EUR")
    school.sweep(now=_END + timedelta(days=3))

    completed = school.history(lesson.id)[-1].version
    assert before == {}
    assert books(school, "EUR") == _DUE
    assert (completed.legs, completed.at) == ((("owed", -3000), ("due", 3000)), _END)
    assert [(total.debit, total.credit) for total in school.trial_balance().totals] == [(3000, 3000)]
    assert school.earnings("tara", "EUR", now=_END).available.text == "0.00"


def test_edu_10_sessions_add_up_by_payer_and_by_tutor(school: Marketplace, books: Books) -> None:
    """Each parent owes for their own, to each tutor is due what they taught."""
    _agreed(school)
    _agreed(school, _START + _HOUR)
    _agreed(school, _START + 2 * _HOUR, by="quinn", student="leo")
    _agreed(school, _START + 3 * _HOUR, by="quinn", student="leo", tutor="theo")

    school.sweep(now=_START + 4 * _HOUR)

    assert books(school, "EUR") == {
        "Assets:Receivable:Payers:Pat": "60.00",
        "Assets:Receivable:Payers:Quinn": "60.00",
        "Liabilities:Tutors:Tara:Due": "90.00",
        "Liabilities:Tutors:Theo:Due": "30.00",
    }


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (_START - _MICROSECOND, "agreed"),
        (_START, "in_progress"),
        (_END - _MICROSECOND, "in_progress"),
        (_END, "completed"),
        (_END + _MICROSECOND, "completed"),
    ],
)
def test_edu_10_a_session_is_complete_at_its_end(school: Marketplace, now: Instant, state: str) -> None:
    """By itself, and exactly then: nobody has to confirm it."""
    lesson = _agreed(school)

    seen = school.lesson(lesson.id, now=now)

    assert (seen.state, seen.over) == (state, state == "completed")


# A tutor or an admin cancels at any time, also while the session is going on.


@pytest.mark.parametrize("by", ["tara", "ada"])
@pytest.mark.parametrize(
    "now",
    [
        pytest.param(_ASKED + 2 * _HOUR, id="a week ahead"),
        pytest.param(_START - timedelta(hours=72) + _MICROSECOND, id="too late for a parent"),
        pytest.param(_START - _MICROSECOND, id="just before the start"),
        pytest.param(_START, id="at the start"),
        pytest.param(_END - _MICROSECOND, id="just before the end"),
    ],
)
def test_edu_10_a_tutor_or_an_admin_cancels_at_any_time_with_a_reason(
    school: Marketplace, books: Books, told: Told, by: str, now: Instant
) -> None:
    """Until the session's end; nothing is due for it, and the parent reads why."""
    lesson = _agreed(school)

    without = school.cancel(lesson.id, by=by, key="off", now=now)
    outcome = school.cancel(lesson.id, by=by, reason="a burst pipe", key="off, because", now=now)
    school.sweep(now=_END)

    version = school.history(lesson.id)[-1].version
    assert without.refusal is not None
    assert (without.refusal.code, without.refusal.facts["needs"]) == ("missing", "a reason")
    assert outcome.ok
    assert version.command is not None
    assert (version.state, version.at, version.command.actor) == ("cancelled", now, by)
    assert version.command.reason == "a burst pipe"
    assert told(school, lesson.id)[-1] == ("cancel", {"kim", "tara", "pat"} - {by})
    assert books(school, "EUR") == {}


@pytest.mark.parametrize("by", ["tara", "ada"])
def test_edu_10_a_session_that_is_over_is_not_cancelled(school: Marketplace, books: Books, by: str) -> None:
    """At its end it is complete, and stays due."""
    lesson = _agreed(school)

    outcome = school.cancel(lesson.id, by=by, reason="a burst pipe", key="off", now=_END)

    assert outcome.refusal is not None
    assert outcome.refusal.code == "not_open"
    assert books(school, "EUR") == _DUE


def test_edu_10_a_parent_does_not_cancel_while_the_session_is_going_on(school: Marketplace) -> None:
    """What is open then is to report that the tutor is not there."""
    lesson = _agreed(school)

    offered = [option.verb for option in school.allowed(lesson.id, by="pat", now=_START)]
    outcome = school.cancel(lesson.id, by="pat", reason="a trip", key="off", now=_START)

    assert offered == ["claim_no_show"]
    assert outcome.refusal is not None
    assert outcome.refusal.code == "not_yours"


# Complete, unless a no-show was recorded.


@pytest.mark.parametrize(
    ("by", "state", "due"),
    [
        pytest.param("tara", "student_no_show", True, id="the student is not there"),
        pytest.param("pat", "tutor_no_show", False, id="the tutor is not there"),
    ],
)
@pytest.mark.parametrize(
    ("now", "open"),
    [
        (_START - _MICROSECOND, False),
        (_START, True),
        (_END - _MICROSECOND, True),
        (_END, False),
    ],
)
def test_edu_10_a_no_show_is_recorded_while_the_session_lasts(
    school: Marketplace, books: Books, by: str, state: str, due: bool, now: Instant, open: bool
) -> None:
    """An absent student is paid for, an absent tutor is not; at the end the session is complete."""
    lesson = _agreed(school)

    outcome = school.claim_no_show(lesson.id, by=by, key="nobody here", now=now)
    school.sweep(now=_END)

    assert outcome.ok is open
    assert school.lesson(lesson.id, now=_END).state == (state if open else "completed")
    assert books(school, "EUR") == (_DUE if due or not open else {})


def test_edu_10_of_two_reports_of_an_absence_the_first_one_stands(school: Marketplace) -> None:
    """It ends the session; an admin who sees it otherwise settles that elsewhere, as the money is."""
    lesson = _agreed(school)

    first = school.claim_no_show(lesson.id, by="tara", key="kim is not here", now=_START + timedelta(minutes=20))
    second = school.claim_no_show(lesson.id, by="pat", key="tara is not here", now=_START + timedelta(minutes=21))

    assert first.ok
    assert second.refusal is not None
    assert second.refusal.code == "not_open"


# Dashboards.


def test_edu_10_tutors_see_their_open_requests_and_admins_all_of_them(school: Marketplace) -> None:
    """Soonest first, and only what waits for an answer; nobody else has any."""
    later = _asked(school, _START + _HOUR)
    sooner = _asked(school, by="quinn", student="leo")
    elsewhere = _asked(school, by="quinn", student="leo", start=_START + 2 * _HOUR, tutor="theo")
    _agreed(school, _START + 3 * _HOUR)

    seen = {
        person: [lesson.id for lesson in school.open_requests(person, now=_ASKED + 2 * _HOUR)]
        for person in ("tara", "theo", "ada", "pat", "quinn", "kim", "leo", "ann", "olga")
    }

    assert {person: ids for person, ids in seen.items() if ids} == {
        "tara": [sooner.id, later.id],
        "theo": [elsewhere.id],
        "ada": [sooner.id, later.id, elsewhere.id],
    }


def test_edu_10_an_answered_request_is_open_no_more(school: Marketplace) -> None:
    """Whoever answered it, it leaves the tutor's dashboard and the admin's."""
    first, second = _asked(school), _asked(school, _START + _HOUR)

    school.accept(first.id, by="ada", proposal=1, key="yes", now=_ASKED + _HOUR).or_raise()
    school.decline(second.id, by="tara", reason="full", key="no", now=_ASKED + _HOUR).or_raise()

    assert school.open_requests("tara", now=_ASKED + _HOUR) == ()
    assert school.open_requests("ada", now=_ASKED + _HOUR) == ()


def test_edu_10_a_parent_sees_their_own_sessions_with_the_answers_and_of_others_nothing(school: Marketplace) -> None:
    """By start: what is asked, what is agreed, what was declined or cancelled."""
    _asked(school)
    _agreed(school, _START + _HOUR)
    declined, cancelled = _asked(school, _START + 2 * _HOUR), _agreed(school, _START + 3 * _HOUR)
    others = _agreed(school, _START + 4 * _HOUR, by="quinn", student="leo")
    school.decline(declined.id, by="tara", reason="full", key="no", now=_ASKED + _HOUR).or_raise()
    school.cancel(cancelled.id, by="ada", reason="a burst pipe", key="off", now=_ASKED + _HOUR).or_raise()

    pat = school.lessons("pat", now=_ASKED + _HOUR)
    quinn = school.lessons("quinn", now=_ASKED + _HOUR)

    assert [lesson.state for lesson in pat] == ["requested", "agreed", "declined", "cancelled"]
    assert [lesson.command.reason for lesson in pat if lesson.command] == ["", "", "full", "a burst pipe"]
    assert [lesson.state for lesson in school.upcoming("pat", now=_ASKED + _HOUR)] == ["agreed"]
    assert [lesson.id for lesson in quinn] == [others.id]


def test_edu_10_another_parent_of_the_same_child_sees_only_what_they_asked_for(school: Marketplace) -> None:
    """Sessions belong to whoever asked for them; the child has both."""
    of_pat, of_quinn = _agreed(school), _agreed(school, _START + _HOUR, by="quinn")

    seen = {
        person: [lesson.id for lesson in school.lessons(person, now=_ASKED + _HOUR)]
        for person in ("pat", "quinn", "kim")
    }

    assert seen == {"pat": [of_pat.id], "quinn": [of_quinn.id], "kim": [of_pat.id, of_quinn.id]}
