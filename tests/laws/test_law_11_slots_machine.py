"""Law 11, at random: every time that is listed can be booked, every other is refused for what `explain` says.

Two tutors with hours of their own (one moves zones, one works past midnight), two students and three policies, one of
which does not ask the tutors' schedules; people ask, answer, withdraw, change their hours and let time pass in any
order, live through their lessons, and race each other for the same time.

What must come out is not taken from the library. `Book` knows the lessons that stand and `Sheet` the hours of a tutor,
and both say minute by minute, from the rules as they are written, what stands against a start.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count, pairwise

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tutorcore import Explanation, Instant, Marketplace, MemoryStorage, Outcome, Schedule, instant, load_policy
from tutorcore.calendar import Blackout, Booking, Override, WeeklyRule, Window, ZonePeriod
from tutorcore.calendar.schedules.schedule import Weekday
from tutorcore.calendar.zones.wall_time import zone

BEGINNING = instant("2026-03-23T00:00:00Z")  # Clocks in Berlin go forward on the 29th.
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DURATIONS = (30 * MINUTE, 50 * MINUTE, 90 * MINUTE)
TUTORS, STUDENTS = ("tim", "tom"), ("ann", "sue")
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
POLICIES = ("at-once", "asked", "anywhen")
APART = 5 * MINUTE  # Everything here happens at whole minutes, and lessons start at every fifth of them, if at all.

AT_ONCE = """
extends = "kalvie_2018"
id = "at-once"
currency = "EUR"
request.when = "notice > 5m"
request.instant = "notice >= 10m"
request.answer_by = "lesson.start - 5m"
[[cancel.cases]]
by = ["student", "tutor"]
when = "now < lesson.start"
settle = { student = "100%" }
"""
ASKED = """
extends = "educai"
id = "asked"
request.by = ["student"]
request.when = "notice >= 24h"
request.answered_by = ["tutor"]
change = false
notify = false
"""
ANYWHEN = AT_ONCE.replace("at-once", "anywhen").replace("request.when", "request.bookable = false\nrequest.when")

EVENINGS = Schedule(
    "Europe/Berlin",
    tuple(WeeklyRule(day, Window.of("17:00", "21:30")) for day in ("monday", "wednesday", "sunday")),
    overrides=(Override(date(2026, 3, 25), (Window.of("09:10", "10:40"),)),),
    booking=Booking(notice=timedelta(minutes=20), before=5 * MINUTE, after=40 * MINUTE, most_per_day=2),
)
NIGHTS = Schedule(
    "America/New_York",
    tuple(WeeklyRule(day, Window.of("22:00", "03:00")) for day in ("friday", "saturday", "sunday")),
    blackouts=(Blackout(date(2026, 4, 4), date(2026, 4, 5)),),
    zone_periods=(ZonePeriod(instant("2026-04-01T00:00:00Z"), "Asia/Kolkata"),),
    booking=Booking(horizon=timedelta(days=20), anchor="free", step=20 * MINUTE),
)


@attrs.frozen
class Sheet:
    """A tutor's hours as they hang on the wall: everything in minutes of local days."""

    zone: str
    days: frozenset[str]
    opens: int
    closes: int
    step: int
    notice: int = 0
    horizon: int | None = None
    apart: int = 0
    most_per_day: int | None = None
    most_per_week: int | None = None
    instead: tuple[tuple[date, int, int], ...] = ()
    closed: tuple[date, ...] = ()
    moves: tuple[tuple[Instant, str], ...] = ()
    from_free_time: bool = False

    def local(self, at: Instant) -> datetime:
        """What the clock on the tutor's wall shows."""
        zones = [self.zone, *(name for since, name in self.moves if since <= at)]
        return at.astimezone(zone(zones[-1]))

    def is_open(self, at: Instant) -> bool:
        """Whether the tutor works in the minute that begins then."""
        local = self.local(at)
        day, minute = local.date(), local.hour * 60 + local.minute
        late = self._works(day - DAY, minute + 1440)
        return day not in self.closed and (late or self._works(day, minute))

    def _works(self, day: date, minute: int) -> bool:
        windows = [(opens, closes) for on, opens, closes in self.instead if on == day]
        if not windows and WEEK[day.weekday()] in self.days:
            windows = [(self.opens, self.closes)]
        return any(opens <= minute < closes for opens, closes in windows)


