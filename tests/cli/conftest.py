"""Running the command line in this process, and reading what it printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tutorcore.cli import main

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


class Done(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON document that was printed; `Any`, because a test names the parts it is about."""
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs one command."""

    def run(*arguments: str | Path) -> Done:
        code = main([str(argument) for argument in arguments])
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture
def examples() -> Path:
    """Return the folder of the project's examples."""
    return EXAMPLES


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that writes a scenario of `steps` (or a whole one) and returns its file."""

    def write(steps: str) -> Path:
        file = tmp_path / "scenario.toml"
        file.write_text(steps if "schema" in steps else _HEAD + steps, encoding="utf-8")
        return file

    return write


_HEAD = """\
schema = 1
id = "s"
policy = "italki"
[parties.ann]
zone = "America/New_York"
wallet = "30.0"
[parties.tom]
zone = "Europe/Berlin"
"""
