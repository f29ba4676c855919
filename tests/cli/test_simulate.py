"""`tutorcore simulate`: the table, the document, the rows, and what is said meanwhile."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Any

import pytest

from tutorcore.calendar.zones.wall_time import tzdata_version
from tutorcore.cli.simulate import Wanted, simulate_study
from tutorcore.policy.codec import content_hash, load_preset

_STUDY = """\
schema = 1
name = "small"
seed = 7
replications = 2
from = 2026-03-02T00:00:00Z
days = 4
policies = ["italki", "preply"]

[people]
tutors = 3
students = 6

[requests]
per_day = 5
lead = "3d"
duration = "1h"
price = "20"

[[turn]]
role = "tutor"
after = { exponential = "30h" }
does = { accept = 0.9 }
"""
_STUDIES = sorted((Path(__file__).resolve().parents[2] / "examples" / "studies").glob("*.toml"))


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study of four runs."""
    file = tmp_path / "small.toml"
    file.write_text(_STUDY, encoding="utf-8")
    return file


def _measures(document: Any, policy: int) -> dict[tuple[str, str], Any]:
    return {(each["group"], each["name"]): each for each in document["policies"][policy]["measures"]}


# The table


def test_the_table_says_what_was_simulated_and_what_came_of_each_policy(run: Any, study: Path) -> None:
    """The first policy has means, the others differences to it as well."""
    done = run("simulate", study, "--workers", "1")

    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[:3] == [
        "small: 2 replications of 4 days from Mon 2026-03-02 00:00:00Z, seed 7",
        f"3 tutors, 6 students, 5 requests a day on the average; time zones of tzdata {tzdata_version()}",
        "",
    ]
    assert "italki (italki@2018-02, ITC)" in lines
    assert "preply (preply@2024, USD), beside italki" in lines
    heads = [line.split() for line in lines if "interval" in line]
    assert heads == [["mean", "95%", "interval"], ["mean", "95%", "interval", "difference", "95%", "interval"]]
    assert lines[-2].startswith("The books of every run balance: ")
    assert lines[-1].startswith("digest ")


def test_amounts_of_another_currency_have_no_difference(run: Any, study: Path) -> None:
    """Dollars less ITC are nothing."""
    lines = run("simulate", study, "--workers", "1").out.splitlines()

    ((_, dollars), (_, shares)) = (
        [line.split() for line in lines if name in line] for name in ("student pays", "took place")
    )
    assert len(dollars) == len(["student", "pays", "mean", "low", "to", "high"])
    assert len(shares) == len(["took", "place", "mean", "low", "to", "high", "difference", "low", "to", "high"])


def test_of_one_replication_no_interval_is_known(run: Any, study: Path) -> None:
    """It is said so."""
    out = run("simulate", study, "--workers", "1", "--replications", "1").out

    assert out.startswith("small: 1 replication of 4 days")
    assert "unknown" in out


@pytest.mark.parametrize("path", _STUDIES, ids=lambda path: path.stem)
def test_every_study_in_the_examples_runs_and_fits_the_width(path: Path, run: Any) -> None:
    """In short, and no line is longer than those of other commands."""
    done = run("simulate", path, "--workers", "1", "--replications", "2")

    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 100


# The document


def test_the_document_has_everything_for_programs(run: Any, study: Path) -> None:
    """The same numbers, not rounded."""
    document = run("simulate", study, "--workers", "1", "--json").document

    assert {key: document[key] for key in ("study", "seed", "replications", "from", "days", "confidence")} == {
        "study": "small",
        "seed": 7,
        "replications": 2,
        "from": "2026-03-02T00:00:00Z",
        "days": 4,
        "confidence": 0.95,
    }
    first, second = document["policies"]
    assert (first["policy"], first["name"], first["currency"]) == ("italki", "italki@2018-02", "ITC")
    assert first["hash"] == content_hash(load_preset("italki"))
    share = _measures(document, 1)["requests", "took place"]
    assert share["kind"] == "share"
    assert share["low"] < share["mean"] < share["high"]
    assert share["difference"]["replications"] == 2
    assert _measures(document, 1)["money", "tutor gets"]["difference"] is None
    assert _measures(document, 0)["requests", "took place"]["difference"] is None
    assert second["entries"] > 0


def test_another_seed_is_another_world_and_the_same_seed_the_same(run: Any, study: Path) -> None:
    """To the byte."""
    once, again = (run("simulate", study, "--json", "--workers", "1") for _ in range(2))
    other = run("simulate", study, "--json", "--workers", "1", "--seed", "8")

    assert once.out == again.out
    assert other.document["seed"] == 8
    assert other.document["digest"] != once.document["digest"]


# The rows