SHEETS = {
    "tim": Sheet(
        "Europe/Berlin", frozenset({"monday", "wednesday", "sunday"}), 17 * 60, 21 * 60 + 30, 30, notice=20, apart=40,
        most_per_day=2, instead=((date(2026, 3, 25), 9 * 60 + 10, 10 * 60 + 40),),
    ),
    "tom": Sheet(
        "America/New_York", frozenset({"friday", "saturday", "sunday"}), 22 * 60, 27 * 60, 20, horizon=20 * 1440,
        closed=(date(2026, 4, 4), date(2026, 4, 5)), moves=((instant("2026-04-01T00:00:00Z"), "Asia/Kolkata"),),
        from_free_time=True,
    ),
}  # fmt: skip


@attrs.define
class Standing:
    """A lesson that somebody asked for, as those who take part remember it."""

    tutor: str
    student: str
    start: Instant
    end: Instant
    agreed: bool
    answer_by: Instant
    called_off: bool = False

    def stands(self, now: Instant) -> bool:
        """Whether it takes time: asked for and not left unanswered, agreed, or held; not once it was called off."""
        return not self.called_off and (self.agreed or now < self.answer_by)


@attrs.frozen
class Asking:
    """A lesson somebody would like to have, whenever it may be."""

    student: str
    tutor: str
    duration: timedelta
    policy: str


