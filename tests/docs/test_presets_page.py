"""The page about the presets lists what is in the box, under the names that the policies give themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tutorcore.policy import load_preset, preset_names

_TEXT = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "presets.md").read_text(encoding="utf-8")
_ROW = re.compile(r"^\| `(?P<name>\w+)@(?P<version>[\w.-]+)` \|(?P<cells>.*)\|$", re.MULTILINE)
_REMARK = re.compile(r"^\* `(?P<name>\w+)`: ", re.MULTILINE)


def test_the_page_lists_exactly_the_presets_in_the_box() -> None:
    """Each once, in the order of their names, as the command line lists them."""
    assert tuple(row["name"] for row in _ROW.finditer(_TEXT)) == preset_names()


@pytest.mark.parametrize("row", [pytest.param(row, id=row["name"]) for row in _ROW.finditer(_TEXT)])
def test_a_row_of_the_page_names_the_version_and_leaves_nothing_empty(row: re.Match[str]) -> None:
    """What it is, its rules and its source are all said, and the version is that of the file."""
    cells = [cell.strip() for cell in row["cells"].split("|")]

    assert load_preset(row["name"]).version == row["version"]
    assert len(cells) == 3
    assert all(cells)


def test_what_is_left_out_is_left_out_of_presets_that_there_are() -> None:
    """A remark is about a policy in the box."""
    remarked = [remark["name"] for remark in _REMARK.finditer(_TEXT)]

    assert remarked
    assert set(remarked) <= set(preset_names())
