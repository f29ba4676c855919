from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import attrs
import pytest
from tools.lesson_page import AGAIN, AT_ONCE, ESCALATING, EVERYTHING

from tutorcore.policy.account import Counter, Rung
from tutorcore.policy.codec import load_policy, load_preset
from tutorcore.policy.expressions import Comparison, Count, Field, Has, Text
from tutorcore.policy.presets import preset_names
from tutorcore.policy.process import FIELDS, REMEDIES, Case, Move, Process, State
from tutorcore.policy.restrictions import RESTRICTIONS
from tutorcore.policy.roles import ROLES
from tutorcore.policy.settlement import BENEFICIARIES
from tutorcore.text import names
from tutorcore.text.known_names import KNOWN_NAMES
from tutorcore.text.words import Words, words_for

_NAMED: Mapping[str, tuple[Callable[[Words, str], str], Mapping[str, str]]] = {
    context: (getattr(names, f"{context}_name"), known) for context, known in KNOWN_NAMES.items()
}
_OF_THE_PROFILE = {"EVERYTHING": EVERYTHING, "AGAIN": AGAIN, "AT_ONCE": AT_ONCE, "ESCALATING": ESCALATING}


def _named(node: object) -> Iterator[tuple[str, str | None]]:
    """Every name that a table, its expressions and its account rules use, with what it names."""
    match node:
        case State(name=name):
            yield "state", name
        case Move(verb=verb):
            yield "verb", verb
        case Case(mark=mark):
            yield "mark", mark
        case Counter(name=name, marks=marks, dismiss=dismiss, record=record):
            yield "counter", name
            yield from (("mark", mark) for mark, _ in marks)
            yield from (("reason", each) for each in (*dismiss, *record))
        case Rung(effect=effect):
            yield "restriction", effect
        case Count(mark=mark):
            yield "mark", mark
        case Has(permission=permission):
            yield "permission", permission
        case Comparison(left=Field("reason"), right=Text(value)):
            yield "reason", value
        case Comparison(left=Field("lesson.kind" | "proposed.kind"), right=Text(value)):
            yield "kind", value
    kind = type(node)
    if isinstance(node, tuple):
        parts = node
    else:
        parts = tuple(getattr(node, each.name) for each in attrs.fields(kind)) if attrs.has(kind) else ()
    for each in parts:
        yield from _named(each)


def _unnamed(process: Process) -> set[tuple[str, str]]:
    return {(what, name) for what, name in _named(process) if name and name not in _NAMED[what][1]}


@pytest.mark.parametrize("preset", preset_names())
def test_whatever_a_preset_names_has_a_name_in_words(preset: str) -> None:
    """No preset falls back on names as they are written in files."""
    assert _unnamed(load_preset(preset)) == set()


@pytest.mark.parametrize("variant", _OF_THE_PROFILE)
def test_whatever_the_profile_can_switch_on_has_a_name_in_words(variant: str) -> None:
    """Every state and verb that `lesson/1` may have is known, whichever sections a policy writes."""
    process = load_policy(_OF_THE_PROFILE[variant], resolve=lambda name: {"everything": EVERYTHING}[name])

    assert {(what, name) for what, name in _unnamed(process) if what in ("state", "verb", "permission")} == set()


@pytest.mark.parametrize(
    ("what", "all_of_them"),
    [
        ("role", {*ROLES, *BENEFICIARIES}),
        ("restriction", {*RESTRICTIONS, "notice", "review"}),
        ("remedy", set(REMEDIES)),
        ("field", set(FIELDS)),
    ],
)
def test_closed_lists_are_named_whole(what: str, all_of_them: set[str]) -> None:
    """Where a policy can only choose among given names, these are the names there are."""
    assert set(_NAMED[what][1]) == all_of_them


@pytest.mark.parametrize("what", _NAMED)
def test_a_known_name_is_said_in_words(what: str) -> None:
    """English says what stands in the table."""
    name_of, known = _NAMED[what]

    assert {name: name_of(words_for("en"), name) for name in known} == dict(known)


@pytest.mark.parametrize("what", _NAMED)
def test_a_name_of_the_embedder_s_is_said_as_it_is_written(what: str) -> None:
    """An unknown name loses its underscores, and whatever would break a line or pull in a value."""
    name_of, _ = _NAMED[what]

    assert name_of(words_for("de"), "quality_check") == "quality check"
    assert name_of(words_for("de"), "100%_%(safe)s\r\nBcc:") == "100% %(safe)s Bcc:"


def test_the_embedder_s_catalogue_names_what_only_they_have(tmp_path: Path) -> None:
    """A name is looked up under what it names, so one word may be a state here and a verb there."""
    entries = [("state", "quality_check", "in Prüfung"), ("verb", "quality_check", "prüfen")]
    text = "".join(f'msgctxt "{context}"\nmsgid "{name}"\nmsgstr "{said}"\n\n' for context, name, said in entries)
    (tmp_path / "de.po").write_text(text, encoding="utf-8")

    words = words_for("de-AT", tmp_path)

    assert names.state_name(words, "quality_check") == "in Prüfung"
    assert names.verb_name(words, "quality_check") == "prüfen"
    assert names.mark_name(words, "quality_check") == "quality check"
