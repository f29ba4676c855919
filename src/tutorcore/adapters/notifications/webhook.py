"""Webhooks: each notice is posted to a program, as JSON that is signed after the Standard Webhooks scheme.

The body is an object of `type`, `timestamp` and `data`:

* `type` is `notice.told`, `notice.reminder` or `notice.standing`; `timestamp` is when it happened.
* `data` has `key`, `kind`, `lesson`, `number` and `recipient`; `event`, the plain facts; `deadline`, or null; the
  words as `locale`, `direction`, `subject`, `short`, `text` and `html`; and `invitation`, null or an object of
  `method`, `uid`, `sequence`, `start`, `end`, `summary`, `description`, `url` and `stamp`.

Instants are ISO 8601 with a "Z". Addresses are not sent along: whoever is at the other end knows the people by their
ids. `webhook-id` is the key, its dots written as "%2E"; it is the same in every try.

The address is the platform's own. One that somebody else has typed in may lead into the platform's own network, and has
to be checked before it gets here.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterable
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple
from urllib.parse import SplitResult, quote, urlsplit

import attrs

from tutorcore.adapters.notifications.bounded import Bounds, bounded, some_time
from tutorcore.adapters.notifications.signatures import keys_of, signed_headers
from tutorcore.clock import Clock, system_clock
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import Instant, instant, to_text
from tutorcore.ports.notifications import Invitation, Notice, NoticeRefused, NoticeUnavailable

_PORTS: Final = {"https": 443, "http": 80}
_GONE: Final = 410
# A request that took too long, one that came too early, and too many: a later one may do.
_LATER: Final = frozenset({408, 425, 429})
_LONGEST_NUMBER: Final = 9


def _texts(value: Iterable[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        raise InvalidType("schemes", value, "several texts, such as ('https', 'http')")
    return tuple(value)


def _url(value: str) -> str:
    expected = "the address of an endpoint, such as https://lessons.example/hooks"
    if not isinstance(value, str):
        raise InvalidType("url", value, expected)
    if not value.isascii() or not value.isprintable() or " " in value:
        raise InvalidValue("url", value, f"{expected}, in printable ASCII without blanks")
    try:
        parts, port = urlsplit(value), urlsplit(value).port
    except ValueError:
        raise InvalidValue("url", value, expected) from None
    if not parts.hostname or port == 0 or parts.fragment:
        raise InvalidValue("url", value, expected)
    if "@" in parts.netloc:
        raise InvalidValue("url", "one with a user name in it (not shown)", expected)
    return value


def _shown_url(url: str) -> str:
    """The host alone: the path and the query of an endpoint may hold a secret of its own."""
    return repr(f"{urlsplit(url).hostname}/...")


@attrs.frozen
class Webhook:
    """A notifier that posts to an endpoint; an answer of 2xx says that it has the notice.

    `secret` is "whsec_..." or several of that kind, all of which sign. The endpoint is https unless `schemes` says
    otherwise; `tls` is the context to use, for authorities of one's own. `timeout` is for a whole call. Redirects are
    not followed, and proxies that the environment names not used. With several webhooks each has a `name` of its own.

    Answers that blame the request (410 and any other 4xx) are final. 408, 425 and 429, those that blame the server
    (5xx) and all others are tried again, not before `Retry-After` has passed if the endpoint says so.

    >>> Webhook("https://lessons.example/hooks?token=1", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", name="crm")
    Webhook(url='lessons.example/...', schemes=('https',), timeout=datetime.timedelta(seconds=20), name='crm')
    """

    url: str = attrs.field(converter=_url, repr=_shown_url)
    keys: tuple[bytes, ...] = attrs.field(converter=keys_of, alias="secret", repr=False)
    schemes: tuple[str, ...] = attrs.field(default=("https",), converter=_texts, kw_only=True)
    timeout: timedelta = attrs.field(default=timedelta(seconds=20), validator=some_time, kw_only=True)
    tls: ssl.SSLContext = attrs.field(factory=ssl.create_default_context, repr=False, eq=False, kw_only=True)
    clock: Clock = attrs.field(default=system_clock, repr=False, eq=False, kw_only=True)
    name: str = attrs.field(default="webhook", kw_only=True)

    @schemes.validator
    def _are_known(self, field: attrs.Attribute[tuple[str, ...]], value: tuple[str, ...]) -> None:
        for scheme in value:
            if scheme not in _PORTS:
                raise UnknownName("scheme", scheme, _PORTS)
        if self._parts.scheme not in value:
            raise InvalidValue("url", self.url, f"an address that begins with {' or '.join(value)}")

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)

    def reaches(self, notice: Notice) -> bool:
        """Whether the endpoint is told: it is, of every notice."""
        return True

    def send(self, notice: Notice) -> None:
        """Post the notice; raise `NoticeRefused` or `NoticeUnavailable` unless the endpoint has it."""
        now = self.clock()
        body = body_of(notice)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "tutorcore",
            **signed_headers(_id(notice.key), body, self.keys, now=now),
        }
        try:
            with bounded(self.timeout) as bounds:
                answer = self._post(bounds, body, headers)
        except (http.client.HTTPException, OSError) as error:
            raise NoticeUnavailable(f"{self._parts.hostname}: {type(error).__name__}: {error}") from error
        _check(answer, now)

    def _post(self, bounds: Bounds, body: bytes, headers: dict[str, str]) -> _Answer:
        parts = self._parts
        connection = _Connection(bounds, parts, self.tls if parts.scheme == "https" else None)
        try:
            target = parts._replace(scheme="", netloc="", path=parts.path or "/").geturl()
            connection.request("POST", target, body, headers)
            response = connection.getresponse()
            return _Answer(response.status, response.getheader("Retry-After"))
        finally:
            connection.close()


class _Answer(NamedTuple):
    """What matters of an answer; its body is not read."""

    status: int
    retry_after: str | None


class _Connection(http.client.HTTPConnection):
    """The standard library's client, over a connection that is cut when its time is over."""

    def __init__(self, bounds: Bounds, parts: SplitResult, tls: ssl.SSLContext | None) -> None:
        self._bounds = bounds
        self._tls = tls
        self.default_port = _PORTS[parts.scheme]
        super().__init__(parts.hostname or "", parts.port or self.default_port)

    def connect(self) -> None:
        self.sock = self._bounds.connect(self.host, self.port, self._tls)


def body_of(notice: Notice) -> bytes:
    """Return the notice as the JSON that is posted."""
    data = {
        "key": notice.key,
        "kind": notice.kind,
        "lesson": notice.lesson,
        "number": notice.number,
        "recipient": notice.recipient,
        "event": dict(notice.event),
        "deadline": None if notice.deadline is None else to_text(notice.deadline),
        "locale": notice.locale,
        "direction": notice.direction,
        "subject": notice.subject,
        "short": notice.short,
        "text": notice.text,
        "html": notice.html,
        "invitation": None if notice.invitation is None else _invitation(notice.invitation),
    }
    message = {"type": f"notice.{notice.kind}", "timestamp": to_text(notice.at), "data": data}
    # Lone halves of characters have no UTF-8, and are replaced.
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _invitation(invitation: Invitation) -> dict[str, str | int | None]:
    return {
        "method": invitation.method,
        "uid": invitation.uid,
        "sequence": invitation.sequence,
        "start": to_text(invitation.start),
        "end": to_text(invitation.end),
        "summary": invitation.summary,
        "description": invitation.description,
        "url": invitation.url,
        "stamp": to_text(invitation.stamp),
    }


def _id(key: str) -> str:
    """The key as a header may have it; full stops separate what is signed, so it has none."""
    return quote(key, safe=":@").replace(".", "%2E")


def _check(answer: _Answer, now: Instant) -> None:
    status = answer.status
    if 200 <= status < 300:
        return
    if 400 <= status < 500 and status not in _LATER:
        raise NoticeRefused(f"the endpoint is {'gone' if status == _GONE else 'not willing'}: {status}")
    hint = "; redirects are not followed" if 300 <= status < 400 else ""
    raise NoticeUnavailable(f"the endpoint answered {status}{hint}", retry_after=_retry_after(answer.retry_after, now))


def _retry_after(value: str | None, now: Instant) -> timedelta | None:
    """What the header asks for, in seconds or until a date; None if it asks for nothing that makes sense."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER:
        return timedelta(seconds=int(text))
    try:
        return instant(parsedate_to_datetime(text)) - now
    except (ValueError, OverflowError):
        return None
