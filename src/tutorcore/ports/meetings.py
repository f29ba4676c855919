"""The meetings port: what makes the place where a lesson is held, and what it must promise.

A provider is called outside every transaction: by a relay that may be killed at any moment, run twice, or run in
several processes at once. What keeps that harmless is stated here. Knows nothing of lessons' states: whether a meeting
is wanted at all is the policy's affair, and what happens when it cannot be had is a row of the policy too.

**Idempotency.** A meeting belongs to the key of its request. Whoever asks again with the same key gets the same
meeting, after a restart and from another process as well; so the key (or what follows from it alone) goes to the
service, or the meeting is computed from it.

**Bounded time.** A call returns or raises within a time of the provider's own choosing, seconds rather than minutes,
and well within the relay's lease: nothing can stop a call that hangs, it only delays the rows behind it.

**Errors.** `MeetingUnavailable` for what may pass (no connection, too many calls, a server's error): it is tried again.
`MeetingRefused` for what will not (nobody has an account, the link cannot be made): it is not. Anything else that a
provider raises is taken for something that may pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Protocol

import attrs

from tutorcore.errors import InvalidType, InvalidValue, TutorcoreError
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant
from tutorcore.lessons.lesson import NO_DETAILS, Meeting

SIDES: Final = ("student", "tutor")
LONGEST_LINK: Final = 2000
_MOMENT: Final = timedelta(0)


@attrs.frozen
class MeetingRequest:
    """That a meeting is wanted for the agreed terms of a lesson. The key is that of the meeting, for ever.

    `details` are those of the terms, such as the program in which the two want to talk.
    """

    key: Key
    lesson: LessonId
    terms: int
    start: Instant
    end: Instant
    tutor: PartyId
    student: PartyId
    details: tuple[tuple[str, str], ...] = NO_DETAILS

    def detail(self, name: str) -> str | None:
        """Return the detail of that name, or None."""
        return dict(self.details).get(name)


def _links(value: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, Mapping):
        raise InvalidType("links", value, "a mapping of student and tutor to where each of them joins")
    if set(value) != set(SIDES):
        raise InvalidValue("links", sorted(map(str, value)), "one for the student and one for the tutor")
    for role, link in value.items():
        if not isinstance(link, str):
            raise InvalidType(f"the {role}'s link", link, "a text")
        if not (link.strip() and len(link) <= LONGEST_LINK and link.isprintable()):
            raise InvalidValue(f"the {role}'s link", link, f"1 to {LONGEST_LINK} printable characters")
    return tuple(sorted(value.items()))


@attrs.frozen
class Created:
    """What a provider made: where each side joins, a link or an address. Some links are each side's own secret.

    >>> Created({"tutor": "https://meet.example/1?host", "student": "https://meet.example/1"}).links
    (('student', 'https://meet.example/1'), ('tutor', 'https://meet.example/1?host'))
    """

    links: tuple[tuple[str, str], ...] = attrs.field(converter=_links)


class MeetingProvider(Protocol):
    """Makes meetings, and takes them back. Usable from several threads at once, if the relays are."""

    @property
    def name(self) -> str:
        """What lessons record as the source of their meeting: short, and the same for as long as they are kept."""

    def create(self, wanted: MeetingRequest) -> Created:
        """Return the meeting of that key, made now if there is none.

        Must work as well after the meeting of that key was cancelled: the same terms may be agreed again, and then
        either the old meeting or a new one will do.

        Raises `MeetingUnavailable` or `MeetingRefused`. Whatever was made before it raised may be left behind: the next
        try finds it by its key, or `cancel` takes it back.
        """

    def cancel(self, wanted: MeetingRequest, meeting: Meeting | None) -> None:
        """Take back the meeting of that key; afterwards nobody gets in, where the service can see to that.

        `meeting` is what was made. It is None where the answer to an earlier `create` never arrived, so that nobody
        knows whether anything was made: whatever goes by that key is to be taken back. Cancelling again, or what was
        never made, is harmless. Raises `MeetingUnavailable` or `MeetingRefused`.
        """


class MeetingUnavailable(TutorcoreError, RuntimeError):
    """The provider cannot just now. It is asked again, not before `retry_after` has passed if that is given."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        if retry_after is not None and not isinstance(retry_after, timedelta):
            raise InvalidType("retry_after", retry_after, "a timedelta")
        self.retry_after = None if retry_after is None else max(retry_after, _MOMENT)


class MeetingRefused(TutorcoreError, RuntimeError):
    """The provider never will: asking again is useless. The message is kept with the lesson, so it holds no secrets."""
