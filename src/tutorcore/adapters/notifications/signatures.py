"""Signatures of webhooks after the Standard Webhooks scheme: who sent it, that it is whole, and that it is fresh.

What is signed is the id, the second at which it was sent, and the body, with a secret that both sides hold. While a
secret is exchanged for another, messages bear a signature by each; one that fits is enough. Serves both sides: the
sender signs, the receiver verifies.

A receiver that has verified a message still has to remember the ids that it has seen, for as long as `tolerance` at
least: the same message may come again, from the sender or from somebody who has listened.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable, Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Final, TypeAlias

from tutorcore.errors import InvalidType, InvalidValue, TutorcoreError
from tutorcore.instants import EPOCH, Instant, instant

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"

Secrets: TypeAlias = str | Iterable[str]
"""A secret as "whsec_" and 24 to 64 random bytes in base64, or several while one is exchanged for another."""

_PREFIX: Final = "whsec_"
_VERSION: Final = "v1"
_SHORTEST_SECRET, _LONGEST_SECRET = 24, 64
_EXPECTED: Final = f"{_PREFIX!r} and {_SHORTEST_SECRET} to {_LONGEST_SECRET} random bytes in base64"
_SECOND: Final = timedelta(seconds=1)


class NotSigned(TutorcoreError, ValueError):
    """A webhook that did not come from whoever holds the secret, or not now. Answer 400 and look no further."""


def keys_of(secrets: Secrets) -> tuple[bytes, ...]:
    """Return the keys that secrets stand for; raise `InvalidValue` or `InvalidType`, without showing any."""
    each = (secrets,) if isinstance(secrets, str) else tuple(secrets)
    if not each:
        raise InvalidValue("secrets", "()", "at least one")
    return tuple(_key(secret) for secret in each)


def _key(secret: str) -> bytes:
    if not isinstance(secret, str):
        raise InvalidValue("secret", f"a {type(secret).__name__} (not shown)", f"a text: {_EXPECTED}")
    try:
        key = b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (NotBase64, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not _SHORTEST_SECRET <= len(key) <= _LONGEST_SECRET:
        raise InvalidValue("secret", f"{len(secret)} characters (not shown)", _EXPECTED)
    return key


def signed_headers(id: str, body: bytes, keys: Iterable[bytes], *, now: Instant) -> dict[str, str]:
    """Return the three headers of a webhook that is sent now; the id is printable ASCII without full stops."""
    timestamp = str((now - EPOCH) // _SECOND)
    signatures = (f"{_VERSION},{_signature(id, timestamp, body, key)}" for key in keys)
    return {ID: id, TIMESTAMP: timestamp, SIGNATURE: " ".join(signatures)}


def verify(
    headers: Mapping[str, str],
    body: bytes,
    secrets: Secrets,
    *,
    now: Instant,
    tolerance: timedelta = timedelta(minutes=5),
) -> str:
    """Return the id of a webhook that has come in now, or raise `NotSigned`.

    `body` is what came over the wire, byte for byte: read it as JSON only afterwards. Names of headers are taken in any
    case. The timestamp may differ from `now` by `tolerance` in either direction.
    """
    if not isinstance(body, bytes):
        raise InvalidType("body", body, "the bytes that came in")
    found = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in (ID, TIMESTAMP, SIGNATURE) if not found.get(name)]
    if missing:
        raise NotSigned(f"the webhook has no {' and no '.join(missing)}")
    _check_age(found[TIMESTAMP], instant(now, "now"), tolerance)
    expected = [_signature(found[ID], found[TIMESTAMP], body, key).encode() for key in keys_of(secrets)]
    offered = [part.removeprefix(f"{_VERSION},").encode() for part in found[SIGNATURE].split() if _is_ours(part)]
    if not any(hmac.compare_digest(one, other) for one in offered for other in expected):
        raise NotSigned("no signature of the webhook fits")
    return found[ID]


def _is_ours(signature: str) -> bool:
    return signature.startswith(f"{_VERSION},")


def _check_age(timestamp: str, now: Instant, tolerance: timedelta) -> None:
    # Twelve digits reach far beyond every date, and keep the arithmetic within bounds.
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise NotSigned("the timestamp of the webhook is no number of seconds")
    age = (now - EPOCH) // _SECOND - int(timestamp)
    if abs(age) > tolerance // _SECOND:
        raise NotSigned("the webhook is too old" if age > 0 else "the webhook is from the future")


def _signature(id: str, timestamp: str, body: bytes, key: bytes) -> str:
    signed = b".".join((id.encode(errors="replace"), timestamp.encode(), body))
    return b64encode(hmac.digest(key, signed, sha256)).decode()
