"""What outside calendars say is kept as one text, and read back as it was."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.calendar.agendas.busy import Busy
from tutorcore.calendar.agendas.busy_document import MOST_OUTSIDE, OUTSIDE, busy_of, busy_text
from tutorcore.calendar.schedules.schedule import MOST_BUFFER
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.instants import from_micros, instant, to_micros

_NOON = instant("2026-10-20T12:00:00Z")
_HOUR = timedelta(hours=1)
_CHOIR = Busy(_NOON, _NOON + _HOUR, "choir@example.com/20261020T120000Z", "event")
_HOLD = Busy(_NOON, _NOON + 2 * _HOUR, "a", "hold", _NOON - _HOUR, timedelta(minutes=15), timedelta(microseconds=1))
_TEXT = (
    '{"schema":1,"busy":[{"start":"2026-10-20T12:00:00Z","end":"2026-10-20T13:00:00Z",'
    '"id":"choir@example.com/20261020T120000Z","kind":"event"},{"start":"2026-10-20T12:00:00Z",'
    '"end":"2026-10-20T14:00:00Z","id":"a","kind":"hold","expires":"2026-10-20T11:00:00Z","before":900000000,"after":1}'
    "]}"
)


def test_a_text_is_as_it_has_always_been() -> None:
    """Stores are full of it. The order in which the times are given does not matter."""
    assert busy_text([_HOLD, _CHOIR]) == busy_text(iter([_CHOIR, _HOLD])) == _TEXT
    assert busy_of(_TEXT) == (_CHOIR, _HOLD)
    assert busy_of(busy_text(())) == ()


_INSTANTS = st.integers(0, to_micros(instant("2190-01-01T00:00Z"))).map(from_micros)
_BUFFERS = st.timedeltas(timedelta(0), MOST_BUFFER)


@st.composite
def _outside(draw: st.DrawFn) -> Busy:
    start = draw(_INSTANTS)
    end = start + draw(st.timedeltas(timedelta(microseconds=1), timedelta(days=90)))
    kind = draw(st.sampled_from(OUTSIDE))
    expires = start if kind == "hold" and draw(st.booleans()) else None
    return Busy(start, end, draw(st.text(min_size=1)), kind, expires, draw(_BUFFERS), draw(_BUFFERS))


@given(st.lists(_outside(), unique_by=lambda one: one.id))
def test_what_is_written_is_read_back(busy: list[Busy]) -> None:
    """To the microsecond and to the last character, on one line of ASCII."""
    text = busy_text(busy)
    found = busy_of(text)

    assert text.isascii()
    assert text.isprintable()
    assert sorted(found, key=lambda one: one.id) == sorted(busy, key=lambda one: one.id)
    assert busy_text(found) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the JSON text"),
        ("[" * 100_000, "the JSON text"),
        ("[]", "the JSON text"),
        ('{"schema":1}', "the JSON text"),
        ('{"schema":2,"busy":[]}', "the JSON text"),
        ('{"schema":1,"busy":{}}', "the JSON text"),
        ('{"schema":1,"busy":[],"more":1}', "the JSON text"),
        ('{"schema":1,"schema":1,"busy":[]}', "in which no key comes twice"),
        ('{"schema":1,"busy":[5]}', "an object with end, id, kind, start, and perhaps after, before, expires"),
        (_TEXT.replace('"id":"a",', ""), "an object with end, id"),
        (_TEXT.replace('"after"', '"places"'), "an object with end, id"),
        (_TEXT.replace('"a"', "7"), "one without this mistake: id of a busy time is 7"),
        (_TEXT.replace("12:00:00Z", "12:00:00"), "without this mistake: start of a busy time"),
        (_TEXT.replace('"hold"', '"event"'), "without this mistake: expires"),
        (_TEXT.replace('"hold"', "[]"), "without this mistake: .*kind of busy time"),
        (_TEXT.replace('"after":1', '"after":true'), "without this mistake: buffer is True; expected whole"),
        (_TEXT.replace('"after":1', '"after":-1'), "without this mistake: buffer is -1"),
        (_TEXT.replace('"after":1', f'"after":{10**30}'), "without this mistake: buffer is .*; expected fewer"),
        (_TEXT.replace('"after":1', f'"after":{10**12}'), "without this mistake: buffer after"),
        (_TEXT.replace('"event"', '"lesson"'), "'lesson'; expected one of event, tentative, hold"),
        (_TEXT.replace('"a"', '"choir@example.com/20261020T120000Z"'), "another id for each busy time"),
    ],
)
def test_a_damaged_text_is_refused(text: str, message: str) -> None:
    """By name, with what was expected."""
    with pytest.raises(InvalidValue, match=message):
        busy_of(text)


def test_only_texts_are_read_and_only_busy_times_written() -> None:
    """Anything else is the wrong type."""
    with pytest.raises(InvalidType, match="busy time kept is 7 .*; expected a JSON text"):
        busy_of(7)  # type: ignore[arg-type]  # on purpose
    with pytest.raises(InvalidType, match="busy time is 7 .*; expected an iterable of Busy"):
        busy_text(7)  # type: ignore[arg-type]  # on purpose


def test_there_is_a_most() -> None:
    """As many as may be are read and written; one more is refused."""
    many = [Busy(_NOON, _NOON + _HOUR, str(number), "event") for number in range(MOST_OUTSIDE + 1)]

    assert len(busy_of(busy_text(many[1:]))) == MOST_OUTSIDE
    with pytest.raises(InvalidValue, match="number of busy times is 10001; expected at most 10,000"):
        busy_text(many)
