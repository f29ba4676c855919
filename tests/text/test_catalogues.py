from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from tools.catalogues import (
    FOLDER,
    SAME,
    TRANSLATED,
    Sentence,
    Unreadable,
    incomplete,
    read,
    sentences,
    sentences_in,
    stale,
    updated,
)

from tutorcore.text.gettext_files import box
from tutorcore.text.locales import LOCALES

_TWO = Sentence(("%(count)s day of %(who)s", "%(count)s days of %(who)s"), None)
_GREETING = Sentence(("Hello, %(who)s.",), "letter")


def _catalogue(locale: str, *said: tuple[Sentence, str | tuple[str, ...]]) -> Catalog:
    catalog = Catalog(locale=locale)
    for each, text in said:
        catalog.add(each.wordings[0] if len(each.wordings) == 1 else each.wordings, text, context=each.context)
    return catalog


# The catalogues of the box


def test_the_catalogues_hold_the_sentences_of_the_source() -> None:
    """Whoever adds, drops or changes a sentence runs the tool, and sees what has to be translated anew."""
    assert stale() == []


@pytest.mark.parametrize("locale", TRANSLATED)
def test_a_language_of_the_box_is_complete(locale: str) -> None:
    """Every sentence is translated, with its placeholders, in as many plural forms as the language has."""
    assert incomplete(locale, read(locale), sentences()) == []


@pytest.mark.parametrize("locale", TRANSLATED)
def test_a_catalogue_says_how_it_was_made(locale: str) -> None:
    """Whoever opens the file reads first that nobody has looked over the translations."""
    head = (FOLDER / f"{locale}.po").read_text(encoding="utf-8").partition("msgid")[0]

    assert "Machine-made, and not yet reviewed" in head


def test_there_is_a_catalogue_for_each_language_and_for_nothing_else() -> None:
    """English is the source and has none."""
    names = {file.name for file in box().iterdir()}

    assert names == {"messages.pot", *(f"{locale}.po" for locale in LOCALES if locale != "en")}


def test_what_may_stay_english_is_still_a_sentence() -> None:
    """The list of exceptions holds nothing that is not said any more."""
    wordings = {wording for each in sentences() for wording in each.wordings}

    assert {text for texts in SAME.values() for text in texts} <= wordings


# Extracting


def test_sentences_are_found_however_they_are_said() -> None:
    """Said at once or marked in a table, inside one another, over several lines, one of two."""
    source = """
words.say("outer: %(x)s", x=words.say_in("part", "inner"))
self._words.say(
    "one "
    "line"
)
say("yes" if it else "no")
words.count("%(count)s day", "%(count)s days", number)
TABLE = {1: sentence("marked"), 2: sentence_in("part", "marked too")}
words.say(TABLE[1]); words.say_in(context, TABLE[2]); words.say(name)
"a text".count("x")
"""
    plain = ["%(count)s day", "marked", "no", "one line", "outer: %(x)s", "yes"]

    found = sorted(sentences_in(source, "a.py"), key=lambda each: (each.context or "", each.wordings))

    assert [each.wordings[0] for each in found if each.context is None] == plain
    assert [each for each in found if each.context == "part"] == [
        Sentence(("inner",), "part"),
        Sentence(("marked too",), "part"),
    ]
    assert Sentence(("%(count)s day", "%(count)s days"), None) in found


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ('words.say(f"{who} came")', "a.py:1: a sentence is put together"),
        ('words.say("who" + "came")', "a.py:1: a sentence is put together"),
        ('\nwords.say_in(where, "Yes.")', "a.py:2: the context of a sentence is worked out"),
    ],
)
def test_a_sentence_that_is_put_together_is_refused(source: str, complaint: str) -> None:
    """Pieces cannot be translated, and a catalogue cannot know them."""
    with pytest.raises(Unreadable, match=complaint):
        list(sentences_in(source, "a.py"))


# Bringing up to date


