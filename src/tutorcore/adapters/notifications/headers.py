"""Headers of e-mail messages, written here and read by nobody before they leave.

The standard library parses headers when they are set, as if they had come from outside. A subject of a user's that
looks like an encoded word ("=?utf-8?q?=0ABcc:...?=") is decoded, and some versions then write its line break as one;
long names lose their quotes. So headers with people's words come in their final form: ASCII, with encoded words
(RFC 2047) wherever a text could be taken for anything but itself.
"""

from __future__ import annotations

import re
from base64 import b64encode
from email.headerregistry import HeaderRegistry
from email.policy import SMTP, EmailPolicy
from typing import Final

from tutorcore.adapters.notifications.mailboxes import Mailbox
from tutorcore.adapters.plain_text import one_line, pieces

# Texts that say the same to every reader without encoding; words among them are short enough to be folded between.
_PLAIN_TEXT: Final = re.compile(r"(?!.*=\?)[!-~]{1,60}( [!-~]{1,60})*")
_PLAIN_NAME: Final = re.compile(r"(?!.*=\?)[\w!#$%&'*+/=?^`{|}~-]{1,60}( [\w!#$%&'*+/=?^`{|}~-]{1,60})*", re.ASCII)
# 45 octets are 60 letters of base64, and 72 with what stands around them; a word may have 75.
_ENCODED_OCTETS: Final = 45
_LONGEST_LINE: Final = 78


class _AsWritten:
    """The kind of header that is kept as it was set, and folded at its blanks."""

    max_count: Final = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, object]) -> None:
        """Take the value for what it is; the registry asks for this method."""
        kwds.update(decoded=value, parse_tree=None)

    def fold(self, *, policy: EmailPolicy) -> str:
        """Return the header as it is written, with its name, in lines."""
        lines, line = list[str](), f"{self.name}:"  # type: ignore[attr-defined]  # of the class that the registry adds
        for word in str(self).split(" "):
            if len(line) + len(word) + 1 > _LONGEST_LINE and not line.endswith(":"):
                lines.append(line)
                line = ""
            line += f" {word}"
        return policy.linesep.join([*lines, line]) + policy.linesep


_WRITTEN: Final = ("content-language", "from", "in-reply-to", "message-id", "references", "reply-to", "subject", "to")


def _registry() -> HeaderRegistry:
    registry = HeaderRegistry()
    for name in _WRITTEN:
        registry.map_to_type(name, _AsWritten)  # type: ignore[arg-type]  # the registry itself adds the base class
    return registry


# Bodies are ASCII on the way, so no server has to take more. Headers are too, but for addresses that have no such form.
POLICY: Final = SMTP.clone(cte_type="7bit", utf8=True, header_factory=_registry())


def text_header(text: str) -> str:
    r"""Return a text of a person as a header has it.

    >>> text_header("Monday, 11:00\r\nBcc: eve@evil.example"), text_header("für 11:00")
    ('Monday, 11:00 Bcc: eve@evil.example', '=?utf-8?b?ZsO8ciAxMTowMA==?=')
    """
    line = one_line(text)
    return line if not line or _PLAIN_TEXT.fullmatch(line) else _encoded(line)


def mailbox_header(who: Mailbox) -> str:
    """Return a mailbox with its name as a header has it.

    >>> mailbox_header(Mailbox("Lessons", "no-reply", "example.com"))
    'Lessons <no-reply@example.com>'
    """
    name = one_line(who.name)
    if not name:
        return who.address
    return f"{name if _PLAIN_NAME.fullmatch(name) else _encoded(name)} <{who.address}>"


def _encoded(text: str) -> str:
    words = (b64encode(piece.encode()).decode() for piece in pieces(text, _ENCODED_OCTETS, _ENCODED_OCTETS))
    return " ".join(f"=?utf-8?b?{word}?=" for word in words)
