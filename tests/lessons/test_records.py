from __future__ import annotations

import json
from datetime import UTC, timedelta

import attrs
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.calendar.agendas.slots import LONGEST
from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import EARLIEST, LATEST, MICROSECOND
from tutorcore.lessons.lesson import (
    LARGEST_PRICE,
    NO_FACTS,
    NO_TIMELINE,
    Brief,
    Change,
    Command,
    Facts,
    Lesson,
    Meeting,
    Offer,
    Particulars,
    Problem,
    Settled,
    Terms,
    next_deadline,
)
from tutorcore.lessons.records import (
    BriefRecord,
    Record,
    brief_of,
    brief_record,
    due_of,
    encode,
    lesson_of,
    lesson_record,
    refusal_facts,
    refusal_of,
)
from tutorcore.lessons.refusals import PRECEDENCE, Refusal
from tutorcore.policy.machine import Why
from tutorcore.policy.process import REMEDIES
from tutorcore.policy.roles import BOUND_ROLES
from tutorcore.policy.settlement import Settlement
from tutorcore.testing.versions import NOW, TOM, moved, requested, sample_machine

_MACHINE = sample_machine()
_NAKED = LATEST.replace(tzinfo=None) - MICROSECOND

_LARGE = st.integers(-(2**62), 2**62)
_COUNTS = st.integers(1, 2**62)
_TEXTS = st.text(st.characters(), max_size=12) | st.sampled_from(["\x00", "\ud800", "'; --", '"\\', "\u2028", "ẞ"])
_IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,20}", fullmatch=True)
_INSTANTS = st.datetimes(EARLIEST.replace(tzinfo=None), _NAKED, timezones=st.just(UTC))
_DETAILS = st.dictionaries(_TEXTS, _TEXTS, max_size=3).map(lambda pairs: tuple(sorted(pairs.items())))
_PLACES = st.sampled_from(list(_MACHINE.places))
_STEPS = st.sampled_from(
    [
        case.step
        for place in (_MACHINE.outside, *_MACHINE.places)
        for row in (*place.timeouts, *(row for rows in place.moves.values() for row in rows))
        for case in row.cases
    ]
)
_WHYS = st.sampled_from(
    [version.why for version in (requested(), moved(requested(), "accept", by=TOM, now=NOW)) if version.why is not None]
)

_OFFERS = st.builds(
    Offer,
    st.none() | _INSTANTS,
    st.none() | st.timedeltas(MICROSECOND, LONGEST),
    st.none() | st.integers(0, LARGEST_PRICE),
    st.none() | _TEXTS,
    st.none() | _DETAILS,
)
_TERMS = st.builds(Terms, _COUNTS, _INSTANTS, _INSTANTS, _LARGE, _TEXTS, _DETAILS, st.integers(1, 3))
_ROLES = st.none() | st.sampled_from(BOUND_ROLES)
_SPLITS = st.sampled_from(
    [
        Settlement.of({"student": "100%"}),
        Settlement.of({"tutor": "1/3", "platform": "1/7", "student": "rest"}),
        Settlement.of({"student": "rest", "platform": "1/7", "tutor": "1/3"}),
        Settlement.of({"tutor": "90m", "student": "rest"}),
    ]
)
_REMEDIES = st.none() | st.sampled_from(REMEDIES)
_PARTICULARS = st.builds(
    Particulars, _ROLES, st.none() | _INSTANTS, _TEXTS, _DETAILS, st.none() | _SPLITS, _ROLES, _REMEDIES
)
_PROBLEMS = st.builds(Problem, _COUNTS, st.sampled_from(BOUND_ROLES), _TEXTS, _PARTICULARS)
_LEGS = st.lists(st.tuples(st.sampled_from(["payer", "tutor", "platform", "owed", "due"]), _LARGE), max_size=3).map(
    tuple
)
_MEETINGS = st.builds(Meeting, _TEXTS, _DETAILS, _COUNTS)
_COMMANDS = st.builds(
    Command,
    _TEXTS,
    _IDS.map(PartyId),
    _TEXTS.map(Key),
    _IDS.map(LessonId),
    st.none() | _LARGE,
    st.none() | _OFFERS,
    _TEXTS,
    _TEXTS,
    st.none() | _PARTICULARS,
)
_BRIEFS = st.builds(
    Brief,
    _IDS.map(LessonId),
    st.just(_MACHINE.hash),
    st.sampled_from(["", "Europe/Berlin"]),
    st.sampled_from(["ITC", "USD"]),
    _INSTANTS,
    *(_IDS.map(PartyId) for _ in range(4)),
)
_CHANGES = st.builds(Change, _TERMS, _PLACES, st.none() | _INSTANTS, st.none() | _WHYS)
_FACTS = st.builds(
    Facts,
    st.frozensets(_TEXTS, max_size=3),
    st.dictionaries(_TEXTS, _LARGE, max_size=3),
    st.frozensets(_TEXTS, max_size=3),
)
_LESSONS = st.builds(
    Lesson,
    _BRIEFS,
    _COUNTS,
    _INSTANTS,
    _STEPS,
    _PLACES,
    st.none() | _COMMANDS,
    _TERMS,
    st.none() | _CHANGES,
    _COUNTS,
    _LARGE,
    _LEGS,
    st.none() | _INSTANTS,
    st.none() | _WHYS,
    st.dictionaries(_TEXTS, _INSTANTS, max_size=3),
    st.none() | _FACTS,
    st.none() | _MEETINGS,
    st.none() | _PROBLEMS,
    st.none() | st.builds(Settled, _LEGS, _INSTANTS, st.none() | _FACTS),
)


