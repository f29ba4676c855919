"""What holds in every store at every moment, whatever has been asked of it.

Each function returns sentences about what is broken, and none where all is well, so that a test can show all of it at
once. Nothing here trusts what the engine computed on the way: everything is found anew from what the store keeps.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final, TypeAlias

from tutorcore.calendar.zones.wall_time import local_date
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import LATEST, Instant, to_text
from tutorcore.ledger.accounts import LIMITED, Account, escrow, natural, pending, withdrawing
from tutorcore.lessons.decision import decide, lapse
from tutorcore.lessons.lesson import NO_FACTS, Lesson, next_deadline
from tutorcore.lessons.projections import TAUGHT, claims_of
from tutorcore.lessons.refusals import Refusal
from tutorcore.payouts.withdrawals import WithdrawalState
from tutorcore.policy.account import SHOWABLE
from tutorcore.policy.account import Counter as CounterRules
from tutorcore.ports.storage import Recorded, Storage, Transaction
from tutorcore.standing import Happened, Imposed, Report, Standing, count, in_force, restrictions

RAISING: Final[tuple[Happened, ...]] = ("raised", "joined", "reopened")
"""What happens to reports by what happens to lessons."""

_USING_UP: Final[tuple[WithdrawalState, ...]] = ("under_way", "paid")

_Counted: TypeAlias = tuple[PartyId, str, LessonId, int, str]
"""A tutor, a counter, and what it counts: a lesson, the number of its version, a mark."""


def broken_promises(storage: Storage) -> list[str]:
    """Return what is broken in the store: in its books, escrows, earnings and claims, and in how tutors stand."""
    with storage.reading() as tx:
        lessons = tx.lessons()
        money = [*_books(tx), *_escrows(tx, lessons), *_earnings(tx)]
        return [*money, *_claims(tx, lessons), *_counted(tx, lessons), *_imposed(tx)]


def _books(tx: Transaction) -> Iterator[str]:
    totals: dict[str, int] = defaultdict(int)
    balances: dict[tuple[Account, str], int] = defaultdict(int)
    for posted in tx.entries():
        entry = posted.entry
        total = sum(minor for _, minor in entry.legs)
        if total:
            yield f"entry {posted.number} sums to {total} {entry.currency}"
        for account, minor in entry.legs:
            totals[entry.currency] += minor
            balances[account, entry.currency] += natural(account, minor)
            if account.kind in LIMITED and balances[account, entry.currency] < 0:
                yield f"entry {posted.number} overdraws {account.name}"
    yield from (f"all entries in {code} sum to {total}" for code, total in totals.items() if total)
    found = {(account, code): minor for account, code, minor in tx.balances()}
    kept = {cell: minor for cell, minor in balances.items() if minor}
    for account, code in sorted(found.keys() | kept.keys()):
        shown, meant = found.get((account, code), 0), kept.get((account, code), 0)
        if shown != meant:
            yield f"{account.name} shows {shown} {code}; its entries make {meant}"
    waiting: dict[tuple[Account, str], int] = defaultdict(int)
    for clearing in tx.due_clearings(LATEST):
        waiting[pending(clearing.tutor), clearing.currency] += clearing.amount
    for cell in {*waiting, *(cell for cell in kept if cell[0].kind == "pending")}:
        if waiting[cell] != kept.get(cell, 0):
            yield f"{cell[0].name} holds {kept.get(cell, 0)} {cell[1]}; clearings of {waiting[cell]} are waiting"


def _escrows(tx: Transaction, lessons: Sequence[Lesson]) -> Iterator[str]:
    for lesson in lessons:
        balance = tx.balance(escrow(lesson.id), lesson.brief.currency)
        if balance != lesson.held:
            yield f"lesson {lesson.id} says that {lesson.held} are held; its escrow has {balance}"
        if lesson.over and balance:
            yield f"lesson {lesson.id} is over and its escrow has {balance}"
        if lesson.over and next_deadline(lesson) is not None:
            yield f"lesson {lesson.id} is over and has a deadline"


def _earnings(tx: Transaction) -> Iterator[str]:
    on_their_way: dict[tuple[Account, str], int] = defaultdict(int)
    for each in tx.withdrawals(state="under_way"):
        on_their_way[withdrawing(each.tutor), each.currency] += each.sent
    used = Counter((each.tutor, each.currency, each.applied) for each in tx.withdrawals() if each.state in _USING_UP)
    for (tutor, code, applied), times in used.items():
        if applied is not None and times > 1:
            yield f"{tutor}'s application of {to_text(applied)} was used for {times} withdrawals of {code}"
    kept = {(account, code): minor for account, code, minor in tx.balances()}
    for cell in {*on_their_way, *(cell for cell in kept if cell[0].kind == "withdrawing")}:
        if on_their_way[cell] != kept.get(cell, 0):
            yield f"{cell[0].name} holds {kept.get(cell, 0)} {cell[1]}; {on_their_way[cell]} are on their way"
    for (account, code), debt in kept.items():
        if account.kind == "receivable":
            free = kept.get((Account("available", account.owner), code), 0)
            if free:
                yield f"{account.owner} owes {debt} {code} and has {free} available"
            if debt < 0:
                yield f"{account.name} shows {debt} {code}; nobody owes less than nothing"


def _claims(tx: Transaction, lessons: Sequence[Lesson]) -> Iterator[str]:
    claims = tx.claims()
    over = {lesson.id for lesson in lessons if lesson.over}
    meant = sorted({claim for lesson in lessons for claim in claims_of(lesson)})
    if sorted(claims) != meant:
        yield f"the claims are {sorted(claims)}; the lessons say {meant}"
    yield from (
        f"lesson {claim.lesson} is over and {claim.party}'s time is only tentative"
        for claim in claims
        if claim.lesson in over and claim.slot == "tentative"
    )
    by_party = defaultdict(list)
    for claim in claims:
        by_party[claim.party].append(claim)
    for party, engaged in by_party.items():
        for number, first in enumerate(engaged):
            for second in engaged[number + 1 :]:
                if first.lesson != second.lesson and first.start < second.end and second.start < first.end:
                    yield f"{party} is engaged by {first.lesson} and {second.lesson} at {to_text(second.start)}"


def _counted(tx: Transaction, lessons: Iterable[Lesson]) -> Iterator[str]:
    """What is counted for a tutor is what the steps of lessons hold against a tutor, each of it once."""
    meant: Counter[_Counted] = Counter()
    rules: dict[str, CounterRules] = {}
    for lesson in lessons:
        for counter in lesson.machine.process.account.counters:
            rules[counter.name] = counter
            meant.update(_to_be_counted(counter, [each.version for each in tx.history(lesson.id)]))
    found: Counter[_Counted] = Counter()
    for standing in tx.standings():
        for place, report in enumerate(standing.reports, 1):
            name, label = report.counter, f"report {report.number} of {standing.tutor}"
            if report.number != place:
                yield f"{label} stands in place {place}"
            found.update((standing.tutor, name, each.lesson, each.number, each.mark) for each in report.lapses)
            if name in rules:
                yield from (f"{label} {sentence}" for sentence in _misbundled(rules[name], report))
        history = [each.standing for each in tx.standing_history(standing.tutor)]
        yield from (*_raised_twice(history), *_miscounted(rules, history))
        for stood, stands in zip((None, *history), history, strict=False):
            name = stands.happening.counter
            if stands.happening.kind in RAISING and name in rules:
                yield from _misfired(rules[name], stood, stands)
    for what in sorted({*meant, *found}):
        if meant[what] != found[what]:
            yield f"{what} is counted {found[what]} times; the lessons say {meant[what]}"


def _to_be_counted(counter: CounterRules, versions: Iterable[Lesson]) -> Iterator[_Counted]:
    marks = dict(counter.marks)
    for version in versions:
        step, tutor = version.step, version.brief.tutor
        if step.fault == "tutor" and step.mark in marks:
            yield tutor, counter.name, version.id, version.number, step.mark
        elif TAUGHT in marks and version.place.state.taught and step.to == version.state:
            yield tutor, counter.name, version.id, version.number, TAUGHT


def _misbundled(counter: CounterRules, report: Report) -> Iterator[str]:
    """What is wrong with the lapses of a report: they are all of its day, or there is only one."""
    days = {local_date(each.at, counter.zone) for each in report.lapses}
    if counter.bundle is not None and days != {report.day}:
        yield f"is of {report.day}; its lapses are of {sorted(days)}"
    if counter.bundle is None and len(report.lapses) > 1:
        yield f"has {len(report.lapses)} lapses, which are not bundled"


def _miscounted(rules: Mapping[str, CounterRules], history: Iterable[Standing]) -> Iterator[str]:
    """Which reports are not worth what their lapses are, of those that came since somebody dismissed them."""
    dismissed: dict[int, int] = defaultdict(int)
    for standing in history:
        happening = standing.happening
        if happening.report is None or happening.counter not in rules:
            continue
        counter, report = rules[happening.counter], standing.reports[happening.report - 1]
        if happening.kind == "dismissed":
            dismissed[report.number] = len(report.lapses)
        elif happening.kind in RAISING:
            points = sum(dict(counter.marks).get(each.mark, 0) for each in report.lapses[dismissed[report.number] :])
            worth = points if counter.bundle is None else min(points, counter.bundle)
            if report.points != worth:
                label = f"report {report.number} of {standing.tutor}"
                yield f"{label} counts {report.points} in step {standing.number}; its lapses are worth {worth}"


def _raised_twice(history: Iterable[Standing]) -> Iterator[str]:
    """Which reports stand beside another one of their day, though their counter has not begun anew between them."""
    days: dict[str, set[date]] = defaultdict(set)
    for standing in history:
        happening, counter = standing.happening, standing.happening.counter
        if happening.kind in ("reset", "broken"):
            days[counter].clear()
        day = standing.reports[-1].day if happening.kind == "raised" else None
        if day is not None and day in days[counter]:
            yield f"report {happening.report} of {standing.tutor} is another one of {counter} for {day}"
        if day is not None:
            days[counter].add(day)


def _misfired(counter: CounterRules, before: Standing | None, after: Standing) -> Iterator[str]:
    """What is wrong with what a report brings: every rung passed, once; the highest again where it counts anew."""
    happening, shows = after.happening, count(after, counter, after.at)
    showed = 0 if before is None else count(before, counter, after.at)
    label = f"step {after.number} of how {after.tutor} stands ({happening.kind}, {counter.name} {showed}, then {shows})"
    passed = [rung for rung in counter.ladder if showed < rung.at <= shows]
    if not passed and showed < shows and _counts_anew(before, after):
        highest = max((rung.at for rung in counter.ladder if rung.at <= shows), default=0)
        passed = [rung for rung in counter.ladder if rung.at == highest]
    if happening.effects != tuple(rung.effect for rung in passed):
        yield f"{label} brings {happening.effects}; the ladder says {[rung.effect for rung in passed]}"
    stood = () if before is None else in_force(before, after.at)
    meant = [(each.effect, each.at) for each in passed if each.restriction is not None]
    if any((each.effect, each.rung) not in meant for each in after.imposed if each not in stood):
        yield f"{label} imposes more than the ladder says, {passed}"
    for effect, rung in meant:
        same = [
            each for each in after.imposed if (each.counter, each.effect, each.rung) == (counter.name, effect, rung)
        ]
        if not same or len(same) > 2:
            yield f"{label} leaves {same} of {effect}"


def _counts_anew(before: Standing | None, after: Standing) -> bool:
    """Whether the report was raised, or had been dismissed."""
    number = after.happening.report
    stood = () if before is None else before.reports
    return after.happening.kind == "raised" or any(
        each.number == number and each.state == "dismissed" for each in stood
    )


def _imposed(tx: Transaction) -> Iterator[str]:
    """What was imposed ends by time, by its tutor as far as that is the tutor's, or by somebody who may lift it."""
    for last in tx.standings():
        before: Standing | None = None
        for each in tx.standing_history(last.tutor):
            after, number = each.standing, 0 if before is None else before.number
            label = f"step {after.number} of how {last.tutor} stands ({after.happening.kind})"
            if after.number != number + 1 or (before is not None and after.at < before.at):
                yield f"{label} does not follow the one before"
            if before is not None:
                ended = [found for found in before.imposed if found not in after.imposed]
                if after.happening.kind in ("dismissed", "recorded") and not _was_open(before, after.happening.report):
                    yield f"{label} closes what was not open"
                wrong = [found for found in ended if not _may_end(tx, found, after)]
                yield from (f"{label} ends {found}" for found in wrong)
                gone = restrictions(before, after.at) - restrictions(after, after.at)
                if not gone.isdisjoint(SHOWABLE) and after.happening.kind not in ("shown", "lifted"):
                    yield f"{label} makes a profile visible, to whom it was not: {sorted(gone)}"
            before = after


