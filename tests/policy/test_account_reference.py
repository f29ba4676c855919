"""The reference page about standing: what it shows can be loaded, and all its words are there."""

from __future__ import annotations

import re
from pathlib import Path

from tutorcore.documents.reader import Problems, Table
from tutorcore.documents.source import Source
from tutorcore.policy import dump_process, load_policy, load_process
from tutorcore.policy.account import RUNG_EFFECTS, Decay
from tutorcore.policy.account_sections import read_account
from tutorcore.policy.expressions import Calendar
from tutorcore.standing import STANDING_VERBS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "standing.md").read_text(encoding="utf-8")


def test_the_example_is_a_whole_policy() -> None:
    """It loads, says what the page says of it, and survives being written as a table."""
    (example,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    process = load_policy(example)

    attended, missed, unreliable = process.account.counters
    assert (missed.bundle, missed.zone, len(missed.ladder)) == (1, "UTC", 4)
    assert attended.within == Calendar(days=90)
    assert dict(unreliable.marks) == {"missed_request": 1, "missed_attendance": 3}
    assert (unreliable.broken_by, unreliable.decay) == (("taught",), Decay(1, Calendar(days=30)))
    assert load_process(dump_process(process)) == process


def test_the_page_lists_the_effects_and_the_verbs_in_their_order() -> None:
    """What can be written, and what can be done."""
    rows = re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)

    assert tuple(row for row in rows if row in RUNG_EFFECTS) == RUNG_EFFECTS
    assert sorted(row for row in rows if row in STANDING_VERBS) == sorted(STANDING_VERBS)


def test_the_page_names_every_key() -> None:
    """Whatever a reader of the sections knows stands on the page."""
    problems = Problems()
    text = "standing.a = { _ = 1, bundle = { _ = 1 }, decay = { _ = 1 }, ladder = [{ _ = 1 }] }"

    read_account(Table.root(Source.parse(text, "keys.toml"), problems), None)

    lists = [str(mistake).partition("known here: ")[2] for mistake in problems.mistakes]
    keys = {key for known in lists for key in re.findall(r"'(\w+)'", known)}
    assert {"marks", "counts", "every", "lifted_by"} <= keys
    assert [key for key in sorted(keys) if not re.search(rf"`[^`]*\b{key}\b[^`]*`", PAGE)] == []
