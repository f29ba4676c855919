"""The sections about a tutor's account: what each cell is read as, written as, and refused as."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.documents.reader import Problems, Table
from tutorcore.documents.source import Source
from tutorcore.policy.account import (
    APPLY,
    LIFTERS,
    NO_RULES,
    RETURNED_FEES,
    RUNG_EFFECTS,
    SHOWABLE,
    AccountRules,
    Counter,
    Decay,
    PayoutRules,
    Rung,
    Span,
)
from tutorcore.policy.account_sections import dump_account, read_account
from tutorcore.policy.expressions import Calendar, Exact
from tutorcore.policy.process import Unit
from tutorcore.policy.restrictions import RESTRICTIONS
from tutorcore.policy.roles import GRANTED_ROLES

ITC = Unit("ITC", 1)


def read(text: str, unit: Unit | None = ITC) -> tuple[AccountRules, list[str]]:
    """The rules that a text says, and the mistakes in it."""
    problems = Problems()
    root = Table.root(Source.parse(text, "rules.toml"), problems)
    rules = read_account(root, unit)
    root.finish()
    return rules, [str(mistake).partition("\n")[0] for mistake in problems.mistakes]


def rules(text: str) -> AccountRules:
    """The rules of a text without a mistake."""
    found, mistakes = read(text)
    assert mistakes == []
    return found


def toml(tables: Mapping[str, Mapping[str, object]]) -> str:
    """The cells under their headings as a file."""
    lines: list[str] = []
    for heading, cells in tables.items():
        lines += [f"[{heading}]", *(f"{key} = {_value(value)}" for key, value in cells.items())]
    return "\n".join(lines)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def test_the_rules_of_the_seed() -> None:
    """ITK-14 to ITK-18, ITK-24, as an integrator writes them."""
    found = rules("""
        [standing.missed_request]
        bundle  = { by = "day", zone = "UTC", counts = 1 }
        dismiss = ["answered_by_message", "ill", "afraid_to_decline", "technical", "platform_bug"]
        record  = ["no_answer"]
        ladder  = [
          { at = 1, effect = "notice" },
          { at = 2, effect = "hidden", lifted_by = "tutor" },
          { at = 3, effect = "hidden", for = "7d" },
          { at = 4, effect = "locked", lifted_by = "operator" },
        ]

        [standing.missed_attendance]
        ladder = [
          { at = 1, effect = "hidden", lifted_by = "tutor" },
          { at = 2, effect = "hidden", for = "7d" },
          { at = 3, effect = "hidden", for = "30d" },
          { at = 3, effect = "requests_blocked", for = "30d" },
          { at = 3, effect = "wallet_frozen", for = "30d" },
          { at = 3, effect = "review" },
        ]
    """)

    month = Calendar(days=30)
    assert found == AccountRules(
        (
            Counter(
                "missed_request",
                bundle=1,
                dismiss=("answered_by_message", "ill", "afraid_to_decline", "technical", "platform_bug"),
                record=("no_answer",),
                ladder=(
                    Rung(1, "notice"),
                    Rung(2, "hidden", lifted_by="tutor"),
                    Rung(3, "hidden", Calendar(days=7)),
                    Rung(4, "locked", lifted_by="operator"),
                ),
            ),
            Counter(
                "missed_attendance",
                ladder=(
                    Rung(1, "hidden", lifted_by="tutor"),
                    Rung(2, "hidden", Calendar(days=7)),
                    Rung(3, "hidden", month),
                    Rung(3, "requests_blocked", month),
                    Rung(3, "wallet_frozen", month),
                    Rung(3, "review"),
                ),
            ),
        )
    )


@pytest.mark.parametrize(
    ("cells", "counter"),
    [
        ("", Counter("late")),
        ('marks = ["no_show", "late"]', Counter("late", (("no_show", 1), ("late", 1)))),
        ("marks = { no_show = 3, late = 1 }", Counter("late", (("no_show", 3), ("late", 1)))),
        ('zone = "Europe/Berlin"', Counter("late", zone="Europe/Berlin")),
        ('bundle = { by = "day" }', Counter("late", bundle=1)),
        ('bundle = { by = "day", zone = "Asia/Tokyo", counts = 3 }', Counter("late", zone="Asia/Tokyo", bundle=3)),
        ('zone = "Asia/Tokyo"\nbundle = { by = "day" }', Counter("late", zone="Asia/Tokyo", bundle=1)),
        (
            'zone = "Asia/Tokyo"\nbundle = { by = "day", zone = "Asia/Tokyo" }',
            Counter("late", zone="Asia/Tokyo", bundle=1),
        ),
        ('within = "90d"', Counter("late", within=Calendar(days=90))),
        ('within = "48h"', Counter("late", within=Exact(hours=48))),
        ('broken_by = ["taught"]', Counter("late", broken_by=("taught",))),
        ('decay = { every = "30d" }', Counter("late", decay=Decay(1, Calendar(days=30)))),
        ('decay = { points = 2, every = "1mo" }', Counter("late", decay=Decay(2, Calendar(months=1)))),
        ('dismiss = ["ill"]\nrecord = ["no answer"]', Counter("late", dismiss=("ill",), record=("no answer",))),
        ('handled_by = ["admin"]', Counter("late", handled_by=("admin",))),
        (
            'ladder = [{ at = 2, effect = "hidden", for = "7d", lifted_by = "tutor" }]',
            Counter("late", ladder=(Rung(2, "hidden", Calendar(days=7), "tutor"),)),
        ),
    ],
)
def test_the_cells_of_a_counter(cells: str, counter: Counter) -> None:
    """What is not written has its default."""
    assert rules(f"[standing.late]\n{cells}") == AccountRules((counter,))


@pytest.mark.parametrize(
    ("cells", "payout"),
    [
        ("", None),
        ('clears_after = "48h"', None),
        ('apply = "month_before"', PayoutRules("month_before")),
        ('minimum = "30.0"', PayoutRules(minimum=300)),
        ('fee = "0.5"\nreturned_fee = "kept"', PayoutRules(fee=5, returned_fee="kept")),
        ('clears_after = "48h"\nspendable = true', PayoutRules(spendable=True)),
        ("spendable = false", PayoutRules()),
    ],
)
def test_the_cells_of_payouts(cells: str, payout: PayoutRules | None) -> None:
    """Clearing alone is no rule about payouts: it is about lessons, and read there."""
    assert rules(f"[payout]\n{cells}") == AccountRules(payout=payout)


def test_without_sections_there_are_no_rules() -> None:
    """The value that stands for none."""
    assert rules("") is NO_RULES
    assert rules("[standing]") is NO_RULES


@pytest.mark.parametrize(
    ("cells", "mistake"),
    [
        ("marks = []", "standing.late.marks: expected at least one mark"),
        ("marks = {}", "standing.late.marks: expected at least one mark"),
        ('marks = "late"', "standing.late.marks: is 'late'; expected a list"),
        ('marks = ["Late"]', "standing.late.marks[0]: is 'Late'; expected a mark"),
        ("marks = { late = 0 }", "standing.late.marks.late: is 0; expected a whole number from 1"),
        ('marks = { "no show" = 1 }', "standing.late.marks.'no show': is 'no show'; expected a mark"),
        ("zone = 1", "standing.late.zone: is 1; expected a text in quotes"),
        ('zone = ""', "standing.late.zone: unknown time zone ''"),
        ('zone = "Mars/Olympus"', "standing.late.zone: unknown time zone 'Mars/Olympus'"),
        ('bundle = { by = "week" }', "standing.late.bundle.by: is 'week'; expected one of 'day'"),
        ("bundle = {}", "standing.late.bundle.by: is missing"),
        ('bundle = { by = "day", counts = 0 }', "standing.late.bundle.counts: is 0; expected a whole number from 1"),
        ('bundle = { by = "day", zone = "Mars" }', "standing.late.bundle.zone: unknown time zone 'Mars'"),
        ('bundle = { by = "day", most = 1 }', "standing.late.bundle.most: unknown key"),
        (
            'zone = "Asia/Tokyo"\nbundle = { by = "day", zone = "UTC" }',
            "standing.late.bundle.zone: is 'UTC', but the counter's zone is 'Asia/Tokyo'; write one",
        ),
        ('within = "0d"', "standing.late.within: time is '0d'; expected a time such as 7d, 3mo or 48h"),
        ('within = "1/3 lesson"', "standing.late.within: time is '1/3 lesson'; expected a time such as"),
        ('within = "2 business days"', "standing.late.within"),
        ('broken_by = ["late"]', "standing.late: broken_by is 'late'; expected marks that are not counted themselves"),
        ('broken_by = ["Taught"]', "standing.late.broken_by[0]: is 'Taught'; expected a mark"),
        ("decay = { points = 1 }", "standing.late.decay.every: is missing"),
        ('decay = { points = 0, every = "1d" }', "standing.late.decay.points: is 0; expected a whole number from 1"),
        ('decay = { every = "1d", from = "x" }', "standing.late.decay.from: unknown key"),
        ('dismiss = ["ill", "ill"]', "standing.late: dismiss is 'ill'; expected words, each of them once"),
        ('handled_by = ["tutor"]', "standing.late.handled_by[0]: is 'tutor'; expected one of 'operator', 'admin'"),
        ("handled_by = []", "standing.late.handled_by: expected at least one role"),
        ('ladder = [{ effect = "notice" }]', "standing.late.ladder[0].at: is missing"),
        ('ladder = [{ at = 1, effect = "fine" }]', "standing.late.ladder[0].effect: is 'fine'; expected one of"),
        ('ladder = [{ at = 1, effect = "hidden" }]', "standing.late.ladder[0]: effect is 'hidden'; expected how it"),
        ('ladder = [{ at = 1, effect = "hidden", for = "7x" }]', "standing.late.ladder[0].for"),
        ('ladder = [{ at = 1, effect = "notice", until = "7d" }]', "standing.late.ladder[0].until: unknown key"),
        ('ladders = [{ at = 1, effect = "notice" }]', "standing.late.ladders: unknown key"),
    ],
)
def test_what_is_wrong_with_a_counter_is_shown_at_its_place(cells: str, mistake: str) -> None:
    """One mistake each, and no stand-in is complained about."""
    _, mistakes = read(f"[standing.late]\n{cells}")

    assert len(mistakes) == 1
    assert mistake in mistakes[0]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ('[standing."Late!"]', "'Late!' names no counter; expected a short word of small letters"),
        ("[standing]\nlate = 1", "standing.late: is 1; expected a table"),
        ("standing = 1", "standing: is 1; expected a table"),
        ('[payout]\napply = "weekly"', "payout.apply: is 'weekly'; expected one of 'month_before'"),
        ('[payout]\nminimum = "-1"', "payout.minimum: is '-1'; expected an amount not below zero"),
        ('[payout]\nminimum = "1.25"', "payout.minimum: amount is '1.25'; expected at most 1 decimals"),
        ("[payout]\nfee = 0.5", "payout.fee: is 0.5; expected an amount in quotes"),
        ('[payout]\nreturned_fee = "lost"', "payout.returned_fee: is 'lost'; expected one of 'kept', 'refunded'"),
        ("[payout]\nspendable = 1", "payout.spendable: is 1; expected true or false"),
        ("[payout]\nclear_after = 1", "payout.clear_after: unknown key; did you mean 'clears_after'?"),
    ],
)
def test_what_is_wrong_with_the_sections_is_shown_at_its_place(text: str, mistake: str) -> None:
    """One mistake each."""
    _, mistakes = read(text)

    assert len(mistakes) == 1
    assert mistake in mistakes[0]


def test_all_mistakes_come_to_light_at_once() -> None:
    """In several counters, and in the payouts."""
    _, mistakes = read(
        '[standing.a]\nwithin = "x"\n[standing.b]\nmarks = []\nzone = 1\n[payout]\nfee = -1\nspendable = 0'
    )

    assert len(mistakes) == 5


def test_amounts_wait_for_a_unit() -> None:
    """Where the unit is wrong, that is the mistake; nobody is told about decimals."""
    found, mistakes = read('[payout]\nminimum = "1.23456"', None)

    assert mistakes == []
    assert found == AccountRules(payout=PayoutRules())


def test_rules_are_written_as_an_integrator_would() -> None:
    """What is at its default is left out, except for payouts, whose section says that there are any."""
    found = AccountRules(
        (Counter("late"), Counter("missed", bundle=1, ladder=(Rung(1, "hidden", Calendar(days=7), "tutor"),))),
        PayoutRules(minimum=300),
    )

    assert dump_account(found, ITC) == {
        "payout": {"minimum": "30.0", "fee": "0.0", "returned_fee": "refunded", "spendable": False},
        "standing.late": {},
        "standing.missed": {
            "bundle": {"by": "day", "zone": "UTC", "counts": 1},
            "ladder": [{"at": 1, "effect": "hidden", "for": "7d", "lifted_by": "tutor"}],
        },
    }
    assert dump_account(NO_RULES, ITC) == {}


SPANS: st.SearchStrategy[Span] = st.one_of(
    st.builds(Exact, hours=st.integers(0, 99), minutes=st.integers(1, 99)),
    st.builds(Calendar, months=st.integers(0, 9), weeks=st.integers(0, 9), days=st.integers(1, 99)),
)
NAMES = ("late", "no_show", "missed_request", "taught", "ill", "x9")
WORDS = st.sampled_from(NAMES)
LAPSES = st.sampled_from([name for name in NAMES if name != "taught"])
REASONS = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1), unique=True)


@st.composite
def rungs(draw: st.DrawFn) -> Rung:
    """Any rung."""
    at, effect, lasts = draw(st.integers(1, 9)), draw(st.sampled_from(RUNG_EFFECTS)), draw(SPANS)
    if effect not in RESTRICTIONS:
        return Rung(at, effect)
    lifter = draw(st.sampled_from((None, *LIFTERS)))
    if lifter is None or (lifter == "tutor" and effect not in SHOWABLE):
        return Rung(at, effect, lasts)
    return Rung(at, effect, lasts if lifter == "tutor" and draw(st.booleans()) else None, lifter)


@st.composite
def counters(draw: st.DrawFn) -> tuple[Counter, ...]:
    """Any counters, of different names."""
    found: list[Counter] = []
    for name in draw(st.lists(LAPSES, unique=True, max_size=3)):
        marks = draw(st.dictionaries(LAPSES, st.integers(1, 5), min_size=1))
        free = sorted(set(NAMES) - set(marks))
        broken_by = draw(st.lists(st.sampled_from(free), unique=True)) if free else []
        found.append(
            Counter(
                name,
                tuple(marks.items()),
                draw(st.sampled_from(["UTC", "Asia/Tokyo", "America/Sao_Paulo"])),
                draw(st.none() | st.integers(1, 3)),
                draw(st.none() | SPANS),
                tuple(broken_by),
                draw(st.none() | st.builds(Decay, st.integers(1, 5), SPANS)),
                tuple(draw(REASONS)),
                tuple(draw(REASONS)),
                tuple(draw(st.lists(st.sampled_from(GRANTED_ROLES), min_size=1, unique=True))),
                tuple(draw(st.lists(rungs(), max_size=3))),
            )
        )
    return tuple(found)


RULES = st.builds(
    AccountRules,
    counters(),
    st.none()
    | st.builds(
        PayoutRules,
        st.none() | st.sampled_from(APPLY),
        st.integers(0, 10**9),
        st.integers(0, 10**9),
        st.sampled_from(RETURNED_FEES),
        st.booleans(),
    ),
)


@given(RULES, st.integers(0, 8))
def test_what_is_written_reads_back_equal(found: AccountRules, decimals: int) -> None:
    """Any rules, in any unit."""
    unit = Unit("ANY", decimals)

    again, mistakes = read(toml(dump_account(found, unit)), unit)

    assert mistakes == []
    assert again == found
