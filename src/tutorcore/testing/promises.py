"""What holds in every store at every moment, whatever has been asked of it.

Each function returns sentences about what is broken, and none where all is well, so that a test can show all of it at
once. Nothing here trusts what the engine computed on the way: everything is found anew from what the store keeps.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tutorcore.calendar.zones import local_date
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import LATEST, Instant, to_text
from tutorcore.ledger.accounts import LIMITED, Account, escrow, natural, pending, withdrawing
from tutorcore.lessons.decision import decide, lapse
from tutorcore.lessons.lesson import NO_FACTS, Lesson, next_deadline
from tutorcore.lessons.projections import TAUGHT, claims_of
from tutorcore.lessons.refusals import Refusal
from tutorcore.policy.account import HANDLERS, SHOWABLE
from tutorcore.policy.account import Counter as CounterRules
from tutorcore.ports.storage import Recorded, Storage, Transaction
from tutorcore.standing import Imposed, Report, Standing, restrictions


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
    meant: Counter[tuple[PartyId, str, LessonId, int, str]] = Counter()
    rules: dict[str, CounterRules] = {}
    for lesson in lessons:
        for counter in lesson.machine.process.account.counters:
            rules[counter.name] = counter
            meant.update(_to_be_counted(counter, [each.version for each in tx.history(lesson.id)]))
    found: Counter[tuple[PartyId, str, LessonId, int, str]] = Counter()
    for standing in tx.standings():
        for place, report in enumerate(standing.reports, 1):
            label = f"report {report.number} of {standing.tutor}"
            if report.number != place:
                yield f"{label} stands in place {place}"
            found.update((standing.tutor, report.counter, each.lesson, each.number, each.mark) for each in report.lapses)
            counter = rules.get(report.counter)
            if counter is not None:
                yield from (f"{label} {sentence}" for sentence in _miscounted(counter, report))
    for what in sorted({*meant, *found}):
        if meant[what] != found[what]:
            yield f"{what} is counted {found[what]} times; the lessons say {meant[what]}"


def _to_be_counted(
    counter: CounterRules, versions: Iterable[Lesson]
) -> Iterator[tuple[PartyId, str, LessonId, int, str]]:
    marks = dict(counter.marks)
    for version in versions:
        step, tutor = version.step, version.brief.tutor
        if step.fault == "tutor" and step.mark in marks:
            yield tutor, counter.name, version.id, version.number, step.mark
        elif TAUGHT in marks and version.place.state.taught and step.to == version.state:
            yield tutor, counter.name, version.id, version.number, TAUGHT


def _miscounted(counter: CounterRules, report: Report) -> Iterator[str]:
    """What is wrong with a report, by the rules of its counter; several policies may have one of that name."""
    points = sum(dict(counter.marks).get(each.mark, 0) for each in report.lapses)
    worth = points if counter.bundle is None else min(points, counter.bundle)
    if report.points != worth:
        yield f"counts {report.points}; its lapses are worth {worth}"
    days = {local_date(each.at, counter.zone) for each in report.lapses}
    if counter.bundle is not None and days != {report.day}:
        yield f"is of {report.day}; its lapses are of {sorted(days)}"
    if counter.bundle is None and len(report.lapses) > 1:
        yield f"has {len(report.lapses)} lapses, which are not bundled"


def _imposed(tx: Transaction) -> Iterator[str]:
    """What was imposed ends by time, by its tutor as far as it is the tutor's to end, or by somebody who may lift it."""
    for last in tx.standings():
        before: Standing | None = None
        for each in tx.standing_history(last.tutor):
            after, number = each.standing, 0 if before is None else before.number
            label = f"step {after.number} of how {last.tutor} stands ({after.happening.kind})"
            if after.number != number + 1 or (before is not None and after.at < before.at):
                yield f"{label} does not follow the one before"
            if before is not None:
                ended = [found for found in before.imposed if found not in after.imposed]
                wrong = [found for found in ended if not _may_end(tx, found, after)]
                yield from (f"{label} ends {found}" for found in wrong)
                shown = "hidden" in restrictions(before, after.at) and "hidden" not in restrictions(after, after.at)
                if shown and after.happening.kind not in ("shown", "lifted"):
                    yield f"{label} makes a hidden profile visible"
            before = after


def _may_end(tx: Transaction, imposed: Imposed, after: Standing) -> bool:
    happening, actor = after.happening, after.happening.actor
    if imposed.until is not None and imposed.until <= after.at:
        return True
    if happening.kind == "shown":
        may_be = imposed.liftable_from is None or imposed.liftable_from <= after.at
        return actor == after.tutor and imposed.effect in SHOWABLE and imposed.lifted_by == "tutor" and may_be
    party = None if actor is None else tx.party(actor)
    if party is None or party.grants.isdisjoint(HANDLERS):
        return False
    if happening.kind == "lifted":
        return imposed.effect in happening.effects
    # With the last report that counts towards it, or with its counter, a lock ends; what it hid is left to the tutor.
    return imposed.effect == "locked" and happening.kind in ("dismissed", "reset") and imposed.counter == happening.counter


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
    again = _decided_again(version, before)
    if isinstance(again, Refusal):
        yield f"{label} is refused when it is decided again: {again.sentence}"
    elif again is None:
        yield f"{label} does not happen when its time comes again"
    elif again != version:
        changed = [name for name, mine in again._asdict().items() if mine != getattr(version, name)]
        yield f"{label} comes out otherwise when it is decided again: {', '.join(changed)}"


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
