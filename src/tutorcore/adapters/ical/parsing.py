"""iCalendar texts as trees of components, within limits (RFC 5545, section 3.1).

Unfolding, nesting and limits are ours, so that a hostile text costs little and a mistake has its line; the head of a
line, its name and parameters, is taken apart by the package icalendar. Values stay texts. Components and properties
that nobody here reads are passed over, whatever stands in them. Knows neither times nor what is busy.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

import attrs

from tutorcore.adapters.plain_text import one_line
from tutorcore.documents.reader import Problems
from tutorcore.errors import InvalidType, Mistake, TutorcoreError

MOST_BYTES: Final = 16 * 1024 * 1024
"""How long a text may be, as UTF-8."""

MOST_LINE: Final = 1024 * 1024
"""How long a line that is read may be, unfolded; a picture within a calendar is not read."""

MOST_HEAD: Final = 8192
"""How long the name and the parameters of a line that is read may be."""

MOST_COMPONENTS: Final = 100_000
"""How many components a text may have."""

MOST_NESTED: Final = 10
"""How deep components may lie within each other."""

# What is read, and within what; a calendar is at the top.
_COMPONENTS: Final = {
    "VCALENDAR": None,
    **dict.fromkeys(("VEVENT", "VFREEBUSY", "VTIMEZONE", "VAVAILABILITY"), "VCALENDAR"),
    **dict.fromkeys(("STANDARD", "DAYLIGHT"), "VTIMEZONE"),
    "AVAILABLE": "VAVAILABILITY",
}
_PROPERTIES: Final = frozenset(
    (
        *("ATTENDEE", "BUSYTYPE", "CALSCALE", "DTEND", "DTSTAMP", "DTSTART", "DURATION", "EXDATE", "FREEBUSY"),
        *("METHOD", "PRIORITY", "RDATE", "RECURRENCE-ID", "RRULE", "SEQUENCE", "STATUS", "TRANSP"),
        *("TZID", "TZOFFSETFROM", "TZOFFSETTO", "UID", "VERSION"),
        # What Google says of a calendar's dates, and Exchange of what an event is to the owner of the calendar.
        *("X-WR-TIMEZONE", "X-MICROSOFT-CDO-BUSYSTATUS"),
    )
)
# Name and parameters: a colon or semicolon within quotes ends neither.
_HEAD: Final = re.compile(r'[A-Za-z0-9-]+(?:;(?:"[^"]*"|[^":])*)?(?=:)')
_ESCAPED: Final = re.compile(r"\\([\\,;:nN])")
_LONGEST_QUOTE: Final = 60


class MissingPackage(TutorcoreError, ImportError):
    """Calendars are to be read, and the package that takes their lines apart is not installed."""

    def __init__(self) -> None:
        super().__init__("calendars are read with the package icalendar; expected `pip install tutorcore[ical]`")


@attrs.frozen
class Property:
    """A line of a component: its name in capitals, its parameters by theirs, its value as it stands there."""

    name: str
    parameters: Mapping[str, str]
    value: str
    line: int

    @property
    def text(self) -> str:
        """The value of a property whose values are texts, which have escapes (section 3.3.11)."""
        return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], self.value)

    @property
    def word(self) -> str:
        """The value of a property whose values are words, in capitals."""
        return self.value.strip().upper()

    def mistake(self, expected: str) -> Mistake:
        """Return the mistake that this value is: `expected` says what should have stood there."""
        return Mistake(f"{self.name} is {quoted(self.value)}; expected {expected}", line=self.line)


@attrs.frozen
class Component:
    """A component: its name in capitals, and what is read of it, in the order of the text."""

    name: str
    line: int
    properties: tuple[Property, ...]
    components: tuple[Component, ...]

    def all(self, name: str) -> list[Property]:
        """Return the properties of that name."""
        return [each for each in self.properties if each.name == name]

    def first(self, name: str) -> Property | None:
        """Return the property of that name; raise `Mistake` if it comes twice."""
        found = self.all(name)
        if len(found) > 1:
            raise Mistake(f"{name} comes twice in one {self.name}; expected one", line=found[1].line)
        return found[0] if found else None

    def word(self, name: str, default: str) -> str:
        """Return the value of that property in capitals, or `default`."""
        found = self.first(name)
        return default if found is None else found.word

    def nested(self, *names: str) -> Iterator[Component]:
        """Yield the components of those names right within this one."""
        return (each for each in self.components if each.name in names)


def parse(text: bytes | str, problems: Problems, without: Collection[str] = ()) -> list[Component]:
    """Return the VCALENDAR objects of a text; add to `problems` whatever is wrong with it, up to where that ends it.

    Properties of the names in `without` are passed over as well.
    """
    try:
        return _Tree(_PROPERTIES.difference(without)).read(_unfolded(_encoded(text)))
    except Mistake as mistake:
        problems.add(mistake)
        return []


def _encoded(text: bytes | str) -> bytes:
    if not isinstance(text, str | bytes):
        raise InvalidType("calendar", text, "an iCalendar text, as str or bytes")
    if len(text) <= MOST_BYTES:
        try:
            data = text if isinstance(text, bytes) else text.encode()
        except UnicodeEncodeError:
            raise Mistake("the text has characters that UTF-8 cannot hold") from None
        if len(data) <= MOST_BYTES:
            # Programs of old times end a file with a character that says so.
            return data.removeprefix(b"\xef\xbb\xbf").rstrip(b"\x1a")
    raise Mistake(f"the text is too long; expected at most {MOST_BYTES} bytes")


def _unfolded(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the lines, each with its number; one that begins with a blank goes on with the one before.

    Bytes are joined rather than characters, for some programs fold within a character. Lines may all end in CR.
    """
    number, parts = 0, list[bytes]()
    for here, raw in enumerate(data.split(b"\n" if b"\n" in data else b"\r"), 1):
        line = raw.removesuffix(b"\r")
        if line[:1] in (b" ", b"\t") and parts:
            parts.append(line[1:])
            continue
        if parts:
            yield number, b"".join(parts)
        number, parts = here, [line] if line else []
    if parts:
        yield number, b"".join(parts)


