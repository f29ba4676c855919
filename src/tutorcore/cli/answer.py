"""What a verb of the command line answers: a text, an exit code, and what went wrong. Knows no verb.

Verbs print nothing themselves, so that there is one place where output can break off, and so that a test can read what
would have been printed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, TypeAlias

from tutorcore.errors import Mistakes, TutorcoreError

FINE: Final = 0
FINDINGS: Final = 1
"""Something was refused, or did not come out as a scenario expects."""
MISUSE: Final = 2
"""The command cannot be understood, or a file is not what it should be; nothing was done."""

Document: TypeAlias = Mapping[str, object]

# Control characters, those that turn or break a line without being seen, and those that take no room.
_UNSEEN: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)


class Answer(NamedTuple):
    """What goes to standard output, what goes to standard error, and the exit code."""

    text: str
    code: int = FINE
    complaint: str = ""


def seen(line: str) -> str:
    """Return a line that does nothing to a terminal: what steers one is shown as an escape.

    >>> seen("late\x1b[2J")
    'late\\\\x1b[2J'
    """
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), line)


def as_text(lines: Iterable[str]) -> str:
    """Return lines as the text that is printed, safe for a terminal and without blanks at their ends."""
    return "".join(f"{seen(line).rstrip()}\n" for line in lines)


def as_json(document: Document) -> str:
    """Return a document as JSON text. Plain ASCII, so that the bytes are the same on every machine."""
    return json.dumps(document, indent=2) + "\n"


def complaint(error: TutorcoreError, *, json: bool) -> Answer:
    """Return the answer that tells what a person has to mend."""
    if not json:
        return Answer("", MISUSE, as_text(line.expandtabs(1) for line in str(error).split("\n")))
    if not isinstance(error, Mistakes):
        return Answer(as_json({"error": str(error), "mistakes": []}), MISUSE)
    mistakes = [
        {
            "file": mistake.file,
            "line": mistake.line,
            "column": mistake.column,
            "path": mistake.path,
            "message": mistake.message,
            "suggestion": mistake.suggestion,
        }
        for mistake in error.all
    ]
    return Answer(as_json({"error": error.message, "mistakes": mistakes}), MISUSE)
