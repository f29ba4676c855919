"""Two processes on one SQLite file want what only one of them can have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any, TypeAlias

import attrs
import pytest

from tutorcore import Instant, Marketplace, Schedule, instant, load_policy, open_sqlite
from tutorcore.calendar.schedules.schedule import WEEKDAYS, Booking, WeeklyRule, Window
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import MICROSECOND, to_text
from tutorcore.ports.storage import Party, Storage

pytestmark = pytest.mark.slow

Job: TypeAlias = Mapping[str, object]
"""A method of the marketplace under `do`, and its arguments."""

Reply: TypeAlias = Mapping[str, Any]
"""What came of it: `code` is `ok`, that of a refusal, or the name of an exception."""

ROUNDS = 25
_HOUR = timedelta(hours=1)
_WEEK = timedelta(weeks=1)
_BEGINNING = instant("2026-03-02T09:00:00Z")
# How late either child is, in seconds: mostly hardly, so that the store decides; sometimes by more than a commit takes.
_LATE = ((0.0, 0.0), (0.0, 0.0), (0.001, 0.0), (0.0, 0.001), (0.0, 0.002), (0.002, 0.0), (0.05, 0.0), (0.0, 0.05))


def _late(chance: Random) -> tuple[float, float]:
    return chance.choice(_LATE)


def _asked(student: str, tutor: str, start: Instant, now: Instant, key: str, **more: object) -> Job:
    """An order to ask for an hour at 25 ITC."""
    return {
        "do": "request", "student": student, "tutor": tutor, "start": to_text(start), "minutes": 60,
        "price": "25.0", "now": to_text(now), "key": key, "lesson": key, **more,
    }  # fmt: skip


def _to(do: str, lesson: str, by: str, key: str, now: Instant, **more: object) -> Job:
    """An order to do something about a lesson."""
    return {"do": do, "lesson": lesson, "by": by, "key": key, "now": to_text(now), **more}


def _fill(market: Marketplace, *students: str, amount: str = "2500.0") -> None:
    for student in students:
        market.top_up(student, market.money(amount, "ITC"), key=f"{student} is rich", now=_BEGINNING)


# Children meet this long after they were told to: both have read the order by then.
_AFTER_SECONDS = 0.01
_CHILDREN = Path(__file__).parent / "children"


@attrs.define
class Children:
    """Processes that carry out one order each at the same moment."""

    processes: list[subprocess.Popen[str]]
    met: int = 0

    def race(self, *jobs: Job, late: tuple[float, ...] = ()) -> list[Reply]:
        """Let each child do one job, all of them at once or so many seconds late, and return what came of them."""
        start = monotonic() + _AFTER_SECONDS
        starts = [start + seconds for seconds in (late or (0.0,) * len(jobs))]
        for process, job, at in zip(self.processes, jobs, starts, strict=True):
            assert process.stdin is not None
            process.stdin.write(json.dumps({**job, "at": at}) + "\n")
            process.stdin.flush()
        replies = [json.loads(_line(process)) for process in self.processes]
        self.met += max(reply["began"] for reply in replies) < min(reply["ended"] for reply in replies)
        return replies


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"a child ended: {process.wait(10)}"
    return line


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Callable[[Path], Children]]:
    """Starts two children on a database file. They must have met at least once in whatever they were made to do."""
    with ExitStack() as stack:
        started: list[Children] = []

        def start(path: Path) -> Children:
            command = [sys.executable, "-P", str(_CHILDREN / "racer.py"), str(path)]
            processes = [
                stack.enter_context(
                    subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
                )
                for _ in range(2)
            ]
            for process in processes:
                stack.callback(process.kill)
                assert _line(process) == "ready\n"
            started.append(Children(processes))
            return started[-1]

        yield start
        for each in started:
            assert each.met > 0, "the children were never at work at the same time"


def test_two_students_race_for_one_slot(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """One of them gets the tutor's time and the other is told who stands in the way; only one price is held."""
    _fill(market, "ann", "bob")
    racers, chance = children(path), Random(1)
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        start = now + 40 * _HOUR
        codes = [
            each["code"]
            for each in racers.race(
                _asked("ann", "tom", start, now, f"a{number}"),
                _asked("bob", "tom", start + _HOUR / 2, now, f"b{number}"),
                late=_late(chance),
            )
        ]

        assert sorted(codes) == ["ok", "slot_taken"]
        assert_nothing_is_lost(storage, [f"a{number}", f"b{number}"])
        with storage.reading() as tx:
            won, lost = ("a", "b") if codes[0] == "ok" else ("b", "a")
            assert [claim.lesson for claim in tx.claims() if claim.start >= start] == [f"{won}{number}"] * 2
            assert tx.lesson(LessonId(f"{lost}{number}")) is None


