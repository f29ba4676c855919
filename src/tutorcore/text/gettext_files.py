"""Gettext files: reading and writing them with Babel, which is loaded when the first of them is.

Knows their format; knows neither which sentences there are nor which of several files is asked first.
"""

from __future__ import annotations

import io
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import IO, TYPE_CHECKING, Final

from tutorcore.errors import InvalidValue

if TYPE_CHECKING:  # As in tutorcore.text.words.
    from babel.messages.catalog import Catalog, Message

_DATED: Final = re.compile(
    rb'^"(Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team'
    rb'|Generated-By): [^\n]*"\n',
    re.MULTILINE,
)


def box() -> Traversable:
    """Return the folder of the catalogues that come with the library."""
    return files("tutorcore.text") / "catalogues"


def read(source: Traversable, locale: str | None = None) -> Catalog:
    """Return what is in a file, `.mo` or else `.po`; raise `InvalidValue` if it is no such file."""
    import struct

    from babel.messages.pofile import PoFileError

    try:
        with source.open("rb") as file:
            return _compiled(file) if source.name.endswith(".mo") else _source(file, locale)
    except (PoFileError, struct.error, ValueError, LookupError, OSError) as error:
        raise InvalidValue("catalogue", str(source), f"a gettext file in UTF-8 that can be read; {error}") from None


def _compiled(file: IO[bytes]) -> Catalog:
    from babel.messages.mofile import read_mo

    found = read_mo(file)
    for message in found:
        context: object = message.context
        if isinstance(context, bytes):  # Babel leaves contexts as they stand in the file.
            message.context = context.decode()
    return found


def _source(file: IO[bytes], locale: str | None) -> Catalog:
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import PoFileParser

    class EachOnce(Catalog):
        """Refuses what stands there twice, of which Babel would keep the first without a word."""

        def __setitem__(self, id: str | tuple[str, ...] | list[str], message: Message) -> None:
            if message.id and (message.context, texts(message.id)[0]) in seen:
                raise ValueError(f"line {message.lineno}: {texts(message.id)[0]!r} stands there twice")
            seen.add((message.context, texts(message.id)[0]))
            super().__setitem__(id, message)

    seen = set[tuple[str | None, str]]()
    found = EachOnce(locale=locale)
    PoFileParser(found, abort_invalid=True).parse(file)
    return found


def texts(text: object) -> tuple[str, ...]:
    """Return the one or more texts of a sentence, or of its translation."""
    return (text,) if isinstance(text, str) else tuple(text) if isinstance(text, (tuple, list)) else ()


def is_said(message: Message) -> bool:
    """Return whether a sentence is translated: what is marked as a guess, or has no text, counts as not there."""
    return bool(message.id) and not message.fuzzy and all(texts(message.string))


def binary(whole: Catalog) -> bytes:
    """Return a catalogue as gettext reads it, without what is not translated."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo

    said = Catalog(locale="en", fuzzy=False)  # Of a language that Babel does not know it would write no plural forms.
    said.mime_headers = [("Plural-Forms", whole.plural_forms)]
    for message in filter(is_said, whole):
        said.add(message.id, message.string, context=message.context)
    target = io.BytesIO()
    write_mo(target, said)
    return target.getvalue()


def written(whole: Catalog) -> bytes:
    """Return a catalogue as a `.po` file, a sentence a line and without dates: it changes when a sentence does."""
    from babel.messages.pofile import write_po

    target = io.BytesIO()
    write_po(target, whole, width=0, no_location=True, sort_output=False, ignore_obsolete=True)
    return _DATED.sub(b"", target.getvalue())
