"""A table and its canonical text say the same, and the hash of the text names the table."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from contextlib import suppress
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
    AsGiven,
    Case,
    Effects,
    FeeRate,
    Fees,
    Move,
    Process,
    Reminder,
    Role,
    Settlement,
    State,
    Timeout,
    Unit,
    content_hash,
    days,
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
from tutorcore.policy.account import AccountRules, Counter, Decay, PayoutRules, Rung
from tutorcore.policy.parsing import parse_reminder
from tutorcore.policy.process import (
    FAULTS,
    FIELDS,
    HOLD_EFFECTS,
    IF_PAST,
    RECORDED,
    REMEDIES,
    SETTLES,
    SLOTS,
    TERMS_EFFECTS,
    Blamed,
    Need,
    Remedy,
)
from tutorcore.policy.settlement import BENEFICIARIES, Part

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
        "taught(tutor) < 20h",
        "joined(tutor) <= lesson.start + 5m",
    )
]
OF_COMMANDS = [
    parse_guard(text)
    for text in (
        'reason != "ill"',
        'blamed == "tutor"',
        'remedy == "pay"',
        "has(payer, vip)",
        "not restricted(tutor, requests_blocked)",
        "met(student, tutor)",
    )
]
REMINDERS = [parse_reminder(text) for text in ("deadline - 2h", "lesson.end - 5m", "entered + 1d")]

times = st.sampled_from(TIMES)
guards = st.sampled_from(GUARDS)  # Those that may be asked where nobody acts.
conditions = st.sampled_from(GUARDS + OF_COMMANDS)
askers: st.SearchStrategy[tuple[Role, ...]] = st.sampled_from(
    [("student",), ("payer", "requester"), ("student", "payer")]
)
persons: st.SearchStrategy[tuple[Role, ...]] = st.sampled_from([("tutor",), ("student", "payer")])
reporters: st.SearchStrategy[tuple[Role, ...]] = st.sampled_from([("system",), ("student", "tutor", "system")])
roles = st.lists(st.sampled_from(ROLES), min_size=1, max_size=3, unique=True).map(tuple)


@st.composite
def settlements(draw: st.DrawFn) -> Settlement:
    """Return shares of odd denominators, with or without a rest."""
    names = draw(st.permutations(BENEFICIARIES).flatmap(lambda order: st.integers(1, 3).map(lambda n: order[:n])))
    weights = draw(st.lists(st.integers(1, 13), min_size=len(names), max_size=len(names)))
    shares: list[Part] = [Fraction(weight, sum(weights)) for weight in weights]
    if draw(st.booleans()):
        rest = draw(st.integers(0, len(names) - 1))
        shares[rest] = None
        if draw(st.booleans()):  # Another share may then be what so much time costs.
            shares[(rest + 1) % len(names)] = draw(st.sampled_from((hours(1), minutes(90)))) if len(names) > 1 else None
    return Settlement(tuple(zip(names, shares, strict=True)))


asgivens = st.builds(AsGiven) | st.sampled_from(
    [
        AsGiven(tuple(Settlement.of({"tutor": part, "student": "rest"}) for part in parts))
        for parts in (("0%", "50%"), ("1/3",), ("1h", "30m"))
    ]
)


@st.composite
def rates(draw: st.DrawFn) -> Fees:
    """Return fees of one rate, or of several whose amounts rise."""
    part = st.fractions(0, 1, max_denominator=997)
    belows = sorted(draw(st.sets(st.integers(1, 10**6), max_size=2)))
    slabs = [FeeRate(draw(part), below) for below in belows]
    some = draw(st.lists(st.builds(FeeRate, part, st.none() | st.integers(1, 10**6), guards), max_size=2))
    last = FeeRate(draw(part))
    return Fees((*some, *slabs, last), draw(st.sampled_from(ROUNDING_MODES)), draw(st.sampled_from(("share", "price"))))


@st.composite
def cases(draw: st.DrawFn, *, given: bool = False) -> tuple[Case, ...]:
    """Return conditional cases and a catch-all, each of which settles, or leaves the split to the command."""
    conditional = draw(st.lists(st.builds(Case, settlements(), guards), max_size=2))
    blamed: list[tuple[str | None, Blamed | None]] = [
        ("late", "student"),
        ("no_show", "tutor"),
        (None, "payer"),
        (None, None),
    ]
    marked = draw(st.lists(st.sampled_from(blamed), min_size=3, max_size=3))
    found = zip((*conditional, draw(st.builds(Case, settlements()))), marked, strict=False)
    all_given = given and draw(st.booleans())
    return tuple(
        attrs.evolve(case, mark=mark, fault=fault, settle=draw(asgivens) if all_given else case.settle)
        for case, (mark, fault) in found
    )


@st.composite
def moves(draw: st.DrawFn, verb: str, to: str, over: frozenset[str], due: bool) -> Move:
    """Return a row of any cells that may stand in a state of the lesson itself."""
    terms = draw(st.sampled_from((None, *TERMS_EFFECTS)))
    if to in over:
        effects = Effects(cases=draw(cases(given=True)), notify=draw(st.just(()) | persons))
    elif to == STAY:
        effects = Effects(cases=(Case(mark="late", fault="tutor"),))
    else:
        may_change = tuple(draw(st.permutations(FIELDS)))[: draw(st.integers(0, 5))] if terms == "propose" else FIELDS
        hold = None if terms is None or due else draw(st.sampled_from((None, *HOLD_EFFECTS)))
        bookable = terms is not None and draw(st.booleans())
        effects = Effects(terms, may_change, hold, notify=draw(st.just(()) | persons), bookable=bookable)
    return Move(
        verb,
        draw(roles),
        to,
        draw(st.none() | conditions),
        draw(st.none() | times),
        draw(st.sampled_from([(), ("reason",), ("reason", "details")])),
        effects,
    )


@st.composite
def asides(draw: st.DrawFn, meeting: bool) -> list[Move]:
    """Return rows that record what happens around a lesson."""
    found = [
        Move("join", draw(reporters), STAY, draw(st.none() | guards), effects=Effects(records="joined")),
        Move("leave", ("tutor",), STAY, effects=Effects(records="left")),
    ]
    if meeting:
        found.append(Move("met", ("system",), STAY, needs=("details",), effects=Effects(records="meeting")))
    return found


@st.composite
def remedies(draw: st.DrawFn) -> tuple[Remedy, ...]:
    """Return some remedies that split what is held."""
    return tuple(draw(st.permutations([each for each in REMEDIES if each != "reschedule"])))[: draw(st.integers(1, 3))]


@st.composite
def reported(draw: st.DrawFn) -> State:
    """Return a state with a problem in it: the remedy on the table is taken up, countered, or accepted by silence."""
    needs: tuple[Need, ...] = draw(st.sampled_from([(), ("details",)]))
    evidence = Move("show", draw(persons), STAY, needs=needs, effects=Effects(records="evidence"))
    agreeing = Effects(cases=draw(cases(given=True)), agrees=True)
    accept = Move("accept", draw(persons), "done", draw(st.none() | conditions), effects=agreeing)
    said = [parse_guard('reason != "ill"'), parse_guard('remedy == "pay" or blamed == "tutor"')]
    silent = draw(st.lists(st.builds(Case, settlements(), st.sampled_from(said)), max_size=2))
    silence = Timeout(draw(times), "gone", effects=Effects(cases=(*silent, Case(draw(settlements()))), agrees=True))
    counter = Move("counter", draw(persons), "reported", effects=Effects(remedies=draw(remedies())))
    return State(
        "reported",
        "student",
        "firm",
        moves=(accept, counter, evidence),
        timeouts=(silence,),
        problem=True,
    )


@st.composite
def reviews(draw: st.DrawFn) -> Move:
    """Return the row of a review, shown at once or together with the others'."""
    blind = draw(st.booleans())
    until = draw(times) if blind else draw(st.none() | times)
    return Move("review", draw(persons), STAY, until=until, effects=Effects(records="reviewed", blind=blind))


