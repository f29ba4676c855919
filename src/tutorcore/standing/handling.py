"""Handling: what agents do about reports, and what a tutor does about a hidden profile.

* `dismiss_report` and `record_report` close an open report, with one of the reasons that the policy allows. A dismissed
  report counts no more.
* `reset_counter` begins a counter anew once all its reports are handled.
* `show_profile` is the tutor's own: it ends all that hides the profile, or is refused if something would go on hiding
  it.
* `lift` ends a restriction at once, whoever it was to be lifted by. Who may is said by the counter that brought it.

Whoever acts for the platform gives a reason and a reference to the case, and may add a note to the tutor.

When a dismissal or a reset leaves the count below the rung of what that counter has imposed, blocked requests and a
frozen wallet end, and what hides the profile becomes the tutor's to lift at once. Nobody becomes visible by what others
handle: a lock that ends leaves the profile hidden until the tutor shows it, or until the lock would have ended by
itself, and what was hidden stays so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, TypeAlias, get_args

import attrs
from attrs.validators import in_, optional

from tutorcore.errors import UnknownName
from tutorcore.ids import Key, PartyId
from tutorcore.instants import LATEST, Instant, to_text
from tutorcore.lessons.refusals import Refusal
from tutorcore.policy.account import HANDLERS, SHOWABLE, AccountRules, Counter, with_implied
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
    stacked,
    unmarked,
)

StandingVerb: TypeAlias = Literal["dismiss_report", "record_report", "reset_counter", "show_profile", "lift"]
STANDING_VERBS: Final[tuple[StandingVerb, ...]] = get_args(StandingVerb)

# What keeps new students away, and how that is said; the strongest first.
_HIDING: Final[dict[Restriction, str]] = {
    "locked": "locked",
    "hidden": "hidden",
    "existing_only": "open to former students only",
}


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
    stranger = not_theirs(command, grants)
    if stranger is not None:
        return stranger
    standing = before or unmarked(command.tutor)
    if now < standing.at:
        return Refusal.of("out_of_order", last=to_text(standing.at), at=to_text(now))
    return _DOERS[command.verb](rules, standing, command, grants, now)


def not_theirs(command: StandingCommand, grants: frozenset[Role]) -> Refusal | None:
    """Return the refusal of somebody whom it is no business of, before they learn anything; None for all others.

    A tutor's profile is the tutor's to show, and nobody handles what was reported of themselves.
    """
    if command.verb == "show_profile":
        return None if command.actor == command.tutor else _not_yours(command, ("tutor",))
    return None if grants and command.actor != command.tutor else _not_yours(command, HANDLERS)


def _dismiss(
    rules: AccountRules, standing: Standing, command: StandingCommand, grants: frozenset[Role], now: Instant
) -> Standing | Refusal:
    found = _handled(rules, standing, command, grants)
    if isinstance(found, Refusal):
        return found
    report, counter = found
    if (refusal := _unfit(command, counter.dismiss)) is not None:
        return refusal
    return _eased(_closed(standing, report, "dismissed", command, now), counter)


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
    return _eased(after, counter)


def _show(
    rules: AccountRules, standing: Standing, command: StandingCommand, grants: frozenset[Role], now: Instant
) -> Standing | Refusal:
    hiding = [each for each in in_force(standing, now) if each.effect in _HIDING]
    if not hiding:
        return _not_open(command, "shown")
    left = [each for each in hiding if not each.is_tutors_to_lift(now)]
    if left:
        return Refusal.of("restricted", tutor=standing.tutor, what=_until(left))
    return _without(_next(standing, command, "shown", now), hiding)


def _until(hiding: list[Imposed]) -> str:
    """What hides a profile longest, and until when its tutor has to wait."""
    last = max(_wait(each) for each in hiding)
    effects = [each.effect for each in hiding if _wait(each) == last]
    what = next(said for effect, said in _HIDING.items() if effect in effects)
    return f"the profile is {what} until {'somebody else lifts it' if last == LATEST else to_text(last)}"


def _wait(imposed: Imposed) -> Instant:
    """When something that is not the tutor's to lift yet ends, or becomes so."""
    return imposed.liftable_from or imposed.until or LATEST


