"""What holds in every store at every moment, whatever has been asked of it.

Each function returns sentences about what is broken, and none where all is well, so that a test can show all of it at
once. Nothing here trusts what the engine computed on the way: everything is found anew from what the store keeps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tutorcore.instants import LATEST, Instant, to_text
from tutorcore.ledger.accounts import LIMITED, Account, escrow, natural, pending
from tutorcore.lessons.decision import decide, lapse
from tutorcore.lessons.lesson import NO_FACTS, Lesson, next_deadline
from tutorcore.lessons.projections import claims_of
from tutorcore.lessons.refusals import Refusal
from tutorcore.ports.storage import Recorded, Storage, Transaction


def broken_promises(storage: Storage) -> list[str]:
    """Return what is broken in the store: in its books, its escrows and its claims."""
    with storage.reading() as tx:
        lessons = tx.lessons()
        return [*_books(tx), *_escrows(tx, lessons), *_claims(tx, lessons)]


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
