"""Series as JSON text: written in one form, read back equal, every mistake at its place."""

# ruff: noqa: DTZ001  # what rules bring is wall time, which has no zone

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tutorcore.calendar.series.document import series_of, series_text
from tutorcore.calendar.series.series import Series
from tutorcore.errors import InvalidType, InvalidValue, Mistakes

_PLAIN = Series("Asia/Tokyo", datetime(2026, 10, 20, 18), timedelta(minutes=90), "COUNT=10;FREQ=WEEKLY")
_WALL = datetime(2026, 10, 27, 18)
_FULL = Series(
    "Europe/Berlin",
    datetime(2026, 10, 20, 18, 0, 30),
    timedelta(hours=1, microseconds=1),
    "FREQ=WEEKLY;UNTIL=20270101T170000Z",
    extra=[_WALL],
    excluded=[_WALL],
    skipped=[_WALL, datetime(2026, 10, 20, 18, 0, 30)],
    moved={_WALL: datetime(2026, 10, 28, 17, tzinfo=UTC), datetime(2026, 11, 3): datetime(2026, 11, 4)},
    disambiguate="skip",
    first_index=7,
)


def test_a_series_has_one_text() -> None:
    """What has its default is not written."""
    assert series_text(_PLAIN) == (
        '{"schema":1,"zone":"Asia/Tokyo","start":"2026-10-20T18:00:00","duration":"1h 30m",'
        '"recurrence":"FREQ=WEEKLY;COUNT=10"}'
    )


@pytest.mark.parametrize("series", [_PLAIN, _FULL])
def test_a_series_is_read_back_equal(series: Series) -> None:
    """With all its exceptions, to the microsecond."""
    assert series_of(series_text(series)) == series


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "schema: is 2; expected"),
        ({"zone": None}, "zone: "),
        ({"zone": "Europe/Bern"}, "unknown time zone 'Europe/Bern'"),
        ({"start": "2026-10-20"}, "start: is '2026-10-20'; expected a wall time such as 2026-10-20T18:00:00"),
        ({"start": "2026-02-30T18:00"}, "start: is '2026-02-30T18:00'; expected a wall time"),
        ({"duration": "1 hour"}, "duration: is '1 hour'; expected hours, minutes or seconds"),
        ({"recurrence": "WEEKLY"}, "recurrence: part of the recurrence is 'WEEKLY'"),
        ({"extra": "2026-10-20T18:00"}, "extra: "),
        ({"skipped": ["2026-10-20T18:00", "soon"]}, r"skipped\[1\]: is 'soon'; expected a wall time"),
        ({"moved": {"soon": "2026-10-20T18:00"}}, "moved.soon: is 'soon'; expected a wall time"),
        ({"moved": {"2026-10-20T18:00": "later"}}, "later.*expected an ISO 8601 instant"),
        ({"moved": []}, "moved: "),
        ({"disambiguate": "guess"}, "disambiguate: is 'guess'; expected one of"),
        ({"first_index": -1}, "first_index: is -1; expected"),
        ({"rule": "FREQ=DAILY"}, "rule: unknown key"),
    ],
)
def test_mistakes_have_their_place(change: dict[str, Any], message: str) -> None:
    """Each mistake names the key, what stands there and what was expected."""
    document = json.loads(series_text(_PLAIN)) | change

    with pytest.raises(Mistakes) as caught:
        series_of(json.dumps(document))

    assert caught.match(message)
    assert len(caught.value.exceptions) == 1


def test_all_mistakes_are_told_at_once() -> None:
    """A document is mended in one go."""
    with pytest.raises(Mistakes) as caught:
        series_of('{"schema": 1, "start": "now", "extra": ["then"]}')

    assert [getattr(mistake, "path", None) for mistake in caught.value.exceptions] == [
        "zone",
        "start",
        "duration",
        "recurrence",
        "extra[0]",
    ]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema": 1, "schema": 1}', "[" * 100_000])
def test_what_is_no_document_is_refused(text: str) -> None:
    """No JSON, no object, or one key twice."""
    with pytest.raises(InvalidValue, match="expected the JSON text of a series, in which no key comes twice"):
        series_of(text)


def test_a_document_is_a_text_of_some_length() -> None:
    """Bytes are refused, and so is more than a megabyte."""
    with pytest.raises(InvalidType, match="series is b'' of type bytes; expected a JSON text"):
        series_of(b"")  # type: ignore[arg-type]  # that is the point
    with pytest.raises(InvalidType, match="series is '{}' of type str; expected a Series"):
        series_text("{}")  # type: ignore[arg-type]  # that is the point
    with pytest.raises(InvalidValue, match="expected a text of at most 1,048,576 characters"):
        series_of(" " * (1 << 20) + "{}")
