"""Playing scenarios: what is told, and what happens when a run is repeated."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.calendar.zones.wall_time import tzdata_version
from tutorcore.cli.answer import as_json
from tutorcore.cli.document import document_of
from tutorcore.cli.reading import load_scenario
from tutorcore.cli.running import play_part, play_scenario

_HERE = Path(__file__).resolve().parent
_EXAMPLES = _HERE.parents[1] / "examples"
_SCENARIOS = sorted(path.name for path in _EXAMPLES.glob("*.toml"))

REQUEST = """
[[steps]]
at = 2026-03-26T09:00:00Z
who = "ann"
do = "request"
lesson = "l"
tutor = "tom"
start = 2026-03-30T16:00:00Z
minutes = 60
price = "25.0"
"""
ACCEPT = """
[[steps]]
at = 2026-03-26T10:00:00Z
who = "tom"
do = "accept"
lesson = "l"
proposal = 1
"""


def _step(document: Any, number: int) -> Any:
    return document["steps"][number - 1]


def test_the_timeline_of_a_scenario_is_readable(run: Any, examples: Path) -> None:
    """The text shows every step in UTC and on both clocks, timeouts with their stamp, reasons, lessons and books."""
    expected = (_HERE / "itk_9_student_lapse.txt").read_text(encoding="utf-8")

    done = run("play", examples / "itk_9_student_lapse.toml")

    shown = re.sub(r"\([0-9a-f]{12}\)", "(HASH)", done.out.replace(tzdata_version(), "TZDATA"))
    assert (done.code, done.err) == (0, "")
    assert shown == expected


@pytest.mark.parametrize("name", _SCENARIOS)
def test_no_line_of_a_timeline_is_longer_than_a_hundred_columns(name: str, run: Any, examples: Path) -> None:
    """A timeline fits a terminal, and no line ends in blanks."""
    lines = run("play", examples / name).out.splitlines()

    assert [line for line in lines if len(line) > 100 or line != line.rstrip()] == []


def test_itk_19_a_silent_request_expires_at_its_deadline_however_late_the_sweep(run: Any, examples: Path) -> None:
    """ITK-19: first swept three minutes late, the expiry is stamped 20:33:00 exactly."""
    document = run("play", examples / "itk_19_expiry.toml", "--json").document

    (event,) = _step(document, 8)["events"]
    assert (event["lesson"], event["timeout"], event["state"]) == ("itk-19-expiry--silent", True, "expired")
    assert (event["at"], event["recorded_at"]) == ("2018-02-10T20:33:00Z", "2018-02-10T20:36:00Z")
    assert (event["fault"], event["mark"], event["marked"]) == ("tutor", "missed_request", "tom")
    assert event["legs"] == [{"role": "payer", "minor": 200}]
    assert event["held"] == 0


@pytest.mark.parametrize(("number", "at"), [(6, "2018-02-10T20:33:00Z"), (7, "2018-02-10T20:34:00Z")])
def test_itk_19_an_answer_at_or_after_the_deadline_is_refused_though_no_sweep_had_run(
    number: int, at: str, run: Any, examples: Path
) -> None:
    """ITK-19: at the deadline itself, and a minute later, the request has expired before the answer is decided."""
    step = _step(run("play", examples / "itk_19_expiry.toml", "--json").document, number)

    assert (step["at"], step["ok"], step["refusal"]["code"]) == (at, False, "not_open")
    assert step["refusal"]["facts"]["state"] == "expired"
    (event,) = step["events"]
    assert (event["timeout"], event["at"], event["recorded_at"]) == (True, "2018-02-10T20:33:00Z", at)


def test_itk_19_an_answer_a_second_before_the_deadline_counts(run: Any, examples: Path) -> None:
    """ITK-19: at 20:32:59 the request is still open."""
    document = run("play", examples / "itk_19_expiry.toml", "--json").document

    assert _step(document, 5)["ok"]
    assert document["lessons"]["itk-19-expiry--in-time"]["state"] == "agreed"
    assert document["lessons"]["itk-19-expiry--in-time"]["deadline"]["text"] == "lesson.start"


def test_itk_9_a_student_s_silence_is_not_the_teacher_s_fault(run: Any, examples: Path) -> None:
    """ITK-9: a counter-offer that the student lets lapse blames the student and marks nobody."""
    document = run("play", examples / "itk_9_student_lapse.toml", "--json").document

    (event,) = _step(document, 5)["events"]
    assert (event["from"], event["state"], event["fault"], event["mark"]) == ("proposed", "expired", "student", None)
    assert event["at"] == "2026-10-25T18:00:00Z"


def test_itk_9_mirrored_a_teacher_s_silence_is_marked(run: Any, examples: Path) -> None:
    """ITK-9, the other way round: the teacher owed the answer, is blamed and gets the mark."""
    document = run("play", examples / "itk_9_student_lapse.toml", "--json").document

    (event,) = _step(document, 4)["events"]
    assert (event["from"], event["state"], event["fault"]) == ("requested", "expired", "tutor")
    assert (event["mark"], event["marked"]) == ("missed_request", "lea")


def test_itk_11_the_whole_way_pays_the_teacher_the_price_less_the_fee(run: Any, examples: Path) -> None:
    """ITK-11: of 30.0 ITC the teacher has 25.5 and the platform 4.5; the books balance in both currencies."""
    document = run("play", examples / "italki_lesson.toml", "--json").document

    lesson = document["lessons"]["italki-lesson--conversation"]
    assert (lesson["state"], lesson["over"], lesson["held"], lesson["deadline"]) == ("completed", True, 0, None)
    assert lesson["split"] == {"student": 0, "tutor": 255, "platform": 45}
    assert {"account": "Liabilities:Tutors:Tom:Available", "currency": "ITC", "minor": 255} in document["balances"]
    assert all(total["debit"] == total["credit"] for total in document["trial_balance"]["totals"])
    assert {total["currency"] for total in document["trial_balance"]["totals"]} == {"ITC", "USD"}


def test_a_deadline_tells_its_reason(run: Any, examples: Path) -> None:
    """A deadline names the branch that won, the whole expression, and the instants it was reckoned from."""
    document = run("play", examples / "italki_24h_lesson.toml", "--json").document

    first, second = (_step(document, number)["events"][-1]["deadline"] for number in (1, 3))
    assert first == {
        "at": "2026-05-05T08:00:00Z",
        "state": "requested",
        "branch": 0,
        "text": "asked + 24h",
        "whole": "earliest(asked + 24h, lesson.start)",
        "anchors": {"asked": "2026-05-04T08:00:00Z"},
        "then": "expired",
    }
    assert (second["branch"], second["text"], second["at"]) == (1, "lesson.start", "2026-05-05T16:00:00Z")


def test_an_open_change_has_a_deadline_of_its_own(run: Any, write: Callable[[str], Path]) -> None:
    """Beside an agreed lesson, the change's deadline and the lesson's own are both told; the nearer comes next."""
    change = """
