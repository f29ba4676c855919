"""Playing with meetings: made and dropped by steps, or by the relay right after each step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from tutorcore.adapters.meetings.jitsi import Jitsi
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.cli.answer import as_json
from tutorcore.cli.document import document_of
from tutorcore.cli.reading import load_scenario
from tutorcore.cli.running import play_scenario
from tutorcore.cli.scenario import Meetings, Scenario
from tutorcore.cli.timeline import timeline_of
from tutorcore.lessons.lesson import Meeting
from tutorcore.ports.meetings import Created, MeetingRefused, MeetingRequest

Write = Callable[[str], Path]

HEAD = """\
schema = 1
id = "s"
policy = "itutor"
[parties.ann]
zone = "UTC"
wallet = "300.00"
[parties.tom]
zone = "Europe/Berlin"
permissions = ["meeting_provider"]
[parties.rooms]
zone = "UTC"
grants = ["system"]
"""
LINKS = """\
[meetings]
provider = "link"
template = "https://school.example/{lesson}/{terms}?as={role}"
"""
AGREED = """
[[steps]]
at = 2026-03-05T14:00:00Z
who = "ann"
do = "request"
lesson = "l"
tutor = "tom"
start = 2026-03-09T15:00:00Z
minutes = 60
price = "100.00"
[[steps]]
at = 2026-03-05T15:00:00Z
who = "tom"
do = "accept"
lesson = "l"
proposal = 1
"""
CANCELLED = """
[[steps]]
at = 2026-03-06T15:00:00Z
who = "ann"
do = "cancel"
lesson = "l"
"""
READY = """
[[steps]]
at = 2026-03-05T15:00:07Z
who = "rooms"
do = "meeting_ready"
lesson = "l"
proposal = 1
source = "zoom"
details = { student = "https://zoom.example/1", tutor = "https://zoom.example/1?host" }
"""


def test_itr_2_a_meeting_is_made_right_after_the_agreement(run: Any, write: Write) -> None:
    """ITR-2: the relay tells the lesson at the step's own instant; the links are in the version and in the lesson."""
    file = write(HEAD + LINKS + AGREED)

    text, document = run("play", file).out, run("play", file, "--json").document

    step = document["steps"][1]
    (told,) = step["relayed"]
    (event,) = told["events"]
    made = {
        "provider": "link",
        "terms": 1,
        "links": {
            "student": "https://school.example/s--l/1?as=student",
            "tutor": "https://school.example/s--l/1?as=tutor",
        },
    }
    assert [each["kind"] for each in step["messages"]] == ["told", "meeting_wanted", "told"]
    assert (told["do"], told["who"], told["ok"]) == ("meeting_ready", "rooms", True)
    assert (event["at"], event["to"], event["state"]) == ("2026-03-05T15:00:00Z", "stay", "agreed")
    assert event["meeting"] == document["lessons"]["s--l"]["meeting"] == made
    assert "a meeting is wanted for #1\n      + rooms: meeting_ready l\n      > still agreed\n" in text
    assert "student at https://school.example/s--l/1?as=student" in text


def test_a_meeting_is_dropped_with_the_agreement(run: Any, write: Write) -> None:
    """A cancelled lesson has no meeting any more; the timeline names the links that were dropped."""
    file = write(HEAD + LINKS + AGREED + CANCELLED)

    text, document = run("play", file).out, run("play", file, "--json").document

    dropped = [each for each in document["steps"][2]["messages"] if each["kind"] == "meeting_dropped"]
    assert [(each["lesson"], each["number"], each["to"]) for each in dropped] == [("s--l", 3, [])]
    assert document["steps"][2]["relayed"] == []
    assert document["lessons"]["s--l"]["meeting"] is None
    assert "meeting dropped: student at https://school.example/s--l/1?as=student" in " ".join(text.split())


def test_a_step_may_tell_of_a_meeting(run: Any, write: Write) -> None:
    """Without a table of meetings the platform's own software tells of them step by step."""
    file = write(HEAD + AGREED + READY)

    text, document = run("play", file).out, run("play", file, "--json").document

    event = document["steps"][2]["events"][-1]
    assert event["meeting"]["links"]["tutor"] == "https://zoom.example/1?host"
    assert (event["said"]["fact"], event["said"]["source"], event["said"]["about"]) == ("meeting", "zoom", None)
    assert document["steps"][1]["relayed"] == []
    assert "meeting by zoom for #1: student at https://zoom.example/1," in text


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (READY.replace('who = "rooms"', 'who = "tom"'), "not_yours"),
        (READY.replace("proposal = 1", "proposal = 2"), "stale_offer"),
        ("\n".join(line for line in READY.splitlines() if "details" not in line), "missing"),
    ],
)
def test_a_meeting_told_of_wrongly_is_refused(step: str, code: str, run: Any, write: Write) -> None:
    """By somebody else, for other terms, or without links."""
    done = run("play", write(HEAD + AGREED + step + f'\nexpect = "{code}"\n'))

    assert done.code == 0


def test_a_meeting_that_failed_leaves_the_lesson_agreed(run: Any, write: Write) -> None:
    """ITR-2: where the policy names no way out, both are told and the lesson stays."""
    failed = READY.replace("meeting_ready", "meeting_failed").replace('source = "zoom"', 'reason = "unavailable"')

    document = run(
        "play", write(HEAD + AGREED + failed[: failed.index("details")].replace("proposal = 1\n", "")), "--json"
    ).document

    step = document["steps"][2]
    assert (step["ok"], step["events"][-1]["state"]) == (True, "agreed")
    assert [each["to"] for each in step["messages"]] == [["ann", "tom"]]


