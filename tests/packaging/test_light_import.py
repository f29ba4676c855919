"""What importing costs: a process that embeds tutorcore pays only for what it uses."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

_HEAVY = (
    "asyncio",
    "babel",
    "cattrs",
    "dateutil",
    "django",
    "icalendar",
    "importlib.resources",
    "psycopg",
    "sqlalchemy",
    "sqlite3",
    "tomllib",
    "tzdata",
    "zoneinfo",
)


def _loaded_by(statement: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after `statement`, beyond those of its start."""
    program = f"import sys; before = set(sys.modules); {statement}; print(*(set(sys.modules) - before), sep='\\n')"
    # -P: the working directory must not lend its modules.
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_tutorcore_loads_nothing_heavy() -> None:
    """`import tutorcore` loads neither time zones, databases, Babel nor any extra."""
    loaded = _loaded_by("import tutorcore")

    assert "tutorcore" in loaded
    assert loaded.isdisjoint(_HEAVY), sorted(loaded.intersection(_HEAVY))


@pytest.mark.parametrize("heavy", ["asyncio", "babel", "cattrs", "django", "icalendar", "psycopg", "sqlalchemy"])
def test_importing_the_command_line_loads_no_extra(heavy: str) -> None:
    """`import tutorcore.cli` stays quick enough for a command that is typed."""
    loaded = _loaded_by("import tutorcore.cli")

    assert heavy not in loaded


def test_the_facade_lists_what_it_gives() -> None:
    """Every name in `tutorcore.__all__` can be had, although none is imported before it is asked for."""
    facade = importlib.import_module("tutorcore")

    missing = [name for name in facade.__all__ if not hasattr(facade, name)]

    assert facade.__all__
    assert missing == []
    assert set(facade.__all__) <= set(dir(facade))


def test_the_facade_refuses_what_it_does_not_have() -> None:
    """An unknown name on `tutorcore` is an AttributeError, as on any module."""
    facade = importlib.import_module("tutorcore")

    with pytest.raises(AttributeError, match="no_such_name"):
        _ = facade.no_such_name
