"""Instants as people write them."""

from __future__ import annotations

import pytest

from tutorcore.cli.moments import moment
from tutorcore.errors import InvalidValue, UnknownName
from tutorcore.instants import to_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T09:30:00Z", "2026-03-01T09:30:00Z"),
        ("2026-03-01 10:30+01:00", "2026-03-01T09:30:00Z"),
        ("2026-03-01 10:30 Europe/Berlin", "2026-03-01T09:30:00Z"),
        ("2026-03-01T10:30:05 Europe/Berlin", "2026-03-01T09:30:05Z"),
        ("2026-03-01 10:30 UTC", "2026-03-01T10:30:00Z"),
        ("2026-03-01 10:30 Etc/GMT+5", "2026-03-01T15:30:00Z"),
        ("2026-03-29 01:59:59 Europe/Berlin", "2026-03-29T00:59:59Z"),
        ("2026-03-29 03:00 Europe/Berlin", "2026-03-29T01:00:00Z"),
        ("2026-10-25 01:59:59 Europe/Berlin", "2026-10-24T23:59:59Z"),
        ("2026-10-25 03:00 Europe/Berlin", "2026-10-25T02:00:00Z"),
    ],
)
def test_an_instant_is_written_with_an_offset_or_with_a_zone(text: str, expected: str) -> None:
    """Both forms name the same instants, up to the edges of a change of clocks."""
    assert to_text(moment(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-29 02:00 Europe/Berlin", "do not skip, such as 2026-03-29T01:00:00+01:00 or 2026-03-29T03:00:00"),
        ("2026-03-29 02:59:59 Europe/Berlin", "do not skip"),
        ("2026-10-25 02:00 Europe/Berlin", "show this: 2026-10-25T02:00:00+01:00 or 2026-10-25T02:00:00+02:00"),
        ("2026-10-25 02:59:59 Europe/Berlin", "one of the two instants"),
        ("2026-02-30 10:00 Europe/Berlin", "a wall time with its zone"),
        ("2026-02-28 10:00", "a wall time with its zone"),
        ("tomorrow", "a wall time with its zone"),
        ("0001-01-01T00:00:00Z", "from 1900"),
    ],
)
def test_a_text_that_names_no_single_instant_is_refused(text: str, expected: str) -> None:
    """A time that clocks skip or show twice is refused with the two instants that may be meant."""
    with pytest.raises(InvalidValue) as caught:
        moment(text, "at")

    assert expected in str(caught.value)


def test_an_unknown_zone_is_refused_with_a_suggestion() -> None:
    """A misspelt zone is not taken for anything else."""
    with pytest.raises(UnknownName) as caught:
        moment("2026-03-01 10:30 Europe/Berln")

    assert caught.value.suggestion == "Europe/Berlin"
