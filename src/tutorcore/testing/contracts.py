"""Contracts: what every implementation of a port must do, as tests to inherit.

For a storage of your own, write in one of your test modules

    class TestMyStorage(StorageContract):
        def make_storage(self) -> Storage:
            return MyStorage(...)

and pytest runs every test below on it. Each test asks for one new, empty storage and hands it to `close_storage`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from tutorcore.calendar.agendas.slots import LONGEST
from tutorcore.calendar.zones.stored_times import StoredTime
from tutorcore.errors import StorageError
from tutorcore.ids import Key, LessonId, PartyId, PolicyHash
from tutorcore.instants import MICROSECOND, Instant
from tutorcore.ledger.accounts import BANK, COMMISSION, Account, escrow, pending, receivable, wallet
from tutorcore.ledger.book import Shortfall
from tutorcore.ledger.entries import Entry, Posted, entry, flow, reverse, top_up
from tutorcore.lessons.lesson import Facts, Lesson, Offer, Particulars, Problem, Settled
from tutorcore.lessons.projections import (
    Claim,
    Clearing,
    Mark,
    Message,
    MessageKind,
    Reminded,
    claims_of,
    entry_of,
    notice_of,
)
from tutorcore.lessons.refusals import Refusal
from tutorcore.payouts.withdrawals import Withdrawal, WithdrawalState
from tutorcore.policy.settlement import Settlement
from tutorcore.ports.storage import (
    AuditLine,
    Cause,
    Delivery,
    OutboxRow,
    Party,
    RecordedStanding,
    Storage,
    Transaction,
    WallTime,
)
from tutorcore.standing.standing import Happening, Imposed, Lapse, Report, ReportState, Reset, Standing
from tutorcore.testing.versions import (
    AMY,
    ANN,
    DAY,
    HOUR,
    LESSON,
    NOW,
    PAM,
    PEOPLE,
    ROBOT,
    TIM,
    TOM,
    WEEK,
    lapsed,
    moved,
    requested,
    sample_machine,
)

_UNIT = "ITC"
_OTHER = LessonId("l2")
_MINUTE = timedelta(minutes=1)
_HOSTILE = "O'Brien\"; DROP TABLE tutorcore_parties; -- %s :id \\ \x00\ud800\U0001f600"
"""What breaks stores that put texts into statements, end them at a NUL or insist on UTF-8."""


class _Change(Exception):  # It ends a block on purpose; nothing is wrong.
    """Leaves a block so that everything in it is taken back."""


def contents(tx: Transaction) -> dict[str, object]:
    """Return everything a store holds about the sample people, for comparing two moments or two stores."""
    lessons, balances = tx.lessons(), tx.balances()
    end = NOW + 1000 * DAY
    return {
        "audit": tx.audit(),
        "parties": tx.parties(),
        "schedules": [(party, text) for party in PEOPLE if (text := tx.schedule(party)) is not None],
        "busy": [(party, text) for party in PEOPLE if (text := tx.busy(party)) is not None],
        "lessons": lessons,
        "running": tx.lessons(over=False),
        "histories": [tx.history(lesson.id) for lesson in lessons],
        "lessons of": [(party, theirs) for party in PEOPLE if (theirs := tx.lessons(party))],
        "due": tx.due(end),
        "due of": [(party, found) for party in PEOPLE if (found := tx.due(end, (party,)))],
        "claims": tx.claims(),
        "wall times": tx.wall_times(),
        "wall times of": [tx.wall_times(lesson.id) for lesson in lessons],
        "balances": balances,
        "balance of": [tx.balance(account, currency) for account, currency, _ in balances],
        "entries": tx.entries(),
        "clearings": tx.due_clearings(end),
        "late": [(party, count) for party in PEOPLE if (count := tx.count_marks(party, "late", None, end))],
        "met": [(tutor, student) for tutor in PEOPLE for student in PEOPLE if tx.has_met(tutor, student)],
        "reminders": tx.due_reminders(end),
        "standings": tx.standings(),
        "open reports": tx.standings(with_open_reports=True),
        "standing histories": [each for party in PEOPLE for each in tx.standing_history(party)],
        "standing of": [last for party in PEOPLE if (last := tx.standing(party)) is not None],
        "withdrawals": tx.withdrawals(),
        "withdrawals of": [each for party in PEOPLE for each in tx.withdrawals(party)],
        "under way": tx.withdrawals(state="under_way"),
        "outbox": tx.outbox(),
        "undone": tx.outbox(undone=True),
        "failed": tx.outbox(failed=True),
    }


class StorageContract(ABC):
    """The tests of the storage port."""

    @abstractmethod
    def make_storage(self) -> Storage:
        """Return a new, empty storage."""

    def close_storage(self, storage: Storage) -> None:
        """Let go of a storage that `make_storage` returned; calls its `close()` if it has one."""
        close = getattr(storage, "close", None)
        if close is not None:
            close()

    @contextmanager
    def storage(self) -> Iterator[Storage]:
        """A new storage for one test."""
        made = self.make_storage()
        try:
            yield made
        finally:
            self.close_storage(made)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """The first transaction of a new storage, in which the sample policy is kept."""
        with self.storage() as storage, storage.transaction() as tx:
            tx.add_policy(sample_machine())
            yield tx

    # Transactions

    def test_a_new_storage_is_empty(self) -> None:
        """A storage begins with nothing in it."""
        with self.storage() as storage, storage.reading() as tx:
            found = contents(tx)

        assert not any(found.values()), found

    def test_what_a_block_wrote_is_there_afterwards(self) -> None:
        """Everything written in a transaction can be read in the next one, and when only reading."""
        with self.storage() as storage:
            with storage.transaction() as tx:
                _write_everything(tx)
                written = contents(tx)
            with storage.transaction() as tx:
                found = contents(tx)
            with storage.reading() as tx:
                read = contents(tx)

        assert all(written.values()), written
        assert found == written
        assert read == written

    def test_a_block_that_raises_takes_everything_back(self) -> None:
        """After an exception the store is as it was, causes included."""
        with self.storage() as storage:
            with storage.transaction() as tx:
                _write_everything(tx)
                before = contents(tx)
            with _raises(_Change), storage.transaction() as tx:
                _write_more(tx)
                raise _Change
            with storage.transaction() as tx:
                found = contents(tx)
                cause = tx.begin(NOW)

        assert found == before
        assert cause.number == 2

    def test_the_first_block_may_raise_too(self) -> None:
        """A storage whose first transaction was taken back is empty, and can be used."""
        with self.storage() as storage:
            with _raises(_Change), storage.transaction() as tx:
                _write_everything(tx)
                raise _Change
            with storage.transaction() as tx:
                found = contents(tx)
                policy = tx.machine(sample_machine().hash)
                _write_everything(tx)
                written = contents(tx)

        assert not any(found.values()), found
        assert policy is None
        assert all(written.values())

    def test_a_savepoint_can_be_undone(self) -> None:
        """Undoing a savepoint takes back the writes since it, and the transaction goes on."""
        with self.storage() as storage:
            with storage.transaction() as tx:
                _write_everything(tx)
                before = contents(tx)
                with tx.savepoint() as savepoint:
                    _write_more(tx)
                    changed = contents(tx)
                    savepoint.undo()
                    undone = contents(tx)
                _write_more(tx)
            with storage.reading() as tx:
                after = contents(tx)

        assert changed != before
        assert undone == before
        assert after == changed

    def test_an_undone_savepoint_can_be_used_again(self) -> None:
        """What is written after `undo` stays, unless it is undone as well."""
        with self.transaction() as tx:
            with tx.savepoint() as savepoint:
                tx.put_party(Party(ANN, "UTC"))
                savepoint.undo()
                tx.put_party(Party(AMY, "UTC"))
                savepoint.undo()
                tx.put_party(Party(TOM, "UTC"))
            found = tx.parties()

        assert found == (Party(TOM, "UTC"),)

    def test_an_exception_undoes_its_savepoint(self) -> None:
        """A scope that raises takes back its own writes and no others."""
        with self.transaction() as tx:
            _write_everything(tx)
            before = contents(tx)
            with _raises(_Change), tx.savepoint():
                _write_more(tx)
                raise _Change
            found = contents(tx)

        assert found == before

    def test_savepoints_nest(self) -> None:
        """Undoing the outer one takes back what the inner one kept; undoing the inner one leaves the outer's writes."""
        with self.transaction() as tx:
            with tx.savepoint() as outer:
                tx.put_party(Party(ANN, "UTC"))
                with tx.savepoint() as inner:
                    tx.put_party(Party(AMY, "UTC"))
                    inner.undo()
                kept = tx.parties()
                with tx.savepoint():
                    tx.put_party(Party(TOM, "UTC"))
                outer.undo()
            found = tx.parties()

        assert kept == (Party(ANN, "UTC"),)
        assert found == ()

    def test_transactions_do_not_nest(self) -> None:
        """A second transaction inside the first is refused, and the first goes on."""
        with self.storage() as storage:
            with storage.transaction() as tx:
                tx.put_party(Party(ANN, "UTC"))
                with _raises(StorageError), storage.transaction():
                    pass
                tx.put_party(Party(TOM, "UTC"))
            with storage.reading() as tx:
                found = tx.parties()

        assert found == (Party(ANN, "UTC"), Party(TOM, "UTC"))

    def test_a_transaction_that_has_ended_is_of_no_use(self) -> None:
        """Whoever holds on to a transaction after its block is told so."""
        with self.storage() as storage:
            with storage.transaction() as tx:
                pass

            with _raises(StorageError):
                tx.parties()
            with _raises(StorageError):
                tx.put_party(Party(ANN, "UTC"))

    # Causes, the audit trail, keys

    def test_causes_count_from_one(self) -> None:
        """Causes are numbered in the order in which they begin, across transactions."""
        with self.storage() as storage:
            with storage.transaction() as tx:
                first, second = tx.begin(NOW), tx.begin(NOW + HOUR)
                tx.add_audit(_line(second, "k"))
            with storage.transaction() as tx:
                third = tx.begin(NOW + DAY)

        assert [first.number, second.number, third.number] == [1, 2, 3]
        assert [first.recorded_at, second.recorded_at, third.recorded_at] == [NOW, NOW + HOUR, NOW + DAY]

    def test_recorded_instants_never_go_back(self) -> None:
        """A cause that begins earlier than the last recorded instant is recorded at that one."""
        with self.storage() as storage:
            with storage.transaction() as tx:
                tx.add_audit(_line(tx.begin(NOW), "k"))
            with storage.transaction() as tx:
                early = tx.begin(NOW - DAY)
                late = tx.begin(NOW + MICROSECOND)

        assert early.recorded_at == NOW
        assert late.recorded_at == NOW + MICROSECOND

    def test_a_cause_without_an_answer_counts_too(self) -> None:
        """A cause that brings writes but no audit line keeps its number, and shows in no audit."""
        with self.storage() as storage:
            with storage.transaction() as tx:
                tx.add_audit(_line(tx.begin(NOW), "k"))
            with storage.transaction() as tx:
                tx.post(_paid_in(ANN, 10), tx.begin(NOW + HOUR))
            with storage.transaction() as tx:
                cause = tx.begin(NOW)
                lines = tx.audit()

        assert cause == Cause(3, NOW + HOUR)
        assert [line.key for line in lines] == ["k"]

    def test_a_transaction_that_only_reads_takes_no_number(self) -> None:
        """Numbers are given when a cause begins, not when a transaction does."""
        with self.storage() as storage:
            with storage.transaction() as tx:
                tx.parties()
            with storage.transaction() as tx:
                cause = tx.begin(NOW)

        assert cause.number == 1

    def test_an_answer_is_found_by_its_key(self) -> None:
        """The line kept under a key comes back whole, a refusal and its facts included."""
        refusal = Refusal.of("slot_taken", party="tom", start="later", end="still later", lesson="l\u00e4ter \u2603")
        with self.storage() as storage:
            with storage.transaction() as tx:
                line = AuditLine(tx.begin(NOW), Key("k1"), "d1", "accept", "tom", LESSON, NOW - HOUR, 2, 1, refusal)
                tx.add_audit(line)
                at_once = tx.answer(Key("k1"))
            with storage.transaction() as tx:
                found, other = tx.answer(Key("k1")), tx.answer(Key("k2"))

        assert at_once == line
        assert found == line
        assert other is None

    def test_a_key_is_answered_once(self) -> None:
        """A second line under one key is refused, and the first one stays."""
        with self.transaction() as tx:
            cause = tx.begin(NOW)
            tx.add_audit(_line(cause, "k"))
            with _raises(StorageError):
                tx.add_audit(_line(cause, "k", verb="decline"))
            found = tx.answer(Key("k"))

        assert found == _line(cause, "k")

    def test_lines_without_a_key_may_be_many(self) -> None:
        """A line that nothing may repeat has no key, and there may be any number of those."""
        with self.transaction() as tx:
            lines = tuple(_line(tx.begin(NOW), None) for _ in range(3))
            for line in lines:
                tx.add_audit(line)
            found = tx.audit()

        assert found == lines

    def test_the_audit_of_a_lesson_leaves_others_out(self) -> None:
        """Lines come in the order of their causes; those about a lesson can be had alone."""
        with self.transaction() as tx:
            lines = [
                _line(tx.begin(NOW), f"k{number}", lesson=lesson)
                for number, lesson in enumerate((LESSON, _OTHER, None, LESSON))
            ]
            for line in lines:
                tx.add_audit(line)
            every, some = tx.audit(), tx.audit(LESSON)

        assert every == tuple(lines)
        assert some == (lines[0], lines[3])

    # People and policies

    def test_parties_are_kept_and_replaced(self) -> None:
        """A party is added once and replaced by its id; all come by id."""
        with self.transaction() as tx:
            tx.put_party(Party(TOM, "Asia/Tokyo"))
            tx.put_party(Party(ANN, "Europe/Berlin", frozenset({"operator", "admin"})))
            tx.put_party(Party(TOM, "Asia/Seoul"))
            one, none, every = tx.party(TOM), tx.party(PAM), tx.parties()

        assert one == Party(TOM, "Asia/Seoul")
        assert none is None
        assert every == (Party(ANN, "Europe/Berlin", frozenset({"operator", "admin"})), one)

    def test_a_party_is_kept_with_what_it_may_do(self) -> None:
        """Permissions come back as they were put, and go when the party is put without them."""
        permissions = frozenset({"meeting_provider", "can_request_sessions", "can_request_sessions:kid@home"})
        with self.transaction() as tx:
            tx.put_party(Party(TOM, "Asia/Tokyo", frozenset({"operator"}), permissions))
            whole = tx.party(TOM)
            tx.put_party(Party(TOM, "Asia/Tokyo"))
            bare = tx.party(TOM)

        assert whole == Party(TOM, "Asia/Tokyo", frozenset({"operator"}), permissions)
        assert bare == Party(TOM, "Asia/Tokyo")

    def test_a_schedule_is_kept_until_another_is_put(self) -> None:
        """A party has one schedule or none, to the last character, whether or not the party is known."""
        text = "[[weekly]]\nday = \"monday\"\n# \u00e9\U0001f600 'quoted'\n"
        with self.transaction() as tx:
            none = tx.schedule(TOM)
            tx.put_schedule(TOM, text)
            tx.put_schedule(TIM, "")
            first, empty, other = tx.schedule(TOM), tx.schedule(TIM), tx.schedule(AMY)
            tx.put_schedule(TOM, "other")
            second = tx.schedule(TOM)
            tx.put_schedule(TOM, None)
            tx.put_schedule(AMY, None)
            gone, never = tx.schedule(TOM), tx.schedule(AMY)

        assert none is None
        assert (first, empty, other) == (text, "", None)
        assert second == "other"
        assert (gone, never) == (None, None)

    def test_schedules_are_taken_back(self) -> None:
        """An undone savepoint brings back the schedule there was, or that there was none."""
        with self.transaction() as tx:
            tx.put_schedule(TOM, "before")
            with tx.savepoint() as savepoint:
                tx.put_schedule(TOM, "after")
                tx.put_schedule(TOM, None)
                tx.put_schedule(TIM, "after")
                savepoint.undo()
            found = tx.schedule(TOM), tx.schedule(TIM)

        assert found == ("before", None)

    def test_outside_busy_times_are_kept_until_others_are_put(self) -> None:
        """A party has one text of them or none, to the last character, whatever the schedule is."""
        text = "{\"busy\": []} -- \u00e9\U0001f600 'quoted'; \\ :id %s\n"
        with self.transaction() as tx:
            none = tx.busy(TOM)
            tx.put_busy(TOM, text)
            tx.put_busy(TIM, "")
            tx.put_schedule(TOM, "mornings")
            first, empty, other = tx.busy(TOM), tx.busy(TIM), tx.busy(AMY)
            tx.put_busy(TOM, "other")
            second = tx.busy(TOM)
            tx.put_busy(TOM, None)
            tx.put_busy(AMY, None)
            gone, never, schedule = tx.busy(TOM), tx.busy(AMY), tx.schedule(TOM)

        assert none is None
        assert (first, empty, other) == (text, "", None)
        assert second == "other"
        assert (gone, never, schedule) == (None, None, "mornings")

    def test_outside_busy_times_are_taken_back(self) -> None:
        """An undone savepoint brings back what there was, or that there was nothing."""
        with self.transaction() as tx:
            tx.put_busy(TOM, "before")
            with tx.savepoint() as savepoint:
                tx.put_busy(TOM, "after")
                tx.put_busy(TOM, None)
                tx.put_busy(TIM, "after")
                savepoint.undo()
            found = tx.busy(TOM), tx.busy(TIM)

        assert found == ("before", None)

    def test_a_policy_is_kept_whole(self) -> None:
        """The process comes back under its hash, as the same machine each time."""
        machine = sample_machine()
        with self.storage() as storage:
            with storage.transaction() as tx:
                before = tx.machine(machine.hash)
                tx.add_policy(machine)
                tx.add_policy(machine)
            with storage.transaction() as tx:
                first, again, other = (
                    tx.machine(machine.hash),
                    tx.machine(machine.hash),
                    tx.machine(PolicyHash("0" * 64)),
                )

        assert before is None
        assert first is not None
        assert first is again
        assert first.process == machine.process
        assert other is None

    # Lessons

    def test_every_policy_that_is_kept_can_be_listed(self) -> None:
        """The hashes of kept policies are listed once each, sorted."""
        machine = sample_machine()
        with self.storage() as storage:
            with storage.transaction() as tx:
                before = tx.policies()
                tx.add_policy(machine)
                tx.add_policy(machine)
            with storage.reading() as tx:
                after = tx.policies()

        assert before == ()
        assert after == (machine.hash,)

    def test_the_last_version_is_the_lesson(self) -> None:
        """Loading a lesson gives its last version, with the same interned step, place and reason."""
        first = requested()
        second = moved(first, "accept", by=TOM, now=NOW + HOUR)
        with self.storage() as storage:
            with storage.transaction() as tx:
                tx.add_policy(sample_machine())
                _keep(tx, first)
                one = tx.lesson(LESSON)
                _keep(tx, second)
            with storage.transaction() as tx:
                two, none = tx.lesson(LESSON), tx.lesson(_OTHER)

        assert one == first
        assert two == second
        assert two is not None
        assert two.step is second.step
        assert two.place is second.place
        assert two.why is second.why
        assert none is None

    def test_a_version_comes_back_whole(self) -> None:
        """Every part of a version survives: commands, offers, open changes, timelines, legs, facts, meetings."""
        versions = _story()
        with self.storage() as storage:
            with storage.transaction() as tx:
                tx.add_policy(sample_machine())
                for version in versions:
                    _keep(tx, version)
            with storage.reading() as tx:
                found = [each.version for each in tx.history(LESSON)]

        assert found == versions
        assert any(version.change is not None for version in found)
        assert any(version.meeting is not None for version in found)

    def test_a_problem_comes_back_whole(self) -> None:
        """What is on the table in a problem, and what was settled, survive; where there is neither, nothing is."""
        half = Settlement.of({"tutor": "1/3", "platform": "1/7", "student": "rest"})
        said = Particulars(split=half, remedy="split", blamed="tutor", details=(("mail", _HOSTILE),))
        first = requested()
        second = moved(first, "accept", by=TOM, now=NOW + HOUR)._replace(
            problem=Problem(2, "student", _HOSTILE, said),
            settled=Settled((("payer", 83), ("tutor", 167)), NOW + HOUR, Facts()),
        )
        third = second._replace(
            number=3,
            problem=Problem(3, "tutor", "", Particulars(remedy="reschedule")),
            settled=Settled((("owed", -(2**62)),), NOW, None),
        )
        versions = [first, second, third, second._replace(number=4, problem=None, settled=None)]
        with self.storage() as storage:
            with storage.transaction() as tx:
                tx.add_policy(sample_machine())
                for version in versions:
                    _keep(tx, version)
            with storage.reading() as tx:
                found = [each.version for each in tx.history(LESSON)]

        assert found == versions

    def test_versions_are_counted_without_a_gap(self) -> None:
        """A version that does not follow the last one is refused, and the lesson stays as it was."""
        first = requested()
        second = moved(first, "accept", by=TOM, now=NOW + HOUR)
        with self.transaction() as tx:
            cause = tx.begin(NOW)
            with _raises(StorageError):
                tx.append(second, cause)
            none = tx.lesson(LESSON)
            tx.append(first, cause)
            with _raises(StorageError):
                tx.append(first, cause)
            with _raises(StorageError):
                tx.append(second._replace(number=3), cause)
            one = tx.lesson(LESSON)
            tx.append(second, cause)
            with _raises(StorageError):
                tx.append(second, cause)
            two, history = tx.lesson(LESSON), tx.history(LESSON)

        assert none is None
        assert one == first
        assert two == second
        assert [each.version.number for each in history] == [1, 2]

    def test_versions_are_recorded_in_order(self) -> None:
        """Each version has a place in the store's order and the cause that recorded it."""
        first = requested()
        with self.transaction() as tx:
            causes = [tx.begin(NOW), tx.begin(NOW + HOUR)]
            tx.append(first, causes[0])
            tx.append(requested(_OTHER), causes[0])
            tx.append(moved(first, "accept", by=TOM, now=NOW + HOUR), causes[1])
            one, two = tx.history(LESSON), tx.history(_OTHER)

        assert [each.cause for each in one] == causes
        assert one[0].sequence < two[0].sequence < one[1].sequence

    def test_versions_are_found_by_the_key_that_caused_them(self) -> None:
        """The versions recorded by one command are those of every lesson, in order."""
        first, other = requested(), requested(_OTHER, student=AMY)
        expired = lapsed(other, NOW + 2 * DAY)
        with self.transaction() as tx:
            causes = [tx.begin(NOW), tx.begin(NOW + 2 * DAY)]
            tx.append(first, causes[0])
            tx.append(other, causes[0])
            tx.append(expired[0], causes[1])
            tx.append(moved(first, "accept", by=TOM, now=NOW + HOUR), causes[1])
            tx.add_audit(_line(causes[0], "early"))
            tx.add_audit(_line(causes[1], "late"))
            early, late, none = tx.caused_by(Key("early")), tx.caused_by(Key("late")), tx.caused_by(Key("never"))

        assert [(each.version.id, each.version.number) for each in early] == [(LESSON, 1), (_OTHER, 1)]
        assert [(each.version.id, each.version.number) for each in late] == [(_OTHER, 2), (LESSON, 2)]
        assert {each.cause for each in late} == {causes[1]}
        assert none == ()

    def test_lessons_come_by_start_and_id(self) -> None:
        """Last versions, of one party in any role or of all, running or over."""
        late = requested("a", start=NOW + 9 * DAY)
        soon = requested("c", start=NOW + 8 * DAY, tutor=TIM, payer=PAM)
        twin = requested("b", start=NOW + 8 * DAY, student=AMY, requester=ANN)
        over = moved(requested("d", start=NOW + 7 * DAY), "decline", by=TOM, now=NOW)
        with self.transaction() as tx:
            for version in (late, soon, twin, requested("d", start=NOW + 7 * DAY), over):
                _keep(tx, version)
            every, running, ended = tx.lessons(), tx.lessons(over=False), tx.lessons(over=True)
            by_party = {party: _ids(tx.lessons(party)) for party in (ANN, AMY, TOM, TIM, PAM)}
            both = tx.lessons(ANN, over=True)

        assert every == (over, twin, soon, late)
        assert running == (twin, soon, late)
        assert ended == (over,)
        assert by_party == {ANN: ["d", "b", "c", "a"], AMY: ["b"], TOM: ["d", "b", "a"], TIM: ["c"], PAM: ["c"]}
        assert both == (over,)

    # Deadlines

    def test_a_lesson_is_due_at_its_deadline(self) -> None:
        """Just before the deadline nothing is due; at it and after it the lesson is."""
        lesson = requested()
        due = _due(lesson)
        with self.transaction() as tx:
            _keep(tx, lesson)
            found = [tx.due(at) for at in (due - MICROSECOND, due, due + MICROSECOND)]

        assert found == [[], [LESSON], [LESSON]]

    def test_what_is_due_comes_in_order(self) -> None:
        """Due lessons come by (deadline, id), as many as are wanted."""
        with self.transaction() as tx:
            for id, now in (("c", NOW), ("a", NOW + HOUR), ("b", NOW), ("d", NOW + DAY)):
                _keep(tx, requested(id, start=NOW + 20 * DAY, now=now))
            every, again, some, none = (
                tx.due(NOW + 9 * DAY),
                tx.due(NOW + 9 * DAY),
                tx.due(NOW + 9 * DAY, limit=2),
                tx.due(NOW),
            )
            nought = tx.due(NOW + 9 * DAY, limit=0)

        assert every == ["b", "c", "a", "d"]
        assert again == every
        assert some == ["b", "c"]
        assert none == []
        assert nought == []

    def test_what_is_due_can_be_asked_of_some_parties(self) -> None:
        """A party's lessons are those in which it has any role; each is named once."""
        with self.transaction() as tx:
            _keep(tx, requested("a", student=ANN, tutor=TOM))
            _keep(tx, requested("b", student=AMY, tutor=TIM, payer=PAM))
            _keep(tx, requested("c", student=AMY, tutor=TIM, requester=PAM))
            late = NOW + 9 * DAY
            found = {party: tx.due(late, (party,)) for party in (ANN, TOM, AMY, TIM, PAM, PartyId("nobody"))}
            both, limited, none = tx.due(late, (TIM, AMY, ANN)), tx.due(late, (TIM, ANN), limit=2), tx.due(late, ())
            many = tx.due(late, (*(PartyId(f"p{number}") for number in range(40)), ANN, PAM))

        assert found == {ANN: ["a"], TOM: ["a"], AMY: ["b", "c"], TIM: ["b", "c"], PAM: ["b", "c"], "nobody": []}
        assert both == ["a", "b", "c"]
        assert limited == ["a", "b"]
        assert none == []
        assert many == ["a", "b", "c"]

    def test_a_deadline_moves_with_the_lesson(self) -> None:
        """A lesson is due at its present deadline only, and not at all once it is over."""
        first = requested()
        second = moved(first, "accept", by=TOM, now=NOW + HOUR)
        rest = lapsed(second, NOW + 60 * DAY)
        with self.transaction() as tx:
            _keep(tx, first)
            _keep(tx, second)
            moved_on = [tx.due(_due(first), (TOM,)), tx.due(_due(first)), tx.due(_due(second))]
            for version in rest:
                _keep(tx, version)
            ended = [tx.due(NOW + 90 * DAY), tx.due(NOW + 90 * DAY, (ANN, TOM))]

        assert moved_on == [[], [], [LESSON]]
        assert rest[-1].over
        assert ended == [[], []]

    def test_an_open_change_has_a_deadline_of_its_own(self) -> None:
        """A lesson is due when its open change lapses, if that comes first."""
        agreed = moved(requested(start=NOW + 20 * DAY), "accept", by=TOM, now=NOW + HOUR)
        changing = moved(agreed, "propose", by=ANN, now=NOW + 2 * HOUR, offer=Offer(NOW + 21 * DAY))
        with self.transaction() as tx:
            for version in (requested(start=NOW + 20 * DAY), agreed, changing):
                _keep(tx, version)
            change = changing.change
            assert change is not None
            assert change.due is not None
            found = [tx.due(change.due - MICROSECOND), tx.due(change.due), tx.due(change.due, (ANN,))]

        assert change.due < _due(agreed)
        assert found == [[], [LESSON], [LESSON]]

    def test_an_undone_version_is_due_as_before(self) -> None:
        """Taking back a version gives the lesson back its deadline, however often it was looked for meanwhile."""
        first = requested()
        second = moved(first, "accept", by=TOM, now=NOW + HOUR)
        with self.transaction() as tx:
            _keep(tx, first)
            with tx.savepoint() as savepoint:
                _keep(tx, second)
                hidden = [tx.due(_due(first)), tx.due(_due(first), (TOM,))]
                savepoint.undo()
            found = [tx.due(_due(first)), tx.due(_due(first), (TOM,)), tx.due(_due(first), (ANN,))]
            later = tx.due(_due(second))

        assert hidden == [[], []]
        assert found == [[LESSON]] * 3
        assert later == [LESSON]

    # Time that is taken

    def test_nobody_is_claimed_twice_at_once(self) -> None:
        """An overlapping claim of another lesson is answered with the claim that stands in its way."""
        taken = _claims(LESSON, NOW, NOW + HOUR, TOM, ANN)
        with self.transaction() as tx:
            free = tx.claim(LESSON, taken)
            answers = [
                _tried(tx, _claims(_OTHER, NOW + start, NOW + end, TOM, AMY))
                for start, end in (
                    (-HOUR, timedelta(0)),
                    (-HOUR, MICROSECOND),
                    (HOUR / 4, HOUR / 2),
                    (-HOUR, 2 * HOUR),
                    (HOUR - MICROSECOND, 2 * HOUR),
                    (HOUR, 2 * HOUR),
                )
            ]
            found = tx.claims()

        assert free is None
        assert answers == [None, taken[0], taken[0], taken[0], taken[0], None]
        assert found == tuple(sorted(taken, key=lambda claim: claim.party))

    def test_the_first_obstacle_is_named(self) -> None:
        """Of several claims in the way the one that begins first is named, for the first claim that cannot be had."""
        with self.transaction() as tx:
            tx.claim(LessonId("a"), _claims("a", NOW + 2 * HOUR, NOW + 3 * HOUR, TOM))
            tx.claim(LessonId("b"), _claims("b", NOW, NOW + HOUR, TOM))
            tx.claim(LessonId("c"), _claims("c", NOW - HOUR, NOW, ANN))
            found = _tried(tx, _claims("d", NOW - HOUR, NOW + 3 * HOUR, TIM, TOM, ANN))

        assert found == _claims("b", NOW, NOW + HOUR, TOM)[0]

    def test_the_longest_claims_are_seen(self) -> None:
        """A claim of the greatest length stands in the way until its very end."""
        with self.transaction() as tx:
            longest = _claims(LESSON, NOW, NOW + LONGEST, TOM)
            tx.claim(LESSON, longest)
            within = _tried(tx, _claims(_OTHER, NOW + LONGEST - MICROSECOND, NOW + LONGEST + HOUR, TOM))
            after = _tried(tx, _claims(_OTHER, NOW + LONGEST, NOW + LONGEST + HOUR, TOM))

        assert within == longest[0]
        assert after is None

    def test_a_lesson_does_not_stand_in_its_own_way(self) -> None:
        """Claims of one lesson may overlap: an agreed time, and the one that a change proposes."""
        claims = (
            *_claims(LESSON, NOW, NOW + HOUR, TOM),
            *_claims(LESSON, NOW + HOUR / 2, NOW + 2 * HOUR, TOM, proposal=2),
        )
        with self.transaction() as tx:
            answer = tx.claim(LESSON, claims)
            found = tx.claims(TOM)

        assert answer is None
        assert found == claims

    def test_new_claims_replace_the_old_ones(self) -> None:
        """A lesson occupies exactly what it claimed last; what it gave up is free for others."""
        with self.transaction() as tx:
            tx.claim(LESSON, _claims(LESSON, NOW, NOW + HOUR, TOM))
            later = _claims(LESSON, NOW + HOUR, NOW + 2 * HOUR, TOM, proposal=2)
            tx.claim(LESSON, later)
            moved_on = tx.claims()
            first = tx.claim(_OTHER, _claims(_OTHER, NOW, NOW + HOUR, TOM))
            tx.claim(LESSON, ())
            freed = tx.claims(TOM)
            second = tx.claim(LessonId("l3"), _claims("l3", NOW + HOUR, NOW + 2 * HOUR, TOM))

        assert moved_on == later
        assert first is None
        assert [claim.lesson for claim in freed] == [_OTHER]
        assert second is None

    def test_a_claim_becomes_firm(self) -> None:
        """Claiming the same time as something else keeps the time and changes what it is."""
        tentative = _claims(LESSON, NOW, NOW + HOUR, TOM)
        firm = tuple(claim._replace(slot="firm") for claim in tentative)
        with self.transaction() as tx:
            tx.claim(LESSON, tentative)
            answer = tx.claim(LESSON, firm)
            found = tx.claims()

        assert answer is None
        assert found == firm

    def test_a_refused_claim_is_undone_with_its_savepoint(self) -> None:
        """After the savepoint is undone, both lessons occupy what they did before."""
        with self.transaction() as tx:
            tx.claim(LESSON, _claims(LESSON, NOW, NOW + HOUR, TOM))
            tx.claim(_OTHER, _claims(_OTHER, NOW + HOUR, NOW + 2 * HOUR, TOM, AMY))
            before = tx.claims()
            answer = _tried(tx, _claims(_OTHER, NOW, NOW + HOUR, AMY, TOM))
            found = tx.claims()

        assert answer is not None
        assert found == before

    def test_claims_come_in_order(self) -> None:
        """Claims come by (start, party, lesson, proposal), of one party or of all."""
        with self.transaction() as tx:
            tx.claim(_OTHER, _claims(_OTHER, NOW, NOW + HOUR, TOM, ANN))
            tx.claim(LESSON, _claims(LESSON, NOW - HOUR, NOW, TOM, ANN))
            every, one = tx.claims(), tx.claims(TOM)

        assert [(claim.lesson, claim.party) for claim in every] == [
            (LESSON, ANN),
            (LESSON, TOM),
            (_OTHER, ANN),
            (_OTHER, TOM),
        ]
        assert [claim.lesson for claim in one] == [LESSON, _OTHER]

    def test_claims_are_found_in_a_window(self) -> None:
        """Claims that overlap [since, until) are found: not those that end with `since` or begin with `until`."""
        with self.transaction() as tx:
            for number in range(3):
                start = NOW + number * HOUR
                tx.claim(LessonId(f"c{number}"), _claims(f"c{number}", start, start + HOUR, TOM))
            tx.claim(_OTHER, _claims(_OTHER, NOW + HOUR, NOW + 2 * HOUR, AMY))
            windows = {
                "all": (None, None),
                "from its start": (NOW, NOW + HOUR),
                "from before its end": (NOW + HOUR - MICROSECOND, NOW + HOUR),
                "from its end": (NOW + HOUR, NOW + HOUR + MICROSECOND),
                "until after a start": (NOW, NOW + HOUR + MICROSECOND),
                "within one": (NOW + MICROSECOND, NOW + 2 * MICROSECOND),
                "since": (NOW + HOUR, None),
                "until": (None, NOW + HOUR),
                "none": (NOW + 3 * HOUR, NOW + 9 * HOUR),
                "empty": (NOW + HOUR / 2, NOW + HOUR / 2),
                "backwards": (NOW + HOUR, NOW),
            }
            found = {
                name: "".join(claim.lesson[1] for claim in tx.claims(TOM, since, until))
                for name, (since, until) in windows.items()
            }
            every = tx.claims(since=NOW + HOUR, until=NOW + 2 * HOUR)

        assert found == {
            "all": "012",
            "from its start": "0",
            "from before its end": "0",
            "from its end": "1",
            "until after a start": "01",
            "within one": "0",
            "since": "12",
            "until": "0",
            "none": "",
            "empty": "",
            "backwards": "",
        }
        assert [(claim.party, claim.lesson) for claim in every] == [(AMY, _OTHER), (TOM, "c1")]

    def test_the_longest_claim_is_found_at_its_end(self) -> None:
        """A claim of seven days is found in the last of its microseconds, and not after."""
        longest = _claims(LESSON, NOW, NOW + LONGEST, TOM)
        with self.transaction() as tx:
            tx.claim(LESSON, longest)
            found, after = tx.claims(TOM, NOW + LONGEST - MICROSECOND), tx.claims(TOM, NOW + LONGEST)

        assert found == longest
        assert after == ()

    # Money

    def test_balances_follow_from_entries(self) -> None:
        """Every entry moves money between its accounts; balances are natural and those at zero are not listed."""
        with self.transaction() as tx:
            cause = tx.begin(NOW)
            answers = [
                tx.post(_paid_in(ANN, 100), cause),
                tx.post(_flow("hold", (wallet(ANN), -60)), cause),
                tx.post(_flow("post", (pending(TOM), 51), (COMMISSION, 9)), cause),
            ]
            found = tx.balances()
            some = [
                tx.balance(account, _UNIT) for account in (wallet(ANN), COMMISSION, BANK, escrow(LESSON), pending(TIM))
            ]
            foreign = tx.balance(wallet(ANN), "USD")

        assert answers == [None, None, None]
        assert found == (
            (BANK, _UNIT, 100),
            (COMMISSION, _UNIT, 9),
            (wallet(ANN), _UNIT, 40),
            (pending(TOM), _UNIT, 51),
        )
        assert some == [40, 9, 100, 0, 0]
        assert foreign == 0

    def test_a_limited_account_is_never_overdrawn(self) -> None:
        """All that is there may be taken, and not one unit more: the shortfall says how much was there."""
        with self.transaction() as tx:
            cause = tx.begin(NOW)
            never = tx.post(_flow("hold", (wallet(ANN), -1)), cause)
            tx.post(_paid_in(ANN, 100), cause)
            more = tx.post(_flow("hold", (wallet(ANN), -101)), cause)
            all_of_it = tx.post(_flow("hold", (wallet(ANN), -100)), cause)
            again = tx.post(_flow("hold", (wallet(ANN), -1)), cause)
            found, balance = tx.entries(), tx.balance(wallet(ANN), _UNIT)

        assert never == Shortfall(wallet(ANN), _UNIT, 0, 1)
        assert more == Shortfall(wallet(ANN), _UNIT, 100, 101)
        assert all_of_it is None
        assert again == Shortfall(wallet(ANN), _UNIT, 0, 1)
        assert len(found) == 2
        assert balance == 0

    def test_an_entry_is_posted_whole_or_not_at_all(self) -> None:
        """The first limited account in the order of the legs that would be overdrawn is named; nothing moves."""
        legs = ((pending(TOM), 5), (wallet(ANN), 7), (wallet(AMY), 9), (escrow(LESSON), -21))
        with self.transaction() as tx:
            cause = tx.begin(NOW)
            for account, amount in ((pending(TOM), 5), (wallet(ANN), 6), (wallet(AMY), 8)):
                tx.post(_entry((BANK, amount), (account, -amount)), cause)
            before = tx.balances()
            answer = tx.post(_entry(*legs), cause)
            found, entries = tx.balances(), tx.entries()
            each = [(account, currency, tx.balance(account, currency)) for account, currency, _ in before]

        assert answer == Shortfall(wallet(ANN), _UNIT, 6, 7)
        assert found == before
        assert tuple(each) == before
        assert len(entries) == 3

    def test_other_accounts_have_no_limit(self) -> None:
        """A debt may grow, and so may what the bank is short of."""
        with self.transaction() as tx:
            cause = tx.begin(NOW)
            answer = tx.post(_entry((COMMISSION, 40), (receivable(TOM), -40)), cause)
            found = tx.balances()

        assert answer is None
        assert found == ((receivable(TOM), _UNIT, -40), (COMMISSION, _UNIT, -40))

    def test_large_amounts_are_exact(self) -> None:
        """Amounts up to 2**62 are kept to the last unit."""
        with self.transaction() as tx:
            cause = tx.begin(NOW)
            tx.post(_paid_in(ANN, 2**62), cause)
            tx.post(_flow("hold", (wallet(ANN), -(2**62 - 1))), cause)
            found = [tx.balance(account, _UNIT) for account in (wallet(ANN), escrow(LESSON), BANK)]

        assert found == [1, 2**62 - 1, 2**62]

    def test_entries_come_back_whole_and_in_order(self) -> None:
        """Entries are numbered in order and come back as they were, those of one account alone if wanted."""
        posted = [_paid_in(ANN, 100), _flow("hold", (wallet(ANN), -60)), _paid_in(AMY, 5)]
        with self.storage() as storage:
            with storage.transaction() as tx:
                causes = [tx.begin(NOW), tx.begin(NOW + HOUR), tx.begin(NOW + DAY)]
                for each, cause in zip(posted, causes, strict=True):
                    tx.post(each, cause)
            with storage.transaction() as tx:
                first = tx.entries()[0]
                undone = reverse(Posted(2, posted[1]), effective_at=NOW + WEEK, reason="\u00e9rror")
                tx.post(undone, causes[2])
                every, some = tx.entries(), tx.entries(escrow(LESSON))

        assert (first.number, first.cause, first.entry) == (1, causes[0], posted[0])
        assert [each.number for each in every] == [1, 2, 3, 4]
        assert [each.cause for each in every] == [*causes, causes[2]]
        assert [each.entry for each in every] == [*posted, undone]
        assert [each.number for each in some] == [2, 4]

    # Clearings and marks

    def test_a_clearing_is_due_at_its_instant(self) -> None:
        """Clearings come due by (due, lesson, number), of some tutors or all, as many as are wanted, until dropped."""
        late = Clearing(LessonId("a"), 5, TOM, _UNIT, 10, NOW + HOUR)
        soon = Clearing(LessonId("c"), 5, TOM, _UNIT, 2**62, NOW)
        twin = Clearing(LessonId("b"), 7, TIM, _UNIT, 30, NOW)
        with self.transaction() as tx:
            for clearing in (late, soon, twin):
                tx.add_clearing(clearing)
            before, at, after = tx.due_clearings(NOW - MICROSECOND), tx.due_clearings(NOW), tx.due_clearings(NOW + HOUR)
            some, both, none = (tx.due_clearings(NOW + HOUR, each) for each in ((TOM,), (TOM, ANN, TIM), (ANN,)))
            limited, theirs = tx.due_clearings(NOW + HOUR, limit=2), tx.due_clearings(NOW + HOUR, (TOM,), limit=1)
            tx.drop_clearing(soon)
            left, of_tom = tx.due_clearings(NOW + HOUR), tx.due_clearings(NOW + HOUR, (TOM,))

        assert before == []
        assert at == [twin, soon]
        assert after == [twin, soon, late]
        assert some == [soon, late]
        assert both == [twin, soon, late]
        assert none == []
        assert limited == [twin, soon]
        assert theirs == [soon]
        assert left == [twin, late]
        assert of_tom == [late]

    def test_a_clearing_is_kept_and_dropped_once(self) -> None:
        """Keeping one twice, and dropping one that is not there, would pay twice and are refused."""
        clearing = Clearing(LESSON, 5, TOM, _UNIT, 10, NOW)
        with self.transaction() as tx:
            with _raises(StorageError):
                tx.drop_clearing(clearing)
            tx.add_clearing(clearing)
            with _raises(StorageError):
                tx.add_clearing(clearing)
            with _raises(StorageError):
                tx.drop_clearing(clearing._replace(amount=11))
            tx.drop_clearing(clearing)
            with _raises(StorageError):
                tx.drop_clearing(clearing)

    def test_marks_are_counted_in_a_window(self) -> None:
        """Marks of one name on one party count after `since` and up to `until`, that instant included."""
        with self.transaction() as tx:
            for number, at in enumerate((NOW, NOW + DAY, NOW + 2 * DAY), 1):
                tx.add_mark(Mark(LESSON, number, TOM, "late", at))
            tx.add_mark(Mark(_OTHER, 1, TOM, "late", NOW))
            tx.add_mark(Mark(_OTHER, 2, TOM, "missed", NOW))
            tx.add_mark(Mark(_OTHER, 3, ANN, "late", NOW))
            with tx.savepoint() as savepoint:
                tx.add_mark(Mark(_OTHER, 4, TOM, "late", NOW))
                savepoint.undo()
            found = [
                tx.count_marks(TOM, "late", since, until)
                for since, until in (
                    (None, NOW - MICROSECOND),
                    (None, NOW),
                    (None, NOW + 9 * DAY),
                    (NOW, NOW + 2 * DAY),
                    (NOW - MICROSECOND, NOW + 2 * DAY),
                    (NOW, NOW),
                    (NOW + DAY, NOW),
                )
            ]
            other = tx.count_marks(AMY, "late", None, NOW + DAY)

        assert found == [0, 2, 4, 2, 4, 0, 0]
        assert other == 0

    def test_a_mark_is_kept_once(self) -> None:
        """A version makes a mark once; keeping it again is refused and changes no count."""
        mark = Mark(LESSON, 1, TOM, "late", NOW)
        with self.transaction() as tx:
            tx.add_mark(mark)
            with _raises(StorageError):
                tx.add_mark(mark)
            found = tx.count_marks(TOM, "late", None, NOW)

        assert found == 1

    def test_marks_add_up(self) -> None:
        """Marks count for their amounts, none and less than none included, to the last unit."""
        marks = [(1, NOW, 2**61), (2, NOW + 2 * HOUR, 2**61 - 1), (3, NOW + HOUR, 0), (4, NOW + 3 * HOUR, -5)]
        with self.transaction() as tx:
            for number, at, amount in marks:
                tx.add_mark(Mark(LESSON, number, TOM, "taught", at, amount))
            tx.add_mark(Mark(LESSON, 1, ANN, "taught", NOW, 7))
            with tx.savepoint() as savepoint:
                tx.add_mark(Mark(LESSON, 9, TOM, "taught", NOW - HOUR, 1))
                tx.add_mark(Mark(LESSON, 8, TOM, "taught", NOW + HOUR, 1))
                savepoint.undo()
            with _raises(StorageError):
                tx.add_mark(Mark(LESSON, 1, TOM, "taught", NOW, 3))
            found = [
                tx.count_marks(TOM, "taught", since, until)
                for since, until in (
                    (None, NOW),
                    (None, NOW + HOUR),
                    (None, NOW + 2 * HOUR),
                    (None, NOW + DAY),
                    (NOW, NOW + DAY),
                    (NOW, NOW + HOUR),
                )
            ]
            other = tx.count_marks(ANN, "taught", None, NOW)

        assert found == [2**61, 2**61, 2**62 - 1, 2**62 - 6, 2**61 - 6, 0]
        assert other == 7

    def test_people_have_met_where_a_lesson_was_taught(self) -> None:
        """A lesson of theirs counts once it has been taught, and only for the two in the roles they had in it."""
        with self.storage() as storage:
            with storage.transaction() as tx:
                tx.add_policy(sample_machine())
                for version in (requested(payer=PAM), requested(_OTHER, student=TOM, tutor=TIM)):
                    _keep(tx, version)
                tx.add_mark(Mark(_OTHER, 1, TOM, "late", NOW))
                tx.add_mark(Mark(LessonId("lost"), 1, AMY, "taught", NOW, 5))
                before = tx.has_met(TOM, ANN), tx.has_met(TIM, TOM), tx.has_met(TOM, AMY)
                for party in (TOM, ANN):
                    tx.add_mark(Mark(LESSON, 1, party, "taught", NOW, 3_600_000_000))
                with tx.savepoint() as savepoint:
                    for party in (TIM, TOM):
                        tx.add_mark(Mark(_OTHER, 1, party, "taught", NOW, 1))
                    within = tx.has_met(TIM, TOM)
                    savepoint.undo()
            with storage.reading() as tx:
                met = [(one, other) for one in PEOPLE for other in PEOPLE if tx.has_met(one, other)]

        assert before == (False, False, False)
        assert within
        assert met == [(TOM, ANN)]

    # Standings

    def test_the_last_standing_is_the_tutor_s(self) -> None:
        """Each tutor has a last standing and a history, oldest first, under the causes that recorded them."""
        first, second, other = _standing(TOM, 1), _standing(TOM, 2, "dismissed"), _standing(TIM, 1)
        with self.storage() as storage:
            with storage.transaction() as tx:
                causes = [tx.begin(NOW), tx.begin(NOW + HOUR), tx.begin(NOW + DAY)]
                tx.append_standing(first, causes[0])
                one = tx.standing(TOM)
                tx.append_standing(other, causes[1])
                tx.append_standing(second, causes[2])
                tx.add_audit(_line(causes[2], "k"))
            with storage.reading() as tx:
                found = [tx.standing(party) for party in (TOM, TIM, ANN)]
                histories = [tx.standing_history(party) for party in (TOM, TIM, ANN)]

        assert one == first
        assert found == [second, other, None]
        assert histories == [
            (RecordedStanding(causes[0], first), RecordedStanding(causes[2], second)),
            (RecordedStanding(causes[1], other),),
            (),
        ]

    def test_a_standing_comes_back_whole(self) -> None:
        """Reports with their lapses, what is imposed, resets and streaks survive, whatever their texts and numbers."""
        lapses = (Lapse(LESSON, 2**80, _HOSTILE, NOW), Lapse(_OTHER, 1, "late", NOW + MICROSECOND))
        reports = (
            Report(1, _HOSTILE, date(1, 1, 1), 2**80, lapses, NOW, "recorded"),
            Report(2, "late", None, 0, (), NOW, "open"),
        )
        imposed = (
            Imposed("hidden", NOW, None, NOW + DAY, "tutor", 1, "late", 3),
            Imposed("wallet_frozen", NOW, NOW + WEEK, None, None, 2**80, _HOSTILE, 4),
        )
        happening = Happening("dismissed", "late", 2, ("notice", "hidden"), ROBOT, _HOSTILE, _HOSTILE, _HOSTILE)
        standing = Standing(
            TOM, 1, NOW, happening, reports, imposed, (Reset(_HOSTILE, NOW - DAY, 2**80),), (("late", NOW),)
        )
        with self.storage() as storage:
            with storage.transaction() as tx:
                tx.append_standing(standing, tx.begin(NOW))
                at_once = tx.standing(TOM)
            with storage.reading() as tx:
                found = tx.standing(TOM)

        assert at_once == standing
        assert found == standing

    def test_standings_are_counted_without_a_gap(self) -> None:
        """A standing that does not follow the last one is refused, and the tutor's stays as it was."""
        first, second = _standing(TOM, 1), _standing(TOM, 2, "recorded")
        with self.transaction() as tx:
            cause = tx.begin(NOW)
            for number in (0, -1, 2, 2**80):
                with _raises(StorageError):
                    tx.append_standing(first._replace(number=number), cause)
            none = tx.standing(TOM), tx.standings()
            tx.append_standing(first, cause)
            for number in (0, 1, 3):
                with _raises(StorageError):
                    tx.append_standing(second._replace(number=number), cause)
            one, waiting = tx.standing_history(TOM), tx.standings(with_open_reports=True)
            tx.append_standing(second, cause)
            with _raises(StorageError):
                tx.append_standing(second, cause)
            two, handled = tx.standing(TOM), tx.standings(with_open_reports=True)

        assert none == (None, ())
        assert one == (RecordedStanding(cause, first),)
        assert waiting == (first,)
        assert two == second
        assert handled == ()

    def test_standings_come_by_tutor(self) -> None:
        """The last standing of each tutor comes by the tutor's id; those with open reports can be had alone."""
        tutors = [PartyId(name) for name in ("a", "a1", "B", "a-b", "b")]
        with self.transaction() as tx:
            cause = tx.begin(NOW)
            for tutor in reversed(tutors):
                tx.append_standing(_standing(tutor, 1, "open"), cause)
            for tutor, state in zip(tutors, _STATES, strict=False):
                tx.append_standing(_standing(tutor, 2, state), cause)
            tx.append_standing(_standing(tutors[1], 3, "recorded", "open"), cause)
            every, waiting = tx.standings(), tx.standings(with_open_reports=True)

        assert [(each.tutor, each.number) for each in every] == [("B", 2), ("a", 2), ("a-b", 1), ("a1", 3), ("b", 1)]
        assert [each.tutor for each in waiting] == ["a", "a-b", "a1", "b"]

    def test_standings_are_taken_back(self) -> None:
        """An undone savepoint, and a block that raises, bring back the standings there were, and their numbers."""
        first, second = _standing(TOM, 1), _standing(TOM, 2, "recorded")
        with self.storage() as storage:
            with storage.transaction() as tx:
                cause = tx.begin(NOW)
                tx.append_standing(first, cause)
                with tx.savepoint() as savepoint:
                    tx.append_standing(second, cause)
                    tx.append_standing(_standing(TIM, 1), cause)
                    savepoint.undo()
                undone = tx.standings(), tx.standings(with_open_reports=True), tx.standing(TIM)
            with _raises(_Change), storage.transaction() as tx:
                tx.append_standing(second, tx.begin(NOW))
                tx.append_standing(_standing(TIM, 1), tx.begin(NOW))
                raise _Change
            with storage.transaction() as tx:
                kept = tx.standings(), tx.standing_history(TIM)
                tx.append_standing(second, tx.begin(NOW))
                tx.append_standing(_standing(TIM, 1, "dismissed"), tx.begin(NOW))
                after = tx.standings()

        assert undone == ((first,), (first,), None)
        assert kept == ((first,), ())
        assert after == (_standing(TIM, 1, "dismissed"), second)

    # Withdrawals

    def test_what_clocks_were_to_show_is_kept_until_it_is_put_again(self) -> None:
        """A wall time is that of a lesson, a proposal and a party; they are listed by start, then those."""
        first, kept = StoredTime.of(NOW + DAY, "Europe/Berlin"), StoredTime.of(NOW, "Pacific/Chatham")
        moved = StoredTime(NOW + DAY, first.local + HOUR, "Europe/Berlin", first.offset + HOUR, "2027z")
        with self.storage() as storage:
            with storage.transaction() as tx:
                tx.put_wall_times(())
                tx.put_wall_times([WallTime(LESSON, 1, TOM, first), WallTime(_OTHER, 1, ANN, kept)])
                tx.put_wall_times([WallTime(LESSON, 1, ANN, first), WallTime(LESSON, 2, ANN, kept)])
                tx.put_wall_times([WallTime(LESSON, 1, TOM, moved)])
            with storage.reading() as tx:
                every, soon, none = tx.wall_times(), tx.wall_times(since=NOW + HOUR), tx.wall_times(since=NOW + 2 * DAY)
                hers, later = tx.wall_times(LESSON), tx.wall_times(LESSON, NOW + DAY)
                edge, stranger = tx.wall_times(_OTHER, NOW), tx.wall_times(LessonId("nobody's"))
        tomorrow = (WallTime(LESSON, 1, ANN, first), WallTime(LESSON, 1, TOM, moved))
        assert every == (WallTime(LESSON, 2, ANN, kept), WallTime(_OTHER, 1, ANN, kept), *tomorrow)
        assert hers == (WallTime(LESSON, 2, ANN, kept), *tomorrow)
        assert soon == later == tomorrow
        assert edge == (WallTime(_OTHER, 1, ANN, kept),)
        assert none == stranger == ()

    def test_wall_times_are_taken_back_with_the_rest(self) -> None:
        """Undoing brings back what was replaced, and removes what was new."""
        was, new = StoredTime.of(NOW, "Europe/Berlin"), StoredTime.of(NOW, "Asia/Tokyo")
        with self.storage() as storage:
            with storage.transaction() as tx:
                tx.put_wall_times([WallTime(LESSON, 1, TOM, was)])
            with storage.transaction() as tx, tx.savepoint() as savepoint:
                tx.put_wall_times([WallTime(LESSON, 1, TOM, new), WallTime(LESSON, 1, ANN, new)])
                savepoint.undo()
            with storage.reading() as tx:
                assert tx.wall_times() == tx.wall_times(LESSON) == (WallTime(LESSON, 1, TOM, was),)

    def test_a_withdrawal_is_kept_until_it_is_put_again(self) -> None:
        """A withdrawal is found by its id as it was put last, whole."""
        applied = _withdrawal("w", "applied")
        gone = _withdrawal("w", "returned", amount=2**62, fee=2**62 - 1, reason=_HOSTILE)
        with self.storage() as storage:
            with storage.transaction() as tx:
                none = tx.withdrawal("w")
                tx.put_withdrawal(applied)
                first = tx.withdrawal("w")
                tx.put_withdrawal(gone)
                tx.put_withdrawal(gone)
                second, every = tx.withdrawal("w"), tx.withdrawals()
            with storage.reading() as tx:
                found, other = tx.withdrawal("w"), tx.withdrawal("W")

        assert none is None
        assert first == applied
        assert second == gone
        assert every == (gone,)
        assert (found, other) == (gone, None)

    def test_withdrawals_are_called_anything(self) -> None:
        """An id is a text like any other, quotes included, and told apart to the last character."""
        ids = ["it's", 'say "no"', "w' OR '1'='1", "a%", "a_", "\u00e9", "e\u0301", "\U0001f600", "a\x00", "a\x00b"]
        with self.transaction() as tx:
            for id in ids:
                tx.put_withdrawal(_withdrawal(id, "under_way", currency="TTD"))
            found = [tx.withdrawal(id) for id in ids]
            strange, every = tx.withdrawal("a"), tx.withdrawals(TOM, state="under_way")

        assert found == [_withdrawal(id, "under_way", currency="TTD") for id in ids]
        assert strange is None
        assert [each.id for each in every] == sorted(ids)

    def test_withdrawals_come_by_when_they_began(self) -> None:
        """Withdrawals come by when they were applied for, or else asked for, and id: of one tutor, in one state."""
        late = _withdrawal("a", "under_way", applied=None, asked=NOW + DAY)
        soon = _withdrawal("c", "paid", applied=NOW, asked=NOW + 9 * DAY)
        twin = _withdrawal("b", "under_way", tutor=TIM, applied=None, asked=NOW)
        first = _withdrawal("d", "applied", applied=NOW - MICROSECOND)
        with self.transaction() as tx:
            for each in (late, soon, twin, first):
                tx.put_withdrawal(each)
            every, of_tom, of_ann = tx.withdrawals(), tx.withdrawals(TOM), tx.withdrawals(ANN)
            by_state = {state: tx.withdrawals(state=state) for state in _WITHDRAWN}
            both, neither = tx.withdrawals(TOM, state="under_way"), tx.withdrawals(TIM, state="paid")
            paid = _withdrawal("a", "paid", tutor=TIM, applied=None, asked=NOW - DAY)
            tx.put_withdrawal(paid)
            moved_on = tx.withdrawals(), tx.withdrawals(TOM), tx.withdrawals(state="under_way")

        assert every == (first, twin, soon, late)
        assert of_tom == (first, soon, late)
        assert of_ann == ()
        assert by_state == {"applied": (first,), "under_way": (twin, late), "paid": (soon,), "returned": ()}
        assert both == (late,)
        assert neither == ()
        assert moved_on == ((paid, first, twin, soon), (first, soon), (twin,))

    def test_withdrawals_are_taken_back(self) -> None:
        """An undone savepoint, and a block that raises, bring back the withdrawals there were."""
        applied, under_way = _withdrawal("w", "applied"), _withdrawal("w", "under_way")
        with self.storage() as storage:
            with storage.transaction() as tx:
                tx.put_withdrawal(applied)
                with tx.savepoint() as savepoint:
                    tx.put_withdrawal(under_way)
                    tx.put_withdrawal(_withdrawal("w", "paid", tutor=TIM))
                    tx.put_withdrawal(_withdrawal("v", "applied"))
                    savepoint.undo()
                undone = tx.withdrawals(), tx.withdrawals(TOM), tx.withdrawals(TIM), tx.withdrawal("v")
            with _raises(_Change), storage.transaction() as tx:
                tx.put_withdrawal(under_way)
                raise _Change
            with storage.reading() as tx:
                kept = tx.withdrawals(TOM), tx.withdrawals(state="under_way")

        assert undone == ((applied,), (applied,), (), None)
        assert kept == ((applied,), ())

    # Reminders

    def test_a_reminder_is_due_at_its_instant(self) -> None:
        """Reminders come due by (at, lesson, position), of some lessons or all, as many as wanted, until dropped."""
        late, soon = _reminded("a", 0, NOW + HOUR), _reminded("a", 1, NOW, audience=())
        twin, third = _reminded("b", 0, NOW), _reminded("b", 2, NOW, number=1)
        end = NOW + HOUR
        with self.transaction() as tx:
            tx.put_reminders(LessonId("b"), (third, twin))
            tx.put_reminders(LessonId("a"), (late, soon))
            before, at, after = tx.due_reminders(NOW - MICROSECOND), tx.due_reminders(NOW), tx.due_reminders(end)
            some, both, none = (
                tx.due_reminders(end, [LessonId(name) for name in names]) for names in ("a", "bab", "c")
            )
            limited, theirs = tx.due_reminders(end, limit=2), tx.due_reminders(end, [LessonId("b")], limit=1)
            tx.drop_reminder(twin)
            left, of_b = tx.due_reminders(end), tx.due_reminders(end, [LessonId("b")])

        assert before == []
        assert at == [soon, twin, third]
        assert after == [soon, twin, third, late]
        assert some == [soon, late]
        assert both == after
        assert none == []
        assert limited == [soon, twin]
        assert theirs == [twin]
        assert left == [soon, third, late]
        assert of_b == [third]

    def test_reminders_are_replaced(self) -> None:
        """A lesson has the reminders that were put last and no others; those of other lessons stay."""
        other = _reminded(_OTHER, 0, NOW)
        first = (_reminded(LESSON, 0, NOW), _reminded(LESSON, 1, NOW + HOUR))
        second = (_reminded(LESSON, 1, NOW + DAY, number=2), _reminded(LESSON, 0, NOW, number=2, audience=(ANN,)))
        with self.transaction() as tx:
            tx.put_reminders(_OTHER, (other,))
            tx.put_reminders(LESSON, first)
            tx.put_reminders(LESSON, first)
            once = tx.due_reminders(NOW + DAY)
            tx.put_reminders(LESSON, second)
            replaced, soon = tx.due_reminders(NOW + DAY), tx.due_reminders(NOW + HOUR)
            tx.put_reminders(LESSON, ())
            left = tx.due_reminders(NOW + DAY)

        assert once == [first[0], other, first[1]]
        assert replaced == [second[1], other, second[0]]
        assert soon == [second[1], other]
        assert left == [other]

    def test_a_reminder_is_dropped_once(self) -> None:
        """Dropping one that is not there, or no longer like this, would remind twice and is refused."""
        row = _reminded(LESSON, 0, NOW)
        with self.transaction() as tx:
            with _raises(StorageError):
                tx.drop_reminder(row)
            tx.put_reminders(LESSON, (row,))
            for changed in (row._replace(number=2), row._replace(at=NOW + HOUR), row._replace(audience=(AMY,))):
                with _raises(StorageError):
                    tx.drop_reminder(changed)
            tx.drop_reminder(row)
            with _raises(StorageError):
                tx.drop_reminder(row)

    def test_reminders_are_one_lesson_s_and_told_apart(self) -> None:
        """Those of another lesson, or two in one position, are refused and change nothing."""
        row = _reminded(LESSON, 0, NOW)
        with self.transaction() as tx:
            tx.put_reminders(LESSON, (row,))
            with _raises(StorageError):
                tx.put_reminders(LESSON, (_reminded(_OTHER, 1, NOW),))
            with _raises(StorageError):
                tx.put_reminders(LESSON, (row, row._replace(at=NOW + HOUR)))
            found = tx.due_reminders(NOW + DAY)

        assert found == [row]

    def test_reminders_are_taken_back(self) -> None:
        """An undone savepoint brings back the reminders there were, the dropped ones too."""
        rows = (_reminded(LESSON, 0, NOW), _reminded(LESSON, 1, NOW + HOUR))
        with self.transaction() as tx:
            tx.put_reminders(LESSON, rows)
            with tx.savepoint() as savepoint:
                tx.drop_reminder(rows[0])
                tx.put_reminders(LESSON, (_reminded(LESSON, 0, NOW + DAY),))
                tx.put_reminders(_OTHER, (_reminded(_OTHER, 0, NOW),))
                savepoint.undo()
            found, soon = tx.due_reminders(NOW + DAY), tx.due_reminders(NOW)

        assert found == list(rows)
        assert soon == [rows[0]]

    # The outbox

    def test_the_outbox_is_read_from_a_place(self) -> None:
        """Rows are numbered in order and come above a number, as many as are wanted."""
        messages = [Message("told", LESSON, number, (TOM, ANN), NOW - HOUR) for number in (1, 2, 3)]
        with self.transaction() as tx:
            cause = tx.begin(NOW)
            for message in messages:
                tx.enqueue(message, cause)
            every = tx.outbox()
            rest, one = tx.outbox(every[0].sequence), tx.outbox(every[0].sequence, 1)
            none = tx.outbox(every[-1].sequence)

        assert [row.message for row in every] == messages
        assert {row[1:2] + row[3:] for row in every} == {(cause, 0, None, False, ())}
        assert [row.sequence for row in every] == sorted({row.sequence for row in every})
        assert rest == every[1:]
        assert one == every[1:2]
        assert none == ()

    def test_the_outbox_is_read_by_kind(self) -> None:
        """Rows of some kinds come alone, and so do those that are undone; the limit counts what is wanted."""
        with self.transaction() as tx:
            told, wanted, reminder, dropped = _enqueued(
                tx, ("told", "a"), ("meeting_wanted", "a"), ("reminder", "b"), ("meeting_dropped", "a")
            )
            tx.finish(wanted)
            found = {
                "meetings": tx.outbox(kinds=("meeting_dropped", "meeting_wanted", "meeting_wanted")),
                "none": tx.outbox(kinds=()),
                "undone": tx.outbox(undone=True),
                "undone meetings": tx.outbox(kinds=("meeting_wanted", "meeting_dropped"), undone=True),
                "after": tx.outbox(told, kinds=("told", "reminder")),
                "limit": tx.outbox(0, 1, kinds=("reminder", "meeting_wanted"), undone=True),
            }

        assert {name: [row.sequence for row in rows] for name, rows in found.items()} == {
            "meetings": [wanted, dropped],
            "none": [],
            "undone": [told, reminder, dropped],
            "undone meetings": [dropped],
            "after": [reminder],
            "limit": [reminder],
        }

    def test_what_is_taken_is_leased(self) -> None:
        """A row that was taken is returned as it now is, and nobody else gets it until the lease is over."""
        with self.transaction() as tx:
            (number,) = _enqueued(tx, ("told", "a"))
            untouched = tx.outbox()[0]
            taken = _taken(tx, NOW)
            kept = tx.outbox()
            within, over = _taken(tx, NOW + _MINUTE - MICROSECOND), _taken(tx, NOW + _MINUTE)

        leased = untouched._replace(attempts=1, retry_at=NOW + _MINUTE)
        assert number == untouched.sequence
        assert taken == (leased,)
        assert kept == taken
        assert within == ()
        assert over == (leased._replace(attempts=2, retry_at=NOW + 2 * _MINUTE),)

    def test_rows_are_taken_by_kind_and_in_order(self) -> None:
        """A relay gets the rows of its kinds alone, oldest first, as many as it wants."""
        with self.transaction() as tx:
            reminder, first, _, second, third = _enqueued(
                tx, ("reminder", "a"), ("told", "b"), ("meeting_wanted", "c"), ("told", "d"), ("reminder", "e")
            )
            none, nothing = tx.take((), NOW, _MINUTE, 9), _taken(tx, NOW, limit=0)
            two = _taken(tx, NOW, "told", "reminder", "told", limit=2)
            rest = _taken(tx, NOW, "reminder", "told")

        assert (none, nothing) == ((), ())
        assert [row.sequence for row in two] == [reminder, first]
        assert [row.sequence for row in rest] == [second, third]

    def test_a_lesson_s_messages_are_taken_one_after_the_other(self) -> None:
        """While a lesson's first undone row is out, or waits, those after it wait; other lessons' do not."""
        with self.transaction() as tx:
            first, second, other = _enqueued(tx, ("told", "a"), ("told", "a"), ("told", "b"))
            begun, meanwhile = _taken(tx, NOW), _taken(tx, NOW)
            tx.finish(other)
            tx.retry(first, NOW + HOUR)
            waiting, later = _taken(tx, NOW + HOUR - MICROSECOND), _taken(tx, NOW + HOUR)
            tx.finish(first)
            next_one = _taken(tx, NOW)

        assert [row.sequence for row in begun] == [first, other]
        assert (meanwhile, waiting) == ((), ())
        assert [row.sequence for row in later] == [first]
        assert [row.sequence for row in next_one] == [second]

    def test_a_lesson_s_order_is_that_of_the_kinds_asked_for(self) -> None:
        """A message of a kind that somebody else delivers holds up nothing."""
        with self.transaction() as tx:
            wanted, told = _enqueued(tx, ("meeting_wanted", "a"), ("told", "a"))
            both = _taken(tx, NOW, "told", "meeting_wanted")
            notices = _taken(tx, NOW, "told")

        assert [row.sequence for row in both] == [wanted]
        assert [row.sequence for row in notices] == [told]

    def test_a_row_can_be_tried_again(self) -> None:
        """From the instant given on, earlier or later than the lease, the row can be taken; attempts add up."""
        with self.transaction() as tx:
            (number,) = _enqueued(tx, ("told", "a"))
            _taken(tx, NOW)
            tx.retry(number, NOW + MICROSECOND)
            before, soon = _taken(tx, NOW), _taken(tx, NOW + MICROSECOND)
            tx.retry(number, NOW + DAY)
            (kept,) = tx.outbox()
            still, later = _taken(tx, NOW + DAY - MICROSECOND), _taken(tx, NOW + DAY)

        assert (before, still) == ((), ())
        assert [row.attempts for row in soon] == [2]
        assert (kept.attempts, kept.retry_at, kept.done) == (2, NOW + DAY, False)
        assert [row.attempts for row in later] == [3]

    def test_what_is_done_is_never_taken_again(self) -> None:
        """A row is done once and for all, taken before or not; finishing again or retrying changes nothing."""
        with self.transaction() as tx:
            taken, skipped = _enqueued(tx, ("told", "a"), ("told", "b"))
            _taken(tx, NOW, limit=1)
            tx.finish(taken)
            tx.finish(skipped)
            once = tx.outbox()
            for number in (taken, skipped):
                tx.finish(number)
                tx.retry(number, NOW)
            again, found = tx.outbox(), _taken(tx, NOW + 9 * DAY)

        assert [(row.attempts, row.done) for row in once] == [(1, True), (0, True)]
        assert again == once
        assert found == ()

    def test_a_row_that_is_not_there_cannot_be_delivered(self) -> None:
        """A number that no row has is refused, whatever is to be done to it."""
        with self.transaction() as tx:
            (number,) = _enqueued(tx, ("told", "a"))
            for wrong in (0, -1, number + 1):
                with _raises(StorageError):
                    tx.retry(wrong, NOW)
                with _raises(StorageError):
                    tx.finish(wrong)
                with _raises(StorageError):
                    tx.settle(wrong, "mail:ann")
                with _raises(StorageError):
                    tx.reopen(wrong)

    def test_a_delivery_is_settled_once(self) -> None:
        """What is settled comes with its row, by recipient, and what was settled first stands; the row stays out."""
        with self.transaction() as tx:
            first, second = _enqueued(tx, ("told", "a"), ("told", "b"))
            _taken(tx, NOW, limit=1)
            tx.settle(first, "mail:tom")
            tx.settle(first, "mail:ann", _HOSTILE)
            tx.settle(first, "hook:tom", "")
            for again, failure in (("mail:tom", "too late"), ("mail:ann", None), ("hook:tom", "another")):
                tx.settle(first, again, failure)
            tx.settle(second, "mail:ann")
            kept, _ = every = tx.outbox()
            taken = _taken(tx, NOW + _MINUTE, limit=1)

        assert [row.settled for row in every] == [
            (Delivery("hook:tom", ""), Delivery("mail:ann", _HOSTILE), Delivery("mail:tom")),
            (Delivery("mail:ann"),),
        ]
        assert (kept.attempts, kept.retry_at, kept.done) == (1, NOW + _MINUTE, False)
        assert taken == (kept._replace(attempts=2, retry_at=NOW + 2 * _MINUTE),)

    def test_rows_with_failures_are_found(self) -> None:
        """Those with a delivery that failed come alone, done or not; the limit counts them."""
        with self.transaction() as tx:
            arrived, failed, both, wanted, _ = _enqueued(
                tx, ("told", "a"), ("told", "b"), ("told", "c"), ("meeting_wanted", "c"), ("told", "d")
            )
            for number, recipient, failure in (
                (arrived, "ann", None), (failed, "ann", "full"), (failed, "tom", "gone"), (both, "ann", None),
                (both, "tom", "gone"), (wanted, "tom", "?"),
            ):  # fmt: skip
                tx.settle(number, recipient, failure)
            tx.finish(failed)
            found = {
                "all": tx.outbox(failed=True),
                "undone": tx.outbox(failed=True, undone=True),
                "after": tx.outbox(failed, failed=True),
                "one": tx.outbox(limit=1, failed=True),
                "told": tx.outbox(failed=True, kinds=("told",)),
                "told and undone": tx.outbox(failed=True, kinds=("told",), undone=True),
            }

        assert {name: [row.sequence for row in rows] for name, rows in found.items()} == {
            "all": [failed, both, wanted],
            "undone": [both, wanted],
            "after": [both, wanted],
            "one": [failed],
            "told": [failed, both],
            "told and undone": [both],
        }

    def test_a_reopened_row_is_taken_anew(self) -> None:
        """Whatever state it was in, it can be taken at once, before what came after; failures alone are forgotten."""
        with self.transaction() as tx:
            done, later, leased = _enqueued(tx, ("told", "a"), ("told", "a"), ("told", "b"))
            _taken(tx, NOW)
            tx.settle(done, "mail:ann")
            tx.settle(done, "mail:tom", "full")
            tx.finish(done)
            tx.reopen(done)
            tx.reopen(leased)
            reopened = tx.outbox()
            taken = _taken(tx, NOW)
            tx.settle(done, "mail:tom")
            tx.finish(done)
            following, failed = _taken(tx, NOW), tx.outbox(failed=True)

        assert [row[3:] for row in reopened] == [
            (0, None, False, (Delivery("mail:ann"),)),
            (0, None, False, ()),
            (0, None, False, ()),
        ]
        assert [(row.sequence, row.attempts) for row in taken] == [(done, 1), (leased, 1)]
        assert [row.sequence for row in following] == [later]
        assert failed == ()

    def test_what_is_settled_is_taken_back(self) -> None:
        """An undone savepoint takes back deliveries that were settled in it, and gives back what it forgot."""
        with self.transaction() as tx:
            first, second = _enqueued(tx, ("told", "a"), ("told", "b"))
            tx.settle(first, "mail:ann", "full")
            tx.settle(first, "mail:tom")
            tx.finish(first)
            before = tx.outbox()
            with tx.savepoint() as savepoint:
                tx.reopen(first)
                tx.settle(first, "mail:ann")
                tx.settle(second, "mail:ann", "full")
                savepoint.undo()
            found, failed = tx.outbox(), tx.outbox(failed=True)
            tx.settle(second, "mail:ann", "gone")
            last = tx.outbox(failed=True)

        assert found == before
        assert [row.sequence for row in failed] == [first]
        assert [row.sequence for row in last] == [first, second]

    def test_deliveries_are_taken_back(self) -> None:
        """An undone savepoint gives back what was taken in it, and what was finished is undone again."""
        with self.transaction() as tx:
            first, second, third = _enqueued(tx, ("told", "a"), ("told", "a"), ("reminder", "b"))
            tx.finish(first)
            before = tx.outbox()
            with tx.savepoint() as savepoint:
                _taken(tx, NOW, "told", "reminder")
                tx.retry(second, NOW + DAY)
                tx.finish(third)
                (fourth,) = _enqueued(tx, ("told", "b"))
                tx.finish(fourth)
                tx.finish(second)
                savepoint.undo()
            found = tx.outbox()
            (fifth,) = _enqueued(tx, ("told", "a"))
            taken = _taken(tx, NOW, "told", "reminder")
            tx.finish(second)
            last = _taken(tx, NOW, "told", "reminder")

        assert found == before
        assert [row[:1] + row[3:-1] for row in taken] == [
            (number, 1, NOW + _MINUTE, False) for number in (second, third)
        ]
        assert [row.sequence for row in last] == [fifth]

    def test_a_lease_lasts_when_its_transaction_is_kept(self) -> None:
        """What one transaction took, the next cannot take; what a block that raised had taken, it can."""
        with self.storage() as storage:
            with storage.transaction() as tx:
                first, second = _enqueued(tx, ("told", "a"), ("told", "b"))
                _taken(tx, NOW, limit=1)
            with _raises(_Change), storage.transaction() as tx:
                _taken(tx, NOW)
                tx.finish(first)
                raise _Change
            with storage.transaction() as tx:
                found = _taken(tx, NOW)
                undone = tx.outbox(undone=True)

        assert [(row.sequence, row.attempts) for row in found] == [(second, 1)]
        assert [row.sequence for row in undone] == [first, second]


