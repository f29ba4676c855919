from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from time import monotonic
from typing import Any

import attrs
import icalendar
import pytest

from tutorcore.adapters.notifications.smtp import Smtp
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.instants import instant
from tutorcore.ports.notifications import Contact, Notice, NoticeRefused, NoticeUnavailable, Notifier
from tutorcore.testing.notifications import NotifierContract, sample_notice

_NOW = instant("2026-03-27T18:00:00.25Z")
_SENDER = "Lessons <no-reply@lessons.example>"
_SHORT = timedelta(seconds=0.4)
_PATIENCE = 10.0
_SECRET = "correct-horse"


def _smtp(port: int, **others: Any) -> Smtp:
    settings: dict[str, Any] = {"sender": _SENDER, "security": "none", "timeout": timedelta(seconds=5)}
    return Smtp("127.0.0.1", port, **settings | {"clock": lambda: _NOW} | others)


def _letter(room: Any) -> EmailMessage:
    (envelope,) = room.letters
    letter = message_from_bytes(envelope.content, policy=SMTP)
    assert isinstance(letter, EmailMessage)
    return letter


def _body(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_letter_arrives_whole(open_mailroom: Callable[..., Any], notice: Notice) -> None:
    """Envelope, headers and both forms of the text are what the notice says."""
    room = open_mailroom()

    _smtp(room.port, reply_to="support@lessons.example").send(notice)

    letter = _letter(room)
    (envelope,) = room.letters
    assert (envelope.mail_from, envelope.rcpt_tos) == ("no-reply@lessons.example", ["ann@example.com"])
    assert {name: str(value) for name, value in letter.items() if name != "Content-Type"} == {
        "From": "Lessons <no-reply@lessons.example>",
        "To": "Ann <ann@example.com>",
        "Reply-To": "support@lessons.example",
        "Subject": notice.subject,
        "Date": "Fri, 27 Mar 2026 18:00:00 +0000",
        "Message-ID": "<17%3Aann@lessons.example>",
        "In-Reply-To": "<lesson.L1@lessons.example>",
        "References": "<lesson.L1@lessons.example>",
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Language": "en",
    }
    assert (_body(letter, "plain"), _body(letter, "html")) == (notice.text, notice.html)


def test_the_server_is_greeted_with_the_domain(open_mailroom: Callable[..., Any], notice: Notice) -> None:
    """The domain of the messages' ids is also what the platform calls itself, not whatever this machine is called."""
    room = open_mailroom()

    _smtp(room.port, domain="eu.lessons.example").send(notice)

    assert room.greeted_as == ["eu.lessons.example"]
    assert _letter(room)["Message-ID"] == "<17%3Aann@eu.lessons.example>"


@pytest.mark.parametrize(("method", "name"), [("REQUEST", "invite.ics"), ("CANCEL", "cancel.ics")])
def test_an_invitation_goes_along_twice(open_mailroom: Callable[..., Any], method: Any, name: str) -> None:
    """As a part that mail programs show as an invitation, and as a file for those that do not; both say the same."""
    room = open_mailroom()

    _smtp(room.port).send(sample_notice(17, method=method))

    letter = _letter(room)
    (alternative, file) = letter.iter_parts()
    plain, html, calendar = alternative.iter_parts()
    assert [part.get_content_type() for part in (plain, html, calendar)] == ["text/plain", "text/html", "text/calendar"]
    assert calendar.get_param("method") == method
    assert (file.get_content_type(), file.get_filename()) == ("application/ics", name)
    assert file.get_payload(decode=True) == calendar.get_payload(decode=True)
    (event,) = icalendar.Calendar.from_ical(str(calendar.get_content())).walk("VEVENT")
    assert event["ORGANIZER"] == "mailto:no-reply@lessons.example"
    assert event["ATTENDEE"] == "mailto:ann@example.com"


def test_a_letter_without_an_invitation_has_no_parts_for_it(open_mailroom: Callable[..., Any]) -> None:
    """Nothing is attached where there is nothing to enter."""
    room = open_mailroom()

    _smtp(room.port).send(sample_notice(17))

    assert [part.get_content_type() for part in _letter(room).iter_parts()] == ["text/plain", "text/html"]


def test_another_try_is_the_same_message(open_mailroom: Callable[..., Any], notice: Notice) -> None:
    """Whoever gets a letter twice, or gets one back, knows it by its id, which follows from the key."""
    room = open_mailroom()
    smtp = _smtp(room.port)

    smtp.send(notice)
    _smtp(room.port, clock=lambda: _NOW + timedelta(hours=1)).send(notice)

    first, second = (message_from_bytes(envelope.content) for envelope in room.letters)
    assert first["Message-ID"] == second["Message-ID"] == smtp.message_id(notice)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Grüße, 你好, \U0001f600\n" * 200, "<p>Grüße, 你好</p>"),
        ("x" * 5000 + "\n", "<p>" + "y" * 5000 + "</p>"),
        (".\n..\n.\nFrom me\n", "<p>.</p>\n."),
        ("a\r\nb\rc\u2028d\x00e\ud800\n", "<p>\r</p>"),
    ],
    ids=["scripts", "long lines", "dots", "odd characters"],
)
def test_every_text_is_mail_that_every_server_takes(
    open_mailroom: Callable[..., Any], notice: Notice, text: str, html: str
) -> None:
    """On the way it is ASCII in short lines; when it has arrived it is what it was."""
    room = open_mailroom()

    _smtp(room.port).send(attrs.evolve(notice, text=text, html=html))

    (envelope,) = room.letters
    assert envelope.content.isascii()
    assert max(map(len, envelope.content.splitlines())) <= 100
    expected = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\x00", "")
    assert _body(_letter(room), "plain") == expected.replace("\ud800", "\ufffd")


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
@pytest.mark.parametrize("reply", ["550 5.1.1 no such mailbox", "554 5.7.1 not wanted", "552 5.2.2 full", "501 what?"])
def test_a_refusal_for_good_is_final(open_mailroom: Callable[..., Any], notice: Notice, step: str, reply: str) -> None:
    """What the server says of the recipient or the letter with a 5xx will be so tomorrow; the reason is kept."""
    room = open_mailroom(replies={step: reply})

    with pytest.raises(NoticeRefused) as refused:
        _smtp(room.port).send(notice)

    assert str(refused.value) == f"the mail server refused the {'recipient' if step == 'RCPT' else 'letter'}: {reply}"
    assert room.letters == []


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
@pytest.mark.parametrize("code", [421, 450, 451, 452])
def test_a_refusal_for_now_is_tried_again(
    open_mailroom: Callable[..., Any], notice: Notice, step: str, code: int
) -> None:
    """A server that is busy, full or greylisting takes it later."""
    room = open_mailroom(replies={step: f"{code} 4.7.1 come back"})

    with pytest.raises(NoticeUnavailable, match=f"{code} 4.7.1 come back"):
        _smtp(room.port).send(notice)

    assert room.letters == []


