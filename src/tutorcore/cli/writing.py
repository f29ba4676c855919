"""Writing files that a command names."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from tutorcore.errors import TutorcoreError


class UnwritableFile(TutorcoreError, OSError):
    """A file that was named cannot be written."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path} cannot be written: {why}")
        self.path = path


def opened(path: str) -> TextIO:
    """Return the file, emptied, to be written; raise `UnwritableFile`."""
    try:
        return Path(path).open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise UnwritableFile(path, error.strerror or str(error)) from error
    except ValueError as error:  # A name that no file can have.
        raise UnwritableFile(path, str(error)) from error


def write(file: TextIO, text: str) -> None:
    """Write a text to a file, at once; raise `UnwritableFile`."""
    try:
        file.write(text)
        file.flush()
    except OSError as error:
        raise UnwritableFile(file.name, error.strerror or str(error)) from error


def close(file: TextIO) -> None:
    """Close a file that was written; raise `UnwritableFile`."""
    try:
        file.close()  # Which tries once more to write what could not be written.
    except OSError as error:
        raise UnwritableFile(file.name, error.strerror or str(error)) from error


def write_text(path: str, text: str) -> None:
    """Write a file that holds the text and nothing else; raise `UnwritableFile`."""
    file = opened(path)
    try:
        write(file, text)
    finally:
        close(file)
