"""A relay whose process is killed after a letter has gone out, and before it could be written down that it had."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from tutorcore import Marketplace, instant, load_preset, open_sqlite
from tutorcore.engine.message_relay import MAIL_PATIENCE
from tutorcore.instants import Instant, to_text

pytestmark = pytest.mark.slow

_NOW = instant("2026-03-27T18:00:00Z")
_HOUR = timedelta(hours=1)
_MAILMAN = Path(__file__).parent / "children" / "mailman.py"


def _fill(path: Path) -> None:
    """Let a lesson be asked for and agreed: that is one letter to tom, one to ann, and another to tom."""
    with open_sqlite(path) as storage:
        market = Marketplace(storage, [load_preset("italki")])
        market.add_party("ann", zone="Europe/Berlin")
        market.add_party("tom", zone="America/New_York")
        market.top_up("ann", market.money("90.0", "ITC"), key="pay", now=_NOW)
        market.request(
            student="ann", tutor="tom", start=_NOW + 60 * _HOUR, duration=_HOUR, price="20.0", lesson="L1", key="ask",
            now=_NOW,
        ).or_raise()  # fmt: skip
        market.accept("L1", by="tom", proposal=1, key="yes", now=_NOW).or_raise()


def _relay(database: Path, port: int, ends: Path, now: Instant) -> subprocess.CompletedProcess[str]:
    """Let a process of its own run a relay once."""
    command = [sys.executable, "-P", str(_MAILMAN), str(database), str(port), str(ends), to_text(now)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_a_letter_comes_twice_under_one_id_and_none_is_lost(open_mailroom: Callable[..., Any], tmp_path: Path) -> None:
    """Killed by each letter in turn: the next process sends that one again when the lease is over, and goes on."""
    room, database = open_mailroom(), tmp_path / "market.db"
    _fill(database)

    def relay(now: Instant) -> subprocess.CompletedProcess[str]:
        return _relay(database, room.port, tmp_path / "ends", now)

    lives = [relay(_NOW + number * MAIL_PATIENCE.lease) for number in range(4)]
    letters = [message_from_bytes(each.content, policy=SMTP) for each in room.letters]
    ids = [letter["Message-ID"] for letter in letters]

    assert [life.returncode for life in lives] == [-signal.SIGKILL] * 3 + [0], lives[-1].stderr
    assert lives[-1].stdout == "1\n"
    assert [each.rcpt_tos for each in room.letters] == [["tom@example.com"]] * 2 + [["ann@example.com"]] * 2 + [
        ["tom@example.com"]
    ] * 2
    assert ids == [each for first in ids[::2] for each in (first, first)]
    assert len(set(ids)) == 3
    for first, second in zip(letters[::2], letters[1::2], strict=True):
        assert [first[name] for name in ("Subject", "To", "References")] == [
            second[name] for name in ("Subject", "To", "References")
        ]

    again = relay(_NOW + 9 * MAIL_PATIENCE.lease)
    assert (again.returncode, again.stdout, len(room.letters)) == (0, "0\n", 6)


def test_while_the_lease_of_the_killed_holds_nobody_sends(open_mailroom: Callable[..., Any], tmp_path: Path) -> None:
    """Another relay that comes at once cannot know whether the first still lives, and leaves the letter to it."""
    room, database = open_mailroom(), tmp_path / "market.db"
    _fill(database)
    instants = (_NOW, _NOW, _NOW + MAIL_PATIENCE.lease - timedelta(seconds=1))

    codes = [_relay(database, room.port, tmp_path / "ends", now).returncode for now in instants]

    assert codes == [-signal.SIGKILL, 0, 0]
    assert len(room.letters) == 1