def _was_open(before: Standing, report: int | None) -> bool:
    return any((each.number, each.state) == (report, "open") for each in before.reports)


def _may_end(tx: Transaction, imposed: Imposed, after: Standing) -> bool:
    """Whether a step may end what was imposed, or put something else in its place."""
    happening, actor, place = after.happening, after.happening.actor, (imposed.counter, imposed.rung)
    if imposed.until is not None and imposed.until <= after.at:
        return True
    left = [each for each in after.imposed if (each.counter, each.rung) == place]
    if happening.kind in RAISING:
        return any(each.effect == imposed.effect and each.outlasts(imposed) for each in left)
    if happening.kind == "shown":
        may_be = imposed.liftable_from is None or imposed.liftable_from <= after.at
        return actor == after.tutor and imposed.effect in SHOWABLE and imposed.lifted_by == "tutor" and may_be
    party = None if actor is None else tx.party(actor)
    if party is None or not party.grants:
        return False
    hides = imposed.effect in (*SHOWABLE, "locked")
    if happening.kind == "lifted" and imposed.effect != "locked":
        return imposed.effect in happening.effects
    # With the reports that counted towards it, or with its counter, it ends; what hides a profile is left to the tutor.
    is_below = happening.kind in ("dismissed", "reset") and happening.counter == imposed.counter
    is_left = any(each.effect in SHOWABLE and each.is_tutors_to_lift(after.at) for each in left)
    return (is_below or happening.kind == "lifted") and (is_left or not hides)


