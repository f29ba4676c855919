"""Asides that record a fact: who came and went, what was said afterwards, where the lesson takes place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import pytest

from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant, instant, to_text
from tutorcore.lessons.decision import advance, decide
from tutorcore.lessons.lesson import NO_FACTS, Brief, Command, Facts, Lesson, Meeting, Offer, Particulars
from tutorcore.lessons.options import allowed
from tutorcore.lessons.refusals import Refusal
from tutorcore.policy.codec import load_policy, machine_of
from tutorcore.policy.machine import Machine
from tutorcore.policy.settlement import Settlement

NOW = instant("2026-03-02T10:00:00Z")
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)
START = NOW + 100 * HOUR
ROBOT = Facts(frozenset({"system"}))
LINKS = (("student", "https://meet.example/s"), ("tutor", "https://meet.example/t"))

# Joins are read by a guard and by a clock, those of the payer and of the requester by nothing; so are leaves.
TABLE = """
id = "own"
extends = "process/1"
currency = "EUR"
[opening]
verb = "request"
by = ["requester"]
to = "agreed"
terms = "propose"
hold = "cover"
[state.agreed]
agreed = true
meeting = true
[state.agreed.on.join]
by = ["student", "tutor", "payer", "system"]
to = "stay"
when = "now >= lesson.start - 10m"
records = "joined"
[state.agreed.on.leave]
by = ["student", "tutor", "system"]
to = "stay"
records = "left"
[state.agreed.on.meeting_ready]
by = ["system"]
to = "stay"
needs = ["details"]
records = "meeting"
[state.agreed.on.move]
by = ["operator"]
to = "agreed"
terms = "propose"
hold = "exact"
[state.agreed.on.suggest]
by = ["student"]
to = "suggested"
terms = "propose"
[state.agreed.on.rest]
by = ["tutor"]
to = "resting"
[state.agreed.on.drop]
by = ["student"]
to = "gone"
when = "not (joined(tutor) <= lesson.start + 5m)"
settle = { student = "rest" }
[state.agreed.on.decide]
by = ["operator"]
to = "gone"
needs = ["reason"]
cases = [
  { when = 'blamed == "tutor"', settle = "as_given", mark = "absent", fault = "tutor" },
  { when = 'blamed == "student"', settle = "as_given", mark = "silly", fault = "student" },
  { settle = "as_given" },
]
[state.agreed.on.charge]
by = ["tutor"]
to = "gone"
settle = { choices = ["0%", "50%", { platform = "1/3", tutor = "1/3", student = "1/3" }] }
[state.agreed.timeout]
at = "latest(lesson.end, joined(student) + 90m)"
to = "done"
settle = { tutor = "rest" }
[state.suggested]
beside = true
waits_for = "tutor"
[state.suggested.on.accept]
by = ["tutor"]
to = "back"
terms = "accept"
hold = "exact"
[state.suggested.on.decline]
by = ["tutor"]
to = "back"
[state.resting]
timeout = { at = "lesson.end", to = "done", settle = { tutor = "rest" } }
[state.resting.on.resume]
by = ["tutor"]
to = "agreed"
[state.done]
over = true
[[state.done.on.review]]
by = ["student"]
to = "stay"
when = "not (reviewed(student) <= now)"
until = "lesson.end + 7d"
records = "reviewed"
[[state.done.on.review]]
by = ["tutor"]
to = "stay"
when = "not (reviewed(tutor) <= now)"
until = "lesson.end + 7d"
records = "reviewed"
[[state.done.on.review]]
by = ["system"]
to = "stay"
records = "reviewed"
[state.gone]
over = true
"""
MACHINE: Machine = machine_of(load_policy(TABLE.replace("7d", "168h")))


def act(lesson: Lesson | Brief, verb: str, by: str, at: Instant, facts: Facts = NO_FACTS, **cells: Any) -> Any:
    """Return what a command makes of the lesson: a version, or a refusal."""
    return decide(MACHINE, lesson, Command(verb, PartyId(by), Key("key"), LessonId("L1"), **cells), facts, at)


def done(answer: Any) -> Lesson:
    """Return the version that was made; fail on a refusal."""
    assert isinstance(answer, Lesson), answer
    return answer


def said(answer: Any) -> str:
    """Return code and sentence of a refusal; fail on a version."""
    assert isinstance(answer, Refusal), answer
    return f"{answer.code}: {answer.sentence}"


def agreed() -> Lesson:
    """Return sue's lesson with tom, which her mother pat asked for and pays."""
    people = (PartyId("tom"), PartyId("sue"), PartyId("pat"), PartyId("pat"))
    brief = Brief(LessonId("L1"), MACHINE.hash, "", "EUR", NOW, *people)
    return done(act(brief, "request", "pat", NOW, offer=Offer(START, HOUR, 3000)))


