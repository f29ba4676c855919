"""The explicit form: what each cell of a table is read as, written as, and refused as."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tutorcore.errors import Mistake, Mistakes
from tutorcore.policy import (
    AsGiven,
    Case,
    Effects,
    FeeRate,
    Move,
    Process,
    Reminder,
    Settlement,
    content_hash,
    dump_process,
    load_policy,
    load_process,
    parse_guard,
)
from tutorcore.policy.parsing import parse_reminder

TABLE = """\
id       = "table"
extends  = "process/1"
currency = "EUR"

[[opening]]
verb     = "ask"
by       = ["student"]
to       = "agreed"
when     = "notice >= 24h"
terms    = "propose"
hold     = "cover"
bookable = true

[[opening]]
verb  = "ask"
by    = ["student"]
to    = "asked_for"
terms = "propose"
hold  = "cover"

[fees]
slab_on = "price"
rates   = [{ below = "100", rate = "10%" }, { rate = "20%" }]

[state.asked_for]
slot     = "tentative"
reminder = { at = "deadline - 2h", to = ["tutor"] }
timeout  = { at = "lesson.start", to = "done", settle = { student = "rest" } }

[state.asked_for.on.accept]
by       = ["tutor"]
to       = "agreed"
terms    = "accept"
hold     = "exact"
bookable = true
notify   = ["tutor"]

[state.agreed]
slot    = "firm"
agreed  = true
meeting = true
timeout = { at = "lesson.end", to = "done", settle = { tutor = "rest" } }

[[state.agreed.reminder]]
at = "lesson.start - 1h"
to = ["student", "tutor"]

[[state.agreed.reminder]]
at = "lesson.end - 5m"
to = ["tutor"]

[state.agreed.on.join]
by      = ["student", "tutor", "system"]
to      = "stay"
when    = "now >= lesson.start - 10m"
records = "joined"

[state.agreed.on.leave]
by      = ["tutor"]
to      = "stay"
records = "left"

[state.agreed.on.link]
by      = ["system"]
to      = "stay"
needs   = ["details"]
records = "meeting"

[state.agreed.on.rule]
by     = ["operator"]
to     = "done"
needs  = ["reason", "split"]
settle = "as_given"

[state.agreed.on.halve]
by    = ["operator"]
to    = "done"
cases = [
  { when = 'blamed == "tutor"', settle = { choices = [{ student = "100%" }, "50%"] }, mark = "away", fault = "tutor" },
  { settle = { choices = ["50%", { tutor = "1h", student = "rest" }] } },
]

[state.done]
over  = true
taught = true

