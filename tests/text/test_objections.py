"""What refusals say is lacking or wrong: recognised as it is said, and said in every language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import tutorcore
from tutorcore.lessons.refusals import Refusal
from tutorcore.text.known_names import FIELD_NAMES
from tutorcore.text.locales import LOCALES
from tutorcore.text.objections import NEEDED, WRONG, needed_words, objection_words
from tutorcore.text.refusals import refusal_words
from tutorcore.text.words import words_for

ENGLISH: Final = words_for("en")
OTHERS: Final = tuple(locale for locale in LOCALES if locale != "en")
SOURCES: Final = ("lessons/decision.py", "standing/handling.py", "payouts/withdrawals.py")
SOMETHING: Final = "(something)"

# What is put together from amounts or shares as policies write them. It stays English, in quotation marks.
LEFT: Final = (
    "is none of the splits allowed here",
    "is no more than the fee",
    "is no amount that a bank can pay out",
)


def as_is(_name: str, said: str) -> str:
    """A value that has no other form in the language."""
    return said


def phrases() -> Iterator[str]:
    """Every phrase that the engine gives as what is needed or wrong, with something where a value goes."""
    root = Path(tutorcore.__file__).parent
    for source in SOURCES:
        for node in ast.walk(ast.parse((root / source).read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield from filter(None, map(_phrase, _said(node)))
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                yield from filter(None, [_phrase(node.value)] if node.targets[0].id == "problem" else [])


def _said(call: ast.Call) -> list[ast.expr]:
    named = [keyword.value for keyword in call.keywords if keyword.arg in ("problem", "needs", "what")]
    match call.func:
        case ast.Attribute(value=ast.Name(id="missing"), attr="append"):
            return call.args
        case ast.Name(id="_missing"):
            return call.args[1:]
        case _:
            return named


def _phrase(node: ast.expr) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_phrase(value) or SOMETHING for value in values)
        case _:
            return None


@pytest.mark.parametrize("phrase", sorted(set(phrases())))
def test_everything_that_the_engine_says_is_lacking_or_wrong_is_known(phrase: str) -> None:
    """A phrase that is worded anew there would come out in English everywhere."""
    if any(left in phrase for left in LEFT) or phrase in FIELD_NAMES:
        return
    like_it = re.compile(".+".join(map(re.escape, phrase.split(SOMETHING))))

    assert any(like_it.fullmatch(re.sub(r"%\((role|subject)\)s", r"the \1", each)) for each in (*NEEDED, *WRONG))


@pytest.mark.parametrize("locale", OTHERS)
def test_what_is_lacking_is_said_in_the_language(locale: str) -> None:
    """One after the other as a list; nothing is left in English."""
    words = words_for(locale)

    for said, sentences, context in ((needed_words, NEEDED, "needed"), (objection_words, WRONG, "objection")):
        for sentence in sentences:
            english = sentence.replace("%(", "<").replace(")s", ">")
            assert said(words, english, as_is) == words.say_in(context, sentence, **_Anything()), sentence


class _Anything(dict[str, str]):
    """A value for every name."""

    def __init__(self) -> None:
        names = ("remedies", "number", "fields", "start", "now", "party", "at", "role", "subject", "remedy", "reason")
        super().__init__({name: f"<{name}>" for name in (*names, "reasons")})


def test_values_are_said_as_what_they_are() -> None:
    """Instants on the reader's clock, people by their names, roles, remedies, fields and reasons by theirs."""
    said = {
        "missing": [
            (
                "a reason and a remedy: refund, split",
                "“cancel” needs a reason and a remedy: “give the money back” or “divide the money”",
            ),
            ("start and duration", "“cancel” needs start and length"),
            ("the number of the remedy (now 3)", "“cancel” needs the number of the remedy (now 3)"),
            ("a sack of potatoes", "“cancel” needs “a sack of potatoes”"),
        ],
        "bad_terms": [
            ("start and price may not be changed here", "start and price may not be changed here"),
            (
                "they start at 2026-03-30T09:00:00Z, which is not after 2026-03-30T09:00:01Z",
                "they start at Monday, March 30, 2026, 11:00 (UTC+02:00, Berlin), which is not after "
                "Monday, March 30, 2026, 11:00:01 (UTC+02:00, Berlin)",
            ),
            ("only pia, who pays, can agree to a higher price", "only Pia, who pays, can agree to a higher price"),
            (
                "the student reports of themselves, not of the tutor",
                "the student reports of themselves, not of the tutor",
            ),
            (
                "the reason is 'bored'; expected one of ill, other",
                "the reason is “bored”; expected one of “illness” or “something else”",
            ),
            ("nothing of the kind", "“nothing of the kind”"),
        ],
    }

    for code, cases in said.items():
        for fact, text in cases:
            refusal = Refusal.of(code, verb="cancel", needs=fact, problem=fact)
            found = refusal_words(ENGLISH, refusal, zone="Europe/Berlin", names={"pia": "Pia"})
            assert found.removeprefix("what was said cannot stand: ") == text


def test_nothing_of_a_user_s_is_filled_in_twice() -> None:
    """A reason that looks like a place in a sentence stays what it is."""
    problem = "the reason is '%(at)s'; expected one of ill"
    refusal = Refusal.of("bad_terms", problem=problem)

    assert refusal_words(ENGLISH, refusal).endswith("the reason is “%(at)s”; expected one of “illness”")
