"""Parents asking for sessions, and what becomes of that: EDU-1 to EDU-4, EDU-6 and EDU-7.

    pat      a parent in London, whom the school lets request sessions for any student; kim is pat's child
    quinn    a parent in New York, whom the school lets request sessions for leo alone
    tara     teaches in London, on Mondays and Tuesdays from 9 to 12 by the clocks there
    theo     teaches in London too, and keeps the hours elsewhere
    ada      an admin in Tokyo; the school itself counts its days in London

It is June 2026: 9:00 in London is 08:00Z, and Monday is the 15th.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tutorcore import Instant, Lesson, Marketplace, Outcome, UnknownName, instant, load_preset
from tutorcore.calendar.schedules.document import load_schedule
from tutorcore.ports.storage import Storage

Told = Callable[[Marketplace, str], list[tuple[str, set[str]]]]
Blamed = Callable[[Marketplace, str], list[tuple[str | None, str | None]]]

_HOUR = timedelta(hours=1)
_MICROSECOND = timedelta(microseconds=1)
_NOTICE = timedelta(hours=72)

_MONDAY_9 = instant("2026-06-15T08:00:00Z")
_MONDAY_10 = _MONDAY_9 + _HOUR
_MONDAY_11 = _MONDAY_10 + _HOUR
_TUESDAY_9 = instant("2026-06-16T08:00:00Z")
_WEDNESDAY = instant("2026-06-10T08:00:00Z")

_MORNINGS = """
schema = 1
zone = "Europe/London"
weekly = { monday = ["09:00-12:00"], tuesday = ["09:00-12:00"] }
booking = { step = "1h" }
"""


@pytest.fixture
def school(storage: Storage, open_market: Callable[..., Marketplace]) -> Marketplace:
    """The school with its people; what is true at the end of every story is true of its books too."""
    open_market(load_preset("educai"))
    market = Marketplace(storage, [load_preset("educai")], zone="Europe/London")
    for id, zone in {"kim": "Europe/London", "theo": "Europe/London", "leo": "America/New_York"}.items():
        market.add_party(id, zone=zone)
    market.add_party("pat", zone="Europe/London", permissions=["can_request_sessions"])
    market.add_party("quinn", zone="America/New_York", permissions=["can_request_sessions:leo"])
    market.add_party("ada", zone="Asia/Tokyo", grants=["admin"])
    market.add_party("tara", zone="Europe/London")
    market.set_schedule("tara", load_schedule(_MORNINGS))
    return market


def _ask(
    market: Marketplace,
    start: Instant = _MONDAY_9,
    now: Instant = _WEDNESDAY,
    *,
    by: str = "pat",
    student: str = "kim",
    tutor: str = "tara",
    key: str = "ask",
) -> Outcome:
    """Let somebody ask for an hour of mathematics at 30 euros."""
    return market.request(
        student=student,
        tutor=tutor,
        by=by,
        start=start,
        duration=_HOUR,
        price="30.00",
        details={"subject": "mathematics"},
        key=key,
        now=now,
    )


def _asked(market: Marketplace, start: Instant = _MONDAY_9, now: Instant = _WEDNESDAY, **terms: str) -> Lesson:
    lesson = _ask(market, start, now, **terms).or_raise().lesson
    assert lesson is not None
    return lesson


def _offered(market: Marketplace, by: str = "pat", student: str = "kim", now: Instant = _WEDNESDAY) -> list[str]:
    """The starts of tara's, by the clocks of London, that somebody could ask for in the week of 15 June."""
    since = instant("2026-06-14T00:00:00Z")
    found = market.slots(
        student=student, tutor="tara", by=by, duration=_HOUR, since=since, until=since + timedelta(days=7), now=now
    )
    return [(start + _HOUR).strftime("%a %H:%M") for start in found]


# EDU-1: a parent, a student, a subject, and a permission.


