"""Wording: a folder of the embedder's own catalogues, looked through as a whole before a word of it is said.

What would never be said, or could not, is found when the folder is first named and not when somebody is written to: a
key that is no sentence of the library, a value that the sentence does not have, plural forms that do not fit. Names
that only the embedder has stand under the contexts of `known_names`, and are no sentences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from gettext import c2py
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from tutorcore.errors import InvalidValue, Mistake, Mistakes, suggest
from tutorcore.text.gettext_files import binary, box, read, texts
from tutorcore.text.known_names import FREE_CONTEXTS, KNOWN_NAMES
from tutorcore.text.locales import ENGLISH, lineage, own_locales
from tutorcore.text.sentences import parts, placeholders

if TYPE_CHECKING:  # As in tutorcore.text.words.
    from babel.messages.catalog import Catalog, Message

Key: TypeAlias = tuple[str | None, str]
"""A sentence's context and its English wording; of one for one and for many, the wording for one."""

_MOST_FOLDERS: Final = 64
_MOST_SUGGESTED: Final = 20  # Finding the nearest of all sentences takes a while.
_MANY_NUMBERS: Final = range(1000)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_PLACE: Final = re.compile(r"%\(\w*\)?\w?")


class _Wrong(NamedTuple):
    """What is wrong with an entry; what it was meant to be is looked for if it is `unknown`."""

    message: str
    suggestion: str | None = None
    unknown: bool = False


@lru_cache(maxsize=1)
def known_sentences() -> Mapping[Key, tuple[str, ...]]:
    """Return every sentence of the library: its wording, or two for one and for many."""
    template = read(box() / "messages.pot")
    return {(each.context, texts(each.id)[0]): texts(each.id) for each in template if each.id}


def own_catalogues(folder: Path) -> Mapping[str, bytes]:
    """Return the catalogues of a folder in their binary form, by language. Each folder is read once per process.

    Raises `InvalidType` for anything but a Path, `InvalidValue` for a folder that is not there or has no catalogue, and
    `Mistakes` with all that is wrong in its files.
    """
    if not own_locales(folder):
        raise InvalidValue("folder of catalogues", str(folder), "a folder with files such as de.po")
    return _read_once(folder)


@lru_cache(maxsize=_MOST_FOLDERS)
def _read_once(folder: Path) -> Mapping[str, bytes]:
    found, mistakes = dict[str, bytes](), list[Mistake]()
    for locale in own_locales(folder):
        written = folder / f"{locale}.po"
        file = written if written.exists() else folder / f"{locale}.mo"
        wrong = _misnamed(locale)
        if wrong is not None:
            mistakes.append(Mistake(wrong.message, file=str(file), suggestion=wrong.suggestion))
            continue
        try:
            read_file = read(file, locale)
        except InvalidValue as error:
            mistakes.append(Mistake(f"expected {error.expected}", file=str(file)))
            continue
        in_file = list(_mistakes(str(file), locale, read_file))
        mistakes += in_file
        if not in_file:
            found[locale] = binary(read_file)
    if mistakes:
        raise Mistakes(f"the wording in {folder} cannot be used", mistakes)
    return found


def _misnamed(locale: str) -> _Wrong | None:
    """What is wrong with the name of a file that no language would be looked for in."""
    try:
        names = lineage(locale)
    except InvalidValue:
        return _Wrong("is not called after a language; expected a name such as de.po, de_AT.po or zh_Hans.po")
    return None if locale in names else _Wrong("is never looked for under that name", f"{names[0]}.po")


def _mistakes(file: str, locale: str, catalogue: Catalog) -> Iterator[Mistake]:
    forms = _wrong_forms(locale, catalogue)
    if forms is not None:
        yield Mistake(forms, file=file, path="Plural-Forms")
    suggested = 0
    for message in catalogue:
        for wrong in _wrongs(message, catalogue.num_plurals):
            suggestion = wrong.suggestion
            if wrong.unknown and suggested < _MOST_SUGGESTED:
                suggested += 1
                suggestion = _nearest(message)
            yield Mistake(
                wrong.message, file=file, line=message.lineno or 0, path=_label(message), suggestion=suggestion
            )


