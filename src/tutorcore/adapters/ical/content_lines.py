"""Content lines: how values are written in iCalendar (RFC 5545, section 3.1), whatever they mean.

Whatever people wrote stays inside the value it belongs to: no text adds a line, a parameter or an address. Knows
neither events nor zones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final
from urllib.parse import quote, urlsplit

from tutorcore.adapters.plain_text import one_line, pieces, several_lines
from tutorcore.instants import MICROSECOND, Instant

_SECOND: Final = timedelta(seconds=1)
_LONGEST_LINE: Final = 75
_ESCAPES: Final = str.maketrans({"\\": r"\\", ";": r"\;", ",": r"\,", "\n": r"\n"})
# What RFC 6868 has for characters that end a quoted parameter or begin such an escape.
_QUOTED_ESCAPES: Final = str.maketrans({"^": "^^", '"': "^'"})
# What of an address may stand in a URL as it is (RFC 6068). Readers compare addresses, so nothing else is changed.
_IN_MAILTO: Final = "@!$'*+-._~"


def folded(lines: Iterable[str]) -> str:
    """Return lines as the text that travels: of at most 75 octets, each after the first of a value behind a blank."""
    return "".join("\r\n ".join(pieces(line, _LONGEST_LINE, _LONGEST_LINE - 1)) + "\r\n" for line in lines)


def utc(at: Instant) -> str:
    """Return an instant as it is written, to the second, as iCalendar has no less."""
    return f"{at:%Y%m%dT%H%M%SZ}"


def utc_after(at: Instant) -> str:
    """Return the instant at which something ends, to the second and not earlier than it is."""
    return utc(at + _SECOND - MICROSECOND)


def exact_duration(span: timedelta) -> str:
    """Return elapsed time as it is written, to the second and not less than it is; days, which may be 23 hours long
    by the wall clock, are not used.

    >>> exact_duration(timedelta(days=1, seconds=30)), exact_duration(timedelta(minutes=50))
    ('PT24H0M30S', 'PT50M')
    """
    minutes, seconds = divmod(-(-span // _SECOND), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours}H" if hours else "", f"{minutes}M" if minutes or (hours and seconds) else ""]
    return f"PT{''.join(parts)}{f'{seconds}S' if seconds else ''}"


def text(value: str) -> str:
    """Return a text of several lines as a value."""
    return several_lines(value).translate(_ESCAPES)


def line_text(value: str) -> str:
    """Return a text as a value on one line."""
    return one_line(value).translate(_ESCAPES)


def called(name: str) -> str:
    """Return the parameter with somebody's name, or nothing if they have none."""
    written = one_line(name).translate(_QUOTED_ESCAPES)
    return f';CN="{written}"' if written else ""


def mailto(address: str) -> str:
    """Return an e-mail address as a value."""
    return "mailto:" + quote(one_line(address), safe=_IN_MAILTO)


def place_lines(url: str) -> Iterator[str]:
    """Yield where to join as a location, and as a URL where it is one."""
    yield f"LOCATION:{line_text(url)}"
    if _is_web_address(url):
        yield f"URL:{url}"


def _is_web_address(url: str) -> bool:
    """Whether it may stand as a URL. Meetings may have handles or rooms instead, which are no URLs at all."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("https", "http") and bool(parts.hostname)