@contextmanager
def _raises(kind: type[BaseException]) -> Iterator[None]:
    try:
        yield
    except kind:
        return
    raise AssertionError(f"{kind.__name__} was not raised")


def _line(cause: Cause, key: str | None, *, verb: str = "accept", lesson: LessonId | None = LESSON) -> AuditLine:
    return AuditLine(cause, None if key is None else Key(key), "digest", verb, TOM, lesson, NOW, 1, 0, None, TOM)


def _keep(tx: Transaction, version: Lesson) -> None:
    """Keep a version under a cause of its own."""
    tx.append(version, tx.begin(version.at))


def _due(lesson: Lesson) -> Instant:
    assert lesson.due is not None
    return lesson.due


def _ids(lessons: tuple[Lesson, ...]) -> list[str]:
    return [lesson.id for lesson in lessons]


def _story() -> list[Lesson]:
    """A lesson with a counter-offer, a change, a meeting, a join that was seen earlier, silence, and a review."""
    story = [requested(start=NOW + 20 * DAY, payer=PAM)]
    story.append(moved(story[-1], "propose", by=TOM, now=NOW + HOUR, offer=Offer(price=200)))
    story.append(moved(story[-1], "accept", by=ANN, now=NOW + 2 * HOUR))
    story.append(moved(story[-1], "propose", by=ANN, now=NOW + 3 * HOUR, offer=Offer(NOW + 21 * DAY)))
    story.append(moved(story[-1], "accept", by=TOM, now=NOW + 4 * HOUR))
    links = Particulars(source="video", details=(("student", "https://meet.example/s"), ("tutor", "t")))
    story.append(moved(story[-1], "meeting_ready", by=ROBOT, now=NOW + 5 * HOUR, particulars=links, grants=("system",)))
    story += lapsed(story[-1], NOW + 21 * DAY)
    seen = Particulars("student", NOW + 21 * DAY, "video")
    story.append(
        moved(story[-1], "join", by=ROBOT, now=NOW + 21 * DAY + HOUR / 2, particulars=seen, grants=("system",))
    )
    story += lapsed(story[-1], NOW + 90 * DAY)
    stars = Particulars(details=(("stars", "5"),))
    return [*story, moved(story[-1], "review", by=ANN, now=NOW + 90 * DAY, particulars=stars)]


