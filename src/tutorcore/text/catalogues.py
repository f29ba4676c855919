"""Catalogues: where translated sentences come from.

A catalogue of the box is read when its language is first asked for; a folder of the embedder's is looked through as a
whole when it is first named, and stays as it was then. Whoever asks for Austrian German is answered
by the first that has the sentence: the embedder's Austrian catalogue, the embedder's German, ours, the embedder's
English, and last the sentence itself. What is marked as fuzzy, or has no text, counts as not there.

`python -m tools.catalogues --write` extracts the sentences and brings the files of the box up to date; what makes a
catalogue complete is written there too.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from tutorcore.errors import InvalidValue
from tutorcore.text.gettext_files import binary, box, read
from tutorcore.text.locales import ENGLISH, LOCALES, PSEUDO, lineage
from tutorcore.text.sentences import parts
from tutorcore.text.wording import own_catalogues

_MOST_FILES: Final = 64
_ACCENTED: Final = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "ÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽåƀçðéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýž",
)


def catalogue(locale: str, own: Path | None = None) -> gettext.NullTranslations:
    """Return all catalogues of a language, each asked where those before it have nothing.

    Raises `InvalidValue` for a language of which there is none, and `Mistakes` for what is wrong in the folder `own`.
    """
    theirs = {} if own is None else own_catalogues(own)
    there = {*LOCALES, PSEUDO, *theirs}
    if locale not in there:
        raise InvalidValue("locale", locale, f"one of which there is a catalogue: {', '.join(sorted(there))}")
    chain = [_Accented()] if locale == PSEUDO else _chain(locale, theirs)
    first = chain[0]
    for later in chain[1:]:
        first.add_fallback(later)
    return first


def _chain(locale: str, theirs: Mapping[str, bytes]) -> list[gettext.NullTranslations]:
    """The catalogues of a language from the nearest to the last, the English sentences themselves."""
    found = list[gettext.NullTranslations]()
    for name in lineage(locale):
        if name in theirs:
            found.append(_translations(theirs[name]))
        if name in LOCALES and name != ENGLISH:
            found.append(_translations(_boxed(name)))
    return [*found, gettext.NullTranslations()]


@lru_cache(maxsize=_MOST_FILES)
def _boxed(name: str) -> bytes:
    """A catalogue of the box in its binary form."""
    return binary(read(box() / f"{name}.po", name))


def _translations(compiled: bytes) -> gettext.GNUTranslations:
    """The catalogue, new each time: those asked after it are hung onto it."""
    return gettext.GNUTranslations(io.BytesIO(compiled))


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