@pytest.mark.parametrize(("parent", "student"), [("pat", "kim"), ("pat", "leo"), ("quinn", "leo")])
def test_edu_1_a_parent_with_the_permission_asks_for_a_session_of_a_student_in_a_subject(
    school: Marketplace, parent: str, student: str
) -> None:
    """Asking and paying is the parent's, learning the student's; a permission is for everybody or for one student."""
    lesson = _asked(school, by=parent, student=student)

    brief = lesson.brief
    assert (brief.requester, brief.payer, brief.student, brief.tutor) == (parent, parent, student, "tara")
    assert (lesson.state, lesson.waits_for, lesson.terms.start) == ("requested", "tutor", _MONDAY_9)
    assert dict(lesson.terms.details) == {"subject": "mathematics"}


@pytest.mark.parametrize(
    ("by", "student"),
    [
        pytest.param("quinn", "kim", id="a parent who may ask for another student only"),
        pytest.param("ann", "kim", id="a stranger"),
        pytest.param("kim", "kim", id="the child itself"),
        pytest.param("leo", "kim", id="another child"),
        pytest.param("theo", "kim", id="another tutor"),
        pytest.param("ada", "kim", id="an admin"),
    ],
)
def test_edu_1_whoever_lacks_the_permission_is_refused_by_its_name(school: Marketplace, by: str, student: str) -> None:
    """No session, nobody told; what was tried stays in the audit trail."""
    outcome = _ask(school, by=by, student=student)

    assert outcome.refusal is not None
    assert outcome.refusal.code == "guard"
    assert "has(requester, can_request_sessions)" in outcome.refusal.facts["condition"]
    assert (outcome.lesson, school.outbox(), school.lessons(now=_WEDNESDAY)) == (None, (), ())
    assert [(line.verb, line.actor, line.refusal) for line in school.audit()] == [("request", by, outcome.refusal)]


def test_edu_1_a_tutor_cannot_ask_for_a_session_with_themselves(school: Marketplace) -> None:
    """Not even a tutor who is a parent and may request sessions: the two sides of a session are two people."""
    school.add_party("tara", zone="Europe/London", permissions=["can_request_sessions"])

    outcome = _ask(school, by="tara")
    with_another = _ask(school, by="tara", tutor="theo", key="with another tutor")

    assert outcome.refusal is not None
    assert (outcome.refusal.code, outcome.refusal.facts["by"]) == ("not_yours", "requester")
    assert with_another.ok


def test_edu_1_a_permission_that_is_withdrawn_ends_asking_and_nothing_else(school: Marketplace) -> None:
    """What was asked for before goes on and can still be taken back."""
    asked = _asked(school)

    school.add_party("pat", zone="Europe/London", permissions=[])
    again = _ask(school, _MONDAY_10, key="again")
    withdrawn = school.withdraw(asked.id, by="pat", key="back", now=_WEDNESDAY + _HOUR)

    assert again.refusal is not None
    assert again.refusal.code == "guard"
    assert withdrawn.ok


def test_edu_1_whoever_does_not_exist_cannot_be_asked_for(school: Marketplace) -> None:
    """The tutor is an existing one, and so is the student."""
    with pytest.raises(UnknownName):
        _ask(school, tutor="nobody")
    with pytest.raises(UnknownName):
        _ask(school, student="nobody")


# EDU-2: 72 hours ahead.


