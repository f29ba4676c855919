from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

import pytest


def _block(times: Sequence[tuple[int, int]], offsets: Sequence[int], width: int, version: bytes) -> bytes:
    names = b"AAA\0"
    counts = (0, 0, 0, len(times), len(offsets), len(names))
    return b"".join(
        [
            struct.pack(">4sc15x6L", b"TZif", version, *counts),
            struct.pack(f">{len(times)}{'q' if width == 8 else 'l'}", *(time for time, _ in times)),
            bytes(kind for _, kind in times),
            *(struct.pack(">lBB", offset, 0, 0) for offset in offsets),
            names,
        ]
    )


@pytest.fixture(scope="session")
def tzif() -> Callable[..., bytes]:
    """Return what makes TZif data.

    It takes (second since 1970, kind) of each change, the offset of each kind in seconds, and the rule for afterwards,
    or None for a file of version 1, which has no such rule.
    """

    def made(times: Sequence[tuple[int, int]], offsets: Sequence[int], rule: str | None) -> bytes:
        if rule is None:
            return _block(times, offsets, 4, b"\0")
        return _block([], [0], 4, b"2") + _block(times, offsets, 8, b"2") + b"\n" + rule.encode() + b"\n"

    return made
