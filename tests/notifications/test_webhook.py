from __future__ import annotations

import json
import ssl
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import Any

import attrs
import pytest
from standardwebhooks import Webhook as Peer

from tutorcore.adapters.notifications.signatures import verify
from tutorcore.adapters.notifications.webhook import Webhook
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import instant
from tutorcore.ports.notifications import Contact, Notice, NoticeRefused, NoticeUnavailable, Notifier
from tutorcore.testing.notifications import NotifierContract, sample_notice

_NOW = instant("2026-03-27T18:00:00.25Z")
_SECRET = "whsec_" + b64encode(bytes(range(32))).decode()
_OTHER = "whsec_" + b64encode(bytes(range(1, 33))).decode()
_SHORT = timedelta(seconds=0.4)
_PATIENCE = 10.0


def _webhook(url: str, secret: Any = _SECRET, **others: Any) -> Webhook:
    settings: dict[str, Any] = {"schemes": ("http", "https"), "timeout": timedelta(seconds=5), "clock": lambda: _NOW}
    return Webhook(url, secret, **settings | others)


def test_a_notice_is_posted_as_json(open_endpoint: Callable[..., Any], notice: Notice) -> None:
    """The body is what the documentation says, and everything that a program needs but addresses."""
    endpoint = open_endpoint()

    _webhook(endpoint.url).send(notice)

    ((path, headers, body),) = endpoint.got
    assert path == "/hooks?token=1"
    assert headers["Content-Type"] == "application/json"
    assert headers["Host"] == endpoint.url.split("/")[2]
    assert json.loads(body) == {
        "type": "notice.told",
        "timestamp": "2026-03-02T09:00:00Z",
        "data": {
            "key": "17:ann",
            "kind": "told",
            "lesson": "L1",
            "number": 17,
            "recipient": "ann",
            "event": {"verb": "accept", "state": "agreed"},
            "deadline": "2026-03-02T10:00:00Z",
            "locale": "en",
            "direction": "ltr",
            "subject": notice.subject,
            "short": notice.short,
            "text": notice.text,
            "html": notice.html,
            "invitation": {
                "method": "REQUEST",
                "uid": "L1.1@tutors.example",
                "sequence": 17,
                "start": "2026-03-09T09:00:00Z",
                "end": "2026-03-09T10:00:00Z",
                "summary": notice.subject,
                "description": notice.subject,
                "url": "https://meet.example/1",
                "stamp": "2026-03-02T09:00:00Z",
            },
        },
    }
    assert b"ann@example.com" not in body


def test_what_there_is_not_is_null(open_endpoint: Callable[..., Any]) -> None:
    """A notice without a deadline and an invitation says so."""
    endpoint = open_endpoint()

    _webhook(endpoint.url).send(attrs.evolve(sample_notice(), deadline=None))

    data = json.loads(endpoint.got[0][2])["data"]
    assert (data["deadline"], data["invitation"]) == (None, None)


@pytest.mark.parametrize(("address", "target"), [("", "/"), ("/", "/"), ("?token=1", "/?token=1"), ("/a/b", "/a/b")])
def test_an_endpoint_may_have_no_path(
    open_endpoint: Callable[..., Any], notice: Notice, address: str, target: str
) -> None:
    """What is asked for is a path in any case, and the query with it."""
    endpoint = open_endpoint()

    _webhook(endpoint.url.removesuffix("/hooks?token=1") + address).send(notice)

    assert [path for path, _, _ in endpoint.got] == [target]


def test_the_receiver_can_verify_it(open_endpoint: Callable[..., Any], notice: Notice) -> None:
    """With `verify`, and with the scheme's own library; the id is the key."""
    endpoint = open_endpoint()

    _webhook(endpoint.url, [_SECRET, _OTHER]).send(notice)

    _, headers, body = endpoint.got[0]
    assert verify(headers, body, _SECRET, now=_NOW) == "17:ann"
    assert verify(headers, body, _OTHER, now=_NOW + timedelta(minutes=4)) == "17:ann"
    signature = Peer(_SECRET).sign("17:ann", _NOW.replace(microsecond=0), body.decode())
    assert signature in headers["webhook-signature"].split(" ")


def test_another_try_has_the_same_id_and_another_time(open_endpoint: Callable[..., Any], notice: Notice) -> None:
    """The receiver knows it again, and still sees that it is fresh."""
    endpoint = open_endpoint()

    for hours in (0, 1):
        _webhook(endpoint.url, clock=lambda hours=hours: _NOW + timedelta(hours=hours)).send(notice)

    (_, first, one), (_, second, other) = endpoint.got
    assert (first["webhook-id"], one) == (second["webhook-id"], other)
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 3600


