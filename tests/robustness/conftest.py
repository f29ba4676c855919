"""What is true of every store, whatever was done to it.

The people: ann, bob, sue and tess learn; tom, tim and tess teach (tess does both); olga is an operator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tutorcore import Marketplace, Process, load_policy, open_sqlite
from tutorcore.ports.storage import Storage
from tutorcore.testing.promises import broken_history, broken_promises

ZONES = {
    "ann": "America/New_York",
    "bob": "Australia/Lord_Howe",
    "sue": "Africa/Cairo",
    "tess": "Europe/London",
    "tom": "Europe/Berlin",
    "tim": "Asia/Kathmandu",
    "olga": "Asia/Tokyo",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the marketplace lies."""
    return tmp_path / "market.db"


@pytest.fixture
def storage(path: Path) -> Iterator[Storage]:
    """A store in a file."""
    with open_sqlite(path) as store:
        yield store


@pytest.fixture(scope="session")
def lenient() -> Process:
    """The preset, but for what follows from requests that lapse: nothing does. The children of races know it too."""
    return load_policy((Path(__file__).parent / "children" / "lenient.toml").read_text(encoding="utf-8"))


@pytest.fixture
def open_market(lenient: Process) -> Callable[[Storage], Marketplace]:
    """Opens the marketplace under the lenient italki on a store, with everybody in it and every wallet empty."""

    def opens(storage: Storage) -> Marketplace:
        market = Marketplace(storage, [lenient], zone="Asia/Tokyo")
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
