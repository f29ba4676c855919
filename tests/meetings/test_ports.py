from __future__ import annotations

import pickle
from datetime import timedelta

import pytest

from tutorcore.errors import InvalidType, InvalidValue, TutorcoreError
from tutorcore.ids import LessonId, PartyId, command_key
from tutorcore.instants import instant
from tutorcore.ports.meetings import LONGEST_LINK, Created, MeetingRefused, MeetingRequest, MeetingUnavailable


def test_links_are_kept_by_role() -> None:
    """What was created reads the same however its links were ordered."""
    one = Created({"tutor": "https://a.example", "student": "https://b.example"})
    other = Created({"student": "https://b.example", "tutor": "https://a.example"})

    assert one == other
    assert one.links == (("student", "https://b.example"), ("tutor", "https://a.example"))


@pytest.mark.parametrize(
    "links",
    [
        {},
        {"student": "x"},
        {"student": "x", "tutor": "y", "payer": "z"},
        {"student": "x", "host": "y"},
        {"student": "x", "tutor": ""},
        {"student": "x", "tutor": "  "},
        {"student": "x", "tutor": "y\n"},
        {"student": "x", "tutor": "y\x00"},
        {"student": "x", "tutor": "y" * (LONGEST_LINK + 1)},
    ],
)
def test_both_sides_need_a_link_that_can_be_shown(links: dict[str, str]) -> None:
    """A link that is missing, empty, endless or full of control characters is not kept with a lesson."""
    with pytest.raises(InvalidValue):
        Created(links)


@pytest.mark.parametrize(
    "links", [None, "https://a.example", {"student": "x", "tutor": None}, {"student": "x", "tutor": 1}]
)
def test_links_are_texts(links: object) -> None:
    """Whatever is no mapping of texts is refused by its type."""
    with pytest.raises(InvalidType):
        Created(links)  # type: ignore[arg-type]  # on purpose


def test_the_longest_link_is_allowed() -> None:
    """The bound belongs to what is allowed."""
    created = Created({"student": "x" * LONGEST_LINK, "tutor": "y"})

    assert len(created.links[0][1]) == LONGEST_LINK


def test_a_request_knows_its_details() -> None:
    """A provider reads what the two have agreed on by name."""
    at = instant("2026-03-02T09:00:00Z")
    wanted = MeetingRequest(
        command_key("L1:1"), LessonId("L1"), 1, at, at, PartyId("tom"), PartyId("ann"), (("program", "phone"),)
    )

    assert wanted.detail("program") == "phone"
    assert wanted.detail("room") is None


@pytest.mark.parametrize(
    "error", [MeetingUnavailable("down", retry_after=timedelta(seconds=30)), MeetingRefused("no account")]
)
def test_errors_travel_between_processes(error: TutorcoreError) -> None:
    """What a provider raises can be pickled, its fields included."""
    back = pickle.loads(pickle.dumps(error))

    assert type(back) is type(error)
    assert back.args == error.args
    assert vars(back) == vars(error)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, None),
        (timedelta(seconds=-1), timedelta(0)),
        (timedelta(0), timedelta(0)),
        (timedelta(seconds=1), timedelta(seconds=1)),
    ],
)
def test_nobody_waits_for_a_time_that_is_over(given: timedelta | None, kept: timedelta | None) -> None:
    """A provider whose clock is ahead may name a moment that has passed: it is asked again as usual."""
    assert MeetingUnavailable("busy", retry_after=given).retry_after == kept


def test_the_wait_is_a_duration() -> None:
    """A bare number leaves open what it counts."""
    with pytest.raises(InvalidType):
        MeetingUnavailable("busy", retry_after=30)  # type: ignore[arg-type]  # on purpose
