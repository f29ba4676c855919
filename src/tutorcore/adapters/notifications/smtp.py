"""Letters by SMTP: each notice is handed to a mail server, which brings it on its way.

A letter counts as sent when the server has taken it. If it cannot be delivered after all, that comes back to the
sender's mailbox as a letter that names the `Message-ID`, and so the key. If the connection ends between the last line
and the server's answer, nobody knows whether it was taken: it is sent again with the same `Message-ID`.

The server's replies are sorted by what they are about. A recipient or a letter that is refused for good (5xx) will not
be taken tomorrow either. Whatever is about the sender, the log-in or the connection is the platform's own trouble: it
is mended while the letters wait.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

import attrs

from tutorcore.adapters.notifications.bounded import Bounds, bounded, some_time
from tutorcore.adapters.notifications.mailboxes import Mailbox, mailbox, named_mailbox
from tutorcore.adapters.notifications.mime import message_id, message_of
from tutorcore.adapters.plain_text import one_line
from tutorcore.clock import Clock, system_clock
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.ports.notifications import Notice, NoticeRefused, NoticeUnavailable

Security: TypeAlias = Literal["starttls", "tls", "none"]

_SECURITIES: Final[tuple[Security, ...]] = get_args(Security)
_DOMAIN: Final = re.compile(r"(?=.{1,253}$)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")
_TOO_LARGE: Final = 552
# Replies that say "not without logging in" or "not now" in codes that otherwise mean "never" (RFC 4954).
_ABOUT_US: Final = frozenset({503, 530, 534, 535, 538})
_ADDRESS: Final = re.compile(r"\S+@\S+")
_LONGEST_REPLY: Final = 200


def _host(value: str) -> str:
    expected = "the name or address of a mail server, such as smtp.example.com"
    if not isinstance(value, str):
        raise InvalidType("host", value, expected)
    try:
        is_name = bool(value.encode("idna"))
    except UnicodeError:
        is_name = False
    if not is_name or not value.isprintable() or " " in value:
        raise InvalidValue("host", value, expected)
    return value


def _port(value: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidType("port", value, "a whole number")
    if not 0 < value < 65536:
        raise InvalidValue("port", value, "1 to 65535")
    return value


def _security(value: Security) -> Security:
    if value not in _SECURITIES:
        raise InvalidValue("security", value, " or ".join(map(repr, _SECURITIES)))
    return value


def _credential(_self: object, field: attrs.Attribute[str | None], value: str | None) -> None:
    """Refuse what no log-in can carry, without showing it."""
    if value is None:
        return
    if not isinstance(value, str):
        raise InvalidValue(field.name, f"a {type(value).__name__} (not shown)", "a text, or None")
    if not (value and value.isascii() and value.isprintable()):
        raise InvalidValue(field.name, f"{len(value)} characters (not shown)", "printable ASCII characters, or None")


def _sender(value: str) -> Mailbox:
    return named_mailbox(value, "sender")


def _reply_to(value: str | None) -> Mailbox | None:
    return None if value is None else named_mailbox(value, "reply_to")


@attrs.frozen
class Smtp:
    """A notifier that hands letters to a mail server, in a connection of its own for each.

    `sender` is "Name <address>"; the calendar entries of invitations are in its name. `security` is *starttls* (usually
    port 587), *tls* from the first byte (usually 465), or *none*, for a server on the same machine; a letter is never
    sent less securely than that, and a password never without TLS. `tls` is the context to use, for authorities of
    one's own. `timeout` is for a whole letter. `domain` stands in the ids of messages, and greets the server; unless
    given it is that of the sender. Two marketplaces need two, or their messages have the same ids.

    >>> Smtp("smtp.example.com", 587, sender="Lessons <no-reply@example.com>", username="me", password="secret")
    Smtp(host='smtp.example.com', port=587, sender=Mailbox(name='Lessons', local='no-reply', domain='example.com'), ...)
    """

    host: str = attrs.field(converter=_host)
    port: int = attrs.field(converter=_port)
    sender: Mailbox = attrs.field(converter=_sender, kw_only=True)
    security: Security = attrs.field(default="starttls", converter=_security, kw_only=True)
    username: str | None = attrs.field(default=None, validator=_credential, kw_only=True)
    password: str | None = attrs.field(default=None, validator=_credential, repr=False, kw_only=True)
    reply_to: Mailbox | None = attrs.field(default=None, converter=_reply_to, kw_only=True)
    domain: str = attrs.field(kw_only=True)
    timeout: timedelta = attrs.field(default=timedelta(seconds=30), validator=some_time, kw_only=True)
    tls: ssl.SSLContext = attrs.field(factory=ssl.create_default_context, repr=False, eq=False, kw_only=True)
    clock: Clock = attrs.field(default=system_clock, repr=False, eq=False, kw_only=True)
    name: str = attrs.field(default="smtp", kw_only=True)

    @domain.default
    def _sender_s_domain(self) -> str:
        return self.sender.domain

    @domain.validator
    def _is_a_domain(self, field: attrs.Attribute[str], value: str) -> None:
        if not isinstance(value, str):
            raise InvalidType(field.name, value, "a text")
        if not _DOMAIN.fullmatch(value):
            raise InvalidValue(field.name, value, "a domain of ASCII letters, digits and hyphens")

    def __attrs_post_init__(self) -> None:
        if (self.username is None) != (self.password is None):
            raise InvalidValue("username", self.username, "a user name together with a password, or neither")
        if self.password is not None and self.security == "none":
            raise InvalidValue("security", self.security, "'starttls' or 'tls' where there is a password")

    def reaches(self, notice: Notice) -> bool:
        """Whether the recipient has an e-mail address."""
        return notice.to.email is not None

    def message_id(self, notice: Notice) -> str:
        """Return the `Message-ID` of the letter, by which a letter that came back can be recognised."""
        return message_id(notice.key, self.domain)

    def send(self, notice: Notice) -> None:
        """Hand the letter over to the server; raise `NoticeRefused` or `NoticeUnavailable` if it was not taken."""
        recipient = _recipient(notice)
        message = message_of(
            notice,
            sender=self.sender,
            recipient=recipient,
            reply_to=self.reply_to,
            domain=self.domain,
            at=self.clock(),
        )
        letter = _Letter(self.sender, recipient, message.as_bytes())
        with _sorted_replies(f"{self.host}:{self.port}"), bounded(self.timeout) as bounds:
            client = self._client(bounds)
            try:
                self._introduce(client)
                _hand_over(client, letter)
            finally:
                _leave(client)

    def _client(self, bounds: Bounds) -> smtplib.SMTP:
        tls = self.tls if self.security == "tls" else None
        return _Client(bounds, tls, self.host, self.port, self.domain)

    def _introduce(self, client: smtplib.SMTP) -> None:
        if self.security == "starttls":
            client.starttls(context=self.tls)
        if self.username is not None and self.password is not None:
            client.login(self.username, self.password)
        client.ehlo_or_helo_if_needed()


class _Letter(NamedTuple):
    """A letter and its envelope."""

    sender: Mailbox
    recipient: Mailbox
    written: bytes


class _Client(smtplib.SMTP):
    """The standard library's client, over a connection that is cut when its time is over."""

    def __init__(self, bounds: Bounds, tls: ssl.SSLContext | None, host: str, port: int, domain: str) -> None:
        self._bounds = bounds
        self._tls = tls
        super().__init__(host, port, local_hostname=domain)

    def connect(self, host: str = "localhost", port: int = 0, source_address: object = None) -> tuple[int, bytes]:
        self.sock = self._bounds.connect(host, port, self._tls)
        self.file = None
        return self.getreply()


