"""What the policy file of the preset says about itself: a rule or "ours" on every line, and no rule left out."""

from __future__ import annotations

import re

import pytest

from tutorcore import load_preset
from tutorcore.policy import preset_text

_RULE = re.compile(r"EDU-[0-9]+|\b[Oo]urs\b")

# What needs no source: the heading of the file.
_HEADING = ("schema", "id", "version", "extends")


def test_every_line_of_the_preset_cites_its_rule_or_is_marked_as_ours() -> None:
    """Each line, the comment above it or the head of its section names the rule or says that it is our reading."""
    uncited: list[str] = []
    section_is_cited = above_is_cited = False
    for line in preset_text("educai").splitlines():
        cited = _RULE.search(line.partition("#")[2]) is not None
        if line.startswith("["):
            section_is_cited = cited
        elif line and not line.startswith(("#", *_HEADING)) and not (cited or section_is_cited or above_is_cited):
            uncited.append(line)
        above_is_cited = cited and line.startswith("#")

    assert uncited == []


@pytest.mark.parametrize("rule", [1, 2, 3, 4, 5, 6, 8, 9, 10])
def test_the_preset_cites_the_rules_that_it_carries_out(rule: int) -> None:
    """Each of these stands beside the line that does it; EDU-7 is what every policy does, and needs no line."""
    assert re.search(rf"EDU-{rule}\b", preset_text("educai"))


def test_the_preset_says_whose_rules_of_when_it_has() -> None:
    """A platform's rules change; the name says as of when these were read."""
    assert load_preset("educai").name == "educai@2024"
