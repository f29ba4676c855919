"""Keyed draws: chance that depends on what it is for, and on nothing else.

A draw is named by the seed of the study, the replication, whom or what it is about (the entity), what it decides (the
purpose), and how often that has been decided before. The same name gives the same numbers in every process, on every
Python, and in whatever order the draws are made. So two policies meet the same world: whatever happens differently
under one of them, the draws of everything else stay what they were.

The numbers come from BLAKE2b of the name; eight for each name, for things that are drawn together.
"""

from __future__ import annotations

from hashlib import blake2b
from struct import Struct
from typing import Final

_EIGHT: Final = Struct("<8Q").unpack
_TWO: Final = Struct("<2Q").unpack_from
_STEP: Final = 2.0**-52


class Draws:
    """The draws of one replication of a study."""

    def __init__(self, seed: int, replication: int) -> None:
        self._root = f"{seed}\x1f{replication}\x1f"

    def two(self, entity: str, purpose: str, number: int = 0) -> tuple[float, float]:
        """Return the first two numbers of that name, each evenly between 0 and 1 and equal to neither."""
        first, second = _TWO(self._digest(entity, purpose, number))
        return ((first >> 12) + 0.5) * _STEP, ((second >> 12) + 0.5) * _STEP

    def eight(self, entity: str, purpose: str, number: int = 0) -> tuple[float, ...]:
        """Return all eight numbers of that name, each evenly between 0 and 1 and equal to neither."""
        return tuple([((each >> 12) + 0.5) * _STEP for each in _EIGHT(self._digest(entity, purpose, number))])

    def _digest(self, entity: str, purpose: str, number: int) -> bytes:
        return blake2b(f"{self._root}{entity}\x1f{purpose}\x1f{number}".encode()).digest()
