"""What a transaction holds once it has ended, so that whoever still uses it is told."""

from __future__ import annotations

from typing import Any

from tutorcore.errors import StorageError


class Ended:
    """Stands in for what a transaction worked on: whatever is asked of it raises `StorageError`."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Asked by Python and its tools about any object; nobody's use of a transaction.
            raise AttributeError(name)
        raise StorageError("this transaction has ended")
