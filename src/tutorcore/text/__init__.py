"""Texts: what people read, in their language and on their clock.

Names are loaded when they are first used, and Babel when the first language is, so that whoever never says anything
pays nothing for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

# The type checker reads the names here; at run time `__getattr__` finds them by the same table.
if TYPE_CHECKING:
    from tutorcore.text.explanation import Explanation, explain
    from tutorcore.text.letter import Letter
    from tutorcore.text.letters import lesson_letter, reminder_letter
    from tutorcore.text.locales import LOCALES, PSEUDO, best_locale
    from tutorcore.text.names import (
        counter_name,
        field_name,
        kind_name,
        mark_name,
        permission_name,
        reason_name,
        remedy_name,
        restriction_name,
        role_name,
        state_name,
        verb_name,
    )
    from tutorcore.text.readers import Cast, Reader
    from tutorcore.text.refusals import refusal_words
    from tutorcore.text.sentences import sentence, sentence_in
    from tutorcore.text.standing_letters import standing_letter
    from tutorcore.text.words import Words, cleaned, words_for

_HOMES = {
    "Cast": "tutorcore.text.readers",
    "Explanation": "tutorcore.text.explanation",
    "LOCALES": "tutorcore.text.locales",
    "Letter": "tutorcore.text.letter",
    "PSEUDO": "tutorcore.text.locales",
    "Reader": "tutorcore.text.readers",
    "Words": "tutorcore.text.words",
    "best_locale": "tutorcore.text.locales",
    "cleaned": "tutorcore.text.words",
    "counter_name": "tutorcore.text.names",
    "explain": "tutorcore.text.explanation",
    "field_name": "tutorcore.text.names",
    "kind_name": "tutorcore.text.names",
    "lesson_letter": "tutorcore.text.letters",
    "mark_name": "tutorcore.text.names",
    "permission_name": "tutorcore.text.names",
    "reason_name": "tutorcore.text.names",
    "refusal_words": "tutorcore.text.refusals",
    "remedy_name": "tutorcore.text.names",
    "reminder_letter": "tutorcore.text.letters",
    "restriction_name": "tutorcore.text.names",
    "role_name": "tutorcore.text.names",
    "sentence": "tutorcore.text.sentences",
    "sentence_in": "tutorcore.text.sentences",
    "standing_letter": "tutorcore.text.standing_letters",
    "state_name": "tutorcore.text.names",
    "verb_name": "tutorcore.text.names",
    "words_for": "tutorcore.text.words",
}

__all__ = [
    "LOCALES",
    "PSEUDO",
    "Cast",
    "Explanation",
    "Letter",
    "Reader",
    "Words",
    "best_locale",
    "cleaned",
    "counter_name",
    "explain",
    "field_name",
    "kind_name",
    "lesson_letter",
    "mark_name",
    "permission_name",
    "reason_name",
    "refusal_words",
    "remedy_name",
    "reminder_letter",
    "restriction_name",
    "role_name",
    "sentence",
    "sentence_in",
    "standing_letter",
    "state_name",
    "verb_name",
    "words_for",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'tutorcore.text' has no attribute {name!r}")
    found: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
