"""Texts of people, made fit to travel: what leaves by a channel holds no character that could end a line of its own.

Control characters, lone halves of characters and the rarer line breaks mean something to some program on the way: they
add a header to a letter or a line to an invitation. Here they are taken out, and nothing else is: marks that show which
way a name is written stay.
"""

from __future__ import annotations

import re
from typing import Final

_BREAK: Final = re.compile("\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_HALF: Final = re.compile("[\ud800-\udfff]")
_BLANKS: Final = re.compile("[ \t\n]+")


def several_lines(text: str) -> str:
    r"""Return the text with every line break as a newline, and without control characters other than tabs.

    >>> several_lines("one\r\ntwo\u2028three\x00")
    'one\ntwo\nthree'
    """
    return _HALF.sub("\ufffd", _CONTROL.sub("", _BREAK.sub("\n", text)))


def one_line(text: str) -> str:
    r"""Return the text on one line, without blanks at its ends or several in a row.

    >>> one_line("Ann\r\nBcc: eve@evil.example ")
    'Ann Bcc: eve@evil.example'
    """
    return _BLANKS.sub(" ", several_lines(text)).strip(" ")


def pieces(text: str, first: int, others: int) -> list[str]:
    """Return the text in pieces of at most that many octets of UTF-8; no character is cut in two.

    >>> pieces("aéiou", 2, 3)
    ['a', 'éi', 'ou']
    """
    found, piece, room = list[str](), "", first
    for character in text:
        size = len(character.encode())
        if size > room:
            found.append(piece)
            piece, room = "", others
        piece += character
        room -= size
    return [*found, piece]
