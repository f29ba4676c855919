"""Reading the sections of a profile: from the tables of a policy file to a `Profile`.

What is wrong within a section is noted as the section is read; what sections contradict in each other is found by
`contradictions`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, TypeVar

import attrs

from tutorcore.documents.reader import Table
from tutorcore.policy.account_sections import read_account
from tutorcore.policy.cells import Cells
from tutorcore.policy.expressions import Always, Guard, Taught, Time
from tutorcore.policy.process import BACK, FAULTS, FIELDS, REMEDIES, SLOTS, STAY, Case, Fault, Need, Reminder
from tutorcore.policy.profile import (
    ABSENT,
    ALL_BACK,
    ANSWERS,
    BESIDE,
    GOING_ON,
    HOLDS,
    UNANSWERED,
    Absent,
    Attend,
    Cancel,
    Charge,
    Complete,
    Counter,
    Dispute,
    Ending,
    Evidence,
    Meeting,
    NewTime,
    NoShow,
    Notify,
    Override,
    Payment,
    Problems,
    Profile,
    Reason,
    Refund,
    Request,
    Rescheduling,
    Review,
)
from tutorcore.policy.roles import BOUND_ROLES, GRANTED_ROLES, ROLES, Role
from tutorcore.policy.settlement import AsGiven, Settlement
from tutorcore.policy.wellformed import can_name
from tutorcore.policy.words import lesson

S = TypeVar("S")

_TO_THE_TUTOR = Settlement((("tutor", None),))
_NO_SHOWS: Final = tuple(f"{role}_no_show" for role in ABSENT)
_JOINING: Final[tuple[Role, ...]] = ("student", "tutor", "system")
_NEEDS: Final[tuple[Need, ...]] = ("reason", "details")  # A split is needed where the shares are as given.
_CANCELLED: Final = "cancelled"
_MOST_REASONS: Final = 50
_SETTLED: Final = "settled"


def read_profile(cells: Cells, root: Table) -> Profile | None:
    """Return the profile that the tables describe, or None after noting what is wrong with it."""
    id, version, unit, zone = cells.heading(root)
    fees, clears_after = cells.fees(root, unit), cells.clears_after(root)
    request, complete = _section(root, "request"), _section(root, "complete")
    agree = root.table("agree")
    found_request = None if request is None else _request(cells, request, agree)
    found_complete = None if complete is None else _complete(cells, complete)
    change = root.table("change")
    found_change = None if change is None else _change(cells, change, found_request)
    cancel, charge = _cancelling(cells, root)
    no_show = _no_shows(cells, root)
    problem, dispute = _optional(cells, root, "problem", _problem), _optional(cells, root, "dispute", _dispute)
    refund, account = _optional(cells, root, "refund", _refund), read_account(root, unit)
    attend, meeting = _optional(cells, root, "attend", _attend), _optional(cells, root, "meeting", _meeting)
    review, notify = _optional(cells, root, "review", _review), _optional(cells, root, "notify", _notify)
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
        cancel=cancel,
        charge=charge,
        no_show=no_show,
        problem=problem,
        dispute=dispute,
        refund=refund,
        attend=attend,
        meeting=meeting,
        review=review,
        notify=notify or Notify(),
        fees=fees,
        clears_after=clears_after,
        account=account,
    )


def _optional(cells: Cells, root: Table, name: str, read: Callable[[Cells, Table], S]) -> S | None:
    """A section that need not be there, read to its end."""
    table = root.table(name)
    if table is None:
        return None
    found = read(cells, table)
    table.finish()
    return found


def _section(root: Table, name: str) -> Table | None:
    if name not in root:
        root.value(name)
        root.mistake(None, f"the section [{name}] is missing")
        return None
    return root.table(name)


def _request(cells: Cells, table: Table, agree: Table | None) -> Request:
    counter = table.table("propose")
    agree_when, late = _agree(cells, agree)
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
        payment=_optional(cells, table, "payment", _payment),
        instant=_exception(cells, table, "instant"),
        agree_when=agree_when,
        late=late,
        bookable=table.boolean("bookable", False),
    )
    if (request.payment is None) == (request.hold == "when_paid"):
        message = 'is "when_paid" if and only if a section [request.payment] says who pays by when'
        table.mistake("hold" if "hold" in table else None, message)
    _somebody(table, "by")
    _somebody(table, "answered_by")
    _something(table, "answers")
    if counter is None and "propose" in request.answers:
        table.mistake("answers", "'propose' needs a section [request.propose] that says who answers until when")
    table.finish()
    return request


def _agree(cells: Cells, table: Table | None) -> tuple[Guard | None, bool]:
    """On which condition a request may be agreed to, and whether it may be when its start has passed."""
    if table is None:
        return None, False
    when, late = cells.guard(table, "when"), table.boolean("late", False)
    if "when" not in table and "late" not in table:
        table.mistake("when", "is missing; expected on which condition a request may be agreed to")
    table.finish()
    return when, late


def _exception(cells: Cells, table: Table, key: str) -> Guard | None:
    """A guard that says when something is done differently; that it always holds is not the same as none."""
    guard = cells.guard(table, key)
    return Always() if guard is None and key in table else guard


def _somebody(table: Table, key: str) -> None:
    """Note a list of roles that is empty; one that is missing, or names no role at all, is noted already."""
    if table.value(key) == []:
        table.mistake(key, "names nobody; expected at least one role")
    _once(table, key)


def _something(table: Table, key: str) -> None:
    if table.value(key) == []:
        table.mistake(key, "names nothing; leave it out for what is usual")
    _once(table, key)


def _once(table: Table, key: str) -> None:
    """Note what a list names a second time."""
    written = table.value(key)
    names = written if isinstance(written, list) else []
    for number, name in enumerate(names):
        if name in names[:number]:
            table.mistake((key, number), f"{name!r} is named twice")


def _payment(cells: Cells, table: Table) -> Payment:
    payment = Payment(
        by=table.some_of("by", ROLES, ("payer",)),
        pay_by=cells.required_time(table, "pay_by"),
        silence=_silence(cells, table),
    )
    _somebody(table, "by")
    return payment


def _counter(cells: Cells, table: Table) -> Counter:
    counter = Counter(
        may_change=table.some_of("may_change", FIELDS, FIELDS),
        answer_by=cells.required_time(table, "answer_by"),
        silence=_silence(cells, table),
        answers=table.some_of("answers", ANSWERS, ("accept", "decline")),
    )
    _something(table, "may_change")
    _something(table, "answers")
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
    ending = attrs.evolve(_ending(cells, table, "declined", "none"), needs=table.some_of("needs", _NEEDS, ()))
    table.finish()
    return ending


def _withdraw(cells: Cells, parent: Table) -> Ending | None:
    table = parent.table("withdraw")
    if table is None:
        return None
    needs, by = table.some_of("needs", _NEEDS, ()), table.some_of("by", ROLES, ())
    _somebody(table, "by")
    ending = attrs.evolve(_ending(cells, table, "withdrawn", "none"), needs=needs, by=by)
    table.finish()
    return ending


def _ending(cells: Cells, table: Table, becomes: str, fault: Fault) -> Ending:
    """What all endings say; who may and what it needs are for some of them only."""
    choices: tuple[Fault | Role, ...] = (*FAULTS, *BOUND_ROLES)
    return Ending(
        becomes=_becomes(table, becomes),
        settle=_shares(cells, table, ALL_BACK),
        mark=_mark(table),
        fault=table.one_of("fault", choices, fault),
    )


def _shares(cells: Cells, table: Table, default: Settlement) -> Settlement:
    """A settlement where nobody is there to say the split."""
    found = cells.settlement(table, "settle", default)
    if isinstance(found, AsGiven):
        table.mistake("settle", "nobody is there to say the split; write the shares")
        return default
    return found or default


def _becomes(table: Table, default: str) -> str:
    """The state that an ending leads to: any name but those of the states in which a lesson goes on."""
    name = table.text("becomes", default)
    if name in _NO_SHOWS:
        table.mistake("becomes", f"{name!r} is where a no-show leads; choose a name such as {default!r}")
    elif name in GOING_ON or name.startswith(BESIDE):
        message = f"{name!r} is where a lesson goes on; choose the name of an ending, such as {default!r}"
        table.mistake("becomes", message)
    elif table.value("becomes", name) == name and not can_name(name, STAY, BACK):
        table.mistake("becomes", f"{name!r} cannot name a state; expected a lower-case word that is not reserved")
    return name


def _mark(table: Table, key: str = "mark") -> str | None:
    """The name of a mark; one that is empty because it is no text is noted already."""
    name = table.text(key, None)
    if name is not None and table.value(key) == name and not can_name(name, Taught.mark):
        table.mistake(key, f"{name!r} cannot name a mark; expected a lower-case word that is not reserved")
    return name


def _change(cells: Cells, table: Table, request: Request | None) -> Rescheduling:
    override, silence, decline = table.table("override"), table.table("silence"), table.table("decline")
    again = table.one_of("as", ("beside", "request_again"), "beside") == "request_again"
    change = Rescheduling(
        by=table.some_of("by", ROLES),
        may_change=table.some_of("may_change", FIELDS, FIELDS),
        answer_by=cells.time(table, "answer_by") if again else cells.required_time(table, "answer_by"),
        slot=table.one_of("slot", SLOTS, "tentative"),
        override=None if override is None else _override(override),
        when=cells.guard(table, "when"),
        again=again,
        locks=_exception(cells, table, "locks"),
        fault="holder" if silence is None else silence.one_of("fault", FAULTS, FAULTS[0]),
        decline_needs=() if decline is None else decline.some_of("needs", _NEEDS, ()),
    )
    for answer in (silence, decline):
        if answer is not None:
            answer.finish()
    stands = table.one_of("otherwise", ("original_stands", "original_dies"), "original_stands")
    if (stands == "original_dies") != again:
        message = 'is "original_dies" if and only if as = "request_again"; a change beside leaves the original alone'
        table.mistake("otherwise" if "otherwise" in table else None, message)
    if again and change.when is None:
        message = "is missing: whoever asks again may then withdraw, so say until when, as for cancelling"
        table.mistake("when" if "when" in table else None, f"when {message}")
    for key in ("answer_by", "slot", "locks", "silence", "decline") if again else ():
        if key in table:
            table.mistake(key, "belongs to a change beside; asked for again, a lesson is under the clock of a request")
    _somebody(table, "by")
    _something(table, "may_change")
    if request is not None:
        _sides(table, change, request)
    table.finish()
    return change


def _sides(table: Table, change: Rescheduling, request: Request) -> None:
    """Note who may not propose a change: only the sides of the request, and to ask again only who asked."""
    written = table.value("by")
    sides = request.by if change.again else (*request.by, *request.answered_by)
    says = "does not ask" if change.again else "neither asks nor answers"
    for number, role in enumerate(written if isinstance(written, list) else ()):
        if role in change.by and role not in sides:
            table.mistake(("by", number), f"{role} {says}; who may impose a change stands in override")


def _override(table: Table) -> Override:
    override = Override(table.some_of("by", ROLES), table.some_of("needs", _NEEDS, ("reason",)))
    _somebody(table, "by")
    table.finish()
    return override


def _cancelling(cells: Cells, root: Table) -> tuple[tuple[Cancel, ...], Charge | None]:
    table = root.table("cancel")
    if table is None:
        return (), None
    charge = _optional(cells, table, "charge", _charge)
    cases = tuple(_cancel(cells, case, charge) for case in table.tables("cases"))
    table.finish()
    return cases, charge


def _cancel(cells: Cells, table: Table, charge: Charge | None) -> Cancel:
    cancel = Cancel(
        by=table.some_of("by", ROLES),
        when=cells.guard(table, "when"),
        settle=cells.settlement(table, "settle", ALL_BACK) or ALL_BACK,
        needs=table.some_of("needs", _NEEDS, ()),
        mark=_mark(table),
        fault=table.one_of("fault", BOUND_ROLES, None),
        becomes=_becomes(table, _CANCELLED),
        in_progress=table.boolean("in_progress", False),
        locked=table.boolean("locked", False),
        charge=table.boolean("charge", False),
    )
    if cancel.charge and charge is None:
        table.mistake("charge", "a section [cancel.charge] has to say who decides what is charged, by when")
    for key in ("settle", "becomes") if cancel.charge else ():
        if key in table:
            table.mistake(key, "is said by the section [cancel.charge] where something is charged")
    _somebody(table, "by")
    if cancel.mark is not None and cancel.fault is None and len(cancel.by) == 1 and cancel.by[0] in BOUND_ROLES:
        cancel = attrs.evolve(cancel, fault=cancel.by[0])  # Whom else could the mark be meant for.
    table.finish()
    return cancel


def _charge(cells: Cells, table: Table) -> Charge:
    choices = cells.settlement(table, "settle", None)
    if not isinstance(choices, AsGiven):
        table.mistake("settle", 'expected the choices, such as { choices = ["0%", "50%"] }, shares of the tutor')
    silence = table.table("silence")
    charge = Charge(
        by=table.some_of("by", ROLES, ("tutor",)),
        choices=choices if isinstance(choices, AsGiven) else AsGiven(),
        answer_by=cells.required_time(table, "answer_by"),
        silence=ALL_BACK if silence is None else _shares(cells, silence, ALL_BACK),
        becomes=_becomes(table, _CANCELLED),
    )
    if silence is not None:
        silence.finish()
    _somebody(table, "by")
    return charge


def _attend(cells: Cells, table: Table) -> Attend:
    attend = Attend(table.some_of("by", ROLES, _JOINING), cells.required_time(table, "from"))
    _somebody(table, "by")
    return attend


def _no_shows(cells: Cells, root: Table) -> tuple[NoShow, ...]:
    table = root.table("no_show")
    if table is None:
        return ()
    found = [_no_show(cells, claim, role) for role in ABSENT if (claim := table.table(role)) is not None]
    table.finish()
    return tuple(found)


def _no_show(cells: Cells, table: Table, absent: Absent) -> NoShow:
    claimant: Role = "tutor" if absent == "student" else "student"
    claim = NoShow(
        absent,
        by=table.some_of("by", ROLES, (claimant,)),
        start=cells.required_time(table, "from"),
        until=cells.time(table, "until"),
        cases=_absences(cells, table, absent),
        when=cells.guard(table, "when"),
        contradicted=_exception(cells, table, "contradicted"),
        answer_by=cells.time(table, "answer_by"),
        contested_by=table.some_of("contested_by", ROLES, ()),
        needs=table.some_of("needs", _NEEDS, ()),
    )
    _somebody(table, "by")
    _somebody(table, "contested_by")
    table.finish()
    return claim


def _absences(cells: Cells, table: Table, absent: Absent) -> tuple[Case, ...]:
    """What an absence costs: in one line, or in several cases of which the first that holds decides."""
    default = _TO_THE_TUTOR if absent == "student" else ALL_BACK
    written = table.tables("cases")
    if not written:
        return (_absence(cells, table, absent, default),)
    for key in ("settle", "mark", "fault"):
        if key in table:
            table.value(key)
            table.mistake(key, "stands beside cases; each case says its own")
    cases: list[Case] = []
    for each in written:
        cases.append(attrs.evolve(_absence(cells, each, absent, default), when=cells.guard(each, "when")))
        each.finish()
    return tuple(cases)


def _absence(cells: Cells, table: Table, absent: Absent, default: Settlement) -> Case:
    mark, settle = _mark(table), cells.settlement(table, "settle", default) or default
    blamed: tuple[Absent | Literal["none"], ...] = (absent, "none")
    fault = table.one_of("fault", blamed, blamed[0])
    if mark is not None and fault == "none":
        table.mistake("mark", "falls on nobody where nobody is to blame")
    return Case(settle, mark=mark, fault=None if fault == "none" else fault)


def _problem(cells: Cells, table: Table) -> Problems:
    reschedule = table.table("reschedule")
    problem = Problems(
        by=table.some_of("by", BOUND_ROLES),
        start=cells.required_time(table, "from"),
        until=cells.time(table, "until"),
        answer_by=cells.required_time(table, "answer_by"),
        proposes=table.some_of("proposes", REMEDIES, REMEDIES),
        answers=table.some_of("answers", ANSWERS, ANSWERS),
        silence=table.one_of("silence", UNANSWERED, UNANSWERED[0]),
        reasons=_reasons(table),
        needs=table.some_of("needs", _NEEDS, ("reason",)),
        becomes=_becomes(table, _SETTLED),
        reschedule=None if reschedule is None else _new_time(cells, reschedule),
        evidence=_optional(cells, table, "evidence", _evidence),
    )
    _somebody(table, "by")
    _something(table, "proposes")
    _something(table, "answers")
    if problem.reasons and "reason" not in problem.needs:
        table.mistake("needs", "only some reasons may be given ([problem.reasons]), so a report needs one")
    return problem


def _reasons(parent: Table) -> tuple[Reason, ...]:
    table = parent.table("reasons")
    if table is None:
        return ()
    if not table.mapping:
        parent.mistake("reasons", "names nothing; leave it out where any reason may be given")
    if len(table.mapping) > _MOST_REASONS:
        message = f"are {len(table.mapping)}; expected at most {_MOST_REASONS}, for people to choose from"
        parent.mistake("reasons", message)
    return tuple(_reason(each, name) for name in sorted(table.mapping) if (each := table.table(name)) is not None)


def _reason(table: Table, name: str) -> Reason:
    if not can_name(name):
        table.mistake(None, f"{name!r} cannot name a reason; expected a lower-case word")
    found = Reason(name, _mark(table), table.one_of("fault", BOUND_ROLES, None))
    table.finish()
    return found


def _new_time(cells: Cells, table: Table) -> NewTime:
    nobody_at, nobody = _without_a_time(cells, table)
    silent_at, silent = _without_an_answer(cells, table)
    found = NewTime(
        nobody_at,
        nobody,
        silent_at,
        silent,
        may_change=table.some_of("may_change", FIELDS, ("start", "duration")),
        when=cells.guard(table, "when"),
    )
    _something(table, "may_change")
    table.finish()
    return found


def _without_a_time(cells: Cells, parent: Table) -> tuple[Time, Ending]:
    """When nobody has proposed a time, and how the lesson ends then."""
    table = parent.table("nobody")
    if table is None:
        parent.mistake(None, 'nobody is missing; expected { at = "entered + 7d", settle = { student = "rest" } }, say')
        return lesson.end, Ending(_SETTLED)
    at, ending = cells.required_time(table, "at"), _ending(cells, table, _SETTLED, "none")
    table.finish()
    return at, ending


def _without_an_answer(cells: Cells, parent: Table) -> tuple[Time, Ending]:
    """When one who proposed a time has waited for long enough, and the mark of the other; all goes to who proposed."""
    table = parent.table("silent")
    if table is None:
        parent.mistake(None, 'silent is missing; expected { at = "earliest(asked + 7d, proposed.start)" }, say')
        return lesson.end, Ending(_SETTLED)
    at = cells.required_time(table, "at")
    ending = Ending(_becomes(table, _SETTLED), mark=_mark(table), fault="holder")
    table.finish()
    return at, ending


def _evidence(cells: Cells, table: Table) -> Evidence:
    evidence = Evidence(table.some_of("by", ROLES), cells.time(table, "until"))
    _somebody(table, "by")
    return evidence


def _refund(cells: Cells, table: Table) -> Refund:
    refund = Refund(
        by=table.some_of("by", GRANTED_ROLES, ("operator",)),
        until=cells.time(table, "until"),
        needs=table.some_of("needs", _NEEDS, ("reason",)),
    )
    _somebody(table, "by")
    return refund


def _dispute(cells: Cells, table: Table) -> Dispute:
    splits = cells.settlement(table, "settle", AsGiven())
    if not isinstance(splits, AsGiven):
        table.mistake("settle", 'a dispute is decided case by case; expected "as_given", or { choices = [...] }')
    dispute = Dispute(
        by=table.some_of("by", ROLES, ("operator",)),
        answer_by=cells.required_time(table, "answer_by"),
        silence=_resolved(cells, table),
        splits=splits if isinstance(splits, AsGiven) else AsGiven(),
        marks=_marks(table),
        becomes=_becomes(table, "resolved"),
    )
    _somebody(table, "by")
    return dispute


def _resolved(cells: Cells, parent: Table) -> Ending:
    table = parent.table("silence")
    if table is None:
        return Ending("resolved")
    ending = _ending(cells, table, "resolved", "none")
    table.finish()
    return ending


def _marks(parent: Table) -> tuple[tuple[Role, str], ...]:
    table = parent.table("marks")
    if table is None:
        return ()
    found = [(role, _mark(table, role)) for role in BOUND_ROLES if role in table]
    table.finish(*BOUND_ROLES)
    return tuple((role, mark) for role, mark in found if mark is not None)


def _complete(cells: Cells, table: Table) -> Complete:
    silence = table.table("silence")
    at: Time = lesson.end
    becomes = "completed"
    if silence is None:
        table.mistake(None, 'silence is missing; expected { at = "lesson.end + 3d", becomes = "completed" }, say')
    else:
        at, becomes = cells.required_time(silence, "at"), _becomes(silence, "completed")
        silence.finish()
    _once(table, "by")
    complete = Complete(
        by=table.some_of("by", ROLES, ()),
        silence_at=at,
        settle=_shares(cells, table, _TO_THE_TUTOR),
        becomes=becomes,
    )
    table.finish()
    return complete


def _meeting(cells: Cells, table: Table) -> Meeting:
    table.one_of("create", ("when_agreed",), "when_agreed")
    failed = table.table("failed")
    if failed is None:
        return Meeting()
    ending = _ending(cells, failed, _CANCELLED, "none")
    failed.finish()
    return Meeting(ending)


def _review(cells: Cells, table: Table) -> Review:
    review = Review(
        by=table.some_of("by", BOUND_ROLES, ("student", "tutor")),
        until=cells.time(table, "until"),
        blind=table.boolean("blind", False),
    )
    _somebody(table, "by")
    return review


def _notify(cells: Cells, table: Table) -> Notify:
    reminders = tuple(_reminder(cells, each) for each in table.tables("reminders"))
    also = table.value("also_actor")
    verbs = () if also is None else table.texts("also_actor")
    _once(table, "also_actor")
    return Notify(verbs, reminders)


def _reminder(cells: Cells, table: Table) -> tuple[str, Reminder]:
    reminder = Reminder(cells.reminder_time(table, "at"), table.some_of("to", BOUND_ROLES))
    state = table.text("state")
    _somebody(table, "to")
    table.finish()
    return state, reminder
