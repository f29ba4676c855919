"""What is true of every store, whatever was done to it, and children that do things at the same time.

The people: ann, bob, sue and tess learn; tom, tim and tess teach (tess does both); olga is an operator.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Any, TypeAlias

import attrs
import pytest

from tutorcore import Marketplace, load_preset, open_sqlite
from tutorcore.ports.storage import Storage
from tutorcore.testing.promises import broken_history, broken_promises

Job: TypeAlias = Mapping[str, object]
"""A method of the marketplace under `do`, and its arguments."""

Reply: TypeAlias = Mapping[str, Any]
"""What came of it: `code` is `ok`, that of a refusal, or the name of an exception."""

ZONES = {
    "ann": "America/New_York",
    "bob": "Australia/Lord_Howe",
    "sue": "Africa/Cairo",
    "tess": "Europe/London",
    "tom": "Europe/Berlin",
    "tim": "Asia/Kathmandu",
    "olga": "Asia/Tokyo",
}
# Children meet this long after they were told to: both have read the order by then.
_AFTER_SECONDS = 0.01
_CHILDREN = Path(__file__).parent / "children"


@attrs.define
class Children:
    """Processes that carry out one order each at the same moment."""

    processes: list[subprocess.Popen[str]]
    met: int = 0

    def race(self, *jobs: Job, late: tuple[float, ...] = ()) -> list[Reply]:
        """Let each child do one job, all of them at once or so many seconds late, and return what came of them."""
        start = monotonic() + _AFTER_SECONDS
        starts = [start + seconds for seconds in (late or (0.0,) * len(jobs))]
        for process, job, at in zip(self.processes, jobs, starts, strict=True):
            assert process.stdin is not None
            process.stdin.write(json.dumps({**job, "at": at}) + "\n")
            process.stdin.flush()
        replies = [json.loads(_line(process)) for process in self.processes]
        self.met += max(reply["began"] for reply in replies) < min(reply["ended"] for reply in replies)
        return replies


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"a child ended: {process.wait(10)}"
    return line


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Callable[[Path], Children]]:
    """Starts two children on a database file. They must have met at least once in whatever they were made to do."""
    with ExitStack() as stack:
        started: list[Children] = []

        def start(path: Path) -> Children:
            command = [sys.executable, "-P", str(_CHILDREN / "racer.py"), str(path)]
            processes = [
                stack.enter_context(
                    subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
                )
                for _ in range(2)
            ]
            for process in processes:
                stack.callback(process.kill)
                assert _line(process) == "ready\n"
            started.append(Children(processes))
            return started[-1]

        yield start
        for each in started:
            assert each.met > 0, "the children were never at work at the same time"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the marketplace lies."""
    return tmp_path / "market.db"


@pytest.fixture
def storage(path: Path) -> Iterator[Storage]:
    """A store in a file."""
    with open_sqlite(path) as store:
        yield store


@pytest.fixture
def open_market() -> Callable[[Storage], Marketplace]:
    """Opens the marketplace under the preset italki on a store, with everybody in it and every wallet empty."""

    def opens(storage: Storage) -> Marketplace:
        market = Marketplace(storage, [load_preset("italki")], zone="Asia/Tokyo")
        for id, zone in ZONES.items():
            market.add_party(id, zone=zone, grants=["operator"] if id == "olga" else [])
        return market

    return opens


@pytest.fixture
def market(storage: Storage, open_market: Callable[[Storage], Marketplace]) -> Marketplace:
    """The marketplace in that file."""
    return open_market(storage)


@pytest.fixture
def assert_nothing_is_lost() -> Callable[..., None]:
    """Checks books, escrows, claims and every history of a store, and that each of some keys was answered once."""

    def check(storage: Storage, keys: Iterable[str] = ()) -> None:
        assert broken_promises(storage) == []
        with storage.reading() as tx:
            histories = [tx.history(lesson.id) for lesson in tx.lessons()]
            answered = [line.key for line in tx.audit() if line.key is not None]
        assert [sentence for history in histories for sentence in broken_history(history)] == []
        assert len(set(answered)) == len(answered)
        assert set(keys) <= set(answered)

    return check
