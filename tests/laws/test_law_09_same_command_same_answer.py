"""Law 9: a key and a content that were answered are answered the same for ever, and change nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.instants import instant
from tutorcore.lessons.lesson import Offer
from tutorcore.testing.plain import dump

NOW = instant("2026-05-04T10:00:00Z")
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("later", [0 * HOUR, 20 * HOUR, timedelta(days=3650)])
def test_an_accepted_command_repeated_gives_the_stored_answer(
    asked: Callable[..., Marketplace], later: timedelta
) -> None:
    """However much later it comes again, the answer is the one given then, and the store stays as it was."""
    storage = MemoryStorage()
    market = asked(storage=storage)
    first = market.accept("L1", by="tom", proposal=1, key="k", now=NOW)
    before = dump(storage)

    again = market.accept("L1", by="tom", proposal=1, key="k", now=NOW + later)

    assert again.repeated
    assert not first.repeated
    assert (again.lesson, again.versions, again.refusal) == (first.lesson, first.versions, first.refusal)
    assert dump(storage) == before


def test_a_refusal_is_final_for_its_key(asked: Callable[..., Marketplace]) -> None:
    """What was refused is refused again under its key, even where it would be accepted now; a new key tries anew."""
    storage = MemoryStorage()
    market = asked(storage=storage)
    refused = market.confirm("L1", by="ann", key="k", now=NOW)
    market.accept("L1", by="tom", proposal=1, key="a", now=NOW).or_raise()
    ended = NOW + 81 * HOUR
    market.sweep(now=ended)
    before = dump(storage)

    again = market.confirm("L1", by="ann", key="k", now=ended)
    unchanged = dump(storage) == before
    anew = market.confirm("L1", by="ann", key="k2", now=ended)

    assert refused.refusal is not None
    assert again.repeated
    assert again.refusal == refused.refusal
    assert again.lesson == refused.lesson
    assert unchanged
    assert anew.ok


def test_the_instant_is_not_part_of_the_content(asked: Callable[..., Marketplace]) -> None:
    """A client that retries does so later, and means the same."""
    market = asked()
    market.decline("L1", by="tom", key="k", now=NOW).or_raise()

    assert market.decline("L1", by="tom", key="k", now=NOW + HOUR).repeated


OFFER = Offer(price=300)


@pytest.mark.parametrize(
    "other",
    [
        {"verb": "withdraw"},
        {"lesson": "L2"},
        {"by": "ann"},
        {"proposal": 1},
        {"offer": Offer(price=301)},
        {"offer": Offer(price=300, kind="")},
        {"offer": None},
        {"reason": "another"},
        {"note": "another"},
    ],
)
def test_another_content_under_a_used_key_is_a_conflict(
    asked: Callable[..., Marketplace], ask: Callable[..., Outcome], other: dict[str, object]
) -> None:
    """Verb, lesson, actor and everything in the payload belong to the content; a conflict changes nothing."""
    storage = MemoryStorage()
    market = asked(storage=storage)
    ask(market, "L2", after=90 * HOUR).or_raise()
    content: dict[str, object] = {"verb": "propose", "lesson": "L1", "by": "tom", "offer": OFFER}
    _act(market, content).or_raise()
    before = dump(storage)

    answer = _act(market, {**content, **other})
    after = dump(storage)

    assert answer.refusal is not None
    assert answer.refusal.code == "key_reused"
    assert {name: lines for name, lines in after.items() if name != "audit"} == {
        name: lines for name, lines in before.items() if name != "audit"
    }
    assert after["audit"][:-1] == before["audit"]
    assert _act(market, content).repeated


def _act(market: Marketplace, content: dict[str, object]) -> Outcome:
    given: dict[str, object] = {"proposal": None, "offer": None, "reason": "", "note": "", **content}
    return market.act(**given, key="k", now=NOW)  # type: ignore[arg-type]  # a mapping of everything `act` takes


def test_keys_are_shared_by_everything(asked: Callable[..., Marketplace], ask: Callable[..., Outcome]) -> None:
    """A key is unique in the marketplace: a top-up, a request and a move cannot have the same one."""
    market = asked()

    paid = market.top_up("ann", market.money("5", "ITC"), key="ask L1", now=NOW)
    moved = market.decline("L1", by="tom", key="ann-ITC", now=NOW)

    assert paid.refusal is not None
    assert paid.refusal.code == "key_reused"
    assert moved.refusal is not None
    assert moved.refusal.code == "key_reused"
    assert market.wallet("ann", "ITC", now=NOW) == market.money("75", "ITC")


def test_a_top_up_counts_once(opened: Callable[..., Marketplace]) -> None:
    """The same payment reported twice is credited once; the same key with another amount is a conflict."""
    market = opened()
    five = market.money("5", "ITC")

    first = market.top_up("ann", five, key="k", now=NOW)
    again = market.top_up("ann", five, key="k", now=NOW + HOUR)
    other = market.top_up("ann", market.money("6", "ITC"), key="k", now=NOW)

    assert first.ok
    assert again.repeated
    assert other.refusal is not None
    assert market.wallet("ann", "ITC", now=NOW) == market.money("105", "ITC")


def test_a_request_repeated_makes_one_lesson(opened: Callable[..., Marketplace], ask: Callable[..., Outcome]) -> None:
    """A request repeated under its key is answered with the lesson it made, advanced by nothing."""
    market = opened()
    first = ask(market, "L1")

    again = ask(market, "L1", now=NOW)

    assert again.repeated
    assert again.lesson == first.lesson
    assert [lesson.id for lesson in market.lessons(now=NOW)] == ["L1"]
