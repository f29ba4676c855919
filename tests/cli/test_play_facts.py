"""Playing what is said around a lesson: joins, claims, disputes, charges, reviews, and slots that can be booked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Write = Callable[[str], Path]

HEAD = """\
schema = 1
id = "s"
policy = "itutor"
[parties.ann]
zone = "America/Port_of_Spain"
wallet = "300.00"
[parties.tom]
zone = "Europe/Berlin"
permissions = ["meeting_provider"]
[parties.rooms]
zone = "UTC"
grants = ["system"]
[parties.olga]
zone = "UTC"
grants = ["operator"]
"""
AGREED = """
[[steps]]
at = 2026-03-05T14:00:00Z
who = "ann"
do = "request"
lesson = "l"
tutor = "tom"
start = 2026-03-09T15:00:00Z
minutes = 90
price = "100.00"
[[steps]]
at = 2026-03-05T15:00:00Z
who = "tom"
do = "accept"
lesson = "l"
proposal = 1
"""


def _step(at: str, who: str, do: str, *more: str) -> str:
    return "\n".join(["", "[[steps]]", f"at = {at}", f'who = "{who}"', f'do = "{do}"', 'lesson = "l"', *more, ""])


def _last(document: Any) -> Any:
    return document["steps"][-1]


def _said(document: Any) -> Any:
    return _last(document)["events"][-1]["said"]


JOINED = _step(
    "2026-03-09T14:59:05Z", "rooms", "join", 'subject = "tutor"', "seen = 2026-03-09T14:58:00Z", 'source = "webhook"'
)
CLAIMED = _step("2026-03-09T15:30:00Z", "tom", "claim_no_show", 'note = "I waited."')
CONTESTED = _step("2026-03-09T16:00:00Z", "ann", "contest")
SPLIT = 'split = { tutor = "30%", student = "rest" }'


def test_a_join_that_software_saw_names_whom_when_and_who_saw_it(run: Any, write: Write) -> None:
    """What a party granted `system` reports counts when it was seen, not when it was reported."""
    file = write(HEAD + AGREED + JOINED)

    text, document = run("play", file).out, run("play", file, "--json").document

    assert _said(document) == {
        "fact": "joined",
        "about": "tom",
        "subject": "tutor",
        "seen": "2026-03-09T14:58:00Z",
        "source": "webhook",
        "details": {},
        "split": None,
        "blamed": None,
        "remedy": None,
        "note": None,
    }
    assert "rooms: join l, the tutor" in text
    assert "tom joined, seen Mon 2026-03-09 14:58:00Z, reported by webhook" in text


@pytest.mark.parametrize("fact", [("join", "joined"), ("leave", "left")])
def test_people_report_of_themselves_and_of_now(fact: tuple[str, str], run: Any, write: Write) -> None:
    """Whoever comes or goes says so; nothing but the lesson is needed."""
    verb, recorded = fact
    file = write(HEAD + AGREED + _step("2026-03-09T14:55:00Z", "ann", verb))

    text, document = run("play", file).out, run("play", file, "--json").document

    said = _said(document)
    assert (said["fact"], said["about"], said["subject"]) == (recorded, "ann", None)
    assert (said["seen"], said["source"]) == ("2026-03-09T14:55:00Z", None)
    assert f"        ann {recorded}\n" in text


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (_step("2026-03-09T14:55:00Z", "ann", "join", 'subject = "tutor"'), "bad_terms"),
        (_step("2026-03-09T14:55:00Z", "ann", "join", "seen = 2026-03-09T14:52:00Z"), "bad_terms"),
        (
            _step("2026-03-09T14:55:00Z", "rooms", "join", 'subject = "tutor"', "seen = 2026-03-09T14:55:01Z"),
            "bad_terms",
        ),
        (_step("2026-03-09T14:55:00Z", "rooms", "join"), "missing"),
        (_step("2026-03-09T14:49:59Z", "ann", "join"), "guard"),
        (_step("2026-03-09T14:55:00Z", "olga", "join", 'subject = "tutor"'), "not_yours"),
    ],
    ids=["of another", "of earlier", "of later", "of nobody", "too early", "nobody's business"],
)
def test_a_report_that_cannot_be_is_refused(step: str, code: str, run: Any, write: Write) -> None:
    """Who may report what of whom is for the policy to say, and its refusal is an answer that can be foreseen."""
    done = run("play", write(HEAD + AGREED + step + f'expect = "{code}"\n'), "--json")

    assert done.code == 0
    assert _last(done.document)["refusal"]["code"] == code


def test_a_claim_is_told_with_its_note(run: Any, write: Write) -> None:
    """A claim waits for the other side; nobody has been paid or blamed yet."""
    file = write(HEAD + AGREED + JOINED + CLAIMED)

    text, document = run("play", file).out, run("play", file, "--json").document

    event = _last(document)["events"][-1]
    assert (event["from"], event["to"], event["turn"]) == ("in_progress", "student_no_show_claimed", "student")
    assert (event["legs"], event["mark"], event["said"]["note"]) == ([], None, "I waited.")
    assert '        "I waited."\n' in text


@pytest.mark.parametrize(
    ("blamed", "mark"),
    [('blamed = "tutor"\n', ("tutor", "missed_attendance", "tom")), ('blamed = "student"\n', ("student", None, None))],
)
def test_a_dispute_is_decided_with_a_split_and_a_blame(
    blamed: str, mark: tuple[str | None, ...], run: Any, write: Write
) -> None:
    """The split that is said divides what is held, and the mark falls only on whom the policy has one for."""
    resolved = _step("2026-03-10T10:00:00Z", "olga", "resolve", SPLIT, 'reason = "heard both"', blamed)
    file = write(HEAD + AGREED + JOINED + CLAIMED + CONTESTED + resolved)

    text, document = run("play", file).out, run("play", file, "--json").document

    event, lesson = _last(document)["events"][-1], document["lessons"]["s--l"]
    assert (event["fault"], event["mark"], event["marked"]) == mark
    assert event["said"]["split"] == {"tutor": "30%", "student": "rest"}
    assert event["said"]["blamed"] == blamed.split('"')[1]
    assert lesson["split"] == {"student": 7000, "tutor": 2700, "platform": 300}
    assert (lesson["state"], lesson["settles"], lesson["held"]) == ("resolved", "held", 0)
    assert "split tutor 30%, student rest, blaming the" in " ".join(text.split())


def test_a_decision_without_a_split_is_refused(run: Any, write: Write) -> None:
    """Whoever decides a dispute has to say how."""
    resolved = _step("2026-03-10T10:00:00Z", "olga", "resolve", 'reason = "heard both"')

    document = run("play", write(HEAD + AGREED + JOINED + CLAIMED + CONTESTED + resolved), "--json").document

    assert _last(document)["refusal"]["facts"]["needs"] == "a split of what is held"


def test_what_is_charged_is_what_the_tutor_chose(run: Any, examples: Path) -> None:
    """A late cancellation is settled by the split of the `charge`; silence waives it."""
    document = run("play", examples / "cafetalk_late_cancel.toml", "--json").document

    splits = {lesson["name"]: lesson["split"] for lesson in document["lessons"].values()}
    assert splits == {
        "tea": {"student": 1250, "tutor": 1250, "platform": 0},
        "ink": {"student": 2500, "tutor": 0, "platform": 0},
    }


def test_a_split_is_one_of_the_choices_however_it_is_written(run: Any, examples: Path, tmp_path: Path) -> None:
    """Half each is half each; a third is none of the choices, and the refusal lists them."""
    text = (examples / "cafetalk_late_cancel.toml").read_text(encoding="utf-8")
    file = tmp_path / "scenario.toml"
    file.write_text(text.replace('{ tutor = "50%", student = "rest" }', '{ student = "1/2", tutor = "50%" }'))

    done = run("play", file, "--json")

    assert done.code == 0
    assert "tutor 50%, student rest" in done.document["steps"][5]["refusal"]["facts"]["problem"]
    assert done.document["lessons"]["cafetalk-late-cancel--tea"]["split"]["tutor"] == 1250


def test_a_reminder_is_told_with_when_it_was_due(run: Any, examples: Path) -> None:
    """A sweep sends what was due before it; the message names its instant and whom it is for."""
    document = run("play", examples / "itutor_no_show.toml", "--json").document

    reminders = [message for step in document["steps"] for message in step["messages"] if message["kind"] == "reminder"]
    assert [(each["lesson"], each["at"], each["to"]) for each in reminders] == [
        ("itutor-no-show--second", "2026-03-12T15:55:00Z", ["tom"])
    ]
    assert (
        "~ second: reminder to tom, due Thu 2026-03-12 15:55:00Z" in run("play", examples / "itutor_no_show.toml").out
    )


def test_a_sweep_that_only_reminds_is_not_idle(run: Any, write: Write) -> None:
    """A reminder is something that happens, also where no timeout is due."""
    began = _step("2026-03-09T15:01:00Z", "ann", "join")
    sweep = '[[steps]]\nat = 2026-03-09T16:26:00Z\ndo = "sweep"\n'

    done = run("play", write(HEAD + AGREED + began + sweep))

    assert "~ l: reminder to tom, due Mon 2026-03-09 16:25:00Z" in done.out
    assert "nothing is due" not in done.out


# Reviews

_BLIND = """\
extends = "itutor"
id = "blind"
review.blind = true
review.until = "lesson.end + 48h"
"""
_BY_ANN = _step("2026-03-09T17:00:00Z", "ann", "review", 'details = { stars = "4" }', 'note = "Clear."')
_BY_TOM = _step("2026-03-09T18:00:00Z", "tom", "review", 'details = { stars = "5" }')
_LATER = '[[steps]]\nat = {at}\ndo = "sweep"\n'


@pytest.mark.parametrize(
    ("steps", "authors"),
    [
        (_BY_ANN, []),
        (_BY_ANN + _BY_TOM, ["ann", "tom"]),
        (_BY_ANN + _LATER.format(at="2026-03-11T16:29:59Z"), []),
        (_BY_ANN + _LATER.format(at="2026-03-11T16:30:00Z"), ["ann"]),
    ],
    ids=["one side", "both sides", "just before it is too late", "when it is too late"],
)
def test_reviews_are_told_as_everybody_may_read_them(
    steps: str, authors: list[str], run: Any, write: Write, tmp_path: Path
) -> None:
    """Where both sides' words are shown together, the lesson shows none while somebody may still speak."""
    (tmp_path / "blind.toml").write_text(_BLIND)
    file = write(HEAD.replace('"itutor"', '"blind.toml"') + AGREED + steps)

    text, document = run("play", file).out, run("play", file, "--json").document

    reviews = document["lessons"]["s--l"]["reviews"]
    assert [review["by"] for review in reviews] == authors
    assert ('review by ann: stars 4, "Clear."' in text) == ("ann" in authors)
    if authors:
        assert reviews[0] == {
            "by": "ann",
            "at": "2026-03-09T17:00:00Z",
            "details": {"stars": "4"},
            "note": "Clear.",
        }