@pytest.mark.parametrize(
    ("start", "latest"),
    [
        # Thursday to Monday: no clocks change, the wall shows the same time.
        pytest.param("2026-06-15T08:00:00Z", "2026-06-12T08:00:00Z", id="in June"),
        # London springs forward on 29 March: Monday 9:00 +01:00 is 72 hours after Friday 8:00 +00:00.
        pytest.param("2026-03-30T08:00:00Z", "2026-03-27T08:00:00Z", id="spring in London"),
        # London falls back on 25 October: Monday 9:00 +00:00 is 72 hours after Friday 10:00 +01:00.
        pytest.param("2026-10-26T09:00:00Z", "2026-10-23T09:00:00Z", id="autumn in London"),
    ],
)
@pytest.mark.parametrize(("later", "in_time"), [(-_MICROSECOND, True), (timedelta(0), True), (_MICROSECOND, False)])
def test_edu_2_a_session_is_asked_for_at_least_72_hours_ahead(
    school: Marketplace, start: str, latest: str, later: timedelta, in_time: bool
) -> None:
    """Exactly 72 elapsed hours are enough, a microsecond less is not; what is listed is what can be asked for."""
    begins, now = instant(start), instant(latest) + later

    listed = school.slots(
        student="kim", tutor="tara", by="pat", duration=_HOUR, since=begins, until=begins + _HOUR, now=now
    )
    outcome = _ask(school, begins, now)

    assert (outcome.ok, begins in listed) == (in_time, in_time)
    if outcome.refusal is not None:
        assert outcome.refusal.code == "guard"
        assert "notice >= 72h" in outcome.refusal.facts["condition"]


# EDU-3: availability less sessions.


def test_edu_3_what_can_be_asked_for_is_the_tutor_s_availability(school: Marketplace) -> None:
    """Full hours in the mornings of Monday and Tuesday; from Friday morning on 72 hours ahead begin later."""
    friday = _MONDAY_9 - _NOTICE

    assert _offered(school) == ["Mon 09:00", "Mon 10:00", "Mon 11:00", "Tue 09:00", "Tue 10:00", "Tue 11:00"]
    assert _offered(school, now=friday) == _offered(school)
    assert _offered(school, now=friday + _MICROSECOND) == _offered(school)[1:]


@pytest.mark.parametrize(
    ("start", "code"),
    [
        pytest.param(_MONDAY_9 - _HOUR, "outside_hours", id="before the hours"),
        pytest.param(_MONDAY_11 + timedelta(minutes=30), "outside_hours", id="beyond their end"),
        pytest.param(_MONDAY_9 + timedelta(minutes=30), "off_grid", id="at half past"),
        pytest.param(_MONDAY_9 + timedelta(days=2), "outside_hours", id="on Wednesday"),
    ],
)
def test_edu_3_other_times_are_refused_for_the_reasons_that_explain_gives(
    school: Marketplace, start: Instant, code: str
) -> None:
    """One question is asked by whoever lists, books or explains."""
    explained = school.explain(student="kim", tutor="tara", by="pat", start=start, duration=_HOUR, now=_WEDNESDAY)
    outcome = _ask(school, start)

    assert outcome.refusal is not None
    assert outcome.refusal.code == "not_bookable"
    assert code in outcome.refusal.facts["codes"].split(", ")
    assert explained.refusal == outcome.refusal


def test_edu_3_a_slot_that_was_asked_for_is_offered_to_nobody_else(school: Marketplace) -> None:
    """From the request on, and when it has become a session; the hours beside it stay."""
    lesson = _asked(school)

    while_asked = _offered(school, by="quinn", student="leo")
    school.accept(lesson.id, by="tara", proposal=1, key="yes", now=_WEDNESDAY + _HOUR).or_raise()
    explained = school.explain(
        student="leo", tutor="tara", by="quinn", start=_MONDAY_9, duration=_HOUR, now=_WEDNESDAY + _HOUR
    )
    taken = _ask(school, now=_WEDNESDAY + _HOUR, by="quinn", student="leo", key="the same hour")
    beside = _ask(school, _MONDAY_10, _WEDNESDAY + _HOUR, by="quinn", student="leo", key="the next hour")

    assert while_asked == ["Mon 10:00", "Mon 11:00", "Tue 09:00", "Tue 10:00", "Tue 11:00"]
    assert taken.refusal is not None
    assert (taken.refusal.code, taken.refusal.facts["codes"]) == ("not_bookable", "busy")
    assert explained.refusal == taken.refusal
    assert beside.ok


