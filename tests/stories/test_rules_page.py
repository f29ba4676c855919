"""docs/rules.md and the story tests say the same about each rule."""

from __future__ import annotations

import re
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_ROW = re.compile(r"^\| (?P<id>[A-Z]{3}-[0-9]+) \| (?P<rule>[^|]+) \| (?P<shown>[^|]+) \|$", re.MULTILINE)
_FILE = re.compile(r"`(tests/[\w/]+\.py)`")
_TEST = re.compile(r"^def test_([a-z]{3})_([0-9]+)_", re.MULTILINE)


def _rows() -> dict[str, str]:
    """What the page says of each rule: id to the cell that names tests."""
    text = (_ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    return {row["id"]: row["shown"] for row in _ROW.finditer(text)}


def _tested(path: Path) -> set[str]:
    """The ids of the rules that a file has tests for."""
    return {f"{platform.upper()}-{number}" for platform, number in _TEST.findall(path.read_text(encoding="utf-8"))}


def test_every_rule_has_a_line_in_its_place() -> None:
    """All rules of the three platforms are there, in order, each once."""
    numbered = [("ITK", 24), ("ITR", 12), ("EDU", 10)]

    assert list(_rows()) == [f"{platform}-{number}" for platform, last in numbered for number in range(1, last + 1)]


def test_a_rule_is_tested_where_the_page_says_and_nowhere_else() -> None:
    """The files named beside a rule have tests with its id; every test with an id is in a file named beside it."""
    said = {(rule, name) for rule, shown in _rows().items() for name in _FILE.findall(shown)}
    stories = sorted((_ROOT / "tests" / "stories").glob("test_*.py"))
    tested = {(rule, path.relative_to(_ROOT).as_posix()) for path in stories for rule in _tested(path)}

    assert said == tested


def test_a_rule_without_a_test_says_not_yet() -> None:
    """Nothing is claimed that no test shows."""
    assert [rule for rule, shown in _rows().items() if not _FILE.search(shown) and "not yet" not in shown] == []