def test_a_review_needs_no_words(run: Any, write: Write) -> None:
    """That somebody has reviewed is a fact of its own."""
    done = run("play", write(HEAD + AGREED + _step("2026-03-09T17:00:00Z", "tom", "review")))

    assert done.code == 0
    assert "review by tom: without words" in done.out


# Requests by others, and amounts due


def test_edu_1_a_parent_asks_for_a_student_and_owes(run: Any, examples: Path) -> None:
    """EDU-1, EDU-10: requester and payer stand apart from the student, and what is due is noted, not held."""
    document = run("play", examples / "educai_request.toml", "--json").document

    lesson = document["lessons"]["educai-request--reading"]
    assert [lesson[role] for role in ("student", "tutor", "payer", "requester")] == ["kim", "tara", "pat", "pat"]
    assert (lesson["settles"], lesson["held"]) == ("due", 0)
    assert lesson["split"] == {"student": 0, "tutor": 4000, "platform": 0}
    assert document["steps"][9]["events"][-1]["legs"] == [
        {"role": "owed", "minor": -4000},
        {"role": "due", "minor": 4000},
    ]
    assert {"account": "Liabilities:Tutors:Tara:Due", "currency": "EUR", "minor": 4000} in document["balances"]


def test_edu_9_asking_again_is_the_next_occurrence(run: Any, examples: Path) -> None:
    """EDU-9: the old session is given up, and declining the new time leaves nothing; the free time can be asked for."""
    document = run("play", examples / "educai_request.toml", "--json").document

    lesson = document["lessons"]["educai-request--algebra"]
    assert (lesson["state"], lesson["terms"]["number"], lesson["terms"]["occurrence"]) == ("declined", 2, 2)
    assert lesson["split"] == {"student": 0, "tutor": 0, "platform": 0}
    assert document["steps"][5]["ok"]


