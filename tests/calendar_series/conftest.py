"""Series are checked against `whenever`, reading the same time zone database."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

import pytest
import whenever


@pytest.fixture(scope="session", autouse=True)
def _tzdata_package() -> Iterator[None]:
    """Let whenever read the tzdata package too: systems have databases of other versions."""
    whenever.reset_tzpath([str(files("tzdata") / "zoneinfo")])
    whenever.clear_tzcache()
    yield
    whenever.reset_tzpath()
    whenever.clear_tzcache()
