"""Reading the sections of a profile: from the tables of a policy file to a `Profile`."""

from __future__ import annotations

import attrs

from tutorcore.documents.reader import Table
from tutorcore.policy.cells import Cells
from tutorcore.policy.expressions import Time
from tutorcore.policy.process import FAULTS, FIELDS, NEEDS, SLOTS, Fault
from tutorcore.policy.profile import (
    ALL_BACK,
    ANSWERS,
    GOING_ON,
    HOLDS,
    Cancel,
    Complete,
    Counter,
    Ending,
    Override,
    Profile,
    Request,
    Rescheduling,
)
from tutorcore.policy.roles import BOUND_ROLES, ROLES, Role
from tutorcore.policy.settlement import Settlement
from tutorcore.policy.words import lesson

_TO_THE_TUTOR = Settlement((("tutor", None),))


def read_profile(cells: Cells, root: Table) -> Profile | None:
    """Return the profile that the tables describe, or None after noting what is wrong with it."""
    id, version, unit, zone = cells.heading(root)
    fees, clears_after = cells.fees(root), cells.clears_after(root)
    request, complete = _section(root, "request"), _section(root, "complete")
    change = root.table("change")
    cancel = root.table("cancel")
    cases = () if cancel is None else cancel.tables("cases")
    found_request = None if request is None else _request(cells, request)
    found_complete = None if complete is None else _complete(cells, complete)
    found_change = None if change is None else _change(cells, change, found_request)
    found_cancel = tuple(_cancel(cells, case) for case in cases)
    if cancel is not None:
        cancel.finish()
    if found_request is None or found_complete is None or unit is None:
        return None
    return Profile(
        id,
        version,
        unit,
        found_request,
        found_complete,
        zone=zone,
        change=found_change,
        cancel=found_cancel,
        fees=fees,
        clears_after=clears_after,
    )


def _section(root: Table, name: str) -> Table | None:
    if name not in root:
        root.value(name)
        root.mistake(None, f"the section [{name}] is missing")
        return None
    return root.table(name)


def _request(cells: Cells, table: Table) -> Request:
    counter = table.table("propose")
    request = Request(
        by=table.some_of("by", ROLES),
        answer_by=cells.required_time(table, "answer_by"),
        silence=_silence(cells, table),
        answered_by=table.some_of("answered_by", ROLES, ("tutor",)),
        answers=table.some_of("answers", ANSWERS, ("accept", "decline")),
        when=cells.guard(table, "when"),
        hold=table.one_of("hold", HOLDS, "when_asked"),
        slot=table.one_of("slot", SLOTS, "tentative"),
        decline=_decline(cells, table),
        withdraw=_withdraw(cells, table),
        propose=None if counter is None else _counter(cells, counter),
    )
    _somebody(table, "by")
    _somebody(table, "answered_by")
    if counter is None and "propose" in request.answers:
        table.mistake("answers", "'propose' needs a section [request.propose] that says who answers until when")
    table.finish()
    return request


def _somebody(table: Table, key: str) -> None:
    """Note a list of roles that is empty; one that is missing, or names no role at all, is noted already."""
    if table.value(key) == []:
        table.mistake(key, "names nobody; expected at least one role")


def _counter(cells: Cells, table: Table) -> Counter:
    counter = Counter(
        may_change=table.some_of("may_change", FIELDS, FIELDS),
        answer_by=cells.required_time(table, "answer_by"),
        silence=_silence(cells, table),
        answers=table.some_of("answers", ANSWERS, ("accept", "decline")),
    )
    table.finish()
    return counter


def _silence(cells: Cells, parent: Table) -> Ending:
    table = parent.table("silence")
    if table is None:
        return Ending("expired", fault="holder")
    ending = _ending(cells, table, "expired", "holder")
    table.finish()
    return ending


