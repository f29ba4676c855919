"""The relay of meetings: what lessons wait for is made once, and taken back once it is wanted no more.

The policy is a small one of the tests' own. A lesson that is agreed has a meeting; an operator may move it to another
time, or suspend it and resume it. Lessons cost nothing here. Each test runs on the store in memory and on SQLite.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.adapters.meetings.handles import Handles
from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.sqlite import enlist_sqlite, install_schema, open_sqlite
from tutorcore.clock import VirtualClock
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.meeting_relay import MeetingRelay, Relayed
from tutorcore.engine.queue import Patience
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import MICROSECOND, instant
from tutorcore.lessons.lesson import Lesson, Meeting, Offer, Particulars
from tutorcore.policy.codec import load_policy
from tutorcore.ports.meetings import Created, MeetingProvider, MeetingRefused, MeetingRequest, MeetingUnavailable
from tutorcore.ports.storage import Storage
from tutorcore.testing.meetings import MeetingsInMemory

_POLICY = """
schema = 1
id = "school"
version = "1"
extends = "process/1"
zone = "student"
currency = "EUR"

[opening]
verb = "request"
by = ["student"]
to = "requested"
terms = "propose"

[state.requested]
waits_for = "tutor"

[state.requested.on.accept]
by = ["tutor"]
to = "agreed"
terms = "accept"

[state.requested.timeout]
at = "lesson.start"
to = "off"

[state.agreed]
slot = "firm"
agreed = true
meeting = true

[state.agreed.on.meeting_ready]
by = ["{by}"]
to = "stay"
needs = ["details"]
records = "meeting"

[state.agreed.on.meeting_failed]
by = ["{by}"]
to = "{failed}"
needs = ["reason"]

[state.agreed.on.move]
by = ["operator"]
to = "agreed"
terms = "propose"

[state.agreed.on.suspend]
by = ["operator"]
to = "suspended"

[state.agreed.on.cancel]
by = ["student", "tutor"]
to = "off"

[state.agreed.timeout]
at = "lesson.end"
to = "done"
if_past = "fire"

[state.suspended]

[state.suspended.on.resume]
by = ["operator"]
to = "agreed"

[state.suspended.timeout]
at = "lesson.end"
to = "off"
if_past = "fire"

[state.done]
over = true

