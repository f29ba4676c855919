"""The schedule: when a tutor teaches, in her own wall time, and what she asks of a booking.

A window is a stretch of the wall clock that begins on one date and may run past its midnight. Weekly rules open windows
on a weekday, overrides replace the windows that *start* on one date, holidays take away those that rules would start,
blackouts close whole local days (whatever spills over into them too), and zone periods say where the tutor's clock
hangs. So a blackout outweighs an override, that a holiday, and that the weekly rules.

Rules and overrides may be given by the clock of another zone: then their dates are those of that clock, which no move
of the tutor touches. Blackouts are always days of her own clock.

Nothing here is an instant except the moments at which she moves: `tutorcore.calendar.schedules.hours` turns wall time
into instants, `tutorcore.calendar.agendas.slots` turns those into bookable starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta
from itertools import pairwise
from typing import Final, Literal, TypeAlias, get_args

import attrs

from tutorcore.calendar.schedules.holidays import day_rule
from tutorcore.calendar.weekdays import WEEKDAYS as WEEKDAYS
from tutorcore.calendar.weekdays import Weekday as Weekday
from tutorcore.calendar.zones.databases import check_zone
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import MICROSECOND, Instant, instant

Anchor: TypeAlias = Literal["wall", "window", "free"]
Buffers: TypeAlias = Literal["longer", "sum"]

ANCHORS: Final[tuple[Anchor, ...]] = get_args(Anchor)
BUFFERS: Final[tuple[Buffers, ...]] = get_args(Buffers)

DAY_MINUTES: Final = 24 * 60
LONGEST_NIGHT: Final = 12 * 60
"""How many minutes a window that runs past midnight may have before its text must say that it does."""

_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_UNITS: Final = (
    ("day", _DAY),
    ("hour", timedelta(hours=1)),
    ("minute", _MINUTE),
    ("second", timedelta(seconds=1)),
    ("microsecond", MICROSECOND),
)
_CLOCK: Final = re.compile(r"([0-9]{2}):([0-9]{2})(\+1)?")

MOST_NOTICE: Final = timedelta(days=366)
MOST_HORIZON: Final = timedelta(days=732)
MOST_BUFFER: Final = _DAY
MOST_STEP: Final = _DAY
MOST_CAP: Final = 10_000

MOST_RULES: Final = 10_000
MOST_OVERRIDES: Final = 10_000
MOST_BLACKOUTS: Final = 10_000
MOST_HOLIDAYS: Final = 1_000
MOST_MOVES: Final = 100
MOST_WINDOWS: Final = DAY_MINUTES
"""How many windows may start on one date by an override; the five above are about a whole schedule."""


def check_date(value: object, what: str) -> None:
    """Raise `InvalidType` unless `value` is a date without a time."""
    if isinstance(value, datetime) or not isinstance(value, date):
        raise InvalidType(what, value, "a date without a time")


def check_span(value: object, what: str, least: timedelta, most: timedelta) -> None:
    """Raise `InvalidType` or `InvalidValue` unless `value` is a timedelta from `least` to `most`, both included."""
    if not isinstance(value, timedelta):
        raise InvalidType(what, value, "a timedelta")
    if not least <= value <= most:
        raise InvalidValue(what, str(value), f"{spelled(least)} to {spelled(most)}")


def check_count(value: object, what: str, least: int, most: int, unit: str = "") -> None:
    """Raise `InvalidType` or `InvalidValue` unless `value` is a whole number from `least` to `most`, both included."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidType(what, value, f"a whole number of {unit}" if unit else "a whole number")
    if not least <= value <= most:
        raise InvalidValue(what, value, f"{least} to {most} {unit}".rstrip())


def check_name(value: object, what: str) -> None:
    """Raise `InvalidType` unless `value` is a text, or `InvalidValue` if it is empty."""
    if not isinstance(value, str):
        raise InvalidType(what, value, "a text")
    if not value:
        raise InvalidValue(what, value, "a text that is not empty")


def spelled(span: timedelta) -> str:
    """Return a timedelta in exact words.

    >>> spelled(timedelta(days=1, minutes=30))
    '1 day 30 minutes'
    """
    left, parts = span, []
    for name, unit in _UNITS:
        count, left = divmod(left, unit)
        if count:
            parts.append(f"{count} {name}{'s' if count > 1 else ''}")
    return " ".join(parts) or "nothing"