def joined(lesson: Lesson, by: str, at: Instant) -> Lesson:
    """Return the lesson after somebody joined."""
    return done(act(lesson, "join", by, at))


def reported(lesson: Lesson, at: Instant, seen: Instant | None, subject: str = "student") -> Any:
    """Return what the platform's report of a join makes of the lesson."""
    about = Particulars(subject, seen, "video")  # type: ignore[arg-type]  # a role by name
    return act(lesson, "join", "robot", at, ROBOT, particulars=about)


# Joining and leaving.


@pytest.mark.parametrize(
    "about",
    [None, Particulars(), Particulars("student"), Particulars(seen=START), Particulars("student", START, "app")],
)
def test_people_report_of_themselves_and_of_now(about: Particulars | None) -> None:
    """Whoever joins is recorded in the role in which they may, at the instant of the command; saying so is allowed."""
    lesson = agreed()

    version = done(act(lesson, "join", "sue", START, particulars=about))

    assert version.timeline["joined(student)"] == START
    assert (version.step.records, version.number, version.state) == ("joined", 2, "agreed")
    assert (version.terms, version.held, version.legs) == (lesson.terms, 3000, ())


@pytest.mark.parametrize(
    ("about", "problem"),
    [
        (Particulars("tutor"), "the student reports of themselves, not of the tutor"),
        (Particulars("payer"), "the student reports of themselves, not of the payer"),
        (Particulars(seen=START - MICROSECOND), "only the platform reports what was seen earlier"),
        (Particulars("student", START - HOUR), "only the platform reports what was seen earlier"),
        (Particulars(seen=START + MICROSECOND), f"nobody has seen yet what happens at {to_text(START + MICROSECOND)}"),
    ],
)
def test_people_cannot_report_of_others_or_of_another_time(about: Particulars, problem: str) -> None:
    """A student cannot say that the tutor came, nor that she herself came earlier."""
    assert (
        said(act(agreed(), "join", "sue", START, particulars=about))
        == f"bad_terms: what was said cannot stand: {problem}"
    )


@pytest.mark.parametrize("early", [-MICROSECOND, timedelta(0), MICROSECOND])
def test_the_door_opens_at_an_instant(early: timedelta) -> None:
    """Ten minutes before the start one may join; a microsecond earlier not."""
    answer = act(agreed(), "join", "tom", START - 10 * MINUTE + early)

    assert (isinstance(answer, Refusal) and answer.code == "guard") is (early < timedelta(0))


def test_the_platform_reports_whom_when_and_by_whom_it_was_seen() -> None:
    """A webhook that comes late counts for the instant at which the provider saw somebody."""
    version = done(reported(agreed(), START + 9 * MINUTE, START + 2 * MINUTE))

    assert version.at == START + 9 * MINUTE
    assert version.timeline["joined(student)"] == START + 2 * MINUTE
    assert version.facts == ROBOT
    assert version.command is not None
    assert version.command.particulars == Particulars("student", START + 2 * MINUTE, "video")


def test_a_report_without_an_instant_is_about_now() -> None:
    """Where the platform does not say when it saw somebody, it saw them as it reports."""
    version = done(reported(agreed(), START + MINUTE, None, "tutor"))

    assert version.timeline == {**agreed().timeline, "joined(tutor)": START + MINUTE}


def test_the_platform_has_to_say_whom_its_report_is_about() -> None:
    """A report about nobody is refused, and the option says that it needs a subject."""
    needs = {each.verb: each.needs for each in allowed(agreed(), PartyId("robot"), ROBOT, START)}

    assert said(act(agreed(), "join", "robot", START, ROBOT)) == "missing: join needs whom it is about"
    assert said(act(agreed(), "leave", "robot", START, ROBOT, particulars=Particulars(seen=START))) == (
        "missing: leave needs whom it is about"
    )
    assert needs == {"join": ("subject",), "leave": ("subject",), "meeting_ready": ("proposal", "details")}