def test_rows_have_a_line_for_every_lesson_under_every_policy(run: Any, study: Path, tmp_path: Path) -> None:
    """The same lessons under each, in one order."""
    rows = tmp_path / "rows.csv"

    document = run("simulate", study, "--json", "--workers", "1", "--rows", rows).document

    found = list(csv.DictReader(io.StringIO(rows.read_text(encoding="utf-8"), newline="")))
    keys = [(row["replication"], row["policy"], row["lesson"], row["asked"]) for row in found]
    wanted = _measures(document, 0)["requests", "lessons wanted"]["mean"] * 2
    assert len([key for key in keys if key[1] == "italki"]) == wanted
    assert [key[2:] for key in keys if key[1] == "italki"] == [key[2:] for key in keys if key[1] == "preply"]
    assert len(set(keys)) == len(keys)


def test_rows_that_cannot_be_written_are_said_so_before_anything_is_run(run: Any, study: Path, tmp_path: Path) -> None:
    """There is no such folder."""
    done = run("simulate", study, "--rows", tmp_path / "none" / "rows.csv")

    assert (done.code, done.out) == (2, "")
    assert done.err.rstrip().endswith("rows.csv cannot be written: No such file or directory")


def test_the_study_is_not_written_over(run: Any, study: Path) -> None:
    """Whoever names it twice keeps it."""
    done = run("simulate", study, "--rows", study)

    assert (done.code, done.out) == (2, "")
    assert "it is the study" in done.err
    assert study.read_text(encoding="utf-8") == _STUDY


def test_the_study_is_not_written_over_by_another_name_of_it(run: Any, study: Path, tmp_path: Path) -> None:
    """Nor a policy that it names, or may name."""
    link, policy = tmp_path / "link", tmp_path / "policy.toml"
    link.symlink_to(study)

    assert "it is the study" in run("simulate", study, "--rows", link).err
    assert "policy or a study by its name" in run("simulate", study, "--rows", policy).err
    assert not policy.exists()


def test_a_name_that_no_file_can_have_is_refused(run: Any, study: Path) -> None:
    """With a message and not with a traceback."""
    done = run("simulate", study, "--rows", "a\0b")

    assert (done.code, done.out) == (2, "")
    assert "cannot be written" in done.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only some systems have a full device")
def test_a_full_disk_ends_it_with_a_message(run: Any, study: Path) -> None:
    """No half of a table is printed."""
    done = run("simulate", study, "--workers", "1", "--rows", "/dev/full")

    assert (done.code, done.out) == (2, "")
    assert "/dev/full cannot be written" in done.err


# Progress


def test_progress_goes_to_standard_error(run: Any, study: Path) -> None:
    """A line for every tenth part, and nothing of it in the output."""
    done = run("simulate", study, "--workers", "1", "--replications", "10")

    lines = done.err.splitlines()
    assert lines == [f"run {count} of 20" for count in range(2, 21, 2)]
    assert "run " not in done.out.replace("every run balance", "")


def test_on_a_terminal_progress_is_one_line_that_is_wiped_away(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it is left in the end."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)

    simulate_study(Wanted(str(study), workers=1), json=False)

    assert screen.getvalue() == "".join(f"\rrun {count} of 4" for count in range(1, 5)) + "\r\033[K"


# What is wrong


def test_all_mistakes_of_a_study_are_shown_at_once(run: Any, study: Path) -> None:
    """Each with its line; nothing is run."""
    study.write_text(_STUDY.replace("tutors = 3", "tutors = 0").replace("accept", "acept"), encoding="utf-8")

    done = run("simulate", study)
    document = run("simulate", study, "--json").document

    assert (done.code, done.out) == (2, "")
    assert "did you mean 'accept'?" in done.err
    assert [mistake["path"] for mistake in document["mistakes"]] == ["people.tutors", "turn[0].does.acept"]


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--seed", "-1", "seed is -1"),
        ("--replications", "0", "replications is 0"),
        ("--workers", "0", "workers is 0"),
        ("--workers", "1000", "workers is 1000"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused(option: str, value: str, said: str, run: Any, study: Path) -> None:
    """With what would do."""
    done = run("simulate", study, f"{option}={value}")

    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_names_that_steer_a_terminal_are_shown_as_escapes(run: Any, study: Path, tmp_path: Path) -> None:
    """A policy may be somebody else's file."""
    (tmp_path / "p\x1b[2J.toml").write_text('extends = "italki"\nid = "p"\n')
    study.write_text(_STUDY.replace('"preply"', '"./p\\u001b[2J.toml"'), encoding="utf-8")

    done = run("simulate", study, "--workers", "1")

    assert done.code == 0
    assert "\x1b" not in done.out
    assert "p\\x1b[2J.toml" in done.out


@pytest.mark.skipif(os.cpu_count() == 1, reason="with one processor there is nothing to share")
def test_processes_are_shared_out_by_themselves(run: Any, study: Path) -> None:
    """Without --workers there is one for each processor, and the same comes of it."""
    assert run("simulate", study, "--json").out == run("simulate", study, "--json", "--workers", "1").out