def _decline(cells: Cells, parent: Table) -> Ending:
    table = parent.table("decline")
    if table is None:
        return Ending("declined")
    ending = attrs.evolve(_ending(cells, table, "declined", "none"), needs=table.some_of("needs", NEEDS, ()))
    table.finish()
    return ending


def _withdraw(cells: Cells, parent: Table) -> Ending | None:
    table = parent.table("withdraw")
    if table is None:
        return None
    needs, by = table.some_of("needs", NEEDS, ()), table.some_of("by", ROLES, ())
    ending = attrs.evolve(_ending(cells, table, "withdrawn", "none"), needs=needs, by=by)
    table.finish()
    return ending


def _ending(cells: Cells, table: Table, becomes: str, fault: Fault) -> Ending:
    """What all endings say; who may and what it needs are for some of them only."""
    choices: tuple[Fault | Role, ...] = (*FAULTS, *BOUND_ROLES)
    return Ending(
        becomes=_becomes(table, becomes),
        settle=cells.settlement(table, "settle", ALL_BACK) or ALL_BACK,
        mark=table.text("mark", None),
        fault=table.one_of("fault", choices, fault),
    )


def _becomes(table: Table, default: str) -> str:
    """The state that an ending leads to: any name but those of the states in which a lesson goes on."""
    name = table.text("becomes", default)
    if name in GOING_ON:
        table.mistake(
            "becomes", f"{name!r} is where a lesson goes on; choose the name of an ending, such as {default!r}"
        )
    return name


def _change(cells: Cells, table: Table, request: Request | None) -> Rescheduling:
    override = table.table("override")
    change = Rescheduling(
        by=table.some_of("by", ROLES),
        may_change=table.some_of("may_change", FIELDS, FIELDS),
        answer_by=cells.required_time(table, "answer_by"),
        slot=table.one_of("slot", SLOTS, "tentative"),
        override=None if override is None else _override(override),
    )
    table.one_of("otherwise", ("original_stands",), "original_stands")
    _somebody(table, "by")
    written = table.value("by")
    for number, role in enumerate(written if request is not None and isinstance(written, list) else ()):
        if request is not None and role in change.by and role not in (*request.by, *request.answered_by):
            table.mistake(
                ("by", number), f"{role} neither asks nor answers; who may impose a change stands in override"
            )
    table.finish()
    return change


def _override(table: Table) -> Override:
    override = Override(table.some_of("by", ROLES), table.some_of("needs", NEEDS, ("reason",)))
    _somebody(table, "by")
    table.finish()
    return override


def _cancel(cells: Cells, table: Table) -> Cancel:
    cancel = Cancel(
        by=table.some_of("by", ROLES),
        when=cells.guard(table, "when"),
        settle=cells.settlement(table, "settle", ALL_BACK) or ALL_BACK,
        needs=table.some_of("needs", NEEDS, ()),
        mark=table.text("mark", None),
        fault=table.one_of("fault", BOUND_ROLES, None),
        becomes=_becomes(table, "cancelled"),
    )
    _somebody(table, "by")
    if cancel.mark is not None and cancel.fault is None and len(cancel.by) == 1 and cancel.by[0] in BOUND_ROLES:
        cancel = attrs.evolve(cancel, fault=cancel.by[0])  # Whom else could the mark be meant for.
    table.finish()
    return cancel


def _complete(cells: Cells, table: Table) -> Complete:
    silence = table.table("silence")
    at: Time = lesson.end
    becomes = "completed"
    if silence is None:
        table.mistake(None, 'silence is missing; expected { at = "lesson.end + 3d", becomes = "completed" }, say')
    else:
        at, becomes = cells.required_time(silence, "at"), _becomes(silence, "completed")
        silence.finish()
    complete = Complete(
        by=table.some_of("by", ROLES),
        silence_at=at,
        settle=cells.settlement(table, "settle", _TO_THE_TUTOR) or _TO_THE_TUTOR,
        becomes=becomes,
    )
    _somebody(table, "by")
    table.finish()
    return complete
