"""`tutorcore play FILE --messages`: what the people of a scenario are written, each in their language and zone."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tutorcore.adapters.sql.sqlite import open_sqlite

_EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_SCENARIOS = sorted(path.name for path in _EXAMPLES.glob("*.toml"))
_TWO = "letters_in_two_languages.toml"
_HEAD = re.compile(r"^\w{3} \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  to ", re.MULTILINE)

Write = Callable[[str], Path]


def _heads(text: str) -> list[str]:
    """The lines that say when, to whom and in which language each letter is written."""
    return [line for line in text.splitlines() if _HEAD.match(line)]


def test_letters_are_in_two_languages_and_on_two_clocks(run: Any, examples: Path) -> None:
    """Who is written when, in which language, and what it does in their calendars; who acted needs the entry too."""
    done = run("play", examples / _TWO, "--messages")

    assert (done.code, done.err) == (0, "")
    assert _heads(done.out) == [
        "Fri 2026-10-23 18:30:00Z  to Jonas (de)",
        "Sat 2026-10-24 07:00:00Z  to Ann (en); calendar: REQUEST",
        "Sat 2026-10-24 07:00:00Z  to Jonas (de); calendar: REQUEST",
        "Sat 2026-10-24 16:30:00Z  to Jonas (de)",
        "Sun 2026-10-25 09:00:00Z  to Ann (en); calendar: REQUEST",
        "Sun 2026-10-25 09:00:00Z  to Jonas (de); calendar: REQUEST",
        "Sun 2026-10-25 19:00:00Z  to Jonas (de); calendar: CANCEL",
        "Sun 2026-10-25 19:00:00Z  to Ann (en); calendar: CANCEL",
    ]


def test_a_letter_is_shown_in_full_and_indented(run: Any, examples: Path) -> None:
    """Subject and text as they would be sent; the lesson that was moved shows its old and new time on both clocks."""
    text = run("play", examples / _TWO, "--messages").out.replace("\u00a0", " ")

    assert (
        "Sun 2026-10-25 09:00:00Z  to Ann (en); calendar: REQUEST\n"
        "      Jonas has accepted the change to the lesson. Tuesday, October 27, 2026, 09:00 (UTC-07:00, Vancouver)\n"
        "\n"
        "      Jonas has accepted the change to the lesson.\n"
        "\n"
        "      What you can do: propose something else or cancel (before Monday, October 26,\n"
        "      2026, 09:00 (UTC-07:00, Vancouver)).\n"
        "\n"
        "      Tutor: Jonas\n"
        "      When: Tuesday, October 27, 2026, 09:00 (UTC-07:00, Vancouver)\n"
        "      When for Jonas: Tuesday, October 27, 2026, 17:00 (UTC+01:00, Berlin)\n"
        "      Length: 1 hour\n"
        "      Price: 25.0 ITC\n"
        "      Time before: Monday, October 26, 2026, 09:00 (UTC-07:00, Vancouver)\n"
        "      Time before for Jonas: Monday, October 26, 2026, 17:00 (UTC+01:00, Berlin)\n"
        "      Held for the lesson: 25.0 ITC\n"
    ) in text
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


def test_the_document_holds_each_letter_with_its_facts(run: Any, examples: Path) -> None:
    """Keys, languages, the stored deadline in UTC, and the same instant on the reader's clock over the change."""
    document = run("play", examples / _TWO, "--messages", "--json").document
    first = document["letters"][0]

    assert document["scenario"] == "letters"
    assert [letter["key"] for letter in document["letters"]][:3] == ["1:jonas", "2:ann", "2:jonas"]
    assert len({letter["key"] for letter in document["letters"]}) == 8
    assert (first["kind"], first["lesson"], first["number"]) == ("told", "letters--first", 1)
    assert (first["recipient"], first["name"], first["locale"], first["direction"]) == ("jonas", "Jonas", "de", "ltr")
    # Asked at 20:30 of summer time (18:30Z); 48 hours later Berlin's clocks, put back meanwhile, show 19:30.
    assert (first["at"], first["deadline"]) == ("2026-10-23T18:30:00Z", "2026-10-25T18:30:00Z")
    assert "Sonntag, 25. Oktober 2026, 19:30 (UTC+01:00, Berlin)" in first["short"]
    assert first["html"].startswith('<!doctype html>\n<html lang="de" dir="ltr">')
    assert first["event"] == {
        "verb": "request",
        "actor": "ann",
        "policy": "italki@2018-02",
        "state": "requested",
        "waits_for": "tutor",
        "student": "ann",
        "tutor": "jonas",
        "payer": "ann",
        "requester": "ann",
        "start": "2026-10-26T16:00:00Z",
        "end": "2026-10-26T17:00:00Z",
        "price": "250",
        "currency": "ITC",
        "held": "250",
        "proposal": "1",
    }


