"""Handling: what agents do about reports, and what a tutor does about a hidden profile.

* `dismiss_report` and `record_report` close an open report, with one of the reasons that the policy allows. A dismissed
  report counts no more; if the count is then below the rung of a lock, the lock ends.
* `reset_counter` begins a counter anew once all its reports are handled; a lock of that counter ends.
* `show_profile` is the tutor's own: it ends what hides the profile, as far as that is the tutor's to lift.
* `lift` ends a restriction at once, whoever it was to be lifted by.

Whoever acts for the platform gives a reason and a reference to the case, and may add a note to the tutor.

Nobody becomes visible by what others handle: a lock that ends leaves the profile hidden until the tutor shows it, or
until the lock would have ended by itself. What was hidden stays so when a report is dismissed or a counter is reset.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, TypeAlias, get_args

import attrs
from attrs.validators import in_, optional

from tutorcore.errors import UnknownName
from tutorcore.ids import Key, PartyId
from tutorcore.instants import Instant, to_text
from tutorcore.lessons.refusals import Refusal
from tutorcore.policy.account import HANDLERS, SHOWABLE, AccountRules, Counter
from tutorcore.policy.restrictions import RESTRICTIONS, Restriction
from tutorcore.policy.roles import Role
from tutorcore.standing.standing import (
    Happened,
    Happening,
    Imposed,
    Report,
    ReportState,
    Reset,
    Standing,
    count,
    in_force,
    open_reports,
    unmarked,
)

StandingVerb: TypeAlias = Literal["dismiss_report", "record_report", "reset_counter", "show_profile", "lift"]
STANDING_VERBS: Final[tuple[StandingVerb, ...]] = get_args(StandingVerb)


@attrs.frozen
class StandingCommand:
    """What somebody wants done about how a tutor stands; each verb reads what it needs of it."""

    verb: StandingVerb = attrs.field(validator=in_(STANDING_VERBS))
    tutor: PartyId
    actor: PartyId
    key: Key
    report: int | None = None
    counter: str | None = None
    effect: Restriction | None = attrs.field(default=None, validator=optional(in_(RESTRICTIONS)))
    reason: str = ""
    case: str = ""
    note: str = ""


def handle(
    rules: AccountRules, before: Standing | None, command: StandingCommand, grants: frozenset[Role], now: Instant
) -> Standing | Refusal:
    """Return the next version, or why the command may not be done at `now`; `grants` are those of the actor.

    Raises `UnknownName` for a report or a counter that there is not.
    """
    standing = before or unmarked(command.tutor)
    if now < standing.at:
        return Refusal.of("out_of_order", last=to_text(standing.at), at=to_text(now))
    return _DOERS[command.verb](rules, standing, command, grants, now)


def _dismiss(
    rules: AccountRules, standing: Standing, command: StandingCommand, grants: frozenset[Role], now: Instant
) -> Standing | Refusal:
    found = _handled(rules, standing, command, grants)
    if isinstance(found, Refusal):
        return found
    report, counter = found
    if (refusal := _unfit(command, counter.dismiss)) is not None:
        return refusal
    closed = _closed(standing, report, "dismissed", command, now)
    left = count(closed, counter, now)
    return _unlocked(closed, [each for each in _locks(closed, counter) if left < each.rung])


def _record(
    rules: AccountRules, standing: Standing, command: StandingCommand, grants: frozenset[Role], now: Instant
) -> Standing | Refusal:
    found = _handled(rules, standing, command, grants)
    if isinstance(found, Refusal):
        return found
    report, counter = found
    return _unfit(command, counter.record) or _closed(standing, report, "recorded", command, now)


def _handled(
    rules: AccountRules, standing: Standing, command: StandingCommand, grants: frozenset[Role]
) -> tuple[Report, Counter] | Refusal:
    """The report that a command is about, with its counter, once it is certain that this actor may handle it."""
    if command.report is None:
        return _missing(command, "the number of the report")
    report = _report(standing, command.report)
    if report.state != "open":
        return _not_open(command, f"{report.state} (report {report.number})")
    counter = _counter(rules, standing, report.counter)
    if grants.isdisjoint(counter.handled_by):
        return _not_yours(command, counter.handled_by)
    return _lacking(command) or (report, counter)


def _report(standing: Standing, number: int) -> Report:
    if not 0 < number <= len(standing.reports):
        known = (str(report.number) for report in open_reports(standing))
        raise UnknownName("report", number, hint=f"open reports of {standing.tutor}: {', '.join(known) or 'none'}")
    return standing.reports[number - 1]


def _counter(rules: AccountRules, standing: Standing, name: str) -> Counter:
    """The counter of that name; reports of one that the rules have dropped are handled as by any plain counter."""
    if name not in [each.name for each in rules.counters] and any(each.counter == name for each in standing.reports):
        return Counter(name)
    return rules.counter(name)


def _closed(standing: Standing, report: Report, state: ReportState, command: StandingCommand, now: Instant) -> Standing:
    closed = attrs.evolve(report, state=state)
    reports = (*standing.reports[: report.number - 1], closed, *standing.reports[report.number :])
    kind: Happened = "dismissed" if state == "dismissed" else "recorded"
    return _next(standing, command, kind, now, report.counter, report.number)._replace(reports=reports)


def _reset(
    rules: AccountRules, standing: Standing, command: StandingCommand, grants: frozenset[Role], now: Instant
) -> Standing | Refusal:
    if command.counter is None:
        return _missing(command, "the counter")
    counter = _counter(rules, standing, command.counter)
    if grants.isdisjoint(counter.handled_by):
        return _not_yours(command, counter.handled_by)
    if (refusal := _lacking(command)) is not None:
        return refusal
    waiting = [report for report in open_reports(standing) if report.counter == counter.name]
    if waiting:
        return Refusal.of("reports_open", counter=counter.name, count=len(waiting))
    others = (each for each in standing.resets if each.counter != counter.name)
    after = _next(standing, command, "reset", now, counter.name)._replace(
        resets=(*others, Reset(counter.name, now, len(standing.reports)))
    )
    return _unlocked(after, _locks(after, counter))


def _show(
    rules: AccountRules, standing: Standing, command: StandingCommand, grants: frozenset[Role], now: Instant
) -> Standing | Refusal:
    standing_now = in_force(standing, now)
    hiding = [each for each in standing_now if each.effect in SHOWABLE]
    is_locked = any(each.effect == "locked" for each in standing_now)
    if not hiding and not is_locked:
        return _not_open(command, "shown")
    if command.actor != standing.tutor:
        return _not_yours(command, ("tutor",))
    if is_locked:
        return Refusal.of("restricted", tutor=standing.tutor, what="the profile is locked")
    lifted = [each for each in hiding if each.is_tutors_to_lift(now)]
    if not lifted:
        return Refusal.of("restricted", tutor=standing.tutor, what=_until(hiding))
    return _without(_next(standing, command, "shown", now), lifted)


def _until(hiding: list[Imposed]) -> str:
    """What hides a profile, and until when its tutor has to wait."""
    what = "hidden" if any(each.effect == "hidden" for each in hiding) else "open to former students only"
    return f"the profile is {what} until {_end(hiding)}"


def _end(hiding: list[Imposed]) -> str:
    own = [each.liftable_from for each in hiding if each.liftable_from is not None]
    if own:
        return to_text(min(own))
    ends = [each.until for each in hiding if each.until is not None]
    return to_text(max(ends)) if len(ends) == len(hiding) else "somebody lifts it"


def _lift(
    rules: AccountRules, standing: Standing, command: StandingCommand, grants: frozenset[Role], now: Instant
) -> Standing | Refusal:
    if command.effect is None:
        return _missing(command, "what to lift")
    lifted = [
        each
        for each in in_force(standing, now)
        if each.effect == command.effect and command.counter in (None, each.counter)
    ]
    if not lifted:
        return _not_open(command, f"without {command.effect}")
    if grants.isdisjoint(HANDLERS):
        return _not_yours(command, HANDLERS)
    if (refusal := _lacking(command)) is not None:
        return refusal
    after = _next(standing, command, "lifted", now, command.counter or "")
    return _unlocked(after, lifted) if command.effect == "locked" else _without(after, lifted)


def _next(
    standing: Standing,
    command: StandingCommand,
    kind: Happened,
    now: Instant,
    counter: str = "",
    report: int | None = None,
) -> Standing:
    happening = Happening(kind, counter, report, (), command.actor, command.reason, command.case, command.note)
    return standing._replace(
        number=standing.number + 1, at=now, happening=happening, imposed=in_force(standing, now)
    )  # fmt: skip


def _locks(standing: Standing, counter: Counter) -> list[Imposed]:
    return [each for each in standing.imposed if each.effect == "locked" and each.counter == counter.name]


def _unlocked(standing: Standing, locks: list[Imposed]) -> Standing:
    """The version with those locks turned into a profile that is hidden until its tutor shows it."""
    hidden = tuple(
        attrs.evolve(each, effect="hidden", lifted_by="tutor", liftable_from=None)
        if each in locks
        else each
        for each in standing.imposed
    )  # fmt: skip
    return _with_effects(standing, locks)._replace(imposed=hidden)


def _without(standing: Standing, lifted: list[Imposed]) -> Standing:
    left = tuple(each for each in standing.imposed if each not in lifted)
    return _with_effects(standing, lifted)._replace(imposed=left)


def _with_effects(standing: Standing, lifted: list[Imposed]) -> Standing:
    effects = tuple(dict.fromkeys(each.effect for each in lifted))
    return standing._replace(happening=attrs.evolve(standing.happening, effects=effects))


def _lacking(command: StandingCommand) -> Refusal | None:
    """What somebody who acts for the platform has to say, and did not."""
    wanted = (("a reason", command.reason), ("a reference to the case", command.case))
    lacking = [what for what, said in wanted if not said]
    return _missing(command, *lacking) if lacking else None


def _unfit(command: StandingCommand, reasons: tuple[str, ...]) -> Refusal | None:
    if not reasons or command.reason in reasons:
        return None
    return Refusal.of("bad_terms", problem=f"the reason is {command.reason!r}; expected one of {', '.join(reasons)}")


def _missing(command: StandingCommand, *what: str) -> Refusal:
    return Refusal.of("missing", verb=command.verb, needs=" and ".join(what))


def _not_open(command: StandingCommand, state: str) -> Refusal:
    return Refusal.of("not_open", verb=command.verb, state=state, open="nothing")


def _not_yours(command: StandingCommand, by: tuple[Role, ...]) -> Refusal:
    return Refusal.of("not_yours", verb=command.verb, by=", ".join(by), actor=command.actor)


_Doer: TypeAlias = Callable[[AccountRules, Standing, StandingCommand, frozenset[Role], Instant], Standing | Refusal]
_DOERS: Final[dict[StandingVerb, _Doer]] = {
    "dismiss_report": _dismiss,
    "record_report": _record,
    "reset_counter": _reset,
    "show_profile": _show,
    "lift": _lift,
}