@attrs.frozen
class Window:
    """A stretch of the wall clock, in minutes from the midnight of the date it starts on.

    The end is not part of it. An end past 1440 lies on the next date; no window is longer than a day. Its text marks
    such an end with "+1" where the window is longer than 12 hours, so that nobody takes it for a mistake.

    >>> str(Window.of("22:00", "02:00")), str(Window.of("18:00", "09:00+1"))
    ('22:00-02:00', '18:00-09:00+1')
    >>> Window.of("18:00", "24:00") == Window(18 * 60, 24 * 60)
    True
    """

    start: int = attrs.field()
    end: int = attrs.field()

    @start.validator
    def _check_start(self, _: object, value: object) -> None:
        check_count(value, "window start", 0, DAY_MINUTES - 1, "minutes")

    @end.validator
    def _check_end(self, _: object, value: object) -> None:
        check_count(value, "window end", self.start + 1, self.start + DAY_MINUTES, "minutes")

    @classmethod
    def of(cls, start: str, end: str) -> Window:
        """Return the window from one wall time to another, as it is written in files.

        The end may be "24:00", and "09:00+1" says that it lies on the next date. So does an end that is earlier than
        the start, unless the window is longer than 12 hours: then, and for equal times, `InvalidValue` asks for "+1".
        """
        window = cls.between(start, end)
        slip = window.slip_in(start, end)
        if slip is not None:
            raise InvalidValue("window", f"{start}-{end}", slip)
        return window

    @classmethod
    def between(cls, start: str, end: str) -> Window:
        """Return the window from one wall time to when clocks next show the other, however long that is.

        For texts that are kept: what people write is read by `of`, for they may have slipped.
        """
        first, last = _minutes(start, "window start"), _minutes(end, "window end")
        if first >= DAY_MINUTES:
            raise InvalidValue("window start", start, "a wall time from 00:00 to 23:59")
        if last <= first:
            last += DAY_MINUTES
        if last > first + DAY_MINUTES:
            raise InvalidValue("window end", end, f"{start}+1 or earlier, for no window is longer than a day")
        return cls(first, last)

    @property
    def is_long_night(self) -> bool:
        """Whether it runs past midnight and is longer than `LONGEST_NIGHT`."""
        return self.end > DAY_MINUTES and self.end - self.start > LONGEST_NIGHT

    def slip_in(self, start: str, end: str) -> str | None:
        """Return what was to be expected instead of two wall times that hardly mean this window; None if they do."""
        if start == end:
            return f"an end later than the start, for this window is empty; {str(self)!r} has 24 hours"
        if self.is_long_night and not end.endswith("+1"):
            return "an end later than the start, or one with +1 that lies on the next day"
        return None

    def __str__(self) -> str:
        end = self.end if self.end <= DAY_MINUTES else self.end - DAY_MINUTES
        return f"{_clock(self.start)}-{_clock(end)}{'+1' if self.is_long_night else ''}"


@attrs.frozen
class WeeklyRule:
    """A window on every date that is a given weekday, from local date `since` up to, not including, `until`.

    All of it goes by the clock of `zone`; None is the tutor's own, wherever she moves.
    """

    weekday: Weekday = attrs.field()
    window: Window = attrs.field()
    since: date | None = attrs.field(default=None)
    until: date | None = attrs.field(default=None)
    zone: str | None = attrs.field(default=None)

    @weekday.validator
    def _check_weekday(self, _: object, value: object) -> None:
        if value not in WEEKDAYS:
            raise UnknownName("weekday", value, WEEKDAYS)

    @window.validator
    def _check_window(self, _: object, value: object) -> None:
        if not isinstance(value, Window):
            raise InvalidType("window", value, "a Window")

    @since.validator
    def _check_since(self, _: object, value: object) -> None:
        if value is not None:
            check_date(value, "since")

    @until.validator
    def _check_until(self, _: object, value: date | None) -> None:
        if value is None:
            return
        check_date(value, "until")
        if self.since is not None and value <= self.since:
            raise InvalidValue("until", value.isoformat(), f"a date after since, {self.since.isoformat()}")

    @zone.validator
    def _check_zone(self, _: object, value: object) -> None:
        if value is not None:
            check_zone(value)


@attrs.frozen
class Override:
    """The windows that start on one date, instead of those the weekly rules say; none at all closes the date.

    Each rule loses the windows that it would start on that date by its own clock; those of the override start on it
    by the clock of `zone`, or the tutor's own. What spills over from the date before stays.
    """

    day: date = attrs.field()
    windows: tuple[Window, ...] = attrs.field()
    zone: str | None = attrs.field(default=None)

    @day.validator
    def _check_day(self, _: object, value: object) -> None:
        check_date(value, "day of an override")

    @windows.validator
    def _check_windows(self, _: object, value: object) -> None:
        _check_all(value, "windows of an override", Window, MOST_WINDOWS)

    @zone.validator
    def _check_zone(self, _: object, value: object) -> None:
        if value is not None:
            check_zone(value)


