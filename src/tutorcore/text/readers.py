"""Readers: who reads a letter, how the people in it are called, and what that makes of "you".

Nobody's name is known to the engine: whoever sends letters says how people are called and in which zones they live. A
person who is not named goes by the id; somebody who acted for the platform, and is not named either, by its brand.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from tutorcore.ids import PartyId
from tutorcore.instants import Instant
from tutorcore.lessons.lesson import Brief
from tutorcore.policy.roles import BOUND_ROLES, Role
from tutorcore.text.words import Words, cleaned


@attrs.frozen
class Cast:
    """How the people of a lesson are called, and in which zones their clocks run; what is not known may be left out."""

    names: Mapping[PartyId, str]
    zones: Mapping[PartyId, str]


@attrs.frozen
class Reader:
    """Who reads: somebody bound to the lesson, or the desk at which people of a granted role work.

    `zone` is the one in which they are told of instants.
    """

    party: PartyId | None
    zone: str
    desk: Role | None = None


@attrs.frozen
class View:
    """What one reader sees: the words of a language, and who is "you" in them."""

    words: Words
    cast: Cast
    reader: Reader
    brand: str

    def named(self, party: PartyId) -> str:
        """Return how somebody is called, on one line."""
        return cleaned(self.cast.names.get(party, "")) or cleaned(party)

    def acting(self, actor: PartyId, brief: Brief) -> str:
        """Return how somebody is called who did something: a name, or that of the platform for its own people."""
        return self.named(actor) if actor in brief.parties or actor in self.cast.names else self.platform

    @property
    def platform(self) -> str:
        """How the platform's own people are called, as the subject of a sentence, which they begin with a capital.

        A brand that is written with one further on ("iTutor") is left as it is, as are the names of people.
        """
        brand = cleaned(self.brand)
        return brand[:1].upper() + brand[1:] if brand.islower() else brand or self.words.say("The platform's team")

    def in_role(self, role: Role, brief: Brief) -> str:
        """Return how whoever holds a role is called; a granted one is held by the platform's own people."""
        return self.named(brief.party(role)) if role in BOUND_ROLES else self.platform

    def roles(self, brief: Brief) -> tuple[Role, ...]:
        """Return the roles in which the reader has a say; a tutor is never the student's side."""
        roles = () if self.reader.party is None else brief.roles_of(self.reader.party)
        bound = tuple(role for role in roles if role == "tutor" or "tutor" not in roles)
        return bound if self.reader.desk is None else (*bound, self.reader.desk)

    def is_you(self, party: PartyId) -> bool:
        """Return whether that is the reader."""
        return party == self.reader.party

    def instant(self, value: Instant) -> str:
        """Return the instant as the reader's clock shows it."""
        return self.words.instant(value, self.reader.zone)
