from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook as Peer
from standardwebhooks.webhooks import WebhookVerificationError

from tutorcore.adapters.notifications.signatures import NotSigned, keys_of, signed_headers, verify
from tutorcore.clock import system_clock
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.instants import instant

_SECRET = "whsec_" + b64encode(bytes(range(32))).decode()
_OTHER = "whsec_" + b64encode(bytes(range(1, 33))).decode()
_NOW = instant("2026-03-27T18:00:00.75Z")
_BODY = '{"type":"notice.told","text":"Grüße"}'.encode()
_SECOND = timedelta(seconds=1)


def _headers(secret: str = _SECRET) -> dict[str, str]:
    return signed_headers("17:ann", _BODY, keys_of(secret), now=_NOW)


def test_the_example_of_the_scheme_is_signed_as_there() -> None:
    """The vector that the scheme's own libraries are tested with."""
    key = keys_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', key, now=instant("2021-02-25T15:02:10Z")
    )

    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(st.binary(min_size=24, max_size=64), st.text(max_size=50))
def test_the_scheme_s_own_library_takes_what_is_signed_here(key: bytes, text: str) -> None:
    """An independent implementation verifies it, and refuses it once a byte is another."""
    secret = "whsec_" + b64encode(key).decode()
    body = json.dumps({"text": text}).encode()
    headers = signed_headers("17:ann", body, keys_of(secret), now=system_clock())

    assert Peer(secret).verify(body, headers) == {"text": text}
    with pytest.raises(WebhookVerificationError):
        Peer(secret).verify(body + b" ", headers)


@given(st.binary(min_size=24, max_size=64), st.binary(max_size=50))
def test_what_the_scheme_s_own_library_signs_is_taken_here(key: bytes, rest: bytes) -> None:
    """The other way round; and nothing else."""
    secret = "whsec_" + b64encode(key).decode()
    body = rest.hex()
    signature = Peer(secret).sign("msg_1", datetime(2026, 3, 27, 18, tzinfo=UTC), body)
    headers = {"Webhook-Id": "msg_1", "Webhook-Timestamp": "1774634400", "Webhook-Signature": signature}

    assert verify(headers, body.encode(), secret, now=_NOW) == "msg_1"
    with pytest.raises(NotSigned):
        verify(headers, body.encode() + b"0", secret, now=_NOW)


def test_what_was_signed_is_verified() -> None:
    """The id comes back, by which a second delivery is known."""
    assert verify(_headers(), _BODY, _SECRET, now=_NOW) == "17:ann"


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_every_header_is_needed_and_counts(header: str) -> None:
    """Without one of them, or with another value, nothing fits."""
    headers = _headers()

    for changed in ({header: ""}, {header: headers[header] + "1"}, {header: "1" + headers[header]}):
        with pytest.raises(NotSigned):
            verify(headers | changed, _BODY, _SECRET, now=_NOW)
    with pytest.raises(NotSigned, match=header):
        verify({name: value for name, value in headers.items() if name != header}, _BODY, _SECRET, now=_NOW)


@pytest.mark.parametrize("signature", ["", "v1", "v1,", "v2,x", "v1a,x", ",", "v1,\xfc", " "])
def test_a_signature_that_is_none_does_not_fit(signature: str) -> None:
    """Other versions, and what is no signature at all, are passed over."""
    with pytest.raises(NotSigned):
        verify(_headers() | {"webhook-signature": signature}, _BODY, _SECRET, now=_NOW)


def test_a_signature_of_another_version_does_no_harm() -> None:
    """Senders may add signatures of other kinds."""
    headers = _headers()

    headers["webhook-signature"] = f"v1a,abc {headers['webhook-signature']}"

    assert verify(headers, _BODY, _SECRET, now=_NOW) == "17:ann"


def test_a_secret_is_exchanged_without_a_gap() -> None:
    """While the sender signs by both, receivers with the old, the new, or both secrets take it."""
    headers = signed_headers("17:ann", _BODY, keys_of([_SECRET, _OTHER]), now=_NOW)

    assert len(headers["webhook-signature"].split(" ")) == 2
    for secrets in (_SECRET, _OTHER, (_OTHER, _SECRET)):
        assert verify(headers, _BODY, secrets, now=_NOW) == "17:ann"
    with pytest.raises(NotSigned):
        verify(_headers(_OTHER), _BODY, _SECRET, now=_NOW)


@pytest.mark.parametrize(("seconds", "is_fresh"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)])
def test_a_webhook_is_fresh_for_five_minutes(seconds: int, is_fresh: bool) -> None:
    """Clocks may differ in both directions; an old one may have been recorded by somebody."""
    now = _NOW + seconds * _SECOND

    if is_fresh:
        verify(_headers(), _BODY, _SECRET, now=now)
    else:
        with pytest.raises(NotSigned, match="too old" if seconds > 0 else "from the future"):
            verify(_headers(), _BODY, _SECRET, now=now)


def test_how_long_it_is_fresh_can_be_said() -> None:
    """A receiver behind a queue may allow for more."""
    verify(_headers(), _BODY, _SECRET, now=_NOW + timedelta(hours=1), tolerance=timedelta(hours=1))


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1.5", "1e9", "9" * 5000, "\u0661\u0667", " 1774634400"])
def test_a_timestamp_is_a_number(timestamp: str) -> None:
    """Whatever else stands there is refused like any other webhook that is not ours."""
    with pytest.raises(NotSigned):
        verify(_headers() | {"webhook-timestamp": timestamp}, _BODY, _SECRET, now=_NOW)


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        _SECRET.removeprefix("whsec_"),
        "whsec_" + b64encode(b"x" * 23).decode(),
        "whsec_" + b64encode(b"x" * 65).decode(),
        "whsec_correct horse battery staple, correct horse",
        "whsec_\xfc" + "A" * 40,
        b"whsec_" + b64encode(b"x" * 32),
    ],
)
def test_a_secret_that_is_none_is_refused_and_not_shown(secret: str) -> None:
    """It begins with whsec_ and is 24 to 64 bytes; what is wrong with one is said without showing it."""
    with pytest.raises(InvalidValue) as caught:
        keys_of([secret])

    assert len(secret) < 8 or str(secret)[6:] not in str(caught.value)


def test_there_is_a_secret() -> None:
    """Without one, everything would be refused, or taken."""
    with pytest.raises(InvalidValue):
        keys_of([])


def test_a_body_is_what_came_over_the_wire() -> None:
    """A text was decoded by somebody, and encoded again it may be another."""
    with pytest.raises(InvalidType):
        verify(_headers(), _BODY.decode(), _SECRET, now=_NOW)  # type: ignore[arg-type]  # on purpose
