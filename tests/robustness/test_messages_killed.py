"""Relays of messages in processes of their own are killed at any moment: everybody is told all the same."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from random import Random
from time import sleep
from typing import NamedTuple

import pytest

from tutorcore import Marketplace, instant, load_preset, open_sqlite

pytestmark = pytest.mark.slow

_NOW = instant("2026-03-02T09:00:00Z")
_HOUR = timedelta(hours=1)
_LESSONS = 30
_KILLS = 12
_AT_ONCE = 3


class _Line(NamedTuple):
    """A notice that has arrived."""

    key: str
    lesson: str
    number: int
    digest: str


def _fill(path: Path) -> list[str]:
    """Let thirty lessons be asked for, agreed, moved and called off; return the keys of what is to be told."""
    with open_sqlite(path) as storage:
        market = Marketplace(storage, [load_preset("italki")])
        for party in ("ann", "bob", "tom", "tim"):
            market.add_party(party, zone="Asia/Kathmandu")
        for party in ("ann", "bob"):
            market.top_up(party, market.money("900.0", "ITC"), key=f"pay {party}", now=_NOW)
        for number in range(_LESSONS):
            student, tutor, id = ("ann", "bob")[number % 2], ("tom", "tim")[number % 2], f"L{number}"
            start = _NOW + (120 + 3 * number) * _HOUR
            market.request(
                student=student, tutor=tutor, start=start, duration=_HOUR, price="10.0", lesson=id, key=f"{id} ask",
                now=_NOW,
            ).or_raise()  # fmt: skip
            market.accept(id, by=tutor, proposal=1, key=f"{id} yes", now=_NOW + _HOUR).or_raise()
            market.propose(id, by=student, start=start + _HOUR, key=f"{id} move", now=_NOW + 2 * _HOUR).or_raise()
            market.accept(id, by=tutor, proposal=2, key=f"{id} moved", now=_NOW + 3 * _HOUR).or_raise()
            market.cancel(id, by=student, key=f"{id} off", now=_NOW + 4 * _HOUR).or_raise()
        # Asking and proposing is told to the tutor; who accepts or cancels needs the entry in the calendar too.
        recipients = {1: 1, 2: 2, 3: 1, 4: 2, 5: 2}
        rows = [row for row in market.outbox() if row.message.kind == "told"]
        for row in market.outbox():
            if row.message.kind not in ("told", "reminder"):
                market.delivered(row.sequence)
        people = {f"L{number}": (("ann", "tom"), ("bob", "tim"))[number % 2] for number in range(_LESSONS)}
        return [
            f"{row.sequence}:{who}"
            for row in rows
            for who in people[row.message.lesson][-recipients[row.message.number] :]
        ]


def _postman(stack: ExitStack, database: Path, letterbox: Path) -> subprocess.Popen[str]:
    """A process that is ready to deliver, and begins when it is told to."""
    program = Path(__file__).parent / "children" / "postman.py"
    command = [sys.executable, "-P", str(program), str(database), str(letterbox)]
    process = stack.enter_context(
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    )
    stack.callback(process.kill)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _begin(process: subprocess.Popen[str]) -> subprocess.Popen[str]:
    assert process.stdin is not None
    process.stdin.write("go\n")
    return process


def _wait_for(letters: int, letterbox: Path) -> None:
    """Wait until so many more letters have arrived, or none has for long."""
    wanted = len(letterbox.read_text().splitlines()) + letters
    for _ in range(20_000):
        if len(letterbox.read_text().splitlines()) >= wanted:
            return
        sleep(0.0005)


def _arrived(letterbox: Path) -> Iterator[_Line]:
    for line in letterbox.read_text().splitlines():
        key, lesson, number, digest = line.split()
        yield _Line(key, lesson, int(number), digest)


def test_three_relays_that_are_killed_again_and_again_tell_everybody(tmp_path: Path) -> None:
    """Each notice arrives, says the same under its key each time, and first arrives in its lesson's order."""
    database, letterbox, chance = tmp_path / "market.db", tmp_path / "letters.txt", Random(5)
    expected, kills = _fill(database), 0
    with ExitStack() as stack:
        ready = [_postman(stack, database, letterbox) for _ in range(_AT_ONCE + _KILLS + 1)]
        postmen = [_begin(ready.pop()) for _ in range(_AT_ONCE)]
        for _ in range(_KILLS):
            _wait_for(chance.randrange(10), letterbox)
            first = postmen.pop(0)
            kills += first.poll() is None
            first.kill()
            first.wait(60)
            postmen.append(_begin(ready.pop()))
        codes = [postman.wait(120) for postman in postmen]
        before = letterbox.read_text()
        again = _begin(ready.pop()).wait(60)
    lines = list(_arrived(letterbox))
    says: defaultdict[str, set[str]] = defaultdict(set)
    heard: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for line in lines:
        says[line.key].add(line.digest)
        who = line.key.partition(":")[2]
        if line.number not in heard[line.lesson, who]:
            heard[line.lesson, who].append(line.number)

    assert (codes, again) == ([0] * _AT_ONCE, 0)
    assert letterbox.read_text() == before
    assert sorted(says) == sorted(expected)
    assert [key for key, digests in says.items() if len(digests) > 1] == []
    assert [numbers for numbers in heard.values() if numbers != sorted(numbers)] == []
    assert kills > _KILLS // 2, "they were done before they could be killed"
    assert len(lines) - len(says) <= kills
