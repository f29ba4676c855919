"""The page that shows the whole table of `lesson/1` is written from the table, and belongs to no platform."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools.lesson_page import PAGE, render

from tutorcore.policy import preset_names

SOURCES = Path(__file__).resolve().parents[2] / "src" / "tutorcore" / "policy"
PLATFORMS = sorted({name.partition("_")[0] for name in preset_names()} - {"ladder"})


def test_the_page_is_what_the_table_says() -> None:
    """The page in the documents is the one that the tool writes today."""
    assert PAGE.read_text(encoding="utf-8") == render()


@pytest.mark.parametrize(
    "text", [render(), *((SOURCES / name).read_text("utf-8") for name in ("profile.py", "lesson_table.py"))]
)
def test_nothing_in_the_table_is_named_after_a_platform(text: str) -> None:
    """Neither the page, nor the sections, nor the rows of the table mention any platform."""
    words = set(re.findall(r"[a-z]+", text.lower()))

    assert PLATFORMS
    assert words.isdisjoint(PLATFORMS)