[[steps]]
at = 2026-03-26T11:00:00Z
who = "tom"
do = "propose"
lesson = "l"
start = 2026-04-01T16:00:00Z
"""
    document = run("play", write(REQUEST + ACCEPT + change), "--json").document

    lesson = document["lessons"]["s--l"]
    assert (lesson["state"], lesson["turn"], lesson["terms"]["number"]) == ("agreed", "student", 1)
    assert (lesson["change"]["state"], lesson["change"]["terms"]["number"]) == ("change_by_tutor", 2)
    assert lesson["change"]["deadline"]["at"] == "2026-03-28T11:00:00Z"
    assert lesson["change"]["deadline"]["anchors"] == {"asked": "2026-03-26T11:00:00Z"}
    assert lesson["deadline"] == lesson["change"]["deadline"]


def test_a_process_of_one_s_own_is_played_like_any_other(run: Any, examples: Path) -> None:
    """States, verbs and splits of an integrator's table come out in the document."""
    document = run("play", examples / "own_process_visit.toml", "--json").document

    states = {lesson["name"]: (lesson["state"], lesson["split"]) for lesson in document["lessons"].values()}
    assert states == {
        "grand": ("paid", {"student": 7250, "tutor": 6525, "platform": 725}),
        "upright": ("called_off", {"student": 4500, "tutor": 4050, "platform": 450}),
        "harpsichord": ("unanswered", {"student": 0, "tutor": 0, "platform": 0}),
    }
    assert document["as_expected"]