def _claims(lesson: str, start: Instant, end: Instant, *parties: PartyId, proposal: int = 1) -> tuple[Claim, ...]:
    return tuple(Claim(LessonId(lesson), proposal, party, start, end, "tentative") for party in parties)


def _tried(tx: Transaction, claims: tuple[Claim, ...]) -> Claim | None:
    """The answer to claims that are taken back again."""
    with tx.savepoint() as savepoint:
        answer = tx.claim(claims[0].lesson, claims)
        savepoint.undo()
    return answer


def _entry(*legs: tuple[Account, int]) -> Entry:
    return entry("post", _UNIT, legs=legs, effective_at=NOW, ref="test", source="test")


def _paid_in(party: PartyId, amount: int) -> Entry:
    return top_up(party, amount, _UNIT, effective_at=NOW, ref="test")


def _flow(kind: str, *flows: tuple[Account, int]) -> Entry:
    made = flow("hold" if kind == "hold" else "post", escrow(LESSON), flows, _UNIT, NOW, LESSON, "test")
    assert made is not None
    return made


def _reminded(
    lesson: str, position: int, at: Instant, *, number: int = 3, audience: tuple[PartyId, ...] = (TOM, ANN)
) -> Reminded:
    return Reminded(LessonId(lesson), number, position, at, audience)


