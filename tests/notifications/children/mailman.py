"""Hands the letters of a database to a mail server, and is killed when the server has taken one for the first time.

What it knows of former lives is a file with the keys of the letters by which they ended. It runs one relay once, as of
an instant that it is told.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

from tutorcore import Contact, Contacts, MessageRelay, instant, open_sqlite
from tutorcore.adapters.notifications.smtp import Smtp
from tutorcore.ports import Notice


class _FatalMail:
    """Mail after whose sending, before anybody could write it down, the process is gone."""

    name = "mail"

    def __init__(self, smtp: Smtp, ends: Path) -> None:
        self._smtp = smtp
        self._ends = ends

    def reaches(self, notice: Notice) -> bool:
        """Whom mail reaches."""
        return self._smtp.reaches(notice)

    def send(self, notice: Notice) -> None:
        """Send, and die of each letter once."""
        self._smtp.send(notice)
        known = self._ends.read_text().split() if self._ends.exists() else []
        if notice.key not in known:
            self._ends.write_text(" ".join((*known, notice.key)))
            os.kill(os.getpid(), signal.SIGKILL)


def main(database: str, port: str, ends: str, now: str) -> None:
    """Deliver what can be delivered at that instant."""
    contacts = Contacts({
        "ann": Contact(name="Ann", locale="de", email="ann@example.com"),
        "tom": Contact(name="Tom", email="tom@example.com"),
    })  # fmt: skip
    smtp = Smtp("127.0.0.1", int(port), sender="no-reply@lessons.example", security="none")
    mail = _FatalMail(smtp, Path(ends))
    with open_sqlite(database, busy_timeout=timedelta(seconds=10)) as storage:
        sent = MessageRelay(storage, [mail], contacts, domain="lessons.example").run(now=instant(now))
    sys.stdout.write(f"{sent.delivered}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
