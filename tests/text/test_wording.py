"""A folder of the embedder's catalogues is looked through as a whole, before a word of it is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from tools.catalogues import sentences

from tutorcore.engine.notices import Writer
from tutorcore.errors import InvalidType, InvalidValue, Mistakes
from tutorcore.text.known_names import FREE_CONTEXTS, KNOWN_NAMES
from tutorcore.text.locales import LOCALES
from tutorcore.text.wording import known_sentences, own_catalogues
from tutorcore.text.words import Words, words_for

_HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
_DAYS = 'msgid "%(count)s calendar day"\nmsgid_plural "%(count)s calendar days"\n'


def _mistakes(folder: Path, **files: str) -> list[str]:
    """What is wrong with these files, without their folder."""
    for name, text in files.items():
        (folder / f"{name}.po").write_text(text, encoding="utf-8")
    with pytest.raises(Mistakes) as caught:
        own_catalogues(folder)
    return [str(each).replace(f"{folder}/", "") for each in caught.value.exceptions]


# What is known


def test_the_sentences_are_known_without_the_source() -> None:
    """The template that comes with the package holds them all."""
    assert set(known_sentences().items()) == {((each.context, each.wordings[0]), each.wordings) for each in sentences()}


@pytest.mark.parametrize("locale", [each for each in LOCALES if each != "en"])
def test_a_catalogue_of_the_box_is_right_as_wording(tmp_path: Path, locale: str) -> None:
    """Whoever begins with a copy of ours is told of nothing."""
    source = Path(__file__).resolve().parents[2] / "src/tutorcore/text/catalogues" / f"{locale}.po"
    (tmp_path / f"{locale}.po").write_bytes(source.read_bytes())

    assert list(own_catalogues(tmp_path)) == [locale]


# Keys


@pytest.mark.parametrize(
    ("entry", "mistake"),
    [
        (
            'msgid "Detials"\nmsgstr "Mehr"\n',
            "de.po:1: 'Detials': is no sentence of tutorcore; did you mean 'Details'?",
        ),
        (
            'msgctxt "role"\nmsgid "the tuttor"\nmsgstr "der Coach"\n',
            "de.po:2: role 'the tuttor': is no sentence of tutorcore; did you mean 'the tutor'?",
        ),
        ('msgid "qqqqqqqqqq"\nmsgstr "x"\n', "de.po:1: 'qqqqqqqqqq': is no sentence of tutorcore"),
        (
            'msgid "the tutor"\nmsgstr "der Coach"\n',
            "de.po:1: 'the tutor': is no sentence of tutorcore there; expected msgctxt 'role'",
        ),
        (
            'msgctxt "field"\nmsgid "Your details"\nmsgstr "x"\n',
            "de.po:2: field 'Your details': is no sentence of tutorcore; did you mean 'details'?",
        ),
        (
            'msgctxt "reason"\nmsgid "ill"\nmsgstr "krank"\n',
            "de.po:2: reason 'ill': is a name that has a sentence, which is the key; did you mean 'illness'?",
        ),
        (
            'msgctxt "title"\nmsgid "Details"\nmsgstr "x"\n',
            "de.po:2: title 'Details': is no sentence of tutorcore there; expected no msgctxt",
        ),
    ],
)
def test_a_key_that_is_no_sentence_is_refused(tmp_path: Path, entry: str, mistake: str) -> None:
    """With the nearest one, or with the context under which it stands."""
    assert _mistakes(tmp_path, de=entry) == [mistake]


@pytest.mark.parametrize("context", sorted(KNOWN_NAMES))
def test_a_name_of_the_embedder_s_own_is_none(tmp_path: Path, context: str) -> None:
    """Under the context of what it names; whatever is in its translation, nothing is filled in there."""
    entry = f'msgctxt "{context}"\nmsgid "{{}}"\nmsgstr "%(who)s in 50 %"\n'
    names = ["quality_check", "a trial of ours"] if context in FREE_CONTEXTS else ["quality_check"]
    (tmp_path / "de.po").write_text("\n".join(entry.format(name) for name in names), encoding="utf-8")

    words = words_for("de", tmp_path)

    assert [words.word(context, name) for name in names] == ["%(who)s in 50 %"] * len(names)


def test_only_the_first_mistakes_get_a_suggestion(tmp_path: Path) -> None:
    """A catalogue of another program is refused at once, and not after minutes of comparing."""
    found = _mistakes(tmp_path, de="\n".join(f'msgid "Details {n}"\nmsgstr "x"\n' for n in range(40)))

    assert len(found) == 40
    assert sum("did you mean" in each for each in found) == 20


# Values and plural forms


@pytest.mark.parametrize(
    ("entry", "mistake"),
    [
        (
            'msgid "%(length)s after %(time)s"\nmsgstr "%(time)s plus %(lenght)s"\n',
            "de.po:1: '%(length)s after %(time)s': asks for %(lenght)s; expected %(length)s, %(time)s; "
            "did you mean '%(length)s'?",
        ),
        ('msgid "Details"\nmsgstr "%(who)s"\n', "de.po:1: 'Details': asks for %(who)s; expected no placeholder"),
        (
            'msgid "%(length)s after %(time)s"\nmsgstr "%(time) plus %(length)d"\n',
            "de.po:1: '%(length)s after %(time)s': has '%(time)', where no value will go; "
            "expected %(length)s, %(time)s",
        ),
        (
            f'{_DAYS}msgstr[0] "ein Tag"\nmsgstr[1] "%(tage)s Tage"\n',
            "de.po:1: '%(count)s calendar day': asks for %(tage)s; expected %(count)s",
        ),
        (
            f'{_DAYS}msgstr[0] "ein Tag"\nmsgstr[1] ""\n',
            "de.po:1: '%(count)s calendar day': is translated in part; expected each form from msgstr[0] to msgstr[1]",
        ),
        (
            'msgid "%(count)s calendar day"\nmsgstr "Tag"\n',
            "de.po:1: '%(count)s calendar day': is not said for one and for many like this; "
            "expected msgid_plural '%(count)s calendar days'",
        ),
        (
            'msgid "Details"\nmsgid_plural "Many"\nmsgstr[0] "a"\nmsgstr[1] "b"\n',
            "de.po:1: 'Details': is not said for one and for many like this; expected no msgid_plural",
        ),
    ],
)
def test_what_does_not_fit_the_sentence_is_refused(tmp_path: Path, entry: str, mistake: str) -> None:
    """A value that it does not have or that will not be put in, and another number of forms."""
    assert _mistakes(tmp_path, de=entry)[:1] == [mistake]


def test_a_value_may_be_left_out_or_used_twice(tmp_path: Path) -> None:
    """And a per cent sign may be written plainly."""
    text = f'msgid "%(length)s after %(time)s"\nmsgstr "%(time)s, %(time)s: 50 %, 50%%"\n\n{_DAYS}'
    (tmp_path / "de.po").write_text(f'{text}msgstr[0] "ein Tag"\nmsgstr[1] "viele"\n', encoding="utf-8")

    words = words_for("de", tmp_path)

    assert words.say("%(length)s after %(time)s", length="a", time="b") == "b, b: 50 %, 50%"
    assert words.count("%(count)s calendar day", "%(count)s calendar days", 7) == "viele"


@pytest.mark.parametrize(
    ("forms", "mistake"),
    [
        ("nplurals=1; plural=0", "Plural-Forms: are 1; the language has 2: nplurals=2; plural=(n != 1);"),
        ("nplurals=1; plural=n>1", "Plural-Forms: chooses form 1 of 1, counted from 0"),
        ("nplurals=1; plural=n!=", "Plural-Forms: cannot be read: unexpected end of plural form"),
        ("nplurals=1; plural=1/n", "Plural-Forms: cannot be read: "),
        ("nplurals=x; plural=0", "expected a gettext file in UTF-8 that can be read"),
    ],
)
def test_plural_forms_that_do_not_fit_are_refused(tmp_path: Path, forms: str, mistake: str) -> None:
    """Where a sentence has any; a head that nobody reads may say what it likes."""
    head = f'{_HEAD}"Plural-Forms: {forms};\\n"\n\n'
    found = _mistakes(tmp_path, de=f'{head}{_DAYS}msgstr[0] "Tage"\n')

    assert len(found) == 1
    assert found[0].startswith(f"de.po: {mistake}")


def test_forms_that_no_sentence_uses_are_not_looked_at(tmp_path: Path) -> None:
    """Whoever changes one plain sentence need not know how their language counts."""
    head = f'{_HEAD}"Plural-Forms: nplurals=1; plural=n;\\n"\n\n'
    (tmp_path / "de.po").write_text(f'{head}msgid "Details"\nmsgstr "Mehr"\n', encoding="utf-8")

    assert words_for("de", tmp_path).say("Details") == "Mehr"


def test_a_language_that_nobody_knows_counts_as_it_says(tmp_path: Path) -> None:
    """With one form, say."""
    head = f'{_HEAD}"Plural-Forms: nplurals=1; plural=0;\\n"\n\n'
    (tmp_path / "tlh.po").write_text(f'{head}{_DAYS}msgstr[0] "jaj %(count)s"\n', encoding="utf-8")

    assert words_for("tlh", tmp_path).count("%(count)s calendar day", "%(count)s calendar days", 3) == "jaj 3"


# Files


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("de-AT", "de-AT.po: is never looked for under that name; did you mean 'de_AT.po'?"),
        ("deutsch", "deutsch.po: is not called after a language; expected a name such as"),
    ],
)
def test_a_file_that_would_never_be_read_is_refused(tmp_path: Path, name: str, mistake: str) -> None:
    """Its name is the language as catalogues are called."""
    (found,) = _mistakes(tmp_path, **{name: 'msgid "Details"\nmsgstr "Mehr"\n'})

    assert found.startswith(mistake)


@pytest.mark.parametrize(
    "content",
    [
        b"these are no sentences",
        b'msgid "Details"\nmsgstr "\xff"\n',
        b'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=nonesuch\\n"\n\nmsgid "Details"\nmsgstr "\xc3"\n',
        b'msgid "Details"\nmsgid_plural "Many"\nmsgstr[0] "a"\nmsgstr[2] "b"\n',
        b'msgid "Details"\nmsgstr "a"\n\nmsgid "Details"\nmsgstr "b"\n',
    ],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes) -> None:
    """No gettext file, not in its own character set, more forms than it declares, a sentence twice."""
    (tmp_path / "de.po").write_bytes(content)

    (found,) = _mistakes(tmp_path)

    assert found.startswith("de.po: expected a gettext file in UTF-8 that can be read; ")


def test_compiled_files_are_looked_through_too(tmp_path: Path) -> None:
    """What is no `.mo` is not taken for an empty one, and keys and contexts are looked at as in a `.po`."""
    catalog = Catalog(locale="de")
    catalog.add("the tutor", "die Trainerin", context="role")
    catalog.add("the tuttor", "die Trainerin", context="role")
    with (tmp_path / "de.mo").open("wb") as file:
        write_mo(file, catalog)
    (tmp_path / "fr.mo").write_bytes(b"not a catalogue at all")

    wrong, broken = _mistakes(tmp_path)

    assert wrong == "de.mo: role 'the tuttor': is no sentence of tutorcore; did you mean 'the tutor'?"
    assert broken.startswith("fr.mo: expected a gettext file")


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    """From every file and whichever language is asked for, so that the folder is mended in one go."""
    typo = 'msgid "Detials"\nmsgstr "x"\n\nmsgid "Details"\nmsgstr "%(x)s"\n'
    found = _mistakes(tmp_path, de=typo, fr=typo)

    assert [each.partition(": ")[0] for each in found] == ["de.po:1", "de.po:4", "fr.po:1", "fr.po:4"]
    for ask in (lambda: words_for("es", tmp_path), lambda: Words("es", tmp_path), lambda: Writer("", tmp_path, "a.b")):
        with pytest.raises(Mistakes, match="cannot be used"):
            ask()


def test_a_folder_is_read_once(tmp_path: Path) -> None:
    """What is changed in it later is seen by the next process."""
    (tmp_path / "de.po").write_text('msgid "Details"\nmsgstr "Mehr"\n', encoding="utf-8")
    before = own_catalogues(tmp_path)
    (tmp_path / "de.po").write_text('msgid "Detials"\nmsgstr "Mehr"\n', encoding="utf-8")

    assert own_catalogues(tmp_path) is before


def test_a_folder_is_a_path_with_catalogues(tmp_path: Path) -> None:
    """A text, a folder that is not there and one without catalogues are told apart."""
    with pytest.raises(InvalidType, match=r"folder of catalogues is 'wording' of type str; expected its Path"):
        words_for("de", "wording")  # type: ignore[arg-type]  # on purpose
    with pytest.raises(InvalidValue, match="a folder that exists"):
        words_for("de", tmp_path / "nowhere")
    with pytest.raises(InvalidValue, match="a folder with files such as de.po"):
        words_for("de", tmp_path)
