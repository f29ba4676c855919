from __future__ import annotations

from datetime import timedelta

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.ids import LessonId
from tutorcore.lessons.projections import Clearing
from tutorcore.testing.versions import DAY, HOUR, NOW, TIM, TOM, moved, requested


def test_deadlines_that_have_passed_are_not_kept_for_ever() -> None:
    """However often a deadline moves, what is remembered of it is a few items, and it is still found."""
    storage = MemoryStorage()
    agreed = moved(requested(start=NOW + 20 * DAY), "accept", by=TOM, now=NOW + HOUR)
    with storage.transaction() as tx:
        cause = tx.begin(NOW)
        tx.append(requested(start=NOW + 20 * DAY), cause)
        for number in range(2, 1000):
            tx.append(agreed._replace(number=number, due=NOW + 5 * DAY + timedelta(minutes=number)), cause)
        found = tx.due(NOW + 9 * DAY), tx.due(NOW + 9 * DAY, (TOM,)), tx.due(NOW + 9 * DAY, (TIM,))

    assert found == (["l1"], ["l1"], [])
    assert len(storage._data.deadlines.heap) < 100
    assert len(storage._data.deadlines_of[TOM].heap) < 100


def test_many_deadlines_are_all_found() -> None:
    """Making room among the deadlines loses none of them."""
    storage = MemoryStorage()
    with storage.transaction() as tx:
        cause = tx.begin(NOW)
        for number in range(200):
            version = requested(f"l{number:03}", start=NOW + 20 * DAY)
            tx.append(version._replace(due=NOW + timedelta(minutes=number)), cause)
        for number in range(0, 200, 2):
            version = requested(f"l{number:03}", start=NOW + 20 * DAY)
            tx.append(version._replace(number=2, due=None, why=None), cause)
        found = tx.due(NOW + DAY)

    assert found == [LessonId(f"l{number:03}") for number in range(1, 200, 2)]


def test_a_lesson_that_was_taken_back_may_become_somebody_else_s() -> None:
    """An id that is used again after an undo is due for its new people only, and so is a clearing."""
    storage = MemoryStorage()
    clearing = Clearing(LessonId("l1"), 1, TOM, "USD", 5, NOW)
    with storage.transaction() as tx:
        with tx.savepoint() as savepoint:
            tx.append(requested(tutor=TOM), tx.begin(NOW))
            tx.add_clearing(clearing)
            savepoint.undo()
        tx.append(requested(tutor=TIM), tx.begin(NOW))
        tx.add_clearing(clearing._replace(tutor=TIM))
        due = [tx.due(NOW + 9 * DAY, (party,)) for party in (TOM, TIM)]
        clear = [len(tx.due_clearings(NOW, (party,))) for party in (TOM, TIM)]

    assert due == [[], ["l1"]]
    assert clear == [0, 1]