@pytest.mark.parametrize(("late", "fits"), [(-MICROSECOND, True), (timedelta(0), True), (MICROSECOND, False)])
def test_nobody_sees_the_future(late: timedelta, fits: bool) -> None:
    """What was seen lies at or before now, also for the platform."""
    answer = reported(agreed(), START, START + late)

    assert isinstance(answer, Lesson) is fits
    assert fits or answer.code == "bad_terms"


@pytest.mark.parametrize(("early", "fits"), [(-MICROSECOND, False), (timedelta(0), True)])
def test_nobody_was_seen_before_the_lesson_was_asked_for(early: timedelta, fits: bool) -> None:
    """A report of what happened before there was a lesson is about something else."""
    answer = reported(agreed(), START, NOW + early)

    assert isinstance(answer, Lesson) is fits
    assert fits or said(answer) == (
        f"bad_terms: what was said cannot stand: nobody asked for this lesson before {to_text(NOW)}"
    )


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (START + 9 * MINUTE, START + 10 * MINUTE, START + 9 * MINUTE),
        (START + 9 * MINUTE, START + 9 * MINUTE, START + 9 * MINUTE),
        (START + 9 * MINUTE, START + 9 * MINUTE - MICROSECOND, START + 9 * MINUTE - MICROSECOND),
        (START + 9 * MINUTE, START - 5 * MINUTE, START - 5 * MINUTE),
    ],
)
def test_whoever_joins_again_had_joined_first(first: Instant, second: Instant, kept: Instant) -> None:
    """The first join is what counts, whichever report of it comes first; each of them stays in the log."""
    once = done(reported(agreed(), START + 9 * MINUTE, first))

    twice = done(reported(once, START + 20 * MINUTE, second))

    assert twice.timeline["joined(student)"] == kept
    assert twice.number == 3


def test_one_s_own_join_gives_way_to_an_earlier_one_that_the_platform_saw() -> None:
    """The student pressed a button at three past; the provider saw her at two past."""
    pressed = joined(agreed(), "sue", START + 3 * MINUTE)

    corrected = done(reported(pressed, START + 4 * MINUTE, START + 2 * MINUTE))

    assert corrected.timeline["joined(student)"] == START + 2 * MINUTE
    assert "joined(tutor)" not in corrected.timeline


def test_a_fact_that_nothing_reads_is_in_the_log_and_not_in_the_timeline() -> None:
    """No rule asks when somebody left, nor whether the payer joined: the versions know it, the timeline need not."""
    lesson = agreed()

    left = done(act(lesson, "leave", "sue", START))
    payer = done(act(left, "join", "pat", START))

    assert [version.step.records for version in (left, payer)] == ["left", "joined"]
    assert payer.timeline is lesson.timeline
    assert payer.number == 3


def test_a_guard_reads_who_has_joined_and_when() -> None:
    """The student may go unless the tutor was there within five minutes, as far as anybody knows by then."""
    lesson = agreed()
    punctual, late = (joined(lesson, "tom", START + minutes * MINUTE) for minutes in (5, 6))

    answers = [act(each, "drop", "sue", START + 7 * MINUTE) for each in (lesson, punctual, late)]

    assert [answer.code if isinstance(answer, Refusal) else answer.state for answer in answers] == [
        "gone", "guard", "gone",
    ]  # fmt: skip


def test_a_deadline_that_reads_a_join_is_found_anew() -> None:
    """Where a clock runs from a join, an aside that records one moves it; one that it does not read leaves it."""
    lesson = agreed()

    late = joined(lesson, "sue", START + 40 * MINUTE)
    corrected = done(reported(late, START + 50 * MINUTE, START + 35 * MINUTE))
    other = joined(corrected, "tom", START + 51 * MINUTE)

    assert [each.due for each in (lesson, late, corrected, other)] == [
        START + HOUR, START + 130 * MINUTE, START + 125 * MINUTE, START + 125 * MINUTE,
    ]  # fmt: skip
    assert corrected.why is not None
    assert corrected.why.text == "joined(student) + 90m"


