"""The storages in the box as twins: whatever is done to both, they answer alike and hold the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeAlias

import attrs
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.errors import StorageError
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.ledger.accounts import BANK, COMMISSION, Account, available, escrow, pending, receivable, wallet
from tutorcore.ledger.entries import entry
from tutorcore.lessons.lesson import Lesson
from tutorcore.lessons.projections import Claim, Clearing, Mark, Message, MessageKind, Reminded
from tutorcore.lessons.refusals import Refusal
from tutorcore.payouts.withdrawals import WITHDRAWAL_STATES, Withdrawal
from tutorcore.policy.roles import Role
from tutorcore.ports.storage import AuditLine, Party, Storage, Transaction
from tutorcore.standing.standing import Happening, Report, ReportState, Standing
from tutorcore.testing.contracts import contents
from tutorcore.testing.versions import AMY, ANN, DAY, HOUR, NOW, PAM, TIM, TOM, lapsed, moved, requested, sample_machine

Action: TypeAlias = Callable[[Transaction], object]

_PEOPLE = st.sampled_from([ANN, AMY, TOM, TIM, PAM])
_LESSONS = st.sampled_from([LessonId("l1"), LessonId("l2"), LessonId("l3")])
_NUMBERS = st.integers(1, 3)
_TIMES = st.integers(0, 12).map(lambda hours: NOW + hours * HOUR)
_LATER = st.integers(0, 60).map(lambda days: NOW + days * DAY)
_KINDS: st.SearchStrategy[MessageKind] = st.sampled_from(["told", "reminder", "meeting_wanted"])
_REPORTED: tuple[ReportState, ...] = ("open", "dismissed", "recorded")
_ACCOUNTS = st.sampled_from(
    [wallet(ANN), wallet(AMY), escrow(LessonId("l1")), pending(TOM), available(TOM), receivable(TOM), COMMISSION, BANK]
)


class _Abort(Exception):
    """Takes back what a block did."""


@attrs.frozen
class _Step:
    """Something done to a transaction; `text` is what Hypothesis shows of it."""

    text: str
    do: Action = attrs.field(repr=False)


@attrs.frozen
class _Group:
    """Steps inside a savepoint, and how it ends."""

    steps: tuple[_Step | _Group, ...]
    end: str


@st.composite
def _claiming(draw: st.DrawFn) -> _Step:
    lesson = draw(_LESSONS)
    claims = tuple(
        Claim(lesson, draw(_NUMBERS), party, start, start + draw(_NUMBERS) * HOUR, "tentative")
        for party, start in draw(st.lists(st.tuples(_PEOPLE, _TIMES), max_size=3, unique=True))
    )

    def do(tx: Transaction) -> object:
        with tx.savepoint() as savepoint:
            obstacle = tx.claim(lesson, claims)
            if obstacle is not None:
                savepoint.undo()
        return obstacle

    return _Step(f"claim {claims}", do)


@st.composite
def _posting(draw: st.DrawFn) -> _Step:
    moved_by: dict[Account, int] = draw(
        st.dictionaries(_ACCOUNTS, st.integers(-9, 9).filter(bool), min_size=1, max_size=3)
    )
    legs = [(account, minor) for account, minor in moved_by.items() if account != BANK]
    legs.append((BANK, -sum(minor for _, minor in legs)))
    if len(legs) < 2 or not legs[-1][1]:
        return _Step("nothing", lambda tx: None)
    made = entry("post", draw(st.sampled_from(["USD", "ITC"])), legs=legs, effective_at=NOW, ref="r", source="s")
    return _Step(f"post {made.legs}", lambda tx: tx.post(made, tx.begin(NOW)))


def _next(lesson: Lesson, answers: bool) -> Lesson | None:
    if answers and lesson.state == "requested":
        return moved(lesson, "accept", by=lesson.brief.tutor, now=lesson.at + HOUR)
    return next(iter(lapsed(lesson, NOW + 900 * DAY)), None)


@st.composite
def _going_on(draw: st.DrawFn) -> _Step:
    id, answers, student, tutor, payer = draw(
        st.tuples(_LESSONS, st.booleans(), st.sampled_from([ANN, AMY]), st.sampled_from([TOM, TIM]), _PEOPLE)
    )

    def do(tx: Transaction) -> object:
        last = tx.lesson(id)
        if last is None:
            version: Lesson | None = requested(id, student=student, tutor=tutor, payer=payer)
        else:
            version = _next(last, answers)
        if version is None:
            return None
        cause = tx.begin(version.at)
        tx.append(version, cause)
        tx.enqueue(Message("told", id, version.number, (student, tutor), version.at), cause)
        return tx.lesson(id)

    return _Step(f"go on with {id}, {student}, {tutor}, {payer}, {answers}", do)


def _looking(now: timedelta, limit: int | None, *people: PartyId) -> _Step:
    def do(tx: Transaction) -> object:
        due = tx.due(NOW + now, limit=limit), tx.due(NOW + now, people), tx.due(NOW + now, people, limit=limit)
        busy = [tx.claims(person, NOW + now / 100, NOW + now / 50) for person in people]
        return due, tx.due_clearings(NOW + now), tx.due_clearings(NOW + now, people), busy

    return _Step(f"look at {now}, {limit}, {people}", do)


@st.composite
def _writing(draw: st.DrawFn) -> _Step:
    lesson, number, person, time, text = draw(
        st.tuples(_LESSONS, _NUMBERS, _PEOPLE, _TIMES, st.sampled_from(["a", "b", "taught"]))
    )
    clearing = Clearing(lesson, number, person, "USD", 5, time)
    grants: frozenset[Role] = draw(st.frozensets(st.sampled_from(["operator", "admin"])))
    permissions = draw(st.frozensets(st.sampled_from(["meeting_provider", "can_request_sessions:kid"])))
    amount = draw(st.integers(-2, 2**40))
    refusal = Refusal.of("guard", verb=text, condition="x")

    def answer(tx: Transaction) -> object:
        tx.add_audit(AuditLine(tx.begin(time), Key(text), "d", "v", person, lesson, time, 1, 0, refusal))
        return tx.answer(Key(text)), tx.caused_by(Key(text))

    actions: dict[str, Action] = {
        "clearing": lambda tx: tx.add_clearing(clearing),
        "cleared": lambda tx: tx.drop_clearing(clearing),
        "mark": lambda tx: tx.add_mark(Mark(lesson, number, person, text, time, amount)),
        "count": lambda tx: tx.count_marks(person, text, None if number == 1 else time - HOUR, time + number * HOUR),
        "party": lambda tx: tx.put_party(Party(person, "UTC", grants, permissions)),
        "schedule": lambda tx: tx.put_schedule(person, None if number == 1 else text),
        "busy": lambda tx: tx.put_busy(person, None if number == 1 else text),
        "answer": answer,
        "begin": lambda tx: tx.begin(time),
    }
    name = draw(st.sampled_from(sorted(actions)))
    return _Step(f"{name} {lesson} {number} {person} {time:%H} {text}", actions[name])


@st.composite
def _reminding(draw: st.DrawFn) -> _Step:
    lesson, now, limit = draw(st.tuples(_LESSONS, _TIMES, st.none() | st.integers(0, 3)))
    rows = tuple(
        Reminded(lesson, draw(_NUMBERS), position, at, (person,))
        for position, at, person in draw(st.lists(st.tuples(_NUMBERS, _TIMES, _PEOPLE), max_size=3))
    )

    def drop(tx: Transaction) -> object:
        due = tx.due_reminders(now, limit=limit)
        for row in due:
            tx.drop_reminder(row)
        return due

    actions: dict[str, Action] = {
        "put": lambda tx: tx.put_reminders(lesson, rows),
        "see": lambda tx: (tx.due_reminders(now, limit=limit), tx.due_reminders(now, (lesson, LessonId("l1")), limit)),
        "drop": drop,
    }
    name = draw(st.sampled_from(sorted(actions)))
    return _Step(f"{name} reminders {lesson} {now:%H} {limit} {rows}", actions[name])


@st.composite
def _delivering(draw: st.DrawFn) -> _Step:
    lesson, kind, now, number, limit = draw(st.tuples(_LESSONS, _KINDS, _TIMES, st.integers(1, 8), st.integers(0, 3)))
    kinds = tuple(draw(st.lists(_KINDS, max_size=4)))
    message = Message(kind, lesson, number, (ANN, TOM), now)

    def add(tx: Transaction) -> object:
        for _ in range(1 + limit):
            tx.enqueue(message, tx.begin(now))
        return tx.outbox(undone=True)

    actions: dict[str, Action] = {
        "add": add,
        "take": lambda tx: tx.take(kinds, now, HOUR, limit),
        "take some of": lambda tx: tx.take((kind, "told"), now, HOUR, 3),
        "retry": lambda tx: tx.retry(number, now),
        "finish": lambda tx: tx.finish(number),
        "settle": lambda tx: tx.settle(number, f"mail:{lesson}", None if limit else kind),
        "reopen": lambda tx: tx.reopen(number),
        "see": lambda tx: (
            tx.outbox(number, limit, kinds=kinds), tx.outbox(number - 1, limit, undone=True),
            tx.outbox(number - 1, limit, failed=True), tx.outbox(0, limit, kinds=kinds, failed=True, undone=True),
        ),
    }  # fmt: skip
    name = draw(st.sampled_from(sorted(actions)))
    return _Step(f"{name} {number} of the outbox: {kinds} or {kind} of {lesson} at {now:%H}, {limit}", actions[name])


@st.composite
def _standing_and_paying(draw: st.DrawFn) -> _Step:
    tutor, other, number, time, id = draw(st.tuples(_PEOPLE, _PEOPLE, st.integers(0, 4), _TIMES, st.sampled_from("vw")))
    states = draw(st.lists(st.sampled_from(_REPORTED), max_size=3))
    reports = tuple(Report(place, "late", None, 1, (), NOW, state) for place, state in enumerate(states, 1))
    exact = Standing(tutor, number, time, Happening("raised"), reports, ())
    state = draw(st.sampled_from(WITHDRAWAL_STATES))
    asked, closed = None if state == "applied" else time, time if state in ("paid", "returned") else None
    applied = time - HOUR if asked is None or number else None
    withdrawal = Withdrawal(id, tutor, state, applied, "ITC", number, 0, asked, closed)

    def go_on(tx: Transaction) -> object:
        last = tx.standing(tutor)
        tx.append_standing(exact._replace(number=1 if last is None else last.number + 1), tx.begin(time))
        return tx.standing_history(tutor)

    actions: dict[str, Action] = {
        "append": lambda tx: tx.append_standing(exact, tx.begin(time)),
        "go on": go_on,
        "put": lambda tx: tx.put_withdrawal(withdrawal),
        "see": lambda tx: (
            tx.standings(with_open_reports=True), tx.standing(other), tx.withdrawal(id), tx.withdrawals(other),
            tx.withdrawals(state=state), tx.withdrawals(other, state=state), tx.has_met(tutor, other),
        ),
    }  # fmt: skip
    name = draw(st.sampled_from(sorted(actions)))
    return _Step(f"{name}: {exact} {withdrawal}, seen by {other}", actions[name])


_STEPS = st.one_of(
    _claiming(),
    _posting(),
    _going_on(),
    _going_on(),
    _writing(),
    _writing(),
    _reminding(),
    _delivering(),
    _delivering(),
    _standing_and_paying(),
    _standing_and_paying(),
    st.builds(
        _looking,
        st.integers(0, 60).map(lambda days: days * DAY),
        st.none() | st.integers(0, 3),
        _PEOPLE,
        _PEOPLE,
    ),
)
_ANYTHING: st.SearchStrategy[_Step | _Group] = st.recursive(
    _STEPS,
    lambda inner: st.builds(
        _Group, st.lists(inner, max_size=4).map(tuple), st.sampled_from(["keep", "undo", "undo and go on", "raise"])
    ),
    max_leaves=6,
)
_WORK = st.lists(st.tuples(st.lists(_ANYTHING, max_size=6), st.booleans()), min_size=1, max_size=4)


def _do(tx: Transaction, step: _Step | _Group) -> object:
    if isinstance(step, _Step):
        try:
            return step.do(tx)
        except StorageError:
            return "refused"
    answers: list[object] = []
    with _swallowed(), tx.savepoint() as savepoint:
        answers += [_do(tx, each) for each in step.steps]
        if step.end == "raise":
            raise _Abort
        if step.end != "keep":
            savepoint.undo()
        if step.end == "undo and go on":
            answers += [_do(tx, each) for each in step.steps]
    return answers


@contextmanager
def _swallowed() -> Iterator[None]:
    try:
        yield
    except _Abort:
        return


def _perform(storage: Storage, steps: list[_Step | _Group], keeps: bool) -> tuple[object, object]:
    answers: list[object] = []
    with _swallowed(), storage.transaction() as tx:
        tx.add_policy(sample_machine())
        answers += [_do(tx, step) for step in steps]
        if not keeps:
            raise _Abort
    with storage.reading() as tx:
        return answers, contents(tx)


@given(_WORK)
def test_memory_and_sqlite_are_twins(work: list[tuple[list[_Step | _Group], bool]]) -> None:
    """Any transactions with any savepoints, kept, undone or left by an exception, give the same answers."""
    memory = MemoryStorage()
    with open_sqlite(":memory:") as sqlite:
        for steps, keeps in work:
            assert _perform(memory, steps, keeps) == _perform(sqlite, steps, keeps)


@given(_WORK)
def test_what_is_taken_back_leaves_no_trace(work: list[tuple[list[_Step | _Group], bool]]) -> None:
    """A storage in which some transactions were taken back is the same as one in which they never were."""
    whole, part = MemoryStorage(), MemoryStorage()
    for steps, keeps in work:
        found = _perform(whole, steps, keeps)
        if keeps:
            assert found == _perform(part, steps, keeps)