def test_edu_3_a_student_is_not_offered_a_time_at_which_another_tutor_has_them(school: Marketplace) -> None:
    """Sessions of the student count as those of the tutor do; another student is offered that time."""
    _asked(school, tutor="theo", key="with theo")

    assert "Mon 09:00" not in _offered(school)
    assert "Mon 09:00" in _offered(school, by="quinn", student="leo")


@pytest.mark.parametrize("ending", ["decline", "withdraw", "cancel", "silence"])
def test_edu_3_a_slot_that_is_given_back_is_offered_again_at_once(school: Marketplace, ending: str) -> None:
    """Declined, taken back, cancelled or left unanswered: at that very instant somebody else can ask for it."""
    lesson = _asked(school, now=_WEDNESDAY - timedelta(days=3))
    now = _WEDNESDAY
    if ending == "decline":
        school.decline(lesson.id, by="tara", reason="ill", key="no", now=now - _HOUR).or_raise()
        now -= _HOUR
    elif ending == "withdraw":
        school.withdraw(lesson.id, by="pat", key="back", now=now - _HOUR).or_raise()
        now -= _HOUR
    elif ending == "cancel":
        school.accept(lesson.id, by="tara", proposal=1, key="yes", now=now - _HOUR).or_raise()
        school.cancel(lesson.id, by="pat", reason="a trip", key="off", now=now).or_raise()

    offered = _offered(school, by="quinn", student="leo", now=now)

    assert "Mon 09:00" in offered
    assert _ask(school, now=now, by="quinn", student="leo", key="leo instead").ok


def test_edu_3_nothing_is_offered_to_those_who_may_not_ask(school: Marketplace) -> None:
    """What is offered can be asked for, and explaining says what is missing."""
    explained = school.explain(student="kim", tutor="tara", by="quinn", start=_MONDAY_9, duration=_HOUR, now=_WEDNESDAY)

    assert (_offered(school, by="quinn"), _offered(school, by="kim")) == ([], [])
    assert explained.verdict.ok
    assert explained.refusal is not None
    assert "can_request_sessions" in explained.refusal.sentence


@pytest.mark.parametrize(("tutor", "code"), [("tara", "not_bookable"), ("theo", "slot_taken")])
def test_edu_3_of_parents_who_ask_for_one_slot_at_once_one_gets_it(school: Marketplace, tutor: str, code: str) -> None:
    """Whoever comes first; the others are told that it is gone, whether or not the tutor's hours are kept here."""
    students = [f"student-{number}" for number in range(6)]
    for student in students:
        school.add_party(student, zone="Europe/London")
        school.add_party(f"parent-of-{student}", zone="Europe/London", permissions=[f"can_request_sessions:{student}"])

    with ThreadPoolExecutor(len(students)) as parents:
        outcomes = list(
            parents.map(
                lambda student: _ask(school, by=f"parent-of-{student}", student=student, tutor=tutor, key=student),
                students,
            )
        )

    won = [outcome.lesson for outcome in outcomes if outcome.lesson is not None]
    assert [outcome.refusal.code for outcome in outcomes if outcome.refusal is not None] == [code] * 5
    assert list(school.lessons(tutor, now=_WEDNESDAY)) == won


# EDU-4: tutor and parent are told, and the tutor or an admin answers.


def test_edu_4_tutor_and_parent_are_told_of_a_request(school: Marketplace, told: Told) -> None:
    """The parent gets a mail about their own request too."""
    lesson = _asked(school)

    [(verb, audience)] = told(school, lesson.id)
    assert verb == "request"
    assert audience >= {"tara", "pat"}
    assert audience <= {"tara", "pat", "kim"}


