"""Opening what people name: policies by name or by file, and scenarios.

The pure layers take texts as arguments; this is where they come from.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from tutorcore.documents.source import SIZE
from tutorcore.errors import InvalidValue, TutorcoreError, UnknownName
from tutorcore.policy.codec import Resolve, load_policy
from tutorcore.policy.presets import preset_names, preset_text
from tutorcore.policy.process import Process

_SUFFIX = ".toml"


class UnreadableFile(TutorcoreError, OSError):
    """A file that was named cannot be read."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} cannot be read: {why}")
        self.path = path


def read_bytes(path: Path, most: int = SIZE) -> bytes:
    """Return what is in a file, or as much of it as is enough to see that it is longer than `most`."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise UnreadableFile(path, error.strerror or str(error)) from error
    except ValueError as error:  # A name that no file can have.
        raise UnreadableFile(path, str(error)) from error


def names_a_file(policy: str) -> bool:
    """Return whether a policy is named by its file: something with a folder in it, or that ends in `.toml`."""
    return policy.endswith(_SUFFIX) or "/" in policy or os.sep in policy


def policy_text(name: str, folder: Path) -> tuple[bytes, str]:
    """Return the text of a policy, in the box or in a file seen from `folder`, and what to call it in messages."""
    if not names_a_file(name):
        return preset_text(name).encode(), f"{name}{_SUFFIX}"
    path = file_beside(name, folder, "policy file", preset_names())
    return read_bytes(path), str(path)


def file_beside(name: str, folder: Path, kind: str, others: Iterable[str] = ()) -> Path:
    """Return the file that a document calls `name`, as seen from its `folder`.

    It ends in `.toml` and is a file: whoever writes a document can have no device read, which would never end, and
    nothing shown of what is no document. `kind` is what to call it in errors, `others` what may be named instead.
    """
    path = folder / name
    if not name.endswith(_SUFFIX):
        raise InvalidValue("file", name, f"the name of a file that ends in {_SUFFIX}")
    if not _is_file(path):
        raise UnknownName(kind, name, (*_beside(path), *others))
    return path


def load_policy_file(path: str | os.PathLike[str]) -> Process:
    """Return the process of a policy file; what it extends is a policy in the box or a file beside it.

    Raises `Mistakes` with everything that is wrong with the file, `UnreadableFile` if it cannot be read.
    """
    file = Path(path)
    return load_policy(read_bytes(file), str(file), _resolve_beside(file.parent))


def find_policy(name: str, folder: Path) -> Process:
    """Return the process of a policy; what its file extends is a policy in the box or a file beside it."""
    text, file = policy_text(name, folder)
    return load_policy(text, file, _resolve_beside((folder / name).parent))


def _resolve_beside(folder: Path) -> Resolve:
    def resolve(name: str) -> str:
        text, file = policy_text(name, folder)
        try:
            return text.decode()
        except UnicodeDecodeError as error:
            raise UnreadableFile(Path(file), "it is not UTF-8") from error

    return resolve


def _beside(path: Path) -> tuple[str, ...]:
    """The files that may have been meant."""
    try:
        return tuple(each.name for each in path.parent.iterdir() if each.name.endswith(_SUFFIX) and _is_file(each))
    except (OSError, ValueError):
        return ()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # A name that is too long, say.
        return False
