"""What is true of every policy in the box, whatever platform it is about."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tutorcore import Lesson, Marketplace, Outcome, instant, load_preset
from tutorcore.cli import main
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import MICROSECOND, Instant
from tutorcore.lessons import Brief, Command, Facts, Offer, Option, Refusal, advance, allowed, decide, facts_needed
from tutorcore.lessons.lesson import Particulars
from tutorcore.policy import Machine, content_hash, dump_process, load_process, machine_of, preset_names
from tutorcore.policy.expressions import Comparison, Count, Has, Met, Taught, Text, walk
from tutorcore.policy.machine import Asked
from tutorcore.policy.presets import preset_text
from tutorcore.policy.process import Effects, Move, Remedy
from tutorcore.policy.roles import GRANTED_ROLES, Role
from tutorcore.policy.settlement import Settlement
from tutorcore.policy.wellformed import problems
from tutorcore.policy.words import reason

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "lesson-1.md"
_ROW = re.compile(r"^\| (?:outside|`(?P<state>\w+)`) \| (?:`(?P<verb>\w+)`|\([^|]+\)) \|", re.MULTILINE)
_STATE = re.compile(r"^\| `(?P<state>\w+)` \|", re.MULTILINE)

_START = instant("2026-06-10T10:00:00Z")
_HOUR = timedelta(hours=1)
_LONG_AFTER = _START + timedelta(days=3650)

# Who asks, by the role that a policy names first; a requester who is nobody else is a parent.
_ASKING: dict[Role, str] = {"student": "ann", "tutor": "tom", "payer": "ann", "requester": "pam"}

_EVERY_PRESET = pytest.mark.parametrize("name", preset_names())


# The file.


@_EVERY_PRESET
def test_a_preset_is_well_formed_and_named_after_its_file(name: str) -> None:
    """It loads, nothing is wrong with its table, and it says of when it is."""
    process = load_preset(name)

    assert list(problems(process)) == []
    assert machine_of(process).process == process
    assert re.fullmatch(rf"{name}@[\w.-]+", process.name)


@_EVERY_PRESET
def test_a_preset_written_out_as_a_table_reads_back_equal(name: str) -> None:
    """The table is the whole policy, and its hash is that of what it says."""
    process = load_preset(name)

    again = load_process(dump_process(process))

    assert again == process
    assert dump_process(again) == dump_process(process)
    assert content_hash(again) == content_hash(process) == content_hash(load_preset(name))


def test_no_two_presets_are_one() -> None:
    """Each has a hash of its own."""
    hashes = [content_hash(load_preset(name)) for name in preset_names()]

    assert len(set(hashes)) == len(hashes)


@_EVERY_PRESET
def test_a_preset_names_its_source_and_says_what_is_ours(name: str) -> None:
    """The head of the file says where its rules are from, and what the word for our own readings is."""
    text = preset_text(name)
    head = " ".join(line.lstrip("# ") for line in text.partition("\n\n")[0].splitlines())

    assert text.startswith("#")
    assert re.search(r"\bSources?: ", head)
    assert re.search(r"\bours\b", text)


@_EVERY_PRESET
def test_a_preset_has_only_states_and_verbs_of_lesson_1(name: str) -> None:
    """Menus, mail and statistics made for the names of the profile fit every policy in the box."""
    page = _PAGE.read_text(encoding="utf-8")
    rows = list(_ROW.finditer(page))
    states = {row["state"] for row in [*rows, *_STATE.finditer(page)]}
    verbs = {row["verb"] for row in rows}
    process = load_preset(name)

    assert {state.name for state in process.states} - states == set()
    assert set(process.verbs) - verbs == set()


# What the command line shows of it.


@_EVERY_PRESET
def test_every_row_of_the_compiled_table_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Who, when, until when, where to, what for: whatever a row does is said where the row stands."""
    process = load_preset(name)

    code = main(["policy", "show", name, "--compiled"])
    shown = capsys.readouterr().out
    document = tomllib.loads(shown)

    assert (code, load_process(shown)) == (0, process)
    openings = document["opening"] if isinstance(document["opening"], list) else [document["opening"]]
    assert len(openings) == len(process.openings)
    for row, written in zip(process.openings, openings, strict=True):
        _assert_explained(row, written)
    for state in process.states:
        written_state = document["state"][state.name]
        rows = [row for rows in written_state.get("on", {}).values() for row in _several(rows)]
        for move, written in zip(state.moves, rows, strict=True):
            _assert_explained(move, written)
        for timeout, written in zip(state.timeouts, _several(written_state.get("timeout", [])), strict=True):
            assert (written["to"], written["at"]) == (timeout.to, str(timeout.at))
            assert written.get("fault", "none") == timeout.fault
            _assert_effects_explained(timeout.effects, written)


