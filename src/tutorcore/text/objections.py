"""Objections: what a refusal says is lacking or wrong, in a reader's language.

Such facts of refusals are English phrases of a fixed set, stored as they were said. Here each is recognised by the
sentence that it fills, and said as that sentence is in the language; of what is recognised by none, nothing is known
here, and whoever asks shows it as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Final

from tutorcore.text.known_names import FIELD_NAMES
from tutorcore.text.names import field_name
from tutorcore.text.sentences import parts, sentence_in
from tutorcore.text.words import Words

NEEDED: Final = (
    sentence_in("needed", "a reason"),
    sentence_in("needed", "details"),
    sentence_in("needed", "details or a note"),
    sentence_in("needed", "an offer"),
    sentence_in("needed", "whom it is about"),
    sentence_in("needed", "a remedy: %(remedies)s"),
    sentence_in("needed", "a split of what is held"),
    sentence_in("needed", "a split of what was settled"),
    sentence_in("needed", "the number of the proposal (now %(number)s)"),
    sentence_in("needed", "the number of the remedy (now %(number)s)"),
    sentence_in("needed", "the number of the terms (now %(number)s)"),
    sentence_in("needed", "the number of the report"),
    sentence_in("needed", "a reference to the case"),
    sentence_in("needed", "the counter"),
    sentence_in("needed", "what to lift"),
)
"""What a command may lack."""

WRONG: Final = (
    sentence_in("objection", "they are those of proposal %(number)s"),
    sentence_in("objection", "%(fields)s may not be changed here"),
    sentence_in("objection", "they start at %(start)s, which is not after %(now)s"),
    sentence_in("objection", "only %(party)s, who pays, can agree to a higher price"),
    sentence_in("objection", "nobody has seen yet what happens at %(at)s"),
    sentence_in("objection", "nobody asked for this lesson before %(at)s"),
    sentence_in("objection", "%(role)s reports of themselves, not of %(subject)s"),
    sentence_in("objection", "only the platform reports what was seen earlier"),
    sentence_in("objection", "%(remedy)s is none of the remedies here: %(remedies)s"),
    sentence_in("objection", "only the remedy split divides as somebody says, not %(remedy)s"),
    sentence_in("objection", "this is the remedy of proposal %(number)s already"),
    sentence_in("objection", "a remedy divides between the student and the tutor; %(role)s is neither"),
    sentence_in("objection", "whoever paid would pay more by it, and a refund only gives back"),
    sentence_in("objection", "it was settled like that already, so nothing would move"),
    sentence_in("objection", "nothing was settled that could be given back"),
    sentence_in("objection", "the reason is %(reason)s; expected one of %(reasons)s"),
    sentence_in("objection", "withdrawals need no application here; withdraw at any time"),
    sentence_in("objection", "earnings cannot be spent on lessons here; withdraw them"),
    sentence_in("objection", "the profile is locked until somebody else lifts it"),
    sentence_in("objection", "the profile is hidden until somebody else lifts it"),
    sentence_in("objection", "the profile is open to former students only until somebody else lifts it"),
    sentence_in("objection", "the profile is locked until %(at)s"),
    sentence_in("objection", "the profile is hidden until %(at)s"),
    sentence_in("objection", "the profile is open to former students only until %(at)s"),
)
"""What may stand against a command."""

Value = Callable[[str, str], str]
"""How the value of a placeholder, given by its name, is said in the language."""


def needed_words(words: Words, needs: str, value: Value) -> str:
    """Return what a command lacks, as a list; what is not known is quoted."""
    return words.listed(_needed(words, each, value) for each in needs.split(" and "))


def objection_words(words: Words, problem: str, value: Value) -> str:
    """Return what stands against a command; what is not known is quoted."""
    found = _recognised(problem, WRONG)
    if found is None:
        return words.quoted(problem)
    sentence, values = found
    return words.say_in("objection", sentence, **{name: value(name, said) for name, said in values.items()})


def _needed(words: Words, need: str, value: Value) -> str:
    found = _recognised(need, NEEDED)
    if found is None:
        return field_name(words, need) if need in FIELD_NAMES else words.quoted(need)
    sentence, values = found
    return words.say_in("needed", sentence, **{name: value(name, said) for name, said in values.items()})


def _recognised(said: str, sentences: Iterable[str]) -> tuple[str, dict[str, str]] | None:
    """The sentence that a phrase fills, and what with; one that says most of it itself goes first."""
    for each in sorted(sentences, key=lambda sentence: "%(" in sentence):
        match = _pattern(each).fullmatch(said)
        if match is not None:
            return each, match.groupdict()
    return None


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(
        "".join(f"(?P<{piece[2:-2]}>.+)" if is_place else re.escape(piece) for piece, is_place in parts(sentence))
    )
