"""The notifications port: what a contact may be, what a directory says, and the notifier in memory."""

from __future__ import annotations

import pickle
from datetime import timedelta

import attrs
import pytest

from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.ids import PartyId
from tutorcore.ports.notifications import Contact, Contacts, NoticeRefused, NoticeUnavailable, Notifier
from tutorcore.testing.notifications import NotificationsInMemory, NotifierContract, sample_notice


class TestNotificationsInMemory(NotifierContract):
    """The notifier in memory keeps the contract."""

    def make_notifier(self) -> Notifier:
        return NotificationsInMemory()

    def make_unreachable_notifier(self) -> Notifier:
        return NotificationsInMemory(failures=[NoticeUnavailable("down")])


@pytest.mark.parametrize("email", [None, "a@b", "ann.o'neil@example.com", "ann@müller.example", '"a@b"@example.com'])
def test_a_contact_has_an_address_or_none(email: str | None) -> None:
    """Whatever looks like an address is taken; whether it is one, the mail server says."""
    assert Contact(name="Ann", email=email).email == email


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"name": ""}, InvalidValue),
        ({"name": "  "}, InvalidValue),
        ({"name": "x" * 201}, InvalidValue),
        ({"name": 5}, InvalidType),
        ({"name": None}, InvalidType),
        ({"locale": ""}, InvalidValue),
        ({"locale": None}, InvalidType),
        ({"email": ""}, InvalidValue),
        ({"email": "ann"}, InvalidValue),
        ({"email": "@b"}, InvalidValue),
        ({"email": "ann@"}, InvalidValue),
        ({"email": "an n@example.com"}, InvalidValue),
        ({"email": "ann@example.com\r\nBcc: eve@example.com"}, InvalidValue),
        ({"email": f"{'x' * 320}@example.com"}, InvalidValue),
        ({"email": b"ann@example.com"}, InvalidType),
        ({"zone": "Berlin"}, UnknownName),
    ],
)
def test_what_cannot_be_a_contact_is_named(given: dict[str, object], error: type[Exception]) -> None:
    """It is refused where it is made, which is where the mistake is."""
    with pytest.raises(error):
        Contact(**{"name": "Ann", **given})  # type: ignore[arg-type]  # on purpose


def test_a_name_may_be_anything_somebody_is_called() -> None:
    """Its letters are kept as they are: whoever shows it makes it harmless."""
    assert Contact(name="Ann\r\n<b>").name == "Ann\r\n<b>"


def test_contacts_know_those_they_were_given() -> None:
    """Others are nobody to write to."""
    contacts = Contacts({"ann": Contact(name="Ann")}, desks={"agent": Contact(name="Agents")})

    assert [contacts.contact(PartyId(id)) for id in ("ann", "ben")] == [Contact(name="Ann"), None]
    assert [contacts.desk(role) for role in ("agent", "operator")] == [Contact(name="Agents"), None]


def test_what_a_channel_raises_can_travel_between_processes() -> None:
    """The errors come back from a pickle with all they said; no wait is shorter than none."""
    later = pickle.loads(pickle.dumps(NoticeUnavailable("full", retry_after=timedelta(hours=1))))
    never = pickle.loads(pickle.dumps(NoticeRefused("gone")))

    assert (str(later), later.retry_after) == ("full", timedelta(hours=1))
    assert str(never) == "gone"
    assert NoticeUnavailable("full").retry_after is None
    assert NoticeUnavailable("full", retry_after=timedelta(-1)).retry_after == timedelta(0)
    with pytest.raises(InvalidType):
        NoticeUnavailable("full", retry_after=5)  # type: ignore[arg-type]  # on purpose


def test_the_notifier_in_memory_shows_what_arrived() -> None:
    """It fails before or after sending, as it is told, and reaches only those with an address if it is told so."""
    channel = NotificationsInMemory(only_mail=True, failures=[KeyError("a")], losses=[ValueError("b")])
    first, second = sample_notice(1), sample_notice(2)
    with pytest.raises(KeyError):
        channel.send(first)
    with pytest.raises(ValueError, match="b"):
        channel.send(first)
    channel.send(second)

    assert channel.keys == ["1:ann", "2:ann"]
    assert channel.to("ann") == [first, second]
    assert channel.to("tom") == []
    assert channel.calls == 3
    assert channel.reaches(first)
    assert not channel.reaches(attrs.evolve(first, to=Contact(name="Tom")))