_STATES: tuple[ReportState, ...] = ("open", "dismissed", "recorded")
_WITHDRAWN: tuple[WithdrawalState, ...] = ("applied", "under_way", "paid", "returned")


def _standing(tutor: PartyId, number: int, *states: ReportState) -> Standing:
    """A standing with one report in each of these states; with an open one if none is named."""
    reports = tuple(
        Report(place, "late", None, 1, (Lapse(LESSON, place, "late", NOW),), NOW, state)
        for place, state in enumerate(states or ("open",), 1)
    )
    return Standing(tutor, number, NOW, Happening("raised", "late", len(reports)), reports, ())


def _withdrawal(
    id: str,
    state: WithdrawalState,
    *,
    tutor: PartyId = TOM,
    applied: Instant | None = NOW,
    asked: Instant = NOW + 30 * DAY,
    currency: str = _UNIT,
    amount: int = 300,
    fee: int = 10,
    reason: str = "",
) -> Withdrawal:
    """A withdrawal, with the instants that one in that state has."""
    closed = asked + DAY if state in ("paid", "returned") else None
    if state == "applied":
        return Withdrawal(id, tutor, state, applied, currency, 0, 0, None, None)
    return Withdrawal(id, tutor, state, applied, currency, amount, fee, asked, closed, reason, fee, (amount, "USD"))


