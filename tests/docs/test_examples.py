"""Every file in examples/ works as it stands, from any folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_SCRIPT = Path(sys.executable).with_name("tutorcore")
_NAMES = sorted(path.name for path in _EXAMPLES.iterdir() if path.suffix in (".py", ".toml"))


@pytest.mark.slow
@pytest.mark.parametrize("name", _NAMES)
def test_an_example_works(name: str, tmp_path: Path) -> None:
    """A program runs without a warning; a scenario plays, where 1 tells that some step was refused."""
    path = str(_EXAMPLES / name)
    command = [sys.executable, "-W", "error", path] if name.endswith(".py") else [str(_SCRIPT), "play", path]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")

    assert done.returncode in ((0,) if name.endswith(".py") else (0, 1)), done.stderr
    assert done.stdout
