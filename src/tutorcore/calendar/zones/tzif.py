"""TZif: the compiled form of a time zone, read for one thing only, when its distance from UTC changes.

A file lists changes up to some year and ends with a rule for the years after it
(`tutorcore.calendar.zones.posix_rules`). The files of the `tzdata` package are *slim*: what the rule says is not listed
as well, so for most zones the rule counts already. Format: RFC 9636. Leap seconds are refused, for instants here do not
count them.

Damaged data is refused with the name of the zone, and never costs more than its length. What is accepted here can be
read by zoneinfo as well, which would search for ever for the end of a file cut short.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

import attrs

from tutorcore.calendar.zones.posix_rules import Summer, read_rule
from tutorcore.errors import InvalidValue
from tutorcore.instants import EARLIEST, LATEST, from_micros, to_micros

_HEADER: Final = struct.Struct(">4sc15x6L")
_TYPE: Final = struct.Struct(">lBB")
_VERSIONS: Final = (b"\0", b"2", b"3", b"4")
_MOST_TYPES: Final = 256

_SECOND: Final = 1_000_000
_DAY: Final = 24 * 60 * 60
_EVER: Final = -(2**63) * _SECOND  # No time in a file lies before it.

_Types: TypeAlias = Sequence[tuple[int, int, int]]
"""Of each kind of local time: seconds to add to UTC, whether it is summer time, where its abbreviation begins."""


@attrs.frozen(eq=False)  # Told apart by identity, because caches are keyed by them.
class Offsets:
    """What clocks in a zone show more than UTC, at all times.

    `offsets[0]` until `times[0]`, from then on `offsets[1]`, and so on; after the last of the times `rule` says what
    changes in each year, or nothing does. Times and offsets are microseconds.
    """

    times: tuple[int, ...]
    offsets: tuple[int, ...]
    rule: Summer | None

    def runs(self, lo: int, hi: int) -> Iterator[tuple[int, int, int]]:
        """Yield the stretches (start, end, offset) of [lo, hi), in order and without holes."""
        index = bisect_right(self.times, lo)
        start, offset = lo, self.offsets[index]
        for when, later in self._changes(index, lo, hi):
            if when <= lo:
                offset = later
            elif when < hi and later != offset:
                yield start, when, offset
                start, offset = when, later
        yield start, hi, offset

    def _changes(self, index: int, lo: int, hi: int) -> Iterator[tuple[int, int]]:
        """Yield the changes listed from `index` on, and those by the rule from before `lo` until after `hi`."""
        yield from zip(self.times[index:], self.offsets[index + 1 :], strict=True)
        last = self.times[-1] if self.times else _EVER
        if self.rule is None or hi <= last:
            return
        # Both changes of the year before lie before `lo`, and those of a year in that year by UTC as well.
        years = range(from_micros(max(lo, last)).year - 1, from_micros(hi).year + 1)
        ruled = ((when * _SECOND, offset * _SECOND) for year in years for when, offset in self.rule.changes(year))
        yield from (change for change in ruled if change[0] > last)


def read_offsets(name: str, data: bytes) -> Offsets:
    """Return what the TZif data says of the zone of that name; raise `InvalidValue` if it is damaged."""
    return _Reader(name, data).read()


class _Counts(NamedTuple):
    """How many entries each part of a block has, in the order of the header."""

    ut_marks: int
    standard_marks: int
    leap_seconds: int
    times: int
    types: int
    characters: int

    def size(self, width: int) -> int:
        """Return how many bytes the block has after its header, where a time takes `width` of them."""
        listed = self.times * (width + 1) + self.types * _TYPE.size + self.characters
        return listed + self.leap_seconds * (width + 4) + self.standard_marks + self.ut_marks


class _Reader:
    def __init__(self, name: str, data: bytes) -> None:
        self._name = name
        self._data = data

    def read(self) -> Offsets:
        version, counts = self._header(0)
        if version == b"\0":
            return self._block(_HEADER.size, counts, 4, has_rule=False)
        # A block of 32-bit times comes first, for readers of another age.
        second = _HEADER.size + counts.size(4)
        _, counts = self._header(second)
        return self._block(second + _HEADER.size, counts, 8, has_rule=True)

    def _header(self, start: int) -> tuple[bytes, _Counts]:
        if len(self._data) < start + _HEADER.size:
            raise self._damaged(f"{len(self._data)} bytes long", f"a header of {_HEADER.size} bytes at byte {start}")
        magic, version, *counts = _HEADER.unpack_from(self._data, start)
        if magic != b"TZif":
            raise self._damaged(magic, f"TZif at byte {start}")
        if version not in _VERSIONS:
            raise self._damaged(version, "version 1 (a zero byte), 2, 3 or 4")
        return version, _Counts(*counts)

    def _block(self, start: int, counts: _Counts, width: int, *, has_rule: bool) -> Offsets:
        self._check_counts(start, counts, width)
        kinds_at = start + counts.times * width
        types_at = kinds_at + counts.times
        names_at = types_at + counts.types * _TYPE.size
        times = struct.unpack_from(f">{counts.times}{'q' if width == 8 else 'l'}", self._data, start)
        kinds = self._data[kinds_at:types_at]
        types = list(_TYPE.iter_unpack(self._data[types_at:names_at]))
        self._check_times(times, kinds, counts)
        self._check_types(types, self._data[names_at : names_at + counts.characters])
        if _ends_unclear(kinds, types):
            raise self._damaged("a list that ends with one summer time after another", "standard time beside each")
        return self._offsets(times, kinds, types, self._footer(start + counts.size(width)) if has_rule else b"")

    def _footer(self, start: int) -> bytes:
        found = self._data[start:]
        if found[:1] != b"\n" or found.find(b"\n", 1) != len(found) - 1:
            raise self._damaged(found[:40], f"a rule between two line feeds at byte {start}, where the data ends")
        return found[1:-1]

    def _check_counts(self, start: int, counts: _Counts, width: int) -> None:
        if len(self._data) < start + counts.size(width):
            raise self._damaged(f"{len(self._data)} bytes long", f"{start + counts.size(width)} or more")
        if not 1 <= counts.types <= _MOST_TYPES:
            raise self._damaged(f"{counts.types} kinds of local time", f"1 to {_MOST_TYPES}")
        if counts.leap_seconds:
            raise self._damaged(f"{counts.leap_seconds} leap seconds", "none: an instant here does not count them")

    def _check_times(self, times: Sequence[int], kinds: bytes, counts: _Counts) -> None:
        if any(later <= earlier for earlier, later in pairwise(times)):
            raise self._damaged("a list of changes out of order", "times that rise")
        if times and times[-1] * _SECOND >= to_micros(LATEST):
            raise self._damaged(f"changing {times[-1]} seconds after 1970", f"changes before {LATEST.year}")
        if kinds and max(kinds) >= counts.types:
            raise self._damaged(f"naming local time {max(kinds)}", f"one of {counts.types}, counted from 0")

    def _check_types(self, types: _Types, names: bytes) -> None:
        for offset, _, name in types:
            if abs(offset) >= _DAY:
                raise self._damaged(f"{offset} seconds from UTC", "less than 24 hours")
            # Not read here, but zoneinfo does.
            if b"\0" not in names[name:] or not names.isascii():
                raise self._damaged(names[name:], "an abbreviation in ASCII that ends with a zero byte")

    def _offsets(self, times: Sequence[int], kinds: bytes, types: _Types, footer: bytes) -> Offsets:
        # Before the first change clocks show the first time that is not summer time, as zoneinfo has it too.
        standard = [offset for offset, summer, _ in types if not summer]
        before = standard[0] if standard else types[kinds[0] if kinds else 0][0]
        offsets = [before, *(types[kind][0] for kind in kinds)]
        rule = self._rule(footer)
        if times:
            self._check_agreement(rule, times[-1], offsets[-1], footer)
        elif isinstance(rule, int):
            offsets = [rule]
        return Offsets(
            tuple(time * _SECOND for time in times),
            tuple(offset * _SECOND for offset in offsets),
            rule if isinstance(rule, Summer) else None,
        )

    def _rule(self, footer: bytes) -> int | Summer | None:
        if not footer:
            return None
        rule = read_rule(footer.decode("ascii", "replace"))
        if rule is None:
            raise self._damaged(footer, "a rule such as CET-1CEST,M3.5.0,M10.5.0/3 at the end")
        return rule

    def _check_agreement(self, rule: int | Summer | None, last: int, offset: int, footer: bytes) -> None:
        """Raise `InvalidValue` if the rule says otherwise than the last of the changes, from which on it counts."""
        said = rule
        if isinstance(rule, Summer):
            if last * _SECOND < to_micros(EARLIEST):
                return
            [(_, _, micros)] = Offsets((), (0,), rule).runs(last * _SECOND, last * _SECOND + 1)
            said = micros // _SECOND
        if said is not None and said != offset:
            raise self._damaged(footer, f"a rule by which clocks are {offset} seconds from UTC when it begins to count")

    def _damaged(self, value: object, expected: str) -> InvalidValue:
        return InvalidValue(f"TZif data of {self._name}", value, expected)


def _ends_unclear(kinds: bytes, types: _Types) -> bool:
    """Return whether zoneinfo would look for a change behind the last one, and so beyond its memory.

    It looks for standard time before and after each change to summer time, until it has found some.
    """
    if len(kinds) < 2 or not types[kinds[-1]][1] or kinds[-1] == len(types) - 1:
        return False
    last = kinds[-1]
    beside = (
        kind for place in range(1, len(kinds)) if kinds[place] == last for kind in kinds[place - 1 : place + 2 : 2]
    )
    return all(types[kind][1] or types[kind][0] == types[last][0] for kind in beside)