class _Open:
    """A component whose end has not come."""

    def __init__(self, name: str, line: int, read: bool) -> None:
        self.name = name
        self.line = line
        self.read = read
        self.properties: list[Property] = []
        self.components: list[Component] = []


class _Tree:
    """Puts lines together to components, without ever calling itself: nesting is data."""

    def __init__(self, wanted: Collection[str]) -> None:
        self._wanted = wanted
        self._open: list[_Open] = []
        self._found: list[Component] = []
        self._count = 0

    def read(self, lines: Iterable[tuple[int, bytes]]) -> list[Component]:
        """Return the components at the top."""
        for number, line in lines:
            self._line(number, line)
        if self._open:
            last = self._open[-1]
            raise Mistake(f"{last.name} has no end; expected END:{last.name}", line=last.line)
        if not self._found:
            raise Mistake("there is no calendar; expected BEGIN:VCALENDAR")
        return self._found

    def _line(self, number: int, line: bytes) -> None:
        # Blanks around a name are refused where the line is read; passed over, it would be time lost without a word.
        name = line[: _end_of_name(line)].decode("ascii", "replace").strip().upper()
        if name in ("BEGIN", "END"):
            word = line.partition(b":")[2].strip().upper().decode("ascii", "replace")
            if name == "BEGIN":
                self._begin(number, word)
            else:
                self._end(number, word)
        elif not self._open:
            raise Mistake(f"{quoted(line.decode('utf-8', 'replace'))} stands outside of a calendar", line=number)
        elif self._open[-1].read and name in self._wanted:
            self._open[-1].properties.append(_property(number, line))

    def _begin(self, number: int, name: str) -> None:
        if not self._open and name != "VCALENDAR":
            raise Mistake(f"BEGIN is {quoted(name)}; expected VCALENDAR at the top", line=number)
        if len(self._open) == MOST_NESTED:
            raise Mistake(f"components lie too deep; expected at most {MOST_NESTED} within each other", line=number)
        self._count += 1
        if self._count > MOST_COMPONENTS:
            raise Mistake(f"there are too many components; expected at most {MOST_COMPONENTS}", line=number)
        within = self._open[-1] if self._open else None
        read = name in _COMPONENTS and (within is None or within.read)
        if read and within is not None and within.name != _COMPONENTS[name]:
            place = f"within a {_COMPONENTS[name]}" if _COMPONENTS[name] else "at the top"
            raise Mistake(f"the {name} stands within a {within.name}; expected {place}", line=number)
        self._open.append(_Open(name, number, read))

    def _end(self, number: int, name: str) -> None:
        if not self._open or self._open[-1].name != name:
            expected = f"END:{self._open[-1].name}" if self._open else "BEGIN:VCALENDAR"
            raise Mistake(f"END is {quoted(name)}; expected {expected}", line=number)
        done = self._open.pop()
        if not done.read:
            return
        component = Component(done.name, done.line, tuple(done.properties), tuple(done.components))
        (self._open[-1].components if self._open else self._found).append(component)


def _end_of_name(line: bytes) -> int:
    ends = [place for place in (line.find(b":"), line.find(b";")) if place >= 0]
    return min(ends, default=0)


def _property(number: int, line: bytes) -> Property:
    if len(line) > MOST_LINE:
        raise Mistake(f"the line is too long; expected at most {MOST_LINE} bytes", line=number)
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise Mistake("the line is not UTF-8", line=number) from None
    head = _HEAD.match(text)
    if head is None:
        raise Mistake(f"{quoted(text)} has no value; expected a name, parameters, a colon and a value", line=number)
    if len(head[0]) > MOST_HEAD:
        raise Mistake(f"{quoted(head[0])} is too long; expected at most {MOST_HEAD} characters", line=number)
    try:
        name, parameters = _head(head[0])
    except ValueError:
        raise Mistake(f"{quoted(head[0])} is not a name with parameters", line=number) from None
    return Property(name, parameters, text[head.end() + 1 :], number)


@lru_cache(maxsize=1024)
def _head(text: str) -> tuple[str, Mapping[str, str]]:
    """Return the name and parameters of a line, of which a calendar has few different ones.

    Where a parameter has several values, they stand with commas between them: none of those that are read has.
    """
    try:
        from icalendar.parser import Contentline
    except ImportError as error:
        raise MissingPackage from error
    line = Contentline(text + ":")  # type: ignore[no-untyped-call]  # icalendar types only some of its functions
    name, parameters, _ = line.parts()
    return name.upper(), {key.upper(): _joined(value) for key, value in parameters.items()}


def _joined(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ",".join(value)


def quoted(text: str) -> str:
    """Return what stands in a calendar as it is shown in a mistake: on one line, and not at any length."""
    shown = one_line(text)
    return repr(shown if len(shown) <= _LONGEST_QUOTE else shown[:_LONGEST_QUOTE] + "...")
