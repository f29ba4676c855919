"""Names: what states, verbs, roles and all the rest that policies name are called.

Every name that `lesson/1` or a preset uses stands in `known_names`. Whatever else a policy names (an embedder's own
process, their own marks and reasons) is looked up in their catalogue under the same context, and otherwise said as it
is written, with blanks for underscores.
"""

from __future__ import annotations

from tutorcore.text.known_names import KNOWN_NAMES
from tutorcore.text.words import Words, cleaned


def role_name(words: Words, name: str) -> str:
    """Return what a role is called: "the student"."""
    return _named(words, "role", name)


def state_name(words: Words, name: str) -> str:
    """Return what a state is called: "in progress"."""
    return _named(words, "state", name)


def verb_name(words: Words, name: str) -> str:
    """Return what a move is called, as on a button: "report a problem"."""
    return _named(words, "verb", name)


def mark_name(words: Words, name: str) -> str:
    """Return what a mark is called: "late cancellation"."""
    return _named(words, "mark", name)


def counter_name(words: Words, name: str) -> str:
    """Return what a counter is called: "missed lessons"."""
    return _named(words, "counter", name)


def reason_name(words: Words, name: str) -> str:
    """Return what a reason of a policy's list is called: "illness"."""
    return _named(words, "reason", name)


def remedy_name(words: Words, name: str) -> str:
    """Return what a remedy is called: "give the money back"."""
    return _named(words, "remedy", name)


def restriction_name(words: Words, name: str) -> str:
    """Return what a restriction, or whatever else a rung brings, is called: "profile hidden"."""
    return _named(words, "restriction", name)


def permission_name(words: Words, name: str) -> str:
    """Return what a permission of the platform's allows: "request lessons"."""
    return _named(words, "permission", name)


def kind_name(words: Words, name: str) -> str:
    """Return what a kind of lesson is called: "trial lesson"."""
    return _named(words, "kind", name)


def field_name(words: Words, name: str) -> str:
    """Return what a part of a lesson's terms is called: "price"."""
    return _named(words, "field", name)


def _named(words: Words, context: str, name: str) -> str:
    known = KNOWN_NAMES[context]
    if name in known:
        return words.say_in(context, known[name])
    found = words.word(context, name)
    return cleaned(name.replace("_", " ")) if found is None else found
