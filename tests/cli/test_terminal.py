"""What people wrote does nothing to the terminal on which it is shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tutorcore.cli.answer import as_text, complaint, seen
from tutorcore.cli.lines import folded
from tutorcore.errors import InvalidValue

Write = Callable[[str], Path]

_HOSTILE = "a\\u001B]0;x\\u0007b\\u009Bc\\u202Ed\\u2028e"
_SHOWN = "a\\x1b]0;x\\x07b\\x9bc\\u202ed\\u2028e"


def _steps() -> str:
    return f"""\
schema = 1
id = "s"
title = "{_HOSTILE}"
about = "{_HOSTILE}"
policy = "italki"
[parties.ann]
zone = "UTC"
wallet = "100.0"
[parties.tom]
zone = "UTC"
[parties.agnes]
zone = "UTC"
grants = ["agent", "operator"]
[[steps]]
at = 2018-02-05T09:00:00Z
who = "ann"
do = "request"
lesson = "l"
tutor = "tom"
start = 2018-02-09T16:00:00Z
minutes = 60
price = "40.0"
kind = "{_HOSTILE}"
details = {{ "{_HOSTILE}" = "{_HOSTILE}" }}
note = "{_HOSTILE}"
[[steps]]
at = 2018-02-08T09:00:00Z
who = "agnes"
do = "dismiss_report"
tutor = "tom"
report = 1
reason = "ill"
case = "{_HOSTILE}"
note = "{_HOSTILE}"
[[steps]]
at = 2018-02-08T09:01:00Z
who = "agnes"
do = "reset_counter"
tutor = "tom"
counter = "missed_request"
reason = "{_HOSTILE}"
case = "{_HOSTILE}"
[[steps]]
at = 2018-02-08T09:02:00Z
who = "tom"
do = "withdraw_earnings"
amount = "1.0"
withdrawal = "{_HOSTILE}"
[[steps]]
at = 2018-02-08T09:03:00Z
who = "agnes"
do = "withdrawal_returned"
withdrawal = "{_HOSTILE}"
reason = "{_HOSTILE}"
[[steps]]
at = 2018-02-08T09:04:00Z
who = "tom"
do = "accept"
lesson = "l"
proposal = 1
reason = "{_HOSTILE}"
"""


def _is_tame(text: str) -> bool:
    return all(char == "\n" or unicodedata.category(char) not in ("Cc", "Cf", "Zl", "Zp") for char in text)


def test_a_timeline_shows_escapes(run: Any, write: Write) -> None:
    """Titles, notes, reasons, cases, kinds, details and names of withdrawals are all escaped; the run is as it was."""
    done = run("play", write(_steps()))

    assert done.code == 1
    assert _is_tame(done.out)
    assert done.out.count(_SHOWN) >= 12


def test_standing_shows_escapes(run: Any, write: Write, tmp_path: Path) -> None:
    """Reasons, cases and notes in a tutor's history too; JSON keeps what was written, in ASCII."""
    db = tmp_path / "hostile.db"
    run("play", write(_steps()), "--db", db)

    text, document = run("standing", "tom", "--db", db), run("standing", "tom", "--db", db, "--json")

    assert (text.code, document.code) == (0, 0)
    assert _is_tame(text.out)
    assert text.out.count(_SHOWN) == 4
    assert document.out.isascii()
    assert document.document["history"][-1]["case"] == "a\x1b]0;x\x07b\x9bc\u202ed\u2028e"


def test_a_complaint_shows_escapes(run: Any, write: Write) -> None:
    """The line of a file with a mistake is shown, and the mark under its word stays in place."""
    done = run("play", write(_steps().replace('who = "tom"', 'whose = "\u009b\u202e"\twho = "tom"', 1)))

    assert done.code == 2
    assert _is_tame(done.err)


def test_a_tab_in_a_complaint_is_one_blank() -> None:
    """So that the mark under a word, which was set by characters, stays below it."""
    answer = complaint(InvalidValue("x", 1, "a line\n\tand a mark\n\t^"), json=False)

    assert answer.complaint == "x is 1; expected a line\n and a mark\n ^\n"


@pytest.mark.parametrize("text", ["plain", "Gespräch", "\N{NO-BREAK SPACE}", "日本語", "a\u200db"])
def test_what_steers_no_terminal_stays(text: str) -> None:
    """Other scripts, and the joiners that they need, are shown as they are."""
    assert seen(text) == text


@pytest.mark.parametrize("mark", ["\u200b", "\u2060", "\u2064", "\ufeff"])
def test_what_takes_no_room_is_seen(mark: str) -> None:
    """Two names that look the same are told apart."""
    assert seen(f"a{mark}b") == f"a\\u{ord(mark):04x}b"


def test_a_line_is_one_line() -> None:
    """A line break within one is an escape, or a blank where text is folded anyway."""
    assert as_text(["a\nb", "c  "]) == "a\\nb\nc\n"
    assert list(folded("a\nb\tc", "- ")) == ["- a b c"]
