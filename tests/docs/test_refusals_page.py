from __future__ import annotations

from pathlib import Path

from tutorcore.lessons import PRECEDENCE
from tutorcore.lessons.refusals import DISCREET

_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "refusals.md"


def test_the_page_of_refusals_lists_every_code_with_its_sentence_in_order_of_precedence() -> None:
    """What is documented about refusals is what they say."""
    rows = [line for line in _PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]

    assert rows == [f"| `{code}` | {sentence} |" for code, sentence in PRECEDENCE.items()]


def test_the_page_of_refusals_has_every_sentence_that_leaves_something_out() -> None:
    """What is said to those who may not know everything is documented too."""
    lines = [line for line in _PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("* `")]

    assert lines == [f"* `{code}`: {sentence}" for code, sentence in DISCREET.items()]
