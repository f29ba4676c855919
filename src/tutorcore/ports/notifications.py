"""The notifications port: who is written to and where, what they are told, and what carries it to them.

A notifier is called outside every transaction: by a relay that may be killed at any moment, run twice, or run in
several processes at once. What keeps that harmless is stated here. Knows nothing of lessons' states: whom a version of
a lesson is told to is the policy's affair, and its words are made before a notifier sees them.

**At least once.** A notice is sent again if the relay was killed before it could note down that it had been sent, or
if a notifier raised although the notice had gone out. The key of a notice is the same in every try: wherever the
channel can tell by it that it has the notice already, the key (or what follows from it alone) goes along, as the
`Message-ID` of a letter or the id of a webhook.

**Bounded time.** A call returns or raises within a time of the notifier's own choosing, seconds rather than minutes,
and well within the relay's lease: nothing can stop a call that hangs, it only delays the rows behind it.

**Errors.** `NoticeUnavailable` for what may pass (no connection, a server's error, too many at once): it is tried
again. `NoticeRefused` for what will not (no such mailbox, an endpoint that is gone): it is not. Anything else that a
notifier raises is taken for something that may pass.

**Hostile text.** Names, notes and reasons are people's own words. A notice holds them as they were written, in `html`
escaped; a notifier sees to it that they stay inside whatever it builds of them, such as a header.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Literal, Protocol, TypeAlias

import attrs

from tutorcore.calendar.zones.wall_time import zone
from tutorcore.errors import InvalidType, InvalidValue, TutorcoreError
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import Instant
from tutorcore.lessons.projections import MessageKind
from tutorcore.policy.roles import Role

Method: TypeAlias = Literal["REQUEST", "CANCEL"]

LONGEST_NAME: Final = 200
LONGEST_ADDRESS: Final = 320
LONGEST_LOCALE: Final = 64
_MOMENT: Final = timedelta(0)


def _text(value: str, what: str, longest: int) -> str:
    if not isinstance(value, str):
        raise InvalidType(what, value, "a text")
    if not (value.strip() and len(value) <= longest):
        raise InvalidValue(what, value, f"1 to {longest} characters")
    return value


def _name(_self: object, _field: attrs.Attribute[str], value: str) -> None:
    _text(value, "the name of a contact", LONGEST_NAME)


def _locale(_self: object, _field: attrs.Attribute[str], value: str) -> None:
    _text(value, "the locale of a contact", LONGEST_LOCALE)


def _address(_self: object, _field: attrs.Attribute[str | None], value: str | None) -> None:
    if value is None:
        return
    address = _text(value, "the e-mail address of a contact", LONGEST_ADDRESS)
    if not address.isprintable() or " " in address or not 0 < address.rfind("@") < len(address) - 1:
        raise InvalidValue("the e-mail address of a contact", value, "an address such as ann@example.com")


def _zone(_self: object, _field: attrs.Attribute[str | None], value: str | None) -> None:
    if value is not None:
        zone(value)


@attrs.frozen(kw_only=True)
class Contact:
    """How somebody is written to. Only the embedding platform knows: the engine keeps no names and no addresses.

    `locale` is the language they read, as "de" or "pt-BR"; what names no language is taken for English. `zone` is where
    their clock is; None: the zone with which the party was registered. `email` is None for people without one: the
    notifiers that need it do not reach them.

    >>> Contact(name="Ann", locale="de", email="ann@example.com").email
    'ann@example.com'
    >>> Contact(name="Ann", email="ann")
    Traceback (most recent call last):
    tutorcore.errors.InvalidValue: the e-mail address of a contact is 'ann'; expected an address such as ann@example.com
    """

    name: str = attrs.field(validator=_name)
    locale: str = attrs.field(default="en", validator=_locale)
    email: str | None = attrs.field(default=None, validator=_address)
    zone: str | None = attrs.field(default=None, validator=_zone)


class Directory(Protocol):
    """Looks up how people are written to, at the moment at which they are. Usable from several threads, if relays are.

    It is asked outside every transaction, once for each message and person, and returns within seconds. None means
    that nobody is written to under that name: they are passed over, and lessons call them by their id. Whatever it
    raises is tried again later.
    """

    def contact(self, party: PartyId) -> Contact | None:
        """Return how the party is written to, or None."""

    def desk(self, role: Role) -> Contact | None:
        """Return where the people of a granted role, such as the operators, are written to together, or None."""


@attrs.frozen
class Contacts(Directory):
    """A directory that is held in memory: people by the id of their party, desks by the role.

    >>> contacts = Contacts({"ann": Contact(name="Ann")}, desks={"operator": Contact(name="Support")})
    >>> contacts.desk("operator").name, contacts.contact("ben")
    ('Support', None)
    """

    people: Mapping[str, Contact] = attrs.field(factory=dict)
    desks: Mapping[Role, Contact] = attrs.field(factory=dict)

    def contact(self, party: PartyId) -> Contact | None:
        return self.people.get(party)

    def desk(self, role: Role) -> Contact | None:
        return self.desks.get(role)


@attrs.frozen(kw_only=True)
class Invitation:
    """A lesson's entry in its people's calendars: to be made or moved (REQUEST), or to be taken out (CANCEL).

    `uid` is that of the entry, the same as long as it lives; of two invitations with one uid the greater `sequence` is
    the newer. `stamp` is the instant of the lesson's version that it tells of. Times are UTC.
    """

    method: Method
    uid: str
    sequence: int
    start: Instant
    end: Instant
    summary: str
    description: str
    url: str | None
    stamp: Instant


@attrs.frozen(kw_only=True)
class Notice:
    """What one recipient is told, in their words: everything a notifier needs.

    `key` is "<row of the outbox>:<recipient>", the same in every try and on every channel; `recipient` a party's id, or
    "desk:<role>". A second notice to a party about one row, which only takes an old entry out of their calendar because
    the other makes another, has ":left" at the end of its key. `subject` and `short` are one line each, `text` and
    `html` the whole in two forms. `number` is that of the lesson's version, or in a notice of kind *standing* that of
    the tutor's standing. `at` is when it happened, or when a reminder was due; `deadline` the stored instant until
    which somebody is waited for, if there is one. `event` holds the plain facts for programs: what happened, and the
    state that it led to.
    """

    key: str
    kind: MessageKind
    lesson: LessonId
    number: int
    recipient: str
    to: Contact
    subject: str
    short: str
    text: str
    html: str
    locale: str
    direction: Literal["ltr", "rtl"]
    at: Instant
    event: Mapping[str, str]
    deadline: Instant | None = None
    invitation: Invitation | None = None


class Notifier(Protocol):
    """A channel: carries notices to people, or to another program. Usable from several threads, if the relays are."""

    @property
    def name(self) -> str:
        """What deliveries on this channel are recorded under: an id, the same as long as messages wait."""

    def reaches(self, notice: Notice) -> bool:
        """Whether this channel is for that notice at all: it has their address, it carries that kind. Calls nobody."""

    def send(self, notice: Notice) -> None:
        """Deliver the notice, or hand it to whoever will. Returning means that it need not be sent again.

        Raises `NoticeUnavailable` or `NoticeRefused`.
        """


class NoticeUnavailable(TutorcoreError, RuntimeError):
    """The channel cannot just now. It is asked again, not before `retry_after` has passed if that is given.

    The message is kept once patience is spent, so it holds no secrets. Of any other exception only the kind is kept.
    """

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        if retry_after is not None and not isinstance(retry_after, timedelta):
            raise InvalidType("retry_after", retry_after, "a timedelta")
        self.retry_after = None if retry_after is None else max(retry_after, _MOMENT)


class NoticeRefused(TutorcoreError, RuntimeError):
    """The notice never will arrive there: sending again is useless. The message is kept, so it holds no secrets."""