def broken_history(history: Sequence[Recorded], since: int = 0) -> list[str]:
    """Return which versions, of those above number `since`, are not what deciding again makes of the one before."""
    versions = [each.version for each in history]
    return [sentence for number in range(since, len(versions)) for sentence in _replayed(versions, number)]


def _replayed(versions: Sequence[Lesson], place: int) -> Iterator[str]:
    version = versions[place]
    before = versions[place - 1] if place else None
    label = f"version {version.number} of lesson {version.id} ({version.step.id})"
    if version.number != place + 1:
        yield f"{label} stands in place {place + 1}"
    if before is not None and version.at < before.at:
        yield f"{label} is stamped before the one that it follows"
    stood, stands = None if before is None else before.problem, version.problem
    if stood is not None and stands is not None and stands.reason not in (stood.reason, _said_with_a_remedy(version)):
        yield f"{label} is about {stands.reason!r}; the problem was {stood.reason!r}"
    if before is not None and _is_untimely(version, before):
        yield f"{label} happens by time while an open change makes {before.state} wait"
    again = _decided_again(version, before)
    if isinstance(again, Refusal):
        yield f"{label} is refused when it is decided again: {again.sentence}"
    elif again is None:
        yield f"{label} does not happen when its time comes again"
    elif again != version:
        changed = [name for name, mine in again._asdict().items() if mine != getattr(version, name)]
        yield f"{label} comes out otherwise when it is decided again: {', '.join(changed)}"


def _said_with_a_remedy(version: Lesson) -> str | None:
    """The reason that whoever put this version's remedy on the table gave for it."""
    command = version.command
    return None if command is None or command.particulars is None else command.reason


def _is_untimely(version: Lesson, before: Lesson) -> bool:
    """Whether a timeout of a state was taken that yields to the change beside it."""
    if version.command is not None or before.change is None or not before.place.state.yields:
        return False
    return all(case.step.id != version.step.id for row in before.change.place.timeouts for case in row.cases)


def _decided_again(version: Lesson, before: Lesson | None) -> Lesson | Refusal | None:
    facts = version.facts or NO_FACTS
    if version.command is not None:
        return decide(version.machine, before or version.brief, version.command, facts, version.at)
    return None if before is None else lapse(before, version.at, lambda *_: facts)


def broken_deadlines(lessons: Iterable[Lesson], now: Instant) -> list[str]:
    """Return which of these lessons, shown as of `now`, have a deadline that is not after it."""
    return [
        f"lesson {lesson.id} as of {to_text(now)} shows a deadline at {to_text(deadline.at)} ({deadline.why.text})"
        for lesson in lessons
        if (deadline := next_deadline(lesson)) is not None and deadline.at <= now
    ]
