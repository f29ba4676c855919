"""`tutorcore play` is killed in the middle of its work and started again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import Any

import attrs
import pytest

from tutorcore import Instant, instant, open_sqlite
from tutorcore.instants import to_text
from tutorcore.testing.plain import Dump, differences, dump
from tutorcore.testing.promises import broken_history, broken_promises

pytestmark = pytest.mark.slow

_STUDENTS = {"ann": "America/New_York", "bob": "Australia/Lord_Howe", "sue": "Africa/Cairo", "eve": "Asia/Kolkata"}
_TUTORS = {"tom": "Europe/Berlin", "tim": "Asia/Kathmandu", "tess": "Europe/London"}
_BEGINNING = instant("2026-03-02T09:00:00Z")
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)

# As italki, but what little is earned here can be taken out.
_POLICY = "payouts.toml"
_PAYOUTS = """
extends = "italki"
id      = "payouts"
[payout]
minimum = "1.0"
fee     = "0.2"
"""

# So many times is each database's run killed, before it is left to end: fifty kills.
_KILLS = (2,) * 25
_AT_ONCE = 2


def _scenario(chance: Random) -> str:
    """A scenario of some hundred steps: people who ask, answer, forget, quarrel and are paid, and a sweeper."""
    busy = [step for number in range(35) for step in _lesson(chance, f"l{number}", _BEGINNING + number * 17 * _HOUR)]
    busy += [step for number, tutor in enumerate(_TUTORS) for step in _account(chance, tutor, number)]
    busy += [_at(_BEGINNING + day * _DAY, do="sweep", grace="3m") for day in range(2, 40, 2)]
    busy += [_at(_BEGINNING + day * _DAY, who="bob", do="top_up", amount="5.0") for day in range(1, 40, 5)]
    busy.sort(key=lambda step: to_text(step["at"]))
    steps = [*busy, *_many_lapses(_BEGINNING + 300 * _DAY)]
    head = ["schema = 1", 'id = "killed"', f'policy = "{_POLICY}"', 'zone = "Asia/Tokyo"']
    for id, zone in _STUDENTS.items():
        head += [f"[parties.{id}]", f'zone = "{zone}"', 'wallet = "300.0"']
    for id, zone in _TUTORS.items():
        head += [f"[parties.{id}]", f'zone = "{zone}"']
    head += ["[parties.olga]", 'zone = "UTC"', 'grants = ["operator"]']
    for step in steps:
        head += ["[[steps]]", *(f"{name} = {_toml(value)}" for name, value in step.items())]
    return "\n".join(head) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_toml(each)}' for name, each in value.items())} }}"
    return f'"{value}"' if isinstance(value, str) else to_text(value) if isinstance(value, Instant) else str(value)


def _at(at: Instant, **step: object) -> dict[str, Any]:
    return {"at": at, **step}


def _lesson(chance: Random, name: str, now: Instant) -> list[dict[str, Any]]:
    """What happens about one lesson, most of it in order; several lessons are under way at a time."""
    student, tutor = chance.choice(list(_STUDENTS)), chance.choice(list(_TUTORS))
    start = _full_hour(now) + chance.choice((51, 60, 75)) * _HOUR
    asked = _at(
        now, who=student, do="request", lesson=name, tutor=tutor, start=start, minutes=chance.choice((30, 45, 90)),
        price=chance.choice(("10.0", "0.7", "33.3")),
    )  # fmt: skip
    accepted = _at(now + 2 * _HOUR, who=tutor, do="accept", lesson=name, proposal=1)
    later = start + chance.choice((2, 24)) * _HOUR
    moved = _at(now + 3 * _HOUR, who=tutor, do="propose", lesson=name, start=later)
    stories: list[list[dict[str, Any]]] = [
        [accepted, _at(later + 3 * _HOUR, who=student, do="confirm", lesson=name)],
        *([accepted, *quarrel] for quarrel in _quarrels(name, student, tutor, start)),
        [accepted, moved, _at(now + 4 * _HOUR, who=student, do="accept", lesson=name, proposal=2)],
        [accepted, moved, _at(now + 4 * _HOUR, who=student, do="decline", lesson=name)],
        [accepted, moved],
        [accepted, _at(now + 5 * _HOUR, who=student, do="cancel", lesson=name)],
        [accepted, _at(start - _HOUR, who=tutor, do="cancel", lesson=name)],
        [accepted, _at(now + 5 * _HOUR, who="olga", do="reschedule", lesson=name, start=later, reason="ill")],
        [accepted, _at(now + 5 * _HOUR, who="olga", do="cancel", lesson=name, reason="ill")],
        [moved, _at(now + 9 * _HOUR, who=student, do="accept", lesson=name, proposal=2)],
        [moved, _at(now + 9 * _HOUR, who=student, do="accept", lesson=name, proposal=1)],
        [_at(now + _HOUR, who=tutor, do="decline", lesson=name, reason="away")],
        [_at(now + _HOUR, who=student, do="withdraw", lesson=name)],
        [_at(now + _HOUR, who=student, do="accept", lesson=name, proposal=1)],
        [],
    ]
    return [asked, *chance.choice(stories)]


def _quarrels(name: str, student: str, tutor: str, start: Instant) -> Iterator[list[dict[str, Any]]]:
    """What happens about a lesson that did not go well, from its tenth minute on."""
    at, split = start + _HOUR / 6, {"tutor": "1/3", "student": "rest"}
    about = {"lesson": name, "do": "report", "reason": "quality"}
    yield [_at(at, who=student, **{**about, "reason": "tutor_absent"}, remedy="refund")]
    yield [
        _at(at, who=student, **about, remedy="split", split=split),
        _at(at + _HOUR, who=tutor, do="evidence", lesson=name, note="see the notes"),
        _at(at + _HOUR, who=tutor, do="propose_remedy", lesson=name, remedy="pay"),
        _at(at + _DAY, who=student, do="accept", lesson=name, proposal=3),
    ]
    yield [
        _at(at, who=tutor, **about, remedy="reschedule"),
        _at(at + _HOUR, who=student, do="accept", lesson=name, proposal=2),
        _at(at + 2 * _HOUR, who=student, do="propose", lesson=name, start=_full_hour(at) + 3 * _DAY),
        _at(at + 3 * _HOUR, who=tutor, do="accept", lesson=name, proposal=3),
    ]
    yield [
        _at(at, who=student, **about, remedy="refund"),
        _at(at + _HOUR, who=tutor, do="decline", lesson=name),
        _at(at + _DAY, who="olga", do="resolve", lesson=name, split=split, reason="heard both"),
        _at(at + 2 * _DAY, who="olga", do="refund", lesson=name, split={"student": "100%"}, reason="heard more"),
    ]
    yield [
        _at(start + 3 * _HOUR, who=student, do="confirm", lesson=name),
        _at(start + 4 * _HOUR, who="olga", do="refund", lesson=name, split=split, reason="ill"),
    ]


def _account(chance: Random, tutor: str, number: int) -> Iterator[dict[str, Any]]:
    """What a tutor, and the platform, do about the tutor's earnings and reports."""
    at, name = _BEGINNING + number * _HOUR, f"of {tutor}"
    # Left without an answer, so that there is a report to be handled.
    yield _at(
        _BEGINNING, who="ann", do="request", lesson=f"missed-{tutor}", tutor=tutor, start=at + 80 * _HOUR, minutes=30,
        price="1.0",
    )  # fmt: skip
    for day in range(4, 60, 4):
        closed = _at(at + day * _DAY, who="olga", do="dismiss_report", tutor=tutor, reason="ill")
        if chance.random() < 0.5:
            closed.update(do="record_report", reason=chance.choice(("no_answer", "did_not_attend")))
        yield {**closed, "report": 1, "case": "4711"}
        yield _at(at + (day + 1) * _DAY, who=tutor, do="show_profile", tutor=tutor)
    yield _at(
        at + 50 * _DAY,
        who="olga",
        do="reset_counter",
        tutor=tutor,
        counter="missed_request",
        case="4712",
        reason="well",
    )
    yield _at(at + 20 * _DAY, who=tutor, do="apply_for_withdrawal")
    for day, amount, end in (
        (31, "2.0", "withdrawal_returned"),
        (33, "3.3", "withdrawal_paid"),
        (35, "1.1", "withdrawal_paid"),
    ):
        yield _at(at + day * _DAY, who=tutor, do="withdraw_earnings", amount=amount, withdrawal=f"{day} {name}")
        why = {"reason": "closed"} if end == "withdrawal_returned" else {}
        yield _at(at + (day + 1) * _DAY, who="olga", do=end, withdrawal=f"{day} {name}", **why)
    yield _at(at + 37 * _DAY, who=tutor, do="spend_earnings", amount="1.0")


