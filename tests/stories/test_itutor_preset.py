"""What the policy file of iTutor says about itself: a rule or "ours" on every line."""

from __future__ import annotations

import re

import pytest

from tutorcore import load_preset
from tutorcore.policy import preset_text

_RULE = re.compile(r"ITR-[0-9]+|\bours\b")

# What needs no source: the heading of the file, the currency of the place, and the closing of a list.
_HEADING = ("schema", "id", "version", "extends", "currency", "]")


def test_every_line_of_the_preset_cites_its_rule_or_is_marked_as_ours() -> None:
    """Each line, or the head of its section, names the platform's rule or says that it is our reading."""
    uncited: list[str] = []
    section_is_cited = False
    for line in preset_text("itutor").splitlines():
        cited = _RULE.search(line.partition("#")[2]) is not None
        if line.startswith("["):
            section_is_cited = cited
        elif line and not line.startswith(("#", *_HEADING)) and not (cited or section_is_cited):
            uncited.append(line)

    assert uncited == []


@pytest.mark.parametrize("rule", range(1, 13))
def test_the_preset_cites_the_rules_that_it_carries_out(rule: int) -> None:
    """Each of the twelve stands beside the line that does it."""
    assert re.search(rf"ITR-{rule}\b", preset_text("itutor"))


def test_the_preset_says_whose_rules_of_when_it_has() -> None:
    """A platform's rules change; the name says as of when these were read."""
    assert load_preset("itutor").name == "itutor@2024"