def _lift(
    rules: AccountRules, standing: Standing, command: StandingCommand, grants: frozenset[Role], now: Instant
) -> Standing | Refusal:
    if command.effect is None:
        return _missing(command, "what to lift")
    scope = [each for each in in_force(standing, now) if command.counter in (None, each.counter)]
    found = [each for each in scope if each.effect == command.effect]
    if not found:
        return _not_imposed(command, command.effect, scope)
    handlers = {each.counter: _counter(rules, standing, each.counter).handled_by for each in found}
    lifted = [each for each in found if not grants.isdisjoint(handlers[each.counter])]
    if not lifted:
        return _not_yours(command, tuple(dict.fromkeys(role for roles in handlers.values() for role in roles)))
    if (refusal := _lacking(command)) is not None:
        return refusal
    after = _next(standing, command, "lifted", now, command.counter or "")
    return _unlocked(after, lifted) if command.effect == "locked" else _without(after, lifted)


def _not_imposed(command: StandingCommand, effect: Restriction, scope: list[Imposed]) -> Refusal:
    """That an effect is not imposed; or only along with others, which are what has to be lifted."""
    bring = [each for each in _HIDING if effect in with_implied([each]) and each in {found.effect for found in scope}]
    if not bring:
        return _not_open(command, f"without {effect}")
    what = " and ".join(bring)
    return Refusal.of("not_open", verb=command.verb, state=f"{what}, with {effect}", open=f"lift {what}")


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


def _eased(standing: Standing, counter: Counter) -> Standing:
    """The version with what the counter has imposed at rungs that it is now below: ended, or left to the tutor."""
    left = count(standing, counter, standing.at)
    eased = [each for each in standing.imposed if each.counter == counter.name and left < each.rung]
    ended = [each for each in eased if each.effect not in SHOWABLE]
    hidden = _left_to_tutor(standing, [each for each in eased if each.effect in _HIDING])
    return _with_effects(_ended(hidden, [each for each in ended if each.effect not in _HIDING]), ended)


def _unlocked(standing: Standing, locks: list[Imposed]) -> Standing:
    """The version with those locks turned into a profile that is hidden until its tutor shows it."""
    return _with_effects(_left_to_tutor(standing, locks), locks)


def _without(standing: Standing, lifted: list[Imposed]) -> Standing:
    return _with_effects(_ended(standing, lifted), lifted)


def _left_to_tutor(standing: Standing, hiding: list[Imposed]) -> Standing:
    """The version in which all of that is the tutor's to lift; a lock then only hides."""
    return standing._replace(
        imposed=stacked(_tutors(each) if each in hiding else each for each in standing.imposed)
    )  # fmt: skip


def _tutors(imposed: Imposed) -> Imposed:
    effect: Restriction = "hidden" if imposed.effect == "locked" else imposed.effect
    return attrs.evolve(imposed, effect=effect, lifted_by="tutor", liftable_from=None)


def _ended(standing: Standing, ended: list[Imposed]) -> Standing:
    return standing._replace(imposed=tuple(each for each in standing.imposed if each not in ended))


def _with_effects(standing: Standing, lifted: list[Imposed]) -> Standing:
    effects = tuple(dict.fromkeys(each.effect for each in lifted))
    return standing._replace(happening=attrs.evolve(standing.happening, effects=effects))


def _lacking(command: StandingCommand) -> Refusal | None:
    """What somebody who acts for the platform has to say, and did not."""
    wanted = (("a reason", command.reason), ("a reference to the case", command.case))
    lacking = [what for what, said in wanted if not said.strip()]
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