def _many_lapses(now: Instant) -> Iterator[dict[str, Any]]:
    """More requests than a sweeper takes at once, all of which it finds unanswered."""
    yield _at(now, who="ann", do="top_up", amount="100.0")
    for number in range(110):
        tutor = list(_TUTORS)[number % 3]
        start = now + (60 + number) * _HOUR
        yield _at(now, who="ann", do="request", lesson=f"m{number}", tutor=tutor, start=start, minutes=60, price="0.1")
    yield _at(now + 2 * _DAY, do="sweep")
    yield _at(now + 2 * _DAY, who="ann", do="top_up", amount="0.1")


def _full_hour(at: Instant) -> Instant:
    return at.replace(minute=0, second=0, microsecond=0)


@attrs.frozen
class End:
    """How a run ended: exit code, document, and everything in its database."""

    code: int
    document: str
    dump: Dump


class Runs:
    """Runs of one scenario, each on a database in a folder of its own."""

    def __init__(self, folder: Path, scenario: str) -> None:
        self.folder = folder
        self.file = folder / "scenario.toml"
        self.file.write_text(scenario, encoding="utf-8")
        (folder / _POLICY).write_text(_PAYOUTS, encoding="utf-8")

    def database(self, name: str) -> Path:
        """Return where the database of that name lies, in a folder that is there."""
        (self.folder / name).mkdir()
        return self.folder / name / "lessons.db"

    def play(self, database: Path) -> End:
        """Play the scenario to its end."""
        with self._started(database, subprocess.PIPE) as process:
            document, _ = process.communicate(timeout=120)
        with open_sqlite(database) as storage:
            return End(process.returncode, document, dump(storage))

    def kill(self, database: Path, after_seconds: float) -> bool:
        """Play the scenario and kill it; return whether it was still running."""
        with self._started(database, subprocess.DEVNULL) as process:
            try:
                process.wait(after_seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                return True
        return False

    def left_behind(self, database: Path) -> tuple[int, list[str]]:
        """Return how many commands a run had answered when it was killed, and what it left broken.

        A copy is looked at, so that whoever plays next is the first to open the database after the kill.
        """
        if not database.exists():
            return 0, []
        copy = self.database(f"copy of {database.parent.name} {len(list(self.folder.iterdir()))}")
        for suffix in ("", "-wal"):
            if Path(f"{database}{suffix}").exists():
                shutil.copyfile(f"{database}{suffix}", f"{copy}{suffix}")
        with open_sqlite(copy) as storage, storage.reading() as tx:
            return len(tx.audit()), broken_promises(storage)

    def _started(self, database: Path, output: int) -> subprocess.Popen[str]:
        program = "import sys; from tutorcore.cli import main; sys.exit(main(sys.argv[1:]))"
        command = [sys.executable, "-P", "-c", program, "play", str(self.file), "--db", str(database), "--json"]
        return subprocess.Popen(command, stdout=output, text=True, encoding="utf-8")


@attrs.frozen
class Killed:
    """A database whose runs were killed: what they had done by then, and how the last run, left alone, ended."""

    answered: Sequence[int]
    broken: Sequence[str]
    end: End


def _killed(runs: Runs, name: str, moments: Sequence[float], took: float) -> Killed:
    """Kill a run at each of these parts of the time it takes; `took` is a first guess that the outcomes correct."""
    database, answered, broken = runs.database(name), list[int](), list[str]()
    for moment in moments:
        while not runs.kill(database, took * moment):
            # It had ended already. The guess was made at a slower time; only a new database has anything left to do.
            took *= 0.7
            database = runs.database(f"{name}, sooner than {took}")
        count, found = runs.left_behind(database)
        if not count:
            took *= 1.2  # Python had hardly started.
        answered.append(count)
        broken += found
    return Killed(answered, broken, runs.play(database))


def test_a_killed_run_that_is_repeated_ends_as_if_undisturbed(tmp_path: Path) -> None:
    """Fifty kills at any moment: what was there then was whole, and in the end document and database are the same."""
    chance = Random(20)
    runs = Runs(tmp_path, _scenario(chance))
    began = monotonic()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        undisturbed, again = pool.map(runs.play, map(runs.database, ("undisturbed", "again")))
    took = monotonic() - began
    names = [f"killed {number}" for number in range(len(_KILLS))]
    # Most of the first half is Python starting.
    moments = [[chance.uniform(chance.choice((0, 0.4)), 1) for _ in range(kills)] for kills in _KILLS]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        killed = list(pool.map(partial(_killed, runs, took=took), names, moments))
    all_lines = len(undisturbed.dump["audit"])
    in_the_middle = [count for each in killed for count in each.answered if 0 < count < all_lines]

    assert again == undisturbed
    assert sum(len(each.answered) for each in killed) == 50
    assert undisturbed.code == 1, "some of the steps are refused"
    assert [each.broken for each in killed if each.broken] == []
    for each in killed:
        assert each.end.code == undisturbed.code
        assert differences(each.end.dump, undisturbed.dump) == {}
        assert each.end.document == undisturbed.document
    assert len(in_the_middle) >= sum(_KILLS) // 5, f"most kills came too early or too late: {sorted(in_the_middle)}"


def test_a_run_that_came_to_its_end_can_be_repeated(tmp_path: Path) -> None:
    """A second run on a finished database changes nothing and says the same."""
    runs = Runs(tmp_path, _scenario(Random(21)))
    database = runs.database("whole")
    first = runs.play(database)
    second = runs.play(database)

    assert second == first


def test_two_runs_at_once_end_as_one(tmp_path: Path) -> None:
    """Two runs of one scenario on one database, at the same time, do together what one does alone."""
    runs = Runs(tmp_path, _scenario(Random(22)))
    alone = runs.play(runs.database("alone"))
    database = runs.database("together")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        together = list(pool.map(runs.play, [database] * _AT_ONCE))
    with open_sqlite(database) as storage:
        broken = broken_promises(storage)

    assert broken == []
    for each in together:
        assert each.code == alone.code
        assert differences(each.dump, alone.dump) == {}
        assert each.document == alone.document


def test_whoever_is_killed_leaves_the_others_a_whole_database(tmp_path: Path) -> None:
    """Three crowds play on one database; one after the other is killed and replaced, and every promise is kept."""
    path, chance, began = tmp_path / "market.db", Random(23), monotonic()
    with ExitStack() as stack:
        crowds = [_crowd(stack, path, number, began) for number in range(3)]
        for number in range(3, 15):
            _kill_in_the_middle(crowds.pop(0), chance.uniform(0.2, 1.2))
            crowds.append(_crowd(stack, path, number, began))
        for crowd in crowds:
            _kill_in_the_middle(crowd, chance.uniform(0, 0.1))
    with open_sqlite(path) as storage:
        broken = broken_promises(storage)
        with storage.reading() as tx:
            histories = [tx.history(lesson.id) for lesson in tx.lessons()]
            lines = tx.audit()
    numbers = [line.cause.number for line in lines]

    assert broken == []
    assert [sentence for history in histories for sentence in broken_history(history)] == []
    assert numbers == sorted(numbers)
    assert len({line.key.split(".")[0] for line in lines if line.key is not None}) > 5, "too few crowds got to play"
    assert len(histories) > 5, "too few lessons were asked for"


def _crowd(stack: ExitStack, path: Path, number: int, began: float) -> subprocess.Popen[str]:
    program = Path(__file__).parent / "children" / "crowd.py"
    command = [sys.executable, "-P", str(program), str(path), str(number), str(began)]
    process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    stack.callback(process.kill)
    return process


def _kill_in_the_middle(crowd: subprocess.Popen[str], after_seconds: float) -> None:
    """Wait until a crowd plays, let it play for so long, and kill it."""
    assert crowd.stdout is not None
    assert crowd.stdout.readline() == "playing\n"
    sleep(after_seconds)
    assert crowd.poll() is None, "a crowd ended by itself"
    crowd.kill()
    crowd.wait(60)
