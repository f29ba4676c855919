"""The address book of one matter: how its people are called and written to, looked up once."""

from __future__ import annotations

from tutorcore.engine.matters import Matter, Person, Recipient
from tutorcore.errors import InvalidType
from tutorcore.ports.notifications import Contact, Directory
from tutorcore.text.readers import Cast


class AddressBook:
    """The directory as it is for one matter: each contact is looked up once, when it is needed."""

    def __init__(self, directory: Directory, matter: Matter) -> None:
        self._directory = directory
        self._matter = matter
        self._found: dict[Recipient, Contact | None] = {}

    def contact(self, recipient: Recipient) -> Contact | None:
        """How the recipient is written to, or None."""
        who = Person(recipient.party) if isinstance(recipient, Person) else recipient
        if who not in self._found:
            found = self._directory.contact(who.party) if isinstance(who, Person) else self._directory.desk(who.role)
            if found is not None and not isinstance(found, Contact):
                raise InvalidType(f"what the directory returned for {who.name}", found, "a Contact or None")
            self._found[who] = found
        return self._found[who]

    def cast(self) -> Cast:
        """What the people in the matter are called, and where their clocks are."""
        found = {person: self.contact(Person(person)) for person in self._matter.people}
        known = {person: contact for person, contact in found.items() if contact is not None}
        own = {person: contact.zone for person, contact in known.items() if contact.zone is not None}
        return Cast({person: contact.name for person, contact in known.items()}, {**self._matter.zones, **own})