[state.done.on.review]
by      = ["student"]
to      = "stay"
until   = "lesson.end + 336h"
records = "reviewed"
blind   = true
"""


def edited(*edits: tuple[str, str]) -> str:
    """Return the table with each edit made at its one place."""
    text = TABLE
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def rows(process: Process, state: str) -> dict[str, Move]:
    """Return the moves of a state by verb."""
    return {move.verb: move for move in process.state(state).moves}


def given(*choices: dict[str, str]) -> AsGiven:
    """Return the cell that leaves these splits to the command."""
    return AsGiven(tuple(Settlement.of(each) for each in choices))


HALF = {"tutor": "50%", "student": "rest"}

READ: list[tuple[Callable[[Process], Any], Any]] = [
    (lambda table: table.verb_of_opening, "ask"),
    (
        lambda table: [(each.to, each.effects.bookable) for each in table.openings],
        [("agreed", True), ("asked_for", False)],
    ),
    (lambda table: str(table.openings[0].when), "notice >= 24h"),
    (lambda table: (table.settles, table.fees.slab_on), ("held", "price")),
    (lambda table: table.fees.rates, (FeeRate("10%", 10_000), FeeRate("20%"))),
    (lambda table: table.state("asked_for").reminders, (Reminder(parse_reminder("deadline - 2h"), ("tutor",)),)),
    (lambda table: [each.to for each in table.state("agreed").reminders], [("student", "tutor"), ("tutor",)]),
    (
        lambda table: [str(each.at) for each in table.state("agreed").reminders],
        ["lesson.start - 1h", "lesson.end - 5m"],
    ),
    (lambda table: [state.name for state in table.states if state.meeting], ["agreed"]),
    (lambda table: [state.name for state in table.states if state.agreed], ["agreed"]),
    (lambda table: [state.name for state in table.states if state.taught], ["done"]),
    (
        lambda table: rows(table, "asked_for")["accept"].effects,
        Effects("accept", hold="exact", notify=("tutor",), bookable=True),
    ),
    (lambda table: rows(table, "agreed")["join"].effects, Effects(records="joined")),
    (lambda table: rows(table, "agreed")["leave"].effects, Effects(records="left")),
    (lambda table: rows(table, "agreed")["link"].effects, Effects(records="meeting")),
    (lambda table: rows(table, "agreed")["link"].needs, ("details",)),
    (lambda table: rows(table, "agreed")["rule"].needs, ("reason", "split")),
    (lambda table: rows(table, "agreed")["rule"].effects.cases, (Case(AsGiven()),)),
    (
        lambda table: rows(table, "agreed")["halve"].effects.cases,
        (
            Case(given({"student": "100%"}, HALF), parse_guard('blamed == "tutor"'), "away", "tutor"),
            Case(given(HALF, {"tutor": "1h", "student": "rest"})),
        ),
    ),
    (lambda table: rows(table, "done")["review"].effects, Effects(records="reviewed", blind=True)),
]


@pytest.mark.parametrize(("cell", "expected"), READ)
def test_a_cell_is_read_as_what_it_says(cell: Callable[[Process], Any], expected: object) -> None:
    """Each cell of the file arrives in the process, and is still there after writing and reading it again."""
    process = load_policy(TABLE)

    assert cell(process) == expected
    assert cell(load_process(dump_process(process))) == expected


@pytest.mark.parametrize(
    "edits",
    [
        [],
        # The other way to hold, and to divide what is held.
        [('slab_on = "price"', 'slab_on = "share"')],
        [('settle = "as_given"', 'settle = { choices = ["1/3", { platform = "10%", tutor = "rest" }] }')],
        [('currency = "EUR"', 'currency = "ITC"\nunit = { decimals = 1, peg = "10 ITC = 1 USD" }\nzone = "tutor"')],
    ],
)
def test_a_table_is_written_as_it_is_read(edits: list[tuple[str, str]]) -> None:
    """What is read, written and read again is equal, as a value, as a text and in its hash."""
    process = load_policy(edited(*edits))

    text = dump_process(process)

    assert load_process(text) == process
    assert dump_process(load_process(text)) == text
    assert content_hash(load_process(text)) == content_hash(process)


def test_a_policy_that_settles_what_is_due_says_so() -> None:
    """`settles = "due"` is written only where it is not the usual."""
    nothing_held = edited(
        ('to    = "asked_for"\nterms = "propose"\nhold  = "cover"', 'to    = "asked_for"\nterms = "propose"'),
        ('terms    = "propose"\nhold     = "cover"', 'terms    = "propose"'),
        ('hold     = "exact"\n', ""),
    )

    due = load_policy('settles = "due"\n' + nothing_held)

    assert (due.settles, load_policy(nothing_held).settles) == ("due", "held")
    assert '\nsettles = "due"\n' in dump_process(due)
    assert "settles" not in dump_process(load_policy(nothing_held))
    assert load_process(dump_process(due)) == due


def test_new_cells_are_written_as_a_person_would() -> None:
    """What a state or a row does not have is left out; several openings are a list, one is a table."""
    text = dump_process(load_policy(TABLE))

    for part in (
        '\n[[opening]]\nverb = "ask"\nby = ["student"]\nto = "agreed"\nwhen = "notice >= 24h"\n'
        'terms = "propose"\nhold = "cover"\nbookable = true\n',
        '\n[state.agreed]\nslot = "firm"\nagreed = true\nmeeting = true\n',
        '\n[[state.agreed.reminder]]\nat = "lesson.end - 5m"\nto = ["tutor"]\n',
        "\n[state.done]\nover = true\ntaught = true\n",
        '\nto = "stay"\nuntil = "lesson.end + 336h"\nrecords = "reviewed"\nblind = true\n',
        '\nneeds = ["reason", "split"]\nsettle = "as_given"\n',
        '  { settle = { choices = [{ tutor = "50%", student = "rest" }, { tutor = "1h", student = "rest" }] } },\n',
    ):
        assert part in text
    second = (
        '[[opening]]\nverb  = "ask"\nby    = ["student"]\nto    = "asked_for"\nterms = "propose"\nhold  = "cover"\n'
    )
    assert "\n[opening]\n" in dump_process(load_policy(edited((second, ""))))


MISTAKES = [
    ([('id       = "table"', 'id = "table"\nsettels = "due"')], "settels", "unknown key", "settels", "settles"),
    (
        [('verb  = "ask"', 'verb  = "book"')],
        "opening",
        "a lesson is asked for by one verb, not by ask, book",
        "[[opening]]",
        None,
    ),
    ([('when     = "notice >= 24h"\n', "")], "opening[1]", "never decides", "[[opening]]", None),
    ([('to    = "asked_for"', 'to    = "asked"')], "opening[1].to", "unknown state 'asked'", '"asked"', "asked_for"),
    ([("meeting = true", "meeting = 1")], "state.agreed.meeting", "true or false", "1", None),
    (
        [("taught = true", "taught = true\nmeeting = true")],
        "state.done.meeting",
        "a lesson that is over has no meeting",
        "true",
        None,
    ),
    ([("agreed  = true", "taught  = true")], "state.agreed.taught", "a lesson is taught once it is over", "true", None),
    (
        [('reminder = { at = "deadline - 2h"', 'reminder = { at = "dedline - 2h"')],
        "state.asked_for.reminder.at",
        "unknown name 'dedline'",
        "dedline",
        "deadline",
    ),
    (
        [('reminder = { at = "deadline - 2h"', 'reminder = { at = "proposed.start"')],
        "state.asked_for.reminder.at",
        "proposed.* means something only",
        '"proposed.start"',
        None,
    ),
    (
        [('at = "lesson.end - 5m"\nto = ["tutor"]', 'at = "lesson.end - 5m"\nto = []')],
        "state.agreed.reminder[1].to",
        "nobody is reminded",
        "[]",
        None,
    ),
    (
        [('at = "lesson.end - 5m"\nto = ["tutor"]', 'at = "lesson.end - 5m"\nto = ["admin"]')],
        "state.agreed.reminder[1].to",
        "'admin' is nobody of the lesson",
        '["admin"]',
        None,
    ),
    (
        [('at = "lesson.end - 5m"\nto = ["tutor"]', 'at = "lesson.end - 5m"\nto = ["tutor"]\nby = 1')],
        "state.agreed.reminder[1].by",
        "unknown key",
        "by",
        None,
    ),
    (
        [('records = "left"', 'records = "gone"')],
        "state.agreed.on.leave.records",
        "expected one of 'joined', 'left', 'reviewed', 'meeting'",
        '"gone"',
        "joined",
    ),
    (
        [('records = "left"', 'records = "left"\nblind = true')],
        "state.agreed.on.leave.blind",
        "only reviews are shown together",
        "true",
        None,
    ),
    (
        [('records = "left"', 'records = "left"\nbookable = true')],
        "state.agreed.on.leave.bookable",
        "only a time that is proposed or accepted",
        "true",
        None,
    ),
    ([('until   = "lesson.end + 336h"\n', "")], "state.done.on.review.blind", "needs until", "true", None),
    (
        [('needs   = ["details"]\n', "")],
        "state.agreed.on.link.records",
        'by = ["system"], needs = ["details"]',
        '"meeting"',
        None,
    ),
    (
        [('settle = "as_given"', 'settle = { student = "100%" }')],
        "state.agreed.on.rule.needs",
        'a split is needed where settle is "as_given"',
        '["reason", "split"]',
        None,
    ),
    (
        [('settle = "as_given"', 'settle = "given"')],
        "state.agreed.on.rule.settle",
        "expected shares such as",
        '"given"',
        "as_given",
    ),
    (
        [('{ student = "100%" }, "50%"', '{ studnt = "100%" }, "50%"')],
        "state.agreed.on.halve.cases[0].settle.choices[0].studnt",
        "'studnt' gets no share",
        '"100%"',
        "student",
    ),
    (
        [('{ student = "100%" }, "50%"', '"50%", "1/2"')],
        "state.agreed.on.halve.cases[0].settle.choices",
        "each split once",
        '["50%", "1/2"]',
        None,
    ),
    (
        [
            (
                '  { settle = { choices = ["50%", { tutor = "1h", student = "rest" }] } },',
                '  { settle = { tutor = "rest" } },',
            )
        ],
        "state.agreed.on.halve.cases[1].settle",
        "in every case of a move, or in none",
        '{ tutor = "rest" }',
        None,
    ),
    (
        [
            (
                'timeout  = { at = "lesson.start", to = "done", settle = { student = "rest" } }',
                'timeout  = { at = "lesson.start", to = "done", settle = "as_given" }',
            )
        ],
        "state.asked_for.timeout.settle",
        "the split is said by the command in every case of a move",
        '"as_given"',
        None,
    ),
    (
        [("now >= lesson.start - 10m", "joined(payer) < now"), ('"tutor", "system"]', '"tutor"]')],
        "state.agreed.on.join.when",
        "nothing in this table records joined(payer)",
        '"joined(payer) < now"',
        None,
    ),
]


@pytest.mark.parametrize(("edits", "path", "said", "marked", "suggestion"), MISTAKES)
def test_a_mistake_of_a_cell_is_shown_at_its_word(
    edits: list[tuple[str, str]],
    path: str,
    said: str,
    marked: str,
    suggestion: str | None,
) -> None:
    """One thing wrong gives one mistake there: the path, what is wrong, the word itself, and the nearest right one."""
    with pytest.raises(Mistakes) as caught:
        load_policy(edited(*edits), "mine.toml")

    found = [each for each in caught.value.exceptions if isinstance(each, Mistake)]
    those = [each for each in found if each.path == path and said in str(each)]
    assert len(those) == 1, [str(each) for each in found]
    assert those[0].suggestion == suggestion
    line, carets = those[0].excerpt.split("\n")
    assert line[carets.index("^") : len(carets)] == marked