def test_two_students_race_for_times_with_a_pause_between_them(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """Their times touch and do not overlap, but the tutor's pause lies between: whoever comes second is told so."""
    _fill(market, "ann", "bob")
    every_day = tuple(WeeklyRule(day, Window.of("00:00", "24:00")) for day in WEEKDAYS)
    market.set_schedule("tom", Schedule("UTC", every_day, booking=Booking(after=_HOUR / 4)))
    racers, chance = children(path), Random(11)
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        start = now + 40 * _HOUR

        replies = racers.race(
            _asked("ann", "tom", start, now, f"a{number}"),
            _asked("bob", "tom", start + _HOUR, now, f"b{number}"),
            late=_late(chance),
        )

        assert sorted(each["code"] for each in replies) == ["not_bookable", "ok"]
        assert_nothing_is_lost(storage, [f"a{number}", f"b{number}"])


def test_two_requests_race_for_one_wallet(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """A wallet that can pay one of two lessons pays one of them, to the cent."""
    racers, chance = children(path), Random(2)
    for number in range(ROUNDS):
        now, student = _BEGINNING + number * _WEEK, f"s{number}"
        market.add_party(student, zone="Europe/Lisbon")
        market.top_up(student, market.money("25.0", "ITC"), key=f"{student} pays", now=now)
        codes = [
            each["code"]
            for each in racers.race(
                _asked(student, "tom", now + 30 * _HOUR, now, f"a{number}"),
                _asked(student, "tim", now + 40 * _HOUR, now, f"b{number}", price="24.9"),
                late=_late(chance),
            )
        ]

        assert sorted(codes) == ["insufficient_funds", "ok"]
        assert market.wallet(student, "ITC", now=now).text == ("0.0" if codes[0] == "ok" else "0.1")
        assert_nothing_is_lost(storage, [f"a{number}", f"b{number}"])


def test_an_answer_races_against_its_expiry(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """An answer stamped just before the deadline and a sweep at it: what is recorded first counts, never both."""
    _fill(market, "ann")
    racers, chance = children(path), Random(3)
    ends = set()
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        id = _ask_and_sweep(market, now, number)
        deadline = now + 48 * _HOUR
        answered, swept = racers.race(
            _accepted(id, deadline - MICROSECOND),
            {"do": "sweep", "now": to_text(deadline)},
            late=_late(chance),
        )
        end = (answered["code"], swept["timeouts"], market.lesson(id, now=deadline).state)
        ends.add(end)

        assert end in {("ok", 0, "agreed"), ("out_of_order", 1, "expired")}
        assert len(market.history(id)) == 2
        assert_nothing_is_lost(storage, [id, f"{id} accepted"])

    assert len(ends) == 2, "one of the children always came first"


def test_an_answer_at_the_deadline_loses_every_race(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """Stamped at the deadline itself it comes too late, whether or not the sweeper has been there before it."""
    _fill(market, "ann")
    racers, chance = children(path), Random(4)
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        id = _ask_and_sweep(market, now, number)
        deadline = now + 48 * _HOUR
        answered, swept = racers.race(
            _accepted(id, deadline), {"do": "sweep", "now": to_text(deadline)}, late=_late(chance)
        )
        history = market.history(id)

        assert answered["code"] == "not_open"
        assert answered["versions"] + swept["timeouts"] == 1
        assert [(each.version.state, each.version.at) for each in history[1:]] == [("expired", deadline)]
        assert_nothing_is_lost(storage, [id, f"{id} accepted"])


def _ask_and_sweep(market: Marketplace, now: Instant, number: int) -> str:
    """Clear away what the last round left, and let ann ask tom for a lesson in three days."""
    market.sweep(now=now)
    id = f"r{number}"
    market.request(
        student="ann", tutor="tom", start=now + 72 * _HOUR, duration=_HOUR, price="25.0", lesson=id, key=id, now=now
    ).or_raise()
    return id


def _accepted(id: str, now: Instant) -> Job:
    return _to("accept", id, "tom", f"{id} accepted", now, proposal=1)


def test_one_key_comes_twice_with_the_same_content(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """It is done once; both are told the same, and one of them that this had been answered before."""
    _fill(market, "ann")
    racers, chance = children(path), Random(5)
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        id = f"r{number}"
        asked = _asked("ann", "tom", now + 72 * _HOUR, now, id)
        declined = _to("decline", id, "tom", f"{id} declined", now)
        refused = _to("confirm", id, "ann", f"{id} confirmed", now)
        paid = {"do": "top_up", "party": "bob", "amount": "1.0", "key": f"{id} paid", "now": to_text(now)}
        for order, code, versions in ((asked, "ok", 1), (declined, "ok", 1), (refused, "not_open", 0), (paid, "ok", 0)):
            first, second = racers.race(order, order, late=_late(chance))

            assert [each["code"] for each in (first, second)] == [code, code]
            assert sorted(each["repeated"] for each in (first, second)) == [False, True]
            assert first["answer"] == second["answer"]
            assert first["versions"] == second["versions"] == versions
        keys = [line.key for line in market.audit() if line.key is not None and line.key.startswith(id)]

        assert len(market.history(id)) == 2
        assert market.wallet("bob", "ITC").text == f"{number + 1}.0"
        assert sorted(key for key in keys if key.split()[0] == id) == sorted(
            [id, f"{id} declined", f"{id} confirmed", f"{id} paid"]
        )
        assert_nothing_is_lost(storage)


def test_one_key_comes_twice_with_other_content(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """One of the two is done, the other is refused; the audit trail has a line for either."""
    _fill(market, "ann", "bob")
    racers, chance = children(path), Random(6)
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        key = f"r{number}"
        replies = racers.race(
            _asked("ann", "tom", now + 72 * _HOUR, now, key, lesson=f"a{number}"),
            _asked("bob", "tim", now + 72 * _HOUR, now, key, lesson=f"b{number}"),
            late=_late(chance),
        )
        codes = [each["code"] for each in replies]
        lines = [line for line in market.audit() if line.lesson in {f"a{number}", f"b{number}"}]

        assert sorted(codes) == ["key_reused", "ok"]
        assert [line.key for line in lines] == [key, None]
        assert [line.refusal and line.refusal.code for line in lines] == [None, "key_reused"]
        assert [lesson.id for lesson in market.lessons(now=now) if lesson.brief.created == now] == [
            f"a{number}" if codes[0] == "ok" else f"b{number}"
        ]
        assert_nothing_is_lost(storage, [key])


def test_tutors_and_students_cross(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """Two people who ask each other for the same hour, naming one another in opposite order: one lesson comes of it."""
    _fill(market, "ann", "tess")
    racers, chance = children(path), Random(7)
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        start = now + 40 * _HOUR
        replies = racers.race(
            _asked("ann", "tess", start, now, f"a{number}"),
            _asked("tess", "ann", start, now, f"b{number}"),
            late=_late(chance),
        )

        assert sorted(each["code"] for each in replies) == ["ok", "slot_taken"]
        assert_nothing_is_lost(storage, [f"a{number}", f"b{number}"])


def test_two_lessons_cannot_swap_their_hours(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """Each wants the hour that the other still holds: both are refused, nobody waits for ever, both keep their hour."""
    _fill(market, "ann", "bob")
    racers, chance = children(path), Random(8)
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        starts = {f"a{number}": now + 40 * _HOUR, f"b{number}": now + 42 * _HOUR}
        for (id, start), student in zip(starts.items(), ("ann", "bob"), strict=True):
            market.request(
                student=student, tutor="tom", start=start, duration=_HOUR, price="9", lesson=id, key=id, now=now
            ).or_raise()
            market.accept(id, by="tom", proposal=1, key=f"{id} accepted", now=now).or_raise()
        swaps = zip(starts, reversed(starts.values()), strict=True)
        orders = [
            {
                "do": "propose",
                "lesson": id,
                "by": "tom",
                "start": to_text(to),
                "key": f"{id} moved",
                "now": to_text(now),
            }
            for id, to in swaps
        ]
        replies = racers.race(*orders, late=_late(chance))

        assert [each["code"] for each in replies] == ["slot_taken", "slot_taken"]
        assert {id: market.lesson(id, now=now).terms.start for id in starts} == starts
        assert_nothing_is_lost(storage, [f"{id} moved" for id in starts])


def test_two_sweepers_share_the_work(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """Together they apply every timeout once, in whatever portions."""
    _fill(market, "ann", "bob", "sue")
    racers, chance = children(path), Random(9)
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        ids = [f"r{number}.{place}" for place in range(6)]
        for place, id in enumerate(ids):
            market.request(
                student=("ann", "bob", "sue")[place % 3],
                tutor=("tom", "tim")[place % 2],
                start=now + (72 + place) * _HOUR,
                duration=_HOUR,
                price="25.0",
                lesson=id,
                key=id,
                now=now,
            ).or_raise()
        order = {"do": "sweep", "now": to_text(now + 60 * _HOUR), "batch": 1, "key": f"sweep {number}"}
        replies = racers.race(order, {**order, "batch": 2, "key": f"other {number}"}, late=_late(chance))

        assert sum(each["timeouts"] for each in replies) == len(ids)
        assert [len(market.history(id)) for id in ids] == [2] * len(ids)
        assert_nothing_is_lost(storage, ids)


def test_two_sweepers_and_a_command_remind_once(
    storage: Storage, path: Path, children: Callable[[Path], Children], assert_nothing_is_lost: Callable[..., None]
) -> None:
    """Whoever comes first says what is due, and nobody says it again: neither another sweeper nor an answer."""
    reminding = load_policy("""
extends = "italki"
id = "reminding"
standing.missed_request.ladder = []
notify.reminders = [{ state = "requested", at = "deadline - 12h", to = ["tutor"] }]
""")
    market = Marketplace(storage, [reminding], zone="Asia/Tokyo")
    for party in ("ann", "tom"):
        market.add_party(party, zone="UTC")
    racers, chance = children(path), Random(12)
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        id = f"r{number}"
        market.request(
            student="ann", tutor="tom", start=now + 100 * _HOUR, duration=_HOUR, price="0", lesson=id, key=id, now=now
        ).or_raise()
        sweep: Job = {"do": "sweep", "now": to_text(now + 40 * _HOUR), "key": f"sweep {number}"}
        other: Job = {**sweep, "key": f"other {number}"}
        answer = _to("decline", id, "tom", f"answer {number}", now + 40 * _HOUR)

        racers.race(sweep, chance.choice((other, answer)), late=_late(chance))

        said = [row.message.kind for row in market.outbox() if row.message.lesson == id]
        assert said.count("reminder") == 1
        assert said.index("reminder") == 1
        assert_nothing_is_lost(storage, [id])


def _taught(market: Marketplace, id: str, start: Instant, price: str = "400.0") -> None:
    """Let ann have a lesson with tom that she confirms: asked for and agreed half an hour before."""
    asked = start - _HOUR / 2
    market.request(
        student="ann", tutor="tom", start=start, duration=_HOUR, price=price, lesson=id, key=id, now=asked
    ).or_raise()
    market.accept(id, by="tom", proposal=1, key=f"{id} accepted", now=asked).or_raise()
    market.confirm(id, by="ann", key=f"{id} confirmed", now=start + _HOUR).or_raise()


def test_two_withdrawals_race_for_one_application(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """Each could be paid, but one application is one withdrawal: one of the two is refused, and no cent is lost."""
    _fill(market, "ann", amount="100000.0")
    racers, chance = children(path), Random(13)
    for number in range(ROUNDS):
        month = instant(f"{2030 + number // 12}-{number % 12 + 1:02}-15T09:00:00Z")
        now = month + timedelta(days=20)
        _taught(market, f"r{number}", month, price="1000.0")
        market.payouts.apply("tom", "ITC", key=f"apply {number}", now=month + 2 * _HOUR).or_raise()
        before = market.earnings("tom", "ITC", now=now).available.minor
        order: Job = {"do": "payouts.withdraw", "tutor": "tom", "now": to_text(now)}
        replies = racers.race(
            {**order, "amount": "300.0", "key": f"a{number}"},
            {**order, "amount": "400.0", "key": f"b{number}"},
            late=_late(chance),
        )
        codes = [each["code"] for each in replies]
        taken = 3000 if codes[0] == "ok" else 4000
        found = market.payouts.of("tom")[-1]

        assert sorted(codes) == ["not_applied", "ok"]
        assert (found.id, found.state, found.amount) == (f"apply {number}", "under_way", taken)
        assert market.earnings("tom", "ITC", now=now).available.minor == before - taken
        assert_nothing_is_lost(storage, [f"a{number}", f"b{number}"])


def test_two_expenses_or_a_refund_race_for_the_same_earnings(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """What a tutor has earned is spent once; what a refund finds spent is a debt, and what it took cannot be spent."""
    _fill(market, "ann", amount="100000.0")
    racers, chance = children(path), Random(14)
    for number in range(ROUNDS):
        month = instant(f"{2030 + number // 12}-{number % 12 + 1:02}-15T09:00:00Z")
        now = month + timedelta(days=25)
        _taught(market, f"r{number}", month)
        amount = market.earnings("tom", "ITC", now=now).available.text
        order: Job = {"tutor": "tom", "amount": amount, "now": to_text(now)}
        spent: Job = {**order, "do": "payouts.spend", "key": f"a{number}"}
        refunded: Job = {
            "do": "refund", "lesson": f"r{number}", "by": "olga", "reason": "ill", "split": {"student": "100%"},
            "now": to_text(now), "key": f"b{number}",
        }  # fmt: skip
        other: Job = chance.choice(({**spent, "key": f"b{number}"}, refunded))
        codes = [each["code"] for each in racers.race(spent, other, late=_late(chance))]
        debt = market.payouts.debt("tom", "ITC", now=now).text

        assert codes in (["ok", "insufficient_funds"], ["insufficient_funds", "ok"], ["ok", "ok"])
        assert codes != ["ok", "ok"] or other is refunded
        assert debt == (amount if codes == ["ok", "ok"] else "0.0")
        assert market.earnings("tom", "ITC", now=now).available.minor == 0
        assert_nothing_is_lost(storage, [f"a{number}", f"b{number}"])
        if debt != "0.0":
            _taught(market, f"again{number}", now + _HOUR)  # What is earned now pays it.


def test_two_agents_handle_one_report(
    market: Marketplace,
    storage: Storage,
    path: Path,
    children: Callable[[Path], Children],
    assert_nothing_is_lost: Callable[..., None],
) -> None:
    """One dismisses what the other records: the first word counts, and the other is told that the report is closed."""
    _fill(market, "ann")
    market.add_party("agnes", zone="UTC", grants=["agent"])
    racers, chance, words = children(path), Random(15), set()
    for number in range(ROUNDS):
        now = _BEGINNING + number * _WEEK
        id, at, report = f"r{number}", now + 49 * _HOUR, number + 1
        market.standings.show_profile("tom", key=f"show {number}", now=now)
        market.standings.reset_counter(
            "tom", "missed_request", by="olga", reason="a new week", case="9", key=f"reset {number}", now=now
        )
        market.request(
            student="ann", tutor="tom", start=now + 72 * _HOUR, duration=_HOUR, price="1", lesson=id, key=id, now=now
        ).or_raise()
        order: Job = {"tutor": "tom", "report": report, "case": "7", "now": to_text(at)}
        replies = racers.race(
            {**order, "do": "standings.dismiss_report", "by": "agnes", "reason": "ill", "key": f"a{number}"},
            {**order, "do": "standings.record_report", "by": "olga", "reason": "no_answer", "key": f"b{number}"},
            late=_late(chance),
        )
        codes = [each["code"] for each in replies]
        standing = market.standings.of("tom", now=at)
        words.add(codes[0])

        assert sorted(codes) == ["not_open", "ok"]
        assert standing is not None
        assert len(standing.reports) == report
        assert standing.reports[-1].state == ("dismissed" if codes[0] == "ok" else "recorded")
        assert [len(each.lapses) for each in standing.reports] == [1] * report
        assert_nothing_is_lost(storage, [f"a{number}", f"b{number}"])

    assert len(words) == 2, "one of the children always came first"


_OPENS_AND_CLOSES = "import sys; from tutorcore import open_sqlite; open_sqlite(sys.argv[1]).close()"


@pytest.mark.parametrize("is_closed_again", [False, True])
def test_one_process_may_open_a_file_twice(path: Path, is_closed_again: bool) -> None:
    """What it committed stays, and stays readable, when another process has opened and closed the file meanwhile."""
    with open_sqlite(path) as first:
        with first.transaction() as tx:
            tx.put_party(Party(PartyId("early"), "UTC"))
        second = open_sqlite(path)
        if is_closed_again:
            second.close()
        subprocess.run([sys.executable, "-P", "-c", _OPENS_AND_CLOSES, str(path)], check=True)
        with first.transaction() as tx:
            tx.put_party(Party(PartyId("late"), "UTC"))
        with first.reading() as tx:
            seen = [party.id for party in tx.parties()]
        second.close()
    with open_sqlite(path) as storage, storage.reading() as tx:
        found = [party.id for party in tx.parties()]

    assert seen == found == ["early", "late"]
    assert os.listdir(path.parent) == [path.name]
