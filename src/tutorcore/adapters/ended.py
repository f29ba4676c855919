"""What a transaction holds once it has ended, so that whoever still uses it is told."""

from __future__ import annotations

from typing import Any

from tutorcore.errors import StorageError


class Ended:
    """Stands in for what a transaction worked on: whatever is asked of it raises `StorageError`."""

    def __getattr__(self, name: str) -> Any:
        raise StorageError("this transaction has ended")
