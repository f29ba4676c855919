"""What the policy file of the preset says about itself: ITK-1, and a rule or "ours" on every line."""

from __future__ import annotations

import re

import pytest

from tutorcore import load_preset
from tutorcore.policy import preset_text

_RULE = re.compile(r"ITK-[0-9]+|\bours\b")

# What needs no source: the heading of the file.
_HEADING = ("schema", "id", "version", "extends")


def test_itk_1_has_nothing_to_execute_and_the_policy_file_says_so() -> None:
    """That a student writes to a teacher before asking is outside the engine: no verb is a message."""
    comments = " ".join(line.lstrip("# ") for line in preset_text("italki").splitlines() if line.startswith("#"))

    assert "ITK-1, that a student writes to a teacher before asking for a lesson, has nothing to execute" in comments
    assert "message" not in load_preset("italki").verbs


def test_every_line_of_the_preset_cites_its_rule_or_is_marked_as_ours() -> None:
    """Each line, or the head of its section, names the platform's rule or says that it is our reading."""
    uncited: list[str] = []
    section_is_cited = False
    for line in preset_text("italki").splitlines():
        cited = _RULE.search(line.partition("#")[2]) is not None
        if line.startswith("["):
            section_is_cited = cited
        elif line and not line.startswith(("#", *_HEADING)) and not (cited or section_is_cited):
            uncited.append(line)

    assert uncited == []


@pytest.mark.parametrize("rule", [*range(1, 19), 20, 21, 22, 24])
def test_the_preset_cites_the_rules_that_it_carries_out(rule: int) -> None:
    """Each of these stands beside the line that does it."""
    assert re.search(rf"ITK-{rule}\b", preset_text("italki"))


def test_the_preset_says_whose_rules_of_when_it_has() -> None:
    """A platform's rules change; the name says as of when these were read."""
    assert load_preset("italki").name == "italki@2018-02"
