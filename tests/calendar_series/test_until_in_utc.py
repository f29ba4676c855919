"""An UNTIL in UTC ends a series with the last lesson that starts by then, as it does for whoever reads its text."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tutorcore.adapters.ical.busy_times import read_busy
from tutorcore.adapters.ical.calendars import Entry, calendar_text
from tutorcore.calendar import Disambiguation, Series
from tutorcore.instants import instant

_HOUR = timedelta(hours=1)
_SINCE, _STAMP = instant("2026-01-01T00:00:00Z"), instant("2026-02-01T00:00:00Z")


def _series(start: str, until: str, disambiguate: Disambiguation = "compatible", rule: str = "FREQ=WEEKLY") -> Series:
    return Series(
        "Europe/Berlin", datetime.fromisoformat(start), _HOUR, f"{rule};UNTIL={until}", disambiguate=disambiguate
    )


@pytest.mark.parametrize(
    ("start", "until", "disambiguate", "last"),
    [
        # On 25 October 2026 clocks go from 03:00 (01:00Z) back to 02:00; 02:45 is 00:45Z, and again 01:45Z.
        ("2026-10-18T02:45:00", "20261025T013000Z", "compatible", "2026-10-25T00:45:00Z"),  # clocks show 02:30 then
        ("2026-10-18T02:45:00", "20261025T004500Z", "compatible", "2026-10-25T00:45:00Z"),  # at it: it counts
        ("2026-10-18T02:45:00", "20261025T004459Z", "compatible", "2026-10-18T00:45:00Z"),  # a second before
        ("2026-10-18T02:45:00", "20261025T010000Z", "later", "2026-10-18T00:45:00Z"),  # shown once, not this one
        ("2026-10-18T02:45:00", "20261025T014500Z", "later", "2026-10-25T01:45:00Z"),
        # On 29 March clocks go from 02:00 (01:00Z) to 03:00; 02:30 is put off to 03:30, which is 01:30Z.
        ("2026-03-22T02:30:00", "20260329T010000Z", "compatible", "2026-03-22T01:30:00Z"),  # clocks show 03:00 then
        ("2026-03-22T02:30:00", "20260329T013000Z", "compatible", "2026-03-29T01:30:00Z"),
        ("2026-03-22T02:30:00", "20260329T010000Z", "clamp", "2026-03-29T01:00:00Z"),
        ("2026-03-22T02:30:00", "20260329T020000Z", "skip", "2026-03-22T01:30:00Z"),
    ],
)
def test_the_last_lesson_is_the_last_that_starts_by_then(
    start: str, until: str, disambiguate: Disambiguation, last: str
) -> None:
    """By the instant of its start, whatever the clock shows at UNTIL."""
    found = list(_series(start, until, disambiguate).occurrences())

    assert found[-1].start == instant(last)


def test_an_until_before_the_first_lesson_leaves_none() -> None:
    """Not even the one that the series begins with."""
    assert list(_series("2026-10-18T02:45:00", "20261001T000000Z").occurrences()) == []


@pytest.mark.parametrize("until", ["20261025T013000Z", "20261025T004459Z", "20261101T014500Z", "20261101T014459Z"])
def test_who_reads_the_series_from_its_text_finds_the_same_lessons(until: str) -> None:
    """Its text has a wall time or the same UNTIL; both end alike."""
    series = _series("2026-10-18T02:45:00", until, rule="FREQ=DAILY")
    text = calendar_text([Entry("series", series, summary="Lesson")], stamp=_STAMP)
    busy = read_busy(text, _SINCE, _SINCE + timedelta(days=700), default_zone=None)

    assert [each.start for each in busy] == [each.start for each in series.occurrences()]