def test_what_has_happened_is_recorded_even_if_the_lesson_is_then_due_at_once() -> None:
    """A report that puts the deadline into the past is no refusal: the timeout follows it."""
    late = joined(agreed(), "sue", START + 40 * MINUTE)

    corrected = done(reported(late, START + 129 * MINUTE, START - 5 * MINUTE))
    (ended,) = advance(corrected, START + 129 * MINUTE)

    assert corrected.due == START + 85 * MINUTE
    assert (ended.state, ended.at) == ("done", START + 129 * MINUTE)


# Reviews.


def delivered() -> Lesson:
    """Return the lesson when it is over."""
    return advance(agreed(), START + HOUR)[-1]


def test_each_side_reviews_once() -> None:
    """Whoever has reviewed may not again; the other side still may, and the platform passes on what it is told."""
    stars = Particulars(details={"stars": "5"})
    first = done(act(delivered(), "review", "sue", START + 2 * HOUR, particulars=stars, note="good"))
    second = done(act(first, "review", "tom", START + 2 * HOUR))

    assert first.timeline["reviewed(student)"] == START + 2 * HOUR
    assert first.command is not None
    assert first.command.particulars is not None
    assert (first.command.particulars.details, first.command.note) == ((("stars", "5"),), "good")
    assert said(act(first, "review", "sue", START + 3 * HOUR)).startswith("guard: review is open only while not (")
    assert second.timeline["reviewed(tutor)"] == START + 2 * HOUR
    assert (second.state, second.over, second.due) == ("done", True, None)
    assert [each.verb for each in allowed(second, PartyId("sue"), NO_FACTS, START + 3 * HOUR)] == []


def test_a_review_that_the_platform_reports_is_the_review_of_its_subject() -> None:
    """Reported for the student, it takes the student's place."""
    about = Particulars("student", START + HOUR, "form")

    told = done(act(delivered(), "review", "robot", START + 3 * HOUR, ROBOT, particulars=about))

    assert told.timeline["reviewed(student)"] == START + HOUR
    assert isinstance(act(told, "review", "sue", START + 3 * HOUR), Refusal)
    assert isinstance(act(told, "review", "tom", START + 3 * HOUR), Lesson)


@pytest.mark.parametrize(("step", "counts"), [(-MICROSECOND, True), (timedelta(0), False), (MICROSECOND, False)])
def test_reviews_close_at_an_instant(step: timedelta, counts: bool) -> None:
    """A week after the end it is too late."""
    assert isinstance(act(delivered(), "review", "sue", START + 169 * HOUR + step), Lesson) is counts


# Meetings.


def ready(lesson: Lesson, at: Instant = NOW + HOUR, proposal: int | None = 1) -> Any:
    """Return what becomes of the lesson when its meeting is there."""
    about = Particulars(source="video", details=LINKS)
    return act(lesson, "meeting_ready", "robot", at, ROBOT, proposal=proposal, particulars=about)


def test_a_meeting_is_kept_with_the_terms_it_was_made_for() -> None:
    """Each side finds its own link; who made it, and for which terms, is known."""
    made = done(ready(agreed()))

    assert made.meeting == Meeting("video", LINKS, 1)
    assert [made.meeting.link(role) for role in ("student", "tutor", "payer")] == [
        "https://meet.example/s", "https://meet.example/t", None,
    ]  # fmt: skip
    assert (made.state, made.due, made.timeline) == ("agreed", agreed().due, agreed().timeline)


@pytest.mark.parametrize("number", [0, 2, -1])
def test_a_meeting_for_other_terms_is_stale(number: int) -> None:
    """Links for a time that does not stand any more, or not yet, are refused with the number that stands."""
    assert said(ready(agreed(), proposal=number)) == (
        f"stale_offer: proposal {number} is not the one on the table; look again, and answer 1"
    )


def test_a_meeting_needs_its_links() -> None:
    """That there is a meeting, without saying where, is no use."""
    about = Particulars(source="video")
    answer = act(agreed(), "meeting_ready", "robot", NOW + HOUR, ROBOT, proposal=1, particulars=about)

    assert said(answer) == "missing: meeting_ready needs details"


