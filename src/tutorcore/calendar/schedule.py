"""The schedule: when a tutor teaches, in her own wall time, and what she asks of a booking.

A window is a stretch of the wall clock that begins on one date and may run past its midnight. Weekly rules open windows
on a weekday, overrides replace the windows that *start* on one date, blackouts close whole local days (whatever
spills over into them too), and zone periods say where the tutor's clock hangs. Nothing here is an instant except the
moments at which she moves: `tutorcore.calendar.windows` turns wall time into instants, `tutorcore.calendar.slots`
turns those into bookable starts.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, Literal, TypeAlias, get_args

import attrs

from tutorcore.calendar.zones import zone_names
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import MICROSECOND, Instant, instant

Weekday: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Anchor: TypeAlias = Literal["wall", "window", "free"]

WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)
ANCHORS: Final[tuple[Anchor, ...]] = get_args(Anchor)

DAY_MINUTES: Final = 24 * 60

_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_UNITS: Final = (
    ("day", _DAY),
    ("hour", timedelta(hours=1)),
    ("minute", _MINUTE),
    ("second", timedelta(seconds=1)),
    ("microsecond", MICROSECOND),
)
_CLOCK: Final = re.compile(r"([0-9]{2}):([0-9]{2})", re.ASCII)

MOST_NOTICE: Final = timedelta(days=366)
MOST_HORIZON: Final = timedelta(days=732)
MOST_BUFFER: Final = _DAY
MOST_STEP: Final = _DAY
MOST_LESSONS: Final = 10_000


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

    The end is not part of it. An end past 1440 lies on the next date; no window is longer than a day.

    >>> str(Window.of("22:00", "02:00"))
    '22:00-02:00'
    >>> Window.of("18:00", "24:00") == Window(18 * 60, 24 * 60)
    True
    """

    start: int = attrs.field()
    end: int = attrs.field()

    @start.validator
    def _check_start(self, _: object, value: object) -> None:
        _check_whole(value, "window start", 0, DAY_MINUTES - 1, "minutes")

    @end.validator
    def _check_end(self, _: object, value: object) -> None:
        _check_whole(value, "window end", self.start + 1, self.start + DAY_MINUTES, "minutes")

    @classmethod
    def of(cls, start: str, end: str) -> Window:
        """Return the window from one wall time to another; one that does not end later the same day runs past midnight.

        The end may be "24:00". Equal times make a window of 24 hours.
        """
        first, last = _minutes(start, "window start"), _minutes(end, "window end")
        if first == DAY_MINUTES:
            raise InvalidValue("window start", start, "a wall time from 00:00 to 23:59")
        return cls(first, last if last > first else last + DAY_MINUTES)

    def __str__(self) -> str:
        end = self.end if self.end <= DAY_MINUTES else self.end - DAY_MINUTES
        return f"{_clock(self.start)}-{_clock(end)}"


@attrs.frozen
class WeeklyRule:
    """A window on every date that is a given weekday, from local date `since` up to, not including, `until`."""

    weekday: Weekday = attrs.field()
    window: Window = attrs.field()
    since: date | None = attrs.field(default=None)
    until: date | None = attrs.field(default=None)

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


@attrs.frozen
class Override:
    """The windows that start on one date, instead of those the weekly rules say; none at all closes the date.

    What spills over from the date before stays.
    """

    day: date = attrs.field()
    windows: tuple[Window, ...] = attrs.field()

    @day.validator
    def _check_day(self, _: object, value: object) -> None:
        check_date(value, "day of an override")

    @windows.validator
    def _check_windows(self, _: object, value: object) -> None:
        _check_all(value, "windows of an override", Window)


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
        _check_zone(value)


@attrs.frozen(kw_only=True)
class Booking:
    """What a tutor asks of a booking, beyond her hours.

    * `notice`: the least elapsed time from now to the start.
    * `horizon`: starts lie before now + horizon; with `horizon_to_day_end`, before the end of that local day.
    * `before`, `after`: the buffers of a new lesson. Between two lessons lies the longer of the first one's `after`
      and the second one's `before`, not their sum.
    * `step`, `anchor`: the grid of starts, counted from local midnight by the wall clock ("wall"), or from the start
      of the hours available ("window") or of the free gap ("free") by elapsed time.
    * `most_per_day`, `most_per_week`: how many lessons may start on one local day, and in one local ISO week.
    """

    notice: timedelta = attrs.field(default=timedelta(0))
    horizon: timedelta | None = attrs.field(default=None)
    horizon_to_day_end: bool = attrs.field(default=False)
    before: timedelta = attrs.field(default=timedelta(0))
    after: timedelta = attrs.field(default=timedelta(0))
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
            _check_whole(value, field.name, 1, MOST_LESSONS, "lessons")


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
    zone_periods: tuple[ZonePeriod, ...] = attrs.field(default=(), kw_only=True)
    booking: Booking = attrs.field(default=Booking(), kw_only=True)

    @zone.validator
    def _check_zone(self, _: object, value: object) -> None:
        _check_zone(value)

    @rules.validator
    def _check_rules(self, _: object, value: object) -> None:
        _check_all(value, "rules", WeeklyRule)

    @overrides.validator
    def _check_overrides(self, _: object, value: tuple[Override, ...]) -> None:
        _check_all(value, "overrides", Override)
        seen: set[date] = set()
        for override in value:
            if override.day in seen:
                raise InvalidValue("override", override.day.isoformat(), "one override for each date")
            seen.add(override.day)

    @blackouts.validator
    def _check_blackouts(self, _: object, value: object) -> None:
        _check_all(value, "blackouts", Blackout)

    @zone_periods.validator
    def _check_zone_periods(self, _: object, value: tuple[ZonePeriod, ...]) -> None:
        _check_all(value, "zone_periods", ZonePeriod)
        for earlier, later in pairwise(value):
            if later.since <= earlier.since:
                raise InvalidValue(
                    "zone period", later.since.isoformat(), f"an instant after {earlier.since.isoformat()}"
                )

    @booking.validator
    def _check_booking(self, _: object, value: object) -> None:
        if not isinstance(value, Booking):
            raise InvalidType("booking", value, "a Booking")


def _check_all(value: object, what: str, kind: type[object]) -> None:
    if not isinstance(value, tuple) or not all(isinstance(member, kind) for member in value):
        raise InvalidType(what, value, f"a tuple of {kind.__name__}")


def _check_zone(value: object) -> None:
    if not isinstance(value, str):
        raise InvalidType("time zone", value, "the name of a zone, such as Europe/Berlin")
    if value not in zone_names():
        raise UnknownName("time zone", value, zone_names())


def _check_whole(value: object, what: str, least: int, most: int, unit: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidType(what, value, f"a whole number of {unit}")
    if not least <= value <= most:
        raise InvalidValue(what, value, f"{least} to {most} {unit}")


def _minutes(text: object, what: str) -> int:
    expected = "a wall time such as 09:30, or 24:00 for the end of the day"
    if not isinstance(text, str):
        raise InvalidType(what, text, expected)
    found = _CLOCK.fullmatch(text)
    minutes = int(found[1]) * 60 + int(found[2]) if found else DAY_MINUTES + 1
    if found is None or int(found[2]) > 59 or minutes > DAY_MINUTES:
        raise InvalidValue(what, text, expected)
    return minutes


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
