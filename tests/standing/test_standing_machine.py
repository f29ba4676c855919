"""Standing, at random, against a desk that is kept by hand.

One tutor lets requests lapse, misses lessons and teaches some; agents dismiss, record, reset and lift; the tutor
switches the profile back; time passes by hours, so that midnights in two zones are met exactly. Three counters: the
seed's ladder by UTC days; points by Tokyo's days that fade; and a streak within a rolling window.

What must come out is not taken from the library. `Desk` keeps slips of paper and measures, and works everything out
from the rules as they are written, hour by hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

import attrs
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant, instant
from tutorcore.lessons import Refusal
from tutorcore.lessons.records import decode, encode
from tutorcore.policy.account import AccountRules, Counter, Decay, Rung
from tutorcore.policy.expressions import Calendar, Exact
from tutorcore.standing import (
    Lapse,
    Standing,
    StandingCommand,
    StandingVerb,
    count,
    handle,
    lapsed,
    restrictions,
    standing_of,
    standing_record,
)

TINA, ANNA = PartyId("tina"), PartyId("anna")
BASE = instant("2018-02-10T00:00:00Z")
MARKS = ("missed_request", "missed_attendance", "taught")

RULES = AccountRules(
    (
        Counter(
            "requests",
            (("missed_request", 1),),
            bundle=1,
            ladder=(
                Rung(1, "notice"),
                Rung(2, "hidden", lifted_by="tutor"),
                Rung(3, "hidden", Calendar(days=3)),
                Rung(4, "locked", lifted_by="operator"),
            ),
        ),
        Counter(
            "points",
            (("missed_request", 1), ("missed_attendance", 2)),
            zone="Asia/Tokyo",
            bundle=3,
            decay=Decay(2, Exact(hours=36)),
            ladder=(
                Rung(2, "hidden", Exact(hours=48), "tutor"),
                Rung(4, "wallet_frozen", Calendar(days=1)),
                Rung(5, "locked", Exact(hours=60)),
            ),
        ),
        Counter(
            "streak",
            (("missed_request", 1),),
            within=Calendar(days=4),
            broken_by=("taught",),
            ladder=(Rung(2, "existing_only", Exact(hours=30)), Rung(3, "requests_blocked", lifted_by="operator")),
        ),
    )
)


class Step(NamedTuple):
    """A step of a ladder: from which count, what, for how many hours, and after how many the tutor may end it."""

    at: int
    what: str
    hours: int | None = None
    tutor_after: int | None = None


class Page(NamedTuple):
    """A page of the rule book, in hours."""

    marks: dict[str, int]
    steps: tuple[Step, ...]
    a_day: int | None = None
    ahead: int = 0
    window: int | None = None
    fades: int | None = None
    fading: int = 0
    ends_with: str = ""


BOOK = {
    "points": Page(
        {"missed_request": 1, "missed_attendance": 2},
        (Step(2, "hidden", None, 48), Step(4, "wallet_frozen", 24), Step(5, "locked", 60)),
        a_day=3,
        ahead=9,
        fades=36,
        fading=2,
    ),
    "requests": Page(
        {"missed_request": 1},
        (Step(1, "notice"), Step(2, "hidden", None, 0), Step(3, "hidden", 72), Step(4, "locked")),
        a_day=1,
    ),
    "streak": Page(
        {"missed_request": 1},
        (Step(2, "existing_only", 30), Step(3, "requests_blocked")),
        window=96,
        ends_with="taught",
    ),
}


@attrs.define
class Slip:
    """A report on paper. `live` until its counter begins anew."""

    counter: str
    hour: int
    points: int
    state: str = "open"
    live: bool = True


@attrs.define
class Measure:
    """What was done to the tutor, by which counter at which count."""

    what: str
    counter: str
    at: int
    ends: int | None
    tutor_from: int | None


class Desk:
    """The desk of an agent who works from the rule book with paper and pencil."""

    def __init__(self) -> None:
        self.hour = 0
        self.slips: list[Slip] = []
        self.measures: list[Measure] = []

    def tally(self, name: str) -> int:
        """What a counter shows now: hour by hour from the first slip that counts."""
        page, total, quiet = BOOK[name], 0, 0
        slips = [slip for slip in self.slips if slip.counter == name and slip.live and slip.state != "dismissed"]
        if page.window is not None:
            slips = [slip for slip in slips if self.hour < slip.hour + page.window]
        for hour in range(min((slip.hour for slip in slips), default=self.hour), self.hour + 1):
            quiet += 1
            if quiet == page.fades:
                total, quiet = max(0, total - page.fading), 0
            for slip in slips:
                if slip.hour == hour:
                    total, quiet = total + slip.points, 0
        return total

    def kept(self) -> set[str]:
        """What the tutor cannot do now."""
        kept = {each.what for each in self.measures if each.ends is None or self.hour < each.ends}
        if "locked" in kept:
            kept.add("hidden")
        if "hidden" in kept:
            kept.add("existing_only")
        return kept

    def lapse(self, mark: str) -> Iterator[list[str]]:
        """File a lapse with every counter that knows it; what follows from it, counter by counter."""
        for name, page in BOOK.items():
            if mark in page.marks:
                yield self._file(name, page, page.marks[mark])
            elif mark == page.ends_with:
                old = [slip for slip in self.slips if slip.counter == name and slip.live and slip.hour < self.hour]
                for slip in old:
                    slip.live = False
                if old:
                    yield []

    def _file(self, name: str, page: Page, points: int) -> list[str]:
        before, fresh = self.tally(name), True
        today = self._day(page, self.hour)
        same = [
            slip
            for slip in self.slips
            if page.a_day is not None and slip.counter == name and slip.live and self._day(page, slip.hour) == today
        ]
        if same:
            (slip,) = same
            fresh = slip.state == "dismissed"
            slip.points, slip.state = points if fresh else slip.points + points, "open"
        else:
            slip = Slip(name, self.hour, points)
            self.slips.append(slip)
        slip.points = min(slip.points, page.a_day or slip.points)
        return self._follow(name, page, before, self.tally(name), fresh)

    def _day(self, page: Page, hour: int) -> int:
        return (hour + page.ahead) // 24

    def _follow(self, name: str, page: Page, before: int, after: int, fresh: bool) -> list[str]:
        steps = [step for step in page.steps if before < step.at <= after]
        if not steps and fresh and after > before:
            reached = [step.at for step in page.steps if step.at <= after]
            steps = [step for step in page.steps if reached and step.at == max(reached)]
        for step in steps:
            if step.what not in ("notice", "review"):
                ends = None if step.hours is None else self.hour + step.hours
                tutor = None if step.tutor_after is None else self.hour + step.tutor_after
                self.impose(Measure(step.what, name, step.at, ends, tutor))
        return [step.what for step in steps]

    def edges(self) -> list[int]:
        """The hours ahead at which something happens by itself."""
        hours = [(self.hour + ahead) // 24 * 24 + 24 - ahead for ahead in (0, 9)]
        for each in self.measures:
            hours += [hour for hour in (each.ends, each.tutor_from) if hour is not None]
        for slip in self.slips:
            page = BOOK[slip.counter]
            hours += [slip.hour + length * times for length in (page.window, page.fades) if length for times in (1, 2)]
        return sorted({hour for hour in hours if hour > self.hour})

    def impose(self, new: Measure) -> None:
        """Put up a measure, and take down the one of the same step: by one rule book a later one never ends earlier."""
        same = (new.what, new.counter, new.at)
        self.measures = [each for each in self.measures if (each.what, each.counter, each.at) != same]
        self.measures.append(new)

    def ease(self, name: str, count: int) -> None:
        """Take down what a counter did at rungs above its count; what hides waits for the tutor."""
        for each in list(self.measures):
            if each.counter == name and count < each.at and (each.ends is None or self.hour < each.ends):
                if each.what in ("requests_blocked", "wallet_frozen"):
                    self.measures.remove(each)
                else:
                    self.leave_to_tutor(each)

    def leave_to_tutor(self, each: Measure) -> None:
        """It only hides from now on, and the tutor may end it; one such paper for each step is enough."""
        self.measures.remove(each)
        each.what, each.tutor_from = "hidden" if each.what == "locked" else each.what, self.hour
        self.impose(each)

    def show(self) -> str | None:
        """The tutor switches the profile back, or why that cannot be."""
        kept = self.kept()
        if "existing_only" not in kept:
            return "not_open"
        hides = [each for each in self.measures if each.what in ("locked", "hidden", "existing_only")]
        hides = [each for each in hides if each.ends is None or self.hour < each.ends]
        if any(each.tutor_from is None or self.hour < each.tutor_from for each in hides):
            return "restricted"
        self.measures = [each for each in self.measures if each not in hides]
        return None


class Standings(RuleBasedStateMachine):
    """The library beside the desk."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()
        self.standing: Standing | None = None
        self.fed: list[Lapse] = []

    @property
    def now(self) -> Instant:
        """The instant of the desk's hour."""
        return BASE + timedelta(hours=self.desk.hour)

    @rule(hours=st.integers(1, 60))
    def wait(self, hours: int) -> None:
        """Time passes."""
        self.desk.hour += hours

    @rule(which=st.integers(0, 40), before=st.sampled_from([0, 0, 1]))
    def go_to_an_edge(self, which: int, before: int) -> None:
        """Time passes until something happens by itself: a midnight, an end, a report that fades; or an hour less."""
        edges = self.desk.edges()
        self.desk.hour = edges[which % len(edges)] - before

    @rule(mark=st.sampled_from(MARKS), again=st.booleans())
    def lapse(self, mark: str, again: bool) -> None:
        """A lesson lapses or is taught: it is counted once by each counter that knows it."""
        lapse = Lapse(LessonId(f"l-{len(self.fed)}"), len(self.fed) % 3 + 1, mark, self.now)
        expected = list(self.desk.lapse(mark))

        versions = lapsed(RULES, self.standing, TINA, lapse)

        assert sorted(list(version.happening.effects) for version in versions) == sorted(expected)
        for version in versions:
            self._stands(version)
        self.fed.append(lapse)
        if again:
            self.feed_again(-1)

    @rule(mark=st.sampled_from(MARKS[:2]), days=st.integers(2, 4), hours=st.sampled_from([12, 24]))
    def bad_days(self, mark: str, days: int, hours: int) -> None:
        """One lapse after the other, so that the upper rungs are reached."""
        for _ in range(days):
            self.lapse(mark, again=False)
            self.desk.hour += hours

    @rule(which=st.integers(0, 40))
    def feed_again(self, which: int) -> None:
        """A lapse that was counted, or that broke a streak, changes nothing when it comes again."""
        if self.fed:
            assert lapsed(RULES, self.standing, TINA, self.fed[which % len(self.fed)]) == ()

    @precondition(lambda self: self.desk.slips)
    @rule(
        which=st.integers(0, 40),
        verb=st.sampled_from(["dismiss_report", "record_report"]),
        seek=st.booleans(),
    )
    def handle_report(self, which: int, verb: StandingVerb, seek: bool) -> None:
        """An agent handles a report, mostly an open one; a handled one stays as it is; nobody becomes visible."""
        waiting = [number for number, slip in enumerate(self.desk.slips) if slip.state == "open"] if seek else []
        number = waiting[which % len(waiting)] if waiting else which % len(self.desk.slips)
        slip, kept = self.desk.slips[number], self.desk.kept()

        refusal = self._do(verb, report=number + 1)

        if slip.state == "open":
            assert refusal is None
            slip.state = "dismissed" if verb == "dismiss_report" else "recorded"
            if verb == "dismiss_report":
                self.desk.ease(slip.counter, self.desk.tally(slip.counter))
            assert self.standing is not None
            assert kept & {"hidden", "existing_only"} <= restrictions(self.standing, self.now)
        else:
            assert refusal == "not_open"

    @rule(name=st.sampled_from(sorted(BOOK)))
    def reset(self, name: str) -> None:
        """A counter begins anew, if nothing waits."""
        slips = [slip for slip in self.desk.slips if slip.counter == name]
        kept = self.desk.kept()

        refusal = self._do("reset_counter", counter=name)

        if any(slip.state == "open" for slip in slips):
            assert refusal == "reports_open"
        else:
            assert refusal is None
            for slip in slips:
                slip.live = False
            self.desk.ease(name, 0)
            assert self.standing is not None
            assert kept & {"hidden", "existing_only"} <= restrictions(self.standing, self.now)

    @rule()
    def handle_all_and_reset(self) -> None:
        """An agent clears the desk."""
        for number, slip in enumerate(self.desk.slips):
            if slip.state == "open":
                assert self._do("record_report", report=number + 1) is None
                slip.state = "recorded"
        for name in BOOK:
            self.reset(name)

    @rule()
    def show(self) -> None:
        """The tutor switches back."""
        assert self._do("show_profile", actor=TINA) == self.desk.show()

    @rule(what=st.sampled_from(["hidden", "locked", "wallet_frozen", "requests_blocked", "existing_only"]))
    def lift(self, what: str) -> None:
        """An agent lifts something; a lock leaves the profile hidden."""
        found = [
            each
            for each in self.desk.measures
            if each.what == what and (each.ends is None or self.desk.hour < each.ends)
        ]

        refusal = self._do("lift", effect=what)

        assert refusal == (None if found else "not_open")
        for each in found:
            if what == "locked":
                self.desk.leave_to_tutor(each)
            else:
                self.desk.measures.remove(each)

    @invariant()
    def agrees_with_the_desk(self) -> None:
        """Counts, restrictions and the states of reports are those of the desk; a day counts no more than it may."""
        if self.standing is None:
            assert not self.desk.slips
            return
        assert [report.state for report in self.standing.reports] == [slip.state for slip in self.desk.slips]
        for counter in RULES.counters:
            assert count(self.standing, counter, self.now) == self.desk.tally(counter.name)
        assert restrictions(self.standing, self.now) == self.desk.kept()
        assert len(self.standing.imposed) <= 2 * sum(len(counter.ladder) for counter in RULES.counters)
        by_utc_day = [
            report.raised.date()
            for report, slip in zip(self.standing.reports, self.desk.slips, strict=True)
            if report.counter == "requests" and slip.live
        ]
        assert len(by_utc_day) == len(set(by_utc_day))

    def _do(
        self,
        verb: StandingVerb,
        actor: PartyId = ANNA,
        report: int | None = None,
        counter: str | None = None,
        effect: str | None = None,
    ) -> str | None:
        """Have a command done; the code of the refusal, if it is one."""
        command = StandingCommand(
            verb,
            TINA,
            actor,
            Key("k"),
            report,
            counter,
            effect,  # type: ignore[arg-type]  # Drawn from the words that there are.
            reason="ill",
            case="c-1",
        )
        answer = handle(RULES, self.standing, command, frozenset({"agent"}), self.now)
        if isinstance(answer, Refusal):
            return answer.code
        self._stands(answer)
        return None

    def _stands(self, version: Standing) -> None:
        """The next version: the number that follows, the instant of now, and the same after it was stored."""
        assert version.number == (0 if self.standing is None else self.standing.number) + 1
        assert version.at == self.now
        assert standing_of(decode(encode(standing_record(version)))) == version
        self.standing = version


TestStandings = Standings.TestCase
# Steps are cheap here, and the upper rungs are some way off.
TestStandings.settings = settings(max_examples=settings().max_examples * 2, stateful_step_count=50)