# Repeating


@pytest.mark.parametrize("name", _SCENARIOS)
def test_a_repeated_run_prints_the_same_bytes(name: str, run: Any, examples: Path, tmp_path: Path) -> None:
    """A second run on the same database, and a run on another one, give the same document."""
    db = tmp_path / "kept.db"

    first = run("play", examples / name, "--json", "--db", db)
    again = run("play", examples / name, "--json", "--db", db)
    elsewhere = run("play", examples / name, "--json")

    assert first == again == elsewhere
    assert first.code == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", _SCENARIOS)
def test_an_interrupted_run_ends_like_an_undisturbed_one(name: str, examples: Path, tmp_path: Path) -> None:
    """Wherever a run stops, the next one on the same store does the rest and reports the same."""
    scenario = load_scenario(examples / name)
    undisturbed = as_json(document_of(play_scenario(scenario, MemoryStorage())))

    for steps in range(len(scenario.steps) + 1):
        storage = open_sqlite(tmp_path / f"{steps}.db")
        play_part(scenario, storage, steps)
        storage.close()
        storage = open_sqlite(tmp_path / f"{steps}.db")
        resumed = as_json(document_of(play_scenario(scenario, storage)))
        storage.close()

        assert resumed == undisturbed, f"stopped after {steps} steps"


def test_a_step_rewritten_between_two_runs_is_refused(run: Any, write: Callable[[str], Path], tmp_path: Path) -> None:
    """A key stands for a position: what was done there is not done otherwise afterwards, and nothing is changed."""
    db = tmp_path / "kept.db"
    first = run("play", write(REQUEST + ACCEPT), "--json", "--db", db).document

    decline = ACCEPT.replace('"accept"', '"decline"').replace("proposal = 1\n", "")
    done = run("play", write(REQUEST + decline), "--json", "--db", db)

    step = _step(done.document, 2)
    assert done.code == 1
    assert step["refusal"]["code"] == "key_reused"
    assert step["refusal"]["facts"]["before"] == "accept at 2026-03-26T10:00:00Z"
    assert step["events"] == []
    assert done.document["balances"] == first["balances"]


@pytest.mark.parametrize(
    ("change", "number"),
    [
        (("2026-03-26T10:00:00Z", "2026-03-26T10:30:00Z"), 2),
        (('do = "accept"\nlesson = "l"\nproposal = 1', 'do = "top_up"\namount = "1.0"'), 2),
        (('who = "tom"\ndo = "accept"\nlesson = "l"\nproposal = 1', 'do = "sweep"'), 2),
        (('do = "sweep"', 'who = "tom"\ndo = "top_up"\namount = "1.0"'), 3),
        (("2026-04-30T00:00:00Z", "2026-04-30T00:00:01Z"), 3),
    ],
    ids=["another instant", "another verb", "now a sweep", "a sweep before", "a sweep at another instant"],
)
def test_a_moved_step_is_noticed_as_well(
    change: tuple[str, str], number: int, run: Any, write: Callable[[str], Path], tmp_path: Path
) -> None:
    """The instant of a step and its being a sweep belong to it, although no command's content has them."""
    sweep = '[[steps]]\nat = 2026-04-30T00:00:00Z\ndo = "sweep"\n'
    text, db = REQUEST + ACCEPT + sweep, tmp_path / "kept.db"
    assert run("play", write(text), "--db", db).code == 0

    done = run("play", write(text.replace(*change)), "--json", "--db", db)

    assert done.code == 1
    assert _step(done.document, number)["refusal"]["code"] == "key_reused"


