"""`tutorcore policy explain`: a whole policy in plain sentences of a language, with worked examples."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

from tutorcore.adapters.files import find_policy
from tutorcore.cli.answer import FINE, Answer, as_json, as_text
from tutorcore.policy.codec import content_hash
from tutorcore.text.explanation import explain, explain_shortly
from tutorcore.text.locales import ENGLISH, LOCALES, lineage, own_locales
from tutorcore.text.words import words_for


class Asked(NamedTuple):
    """What somebody wants explained, and how. `wording` is a folder of theirs; what is `short` has no examples."""

    policy: str
    locale: str
    wording: str | None
    short: bool
    format: Literal["text", "markdown"]


def explain_policy(asked: Asked, *, json: bool) -> Answer:
    """Return the explanation as text, as Markdown, or as a document with the ids of the rows that each rule is about.

    Raises what is wrong with the policy or the wording, and `InvalidValue` for what names no language. What is printed
    needs no escapes: names are cleaned where they are said, and the marks left in it keep right-to-left text in order.
    """
    own = None if asked.wording is None else Path(asked.wording)
    process, words = find_policy(asked.policy, Path()), words_for(asked.locale, own)
    explanation = (explain_shortly if asked.short else explain)(process, words)
    note = _note(asked.locale, words.locale, own)
    if json:
        about = {"policy": asked.policy, "name": process.name, "hash": content_hash(process)}
        return Answer(as_json({**about, **explanation.data}), FINE, note)
    return Answer(explanation.markdown if asked.format == "markdown" else explanation.text, FINE, note)


def _note(wanted: str, found: str, own: Path | None) -> str:
    """That another language was wanted than the English that came; nothing if none was."""
    if found != ENGLISH or lineage(wanted)[0].partition("_")[0] == ENGLISH:
        return ""
    there = ", ".join(sorted({*LOCALES, *own_locales(own)}))
    return as_text([f"there is no catalogue for {wanted!r}, so this is in English; there are {there}"])