def test_amounts_due_are_named_with_who_owes_them(run: Any, examples: Path, tmp_path: Path) -> None:
    """With a commission the payer owes it together with the tutor's part; a lesson that runs holds nothing."""
    (tmp_path / "fee.toml").write_text('extends = "educai"\nid = "fee"\nfees.commission = "10%"\n')
    text = (examples / "educai_request.toml").read_text(encoding="utf-8").replace('"educai"', '"fee.toml"')
    file = tmp_path / "scenario.toml"
    file.write_text(text)

    done = run("play", file)
    file.write_text(text[: text.index("[[steps]]                                 # EDU-9")])
    earlier = run("play", file)

    assert "pat owes 40.00 EUR; due to tara 36.00 EUR, platform 4.00 EUR" in done.out
    assert "    due: tutor 36.00 EUR, platform 4.00 EUR\n" in done.out
    assert "    due: nothing\n" in done.out
    assert "escrow" not in earlier.out


# Slots


def test_what_cannot_be_booked_is_refused_with_every_reason(run: Any, examples: Path) -> None:
    """ITK-3, EDU-3: only what is free in the tutor's schedule can be asked for; all reasons come with their codes."""
    done = run("play", examples / "slots_and_bookings.toml", "--json")

    refused = {step["number"]: step["refusal"] for step in done.document["steps"] if not step["ok"]}
    assert done.code == 0
    assert {number: refusal["facts"]["codes"] for number, refusal in refused.items()} == {
        2: "buffer",
        4: "cap",
        6: "outside_hours, off_grid",
        7: "blackout",
    }
    assert "nothing can be booked from 2026-04-03 to 2026-04-12" in refused[7]["sentence"]


