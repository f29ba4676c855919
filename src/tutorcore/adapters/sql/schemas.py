"""The schema, as numbered files: `schema/<database>/0001_initial.sql` makes version 1, the next one makes version 2.

A file is never changed once it has been released; what changes comes in a file with the next number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files

from tutorcore.errors import InvariantError


@cache
def schema_files(database: str) -> tuple[str, ...]:
    """Return the texts of a database's schema files in order: the first makes version 1, and there is no gap."""
    folder = files("tutorcore.adapters.sql").joinpath("schema", database)
    found = sorted((file.name, file.read_text(encoding="utf-8")) for file in folder.iterdir())
    numbers = [int(name.partition("_")[0]) for name, _ in found]
    if numbers != list(range(1, len(found) + 1)):
        raise InvariantError(f"the schema files of {database} are numbered {numbers}")
    return tuple(text for _, text in found)


def statements_in(script: str, is_complete: Callable[[str], bool]) -> Iterator[str]:
    """Yield the statements of a script one by one; `is_complete` knows where one ends, triggers included."""
    statement = ""
    for line in script.splitlines(keepends=True):
        if statement or (line.strip() and not line.startswith("--")):
            statement += line
        if statement and is_complete(statement):
            yield statement
            statement = ""
