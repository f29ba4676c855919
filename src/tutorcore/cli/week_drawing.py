"""A week drawn with characters, for a terminal.

A line is half an hour, read from left to right: in a day's column each character stands for five minutes of it, or for
ten where the columns hold more than one person. A start that can be booked is a mark where it lies. Half hours in which
nobody's time is anything are left out. There are no colors but where a `Pen` has them, and nothing but ASCII where it
is told so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, Literal, TextIO, TypeAlias

import attrs

from tutorcore.calendar.intervals import Span
from tutorcore.cli.answer import seen
from tutorcore.cli.lines import folded
from tutorcore.cli.week import ROW, Cell, Lane, Row, Week
from tutorcore.cli.week_words import MEANINGS, Drawn, label, order, other_clock, since, starts_meaning

Mark: TypeAlias = Drawn | Literal["start"]

_MINUTE: Final = 60 * 1_000_000
_ALONE: Final = 6
_TOGETHER: Final = 3
"""Characters for half an hour of one person: where there is one, and where there are more."""
_LONGEST_GAP: Final = 2
"""So many half hours without anything are drawn; more of them are one line."""
_CLOCK: Final = 7
_LONGEST_NAME: Final = 14
_COLORS: Final[dict[Mark, str]] = {"start": "1;32", "BUSY": "31", "BUSY-TENTATIVE": "33", "skipped": "2"}


@attrs.frozen
class Pen:
    """With what is drawn: the characters for each kind of time and between the days, and whether in colors."""

    marks: dict[Mark, str]
    line: str
    left_out: str
    is_colored: bool = False

    def drawn(self, marks: Iterable[Mark]) -> str:
        """Return the characters for times of these kinds."""
        return "".join(self._run(mark, len(list(run))) for mark, run in groupby(marks))

    def _run(self, mark: Mark, count: int) -> str:
        text = self.marks[mark] * count
        return f"\x1b[{_COLORS[mark]}m{text}\x1b[0m" if self.is_colored and mark in _COLORS else text


UNICODE: Final = Pen(
    {"BUSY-UNAVAILABLE": " ", "FREE": "░", "BUSY": "█", "BUSY-TENTATIVE": "▒", "start": "●", "skipped": "×"}, "│", "⋮"
)
ASCII: Final = Pen(
    {"BUSY-UNAVAILABLE": " ", "FREE": ".", "BUSY": "#", "BUSY-TENTATIVE": "?", "start": "o", "skipped": "x"}, "|", ":"
)


def pen_for(stream: TextIO, environment: Mapping[str, str]) -> Pen:
    """Return the pen for a stream: what it can encode, in colors where it is a terminal whose user allows them."""
    try:
        "".join((*UNICODE.marks.values(), UNICODE.line, UNICODE.left_out)).encode(stream.encoding or "ascii")
        pen = UNICODE
    except (UnicodeEncodeError, LookupError):
        pen = ASCII
    is_colored = stream.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    return attrs.evolve(pen, is_colored=is_colored)


def drawing(week: Week, lesson: str, pen: Pen) -> Iterator[str]:
    """Yield the lines of a week; `lesson` says what can be booked at the starts, such as "60 minutes".

    What people wrote does nothing to a terminal; only the pen's own colors do.
    """
    rows = list(_kept(week))
    if not rows:
        yield "nothing in these days"
        return
    size = _ALONE if len(week.lanes) == 1 else _TOGETHER
    margin = max(
        (len(text) for each in week.margins for text in (_fitted(each.name), since(each, week.zone))), default=0
    )
    sheet = _Sheet(week, pen, size, max(len(label(row)) for row in week.rows), max(margin, _CLOCK))
    yield from (line.rstrip() for line in (*sheet.heads(), *map(sheet.line, rows)))
    yield ""
    yield from _legend(week, size, lesson, pen)


def _kept(week: Week) -> Iterator[Row | None]:
    """Yield the rows in which there is something, and a few without between them; None stands for more of those."""
    runs = [(is_quiet, list(run)) for is_quiet, run in groupby(week.rows, week.is_quiet)]
    for index, (is_quiet, run) in enumerate(runs):
        if not is_quiet:
            yield from run
        elif 0 < index < len(runs) - 1:
            yield from run if len(run) <= _LONGEST_GAP else [None]


@attrs.frozen
class _Sheet:
    """How wide everything is that is drawn."""

    week: Week
    pen: Pen
    size: int
    label: int
    margin: int

    def heads(self) -> Iterator[str]:
        """Yield the lines above the columns: the days, and whose clock stands in each margin since when."""
        wide = len(self.week.lanes) * (self.size + 1)
        days = "".join(f"{f'{day:%a} {day.day}':{wide}}" for day in self.week.days)
        lead = " " * (self.label + 3)
        yield lead + days + self._beside(_fitted(margin.name) for margin in self.week.margins)
        if any(margin.since is not None for margin in self.week.margins):
            yield (lead + " " * len(days) + self._beside(since(margin, self.week.zone) for margin in self.week.margins))

    def line(self, row: Row | None) -> str:
        """Return what is drawn of a row, or of rows that are left out."""
        if row is None:
            return f" {self.pen.left_out:>{self.label}}"
        days = map(self._column, row.cells, row.skipped)
        margins = self._beside(other_clock(row, margin) for margin in self.week.margins)
        return f" {label(row):>{self.label}} {self.pen.line}{self.pen.line.join(days)}{self.pen.line}{margins}"

    def _column(self, cell: Cell | None, skipped: Sequence[Span]) -> str:
        lanes = enumerate(self.week.lanes)
        return " ".join(self.pen.drawn(self._marks(cell, skipped, lane, index == 0)) for index, lane in lanes)

    def _marks(self, cell: Cell | None, skipped: Sequence[Span], lane: Lane, has_starts: bool) -> Iterator[Mark]:
        step = ROW // self.size
        for into in range(0, ROW, step):
            span = None if cell is None else cell.part(into, into + step)
            if span is None:
                is_skipped = any(first <= into < last for first, last in skipped)
                yield "skipped" if is_skipped else "BUSY-UNAVAILABLE"
            elif has_starts and self.week.starts_in(*span):
                yield "start"
            else:
                yield lane.kind_in(*span) or "BUSY-UNAVAILABLE"

    def _beside(self, texts: Iterable[str]) -> str:
        return "".join(f"  {text:{self.margin}}" for text in texts)


def _fitted(name: str) -> str:
    """A name that is no wider than a margin."""
    shown = seen(name)
    return shown if len(shown) <= _LONGEST_NAME else shown[: _LONGEST_NAME - 3] + "..."


def _legend(week: Week, size: int, lesson: str, pen: Pen) -> Iterator[str]:
    columns = "; ".join(filter(None, (f"a character {ROW // size // _MINUTE} minutes", order(week))))
    yield from folded(f"A line is half an hour, {columns}.", "")
    meanings: list[tuple[Mark, str]] = [("start", starts_meaning(lesson)), *MEANINGS.items()]
    yield "   ".join(f"{pen.drawn((mark,))} {text}" for mark, text in meanings)
