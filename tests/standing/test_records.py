"""Records: a standing in plain values, and back."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import EARLIEST, LATEST, instant
from tutorcore.lessons.records import decode, encode
from tutorcore.policy.account import LIFTERS, RUNG_EFFECTS
from tutorcore.policy.restrictions import RESTRICTIONS
from tutorcore.standing import (
    Happening,
    Imposed,
    Lapse,
    Report,
    Reset,
    Standing,
    standing_of,
    standing_record,
)

NOON = instant("2018-02-10T12:00:00Z")


def test_a_standing_with_nothing_but_a_reset_is_short() -> None:
    """What is at its default is left out; these very bytes are what stores keep."""
    standing = Standing(PartyId("tina"), 1, NOON, Happening("shown"), (), ())

    text = encode(standing_record(standing))

    assert text == '{"at":1518264000000000,"happening":{"kind":"shown"},"number":1,"tutor":"tina"}'
    assert standing_of(decode(text)) == standing


def test_a_full_standing_keeps_its_bytes() -> None:
    """Every field has its place; changing one would change what is stored already."""
    standing = Standing(
        PartyId("tina"),
        7,
        NOON,
        Happening("dismissed", "missed", 1, ("locked",), PartyId("anna"), "ill", "c-1", "get well"),
        (
            Report(1, "missed", date(2018, 2, 10), 2, (Lapse(LessonId("l-1"), 3, "late", NOON),), NOON, "dismissed"),
            Report(2, "other", None, 1, (), NOON),
        ),
        (
            Imposed("hidden", NOON, NOON, None, None, 1, "missed", 3),
            Imposed("locked", NOON, None, NOON, "tutor", 2, "other", 4),
        ),
        (Reset("missed", NOON, 1),),
        (("other", NOON),),
    )

    text = encode(standing_record(standing))

    at = 1518264000000000
    assert json.loads(text) == {
        "tutor": "tina",
        "number": 7,
        "at": at,
        "happening": {
            "kind": "dismissed", "counter": "missed", "report": 1, "effects": ["locked"], "actor": "anna",
            "reason": "ill", "case": "c-1", "note": "get well",
        },
        "reports": [
            {
                "number": 1, "counter": "missed", "day": "2018-02-10", "points": 2,
                "lapses": [["l-1", 3, "late", at]], "raised": at, "state": "dismissed",
            },
            {"number": 2, "counter": "other", "points": 1, "lapses": [], "raised": at, "state": "open"},
        ],
        "imposed": [
            {"effect": "hidden", "since": at, "until": at, "report": 1, "counter": "missed", "rung": 3},
            {
                "effect": "locked", "since": at, "liftable_from": at, "lifted_by": "tutor", "report": 2,
                "counter": "other", "rung": 4,
            },
        ],
        "resets": [["missed", at, 1]],
        "broken": [["other", at]],
    }  # fmt: skip
    assert standing_of(decode(text)) == standing


WORDS = st.text(max_size=8)
NUMBERS = st.integers(0, 10**6)
INSTANTS = st.datetimes(EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None), timezones=st.just(UTC))
MAYBE = st.none() | INSTANTS
PARTIES = WORDS.map(PartyId)


def lists(of: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    """Some of them."""
    return st.lists(of, max_size=3).map(tuple)


STANDINGS = st.builds(
    Standing,
    PARTIES,
    NUMBERS,
    INSTANTS,
    st.builds(
        Happening,
        st.sampled_from(
            ["raised", "joined", "reopened", "broken", "dismissed", "recorded", "reset", "shown", "lifted"]
        ),
        WORDS,
        st.none() | NUMBERS,
        lists(st.sampled_from(RUNG_EFFECTS)),
        st.none() | PARTIES.filter(bool),
        WORDS,
        WORDS,
        WORDS,
    ),
    lists(
        st.builds(
            Report,
            NUMBERS,
            WORDS,
            st.none() | st.dates(),
            NUMBERS,
            lists(st.builds(Lapse, WORDS.map(LessonId), NUMBERS, WORDS, INSTANTS)),
            INSTANTS,
            st.sampled_from(["open", "dismissed", "recorded"]),
        )
    ),
    lists(
        st.builds(
            Imposed,
            st.sampled_from(RESTRICTIONS),
            INSTANTS,
            MAYBE,
            MAYBE,
            st.none() | st.sampled_from(LIFTERS),
            NUMBERS,
            WORDS,
            NUMBERS,
        )
    ),
    lists(st.builds(Reset, WORDS, INSTANTS, NUMBERS)),
    lists(st.tuples(WORDS, INSTANTS)),
)


@given(STANDINGS)
def test_reading_a_record_gives_an_equal_standing_and_the_same_bytes(standing: Standing) -> None:
    """Any standing at all, whatever people wrote into it."""
    text = encode(standing_record(standing))

    again = standing_of(decode(text))

    assert again == standing
    assert encode(standing_record(again)) == text
    assert isinstance(again.at, datetime)