@pytest.mark.parametrize(
    ("key", "id"),
    [
        ("17:desk:operator", "17:desk:operator"),
        ("17:ann.b@school.example", "17:ann%2Eb@school%2Eexample"),
        ("17:a\r\nX-Evil: 1", "17:a%0D%0AX-Evil:%201"),
        ("17:ü", "17:%C3%BC"),
    ],
)
def test_an_id_has_no_full_stops(open_endpoint: Callable[..., Any], notice: Notice, key: str, id: str) -> None:
    """They separate what is signed; and nothing in an id ends a header. The key itself is in the body."""
    endpoint = open_endpoint()

    _webhook(endpoint.url).send(attrs.evolve(notice, key=key))

    _, headers, body = endpoint.got[0]
    assert headers["webhook-id"] == id
    assert "X-Evil" not in headers
    assert json.loads(body)["data"]["key"] == key


def test_every_text_is_json(open_endpoint: Callable[..., Any], notice: Notice) -> None:
    """Whatever people wrote is in its place, but for halves of characters, which have no UTF-8."""
    endpoint, text = open_endpoint(), 'Grüße"}, \\ \r\n\x00\u2028</script>\U0001f600'

    _webhook(endpoint.url).send(attrs.evolve(notice, short=text, subject=f"{text}\ud800"))

    data = json.loads(endpoint.got[0][2])["data"]
    assert (data["short"], data["subject"]) == (text, f"{text}?")


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_an_endpoint_that_has_it_is_not_asked_again(
    open_endpoint: Callable[..., Any], notice: Notice, status: int
) -> None:
    """Every 2xx says so."""
    endpoint = open_endpoint(status)

    _webhook(endpoint.url).send(notice)

    assert len(endpoint.got) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 413, 422, 451, 499])
def test_an_endpoint_that_does_not_want_it_is_final(
    open_endpoint: Callable[..., Any], notice: Notice, status: int
) -> None:
    """It blames the request, or is gone: the same request will not do later."""
    endpoint = open_endpoint(status)

    with pytest.raises(NoticeRefused, match=f"{'gone' if status == 410 else 'not willing'}: {status}"):
        _webhook(endpoint.url).send(notice)


@pytest.mark.parametrize("status", [300, 304, 408, 425, 429, 500, 502, 503, 504, 599, 600])
def test_an_endpoint_that_cannot_now_is_asked_again(
    open_endpoint: Callable[..., Any], notice: Notice, status: int
) -> None:
    """It blames itself, the moment, or says what nobody understands."""
    endpoint = open_endpoint(status)

    with pytest.raises(NoticeUnavailable, match=f"answered {status}") as unavailable:
        _webhook(endpoint.url).send(notice)

    assert unavailable.value.retry_after is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(open_endpoint: Callable[..., Any], notice: Notice, status: int) -> None:
    """What is signed for one endpoint is posted to no other, and nobody is led into the platform's own network."""
    other = open_endpoint()
    endpoint = open_endpoint(status, Location=other.url)

    with pytest.raises(NoticeUnavailable, match="redirects are not followed"):
        _webhook(endpoint.url).send(notice)

    assert other.got == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("Fri, 27 Mar 2026 18:02:00 GMT", 119.75),
        ("Fri, 27 Mar 2026 19:02:00 +0100", 119.75),
        ("Fri, 27 Mar 2026 17:00:00 GMT", 0),
        ("-5", None),
        ("soon", None),
        ("1.5", None),
        ("9" * 4000, None),
        ("Fri, 27 Mar 2026 18:02:00 -0000", None),
        ("Fri, 99 Mar 2026 18:02:00 GMT", None),
        ("Fri, 27 Mar 9999 18:02:00 GMT", None),
        ("Fri, 27 Mar 2026 18:02:00 +9999", None),
    ],
)
def test_an_endpoint_says_when_to_come_back(
    open_endpoint: Callable[..., Any], notice: Notice, header: str, seconds: float | None
) -> None:
    """In seconds or until a date; what makes no sense is passed over."""
    endpoint = open_endpoint(429, Retry_After=header)

    with pytest.raises(NoticeUnavailable) as unavailable:
        _webhook(endpoint.url).send(notice)

    assert unavailable.value.retry_after == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("says", "then"), [(b"", b""), (b"HTTP/1.1 200", b"0"), (b"HTTP/1.1 503 No\r\n", b"X: y\r\n"), (b"", b"H")]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_endpoint_that_talks_slowly_is_cut_short(
    open_talker: Callable[..., int], notice: Notice, scheme: str, says: bytes, then: bytes
) -> None:
    """A byte now and then does not keep the relay, not even before the connection is secured."""
    port, begun = open_talker(says, then=then), monotonic()

    with pytest.raises(NoticeUnavailable):
        _webhook(f"{scheme}://127.0.0.1:{port}/", timeout=_SHORT).send(notice)

    assert monotonic() - begun < _PATIENCE