def test_translations_stay_and_what_is_gone_goes() -> None:
    """A new sentence comes in empty, nothing is guessed from one like it, and the file has no dates."""
    gone = Sentence(("Hello, %(whom)s.",), "letter")
    before = _catalogue(
        "de", (gone, "Hallo, %(whom)s."), (_TWO, ("%(count)s Tag (%(who)s)", "%(count)s Tage (%(who)s)"))
    )

    text = updated("de", [_TWO, _GREETING], before).decode()

    assert 'msgstr[1] "%(count)s Tage (%(who)s)"' in text
    assert 'msgctxt "letter"\nmsgid "Hello, %(who)s."\nmsgstr ""' in text
    assert "whom" not in text
    assert "fuzzy" not in text
    assert "Date" not in text
    assert "Plural-Forms: nplurals=2; plural=(n != 1);" in text


def test_a_language_begins_without_a_file(tmp_path: Path) -> None:
    """The first catalogue of a language is one without translations."""
    assert len(read("de", tmp_path)) == 0
    assert 'msgstr ""' in updated("de", [_GREETING], read("de", tmp_path)).decode()


# What is wrong with a translation


@pytest.mark.parametrize(
    ("locale", "text", "problem"),
    [
        ("de", "", "has no translation"),
        ("de", "Hallo, %(wer)s.", "has other placeholders than 'Hallo, %(wer)s.'"),
        ("de", "Hallo.", "has other placeholders than 'Hallo.'"),
        ("de", "Hello, %(who)s.", "is not translated"),
        ("de", "Hallo, %(who)s", "ends otherwise than 'Hallo, %(who)s'"),
        ("de", " Hallo, %(who)s.", "has blanks around ' Hallo, %(who)s.'"),
        ("ru", "Hallo, %(who)s.", "has Hallo left in 'Hallo, %(who)s.'"),
    ],
)
def test_a_wrong_translation_is_named(locale: str, text: str, problem: str) -> None:
    """The finding has the sentence with its context, and what is wrong."""
    found = incomplete(locale, _catalogue(locale, (_GREETING, text)), [_GREETING])

    assert found == [f"'letter: Hello, %(who)s.' {problem}"]


@pytest.mark.parametrize(("locale", "text"), [("de", "Hallo, %(who)s."), ("zh_Hans", "你好,%(who)s。")])
def test_a_right_translation_is_not(locale: str, text: str) -> None:
    """A full stop may be that of the language."""
    assert incomplete(locale, _catalogue(locale, (_GREETING, text)), [_GREETING]) == []


def test_what_is_not_there_or_guessed_is_named() -> None:
    """A missing sentence, a guess and other plural forms than the language has."""
    guessed = Catalog(locale="ru")
    guessed.add("Hello, %(who)s.", "Привет, %(who)s.", context="letter", flags=("fuzzy",))

    assert incomplete("ru", guessed, [_GREETING]) == ["'letter: Hello, %(who)s.' is marked as a guess"]
    assert incomplete("ru", Catalog(locale="ru"), [_GREETING]) == ["'letter: Hello, %(who)s.' is not there"]
    assert "plural forms: " in incomplete("ru", Catalog(locale="de"), [])[0]


def test_every_plural_form_is_asked_for() -> None:
    """A form for one number alone may leave the number out; a form for many may not."""
    whole = ("%(who)s: нуль", "ни одного")
    arabic = ("%(who)s: صفر", "%(who)s: يوم", "%(who)s: يومان", *("%(who)s: %(count)s",) * 3)

    assert incomplete("ar", _catalogue("ar", (_TWO, arabic)), [_TWO]) == []
    assert incomplete("ru", _catalogue("ru", (_TWO, whole)), [_TWO]) == [f"{_TWO.wordings[0]!r} is translated in part"]
    short = ("%(who)s: день", "%(who)s: %(count)s дня", "%(who)s: %(count)s дней")
    assert incomplete("ru", _catalogue("ru", (_TWO, short)), [_TWO]) == [
        f"{_TWO.wordings[0]!r} has other placeholders than '%(who)s: день'"
    ]