@attrs.frozen
class Holiday:
    """A day of that name, on whose dates weekly rules start nothing; an override for such a date counts all the same.

    `day` says when it falls, as `tutorcore.calendar.schedules.holidays` knows days: "2026-12-24", "12-25", "easter+1",
    "4th thursday of november". The dates are those of each rule's own clock, and what spills over into them stays.

    >>> Holiday("easter+1", "Easter Monday").in_year(2026)
    datetime.date(2026, 4, 6)
    """

    day: str = attrs.field()
    name: str = attrs.field()

    @day.validator
    def _check_day(self, _: object, value: str) -> None:
        day_rule(value)

    @name.validator
    def _check_name(self, _: object, value: object) -> None:
        check_name(value, "name of a holiday")

    def in_year(self, year: int) -> date | None:
        """Return the date on which it falls in a year from 1 to 9999, or None where it does not."""
        check_count(year, "year", MINYEAR, MAXYEAR, "of the calendar")
        return day_rule(self.day)(year)


@attrs.frozen
class Blackout:
    """Whole local days on which nothing can be booked, both ends included; `note` says why, for the tutor herself."""

    first: date = attrs.field()
    last: date = attrs.field()
    note: str = attrs.field(default="")

    @first.validator
    def _check_first(self, _: object, value: object) -> None:
        check_date(value, "first day of a blackout")

    @last.validator
    def _check_last(self, _: object, value: date) -> None:
        check_date(value, "last day of a blackout")
        if value < self.first:
            raise InvalidValue("last day of a blackout", value.isoformat(), f"{self.first.isoformat()} or later")

    @note.validator
    def _check_note(self, _: object, value: object) -> None:
        if not isinstance(value, str):
            raise InvalidType("note of a blackout", value, "a text")


def _moved_at(value: Instant | str) -> Instant:
    return instant(value, "since of a zone period")


@attrs.frozen
class ZonePeriod:
    """The tutor moves: from that instant on, her wall time is that of `zone`. What is booked keeps its instant."""

    since: Instant = attrs.field(converter=_moved_at)
    zone: str = attrs.field()

    @zone.validator
    def _check_zone(self, _: object, value: object) -> None:
        check_zone(value)


@attrs.frozen(kw_only=True)
class Booking:
    """What a tutor asks of a booking, beyond her hours.

    * `notice`: the least elapsed time from now to the start.
    * `horizon`: starts lie before now + horizon; with `horizon_to_day_end`, before the end of that local day.
    * `before`, `after`: the buffers of a new lesson. Between two lessons lies the longer of the first one's `after`
      and the second one's `before`, or with `buffers` "sum" both, one after the other.
    * `step`, `anchor`: the grid of starts, counted from local midnight by the wall clock ("wall"), or from the start
      of the hours available ("window") or of the free gap ("free") by elapsed time.
    * `most_per_day`, `most_per_week`: how many lessons may start on one local day, and in one local ISO week.
    """

    notice: timedelta = attrs.field(default=timedelta(0))
    horizon: timedelta | None = attrs.field(default=None)
    horizon_to_day_end: bool = attrs.field(default=False)
    before: timedelta = attrs.field(default=timedelta(0))
    after: timedelta = attrs.field(default=timedelta(0))
    buffers: Buffers = attrs.field(default="longer")
    step: timedelta = attrs.field(default=timedelta(minutes=30))
    anchor: Anchor = attrs.field(default="wall")
    most_per_day: int | None = attrs.field(default=None)
    most_per_week: int | None = attrs.field(default=None)

    @notice.validator
    def _check_notice(self, _: object, value: object) -> None:
        check_span(value, "notice", timedelta(0), MOST_NOTICE)

    @horizon.validator
    def _check_horizon(self, _: object, value: object) -> None:
        if value is not None:
            check_span(value, "horizon", _MINUTE, MOST_HORIZON)

    @horizon_to_day_end.validator
    def _check_day_end(self, _: object, value: object) -> None:
        if not isinstance(value, bool):
            raise InvalidType("horizon_to_day_end", value, "True or False")
        if value and self.horizon is None:
            raise InvalidValue("horizon_to_day_end", value, "False where there is no horizon")

    @before.validator
    @after.validator
    def _check_buffer(self, field: attrs.Attribute[timedelta], value: object) -> None:
        check_span(value, f"buffer {field.name}", timedelta(0), MOST_BUFFER)

    @buffers.validator
    def _check_buffers(self, _: object, value: object) -> None:
        if value not in BUFFERS:
            raise UnknownName("buffers", value, BUFFERS)

    @step.validator
    def _check_step(self, _: object, value: timedelta) -> None:
        check_span(value, "step", _MINUTE, MOST_STEP)
        if value % _MINUTE:
            raise InvalidValue("step", str(value), "whole minutes")

    @anchor.validator
    def _check_anchor(self, _: object, value: object) -> None:
        if value not in ANCHORS:
            raise UnknownName("anchor", value, ANCHORS)

    @most_per_day.validator
    @most_per_week.validator
    def _check_cap(self, field: attrs.Attribute[int | None], value: object) -> None:
        if value is not None:
            check_count(value, field.name, 1, MOST_CAP, "lessons")