@pytest.mark.parametrize("by", ["tara", "ada"])
@pytest.mark.parametrize(("verb", "state"), [("accept", "agreed"), ("decline", "declined")])
def test_edu_4_the_tutor_or_an_admin_answers_and_who_did_stays_visible(
    school: Marketplace, told: Told, blamed: Blamed, by: str, verb: str, state: str
) -> None:
    """Either of them is enough; everybody else is told, and the answer keeps the name of whoever gave it."""
    lesson = _asked(school)
    offered = [option.verb for option in school.allowed(lesson.id, by=by, now=_WEDNESDAY)]

    outcome = school.act(verb, lesson.id, by=by, proposal=1, reason="as asked", key="answer", now=_WEDNESDAY + _HOUR)

    version = school.history(lesson.id)[-1].version
    assert offered == ["accept", "decline"]
    assert outcome.ok
    assert version.command is not None
    assert (version.state, version.command.actor) == (state, by)
    assert [line.actor for line in school.audit(lesson.id)] == ["pat", by]
    assert told(school, lesson.id)[-1] == (verb, {"kim", "tara", "pat"} - {by})
    assert blamed(school, lesson.id) == []


@pytest.mark.parametrize("by", ["pat", "kim", "theo", "quinn", "ann", "olga"])
@pytest.mark.parametrize("verb", ["accept", "decline"])
def test_edu_4_nobody_else_answers(school: Marketplace, by: str, verb: str) -> None:
    """Not the parent, not the child, no other tutor, no other parent, and no operator, who is not an admin."""
    lesson = _asked(school)

    outcome = school.act(verb, lesson.id, by=by, proposal=1, reason="me", key="answer", now=_WEDNESDAY + _HOUR)

    assert outcome.refusal is not None
    assert (outcome.refusal.code, outcome.refusal.facts["by"]) == ("not_yours", "tutor, admin")
    assert "accept" not in [option.verb for option in school.allowed(lesson.id, by=by, now=_WEDNESDAY)]
    assert school.lesson(lesson.id, now=_WEDNESDAY + _HOUR) == lesson


def test_edu_4_of_tutor_and_admin_who_answer_differently_at_once_one_is_heard(school: Marketplace) -> None:
    """The first answer counts, and the other one is told that there is nothing left to answer."""
    lesson = _asked(school)
    now = _WEDNESDAY + _HOUR

    with ThreadPoolExecutor(2) as pool:
        accepting = pool.submit(school.accept, lesson.id, by="tara", proposal=1, key="yes", now=now)
        declining = pool.submit(school.decline, lesson.id, by="ada", reason="no room", key="no", now=now)
        accepted, declined = accepting.result(60), declining.result(60)

    heard, unheard = (accepted, declined) if accepted.ok else (declined, accepted)
    assert heard.ok
    assert unheard.refusal is not None
    assert unheard.refusal.code == "not_open"
    assert school.lesson(lesson.id, now=now) == heard.lesson


# EDU-6: a session comes of accepting, a reason of declining.


@pytest.mark.parametrize("by", ["tara", "ada"])
def test_edu_6_accepting_makes_the_session_with_its_student_and_subject(school: Marketplace, by: str) -> None:
    """At the time that was asked for, among what is coming for parent, student and tutor."""
    lesson = _asked(school)

    school.accept(lesson.id, by=by, proposal=1, key="yes", now=_WEDNESDAY + _HOUR).or_raise()

    coming = [school.upcoming(person, now=_WEDNESDAY + _HOUR) for person in ("pat", "kim", "tara")]
    assert [[session.id for session in each] for each in coming] == [[lesson.id]] * 3
    session = coming[0][0]
    assert (session.state, session.brief.student, dict(session.terms.details)) == (
        "agreed",
        "kim",
        {"subject": "mathematics"},
    )
    assert (session.terms.start, session.terms.end) == (_MONDAY_9, _MONDAY_10)


def test_edu_6_accepting_names_what_is_accepted(school: Marketplace) -> None:
    """An answer without the number of the request, or with another one, is none."""
    lesson = _asked(school)

    unnamed = school.act("accept", lesson.id, by="ada", key="yes", now=_WEDNESDAY + _HOUR)
    stale = school.accept(lesson.id, by="ada", proposal=2, key="yes, two", now=_WEDNESDAY + _HOUR)

    assert unnamed.refusal is not None
    assert unnamed.refusal.code == "missing"
    assert stale.refusal is not None
    assert stale.refusal.code == "stale_offer"


