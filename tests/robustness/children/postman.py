"""Delivers what waits in the outbox of a database until nothing is left, and writes down what it has sent.

It says when it is ready, and begins when it is told to: starting a process takes longer than many letters.
Each line of the file is one notice that has arrived: its key, its lesson and version, and a digest of all it says.
Processes append to it at once, a line in one write each.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from hashlib import sha256
from time import sleep

from tutorcore import Contact, Contacts, MessageRelay, open_sqlite
from tutorcore.engine.queue import Patience
from tutorcore.ports import Notice, Storage

_LEASE = timedelta(seconds=4)


class _Letterbox:
    """A channel into a file."""

    name = "box"

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def reaches(self, notice: Notice) -> bool:
        """Whether it is for them: for everybody."""
        return True

    def send(self, notice: Notice) -> None:
        """Write a line, between two pauses in which a process may be killed."""
        digest = sha256(repr(notice).encode()).hexdigest()
        sleep(0.002)
        os.write(self._file, f"{notice.key} {notice.lesson} {notice.number} {digest}\n".encode())
        sleep(0.002)


def main(database: str, letterbox: str) -> None:
    """Deliver until all is done."""
    contacts = Contacts({name: Contact(name=name, locale="ru") for name in ("ann", "bob", "tom", "tim")})
    with open_sqlite(database, busy_timeout=timedelta(seconds=60)) as storage:
        relay = MessageRelay(storage, [_Letterbox(letterbox)], contacts, patience=Patience(lease=_LEASE))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        while _is_waiting(storage):
            relay.run()
            sleep(0.01)


def _is_waiting(storage: Storage) -> bool:
    with storage.reading() as tx:
        return bool(tx.outbox(limit=1, undone=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
