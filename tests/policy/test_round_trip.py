"""A table and its canonical text say the same, and the hash of the text names the table."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from fractions import Fraction
from hashlib import sha256
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tutorcore.money import ROUNDING_MODES
from tutorcore.policy import (
    BACK,
    ROLES,
    STAY,
    Case,
    Effects,
    Fees,
    Move,
    Process,
    Role,
    Settlement,
    State,
    Timeout,
    Unit,
    content_hash,
    dump_process,
    hours,
    lesson,
    load_policy,
    load_preset,
    load_process,
    minutes,
    parse_guard,
    parse_time,
    preset_text,
    problems,
    seconds,
)
from tutorcore.policy.process import FAULTS, FIELDS, HOLD_EFFECTS, IF_PAST, SLOTS, TERMS_EFFECTS, Blamed
from tutorcore.policy.settlement import BENEFICIARIES

TIMES = [
    parse_time(text)
    for text in (
        "lesson.start",
        "lesson.end + 3d",
        "asked + 36h",
        "entered + 90m",
        "earliest(asked + 48h, lesson.start)",
        "latest(entered(one), lesson.start + 1/3 lesson)",
        "at_time(lesson.start - 1d, 17:00)",
        'if(lesson.kind == "trial", lesson.start - 1h, start_of_day(lesson.start))',
        "earliest(did(go) + 1h, first_entered(one) + 2d, lesson.first_start)",
    )
]
GUARDS = [
    parse_guard(text)
    for text in (
        "notice >= 24h",
        "not (rounds < 5)",
        'lesson.kind == "trial" or lesson.price >= 20',
        "now - created <= 48h and notice >= 14d",
        "count(late, student, within=90d) < 2",
        "now < did(go) + 1h",
        'reason != "ill"',
    )
]

times = st.sampled_from(TIMES)
guards = st.sampled_from(GUARDS)
askers: st.SearchStrategy[tuple[Role, ...]] = st.sampled_from(
    [("student",), ("payer", "requester"), ("student", "payer")]
)
roles = st.lists(st.sampled_from(ROLES), min_size=1, max_size=3, unique=True).map(tuple)


@st.composite
def settlements(draw: st.DrawFn) -> Settlement:
    """Return shares of odd denominators, with or without a rest."""
    names = draw(st.permutations(BENEFICIARIES).flatmap(lambda order: st.integers(1, 3).map(lambda n: order[:n])))
    weights = draw(st.lists(st.integers(1, 13), min_size=len(names), max_size=len(names)))
    shares: list[Fraction | None] = [Fraction(weight, sum(weights)) for weight in weights]
    if draw(st.booleans()):
        shares[draw(st.integers(0, len(names) - 1))] = None
    return Settlement(tuple(zip(names, shares, strict=True)))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Case, ...]:
    """Return conditional cases and a catch-all, each of which settles."""
    conditional = draw(st.lists(st.builds(Case, settlements(), guards), max_size=2))
    blamed: list[tuple[str | None, Blamed | None]] = [
        ("late", "student"),
        ("no_show", "tutor"),
        (None, "payer"),
        (None, None),
    ]
    marked = draw(st.lists(st.sampled_from(blamed), min_size=3, max_size=3))
    found = zip((*conditional, draw(st.builds(Case, settlements()))), marked, strict=False)
    return tuple(attrs.evolve(case, mark=mark, fault=fault) for case, (mark, fault) in found)


@st.composite
def moves(draw: st.DrawFn, verb: str, to: str, over: frozenset[str]) -> Move:
    """Return a row of any cells that may stand in a state of the lesson itself."""
    terms = draw(st.sampled_from((None, *TERMS_EFFECTS)))
    if to in over:
        effects = Effects(cases=draw(cases()), notify=draw(roles))
    elif to == STAY:
        effects = Effects(cases=(Case(mark="late", fault="tutor"),))
    else:
        may_change = tuple(draw(st.permutations(FIELDS)))[: draw(st.integers(0, 5))]
        hold = None if terms is None else draw(st.sampled_from((None, *HOLD_EFFECTS)))
        effects = Effects(terms, may_change, hold, notify=draw(st.sampled_from([(), ("tutor", "payer")])))
    return Move(
        verb,
        draw(roles),
        to,
        draw(st.none() | guards),
        draw(st.none() | times),
        draw(st.sampled_from([(), ("reason",)])),
        effects,
    )


def _hidden(row: Move, before: list[Move]) -> bool:
    """Whether rows of the same verb always decide before this one."""
    always = [each for each in before if each.verb == row.verb and each.when is None and each.until is None]
    return bool(row.by) and set(row.by) <= {role for each in always for role in each.by}


@st.composite
def processes(draw: st.DrawFn) -> Process:
    """Return a well-formed table: several rows a verb, cases, odd shares, a change beside, asides, units of its own."""
    names = ["one", "two", "three"][: draw(st.integers(1, 3))]
    ends = ["done", "gone"]
    over = frozenset(ends)
    states: list[State] = []
    for name in names:
        rows = [
            draw(moves(verb, draw(st.sampled_from([*names, *ends, STAY])), over))
            for verb in ["go", *draw(st.lists(st.sampled_from(["go", "ask", "leave"]), max_size=3))]
        ]
        rows = [row for number, row in enumerate(rows) if not _hidden(row, rows[:number])]
        # A row without a condition would hide those of its verb after it.
        rows = [attrs.evolve(row, when=draw(guards)) if row.when is None and row.until is None else row for row in rows]
        rows.append(Move("change", draw(roles), "asking", effects=Effects("propose", hold="cover")))
        lapses = draw(
            st.lists(st.builds(Timeout, times, st.sampled_from(ends), if_past=st.sampled_from(IF_PAST)), max_size=2)
        )
        timeouts = tuple(attrs.evolve(lapse, effects=Effects(cases=draw(cases()))) for lapse in lapses)
        slot = draw(st.sampled_from(SLOTS))
        states.append(State(name, draw(st.none() | st.sampled_from(ROLES)), slot, moves=tuple(rows), timeouts=timeouts))
    answer = Move("accept", ("tutor",), BACK, effects=Effects("accept", hold="exact"))
    counter = Move("counter", ("tutor",), "asking", when=parse_guard("proposed.price > 1"), effects=Effects("propose"))
    lapse = Timeout(parse_time("earliest(asked + 1h, proposed.start)"), BACK, "holder")
    states.append(State("asking", "tutor", "tentative", beside=True, moves=(answer, counter), timeouts=(lapse,)))
    review = Move(
        "review", ("student",), STAY, effects=Effects(cases=(Case(mark="late", fault="student"),))
    )  # Guards count it.
    states += [State(name, over=True, moves=(review,)) for name in ends]
    unit = draw(st.sampled_from([Unit("EUR", 2), Unit("JPY", 0), Unit("ITC", 1, (10, "USD")), Unit("X9", 8)]))
    commission = draw(st.fractions(0, 1, max_denominator=997))
    return Process(
        draw(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,10}", fullmatch=True)),
        draw(st.sampled_from(["1", "2018-02", "v3.1_b"])),
        unit,
        Move("request", draw(askers), "one", draw(st.none() | guards), effects=Effects("propose", hold="cover")),
        tuple(states),
        zone=draw(st.sampled_from(["tutor", "platform", "America/New_York"])),
        fees=Fees(commission, draw(st.sampled_from(ROUNDING_MODES))),
        clears_after=draw(st.sampled_from([hours(0), hours(36), minutes(90), seconds(1)])),
    )


@given(processes())
def test_a_table_reads_back_equal(process: Process) -> None:
    """Writing any well-formed table and reading it gives an equal one, with an equal text and an equal hash."""
    assert problems(process) == ()
    text = dump_process(process)

    again = load_process(text)

    assert again == process
    assert dump_process(again) == text
    assert content_hash(again) == content_hash(process)


@settings(max_examples=20)
@given(processes(), processes())
def test_equal_tables_and_only_those_have_equal_hashes(one: Process, other: Process) -> None:
    """Two tables have the same hash if and only if they are equal."""
    assert (content_hash(one) == content_hash(other)) == (one == other)


SOMETHING_ELSE: dict[str, tuple[Any, ...]] = {
    "State.waits_for": ("agent", "payer"),
    "State.slot": SLOTS,
    "Move.to": ("elsewhere",),
    "Move.when": (None, GUARDS[0]),
    "Move.until": (None, TIMES[0]),
    "Move.needs": ((), ("reason",)),
    "Timeout.at": (TIMES[5],),
    "Timeout.fault": FAULTS,
    "Timeout.if_past": IF_PAST,
    "Case.settle": (None, Settlement.of({"platform": "rest"})),
    "Case.when": (None, GUARDS[0]),
    "Case.mark": (None, "odd"),
    "Case.fault": ("payer", "holder"),
    "Effects.terms": TERMS_EFFECTS,
    "Effects.hold": HOLD_EFFECTS,
    "Effects.may_change": (("kind",), ()),
    "Process.zone": (None, "UTC"),
    "Process.clears_after": (hours(7),),
    "Unit.peg": (None, (7, "EUR")),
    "Fees.commission": (Fraction(1, 3),),
    "Fees.rounding": ROUNDING_MODES,
}
VALUES = (Process, State, Move, Timeout, Effects, Case, Unit, Fees)


def variants(value: object) -> Iterator[object]:
    """Yield the value with one cell changed, once for every cell in it."""
    if isinstance(value, VALUES):
        for field in attrs.fields(type(value)):
            cell = getattr(value, field.name)
            for other in SOMETHING_ELSE.get(f"{type(value).__name__}.{field.name}", ()) or variants(cell):
                if other != cell:
                    yield attrs.evolve(value, **{field.name: other})  # type: ignore[arg-type]  # whatever the cell holds
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            for other in variants(each):
                yield (*value[:index], other, *value[index + 1 :])
        yield value[:-1]
        yield value[::-1]
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    else:
        yield f"{value}x"


@pytest.mark.parametrize("name", ["italki"])
def test_the_hash_names_every_cell(name: str) -> None:
    """Whichever single cell of a table is changed, the hash changes."""
    process = load_preset(name)

    changed = [each for each in variants(process) if isinstance(each, Process) and each != process]

    assert len(changed) > 300
    for each in changed:
        assert content_hash(each) != content_hash(process), each


def inline(value: object, shuffle: Random) -> str:
    """Return a value as TOML on one line, its keys in another order; shares keep theirs, which is part of them."""
    if isinstance(value, dict):
        keys = list(value)
        if not set(keys) <= set(BENEFICIARIES):
            shuffle.shuffle(keys)
        return "{ " + ", ".join(f"{key} = {inline(value[key], shuffle)}" for key in keys) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(inline(each, shuffle) for each in value) + "]"
    return json.dumps(value)


@given(st.randoms(use_true_random=False))
def test_the_order_of_keys_is_nothing(shuffle: Random) -> None:
    """A profile whose keys are written in another order is the same policy with the same hash."""
    data = tomllib.loads(preset_text("italki"))
    keys = list(data)
    shuffle.shuffle(keys)

    text = "\n".join(f"{key} = {inline(data[key], shuffle)}" for key in keys)

    assert content_hash(load_policy(text)) == content_hash(load_preset("italki"))


def test_the_order_of_shares_is_something() -> None:
    """The last share written is the one found by subtraction, so two orders are two policies."""
    text = 'extends = "italki"\nid = "halves"\ncomplete.settle = {{ {} }}'

    one = load_policy(text.format('tutor = "50%", student = "50%"'))
    other = load_policy(text.format('student = "50%", tutor = "50%"'))

    assert content_hash(one) != content_hash(other)


def test_the_rows_of_one_verb_stand_together() -> None:
    """However the moves of a state are listed, those of one verb are tried in their own order and written together."""
    one, other = Move("go", ("tutor",), STAY), Move("go", ("student",), STAY)
    between = Move("leave", ("tutor",), STAY)

    assert State("here", moves=(one, between, other)).moves == (one, other, between)


def test_shares_are_replaced_and_not_merged() -> None:
    """A file that writes other shares than the policy it extends means these and no others."""
    text = 'extends = "italki"\nid = "mine"\ncomplete.settle = { platform = "10%", student = "rest" }'

    confirm = load_policy(text).state("delivered").moves[0]

    assert str(confirm.effects.cases[0].settle) == "platform 10%, student rest"


def test_a_condition_that_says_nothing_is_no_condition() -> None:
    """A guard that always holds, and a single case that does nothing, are the same as none."""
    always = parse_guard("true")

    assert Move("go", ("tutor",), STAY, always) == Move("go", ("tutor",), STAY)
    assert Effects(cases=(Case(when=always),)) == Effects()
    assert Effects(cases=(Case(), Case())).cases == (Case(), Case())


def test_the_canonical_text_is_what_a_person_would_write() -> None:
    """What is at its default is left out; one row a table, one cell a line."""
    process = Process(
        "tiny",
        "1",
        Unit("EUR", 2),
        Move("request", ("student",), "asked", effects=Effects("propose")),
        (
            State("asked", "tutor", timeouts=(Timeout(lesson.start, "over", "holder"),)),
            State("over", over=True, moves=(Move("review", ("student",), STAY, needs=("reason",)),)),
        ),
    )

    text = dump_process(process)

    assert text == (
        'schema = 1\nid = "tiny"\nversion = "1"\nextends = "process/1"\ncurrency = "EUR"\n'
        "\n[unit]\ndecimals = 2\n"
        '\n[fees]\ncommission = "0%"\nrounding = "half_even"\n'
        '\n[payout]\nclears_after = "0s"\n'
        '\n[opening]\nverb = "request"\nby = ["student"]\nto = "asked"\nterms = "propose"\n'
        '\n[state.asked]\nwaits_for = "tutor"\n'
        '\n[[state.asked.timeout]]\nat = "lesson.start"\nto = "over"\nfault = "holder"\n'
        "\n[state.over]\nover = true\n"
        '\n[[state.over.on.review]]\nby = ["student"]\nto = "stay"\nneeds = ["reason"]\n'
    )
    assert content_hash(process) == sha256(text.encode()).hexdigest()