[state.off]
over = true
"""

_NOW = instant("2026-03-02T09:00:00Z")
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_START = _NOW + 7 * _DAY


class _School:
    """A marketplace whose agreed lessons have meetings, and its store."""

    def __init__(self, storage: Storage, failed: str = "stay", by: str = "system", policy: str = _POLICY) -> None:
        self.storage = storage
        text = policy.replace("{failed}", failed).replace("{by}", by)
        self.market = Marketplace(storage, [load_policy(text, "school.toml")])
        for person in ("ann", "sue", "tom"):
            self.market.add_party(person, zone="Europe/Paris")
        self.market.add_party("robot", zone="UTC", grants=["system"])
        self.market.add_party("olga", zone="UTC", grants=["operator"])

    def agreed(
        self, id: str = "L1", *, student: str = "ann", days: int = 7, details: dict[str, str] | None = None
    ) -> str:
        """Let a student and tom agree on an hour, and return the lesson's id."""
        self.market.request(
            student=student,
            tutor="tom",
            start=_NOW + days * _DAY,
            duration=_HOUR,
            price="0",
            details=details,
            lesson=id,
            key=f"{id} asked",
            now=_NOW,
        ).or_raise()
        self.market.accept(id, by="tom", proposal=1, key=f"{id} accepted", now=_NOW).or_raise()
        return id

    def moved(self, id: str, key: str, *, days: int) -> None:
        """Move the lesson to that many days from now, as the operator."""
        self.market.act("move", id, by="olga", key=key, offer=Offer(_NOW + days * _DAY), now=_NOW).or_raise()

    def reported(self, id: str, meeting: Meeting) -> None:
        """Record a meeting as the platform's own software would."""
        said = Particulars(source=meeting.provider, details=meeting.links)
        self.market.act(
            "meeting_ready", id, by="robot", key=f"{id} own", proposal=meeting.terms, particulars=said, now=_NOW
        ).or_raise()

    def tries(self, relay: MeetingRelay, every: timedelta, until: timedelta) -> list[timedelta]:
        """Run the relay again and again, and return when it did anything."""
        times = [number * every for number in range(until // every)]
        return [after for after in times if relay.run(now=_NOW + after) != Relayed()]

    def act(self, verb: str, id: str, by: str, at: timedelta = timedelta(0)) -> None:
        """Carry out a plain move."""
        self.market.act(verb, id, by=by, key=f"{id} {verb} {at}", now=_NOW + at).or_raise()

    def lesson(self, id: str, at: timedelta = timedelta(0)) -> Lesson:
        """Return the lesson at that time after the beginning."""
        return self.market.lesson(id, now=_NOW + at)

    def steps(self, id: str) -> list[str]:
        """Return what happened to the lesson, by the names of its steps."""
        return [each.version.step.id for each in self.market.history(id)]

    def waiting(self) -> list[str]:
        """Return the kinds of rows about meetings that nobody has finished."""
        with self.storage.reading() as tx:
            return [row.message.kind for row in tx.outbox(kinds=("meeting_wanted", "meeting_dropped"), undone=True)]


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """A new storage of each kind."""
    if request.param == "memory":
        yield MemoryStorage()
    else:
        opened = open_sqlite(tmp_path / "school.db")
        yield opened
        opened.close()


@pytest.fixture
def school(storage: Storage) -> _School:
    """A school whose lessons stay agreed when they get no meeting."""
    return _School(storage)


@pytest.fixture
def strict_school(storage: Storage) -> _School:
    """A school whose lessons are off when they get no meeting."""
    return _School(storage, failed="off")


_LEASE = Patience().lease
_DOWN = MeetingUnavailable("the service is down")


class _Killed(BaseException):
    """The end of a process, at whatever line it was."""


@pytest.fixture
def meetings() -> MeetingsInMemory:
    """The provider, all of whose meetings are here."""
    return MeetingsInMemory()


def _relay(school: _School, provider: MeetingProvider, **settings: object) -> MeetingRelay:
    return MeetingRelay(school.storage, provider, by="robot", **settings)  # type: ignore[arg-type]  # of each test's own


# Made and taken back


def test_an_agreed_lesson_gets_its_meeting(school: _School, meetings: MeetingsInMemory) -> None:
    """The meeting is made for the agreed terms, and both sides find their links with the lesson."""
    id = school.agreed()

    before = school.lesson(id).meeting
    relayed = _relay(school, meetings).run(now=_NOW)
    meeting = school.lesson(id).meeting

    assert before is None
    assert relayed == Relayed(created=1)
    assert meeting is not None
    assert (meeting.provider, meeting.terms, meeting.links) == ("memory", 1, meetings.live["L1:1"].links)
    assert school.steps(id)[-1] == "agreed.on.meeting_ready.0.0"
    assert school.waiting() == []


def test_the_provider_is_told_what_the_terms_say(school: _School) -> None:
    """What reaches a provider are the people, the time and the details of the terms that are agreed."""
    asked: list[MeetingRequest] = []

    class Asked(MeetingsInMemory):
        def create(self, wanted: MeetingRequest) -> Created:
            asked.append(wanted)
            return super().create(wanted)

    id = school.agreed(details={"program": "phone"})
    _relay(school, Asked()).run(now=_NOW)
    (wanted,) = asked

    assert (wanted.key, wanted.lesson, wanted.terms) == ("L1:1", id, 1)
    assert (wanted.start, wanted.end) == (_START, _START + _HOUR)
    assert (wanted.student, wanted.tutor) == ("ann", "tom")
    assert wanted.detail("program") == "phone"


def test_nothing_is_done_twice(school: _School, meetings: MeetingsInMemory) -> None:
    """A relay that runs again finds nothing to do."""
    id = school.agreed()
    relay = _relay(school, meetings)
    relay.run(now=_NOW)
    steps = school.steps(id)

    assert relay.run(now=_NOW) == Relayed()
    assert relay.run(now=_NOW + _DAY) == Relayed()
    assert school.steps(id) == steps
    assert meetings.calls == 1


def test_an_empty_outbox_is_left_alone(school: _School, meetings: MeetingsInMemory) -> None:
    """Without lessons the provider is not called."""
    assert _relay(school, meetings).run(now=_NOW) == Relayed()
    assert meetings.calls == 0


def test_other_messages_are_left_to_others(school: _School, meetings: MeetingsInMemory) -> None:
    """The relay takes nothing that is to be told to people."""
    school.agreed()
    _relay(school, meetings).run(now=_NOW)

    with school.storage.transaction() as tx:
        told = tx.take(("told",), _NOW, _LEASE, 10)

    assert [row.message.kind for row in told] == ["told"]
    assert told[0].attempts == 1


def test_a_cancelled_lesson_has_no_meeting(school: _School, meetings: MeetingsInMemory) -> None:
    """What was made is taken back when the lesson is called off."""
    id = school.agreed()
    relay = _relay(school, meetings)
    relay.run(now=_NOW)
    school.act("cancel", id, "ann")

    assert school.lesson(id).meeting is None
    assert relay.run(now=_NOW) == Relayed(cancelled=1)
    assert meetings.live == {}
    assert school.waiting() == []


def test_other_terms_have_another_meeting(school: _School, meetings: MeetingsInMemory) -> None:
    """Who was told the old link does not get into the new meeting."""
    id = school.agreed()
    relay = _relay(school, meetings)
    relay.run(now=_NOW)
    old = meetings.live["L1:1"]
    school.moved(id, "moved", days=8)

    relayed = relay.run(now=_NOW)
    meeting = school.lesson(id).meeting

    assert relayed == Relayed(created=1, cancelled=1)
    assert list(meetings.live) == ["L1:2"]
    assert meeting is not None
    assert meeting.terms == 2
    assert meeting.links == meetings.live["L1:2"].links != old.links


def test_terms_agreed_again_have_a_meeting_again(school: _School, meetings: MeetingsInMemory) -> None:
    """A lesson that comes back to where it has a meeting gets one, by the same key."""
    id = school.agreed()
    relay = _relay(school, meetings)
    relay.run(now=_NOW)
    school.act("suspend", id, "olga")
    school.act("resume", id, "olga")

    relayed = relay.run(now=_NOW)
    meeting = school.lesson(id).meeting

    assert relayed == Relayed(created=1, cancelled=1)
    assert meeting is not None
    assert meeting.links == meetings.live["L1:1"].links


def test_what_was_overtaken_is_never_made(school: _School, meetings: MeetingsInMemory) -> None:
    """A lesson moved twice before any relay ran needs one meeting, and one called off needs none."""
    moved, off = school.agreed("L1"), school.agreed("L2", student="sue", days=9)
    school.moved(moved, "once", days=10)
    school.moved(moved, "twice", days=11)
    school.act("cancel", off, "sue")

    relayed = _relay(school, meetings).run(now=_NOW)

    assert relayed == Relayed(created=1)
    assert (list(meetings.live), meetings.made, meetings.calls) == (["L1:3"], 1, 1)
    assert school.waiting() == []


@pytest.mark.parametrize(("late", "calls"), [(-MICROSECOND, 1), (timedelta(0), 0), (MICROSECOND, 0)])
def test_what_is_over_is_not_taken_back(
    school: _School, meetings: MeetingsInMemory, late: timedelta, calls: int
) -> None:
    """A meeting dropped because its time has passed is left to end as it will; a moment before, it is cancelled."""
    id = school.agreed()
    relay = _relay(school, meetings)
    relay.run(now=_NOW)
    school.act("cancel", id, "ann")
    meetings.calls = 0

    relayed = relay.run(now=_START + _HOUR + late)

    assert relayed == Relayed(cancelled=calls)
    assert meetings.calls == calls
    assert school.waiting() == []


def test_a_lesson_that_took_place_keeps_its_record(school: _School, meetings: MeetingsInMemory) -> None:
    """When a lesson ends by itself its meeting is dropped, and the service is not called for it."""
    id = school.agreed()
    relay = _relay(school, meetings)
    relay.run(now=_NOW)
    school.market.sweep(now=_START + _DAY)

    relayed = relay.run(now=_START + _DAY)

    assert school.lesson(id, 30 * _DAY).state == "done"
    assert relayed == Relayed()
    assert school.waiting() == []
    assert list(meetings.live) == ["L1:1"]


def test_a_meeting_that_is_there_again_is_not_taken_back(school: _School, meetings: MeetingsInMemory) -> None:
    """Where the platform has reported the same meeting after it was dropped, it stands."""
    id = school.agreed()
    relay = _relay(school, meetings)
    relay.run(now=_NOW)
    meeting = school.lesson(id).meeting
    assert meeting is not None
    school.act("suspend", id, "olga")
    school.act("resume", id, "olga")
    school.reported(id, meeting)

    relayed = relay.run(now=_NOW)

    assert relayed == Relayed()
    assert list(meetings.live) == ["L1:1"]
    assert school.waiting() == []


def test_a_place_that_is_there_already_is_enough(school: _School, meetings: MeetingsInMemory) -> None:
    """Nothing is made for a lesson whose place the platform has reported first."""
    id = school.agreed()
    school.reported(id, Meeting("library", (("student", "room 5"), ("tutor", "room 5")), 1))

    relayed = _relay(school, meetings).run(now=_NOW)

    assert relayed == Relayed()
    assert meetings.calls == 0
    assert school.waiting() == []


def test_a_former_provider_takes_back_what_it_made(school: _School, meetings: MeetingsInMemory) -> None:
    """A platform that has changed its provider still has the old one's meetings cancelled by it."""
    id = school.agreed()
    _relay(school, meetings).run(now=_NOW)
    new = MeetingsInMemory("new")
    school.moved(id, "moved", days=8)

    relayed = _relay(school, new, former=[meetings]).run(now=_NOW)

    assert relayed == Relayed(created=1, cancelled=1)
    assert (list(meetings.live), list(new.live)) == ([], ["L1:2"])


def test_a_provider_that_nobody_knows_is_reported(school: _School, meetings: MeetingsInMemory) -> None:
    """What cannot be taken back here is given up with a trouble, and stands in nobody's way."""
    id = school.agreed()
    _relay(school, meetings).run(now=_NOW)
    school.moved(id, "moved", days=8)

    relayed = _relay(school, MeetingsInMemory("new")).run(now=_NOW)

    assert (relayed.created, relayed.cancelled, relayed.given_up) == (1, 0, 1)
    assert [(each.lesson, each.text) for each in relayed.troubles] == [
        (id, "not taken back: no provider called 'memory' is known here")
    ]


def test_a_run_has_a_limit(school: _School, meetings: MeetingsInMemory) -> None:
    """At most so many rows are handled, and the next run goes on."""
    for number, student in enumerate(("ann", "sue", "ann", "sue")):
        school.agreed(f"L{number}", student=student, days=7 + number)
    relay = _relay(school, meetings)

    runs = [relay.run(now=_NOW, limit=3).created for _ in range(3)]

    assert runs == [3, 1, 0]


# Trying again


@pytest.mark.parametrize("error", [_DOWN, ConnectionError("reset"), RuntimeError("a bug in the provider")])
def test_a_failure_leaves_the_lesson_agreed(school: _School, meetings: MeetingsInMemory, error: Exception) -> None:
    """A provider that fails, in whatever way, is asked again when the wait is over; nobody else has to wait for it."""
    first, second = school.agreed("L1"), school.agreed("L2", student="sue", days=9)
    meetings.failures.append(error)
    relay = _relay(school, meetings)

    runs = [relay.run(now=_NOW + after) for after in (timedelta(0), 10 * _SECOND - MICROSECOND, 10 * _SECOND)]

    assert [(run.created, run.retried, run.given_up) for run in runs] == [(1, 1, 0), (0, 0, 0), (1, 0, 0)]
    assert [(each.lesson, each.text) for each in runs[0].troubles] == [(first, f"{type(error).__name__}: {error}")]
    assert {school.lesson(id, _HOUR).state for id in (first, second)} == {"agreed"}
    assert sorted(meetings.live) == ["L1:1", "L2:1"]


def test_a_provider_says_when_to_come_back(school: _School, meetings: MeetingsInMemory) -> None:
    """A wait that the provider asks for is kept, if it is longer than ours."""
    school.agreed()
    meetings.failures += [
        MeetingUnavailable("busy", retry_after=timedelta(minutes=5)),
        MeetingUnavailable("busy", retry_after=timedelta(seconds=1)),
    ]
    relay = _relay(school, meetings)
    waits = (timedelta(0), timedelta(minutes=5) - MICROSECOND, timedelta(minutes=5), timedelta(minutes=5, seconds=20))

    runs = [relay.run(now=_NOW + after) for after in waits]

    assert [(run.created, run.retried) for run in runs] == [(0, 1), (0, 0), (0, 1), (1, 0)]


@pytest.mark.parametrize(
    ("wait", "is_kept"),
    [(_HOUR, True), (_HOUR + MICROSECOND, False), (timedelta.max, False)],
)
def test_a_provider_may_ask_for_too_long_a_wait(
    school: _School, meetings: MeetingsInMemory, wait: timedelta, is_kept: bool
) -> None:
    """A wait longer than all of our patience is an end of it."""
    school.agreed()
    meetings.failures.append(MeetingUnavailable("busy", retry_after=wait))

    relayed = _relay(school, meetings).run(now=_NOW)

    assert (relayed.retried, relayed.given_up) == ((1, 0) if is_kept else (0, 1))


def test_the_waits_grow_up_to_a_bound_and_end(school: _School, meetings: MeetingsInMemory) -> None:
    """Each wait is twice the one before until the longest; when the hour is used up, the lesson is told."""
    id = school.agreed()
    meetings.failures += [_DOWN] * 100
    relay = _relay(school, meetings)

    tries = school.tries(relay, timedelta(seconds=10), 3 * _HOUR)

    assert [each.seconds for each in tries] == [0, 10, 30, 70, 150, 310, 630, 1230, 1830, 2430, 3030]
    assert school.steps(id)[-1] == "agreed.on.meeting_failed.0.0"
    assert school.waiting() == []


def test_patience_is_not_used_up_while_nobody_tries(school: _School, meetings: MeetingsInMemory) -> None:
    """A relay that was down for a day has not tried for a day: one failure then is one failure."""
    id = school.agreed()
    meetings.failures.append(_DOWN)
    relay = _relay(school, meetings)

    runs = [relay.run(now=_NOW + _DAY), relay.run(now=_NOW + 2 * _DAY)]

    assert [(run.created, run.retried) for run in runs] == [(0, 1), (1, 0)]
    assert school.lesson(id, 2 * _DAY).meeting is not None


@pytest.mark.parametrize(
    ("left", "is_retried"),
    [(10 * _SECOND + MICROSECOND, True), (10 * _SECOND, False), (10 * _SECOND - MICROSECOND, False), (-_SECOND, False)],
)
def test_a_try_that_would_come_too_late_is_not_waited_for(
    school: _School, meetings: MeetingsInMemory, left: timedelta, is_retried: bool
) -> None:
    """Who is told before the lesson starts that there is no meeting can still do something about it."""
    id = school.agreed()
    meetings.failures.append(_DOWN)

    relayed = _relay(school, meetings).run(now=_START - left)

    assert (relayed.retried, relayed.given_up) == ((1, 0) if is_retried else (0, 1))
    assert school.lesson(id, 7 * _DAY).state == "agreed"


def test_a_lesson_that_has_begun_is_tried_for_once(school: _School, meetings: MeetingsInMemory) -> None:
    """A meeting that comes late is better than none."""
    id = school.agreed()

    relayed = _relay(school, meetings).run(now=_START + timedelta(minutes=5))

    assert relayed == Relayed(created=1)
    assert school.lesson(id, 7 * _DAY + timedelta(minutes=5)).meeting is not None


# The way out


def test_a_refusal_is_final(school: _School) -> None:
    """What a provider refuses is not asked for again; the lesson keeps the reason, and its policy says what follows."""
    id = school.agreed(details={"program": "phone"})
    relay = _relay(school, Handles(lambda party, program: None))

    relayed = relay.run(now=_NOW)
    version = school.lesson(id)

    assert (relayed.given_up, relayed.retried) == (1, 0)
    assert version.state == "agreed"
    assert version.command is not None
    assert (version.command.verb, version.command.reason) == ("meeting_failed", "refused")
    assert version.command.note == "student ann has no handle for phone; tutor tom has no handle for phone"
    assert relay.run(now=_NOW + _DAY) == Relayed()


def test_the_policy_names_the_way_out(strict_school: _School, meetings: MeetingsInMemory) -> None:
    """Where the policy says so, a lesson that gets no meeting is off."""
    id = strict_school.agreed()
    meetings.failures.append(MeetingRefused("no account"))

    _relay(strict_school, meetings).run(now=_NOW)

    assert strict_school.lesson(id).state == "off"


def test_what_others_must_not_see_stays_with_the_relay(school: _School, meetings: MeetingsInMemory) -> None:
    """The text of an unexpected error is for whoever runs the relay; the lesson keeps only that there was one."""
    id = school.agreed()
    meetings.failures.append(RuntimeError("token=abc"))

    relayed = _relay(school, meetings).run(now=_START)
    command = school.lesson(id, 7 * _DAY).command

    assert relayed.troubles[0].text == "RuntimeError: token=abc"
    assert command is not None
    assert (command.reason, command.note) == ("unavailable", "")


def test_a_provider_that_answers_nonsense_is_tried_again(school: _School) -> None:
    """What is not a `Created` never reaches a lesson."""

    class Nonsense(MeetingsInMemory):
        def create(self, wanted: MeetingRequest) -> Created:
            return {"student": "x"}  # type: ignore[return-value]  # on purpose

    id = school.agreed()

    relayed = _relay(school, Nonsense()).run(now=_NOW)

    assert relayed.retried == 1
    assert "expected a Created" in relayed.troubles[0].text
    assert school.lesson(id).meeting is None


def test_a_lesson_that_was_given_up_leaves_nothing_behind(school: _School, meetings: MeetingsInMemory) -> None:
    """A meeting that may have been made by a try whose answer was lost is taken back."""
    school.agreed()
    meetings.losses.append(_DOWN)

    relayed = _relay(school, meetings).run(now=_START)

    assert relayed.given_up == 1
    assert (meetings.made, meetings.live) == (1, {})


@pytest.mark.parametrize("by", ["tutor", 'tutor", "system'])
@pytest.mark.parametrize("failed", [None, "no_luck"])
def test_a_policy_without_the_moves_is_reported(
    storage: Storage, meetings: MeetingsInMemory, by: str, failed: str | None
) -> None:
    """A policy in which nothing becomes of a meeting leaves its lessons as they are, and no row in the way."""
    school = _School(storage, policy=_POLICY.replace('records = "meeting"', "").replace('["{by}"]', f'["{by}"]'))
    id = school.agreed()
    relay = _relay(school, meetings, failed=failed)

    relayed = relay.run(now=_START)

    assert [each.text for each in relayed.troubles] == [
        "policy school@1 has no move to record a meeting; policy school@1 has no move to say that there is no meeting"
    ]
    assert (school.lesson(id).state, meetings.live, school.waiting()) == ("agreed", {}, [])


_OTHER_WORDS = _POLICY.replace("meeting_ready", "here_it_is").replace("meeting_failed", "no_luck")


def test_the_moves_are_found_by_what_they_do(storage: Storage, meetings: MeetingsInMemory) -> None:
    """Whatever a policy calls them: the row that records a meeting, and the one that the software has for itself."""
    school = _School(storage, policy=_OTHER_WORDS)
    made, failed = school.agreed("L1"), school.agreed("L2", days=8)
    relay = _relay(school, meetings)

    relay.run(now=_NOW, limit=1)
    meetings.failures.append(MeetingRefused("no account"))
    relay.run(now=_NOW)

    assert school.steps(made)[-1] == "agreed.on.here_it_is.0.0"
    assert school.steps(failed)[-1] == "agreed.on.no_luck.0.0"


@pytest.mark.parametrize(("failed", "state"), [(None, "agreed"), ("call_off", "off")])
def test_where_several_moves_might_say_it_the_relay_is_told_which(
    storage: Storage, meetings: MeetingsInMemory, failed: str | None, state: str
) -> None:
    """A policy with another move of the platform's own software is not guessed at."""
    other = '[state.agreed.on.call_off]\nby = ["system"]\nto = "off"\n\n'
    at = _POLICY.index("[state.agreed.on.move]")
    school = _School(storage, policy=_POLICY[:at] + other + _POLICY[at:])
    id = school.agreed()
    meetings.failures.append(MeetingRefused("no account"))

    relayed = _relay(school, meetings, failed=failed).run(now=_NOW)

    said = "more than one move to say that there is no meeting: meeting_failed, call_off"
    assert (said in relayed.troubles[0].text) is (failed is None)
    assert school.lesson(id).state == state


def test_a_lesson_that_stands_where_no_meeting_is_recorded_refuses_it(
    storage: Storage, meetings: MeetingsInMemory
) -> None:
    """It has the meeting that was made before, if any; whoever is late is not given another."""
    school = _School(storage, policy=_POLICY.replace("[state.suspended]", "[state.suspended]\nmeeting = true"))
    id = school.agreed()
    school.act("suspend", id, "olga")

    relayed = _relay(school, meetings).run(now=_NOW)

    assert "meeting_ready is not open in the state suspended" in relayed.troubles[0].text
    assert (relayed.retried, school.lesson(id).meeting) == (1, None)


def test_a_lesson_is_told_of_the_terms_that_its_meeting_was_made_for(
    school: _School, meetings: MeetingsInMemory
) -> None:
    """The command names their number, so that the log says for what there is a meeting."""
    id = school.agreed()
    school.moved(id, "moved", days=8)

    _relay(school, meetings).run(now=_NOW)
    command = school.lesson(id).command

    assert command is not None
    assert (command.verb, command.proposal) == ("meeting_ready", 2)


def test_a_lesson_that_refuses_is_tried_again(storage: Storage, meetings: MeetingsInMemory) -> None:
    """A mistake in the platform's grants is a failure like others: mended in time, the lesson gets its link."""
    school = _School(storage, failed="stay", by="admin")
    id = school.agreed()
    relay = _relay(school, meetings)

    refused = relay.run(now=_NOW)
    school.market.add_party("robot", zone="UTC", grants=["system", "admin"])
    mended = relay.run(now=_NOW + _HOUR)

    assert (refused.retried, refused.created) == (1, 0)
    assert refused.troubles[0].text.startswith("meeting_ready was refused: ")
    assert mended == Relayed(created=1)
    assert school.lesson(id, _HOUR).meeting is not None
    assert meetings.made == 1


def test_cancelling_is_tried_again(school: _School, meetings: MeetingsInMemory) -> None:
    """A meeting that could not be taken back is taken back later."""
    id = school.agreed()
    relay = _relay(school, meetings)
    relay.run(now=_NOW)
    school.act("cancel", id, "ann")
    meetings.failures.append(_DOWN)

    runs = [relay.run(now=_NOW), relay.run(now=_NOW + 10 * _SECOND)]

    assert [(run.cancelled, run.retried) for run in runs] == [(0, 1), (1, 0)]
    assert meetings.live == {}


def test_cancelling_ends_too(school: _School, meetings: MeetingsInMemory) -> None:
    """A meeting that cannot be taken back at all is left to people, named among the troubles."""
    refused, down = school.agreed("L1"), school.agreed("L2", student="sue", days=9)
    relay = _relay(school, meetings)
    relay.run(now=_NOW)
    school.act("cancel", refused, "ann")
    school.act("cancel", down, "sue")
    meetings.failures += [MeetingRefused("it is in use"), *[_DOWN] * 100]

    first = relay.run(now=_NOW)
    later = school.tries(relay, timedelta(seconds=10), 2 * _HOUR)

    assert (first.given_up, first.retried) == (1, 1)
    assert first.troubles[0].text == "not taken back: MeetingRefused: it is in use"
    assert len(later) == 10
    assert school.waiting() == []


# Killed, run twice, several at once


def test_a_relay_killed_after_making_a_meeting_is_followed_by_another(
    school: _School, meetings: MeetingsInMemory
) -> None:
    """The row is taken again when the lease has passed, and the meeting made before is the one recorded."""
    id = school.agreed()
    meetings.losses.append(_Killed())
    with pytest.raises(_Killed):
        _relay(school, meetings).run(now=_NOW)

    early = _relay(school, meetings).run(now=_NOW + _LEASE - MICROSECOND)
    late = _relay(school, meetings).run(now=_NOW + _LEASE)

    assert (early, late) == (Relayed(), Relayed(created=1))
    assert (meetings.made, list(meetings.live)) == (1, ["L1:1"])
    assert school.steps(id).count("agreed.on.meeting_ready.0.0") == 1


@pytest.mark.parametrize("change", ["cancel", "move"])
def test_what_a_killed_relay_made_is_taken_back_when_it_is_wanted_no_more(
    school: _School, meetings: MeetingsInMemory, change: str
) -> None:
    """A meeting that no lesson knows of does not stay."""
    id = school.agreed()
    meetings.losses.append(_Killed())
    with pytest.raises(_Killed):
        _relay(school, meetings).run(now=_NOW)
    if change == "cancel":
        school.act("cancel", id, "ann")
    else:
        school.moved(id, "moved", days=8)

    relayed = _relay(school, meetings).run(now=_NOW + _LEASE)

    assert relayed.cancelled == 1
    assert list(meetings.live) == ([] if change == "cancel" else ["L1:2"])
    assert school.waiting() == []


def test_a_relay_that_always_dies_of_a_row_gives_it_up(school: _School, meetings: MeetingsInMemory) -> None:
    """Tries that never come to an end count as well, so that one row cannot kill relays for ever."""
    id = school.agreed()
    meetings.losses += [_Killed() for _ in range(11)]
    for number in range(11):
        with pytest.raises(_Killed):
            _relay(school, meetings).run(now=_NOW + number * _LEASE)

    relayed = _relay(school, meetings).run(now=_NOW + 11 * _LEASE)

    assert relayed.given_up == 1
    assert relayed.troubles[0].text == "no try has come to an end"
    assert school.steps(id)[-1] == "agreed.on.meeting_failed.0.0"
    assert meetings.live == {}


def test_a_relay_that_always_dies_of_cancelling_gives_it_up(school: _School, meetings: MeetingsInMemory) -> None:
    """The same holds for a meeting to be taken back."""
    id = school.agreed()
    _relay(school, meetings).run(now=_NOW)
    school.act("cancel", id, "ann")
    meetings.failures += [_Killed() for _ in range(11)]
    for number in range(11):
        with pytest.raises(_Killed):
            _relay(school, meetings).run(now=_NOW + number * _LEASE)

    relayed = _relay(school, meetings).run(now=_NOW + 11 * _LEASE)

    assert (relayed.given_up, relayed.troubles[0].text) == (1, "not taken back: no try has come to an end")
    assert school.waiting() == []


class _Slow(MeetingsInMemory):
    """A provider during whose next call something else happens, before it does its work."""

    meanwhile: Callable[[], object] | None = None

    def create(self, wanted: MeetingRequest) -> Created:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return super().create(wanted)


def test_a_lesson_cancelled_while_its_meeting_is_made_keeps_none(school: _School) -> None:
    """The lesson is asked again when the meeting is there; what nobody wants is taken back."""
    id, meetings = school.agreed(), _Slow()
    meetings.meanwhile = lambda: school.act("cancel", id, "ann")

    relayed = _relay(school, meetings).run(now=_NOW)

    assert relayed == Relayed(cancelled=1)
    assert (meetings.made, meetings.live, school.waiting()) == (1, {}, [])
    assert school.lesson(id).state == "off"


def test_a_lesson_moved_while_its_meeting_is_made_gets_another(school: _School) -> None:
    """The meeting of the old terms is taken back, that of the new ones made."""
    id, meetings = school.agreed(), _Slow()
    meetings.meanwhile = lambda: school.moved(id, "moved", days=8)

    relayed = _relay(school, meetings).run(now=_NOW)

    assert relayed == Relayed(created=1, cancelled=1)
    assert list(meetings.live) == ["L1:2"]


def test_what_could_not_be_taken_back_at_once_is_taken_back_later(school: _School) -> None:
    """A fresh meeting that nobody wants waits for its end in the row that asked for it."""
    id, meetings = school.agreed(), _Slow()
    meetings.meanwhile = lambda: school.act("cancel", id, "ann")
    relay = _relay(school, meetings)

    class Down(_Slow):
        def cancel(self, wanted: MeetingRequest, meeting: Meeting | None) -> None:
            raise _DOWN

    down = Down(live=meetings.live)
    down.meanwhile = meetings.meanwhile

    first = _relay(school, down).run(now=_NOW)
    meetings.live = down.live
    meetings.meanwhile = None
    second = relay.run(now=_NOW + 10 * _SECOND)

    assert (first.retried, second.cancelled) == (1, 1)
    assert (meetings.live, school.waiting()) == ({}, [])


def test_a_slow_relay_is_overtaken_by_another(school: _School) -> None:
    """When a lease has passed during a call another relay does the work, and the slow one finds it done."""
    id, meetings = school.agreed(), _Slow()
    others: list[Relayed] = []
    meetings.meanwhile = lambda: others.append(_relay(school, meetings).run(now=_NOW + _LEASE))

    slow = _relay(school, meetings).run(now=_NOW)

    assert (others, slow) == ([Relayed(created=1)], Relayed())
    assert (meetings.made, list(meetings.live)) == (1, ["L1:1"])
    assert school.steps(id).count("agreed.on.meeting_ready.0.0") == 1


def test_a_slow_relay_brings_nothing_back_to_life(school: _School) -> None:
    """A meeting made anew after another relay made it, and the lesson dropped it, is taken back by whoever made it."""
    id, meetings = school.agreed(), _Slow()

    def meanwhile() -> None:
        _relay(school, meetings).run(now=_NOW + _LEASE)
        school.act("cancel", id, "ann", _LEASE)
        _relay(school, meetings).run(now=_NOW + _LEASE)

    meetings.meanwhile = meanwhile

    slow = _relay(school, meetings).run(now=_NOW)

    assert slow == Relayed(cancelled=1)
    assert (meetings.made, meetings.live) == (2, {})


def test_a_slow_relay_does_what_it_can(school: _School) -> None:
    """What it made anew and cannot take back is left, since its row is done: nobody has been told of that meeting."""
    id = school.agreed()

    class Down(_Slow):
        is_down = False

        def cancel(self, wanted: MeetingRequest, meeting: Meeting | None) -> None:
            if self.is_down:
                raise _DOWN
            super().cancel(wanted, meeting)

    meetings = Down()

    def meanwhile() -> None:
        _relay(school, meetings).run(now=_NOW + _LEASE)
        school.act("cancel", id, "ann", _LEASE)
        _relay(school, meetings).run(now=_NOW + _LEASE)
        meetings.is_down = True

    meetings.meanwhile = meanwhile

    assert _relay(school, meetings).run(now=_NOW) == Relayed()
    assert school.waiting() == []


def test_a_lesson_that_is_off_is_not_told_that_it_gets_no_meeting(school: _School) -> None:
    """A refusal that comes after the lesson was called off ends the row and nothing else."""
    id, meetings = school.agreed(), _Slow()

    def meanwhile() -> None:
        school.act("cancel", id, "ann")
        raise MeetingRefused("no account")

    meetings.meanwhile = meanwhile

    relayed = _relay(school, meetings).run(now=_NOW)

    assert (relayed.given_up, school.waiting()) == (1, [])
    assert school.steps(id)[-1] == "agreed.on.cancel.0.0"


def test_a_slow_cancelling_is_overtaken_by_another(school: _School) -> None:
    """Two relays that cancel one meeting cancel it twice, which is harmless, and its row is done once."""
    id = school.agreed()

    class Slow(MeetingsInMemory):
        meanwhile: Callable[[], object] | None = None

        def cancel(self, wanted: MeetingRequest, meeting: Meeting | None) -> None:
            meanwhile, self.meanwhile = self.meanwhile, None
            if meanwhile is not None:
                meanwhile()
            super().cancel(wanted, meeting)

    meetings = Slow()
    _relay(school, meetings).run(now=_NOW)
    school.act("cancel", id, "ann")
    meetings.meanwhile = lambda: _relay(school, meetings).run(now=_NOW + _LEASE)

    relayed = _relay(school, meetings).run(now=_NOW)

    assert relayed == Relayed(cancelled=1)
    assert (meetings.live, school.waiting()) == ({}, [])


def test_a_slow_relay_that_fails_leaves_the_row_to_who_has_it(school: _School) -> None:
    """A failure of a relay that was overtaken neither puts the row off nor gives it up nor touches the meeting."""
    id, meetings = school.agreed(), _Slow()

    def meanwhile() -> None:
        _relay(school, meetings).run(now=_NOW + _LEASE)
        raise MeetingRefused("too late")

    meetings.meanwhile = meanwhile

    refused = _relay(school, meetings).run(now=_NOW)

    assert refused == Relayed()
    assert list(meetings.live) == ["L1:1"]
    assert school.lesson(id, _HOUR).meeting is not None
    assert "agreed.on.meeting_failed.0.0" not in school.steps(id)


def test_a_slow_relay_does_not_shorten_the_lease_of_another(school: _School, meetings: MeetingsInMemory) -> None:
    """While another relay has the row nobody else gets it, whatever the slow one has come to."""
    school.agreed()
    slow = _Slow()
    taken: list[int] = []

    def meanwhile() -> None:
        with school.storage.transaction() as tx:
            taken.extend(row.attempts for row in tx.take(("meeting_wanted",), _NOW + _LEASE, _LEASE, 1))
        raise _DOWN

    slow.meanwhile = meanwhile

    failed = _relay(school, slow).run(now=_NOW)
    early = _relay(school, meetings).run(now=_NOW + 2 * _LEASE - MICROSECOND)
    late = _relay(school, meetings).run(now=_NOW + 2 * _LEASE)

    assert taken == [2]
    assert (failed.retried, failed.troubles[0].text) == (0, "MeetingUnavailable: the service is down")
    assert (early, late) == (Relayed(), Relayed(created=1))


def test_a_slow_relay_leaves_what_it_made_to_who_has_the_row(school: _School, meetings: MeetingsInMemory) -> None:
    """The meeting is there already when the other relay asks for it."""
    school.agreed()
    slow = _Slow(live=meetings.live)

    def meanwhile() -> None:
        with school.storage.transaction() as tx:
            tx.take(("meeting_wanted",), _NOW + _LEASE, _LEASE, 1)

    slow.meanwhile = meanwhile

    overtaken = _relay(school, slow).run(now=_NOW)
    meetings.live = slow.live
    late = _relay(school, meetings).run(now=_NOW + 2 * _LEASE)

    assert (overtaken, late) == (Relayed(), Relayed(created=1))
    assert (slow.made, meetings.made) == (1, 0)


def test_a_clock_that_is_behind_does_no_harm(school: _School, meetings: MeetingsInMemory) -> None:
    """A lesson whose last step another machine stamped a little later is told at that instant."""
    id = school.agreed()

    relayed = _relay(school, meetings).run(now=_NOW - _SECOND)
    again = _relay(school, meetings, clock=VirtualClock(_NOW - _SECOND)).run()

    assert (relayed, again) == (Relayed(created=1), Relayed())
    assert school.lesson(id).at == _NOW


def test_without_an_instant_the_clock_is_asked(school: _School, meetings: MeetingsInMemory) -> None:
    """What is recorded counts at what the clock says when it happens, not when the run began."""
    id, slow = school.agreed(), _Slow()
    clock = VirtualClock(_NOW)
    slow.meanwhile = lambda: clock.move_by(3 * _SECOND)

    _relay(school, slow, clock=clock).run()

    assert school.lesson(id, _HOUR).at == _NOW + 3 * _SECOND


@attrs.define
class _Mortal:
    """A countdown to the end of a process: some tick is the last."""

    ticks: int

    def tick(self) -> None:
        self.ticks -= 1
        if self.ticks == 0:
            raise _Killed


class _MortalStorage:
    """A store whose process dies before or after one of its transactions."""

    def __init__(self, storage: Storage, life: _Mortal) -> None:
        self._storage = storage
        self._life = life

    @contextmanager
    def transaction(self) -> Iterator[object]:
        with self._storage.transaction() as tx:
            yield tx
            self._life.tick()  # Everything is written, nothing committed.
        self._life.tick()

    @contextmanager
    def reading(self) -> Iterator[object]:
        with self._storage.reading() as tx:
            yield tx
        self._life.tick()


class _MortalMeetings(MeetingsInMemory):
    """A provider during one of whose calls the process dies, before or after the service has acted."""

    life: _Mortal

    def create(self, wanted: MeetingRequest) -> Created:
        self.life.tick()
        made = super().create(wanted)
        self.life.tick()
        return made

    def cancel(self, wanted: MeetingRequest, meeting: Meeting | None) -> None:
        self.life.tick()
        super().cancel(wanted, meeting)
        self.life.tick()


@pytest.mark.parametrize("ticks", range(1, 30))
def test_wherever_a_relay_is_killed_there_is_one_meeting_in_the_end(storage: Storage, ticks: int) -> None:
    """At each of its steps a relay may end: one lesson has its meeting afterwards, the cancelled one has none."""
    school, meetings = _School(storage), _MortalMeetings()
    kept, off, moved = school.agreed("L1"), school.agreed("L2", student="sue", days=9), school.agreed("L3", days=11)
    meetings.life = _Mortal(-1)
    _relay(school, meetings).run(now=_NOW, limit=2)
    school.act("cancel", off, "sue")
    school.moved(moved, "moved", days=12)
    school.moved(kept, "kept", days=13)
    meetings.life = _Mortal(ticks)
    mortal = MeetingRelay(_MortalStorage(storage, meetings.life), meetings, by="robot")  # type: ignore[arg-type]  # it is one

    for again in range(3):
        try:
            mortal.run(now=_NOW + again * _LEASE)
        except _Killed:
            meetings.life.ticks = ticks + 5
    meetings.life.ticks = -1
    _relay(school, meetings).run(now=_NOW + 4 * _LEASE)

    assert sorted(meetings.live) == ["L1:2", "L3:2"]
    assert [school.lesson(id, _HOUR).meeting is not None for id in (kept, off, moved)] == [True, False, True]
    assert all(school.steps(id).count("agreed.on.meeting_ready.0.0") <= 2 for id in (kept, moved))
    assert school.waiting() == []


_STEPS = st.lists(
    st.one_of(
        st.sampled_from(["move", "suspend", "resume", "cancel"]),
        st.sampled_from(["fine", "down", "lost", "killed before", "killed after"]),
        st.sampled_from(["a second", "a minute", "a lease"]),
    ),
    max_size=25,
)
_TROUBLE: dict[str, tuple[list[BaseException], list[BaseException]]] = {
    "fine": ([], []),
    "down": ([_DOWN], []),
    "lost": ([], [_DOWN]),
    "killed before": ([_Killed()], []),
    "killed after": ([], [_Killed()]),
}
_TIMES = {"a second": timedelta(seconds=1), "a minute": timedelta(minutes=1), "a lease": _LEASE}


@given(_STEPS)
def test_whatever_happens_a_lesson_has_the_meeting_it_wants_and_no_other(steps: list[str]) -> None:
    """After any changes, failures and deaths, relays that work again leave what lessons want, and nothing else."""
    school, meetings = _School(MemoryStorage()), MeetingsInMemory()
    id, now = school.agreed(), _NOW
    for place, step in enumerate(steps):
        if step in _TIMES:
            now += _TIMES[step]
        elif step in _TROUBLE:
            failures, losses = _TROUBLE[step]
            meetings.failures.extend(failures)
            meetings.losses.extend(losses)
            with suppress(_Killed):
                _relay(school, meetings).run(now=now)
        elif step == "move":
            school.market.act(step, id, by="olga", key=f"{place}", offer=Offer(_START + place * _HOUR), now=now)
        else:
            school.market.act(step, id, by="ann" if step == "cancel" else "olga", key=f"{place}", now=now)
    meetings.failures.clear()
    meetings.losses.clear()
    for _ in range(12):
        now += _LEASE
        _relay(school, meetings).run(now=now)

    lesson = school.market.lesson(id, now=now)
    wanted = [f"{id}:{lesson.terms.number}"] if lesson.place.state.meeting else []

    assert list(meetings.live) == wanted
    assert (lesson.meeting is not None) == bool(wanted)
    assert lesson.meeting is None or lesson.meeting.links == meetings.live[wanted[0]].links
    assert school.waiting() == []


def test_relays_in_threads_share_the_work(storage: Storage) -> None:
    """Several relays at once make each meeting once."""
    school, meetings = _School(storage), MeetingsInMemory()
    ids = [school.agreed(f"L{number}", days=7 + number) for number in range(12)]
    ready, done = Barrier(3), list[Relayed]()

    def work() -> None:
        relay = _relay(school, meetings)
        ready.wait()
        done.append(relay.run(now=_NOW))

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(each.created for each in done) == meetings.made == meetings.calls == len(ids)
    assert all(school.steps(id).count("agreed.on.meeting_ready.0.0") == 1 for id in ids)


# In the caller's transactions, and misuse


def test_an_enlisted_store_commits_between_the_calls(meetings: MeetingsInMemory) -> None:
    """Where the store lives in the caller's transactions, each step of the relay has one, and no call is inside one."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    inside: list[bool] = []

    class Watched(MeetingsInMemory):
        def create(self, wanted: MeetingRequest) -> Created:
            inside.append(connection.in_transaction)
            return super().create(wanted)

    @contextmanager
    def around() -> Iterator[None]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    storage = enlist_sqlite(connection)
    with around():
        install_schema(connection)
        school = _School(storage)
        school.agreed()

    relayed = _relay(school, Watched(), around=around).run(now=_NOW)
    with around():
        meeting = school.lesson("L1").meeting
    connection.close()

    assert relayed == Relayed(created=1)
    assert inside == [False]
    assert meeting is not None


def test_the_relay_acts_as_the_platform(school: _School, meetings: MeetingsInMemory) -> None:
    """Who is not known as the platform's own takes no row at all."""
    school.agreed()

    with pytest.raises(UnknownName, match="add_party"):
        MeetingRelay(school.storage, meetings, by="nobody").run(now=_NOW)
    with pytest.raises(InvalidValue, match="system"):
        MeetingRelay(school.storage, meetings, by="olga").run(now=_NOW)
    with school.storage.reading() as tx:
        attempts = [row.attempts for row in tx.outbox(kinds=("meeting_wanted",))]

    assert attempts == [0]


@pytest.mark.parametrize("limit", [0, -1, True, 1.0, None])
def test_a_limit_is_a_whole_number(school: _School, meetings: MeetingsInMemory, limit: int) -> None:
    """Anything else is refused before a row is taken."""
    with pytest.raises(InvalidValue):
        _relay(school, meetings).run(now=_NOW, limit=limit)


def test_a_naive_instant_is_refused(school: _School, meetings: MeetingsInMemory) -> None:
    """Given, or read from a clock."""
    school.agreed()

    with pytest.raises(InvalidValue):
        _relay(school, meetings).run(now=_NOW.replace(tzinfo=None))
    with pytest.raises(InvalidValue):
        _relay(school, meetings, clock=lambda: _NOW.replace(tzinfo=None)).run()


@pytest.mark.parametrize("name", ["first_wait", "longest_wait", "give_up_after", "lease"])
def test_patience_is_made_of_durations(name: str) -> None:
    """More than nothing, up to a year; a bare number leaves open what it counts."""
    with pytest.raises(InvalidValue):
        Patience(**{name: timedelta(0)})
    with pytest.raises(InvalidValue):
        Patience(**{name: timedelta(days=366, microseconds=1)})
    with pytest.raises(InvalidType):
        Patience(**{name: 10})  # type: ignore[arg-type]  # on purpose

    assert getattr(Patience(**{name: timedelta(days=366)}), name) == timedelta(days=366)
    assert getattr(Patience(**{name: MICROSECOND}), name) == MICROSECOND


@given(
    st.timedeltas(MICROSECOND, timedelta(days=1)),
    st.timedeltas(MICROSECOND, timedelta(days=1)),
    st.timedeltas(MICROSECOND, timedelta(days=1)),
    st.integers(1, 25),
)
def test_waits_double_up_to_the_longest(first: timedelta, longest: timedelta, total: timedelta, tries: int) -> None:
    """Waiting never gets shorter, keeps its bound, and is over when its sum exceeds what may be waited."""
    patience = Patience(first_wait=first, longest_wait=longest, give_up_after=total)

    waits = [patience.wait_after(number) for number in range(1, tries + 1)]

    assert waits == [min(first * 2**number, longest) for number in range(tries)]
    assert patience.is_spent_after(tries) == (sum(waits, timedelta(0)) > total)
    assert not patience.is_spent_after(0)
