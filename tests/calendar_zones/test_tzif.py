"""Reading compiled zones: what damaged, odd and hostile data comes to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo  # noqa: TID251  # of the very bytes that are read here

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tutorcore.calendar import TZDATA, TimeZones, zone_names
from tutorcore.calendar.zones.segments import DAY, segments
from tutorcore.calendar.zones.tzif import Offsets, read_offsets
from tutorcore.errors import InvalidValue
from tutorcore.instants import from_micros, instant, to_micros

Make = Callable[..., bytes]

_BERLIN = TZDATA.read("Europe/Berlin")
_SECOND = 1_000_000
_2026 = to_micros(instant("2026-01-01T00:00Z"))


def _runs(offsets: Offsets, lo: int, hi: int) -> list[tuple[int, int, int]]:
    """Return the runs of [lo, hi), all of it in seconds."""
    runs = offsets.runs(lo * _SECOND, hi * _SECOND)
    return [(start // _SECOND, end // _SECOND, offset // _SECOND) for start, end, offset in runs]


def test_changes_are_read_as_listed(tzif: Make) -> None:
    """A change counts from its second on, and the last one for good where no rule follows."""
    found = read_offsets("Test/Zone", tzif([(0, 1), (100, 0)], [3600, 7200], ""))

    assert _runs(found, -50, 500) == [(-50, 0, 3600), (0, 100, 7200), (100, 500, 3600)]
    assert _runs(found, 0, 100) == [(0, 100, 7200)]
    assert _runs(found, 99, 101) == [(99, 100, 7200), (100, 101, 3600)]


def test_a_change_of_the_name_alone_is_no_change(tzif: Make) -> None:
    """Where the offset stays, the run goes on."""
    found = read_offsets("Test/Zone", tzif([(0, 1), (100, 2)], [3600, 7200, 7200], ""))

    assert _runs(found, -50, 500) == [(-50, 0, 3600), (0, 500, 7200)]


def test_a_file_of_the_first_version_has_no_rule(tzif: Make) -> None:
    """Files with 32-bit times are read, and their last change stays."""
    found = read_offsets("Test/Zone", tzif([(0, 1)], [-3600, 3600], None))

    assert _runs(found, -10, 10) == [(-10, 0, -3600), (0, 10, 3600)]


def test_a_rule_takes_over_after_the_last_change(tzif: Make) -> None:
    """What the rule says of years before the last listed change is not heard."""
    last = int(datetime(2020, 10, 25, 1, tzinfo=UTC).timestamp())
    data = tzif([(last, 0)], [3600, 7200], "CET-1CEST,M3.5.0,M10.5.0/3")

    found = read_offsets("Test/Zone", data)

    first_summer = int(datetime(2021, 3, 28, 1, tzinfo=UTC).timestamp())
    assert _runs(found, last - 86400 * 1000, first_summer + 1) == [
        (last - 86400 * 1000, first_summer, 3600),
        (first_summer, first_summer + 1, 7200),
    ]


def test_a_rule_alone_holds_at_all_times(tzif: Make) -> None:
    """With no change listed, the rule says everything, for good or year by year."""
    constant = read_offsets("Test/Zone", tzif([], [0], "<+0545>-5:45"))
    yearly = read_offsets("Test/Zone", tzif([], [0], "CET-1CEST,M3.5.0,M10.5.0/3"))

    assert _runs(constant, -(10**9), 10**9) == [(-(10**9), 10**9, 20700)]
    assert len(_runs(yearly, -3 * 365 * 86400, 3 * 365 * 86400)) == 13


def test_before_the_first_change_clocks_show_standard_time(tzif: Make) -> None:
    """The first kind that is not summer time counts, the first change's own if all are."""
    data = tzif([(0, 0)], [7200, 3600], "")
    summer_first = data.replace(b"\0\0\x1c\x20\0", b"\0\0\x1c\x20\1")
    summer_only = summer_first.replace(b"\0\0\x0e\x10\0", b"\0\0\x0e\x10\1")

    for made, before in ((summer_first, 3600), (summer_only, 7200)):
        assert _runs(read_offsets("Test/Zone", made), -1, 1)[0][2] == before
        assert from_micros(-1).astimezone(ZoneInfo.from_file(BytesIO(made))).utcoffset() == timedelta(seconds=before)


