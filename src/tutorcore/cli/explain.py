"""`tutorcore policy explain`: a whole policy in plain sentences of a language, with worked examples."""

from __future__ import annotations

from pathlib import Path

from tutorcore.adapters.files import find_policy
from tutorcore.cli.answer import Answer, as_json
from tutorcore.policy.codec import content_hash
from tutorcore.text.explanation import explain
from tutorcore.text.words import words_for


def explain_policy(policy: str, locale: str, *, markdown: bool, json: bool) -> Answer:
    """Return the explanation as text, as Markdown, or as a document with the ids of the rows that each rule is about.

    Raises what is wrong with the policy, and `InvalidValue` for what names no language. What is printed needs no
    escapes: names are cleaned where they are said, and the marks left in it keep right-to-left text in order.
    """
    process = find_policy(policy, Path())
    explanation = explain(process, words_for(locale))
    if json:
        about = {"policy": policy, "name": process.name, "hash": content_hash(process)}
        return Answer(as_json({**about, **explanation.data}))
    return Answer(explanation.markdown if markdown else explanation.text)