def _enqueued(tx: Transaction, *messages: tuple[MessageKind, str]) -> list[int]:
    """Add messages about lessons under one cause and return the numbers of their rows."""
    cause, before = tx.begin(NOW), {row.sequence for row in tx.outbox()}
    for number, (kind, lesson) in enumerate(messages, 1):
        tx.enqueue(Message(kind, LessonId(lesson), number, (TOM,), NOW), cause)
    return [row.sequence for row in tx.outbox() if row.sequence not in before]


def _taken(tx: Transaction, now: Instant, *kinds: MessageKind, limit: int = 9) -> tuple[OutboxRow, ...]:
    """What is taken at `now`, notices unless other kinds are given, for a minute."""
    return tx.take(kinds or ("told",), now, _MINUTE, limit)


def _write_everything(tx: Transaction) -> None:
    """Write one thing of every kind."""
    version = requested()
    cause = tx.begin(NOW)
    tx.add_policy(sample_machine())
    tx.put_party(Party(ANN, "Europe/Berlin"))
    tx.put_schedule(TOM, "mornings")
    tx.put_busy(TOM, "choir")
    tx.post(_paid_in(ANN, 1000), cause)
    _write_version(tx, version, cause)
    tx.put_wall_times([WallTime(LESSON, 1, TOM, StoredTime.of(NOW + DAY, "Asia/Tokyo"))])
    tx.add_clearing(Clearing(LESSON, 1, TOM, _UNIT, 10, NOW + DAY))
    tx.add_mark(Mark(LESSON, 1, TOM, "late", NOW))
    tx.add_mark(Mark(LESSON, 1, ANN, "taught", NOW, 5))
    tx.put_reminders(LESSON, (_reminded(LESSON, 0, NOW + HOUR), _reminded(LESSON, 1, NOW + DAY)))
    tx.append_standing(_standing(TOM, 1), cause)
    tx.put_withdrawal(_withdrawal("w", "under_way"))
    tx.enqueue(Message("meeting_wanted", LESSON, 1, (), NOW), cause)
    first, *_ = tx.outbox()
    tx.settle(first.sequence, "mail:ann", "full")
    tx.add_audit(_line(cause, "first"))


