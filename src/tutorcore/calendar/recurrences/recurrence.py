"""Recurrences: rules such as "every second Tuesday, ten times", and the wall times they bring.

A `Recurrence` is a rule of RFC 5545 section 3.3.10 as a value: read from its text strictly, compared, written back in
one canonical form. It knows the wall clock only. Which instants its wall times are is the business of whoever knows a
zone; how dates are found is that of `tutorcore.calendar.recurrences.expansion`.

**The first occurrence** is DTSTART, always, whether the rule would bring it or not, and COUNT counts it: so says
RFC 5545 section 3.8.5.3, whose Friday the 13th has to exclude a DTSTART that is none. (dateutil leaves it out.) Only
a rule that ended before it began brings nothing at all.

**UNTIL** is the last moment that counts, itself included. A date stands for the whole of that day. A UTC time can be
compared with wall times only by somebody who says which instants those are.

**Bounded work.** Expansion begins where it is asked to; a rule with COUNT has to count from its start, by whole days.
A rule that never comes round ends by itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import attrs

from tutorcore.calendar.recurrences.expansion import FREQUENCIES, SECONDS, Expansion, Frequency, Pattern
from tutorcore.calendar.recurrences.rule_text import MOST_COUNT, MOST_NTH, NUMBERS, NthDay, read_rule, written_rule
from tutorcore.calendar.weekdays import WEEKDAYS, Weekday
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import Instant, instant

if TYPE_CHECKING:  # dateutil loads when somebody asks for one of its rules
    from dateutil.rrule import rrule

_END_OF_TIME: Final = (date.max.toordinal() + 1) * SECONDS
_SECOND: Final = timedelta(seconds=1)
_TWO_DAYS: Final = 2 * SECONDS  # more than any wall time is off UTC, one in a gap included
_EVERY: Final = ("BYDAY", *(part.name for part in NUMBERS.values() if part.name != "BYSETPOS"))


def _numbers(values: tuple[int, ...]) -> tuple[int, ...]:
    """Return numbers once each: those counted from the start before those counted from the end."""
    if not isinstance(values, tuple) or not all(type(value) is int for value in values):
        return values  # for the validator to refuse
    return tuple(sorted(set(values), key=lambda value: (value < 0, value)))


def _nth_days(values: tuple[NthDay | Weekday, ...]) -> tuple[NthDay, ...]:
    """Return weekdays once each, in the order of their numbers, then of the week; a bare name is every such day."""
    if not isinstance(values, tuple):
        raise InvalidType("BYDAY", values, "a tuple of weekdays or NthDay")
    days = {_nth_day(value) for value in values}
    return tuple(sorted(days, key=lambda day: (day.nth < 0, day.nth, WEEKDAYS.index(day.weekday))))


def _nth_day(value: object) -> NthDay:
    weekday, nth = value if isinstance(value, NthDay) else (value, 0)
    if not isinstance(weekday, str):
        raise InvalidType("BYDAY", value, "a weekday or a NthDay")
    if weekday not in WEEKDAYS:
        raise UnknownName("weekday", weekday, WEEKDAYS)
    _check_number("number in BYDAY", nth, -MOST_NTH, MOST_NTH)
    return NthDay(weekday, nth)


def _moment(value: date | None) -> date | Instant | None:
    return instant(value, "UNTIL") if isinstance(value, datetime) and value.tzinfo is not None else value


@attrs.frozen(kw_only=True)
class Recurrence:
    """A recurrence rule of RFC 5545. Equal rules are equal values; `text` writes one, `parse` reads one.

    >>> rule = Recurrence.parse("FREQ=WEEKLY;COUNT=3;BYDAY=TH,TU")
    >>> rule.text
    'FREQ=WEEKLY;COUNT=3;BYDAY=TU,TH'
    >>> [f"{start:%d %B}" for start in rule.starts(datetime(2026, 10, 20, 18))]
    ['20 October', '22 October', '27 October']
    >>> rule == Recurrence(frequency="weekly", by_day=("tuesday", "thursday"), count=3)
    True

    `until` is a date, a wall time, or an instant. Parts that RFC 5545 does not let stand together are refused.
    """

    frequency: Frequency = attrs.field()
    interval: int = attrs.field(default=1)
    count: int | None = attrs.field(default=None)
    until: date | Instant | None = attrs.field(default=None, converter=_moment)
    by_month: tuple[int, ...] = attrs.field(default=(), converter=_numbers)
    by_week: tuple[int, ...] = attrs.field(default=(), converter=_numbers)
    by_year_day: tuple[int, ...] = attrs.field(default=(), converter=_numbers)
    by_month_day: tuple[int, ...] = attrs.field(default=(), converter=_numbers)
    by_day: tuple[NthDay, ...] = attrs.field(default=(), converter=_nth_days)
    by_hour: tuple[int, ...] = attrs.field(default=(), converter=_numbers)
    by_minute: tuple[int, ...] = attrs.field(default=(), converter=_numbers)
    by_second: tuple[int, ...] = attrs.field(default=(), converter=_numbers)
    by_position: tuple[int, ...] = attrs.field(default=(), converter=_numbers)
    week_start: Weekday = attrs.field(default="monday")

    @frequency.validator
    def _check_frequency(self, _: object, value: object) -> None:
        if value not in FREQUENCIES:
            raise UnknownName("frequency", value, FREQUENCIES)

    @interval.validator
    def _check_interval(self, _: object, value: object) -> None:
        _check_number("INTERVAL", value, 1, MOST_COUNT)

    @count.validator
    def _check_count(self, _: object, value: object) -> None:
        if value is not None:
            _check_number("COUNT", value, 1, MOST_COUNT)

    @until.validator
    def _check_until(self, _: object, value: object) -> None:
        if value is None:
            return
        if not isinstance(value, date):
            raise InvalidType("UNTIL", value, "a date, a datetime without a zone, or an instant")
        if self.count is not None:
            raise InvalidValue("UNTIL", str(value), "no UNTIL beside a COUNT; a rule ends in one way")
        if isinstance(value, datetime) and value.microsecond:
            raise InvalidValue("UNTIL", value.isoformat(), "whole seconds")

    @by_month.validator
    @by_week.validator
    @by_year_day.validator
    @by_month_day.validator
    @by_hour.validator
    @by_minute.validator
    @by_second.validator
    @by_position.validator
    def _check_numbers(self, field: attrs.Attribute[tuple[int, ...]], values: object) -> None:
        part = NUMBERS[field.name]
        if not isinstance(values, tuple):
            raise InvalidType(part.name, values, "a tuple of whole numbers")
        for value in values:
            if not isinstance(value, int) or isinstance(value, bool):
                raise InvalidType(part.name, value, "a whole number")
            if not part.least <= (-value if part.from_end and value < 0 else value) <= part.most:
                raise InvalidValue(part.name, value, part.expected)

    @week_start.validator
    def _check_week_start(self, _: object, value: object) -> None:
        if value not in WEEKDAYS:
            raise UnknownName("weekday", value, WEEKDAYS)

    def __attrs_post_init__(self) -> None:
        """Refuse what RFC 5545 section 3.3.10 does not let stand together."""
        self._refuse_with("BYWEEKNO", self.by_week, "secondly minutely hourly daily weekly monthly")
        self._refuse_with("BYYEARDAY", self.by_year_day, "daily weekly monthly")
        self._refuse_with("BYMONTHDAY", self.by_month_day, "weekly")
        numbered = tuple(day for day in self.by_day if day.nth)
        self._refuse_with("BYDAY", numbered, "secondly minutely hourly daily weekly", "no numbered weekdays")
        if numbered and self.by_week:
            raise InvalidValue("BYDAY", _listed(numbered), "no numbered weekdays beside BYWEEKNO")
        others = (self.by_day, *(getattr(self, name) for name in NUMBERS if name != "by_position"))
        if self.by_position and not any(others):
            raise InvalidValue("BYSETPOS", _listed(self.by_position), f"one of {', '.join(_EVERY)} beside it")

    def _refuse_with(self, name: str, values: tuple[object, ...], frequencies: str, expected: str = "none") -> None:
        if values and self.frequency in frequencies.split():
            raise InvalidValue(name, _listed(values), f"{expected} with FREQ={self.frequency.upper()}")

    @classmethod
    def parse(cls, text: str) -> Recurrence:
        """Return the rule that a text says, such as "FREQ=WEEKLY;BYDAY=TU;COUNT=10", with or without `RRULE:`.

        Raises `InvalidValue` or `UnknownName` that names the part and what was expected.
        """
        return cls(**read_rule(text))  # type: ignore[arg-type]  # the validators look at each

    @property
    def text(self) -> str:
        """The rule as RFC 5545 writes it, in one form only: parts in the grammar's order, values sorted."""
        return written_rule({field.name: getattr(self, field.name) for field in attrs.fields(Recurrence)})

    def starts(
        self,
        dtstart: datetime,
        until: datetime | None = None,
        since: datetime | None = None,
        *,
        instant_of: Callable[[datetime], Instant] | None = None,
    ) -> Iterator[datetime]:
        """Return the wall times from `since` up to, not including, `until` that the rule brings, in order and lazily.

        All are datetimes without a zone; `dtstart` has whole seconds. A rule whose UNTIL is in UTC needs to be told
        the instant of a wall time, by `instant_of`.
        """
        begin = _seconds("dtstart", dtstart)
        if dtstart.microsecond:
            raise InvalidValue("dtstart", dtstart.isoformat(), "whole seconds")
        first = 0 if since is None else _seconds("since", since)
        end = self._end() if until is None else min(self._end(), _seconds("until", until))
        wall_times = self._starts(dtstart, begin, max(begin, first), end)
        if not isinstance(self.until, datetime) or self.until.tzinfo is None:
            return wall_times
        if instant_of is None:
            raise InvalidValue("UNTIL", self.until.isoformat(), "a wall time, or instant_of to compare with one")
        last = self.until
        return (wall for wall in wall_times if instant_of(wall) <= last)

    def counts_before(self, dtstart: datetime, walls: Collection[datetime]) -> dict[datetime, int]:
        """Return how many wall times the rule brings before each of those given, by whole days where that is possible.

        An UNTIL in UTC is not heeded: nobody here knows its wall time.
        """
        begin = _seconds("dtstart", dtstart)
        waiting = sorted(((_seconds("wall time", wall), wall) for wall in walls), reverse=True)
        found: dict[datetime, int] = {}
        while waiting and waiting[-1][0] <= begin:
            found[waiting.pop()[1]] = 0
        end = min(self._end(), waiting[0][0] if waiting else begin)
        total = int(begin < end)
        for day, times, low, high in self._runs(dtstart, begin, begin, end):
            while waiting and waiting[-1][0] < (day + 1) * SECONDS:
                second, wall = waiting.pop()
                found[wall] = total + bisect_left(times, second - day * SECONDS, low, high) - low
            total += high - low
        return found | {wall: total for _, wall in waiting}

    def among(self, dtstart: datetime, walls: Collection[datetime]) -> frozenset[datetime]:
        """Return those of the wall times, in whole seconds, that the rule brings; an UNTIL in UTC is not heeded."""
        begin, wanted = _seconds("dtstart", dtstart), {_seconds("wall time", wall): wall for wall in walls}
        if not wanted:
            return frozenset()
        days: dict[int, list[int]] = {}
        for second in wanted:
            days.setdefault(second // SECONDS, []).append(second % SECONDS)
        end = min(self._end(), max(wanted) + 1)
        found = {begin} if begin in wanted and begin < end else set()
        for day, times, low, high in self._runs(dtstart, begin, max(begin, min(wanted)), end):
            for second in days.get(day, ()):
                index = bisect_left(times, second, low, high)
                if index < high and times[index] == second:
                    found.add(day * SECONDS + second)
        return frozenset(wanted[second] for second in found)

    def brings(self, wall: datetime) -> bool:
        """Return whether the rule brings that wall time where it is counted from there, by its BY parts that is."""
        day, second = divmod(_seconds("wall time", wall), SECONDS)
        return any(day == on and second in times for on, times in Expansion(self._pattern, wall).blocks(day, day))

    def _starts(self, dtstart: datetime, begin: int, first: int, end: int) -> Iterator[datetime]:
        """Yield what the rule brings in [first, end), which are seconds, as is `begin`, the first of all."""
        if first == begin < end:
            yield dtstart
        for day, times, low, high in self._runs(dtstart, begin, first, end):
            midnight = datetime.fromordinal(day)
            for index in range(max(low, bisect_left(times, first - day * SECONDS)), high):
                yield midnight + times[index] * _SECOND

    def _runs(
        self, dtstart: datetime, begin: int, first: int, end: int
    ) -> Iterator[tuple[int, Sequence[int], int, int]]:
        """Yield each date with its times and which of them the rule brings, after the first occurrence, before `end`.

        Those before `first` may be left out, or may be among them.
        """
        # Whoever counts has to begin at the start, unless there is no time for so many.
        counting = self.count is not None and self.count <= ((end - begin) // SECONDS + 2) * self.most_a_day
        left = (self.count or MOST_COUNT) - 1
        if begin >= end or not left:
            return
        for day, times in Expansion(self._pattern, dtstart).blocks(
            (begin if counting else first) // SECONDS, (end - 1) // SECONDS
        ):
            low = bisect_left(times, begin + 1 - day * SECONDS)
            high = min(bisect_left(times, end - day * SECONDS), low + left)
            yield day, times, low, high
            if counting:
                left -= high - low
                if not left:
                    return

    @property
    def most_a_day(self) -> int:
        """The highest number of times that the rule can bring on one day."""
        at = FREQUENCIES.index(self.frequency)
        hours = len(self.by_hour) or (24 if at <= FREQUENCIES.index("hourly") else 1)
        minutes = len(self.by_minute) or (60 if at <= FREQUENCIES.index("minutely") else 1)
        seconds = len(self.by_second) or (60 if at <= FREQUENCIES.index("secondly") else 1)
        return hours * minutes * seconds

    def _end(self) -> int:
        """Return the second from which on nothing comes; if UNTIL is an instant, some time behind it."""
        match self.until:
            case None:
                return _END_OF_TIME
            case datetime() as moment:
                return _seconds("UNTIL", moment.replace(tzinfo=None)) + (1 if moment.tzinfo is None else _TWO_DAYS)
            case day:
                return (day.toordinal() + 1) * SECONDS

    @property
    def _pattern(self) -> Pattern:
        return Pattern(
            frequency=self.frequency,
            interval=self.interval,
            months=self.by_month,
            weeks=self.by_week,
            year_days=self.by_year_day,
            month_days=self.by_month_day,
            days=tuple((WEEKDAYS.index(day.weekday), day.nth) for day in self.by_day),
            hours=self.by_hour,
            minutes=self.by_minute,
            seconds=self.by_second,
            positions=self.by_position,
            week_start=WEEKDAYS.index(self.week_start),
        )

    @classmethod
    def of_dateutil(cls, rule: rrule) -> Recurrence:
        """Return the rule of a dateutil `rrule`, which has its start besides; refuse one that RFC 5545 cannot say."""
        return cls.parse(str(rule).splitlines()[-1])

    def as_dateutil(self, dtstart: datetime) -> rrule:
        """Return dateutil's rule of the same text.

        It brings the same wall times, but for a `dtstart` that the rule does not bring, an UNTIL without a time
        (midnight, to dateutil), and the differences that ADR 25 lists.
        """
        from dateutil.rrule import rrule, rrulestr

        _seconds("dtstart", dtstart)
        made = rrulestr(self.text, dtstart=dtstart)
        assert isinstance(made, rrule), "one rule makes no set"
        return made


def _check_number(name: str, value: object, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidType(name, value, "a whole number")
    if not least <= value <= most:
        raise InvalidValue(name, value, f"{least:,} to {most:,}")


def _listed(values: tuple[object, ...]) -> str:
    return ", ".join(f"{value.nth} {value.weekday}" if isinstance(value, NthDay) else str(value) for value in values)


def _seconds(what: str, wall: object) -> int:
    """Return the seconds of a wall time since ordinal 0, the next whole one if it lies between two."""
    if not isinstance(wall, datetime):
        raise InvalidType(what, wall, "a datetime without a zone")
    if wall.tzinfo is not None:
        raise InvalidValue(what, wall.isoformat(), "a datetime without a zone; this one names an instant already")
    seconds = (wall.hour * 60 + wall.minute) * 60 + wall.second
    return wall.toordinal() * SECONDS + seconds + (wall.microsecond > 0)
