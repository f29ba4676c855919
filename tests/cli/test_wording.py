"""`tutorcore wording`, and a folder of one's own tried on letters and explanations."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tutorcore.text.wording import known_sentences
from tutorcore.text.words import words_for

_COACH = 'msgctxt "role"\nmsgid "the tutor"\nmsgstr "the coach"\n'
_TYPO = 'msgctxt "role"\nmsgid "the tuttor"\nmsgstr "the coach"\n'
_LETTERS = "letters_in_two_languages.toml"


def _saved(text: str, folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.po").write_text(text, encoding="utf-8")
    return folder


# A catalogue to begin with


@pytest.mark.parametrize("locale", ["en", "de", "ja", "ar", "pt_BR"])
def test_what_is_printed_can_be_used_at_once(run: Any, tmp_path: Path, locale: str) -> None:
    """Every sentence, with the words of the box, which change nothing."""
    done = run("wording", locale)
    words = words_for(locale, _saved(done.out, tmp_path / locale, locale))

    assert (done.code, done.err) == (0, "")
    assert done.out.count("\nmsgid ") == len(known_sentences()) + 1
    assert words.locale == locale
    assert words.say_in("role", "the tutor") == words_for(locale).say_in("role", "the tutor")


def test_sentences_are_found_by_their_english_or_their_translation(run: Any) -> None:
    """Whatever their case, and not by the names of values in them."""
    both = run("wording", "de", "--containing", "THE TUTOR ANSWERS", "--containing", "keine kosten", "--json").document

    assert both["locale"] == "de"
    for each in both["sentences"]:
        said = re.sub(r"%\(\w+\)s", "", "\n".join((*each["wordings"], *each["translations"]))).casefold()
        assert "the tutor answers" in said or "keine kosten" in said
    assert "Sentence" not in run("wording", "en", "--containing", "tutor").out
    assert 'msgid "%(length)s after %(time)s"' not in run("wording", "en", "--containing", "length").out


def test_a_language_of_one_s_own_begins_empty(run: Any) -> None:
    """In as many plural forms as it has; English is itself, and Austria begins with German."""
    days = ("--containing", "%(count)s calendar day".partition("s ")[2])

    assert 'msgstr[0] ""\nmsgstr[1] ""\nmsgstr[2] ""\n' in run("wording", "pl", *days).out
    assert 'msgstr[1] "%(count)s calendar days"' in run("wording", "en_GB", *days).out
    assert 'msgstr[1] "%(count)s Kalendertage"' in run("wording", "de-AT", *days).out
    assert "a file de_AT.po" in run("wording", "de-AT", *days).out


def test_a_catalogue_has_no_dates(run: Any) -> None:
    """So two of them differ only in their sentences."""
    assert "Date" not in run("wording", "de").out.partition("\n\n")[0]


@pytest.mark.parametrize("arguments", [("de", "--containing", "qqqqq"), ("???",)])
def test_what_finds_nothing_is_a_mistake(run: Any, arguments: tuple[str, ...]) -> None:
    """Nothing is printed, so nothing is saved that would change nothing."""
    done = run("wording", *arguments)

    assert (done.code, done.out) == (2, "")
    assert "expected" in done.err


@pytest.mark.parametrize(
    ("locale", "texts", "changes", "old"),
    [
        (
            "en",
            ("lesson", "tutor"),
            {"lesson": "session", "Lesson": "Session", " tutor": " coach", '"tutor': '"coach', "Tutor": "Coach"},
            r"\b(?:lesson|tutor)",
        ),
        (
            "de",
            ("Unterrichtsstunde", "Tutor"),
            {"Unterrichtsstunden": "Sitzungen", "Unterrichtsstunde": "Sitzung", "Tutor": "Coach"},
            r"Unterrichtsstunde|\bTutor",
        ),
    ],
)
def test_a_trade_is_renamed(
    run: Any, tmp_path: Path, locale: str, texts: tuple[str, ...], changes: dict[str, str], old: str
) -> None:
    """The recipe of the guide: words replaced after msgstr alone, and none of the old ones is left."""
    lines = run("wording", locale, *(each for text in texts for each in ("--containing", text))).out.splitlines()
    for before, after in changes.items():
        lines = [line.replace(before, after) if line.startswith("msgstr") else line for line in lines]
    folder = _saved("\n".join(lines), tmp_path / "wording", locale)

    done = run("policy", "explain", "educai", "--wording", folder, "--locale", locale)

    assert (done.code, done.err) == (0, "")
    assert re.findall(old, done.out, re.IGNORECASE) == []


# One's own, tried


def test_a_policy_is_explained_in_one_s_own_wording(run: Any, tmp_path: Path) -> None:
    """As people will read it."""
    folder = _saved(_COACH, tmp_path / "wording", "en")

    assert "the coach" in run("policy", "explain", "cocorico", "--wording", folder).out
    assert "the coach" not in run("policy", "explain", "cocorico").out


def test_letters_are_shown_in_one_s_own_wording(run: Any, examples: Path, tmp_path: Path) -> None:
    """Those of the language that the folder has; the others stay as they are."""
    folder = _saved('msgid "Details"\nmsgstr "More"\n\nmsgid "Tutor"\nmsgstr "Coach"\n', tmp_path / "wording", "en")

    plain, own = (run("play", examples / _LETTERS, "--messages", *more) for more in ([], ["--wording", folder]))

    assert own.out == plain.out.replace("Tutor: ", "Coach: ") != plain.out


def test_a_wrong_folder_is_told_before_anything_is_run(run: Any, examples: Path, tmp_path: Path) -> None:
    """By file and sentence, and with --json as the mistakes of every file are; no database is made."""
    folder, db = _saved(_TYPO, tmp_path / "wording", "en"), tmp_path / "kept.db"

    done = run("play", examples / _LETTERS, "--messages", "--wording", folder, "--db", db)
    document = run("policy", "explain", "cocorico", "--wording", folder, "--json").document

    assert (done.code, done.out, db.exists()) == (2, "", False)
    assert "en.po:2: role 'the tuttor': is no sentence of tutorcore; did you mean 'the tutor'?" in done.err
    assert [(each["line"], each["suggestion"]) for each in document["mistakes"]] == [(2, "the tutor")]


def test_a_timeline_has_no_wording(run: Any, examples: Path, tmp_path: Path) -> None:
    """An option that would do nothing is refused."""
    done = run("play", examples / _LETTERS, "--wording", _saved(_COACH, tmp_path / "wording", "en"))

    assert (done.code, done.out) == (2, "")
    assert "expected --messages beside it" in done.err


# Which language it is


@pytest.mark.parametrize("locale", ["pt-BR", "xx"])
def test_a_language_that_is_not_there_is_said(run: Any, locale: str) -> None:
    """On standard error; the English explanation is complete all the same, also as a document."""
    done = run("policy", "explain", "cocorico", "--short", "--locale", locale)

    assert (done.code, done.out) == (0, run("policy", "explain", "cocorico", "--short").out)
    assert done.err == (
        f"there is no catalogue for {locale!r}, so this is in English; there are ar, de, en, es, fr, ja, ru, zh_Hans\n"
    )
    assert run("policy", "explain", "cocorico", "--short", "--locale", locale, "--json").document["locale"] == "en"


@pytest.mark.parametrize("locale", ["en", "en-GB", "C", "de-AT", "zh-TW"])
def test_nothing_is_said_where_the_nearest_language_is_meant(run: Any, locale: str) -> None:
    """English that was asked for, and a country's or a script's neighbour."""
    assert run("policy", "explain", "cocorico", "--short", "--locale", locale).err == ""


def test_a_language_of_the_folder_is_there(run: Any, tmp_path: Path) -> None:
    """It counts as one more."""
    folder = _saved('msgctxt "role"\nmsgid "the tutor"\nmsgstr "o professor"\n', tmp_path / "wording", "pt")

    done = run("policy", "explain", "cocorico", "--locale", "pt-BR", "--wording", folder)

    assert done.err == ""
    assert "o professor" in done.out
    assert ", pt," in run("policy", "explain", "cocorico", "--locale", "sv", "--wording", folder).err