class Book:
    """The lessons of the little marketplace, kept by hand."""

    def __init__(self) -> None:
        self.sheets = dict(SHEETS)
        self.lessons: dict[str, Standing] = {}

    def write(self, id: str, asked: Asking, start: Instant, now: Instant) -> None:
        """Remember what was asked for at an instant."""
        if asked.policy == "asked":
            midnight = start.replace(hour=0, minute=0)
            agreed, answer_by = False, min(now + 72 * HOUR, midnight)
        else:
            agreed, answer_by = start - now >= 10 * MINUTE, start - 5 * MINUTE
        self.lessons[id] = Standing(asked.tutor, asked.student, start, start + asked.duration, agreed, answer_by)

    def standing(self, tutor: str, now: Instant) -> list[Standing]:
        """The tutor's lessons that stand."""
        return [each for each in self.lessons.values() if each.tutor == tutor and each.stands(now)]

    def against(self, asked: Asking, start: Instant, now: Instant) -> set[str]:
        """Everything that stands against a lesson at that start, even if the policy does not ask the schedule."""
        sheet, end = self.sheets[asked.tutor], start + asked.duration
        found = set(self._against_asking(asked, start, now))
        theirs = self.standing(asked.tutor, now)
        if start < now + sheet.notice * MINUTE:
            found.add("notice")
        if sheet.horizon is not None and start >= now + sheet.horizon * MINUTE:
            found.add("horizon")
        apart = sheet.apart * MINUTE
        if any(start < each.end + apart and each.start < end + apart for each in theirs):
            found.add("apart")
        starts = [sheet.local(each.start).date() for each in theirs]
        day = sheet.local(start).date()
        if sheet.most_per_day is not None and starts.count(day) >= sheet.most_per_day:
            found.add("cap")
        weeks = [each.isocalendar()[:2] for each in starts]
        if sheet.most_per_week is not None and weeks.count(day.isocalendar()[:2]) >= sheet.most_per_week:
            found.add("cap")
        if not all(sheet.is_open(start + minute * MINUTE) for minute in range(asked.duration // MINUTE)):
            found.add("hours")
        elif not self._is_on_grid(sheet, start, theirs):
            found.add("off_grid")
        return found

    def stops(self, asked: Asking, start: Instant, now: Instant) -> set[str]:
        """What stands against asking for it: what the policy itself says, and the schedule only where it is asked."""
        every = self.against(asked, start, now)
        return every if asked.policy != "anywhen" else every & {"policy", "tutor", "student"}

    def _against_asking(self, asked: Asking, start: Instant, now: Instant) -> Iterator[str]:
        end, notice = start + asked.duration, start - now
        if notice < 24 * HOUR if asked.policy == "asked" else notice <= 5 * MINUTE:
            yield "policy"
        for each in self.lessons.values():
            if each.stands(now) and each.start < end and start < each.end:
                if each.tutor == asked.tutor:
                    yield "tutor"
                if each.student == asked.student:
                    yield "student"

    def _is_on_grid(self, sheet: Sheet, start: Instant, theirs: list[Standing]) -> bool:
        """Steps are counted from midnight, or from where the time began that the tutor has free."""
        if not sheet.from_free_time:
            local = sheet.local(start)
            return (local.hour * 60 + local.minute) % sheet.step == 0
        since = start
        while self._is_free(sheet, since - MINUTE, theirs):
            since -= MINUTE
        # Within a lesson there is no free time, so no step either: that the tutor is engaged is said elsewhere.
        return (start - since) % (sheet.step * MINUTE) == timedelta(0)

    def _is_free(self, sheet: Sheet, at: Instant, theirs: list[Standing]) -> bool:
        return sheet.is_open(at) and not any(each.start <= at < each.end for each in theirs)


class Slots(RuleBasedStateMachine):
    """A small marketplace at random."""

    def __init__(self) -> None:
        super().__init__()
        policies = [load_policy(text) for text in (AT_ONCE, ASKED, ANYWHEN)]
        self.market = Marketplace(MemoryStorage(), policies, zone="UTC")
        self.now = BEGINNING
        self.keys = map(str, count(1))
        self.book = Book()

    @initialize()
    def people(self) -> None:
        market = self.market
        for tutor, schedule in zip(TUTORS, (EVENINGS, NIGHTS), strict=True):
            market.add_party(tutor, zone=schedule.zone)
            market.set_schedule(tutor, schedule)
        for student in STUDENTS:
            market.add_party(student, zone="Asia/Tokyo")
            market.top_up(student, market.money("100000.00", "EUR"), key=next(self.keys), now=self.now)

    @rule(
        asked=st.builds(
            Asking,
            student=st.sampled_from(STUDENTS),
            tutor=st.sampled_from(TUTORS),
            duration=st.sampled_from(DURATIONS),
            policy=st.sampled_from(POLICIES),
        ),
        ahead=st.integers(0, 20),
        chosen=st.integers(0, 200),
        minutes=st.lists(st.integers(0, 3 * 288 - 2), max_size=6),
    )
    def ask(self, asked: Asking, ahead: int, chosen: int, minutes: list[int]) -> None:
        """Whatever the list says is so; then somebody takes one of the times listed."""
        since = self.now + ahead * DAY
        listed = self._listed(asked, since)
        near = {start + each * MINUTE for start in listed[:2] for each in (-10, 10)}
        for start in near | {_next(since) + each * APART for each in minutes}:
            if start not in listed and start > self.now:
                self._is_as_it_must_be(asked, start)
        for start in listed[:3]:
            self._is_as_it_must_be(asked, start)
        if listed:
            start = listed[chosen % len(listed)]
            self._had(asked, start)
            self._is_as_it_must_be(asked, start)
            self._is_as_it_must_be(attrs.evolve(asked, student=STUDENTS[1 - STUDENTS.index(asked.student)]), start)

    def _listed(self, asked: Asking, since: Instant) -> tuple[Instant, ...]:
        """What is listed for three days: neither less nor more than what the rules leave."""
        until = since + 3 * DAY
        listed = self.market.slots(**attrs.asdict(asked), since=since, until=until, now=self.now)
        starts = [_next(since) + each * APART for each in range(3 * 288)]
        assert list(listed) == [
            start for start in starts if start < until and not self.book.against(asked, start, self.now)
        ]
        return listed

    def _is_as_it_must_be(self, asked: Asking, start: Instant) -> None:
        """What is explained is what asking gets, and both are what the rules say; what could be had is given back."""
        explained = self.market.explain(**attrs.asdict(asked), start=start, now=self.now)
        against = self.book.stops(asked, start, self.now)
        assert explained.ok == (not against)
        self._agenda_says_as_much(explained, asked, start)
        if explained.ok:
            self._call_off(self._had(asked, start))
            return
        outcome = self._asked(asked, start)
        assert outcome.refusal is not None
        assert outcome.refusal == explained.refusal
        if "policy" in against:
            assert outcome.refusal.code in ("guard", "no_time_left")
        else:
            assert outcome.refusal.code == ("slot_taken" if asked.policy == "anywhen" else "not_bookable")

    def _agenda_says_as_much(self, explained: Explanation, asked: Asking, start: Instant) -> None:
        """The verdict is the schedule's, whoever asks it: it does not depend on the policy."""
        against = self.book.against(asked, start, self.now)
        codes = {reason.code for reason in explained.verdict.reasons}
        assert explained.verdict.ok == (not against - {"policy"})
        for code in ("notice", "horizon", "cap"):
            assert (code in codes) == (code in against)
        assert ("party" in codes) == ("student" in against)
        assert bool(codes & {"busy", "buffer"}) == bool(against & {"apart"})
        assert bool(codes & {"outside_hours", "blackout"}) == ("hours" in against)

    def _asked(self, asked: Asking, start: Instant) -> Outcome:
        return self.market.request(**attrs.asdict(asked), start=start, price="10.00", key=next(self.keys), now=self.now)

    def _had(self, asked: Asking, start: Instant) -> str:
        outcome = self._asked(asked, start)
        assert outcome.refusal is None
        assert outcome.lesson is not None
        id = str(outcome.lesson.id)
        self.book.write(id, asked, start, self.now)
        assert outcome.lesson.place.state.agreed == self.book.lessons[id].agreed
        return id

    def _call_off(self, lesson: str) -> None:
        """Taken back at once, it can be asked for again."""
        verb = "cancel" if self.book.lessons[lesson].agreed else "withdraw"
        outcome = self.market.act(verb, lesson, by=self.book.lessons[lesson].student, key=next(self.keys), now=self.now)
        assert outcome.ok
        self.book.lessons[lesson].called_off = True

    @precondition(lambda self: self.book.lessons)
    @rule(which=st.integers(0, 50), verb=st.sampled_from(["accept", "decline", "withdraw", "cancel"]))
    def answer(self, which: int, verb: str) -> None:
        """Somebody answers, or thinks better of it."""
        ids = list(self.book.lessons)
        lesson = self.market.lesson(ids[which % len(ids)], now=self.now)
        by = lesson.brief.tutor if verb in ("accept", "decline") else lesson.brief.student
        proposal = lesson.terms.number if verb == "accept" else None
        done = self.market.act(
            verb, lesson.id, by=by, proposal=proposal, reason="so it is", key=next(self.keys), now=self.now
        ).ok
        standing = self.book.lessons[str(lesson.id)]
        standing.agreed = standing.agreed or (done and verb == "accept")
        standing.called_off = standing.called_off or (done and verb != "accept")

    @rule(minutes=st.integers(1, 4 * 1440))
    def wait(self, minutes: int) -> None:
        """Time passes, and nobody sweeps."""
        self.now += minutes * MINUTE

    @precondition(lambda self: self._ahead())
    @rule(student=st.sampled_from(STUDENTS), policy=st.sampled_from(POLICIES), minutes=st.integers(0, 45))
    def live_through(self, student: str, policy: str, minutes: int) -> None:
        """The next lesson takes place; it counts, and keeps others at a distance, as if it still lay ahead."""
        lesson = self._ahead()[0]
        self.now = lesson.end + minutes * MINUTE
        asked = Asking(student, lesson.tutor, 30 * MINUTE, policy)
        self._listed(asked, self.now)
        for each in range(1, 13):
            self._is_as_it_must_be(asked, _next(self.now) + each * APART)

    def _ahead(self) -> list[Standing]:
        lessons = [each for each in self.book.lessons.values() if each.stands(self.now) and each.agreed]
        return sorted((each for each in lessons if self.now < each.end), key=lambda each: each.end)

    @rule(tutor=st.sampled_from(TUTORS), hour=st.integers(0, 20), step=st.sampled_from([15, 30, 45]))
    def change_hours(self, tutor: str, hour: int, step: int) -> None:
        """A tutor changes hours; what is booked stays."""
        window = Window.of(f"{hour:02}:00", f"{hour + 4:02}:00")
        days: tuple[Weekday, ...] = ("tuesday", "thursday", "saturday", "sunday")
        booking = Booking(after=step * MINUTE, step=step * MINUTE, most_per_week=2)
        rules = tuple(WeeklyRule(day, window) for day in days)
        self.market.set_schedule(tutor, Schedule("Europe/Berlin", rules, booking=booking))
        self.book.sheets[tutor] = Sheet(
            "Europe/Berlin", frozenset(days), hour * 60, hour * 60 + 240, step, apart=step, most_per_week=2
        )

    @invariant()
    def nobody_is_in_two_places(self) -> None:
        """One tutor, one student, one place at a time; and the lessons that stand are those in the book."""
        standing = {id for id, lesson in self.book.lessons.items() if lesson.stands(self.now)}
        held: set[str] = set()
        for party in (*TUTORS, *STUDENTS):
            lessons = [each for each in self.market.lessons(party, now=self.now) if each.place.state.slot != "none"]
            spans = sorted((each.terms.start, each.terms.end) for each in lessons)
            assert all(one[1] <= other[0] for one, other in pairwise(spans))
            held.update(str(each.id) for each in lessons)
        assert held == standing


def _next(since: Instant) -> Instant:
    """The first instant from `since` on at which a lesson might start: at a fifth minute."""
    return since + (datetime(2026, 1, 1, tzinfo=UTC) - since) % APART


TestSlots = Slots.TestCase
# The model goes minute by minute through every list, so three tenths of the usual number of examples are a lot.
TestSlots.settings = settings(max_examples=settings().max_examples * 3 // 10, stateful_step_count=12, deadline=None)
TestSlots = pytest.mark.slow(TestSlots)
