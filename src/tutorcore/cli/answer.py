"""What a verb of the command line answers: a text, an exit code, and what went wrong. Knows no verb.

Verbs print nothing themselves, so that there is one place where output can break off, and so that a test can read what
would have been printed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

from tutorcore.errors import Mistake, Mistakes, TutorcoreError

FINE: Final = 0
FINDINGS: Final = 1
"""Something was refused, or did not come out as a scenario expects."""
MISUSE: Final = 2
"""The command cannot be understood, or a file is not what it should be; nothing was done."""

Document: TypeAlias = Mapping[str, object]


class Answer(NamedTuple):
    """What goes to standard output, what goes to standard error, and the exit code."""

    text: str
    code: int = FINE
    complaint: str = ""


def as_json(document: Document) -> str:
    """Return a document as JSON text. Plain ASCII, so that the bytes are the same on every machine."""
    return json.dumps(document, indent=2) + "\n"


def complaint(error: TutorcoreError, *, json: bool) -> Answer:
    """Return the answer that tells what a person has to mend."""
    if not json:
        return Answer("", MISUSE, f"{error}\n")
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
        for mistake in error.exceptions
        if isinstance(mistake, Mistake)  # Mistakes are never nested, which their type cannot say.
    ]
    return Answer(as_json({"error": error.message, "mistakes": mistakes}), MISUSE)