@pytest.mark.parametrize(
    ("step", "reply"),
    [
        ("MAIL", "550 5.7.1 not this sender"),
        ("MAIL", "530 5.7.0 authentication required"),
        ("MAIL", "451 later"),
        ("RCPT", "530 5.7.0 authentication required"),
        ("RCPT", "503 sender first"),
        ("DATA", "xyz"),
        ("RCPT", "999 what"),
    ],
)
def test_the_platform_s_own_trouble_is_tried_again(
    open_mailroom: Callable[..., Any], notice: Notice, step: str, reply: str
) -> None:
    """What is about the sender, the log-in or the conversation is mended while letters wait: none is lost by it."""
    room = open_mailroom(replies={step: reply})

    with pytest.raises(NoticeUnavailable):
        _smtp(room.port).send(notice)


def test_a_letter_that_is_too_large_is_final(open_mailroom: Callable[..., Any], notice: Notice) -> None:
    """The size is announced together with the sender, and it is the letter's."""
    room = open_mailroom(replies={"MAIL": "552 5.3.4 too large"})

    with pytest.raises(NoticeRefused, match="the letter: 552 5.3.4 too large"):
        _smtp(room.port).send(notice)


@pytest.mark.parametrize("step", ["EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("trouble", ["hangs", "drops"])
def test_a_server_that_says_nothing_more_is_tried_again(
    open_mailroom: Callable[..., Any], notice: Notice, step: str, trouble: str
) -> None:
    """Whether it hangs or hangs up, the call comes back in its time, and says that it may be tried again."""
    room = open_mailroom(**{trouble: {step}})
    begun = monotonic()

    with pytest.raises(NoticeUnavailable, match=f"127.0.0.1:{room.port}: "):
        _smtp(room.port, timeout=_SHORT).send(notice)

    assert monotonic() - begun < _PATIENCE


@pytest.mark.parametrize("trouble", [{"hangs": {"QUIT"}}, {"drops": {"QUIT"}}, {"replies": {"QUIT": "500 what"}}])
def test_what_the_server_has_taken_is_sent(
    open_mailroom: Callable[..., Any], notice: Notice, trouble: dict[str, Any]
) -> None:
    """However it takes leave, the letter was taken: sending it again would be a second one."""
    room = open_mailroom(**trouble)

    _smtp(room.port, timeout=timedelta(seconds=2)).send(notice)

    assert len(room.letters) == 1


@pytest.mark.parametrize(
    ("says", "then"), [(b"", b""), (b"", b"2"), (b"220 hello\r\n", b"2"), (b"220-a\r\n", b"220-b\r\n")]
)
def test_a_server_that_talks_slowly_is_cut_short(
    open_talker: Callable[..., int], notice: Notice, says: bytes, then: bytes
) -> None:
    """A byte now and then does not keep the relay: the time is for the whole letter."""
    port, begun = open_talker(says, then=then), monotonic()

    with pytest.raises(NoticeUnavailable):
        _smtp(port, timeout=_SHORT).send(notice)

    assert monotonic() - begun < _PATIENCE


@pytest.mark.parametrize("security", ["none", "tls", "starttls"])
@pytest.mark.parametrize("says", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"554 no mail here\r\n", b"220 " + b"x" * 9000])
def test_a_server_that_is_none_is_tried_again(
    open_talker: Callable[..., int], notice: Notice, says: bytes, security: str
) -> None:
    """What does not speak SMTP, or not securely, gets no letter."""
    port = open_talker(says, hangs_up=True)

    with pytest.raises(NoticeUnavailable):
        _smtp(port, security=security, timeout=_SHORT).send(notice)


def test_a_server_that_is_down_is_tried_again(notice: Notice) -> None:
    """Nobody listens there."""
    with pytest.raises(NoticeUnavailable, match="127.0.0.1:1: ConnectionRefusedError"):
        _smtp(1).send(notice)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_letter_travels_securely(
    open_mailroom: Callable[..., Any], notice: Notice, trusting: ssl.SSLContext, security: str
) -> None:
    """With STARTTLS or TLS from the first byte, the letter goes over the secured connection."""
    room = open_mailroom(security)

    _smtp(room.port, security=security, tls=trusting).send(notice)

    assert room.secured == [True]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_that_nobody_vouches_for_gets_nothing(
    open_mailroom: Callable[..., Any], notice: Notice, security: str
) -> None:
    """Its certificate is checked against the authorities that the machine trusts."""
    room = open_mailroom(security)

    with pytest.raises(NoticeUnavailable, match="SSLCertVerificationError"):
        _smtp(room.port, security=security).send(notice)

    assert room.letters == []


def test_a_letter_is_never_sent_less_securely(open_mailroom: Callable[..., Any], notice: Notice) -> None:
    """A server without STARTTLS, or somebody between who has taken it out, gets nothing."""
    room = open_mailroom()

    with pytest.raises(NoticeUnavailable, match="STARTTLS"):
        _smtp(room.port, security="starttls").send(notice)

    assert room.letters == []


def test_the_log_in_comes_first(open_mailroom: Callable[..., Any], notice: Notice, trusting: ssl.SSLContext) -> None:
    """A server that knows the platform takes its letters."""
    room = open_mailroom("starttls", passwords={b"platform": _SECRET.encode()})

    _smtp(room.port, security="starttls", tls=trusting, username="platform", password=_SECRET).send(notice)

    assert len(room.letters) == 1


@pytest.mark.parametrize("known", [{b"platform": b"another"}, {}])
def test_a_log_in_that_fails_is_tried_again_and_tells_nothing(
    open_mailroom: Callable[..., Any], notice: Notice, trusting: ssl.SSLContext, known: dict[bytes, bytes]
) -> None:
    """The password may be mended while letters wait. It stands in no error, nor in anything that led to one."""
    room = open_mailroom("starttls", passwords=known)

    with pytest.raises(NoticeUnavailable) as unavailable:
        _smtp(room.port, security="starttls", tls=trusting, username="platform", password=_SECRET).send(notice)

    assert _SECRET not in repr(unavailable.value) + str(unavailable.value.__cause__)
    assert room.letters == []


def test_the_password_is_not_shown() -> None:
    """Neither the notifier's text nor an error about the password shows it."""
    smtp = Smtp("smtp.example", 587, sender=_SENDER, username="platform", password=_SECRET)
    with pytest.raises(InvalidValue) as odd:
        Smtp("smtp.example", 587, sender=_SENDER, username="platform", password=_SECRET + "\n")
    with pytest.raises(InvalidValue) as typed:
        Smtp("smtp.example", 587, sender=_SENDER, username="x", password=_SECRET.encode())  # type: ignore[arg-type]  # on purpose

    assert all(_SECRET not in text for text in (repr(smtp), str(odd.value), str(typed.value)))


@pytest.mark.parametrize("email", ["änn@example.com", "ann@faß.example"])
def test_an_address_beyond_ascii_needs_a_server_that_knows_it(
    open_mailroom: Callable[..., Any], notice: Notice, email: str
) -> None:
    """With SMTPUTF8 the letter arrives there; without it the server never will take it."""
    to = Contact(name="Änn", email=email)
    knows, knows_not = open_mailroom(smtputf8=True), open_mailroom()

    _smtp(knows.port).send(attrs.evolve(notice, to=to))
    with pytest.raises(NoticeRefused, match="beyond ASCII"):
        _smtp(knows_not.port).send(attrs.evolve(notice, to=to))

    (envelope,) = knows.letters
    assert envelope.rcpt_tos == [email]
    assert f"<{email}>\r\n".encode() in envelope.content


def test_a_domain_beyond_ascii_needs_nothing(open_mailroom: Callable[..., Any], notice: Notice) -> None:
    """It has a form that every server knows."""
    room = open_mailroom()

    _smtp(room.port).send(attrs.evolve(notice, to=Contact(name="Änn", email="ann@bücher.example")))

    (envelope,) = room.letters
    assert envelope.rcpt_tos == ["ann@xn--bcher-kva.example"]


def test_a_sender_beyond_ascii_is_the_platform_s_own_trouble(open_mailroom: Callable[..., Any], notice: Notice) -> None:
    """No letter is lost because the server does not know how to write the sender."""
    room = open_mailroom()

    with pytest.raises(NoticeUnavailable):
        _smtp(room.port, sender="Stunden <grüße@lessons.example>").send(notice)


@pytest.mark.parametrize("email", ["a@x.example,eve@evil.example", "a@x.example>b", '"a,b"@x.example', "<a@x.example>"])
def test_an_address_that_is_none_is_refused(open_mailroom: Callable[..., Any], notice: Notice, email: str) -> None:
    """A directory may hold what no envelope can; nobody else gets the letter, and the address is not kept."""
    room = open_mailroom()

    with pytest.raises(NoticeRefused) as refused:
        _smtp(room.port).send(attrs.evolve(notice, to=Contact(name="Ann", email=email)))

    assert email not in str(refused.value)
    assert room.letters == []


def test_what_a_server_says_is_kept_without_addresses(open_mailroom: Callable[..., Any], notice: Notice) -> None:
    """A refusal stands in the store, which holds nobody's address, and in few words."""
    room = open_mailroom(replies={"RCPT": "550 5.1.1 <ann@example.com>: unknown\x07 " + "really " * 60})

    with pytest.raises(NoticeRefused) as refused:
        _smtp(room.port).send(notice)

    assert str(refused.value).startswith("the mail server refused the recipient: 550 5.1.1 ... unknown really really")
    assert len(str(refused.value)) < 250


def test_people_without_an_address_are_not_reached(notice: Notice) -> None:
    """Letters are for those who have one."""
    smtp = _smtp(1)

    assert smtp.reaches(notice)
    assert not smtp.reaches(attrs.evolve(notice, to=Contact(name="Ann")))


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"host": 1}, InvalidType),
        ({"host": ""}, InvalidValue),
        ({"host": "smtp.example\r\n"}, InvalidValue),
        ({"host": "smtp example"}, InvalidValue),
        ({"host": "a" * 64 + ".example"}, InvalidValue),
        ({"port": "25"}, InvalidType),
        ({"port": True}, InvalidType),
        ({"port": 0}, InvalidValue),
        ({"port": 65536}, InvalidValue),
        ({"sender": "Lessons"}, InvalidValue),
        ({"sender": None}, InvalidType),
        ({"reply_to": "a@b, c@d"}, InvalidValue),
        ({"security": "ssl"}, InvalidValue),
        ({"security": None}, InvalidValue),
        ({"username": "platform"}, InvalidValue),
        ({"password": "secret"}, InvalidValue),
        ({"username": "", "password": "secret"}, InvalidValue),
        ({"username": "me", "password": "secret", "security": "none"}, InvalidValue),
        ({"domain": "lessons example"}, InvalidValue),
        ({"domain": "lessons.example>"}, InvalidValue),
        ({"domain": None}, InvalidType),
        ({"sender": "a@faß.example"}, InvalidValue),
        ({"timeout": 10}, InvalidType),
        ({"timeout": timedelta(0)}, InvalidValue),
        ({"timeout": timedelta(minutes=11)}, InvalidValue),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(settings: dict[str, Any], error: type[Exception]) -> None:
    """A mistake shows when the notifier is made, not when somebody waits for a letter."""
    with pytest.raises(error):
        Smtp(**{"host": "smtp.example", "port": 587, "sender": _SENDER, **settings})


class TestContract(NotifierContract):
    """What the port asks of every notifier."""

    @pytest.fixture(autouse=True)
    def _server(self, open_mailroom: Callable[..., Any]) -> None:
        self.port = open_mailroom().port

    def make_notifier(self) -> Notifier:
        return _smtp(self.port)

    def make_unreachable_notifier(self) -> Notifier:
        return _smtp(1)
