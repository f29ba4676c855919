"""A letter: what is to be said to one person in one language, and how it looks as plain text and as a web page.

Whoever writes one has already cleaned what users have written: every part is on one line. What a letter knows is which
part is which; so nothing of a user's can become markup, another header, or a link that can be followed.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from textwrap import wrap
from typing import Final, Literal

import attrs

from tutorcore.text.sentences import filled

WIDTH: Final = 78

_STYLE: Final = (
    "body{font-family:sans-serif;line-height:1.5;max-width:40em;margin:1em auto;padding:0 1em}"
    "th{text-align:start;vertical-align:top;font-weight:normal;color:#555;padding-inline-end:1.5em}"
    "td{vertical-align:top}"
)
_FOLLOWED: Final = ("https://", "http://")


@attrs.frozen(kw_only=True)
class Letter:
    """What one person is told. Every text is one line without markup.

    `short` fits a phone: what happened, and by when something is to be done. `facts` are labels with their values,
    `link` is where to join, with its own label. `fact_line` is how a label and its value stand on one line in this
    language, each kept in one piece, and `brand` who writes.
    """

    locale: str
    direction: Literal["ltr", "rtl"]
    subject: str
    short: str
    paragraphs: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    link: tuple[str, str] | None = None
    brand: str = ""
    fact_line: str = "%(label)s: %(value)s"

    @property
    def text(self) -> str:
        """The letter as plain text, its lines at most 78 characters long where there are blanks to break them at."""
        parts = ["\n".join(_lines(paragraph)) for paragraph in self.paragraphs]
        if self.facts:
            parts.append("\n".join(line for fact in self.facts for line in _lines(self._fact(fact), "    ")))
        if self.link is not None:
            parts.append(self._fact(self.link))
        if self.brand:
            parts.append(f"-- \n{self.brand}")
        return "\n\n".join(parts) + "\n"

    @property
    def html(self) -> str:
        """The letter as a whole page. It loads nothing from anywhere, and everything in it is escaped."""
        parts = [f"<p>{escape(paragraph)}</p>" for paragraph in self.paragraphs]
        if self.facts:
            parts.append(f"<table>\n{chr(10).join(map(_row, self.facts))}\n</table>")
        if self.link is not None:
            parts.append(f"<p>{escape(self.link[0])}<br>{_followed(self.link[1])}</p>")
        if self.brand:
            parts.append(f"<p>{escape(self.brand)}</p>")
        head = f'<meta charset="utf-8">\n<title>{escape(self.subject)}</title>\n<style>{_STYLE}</style>'
        opening = f'<!doctype html>\n<html lang="{escape(self.locale.replace("_", "-"))}" dir="{self.direction}">'
        return "\n".join((opening, f"<head>\n{head}\n</head>\n<body>", *parts, "</body>\n</html>\n"))

    def _fact(self, fact: tuple[str, str]) -> str:
        return filled(self.fact_line, {"label": fact[0], "value": fact[1]})


def _lines(text: str, indent: str = "") -> Iterable[str]:
    """The text on lines of the width; languages written without blanks are left to whoever shows them."""
    return wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _row(fact: tuple[str, str]) -> str:
    label, value = fact
    return f'<tr><th scope="row">{escape(label)}</th><td><bdi>{escape(value)}</bdi></td></tr>'


def _followed(address: str) -> str:
    """Where to join: a link where it is one that a browser should follow, and else what it says."""
    shown = escape(address)
    if address.lower().startswith(_FOLLOWED):
        return f'<a href="{shown}">{shown}</a>'
    return f"<bdi>{shown}</bdi>"