def _write_more(tx: Transaction) -> None:
    """Change or add to everything that `_write_everything` wrote."""
    cause = tx.begin(NOW + HOUR)
    _write_version(tx, moved(requested(), "accept", by=TOM, now=NOW + HOUR), cause)
    _write_version(tx, requested(_OTHER, student=AMY, tutor=TIM, payer=ANN, now=NOW + HOUR), cause)
    tx.put_party(Party(ANN, "Asia/Tokyo"))
    tx.put_party(Party(TOM, "Asia/Tokyo"))
    tx.drop_clearing(Clearing(LESSON, 1, TOM, _UNIT, 10, NOW + DAY))
    tx.add_clearing(Clearing(LESSON, 2, TIM, _UNIT, 10, NOW + DAY))
    tx.add_mark(Mark(LESSON, 2, TOM, "late", NOW))
    tx.put_schedule(TOM, "evenings")
    tx.put_schedule(TIM, "always")
    tx.put_busy(TOM, "chess")
    tx.put_busy(TIM, "yoga")
    tx.drop_reminder(_reminded(LESSON, 0, NOW + HOUR))
    tx.put_reminders(_OTHER, (_reminded(_OTHER, 0, NOW + HOUR),))
    tx.append_standing(_standing(TOM, 2, "dismissed"), cause)
    tx.append_standing(_standing(TIM, 1), cause)
    tx.put_withdrawal(_withdrawal("w", "paid"))
    tx.put_withdrawal(_withdrawal("v", "applied", tutor=TIM))
    tx.add_mark(Mark(_OTHER, 1, AMY, "taught", NOW, 5))
    first, *_, last = [row.sequence for row in _taken(tx, NOW + HOUR, "told", "meeting_wanted")]
    tx.retry(first, NOW + DAY)
    tx.finish(last)
    tx.settle(last, "mail:tom")
    tx.reopen(first)
    tx.add_audit(_line(cause, "second"))


def _write_version(tx: Transaction, version: Lesson, cause: Cause) -> None:
    """Write a version and all that follows from it."""
    money, notice = entry_of(version), notice_of(version)
    if money is not None:
        assert tx.post(money, cause) is None
    assert tx.claim(version.id, claims_of(version)) is None
    tx.append(version, cause)
    if notice is not None:
        tx.enqueue(notice, cause)
