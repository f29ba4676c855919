from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

import pytest
import whenever


@pytest.fixture(scope="module")
def one_database() -> Iterator[None]:
    """Let whenever read the zones of the tzdata package, as tutorcore does, not those of the system."""
    whenever.reset_tzpath([str(files("tzdata") / "zoneinfo")])
    whenever.clear_tzcache()
    yield
    whenever.reset_tzpath()
    whenever.clear_tzcache()