def _read(version: Lesson) -> Lesson:
    return lesson_of(lesson_record(version), brief_of(brief_record(version.brief)), _MACHINE)


@given(_LESSONS)
def test_a_version_survives_being_made_plain(version: Lesson) -> None:
    """Whatever a version holds comes back equal, at the same interned steps, places and reasons."""
    found = _read(version)

    assert found == version
    assert found.step is version.step
    assert found.place is version.place
    assert found.why is version.why
    assert found.timeline is NO_TIMELINE or version.timeline
    assert found.facts is NO_FACTS or version.facts != NO_FACTS


@given(_LESSONS)
def test_a_record_is_plain_and_canonical(version: Lesson) -> None:
    """A record holds ints, ASCII texts and None; every JSON text is compact, sorted, and the same again."""
    record = lesson_record(version)
    texts = [
        record.command, record.terms, record.change, record.legs, record.timeline, record.facts, record.meeting,
        record.problem, record.settled,
    ]  # fmt: skip

    assert {type(value) for value in record[1:]} <= {int, str, type(None)}
    assert all(encode(json.loads(text)) == text and text.isascii() for text in texts if text is not None)
    assert lesson_record(_read(version)) == record


@given(_BRIEFS)
def test_a_brief_survives_being_made_plain(brief: Brief) -> None:
    """The half of a lesson that never changes comes back equal."""
    assert brief_of(brief_record(brief)) == brief


@given(st.sampled_from(sorted(PRECEDENCE)), st.dictionaries(_TEXTS, _TEXTS, max_size=4))
def test_a_refusal_survives_being_made_plain(code: str, facts: dict[str, str]) -> None:
    """A refusal comes back with all of its facts."""
    refusal = Refusal(code, facts)

    assert refusal_of(code, refusal_facts(refusal)) == refusal


@given(_LESSONS, _WHYS)
def test_a_lesson_is_found_at_its_next_deadline(version: Lesson, why: Why) -> None:
    """Where a store looks for a lesson is where the engine says its next deadline is."""
    change = None if version.change is None else version.change._replace(why=why)
    deadline = next_deadline(version._replace(why=why, change=change))

    assert due_of(version) == (None if deadline is None else deadline.at)


def test_what_is_at_its_default_is_left_out() -> None:
    """A stored version says nothing about what was not said: no empty reasons, no details nobody gave."""
    bare = requested()._replace(
        command=Command("request", PartyId("ann"), Key("k"), LessonId("l1"), None, Offer()),
        terms=Terms(1, NOW, NOW + timedelta(hours=1), 5),
        timeline=NO_TIMELINE,
        facts=NO_FACTS,
    )

    record = lesson_record(bare)

    assert record.command == '{"actor":"ann","key":"k","lesson":"l1","offer":{},"verb":"request"}'
    assert record.terms == '{"end":1772445600000000,"number":1,"price":5,"start":1772442000000000}'
    assert (record.legs, record.timeline, record.facts, record.meeting) == ('[["payer",-250]]', "{}", "{}", None)
    assert (record.problem, record.settled) == (None, None)
    assert _read(bare).facts is NO_FACTS
    assert bare.command is not None
    said = bare._replace(command=attrs.evolve(bare.command, particulars=Particulars()))
    assert lesson_record(said).command == record.command[:-1].replace('"verb"', '"particulars":{},"verb"') + "}"
    assert _read(said) == said


def test_what_was_said_besides_is_kept_as_it_was_said() -> None:
    """Whom a fact is about and when it was seen, a split in the order of its shares, a meeting with its terms."""
    split = Settlement.of({"tutor": "1/3", "student": "rest"})
    about = Particulars("student", NOW, "video", (("stars", "5"),), split, "tutor", "split")
    version = requested()._replace(
        command=Command("join", TOM, Key("k"), LessonId("l1"), particulars=about),
        terms=Terms(1, NOW, NOW + timedelta(hours=1), 5, occurrence=2),
        facts=Facts(frozenset({"system"}), {}, frozenset({"has(tutor, video)"})),
        meeting=Meeting("video", (("tutor", "link"),), 1),
        problem=Problem(3, "tutor", "late", Particulars(split=split, remedy="split")),
        settled=Settled((("payer", 200), ("platform", 50)), NOW, Facts(counts={"taught(tutor)": 3})),
    )

    record = lesson_record(version)

    assert record.command == (
        '{"actor":"tom","key":"k","lesson":"l1","particulars":{"blamed":"tutor","details":[["stars","5"]],'
        '"remedy":"split","seen":1772442000000000,"source":"video","split":[["tutor","1/3"],["student","rest"]],'
        '"subject":"student"},"verb":"join"}'
    )
    assert record.terms.endswith('"number":1,"occurrence":2,"price":5,"start":1772442000000000}')
    assert record.facts == '{"grants":["system"],"has":["has(tutor, video)"]}'
    assert record.meeting == '["video",[["tutor","link"]],1]'
    assert record.problem == (
        '{"number":3,"particulars":{"remedy":"split","split":[["tutor","1/3"],["student","rest"]]},"reason":"late",'
        '"role":"tutor"}'
    )
    assert record.settled == (
        '{"at":1772442000000000,"facts":{"counts":{"taught(tutor)":3}},"legs":[["payer",200],["platform",50]]}'
    )
    assert _read(version) == version


def test_records_have_a_column_for_everything() -> None:
    """A field added to a version or a brief is missed here, before it is missed in a store."""
    briefs = {field.name for field in attrs.fields(Brief)}

    assert set(BriefRecord._fields) == briefs
    assert set(Record._fields) == set(Lesson._fields) - {"brief", "place"} | {"lesson", "state"}
