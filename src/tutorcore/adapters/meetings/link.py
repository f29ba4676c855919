"""Links by a template: for platforms that have pages of their own for their lessons, or rooms that always stand open.

Such a link can be guessed by whoever knows the ids in it. The page behind it has to know who comes; for a room that is
safe because nobody can guess it there is `tutorcore.adapters.meetings.jitsi`.
"""

from __future__ import annotations

from collections.abc import Iterable
from string import Formatter
from typing import Final
from urllib.parse import quote, urlsplit

import attrs

from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.lessons.lesson import Meeting
from tutorcore.ports.meetings import SIDES, Created, MeetingRequest

PLACEHOLDERS: Final = ("lesson", "role", "student", "terms", "tutor")


def _texts(value: Iterable[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        raise InvalidType("schemes", value, "several texts, such as ('https', 'http')")
    return tuple(value)


@attrs.frozen
class LinkTemplate:
    """A provider whose links are a text with placeholders: {lesson}, {terms}, {role}, {tutor}, {student}.

    What is put in is quoted for URLs. Placeholders stand in the path, the query or the fragment, never in the host.
    Links are https unless `schemes` says otherwise. Braces that are meant as such are doubled.

    >>> LinkTemplate("https://meet.example/{lesson}-{terms}?role={role}").name
    'link'
    """

    template: str = attrs.field()
    name: str = attrs.field(default="link", kw_only=True)
    schemes: tuple[str, ...] = attrs.field(default=("https",), converter=_texts, kw_only=True)

    def __attrs_post_init__(self) -> None:
        _check(self.template, self.schemes)

    def create(self, wanted: MeetingRequest) -> Created:
        """Return both links; nothing has to be made."""
        values: dict[str, str] = {
            "lesson": wanted.lesson,
            "terms": str(wanted.terms),
            "tutor": wanted.tutor,
            "student": wanted.student,
        }
        quoted = {name: quote(value, safe="") for name, value in values.items()}
        return Created({role: self.template.format(**quoted, role=role) for role in SIDES})

    def cancel(self, wanted: MeetingRequest, meeting: Meeting | None) -> None:
        """Do nothing: the platform's page knows what has become of the lesson."""


def _check(template: str, schemes: tuple[str, ...]) -> None:
    if not isinstance(template, str):
        raise InvalidType("template", template, "a text, such as 'https://meet.example/{lesson}-{terms}'")
    if not template.isprintable() or " " in template:
        raise InvalidValue("template", template, "a URL without spaces or control characters")
    for name in _placeholders(template):
        if name not in PLACEHOLDERS:
            raise UnknownName("placeholder", name, PLACEHOLDERS)
    scheme, place = _whole_url(template)
    if "{" in place:
        raise InvalidValue("template", template, "placeholders in the path, the query or the fragment only")
    if scheme not in schemes or not place:
        raise InvalidValue("template", template, f"a whole URL that begins with {' or '.join(schemes)}")


def _whole_url(template: str) -> tuple[str, str]:
    try:
        parts = urlsplit(template)
    except ValueError as error:
        raise InvalidValue("template", template, f"a URL ({error})") from None
    return parts.scheme, parts.netloc if parts.hostname else ""


def _placeholders(template: str) -> list[str]:
    """The names between braces; refuses all else that Python's format strings can do, such as reading attributes."""
    try:
        parsed = list(Formatter().parse(template))
    except ValueError as error:
        raise InvalidValue("template", template, f"braces in pairs, doubled where they are meant ({error})") from None
    if any(format_spec or conversion for _, _, format_spec, conversion in parsed):
        raise InvalidValue("template", template, "placeholders by name alone, such as {lesson}")
    return [name for _, name, _, _ in parsed if name is not None]
