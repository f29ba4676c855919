"""The text of recurrence rules: the parts of RFC 5545 section 3.3.10, how their values are written and read.

Knows each part by itself: what it is called, which numbers it may have. Which parts may stand together, and what they
mean, is `tutorcore.calendar.recurrences.recurrence`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

from tutorcore.calendar.recurrences.expansion import FREQUENCIES
from tutorcore.calendar.weekdays import WEEKDAYS, Weekday
from tutorcore.errors import InvalidType, InvalidValue, UnknownName

MOST_TEXT: Final = 16_384
"""The longest text of a rule, in characters; every value of every part, once, takes less."""

MOST_COUNT: Final = 1_000_000_000
"""The highest COUNT and INTERVAL."""

MOST_NTH: Final = 53
"""The highest number of a weekday: a year has no more of any."""


class NthDay(NamedTuple):
    """A weekday: every one, or with `nth` that one of the month or year: 1 the first, -1 the last."""

    weekday: Weekday
    nth: int = 0


class NumberPart(NamedTuple):
    """A part that lists numbers: its name, which there are, and whether they may also be counted from the end."""

    name: str
    least: int
    most: int
    from_end: bool = False

    @property
    def expected(self) -> str:
        """What its numbers may be, in words."""
        numbers = f"{self.least} to {self.most}"
        return f"{numbers}, or -{self.most} to -{self.least}" if self.from_end else numbers


NUMBERS: Final[Mapping[str, NumberPart]] = {
    "by_month": NumberPart("BYMONTH", 1, 12),
    "by_week": NumberPart("BYWEEKNO", 1, 53, True),
    "by_year_day": NumberPart("BYYEARDAY", 1, 366, True),
    "by_month_day": NumberPart("BYMONTHDAY", 1, 31, True),
    "by_hour": NumberPart("BYHOUR", 0, 23),
    "by_minute": NumberPart("BYMINUTE", 0, 59),
    "by_second": NumberPart("BYSECOND", 0, 60),
    "by_position": NumberPart("BYSETPOS", 1, 366, True),
}
"""The parts that list numbers, by the name of the field that holds them."""

_PREFIX: Final = "RRULE:"
_DAYS: Final = dict(zip(("MO", "TU", "WE", "TH", "FR", "SA", "SU"), WEEKDAYS, strict=True))
_DAY_NAMES: Final = {weekday: name for name, weekday in _DAYS.items()}
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,10}", re.ASCII)
_NTH_DAY: Final = re.compile(r"([+-]?[0-9]{1,2})?([A-Z]{2})", re.ASCII)
_UNTIL: Final = re.compile(r"[0-9]{8}(T[0-9]{6}Z?)?", re.ASCII)


def read_rule(text: str) -> dict[str, object]:
    """Return what a rule's text says, by the name of the field, a leading `RRULE:` or none; strictly.

    Whether it is written in capitals does not matter, nor in which order.
    """
    if not isinstance(text, str):
        raise InvalidType("recurrence", text, "the text of a rule, such as FREQ=WEEKLY;COUNT=10")
    if len(text) > MOST_TEXT:
        raise InvalidValue("recurrence", f"{text[:40]}...", f"at most {MOST_TEXT:,} characters")
    rule = text.upper()
    found: dict[str, object] = {}
    for part in rule.removeprefix(_PREFIX).split(";"):
        name, equals, value = part.partition("=")
        if not equals:
            raise InvalidValue("part of the recurrence", part, "a name, = and a value, such as FREQ=WEEKLY")
        if name not in _PARTS:
            raise UnknownName("part of a recurrence", name, _PARTS)
        field, read = _PARTS[name]
        if field in found:
            raise InvalidValue(name, value, "to be given once")
        found[field] = read(name, value)
    if "frequency" not in found:
        raise InvalidValue("recurrence", text, "a FREQ, such as FREQ=WEEKLY")
    return found


def written_rule(fields: Mapping[str, object]) -> str:
    """Return the text that says what the fields of a rule hold, in the order of the RFC's own grammar."""
    return ";".join(f"{name}={value}" for name, value in _written(fields))


def _written(fields: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, (field, _) in _PARTS.items():
        match fields[field]:
            case None | ():
                continue
            case datetime() as moment:
                yield name, f"{moment:%Y%m%dT%H%M%S}".zfill(15) + ("Z" if moment.tzinfo is UTC else "")
            case date() as day:
                yield name, f"{day:%Y%m%d}".zfill(8)
            case str() as word:
                if field != "week_start" or word != "monday":
                    yield name, _DAY_NAMES.get(word, word.upper())  # type: ignore[call-overload]  # any word
            case tuple() as values:
                yield name, ",".join(_value(value) for value in values)
            case number:
                if field != "interval" or number != 1:
                    yield name, str(number)


def _value(value: object) -> str:
    return f"{value.nth or ''}{_DAY_NAMES[value.weekday]}" if isinstance(value, NthDay) else str(value)


def _frequency(name: str, value: str) -> str:
    if value.lower() not in FREQUENCIES:
        raise UnknownName("frequency", value, [word.upper() for word in FREQUENCIES])
    return value.lower()


def _weekday(name: str, value: str) -> Weekday:
    if value not in _DAYS:
        raise UnknownName("weekday", value, _DAYS)
    return _DAYS[value]


def _number(name: str, value: str) -> int:
    if not _NUMBER.fullmatch(value):
        raise InvalidValue(name, value, "a whole number of at most ten digits")
    return int(value)


def _numbers(name: str, value: str) -> tuple[int, ...]:
    return tuple(_number(name, one) for one in value.split(","))


def _nth_days(name: str, value: str) -> tuple[NthDay, ...]:
    return tuple(_nth_day(name, one) for one in value.split(","))


def _nth_day(name: str, value: str) -> NthDay:
    found = _NTH_DAY.fullmatch(value)
    if found is None or (found[1] is not None and int(found[1]) == 0):
        raise InvalidValue(name, value, "weekdays such as MO, or 1MO and -1MO for the first and the last Monday")
    return NthDay(_weekday(name, found[2]), int(found[1] or 0))


def _until(name: str, value: str) -> date:
    try:
        if not _UNTIL.fullmatch(value):
            raise ValueError
        moment = datetime.fromisoformat(value.removesuffix("Z"))
    except ValueError:
        raise InvalidValue(
            name, value, "a date or time such as 20261224, 20261224T180000 or 20261224T170000Z"
        ) from None
    if "T" not in value:
        return moment.date()
    return moment.replace(tzinfo=UTC) if value.endswith("Z") else moment


_Reader = Callable[[str, str], object]

_PARTS: Final[dict[str, tuple[str, _Reader]]] = {
    "FREQ": ("frequency", _frequency),
    "UNTIL": ("until", _until),
    "COUNT": ("count", _number),
    "INTERVAL": ("interval", _number),
    "BYSECOND": ("by_second", _numbers),
    "BYMINUTE": ("by_minute", _numbers),
    "BYHOUR": ("by_hour", _numbers),
    "BYDAY": ("by_day", _nth_days),
    "BYMONTHDAY": ("by_month_day", _numbers),
    "BYYEARDAY": ("by_year_day", _numbers),
    "BYWEEKNO": ("by_week", _numbers),
    "BYMONTH": ("by_month", _numbers),
    "BYSETPOS": ("by_position", _numbers),
    "WKST": ("week_start", _weekday),
}
"""Every part, the field that holds it, and how its value is read."""