def _several(rows: object) -> list[dict[str, object]]:
    """Rows of one verb; a single one may be written as one table."""
    return rows if isinstance(rows, list) else [rows] if isinstance(rows, dict) else []


def _assert_explained(move: Move, written: dict[str, object]) -> None:
    assert written["by"] == list(move.by)
    assert written["to"] == move.to
    assert written.get("when") == (None if move.when is None else str(move.when))
    assert written.get("until") == (None if move.until is None else str(move.until))
    assert written.get("needs", []) == list(move.needs)
    _assert_effects_explained(move.effects, written)


def _assert_effects_explained(effects: Effects, written: dict[str, object]) -> None:
    cases = written.get("cases")
    shown = cases if isinstance(cases, list) else [written]
    for case, each in zip(effects.cases, shown, strict=False):
        assert each.get("settle") == (None if case.settle is None else case.settle.as_texts())
        assert each.get("mark") == case.mark
    assert written.get("records") == effects.records
    assert written.get("terms") == effects.terms
    assert written.get("hold") == effects.hold


# Silence.


@pytest.mark.parametrize("stop_at", ["the request", "the agreement"])
@_EVERY_PRESET
def test_sweeping_alone_ends_a_lesson_and_loses_no_money(
    open_preset: Callable[[str], Marketplace], ask: Callable[..., Outcome], name: str, stop_at: str
) -> None:
    """One deadline after the other passes, nobody does anything, and at every step the books balance."""
    market = open_preset(name)
    by = _ASKING[load_preset(name).openings[0].by[0]]
    asked = ask(market, _START, by=by).or_raise().lesson
    assert asked is not None
    lesson = asked if stop_at == "the request" else _agreed(market, asked)

    swept: list[str] = []
    while not lesson.over:
        due = market.deadline(lesson.id, now=lesson.at)
        assert due is not None, f"{lesson.state} waits for ever"
        market.sweep(now=due.at)
        lesson = market.history(lesson.id)[-1].version
        swept.append(lesson.state)
        assert lesson.at == due.at
        assert len(swept) <= len(load_preset(name).states)
        assert all(total.debit == total.credit for total in market.trial_balance().totals)

    assert lesson.held == 0
    assert not [account for account, _, _ in market.balances() if account.kind == "escrow"]
    assert lesson.place.state.taught == (stop_at == "the agreement" or load_preset(name).openings[0].to == "agreed")


def _agreed(market: Marketplace, lesson: Lesson) -> Lesson:
    """The lesson once whoever has to has paid and accepted, at the instant of the request."""
    if lesson.state == "unpaid":
        paid = market.act("pay", lesson.id, by=lesson.brief.payer, key="pay", now=lesson.at).or_raise().lesson
        assert paid is not None
        lesson = paid
    if lesson.state == "requested":
        assert lesson.waits_for is not None
        by = lesson.brief.party(lesson.waits_for)
        accepted = market.accept(lesson.id, by=by, proposal=1, key="yes", now=lesson.at).or_raise().lesson
        assert accepted is not None
        lesson = accepted
    assert lesson.state == "agreed"
    return lesson


@_EVERY_PRESET
def test_wherever_people_bring_a_lesson_silence_ends_it_from_there(name: str) -> None:
    """Every state of the table can be reached, and from each time alone leads to an end at which nothing is held."""
    machine = machine_of(load_preset(name))
    explored = _Explored(machine)

    explored.run()

    reached = {lesson.state for lesson in explored.found} | {
        lesson.change.place.state.name for lesson in explored.found if lesson.change is not None
    }
    assert reached == {state.name for state in machine.process.states}
    for lesson in explored.found:
        versions = [lesson, *advance(lesson, _LONG_AFTER, explored.facts_at)]
        assert versions[-1].over, f"silence does not end {lesson}"
        assert versions[-1].held == 0
        for before, after in pairwise(versions):
            assert before.held - after.held == sum(amount for _, amount in after.legs)