@attrs.frozen
class Schedule:
    """A tutor's schedule: her zone, her hours, and what she asks of a booking.

    >>> hours = Window.of("09:00", "17:00")
    >>> schedule = Schedule("Europe/Berlin", (WeeklyRule("monday", hours), WeeklyRule("tuesday", hours)))
    """

    zone: str = attrs.field()
    rules: tuple[WeeklyRule, ...] = attrs.field(default=())
    overrides: tuple[Override, ...] = attrs.field(default=(), kw_only=True)
    blackouts: tuple[Blackout, ...] = attrs.field(default=(), kw_only=True)
    holidays: tuple[Holiday, ...] = attrs.field(default=(), kw_only=True)
    zone_periods: tuple[ZonePeriod, ...] = attrs.field(default=(), kw_only=True)
    booking: Booking = attrs.field(default=Booking(), kw_only=True)

    @zone.validator
    def _check_zone(self, _: object, value: object) -> None:
        check_zone(value)

    @rules.validator
    def _check_rules(self, _: object, value: object) -> None:
        _check_all(value, "rules", WeeklyRule, MOST_RULES)

    @overrides.validator
    def _check_overrides(self, _: object, value: tuple[Override, ...]) -> None:
        _check_all(value, "overrides", Override, MOST_OVERRIDES)
        _check_once("override", (override.day.isoformat() for override in value), "one override for each date")

    @blackouts.validator
    def _check_blackouts(self, _: object, value: object) -> None:
        _check_all(value, "blackouts", Blackout, MOST_BLACKOUTS)

    @holidays.validator
    def _check_holidays(self, _: object, value: tuple[Holiday, ...]) -> None:
        _check_all(value, "holidays", Holiday, MOST_HOLIDAYS)
        _check_once("holiday", (holiday.day for holiday in value), "one name for each day")

    @zone_periods.validator
    def _check_zone_periods(self, _: object, value: tuple[ZonePeriod, ...]) -> None:
        _check_all(value, "zone_periods", ZonePeriod, MOST_MOVES)
        for earlier, later in pairwise(value):
            if later.since <= earlier.since:
                raise InvalidValue(
                    "zone period", later.since.isoformat(), f"an instant after {earlier.since.isoformat()}"
                )

    @booking.validator
    def _check_booking(self, _: object, value: object) -> None:
        if not isinstance(value, Booking):
            raise InvalidType("booking", value, "a Booking")


def _check_all(value: object, what: str, kind: type[object], most: int) -> None:
    if not isinstance(value, tuple) or not all(isinstance(member, kind) for member in value):
        raise InvalidType(what, value, f"a tuple of {kind.__name__}")
    if len(value) > most:
        raise InvalidValue(f"number of {what}", len(value), f"at most {most}")


def _check_once(what: str, names: Iterable[str], expected: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidValue(what, name, expected)
        seen.add(name)


def _minutes(text: object, what: str) -> int:
    expected = "a wall time such as 09:30, or 24:00 for the end of the day"
    if not isinstance(text, str):
        raise InvalidType(what, text, expected)
    found = _CLOCK.fullmatch(text)
    minutes = int(found[1]) * 60 + int(found[2]) if found else DAY_MINUTES + 1
    if found is None or int(found[2]) > 59 or minutes > DAY_MINUTES:
        raise InvalidValue(what, text, expected)
    return minutes + DAY_MINUTES if found[3] else minutes


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
