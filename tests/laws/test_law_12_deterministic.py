"""Law 12: same inputs, same bytes, on every Python and with every hash seed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.testing.plain import differences, dump
from tutorcore.testing.samples import sample_policies
from tutorcore.testing.twins import played

pytestmark = pytest.mark.slow

# Nothing but what the library itself needs is imported here, so that any Python can run it.
SCRIPT = """
import sqlite3, sys
from hashlib import sha256
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.policy.codec import content_hash
from tutorcore.policy.explicit import dump_process
from tutorcore.testing.plain import dump
from tutorcore.testing.samples import sample_policies
from tutorcore.testing.twins import played

policies = sample_policies()
for process in policies:
    print(process.name, content_hash(process), sha256(dump_process(process).encode()).hexdigest())
storages = []
def make():
    storages.append(open_sqlite(f"{sys.argv[1]}/{len(storages)}.db"))
    return storages[-1]
twins = played(7, 50, policies, make, lambda twins: None)
for storage in storages:
    for name, lines in dump(storage).items():
        print(name, len(lines), sha256("\\n".join(lines).encode()).hexdigest())
    storage.close()
for number in range(2):
    connection = sqlite3.connect(f"{sys.argv[1]}/{number}.db")
    print(sha256("\\n".join(connection.iterdump()).encode()).hexdigest())
    connection.close()
"""


def _run(python: str, folder: Path, environment: Mapping[str, str]) -> str:
    folder.mkdir()
    done = subprocess.run(
        [python, "-c", SCRIPT, str(folder)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_hash_seed_does_not_matter(tmp_path: Path) -> None:
    """Whatever the order of sets and dicts of texts, stores and databases come out byte for byte the same."""
    found = {seed: _run(sys.executable, tmp_path / seed, {"PYTHONHASHSEED": seed}) for seed in ("0", "1", "random")}

    assert found["0"].count("\n") > 20
    assert len(set(found.values())) == 1, found


def test_the_python_does_not_matter(tmp_path: Path) -> None:
    """Every supported Python on this machine makes the same stores from the same commands."""
    library = tmp_path / "library"
    library.mkdir()
    for package in ("attr", "attrs", "tzdata", "dateutil", "six", "tutorcore"):
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            place = Path(spec.origin)
            (library / package if place.name == "__init__.py" else library / place.name).symlink_to(
                place.parent if place.name == "__init__.py" else place
            )
    pythons = dict(_pythons())

    found = {
        version: _run(python, tmp_path / version, {"PYTHONPATH": str(library), "PYTHONDONTWRITEBYTECODE": "1"})
        for version, python in pythons.items()
    }

    assert len(set(found.values())) == 1, found


def _pythons() -> Iterator[tuple[str, str]]:
    """The supported Pythons that can be found, this one first; those of pyenv too, which hides them until named."""
    yield f"{sys.version_info[0]}.{sys.version_info[1]}", sys.executable
    for version in ("3.11", "3.12", "3.13"):
        name = f"python{version}"
        on_path = shutil.which(name)
        candidates = [] if on_path is None else [Path(on_path)]
        candidates += [
            found for shim in candidates for found in shim.parent.parent.glob(f"versions/{version}.*/bin/{name}")
        ]
        for candidate in candidates:
            tried = subprocess.run([candidate, "-c", "import sqlite3"], capture_output=True, check=False)
            if tried.returncode == 0:
                yield version, str(candidate)
                break


def test_the_store_does_not_matter() -> None:
    """Memory and SQLite keep the same, line for line: versions, entries, claims, audit, outbox."""
    memory = played(5, 60, sample_policies(), MemoryStorage, lambda twins: None)
    sqlite = played(5, 60, sample_policies(), lambda: open_sqlite(":memory:"), lambda twins: None)

    for left, right in zip(memory.twins, sqlite.twins, strict=True):
        assert differences(dump(left.storage), dump(right.storage)) == {}
    for twin in sqlite.twins:
        twin.storage.close()  # type: ignore[attr-defined]  # both are SQLite
