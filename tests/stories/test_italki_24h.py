"""A policy of three lines: italki, but with 24 hours to answer. Everything else is as it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import InvalidValue, Lesson, Marketplace, Mistakes, UnknownName, instant, load_policy, load_preset
from tutorcore.policy import content_hash

Edge = tuple[timedelta, bool]

_NOW = instant("2026-03-28T09:00:00Z")
_START = instant("2026-04-06T09:00:00Z")
_ITALKI_24H = """
extends = "italki"
id = "italki-24h"
request.answer_by = "earliest(asked + 24h, lesson.start)"
"""


def _asked(market: Marketplace, policy: str | None = None, key: str = "ask", start: timedelta = timedelta(0)) -> Lesson:
    outcome = market.request(
        student="ann",
        tutor="tom",
        start=_START + start,
        duration=timedelta(hours=1),
        price="25.0",
        policy=policy,
        key=key,
        now=_NOW,
    ).or_raise()
    assert outcome.lesson is not None
    return outcome.lesson


@pytest.fixture
def both(open_market: Callable[..., Marketplace]) -> Marketplace:
    """A marketplace that offers lessons under either policy."""
    market = open_market(load_preset("italki"), load_policy(_ITALKI_24H))
    market.top_up("ann", market.money("100.0", "ITC"), key="buy", now=_NOW)
    return market


def test_only_the_line_that_was_written_is_different() -> None:
    """Two tables, alike in every row but for one deadline, and with different names."""
    base, ours = load_preset("italki"), load_policy(_ITALKI_24H)

    changed = [
        (state.name, str(mine.at), str(theirs.at))
        for state, other in zip(base.states, ours.states, strict=True)
        for mine, theirs in zip(state.timeouts, other.timeouts, strict=True)
        if mine != theirs
    ]

    assert changed == [("requested", "earliest(asked + 48h, lesson.start)", "earliest(asked + 24h, lesson.start)")]
    assert [state for state in base.states if state.name != "requested"] == [
        state for state in ours.states if state.name != "requested"
    ]
    assert (ours.id, ours.version, ours.unit, ours.fees) == ("italki-24h", base.version, base.unit, base.fees)
    assert content_hash(ours) != content_hash(base)


def test_the_answer_is_due_after_24_hours(both: Marketplace, edge: Edge) -> None:
    """Over the night in which Berlin springs forward: asked 10:00 +01:00, due 11:00 +02:00 the next day."""
    after, in_time = edge
    lesson = _asked(both, "italki-24h")
    due = instant("2026-03-29T09:00:00Z")

    deadline = both.deadline(lesson.id, now=_NOW)
    outcome = both.accept(lesson.id, by="tom", proposal=1, key="yes", now=due + after)

    assert deadline is not None
    assert (deadline.at, deadline.why.text) == (due, "asked + 24h")
    assert outcome.ok is in_time


def test_the_student_s_clock_after_a_counter_offer_is_still_that_of_italki(both: Marketplace) -> None:
    """It stands in a line of its own, which was not written anew."""
    lesson = _asked(both, "italki-24h")

    both.propose(lesson.id, by="tom", price="24.0", key="counter", now=_NOW + timedelta(hours=1))

    deadline = both.deadline(lesson.id, now=_NOW + timedelta(hours=1))
    assert deadline is not None
    assert deadline.at == _NOW + timedelta(hours=49)


def test_one_marketplace_runs_both_policies_side_by_side(both: Marketplace) -> None:
    """Of two requests of one instant one has expired a day later and the other still waits, in one wallet."""
    old = _asked(both, "italki@2018-02", "old")
    new = _asked(both, "italki-24h", "new", timedelta(hours=2))

    now = _NOW + timedelta(hours=24)

    assert both.lesson(old.id, now=now).state == "requested"
    assert both.lesson(new.id, now=now).state == "expired"
    assert both.wallet("ann", "ITC", now=now).text == "75.0"


def test_where_there_are_two_policies_a_request_says_which(both: Marketplace) -> None:
    """Nobody is put under a policy by chance; a name that does not exist is answered with the nearest."""
    with pytest.raises(InvalidValue, match="italki-24h"):
        _asked(both)
    with pytest.raises(UnknownName, match="did you mean 'italki-24h'"):
        _asked(both, "italki-24")

    assert both.lessons(now=_NOW) == ()


def test_a_running_lesson_keeps_the_policy_that_it_began_with(open_market: Callable[..., Marketplace]) -> None:
    """The platform goes over to 24 hours while a request is open: its answer is still due after 48."""
    before = open_market(load_preset("italki"))
    before.top_up("ann", before.money("100.0", "ITC"), key="buy", now=_NOW)
    lesson = _asked(before)
    after = open_market(load_policy(_ITALKI_24H))

    accepted = after.accept(lesson.id, by="tom", proposal=1, key="yes", now=_NOW + timedelta(hours=47))
    newer = _asked(after, key="newer", start=timedelta(hours=2))

    assert accepted.ok
    assert accepted.lesson is not None
    assert accepted.lesson.machine.process.name == "italki@2018-02"
    assert newer.machine.process.name == "italki-24h@2018-02"
    assert newer.due == _NOW + timedelta(hours=24)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('request.answer_bye = "asked + 24h"', "answer_by"),
        ('request.answer_by = "earliest(aksed + 24h, lesson.start)"', "asked"),
        ('request.answer_by = "asked + 24"', "24"),
        ('cancel.cases = "none"', "a list"),
    ],
)
def test_a_mistake_in_the_third_line_is_shown_where_it_is(line: str, said: str) -> None:
    """File, line and the word, with what was probably meant."""
    with pytest.raises(Mistakes) as raised:
        load_policy(f'extends = "italki"\nid = "italki-24h"\n{line}\n', "ours.toml")

    mistake = raised.value.exceptions[0]
    assert "ours.toml" in str(mistake)
    assert said in str(mistake)
    assert getattr(mistake, "line", None) == 3
