"""Sentences: how texts of the library are marked for translation, and how values are put into them.

A sentence is written in English where it is used, with `%(name)s` where a value goes and `%%` for a per cent sign, and
is its own key in the catalogues. `say`, `say_in` and `count` of `Words` take such sentences directly; one that stands
in a table is marked by `sentence` or `sentence_in`, and said later. Knows no language and loads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tutorcore.errors import InvalidValue

_PLACE: Final = re.compile(r"%\((\w+)\)s|%%")


def sentence(text: str) -> str:
    """Return `text` as it is; the mark by which a sentence in a table gets into the catalogues."""
    return text


def sentence_in(context: str, text: str) -> str:
    """Return `text` as it is; the mark of a sentence in a table that will be said with `say_in(context, ...)`."""
    del context  # Read by the extractor alone.
    return text


def placeholders(text: str) -> frozenset[str]:
    """Return the names of the values that go into a sentence.

    >>> sorted(placeholders("%(who)s pays 50%% of %(price)s."))
    ['price', 'who']
    """
    return frozenset(name for name in _PLACE.findall(text) if name)


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return the sentence with its values put in; raise `InvalidValue` if one is missing.

    Values are never read for placeholders themselves, so no name or note of a user can pull another value in.

    >>> filled("%(who)s pays 50%%.", {"who": "Ada %(price)s"})
    'Ada %(price)s pays 50%.'
    """

    def put(place: re.Match[str]) -> str:
        if place[1] is None:
            return "%"
        if place[1] not in values:
            raise InvalidValue("sentence", text, f"a value for %({place[1]})s beside {', '.join(values) or 'none'}")
        return values[place[1]]

    return _PLACE.sub(put, text)


def parts(text: str) -> list[tuple[str, bool]]:
    """Return the sentence in pieces, each with whether it is a placeholder."""
    found, end = list[tuple[str, bool]](), 0
    for place in _PLACE.finditer(text):
        found += [(text[end : place.start()], False), (place[0], True)]
        end = place.end()
    return [piece for piece in (*found, (text[end:], False)) if piece[0]]
