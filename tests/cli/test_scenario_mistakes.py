"""Scenarios with mistakes: all of them are told at once, each at its line, and nothing is run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tutorcore.policy.codec import load_preset

_HEAD = """\
schema = 1
id = "s"
policy = "italki"
[parties.ann]
zone = "America/New_York"
[parties.tom]
zone = "Europe/Berlin"
"""
_REQUEST = """\
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
_SECOND = """\
[[steps]]
at = 2026-03-27T09:00:00Z
"""
_ACCEPT = """\
who = "tom"
do = "accept"
lesson = "l"
proposal = 1
"""
_TEXT = _HEAD + _REQUEST + _SECOND + _ACCEPT
_TOP_UP = 'who = "ann"\ndo = "top_up"\namount = "1.0"\n'


@pytest.mark.parametrize(
    ("old", "new", "path", "message", "suggestion"),
    [
        ('id = "s"', 'id = "S 1"', "id", "lower-case letters and digits", None),
        ("schema = 1", "schema = 2", "schema", "expected a whole number from 1 up to 1", None),
        ('"italki"', '"italky"', "policy", "unknown preset 'italky'", "italki"),
        ('"italki"', '"italki.toml"', "policy", "unknown policy file 'italki.toml'", "italki"),
        ('id = "s"', 'id = "s"\ntitel = "x"', "titel", "unknown key", "title"),
        ('id = "s"', 'id = "s"\nzone = "utc"', "zone", "unknown time zone 'utc'", "UTC"),
        ('"Europe/Berlin"', '"Europe/Berlim"', "parties.tom.zone", "unknown time zone", "Europe/Berlin"),
        ('"Europe/Berlin"', '"UTC"\nwallet = 5.0', "parties.tom.wallet", "is 5.0; expected an amount", '"5.0"'),
        ('"Europe/Berlin"', '"UTC"\nwallet = "5.0 ICT"', "parties.tom.wallet", "unknown currency 'ICT'", "ITC"),
        ('"Europe/Berlin"', '"UTC"\nwallet = "5 USD"', "parties.tom.wallet", "an amount in ITC", None),
        ('"Europe/Berlin"', '"UTC"\nwallet = "5.05"', "parties.tom.wallet", "at most 1", None),
        ('"Europe/Berlin"', '"UTC"\nwallet = "0"', "parties.tom.wallet", "more than nothing", None),
        ('"Europe/Berlin"', '"UTC"\ngrants = ["operater"]', "parties.tom.grants[0]", "is 'operater'", "operator"),
        (
            "[parties.tom]",
            '[parties."t m"]\nzone = "UTC"\n[parties.tom]',
            "parties.'t m'",
            "1 to 64 ASCII letters",
            None,
        ),
        ("at = 2026-03-26T09:00:00Z", "at = 2026-03-26T09:00:00", "steps[0].at", "with an offset", None),
        ("at = 2026-03-26T09:00:00Z", "at = 26", "steps[0].at", "is 26; expected an instant", None),
        ("at = 2026-03-26T09:00:00Z", 'at = "soon"', "steps[0].at", "an instant such as", None),
        ("at = 2026-03-26T09:00:00Z\n", "", "steps[0].at", "is missing", None),
        (
            "at = 2026-03-26T09:00:00Z",
            'at = "2026-03-29 02:30 Europe/Berlin"',
            "steps[0].at",
            "2026-03-29T01:30:00+01:00 or 2026-03-29T03:30:00+02:00",
            None,
        ),
        (
            "start = 2026-03-30T16:00:00Z",
            'start = "2026-10-25 02:30 Europe/Berlin"',
            "steps[0].start",
            "2026-10-25T02:30:00+01:00 or 2026-10-25T02:30:00+02:00",
            None,
        ),
        ("at = 2026-03-27T09:00:00Z", "at = 2026-03-26T08:59:59Z", "steps[1].at", "earlier than what comes", None),
        ("at = 2026-03-27T09:00:00Z", "at = 2126-03-27T09:00:00Z", "steps[1].at", "at most 3660 days after", None),
        ('id = "s"', 'id = "s"\nat = 2026-03-26T09:00:01Z', "steps[0].at", "earlier than what comes", None),
        ('who = "ann"', 'who = "anne"', "steps[0].who", "expected one of the parties: ann, tom", "ann"),
        ('who = "ann"\n', "", "steps[0].who", "is missing", None),
        ('tutor = "tom"', 'tutor = "ann"', "steps[0].tutor", "who is the student", None),
        ('tutor = "tom"\n', "", "steps[0].tutor", "is missing", None),
        ('tutor = "tom"', 'tutor = ""', "steps[0].tutor", "is ''; expected a name", None),
        ('tutor = "tom"', 'tutor = "none"', "steps[0].tutor", "expected one of the parties: ann, tom", None),
        ('tutor = "tom"', 'tutor = "tom"\nstudent = ""', "steps[0].student", "is ''; expected a name", None),
        ('who = "ann"', 'who = ""', "steps[0].who", "is ''; expected a name", None),
        ('"accept"\nlesson = "l"', '"accept"\nlesson = ""', "steps[1].lesson", "is ''; expected a name", None),
        ('do = "accept"', 'do = ""', "steps[1].do", "is ''; expected a name", None),
        ('tutor = "tom"', 'tutor = "tom"\npayer = "tom"', "steps[0].payer", "expected whoever asks", None),
        ('tutor = "tom"', 'tutor = "tom"\npayer = "ton"', "steps[0].payer", "one of the parties", "tom"),
        ('do = "accept"', 'do = "acept"', "steps[1].do", "is 'acept'; expected top_up, sweep, request", "accept"),
        ('"accept"\nlesson = "l"', '"accept"\nlesson = "k"', "steps[1].lesson", "no earlier step", None),
        ('lesson = "l"', 'lesson = "a--b"', "steps[0].lesson", "a name without '--'", None),
        ("minutes = 60", "minutes = 0", "steps[0].minutes", "from 1 up to 10080", None),
        ("minutes = 60\n", "", "steps[0]", "how long it lasts is missing", None),
        ("minutes = 60", 'duration = "1d"', "steps[0].duration", "is 1d; expected hours, minutes", None),
        ("minutes = 60", 'duration = "169h"', "steps[0].duration", "at most 7 days", None),
        ("minutes = 60", 'minutes = 60\nduration = "1h"', "steps[0].minutes", "one of them will do", None),
        ('price = "25.0"', 'price = "-1.0"', "steps[0].price", "is -1.0 ITC; expected nothing or more", None),
        ('price = "25.0"', "price = 25.0", "steps[0].price", "is 25.0; expected an amount in quotes", '"25.0"'),
        ('price = "25.0"', 'price = "25.0"\ndetails = { x = 1 }', "steps[0].details.x", "a text in quotes", '"1"'),
        ("proposal = 1", "proposal = 0", "steps[1].proposal", "from 1", None),
        ("proposal = 1", "propsal = 1", "steps[1].propsal", "unknown key", "proposal"),
        ("proposal = 1", 'price = "9.0"', "steps[1].price", "unknown key", None),
        ("proposal = 1", 'expect = "stale"', "steps[1].expect", "is 'stale'; expected one of 'ok'", "stale_offer"),
        (_ACCEPT, 'do = "sweep"\nwho = "tom"\n', "steps[1].who", "unknown key", None),
        (_ACCEPT, 'do = "sweep"\ngrace = "2d"\n', "steps[1].grace", "hours, minutes or seconds", None),
        (_ACCEPT, _TOP_UP.replace('"1.0"', "1.5"), "steps[1].amount", "an amount in quotes", '"1.5"'),
        (_ACCEPT, _TOP_UP.replace('"1.0"', '"-1.0"'), "steps[1].amount", "more than nothing", None),
        (_ACCEPT, _TOP_UP.replace('"ann"', '"bob"'), "steps[1].who", "one of the parties", None),
    ],
)
def test_a_mistake_is_told_at_its_line(
    old: str,
    new: str,
    path: str,
    message: str,
    suggestion: str | None,
    run: Any,
    write: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    """One mistake gives one message with file, line, place and what was meant; no database is made."""
    assert old in _TEXT
    text = _TEXT.replace(old, new)
    file, db = write(text), tmp_path / "kept.db"

    done = run("play", file, "--db", db, "--json")

    (mistake,) = done.document["mistakes"]
    assert done.code == 2
    assert (mistake["path"], mistake["suggestion"]) == (path, suggestion)
    assert message in mistake["message"]
    assert mistake["file"] == str(file)
    shown, key = text.splitlines()[mistake["line"] - 1], path.rpartition(".")[2].partition("[")[0].strip("'")
    assert f"{key} = " in shown or (shown.startswith("[") and (key in shown or "missing" in message))
    assert not db.exists()


def test_all_mistakes_come_at_once_in_the_order_of_the_file(run: Any, write: Callable[[str], Path]) -> None:
    """Text output shows each mistake with its line and a mark under the word."""
    text = (
        _TEXT.replace('"Europe/Berlin"', '"Europe/Berlim"').replace('"accept"', '"acept"').replace("minutes = 60\n", "")
    )
    file = write(text)

    done = run("play", file)

    assert (done.code, done.out) == (2, "")
    assert (
        done.err
        == f"""\
{file} is not a scenario that can be played
{file}:7:8: parties.tom.zone: unknown time zone 'Europe/Berlim'; did you mean 'Europe/Berlin'?
zone = "Europe/Berlim"
       ^^^^^^^^^^^^^^^
{file}:8:1: steps[0]: how long it lasts is missing; expected minutes = 30, or duration = "1h 30m"
[[steps]]
^^^^^^^^^
{file}:19:6: steps[1].do: is 'acept'; expected top_up, sweep, {", ".join(load_preset("italki").verbs)}, \
dismiss_report, record_report, reset_counter, show_profile, lift, apply_for_withdrawal, withdraw_earnings, \
spend_earnings, withdrawal_paid, withdrawal_returned; did you mean 'accept'?
do = "acept"
     ^^^^^^^
"""
    )


def test_a_mistake_brings_no_others_with_it(run: Any, write: Callable[[str], Path]) -> None:
    """A misspelt request is one mistake; what is done to its lesson later is none."""
    done = run("play", write(_TEXT.replace('"request"', '"reqest"')), "--json")

    assert [each["path"] for each in done.document["mistakes"]] == ["steps[0].do"]


def test_mistakes_of_the_policy_s_file_are_told_at_its_own_lines(
    run: Any, write: Callable[[str], Path], tmp_path: Path
) -> None:
    """A policy beside the scenario may extend another one beside it; what is wrong is shown in the file that has it."""
    (tmp_path / "base.toml").write_text('extends = "italki"\nid = "base"\n')
    policy = tmp_path / "mine.toml"
    policy.write_text('extends = "base.toml"\nid = "mine"\nrequest.answer_by = "asked + 4x"\n')

    done = run("play", write(_TEXT.replace('"italki"', '"mine.toml"').replace('"tom"', '"tim"', 1)), "--json")

    places = [(each["file"], each["line"], each["path"]) for each in done.document["mistakes"]]
    assert done.code == 2
    assert (str(policy), 3, "request.answer_by") in places
    assert ("steps[0].tutor", "tom") in [(each["path"], each["suggestion"]) for each in done.document["mistakes"]]


def test_a_policy_beside_the_scenario_is_found_from_any_folder(
    run: Any, write: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths in a scenario are seen from its own folder, and a policy's from the policy's folder."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "base.toml").write_text('extends = "italki"\nid = "base"\n')
    (tmp_path / "policies" / "mine.toml").write_text('extends = "base.toml"\nid = "mine"\n')
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    done = run("play", write(_HEAD.replace('"italki"', '"policies/mine.toml"') + "[[steps]]\n" + _sweep()), "--json")

    assert done.code == 0
    assert done.document["policy"]["name"] == "mine@2018-02"


def _sweep() -> str:
    return 'at = 2026-03-27T09:00:00Z\ndo = "sweep"\n'


@pytest.mark.parametrize("verb", ["sweep", "top_up"])
def test_a_policy_whose_verbs_mean_something_else_here_is_refused(
    verb: str, run: Any, write: Callable[[str], Path], tmp_path: Path, examples: Path
) -> None:
    """`top_up` and `sweep` are words of scenarios, so a policy that has such a verb cannot be played."""
    policy = (examples / "policies" / "own_process.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(policy.replace("enquired.on.quote", f"enquired.on.{verb}"))

    done = run("play", write(_HEAD.replace('"italki"', '"mine.toml"') + "[[steps]]\n" + _sweep()), "--json")

    assert done.code == 2
    assert f"has a verb '{verb}'" in done.document["mistakes"][0]["message"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "schema: is missing"),
        ("schema = 1\nsteps = 3\nparties = 4\n", "is 3; expected a list"),
        ("schema = ", "a value is missing here"),
        ("schema = 1\n\0", "NUL"),
    ],
)
def test_a_file_that_is_no_scenario_is_told_so(text: str, message: str, run: Any, tmp_path: Path) -> None:
    """An empty file, other data, and what is not TOML at all."""
    file = tmp_path / "scenario.toml"
    file.write_text(text)

    done = run("play", file)

    assert done.code == 2
    assert message in done.err


def test_an_absent_file_is_told_so(run: Any, tmp_path: Path) -> None:
    """A file that is not there, and a folder, are no crash."""
    absent, folder = run("play", tmp_path / "absent.toml"), run("play", tmp_path, "--json")

    assert (absent.code, absent.err) == (2, f"{tmp_path / 'absent.toml'} cannot be read: No such file or directory\n")
    assert folder.code == 2
    assert "cannot be read" in folder.document["error"]