def _label(message: Message) -> str:
    """The sentence that an entry is about, with its context."""
    wording = repr(texts(message.id)[0])
    return wording if message.context is None else f"{message.context} {wording}"


def _wrong_forms(locale: str, catalogue: Catalog) -> str | None:
    """What is wrong with the plural forms that the head of a file declares, if a sentence there has any."""
    from babel.messages.plurals import PLURALS, get_plural

    if not any(len(texts(message.id)) > 1 and any(texts(message.string)) for message in catalogue):
        return None
    try:
        form_of = c2py(catalogue.plural_expr)
        highest = max(map(form_of, _MANY_NUMBERS))
    except (ValueError, ArithmeticError) as error:
        return f"cannot be read: {error}"
    if highest >= catalogue.num_plurals:
        return f"chooses form {highest} of {catalogue.num_plurals}, counted from 0"
    language = next((name for name in lineage(locale) if name in PLURALS and name != ENGLISH), None)
    needed = 0 if language is None else get_plural(language).num_plurals
    if catalogue.num_plurals < needed:
        return f"are {catalogue.num_plurals}; the language has {needed}: {get_plural(language).plural_forms}"
    return None


def _wrongs(message: Message, forms: int) -> Iterator[_Wrong]:
    """What is wrong with an entry; nothing is with one that counts as not there."""
    wordings, strings = texts(message.id), texts(message.string)
    if not message.id or message.fuzzy or not any(strings):
        return
    known = known_sentences().get((message.context, wordings[0]))
    if known is None:
        wrong = _wrong_key(message.context, wordings)
        if wrong is not None:
            yield wrong
        return
    if wordings != known:
        expected = "no msgid_plural" if len(known) == 1 else f"msgid_plural {known[1]!r}"
        yield _Wrong(f"is not said for one and for many like this; expected {expected}")
        return
    if len(known) > 1 and len(strings) != forms:
        yield _Wrong(f"has {len(strings)} forms; expected {forms}, as the head of the file says")
    elif not all(strings):
        yield _Wrong(f"is translated in part; expected each form from msgstr[0] to msgstr[{forms - 1}]")
    yield from _wrong_values(known, strings)


def _wrong_values(known: tuple[str, ...], strings: tuple[str, ...]) -> Iterator[_Wrong]:
    given = frozenset[str]().union(*map(placeholders, known), ["count"] if len(known) > 1 else [])
    expected = ", ".join(f"%({name})s" for name in sorted(given)) or "no placeholder"
    asked = frozenset[str]().union(*map(placeholders, strings))
    for name in sorted(asked - given):
        near = suggest(name, given)
        yield _Wrong(f"asks for %({name})s; expected {expected}", near and f"%({near})s")
    for piece, is_place in (each for text in strings for each in parts(text)):
        for broken in () if is_place else _PLACE.findall(piece):
            yield _Wrong(f"has {broken!r}, where no value will go; expected {expected}")


def _wrong_key(context: str | None, wordings: tuple[str, ...]) -> _Wrong | None:
    """What is wrong with a key that is no sentence: nothing, if it is a name of the embedder's own."""
    wording = wordings[0]
    names = KNOWN_NAMES.get(context or "")
    if names is not None and wording in names:
        return _Wrong("is a name that has a sentence, which is the key", names[wording])
    if names is not None and len(wordings) == 1 and (context in FREE_CONTEXTS or _NAME.fullmatch(wording)):
        return None
    elsewhere = [each for each, text in known_sentences() if text == wording]
    if elsewhere:
        expected = " or ".join("no msgctxt" if each is None else f"msgctxt {each!r}" for each in elsewhere)
        return _Wrong(f"is no sentence of tutorcore there; expected {expected}")
    return _Wrong("is no sentence of tutorcore", unknown=True)


def _nearest(message: Message) -> str | None:
    """The sentence that a key was meant to be: one of its context, or else any."""
    wording = texts(message.id)[0]
    of_context = [text for context, text in known_sentences() if context == message.context]
    return suggest(wording, of_context) or suggest(wording, {text for _, text in known_sentences()})