@pytest.mark.parametrize("wanted", [CANCELLED, ""], ids=["dropped later", "kept"])
def test_a_repeated_run_makes_the_same_meetings(wanted: str, run: Any, write: Write, tmp_path: Path) -> None:
    """On the same database, and on another one."""
    file, db = write(HEAD + LINKS + AGREED + wanted), tmp_path / "kept.db"

    first = run("play", file, "--json", "--db", db)
    again = run("play", file, "--json", "--db", db)
    elsewhere = run("play", file, "--json")

    assert first == again == elsewhere


def test_meetings_of_another_scenario_in_the_database_are_not_told_here(run: Any, write: Write, tmp_path: Path) -> None:
    """The relay handles whatever waits in the outbox, and each scenario tells what its own steps brought about."""
    db = tmp_path / "kept.db"
    run("play", write(HEAD + AGREED), "--db", db)
    other = HEAD + LINKS + AGREED.replace("2026-03-09", "2026-03-10")

    document = run("play", write(other.replace('id = "s"', 'id = "t"')), "--json", "--db", db).document
    again = run("play", write(HEAD + AGREED), "--json", "--db", db).document

    assert [[each["lesson"] for each in step["relayed"]] for step in document["steps"]] == [[], ["t--l"]]
    assert again["lessons"]["s--l"]["meeting"]["links"]["tutor"] == "https://school.example/s--l/1?as=tutor"


# Cut short


@attrs.define
class _Dying:
    """A provider whose process is stopped when it is called for the `fatal`th time, before or after the work."""

    provider: Jitsi
    fatal: int
    is_done: bool
    calls: int = 0

    @property
    def name(self) -> str:
        """The name of the provider that stands behind it."""
        return self.provider.name

    def create(self, wanted: MeetingRequest) -> Created:
        """Make the meeting, unless this is the end."""
        self.calls += 1
        made = self.provider.create(wanted) if self.is_done or self.calls != self.fatal else None
        if made is None or self.calls == self.fatal:
            raise KeyboardInterrupt
        return made

    def cancel(self, wanted: MeetingRequest, meeting: Meeting | None) -> None:
        """Have nothing to do."""


def _dying(scenario: Scenario, fatal: int, *, is_done: bool) -> Scenario:
    meetings = scenario.meetings
    assert meetings is not None
    assert isinstance(meetings.provider, Jitsi)
    return attrs.evolve(scenario, meetings=Meetings(meetings.by, _Dying(meetings.provider, fatal, is_done)))


@pytest.mark.parametrize("fatal", [1, 2])
@pytest.mark.parametrize("is_done", [False, True])
def test_a_run_that_ends_in_the_middle_of_a_call_ends_like_an_undisturbed_one(
    fatal: int, is_done: bool, examples: Path, tmp_path: Path
) -> None:
    """The next run takes over the row that was out at once, and makes that meeting at the same instant."""
    scenario = load_scenario(examples / "itutor_no_show.toml")
    undisturbed = open_sqlite(tmp_path / "undisturbed.db")
    expected = as_json(document_of(play_scenario(scenario, undisturbed)))
    undisturbed.close()
    storage = open_sqlite(tmp_path / "kept.db")
    with pytest.raises(KeyboardInterrupt):
        play_scenario(_dying(scenario, fatal, is_done=is_done), storage)
    storage.close()
    storage = open_sqlite(tmp_path / "kept.db")

    resumed = as_json(document_of(play_scenario(scenario, storage)))
    storage.close()

    assert resumed == expected


class _Refusing:
    """A provider that makes no meeting, for good."""

    name = "refusing"

    def create(self, wanted: MeetingRequest) -> Created:
        """Refuse."""
        raise MeetingRefused("no account")

    def cancel(self, wanted: MeetingRequest, meeting: Meeting | None) -> None:
        """Have nothing to take back."""


def test_what_a_provider_refuses_is_told_to_the_lesson(write: Write, tmp_path: Path) -> None:
    """The relay gives up in the same step: `meeting_failed`, with what the provider said as its note."""
    scenario = load_scenario(write(HEAD + LINKS + AGREED))
    assert scenario.meetings is not None
    refusing = attrs.evolve(scenario, meetings=Meetings(scenario.meetings.by, _Refusing()))
    storage = open_sqlite(tmp_path / "kept.db")

    report = play_scenario(refusing, storage)
    storage.close()

    (told,) = report.steps[1].traces.relayed
    assert (told.verb, told.refusal) == ("meeting_failed", None)
    assert '+ rooms: meeting_failed l\n      > still agreed\n        "no account"\n' in timeline_of(report)


def test_a_meeting_that_the_policy_does_not_take_is_told_as_a_refusal(write: Write, tmp_path: Path) -> None:
    """What the relay is refused stands in the step that wanted the meeting; the relay tries again later."""
    scenario = load_scenario(write(HEAD + LINKS + AGREED + CANCELLED))
    process = scenario.process
    states = tuple(
        attrs.evolve(
            state,
            moves=tuple(
                attrs.evolve(move, needs=("reason", "details")) if move.verb == "meeting_ready" else move
                for move in state.moves
            ),
        )
        for state in process.states
    )
    strict = attrs.evolve(scenario, process=attrs.evolve(process, id="strict", states=states))
    storage = open_sqlite(tmp_path / "kept.db")

    report = play_scenario(strict, storage)
    storage.close()

    (told,) = report.steps[1].traces.relayed
    assert told.refusal is not None
    assert told.refusal.code == "missing"
    assert "+ rooms: meeting_ready l\n      ! refused: missing: meeting_ready needs a reason" in timeline_of(report)
