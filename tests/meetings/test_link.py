from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.adapters.meetings.link import PLACEHOLDERS, LinkTemplate
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.ids import LessonId, PartyId, command_key
from tutorcore.instants import instant
from tutorcore.ports.meetings import MeetingRequest

_AT = instant("2026-03-02T09:00:00Z")


def _wanted(lesson: str = "L1", tutor: str = "tom", student: str = "ann", terms: int = 3) -> MeetingRequest:
    key = command_key(f"{lesson}:{terms}")
    return MeetingRequest(key, LessonId(lesson), terms, _AT, _AT, PartyId(tutor), PartyId(student))


def test_each_side_gets_its_own_link() -> None:
    """Placeholders are filled from the request, the role with that of whom the link is for."""
    provider = LinkTemplate("https://meet.example/{lesson}-{terms}?role={role}")

    created = provider.create(_wanted())

    assert dict(created.links) == {
        "student": "https://meet.example/L1-3?role=student",
        "tutor": "https://meet.example/L1-3?role=tutor",
    }


def test_every_placeholder_can_be_used() -> None:
    """A page may want to know the people too."""
    provider = LinkTemplate("https://meet.example/{tutor}/{student}#{lesson}.{terms}.{role}")

    created = provider.create(_wanted())

    assert dict(created.links)["tutor"] == "https://meet.example/tom/ann#L1.3.tutor"


def test_what_is_put_in_is_quoted() -> None:
    """Ids cannot leave their place in the link, whatever characters they have."""
    created = LinkTemplate("https://meet.example/{tutor}").create(_wanted(tutor="tom@school.example"))

    assert dict(created.links)["student"] == "https://meet.example/tom%40school.example"


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}", fullmatch=True))
def test_every_id_stays_in_its_place(id: str) -> None:
    """No id changes the host, the path, or the query around it, and it can be read back."""
    created = LinkTemplate("https://meet.example/a/{lesson}?b=c#d").create(_wanted(lesson=id))
    parts = urlsplit(created.links[0][1])

    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "meet.example", "b=c", "d")
    assert unquote(parts.path.removeprefix("/a/")) == id


def test_doubled_braces_are_braces() -> None:
    """Braces that are meant as such are doubled."""
    created = LinkTemplate("https://meet.example/{{x}}/{lesson}").create(_wanted())

    assert dict(created.links)["tutor"] == "https://meet.example/{x}/L1"


@pytest.mark.parametrize("name", ["lessen", "key", "0", "", "lesson.__class__", "lesson[0]", " lesson"])
def test_only_known_placeholders_are_taken(name: str) -> None:
    """A template is checked when it is made, and cannot read more than it is given."""
    with pytest.raises(UnknownName) as caught:
        LinkTemplate(f"https://meet.example/{{{name}}}" if " " not in name else "https://meet.example/{+lesson}")

    assert caught.value.known == PLACEHOLDERS


@pytest.mark.parametrize(
    "template",
    [
        "https://meet.example/{lesson!r}",
        "https://meet.example/{lesson:>40}",
        "https://meet.example/{lesson:{role}}",
        "https://meet.example/{lesson",
        "https://meet.example/lesson}",
        "http://meet.example/{lesson}",
        "javascript:alert(1)",
        "meet.example/{lesson}",
        "//meet.example/{lesson}",
        "https:///{lesson}",
        "https://{lesson}.meet.example/",
        "https://meet.example:{terms}/",
        "https://[meet.example/{lesson}",
        "https://meet.example/a b",
        "https://meet.example/\n{lesson}",
        "",
    ],
)
def test_a_template_that_makes_no_link_is_refused(template: str) -> None:
    """A mistake shows when the provider is made, not when a lesson waits for its link."""
    with pytest.raises(InvalidValue):
        LinkTemplate(template)


def test_a_template_is_a_text() -> None:
    """Anything else is refused by its type."""
    with pytest.raises(InvalidType):
        LinkTemplate(b"https://meet.example/")  # type: ignore[arg-type]  # on purpose


def test_other_schemes_have_to_be_asked_for() -> None:
    """A link that is not https is meant only if it is said so."""
    created = LinkTemplate("http://localhost:8080/{lesson}", schemes=("http", "https")).create(_wanted())

    assert dict(created.links)["tutor"] == "http://localhost:8080/L1"


def test_schemes_are_several() -> None:
    """One text would be taken for its letters."""
    with pytest.raises(InvalidType):
        LinkTemplate("http://meet.example/{lesson}", schemes="http")


def test_nothing_has_to_be_taken_back() -> None:
    """Cancelling does nothing, with a meeting or without."""
    LinkTemplate("https://meet.example/{lesson}").cancel(_wanted(), None)