def test_the_document_holds_the_entries_for_calendars(run: Any, examples: Path) -> None:
    """One entry, moved by a greater number and taken out by a greater one still, the same for both."""
    letters = run("play", examples / _TWO, "--messages", "--json").document["letters"]
    entries = defaultdict(list)
    for letter in letters:
        if letter["invitation"] is not None:
            invitation = letter["invitation"]
            entries[letter["name"]].append(
                (invitation["method"], invitation["sequence"], invitation["start"], invitation["end"])
            )

    assert {letter["invitation"]["uid"] for letter in letters if letter["invitation"]} == {
        "letters--first.1@tutorcore.invalid"
    }
    assert dict(entries) == {
        name: [
            ("REQUEST", 2, "2026-10-26T16:00:00Z", "2026-10-26T17:00:00Z"),
            ("REQUEST", 4, "2026-10-27T16:00:00Z", "2026-10-27T17:00:00Z"),
            ("CANCEL", 5, "2026-10-27T16:00:00Z", "2026-10-27T17:00:00Z"),
        ]
        for name in ("Ann", "Jonas")
    }


def test_the_text_and_the_document_are_of_the_same_letters(run: Any, examples: Path) -> None:
    """Nothing is in one of them alone."""
    text = run("play", examples / _TWO, "--messages").out
    letters = run("play", examples / _TWO, "--messages", "--json").document["letters"]

    assert len(_heads(text)) == len(letters)
    assert [letter["subject"] for letter in letters] == re.findall(f"{_HEAD.pattern}.*\n {{6}}(.*)", text, re.MULTILINE)


@pytest.mark.parametrize("json", [(), ("--json",)])
def test_a_run_that_is_repeated_on_its_database_shows_the_same(
    run: Any, examples: Path, tmp_path: Path, json: tuple[str, ...]
) -> None:
    """Nothing happens twice, and nothing of it depends on whether somebody has looked before."""
    command = ("play", examples / _TWO, "--messages", *json)
    kept = (*command, "--db", tmp_path / "market.db")

    assert run(*kept) == run(*kept) == run(*command)


def test_looking_at_letters_sends_and_finishes_nothing(run: Any, examples: Path, tmp_path: Path) -> None:
    """What was to be told is still to be told, and the timeline is the one that it would have been."""
    database = tmp_path / "market.db"
    run("play", examples / _TWO, "--messages", "--db", database)
    with open_sqlite(database) as storage, storage.reading() as tx:
        rows = tx.outbox(kinds=("told",))

    assert len(rows) == 5
    assert [(row.done, row.attempts, row.settled) for row in rows] == [(False, 0, ())] * 5
    assert (
        run("play", examples / _TWO, "--db", database, "--json").document
        == run("play", examples / _TWO, "--json").document
    )


def test_letters_of_other_scenarios_in_the_database_are_not_shown(run: Any, examples: Path, tmp_path: Path) -> None:
    """Several scenarios may share a database; each shows its own."""
    database = tmp_path / "market.db"
    run("play", examples / "italki_lesson.toml", "--db", database)

    shared = run("play", examples / _TWO, "--messages", "--db", database, "--json").document["letters"]

    assert {letter["lesson"] for letter in shared} == {"letters--first"}
    assert len(shared) == 8


@pytest.mark.slow
@pytest.mark.parametrize("name", _SCENARIOS)
def test_every_example_can_be_read_as_letters(name: str, run: Any, examples: Path) -> None:
    """The exit code is that of the timeline; every letter says something, under a key of its own."""
    done = run("play", examples / name, "--messages", "--json")
    letters = done.document["letters"]

    assert done.code == run("play", examples / name, "--json").code
    assert letters
    assert len({letter["key"] for letter in letters}) == len(letters)
    assert all(letter["subject"].strip() and letter["short"].strip() and letter["text"].strip() for letter in letters)
    assert "%(" not in done.out


def test_a_desk_is_written_to_in_the_platform_s_zone(run: Any, examples: Path) -> None:
    """Reports go to the tutor and to whoever handles them."""
    letters = run("play", examples / "itk_17_missed_requests.toml", "--messages", "--json").document["letters"]
    standing = [letter for letter in letters if letter["kind"] == "standing"]

    assert {letter["recipient"] for letter in standing} >= {"tom", "desk:agent"}
    assert all(letter["invitation"] is None and letter["deadline"] is None for letter in standing)


