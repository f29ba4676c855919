"""The reference page of policy files: what it shows can be loaded, and says what each section may hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tutorcore.policy import dump_process, load_policy, load_process

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "policy.md").read_text(encoding="utf-8")
SECTIONS, TABLE = PAGE[PAGE.index("## Profiles") : PAGE.index("## Tables")], PAGE[PAGE.index("## Tables") :]


def fences(text: str) -> str:
    """Return the TOML that a part of the page shows, as one file."""
    return "\n".join(re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize(
    ("extends", "shown", "states"),
    [
        ("lesson/1", SECTIONS, {"unpaid", "proposed", "locked", "charge_open", "disputed", "no_meeting", "completed"}),
        ("process/1", TABLE, {"requested", "agreed", "problem_by_student", "done", "settled", "expired"}),
    ],
)
def test_what_the_page_shows_is_a_policy(extends: str, shown: str, states: set[str]) -> None:
    """All sections of the page together are one file that loads, and so is the table that it shows."""
    process = load_policy(f'id = "shown"\nextends = "{extends}"\ncurrency = "EUR"\n' + fences(shown))

    assert states <= {state.name for state in process.states}
    assert load_process(dump_process(process)) == process


def test_every_state_and_verb_of_the_profile_is_on_the_page() -> None:
    """The page names every state and every verb that its own example switches on."""
    process = load_policy('id = "shown"\nextends = "lesson/1"\ncurrency = "EUR"\n' + fences(SECTIONS))

    names = {state.name for state in process.states} | set(process.verbs)
    assert sorted(name for name in names if f"`{name}`" not in SECTIONS and f'"{name}"' not in SECTIONS) == [
        "change_by_tutor"
    ]
