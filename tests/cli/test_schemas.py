"""The JSON Schemas of docs/reference say what the command line takes and gives."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

_ROOT = Path(__file__).resolve().parents[2]
_REFERENCE = _ROOT / "docs" / "reference"
_SCENARIOS = sorted(path.name for path in (_ROOT / "examples").glob("*.toml"))
_SNIPPETS = re.findall(
    r"^```toml\n(.*?)^```$", (_REFERENCE / "scenario.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)


def _schema(name: str) -> Any:
    return json.loads((_REFERENCE / name).read_text(encoding="utf-8"))


def _plain(value: Any) -> Any:
    """TOML data as JSON data: a date and time becomes a text."""
    match value:
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case date():
            return value.isoformat()
        case _:
            return value


def _problems(schema: Any, data: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(schema).iter_errors(data)]


@pytest.mark.parametrize("name", ["scenario.schema.json", "play.schema.json"])
def test_a_schema_is_one(name: str) -> None:
    """Both files are schemas of the draft that they name."""
    Draft202012Validator.check_schema(_schema(name))


@pytest.mark.parametrize("name", _SCENARIOS)
def test_an_example_fits_the_schema_and_so_does_what_comes_of_it(name: str, run: Any, examples: Path) -> None:
    """Every scenario in examples/ is valid data, and its document is as described."""
    data = _plain(tomllib.loads((examples / name).read_text(encoding="utf-8")))

    document = run("play", examples / name, "--json").document

    assert _problems(_schema("scenario.schema.json"), data) == []
    assert _problems(_schema("play.schema.json"), document) == []


@pytest.mark.parametrize("snippet", _SNIPPETS)
def test_a_snippet_of_the_page_fits_the_schema_and_plays(snippet: str, run: Any, tmp_path: Path) -> None:
    """What the reference shows is valid; a fragment is, after the whole scenario that it continues."""
    whole = (
        snippet
        if "schema" in snippet
        else _SNIPPETS[0].replace("[[steps]]\nat = 2026-04-05", snippet + "\n[[steps]]\nat = 2026-04-05")
    )
    file = tmp_path / "scenario.toml"
    file.write_text(whole, encoding="utf-8")

    done = run("play", file)

    assert _problems(_schema("scenario.schema.json"), _plain(tomllib.loads(whole))) == []
    assert done.code == 0


@pytest.mark.parametrize(
    "step",
    [
        {"do": "sweep"},
        {"at": "2026-03-26", "do": "sweep"},
        {"at": "2026-03-26T09:00:00Z", "do": "sweep", "who": "ann"},
        {"at": "2026-03-26T09:00:00Z", "do": "accept", "lesson": "l"},
        {"at": "2026-03-26T09:00:00Z", "do": "accept", "who": "ann"},
        {"at": "2026-03-26T09:00:00Z", "do": "accept", "who": "ann", "lesson": "a--b"},
        {"at": "2026-03-26T09:00:00Z", "do": "accept", "who": "ann", "lesson": "l", "proposal": 0},
        {"at": "2026-03-26T09:00:00Z", "do": "accept", "who": "ann", "lesson": "l", "expect": "no"},
        {"at": "2026-03-26T09:00:00Z", "do": "propose", "who": "ann", "lesson": "l", "price": 2.5},
        {"at": "2026-03-26T09:00:00Z", "do": "propose", "who": "ann", "lesson": "l", "minutes": 1, "duration": "1h"},
        {"at": "2026-03-26T09:00:00Z", "do": "join", "who": "ann", "lesson": "l", "subject": "system"},
        {"at": "2026-03-26T09:00:00Z", "do": "join", "who": "ann", "lesson": "l", "seen": "2026-03-26T09:00:00"},
        {"at": "2026-03-26T09:00:00Z", "do": "resolve", "who": "ann", "lesson": "l", "split": {}},
        {"at": "2026-03-26T09:00:00Z", "do": "resolve", "who": "ann", "lesson": "l", "split": {"payer": "rest"}},
        {"at": "2026-03-26T09:00:00Z", "do": "resolve", "who": "ann", "lesson": "l", "split": {"tutor": "30"}},
        {"at": "2026-03-26T09:00:00Z", "do": "resolve", "who": "ann", "lesson": "l", "blamed": "nobody"},
        {"at": "2026-03-26T09:00:00Z", "do": "report", "who": "ann", "lesson": "l", "remedy": "money"},
        {"at": "2026-03-26T09:00:00Z", "do": "report", "who": "ann", "lesson": "l", "case": "7"},
        {"at": "2026-03-26T09:00:00Z", "do": "dismiss_report", "who": "ann", "report": 1},
        {"at": "2026-03-26T09:00:00Z", "do": "dismiss_report", "who": "ann", "tutor": "tom", "report": 0},
        {"at": "2026-03-26T09:00:00Z", "do": "record_report", "who": "ann", "tutor": "tom", "report": 1, "lesson": "l"},
        {"at": "2026-03-26T09:00:00Z", "do": "reset_counter", "who": "ann", "tutor": "tom"},
        {"at": "2026-03-26T09:00:00Z", "do": "lift", "who": "ann", "tutor": "tom", "effect": "review"},
        {"at": "2026-03-26T09:00:00Z", "do": "show_profile", "who": "ann", "reason": "well"},
        {"at": "2026-03-26T09:00:00Z", "do": "apply_for_withdrawal", "who": "ann", "amount": "1"},
        {"at": "2026-03-26T09:00:00Z", "do": "withdraw_earnings", "who": "ann"},
        {"at": "2026-03-26T09:00:00Z", "do": "spend_earnings", "who": "ann", "amount": "1", "withdrawal": "w"},
        {"at": "2026-03-26T09:00:00Z", "do": "withdrawal_paid", "who": "ann"},
        {"at": "2026-03-26T09:00:00Z", "do": "withdrawal_paid", "who": "ann", "withdrawal": "w", "reason": "x"},
        {"at": "2026-03-26T09:00:00Z", "do": "withdrawal_returned", "who": "ann", "reason": "x"},
        {"at": "2026-03-26T09:00:00Z", "do": "top_up", "who": "ann"},
        {"at": "2026-03-26T09:00:00Z", "do": "top_up", "who": "ann", "amount": "-1"},
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(step: dict[str, object]) -> None:
    """A step that cannot be played is no valid data either."""
    data = {"schema": 1, "id": "s", "policy": "italki", "parties": {"ann": {"zone": "UTC"}}, "steps": [step]}

    assert _problems(_schema("scenario.schema.json"), data) != []


@pytest.mark.parametrize(
    "part",
    [
        {"parties": {"tom": {"zone": "UTC", "permissions": ["Not A Word"]}}},
        {"parties": {"tom": {"zone": "UTC", "grants": ["tutor"]}}},
        {"parties": {"tom": {"zone": "UTC", "schedule": {"weekly": {"mon": []}}}}},
        {"parties": {"tom": {"zone": "UTC", "schedule": {"weekly": {"monday": ["9:00-10:00"]}}}}},
        {"parties": {"tom": {"zone": "UTC", "schedule": {"blackouts": [{"from": "2026-01-01"}]}}}},
        {"parties": {"tom": {"zone": "UTC", "schedule": {"busy": []}}}},
        {"meetings": {"provider": "zoom"}},
        {"meetings": {"provider": "jitsi"}},
        {"meetings": {"provider": "jitsi", "secret": "0123456789abcdef", "template": "https://x.example/{lesson}"}},
        {"meetings": {"provider": "link", "template": "ftp://x.example/{lesson}"}},
    ],
)
def test_the_schema_refuses_parties_and_meetings_that_the_reader_refuses(part: dict[str, object]) -> None:
    """What stands beside the steps is checked as well."""
    data = {"schema": 1, "id": "s", "policy": "italki", "parties": {"ann": {"zone": "UTC"}}, "steps": [], **part}

    assert _problems(_schema("scenario.schema.json"), data) != []


def test_the_schema_takes_every_schedule_of_the_examples() -> None:
    """A schedule file's keys, but those that only its own command reads, may stand in a party's table."""
    for path in sorted((_ROOT / "examples" / "schedules").glob("*.toml")):
        data = _plain(tomllib.loads(path.read_text(encoding="utf-8")))
        schedule = {key: value for key, value in data.items() if key not in ("schema", "busy")}
        parties = {"tom": {"zone": "UTC", "schedule": schedule}}
        whole = {"schema": 1, "id": "s", "policy": "italki", "parties": parties, "steps": []}

        assert _problems(_schema("scenario.schema.json"), whole) == [], path.name


def test_the_schema_knows_every_refusal() -> None:
    """The codes that a step may expect are those there are."""
    from tutorcore.lessons.refusals import PRECEDENCE

    step = _schema("scenario.schema.json")["$defs"]["step"]

    assert step["properties"]["expect"]["enum"] == ["ok", *PRECEDENCE]