def _hidden(row: Move, before: list[Move]) -> bool:
    """Whether rows of the same verb always decide before this one."""
    always = [each for each in before if each.verb == row.verb and each.when is None and each.until is None]
    return bool(row.by) and set(row.by) <= {role for each in always for role in each.by}


@st.composite
def processes(draw: st.DrawFn) -> Process:
    """Return a well-formed table: several rows a verb, cases, odd shares, a change beside, asides, units of its own."""
    names = ["one", "two", "three"][: draw(st.integers(1, 3))]
    due = draw(st.booleans())
    ends = ["done", "gone"]
    over = frozenset(ends)
    states: list[State] = []
    for name in names:
        rows = [
            draw(moves(verb, draw(st.sampled_from([*names, *ends, STAY])), over, due))
            for verb in ["go", *draw(st.lists(st.sampled_from(["go", "ask", "leave"]), max_size=3))]
        ]
        rows = [row for number, row in enumerate(rows) if not _hidden(row, rows[:number])]
        # A row without a condition would hide those of its verb after it.
        rows = [attrs.evolve(row, when=draw(guards)) if row.when is None and row.until is None else row for row in rows]
        rows.append(Move("change", draw(roles), "asking", effects=Effects("propose", hold=None if due else "cover")))
        meeting = draw(st.booleans())
        rows += draw(asides(meeting))
        lapses = draw(
            st.lists(st.builds(Timeout, times, st.sampled_from(ends), if_past=st.sampled_from(IF_PAST)), max_size=2)
        )
        # One of them surely comes.
        lapses[:1] = [attrs.evolve(lapse, if_past="forbid") for lapse in lapses[:1]]
        timeouts = tuple(attrs.evolve(lapse, effects=Effects(cases=draw(cases()))) for lapse in lapses)
        at = st.sampled_from(REMINDERS if timeouts else REMINDERS[1:])
        states.append(
            State(
                name,
                draw(st.none() | st.sampled_from(ROLES)),
                draw(st.sampled_from(SLOTS)),
                moves=tuple(rows),
                timeouts=timeouts,
                agreed=draw(st.booleans()),
                meeting=meeting,
                reminders=tuple(draw(st.lists(st.builds(Reminder, at, persons), max_size=2))),
            )
        )
    answer = Move("accept", ("tutor",), BACK, effects=Effects("accept", hold=None if due else "exact"))
    counter = Move("counter", ("tutor",), "asking", when=parse_guard("proposed.price > 1"), effects=Effects("propose"))
    lapse = Timeout(parse_time("earliest(asked + 1h, proposed.start)"), BACK, "holder")
    states.append(State("asking", "tutor", "tentative", beside=True, moves=(answer, counter), timeouts=(lapse,)))
    if draw(st.booleans()):
        report = Move(
            "report", draw(persons), "reported", needs=("reason",), effects=Effects(remedies=draw(remedies()))
        )
        states[0] = attrs.evolve(states[0], moves=(*states[0].moves, report))
        states.append(draw(reported()))
    if draw(st.booleans()):
        waits = Timeout(parse_time("entered + 7d"), "gone", if_past="fire", effects=Effects(cases=draw(cases())))
        move = Move("change", draw(roles), "asking", effects=Effects("propose"))
        states.append(State("waiting", slot="firm", moves=(move,), timeouts=(waits,), yields=True))
    note = Move("note", ("student",), STAY, effects=Effects(cases=(Case(mark="late", fault="student"),)))
    # Guards count the mark.
    after: tuple[Move, ...] = (note, draw(reviews()))
    if draw(st.booleans()):
        refund = Effects(cases=(Case(draw(asgivens)),), refunds=True)
        after += (Move("refund", ("operator",), STAY, until=draw(st.none() | times), effects=refund),)
    # Nobody can refuse a timeout, so it leads to time that is kept only from time that was held.
    free = any(state.slot == "none" and state.timeouts for state in states)
    kept = st.sampled_from([slot for slot in SLOTS if slot == "none" or (slot == "firm" and not free)])
    states += [State(name, slot=draw(kept), over=True, moves=after, taught=draw(st.booleans())) for name in ends]
    unit = draw(st.sampled_from([Unit("EUR", 2), Unit("JPY", 0), Unit("ITC", 1, (10, "USD")), Unit("X9", 8)]))
    asking = Move("request", draw(askers), "one", effects=Effects("propose", hold=None if due else "cover"))
    tried = draw(st.lists(conditions, max_size=2))
    openings = (*(attrs.evolve(asking, when=when) for when in tried), asking)
    counters = [
        Counter("lapses", (("late", 2),), "Europe/Berlin", 1, ladder=(Rung(1, "notice"), Rung(3, "hidden", days(7)))),
        Counter("late", within=hours(36), broken_by=("taught",), dismiss=("ill",), handled_by=("admin",)),
    ]
    payout = PayoutRules(draw(st.sampled_from((None, "month_before"))), *draw(st.tuples(*2 * [st.integers(0, 10**6)])))
    rules = AccountRules(
        tuple(draw(st.permutations(counters)))[: draw(st.integers(0, 2))], draw(st.sampled_from((None, payout)))
    )
    return Process(
        draw(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,10}", fullmatch=True)),
        draw(st.sampled_from(["1", "2018-02", "v3.1_b"])),
        unit,
        openings,
        tuple(states),
        zone=draw(st.sampled_from(["tutor", "platform", "America/New_York"])),
        fees=draw(rates()),
        clears_after=hours(0) if due else draw(st.sampled_from([hours(0), hours(36), minutes(90), seconds(1)])),
        settles="due" if due else "held",
        account=rules,
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
    """Two tables have the same hash if and only if they are equal, their rules about accounts included."""
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
    "Reminder.at": (TIMES[1],),
    "Effects.records": RECORDED,
    "Effects.terms": TERMS_EFFECTS,
    "Effects.hold": HOLD_EFFECTS,
    "Effects.remedies": (("refund",), ("split", "pay")),
    "Effects.may_change": (("kind",), ()),
    "Process.zone": (None, "UTC"),
    "Process.clears_after": (hours(7),),
    "Unit.code": ("XYZ",),
    "Unit.peg": (None, (7, "EUR")),
    "Process.settles": SETTLES,
    "FeeRate.rate": (Fraction(1, 3),),
    "FeeRate.below": (7,),
    "FeeRate.when": (GUARDS[0],),
    "Fees.rounding": ROUNDING_MODES,
    "Fees.slab_on": ("share", "price"),
    "Counter.zone": ("Asia/Tokyo",),
    "Counter.bundle": (None, 3),
    "Counter.within": (None, hours(5)),
    "Counter.decay": (None, Decay(1, days(30))),
    "Counter.handled_by": (("admin",),),
    "Rung.effect": ("notice", "review", "hidden", "locked"),
    "Rung.lasts": (None, hours(5)),
    "Rung.lifted_by": (None, "tutor", "operator"),
    "AccountRules.payout": (
        *(None, PayoutRules(), PayoutRules("month_before"), PayoutRules(minimum=7), PayoutRules(fee=7)),
        *(PayoutRules(returned_fee="kept"), PayoutRules(spendable=True)),
    ),
}
VALUES = (
    *(Process, State, Move, Timeout, Effects, Case, Reminder, Unit, Fees, FeeRate),
    *(AccountRules, Counter, Rung),
)


