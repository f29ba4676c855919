"""A week drawn as an SVG image, which stands alone and loads nothing.

It says what it shows in words as well: at the top whose clocks those are, when now is and when clocks are set; a title
and a description for those who do not see it; and a text for every stretch and start that is pointed at. Kinds of time
differ in pattern besides color. Whatever people wrote is escaped, and there are no scripts, links or outside files.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

import attrs

from tutorcore.calendar.agendas.free_busy import FreeBusyKind
from tutorcore.calendar.zones.wall_time import to_local
from tutorcore.cli.answer import seen
from tutorcore.cli.lines import clock, folded, moment
from tutorcore.cli.week import ROW, Lane, Row, Week
from tutorcore.cli.week_words import MEANINGS, label, order, other_clock, since, starts_meaning
from tutorcore.instants import from_micros

_HALF_HOUR: Final = 16
_ALONE: Final = 120
_TOGETHER: Final = 84
_LABEL: Final = 124
_MARGIN: Final = 124
_TOP: Final = 78
_LINE: Final = 15
_LEGEND: Final = 44
_PAD: Final = 12
_MARK: Final = 20
# The most that a character takes on the average, in any of the fonts that a sans-serif may be.
_CHARACTER: Final = 7.6
_SMALL: Final = 6.4
_HOUR: Final = 2 * ROW
# XML holds none of these, not even escaped.
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CLASSES: Final[dict[FreeBusyKind, str]] = {"FREE": "free", "BUSY": "busy", "BUSY-TENTATIVE": "tentative"}
_STYLE: Final = """\
text { font: 12px sans-serif; fill: #222 }
.small { font-size: 10px }
.paper { fill: #fff }
.line { stroke: #ccc; stroke-width: 0.5 }
.frame { fill: none; stroke: #888 }
.free { fill: #cfe8d4; stroke: #5a9a6a; stroke-width: 0.5 }
.busy { fill: url(#busy); stroke: #8a3b2e; stroke-width: 0.5 }
.tentative { fill: url(#tentative); stroke: #8a6d1f; stroke-width: 0.5 }
.skipped { fill: url(#skipped) }
.start { fill: #0b5d1e; stroke: #fff; stroke-width: 0.5 }"""
_PATTERNS: Final = """\
<pattern id="busy" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">\
<rect width="6" height="6" fill="#e9a79b"/><line y2="6" stroke="#8a3b2e" stroke-width="2"/></pattern>
<pattern id="tentative" width="6" height="6" patternUnits="userSpaceOnUse">\
<rect width="6" height="6" fill="#f6e3ac"/><circle cx="3" cy="3" r="1.2" fill="#8a6d1f"/></pattern>
<pattern id="skipped" width="8" height="8" patternUnits="userSpaceOnUse">\
<rect width="8" height="8" fill="#eee"/><path d="M0 0 L8 8 M8 0 L0 8" stroke="#999" stroke-width="0.7"/></pattern>"""


def svg(week: Week, title: str, lesson: str, told: Sequence[str]) -> str:
    """Return the image of a week; `lesson` is what can be booked, such as "60 minutes", `told` what to say besides."""
    return "".join(f"{line}\n" for line in _Sheet.of(week, title, lesson, told).lines())


class _Box(NamedTuple):
    """A stretch as it is drawn: from `top` to `bottom`, in microseconds down the column, and when that is."""

    top: int
    bottom: int
    start: int
    end: int
    kind: FreeBusyKind


@attrs.frozen
class _Sheet:
    week: Week
    rows: tuple[Row, ...]
    title: str
    lesson: str
    told: Sequence[str]

    @classmethod
    def of(cls, week: Week, title: str, lesson: str, told: Sequence[str]) -> _Sheet:
        busy = [index for index, row in enumerate(week.rows) if not week.is_quiet(row)]
        rows = week.rows[busy[0] : busy[-1] + 1] if busy else ()
        return cls(week, rows, title, lesson, told)

    @property
    def lane(self) -> int:
        return _ALONE if len(self.week.lanes) == 1 else _TOGETHER

    @property
    def column(self) -> int:
        return len(self.week.lanes) * self.lane

    @property
    def right(self) -> int:
        return _LABEL + len(self.week.days) * self.column

    @property
    def bottom(self) -> int:
        return _TOP + len(self.rows) * _HALF_HOUR

    def lines(self) -> Iterator[str]:
        heads = [line for told in filter(None, (*self.told, order(self.week))) for line in folded(told, "", "  ")]
        down = len(heads) * _LINE
        wide, high = self.right + len(self.week.margins) * _MARGIN + _PAD, down + self.bottom + _LEGEND
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" '
            'role="img" aria-labelledby="title description">'
        )
        yield f'<title id="title">{_xml(self.title)}</title>'
        yield f'<desc id="description">{_xml(" ".join((*self._summary(), *(f"{line}." for line in self.told))))}</desc>'
        yield f"<style>{_STYLE}</style>"
        yield f"<defs>{_PATTERNS}</defs>"
        yield f'<rect class="paper" width="{wide}" height="{high}"/>'
        yield _text(_PAD, 20, self.title)
        for number, line in enumerate(heads, 1):
            yield _text(_PAD, 22 + number * _LINE, line, "small")
        yield f'<g transform="translate(0 {down})">'
        yield from self._heads()
        yield from self._grid()
        for index in range(len(self.week.days)):
            yield from self._day(index)
        yield from self._legend()
        yield "</g>"
        yield "</svg>"

    def _summary(self) -> Iterator[str]:
        """Say how many starts each day has."""
        counts = Counter(to_local(from_micros(start), self.week.zone).date() for start in self.week.starts)
        for day in self.week.days:
            count = counts[day]
            yield f"{day:%A} {day}: {count} start{'' if count == 1 else 's'}."

    def _heads(self) -> Iterator[str]:
        for index, day in enumerate(self.week.days):
            left = _LABEL + index * self.column
            yield _text(left + 4, _TOP - 24, f"{day:%a} {day}")
            if len(self.week.lanes) > 1:
                for number, lane in enumerate(self.week.lanes):
                    yield _text(left + number * self.lane + 4, _TOP - 8, _short(lane.name, self.lane), "small")
        yield _text(_PAD, _TOP - 24, _short(self.week.zone, _LABEL - _PAD), "small")
        for number, margin in enumerate(self.week.margins):
            left = self.right + number * _MARGIN + 8
            yield _text(left, _TOP - 24, _short(margin.name, _MARGIN - 8), "small")
            if margin.since is not None:
                yield _text(left, _TOP - 8, since(margin, self.week.zone), "small")

    def _grid(self) -> Iterator[str]:
        """Yield a line for every hour, with what the clocks show."""
        for number, row in enumerate(self.rows):
            if row.wall % _HOUR and row.offset is None:
                continue
            y = _TOP + number * _HALF_HOUR
            yield f'<line class="line" x1="{_LABEL}" y1="{y}" x2="{self.right}" y2="{y}"/>'
            yield _text(_PAD, y + 12, label(row), "small")
            for index, margin in enumerate(self.week.margins):
                yield _text(self.right + index * _MARGIN + 8, y + 12, other_clock(row, margin), "small")

    def _day(self, index: int) -> Iterator[str]:
        left = _LABEL + index * self.column
        for number, row in enumerate(self.rows):
            for first, last in row.skipped[index]:
                top, bottom = number * ROW + first, number * ROW + last
                yield _rect("skipped", left, self.column, top, bottom, MEANINGS["skipped"])
        for number, lane in enumerate(self.week.lanes):
            for box in _boxes(self._found(index, lane)):
                said = f"{lane.name}, {MEANINGS[box.kind]}: {self._from_to(box.start, box.end)}"
                yield _rect(_CLASSES[box.kind], left + number * self.lane + 2, self.lane - 4, box.top, box.bottom, said)
        yield from self._starts(index, left)
        high = len(self.rows) * _HALF_HOUR
        yield f'<rect class="frame" x="{left}" y="{_TOP}" width="{self.column}" height="{high}"/>'

    def _found(self, index: int, lane: Lane) -> Iterator[_Box]:
        for number, row in enumerate(self.rows):
            cell = row.cells[index]
            if cell is None:
                continue
            down = number * ROW + cell.into - cell.start
            for stretch in lane.meeting(cell.start, cell.end):
                start, end = max(stretch.start, cell.start), min(stretch.end, cell.end)
                yield _Box(down + start, down + end, start, end, stretch.kind)

    def _starts(self, index: int, left: int) -> Iterator[str]:
        for number, row in enumerate(self.rows):
            cell = row.cells[index]
            for start in () if cell is None else self.week.starts_in(cell.start, cell.end):
                assert cell is not None  # There would be no start in it.
                y = _y(number * ROW + cell.into + start - cell.start)
                said = f"{starts_meaning(self.lesson)}: {moment(from_micros(start), self.week.zone)}"
                yield f'<path class="start" d="M{left + 3} {y} l10 4 l-10 4 z"><title>{_xml(said)}</title></path>'

    def _legend(self) -> Iterator[str]:
        x, y = _PAD, self.bottom + 18
        for name, meaning in self._meanings():
            yield f'<rect class="{name}" x="{x}" y="{y}" width="14" height="12"/>'
            yield _text(x + _MARK, y + 10, meaning)
            x += 2 * _MARK + math.ceil(len(meaning) * _CHARACTER)
        yield f'<path class="start" d="M{x} {y + 2} l10 4 l-10 4 z"/>'
        yield _text(x + _MARK, y + 10, starts_meaning(self.lesson))

    def _meanings(self) -> Iterator[tuple[str, str]]:
        """Yield what is drawn as which class, and what it means."""
        if any(any(row.skipped) for row in self.rows):
            yield "skipped", MEANINGS["skipped"]
        yield from ((name, MEANINGS[kind]) for kind, name in _CLASSES.items())

    def _from_to(self, start: int, end: int) -> str:
        until = to_local(from_micros(end), self.week.zone)
        return f"{moment(from_micros(start), self.week.zone)} to {clock(until)}"


def _boxes(found: Iterable[_Box]) -> Iterator[_Box]:
    """Yield the parts of stretches with those as one that touch, in time and where they are drawn."""
    last: _Box | None = None
    for box in found:
        if last is not None and (last.bottom, last.end, last.kind) == (box.top, box.start, box.kind):
            last = last._replace(bottom=box.bottom, end=box.end)
            continue
        if last is not None:
            yield last
        last = box
    if last is not None:
        yield last


def _rect(name: str, left: int, wide: int, top: int, bottom: int, said: str) -> str:
    y, high = _y(top), f"{(bottom - top) * _HALF_HOUR / ROW:g}"
    return f'<rect class="{name}" x="{left}" y="{y}" width="{wide}" height="{high}"><title>{_xml(said)}</title></rect>'


def _y(down: int) -> str:
    return f"{_TOP + down * _HALF_HOUR / ROW:g}"


def _text(x: int, y: int, text: str, name: str = "") -> str:
    attribute = f' class="{name}"' if name else ""
    return f'<text x="{x}" y="{y}"{attribute}>{_xml(text)}</text>'


def _short(name: str, wide: int) -> str:
    """As much of a name as there is room for in small letters, and a gap behind it."""
    most = int((wide - 8) / _SMALL)
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _xml(text: str) -> str:
    """What people wrote as XML can hold it, and without what would turn a line around."""
    return escape(_NO_XML.sub("\ufffd", seen(text)))
