"""JSON in which no key comes twice: what a later one would silently replace is a mistake here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from tutorcore.errors import InvalidType, InvalidValue

EXCERPT: Final = 60
"""How many characters of a text a message quotes."""


def read_json(text: str) -> Any:
    """Return what a JSON text says.

    Raises `ValueError` for what is not JSON or has a key twice, and `RecursionError` for what is nested too deeply.
    """
    return json.loads(text, object_pairs_hook=_once)


def json_object(text: object, what: str, expected: str) -> dict[str, Any]:
    """Return the object that a JSON text is; raise `InvalidType` or `InvalidValue`, named `what`, for anything else."""
    if not isinstance(text, str):
        raise InvalidType(what, text, "a JSON text")
    try:
        data = read_json(text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise InvalidValue(what, text[:EXCERPT], expected)
    return data


def _once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    data: dict[str, object] = {}
    for key, value in pairs:
        if key in data:
            raise ValueError(f"the key {key!r} comes twice in one object")
        data[key] = value
    return data