def test_a_schedule_is_shown_with_its_party(run: Any, examples: Path) -> None:
    """The document has the schedule as a schedule file would; the party's zone is the schedule's if it names none."""
    document = run("play", examples / "slots_and_bookings.toml", "--json").document

    zoe, ken, _ = document["parties"]
    assert zoe["schedule"]["zone"] == "Europe/Berlin"
    assert zoe["schedule"]["overrides"] == {"2026-04-02": ["16:00-19:00"]}
    assert ken["schedule"] is None


_BY_FILE = """\
schema = 1
id = "s"
policy = "italki"
[parties.ann]
zone = "UTC"
wallet = "30.0"
[parties.tom]
zone = "Europe/Berlin"
schedule = "hours/tom.toml"
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


@pytest.mark.parametrize(("monday", "code"), [("18:00-19:00", "ok"), ("18:30-20:00", "not_bookable")])
def test_a_schedule_may_stand_in_a_file_beside(
    monday: str, code: str, run: Any, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A schedule's file is seen from the scenario's folder, whatever the working folder is."""
    (tmp_path / "hours").mkdir()
    (tmp_path / "hours" / "tom.toml").write_text(f'schema = 1\nzone = "Europe/Berlin"\nweekly.monday = ["{monday}"]\n')
    monkeypatch.chdir(tmp_path / "hours")

    done = run("play", write(_BY_FILE + f'expect = "{code}"\n'))

    assert done.code == 0
    assert "with a schedule" in done.out


def test_a_schedule_taken_out_of_the_file_is_no_longer_in_the_database(run: Any, write: Write, tmp_path: Path) -> None:
    """A run goes by what the file says of the parties now; answers that were given stay."""
    (tmp_path / "hours").mkdir()
    (tmp_path / "hours" / "tom.toml").write_text('schema = 1\nzone = "UTC"\nweekly.friday = ["09:00-10:00"]\n')
    db, later = tmp_path / "kept.db", _BY_FILE[_BY_FILE.index("[[steps]]") :].replace("03-26T09", "03-26T10")
    first = run("play", write(_BY_FILE), "--db", db, "--json")

    file = write(_BY_FILE.replace('schedule = "hours/tom.toml"\n', "") + later)
    document = run("play", file, "--db", db, "--json").document

    assert first.document["steps"][0]["refusal"]["code"] == "not_bookable"
    assert document["steps"][0] == first.document["steps"][0]
    assert document["steps"][1]["ok"]


# Reasons and shares


def test_a_deadline_reckoned_from_a_join_names_it(run: Any, write: Write, tmp_path: Path) -> None:
    """What was recorded of a lesson is among the instants that explain its deadline."""
    silence = '{ at = "earliest(joined(tutor) + 3h, lesson.end + 3d)", becomes = "completed" }'
    (tmp_path / "mine.toml").write_text(f'extends = "itutor"\nid = "mine"\ncomplete.silence = {silence}\n')
    sweep = '[[steps]]\nat = 2026-03-09T16:40:00Z\ndo = "sweep"\n'

    done = run("play", write(HEAD.replace('"itutor"', '"mine.toml"') + AGREED + JOINED + sweep), "--json")

    deadline = done.document["lessons"]["s--l"]["deadline"]
    assert (deadline["at"], deadline["text"]) == ("2026-03-09T17:58:00Z", "joined(tutor) + 3h")
    assert deadline["anchors"] == {"joined(tutor)": "2026-03-09T14:58:00Z"}


def test_a_split_does_not_count_what_was_held_for_a_change(run: Any, write: Write, tmp_path: Path) -> None:
    """A dearer change that nobody answers is given back when the lesson ends; the split is that of its price."""
    change = '{ by = ["student"], may_change = ["price"], answer_by = "lesson.start" }'
    (tmp_path / "mine.toml").write_text(f'extends = "itutor"\nid = "mine"\nchange = {change}\n')
    dearer = _step("2026-03-06T12:00:00Z", "ann", "propose", 'price = "150.00"')
    cancelled = _step("2026-03-06T13:00:00Z", "ann", "cancel")

    document = run(
        "play", write(HEAD.replace('"itutor"', '"mine.toml"') + AGREED + dearer + cancelled), "--json"
    ).document

    assert _last(document)["events"][-1]["legs"] == [{"role": "payer", "minor": 15000}]
    assert document["lessons"]["s--l"]["split"] == {"student": 10000, "tutor": 0, "platform": 0}
