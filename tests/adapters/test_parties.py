from __future__ import annotations

from typing import Any

import pytest

from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.ids import PartyId
from tutorcore.ports.storage import Party


@pytest.mark.parametrize(
    "permission",
    ["a", "can_request_sessions", "meeting_provider", "tier2_", "can_request_sessions:kid", "knows:7.A_b@home-1"],
)
def test_a_permission_is_a_word_and_perhaps_a_party(permission: str) -> None:
    """A word of lower-case letters, digits and underscores, alone or about one other party."""
    party = Party(PartyId("pam"), "UTC", permissions=frozenset({permission}))

    assert party.permissions == {permission}


@pytest.mark.parametrize(
    ("permission", "message"),
    [
        ("", "permissions is ''"),
        ("Teach", "a word like can_request_sessions"),
        ("2nd", "a word like can_request_sessions"),
        ("_a", "a word like can_request_sessions"),
        ("can request", "a word like can_request_sessions"),
        ("caf\u00e9", "a word like can_request_sessions"),
        ("word\n", "a word like can_request_sessions"),
        (":kid", "a word like can_request_sessions"),
        ("word:", "the party of a permission is ''"),
        ("word:a kid", "the party of a permission is 'a kid'"),
        ("word:kid:other", "the party of a permission is 'kid:other'"),
        ("word:" + "k" * 65, "the party of a permission"),
    ],
)
def test_other_permissions_are_refused(permission: str, message: str) -> None:
    """What is no word, or is about what can be no party, is refused by name."""
    with pytest.raises(InvalidValue, match=message):
        Party(PartyId("pam"), "UTC", permissions=frozenset({"meeting_provider", permission}))


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [(["teach"], "a frozenset of texts"), ("teach", "a frozenset of texts"), (frozenset({1}), "a text")],
)
def test_permissions_are_a_set_of_texts(permissions: Any, expected: str) -> None:
    """Lists, single texts and sets of other things are refused by type."""
    with pytest.raises(InvalidType, match=expected):
        Party(PartyId("pam"), "UTC", permissions=permissions)