def test_a_list_that_zoneinfo_would_read_beyond_its_end_is_refused(tzif: Make) -> None:
    """Python dies of a list that goes from summer time to summer time at its end; not if it knows the one before."""
    data = tzif([(0, 0), (9, 1)], [7200, 3600, 0], "")
    summer_only = data.replace(b"\0\0\x1c\x20\0", b"\0\0\x1c\x20\1").replace(b"\0\0\x0e\x10\0", b"\0\0\x0e\x10\1")
    known = tzif([(day * 86_400, kind) for day, kind in enumerate([2, 0, 1, 2, 1])], [0, 3600, 7200], "")
    known = known.replace(b"\0\0\x1c\x20\0", b"\0\0\x1c\x20\1").replace(b"\0\0\x0e\x10\0", b"\0\0\x0e\x10\1")

    with pytest.raises(InvalidValue, match=r"^TZif data of Test/Zone .*expected standard time beside each"):
        read_offsets("Test/Zone", summer_only)
    where = TimeZones.of("made", {"Test/Zone": known}).zone("Test/Zone")
    assert from_micros(10**12).astimezone(where).utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "is '0 bytes long'; expected a header of 44 bytes at byte 0"),
        (_BERLIN[:43], "is '43 bytes long'"),
        (b"GIF8" + _BERLIN[4:], "is b'GIF8'; expected TZif at byte 0"),
        (b"TZif9" + _BERLIN[5:], r"is b'9'; expected version 1 \(a zero byte\), 2, 3 or 4"),
        (_BERLIN[:60], "expected a header of 44 bytes at byte"),
        (_BERLIN[:300], "is '300 bytes long'; expected [0-9]+ or more"),
        (_BERLIN[:-1], "expected a rule between two line feeds"),
        (_BERLIN + b"\n", "expected a rule between two line feeds"),
        (_BERLIN[: _BERLIN.index(b"CET-1")], "expected a rule between two line feeds"),
        (_BERLIN.replace(b"CET-1CEST", b"XYZ-1CE"), "expected a rule such as CET-1CEST"),
        (_BERLIN.replace(b"CET-1CEST", b"CET-1CES\xff"), "expected a rule such as CET-1CEST"),
        (_BERLIN.replace(b"CET-1CEST", b"CET-2CEST"), "expected a rule by which clocks are 7200 seconds from UTC"),
        (_BERLIN.replace(b"CET\0", b"CET\xff"), "expected an abbreviation in ASCII"),
    ],
)
def test_damaged_data_is_refused_by_the_name_of_the_zone(data: bytes, expected: str) -> None:
    """Whatever is cut short, changed or of another kind is refused, and the message says what was expected."""
    with pytest.raises(InvalidValue, match=f"^TZif data of Europe/Berlin .*{expected}"):
        TimeZones.of("damaged", {"Europe/Berlin": data})


def test_nonsense_is_refused(tzif: Make) -> None:
    """Changes out of order, kinds that do not exist, offsets of a day, and times past ours are refused."""
    for data, expected in (
        (tzif([(5, 0), (5, 0)], [0], ""), "expected times that rise"),
        (tzif([(5, 0), (4, 0)], [0], ""), "expected times that rise"),
        (tzif([(5, 1)], [0], ""), "naming local time 1'; expected one of 1, counted from 0"),
        (tzif([], [], ""), "0 kinds of local time'; expected 1 to 256"),
        (tzif([], [86400], ""), "86400 seconds from UTC'; expected less than 24 hours"),
        (tzif([], [-86400], ""), "expected less than 24 hours"),
        (tzif([(2**50, 0)], [0], ""), "expected changes before 9000"),
        (tzif([(0, 0)], [3600], "AAA0"), "expected a rule by which clocks are 3600 seconds from UTC"),
        (tzif([(0, 0)], [3600], "AAA0").replace(b"AAA\0", b"AAAA"), "expected an abbreviation in ASCII"),
    ):
        with pytest.raises(InvalidValue, match=expected):
            read_offsets("Test/Zone", data)


def test_leap_seconds_are_refused() -> None:
    """Zones that count leap seconds, as in a "right" database, would be off by half a minute."""
    at = _BERLIN.index(b"TZif", 4) + 28
    data = bytearray(_BERLIN)
    data[at + 3] = 1

    with pytest.raises(InvalidValue, match="'1 leap seconds'; expected none"):
        read_offsets("right/Berlin", bytes(data[:-40]) + bytes(12) + bytes(data[-40:]))


def test_a_change_at_the_beginning_of_time_is_read(tzif: Make) -> None:
    """Some compilers begin every list with a change billions of years ago; the rule is not compared with that one."""
    found = read_offsets("Test/Zone", tzif([(-(2**59), 0)], [3600], "CET-1CEST,M3.5.0,M10.5.0/3"))

    assert _runs(found, 0, 86400) == [(0, 86400, 3600)]


@given(st.sampled_from(sorted(zone_names())), st.data())
def test_damage_is_refused_or_read_as_zoneinfo_reads_it(name: str, data: st.DataObject) -> None:
    """Bytes changed at random never end in anything but a refusal, or in a zone that both readers can read."""
    damaged = bytearray(TZDATA.read(name))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([None, None, data.draw(st.integers(0, len(damaged)))]))

    try:
        found = TimeZones.of("damaged", {name: bytes(damaged[:cut])})
    except InvalidValue:
        return

    parts = segments([(0, name)], _2026, _2026 + 800 * DAY, found)
    assert (parts[0].start, parts[-1].end) == (_2026, _2026 + 800 * DAY)
    assert from_micros(_2026).astimezone(found.zone(name)).tzinfo is not None


@given(st.binary(max_size=400))
@example(b"TZif2" + b"\0" * 15 + b"\xff" * 24)
@example(b"TZif2" + b"\0" * 39 + b"TZif2" + b"\0" * 15 + b"\xff" * 24)
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    """Counts of billions cost nothing."""
    with suppress(InvalidValue):
        read_offsets("Test/Zone", data)