def test_a_refilled_wallet_is_noticed(run: Any, write: Callable[[str], Path], tmp_path: Path) -> None:
    """A wallet that the scenario now fills otherwise is refused, in both forms of output."""
    file, db = write(REQUEST), tmp_path / "kept.db"
    assert run("play", file, "--db", db).code == 0
    file.write_text(file.read_text().replace('wallet = "30.0"', 'wallet = "31.0"'))

    text, document = run("play", file, "--db", db), run("play", file, "--db", db, "--json")

    assert (text.code, document.code) == (1, 1)
    assert "*** Not as expected: the wallet of ann" in text.out
    assert document.document["wallets"][0]["refusal"]["code"] == "key_reused"


def test_a_sweep_is_not_run_again_when_its_time_is_over(run: Any, write: Callable[[str], Path], tmp_path: Path) -> None:
    """Events of a sweep stay those that it caused, also when it is repeated after everything else."""
    grace = '[[steps]]\nat = 2026-03-28T09:10:00Z\ndo = "sweep"\ngrace = "30m"\n'
    late = '[[steps]]\nat = 2026-03-28T09:30:00Z\ndo = "sweep"\ngrace = "30m"\n'
    file, db = write(REQUEST + grace + late), tmp_path / "kept.db"

    first = run("play", file, "--json", "--db", db)
    again = run("play", file, "--json", "--db", db)

    assert first == again
    assert [len(step["events"]) for step in first.document["steps"]] == [1, 0, 1]


def test_what_is_due_by_the_end_has_happened(run: Any, write: Callable[[str], Path]) -> None:
    """After the last step everything due is applied, so that no lesson is told in a state that it has left."""
    other = '[[steps]]\nat = 2026-03-29T00:00:00Z\nwho = "tom"\ndo = "top_up"\namount = "1.0"\n'

    done = run("play", write(REQUEST + other), "--json")

    (event,) = done.document["closing"]["events"]
    assert (event["at"], event["recorded_at"]) == ("2026-03-28T09:00:00Z", "2026-03-29T00:00:00Z")
    assert done.document["lessons"]["s--l"]["state"] == "expired"
    assert "what is due by now happens" in run("play", write(REQUEST + other)).out


def test_two_scenarios_may_share_a_database(run: Any, write: Callable[[str], Path], tmp_path: Path) -> None:
    """The second one adds to the books of the first; each tells its own lessons."""
    db = tmp_path / "kept.db"
    file = write(REQUEST)
    run("play", file, "--db", db)
    file.write_text(file.read_text().replace('id = "s"', 'id = "t"').replace("2026-03-30T16", "2026-03-31T16"))

    done = run("play", file, "--json", "--db", db)

    assert done.code == 0
    assert list(done.document["lessons"]) == ["t--l"]
    assert {"account": "Liabilities:Escrow:S--l:Cash", "currency": "ITC", "minor": 250} in done.document["balances"]


# Refusals


def test_a_refusal_that_nobody_foresees_ends_with_1(run: Any, write: Callable[[str], Path]) -> None:
    """The refusal is told with its code and sentence, and the rest is played."""
    done = run("play", write(REQUEST.replace('"25.0"', '"31.0"') + ACCEPT))

    assert done.code == 1
    assert "! refused: insufficient_funds: " in done.out
    assert "*** Not as expected: 1, 2" in done.out


@pytest.mark.parametrize(("expect", "code"), [("insufficient_funds", 0), ("ok", 1), ("slot_taken", 1)])
def test_an_expectation_decides_how_the_run_ends(
    expect: str, code: int, run: Any, write: Callable[[str], Path]
) -> None:
    """A refusal that is foreseen is fine; any other answer than the foreseen one is not, and is said loudly."""
    done = run("play", write(REQUEST.replace('"25.0"', '"31.0"') + f'expect = "{expect}"\n'))

    assert done.code == code
    assert ("UNEXPECTED" in done.out) == (code == 1)


def test_a_foreseen_refusal_that_does_not_come_ends_with_1(run: Any, write: Callable[[str], Path]) -> None:
    """An answer of ok where a refusal is expected counts as a finding."""
    done = run("play", write(REQUEST + 'expect = "guard"\n'), "--json")

    assert done.code == 1
    assert not done.document["as_expected"]
    assert _step(done.document, 1)["ok"]
    assert not _step(done.document, 1)["as_expected"]


