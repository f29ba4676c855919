"""Playing problems: reports with their remedies, counter-remedies, disputes, evidence, refunds and debts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Write = Callable[[str], Path]

HEAD = """\
schema = 1
id = "s"
policy = "italki"
[parties.ann]
zone = "America/New_York"
wallet = "100.0"
[parties.tom]
zone = "Europe/Berlin"
[parties.olga]
zone = "UTC"
grants = ["operator"]
[[steps]]
at = 2018-03-01T09:00:00Z
who = "ann"
do = "request"
lesson = "l"
tutor = "tom"
start = 2018-03-05T16:00:00Z
minutes = 60
price = "40.0"
[[steps]]
at = 2018-03-01T10:00:00Z
who = "tom"
do = "accept"
lesson = "l"
proposal = 1
"""


def _step(at: str, who: str, do: str, *more: str) -> str:
    return "\n".join(["", "[[steps]]", f"at = {at}", f'who = "{who}"', f'do = "{do}"', 'lesson = "l"', *more, ""])


REPORTED = _step(
    "2018-03-05T18:00:00Z", "ann", "report", 'reason = "tutor_absent"', 'remedy = "refund"', 'note = "I waited."'
)
OWN_SPLIT = _step(
    "2018-03-06T09:00:00Z",
    "tom",
    "propose_remedy",
    'remedy = "split"',
    'split = { student = "50%", tutor = "rest" }',
)
CONFIRMED = _step("2018-03-05T18:00:00Z", "ann", "confirm")


def _last(document: Any) -> Any:
    return document["steps"][-1]


def _problem(document: Any) -> Any:
    return _last(document)["events"][-1]["problem"]


def test_a_report_puts_a_remedy_on_the_table(run: Any, write: Write) -> None:
    """The reason, what the remedy comes to, who proposed it, and until when the other side may answer are told."""
    file = write(HEAD + REPORTED)

    done, document = run("play", file), run("play", file, "--json").document

    assert _problem(document) == {
        "number": 2,
        "by": "student",
        "reason": "tutor_absent",
        "remedy": "refund",
        "split": {"student": "100%"},
        "blamed": None,
    }
    assert document["lessons"]["s--l"]["problem"] == _problem(document)
    assert _last(document)["events"][-1]["said"]["remedy"] == "refund"
    assert "ann: report l (tutor_absent), remedy refund\n" in done.out
    assert "        a problem: tutor_absent\n        remedy #2, proposed by ann: refund, everything back to ann\n" in (
        done.out
    )
    assert "        until Mon 2018-03-12 18:00:00Z, then settled\n" in done.out
    assert "proposal #1" not in done.out.partition("remedy #2")[2].partition("Lessons")[0]


@pytest.mark.parametrize(
    ("remedy", "shown"),
    [
        ('remedy = "pay"', "remedy #2, proposed by ann: pay, everything to tom"),
        ('remedy = "reschedule"', "remedy #2, proposed by ann: reschedule, the lesson at another time"),
        (
            'remedy = "split"\nsplit = { tutor = "30%", student = "rest" }',
            "remedy #2, proposed by ann: split, tutor 30%, student rest",
        ),
    ],
)
def test_each_remedy_is_told_by_what_it_means(remedy: str, shown: str, run: Any, write: Write) -> None:
    """Who gets what, or that the lesson is to be had at another time."""
    done = run("play", write(HEAD + REPORTED.replace('remedy = "refund"', remedy)))

    assert done.code == 0
    assert shown in done.out


def test_a_counter_remedy_keeps_the_reason_and_is_accepted_by_its_own_number(run: Any, write: Write) -> None:
    """The old number is stale; with the new one the money is divided as it said, and the reason decides the mark."""
    stale = _step("2018-03-06T10:00:00Z", "ann", "accept", "proposal = 2", 'expect = "stale_offer"')
    agreed = _step("2018-03-06T10:01:00Z", "ann", "accept", "proposal = 3")

    document = run("play", write(HEAD + REPORTED + OWN_SPLIT + stale + agreed), "--json").document

    (event,) = _last(document)["events"]
    assert document["steps"][3]["events"][0]["problem"]["reason"] == "tutor_absent"
    assert document["as_expected"]
    assert (event["state"], event["problem"]) == ("settled", None)
    assert (event["mark"], event["marked"]) == ("missed_attendance", "tom")
    assert document["lessons"]["s--l"]["split"] == {"student": 200, "tutor": 170, "platform": 30}


def test_silence_settles_and_is_told_as_what_happened_by_itself(run: Any, write: Write) -> None:
    """After seven days what was proposed happens, stamped with the deadline, and a report is raised."""
    sweep = '[[steps]]\nat = 2018-03-20T00:00:00Z\ndo = "sweep"\n'

    document = run("play", write(HEAD + REPORTED + sweep), "--json").document

    (event,), (judged,) = _last(document)["events"], _last(document)["standings"]
    assert (event["at"], event["timeout"], event["fault"]) == ("2018-03-12T18:00:00Z", True, "tutor")
    assert (judged["tutor"], judged["kind"], judged["counter"]) == ("tom", "raised", "missed_attendance")
    assert judged["at"] == event["at"]
    assert judged["report"]["lapses"] == [
        {"lesson": "s--l", "number": event["number"], "mark": "missed_attendance", "at": event["at"]}
    ]


def test_a_dispute_is_resolved_as_somebody_decides(run: Any, write: Write) -> None:
    """Declining leads to the platform, evidence can be brought by details or a note, and the operator splits."""
    declined = _step("2018-03-06T09:00:00Z", "tom", "decline")
    evidence = _step("2018-03-06T10:00:00Z", "ann", "evidence", 'details = { chat = "https://files.example/7" }')
    noted = _step("2018-03-06T10:01:00Z", "tom", "evidence", 'note = "The room was locked."')
    resolved = _step(
        "2018-03-07T09:00:00Z", "olga", "resolve", 'split = { tutor = "25%", student = "rest" }', 'reason = "shared"'
    )
    file = write(HEAD + REPORTED + declined + evidence + noted + resolved)

    done, document = run("play", file), run("play", file, "--json").document

    said = [step["events"][-1]["said"] for step in document["steps"][4:6]]
    assert done.code == 0
    assert [(each["fact"], each["about"], each["seen"]) for each in said] == [("evidence", None, None)] * 2
    assert "        chat https://files.example/7\n" in done.out
    assert '        "The room was locked."\n' in done.out
    assert document["lessons"]["s--l"]["split"] == {"student": 300, "tutor": 85, "platform": 15}


def test_a_refund_after_the_release_is_a_correction_and_leaves_a_debt(run: Any, write: Write, tmp_path: Path) -> None:
    """What has been settled is corrected; what the tutor does not have any more is owed, and both are entries."""
    taken = '[[steps]]\nat = 2018-03-06T09:00:00Z\nwho = "tom"\ndo = "spend_earnings"\namount = "30.0"\n'
    refunded = _step(
        "2018-03-07T09:00:00Z", "olga", "refund", 'split = { student = "50%", tutor = "rest" }', 'reason = "too short"'
    )
    (tmp_path / "mine.toml").write_text('extends = "italki"\nid = "mine"\npayout.spendable = true\n')
    file = write(HEAD.replace('"italki"', '"mine.toml"') + CONFIRMED + taken + refunded)

    done, document = run("play", file), run("play", file, "--json").document

    (event,), entries = _last(document)["events"], _last(document)["entries"]
    assert done.code == 0
    assert (event["refunds"], event["state"], event["held"]) == (True, "completed", 0)
    assert {leg["role"]: leg["minor"] for leg in event["legs"]} == {"payer": 200, "tutor": -170, "platform": -30}
    assert [entry["kind"] for entry in entries] == ["refund", "offset"]
    assert {"account": "Assets:Receivable:Tutors:Tom", "minor": 170} in entries[0]["legs"]
    assert {"account": "Assets:Receivable:Tutors:Tom", "currency": "ITC", "minor": 130} in document["balances"]
    assert document["lessons"]["s--l"]["split"] == {"student": 200, "tutor": 170, "platform": 30}
    assert "        corrected: " in done.out
    assert "      = a debt arises\n" in done.out
    assert "      = a debt is paid out of earnings\n" in done.out


@pytest.mark.parametrize(
    ("remedy", "code", "words"),
    [
        ("", "missing", "a remedy: refund, pay, split"),
        ('remedy = "split"', "missing", "a split"),
        ('remedy = "pay"\nsplit = { tutor = "100%" }', "bad_terms", "split"),
    ],
)
def test_a_remedy_that_does_not_say_enough_or_too_much_is_an_answer(
    remedy: str, code: str, words: str, run: Any, write: Write
) -> None:
    """What the table refuses is refused when it is played, with what would do."""
    step = _last(run("play", write(HEAD + REPORTED.replace('remedy = "refund"', remedy)), "--json").document)

    assert step["refusal"]["code"] == code
    assert words in step["refusal"]["sentence"]


@pytest.mark.parametrize(
    ("step", "path", "message", "suggestion"),
    [
        (REPORTED.replace('"refund"', '"refnd"'), "steps[2].remedy", "is 'refnd'; expected one of", "refund"),
        (REPORTED.replace('"refund"', "1"), "steps[2].remedy", "is 1; expected one of", None),
        (REPORTED.replace('note = "I waited."', "seen = 2018-03-05T18:00:00Z"), "steps[2].seen", "unknown key", None),
        (CONFIRMED + 'remedy = "refund"\n', "steps[2].remedy", "unknown key", None),
        (REPORTED.replace('"report"', '"escalate"'), "steps[2].remedy", "unknown key", None),
        (REPORTED.replace('"report"', '"evidence"'), "steps[2].remedy", "unknown key", None),
        (CONFIRMED + 'case = "7"\n', "steps[2].case", "unknown key", None),
    ],
)
def test_what_a_verb_cannot_use_is_a_mistake(
    step: str, path: str, message: str, suggestion: str | None, run: Any, write: Write
) -> None:
    """Only rows that put a remedy on the table take one, and evidence is about nobody in particular."""
    done = run("play", write(HEAD + step), "--json")

    (mistake,) = done.document["mistakes"]
    assert (done.code, mistake["path"], mistake["suggestion"]) == (2, path, suggestion)
    assert message in mistake["message"]


def test_a_misspelt_report_is_one_mistake(run: Any, write: Write) -> None:
    """What the step says with its remedy is not held against it while its verb is unknown."""
    done = run("play", write(HEAD + REPORTED.replace('"report"', '"raport"')), "--json")

    assert [(each["path"], each["suggestion"]) for each in done.document["mistakes"]] == [("steps[2].do", "report")]
