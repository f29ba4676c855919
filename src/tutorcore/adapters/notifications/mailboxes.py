"""Mailboxes: e-mail addresses taken apart, so that nothing but an address gets into an envelope or a header.

Takes the addresses that people have (RFC 5321 and 6531): words joined by dots, "@", a domain. Quoted local parts,
comments and addresses of machines ("ann@[192.0.2.1]") are legal as well, but nobody has one, and every known way to
smuggle something through an address makes use of them: they are refused.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import attrs

from tutorcore.adapters.plain_text import one_line
from tutorcore.errors import InvalidType, InvalidValue

# What RFC 5322 and 6532 allow in a word: no blanks, no controls, no specials.
_WORD: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u00a1-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U000e0fff]+"
_LABEL: Final = r"[A-Za-z0-9_\-\u00b7-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U000e0fff]+"
_ADDRESS: Final = re.compile(rf"({_WORD}(?:\.{_WORD})*)@({_LABEL}(?:\.{_LABEL})*)\.?")
_NAMED: Final = re.compile(r"([^<>]*)<([^<>]*)> *")
_QUOTED: Final = re.compile(r' *"(.*)" *')
_LONGEST_LOCAL: Final = 64
_LONGEST_DOMAIN: Final = 253


@attrs.frozen
class Mailbox:
    """Whom a letter is from or to: what they are called, if anything, and their address in its two parts.

    The domain is ASCII wherever it has such a form; `needs_utf8` says that the address as a whole has none.
    """

    name: str
    local: str
    domain: str

    @property
    def address(self) -> str:
        """The address as it stands in envelopes."""
        return f"{self.local}@{self.domain}"

    @property
    def needs_utf8(self) -> bool:
        """Whether only servers that speak SMTPUTF8 can carry a letter from or to it."""
        return not self.address.isascii()


def named_mailbox(text: str, what: str = "mailbox") -> Mailbox:
    """Return the mailbox that is written as "Name <name@example.com>", or as the address alone.

    >>> named_mailbox("Lessons, Inc. <no-reply@bücher.example>")
    Mailbox(name='Lessons, Inc.', local='no-reply', domain='xn--bcher-kva.example')

    Raises `InvalidType`, and `InvalidValue` for whatever is not one address.
    """
    if not isinstance(text, str):
        raise InvalidType(what, text, "a text, such as 'Lessons <no-reply@example.com>'")
    named = _NAMED.fullmatch(text)
    return mailbox(text.strip(" "), what=what) if named is None else mailbox(named[2], _unquoted(named[1]), what)


def _unquoted(name: str) -> str:
    quoted = _QUOTED.fullmatch(name)
    return name if quoted is None else quoted[1]


def mailbox(address: str, name: str = "", what: str = "mailbox") -> Mailbox:
    """Return the mailbox of that address, whose owner is called `name`; raise `InvalidValue` if it is not one address.

    >>> mailbox("ann@example.com", "Ann").address
    'ann@example.com'
    """
    found = _ADDRESS.fullmatch(address)
    if found is None or not address.isprintable():
        raise InvalidValue(what, address, "an address such as ann@example.com")
    local, domain = unicodedata.normalize("NFC", found[1]), _ascii_if_possible(found[2])
    if len(local.encode()) > _LONGEST_LOCAL or len(domain.encode()) > _LONGEST_DOMAIN:
        raise InvalidValue(what, address, f"up to {_LONGEST_LOCAL} octets before the @ and {_LONGEST_DOMAIN} behind it")
    return Mailbox(one_line(name), local, domain)


def _ascii_if_possible(domain: str) -> str:
    """The domain in its ASCII form, unless that would be the form of another domain too.

    The standard library knows the first edition of internationalised domains, in which "faß.example" is
    "fass.example", somebody else's today. Such a domain stays as it is, and the mail server finds its form.
    """
    written = unicodedata.normalize("NFC", domain).lower()
    try:
        in_ascii = written.encode("idna").decode()
        is_the_same = in_ascii.encode().decode("idna") == written
    except UnicodeError:
        return written
    return in_ascii if is_the_same else written
