"""docs/rules.md and the story tests say the same about each rule, and every rule of the three platforms has a story."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_ROW = re.compile(r"^\| (?P<id>[A-Z]{3}-[0-9]+) \| (?P<rule>[^|]+) \| (?P<shown>[^|]+) \|$", re.MULTILINE)
_FILE = re.compile(r"`(tests/[\w/]+\.py)`")
_TEST = re.compile(r"test_([a-z]{3})_([0-9]+)_")

# All rules of the three platforms, in the order of the page.
_RULES = [
    f"{platform}-{number}"
    for platform, last in (("ITK", 24), ("ITR", 12), ("EDU", 10))
    for number in range(1, last + 1)
]


def _rows(page: str) -> dict[str, str]:
    """What a page says of each rule: id to the cell that names tests."""
    return {row["id"]: row["shown"] for row in _ROW.finditer(page)}


@cache
def _tested(source: str) -> frozenset[str]:
    """The ids of the rules that a file has tests for: functions that pytest runs, and that assert something."""
    found = set()
    for node in ast.parse(source).body:
        name = _TEST.match(node.name) if isinstance(node, ast.FunctionDef) else None
        if name is not None and any(_asserts(each) for each in ast.walk(node)):
            found.add(f"{name[1].upper()}-{name[2]}")
    return frozenset(found)


def _asserts(node: ast.AST) -> bool:
    """Whether a piece of code can fail: an assertion, one of a helper's, or an error that must be raised."""
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return called == "raises" or called.startswith("_assert")
    return isinstance(node, ast.Assert)


def _wrong(page: str, stories: Iterable[tuple[str, str]]) -> list[str]:
    """What does not fit between the page and the stories, given as (path, source)."""
    rows, tested = _rows(page), {(rule, path) for path, source in stories for rule in _tested(source)}
    said = {(rule, path) for rule, shown in rows.items() for path in _FILE.findall(shown)}
    shown_at_all = {rule for rule, _ in tested}
    return [
        *(f"{rule} has no line" for rule in _RULES if rule not in rows),
        *(f"{rule} is no rule" for rule in rows if rule not in _RULES),
        *(f"{rule} has no story" for rule in _RULES if rule not in shown_at_all),
        *(f"{rule} is said to be in {path}" for rule, path in sorted(said - tested)),
        *(f"{rule} is in {path}, and the page does not say so" for rule, path in sorted(tested - said)),
        *(f"{rule} is not done" for rule, shown in rows.items() if "not yet" in shown),
    ]


def _page() -> str:
    return (_ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


def _stories() -> list[tuple[str, str]]:
    found = sorted((_ROOT / "tests" / "stories").glob("test_*.py"))
    return [(path.relative_to(_ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in found]


def test_every_rule_has_a_line_in_its_place() -> None:
    """All rules of the three platforms are there, in order, each once."""
    assert [row["id"] for row in _ROW.finditer(_page())] == _RULES


def test_every_rule_has_a_story_in_the_files_that_the_page_names_and_in_no_others() -> None:
    """Nothing is claimed that no test shows, nothing shown that the page does not say, and nothing is left."""
    assert _wrong(_page(), _stories()) == []


@pytest.mark.parametrize("rule", _RULES)
def test_a_rule_whose_stories_are_gone_is_missed(rule: str) -> None:
    """The test above is able to fail, for each of the rules."""
    prefix = f"def test_{rule.lower().replace('-', '_')}_"
    without = [(path, source.replace(prefix, "def of_old_")) for path, source in _stories()]

    assert f"{rule} has no story" in _wrong(_page(), without)


@pytest.mark.parametrize(
    ("said", "instead", "wrong"),
    [
        ("| ITK-12 |", "| ITK-99 |", ["ITK-12 has no line", "ITK-99 is no rule"]),
        ("`tests/stories/test_italki_withdrawals.py`", "not yet", ["ITK-12 is not done", "ITK-2 is not done"]),
        ("`tests/stories/test_italki_expired_log.py`", "`tests/stories/test_italki_24h.py`", [
            "ITK-19 is said to be in tests/stories/test_italki_24h.py",
            "ITK-19 is in tests/stories/test_italki_expired_log.py, and the page does not say so",
        ]),
    ],
)  # fmt: skip
def test_a_page_that_says_something_else_is_noticed(said: str, instead: str, wrong: list[str]) -> None:
    """Another id, a promise for later, another file: each is named."""
    page = _page()
    assert said in page

    assert set(wrong) <= set(_wrong(page.replace(said, instead), _stories()))


def test_a_story_that_can_not_fail_is_none() -> None:
    """A name alone shows nothing: a test has to assert something, or to see an error raised."""
    assert _tested("def test_itk_5_nothing() -> None:\n    pass\n") == frozenset()
    assert _tested("def test_itk_5_asserted() -> None:\n    assert 1\n") == {"ITK-5"}
    assert _tested("class Story:\n    def test_itk_5_hidden(self) -> None:\n        assert 1\n") == frozenset()
