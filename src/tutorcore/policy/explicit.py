"""The explicit form of a policy, `process/1`: the table itself as TOML, read and written.

What `tutorcore policy show --compiled` prints is this form; edited, it can be loaded again. `dump_process` writes one
canonical text for a process, so that equal processes have equal texts and a hash of the text names the process.

    [state.requested]
    waits_for = "tutor"
    slot = "tentative"

    [state.requested.on.accept]            # or [[state.requested.on.accept]] where there are several, tried in order
    by = ["tutor"]
    to = "agreed"
    terms = "accept"
    hold = "exact"

    [[state.requested.timeout]]
    at = "earliest(asked + 48h, lesson.start)"
    to = "expired"
    fault = "holder"
    settle = { student = "rest" }

The sections about accounts (`[standing.*]`, and how `[payout]` pays out) stand beside the table as in a profile.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

import attrs

from tutorcore.documents.reader import Table
from tutorcore.policy.account_sections import dump_account, read_account
from tutorcore.policy.cells import Cells, fees_cells
from tutorcore.policy.process import (
    BLAMED,
    FAULTS,
    FIELDS,
    HOLD_EFFECTS,
    IF_PAST,
    NEEDS,
    RECORDED,
    REMEDIES,
    SETTLES,
    SLOTS,
    TERMS_EFFECTS,
    Case,
    Effects,
    Move,
    Process,
    Reminder,
    Row,
    State,
    Timeout,
)
from tutorcore.policy.roles import ROLES


def read_process(cells: Cells, root: Table) -> Process | None:
    """Return the process that the table describes, or None after noting what is wrong with it."""
    id, version, unit, zone = cells.heading(root)
    fees, clears_after = cells.fees(root, unit), cells.clears_after(root)
    account = read_account(root, unit)
    settles = root.one_of("settles", SETTLES, SETTLES[0])
    openings = cells.one_or_more(root, "opening")
    states = root.table("state")
    if not openings:
        root.mistake(None, "the opening move is missing; expected a table [opening] with verb, by and to")
    if states is None:
        root.mistake(None, "there are no states; expected tables such as [state.requested]")
    if not openings or states is None or unit is None:
        return None
    moves = tuple(_move(cells, opening, opening.text("verb")) for opening in openings)
    read = tuple(_state(cells, table, name) for name in states.mapping if (table := states.table(name)) is not None)
    return Process(
        id,
        version,
        unit,
        moves,
        read,
        zone=zone,
        fees=fees,
        clears_after=clears_after,
        settles=settles,
        account=account,
    )


def _state(cells: Cells, table: Table, name: str) -> State:
    moves: list[Move] = []
    on = table.table("on")
    if on is not None:
        for verb in on.mapping:
            moves += [_move(cells, row, verb) for row in cells.one_or_more(on, verb)]
    timeouts = tuple(_timeout(cells, row) for row in cells.one_or_more(table, "timeout"))
    state = State(
        name,
        table.one_of("waits_for", ROLES, None),
        table.one_of("slot", SLOTS, "none"),
        table.boolean("over", False),
        table.boolean("beside", False),
        tuple(moves),
        timeouts,
        table.boolean("agreed", False),
        table.boolean("meeting", False),
        table.boolean("taught", False),
        tuple(_reminder(cells, row) for row in cells.one_or_more(table, "reminder")),
        table.boolean("problem", False),
        table.boolean("yields", False),
    )
    table.finish()
    return state


def _reminder(cells: Cells, table: Table) -> Reminder:
    reminder = Reminder(cells.reminder_time(table, "at"), table.some_of("to", ROLES))
    table.finish()
    return reminder


def _move(cells: Cells, table: Table, verb: str) -> Move:
    move = Move(
        verb,
        table.some_of("by", ROLES),
        table.text("to"),
        cells.guard(table, "when"),
        cells.time(table, "until"),
        table.some_of("needs", NEEDS, ()),
        _effects(cells, table, blames=True),
    )
    table.finish()
    return move


def _timeout(cells: Cells, table: Table) -> Timeout:
    timeout = Timeout(
        cells.required_time(table, "at"),
        table.text("to"),
        table.one_of("fault", FAULTS, "none"),
        table.one_of("if_past", IF_PAST, "forbid"),
        _effects(cells, table, blames=False),  # The fault of a timeout is its own; that of one case stands there.
    )
    table.finish()
    return timeout


def _effects(cells: Cells, table: Table, *, blames: bool) -> Effects:
    return Effects(
        table.one_of("terms", TERMS_EFFECTS, None),
        table.some_of("may_change", FIELDS, FIELDS),
        table.one_of("hold", HOLD_EFFECTS, None),
        _cases(cells, table, blames),
        table.some_of("notify", ROLES, ()),
        table.boolean("bookable", False),
        table.one_of("records", RECORDED, None),
        table.boolean("blind", False),
        table.some_of("remedies", REMEDIES, ()),
        table.boolean("agrees", False),
        table.boolean("refunds", False),
    )


def _cases(cells: Cells, table: Table, blames: bool) -> tuple[Case, ...]:
    written = table.tables("cases")
    single = _case(cells, table, blames)
    if not written:
        return () if single == Case() else (single,)
    if single != Case():
        table.mistake("cases", "a row has either cases, or one settle, mark and fault of its own")
    cases: list[Case] = []
    for each in written:
        case = _case(cells, each, True)
        cases.append(attrs.evolve(case, when=cells.guard(each, "when")))
        each.finish()
    return tuple(cases)


def _case(cells: Cells, table: Table, blames: bool) -> Case:
    fault = table.one_of("fault", BLAMED, None) if blames else None
    return Case(cells.settlement(table, "settle", None), mark=table.text("mark", None), fault=fault)


def dump_process(process: Process) -> str:
    """Return the canonical text of a process; reading it gives an equal process."""
    return "\n".join(_lines(process)) + "\n"


def _lines(process: Process) -> Iterator[str]:
    unit = process.unit
    yield from _pairs(
        schema=1, id=process.id, version=process.version, extends="process/1", zone=process.zone, currency=unit.code
    )
    yield from _pairs(settles=None if process.settles == "held" else process.settles)
    peg = None if unit.peg is None else f"{unit.peg[0]} {unit.code} = 1 {unit.peg[1]}"
    yield from ("", "[unit]", *_pairs(decimals=unit.exponent, peg=peg))
    yield from ("", "[fees]", *_pairs(**fees_cells(process.fees, unit)))
    account = dump_account(process.account, unit)
    yield from ("", "[payout]", *_pairs(clears_after=process.clears_after, **account.pop("payout", {})))
    for section, cells in account.items():
        yield from ("", f"[{section}]", *_pairs(**cells))
    heading = "[opening]" if len(process.openings) == 1 else "[[opening]]"
    for opening in process.openings:
        yield from ("", heading, *_pairs(verb=opening.verb), *_row(opening))
    for state in process.states:
        yield from _state_lines(state)


def _state_lines(state: State) -> Iterator[str]:
    name = f"state.{state.name}"
    yield from ("", f"[{name}]")
    yield from _pairs(
        waits_for=state.waits_for,
        slot=None if state.slot == "none" else state.slot,
        over=state.over or None,
        beside=state.beside or None,
        agreed=state.agreed or None,
        meeting=state.meeting or None,
        taught=state.taught or None,
        problem=state.problem or None,
        yields=state.yields or None,
    )
    for reminder in state.reminders:
        yield from ("", f"[[{name}.reminder]]", *_pairs(at=reminder.at, to=reminder.to))
    for row in state.rows:
        key = f"{name}.on.{row.verb}" if isinstance(row, Move) else f"{name}.timeout"
        yield from ("", f"[[{key}]]", *_row(row))


def _row(row: Row) -> Iterator[str]:
    if isinstance(row, Move):
        yield from _pairs(by=row.by, to=row.to, when=row.when, until=row.until, needs=row.needs or None)
    else:
        fault = None if row.fault == "none" else row.fault
        yield from _pairs(at=row.at, to=row.to, fault=fault, if_past=None if row.if_past == "forbid" else row.if_past)
    effects = row.effects
    may_change = None if effects.may_change == FIELDS else effects.may_change
    yield from _pairs(terms=effects.terms, may_change=may_change, hold=effects.hold)
    if len(effects.cases) == 1 and _stands_alone(effects.cases[0], row):
        yield from _pairs(**_case_cells(effects.cases[0]))
    elif effects.cases:
        yield "cases = ["
        for case in effects.cases:
            cells = ", ".join(_pairs(when=case.when, **_case_cells(case)))
            yield f"  {{ {cells} }},"
        yield "]"
    yield from _pairs(
        notify=effects.notify or None,
        bookable=effects.bookable or None,
        records=effects.records,
        blind=effects.blind or None,
        remedies=effects.remedies or None,
        agrees=effects.agrees or None,
        refunds=effects.refunds or None,
    )


def _stands_alone(case: Case, row: Row) -> bool:
    """Whether a case can be written as cells of its row: the `fault` of a timeout is the row's own."""
    return case.when is None and (case.fault is None or isinstance(row, Move))


def _case_cells(case: Case) -> dict[str, object]:
    return {"settle": None if case.settle is None else case.settle.as_texts(), "mark": case.mark, "fault": case.fault}


def _pairs(**cells: object) -> Iterator[str]:
    for key, value in cells.items():
        if value is not None:
            yield f"{key} = {_toml(value)}"


def _toml(value: object) -> str:
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return json.dumps(str(value), ensure_ascii=False)  # A JSON string is a TOML basic string.
