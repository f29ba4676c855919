"""The digest of a run: one short text that is the same if and only if the same things happened.

It covers what every version of every lesson says, every ledger entry about a lesson, and every standing; lessons go by
their ids, and what belongs to one lesson in its own order. When due timeouts were noticed changes none of that, so a
run has the same digest wherever its commands were carried out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import zip_longest

from tutorcore.instants import EPOCH, Instant
from tutorcore.ledger.entries import Entry
from tutorcore.lessons.lesson import Command, Lesson, Terms
from tutorcore.lessons.records import Plain, encode
from tutorcore.standing import Standing
from tutorcore.standing.records import standing_record


def digest_of_run(
    histories: Iterable[Sequence[Lesson]], entries: Iterable[Entry], standings: Iterable[Standing]
) -> str:
    """Return the digest of these lessons, each with all its versions, and of what followed from them, in any order."""
    of_lesson: dict[str, list[Plain]] = {}
    for entry in entries:
        of_lesson.setdefault(entry.ref, []).append(_entry(entry))
    found = sha256()
    for versions in sorted(histories, key=lambda versions: versions[0].brief.id):
        found.update(repr((_history(versions), of_lesson.get(versions[0].brief.id))).encode())
    before: Standing | None = None
    for standing in sorted(standings, key=lambda each: (each.tutor, each.number)):
        found.update(encode(standing_record(_news(standing, before))).encode())
        before = standing
    return found.hexdigest()


def _news(standing: Standing, before: Standing | None) -> Standing:
    """A standing without the reports that are as they were in the version before: there may be thousands."""
    known = before.reports if before is not None and before.tutor == standing.tutor else ()
    new = (report for report, was in zip_longest(standing.reports, known) if report is not was and report != was)
    return standing._replace(reports=tuple(new))


def _history(versions: Sequence[Lesson]) -> Plain:
    """A lesson in plain values: what never changes, then each version."""
    brief, terms = versions[0].brief, None
    plain: list[Plain] = [brief.id, brief.zone, brief.currency, brief.tutor, brief.student, brief.payer]
    for version in versions:
        plain += (_at(version.at), version.step.id, version.held, version.legs)
        if version.command is not None:
            plain.append(_command(version.command))
        if version.terms is not terms:
            terms = version.terms
            plain.append(_terms(terms))
        if version.change is not None:
            change = version.change
            plain += (_terms(change.terms), None if change.due is None else _at(change.due))
        if version.due is not None:
            plain += (_at(version.due), None if version.why is None else version.why.id)
        if version.timeline:
            plain += [(anchor, _at(at)) for anchor, at in version.timeline.items()]
    return plain


def _command(command: Command) -> Plain:
    """What was said besides its outcome: who said it under which key, and the words that rules may read."""
    return (command.actor, command.key, command.proposal, command.reason)


def _terms(terms: Terms) -> Plain:
    return (terms.number, _at(terms.start), _at(terms.end), terms.price, terms.kind, terms.occurrence)


def _entry(entry: Entry) -> Plain:
    kind, _, legs, effective_at, _, source, _ = entry
    return (kind, _at(effective_at), [(*account, minor) for account, minor in legs], source)


def _at(instant: Instant) -> int:
    """Whole microseconds since 1970, as `to_micros` counts them and in half the time."""
    since = instant - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
