"""Which verbs of a policy can use which keys of a step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from tutorcore.cli.verbs import verbs_of
from tutorcore.policy.codec import load_preset
from tutorcore.policy.parsing import parse_guard
from tutorcore.policy.process import Move, Need, Process

FACT = {"subject", "seen", "source", "details"}


@pytest.mark.parametrize(
    ("preset", "verb", "proposes", "says"),
    [
        ("itutor", "request", True, set()),
        ("itutor", "propose", True, set()),
        ("itutor", "accept", False, set()),
        ("itutor", "join", False, FACT),
        ("itutor", "leave", False, FACT),
        ("itutor", "review", False, FACT),
        ("itutor", "meeting_ready", False, FACT),
        ("itutor", "meeting_failed", False, set()),
        ("itutor", "claim_no_show", False, set()),
        ("itutor", "resolve", False, {"split", "blamed"}),
        ("tutorful", "claim_no_show", False, {"details"}),
        ("tutorful", "charge", False, {"split", "blamed"}),
        ("cafetalk", "claim_no_show", False, {"split", "blamed"}),
        ("italki", "reschedule", True, set()),
        ("italki", "report", False, {"remedy", "split", "details"}),
        ("italki", "propose_remedy", False, {"remedy", "split", "details"}),
        ("italki", "accept", False, set()),
        ("italki", "evidence", False, {"details"}),
        ("italki", "refund", False, {"split", "blamed"}),
    ],
)
def test_the_rows_of_a_policy_show_what_its_verbs_can_use(
    preset: str, verb: str, proposes: bool, says: set[str]
) -> None:
    """What reports, what needs details and what decides a split is read off the table."""
    found = verbs_of(load_preset(preset))[verb]

    assert (found.name, found.proposes, set(found.says)) == (verb, proposes, says)


def test_every_verb_of_the_table_is_known() -> None:
    """In the order of the table, the opening one first."""
    process = load_preset("itutor")

    assert tuple(verbs_of(process)) == process.verbs


@pytest.mark.parametrize(
    ("needs", "when", "says"),
    [
        ((), 'blamed == "tutor"', {"blamed"}),
        (("split",), None, {"split", "blamed"}),
        (("details", "reason"), None, {"details"}),
    ],
)
def test_a_process_of_one_s_own_is_read_like_any_other(
    needs: tuple[Need, ...], when: str | None, says: set[str]
) -> None:
    """Guards that ask who is blamed, and needs, count wherever they stand."""
    process = _with_move(Move("settle", ("operator",), "stay", parse_guard(when) if when else None, needs=needs))

    assert verbs_of(process)["settle"].says == says


def _with_move(move: Move) -> Process:
    process = load_preset("italki")
    states = tuple(
        attrs.evolve(state, moves=(*state.moves, move)) if state.name == "agreed" else state for state in process.states
    )
    return attrs.evolve(process, states=states)


_AGREED = """\
schema = 1
id = "s"
policy = "mine.toml"
[parties.ann]
zone = "UTC"
wallet = "300.0"
[parties.tom]
zone = "UTC"
permissions = ["meeting_provider"]
[parties.olga]
zone = "UTC"
grants = ["operator"]
[[steps]]
at = 2026-03-26T09:00:00Z
who = "ann"
do = "request"
lesson = "l"
tutor = "tom"
start = 2026-03-30T16:00:00Z
minutes = 60
price = "25.0"
details = { topic = "verbs" }
[[steps]]
at = 2026-03-26T10:00:00Z
who = "tom"
do = "accept"
lesson = "l"
proposal = 1
"""


def test_details_that_a_verb_needs_are_its_own(run: Any, write: Callable[[str], Path], tmp_path: Path) -> None:
    """Where a move that proposes needs details, they are kept with the command, and those of the terms stay."""
    (tmp_path / "mine.toml").write_text(
        'extends = "italki"\nid = "mine"\nchange.override = { by = ["operator"], needs = ["reason", "details"] }\n'
    )
    imposed = """\
[[steps]]
at = 2026-03-27T10:00:00Z
who = "olga"
do = "reschedule"
lesson = "l"
start = 2026-03-31T16:00:00Z
reason = "strike"
details = { ticket = "77" }
"""

    document = run("play", write(_AGREED + imposed), "--json").document
    without = run("play", write(_AGREED + imposed.replace('details = { ticket = "77" }\n', "")), "--json").document

    event = document["steps"][2]["events"][-1]
    assert event["said"]["details"] == {"ticket": "77"}
    assert (event["terms"]["start"], event["terms"]["details"]) == ("2026-03-31T16:00:00Z", {"topic": "verbs"})
    assert without["steps"][2]["refusal"]["facts"]["needs"] == "details"


def test_evidence_that_a_claim_needs_is_told(run: Any, write: Callable[[str], Path], tmp_path: Path) -> None:
    """The details of a claim stand in the timeline under its step."""
    (tmp_path / "mine.toml").write_text('extends = "tutorful"\nid = "mine"\n')
    tutorful = _AGREED.replace('"300.0"', '"300.00"').replace('"25.0"', '"25.00"')
    claimed = """\
[[steps]]
at = 2026-03-30T16:15:00Z
who = "tom"
do = "claim_no_show"
lesson = "l"
details = { screenshot = "https://x.example/1" }
"""
    asked = tutorful.replace('who = "ann"\ndo = "request"', 'who = "tom"\ndo = "request"\nstudent = "ann"').replace(
        'who = "tom"\ndo = "accept"', 'who = "ann"\ndo = "accept"'
    )

    done = run("play", write(asked + claimed))

    assert done.code == 0
    assert "        screenshot https://x.example/1\n" in done.out
