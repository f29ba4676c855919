"""Law 8: a running lesson keeps the policy it was asked for under, whatever the marketplace does later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.adapters.sql.storage import SqlStorage
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.instants import instant
from tutorcore.policy.codec import content_hash, load_policy, load_preset
from tutorcore.policy.explicit import dump_process
from tutorcore.policy.process import Process
from tutorcore.ports.storage import Storage

NOW = instant("2026-05-04T10:00:00Z")
HOUR = timedelta(hours=1)
CHANGED = """
extends = "italki"
request.answer_by = "earliest(asked + 24h, lesson.start)"
fees.commission = "50%"
"""


@pytest.fixture(params=["memory", "sqlite"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Storage]]:
    """Return a function that opens one and the same store again and again."""
    if request.param == "memory":
        storage = MemoryStorage()
        yield lambda: storage
        return
    opened: list[SqlStorage] = []

    def reopened() -> Storage:
        while opened:
            opened.pop().close()
        opened.append(open_sqlite(tmp_path / "market.db"))
        return opened[0]

    yield reopened
    while opened:
        opened.pop().close()


def test_a_changed_policy_is_for_new_lessons_only(
    asked: Callable[..., Marketplace], ask: Callable[..., Outcome], reopen: Callable[[], Storage]
) -> None:
    """Under a policy of the same id and version but another table, old lessons go by the old table, new by the new."""
    asked(storage=reopen())
    market = Marketplace(reopen(), [load_policy(CHANGED)])
    ask(market, "L2", after=90 * HOUR, tutor="tess").or_raise()

    old, new = (market.deadline(lesson, now=NOW) for lesson in ("L1", "L2"))
    market.accept("L1", by="tom", proposal=1, key="1", now=NOW + 47 * HOUR).or_raise()
    too_late = market.accept("L2", by="tess", proposal=1, key="2", now=NOW + 47 * HOUR)
    market.sweep(now=NOW + timedelta(days=30))

    assert old is not None
    assert new is not None
    assert (old.at, new.at) == (NOW + 48 * HOUR, NOW + 24 * HOUR)
    assert not too_late.ok
    assert dict(market.lesson("L1", now=NOW + timedelta(days=30)).legs) == {"tutor": 213, "platform": 37} or (
        dict(market.lesson("L1", now=NOW + timedelta(days=30)).legs) == {"tutor": 212, "platform": 38}
    )


def test_a_lesson_runs_on_where_its_policy_is_no_longer_given(
    asked: Callable[..., Marketplace], samples: dict[str, Process], reopen: Callable[[], Storage]
) -> None:
    """A marketplace that knows nothing of a lesson's policy still carries the lesson to its end."""
    asked(storage=reopen())
    market = Marketplace(reopen(), [samples["own"]])

    market.propose("L1", by="tom", price="30.5", key="1", now=NOW).or_raise()
    market.accept("L1", by="ann", proposal=2, key="2", now=NOW).or_raise()
    allowed = {option.verb for option in market.allowed("L1", by="ann", now=NOW)}
    market.propose("L1", by="ann", start=NOW + 100 * HOUR, key="3", now=NOW).or_raise()
    market.accept("L1", by="tom", proposal=3, key="4", now=NOW).or_raise()
    done = market.confirm("L1", by="ann", key="5", now=NOW + 101 * HOUR)

    assert allowed == {"propose", "cancel"}
    assert done.lesson is not None
    assert done.lesson.state == "completed"
    assert sum(amount for _, amount in done.lesson.legs) == 305


def test_the_first_event_pins_the_whole_process(
    asked: Callable[..., Marketplace], reopen: Callable[[], Storage]
) -> None:
    """What is stored under the hash that a lesson names is the table itself, to the last cell."""
    asked(storage=reopen())
    italki = load_preset("italki")

    with reopen().reading() as tx:
        lesson = tx.lesson(tx.lessons()[0].id)
        assert lesson is not None
        machine = tx.machine(lesson.brief.policy)

    assert lesson.brief.policy == content_hash(italki)
    assert machine is not None
    assert dump_process(machine.process) == dump_process(italki)


def test_policies_that_differ_in_anything_have_different_names() -> None:
    """The hash is of the content: another deadline or another commission is another policy, the same text the same."""
    variants = [
        load_preset("italki"),
        load_policy(CHANGED),
        load_policy('extends = "italki"\nfees.commission = "15.01%"'),
        load_policy('extends = "italki"\nfees.rounding = "up"'),
        load_policy('extends = "italki"\nzone = "student"'),
    ]

    assert len({content_hash(process) for process in variants}) == len(variants)
    assert content_hash(load_policy('extends = "italki"')) == content_hash(load_preset("italki"))


def test_a_key_answered_under_the_old_policy_is_answered_the_same(
    asked: Callable[..., Marketplace], ask: Callable[..., Outcome], reopen: Callable[[], Storage]
) -> None:
    """A request repeated after the policy has changed gets the old answer, and no second lesson."""
    asked(storage=reopen())
    market = Marketplace(reopen(), [load_policy(CHANGED)])

    again = ask(market, "L1")

    assert again.repeated
    assert again.ok
    assert len(market.history("L1")) == 1
