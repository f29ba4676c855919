from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.errors import (
    InvalidType,
    InvalidValue,
    InvariantError,
    Mistake,
    Mistakes,
    StorageError,
    TutorcoreError,
    UnknownName,
    suggest,
)

_EXAMPLES: list[TutorcoreError] = [
    InvalidValue("price", -5, "a price not below zero"),
    InvalidType("price", 2.5, "a text"),
    UnknownName("zone", "Berlin", ["Europe/Berlin"]),
    StorageError("the file is of version 9"),
    InvariantError("escrow is not empty"),
    Mistake("unknown key", path="fees.rat", file="mine.toml", line=3, column=1, excerpt="rat = 1", suggestion="rate"),
    Mistakes("2 mistakes", [Mistake("first"), Mistake("second", suggestion="third")]),
]


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (InvalidValue, ValueError),
        (InvalidType, TypeError),
        (UnknownName, LookupError),
        (StorageError, OSError),
        (InvariantError, RuntimeError),
        (Mistake, ValueError),
        (Mistakes, ExceptionGroup),
    ],
)
def test_an_error_is_also_the_builtin_it_specialises(error: type[Exception], builtin: type[Exception]) -> None:
    """A caller may catch ours, or the builtin that says the same."""
    assert issubclass(error, TutorcoreError)
    assert issubclass(error, builtin)


def test_an_invalid_value_names_what_it_is_and_what_would_do() -> None:
    """The message has the offending value and what was expected, and the fields hold the same facts."""
    error = InvalidValue("price", -5, "a price not below zero")

    assert str(error) == "price is -5; expected a price not below zero"
    assert (error.what, error.value, error.expected) == ("price", -5, "a price not below zero")


def test_an_invalid_type_names_the_type() -> None:
    """A value of the wrong type is shown together with that type."""
    error = InvalidType("price", 2.5, "a text")

    assert str(error) == "price is 2.5 of type float; expected a text"
    assert (error.what, error.value, error.expected) == ("price", 2.5, "a text")


def test_an_unknown_name_suggests_the_nearest_known_one() -> None:
    """A near miss gets a suggestion."""
    error = UnknownName("verb", "acept", ["decline", "accept"])

    assert str(error) == "unknown verb 'acept'; did you mean 'accept'?"
    assert (error.kind, error.name, error.suggestion) == ("verb", "acept", "accept")
    assert error.known == ("accept", "decline")


def test_an_unknown_name_lists_a_few_choices() -> None:
    """Where nothing is near, up to twelve known names are listed."""
    known = [f"name{number:02}" for number in range(12)]

    assert str(UnknownName("verb", "zzz", known)) == f"unknown verb 'zzz'; known: {', '.join(known)}"
    assert str(UnknownName("verb", "zzz", [*known, "more"])) == "unknown verb 'zzz'"


def test_an_unknown_name_may_carry_a_hint() -> None:
    """A hint of the caller's ends the message, with or without known names."""
    assert str(UnknownName("verb", "zzz", hint="see the guide")) == "unknown verb 'zzz'; see the guide"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("usd", "USD"), ("europe/berlin", "Europe/Berlin"), ("USDD", "USD"), ("zzz", None), ("", None)],
)
def test_a_suggestion_does_not_mind_the_case(name: str, expected: str | None) -> None:
    """Wrong capitals are a near miss."""
    assert suggest(name, ["USD", "Europe/Berlin"]) == expected


def test_a_mistake_shows_its_place() -> None:
    """File, line, column and key come first, then the message and the suggestion, then the line itself."""
    mistake = Mistake(
        "unknown key", path="fees.rat", file="mine.toml", line=3, column=7, excerpt="rat = 1\n^^^", suggestion="rate"
    )

    assert str(mistake) == "mine.toml:3:7: fees.rat: unknown key; did you mean 'rate'?\nrat = 1\n^^^"


def test_a_mistake_leaves_out_what_it_does_not_know() -> None:
    """A mistake without a place is just its message."""
    assert str(Mistake("no such state")) == "no such state"
    assert str(Mistake("no such state", line=4)) == "4: no such state"


def test_mistakes_are_told_all_at_once() -> None:
    """The text of a group has every mistake on a line of its own, in order."""
    group = Mistakes("2 mistakes in mine.toml", [Mistake("first", line=1), Mistake("second", line=2)])

    assert str(group) == "2 mistakes in mine.toml\n1: first\n2: second"
    assert group.all == group.exceptions


def test_mistakes_can_be_caught_by_part() -> None:
    """`except*` and `split` keep the kind of the group."""
    group = Mistakes("two", [Mistake("first"), Mistake("second")])

    matching, rest = group.split(lambda error: isinstance(error, Mistake) and error.message == "first")

    assert isinstance(matching, Mistakes)
    assert isinstance(rest, Mistakes)
    assert str(matching) == "two\nfirst"
    assert str(rest) == "two\nsecond"


@pytest.mark.parametrize("error", _EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_survives_the_way_to_another_process(error: TutorcoreError) -> None:
    """Pickled or copied, an error keeps its type, message and fields."""
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)


@given(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=8))
def test_a_suggestion_is_always_a_known_name(name: str, known: list[str]) -> None:
    """Whatever was typed, the suggestion is one of the known names, or there is none."""
    assert suggest(name, known) in {*known, None}
