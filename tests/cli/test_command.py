"""The command itself: what can be typed, and how it ends."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tutorcore.calendar.zones.wall_time import tzdata_version
from tutorcore.policy.codec import content_hash, load_policy, load_preset
from tutorcore.policy.presets import preset_text

_PROGRAM = "import sys; from tutorcore.cli import main; sys.exit(main(sys.argv[1:]))"
_COMMAND = [sys.executable, "-P", "-W", "error", "-c", _PROGRAM]


def test_the_version_names_the_time_zone_database_too(run: Any) -> None:
    """--version prints what one needs to tell why two machines differ."""
    done = run("--version")

    assert done == (0, f"tutorcore {version('tutorcore')}, time zones of tzdata {tzdata_version()}\n", "")


@pytest.mark.parametrize(
    "arguments", [[], ["plya"], ["play"], ["play", "a", "b"], ["policy"], ["demo", "--loud"], ["ledger"]]
)
def test_a_command_that_cannot_be_understood_ends_with_2(arguments: list[str], run: Any) -> None:
    """Usage goes to standard error."""
    done = run(*arguments)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("usage: tutorcore")


def test_help_names_every_command(run: Any) -> None:
    """--help is no mistake."""
    done = run("--help")

    assert done.code == 0
    assert all(verb in done.out for verb in ("play", "demo", "policy", "standing", "ledger"))


# Policies


def test_the_policies_in_the_box_are_listed(run: Any) -> None:
    """A line for each, with its currency and its hash."""
    text, document = run("policy", "list"), run("policy", "list", "--json").document

    hash = content_hash(load_preset("italki"))
    assert f"italki@2018-02  ITC {hash}".split() in [line.split() for line in text.out.splitlines()]
    assert [each["hash"] for each in document["policies"] if each["policy"] == "italki"] == [hash]


def test_a_policy_is_shown_as_its_author_wrote_it(run: Any) -> None:
    """The preset's own file, comments included."""
    done = run("policy", "show", "italki")

    assert done == (0, preset_text("italki"), "")


def test_a_compiled_policy_is_a_policy_again(run: Any) -> None:
    """What --compiled prints can be loaded, and is the same process."""
    done = run("policy", "show", "italki", "--compiled")

    assert load_policy(done.out) == load_preset("italki")


def test_a_policy_file_is_shown_with_the_hash_of_what_it_becomes(run: Any, examples: Path) -> None:
    """A file is named by its path; JSON has its text, or its table as data."""
    file = examples / "policies" / "italki_24h.toml"

    plain, compiled = (run("policy", "show", file, "--json", *more).document for more in ([], ["--compiled"]))

    assert plain["text"] == file.read_text(encoding="utf-8")
    assert (plain["id"], plain["currency"], plain["compiled"]) == ("italki-24h", "ITC", False)
    assert plain["hash"] == compiled["hash"] != content_hash(load_preset("italki"))
    (timeout,) = compiled["table"]["state"]["requested"]["timeout"]
    assert timeout["at"] == "earliest(asked + 24h, lesson.start)"


def test_every_mistake_of_a_policy_file_is_told(run: Any, tmp_path: Path) -> None:
    """Unknown keys and unreadable expressions come together, with line and suggestion, and end with 2."""
    file = tmp_path / "mine.toml"
    file.write_text('extends = "italki"\nid = "mine"\nrequest.anser_by = "x"\n[fees]\ncommission = "15"\n')

    text, document = run("policy", "show", file), run("policy", "show", file, "--json")

    assert (text.code, document.code) == (2, 2)
    assert f"{file}:3:" in text.err
    assert "did you mean 'answer_by'?" in text.err
    assert [each["line"] for each in document.document["mistakes"]] == [3, 5]


def test_an_unknown_policy_is_refused_with_a_suggestion(run: Any, tmp_path: Path) -> None:
    """A name that is near is suggested; a file that is not there is told."""
    name, file = run("policy", "show", "italky"), run("policy", "show", tmp_path / "absent.toml")

    assert (name.code, file.code) == (2, 2)
    assert "did you mean 'italki'?" in name.err
    assert "unknown policy file" in file.err


# The demo, and processes of one's own


def test_the_demo_plays_the_italki_scenarios(run: Any) -> None:
    """Timelines one after the other, all as expected; with --json a list of documents."""
    text, document = run("demo"), run("demo", "--json")

    ids = [each["scenario"] for each in document.document["scenarios"]]
    assert (text.code, document.code) == (0, 0)
    assert ids == ["italki-lesson", "itk-19-expiry", "itk-9-student-lapse", "italki-24h-lesson"]
    assert all(each["as_expected"] for each in document.document["scenarios"])
    assert all(each["title"] in text.out for each in document.document["scenarios"])


def test_the_demo_works_in_an_empty_folder(tmp_path: Path) -> None:
    """A process of its own, started anywhere, plays it without a warning and leaves nothing behind."""
    done = subprocess.run([*_COMMAND, "demo"], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")

    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_is_no_mistake(tmp_path: Path) -> None:
    """Output into a closed pipe ends quietly, with the code that the command has anyway."""
    command = subprocess.Popen([*_COMMAND, "demo"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert command.stdout is not None
    command.stdout.close()
    assert command.stderr is not None
    complaint = command.stderr.read()
    command.stderr.close()

    assert (command.wait(), complaint) == (0, b"")


def test_output_that_the_terminal_cannot_show_is_escaped(tmp_path: Path, examples: Path) -> None:
    """A title in another script does not break an ASCII terminal."""
    file = tmp_path / "scenario.toml"
    text = (examples / "italki_lesson.toml").read_text(encoding="utf-8")
    file.write_text(text.replace("An italki lesson", "Ein Gespräch"), encoding="utf-8")

    done = subprocess.run(
        [*_COMMAND, "play", str(file)], env={"PYTHONIOENCODING": "ascii"}, capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Ein Gespr\\xe4ch")
