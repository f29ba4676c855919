"""Catalogues: where translated sentences come from.

A catalogue is a gettext file, read when its language is first asked for. Whoever asks for Austrian German is answered
by the first that has the sentence: the embedder's Austrian catalogue, the embedder's German, ours, the embedder's
English, and last the sentence itself. What is marked as fuzzy, or has no text, counts as not there.

`python -m tools.catalogues --write` extracts the sentences and brings the files of the box up to date; what makes a
catalogue complete is written there too.
"""

from __future__ import annotations

import gettext
import io
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tutorcore.errors import InvalidValue
from tutorcore.text.locales import ENGLISH, LOCALES, PSEUDO, lineage, own_locales
from tutorcore.text.sentences import parts, placeholders

if TYPE_CHECKING:  # As in tutorcore.text.words.
    from babel.messages.catalog import Catalog

_MOST_FILES: Final = 64
_ACCENTED: Final = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "ÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽåƀçðéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýž",
)


def catalogue(locale: str, own: Path | None = None) -> gettext.NullTranslations:
    """Return all catalogues of a language, each asked where those before it have nothing.

    Raises `InvalidValue` for a language of which there is none, and for a file in `own` that cannot be used.
    """
    there = {*LOCALES, PSEUDO, *own_locales(own)}
    if locale not in there:
        raise InvalidValue("locale", locale, f"one of which there is a catalogue: {', '.join(sorted(there))}")
    chain = [_Accented()] if locale == PSEUDO else _chain(locale, own)
    first = chain[0]
    for later in chain[1:]:
        first.add_fallback(later)
    return first


def _chain(locale: str, own: Path | None) -> list[gettext.NullTranslations]:
    """The catalogues of a language from the nearest to the last, the English sentences themselves."""
    theirs, found = own_locales(own), list[gettext.NullTranslations]()
    for name in lineage(locale):
        if own is not None and name in theirs:
            found.append(_translations(_checked(_own_file(own, name), name)))
        if name in LOCALES and name != ENGLISH:
            found.append(_translations(_boxed(name)))
    return [*found, gettext.NullTranslations()]


def box() -> Traversable:
    """Return the folder of the catalogues that come with the library."""
    return files("tutorcore.text") / "catalogues"


def _own_file(own: Path, name: str) -> Path:
    written = own / f"{name}.po"
    return written if written.exists() else own / f"{name}.mo"


@lru_cache(maxsize=_MOST_FILES)
def _boxed(name: str) -> bytes:
    """A catalogue of the box in its binary form."""
    source = box() / f"{name}.po"
    return _binary(_read(source, name))


def _translations(binary: bytes) -> gettext.GNUTranslations:
    """The catalogue, new each time: those asked after it are hung onto it."""
    return gettext.GNUTranslations(io.BytesIO(binary))


def _checked(source: Path, name: str) -> bytes:
    """An embedder's catalogue in its binary form, once no sentence in it asks for what nobody gives."""
    read = _read(source, name)
    for message in read:
        asked = frozenset[str]().union(*map(placeholders, _texts(message.string)))
        given = frozenset[str]().union(*map(placeholders, _texts(message.id)))
        if message.id and not asked <= given:
            what = f"translation of {_texts(message.id)[0]!r} in {source}"
            expected = ", ".join(f"%({name})s" for name in sorted(given)) or "no placeholder"
            raise InvalidValue(what, ", ".join(f"%({name})s" for name in sorted(asked - given)), expected)
    return _binary(read)


def _texts(text: object) -> tuple[str, ...]:
    """The one or more texts of a sentence."""
    return (text,) if isinstance(text, str) else tuple(text) if isinstance(text, (tuple, list)) else ()


def _read(source: Traversable, name: str) -> Catalog:
    import struct

    from babel.messages.mofile import read_mo
    from babel.messages.pofile import PoFileError, read_po

    try:
        with source.open("rb") as file:
            return read_mo(file) if source.name.endswith(".mo") else read_po(file, locale=name, abort_invalid=True)
    except (PoFileError, struct.error, ValueError, OSError) as error:
        raise InvalidValue("catalogue", str(source), f"a gettext file in UTF-8 that can be read; {error}") from None


def _binary(read: Catalog) -> bytes:
    """The catalogue as gettext reads it, without what is not translated or marked as a guess."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo

    whole = Catalog(locale=read.locale_identifier, fuzzy=False)
    whole.mime_headers = [*read.mime_headers]
    for message in read:
        if message.id and not message.fuzzy and all(_texts(message.string)):
            whole.add(message.id, message.string, context=message.context)
    target = io.BytesIO()
    write_mo(target, whole)
    return target.getvalue()


class _Accented(gettext.NullTranslations):
    """The catalogue of the pseudo-locale, made of each sentence as it is asked for."""

    def gettext(self, message: str) -> str:
        return accented(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return accented(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        return accented(message)


def accented(text: str) -> str:
    """Return an English sentence as the pseudo-locale has it: in brackets, longer, and without one plain letter.

    >>> accented("Hello, %(name)s.")
    '[Ĥéļļö, %(name)s. ······]'
    """
    pieces = [piece if is_place else piece.translate(_ACCENTED) for piece, is_place in parts(text)]
    return f"[{''.join(pieces)} {'·' * max(1, len(text) * 2 // 5)}]"