@pytest.mark.parametrize("says", [b"", b"220 smtp.example ESMTP\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"\x00" * 70_000])
def test_what_is_no_endpoint_is_asked_again(open_talker: Callable[..., int], notice: Notice, says: bytes) -> None:
    """Something else listens there, for the moment."""
    with pytest.raises(NoticeUnavailable, match="^127.0.0.1: "):
        _webhook(f"http://127.0.0.1:{open_talker(says, hangs_up=True)}/", timeout=_SHORT).send(notice)


def test_an_endpoint_that_is_down_is_asked_again(notice: Notice) -> None:
    """Nobody listens there; what is said about it does not show the path."""
    with pytest.raises(NoticeUnavailable, match="127.0.0.1: ConnectionRefusedError") as unavailable:
        _webhook("http://127.0.0.1:1/hooks?token=s3cr3t").send(notice)

    assert "s3cr3t" not in str(unavailable.value)


def test_an_endpoint_is_posted_to_securely(
    open_endpoint: Callable[..., Any], notice: Notice, trusting: ssl.SSLContext
) -> None:
    """Over TLS, and only if somebody whom the machine trusts vouches for it."""
    endpoint = open_endpoint(secured=True)

    _webhook(endpoint.url, tls=trusting).send(notice)
    with pytest.raises(NoticeUnavailable, match="SSLCertVerificationError"):
        _webhook(endpoint.url).send(notice)

    assert len(endpoint.got) == 1


def test_the_environment_names_no_proxy(
    open_endpoint: Callable[..., Any], notice: Notice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a notice goes is said by its endpoint alone."""
    endpoint = open_endpoint()
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")

    _webhook(endpoint.url).send(notice)

    assert len(endpoint.got) == 1


def test_neither_the_secret_nor_the_path_is_shown() -> None:
    """The notifier's text may be logged."""
    text = repr(_webhook("https://lessons.example/hooks/s3cr3t?token=t0k3n"))

    assert "lessons.example" in text
    assert not [word for word in ("s3cr3t", "t0k3n", _SECRET[6:], repr(bytes(range(32)))[2:20]) if word in text]


def test_everybody_is_reached(notice: Notice) -> None:
    """A program needs no address of anybody."""
    assert _webhook("https://lessons.example/").reaches(attrs.evolve(notice, to=Contact(name="Ann")))


@pytest.mark.parametrize("url", ["https://lessons.example", "https://[::1]:8443/", "https://lessons.example?x=1"])
def test_an_endpoint_is_a_whole_address(url: str) -> None:
    """A path is not needed; the host may be an address."""
    assert Webhook(url, _SECRET).url == url


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"url": b"https://lessons.example/"}, InvalidType),
        ({"url": ""}, InvalidValue),
        ({"url": "lessons.example/hooks"}, InvalidValue),
        ({"url": "http://lessons.example/hooks"}, InvalidValue),
        ({"url": "file:///etc/passwd"}, InvalidValue),
        ({"url": "https:///hooks"}, InvalidValue),
        ({"url": "https://lessons.example/a b"}, InvalidValue),
        ({"url": "https://lessons.example/\r\nX-Evil: 1"}, InvalidValue),
        ({"url": "https://lessons.example/ü"}, InvalidValue),
        ({"url": "https://lessons.example/#part"}, InvalidValue),
        ({"url": "https://me:s3cr3t@lessons.example/"}, InvalidValue),
        ({"url": "https://lessons.example:0/"}, InvalidValue),
        ({"url": "https://lessons.example:99999/"}, InvalidValue),
        ({"url": "https://[::1/"}, InvalidValue),
        ({"schemes": "https"}, InvalidType),
        ({"schemes": ("https", "ftp")}, UnknownName),
        ({"secret": "s3cr3t"}, InvalidValue),
        ({"timeout": 10}, InvalidType),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(settings: dict[str, Any], error: type[Exception]) -> None:
    """A mistake shows when the notifier is made; one that holds a secret is not shown."""
    with pytest.raises(error) as caught:
        Webhook(**{"url": "https://lessons.example/hooks", "secret": _SECRET, **settings})

    assert "s3cr3t" not in str(caught.value)


class TestContract(NotifierContract):
    """What the port asks of every notifier."""

    @pytest.fixture(autouse=True)
    def _server(self, open_endpoint: Callable[..., Any]) -> None:
        self.url = open_endpoint().url

    def make_notifier(self) -> Notifier:
        return _webhook(self.url)

    def make_unreachable_notifier(self) -> Notifier:
        return _webhook("http://127.0.0.1:1/")
