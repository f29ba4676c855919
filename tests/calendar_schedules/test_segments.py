from __future__ import annotations

from datetime import UTC
from importlib.resources import files
from itertools import pairwise

import pytest
import whenever

from tutorcore.calendar import zone_names
from tutorcore.calendar.segments import segments
from tutorcore.instants import from_micros, instant, to_micros, to_text

_ALL = sorted(zone_names())
_FILES = files("tzdata") / "zoneinfo"
# Many names are aliases: one of each will do where looking at all would take minutes.
_DISTINCT = sorted({_FILES.joinpath(*name.split("/")).read_bytes(): name for name in reversed(_ALL)}.values())


def _expected(zone: str, since: int, until: int) -> list[tuple[str, int]]:
    """Return when the offset changes, and to how many seconds, as whenever has it."""
    found = []
    at = whenever.Instant(from_micros(since)).to_tz(zone)
    while (later := at.next_transition()) is not None and later.timestamp() * 1_000_000 < until:
        if later.offset != at.offset:
            found.append((to_text(later.to_instant().to_stdlib().astimezone(UTC)), int(later.offset.total("seconds"))))
        at = later
    return found


def _found(zone: str, since: int, until: int) -> list[tuple[str, int]]:
    return [
        (to_text(from_micros(later.start)), later.offset // 1_000_000)
        for earlier, later in pairwise(segments([(0, zone)], since, until))
        if later.offset != earlier.offset
    ]


def _years(first: int, last: int) -> tuple[int, int]:
    return to_micros(instant(f"{first}-01-01T00:00Z")), to_micros(instant(f"{last}-01-01T00:00Z"))


@pytest.mark.parametrize(("index", "zone"), list(enumerate(_ALL)), ids=str)
def test_segments_end_where_the_offset_changes(index: int, zone: str) -> None:
    """A zone's segments are those between the changes of its offset, whenever it is asked about."""
    since, until = _years(1970 + index * 41 % 129, 1972 + index * 41 % 129)

    assert _found(zone, since, until) == _expected(zone, since, until)


@pytest.mark.slow
@pytest.mark.parametrize("zone", _DISTINCT)
def test_no_zone_changes_its_offset_unseen(zone: str) -> None:
    """From 1970 to 2100 no change is missed by looking once in 24 hours."""
    since, until = _years(1970, 2100)

    assert _found(zone, since, until) == _expected(zone, since, until)
