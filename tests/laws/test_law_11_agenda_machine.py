"""Law 11, on the calendar alone: every slot that an agenda lists books, every other start is refused for its reason.

A tutor with a student and a room, and a book of busy time that changes at random: lessons, group lessons, holds,
requests, events of other calendars; the tutor changes her rules and goes away, and time passes. After each step the
agenda is asked anew. What it must say is not taken from the library: `Desk` goes by the rules as they are written, five
minutes after five minutes, in a zone whose clocks go forward within the days it looks at.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tutorcore.calendar import (
    KINDS,
    WEEKDAYS,
    Agenda,
    Attendee,
    Blackout,
    Booking,
    Busy,
    Kind,
    Schedule,
    Slots,
    Tentative,
    WeeklyRule,
    Window,
    zone,
)
from tutorcore.instants import Instant, instant

BEGINNING = instant("2026-03-27T00:00Z")  # Clocks in Berlin go forward on the 29th.
MINUTE = timedelta(minutes=1)
FIVE, HALF, HOUR, DAY = 5 * MINUTE, 30 * MINUTE, 60 * MINUTE, timedelta(days=1)
SINCE, UNTIL = BEGINNING + DAY, BEGINNING + 3 * DAY
STARTS = [SINCE + number * FIVE for number in range((UNTIL - SINCE) // FIVE)]
BERLIN = zone("Europe/Berlin")
# What clocks in Berlin show at every fifth minute around those starts: the date, and the minutes into it.
WALLS = {
    at: (at.astimezone(BERLIN).date(), at.astimezone(BERLIN).hour * 60 + at.astimezone(BERLIN).minute)
    for at in (BEGINNING + number * FIVE for number in range(6 * DAY // FIVE))
}
DURATIONS = (HALF, HOUR)
CODES: dict[Kind, str] = {
    "lesson": "busy",
    "hold": "hold",
    "request": "request",
    "event": "event",
    "tentative": "event",
}


@attrs.frozen
class Hours:
    """What the tutor says: from when to when she teaches every day, in minutes, and what she asks of a booking."""

    opens: int = 9 * 60
    closes: int = 17 * 60
    step: int = 30
    notice: timedelta = timedelta(0)
    before: timedelta = timedelta(0)
    after: timedelta = timedelta(0)
    added_up: bool = False
    most_per_day: int | None = None
    away: frozenset[date] = frozenset()

    def schedule(self) -> Schedule:
        """The same as the library has it."""
        window = Window(self.opens, self.closes)
        booking = Booking(
            notice=self.notice,
            before=self.before,
            after=self.after,
            buffers="sum" if self.added_up else "longer",
            step=self.step * MINUTE,
            most_per_day=self.most_per_day,
        )
        blackouts = tuple(Blackout(day, day) for day in sorted(self.away))
        return Schedule(
            "Europe/Berlin",
            tuple(WeeklyRule(day, window) for day in WEEKDAYS),
            blackouts=blackouts,
            booking=booking,
        )


class Desk:
    """Whatever stands against a start, by the rules as they are written."""

    def __init__(
        self, hours: Hours, now: Instant, own: list[Busy], sue: list[Busy], room: list[Busy], ignored: tuple[Kind, ...]
    ) -> None:
        self.hours, self.now = hours, now
        self.own, self.sue, self.room = (
            [one for one in busy if (one.expires is None or now < one.expires) and one.kind not in ignored]
            for busy in (own, sue, room)
        )

    def against(self, start: Instant, duration: timedelta) -> set[str]:
        """The codes of everything that stands against it; joining a lesson asks for less than having one."""
        found = set(self._against_anything(start, duration))
        if not any(one.places and (one.start, one.end) == (start, start + duration) for one in self.own):
            found |= set(self._against_a_lesson(start, duration))
        return found

    def _against_anything(self, start: Instant, duration: timedelta) -> list[str]:
        end, found = start + duration, []
        if start < self.now:
            found.append("past")
        elif start < self.now + self.hours.notice:
            found.append("notice")
        minutes = [start + number * FIVE for number in range(duration // FIVE)]
        crowd = [sum(one.start <= at < one.end for one in self.room) for at in minutes]
        if any(one.start < end and start < one.end for one in self.sue) or max(crowd) >= 2:
            found.append("party")
        return found

    def _against_a_lesson(self, start: Instant, duration: timedelta) -> list[str]:
        end, found, hours = start + duration, [], self.hours
        day, minute = WALLS[start]
        walls = [WALLS[start + number * FIVE] for number in range(duration // FIVE)]
        if not all(hours.opens <= shown < hours.closes for _, shown in walls):
            found.append("outside_hours")
        if any(shown in hours.away for shown, _ in walls):
            found.append("blackout")
        for one in self.own:
            lead, trail = self._gap(hours.after, one.before), self._gap(one.after, hours.before)
            if one.start < end and start < one.end:
                found.append(CODES[one.kind])
            elif one.start < end + lead and start < one.end + trail:
                found.append("buffer")
        counted = [one for one in self.own if one.kind in ("lesson", "hold", "request")]
        days = [WALLS[one.start][0] for one in counted]
        if hours.most_per_day is not None and days.count(day) >= hours.most_per_day:
            found.append("cap")
        if minute % hours.step:
            found.append("off_grid")
        return found

    def _gap(self, first: timedelta, second: timedelta) -> timedelta:
        return first + second if self.hours.added_up else max(first, second)


class Agendas(RuleBasedStateMachine):
    """Busy time at random, and an agenda that must keep up."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGINNING
        self.hours = Hours()
        self.own: dict[str, Busy] = {}
        self.sue: dict[str, Busy] = {}
        self.room: dict[str, Busy] = {}
        self.tentative: Tentative = "busy"
        self.number = 0

    def _agenda(self) -> Agenda:
        others: dict[str, list[Busy] | Attendee] = {
            "sue": list(self.sue.values()),
            "room": Attendee(self.room.values(), capacity=2),
        }
        return Agenda(self.hours.schedule(), self.now, list(self.own.values()), others, tentative=self.tentative)

    def _desk(self) -> Desk:
        ignored: tuple[Kind, ...] = ("request", "tentative") if self.tentative == "free" else ()
        return Desk(
            self.hours, self.now, list(self.own.values()), list(self.sue.values()), list(self.room.values()), ignored
        )

    def _take(self, whose: dict[str, Busy], start: Instant, duration: timedelta, **more: object) -> Busy:
        self.number += 1
        taken = Busy(start, start + duration, f"busy-{self.number}", **more)  # type: ignore[arg-type]  # checked by it
        whose[taken.id] = taken
        return taken

    @rule(which=st.integers(0, 300), duration=st.sampled_from(DURATIONS), places=st.integers(0, 2))
    def book(self, which: int, duration: timedelta, places: int) -> None:
        """Sue takes one of the times listed, joining a lesson where there is one."""
        listed = self._agenda().slots(duration, SINCE, UNTIL)
        if not listed:
            return
        start = listed[which % len(listed)]
        verdict = self._agenda().is_bookable(start, duration)
        assert verdict.ok
        if verdict.joins:
            lesson = self.own[verdict.joins]
            self.own[lesson.id] = attrs.evolve(lesson, places=lesson.places - 1)
            self.sue[lesson.id] = attrs.evolve(lesson, places=0)
        else:
            taken = self._take(self.own, start, duration, places=places, after=self.hours.after)
            self.sue[taken.id] = attrs.evolve(taken, places=0, after=timedelta(0))
            self._take(self.room, start, duration)
        again = self._agenda().is_bookable(start, duration)
        assert "party" in {reason.code for reason in again.reasons}

    @rule(
        start=st.sampled_from(STARTS),
        kind=st.sampled_from(KINDS),
        minutes=st.integers(1, 18),
        keeps=st.none() | st.integers(1, 48),
        whose=st.sampled_from(["own", "sue", "room"]),
        buffer=st.sampled_from([0, 10]),
    )
    def take(self, start: Instant, kind: Kind, minutes: int, keeps: int | None, whose: str, buffer: int) -> None:
        """Somebody else takes time: by a hold or a request, which may expire, or in another calendar."""
        expires = self.now + keeps * HOUR if keeps is not None and kind in ("hold", "request") else None
        before = buffer * MINUTE if whose == "own" else timedelta(0)
        self._take(getattr(self, whose), start, minutes * FIVE, kind=kind, expires=expires, before=before)

    @precondition(lambda self: self.own)
    @rule(which=st.integers(0, 50))
    def cancel(self, which: int) -> None:
        """Something is called off, for everybody."""
        id = sorted(self.own)[which % len(self.own)]
        del self.own[id]
        self.sue.pop(id, None)

    @rule(hours=st.integers(1, 20))
    def wait(self, hours: int) -> None:
        """Time passes, and nobody clears up what has expired."""
        self.now += hours * HOUR

    @rule(
        opens=st.integers(0, 20),
        length=st.integers(1, 4),
        step=st.sampled_from([15, 25, 30, 60]),
        notice=st.sampled_from([0, 1, 24]),
        buffers=st.tuples(*[st.sampled_from([0, 10, 20])] * 2),
        added_up=st.booleans(),
        most=st.none() | st.integers(1, 3),
    )
    def change_rules(
        self,
        opens: int,
        length: int,
        step: int,
        notice: int,
        buffers: tuple[int, int],
        added_up: bool,
        most: int | None,
    ) -> None:
        """The tutor says anew when and how she teaches; what is booked stays."""
        before, after = (buffer * MINUTE for buffer in buffers)
        self.hours = Hours(
            opens * 60, (opens + length) * 60, step, notice * HOUR, before, after, added_up, most, self.hours.away
        )

    @rule(days=st.frozensets(st.sampled_from([date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 30)])))
    def go_away(self, days: frozenset[date]) -> None:
        """The tutor is away on some days, or back."""
        self.hours = attrs.evolve(self.hours, away=days)

    @rule(tentative=st.sampled_from(["busy", "free"]))
    def take_requests_as(self, tentative: Tentative) -> None:
        """What is uncertain stands in the way, or does not."""
        self.tentative = tentative

    @invariant()
    def listed_is_what_can_be_booked(self) -> None:
        """What is listed is what the rules leave, and every verdict has the reasons that they give."""
        agenda, desk = self._agenda(), self._desk()
        for duration in DURATIONS:
            against = {start: desk.against(start, duration) for start in STARTS}
            listed = agenda.slots(duration, SINCE, UNTIL)
            assert list(listed) == [start for start, codes in against.items() if not codes]
            for start in self._looked_at(listed):
                verdict = agenda.is_bookable(start, duration)
                assert {reason.code for reason in verdict.reasons} == against[start]

    def _looked_at(self, listed: Slots) -> list[Instant]:
        """The starts worth a question: those listed, what is around them and around what is taken, and a few more."""
        taken = [at for each in (self.own, self.sue, self.room) for one in each.values() for at in (one.start, one.end)]
        near = {at + move for at in (*listed[:3], *listed[-3:], *taken[-6:]) for move in (-FIVE, 0 * FIVE, FIVE)}
        return sorted({at for at in near if SINCE <= at < UNTIL} | set(STARTS[self.number % 17 :: 97]))

    @invariant()
    def pages_are_the_range(self) -> None:
        """Cut anywhere, the pages together are what is listed."""
        agenda = self._agenda()
        edges = [SINCE, SINCE + self.number % 40 * HOUR + MINUTE, UNTIL - 5 * HOUR, UNTIL]
        pages = [start for since, until in pairwise(sorted(edges)) for start in agenda.slots(HOUR, since, until)]
        assert pages == list(agenda.slots(HOUR, SINCE, UNTIL))


TestAgendas = Agendas.TestCase
TestAgendas.settings = settings(max_examples=settings().max_examples // 2, stateful_step_count=12, deadline=None)
