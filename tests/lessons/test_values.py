"""What goes into a lesson: values that can be meant, and clear errors for those that cannot."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import attrs
import pytest

from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.ids import Key, LessonId, PartyId, PolicyHash
from tutorcore.instants import instant
from tutorcore.lessons import (
    NO_FACTS,
    PRECEDENCE,
    Brief,
    Command,
    Lesson,
    Offer,
    Particulars,
    Refusal,
    Refused,
    Terms,
    decide,
    next_deadline,
)
from tutorcore.policy import load_preset, machine_of

ASKED = instant("2026-03-02T10:00:00Z")
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
NAIVE = datetime(2026, 3, 2, 10)  # noqa: DTZ001  # naive is the point


@pytest.mark.parametrize(
    ("cells", "kind", "said"),
    [
        ({"start": NAIVE}, InvalidValue, "start is .* naive, so name its zone"),
        ({"start": "2026-03-02T10:00"}, InvalidValue, "start is '2026-03-02T10:00'"),
        ({"start": "tomorrow"}, InvalidValue, "start is 'tomorrow'"),
        ({"start": ASKED.date()}, InvalidType, "start is"),
        ({"start": 1_772_445_600}, InvalidType, "start is"),
        ({"start": datetime(1899, 12, 31, tzinfo=UTC)}, InvalidValue, "start is"),
        ({"start": datetime(9000, 1, 1, tzinfo=UTC)}, InvalidValue, "start is"),
        ({"duration": timedelta(0)}, InvalidValue, "duration is '0:00:00'; expected more than nothing"),
        ({"duration": -MICROSECOND}, InvalidValue, "duration is"),
        ({"duration": timedelta(days=7) + MICROSECOND}, InvalidValue, "duration is .* at most 7 days"),
        ({"duration": 30}, InvalidType, "duration is 30 of type int; expected a timedelta"),
        ({"duration": "30m"}, InvalidType, "duration is '30m'"),
        ({"price": 25.0}, InvalidType, "price is 25.0 of type float"),
        ({"price": Decimal("25")}, InvalidType, "price is"),
        ({"price": True}, InvalidType, "price is True of type bool"),
        ({"price": "25.00"}, InvalidType, "price is '25.00'"),
        ({"price": -1}, InvalidValue, "price is -1; expected 0 to"),
        ({"price": 10**15 + 1}, InvalidValue, "price is 1000000000000001"),
        ({"kind": 5}, InvalidType, "kind is 5"),
        ({"details": 5}, InvalidType, "details is 5 of type int; expected a mapping of texts to texts"),
        ({"details": "ab"}, InvalidType, "details is 'ab'"),
        ({"details": ["ab"]}, InvalidType, "details is"),
        ({"details": ("ab",)}, InvalidType, "details is"),
        ({"details": (("a",),)}, InvalidType, "details is"),
        ({"details": (("a", "b", "c"),)}, InvalidType, "details is"),
        ({"details": (["a", "b"],)}, InvalidType, "details is"),
        ({"details": {1: "b"}}, InvalidType, "details is"),
        ({"details": {"a": 1}}, InvalidType, "details is"),
        ({"details": {"a": None}}, InvalidType, "details is"),
    ],
)
def test_a_field_that_cannot_be_meant_is_refused_by_name(
    cells: dict[str, Any], kind: type[Exception], said: str
) -> None:
    """What is naive, a float, a bool, negative, endless or of another type is refused, and the message names it."""
    with pytest.raises(kind, match=said):
        Offer(**cells)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, Offer(None, None, None, None, None)),
        ({"start": ASKED.astimezone(timezone(timedelta(hours=5, minutes=45)))}, Offer(ASKED)),
        ({"start": "2026-03-02T11:00:00+01:00"}, Offer(ASKED)),
        ({"duration": MICROSECOND}, Offer(duration=MICROSECOND)),
        ({"duration": timedelta(days=7)}, Offer(duration=timedelta(days=7))),
        ({"price": 0}, Offer(price=0)),
        ({"price": 10**15}, Offer(price=10**15)),
        ({"kind": ""}, Offer(kind="")),
        ({"details": {}}, Offer(details=())),
        ({"details": {"b": "2", "a": "1"}}, Offer(details=(("a", "1"), ("b", "2")))),
        ({"details": (("b", "2"), ("a", "1"))}, Offer(details=(("a", "1"), ("b", "2")))),
    ],
)
def test_the_edges_of_a_field_are_still_in(cells: dict[str, Any], expected: Offer) -> None:
    """The least and the most that may be meant are kept, in UTC and in one order."""
    made = Offer(**cells)

    assert made == expected
    assert made.start is None or made.start.tzinfo is UTC


BRIEF = Brief(
    LessonId("L1"), PolicyHash("hash"), "", "ITC", ASKED,
    tutor=PartyId("tom"), student=PartyId("sue"), payer=PartyId("pat"), requester=PartyId("pat"),
)  # fmt: skip


def test_a_brief_knows_who_is_who() -> None:
    """One person may hold several roles; each is named once, and a stranger holds none."""
    assert BRIEF.parties == ("sue", "tom", "pat")
    assert BRIEF.party("payer") == "pat"
    assert BRIEF.roles_of(PartyId("pat")) == ("payer", "requester")
    assert BRIEF.roles_of(PartyId("tom")) == ("tutor",)
    assert BRIEF.roles_of(PartyId("max")) == ()


@pytest.mark.parametrize("role", ["operator", "admin", "agent", "system", "teacher"])
def test_nobody_in_particular_holds_a_granted_role(role: Any) -> None:
    """Asking a lesson for its operator is refused: that is a grant of the marketplace."""
    with pytest.raises(InvalidValue, match="expected one of student, tutor, payer, requester"):
        BRIEF.party(role)


def test_terms_know_their_length() -> None:
    """The duration of terms is the time from their start to their end."""
    assert Terms(1, ASKED, ASKED + 2 * HOUR, 2500).duration == 2 * HOUR


def requested() -> Lesson:
    """Return an italki lesson that was just asked for."""
    machine = machine_of(load_preset("italki"))
    brief = attrs.evolve(BRIEF, policy=machine.hash, student=PartyId("pat"))
    command = Command("request", PartyId("pat"), Key("k"), LessonId("L1"), offer=Offer(ASKED + 9 * HOUR, HOUR, 250))
    lesson = decide(machine, brief, command, NO_FACTS, ASKED)
    assert isinstance(lesson, Lesson)
    return lesson


def test_a_lesson_says_where_it_stands() -> None:
    """State, turn, proposal and deadline of a lesson are read from its last version."""
    lesson = requested()

    deadline = next_deadline(lesson)
    assert (lesson.id, lesson.state, lesson.over, lesson.waits_for, lesson.proposal) == (
        "L1", "requested", False, "tutor", 1,
    )  # fmt: skip
    assert deadline is not None
    assert (deadline.at, deadline.why.text) == (ASKED + 9 * HOUR, "lesson.start")
    assert lesson.machine is lesson.place.machine


def test_a_lesson_and_its_deadline_say_in_short_what_they_are() -> None:
    """The texts of a version and of a deadline name the lesson, where it stands and why something is due."""
    lesson = requested()

    assert repr(lesson) == "<Lesson L1 version 1: requested, pat with tom>"
    assert str(next_deadline(lesson)).startswith("2026-03-02T19:00:00Z, because ")
    assert "lesson.start" in str(next_deadline(lesson))


def test_a_lesson_travels_by_pickle() -> None:
    """A version that was pickled says the same and moves on in the same way."""
    lesson = requested()

    again = pickle.loads(pickle.dumps(lesson))

    assert again[:3] == lesson[:3]
    assert (again.step.id, again.state, again.why.id) == (lesson.step.id, lesson.state, lesson.why and lesson.why.id)
    assert again.machine.hash == lesson.machine.hash


def test_a_refusal_fills_its_sentence() -> None:
    """The facts of a refusal are texts and stand in its sentence; raised, it says code and sentence."""
    refusal = Refusal.of("stale_offer", proposal=1, current=2)

    assert refusal.facts == {"proposal": "1", "current": "2"}
    assert refusal.sentence == PRECEDENCE["stale_offer"].replace("{proposal}", "1").replace("{current}", "2")
    assert str(Refused(refusal)) == f"stale_offer: {refusal.sentence}"
    assert Refused(refusal).refusal == refusal
    assert isinstance(Refused(refusal), PermissionError)


def test_the_precedence_of_refusals_is_public() -> None:
    """The codes of refusals and their order are a promise."""
    assert list(PRECEDENCE) == [
        "key_reused", "out_of_order", "not_open", "not_yours", "stale_offer", "missing", "guard", "bad_terms",
        "no_time_left", "not_bookable", "insufficient_funds", "slot_taken", "reports_open", "restricted", "frozen",
        "not_applied", "applied_already", "too_little",
    ]  # fmt: skip


def test_a_refusal_without_what_is_none_of_the_reader_s_business_says_less() -> None:
    """That a wallet does not cover a price is said to everybody, how full it is to its owner; other codes need all."""
    facts = {"party": "pat", "needed": "25.00", "currency": "EUR"}
    full = Refusal.of("insufficient_funds", has="20.00", missing="5.00", **facts)
    less = Refusal.of("insufficient_funds", **facts)

    assert full.sentence == "pat has 20.00 EUR and needs 25.00: 5.00 EUR are missing"
    assert less.sentence == "the wallet of pat does not cover the 25.00 EUR that this needs"
    with pytest.raises(KeyError):
        assert Refusal.of("stale_offer", proposal=1).sentence


def test_a_split_is_a_settlement() -> None:
    """Shares written as a plain mapping are refused with the way to write them."""
    with pytest.raises(InvalidType, match=r"split is .* of type dict; expected a Settlement, such as Settlement.of"):
        Particulars(split={"tutor": "40%", "student": "rest"})  # type: ignore[arg-type]  # That is the mistake.
