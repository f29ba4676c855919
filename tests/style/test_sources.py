"""What no linter knows about the project's own files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = (".ci", "benchmarks", "changelog.d", "docs", "examples", "src", "tests", "tools")
_WRITTEN = (".json", ".md", ".py", ".sql", ".toml", ".txt", ".gitignore", "LICENSE", "run")
_FRAGMENT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.(added|changed|fixed)\.md")
_MACHINE_PATH = re.compile(r"(?:^|[^\w.])/(work|root|home|Users|farm)/", re.MULTILINE)
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
_EXCUSE = re.compile(r"(type: ignore|noqa|pragma: no cover)(?P<rest>.*)$", re.MULTILINE)


def _files() -> Iterator[Path]:
    yield from (path for path in _ROOT.iterdir() if path.is_file())
    for folder in _FOLDERS:
        yield from (path for path in (_ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _texts() -> Iterator[tuple[str, str]]:
    for path in sorted(path for path in _files() if path.suffix in _WRITTEN or path.name in _WRITTEN):
        yield path.relative_to(_ROOT).as_posix(), path.read_text(encoding="utf-8")


def _python(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (_ROOT / folder).rglob("*.py"))


def test_no_file_names_a_folder_of_somebody_s_machine() -> None:
    """The project's files work, and read the same, wherever it is checked out."""
    found = [name for name, text in _texts() if _MACHINE_PATH.search(text)]

    assert found == []


def test_no_lock_file_is_kept() -> None:
    """Versions are bounded in pyproject.toml; a lock file would name the hosts it was made from."""
    names = {path.name for path in _files()}

    assert names.isdisjoint({"uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "pylock.toml"})


def test_the_source_leaves_nothing_for_later() -> None:
    """What stands in src/ is finished; what is missing is not announced there."""
    found = [str(path) for path in _python("src") if _UNFINISHED.search(path.read_text(encoding="utf-8"))]

    assert found == []


def test_an_ignored_check_says_why() -> None:
    """Whoever silences a checker in src/ or tests/ names the check and, on the same line, the reason."""
    unexplained = [
        f"{path.relative_to(_ROOT)}: {match[0]}"
        for path in _python("src", "tests")
        if path != Path(__file__).resolve()
        for match in _EXCUSE.finditer(path.read_text(encoding="utf-8"))
        if "#" not in match["rest"]
    ]

    assert unexplained == []


@pytest.mark.parametrize("path", _python("src"), ids=lambda path: path.relative_to(_ROOT / "src").as_posix())
def test_inside_the_package_names_come_from_where_they_are_defined(path: Path) -> None:
    """No module imports `tutorcore` itself: the facade stands above everything, and an import of it is a cycle."""
    tree = ast.parse(path.read_text(encoding="utf-8"))

    facade = [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(alias.name == "tutorcore" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "tutorcore")
    ]

    assert facade == []


def test_the_tests_are_no_packages() -> None:
    """A package called tests/calendar would hide the standard library's calendar."""
    assert list((_ROOT / "tests").rglob("__init__.py")) == []


def test_changelog_fragments_are_named_after_what_they_tell() -> None:
    """A news fragment is `<slug>.<added|changed|fixed>.md`, so that a release can be put together by kind."""
    names = [path.name for path in (_ROOT / "changelog.d").iterdir() if path.name != "README.md"]

    assert [name for name in names if not _FRAGMENT.fullmatch(name)] == []