def test_a_meeting_names_the_terms_it_was_made_for() -> None:
    """A late answer for terms that stand no more would pass for that of those which do; the option has the number."""
    moved = done(act(agreed(), "move", "ops", NOW + HOUR, Facts(frozenset({"operator"})), offer=Offer(START + HOUR)))
    options = {each.verb: each for each in allowed(moved, PartyId("robot"), ROBOT, NOW + HOUR)}

    assert said(ready(moved, proposal=None)) == "missing: meeting_ready needs the number of the terms (now 2)"
    assert said(ready(moved, proposal=1)).startswith("stale_offer: ")
    assert done(ready(moved, proposal=2)).meeting == Meeting("video", LINKS, 2)
    assert options["meeting_ready"].proposal == 2


def test_another_meeting_takes_the_place_of_the_first() -> None:
    """A provider may give new links for the same terms."""
    other = Particulars(source="other", details=(("tutor", "t"),))

    again = done(
        act(done(ready(agreed())), "meeting_ready", "robot", NOW + 2 * HOUR, ROBOT, proposal=1, particulars=other)
    )

    assert again.meeting == Meeting("other", (("tutor", "t"),), 1)


def test_an_aside_leaves_the_meeting() -> None:
    """Whoever joins does so where the meeting is."""
    assert joined(done(ready(agreed())), "sue", START).meeting == Meeting("video", LINKS, 1)


def test_a_meeting_is_lost_with_the_terms_it_was_made_for() -> None:
    """Moved to another time the lesson has none until there is one for the new terms; that has their number."""
    made = done(ready(agreed()))

    moved = done(act(made, "move", "ops", NOW + 2 * HOUR, Facts(frozenset({"operator"})), offer=Offer(START + HOUR)))
    again = done(ready(moved, NOW + 3 * HOUR, 2))

    assert moved.meeting is None
    assert said(ready(moved, NOW + 3 * HOUR, 1)).startswith("stale_offer")
    assert again.meeting == Meeting("video", LINKS, 2)


@pytest.mark.parametrize(("answer", "kept"), [("decline", True), ("accept", False)])
def test_a_meeting_outlives_a_change_that_is_not_agreed(answer: Literal["accept", "decline"], kept: bool) -> None:
    """While a change is open, and if it comes to nothing, the meeting of what stands is there; links may still come."""
    changing = done(act(done(ready(agreed())), "suggest", "sue", NOW + 2 * HOUR, offer=Offer(START + HOUR)))
    relinked = done(ready(changing, NOW + 2 * HOUR, 1))

    ended = done(act(relinked, answer, "tom", NOW + 3 * HOUR, proposal=2))

    assert changing.meeting == relinked.meeting == Meeting("video", LINKS, 1)
    assert said(ready(changing, NOW + 2 * HOUR, 2)).startswith("stale_offer")
    assert (ended.meeting is not None) is kept


def test_a_meeting_is_lost_where_the_lesson_has_none() -> None:
    """A state without a meeting drops it, and coming back does not bring it back."""
    made = done(ready(agreed()))

    resting = done(act(made, "rest", "tom", NOW + 2 * HOUR))
    resumed = done(act(resting, "resume", "tom", NOW + 3 * HOUR))

    assert (resting.meeting, resumed.meeting) == (None, None)


# Splits that the command says, and who is to blame.


def split(**shares: str) -> Settlement:
    """Return a settlement of these shares."""
    return Settlement.of(shares)


OPERATOR = Facts(frozenset({"operator"}))


@pytest.mark.parametrize(
    ("blamed", "mark", "case"),
    [
        (None, (None, None), 2),
        ("tutor", ("absent", "tutor"), 0),
        ("student", ("silly", "student"), 1),
        ("payer", (None, None), 2),
    ],
)
def test_a_decision_says_who_gets_what_and_who_is_to_blame(
    blamed: Any, mark: tuple[str | None, str | None], case: int
) -> None:
    """The case whose condition fits the person who is blamed makes the mark; the split is the one that was said."""
    about = Particulars(split=split(tutor="1/3", student="rest"), blamed=blamed)

    version = done(act(agreed(), "decide", "ops", START, OPERATOR, reason="both right", particulars=about))

    assert (version.step.mark, version.step.fault) == mark
    assert version.step.id == f"agreed.on.decide.0.{case}"
    assert (version.legs, version.held) == ((("tutor", 1000), ("payer", 2000)), 0)