def variants(value: object) -> Iterator[object]:
    """Yield the value with one cell changed, once for every cell in it."""
    if isinstance(value, VALUES):
        for field in attrs.fields(type(value)):
            cell = getattr(value, field.name)
            for other in SOMETHING_ELSE.get(f"{type(value).__name__}.{field.name}", ()) or variants(cell):
                if other != cell:
                    with suppress(
                        TypeError, ValueError
                    ):  # A value may refuse what does not go together, such as no rate at all.
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


OF_ITALKI = ("requested", "problem_by_student", "rescheduling", "new_time_by_student", "completed")


@pytest.mark.parametrize("name", ["italki", "itutor", "sharetribe_booking"])
def test_the_hash_names_every_cell(name: str) -> None:
    """Whichever single cell of a table is changed, the hash changes."""
    whole = load_preset(name)
    # Each further state of a long table costs twice: it has more cells to change, and every change is printed with it.
    some = tuple(state for state in whole.states if name != "italki" or state.name in OF_ITALKI)
    process = attrs.evolve(whole, states=some)

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


@given(st.sampled_from(("italki", "itutor", "educai")), st.randoms(use_true_random=False))
def test_the_order_of_keys_is_nothing(name: str, shuffle: Random) -> None:
    """A profile whose keys are written in another order is the same policy with the same hash."""
    data = tomllib.loads(preset_text(name))
    keys = list(data)
    shuffle.shuffle(keys)

    text = "\n".join(f"{key} = {inline(data[key], shuffle)}" for key in keys)

    assert content_hash(load_policy(text)) == content_hash(load_preset(name))


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
        (Move("request", ("student",), "asked", effects=Effects("propose")),),
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