_HOSTILE = "a\\u001B]0;x\\u0007b\\u009Bc\\u202Ed\\u2066e\\u2028f\\r\\nBcc: x </p><script>"
_LESSON = f"""\
schema = 1
id = "s"
policy = "italki"
[parties.ann]
name = "{_HOSTILE}"
zone = "America/New_York"
wallet = "90.0"
locale = "LOCALE"
[parties.tom]
name = "{_HOSTILE}"
zone = "Europe/Berlin"
locale = "LOCALE"
[[steps]]
at = 2026-03-26T09:00:00Z
who = "ann"
do = "request"
lesson = "l"
tutor = "tom"
start = 2026-03-30T16:00:00Z
minutes = 60
price = "25.0"
kind = "{_HOSTILE}"
note = "{_HOSTILE}"
details = {{ "{_HOSTILE}" = "{_HOSTILE}" }}
[[steps]]
at = 2026-03-26T10:00:00Z
who = "tom"
do = "accept"
lesson = "l"
proposal = 1
note = "{_HOSTILE}"
[[steps]]
at = 2026-03-26T11:00:00Z
who = "ann"
do = "cancel"
lesson = "l"
reason = "{_HOSTILE}"
note = "{_HOSTILE}"
"""
_ISOLATES = "\u2068\u2069"
"""What keeps a value in one piece in right-to-left text; the letters' own, and harmless without an override."""


@pytest.mark.parametrize("locale", ["en", "ja", "ar"])
def test_hostile_names_and_notes_do_nothing_to_a_terminal(locale: str, run: Any, write: Write) -> None:
    """No escape, no line of their own, nothing that turns the text around, in any language."""
    done = run("play", write(_LESSON.replace("LOCALE", locale)), "--messages")
    steering = {
        character
        for character in done.out
        if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs") and character != "\n"
    }

    assert (done.code, done.err) == (0, "")
    assert steering <= set(_ISOLATES)
    assert not steering or locale == "ar"
    assert done.out.count("\u2068") == done.out.count("\u2069")
    assert not any(line.strip().startswith("Bcc") for line in done.out.splitlines())
    assert len(_heads(done.out)) == 5


def test_hostile_names_and_notes_stay_text_in_the_document(run: Any, write: Write) -> None:
    """The bytes are plain ASCII, the pages have no markup but our own, subjects are one line."""
    done = run("play", write(_LESSON.replace("LOCALE", "ar")), "--messages", "--json")
    letters = done.document["letters"]

    assert done.out.isascii()
    assert len(letters) == 5
    assert not any("<script" in letter["html"] for letter in letters)
    assert not any(set("\r\n\x1b\x07\x9b\u202e\u2028\u2066") & set(letter["subject"]) for letter in letters)
    assert any("&lt;script&gt;" in letter["html"] for letter in letters)


def test_a_scenario_that_comes_out_otherwise_ends_with_one(run: Any, write: Write) -> None:
    """A refused step is in the exit code; the letters are those of what did happen."""
    text = _LESSON.replace("LOCALE", "en").replace("proposal = 1", "proposal = 7")
    done = run("play", write(text), "--messages", "--json")

    assert done.code == 1
    assert [letter["event"]["verb"] for letter in done.document["letters"]] == ["request"]


@pytest.mark.parametrize("locale", ["pt-BR", "de_AT", "zh-CN"])
def test_a_language_that_is_not_in_the_box_falls_back(locale: str, run: Any, write: Write) -> None:
    """To the nearest one there is, and to English."""
    nearest = {"pt-BR": "en", "de_AT": "de", "zh-CN": "zh_Hans"}[locale]
    letters = run("play", write(_LESSON.replace("LOCALE", locale)), "--messages", "--json").document["letters"]

    assert {letter["locale"] for letter in letters} == {nearest}


@pytest.mark.parametrize("locale", ["", "???", "deutsch\\u001B"])
def test_what_names_no_language_is_a_mistake_with_its_place(locale: str, run: Any, write: Write) -> None:
    """It is said before anything is played."""
    done = run("play", write(_LESSON.replace("LOCALE", locale, 1).replace("LOCALE", "en")), "--messages")

    assert (done.code, done.out) == (2, "")
    assert "parties.ann.locale" in done.err
    assert "\x1b" not in done.err
