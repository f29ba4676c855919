from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.adapters.notifications.mailboxes import Mailbox, mailbox, named_mailbox
from tutorcore.errors import InvalidType, InvalidValue


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ann@example.com", Mailbox("", "ann", "example.com")),
        (" ann@example.com ", Mailbox("", "ann", "example.com")),
        ("<ann@example.com>", Mailbox("", "ann", "example.com")),
        ("Ann B. <ann.b+lessons@Example.COM.>", Mailbox("Ann B.", "ann.b+lessons", "example.com")),
        ('"Lessons, Inc." <a@b.example>', Mailbox("Lessons, Inc.", "a", "b.example")),
        ("Änn\r\nBcc: x@y.example <a@localhost>", Mailbox("Änn Bcc: x@y.example", "a", "localhost")),
        ("o'neil!#$%&*/=?^_`{|}~-@x.example", Mailbox("", "o'neil!#$%&*/=?^_`{|}~-", "x.example")),
    ],
)
def test_a_mailbox_is_an_address_with_a_name_or_without(text: str, expected: Mailbox) -> None:
    """The name is one line, the domain in lower case; the local part is nobody's business."""
    assert named_mailbox(text) == expected


@pytest.mark.parametrize(
    ("domain", "ascii"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("_dmarc.example", "_dmarc.example"),
    ],
)
def test_a_domain_is_ascii_where_it_can_be(domain: str, ascii: str) -> None:
    """Domains of other scripts have an ASCII form that every server knows."""
    found = mailbox(f"ann@{domain}")

    assert (found.domain, found.needs_utf8) == (ascii, False)


def test_a_domain_that_would_become_somebody_else_s_stays() -> None:
    """The ß was written "ss" in the first edition of such domains; in today's it is a letter of its own."""
    found = mailbox("ann@faß.example")

    assert (found.domain, found.needs_utf8) == ("faß.example", True)


def test_a_local_part_beyond_ascii_needs_a_server_that_knows_it() -> None:
    """There is no other form of it."""
    assert mailbox("änn@example.com").needs_utf8


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "ann@",
        "@example.com",
        "ann@example.com,eve@evil.example",
        "ann@example.com;eve@evil.example",
        "ann@example.com>eve",
        "ann@example.com> BODY=8BITMIME",
        "ann@example.com\r\nRCPT TO:<eve@evil.example>",
        "ann@example.com\n",
        "<ann@example.com><eve@evil.example>",
        "ann eve@example.com",
        "a@b@example.com",
        '"ann eve"@example.com',
        '"ann"@example.com',
        "ann(eve)@example.com",
        "ann@[192.0.2.1]",
        "ann@example..com",
        "ann..b@example.com",
        ".ann@example.com",
        "ann.@example.com",
        "a\\b@example.com",
        "ann\u2028@example.com",
        "ann\u202e@example.com",
        "ann\xa0@example.com",
        "ann\ud800@example.com",
        "ann@exa\u3000mple.com",
        "a" * 65 + "@example.com",
        "ann@" + "a." * 127 + "com",
    ],
)
def test_what_is_not_one_address_is_refused(text: str) -> None:
    """Nothing else gets into an envelope: no second address, no parameter, no line."""
    with pytest.raises(InvalidValue):
        mailbox(text)
    with pytest.raises(InvalidValue):
        named_mailbox(f"Ann <{text}>")


def test_an_address_is_a_text() -> None:
    """Anything else is refused by its type."""
    with pytest.raises(InvalidType):
        named_mailbox(b"ann@example.com")  # type: ignore[arg-type]  # on purpose


def test_a_domain_that_has_no_ascii_form_is_left_to_the_server() -> None:
    """A label that is too long in ASCII is none that we can judge."""
    assert mailbox("ann@" + "a" * 63 + "ü.example").needs_utf8


def test_an_address_alone_has_no_name() -> None:
    """Who is written to comes from a directory: an address there with a name around it is a mistake."""
    with pytest.raises(InvalidValue):
        mailbox("Ann <ann@example.com>")


@given(st.text(max_size=40))
def test_no_address_has_room_for_more(text: str) -> None:
    """Whatever is taken has one "@", and nothing that ends a word, an address, or a line."""
    try:
        found = mailbox(text)
    except InvalidValue:
        return

    assert found.address.count("@") == 1
    assert found.address.isprintable()
    assert not set(found.address) & set(' <>()[],;:\\"')
