"""Letters whose words were written by somebody who means harm: nothing gets out of its place."""

from __future__ import annotations

import re
from email import message_from_string
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

import attrs
import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.adapters.notifications.mailboxes import mailbox
from tutorcore.adapters.notifications.mime import message_of
from tutorcore.adapters.plain_text import one_line
from tutorcore.ports.notifications import Contact, Notice
from tutorcore.testing.notifications import sample_notice

_SENDER = "no-reply@lessons.example"
_HEADERS = [
    *("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted"),
    *("MIME-Version", "Content-Type", "Content-Language"),
]
_ENCODED = "=?utf-8?q?=0D=0ABcc:_eve@evil.example?="
_EVIL = [
    *("\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\x00", "\ud800", "\u202e", "\xa0", "\t", " "),
    *('<>,;:@"\\()[].=?', "Ann", "ü", "日本" * 20, "\U0001f600", "a" * 90, "é" * 40),
    *(
        "\r\nBcc: eve@evil.example\r\n",
        "<eve@evil.example>",
        ", eve@evil.example",
        "\r\n\r\n<script>",
        "\r\n.\r\nQUIT\r\n",
    ),
    *(_ENCODED, "=?utf-8?b?DQpCY2M6IGV2ZUBldmlsLmV4YW1wbGU=?=", "=?x?", "?=", "END:VEVENT", "--==="),
]
_WORDS = st.lists(st.text(max_size=4) | st.sampled_from(_EVIL), min_size=1, max_size=9).map("".join)
_NAMES = _WORDS.filter(lambda name: bool(name.strip()) and len(name) <= 200)


def _written(notice: Notice, sender: str = "Lessons") -> str:
    message = message_of(
        notice,
        sender=mailbox(_SENDER, sender),
        recipient=mailbox("ann@example.com", notice.to.name),
        reply_to=None,
        domain="lessons.example",
        at=notice.at,
    )
    return message.as_bytes().decode("ascii")


def _hostile(name: str, subject: str, text: str) -> Notice:
    notice = sample_notice(17, subject=subject, method="REQUEST", to=Contact(name=name, email="ann@example.com"))
    return attrs.evolve(notice, text=text, html=text)


def _shown(message: Message, header: str) -> str:
    return str(make_header(decode_header(re.sub(r"\r?\n", "", message[header]))))


@given(name=_NAMES, subject=_WORDS, text=_WORDS, sender=_NAMES)
def test_no_word_becomes_a_header(name: str, subject: str, text: str, sender: str) -> None:
    """The headers are those of every letter, with one address each; the words are read back as they were."""
    written = _written(_hostile(name, subject, text), sender)
    message = message_from_string(written)

    assert sorted(message.keys()) == sorted(_HEADERS)
    assert not re.search("[\r\n]", written.replace("\r\n", ""))
    assert max(map(len, written.split("\r\n"))) <= 998
    assert _shown(message, "Subject") == one_line(subject)
    for header, address, words in (("To", "ann@example.com", name), ("From", _SENDER, sender)):
        ((shown, found),) = getaddresses([message[header]])
        assert found == address
        assert str(make_header(decode_header(re.sub(r"\r?\n", "", shown)))) == one_line(words)


@given(name=_NAMES, words=_WORDS)
def test_no_word_becomes_a_part(name: str, words: str) -> None:
    """The parts are those of every letter, and the invitation in it is one, with one attendee."""
    message = message_from_string(_written(_hostile(name, words, words)))

    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    calendar = message.get_payload()[1].get_payload(decode=True)  # type: ignore[union-attr, index]  # it has parts
    (event,) = icalendar.Calendar.from_ical(calendar.decode()).walk("VEVENT")  # type: ignore[union-attr]  # is bytes

    assert kinds == ["text/plain", "text/html", "text/calendar", "application/ics"]
    assert event["ATTENDEE"] == "mailto:ann@example.com"


@pytest.mark.parametrize("words", [_ENCODED, f"x {_ENCODED}", f'"{_ENCODED}"', "=?utf-8?q?a?= =?utf-8?q?b?="])
def test_a_word_that_looks_encoded_is_not_decoded(words: str) -> None:
    """The standard library's headers would decode it when it is set, line breaks and all."""
    message = message_from_string(_written(_hostile(words, words, "text")))

    assert message["Bcc"] is None
    assert _shown(message, "Subject") == words
    assert _shown(message, "To") == f"{words} <ann@example.com>"
