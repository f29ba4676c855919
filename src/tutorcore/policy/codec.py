"""Policies as files: load one, write one, name one by its content.

A file is either a profile (`extends = "lesson/1"`, or the name of another profile of which it writes only the
differences) or the table itself (`extends = "process/1"`). Loading reports every mistake of a file at once, each at
its place. This module opens no files: texts are arguments, and what a file extends is found by `resolve`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from hashlib import sha256
from typing import Final, TypeAlias

import attrs

from tutorcore.documents.places import Path
from tutorcore.documents.reader import Problems, Table
from tutorcore.documents.source import Source
from tutorcore.errors import TutorcoreError
from tutorcore.ids import PolicyHash
from tutorcore.policy.cells import Cells
from tutorcore.policy.contradictions import contradictions
from tutorcore.policy.explicit import dump_process, read_process
from tutorcore.policy.expressions import Expression, walk
from tutorcore.policy.lesson_table import lesson_table
from tutorcore.policy.machine import Machine
from tutorcore.policy.presets import preset_text
from tutorcore.policy.process import Process
from tutorcore.policy.profile import Profile
from tutorcore.policy.sections import read_profile
from tutorcore.policy.wellformed import Problem, check, problems

LESSON_TABLE: Final = "lesson/1"
PROCESS_TABLE: Final = "process/1"

Resolve: TypeAlias = Callable[[str], str]
"""From the name that a file extends to the text of that file; raises `UnknownName` for others."""

_LONGEST_CHAIN = 8
_KEPT: Final = 32  # Tables are values: whoever asks again may have the same one, and the longest unused goes first.


def load_policy(text: str | bytes, file: str = "<policy>", resolve: Resolve = preset_text) -> Process:
    """Return the process of a policy file; raise `Mistakes` with everything that is wrong with it.

    >>> process = load_policy('''
    ... extends = "italki"
    ... id = "italki-24h"
    ... request.answer_by = "earliest(asked + 24h, lesson.start)"
    ... ''')
    >>> str(process.state("requested").timeouts[0].at)
    'earliest(asked + 24h, lesson.start)'
    """
    return _read(Source.parse(text, file), resolve)


@lru_cache(maxsize=_KEPT)
def load_preset(name: str) -> Process:
    """Return the process of a policy in the box; raise `UnknownName`."""
    return load_policy(preset_text(name), f"{name}.toml")


def load_process(text: str) -> Process:
    """Return the process of a canonical text, as `dump_process` wrote it; raise `Mistakes` if it cannot be read.

    Whether its table is well formed was asked when it was first made ready to run (`machine_of`), and is not asked
    again: what is asked of new tables may have grown since, and a running lesson keeps its policy.
    """
    found = Problems()
    root = Table.root(Source.parse(text, "<process>"), found)
    root.one_of("extends", (PROCESS_TABLE,))
    process = read_process(Cells(), root)
    root.finish()
    found.raise_if_any("<process> is not a process that was stored")
    assert process is not None
    return process


def content_hash(process: Process) -> PolicyHash:
    """Return the name of this very process: the SHA-256 of its canonical text, in hexadecimal."""
    return PolicyHash(sha256(dump_process(process).encode()).hexdigest())


@lru_cache(maxsize=_KEPT)
def machine_of(process: Process) -> Machine:
    """Return the process made ready to run; raise `Mistakes` if it is not well formed."""
    check(process)
    return Machine(process, content_hash(process))


def _read(source: Source, resolve: Resolve) -> Process:
    found = Problems()
    merged = _extended(source, resolve, found)
    found.raise_if_any(f"{source.file} extends a policy that cannot be used")
    cells = Cells()
    root = Table.root(merged, found)
    extends = root.text("extends")
    process: Process | None
    if extends == PROCESS_TABLE:
        process = read_process(cells, root)
    else:
        profile = read_profile(cells, root)
        process = None if profile is None or len(found) else _filled(root, profile)
    root.finish()
    if process is not None and not len(found):
        _note(root, cells, problems(process))
    found.raise_if_any(f"{source.file} is not a policy that can be used")
    assert process is not None
    return process


def _filled(root: Table, profile: Profile) -> Process:
    """The table that a profile fills, after noting what its sections say in vain."""
    process = lesson_table(profile)
    for each in contradictions(profile, process):
        root.mistake(each.path, each.message, each.suggestion)
    return process


def _note(root: Table, cells: Cells, found: Iterable[Problem]) -> None:
    """Note the problems of a table where a person wrote what they are about, once for all rows that a cell fills."""
    placed = [(_origin(cells, problem) or _present(root.mapping, problem.path), problem) for problem in found]
    for path, message, suggestion in dict.fromkeys((path, each.message, each.suggestion) for path, each in placed):
        root.mistake(path, message, suggestion)


def _origin(cells: Cells, problem: Problem) -> Path | None:
    """Where the expression was written that a problem is about, or the part of it that was: a table adds to it."""
    if problem.about is None:
        return None
    found = (cells.origin(node) for node in walk(problem.about) if isinstance(node, Expression))
    return next((path for path in found if path is not None), None)


def _present(mapping: Mapping[str, object], path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The path without the steps that the file leaves out, such as the number of a row that is written as one table."""
    found: list[str | int] = []
    here: object = mapping
    for part in path:
        below = _below(here, part)
        if below is not None:
            found.append(part)
            here = below
    return tuple(found)


def _below(here: object, part: str | int) -> object | None:
    if isinstance(here, Mapping):
        return here.get(part)
    return here[part] if isinstance(here, list | tuple) and isinstance(part, int) and part < len(here) else None


def _extended(source: Source, resolve: Resolve, found: Problems) -> Source:
    """The source with what it extends beneath it, down to one of the two tables.

    What is wrong with the chain is noted, and the source comes back as it is: without its base, what a file of
    differences leaves out cannot be told from what is missing.
    """
    root = Table.root(source, found)
    chain, names = [source.data], [source.file]
    while isinstance(name := chain[-1].get("extends"), str) and name not in (LESSON_TABLE, PROCESS_TABLE):
        base = root.attempt(partial(_base, name, resolve), "extends")
        if base is None:
            return source
        if len(names) > _LONGEST_CHAIN:
            root.mistake("extends", f"this chain of policies does not end: {', '.join(names)}")
            return source
        chain.append(base)
        names.append(name)
    data = dict(chain.pop())
    while chain:  # From the base up, so that what one file drops, the next one may write anew.
        data = _merged(data, {key: value for key, value in chain.pop().items() if key != "extends"})
    return attrs.evolve(source, data=data)


def _base(name: str, resolve: Resolve) -> Mapping[str, object]:
    name, _, version = name.partition("@")
    data = Source.parse(resolve(name), name).data
    if version and data.get("version") != version:
        raise BaseVersionError(name, version, data.get("version"))
    return data


class BaseVersionError(TutorcoreError, ValueError):
    """A file extends a version of a policy that is not the one at hand."""

    def __init__(self, name: str, wanted: str, found: object) -> None:
        super().__init__(f"{name} is at hand in version {found!r}, not {wanted!r}")


def _merged(base: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """`base` with the differences in `over`: tables are merged, anything else is replaced, `false` drops what is there.

    Only what is switched on or off by being written can be dropped; `true` and numbers are replaced as all else is.

    Shares are one value that is written as a table: they make 100 % together or not at all, so they are replaced.
    """
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        if value is False and isinstance(below, dict | list | str):
            del merged[key]
        elif isinstance(below, Mapping) and isinstance(value, Mapping) and key != "settle":
            merged[key] = _merged(below, value)
        else:
            merged[key] = value
    return merged
