"""Compiled policies by the hash of their content, so that each is compiled once."""

from __future__ import annotations

from hashlib import sha256
from threading import Lock
from typing import Final

from tutorcore.errors import StorageError, TutorcoreError
from tutorcore.ids import PolicyHash
from tutorcore.policy.codec import load_process
from tutorcore.policy.machine import Machine

MOST: Final = 256


class Machines:
    """The machines last compiled, at most `MOST`; the oldest makes room. Threads may share it.

    A machine that has made room is compiled again when it is needed, and is then another object: versions of lessons
    read before and after that are not equal. A marketplace with more than `MOST` policies in use at a time notices.
    """

    def __init__(self) -> None:
        self._machines: dict[PolicyHash, Machine] = {}
        self._lock = Lock()

    def get(self, hash: PolicyHash) -> Machine | None:
        """Return the machine if it is at hand."""
        return self._machines.get(hash)

    def keep(self, machine: Machine) -> Machine:
        """Keep `machine` and return the one to use: that which was there before, if any."""
        with self._lock:
            kept = self._machines.setdefault(machine.hash, machine)
            while len(self._machines) > MOST:
                del self._machines[next(iter(self._machines))]
        return kept

    def compile(self, hash: PolicyHash, text: str) -> Machine:
        """Return the machine of a stored text; raise `StorageError` if the text is not the one of that hash."""
        if sha256(text.encode()).hexdigest() != hash:
            raise StorageError(f"the policy stored under {hash} is not what was stored")
        try:
            return self.keep(Machine(load_process(text), hash))
        except (TutorcoreError, ExceptionGroup) as error:
            raise StorageError(f"the policy stored under {hash} cannot be read: {error}") from error