class _Explored:
    """Lessons under one policy, one for every place where people and time can bring them."""

    def __init__(self, machine: Machine) -> None:
        process = machine.process
        self._machine = machine
        people = {role: PartyId(who) for role, who in _ASKING.items()}
        requester = people[process.openings[0].by[0]]
        payer = requester if requester == "pam" else people["student"]
        zone = "Europe/Berlin" if process.zone in (None, "tutor", "student", "platform") else process.zone
        assert zone is not None
        created = _START - timedelta(days=10)
        self._brief = Brief(
            LessonId("L1"), machine.hash, zone, process.unit.code, created,
            people["tutor"], people["student"], payer, requester,
        )  # fmt: skip
        self._actors: dict[PartyId, frozenset[str]] = {party: frozenset() for party in self._brief.parties}
        self._actors |= {PartyId(f"the-{role}"): frozenset({role}) for role in GRANTED_ROLES}
        # Where a policy has a list of reasons, the first of them.
        self._reason = next(
            (
                node.right.value
                for state in process.states
                for move in state.moves
                for node in (() if move.when is None else walk(move.when))
                if isinstance(node, Comparison) and node.left == reason and isinstance(node.right, Text)
            ),
            "for a reason",
        )
        self.found: list[Lesson] = []
        self._seen: set[tuple[str, str, str, str, bool]] = set()
        self._commands = 0

    def run(self) -> None:
        """Begin with requests of every sort, and follow each until nothing new comes of it."""
        ahead = [
            self._opened(created, kind)
            for created in (10 * 24 * _HOUR, 80 * _HOUR, 20 * _HOUR)
            for kind in ("", "trial")
        ]
        while ahead:
            lesson = ahead.pop()
            if lesson is None or not self._is_new(lesson):
                continue
            self.found.append(lesson)
            ahead += self._following(lesson)

    def facts_at(self, lesson: Lesson, at: Instant, needed: frozenset[Asked]) -> Facts:
        """Facts of people who have never done anything wrong, know each other, and are permitted everything."""
        return _facts(frozenset(), needed)

    def _opened(self, ahead: timedelta, kind: str) -> Lesson | None:
        verb, now = self._machine.process.verb_of_opening, _START - ahead
        command = Command(
            verb, self._brief.requester, self._key(), self._brief.id, None, Offer(_START, _HOUR, 10_000, kind)
        )
        facts = _facts(frozenset(), facts_needed(self._machine, self._brief, verb))
        answer = decide(self._machine, self._brief, command, facts, now)
        return None if isinstance(answer, Refusal) else answer

    def _is_new(self, lesson: Lesson) -> bool:
        change = "" if lesson.change is None else lesson.change.place.state.name
        # The kind of a lesson, a time near it and who has come open other rows, so each is a place of its own.
        come = ",".join(sorted(anchor for anchor in lesson.timeline if anchor.startswith("joined")))
        key = (lesson.state, change, lesson.terms.kind, come, lesson.at >= _START - 24 * _HOUR)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def _following(self, lesson: Lesson) -> Iterator[Lesson]:
        for now in self._moments(lesson):
            stands = [lesson, *advance(lesson, now, self.facts_at)][-1]
            yield stands
            for actor, grants in self._actors.items():
                yield from self._done(stands, actor, grants, now)

    def _moments(self, lesson: Lesson) -> list[Instant]:
        """Instants around which the rules of policies change, from where the lesson stands."""
        start, end = lesson.terms.start, lesson.terms.end
        due = [] if lesson.due is None else [lesson.due - MICROSECOND, lesson.due]
        around = [start - 2 * _HOUR, start, start + _HOUR / 2, end - MICROSECOND, end, end + _HOUR]
        return sorted({lesson.at, *(at for at in (*around, *due) if at >= lesson.at)})

    def _done(self, lesson: Lesson, actor: PartyId, grants: frozenset[str], now: Instant) -> Iterator[Lesson]:
        """What becomes of the lesson by each move that is open to somebody."""
        verbs = self._machine.process.verbs
        needed = frozenset[Asked]().union(*(facts_needed(self._machine, lesson, verb) for verb in verbs))
        for option in allowed(lesson, actor, _facts(grants, needed), now):
            facts = _facts(grants, facts_needed(self._machine, lesson, option.verb))
            for remedy in option.remedies or (None,):
                command = self._command(option, lesson, actor, now, remedy)
                answer = decide(self._machine, lesson, command, facts, now)
                if not isinstance(answer, Refusal):
                    assert lesson.held - answer.held == sum(amount for _, amount in answer.legs)
                    yield answer

    def _command(self, option: Option, lesson: Lesson, actor: PartyId, now: Instant, remedy: Remedy | None) -> Command:
        offer = Offer(max(lesson.terms.start, now) + 100 * _HOUR) if "offer" in option.needs else None
        split = (option.choices or (Settlement.of({"tutor": "50%", "student": "rest"}),))[0]
        said = Particulars(
            subject="student" if "subject" in option.needs else None,
            details={"what": "there is to say"} if {"details", "evidence"} & set(option.needs) else (),
            split=split if "split" in option.needs or remedy == "split" else None,
            remedy=remedy,
        )
        return Command(
            option.verb, actor, self._key(), lesson.id, option.proposal, offer, self._reason, particulars=said
        )

    def _key(self) -> Key:
        self._commands += 1
        return Key(f"k{self._commands}")


def _facts(grants: frozenset[str], needed: frozenset[Asked]) -> Facts:
    has = frozenset(str(each) for each in needed if isinstance(each, Has | Met))
    return Facts(grants, {str(each): 0 for each in needed if isinstance(each, Count | Taught)}, has)