def _recipient(notice: Notice) -> Mailbox:
    try:
        return mailbox(notice.to.email or "", notice.to.name)
    except InvalidValue:
        raise NoticeRefused("the recipient's e-mail address is none that a letter can be sent to") from None


def _hand_over(client: smtplib.SMTP, letter: _Letter) -> None:
    sender, recipient = letter.sender, letter.recipient
    options = ["SMTPUTF8", "BODY=8BITMIME"] if sender.needs_utf8 or recipient.needs_utf8 else []
    if options and not sender.needs_utf8 and not client.has_extn("smtputf8"):
        raise NoticeRefused("the mail server takes no addresses with letters beyond ASCII")
    client.sendmail(sender.address, [recipient.address], letter.written, options)


def _leave(client: smtplib.SMTP) -> None:
    """Take leave. The letter was taken or not by now, and nothing that goes wrong here changes it."""
    with suppress(OSError):
        client.quit()
    client.close()


@contextmanager
def _sorted_replies(server: str) -> Iterator[None]:
    """Raise what the port knows for whatever the mail server, or the way to it, has come up with."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        ((code, reply),) = error.recipients.values()
        raise _answer("the recipient", code, reply) from error
    except smtplib.SMTPDataError as error:
        raise _answer("the letter", error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPSenderRefused as error:
        if error.smtp_code == _TOO_LARGE:  # The size is announced together with the sender.
            raise _answer("the letter", error.smtp_code, error.smtp_error) from error
        shown = _shown(error.smtp_code, error.smtp_error)
        raise NoticeUnavailable(f"{server} does not take the sender: {shown}") from error
    except smtplib.SMTPAuthenticationError as error:
        # The reply is not shown, nor is anything that led to it: some servers repeat what they were sent.
        raise NoticeUnavailable(f"{server} refused the log-in ({error.smtp_code})") from None
    except OSError as error:
        raise NoticeUnavailable(f"{server}: {type(error).__name__}: {error}") from error


def _answer(what: str, code: int, reply: bytes | str) -> NoticeRefused | NoticeUnavailable:
    if 500 <= code < 600 and code not in _ABOUT_US:
        return NoticeRefused(f"the mail server refused {what}: {_shown(code, reply)}")
    return NoticeUnavailable(f"the mail server does not take {what} now: {_shown(code, reply)}")


def _shown(code: int, reply: bytes | str) -> str:
    """The server's words on one line. Addresses in them are left out: they are not for keeping."""
    text = reply if isinstance(reply, str) else reply.decode("utf-8", "replace")
    return f"{code} {_ADDRESS.sub('...', one_line(text))}"[:_LONGEST_REPLY]
