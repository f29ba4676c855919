"""The store of a run: as a marketplace in memory, where it keeps anything at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tutorcore.errors import InvariantError, StorageError
from tutorcore.ids import LessonId
from tutorcore.ledger.accounts import wallet
from tutorcore.ledger.entries import top_up
from tutorcore.lessons.projections import claims_of
from tutorcore.ports.storage import Cause
from tutorcore.sim.store import RunStore
from tutorcore.testing.versions import AMY, ANN, HOUR, NOW, TIM, TOM, moved, requested

CAUSE = Cause(1, NOW)


def test_deadlines_come_in_order() -> None:
    """The soonest deadline is that of the lesson whose timeout comes first; of those due, the first ones come first."""
    store = RunStore()
    first, second = requested("l2"), requested("l1", student=AMY, tutor=TIM, now=NOW + HOUR)
    for version in (second, first):
        store.append(version, CAUSE)

    assert store.soonest() == first.due == NOW + timedelta(hours=48)
    assert store.due(NOW + timedelta(hours=48) - timedelta(microseconds=1)) == []
    assert store.due(NOW + timedelta(hours=48)) == ["l2"]
    assert store.due(NOW + timedelta(hours=49)) == ["l2", "l1"]
    assert store.due(NOW + timedelta(hours=49), limit=1) == ["l2"]
    assert store.due(NOW + timedelta(hours=49), [AMY]) == ["l1"]
    assert store.soonest() == first.due


def test_a_deadline_that_is_gone_is_forgotten() -> None:
    """A lesson that has moved on is found by its new deadline only."""
    store, lesson = RunStore(), requested()
    accepted = moved(lesson, "accept", by=TOM, now=NOW + HOUR)
    store.append(lesson, CAUSE)
    store.append(accepted, CAUSE)

    assert store.soonest() == accepted.terms.start
    assert store.due(NOW + timedelta(hours=48)) == []


def test_versions_follow_each_other() -> None:
    """A version that does not follow the last one is a broken promise of whoever writes."""
    store, lesson = RunStore(), requested()
    store.append(lesson, CAUSE)

    with pytest.raises(StorageError):
        store.append(lesson, CAUSE)
    with pytest.raises(StorageError):
        RunStore().append(moved(lesson, "accept", by=TOM, now=NOW), CAUSE)


def test_an_attempt_is_taken_back() -> None:
    """Money and claims of an attempt that was refused are as if they had never been."""
    store, lesson = RunStore(), requested()
    store.post(top_up(ANN, 100, "ITC", effective_at=NOW, ref="before"), CAUSE)
    with store.savepoint() as savepoint:
        store.post(top_up(ANN, 50, "ITC", effective_at=NOW, ref="within"), CAUSE)
        store.claim(lesson.id, claims_of(lesson))
        savepoint.undo()

    assert store.balance(wallet(ANN), "ITC") == 100
    assert [posted.entry.ref for posted in store.entries()] == ["before"]
    assert store.claims() == ()
    assert store.claim(LessonId("l2"), claims_of(requested("l2"))) is None


def test_what_is_recorded_is_not_taken_back() -> None:
    """Nothing may be refused once its version is written; if it were, the run would not go on with wrong books."""
    store = RunStore()
    with store.savepoint() as savepoint:
        store.append(requested(), CAUSE)

        with pytest.raises(InvariantError):
            savepoint.undo()