@pytest.mark.parametrize(("actor", "code"), [("ops", None), ("tom", "not_yours"), ("sue", "not_yours")])
def test_nobody_decides_who_gets_what_of_their_own_lesson(actor: str, code: str | None) -> None:
    """Whoever is the tutor or the student of a lesson leaves it to another with the grant."""
    lesson = agreed()
    people = {"tom": lesson.brief.tutor, "sue": lesson.brief.student}
    about = Particulars(split=split(tutor="1/3", student="rest"))

    answer = act(lesson, "decide", people.get(actor, actor), START, OPERATOR, reason="mine", particulars=about)

    assert (answer.code if isinstance(answer, Refusal) else None) == code


def test_a_decision_needs_a_split_and_a_reason() -> None:
    """What is missing is named at once, whoever is blamed."""
    answer = act(agreed(), "decide", "ops", START, OPERATOR, particulars=Particulars(blamed="tutor"))

    assert said(answer) == "missing: decide needs a reason and a split of what is held"
    assert said(act(agreed(), "charge", "tom", START)) == "missing: charge needs a split of what is held"


@pytest.mark.parametrize(
    ("shares", "legs"),
    [
        ({"tutor": "50%", "student": "rest"}, (("tutor", 1500), ("payer", 1500))),
        ({"student": "50%", "tutor": "50%"}, (("tutor", 1500), ("payer", 1500))),
        ({"student": "100%"}, (("payer", 3000),)),
        (
            {"student": "1/3", "tutor": "1/3", "platform": "rest"},
            (("platform", 1000), ("tutor", 1000), ("payer", 1000)),
        ),
    ],
)
def test_a_split_among_the_choices_is_given_however_it_is_written(
    shares: dict[str, str], legs: tuple[tuple[str, int], ...]
) -> None:
    """What a split means is compared with the choices, and the policy's own wording says who gets the odd cent."""
    version = done(act(agreed(), "charge", "tom", START, particulars=Particulars(split=split(**shares))))

    assert dict(version.legs) == dict(legs)
    assert version.held == 0


def test_a_split_that_is_no_choice_is_refused_with_the_choices() -> None:
    """The tutor may charge nothing, half or a third; not everything."""
    answer = act(agreed(), "charge", "tom", START, particulars=Particulars(split=split(tutor="100%")))

    assert said(answer).startswith(
        "bad_terms: what was said cannot stand: tutor 100% is none of the splits allowed here:"
    )
    assert "tutor 50%, student rest" in said(answer)


def test_the_choices_are_shown_with_the_option() -> None:
    """A user interface offers what may be chosen; where anything may be, it lists nothing."""
    of_tom = allowed(agreed(), PartyId("tom"), NO_FACTS, START)
    options = {each.verb: each for each in (*of_tom, *allowed(agreed(), PartyId("ops"), OPERATOR, START))}

    assert [str(each) for each in options["charge"].choices] == [
        "tutor 0%, student rest", "tutor 50%, student rest", "platform 1/3, tutor 1/3, student 1/3",
    ]  # fmt: skip
    assert (options["charge"].needs, options["decide"].needs) == (("split",), ("split", "reason"))
    assert options["decide"].choices == ()


# What particulars can be.


@pytest.mark.parametrize(
    ("cells", "kind", "message"),
    [
        ({"subject": "operator"}, UnknownName, r"unknown role \(subject\) 'operator'"),
        ({"blamed": "system"}, UnknownName, r"unknown role \(blamed\) 'system'"),
        ({"seen": "yesterday"}, InvalidValue, "seen is 'yesterday'"),
        ({"source": None}, TypeError, "source"),
        ({"details": "ab"}, InvalidType, "details is 'ab'"),
        ({"details": {"stars": 5}}, InvalidType, "details is"),
        ({"split": {"tutor": "100%"}}, TypeError, "split"),
    ],
)
def test_particulars_that_cannot_be_meant_are_refused_by_name(
    cells: dict[str, Any], kind: type[Exception], message: str
) -> None:
    """A granted role came to no lesson, an instant has a zone, texts are texts, and a split is a settlement."""
    with pytest.raises(kind, match=message):
        Particulars(**cells)


def test_particulars_are_kept_in_one_order() -> None:
    """Details are pairs in the order of their names, however they were given; nothing said is nothing kept."""
    assert Particulars(details={"b": "2", "a": "1"}).details == (("a", "1"), ("b", "2"))
    assert Particulars(details={}).details == ()
    assert Particulars(seen="2026-03-02T11:00:00+01:00").seen == NOW  # type: ignore[arg-type]  # a text