def test_an_act_on_a_lesson_that_was_refused_is_refused(run: Any, write: Callable[[str], Path], tmp_path: Path) -> None:
    """A lesson that could not be asked for does not exist; a later request of the same name makes it, once."""
    again = REQUEST.replace("09:00", "11:00")
    text = REQUEST.replace('"25.0"', '"31.0"') + ACCEPT + again
    file, db = write(text), tmp_path / "kept.db"

    first = run("play", file, "--json", "--db", db)
    repeated = run("play", file, "--json", "--db", db)

    assert _step(first.document, 2)["refusal"]["code"] == "not_open"
    assert _step(first.document, 2)["refusal"]["facts"]["state"] == "not yet asked for"
    assert first.document["lessons"]["s--l"]["state"] == "requested"
    assert first == repeated


def test_a_second_request_under_one_name_is_refused(run: Any, write: Callable[[str], Path], tmp_path: Path) -> None:
    """A name stands for one lesson: the second request is answered, not a mistake, also when the run is repeated."""
    file, db = write(REQUEST + REQUEST.replace("09:00", "11:00") + ACCEPT.replace("10:00", "12:00")), tmp_path / "k.db"

    first = run("play", file, "--json", "--db", db)
    repeated = run("play", file, "--json", "--db", db)

    assert _step(first.document, 2)["refusal"]["facts"]["state"] == "asked for already"
    assert first.document["lessons"]["s--l"]["state"] == "agreed"
    assert first == repeated


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (REQUEST.replace("2026-03-30T16", "2026-03-25T16"), "bad_terms"),
        (ACCEPT.replace('who = "tom"', 'who = "ann"'), "not_yours"),
        (ACCEPT.replace("proposal = 1", "proposal = 7"), "stale_offer"),
        (ACCEPT.replace("proposal = 1", ""), "missing"),
        (ACCEPT.replace('"accept"', '"confirm"').replace("proposal = 1", ""), "not_open"),
    ],
)
def test_what_the_policy_forbids_is_an_answer(step: str, code: str, run: Any, write: Callable[[str], Path]) -> None:
    """A lesson in the past, the wrong party, a stale number: refused with a code, and the run goes on."""
    text = step if "request" in step else REQUEST + step

    done = run("play", write(text), "--json")

    assert done.code == 1
    assert done.document["steps"][-1]["refusal"]["code"] == code


# Databases


def test_a_kept_database_is_where_it_was_asked_for(run: Any, examples: Path, tmp_path: Path) -> None:
    """--db makes the file; without it nothing is left behind."""
    run("play", examples / "italki_lesson.toml", "--db", tmp_path / "kept.db")

    assert (tmp_path / "kept.db").read_bytes().startswith(b"SQLite format 3\x00")


@pytest.mark.parametrize("kind", ["text", "foreign", "truncated", "folder", "nowhere"])
def test_a_file_that_is_no_database_of_ours_is_left_alone(kind: str, run: Any, examples: Path, tmp_path: Path) -> None:
    """A foreign, truncated or impossible database ends with 2 and one clear sentence, and stays as it is."""
    import sqlite3
    from contextlib import closing

    db = tmp_path / "given.db"
    if kind == "text":
        db.write_text("not a database at all, but long enough to look like one " * 20)
    elif kind == "foreign":
        with closing(sqlite3.connect(db)) as connection:
            connection.execute("CREATE TABLE theirs (x)")
            connection.commit()
    elif kind == "truncated":
        run("play", examples / "italki_lesson.toml", "--db", db)
        db.write_bytes(db.read_bytes()[:5000])
    elif kind == "folder":
        db.mkdir()
    else:
        db = tmp_path / "missing" / "given.db"
    before = db.read_bytes() if db.is_file() else None

    done = run("play", examples / "italki_lesson.toml", "--db", db)

    assert done.code == 2
    assert str(db) in done.err
    assert done.out == ""
    assert (db.read_bytes() if db.is_file() else None) == before
