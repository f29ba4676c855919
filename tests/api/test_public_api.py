"""The interface is written down: adding, dropping or changing a public name is seen, and argued about, as a diff."""

from __future__ import annotations

import difflib
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_SNAPSHOT = Path(__file__).with_name("public_api.txt")


def test_the_public_names_are_those_written_down() -> None:
    """What can be imported is what tests/api/public_api.txt lists, signature by signature."""
    command = [sys.executable, "-m", "tools.public_api"]
    actual = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True, encoding="utf-8").stdout
    written = _SNAPSHOT.read_text(encoding="utf-8")

    difference = "".join(
        difflib.unified_diff(written.splitlines(True), actual.splitlines(True), "written down", "importable")
    )

    assert not difference, f"if this is meant, run `python -m tools.public_api --write`:\n{difference}"
