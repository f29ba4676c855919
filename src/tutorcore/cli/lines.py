"""Lines of plain text, 100 columns wide: headings, folded text, instants, lengths of time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from textwrap import wrap
from typing import Final

from tutorcore.calendar.zones.wall_time import to_local
from tutorcore.cli.answer import seen
from tutorcore.instants import Instant

WIDTH: Final = 100
_HARD_SPACE: Final = "\N{NO-BREAK SPACE}"
_BLANKS: Final = str.maketrans("\t\n\v\f\r", " " * 5)
_INSTANT: Final = re.compile(r"[A-Z][a-z]{2} [0-9-]{10} [0-9:.]+Z")


def section(title: str) -> Iterator[str]:
    """Yield the heading of a section, after an empty line."""
    yield ""
    yield title
    yield "-" * len(title)


def folded(text: str, first: str, rest: str | None = None) -> Iterable[str]:
    """Return the text as lines within the width; an instant is not torn apart, and no text is one empty line."""
    shown = seen(text.translate(_BLANKS))  # Before it is measured.
    whole = _INSTANT.sub(lambda found: found[0].replace(" ", _HARD_SPACE), shown)
    indent = first if rest is None else rest
    lines = wrap(
        whole, WIDTH, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    ) or [first]
    return (line.replace(_HARD_SPACE, " ") for line in lines)


def utc(at: Instant) -> str:
    """Return an instant in UTC, with its weekday."""
    return f"{at:%a} {at.replace(tzinfo=None).isoformat(' ')}Z"


def wall(at: Instant, zone: str) -> str:
    """Return what clocks in a zone show at an instant, with their offset as a number."""
    local = to_local(at, zone)
    return f"{local:%a} {local.replace(tzinfo=None).isoformat(' ')} {local.isoformat()[-6:]}"


def moment(at: Instant, zone: str) -> str:
    """Return what clocks in a zone show at an instant, with their offset, to the minute where it is one."""
    local = to_local(at, zone)
    return f"{local:%a} {local.date()} {clock(local)}"


def clock(local: datetime) -> str:
    """Return the time of day with its offset, to the minute where it is one."""
    shown = local.time().isoformat()
    return f"{shown.removesuffix(':00')} {local.timetz().isoformat()[len(shown) :]}"


def span(span: timedelta) -> str:
    """Return a length of time in hours, minutes and seconds, exact."""
    seconds, micros = divmod(span, timedelta(seconds=1))
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    parts = [f"{count}{unit}" for count, unit in ((hours, "h"), (minute, "m"), (second, "s")) if count]
    if micros:
        parts.append(f"{micros // timedelta(microseconds=1)}us")
    return " ".join(parts) or "0s"