@pytest.mark.parametrize("by", ["tara", "ada"])
def test_edu_6_declining_needs_a_reason_which_goes_to_the_parent(school: Marketplace, by: str) -> None:
    """Without one nothing happens; with one it stands in the version that the parent's message is about."""
    lesson = _asked(school)

    without = school.decline(lesson.id, by=by, key="no", now=_WEDNESDAY + _HOUR)
    still = school.lesson(lesson.id, now=_WEDNESDAY + _HOUR)
    school.decline(lesson.id, by=by, reason="exams that week", key="no, because", now=_WEDNESDAY + _HOUR).or_raise()

    message = school.outbox()[-1].message
    version = school.history(message.lesson)[message.number - 1].version
    assert without.refusal is not None
    assert (without.refusal.code, without.refusal.facts["needs"]) == ("missing", "a reason")
    assert still.state == "requested"
    assert "pat" in message.audience
    assert version.command is not None
    assert (version.state, version.command.reason, version.command.actor) == ("declined", "exams that week", by)
    assert [each.version for each in school.caused_by("no, because")] == [version]


# EDU-7: mail and portal.


@pytest.mark.parametrize(
    ("verb", "by", "state"),
    [
        pytest.param("accept", "tara", "agreed", id="accepted by the tutor"),
        pytest.param("accept", "ada", "agreed", id="accepted by an admin"),
        pytest.param("decline", "tara", "declined", id="declined by the tutor"),
        pytest.param("decline", "ada", "declined", id="declined by an admin"),
        pytest.param("", "", "declined", id="declined by silence"),
    ],
)
def test_edu_7_the_parent_sees_the_answer_in_a_mail_and_among_their_sessions(
    school: Marketplace, verb: str, by: str, state: str
) -> None:
    """Whoever gave it, and where nobody did: the mail names the version that says who, when and why."""
    lesson = _asked(school)
    now = _WEDNESDAY + _NOTICE
    if verb:
        now = _WEDNESDAY + _HOUR
        school.act(verb, lesson.id, by=by, proposal=1, reason="so", key="answer", now=now).or_raise()

    portal = school.lessons("pat", now=now)
    school.sweep(now=now)

    [mail] = [row.message for row in school.outbox() if row.message.number == 2]
    version = school.history(lesson.id)[1].version
    assert [(session.id, session.state) for session in portal] == [(lesson.id, state)]
    assert (mail.kind, mail.lesson, mail.at) == ("told", lesson.id, now)
    assert "pat" in mail.audience
    assert (version.state, version.at) == (state, now)
    assert (version.command.actor if version.command else "") == by


def test_edu_7_a_parent_is_told_of_every_answer_once(school: Marketplace) -> None:
    """Sweeping again, or sending the same answer again, tells nobody a second time."""
    lesson = _asked(school)

    for _ in range(2):
        school.accept(lesson.id, by="tara", proposal=1, key="yes", now=_WEDNESDAY + _HOUR).or_raise()
        school.sweep(now=_WEDNESDAY + _HOUR)

    assert [row.message.number for row in school.outbox() if "pat" in row.message.audience] == [1, 2]


def test_edu_7_of_the_sessions_of_other_parents_nothing_is_seen(school: Marketplace) -> None:
    """Neither among one's sessions, nor in a mail, nor by asking for the time that they take."""
    lesson = _asked(school)

    refused = _ask(school, by="quinn", student="leo", key="the same hour")
    explained = school.explain(student="leo", tutor="tara", by="quinn", start=_MONDAY_9, duration=_HOUR, now=_WEDNESDAY)

    assert (school.lessons("quinn", now=_WEDNESDAY), school.upcoming("quinn", now=_WEDNESDAY)) == ((), ())
    assert all("quinn" not in row.message.audience for row in school.outbox())
    for said in (str(refused.refusal), str(explained)):
        assert lesson.id not in said
        assert "kim" not in said
        assert "pat" not in said
