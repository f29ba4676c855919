"""Sets of small whole numbers as the bits of one int each: what a roster searches thousands of tutors with.

Bit k of a set says whether k is in it, so that sets meet by `&` and join by `|`, thirty numbers at a time. What the
numbers count (here: steps of five minutes, or tutors) is the caller's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from typing import Final, TypeVar

T = TypeVar("T")

# A set's binary digits as the bytes 0 and 1, for picking and stacking at the speed of C.
_DIGITS: Final = bytes.maketrans(b"01", b"\0\1")
_EIGHT: Final = 8
# A long set is taken apart piece by piece, for taking a number out of it costs time in proportion to its length.
_PART_WIDTH: Final = 512
_PART: Final = (1 << _PART_WIDTH) - 1


def filled(first: int, last: int) -> int:
    """Return the set of the numbers from `first` up to, not including, `last`; empty if there are none.

    >>> bin(filled(1, 4))
    '0b1110'
    """
    return (1 << last) - (1 << first) if first < last else 0


def of_spans(spans: Iterable[tuple[int, int]], width: int) -> int:
    """Return the set of the numbers below `width` that lie in half-open spans, whatever their order.

    >>> bin(of_spans([(-3, 1), (2, 4), (6, 99)], 8))
    '0b11001101'
    """
    laid = bytearray(width // _EIGHT + 1)
    for first, last in spans:
        if first < 0:
            first = 0
        if last > width:
            last = width
        if first >= last:
            continue
        low, high = first >> 3, last >> 3
        if low == high:
            laid[low] |= (1 << (last & 7)) - (1 << (first & 7))
        else:
            laid[low] |= 0x100 - (1 << (first & 7))
            laid[low + 1 : high] = b"\xff" * (high - low - 1)
            laid[high] |= (1 << (last & 7)) - 1
    return int.from_bytes(laid, "little")


def of_runs(runs: Iterable[range], width: int) -> int:
    """Return the set of the numbers in ascending runs, all from 0 to below `width`.

    >>> bin(of_runs([range(2), range(3, 8, 2)], 8))
    '0b10101011'
    """
    digits = bytearray(b"0") * width
    for run in runs:
        digits[run.start : run.stop : run.step] = b"1" * len(run)
    return int(digits[::-1] or "0", 2)


def eroded(numbers: int, length: int) -> int:
    """Return the numbers that begin a run of at least `length` numbers of the set.

    >>> bin(eroded(0b1110111, 3))
    '0b10001'
    """
    reach = 1
    while reach < length:
        further = min(reach, length - reach)
        numbers &= numbers >> further
        reach += further
    return numbers


def first_of(numbers: int) -> int:
    """Return the least number of a set that is not empty."""
    return (numbers & -numbers).bit_length() - 1


def members(numbers: int) -> Iterator[int]:
    """Yield the numbers of a set in order: the way for whoever may stop before the end."""
    start = 0
    while numbers:
        part = numbers & _PART
        while part:
            yield start + first_of(part)
            part &= part - 1
        numbers >>= _PART_WIDTH
        start += _PART_WIDTH


def spread(numbers: int) -> Iterator[int]:
    """Yield the numbers of a set in order: the way for whoever wants them all."""
    if numbers:
        first = first_of(numbers)
        numbers >>= first
        width = numbers.bit_length()
        yield from compress(range(first, first + width), _digits(numbers, width))


def picked(things: Sequence[T], numbers: int) -> Iterator[T]:
    """Yield, in order, the things whose places are in the set; it has none beyond the last of them.

    >>> list(picked("abcde", 0b10010))
    ['b', 'e']
    """
    return compress(things, _digits(numbers, len(things)) if numbers else b"")


def transposed(rows: Sequence[int], width: int) -> list[int]:
    """Return for each number below `width` the set of the rows that hold it; equal sets in a row are one object.

    Rows are laid out as bytes, eight rows a byte, so that each answer is read with one stride.

    >>> [bin(column) for column in transposed([0b01, 0b11, 0b10], 2)]
    ['0b11', '0b110']
    """
    laid = b"".join(_stacked(rows[first : first + _EIGHT], width) for first in range(0, len(rows), _EIGHT))
    found: list[int] = []
    before = None
    for number in range(width):
        column = laid[number::width]
        found.append(found[-1] if column == before else int.from_bytes(column, "little"))
        before = column
    return found


def _stacked(rows: Sequence[int], width: int) -> bytes:
    """Return one byte for each number below `width`: which of up to eight rows hold it."""
    together = 0
    for place, row in enumerate(rows):
        together |= int.from_bytes(_digits(row, width), "little") << place
    return together.to_bytes(width, "little")


def _digits(numbers: int, width: int) -> bytes:
    """Return a byte, 0 or 1, for each number below `width`."""
    return f"{numbers:0{width}b}".encode("ascii")[::-1].translate(_DIGITS)
