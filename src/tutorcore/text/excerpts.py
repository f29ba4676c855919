"""Excerpts: some of the sentences, as a catalogue with which embedders begin a wording of their own.

Knows what the box says; what an embedder makes of it is looked through in `wording`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from tutorcore.text.gettext_files import box, is_said, read, texts, written
from tutorcore.text.locales import ENGLISH, LOCALES, lineage
from tutorcore.text.sentences import parts
from tutorcore.text.wording import known_sentences

_HEAD: Final = """\
# Your own wording: a file {locale}.po in a folder of yours.
# Change what stands after msgstr, leave %(name)s as it is, and take out what you do not change."""


class Entry(NamedTuple):
    """A sentence, or two for one and for many, with its translation; that is empty in a language not in the box."""

    context: str | None
    wordings: tuple[str, ...]
    said: tuple[str, ...]

    def contains(self, text: str) -> bool:
        """Return whether a text stands in the sentence or its translation, and not just in the name of a value."""
        pieces = [piece for each in (*self.wordings, *self.said) for piece, is_place in parts(each) if not is_place]
        return text.casefold() in "\n".join(pieces).casefold()


def entries(locale: str) -> Iterator[Entry]:
    """Yield every sentence, with what the box says in the language or in one that is near; `locale` is a file's."""
    nearest = next(each for each in lineage(locale) if each in LOCALES)
    is_english = locale.partition("_")[0] == ENGLISH
    boxed = None if nearest == ENGLISH else read(box() / f"{nearest}.po", nearest)
    for (context, one), wordings in known_sentences().items():
        message = None if boxed is None else boxed.get(one, context)
        said = texts(message.string) if message is not None and is_said(message) else ()
        yield Entry(context, wordings, wordings if is_english else said)


def catalogue_of(locale: str, excerpt: Sequence[Entry]) -> str:
    """Return entries as a `.po` file of a language, which can be used as it is."""
    from babel.messages.catalog import Catalog

    catalogue = Catalog(locale=locale, fuzzy=False, header_comment=_HEAD.format(locale=locale))
    for each in excerpt:
        one, *more = each.wordings
        said = each.said or ("",) * (catalogue.num_plurals if more else 1)
        catalogue.add((one, *more) if more else one, said if more else said[0], context=each.context)
    return written(catalogue).decode()
