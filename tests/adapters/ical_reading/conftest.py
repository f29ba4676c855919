"""Calendars for tests: written line by line, read for a range."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tutorcore.adapters.ical.busy_times import read_busy
from tutorcore.errors import Mistakes
from tutorcore.instants import instant

Read = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def calendar() -> Callable[..., str]:
    """Return a function that puts components, as lists of lines, into a VCALENDAR."""
    return calendar_text


@pytest.fixture
def read() -> Read:
    """Return a function that reads the busy times of lists of lines, as pairs of times in UTC without seconds."""
    return read_lines


@pytest.fixture
def refused() -> Callable[..., list[str]]:
    """Return a function that reads a text whose busy times cannot be read, and returns its mistakes in words."""
    return refused_text


def calendar_text(*components: Sequence[str]) -> str:
    """Return a VCALENDAR with components, each its name and then its lines."""
    lines = [line for name, *body in components for line in (f"BEGIN:{name}", *body, f"END:{name}")]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""])


def read_lines(
    *events: Sequence[str], since: str = "2026-01-01", until: str = "2027-12-31", **options: Any
) -> list[tuple[str, str]]:
    """Return when the events, given as their lines, take time."""
    text = calendar_text(*(("VEVENT", *event) for event in events))
    found = read_busy(text, instant(f"{since}T00:00Z"), instant(f"{until}T00:00Z"), **options)
    return [(f"{one.start:%Y-%m-%dT%H:%M}", f"{one.end:%Y-%m-%dT%H:%M}") for one in found]


def refused_text(text: bytes | str, **options: Any) -> list[str]:
    """Return what is wrong with a text."""
    with pytest.raises(Mistakes) as error:
        read_busy(text, instant("1997-01-01T00:00Z"), instant("1998-12-31T00:00Z"), **options)
    return [str(mistake) for mistake in error.value.exceptions]
